"""Modules of Base's own by whose names code may call what is in Base: `Base.Math`, `Base.FastMath`, …

`@fastmath` belongs here. Arithmetic has one speed, so all it changes are the questions that fast
arithmetic answers without looking: no number is `NaN`, infinite or subnormal.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def submodule(name: str) -> Module:
    """A module in Base that sees all of Base."""
    module = Module(name, Base)
    module.visible = module.bindings["__builtins__"] = Base.bindings
    Base.const(name, module, export=False)
    return module


for _name in ("GMP", "MPFR", "Math", "Multimedia", "Rounding", "Ryu", "SimdLoop"):
    submodule(_name)
FastMath = submodule("FastMath")

# What fast arithmetic takes for granted, of floating-point numbers and complex ones.
GRANTED = {"isfinite": True, "isinf": False, "isnan": False, "issubnormal": False}


def granted(name: str, answer: bool) -> None:
    @FastMath.method(f"{name}_fast(x)", export=False)
    def fast(x: Any) -> Any:
        """The question as `@fastmath` answers it."""
        kind = T.typeof(x)
        if T.subtype(kind, T.CORE_TYPES["AbstractFloat"]) or T.subtype(
            kind, T.CORE_TYPES["Complex"]
        ):
            return answer
        return Base.get(name)(x)


for _name, _answer in GRANTED.items():
    granted(_name, _answer)


@Base.macro("fastmath")
def fastmath(context: Any, e: Any) -> Any:
    """`@fastmath e` lets `e` be computed as if there were neither `NaN` nor infinities.

    ```jldoctest
    julia> usable(x) = @fastmath !isnan(x);

    julia> usable(NaN)
    true
    ```
    """
    return fast(e)


def fast(e: Any) -> Any:
    """An expression that calls the fast forms of the questions."""
    if not isinstance(e, Expr) or e.head in ("quote", "inert"):
        return e
    args = [fast(a) for a in e.args]
    if e.head == "call" and isinstance(args[0], Symbol) and args[0].name in GRANTED:
        args[0] = QuoteNode(FastMath.bindings[f"{args[0].name}_fast"])
    return Expr(e.head, *args)
