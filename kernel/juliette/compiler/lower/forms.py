"""What an expression is: questions about syntax trees that the families of lowering share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from juliette.compiler import core as C
from juliette.runtime.errors import ErrorException, JuliaException
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, QuoteNode, Symbol


class SyntaxProblem(JuliaException):
    """A `syntax: …` error found after parsing."""

    __slots__ = ("msg",)
    fields = ("msg",)
    msg: str


def problem(message: str) -> Exception:
    """Julia's error for code that parses but means nothing."""
    error: Exception = ErrorException("syntax: " + message)
    return error


def shown(e: Any) -> str:
    """Code as it stands in a message."""
    if isinstance(e, str):
        return f'"{e}"'
    if isinstance(e, Expr) and e.head == "." and isinstance(e.args[-1], QuoteNode):
        return f"{shown(e.args[0])}.{shown(e.args[1].value)}"
    return str(Base.get("string")(e))


UPDATING = {
    "+=",
    "-=",
    "*=",
    "/=",
    "//=",
    "\\=",
    "^=",
    "÷=",
    "%=",
    "<<=",
    ">>=",
    ">>>=",
    "|=",
    "&=",
    "⊻=",
    "$=",
}


def as_block(e: Any) -> Expr:
    return e if isinstance(e, Expr) and e.head == "block" else Expr("block", e)


def str_name(e: Any) -> str:
    return e.name if isinstance(e, Symbol) else ""


def is_signature(e: Any) -> bool:
    """Is it the left side of `f(x) = …`?"""
    while isinstance(e, Expr) and (e.head == "where" or (e.head == "::" and len(e.args) == 2)):
        e = e.args[0]
    return isinstance(e, Expr) and e.head == "call"


def signature_name(e: Any) -> str:
    while e.head in ("where", "::"):
        e = e.args[0]
    f = e.args[0]
    if isinstance(f, Symbol):
        return f.name
    return None  # type: ignore[return-value]


def names_member(e: Any) -> bool:
    """Is it `A.b.c`, with names for parts?"""
    return (
        isinstance(e, Expr)
        and e.head == "."
        and len(e.args) == 2
        and isinstance(e.args[1], QuoteNode)
        and isinstance(e.args[1].value, Symbol)
        and (not isinstance(e.args[0], Expr) or names_member(e.args[0]))
    )


def refuse_assignments(e: Expr, items: Iterable[Any]) -> None:
    """`[x = 1]` and `T{x = 1}` are no code."""
    if any(isinstance(a, Expr) and a.head in ("=", "kw") for a in items):
        raise problem(f'misplaced assignment statement in "{shown(e)}"')


def static_variable(v: Any) -> tuple[str, Any, Any]:
    """(name, lower, upper) of what follows `where`."""
    if isinstance(v, Symbol):
        return v.name, None, None
    if not isinstance(v, Expr):
        raise problem(f'invalid type parameter name "{v}"')
    variable = v.args[2 if len(v.args) == 5 else 0] if len(v.args) in (2, 5) else None
    if not isinstance(variable, Symbol):
        raise problem('invalid variable expression in "where"')
    if v.head == "<:":
        return v.args[0].name, None, v.args[1]
    if v.head == ">:":
        return v.args[0].name, v.args[1], None
    if v.head == "comparison":
        return v.args[2].name, v.args[0], v.args[4]
    raise problem('invalid variable expression in "where"')


def pattern_names(p: Any) -> list[str]:
    """The variables that a pattern binds."""
    if isinstance(p, Symbol):
        return [] if all(c == "_" for c in p.name) else [p.name]
    if isinstance(p, Expr):
        if p.head in ("tuple", "parameters"):
            return [n for a in p.args for n in pattern_names(a)]
        if p.head in ("::", "...", "=", "kw"):
            return pattern_names(p.args[0])
    return []


def same_global(home: Any, here: Any, name: str) -> bool:
    """Is a constant of another module what its name means here too?"""
    if name not in getattr(home, "consts", ()):
        return False
    found = here.bindings.get(name, here.visible.get(name))
    return found is not None and found is home.bindings.get(name)


def indexing(name: str, kwargs: list[tuple[str | None, C.Node]]) -> C.Node:
    """What `a[i]` calls: the short way, which takes no keywords, or the function itself."""
    if not kwargs:
        return C.Runtime(name)
    return C.Const(Base.get(name))
