"""What values share and how types lie in memory: `mightalias`, `dataids`, `datatype_haspadding` and their like."""

from __future__ import annotations

from typing import Any

from juliette.base.reflection import field_types, layout
from juliette.runtime import types as T
from juliette.runtime.modules import Base

# ---------------------------------------------------------------- arrays


@Base.method("dataids(a::AbstractArray)", export=False)
def dataids(a: Any) -> tuple[Any, ...]:
    """Numbers of the pieces of memory that the array shows.

    ```jldoctest
    julia> v = [1, 2]; Base.dataids(v) == Base.dataids(view(v, 1:1))
    true
    ```
    """
    parent = Base.bindings["parent"](a)
    return (Base.bindings["objectid"](a),) if parent is a else Base.bindings["dataids"](parent)


@Base.method("dataids(x)", export=False)
def no_dataids(x: Any) -> tuple[Any, ...]:
    return ()


@Base.method("mightalias(a::AbstractArray, b::AbstractArray)", export=False)
def mightalias(a: Any, b: Any) -> bool:
    """Could writing to one array change the other?

    ```jldoctest
    julia> v = [1, 2, 3]; Base.mightalias(v, view(v, 2:3)), Base.mightalias(v, copy(v))
    (true, false)
    ```
    """
    ids = Base.bindings["dataids"]
    return not set(map(int, ids(a))).isdisjoint(map(int, ids(b)))


@Base.method("mightalias(a, b)", export=False)
def might_not_alias(a: Any, b: Any) -> bool:
    return False


@Base.method("unaliascopy(a)", export=False)
def unaliascopy(a: Any) -> Any:
    """A copy of its own memory, of the same type."""
    return Base.bindings["copy"](a)


@Base.method("unalias(dest, a)", export=False)
def unalias(dest: Any, a: Any) -> Any:
    """`a`, or a copy of it if writing to `dest` could change it.

    ```jldoctest
    julia> v = [1, 2, 3]; Base.unalias(v, v) === v
    false
    ```
    """
    return Base.bindings["unaliascopy"](a) if Base.bindings["mightalias"](dest, a) else a


# ---------------------------------------------------------------- types


def _plain(t: Any) -> bool:
    """Is a value of the type stored in its place, without a reference?"""
    return bool(Base.bindings["isbitstype"](t))


@Base.method("isbitsunion(t::Type)", export=False)
def isbitsunion(t: Any) -> bool:
    """Is it a union of bits types only?

    ```jldoctest
    julia> Base.isbitsunion(Union{Int8, Float32}), Base.isbitsunion(Union{Int8, Symbol})
    (true, false)
    ```
    """
    return isinstance(t, T.UnionType) and bool(t.types) and all(map(_plain, t.types))


@Base.method("datatype_haspadding(t::DataType)", export=False)
def datatype_haspadding(t: Any) -> bool:
    """Are there bytes between or after the fields that hold nothing?

    ```jldoctest
    julia> Base.datatype_haspadding(Tuple{Int8, Int64}), Base.datatype_haspadding(Tuple{Int8, Int8})
    (true, false)
    ```
    """
    parts = field_types(t)
    return bool(parts) and sum(layout(part)[0] for part in parts) != layout(t)[0]


@Base.method("datatype_pointerfree(t::DataType)", export=False)
def datatype_pointerfree(t: Any) -> bool:
    """Does a value of the type hold no reference to another?

    ```jldoctest
    julia> Base.datatype_pointerfree(Tuple{Int8, Int64}), Base.datatype_pointerfree(Pair{Int, String})
    (true, false)
    ```
    """
    return all(map(_plain, field_types(t)))
