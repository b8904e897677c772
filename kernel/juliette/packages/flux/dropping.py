"""NNlib's dropout, and convolutions of each channel on its own, as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.randomness import is_rng
from juliette.packages.flux.boundary import from_host, to_host
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, BoundsError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette_engine import rules


def load(module: Module) -> None:
    """Depthwise convolution and dropout."""
    from juliette_engine import functions as engine

    @module.method(
        "depthwiseconv(x::AbstractArray, w::AbstractArray; keywords...)", transparent=True
    )
    def depthwiseconv(x: Any, w: Any, **keywords: Any) -> Any:
        """A convolution with a group for each channel; weight `kernel… × multiplier × in`."""
        host, weight = to_host(x), to_host(w)
        if len(rules.shape(weight)) < 2:
            raise BoundsError(rules.shape(weight), (0,))
        *kernel, multiplier, into = rules.shape(weight)
        weight = rules.reshape(weight, (*kernel, 1, multiplier * into))
        return from_host(
            engine.conv(host, weight, groups=into, **{k: to_host(v) for k, v in keywords.items()})
        )

    @module.method("dropout(x::AbstractArray, p::Real; dims=:)", transparent=True)
    def dropout(x: Any, p: Any, *, dims: Any = None) -> Any:
        """`x` with a fraction `p` of its elements set to zero, the others enlarged."""
        return dropped(None, x, p, dims)

    @module.method("dropout(rng, x::AbstractArray, p::Real; dims=:)", transparent=True)
    def dropout_from(rng: Any, x: Any, p: Any, *, dims: Any = None) -> Any:
        """`dropout` with numbers of a generator."""
        return dropped(rng, x, p, dims)

    @module.method("dropout!(out::AbstractArray, x::AbstractArray, p::Real; dims=:)")
    def dropout_into(out: Any, x: Any, p: Any, *, dims: Any = None) -> Any:
        """`dropout`, written over `out`."""
        return Base.bindings["copyto!"](out, dropped(None, x, p, dims))

    @module.method("dropout!(rng, out::AbstractArray, x::AbstractArray, p::Real; dims=:)")
    def dropout_from_into(rng: Any, out: Any, x: Any, p: Any, *, dims: Any = None) -> Any:
        """`dropout` with numbers of a generator, written over `out`."""
        return Base.bindings["copyto!"](out, dropped(rng, x, p, dims))

    @module.method("within_gradient(x)", export=False, transparent=True)
    def within_gradient(x: Any) -> bool:
        """Is a gradient being computed?"""
        from juliette_engine.tape import LEVELS

        return bool(LEVELS.depth > 0)


def dropped(rng: Any, x: Any, p: Any, dims: Any) -> Any:
    """`x` with a fraction `p` of its elements set to zero."""
    from juliette_engine.functions.dropping import dropout

    if rng is not None and not is_rng(rng):
        raise NoMethod("a generator of random numbers is missing")
    if not 0 <= p <= 1:
        raise ArgumentError("dropout expects a probability 0 <= p <= 1")
    host = to_host(x)
    if isinstance(host, list):
        host = np.asfortranarray(np.array(host, dtype=float)).reshape(x.data.shape)
    whole = dims is None or isinstance(dims, V.ColonType)
    return from_host(dropout(host, float(p), slice(None) if whole else to_host(dims), rng))
