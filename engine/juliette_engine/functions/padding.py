"""Padding of arrays with a constant or with their own elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.errors import ArgumentError, OutOfBounds
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import getitem
from juliette_engine.tape import primal

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
    """`x` with a constant `value` around; `dims` (from 0) says where.

    Shapes: each dimension grows by what `pad` says: one number, one for each of `dims`, or one for
    each of their sides.
    Raises: ArgumentError if there are other numbers of them.
    Source: NNlib, `pad_constant`.
    """
    return _constant(x, pairs=widths(len(shape(x)), pad, dims), value=value)


def pad_zeros(x: Any, pad: Any, *, dims: Any = None) -> Any:
    """`x` with zeros around.

    Shapes: each dimension grows by what `pad` says: one number, one for each of `dims`, or one for
    each of their sides.
    Raises: ArgumentError if there are other numbers of them.
    Source: NNlib, `pad_zeros`.
    """
    return pad_constant(x, pad, 0, dims=dims)


# What of `n` elements stands before and behind them, by the mode's name for numpy.
_TAKEN: dict[str, Any] = {
    "reflect": (lambda n, a: slice(1, a + 1), lambda n, b: slice(n - b - 1, n - 1)),
    "symmetric": (lambda n, a: slice(0, a), lambda n, b: slice(n - b, n)),
    "wrap": (lambda n, a: slice(n - a, n), lambda n, b: slice(0, b)),
    "edge": (lambda n, a: slice(0, 1), lambda n, b: slice(n - 1, n)),
}


def _by_index(mode: str, name: str) -> Any:
    def f(x: Any, pad: Any, *, dims: Any = None) -> Any:
        size = shape(x)
        one = isinstance(pad, (int, np.integer))
        if dims is None:
            dims = tuple(range(max(len(size) - 2, 0) if one else len(pad) // 2))
        elif isinstance(dims, (int, np.integer)):
            dims = (int(dims),)
        if not one and len(pad) // 2 != len(dims):
            raise ArgumentError(
                "The number of dims should be equal to the number of padding dimensions"
            )
        index: list[Any] = [np.arange(n) for n in size]
        for k, d in enumerate(dims):
            n = size[d]
            sides = (int(pad), int(pad)) if one else (int(pad[2 * k]), int(pad[2 * k + 1]))
            for taken, count in zip(_TAKEN[mode], sides, strict=True):
                part = taken(n, count)
                if count and not 0 <= part.start <= part.stop <= n:
                    whole = [slice(0, m) for m in size]
                    raise OutOfBounds(primal(x), (*whole[:d], part, *whole[d + 1 :]))
            index[d] = np.pad(index[d], sides, mode=mode) if any(sides) else index[d]  # type: ignore[call-overload]
        return getitem(x, np.ix_(*index))

    f.__doc__ = f"""`x` with its own elements around it ({mode}).

    Shapes: dimensions `dims` (from 0) grow by what `pad` says, one number or one for each side; without
    `dims` the first ones, as many as `pad` has pairs, or all but two for one number.
    Raises: ArgumentError for another number of them, an error of bounds for more than there is.
    Source: NNlib, `pad_{name}`.
    """
    return f


pad_reflect, pad_symmetric = _by_index("reflect", "reflect"), _by_index("symmetric", "symmetric")
pad_circular, pad_repeat = _by_index("wrap", "circular"), _by_index("edge", "repeat")
