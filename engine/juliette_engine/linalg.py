"""Linear algebra with derivatives: solving, inverses, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import add, div, mul, neg, sub
from juliette_engine.primitives import (
    adjoint, getitem, matmul, number, primitive, reshape, shape, stack_scalars, total, transpose,
)
from juliette_engine.tape import primal


def _outer(a: Any, b: Any) -> Any:
    """`a * b'` of matrices, or of vectors."""
    if len(shape(a)) == 1:
        return matmul(reshape(a, (*shape(a), 1)), reshape(b, (1, *shape(b))))
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


def solve(a: Any, b: Any) -> Any:
    """`a \\ b`; the least squares of a tall matrix."""
    n, m = shape(a)
    if n == m:
        return _square(a, b)
    h = adjoint(a)
    return _square(matmul(h, a), matmul(h, b)) if n > m else matmul(h, _square(matmul(a, h), b))


@primitive(lambda g, y, a: neg(matmul(adjoint(y), matmul(g, adjoint(y)))))
def inv(a: Any) -> Any:
    """The inverse."""
    return np.asfortranarray(np.linalg.inv(a))


@primitive(lambda g, y, a: mul(adjoint(inv(a)), mul(g, y)))
def det(a: Any) -> Any:
    """The determinant."""
    return number(np.linalg.det(a))


@primitive(lambda g, y, a: mul(adjoint(inv(a)), g))
def logdet(a: Any) -> Any:
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
    """The lower factor of a positive definite matrix."""
    return _cholesky(a)


def _lower(a: Any) -> Any:
    """The lower triangle with half the diagonal."""
    mask = np.tril(np.ones(shape(a)), -1) + 0.5 * np.eye(shape(a)[0])
    return mul(a, np.asfortranarray(mask))


def _cholesky_partial(g: Any, y: Any, a: Any) -> Any:
    inverse = inv(y)
    middle = _lower(matmul(transpose(y), g))
    s = matmul(transpose(inverse), matmul(middle, inverse))
    return mul(0.5, s + transpose(s)) if not isinstance(s, np.ndarray) else 0.5 * (s + s.T)


@primitive(_cholesky_partial, name="cholesky")
def _cholesky(a: Any) -> Any:
    return np.asfortranarray(np.linalg.cholesky(a))


def _eigen_partial(g: Any, y: Any, a: Any, *, parts: Any) -> Any:
    n = shape(a)[0]
    eye = np.eye(n)
    values, vectors = getitem(y, n), getitem(y, slice(0, n))
    apart = add(sub(reshape(values, (1, n)), reshape(values, (n, 1))), eye)
    inner = mul(div(matmul(transpose(vectors), getitem(g, slice(0, n))), apart), 1 - eye)
    inner = add(inner, mul(eye, reshape(getitem(g, n), (1, n))))
    full = matmul(vectors, matmul(inner, transpose(vectors)))
    # a symmetric matrix is given by its upper triangle
    return add(mul(full, np.triu(np.ones((n, n)))), transpose(mul(full, np.tril(np.ones((n, n)), -1))))


@primitive(_eigen_partial, name="eigen")
def _eigen(a: Any, *, parts: Any) -> Any:
    values, vectors = parts
    return np.asfortranarray(np.vstack((vectors, values[None])))


def eigen(a: Any, parts: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of a real symmetric matrix, whose numbers are given in `parts`."""
    y = _eigen(a, parts=parts)
    n = shape(a)[0]
    return getitem(y, n), getitem(y, slice(0, n))


def _svd_parts(y: Any, m: int) -> tuple[Any, Any, Any]:
    """The left vectors, the values and the right vectors that lie in one matrix."""
    return getitem(y, slice(0, m)), getitem(y, m), getitem(y, slice(m + 1, None))


def _svd_partial(g: Any, y: Any, a: Any, *, parts: Any) -> Any:
    m = shape(a)[0]
    u, s, v = _svd_parts(y, m)
    gu, gs, gv = _svd_parts(g, m)
    k = shape(s)[0]
    eye = np.eye(k)
    row, column = reshape(s, (1, k)), reshape(s, (k, 1))
    apart = add(sub(mul(row, row), mul(column, column)), eye)  # s[j]² - s[i]²

    def turned(x: Any, gx: Any) -> Any:
        p = matmul(transpose(x), gx)
        return mul(div(sub(p, transpose(p)), apart), 1 - eye)

    def outside(x: Any, gx: Any) -> Any:
        """The part of a cotangent that does not lie in the space of the vectors, over the values."""
        return div(sub(gx, matmul(x, matmul(transpose(x), gx))), row)

    inner = add(add(mul(turned(u, gu), row), mul(column, turned(v, gv))), mul(eye, reshape(gs, (1, k))))
    d = matmul(u, matmul(inner, transpose(v)))
    d = add(d, matmul(outside(u, gu), transpose(v)))
    return add(d, matmul(u, transpose(outside(v, gv))))


@primitive(_svd_partial, name="svd")
def _svd(a: Any, *, parts: Any) -> Any:
    u, s, vt = parts
    return np.asfortranarray(np.vstack((u, s[None], vt.T)))


def svd(a: Any, parts: Any) -> tuple[Any, Any, Any]:
    """`U`, `S` and `V'` of a real matrix, whose numbers are given in `parts`."""
    u, s, v = _svd_parts(_svd(a, parts=parts), shape(a)[0])
    return u, s, transpose(v)


_ = (div, sub, stack_scalars, primal)
