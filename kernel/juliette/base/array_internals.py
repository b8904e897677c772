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
