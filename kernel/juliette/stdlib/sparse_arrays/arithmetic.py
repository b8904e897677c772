"""Sums, products, dotted calls, maps and reductions of sparse arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    is_array,
    scalar,
    shape_of,
    shaped,
)
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.sparse_arrays.kinds import (
    MATRIX,
    SPARSE,
    columns_of,
    over,
    set_dotted,
)
from juliette.stdlib.sparse_arrays.storage import (
    Columns,
    array_of,
    from_dense,
    from_triplets,
    runs,
    zeros_of,
)

LinearAlgebra = PACKAGES["LinearAlgebra"]


def op(name: str, *args: Any) -> Any:
    return Base.bindings[name](*args)


# ---------------------------------------------------------------- dotted calls


def is_number(x: Any) -> bool:
    """Is it the same for all elements?"""
    return not is_array(x) and T.isa(x, T.Number)


def can_be_sparse(x: Any) -> bool:
    """Does a dotted call with it and a sparse array stay sparse?"""
    if isinstance(x, W.Transposed):
        return can_be_sparse(x.parent)
    if isinstance(x, W.Wrapper):
        return x.structured and x.ndim <= 2
    return isinstance(x, Array) and x.data.ndim <= 2


def call_dotted(f: Any, *args: Any) -> Any:
    return B.materialize(B.Broadcasted(f, args))


def dotted(f: Any, args: tuple[Any, ...]) -> Any:
    """A dotted call on sparse arrays; None if its result is not sparse."""
    arrays = [x for x in args if not is_number(x)]
    if not all(map(can_be_sparse, arrays)):
        return None
    parts = [columns_of(x) if can_be_sparse(x) else None for x in args]
    shapes = {shape_of(x) for x in arrays}
    zeros = [x if p is None else scalar(p.zero()) for x, p in zip(args, parts, strict=True)]
    empty = f(*zeros)
    if len(shapes) == 1:
        return same_shape(f, args, parts, empty, shapes.pop())
    plain = [x if p is None else wrap_dense(x) for x, p in zip(args, parts, strict=True)]
    out = call_dotted(f, *plain)
    drop = op("iszero", empty) is True
    data = out.data if out.data.ndim == 2 else out.data.reshape(-1, 1)
    return over(from_dense(data, out.eltype, drop), out.data.ndim)


def wrap_dense(x: Any) -> Any:
    return array_of(np.asfortranarray(x.data), eltype_of(x)) if isinstance(x, W.Wrapper) else x


def same_shape(
    f: Any, args: tuple[Any, ...], parts: list[Any], empty: Any, shape: tuple[int, ...]
) -> Any:
    """`f` of the elements at the places that any of the arrays stores."""
    stored = [p for p in parts if p is not None]
    pattern = stored[0]
    for p in stored[1:]:
        pattern = union_of(pattern, p)
    values = [
        x if p is None else array_of(at_places(p, pattern), p.eltype)
        for x, p in zip(args, parts, strict=True)
    ]
    out = call_dotted(f, *values)
    eltype = eltype_of(out)
    if op("iszero", empty) is True:
        made = pattern.with_data(np.array(dense(out)), eltype).without_zeros()
        return over(made, len(shape))
    whole: Any = op("promote_type", eltype, T.typeof(empty)) if pattern.nnz else T.typeof(empty)
    data = shaped([empty] * math.prod(shape), whole, pattern.shape)
    data[pattern.indices, pattern.columns] = convert_data(whole, dense(out), eltype)
    return over(from_dense(data, whole, drop=False), len(shape))


def union_of(a: Columns, b: Columns) -> Columns:
    """The places that either stores."""
    if a is b or same_places(a, b):
        return a
    rows = np.concatenate((a.indices, b.indices))
    cols = np.concatenate((a.columns, b.columns))
    there = np.ones(len(rows), bool)
    return from_triplets(rows, cols, there, a.shape, T.Bool, Base.bindings["|"])


def same_places(a: Columns, b: Columns) -> bool:
    return np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


def at_places(a: Columns, pattern: Columns) -> Any:
    """The values of a matrix at the places of another one, of which its own are a part."""
    if same_places(a, pattern):
        return a.data
    m = a.shape[0]
    out = shaped([scalar(a.zero())] * pattern.nnz, a.eltype, (pattern.nnz,))
    own = a.indices + a.columns * m
    out[np.searchsorted(pattern.indices + pattern.columns * m, own)] = a.data
    return out


set_dotted(dotted)


@Base.method(f"map(f, A::{SPARSE}, Bs::{SPARSE}...)")
def map_sparse(f: Any, a: Any, *others: Any) -> Any:
    for b in others:
        if b.shape != a.shape:
            check_same(a, b)
    return dotted(f, (a, *others))


# ---------------------------------------------------------------- sums


def check_same(a: Any, b: Any) -> None:
    if shape_of(a) != shape_of(b):
        pairs = enumerate(zip(shape_of(a), shape_of(b), strict=True), 1)
        where = next(d for d, (x, y) in pairs if x != y)
        raise DimensionMismatch(
            f"dimensions must match: a has dims {op('string', op('axes', a))}, "
            f"b has dims {op('string', op('axes', b))}, mismatch at {where}"
        )


def adding(name: str) -> None:
    f = Base.bindings[name]

    def both(a: Any, b: Any) -> Any:
        check_same(a, b)
        return dotted(f, (a, b))

    vector = "SparseArrays.SparseVector"
    Base.method(f"{name}(A::{MATRIX}, B::{MATRIX})")(both)
    Base.method(f"{name}(A::{vector}, B::{vector})")(both)

    def with_dense(a: Any, b: Any) -> Any:
        check_same(a, b)
        return call_dotted(f, wrap_dense(a), wrap_dense(b))

    Base.method(f"{name}(A::{SPARSE}, B::Array)")(with_dense)
    Base.method(f"{name}(A::Array, B::{SPARSE})")(with_dense)

    @Base.method(f"{name}(A::SparseArrays.SparseMatrixCSC, s::LinearAlgebra.UniformScaling)")
    def plus_scaling(a: Any, s: Any) -> Any:
        return dotted(f, (a, scaled_identity(a, s)))

    @Base.method(f"{name}(s::LinearAlgebra.UniformScaling, A::SparseArrays.SparseMatrixCSC)")
    def scaling_plus(s: Any, a: Any) -> Any:
        return dotted(f, (scaled_identity(a, s), a))


def scaled_identity(a: Any, s: Any) -> Any:
    LinearAlgebra.bindings["checksquare"](a)
    where = np.arange(a.n)
    t = T.typeof(s.value)
    return over(from_triplets(where, where, shaped([s.value] * a.n, t, (a.n,)), a.shape, t, None))


adding("+")
adding("-")


# ---------------------------------------------------------------- products


def check(a: Any, b: Any) -> None:
    m, n = shape_of(a)[1], shape_of(b)[0]
    if m != n:
        raise DimensionMismatch(
            f"second dimension of A, {m}, does not match the first dimension of B, {n}"
        )


def product_type(s: Any, t: Any) -> Any:
    """The element type of a product of matrices."""
    promoted: Any = op("promote_type", s, t)
    return T.Int64 if promoted is T.Bool else promoted


def times(x: Any, s: Any, y: Any, t: Any, eltype: Any) -> Any:
    """Products of values, as an ndarray of the element type."""
    if eltype in T.DTYPE_OF:
        return convert_data(eltype, x, s) * convert_data(eltype, y, t)
    return dense(call_dotted(Base.bindings["*"], array_of(x, s), array_of(y, t)))


def multiplied(a: Columns, b: Columns) -> Columns:
    """The product of two sparse matrices."""
    eltype = product_type(a.eltype, b.eltype)
    counts = np.diff(a.indptr)[b.indices]
    where = runs(a.indptr[b.indices], counts)
    right = np.repeat(b.data, counts)
    data = times(a.data[where], a.eltype, right, b.eltype, eltype)
    cols = np.repeat(b.columns, counts)
    shape = (a.shape[0], b.shape[1])
    return from_triplets(a.indices[where], cols, data, shape, eltype, Base.bindings["+"])


def multiplied_dense(a: Columns, x: Any, t: Any) -> Any:
    """The product of a sparse matrix and a dense vector or matrix."""
    eltype = product_type(a.eltype, t)
    columns = x if x.ndim == 2 else x.reshape(-1, 1)
    shape = (a.shape[0], columns.shape[1])
    if eltype in T.DTYPE_OF:
        out = np.zeros(shape, T.DTYPE_OF[eltype], order="F")
        values = convert_data(eltype, a.data, a.eltype)
        terms = values[:, None] * convert_data(eltype, columns, t)[a.columns]
        np.add.at(out, a.indices, terms)
    else:
        out = shaped([op("zero", eltype)] * math.prod(shape), eltype, shape)
        for i, j, v in zip(a.indices, a.columns, elements(a.data), strict=True):
            for k in range(shape[1]):
                out[i, k] = op("+", out[i, k], op("*", v, columns[j, k]))
    return array_of(out if x.ndim == 2 else out[:, 0], eltype)


@Base.method(f"*(A::{MATRIX}, B::{MATRIX})")
def product(a: Any, b: Any) -> Any:
    check(a, b)
    return over(multiplied(columns_of(a), columns_of(b)))


@Base.method(f"*(A::{MATRIX}, v::SparseArrays.SparseVector)")
def product_vector(a: Any, v: Any) -> Any:
    check(a, v)
    return over(multiplied(columns_of(a), v.csc), 1)


@Base.method(f"*(A::{MATRIX}, B::StridedVecOrMat)")
def product_dense(a: Any, b: Any) -> Any:
    check(a, b)
    return multiplied_dense(columns_of(a), dense(b), eltype_of(b))


@Base.method(f"*(A::StridedMatrix, B::{MATRIX})")
def dense_product(a: Any, b: Any) -> Any:
    check(a, b)
    out = multiplied_dense(columns_of(b).transposed(), dense(a).T, eltype_of(a))
    return array_of(np.asfortranarray(out.data.T), out.eltype)


def diagonal(d: Any) -> Columns:
    """A `Diagonal` as a sparse matrix."""
    values = dense(d.diag)
    where = np.arange(len(values))
    n = len(values)
    return from_triplets(where, where, values, (n, n), d.eltype, None)


@Base.method(f"*(D::LinearAlgebra.Diagonal, A::{MATRIX})")
def scale_rows(d: Any, a: Any) -> Any:
    check(d, a)
    return over(multiplied(diagonal(d), columns_of(a)))


@Base.method(f"*(A::{MATRIX}, D::LinearAlgebra.Diagonal)")
def scale_columns(a: Any, d: Any) -> Any:
    check(a, d)
    return over(multiplied(columns_of(a), diagonal(d)))


@LinearAlgebra.method("dot(x::SparseArrays.SparseVector, y::SparseArrays.SparseVector)")
def dot(x: Any, y: Any) -> Any:
    """The sum of the products of what both store."""
    if x.n != y.n:
        raise DimensionMismatch(f"Vector x has a length {x.n} but y has a length {y.n}")
    common, at, of = np.intersect1d(x.csc.indices, y.csc.indices, return_indices=True)
    start = op("*", op("zero", x.eltype), op("zero", y.eltype))
    inner = LinearAlgebra.bindings["dot"]
    left, right = elements(x.csc.data[at]), elements(y.csc.data[of])
    terms = (inner(p, q) for p, q in zip(left, right, strict=True))
    return functools.reduce(Base.bindings["+"], terms, start) if len(common) else start


@LinearAlgebra.method("kron(A::SparseArrays.AbstractSparseArray, B::AbstractVecOrMat)")
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product, which stays sparse."""
    return kronecker(a, b)


_SPARSE = "SparseArrays.AbstractSparseArray"


@LinearAlgebra.method(f"kron(A::AbstractVecOrMat, B::{_SPARSE})")
@LinearAlgebra.method(f"kron(A::{_SPARSE}, B::{_SPARSE})")
def kron_second(a: Any, b: Any) -> Any:
    return kronecker(a, b)


def kronecker(a: Any, b: Any) -> Any:
    x, y = columns_of(a), columns_of(b)
    eltype: Any = op("promote_type", x.eltype, y.eltype)
    outer = np.repeat(np.arange(x.nnz), y.nnz)
    inner = np.tile(np.arange(y.nnz), x.nnz)
    data = times(x.data[outer], x.eltype, y.data[inner], y.eltype, eltype)
    rows = x.indices[outer] * y.shape[0] + y.indices[inner]
    cols = x.columns[outer] * y.shape[1] + y.columns[inner]
    shape = (x.shape[0] * y.shape[0], x.shape[1] * y.shape[1])
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    return over(from_triplets(rows, cols, data, shape, eltype, None), ndim)


def with_values(a: Any, values: Any) -> Any:
    """The same structure with other stored values."""
    return over(a.csc.with_data(np.array(dense(values)), eltype_of(values)), a.ndim)


def scale(name: str) -> None:
    f = Base.bindings[name]

    @Base.method(f"{name}(A::{SPARSE}, x::Number)")
    def right(a: Any, x: Any) -> Any:
        return with_values(a, call_dotted(f, a.nzval, x))


scale("*")
scale("/")


@Base.method(f"*(x::Number, A::{SPARSE})")
def scale_left(x: Any, a: Any) -> Any:
    return with_values(a, call_dotted(Base.bindings["*"], x, a.nzval))


@Base.method(f"\\(x::Number, A::{SPARSE})")
def divide_left(x: Any, a: Any) -> Any:
    return with_values(a, call_dotted(Base.bindings["\\"], x, a.nzval))


@Base.method(f"-(A::{SPARSE})")
def negative(a: Any) -> Any:
    return with_values(a, call_dotted(Base.bindings["-"], a.nzval))


# ---------------------------------------------------------------- reductions


@Base.method(f"sum(A::{SPARSE}; dims=:)")
def total(a: Any, *, dims: Any = V.COLON) -> Any:
    if not isinstance(dims, V.ColonType):
        return Base.bindings["sum"].call_kw({"dims": dims}, wrap_dense(a))
    return op("sum", a.nzval)


@Base.method(f"iszero(A::{SPARSE})")
def iszero(a: Any) -> bool:
    return bool(zeros_of(a.csc.data).all())


for _name in ("real", "imag", "conj"):

    @Base.method(f"{_name}(A::{SPARSE})")
    def _part(a: Any, _f: Callable[..., Any] = Base.bindings[_name]) -> Any:
        return with_values(a, call_dotted(_f, a.nzval))


@Base.method(f"hash(A::{SPARSE}, h::UInt64)")
def hash_of(a: Any, h: Any) -> Any:
    """The hash of the array with the same elements: it is asked for them one by one."""
    return op("hash", wrap_dense(a), h)
