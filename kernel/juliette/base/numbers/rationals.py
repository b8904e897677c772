"""Rational numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.promotion import promote_type
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, DivideError, MethodError, OverflowError_
from juliette.runtime.modules import Base, constructors
from juliette.runtime.numeric import (
    FLOATS,
    MAKER,
    BigInt_,
    Irrational,
    Irrational_,
    Rational,
    Rational_,
    fits,
    inexact,
    rational,
    rational_class,
    to_float,
    to_number,
    to_rational,
)

Base.const("Rational", Rational_)
Base.const("AbstractIrrational", T.AbstractIrrational)
Base.const("Irrational", Irrational_)


def checked(op: str, kind: Any, x: Any, y: Any, result: int) -> Any:
    """A result in a fixed-size type, or the error that it does not fit."""
    if not fits(kind, result):
        raise OverflowError_(f"{int(x)} {op} {int(y)} overflowed for type {T.type_string(kind)}")
    return MAKER[kind](result)


# ---------------------------------------------------------------- making them


@Base.method("//(n::CoreInteger, d::CoreInteger)")
def slash_slash(n: Any, d: Any) -> Any:
    """A rational number.

    ```jldoctest
    julia> 6//9, -4//8
    (2//3, -1//2)
    ```
    """
    kind = promote_type(T.typeof(n), T.typeof(d))
    return rational(kind, n, d)


@Base.method("//(x::Rational, y::Integer)")
@Base.method("//(x::Integer, y::Rational)")
@Base.method("//(x::Rational, y::Rational)")
def rational_quotient(x: Any, y: Any) -> Any:
    (a, b), (c, d), kind = _pair(x, y)
    g, h = math.gcd(a, c), math.gcd(b, d)
    if not g or not h:
        raise DivideError()
    a, b, c, d = a // g, b // h, c // g, d // h
    return rational(kind, checked("*", kind, a, d, a * d), checked("*", kind, b, c, b * c))


@Base.method("//(x::Complex, y::Real)", transparent=True)
def complex_over(x: Any, y: Any) -> Any:
    over = Base.bindings["//"]
    return Base.bindings["complex"](
        over(Base.bindings["real"](x), y), over(Base.bindings["imag"](x), y)
    )


@Base.method("//(x::Number, y::Complex)", transparent=True)
def over_complex(x: Any, y: Any) -> Any:
    conj, times, over = Base.bindings["conj"], Base.bindings["*"], Base.bindings["//"]
    return over(times(x, conj(y)), Base.bindings["abs2"](y))


def _parts(x: Any) -> tuple[int, int]:
    return (int(x.num), int(x.den)) if isinstance(x, Rational) else (int(x), 1)


def _kind(x: Any) -> Any:
    return x.kind if isinstance(x, Rational) else T.typeof(x)


def _pair(x: Any, y: Any) -> tuple[tuple[int, int], tuple[int, int], Any]:
    return _parts(x), _parts(y), promote_type(_kind(x), _kind(y))


def _construct(t: Any, *args: Any) -> Any:
    kind = t.parameters[0] if isinstance(t, T.DataType) and not t.has_free else None
    if len(args) == 2:
        if not all(T.isa(a, T.Integer) for a in args):
            raise MethodError(t, args, None)
        n, d = args
        return rational(kind or promote_type(T.typeof(n), T.typeof(d)), n, d)
    if len(args) != 1:
        raise MethodError(t, args, None)
    x = args[0]
    if isinstance(x, Irrational) and kind is not None:
        return irrational_to_rational(kind, t, x)
    if kind is None:
        if isinstance(x, Rational):
            return x
        if isinstance(x, (int, np.integer)):
            return to_rational(T.typeof(x), x)
        source = T.typeof(x)
        if source in FLOATS:
            kind = {T.Float16: T.Int16, T.Float32: T.Int32}.get(source, T.Int64)
            return to_rational(T.Int64, x)
        if source.name == "BigFloat":
            return to_rational(BigInt_, x)
        kind = T.Int64
    if T.isa(x, T.Number) and not isinstance(x, Irrational):
        return to_number(T.apply_type(Rational_, kind), x)
    raise MethodError(t, args, None)


def _install() -> None:
    from juliette.compiler import support

    support._builtin(
        constructors(Rational_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _construct, ("x",)
    )


_install()


@Base.method("numerator(x::Union{Integer,Rational})")
def numerator(x: Any) -> Any:
    """The number above the line.

    ```jldoctest
    julia> numerator(4//6), numerator(7)
    (2, 7)
    ```
    """
    return x.num if isinstance(x, Rational) else x


@Base.method("denominator(x::Union{Integer,Rational})")
def denominator(x: Any) -> Any:
    """The number below the line.

    ```jldoctest
    julia> denominator(4//6), denominator(7)
    (3, 1)
    ```
    """
    return x.den if isinstance(x, Rational) else MAKER[T.typeof(x)](1)


@Base.method("rationalize(x::Real; tol=nothing)")
def rationalize(x: Any, *, tol: Any = None) -> Any:
    """The simplest rational number near `x`.

    ```jldoctest
    julia> rationalize(5.6), rationalize(0.333; tol=0.01)
    (28//5, 1//3)
    ```
    """
    return rationalize_to(T.Int64, x, tol=tol)


@Base.method("rationalize(::Type{T}, x::Real; tol=nothing) where T<:Integer")
def rationalize_to(t: Any, x: Any, *, tol: Any = None) -> Any:
    if isinstance(x, Irrational):
        x = float(x)
    if isinstance(x, (Rational, int, np.integer)):
        return to_rational(t, x)
    if x != x:
        raise inexact(T.apply_type(Rational_, t), x)
    if math.isinf(float(x)):
        return rational_class(t)(MAKER[t](1 if x > 0 else -1), MAKER[t](0))
    tol = Base.bindings["eps"](x) if tol is None else tol
    if tol < 0:
        raise ArgumentError(f"negative tolerance {Base.bindings['string'](tol)}")
    p, q = nearest_fraction(x, tol, lambda n, d: fits(t, n) and fits(t, d))
    return rational_class(t)(MAKER[t](p), MAKER[t](q))


def nearest_fraction(x: Any, tol: Any, fit: Callable[[int, int], bool]) -> tuple[int, int]:
    """The simplest fraction within a tolerance; where its parts do not fit, the last convergent that does.

    Convergents of the continued fraction, then the best semiconvergent, in the number's own arithmetic.
    """
    call = Base.bindings
    plus, minus, times, less = (call[name] for name in ("+", "-", "*", "<"))
    p, q, pp, qq = (-1 if call["signbit"](x) else 1), 0, 0, 1
    x = call["abs"](x)
    a = call["trunc"](x)
    r, y = minus(x, a), call["one"](x)
    nt = tt = call["oftype"](x, tol)
    t = call["zero"](nt)
    while less(nt, r):
        whole = int(call["BigInt"](a))
        n, d = whole * p + pp, whole * q + qq
        if not fit(n, d):
            return p, q
        p, pp, q, qq = n, p, d, q
        x, y = y, r
        a, r = call["divrem"](x, y)
        t, tt = nt, t
        nt = plus(times(a, t), tt)
    whole = int(call["BigInt"](call["cld"](minus(x, tt), plus(y, t))))
    n, d = whole * p + pp, whole * q + qq
    if not fit(n, d):
        return p, q
    g = math.gcd(n, d)
    return n // g, d // g


@Base.method("convert(::Type{Rational{T}}, x::AbstractIrrational) where T", static=True)
def irrational_to_rational(t: Any, kind: Any, x: Any) -> Any:
    """As near as numerator and denominator of the type allow."""
    if t is BigInt_:
        raise ArgumentError(
            "Cannot convert an AbstractIrrational to a Rational{BigInt}: use rationalize(BigInt, x) instead"
        )
    from juliette.runtime.bigfloat import BigFloat

    p, q = nearest_fraction(BigFloat.of(x, 512), 0, lambda n, d: fits(t, n) and fits(t, d))
    return rational_class(t)(MAKER[t](p), MAKER[t](q))


# ---------------------------------------------------------------- arithmetic


def ring(name: str, f: Callable[[int, int, int, int], tuple[int, int]]) -> None:
    """An operation on rationals, and on rationals with integers."""

    def op(x: Any, y: Any) -> Any:
        (a, b), (c, d), kind = _pair(x, y)
        if b == 0 or d == 0:
            return _infinite(name, x, y, kind)
        n, m = f(a, b, c, d)
        g = math.gcd(n, m) or 1
        n, m = n // g, m // g
        if m < 0:
            n, m = -n, -m
        if not (fits(kind, n) and fits(kind, m)):
            raise OverflowError_(_overflow(name, a, b, c, d, kind))
        return rational_class(kind)(MAKER[kind](n), MAKER[kind](m))

    for header in (
        "x::Rational, y::Rational",
        "x::Rational, y::CoreInteger",
        "x::CoreInteger, y::Rational",
    ):
        Base.method(f"{name}({header})")(op)


def _overflow(name: str, a: int, b: int, c: int, d: int, kind: Any) -> str:
    """The step of the computation that did not fit."""
    where = f"overflowed for type {T.type_string(kind)}"
    if name in ("+", "-"):
        g = math.gcd(b, d)
        for x, y in ((a, d // g), (c, b // g)):
            if not fits(kind, x * y):
                return f"{x} * {y} {where}"
        x, y = a * (d // g), c * (b // g)
        if not fits(kind, x + y if name == "+" else x - y):
            return f"{x} {name} {y} {where}"
        return f"{b} * {d // g} {where}"
    if name == "/":
        c, d = d, c
    g, h = math.gcd(a, d), math.gcd(c, b)
    if not fits(kind, (a // g) * (c // h)):
        return f"{a // g} * {c // h} {where}"
    return f"{b // h} * {d // g} {where}"


def _infinite(name: str, x: Any, y: Any, kind: Any) -> Any:
    value = {"+": operator.add, "-": operator.sub, "*": operator.mul}.get(name)
    a, b = float(x), float(y)
    r = (a / b if b else math.copysign(math.inf, a)) if value is None else value(a, b)
    if r != r:
        raise (
            DivideError()
            if name in ("+", "-")
            else ArgumentError(
                f"invalid rational: zero({T.type_string(kind)})//zero({T.type_string(kind)})"
            )
        )
    if math.isinf(r):
        return rational_class(kind)(MAKER[kind](1 if r > 0 else -1), MAKER[kind](0))
    return rational_class(kind)(MAKER[kind](0), MAKER[kind](1))


ring("+", lambda a, b, c, d: (a * d + c * b, b * d))
ring("-", lambda a, b, c, d: (a * d - c * b, b * d))
ring("*", lambda a, b, c, d: (a * c, b * d))


@Base.method("/(x::Rational, y::Rational)")
@Base.method("/(x::Rational, y::CoreInteger)")
@Base.method("/(x::CoreInteger, y::Rational)")
def divide(x: Any, y: Any) -> Any:
    return rational_quotient(x, y)


@Base.method("-(x::Rational)")
def negative(x: Any) -> Any:
    n = -int(x.num)
    if not fits(x.kind, n):
        raise OverflowError_(
            "rational numerator is typemin(T)" if n > 0 else "cannot negate unsigned number"
        )
    return type(x)(MAKER[x.kind](n), x.den)


@Base.method("inv(x::Rational)")
def inverse(x: Any) -> Any:
    if x.num == 0:
        return type(x)(MAKER[x.kind](1), MAKER[x.kind](0))
    return rational(x.kind, x.den, x.num)


@Base.method("^(x::Rational, n::Integer)")
def power(x: Any, n: Any) -> Any:
    n = int(n)
    if n >= 0:
        a, b = int(x.num) ** n, int(x.den) ** n
    else:
        a, b = int(x.den) ** -n, int(x.num) ** -n
        if b < 0:
            a, b = -a, -b
    if not (fits(x.kind, a) and fits(x.kind, b)):
        base = int(x.num if n >= 0 else x.den)
        raise OverflowError_(f"{base} * {base} overflowed for type {T.type_string(x.kind)}")
    return rational_class(x.kind)(MAKER[x.kind](a), MAKER[x.kind](b))


@Base.method("^(x::Number, y::Rational)", transparent=True)
def rational_exponent(x: Any, y: Any) -> Any:
    return Base.bindings["^"](x, Base.bindings["float"](y))


@Base.method("abs(x::Rational)")
def absolute(x: Any) -> Any:
    return type(x)(Base.bindings["checked_abs"](x.num), x.den)


@Base.method("sign(x::Rational)")
def sign(x: Any) -> Any:
    n = int(x.num)
    return type(x)(MAKER[x.kind]((n > 0) - (n < 0)), MAKER[x.kind](1))


@Base.method("signbit(x::Rational)")
def signbit(x: Any) -> bool:
    return bool(x.num < 0)


def division(name: str, f: Callable[[int, int], int]) -> None:
    def op(x: Any, y: Any) -> Any:
        (a, b), (c, d), kind = _pair(x, y)
        if c == 0:
            raise DivideError()
        q = f(a * d, b * c)
        if name in ("div", "fld", "cld"):
            return MAKER[kind](q)
        return rational(kind, a * d - q * b * c, b * d)

    for header in (
        "x::Rational, y::Rational",
        "x::Rational, y::CoreInteger",
        "x::CoreInteger, y::Rational",
    ):
        Base.method(f"{name}({header})")(op)


def _towards_zero(a: int, b: int) -> int:
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


for _name, _f in (
    ("div", _towards_zero),
    ("rem", _towards_zero),
    ("fld", operator.floordiv),
    ("mod", operator.floordiv),
    ("cld", lambda a, b: -(-a // b)),
):
    division(_name, _f)


@Base.method("gcd(x::Union{Integer,Rational}, y::Rational)")
@Base.method("gcd(x::Rational, y::Integer)")
def gcd_rational(x: Any, y: Any) -> Any:
    (a, b), (c, d), kind = _pair(x, y)
    return rational(kind, math.gcd(a, c), math.lcm(b, d))


@Base.method("lcm(x::Union{Integer,Rational}, y::Rational)")
@Base.method("lcm(x::Rational, y::Integer)")
def lcm_rational(x: Any, y: Any) -> Any:
    (a, b), (c, d), kind = _pair(x, y)
    return rational(kind, math.lcm(a, c), math.gcd(b, d))


def _comparable(x: Any) -> tuple[Any, Any]:
    """Numerator and denominator of an exact value; floats that are not finite as they are."""
    if isinstance(x, Rational):
        return int(x.num), int(x.den)
    if isinstance(x, (float, np.floating)):
        value = float(x)
        if not math.isfinite(value):
            return (math.nan, 1) if value != value else (1 if value > 0 else -1, 0)
        return value.as_integer_ratio()
    if isinstance(x, (int, np.integer)):
        return int(x), 1
    return x.ratio()


def compare(name: str, op: Callable[[Any, Any], bool]) -> None:
    def f(x: Any, y: Any) -> bool:
        (a, b), (c, d) = _comparable(x), _comparable(y)
        if b == 0 and d == 0:
            return op(a, c)
        return op(a * d, c * b)

    for header in (
        "x::Rational, y::Rational",
        "x::Rational, y::CoreReal",
        "x::CoreReal, y::Rational",
    ):
        Base.method(f"{name}({header})")(f)


compare("<", operator.lt)
compare("<=", operator.le)
compare("==", operator.eq)


@Base.method("isless(x::Rational, y::Real)")
@Base.method("isless(x::Real, y::Rational)")
@Base.method("isless(x::Rational, y::Rational)")
def isless(x: Any, y: Any) -> bool:
    if x != x or y != y:
        return bool(x == x)
    return Base.bindings["<"](x, y)


@Base.method("float(x::Rational)")
def float_(x: Any) -> Any:
    if x.kind is BigInt_:
        from juliette.runtime.bigfloat import BigFloat

        return BigFloat.of(x)
    return to_float(T.Float64, x)
