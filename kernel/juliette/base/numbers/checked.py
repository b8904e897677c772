"""Arithmetic of integers that notices overflow: `checked_add` and its family, `add_with_overflow`."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.errors import OverflowError_
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import MAKER, fits, wrap_to


def operator(name: str, sign: str, f: Any) -> None:
    """Define `checked_…(x, y)` and `…_with_overflow(x, y)`."""

    @Base.method(f"checked_{name}(x::Integer, y::Integer)", export=False)
    def op(x: Any, y: Any) -> Any:
        if type(x) is bool is type(y) and name != "mul":
            return f(int(x), int(y))
        x, y = Base.bindings["promote"](x, y)
        t = T.typeof(x)
        r = f(int(x), int(y))
        if not fits(t, r):
            raise OverflowError_(f"{int(x)} {sign} {int(y)} overflowed for type {T.type_string(t)}")
        return MAKER[t](r)

    op.__doc__ = f"`x {sign} y`, with an OverflowError where it does not fit."

    if name != "sub":

        @Base.method(f"checked_{name}(x, y, z, rest...)", export=False)
        def many(x: Any, y: Any, *rest: Any) -> Any:
            g = Base.bindings[f"checked_{name}"]
            for z in rest:
                x, y = g(x, y), z
            return g(x, y)

        Base.method(f"checked_{name}(x::Integer)", export=False)(lambda x: x)

    @Base.method(f"{name}_with_overflow(x::Integer, y::Integer)", export=False)
    def flagged(x: Any, y: Any) -> Any:
        x, y = Base.bindings["promote"](x, y)
        t = T.typeof(x)
        r = f(int(x), int(y))
        return (MAKER[t](r), False) if fits(t, r) else (wrap_to(t, r), True)

    flagged.__doc__ = f"`x {sign} y` as it wraps around, and whether it did."


operator("add", "+", lambda x, y: x + y)
operator("sub", "-", lambda x, y: x - y)
operator("mul", "*", lambda x, y: x * y)


def division(name: str) -> None:
    """Define `checked_div` or one of its relatives."""

    @Base.method(f"checked_{name}(x::Integer, y::Integer)", export=False, transparent=True)
    def op(x: Any, y: Any) -> Any:
        return Base.bindings[name](x, y)

    op.__doc__ = f"`{name}(x, y)`, with a DivideError where it does not fit."


for _op in ("div", "rem", "fld", "mod", "cld"):
    division(_op)


def unary(name: str, form: str, f: Any) -> None:
    """Define `checked_neg` or `checked_abs`."""

    @Base.method(f"checked_{name}(x::Integer)", export=False)
    def op(x: Any) -> Any:
        t = T.typeof(x)
        if not fits(t, f(int(x))):
            raise OverflowError_(
                f"checked arithmetic: cannot compute {form} for x = {int(x)}::{T.type_string(t)}"
            )
        return MAKER[t](f(int(x)))

    op.__doc__ = f"`{form}`, with an OverflowError where it does not fit."


unary("neg", "-x", lambda x: -x)
unary("abs", "|x|", abs)


@Base.method("checked_pow(x::Integer, n::Integer)", export=False)
def checked_pow(x: Any, n: Any) -> Any:
    """`x^n`, with an OverflowError where it does not fit."""
    t = T.typeof(x)
    r = int(x) ** int(n)
    if not fits(t, r):
        raise OverflowError_(f"{int(x)} ^ {int(n)} overflowed for type {T.type_string(t)}")
    return MAKER[t](r)


def _module() -> Module:
    module = Module("Checked", Base)
    for name in list(Base.bindings):
        if name.startswith("checked_") or name.endswith("_with_overflow"):
            module.const(name, Base.bindings[name])
    return module


Base.const("Checked", _module(), export=False)
