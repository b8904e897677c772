"""Factorizations of sparse matrices: the modules UMFPACK, CHOLMOD and SPQR with their types.

They compute as the dense ones do, without a permutation that keeps the factors sparse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense
from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.elimination import LU, QR, cholesky, is_hermitian, lu, qr
from juliette.stdlib.linear_algebra.factorization import Factorization, Factorization_
from juliette.stdlib.linear_algebra.orthogonal import QRQ, AbstractQ_
from juliette.stdlib.sparse_arrays.arithmetic import wrap_dense
from juliette.stdlib.sparse_arrays.kinds import MATRIX, sparse_of

LinearAlgebra = PACKAGES["LinearAlgebra"]
SparseArrays = PACKAGES["SparseArrays"]


def home(name: str, key: str) -> tuple[Module, Any]:
    """A module of SparseArrays, and the type of its factorizations in it."""
    module = Module(name, SparseArrays)
    module.visible = module.bindings["__builtins__"] = Base.bindings
    SparseArrays.const(name, module, export=False)
    variables = [T.TypeVar("Tv"), T.TypeVar("Ti")]
    t = T.define(key, T.apply_type(Factorization_, variables[0]), variables, module=module)
    module.const(key, t, export=False)
    return module, t


UMFPACK, UmfpackLU_ = home("UMFPACK", "UmfpackLU")
CHOLMOD, Factor_ = home("CHOLMOD", "Factor")
SPQR, QRSparse_ = home("SPQR", "QRSparse")


_Tv, _Ti = T.TypeVar("Tv"), T.TypeVar("Ti")
QRSparseQ_ = T.define("QRSparseQ", T.apply_type(AbstractQ_, _Tv), [_Tv, _Ti], module=SPQR)
SPQR.const("QRSparseQ", QRSparseQ_, export=False)


class SparseQ(QRQ):
    """`qr(A).Q` of a sparse matrix."""

    __slots__ = ()


T.register_instances(SparseQ, lambda q: T.apply_type(QRSparseQ_, q.eltype, T.Int64), QRSparseQ_)


def thin(a: Any) -> Any:
    """A factor as a sparse matrix."""
    return sparse_of(a)


def in_order(n: int) -> Any:
    """The permutation that leaves all in place."""
    return wrap(np.arange(1, n + 1))


class SparseLU(LU):
    """`lu(A)` of a sparse matrix: `L*U == (Rs .* A)[p, q]`."""

    __slots__ = ()
    family = UmfpackLU_
    fields = ("L", "U", "p", "q", "Rs", "factors", "ipiv", "info")

    @staticmethod
    def parameters(factors: Any, ipiv: Any, info: int) -> tuple[Any, ...]:
        return (factors.eltype, T.Int64)

    @property
    def L(self) -> Any:
        return thin(super().L)

    @property
    def U(self) -> Any:
        return thin(super().U)

    @property
    def q(self) -> Any:
        return in_order(self.factors.data.shape[1])

    @property
    def Rs(self) -> Any:
        return wrap(np.ones(self.factors.data.shape[0]))

    def parts(self) -> Any:
        return iter((self.L, self.U, self.p, self.q, self.Rs))


class SparseQR(QR):
    """`qr(A)` of a sparse matrix: `Q*R == A[prow, pcol]`."""

    __slots__ = ()
    family = QRSparse_
    fields = ("R", "Q", "prow", "pcol", "factors")
    factors_shown = (
        ("Q factor:\n", "Q"),
        ("R factor:", "R"),
        ("Row permutation:", "prow"),
        ("Column permutation:", "pcol"),
    )

    @staticmethod
    def parameters(q: Any, upper: Any) -> tuple[Any, ...]:
        return (upper.eltype, T.Int64)

    @property
    def R(self) -> Any:
        return thin(self.upper)

    @property
    def prow(self) -> Any:
        return in_order(self.q.full.shape[0])

    @property
    def pcol(self) -> Any:
        return in_order(self.upper.data.shape[1])


class Factor(Factorization):
    """`cholesky(A)` and `ldlt(A)` of a sparse matrix: `L*L'`, or `L*D*L'` with the diagonal `d`."""

    __slots__ = ("d", "info", "low")
    family = Factor_
    fields = ("L", "U", "p", "d", "low", "info")

    def __init__(self, low: Any, d: Any, info: int) -> None:
        self.low, self.d, self.info = low, d, info

    @staticmethod
    def parameters(low: Any, d: Any, info: int) -> tuple[Any, ...]:
        return (low.eltype, T.Int64)

    @property
    def L(self) -> Any:
        return thin(self.low)

    @property
    def U(self) -> Any:
        return thin(Base.bindings["copy"](Base.bindings["adjoint"](self.low)))

    @property
    def p(self) -> Any:
        return in_order(len(self.low.data))

    def matrix(self) -> Any:
        low = self.low.data
        return K.result_array((low if self.d is None else low * self.d.data) @ low.conj().T)


for _cls in (SparseLU, SparseQR, Factor):
    T.GENERAL_TYPE[_cls] = _cls.family


@Base.method('show(io::IO, m::MIME"text/plain", F::SparseArrays.CHOLMOD.Factor)')
def show_factor(io: Any, mime: Any, f: Any) -> None:
    stored = int(np.count_nonzero(f.low.data))
    io.write(
        f"{T.type_string(T.typeof(f))}\ntype:    {'LLt' if f.d is None else 'LDLt'}\n"
        f"method:  simplicial\nmaxnnz:  {stored}\nnnz:     {stored}\n"
        f"success: {'true' if not f.info else 'false'}\n"
    )


@LinearAlgebra.method(f"lu(A::{MATRIX}; check=true, q=nothing, control=nothing)")
def sparse_lu(a: Any, *, check: bool = True, q: Any = None, control: Any = None) -> Any:
    """The LU factorization of a sparse matrix.

    ```jldoctest
    julia> using LinearAlgebra, SparseArrays

    julia> F = lu(sparse([4.0 3; 6 3])); F.L isa SparseMatrixCSC, F \\ [1, 0] ≈ [-0.5, 1]
    (true, true)
    ```
    """
    f = lu(wrap_dense(a), check=check)
    return SparseLU(f.factors, f.ipiv, f.info)


@LinearAlgebra.method(f"qr(A::{MATRIX}; tol=nothing, ordering=nothing)")
def sparse_qr(a: Any, *, tol: Any = None, ordering: Any = None) -> Any:
    """The QR factorization of a sparse matrix."""
    f = qr(wrap_dense(a))
    return SparseQR(SparseQ(f.q.full, f.q.thin, f.q.packed, f.q.block), f.upper)


def shifted(a: Any, shift: Any) -> Any:
    """`A + shift*I` as a dense matrix."""
    a = wrap_dense(a)
    if not shift:
        return a
    return Base.bindings["+"](a, LinearAlgebra.bindings["UniformScaling"](shift))


@LinearAlgebra.method(f"cholesky(A::{MATRIX}; shift=0.0, check=true, perm=nothing)")
def sparse_cholesky(a: Any, *, shift: Any = 0.0, check: bool = True, perm: Any = None) -> Any:
    """The Cholesky factorization of a sparse positive definite matrix."""
    whole = shifted(a, shift)
    if not is_hermitian(whole):
        raise ArgumentError("sparse matrix is not symmetric/Hermitian")
    f = cholesky(whole, check=check)
    return Factor(K.result_array(dense(f.L)), None, f.info)


@LinearAlgebra.method(f"ldlt(A::{MATRIX}; shift=0.0, check=true, perm=nothing)")
def sparse_ldlt(a: Any, *, shift: Any = 0.0, check: bool = True, perm: Any = None) -> Any:
    """The factorization `L*D*L'` of a sparse symmetric matrix."""
    whole = shifted(a, shift)
    if not is_hermitian(whole):
        raise ArgumentError("sparse matrix is not symmetric/Hermitian")
    data = K.floating(whole)
    _, info = K.lu_in_place(data, False)
    if info and check:
        raise K.ZeroPivotException(info)
    low = np.tril(data, -1)
    np.fill_diagonal(low, 1)
    return Factor(K.result_array(low), wrap(data.diagonal().real.copy()), info)


@LinearAlgebra.method(f"factorize(A::{MATRIX})")
def sparse_factorize(a: Any) -> Any:
    """The factorization that suits a sparse matrix: triangles as they are, else LU or QR."""
    data = dense(a)
    m, n = data.shape
    if m != n:
        return sparse_qr(a)
    for holds, kind in ((K.is_lower, "LowerTriangular"), (K.is_upper, "UpperTriangular")):
        if holds(data):
            both = K.is_lower(data) and K.is_upper(data)
            return (
                Base.bindings["copy"](a)
                if both
                else T.CONSTRUCT(LinearAlgebra.bindings[kind], (a,), {})
            )
    if is_hermitian(wrap_dense(a)):
        f = sparse_cholesky(a, check=False)
        return f if not f.info else sparse_ldlt(a, check=False)
    return sparse_lu(a)
