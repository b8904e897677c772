"""`outputsize` and `@autosize`: models and the sizes of what goes through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.flux import nodes
from juliette.runtime import types as T
from juliette.runtime.array import Array, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import DimensionMismatch, ErrorException
from juliette.runtime.modules import Module
from juliette.syntax.expr import Expr, QuoteNode, Symbol
from juliette_engine import errors as engine_errors
from juliette_engine import trees
from juliette_engine.layers.layer import Layer
from juliette_engine.layers.recurrent import Recur


def zeros(size: tuple[int, ...], padbatch: bool) -> Any:
    """A stand-in for the input, or for a tuple of several."""
    if size and type(size[0]) is tuple:
        return tuple([zeros(s, padbatch) for s in size])
    return wrap(np.zeros((*size, 1) if padbatch else size, dtype=np.float32, order="F"))


def run(model: Any, sizes: tuple[tuple[int, ...], ...], padbatch: bool) -> Any:
    """What a model makes of inputs of these sizes; its states stay as they are."""
    states = [(n, n.state) for n in trees.nodes(model) if isinstance(n, Recur)]
    try:
        xs = [zeros(s, padbatch) for s in sizes]
        if isinstance(model, Array) or type(model) is tuple:
            y: Any = xs[0] if len(xs) == 1 else tuple(xs)
            for layer in nodes.elements(model.data) if isinstance(model, Array) else model:
                y = layer(y)
            return y
        return model(*xs)
    except (DimensionMismatch, engine_errors.DimensionMismatch) as e:
        # Flux has an element type of its own for what goes through the model here
        raise DimensionMismatch(message(e).replace("{Float32", "{Flux.NilNumber.Nil")) from None
    finally:
        for node, state in states:
            object.__setattr__(node, "state", state)


def message(e: Any) -> str:
    """The sentence of an error, here or in the engine."""
    return str(e.msg) if isinstance(e, DimensionMismatch) else str(e)


def sizes_of(y: Any) -> Any:
    """The size of an output, or of each of several."""
    if type(y) is tuple:
        return tuple(map(sizes_of, y))
    return tuple(trees.size(y))


class Lazy:
    """A layer whose `_` is not known before it is called; then `layer` is the real one."""

    __slots__ = ("layer", "make")

    def __init__(self, make: Any) -> None:
        self.make = make
        self.layer: Any = None

    def __call__(self, *xs: Any) -> Any:
        if self.layer is None:
            self.layer = self.make(xs[0])
        return self.layer(*xs)

    def call_kw(self, keywords: dict[str, Any], *xs: Any) -> Any:
        """A call with keywords."""
        if self.layer is None:
            self.layer = self.make(xs[0])
        return call_kw(self.layer, keywords, *xs)


T.register_class(Lazy, T.define("LazyLayer"))

# Layers for which `_` is the first dimension of the input; for others it is the last but one.
_FIRST = {"Dense", "Embedding", "LayerNorm", "Bilinear", "RNN", "LSTM", "GRU", "GRUv3"}


def missing_size(f: Any, x: Any) -> int:
    """What `_` stands for in a call of `f`."""
    shape = trees.size(x)
    name = T.unwrap(f).typename.name if isinstance(f, T.JuliaType) else getattr(f, "name", "")
    return int(shape[0] if name in _FIRST or len(shape) < 2 else shape[-2])


def fill(model: Any, *sizes: tuple[int, ...]) -> Any:
    """The model of `@autosize` with all its sizes known."""
    run(model, sizes, False)

    def leaf(x: Any) -> Any:
        if not isinstance(x, Lazy):
            return x
        if x.layer is None:
            raise ErrorException("@autosize has not met one of the layers with `_`")
        return trees.fmap(leaf, x.layer, exclude=_lazy_or_leaf)

    return trees.fmap(leaf, model, exclude=_lazy_or_leaf)


def _lazy_or_leaf(x: Any) -> bool:
    return isinstance(x, Lazy) or (trees.is_leaf(x) and not isinstance(x, Layer))


def has_blank(e: Any) -> bool:
    """Does `_` occur among the arguments, also in pairs and tuples?"""
    if e == Symbol("_"):
        return True
    if not isinstance(e, Expr):
        return False
    if e.head == "call" and e.args[0] == Symbol("=>"):
        return any(map(has_blank, e.args[1:]))
    return e.head == "tuple" and any(map(has_blank, e.args))


def blanks_filled(e: Any, name: Symbol) -> Any:
    """The expression with a variable in place of `_`."""
    if e == Symbol("_"):
        return name
    if isinstance(e, Expr):
        return Expr(e.head, *(blanks_filled(a, name) for a in e.args))
    return e


def lazily(context: Any, e: Any) -> Any:
    """Calls with `_` among their arguments wait for an input."""
    if not isinstance(e, Expr):
        return e
    if e.head == "call" and any(map(has_blank, e.args[1:])):
        x, n = context.gensym("x"), context.gensym("n")
        size = Expr("call", QuoteNode(missing_size), e.args[0], x)
        body = Expr("let", Expr("=", n, size), Expr("block", blanks_filled(e, n)))
        return Expr("call", QuoteNode(Lazy), Expr("->", x, Expr("block", body)))
    return Expr(e.head, *(lazily(context, a) for a in e.args))


def load(module: Module) -> None:
    """Add `outputsize` and `@autosize`."""

    @module.method("outputsize(model, sizes...; padbatch=false)", export=False)
    def outputsize(model: Any, *sizes: Any, padbatch: bool = False) -> Any:
        """The size of what a model makes of inputs of the given sizes.

        ```jldoctest
        julia> using Flux

        julia> Flux.outputsize(Chain(Conv((3, 3), 1 => 2), Flux.flatten), (5, 5, 1, 7))
        (18, 7)
        ```
        """
        return sizes_of(run(model, sizes, padbatch))

    @module.macro("autosize")
    def autosize(context: Any, *args: Any) -> Any:
        """`@autosize (sizes…,) model` fills in `_` by the sizes of what arrives there."""
        *sizes, model = args
        return Expr("call", QuoteNode(fill), lazily(context, model), *sizes)
