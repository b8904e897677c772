"""`round floor ceil trunc`: to whole numbers, to digits, to types, in every rounding mode."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.errors import (
    ArgumentError,
    DivideError,
    InexactError,
    MethodError,
)
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    FLOATS,
    INT_RANGE,
    MAKER,
    BigFloat_,
    BigInt,
    BigInt_,
    Rational,
    fits,
    inexact,
    is_number,
    rational_class,
    to_number,
    wrap_to,
)
from juliette.syntax.expr import Symbol

RoundingMode_ = T.sub_family("RoundingMode", "T", lambda m: T.Any_)
Base.const("RoundingMode", RoundingMode_)


class RoundingMode:
    """`RoundNearest` and the others."""

    __slots__ = ("name",)
    MODES: ClassVar[dict[str, RoundingMode]] = {}

    def __init__(self, name: str) -> None:
        self.name = name


T.register_instances(
    RoundingMode, lambda m: T.apply_type(RoundingMode_, Symbol(m.name)), RoundingMode_
)
for _mode, _const in (
    ("Nearest", "RoundNearest"),
    ("NearestTiesAway", "RoundNearestTiesAway"),
    ("NearestTiesUp", "RoundNearestTiesUp"),
    ("ToZero", "RoundToZero"),
    ("FromZero", "RoundFromZero"),
    ("Up", "RoundUp"),
    ("Down", "RoundDown"),
):
    RoundingMode.MODES[_mode] = RoundingMode(_mode)
    Base.const(_const, RoundingMode.MODES[_mode])


def _make_mode(t: Any, *args: Any) -> RoundingMode:
    name = args[0] if args else getattr(t, "parameters", (None,))[0]
    if not isinstance(name, Symbol) or len(args) > 1:
        raise MethodError(t, args, None)
    return RoundingMode.MODES.get(name.name) or RoundingMode(name.name)


def _install() -> None:
    from juliette.base.essentials import _applied, _simple

    _simple(RoundingMode_, _make_mode)
    _applied(RoundingMode_, _make_mode)


_install()


# ---------------------------------------------------------------- one whole number


def round_float(x: float, how: str) -> float:
    """A Float64 to a whole number; the sign of zero stays."""
    if not math.isfinite(x):
        return x
    if how == "Nearest":
        r = round(x)
    elif how == "Down":
        r = math.floor(x)
    elif how == "Up":
        r = math.ceil(x)
    elif how == "ToZero":
        r = math.trunc(x)
    elif how == "FromZero":
        r = math.ceil(x) if x > 0 else math.floor(x)
    else:
        low = math.floor(x)
        r = (low + 1 if how == "NearestTiesUp" or x > 0 else low) if x - low == 0.5 else round(x)
    return math.copysign(float(r), x) if r == 0 else float(r)


def round_ratio(n: int, d: int, how: str) -> int:
    """`n/d` to a whole number."""
    low, rest = divmod(n, d)
    if not rest:
        return low
    if how == "Down":
        return low
    if how == "Up":
        return low + 1
    if how == "ToZero":
        return low + 1 if n < 0 else low
    if how == "FromZero":
        return low if n < 0 else low + 1
    twice = 2 * rest
    if twice != d:
        return low + 1 if twice > d else low
    if how == "NearestTiesUp":
        return low + 1
    if how == "NearestTiesAway":
        return low if n < 0 else low + 1
    return low + (low & 1)


def round_real(x: Any, how: str) -> Any:
    """A number of Base to a whole number of its own type."""
    if type(x) is float:
        return round_float(x, how)
    if isinstance(x, np.floating):
        return type(x)(round_float(float(x), how))
    if isinstance(x, Rational):
        kind = x.kind
        return rational_class(kind)(
            x.num if x.den == 0 else MAKER[kind](round_ratio(int(x.num), int(x.den), how)),
            MAKER[kind](0 if x.den == 0 else 1),
        )
    if T.typeof(x) is BigFloat_:
        letter = {"Nearest": "n", "Down": "f", "Up": "c", "ToZero": "d"}.get(how)
        if letter is not None:
            return x.rounded(letter)
        if not x.finite():
            return x
        numerator, denominator = x.ratio()
        return to_number(BigFloat_, round_ratio(numerator, denominator, how))
    return x


# ---------------------------------------------------------------- to digits


def _scaled(x: float, how: str, digits: int, base: int) -> float:
    """Rounded to `digits` after the point in a base, by scaling, as Julia does it."""
    b = float(base)
    if digits >= 0:
        step = b**digits if digits < 400 else math.inf
        if math.isinf(step):
            half = b ** (digits / 2)
            y = round_float((x * half) * half, how) / half / half
        else:
            y = round_float(x * step, how) / step
        return y if math.isfinite(y) else x
    try:
        step = b**-digits
    except OverflowError:
        step = math.inf
    y = round_float(x / step, how) * step
    if not math.isfinite(y):
        if x > 0:
            return math.inf if how == "Up" else 0.0
        return -math.inf if x < 0 and how == "Down" else -0.0
    return y


def highest_digit(x: Any, base: int) -> int:
    """How many digits stand before the point."""
    if x == 0:
        return 0
    if isinstance(x, int):
        return len(digits_in(abs(x), base))
    value = abs(float(x))
    if base == 10:
        return 1 + math.floor(math.log10(value))
    if base == 2:
        return math.frexp(value)[1]
    return 1 + math.floor(math.log(value, base))


def digits_in(n: int, base: int) -> list[int]:
    out = []
    while n:
        n, r = divmod(n, base)
        out.append(r)
    return out


def round_digits(x: Any, how: str, digits: Any, sigdigits: Any, base: int) -> Any:
    """`round(x; digits, sigdigits, base)`"""
    if isinstance(x, Rational):
        x = float(x) if x.den else math.copysign(math.inf, x.num)
    if digits is not None and sigdigits is not None:
        raise ArgumentError("`round` cannot use both `digits` and `sigdigits` arguments.")
    if isinstance(x, (float, np.floating)) and not math.isfinite(x):
        return x
    if sigdigits is not None:
        if sigdigits < 1:
            raise ArgumentError("`sigdigits` must be positive")
        digits = sigdigits - highest_digit(x, base)
    if isinstance(x, (int, np.integer)) and type(x) is not bool:
        if digits >= 0:
            return x
        step = base**-digits
        t = T.typeof(x)
        result = round_ratio(int(x), step, how) * step
        return MAKER[t](result) if t is BigInt_ or fits(t, result) else wrap_to(t, result)
    if T.typeof(x) is BigFloat_:
        scale = to_number(BigFloat_, base ** abs(digits))
        return (
            round_real(x * scale, how) / scale
            if digits >= 0
            else round_real(x / scale, how) * scale
        )
    if isinstance(x, np.floating):
        make = type(x)
        step = make(float(base) ** abs(digits))
        y = (
            make(round_float(float(x * step), how)) / step
            if digits >= 0
            else make(round_float(float(x / step), how)) * step
        )
        return y if np.isfinite(y) else x
    return _scaled(float(x), how, digits, base)


# ---------------------------------------------------------------- the functions


def to_type(t: Any, x: Any, how: str) -> Any:
    """`round(t, x, how)`"""
    r = round_real(x, how)
    if isinstance(x, Rational) and not x.den and T.subtype(t, T.Integer):
        raise DivideError()
    if t in INT_RANGE and isinstance(x, (float, np.floating)):
        if not math.isfinite(r) or not fits(t, int(r)):
            raise inexact(t, x if how == "ToZero" else r, "trunc")
        return MAKER[t](int(r))
    if t is BigInt_ and isinstance(r, (float, np.floating)):
        if not math.isfinite(r):
            raise inexact(t, r, "trunc")
        return BigInt(int(r))
    if t in (T.Integer, T.Signed):
        return to_type(T.Int64, x, how) if not isinstance(r, int) else r
    if t is T.Bool and isinstance(r, (float, np.floating)):
        if r in (0, 1):
            return bool(r)
        raise InexactError(Symbol("Bool"), t, r)
    return Base.bindings["convert"](t, r)


def rounding(name: str, how: str, ufunc: Any, doc: str) -> None:
    """One of the four functions. `round` alone takes a mode as well."""

    @Base.method(f"{name}(x::CoreInteger; digits=nothing, sigdigits=nothing, base=10)")
    def integer(x: Any, *, digits: Any = None, sigdigits: Any = None, base: int = 10) -> Any:
        if digits is None and sigdigits is None:
            return x
        return round_digits(x, how, digits, sigdigits, base)

    @Base.method(
        f"{name}(x::Union{{CoreFloat,Rational}}; digits=nothing, sigdigits=nothing, base=nothing)"
    )
    def real(x: Any, *, digits: Any = None, sigdigits: Any = None, base: Any = None) -> Any:
        if digits is None and sigdigits is None:
            return round_real(x, how)
        return round_digits(x, how, digits, sigdigits, base or 10)

    real.__doc__ = doc

    @Base.method(f"{name}(::Type{{T}}, x::Float64) where T<:BitInteger", specialised=True)
    def float_to_integer(t: Any, _: Any) -> Any:
        target = t.parameters[0] if isinstance(t, T.DataType) and t.parameters else None
        if target is not T.Int64:
            return lambda kind, x: to_type(kind, x, how)

        def to_int(_: Any, x: float) -> int:
            r = round_float(x, how)
            if -9223372036854775808.0 <= r < 9223372036854775808.0:
                return int(r)
            raise inexact(T.Int64, r, "trunc")

        return to_int

    @Base.method(f"{name}(::Type{{T}}, x::Real) where T")
    def typed(t: Any, x: Any) -> Any:
        if isinstance(x, (int, np.integer)) and not isinstance(x, bool):
            return Base.bindings["convert"](t, x) if t not in (T.Integer, T.Signed) else x
        if T.isa(x, T.AbstractIrrational):
            x = float(x)
        if not is_number(x):
            return Base.bindings["round"](t, x, RoundingMode.MODES[how])
        if T.subtype(t, T.AbstractFloat):
            return Base.bindings[name](Base.bindings["convert"](t, x))
        return to_type(t, x, how)

    @Base.method(f"{name}(x::AbstractIrrational; digits=nothing, sigdigits=nothing, base=nothing)")
    def irrational(x: Any, *, digits: Any = None, sigdigits: Any = None, base: Any = None) -> Any:
        return real(float(x), digits=digits, sigdigits=sigdigits, base=base)

    @Base.method(f"{name}(x::Real)", transparent=True)
    def own(x: Any) -> Any:
        return Base.bindings["round"](x, RoundingMode.MODES[how])

    @Base.method(f"{name}(x::Missing; digits::Integer=0, sigdigits::Integer=0, base::Integer=0)")
    def missing(x: Any, **_: Any) -> Any:
        return x

    @Base.method(f"{name}(z::Complex; digits=nothing, sigdigits=nothing)")
    def complex_(z: Any, *, digits: Any = None, sigdigits: Any = None) -> Any:
        re, im = (
            real(p, digits=digits, sigdigits=sigdigits)
            for p in (Base.bindings["real"](z), Base.bindings["imag"](z))
        )
        return Base.bindings["complex"](re, im)

    KERNELS[Base.bindings[name]] = ufunc


def _round_kernel(ufunc: Any) -> Any:
    return lambda *xs: ufunc(xs[0]) if len(xs) == 1 and xs[0].dtype.kind == "f" else NotImplemented


rounding(
    "round",
    "Nearest",
    _round_kernel(np.rint),
    """To the nearest whole number (ties to even), or to digits.

    ```jldoctest
    julia> round(2.5), round(Int, 3.7), round(3.14159; digits=2), round(123.456; sigdigits=2)
    (2.0, 4, 3.14, 120.0)
    ```
    """,
)
rounding(
    "floor",
    "Down",
    _round_kernel(np.floor),
    """The next whole number below.

    ```jldoctest
    julia> floor(-1.5), floor(Int, 2.9)
    (-2.0, 2)
    ```
    """,
)
rounding(
    "ceil",
    "Up",
    _round_kernel(np.ceil),
    """The next whole number above.

    ```jldoctest
    julia> ceil(1.2), ceil(Int, -0.5)
    (2.0, 0)
    ```
    """,
)
rounding(
    "trunc",
    "ToZero",
    _round_kernel(np.trunc),
    """The whole part.

    ```jldoctest
    julia> trunc(-1.9), trunc(Int, 1.9)
    (-1.0, 1)
    ```
    """,
)


@Base.method("round(x::Real, r::RoundingMode; digits=nothing, sigdigits=nothing, base=10)")
def round_mode(
    x: Any, r: RoundingMode, *, digits: Any = None, sigdigits: Any = None, base: int = 10
) -> Any:
    if T.isa(x, T.AbstractIrrational):
        x = float(x)
    if not is_number(x):
        raise MethodError(Base.bindings["round"], (x, r), None)
    if digits is None and sigdigits is None:
        return round_real(x, r.name)
    return round_digits(x, r.name, digits, sigdigits, base)


@Base.method("round(::Type{T}, x::Real, r::RoundingMode) where T")
def round_type_mode(t: Any, x: Any, r: RoundingMode) -> Any:
    if isinstance(x, (int, np.integer)):
        return Base.bindings["convert"](t, x)
    if not is_number(x):
        return Base.bindings["convert"](t, Base.bindings["round"](x, r))
    return to_type(t, x, r.name)


@Base.method("round(z::Complex, r::RoundingMode, s::RoundingMode)")
def round_complex_modes(z: Any, r: RoundingMode, s: RoundingMode) -> Any:
    return Base.bindings["complex"](
        round_real(Base.bindings["real"](z), r.name), round_real(Base.bindings["imag"](z), s.name)
    )


@Base.method("unsafe_trunc(::Type{T}, x::Real) where T")
def unsafe_trunc(t: Any, x: Any) -> Any:
    """The whole part in a type; what does not fit gives any value."""
    return wrap_to(t, int(x)) if math.isfinite(x) else MAKER[t](0)


def divide_rounded(n: int, d: int, how: str) -> int:
    return round_ratio(n, d, how) if d > 0 else round_ratio(-n, -d, how)


@Base.method("div(x::Real, y::Real, r::RoundingMode)")
def div_mode(x: Any, y: Any, r: RoundingMode) -> Any:
    x, y = Base.bindings["promote"](x, y)
    t = T.typeof(x)
    if t in INT_RANGE or t is BigInt_:
        if y == 0:
            raise ZeroDivisionError
        return MAKER[t](divide_rounded(int(x), int(y), r.name))
    return round_real(Base.bindings["/"](x, y), r.name)


@Base.method("rem(x::Real, y::Real, r::RoundingMode)")
def rem_mode(x: Any, y: Any, r: RoundingMode) -> Any:
    x, y = Base.bindings["promote"](x, y)
    if T.typeof(x) in FLOATS:
        if r.name == "Nearest":
            return MAKER[T.typeof(x)](math.remainder(float(x), float(y)))
        name = {"Down": "mod", "ToZero": "rem"}.get(r.name)
        if name is not None:
            return Base.bindings[name](x, y)
    return Base.bindings["-"](x, Base.bindings["*"](y, div_mode(x, y, r)))


@Base.method("divrem(x::Real, y::Real, r::RoundingMode)")
def divrem_mode(x: Any, y: Any, r: RoundingMode) -> tuple[Any, Any]:
    return div_mode(x, y, r), rem_mode(x, y, r)


# ---------------------------------------------------------------- rounding in conversions


def float_rounded(t: Any, x: Any, r: RoundingMode) -> Any:
    """`Float32(x, RoundUp)`: the neighbour of `x` on that side."""
    value = to_number(t, x)
    less = Base.bindings["<"]
    up = (
        r.name == "Up"
        or (r.name == "ToZero" and less(x, 0))
        or (r.name == "FromZero" and less(0, x))
    )
    if r.name == "Nearest" or Base.bindings["=="](value, x):
        return value
    if up:
        return Base.bindings["nextfloat"](value) if less(value, x) else value
    return Base.bindings["prevfloat"](value) if less(x, value) else value


def _big_float(t: Any, x: Any, r: Any = None, *, precision: Any = None) -> Any:
    """`BigFloat(x[, mode]; precision)`"""
    from juliette.base.strings.values import is_string, text_of
    from juliette.runtime.bigfloat import MODES, BigFloat, Precision

    before = Precision.bits, Precision.rounding
    if precision is not None:
        Precision.bits = int(precision)
    if r is not None:
        Precision.rounding = MODES[r.name]
    try:
        if is_string(x):
            return Base.bindings["parse"](BigFloat_, text_of(x))
        if T.isa(x, T.Number):
            return BigFloat.of(
                to_number(BigFloat_, x)
                if not hasattr(x, "fields") or isinstance(x, Rational)
                else x
            )
    finally:
        Precision.bits, Precision.rounding = before
    raise MethodError(BigFloat_, (x,), None)


def _install_conversions() -> None:
    from juliette.base import conversion

    conversion.ROUNDING = RoundingMode
    conversion.FLOAT_ROUNDED = float_rounded
    Base.method("BigFloat(x::Union{Real,AbstractString}, r::RoundingMode; precision=nothing)")(
        _big_float
    )
    Base.method("BigFloat(x::Union{Real,AbstractString}; precision=nothing)")(_big_float)


_install_conversions()
