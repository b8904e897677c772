"""Factorizations of sparse matrices: the modules UMFPACK, CHOLMOD and SPQR with their types.

They compute as the dense ones do, in an order of rows and columns that keeps the factors sparse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense
from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.elimination import LU, QR, is_hermitian, lu, qr
from juliette.stdlib.linear_algebra.factorization import Factorization, Factorization_
from juliette.stdlib.linear_algebra.orthogonal import QRQ, AbstractQ_
from juliette.stdlib.sparse_arrays.arithmetic import wrap_dense
from juliette.stdlib.sparse_arrays.kinds import MATRIX, SparseMatrix, columns_of, sparse_of
from juliette.stdlib.sparse_arrays.orders import (
    eliminated,
    is_odd,
    minimum_degree,
    orders_of,
    same_places_turned,
    solved,
    symmetric_graph,
    unit_factor,
)
from juliette.stdlib.sparse_arrays.storage import Columns, from_triplets

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

    __slots__ = ("rows", "taken")
    family = UmfpackLU_
    fields = ("L", "U", "p", "q", "Rs", "factors", "ipiv", "info")

    def __init__(self, factors: Any, ipiv: Any, info: int, rows: Any, taken: Any) -> None:
        super().__init__(factors, ipiv, info)
        self.rows, self.taken = rows, taken

    @staticmethod
    def parameters(factors: Any, ipiv: Any, info: int, *_: Any) -> tuple[Any, ...]:
        return (factors.eltype, T.Int64)

    @property
    def L(self) -> Any:
        return thin(super().L)

    @property
    def U(self) -> Any:
        return thin(super().U)

    @property
    def order(self) -> Any:
        return self.rows[super().order]

    @property
    def columns(self) -> Any:
        return self.taken

    @property
    def odd(self) -> bool:
        return super().odd ^ is_odd(self.rows) ^ is_odd(self.taken)

    @property
    def q(self) -> Any:
        return wrap(self.taken + 1)

    @property
    def Rs(self) -> Any:
        return wrap(np.ones(self.packed.data.shape[0]))

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
    """`cholesky(A)` and `ldlt(A)` of a sparse matrix: `L*L' == A[p, p]`, or `L*D*L'`."""

    __slots__ = ("d", "info", "order", "root", "unit")
    family = Factor_
    fields = ("L", "U", "D", "LD", "PtL", "UP", "p", "info")

    def __init__(self, unit: Columns, d: Any, info: int, order: Any, root: bool) -> None:
        self.unit, self.d, self.info, self.order, self.root = unit, d, info, order, root

    @staticmethod
    def parameters(unit: Columns, *_: Any) -> tuple[Any, ...]:
        return (unit.eltype, T.Int64)

    @property
    def low(self) -> Columns:
        """`L`: with roots of the pivots on its diagonal, or with ones."""
        if not self.root:
            return self.unit
        scaled = self.unit.data * np.sqrt(np.abs(self.d))[self.unit.columns]
        return self.unit.with_data(scaled, self.unit.eltype)

    @property
    def L(self) -> Any:
        return SparseMatrix(self.low)

    @property
    def U(self) -> Any:
        return adjoint_of(self.L)

    @property
    def D(self) -> Any:
        d = np.ones(len(self.d)) if self.root else self.d
        return thin(K.result_array(np.diag(d)))

    @property
    def LD(self) -> Any:
        both = self.low.copy()
        both.data[both.indptr[:-1]] = self.d
        return SparseMatrix(both)

    @property
    def PtL(self) -> Any:
        low = self.low
        rows = self.order[low.indices]
        csc = from_triplets(rows, low.columns, low.data, low.shape, low.eltype, None)
        return SparseMatrix(csc)

    @property
    def UP(self) -> Any:
        return adjoint_of(self.PtL)

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    def matrix(self) -> Any:
        low = self.unit.toarray()
        product = (low * self.d) @ low.conj().T
        back = np.empty_like(product)
        back[np.ix_(self.order, self.order)] = product
        return K.result_array(back)

    def solve(self, x: Any) -> Any:
        n = len(self.d)
        if x.shape[0] != n:
            raise DimensionMismatch(
                f"LHS and RHS should have the same number of rows. LHS has {n} rows, "
                f"but RHS has {x.shape[0]} rows."
            )
        out = solved(self.unit, self.d, x[self.order])
        back = np.empty_like(out)
        back[self.order] = out
        return np.asfortranarray(back)


def adjoint_of(a: Any) -> Any:
    return Base.bindings["copy"](Base.bindings["adjoint"](a))


@LinearAlgebra.method("det(F::SparseArrays.CHOLMOD.Factor)")
def factor_det(f: Factor) -> float:
    return float(np.prod(f.d))


@LinearAlgebra.method("logdet(F::SparseArrays.CHOLMOD.Factor)")
def factor_logdet(f: Factor) -> Any:
    return Base.bindings["sum"](Base.bindings["log"], wrap(f.d))


@LinearAlgebra.method("diag(F::SparseArrays.CHOLMOD.Factor)")
def factor_diagonal(f: Factor) -> Any:
    return wrap(np.sqrt(f.d) if f.root else f.d.copy())


for _cls in (SparseLU, SparseQR, Factor):
    T.GENERAL_TYPE[_cls] = _cls.family


@Base.method('show(io::IO, m::MIME"text/plain", F::SparseArrays.CHOLMOD.Factor)')
def show_factor(io: Any, mime: Any, f: Any) -> None:
    stored = f.unit.nnz
    io.write(
        f"{T.type_string(T.typeof(f))}\ntype:    {'LLt' if f.root else 'LDLt'}\n"
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
    columns = columns_of(a)
    rows, taken = orders_of(columns)
    if q is not None:
        rows, taken = np.arange(columns.shape[0]), dense(q) - 1
    f = lu(K.result_array(np.asfortranarray(dense(a)[np.ix_(rows, taken)])), check=check)
    return SparseLU(f.packed, f.ipiv, f.info, rows, taken)


@LinearAlgebra.method(f"qr(A::{MATRIX}; tol=nothing, ordering=nothing)")
def sparse_qr(a: Any, *, tol: Any = None, ordering: Any = None) -> Any:
    """The QR factorization of a sparse matrix."""
    f = qr(wrap_dense(a))
    return SparseQR(SparseQ(f.q.full, f.q.thin, f.q.packed, f.q.block), f.upper)


def factored(a: Any, shift: Any, perm: Any, root: bool) -> Factor:
    """`A + shift*I` in the order that is asked for or keeps the factor sparse."""
    if shift:
        a = Base.bindings["+"](a, LinearAlgebra.bindings["UniformScaling"](shift))
    columns = columns_of(a)
    if not same_turned(columns):
        raise ArgumentError("sparse matrix is not symmetric/Hermitian")
    graph = symmetric_graph(columns)
    if perm is None:
        order, left = minimum_degree(graph)
    else:
        order = dense(perm) - 1
        left = eliminated(graph, order)
    unit, d, info = unit_factor(columns, order, left, root)
    return Factor(unit, d, info, order, root)


def same_turned(a: Columns) -> bool:
    """Is a matrix equal to its adjoint?"""
    if a.shape[0] != a.shape[1]:
        return False
    a = a.without_zeros()
    turned = a.transposed()
    return same_places_turned(a) and bool((turned.data.conj() == a.data).all())


@LinearAlgebra.method(f"cholesky(A::{MATRIX}; shift=0.0, check=true, perm=nothing)")
def sparse_cholesky(a: Any, *, shift: Any = 0.0, check: bool = True, perm: Any = None) -> Any:
    """The Cholesky factorization of a sparse positive definite matrix: `L*L' == A[p, p]`.

    ```jldoctest
    julia> using LinearAlgebra, SparseArrays

    julia> A = sparse([4.0 1 1; 1 3 0; 1 0 2]); F = cholesky(A, perm=[3, 2, 1]);

    julia> L = sparse(F.L); L * L' ≈ A[F.p, F.p], F \\ [6, 4, 3] ≈ [1, 1, 1]
    (true, true)
    ```
    """
    f = factored(a, shift, perm, root=True)
    if f.info and check:
        raise K.PosDefException(f.info)
    return f


@LinearAlgebra.method(f"ldlt(A::{MATRIX}; shift=0.0, check=true, perm=nothing)")
def sparse_ldlt(a: Any, *, shift: Any = 0.0, check: bool = True, perm: Any = None) -> Any:
    """The factorization `L*D*L'` of a sparse symmetric matrix."""
    f = factored(a, shift, perm, root=False)
    if f.info and check:
        raise K.ZeroPivotException(f.info)
    return f


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


MIRRORED = (
    "Union{"
    + ", ".join(
        f"LinearAlgebra.{name}{{<:Any, <:SparseArrays.SparseMatrixCSC}}"
        for name in ("Symmetric", "Hermitian")
    )
    + "}"
)
for _name, _method, _keywords in (
    ("lu", sparse_lu, "; check=true, q=nothing, control=nothing"),
    ("cholesky", sparse_cholesky, "; shift=0.0, check=true, perm=nothing"),
    ("ldlt", sparse_ldlt, "; shift=0.0, check=true, perm=nothing"),
    ("qr", sparse_qr, "; tol=nothing, ordering=nothing"),
    ("factorize", sparse_factorize, ""),
):

    @LinearAlgebra.method(f"{_name}(A::{MIRRORED}{_keywords})")
    def of_mirrored(a: Any, /, method: Any = _method, **keywords: Any) -> Any:
        return method(Base.bindings["copy"](sparse_of(a)), **keywords)
