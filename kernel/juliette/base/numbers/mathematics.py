"""Elementary functions of real numbers, and their kernels for whole arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.hyperbolic import cosh, cosh_of_all, sinh, sinh_of_all
from juliette.runtime import types as T
from juliette.runtime.errors import BoundsError, DomainError, MethodError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    LOW,
    MAKER,
    BigFloat_,
    BigInt,
    BigInt_,
    wrap,
    wrap_to,
)
from juliette.syntax.expr import Expr, QuoteNode

Real1 = Callable[[float], float]


def _complex_only(name: str) -> str:
    return (
        f"{name} was called with a real argument < {{bound}} but will only return a complex result if called "
        f"with a complex argument. Try {name}(Complex(x))."
    )


def negative_message(name: str) -> str:
    return (
        f"{name} was called with a negative real argument but will only return a complex result if called "
        f"with a complex argument. Try {name}(Complex(x))."
    )


def safely(f: Real1, ufunc: Any, domain: tuple[Callable[[float], bool], str] | None) -> Real1:
    """`f` on Float64 with Julia's errors outside its domain and IEEE's values at its poles."""

    def scalar(x: float) -> float:
        try:
            return f(x)
        except (ValueError, OverflowError, ZeroDivisionError):
            if domain is not None and x == x and not domain[0](x):
                raise DomainError(x, domain[1]) from None
            return float(ufunc(x))

    return scalar


def elementwise(
    name: str,
    f: Real1,
    ufunc: Any,
    domain: tuple[Callable[[float], bool], str] | None = None,
    doc: str = "",
    big: str | Callable[[Any], Any] | None = None,
    kernel: bool = True,
) -> None:
    """A function of one real variable: for each float type, for BigFloat, and for whole arrays."""
    scalar = safely(f, ufunc, domain)

    def for_type(t: Any) -> Any:
        if t is T.Float64:
            return scalar
        if t in (T.Float16, T.Float32):
            make = MAKER[t]

            def small(x: Any) -> Any:
                try:
                    return make(scalar(float(x)))
                except DomainError as e:
                    raise DomainError(x, e.msg) from None

            return small
        if t is BigFloat_ or t is BigInt_:
            return big_function(name, big, domain)

        def integer(x: Any) -> float:
            return scalar(float(x))

        return integer

    for_type.__doc__ = doc
    Base.method(f"{name}(x::CoreReal)", specialised=True)(for_type)

    @Base.method(f"{name}(x::Real)", transparent=True)
    def other(x: Any) -> Any:
        y = Base.bindings["float"](x)
        if T.typeof(y) is T.typeof(x):
            raise MethodError(Base.bindings[name], (x,), None)
        return Base.bindings[name](y)

    @Base.method(f"{name}(x::Missing)")
    def missing(x: Any) -> Any:
        return x

    if kernel:
        KERNELS[Base.bindings[name]] = array_kernel(ufunc, domain)


def array_kernel(ufunc: Any, domain: Any) -> Callable[[Any], Any]:
    """The function on a whole array, unless an element is outside its domain."""

    def whole(x: Any) -> Any:
        if x.dtype.kind in "iub":
            x = x.astype(np.float64)
        out = ufunc(x)
        if domain is not None and np.isnan(out).any() and not np.isnan(x).all():
            return NotImplemented
        return out

    # As ufuncs do, the kernel says how many arguments it is for.
    whole.nin = 1  # type: ignore[attr-defined]
    return whole


def big_function(name: str, big: Any, domain: Any) -> Callable[[Any], Any]:
    """The function on BigFloats."""
    from juliette.runtime.bigfloat import BigFloat, function

    if big is None:
        raise MethodError(Base.bindings[name], (), None)
    f = function(big) if isinstance(big, str) else big

    def apply(x: Any) -> Any:
        x = BigFloat.of(x)
        if domain is not None and x == x and not domain[0](x):
            raise DomainError(x, "NaN result for non-NaN input.")
        return f(x)

    return apply


_nonneg = lambda x: x >= 0  # noqa: E731
_unit = lambda x: -1 <= x <= 1  # noqa: E731


def _one_sided(name: str, bound: str) -> str:
    return _complex_only(name).replace("{bound}", bound)


elementwise(
    "sqrt",
    math.sqrt,
    np.sqrt,
    (_nonneg, negative_message("sqrt")),
    """Square root.

    ```jldoctest
    julia> sqrt(16), √2
    (4.0, 1.4142135623730951)
    ```
    """,
    "sqrt",
)


def cube_root(x: Any) -> Any:
    """The cube root, rounded once: processors differ in the last digit of `np.cbrt` of a double."""
    return np.cbrt(x, dtype=np.longdouble).astype(x.dtype)


elementwise(
    "cbrt",
    lambda x: float(np.cbrt(x, dtype=np.longdouble)),
    cube_root,
    None,
    """Cube root.

    ```jldoctest
    julia> cbrt(-27)
    -3.0
    ```
    """,
    lambda x: _big_root(x, 3),
)
elementwise(
    "fourthroot",
    lambda x: math.sqrt(math.sqrt(x)),
    lambda x: np.sqrt(np.sqrt(x)),
    (_nonneg, negative_message("fourthroot")),
    "Fourth root.",
    lambda x: _big_root(x, 4),
)
elementwise(
    "exp",
    math.exp,
    np.exp,
    None,
    """The exponential function.

    ```jldoctest
    julia> exp(1.0)
    2.718281828459045
    ```
    """,
    "exp",
)
elementwise("exp2", lambda x: 2.0**x, np.exp2, None, "`2^x`", lambda x: _big(2).power(x))
elementwise(
    "exp10",
    lambda x: 10.0**x,
    lambda x: np.power(10.0, x),
    None,
    """`10^x`

    ```jldoctest
    julia> exp10(2)
    100.0
    ```
    """,
    lambda x: _big(10).power(x),
)
elementwise(
    "expm1",
    math.expm1,
    np.expm1,
    None,
    "`exp(x) - 1`, exact near 0.",
    lambda x: _fn("exp")(x) - _big(1),
)
elementwise(
    "log",
    math.log,
    np.log,
    (_nonneg, negative_message("log")),
    """Natural logarithm; `log(b, x)` to base `b`.

    ```jldoctest
    julia> log(1.0), log(2, 8)
    (0.0, 3.0)
    ```
    """,
    "log",
)
elementwise(
    "log2",
    math.log2,
    np.log2,
    (_nonneg, negative_message("log2")),
    """Logarithm to base 2.

    ```jldoctest
    julia> log2(8)
    3.0
    ```
    """,
    lambda x: _fn("log")(x) / _fn("log")(_big(2)),
)
elementwise(
    "log10",
    math.log10,
    np.log10,
    (_nonneg, negative_message("log10")),
    """Logarithm to base 10.

    ```jldoctest
    julia> log10(1000)
    3.0
    ```
    """,
    lambda x: _fn("log")(x) / _fn("log")(_big(10)),
)
elementwise(
    "log1p",
    math.log1p,
    np.log1p,
    (lambda x: x >= -1, _one_sided("log1p", "-1")),
    "`log(1 + x)`, exact near 0.",
    lambda x: _fn("log")(x + _big(1)),
)

_finite = math.isfinite
_OWN: dict[str, Real1] = {"sinh": sinh, "cosh": cosh}
for _name, _np, _domain in (
    ("sin", np.sin, (_finite, "sin(x) is only defined for finite x.")),
    ("cos", np.cos, (_finite, "cos(x) is only defined for finite x.")),
    ("tan", np.tan, (_finite, "tan(x) is only defined for finite x.")),
    ("asin", np.arcsin, (_unit, "asin(x) is not defined for |x| > 1.")),
    ("acos", np.arccos, (_unit, "acos(x) not defined for |x| > 1")),
    ("atan", np.arctan, None),
    ("sinh", sinh_of_all, None),
    ("cosh", cosh_of_all, None),
    ("tanh", np.tanh, None),
    ("asinh", np.arcsinh, None),
    ("acosh", np.arccosh, (lambda x: x >= 1, "acosh(x) is only defined for x ≥ 1.")),
    ("atanh", np.arctanh, (_unit, "atanh(x) is only defined for |x| ≤ 1.")),
):
    elementwise(
        _name,
        _OWN.get(_name) or getattr(math, _name),
        _np,
        _domain,
        f"The function {_name}, in radians.",
        _name,
    )
Base.const("√", Base.bindings["sqrt"])
Base.const("∛", Base.bindings["cbrt"])
Base.const("∜", Base.bindings["fourthroot"])


def _big(n: int) -> Any:
    from juliette.runtime.bigfloat import BigFloat

    return BigFloat.of(n)


def _fn(name: str) -> Any:
    from juliette.runtime.bigfloat import function

    return function(name)


def _big_root(x: Any, n: int) -> Any:
    from mpmath import libmp

    from juliette.runtime.bigfloat import BigFloat, Precision

    return (
        BigFloat(libmp.mpf_nthroot(x.raw, n, Precision.bits, Precision.rounding))
        if x >= 0
        else -_big_root(-x, n)
    )


# ---------------------------------------------------------------- sign and size


@Base.method("abs(x::CoreReal)", specialised=True)
def absolute(t: Any) -> Any:
    """The absolute value.

    ```jldoctest
    julia> abs(-3), abs(-0.5), abs(3 + 4im)
    (3, 0.5, 5.0)
    ```
    """
    if t is T.Int64:
        return lambda x: abs(x) if x != LOW else x
    if t is BigInt_:
        return lambda x: BigInt(abs(int(x)))
    if t is T.Bool:
        return lambda x: x
    if BITS.get(t) == 128:
        return lambda x: wrap_to(t, abs(int(x)))
    return abs


@Base.method("abs(x::Real)", transparent=True)
def absolute_real(x: Any) -> Any:
    return Base.bindings["-"](x) if Base.bindings["signbit"](x) else x


KERNELS[Base.bindings["abs"]] = np.abs


@Base.method("abs2(x::Number)", transparent=True)
def abs2_number(x: Any) -> Any:
    return Base.bindings["^"](Base.bindings["abs"](x), 2)


@Base.method("abs2(x::Real)", transparent=True)
def abs2_real(x: Any) -> Any:
    """The square of the absolute value.

    ```jldoctest
    julia> abs2(-3), abs2(3 + 4im)
    (9, 25)
    ```
    """
    return Base.bindings["*"](x, x)


@Base.method("abs2(x::Union{Int64, Float64, Float32})")
def abs2(x: Any) -> Any:
    return wrap(x * x) if type(x) is int else x * x


KERNELS[Base.bindings["abs2"]] = lambda x: (
    np.square(x) if x.dtype.kind != "c" else (x.real**2 + x.imag**2)
)


@Base.method("sign(x::CoreReal)", specialised=True)
def sign(t: Any) -> Any:
    """-1, 0 or 1, in the type of `x`.

    ```jldoctest
    julia> sign(-4.5), sign(0), sign(7)
    (-1.0, 0, 1)
    ```
    """
    if t in FLOATS:
        make = MAKER[t]
        return lambda x: x if x != x or x == 0 else make(1.0 if x > 0 else -1.0)
    if t is BigFloat_:
        return lambda x: x if x == 0 or x != x else _big(1 if x > 0 else -1)
    make = MAKER[t]
    return lambda x: make(int(x > 0) - int(x < 0))


@Base.method("sign(x::Number)", transparent=True)
def sign_number(x: Any) -> Any:
    """What is left of a number when its size is divided out; zero is its own sign."""
    size = Base.bindings["oneunit"](x) if Base.bindings["iszero"](x) else x
    return Base.bindings["/"](x, Base.bindings["abs"](size))


@Base.method("sign(x::Real)", transparent=True)
def sign_real(x: Any) -> Any:
    zero, one = Base.bindings["zero"](x), Base.bindings["one"](x)
    less = Base.bindings["<"]
    return Base.bindings["-"](one) if less(x, zero) else one if less(zero, x) else zero


KERNELS[Base.bindings["sign"]] = np.sign


@Base.method("copysign(x::Real, y::Real)")
def copysign(x: Any, y: Any) -> Any:
    """`x` with the sign of `y`.

    ```jldoctest
    julia> copysign(2, -1.5), copysign(-2.0, 3)
    (-2, 2.0)
    ```
    """
    signbit = Base.bindings["signbit"]
    return Base.bindings["-"](x) if signbit(x) != signbit(y) else x


@Base.method("flipsign(x::Real, y::Real)")
def flipsign(x: Any, y: Any) -> Any:
    """`-x` if `y` is negative, else `x`.

    ```jldoctest
    julia> flipsign(5, -3)
    -5
    ```
    """
    return Base.bindings["-"](x) if Base.bindings["signbit"](y) else +x


# ---------------------------------------------------------------- periodic and polynomial


@Base.method("mod2pi(x::Real)")
def mod2pi(x: Any) -> Any:
    """`x` modulo 2π, in `[0, 2π)`.

    ```jldoctest
    julia> mod2pi(7)
    0.7168146928204135
    ```
    """
    return _remainder_of_tau(x, "Down")


@Base.method("rem2pi(x::Real, r::RoundingMode)")
def rem2pi(x: Any, r: Any) -> Any:
    """The remainder of the division by 2π, its quotient rounded in the given mode."""
    return _remainder_of_tau(x, r.name)


def _remainder_of_tau(x: Any, how: str) -> Any:
    from mpmath import libmp

    from juliette.base.numbers.rounding import round_ratio
    from juliette.runtime.bigfloat import BigFloat

    x = Base.bindings["float"](x)
    big = isinstance(x, BigFloat)
    if not Base.bindings["isfinite"](x):
        return BigFloat.of(math.nan) if big else type(x)(math.nan)
    n, d = libmp.to_rational(x.raw) if big else float(x).as_integer_ratio()
    bits = 1200 + n.bit_length() + (x.prec if big else 0)
    _, man, exp, _ = libmp.mpf_mul_int(libmp.mpf_pi(bits), 2, bits, "n")
    tau_n, tau_d = int(man), 1 << -exp
    q = round_ratio(n * tau_d, d * tau_n, how)
    rest, unit = n * tau_d - q * d * tau_n, d * tau_d
    if big:
        return BigFloat(libmp.from_rational(rest, unit, x.prec, "n"), x.prec)
    r = rest / unit
    return MAKER[T.typeof(x)](r)


@Base.method("evalpoly(x, p)", transparent=True)
def evalpoly(x: Any, p: Any) -> Any:
    """The polynomial with these coefficients, lowest first, at `x`.

    ```jldoctest
    julia> evalpoly(2, (1, 2, 3))
    17
    ```
    """
    from juliette.compiler.support import iterate

    coefficients = list(iterate(p))
    if not coefficients:
        raise BoundsError(p, (0,))
    out = coefficients[-1]
    if type(x) is float and set(map(type, coefficients)) == {float}:
        for c in coefficients[-2::-1]:
            out = out * x + c
        return out
    add, times = Base.bindings["+"], Base.bindings["*"]
    for c in reversed(coefficients[:-1]):
        out = add(times(out, x), c)
    return out


@Base.method("min(xs::Real, ys::Missing)")
@Base.method("max(xs::Real, ys::Missing)")
def extreme_missing(x: Any, y: Any) -> Any:
    return y


@Base.macro("evalpoly")
def evalpoly_macro(context: Any, x: Any, *coefficients: Any) -> Any:
    """`@evalpoly(x, c0, c1, …)`"""
    return Expr("call", QuoteNode(Base.bindings["evalpoly"]), x, Expr("tuple", *coefficients))
