"""The module InteractiveUtils: names that Base has already, as at Julia's prompt."""

from __future__ import annotations

from juliette.runtime.modules import Base, Module

NAMES = (
    "subtypes supertypes methodswith varinfo versioninfo clipboard @which @functionloc "
    "@code_lowered @code_typed @code_warntype @code_llvm @code_native code_llvm code_native "
    "code_warntype"
)


def load(module: Module) -> None:
    """Fill the module."""
    for name in NAMES.split():
        module.const(name, Base.get(name))
    module.const("apropos", Base.get("Docs").get("apropos"))
