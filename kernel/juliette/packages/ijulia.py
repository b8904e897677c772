"""IJulia: the few functions of Julia's own kernel that notebooks call."""

from __future__ import annotations

import os

from juliette.base.multimedia import HOST
from juliette.runtime.modules import Module, package


def load(module: Module) -> None:
    """Fill the module."""

    @module.method("clear_output(wait=false)", export=False)
    def clear_output(wait: bool = False) -> None:
        """Clear what the cell has shown; with `wait`, only when something new comes."""
        if HOST.clear is not None:
            HOST.clear(wait)

    @module.method("set_max_stdio(max_output::Integer)", export=False)
    def set_max_stdio(characters: int) -> None:
        """How many characters one cell may print."""
        os.environ["JULIETTE_MAX_OUTPUT"] = str(int(characters))

    @module.method("reset_stdio_count()", export=False)
    def reset_stdio_count() -> None:
        """Nothing to do: each cell is counted for itself."""


def announce() -> None:
    """Make the package known."""
    package("IJulia", load)
