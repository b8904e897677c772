"""Factorizations by elimination and reflection: LU, QR, LQ, Cholesky, LDLt, Bunch–Kaufman."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, is_array
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import make, wrap
from juliette.runtime.modules import PACKAGES, Base, constructors
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import small
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.factorization import Factorization, factorization

LinearAlgebra = PACKAGES["LinearAlgebra"]

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
    def L(self) -> Any:
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
    def U(self) -> Any:
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
    def P(self) -> Any:
        m = self.factors.data.shape[0]
        return make(
            np.asfortranarray(np.eye(m)[self.order].astype(self.factors.data.dtype)),
            self.factors.eltype,
        )

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
    pivot = strategy(pivot, RowMaximum, NoPivot)
    data = K.floating(a)
    if isinstance(pivot, RowNonZero):
        rows, info = K.lu_by_first_nonzero(data)
    else:
        rows, info = K.lu_in_place(data, not isinstance(pivot, NoPivot))
    out = LU(K.result_array(data), wrap(rows + 1), info)
    if check:
        if info and isinstance(pivot, NoPivot):
            raise K.ZeroPivotException(info)
        out.check()
    return out


def strategy(given: Any, pivoted: type, plain: type) -> Any:
    """The strategy meant by `Val(true)` and `Val(false)`, as it was written before Julia 1.7."""
    if T.isa(given, Base.bindings["Val"]):
        return pivoted() if T.typeof(given).parameters[0] is True else plain()
    return given


def choice(key: str, *, export: bool = True) -> type:
    """A strategy that is chosen by a value, such as `NoPivot()`."""
    cls = type(key, (), {"__slots__": (), "__doc__": f"`{key}()`"})
    t = T.define(key, module=LinearAlgebra)
    T.register_class(cls, t)
    LinearAlgebra.const(key, t, export=export)
    support._builtin(constructors(t), T.tuple_type([T.type_of_type(t)]), lambda _: cls(), ())
    return cls


NoPivot = choice("NoPivot")
RowMaximum = choice("RowMaximum")
ColumnNorm = choice("ColumnNorm")
RowNonZero = choice("RowNonZero")
DivideAndConquer = choice("DivideAndConquer", export=False)
QRIteration = choice("QRIteration", export=False)

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
    """`qr(A).Q`: kept as reflections, `packed` below the diagonal of R, if LAPACK made them.

    They are applied together, as `I - V*T*V'`, which is how Julia multiplies by Q.
    """

    __slots__ = ("block", "packed")

    def __init__(self, full: Any, thin: int, packed: Any = None, block: Any = None) -> None:
        super().__init__(full, thin)
        self.packed, self.block = packed, block

    def applied(self, x: Any) -> Any:
        """`Q*x`"""
        if self.block is None:
            return self.full @ x
        v, t = self.block
        return x - v @ (t @ (v.conj().T @ x))

    def turned(self) -> QRQ:
        """`Q'`"""
        v_t = None if self.block is None else (self.block[0], self.block[1].conj().T)
        return type(self)(self.full.conj().T, self.thin, None, v_t)


class PackedQ(QRQ):
    """`qr(A, ColumnNorm()).Q`"""

    __slots__ = ()


class HessenbergQ(QRQ):
    """`hessenberg(A).Q`"""

    __slots__ = ()


class LQQ(Orthogonal):
    """`lq(A).Q`"""

    __slots__ = ()


QRCompactWYQ_ = q_type("QRCompactWYQ", "S M C")
QRPackedQ_ = q_type("QRPackedQ", "T S C")
LQPackedQ_ = q_type("LQPackedQ", "T S C")
HessenbergQ_ = q_type("HessenbergQ", "T S W sym")


def _q_parameters(q: Orthogonal) -> Any:
    t = q.eltype
    vector, matrix = T.apply_type(T.Vector, t), T.apply_type(T.Matrix, t)
    if isinstance(q, QRQ) and not isinstance(q, PackedQ):
        return T.apply_type(QRCompactWYQ_, t, matrix, matrix)
    return T.apply_type(QRPackedQ_ if isinstance(q, PackedQ) else LQPackedQ_, t, matrix, vector)


factorization("QR", "T S C", "factors τ")
T.register_instances(QRQ, _q_parameters, QRCompactWYQ_)
T.register_instances(PackedQ, _q_parameters, QRPackedQ_)
T.register_instances(LQQ, _q_parameters, LQPackedQ_)
T.register_instances(
    HessenbergQ,
    lambda q: T.apply_type(
        HessenbergQ_, q.eltype, *(T.apply_type(t, q.eltype) for t in (T.Matrix, T.Vector)), False
    ),
    HessenbergQ_,
)


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
    return q.turned() if isinstance(q, QRQ) else type(q)(q.full.conj().T, q.thin)


def padded(x: Any, rows: int) -> Any:
    """A matrix or vector with zeros below, for the square form of Q."""
    if x.shape[0] == rows:
        return x
    return np.concatenate([x, np.zeros((rows - x.shape[0], *x.shape[1:]), dtype=x.dtype)])


@Base.method("*(Q::LinearAlgebra.AbstractQ, B::AbstractVecOrMat)")
def q_times(q: Any, b: Any) -> Any:
    x = dense(b)
    if isinstance(q, QRQ) and q.block is not None and x.dtype.kind in "fciu":
        return wrap(np.asfortranarray(q.applied(padded(x, len(q.full)))))
    full = q.full if x.shape[0] == q.full.shape[1] else q.full[:, : x.shape[0]]
    return Base.bindings["*"](wrap(np.asfortranarray(full)), b)


@Base.method("*(A::AbstractVecOrMat, Q::LinearAlgebra.AbstractQ)")
def times_q(a: Any, q: Any) -> Any:
    x = dense(a)
    if isinstance(q, LQQ) and x.ndim == 2 and x.shape[1] == q.thin < len(q.full):
        a = wrap(np.asfortranarray(x))
        return Base.bindings["*"](a, wrap(np.asfortranarray(q.full[: q.thin])))
    return Base.bindings["*"](a, wrap(np.asfortranarray(q.full)))


@Base.method("*(Q::LinearAlgebra.AbstractQ, R::LinearAlgebra.AbstractQ)")
def q_times_q(q: Any, r: Any) -> Any:
    return wrap(np.asfortranarray(q.full @ r.full))


@Base.method('show(io::IO, m::MIME"text/plain", Q::LinearAlgebra.AbstractQ)')
def q_show(io: Any, mime: Any, q: Any) -> None:
    m, n = q.full.shape
    io.write(f"{m}×{n} {T.type_string(T.typeof(q))}")


@LinearAlgebra.method("det(Q::LinearAlgebra.AbstractQ)")
def q_determinant(q: Any) -> Any:
    return np.round(np.linalg.det(q.full)).item()


class QR(Factorization):
    """`qr(A)`: `A == Q*R`."""

    __slots__ = ("q", "upper")
    family = factorization("QRCompactWY", "S M C", "factors T", export=False)
    fields: tuple[str, ...] = ("Q", "R", "factors")
    factors_shown: tuple[tuple[str, str], ...] = (("Q factor: ", "Q"), ("R factor:", "R"))

    def __init__(self, q: Any, upper: Any) -> None:
        self.q, self.upper = q, upper

    @staticmethod
    def parameters(q: Any, upper: Any) -> tuple[Any, ...]:
        matrix = T.apply_type(T.Matrix, upper.eltype)
        return (upper.eltype, matrix, matrix)

    @property
    def Q(self) -> Any:
        return self.q

    @property
    def R(self) -> Any:
        return self.upper

    @property
    def factors(self) -> Any:
        packed = self.q.packed
        return self.upper if packed is None else wrap(packed)

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
        return (
            t,
            T.apply_type(T.Matrix, t),
            T.apply_type(T.Vector, t),
            T.apply_type(T.Vector, T.Int64),
        )

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    @property
    def P(self) -> Any:
        return wrap(np.asfortranarray(np.eye(len(self.order))[:, self.order]))

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.R, self.p))


@LinearAlgebra.method("qr(A::AbstractVecOrMat, pivot=nothing; blocksize=36)")
def qr(a: Any, pivot: Any = None, *, blocksize: int = 36) -> Any:
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
    if isinstance(strategy(pivot, ColumnNorm, NoPivot), ColumnNorm):
        q, r, p = K.pivoted_qr(data)
        return PivotedQR(PackedQ(q, k), wrap(np.asfortranarray(np.triu(r[:k]))), p)
    packed, block = reflections(data)
    v, t = block
    square = np.eye(len(data), dtype=data.dtype)
    q = QRQ(np.asfortranarray(square - v @ (t @ (v.conj().T @ square))), k, packed, block)
    return QR(q, wrap(np.asfortranarray(np.triu(packed[:k]))))


@LinearAlgebra.method("qr(x::Number)")
def qr_of_number(x: Any) -> Any:
    return qr(Base.bindings["fill"](x, 1, 1))


@LinearAlgebra.method("lq(x::Number)")
def lq_of_number(x: Any) -> Any:
    return lq(Base.bindings["fill"](x, 1, 1))


@LinearAlgebra.method("lu(x::Number; check=true)")
def lu_of_number(x: Any, *, check: bool = True) -> Any:
    return lu(Base.bindings["fill"](x, 1, 1), check=check)


def reflections(data: Any) -> tuple[Any, tuple[Any, Any]]:
    """R with Householder's vectors below it, and V and T with `Q == I - V*T*V'`."""
    raw, tau = np.linalg.qr(data, mode="raw")
    packed = np.asfortranarray(raw.T)
    k = min(packed.shape)
    v = np.tril(packed[:, :k], -1)
    np.fill_diagonal(v, 1)
    t = np.zeros((k, k), dtype=packed.dtype)
    for i in range(k):
        t[i, i] = tau[i]
        t[:i, i] = -tau[i] * (t[:i, :i] @ (v[:, :i].conj().T @ v[:, i]))
    return packed, (v, t)


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
    def L(self) -> Any:
        return self.lower

    @property
    def Q(self) -> Any:
        return self.q

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.Q))


@LinearAlgebra.method("lq(A::AbstractMatrix)")
def lq(a: Any) -> Any:
    """The LQ factorization.

    ```jldoctest
    julia> using LinearAlgebra

    julia> size(lq([1.0 2; 3 4]).L)
    (2, 2)
    ```
    """
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
    fields: tuple[str, ...] = ("U", "L", "UL", "factors", "uplo", "info")

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
    def U(self) -> Any:
        return S.UpperTriangular(self.factors if self.uplo_text == "U" else turned(self.factors))

    @property
    def L(self) -> Any:
        return S.LowerTriangular(self.factors if self.uplo_text == "L" else turned(self.factors))

    @property
    def UL(self) -> Any:
        return self.U if self.uplo_text == "U" else self.L

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.U))


def turned(a: Any) -> Any:
    """The adjoint as a new Array."""
    return Base.bindings["copy"](Base.bindings["adjoint"](a))


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


@LinearAlgebra.method("cholesky(A, pivot=nothing; check=true, tol=0.0)")
def cholesky(a: Any, pivot: Any = None, *, check: bool = True, tol: float = -1.0) -> Any:
    """The Cholesky factorization of a positive definite matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> cholesky([4.0 2.0; 2.0 5.0]).U
    2×2 UpperTriangular{Float64, Matrix{Float64}}:
     2.0  1.0
      ⋅   2.0
    ```
    """
    pivot = strategy(pivot, RowMaximum, NoPivot)
    if not is_array(a):
        root = Base.bindings["sqrt"](a)
        return Cholesky(wrap(np.array([[root]], dtype=float, order="F")), "U", 0)
    K.check_square(a)
    uplo = a.uplo_text if isinstance(a, S.Mirrored) else "U"
    if not is_hermitian(a):
        if check:
            raise K.PosDefException(-1)
        return Cholesky(wrap(K.floating(a)), uplo, -1)
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if isinstance(pivot, RowMaximum):
        from juliette.stdlib.linear_algebra.generalized import pivoted_cholesky

        return pivoted_cholesky(data, uplo, tol, check)
    upper, info = upper_factor(data)
    if info and check:
        raise K.PosDefException(info)
    factor = upper if uplo == "U" else upper.conj().T
    return Cholesky(wrap(np.asfortranarray(factor)), uplo, info)


def upper_factor(data: Any) -> tuple[Any, int]:
    """U with `U'*U` equal to the matrix, and the order of the minor that is not positive or 0."""
    n = len(data)
    upper = np.zeros_like(data)
    exact = small.fits(data)
    for j in range(n):
        column = upper[:j, j]
        if exact:
            values = column.tolist()
            d = data[j, j] - small.dot(values, values)
            rest = [data[j, i] - small.dot(values, upper[:j, i].tolist()) for i in range(j + 1, n)]
        else:
            d = data[j, j].real - (column.conj() @ column).real
            rest = data[j, j + 1 :] - column.conj() @ upper[:j, j + 1 :]
        if not d > 0:
            return upper, j + 1
        upper[j, j] = np.sqrt(d)
        upper[j, j + 1 :] = np.asarray(rest) * (1 / upper[j, j])
    return upper, 0
