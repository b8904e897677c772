"""The mean of squared differences as one record."""

from __future__ import annotations

import math
from typing import Any

from juliette_engine.elementwise import mul, neg, sub
from juliette_engine.primitive import primitive, shape


def _squares_x(g: Any, v: Any, x: Any, y: Any) -> Any:
    return mul(sub(x, y), mul(g, 2.0 / _elements(x)))


def _squares_y(g: Any, v: Any, x: Any, y: Any) -> Any:
    return neg(_squares_x(g, v, x, y))


def _elements(x: Any) -> int:
    return math.prod(shape(x))


def _squares_x_raw(g: Any, v: Any, x: Any, y: Any) -> Any:
    d = x - y
    d *= d.dtype.type(2.0 * g / d.size)
    return d


def _squares_y_raw(g: Any, v: Any, x: Any, y: Any) -> Any:
    return -_squares_x_raw(g, v, x, y)


@primitive(_squares_x, _squares_y, raw=(_squares_x_raw, _squares_y_raw), fresh=True)
def mean_squares(x: Any, y: Any) -> Any:
    """The mean of `(x - y)²`."""
    d = x - y
    flat = d.ravel(order="K")
    return d.dtype.type(flat.dot(flat) / d.size)
