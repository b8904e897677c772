"""`A[I...]` for arrays; what an index means is said in `indices`."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    is_array,
    is_linear,
    like,
    origin,
    own_axes,
    shape_of,
    shifted,
)
from juliette.base.cartesian import CartesianIndex
from juliette.base.indices import _INT_TYPES, Indices, flatten, invalid, normalise, select
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import UNDEF, Array, element, elements, make
from juliette.runtime.errors import BoundsError, CanonicalIndexError, UndefRefError
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE


def getindex_one(a: Any, i: Any) -> Any:
    """`a[i]` in code that does not know what these are."""
    if type(a) is tuple and type(i) is int:
        if 0 < i <= len(a):
            return a[i - 1]
        raise BoundsError(a, (i,))
    if type(a) is V.Pair and type(i) is int and 0 < i < 3 and not TRACE.depth:
        return a.first if i == 1 else a.second
    return GETINDEX.cache[type(a), type(i)](a, i)


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
    if isinstance(a, Array) and len(index) == a.ndim and ALL_INT.issuperset(map(type, index)):
        return element_at(a, index)
    if any([type(i) is not int for i in index]):
        index = plain_integers(index)
        if isinstance(a, Struct):
            return GETINDEX(a, *index)
    if isinstance(a, V.Range):
        return a.at(index[0]) if len(index) == 1 else getindex_any(a, *index)
    if isinstance(a, Struct):
        return user_element(a, index)
    if isinstance(a, W.Wrapper) and a.shifts:
        return shifted_element(a, index)
    return wrapped_element(a, index)


def shifted_element(a: Any, index: tuple[int, ...]) -> Any:
    """One element of a wrapper of a user's array, by indices that count from where its axes begin."""
    first = origin(a)
    at, n = index, a.ndim
    if len(index) != 1 or n == 1:
        first = first or (1,) * n
        at = tuple([i - k + 1 for i, k in zip(index, first, strict=False)]) + index[n:]
        at += (1,) * (n - len(index)) if a.shape[len(index) :] == (1,) * (n - len(index)) else ()
    try:
        if len(at) == n and isinstance(a, (W.Transposed, W.PermutedDimsArray)):
            return through_parent(a, at)
        return wrapped_element(a, at)
    except (BoundsError, IndexError):
        raise BoundsError(a, index) from None


def through_parent(a: Any, at: tuple[int, ...]) -> Any:
    """The element of a turned array, by its own indices that count from 1, found in the parent."""
    if any([not 0 < i <= n for i, n in zip(at, a.shape, strict=True)]):
        raise BoundsError(a, at)
    parent = a.parent
    if isinstance(a, W.PermutedDimsArray):
        place = [0] * len(at)
        for d, i in zip(a.perm, at, strict=True):
            place[d] = i - 1
        return GETINDEX(parent, *shifted(tuple(place), origin(parent)))
    place = [at[1] - 1] if a.parent_is_vector else [at[1] - 1, at[0] - 1]
    value = GETINDEX(parent, *shifted(tuple(place), origin(parent)))
    return value if a.eltype in W.PLAIN_ELEMENTS else W.ELEMENT[a.function](value)


def wrapped_element(a: Any, index: tuple[int, ...]) -> Any:
    """One element of an Array, or of a wrapper by indices that count from 1."""
    if (
        isinstance(a, W.SubArray)
        and len(index) == a.ndim
        and a.groups is None
        and (not a.simple or isinstance(a.parent, Struct))
    ):
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
            return wrapped_element(a, index[: data.ndim])
        except BoundsError:
            raise BoundsError(a, index) from None
    elif n < data.ndim and all(k == 1 for k in data.shape[n:]):
        return wrapped_element(a, (*index, *(1,) * (data.ndim - n)))
    else:
        raise BoundsError(a, index)
    if value is UNDEF:
        raise UndefRefError()
    return value


@Base.method("getindex(a::Array, i::Int64)")
def getindex_vector(a: Any, i: int) -> Any:
    data = a.data
    if data.ndim == 1 and 0 < i <= len(data) and not TRACE.depth:
        value = data[i - 1]
        if data.dtype == object:
            if value is not UNDEF:
                return value
        else:
            return value.item() if data.dtype.char in "dlq?D" else value
    return getindex_scalar(a, i)


ALL_INT = frozenset({int})


def element_at(a: Any, index: tuple[int, ...]) -> Any:
    """The element of an `Array` at as many indices as it has dimensions."""
    data = a.data
    if len(index) == 1:
        (i,) = index
        if not 0 < i <= len(data):
            raise BoundsError(a, index)
        value = element(data, i - 1)
    else:
        for i, size in zip(index, data.shape, strict=True):
            if not 0 < i <= size:
                raise BoundsError(a, index)
        value = element(data, tuple([i - 1 for i in index]))
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
    if v.shifts:
        return shifted_element(v, (i,))
    if not v.simple:
        return view_element(v, (i,)) if v.groups is None else wrapped_element(v, (i,))
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
    start = (origin(a) or (1,))[0] if a.ndim == 1 else 1
    if len(i) and not (min(i.first, i.last) >= start and max(i.first, i.last) < start + n):
        raise BoundsError(a, (i,))
    return i


@Base.method("getindex(a::Array, i::AbstractUnitRange{Int64})")
def vector_part(a: Any, i: Any) -> Any:
    data = a.data
    if data.ndim != 1 or isinstance(i, Struct):
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
        if len(index) < len(shape) and any(n != 1 for n in shape[len(index) :]):
            raise BoundsError(a, index)
        full = index + (first or (1,) * len(shape))[len(index) :]
        limits = shape + (1,) * (len(index) - len(shape))
        if first is not None:
            full = tuple(
                i - k + 1
                for i, k in zip(full, first + (1,) * (len(index) - len(shape)), strict=True)
            )
        if not unchecked and any(not 0 < i <= n for i, n in zip(full, limits, strict=True)):
            raise BoundsError(a, index)
        if len(index) > len(shape):
            index = index[: len(shape)]
            if not is_linear(a) or len(shape) == 1:
                return index
        elif len(index) < len(shape):
            index = index + (first or (1,) * len(shape))[len(index) :]
            if not is_linear(a):
                return index
        full = full[: len(shape)]
    if is_linear(a):
        if len(index) == 1:
            raise CanonicalIndexError(name, T.typeof(a))
        position, stride = 1, 1
        for i, n in zip(full, shape, strict=True):
            position += (i - 1) * stride
            stride *= n
        return (position,)
    if len(index) == len(shape):
        raise CanonicalIndexError(name, T.typeof(a))
    return shifted(np.unravel_index(index[0] - 1, tuple(map(int, shape)), order="F"), first)


def block(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Where integers, ranges and colons within an array's bounds point, for numpy; None if there is more to it."""
    where: list[Any] = []
    parts = False
    for i, n in zip(index, shape, strict=True):
        cls = type(i)
        if cls is int:
            if not 0 < i <= n:
                return None
            where.append(i - 1)
            continue
        parts = True
        if cls is V.ColonType:
            where.append(slice(None))
        elif (cls is V.UnitRange or cls is V.OneTo) and 0 < i.start <= i.stop <= n:
            where.append(slice(i.start - 1, i.stop))
        else:
            return None
    return tuple(where) if parts else None


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
    if isinstance(a, Array) and len(index) == a.ndim and not TRACE.depth:
        where = block(a.data.shape, index)
        if where is not None:
            return make(np.array(a.data[where], order="F", copy=True), a.eltype)
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
    axes = kept_axes(a, at)
    if isinstance(a, V.BitArray) and axes is None:
        return V.BitArray(out)
    return like(a, out, eltype_of(a), axes)


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
    """The axes of a part of an array, where its own or those of an index are not counted from 1."""
    axes = own_axes(a)
    if axes is None and not any([own_axes(i) is not None for i in at.kept if type(i) is not int]):
        return None
    whole = axes or Base.bindings["axes"](a)
    spans = at.groups or (1,) * len(at.kept)
    if len(at.kept) == spans[0] == 1 != len(whole):
        whole = (V.OneTo(math.prod(shape_of(a))),)
    kept: list[Any] = []
    d = 0
    for i, n in zip(at.kept, spans, strict=True):
        if isinstance(i, V.Slice):
            kept.append(whole[d] if d < len(whole) else V.OneTo(1))
        elif type(i) is not int:
            kept.extend(own_axes(i) or Base.bindings["axes"](i))
        d += n
    return tuple(kept)


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


def canonical_position(a: Any, position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The indices by which a user's array knows a linear position (from 0)."""
    first = origin(a)
    if is_linear(a) and (first is None or len(shape) > 1):
        return (position + 1,)
    return shifted(np.unravel_index(position, tuple(map(int, shape)), order="F"), first)


def user_at(a: Any, position: int, shape: tuple[int, ...]) -> Any:
    """The element of a user's array at a linear position (from 0)."""
    return GETINDEX(a, *canonical_position(a, position, shape))


GETINDEX = Base.bindings["getindex"]


@Base.method("getindex(a::Array, i::CartesianIndex)")
def getindex_at(a: Any, i: CartesianIndex) -> Any:
    index = i.index
    return element_at(a, index) if len(index) == a.ndim else getindex_scalar(a, *index)


@Base.method("getindex(a::BitArray, i::CartesianIndex)")
def getindex_bit_at(a: Any, i: CartesianIndex) -> Any:
    return getindex_scalar(a, *i.index)
