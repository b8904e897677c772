"""Convolution and pooling layers; inputs are `spatial… × channels × batch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import identity
from juliette_engine.errors import AssertionFailed, DimensionMismatch
from juliette_engine.functions.convolution import conv_transpose
from juliette_engine.functions.convolution import expand as spread
from juliette_engine.functions.convolving import conv_layer
from juliette_engine.functions.pooling import adaptive, maxpool, meanpool
from juliette_engine.initialisers import glorot_uniform
from juliette_engine.layers.layer import (
    Activation,
    Function,
    InOut,
    Keyword,
    Layer,
    create_bias,
    expect_dims,
    expect_size,
    given_array,
    no_bias,
    option,
)
from juliette_engine.tape import primal
from juliette_engine.text import value_text
from juliette_engine.trees import size


class SamePad:
    """Padding with which a layer of stride 1 keeps the size of its input: `Conv(…, pad=SamePad())`.

    Shapes: with another stride the output has `ceil(size / stride)`, that of a transposed convolution `size * stride`.
    Raises: nothing.
    Source: Flux, `SamePad`.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return "SamePad()"

    def amounts(self, kernel: Any, dilation: Any) -> tuple[int, ...]:
        """`(low, high, low, high, …)`; the low side gets more."""
        out: list[int] = []
        for k, d in zip(kernel, dilation, strict=True):
            total = d * (k - 1)
            out += [-(-total // 2), total // 2]
        return tuple(out)


def collapsed(xs: Any) -> Any:
    """A tuple of equal numbers as one number."""
    return xs[0] if len(set(xs)) == 1 else tuple(xs)


class Convolution(Layer):
    """What convolutions have in common: weight, bias, and how the windows lie."""

    σ: Activation
    weight: Any
    bias: Any
    stride: Any
    pad: Any
    dilation: Any
    groups: int

    trainable_fields: ClassVar[tuple[str, ...]] = ("weight", "bias")
    type_fields: ClassVar[tuple[str, ...]] = ("σ", "weight", "bias")
    arrays_only: ClassVar[bool] = True
    keyword_separator: ClassVar[str] = ", "

    def __init__(
        self,
        kernel: Any,
        *rest: Any,
        stride: Any = 1,
        pad: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: Any = True,
        init: Function = glorot_uniform,
    ) -> None:
        given = list(rest)
        if given_array(kernel):
            self.weight = kernel
            if given and (given_array(given[0]) or isinstance(given[0], bool)):
                bias = given.pop(0)
        else:
            if not given or not isinstance(given[0], tuple):
                raise TypeError(
                    f"{type(self).__name__}(kernel, (in, out)): the channels are a pair"
                )
            into, out = given.pop(0)
            self.weight = self.first_weight(tuple(kernel), into, out, groups, init)
        self.σ = given.pop(0) if given else identity
        n = len(np.shape(primal(self.weight))) - 2
        self.stride, self.dilation = spread(stride, n), spread(dilation, n)
        kernel = np.shape(primal(self.weight))[:n]
        self.pad = self.padding(pad, kernel)
        self.groups = groups
        self.bias = create_bias(self.weight, bias, self.channels()[1])

    def first_weight(
        self, kernel: tuple[int, ...], into: int, out: int, groups: int, init: Function
    ) -> Any:
        """A weight from an initialiser, whose size is checked."""
        if into % groups:
            raise AssertionFailed("Input channel dimension must be divisible by groups.")
        if out % groups:
            raise AssertionFailed("Output channel dimension must be divisible by groups.")
        wanted = (*kernel, *self.weight_channels(into, out, groups))
        weight = init(*wanted)
        if np.shape(primal(weight)) != wanted:
            raise DimensionMismatch(
                f"Weight shape mismatch: expected {value_text(wanted)}, "
                f"got {value_text(np.shape(primal(weight)))}"
            )
        return weight

    def weight_channels(self, into: int, out: int, groups: int) -> tuple[int, int]:
        """The last two dimensions of the weight."""
        return into // groups, out

    def channels(self) -> tuple[int, int]:
        """Channels of input and output."""
        *_, into, out = size(self.weight)
        return into * self.groups, out

    def padding(self, pad: Any, kernel: Any) -> tuple[int, ...]:
        """Padding as one number for each dimension, or two where the sides differ."""
        if isinstance(pad, SamePad):
            given = pad.amounts(kernel, self.dilation)
        else:
            given = spread(pad, len(kernel))
        if len(given) == 2 * len(kernel) and given[::2] == given[1::2]:
            return given[::2]
        return given

    def __call__(self, x: Any) -> Any:
        n = len(rules.shape(self.weight)) - 2
        expect_dims(self, x, n + 2)
        expect_size(self, x, n, self.channels()[0])
        return self.forward(x)

    def pooled(self, x: Any, pool: Any) -> Any:
        """`pool(self(x))` for a `MaxPool`, in one step where there is one."""
        if any(pool.pad) or len(pool.k) != len(self.stride):
            return pool(self(x))
        n = len(self.stride)
        expect_dims(self, x, n + 2)
        expect_size(self, x, n, self.channels()[0])
        return self.forward(x, (pool.k, pool.stride))

    flipped: ClassVar[bool] = False

    def forward(self, x: Any, pool: tuple[Any, Any] | None = None) -> Any:
        """The layer's value for an input of the right size, and the largest of windows of it."""
        return conv_layer(
            self.σ, x, self.weight, self.bias, stride=self.stride, pad=self.pad, dilation=self.dilation,
            groups=self.groups, flipped=self.flipped, pool=pool,
        )  # fmt: skip

    def constructor_args(self) -> Iterator[Any]:
        """Kernel, channels, activation, then what is not the usual."""
        yield tuple(size(self.weight)[:-2])
        yield InOut(*self.channels())
        yield from option(self.σ)
        if any(self.pad):
            yield Keyword("pad", collapsed(self.pad))
        for name in ("stride", "dilation"):
            if any(n != 1 for n in getattr(self, name)):
                yield Keyword(name, collapsed(getattr(self, name)))
        if self.groups != 1:
            yield Keyword("groups", self.groups)
        yield from no_bias(self.bias)


class Conv(Convolution):
    """Convolution over space.

    `Conv(kernel, (in, out), σ)` draws a weight by `init`, `Conv(weight, bias, σ)` takes arrays; `bias=False` leaves the
    bias out.  `rest` holds what comes after `kernel`.  `stride` and `dilation` are a number or one for each dimension, `pad`
    also two for each, or `SamePad()`; with `groups`, each group of outputs sees its group of inputs alone.

    Shapes: input `space… × in × batch`, output `space… × out × batch`; weight `kernel… × in ÷ groups × out`, bias `out`.
    Raises: DimensionMismatch for input with other channels or another number of dimensions, AssertionFailed if `groups`
    do not divide the channels.
    Source: Flux, `Conv`.

    >>> Conv((5, 5), (3, 7), bias=False)
    Conv((5, 5), 3 => 7, bias=false)  # 525 parameters
    """


class CrossCor(Convolution):
    """Cross-correlation: `Conv` without the flip of the kernel (what PyTorch calls convolution).

    `kernel`, `rest`, `stride`, `pad`, `dilation`, `groups`, `bias` and `init` are those of `Conv`.

    Shapes: those of `Conv`.
    Raises: what `Conv` raises.
    Source: Flux, `CrossCor`.
    """

    flipped: ClassVar[bool] = True


class ConvTranspose(Convolution):
    """The adjoint of a convolution, which enlarges what a `Conv` with the same arguments makes smaller.

    `kernel`, `rest` and the `options` are those of `Conv`; `outpad` enlarges the output at its ends.

    Shapes: input `space… × in × batch`, output `space… × out × batch` with a space of
    `(size - 1) * stride + 1 + (kernel - 1) * dilation - padding + outpad`; weight `kernel… × out ÷ groups × in`.
    Raises: what `Conv` raises.
    Source: Flux, `ConvTranspose`.
    """

    σ: Activation
    weight: Any
    bias: Any
    stride: Any
    pad: Any
    outpad: Any
    dilation: Any
    groups: int

    def __init__(self, kernel: Any, *rest: Any, outpad: Any = 0, **options: Any) -> None:
        super().__init__(kernel, *rest, **options)
        self.outpad = spread(outpad, len(self.stride))

    def weight_channels(self, into: int, out: int, groups: int) -> tuple[int, int]:
        return out // groups, into

    def channels(self) -> tuple[int, int]:
        *_, out, into = size(self.weight)
        return into, out * self.groups

    def padding(self, pad: Any, kernel: Any) -> tuple[int, ...]:
        if isinstance(pad, SamePad):
            kernel = tuple(k - s + 1 for k, s in zip(kernel, self.stride, strict=True))
        return super().padding(pad, kernel)

    def forward(self, x: Any, pool: tuple[Any, Any] | None = None) -> Any:
        y = conv_transpose(
            x, self.weight, stride=self.stride, pad=self.pad, outpad=self.outpad,
            dilation=self.dilation, groups=self.groups,
        )  # fmt: skip
        if self.bias is not False:
            n = len(rules.shape(self.weight)) - 2
            y = rules.add(y, rules.reshape(self.bias, (*(1,) * n, rules.shape(self.bias)[0], 1)))
        return self.σ(y)

    def constructor_args(self) -> Iterator[Any]:
        yield from super().constructor_args()
        if any(self.outpad):
            yield Keyword("outpad", tuple(self.outpad))


def depthwise(kernel: Any, sizes: Any, *rest: Any, **options: Any) -> Conv:
    """A `Conv` with a group for each input channel (Flux, `DepthwiseConv`)."""
    return Conv(kernel, sizes, *rest, groups=sizes[0], **options)


class Pool(Layer):
    """A pooling layer over windows of size `k`."""

    k: Any
    pad: Any
    stride: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    arrays_only: ClassVar[bool] = True
    keyword_separator: ClassVar[str] = ", "
    pool: ClassVar[Callable[..., Any]]

    def __init__(self, k: Any, *, pad: Any = 0, stride: Any = None) -> None:
        self.k = tuple(k)
        n = len(self.k)
        given = pad.amounts(self.k, (1,) * n) if isinstance(pad, SamePad) else spread(pad, n)
        self.pad = given[::2] if len(given) == 2 * n and given[::2] == given[1::2] else given
        self.stride = self.k if stride is None else spread(stride, n)

    def __call__(self, x: Any) -> Any:
        expect_dims(self, x, len(self.k) + 2)
        return type(self).pool(x, self.k, pad=self.pad, stride=self.stride)

    def constructor_args(self) -> Iterator[Any]:
        """Window, then what is not the usual."""
        yield self.k
        if any(self.pad):
            yield Keyword("pad", collapsed(self.pad))
        if tuple(self.stride) != tuple(self.k):
            yield Keyword("stride", collapsed(self.stride))


class MaxPool(Pool):
    """The largest element of each window.

    Windows have the size `k` and begin every `stride`, by default side by side; `pad` is that of `Conv`.

    Shapes: input `space… × channels × batch`, output the same with a smaller space.
    Raises: DimensionMismatch for input with another number of dimensions.
    Source: Flux, `MaxPool`.
    """

    pool = staticmethod(maxpool)


class MeanPool(Pool):
    """The mean of each window; padding counts as zeros.

    `k`, `stride` and `pad` are those of `MaxPool`.

    Shapes: input `space… × channels × batch`, output the same with a smaller space.
    Raises: DimensionMismatch for input with another number of dimensions.
    Source: Flux, `MeanPool`.
    """

    pool = staticmethod(meanpool)


class AdaptivePool(Layer):
    """A pooling layer whose output has a given size."""

    out: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    arrays_only: ClassVar[bool] = True
    pool: ClassVar[Callable[..., Any]]

    def __init__(self, out: Any) -> None:
        self.out = tuple(out)

    def __call__(self, x: Any) -> Any:
        expect_dims(self, x, len(self.out) + 2)
        spatial = rules.shape(x)[: len(self.out)]
        kernel, stride = adaptive(spatial, self.out)
        return type(self).pool(x, kernel, stride=stride)

    def constructor_args(self) -> Iterator[Any]:
        """The size of the output."""
        yield self.out


class AdaptiveMaxPool(AdaptivePool):
    """The largest elements of windows that give an output of a fixed size.

    Shapes: input `space… × channels × batch`, output `out… × channels × batch`.
    Raises: DimensionMismatch for input with another number of dimensions.
    Source: Flux, `AdaptiveMaxPool`.
    """

    pool = staticmethod(maxpool)


class AdaptiveMeanPool(AdaptivePool):
    """The means of windows that give an output of a fixed size.

    Shapes: input `space… × channels × batch`, output `out… × channels × batch`.
    Raises: DimensionMismatch for input with another number of dimensions.
    Source: Flux, `AdaptiveMeanPool`.
    """

    pool = staticmethod(meanpool)


class GlobalPool(Layer):
    """One number for each channel and sample."""

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    arrays_only: ClassVar[bool] = True
    pool: ClassVar[Callable[..., Any]]

    def __call__(self, x: Any) -> Any:
        return type(self).pool(x, rules.shape(x)[:-2])

    def constructor_args(self) -> Iterator[Any]:
        """Nothing."""
        return iter(())


class GlobalMaxPool(GlobalPool):
    """The largest element of each channel and sample.

    Shapes: input `space… × channels × batch`, output `1… × channels × batch`.
    Raises: nothing.
    Source: Flux, `GlobalMaxPool`.
    """

    pool = staticmethod(maxpool)


class GlobalMeanPool(GlobalPool):
    """The mean of each channel and sample.

    Shapes: input `space… × channels × batch`, output `1… × channels × batch`.
    Raises: nothing.
    Source: Flux, `GlobalMeanPool`.
    """

    pool = staticmethod(meanpool)
