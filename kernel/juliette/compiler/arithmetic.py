"""What compiled code calls for numbers: operators that go to dispatch only where they must.

`fast_operators` are for arguments of unknown types; the other helpers finish what code for known
types begins (`compiler.intrinsics`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from juliette.runtime.errors import ArgumentError, DivideError
from juliette.runtime.numeric import BigInt
from juliette.runtime.values import Char
from juliette.syntax.expr import Symbol

LOW, HIGH = -(2**63), 2**63 - 1


def ring(op: Callable[[Any, Any], Any], generic: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`+`, `-` or `*`: Int64 wraps around."""

    def f(x: Any, y: Any) -> Any:
        cls, other = type(x), type(y)
        if cls is int:
            if other is int:
                r = op(x, y)
                return r if LOW <= r <= HIGH else generic(x, y)
            if other is float:
                return op(x, y)
        elif cls is float and (other is float or other is int):
            return op(x, y)
        return generic(x, y)

    return f


def comparison(op: Callable[[Any, Any], bool], generic: Callable[..., Any]) -> Callable[..., Any]:
    """A comparison of two numbers of one kind."""

    def f(x: Any, y: Any) -> Any:
        cls = type(x)
        if cls is type(y) and (cls is int or cls is float):
            return op(x, y)
        return generic(x, y)

    return f


# Classes of values that are equal if Python says so, whatever else there is.
COMPARED = frozenset({int, float, str, bool, Symbol, Char})


def equality(op: Callable[[Any, Any], bool], generic: Callable[..., Any]) -> Callable[..., Any]:
    """`==` or `!=` of two values of one class."""

    def f(x: Any, y: Any) -> Any:
        cls = type(x)
        if cls is type(y) and cls in COMPARED:
            return op(x, y)
        return generic(x, y)

    return f


def quotient(generic: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`/`"""

    def f(x: Any, y: Any) -> Any:
        if type(x) is float and type(y) is float and y:
            return x / y
        return generic(x, y)

    return f


def power(generic: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`^`: squares at once."""

    def f(x: Any, y: Any) -> Any:
        if type(y) is int and y == 2:
            cls = type(x)
            if cls is float:
                return x * x
            if cls is int:
                return wrap(x * x)
        return generic(x, y)

    return f


def remainder(generic: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`%` of Int64 where both are positive."""

    def f(x: Any, y: Any) -> Any:
        if type(x) is int and type(y) is int and x >= 0 and y > 0:
            return x % y
        return generic(x, y)

    return f


RING = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISON = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def fast_operators(bindings: dict[str, Any]) -> dict[str, Callable[[Any, Any], Any]]:
    """The fast form of each operator of Base, by name."""
    out = {name: ring(op, bindings[name]) for name, op in RING.items()}
    out.update({name: comparison(op, bindings[name]) for name, op in COMPARISON.items()})
    out.update({name: equality(COMPARISON[name], bindings[name]) for name in ("==", "!=")})
    out.update(
        {"/": quotient(bindings["/"]), "^": power(bindings["^"]), "%": remainder(bindings["%"])}
    )
    return out


# ---------------------------------------------------------------- Int64 and Float64


def wrap(n: int) -> int:
    """An integer as Int64 holds it."""
    return n if LOW <= n <= HIGH else ((n + 2**63) & (2**64 - 1)) - 2**63


def int_slash(x: int, y: int) -> float:
    """`x / y` of integers: both become floats first."""
    return float_slash(float(x), float(y))


def float_slash(x: float, y: float) -> float:
    """`x / y`, also for zero."""
    if y:
        return x / y
    if x == 0 or x != x:
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def div(x: int, y: int) -> int:
    """`div(x, y)`: rounds towards zero."""
    if y == 0 or (y == -1 and x == LOW):
        raise DivideError()
    q = abs(x) // abs(y)
    return q if (x < 0) == (y < 0) else -q


def rem(x: int, y: int) -> int:
    """`rem(x, y)`: the sign is that of `x`."""
    if y == 0:
        raise DivideError()
    r = abs(x) % abs(y)
    return -r if x < 0 else r


def fld(x: int, y: int) -> int:
    """`fld(x, y)`: rounds down."""
    if y == 0 or (y == -1 and x == LOW):
        raise DivideError()
    return x // y


def mod(x: int, y: int) -> int:
    """`mod(x, y)`: the sign is that of `y`."""
    if y == 0:
        raise DivideError()
    return x % y


def big_division(whole: Callable[[int, int], int]) -> Callable[[int, int], BigInt]:
    """A division of integers of which one is a BigInt."""

    def f(x: int, y: int) -> BigInt:
        if not y:
            raise DivideError()
        return BigInt(whole(x, y))

    return f


def exact_div(x: int, y: int) -> int:
    q, r = divmod(x, y)
    return q + 1 if r and (x < 0) != (y < 0) else q


def exact_rem(x: int, y: int) -> int:
    r = x % y
    return r - y if r and (x < 0) != (y < 0) else r


def step_range(start: int, step: int, stop: int) -> range:
    """`start:step:stop` for a loop."""
    if step == 0:
        raise ArgumentError("step cannot be zero")
    return range(start, stop + (1 if step > 0 else -1), step)


def ifelse(test: bool, a: Any, b: Any) -> Any:
    """`ifelse`: both values were computed."""
    return a if test else b


def shift_right(x: int, n: int) -> int:
    """`x >> n` of Int64s."""
    return x >> n if n >= 0 else shift_left(x, -n)


def shift_left(x: int, n: int) -> int:
    """`x << n` of Int64s."""
    if n < 0:
        return x >> -n
    return wrap(x << n) if n < 64 else 0


HELPERS: dict[str, Any] = {
    "%shift_right": shift_right,
    "%shift_left": shift_left,
    "%wrap": wrap,
    "%int_slash": int_slash,
    "%float_slash": float_slash,
    "%div": div,
    "%rem": rem,
    "%fld": fld,
    "%mod": mod,
    "%BigInt": BigInt,
    "%big_div": big_division(exact_div),
    "%big_rem": big_division(exact_rem),
    "%big_fld": big_division(operator.floordiv),
    "%big_mod": big_division(operator.mod),
    "%ifelse": ifelse,
    "%abs": abs,
    "%int": int,
    "%str": str,
    "%float": float,
    "%len": len,
    "%sqrt": math.sqrt,
    "%hypot": math.hypot,
    "%type": type,
    "%range": range,
    "%step_range": step_range,
}
