"""The module GC: the collector of what nothing refers to any more."""

from __future__ import annotations

import gc
from typing import Any

from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr

GC = Module("GC", Base)
GC.visible = GC.bindings["__builtins__"] = Base.bindings
Base.const("GC", GC)


@GC.method("gc(full::Bool=true)", export=False)
def collect(full: bool = True) -> None:
    """Collect what nothing refers to any more: all of it, or only what is young.

    ```jldoctest
    julia> GC.gc()

    julia> GC.gc(false)
    ```
    """
    gc.collect(2 if full else 0)


@GC.method("enable(on::Bool)", export=False)
def enable(on: bool) -> bool:
    """Turn collecting on or off; the value says whether it was on.

    ```jldoctest
    julia> before = GC.enable(false);

    julia> GC.enable(before)
    false
    ```
    """
    before = gc.isenabled()
    (gc.enable if on else gc.disable)()
    return before


@GC.method("safepoint()", export=False)
def safepoint() -> None:
    """A place at which collecting may happen: here that is everywhere."""


@GC.macro("preserve", export=False)
def preserve(context: Any, *arguments: Any) -> Any:
    """`GC.@preserve x… expr`: the value of an expression during which the objects stay alive."""
    return Expr("block", arguments[-1])
