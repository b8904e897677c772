"""Statistics: mean, var, std, median."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime.array import wrap
from juliette.runtime.modules import Module, package


def load(module: Module) -> None:
    """Fill the module."""

    def statistic(name: str, f: Any) -> None:
        def whole(x: Any, *, dims: Any = None) -> Any:
            data = np.asarray(x.data) if hasattr(x, "data") else np.array(list(x))
            if dims is not None:
                return wrap(np.asfortranarray(f(data, axis=dims - 1, keepdims=True)))
            out = f(data)
            return out if isinstance(out, np.float32) else float(out)

        whole.__doc__ = f"The {name} of all elements, or along `dims`."
        module.method(f"{name}(x; dims=nothing)")(whole)

    statistic("mean", np.mean)
    statistic("median", np.median)
    statistic("var", lambda d, **k: np.var(d, ddof=1, **k))
    statistic("std", lambda d, **k: np.std(d, ddof=1, **k))


package("Statistics", load)
