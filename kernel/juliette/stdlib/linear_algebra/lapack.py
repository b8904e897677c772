"""The module `LinearAlgebra.LAPACK`: routines that people call by name, which overwrite arguments.

Flags are characters, as in LAPACK: `'U'` or `'L'` for a triangle, `'N'`, `'T'` or `'C'` for a
matrix as it is, transposed or adjoint, `'V'` or `'N'` for vectors wanted or not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.reshaping import assign
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.elimination import reflections, upper_factor
from juliette.stdlib.linear_algebra.kernels import machine_numbers as numbers

LinearAlgebra = PACKAGES["LinearAlgebra"]
LAPACK = Module("LAPACK", LinearAlgebra)
LAPACK.visible = LAPACK.bindings["__builtins__"] = Base.bindings
LinearAlgebra.const("LAPACK", LAPACK, export=False)


def routine(signature: str) -> Any:
    return LAPACK.method(signature, export=False)


def turned(flag: Any, a: Any) -> Any:
    """The matrix as it is, its transpose or its adjoint."""
    return {"N": lambda: a, "T": lambda: a.T, "C": lambda: a.conj().T}[chr(flag.code)]()


def triangle(uplo: Any, a: Any, diag: Any = None) -> Any:
    """One triangle of a matrix, with ones on the diagonal if `diag` is `'U'`."""
    out = np.triu(a) if chr(uplo.code) == "U" else np.tril(a)
    if diag is not None and chr(diag.code) == "U":
        np.fill_diagonal(out, 1)
    return out


def mirrored(uplo: Any, a: Any) -> Any:
    """The Hermitian matrix that one triangle stands for."""
    half = triangle(uplo, a)
    return half + half.conj().T - np.diag(half.diagonal().real)


def solution(a: Any, b: Any) -> Any:
    if a.shape[0] != b.shape[0]:
        raise DimensionMismatch(f"B has leading dimension {b.shape[0]}, but needs {a.shape[0]}")
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise K.SingularException(len(a)) from None


@routine("getrf!(A::AbstractMatrix)")
def getrf(a: Any) -> Any:
    """LU with pivots: the factors in `A`, the pivot rows, and the first zero pivot or 0.

    ```jldoctest
    julia> using LinearAlgebra

    julia> A = [4.0 3; 6 3]; LAPACK = LinearAlgebra.LAPACK; LAPACK.getrf!(A)[2:3]
    ([2, 2], 0)
    ```
    """
    data = K.floating(a)
    rows, info = K.lu_in_place(data)
    return assign(a, data), wrap(rows + 1), info


@routine("getrs!(trans, A::AbstractMatrix, ipiv::AbstractVector, B::AbstractVecOrMat)")
def getrs(trans: Any, a: Any, ipiv: Any, b: Any) -> Any:
    """Solve with the factors that `getrf!` gave."""
    whole = from_factors(numbers(a), numbers(ipiv))
    return assign(b, solution(turned(trans, whole), numbers(b)))


def from_factors(data: Any, ipiv: Any) -> Any:
    """The matrix that `getrf!` factorized."""
    out = np.empty_like(data)
    lower = np.tril(data, -1) + np.eye(len(data))
    out[K.permutation(ipiv - 1, len(data))] = lower @ np.triu(data)
    return out


@routine("getri!(A::AbstractMatrix, ipiv::AbstractVector)")
def getri(a: Any, ipiv: Any) -> Any:
    """The inverse from the factors that `getrf!` gave."""
    whole = from_factors(numbers(a), numbers(ipiv))
    return assign(a, solution(whole, np.eye(len(whole))))


@routine("gesv!(A::AbstractMatrix, B::AbstractVecOrMat)")
def gesv(a: Any, b: Any) -> Any:
    """Solve `A*X = B`: X in `B`, the factors in `A`, the pivot rows."""
    x = solution(numbers(a), numbers(b))
    _, ipiv, _ = getrf(a)
    return assign(b, x), a, ipiv


@routine("potrf!(uplo, A::AbstractMatrix)")
def potrf(uplo: Any, a: Any) -> Any:
    """The Cholesky factor in a triangle of `A`, and the order of a minor not positive or 0."""
    data = np.array(numbers(a))
    upper, info = upper_factor(mirrored(uplo, data))
    if chr(uplo.code) == "U":
        return assign(a, upper + np.tril(data, -1)), info
    return assign(a, upper.conj().T + np.triu(data, 1)), info


def from_cholesky(uplo: Any, a: Any) -> Any:
    half = triangle(uplo, numbers(a))
    return half.conj().T @ half if chr(uplo.code) == "U" else half @ half.conj().T


@routine("potrs!(uplo, A::AbstractMatrix, B::AbstractVecOrMat)")
def potrs(uplo: Any, a: Any, b: Any) -> Any:
    """Solve with the Cholesky factor that `potrf!` gave."""
    return assign(b, solution(from_cholesky(uplo, a), numbers(b)))


@routine("potri!(uplo, A::AbstractMatrix)")
def potri(uplo: Any, a: Any) -> Any:
    """The triangle of the inverse, from the Cholesky factor that `potrf!` gave."""
    data, whole = np.array(numbers(a)), from_cholesky(uplo, a)
    inverse = solution(whole, np.eye(len(whole)))
    return assign(a, triangle(uplo, inverse) + data - triangle(uplo, data))


@routine("posv!(uplo, A::AbstractMatrix, B::AbstractVecOrMat)")
def posv(uplo: Any, a: Any, b: Any) -> Any:
    """Solve with a positive definite matrix: its Cholesky factor in `A`, the solution in `B`."""
    _, info = potrf(uplo, a)
    if info:
        raise K.PosDefException(info)
    return a, potrs(uplo, a, b)


@routine("trtrs!(uplo, trans, diag, A::AbstractMatrix, B::AbstractVecOrMat)")
def trtrs(uplo: Any, trans: Any, diag: Any, a: Any, b: Any) -> Any:
    """Solve with a triangular matrix."""
    return assign(b, solution(turned(trans, triangle(uplo, numbers(a), diag)), numbers(b)))


@routine("trtri!(uplo, diag, A::AbstractMatrix)")
def trtri(uplo: Any, diag: Any, a: Any) -> Any:
    """The inverse of a triangular matrix."""
    data, half = np.array(numbers(a)), triangle(uplo, numbers(a), diag)
    return assign(a, solution(half, np.eye(len(half))) + data - triangle(uplo, data))


@routine("syev!(jobz, uplo, A::AbstractMatrix)")
def syev(jobz: Any, uplo: Any, a: Any) -> Any:
    """The eigenvalues of a symmetric matrix, and for `'V'` its eigenvectors in `A`."""
    values, vectors = np.linalg.eigh(mirrored(uplo, numbers(a)))
    if chr(jobz.code) == "N":
        return wrap(values)
    return wrap(values), assign(a, vectors)


@routine("geev!(jobvl, jobvr, A::AbstractMatrix)")
def geev(jobvl: Any, jobvr: Any, a: Any) -> Any:
    """Eigenvalues (if real: their real and imaginary parts), left and right eigenvectors."""
    data = numbers(a)
    values, right = np.linalg.eig(data)
    none = np.empty((0, len(data)), dtype=data.dtype, order="F")
    want_left, want_right = (chr(job.code) == "V" for job in (jobvl, jobvr))
    left = np.linalg.inv(right).conj().T if want_left else none
    parts = [wrap(values)] if data.dtype.kind == "c" else [wrap(values.real), wrap(values.imag)]
    vectors = (left, right if want_right else none)
    return (*parts, *(wrap(np.asfortranarray(v)) for v in vectors))


@routine("gesvd!(jobu, jobvt, A::AbstractMatrix)")
def gesvd(jobu: Any, jobvt: Any, a: Any) -> Any:
    """The singular values and vectors: `'A'` for all, `'S'` for as many as there are values."""
    data, jobs = numbers(a), [chr(job.code) for job in (jobu, jobvt)]
    u, s, vt = np.linalg.svd(data, full_matrices="A" in jobs)
    k = len(s)
    u = u if jobs[0] == "A" else u[:, :k] if jobs[0] == "S" else u[:, :0]
    vt = vt if jobs[1] == "A" else vt[:k] if jobs[1] == "S" else vt[:0]
    return wrap(np.asfortranarray(u)), wrap(s), wrap(np.asfortranarray(vt))


@routine("gesdd!(job, A::AbstractMatrix)")
def gesdd(job: Any, a: Any) -> Any:
    """The singular values and vectors by divide and conquer."""
    return gesvd(job, job, a)


@routine("geqrf!(A::AbstractMatrix)")
def geqrf(a: Any) -> Any:
    """QR: R with Householder's vectors below it in `A`, and their factors."""
    packed, (_, t) = reflections(K.floating(a))
    return assign(a, packed), wrap(t.diagonal().copy())


@routine("gels!(trans, A::AbstractMatrix, B::AbstractVecOrMat)")
def gels(trans: Any, a: Any, b: Any) -> Any:
    """Least squares: the QR factors in `A`, the solution, and the sums of squares that remain."""
    left, right = turned(trans, np.array(numbers(a))), np.array(numbers(b))
    x = np.linalg.lstsq(left, right, rcond=None)[0]
    rest = (np.abs(left @ x - right) ** 2).sum(axis=0)
    geqrf(a)
    residual = wrap(rest) if right.ndim == 2 else float(rest)
    return a, wrap(np.asfortranarray(x)), residual
