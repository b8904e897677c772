"""Products of batches of matrices, and picking and adding up columns by number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette_engine.elementwise import add, conjugate, div, mul, neg
from juliette_engine.errors import ArgumentError, DimensionMismatch
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import permute, reshape, sum_along
from juliette_engine.tape import primal

ndarray = np.ndarray


def _swap(x: Any) -> Any:
    """Each matrix of a batch transposed."""
    return permute(x, axes=(1, 0, 2))


def _shrunk(g: Any, x: Any) -> Any:
    return sum_along(g, (2,)) if shape(x)[2] == 1 and shape(g)[2] != 1 else g


@primitive(
    lambda g, y, a, b: _shrunk(_batched(g, batched_adjoint(b)), a),  # type: ignore[has-type]
    lambda g, y, a, b: _shrunk(_batched(batched_adjoint(a), g), b),  # type: ignore[has-type]
    name="batched_mul",
)
def _batched(a: Any, b: Any) -> Any:
    """The products of matrices, slice by slice."""
    out = np.matmul(b.transpose(2, 1, 0), a.transpose(2, 1, 0))
    return out.transpose(2, 1, 0)


def batched_mul(a: Any, b: Any) -> Any:
    """`a[:, :, k] * b[:, :, k]` for each `k`; a matrix, or a batch of one, goes with every slice.

    Batches may have several dimensions, the same for both.

    Shapes: `a` is n × k × batch, `b` k × m × batch, the product n × m × batch.
    Raises: DimensionMismatch if the inner sizes or the batches do not fit.
    Source: NNlib, `batched_mul`.
    """
    batches = max(shape(a)[2:], shape(b)[2:], key=len)
    if len(batches) > 1:
        for x in (a, b):
            if len(shape(x)) > 2 and shape(x)[2:] != batches:
                raise DimensionMismatch("batch size mismatch: A != B")
        y = batched_mul(
            *(
                x if len(shape(x)) < 3 else reshape(x, (*shape(x)[:2], math.prod(batches)))
                for x in (a, b)
            )
        )
        return reshape(y, (*shape(y)[:2], *batches))
    three = [reshape(x, (*shape(x), 1)) if len(shape(x)) == 2 else x for x in (a, b)]
    if any(len(shape(x)) != 3 for x in three):
        raise DimensionMismatch(
            f"no batches of matrices: arrays of {len(shape(a))} and {len(shape(b))} dimensions"
        )
    (m, n, i), (p, q, j) = shape(three[0]), shape(three[1])
    if i != j and 1 not in (i, j):
        raise DimensionMismatch("batch size mismatch: A != B")
    if n != p:
        raise DimensionMismatch(
            f"A has dimensions ({m}, {n}, {i}) but B has dimensions ({p}, {q}, {j})"
        )
    return _batched(*three)


def batched_vec(a: Any, b: Any) -> Any:
    """`a[:, :, k] * b[:, k]` for each `k`, or times the one vector `b`.

    Shapes: `a` is n × k × batch, `b` k × batch or k, the product n × batch.
    Raises: DimensionMismatch if they do not fit.
    Source: NNlib, `batched_vec`.
    """
    if len(shape(b)) > 1 and shape(a)[2:] != shape(b)[1:]:
        raise DimensionMismatch("batch size mismatch: A != B")
    columns = reshape(b, (shape(b)[0], 1, *(shape(b)[1:] or (1,) * (len(shape(a)) > 2))))
    y = batched_mul(a, columns)
    return reshape(y, (shape(y)[0], *shape(y)[2:]))


def batched_transpose(a: Any) -> Any:
    """Each matrix of a batch transposed.

    Shapes: n × m × batch becomes m × n × batch.
    Source: NNlib, `batched_transpose`.
    """
    return _swap(a)


def batched_adjoint(a: Any) -> Any:
    """Each matrix of a batch transposed, and conjugated.

    Shapes: n × m × batch becomes m × n × batch.
    Source: NNlib, `batched_adjoint`.
    """
    return _swap(conjugate(a) if primal(a).dtype.kind == "c" else a)


# ---------------------------------------------------------------- gather and scatter


def _bin(index: Any, n: int, values: Any) -> Any:
    """Columns of values added up by number."""
    out = np.zeros((values.shape[0], n), values.dtype, order="F")
    np.add.at(out.T, index, values.T)
    return out


@primitive(lambda g, y, x, *, index: _added(g, index=index, n=shape(x)[1]), name="columns")  # type: ignore[has-type]
def _columns(x: Any, *, index: Any) -> Any:
    return np.asfortranarray(x[:, index])


@primitive(lambda g, y, x, *, index, n: _columns(g, index=index), name="add_columns")
def _added(x: Any, *, index: Any, n: int) -> Any:
    return _bin(index, n, x)


def gather(src: Any, index: Any) -> Any:
    """`dst[…, k] = src[…, index[k]]`; numbers count from 0, an index of several goes in the first axis.

    Shapes: the first dimensions of `src`, then those of `index`.
    Raises: an error of bounds for an index that `src` has not.
    Source: NNlib, `gather`.
    """
    index = np.asarray(index)
    lead, flat, last, linear = _layout(shape(src), index)
    rows = int(np.prod(lead, dtype=int))
    y = _columns(reshape(src, (rows, last)), index=linear)
    return reshape(y, (*lead, *flat))


def _layout(size: tuple[int, ...], index: Any) -> tuple[Any, Any, int, Any]:
    """(leading sizes, shape of the index, number of columns, linear numbers of columns)."""
    if index.dtype == object:
        tuples = [tuple(t) for t in index.ravel(order="F")]
        k = len(tuples[0]) if tuples else 1
        lead, columns = size[: len(size) - k], size[len(size) - k :]
        numbers = np.array(
            [np.ravel_multi_index(t, columns, order="F") for t in tuples], dtype=np.int64
        )
        return lead, index.shape, int(np.prod(columns, dtype=int)), numbers
    lead = size[:-1]
    return lead, index.shape, size[-1], index.ravel(order="F")


def scatter(op: str, src: Any, index: Any, size: tuple[int, ...] | None = None) -> Any:
    """Columns of `src` put together by number with an `op`, one of `+ - * / max min mean`; numbers count from 0.

    Shapes: the first dimensions of `src`, then `size`, or as many columns as the largest number
    asks for.
    Raises: DimensionMismatch if `src` and `index` do not fit.
    Source: NNlib, `scatter`.
    """
    index = np.asarray(index)
    k = index.ndim
    lead = shape(src)[: len(shape(src)) - k]
    rows = int(np.prod(lead, dtype=int))
    if index.dtype == object:
        tuples = [tuple(t) for t in index.ravel(order="F")]
        columns = (
            tuple(size[len(lead) :])
            if size
            else tuple(max(t[i] for t in tuples) + 1 for i in range(len(tuples[0])))
        )
        linear = np.array(
            [np.ravel_multi_index(t, columns, order="F") for t in tuples], dtype=np.int64
        )
    else:
        linear = index.ravel(order="F")
        columns = (
            tuple(size[len(lead) :]) if size else (int(linear.max()) + 1 if linear.size else 0,)
        )
    n = int(np.prod(columns, dtype=int))
    flat = reshape(src, (rows, linear.size))
    if op in ("+", "-"):
        y = _added(flat, index=linear, n=n)
        y = neg(y) if op == "-" else y
    elif op == "mean":
        counts = np.bincount(linear, minlength=n).clip(1)
        y = div(_added(flat, index=linear, n=n), counts[None, :].astype(primal(flat).dtype))
    elif op in ("max", "min"):
        y = _extreme(flat, linear, n, op)
    elif op in ("*", "/"):
        y = _product(flat, linear, n, op)
    else:
        raise ArgumentError(f"scatter does not know the operation {op}")
    return reshape(y, (*lead, *columns))


def _extreme(x: Any, index: Any, n: int, op: str) -> Any:
    p = primal(x)
    if p.dtype.kind in "iu":
        limits = np.iinfo(p.dtype)
        start: Any = limits.min if op == "max" else limits.max
    else:
        start = -np.inf if op == "max" else np.inf
    best = np.full((p.shape[0], n), start, p.dtype)
    (np.maximum if op == "max" else np.minimum).at(best.T, index, p.T)
    # the first of the largest gets the gradient
    hit = p == best[:, index]
    seen = np.zeros((p.shape[0], n), bool)
    mask = np.zeros(p.shape, p.dtype)
    for k, c in enumerate(index.tolist()):
        take = hit[:, k] & ~seen[:, c]
        mask[take, k] = 1
        seen[take, c] = True
    y = _added(mul(x, mask), index=index, n=n)
    empty = ~seen
    return add(y, np.where(empty, p.dtype.type(start), p.dtype.type(0))) if empty.any() else y


def _product(x: Any, index: Any, n: int, op: str) -> Any:
    from juliette_engine.elementwise import inv
    from juliette_engine.primitives import concatenate, getitem

    columns: list[Any] = [np.ones((shape(x)[0], 1), primal(x).dtype, order="F") for _ in range(n)]
    for k, c in enumerate(index.tolist()):
        columns[c] = mul(columns[c], getitem(x, (slice(None), slice(k, k + 1))))
    y = concatenate(columns, 1)
    return inv(y) if op == "/" else y
