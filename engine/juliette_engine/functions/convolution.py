"""Convolution over any number of spatial dimensions, with stride, padding, dilation and groups.

Arrays are in Flux's order: spatial dimensions, channels, batch.  In memory the batch comes innermost
while it is worked on, so that every copy moves long runs: windows are gathered into columns, one
matrix product gives the output, one the gradient of the weights, one that of the columns, which are
added back window by window.  The three operations are each other's derivatives.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from juliette_engine.errors import DimensionMismatch
from juliette_engine.numeric import product
from juliette_engine.primitive import primitive, shape

ndarray = np.ndarray


@dataclass(frozen=True)
class Geometry:
    """How windows lie: one entry for each spatial dimension (padding: two)."""

    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    flipped: bool  # cross-correlation: the kernel is not turned round
    input: tuple[int, ...]  # spatial size of the input
    kernel: tuple[int, ...]
    output: tuple[int, ...] = field(init=False, compare=False)  # spatial size of the output
    key: int = field(init=False, compare=False, repr=False)  # the hash, which is asked for often

    def __post_init__(self) -> None:
        output = tuple(
            [
                (n + self.pad[2 * i] + self.pad[2 * i + 1] - self.dilation[i] * (k - 1) - 1)
                // self.stride[i]
                + 1
                for i, (n, k) in enumerate(zip(self.input, self.kernel, strict=True))
            ]
        )
        object.__setattr__(self, "output", output)
        sizes = (self.pad, self.groups, self.flipped, self.input, self.kernel)
        object.__setattr__(self, "key", hash((self.stride, self.dilation, *sizes)))

    def __hash__(self) -> int:
        return self.key


def expand(value: Any, n: int) -> tuple[int, ...]:
    """A number or tuple as one entry for each of `n` dimensions."""
    return (
        (int(value),) * n if isinstance(value, (int, np.integer)) else tuple(int(v) for v in value)
    )


def each(value: Any, n: int, name: str) -> tuple[int, ...]:
    """The same, checked for its length."""
    out = expand(value, n)
    if len(out) != n:
        raise DimensionMismatch(f"{name} {len(out)}d, should be {n}d!")
    return out


def expand_padding(value: Any, n: int) -> tuple[int, ...]:
    """Padding as two entries for each of `n` dimensions."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * (2 * n)
    value = tuple(int(v) for v in value)
    if len(value) not in (n, 2 * n):
        raise DimensionMismatch(f"Padding {len(value)}d, should be either {n}d or {2 * n}d!")
    return value if len(value) == 2 * n else tuple(v for v in value for _ in (0, 1))


def remembered(f: Any) -> Any:
    """A function of sizes and options that keeps what it gave for numbers and tuples."""
    kept = functools.lru_cache(1024)(f)

    @functools.wraps(f)
    def call(*given: Any, **options: Any) -> Any:
        try:
            return kept(*given, **options)
        except TypeError:  # a list among them
            return f(*given, **options)

    return call


@remembered
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
        each(stride, n, "Stride"),
        expand_padding(pad, n),
        each(dilation, n, "Dilation"),
        groups,
        flipped,
        x[:n],
        w[:n],
    )
    return fitting(out)


def fitting(g: Geometry) -> Geometry:
    """A geometry whose kernel is no larger than the padded input."""
    for i, (k, d) in enumerate(zip(g.kernel, g.dilation, strict=True)):
        lo, hi = g.pad[2 * i], g.pad[2 * i + 1]
        if (k - 1) * d + 1 > g.input[i] + lo + hi:
            raise DimensionMismatch(
                f"Kernel * dilation (({k} - 1) * {d} + 1) cannot be larger than input + padding "
                f"({g.input[i]} + {lo} + {hi})!"
            )
    return g


def inward(x: Any) -> Any:
    """Flux's order as channels, spatial dimensions in reverse, batch."""
    return x.transpose(_inward_order(x.ndim))


@functools.cache
def _inward_order(n: int) -> tuple[int, ...]:
    return (n - 2, *range(n - 3, -1, -1), n - 1)


outward = inward


def _padded(x: Any, g: Geometry) -> Any:
    """The input with batch innermost and zeros around."""
    x = inward(x)
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
    first, *steps, last = x.strides
    shape = (x.shape[0], *g.kernel[::-1], *g.output[::-1], x.shape[-1])
    strides = (
        first,
        *[s * n for s, n in zip(steps, g.dilation[::-1], strict=True)],
        *[s * n for s, n in zip(steps, g.stride[::-1], strict=True)],
        last,
    )
    if not x.size:
        return as_strided(x, shape, strides, writeable=False)
    return ndarray(shape, x.dtype, x, strides=strides)  # as `as_strided`, which asks more


def columns(x: Any, g: Geometry) -> Any:
    """The windows gathered: groups, channels of a group times kernel, output times batch."""
    view = _windows(_padded(x, g), g)
    cols = np.ascontiguousarray(view)
    return cols.reshape(g.groups, cols.shape[0] // g.groups * math.prod(g.kernel), -1)


def kernel_matrix(w: Any, g: Geometry) -> Any:
    """Weights as groups, outputs of a group, inputs times kernel."""
    k = w.T
    if not g.flipped:
        k = k[(slice(None), slice(None), *[slice(None, None, -1)] * (k.ndim - 2))]
    return np.ascontiguousarray(k).reshape(g.groups, k.shape[0] // g.groups, -1)


def _flat(dy: Any, g: Geometry) -> Any:
    """An output's cotangent as groups, outputs of a group, positions times batch."""
    y = np.ascontiguousarray(inward(dy))
    return y.reshape(g.groups, y.shape[0] // g.groups, -1)


def multiply(a: Any, b: Any) -> Any:
    """Matrix products group by group."""
    return np.matmul(a, b) if a.shape[0] > 1 else product(a[0], b[0])[None]


def joint_kind(a: Any, b: Any) -> Any:
    """The element type of numbers of two kinds: whole numbers beside floats take theirs, as in Julia."""
    if (a.kind in "fc") != (b.kind in "fc"):
        return a if a.kind in "fc" else b
    return np.result_type(a, b)


def _conv_forward(x: Any, w: Any, *, g: Geometry, saved: Any = None) -> Any:
    """Convolution."""
    if x.dtype != w.dtype:
        kind = joint_kind(x.dtype, w.dtype)
        x, w = x.astype(kind), w.astype(kind)
    cols = columns(x, g)
    if saved is not None:
        saved.append(cols)
    y = multiply(kernel_matrix(w, g), cols)
    out = g.output
    return outward(y.reshape((w.shape[-1], *out[::-1], x.shape[-1])))


def _data_forward(dy: Any, w: Any, *, g: Geometry) -> Any:
    """The cotangent of a convolution's input; also the value of a transposed convolution."""
    cols = multiply(kernel_matrix(w, g).transpose(0, 2, 1), _flat(dy, g))
    d = len(g.kernel)
    order = range(d - 1, -1, -1)
    channels, batch = w.shape[d] * g.groups, dy.shape[-1]
    cols = cols.reshape((channels, *[g.kernel[i] for i in order], *g.output[::-1], batch))
    out = _added_back(cols, g)
    if any(g.pad):
        there, here = _inside(g)
        inner = out[there]
        if min(g.pad) >= 0:
            return outward(inner)
        out = np.zeros((channels, *[g.input[i] for i in order], batch), cols.dtype)
        out[here] = inner
    return outward(out)


def _added_back(cols: Any, g: Geometry) -> Any:
    """The sum of all windows where they lie in the padded input, one spatial dimension after another.

    `cols` holds channels, kernel, output, batch; a dimension's places in the kernel and in the
    output become its places in the input.
    """
    d = len(g.kernel)
    for i in range(d):
        size = g.input[i] + g.pad[2 * i] + g.pad[2 * i + 1]
        k, n, stride, dilation = g.kernel[i], g.output[i], g.stride[i], g.dilation[i]
        at, to = (
            d - i,
            2 * d - 2 * i,
        )  # of the kernel and of the output, kernels before i being gone
        every = (slice(None),)
        if k == 1 and n == size:
            cols = cols.reshape(cols.shape[:at] + cols.shape[at + 1 :])
            continue
        have = cols.shape
        into = (*have[:at], *have[at + 1 : to], size, *have[to + 1 :])
        side_by_side = stride == 1 and n > 0
        out = (np.empty if side_by_side else np.zeros)(into, cols.dtype)
        lead, there = every * at, every * (to - 1)
        for place in range(k):
            first = place * dilation
            target = out[(*there, slice(first, first + stride * (n - 1) + 1, stride))]
            if place or not side_by_side:
                target += cols[(*lead, place)]
            else:
                target[...] = cols[(*lead, 0)]
                out[(*there, slice(n, None))] = 0
        cols = out
    return cols


def filter_from(cols: Any, dy: Any, g: Geometry, w: tuple[int, ...]) -> Any:
    k = multiply(_flat(dy, g), cols.transpose(0, 2, 1))
    k = k.reshape(tuple(w[::-1]))
    if not g.flipped:
        k = k[(slice(None), slice(None), *[slice(None, None, -1)] * (len(w) - 2))]
    return np.asfortranarray(k.T)


def _filter_forward(x: Any, dy: Any, *, g: Geometry, channels: tuple[int, int]) -> Any:
    """The cotangent of a convolution's weights."""
    return filter_from(columns(x, g), dy, g, (*g.kernel, *channels))


def _saved_filter(dy: Any, y: Any, x: Any, w: Any, *, g: Geometry, saved: Any = None) -> Any:
    if saved:
        return filter_from(saved[0], dy.astype(w.dtype, copy=False), g, w.shape)
    return conv_filter(x, dy, g=g, channels=w.shape[-2:])


_conv = primitive(
    lambda dy, y, x, w, *, g, saved=None: conv_data(dy, w, g=g),  # type: ignore[has-type]
    lambda dy, y, x, w, *, g, saved=None: conv_filter(x, dy, g=g, channels=shape(w)[-2:]),  # type: ignore[has-type]
    raw=(lambda dy, y, x, w, *, g, saved=None: _data_forward(dy, w, g=g), _saved_filter),
    fresh=True,
    name="conv",
)(_conv_forward)
conv_data = primitive(
    lambda dx, y, dy, w, *, g: _conv(dx, w, g=g),
    lambda dx, y, dy, w, *, g: conv_filter(dx, dy, g=g, channels=shape(w)[-2:]),  # type: ignore[has-type]
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
    """Convolution of `x` (spatial…, channels, batch) with `w` (spatial…, in, out).

    Shapes: the spatial size is `(size + padding - dilation * (kernel - 1) - 1) ÷ stride + 1`; then
    `out` channels and the batch.
    Raises: DimensionMismatch if the channels are not `in * groups`, or the kernel is larger than
    the padded input.
    Source: NNlib, `conv`.
    """
    g = geometry(shape(x), shape(w), stride, pad, dilation, groups, flipped)
    return _conv(x, w, g=g, saved=[])


@remembered
def transposed_geometry(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: Any = 1,
    pad: Any = 0,
    outpad: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    flipped: bool = False,
) -> Geometry:
    """The geometry of the convolution that goes back, for a transposed one of these sizes."""
    n = len(kernel) - 2
    if size[n] != kernel[n + 1]:
        raise DimensionMismatch(f"Input channels must match! ({size[n]} vs. {kernel[n + 1]})")
    st, pd, dl, extra = (
        each(stride, n, "Stride"),
        expand_padding(pad, n),
        each(dilation, n, "Dilation"),
        each(outpad, n, "Padding"),
    )
    before = tuple(
        (size[i] - 1) * st[i] - pd[2 * i] - pd[2 * i + 1] + dl[i] * (kernel[i] - 1) + 1 + extra[i]
        for i in range(n)
    )
    return Geometry(st, pd, dl, groups, flipped, before, kernel[:n])


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
    """The transposed convolution of `x`: `w` (spatial…, out, in) as the convolution has it that goes back.

    Shapes: the spatial size is `(size - 1) * stride + dilation * (kernel - 1) + 1 - padding +
    outpad`.
    Raises: DimensionMismatch if the channels do not fit.
    Source: NNlib, `∇conv_data`; Flux, `ConvTranspose`.
    """
    g = transposed_geometry(shape(x), shape(w), stride, pad, outpad, dilation, groups, flipped)
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

    Shapes: `x` is spatial… × channels × batch.
    Raises: DimensionMismatch if a window is larger than the padded input.
    Source: NNlib, `unfold`.
    """
    size = shape(x)
    n = len(size) - 2
    kernel = kernel[:n]
    g = Geometry(
        each(stride, n, "Stride"),
        expand_padding(pad, n),
        each(dilation, n, "Dilation"),
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
    windows = math.prod(g.kernel) * x.shape[-2]
    return cols.reshape((math.prod(g.output), windows, x.shape[-1]), order="F")


def _fold_forward(c: Any, *, g: Geometry) -> Any:
    d = len(g.kernel)
    batch = c.shape[-1]
    channels = c.shape[-2] // math.prod(g.kernel)
    cols = c.reshape((*g.output, *g.kernel, channels, batch), order="F")
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


_unfold = primitive(lambda dy, y, x, *, g: _fold(dy, g=g), name="unfold")(_unfold_forward)  # type: ignore[has-type]
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
    """The adjoint of `unfold`: windows added back into an array of `size`.

    Shapes: `c` is what `unfold` makes of an array of `size`, with the same `kernel` and options.
    Source: NNlib, `fold`.
    """
    n = len(size) - 2 if len(size) == len(kernel) else len(kernel)
    kernel = kernel[:n]
    g = Geometry(
        each(stride, n, "Stride"),
        expand_padding(pad, n),
        each(dilation, n, "Dilation"),
        1,
        flipped,
        tuple(size[:n]),
        tuple(kernel),
    )
    return _fold(c, g=g)
