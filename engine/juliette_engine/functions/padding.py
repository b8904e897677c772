"""Padding of arrays with a constant or with their own elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.errors import ArgumentError
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import getitem

ndarray = np.ndarray


def widths(n: int, pad: Any, dims: Any = None) -> tuple[tuple[int, int], ...]:
    """(before, after) for each of `n` dimensions, from one number, one for each dimension, or two."""
    where = (
        tuple(range(n))
        if dims is None
        else (int(dims),)
        if isinstance(dims, (int, np.integer))
        else tuple(dims)
    )
    if isinstance(pad, (int, np.integer)):
        pairs = [(int(pad), int(pad))] * len(where)
    elif len(pad) == 2 * len(where):
        pairs = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in range(len(where))]
    elif len(pad) == len(where):
        pairs = [(int(p), int(p)) for p in pad]
    elif dims is None and len(pad) % 2 == 0 and len(pad) <= 2 * n:
        pairs = [(int(pad[2 * i]), int(pad[2 * i + 1])) for i in range(len(pad) // 2)]
        where = where[: len(pairs)]
    else:
        shown = f"({', '.join(map(str, pad))}{',' if len(pad) == 1 else ''})"
        at = f"({', '.join(str(d + 1) for d in where)}{',' if len(where) == 1 else ''})"
        raise ArgumentError(f"Could not parse padding {shown} and dims {at}")
    out = [(0, 0)] * n
    for d, pair in zip(where, pairs, strict=True):
        if 0 <= d < n:
            out[d] = pair
    return tuple(out)


@primitive(
    lambda g, y, x, *, pairs, value: getitem(
        g, tuple(slice(a, a + n) for (a, _), n in zip(pairs, shape(x), strict=True))
    ),
    name="pad_constant",
)
def _constant(x: Any, *, pairs: Any, value: Any) -> Any:
    out = np.full(
        tuple(n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True)),
        value,
        x.dtype,
        order="F",
    )
    out[tuple(slice(a, a + n) for (a, _), n in zip(pairs, x.shape, strict=True))] = x
    return out


def pad_constant(x: Any, pad: Any, value: Any = 0, *, dims: Any = None) -> Any:
    """`x` with a constant around; `dims` (from 0) says where."""
    return _constant(x, pairs=widths(len(shape(x)), pad, dims), value=value)


def pad_zeros(x: Any, pad: Any, *, dims: Any = None) -> Any:
    """`x` with zeros around."""
    return pad_constant(x, pad, 0, dims=dims)


def _by_index(mode: str) -> Any:
    def f(x: Any, pad: Any, *, dims: Any = None) -> Any:
        size = shape(x)
        if dims is None:
            named = 0 if isinstance(pad, (int, np.integer)) else len(pad) // 2
            dims = tuple(range(named or max(len(size) - 2, 1)))
        pairs = widths(len(size), pad, dims)
        index = []
        for n, (a, b) in zip(size, pairs, strict=True):
            index.append(np.pad(np.arange(n), (a, b), mode=mode) if a or b else np.arange(n))  # type: ignore[call-overload]
        return getitem(x, np.ix_(*index))

    f.__doc__ = f"`x` with its own elements around it ({mode})."
    return f


pad_reflect, pad_symmetric = _by_index("reflect"), _by_index("symmetric")
pad_circular, pad_repeat = _by_index("wrap"), _by_index("edge")
