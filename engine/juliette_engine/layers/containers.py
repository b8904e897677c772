"""Layers made of layers.

They pass values on without looking at them, so the same code serves values of any library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, ClassVar

from juliette_engine import rules, trees
from juliette_engine.errors import ArgumentError
from juliette_engine.layers.conv import Conv, MaxPool
from juliette_engine.layers.layer import Callback, Child, Children, Layer
from juliette_engine.text import function_name


def one_line(x: Any) -> str:
    """A layer or function on one line, by itself or by the front end's printer."""
    if isinstance(x, (list, tuple)):
        inner = ", ".join(map(one_line, x))
        if isinstance(x, list):
            return f"[{inner}]"
        return f"({inner},)" if len(x) == 1 else f"({inner})"
    return ONE_LINE(x)


def own_line(x: Any) -> str:
    """A layer or function on one line, as the engine prints it."""
    return x.line() if isinstance(x, Layer) else function_name(x)


ONE_LINE: Callable[[Any], str] = own_line


def set_one_line(f: Callable[[Any], str]) -> None:
    """Install a front end's printer for parts of models."""
    global ONE_LINE
    ONE_LINE = f


class Container(Layer):
    """A layer made of layers, in order or by name."""

    layers: Children

    type_fields: ClassVar[tuple[str, ...]] = ("layers",)
    passes_on: ClassVar[bool] = True
    expands: ClassVar[bool] = True

    def __init__(self, *layers: Any, **named: Any) -> None:
        if layers and named:
            raise ArgumentError("layers are either all named or none is")
        for name in self.fields:
            if name in named:
                raise ArgumentError(self.reserved())
        if len(layers) == 1 and isinstance(layers[0], (list, dict)):
            self.layers: Any = layers[0]
        else:
            self.layers = named if named else tuple(layers)

    def reserved(self) -> str:
        """The names that layers cannot have, in a sentence."""
        return f"a {type(self).__name__} cannot have a named layer called `layers`"

    def parts(self) -> tuple[Any, ...]:
        """The layers."""
        layers = self.layers
        if type(layers) is tuple:
            return layers
        found = trees.children(layers)
        return (layers,) if found is None else found[1]

    def named_parts(self) -> list[tuple[str, Any]]:
        """Each layer with its name, or an empty one."""
        found = trees.children(self.layers)
        if found is None:
            return [("", self.layers)]
        keys, values = found
        return [(k if isinstance(k, str) else "", v) for k, v in zip(keys, values, strict=True)]

    def shown_children(self) -> list[tuple[str, Any]]:
        """What prints between the parentheses."""
        return self.named_parts()

    def brackets(self) -> tuple[str, str]:
        """What stands around the parts: a list of layers keeps its brackets."""
        plain = type(self.layers) is tuple or isinstance(self.layers, dict)
        keys = trees.children(self.layers)
        named = keys is not None and any(isinstance(k, str) for k in keys[0])
        return ("(", ")") if plain or named or keys is None else ("([", "])")

    def __len__(self) -> int:
        return len(self.parts())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.parts())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return trees.part(self.layers, index)
        if isinstance(index, slice):
            return self.with_layers(
                dict(self.named_parts()[index])
                if isinstance(self.layers, dict)
                else self.parts()[index]
            )
        return self.parts()[index]

    def with_layers(self, layers: Any) -> Any:
        """The same container around other layers."""
        return trees.with_fields(self, ("layers",), (layers,))

    def line(self) -> str:
        """The container and all its parts on one line."""
        inner = ", ".join(
            f"{n} = {one_line(c)}" if n else one_line(c) for n, c in self.shown_children()
        )
        opening, closing = self.brackets()
        return f"{self.title()}{opening}{inner}{closing}"


class Chain(Container):
    """Layers one after the other: `Chain(f, g)(x)` is `g(f(x))`.

    Layers can be `named`, `Chain(encoder=…, decoder=…)`, or stand in a list.  Called with several arguments, the first
    layer gets them as a tuple.

    Shapes: those of the first of the `layers` for the input, of the last for the output.
    Raises: ArgumentError for a layer named `layers`; what its layers raise.
    Source: Flux, `Chain`.
    """

    layers: Children

    def __call__(self, *xs: Any) -> Any:
        x = xs[0] if len(xs) == 1 else xs
        waiting = None  # a convolution, until the layer behind it is known
        for layer in self.parts():
            if waiting is not None:
                if type(layer) is MaxPool:
                    x = waiting.pooled(x, layer)
                    waiting = None
                    continue
                x = waiting(x)
            if type(layer) is Conv:
                waiting = layer
            else:
                waiting = None
                x = layer(x)
        return x if waiting is None else waiting(x)


class Maxout(Container):
    """The elementwise largest output of several layers.

    `Maxout(a, b)` with these `layers`, or `Maxout(f, n)` for `n` layers made by calling `f()`.

    Shapes: input of the size that all layers take, output of the size that all give.
    Raises: DimensionMismatch if the outputs do not broadcast.
    Source: Goodfellow and others (2013); Flux, `Maxout`.
    """

    layers: Children

    passes_on: ClassVar[bool] = False

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 2 and isinstance(layers[1], int):
            layers = tuple(layers[0]() for _ in range(layers[1]))
        super().__init__(*layers)

    def __call__(self, x: Any) -> Any:
        return reduce(rules.maximum, [layer(x) for layer in self.parts()])


class Joined(Container):
    """A container with a connection, which prints and counts as a part."""

    connection: Callback
    layers: Children

    type_fields: ClassVar[tuple[str, ...]] = ("connection", "layers")

    def __init__(self, connection: Any, /, *layers: Any, **named: Any) -> None:
        super().__init__(*layers, **named)
        self.connection = connection

    def reserved(self) -> str:
        return f"a {type(self).__name__} layer cannot have a named sub-layer called `connection` or `layers`"

    def shown_children(self) -> list[tuple[str, Any]]:
        """The connection, then the layers."""
        return [("", self.connection), *self.named_parts()]

    def brackets(self) -> tuple[str, str]:
        """Plain parentheses."""
        return "(", ")"


class Parallel(Joined):
    """`connection(layer₁(x), layer₂(x), …)`, or each layer with an input of its own.

    Several inputs are given as arguments or as a tuple; the `layers` may be `named`.

    Shapes: each input of the size that its layer takes; the output is what `connection` makes of theirs.
    Raises: ArgumentError if the number of inputs does not fit, if there are no layers, or for a layer named
    `connection` or `layers`.
    Source: Flux, `Parallel`.
    """

    connection: Callback
    layers: Children

    # Before Flux 0.15 there may be no layers at all.
    before_15: ClassVar[bool] = False

    def __init__(self, connection: Any, /, *layers: Any, **named: Any) -> None:
        if not layers and not named and not self.before_15:
            raise ArgumentError("cannot construct a Parallel layer with no sub-layers")
        super().__init__(connection, *layers, **named)

    def __call__(self, *xs: Any) -> Any:
        inputs = xs[0] if len(xs) == 1 and type(xs[0]) is tuple else xs
        layers = self.parts()
        if len(inputs) == 1:
            return self.connection(*(f(inputs[0]) for f in layers))
        if len(layers) == 1:
            return self.connection(*(layers[0](x) for x in inputs))
        if len(inputs) != len(layers):
            raise ArgumentError(
                f"Parallel with {len(layers)} > 1 sub-layers can take one input or "
                f"{len(layers)} inputs, but got {len(inputs)} inputs"
            )
        return self.connection(*(f(x) for f, x in zip(layers, inputs, strict=True)))


class PairwiseFusion(Joined):
    """Each layer gets the last output joined with its own input; gives a tuple of outputs.

    `y₁ = layer₁(x₁)`, then `yᵢ = layerᵢ(connection(yᵢ₋₁, xᵢ))`; a single input serves all `layers`, which may be `named`.

    Shapes: those that the layers and `connection` take.
    Raises: ArgumentError if the number of inputs does not fit.
    Source: Flux, `PairwiseFusion`.
    """

    connection: Callback
    layers: Children

    def __call__(self, *xs: Any) -> Any:
        inputs = xs[0] if len(xs) == 1 and type(xs[0]) is tuple else xs
        layers = self.parts()
        if len(inputs) == 1:
            inputs = tuple(inputs) * len(layers)
        if len(inputs) != len(layers):
            raise ArgumentError(
                f"PairwiseFusion with {len(layers)} sub-layers can take one input or "
                f"{len(layers)} inputs, but got {len(inputs)} inputs"
            )
        outputs = [layers[0](inputs[0])]
        for layer, x in zip(layers[1:], inputs[1:], strict=True):
            outputs.append(layer(self.connection(outputs[-1], x)))
        return tuple(outputs)


class SkipConnection(Container):
    """`connection(layers(x), x)`: the input goes past the layer.

    Shapes: those that `connection` takes, such as equal ones for a sum; `layers` is one layer or a chain.
    Raises: what the layer and the connection raise.
    Source: He and others (2015); Flux, `SkipConnection`.
    """

    layers: Child
    connection: Callback

    type_fields: ClassVar[tuple[str, ...]] = ("layers", "connection")

    def __init__(self, layers: Any, connection: Any) -> None:
        self.layers = layers
        self.connection = connection

    def parts(self) -> tuple[Any, ...]:
        """The layer that is skipped."""
        return (self.layers,)

    def shown_children(self) -> list[tuple[str, Any]]:
        """The layer, then the connection."""
        return [("", self.layers), ("", self.connection)]

    def brackets(self) -> tuple[str, str]:
        """Plain parentheses."""
        return "(", ")"

    def __call__(self, x: Any) -> Any:
        return self.connection(self.layers(x), x)
