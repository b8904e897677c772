"""Dropout and gates as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import mul, sigmoid
from juliette_engine.errors import AssertionFailed
from juliette_engine.initialisers import uniform
from juliette_engine.primitive import shape
from juliette_engine.primitives import getitem
from juliette_engine.tape import primal


def dropout(x: Any, p: float, dims: Any = slice(None), rng: Any = None) -> Any:
    """`x` with a fraction `p` of its elements set to zero, the others divided by `1 - p`.

    Shapes: that of `x`; with `dims` (from 1) all along the others are set together.
    Source: Srivastava and others (2014); NNlib, `dropout`. Numbers come from `rng`.
    """
    size = shape(x)
    if not isinstance(dims, slice):
        keep = {dims} if isinstance(dims, int) else set(dims)
        size = tuple(n if i + 1 in keep else 1 for i, n in enumerate(size))
    dtype = np.asarray(primal(x)).dtype
    return mul(x, dropout_mask(size, dtype if dtype.kind == "f" else np.dtype(float), p, rng))


def dropout_mask(size: tuple[int, ...], dtype: Any, p: float, rng: Any = None) -> Any:
    """Zeros, a fraction `p` of them, and elsewhere `1 / (1 - p)`."""
    chosen = uniform(size, dtype, rng) > p
    factor = 0.0 if p == 1 else 1 / (1 - p)
    return np.asfortranarray((chosen * factor).astype(dtype))


def glu(x: Any, dim: int = 1) -> Any:
    """The first half of `x` along a dimension `dim` (from 1) times the sigmoid of the second.

    Shapes: half as much along `dim`.
    Raises: AssertionFailed for an odd number.
    Source: Dauphin and others (2017); NNlib, `glu`.
    """
    size = shape(x)
    n = size[dim - 1] if dim <= len(size) else 1
    if n % 2:
        raise AssertionFailed(f"Even dimension of size {n} expected")
    lead = (slice(None),) * (dim - 1)
    first = getitem(x, (*lead, slice(0, n // 2)))
    return mul(first, sigmoid(getitem(x, (*lead, slice(n // 2, n)))))
