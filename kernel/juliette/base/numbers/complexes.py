"""Complex numbers of any real type: parts and arithmetic."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from juliette.base.fields import PROPERTIES, field_error
from juliette.base.numbers.arithmetic import power_by_squaring
from juliette.base.numbers.promotion import promote_type
from juliette.runtime import types as T
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base, constructors
from juliette.runtime.numeric import (
    COMPLEX_CLASSES,
    MAKERS,
    Complex_,
    ComplexF64,
    complex_maker,
    parts,
    to_number,
)

Base.const("Complex", Complex_)
for _name in ("ComplexF64", "ComplexF32", "ComplexF16"):
    Base.const(_name, T.CORE_TYPES[_name])
Base.const("im", complex_maker(T.Bool)(False, True))


def call(name: str, *args: Any) -> Any:
    return Base.bindings[name](*args)


def make(re: Any, im: Any) -> Any:
    """A complex number of two reals, brought to one type."""
    own = MAKERS.get(type(re)) or MAKERS.get(type(im))
    if own is not None:
        return own(re, im)
    s, t = T.typeof(re), T.typeof(im)
    if s is not t:
        re, im = call("promote", re, im)
        s = T.typeof(re)
    return complex_maker(s)(re, im)


def make_of(kind: Any, re: Any, im: Any) -> Any:
    """A complex number of two reals, converted to one type."""
    convert = Base.bindings["convert"]
    re, im = convert(kind, re), convert(kind, im)
    own = MAKERS.get(type(re)) or MAKERS.get(type(im))
    return (own or complex_maker(kind))(re, im)


def kind_of(z: Any) -> Any:
    return T.typeof(z).parameters[0]


def _construct(t: Any, *args: Any) -> Any:
    if isinstance(t, T.DataType) and not t.has_free:
        if len(args) == 2:
            return make_of(t.parameters[0], *args)
        if len(args) == 1 and T.isa(args[0], T.Number):
            real = T.isa(args[0], T.Real) or not T.isa(args[0], Complex_)
            return make_of(t.parameters[0], *((args[0], False) if real else parts(args[0])))
    elif len(args) == 2 and all(T.isa(a, T.Real) for a in args):
        return make(*args)
    elif len(args) == 1:
        x = args[0]
        if isinstance(x, COMPLEX_CLASSES):
            return x
        if T.isa(x, T.Real):
            return make(x, call("zero", x))
    raise MethodError(t, args, None)


def _install() -> None:
    from juliette.compiler import support

    support._builtin(
        constructors(Complex_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _construct, ("re", "im")
    )


_install()


@Base.method("complex(x::Number)")
def complex_(x: Any) -> Any:
    """A complex number.

    ```jldoctest
    julia> complex(7), complex(1, 2.5)
    (7 + 0im, 1.0 + 2.5im)
    ```
    """
    return _construct(Complex_, x)


@Base.method("complex(re::Real, im::Real)")
def complex_of(re: Any, im: Any) -> Any:
    return make(re, im)


@Base.method("complex(::Type{T}) where T")
def complex_type(t: Any) -> Any:
    return (
        t
        if isinstance(t, T.DataType) and t.typename.name == "Complex"
        else T.apply_type(Complex_, t)
    )


# ---------------------------------------------------------------- parts


def _field(z: Any, name: str) -> Any:
    """`z.re` and `z.im` of numbers that Python has a class for."""
    if name in ("re", "im"):
        return parts(z)[name == "im"]
    raise field_error(z, name)


PROPERTIES.update(dict.fromkeys((complex, np.complex64, np.complex128), _field))


@Base.method("real(z::Complex)")
def real(z: Any) -> Any:
    return parts(z)[0]


@Base.method("imag(z::Complex)")
def imag(z: Any) -> Any:
    return parts(z)[1]


@Base.method("real(x::Real)", transparent=True)
def real_of_real(x: Any) -> Any:
    """The real part.

    ```jldoctest
    julia> real(1 + 2im), imag(1 + 2im), reim(3)
    (1, 2, (3, 0))
    ```
    """
    return x


@Base.method("imag(x::Real)", transparent=True)
def imag_of_real(x: Any) -> Any:
    """The imaginary part."""
    return call("zero", x)


@Base.method("real(::Type{T}) where T<:Number")
def real_type(t: Any) -> Any:
    if isinstance(t, T.DataType) and t.typename.name == "Complex":
        return t.parameters[0]
    return t if T.subtype(t, T.Real) or not t.concrete else T.typeof(call("real", call("zero", t)))


@Base.method("reim(z)", transparent=True)
def reim(z: Any) -> tuple[Any, Any]:
    """Real and imaginary part, of a number or of each element of an array.

    ```jldoctest
    julia> reim([1 + 2im, 3 - 4im])
    ([1, 3], [2, -4])
    ```
    """
    return call("real", z), call("imag", z)


@Base.method("conj(x::Real)", transparent=True)
def conj_real(x: Any) -> Any:
    """The complex conjugate.

    ```jldoctest
    julia> conj(1 + 2im)
    1 - 2im
    ```
    """
    return x


@Base.method("conj(z::Complex)")
def conj(z: Any) -> Any:
    re, im = parts(z)
    return make(re, call("-", im))


@Base.method("isreal(x::Number)", transparent=True)
def isreal(x: Any) -> bool:
    """Is the imaginary part zero?"""
    return call("iszero", call("imag", x))


@Base.method("abs(z::Complex)")
def absolute(z: Any) -> Any:
    return call("hypot", *parts(z))


@Base.method("abs2(z::Complex)")
def abs2(z: Any) -> Any:
    re, im = parts(z)
    return call("+", call("*", re, re), call("*", im, im))


@Base.method("angle(z::Number)")
def angle(z: Any) -> Any:
    """The angle of the point in the complex plane.

    ```jldoctest
    julia> angle(1 + im), angle(-1)
    (0.7853981633974483, 3.141592653589793)
    ```
    """
    if not isinstance(z, COMPLEX_CLASSES):
        return call("atan", call("zero", z), z)
    re, im = parts(z)
    return call("atan", im, re)


@Base.method("sign(z::Complex)", transparent=True)
def sign(z: Any) -> Any:
    return z if call("iszero", z) else call("/", z, call("abs", z))


@Base.method("flipsign(z::Complex, y::Real)", transparent=True)
def flipsign(z: Any, y: Any) -> Any:
    return call("-", z) if call("signbit", y) else z


# ---------------------------------------------------------------- arithmetic


@Base.method("+(z::Complex, w::Complex)")
def add(z: Any, w: Any) -> Any:
    (a, b), (c, d) = parts(z), parts(w)
    return make(call("+", a, c), call("+", b, d))


@Base.method("-(z::Complex, w::Complex)")
def subtract(z: Any, w: Any) -> Any:
    (a, b), (c, d) = parts(z), parts(w)
    return make(call("-", a, c), call("-", b, d))


@Base.method("*(z::Complex, w::Complex)")
def multiply(z: Any, w: Any) -> Any:
    (a, b), (c, d) = parts(z), parts(w)
    times = Base.bindings["*"]
    return make(call("-", times(a, c), times(b, d)), call("+", times(a, d), times(b, c)))


# Python's own complex numbers are computed with as Julia does; only a real operand is another matter.
for _name, _op in (("+", operator.add), ("-", operator.sub), ("*", operator.mul)):
    Base.method(f"{_name}(z::ComplexF64, w::ComplexF64)")(_op)


@Base.method("+(z::ComplexF64, x::Float64)")
def plus_float(z: complex, x: float) -> complex:
    return complex(z.real + x, z.imag)


@Base.method("*(z::ComplexF64, x::Float64)")
def times_float(z: complex, x: float) -> complex:
    return complex(z.real * x, z.imag * x)


@Base.method("*(x::Float64, z::ComplexF64)")
def float_times(x: float, z: complex) -> complex:
    return complex(x * z.real, x * z.imag)


@Base.method("-(z::Complex)")
def negative(z: Any) -> Any:
    re, im = parts(z)
    return make(call("-", re), call("-", im))


@Base.method("+(x::Real, z::Complex)")
def real_plus(x: Any, z: Any) -> Any:
    re, im = parts(z)
    return make(call("+", x, re), im)


@Base.method("+(z::Complex, x::Real)")
def plus_real(z: Any, x: Any) -> Any:
    re, im = parts(z)
    return make(call("+", re, x), im)


@Base.method("-(z::Complex, x::Real)")
def minus_real(z: Any, x: Any) -> Any:
    re, im = parts(z)
    return make(call("-", re, x), im)


@Base.method("-(x::Real, z::Complex)")
def real_minus(x: Any, z: Any) -> Any:
    # The zero keeps the sign of the imaginary part right: 0.0 - 0.0 is not -0.0.
    re, im = parts(z)
    return make(call("-", x, re), call("-", im))


@Base.method("*(x::Real, z::Complex)")
def real_times(x: Any, z: Any) -> Any:
    re, im = parts(z)
    return make(call("*", x, re), call("*", x, im))


@Base.method("*(z::Complex, x::Real)")
def times_real(z: Any, x: Any) -> Any:
    re, im = parts(z)
    return make(call("*", x, re), call("*", x, im))


@Base.method("*(x::Bool, z::Complex)")
def bool_times(x: bool, z: Any) -> Any:
    re, im = parts(z)
    return make(call("*", x, re), call("*", x, im))


def _bool_times_float(x: bool, y: Any) -> Any:
    return (
        y
        if x
        else math.copysign(0.0, y)
        if type(y) is float
        else type(y)(math.copysign(0.0, float(y)))
    )


@Base.method("*(x::Bool, y::IEEEFloat)")
def bool_float(x: bool, y: Any) -> Any:
    """`false` is a strong zero: `false * NaN == 0.0`."""
    return _bool_times_float(x, y)


@Base.method("*(y::IEEEFloat, x::Bool)")
def float_bool(y: Any, x: bool) -> Any:
    return _bool_times_float(x, y)


@Base.method("/(z::Complex, x::Real)")
def over_real(z: Any, x: Any) -> Any:
    re, im = parts(z)
    return make(call("/", re, x), call("/", im, x))


@Base.method("/(x::Real, z::Complex)")
def real_over(x: Any, z: Any) -> Any:
    target = promote_type(T.typeof(x), T.typeof(z))
    return call("*", x, call("inv", call("convert", target, z)))


@Base.method("/(z::Complex, w::Complex)")
def divide(z: Any, w: Any) -> Any:
    kind = promote_type(kind_of(z), kind_of(w))
    target = T.apply_type(Complex_, kind)
    if kind is T.Float64:
        return _robust(to_number(ComplexF64, z), to_number(ComplexF64, w))
    if kind in (T.Float32, T.Float16):
        return to_number(
            target, _robust(complex(*map(float, parts(z))), complex(*map(float, parts(w))))
        )
    return general_quotient(call("convert", target, z), call("convert", target, w))


def general_quotient(z: Any, w: Any) -> Any:
    """Smith's method, by the operations of the parts."""
    (a, b), (c, d) = parts(z), parts(w)
    plus, minus, times, over = (Base.bindings[n] for n in ("+", "-", "*", "/"))
    if T.isa(a, Base.bindings["Rational"]):
        size = plus(times(c, c), times(d, d))
        return make(
            over(plus(times(a, c), times(b, d)), size), over(minus(times(b, c), times(a, d)), size)
        )
    if call("<=", call("abs", c), call("abs", d)):
        r = over(c, d)
        den = plus(d, times(r, c))
        return make(over(plus(times(a, r), b), den), over(minus(times(b, r), a), den))
    r = over(d, c)
    den = plus(c, times(r, d))
    return make(over(plus(a, times(b, r)), den), over(minus(b, times(a, r)), den))


# Sizes whose squares are numbers; those between which a quotient needs no scaling; what scales small
# numbers up; Dekker's splitter.
TAME = 2.0**-511.5, 2.0**511.5
LARGE, SMALL, RAISE, SPLIT = 2.0**1023, 2.0**-969, 2.0**105, 2.0**27 + 1


def _robust(z: complex, w: complex) -> complex:
    """The quotient by the method of Baudin and Smith: scaled first, without needless overflow."""
    a, b, c, d = z.real, z.imag, w.real, w.imag
    big, small = max(abs(a), abs(b)), max(abs(c), abs(d))
    if math.isinf(c) or math.isinf(d):
        if math.isfinite(a) and math.isfinite(b):
            return complex(
                0.0 * math.copysign(1, a) * math.copysign(1, c),
                -0.0 * math.copysign(1, b) * math.copysign(1, d),
            )
        return complex(math.nan, math.nan)
    half_over, eps, tiny = (
        0.5 * 1.7976931348623157e308,
        2.220446049250313e-16,
        2.2250738585072014e-308,
    )
    limit, s = tiny * 2.0 / eps, 1.0
    scale = 2.0 / (eps * eps)
    if big >= half_over:
        a, b, s = a / 2, b / 2, s * 2
    if small >= half_over:
        c, d, s = c / 2, d / 2, s / 2
    if big <= limit:
        a, b, s = a * scale, b * scale, s / scale
    if small <= limit:
        c, d, s = c * scale, d * scale, s * scale
    if abs(d) <= abs(c):
        p, q = _robust_half(a, b, c, d)
    else:
        p, q = _robust_half(b, a, d, c)
        q = -q
    return complex(p * s, q * s)


def _robust_half(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    from juliette.base.numbers.arithmetic import divide_floats

    r = divide_floats(d, c)
    t = divide_floats(1.0, c + d * r)
    return _robust_part(a, b, c, d, r, t), _robust_part(b, -a, c, d, r, t)


def _robust_part(a: float, b: float, c: float, d: float, r: float, t: float) -> float:
    if r != 0:
        br = b * r
        return (a + br) * t if br != 0 else a * t + (b * t) * r
    from juliette.base.numbers.arithmetic import divide_floats

    return (a + d * divide_floats(b, c)) * t


@Base.method("inv(z::Complex)")
def inverse(z: Any) -> Any:
    kind = kind_of(z)
    if kind is T.Float64 or T.subtype(kind, T.Integer):
        return _inverse(to_number(ComplexF64, z))
    if kind in (T.Float32, T.Float16):
        return to_number(T.typeof(z), inverse(to_number(ComplexF64, z)))
    re, im = parts(z)
    size = abs2(z)
    return make(call("/", re, size), call("/", call("-", im), size))


def _inverse(w: complex) -> complex:
    """`1/w`, scaled first where a square would leave the range of Float64."""
    c, d = w.real, w.imag
    if math.isinf(c) or math.isinf(d):
        return complex(math.copysign(0.0, c), math.copysign(0.0, -d))
    size, scale = max(abs(c), abs(d)), 1.0
    if TAME[0] <= size <= TAME[1]:
        square = fused(size, size, min(abs(c), abs(d)) ** 2)
        return complex(c / square, -d / square)
    if size == 0:
        return complex(math.nan, math.nan)
    if size >= LARGE:
        c, d, scale = c * 0.5, d * 0.5, 0.5
    elif size <= SMALL:
        c, d, scale = c * RAISE, d * RAISE, RAISE
    if abs(d) <= abs(c):
        p, q = _inverse_half(c, d)
    else:
        q, p = _inverse_half(-d, -c)
    return complex(p * scale, q * scale)


def _inverse_half(c: float, d: float) -> tuple[float, float]:
    """The parts of `1/(c + d*im)` where `c` is the larger."""
    r = d / c
    z = fused(d, r, c)
    return 1.0 / z, -r / z


def fused(x: float, y: float, z: float) -> float:
    """`x*y + z` rounded (all but) once: the product's own rounding error is added again."""
    p = x * y
    a, b = SPLIT * x, SPLIT * y
    x1, y1 = a - (a - x), b - (b - y)
    x2, y2 = x - x1, y - y1
    product_error = ((x1 * y1 - p) + x1 * y2 + x2 * y1) + x2 * y2
    s = p + z
    t = s - p
    sum_error = (p - (s - t)) + (z - t)
    result = s + (sum_error + product_error)
    return result if math.isfinite(result) else s


@Base.method("==(z::Complex, w::Complex)")
def equal(z: Any, w: Any) -> bool:
    (a, b), (c, d) = parts(z), parts(w)
    return call("==", a, c) and call("==", b, d)


@Base.method("==(z::Complex, x::Real)")
def equal_real(z: Any, x: Any) -> bool:
    re, im = parts(z)
    return call("iszero", im) and call("==", re, x)


@Base.method("==(x::Real, z::Complex)")
def real_equal(x: Any, z: Any) -> bool:
    return equal_real(z, x)


# ---------------------------------------------------------------- powers


@Base.method("^(z::Complex, n::Integer)")
def power_integer(z: Any, n: Any) -> Any:
    n = int(n)
    if T.subtype(kind_of(z), T.Integer) and n >= 0:
        if kind_of(z) is T.Bool:
            z = make(*map(int, parts(z)))
        return power_by_squaring(z, n)
    return power_by_squaring(z, n) if n >= 0 else power_by_squaring(inverse(z), -n)


@Base.method("^(z::Complex, w::Complex)")
def power(z: Any, w: Any) -> Any:
    target = (
        promote_type(promote_type(T.typeof(z), T.typeof(w)), ComplexF64)
        if T.subtype(promote_type(kind_of(z), kind_of(w)), T.Integer)
        else promote_type(T.typeof(z), T.typeof(w))
    )
    if target is not ComplexF64:
        return to_number(target, _power(to_number(ComplexF64, z), to_number(ComplexF64, w)))
    return _power(to_number(ComplexF64, z), to_number(ComplexF64, w))


@Base.method("^(z::Complex, x::Real)")
def power_real(z: Any, x: Any) -> Any:
    return power(z, make(x, call("zero", x)))


@Base.method("^(z::Complex, x::Rational)")
def power_rational(z: Any, x: Any) -> Any:
    return power_integer(z, x.num) if x.den == 1 else power(z, make(float(x), 0.0))


@Base.method("^(x::Real, z::Complex)")
def real_power(x: Any, z: Any) -> Any:
    return power(make(x, call("zero", x)), z)


def _power(z: complex, w: complex) -> complex:
    """`z^w`, by modulus and angle."""
    a, b = w.real, w.imag
    if w == 0:
        return 1 + 0j
    if z == 0:
        if a > 0:
            return complex(0.0, 0.0)
        return complex(math.nan, math.nan)
    if b == 0 and a.is_integer() and abs(a) < 2**31:
        return power_by_squaring(z, int(a)) if a > 0 else power_by_squaring(inverse(z), int(-a))
    radius, phi = abs(z), math.atan2(z.imag, z.real)
    if b == 0:
        size, theta = math.pow(radius, a), a * phi
    elif z.imag == 0 and z.real > 0:
        size, theta = math.pow(radius, a), b * math.log(radius)
    else:
        size = math.pow(radius, a) * math.exp(-b * phi)
        theta = a * phi + b * math.log(radius)
    return complex(size * math.cos(theta), size * math.sin(theta))


@Base.method("cispi(z::Complex)", transparent=True)
def cispi_complex(z: Any) -> Any:
    size, real = call("exp", call("-", call("*", math.pi, call("imag", z)))), call("real", z)
    return make(call("*", size, call("cospi", real)), call("*", size, call("sinpi", real)))
