"""Pooling over any number of spatial dimensions: largest, mean and p-norm of windows."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from juliette_engine.elementwise import div, power
from juliette_engine.errors import DimensionMismatch
from juliette_engine.functions.convolution import (
    Geometry,
    each,
    expand_padding,
    fitting,
    inward,
    outward,
    remembered,
)
from juliette_engine.primitive import primitive, shape

ndarray = np.ndarray


@remembered
def geometry(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: Any = None, pad: Any = 0
) -> Geometry:
    """The windows of a pooling layer."""
    n = len(kernel)
    if len(size) != n + 2:
        raise DimensionMismatch(
            f"PoolDims expects ndim(x) == length(k)+2 == {n + 2}, dimension mismatch between x ({len(size)}) and k ({n})"
        )
    return fitting(
        Geometry(
            each(kernel if stride is None else stride, n, "Stride"),
            expand_padding(pad, n),
            (1,) * n,
            1,
            True,
            size[:n],
            kernel,
        )
    )


def _pieces(x: Any, g: Geometry) -> Any:
    """For each place in the kernel a view of the (padded) input that has the output's shape."""
    return iter([x[cut] for cut in _cuts(g)])


@functools.lru_cache(1024)
def _cuts(g: Geometry) -> tuple[tuple[slice, ...], ...]:
    order = range(len(g.kernel) - 1, -1, -1)
    return tuple(
        (
            slice(None),
            *[
                slice(k, k + g.stride[i] * (g.output[i] - 1) + 1, g.stride[i])
                for k, i in zip(at, order, strict=True)
            ],
        )
        for at in np.ndindex(*[g.kernel[i] for i in order])
    )


def _around(x: Any, g: Geometry, value: float) -> Any:
    x = inward(x)
    if not any(g.pad):
        return x
    d = len(g.input)
    order = range(d - 1, -1, -1)
    out = np.full(
        (x.shape[0], *[g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1] for i in order], x.shape[-1]),
        value,
        x.dtype,
    )
    out[(slice(None), *_inner(g))] = x
    return out


def _inner(g: Geometry) -> list[slice]:
    return [slice(g.pad[2 * i], g.pad[2 * i] + g.input[i]) for i in range(len(g.input) - 1, -1, -1)]


def _kept(x: Any, g: Geometry) -> Any:
    """The memory order that a view of the input has is kept where it is batch innermost."""
    inner = inward(x)
    return x if inner.flags.c_contiguous else outward(np.ascontiguousarray(inner))


def _max_forward(x: Any, *, g: Geometry) -> Any:
    """The largest of each window."""
    pieces = _pieces(_around(_kept(x, g), g, -np.inf), g)
    first = next(pieces)
    second = next(pieces, None)
    out = np.ascontiguousarray(first) if second is None else np.maximum(first, second)
    for piece in pieces:
        np.maximum(out, piece, out=out)
    return outward(out)


def _max_raw(dy: Any, y: Any, x: Any, *, g: Geometry) -> Any:
    """The first largest of each window gets the cotangent."""
    padded = _around(_kept(x, g), g, -np.inf)
    inner_dy, inner_y = np.ascontiguousarray(inward(dy)), inward(y)
    apart, whole = _lie(g)
    out = (np.empty if whole else np.zeros)(padded.shape, dy.dtype)
    free: Any = None  # the windows whose largest is not found yet
    hit: Any = None
    for cut in _cuts(g):  # in Julia's order of elements: the first spatial dimension fastest
        hit = np.equal(padded[cut], inner_y, hit)
        if free is None:
            free = ~hit
        else:
            hit &= free
            free ^= hit
        if apart:
            np.multiply(inner_dy, hit, out[cut])
        else:
            target = out[cut]
            target += inner_dy * hit
    return outward(out[(slice(None), *_inner(g))] if any(g.pad) else out)


@functools.lru_cache(1024)
def _lie(g: Geometry) -> tuple[bool, bool]:
    """Are windows apart from each other, and do they cover all of the input and nothing else?"""
    apart = all(s >= k for s, k in zip(g.stride, g.kernel, strict=True))
    whole = g.stride == g.kernel and not any(g.pad)
    return apart, whole and all(
        n * k == m for n, k, m in zip(g.output, g.kernel, g.input, strict=True)
    )


def _max_places(x: Any, y: Any, g: Geometry) -> Any:
    """For each window the linear position (in Fortran order) of its first largest element."""
    where = np.arange(x.size, dtype=float).reshape(x.shape, order="F")
    values, places = _around(x, g, -np.inf), _around(where, g, -1.0)
    best = np.full(inward(y).shape, -1.0)
    for piece, place in zip(_pieces(values, g), _pieces(places, g), strict=True):
        take = (piece == inward(y)) & (best < 0)
        best[take] = place[take]
    return outward(best).astype(np.int64)


def _max_partial(dy: Any, y: Any, x: Any, *, g: Geometry) -> Any:
    from juliette_engine.primitives import _scatter
    from juliette_engine.tape import primal

    px, py = primal(x), primal(y)
    index = np.unravel_index(_max_places(px, py, g), px.shape, order="F")
    return _scatter(dy, index=index, like=px.shape, dtype=px.dtype)


_maxpool = primitive(_max_partial, raw=(_max_raw,), fresh=True, name="maxpool")(_max_forward)


def _sum_forward(x: Any, *, g: Geometry) -> Any:
    pieces = _pieces(_around(_kept(x, g), g, 0.0), g)
    out = next(pieces).copy()
    for piece in pieces:
        out += piece
    return outward(out)


def _spread_forward(dy: Any, *, g: Geometry) -> Any:
    inner = np.ascontiguousarray(inward(dy))
    d = len(g.input)
    out = np.zeros(
        (
            inner.shape[0],
            *[g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1] for i in range(d - 1, -1, -1)],
            inner.shape[-1],
        ),
        dy.dtype,
    )
    for target in _pieces(out, g):
        target += inner
    return outward(out[(slice(None), *_inner(g))] if any(g.pad) else out)


_sumpool = primitive(lambda dy, y, x, *, g: _spreadpool(dy, g=g), fresh=True, name="sumpool")(  # type: ignore[has-type]
    _sum_forward
)
_spreadpool = primitive(lambda dx, y, d, *, g: _sumpool(dx, g=g), fresh=True, name="spreadpool")(
    _spread_forward
)


def maxpool(x: Any, kernel: Any, *, stride: Any = None, pad: Any = 0) -> Any:
    """The largest element of each window; windows lie side by side unless `stride` says otherwise.

    Shapes: spatial… × channels × batch; the spatial size is `(size + padding - kernel) ÷ stride +
    1`.
    Raises: DimensionMismatch if `x` has not two dimensions more than the `kernel`.
    Source: NNlib, `maxpool`.
    """
    return _maxpool(x, g=geometry(shape(x), tuple(kernel), stride, pad))


def meanpool(x: Any, kernel: Any, *, stride: Any = None, pad: Any = 0) -> Any:
    """The mean of each window, padding included.

    Shapes: spatial… × channels × batch; the spatial size is `(size + padding - kernel) ÷ stride +
    1`.
    Raises: DimensionMismatch if `x` has not two dimensions more than the `kernel`.
    Source: NNlib, `meanpool`.
    """
    return div(_sumpool(x, g=geometry(shape(x), tuple(kernel), stride, pad)), math.prod(kernel))


def lpnormpool(x: Any, p: float, kernel: Any, *, stride: Any = None, pad: Any = 0) -> Any:
    """The p-norm of each window.

    Shapes: spatial… × channels × batch; the spatial size is `(size + padding - kernel) ÷ stride +
    1`.
    Raises: DimensionMismatch if `x` has not two dimensions more than the `kernel`.
    Source: NNlib, `lpnormpool`.
    """
    return power(_sumpool(power(x, p), g=geometry(shape(x), tuple(kernel), stride, pad)), 1 / p)


def adaptive(
    size: tuple[int, ...], out: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Kernel and stride that pool spatial dimensions of `size` to `out`.

    Source: Flux, `AdaptiveMaxPool`.
    """
    stride = tuple(n // o for n, o in zip(size, out, strict=False))
    kernel = tuple(n - (o - 1) * s for n, o, s in zip(size, out, stride, strict=False))
    return kernel, stride
