"""Modules within Base that only group names there: `Base.Math.clamp` is `clamp`."""

from __future__ import annotations

from juliette.runtime.modules import Base, Module

for _name in ("Math", "FastMath", "Rounding", "MPFR", "GMP", "Multimedia"):
    _module = Module(_name, Base)
    _module.visible = _module.bindings["__builtins__"] = Base.bindings
    Base.const(_name, _module, export=False)
