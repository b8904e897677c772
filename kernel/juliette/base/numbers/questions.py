"""Questions about numbers (`isnan isinteger iszero signbit`), and `float` and `big`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.floats import no_method
from juliette.base.numbers.promotion import convert
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import MethodError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    BigFloat_,
    BigInt,
    BigInt_,
)

# ---------------------------------------------------------------- questions


def predicate(
    name: str, f: Callable[[Any], Any], big: Callable[[Any], bool], ufunc: Any, doc: str
) -> None:
    """A question about a plain number, and about the parts of a complex one."""
    either = name in ("isnan", "isinf")

    @Base.method(f"{name}(x::CoreReal)", specialised=True)
    def real(t: Any) -> Any:
        if t in FLOATS:
            return f
        if t is BigFloat_:
            return big
        return (lambda x: True) if name == "isfinite" else lambda x: False

    real.__doc__ = doc

    @Base.method(f"{name}(x::Real)", transparent=True)
    def other(x: Any) -> bool:
        if name == "isfinite":
            return True
        if name == "isnan" or name == "isinf":
            return bool(getattr(x, "den", 1) == 0) and name == "isinf"
        return False

    @Base.method(f"{name}(z::Complex)", transparent=True)
    def complex_(z: Any) -> bool:
        g = Base.bindings[name]
        re, im = g(Base.bindings["real"](z)), g(Base.bindings["imag"](z))
        return bool(re or im) if either else bool(re and im)

    KERNELS[Base.bindings[name]] = ufunc


predicate(
    "isnan",
    lambda x: bool(x != x),
    lambda x: x != x,
    np.isnan,
    """Is it not a number?

    ```jldoctest
    julia> isnan(NaN), isnan(1)
    (true, false)
    ```
    """,
)
predicate(
    "isinf",
    lambda x: bool(abs(x) == math.inf),
    lambda x: not x.finite() and x == x,
    np.isinf,
    "Is it infinite?",
)
predicate(
    "isfinite",
    lambda x: bool(math.isfinite(x)),
    lambda x: x.finite(),
    np.isfinite,
    """Is it neither infinite nor NaN?

    ```jldoctest
    julia> isfinite(5), isfinite(-Inf)
    (true, false)
    ```
    """,
)


@Base.method("isfinite(x::Rational)")
def isfinite_rational(x: Any) -> bool:
    return bool(x.den != 0)


@Base.method("isnan(x::Missing)")
@Base.method("isfinite(x::Missing)")
@Base.method("isinf(x::Missing)")
def question_of_missing(x: Any) -> Any:
    return x


@Base.method("isinteger(x::CoreReal)", specialised=True)
def isinteger(t: Any) -> Any:
    """Is it a whole number?

    ```jldoctest
    julia> isinteger(4.0), isinteger(1//2)
    (true, false)
    ```
    """
    if t in FLOATS:
        return lambda x: math.isfinite(x) and float(x).is_integer()
    if t is BigFloat_:
        return lambda x: x.whole() is not None
    return lambda x: True


@Base.method("isinteger(x::Rational)")
def isinteger_rational(x: Any) -> bool:
    return bool(x.den == 1)


@Base.method("isinteger(x::Real)", transparent=True)
def isinteger_real(x: Any) -> bool:
    if T.isa(x, T.Integer):
        return True
    return bool(Base.bindings["=="](x, Base.bindings["trunc"](x)))


@Base.method("isinteger(x::AbstractIrrational)")
def isinteger_irrational(x: Any) -> bool:
    return False


@Base.method("isinteger(z::Complex)", transparent=True)
def isinteger_complex(z: Any) -> bool:
    return bool(
        Base.bindings["iszero"](Base.bindings["imag"](z))
        and Base.bindings["isinteger"](Base.bindings["real"](z))
    )


@Base.method("iszero(x)", transparent=True)
def iszero(x: Any) -> bool:
    """Is it the additive identity?

    ```jldoctest
    julia> iszero(0.0), iszero([0, 0]), iszero(1)
    (true, true, false)
    ```
    """
    if hasattr(x, "data") and hasattr(x, "eltype"):
        return bool(Base.bindings["all"](Base.bindings["iszero"], x))
    return Base.bindings["=="](x, Base.bindings["zero"](x))


@Base.method("isone(x)", transparent=True)
def isone(x: Any) -> bool:
    """Is it the multiplicative identity?"""
    return Base.bindings["=="](x, Base.bindings["one"](x))


for _name, _value in (("iszero", 0), ("isone", 1)):
    Base.method(f"{_name}(x::CoreReal)")(lambda x, v=_value: bool(x == v))


@Base.method("issubnormal(x::IEEEFloat)")
def issubnormal(x: Any) -> bool:
    """Is it smaller than the normal numbers?

    ```jldoctest
    julia> issubnormal(1e-310), issubnormal(1.0)
    (true, false)
    ```
    """
    return bool(x != 0 and abs(x) < np.finfo(type(x)).smallest_normal)


@Base.method("signbit(x::CoreReal)", specialised=True)
def signbit(t: Any) -> Any:
    """Is the sign negative? True for -0.0.

    ```jldoctest
    julia> signbit(-0.0), signbit(4)
    (true, false)
    ```
    """
    if t in FLOATS:
        return lambda x: math.copysign(1.0, x) < 0
    if t is BigFloat_:
        return lambda x: x.signbit()
    return lambda x: bool(x < 0)


@Base.method("signbit(x::Real)", transparent=True)
def signbit_real(x: Any) -> bool:
    return Base.bindings["<"](x, 0)


KERNELS[Base.bindings["signbit"]] = np.signbit

# ---------------------------------------------------------------- into floating point


@Base.method("float(x)", transparent=True)
def float_(x: Any) -> Any:
    """The number as a floating-point number; of a type, the type of that.

    ```jldoctest
    julia> float(3), float(1//4), float(Int32)
    (3.0, 0.25, Float64)
    ```
    """
    if isinstance(x, T.JuliaType):
        return float_type(x)
    t = T.typeof(x)
    if not T.subtype(t, T.Number):
        raise MethodError(T.AbstractFloat, (x,), None)
    target = float_type(t)
    return x if target is t else convert(target, x)


def float_type(t: Any) -> Any:
    """The floating-point type that `float` gives for values of a type."""
    if t in FLOATS or t is BigFloat_:
        return t
    if t is BigInt_:
        return BigFloat_
    if isinstance(t, T.DataType):
        if (t in BITS and t is not T.Char_) or T.subtype(t, T.AbstractIrrational):
            return T.Float64
        if t.typename.name == "Rational":
            return float_type(t.parameters[0])
        if t.typename.name == "Complex":
            from juliette.runtime.numeric import Complex_

            return T.apply_type(Complex_, float_type(t.parameters[0]))
        if T.subtype(t, T.AbstractFloat):
            return t
    if T.subtype(t, T.Number):
        return T.AbstractFloat
    raise no_method("float", t)


@Base.method("float(x::Union{Float64, Float32, Float16})")
def float_same(x: Any) -> Any:
    return x


@Base.method("float(x::Union{Int64, Bool})")
def float_int(x: Any) -> float:
    return float(x)


@Base.method("float(x::AbstractArray{Union{T, Missing}}) where T")
def float_of_missing(x: Any) -> Any:
    """The numbers as floats beside those that are missing."""
    kind = Base.bindings["float"](T.typeof(Base.bindings["zero"](x.eltype)))
    return Base.bindings["convert"](T.apply_type(T.AbstractArray, T.union(kind, V.Missing_)), x)


KERNELS[Base.bindings["float"]] = lambda x: x if x.dtype.kind in "fc" else x.astype(np.float64)


@Base.method("big(x::Union{Number,Type})", transparent=True)
def big(x: Any) -> Any:
    """The number in the matching type of any size.

    ```jldoctest
    julia> big(2)^70, typeof(big(1.5))
    (1180591620717411303424, BigFloat)
    ```
    """
    if isinstance(x, T.JuliaType):
        if T.subtype(x, T.Integer):
            return BigInt_
        if isinstance(x, T.DataType) and x.typename.name in ("Rational", "Complex"):
            return T.apply_type(x.typename.wrapper, big(x.parameters[0]))
        return BigFloat_
    if isinstance(x, int):
        return BigInt(x)
    return convert(big(T.typeof(x)), x)
