"""Integer division in all its forms, parity, and logic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.arithmetic import after_promotion
from juliette.base.numbers.promotion import promote, promoting
from juliette.runtime import types as T
from juliette.runtime.errors import DivideError, MethodError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    INT_RANGE,
    LOW,
    MAKER,
    SIGNED,
    UNSIGNED,
    BigFloat_,
    BigInt,
    BigInt_,
    fits,
    wrap_to,
)

# ---------------------------------------------------------------- division


def quotient(a: int, b: int) -> int:
    """`div`: rounded towards zero."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def remainder(a: int, b: int) -> int:
    """`rem`: of the sign of `a`."""
    r = a % b
    return r - b if r and (a < 0) != (b < 0) else r


def _float_quotient(how: str) -> Callable[[Any, Any], Any]:
    rounded = {"div": math.trunc, "fld": math.floor, "cld": math.ceil}[how]

    def f(x: float, y: float) -> float:
        if y == 0 or not (math.isfinite(x) and math.isfinite(y)):
            from juliette.base.numbers.arithmetic import divide_floats

            q = divide_floats(x, y)
            if math.isinf(y) and math.isfinite(x):
                opposite = (x < 0) != (y < 0)
                return (
                    -1.0
                    if how == "fld" and opposite and x
                    else 1.0
                    if how == "cld" and not opposite and x
                    else q
                )
            return math.nan if math.isinf(x) else q
        # The exact quotient decides, not the rounded one.
        r = math.fmod(x, y)
        q = float(round((x - r) / y))
        if r and how == "fld" and (r < 0) != (y < 0):
            q -= 1.0
        if r and how == "cld" and (r < 0) == (y < 0):
            q += 1.0
        return math.copysign(q, divide_sign(x, y)) if q == 0 else q

    assert rounded
    return f


def divide_sign(x: float, y: float) -> float:
    return math.copysign(1.0, x) * math.copysign(1.0, y)


def _float_remainder(x: float, y: float) -> float:
    if y == 0 or math.isinf(x) or x != x or y != y:
        return math.nan
    return math.fmod(x, y)


def _float_modulus(x: float, y: float) -> float:
    if y == 0 or math.isinf(x) or x != x or y != y:
        return math.nan
    r = math.fmod(x, y)
    if r == 0:
        return math.copysign(r, y)
    if (r > 0) != (y > 0):
        return r + y
    return r


def division(
    name: str, whole: Callable[[int, int], int], floats: Callable[[float, float], float], doc: str
) -> None:
    """One of `div fld cld rem mod`, for all plain reals."""

    def for_type(t: Any) -> Any:
        if t is T.Int64:

            def ints(x: int, y: int) -> int:
                if y == 0 or (y == -1 and x == LOW and name in ("div", "fld", "cld")):
                    raise DivideError()
                return whole(x, y)

            return ints
        if t is T.Float64:
            return floats
        if t in FLOATS:
            make = MAKER[t]
            return lambda x, y: make(floats(float(x), float(y)))
        if t is BigFloat_:
            return lambda x, y: _big_division(name, x, y)
        if t is T.Bool:

            def bools(x: bool, y: bool) -> bool:
                if not y:
                    raise DivideError()
                return bool(whole(int(x), int(y)))

            return bools
        if t is BigInt_:

            def big(x: Any, y: Any) -> BigInt:
                if not y:
                    raise DivideError()
                return BigInt(whole(x, y))

            return big
        make = MAKER[t]

        def others(x: Any, y: Any) -> Any:
            a, b = int(x), int(y)
            if b == 0:
                raise DivideError()
            r = whole(a, b)
            if not fits(t, r):
                raise DivideError()
            return make(r)

        return others

    same = after_promotion(for_type)

    def method(s: Any, t: Any) -> Any:
        if (s in SIGNED and t in UNSIGNED) or (s in UNSIGNED and t in SIGNED):
            return mixed_signs(name, whole, s, t)
        return same(s, t)

    method.__doc__ = doc
    Base.method(f"{name}(x::CoreReal, y::CoreReal)", specialised=True)(method)
    promoting(name, "Real")


def mixed_signs(name: str, whole: Callable[[int, int], int], s: Any, t: Any) -> Any:
    """Signed by unsigned: of the first one's kind (with `mod` the second's), and the larger size."""
    bits = max(BITS[s], BITS[t])
    kind = SIGNED if (s in SIGNED) != (name == "mod") else UNSIGNED
    result = next(k for k in kind if BITS[k] == bits)

    def divide(x: Any, y: Any) -> Any:
        if y == 0:
            raise DivideError()
        return wrap_to(result, whole(int(x), int(y)))

    return divide


def _big_division(name: str, x: Any, y: Any) -> Any:
    from juliette.runtime.bigfloat import BigFloat

    if y == 0 or not x.finite():
        return BigFloat.of(math.nan if name in ("rem", "mod") or x == 0 or x != x else math.inf)
    (a, b), (c, d) = x.ratio(), y.ratio()
    top, bottom = a * d, b * c
    f = {"div": quotient, "fld": operator.floordiv, "cld": lambda m, n: -(-m // n)}.get(name)
    if f is not None:
        return BigFloat.of(f(top, bottom))
    q = quotient(top, bottom) if name == "rem" else top // bottom
    from juliette.runtime.numeric import Rational

    r = a * d - q * b * c
    return BigFloat.of(Rational(r, b * d)) if r else BigFloat.of(0)


division(
    "div",
    quotient,
    _float_quotient("div"),
    """Integer quotient, rounded towards zero.

    ```jldoctest
    julia> div(-7, 2), 7 ÷ 2
    (-3, 3)
    ```
    """,
)
division(
    "rem",
    remainder,
    _float_remainder,
    """Remainder of `div`; has the sign of `x`.

    ```jldoctest
    julia> rem(-7, 3), -7 % 3
    (-1, -1)
    ```
    """,
)
division(
    "mod",
    operator.mod,
    _float_modulus,
    """Remainder of `fld`; has the sign of `y`.

    ```jldoctest
    julia> mod(-7, 3), mod(7.5, 2)
    (2, 1.5)
    ```
    """,
)
division(
    "fld",
    operator.floordiv,
    _float_quotient("fld"),
    """Integer quotient, rounded down.

    ```jldoctest
    julia> fld(-7, 2)
    -4
    ```
    """,
)
division(
    "cld",
    lambda a, b: -((-a) // b),
    _float_quotient("cld"),
    """Integer quotient, rounded up.

    ```jldoctest
    julia> cld(7, 2)
    4
    ```
    """,
)
Base.const("÷", Base.bindings["div"])
Base.const("%", Base.bindings["rem"])


def _whole_kernel(ufunc: Any) -> Callable[[Any, Any], Any]:
    """On whole arrays where nothing special can come up; elsewhere element by element."""

    def f(x: Any, y: Any) -> Any:
        kinds = {np.asarray(x).dtype.kind, np.asarray(y).dtype.kind}
        if (
            kinds == {"i"}
            and np.asarray(x).dtype == np.asarray(y).dtype == np.int64
            and not np.any((np.asarray(y) == 0) | (np.asarray(y) == -1))
        ):
            return ufunc(x, y)
        return NotImplemented

    return f


KERNELS[Base.bindings["mod"]] = _whole_kernel(np.mod)
KERNELS[Base.bindings["rem"]] = _whole_kernel(np.fmod)
KERNELS[Base.bindings["fld"]] = _whole_kernel(np.floor_divide)


@Base.method("rem(x::Integer, ::Type{T}) where T<:Integer")
def rem_type(x: Any, t: Any) -> Any:
    """The value modulo the size of a type: its lowest bits.

    ```jldoctest
    julia> 300 % UInt8, 200 % Int8, -1 % Unsigned
    (0x2c, -56, 0xffffffffffffffff)
    ```
    """
    if t in (T.Signed, T.Unsigned):
        t = Base.bindings[t.name.lower()](T.typeof(x))
    if t is BigInt_:
        return BigInt(x)
    if t is T.Bool:
        return bool(int(x) & 1)
    if t not in INT_RANGE:
        if T.isa(x, t):
            return x
        raise MethodError(Base.bindings["rem"], (x, t), None)
    return wrap_to(t, x)


@Base.method("mod(x::Integer, ::Type{T}) where T<:Integer")
def mod_type(x: Any, t: Any) -> Any:
    return rem_type(x, t)


@Base.method("mod(i::Integer, r::AbstractUnitRange)")
def mod_range(i: Any, r: Any) -> Any:
    """The element of the range that is `i` modulo its length."""
    return r.start + (int(i) - r.start) % len(r)


def truncated(x: int, y: int) -> tuple[int, int]:
    """`divrem` of integers where the quotient fits."""
    q, r = divmod(abs(x), abs(y))
    return q if (x < 0) is (y < 0) else -q, -r if x < 0 else r


def pair(name: str, first: str, second: str, doc: str) -> None:
    direct: Any = {"divrem": truncated, "fldmod": divmod}.get(name)

    @Base.method(f"{name}(x, y)", transparent=True)
    def both(x: Any, y: Any) -> tuple[Any, Any]:
        if type(x) is int is type(y) and direct is not None and (y > 0 or y < -1):
            return direct(x, y)
        return Base.bindings[first](x, y), Base.bindings[second](x, y)

    both.__doc__ = doc


pair(
    "divrem",
    "div",
    "rem",
    """`(div(x, y), rem(x, y))`

    ```jldoctest
    julia> divrem(-7, 3)
    (-2, -1)
    ```
    """,
)
pair("fldmod", "fld", "mod", "`(fld(x, y), mod(x, y))`")
pair("fldmod1", "fld1", "mod1", "`(fld1(x, y), mod1(x, y))`")


@Base.method("mod1(x::Real, y::Real)", transparent=True)
def mod1(x: Any, y: Any) -> Any:
    """`mod`, but in `1:y`.

    ```jldoctest
    julia> mod1.(1:5, 3)
    5-element Vector{Int64}:
     1
     2
     3
     1
     2
    ```
    """
    m = Base.bindings["mod"](x, y)
    return promote(y, m)[0] if Base.bindings["iszero"](m) else m


@Base.method("fld1(x::Real, y::Real)", transparent=True)
def fld1(x: Any, y: Any) -> Any:
    """The quotient that belongs to `mod1`.

    ```jldoctest
    julia> fld1(6, 3), mod1(6, 3)
    (2, 3)
    ```
    """
    m = Base.bindings["mod1"](x, y)
    return Base.bindings["fld"](Base.bindings["-"](Base.bindings["+"](x, y), m), y)


# ---------------------------------------------------------------- logic


@Base.method("!(x::Bool)")
def not_(x: Any) -> bool:
    """Logical not.

    ```jldoctest
    julia> !true
    false
    ```
    """
    return not x


KERNELS[Base.bindings["!"]] = np.logical_not


@Base.method("!(x::Missing)")
def not_missing(x: Any) -> Any:
    return x


@Base.method("!(f::Function)", transparent=True)
def negate_function(f: Any) -> Any:
    from juliette.base.tuples import Composed

    return Composed(Base.bindings["!"], f)


@Base.method("iseven(n::Number)")
def iseven(n: Any) -> bool:
    """Is it a multiple of two?

    ```jldoctest
    julia> iseven(0), iseven(3)
    (true, false)
    ```
    """
    call = Base.bindings
    return bool(call["isinteger"](n)) and bool(call["iszero"](call["rem"](n, 2)))


@Base.method("isodd(n::Number)")
def isodd(n: Any) -> bool:
    """Is it a whole number that is no multiple of two?"""
    call = Base.bindings
    return bool(call["isinteger"](n)) and not call["iszero"](call["rem"](n, 2))


@Base.method("iseven(n::BitInteger)")
def iseven_int(n: Any) -> bool:
    return int(n) & 1 == 0


@Base.method("isodd(n::BitInteger)")
def isodd_int(n: Any) -> bool:
    return int(n) & 1 == 1
