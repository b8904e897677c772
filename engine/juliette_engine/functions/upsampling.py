"""Larger images: nearest neighbours, linear interpolation, channels into pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine.elementwise import add, mul
from juliette_engine.errors import ArgumentError, UsageError
from juliette_engine.primitive import shape
from juliette_engine.primitives import getitem, permute, reshape
from juliette_engine.text import value_text


def upsample_nearest(x: Any, scale: Any = None, *, size: Any = None) -> Any:
    """Each element of `x` repeated along the spatial dimensions.

    Shapes: spatial… × channels × batch; each spatial dimension becomes `scale` times as large, or
    of `size`.
    Raises: ArgumentError if `size` is no multiple of the input's.
    Source: NNlib, `upsample_nearest`.
    """
    n = len(shape(x)) - 2
    if size is not None:
        size = (size,) * n if isinstance(size, int) else tuple(size)
        scale = tuple(s // m for s, m in zip(size, shape(x), strict=False))
        if any(s % m for s, m in zip(size, shape(x), strict=False)):
            raise ArgumentError("expected output size divisible by input size")
    scale = (scale,) * n if isinstance(scale, (int, np.integer)) else tuple(scale)
    if not 1 <= len(scale) <= n + 2:
        raise ArgumentError(f"can't upsample ndims(x)={n + 2} with scale={value_text(scale)}")
    index = [
        np.repeat(np.arange(m), scale[i]) if i < len(scale) else np.arange(m)
        for i, m in enumerate(shape(x))
    ]
    return getitem(x, np.ix_(*index))


def upsample_linear(
    x: Any, scale: Any = None, *, size: Any = None, align_corners: bool = True
) -> Any:
    """Linear interpolation of `x` along each spatial dimension, with its corners kept if `align_corners`.

    Shapes: spatial… × channels × batch; each spatial dimension becomes `scale` times as large, or
    of `size`.
    Source: NNlib, `upsample_linear`, `upsample_bilinear`, `upsample_trilinear`.
    """
    n = len(shape(x)) - 2
    if size is None:
        scale = (scale,) * n if isinstance(scale, (int, float, np.number)) else tuple(scale)
        size = tuple(math.floor(s * m) for s, m in zip(scale, shape(x), strict=False))
    else:
        size = (size,) * n if isinstance(size, (int, np.integer)) else tuple(size)
    if len(size) != n:
        raise UsageError(
            f"The scale argument should be an NTuple with length {n}, but it has length {len(size)}."
        )
    for axis in range(n):
        x = _stretched(x, axis, size[axis], align_corners)
    return x


def _stretched(x: Any, axis: int, out: int, align_corners: bool) -> Any:
    """Interpolation along one dimension."""
    from juliette_engine.tape import primal

    n = shape(x)[axis]
    if align_corners:
        at = np.arange(out) * ((n - 1) / (out - 1)) if out > 1 else np.zeros(1)
    else:
        at = np.clip((np.arange(out) + 0.5) * (n / out) - 0.5, 0, None)
    low = np.minimum(np.floor(at).astype(int), n - 1)
    high = np.minimum(low + 1, n - 1)
    dtype = primal(x).dtype
    kind = primal(x).real.dtype if dtype.kind == "c" else dtype
    weight = (at - low).astype(kind if kind.kind == "f" else float)
    weight = weight.reshape((1,) * axis + (out,) + (1,) * (len(shape(x)) - axis - 1))
    before = (slice(None),) * axis
    return add(
        mul(getitem(x, (*before, low)), 1 - weight), mul(getitem(x, (*before, high)), weight)
    )


def pixel_shuffle(x: Any, r: int) -> Any:
    """Channels of `x` into pixels: `r` times larger images with `r^d` times fewer channels.

    Shapes: spatial… × channels × batch.
    Raises: ArgumentError unless `r^d` divides the channels.
    Source: NNlib, `pixel_shuffle`.
    """
    if len(shape(x)) < 3:
        raise ArgumentError("expected x with at least 3 dimensions")
    *spatial, channels, batch = shape(x)
    d = len(spatial)
    if channels % r**d:
        raise ArgumentError(
            f"expected channel dimension to be divisible by r^{d} = {r**d}, got size(x,{d + 1}) = {channels}"
        )
    c = channels // r**d
    y = reshape(x, (*spatial, *[r] * d, c, batch))
    order = (*tuple(k for i in range(d) for k in (d + i, i)), 2 * d, 2 * d + 1)
    return reshape(permute(y, axes=order), (*[n * r for n in spatial], c, batch))
