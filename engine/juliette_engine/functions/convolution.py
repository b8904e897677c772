"""Convolution over any number of spatial dimensions, with stride, padding, dilation and groups.

Arrays are in Flux's order: spatial dimensions, channels, batch.  In memory the batch comes innermost
while it is worked on, so that every copy moves long runs: windows are gathered into columns, one
matrix product gives the output, one the gradient of the weights, one that of the columns, which are
added back window by window.  The three operations are each other's derivatives.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from juliette_engine.elementwise import Elementwise, add, cotangent
from juliette_engine.errors import DimensionMismatch
from juliette_engine.fusion import ones
from juliette_engine.numeric import product
from juliette_engine.primitives import primitive, reshape, shape, spread_like, sum_along
from juliette_engine.tape import (
    IMPLICIT,
    TRACED_RULES,
    Node,
    acc_any,
    full,
    give,
    new,
    raw,
)

ndarray = np.ndarray


class Geometry(NamedTuple):
    """How windows lie: one entry for each spatial dimension (padding: two)."""

    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    flipped: bool  # cross-correlation: the kernel is not turned round
    input: tuple[int, ...]  # spatial size of the input
    kernel: tuple[int, ...]

    @property
    def output(self) -> tuple[int, ...]:
        """The spatial size of the output."""
        return _output(self)


@functools.lru_cache(1024)
def _output(g: Geometry) -> tuple[int, ...]:
    return tuple(
        (n + g.pad[2 * i] + g.pad[2 * i + 1] - (g.dilation[i] * (k - 1) + 1)) // g.stride[i] + 1
        for i, (n, k) in enumerate(zip(g.input, g.kernel, strict=True))
    )


def expand(value: Any, n: int) -> tuple[int, ...]:
    """A number or tuple as one entry for each of `n` dimensions."""
    return (
        (int(value),) * n if isinstance(value, (int, np.integer)) else tuple(int(v) for v in value)
    )


def expand_padding(value: Any, n: int) -> tuple[int, ...]:
    """Padding as two entries for each of `n` dimensions."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * (2 * n)
    value = tuple(int(v) for v in value)
    return value if len(value) == 2 * n else tuple(v for v in value for _ in (0, 1))


def geometry(
    x: tuple[int, ...],
    w: tuple[int, ...],
    stride: Any = 1,
    pad: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    flipped: bool = False,
) -> Geometry:
    """The geometry of `conv` for an input and a kernel of given sizes."""
    n = len(w) - 2
    if len(x) != len(w):
        raise DimensionMismatch(f"Rank of x and w must match! ({len(x)} vs. {len(w)})")
    if x[n] != w[n] * groups:
        raise DimensionMismatch(f"Input channels must match! ({x[n]} vs. {w[n] * groups})")
    if w[n + 1] % groups:
        raise DimensionMismatch(
            f"Output channels must be divisible by groups! ({w[n + 1]} vs. {groups})"
        )
    out = Geometry(
        expand(stride, n),
        expand_padding(pad, n),
        expand(dilation, n),
        groups,
        flipped,
        x[:n],
        w[:n],
    )
    for i, (k, d) in enumerate(zip(out.kernel, out.dilation, strict=True)):
        lo, hi = out.pad[2 * i], out.pad[2 * i + 1]
        if (k - 1) * d + 1 > x[i] + lo + hi:
            raise DimensionMismatch(
                f"Kernel * dilation (({k} - 1) * {d} + 1) cannot be larger than input + padding "
                f"({x[i]} + {lo} + {hi})!"
            )
    return out


def _inward(x: Any) -> Any:
    """Flux's order as channels, spatial dimensions in reverse, batch."""
    d = x.ndim - 2
    return x.transpose((d, *range(d - 1, -1, -1), d + 1))


_outward = _inward


def _padded(x: Any, g: Geometry) -> Any:
    """The input with batch innermost and zeros around."""
    x = _inward(x)
    if not any(g.pad):
        return np.ascontiguousarray(x)
    d = len(g.input)
    size = (
        x.shape[0],
        *[g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1] for i in range(d - 1, -1, -1)],
        x.shape[-1],
    )
    out = np.zeros(size, x.dtype)
    there, here = _inside(g)
    out[there] = x[here]
    return out


@functools.lru_cache(256)
def _inside(g: Geometry) -> tuple[Any, Any]:
    """Where the input lies in the padded one, and which part of it: padding below zero cuts it."""
    there, here = [slice(None)], [slice(None)]
    for i in range(len(g.input) - 1, -1, -1):
        n, lo, hi = g.input[i], g.pad[2 * i], g.pad[2 * i + 1]
        there.append(slice(max(lo, 0), n + lo + hi - max(hi, 0)))
        here.append(slice(max(-lo, 0), n - max(-hi, 0)))
    return tuple(there), tuple(here)


def _windows(x: Any, g: Geometry) -> Any:
    """A view of all windows: channels, kernel, output, batch (spatial dimensions in reverse)."""
    d = len(g.kernel)
    order = range(d - 1, -1, -1)
    s = x.strides
    steps = [s[1 + (d - 1 - i)] for i in order]
    return as_strided(
        x,
        (x.shape[0], *[g.kernel[i] for i in order], *[g.output[i] for i in order], x.shape[-1]),
        (
            s[0],
            *[st * g.dilation[i] for st, i in zip(steps, order, strict=True)],
            *[st * g.stride[i] for st, i in zip(steps, order, strict=True)],
            s[-1],
        ),
        writeable=False,
    )


def _columns(x: Any, g: Geometry) -> Any:
    """The windows gathered: groups, channels of a group times kernel, output times batch."""
    view = _windows(_padded(x, g), g)
    cols = np.ascontiguousarray(view)
    return cols.reshape(g.groups, cols.shape[0] // g.groups * math.prod(g.kernel), -1)


def _kernel(w: Any, g: Geometry) -> Any:
    """Weights as groups, outputs of a group, inputs times kernel."""
    k = w.T
    if not g.flipped:
        k = k[(slice(None), slice(None), *[slice(None, None, -1)] * (k.ndim - 2))]
    return np.ascontiguousarray(k).reshape(g.groups, k.shape[0] // g.groups, -1)


def _flat(dy: Any, g: Geometry) -> Any:
    """An output's cotangent as groups, outputs of a group, positions times batch."""
    y = np.ascontiguousarray(_inward(dy))
    return y.reshape(g.groups, y.shape[0] // g.groups, -1)


def _multiply(a: Any, b: Any) -> Any:
    """Matrix products group by group."""
    return np.matmul(a, b) if a.shape[0] > 1 else product(a[0], b[0])[None]


def _conv_forward(x: Any, w: Any, *, g: Geometry, saved: Any = None) -> Any:
    """Convolution."""
    if x.dtype != w.dtype:
        kind = np.result_type(x, w) if np.result_type(x, w).kind == "f" else np.dtype(float)
        x, w = x.astype(kind), w.astype(kind)
    cols = _columns(x, g)
    if saved is not None:
        saved.append(cols)
    y = _multiply(_kernel(w, g), cols)
    out = g.output
    return _outward(y.reshape((w.shape[-1], *out[::-1], x.shape[-1])))


def _data_forward(dy: Any, w: Any, *, g: Geometry) -> Any:
    """The cotangent of a convolution's input; also the value of a transposed convolution."""
    cols = _multiply(_kernel(w, g).transpose(0, 2, 1), _flat(dy, g))
    d = len(g.kernel)
    order = range(d - 1, -1, -1)
    channels, batch = w.shape[d] * g.groups, dy.shape[-1]
    cols = cols.reshape((channels, *[g.kernel[i] for i in order], *g.output[::-1], batch))
    size = (channels, *[g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1] for i in order], batch)
    out = np.zeros(size, cols.dtype)
    for where, at in _places(g):
        target = out[where]
        target += cols[at]
    if any(g.pad):
        there, here = _inside(g)
        inner = out[there]
        if min(g.pad) >= 0:
            return _outward(inner)
        out = np.zeros((channels, *[g.input[i] for i in order], batch), cols.dtype)
        out[here] = inner
    return _outward(out)


@functools.lru_cache(256)
def _places(g: Geometry) -> list[tuple[Any, Any]]:
    """For each place in the kernel: what it meets in the input, and its columns."""
    order = range(len(g.kernel) - 1, -1, -1)
    every = slice(None)
    return [
        (
            (
                every,
                *[
                    slice(
                        k * g.dilation[i],
                        k * g.dilation[i] + g.stride[i] * (g.output[i] - 1) + 1,
                        g.stride[i],
                    )
                    for k, i in zip(at, order, strict=True)
                ],
            ),
            (every, *at),
        )
        for at in np.ndindex(*[g.kernel[i] for i in order])
    ]


def _filter_from(cols: Any, dy: Any, g: Geometry, w: tuple[int, ...]) -> Any:
    k = _multiply(_flat(dy, g), cols.transpose(0, 2, 1))
    k = k.reshape(tuple(w[::-1]))
    if not g.flipped:
        k = k[(slice(None), slice(None), *[slice(None, None, -1)] * (len(w) - 2))]
    return np.asfortranarray(k.T)


def _filter_forward(x: Any, dy: Any, *, g: Geometry, channels: tuple[int, int]) -> Any:
    """The cotangent of a convolution's weights."""
    return _filter_from(_columns(x, g), dy, g, (*g.kernel, *channels))


def _saved_filter(dy: Any, y: Any, x: Any, w: Any, *, g: Geometry, saved: Any = None) -> Any:
    if saved:
        return _filter_from(saved[0], dy.astype(w.dtype, copy=False), g, w.shape)
    return conv_filter(x, dy, g=g, channels=w.shape[-2:])


_conv = primitive(
    lambda dy, y, x, w, *, g, saved=None: conv_data(dy, w, g=g),
    lambda dy, y, x, w, *, g, saved=None: conv_filter(x, dy, g=g, channels=shape(w)[-2:]),
    raw=(lambda dy, y, x, w, *, g, saved=None: _data_forward(dy, w, g=g), _saved_filter),
    fresh=True,
    name="conv",
)(_conv_forward)
conv_data = primitive(
    lambda dx, y, dy, w, *, g: _conv(dx, w, g=g),
    lambda dx, y, dy, w, *, g: conv_filter(dx, dy, g=g, channels=shape(w)[-2:]),
    fresh=True,
    name="conv_data",
)(_data_forward)
conv_filter = primitive(
    lambda dw, y, x, dy, *, g, channels: conv_data(dy, dw, g=g),
    lambda dw, y, x, dy, *, g, channels: _conv(x, dw, g=g),
    fresh=True,
    name="conv_filter",
)(_filter_forward)


def conv(
    x: Any,
    w: Any,
    *,
    stride: Any = 1,
    pad: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    flipped: bool = False,
) -> Any:
    """Convolution of `x` (spatial…, channels, batch) with `w` (spatial…, in, out)."""
    g = geometry(shape(x), shape(w), stride, pad, dilation, groups, flipped)
    return _conv(x, w, g=g, saved=[])


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
) -> Any:
    """`σ.(conv(x, w) .+ bias)` as one record; the sum before the activation is written over."""
    from juliette_engine.functions.affine import IN_PLACE

    g = geometry(shape(x), shape(w), stride, pad, dilation, groups, flipped)
    known = IN_PLACE.get(σ) if getattr(σ, "__hash__", None) else None
    nodes = [v for v in (x, w, bias) if isinstance(v, Node)]
    xv, wv, bv = (v.data if isinstance(v, Node) else raw(v) for v in (x, w, bias))
    plain = known is not None and all(
        v.dtype.kind == "f" and v.dtype == wv.dtype for v in (xv, wv, bv) if type(v) is ndarray
    )
    if not plain or IMPLICIT or any(n.nested or n.tape is not nodes[0].tape for n in nodes):
        y = _conv(x, w, g=g, saved=[])
        if bias is not False and bias is not None:
            y = add(y, reshape(bias, (*(1,) * len(g.kernel), shape(bias)[0], 1)))
        return σ(y)
    cols = _columns(xv, g)
    z = _multiply(_kernel(wv, g), cols).reshape(wv.shape[-1], -1)
    if type(bv) is ndarray:
        z += bv[:, None]
    if known[0] is not None:  # type: ignore[index]
        z = known[0](z)  # type: ignore[index]
    y = _outward(z.reshape((wv.shape[-1], *g.output[::-1], xv.shape[-1])))
    if not nodes:
        return y
    tape = nodes[0].tape
    r: Any = new(tape.array_class(y))
    r.data = y
    r.grad = None
    r.tape = tape
    tape.append((_layer_back, r, (x, w, bias), (σ, g, cols)))
    return r


def _layer_back(grad: Any, r: Any, args: Any, kept: Any) -> None:
    from juliette_engine.functions.affine import IN_PLACE

    x, w, bias = args
    σ, g, cols = kept
    slope = IN_PLACE[σ][1]
    dy = full(grad, r.data)
    dz = dy if slope is None else slope(dy, r.data)
    wv = w.data if isinstance(w, Node) else raw(w)
    if isinstance(w, Node):
        give(w, _filter_from(cols, dz, g, wv.shape))
    if isinstance(bias, Node):
        flat = np.ascontiguousarray(_inward(dz)).reshape(wv.shape[-1], -1)
        give(bias, flat.dot(ones(flat.shape[1], flat.dtype)))
    if isinstance(x, Node):
        give(x, _data_forward(dz, wv, g=g))


def _layer_traced(grad: Any, r: Any, args: Any, kept: Any) -> None:
    """The step back with recorded operations."""
    x, w, bias = args
    σ, g, _ = kept
    y = r.data
    grad = spread_like(grad, y)
    dz = cotangent(σ.rule, 0, grad, y, (y,)) if isinstance(σ, Elementwise) else grad
    xv, wv = (v.data if isinstance(v, Node) else raw(v) for v in (x, w))
    if isinstance(w, Node):
        acc_any(w, conv_filter(xv, dz, g=g, channels=wv.shape[-2:]))
    if isinstance(x, Node):
        acc_any(x, conv_data(dz, wv, g=g))
    if isinstance(bias, Node):
        n = len(g.kernel)
        acc_any(bias, reshape(sum_along(dz, (*range(n), n + 1)), (wv.shape[-1],)))


TRACED_RULES[_layer_back] = _layer_traced


def conv_transpose(
    x: Any,
    w: Any,
    *,
    stride: Any = 1,
    pad: Any = 0,
    outpad: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    flipped: bool = False,
) -> Any:
    """The transposed convolution: `w` (spatial…, out, in) as the convolution has it that goes back."""
    size, kernel = shape(x), shape(w)
    n = len(kernel) - 2
    if size[n] != kernel[n + 1]:
        raise DimensionMismatch(f"Input channels must match! ({size[n]} vs. {kernel[n + 1]})")
    st, pd, dl, extra = (
        expand(stride, n),
        expand_padding(pad, n),
        expand(dilation, n),
        expand(outpad, n),
    )
    before = tuple(
        (size[i] - 1) * st[i] - pd[2 * i] - pd[2 * i + 1] + dl[i] * (kernel[i] - 1) + 1 + extra[i]
        for i in range(n)
    )
    g = Geometry(st, pd, dl, groups, flipped, before, kernel[:n])
    return conv_data(x, w, g=g)


def unfold(
    x: Any,
    kernel: tuple[int, ...],
    *,
    stride: Any = 1,
    pad: Any = 0,
    dilation: Any = 1,
    flipped: bool = True,
) -> Any:
    """The windows of `x` as an array of positions × (kernel times channels) × batch.

    `kernel` is the size of a window, or of an array of weights.
    """
    size = shape(x)
    n = len(size) - 2
    kernel = kernel[:n]
    g = Geometry(
        expand(stride, n),
        expand_padding(pad, n),
        expand(dilation, n),
        1,
        flipped,
        size[:n],
        tuple(kernel),
    )
    return _unfold(x, g=g)


def _unfold_forward(x: Any, *, g: Geometry) -> Any:
    view = _windows(_padded(x, g), g)
    d = len(g.kernel)
    if not g.flipped:
        view = view[(slice(None), *[slice(None, None, -1)] * d)]
    # channels, kernel (reversed), output (reversed), batch -> output, kernel, channels, batch
    order = (*range(2 * d, d, -1), *range(d, 0, -1), 0, 2 * d + 1)
    cols = np.asfortranarray(view.transpose(order))
    return cols.reshape((math.prod(g.output), -1, x.shape[-1]), order="F")


def _fold_forward(c: Any, *, g: Geometry) -> Any:
    d = len(g.kernel)
    batch = c.shape[-1]
    cols = c.reshape((*g.output, *g.kernel, -1, batch), order="F")
    channels = cols.shape[-2]
    if not g.flipped:
        cols = cols[(*[slice(None)] * d, *[slice(None, None, -1)] * d)]
    out = np.zeros(
        (*[g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1] for i in range(d)], channels, batch),
        c.dtype,
        order="F",
    )
    for at in np.ndindex(*g.kernel):
        where = tuple(
            slice(
                k * g.dilation[i],
                k * g.dilation[i] + g.stride[i] * (g.output[i] - 1) + 1,
                g.stride[i],
            )
            for i, k in enumerate(at)
        )
        out[where] += cols[(*[slice(None)] * d, *at)]
    return np.asfortranarray(
        out[tuple(slice(g.pad[2 * i], g.pad[2 * i] + g.input[i]) for i in range(d))]
    )


_unfold = primitive(lambda dy, y, x, *, g: _fold(dy, g=g), name="unfold")(_unfold_forward)
_fold = primitive(lambda dx, y, c, *, g: _unfold(dx, g=g), name="fold")(_fold_forward)


def fold(
    c: Any,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    *,
    stride: Any = 1,
    pad: Any = 0,
    dilation: Any = 1,
    flipped: bool = True,
) -> Any:
    """The adjoint of `unfold`: windows added back into an array of `size`."""
    n = len(size) - 2 if len(size) == len(kernel) else len(kernel)
    kernel = kernel[:n]
    g = Geometry(
        expand(stride, n),
        expand_padding(pad, n),
        expand(dilation, n),
        1,
        flipped,
        tuple(size[:n]),
        tuple(kernel),
    )
    return _fold(c, g=g)
