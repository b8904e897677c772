"""Indexing, length and iteration of the containers of layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.flux import nodes
from juliette.packages.flux.optimise import iterated, method_for
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import BoundsError
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Symbol


def get(c: Any, i: int) -> Any:
    """A layer by its position, counted from one."""
    parts = c.parts()
    if not 1 <= i <= len(parts):
        raise BoundsError(c.layers, (i,))
    return parts[i - 1]


def named(c: Any, name: Symbol) -> Any:
    """A layer by its name."""
    return Base.bindings["getindex"](c.layers, name)


def some(c: Any, index: Any) -> Any:
    """A container of some of the layers."""
    where = [int(i) - 1 for i in np.arange(len(c.parts()))[np.asarray(index.data) - 1] + 1]
    layers = c.layers
    if isinstance(layers, V.NamedTuple):
        new: Any = V.NamedTuple(
            tuple(layers.names[i] for i in where), tuple(layers.values[i] for i in where)
        )
    elif isinstance(layers, Array):
        new = Base.bindings["getindex"](layers, wrap(np.array(where) + 1))
    else:
        new = tuple(layers[i] for i in where)
    return nodes.remake(c, ("layers",), (new,))


def load(module: Module) -> None:
    """Add the methods."""
    for name in ("Chain", "Parallel", "PairwiseFusion", "Maxout"):
        types = {name: module.bindings[name]}
        method_for(types, f"getindex(c::{name}, i::Integer)", get)
        method_for(types, f"getindex(c::{name}, i::Symbol)", named)
        method_for(types, f"getindex(c::{name}, i::AbstractVector)", some)
        method_for(types, f"getindex(c::{name}, i::Colon)", lambda c, i: c)
        method_for(types, f"length(c::{name})", lambda c: len(c.parts()))
        if name == "Chain":
            iterated(types, name)
        method_for(types, f"lastindex(c::{name})", lambda c: len(c.parts()))
        method_for(types, f"firstindex(c::{name})", lambda c: 1)
        method_for(types, f"first(c::{name})", lambda c: get(c, 1))
        method_for(types, f"last(c::{name})", lambda c: get(c, len(c.parts())))
        method_for(types, f"keys(c::{name})", lambda c: Base.bindings["keys"](c.layers))


def iterator(c: Any) -> Any:
    """What a `for` loop over a container sees."""
    return iter(c.parts())
