"""The numbers that Python has no equal of, and what the runtime knows of all plain real numbers.

`Int64`, `Float64` and `Bool` are Python's `int`, `float` and `bool`; the other fixed-size types up to
64 bits are numpy scalars.  `Int128`, `UInt128` and `BigInt` are subclasses of `int`; `Rational{T}` and
`Complex{T}` have one Python class for each `T`, with Python's `complex` for `Complex{Float64}`.
`BigFloat` has a module of its own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, InexactError, OverflowError_
from juliette.syntax.expr import Symbol

LOW, HIGH = -(2**63), 2**63 - 1


class Int128(int):
    """`Int128`"""

    __slots__ = ()


class UInt128(int):
    """`UInt128`"""

    __slots__ = ()


class BigInt(int):
    """`BigInt`"""

    __slots__ = ()


Int128_ = T.core_type("Int128", T.Signed, bits=128)
UInt128_ = T.core_type("UInt128", T.Unsigned, bits=128)
BigInt_ = T.core_type("BigInt", T.Signed, mutable=True)
BigFloat_ = T.core_type("BigFloat", T.AbstractFloat, mutable=True)
for _cls, _t in ((Int128, Int128_), (UInt128, UInt128_), (BigInt, BigInt_)):
    T.register_class(_cls, _t)

SIGNED = (T.Int8, T.Int16, T.Int32, T.Int64, Int128_)
UNSIGNED = (T.UInt8, T.UInt16, T.UInt32, T.UInt64, UInt128_)
FLOATS = (T.Float16, T.Float32, T.Float64)
# Bits of the fixed-size types.
BITS: dict[Any, int] = {
    **{t: 8 * 2**i for i, t in enumerate(SIGNED)},
    **{t: 8 * 2**i for i, t in enumerate(UNSIGNED)},
    T.Float16: 16,
    T.Float32: 32,
    T.Float64: 64,
    T.Bool: 8,
    T.Char_: 32,
}
INT_RANGE: dict[Any, tuple[int, int]] = {
    **{t: (-(2 ** (BITS[t] - 1)), 2 ** (BITS[t] - 1) - 1) for t in SIGNED},
    **{t: (0, 2 ** BITS[t] - 1) for t in UNSIGNED},
}
# The Python class of each plain real type; calling it converts a value that fits.
MAKER: dict[Any, Callable[[Any], Any]] = {
    T.Int8: np.int8,
    T.Int16: np.int16,
    T.Int32: np.int32,
    T.Int64: int,
    T.UInt8: np.uint8,
    T.UInt16: np.uint16,
    T.UInt32: np.uint32,
    T.UInt64: np.uint64,
    Int128_: Int128,
    UInt128_: UInt128,
    BigInt_: BigInt,
    T.Float16: np.float16,
    T.Float32: np.float32,
    T.Float64: float,
    T.Bool: bool,
}
# Bool and the integers, by size; of two of one size the unsigned one wins in promotion.
ORDER = [T.Bool, *(t for pair in zip(SIGNED, UNSIGNED, strict=True) for t in pair), BigInt_]
CORE_REAL = (*ORDER, *FLOATS, BigFloat_)
T.CORE_TYPES["BigInt"], T.CORE_TYPES["BigFloat"] = BigInt_, BigFloat_


def wrap(n: int) -> int:
    """An integer as Int64 holds it."""
    return n if LOW <= n <= HIGH else ((n + 2**63) & (2**64 - 1)) - 2**63


def wrap_to(t: Any, n: int) -> Any:
    """An integer as a fixed-size type holds it: its lowest bits."""
    n = int(n)
    bits = BITS[t]
    n &= (1 << bits) - 1
    if t not in UNSIGNED and n >> (bits - 1):
        n -= 1 << bits
    return MAKER[t](n)


def fits(t: Any, n: int) -> bool:
    """Is an integer a value of the type?"""
    found = INT_RANGE.get(t)
    return found is None or found[0] <= n <= found[1]


def decimal(n: int) -> str:
    """An integer in decimal digits; Python's own conversion refuses very long ones."""
    if n.bit_length() < 13000:
        return int.__repr__(n)
    sign, n = ("-", -n) if n < 0 else ("", n)
    digits = int(n.bit_length() * 0.30103) + 1
    half = digits // 2
    high, low = divmod(n, 10**half)
    return sign + decimal(high) + decimal(low).zfill(half)


# ---------------------------------------------------------------- irrationals

Irrational_ = T.sub_family("Irrational", "sym", lambda s: T.AbstractIrrational)


class Irrational:
    """`π`, `ℯ` and the others: a name, the nearest Float64, and a way to more digits."""

    __slots__ = ("digits", "julia_type", "name", "value")

    def __init__(self, name: str, value: float, digits: Callable[[int], Any]) -> None:
        self.julia_type = T.apply_type(Irrational_, Symbol(name))
        self.name = name
        self.value = value
        self.digits = digits

    def __float__(self) -> float:
        return self.value


T.register_instances(Irrational, lambda x: x.julia_type, Irrational_)

# ---------------------------------------------------------------- Rational

Rational_ = T.define("Rational", T.Real, [T.TypeVar("T", None, T.Integer)])
T.CORE_TYPES["Rational"] = Rational_


class Rational:
    """Base of the classes of `Rational{T}`: numerator and denominator in lowest terms."""

    __slots__ = ("den", "num")
    fields = ("num", "den")
    kind: Any = T.Int64

    def __init__(self, num: Any, den: Any) -> None:
        self.num = num
        self.den = den

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Rational):
            return bool(self.num == other.num and self.den == other.den)
        if isinstance(other, float):
            return (
                math.isfinite(other) and (int(self.num), int(self.den)) == other.as_integer_ratio()
            ) or (self.den == 0 and other == math.copysign(math.inf, self.num))
        return bool(self.den == 1 and self.num == other)

    def __hash__(self) -> int:
        if self.den == 0:
            return hash(math.copysign(math.inf, self.num))
        from fractions import Fraction

        return hash(Fraction(int(self.num), int(self.den)))

    def egal(self, other: Rational) -> bool:
        return bool(self.num == other.num and self.den == other.den)

    def __float__(self) -> float:
        n, d = int(self.num), int(self.den)
        if d == 0:
            return math.copysign(math.inf, n)
        try:
            return n / d
        except OverflowError:
            return math.copysign(math.inf, n)


def _rational_class(t: Any) -> type:
    return type(
        T.type_string(t), (Rational,), {"__slots__": (), "kind": t.parameters[0], "julia_type": t}
    )


_family = T.unwrap(Rational_).typename
_family.make_class = _rational_class
_family.fields, _family.field_types, _family.ninitialized = (
    ("num", "den"),
    (_family.params[0],) * 2,
    2,
)
_RATIONALS: dict[Any, type[Rational]] = {}


def rational_class(kind: Any) -> type[Rational]:
    """The Python class of `Rational{kind}`."""
    cls = _RATIONALS.get(kind)
    if cls is None:
        cls = _RATIONALS[kind] = T.apply_type(Rational_, kind).pyclass
    return cls


def rational(kind: Any, num: Any, den: Any) -> Rational:
    """`num // den` as a `Rational{kind}`, reduced; what does not fit is an OverflowError."""
    n, d = int(num), int(den)
    if d == 0 and n == 0:
        name = T.type_string(kind)
        raise ArgumentError(f"invalid rational: zero({name})//zero({name})")
    g = math.gcd(n, d)
    n, d = n // g, d // g
    if d < 0:
        n, d = -n, -d
    if not (fits(kind, n) and fits(kind, d)):
        raise OverflowError_(f"{num} // {den} overflowed for type {T.type_string(kind)}")
    make = MAKER[kind]
    return rational_class(kind)(make(n), make(d))


# ---------------------------------------------------------------- Complex

Complex_ = T.define("Complex", T.Number, [T.TypeVar("T", None, T.Real)])
T.CORE_TYPES["Complex"] = Complex_


class Complex:
    """Base of the classes of `Complex{T}` for other T than Float64 and Float32."""

    __slots__ = ("im", "re")
    fields = ("re", "im")
    kind: Any = T.Int64

    def __init__(self, re: Any, im: Any) -> None:
        self.re = re
        self.im = im

    @property
    def real(self) -> Any:
        return self.re

    @property
    def imag(self) -> Any:
        return self.im

    def __complex__(self) -> complex:
        return complex(float(self.re), float(self.im))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Complex, complex, np.complexfloating)):
            return bool(self.re == other.real and self.im == other.imag)
        return bool(self.im == 0 and self.re == other)

    def __hash__(self) -> int:
        return hash(self.re) if self.im == 0 else hash(hash(self.re) + 1000003 * hash(self.im))

    def egal(self, other: Complex) -> bool:
        from juliette.base.identity import egal

        return egal(self.re, other.re) and egal(self.im, other.im)


ComplexF64 = T.apply_type(Complex_, T.Float64)
ComplexF32 = T.apply_type(Complex_, T.Float32)
ComplexF16 = T.apply_type(Complex_, T.Float16)
T.CORE_TYPES.update(ComplexF64=ComplexF64, ComplexF32=ComplexF32, ComplexF16=ComplexF16)
T.register_class(complex, ComplexF64)
T.register_class(np.complex64, ComplexF32)
T._TYPE_OF_CLASS[np.complex128] = ComplexF64
T.DTYPE_OF[ComplexF64] = np.dtype("c16")
T.DTYPE_OF[ComplexF32] = np.dtype("c8")
T.TYPE_OF_DTYPE[np.dtype("c16")] = ComplexF64
T.TYPE_OF_DTYPE[np.dtype("c8")] = ComplexF32


def _complex_class(t: Any) -> type:
    return type(
        T.type_string(t), (Complex,), {"__slots__": (), "kind": t.parameters[0], "julia_type": t}
    )


_family = T.unwrap(Complex_).typename
_family.make_class = _complex_class
_family.fields, _family.field_types, _family.ninitialized = (
    ("re", "im"),
    (_family.params[0],) * 2,
    2,
)
_COMPLEX: dict[Any, Callable[[Any, Any], Any]] = {
    T.Float64: complex,
    T.Float32: lambda re, im: np.complex64(complex(re, im)),
}


def complex_maker(kind: Any) -> Callable[[Any, Any], Any]:
    """What makes a `Complex{kind}` of two values of type `kind`."""
    make = _COMPLEX.get(kind)
    if make is None:
        make = _COMPLEX[kind] = T.apply_type(Complex_, kind).pyclass
        assert make is not None
    return make


COMPLEX_CLASSES = (complex, np.complexfloating, Complex)


# How packages' own complex numbers come apart, and are made of two reals of which one has the class: by class.
PARTS: dict[type, Callable[[Any], tuple[Any, Any]]] = {}
MAKERS: dict[type, Callable[[Any, Any], Any]] = {}


def parts(z: Any) -> tuple[Any, Any]:
    """Real and imaginary part, as Julia values."""
    if type(z) is complex:
        return z.real, z.imag
    if isinstance(z, Complex):
        return z.re, z.im
    if isinstance(z, np.complex64):
        return z.real, z.imag
    if isinstance(z, np.complex128):
        return float(z.real), float(z.imag)
    other = PARTS.get(type(z))
    if other is not None:
        return other(z)
    return z, to_number(T.typeof(z), False)


# ---------------------------------------------------------------- conversion


def inexact(t: Any, x: Any, name: str | None = None) -> Exception:
    """The error of a conversion that would lose something."""
    return InexactError(Symbol(name or T.unwrap(t).typename.name), t, x)  # type: ignore[no-any-return]


def _integer_error(t: Any, x: Any) -> Exception:
    """An integer out of range; Julia names the step of the conversion that noticed."""
    source = T.typeof(x)
    if source is BigInt_ or source not in BITS:
        return inexact(t, x)
    if t in UNSIGNED:
        top = source in SIGNED and BITS[source] <= BITS[t]
    else:
        top = source in UNSIGNED and bool(int(x) >> (BITS[source] - 1))
    return inexact(t, x, "check_top_bit" if top else "trunc")


def to_integer(t: Any, x: Any) -> Any:
    """A real number as an integer type, exactly or not at all."""
    if isinstance(x, (float, np.floating)):
        if x != x or x in (math.inf, -math.inf) or int(x) != x or not fits(t, int(x)):
            raise inexact(t, x)
        return MAKER[t](int(x))
    if isinstance(x, (int, np.integer, np.bool_)):
        n = int(x)
        found = INT_RANGE.get(t)
        if found is not None and not found[0] <= n <= found[1]:
            raise _integer_error(t, x)
        return MAKER[t](n)
    if isinstance(x, Rational):
        if x.den != 1:
            raise inexact(t, x)
        return to_integer(t, x.num)
    if isinstance(x, Irrational):
        raise inexact(t, x)
    whole = x.whole()
    if whole is None or not fits(t, whole):
        raise inexact(t, x)
    return MAKER[t](whole)


def to_int(x: float) -> int:
    """A Float64 as an Int64, exactly or not at all."""
    n = int(x) if x - x == 0.0 else None
    if n is None or n != x or not -(2**63) <= n < 2**63:
        raise inexact(T.Int64, x)
    return n


def to_float(t: Any, x: Any) -> Any:
    """A real number as the nearest value of a floating-point type."""
    try:
        value = float(x)
    except OverflowError:
        value = math.inf if x > 0 else -math.inf
    return value if t is T.Float64 else MAKER[t](value)


def to_number(t: Any, x: Any) -> Any:
    """Convert a number of Base to one of its concrete types, exactly or as the nearest float."""
    if isinstance(x, COMPLEX_CLASSES):
        re, im = parts(x)
        if isinstance(t, T.DataType) and t.typename is T.unwrap(Complex_).typename:
            kind = t.parameters[0]
            return complex_maker(kind)(to_number(kind, re), to_number(kind, im))
        if im != 0:
            raise inexact(t, x)
        return to_number(t, re)
    if t is T.Float64 or t is T.Float32 or t is T.Float16:
        return to_float(t, x)
    if t is T.Bool:
        if x == 0:
            return False
        if x == 1:
            return True
        raise inexact(t, x)
    if t in MAKER:
        return to_integer(t, x)
    if t is BigFloat_:
        from juliette.runtime.bigfloat import BigFloat

        return BigFloat.of(x)
    family = t.typename
    if family is T.unwrap(Complex_).typename:
        kind = t.parameters[0]
        return complex_maker(kind)(to_number(kind, x), to_number(kind, False))
    if family is T.unwrap(Rational_).typename:
        return to_rational(t.parameters[0], x)
    raise TypeError(f"no conversion to {T.type_string(t)}")


def to_rational(kind: Any, x: Any) -> Any:
    """A real number as an exact `Rational{kind}`."""
    if isinstance(x, Rational):
        return rational_class(kind)(to_integer(kind, x.num), to_integer(kind, x.den))
    if isinstance(x, (int, np.integer, np.bool_)):
        return rational_class(kind)(to_integer(kind, x), MAKER[kind](1))
    if isinstance(x, (float, np.floating)):
        value = float(x)
        if value in (math.inf, -math.inf):
            return rational_class(kind)(MAKER[kind](1 if value > 0 else -1), MAKER[kind](0))
        if value != value:
            raise inexact(T.apply_type(Rational_, kind), x)
        n, d = value.as_integer_ratio()
    else:
        n, d = x.ratio()
    if not (fits(kind, n) and fits(kind, d)):
        raise inexact(T.apply_type(Rational_, kind), x)
    return rational_class(kind)(MAKER[kind](n), MAKER[kind](d))


@functools.cache
def conversion(t: Any, cls: type) -> Callable[[Any], Any]:
    """How numbers of a class become numbers of a type."""
    if cls is float and t is T.Int64:
        return to_int
    if cls is int and t in INT_RANGE:
        return _narrowing(t, *INT_RANGE[t], MAKER[t])
    if cls in (int, float) and t in (T.Float64, T.Float32, T.Float16):
        return float if t is T.Float64 else lambda x: MAKER[t](float(x))
    return functools.partial(to_number, t)


def _narrowing(t: Any, low: int, high: int, make: Callable[[int], Any]) -> Callable[[Any], Any]:
    """Int64 to another machine integer."""

    def narrow(x: int) -> Any:
        if low <= x <= high:
            return make(x)
        raise _integer_error(t, x)

    return narrow


def is_number(x: Any) -> bool:
    """Is it a number of Base (not of a user's own type)?"""
    return isinstance(x, (int, float, complex, np.generic, Rational, Complex, Irrational)) or (
        T._TYPE_OF_CLASS.get(type(x)) is BigFloat_
    )


def is_basic_type(t: Any) -> bool:
    """Is it a concrete number type that `to_number` makes?"""
    if t in MAKER or t is BigFloat_:
        return True
    return (
        isinstance(t, T.DataType)
        and t.concrete
        and t.typename in (T.unwrap(Complex_).typename, T.unwrap(Rational_).typename)
    )
