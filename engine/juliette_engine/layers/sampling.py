"""Layers that enlarge images, and attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from juliette_engine.errors import ArgumentError
from juliette_engine.functions.attention import dot_product_attention
from juliette_engine.functions.upsampling import (
    pixel_shuffle,
    upsample_linear,
    upsample_nearest,
)
from juliette_engine.initialisers import glorot_uniform
from juliette_engine.layers.basic import Dense
from juliette_engine.layers.layer import Child, Function, InOut, Keyword, Layer, Name
from juliette_engine.layers.normalise import Dropout
from juliette_engine.text import value_text
from juliette_engine.trees import size

_MODES = {"nearest", "linear", "bilinear", "trilinear"}


class Upsample(Layer):
    """Enlarges images by a `scale` or to a `size`, by `nearest`, `bilinear` or `trilinear` interpolation.

    `Upsample(scale, mode="nearest")` or `Upsample(mode; scale=…)`; `args` holds these.

    Shapes: input `space… × channels × batch`, output the same with a space of `floor(scale * size)`.
    Raises: ArgumentError for an unknown mode, or without one of `scale` and `size`.
    Source: Flux, `Upsample`.
    """

    mode: Name
    scale: Any
    size: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    arrays_only: ClassVar[bool] = True

    def __init__(self, *args: Any, scale: Any = None, size: Any = None) -> None:
        mode = "nearest"
        for x in args:
            if isinstance(x, str):
                mode = x
            else:
                scale = x
        if mode not in _MODES:
            raise ArgumentError(f"mode=:{mode} is not supported.")
        if (scale is None) == (size is None):
            raise ArgumentError("Either scale or size should be specified (but not both).")
        self.mode, self.scale, self.size = mode, scale, size

    def __call__(self, x: Any) -> Any:
        f = upsample_nearest if str(self.mode) == "nearest" else upsample_linear
        return f(x, self.scale, size=self.size)

    def line(self) -> str:
        """Mode, and scale or size."""
        mode = getattr(self.mode, "name", self.mode)
        name = "size" if self.scale is None else "scale"
        return f"Upsample(:{mode}, {name} = {value_text(getattr(self, name))})"


class PixelShuffle(Layer):
    """Channels into space: each spatial dimension becomes `r` times as long.

    Shapes: input `space… × channels × batch`, output `r * space… × channels ÷ r^n × batch` for `n` spatial dimensions.
    Raises: ArgumentError unless `r` to the number of spatial dimensions divides the channels.
    Source: Shi and others (2016); Flux, `PixelShuffle`.
    """

    r: int

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    arrays_only: ClassVar[bool] = True

    def __init__(self, r: int) -> None:
        self.r = r

    def __call__(self, x: Any) -> Any:
        return pixel_shuffle(x, self.r)

    def constructor_args(self) -> Iterator[Any]:
        """The factor."""
        yield self.r


class MultiHeadAttention(Layer):
    """Scaled dot-product attention with `nheads` heads.

    `dims` is a number, `(in, (qkv, out))`, `(in, ((qk, v), out))` or `((q, k, v), ((qk, v), out))`; `init` draws the weights
    of the projections, which have a bias if `bias`; `dropout_prob` drops weights of attention in training.

    Shapes: queries, keys and values `features × length × batch`; gives the output `out × length × batch` and the weights
    `keys × queries × nheads × batch`.
    Raises: ArgumentError unless `nheads` divides the features.
    Source: Vaswani and others (2017); Flux, `MultiHeadAttention`.
    """

    nheads: int
    q_proj: Child
    k_proj: Child
    v_proj: Child
    attn_drop: Child
    out_proj: Child

    type_fields: ClassVar[tuple[str, ...]] = ("q_proj", "attn_drop", "out_proj")
    trainable_fields: ClassVar[tuple[str, ...]] = ("q_proj", "k_proj", "v_proj", "out_proj")

    def __init__(
        self,
        dims: Any,
        *,
        nheads: int = 8,
        bias: bool = False,
        init: Function = glorot_uniform,
        dropout_prob: float = 0.0,
    ) -> None:
        into, (inner, out) = (dims, (dims, dims)) if isinstance(dims, int) else dims
        q, k, v = into if isinstance(into, tuple) else (into,) * 3
        qk, vv = inner if isinstance(inner, tuple) else (inner, inner)
        if qk % nheads:
            raise ArgumentError(f"qk_dim = {qk} should be divisible by nheads = {nheads}")
        if vv % nheads:
            raise ArgumentError(f"v_dim = {vv} should be divisible by nheads = {nheads}")
        self.nheads = nheads
        self.q_proj = Dense((q, qk), bias=bias, init=init)
        self.k_proj = Dense((k, qk), bias=bias, init=init)
        self.v_proj = Dense((v, vv), bias=bias, init=init)
        self.attn_drop = Dropout(dropout_prob)
        self.out_proj = Dense((vv, out), bias=bias, init=init)

    def __call__(  # type: ignore[override]
        self, q: Any, k: Any = None, v: Any = None, bias: Any = None, *, mask: Any = None
    ) -> Any:
        k = q if k is None else k
        v = k if v is None else v
        y, α = dot_product_attention(
            self.q_proj(q), self.k_proj(k), self.v_proj(v), bias,
            mask=mask, nheads=self.nheads, fdrop=self.attn_drop,
        )  # fmt: skip
        return self.out_proj(y), α

    def constructor_args(self) -> Iterator[Any]:
        """Sizes, heads, then what is not the usual."""
        (qk, q), (_, k) = size(self.q_proj.weight), size(self.k_proj.weight)
        (vv, v), (out, _) = size(self.v_proj.weight), size(self.out_proj.weight)
        into = q if q == k == v else (q, k, v)
        inner = qk if qk == vv else (qk, vv)
        if into == inner == out:
            yield out
        else:
            yield InOut(into, InOut(inner, out))
        yield Keyword("nheads", self.nheads)
        if self.q_proj.bias is not False:
            yield Keyword("bias", True)
        if self.attn_drop.p != 0:
            yield Keyword("dropout_prob", self.attn_drop.p)
