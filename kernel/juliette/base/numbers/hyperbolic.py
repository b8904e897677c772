"""`sinh` and `cosh` of Float64, with more care near 0 than the platform's own.

Away from 0 both are halves of `exp(x)` and `exp(-x)`. Near 0 those would cancel: there the value is
computed with the spare bits of a long double, so that it is rounded once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Up to here (in size) an argument is near 0; from `FAR` on `exp(x)` overflows before its half does.
NEAR_SINH, NEAR_COSH, FAR = 2.1, 1.0, 709.0


def sinh(x: float) -> float:
    """The hyperbolic sine."""
    size = abs(x)
    if size <= NEAR_SINH:
        return float(np.sinh(np.longdouble(x)))
    if size >= FAR:
        return math.copysign(_half_square(size), x)
    e = math.exp(size)
    return math.copysign(0.5 * (e - 1 / e), x) if x == x else x


def cosh(x: float) -> float:
    """The hyperbolic cosine."""
    size = abs(x)
    if size <= NEAR_COSH:
        return float(np.cosh(np.longdouble(x)))
    if size >= FAR:
        return _half_square(size)
    e = math.exp(size)
    return 0.5 * (e + 1 / e)


def _half_square(size: float) -> float:
    """`exp(size) / 2` where `exp(size)` itself may be too large."""
    try:
        e = math.exp(size / 2)
    except OverflowError:
        return math.inf
    return 0.5 * e * e


def sinh_of_all(x: Any) -> Any:
    """`sinh` of each element of an array."""
    return _of_all(x, np.sinh, sinh, NEAR_SINH)


def cosh_of_all(x: Any) -> Any:
    """`cosh` of each element of an array."""
    return _of_all(x, np.cosh, cosh, NEAR_COSH)


def _of_all(x: Any, ufunc: Any, scalar: Any, near: float) -> Any:
    """Elements near 0 in long doubles at once, the others as the scalar function does them."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        return ufunc(x)
    size = np.abs(x)
    if not (size < FAR).all():
        return np.array([scalar(v) for v in x.ravel().tolist()]).reshape(x.shape)
    close = size <= near
    out = np.empty_like(x)
    out[close] = ufunc(x[close].astype(np.longdouble))
    rest = x[~close]
    e = np.exp(np.abs(rest))
    out[~close] = 0.5 * (e + 1 / e) if ufunc is np.cosh else np.copysign(0.5 * (e - 1 / e), rest)
    return out
