"""Irrational constants, exact until they meet another number."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from juliette.base.numbers.promotion import promote
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, AssertionError_
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Irrational
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def constant(names: tuple[str, ...], value: float, digits: Callable[[int], Any]) -> Irrational:
    x = Irrational(names[0], value, digits)
    for n in names:
        Base.const(n, x, export=names[0] in ("π", "ℯ"))
    MATH_CONSTANTS[names[0]] = (names, x)
    return x


MATH_CONSTANTS: dict[str, tuple[tuple[str, ...], Irrational]] = {}


def _libmp(name: str) -> Callable[[int], Any]:
    def digits(prec: int) -> Any:
        from mpmath import libmp

        return getattr(libmp, name)(prec, "n")

    return digits


constant(("π", "pi"), math.pi, _libmp("mpf_pi"))
constant(("ℯ",), math.e, _libmp("mpf_e"))
constant(("γ", "eulergamma"), 0.5772156649015329, _libmp("mpf_euler"))
constant(("φ", "golden"), 1.618033988749895, _libmp("mpf_phi"))
constant(("catalan",), 0.915965594177219, _libmp("mpf_catalan"))
for _name in ("γ", "eulergamma", "φ", "golden", "catalan"):
    Base.bindings.pop(_name)
    Base.consts.discard(_name)
ℯ, PI = Base.bindings["ℯ"], Base.bindings["π"]


@Base.macro("irrational")
def irrational(context: Any, name: Any, *rest: Any) -> Any:
    """`Base.@irrational name [value] definition`: a constant with as many digits as are asked for.

    ```jldoctest
    julia> Base.@irrational root2 sqrt(big(2)); root2
    root2 = 1.4142135623730...

    julia> root2 + 1, big(root2) ^ 2 ≈ 2
    (2.414213562373095, true)
    ```
    """
    if len(rest) not in (1, 2) or not isinstance(name, Symbol):
        raise ArgumentError("@irrational takes a name, the nearest Float64, and a definition")
    digits = Expr("->", Expr("tuple"), rest[-1])
    value = rest[0] if len(rest) == 2 else None
    made = Expr("call", QuoteNode(own_constant), QuoteNode(name), value, digits)
    return Expr("block", Expr("const", Expr("=", name, made)), None)


def own_constant(name: Symbol, value: Any, definition: Any) -> Irrational:
    """An irrational constant by a function that computes it with the precision in force."""

    from juliette.runtime.bigfloat import BigFloat, Precision

    def digits(prec: int) -> Any:
        before, Precision.bits = Precision.bits, prec
        try:
            return BigFloat.of(definition()).raw
        finally:
            Precision.bits = before

    nearest = float(BigFloat(digits(256), 256))
    if value is not None and float(value) != nearest:
        raise AssertionError_("v == v64")
    return Irrational(name.name, nearest, digits)


def constants_module() -> Any:
    """`Base.MathConstants`"""
    from juliette.runtime.modules import Module

    module = Module("MathConstants", Base)
    for names, x in MATH_CONSTANTS.values():
        for n in names:
            module.const(n, x)
    module.const("e", ℯ)
    return module


Base.const("MathConstants", constants_module())

_BASIC = ("+", "-", "*", "/", "^")
for _name in _BASIC:

    @Base.method(f"{_name}(x::AbstractIrrational, y::AbstractIrrational)", transparent=True)
    def both(x: Any, y: Any, name: str = _name) -> Any:
        return Base.bindings[name](float(x), float(y))


@Base.method("-(x::AbstractIrrational)", transparent=True)
def negative_irrational(x: Any) -> float:
    return -float(x)


@Base.method("^(b::Irrational, x::Real)", transparent=True)
@Base.method("^(b::Irrational, x::Complex)", transparent=True)
def power_of_e(b: Any, x: Any) -> Any:
    if b is ℯ:
        return Base.bindings["exp"](x)
    return (
        Base.bindings["^"](*promote(b, x))
        if not T.isa(x, T.Integer)
        else Base.bindings["^"](float(b), x)
    )


@Base.method("^(b::Irrational, x::Rational)", transparent=True)
@Base.method("^(b::Irrational, x::Integer)", transparent=True)
def power_of_e_exact(b: Any, x: Any) -> Any:
    return power_of_e(b, x)


@Base.method("log(b::Irrational, x::Number)", transparent=True)
def log_of_e(b: Any, x: Any) -> Any:
    if b is ℯ:
        return Base.bindings["log"](x)
    return Base.bindings["log"](float(b), x)


@Base.method("log(x::Irrational)", transparent=True)
def log_irrational(x: Any) -> Any:
    return 1 if x is ℯ else math.log(float(x))


for _name, _values in (("sin", (0.0, None)), ("cos", (-1.0, None)), ("tan", (0.0, None))):

    @Base.method(f"{_name}(x::Irrational)", transparent=True)
    def at_pi(x: Any, name: str = _name, value: float = _values[0]) -> Any:
        return value if x is PI else Base.bindings[name](float(x))


def compare_irrational(name: str, op: Callable[[Any, Any], bool]) -> None:
    """Irrational numbers equal no other; their exact value decides the order."""

    def f(x: Any, y: Any) -> bool:
        if isinstance(x, Irrational) and isinstance(y, Irrational):
            return op(x.value, y.value)
        left = isinstance(x, Irrational)
        from juliette.runtime.bigfloat import BigFloat

        a = BigFloat.of(x, 2048)
        b = BigFloat.of(y, 2048)
        assert left is not None
        return op(a, b)

    for header in (
        "x::AbstractIrrational, y::CoreReal",
        "x::CoreReal, y::AbstractIrrational",
        "x::AbstractIrrational, y::AbstractIrrational",
        "x::AbstractIrrational, y::Rational",
        "x::Rational, y::AbstractIrrational",
    ):
        Base.method(f"{name}({header})")(f)


compare_irrational("<", operator.lt)
compare_irrational("<=", operator.le)


@Base.method("==(x::AbstractIrrational, y::Real)")
@Base.method("==(x::Real, y::AbstractIrrational)")
@Base.method("==(x::AbstractIrrational, y::AbstractIrrational)")
def equal_irrational(x: Any, y: Any) -> bool:
    return x is y


@Base.method("isless(x::AbstractIrrational, y::Real)", transparent=True)
@Base.method("isless(x::Real, y::AbstractIrrational)", transparent=True)
@Base.method("isless(x::AbstractIrrational, y::AbstractIrrational)", transparent=True)
def isless_irrational(x: Any, y: Any) -> Any:
    return Base.bindings["<"](x, y)


@Base.method("zero(x::AbstractIrrational)")
def zero_irrational(x: Any) -> bool:
    return False


@Base.method("one(x::AbstractIrrational)")
def one_irrational(x: Any) -> bool:
    return True


@Base.method("inv(x::AbstractIrrational)")
def inverse_irrational(x: Any) -> float:
    return 1 / float(x)


@Base.method("*(x::Bool, y::AbstractIrrational)")
def bool_times(x: bool, y: Any) -> float:
    return float(y) if x else 0.0
