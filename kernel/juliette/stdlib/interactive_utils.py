"""The module InteractiveUtils: mostly names that Base has already, as at Julia's prompt."""

from __future__ import annotations

from typing import Any

from juliette.base.strings.values import is_string, text_of
from juliette.display.io import STDOUT
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import PACKAGES, Base, Module

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

    @module.method("peakflops(n::Integer=4096; keywords...)", export=False)
    def peakflops(n: int = 4096, **keywords: Any) -> Any:
        """`LinearAlgebra.peakflops`"""
        linear_algebra = PACKAGES["LinearAlgebra"]
        linear_algebra.load()
        return linear_algebra.bindings["peakflops"].call_kw(keywords, n)

    @module.method("less(file::AbstractString, line::Integer=1)")
    def less(file: Any, line: int = 1) -> None:
        """Print a file from a line on."""
        lines = Base.bindings["readlines"](file).data.tolist()
        for text in lines[int(line) - 1 :]:
            STDOUT.write(text_of(text) + "\n")

    @module.method("less(f, types=nothing)")
    def less_function(f: Any, types: Any = None) -> None:
        """Print the file in which a function is defined, from its definition on."""
        less(*location(f, types))

    @module.method("edit(args...)")
    def edit(*args: Any) -> None:
        """Not available: there is no editor to start."""
        raise ErrorException("edit is not available in Juliette: no editor is started here.")


def location(f: Any, types: Any) -> tuple[Any, Any]:
    """The file and line of a function's definition."""
    args = (f,) if types is None else (f, types)
    file, line = Base.bindings["functionloc"](*args)
    if not is_string(file):
        raise ErrorException("could not find source file for function")
    return file, line
