"""Solving, powers and functions of matrices: what Base's own operators mean for them.

These methods belong to functions of Base (`\\`, `/`, `inv`, `^`, `exp`, …), so they hold whether or
not LinearAlgebra is in use.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base import matrices
from juliette.base.array_protocol import dense, from_values, scalar, values_of
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base
from juliette.stdlib.linear_algebra import factorizations as F
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.symmetric_factors import ldlt


def solve(a: Any, b: Any) -> Any:
    """`a \\ b`"""
    if isinstance(a, S.Diagonal):
        return diagonal_solve(a, b)
    if isinstance(a, S.SymTridiagonal):
        return Base.bindings["\\"](ldlt(a), b)
    x, y = dense(a), dense(b)
    if x.ndim == 1:
        x, y = K.floating(a), K.floating(b)
        out = (x.conj() @ y) / (x.conj() @ x)
        return scalar(out) if y.ndim == 1 else W.Adjoint(wrap(np.asarray(out).conj()))
    if isinstance(a, S.Mirrored) and x.dtype.kind in "fiu" and x.shape[0] == y.shape[0]:
        return Base.bindings["\\"](F.bunchkaufman(a), b)
    keeps = isinstance(a, S.Part) and isinstance(b, S.Part) and type(a).family is type(b).family
    if isinstance(a, S.Part) and a.unit and x.dtype.kind in "iu" and y.dtype.kind in "iu":
        out = K.solve(K.objects(x), K.objects(y))
    else:
        left = K.floating(a)
        out = K.solve(left, K.objects(y) if left.dtype == object else K.floating(b))
    out = K.result_array(out)
    return type(a).__mro__[1](out) if keeps else out


def diagonal_solve(a: Any, b: Any) -> Any:
    d, y = K.floating(a.diag), K.floating(b)
    if y.shape[0] != len(d):
        raise DimensionMismatch(
            f"diagonal matrix is {len(d)} by {len(d)} but right hand side has {y.shape[0]} rows"
        )
    for i, x in enumerate(d):
        K.check_pivot(x, i)
    d, y = K.common(d, y)
    if d.dtype == object:
        rows = [K.divided(y[i], d[i], True) for i in range(len(d))]
        out = np.empty(y.shape, dtype=object)
        for i, r in enumerate(rows):
            out[i] = r
    else:
        out = y / (d if y.ndim == 1 else d[:, None])
    out = K.result_array(out)
    return S.Diagonal(S.diagonal_of(out)) if isinstance(b, S.Diagonal) else out


def divide(a: Any, b: Any) -> Any:
    """`a / b`, which is `(b' \\ a')'`"""
    x, y = dense(a), dense(b)
    if y.ndim == 1:
        y = y.reshape(-1, 1)
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if x.shape[1] != y.shape[1]:
        raise (
            DimensionMismatch("Both inputs should have the same number of columns")
            if y.shape[0] != y.shape[1]
            else DimensionMismatch(f"B has leading dimension {y.shape[1]}, but needs {x.shape[1]}")
        )
    if y.shape[1] == 1 and y.shape[0] > 1 and x.dtype != object and y.dtype != object:
        return wrapped(x @ y.conj().T / (y.conj() * y).sum().real)
    left, right = K.common(K.floating(wrapped(y)), K.floating(wrapped(x)))
    turn = (lambda m: m.T) if left.dtype == object else (lambda m: m.conj().T)
    out = turn(K.solve(np.asfortranarray(turn(left)), np.asfortranarray(turn(right))))
    if isinstance(a, W.Transposed) and a.parent_is_vector:
        return W.Adjoint(
            K.result_array(
                np.asfortranarray(
                    out.conj().reshape(-1) if out.dtype != object else out.reshape(-1)
                )
            )
        )
    return K.result_array(np.asfortranarray(out))


def wrapped(data: Any) -> Any:
    return K.result_array(np.asfortranarray(data))


def inverse(a: Any) -> Any:
    """`inv(a)`, of the same structure where that is kept."""
    K.check_square(a)
    if isinstance(a, S.Diagonal):
        for i, x in enumerate(dense(a.diag)):
            K.check_pivot(x, i)
        inv = Base.bindings["inv"]
        return S.Diagonal(from_values([inv(x) for x in values_of(a.diag)]))
    out = K.result_array(K.inverse(K.floating(a)))
    if isinstance(a, (S.Part, S.Mirrored)) and not isinstance(a, S.UpperHessenberg):
        return rewrap(a, out)
    return out


def rewrap(like: Any, out: Any) -> Any:
    """A result in the structure of `like`."""
    cls = type(like).__mro__[1]
    return cls(out, like.uplo_text) if isinstance(like, S.Mirrored) else cls(out)


def power(a: Any, p: Any) -> Any:
    """`a^p`"""
    if not isinstance(p, (int, np.integer)):
        if T.subtype(T.typeof(p), T.Real) and float(p) == int(float(p)):
            return power(Base.bindings["float"](a), int(float(p)))
        return of_spectrum(
            a,
            lambda x: np.power(x.astype(complex) if (x.real < 0).any() else x, float(p)),
            lambda x, m: m.expm(float(p) * m.logm(x)),
        )
    n = K.check_square(a)
    if isinstance(a, S.Diagonal):
        f = Base.bindings["^"]
        return S.Diagonal(from_values([f(x, p) for x in values_of(a.diag)]))
    p = int(p)
    if p < 0:
        return power(inverse(a), -p)
    times = Base.bindings["*"]
    if p == 0:
        return Base.bindings["one"](wrapped(np.array(dense(a))))
    if p == 1:
        return Base.bindings["copy"](a)
    out: Any = None
    square = a
    while p:
        if p & 1:
            out = square if out is None else times(out, square)
        p >>= 1
        if p:
            square = times(square, square)
    assert n >= 0
    if isinstance(a, S.Mirrored):
        return rewrap(a, wrapped(np.array(dense(out))))
    return out


def number_power(x: Any, a: Any) -> Any:
    """`x^A`"""
    return exponential(Base.bindings["*"](Base.bindings["log"](x), a))


# ---------------------------------------------------------------- functions of matrices

_PADE = (
    (1.5e-2, (120.0, 60.0, 12.0, 1.0)),
    (2.5e-1, (30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0)),
    (9.5e-1, (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0)),
    (
        2.1,
        (
            17643225600.0,
            8821612800.0,
            2075673600.0,
            302702400.0,
            30270240.0,
            2162160.0,
            110880.0,
            3960.0,
            90.0,
            1.0,
        ),
    ),
)
PADE13 = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)


def exponential(a: Any) -> Any:
    """`exp(A)`: by eigenvalues if Hermitian, else by scaling and squaring of a Padé approximant."""
    K.check_square(a)
    if isinstance(a, S.Diagonal):
        return on_diagonal(a, "exp")
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if F.is_hermitian(a):
        return hermitian_function(a, data, np.exp)
    norm = np.linalg.norm(data, 1)
    eye = np.eye(len(data), dtype=data.dtype)
    for limit, c in _PADE:
        if norm <= limit:
            return wrap(np.asfortranarray(pade(data, c, eye)))
    squarings = max(0, math.ceil(math.log2(norm / 5.4))) if norm > 5.4 else 0
    out = pade(data / 2**squarings, PADE13, eye)
    for _ in range(squarings):
        out = out @ out
    return wrap(np.asfortranarray(out))


def pade(a: Any, c: tuple[float, ...], eye: Any) -> Any:
    """The Padé approximant of exp with coefficients `c`."""
    square = a @ a
    even, odd = c[0] * eye, c[1] * eye
    p = eye
    for k in range(2, len(c), 2):
        p = p @ square
        even = even + c[k] * p
        if k + 1 < len(c):
            odd = odd + c[k + 1] * p
    odd = a @ odd
    return np.linalg.solve(even - odd, even + odd)


def hermitian_function(a: Any, data: Any, f: Callable[[Any], Any]) -> Any:
    """A function of a Hermitian matrix, through its eigenvalues."""
    values, vectors = np.linalg.eigh(data)
    out = (vectors * f(values)) @ vectors.conj().T
    out = wrap(np.asfortranarray((out + out.conj().T) / 2))
    return rewrap(a, out) if isinstance(a, S.Mirrored) else out


def of_spectrum(a: Any, f: Callable[[Any], Any], whole: Callable[[Any, Any], Any]) -> Any:
    """A function of a matrix, real where the result is; `whole` serves if it has no eigenbasis."""
    K.check_square(a)
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if F.is_hermitian(a):
        values, vectors = np.linalg.eigh(data)
        out = (vectors * f(values)) @ vectors.conj().T
    else:
        values, vectors = np.linalg.eig(data)
        if np.linalg.cond(vectors) > 1e12:
            return defective(data, whole)
        out = (vectors * f(values)) @ np.linalg.inv(vectors)
    return real_if_real(out, data)


def defective(data: Any, whole: Callable[[Any, Any], Any]) -> Any:
    """A function of a matrix without a basis of eigenvectors: by exp, log and sqrt of SciPy."""
    scipy = F.scipy_linalg("a function of a defective matrix")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return real_if_real(np.asarray(whole(data, scipy)), data)


def real_if_real(out: Any, data: Any) -> Any:
    if (
        out.dtype.kind == "c"
        and data.dtype.kind == "f"
        and np.abs(out.imag).max(initial=0) <= 1e-12 * max(1, np.abs(out).max(initial=0))
    ):
        out = out.real
    return wrap(np.asfortranarray(out))


def on_diagonal(a: Any, name: str) -> Any:
    f = Base.bindings[name]
    return S.Diagonal(from_values([f(x) for x in values_of(a.diag)]))


def complex_where(f: Callable[[Any], Any], ok: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A numpy function that goes to complex numbers where its real form is not defined."""
    return lambda x: f(x.astype(complex)) if x.dtype.kind != "c" and not ok(x).all() else f(x)


# The same functions of a matrix without a basis of eigenvectors, by those that SciPy has.
WHOLE: dict[str, Callable[[Any, Any], Any]] = {
    "sqrt": lambda x, m: m.sqrtm(x),
    "log": lambda x, m: m.logm(x),
    "cbrt": lambda x, m: m.expm(m.logm(x) / 3),
    "sin": lambda x, m: m.sinm(x),
    "cos": lambda x, m: m.cosm(x),
    "tan": lambda x, m: m.tanm(x),
    "sinh": lambda x, m: m.sinhm(x),
    "cosh": lambda x, m: m.coshm(x),
    "tanh": lambda x, m: m.tanhm(x),
    "asin": lambda x, m: -1j * m.logm(1j * x + m.sqrtm(unit(x) - x @ x)),
    "acos": lambda x, m: -1j * m.logm(x + 1j * m.sqrtm(unit(x) - x @ x)),
    "atan": lambda x, m: (m.logm(unit(x) + 1j * x) - m.logm(unit(x) - 1j * x)) / 2j,
    "asinh": lambda x, m: m.logm(x + m.sqrtm(unit(x) + x @ x)),
    "acosh": lambda x, m: m.logm(x + m.sqrtm(x - unit(x)) @ m.sqrtm(x + unit(x))),
    "atanh": lambda x, m: (m.logm(unit(x) + x) - m.logm(unit(x) - x)) / 2,
}


def unit(x: Any) -> Any:
    """The identity of the size of a matrix."""
    return np.eye(len(x))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": complex_where(np.sqrt, lambda x: x >= 0),
    "log": complex_where(np.log, lambda x: x > 0),
    "cbrt": np.cbrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": complex_where(np.arcsin, lambda x: abs(x) <= 1),
    "acos": complex_where(np.arccos, lambda x: abs(x) <= 1),
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": complex_where(np.arccosh, lambda x: x >= 1),
    "atanh": complex_where(np.arctanh, lambda x: abs(x) < 1),
}


@Base.method("cis(A::AbstractMatrix)")
def cis(a: Any) -> Any:
    """`exp(im*A)`"""
    K.check_square(a)
    if isinstance(a, S.Diagonal):
        return on_diagonal(a, "cis")
    return of_spectrum(a, lambda x: np.exp(1j * x), lambda x, m: m.expm(1j * x))


def matrix_function(name: str, a: Any) -> Any:
    """One of the functions of `FUNCTIONS` of a matrix."""
    if name == "exp":
        return exponential(a)
    if isinstance(a, S.Diagonal):
        return on_diagonal(a, name)
    return of_spectrum(a, FUNCTIONS[name], WHOLE[name])


matrices.WORK = sys.modules[__name__]
