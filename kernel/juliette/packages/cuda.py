"""CUDA and cuDNN, which load as they do on a computer without a graphics card: nothing is functional."""

from __future__ import annotations

from typing import Any

from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Module, package


def load(module: Module) -> None:
    """Fill CUDA."""
    for name in ("functional", "has_cuda", "has_cuda_gpu"):

        @module.method(f"{name}(show_reason=false)", export=name != "functional")
        def functional(show_reason: bool = False) -> bool:
            """Is there a graphics card to compute with? Not here."""
            return False

    @module.method("allowscalar(allow=true)", export=False)
    def allowscalar(allow: Any = True) -> None:
        """Nothing to allow: there are no arrays on a graphics card."""

    @module.method("cu(x)")
    def cu(x: Any) -> Any:
        """An array on the graphics card, which is not there."""
        raise ErrorException("CUDA driver not functional")

    @module.macro("allowscalar", export=False)
    def allow(context: Any, body: Any) -> Any:
        """`@allowscalar expr` is `expr`."""
        return body


package("CUDA", load)
package("cuDNN")
