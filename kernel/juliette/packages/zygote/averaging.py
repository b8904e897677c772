"""Rules of Statistics: means, spreads, medians and quantiles, on the engine's values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote.nodes import plain, to_engine, to_julia
from juliette.packages.zygote.shapes import axes_of
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES
from juliette_engine import rules
from juliette_engine.primitives import adjoint
from juliette_engine.tape import primal


def mean(x: Any, dims: Any = None) -> Any:
    axes = axes_of(dims, np.ndim(primal(x)))
    return rules.mean(x) if axes is None else rules.mean_along(x, axes)


def _var(x: Any, dims: Any = None, corrected: bool = True, mean: Any = None) -> Any:
    axes = axes_of(dims, np.ndim(primal(x)))
    shape = np.shape(primal(x))
    n = math.prod(shape) if axes is None else math.prod([shape[a] for a in axes])
    middle = (
        mean if mean is not None else (rules.mean(x) if axes is None else rules.mean_along(x, axes))
    )
    squares = rules.abs2(rules.sub(x, to_engine(middle)))
    total = rules.total(squares) if axes is None else rules.sum_along(squares, axes)
    return rules.div(total, n - 1 if corrected else n)


def _std(x: Any, **options: Any) -> Any:
    return rules.sqrt(_var(x, **options))


# ---------------------------------------------------------------- order


def _halfway(x: Any, i: int, j: int) -> Any:
    return (
        rules.getitem(x, i)
        if i == j
        else rules.div(rules.add(rules.getitem(x, i), rules.getitem(x, j)), 2)
    )


def _median(x: Any, dims: Any = None) -> Any:
    p = primal(x)
    axes = axes_of(dims, p.ndim)
    if not p.size:
        return PACKAGES["Statistics"].bindings["median"](wrap(p))  # raises Julia's error
    if axes is not None:
        rest = [d for d in range(p.ndim) if d not in axes]
        moved = rules.permute(x, axes=(*axes, *rest))
        n = math.prod([p.shape[d] for d in axes])
        lanes = rules.reshape(moved, (n, p.size // n))
        places = np.argsort(primal(lanes), axis=0, kind="stable")
        low, high = (n - 1) // 2, n // 2
        at = np.arange(p.size // n)
        y = rules.getitem(lanes, (places[low], at))
        if low != high:
            y = rules.div(rules.add(y, rules.getitem(lanes, (places[high], at))), 2)
        return rules.reshape(y, tuple([1 if d in axes else n for d, n in enumerate(p.shape)]))
    flat = p.ravel(order="F")
    order = np.argsort(flat, kind="stable")
    x = rules.reshape(x, (flat.size,))
    if flat.size and math.isnan(flat[order[-1]]):
        return rules.getitem(x, int(order[-1]))
    return _halfway(x, int(order[(flat.size - 1) // 2]), int(order[flat.size // 2]))


def _middle(x: Any, y: Any = None) -> Any:
    if y is not None:
        return rules.add(rules.div(x, 2), rules.div(y, 2))
    if not np.ndim(primal(x)):
        return x
    return rules.add(
        rules.div(rules.extreme(x, np.argmax), 2), rules.div(rules.extreme(x, np.argmin), 2)
    )


def quantile(f: Any) -> Any:
    """`quantile`, along the numbers and along the places between them."""

    def run(v: Any, p: Any, sorted: bool = False, alpha: Any = 1.0, beta: Any = 1.0) -> Any:
        number = plain(v)
        f(number, plain(p), sorted=sorted, alpha=alpha, beta=beta)  # raises Julia's errors
        flat = number.data.ravel(order="F")
        order = np.arange(flat.size) if sorted else np.argsort(flat, kind="stable")
        x = rules.reshape(to_engine(v), (flat.size,))

        def one(q: Any) -> Any:
            position = rules.add(rules.mul(rules.add(flat.size, 1 - alpha - beta), q), alpha)
            j = min(max(math.floor(primal(position)), 1), flat.size - 1) if flat.size > 1 else 1
            a = rules.getitem(x, int(order[j - 1]))
            if flat.size == 1:
                return a
            part = rules.sub(position, j)
            if not 0 < primal(part) < 1:
                part = min(max(primal(part), 0.0), 1.0)
            return rules.add(a, rules.mul(part, rules.sub(rules.getitem(x, int(order[j])), a)))

        if type(p) is tuple:
            return tuple([one(q) for q in p])
        if not isinstance(p, Array):
            return one(to_engine(p))
        e = to_engine(p)
        parts = (
            [rules.getitem(e, at) for at in np.ndindex(*np.shape(primal(e)))]
            if np.ndim(primal(e))
            else [e]
        )
        return to_julia(rules.stack_scalars(list(map(one, parts)), np.shape(primal(e))))

    return run


# ---------------------------------------------------------------- two variables


def _centred(x: Any, dims: int) -> Any:
    if np.ndim(primal(x)) == 2 and dims == 2:
        x = rules.transpose(x)
    return rules.sub(x, rules.mean_along(x, (0,)))


def _column(x: Any) -> Any:
    return x if np.ndim(primal(x)) == 2 else rules.reshape(x, (np.size(primal(x)), 1))


def _product(a: Any, b: Any) -> Any:
    """`a' * b`, a number for two vectors."""
    na, nb = np.ndim(primal(a)), np.ndim(primal(b))
    if na == nb == 1:
        return rules.dot(a, b)
    out = rules.matmul(adjoint(_column(a)), _column(b))
    return out if na == nb else rules.reshape(out, (np.size(primal(out)),))


def _pair(x: Any, y: Any, dims: int, vectors: str) -> tuple[Any, Any]:
    a = _centred(x, dims)
    b = a if y is None else _centred(y, dims)
    if np.shape(primal(a))[0] != np.shape(primal(b))[0]:
        raise DimensionMismatch(
            vectors if np.ndim(primal(a)) == 1 else "The first dimension of x and y must agree"
        )
    return a, b


def _cov(x: Any, y: Any = None, corrected: bool = True, dims: int = 1) -> Any:
    a, b = _pair(x, y, dims, "x and y have different lengths")
    out = rules.div(_product(a, b), np.shape(primal(a))[0] - int(corrected))
    return (
        rules.real(out)
        if y is None and np.ndim(primal(a)) == 1 and np.iscomplexobj(primal(out))
        else out
    )


def _cor(x: Any, y: Any = None, dims: int = 1) -> Any:
    if y is None and np.ndim(primal(x)) == 1:
        return 1.0
    a, b = _pair(x, y, dims, "vectors must have same length")

    def units(c: Any) -> Any:
        return rules.div(c, rules.sqrt(rules.sum_along(rules.abs2(c), (0,))))

    p = units(a)
    out = _product(p, p if y is None else units(b))
    if y is not None:
        return out
    eye = np.eye(np.shape(primal(out))[0])
    return rules.add(rules.mul(out, np.asfortranarray(1 - eye)), np.asfortranarray(eye))


# Operations on engine values, by the method's name; keywords are Julia's.
STATISTICS: dict[str, Callable[..., Any]] = {
    "mean": mean,
    "var": _var,
    "std": _std,
    "varm": lambda x, m, **options: _var(x, mean=m, **options),
    "stdm": lambda x, m, **options: _std(x, mean=m, **options),
    "median": _median,
    "middle": _middle,
    "cov": _cov,
    "cor": _cor,
}
