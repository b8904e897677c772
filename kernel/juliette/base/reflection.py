"""Looking at types: `supertype`, `fieldnames`, `isbitstype`, `sizeof`.

The layout of fields, by which sizes are reckoned, is here with the questions that need it: hence the length.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import make, pack
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    JuliaException,
    MethodError,
    TypeError_,
)
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Symbol


def vector(items: list[Any], eltype: Any) -> Any:
    """A Julia vector of these items."""
    return make(pack(items, eltype), eltype)


# ---------------------------------------------------------------- types


@Base.method("typeof(x)", transparent=True)
def typeof(x: Any) -> Any:
    """The concrete type of `x`.

    ```jldoctest
    julia> typeof(1.5)
    Float64
    ```
    """
    return T.typeof(x)


@Base.method("isa(x, t)", transparent=True)
def isa(x: Any, t: Any) -> bool:
    """Is `x` of type `t`?

    ```jldoctest
    julia> isa(1, Number)
    true
    ```
    """
    if not isinstance(t, T.JuliaType):
        raise TypeError_(Symbol("isa"), "", T.Type_, t)
    return T.isa(x, t)


def type_argument(name: str, a: Any) -> Any:
    """The argument, if it is a type."""
    if isinstance(a, (T.JuliaType, T.TypeVar)):
        return a
    raise TypeError_(Symbol(name), "", T.Type_, a)


@Base.method("<:(a, b)", transparent=True)
def issubtype(a: Any, b: Any) -> bool:
    """Is `a` a subtype of `b`?

    ```jldoctest
    julia> Vector{Int} <: AbstractArray
    true
    ```
    """
    return T.subtype(type_argument("<:", a), type_argument("<:", b))


@Base.method(">:(a, b)", transparent=True)
def issupertype(a: Any, b: Any) -> bool:
    """Is `a` a supertype of `b`?

    ```jldoctest
    julia> Real >: Int
    true
    ```
    """
    return T.subtype(type_argument("<:", b), type_argument("<:", a))


@Base.method("supertype(t::DataType)", transparent=True)
def supertype(t: Any) -> Any:
    """The type right above `t`.

    ```jldoctest
    julia> supertype(Int32)
    Signed
    ```
    """
    return t.super


@Base.method("supertype(t::UnionAll)", transparent=True)
def supertype_of_family(t: Any) -> Any:
    above = supertype_of_family(t.body) if isinstance(t.body, T.UnionAll) else supertype(t.body)
    return T.UnionAll(t.var, above) if t.var in T.free_vars(above) else above


@Base.method("typeintersect(a::Type, b::Type)")
def typeintersect(a: Any, b: Any) -> Any:
    """A type that contains what is of both types.

    ```jldoctest
    julia> typeintersect(Union{Int, String}, Real)
    Int64
    ```
    """
    return T.intersect(a, b)


@Base.method("typejoin(a::Type, b::Type, ts::Type...)")
def typejoin(*ts: Any) -> Any:
    """The closest type above all of them that is no union.

    ```jldoctest
    julia> typejoin(Int8, Int16)
    Signed
    ```
    """
    out = T.Bottom
    for t in ts:
        out = T.join(out, t)
    return out


@Base.method("promote_typejoin(a::Type, b::Type)", export=False)
def promote_typejoin(a: Any, b: Any) -> Any:
    """`typejoin`, but unions with `Nothing` and `Missing` stay unions."""
    special = [t for t in (T.Nothing, V.Missing_) if T.subtype(t, a) or T.subtype(t, b)]

    def rest(t: Any) -> Any:
        parts = t.types if isinstance(t, T.UnionType) else (t,)
        return T.union(*(p for p in parts if p not in (T.Nothing, V.Missing_)))

    return T.union(T.join(rest(a), rest(b)), *special)


@Base.method("morespecific(a, b)", export=False)
def morespecific(a: Any, b: Any) -> bool:
    """Would a method of signature `a` win against one of signature `b`?"""
    return T.more_specific(a, b)


def family_of(t: Any) -> T.TypeName | None:
    """What the instantiations of a type share."""
    body = T.unwrap(t)
    return body.typename if isinstance(body, T.DataType) else None


@Base.method("isconcretetype(t)", transparent=True)
def isconcretetype(t: Any) -> bool:
    """Can a value have exactly this type?

    ```jldoctest
    julia> isconcretetype(Vector), isconcretetype(Vector{Int})
    (false, true)
    ```
    """
    return T.is_concrete(t)


@Base.method("isabstracttype(t)", transparent=True)
def isabstracttype(t: Any) -> bool:
    """Was `t` declared abstract?

    ```jldoctest
    julia> isabstracttype(Real)
    true
    ```
    """
    family = family_of(t)
    return family is not None and family.abstract


@Base.method("isprimitivetype(t)")
def isprimitivetype(t: Any) -> bool:
    """Was `t` declared with `primitive type`?

    ```jldoctest
    julia> isprimitivetype(Int8)
    true
    ```
    """
    family = family_of(t)
    return family is not None and family.primitive_bits > 0


@Base.method("isstructtype(t)")
def isstructtype(t: Any) -> bool:
    """Was `t` declared as a struct?

    ```jldoctest
    julia> isstructtype(Pair), isstructtype(Int)
    (true, false)
    ```
    """
    family = family_of(t)
    return family is not None and not family.abstract and not family.primitive_bits


@Base.method("ismutabletype(t)")
def ismutabletype(t: Any) -> bool:
    """Are the values of `t` mutable?

    ```jldoctest
    julia> ismutabletype(Vector{Int})
    true
    ```
    """
    family = family_of(t)
    return family is not None and (family.mutable or t in (T.String, T.Symbol_))


@Base.method("ismutable(x)")
def ismutable(x: Any) -> bool:
    """Is the value mutable?

    ```jldoctest
    julia> ismutable([1]), ismutable((1,))
    (true, false)
    ```
    """
    return ismutabletype(T.typeof(x))


@Base.method("isimmutable(x)")
def isimmutable(x: Any) -> bool:
    """Is the value immutable?"""
    return not ismutable(x)


@Base.method("isbitstype(t)")
def isbitstype(t: Any) -> bool:
    """Is the type immutable, without references to other values?

    ```jldoctest
    julia> isbitstype(Tuple{Int, Float64}), isbitstype(UnitRange{Int}), isbitstype(String)
    (true, true, false)
    ```
    """
    if not isinstance(t, T.DataType) or not t.concrete or t.typename.mutable:
        return False
    if t.typename.primitive_bits:
        return True
    if t in (T.String, T.Symbol_, T.Module_) or t.typename.abstract:
        return False
    if T.subtype(t, T.Type_):
        return False
    if T.subtype(t, T.AbstractRange) or t.typename.name == "CartesianIndex":
        # their fields are of the types that are their parameters
        return all(isbitstype(p) for p in t.parameters if isinstance(p, T.JuliaType))
    return all(map(isbitstype, field_types(t)))


@Base.method("isbits(x)")
def isbits(x: Any) -> bool:
    """Is the value of a type for which `isbitstype` holds?

    ```jldoctest
    julia> isbits(1.0)
    true
    ```
    """
    return isbitstype(T.typeof(x))


@Base.method("issingletontype(t)", export=False)
def issingletontype(t: Any) -> bool:
    """Is there just one value of the type?"""
    return (
        T.is_concrete(t)
        and not t.typename.mutable
        and not t.typename.primitive_bits
        and not (field_types(t) or t in (T.String, T.Symbol_, T.Module_))
    )


@Base.method("unwrap_unionall(t)", export=False)
def unwrap_unionall(t: Any) -> Any:
    """The body under all `where`s."""
    return T.unwrap(t)


@Base.method("uniontypes(t)", export=False)
def uniontypes(t: Any) -> Any:
    """The members of a union."""
    return vector(list(t.types) if isinstance(t, T.UnionType) else [t], T.Any_)


# ---------------------------------------------------------------- fields of types


def declare_fields(name: str, fields: str, types: Any) -> None:
    """The fields of a parametric type of the runtime's, in terms of its parameters."""
    family = T.unwrap(T.CORE_TYPES[name]).typename
    family.fields = tuple(fields.split())
    family.field_types = tuple(types(*family.params))
    family.ninitialized = len(family.fields)
    family.is_struct = True


declare_fields("Pair", "first second", lambda a, b: (a, b))


def fields_of(t: Any) -> tuple[str | int, ...]:
    """Names (numbers, for tuples) of a type's fields."""
    body = T.unwrap(t)
    if isinstance(body, T.UnionType) or not isinstance(body, T.DataType):
        raise ArgumentError("type does not have a definite number of fields")
    if body.typename is T.TUPLE_NAME:
        if body.parameters and isinstance(body.parameters[-1], T.Vararg):
            raise ArgumentError("type does not have a definite number of fields")
        return tuple(range(1, len(body.parameters) + 1))
    if body.typename.name == "NamedTuple":
        names = body.parameters[0]
        if not isinstance(names, tuple):
            raise ArgumentError("type does not have a definite number of fields")
        return tuple(n.name for n in names)
    if body.typename.abstract:
        raise ArgumentError("type does not have a definite number of fields")
    return body.fields


def field_types(t: Any) -> tuple[Any, ...]:
    """The types of a type's fields."""
    body = T.unwrap(t)
    if isinstance(body, T.DataType):
        if body.typename is T.TUPLE_NAME:
            return tuple(body.parameters)
        if body.typename.name == "NamedTuple":
            types = body.parameters[1]
            return (
                tuple(types.parameters)
                if isinstance(types, T.DataType)
                else (T.Any_,) * len(fields_of(t))
            )
        return body.field_types
    return ()


@Base.method("fieldnames(t)", transparent=True)
def fieldnames(t: Any) -> tuple[Any, ...]:
    """The names of a type's fields.

    ```jldoctest
    julia> fieldnames(Pair)
    (:first, :second)
    ```
    """
    body = T.unwrap(t)
    if not isinstance(t, T.JuliaType):
        raise MethodError(Base.bindings["fieldnames"], (t,), None)
    if (
        isinstance(body, T.DataType)
        and body.typename.abstract
        and body.typename.name != "NamedTuple"
    ):
        raise ArgumentError("type does not have a definite number of fields")
    return tuple(Symbol(f) if isinstance(f, str) else f for f in fields_of(t))


@Base.method("fieldcount(t)", transparent=True)
def fieldcount(t: Any) -> int:
    """How many fields a type has.

    ```jldoctest
    julia> fieldcount(Tuple{Int, Int})
    2
    ```
    """
    body = T.unwrap(t)
    if (
        isinstance(body, T.DataType)
        and body.typename.name == "NamedTuple"
        and isinstance(body.parameters[0], T.TypeVar)
    ):
        kinds = body.parameters[1]  # the names are open, but the types may be there
        kinds = T.unwrap(kinds.upper if isinstance(kinds, T.TypeVar) else kinds)
        if isinstance(kinds, T.DataType) and not any(
            isinstance(p, T.Vararg) for p in kinds.parameters
        ):
            return len(kinds.parameters)
    return len(fields_of(t))


@Base.method("fieldname(t, i::Integer)")
def fieldname(t: Any, i: int) -> Any:
    """The name of the field of number `i`.

    ```jldoctest
    julia> fieldname(Pair, 1)
    :first
    ```
    """
    names = fieldnames(t)
    if i < 1:
        raise ArgumentError(f"Field numbers must be positive integers. {int(i)} is invalid.")
    if i > len(names):
        noun = "field" if len(names) == 1 else "fields"
        raise ArgumentError(
            f"Cannot access field {int(i)} since type {T.type_string(t)} only has {len(names)} {noun}."
        )
    return names[i - 1]


@Base.method("fieldtypes(t)", transparent=True)
def fieldtypes(t: Any) -> tuple[Any, ...]:
    """The types of a type's fields.

    ```jldoctest
    julia> fieldtypes(Pair{Int, String})
    (Int64, String)
    ```
    """
    fields_of(t)
    return tuple(_closed(kind, t) for kind in field_types(t))


@Base.method("fieldtype(t, name::Union{Symbol,Integer})")
def fieldtype(t: Any, name: Any) -> Any:
    """The declared type of a field, by name or number.

    ```jldoctest
    julia> fieldtype(Pair{Int, String}, :second)
    String
    ```
    """
    last = (
        t.parameters[-1]
        if isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME and t.parameters
        else None
    )
    if isinstance(last, T.Vararg) and not isinstance(name, Symbol):
        fixed = t.parameters[:-1]
        if name < 1:
            raise BoundsError(t, name)
        return fixed[name - 1] if name <= len(fixed) else last.type
    names = fields_of(t)
    kinds = field_types(t)
    if isinstance(name, Symbol):
        if name.name not in names:
            raise missing_field(t, name.name)
        found = kinds[names.index(name.name)]
    else:
        if not 1 <= name <= len(kinds):
            raise BoundsError(t, name)
        found = kinds[name - 1]
    return _closed(found, t)


def _closed(found: Any, t: Any) -> Any:
    """A field's type outside of its type: still open variables get their `where` back."""
    if isinstance(found, T.TypeVar):
        return found.upper
    while isinstance(t, T.UnionAll):
        if t.var in T.free_vars(found):
            found = T.UnionAll(t.var, found)
        t = t.body
    return found


def missing_field(t: Any, name: str) -> JuliaException:
    """`type P has no field q`"""
    family = family_of(t)
    shown = family.name.rpartition(".")[2] if family is not None else T.type_string(t)
    return ErrorException(f"type {shown} has no field {name}")


@Base.method("hasfield(t::Type, name::Symbol)")
def hasfield(t: Any, name: Symbol) -> bool:
    """Does the type have a field of this name?

    ```jldoctest
    julia> hasfield(Pair, :first)
    true
    ```
    """
    return name.name in fields_of(t)


@Base.method("fieldindex(t, name::Symbol, err=true)", export=False)
def fieldindex(t: Any, name: Symbol, err: bool = True) -> int:
    """The number of a field."""
    names = fields_of(t)
    if name.name in names:
        return names.index(name.name) + 1
    if err:
        raise missing_field(t, name.name)
    return 0


@Base.method("nfields(x)")
def nfields(x: Any) -> int:
    """How many fields the value has.

    ```jldoctest
    julia> nfields(1 => 2)
    2
    ```
    """
    return len(field_types(T.typeof(x)))


@Base.method("nameof(x)", transparent=True)
def nameof(x: Any) -> Symbol:
    """The name of a function, type or module.

    ```jldoctest
    julia> nameof(sin), nameof(Vector{Int}), nameof(Base)
    (:sin, :Array, :Base)
    ```
    """
    if isinstance(x, T.JuliaType):
        family = family_of(x)
        if family is None:
            raise MethodError(Base.bindings["nameof"], (x,), None)
        if family.name.startswith("#") and isinstance(family.module, Module):
            # The type of an anonymous function is a global of its module. Nobody finds that
            # without the name, so it is one from now on, and types that nobody asks for can go.
            family.module.bindings.setdefault(family.name, family.wrapper)
        return Symbol(family.name)
    generic = getattr(x, "generic", x)
    name = getattr(generic, "name", None)
    if name is None or isinstance(generic, Symbol):
        raise MethodError(Base.bindings["nameof"], (x,), None)
    return Symbol(name)


# ---------------------------------------------------------------- sizes


def layout(t: Any) -> tuple[int, int]:
    """(size, alignment) of a concrete type in bytes, as it lies in a field."""
    if isinstance(t, T.DataType) and t.concrete:
        if t.typename.primitive_bits:
            size = max(1, t.typename.primitive_bits // 8)
            return size, min(size, 16)
        if not t.typename.mutable and t not in (T.String, T.Symbol_, T.Module_):
            return struct_layout(field_types(t))
    if isinstance(t, T.UnionType) and t.types and all(isbitstype(x) for x in t.types):
        parts = [layout(x) for x in t.types]
        align = max(1, *(a for _, a in parts))
        size = max(s for s, _ in parts)
        return -(-(size + 1) // align) * align, align
    return 8, 8


def struct_layout(types: tuple[Any, ...]) -> tuple[int, int]:
    """(size, alignment) of fields one after the other."""
    offset, align = 0, 1
    for t in types:
        size, a = layout(t)
        offset = -(-offset // a) * a + size
        align = max(align, a)
    return -(-offset // align) * align, align


@Base.method("sizeof(x)")
def sizeof(x: Any) -> int:
    """How many bytes the value takes.

    ```jldoctest
    julia> sizeof(1.0f0), sizeof("αβ"), sizeof(Int8)
    (4, 4, 1)
    ```
    """
    if isinstance(x, T.JuliaType):
        bare = T.unwrap(x)
        if isinstance(bare, T.DataType) and bare.typename.abstract:
            raise ErrorException(f"Abstract type {bare.name} does not have a definite size.")
        if isinstance(x, T.UnionType) and not x.types:
            raise ErrorException(
                "The empty type does not have a definite size since it does not have instances."
            )
        if isinstance(x, T.UnionType) and all(
            isinstance(t, T.DataType) and t.concrete and not t.typename.mutable for t in x.types
        ):
            return max(layout(t)[0] for t in x.types)
        if isinstance(bare, T.UnionType):
            raise ErrorException("Argument is an abstract type and does not have a definite size.")
        if not isinstance(x, T.DataType):
            raise ErrorException(
                f"Argument is an incomplete {bare.name} type and does not have a definite size."
            )
        if not x.concrete:
            raise ErrorException(
                f"Argument is an incomplete {x.name} type and does not have a definite size."
            )
        if x in (T.String, T.Symbol_) or x.typename is T.unwrap(T.Array_).typename:
            raise ErrorException("Argument does not have a definite size.")
        if x.typename.mutable:
            return struct_layout(field_types(x))[0]
        return layout(x)[0]
    if isinstance(x, str):
        return len(x.encode("utf-8", "surrogatepass"))
    if isinstance(x, Symbol):
        return len(x.name.encode())
    data = getattr(x, "data", None)
    if isinstance(data, np.ndarray) and T.isa(x, T.AbstractArray):
        return int(data.size) * layout(x.eltype)[0]
    t = T.typeof(x)
    return struct_layout(field_types(t))[0] if t.typename.mutable else layout(t)[0]


@Base.method("summarysize(x)", export=False)
def summarysize(x: Any) -> int:
    """About how many bytes a value and all it refers to take in Julia.

    ```jldoctest
    julia> Base.summarysize(1.0)
    8
    ```
    """
    return _total(x, set())


def _total(x: Any, seen: set[int]) -> int:
    t = T.typeof(x)
    if isbitstype(t):
        return layout(t)[0]
    if id(x) in seen:
        return 0
    seen.add(id(x))
    if isinstance(x, str):
        return 8 + sizeof(x)
    if isinstance(x, (Symbol, T.JuliaType, Module, GenericFunction)):
        return 0
    data = getattr(x, "data", None)
    if isinstance(data, np.ndarray):
        if data.dtype != object:
            return 40 + sizeof(x)
        return 40 + sum(8 + _total(v, seen) for v in data.ravel().tolist())
    if isinstance(x, (tuple, V.NamedTuple)):
        return struct_layout(field_types(t))[0] + sum(
            _total(v, seen) for v in x if not isbitstype(T.typeof(v))
        )
    fields = getattr(type(x), "fields", t.fields)
    return struct_layout(field_types(t))[0] + sum(
        _total(getattr(x, f), seen)
        for f in fields
        if hasattr(x, f) and not isbitstype(T.typeof(getattr(x, f)))
    )
