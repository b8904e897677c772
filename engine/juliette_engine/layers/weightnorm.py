"""Weight normalisation (Salimans and Kingma, 2016): length and direction of a weight apart."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules, trees
from juliette_engine.layers.layer import Child, Keyword, Layer, Name


class WeightNorm(Layer):
    """A layer whose weight is `g * v / ‖v‖`, with the norm along `dims` (the last by default).

    `v` is kept in the `layer` under the name `which`, `g` beside it; `remove_weight_norms` puts the
    product back.

    Shapes: those of the layer.
    Raises: what the layer raises.
    Source: Salimans and Kingma (2016); Flux, `WeightNorm`.
    """

    layer: Child
    which: Name
    dims: Any
    g: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ("layer", "g")
    type_fields: ClassVar[tuple[str, ...]] = ("layer", "g")

    def __init__(self, layer: Any, which: str = "weight", *, dims: Any = -1) -> None:
        v = trees.data(getattr(layer, which))
        self.layer, self.which = layer, which
        self.dims = v.ndim if dims == -1 else dims
        self.g = np.asfortranarray(np.sqrt(np.sum(v * v, axis=self.axes(), keepdims=True)))

    def axes(self) -> tuple[int, ...]:
        """The dimensions of the norm, from zero."""
        return tuple(d - 1 for d in ((self.dims,) if isinstance(self.dims, int) else self.dims))

    def weight(self, layer: Any) -> Any:
        """The weight that the layer is used with."""
        v = getattr(layer, str(self.which))
        length = rules.sqrt(rules.sum_along(rules.mul(v, v), self.axes()))
        return rules.mul(self.g, rules.div(v, length))

    def __call__(self, *xs: Any) -> Any:
        layer = copy.copy(self.layer)
        object.__setattr__(layer, str(self.which), self.weight(layer))
        return layer(*xs)

    def constructor_args(self) -> Iterator[Any]:
        """The layer and the name of its weight."""
        yield self.layer
        yield str(getattr(self.which, "name", self.which))
        if self.dims != len(trees.size(self.g)):
            yield Keyword("dims", self.dims)


def remove_weight_norms(model: Any) -> Any:
    """The `model` with plain weights in place of each `WeightNorm`.

    Source: Flux, `remove_weight_norms`.
    """

    def leaf(x: Any) -> Any:
        if not isinstance(x, WeightNorm):
            return x
        name = str(getattr(x.which, "name", x.which))
        v = getattr(x.layer, name)
        data = trees.data(v)
        length = np.sqrt(np.sum(data * data, axis=x.axes(), keepdims=True))
        new = trees.wrap_like(v, np.asfortranarray(trees.data(x.g) * data / length))
        keys, values = trees.children(x.layer)  # type: ignore[misc]
        parts = tuple(new if k == name else p for k, p in zip(keys, values, strict=True))
        return trees.rebuild(x.layer, parts)

    return trees.fmap(leaf, model, exclude=lambda x: isinstance(x, WeightNorm) or trees.is_leaf(x))
