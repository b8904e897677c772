"""numpy's functions on traced arrays: `np.linalg.det(x)`, `np.max(x, axis=0)`, `np.einsum("ij,j->i", a, b)` and their like.

Most are made of the engine's operations.  Functions that pick or arrange elements are asked what they do to the
*numbers* of the elements, which are then taken by number.  The table is filled when a function is first met that
`operators` does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from juliette_engine import linalg, rules, softmaxes, spectra
from juliette_engine.operators import without_derivative
from juliette_engine.primitive import primitive
from juliette_engine.tape import primal

ndarray = np.ndarray


def _picking(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that picks or arranges elements of its first argument."""

    def picked(x: Any, *args: Any, **options: Any) -> Any:
        n = math.prod(rules.shape(x))
        return _taken(x, f(np.arange(n).reshape(rules.shape(x)), *args, **options))

    return picked


def _taken(x: Any, numbers: Any) -> Any:
    """The elements of an array with these numbers, counted row by row; of several arrays of numbers several."""
    if isinstance(numbers, (list, tuple)):
        return type(numbers)([_taken(x, n) for n in numbers])
    return rules.getitem(x, np.unravel_index(np.asarray(numbers), rules.shape(x)))


def _observing(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function without a slope, of the plain arrays."""
    return lambda *args, **options: f(
        *map(_plain, args), **{k: _plain(v) for k, v in options.items()}
    )


def _plain(x: Any) -> Any:
    return type(x)(map(_plain, x)) if type(x) in (list, tuple) else primal(x)


def _extreme(index_of: Callable[..., Any]) -> Callable[..., Any]:
    """The largest or the smallest elements, the first of several."""

    def extreme(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
        if axis is None:
            y = rules.getitem(x, np.unravel_index(index_of(primal(x)), rules.shape(x)))
            return rules.reshape(y, (1,) * len(rules.shape(x))) if keepdims else y
        if type(axis) is tuple:
            kept = [i for i in range(len(rules.shape(x))) if i not in _positive(axis, x)]
            sizes = rules.shape(x)
            flat = np.transpose(x, (*kept, *_positive(axis, x)))
            y = extreme(flat.reshape(*[sizes[i] for i in kept], -1), -1)
            return np.expand_dims(y, _positive(axis, x)) if keepdims else y
        numbers = np.arange(math.prod(rules.shape(x))).reshape(rules.shape(x))
        places = np.expand_dims(index_of(primal(x), axis), axis)
        found = np.take_along_axis(numbers, places, axis)
        return _taken(x, found if keepdims else np.squeeze(found, axis))

    return extreme


def _positive(axis: Any, x: Any) -> tuple[int, ...]:
    n = len(rules.shape(x))
    return tuple([i % n for i in (axis if type(axis) is tuple else (axis,))])


def _sorted(x: Any, axis: int | None = -1) -> Any:
    if axis is None:
        x, axis = np.ravel(x), -1
    numbers = np.arange(math.prod(rules.shape(x))).reshape(rules.shape(x))
    order = np.argsort(primal(x), axis=axis, kind="stable")
    return _taken(x, np.take_along_axis(numbers, order, axis))


def _variance(x: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    sizes = rules.shape(x) if axis is None else [rules.shape(x)[i] for i in _positive(axis, x)]
    d = x - np.mean(x, axis, keepdims=True)
    return np.sum(rules.abs2(d), axis, keepdims=keepdims) / (math.prod(sizes) - ddof)


def _stacked(xs: Any, axis: int = 0) -> Any:
    return np.concatenate([np.expand_dims(x, axis) for x in xs], axis)


def _at_least(n: int, x: Any) -> Any:
    return (
        x if len(rules.shape(x)) >= n else _picking(np.atleast_1d if n == 1 else np.atleast_2d)(x)
    )


def _column(x: Any) -> Any:
    return rules.reshape(x, (-1, 1)) if len(rules.shape(x)) < 2 else x


def _clipped(x: Any, low: Any = None, high: Any = None) -> Any:
    if low is not None:
        x = rules.where(primal(x) < primal(low), low, x)
    return x if high is None else rules.where(primal(x) > primal(high), high, x)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and len(rules.shape(x)) == 2 and ord not in (None, "fro"):
        raise TypeError("of norms of matrices only Frobenius' has a derivative here")
    p = 2 if ord in (None, "fro") else ord
    if axis is None and not keepdims:
        return softmaxes.norm(x, p)
    size = rules.absolute(x)
    if p in (np.inf, -np.inf):
        return (np.max if p > 0 else np.min)(size, axis, keepdims=keepdims)
    return np.sum(size**p, axis, keepdims=keepdims) ** (1 / p)


def _slogdet(a: Any) -> Any:
    return np.sign(np.linalg.det(primal(a))), linalg.logabsdet(a)


def _diagonal(x: Any, k: int = 0) -> Any:
    if len(rules.shape(x)) == 2:
        return _picking(np.diagonal)(x, k)
    n = rules.shape(x)[0]
    places = np.diag(np.arange(n) + 1, k)
    padded = np.concatenate([np.zeros(1, primal(x).dtype), x])
    return rules.getitem(padded, places)


def _triangle(mask: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, k=0: rules.where(
        mask(np.ones(rules.shape(x), dtype=bool), k), x, primal(x).dtype.type(0)
    )


def _outer(a: Any, b: Any) -> Any:
    return rules.mul(rules.reshape(a, (-1, 1)), rules.reshape(b, (1, -1)))


def _average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return np.mean(x, axis)
    if axis is not None and len(rules.shape(weights)) == 1:
        sizes = [1] * len(rules.shape(x))
        sizes[axis] = -1
        weights = np.reshape(weights, sizes)
    return np.sum(x * weights, axis) / np.sum(weights + x * 0, axis)


# ---------------------------------------------------------------- sums of products over indices


def _einsum(subscripts: str, *operands: Any) -> Any:
    """`np.einsum` with letters; more than two operands are joined from the left."""
    if type(subscripts) is not str or "..." in subscripts:
        raise TypeError("einsum is differentiated with letters for all indices")
    left, _, out = subscripts.replace(" ", "").partition("->")
    names = left.split(",")
    if "->" not in subscripts:
        letters = left.replace(",", "")
        out = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    while len(names) > 2:
        rest = set("".join([*names[2:], out]))
        joined = "".join(c for c in dict.fromkeys(names[0] + names[1]) if c in rest)
        first = _product(operands[0], operands[1], at=(names[0], names[1], joined))
        names, operands = [joined, *names[2:]], (first, *operands[2:])
    if len(names) == 1:
        one = np.ones((), np.asarray(primal(operands[0])).dtype)
        names, operands = [names[0], ""], (operands[0], one)
    for name in names:
        if len(set(name)) < len(name):
            raise TypeError("einsum is differentiated without an index twice in one operand")
    return _product(*operands, at=(*names, out))


def _back(g: Any, other: Any, a: Any, *, at: tuple[str, str, str]) -> Any:
    """The cotangent of the operand `a` with indices `at[0]`, for that of the sum."""
    mine, others, out = at
    # an index that is summed over in `a` alone is spread again
    lonely = "".join(c for c in mine if c not in others + out)
    if lonely:
        sizes = dict(zip(mine, rules.shape(a), strict=True))
        spread = np.ones([sizes[c] for c in lonely], np.asarray(primal(g)).dtype)
        other, others = (
            _product(other, spread, at=(others, lonely, others + lonely)),
            others + lonely,
        )
    return _product(g, other, at=(out, others, mine))


@primitive(
    lambda g, y, a, b, *, at: _back(g, rules.conjugate(b), a, at=at),
    lambda g, y, a, b, *, at: _back(g, rules.conjugate(a), b, at=(at[1], at[0], at[2])),
    name="einsum",
)
def _product(a: Any, b: Any, *, at: tuple[str, str, str]) -> Any:
    return np.einsum(f"{at[0]},{at[1]}->{at[2]}", a, b)


# ---------------------------------------------------------------- the table

_LARGEST, _SMALLEST = _extreme(np.argmax), _extreme(np.argmin)


def _eigh(a: Any, UPLO: str = "L") -> Any:  # numpy's name of it
    """Of the matrix that one triangle stands for."""
    half = rules.mul(a, np.tril(np.ones(rules.shape(a)), -1) if UPLO == "L" else np.triu(np.ones(rules.shape(a)), 1))  # fmt: skip
    whole = rules.add(rules.add(half, rules.transpose(half)), linalg.diagm(linalg.diagonal(a)))
    found = np.linalg.eigh(primal(whole))
    return _EIGH(*spectra.eigen(whole, (np.asarray(found[0]), np.asfortranarray(found[1]))))


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The thin factors; whole ones have no derivative."""
    u, s, vt = np.linalg.svd(primal(a), full_matrices=False)
    u, s, vt = spectra.svd(a, (u, s, vt))
    if not compute_uv:
        return s
    if full_matrices and rules.shape(a)[0] != rules.shape(a)[1]:
        raise without_derivative("numpy.linalg.svd(…, full_matrices=True)")
    return _SVD(u, s, vt)


def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode != "reduced":
        raise without_derivative(f"numpy.linalg.qr(…, mode={mode!r})")
    return _QR(*linalg.qr(a, tuple(np.linalg.qr(primal(a)))))


# numpy's named tuples of these results.
_EIGH: Any = type(np.linalg.eigh(np.eye(1)))
_SVD: Any = type(np.linalg.svd(np.eye(1)))
_QR: Any = type(np.linalg.qr(np.eye(1)))

TABLE: dict[Any, Callable[..., Any]] = {
    np.max: _LARGEST,
    np.amax: _LARGEST,
    np.min: _SMALLEST,
    np.amin: _SMALLEST,
    np.sort: _sorted,
    np.var: _variance,
    np.std: lambda x, axis=None, **options: rules.sqrt(_variance(x, axis, **options)),
    np.average: _average,
    np.stack: _stacked,
    np.hstack: lambda xs: np.concatenate(
        [_at_least(1, x) for x in xs], 0 if len(rules.shape(xs[0])) < 2 else 1
    ),
    np.vstack: lambda xs: np.concatenate([_at_least(2, x) for x in xs], 0),
    np.column_stack: lambda xs: np.concatenate(list(map(_column, xs)), 1),
    np.append: lambda x, y, axis=None: np.concatenate(
        [np.ravel(x), np.ravel(y)] if axis is None else [x, y], axis or 0
    ),
    np.clip: _clipped,
    np.outer: _outer,
    np.inner: lambda a, b: rules.matmul(a, rules.transpose(b) if len(rules.shape(b)) > 1 else b),
    np.vdot: lambda a, b: rules.matmul(rules.conjugate(np.ravel(a)), np.ravel(b)),
    np.einsum: _einsum,
    np.trace: linalg.trace,
    np.kron: linalg.kron,
    np.diag: _diagonal,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.real: rules.real,
    np.imag: rules.imag,
    np.linalg.det: linalg.det,
    np.linalg.slogdet: _slogdet,
    np.linalg.inv: linalg.inv,
    np.linalg.pinv: linalg.pinv,
    np.linalg.solve: linalg.solve,
    np.linalg.cholesky: lambda a: linalg.cholesky(rules.transpose(a)),  # numpy looks at the lower triangle
    np.linalg.eigh: _eigh,
    np.linalg.eigvalsh: lambda a, **options: _eigh(a, **options)[0],
    np.linalg.svd: _svd,
    np.linalg.qr: _qr,
    np.linalg.norm: _norm,
    np.linalg.multi_dot: lambda xs: reduce(rules.matmul, xs),
    np.linalg.matrix_power: lambda a, n: (
        reduce(rules.matmul, [a] * n) if n > 0 else reduce(rules.matmul, [linalg.inv(a)] * -n)
        if n else np.eye(len(a))
    ),
    **{
        f: _picking(f)
        for f in (
            np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.tile, np.repeat, np.squeeze, np.expand_dims, np.swapaxes,
            np.moveaxis, np.broadcast_to, np.diagonal, np.take, np.delete, np.copy, np.split, np.array_split, np.hsplit,
            np.vsplit, np.atleast_1d, np.atleast_2d, np.atleast_3d, np.resize,
        )
    },
    **{
        f: _observing(f)
        for f in (
            np.argmax, np.argmin, np.argsort, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.allclose,
            np.isclose, np.array_equal, np.searchsorted, np.count_nonzero, np.any, np.all, np.nonzero, np.round,
            np.linalg.matrix_rank, np.result_type, np.histogram, np.unique, np.array_repr, np.array_str,
        )
    },
}  # fmt: skip
