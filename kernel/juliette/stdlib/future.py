"""The module Future: what later versions of Julia do differently."""

from __future__ import annotations

from typing import Any

from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module


def load(module: Module) -> None:
    """Fill the module."""

    @module.method("copy!(dst, src)", export=False)
    def copy_into(dst: Any, src: Any) -> Any:
        """What `Base.copy!` does; it was here before."""
        return Base.bindings["copy!"](dst, src)

    @module.method("randjump(r::Random.MersenneTwister, steps::Integer)", export=False)
    def randjump(r: Any, steps: Any) -> Any:
        """A generator far ahead in the sequence of another: not available."""
        raise ErrorException(
            "Future.randjump is not available in Juliette; give each generator its own seed"
        )
