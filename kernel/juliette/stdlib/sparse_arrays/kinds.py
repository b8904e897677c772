"""Julia's types of sparse arrays: each holds its storage in `csc`."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, eltype_of
from juliette.runtime import types as T
from juliette.runtime import wrappers as W
from juliette.runtime.array import make, wrap
from juliette.runtime.modules import PACKAGES
from juliette.stdlib.linear_algebra.structured import Mirrored
from juliette.stdlib.sparse_arrays.storage import (
    Columns,
    empty,
    from_dense,
    from_triplets,
    last,
)

SparseArrays = PACKAGES["SparseArrays"]
method = SparseArrays.method


def _variables(names: str) -> list[Any]:
    return [T.TypeVar(n) for n in names.split()]


def _define(name: str, parent: Any, names: str = "Tv Ti", fields: str = "") -> Any:
    """A type of SparseArrays; `parent` makes its supertype of its parameters."""
    variables = _variables(names)
    t = T.define(name, parent(*variables), variables, module=SparseArrays, abstract=not fields)
    if fields:
        family = T.unwrap(t).typename
        family.fields = tuple(fields.split())
        family.field_types = (T.Any_,) * len(family.fields)
    SparseArrays.const(name, t, export=name != "AbstractSparseMatrixCSC")
    return t


AbstractSparseArray = _define(
    "AbstractSparseArray", lambda t, i, n: W.abstract_array(t, n), "Tv Ti N"
)
for _name, _n in (("AbstractSparseVector", 1), ("AbstractSparseMatrix", 2)):
    _t, _i = _variables("Tv Ti")
    _alias = T.apply_type(AbstractSparseArray, _t, _i, _n)
    SparseArrays.const(_name, T.UnionAll(_t, T.UnionAll(_i, _alias)))
SparseMatrixBase = _define(
    "AbstractSparseMatrixCSC", lambda t, i: T.apply_type(AbstractSparseArray, t, i, 2)
)
SparseMatrix_ = _define(
    "SparseMatrixCSC",
    lambda t, i: T.apply_type(SparseMatrixBase, t, i),
    fields="m n colptr rowval nzval",
)
SparseVector_ = _define(
    "SparseVector",
    lambda t, i: T.apply_type(AbstractSparseArray, t, i, 1),
    fields="n nzind nzval",
)

SPARSE = "Union{SparseArrays.SparseMatrixCSC,SparseArrays.SparseVector}"
TURNED = (
    "Union{LinearAlgebra.Adjoint{<:Any,<:SparseArrays.SparseMatrixCSC},"
    "LinearAlgebra.Transpose{<:Any,<:SparseArrays.SparseMatrixCSC}}"
)
# A sparse matrix, or one seen through `'` or `transpose`.
MATRIX = TURNED.replace("Union{", "Union{SparseArrays.SparseMatrixCSC,", 1)


class Sparse(W.Wrapper):
    """Base of the sparse arrays; `csc` is the storage (of one column for a vector)."""

    __slots__ = ("csc",)
    value_fields = None  # its three vectors are not kept as arrays: it is one object
    csc: Columns
    structured = True

    def broadcast(self, f: Any, args: tuple[Any, ...]) -> Any:
        return DOTTED(f, args)

    def joined(self, out: Any) -> Any:
        return sparse_of(out) if out.data.ndim <= 2 else out

    @property
    def aliased(self) -> bool:
        return False

    @property
    def nzval(self) -> Any:
        return make(self.csc.data, self.csc.eltype)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.csc.shape)[: self.ndim]

    @property
    def data(self) -> Any:
        out = self.csc.toarray()
        return out if self.ndim == 2 else out[:, 0]

    def write(self, where: Any, values: Any) -> None:
        """Assign: a zero is stored only where something is stored already."""
        spots = np.atleast_1d(W.linear_positions(self.shape)[where]).ravel(order="F")
        if isinstance(values, np.ndarray):
            items = np.broadcast_to(values, np.shape(W.linear_positions(self.shape)[where]))
            items = items.ravel(order="F")
        else:
            items = np.empty(len(spots), self.csc.data.dtype)
            items.fill(values)
        m = max(self.csc.shape[0], 1)
        rows, cols = spots % m, spots // m
        at = np.array(
            [self.csc.find(i, j) for i, j in zip(rows.tolist(), cols.tolist(), strict=True)],
            dtype=np.int64,
        )
        there = at >= 0
        self.csc.data[at[there]] = items[there]
        new = from_triplets(
            rows[~there], cols[~there], items[~there], self.csc.shape, self.eltype, last
        ).without_zeros()
        if new.nnz:
            self.csc = from_triplets(
                np.concatenate((self.csc.indices, new.indices)),
                np.concatenate((self.csc.columns, new.columns)),
                np.concatenate((self.csc.data, new.data)),
                self.csc.shape,
                self.eltype,
                None,
            )


# What a dotted call on a sparse array gives; None if it is not sparse. Set by `arithmetic`.
DOTTED: Any = None


def set_dotted(f: Any) -> None:
    global DOTTED
    DOTTED = f


def instance(cls: type, family: Any, csc: Columns, ndim: int) -> Any:
    """An object of the class for the element type of some storage."""
    made = W.wrapper_class(family, cls, (csc.eltype, T.Int64), csc.eltype, ndim)
    return object.__new__(made)


class SparseMatrix(Sparse):
    """`SparseMatrixCSC`"""

    __slots__ = ()
    fields = ("m", "n", "colptr", "rowval", "nzval")

    def __new__(cls, csc: Columns) -> Any:
        return instance(SparseMatrix, SparseMatrix_, csc, 2)

    def __init__(self, csc: Columns) -> None:
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
        return self.csc.find(i, j) >= 0


class SparseVector(Sparse):
    """`SparseVector`"""

    __slots__ = ()
    fields = ("n", "nzind", "nzval")

    def __new__(cls, csc: Columns) -> Any:
        return instance(SparseVector, SparseVector_, csc, 1)

    def __init__(self, csc: Columns) -> None:
        self.csc = csc

    @property
    def n(self) -> int:
        return int(self.csc.shape[0])

    @property
    def nzind(self) -> Any:
        return wrap(self.csc.indices.astype(np.int64) + 1)


T.GENERAL_TYPE[SparseMatrix] = SparseMatrix_
T.GENERAL_TYPE[SparseVector] = SparseVector_


def over(csc: Columns, ndim: int = 2) -> Any:
    """A sparse array over some storage."""
    return SparseMatrix(csc) if ndim == 2 else SparseVector(csc)


def columns_of(a: Any) -> Columns:
    """The storage of a sparse array, or of what is not zero in another array."""
    if isinstance(a, Sparse):
        return a.csc
    if isinstance(a, W.Transposed) and isinstance(a.parent, Sparse):
        csc = a.parent.csc.transposed()
        if a.function == "adjoint":
            turned = np.conj(csc.data) if csc.data.dtype != object else conjugates(csc)
            return csc.with_data(turned, csc.eltype)
        return csc
    if isinstance(a, Mirrored) and isinstance(a.parent, Sparse):
        csc = a.parent.csc
        if csc.data.dtype != object:
            return mirrored(csc, a.uplo_text == "U", a.conjugate)
    data = dense(a)
    return from_dense(data if data.ndim == 2 else data.reshape(-1, 1), eltype_of(a))


def mirrored(csc: Columns, upper: bool, conjugate: bool) -> Columns:
    """One triangle of a matrix, and the other as its mirror image."""
    above = csc.columns - csc.indices
    half = csc.keep(above >= 0 if upper else above <= 0)
    columns, beside = half.columns, half.columns != half.indices
    data, image = half.data, half.data[beside]
    if conjugate and data.dtype.kind == "c":
        data, image = np.where(beside, data, data.real), image.conj()
    rows = np.concatenate((half.indices, columns[beside]))
    columns = np.concatenate((columns, half.indices[beside]))
    both = np.concatenate((data, image))
    return from_triplets(rows, columns, both, csc.shape, csc.eltype, None)


def conjugates(csc: Columns) -> Any:
    from juliette.base.array_protocol import shaped
    from juliette.runtime.array import elements
    from juliette.runtime.modules import Base

    adjoint = Base.bindings["adjoint"]
    return shaped([adjoint(x) for x in elements(csc.data)], csc.eltype, csc.data.shape)


def sparse_of(a: Any) -> Any:
    """A sparse array with the elements of another array."""
    if isinstance(a, Sparse):
        return over(a.csc.copy(), a.ndim)
    return over(columns_of(a), len(W.shape_of(a)))


def blank(shape: tuple[int, ...], eltype: Any) -> Any:
    """A sparse array without entries."""
    return over(empty((shape[0], shape[1] if len(shape) == 2 else 1), eltype), len(shape))
