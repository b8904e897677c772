"""What a number is made of: limits, neighbours, parts and bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    ArgumentError,
    DomainError,
    ErrorException,
    MethodError,
)
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    INT_RANGE,
    MAKER,
    BigFloat_,
    Complex_,
    to_number,
    wrap_to,
)
from juliette.runtime.structs import Primitive

for _t, _suffix in ((T.Float16, "16"), (T.Float32, "32"), (T.Float64, "64")):
    Base.const(f"Inf{_suffix}", MAKER[_t](math.inf))
    Base.const(f"NaN{_suffix}", MAKER[_t](math.nan))
Base.const("Inf", math.inf)
Base.const("NaN", math.nan)
_UINT = {T.Float16: T.UInt16, T.Float32: T.UInt32, T.Float64: T.UInt64}


def type_and(x: Any) -> Any:
    """The type asked about: the argument, or its type."""
    return x if isinstance(x, T.JuliaType) else T.typeof(x)


def no_method(name: str, *args: Any) -> MethodError:
    return MethodError(Base.bindings[name], args, None)


# ---------------------------------------------------------------- limits


def limit(name: str, index: int, doc: str) -> None:
    @Base.method(f"{name}(t)")
    def f(t: Any) -> Any:
        kind = type_and(t)
        if kind in FLOATS or kind is BigFloat_:
            return to_number(kind, (-math.inf, math.inf)[index])
        if kind in INT_RANGE:
            return MAKER[kind](INT_RANGE[kind][index])
        if kind is T.Bool:
            return bool(index)
        if kind is T.Char_:
            return V.Char((0, -1 - 0xFFFFFFFF)[index])
        if isinstance(kind, T.DataType) and kind.typename.name == "Rational":
            part = kind.parameters[0]
            from juliette.runtime.numeric import rational_class

            low = 0 if T.subtype(part, T.Unsigned) else -1
            return rational_class(part)(
                MAKER[part]((low, 1)[index]), MAKER[part](0 if low or index else 1)
            )
        raise no_method(name, t)

    f.__doc__ = doc


limit(
    "typemax",
    1,
    """The greatest value of a type.

    ```jldoctest
    julia> typemax(Int8), typemax(UInt16), typemax(Float32)
    (127, 0xffff, Inf32)
    ```
    """,
)
limit(
    "typemin",
    0,
    """The smallest value of a type.

    ```jldoctest
    julia> typemin(Int8), typemin(Float64)
    (-128, -Inf)
    ```
    """,
)


def float_limit(name: str, value: Callable[[Any], Any], doc: str) -> None:
    @Base.method(f"{name}(t=Float64)")
    def f(t: Any = T.Float64) -> Any:
        kind = type_and(t)
        if kind is BigFloat_:
            from mpmath import libmp

            from juliette.runtime.bigfloat import BigFloat, Precision

            top = 2**62 - 1
            if name == "floatmin":
                return BigFloat(libmp.from_man_exp(1, -top - 1))
            return BigFloat(libmp.from_man_exp(2**Precision.bits - 1, top - Precision.bits))
        if kind not in FLOATS:
            raise no_method(name, t)
        return MAKER[kind](value(np.finfo(T.DTYPE_OF[kind])))

    f.__doc__ = doc


float_limit(
    "floatmax",
    lambda i: i.max,
    """The greatest finite value of a floating-point type.

    ```jldoctest
    julia> floatmax(Float32)
    3.4028235f38
    ```
    """,
)
float_limit(
    "floatmin",
    lambda i: i.smallest_normal,
    """The smallest positive normal value of a floating-point type.

    ```jldoctest
    julia> floatmin()
    2.2250738585072014e-308
    ```
    """,
)


@Base.method("maxintfloat(t=Float64)")
def maxintfloat(t: Any = T.Float64) -> Any:
    """The largest whole number up to which all are represented exactly.

    ```jldoctest
    julia> maxintfloat(Float32)
    1.6777216f7
    ```
    """
    kind = type_and(t)
    if kind is BigFloat_:
        from juliette.runtime.bigfloat import Precision

        return to_number(BigFloat_, 2**Precision.bits)
    if kind not in FLOATS:
        raise no_method("maxintfloat", t)
    return MAKER[kind](2.0 ** (np.finfo(T.DTYPE_OF[kind]).nmant + 1))


@Base.method("maxintfloat(t, n::Type{<:Integer})")
def maxintfloat_within(t: Any, n: Any) -> Any:
    """The same, and not beyond what an integer type holds."""
    most = Base.bindings["typemax"](n)
    return Base.bindings["min"](maxintfloat(t), Base.bindings["convert"](t, most))


@Base.method("eps(x=Float64)")
def eps(x: Any = T.Float64) -> Any:
    """The distance from 1 (or `x`) to the next floating-point number.

    ```jldoctest
    julia> eps(), eps(Float32), eps(1e10)
    (2.220446049250313e-16, 1.1920929f-7, 1.9073486328125e-6)
    ```
    """
    if isinstance(x, T.JuliaType):
        if x is BigFloat_:
            from mpmath import libmp

            from juliette.runtime.bigfloat import BigFloat, Precision

            return BigFloat(libmp.from_man_exp(1, 1 - Precision.bits))
        if x not in FLOATS:
            raise no_method("eps", x)
        return MAKER[x](np.finfo(T.DTYPE_OF[x]).eps)
    if T.typeof(x) is BigFloat_:
        return nextfloat(abs(x)) - abs(x)
    if T.typeof(x) not in FLOATS:
        raise no_method("eps", x)
    return type(x)(np.spacing(abs(x))) if math.isfinite(x) else type(x)(math.nan)


@Base.method("precision(x; base=2)")
def precision(x: Any, *, base: int = 2) -> int:
    """The significant bits of a floating-point type or value.

    ```jldoctest
    julia> precision(Float64), precision(BigFloat)
    (53, 256)
    ```
    """
    kind = type_and(x)
    if kind is BigFloat_:
        from juliette.runtime.bigfloat import Precision

        bits = Precision.bits if isinstance(x, T.JuliaType) else x.prec
    elif kind in FLOATS:
        bits = int(np.finfo(T.DTYPE_OF[kind]).nmant) + 1
    else:
        raise no_method("precision", x)
    return bits if base == 2 else math.floor(bits / math.log2(base))


# ---------------------------------------------------------------- neighbours


def _bits_of(x: Any) -> int:
    """A float's bits, as an integer that grows with the float."""
    n = int(np.asarray(x).view(T.DTYPE_OF[_UINT[T.typeof(x)]]))
    top = 1 << (BITS[T.typeof(x)] - 1)
    return n if n < top else top - n


def _of_bits(t: Any, n: int) -> Any:
    top = 1 << (BITS[t] - 1)
    raw = np.array(n if n >= 0 else top - n, dtype=T.DTYPE_OF[_UINT[t]])
    value = raw.view(T.DTYPE_OF[t])[()]
    return float(value) if t is T.Float64 else value


@Base.method("nextfloat(x::AbstractFloat, n::Integer=1)")
def nextfloat(x: Any, n: int = 1) -> Any:
    """The `n`-th next greater floating-point number.

    ```jldoctest
    julia> nextfloat(1.0), nextfloat(0.0f0)
    (1.0000000000000002, 1.0f-45)
    ```
    """
    t = T.typeof(x)
    if t is BigFloat_:
        from mpmath import libmp

        from juliette.runtime.bigfloat import BigFloat

        if not x.finite():
            return x
        sign, man, exp, size = x.raw
        if not man:
            return BigFloat(libmp.from_man_exp(n, -(2**62)), x.prec)
        step = exp + size - x.prec
        value = (-int(man) if sign else int(man)) << (exp - step)
        return BigFloat(libmp.from_man_exp(value + n, step), x.prec)
    if x != x:
        return x
    most = _bits_of(MAKER[t](math.inf))
    return _of_bits(t, max(-most, min(most, _bits_of(x) + int(n))))


@Base.method("prevfloat(x::AbstractFloat, n::Integer=1)")
def prevfloat(x: Any, n: int = 1) -> Any:
    """The `n`-th next smaller floating-point number.

    ```jldoctest
    julia> prevfloat(1.0)
    0.9999999999999999
    ```
    """
    return nextfloat(x, -int(n))


# ---------------------------------------------------------------- parts


@Base.method("exponent(x::Real)")
def exponent(x: Any) -> int:
    """The largest `y` with `2^y <= abs(x)`.

    ```jldoctest
    julia> exponent(6.5), exponent(0.25)
    (2, -2)
    ```
    """
    if T.typeof(x) is BigFloat_:
        if not x.finite() or x == 0:
            raise DomainError(x, "`x` must be non-zero and finite.")
        return int(x.raw[2] + x.raw[3] - 1)
    value = float(x)
    if not math.isfinite(value):
        raise DomainError(x, "Cannot be NaN or Inf.")
    if value == 0:
        raise DomainError(x, "Cannot be ±0.0.")
    return math.frexp(value)[1] - 1


@Base.method("significand(x::AbstractFloat)")
def significand(x: Any) -> Any:
    """`x` scaled by a power of two into `[1, 2)`.

    ```jldoctest
    julia> significand(15.2)
    1.9
    ```
    """
    if T.typeof(x) is BigFloat_:
        from mpmath import libmp

        from juliette.runtime.bigfloat import BigFloat

        return (
            x
            if not x.finite() or x == 0
            else BigFloat(libmp.mpf_shift(x.raw, -exponent(x)), x.prec)
        )
    value = float(x)
    if value == 0 or not math.isfinite(value):
        return x
    return MAKER[T.typeof(x)](2 * math.frexp(value)[0])


@Base.method("frexp(x::AbstractFloat)")
def frexp(x: Any) -> tuple[Any, int]:
    """`(m, e)` with `x == m * 2^e` and `m` in `[0.5, 1)`.

    ```jldoctest
    julia> frexp(12.0)
    (0.75, 4)
    ```
    """
    if T.typeof(x) is BigFloat_:
        e = exponent(x) + 1 if x.finite() and x != 0 else 0
        return ldexp(x, -e), e
    m, e = math.frexp(float(x))
    return MAKER[T.typeof(x)](m), e


@Base.method("ldexp(x::AbstractFloat, n::Integer)")
def ldexp(x: Any, n: Any) -> Any:
    """`x * 2^n`

    ```jldoctest
    julia> ldexp(5.0, 2)
    20.0
    ```
    """
    t = T.typeof(x)
    if t is BigFloat_:
        from mpmath import libmp

        from juliette.runtime.bigfloat import BigFloat

        return BigFloat(libmp.mpf_shift(x.raw, int(n)), x.prec)
    try:
        return MAKER[t](math.ldexp(float(x), int(n)))
    except OverflowError:
        return MAKER[t](math.copysign(math.inf, x))


@Base.method("modf(x::Real)")
def modf(x: Any) -> tuple[Any, Any]:
    """The fractional and the whole part.

    ```jldoctest
    julia> modf(3.5), modf(-3.5)
    ((0.5, 3.0), (-0.5, -3.0))
    ```
    """
    if T.typeof(x) is BigFloat_:
        whole = x.rounded("d")
        return x - whole, whole
    value = Base.bindings["float"](x)
    if not isinstance(value, (float, np.floating)):
        raise no_method("modf", x)
    fraction, whole = math.modf(float(value))
    make = MAKER[T.typeof(value)]
    return make(fraction), make(whole)


# ---------------------------------------------------------------- bits


def bits_of(x: Any) -> tuple[int, int]:
    """The bits of a value of a primitive type, and how many."""
    t = T.typeof(x)
    if t in FLOATS:
        return int(np.array(x, dtype=T.DTYPE_OF[t]).view(T.DTYPE_OF[_UINT[t]])), BITS[t]
    if t is T.Char_:
        return x.bits, 32
    if t in BITS:
        return int(x) & ((1 << BITS[t]) - 1), BITS[t]
    if isinstance(x, Primitive):
        return x.bits, bit_count(t)
    raise ArgumentError(f"{T.type_string(t)} not a primitive type")


def bit_count(t: Any) -> int:
    """How many bits the values of a primitive type have; 0 for other types."""
    if t in BITS:
        return BITS[t]
    return t.typename.primitive_bits if isinstance(t, T.DataType) and t.concrete else 0


def from_bits(t: Any, n: int) -> Any:
    """The value of a primitive type with these bits."""
    if t in FLOATS:
        value = np.array(n, dtype=T.DTYPE_OF[_UINT[t]]).view(T.DTYPE_OF[t])[()]
        return float(value) if t is T.Float64 else value
    if t is T.Char_:
        return V.Char.from_bits(n)
    if t is T.Bool:
        return bool(n & 1)
    return wrap_to(t, n) if t in BITS else t.pyclass(n)


@Base.method("bitstring(x)")
def bitstring(x: Any) -> str:
    """The bits of a value of a primitive type.

    ```jldoctest
    julia> bitstring(Int8(-2)), bitstring(Float16(1))
    ("11111110", "0011110000000000")
    ```
    """
    n, bits = bits_of(x)
    return f"{n:0{bits}b}"


@Base.method("reinterpret(::Type{T}, x) where T")
def reinterpret(t: Any, x: Any) -> Any:
    """The same bits as a value of another type.

    ```jldoctest
    julia> reinterpret(Float32, UInt32(7)), reinterpret(Int8, 0xff)
    (1.0f-44, -1)
    ```
    """
    if t is T.typeof(x):
        return x
    parts, wanted = primitive_parts(x), primitive_types(t)
    if wanted == [t] and parts == [x]:
        n, bits = bits_of(x)
        if bit_count(t) != bits:
            raise ErrorException("bitcast: argument size does not match size of target type")
        return from_bits(t, n)
    return repacked(t, wanted, x, parts)


def primitive_parts(x: Any) -> list[Any]:
    """The values of primitive types that a value consists of."""
    if type(x) is tuple:
        return [q for p in x for q in primitive_parts(p)]
    if T.isa(x, Complex_):
        return [Base.bindings["real"](x), Base.bindings["imag"](x)]
    bits_of(x)
    return [x]


def primitive_types(t: Any) -> list[Any]:
    """The primitive types that a type of tuples or complex numbers consists of."""
    if bit_count(t):
        return [t]
    if T.subtype(t, T.Tuple_):
        return [q for p in t.parameters for q in primitive_types(p)]
    if T.subtype(t, Complex_):
        return primitive_types(t.parameters[0]) * 2
    raise ArgumentError(f"{T.type_string(t)} not a primitive type")


def repacked(t: Any, wanted: list[Any], x: Any, parts: list[Any]) -> Any:
    """The bits of the parts, one behind the other, read as a tuple or complex number."""
    whole = shift = 0
    for part in parts:
        n, bits = bits_of(part)
        whole |= n << shift
        shift += bits
    size = sum(map(bit_count, wanted))
    if size != shift:
        raise ArgumentError(
            f"Packed sizes of types {T.type_string(t)} and {T.type_string(T.typeof(x))} do not match; "
            f"got {size // 8} and {shift // 8}, respectively."
        )
    values = []
    for w in wanted:
        values.append(from_bits(w, whole & ((1 << bit_count(w)) - 1)))
        whole >>= bit_count(w)
    return assembled(t, iter(values))


def assembled(t: Any, values: Iterator[Any]) -> Any:
    """A value of a type from its parts."""
    if bit_count(t):
        return next(values)
    if T.subtype(t, T.Tuple_):
        return tuple(assembled(p, values) for p in t.parameters)
    return Base.bindings["complex"](next(values), next(values))


@Base.method("get_zero_subnormals()")
def get_zero_subnormals() -> bool:
    """Are subnormal results taken for zero? Not here."""
    return False


@Base.method("set_zero_subnormals(yes::Bool)")
def set_zero_subnormals(yes: bool) -> bool:
    """Ask for subnormal results to be taken for zero; false says that it cannot be had."""
    return not yes
