"""The fields of types themselves: `parameters`, `name`, `super`, `instance`, `var`, `body`, `a`, `b`, `ub`."""

from __future__ import annotations

from typing import Any

from juliette.base.fields import field_error
from juliette.base.reflection import field_types, issingletontype
from juliette.base.simple_vector import SimpleVector
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import MethodError, UndefRefError
from juliette.runtime.modules import Base
from juliette.runtime.structs import new
from juliette.syntax.expr import Symbol


def data_type_field(t: Any, name: str) -> Any:
    """`Vector{Int}.parameters`"""
    if name == "parameters":
        return SimpleVector(t.parameters)
    if name == "name":
        return t.typename
    if name == "super":
        return t.super
    if name == "types":
        return SimpleVector(field_types(t))
    if name == "instance":
        return instance_of(t)
    raise field_error(t, name)


def instance_of(t: Any) -> Any:
    """The one value of a type that has just one, such as `nothing` or a function."""
    if t.typename.singleton is not None:
        return t.typename.singleton
    if t in _INSTANCES:
        return _INSTANCES[t]
    function = T.subtype(t, T.Function_)
    if not issingletontype(t) or (function and t.pyclass is None):
        raise UndefRefError()
    return new(t, (), None) if function or t.typename.is_struct else t()


_INSTANCES: dict[Any, Any] = {T.typeof(x): x for x in (None, V.MISSING, (), V.NamedTuple((), ()))}


def type_name_field(n: Any, name: str) -> Any:
    """`Int.name.wrapper`"""
    if name == "name":
        return Symbol(n.name)
    if name == "wrapper":
        return n.wrapper
    if name == "module":
        return Base.bindings["parentmodule"](n.wrapper)
    if name == "mt":
        return Base.bindings["methods"](n.singleton or n.wrapper).mt
    raise field_error(n, name)


def union_all_field(t: Any, name: str) -> Any:
    if name in ("var", "body"):
        return getattr(t, name)
    raise field_error(t, name)


def union_field(t: Any, name: str) -> Any:
    """A union is a pair of its first member and the rest."""
    if name == "a":
        return t.types[0]
    if name == "b":
        return T.union(*t.types[1:])
    raise field_error(t, name)


def variable_field(v: Any, name: str) -> Any:
    if name == "name":
        return Symbol(v.name)
    if name in ("lb", "ub"):
        return v.lower if name == "lb" else v.upper
    raise field_error(v, name)


FIELDS = {
    T.DataType: data_type_field,
    T.TypeName: type_name_field,
    T.UnionAll: union_all_field,
    T.UnionType: union_field,
    T.TypeVar: variable_field,
}


@Base.method("typename(t::Type)", export=False)
def typename(t: Any) -> Any:
    """What all types of a family share."""
    return T.unwrap(t).typename


@Base.method("TypeVar(name::Symbol, bounds...)")
def type_variable(cls: Any, name: Any, *bounds: Any) -> Any:
    """A type parameter, with its upper bound, or its lower and upper ones.

    ```jldoctest
    julia> TypeVar(:T, Real)
    T<:Real
    ```
    """
    if len(bounds) > 2:
        raise MethodError(cls, (name, *bounds))
    lower, upper = (None, *bounds, None)[:2] if len(bounds) < 2 else bounds
    return T.TypeVar(name.name, lower, upper)


@Base.method("UnionAll(v::TypeVar, t)")
def union_all(_: Any, v: Any, t: Any) -> Any:
    """`t where v`

    ```jldoctest
    julia> T = TypeVar(:T, Real); UnionAll(T, Vector{T})
    Vector{T} where T<:Real (alias for Array{T, 1} where T<:Real)
    ```
    """
    if v is t:
        return v.upper
    return T.UnionAll(v, t) if v in T.free_vars(t) else t


@Base.method("show(io::IO, v::TypeVar)")
def show_type_variable(io: Any, v: Any) -> None:
    low = "" if v.lower is T.Bottom else f"{T.type_string(v.lower)}<:"
    io.write(f"{low}{v.name}" + ("" if v.upper is T.Any_ else f"<:{T.type_string(v.upper)}"))


@Base.method("show(io::IO, v::Core.TypeofVararg)")
def show_vararg(io: Any, v: Any) -> None:
    """`Vararg{Int64, 2}`"""
    io.write(T.type_string(v))


@Base.method("show(io::IO, n::TypeName)")
def show_type_name(io: Any, n: Any) -> None:
    """`typename(Array)`"""
    io.write(f"typename({n.name})")
