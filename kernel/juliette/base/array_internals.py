"""What array types of the user's own take from inside of Base: `DimOrInd`, `has_offset_axes`, `tuple_type_head`."""

from __future__ import annotations

from typing import Any

from juliette.base.array_size import AXES
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import ArgumentError, BoundsError
from juliette.runtime.modules import Base
from juliette.runtime.ranges import AbstractUnitRange

# ---------------------------------------------------------------- sizes and positions


def several(t: Any) -> Any:
    """`NTuple{N, t} where N`"""
    n = T.TypeVar("N")
    return T.UnionAll(n, T.tuple_type([T.Vararg(t, n)]))


DIM_OR_IND = T.union(T.Integer, AbstractUnitRange)
Base.const("DimOrInd", DIM_OR_IND, export=False)
Base.const("DimsInteger", several(T.Integer), export=False)
Base.const("Indices", several(AbstractUnitRange), export=False)
Base.const("_default_splice", vector([], T.Any_), export=False)


@Base.method("has_offset_axes(arrays...)", export=False)
def has_offset_axes(*arrays: Any) -> bool:
    """Does one of the arrays count its elements otherwise than from 1?

    ```jldoctest
    julia> Base.has_offset_axes([1], [1 2; 3 4])
    false
    ```
    """
    first = Base.bindings["first"]
    return any(
        not isinstance(a, (Array, V.ColonType, int, float)) and any(first(r) != 1 for r in AXES(a))
        for a in arrays
    )


@Base.method("require_one_based_indexing(arrays...)", export=False)
def require_one_based_indexing(*arrays: Any) -> bool:
    """Refuse arrays that do not count their elements from 1.

    ```jldoctest
    julia> Base.require_one_based_indexing([1])
    true
    ```
    """
    if has_offset_axes(*arrays):
        raise ArgumentError(
            "offset arrays are not supported but got an array with index other than 1"
        )
    return True


@Base.method("throw_boundserror(a, index)", export=False)
def throw_boundserror(a: Any, index: Any) -> None:
    """Refuse a position."""
    raise BoundsError(a, index if isinstance(index, tuple) else (index,))


# ---------------------------------------------------------------- tuple types


@Base.method("tuple_type_head(t::Type)", export=False)
def tuple_type_head(t: Any) -> Any:
    """The first member of a tuple type.

    ```jldoctest
    julia> Base.tuple_type_head(Tuple{Int, String})
    Int64
    ```
    """
    return Base.bindings["fieldtype"](t, 1)


@Base.method("tuple_type_tail(t::Type)", export=False)
def tuple_type_tail(t: Any) -> Any:
    """A tuple type without its first member.

    ```jldoctest
    julia> Base.tuple_type_tail(Tuple{Int, String})
    Tuple{String}
    ```
    """
    return T.tuple_type(list(t.parameters[1:]))


# ---------------------------------------------------------------- without bounds, and for what is false


@Base.method("unsafe_getindex(a::AbstractArray, index...)", export=False, transparent=True)
def unsafe_getindex(a: Any, *index: Any) -> Any:
    """`a[index...]` of a program that has checked the bounds (they are checked here all the same)."""
    return Base.bindings["getindex"](a, *index)


@Base.method("unsafe_setindex!(a::AbstractArray, x, index...)", export=False, transparent=True)
def unsafe_setindex(a: Any, x: Any, *index: Any) -> Any:
    """`a[index...] = x` of a program that has checked the bounds (they are checked here all the same)."""
    return Base.bindings["setindex!"](a, x, *index)


@Base.method("findnextnot(b::BitArray, i::Integer)", export=False)
def findnextnot(b: Any, i: int) -> Any:
    """The first position from `i` on that is false, or `nothing`.

    ```jldoctest
    julia> Base.findnextnot(BitVector([1, 1, 0]), 1)
    3
    ```
    """
    return Base.bindings["findnext"](Base.bindings["!"], b, i)


@Base.method("findprevnot(b::BitArray, i::Integer)", export=False)
def findprevnot(b: Any, i: int) -> Any:
    """The last position up to `i` that is false, or `nothing`.

    ```jldoctest
    julia> Base.findprevnot(BitVector([0, 1, 1]), 3)
    1
    ```
    """
    return Base.bindings["findprev"](Base.bindings["!"], b, i)


# ---------------------------------------------------------------- vectors that grow and shrink


@Base.method("_growend!(a::Vector, n::Integer)", export=False)
def grow_end(a: Any, n: int) -> None:
    """Room for `n` elements more at the end.

    ```jldoctest
    julia> a = [1, 2]; Base._growend!(a, 2); length(a)
    4
    ```
    """
    Base.bindings["resize!"](a, len(a.data) + int(n))


@Base.method("_growbeg!(a::Vector, n::Integer)", export=False)
def grow_beginning(a: Any, n: int) -> None:
    """Room for `n` elements more at the beginning."""
    grow_at(a, 1, n)


@Base.method("_growat!(a::Vector, i::Integer, n::Integer)", export=False)
def grow_at(a: Any, i: int, n: int) -> None:
    """Room for `n` elements more before the one at `i`.

    ```jldoctest
    julia> a = [1, 2, 3]; Base._growat!(a, 2, 1); a[1], a[3:4]
    (1, [2, 3])
    ```
    """
    count, i, n = len(a.data), int(i), int(n)
    grow_end(a, n)
    Base.bindings["copyto!"](a, i + n, a, i, count - i + 1)


@Base.method("_deleteend!(a::Vector, n::Integer)", export=False)
def delete_end(a: Any, n: int) -> None:
    """Without the last `n` elements.

    ```jldoctest
    julia> a = [1, 2, 3, 4]; Base._deleteend!(a, 1); Base._deletebeg!(a, 1); a
    2-element Vector{Int64}:
     2
     3
    ```
    """
    Base.bindings["resize!"](a, len(a.data) - int(n))


@Base.method("_deletebeg!(a::Vector, n::Integer)", export=False)
def delete_beginning(a: Any, n: int) -> None:
    """Without the first `n` elements."""
    delete_at(a, 1, n)


@Base.method("_deleteat!(a::Vector, i::Integer, n::Integer)", export=False)
def delete_at(a: Any, i: int, n: int) -> None:
    """Without the `n` elements from `i` on."""
    i = int(i)
    Base.bindings["deleteat!"](a, Base.bindings["UnitRange"](i, i + int(n) - 1))


@Base.method("StringVector(n::Integer)", export=False)
def string_vector(n: int) -> Any:
    """Bytes for a string that is to be made of them."""
    return Base.bindings["zeros"](T.UInt8, n)
