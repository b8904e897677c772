"""NNlib's functions that write over an array, and those that few but they need."""

from __future__ import annotations

from typing import Any

from juliette.display.show import one_line
from juliette.packages.flux.boundary import from_host, to_host
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base, Module
from juliette_engine.functions import warping
from juliette_engine.functions.padding import widths
from juliette_engine.gradients import pullback

# Functions and their arguments; `f!` takes the array that is written over before them.
INTO = {
    "conv": "x, w, d::ConvDims", "depthwiseconv": "x, w, d::ConvDims", "∇conv_data": "dy, w, d::ConvDims",
    "∇conv_filter": "x, dy, d::ConvDims", "∇depthwiseconv_data": "dy, w, d::ConvDims",
    "∇depthwiseconv_filter": "x, dy, d::ConvDims", "maxpool": "x, d::PoolDims", "meanpool": "x, d::PoolDims",
    "∇maxpool": "dy, y, x, d::PoolDims", "∇meanpool": "dy, y, x, d::PoolDims",
}  # fmt: skip


def load(module: Module) -> None:
    """Add these functions to the module NNlib."""
    depthwise(module)
    for name, arguments in INTO.items():
        writing(module, name, arguments)
        for way in ("_direct",) if "pool" in name else ("_direct", "_im2col"):
            # Julia has several ways to compute them, here there is one
            module.const(f"{name}{way}", module.bindings[name], export=False)
            module.const(f"{name}{way}!", module.bindings[f"{name}!"], export=False)
    norms(module)
    padding(module)
    turned(module)


def depthwise(module: Module) -> None:
    """What a depthwise convolution gives back: that of a convolution with groups."""
    data, weight = module.bindings["∇conv_data"], module.bindings["∇conv_filter"]

    @module.method(
        "∇depthwiseconv_data(dy::AbstractArray, w::AbstractArray, d::ConvDims)", transparent=True
    )
    def back_data(dy: Any, w: Any, d: Any) -> Any:
        """The cotangent of the input of a depthwise convolution."""
        return data(dy, w, d)

    @module.method(
        "∇depthwiseconv_filter(x::AbstractArray, dy::AbstractArray, d::ConvDims)", transparent=True
    )
    def back_filter(x: Any, dy: Any, d: Any) -> Any:
        """The cotangent of the weights of a depthwise convolution, `kernel… × multiplier × in`."""
        return Base.bindings["reshape"](
            weight(x, dy, d), (*d.geometry.kernel, d.out // d.into, d.into)
        )


def writing(module: Module, name: str, arguments: str) -> None:
    """`f!(out, …)`: `out .= alpha * f(…) + beta * out`."""
    plain = module.bindings[name]

    @module.method(f"{name}!(out::AbstractArray, {arguments}; alpha=1, beta=0)")
    def into(out: Any, *args: Any, alpha: Any = 1, beta: Any = 0) -> Any:
        y = plain(*args)
        if W.shape_of(y) != W.shape_of(out):
            raise DimensionMismatch(
                f"`{name}!` writes an array of size {one_line(W.shape_of(y))}, but got one of size "
                f"{one_line(W.shape_of(out))}"
            )
        fresh = y.data if alpha == 1 else y.data * to_host(alpha)
        out.data[...] = fresh if beta == 0 else fresh + out.data * to_host(beta)
        return out

    into.__doc__ = (
        f"`{name}`, written over `out`, times `alpha` and plus `beta` times what was there."
    )


def norms(module: Module) -> None:
    """Poolings by the p-norm, and a convolution with bias and activation, written over an array."""

    @module.method("lpnormpool!(out::AbstractArray, x::AbstractArray, d::PoolDims; p)")
    def lpnormpool(out: Any, x: Any, d: Any, *, p: Any) -> Any:
        """`lpnormpool`, written over `out`."""
        return Base.bindings["copyto!"](out, module.bindings["lpnormpool"].call_kw({"p": p}, x, d))

    @module.method("∇lpnormpool!(out::AbstractArray, dy, y, x, d::PoolDims; p)")
    def lpnormpool_back(out: Any, dy: Any, y: Any, x: Any, d: Any, *, p: Any) -> Any:
        """The cotangent of the input of `lpnormpool`, written over `out`."""
        return Base.bindings["copyto!"](
            out, module.bindings["∇lpnormpool"].call_kw({"p": p}, dy, y, x, d)
        )

    @module.method("conv_bias_act!(out, x, w, d::ConvDims, b, σ=identity)")
    def conv_bias_act(out: Any, x: Any, w: Any, d: Any, b: Any, σ: Any = None) -> Any:
        """`out .= σ.(conv(x, w, d) .+ b)`"""
        plain = module.bindings["conv_bias_act"]
        return Base.bindings["copyto!"](
            out, plain(x, w, d, b) if σ is None else plain(x, w, d, b, σ)
        )


def padding(module: Module) -> None:
    """How widths of padding are told."""

    @module.method("gen_pad(pad, dims, N)", export=False)
    def gen_pad(pad: Any, dims: Any, n: Any) -> Any:
        """The widths before and after each of `N` dimensions, from one number, one for each of `dims`, or two."""
        where = None if isinstance(dims, V.ColonType) else to_host(dims)
        if isinstance(where, tuple):
            where = tuple([d - 1 for d in where])
        elif where is not None:
            where = where - 1
        if not isinstance(n, int):  # Val(n)
            n = T.typeof(n).parameters[0]
        return widths(n, to_host(pad), where)


def turned(module: Module) -> None:
    """What images at other places give back."""

    @module.method(
        "∇grid_sample(dy::AbstractArray{<:Any,N}, x::AbstractArray{<:Any,N}, "
        "grid::AbstractArray{<:Any,N}; padding_mode=:zeros) where N"
    )
    def grid_back(dy: Any, x: Any, grid: Any, *, padding_mode: Any = "zeros") -> Any:
        """The cotangents of the images and of the grid of `grid_sample`."""
        f = lambda a, b: warping.grid_sample(a, b, padding_mode=to_host(padding_mode))  # noqa: E731
        return from_host(tuple(pullback(f, to_host(x), to_host(grid))[1](to_host(dy))))

    @module.method(
        "∇imrotate(dy::AbstractArray{<:Any,4}, x::AbstractArray{<:Any,4}, θ::Real; "
        "method=:bilinear, midpoint=nothing)"
    )
    def rotate_back(
        dy: Any, x: Any, θ: Any, *, method: Any = "bilinear", midpoint: Any = None
    ) -> Any:
        """The cotangent of the images that `imrotate` turned."""
        f = lambda a: warping.imrotate(a, float(θ), method=to_host(method), midpoint=midpoint)  # noqa: E731
        return from_host(pullback(f, to_host(x))[1](to_host(dy))[0])
