"""Base.Cartesian: `@nloops`, `@nref`, `@ntuple` and their like write N loops, indices, values.

An expression `d -> …` stands for N of them, with `d` replaced by 1 … N, also at the end of names:
`x_d` becomes `x_1`, and `x_{d+1}` becomes `x_2`.  What is then arithmetic with numbers alone, or a
condition on them, is worked out at once.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from juliette.compiler.support import takes
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, LineNumberNode, Symbol

Cartesian = Module("Cartesian", Base)
Cartesian.visible = Cartesian.bindings["__builtins__"] = Base.bindings
Base.const("Cartesian", Cartesian, export=False)

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "div": operator.floordiv,
}
CONDITIONS: dict[str, Callable[..., Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def is_number(x: Any) -> bool:
    """Is it a plain number, not a truth value?"""
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def worked_out(e: Any) -> Any:
    """The expression with its arithmetic done where all is known."""
    if not isinstance(e, Expr):
        return e
    args = [worked_out(a) for a in e.args]
    if e.head in ("if", "elseif") and (holds := _condition(args[0])) is not None:
        return args[1] if holds else args[2] if len(args) > 2 else None
    if (
        e.head == "call"
        and len(args) in (2, 3)
        and isinstance(args[0], Symbol)
        and all(map(is_number, args[1:]))
    ):
        work = ARITHMETIC.get(args[0].name)
        if (
            work is not None
            and len(args) == 3
            and not (args[0].name in ("/", "div") and args[2] == 0)
        ):
            return work(*args[1:])
        if args[0].name == "-" and len(args) == 2:
            return -args[1]
    if e.head == "block" and len(args) == 1:
        return args[0]
    return Expr(e.head, *args)


def _condition(e: Any) -> bool | None:
    """Whether a comparison of numbers holds; None for anything else."""
    if (
        isinstance(e, Expr)
        and e.head == "call"
        and len(e.args) == 3
        and isinstance(e.args[0], Symbol)
    ):
        compare = CONDITIONS.get(e.args[0].name)
        if compare is not None and all(map(is_number, e.args[1:])):
            return bool(compare(*e.args[1:]))
    return None


def replaced(e: Any, name: str, value: Any) -> Any:
    """The expression with a name, and `_name` at the end of names, replaced by a value."""
    if isinstance(e, Symbol):
        if e.name == name:
            return value
        ending = rf"_{re.escape(name)}(?=_|$)"
        return Symbol(re.sub(ending, lambda _: f"_{value}", e.name, count=1))
    if not isinstance(e, Expr):
        return e
    if (
        e.head == "curly"
        and len(e.args) == 2
        and isinstance(e.args[0], Symbol)
        and e.args[0].name.endswith("_")
    ):
        index = worked_out(replaced(e.args[1], name, value))
        return (
            Symbol(f"{e.args[0].name}{index}")
            if is_number(index)
            else Expr("curly", e.args[0], index)
        )
    return Expr(e.head, *[replaced(a, name, value) for a in e.args])


def single(e: Any) -> Any:
    """A block of one expression, as that."""
    if isinstance(e, Expr) and e.head == "block":
        items = [a for a in e.args if not isinstance(a, LineNumberNode)]
        return single(items[0]) if len(items) == 1 else Expr("block", *items)
    return e


def applied(e: Any, value: int) -> Any:
    """`d -> …` for one value of `d`; a name `x` is `x_1`."""
    if isinstance(e, Symbol):
        return Symbol(f"{e.name}_{value}")
    if not isinstance(e, Expr) or e.head != "->":
        return e
    name, body = e.args
    if not isinstance(name, Symbol):
        raise ArgumentError("not a single-argument anonymous function")
    return worked_out(replaced(single(body), name.name, value))


def macro(name: str) -> Callable[[Any], Any]:
    """A macro of the module; its first argument is how many there are to be."""

    def register(f: Any) -> Any:
        @Cartesian.macro(name)
        def expand(context: Any, n: Any, *args: Any) -> Any:
            if not isinstance(n, int) or not takes(f, 1 + len(args)):
                raise MethodError(_expander(name), (n, *args), None)
            return f(int(n), *args)

        expand.__doc__ = f.__doc__
        return f

    return register


def _expander(name: str) -> Any:
    from juliette.runtime.dispatch import GenericFunction

    return GenericFunction(f"_{name}", Cartesian)


@macro("nloops")
def nloops(n: int, name: Any, ranges: Any, *rest: Any) -> Any:
    """`@nloops N i A body`: N loops over the axes of `A`, with `i_1` as the innermost index.

    Instead of `A` there may be `d -> range`; before the body, what to run before (and after) each
    loop's own body.
    """
    if not 1 <= len(rest) <= 3:
        raise ArgumentError(
            "number of arguments must be 1 ≤ length(args) ≤ 3, got " + str(len(rest))
        )
    if not isinstance(name, Symbol) or not isinstance(ranges, (Symbol, Expr)):
        raise ArgumentError(
            "itersym must be a Symbol, and rangeexpr a Symbol or an anonymous-function expression"
        )
    if isinstance(ranges, Expr) and ranges.head != "->":
        raise ArgumentError(
            "second argument must be an anonymous function expression to compute the range"
        )
    body = rest[-1]
    for d in range(1, n + 1):
        over = (
            applied(ranges, d)
            if isinstance(ranges, Expr)
            else Expr("call", Symbol("axes"), ranges, d)
        )
        before = [applied(rest[0], d)] if len(rest) > 1 else []
        after = [applied(rest[1], d)] if len(rest) > 2 else []
        body = Expr(
            "for", Expr("=", Symbol(f"{name.name}_{d}"), over), Expr("block", *before, body, *after)
        )
    return body


@macro("nref")
def nref(n: int, array: Any, index: Any) -> Any:
    """`@nref N A i` is `A[i_1, …, i_N]`."""
    return Expr("ref", array, *[applied(index, d) for d in range(1, n + 1)])


@macro("ncall")
def ncall(n: int, f: Any, *args: Any) -> Any:
    """`@ncall N f a b` is `f(a, b_1, …, b_N)`."""
    return Expr("call", f, *args[:-1], *[applied(args[-1], d) for d in range(1, n + 1)])


@macro("nexprs")
def nexprs(n: int, e: Any) -> Any:
    """`@nexprs N d -> …`: the expression N times."""
    return Expr("block", *[applied(e, d) for d in range(1, n + 1)])


@macro("nextract")
def nextract(n: int, name: Any, source: Any) -> Any:
    """`@nextract N x y` takes `x_1 = y[1]` and so on apart."""
    return Expr(
        "block",
        *[
            Expr(
                "=",
                Symbol(f"{name.name}_{d}"),
                Expr("ref", source, d) if isinstance(source, Symbol) else applied(source, d),
            )
            for d in range(1, n + 1)
        ],
    )


def _joined(head: str, parts: list[Any]) -> Any:
    out = parts[-1]
    for p in reversed(parts[:-1]):
        out = Expr(head, p, out)
    return out


def _test(n: int, e: Any) -> list[Any]:
    if not isinstance(e, Expr) or e.head != "->":
        raise ArgumentError(
            "second argument must be an anonymous function expression yielding the criterion"
        )
    return [applied(e, d) for d in range(1, n + 1)]


@macro("nall")
def nall(n: int, e: Any) -> Any:
    """`@nall N d -> …`: do all N conditions hold?"""
    return _joined("&&", [*_test(n, e), True]) if n < 1 else _joined("&&", _test(n, e))


@macro("nany")
def nany(n: int, e: Any) -> Any:
    """`@nany N d -> …`: does one of N conditions hold?"""
    return _joined("||", [*_test(n, e), False]) if n < 1 else _joined("||", _test(n, e))


@macro("ntuple")
def ntuple(n: int, e: Any) -> Any:
    """`@ntuple N x` is `(x_1, …, x_N)`."""
    return Expr("tuple", *[applied(e, d) for d in range(1, n + 1)])


@macro("nif")
def nif(n: int, condition: Any, *values: Any) -> Any:
    """`@nif N d -> condition d -> value`: an `if` with N branches, of which the last needs no condition."""
    if not 1 <= len(values) <= 2:
        raise ArgumentError(f"number of arguments must be 1 ≤ length(args) ≤ 2, got {len(values)}")
    out = applied(values[-1], n)
    for d in range(n - 1, 0, -1):
        out = Expr("if" if d == 1 else "elseif", applied(condition, d), applied(values[0], d), out)
    return out
