"""The macros of Base that are written in Python."""

from __future__ import annotations

import itertools
from typing import Any

from juliette.display.expressions import expression_text, inner_text
from juliette.display.io import STDOUT
from juliette.display.show import one_line
from juliette.runtime import values as V
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, GlobalRef, QuoteNode, Symbol


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


@Base.macro("show")
def show_(context: Any, *exprs: Any) -> Any:
    """`@show x` prints `x = value` and gives the value."""
    if not exprs:
        return None
    value = context.local("value")
    out = [
        Expr(
            "call",
            GlobalRef(Base, Symbol("println")),
            inner_text(e) + " = ",
            Expr(
                "call",
                GlobalRef(Base, Symbol("repr")),
                Expr(
                    "block", Expr("local", Expr("=", value, e)) if i == 0 else Expr("=", value, e)
                ),
            ),
        )
        for i, e in enumerate(exprs)
    ]
    return Expr("block", *out, value)


def shown(text: str, value: Any) -> None:
    """Print `text = value`, for the macros of packages like `@show`."""
    STDOUT.write(f"{text} = {one_line(value)}\n")


@Base.macro("assert")
def assert_(context: Any, condition: Any, *message: Any) -> Any:
    """`@assert condition [message]` throws an AssertionError unless the condition holds."""
    text = expression_text(condition) if not message else message[0]
    if message and not isinstance(text, str):
        text = Expr("call", GlobalRef(Base, Symbol("string")), text)
    fail = Expr("call", GlobalRef(Base, Symbol("AssertionError")), text)
    return Expr(
        "if", condition, Symbol("nothing"), Expr("call", GlobalRef(Base, Symbol("throw")), fail)
    )


@Base.macro("__dot__")
def dot_macro(context: Any, e: Any) -> Any:
    """`@. expr`: a dot on every call."""
    return dotted(e)


def dotted(e: Any) -> Any:
    """The expression with a dot on each call, operator and assignment, but for what `$` protects."""
    if not isinstance(e, Expr):
        return e
    args = [dotted(a) for a in e.args]
    if e.head == "$":
        return e.args[0]
    if e.head == "call" and _dottable(e.args[0]):
        f = e.args[0]
        if isinstance(f, Symbol) and _is_operator(f):
            return Expr("call", Symbol("." + f.name), *args[1:])
        return Expr(".", args[0], Expr("tuple", *args[1:]))
    if e.head == "comparison":
        return Expr(
            "comparison",
            *[Symbol("." + a.name) if i % 2 and _dottable(a) else a for i, a in enumerate(args)],
        )
    if e.head in ("let", "for"):
        return Expr(e.head, _undotted(args[0]), args[1])
    if (
        e.head in ("=", "function", "macro")
        and isinstance(e.args[0], Expr)
        and e.args[0].head == "call"
    ):
        return Expr(e.head, e.args[0], *args[1:])
    if e.head in ("<:", ">:"):
        return Expr("call", Symbol("." + e.head), *args)
    if (e.head.endswith("=") and not e.head.startswith(".")) or e.head in ("&&", "||"):
        return Expr("." + e.head, *args)
    return Expr(e.head, *args)


def _is_operator(f: Symbol) -> bool:
    from juliette.syntax.names import PRECEDENCE, base_operator

    return base_operator(f.name) in PRECEDENCE or f.name in ("!", "√", "∛", "∜", "~", "¬")


def _dottable(f: Any) -> bool:
    """May a call of `f` get a dot?"""
    if isinstance(f, Symbol):
        return f.name != ":" and (not f.name.startswith(".") or f.name == "..")
    return isinstance(f, Expr) and f.head != "$"


def _undotted(e: Any) -> Any:
    """The variables of `let` and `for`, whose `=` is no assignment to elements."""
    if isinstance(e, Expr) and e.head == ".=":
        return Expr("=", *e.args)
    return (
        Expr("block", *map(_undotted, e.args)) if isinstance(e, Expr) and e.head == "block" else e
    )


@Base.macro("raw_str")
def raw_str(context: Any, text: str, *flags: Any) -> Any:
    """`raw"…"`"""
    return text


@Base.macro("MIME_str")
def mime_str(context: Any, text: str) -> Any:
    """`MIME"text/plain"`"""
    from juliette.runtime import types as T

    return QuoteNode(T.apply_type(V.MIME_, Symbol(text)))


_GENSYMS = itertools.count(1)


@Base.method('gensym(hint="")')
def gensym_function(hint: str = "") -> Symbol:
    """A symbol that no other code uses."""
    return Symbol(f"##{hint}#{next(_GENSYMS)}")


@Base.method("esc(e)")
def esc(e: Any) -> Any:
    """Mark a macro's result as the caller's own code."""
    return Expr("escape", e)
