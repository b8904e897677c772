"""`A[I...]` and `A[I...] = x` for arrays: every kind of index, for reading and writing.

`normalise` turns Julia's indices into one numpy selector for each, after the checks: integers, `:`,
ranges, arrays of integers of any shape, logical arrays, and `CartesianIndex`es alone or in arrays.
Reading and writing stay together: they share every rule of what an index means.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from juliette.base.array_protocol import (
    array_parameters,
    convert_data,
    convert_element,
    dense,
    dims_text,
    eltype_of,
    is_array,
    is_linear,
    like,
    origin,
    own_axes,
    result,
    shape_of,
    shifted,
)
from juliette.base.cartesian import CartesianIndex, CartesianIndices
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import UNDEF, Array, element, elements, make
from juliette.runtime.dispatch import TRACE
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    CanonicalIndexError,
    DimensionMismatch,
    MethodError,
    UndefRefError,
)
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol

LogicalIndex_ = T.define("LogicalIndex", module=Base)


class LogicalIndex:
    """A Boolean array used as an index, as error messages show it."""

    __slots__ = ("mask",)

    def __init__(self, mask: Any) -> None:
        self.mask = mask


T.register_class(LogicalIndex, LogicalIndex_)


@Base.method("show(io::IO, i::Base.LogicalIndex)")
def show_logical(io: Any, i: LogicalIndex) -> None:
    io.write(Base.bindings["summary"](i.mask))


Base.const("LogicalIndex", LogicalIndex_, export=False)
Base.exports.add("CanonicalIndexError")


class Indices(NamedTuple):
    """Normalised indices: numpy selectors, Julia's values of them, and how many dimensions each spans."""

    where: tuple[Any, ...]
    kept: tuple[Any, ...]
    groups: tuple[int, ...] | None


def flatten(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices with each `CartesianIndex` and `CartesianIndices` spelled out."""
    out: list[Any] = []
    for i in index:
        if isinstance(i, CartesianIndex):
            out.extend(i.index)
        elif isinstance(i, CartesianIndices):
            out.extend(i.ranges)
        else:
            out.append(i)
    return tuple(out)


def span(i: Any) -> int:
    """How many dimensions an index stands for."""
    if isinstance(i, (Array, V.BitArray, W.Wrapper)) or (isinstance(i, Struct) and is_array(i)):
        if eltype_of(i) is T.Bool:
            return len(shape_of(i))
        if isinstance(eltype_of(i), T.DataType) and eltype_of(i).typename is CARTESIAN_NAME:
            return int(eltype_of(i).parameters[0])
    return 1


CARTESIAN_NAME = T.unwrap(Base.bindings["CartesianIndex"]).typename


def from_one(
    a: Any, index: tuple[Any, ...], shape: tuple[int, ...], first: tuple[int, ...]
) -> Indices:
    """The same for an array with axes of its own: what they count from `first` is counted from 1 here."""
    index = flatten(index)
    if len(index) == 1 and len(first) != 1:  # a linear index
        return normalise(None, index, shape)
    moved, d = [], 0
    for i in index:
        step = (
            CartesianIndex(tuple(k - 1 for k in first[d : d + span(i)]))
            if span(i) > 1
            else first[d] - 1
            if d < len(first)
            else 0
        )
        d += span(i)
        if isinstance(i, V.ColonType) or (is_array(i) and eltype_of(i) is T.Bool):
            moved.append(i)
        else:
            moved.append(B.materialize(B.broadcasted(Base.bindings["-"], i, step)))
    try:
        at = normalise(None, tuple(moved), shape)
    except BoundsError:
        axes = Base.bindings["axes"](a)
        raise BoundsError(
            a, tuple(axes[d] if isinstance(i, V.ColonType) else i for d, i in enumerate(index))
        ) from None
    return Indices(
        at.where,
        tuple(k if isinstance(i, V.ColonType) else i for i, k in zip(index, at.kept, strict=True)),
        at.groups,
    )


def normalise(a: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> Indices:
    """Check indices against a shape and turn them into numpy's."""
    if (
        any(isinstance(i, Struct) for i in index)
        and a is not None
        and Base.bindings["to_indices"].user_methods
    ):
        index = Base.bindings["to_indices"](a, index)
    if isinstance(a, Struct):
        first = origin(a)
        if first is not None:
            return from_one(a, index, shape, first)
    if any(isinstance(i, (CartesianIndex, CartesianIndices)) for i in index):
        index = flatten(index)
    spans = [span(i) for i in index]
    total = sum(spans)
    if total == len(index) == 1 and len(shape) != 1:  # a linear index
        shape = (math.prod(shape),)
    elif total < len(shape):
        if any(n != 1 for n in shape[total:]):
            raise BoundsError(a, shown(a, index, shape))
        shape = shape[:total]
    elif total > len(shape):
        shape = shape + (1,) * (total - len(shape))
    where: list[Any] = []
    kept: list[Any] = []
    d = 0
    for i, n in zip(index, spans, strict=True):
        lengths = shape[d : d + n]
        d += n
        selector, value = one_index(i, lengths, a, index, shape)
        where.append(selector)
        kept.append(value)
    groups = None if all(n == 1 for n in spans) else tuple(spans)
    return Indices(tuple(where), tuple(kept), groups)


def one_index(
    i: Any, lengths: tuple[int, ...], a: Any, index: tuple[Any, ...], shape: tuple[int, ...]
) -> tuple[Any, Any]:
    """Selector and kept value of one index into dimensions of these lengths."""
    cls = type(i)
    n = lengths[0] if lengths else 1
    if cls is int:
        if not 0 < i <= n:
            raise BoundsError(a, shown(a, index, shape))
        return i - 1, i
    if cls is V.ColonType:
        return slice(None), V.Slice(n)
    if isinstance(i, V.UnitRange) and i.eltype in _INT_TYPES:
        if len(i):
            if not (i.start >= 1 and i.stop <= n):
                raise BoundsError(a, shown(a, index, shape))
            return slice(i.start - 1, i.stop), i
        return slice(0, 0), i
    if isinstance(i, V.StepRange) and i.eltype in _INT_TYPES:
        if not len(i):
            return slice(0, 0), i
        first, last, step = int(i.start), int(i.stop), int(i.step)
        if not (min(first, last) >= 1 and max(first, last) <= n):
            raise BoundsError(a, shown(a, index, shape))
        stop = last - 1 + (1 if step > 0 else -1)
        return slice(first - 1, stop if stop >= 0 else None, step), i
    if is_array(i):
        t = eltype_of(i)
        data = dense(i)
        if t is T.Bool:
            return logical(i, data, lengths, a, index, shape)
        if isinstance(t, T.DataType) and t.typename is CARTESIAN_NAME:
            parts = np.array([x.index for x in data.ravel(order="F")], dtype=np.int64).reshape(
                data.size, len(lengths)
            )
            if parts.size and ((parts < 1).any() or (parts > np.array(lengths)).any()):
                raise BoundsError(a, shown(a, index, shape))
            flat = (
                np.ravel_multi_index(tuple(parts.T - 1), lengths, order="F")
                if lengths
                else np.zeros(data.size)
            )
            return np.asarray(flat, dtype=np.int64).reshape(data.shape, order="F"), i
        if data.dtype == object and all(
            isinstance(x, (int, np.integer)) and type(x) is not bool for x in data.flat
        ):
            data = data.astype(np.int64)
        if data.dtype.kind not in "iu":
            bad = next((x for x in data.flat), None) if data.size else None
            if data.size == 0:
                return np.zeros(data.shape, dtype=np.int64), i
            raise (
                ArgumentError(f"invalid index: {text(i)} of type {T.type_string(T.typeof(i))}")
                if bad is not None
                else invalid(i)
            )
        if data.size and (data.min() < 1 or data.max() > n):
            raise BoundsError(a, shown(a, index, shape))
        return data.astype(np.int64) - 1, i
    if isinstance(i, np.integer):
        return one_index(int(i), lengths, a, index, shape)
    if cls is not bool and T.subtype(T.typeof(i), T.Integer):
        return one_index(convert_element(T.Int64, i), lengths, a, index, shape)
    converted = Base.bindings["to_index"](i)
    if converted is i:
        raise invalid(i)
    return one_index(converted, lengths, a, index, shape)


_INT_TYPES = {T.Int64, T.Int8, T.Int16, T.Int32, T.UInt8, T.UInt16, T.UInt32, T.UInt64}


def invalid(i: Any) -> Exception:
    return ArgumentError(f"invalid index: {text(i)} of type {T.type_string(T.typeof(i))}")  # type: ignore[no-any-return]


def text(x: Any) -> str:
    return Base.bindings["repr"](x)  # type: ignore[no-any-return]


@Base.method("to_index(i)", export=False)
def to_index(i: Any) -> Any:
    """The index that a value stands for; extend it for index types of your own.

    ```jldoctest
    julia> Base.to_index(0x03), Base.to_index(2:4)
    (3, 2:4)
    ```
    """
    if is_array(i):
        return Base.bindings["findall"](i) if eltype_of(i) is T.Bool else i
    if type(i) is bool or not T.isa(i, T.Integer):
        raise invalid(i)
    return convert_element(T.Int64, i)


def logical(
    i: Any, data: Any, lengths: tuple[int, ...], a: Any, index: Any, shape: Any
) -> tuple[Any, Any]:
    """A logical index: the positions of its true elements."""
    same = data.shape == lengths or (
        len(index) == 1 and data.ndim == 1 and data.size == math.prod(shape)
    )
    if len(index) == 1 and is_array(a) and data.ndim > 1 and data.shape == shape_of(a):
        same = True
    if not same:
        raise BoundsError(a, tuple(LogicalIndex(i) if x is i else x for x in index))
    where = np.flatnonzero(data.ravel(order="F"))
    return where, result(where + 1, T.Int64)


def shown(a: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The indices as BoundsError shows them."""
    out: list[Any] = []
    d = 0
    for i in index:
        n = span(i)
        if isinstance(i, V.ColonType):
            out.append(V.UnitRange(1, shape[d] if d < len(shape) else 1))
        elif is_array(i) and eltype_of(i) is T.Bool:
            out.append(LogicalIndex(i))
        else:
            out.append(i)
        d += n
    return tuple(out)


def numpy_index(a: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
    """Julia indices as numpy ones; ranges become slices."""
    return list(normalise(a, index, shape).where)


select = W.select

# ---------------------------------------------------------------- reading


def getindex(a: Any, *index: Any) -> Any:
    """`a[index...]`; the fast paths come before dispatch."""
    if len(index) == 1:
        i = index[0]
        if type(a) is tuple and type(i) is int:
            if 0 < i <= len(a):
                return a[i - 1]
            raise BoundsError(a, (i,))
    return GETINDEX(a, *index)


@Base.method("getindex(a::AbstractArray, i::Integer...)")
def getindex_scalar(a: Any, *index: Any) -> Any:
    """One element of an array: `a[i]` counts along columns, `a[i, j]` by dimension.

    ```jldoctest
    julia> A = [1 2; 3 4];

    julia> A[2], A[2, 1], A[end, end]
    (3, 3, 4)
    ```
    """
    if any([type(i) is not int for i in index]):
        index = plain_integers(index)
        if isinstance(a, Struct):
            return GETINDEX(a, *index)
    if isinstance(a, V.Range):
        return a.at(index[0]) if len(index) == 1 else getindex_any(a, *index)
    if isinstance(a, Struct):
        return user_element(a, index)
    if isinstance(a, W.SubArray) and not a.simple and len(index) == a.ndim and a.groups is None:
        return view_element(a, index)
    data = a.data
    n = len(index)
    if n == data.ndim:
        for i, size in zip(index, data.shape, strict=True):
            if not 0 < i <= size:
                raise BoundsError(a, index)
        value = element(data, tuple([i - 1 for i in index]))
    elif n == 1:
        i = index[0]
        if not 0 < i <= data.size:
            raise BoundsError(a, index)
        value = element(data, np.unravel_index(i - 1, data.shape, order="F"))
    elif n == 0:
        if data.size != 1:
            raise BoundsError(a, index)
        value = element(data.reshape(-1), 0)
    elif n > data.ndim and all(i == 1 for i in index[data.ndim :]):
        try:
            return getindex_scalar(a, *index[: data.ndim])
        except BoundsError:
            raise BoundsError(a, index) from None
    elif n < data.ndim and all(k == 1 for k in data.shape[n:]):
        return getindex_scalar(a, *index, *(1,) * (data.ndim - n))
    else:
        raise BoundsError(a, index)
    if value is UNDEF:
        raise UndefRefError()
    return value


def plain_integers(index: tuple[Any, ...]) -> tuple[int, ...]:
    """Integers of any type as Int64."""
    for i in index:
        if type(i) is bool:
            raise invalid(i)
    return tuple(
        [int(i) if isinstance(i, (int, np.integer)) else convert_element(T.Int64, i) for i in index]
    )


def view_element(a: W.SubArray, index: tuple[Any, ...]) -> Any:
    """One element of a view, found in its parent."""
    rest = iter(index)
    where = []
    for w, kept in zip(a.where, a.indices, strict=True):
        if type(w) is int:
            where.append(w)
            continue
        i = next(rest)
        if type(i) is bool:
            raise invalid(i)
        if isinstance(w, slice):
            if not 0 < i <= len(kept):
                raise BoundsError(a, index)
            where.append((w.start or 0) + (int(i) - 1) * (w.step or 1))
        else:
            if w.ndim != 1:
                return getindex_scalar(make(a.data, a.eltype), *index)
            if not 0 < i <= len(w):
                raise BoundsError(a, index)
            where.append(int(w[i - 1]))
    parent = a.parent
    if isinstance(parent, (Struct, V.Range)):
        return GETINDEX(parent, *shifted(tuple(where), origin(parent)))
    value = element(parent.data, tuple(where))
    if value is UNDEF:
        raise UndefRefError()
    return value


@Base.method("getindex(v::SubArray{<:Any,1}, i::Int64)")
def view_of_one(v: Any, i: int) -> Any:
    if not v.simple:
        return view_element(v, (i,)) if v.groups is None else getindex_scalar(v, i)
    data = v.data
    if not 0 < i <= len(data):
        raise BoundsError(v, (i,))
    value = element(data, i - 1)
    if value is UNDEF:
        raise UndefRefError()
    return value


@Base.method("getindex(r::AbstractRange, i::Int64)")
def range_element(r: Any, i: int) -> Any:
    if not isinstance(r, V.Range):
        call = Base.bindings
        if not 0 < i <= call["length"](r):
            raise BoundsError(r, (i,))
        return call["+"](call["first"](r), call["*"](i - 1, call["step"](r)))
    if not 0 < i <= len(r):
        raise BoundsError(r, (i,))
    return r.get(i - 1)


@Base.method("getindex(a::LinearIndices, i::AbstractRange{Int64})")
def linear_part(a: Any, i: Any) -> Any:
    n = math.prod(a.shape)
    if len(i) and not (min(i.first, i.last) >= 1 and max(i.first, i.last) <= n):
        raise BoundsError(a, (i,))
    return i


@Base.method("getindex(a::Array, i::AbstractUnitRange{Int64})")
def vector_part(a: Any, i: Any) -> Any:
    data = a.data
    if data.ndim != 1:
        return getindex_any(a, i)
    if i.stop < i.start:
        return type(a)(data[:0].copy())
    if i.start < 1 or i.stop > len(data):
        raise BoundsError(a, (i,))
    return type(a)(data[i.start - 1 : i.stop].copy())


@Base.method("getindex(a::Matrix, i::Colon, j::Int64)")
def column(a: Any, i: Any, j: int) -> Any:
    data = a.data
    if not 0 < j <= data.shape[1]:
        raise BoundsError(a, (V.UnitRange(1, data.shape[0]), j))
    return make(data[:, j - 1].copy(), a.eltype)


@Base.method("getindex(a::Matrix, i::Int64, j::Colon)")
def row(a: Any, i: int, j: Any) -> Any:
    data = a.data
    if not 0 < i <= data.shape[0]:
        raise BoundsError(a, (i, V.UnitRange(1, data.shape[1])))
    return make(data[i - 1].copy(), a.eltype)


def user_element(a: Any, index: tuple[Any, ...]) -> Any:
    """An element of a user's array by indices that its own methods do not take."""
    index = tuple(map(int, index))
    shape = shape_of(a)
    ints = canonical(a, index, shape, "getindex")
    return GETINDEX(a, *ints)


def canonical(a: Any, index: tuple[int, ...], shape: tuple[int, ...], name: str) -> tuple[int, ...]:
    """Integer indices in the form that the array's `IndexStyle` promises to understand."""
    first = origin(a)
    unchecked = within_own_bounds(a, index)
    if len(index) == 1 and len(shape) != 1:
        if not unchecked and not 0 < index[0] <= math.prod(shape):
            raise BoundsError(a, index)
    else:
        full = index + (1,) * (len(shape) - len(index))
        limits = shape + (1,) * (len(index) - len(shape))
        if first is not None:
            full = tuple(
                i - k + 1
                for i, k in zip(full, first + (1,) * (len(index) - len(shape)), strict=True)
            )
        if not unchecked and any(not 0 < i <= n for i, n in zip(full, limits, strict=True)):
            raise BoundsError(a, index)
        if len(index) != len(shape) and len(index) > len(shape):
            index = index[: len(shape)]
            if not is_linear(a) or len(shape) == 1:
                return index
        elif len(index) < len(shape):
            index = full
            if not is_linear(a):
                return index
    if is_linear(a):
        if len(index) == 1:
            raise CanonicalIndexError(name, T.typeof(a))
        position, stride = 1, 1
        for i, n in zip(index, shape, strict=True):
            position += (i - 1) * stride
            stride *= n
        return (position,)
    if len(index) == len(shape):
        raise CanonicalIndexError(name, T.typeof(a))
    return shifted(np.unravel_index(index[0] - 1, shape, order="F"), first)


@Base.method("getindex(a::AbstractArray, index...)")
def getindex_any(a: Any, *index: Any) -> Any:
    """Part of an array: the shape is that of the indices together.

    ```jldoctest
    julia> A = reshape(1:12, 3, 4);

    julia> A[2:3, [1, 4]]
    2×2 Matrix{Int64}:
     2  11
     3  12
    ```
    """
    if len(index) == 1 and isinstance(a, (Array, V.Range)):
        part = range_part(a, index[0]) if isinstance(a, V.Range) else gathered(a, index[0])
        if part is not None:
            return part
    elif len(index) == 1 and isinstance(a, Struct) and T.isa(a, T.AbstractRange):
        from juliette.base.ranges import plain

        return GETINDEX(plain(a), *index)
    if any(isinstance(i, CartesianIndex) for i in index):
        index = flatten(index)
        if all(type(i) is int for i in index):
            return GETINDEX(a, *index)
    if isinstance(a, Struct) and within_own_bounds(a, index):
        return free_part(a, index)
    shape = shape_of(a)
    at = normalise(a, index, shape)
    if isinstance(a, Struct):
        return user_part(a, at)
    if all(type(i) is int for i in at.where):
        return GETINDEX(a, *[i + 1 for i in at.where])
    data = a.data
    if (
        isinstance(a, W.Transposed)
        and a.parent_is_vector
        and len(at.where) == 2
        and at.where[0] == slice(None)
    ):
        return type(a).__mro__[1](GETINDEX(a.parent, index[1]))
    if at.groups is not None:
        data = W.regroup(pad(data, at.groups), at.groups)
    elif len(at.where) == 1 and data.ndim != 1:
        data = data.reshape(-1, order="F")
    elif len(at.where) != data.ndim:
        data = data.reshape(
            tuple(data.shape[: len(at.where)]) + (1,) * (len(at.where) - data.ndim), order="F"
        )
    out = np.array(select(data, at.where), order="F", copy=True)
    if isinstance(a, V.BitArray):
        return V.BitArray(out)
    return like(a, out, eltype_of(a))


def gathered(a: Array, i: Any) -> Any:
    """The elements of a vector at the places of another; None if there is more to it."""
    data = a.data
    if data.ndim != 1 or TRACE.depth:
        return None
    where: Any = None
    if isinstance(i, (Array, V.BitArray)) and i.data.ndim == 1:
        if i.data.dtype == bool:
            where = i.data if len(i.data) == len(data) else None
        elif i.eltype is T.Int64 and len(i.data) and i.data.min() > 0 and i.data.max() <= len(data):
            where = i.data - 1
    elif isinstance(i, V.StepRange) and i.eltype is T.Int64 and len(i):
        first, last = i.start - 1, i.start - 1 + i.step * (len(i) - 1)
        if 0 <= first < len(data) and 0 <= last < len(data):
            end = last + (1 if i.step > 0 else -1)
            where = slice(first, end if end >= 0 else None, i.step)
    return None if where is None else type(a)(data[where].copy())


def pad(data: Any, groups: tuple[int, ...]) -> Any:
    """Dimensions of size 1 for indices beyond the last dimension."""
    more = sum(groups) - data.ndim
    return data.reshape(data.shape + (1,) * more, order="F") if more > 0 else data


def range_part(a: Any, i: Any) -> Any:
    """`r[i]` of a range by a range, which is a range again; None if it is not that."""
    if isinstance(i, V.ColonType):
        return a
    if isinstance(i, Struct) and T.isa(i, T.AbstractRange):
        from juliette.base.ranges import plain

        i = plain(i)
    if not isinstance(i, V.Range) or i.eltype not in _INT_TYPES:
        return None
    n = len(i)
    if n and not (min(i.first, i.last) >= 1 and max(i.first, i.last) <= len(a)):
        raise BoundsError(a, (i,))
    step = int(i.step)
    if isinstance(a, V.OneTo) and isinstance(i, V.OneTo):
        return i
    return a.part(int(i.start) - 1, step if isinstance(i, V.StepRange) else 1, n)


def user_part(a: Any, at: Indices) -> Any:
    """Several elements of a user's array, each by its own `getindex`."""
    shape = shape_of(a)
    if all(type(i) is int for i in at.where):
        return GETINDEX(a, *at.kept)
    places = W.linear_positions(shape)
    if at.groups is not None:
        places = W.regroup(pad(places, at.groups), at.groups)
    elif len(at.where) == 1 and places.ndim != 1:
        places = places.reshape(-1, order="F")
    elif len(at.where) != places.ndim:
        places = places.reshape(
            tuple(places.shape[: len(at.where)]) + (1,) * (len(at.where) - places.ndim), order="F"
        )
    picked = np.asarray(select(places, at.where))
    values = [user_at(a, int(p), shape) for p in picked.ravel(order="F")]
    eltype = eltype_of(a)
    from juliette.base.array_protocol import shaped

    return like(
        a,
        shaped([convert_element(eltype, v) for v in values], eltype, picked.shape),
        eltype,
        kept_axes(a, at),
    )


def kept_axes(a: Any, at: Indices) -> Any:
    """The axes of a part of a user's array, where its own or those of an index are not counted from 1."""
    axes = own_axes(a)
    if axes is None or len(at.where) != len(axes):
        return None
    kept = [
        axis if isinstance(i, V.Slice) else own_axes(i) or Base.bindings["axes"](i)
        for axis, i in zip(axes, at.kept, strict=True)
        if type(i) is not int
    ]
    return tuple(r for part in kept for r in (part if type(part) is tuple else (part,)))


def within_own_bounds(a: Any, index: tuple[Any, ...]) -> bool:
    """Has the array's type a `checkbounds` of its own, and does that let the indices pass?"""
    check = Base.bindings["checkbounds"]
    if not check.user_methods:
        return False
    of_array = (T.typeof(a), *map(T.typeof, index))
    asked = (T.type_of_type(T.Bool), *of_array)
    for types, arguments in ((of_array, (a, *index)), (asked, (T.Bool, a, *index))):
        if any(
            m.code is not None and T.match(T.tuple_type(list(types)), m.signature) is not None
            for m in check.methods
        ):
            if check(*arguments) is False:
                raise BoundsError(a, index)
            return True
    return False


def free_places(a: Any, index: tuple[Any, ...]) -> tuple[list[tuple[Any, ...]], list[int], bool]:
    """The indices of several elements of an array that has its own idea of which there are; their shape; are they one?"""
    groups: list[list[tuple[Any, ...]]] = []
    shape: list[int] = []
    single = True
    for i in Base.bindings["to_indices"](a, index):
        if is_array(i):
            groups.append(
                [
                    k.index if isinstance(k, CartesianIndex) else (int(k),)
                    for k in elements(dense(i))
                ]
            )
            shape += shape_of(i)
            single = False
        else:
            groups.append([i.index if isinstance(i, CartesianIndex) else (int(i),)])
    places = [
        tuple([k for group in reversed(at) for k in group])
        for at in itertools.product(*reversed(groups))
    ]
    return places, shape, single


def free_part(a: Any, index: tuple[Any, ...]) -> Any:
    """Several elements of an array that has its own idea of which positions there are."""
    places, shape, single = free_places(a, index)
    values = [GETINDEX(a, *at) for at in places]
    if single:
        return values[0]
    eltype = eltype_of(a)
    from juliette.base.array_protocol import shaped

    return like(
        a, shaped([convert_element(eltype, v) for v in values], eltype, tuple(shape)), eltype
    )


def set_free_part(a: Any, x: Any, index: tuple[Any, ...]) -> Any:
    """Assign to several elements of such an array, or to one by an index that is no plain integer."""
    places, shape, single = free_places(a, index)
    if single:
        SETINDEX(a, x, *places[0])
        return a
    source = dense(x)
    check_assignment(source.shape, tuple(shape))
    for at, v in zip(places, elements(source), strict=True):
        SETINDEX(a, v, *at)
    return a


def user_at(a: Any, position: int, shape: tuple[int, ...]) -> Any:
    """The element of a user's array at a linear position (from 0)."""
    return GETINDEX(a, *canonical_position(a, position, shape))


GETINDEX = Base.bindings["getindex"]


@Base.method("getindex(a::Array, i::CartesianIndex)")
def getindex_at(a: Any, i: CartesianIndex) -> Any:
    return getindex_scalar(a, *i.index)


@Base.method("getindex(a::BitArray, i::CartesianIndex)")
def getindex_bit_at(a: Any, i: CartesianIndex) -> Any:
    return getindex_scalar(a, *i.index)


@Base.method("getindex(t::Tuple, i::Real)", transparent=True)
def getindex_tuple(t: tuple[Any, ...], i: Any) -> Any:
    i = i if type(i) is int else convert_element(T.Int64, i)
    if not 0 < i <= len(t):
        raise BoundsError(t, (i,))
    return t[i - 1]


@Base.method("getindex(t::Tuple, r)", transparent=True)
def getindex_tuple_range(t: tuple[Any, ...], r: Any) -> Any:
    from juliette.compiler import support

    if isinstance(r, V.ColonType):
        return t
    if not is_array(r):
        raise MethodError(Base.bindings["getindex"], (t, r), None)
    if is_array(r) and eltype_of(r) is T.Bool:
        mask = dense(r)
        if mask.size != len(t):
            raise BoundsError(t, (LogicalIndex(r),))
        return tuple(x for x, keep in zip(t, mask.tolist(), strict=True) if keep)
    return tuple(getindex_tuple(t, i) for i in support.iterate(r))


@Base.method("getindex(t::NamedTuple, i)", transparent=True)
def getindex_named(t: V.NamedTuple, i: Any) -> Any:
    from juliette.base.essentials import getfield

    if type(i) is int:
        if not 1 <= i <= len(t.values):
            raise BoundsError(t, (i,))
        return t.values[i - 1]
    if type(i) is tuple or is_array(i):
        from juliette.compiler import support

        names = tuple(n.name for n in support.iterate(i))
        return Base.bindings["getindex"](t, tuple(map(Symbol, names)))
    if not isinstance(i, Symbol):
        raise MethodError(Base.bindings["getindex"], (t, i), None)
    return getfield(t, i)


@Base.method("getindex(x::Number)", transparent=True)
def getindex_number(x: Any) -> Any:
    return x


@Base.method("getindex(x::Number, i::Integer...)", transparent=True)
def getindex_number_one(x: Any, *index: int) -> Any:
    if any(i != 1 for i in index):
        raise BoundsError(x, index)
    return x


@Base.method("getindex(r::Ref)", transparent=True)
def getindex_ref(r: V.Ref) -> Any:
    try:
        return r.x
    except AttributeError:
        raise UndefRefError() from None


@Base.method("getindex(r::Base.RefArray)", transparent=True)
def getindex_ref_array(r: V.RefArray) -> Any:
    return Base.bindings["getindex"](r.x, r.i)


@Base.method("setindex!(r::Base.RefArray, v)", transparent=True)
def setindex_ref_array(r: V.RefArray, v: Any) -> Any:
    Base.bindings["setindex!"](r.x, v, r.i)
    return r


@Base.method("isassigned(r::Base.RefValue)")
def isassigned_ref(r: V.Ref) -> bool:
    """Has the cell a value?

    ```jldoctest
    julia> isassigned(Ref{String}()), isassigned(Ref("a"))
    (false, true)
    ```
    """
    return hasattr(r, "x")


@Base.method("setindex!(r::Ref, x)", transparent=True)
def setindex_ref(r: V.Ref, x: Any) -> Any:
    r.x = x if r.eltype is T.Any_ else convert_element(r.eltype, x)
    return r


@Base.method("getindex(p::Pair, i::Integer)", transparent=True)
def getindex_pair(p: V.Pair, i: int) -> Any:
    if i not in (1, 2):
        raise BoundsError(p, (i,))
    return (p.first, p.second)[i - 1]


# ---------------------------------------------------------------- writing


@Base.method("setindex!(a::AbstractArray, x, index...)")
def setindex(a: Any, x: Any, *index: Any) -> Any:
    """`a[index...] = x`

    ```jldoctest
    julia> A = zeros(Int, 2, 3);

    julia> A[:, 2] = [7, 8]; A[1] = 5; A
    2×3 Matrix{Int64}:
     5  7  0
     0  8  0
    ```
    """
    if TRACE.depth and B.MUTATION is not None:
        B.MUTATION(a, "setindex!")
    if isinstance(a, V.Range) or not (isinstance(a, (Array, V.BitArray, W.Wrapper, Struct))):
        raise CanonicalIndexError("setindex!", T.typeof(a))
    if len(index) == 1 and isinstance(index[0], CartesianIndex) and not isinstance(a, Struct):
        index = index[0].index
    for i in index:
        if type(i) is not int:
            return set_part(a, x, index)
    if isinstance(a, Struct):
        SETINDEX(a, x, *canonical(a, index, shape_of(a), "setindex!"))
        return a
    set_element(a, convert_element(a.eltype, x), index)
    return a


SETINDEX = Base.bindings["setindex!"]
W.ELEMENT["setindex!"] = SETINDEX


def set_element(a: Any, x: Any, index: tuple[int, ...]) -> None:
    """Assign one converted element."""
    plain = isinstance(a, (Array, V.BitArray))
    shape = a.data.shape if plain else a.shape
    n = len(index)
    if n == len(shape):
        for i, size in zip(index, shape, strict=True):
            if not 0 < i <= size:
                raise BoundsError(a, index)
        where = tuple([i - 1 for i in index])
    elif n == 1:
        if not 0 < index[0] <= math.prod(shape):
            raise BoundsError(a, index)
        where = np.unravel_index(index[0] - 1, shape, order="F")  # type: ignore[assignment]
    elif n == 0 and math.prod(shape) == 1:
        where = (0,) * len(shape)
    elif n > len(shape) and all(i == 1 for i in index[len(shape) :]):
        return set_element(a, x, index[: len(shape)])
    elif n < len(shape) and all(k == 1 for k in shape[n:]):
        return set_element(a, x, index + (1,) * (len(shape) - n))
    else:
        raise BoundsError(a, index)
    if plain:
        a.data[where] = x
    else:
        a.write(where, x)
    return None


def set_part(a: Any, x: Any, index: tuple[Any, ...]) -> Any:
    """Assign to several elements, or to one by an index that is no plain integer."""
    if isinstance(a, Struct) and within_own_bounds(a, index):
        return set_free_part(a, x, index)
    shape = shape_of(a)
    at = normalise(a, index, shape)
    if all(type(i) is int for i in at.where):
        SETINDEX(a, x, *at.kept)
        return a
    if not is_array(x):
        if type(x) is tuple:
            raise MethodError(Base.bindings["setindex_shape_check"], (x, *at.kept), None)
        raise ArgumentError(
            "indexed assignment with a single value to possibly many locations is not supported; "
            "perhaps use broadcasting `.=` instead?"
        )
    places = W.linear_positions(shape)
    if at.groups is not None:
        places = W.regroup(pad(places, at.groups), at.groups)
    elif len(at.where) == 1:
        places = places.reshape(-1, order="F")
    elif len(at.where) != places.ndim:
        places = places.reshape(
            tuple(shape[: len(at.where)]) + (1,) * (len(at.where) - len(shape)), order="F"
        )
    targets = np.asarray(select(places, at.where))
    source = dense(x)
    lengths = tuple(1 if type(i) is int else math.prod(shape_of(i)) for i in at.kept)
    check_assignment(source.shape, lengths)
    if isinstance(a, Struct):
        for p, v in zip(targets.ravel(order="F").tolist(), elements(source), strict=True):
            SETINDEX(a, v, *canonical_position(a, p, shape))
        return a
    values = convert_data(a.eltype, source, eltype_of(x)).ravel(order="F")
    if np.may_share_memory(values, a.data):
        values = values.copy()
    W.write_linear(a, targets.ravel(order="F"), values)
    return a


def canonical_position(a: Any, position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The indices by which a user's array knows a linear position (from 0)."""
    first = origin(a)
    if is_linear(a) and (first is None or len(shape) > 1):
        return (position + 1,)
    return shifted(np.unravel_index(position, shape, order="F"), first)


Base.method("setindex_shape_check(x::AbstractArray, i...)", export=False)(lambda x, *i: None)


def check_assignment(source: tuple[int, ...], lengths: tuple[int, ...]) -> None:
    """Raise DimensionMismatch if an array does not fit the places it is assigned to."""
    if len(lengths) == 1:
        if math.prod(source) != lengths[0]:
            raise DimensionMismatch(
                f"tried to assign {math.prod(source)} elements to {lengths[0]} destinations"
            )
        return
    if [n for n in source if n != 1] != [n for n in lengths if n != 1]:
        raise DimensionMismatch(
            f"tried to assign {dims_text(source)} array to {dims_text(lengths)} destination"
        )


# ---------------------------------------------------------------- what indices there are


class IndexLinear:
    """`IndexLinear()`: the array's elements are found by one number."""


class IndexCartesian:
    """`IndexCartesian()`: the array's elements are found by a number for each dimension."""


INDEX_STYLE = T.define("IndexStyle", abstract=True, module=Base)
Base.const("IndexStyle", INDEX_STYLE)
for _cls in (IndexLinear, IndexCartesian):
    _style = T.define(_cls.__name__, INDEX_STYLE, module=Base)
    T.register_class(_cls, _style)
    Base.const(_cls.__name__, _style)
LINEAR, CARTESIAN = IndexLinear(), IndexCartesian()


@Base.method("IndexLinear()")
def index_linear(_: Any) -> Any:
    """The style of arrays whose elements are found by one number.

    ```jldoctest
    julia> IndexLinear()
    IndexLinear()
    ```
    """
    return LINEAR


@Base.method("IndexCartesian()")
def index_cartesian(_: Any) -> Any:
    """The style of arrays whose elements are found by a number for each dimension.

    ```jldoctest
    julia> IndexCartesian()
    IndexCartesian()
    ```
    """
    return CARTESIAN


@Base.method("IndexStyle(t::Type)")
def index_style(_: Any, t: Any) -> Any:
    """How the arrays of a type are indexed; extend it for your own.

    ```jldoctest
    julia> IndexStyle([1 2; 3 4])
    IndexLinear()
    ```
    """
    for family in (T.Array_, V.BitArray_, T.AbstractRange):
        if T.subtype(t, family):
            return LINEAR
    if isinstance(t, T.DataType) and t.typename is T.unwrap(W.SubArray_).typename:
        return LINEAR if t.parameters[4] is True else CARTESIAN
    if isinstance(t, T.DataType) and t.typename is T.unwrap(W.ReshapedArray_).typename:
        return index_style(_, t.parameters[2])
    if isinstance(t, T.DataType) and t.typename is T.unwrap(W.ReinterpretArray_).typename:
        return index_style(_, t.parameters[3])
    if isinstance(t, T.DataType) and t.typename in (
        T.unwrap(V.Adjoint_).typename,
        T.unwrap(V.Transpose_).typename,
    ):
        return LINEAR if array_parameters(t.parameters[1])[1] == 1 else CARTESIAN
    return CARTESIAN


@Base.method("IndexStyle(a::AbstractArray...)")
def index_style_of(_: Any, *arrays: Any) -> Any:
    style = Base.bindings["IndexStyle"]
    return style(T.typeof(arrays[0])) if len(arrays) == 1 else style(*map(style, arrays))


@Base.method("IndexStyle(a::IndexStyle, b::IndexStyle...)")
def index_style_together(_: Any, *styles: Any) -> Any:
    return LINEAR if all(s is LINEAR or isinstance(s, IndexLinear) for s in styles) else CARTESIAN
