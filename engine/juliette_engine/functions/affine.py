"""Fully connected layers as one record: product, bias and activation.

The slope of the activation is taken from the output, so the sum before it is written over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import activations, elementwise, primitives
from juliette_engine import tape as T
from juliette_engine.elementwise import add
from juliette_engine.fusion import ones
from juliette_engine.numeric import constant, product, rectify
from juliette_engine.primitive import shape, spread_like
from juliette_engine.primitives import matmul, reshape
from juliette_engine.tape import (
    IMPLICIT,
    Node,
    acc_any,
    full,
    give,
    lent,
    new,
    raw,
    strip,
)

ndarray = np.ndarray

# ---------------------------------------------------------------- activations in place


def _sigmoid(z: Any) -> Any:
    with np.errstate(over="ignore"):
        return quiet_sigmoid(z)


def quiet_sigmoid(z: Any) -> Any:
    """The sigmoid in place, for programs that hear of no overflow anyway."""
    np.negative(z, z)
    np.exp(z, z)
    z += constant(1, z.dtype)
    return np.reciprocal(z, z)


def _sigmoid_slope(g: Any, y: Any) -> Any:
    d = constant(1, y.dtype) - y
    d *= y
    d *= g
    return d


def _tanh_slope(g: Any, y: Any) -> Any:
    d = y * y
    np.subtract(constant(1, y.dtype), d, d)
    d *= g
    return d


def relu_slope(g: Any, y: Any, out: Any = None) -> Any:
    """The cotangent before a `relu`, for `g` after it."""
    return np.multiply(g, np.greater(y, constant(0, y.dtype)), out)


# activation -> (in place, cotangent of the sum before it; may it be kept)
IN_PLACE: dict[Any, tuple[Callable[[Any], Any] | None, Callable[[Any, Any], Any] | None]] = {
    activations.identity: (None, None),
    activations.relu: (rectify, relu_slope),
    activations.sigmoid: (_sigmoid, _sigmoid_slope),
    activations.tanh: (lambda z: np.tanh(z, z), _tanh_slope),
}
# The same where numpy's warnings are off.
QUIET: dict[Any, Callable[[Any], Any]] = {activations.sigmoid: quiet_sigmoid}


def dense(σ: Any, weight: Any, x: Any, bias: Any = False) -> Any:
    """`σ.(weight * x .+ bias)` for a vector or a matrix `x`; `bias` may be False.

    Shapes: `weight` is out × in, `x` in or in × batch, the result out or out × batch.
    Raises: DimensionMismatch if they do not fit.
    Source: Flux, `Dense`.
    """
    if IMPLICIT:
        weight, x, bias = lent((weight, x, bias))
    try:
        known = IN_PLACE.get(σ)
    except TypeError:  # a callable that cannot be looked up
        known = None
    if bias is None:
        bias = False
    tape = None
    values = []
    for a in (weight, x, bias):
        if type(a) is ndarray or a is False:
            values.append(a)
        elif isinstance(a, Node):
            values.append(a.data)
            if tape is None:
                tape = a.tape
            if a.nested or a.tape is not tape:
                known = None
        else:
            values.append(raw(a))
    w, v, b = values
    if known is None or not _plain(w, v, b):
        y = matmul(weight, x)
        return σ(y if b is False else add(y, bias))
    if v.ndim == 1:  # type: ignore[union-attr]
        z = w.dot(v)  # type: ignore[union-attr]
        if b is not False:
            z += b
    else:
        z = product(v.T, w.T)  # type: ignore[union-attr]
        if b is not False:
            z += b
        z = z.T
    in_place = known[0]
    if in_place is not None:
        z = in_place(z)
    if tape is None:
        return z
    r = new(tape.array_class(z))
    r.data = z
    r.grad = None
    r.tape = tape
    tape.append((_dense_back, r, (weight, x, bias), σ))
    return r


def _data(x: Any) -> Any:
    return x.data if isinstance(x, Node) else raw(x)


def _plain(w: Any, v: Any, b: Any) -> bool:
    """Real floats of one kind, where sums may be written over."""
    if type(v) is not ndarray or type(w) is not ndarray:
        return False
    d = w.dtype
    if (
        (b is False or (type(b) is ndarray and b.dtype is d and b.ndim == 1))
        and v.dtype is d
        and d.char in "fd"
    ):
        return w.ndim == 2 and 0 < v.ndim < 3
    if w.ndim != 2 or not 0 < v.ndim < 3 or w.dtype.kind != "f" or v.dtype.kind != "f":
        return False
    if b is False:
        return True
    if type(b) is not ndarray or b.ndim != 1 or b.dtype.kind != "f":
        return False
    return bool(b.dtype == w.dtype or b.dtype.itemsize <= v.dtype.itemsize)


def _dense_back(g: Any, r: Any, args: Any, σ: Any) -> None:
    weight, x, bias = args
    y = r.data
    if type(g) is not ndarray:
        g = full(g, y)
    slope = IN_PLACE[σ][1]
    dz = g if slope is None else slope(g, y)
    if isinstance(weight, Node):
        v = x.data if isinstance(x, Node) else raw(x)
        give(weight, product(v, dz.T).T if v.ndim == 2 else (v[:, None] * dz).T)
    if isinstance(bias, Node):
        if dz.ndim == 2:
            give(bias, dz.dot(ones(dz.shape[1], dz.dtype)))
        elif slope is None:
            T.acc(bias, dz)
        else:
            give(bias, dz)  # which nobody else has
    if isinstance(x, Node):
        w = weight.data if isinstance(weight, Node) else raw(weight)
        give(x, product(dz.T, w).T if dz.ndim == 2 else w.T.dot(dz))


def _dense_traced(g: Any, r: Any, args: Any, σ: Any) -> None:
    weight, x, bias = args
    w, v = _data(weight), _data(x)
    y = r.data
    g = spread_like(g, y)
    op = σ if isinstance(σ, elementwise.Elementwise) else None
    dz = g if op is None else elementwise.cotangent(op.rule, 0, g, y, (y,))
    if isinstance(weight, Node):
        acc_any(weight, primitives._matmul_a_traced(dz, y, w, v))
    if isinstance(x, Node):
        acc_any(x, primitives._matmul_b_traced(dz, y, w, v))
    if isinstance(bias, Node):
        acc_any(bias, primitives.unbroadcast(dz, bias.data))


T.TRACED_RULES[_dense_back] = _dense_traced


def bias_act(σ: Any, x: Any, bias: Any) -> Any:
    """`σ.(x .+ bias)`, with the bias along the last dimension but one.

    Shapes: that of `x`.
    Raises: DimensionMismatch if the `bias` has another length.
    Source: NNlib, `bias_act!`.
    """
    if bias is not False and bias is not None:
        n = len(shape(x))
        x = add(x, reshape(bias, (1,) * (n - 2) + (shape(bias)[0],)) if n > 2 else bias)
    return σ(x)


_ = strip
