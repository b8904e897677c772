"""Julia's dimensions as the engine's axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.runtime import values as V
from juliette.runtime.array import elements
from juliette.runtime.errors import ArgumentError, NoMethod


def axes_of(dims: Any, n: int) -> tuple[int, ...] | None:
    """Julia's `dims` as axes; None for all."""
    if dims is None or isinstance(dims, V.ColonType):
        return None
    given = dims if type(dims) is tuple else tuple(listed(dims))
    for d in given:
        if int(d) < 1:
            raise ArgumentError(f"region dimension(s) must be ≥ 1, got {int(d)}")
    return tuple([int(d) - 1 for d in given if int(d) <= n])


def listed(x: Any) -> list[Any]:
    """A number, or the elements of a collection."""
    if isinstance(x, (int, np.integer)):
        return [x]
    if not isinstance(x, ArrayLike):
        raise NoMethod("dimensions are whole numbers")
    return list(elements(np.asarray(x.data)))
