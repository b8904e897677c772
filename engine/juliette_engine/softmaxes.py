"""Softmax and its logarithm, the logarithm of a sum of exponentials, norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.elementwise import (
    add,
    div,
    exp,
    floating,
    log,
    mul,
    neg,
    sqrt,
    sub,
)
from juliette_engine.errors import Inapplicable, scalar_given
from juliette_engine.primitive import number, primitive, shape
from juliette_engine.primitives import extreme, sum_along, total, unbroadcast
from juliette_engine.tape import (
    Node,
    primal,
    raw,
)

ndarray = np.ndarray


@primitive(
    lambda g, y, x: mul(mul(2, g), x), raw=(lambda g, y, x: x * (g + g),), uniform=True, fresh=True
)
def sum_of_squares(x: Any) -> Any:
    """The sum of the squares of all elements of a real array."""
    flat = x.ravel("K")
    out = flat.dot(flat)
    return out.item() if type(out) is np.float64 else out


def _softmax_partial(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return mul(sub(g, sum_along(mul(g, y), axes)), y)


def _softmax_raw(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    if y.ndim == 1:
        d = g - g.dot(y)
    else:
        d = g * y
        d = g - np.add.reduce(d, axes, keepdims=True)
    d *= y
    return d


@primitive(_softmax_partial, raw=(_softmax_raw,), fresh=True, name="softmax")
def _softmax(x: Any, *, axes: tuple[int, ...]) -> Any:
    if not x.size:
        return x.astype(x.dtype if x.dtype.kind == "f" else float)
    if x.ndim == 1:
        peak = np.maximum.reduce(x)
        e = x - peak
        if peak == np.inf:
            e = _infinite(x, e, peak, 0.0)
        if e.dtype.kind != "f":
            e = e.astype(float)
        np.exp(e, e)
        e /= np.add.reduce(e)
        return e
    peak = np.maximum.reduce(x, axes, keepdims=True)
    e = x - peak
    if np.maximum.reduce(peak, None) == np.inf:
        e = _infinite(x, e, peak, 0.0)
    if e.dtype.kind != "f":
        e = e.astype(float)
    np.exp(e, e)
    e /= np.add.reduce(e, axes, keepdims=True)
    return e


def _infinite(x: Any, e: Any, peak: Any, top: float) -> Any:
    """The differences to the peak, where this may be infinite: what reaches it is at the top, nothing else counts."""
    return np.where(
        peak == np.inf, np.where(x == np.inf, e.dtype.type(top), e.dtype.type(-np.inf)), e
    )


def check_real(name: str, x: Any) -> None:
    """Raise the error of something that is no array of numbers with an order."""
    if not isinstance(x, (ndarray, Node)):
        raise Inapplicable(name, (x,))
    if getattr(primal(x), "dtype", None) in (np.complex128, np.complex64):
        raise Inapplicable("isless", (x, x))


def softmax(x: Any, axes: tuple[int, ...] = (0,)) -> Any:
    """Normalised exponentials of `x` along the dimensions `axes`, by default the first.

    Shapes: that of `x`; sums along `axes` are one.
    Raises: UsageError for a number.
    Source: Bridle (1990); NNlib, `softmax`.
    """
    if isinstance(x, (float, int)):
        raise scalar_given("softmax")
    check_real("softmax", x)
    return _softmax(x, axes=axes)


def _logsoftmax_raw(g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    d = np.exp(y)
    d *= np.add.reduce(g, axes, keepdims=True)
    return np.subtract(g, d, d)


@primitive(
    lambda g, y, x, *, axes: sub(g, mul(exp(y), sum_along(g, axes))),
    raw=(_logsoftmax_raw,),
    fresh=True,
    name="logsoftmax",
)
def _logsoftmax(x: Any, *, axes: tuple[int, ...]) -> Any:
    if not x.size:
        return x.astype(x.dtype if x.dtype.kind == "f" else float)
    peak = np.maximum.reduce(x, axes, keepdims=True)
    e = x - peak
    if np.maximum.reduce(peak, None) == np.inf:
        e = _infinite(x, e, peak, 0.0)
    if e.dtype.kind != "f":
        e = e.astype(float)
    e -= np.log(np.add.reduce(np.exp(e), axes, keepdims=True))
    return e


def logsoftmax(x: Any, axes: tuple[int, ...] = (0,)) -> Any:
    """`log.(softmax(x))` along the dimensions `axes`, by default the first, computed without overflow.

    Shapes: that of `x`.
    Raises: UsageError for a number.
    Source: NNlib, `logsoftmax`.
    """
    if isinstance(x, (float, int)):
        raise scalar_given("logsoftmax")
    check_real("logsoftmax", x)
    return _logsoftmax(x, axes=axes)


def logsumexp(x: Any, axes: tuple[int, ...] | None = None) -> Any:
    """`log(sum(exp.(x)))`, stable; along the dimensions `axes` they stay with size 1.

    Raises: nothing.
    Source: NNlib, `logsumexp`.
    """
    if not math.prod(shape(x)):
        return log(total(exp(x)) if axes is None else sum_along(exp(x), axes))
    if axes is None:
        peak = np.max(raw(primal(x)))
        return add(log(total(exp(sub(x, peak)))), number(peak))
    peak = np.max(raw(primal(x)), axis=axes, keepdims=True)
    return add(log(sum_along(exp(sub(x, peak)), axes)), peak)


def norm(x: Any, p: Any = 2) -> Any:
    """The `p`-norm of all elements; its gradient at zero is zero."""
    from juliette_engine.elementwise import abs2, absolute, power

    q = primal(p)
    if q is not p and q not in (0, np.inf, -np.inf):
        return power(total(power(absolute(x), p)), div(1.0, p))
    if q == 2:
        return _norm(x) if not np.iscomplexobj(primal(x)) else _sqrt_of_sum(total(abs2(x)))
    if q == 1:
        return total(absolute(x))
    if q == 0:
        return total(np.asarray(primal(x) != 0, dtype=float))
    if not math.prod(shape(x)):
        return _norm(x)
    if q in (np.inf, -np.inf):
        return extreme(absolute(x), np.argmax if q > 0 else np.argmin)
    return power(total(power(absolute(x), q)), 1 / q)


def _sqrt_of_sum(s: Any) -> Any:
    return sqrt(s) if primal(s) != 0 else mul(s, 0.0)


def _norm_partial(g: Any, y: Any, x: Any) -> Any:
    return mul(x, div(g, y)) if primal(y) != 0 else mul(x, 0.0)


@primitive(_norm_partial, fresh=True, name="norm")
def _norm(x: Any) -> Any:
    if type(x) is not ndarray:
        return abs(x)
    if x.dtype.kind != "f":
        x = x.astype(float)
    flat = x.reshape(-1, order="A")
    out = np.sqrt(flat.dot(flat))
    return number(out)


T.set_cotangent_operations(add, unbroadcast)
_ = (floating, neg)
