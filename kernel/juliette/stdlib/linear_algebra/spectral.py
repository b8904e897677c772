"""Eigenvalues, singular values, Schur and Hessenberg forms."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import is_array, scalar, shape_of
from juliette.runtime import types as T
from juliette.runtime.array import vector, wrap
from juliette.runtime.errors import ArgumentError, DomainError, ErrorException
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.elimination import is_hermitian
from juliette.stdlib.linear_algebra.factorization import Factorization, factorization
from juliette.stdlib.linear_algebra.orthogonal import HessenbergQ

LinearAlgebra = PACKAGES["LinearAlgebra"]

# ---------------------------------------------------------------- eigenvalues


class Eigen(Factorization):
    """`eigen(A)`: values and vectors."""

    __slots__ = ("values", "vectors")
    family = factorization("Eigen", "T V S U", "values vectors")
    fields = ("values", "vectors")
    factors_shown = (("values:", "values"), ("vectors:", "vectors"))

    def __init__(self, values: Any, vectors: Any) -> None:
        self.values, self.vectors = values, vectors

    @staticmethod
    def parameters(values: Any, vectors: Any) -> tuple[Any, ...]:
        return (vectors.eltype, values.eltype, T.typeof(vectors), T.typeof(values))

    def parts(self) -> Iterator[Any]:
        return iter((self.values, self.vectors))


class GeneralizedEigen(Eigen):
    """`eigen(A, B)`"""

    __slots__ = ()
    family = factorization("GeneralizedEigen", "T V S U", "values vectors")


def check_finite(data: Any) -> None:
    """Raise for numbers of which LAPACK finds no eigenvalues."""
    if not np.isfinite(data).all():
        raise ArgumentError("matrix contains Infs or NaNs")


def eigen_parts(a: Any) -> tuple[Any, Any]:
    """Eigenvalues in Julia's order, and the vectors that belong to them."""
    data = K.floating(a)
    K.check_square(data)
    if data.dtype == object:
        data = data.astype(float)
    check_finite(data)
    if isinstance(a, S.Diagonal):  # in the order in which they stand
        return data.diagonal().copy(), np.asfortranarray(np.eye(len(data), dtype=data.dtype))
    if data.ndim == 2 and is_diagonal(data) and data.dtype.kind == "f":
        values = data.diagonal().copy()
        order = np.argsort(values, kind="stable")
        return values[order], np.asfortranarray(np.eye(len(values), dtype=data.dtype)[:, order])
    if isinstance(a, S.SymTridiagonal) and (linalg := scipy_or_none()) is not None:
        parts = linalg.eigh_tridiagonal(data.diagonal(), data.diagonal(1), lapack_driver="stemr")
        return parts[0], np.asfortranarray(parts[1])
    if is_hermitian(a):
        values, vectors = np.linalg.eigh(data)
        return values, np.asfortranarray(vectors)
    if K.is_upper(data) and data.dtype.kind == "f" and isinstance(a, S.Part):
        values = data.diagonal().copy()
    values, vectors = eig(data)
    order = sorted_order(values)
    return values[order], np.asfortranarray(vectors[:, order])


def eig(data: Any) -> tuple[Any, Any]:
    """Eigenvalues and vectors; real ones stay real, as in every numpy before 2.5."""
    values, vectors = np.linalg.eig(data)
    if data.dtype.kind == "f" and values.dtype.kind == "c" and not values.imag.any():
        return values.real.copy(), vectors.real.copy()
    return values, vectors


def is_diagonal(data: Any) -> bool:
    return K.is_upper(data) and K.is_lower(data)


def sorted_order(values: Any) -> Any:
    """By real part, then by imaginary part."""
    return (
        np.lexsort((values.imag, values.real))
        if values.dtype.kind == "c"
        else np.argsort(values, kind="stable")
    )


@LinearAlgebra.method("eigen(A::AbstractMatrix; permute=true, scale=true, sortby=nothing)")
def eigen(a: Any, *, permute: bool = True, scale: bool = True, sortby: Any = None) -> Any:
    """Eigenvalues and eigenvectors.

    ```jldoctest
    julia> using LinearAlgebra

    julia> eigen([2.0 0.0; 0.0 1.0]).values
    2-element Vector{Float64}:
     1.0
     2.0
    ```
    """
    values, vectors = eigen_parts(a)
    if isinstance(a, S.Diagonal) and sortby is None:
        return Eigen(Base.bindings["copy"](a.diag), wrap(vectors))
    if sortby is not None:
        order = by_function(values, sortby)
        values, vectors = values[order], np.asfortranarray(vectors[:, order])
    return Eigen(wrap(values), wrap(vectors))


def by_function(values: Any, sortby: Any) -> list[int]:
    keys = [sortby(scalar(v)) for v in values]
    less = Base.bindings["isless"]
    order = list(range(len(keys)))
    for i in range(1, len(order)):
        j = i
        while j and less(keys[order[j]], keys[order[j - 1]]):
            order[j], order[j - 1] = order[j - 1], order[j]
            j -= 1
    return order


@LinearAlgebra.method("eigen(A::AbstractMatrix, B::AbstractMatrix; sortby=nothing)")
def eigen_general(a: Any, b: Any, *, sortby: Any = None) -> Any:
    """Generalized eigenvalues and eigenvectors: `A*v == λ*B*v`."""
    for m in (a, b):
        K.check_numbers(m, 2)
    x, y = K.common(K.floating(a), K.floating(b))
    values, vectors = pair_eig(a, b, x, y)
    order = sorted_order(values) if sortby is None else by_function(values, sortby)
    return GeneralizedEigen(wrap(values[order]), wrap(np.asfortranarray(vectors[:, order])))


def pair_eig(a: Any, b: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Values and vectors of a pair: by LAPACK's own routine, if SciPy is there to call it."""
    linalg = scipy_or_none()
    if is_hermitian(a) and is_positive(b, y):
        # B == L*L': the vectors are those of inv(L)*A*inv(L'), turned back.
        low = np.linalg.cholesky(y)
        half = np.linalg.solve(low, x)
        values, vectors = np.linalg.eigh(np.linalg.solve(low, half.conj().T))
        return values, np.linalg.solve(low.conj().T, vectors)
    if linalg is not None and x.dtype == np.float64:
        # of what is not finite the routine writes beyond its arrays
        check_finite(x)
        check_finite(y)
        real, imaginary, beta, _, v, _, _ = linalg.lapack.dggev(x, y, compute_vl=0)
        if not imaginary.any():
            return real / beta, v
        vectors = v.astype(complex)
        k = 0
        while k < len(beta):
            if imaginary[k]:
                vectors.imag[:, k] = v[:, k + 1]
                vectors.real[:, k + 1], vectors.imag[:, k + 1] = v[:, k], -v[:, k + 1]
                k += 1
            k += 1
        return (real + 1j * imaginary) / beta, vectors
    values, vectors = eig(np.linalg.solve(y, x))
    return values, vectors / np.abs(vectors).max(axis=0)


def is_positive(b: Any, data: Any) -> bool:
    """Is it Hermitian and positive definite?"""
    if not is_hermitian(b):
        return False
    try:
        np.linalg.cholesky(data)
    except np.linalg.LinAlgError:
        return False
    return True


@LinearAlgebra.method("eigen(x::Number)")
def eigen_of_number(x: Any) -> Any:
    fill = Base.bindings["fill"]
    return Eigen(fill(x, 1), fill(Base.bindings["one"](x), 1, 1))


@LinearAlgebra.method("eigvecs(A::AbstractMatrix, B::AbstractMatrix)")
def eigvecs_of_pair(a: Any, b: Any) -> Any:
    return eigen_general(a, b).vectors


@LinearAlgebra.method("eigvecs(A::LinearAlgebra.SymTridiagonal, values::AbstractVector)")
def eigvecs_of_values(a: Any, wanted: Any) -> Any:
    """The eigenvectors that belong to some eigenvalues."""
    linalg = scipy_or_none()
    if linalg is not None:
        d, e = K.floating(a.dv), K.floating(a.ev)[: a.n - 1]
        chosen = np.array([float(v) for v in np.asarray(wanted.data)])
        for numbers in (d, e, chosen):
            check_finite(numbers)
        blocks, ends = np.ones(a.n, dtype=np.int32), np.array([a.n] * a.n, dtype=np.int32)
        found, _ = linalg.lapack.dstein(d, e, chosen, blocks, ends)
        return wrap(np.asfortranarray(found))
    values, vectors = eigen_parts(a)
    places = [int(np.abs(values - float(v)).argmin()) for v in np.asarray(wanted.data)]
    return wrap(np.asfortranarray(vectors[:, places]))


def selected(values: Any, *which: Any) -> Any:
    """The positions of some eigenvalues: by a range of numbers, or by an interval `(low, high]`."""
    if len(which) == 1:
        return [int(i) - 1 for i in which[0]]
    low, high = map(float, which)
    return [k for k, v in enumerate(values) if low < v <= high]


@LinearAlgebra.method("eigen(A::AbstractMatrix, range::UnitRange)")
@LinearAlgebra.method("eigen(A::AbstractMatrix, low::Real, high::Real)")
def eigen_some(a: Any, *which: Any) -> Any:
    values, vectors = eigen_parts(a)
    keep = selected(values, *which)
    return Eigen(wrap(values[keep]), wrap(np.asfortranarray(vectors[:, keep])))


@LinearAlgebra.method("eigvals(A::AbstractMatrix, range::UnitRange)")
@LinearAlgebra.method("eigvals(A::AbstractMatrix, low::Real, high::Real)")
def eigvals_some(a: Any, *which: Any) -> Any:
    values, _ = eigen_parts(a)
    return wrap(values[selected(values, *which)])


@LinearAlgebra.method("eigvals(A; permute=true, scale=true, sortby=nothing)")
def eigvals(a: Any, *, permute: bool = True, scale: bool = True, sortby: Any = None) -> Any:
    """The eigenvalues.

    ```jldoctest
    julia> using LinearAlgebra

    julia> eigvals([2 0; 0 1])
    2-element Vector{Float64}:
     1.0
     2.0
    ```
    """
    if isinstance(a, Eigen):
        return a.values
    if not is_array(a):
        return a if Base.bindings["imag"](a) else Base.bindings["real"](a)
    if isinstance(a, S.Diagonal) and sortby is None:
        return Base.bindings["copy"](a.diag)
    linalg = scipy_or_none() if isinstance(a, S.SymTridiagonal) else None
    if linalg is not None:
        d, e = K.floating(a.dv), K.floating(a.ev)[: a.n - 1]
        values = linalg.eigh_tridiagonal(d, e, eigvals_only=True, lapack_driver="sterf")
    else:
        values, _ = eigen_parts(a)
    if sortby is not None:
        values = values[by_function(values, sortby)]
    return wrap(values)


@LinearAlgebra.method("eigvecs(A; permute=true, scale=true, sortby=nothing)")
def eigvecs(a: Any, **options: Any) -> Any:
    """The eigenvectors, as columns.

    ```jldoctest
    julia> using LinearAlgebra

    julia> eigvecs([2 0; 0 1])
    2×2 Matrix{Float64}:
     0.0  1.0
     1.0  0.0
    ```
    """
    return a.vectors if isinstance(a, Eigen) else eigen(a, **options).vectors


@LinearAlgebra.method("eigmax(A; permute=true, scale=true)")
def eigmax(a: Any, **_: Any) -> Any:
    """The largest eigenvalue.

    ```jldoctest
    julia> using LinearAlgebra

    julia> eigmax([2 0; 0 1])
    2.0
    ```
    """
    return scalar(real_values(a).max())


@LinearAlgebra.method("eigmin(A; permute=true, scale=true)")
def eigmin(a: Any, **_: Any) -> Any:
    """The smallest eigenvalue.

    ```jldoctest
    julia> using LinearAlgebra

    julia> eigmin([2 0; 0 1])
    1.0
    ```
    """
    return scalar(real_values(a).min())


def real_values(a: Any) -> Any:
    values, _ = eigen_parts(a)
    if values.dtype.kind == "c":
        raise DomainError(a, "`A` cannot have complex eigenvalues.")
    return values


# ---------------------------------------------------------------- singular values


class SVD(Factorization):
    """`svd(A)`: `A == U*Diagonal(S)*Vt`."""

    __slots__ = ("S", "U", "Vt")
    family = factorization("SVD", "T Tr M C", "U S Vt")
    fields = ("U", "S", "V", "Vt")
    factors_shown = (("U factor:", "U"), ("singular values:", "S"), ("Vt factor:", "Vt"))

    def __init__(self, u: Any, s: Any, vt: Any) -> None:
        self.U, self.S, self.Vt = u, s, vt

    @staticmethod
    def parameters(u: Any, s: Any, vt: Any) -> tuple[Any, ...]:
        return (u.eltype, s.eltype, T.typeof(u), T.typeof(s))

    @property
    def V(self) -> Any:
        return Base.bindings["adjoint"](self.Vt)

    def parts(self) -> Iterator[Any]:
        return iter((self.U, self.S, self.V))


@LinearAlgebra.method("svd(A::AbstractVecOrMat; full=false, alg=nothing)")
def svd(a: Any, *, full: bool = False, alg: Any = None) -> Any:
    """The singular value decomposition.

    ```jldoctest
    julia> using LinearAlgebra

    julia> svd([3.0 0.0; 0.0 2.0]).S
    2-element Vector{Float64}:
     3.0
     2.0
    ```
    """
    K.check_numbers(a, 1, 2)
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    u, s, vt = np.linalg.svd(data, full_matrices=full)
    return SVD(*(wrap(np.asfortranarray(x)) for x in (u, s, vt)))


@LinearAlgebra.method("svd(x::Number; full=false, alg=nothing)")
def svd_of_number(x: Any, *, full: bool = False, alg: Any = None) -> Any:
    return svd(Base.bindings["fill"](x, 1, 1))


@LinearAlgebra.method("svdvals(x::Number)")
def svdvals_of_number(x: Any) -> Any:
    return Base.bindings["abs"](x)


@LinearAlgebra.method("svdvals(A)")
def svdvals(a: Any) -> Any:
    """The singular values, largest first.

    ```jldoctest
    julia> using LinearAlgebra

    julia> svdvals([3 0; 0 4])
    2-element Vector{Float64}:
     4.0
     3.0
    ```
    """
    K.check_numbers(a, 1, 2)
    if is_array(a) and len(shape_of(a)) == 1:
        return vector([LinearAlgebra.bindings["norm"](a)], T.Float64)
    if isinstance(a, SVD):
        return a.S
    data = K.floating(a)
    return wrap(np.linalg.svd(data, compute_uv=False))


# ---------------------------------------------------------------- Schur


class Schur(Factorization):
    """`schur(A)`: `A == Z*T*Z'`."""

    __slots__ = ("T", "Z", "values")
    family = factorization("Schur", "Ty S C", "T Z values")
    fields = ("T", "Schur", "Z", "vectors", "values")
    factors_shown = (("T factor:", "T"), ("Z factor:", "Z"), ("eigenvalues:", "values"))

    def __init__(self, t: Any, z: Any, values: Any) -> None:
        self.T, self.Z, self.values = t, z, values

    @staticmethod
    def parameters(t: Any, z: Any, values: Any) -> tuple[Any, ...]:
        return (t.eltype, T.typeof(t), T.typeof(values))

    @property
    def Schur(self) -> Any:
        return self.T

    @property
    def vectors(self) -> Any:
        return self.Z

    def parts(self) -> Iterator[Any]:
        return iter((self.T, self.Z, self.values))


def scipy_or_none() -> Any:
    """SciPy's linear algebra, where it is installed."""
    try:
        return importlib.import_module("scipy.linalg")
    except ImportError:
        return None


def scipy_linalg(name: str) -> Any:
    """SciPy's linear algebra, or an error that says how to get it."""
    try:
        linalg = importlib.import_module("scipy.linalg")
    except ImportError:
        raise ErrorException(
            f"{name} needs SciPy, which is not installed here: pip install juliette[sparse]"
        ) from None
    return linalg


@LinearAlgebra.method("schur(A::AbstractMatrix)")
def schur(a: Any) -> Any:
    """The Schur factorization."""
    K.check_square(a)
    data = K.floating(a)
    t, z = scipy_linalg("schur").schur(data)
    values = (
        np.linalg.eigvals(t) if data.dtype.kind == "c" or not K.is_upper(t) else t.diagonal().copy()
    )
    if data.dtype.kind == "f" and not K.is_upper(t):
        values = block_values(t)
    return Schur(*(wrap(np.asfortranarray(x)) for x in (t, z, values)))


def block_values(t: Any) -> Any:
    """The eigenvalues of a real quasi-triangular matrix, in the order of its blocks."""
    out = []
    k, n = 0, t.shape[0]
    while k < n:
        if k + 1 < n and t[k + 1, k] != 0:
            pair = np.linalg.eigvals(t[k : k + 2, k : k + 2])
            out += sorted(pair.tolist(), key=lambda z: -z.imag)
            k += 2
        else:
            out.append(complex(t[k, k]))
            k += 1
    return np.array(out)


@LinearAlgebra.method("hessenberg(A::AbstractMatrix)")
def hessenberg(a: Any) -> Any:
    """The Hessenberg form: `A == Q*H*Q'`, tridiagonal if A is Hermitian by its type."""
    K.check_numbers(a, 2)
    K.check_square(a)
    h, q = scipy_linalg("hessenberg").hessenberg(K.floating(a), calc_q=True)
    if isinstance(a, S.Hermitian) or (isinstance(a, S.Mirrored) and h.dtype.kind == "f"):
        # The phases of the side diagonal go into Q, so that it is real.
        side, phases = h.diagonal(-1), np.ones(len(h), dtype=h.dtype)
        for k, x in enumerate(side):
            phases[k + 1] = phases[k] * (x / abs(x) if h.dtype.kind == "c" and x else 1)
        tridiagonal = S.SymTridiagonal(
            wrap(h.diagonal().real.copy()), wrap((side * phases[:-1] * phases[1:].conj()).real)
        )
        q = np.asfortranarray(q * phases)
        return Hessenberg(tridiagonal, HessenbergQ(q, q.shape[0]))
    return Hessenberg(
        S.UpperHessenberg(wrap(np.asfortranarray(h))), HessenbergQ(np.asfortranarray(q), q.shape[0])
    )


class Hessenberg(Factorization):
    """`hessenberg(A)`"""

    __slots__ = ("H", "Q")
    family = factorization("Hessenberg", "T SH S W V", "H Q")
    fields = ("H", "Q", "μ")
    factors_shown = (("Q factor: ", "Q"), ("H factor:", "H"))

    def __init__(self, h: Any, q: Any) -> None:
        self.H, self.Q = h, q

    @staticmethod
    def parameters(h: Any, q: Any) -> tuple[Any, ...]:
        matrix, vector = (T.apply_type(t, h.eltype) for t in (T.Matrix, T.Vector))
        return (h.eltype, T.typeof(h), matrix, vector, T.Bool)

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.H))


def shifting(name: str) -> None:
    """`H + c*I` and `H - c*I` keep the form."""

    @Base.method(f"{name}(H::LinearAlgebra.Hessenberg, J::LinearAlgebra.UniformScaling)")
    def shifted(h: Any, j: Any) -> Any:
        moved = Base.bindings[name](wrap(np.asfortranarray(K.floating(h.H))), j)
        return Hessenberg(S.UpperHessenberg(moved), h.Q)


shifting("+")
shifting("-")
