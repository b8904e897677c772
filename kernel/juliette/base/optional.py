"""Values that may be missing: `Some`, `something`, `coalesce`, `nonmissingtype`."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, constructors

Some_ = T.sub_family("Some", "T", lambda t: T.Any_)
_family = T.unwrap(Some_).typename
_family.fields = ("value",)
_family.field_types = (_family.params[0],)
_family.ninitialized = 1
_family.is_struct = True
Base.const("Some", Some_)


class Some:
    """`Some(x)`: a value that is there, even if it is `nothing`."""

    __slots__ = ("kind", "value")
    fields = ("value",)
    value_fields = ("value",)

    def __init__(self, value: Any, kind: Any = None) -> None:
        self.value = value
        self.kind = kind if kind is not None else T.typeof(value)


T.register_instances(Some, lambda s: T.apply_type(Some_, s.kind), Some_)


@Base.method("Some(x)")
def some(t: Any, x: Any) -> Some:
    """A value that is there, even if it is `nothing`.

    ```jldoctest
    julia> something(Some(nothing))

    julia> Some(1).value
    1
    ```
    """
    return Some(x)


def _typed_some() -> None:
    var = T.TypeVar("T")
    signature = T.UnionAll(var, T.tuple_type([T.type_of_type(T.apply_type(Some_, var)), T.Any_]))
    from juliette.compiler.support import _builtin

    _builtin(
        constructors(Some_),
        signature,
        lambda t, x: Some(Base.bindings["convert"](t.parameters[0], x), t.parameters[0]),
        ("x",),
    )


_typed_some()


@Base.method("convert(::Type{Some{T}}, x::Some) where T", static=True)
def convert_some(t: Any, _: Any, x: Some) -> Some:
    return x if x.kind is t else Some(Base.bindings["convert"](t, x.value), t)


@Base.method("Nothing()")
def make_nothing(_: Any) -> None:
    """`nothing`"""
    return None


@Base.method("Missing()")
def make_missing(_: Any) -> Any:
    """`missing`"""
    return V.MISSING


@Base.method("something(xs...)", transparent=True)
def something(*xs: Any) -> Any:
    """The first argument that is not `nothing`, out of its `Some`.

    ```jldoctest
    julia> something(nothing, 3, 4)
    3
    ```
    """
    for x in xs:
        if x is not None:
            return x.value if isinstance(x, Some) else x
    raise ArgumentError("No value arguments present")


@Base.method("coalesce(xs...)", transparent=True)
def coalesce(*xs: Any) -> Any:
    """The first argument that is not `missing`.

    ```jldoctest
    julia> coalesce(missing, 1, 2)
    1
    ```
    """
    for x in xs:
        if x is not V.MISSING:
            return x
    return V.MISSING


@Base.method("nonmissingtype(t::Type)")
def nonmissingtype(t: Any) -> Any:
    """A type without `Missing`.

    ```jldoctest
    julia> nonmissingtype(Union{Int, Missing})
    Int64
    ```
    """
    return without(t, V.Missing_)


@Base.method("nonnothingtype(t::Type)", export=False)
def nonnothingtype(t: Any) -> Any:
    """A type without `Nothing`."""
    return without(t, T.Nothing)


def without(t: Any, gone: Any) -> Any:
    """The members of a union besides one."""
    parts = t.types if isinstance(t, T.UnionType) else (t,)
    return T.union(*(p for p in parts if p is not gone))


@Base.method("notnothing(x)", export=False)
def notnothing(x: Any) -> Any:
    """The argument, which must not be `nothing`."""
    if x is None:
        raise ArgumentError("nothing passed to notnothing")
    return x


@Base.method("isnothing(x)", transparent=True)
def isnothing(x: Any) -> bool:
    """Is it `nothing`?

    ```jldoctest
    julia> isnothing(nothing)
    true
    ```
    """
    return x is None


@Base.method("ismissing(x)", transparent=True)
def ismissing(x: Any) -> bool:
    """Is it `missing`?

    ```jldoctest
    julia> ismissing(missing)
    true
    ```
    """
    return x is V.MISSING


@Base.method("show(io::IO, x::Some)")
def show_some(io: Any, x: Some) -> None:
    from juliette.display.show import show

    if io.get("typeinfo") is T.typeof(x):
        show(io, x.value)
        return
    io.write("Some(")
    show(io, x.value)
    io.write(")")
