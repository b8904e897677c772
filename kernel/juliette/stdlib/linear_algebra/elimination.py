"""Factorizations by elimination and reflection: LU, QR, LQ, Cholesky, LDLt, Bunch–Kaufman."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, eltype_of, is_array
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import make, wrap
from juliette.runtime.modules import PACKAGES, Base, constructors
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import small, wide
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.factorization import Factorization, factorization
from juliette.stdlib.linear_algebra.orthogonal import LQQ, QRQ, PackedQ

LinearAlgebra = PACKAGES["LinearAlgebra"]

# ---------------------------------------------------------------- LU


class LU(Factorization):
    """`lu(A)`: `P*A == L*U`."""

    __slots__ = ("info", "ipiv", "packed")
    family = factorization("LU", "T S P", "factors ipiv info")
    fields: tuple[str, ...] = ("L", "U", "p", "P", "factors", "ipiv", "info")
    factors_shown = (("L factor:", "L"), ("U factor:", "U"))

    def __init__(self, factors: Any, ipiv: Any, info: int) -> None:
        self.packed, self.ipiv, self.info = factors, ipiv, info

    @property
    def factors(self) -> Any:
        """`L` without its ones, and `U`, in one matrix."""
        return self.packed

    @property
    def columns(self) -> Any:
        """The columns in the order in which they were eliminated, from 0; None: as they stand."""
        return None

    @property
    def odd(self) -> bool:
        """Do the permutations change the sign of the determinant?"""
        return bool(sum(int(r) != k for k, r in enumerate(self.ipiv.data - 1)) % 2)

    @staticmethod
    def parameters(factors: Any, ipiv: Any, info: int) -> tuple[Any, ...]:
        return (factors.eltype, T.typeof(factors), T.typeof(ipiv))

    @property
    def L(self) -> Any:
        a = self.packed.data
        m, n = a.shape
        out = np.tril(a[:, : min(m, n)], -1)
        if a.dtype == object:
            out = out.copy()
            out[np.triu_indices(m, 0, min(m, n))] = S.zero_of(self.packed.eltype)
            for i in range(min(m, n)):
                out[i, i] = Base.bindings["one"](self.packed.eltype)
        else:
            np.fill_diagonal(out, 1)
        return K.result_array(out)

    @property
    def U(self) -> Any:
        a = self.packed.data
        m, n = a.shape
        out = np.triu(a[: min(m, n)])
        if a.dtype == object:
            out = out.copy()
            out[np.tril_indices(min(m, n), -1, n)] = S.zero_of(self.packed.eltype)
        return K.result_array(out)

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    @property
    def order(self) -> Any:
        return K.permutation(self.ipiv.data - 1, self.packed.data.shape[0])

    @property
    def P(self) -> Any:
        m = self.packed.data.shape[0]
        return make(
            np.asfortranarray(np.eye(m)[self.order].astype(self.packed.data.dtype)),
            self.packed.eltype,
        )

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.U, self.p))

    def check(self) -> None:
        if self.info:
            raise K.SingularException(self.info)


class TridiagonalLU(LU):
    """`lu(A)` of a tridiagonal matrix."""

    __slots__ = ()

    @staticmethod
    def parameters(factors: Any, ipiv: Any, info: int) -> tuple[Any, ...]:
        t = factors.eltype
        kind = T.apply_type(S.Tridiagonal.family, t, T.apply_type(T.Vector, t))
        return (t, kind, T.typeof(ipiv))

    @property
    def factors(self) -> Any:
        data = self.packed.data
        # One multiplier stands in each column; an exchange of rows later may have moved it down.
        steps = range(len(data) - 1)
        below = [np.argmax(np.abs(data[k + 1 :, k])) + k + 1 for k in steps]
        multipliers = data[below, list(steps)]
        bands = (multipliers, np.diagonal(data).copy(), np.diagonal(data, 1).copy())
        return S.Tridiagonal(*(make(band, self.packed.eltype) for band in bands))


T.GENERAL_TYPE[TridiagonalLU] = LU.family
LinearAlgebra.method("LU(factors::AbstractMatrix, ipiv::AbstractVector, info::Integer)")(
    lambda _, factors, ipiv, info: LU(factors, ipiv, info)
)


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
    kind = TridiagonalLU if isinstance(a, S.Tridiagonal) else LU
    out = kind(K.result_array(data), wrap(rows + 1), info)
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


class QR(Factorization):
    """`qr(A)`: `A == Q*R`."""

    __slots__ = ("q", "upper")
    family = factorization("QRCompactWY", "S M C", "factors T", export=False)
    fields: tuple[str, ...] = ("R", "Q", "factors")
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
        return self.upper if packed is None else K.result_array(packed)

    def parts(self) -> Iterator[Any]:
        return iter((self.Q, self.R))


class PlainQR(QR):
    """`qr(A)` of numbers that LAPACK does not know."""

    __slots__ = ()
    family = factorization("QR", "T S C", "factors τ")

    @staticmethod
    def parameters(q: Any, upper: Any) -> tuple[Any, ...]:
        t = upper.eltype
        return (t, T.apply_type(T.Matrix, t), T.apply_type(T.Vector, t))


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
    if is_array(a):
        Base.bindings["zero"](eltype_of(a))  # elements of any type have none
    K.check_numbers(a, 1, 2)
    data = wide.floated(K.floating(a))
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    k = min(data.shape)
    pivoted = isinstance(strategy(pivot, ColumnNorm, NoPivot), ColumnNorm)
    if data.dtype == object:
        q, r, p = wide.qr(data, pivoted)
        parts = PackedQ(q, k, r), K.result_array(wide.upper(r, k))
        return PivotedQR(*parts, p) if pivoted else PlainQR(*parts)
    if pivoted:
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


LinearAlgebra.method("Cholesky(factors::AbstractMatrix, uplo, info::Integer)")(
    lambda _, factors, uplo, info: Cholesky(factors, S.letter(uplo), info)
)


def turned(a: Any) -> Any:
    """The adjoint as a new Array."""
    return Base.bindings["copy"](Base.bindings["adjoint"](a))


def is_hermitian(a: Any) -> bool:
    """Is it equal to its adjoint?"""
    if isinstance(a, S.Hermitian) or (
        isinstance(a, S.SymTridiagonal) and T.subtype(a.eltype, T.Real)
    ):
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
    if T.isa(a, T.Number) and not Base.bindings["isreal"](a):
        raise K.PosDefException(1)
    pivot = strategy(pivot, RowMaximum, NoPivot)
    if not is_array(a):
        root = Base.bindings["sqrt"](a)
        return Cholesky(wrap(np.array([[root]], dtype=float, order="F")), "U", 0)
    K.check_square(a)
    uplo = a.uplo_text if isinstance(a, S.Mirrored) else "U"
    if not is_hermitian(a):
        if check:
            raise K.PosDefException(-1)
        return Cholesky(K.result_array(wide.floated(K.floating(a))), uplo, -1)
    data = wide.floated(K.floating(a))
    if isinstance(pivot, RowMaximum) and data.dtype != object:
        from juliette.stdlib.linear_algebra.generalized import pivoted_cholesky

        return pivoted_cholesky(data, uplo, tol, check)
    upper, info = wide.cholesky(data) if data.dtype == object else upper_factor(data)
    if info and check:
        raise K.PosDefException(info)
    factor = K.result_array(upper)
    return Cholesky(factor if uplo == "U" else turned(factor), uplo, info)


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
