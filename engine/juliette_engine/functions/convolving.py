"""A layer of convolution as one record: windows, product, bias and activation.

The slope of the activation is taken from the output, so the sum before it is written over.  Where the
largest of windows follows, it is taken first: activations of this kind never fall, so bias and
activation then work on what is left.  `value`, `pooled_value` and the cotangents are plain functions
of arrays; records and straight-line programs call them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import Elementwise, add, cotangent
from juliette_engine.functions.affine import IN_PLACE, relu_slope
from juliette_engine.functions.convolution import (
    Geometry,
    columns,
    conv,
    conv_data,
    conv_filter,
    filter_from,
    geometry,
    inward,
    kernel_matrix,
    multiply,
    outward,
)
from juliette_engine.functions.pooling import geometry as windows
from juliette_engine.functions.pooling import maxpool as largest_of_windows
from juliette_engine.fusion import ones
from juliette_engine.primitive import PRIMITIVES, shape, spread_like
from juliette_engine.primitives import reshape, sum_along
from juliette_engine.tape import (
    IMPLICIT,
    KEEPING_RULES,
    TRACED_RULES,
    Node,
    acc_any,
    full,
    give,
    new,
    raw,
)

ndarray = np.ndarray
maxpool = PRIMITIVES["maxpool"]

# ---------------------------------------------------------------- on arrays


def value(in_place: Any, x: Any, w: Any, bias: Any, g: Geometry) -> tuple[Any, Any]:
    """`σ.(conv(x, w) .+ bias)` and the columns; `bias` and σ (which works in place) may be None."""
    cols = columns(x, g)
    z = multiply(kernel_matrix(w, g), cols).reshape((w.shape[-1], *g.output[::-1], x.shape[-1]))
    return finished(in_place, outward(z), bias), cols


def finished(in_place: Any, z: Any, bias: Any) -> Any:
    """`σ.(z .+ bias)`, written over `z`."""
    flat = inward(z).reshape(z.shape[-2], -1)
    if bias is not None:
        flat += bias[:, None]
    if in_place is not None:
        in_place(flat)
    return z


def pooled_value(
    in_place: Any, x: Any, w: Any, bias: Any, g: Geometry, pool: Geometry
) -> tuple[Any, Any, tuple[Any, Any]]:
    """`maxpool(σ.(conv(x, w) .+ bias))`, the columns, and what the way back through `pool` needs."""
    z, cols = value(None, x, w, None, g)
    top = maxpool.forward(z, g=pool)
    return finished(in_place, top.copy(order="K"), bias), cols, (z, top)


def before_pool(dy: Any, kept: tuple[Any, Any], pool: Geometry) -> Any:
    """The cotangent before `pool`."""
    z, top = kept
    return maxpool.raws[0](dy, top, z, g=pool)


def before_activation(slope: Any, dy: Any, y: Any, own: bool = False) -> Any:
    """The cotangent of the sum before the activation; an `own` one may be written over."""
    if slope is None:
        return dy
    inner = inward(dy)
    if not inner.flags.c_contiguous:
        inner = np.ascontiguousarray(inner)
        own = True
    there = inward(y)
    dz = slope(inner, there, inner) if slope is relu_slope and own else slope(inner, there)
    return outward(dz)


def weight_cotangent(dz: Any, cols: Any, w: Any, g: Geometry) -> Any:
    """The cotangent of the weights."""
    return filter_from(cols, dz, g, w.shape)


def bias_cotangent(dz: Any) -> Any:
    """The cotangent of the bias."""
    inner = inward(dz)
    flat = np.ascontiguousarray(inner).reshape(inner.shape[0], -1)
    return flat.dot(ones(flat.shape[1], flat.dtype))


# ---------------------------------------------------------------- as a record


def conv_layer(
    σ: Any,
    x: Any,
    w: Any,
    bias: Any = False,
    *,
    stride: Any = 1,
    pad: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    flipped: bool = False,
    pool: tuple[Any, Any] | None = None,
) -> Any:
    """`σ.(conv(x, w) .+ bias)` as one record; the sum before the activation is written over.

    With `pool`, a kernel and a stride, the largest of such windows of it.

    Shapes: those of `conv`.
    Raises: what `conv` raises.
    Source: Flux, `Conv`; NNlib, `conv_bias_act`.
    """
    known = IN_PLACE.get(σ) if getattr(σ, "__hash__", None) else None
    nodes = [v for v in (x, w, bias) if isinstance(v, Node)]
    xv, wv, bv = [v.data if isinstance(v, Node) else raw(v) for v in (x, w, bias)]
    plain = known is not None and all(
        [v.dtype.kind == "f" and v.dtype == wv.dtype for v in (xv, wv, bv) if type(v) is ndarray]
    )
    if not plain or IMPLICIT or any([n.nested or n.tape is not nodes[0].tape for n in nodes]):
        options = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}
        y = conv(x, w, **options, flipped=flipped)
        if bias is not False and bias is not None:
            n = len(shape(w)) - 2
            y = add(y, reshape(bias, (*(1,) * n, shape(bias)[0], 1)))
        y = σ(y)
        return y if pool is None else largest_of_windows(y, pool[0], stride=pool[1])
    assert known is not None
    g = geometry(xv.shape, wv.shape, stride, pad, dilation, groups, flipped)
    given = (known[0], xv, wv, bv if type(bv) is ndarray else None, g)
    if pool is None:
        y, cols = value(*given)
        over = None
    else:
        over = windows((*g.output, *wv.shape[-1:], xv.shape[-1]), pool[0], pool[1])
        y, cols, kept = pooled_value(*given, over)
        over = (over, kept)
    if not nodes:
        return y
    tape = nodes[0].tape
    r: Any = new(tape.array_class(y))
    r.data = y
    r.grad = None
    r.tape = tape
    tape.append((_layer_back, r, (x, w, bias), [σ, g, cols, over]))
    return r


def _layer_back(grad: Any, r: Any, args: Any, kept: list[Any]) -> None:
    """The step back.  What it needs goes as soon as it may: the columns of the input's cotangent take the room."""
    x, w, bias = args
    over = kept.pop()
    cols = kept.pop()
    σ, g = kept
    y = r.data
    dy = full(grad, y)
    own = dy is not grad or getattr(r, "own", False)
    dz = before_activation(IN_PLACE[σ][1], dy, y, own)
    if isinstance(bias, Node):
        give(bias, bias_cotangent(dz))
    if over is not None:
        pool, found = over
        dz = before_pool(dz, found, pool)
        del found, over
    wv = w.data if isinstance(w, Node) else raw(w)
    if isinstance(w, Node):
        give(w, weight_cotangent(dz, cols, wv, g))
    del cols
    if isinstance(x, Node):
        give(x, conv_data.forward(dz, wv, g=g))


def _layer_again(grad: Any, r: Any, args: Any, kept: list[Any]) -> None:
    """The same, of a record that is kept for another time."""
    _layer_back(grad, r, args, list(kept))


def _layer_traced(grad: Any, r: Any, args: Any, kept: Any) -> None:
    """The step back with recorded operations."""
    x, w, bias = args
    σ, g, _, over = kept
    y = r.data
    grad = spread_like(grad, y)
    dz = cotangent(σ.rule, 0, grad, y, (y,)) if isinstance(σ, Elementwise) else grad
    if over is not None:
        pool, (z, top) = over
        dz = maxpool.partials[0](dz, top, z, g=pool)
    xv, wv = (v.data if isinstance(v, Node) else raw(v) for v in (x, w))
    if isinstance(w, Node):
        acc_any(w, conv_filter(xv, dz, g=g, channels=wv.shape[-2:]))
    if isinstance(x, Node):
        acc_any(x, conv_data(dz, wv, g=g))
    if isinstance(bias, Node):
        n = len(g.kernel)
        acc_any(bias, reshape(sum_along(dz, (*range(n), n + 1)), (wv.shape[-1],)))


TRACED_RULES[_layer_back] = TRACED_RULES[_layer_again] = _layer_traced
KEEPING_RULES[_layer_back] = _layer_again
