"""Images read at other places: sampled on a grid, or turned round a point."""

from __future__ import annotations

import math
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from juliette_engine.elementwise import add, mul, sub
from juliette_engine.errors import ArgumentError, AssertionFailed
from juliette_engine.primitive import shape
from juliette_engine.primitives import getitem
from juliette_engine.tape import primal


def _picked(x: Any, *places: Any) -> Any:
    """`x[i, j, …, :, :]` for places of each channel and batch; zero outside of the image."""
    *sizes, channels, batch = shape(x)
    inside = np.logical_and.reduce(
        np.broadcast_arrays(*[(i >= 0) & (i < n) for i, n in zip(places, sizes, strict=True)])
    )
    before = (None,) * len(sizes)
    where = (
        *[np.clip(i, 0, n - 1) for i, n in zip(places, sizes, strict=True)],
        np.arange(channels)[(*before, slice(None), None)],
        np.arange(batch)[(*before, None, slice(None))],
    )
    return mul(getitem(x, where), inside.astype(primal(x).dtype))


def _between(x: Any, *places: Any) -> Any:
    """The image between its nearest pixels at places that count from 0."""
    kind = primal(x).dtype
    sides = []  # for each dimension: the pixel before and the one behind, with the share of each
    for u in places:
        low = np.floor(primal(u))
        a, i = sub(u, low.astype(kind)), low.astype(np.int64)
        sides.append(((i, sub(1, a)), (i + 1, a)))
    out = None
    for corner in product(*sides):
        share = reduce(mul, [w for _, w in corner])
        part = mul(share, _picked(x, *[i for i, _ in corner]))
        out = part if out is None else add(out, part)
    return out


def _source(coordinate: Any, size: int, border: bool) -> Any:
    """A coordinate between -1 and 1 as a place that counts from 0."""
    u = mul(add(coordinate, 1), (size - 1) / 2)
    if not border:
        return u
    p = primal(u)
    free = (p > 0) & (p < size - 1)
    return add(
        mul(u, free.astype(p.dtype)), np.where(free, 0, np.clip(p, 0, size - 1)).astype(p.dtype)
    )


def grid_sample(x: Any, grid: Any, *, padding_mode: str = "zeros") -> Any:
    """`x` (width, height, channels, batch) at the places of `grid` (2, width, height, batch).

    Places lie between -1 and 1, the centres of the corner pixels; outside of them there are
    zeros, or the pixels of the border with `padding_mode="border"`.  Images may have a depth, too:
    `x` is (width, height, depth, channels, batch) and `grid` (3, width, height, depth, batch).

    Shapes: the spatial size of `grid`, the channels and the batch of `x`.
    Raises: ArgumentError for another `padding_mode`.
    Source: NNlib, `grid_sample`.
    """
    if padding_mode not in ("zeros", "border"):
        raise ArgumentError(f"No padding mode such as {padding_mode}")
    sizes = shape(x)[:-2]
    rest = (*(slice(None),) * len(sizes), None, slice(None))
    return _between(
        x,
        *[
            _source(getitem(grid, (d, *rest)), n, padding_mode == "border")
            for d, n in enumerate(sizes)
        ],
    )


def imrotate(x: Any, angle: float, *, method: str = "bilinear", midpoint: Any = None) -> Any:
    """`x` (height, width, channels, batch) turned by an angle round `midpoint`, which counts from 1.

    Shapes: that of `x`.
    Raises: ArgumentError for a `method` other than "bilinear" and "nearest".
    Source: NNlib, `imrotate`.
    """
    kind = primal(x).dtype
    if kind.kind in "iub" and method != "nearest":
        raise AssertionFailed("If the array has an Int eltype, only method=:nearest is supported")
    if method not in ("bilinear", "nearest"):
        raise ArgumentError(f"No interpolation method such as {method}")
    m, n = shape(x)[:2]
    centre = (
        tuple(float(c) - 1 for c in midpoint)
        if midpoint is not None
        else (float(m // 2), float(n // 2))
    )
    angle = float(angle) % (2 * math.pi)
    quarter = _quarter_turns(angle, (m, n), centre)
    if quarter is not None:
        return _turned(x, quarter)
    sine, cosine = math.sin(angle), math.cos(angle)
    dy = (np.arange(m) - centre[0])[:, None]
    dx = (np.arange(n) - centre[1])[None, :]
    u = cosine * dy - sine * dx + centre[0]
    v = sine * dy + cosine * dx + centre[1]
    if method == "nearest":
        return _picked(
            x,
            np.rint(u).astype(np.int64)[:, :, None, None],
            np.rint(v).astype(np.int64)[:, :, None, None],
        )
    full = (np.floor(u) >= 0) & (np.floor(u) < m - 1) & (np.floor(v) >= 0) & (np.floor(v) < n - 1)
    u, v = (np.where(full, c, 0).astype(kind)[:, :, None, None] for c in (u, v))
    return mul(_between(x, u, v), full.astype(kind)[:, :, None, None])


def _quarter_turns(angle: float, size: tuple[int, int], centre: tuple[float, ...]) -> int | None:
    """How many quarters of a turn an angle is, where no pixel need be mixed."""
    if angle == 0:
        return 0
    if size[0] % 2 != size[1] % 2 or any(
        abs(c - (k - 1) / 2) > 1e-6 for c, k in zip(centre, size, strict=True)
    ):
        return None
    turns = angle / (math.pi / 2)
    exact = abs(turns - round(turns)) < 1e-7 and (round(turns) == 2 or size[0] == size[1])
    return round(turns) % 4 if exact else None


def _turned(x: Any, turns: int) -> Any:
    """`x` turned by quarters, read in the order of its new pixels."""
    m, n = shape(x)[:2]
    i, j = (
        np.rot90(np.arange(m)[:, None] + np.zeros((1, n), int), -turns),
        np.rot90(np.zeros((m, 1), int) + np.arange(n), -turns),
    )
    return _picked(x, i[:, :, None, None], j[:, :, None, None])
