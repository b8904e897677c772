"""ProgressMeter: bars that say how far a loop is, in Julia (`progressmeter.jl`)."""

from __future__ import annotations

from pathlib import Path

from juliette.base.multimedia import HOST
from juliette.compiler import imports, support
from juliette.runtime.modules import Base, Module, package


def load(module: Module) -> None:
    """Fill ProgressMeter."""
    imports.bring_all(module, Base)
    support.install(module)
    # the several lines of a bar are written anew where a terminal's cursor would go up
    module.method("in_notebook()", export=False)(lambda: HOST.clear is not None)
    module.method("clear_output()", export=False)(
        lambda: HOST.clear(True) if HOST.clear is not None else None
    )
    source = Path(__file__).with_suffix(".jl").read_text("utf-8")
    Base.bindings["include_string"](module, source, "progressmeter.jl")


package("ProgressMeter", load)
