"""Looking at modules, and what `InteractiveUtils` offers: `names`, `subtypes`, `methodswith`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from juliette.base.method_reflection import Method_, _signature, method_for
from juliette.base.reflection import family_of, fields_of, vector
from juliette.display.io import IO, STDOUT
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction, Method
from juliette.runtime.errors import MethodError, UndefVarError
from juliette.runtime.modules import PACKAGES, SESSION, Base, Core, Module
from juliette.syntax.expr import Symbol

# Julia's Core has these types; all others without a module of their own are Base's.
_CORE_TYPES = frozenset(
    [
        "AbstractArray",
        "AbstractChar",
        "AbstractFloat",
        "AbstractString",
        "Any",
        "ArgumentError",
        "Array",
        "AssertionError",
        "Bool",
        "BoundsError",
        "Char",
        "DataType",
        "DenseArray",
        "DivideError",
        "DomainError",
        "ErrorException",
        "Exception",
        "Expr",
        "Float16",
        "Float32",
        "Float64",
        "Function",
        "GlobalRef",
        "IO",
        "InexactError",
        "InitError",
        "Int128",
        "Int16",
        "Int32",
        "Int64",
        "Int8",
        "Integer",
        "InterruptException",
        "LineNumberNode",
        "LoadError",
        "Method",
        "MethodError",
        "Module",
        "NamedTuple",
        "Nothing",
        "Number",
        "OutOfMemoryError",
        "OverflowError",
        "Pair",
        "QuoteNode",
        "ReadOnlyMemoryError",
        "Real",
        "Ref",
        "Signed",
        "StackOverflowError",
        "String",
        "Symbol",
        "Task",
        "Tuple",
        "Type",
        "TypeError",
        "TypeName",
        "TypeVar",
        "TypeofBottom",
        "UInt128",
        "UInt16",
        "UInt32",
        "UInt64",
        "UInt8",
        "UndefInitializer",
        "UndefKeywordError",
        "UndefRefError",
        "UndefVarError",
        "Union",
        "UnionAll",
        "Unsigned",
        "Vararg",
        "WeakRef",
    ]
)


def _owner(name: str) -> Module:
    return Core if name in _CORE_TYPES else Base


@Base.method("parentmodule(x)")
def parentmodule(x: Any) -> Any:
    """The module that a function, type or module belongs to.

    ```jldoctest
    julia> parentmodule(sin), parentmodule(UnitRange), parentmodule(Int)
    (Base, Base, Core)
    ```
    """
    if isinstance(x, Module):
        return x.parent
    if isinstance(x, T.JuliaType):
        family = family_of(x)
        if family is None:
            return Core
        known = family.module
        return known if known is not None and known is not Core else _owner(family.name)
    if isinstance(x, Method):
        return x.module
    generic = getattr(x, "generic", x)
    if not isinstance(generic, GenericFunction):
        raise MethodError(Base.bindings["parentmodule"], (x,), None)
    return generic.module


@Base.method("parentmodule(f, types)")
def parentmodule_of_method(f: Any, types: Any) -> Any:
    return method_for(f, _signature(types)).module


@Base.method("moduleroot(m::Module)", export=False)
def moduleroot(m: Module) -> Module:
    """The outermost module around a module."""
    while m.parent is not m and m.parent.name != "Main":
        m = m.parent
    return m.parent if m.parent.name == "Main" else m


@Base.method("fullname(m::Module)")
def fullname(m: Module) -> tuple[Symbol, ...]:
    """The path of names that leads to a module.

    ```jldoctest
    julia> fullname(Base)
    (:Base,)
    ```
    """
    return tuple(map(Symbol, m.path))


@Base.method("names(m::Module; all=false, imported=false)")
def names(m: Module, *, all: bool = False, imported: bool = False) -> Any:
    """The names that a module exports, in order.

    ```jldoctest
    julia> module Shapes
               export area
               area(r) = 3r^2
               hidden() = 1
           end;

    julia> names(Shapes)
    2-element Vector{Symbol}:
     :Shapes
     :area
    ```
    """
    m.load()
    shown = set(m.exports)
    if m.name in m.bindings or m.name == "Main":
        shown.add(m.name)
    own = {
        n
        for n in (*m.bindings, *getattr(m.bindings, "deferred", ()))
        if not n.startswith(("__builtins__", "%")) and (imported or n not in m.imported)
    }
    if all:
        shown |= own
    elif m.name == "Main":
        shown |= {n for n in own if not n.startswith("#") and n not in _MAIN_HIDDEN}
        shown |= {"Base", "Core"}
    return vector([Symbol(n) for n in sorted(shown)], T.Symbol_)


_MAIN_HIDDEN = frozenset(("ans", "err", "eval", "include", "ARGS"))


@Base.method("isexported(m::Module, s::Symbol)", export=False)
def isexported(m: Module, s: Symbol) -> bool:
    """Does the module export the name?"""
    return s.name in m.exports


@Base.method("isconst(m::Module, s::Symbol)")
def isconst(m: Module, s: Symbol) -> bool:
    """Is the global a constant?

    ```jldoctest
    julia> isconst(Base, :pi)
    true
    ```
    """
    return s.name in m.consts or (m is Base and m.has(s.name))


@Base.method("isconst(t::DataType, s::Union{Symbol,Int})")
def isconst_field(t: Any, s: Any) -> bool:
    names_ = fields_of(t)
    if not t.typename.mutable or (type(s) is int and not 1 <= s <= len(names_)):
        return True
    return (s.name if isinstance(s, Symbol) else names_[s - 1]) in t.typename.field_consts


@Base.method("isfieldatomic(t::Type, s)", export=False)
def isfieldatomic(t: Any, s: Any) -> bool:
    """Is a field declared `@atomic`?

    ```jldoctest
    julia> mutable struct Counter; @atomic n::Int; end

    julia> Base.isfieldatomic(Counter, :n)
    true
    ```
    """
    names_ = fields_of(T.unwrap(t))
    return (s.name if isinstance(s, Symbol) else names_[s - 1]) in T.unwrap(
        t
    ).typename.field_atomics


@Base.method("binding_module(m::Module, s::Symbol)", export=False)
def binding_module(m: Module, s: Symbol) -> Module:
    """The module in which a name that `m` sees was defined."""
    if s.name in m.bindings:
        value = m.bindings[s.name]
        home = getattr(value, "module", None)
        return home if s.name in m.imported and isinstance(home, Module) else m
    if s.name in m.implicit:
        return m.implicit[s.name]
    if m.has(s.name):
        return Base
    raise UndefVarError(s)


# ---------------------------------------------------------------- InteractiveUtils


def all_types() -> Iterator[Any]:
    """Every type that a module which has been loaded gives a name."""
    seen: set[int] = set()
    pending: list[Module] = [SESSION.main, Base, *PACKAGES.values()]
    while pending:
        m = pending.pop(0)
        if id(m) in seen or m.loader is not None:
            continue
        seen.add(id(m))
        for value in list(m.bindings.values()):
            if isinstance(value, Module):
                pending.append(value)
            elif isinstance(value, T.JuliaType) and id(value) not in seen:
                body = T.unwrap(value)
                if isinstance(body, T.DataType) and body.typename.wrapper is value:
                    seen.add(id(value))
                    yield value


@Base.method("subtypes(t::Type)")
def subtypes(t: Any) -> Any:
    """The types right below an abstract type.

    ```jldoctest
    julia> abstract type Shape end

    julia> struct Square <: Shape end

    julia> subtypes(Shape)
    1-element Vector{Any}:
     Square
    ```
    """
    goal = family_of(t)
    found = []
    for s in all_types():
        body = T.unwrap(s)
        above = T.unwrap(body.super)
        if (
            s is T.Any_
            or goal is None
            or not isinstance(above, T.DataType)
            or above.typename is not goal
        ):
            continue
        body = T.unwrap(t)
        if any(not isinstance(p, T.TypeVar) for p in body.parameters):
            # `subtypes(Top{Int})`: with the parameters that `t` asks for.
            meet = T.intersect(s, t)
            if meet is T.Bottom:
                continue
            s = meet
        found.append(s)
    found.sort(key=lambda s: T.type_string(s))
    return vector(found, T.Any_) if found else vector([], T.Type_)


@Base.method("supertypes(t::Type)")
def supertypes(t: Any) -> tuple[Any, ...]:
    """A type and all above it.

    ```jldoctest
    julia> supertypes(Int)
    (Int64, Signed, Integer, Real, Number, Any)
    ```
    """
    out = [t]
    while out[-1] is not T.Any_:
        out.append(Base.bindings["supertype"](out[-1]))
    return tuple(out)


@Base.method("show_supertypes(io::IO, t::DataType)", export=False)
def show_supertypes_to(io: IO, t: Any) -> None:
    """Write the types above a type to a stream, the nearest first."""
    io.write(" <: ".join(map(T.type_string, T.supertypes(t))))


@Base.method("show_supertypes(t::DataType)", export=False)
def show_supertypes(t: Any) -> None:
    """Print the types above a type, the nearest first.

    ```jldoctest
    julia> Base.show_supertypes(UInt8)
    UInt8 <: Unsigned <: Integer <: Real <: Number <: Any
    ```
    """
    show_supertypes_to(STDOUT, t)


@Base.method("methodswith(t::Type; supertypes=false)")
def methodswith(t: Any, *, supertypes: bool = False) -> Any:
    """The methods that take an argument of a type; of a function or a module, if one is named.

    ```jldoctest
    julia> struct Coin end

    julia> worth(::Coin) = 5;

    julia> length(methodswith(Coin)), length(methodswith(Coin, worth)), length(methodswith(Coin, Base))
    (1, 1, 0)
    ```
    """
    return methods_with(t, (SESSION.main, Base), supertypes)


@Base.method("methodswith(t::Type, m::Module; supertypes=false)")
def methodswith_in(t: Any, m: Module, *, supertypes: bool = False) -> Any:
    return methods_with(t, (m,), supertypes)


@Base.method("methodswith(t::Type, f::Function; supertypes=false)")
def methodswith_of(t: Any, f: Any, *, supertypes: bool = False) -> Any:
    return vector(takers(t, f, supertypes), Method_)


def methods_with(t: Any, modules: tuple[Module, ...], supertypes: bool) -> Any:
    functions = {
        id(f): f
        for module in modules
        for f in list(module.bindings.values())
        if isinstance(f, GenericFunction)
    }
    return vector([m for f in functions.values() for m in takers(t, f, supertypes)], Method_)


def takers(t: Any, f: Any, supertypes: bool) -> list[Method]:
    """The methods of a function that have a parameter of a type, or of one above it but `Any`."""

    def takes(k: Any) -> bool:
        if k is t or (isinstance(k, T.UnionType) and t in k.types):
            return True
        above = supertypes and k is not T.Any_ and isinstance(k, T.JuliaType)
        return above and not T.has_free(k) and T.subtype(t, k)

    f.settle()
    return [
        m
        for m in f.methods
        if any(takes(p.type if isinstance(p, T.Vararg) else p) for p in m.parameters)
    ]
