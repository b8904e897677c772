"""What packages of array types ask of Base, or give methods to: axes of one dimension, reduced axes, shapes.

`axes1`, `reduced_indices`, `to_shape`, `index_shape` and the like are no part of Julia's interface for
arrays, yet packages such as those of offset and padded arrays are written with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import eltype_of, is_array, shape_of
from juliette.base.array_size import AXES
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base
from juliette.runtime.ranges import IdentityUnitRange

# ---------------------------------------------------------------- axes


@Base.method("axes1(a::AbstractArray)", export=False)
def axes1(a: Any) -> Any:
    """The first axis.

    ```jldoctest
    julia> Base.axes1([1 2 3; 4 5 6])
    Base.OneTo(2)
    ```
    """
    axes = AXES(a)
    return axes[0] if axes else V.OneTo(1)


@Base.method("unsafe_indices(a)", export=False)
def unsafe_indices(a: Any) -> Any:
    """The axes."""
    return AXES(a)


@Base.method("hastypemax(t::Type)", export=False)
def hastypemax(t: Any) -> bool:
    """Has a type a largest number?

    ```jldoctest
    julia> Base.hastypemax(Int8), Base.hastypemax(BigInt)
    (true, false)
    ```
    """
    return t in T.DTYPE_OF or t in (Base.get("Int128"), Base.get("UInt128"))


@Base.method("unsafe_length(r::AbstractUnitRange)", export=False)
def unsafe_length(r: Any) -> Any:
    """The length."""
    return Base.bindings["length"](r)


@Base.method("reduced_index(r::AbstractUnitRange)", export=False)
def reduced_index(r: Any) -> Any:
    """The axis that is left of one by a sum along it.

    ```jldoctest
    julia> Base.reduced_index(Base.OneTo(5))
    Base.OneTo(1)
    ```
    """
    if isinstance(r, V.OneTo):
        return type(r)(1)
    if isinstance(r, (V.Slice, IdentityUnitRange)):
        return IdentityUnitRange(r.start, r.start)
    raise ArgumentError(
        f"No method is implemented for reducing index range of type {T.type_string(T.typeof(r))}. Please implement\n"
        "reduced_index for this index type or report this as an issue.\n"
    )


@Base.method("reduced_indices(axes::Tuple, region)", export=False)
def reduced_indices(axes: tuple[Any, ...], region: Any) -> tuple[Any, ...]:
    """The axes of a sum along the dimensions of `region`.

    ```jldoctest
    julia> Base.reduced_indices((Base.OneTo(2), Base.OneTo(3)), 2)
    (Base.OneTo(2), Base.OneTo(1))
    ```
    """
    along = {region} if isinstance(region, int) else set(support.iterate(region))
    if any(d < 1 for d in along):
        raise ArgumentError(f"region dimension(s) must be ≥ 1, got {Base.bindings['repr'](region)}")
    reduced = Base.bindings["reduced_index"]
    return tuple(reduced(axis) if d in along else axis for d, axis in enumerate(axes, start=1))


@Base.method("reduced_indices(a::AbstractArray, region)", export=False)
def reduced_indices_of_array(a: Any, region: Any) -> Any:
    return Base.bindings["reduced_indices"](AXES(a), region)


# ---------------------------------------------------------------- shapes


@Base.method("dimlength(r)", export=False)
def dimlength(r: Any) -> int:
    """How many indices a dimension has, which is given by their number or as a range.

    ```jldoctest
    julia> Base.dimlength(4), Base.dimlength(3:5)
    (4, 3)
    ```
    """
    return int(r) if T.isa(r, T.Integer) else int(Base.bindings["length"](r))


@Base.method("to_shape(dims::Tuple)", export=False)
def to_shape(dims: tuple[Any, ...]) -> Any:
    """Dimensions as numbers, where they count from 1.

    ```jldoctest
    julia> Base.to_shape((Base.OneTo(2), 3))
    (2, 3)
    ```
    """
    return tuple(map(to_shape_of_one, dims))


@Base.method("to_shape(d)", export=False)
def to_shape_of_one(d: Any) -> Any:
    if isinstance(d, V.OneTo):
        return d.stop
    return int(d) if T.isa(d, T.Integer) else d


@Base.method("index_ndims(index...)", export=False)
def index_ndims(*index: Any) -> tuple[bool, ...]:
    """`true` for each dimension that indices leave.

    ```jldoctest
    julia> Base.index_ndims(1:3, 2, [4, 5])
    (true, true)
    ```
    """
    return tuple(
        True
        for i in index
        for _ in range(len(shape_of(i)) if is_array(i) else isinstance(i, V.ColonType))
    )


@Base.method("index_shape(index...)", export=False)
def index_shape(*index: Any) -> tuple[Any, ...]:
    """The axes of what indices choose.

    ```jldoctest
    julia> Base.index_shape(1:3, 2, [4, 5])
    (Base.OneTo(3), Base.OneTo(2))
    ```
    """
    return tuple(axis for i in index if is_array(i) for axis in AXES(i))


@Base.method("index_lengths(index...)", export=False)
def index_lengths(*index: Any) -> tuple[int, ...]:
    """How many places each index chooses.

    ```jldoctest
    julia> Base.index_lengths(1:3, 2, [4, 5])
    (3, 1, 2)
    ```
    """
    return tuple(Base.bindings["length"](i) if is_array(i) else 1 for i in index)


@Base.method("checkbounds_indices(::Type{Bool}, axes::Tuple, index::Tuple)", export=False)
def checkbounds_indices(_: Any, axes: tuple[Any, ...], index: tuple[Any, ...]) -> bool:
    """Are indices valid, one for each axis?

    ```jldoctest
    julia> Base.checkbounds_indices(Bool, (1:3, 1:2), (3, 2)), Base.checkbounds_indices(Bool, (1:3, 1:2), (3, 0))
    (true, false)
    ```
    """
    check = Base.bindings["checkindex"]
    flat: list[Any] = []
    for i in index:
        flat += getattr(i, "index", (i,)) if not is_array(i) else (i,)
    rest = (V.OneTo(1),) * (len(flat) - len(axes))
    return all(
        check(T.Bool, axis, i) for axis, i in zip((*axes, *rest), flat, strict=False)
    ) and all(Base.bindings["length"](axis) == 1 for axis in axes[len(flat) :])


def _lengths(dims: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(dimlength(d) for d in dims)


@Base.method("_sub2ind(dims::Tuple, index::Integer...)", export=False)
def sub2ind(dims: tuple[Any, ...], *index: int) -> int:
    """The number of a place that is given by an index for each dimension.

    ```jldoctest
    julia> Base._sub2ind((3, 4), 2, 3)
    8
    ```
    """
    at, step = 1, 1
    for d, i in enumerate(index):
        axis = dims[d] if d < len(dims) else 1
        at += (int(i) - (1 if T.isa(axis, T.Integer) else int(Base.bindings["first"](axis)))) * step
        step *= dimlength(axis)
    return at


@Base.method("_sub2ind(a::AbstractArray, index...)", export=False)
def sub2ind_of_array(a: Any, *index: Any) -> int:
    return sub2ind(AXES(a), *index)


@Base.method("_ind2sub(dims::Tuple, i::Integer)", export=False)
def ind2sub(dims: tuple[Any, ...], i: int) -> tuple[int, ...]:
    """The indices of a place that is given by its number.

    ```jldoctest
    julia> Base._ind2sub((3, 4), 8)
    (2, 3)
    ```
    """
    found = (
        np.unravel_index(int(i) - 1, _lengths(dims), order="F") if math.prod(_lengths(dims)) else ()
    )
    first = Base.bindings["first"]
    return tuple(
        int(k) + (1 if T.isa(d, T.Integer) else int(first(d)))
        for k, d in zip(found, dims, strict=True)
    )


@Base.method("_ind2sub(a::AbstractArray, i)", export=False)
def ind2sub_of_array(a: Any, i: Any) -> tuple[int, ...]:
    return ind2sub(AXES(a), i)


@Base.method("isstored(a::AbstractArray, index::Integer...)", export=False)
def isstored(a: Any, *index: Any) -> bool:
    """Is there an element at these indices? Sparse arrays say whether it is kept.

    ```jldoctest
    julia> Base.isstored([1, 2], 2), Base.isstored([1, 2], 3)
    (true, false)
    ```
    """
    return bool(Base.bindings["checkbounds"](T.Bool, a, *index))


# ---------------------------------------------------------------- copies


@Base.method("copymutable_oftype(a::AbstractArray, ::Type{T}) where T", export=False)
def copymutable_oftype(a: Any, t: Any) -> Any:
    """A copy that can be changed, with elements of a type.

    ```jldoctest
    julia> Base.copymutable_oftype(1:2, Float64)
    2-element Vector{Float64}:
     1.0
     2.0
    ```
    """
    return Base.bindings["copyto!"](Base.bindings["similar"](a, t), a)


@Base.method("promote_eltypeof(items...)", export=False)
def promote_eltypeof(*items: Any) -> Any:
    """The type that the elements of arrays and numbers are promoted to.

    ```jldoctest
    julia> Base.promote_eltypeof([1, 2], 0.5)
    Float64
    ```
    """
    types = [eltype_of(x) if is_array(x) else T.typeof(x) for x in items]
    return Base.bindings["promote_type"](*types)


Base.const("ScalarIndex", T.Real, export=False)
Base.const("ViewIndex", T.union(T.Real, T.AbstractArray), export=False)
_i = T.TypeVar("T", None, T.Integer)
Base.const(
    "DimsOrInds",
    T.UnionAll(_n := T.TypeVar("N"), T.tuple_type([T.Vararg(Base.get("DimOrInd"), _n)])),
    export=False,
)
Base.const(
    "RangeIndex",
    T.union(T.Int64, Base.get("AbstractUnitRange"), T.CORE_TYPES["Colon"]),
    export=False,
)


# ---------------------------------------------------------------- dotted calls


@Base.method("broadcast_unalias(dest, source)", export=False)
def broadcast_unalias(dest: Any, source: Any) -> Any:
    """The source of a dotted assignment, copied if writing to `dest` would change it on the way."""
    return source if dest is source else Base.bindings["unalias"](dest, source)


@Base.method("broadcast_unalias(dest::Nothing, source)", export=False)
def broadcast_unalias_nothing(dest: None, source: Any) -> Any:
    return source


@Base.method("newindex(a, index)", export=False)
def newindex(a: Any, index: Any) -> Any:
    """Where an argument of a dotted call is read for a place of the result: dimensions of length 1 stay put.

    ```jldoctest
    julia> Broadcast.newindex([1 2 3], CartesianIndex(2, 3))
    CartesianIndex(1, 3)
    ```
    """
    axes, place = AXES(a), getattr(index, "index", (index,))
    length, first = Base.bindings["length"], Base.bindings["first"]
    found = [first(axis) if length(axis) == 1 else i for axis, i in zip(axes, place, strict=False)]
    return Base.get("CartesianIndex")(*found)


@Base.method("_broadcast_getindex(a, index)", export=False)
def broadcast_getindex(a: Any, index: Any) -> Any:
    """What an argument of a dotted call has for a place of the result.

    ```jldoctest
    julia> Broadcast._broadcast_getindex([1 2 3], CartesianIndex(2, 3))
    3
    ```
    """
    if not is_array(a):
        return (
            a[int(getattr(index, "index", (index,))[0]) - 1]
            if type(a) is tuple and len(a) > 1
            else (
                a[0]
                if type(a) is tuple
                else Base.bindings["getindex"](a)
                if isinstance(a, V.Ref)
                else a
            )
        )
    return Base.bindings["getindex"](a, newindex(a, index))


@Base.method("preprocess(dest, x)", export=False)
@Base.method("preprocess_args(dest, x)", export=False)
def preprocess(dest: Any, x: Any) -> Any:
    """What is read in a dotted assignment to `dest`."""
    return (
        tuple(preprocess(dest, v) for v in x)
        if type(x) is tuple
        else Base.bindings["broadcast_unalias"](dest, x)
    )


@Base.method("extrude(x)", export=False)
def extrude(x: Any) -> Any:
    """An argument of a dotted call, read wherever its dimensions of length 1 stand for all places."""
    return x


@Base.method("check_broadcast_axes(axes, arguments...)", export=False)
def check_broadcast_axes(axes: Any, *arguments: Any) -> None:
    """Refuse arguments of a dotted call that do not fit the axes of its result."""
    shape = Base.get("Broadcast").get("broadcast_shape")
    for x in arguments:
        shape(axes, AXES(x))
