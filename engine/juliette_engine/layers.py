"""Layers: callables with parameters, printed as Flux prints them.

`weight` and `bias` are plain arrays; a gradient over a layer replaces them by tracers in a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import identity
from juliette_engine.initialisers import (
    glorot_uniform,
    ones32,
    randn32,
    uniform,
    zeros32,
)
from juliette_engine.losses import DimensionMismatch
from juliette_engine.tape import Tracer, primal
from juliette_engine.trees import Layer, function_name, is_training, number_text

Function = Callable[..., Any]


def create_bias(weight: Any, bias: Any, *size: int) -> Any:
    """Zeros for True, False for False, else the given array, whose size is checked."""
    if bias is True:
        return np.zeros(size, dtype=weight.dtype, order="F")
    if bias is False or bias is None:
        return False
    bias = np.asarray(bias)
    if bias.shape != size:
        raise DimensionMismatch(f"expected bias of size {size}, got size {bias.shape}")
    return np.asfortranarray(bias, dtype=weight.dtype)


def _affine(y: Any, bias: Any) -> Any:
    return y if bias is False else rules.add(y, bias)


def _options(*parts: str, bias: Any, separator: str = "; ") -> str:
    text = ", ".join(part for part in parts if part)
    return text + (f"{separator}bias=false" if bias is False else "")


def _name(σ: Function) -> str:
    return "" if σ is identity else function_name(σ)


def _is_array(x: Any) -> bool:
    return isinstance(x, (np.ndarray, Tracer))


class Dense(Layer):
    """Fully connected: `σ.(weight * x .+ bias)`.

    `Dense((in, out), σ)`, `Dense(in, out, σ)`, or `Dense(weight, bias, σ)` with arrays.

    >>> Dense((5, 2))
    Dense(5 => 2)       # 12 parameters
    """

    fields: ClassVar[tuple[str, ...]] = ("weight", "bias", "σ")
    trainable_fields: ClassVar[tuple[str, ...]] = ("weight", "bias")

    def __init__(
        self,
        sizes: Any,
        *rest: Any,
        bias: Any = True,
        init: Function = glorot_uniform,
    ) -> None:
        given = list(rest)
        if isinstance(sizes, int):
            sizes = (sizes, given.pop(0))
        if _is_array(sizes):
            weight = sizes
            if given and (_is_array(given[0]) or isinstance(given[0], bool)):
                bias = given.pop(0)
        else:
            into, out = sizes
            weight = init(out, into)
        self.weight = weight
        self.bias = bias if isinstance(bias, Tracer) else create_bias(weight, bias, weight.shape[0])
        self.σ: Function = given.pop(0) if given else identity
        if given:
            raise TypeError("Dense takes sizes or arrays, and an activation")

    def __call__(self, x: Any) -> Any:
        shape = rules.shape(x)
        into = rules.shape(self.weight)[1]
        if not shape or shape[0] != into:
            raise DimensionMismatch(
                f"layer {self.line()} expects size(input, 1) == {into}, but got size {shape}"
            )
        flat = x if len(shape) < 3 else rules.reshape(x, (into, -1))
        y = self.σ(_affine(rules.matmul(self.weight, flat), self.bias))
        return y if len(shape) < 3 else rules.reshape(y, (rules.shape(y)[0], *shape[1:]))

    def line(self) -> str:
        out, into = rules.shape(self.weight)
        return f"Dense({_options(f'{into} => {out}', _name(self.σ), bias=self.bias)})"


class Scale(Layer):
    """Elementwise: `σ.(scale .* x .+ bias)`."""

    fields: ClassVar[tuple[str, ...]] = ("scale", "bias", "σ")
    trainable_fields: ClassVar[tuple[str, ...]] = ("scale", "bias")

    def __init__(self, *args: Any, bias: Any = True, init: Function = ones32) -> None:
        given = list(args)
        self.σ: Function = given.pop() if callable(given[-1]) else identity
        if _is_array(given[0]):
            self.scale = given.pop(0)
            bias = given.pop(0) if given else bias
        else:
            self.scale = init(*given)
        self.bias = create_bias(self.scale, bias, *self.scale.shape)

    def __call__(self, x: Any) -> Any:
        return self.σ(_affine(rules.mul(self.scale, x), self.bias))

    def line(self) -> str:
        size = ", ".join(map(str, rules.shape(self.scale)))
        return f"Scale({_options(size, _name(self.σ), bias=self.bias)})"


class Container(Layer):
    """A layer made of layers, in order or by name."""

    fields: ClassVar[tuple[str, ...]] = ("layers",)
    trainable_fields: ClassVar[tuple[str, ...]] = ("layers",)

    def __init__(self, *layers: Any, **named: Any) -> None:
        if layers and named:
            raise TypeError("layers are either all named or none is")
        if "layers" in named:
            raise ValueError("a Chain cannot have a named layer called `layers`")
        self.layers: Any = named if named else tuple(layers)

    def items(self) -> list[tuple[str, Any]]:
        """Each layer with its name, or an empty one."""
        if isinstance(self.layers, dict):
            return list(self.layers.items())
        return [("", layer) for layer in self.layers]

    def parts(self) -> list[Any]:
        """The layers."""
        return [layer for _, layer in self.items()]

    def children(self) -> list[tuple[str, Any]]:
        """What prints between the parentheses."""
        return self.items()

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.parts())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return self.layers[index]
        if isinstance(index, slice):
            if isinstance(self.layers, dict):
                return type(self)(**dict(self.items()[index]))
            return type(self)(*self.layers[index])
        return self.parts()[index]

    def line(self) -> str:
        from juliette_engine.show import one_line

        inner = ", ".join(f"{n} = {one_line(c)}" if n else one_line(c) for n, c in self.children())
        return f"{type(self).__name__}({inner})"


class Chain(Container):
    """Layers one after the other."""

    def __call__(self, x: Any) -> Any:
        for layer in self.parts():
            x = layer(x)
        return x


class Maxout(Container):
    """The elementwise largest output of several layers."""

    def __call__(self, x: Any) -> Any:
        return reduce(rules.maximum, [layer(x) for layer in self.parts()])


class Joined(Container):
    """A container with a connection, which prints and counts as a child."""

    fields: ClassVar[tuple[str, ...]] = ("connection", "layers")

    def __init__(self, connection: Any, *layers: Any, **named: Any) -> None:
        super().__init__(*layers, **named)
        self.connection = connection

    def children(self) -> list[tuple[str, Any]]:
        return [("", self.connection), *self.items()]


class Parallel(Joined):
    """`connection(layer₁(x), layer₂(x), …)`, or each layer with an input of its own."""

    def __call__(self, *xs: Any) -> Any:
        inputs = xs[0] if len(xs) == 1 and isinstance(xs[0], tuple) else xs
        layers = self.parts()
        if len(inputs) == 1:
            inputs = tuple(inputs) * len(layers)
        if len(inputs) != len(layers):
            raise ValueError(
                f"Parallel with {len(layers)} sub-layers can take one input or "
                f"{len(layers)} inputs, but got {len(inputs)} inputs"
            )
        return self.connection(*(f(x) for f, x in zip(layers, inputs, strict=True)))


class SkipConnection(Container):
    """`connection(layer(x), x)`"""

    fields: ClassVar[tuple[str, ...]] = ("layers", "connection")

    def __init__(self, layer: Any, connection: Any) -> None:
        self.layers = layer
        self.connection = connection

    def items(self) -> list[tuple[str, Any]]:
        return [("", self.layers)]

    def children(self) -> list[tuple[str, Any]]:
        return [("", self.layers), ("", self.connection)]

    def __call__(self, x: Any) -> Any:
        return self.connection(self.layers(x), x)


class Embedding(Layer):
    """A column of `weight` for each index, counted from zero."""

    fields: ClassVar[tuple[str, ...]] = ("weight",)
    trainable_fields: ClassVar[tuple[str, ...]] = ("weight",)

    def __init__(self, sizes: tuple[int, int], *, init: Function = randn32) -> None:
        into, out = sizes
        self.weight = init(out, into)

    def __call__(self, index: Any) -> Any:
        return rules.getitem(self.weight, (slice(None), index))

    def line(self) -> str:
        out, into = rules.shape(self.weight)
        return f"Embedding({into} => {out})"


class Dropout(Layer):
    """In training, zero for a fraction `p` of the elements; the others grow by `1 / (1 - p)`."""

    fields: ClassVar[tuple[str, ...]] = ("p", "dims", "active", "rng")

    def __init__(self, p: float, *, active: bool | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout expects 0 ≤ p ≤ 1, got p = {p}")
        self.p = p
        self.active = active

    def __call__(self, x: Any) -> Any:
        if not is_training(self.active) or self.p == 0:
            return x
        dtype = np.asarray(primal(x)).dtype
        keep = uniform(rules.shape(x)) > self.p
        factor = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return rules.mul(x, (keep * factor).astype(dtype if dtype.kind == "f" else float))

    def line(self) -> str:
        extra = "" if self.active is None else f", active={number_text(self.active)}"
        return f"Dropout({self.p}{extra})"


def mean_over(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean with the dimensions kept."""
    shape = rules.shape(x)
    n = float(np.prod([shape[i] for i in axes]))
    return rules.div(rules.sum_along(x, axes), n)


class LayerNorm(Layer):
    """Zero mean and unit deviation over the first dimensions, then a `Scale`."""

    fields: ClassVar[tuple[str, ...]] = ("λ", "diag", "ε", "size", "affine")
    trainable_fields: ClassVar[tuple[str, ...]] = ("diag",)

    def __init__(
        self, *size: Any, affine: bool = True, eps: float = 1e-5, λ: Function = identity
    ) -> None:
        sizes = list(size)
        self.λ: Function = sizes.pop() if callable(sizes[-1]) else λ
        self.size = tuple(sizes)
        self.diag = Scale(*self.size, self.λ) if affine else None
        self.ε = eps
        self.affine = affine

    def __call__(self, x: Any) -> Any:
        axes = tuple(range(len(self.size)))
        centred = rules.sub(x, mean_over(x, axes))
        deviation = rules.sqrt(mean_over(rules.mul(centred, centred), axes))
        y = rules.div(centred, rules.add(deviation, self.ε))
        return self.λ(y) if self.diag is None else self.diag(y)

    def line(self) -> str:
        parts = [", ".join(map(str, self.size)), _name(self.λ)]
        text = ", ".join(p for p in parts if p)
        return f"LayerNorm({text}{'' if self.affine else ', affine=false'})"


class BatchNorm(Layer):
    """Zero mean and unit variance of each channel, over a batch or, in use, as tracked."""

    fields: ClassVar[tuple[str, ...]] = (
        "λ", "β", "γ", "μ", "σ²", "ε", "momentum", "affine", "track_stats", "active", "chs",
    )  # fmt: skip
    trainable_fields: ClassVar[tuple[str, ...]] = ("β", "γ")
    mutable = True

    def __init__(
        self,
        channels: int,
        λ: Function = identity,
        *,
        affine: bool = True,
        track_stats: bool = True,
        eps: float = 1e-5,
        momentum: float = 0.1,
        active: bool | None = None,
    ) -> None:
        self.λ = λ
        self.β = zeros32(channels) if affine else None
        self.γ = ones32(channels) if affine else None
        self.μ = zeros32(channels) if track_stats else None
        self.variance = ones32(channels) if track_stats else None
        self.ε, self.momentum = eps, momentum
        self.affine, self.track_stats = affine, track_stats
        self.active, self.chs = active, channels

    def __call__(self, x: Any) -> Any:
        shape = rules.shape(x)
        channel = len(shape) - 2
        if channel < 0 or shape[channel] != self.chs:
            raise DimensionMismatch(f"{self.line()} expects {self.chs} channels, but got {shape}")
        view = tuple(self.chs if i == channel else 1 for i in range(len(shape)))
        if is_training(self.active) or self.μ is None or self.variance is None:
            axes = tuple(i for i in range(len(shape)) if i != channel)
            μ = mean_over(x, axes)
            centred = rules.sub(x, μ)
            variance = mean_over(rules.mul(centred, centred), axes)
            if self.μ is not None and self.variance is not None:
                n = primal(x).size / self.chs
                unbiased = primal(variance).ravel() * (n / max(n - 1.0, 1.0))
                self.μ += self.momentum * (primal(μ).ravel() - self.μ)
                self.variance += self.momentum * (unbiased - self.variance)
        else:
            centred = rules.sub(x, self.μ.reshape(view, order="F"))
            variance = self.variance.reshape(view, order="F")
        y = rules.div(centred, rules.sqrt(rules.add(variance, self.ε)))
        if self.affine:
            y = rules.add(rules.mul(y, rules.reshape(self.γ, view)), rules.reshape(self.β, view))
        return self.λ(y)

    def line(self) -> str:
        text = ", ".join(p for p in (str(self.chs), _name(self.λ)) if p)
        text += "" if self.affine else ", affine=false"
        text += "" if self.active is None else f", active={number_text(self.active)}"
        return f"BatchNorm({text})"
