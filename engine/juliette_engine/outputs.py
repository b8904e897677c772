"""The sizes of what comes out of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine import trees
from juliette_engine.layers.recurrent import Recur


def outputsize(model: Any, *sizes: Any, padbatch: bool = False) -> Any:
    """The size of `model(x)` for inputs of these `sizes`; a list or tuple of layers is a chain.

    With `padbatch` a batch of one is added to each size.  States of recurrent layers stay as they are.

    Shapes: `outputsize(Dense((2, 3)), (2, 5))` is `(3, 5)`.
    Raises: what the model raises for inputs that do not fit.
    Source: Flux, `outputsize`.
    """
    states = [(x, x.state) for x in trees.nodes(model) if isinstance(x, Recur)]
    xs = [
        np.zeros((*size, 1) if padbatch else tuple(size), np.float32, order="F") for size in sizes
    ]
    try:
        if not isinstance(model, (list, tuple)):
            return _sizes(model(*xs))
        y: Any = xs[0] if len(xs) == 1 else tuple(xs)
        for layer in model:
            y = layer(y)
        return _sizes(y)
    finally:
        for node, state in states:
            node.state = state


def _sizes(y: Any) -> Any:
    return tuple(map(_sizes, y)) if type(y) is tuple else trees.size(y)
