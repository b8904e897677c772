"""Zero mean and unit variance over some dimensions, then scale and shift, as one record.

With `d = x - μ` and `u = d / √(σ² + ϵ)`, the cotangent of `x` is that of `u` without its mean and its
share along `u`, over the deviation (Ioffe and Szegedy, 2015).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine.elementwise import add, div, mul, sqrt, sub
from juliette_engine.functions.convolution import inward, outward
from juliette_engine.fusion import ones
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import reshape, sum_along
from juliette_engine.tape import Node

Axes = tuple[int, ...]


def total(a: Any, b: Any, axes: Axes) -> Any:
    """The sum of `a`, or of `a * b`, over some axes, which are kept; the first ones as rows in memory.

    Where the batch is innermost in memory, a channel is a row.
    """
    if not a.flags.f_contiguous:
        rows = inward(a).reshape(a.shape[-2], -1)
        other = None if b is None else inward(b).reshape(rows.shape)
        return _row_sums(rows, other).reshape((*(1,) * (a.ndim - 2), -1, 1))
    k = 0
    while k in axes:
        k += 1
    if k == 0:
        return (a if b is None else a * b).sum(axis=axes, keepdims=True)
    n = math.prod(a.shape[:k])
    rows = a.T.reshape(-1, n)
    sums = _row_sums(rows, None if b is None else b.T.reshape(-1, n))
    sums = sums.reshape(a.shape[k:], order="F")
    rest = tuple([i - k for i in axes[k:]])
    return (sums.sum(axis=rest, keepdims=True) if rest else sums)[(None,) * k]


def _row_sums(a: Any, b: Any) -> Any:
    """The sum of each row of `a`, or of `a * b`."""
    return a.dot(ones(a.shape[1], a.dtype)) if b is None else np.einsum("rn,rn->r", a, b)


def _forward(
    x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: dict[str, Any]
) -> Any:
    x = _ordered(x, axes)
    n = x.dtype.type(math.prod([x.shape[i] for i in axes]))
    μ = total(x, None, axes) / n
    u = x - μ
    variance = total(u, u, axes) / n
    inverse = 1 / np.sqrt(variance + x.dtype.type(eps))
    u *= inverse
    kept.update(u=u, μ=μ, variance=variance, inverse=inverse, n=n, sums=None, turned=None)
    if type(γ) is not np.ndarray:
        return u
    y = u * γ.reshape(view, order="F")
    y += β.reshape(view, order="F")
    return y


def _sums(g: Any, view: Axes, kept: dict[str, Any]) -> tuple[Any, Any]:
    """The sums of a cotangent, and of it along `u`, for each scale."""
    found = kept["sums"]
    if found is None or found[0] is not g:
        axes = tuple([i for i, m in enumerate(view) if m == 1])
        found = kept["sums"] = g, total(g, None, axes), total(g, kept["u"], axes)
    return found[1], found[2]


def _ordered(x: Any, axes: Axes) -> Any:
    """An array in Julia's order in memory, or with the batch innermost where only channels are left."""
    if x.flags.f_contiguous:
        return x
    channels = axes == (*range(x.ndim - 2), x.ndim - 1)
    if channels and x.ndim > 2 and inward(x).flags.c_contiguous:
        return x
    return np.asfortranarray(x)


def _along(g: Any, kept: dict[str, Any]) -> Any:
    """A cotangent in the order of `u`, the same array each time."""
    if kept["u"].flags.f_contiguous:
        if g.flags.f_contiguous:
            return g
    elif not g.flags.f_contiguous and inward(g).flags.c_contiguous:
        return g
    found = kept["turned"]
    if found is None or found[0] is not g:
        if kept["u"].flags.f_contiguous:
            turned = np.asfortranarray(g)
        else:
            turned = outward(np.ascontiguousarray(inward(g)))
        found = kept["turned"] = g, turned
    return found[1]


def _raw_x(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    u, inverse, n = kept["u"], kept["inverse"], kept["n"]
    g = _along(g, kept)
    if type(γ) is not np.ndarray:
        mean, share, factor = total(g, None, axes) / n, total(g, u, axes) / n, inverse
    elif axes == tuple([i for i, m in enumerate(view) if m == 1]):
        sums, along = _sums(g, view, kept)
        mean, share, factor = sums / n, along / n, inverse * γ.reshape(view, order="F")
    else:
        g = g * γ.reshape(view, order="F")
        mean, share, factor = total(g, None, axes) / n, total(g, u, axes) / n, inverse
    out = u * -share
    out += g
    out -= mean
    out *= factor
    return out


def _raw_γ(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    return _sums(_along(g, kept), view, kept)[1].reshape(γ.shape, order="F")


def _raw_β(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    return _sums(_along(g, kept), view, kept)[0].reshape(β.shape, order="F")


# ---------------------------------------------------------------- the same from recorded operations


def mean_over(x: Any, axes: Axes) -> Any:
    """The mean with the dimensions kept."""
    size = shape(x)
    return div(sum_along(x, axes), float(math.prod([size[i] for i in axes])))


def _parts(x: Any, axes: Axes, eps: float) -> tuple[Any, Any]:
    d = sub(x, mean_over(x, axes))
    deviation = sqrt(add(mean_over(mul(d, d), axes), eps))
    return div(d, deviation), deviation


def _partial_x(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    u, deviation = _parts(x, axes, eps)
    if shape(γ):
        g = mul(g, reshape(γ, view))
    return div(sub(sub(g, mean_over(g, axes)), mul(u, mean_over(mul(g, u), axes))), deviation)


def _partial_γ(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    scales = tuple([i for i, m in enumerate(view) if m == 1])
    return reshape(sum_along(mul(g, _parts(x, axes, eps)[0]), scales), shape(γ))


def _partial_β(
    g: Any, y: Any, x: Any, γ: Any, β: Any, *, axes: Axes, view: Axes, eps: float, kept: Any
) -> Any:
    return reshape(sum_along(g, tuple([i for i, m in enumerate(view) if m == 1])), shape(β))


_standardise = primitive(
    _partial_x, _partial_γ, _partial_β, raw=(_raw_x, _raw_γ, _raw_β), fresh=True, name="standardise"
)(_forward)


def _plain(a: Any) -> Any:
    while isinstance(a, Node):
        a = a.data
    return a


def standardise(x: Any, γ: Any, β: Any, axes: Axes, view: Axes, eps: float) -> Any:
    """`γ (x - μ) / √(σ² + ϵ) + β`, then μ and σ² over `axes`; None for arrays of mixed or other kinds.

    `γ` and `β` have the shape `view` beside `x`; without them (1 and 0) nothing is scaled or shifted.
    """
    plain = [_plain(a) for a in (x, γ, β)]
    kind = getattr(plain[0], "dtype", None)
    if type(plain[0]) is not np.ndarray or kind.char not in "fd" or not plain[0].size:  # type: ignore[union-attr]
        return None
    if any(type(a) is np.ndarray and a.dtype != kind for a in plain[1:]):
        return None
    kept: dict[str, Any] = {}
    y = _standardise(x, γ, β, axes=axes, view=view, eps=float(eps), kept=kept)
    return y, kept["μ"], kept["variance"]
