"""Factorizations of two matrices together, ordered Schur forms, Cholesky with pivots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, shape_of, values_of
from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.elimination import Cholesky
from juliette.stdlib.linear_algebra.factorization import (
    Factorization,
    factorization,
    real_type,
)
from juliette.stdlib.linear_algebra.spectral import (
    Schur,
    block_values,
    eigen_general,
    scipy_linalg,
)

LinearAlgebra = PACKAGES["LinearAlgebra"]


def ordered(data: Any) -> Any:
    """An Array over an ndarray in column-major order."""
    return wrap(np.asfortranarray(data))


def same_square(a: Any, b: Any) -> tuple[Any, Any]:
    """Two square matrices of one size and one element type."""
    x, y = K.common(K.floating(a), K.floating(b))
    for m in (x, y):
        K.check_square(m)
    if x.shape != y.shape:
        raise DimensionMismatch(f"dimensions must match: {x.shape} and {y.shape}")
    return x, y


# ---------------------------------------------------------------- Schur


@LinearAlgebra.method("ordschur(F::Schur, select)")
def ordschur(f: Any, select: Any) -> Any:
    """The Schur factorization with the selected eigenvalues first.

    ```jldoctest
    julia> using LinearAlgebra

    julia> F = ordschur(schur([1.0 2; 0 3]), [false, true]);

    julia> F.values ≈ [3, 1], F.Z * F.T * F.Z' ≈ [1 2; 0 3]
    (true, true)
    ```
    """
    lapack = scipy_linalg("ordschur").lapack
    t, z = dense(f.T), dense(f.Z)
    chosen = np.array([int(x) for x in values_of(select)], dtype=np.int32)
    name = {"f": "strsen", "d": "dtrsen", "F": "ctrsen", "D": "ztrsen"}[t.dtype.char]
    found = getattr(lapack, name)(chosen, t, z, job=b"N")
    t, z = found[0], found[1]
    values = t.diagonal().copy() if K.is_upper(t) else block_values(t)
    return Schur(ordered(t), ordered(z), wrap(values))


@LinearAlgebra.method("ordschur!(F::Schur, select)")
def ordschur_into(f: Any, select: Any) -> Any:
    """`ordschur` that overwrites the factors."""
    new = ordschur(f, select)
    f.T, f.Z, f.values = new.T, new.Z, new.values
    return f


@LinearAlgebra.method("Schur(F::Schur)")
@LinearAlgebra.method("Schur{Complex}(F::Schur)")
@LinearAlgebra.method("Schur{T}(F::Schur) where T<:Complex")
def complex_schur(_: Any, f: Any) -> Any:
    """The complex Schur form, which is triangular, of a real one."""
    t, z = dense(f.T), dense(f.Z)
    if t.dtype.kind == "c":
        return f
    t, z = scipy_linalg("Schur").rsf2csf(t, z)
    return Schur(ordered(t), ordered(z), wrap(t.diagonal().copy()))


class GeneralizedSchur(Factorization):
    """`schur(A, B)`: `A == Q*S*Z'` and `B == Q*T*Z'`."""

    __slots__ = ("Q", "S", "T", "Z", "α", "β")
    family = factorization("GeneralizedSchur", "Ty M A B", "S T α β Q Z")
    fields = ("S", "T", "α", "β", "Q", "Z", "values", "alpha", "beta", "left", "right")
    factors_shown = (
        ("S factor:", "S"),
        ("T factor:", "T"),
        ("Q factor:", "Q"),
        ("Z factor:", "Z"),
        ("α:", "α"),
        ("β:", "β"),
    )

    def __init__(self, s: Any, t: Any, alpha: Any, beta: Any, q: Any, z: Any) -> None:
        self.S, self.T, self.Q, self.Z = s, t, q, z
        self.α, self.β = alpha, beta

    @staticmethod
    def parameters(s: Any, t: Any, alpha: Any, beta: Any, q: Any, z: Any) -> tuple[Any, ...]:
        return (s.eltype, T.typeof(s), T.typeof(alpha), T.typeof(beta))

    @property
    def values(self) -> Any:
        return wrap(dense(self.α) / dense(self.β))

    @property
    def alpha(self) -> Any:
        return self.α

    @property
    def beta(self) -> Any:
        return self.β

    @property
    def left(self) -> Any:
        return self.Q

    @property
    def right(self) -> Any:
        return self.Z

    def parts(self) -> Iterator[Any]:
        return iter((self.S, self.T, self.Q, self.Z, self.α, self.β))


@LinearAlgebra.method("schur(A::AbstractMatrix, B::AbstractMatrix)")
def schur_of_pair(a: Any, b: Any) -> Any:
    """The generalized Schur (or QZ) factorization."""
    x, y = same_square(a, b)
    return generalized_schur(*scipy_linalg("schur").qz(x, y))


def generalized_schur(s: Any, t: Any, q: Any, z: Any) -> GeneralizedSchur:
    """The object for the four matrices, with the generalized eigenvalues `α ./ β`."""
    alpha, beta, k = [], [], 0
    while k < len(s):
        if k + 1 < len(s) and s[k + 1, k] != 0:
            block = slice(k, k + 2)
            pair = np.linalg.eigvals(np.linalg.solve(t[block, block], s[block, block]))
            scale = np.sqrt(abs(np.linalg.det(t[block, block])))
            alpha += [scale * v for v in sorted(pair.tolist(), key=lambda v: -v.imag)]
            beta += [scale, scale]
            k += 2
        else:
            alpha.append(s[k, k])
            beta.append(t[k, k])
            k += 1
    kind = np.result_type(s.dtype, np.complex64)
    values = wrap(np.array(alpha, dtype=kind)), wrap(np.array(beta, dtype=s.dtype))
    return GeneralizedSchur(ordered(s), ordered(t), *values, ordered(q), ordered(z))


@LinearAlgebra.method("ordschur(F::GeneralizedSchur, select)")
def ordschur_of_pair(f: Any, select: Any) -> Any:
    lapack = scipy_linalg("ordschur").lapack
    s, t, q, z = (dense(x) for x in (f.S, f.T, f.Q, f.Z))
    chosen = np.array([int(x) for x in values_of(select)], dtype=np.int32)
    name = {"f": "stgsen", "d": "dtgsen", "F": "ctgsen", "D": "ztgsen"}[s.dtype.char]
    found = getattr(lapack, name)(chosen, s, t, q, z, ijob=0)
    parts = [m for m in found if getattr(m, "ndim", 0) == 2][:4]
    return generalized_schur(*parts)


@LinearAlgebra.method("eigvals(A::AbstractMatrix, B::AbstractMatrix; sortby=nothing)")
def eigvals_of_pair(a: Any, b: Any, *, sortby: Any = None) -> Any:
    """The generalized eigenvalues."""
    same_square(a, b)
    return eigen_general(a, b, sortby=sortby).values


# ---------------------------------------------------------------- singular values


DERIVED = ("alpha", "beta", "vals", "S", "D1", "D2", "R0")


class GeneralizedSVD(Factorization):
    """`svd(A, B)`: `A == U*D1*R0*Q'` and `B == V*D2*R0*Q'`."""

    __slots__ = ("Q", "R", "U", "V", "a", "b", "k", "l")
    family = factorization("GeneralizedSVD", "T M Tr C", "U V Q a b k l R")
    fields = ("U", "V", "Q", "a", "b", "k", "l", "R", *DERIVED)
    factors_shown = (
        ("U factor:", "U"),
        ("V factor:", "V"),
        ("Q factor:", "Q"),
        ("D1 factor:", "D1"),
        ("D2 factor:", "D2"),
        ("R0 factor:", "R0"),
    )

    def __init__(self, u: Any, v: Any, q: Any, a: Any, b: Any, k: int, l: int, r: Any) -> None:  # noqa: E741
        self.U, self.V, self.Q, self.a, self.b = u, v, q, a, b
        self.k, self.l, self.R = k, l, r

    @staticmethod
    def parameters(u: Any, *rest: Any) -> tuple[Any, ...]:
        real = real_type(u.eltype)
        return (u.eltype, T.typeof(u), real, T.typeof(rest[2]))

    @property
    def alpha(self) -> Any:
        return self.a

    @property
    def beta(self) -> Any:
        return self.b

    @property
    def vals(self) -> Any:
        with np.errstate(divide="ignore"):
            return wrap(dense(self.a) / dense(self.b))

    @property
    def S(self) -> Any:
        return self.vals

    def diagonal(self, rows: int, values: Any, first: int) -> Any:
        out = np.zeros((rows, self.k + self.l))
        for i, x in enumerate(values[first:]):
            if i < rows:
                out[i, first + i] = x
        return ordered(out)

    @property
    def D1(self) -> Any:
        return self.diagonal(shape_of(self.U)[0], dense(self.a), 0)

    @property
    def D2(self) -> Any:
        return self.diagonal(shape_of(self.V)[0], dense(self.b), self.k)

    @property
    def R0(self) -> Any:
        r = dense(self.R)
        return ordered(np.hstack([np.zeros((len(r), shape_of(self.Q)[0] - len(r))), r]))

    def parts(self) -> Iterator[Any]:
        return iter((self.U, self.V, self.Q, self.D1, self.D2, self.R0))


@LinearAlgebra.method("svd(A::AbstractMatrix, B::AbstractMatrix)")
def svd_of_pair(a: Any, b: Any) -> Any:
    """The generalized singular value decomposition."""
    x, y = K.common(K.floating(a), K.floating(b))
    m = x.shape[0]
    if x.shape[1] != y.shape[1]:
        raise DimensionMismatch(f"A has {x.shape[1]} columns but B has {y.shape[1]} columns")
    p, s, wt = np.linalg.svd(np.vstack([x, y]), full_matrices=False)
    rank = int((s > s[:1] * max(x.shape) * np.finfo(s.dtype).eps).sum())
    stack, right = p[:, :rank], s[:rank, None] * wt[:rank]
    u, cosines, turn = np.linalg.svd(stack[:m])
    c = np.zeros(rank)
    c[: len(cosines)] = np.minimum(cosines, 1)
    lower = stack[m:] @ turn.conj().T
    sines = np.linalg.norm(lower, axis=0)
    sines[sines < rank * np.finfo(s.dtype).eps] = 0
    sines[: max(0, rank - y.shape[0])] = 0  # there are no more of them than rows
    k = int((sines == 0).sum())
    c[:k] = 1
    v = completed(lower[:, k:] / sines[k:], y.shape[0])
    r, q = upper_and_orthogonal(turn @ right)
    n = rank - k
    return GeneralizedSVD(
        ordered(u), ordered(v), ordered(q), wrap(c), wrap(sines), k, n, ordered(r)
    )


def completed(columns: Any, n: int) -> Any:
    """An orthogonal matrix that begins with these orthonormal columns."""
    q, _ = np.linalg.qr(columns, mode="complete")
    q[:, : columns.shape[1]] = columns
    return q[:, :n]


def upper_and_orthogonal(a: Any) -> tuple[Any, Any]:
    """`R` and `Q` with `a == [0 R]*Q'`, `R` upper triangular."""
    k = a.shape[0]
    q, r = np.linalg.qr(a[::-1].conj().T, mode="complete")
    return np.triu(r[:k].conj().T[::-1, ::-1]), q[:, ::-1]


@LinearAlgebra.method("svdvals(A::AbstractMatrix, B::AbstractMatrix)")
def svdvals_of_pair(a: Any, b: Any) -> Any:
    """The generalized singular values."""
    return svd_of_pair(a, b).vals


# ---------------------------------------------------------------- Cholesky with pivots


class CholeskyPivoted(Cholesky):
    """`cholesky(A, RowMaximum())`: `A[p, p] == U'*U`."""

    __slots__ = ("piv", "rank", "tol")
    family = factorization("CholeskyPivoted", "T S P", "factors uplo piv rank tol info")
    fields = ("U", "L", "p", "P", "factors", "uplo", "piv", "rank", "tol", "info")

    def __init__(self, factors: Any, uplo: str, info: int, piv: Any, rank: int, tol: float) -> None:
        super().__init__(factors, uplo, info)
        self.piv, self.rank, self.tol = piv, rank, tol

    @staticmethod
    def parameters(factors: Any, uplo: str, info: int, *rest: Any) -> tuple[Any, ...]:
        return (factors.eltype, T.typeof(factors), T.apply_type(T.Vector, T.Int64))

    @property
    def factors_shown(self) -> Any:  # type: ignore[override]
        title = f"{self.uplo_text} factor with rank {self.rank}:"
        return ((title, self.uplo_text), ("permutation:", "p"))

    @property
    def p(self) -> Any:
        return self.piv

    @property
    def P(self) -> Any:
        return ordered(np.eye(len(self.piv.data))[:, self.piv.data - 1])

    @property
    def order(self) -> Any:
        return self.piv.data - 1

    def check(self) -> None:
        """Raise unless the matrix has full rank."""
        if self.rank < len(self.piv.data):
            raise K.RankDeficientException(self.info)


def pivoted_cholesky(data: Any, uplo: str, tol: float, check: bool) -> CholeskyPivoted:
    """The factorization that takes the largest diagonal element left as the next pivot."""
    n = len(data)
    work = np.array(data, order="F")
    # LAPACK touches what is left only when its turn comes.
    left = work.copy()
    order = np.arange(n)
    limit = tol if tol >= 0 else n * np.finfo(work.dtype).eps * max(work.diagonal().real.max(), 0)
    rank = n
    for k in range(n):
        at = k + int(np.argmax(work.diagonal().real[k:]))
        if not work[at, at].real > limit:
            rank = k
            left[k, k] = work[at, at]
            work[k:, k:] = left[k:, k:]
            break
        swap = [at, k]
        work[:, [k, at]] = work[:, swap]
        work[[k, at]] = work[swap]
        left[:, [k, at]] = left[:, swap]
        left[[k, at]] = left[swap]
        order[[k, at]] = order[swap]
        root = np.sqrt(work[k, k].real)
        work[k, k] = root
        work[k, k + 1 :] /= root
        row = work[k, k + 1 :]
        work[k + 1 :, k + 1 :] -= np.outer(row.conj(), row)
    upper = np.triu(work)
    factor = upper if uplo == "U" else upper.conj().T
    info = 0 if rank == n else 1
    out = CholeskyPivoted(ordered(factor), uplo, info, wrap(order + 1), rank, tol)
    if check:
        out.check()
    return out


# ---------------------------------------------------------------- adjoints


def lazy(name: str, function: str) -> type:
    """The class of `F'` and `transpose(F)`."""

    class Turned(Factorization):
        __slots__ = ("parent",)
        family = factorization(name, "T S", "parent", export=False)
        fields = ("parent",)

        def __init__(self, parent: Any) -> None:
            self.parent = parent

        @staticmethod
        def parameters(parent: Any) -> tuple[Any, ...]:
            kind = T.typeof(parent)
            return (kind.parameters[0], kind)

        def matrix(self) -> Any:
            return Base.bindings["copy"](Base.bindings[function](matrix_of(self.parent)))

    Turned.__name__ = name
    Turned.__doc__ = f"`{function}(F)` of a factorization."
    T.GENERAL_TYPE[Turned] = Turned.family

    @Base.method(f"{function}(F::LinearAlgebra.Factorization)")
    def turn(f: Any) -> Any:
        return f.parent if isinstance(f, Turned) else Turned(f)

    return Turned


def matrix_of(f: Any) -> Any:
    from juliette.stdlib.linear_algebra.factorizations import matrix_again

    return matrix_again(f)


AdjointFactorization = lazy("AdjointFactorization", "adjoint")
TransposeFactorization = lazy("TransposeFactorization", "transpose")
for _cls in (GeneralizedSchur, GeneralizedSVD, CholeskyPivoted):
    T.GENERAL_TYPE[_cls] = _cls.family
