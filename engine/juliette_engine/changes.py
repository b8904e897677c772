"""The table's other direction: how changes go through operations on whole arrays.

`change("matmul")` gives the primitive of that name its change, `f(ds, suffix, y, *args, **static)`,
where `ds` are the changes of the arguments or None, and not all None.  They are written with recorded
operations, so they nest.  A change has the dimensions of its value and then those of `suffix`, the
directions that go together; dimensions count from the first, so values stand beside changes as they
are.  Primitives without an entry are transposed (`forward`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import linalg
from juliette_engine import primitives as P
from juliette_engine import (
    softmaxes as softmaxes,  # its primitives are among those below
)
from juliette_engine.elementwise import add, div, exp, mul, neg, real, sub
from juliette_engine.primitive import LINEAR, PRIMITIVES, shape
from juliette_engine.tape import Node, primal, raw

ndarray = np.ndarray
Change = Callable[..., Any]


def change(*names: str) -> Callable[[Change], Change]:
    """Enter a change in the table of primitives."""

    def enter(f: Change) -> Change:
        for name in names:
            PRIMITIVES[name].change = f
        return f

    return enter


def linear(name: str) -> Callable[[Change], Change]:
    """The same for a primitive of a list of arguments."""

    def enter(f: Change) -> Change:
        LINEAR[name] = f
        return f

    return enter


def zero_change(value: Any, suffix: tuple[int, ...]) -> Any:
    """No change, of a value."""
    p = raw(primal(value))
    if type(p) is ndarray:
        return np.zeros((*p.shape, *suffix), p.dtype if p.dtype.kind in "fc" else float, order="F")
    kind = type(p) if isinstance(p, (float, complex, np.inexact)) else float
    return np.zeros(suffix, kind) if suffix else kind(0)


def plus(x: Any, y: Any) -> Any:
    """The sum of two changes, of which None is the zero."""
    if x is None or y is None:
        return y if x is None else x
    if isinstance(x, Node) or isinstance(y, Node):
        return add(x, y)
    return x + y


def _real(x: Any) -> Any:
    return real(x) if np.iscomplexobj(primal(x)) else x


# ---------------------------------------------------------------- shapes


@change("reshape")
def _reshape(ds: Any, suffix: Any, y: Any, x: Any, *, to: Any) -> Any:
    return P.reshape(ds[0], (*shape(y), *suffix))


@change("transpose")
def _transpose(ds: Any, suffix: Any, y: Any, x: Any) -> Any:
    n = len(shape(x))
    return P.permute(ds[0], axes=(*range(n)[::-1], *range(n, n + len(suffix))))


@change("permute")
def _permute(ds: Any, suffix: Any, y: Any, x: Any, *, axes: Any) -> Any:
    return P.permute(ds[0], axes=(*axes, *range(len(axes), len(axes) + len(suffix))))


@change("copied")
def _same(ds: Any, suffix: Any, y: Any, x: Any) -> Any:
    return ds[0]


@change("cast")
def _cast(ds: Any, suffix: Any, y: Any, x: Any, *, dtype: Any) -> Any:
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        return ds[0]
    d = ds[0] if dtype.kind == "c" else _real(ds[0])
    return P.cast(d, dtype=dtype)


@change("getitem")
def _getitem(ds: Any, suffix: Any, y: Any, x: Any, *, index: Any) -> Any:
    return P.getitem(ds[0], index)


@change("scatter")
def _scatter(ds: Any, suffix: Any, y: Any, h: Any, *, index: Any, like: Any, dtype: Any) -> Any:
    return P._scatter(ds[0], index=index, like=(*like, *suffix), dtype=np.dtype(dtype))


@change("updated")
def _updated(ds: Any, suffix: Any, y: Any, x: Any, v: Any, *, index: Any) -> Any:
    return P.updated(*_filled(ds, (x, v), suffix), index=index)  # type: ignore[misc]


@change("cumsum")
def _cumsum(ds: Any, suffix: Any, y: Any, x: Any, *, axis: int = 0) -> Any:
    return P.cumsum(ds[0], axis=axis)


@change("reverse")
def _reverse(ds: Any, suffix: Any, y: Any, x: Any, *, axis: Any) -> Any:
    return P.reverse(ds[0], axis=tuple(range(len(shape(x)))) if axis is None else axis)


def _filled(ds: Any, xs: Any, suffix: Any) -> list[Any]:
    """Changes, with zeros for those that are none."""
    return [zero_change(x, suffix) if d is None else d for d, x in zip(ds, xs, strict=True)]


@linear("stack")
def _stack(ds: Any, suffix: Any, xs: Any, *, to: Any) -> Any:
    parts = _filled(ds, xs, suffix)
    if not suffix:
        return P.stack_scalars(parts, to)
    return P.reshape(P.concatenate([P.reshape(d, (1, *suffix)) for d in parts], 0), (*to, *suffix))


@linear("concatenate")
def _concatenate(ds: Any, suffix: Any, xs: Any, *, axis: int) -> Any:
    return P.concatenate(_filled(ds, xs, suffix), axis)


# ---------------------------------------------------------------- sums


def _summed(d: Any, n: int, suffix: Any) -> Any:
    """A change's sum over the dimensions of its value, which are the first `n`."""
    return P.reshape(P.sum_along(d, tuple(range(n))), suffix) if suffix else P.total(d)


@change("total")
def _total(ds: Any, suffix: Any, y: Any, x: Any) -> Any:
    n = len(shape(x))
    return _summed(ds[0], n, suffix) if n else ds[0]


@change("sum_along")
def _sum_along(ds: Any, suffix: Any, y: Any, x: Any, *, axes: Any) -> Any:
    return P.sum_along(ds[0], axes)


@change("sum_of_squares")
def _sum_of_squares(ds: Any, suffix: Any, y: Any, x: Any) -> Any:
    return mul(2, _summed(mul(x, ds[0]), len(shape(x)), suffix))


@change("norm")
def _norm(ds: Any, suffix: Any, y: Any, x: Any) -> Any:
    d = _summed(mul(x, ds[0]), len(shape(x)), suffix)
    return div(d, y) if primal(y) != 0 else mul(d, 0.0)


@change("softmax")
def _softmax(ds: Any, suffix: Any, y: Any, x: Any, *, axes: Any) -> Any:
    d = mul(y, ds[0])
    return sub(d, mul(y, P.sum_along(d, axes)))


@change("logsoftmax")
def _logsoftmax(ds: Any, suffix: Any, y: Any, x: Any, *, axes: Any) -> Any:
    return sub(ds[0], P.sum_along(mul(exp(y), ds[0]), axes))


# ---------------------------------------------------------------- products


def times(a: Any, d: Any, suffix: Any) -> Any:
    """`a * d` of a matrix or vector and a change."""
    if not suffix:
        return P.matmul(a, d)
    have = shape(d)
    if type(a) is ndarray and type(d) is ndarray:
        return (
            a.dot(d)
            if len(have) == 2
            else a.dot(d.reshape(have[0], -1)).reshape(*a.shape[:-1], *have[1:])
        )
    if len(have) == 3:
        d = P.reshape(d, (have[0], have[1] * have[2]))
    return P.reshape(P.matmul(a, d), (*shape(a)[:-1], *have[1:]))


def over(d: Any, b: Any, suffix: Any) -> Any:
    """`d * b` of a change and a matrix or vector."""
    if not suffix:
        return P.matmul(d, b)
    if type(b) is ndarray and type(d) is ndarray:
        return np.matmul(b.T, d)
    (k,) = suffix
    if len(shape(d)) == 2:  # of a vector
        return P.reshape(P.transpose(P.matmul(P.transpose(d), b)), (*shape(b)[1:], k))
    m, n, _ = shape(d)
    y = P.matmul(P.reshape(P.permute(d, axes=(0, 2, 1)), (m * k, n)), b)
    if len(shape(b)) == 1:
        return P.reshape(y, (m, k))
    return P.permute(P.reshape(y, (m, k, shape(b)[1])), axes=(0, 2, 1))


@change("matmul")
def _matmul(ds: Any, suffix: Any, y: Any, a: Any, b: Any) -> Any:
    da, db = ds
    d = None if da is None else over(da, b, suffix)
    return d if db is None else plus(d, times(a, db, suffix))


def _solved(a: Any, d: Any, suffix: Any) -> Any:
    """`a \\ d` for a change."""
    have = shape(d)
    if not suffix or len(have) == 2:
        return linalg.solve(a, d)
    y = linalg.solve(a, P.reshape(d, (have[0], math.prod(have[1:]))))
    return P.reshape(y, (shape(a)[1], *have[1:]))


@change("solve")
def _solve(ds: Any, suffix: Any, y: Any, a: Any, b: Any) -> Any:
    da, db = ds
    d = None if da is None else neg(over(da, y, suffix))
    return _solved(a, d if db is None else plus(d, db), suffix)


@change("inv")
def _inv(ds: Any, suffix: Any, y: Any, a: Any) -> Any:
    return neg(over(times(y, ds[0], suffix), y, suffix))


def _inverse_trace(a: Any, d: Any, suffix: Any) -> Any:
    """`tr(a \\ d)` for a change of a matrix."""
    return _summed(mul(P.transpose(linalg.inv(a)), d), 2, suffix)


@change("det")
def _det(ds: Any, suffix: Any, y: Any, a: Any) -> Any:
    if primal(y) == 0 and isinstance(a, ndarray):
        return _summed(mul(np.conj(linalg._cofactors(a)), ds[0]), 2, suffix)
    return mul(y, _inverse_trace(a, ds[0], suffix))


@change("logdet")
def _logdet(ds: Any, suffix: Any, y: Any, a: Any) -> Any:
    return _inverse_trace(a, ds[0], suffix)


@change("logabsdet")
def _logabsdet(ds: Any, suffix: Any, y: Any, a: Any) -> Any:
    return _real(_inverse_trace(a, ds[0], suffix))
