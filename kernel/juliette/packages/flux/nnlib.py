"""NNlib's functions below the layers: sizes of convolutions, their gradients, sampling, windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.display.show import SHOW_HOOKS, one_line
from juliette.packages import zygote
from juliette.packages.flux import filling, scattering
from juliette.packages.flux.boundary import from_host, host_function, to_host
from juliette.packages.flux.functions import expose, float_host
from juliette.packages.flux.optimise import warn
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import (
    ArgumentError,
    AssertionError_,
    BoundsError,
    DimensionMismatch,
    ErrorException,
)
from juliette.runtime.modules import Base, Module
from juliette.runtime.world import TRACE
from juliette_engine import functions as engine
from juliette_engine import rules
from juliette_engine.functions import convolution, dropping, pooling, spectral, warping
from juliette_engine.functions.attention import attention_scores
from juliette_engine.gradients import pullback

CONV_DIMS = T.define("ConvDims", abstract=True)
DENSE_DIMS, DEPTHWISE_DIMS, POOL_DIMS = (
    T.define(name, CONV_DIMS) for name in ("DenseConvDims", "DepthwiseConvDims", "PoolDims")
)


@dataclass
class Dims:
    """The sizes of a convolution or a pooling, with its geometry."""

    geometry: convolution.Geometry
    into: int
    out: int


class DenseDims(Dims):
    """Of a convolution."""


class DepthwiseDims(Dims):
    """Of a convolution of each channel on its own."""


class PoolDims(Dims):
    """Of a pooling."""


CLASSES = ((DenseDims, DENSE_DIMS), (DepthwiseDims, DEPTHWISE_DIMS), (PoolDims, POOL_DIMS))


def size_of(x: Any) -> tuple[int, ...]:
    """The size of an array, or a size."""
    return x if type(x) is tuple else tuple(np.shape(x.data))


def with_channels(size: tuple[Any, ...]) -> tuple[Any, ...]:
    """The size of an array whose last dimensions but one are channels, so there are two at least."""
    if len(size) < 2:
        raise BoundsError(size, (len(size) - 1,))
    return size


def show_dims(io: Any, d: Dims, long: bool) -> None:
    """Sizes of input, kernel and output, and the rest of the geometry."""
    g = d.geometry
    name = T.typeof(d).typename.name
    sizes = (one_line(s) for s in ((*g.input, d.into), g.kernel, (*g.output, d.out)))
    io.write("{}: {} * {} -> {}".format(name, *sizes))
    io.write(
        f", stride: {g.stride} pad: {g.pad}, dil: {g.dilation}, flip: {str(g.flipped).lower()}"
    )


def load(module: Module) -> None:
    """Add these functions to the module NNlib."""
    module.const("ConvDims", CONV_DIMS)
    for cls, kind in CLASSES:
        kind.typename.module = module
        T.register_class(cls, kind)
        SHOW_HOOKS[cls] = show_dims
        module.const(kind.typename.name, kind)
    constructors(module)
    convolutions(module)
    images(module)
    upsampling(module)
    scattering.load(module)
    dense(module)
    windows(module)
    spectra(module)
    filling.load(module)
    for name in ("imrotate", "∇imrotate"):
        module.exports.add(name)


def constructors(module: Module) -> None:
    """The sizes of convolutions and poolings."""

    def built(cls: Any, x: Any, w: tuple[int, ...], options: dict[str, Any]) -> Dims:
        given = {k: to_host(v) for k, v in options.items()}
        g = convolution.geometry(
            size_of(x),
            w,
            given.pop("stride", 1),
            given.pop("padding", 0),
            given.pop("dilation", 1),
            given.pop("groups", 1),
            bool(given.pop("flipkernel", False)),
        )
        if given:
            raise ArgumentError(f"unknown keywords {', '.join(given)}")
        return cls(g, w[-2] * g.groups, w[-1])

    @module.method("DenseConvDims(x::NTuple{M,Any}, w::NTuple{M,Any}; keywords...) where M")
    @module.method("DenseConvDims(x::AbstractArray, w::AbstractArray; keywords...)")
    def dense_dims(_: Any, x: Any, w: Any, **keywords: Any) -> Any:
        """The sizes of a convolution of `x` (or of its size) with `w`."""
        return built(DenseDims, x, with_channels(size_of(w)), keywords)

    @module.method("DepthwiseConvDims(x::NTuple{M,Any}, w::NTuple{M,Any}; keywords...) where M")
    @module.method("DepthwiseConvDims(x::AbstractArray, w::AbstractArray; keywords...)")
    def depthwise_dims(_: Any, x: Any, w: Any, **keywords: Any) -> Any:
        """The sizes of a convolution of each channel; weights are `kernel… × multiplier × in`."""
        *kernel, multiplier, into = with_channels(size_of(w))
        return built(
            DepthwiseDims, x, (*kernel, 1, multiplier * into), {**keywords, "groups": into}
        )

    @module.method(
        "PoolDims(x::Union{AbstractArray,Tuple}, k::Union{Int,Tuple{Vararg{Int}}}; "
        "stride=nothing, padding=0, dilation=1)"
    )
    def pool_dims(
        _: Any, x: Any, k: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1
    ) -> Any:
        """The sizes of a pooling of `x` (or of its size) with windows of size `k`."""
        size = with_channels(size_of(x))
        kernel = k if type(k) is tuple else (k,) * (len(size) - 2)
        g = pooling.geometry(size, kernel, to_host(stride), to_host(padding))
        return PoolDims(g, size[-2], size[-2])

    for name, get in (
        ("input_size", lambda d: d.geometry.input), ("kernel_size", lambda d: d.geometry.kernel),
        ("output_size", lambda d: d.geometry.output), ("stride", lambda d: d.geometry.stride),
        ("padding", lambda d: d.geometry.pad), ("dilation", lambda d: d.geometry.dilation),
        ("channels_in", lambda d: d.into), ("channels_out", lambda d: d.out),
        ("groupcount", lambda d: d.geometry.groups), ("flipkernel", lambda d: d.geometry.flipped),
        ("spatial_dims", lambda d: len(d.geometry.kernel)),
    ):  # fmt: skip
        module.method(f"{name}(d::ConvDims)", export=False)(get)


def convolutions(module: Module) -> None:
    """Convolution by its sizes, and what it gives back to data and weights."""

    def weight_of(w: Any, d: Dims) -> Any:
        host = to_host(w)
        return rules.reshape(host, (*d.geometry.kernel, d.into // d.geometry.groups, d.out))

    @module.method("conv(x::AbstractArray, w::AbstractArray, d::ConvDims)", transparent=True)
    def conv(x: Any, w: Any, d: Dims) -> Any:
        """The convolution whose sizes are given."""
        g = d.geometry
        return from_host(
            convolution._conv(fits(x, (*g.input, d.into)), weight_of(w, d), g=g, saved=[])
        )

    header = "depthwiseconv(x::AbstractArray, w::AbstractArray, d::ConvDims)"
    module.method(header, transparent=True)(conv)

    @module.method("∇conv_data(dy::AbstractArray, w::AbstractArray, d::ConvDims)", transparent=True)
    def conv_data(dy: Any, w: Any, d: Dims) -> Any:
        """The cotangent of the input of a convolution."""
        return from_host(
            engine.conv_data(
                fits(dy, (*d.geometry.output, d.out), "output"), weight_of(w, d), g=d.geometry
            )
        )

    @module.method(
        "∇conv_filter(x::AbstractArray, dy::AbstractArray, d::ConvDims)", transparent=True
    )
    def conv_filter(x: Any, dy: Any, d: Dims) -> Any:
        """The cotangent of the weights of a convolution."""
        g = d.geometry
        channels = (d.into // g.groups, d.out)
        y = engine.conv_filter(
            fits(x, (*g.input, d.into)),
            fits(dy, (*g.output, d.out), "output"),
            g=g,
            channels=channels,
        )
        return from_host(y)

    @module.method("unfold(x::AbstractArray, d::DenseConvDims)", transparent=True, export=False)
    def unfold(x: Any, d: Dims) -> Any:
        """The windows of a convolution whose sizes are given."""
        return from_host(convolution._unfold(fits(x, (*d.geometry.input, d.into)), g=d.geometry))

    @module.method(
        "fold(y::AbstractArray, output_size::Tuple, d::DenseConvDims)",
        transparent=True,
        export=False,
    )
    def fold(y: Any, output_size: Any, d: Dims) -> Any:
        """The windows of a convolution whose sizes are given, added into an array of a size."""
        return from_host(convolution._fold(to_host(y), g=d.geometry))

    poolings(module)


def poolings(module: Module) -> None:
    """Poolings whose sizes are given, and what they give back."""

    def windowed(name: str, d: PoolDims, p: Any) -> Any:
        f, g = getattr(pooling, name), d.geometry
        first = () if p is None else (float(p),)
        return lambda x: f(x, *first, g.kernel, stride=g.stride, pad=g.pad)

    def fitting(x: Any, d: PoolDims) -> Any:
        return fits(x, (*d.geometry.input, d.into))

    def define(name: str, keyword: str) -> None:
        @module.method(f"{name}(x::AbstractArray, d::PoolDims{keyword})", transparent=True)
        def pool(x: Any, d: PoolDims, *, p: Any = None) -> Any:
            """The pooling whose sizes are given."""
            return from_host(windowed(name, d, p)(fitting(x, d)))

        @module.method(
            f"∇{name}(dy::AbstractArray, y::AbstractArray, x::AbstractArray, d::PoolDims{keyword})",
            transparent=True,
        )
        def back(dy: Any, y: Any, x: Any, d: PoolDims, *, p: Any = None) -> Any:
            """The cotangent of the input of a pooling."""
            return from_host(pullback(windowed(name, d, p), fitting(x, d))[1](to_host(dy))[0])

    for name, keyword in (("maxpool", ""), ("meanpool", ""), ("lpnormpool", "; p")):
        define(name, keyword)


def fits(x: Any, size: tuple[int, ...], side: str = "input") -> Any:
    """An array for the engine, whose spatial size and channels must be these."""
    host = to_host(x)
    *space, channels = rules.shape(host)[:-1]
    found: tuple[Any, ...] = (channels, tuple(space))
    for what, got, want in zip(
        ("channel count", "spatial size"), found, (size[-1], size[:-1]), strict=True
    ):
        if got != want:
            raise AssertionError_(f'DimensionMismatch("Data {side} {what} ({got} vs. {want})")')
    return host


def images(module: Module) -> None:
    """Images at other places."""

    def grid_sample(x: Any, grid: Any, *, padding_mode: Any = "zeros") -> Any:
        """`x` at the places that a grid names, between its nearest pixels; images may have a depth, too."""
        return from_host(
            warping.grid_sample(to_host(x), to_host(grid), padding_mode=to_host(padding_mode))
        )

    for n in (4, 5):
        module.method(
            f"grid_sample(x::AbstractArray{{<:Any,{n}}}, grid::AbstractArray{{<:Any,{n}}}; padding_mode=:zeros)",
            transparent=True,
        )(grid_sample)

    @module.method(
        "imrotate(x::AbstractArray{<:Any,4}, θ::Real; method=:bilinear, midpoint=nothing)",
        export=False,
        transparent=True,
    )
    def imrotate(x: Any, θ: Any, *, method: Any = "bilinear", midpoint: Any = None) -> Any:
        """Images turned by an angle round a pixel."""
        return from_host(
            warping.imrotate(to_host(x), float(θ), method=to_host(method), midpoint=midpoint)
        )


def dense(module: Module) -> None:
    """Masks, gated units, biases, scattering into an array."""

    @module.method("make_causal_mask(x::AbstractArray; dims::Int=2)")
    def make_causal_mask(x: Any, *, dims: int = 2) -> Any:
        """`mask[i, j]` is true for `i ≤ j`: nothing looks ahead."""
        return wrap(np.asfortranarray(engine.make_causal_mask(x.data, dims=dims)))

    @module.method(
        "batched_mul!(C::AbstractArray{<:Any,N}, A::AbstractArray{<:Any,N}, "
        "B::AbstractArray{<:Any,N}, α::Number=true, β::Number=false) where N"
    )
    def batched_mul_into(C: Any, A: Any, B: Any, α: Any = True, β: Any = False) -> Any:
        """`C .= α * batched_mul(A, B) + β * C`"""
        product = engine.batched_mul(to_host(A), to_host(B))
        if product.shape != C.data.shape:
            raise DimensionMismatch("batch size mismatch: C != A * B")
        product = product * to_host(α)
        if β is not False:
            product = product + C.data * to_host(β)
        if isinstance(C, Array):
            C.data[...] = product
            return C
        return Base.bindings["copyto!"](C, from_host(product))

    @module.method("glu(x::AbstractArray, dim=1)", transparent=True)
    def glu(x: Any, dim: int = 1) -> Any:
        """The first half of `x` along a dimension times the sigmoid of the second."""
        if not isinstance(x, ArrayLike) and not Base.bindings["size"](x, dim) % 2:
            Base.bindings["selectdim"](x, dim, 1)
        return from_host(dropping.glu(float_host(x), dim))

    @module.method("bias_act!(σ, x, b)", transparent=True)
    def bias_act(σ: Any, x: Any, b: Any) -> Any:
        """`σ.(x .+ b)`, in place where the numbers fit; without a bias, `b` is false."""
        if b is True:
            raise ErrorException(
                "bias=true is not accepted; layer constructors shoud guarantee this"
            )
        if b is False and σ is Base.bindings["identity"]:
            return x
        shifted = x if b is False else B.materialize(B.broadcasted(Base.bindings["+"], x, b))
        y = B.materialize(B.broadcasted(σ, shifted))
        plain = not TRACE.depth and isinstance(x, Array) and isinstance(y, Array)
        if plain and x.data.dtype.kind == "f" and x.data.shape == y.data.shape:
            x.data[...] = y.data
            return x
        return y

    @module.method("conv_bias_act(x, w, d::ConvDims, b, σ=identity)", transparent=True)
    def conv_bias_act(x: Any, w: Any, d: Dims, b: Any, σ: Any = None) -> Any:
        """`σ.(conv(x, w, d) .+ b)`"""
        y = B.materialize(B.broadcasted(Base.bindings["+"], module.bindings["conv"](x, w, d), b))
        return y if σ is None else B.materialize(B.broadcasted(σ, y))

    @module.method(
        "dot_product_attention_scores(q::AbstractArray{<:Any,4}, k::AbstractArray{<:Any,4}, "
        "bias=nothing; fdrop=identity, mask=nothing)",
        transparent=True,
    )
    def scores(q: Any, k: Any, bias: Any = None, *, fdrop: Any = None, mask: Any = None) -> Any:
        """The weights of values for queries and keys `features × heads × length × batch`."""
        (n, heads, *_), three = rules.shape(to_host(q)), []
        for x in (to_host(q), to_host(k)):
            three.append(
                rules.reshape(
                    x, (n * heads, rules.shape(x)[2], int(np.prod(rules.shape(x)[3:], dtype=int)))
                )
            )
        α = attention_scores(
            three[0],
            three[1],
            to_host(bias),
            mask=to_host(mask),
            nheads=heads,
            fdrop=None if fdrop is None else host_function(fdrop),
        )
        return from_host(rules.reshape(α, (*rules.shape(α)[:3], *rules.shape(to_host(q))[3:])))


def upsampling(module: Module) -> None:
    """Larger images of whole numbers, and what larger images give back."""

    size_of, eltype, real, floor, times = [
        Base.bindings[name] for name in ("size", "eltype", "real", "floor", "*")
    ]

    def larger(name: str) -> None:
        @module.method(
            f"{name}(x::AbstractArray, scale::Real; align_corners=true)", transparent=True
        )
        @module.method(
            f"{name}(x::AbstractArray, scale::Tuple{{Vararg{{Real}}}}; align_corners=true)",
            transparent=True,
        )
        def by_scale(x: Any, scale: Any, *, align_corners: bool = True) -> Any:
            shape = size_of(x)
            n = len(shape) - 2
            if type(scale) is not tuple:
                if n < 0:
                    raise ArgumentError(f"tuple length should be ≥ 0, got {n}")
                scale = (scale,) * n
            sizes = [floor(T.Int64, times(s, m)) for s, m in zip(scale, shape, strict=False)]
            # of another length than the dimensions, it is refused with its own length
            size = tuple(sizes) if len(scale) == n else scale
            return to_size(x, size=size, align_corners=align_corners)

        @module.method(f"{name}(x::AbstractArray; size, align_corners=true)", transparent=True)
        def to_size(x: Any, *, size: Any, align_corners: bool = True) -> Any:
            if size_of(x)[:-2] == size:
                return x
            if not isinstance(zygote.primal(to_host(x)), np.ndarray):
                real(eltype(x))
            return rounded(
                x, lambda h: engine.upsample_linear(h, size=size, align_corners=align_corners)
            )

        @module.method(f"∇{name}(dy::AbstractArray; size, align_corners=true)", transparent=True)
        def back(dy: Any, *, size: Any, align_corners: bool = True) -> Any:
            host = to_host(dy)
            n = len(rules.shape(host)) - 2
            spatial = size if type(size) is tuple else (size,) * n
            into = rules.shape(host)[:n]
            x = np.zeros((*spatial, *rules.shape(host)[n:]), zygote.primal(host).dtype, order="F")
            f = lambda h: engine.upsample_linear(h, size=into, align_corners=align_corners)  # noqa: E731
            return from_host(pullback(f, x)[1](host)[0])

        by_scale.__doc__ = to_size.__doc__ = "Linear interpolation along each spatial dimension."
        back.__doc__ = "The cotangent of images of a size that were enlarged."

    larger("upsample_linear")
    for name in ("upsample_bilinear", "upsample_trilinear"):
        linear(module, name)

    @module.method(
        "∇upsample_nearest(dy::AbstractArray, scales::Tuple{Vararg{Integer}})", transparent=True
    )
    def nearest_back(dy: Any, scales: Any) -> Any:
        """The cotangent of images that were enlarged by repeating pixels."""
        host = to_host(dy)
        size = rules.shape(host)
        if any(n % k for n, k in zip(size, scales, strict=False)):
            raise ArgumentError(
                f"expected input array with size divisible by scale = {one_line(scales)}, got {one_line(size)}"
            )
        x = np.zeros(
            [n // k for n, k in zip(size, (*scales, *(1,) * len(size)), strict=False)], order="F"
        )
        return from_host(pullback(lambda h: engine.upsample_nearest(h, scales), x)[1](host)[0])


def linear(module: Module, name: str) -> None:
    """`upsample_bilinear` and `upsample_trilinear`, which are `upsample_linear` of more dimensions."""
    for other in (name, f"∇{name}"):
        same = module.bindings[other.replace(name, "upsample_linear")]

        @module.method(f"{other}(xs...; keywords...)", transparent=True)
        def call(*xs: Any, same: Any = same, **keywords: Any) -> Any:
            return same.call_kw(keywords, *xs)

        call.__doc__ = f"`{same.name}`"


def rounded(x: Any, f: Any) -> Any:
    """A function of an image of real numbers; whole numbers are rounded to their kind again."""
    host = to_host(x)
    kind = zygote.primal(host).dtype
    if kind.kind not in "iub":
        return from_host(f(host))
    return wrap(np.asfortranarray(np.rint(f(host.astype(float))).astype(kind)))


def windows(module: Module) -> None:
    """Windows for stretches of a signal."""

    def hamming(n: int, kind: Any, periodic: bool, α: Any, β: Any) -> Any:
        if n < 1:
            raise ArgumentError(f"`window_length` must be > 0, instead: `{n}`.")
        dtype = T.DTYPE_OF[kind]
        with np.errstate(all="ignore"):
            step = np.asarray(2 * math.pi, dtype) / np.asarray(n if periodic else n - 1, dtype)
            y = np.asarray(α, dtype) - np.asarray(β, dtype) * np.cos(
                step * np.arange(n).astype(dtype)
            )
        return wrap(np.asfortranarray(y.astype(dtype)))

    @module.method("hamming_window(n::Int, T::Type{<:Real}=Float32; periodic=true, α=0.54, β=0.46)")
    def hamming_window(
        n: int, kind: Any = T.Float32, *, periodic: bool = True, α: Any = 0.54, β: Any = 0.46
    ) -> Any:
        """`α - β cos(2πk/n)`"""
        return hamming(n, kind, periodic, α, β)

    @module.method("hann_window(n::Int, T::Type{<:Real}=Float32; periodic=true)")
    def hann_window(n: int, kind: Any = T.Float32, *, periodic: bool = True) -> Any:
        """`(1 - cos(2πk/n)) / 2`"""
        return hamming(n, kind, periodic, 0.5, 0.5)


def spectra(module: Module) -> None:
    """Short-time Fourier transforms and what is made of them."""

    for name in ("stft", "istft", "spectrogram"):
        header = "(x::AbstractArray; n_fft::Int, keywords...)"
        expose(module, name, getattr(spectral, name), header, export=True)

    @module.method(
        "melscale_filterbanks(; n_freqs::Int, n_mels::Int, sample_rate::Int, fmin=0f0, fmax=nothing)"
    )
    def melscale_filterbanks(
        *, n_freqs: int, n_mels: int, sample_rate: int, fmin: Any = 0.0, fmax: Any = None
    ) -> Any:
        """Triangular filters on the mel scale, one in each column."""
        filters = spectral.melscale_filterbanks(
            n_freqs=n_freqs, n_mels=n_mels, sample_rate=sample_rate, fmin=fmin, fmax=fmax
        )
        if np.any(np.isclose(filters.max(axis=0), 0)):
            warn(
                "At least one mel filterbank has all zero values.\n"
                f"The value for `n_mels={n_mels}` may be set too high.\n"
                f"Or the value for `n_freqs={n_freqs}` may be set too low.",
                "NNlib",
            )
        return wrap(filters)

    @module.method(
        "power_to_db(s::AbstractArray; ref=1f0, amin=1f-10, top_db=80f0)",
        export=False,
        transparent=True,
    )
    def power_to_db(s: Any, *, ref: Any = 1.0, amin: Any = 1e-10, top_db: Any = 80.0) -> Any:
        """A power spectrogram in decibels, at most `top_db` below its peak."""
        host = to_host(s)
        kind = zygote.primal(host).dtype.type
        level = rules.log10(rules.maximum(kind(amin), host))
        decibels = rules.mul(
            rules.sub(level, kind(math.log10(max(float(amin), float(ref))))), kind(10)
        )
        return from_host(
            rules.maximum(decibels, rules.sub(rules.extreme(decibels, np.argmax), kind(top_db)))
        )

    @module.method("db_to_power(s_db; ref=1f0)", export=False, transparent=True)
    def db_to_power(s_db: Any, *, ref: Any = 1.0) -> Any:
        """The power of decibels."""
        host = to_host(s_db)
        kind = zygote.primal(host).dtype.type
        return from_host(rules.mul(rules.exp(rules.mul(host, kind(0.1 * math.log(10)))), kind(ref)))
