"""`outputsize` and `@autosize`: models and the sizes of what goes through them."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.display.expressions import expression_text
from juliette.display.show import SHOW_HOOKS, one_line
from juliette.packages.flux.utilities import collected
from juliette.runtime import types as T
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import DimensionMismatch, ErrorException, NoMethod
from juliette.runtime.modules import Module
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Expr, QuoteNode, Symbol
from juliette_engine import errors as engine_errors
from juliette_engine import trees
from juliette_engine.layers.layer import Layer
from juliette_engine.layers.recurrent import Recur


def zeros(size: tuple[Any, ...], padbatch: bool) -> Any:
    """A stand-in for the input, or for a tuple of several."""
    if size and type(size[0]) is tuple:
        return tuple([zeros(s, padbatch) for s in size])
    if not all([type(n) is int for n in size]):
        raise NoMethod("sizes are whole numbers")
    return wrap(np.zeros((*size, 1) if padbatch else size, dtype=np.float32, order="F"))


def run(model: Any, sizes: tuple[tuple[int, ...], ...], padbatch: bool) -> Any:
    """What a model makes of inputs of these sizes; its states stay as they are."""
    states = [(n, n.state) for n in collected(model, _closed) if isinstance(n, Recur)]
    try:
        xs = [zeros(s, padbatch) for s in sizes]
        if isinstance(model, Array) or type(model) is tuple:
            y: Any = xs[0] if len(xs) == 1 else tuple(xs)
            for layer in elements(model.data) if isinstance(model, Array) else model:
                y = layer(y)
            return y
        return model(*xs)
    except (DimensionMismatch, engine_errors.DimensionMismatch) as e:
        # Flux has an element type of its own for what goes through the model here
        raise DimensionMismatch(message(e).replace("{Float32", "{Flux.NilNumber.Nil")) from None
    finally:
        for node, state in states:
            object.__setattr__(node, "state", state)


def _closed(x: Any) -> bool:
    return isinstance(x, Lazy) or trees.is_array(x)


def message(e: Any) -> str:
    """The sentence of an error, here or in the engine."""
    return str(e.msg) if isinstance(e, DimensionMismatch) else str(e)


def sizes_of(y: Any) -> Any:
    """The size of an output, or of each of several."""
    if type(y) is tuple:
        return tuple(map(sizes_of, y))
    return tuple(trees.size(y))


class Lazy:
    """A layer whose `_` is not known before it is called; then `layer` is the real one.

    `str` is how it was written, `make` builds it for an input.
    """

    __slots__ = ("layer", "make", "str")

    def __init__(self, text: str, make: Any, layer: Any = None) -> None:
        self.str = text
        self.make = make
        self.layer = layer

    def made(self, xs: tuple[Any, ...]) -> Any:
        """The real layer."""
        if TRACE.depth > 0:
            raise ErrorException(
                "LazyLayer should never be used within a gradient. Call striplazy(model) first to remove all."
            )
        return self.make(xs[0]) if self.layer is None else self.layer

    def __call__(self, *xs: Any) -> Any:
        layer = self.made(xs)
        y = layer(*xs)
        self.layer = layer
        return y

    def call_kw(self, keywords: dict[str, Any], *xs: Any) -> Any:
        """A call with keywords."""
        layer = self.made(xs)
        y = call_kw(layer, keywords, *xs)
        self.layer = layer
        return y


LAZY = T.define("LazyLayer", mutable=True)
T.register_class(Lazy, LAZY)


def _not_walked(x: Lazy) -> Any:
    raise ErrorException(
        "LazyLayer should not be walked with Functors.jl, as the arrays which Flux.gpu wants to move may not exist yet."
    )


def _not_built(x: Lazy, values: Any) -> Any:
    return x


trees.register(Lazy, trees.Opener(_not_walked, _not_built))


def show_lazy(io: Any, x: Lazy, long: bool) -> None:
    """`LazyLayer(…)`, with the layer as it was written, or as it is once it is known."""
    text = x.str if x.layer is None else one_line(x.layer)
    if io.get("color"):
        grey, inner = "\x1b[90m", "\x1b[35m" if x.layer is None else "\x1b[36m"
        io.write(f"{grey}LazyLayer(\x1b[39m{inner}{text}\x1b[39m{grey})\x1b[39m")
    else:
        io.write(f"LazyLayer({text})")


SHOW_HOOKS[Lazy] = show_lazy

# Layers for which `_` is the first dimension of the input; for others it is the last but one.
FIRST = {"Dense", "Embedding", "LayerNorm", "RNN", "LSTM", "GRU", "GRUv3"}


def strip(model: Any) -> Any:
    """The model with real layers in place of lazy ones."""

    def leaf(x: Any) -> Any:
        if not isinstance(x, Lazy):
            return x
        if x.layer is None:
            raise ErrorException(
                "LazyLayer should be initialised, e.g. by outputsize(model, size), before using stiplazy"
            )
        return trees.fmap(leaf, x.layer, exclude=_lazy_or_leaf)

    return trees.fmap(leaf, model, exclude=_lazy_or_leaf)


def fill(model: Any, *sizes: tuple[int, ...]) -> Any:
    """The model of `@autosize` with all its sizes known."""
    run(model, sizes, False)
    return strip(model)


def _lazy_or_leaf(x: Any) -> bool:
    return isinstance(x, Lazy) or (trees.is_leaf(x) and not isinstance(x, Layer))


def depth(e: Any) -> int:
    """How many calls, keywords and functions are around a `_`; zero if there is none."""
    if not isinstance(e, Expr):
        return int(e == Symbol("_"))
    if e.head not in ("call", "kw", "->", "block"):
        return 0
    if e.args[0] == Symbol("=>") and e.args[1] == Symbol("_"):
        return 1
    most = max(map(depth, e.args), default=0)
    return most + 1 if most else 0


def blanks_filled(e: Any, name: Symbol) -> Any:
    """The expression with a variable in place of `_`."""
    if e == Symbol("_"):
        return name
    if isinstance(e, Expr):
        return Expr(e.head, *(blanks_filled(a, name) for a in e.args))
    return e


def lazily(context: Any, e: Any, autosizefor: Any) -> Any:
    """Calls with `_` among their arguments wait for an input, whose size `autosizefor` gives."""
    n = depth(e)
    if n == 0:
        return e
    if n == 1:
        raise ErrorException(f"@autosize doesn't expect an underscore here: {expression_text(e)}")
    if n > 2:
        first = [] if e.head == "block" else e.args[:1]
        return Expr(
            e.head, *first, *(lazily(context, a, autosizefor) for a in e.args[len(first) :])
        )
    x, size = context.gensym("x"), context.gensym("s")
    kind = e.args[0] if e.head == "call" else QuoteNode(T.Type_)
    found = Expr("call", QuoteNode(autosizefor), kind, x)
    body = Expr("let", Expr("=", size, found), Expr("block", blanks_filled(e, size)))
    return Expr("call", QuoteNode(Lazy), expression_text(e), Expr("->", x, Expr("block", body)))


def load(module: Module) -> None:
    """Add `outputsize` and `@autosize`."""

    @module.method("outputsize(model, sizes::Tuple...; padbatch=false)", export=False)
    def outputsize(model: Any, *sizes: Any, padbatch: bool = False) -> Any:
        """The size of what a model makes of inputs of the given sizes.

        ```jldoctest
        julia> using Flux

        julia> Flux.outputsize(Chain(Conv((3, 3), 1 => 2), Flux.flatten), (5, 5, 1, 7))
        (18, 7)
        ```
        """
        return sizes_of(run(model, sizes, padbatch))

    @module.method("autosizefor(T, x::AbstractArray)", export=False)
    def autosizefor(kind: Any, x: Any) -> int:
        """What `_` stands for in a call of `T`; add a method for a layer of your own."""
        shape = trees.size(x)
        name = (
            T.unwrap(kind).typename.name
            if isinstance(kind, T.JuliaType)
            else getattr(kind, "name", "")
        )
        return int(shape[0] if name in FIRST or len(shape) < 2 else shape[-2])

    LAZY.typename.module = module
    LAZY.typename.fields, LAZY.typename.field_types = (
        ("str", "make", "layer"),
        (T.String, T.Any_, T.Any_),
    )
    module.const("LazyLayer", LAZY, export=False)

    @module.method("LazyLayer(str, make, layer)", export=False)
    def lazy(_: Any, text: str, make: Any, layer: Any) -> Lazy:
        """A layer that is made for the first input: what `@autosize` puts in place of layers with `_`."""
        return Lazy(text, make, layer)

    @module.method("striplazy(model)", export=False, transparent=True)
    def striplazy(model: Any) -> Any:
        """The model with real layers in place of lazy ones."""
        if TRACE.depth > 0:
            raise ErrorException("striplazy should never be used within a gradient")
        return strip(model)

    @module.macro("autosize")
    def autosize(context: Any, size: Any, model: Any) -> Any:
        """`@autosize (sizes…,) model` fills in `_` by the sizes of what arrives there."""
        if not (isinstance(size, Expr) and size.head == "tuple"):
            raise ErrorException(
                "@autosize's first argument must be a tuple, the size of the input"
            )
        if not (isinstance(model, Expr) and model.head == "call"):
            raise ErrorException(
                "@autosize's second argument must be something like Chain(layers...)"
            )
        return Expr(
            "call", QuoteNode(fill), lazily(context, model, module.bindings["autosizefor"]), size
        )
