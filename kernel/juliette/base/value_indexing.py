"""`x[i]` of what is no array: tuples, named tuples, numbers, references and pairs."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    is_array,
)
from juliette.base.indices import LogicalIndex
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    BoundsError,
    MethodError,
    UndefRefError,
)
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol


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
    from juliette.base.fields import getfield

    if type(i) is int:
        if not 1 <= i <= len(t.values):
            raise BoundsError(t, (i,))
        return t.values[i - 1]
    if type(i) is tuple or is_array(i):
        from juliette.compiler import support

        names = tuple(n.name for n in support.iterate(i) if isinstance(n, Symbol))
        if len(names) != Base.bindings["length"](i):
            raise MethodError(Base.bindings["getindex"], (t, i), None)
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


@Base.method("size(r::Ref)")
def size_of_ref(r: V.Ref) -> tuple[int, ...]:
    """A reference has no dimensions: `()`.

    ```jldoctest
    julia> r = Ref(2.5);

    julia> size(r), axes(r), length(r), ndims(r), eltype(r), collect(r)
    ((), (), 1, 0, Float64, fill(2.5))
    ```
    """
    return ()


Base.method("axes(r::Ref)")(size_of_ref)


@Base.method("length(r::Ref)")
def length_of_ref(r: V.Ref) -> int:
    return 1


@Base.method("ndims(r::Union{Ref, Type{<:Ref}})")
def ndims_of_ref(r: Any) -> int:
    return 0


@Base.method("setindex!(r::Ref, x)", transparent=True)
def setindex_ref(r: V.Ref, x: Any) -> Any:
    r.x = x if r.eltype is T.Any_ else convert_element(r.eltype, x)
    return r


@Base.method("getindex(p::Pair, i::Integer)", transparent=True)
def getindex_pair(p: V.Pair, i: int) -> Any:
    if i not in (1, 2):
        raise BoundsError(p, (i,))
    return (p.first, p.second)[i - 1]
