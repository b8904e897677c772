"""What sparse arrays store, their elements and parts, permutations of rows and columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    scalar,
    shaped,
    values_of,
)
from juliette.base.indices import normalise
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.array import elements, pack, wrap
from juliette.runtime.errors import ArgumentError, BoundsError, DimensionMismatch
from juliette.runtime.modules import Base
from juliette.runtime.ranges import UnitRange
from juliette.stdlib.sparse_arrays.kinds import (
    MATRIX,
    SPARSE,
    Sparse,
    SparseVector,
    columns_of,
    method,
    over,
)
from juliette.stdlib.sparse_arrays.storage import Columns, array_of, from_triplets

op = Base.bindings


def is_sparse(a: Any) -> bool:
    return isinstance(a, Sparse) or (isinstance(a, W.Transposed) and isinstance(a.parent, Sparse))


# ---------------------------------------------------------------- what is stored


@method("nnz(A)")
def nnz(a: Any) -> int:
    """How many elements are stored."""
    return columns_of(a).nnz if is_sparse(a) else len(values_of(a))


@method("nonzeros(A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector})")
def nonzeros(a: Any) -> Any:
    """The stored values, column by column; changing them changes the array."""
    return a.nzval


@method("rowvals(A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector})")
def rowvals(a: Any) -> Any:
    """The rows of the stored values."""
    return a.nzind if isinstance(a, SparseVector) else a.rowval


@method("nonzeroinds(v::SparseVector)", export=False)
def nonzeroinds(v: Any) -> Any:
    """Where a sparse vector stores values."""
    return v.nzind


@method("nzrange(A::SparseArrays.SparseMatrixCSC, col::Integer)")
def nzrange(a: Any, col: int) -> Any:
    """Which of the stored values belong to a column."""
    if not 0 < col < len(a.csc.indptr):
        raise BoundsError(a, (op[":"], col))
    return UnitRange(int(a.csc.indptr[col - 1]) + 1, int(a.csc.indptr[col]))


@method("findnz(A::Union{AbstractMatrix,SparseArrays.SparseVector})")
def findnz(a: Any) -> Any:
    """Places and values of the stored elements."""
    columns = columns_of(a)
    rows, cols = (wrap(x.astype(np.int64) + 1) for x in (columns.indices, columns.columns))
    values = array_of(columns.data.copy(), columns.eltype)
    return (rows, cols, values) if len(a.shape) == 2 else (rows, values)


@method("issparse(A)")
def issparse(a: Any) -> bool:
    """Is it a sparse array, or one behind a wrapper?"""
    while isinstance(a, W.Wrapper) and not isinstance(a, Sparse):
        a = getattr(a, "parent", None)
    return isinstance(a, Sparse)


@method("getcolptr(A::SparseMatrixCSC)", export=False)
def getcolptr(a: Any) -> Any:
    """Where each column begins among the stored elements."""
    return a.colptr


@method("indtype(A)", export=False)
def indtype(a: Any) -> Any:
    """The type of the indices."""
    return T.Int64


@method("dropzeros(A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector})")
def dropzeros(a: Any) -> Any:
    """A copy without stored zeros."""
    return over(a.csc.without_zeros(), a.ndim)


@method("dropzeros!(A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector})")
def dropzeros_in_place(a: Any) -> Any:
    """Forget stored zeros."""
    a.csc = a.csc.without_zeros()
    return a


@method("fkeep!(f, A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector})")
def fkeep(f: Any, a: Any) -> Any:
    """Keep the stored elements for which `f(i, j, x)` is true (`f(i, x)` of a vector)."""
    csc = a.csc
    items = zip(csc.indices.tolist(), csc.columns.tolist(), elements(csc.data), strict=True)
    one = isinstance(a, SparseVector)
    keep = [f(i + 1, x) if one else f(i + 1, j + 1, x) for i, j, x in items]
    a.csc = csc.keep(np.array(keep, dtype=bool))
    return a


@method("droptol!(A::Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector}, tol)")
def droptol(a: Any, tol: Any) -> Any:
    """Forget stored values that are no larger than a tolerance."""
    size = op["abs"]
    a.csc = a.csc.keep(np.array([size(x) > tol for x in elements(a.csc.data)], dtype=bool))
    return a


@method("spzeros!(A::SparseMatrixCSC, I, J)", export=False)
def spzeros_into(a: Any, i: Any, j: Any) -> Any:
    """Store zeros at places, and nothing else."""
    rows, cols = dense(i).astype(np.int64) - 1, dense(j).astype(np.int64) - 1
    zeros = shaped([op["zero"](a.eltype)] * len(rows), a.eltype, (len(rows),))
    a.csc = from_triplets(rows, cols, zeros, a.csc.shape, a.eltype, op["+"])
    return a


@Base.method(f"count(f, A::{SPARSE})")
def count_of(f: Any, a: Any) -> int:
    hits = sum(f(x) is True for x in elements(a.csc.data))
    others = int(np.prod(a.shape)) - a.csc.nnz
    return hits + (others if others and f(scalar(a.csc.zero())) is True else 0)


# ---------------------------------------------------------------- elements and parts


@Base.method("getindex(A::SparseArrays.SparseMatrixCSC, i::Integer, j::Integer)")
def cell(a: Any, i: int, j: int) -> Any:
    """One element."""
    if not (0 < i <= a.m and 0 < j <= a.n):
        raise BoundsError(a, (i, j))
    k = a.csc.find(int(i) - 1, int(j) - 1)
    return scalar(a.csc.data[k] if k >= 0 else a.csc.zero())


@Base.method("getindex(A::SparseArrays.SparseMatrixCSC, i, j)")
def part(a: Any, i: Any, j: Any) -> Any:
    """A sparse part."""
    rows, cols = normalise(a, (i, j), a.shape).where
    if type(rows) is int and type(cols) is int:
        return cell(a, rows + 1, cols + 1)
    if np.ndim(rows) > 1 or np.ndim(cols) > 1:
        return wrap(a.data[np.ix_(np.ravel(rows), np.ravel(cols))])
    return taken(a.csc, rows, cols)


def taken(csc: Columns, rows: Any, cols: Any) -> Any:
    """Rows and columns (numpy's indices); a vector if one of them is a number."""
    pick = [np.atleast_1d(np.arange(n)[at]) for n, at in zip(csc.shape, (rows, cols), strict=True)]
    out = csc.take_columns(pick[1])
    if not (isinstance(rows, slice) and rows == slice(None)):
        out = out.take_rows(pick[0])
    if type(rows) is int:
        return over(out.transposed(), 1)
    return over(out, 1 if type(cols) is int else 2)


@Base.method("getindex(v::SparseArrays.SparseVector, i::AbstractVector)")
@Base.method("getindex(v::SparseArrays.SparseVector, i::Colon)")
def vector_part(v: Any, i: Any) -> Any:
    (rows,) = normalise(v, (i,), v.shape).where
    return over(v.csc.take_rows(np.atleast_1d(np.arange(v.n)[rows])), 1)


@Base.method("getindex(A::SparseArrays.SparseMatrixCSC, i::Colon)")
def flattened(a: Any, _: Any) -> Any:
    """All elements as a sparse vector."""
    csc = a.csc
    rows = csc.indices + csc.columns * a.m
    count = np.array([0, csc.nnz], dtype=np.int64)
    return over(Columns((a.m * a.n, 1), count, rows, csc.data.copy(), csc.eltype), 1)


@Base.method("vec(A::SparseArrays.SparseMatrixCSC)")
def flat(a: Any) -> Any:
    return flattened(a, None)


@Base.method("findall(f::Function, A::SparseArrays.SparseMatrixCSC)")
def findall(f: Any, a: Any) -> Any:
    """Where `f` holds, column by column; zeros that are not stored are asked once."""
    if f(scalar(a.csc.zero())) is True:
        return op["findall"](f, wrap(a.data))
    hits = np.array([f(x) is True for x in elements(a.csc.data)], dtype=bool)
    index = op["CartesianIndex"]
    places = zip(a.csc.indices[hits].tolist(), a.csc.columns[hits].tolist(), strict=True)
    found = [index(i + 1, j + 1) for i, j in places]
    return shaped_vector(found, T.typeof(index(1, 1)))


def shaped_vector(values: list[Any], eltype: Any) -> Any:
    return array_of(pack(values, eltype), eltype)


def triangle(name: str, keep: Any) -> None:
    from juliette.stdlib.linear_algebra.structured import LinearAlgebra

    @LinearAlgebra.method(f"{name}(A::{MATRIX}, k::Integer=0)")
    def triangular(a: Any, k: int = 0) -> Any:
        csc = columns_of(a)
        return over(csc.keep(keep(csc.columns - csc.indices, k)))

    @LinearAlgebra.method(f"{name}!(A::SparseArrays.SparseMatrixCSC, k::Integer=0)")
    def in_place(a: Any, k: int = 0) -> Any:
        a.csc = a.csc.keep(keep(a.csc.columns - a.csc.indices, k))
        return a

    if name == "triu":

        @LinearAlgebra.method("diag(A::SparseArrays.SparseMatrixCSC, k::Integer=0)")
        def diag(a: Any, k: int = 0) -> Any:
            """A diagonal as a sparse vector."""
            return over(a.csc.diagonal(int(k)), 1)


triangle("triu", lambda above, k: above >= k)
triangle("tril", lambda above, k: above <= k)


# ---------------------------------------------------------------- permutations


def check_permutation(name: str, p: Any, what: str, n: int) -> Any:
    """Indices from 0 that hold each of `0:n-1` once."""
    index = dense(p).astype(np.int64) - 1
    if len(index) != n:
        raise DimensionMismatch(
            f"the length of {what} permutation argument, `length({name}) = {len(index)}`, must "
            f"match the {what} count of matrix argument A, `size(A, "
            f"{1 if what == 'row' else 2})) = {n}`"
        )
    if not np.array_equal(np.sort(index), np.arange(n)):
        raise ArgumentError(f"the permutation argument `{name}` must be a valid permutation")
    return index


@method("permute(A::SparseMatrixCSC, p::AbstractVector, q::AbstractVector)")
def permute(a: Any, p: Any, q: Any) -> Any:
    """The rows and columns in another order, `A[p, q]`.

    ```jldoctest
    julia> using SparseArrays

    julia> permute(sparse([1 2; 0 3]), [2, 1], [1, 2])
    2×2 SparseMatrixCSC{Int64, Int64} with 3 stored entries:
     ⋅  3
     1  2
    ```
    """
    rows, cols = check_permutation("p", p, "row", a.m), check_permutation("q", q, "column", a.n)
    return over(a.csc.take_columns(cols).take_rows(rows))


@Base.method(
    "permute!(X::SparseArrays.SparseMatrixCSC, A::SparseArrays.SparseMatrixCSC, "
    "p::AbstractVector, q::AbstractVector)"
)
def permute_into(x: Any, a: Any, p: Any, q: Any) -> Any:
    return stored_into(x, permute(a, p, q).csc)


@Base.method(
    "permute!(A::SparseArrays.SparseMatrixCSC, p::AbstractVector{<:Integer}, "
    "q::AbstractVector{<:Integer})"
)
def permute_in_place(a: Any, p: Any, q: Any) -> Any:
    return stored_into(a, permute(a, p, q).csc)


def stored_into(x: Any, csc: Columns) -> Any:
    """Give a sparse array other contents, as its own element type."""
    if x.csc.shape != csc.shape:
        raise DimensionMismatch("destination and result have different sizes")
    values = csc.data
    if csc.eltype is not x.eltype:
        converted = [convert_element(x.eltype, v) for v in elements(values)]
        values = shaped(converted, x.eltype, values.shape)
    x.csc = csc.with_data(values, x.eltype)
    return x


def mapped(csc: Columns, f: Any) -> Columns:
    if f is op["identity"]:
        return csc
    values = op["map"](f, array_of(csc.data, csc.eltype))
    return csc.with_data(dense(values), eltype_of(values))


@method("ftranspose!(X::SparseMatrixCSC, A::SparseMatrixCSC, f::Function)", export=False)
def ftranspose(x: Any, a: Any, f: Any) -> Any:
    """Store `f` of each element of `transpose(A)`."""
    return stored_into(x, mapped(a.csc.transposed(), f))


@method("halfperm!(X::SparseMatrixCSC, A::SparseMatrixCSC, q, f=identity)", export=False)
def halfperm(x: Any, a: Any, q: Any, f: Any = None) -> Any:
    """Store `f` of each element of `transpose(A[:, q])`."""
    taken_columns = a.csc.take_columns(dense(q).astype(np.int64) - 1)
    return stored_into(x, mapped(taken_columns.transposed(), f or op["identity"]))


for _name in ("transpose", "adjoint"):

    @Base.method(f"{_name}!(X::SparseArrays.SparseMatrixCSC, A::SparseArrays.SparseMatrixCSC)")
    def _turn_into(x: Any, a: Any, _f: str = _name) -> Any:
        return stored_into(x, columns_of(op[_f](a)))
