"""SparseArrays: matrices and vectors that store what is not zero; SciPy does the arithmetic.

One module for all of it: everything here goes through the one field `csc`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_construction import FROM_VALUE
from juliette.base.array_protocol import (
    dense,
    is_array,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.indexing import normalise
from juliette.compiler import support
from juliette.display.array_show import matrix_text
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import elements, vector, wrap
from juliette.runtime.errors import ArgumentError, BoundsError, DimensionMismatch, ErrorException
from juliette.runtime.modules import PACKAGES, Base, constructors
from juliette.runtime.ranges import UnitRange

SparseArrays = PACKAGES["SparseArrays"]
PACKAGES["LinearAlgebra"].load()
method = SparseArrays.method


def scipy_sparse() -> Any:
    """SciPy's sparse matrices, or an error that says how to get them."""
    try:
        return importlib.import_module("scipy.sparse")
    except ImportError:
        raise ErrorException(
            "SparseArrays needs SciPy, which is not installed here: pip install juliette[sparse]"
        ) from None


scipy_sparse()


def _abstract(key: str, ndim: int | None) -> Any:
    t, i = T.TypeVar("Tv"), T.TypeVar("Ti")
    if ndim is None:
        n = T.TypeVar("N")
        out = T.define(key, W.abstract_array(t, n), [t, i, n], module=SparseArrays, abstract=True)
    else:
        parent = T.apply_type(AbstractSparseArray, t, i, ndim)
        out = T.define(key, parent, [t, i], module=SparseArrays, abstract=ndim is None)
    SparseArrays.const(key, out)
    return out


AbstractSparseArray = _abstract("AbstractSparseArray", None)
SparseMatrix_ = _abstract("SparseMatrixCSC", 2)
SparseVector_ = _abstract("SparseVector", 1)
T.unwrap(SparseMatrix_).typename.fields = ("m", "n", "colptr", "rowval", "nzval")
T.unwrap(SparseMatrix_).typename.field_types = (T.Any_,) * 5
T.unwrap(SparseVector_).typename.fields = ("n", "nzind", "nzval")
T.unwrap(SparseVector_).typename.field_types = (T.Any_,) * 3


class Sparse(W.Wrapper):
    """Base of the sparse arrays; `csc` is SciPy's matrix (of one column for a vector)."""

    __slots__ = ("csc",)
    csc: Any
    structured = True

    def broadcast(self, f: Any, args: tuple[Any, ...]) -> Any:
        """A dotted call stays sparse if it gives zero where nothing is stored."""
        parts = [x for x in args if isinstance(x, Sparse)]
        numbers = (int, float, complex, np.generic)
        if not all(isinstance(x, (Sparse, *numbers)) for x in args):
            return None
        zeros = [np.zeros((), x.csc.dtype).item() if isinstance(x, Sparse) else x for x in args]
        if Base.bindings["iszero"](f(*zeros)) is not True:
            return None
        if len(parts) == 1:
            values = [x.nzval if x is self else x for x in args]
            return with_values(self, B.materialize(B.broadcasted(f, *values)))
        plain = [wrap(x.data) if isinstance(x, Sparse) else x for x in args]
        return sparse_of(B.materialize(B.broadcasted(f, *plain)))

    def joined(self, out: Any) -> Any:
        return sparse_of(out) if out.data.ndim <= 2 else out

    @property
    def aliased(self) -> bool:
        return False

    @property
    def nzval(self) -> Any:
        return wrap(self.csc.data)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.csc.shape)[: self.ndim]

    @property
    def data(self) -> Any:
        out = self.csc.toarray(order="F")
        return out if self.ndim == 2 else out[:, 0]

    def write(self, where: Any, values: Any) -> None:
        changed = self.csc.tolil()
        spots = np.atleast_1d(W.linear_positions(self.shape)[where]).ravel(order="F")
        items = np.broadcast_to(np.asarray(values).ravel(order="F"), spots.shape)
        m = self.csc.shape[0]
        changed[spots % m, spots // m] = items
        self.csc = changed.tocsc()
        self.csc.sort_indices()


def instance(cls: type, family: Any, csc: Any, ndim: int) -> Any:
    """An object of the class for the element type of a SciPy matrix."""
    eltype = T.TYPE_OF_DTYPE[csc.dtype]
    made = W.wrapper_class(family, cls, (eltype, T.Int64), eltype, ndim)
    return object.__new__(made)


class SparseMatrix(Sparse):
    """`SparseMatrixCSC`"""

    __slots__ = ()
    fields = ("m", "n", "colptr", "rowval", "nzval")

    def __new__(cls, csc: Any) -> Any:
        return instance(SparseMatrix, SparseMatrix_, csc, 2)

    def __init__(self, csc: Any) -> None:
        self.csc = csc

    @property
    def m(self) -> int:
        return int(self.csc.shape[0])

    @property
    def n(self) -> int:
        return int(self.csc.shape[1])

    @property
    def colptr(self) -> Any:
        return wrap(self.csc.indptr.astype(np.int64) + 1)

    @property
    def rowval(self) -> Any:
        return wrap(self.csc.indices.astype(np.int64) + 1)

    def is_stored(self, i: int, j: int) -> bool:
        """Is there a place for the element (from 0)?"""
        start, stop = self.csc.indptr[j], self.csc.indptr[j + 1]
        return bool((self.csc.indices[start:stop] == i).any())


class SparseVector(Sparse):
    """`SparseVector`"""

    __slots__ = ()
    fields = ("n", "nzind", "nzval")

    def __new__(cls, csc: Any) -> Any:
        return instance(SparseVector, SparseVector_, csc, 1)

    def __init__(self, csc: Any) -> None:
        self.csc = csc

    @property
    def n(self) -> int:
        return int(self.csc.shape[0])

    @property
    def nzind(self) -> Any:
        return wrap(self.csc.indices.astype(np.int64) + 1)


T.GENERAL_TYPE[SparseMatrix] = SparseMatrix_
T.GENERAL_TYPE[SparseVector] = SparseVector_


def from_scipy(x: Any, ndim: int = 2) -> Any:
    """A sparse array over a SciPy matrix of any format."""
    csc = scipy_sparse().csc_matrix(x)
    csc.sort_indices()
    return SparseMatrix(csc) if ndim == 2 else SparseVector(csc)


# ---------------------------------------------------------------- making them


def gathered(rows: Any, cols: Any, values: Any, shape: tuple[int, int], combine: Any) -> Any:
    """A SciPy matrix from places (from 1) and values; those of one place are combined."""
    i, j = np.asarray(dense(rows)) - 1, np.asarray(dense(cols)) - 1
    v = dense(values) if is_array(values) else None
    if v is None:
        v = np.full(len(i), values)
    if not len(i) == len(j) == len(v):
        raise ArgumentError(
            "the first three arguments' lengths must match, "
            f"length(I) (={len(i)}) == length(J) (= {len(j)}) == length(V) (= {len(v)})"
        )
    for name, index, size in (("row", i, shape[0]), ("column", j, shape[1])):
        if len(index) and (index.min() < 0 or index.max() >= size):
            what = "I" if name == "row" else "J"
            limit = "m" if name == "row" else "n"
            raise ArgumentError(f"{name} indices {what}[k] must satisfy 1 <= {what}[k] <= {limit}")
    if combine is None or combine is Base.bindings["+"]:
        out = scipy_sparse().coo_matrix((v, (i, j)), shape=shape).tocsc()
        out.sum_duplicates()
        return out
    cells: dict[tuple[int, int], Any] = {}
    for p, q, x in zip(i.tolist(), j.tolist(), elements(v), strict=True):
        cells[p, q] = combine(cells[p, q], x) if (p, q) in cells else x
    places = list(cells)
    data = np.array(list(cells.values()))
    where = ([p for p, _ in places], [q for _, q in places])
    return scipy_sparse().coo_matrix((data, where), shape=shape).tocsc()


def _size(rows: Any, given: Any) -> int:
    return given if given is not None else int(dense(rows).max(initial=0))


@method("sparse(I::AbstractVector, J::AbstractVector, V, m=nothing, n=nothing, combine=nothing)")
def sparse(i: Any, j: Any, v: Any, m: Any = None, n: Any = None, combine: Any = None) -> Any:
    """A sparse matrix from places and values, or from another matrix.

    ```jldoctest
    julia> using SparseArrays

    julia> sparse([1, 2], [1, 3], [5, 7])
    2×3 SparseMatrixCSC{Int64, Int64} with 2 stored entries:
     5  ⋅  ⋅
     ⋅  ⋅  7
    ```
    """
    return from_scipy(gathered(i, j, v, (_size(i, m), _size(j, n)), combine))


@method("sparse(A::AbstractVecOrMat)")
def sparse_of(a: Any) -> Any:
    if isinstance(a, Sparse):
        return from_scipy(a.csc.copy(), a.ndim)
    data = dense(a)
    if data.dtype == object:
        raise ArgumentError("sparse arrays hold plain numbers only")
    return from_scipy(data if data.ndim == 2 else data.reshape(-1, 1), data.ndim)


def from_columns(_: Any, m: int, n: int, colptr: Any, rowval: Any, nzval: Any) -> Any:
    """A sparse matrix from what it stores."""
    pointers = dense(colptr)
    if len(pointers) != n + 1 or pointers[0] != 1:
        raise ArgumentError("colptr[1] must be 1, and length(colptr) n + 1")
    parts = (dense(nzval), dense(rowval) - 1, pointers - 1)
    return from_scipy(scipy_sparse().csc_matrix(parts, shape=(m, n)))


_pieces = [T.type_of_type(SparseMatrix_), T.Integer, T.Integer, *[T.AbstractVector] * 3]
_names = ("m", "n", "colptr", "rowval", "nzval")
support._builtin(constructors(SparseMatrix_), T.tuple_type(_pieces), from_columns, _names)


@method("sparse(s, m::Integer, n::Integer)")
def sparse_scaling(s: Any, m: int, n: int) -> Any:
    return sparse_of(FROM_VALUE[type(s)](s, (m, n), None))


@method("sparsevec(I::AbstractVector, V, m=nothing, combine=nothing)")
def sparsevec(i: Any, v: Any, m: Any = None, combine: Any = None) -> Any:
    """A sparse vector from places and values."""
    ones = wrap(np.ones(len(dense(i)), dtype=np.int64))
    return from_scipy(gathered(i, ones, v, (_size(i, m), 1), combine), 1)


@method("sparsevec(A::AbstractArray)")
def sparsevec_of(a: Any) -> Any:
    return from_scipy(dense(a).reshape(-1, 1, order="F"), 1)


@method("sparsevec(d::AbstractDict, m=nothing)")
def sparsevec_dict(d: Any, m: Any = None) -> Any:
    pairs = list(d.pairs())
    keys = vector([k for k, _ in pairs], T.Int64)
    values = Base.bindings["collect"](tuple(v for _, v in pairs))
    return sparsevec(keys, values, m)


@method("spzeros(args...)")
def spzeros(*args: Any) -> Any:
    """A sparse array without entries."""
    t: Any = T.Float64
    if args and isinstance(args[0], T.JuliaType):
        t, args = args[0], args[1:]
    dims = args[0] if len(args) == 1 and type(args[0]) is tuple else args
    shape = tuple(dims) if len(dims) == 2 else (dims[0], 1)
    return from_scipy(scipy_sparse().csc_matrix(shape, dtype=T.DTYPE_OF[t]), len(dims))


@method("spdiagm(ps::Pair...)")
def spdiagm(*ps: Any) -> Any:
    """A sparse matrix from diagonals."""
    n = max(shape_of(p.second)[0] + abs(p.first) for p in ps)
    rows, cols, values = [], [], []
    for p in ps:
        v = dense(p.second)
        at = np.arange(len(v))
        rows.append(at + max(0, -p.first))
        cols.append(at + max(0, p.first))
        values.append(v)
    where = (np.concatenate(rows), np.concatenate(cols))
    return from_scipy(scipy_sparse().coo_matrix((np.concatenate(values), where), shape=(n, n)))


@method("spdiagm(v::AbstractVector)")
def spdiagm_vector(v: Any) -> Any:
    return spdiagm(V.Pair(0, v))


@method("sprand(m::Integer, n::Integer, p::Real)")
def sprand(m: int, n: int, p: float) -> Any:
    """A random sparse matrix in which an element is there with probability `p`."""
    return random_sparse(m, n, p, "rand")


@method("sprandn(m::Integer, n::Integer, p::Real)")
def sprandn(m: int, n: int, p: float) -> Any:
    """A random sparse matrix of normally distributed numbers."""
    return random_sparse(m, n, p, "randn")


def random_sparse(m: int, n: int, p: float, draw: str) -> Any:
    there = dense(Base.bindings["rand"](m, n)) < p
    i, j = np.nonzero(there)
    values = dense(Base.bindings[draw](max(len(i), 1)))[: len(i)]
    return from_scipy(scipy_sparse().coo_matrix((values, (i, j)), shape=(m, n)))


@method("sprand(n::Integer, p::Real)")
def sprand_vector(n: int, p: float) -> Any:
    return from_scipy(random_sparse(n, 1, p, "rand").csc, 1)


@method("blockdiag(xs...)")
def blockdiag(*xs: Any) -> Any:
    """Matrices along the diagonal of a larger one."""
    return from_scipy(scipy_sparse().block_diag([x.csc for x in xs]))


def _convert(family: Any) -> Callable[..., Any]:
    def construct(t: Any, *args: Any) -> Any:
        (a,) = args
        out = sparse_of(a) if not isinstance(a, Sparse) else a
        eltype = T.unwrap(t).parameters[0]
        if not isinstance(eltype, T.TypeVar) and out.eltype is not eltype:
            out = from_scipy(out.csc.astype(T.DTYPE_OF[eltype]), out.ndim)
        return out

    return construct


for _family in (SparseMatrix_, SparseVector_):
    _signature = T.tuple_type([T.Type_, T.Any_])
    support._builtin(constructors(_family), _signature, _convert(_family), ("A",))

# ---------------------------------------------------------------- questions


@method("nnz(A)")
def nnz(a: Any) -> int:
    """How many elements are stored."""
    return int(a.csc.nnz) if isinstance(a, Sparse) else len(values_of(a))


@method("nonzeros(A)")
def nonzeros(a: Any) -> Any:
    """The stored values, column by column."""
    return a.nzval


@method("rowvals(A)")
def rowvals(a: Any) -> Any:
    """The rows of the stored values."""
    return a.rowval


@method("nzrange(A, col::Integer)")
def nzrange(a: Any, col: int) -> Any:
    """Which of the stored values belong to a column."""
    return UnitRange(int(a.csc.indptr[col - 1]) + 1, int(a.csc.indptr[col]))


@method("findnz(A)")
def findnz(a: Any) -> Any:
    """Places and values of the stored elements."""
    coo = a.csc.tocoo()
    rows, cols = (wrap(x.astype(np.int64) + 1) for x in (coo.row, coo.col))
    return (rows, cols, wrap(coo.data.copy())) if a.ndim == 2 else (rows, wrap(coo.data.copy()))


@method("issparse(A)")
def issparse(a: Any) -> bool:
    """Is it a sparse array?"""
    return isinstance(a, Sparse)


@method("dropzeros(A)")
def dropzeros(a: Any) -> Any:
    """A copy without stored zeros."""
    return dropzeros_in_place(from_scipy(a.csc.copy(), a.ndim))


@method("dropzeros!(A)")
def dropzeros_in_place(a: Any) -> Any:
    """Forget stored zeros."""
    a.csc.eliminate_zeros()
    return a


@method("fkeep!(f, A)")
def fkeep(f: Any, a: Any) -> Any:
    """Keep the stored elements for which `f(i, j, x)` is true (`f(i, x)` of a vector)."""
    coo = a.csc.tocoo()
    items = zip(coo.row.tolist(), coo.col.tolist(), elements(coo.data), strict=True)
    one = isinstance(a, SparseVector)
    keep = [f(i + 1, x) if one else f(i + 1, j + 1, x) for i, j, x in items]
    where = np.array(keep, dtype=bool)
    parts = (coo.data[where], (coo.row[where], coo.col[where]))
    a.csc = scipy_sparse().coo_matrix(parts, shape=coo.shape).tocsc()
    a.csc.sort_indices()
    return a


@method("permute(A::AbstractMatrix, p::AbstractVector, q::AbstractVector)")
def permute(a: Any, p: Any, q: Any) -> Any:
    """The rows and columns in another order, `A[p, q]`."""
    return Base.bindings["getindex"](a, p, q)


@method("droptol!(A, tol)")
def droptol(a: Any, tol: float) -> Any:
    """Forget stored values that are no larger than a tolerance."""
    a.csc.data[np.abs(a.csc.data) <= tol] = 0
    return dropzeros_in_place(a)


SPARSE = "Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector}"


@Base.method(f"copy(A::{SPARSE})")
def copied(a: Any) -> Any:
    return from_scipy(a.csc.copy(), a.ndim)


@Base.method(f"similar(A::{SPARSE})")
def similar_sparse(a: Any) -> Any:
    return spzeros(a.eltype, a.shape)


@Base.method("getindex(A::SparseArrays.SparseMatrixCSC, i::Integer, j::Integer)")
def cell(a: Any, i: int, j: int) -> Any:
    """One element."""
    if not (0 < i <= a.m and 0 < j <= a.n):
        raise BoundsError(a, (i, j))
    return scalar(a.csc[i - 1, j - 1])


@Base.method("getindex(A::SparseArrays.SparseMatrixCSC, i, j)")
def part(a: Any, i: Any, j: Any) -> Any:
    """A sparse part."""
    rows, cols = normalise(a, (i, j), a.shape).where
    if type(rows) is int and type(cols) is int:
        return scalar(a.csc[rows, cols])
    if type(rows) is int:
        return from_scipy(a.csc[[rows], :][:, cols].T, 1)
    if type(cols) is int:
        return from_scipy(a.csc[:, [cols]][rows, :], 1)
    return from_scipy(a.csc[rows, :][:, cols])


# ---------------------------------------------------------------- arithmetic


def as_scipy(a: Any) -> Any:
    data = a.csc if isinstance(a, Sparse) else dense(a)
    return data.reshape(-1, 1) if not isinstance(a, Sparse) and data.ndim == 1 else data


def add(name: str, f: Callable[[Any, Any], Any]) -> None:
    @Base.method(f"{name}(A::{SPARSE}, B::{SPARSE})")
    def both(a: Any, b: Any) -> Any:
        if a.shape != b.shape:
            raise DimensionMismatch(
                f"dimensions must match: a has dims {a.shape}, b has dims {b.shape}"
            )
        return from_scipy(f(a.csc, b.csc), a.ndim)


add("+", lambda x, y: x + y)
add("-", lambda x, y: x - y)


@Base.method("*(A::SparseArrays.SparseMatrixCSC, B::SparseArrays.SparseMatrixCSC)")
def product(a: Any, b: Any) -> Any:
    check(a, b)
    return from_scipy(a.csc @ b.csc)


@Base.method("*(A::SparseArrays.SparseMatrixCSC, v::SparseArrays.SparseVector)")
def product_vector(a: Any, v: Any) -> Any:
    check(a, v)
    return from_scipy(a.csc @ v.csc, 1)


@Base.method("*(A::SparseArrays.SparseMatrixCSC, B::StridedVecOrMat)")
def product_dense(a: Any, b: Any) -> Any:
    check(a, b)
    return wrap(np.asfortranarray(a.csc @ dense(b)))


def diagonal(d: Any) -> Any:
    """A `Diagonal` as SciPy's matrix."""
    values = dense(d.diag)
    where = np.arange(len(values))
    return scipy_sparse().csc_matrix((values, (where, where)))


@Base.method("*(D::LinearAlgebra.Diagonal, A::SparseArrays.SparseMatrixCSC)")
def scale_rows(d: Any, a: Any) -> Any:
    check(d, a)
    return from_scipy(diagonal(d) @ a.csc)


@Base.method("*(A::SparseArrays.SparseMatrixCSC, D::LinearAlgebra.Diagonal)")
def scale_columns(a: Any, d: Any) -> Any:
    check(a, d)
    return from_scipy(a.csc @ diagonal(d))


@Base.method("*(A::StridedMatrix, B::SparseArrays.SparseMatrixCSC)")
def dense_product(a: Any, b: Any) -> Any:
    check(a, b)
    return wrap(np.asfortranarray((b.csc.T @ dense(a).T).T))


def check(a: Any, b: Any) -> None:
    m, n = shape_of(a)[1], shape_of(b)[0]
    if m != n:
        raise DimensionMismatch(
            f"second dimension of A, {m}, does not match the first dimension of B, {n}"
        )


def scale(name: str) -> None:
    f = Base.bindings[name]

    @Base.method(f"{name}(A::{SPARSE}, x::Number)")
    def right(a: Any, x: Any) -> Any:
        return with_values(a, B.materialize(B.broadcasted(f, a.nzval, x)))


def with_values(a: Any, values: Any) -> Any:
    """The same structure with other stored values."""
    out = a.csc.copy().astype(dense(values).dtype)
    out.data = np.array(dense(values))
    return from_scipy(out, a.ndim)


scale("*")
scale("/")


@Base.method(f"*(x::Number, A::{SPARSE})")
def scale_left(x: Any, a: Any) -> Any:
    return with_values(a, B.materialize(B.broadcasted(Base.bindings["*"], x, a.nzval)))


@Base.method(f"-(A::{SPARSE})")
def negative(a: Any) -> Any:
    return from_scipy(-a.csc, a.ndim)


for _name in ("adjoint", "transpose"):

    @Base.method(f"copy(A::LinearAlgebra.{_name.title()}{{<:Any,<:SparseArrays.SparseMatrixCSC}})")
    def _turned(a: Any) -> Any:
        csc = a.parent.csc.T
        return from_scipy(csc.conj() if a.function == "adjoint" else csc)


@Base.method("+(A::SparseArrays.SparseMatrixCSC, s::LinearAlgebra.UniformScaling)")
def plus_scaling(a: Any, s: Any) -> Any:
    return from_scipy(a.csc + s.value * scipy_sparse().identity(a.n, dtype=a.csc.dtype))


@Base.method("-(A::SparseArrays.SparseMatrixCSC, s::LinearAlgebra.UniformScaling)")
def minus_scaling(a: Any, s: Any) -> Any:
    return from_scipy(a.csc - s.value * scipy_sparse().identity(a.n, dtype=a.csc.dtype))


@Base.method("\\(A::SparseArrays.SparseMatrixCSC, b::AbstractVecOrMat)")
def solve(a: Any, b: Any) -> Any:
    """The solution of a sparse system."""
    y = dense(b)
    if a.m != y.shape[0]:
        raise DimensionMismatch(f"B has leading dimension {y.shape[0]}, but needs {a.m}")
    if a.m != a.n:
        return Base.bindings["\\"](wrap(a.data), b)
    linalg = importlib.import_module("scipy.sparse.linalg")
    kind = np.result_type(a.csc.dtype, float)
    try:
        return wrap(np.asfortranarray(linalg.splu(a.csc.astype(kind)).solve(y.astype(kind))))
    except RuntimeError:
        from juliette.stdlib.linear_algebra.kernels import SingularException

        raise SingularException(0) from None


@Base.method(f"sum(A::{SPARSE}; dims=:)")
def total(a: Any, *, dims: Any = V.COLON) -> Any:
    if not isinstance(dims, V.ColonType):
        return Base.bindings["sum"].call_kw({"dims": dims}, wrap(a.data))
    return scalar(a.csc.sum())


@Base.method(f"count(f, A::{SPARSE})")
def count_of(f: Any, a: Any) -> int:
    return sum(f(x) is True for x in values_of(a))


# ---------------------------------------------------------------- display


@Base.method("summary(io::IO, A::SparseArrays.AbstractSparseArray)")
def summary(io: Any, a: Any) -> None:
    size = "×".join(map(str, a.shape)) if a.ndim == 2 else f"{a.n}-element"
    n = nnz(a)
    entries = "entry" if n == 1 else "entries"
    io.write(f"{size} {T.type_string(T.typeof(a))} with {n} stored {entries}")


@Base.method('show(io::IO, m::MIME"text/plain", A::SparseArrays.SparseMatrixCSC)')
def show_matrix(io: Any, mime: Any, a: Any) -> None:
    summary(io, a)
    if not (a.m and a.n):
        return
    rows, cols = io.get("displaysize") or (24, 80)
    if max(a.m, a.n) < 16:
        inner = io.with_(typeinfo=a.eltype)
        if io.get("compact") is None and a.n > 1:
            inner = inner.with_(compact=True)
        limit = bool(io.get("limit"))
        io.write(":\n" + matrix_text(a.data, inner, rows - 4, cols, limit, a.is_stored))
    else:
        io.write(":\n" + braille(a, rows - 4, cols // 2, bool(io.get("limit", True))))


_DOTS = (0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80)


def braille(a: Any, height: int, width: int, limit: bool) -> str:
    """The pattern of a large matrix in Braille dots, between brackets."""
    m, n = a.m, a.n
    tall, wide = m, n
    if limit and (m > 4 * height or n > 2 * width):
        s = min(2 * width / n, 4 * height / m)
        tall, wide = int(s * m), int(s * n)
    tall, wide = max(tall, 8), max(wide, 4)
    rows, cols = (tall - 1) // 4 + 1, (wide - 1) // 2 + 1
    grid = np.full((rows, cols), 0x2800)
    coo = a.csc.tocoo()
    i = np.rint(coo.row * (max(1, tall - 1) / max(1, m - 1))).astype(int)
    j = np.rint(coo.col * (max(1, wide - 1) / max(1, n - 1))).astype(int)
    for p, q in zip(i.tolist(), j.tolist(), strict=True):
        grid[p // 4, q // 2] |= _DOTS[(q % 2) * 4 + p % 4]
    lines = []
    for k, row in enumerate(grid):
        left, right = ("⎡", "⎤") if k == 0 else ("⎣", "⎦") if k == rows - 1 else ("⎢", "⎥")
        lines.append(left + "".join(map(chr, row)) + right)
    return "\n".join(lines)


@Base.method('show(io::IO, m::MIME"text/plain", v::SparseArrays.SparseVector)')
def show_vector(io: Any, mime: Any, v: Any) -> None:
    summary(io, v)
    index = v.nzind.data.tolist()
    if not index:
        return
    io.write(":")
    rows, _ = io.get("displaysize") or (24, 80)
    pad = len(str(v.n))
    limit = rows - 4
    shown = list(range(len(index)))
    if io.get("limit") and len(index) > limit:
        half = limit // 2
        shown = [*range(half), -1, *range(len(index) - half, len(index))]
    values = elements(v.csc.data)
    for k in shown:
        if k < 0:
            io.write("\n" + " " * (pad + 3) + "⋮")
            continue
        io.write(f"\n  [{index[k]:<{pad}}]  =  ")
        Base.bindings["show"](io.with_(typeinfo=v.eltype), values[k])


@Base.method("show(io::IO, A::SparseArrays.SparseMatrixCSC)")
def show_matrix_short(io: Any, a: Any) -> None:
    i, j, v = findnz(a)
    text = ", ".join(Base.bindings["repr"](x) for x in (i, j, v))
    io.write(f"sparse({text}, {a.m}, {a.n})")


@Base.method("show(io::IO, v::SparseArrays.SparseVector)")
def show_vector_short(io: Any, v: Any) -> None:
    i, x = findnz(v)
    io.write(f"sparsevec({Base.bindings['repr'](i)}, {Base.bindings['repr'](x)}, {v.n})")


def load(module: Any) -> None:
    """The module is filled by importing this one; without SciPy it cannot be."""
