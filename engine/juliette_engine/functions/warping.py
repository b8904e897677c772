"""Images read at other places: sampled on a grid, or turned round a point."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine.elementwise import add, mul, sub
from juliette_engine.errors import ArgumentError, AssertionFailed
from juliette_engine.primitive import shape
from juliette_engine.primitives import getitem
from juliette_engine.tape import primal

Pair = tuple[Any, Any]


def _picked(x: Any, i: Any, j: Any) -> Any:
    """`x[i, j, :, :]` for places of each channel and batch; zero outside of the image."""
    width, height, channels, batch = shape(x)
    inside = (i >= 0) & (i < width) & (j >= 0) & (j < height)
    where = (
        np.clip(i, 0, width - 1), np.clip(j, 0, height - 1),
        np.arange(channels)[None, None, :, None], np.arange(batch)[None, None, None, :],
    )  # fmt: skip
    return mul(getitem(x, where), inside.astype(primal(x).dtype))


def _bilinear(x: Any, u: Any, v: Any) -> Any:
    """The image between its four nearest pixels at the places (u, v), which count from 0."""
    kind = primal(x).dtype
    left, low = np.floor(primal(u)), np.floor(primal(v))
    a, b = sub(u, left.astype(kind)), sub(v, low.astype(kind))
    i, j = left.astype(np.int64), low.astype(np.int64)
    out = None
    for di, wi in ((0, sub(1, a)), (1, a)):
        for dj, wj in ((0, sub(1, b)), (1, b)):
            part = mul(mul(wi, wj), _picked(x, i + di, j + dj))
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
    zeros, or the pixels of the border with `padding_mode="border"`.
    """
    if padding_mode not in ("zeros", "border"):
        raise ArgumentError(f"No padding mode such as {padding_mode}")
    border = padding_mode == "border"
    width, height = shape(x)[:2]
    places = [slice(None), slice(None), None, slice(None)]
    u = _source(getitem(grid, (0, *places)), width, border)
    v = _source(getitem(grid, (1, *places)), height, border)
    return _bilinear(x, u, v)


def imrotate(x: Any, angle: float, *, method: str = "bilinear", midpoint: Any = None) -> Any:
    """`x` (height, width, channels, batch) turned by an angle round `midpoint`, which counts from 1."""
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
    return mul(_bilinear(x, u, v), full.astype(kind)[:, :, None, None])


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
