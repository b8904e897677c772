"""Elementary functions of complex numbers."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.complexes import call
from juliette.base.numbers.hyperbolic import cosh, sinh
from juliette.runtime import types as T
from juliette.runtime.errors import MethodError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    FLOATS,
    BigFloat_,
    ComplexF64,
    to_number,
)

# ---------------------------------------------------------------- functions


def _sqrt(z: complex) -> complex:
    """The square root with Julia's rounding and branch."""
    x, y = z.real, z.imag
    if x == y == 0:
        return complex(0.0, y)
    if not (math.isfinite(x) and math.isfinite(y)):
        return cmath.sqrt(z)
    scale = 0
    m = max(abs(x), abs(y))
    if m > 4.4e307 or (0 < m < 1e-290):
        scale = (math.frexp(m)[1] // 2) * 2
        x, y = math.ldexp(x, -scale), math.ldexp(y, -scale)
    rho = math.sqrt((math.hypot(x, y) + abs(x)) / 2) if x else math.sqrt(abs(y) / 2)
    eta = y
    if rho != 0:
        eta = (y / rho) / 2
        if x < 0:
            rho, eta = abs(eta), math.copysign(rho, y)
    return complex(math.ldexp(rho, scale // 2), math.ldexp(eta, scale // 2))


def _exp(z: complex) -> complex:
    if z.imag == 0:
        return complex(math.exp(z.real) if z.real < 709.8 else math.inf, z.imag)
    try:
        size = math.exp(z.real)
    except OverflowError:
        size = math.inf
    return complex(size * math.cos(z.imag), size * math.sin(z.imag))


def _log(z: complex) -> complex:
    size = abs(z)
    if size == 0:
        return complex(-math.inf, math.atan2(z.imag, z.real))
    return complex(
        math.log(size) if not 0.5 < size < 2 else cmath.log(z).real, math.atan2(z.imag, z.real)
    )


def _sinh(z: complex) -> complex:
    return complex(sinh(z.real) * math.cos(z.imag), cosh(z.real) * math.sin(z.imag))


def _cosh(z: complex) -> complex:
    return complex(cosh(z.real) * math.cos(z.imag), sinh(z.real) * math.sin(z.imag))


def _sin(z: complex) -> complex:
    return complex(math.sin(z.real) * cosh(z.imag), math.cos(z.real) * sinh(z.imag))


def _cos(z: complex) -> complex:
    return complex(math.cos(z.real) * cosh(z.imag), -math.sin(z.real) * sinh(z.imag))


def function(name: str, f: Callable[[complex], complex], ufunc: Any = None) -> None:
    """An elementary function of complex numbers."""

    @Base.method(f"{name}(z::Complex)")
    def apply(z: Any) -> Any:
        t = T.typeof(z)
        kind = t.parameters[0]
        w = to_number(ComplexF64, z)
        try:
            r = f(w)
        except (ValueError, OverflowError, ZeroDivisionError):
            r = (
                complex(ufunc(np.complex128(w)))
                if ufunc is not None
                else complex(math.nan, math.nan)
            )
        if kind in FLOATS and kind is not T.Float64:
            return to_number(t, r)
        if kind is BigFloat_:
            return call("convert", t, r)
        return r

    assert KERNELS is not None


function("sqrt", _sqrt, np.sqrt)
function("exp", _exp, np.exp)
function("log", _log, np.log)
function("sin", _sin, np.sin)
function("cos", _cos, np.cos)
function("sinh", _sinh, np.sinh)
function("cosh", _cosh, np.cosh)
for _name, _f, _np in (
    ("tan", cmath.tan, np.tan),
    ("asin", cmath.asin, np.arcsin),
    ("acos", cmath.acos, np.arccos),
    ("atan", cmath.atan, np.arctan),
    ("tanh", cmath.tanh, np.tanh),
    ("asinh", cmath.asinh, np.arcsinh),
    ("acosh", cmath.acosh, np.arccosh),
    ("atanh", cmath.atanh, np.arctanh),
    ("log2", lambda z: _log(z) / math.log(2), np.log2),
    ("log10", lambda z: _log(z) / math.log(10), np.log10),
    ("exp2", lambda z: _exp(z * math.log(2)), np.exp2),
    ("exp10", lambda z: _exp(z * math.log(10)), None),
    ("expm1", lambda z: complex(np.expm1(np.complex128(z))), np.expm1),
    ("log1p", lambda z: complex(np.log1p(np.complex128(z))), np.log1p),
):
    function(_name, _f, _np)
_PARTS: dict[str, Any] = {"real": np.real, "imag": np.imag, "conj": np.conj, "angle": np.angle}
for _name, _part in _PARTS.items():
    KERNELS[Base.bindings[_name]] = lambda x, f=_part: (
        f(x) if isinstance(x, np.ndarray) else NotImplemented
    )


@Base.method("sinpi(z::Complex)", transparent=True)
def sinpi(z: Any) -> Any:
    return call("sin", call("*", math.pi, z))


@Base.method("cospi(z::Complex)", transparent=True)
def cospi(z: Any) -> Any:
    return call("cos", call("*", math.pi, z))


@Base.method("cmp(z::Complex, w::Complex)")
def no_order(z: Any, w: Any) -> Any:
    raise MethodError(Base.bindings["isless"], (z, w), None)
