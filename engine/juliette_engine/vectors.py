"""All parameters of a model as one vector, and the model again from such a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine import rules, trees
from juliette_engine.errors import DimensionMismatch
from juliette_engine.tape import primal


class Restructure:
    """Builds a model from a vector of its parameters; gradients flow through it."""

    __slots__ = ("length", "model", "offsets")

    def __init__(self, model: Any, offsets: dict[int, int], length: int) -> None:
        self.model, self.offsets, self.length = model, offsets, length

    def __call__(self, flat: Any) -> Any:
        size = rules.shape(flat)
        if size != (self.length,):
            raise DimensionMismatch(
                f"Rebuild expected a vector of length {self.length}, got {size[0] if size else 1}"
            )

        def leaf(x: Any) -> Any:
            at = self.offsets.get(trees.same(x))
            if at is None:
                return x
            data = trees.data(x)
            part = rules.getitem(flat, slice(at, at + data.size))
            kind = trees.data(primal(part)).dtype
            if kind.kind == "c" and data.dtype.kind != "c":
                part = rules.real(part)
                kind = trees.data(primal(part)).dtype
            if kind.kind in "fiub" and data.dtype.kind == "f" and kind != data.dtype:
                part = rules.cast(part, dtype=data.dtype)
            return trees.refilled(x, rules.reshape(part, data.shape))

        return trees.fmap(leaf, self.model, exclude=trees.is_leaf)

    def __repr__(self) -> str:
        return f"Restructure({type(self.model).__name__}, ..., {self.length})"


def destructure(model: Any) -> tuple[Any, Restructure]:
    """All trained numbers of a `model` in one vector, and the function that builds the model from one.

    Shapes: a vector as long as there are numbers that train.
    Raises: DimensionMismatch when a vector of another length is given back.
    Source: Optimisers, `destructure`.

    >>> from juliette_engine import Dense
    >>> flat, rebuild = destructure(Dense((2, 3)))
    >>> flat.shape, rebuild
    ((9,), Restructure(Dense, ..., 9))
    """
    found = trees.trainables(model)
    offsets, at = {}, 0
    for x in found:
        offsets[trees.same(x)] = at
        at += trees.data(x).size
    if not found:
        return np.zeros(0, dtype=np.float32), Restructure(model, offsets, at)
    parts = [rules.reshape(x, (trees.data(x).size,)) for x in found]
    return rules.concatenate(parts, 0), Restructure(model, offsets, at)
