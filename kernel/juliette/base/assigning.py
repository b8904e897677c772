"""`A[I...] = x` for arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    convert_element,
    dense,
    dims_text,
    eltype_of,
    is_array,
    origin,
    shape_of,
)
from juliette.base.cartesian import CartesianIndex
from juliette.base.indexing import (
    block,
    canonical,
    canonical_position,
    free_places,
    pad,
    within_own_bounds,
)
from juliette.base.indices import normalise, select
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    CanonicalIndexError,
    DimensionMismatch,
    MethodError,
)
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE


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


@Base.method("setindex!(a::Array, x, i::Int64)")
def setindex_vector(a: Any, x: Any, i: int) -> Any:
    data = a.data
    if (
        data.ndim == 1
        and 0 < i <= len(data)
        and (a.eltype is T.Any_ or T.typeof(x) is a.eltype)
        and not TRACE.depth
    ):
        data[i - 1] = x
        return a
    return setindex(a, x, i)


SETINDEX = Base.bindings["setindex!"]
W.ELEMENT["setindex!"] = SETINDEX


def set_element(a: Any, x: Any, index: tuple[int, ...]) -> None:
    """Assign one converted element."""
    plain = isinstance(a, (Array, V.BitArray))
    shape = a.data.shape if plain else a.shape
    if not plain and a.shifts and (len(index) != 1 or len(shape) == 1):
        first = origin(a)
        if first is not None:
            at = tuple([i - k + 1 for i, k in zip(index, first, strict=False)])
            try:
                return place_element(a, x, at + index[len(first) :], shape, plain=False)
            except BoundsError:
                raise BoundsError(a, index) from None
    return place_element(a, x, index, shape, plain)


def place_element(
    a: Any, x: Any, index: tuple[int, ...], shape: tuple[int, ...], plain: bool
) -> None:
    """Assign one converted element by indices that count from 1."""
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
        return place_element(a, x, index[: len(shape)], shape, plain)
    elif n < len(shape) and all(k == 1 for k in shape[n:]):
        return place_element(a, x, index + (1,) * (len(shape) - n), shape, plain)
    else:
        raise BoundsError(a, index)
    if plain:
        a.data[where] = x
    else:
        a.write(where, x)
    return None


def set_part(a: Any, x: Any, index: tuple[Any, ...]) -> Any:
    """Assign to several elements, or to one by an index that is no plain integer."""
    if isinstance(a, Array) and len(index) == a.ndim and not TRACE.depth and isinstance(x, Array):
        where = block(a.data.shape, index)
        if where is not None and x.eltype is a.eltype:
            part = a.data[where]
            if part.shape == x.data.shape:
                part[...] = x.data
                return a
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


def check_assignment(source: tuple[int, ...], lengths: tuple[int, ...]) -> None:
    """Raise DimensionMismatch if an array does not fit the places it is assigned to."""
    if len(lengths) == 1:
        if math.prod(source) != lengths[0]:
            raise DimensionMismatch(
                f"tried to assign {math.prod(source)} elements to {lengths[0]} destinations"
            )
        return
    if not fits(list(source), list(lengths)):
        raise DimensionMismatch(
            f"tried to assign {dims_text(source)} array to {dims_text(lengths)} destination"
        )


def fits(source: list[int], lengths: list[int]) -> bool:
    """Do the sizes agree, but for ones between them and for the last of either, which take the rest?"""
    while len(source) > 1 and len(lengths) > 1:
        if source[0] == lengths[0]:
            del source[0], lengths[0]
        elif source[0] == 1:
            del source[0]
        elif lengths[0] == 1:
            del lengths[0]
        else:
            return False
    return math.prod(source) == math.prod(lengths)


W.ELEMENT["put"] = lambda a, v, position: SETINDEX(
    a, v, *canonical_position(a, position, shape_of(a))
)
Base.method("setindex_shape_check(x::AbstractArray, i...)", export=False)(lambda x, *i: None)
