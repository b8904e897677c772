"""Angles in degrees and half turns, reciprocal functions, `hypot` and two-argument `atan` and `log`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.arithmetic import after_promotion, divide_floats
from juliette.base.numbers.mathematics import (
    Real1,
    _fn,
    array_kernel,
    elementwise,
    negative_message,
)
from juliette.runtime import types as T
from juliette.runtime.errors import DomainError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import FLOATS, MAKER, BigFloat_, BigInt_

_finite = math.isfinite


# ---------------------------------------------------------------- derived functions


def derived(name: str, f: Real1, doc: str, kernel: Any = None, domain: Any = None) -> None:
    """A function of Float64 without a numpy equal; arrays go element by element."""
    elementwise(
        name, f, kernel or (lambda x: math.nan), domain, doc, _big_angle(name), kernel=False
    )


def _big_angle(name: str) -> Any:
    """One of these functions of a BigFloat: in half turns by mpmath, degrees by way of half turns."""

    def apply(x: Any) -> Any:
        from mpmath import libmp

        from juliette.runtime.bigfloat import BigFloat, Precision

        raw, bits = x.raw, Precision.bits
        if name.endswith("d"):
            raw = libmp.mpf_div(raw, libmp.from_int(180), bits + 20, "n")

        def of(which: str, precision: int) -> Any:
            return getattr(libmp, f"mpf_{which}_pi")(raw, precision, "n")

        kind = name[:3]
        if kind == "tan":
            return BigFloat(libmp.mpf_div(of("sin", bits + 20), of("cos", bits + 20), bits, "n"))
        return BigFloat(of(kind, bits))

    return apply


def _product(x: float, hi: float, head: float, tail: float) -> tuple[float, float]:
    """`x` times a constant that is `head + tail` (its first half exact), in two parts."""
    u = 134217729.0 * x
    x_hi = u - (u - x)
    x_lo = x - x_hi
    y = hi * x
    return y, x_hi * tail + (x_lo * head + ((x_hi * head - y) + x_lo * tail))


# Minimax polynomials of sine and cosine within 45 degrees, those of Sun's fdlibm.
_SINE = (
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
)
_COSINE = (
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
)


def _polynomial(z: float, coefficients: tuple[float, ...]) -> float:
    out = 0.0
    for c in reversed(coefficients):
        out = c + z * out
    return out


def _kernel_sine(x: float, rest: float) -> float:
    """The sine of `x + rest`, correct but for the last bit's last half."""
    z = x * x
    v = z * x
    return x - (
        (z * (0.5 * rest - v * _polynomial(z, _SINE)) - rest) - v * -1.66666666666666324348e-01
    )


def _kernel_cosine(x: float, rest: float) -> float:
    z = x * x
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * (z * _polynomial(z, _COSINE)) - x * rest))


def _of_quarter(parts: tuple[float, float], quarter: int) -> float:
    """The sine of an angle given in two parts, some right angles further on."""
    value = (_kernel_cosine if quarter % 2 else _kernel_sine)(*parts)
    return value if quarter % 4 < 2 else -value


def _turns(x: float, right_angle: float) -> tuple[float, int]:
    """The angle within half a right angle of a multiple of it, and which multiple."""
    if not math.isfinite(x):
        raise ValueError
    r = math.remainder(x, 4 * right_angle)
    quarter = round(r / right_angle)
    return r - right_angle * quarter, quarter


def _reduced(
    x: float, quarters: int, right_angle: float, unit: tuple[float, float, float]
) -> float:
    """The sine of `x` and some right angles more; halves of a right angle go by the cosine."""
    r, q = _turns(x, right_angle)
    parts = _product(r, *unit)
    value = _of_quarter(parts, q + quarters)
    if 2 * abs(r) == right_angle:
        return math.copysign(_of_quarter(parts, 1), value)
    return value


# What one unit of the angle is in radians: rounded, and exactly in two parts.
_HALF_TURN = (3.141592653589793, 3.1415926814079285, -2.7818135228334233e-08)
_DEGREE = (0.017453292519943295, 0.01745329238474369, 1.3519960527851425e-10)


def _half_turns(x: float, quarters: int) -> float:
    return _reduced(x, quarters, 0.5, _HALF_TURN)


def _in_degrees(x: float, quarters: int) -> float:
    return _reduced(x, quarters, 90.0, _DEGREE)


def _whole_half_turns(x: Any, quarters: int) -> Any:
    """`_half_turns` of a whole array: the same steps, since all to reduce the angle are exact."""
    if x.dtype.kind == "c" or not np.isfinite(x).all():
        return NotImplemented  # the loop finds the element, and Julia's error
    wide = x.astype(np.float64)
    r = wide - 2.0 * np.rint(0.5 * wide)
    q = np.rint(2.0 * r)
    r -= 0.5 * q
    parts = _product(r, *_HALF_TURN)
    quarter = q.astype(np.int64) + quarters
    sine, cosine = _kernel_sine(*parts), _kernel_cosine(*parts)
    value = np.where(quarter % 2 == 1, cosine, sine)
    value = np.where(quarter % 4 < 2, value, -value)
    value = np.where(2 * np.abs(r) == 0.5, np.copysign(cosine, value), value)
    return value.astype(x.dtype) if x.dtype.kind == "f" else value


def _whole_sinpi(x: Any) -> Any:
    value = _whole_half_turns(x, 0)
    if value is NotImplemented:
        return value
    return np.where(value == 0, np.copysign(np.zeros_like(value), x), value)


def _whole_cospi(x: Any) -> Any:
    value = _whole_half_turns(x, 1)
    return value if value is NotImplemented else value + value.dtype.type(0)


def _sinpi(x: float) -> float:
    value = _half_turns(x, 0)
    return math.copysign(0.0, x) if value == 0 else value


def _cospi(x: float) -> float:
    return _half_turns(x, 1) + 0.0


def _tanpi(x: float) -> float:
    return divide_floats(_sinpi(x), _cospi(x))


def _sind(x: float) -> float:
    value = _in_degrees(x, 0)
    return math.copysign(0.0, x) if value == 0 else value


def _cosd(x: float) -> float:
    return _in_degrees(x, 1) + 0.0


def _tand(x: float) -> float:
    return divide_floats(_sind(x), _cosd(x))


_only_finite = lambda name: (_finite, "`x` cannot be infinite.")  # noqa: E731
derived(
    "sinpi",
    _sinpi,
    """`sin(π*x)`, exact at whole numbers.

    ```jldoctest
    julia> sinpi(1), sinpi(0.5)
    (0.0, 1.0)
    ```
    """,
    domain=(_finite, "sinpi(x) is only defined for finite x."),
)
derived(
    "cospi",
    _cospi,
    "`cos(π*x)`, exact at halves.",
    domain=(_finite, "cospi(x) is only defined for finite x."),
)
for _name, _whole in (("sinpi", _whole_sinpi), ("cospi", _whole_cospi)):
    KERNELS[Base.bindings[_name]] = array_kernel(_whole, None)
derived("tanpi", _tanpi, "`tan(π*x)`")
derived(
    "sind",
    _sind,
    """Sine of degrees.

    ```jldoctest
    julia> sind(30), sind(180)
    (0.5, 0.0)
    ```
    """,
    domain=_only_finite("sind"),
)
derived(
    "cosd",
    _cosd,
    """Cosine of degrees.

    ```jldoctest
    julia> cosd(60), cosd(90)
    (0.5, 0.0)
    ```
    """,
    domain=_only_finite("cosd"),
)
derived("tand", _tand, "Tangent of degrees.", domain=_only_finite("tand"))
_reciprocal = {"sec": "cos", "csc": "sin", "cot": "tan"}
for _name, _of in _reciprocal.items():
    for _suffix in ("", "h", "d"):

        def _inverse(x: Any, of: str = _of + _suffix) -> Any:
            return Base.bindings["inv"](Base.bindings[of](x))

        _inverse.__doc__ = f"`1 / {_of}{_suffix}(x)`"
        Base.method(f"{_name}{_suffix}(x::Number)", transparent=True)(_inverse)
    for _suffix in ("", "h", "d"):

        def _arc(x: Any, of: str = "a" + _of + _suffix) -> Any:
            return Base.bindings[of](Base.bindings["inv"](x))

        _arc.__doc__ = f"The inverse of `{_name}{_suffix}`."
        Base.method(f"a{_name}{_suffix}(x::Number)", transparent=True)(_arc)
for _name in ("asin", "acos", "atan"):

    def _arc_degrees(x: Any, of: str = _name) -> Any:
        return rad2deg(Base.bindings[of](x))

    _arc_degrees.__doc__ = f"`{_name}` in degrees."
    Base.method(f"{_name}d(x::Number)", transparent=True)(_arc_degrees)


def both(name: str, first: str, second: str) -> None:
    @Base.method(f"{name}(x::Number)", transparent=True)
    def f(x: Any) -> tuple[Any, Any]:
        return Base.bindings[first](x), Base.bindings[second](x)

    f.__doc__ = f"`({first}(x), {second}(x))`"


both("sincos", "sin", "cos")
both("sincospi", "sinpi", "cospi")
both("sincosd", "sind", "cosd")


@Base.method("sinc(x::Number)", transparent=True)
def sinc(x: Any) -> Any:
    """`sin(π*x) / (π*x)`, and 1 at 0."""
    if Base.bindings["iszero"](x):
        return Base.bindings["float"](Base.bindings["one"](x))
    if Base.bindings["isinf"](x):
        return Base.bindings["float"](Base.bindings["zero"](x))
    return Base.bindings["/"](Base.bindings["sinpi"](x), Base.bindings["*"](math.pi, x))


@Base.method("sinc(x::Integer)")
def sinc_integer(x: Any) -> Any:
    return Base.bindings["one"](x) if x == 0 else Base.bindings["zero"](x)


@Base.method("cosc(x::Number)", transparent=True)
def cosc(x: Any) -> Any:
    """The derivative of `sinc`."""
    if Base.bindings["iszero"](x):
        return Base.bindings["float"](Base.bindings["zero"](x))
    minus, over = Base.bindings["-"], Base.bindings["/"]
    return minus(
        over(Base.bindings["cospi"](x), x),
        over(Base.bindings["sinpi"](x), Base.bindings["*"](math.pi, Base.bindings["*"](x, x))),
    )


@Base.method("deg2rad(x::Number)", transparent=True)
def deg2rad(x: Any) -> Any:
    """Degrees to radians.

    ```jldoctest
    julia> deg2rad(90)
    1.5707963267948966
    ```
    """
    x = Base.bindings["float"](x)
    return Base.bindings["*"](
        x, Base.bindings["/"](_pi_for(x), Base.bindings["oftype"](_real_part(x), 180))
    )


@Base.method("rad2deg(x::Number)", transparent=True)
def rad2deg(x: Any) -> Any:
    """Radians to degrees.

    ```jldoctest
    julia> rad2deg(pi)
    180.0
    ```
    """
    x = Base.bindings["float"](x)
    return Base.bindings["*"](
        x, Base.bindings["/"](Base.bindings["oftype"](_real_part(x), 180), _pi_for(x))
    )


def _real_part(x: Any) -> Any:
    return Base.bindings["real"](x)


def _pi_for(x: Any) -> Any:
    return Base.bindings["oftype"](_real_part(x), Base.bindings["π"])


def two_argument(
    name: str, f: Callable[[float, float], float], doc: str, kernel: Any = None, big: Any = None
) -> None:
    def for_type(t: Any) -> Any:
        if t is T.Float64:
            return f
        if t in FLOATS:
            make = MAKER[t]
            return lambda x, y: make(f(float(x), float(y)))
        if t in (BigFloat_, BigInt_) and big is not None:
            from juliette.runtime.bigfloat import BigFloat

            return lambda x, y: big(BigFloat.of(x), BigFloat.of(y))
        return lambda x, y: f(float(x), float(y))

    method = after_promotion(for_type)
    method.__doc__ = doc
    Base.method(f"{name}(y::CoreReal, x::CoreReal)", specialised=True)(method)

    @Base.method(f"{name}(y::Real, x::Real)", transparent=True)
    def promoted(y: Any, x: Any) -> Any:
        y, x = Base.bindings["promote"](Base.bindings["float"](y), Base.bindings["float"](x))
        return Base.bindings[name](y, x)

    if kernel is not None:
        plain = KERNELS.get(Base.bindings[name])
        KERNELS[Base.bindings[name]] = lambda *xs: (
            kernel(*xs) if len(xs) == 2 else plain(*xs) if plain else NotImplemented
        )


def _big_atan(y: Any, x: Any) -> Any:
    from mpmath import libmp

    from juliette.runtime.bigfloat import BigFloat, Precision

    return BigFloat(libmp.mpf_atan2(y.raw, x.raw, Precision.bits, Precision.rounding))


two_argument(
    "atan",
    math.atan2,
    """The angle whose tangent is `y`; of two arguments, the angle of the point `(x, y)`.

    ```jldoctest
    julia> atan(1.0), atan(1, -1)
    (0.7853981633974483, 2.356194490192345)
    ```
    """,
    np.arctan2,
    _big_atan,
)
two_argument(
    "hypot",
    math.hypot,
    """The length of the hypotenuse.

    ```jldoctest
    julia> hypot(3, 4)
    5.0
    ```
    """,
    np.hypot,
    lambda x, y: _fn("sqrt")(x * x + y * y),
)


@Base.method("hypot(x::Number)", transparent=True)
def hypot_one(x: Any) -> Any:
    return Base.bindings["abs"](Base.bindings["float"](x))


@Base.method("hypot(x::Number, y::Number)", transparent=True)
def hypot_complex(x: Any, y: Any) -> Any:
    return Base.bindings["hypot"](Base.bindings["abs"](x), Base.bindings["abs"](y))


@Base.method("hypot(x::Number, y::Number, z::Number, rest::Number...)", transparent=True)
def hypot_many(x: Any, y: Any, z: Any, *rest: Any) -> Any:
    values = [Base.bindings["abs"](Base.bindings["float"](v)) for v in (x, y, z, *rest)]
    if all(type(v) is float for v in values):
        return math.hypot(*values)
    out = values[0]
    for v in values[1:]:
        out = Base.bindings["hypot"](out, v)
    return out


def _log_base(b: float, x: float) -> float:
    for name, value in (("log", b), ("log", x)):
        if value < 0:
            raise DomainError(value, negative_message(name))

    def safe(v: float) -> float:
        return -math.inf if v == 0 else math.log(v)

    return divide_floats(safe(x), safe(b))


two_argument("log", _log_base, "", None, lambda b, x: _fn("log")(x) / _fn("log")(b))


@Base.method("log(b::Number, x::Number)", transparent=True)
def log_complex(b: Any, x: Any) -> Any:
    return Base.bindings["/"](Base.bindings["log"](x), Base.bindings["log"](b))
