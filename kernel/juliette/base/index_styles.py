"""How an array is best indexed: `IndexStyle`, `IndexLinear` and `IndexCartesian`."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import (
    array_parameters,
)
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.modules import Base


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
