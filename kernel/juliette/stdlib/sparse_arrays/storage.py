"""Compressed columns: the storage of a sparse matrix, with numpy doing the work.

Places are counted from 0 here. A vector is a matrix of one column.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.array import elements, make, pack
from juliette.runtime.modules import Base

Data = np.ndarray[Any, Any]


class Columns:
    """A sparse matrix: `indices` and `data` of column `j` are at `indptr[j]:indptr[j + 1]`."""

    __slots__ = ("data", "eltype", "indices", "indptr", "shape")

    def __init__(
        self, shape: tuple[int, int], indptr: Data, indices: Data, data: Data, eltype: Any
    ) -> None:
        self.shape = shape
        self.indptr = indptr
        self.indices = indices
        self.data = data
        self.eltype = eltype

    @property
    def nnz(self) -> int:
        return int(self.indptr[-1])

    @property
    def columns(self) -> Data:
        """The column of each stored element."""
        return np.repeat(np.arange(self.shape[1]), np.diff(self.indptr))

    def copy(self) -> Columns:
        return self.with_data(self.data.copy(), self.eltype)

    def with_data(self, data: Data, eltype: Any) -> Columns:
        """The same places with other values."""
        return Columns(self.shape, self.indptr.copy(), self.indices.copy(), data, eltype)

    def astype(self, dtype: Any) -> Columns:
        data = self.data.astype(dtype)
        return self.with_data(data, T.TYPE_OF_DTYPE[data.dtype])

    def zero(self) -> Any:
        """What stands where nothing is stored."""
        if self.data.dtype != object:
            return np.zeros((), self.data.dtype)[()]
        return Base.bindings["zero"](self.eltype)

    def toarray(self) -> Data:
        if self.data.dtype != object:
            out = np.zeros(self.shape, self.data.dtype, order="F")
        else:
            out = np.empty(self.shape, object, order="F")
            if self.nnz < out.size:
                out.fill(self.zero())
        out[self.indices, self.columns] = self.data
        return out

    def keep(self, where: Data) -> Columns:
        """Only the stored elements for which `where` is true."""
        counts = np.bincount(self.columns[where], minlength=self.shape[1])
        indptr = np.concatenate(([0], np.cumsum(counts)))
        return Columns(self.shape, indptr, self.indices[where], self.data[where], self.eltype)

    def without_zeros(self) -> Columns:
        return self.keep(~zeros_of(self.data))

    def transposed(self) -> Columns:
        return from_triplets(
            self.columns, self.indices, self.data, self.shape[::-1], self.eltype, None
        )

    def find(self, i: int, j: int) -> int:
        """Where the element at a place is stored; -1 if it is not."""
        start, stop = int(self.indptr[j]), int(self.indptr[j + 1])
        k = start + int(np.searchsorted(self.indices[start:stop], i))
        return k if k < stop and self.indices[k] == i else -1

    def take_columns(self, cols: Data) -> Columns:
        starts = self.indptr[cols]
        counts = self.indptr[cols + 1] - starts
        where = runs(starts, counts)
        indptr = np.concatenate(([0], np.cumsum(counts)))
        shape = (self.shape[0], len(cols))
        return Columns(shape, indptr, self.indices[where], self.data[where], self.eltype)

    def take_rows(self, rows: Data) -> Columns:
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        first = np.searchsorted(ordered, self.indices, "left")
        counts = np.searchsorted(ordered, self.indices, "right") - first
        old = np.repeat(np.arange(self.nnz), counts)
        new = order[runs(first, counts)]
        shape = (len(rows), self.shape[1])
        return from_triplets(new, self.columns[old], self.data[old], shape, self.eltype, None)

    def diagonal(self, k: int) -> Columns:
        """The `k`th diagonal, as a vector."""
        m, n = self.shape
        length = max(0, min(m, n - k) if k >= 0 else min(m + k, n))
        at = self.columns - self.indices == k
        places = self.indices[at] + min(k, 0)
        return from_triplets(
            places, np.zeros_like(places), self.data[at], (length, 1), self.eltype, None
        )


def runs(starts: Data, counts: Data) -> Data:
    """`starts[0], starts[0] + 1, …` (`counts[0]` of them), then those of the next, and so on."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


def zeros_of(data: Data) -> Data:
    """Which of some values are zero."""
    if data.dtype != object:
        return data == 0
    iszero = Base.bindings["iszero"]
    return np.array([iszero(x) is True for x in data], dtype=bool)


def from_dense(data: Data, eltype: Any, drop: bool = True) -> Columns:
    """The storage of what is not zero in a matrix, or of all of it."""
    flat = data.ravel(order="F")
    places = np.flatnonzero(~zeros_of(flat)) if drop else np.arange(flat.size)
    m = max(data.shape[0], 1)
    counts = np.bincount(places // m, minlength=data.shape[1])
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    shape = (data.shape[0], data.shape[1])
    return Columns(shape, indptr, places % m, flat[places].copy(), eltype)


def empty(shape: tuple[int, int], eltype: Any) -> Columns:
    none = np.zeros(0, np.int64)
    return Columns(shape, np.zeros(shape[1] + 1, np.int64), none, pack([], eltype), eltype)


def from_triplets(
    rows: Data,
    cols: Data,
    data: Data,
    shape: tuple[int, int],
    eltype: Any,
    combine: Callable[[Any, Any], Any] | None,
) -> Columns:
    """Storage for places and values; `combine` joins those of one place (None: there are none)."""
    order = np.lexsort((rows, cols))
    rows, cols, data = rows[order], cols[order], data[order]
    if combine is not None and len(rows) > 1:
        fresh = np.empty(len(rows), bool)
        fresh[0] = True
        fresh[1:] = (rows[1:] != rows[:-1]) | (cols[1:] != cols[:-1])
        if not fresh.all():
            data, eltype = combined(data, np.flatnonzero(fresh), combine, eltype)
            rows, cols = rows[fresh], cols[fresh]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(cols, minlength=shape[1]))))
    return Columns(shape, indptr.astype(np.int64), rows.astype(np.int64), data, eltype)


def last(_: Any, x: Any) -> Any:
    """Of several values at one place, the last one."""
    return x


def combined(data: Data, starts: Data, combine: Any, eltype: Any) -> tuple[Data, Any]:
    """One value for each run of values."""
    if combine is last:
        return data[np.append(starts[1:], len(data)) - 1], eltype
    if data.dtype != object and combine is Base.bindings["+"] and data.dtype.kind in "iufc":
        return np.add.reduceat(data, starts), eltype
    if data.dtype == bool and combine is Base.bindings["|"]:
        return np.logical_or.reduceat(data, starts), eltype
    out: list[Any] = []
    values = elements(data)
    stops = [*starts[1:].tolist(), len(values)]
    convert = Base.bindings["convert"]
    for start, stop in zip(starts.tolist(), stops, strict=True):
        value = values[start]
        for x in values[start + 1 : stop]:
            value = combine(value, x)
        out.append(convert(eltype, value))
    return pack(out, eltype), eltype


def array_of(data: Data, eltype: Any) -> Any:
    """A Julia vector over stored values."""
    return make(data, eltype)
