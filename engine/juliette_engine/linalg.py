"""Linear algebra with derivatives: solving, inverses, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import add, conjugate, div, mul, neg, real, sub
from juliette_engine.primitive import number, primitive, shape
from juliette_engine.primitives import adjoint, getitem, matmul, reshape, stack_scalars, total
from juliette_engine.tape import Node, primal


def _outer(a: Any, b: Any) -> Any:
    """`a * b'` of matrices, or of vectors."""
    if len(shape(a)) == 1:
        return matmul(reshape(a, (*shape(a), 1)), reshape(_conj(b), (1, *shape(b))))
    return matmul(a, adjoint(b))


def _solved(a: Any, b: Any) -> Any:
    return np.asfortranarray(np.linalg.solve(a, b))


@primitive(
    lambda g, y, a, b: neg(_outer(solve(adjoint(a), g), y)),
    lambda g, y, a, b: solve(adjoint(a), g),
    name="solve",
)
def _square(a: Any, b: Any) -> Any:
    return _solved(a, b)


def _least_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    h = adjoint(a)
    db = solve(h, g)
    d = neg(_outer(db, y))
    if shape(a)[0] > shape(a)[1]:
        return add(d, _outer(sub(b, matmul(a, y)), solve(a, db)))
    return add(d, _outer(solve(h, y), sub(g, matmul(h, db))))


@primitive(_least_a, lambda g, y, a, b: solve(adjoint(a), g), name="least_squares")
def _least_squares(a: Any, b: Any) -> Any:
    return np.asfortranarray(np.linalg.lstsq(a, b, rcond=None)[0])


def solve(a: Any, b: Any) -> Any:
    """`a \\ b`; the least squares of a tall matrix, the shortest solution of a wide one."""
    n, m = shape(a)
    return _square(a, b) if n == m else _least_squares(a, b)


def _pinv_partial(g: Any, y: Any, a: Any) -> Any:
    n, m = shape(a)
    yh, gh = adjoint(y), adjoint(g)
    d = neg(matmul(yh, matmul(g, yh)))
    left = sub(np.eye(n), matmul(a, y))
    right = sub(np.eye(m), matmul(y, a))
    d = add(d, matmul(matmul(left, gh), matmul(y, yh)))
    return add(d, matmul(matmul(yh, y), matmul(gh, right)))


@primitive(_pinv_partial)
def pinv(a: Any) -> Any:
    """The pseudo-inverse."""
    return np.asfortranarray(np.linalg.pinv(a))


def _sylvester_numbers(a: Any, b: Any, c: Any) -> Any:
    n, m = len(a), len(b)
    whole = np.kron(np.eye(m), a) + np.kron(b.T, np.eye(n))
    return np.linalg.solve(whole, -c.reshape(-1, order="F")).reshape((n, m), order="F")


def _turned(g: Any, a: Any, b: Any) -> Any:
    return sylvester(adjoint(a), adjoint(b), g)


@primitive(
    lambda g, y, a, b, c: matmul(_turned(g, a, b), adjoint(y)),
    lambda g, y, a, b, c: matmul(adjoint(y), _turned(g, a, b)),
    lambda g, y, a, b, c: _turned(g, a, b),
)
def sylvester(a: Any, b: Any, c: Any) -> Any:
    """The `X` with `a X + X b + c == 0`."""
    return _sylvester_numbers(a, b, c)


@primitive(lambda g, y, a: neg(matmul(adjoint(y), matmul(g, adjoint(y)))))
def inv(a: Any) -> Any:
    """The inverse."""
    return np.asfortranarray(np.linalg.inv(a))


def _conj(x: Any) -> Any:
    return conjugate(x) if np.iscomplexobj(primal(x)) else x


def _real(x: Any) -> Any:
    return real(x) if np.iscomplexobj(primal(x)) else x


def _det_partial(g: Any, y: Any, a: Any) -> Any:
    if isinstance(a, np.ndarray) and y == 0 and not isinstance(g, Node):
        return _cofactors(a) * g
    return mul(adjoint(inv(a)), mul(g, _conj(y)))


def _cofactors(a: Any) -> Any:
    """The conjugates of the cofactors, of a singular matrix, too."""
    u, s, vt = np.linalg.svd(a)
    rest = np.array([np.prod(np.delete(s, i)) for i in range(len(s))])
    return (u * (rest * np.conj(np.linalg.det(u) * np.linalg.det(vt)))) @ vt


@primitive(_det_partial)
def det(a: Any) -> Any:
    """The determinant."""
    return number(np.linalg.det(a))


@primitive(lambda g, y, a: mul(adjoint(inv(a)), g))
def logdet(a: Any) -> Any:
    """The logarithm of the determinant; of a real matrix of its absolute value."""
    sign, size = np.linalg.slogdet(a)
    return number(size + 1j * np.angle(sign)) if np.iscomplexobj(a) else number(size)


@primitive(lambda g, y, a: mul(adjoint(inv(a)), _real(g)))
def logabsdet(a: Any) -> Any:
    """The logarithm of the determinant's absolute value."""
    return number(np.linalg.slogdet(a)[1])


def trace(a: Any) -> Any:
    """The sum of the diagonal."""
    return total(diagonal(a))


def diagonal(a: Any) -> Any:
    """The elements on the diagonal."""
    n = min(shape(a))
    return getitem(a, (np.arange(n), np.arange(n)))


def diagm(x: Any) -> Any:
    """A matrix with a vector on its diagonal."""
    n = shape(x)[0]
    return mul(np.eye(n), reshape(x, (n, 1)))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product."""
    if len(shape(a)) == 1 and len(shape(b)) == 1:
        return reshape(mul(reshape(b, (*shape(b), 1)), reshape(a, (1, *shape(a)))), (-1,))
    (m, n), (p, q) = shape(a), shape(b)
    y = mul(reshape(b, (p, 1, q, 1)), reshape(a, (1, m, 1, n)))
    return reshape(y, (m * p, n * q))


def cholesky(a: Any) -> Any:
    """The lower factor of a positive definite matrix, which is given by its upper triangle."""
    return _cholesky(a)


def _triangle(a: Any, *, lower: bool, k: int = 0) -> Any:
    """The lower or the upper triangle of a matrix."""
    ones = np.ones(shape(a))
    return mul(a, np.asfortranarray(np.tril(ones, k) if lower else np.triu(ones, k)))


def _lower(a: Any) -> Any:
    """The lower triangle with half the diagonal."""
    mask = np.tril(np.ones(shape(a)), -1) + 0.5 * np.eye(shape(a)[0])
    return mul(a, np.asfortranarray(mask))


def upper_of(full: Any) -> Any:
    """The cotangent of a Hermitian matrix that is given by its upper triangle, from that of all its elements."""
    return add(_triangle(full, lower=False), adjoint(_triangle(full, lower=True, k=-1)))


def _cholesky_partial(g: Any, y: Any, a: Any) -> Any:
    inverse = inv(y)
    middle = _lower(matmul(adjoint(y), _triangle(g, lower=True)))
    s = matmul(adjoint(inverse), matmul(middle, inverse))
    return upper_of(mul(0.5, add(s, adjoint(s))))


@primitive(_cholesky_partial, name="cholesky")
def _cholesky(a: Any) -> Any:
    return np.asfortranarray(np.linalg.cholesky(a))


def _lu_partial(g: Any, y: Any, a: Any, *, factors: Any, order: Any) -> Any:
    eye = np.eye(shape(a)[0])
    lower, upper = add(_triangle(y, lower=True, k=-1), eye), _triangle(y, lower=False)
    left = _triangle(matmul(adjoint(lower), _triangle(g, lower=True, k=-1)), lower=True, k=-1)
    right = _triangle(matmul(_triangle(g, lower=False), adjoint(upper)), lower=False)
    d = solve(adjoint(lower), adjoint(solve(upper, adjoint(add(left, right)))))
    return getitem(d, np.argsort(order))


@primitive(_lu_partial, name="lu")
def _lu(a: Any, *, factors: Any, order: Any) -> Any:
    return factors


def lu(a: Any, factors: Any, order: Any) -> Any:
    """`L` below the diagonal and `U` above it, in one square matrix; the numbers and the order of the rows are given."""
    return _lu(a, factors=factors, order=order)


def _qr_partial(g: Any, y: Any, a: Any, *, parts: Any) -> Any:
    n = shape(a)[0]
    q, r = getitem(y, slice(0, n)), getitem(y, slice(n, None))
    gq, gr = getitem(g, slice(0, n)), _triangle(getitem(g, slice(n, None)), lower=False)
    m = sub(matmul(r, adjoint(gr)), matmul(adjoint(gq), q))
    mirrored = add(_triangle(m, lower=True), adjoint(_triangle(m, lower=True, k=-1)))
    return adjoint(solve(r, adjoint(add(gq, matmul(q, mirrored)))))


@primitive(_qr_partial, name="qr")
def _qr(a: Any, *, parts: Any) -> Any:
    return np.asfortranarray(np.vstack(parts))


def qr(a: Any, parts: Any) -> tuple[Any, Any]:
    """The thin `Q` and `R` of a matrix that is not wide, whose numbers are given."""
    y = _qr(a, parts=parts)
    n = shape(a)[0]
    return getitem(y, slice(0, n)), getitem(y, slice(n, None))


_ = (div, stack_scalars)
