"""Eigenvalues, singular values, and functions of matrices by way of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import (
    OPS,
    Elementwise,
    absolute,
    add,
    complexed,
    conjugate,
    cotangent,
    div,
    mul,
    neg,
    power,
    real,
    sub,
    where,
)
from juliette_engine.linalg import inv, solve, upper_of
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import adjoint, fortran, getitem, matmul, reshape, total, transpose
from juliette_engine.tape import primal


def _complex(x: Any) -> bool:
    return bool(np.iscomplexobj(primal(x)))


def _real_like(d: Any, x: Any) -> Any:
    return real(d) if _complex(d) and not _complex(x) else d


def _conj(x: Any) -> Any:
    return conjugate(x) if _complex(x) else x


# ---------------------------------------------------------------- eigenvalues


def _apart(row: Any, column: Any) -> Any:
    """`1 / (row - column)`, zero where they are equal."""
    d = sub(row, column)
    same = np.equal(primal(d), 0)
    return mul(div(1.0, where(same, 1.0, d)), np.asfortranarray(~same))


def _eigen_partial(g: Any, y: Any, a: Any, *, parts: Any) -> Any:
    n = shape(a)[0]
    eye = np.eye(n)
    values, vectors = _real_like(getitem(y, n), 0.0), getitem(y, slice(0, n))
    factor = _apart(reshape(values, (1, n)), reshape(values, (n, 1)))
    inner = mul(matmul(adjoint(vectors), getitem(g, slice(0, n))), factor)
    inner = add(inner, mul(eye, reshape(_real_like(getitem(g, n), 0.0), (1, n))))
    return upper_of(matmul(vectors, matmul(inner, adjoint(vectors))))


@primitive(_eigen_partial, name="eigen")
def _eigen(a: Any, *, parts: Any) -> Any:
    values, vectors = parts
    return np.asfortranarray(np.vstack((vectors, values[None])))


def eigen(a: Any, parts: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of a Hermitian matrix, given by its upper triangle; their numbers are in `parts`."""
    y = _eigen(a, parts=parts)
    n = shape(a)[0]
    return _real_like(getitem(y, n), 0.0), getitem(y, slice(0, n))


def _normed(g: Any, v: Any) -> Any:
    """A cotangent of eigenvectors of length 1 whose largest element is real, without what changes length and phase."""
    along = reshape(_sums(mul(_conj(v), g)), (1, shape(v)[1]))
    g = sub(g, mul(v, _real_like(along, 0.0)))
    if not _complex(v):
        return g
    p = primal(v)
    sizes = np.where(p.imag == 0, np.abs(p), -1.0)
    k = np.argmax(sizes, axis=0)
    mark = np.zeros(p.shape, order="F")
    mark[k, np.arange(p.shape[1])] = 1
    top = reshape(real(getitem(v, (k, np.arange(p.shape[1])))), (1, p.shape[1]))
    turn = div(OPS["imag"](along), top)
    return sub(g, mul(mark, mul(1j, turn)))


def _sums(x: Any) -> Any:
    """The sums of the columns."""
    from juliette_engine.primitives import sum_along

    return sum_along(x, (0,))


def _eig_partial(g: Any, y: Any, a: Any, *, parts: Any) -> Any:
    n = shape(a)[0]
    values, vectors = getitem(y, n), getitem(y, slice(0, n))
    turned = _conj(values)
    factor = _apart(reshape(turned, (1, n)), reshape(turned, (n, 1)))
    inner = mul(matmul(adjoint(vectors), _normed(getitem(g, slice(0, n)), vectors)), factor)
    inner = add(inner, mul(np.eye(n), reshape(getitem(g, n), (1, n))))
    return _real_like(solve(adjoint(vectors), matmul(inner, adjoint(vectors))), a)


@primitive(_eig_partial, name="eig")
def _eig(a: Any, *, parts: Any) -> Any:
    values, vectors = parts
    return np.asfortranarray(np.vstack((vectors, values[None])))


def eig(a: Any, parts: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of any matrix with different eigenvalues; their numbers are in `parts`."""
    y = _eig(a, parts=parts)
    n = shape(a)[0]
    return getitem(y, n), getitem(y, slice(0, n))


# ---------------------------------------------------------------- functions of matrices


class Function:
    """A function of numbers with its slope, both by recorded operations, to be applied to a matrix."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Any, slope: Any) -> None:
        self.value, self.slope = value, slope


def elementary(op: Elementwise) -> Function:
    """One of the table's functions."""

    def slope(x: Any) -> Any:
        ones = np.ones(shape(x), primal(x).dtype, order="F")
        d = cotangent(op.rule, 0, ones, op(x), (x,))
        return conjugate(d) if _complex(d) else d

    return Function(op, slope)


def powers(p: Any) -> Function:
    """`x ^ p`"""
    return Function(lambda x: power(x, p), lambda x: mul(p, power(x, sub(p, 1.0))))


def _divided(f: Function, values: Any) -> Any:
    """`(f(x) - f(y)) / (x - y)` for each pair of eigenvalues, and the slope where they are close."""
    n = shape(values)[0]
    column, row = reshape(values, (n, 1)), reshape(values, (1, n))
    y = f.value(values)
    rise, run = sub(reshape(y, (n, 1)), reshape(y, (1, n))), sub(column, row)
    p = primal(values)
    close = np.asfortranarray(
        np.abs(primal(run)) <= 6e-6 * max(1.0, float(np.max(np.abs(p), initial=0)))
    )
    middle = mul(0.5, add(column, row))
    return where(close, f.slope(middle), div(rise, where(close, 1.0, run)))


def _decomposed(a: Any, hermitian: bool, whole: bool) -> tuple[Any, Any]:
    p = primal(a)
    values, vectors = eig(
        a, tuple(map(np.asarray, (np.linalg.eigh if hermitian else np.linalg.eig)(p)))
    )
    return (complexed(values, 0.0) if whole and not _complex(values) else values), vectors


def _function_partial(g: Any, y: Any, a: Any, *, f: Function, value: Any, hermitian: bool) -> Any:
    hermitian_for_good = (
        hermitian and primal(a) is a
    )  # of a traced matrix other derivatives follow, in any direction
    values, vectors = _decomposed(a, hermitian, _complex(y))
    turned = (
        conjugate(_divided(f, values)) if _complex(y) or _complex(values) else _divided(f, values)
    )
    h = adjoint(vectors)
    if hermitian_for_good:
        d = matmul(vectors, matmul(mul(matmul(h, matmul(g, vectors)), turned), h))
    else:
        back = adjoint(inv(vectors))
        d = matmul(back, matmul(mul(matmul(h, matmul(g, back)), turned), h))
    return _real_like(d, a)


@primitive(_function_partial, name="matrix_function")
def _function(a: Any, *, f: Function, value: Any, hermitian: bool) -> Any:
    return value


def matrix_function(a: Any, f: Function, value: Any, hermitian: bool) -> Any:
    """A function of a diagonalizable matrix, whose number is given."""
    return _function(a, f=f, value=fortran(value), hermitian=hermitian)


def _exponent_partial(g: Any, y: Any, p: Any, *, a: Any, value: Any, hermitian: bool) -> Any:
    values, vectors = np.linalg.eigh(a) if hermitian else np.linalg.eig(a)
    values = values.astype(complex) if np.iscomplexobj(value) or np.min(values.real) < 0 else values
    slope = (vectors * (np.power(values, primal(p)) * np.log(values))) @ np.linalg.inv(vectors)
    return _real_like(total(mul(np.conj(slope), g)), 0.0)


@primitive(_exponent_partial, name="matrix_exponent")
def _exponent(p: Any, *, a: Any, value: Any, hermitian: bool) -> Any:
    return value


def matrix_power(a: Any, p: Any, value: Any, hermitian: bool) -> Any:
    """`a ^ p` of a real `p`, whose number is given; to first order in `p`."""
    from juliette_engine.tape import Node

    y = matrix_function(a, powers(primal(p)), value, hermitian) if isinstance(a, Node) else value
    if not isinstance(p, Node):
        return y
    along = _exponent(p, a=primal(a), value=fortran(value), hermitian=hermitian)
    return along if not isinstance(y, Node) else sub(add(y, along), fortran(value))


# ---------------------------------------------------------------- singular values


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
    factor = _apart(mul(row, row), mul(column, column))
    scale = _apart(row, 0.0)

    def turned(x: Any, gx: Any) -> Any:
        p = matmul(transpose(x), gx)
        return mul(sub(p, transpose(p)), factor)

    def outside(x: Any, gx: Any) -> Any:
        """The part of a cotangent that does not lie in the space of the vectors, over the values."""
        return mul(sub(gx, matmul(x, matmul(transpose(x), gx))), scale)

    inner = add(
        add(mul(turned(u, gu), row), mul(column, turned(v, gv))), mul(eye, reshape(gs, (1, k)))
    )
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


_ = (absolute, neg, transpose)
