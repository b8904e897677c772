"""Factorizations as objects: `lu`, `qr`, `cholesky`, `eigen`, `svd`, `schur`, `lq`, `ldlt`, their display and use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, eltype_of, is_array, scalar, shape_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import make, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch, ErrorException
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.syntax.expr import Symbol

LinearAlgebra = PACKAGES["LinearAlgebra"]
Factorization_ = S.define("Factorization", T.Any_, "T", abstract=True)


class Factorization:
    """Base of the classes of factorization objects."""

    __slots__ = ()
    family: Any = None
    fields: tuple[str, ...] = ()
    # What the display names: (title, field).
    factors_shown: tuple[tuple[str, str], ...] = ()

    def __new__(cls, *args: Any, **_: Any) -> Any:
        made = cls.class_for(*args)
        return object.__new__(made)

    @classmethod
    def class_for(cls, *args: Any) -> type:
        """The class with the Julia parameters that the parts give."""
        t = T.apply_type(cls.family, *cls.parameters(*args))
        made = t._pyclass
        if made is None:
            base = cls if "julia_type" not in cls.__dict__ else cls.__mro__[1]
            made = type(T.type_string(t), (base,), {"__slots__": (), "julia_type": t})
            T.register_class(made, t)
        return made

    @staticmethod
    def parameters(*args: Any) -> tuple[Any, ...]:
        raise NotImplementedError

    def parts(self) -> Iterator[Any]:
        """What destructuring gives."""
        return iter(())

    def julia_iterator(self) -> Iterator[Any]:
        return self.parts()


def factorization(key: str, params: str, fields: str, *, export: bool = True) -> Any:
    """The type of a kind of factorization."""
    t = S.define(key, lambda *ps: T.apply_type(Factorization_, ps[0]), params, export=export)
    S.fields_of(t, fields)
    return t


def types_of(*xs: Any) -> tuple[Any, ...]:
    return tuple(map(T.typeof, xs))


def real_type(t: Any) -> Any:
    """The type of the real parts of numbers of a type."""
    return T.typeof(Base.bindings["real"](Base.bindings["zero"](t)))


# ---------------------------------------------------------------- LU


class LU(Factorization):
    """`lu(A)`: `P*A == L*U`."""

    __slots__ = ("factors", "info", "ipiv")
    family = factorization("LU", "T S P", "factors ipiv info")
    fields = ("L", "U", "p", "P", "factors", "ipiv", "info")
    factors_shown = (("L factor:", "L"), ("U factor:", "U"))

    def __init__(self, factors: Any, ipiv: Any, info: int) -> None:
        self.factors, self.ipiv, self.info = factors, ipiv, info

    @staticmethod
    def parameters(factors: Any, ipiv: Any, info: int) -> tuple[Any, ...]:
        return (factors.eltype, T.typeof(factors), T.typeof(ipiv))

    @property
    def L(self) -> Any:  # noqa: N802
        a = self.factors.data
        m, n = a.shape
        out = np.tril(a[:, : min(m, n)], -1)
        if a.dtype == object:
            out = out.copy()
            out[np.triu_indices(m, 0, min(m, n))] = S.zero_of(self.factors.eltype)
            for i in range(min(m, n)):
                out[i, i] = Base.bindings["one"](self.factors.eltype)
        else:
            np.fill_diagonal(out, 1)
        return K.result_array(out)

    @property
    def U(self) -> Any:  # noqa: N802
        a = self.factors.data
        m, n = a.shape
        out = np.triu(a[: min(m, n)])
        if a.dtype == object:
            out = out.copy()
            out[np.tril_indices(min(m, n), -1, n)] = S.zero_of(self.factors.eltype)
        return K.result_array(out)

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    @property
    def order(self) -> Any:
        return K.permutation(self.ipiv.data - 1, self.factors.data.shape[0])

    @property
    def P(self) -> Any:  # noqa: N802
        m = self.factors.data.shape[0]
        return make(np.asfortranarray(np.eye(m)[self.order].astype(self.factors.data.dtype)), self.factors.eltype)

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.U, self.p))

    def check(self) -> None:
        if self.info:
            raise K.SingularException(self.info)


@LinearAlgebra.method("lu(A::AbstractMatrix, pivot=nothing; check=true)")
def lu(a: Any, pivot: Any = None, *, check: bool = True) -> Any:
    """The LU factorization.

    ```jldoctest
    julia> using LinearAlgebra

    julia> F = lu([4 3; 6 3]); F.L * F.U == [4 3; 6 3][F.p, :]
    true
    ```
    """
    data = K.floating(a)
    rows, info = K.lu_in_place(data, not isinstance(pivot, NoPivot))
    out = LU(K.result_array(data), wrap(rows + 1), info)
    if check:
        if info and isinstance(pivot, NoPivot):
            raise K.ZeroPivotException(info)
        out.check()
    return out


def choice(key: str) -> type:
    """A strategy that is chosen by a value, such as `NoPivot()`."""
    cls = type(key, (), {"__slots__": (), "__doc__": f"`{key}()`"})
    t = T.define(key, module=LinearAlgebra)
    T.register_class(cls, t)
    LinearAlgebra.const(key, t)
    from juliette.compiler import support
    from juliette.runtime.modules import constructors

    support._builtin(constructors(t), T.tuple_type([T.type_of_type(t)]), lambda _: cls(), ())
    return cls


NoPivot = choice("NoPivot")
RowMaximum = choice("RowMaximum")
ColumnNorm = choice("ColumnNorm")
RowNonZero = choice("RowNonZero")

# ---------------------------------------------------------------- QR


class Orthogonal:
    """The Q of a factorization: behaves as a square matrix, shows as an operator."""

    __slots__ = ("full", "thin")

    def __init__(self, full: Any, thin: int) -> None:
        self.full, self.thin = full, thin

    @property
    def eltype(self) -> Any:
        return T.TYPE_OF_DTYPE[self.full.dtype]


AbstractQ_ = S.define("AbstractQ", T.Any_, "T", export=False, abstract=True)


def q_type(key: str, params: str) -> Any:
    return S.define(key, lambda *ps: T.apply_type(AbstractQ_, ps[0]), params, export=False)


class QRQ(Orthogonal):
    """`qr(A).Q`"""

    __slots__ = ()


class LQQ(Orthogonal):
    """`lq(A).Q`"""

    __slots__ = ()


QRCompactWYQ_ = q_type("QRCompactWYQ", "S M C")
LQPackedQ_ = q_type("LQPackedQ", "T S C")


def _q_parameters(q: Orthogonal) -> Any:
    t = q.eltype
    vector, matrix = T.apply_type(T.Vector, t), T.apply_type(T.Matrix, t)
    return T.apply_type(QRCompactWYQ_, t, matrix, matrix) if isinstance(q, QRQ) else T.apply_type(LQPackedQ_, t, matrix, vector)


T.register_instances(QRQ, _q_parameters, QRCompactWYQ_)
T.register_instances(LQQ, _q_parameters, LQPackedQ_)


@Base.method("size(Q::LinearAlgebra.AbstractQ)")
def q_size(q: Any) -> tuple[int, ...]:
    return tuple(q.full.shape)


@Base.method("Matrix(Q::LinearAlgebra.AbstractQ)")
def q_matrix(_: Any, q: Any) -> Any:
    return wrap(np.asfortranarray(q.full[:, : q.thin] if isinstance(q, QRQ) else q.full[: q.thin]))


@Base.method("collect(Q::LinearAlgebra.AbstractQ)")
def q_collect(q: Any) -> Any:
    return wrap(np.asfortranarray(q.full))


@Base.method("getindex(Q::LinearAlgebra.AbstractQ, i...)")
def q_getindex(q: Any, *i: Any) -> Any:
    return Base.bindings["getindex"](wrap(np.asfortranarray(q.full)), *i)


@Base.method("adjoint(Q::LinearAlgebra.AbstractQ)")
def q_adjoint(q: Any) -> Any:
    return type(q)(q.full.conj().T, q.thin)


@Base.method("*(Q::LinearAlgebra.AbstractQ, B::AbstractVecOrMat)")
def q_times(q: Any, b: Any) -> Any:
    x = dense(b)
    full = q.full if x.shape[0] == q.full.shape[1] else q.full[:, : x.shape[0]]
    return Base.bindings["*"](wrap(np.asfortranarray(full)), b)


@Base.method("*(A::AbstractVecOrMat, Q::LinearAlgebra.AbstractQ)")
def times_q(a: Any, q: Any) -> Any:
    return Base.bindings["*"](a, wrap(np.asfortranarray(q.full)))


@Base.method("*(Q::LinearAlgebra.AbstractQ, R::LinearAlgebra.AbstractQ)")
def q_times_q(q: Any, r: Any) -> Any:
    return wrap(np.asfortranarray(q.full @ r.full))


@Base.method("show(io::IO, m::MIME\"text/plain\", Q::LinearAlgebra.AbstractQ)")
def q_show(io: Any, mime: Any, q: Any) -> None:
    m, n = q.full.shape
    io.write(f"{m}×{n} {T.type_string(T.typeof(q))}")


class QR(Factorization):
    """`qr(A)`: `A == Q*R`."""

    __slots__ = ("q", "upper")
    family = factorization("QRCompactWY", "S M C", "factors T", export=False)
    fields = ("Q", "R", "factors")
    factors_shown = (("Q factor: ", "Q"), ("R factor:", "R"))

    def __init__(self, q: Any, upper: Any) -> None:
        self.q, self.upper = q, upper

    @staticmethod
    def parameters(q: Any, upper: Any) -> tuple[Any, ...]:
        matrix = T.apply_type(T.Matrix, upper.eltype)
        return (upper.eltype, matrix, matrix)

    @property
    def Q(self) -> Any:  # noqa: N802
        return self.q

    @property
    def R(self) -> Any:  # noqa: N802
        return self.upper

    @property
    def factors(self) -> Any:
        return self.upper

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.R))


class PivotedQR(QR):
    """`qr(A, ColumnNorm())`: `A[:, p] == Q*R`."""

    __slots__ = ("order",)
    family = factorization("QRPivoted", "T S C P", "factors τ jpvt")
    fields = ("Q", "R", "p", "P", "factors")
    factors_shown = (("Q factor: ", "Q"), ("R factor:", "R"), ("permutation:", "p"))

    def __init__(self, q: Any, upper: Any, order: Any) -> None:
        super().__init__(q, upper)
        self.order = order

    @staticmethod
    def parameters(q: Any, upper: Any, order: Any = None) -> tuple[Any, ...]:
        t = upper.eltype
        return (t, T.apply_type(T.Matrix, t), T.apply_type(T.Vector, t), T.apply_type(T.Vector, T.Int64))

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    @property
    def P(self) -> Any:  # noqa: N802
        return wrap(np.asfortranarray(np.eye(len(self.order))[:, self.order]))

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.R, self.p))


@LinearAlgebra.method("qr(A::AbstractVecOrMat, pivot=nothing)")
def qr(a: Any, pivot: Any = None) -> Any:
    """The QR factorization.

    ```jldoctest
    julia> using LinearAlgebra

    julia> F = qr([3.0 -6.0; 4.0 -8.0; 0.0 1.0]); F.R
    2×2 Matrix{Float64}:
     -5.0  10.0
      0.0  -1.0
    ```
    """
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    k = min(data.shape)
    if isinstance(pivot, ColumnNorm):
        q, r, p = K.pivoted_qr(data)
        return PivotedQR(QRQ(q, k), wrap(np.asfortranarray(np.triu(r[:k]))), p)
    q, r = householder(data)
    return QR(QRQ(q, k), wrap(np.asfortranarray(np.triu(r[:k]))))


def householder(data: Any) -> tuple[Any, Any]:
    """Q (square) and R by Householder reflections."""
    q, r = np.linalg.qr(data, mode="complete")
    return q, r


class LQ(Factorization):
    """`lq(A)`: `A == L*Q`."""

    __slots__ = ("lower", "q")
    family = factorization("LQ", "T S C", "factors τ")
    fields = ("L", "Q")
    factors_shown = (("L factor:", "L"), ("Q factor: ", "Q"))

    def __init__(self, lower: Any, q: Any) -> None:
        self.lower, self.q = lower, q

    @staticmethod
    def parameters(lower: Any, q: Any) -> tuple[Any, ...]:
        t = lower.eltype
        return (t, T.apply_type(T.Matrix, t), T.apply_type(T.Vector, t))

    @property
    def L(self) -> Any:  # noqa: N802
        return self.lower

    @property
    def Q(self) -> Any:  # noqa: N802
        return self.q

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.Q))


@LinearAlgebra.method("lq(A::AbstractMatrix)")
def lq(a: Any) -> Any:
    """The LQ factorization."""
    data = K.floating(a)
    q, r = householder(data.conj().T)
    k = min(data.shape)
    lower = np.asfortranarray(np.tril(r.conj().T[:, :k]))
    return LQ(wrap(lower), LQQ(np.asfortranarray(q.conj().T), k))


# ---------------------------------------------------------------- Cholesky and LDLt


class Cholesky(Factorization):
    """`cholesky(A)`: `A == U'*U`."""

    __slots__ = ("factors", "info", "uplo_text")
    family = factorization("Cholesky", "T S", "factors uplo info")
    fields = ("U", "L", "UL", "factors", "uplo", "info")

    def __init__(self, factors: Any, uplo: str, info: int) -> None:
        self.factors, self.uplo_text, self.info = factors, uplo, info

    @staticmethod
    def parameters(factors: Any, uplo: str, info: int) -> tuple[Any, ...]:
        return (factors.eltype, T.typeof(factors))

    @property
    def factors_shown(self) -> Any:  # type: ignore[override]
        return ((f"{self.uplo_text} factor:", self.uplo_text),)

    @property
    def uplo(self) -> Any:
        return V.Char(ord(self.uplo_text))

    @property
    def U(self) -> Any:  # noqa: N802
        return S.UpperTriangular(self.factors if self.uplo_text == "U" else turned(self.factors))

    @property
    def L(self) -> Any:  # noqa: N802
        return S.LowerTriangular(self.factors if self.uplo_text == "L" else turned(self.factors))

    @property
    def UL(self) -> Any:  # noqa: N802
        return self.U if self.uplo_text == "U" else self.L

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.U))


def turned(a: Any) -> Any:
    """The adjoint as a new Array."""
    return make(np.asfortranarray(dense(a).conj().T), eltype_of(a))


def is_hermitian(a: Any) -> bool:
    """Is it equal to its adjoint?"""
    if isinstance(a, (S.Hermitian, S.SymTridiagonal)):
        return True
    data = dense(a)
    if data.shape[0] != data.shape[1]:
        return False
    if data.dtype == object:
        same, turn = Base.bindings["=="], Base.bindings["adjoint"]
        n = data.shape[0]
        return all(same(data[i, j], turn(data[j, i])) for i in range(n) for j in range(i + 1))
    return bool(np.array_equal(data, data.conj().T))


@LinearAlgebra.method("cholesky(A, pivot=nothing; check=true)")
def cholesky(a: Any, pivot: Any = None, *, check: bool = True) -> Any:
    """The Cholesky factorization of a positive definite matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> cholesky([4.0 2.0; 2.0 5.0]).U
    2×2 UpperTriangular{Float64, Matrix{Float64}}:
     2.0  1.0
      ⋅   2.0
    ```
    """
    if not is_array(a):
        root = Base.bindings["sqrt"](a)
        return Cholesky(wrap(np.array([[root]], dtype=float, order="F")), "U", 0)
    n = K.check_square(a)
    uplo = a.uplo_text if isinstance(a, S.Mirrored) else "U"
    if not is_hermitian(a):
        if check:
            raise K.PosDefException(-1)
        return Cholesky(wrap(K.floating(a)), uplo, -1)
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    upper = np.zeros_like(data)
    info = 0
    for j in range(n):
        d = data[j, j].real - (upper[:j, j].conj() @ upper[:j, j]).real
        if not d > 0:
            info = j + 1
            break
        upper[j, j] = np.sqrt(d)
        if j + 1 < n:
            upper[j, j + 1 :] = (data[j, j + 1 :] - upper[:j, j].conj() @ upper[:j, j + 1 :]) / upper[j, j]
    if info and check:
        raise K.PosDefException(info)
    factor = upper if uplo == "U" else upper.conj().T
    return Cholesky(wrap(np.asfortranarray(factor)), uplo, info)


class LDLt(Factorization):
    """`ldlt(S)`: `S == L*D*L'`."""

    __slots__ = ("tridiagonal",)
    family = factorization("LDLt", "T S", "data")
    fields = ("L", "D", "Lt", "d", "data")
    factors_shown = (("L factor:", "L"), ("D factor:", "D"))

    def __init__(self, tridiagonal: Any) -> None:
        self.tridiagonal = tridiagonal

    @staticmethod
    def parameters(tridiagonal: Any) -> tuple[Any, ...]:
        return (tridiagonal.eltype, T.typeof(tridiagonal))

    @property
    def data(self) -> Any:
        return self.tridiagonal

    @property
    def L(self) -> Any:  # noqa: N802
        return S.UnitLowerTriangular(self.tridiagonal)

    @property
    def Lt(self) -> Any:  # noqa: N802
        return S.UnitUpperTriangular(self.tridiagonal)

    @property
    def D(self) -> Any:  # noqa: N802
        return S.Diagonal(self.tridiagonal.dv)

    @property
    def d(self) -> Any:
        return self.tridiagonal.dv

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.D))


@LinearAlgebra.method("ldlt(S::LinearAlgebra.SymTridiagonal)")
def ldlt(s: Any) -> Any:
    """The factorization `L*D*L'` of a symmetric tridiagonal matrix."""
    d, e = K.floating(s.dv), K.floating(s.ev)
    for k in range(len(d) - 1):
        if d[k] == 0:
            raise K.ZeroPivotException(k + 1)
        ratio = e[k] / d[k]
        d[k + 1] -= ratio * e[k]
        e[k] = ratio
    return LDLt(S.SymTridiagonal(wrap(d), wrap(e)))


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


def eigen_parts(a: Any) -> tuple[Any, Any]:
    """Eigenvalues in Julia's order, and the vectors that belong to them."""
    data = K.floating(a)
    K.check_square(data)
    if data.dtype == object:
        data = data.astype(float)
    if not np.isfinite(data).all():
        raise ArgumentError("matrix contains Infs or NaNs")
    if isinstance(a, S.Diagonal) or (data.ndim == 2 and is_diagonal(data) and data.dtype.kind == "f"):
        values = data.diagonal().copy()
        order = np.argsort(values, kind="stable")
        return values[order], np.asfortranarray(np.eye(len(values), dtype=data.dtype)[:, order])
    if is_hermitian(a):
        values, vectors = np.linalg.eigh(data)
        return values, np.asfortranarray(vectors)
    if K.is_upper(data) and data.dtype.kind == "f" and isinstance(a, S.Part):
        values = data.diagonal().copy()
    values, vectors = np.linalg.eig(data)
    order = sorted_order(values)
    return values[order], np.asfortranarray(vectors[:, order])


def is_diagonal(data: Any) -> bool:
    return K.is_upper(data) and K.is_lower(data)


def sorted_order(values: Any) -> Any:
    """By real part, then by imaginary part."""
    return np.lexsort((values.imag, values.real)) if values.dtype.kind == "c" else np.argsort(values, kind="stable")


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


@LinearAlgebra.method("eigen(A::AbstractMatrix, B::AbstractMatrix)")
def eigen_general(a: Any, b: Any) -> Any:
    x, y = K.common(K.floating(a), K.floating(b))
    values, vectors = np.linalg.eig(np.linalg.solve(y, x))
    order = sorted_order(values)
    vectors = vectors[:, order]
    return GeneralizedEigen(wrap(values[order]), wrap(np.asfortranarray(vectors / np.abs(vectors).max(axis=0))))


@LinearAlgebra.method("eigvals(A; permute=true, scale=true, sortby=nothing)")
def eigvals(a: Any, *, permute: bool = True, scale: bool = True, sortby: Any = None) -> Any:
    """The eigenvalues."""
    if isinstance(a, Eigen):
        return a.values
    if not is_array(a):
        return make(np.array([a]), T.typeof(a))
    values, _ = eigen_parts(a)
    if sortby is not None:
        values = values[by_function(values, sortby)]
    return wrap(values)


@LinearAlgebra.method("eigvecs(A)")
def eigvecs(a: Any) -> Any:
    """The eigenvectors, as columns."""
    return a.vectors if isinstance(a, Eigen) else wrap(eigen_parts(a)[1])


@LinearAlgebra.method("eigmax(A)")
def eigmax(a: Any) -> Any:
    """The largest eigenvalue."""
    return scalar(real_values(a).max())


@LinearAlgebra.method("eigmin(A)")
def eigmin(a: Any) -> Any:
    """The smallest eigenvalue."""
    return scalar(real_values(a).min())


def real_values(a: Any) -> Any:
    values, _ = eigen_parts(a)
    if values.dtype.kind == "c":
        from juliette.runtime.errors import DomainError

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
    def V(self) -> Any:  # noqa: N802
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
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    u, s, vt = np.linalg.svd(data, full_matrices=full)
    return SVD(*(wrap(np.asfortranarray(x)) for x in (u, s, vt)))


@LinearAlgebra.method("svdvals(A)")
def svdvals(a: Any) -> Any:
    """The singular values, largest first."""
    if isinstance(a, SVD):
        return a.S
    data = K.floating(a)
    return wrap(np.linalg.svd(data.reshape(data.shape[0], -1), compute_uv=False))


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
    def Schur(self) -> Any:  # noqa: N802
        return self.T

    @property
    def vectors(self) -> Any:
        return self.Z

    def parts(self) -> Iterator[Any]:
        return iter((self.T, self.Z, self.values))


def scipy_linalg(name: str) -> Any:
    """SciPy's linear algebra, or an error that says how to get it."""
    try:
        import scipy.linalg
    except ImportError:
        raise ErrorException(f"{name} needs SciPy, which is not installed here: pip install juliette[sparse]") from None
    return scipy.linalg


@LinearAlgebra.method("schur(A::AbstractMatrix)")
def schur(a: Any) -> Any:
    """The Schur factorization."""
    K.check_square(a)
    data = K.floating(a)
    t, z = scipy_linalg("schur").schur(data)
    values = np.linalg.eigvals(t) if data.dtype.kind == "c" or not K.is_upper(t) else t.diagonal().copy()
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
    """The Hessenberg form: `A == Q*H*Q'`."""
    h, q = scipy_linalg("hessenberg").hessenberg(K.floating(a), calc_q=True)
    return Hessenberg(S.UpperHessenberg(wrap(np.asfortranarray(h))), QRQ(np.asfortranarray(q), q.shape[0]))


class Hessenberg(Factorization):
    """`hessenberg(A)`"""

    __slots__ = ("H", "Q")
    family = factorization("Hessenberg", "T SH S", "H Q")
    fields = ("H", "Q", "μ")
    factors_shown = (("Q factor: ", "Q"), ("H factor:", "H"))

    def __init__(self, h: Any, q: Any) -> None:
        self.H, self.Q = h, q

    @staticmethod
    def parameters(h: Any, q: Any) -> tuple[Any, ...]:
        return (h.eltype, T.typeof(h), T.apply_type(T.Matrix, h.eltype))

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.H))


KINDS = (LU, QR, PivotedQR, LQ, Cholesky, LDLt, Eigen, GeneralizedEigen, SVD, Schur, Hessenberg)
for _cls in KINDS:
    T.GENERAL_TYPE[_cls] = _cls.family

# ---------------------------------------------------------------- what all have in common


@Base.method("iterate(F::LinearAlgebra.Factorization, state=1)")
def iterate_factors(f: Any, state: int = 1) -> Any:
    """Destructuring: `L, U, p = lu(A)`."""
    items = list(f.parts())
    return (items[state - 1], state + 1) if state <= len(items) else None


@Base.method("length(F::LinearAlgebra.Factorization)")
def factor_count(f: Any) -> int:
    return len(list(f.parts()))


@Base.method("show(io::IO, m::MIME\"text/plain\", F::LinearAlgebra.Factorization)")
def show_factorization(io: Any, mime: Any, f: Any) -> None:
    if isinstance(f, LU) and f.info > 0:
        io.write(f"Failed factorization of type {T.type_string(T.typeof(f))}")
        return
    if isinstance(f, Cholesky) and f.info:
        io.write(f"Failed factorization of type {T.type_string(T.typeof(f))}")
        return
    io.write(T.type_string(T.typeof(f)))
    show = Base.bindings["show"]
    for title, field in f.factors_shown:
        part = getattr(f, field)
        io.write(f"\n{title}" + ("" if isinstance(part, Orthogonal) else "\n"))
        show(io, mime, part)


@Base.method("show(io::IO, F::LinearAlgebra.Factorization)")
def show_factorization_short(io: Any, f: Any) -> None:
    show_factorization(io, V.MIME("text/plain"), f)


@Base.method("size(F::LinearAlgebra.Factorization)")
def factor_size(f: Any) -> tuple[int, ...]:
    return tuple(shape_of(matrix_again(f)))


def matrix_again(f: Any) -> Any:
    """The matrix that was factorized."""
    times, turn = Base.bindings["*"], Base.bindings["adjoint"]
    if isinstance(f, LU):
        out = dense(times(f.L, f.U))
        back = np.empty_like(out)
        back[f.order] = out
        return K.result_array(back)
    if isinstance(f, PivotedQR):
        out = dense(times(f.Q, f.R))
        back = np.empty_like(out)
        back[:, f.order] = out
        return wrap(np.asfortranarray(back))
    if isinstance(f, QR):
        return times(f.Q, f.R)
    if isinstance(f, LQ):
        full = f.Q.full[: dense(f.L).shape[1]]
        return times(f.L, wrap(np.asfortranarray(full)))
    if isinstance(f, Cholesky):
        return times(f.L, f.U)
    if isinstance(f, LDLt):
        return times(times(f.L, f.D), turn(f.L))
    if isinstance(f, Eigen):
        v, d = dense(f.vectors), dense(f.values)
        return wrap(np.asfortranarray((v * d) @ np.linalg.inv(v)))
    if isinstance(f, SVD):
        return wrap(np.asfortranarray((dense(f.U) * dense(f.S)) @ dense(f.Vt)))
    if isinstance(f, Schur):
        z = dense(f.Z)
        return wrap(np.asfortranarray(z @ dense(f.T) @ z.conj().T))
    q = f.Q.full
    return wrap(np.asfortranarray(q @ dense(f.H) @ q.conj().T))


@Base.method("Matrix(F::LinearAlgebra.Factorization)")
def factor_matrix(_: Any, f: Any) -> Any:
    return matrix_again(f)


@Base.method("AbstractMatrix(F::LinearAlgebra.Factorization)")
def factor_abstract(_: Any, f: Any) -> Any:
    return matrix_again(f)


@Base.method("\\(F::LinearAlgebra.Factorization, b::AbstractVecOrMat)")
def solve_factored(f: Any, b: Any) -> Any:
    """Solve through a factorization."""
    x = K.floating(b)
    if isinstance(f, LU):
        f.check()
        a, x = K.common(f.factors.data, x)
        if x.shape[0] != a.shape[0]:
            raise DimensionMismatch(f"B has leading dimension {x.shape[0]}, but needs {a.shape[0]}")
        return K.result_array(K.solve_upper(a, K.solve_lower(a, x[f.order], True), False))
    if isinstance(f, Cholesky):
        low, x = K.common(dense(f.L), x)
        up = np.asfortranarray(low.conj().T)
        return K.result_array(K.solve_upper(up, K.solve_lower(low, x, False), False))
    if isinstance(f, QR):
        r = dense(f.R)
        y = (f.Q.full.conj().T @ x)[: r.shape[1]]
        out = K.solve_upper(*K.common(r[: r.shape[1]], y), False)
        if isinstance(f, PivotedQR):
            back = np.empty_like(out)
            back[f.order] = out
            out = back
        return K.result_array(out)
    if isinstance(f, SVD):
        u, s, vt = dense(f.U), dense(f.S), dense(f.Vt)
        keep = s > np.finfo(s.dtype).eps * s[0] if s.size else s > 0
        y = u.conj().T[keep] @ x
        y = y / (s[keep] if y.ndim == 1 else s[keep][:, None])
        return K.result_array(vt.conj().T[:, keep] @ y)
    return K.result_array(K.solve(K.floating(matrix_again(f)), x))


@Base.method("inv(F::LinearAlgebra.Factorization)")
def inverse_factored(f: Any) -> Any:
    if isinstance(f, LU):
        f.check()
    return K.result_array(K.inverse(K.floating(matrix_again(f))))


@LinearAlgebra.method("det(F::LinearAlgebra.Factorization)")
def determinant_factored(f: Any) -> Any:
    if isinstance(f, LU):
        d = f.factors.data.diagonal()
        out: Any = scalar(d[0])
        for x in d[1:]:
            out = K.OP.mul(out, scalar(x))
        odd = sum(int(r) != k for k, r in enumerate(f.ipiv.data - 1)) % 2
        return K.OP.neg(out) if odd else out
    if isinstance(f, Cholesky):
        return scalar(np.prod(dense(f.UL).diagonal()) ** 2)
    if isinstance(f, Eigen):
        return scalar(np.prod(dense(f.values)))
    return K.determinant(K.floating(matrix_again(f)))


@LinearAlgebra.method("issuccess(F::LinearAlgebra.Factorization)")
def issuccess(f: Any) -> bool:
    """Did the factorization succeed?"""
    return not getattr(f, "info", 0)


@LinearAlgebra.method("factorize(A::AbstractMatrix)")
def factorize(a: Any) -> Any:
    """The factorization that suits the matrix best."""
    m, n = shape_of(a)
    if isinstance(a, S.Structured) and not isinstance(a, S.Mirrored):
        return a
    data = dense(a)
    if m != n:
        return qr(a, ColumnNorm())
    if K.is_upper(data) and K.is_lower(data):
        return S.Diagonal(S.diagonal_of(a))
    if K.is_upper(data):
        return S.UpperTriangular(a)
    if K.is_lower(data):
        return S.LowerTriangular(a)
    if is_hermitian(a):
        f = cholesky(a, check=False)
        if not f.info:
            return f
    return lu(a)


def in_place(name: str, f: Callable[..., Any]) -> None:
    """The `!` form: here it computes the same and leaves its argument alone, which it may overwrite."""

    @LinearAlgebra.method(f"{name}!(A, args...)")
    def same(a: Any, *args: Any) -> Any:
        return f(a, *args)

    same.__doc__ = f"`{name}` that may overwrite its argument."


for _name, _f in (("lu", lu), ("qr", qr), ("cholesky", cholesky), ("eigen", eigen), ("svd", svd), ("lq", lq), ("schur", schur)):
    in_place(_name, _f)

assert Symbol
