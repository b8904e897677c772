"""What type definitions do when they run: new types, their fields and default constructors."""

from __future__ import annotations

from typing import Any

from juliette.compiler.support import _builtin, helper
from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime.dispatch import Method
from juliette.runtime.errors import ErrorException, TypeError_, UndefVarError
from juliette.runtime.modules import Base, Module, constructors
from juliette.syntax.expr import Symbol


@helper("define_struct")
def define_struct(
    module: Module,
    name: str,
    params: tuple[T.TypeVar, ...],
    sup: Any,
    mutable: bool,
) -> Any:
    """Make the type; its fields come with `define_fields`, since they may mention it."""
    t = T.define(name, checked_supertype(name, sup), params, mutable=mutable, module=module)
    family = T.unwrap(t).typename
    keep_bounds(family)
    family.make_class = structs.make_class
    family.is_struct = True
    check_free(module, name)
    return t


@helper("set_supertype")
def set_supertype(t: Any, sup: Any) -> Any:
    """Give a type its supertype afterwards, since that mentions the type itself."""
    family = T.unwrap(t).typename
    family.super = checked_supertype(family.name, sup)
    keep_bounds(family)
    return t


def keep_bounds(family: Any) -> None:
    """Have parameters refused that the supertype has no room for: `D{String}` of `D{T} <: Real1{T}`."""
    above = family.super
    if not isinstance(above, T.DataType) or not above.has_free:
        return
    wrapper = above.typename.wrapper
    bounded = any(v.upper is not T.Any_ or v.lower is not T.Bottom for v in above.typename.params)
    if not bounded and above.typename not in T.CHECKS:
        return

    def check(given: tuple[Any, ...]) -> None:
        if len(given) == len(family.params) and not any(map(T.has_free, given)):
            values = dict(zip(family.params, given, strict=True))
            T.apply_type(wrapper, *[T.substitute(p, values) for p in above.parameters])

    T.CHECKS[family] = check


@helper("open_abstract")
def open_abstract(module: Module, name: str, params: tuple[T.TypeVar, ...], bits: Any) -> Any:
    """An abstract or primitive type that has no supertype yet."""
    return T.define(name, T.Any_, params, abstract=bits is None, module=module, bits=bits or 0)


def checked_supertype(name: str, sup: Any) -> Any:
    """The declared supertype, if it can have subtypes."""
    if sup is None:
        return T.Any_
    why = ""
    if not isinstance(sup, T.DataType):
        why = "can only subtype data types"
    elif sup.typename is T.TUPLE_NAME:
        why = "cannot subtype a tuple type"
    elif sup.typename.name == "NamedTuple":
        why = "cannot subtype a named tuple type"
    elif T.subtype(sup, T.Type_):
        why = "cannot add subtypes to Type"
    elif not sup.typename.abstract:
        itself = sup.typename.name == name
        why = "a type cannot subtype itself" if itself else "can only subtype abstract types"
    if why:
        raise ErrorException(f"invalid subtyping in definition of {name}: {why}.")
    return sup


def check_free(module: Module, name: str) -> None:
    """A name that already means something else cannot become a type."""
    if name in module.bindings:
        old = module.bindings[name]
        if name in module.imported:
            raise ErrorException(
                f"cannot declare {module.name}.{name} constant; it was already declared as an import"
            )
        if name in module.consts:
            if not isinstance(T.unwrap(old), T.DataType):
                raise ErrorException(f"invalid redefinition of constant {module.name}.{name}")
        else:
            raise ErrorException(
                f"cannot declare {module.name}.{name} constant; it already has a value"
            )


@helper("define_fields")
def define_fields(
    module: Module,
    t: Any,
    names: tuple[str, ...],
    types: tuple[Any, ...],
    default_constructors: bool,
    consts: frozenset[str] = frozenset(),
    fewest: int | None = None,
    place: tuple[str, int] = ("none", 0),
    docs: dict[str, str] | None = None,
    atomics: frozenset[str] = frozenset(),
) -> Any:
    """Give a new struct its fields; the same definition again keeps the first type."""
    family = T.unwrap(t).typename
    for typ in types:
        if not isinstance(typ, (T.JuliaType, T.TypeVar)):
            raise TypeError_(Symbol(f"{family.name}"), "type definition", T.Type_, typ)
    family.fields = names
    family.field_types = types
    family.field_consts = consts
    family.field_atomics = atomics
    family.ninitialized = len(names) if fewest is None else fewest
    old = module.bindings.get(family.name)
    old_body = T.unwrap(old) if isinstance(old, T.JuliaType) else None
    if isinstance(old_body, T.DataType) and family.name in module.consts:
        if not same_definition(old_body.typename, family):
            raise ErrorException(f"invalid redefinition of constant {module.name}.{family.name}")
        t = old
    else:
        module.set(family.name, t, const=True)
    if docs:
        module.docs.update({f"{family.name}.{n}": text for n, text in docs.items()})
    if default_constructors:
        add_default_constructors(t, place)
    return t


def same_definition(old: T.TypeName, new: T.TypeName) -> bool:
    """Do two definitions of a struct say the same?"""
    if (
        old.fields != new.fields
        or old.mutable != new.mutable
        or old.field_consts != new.field_consts
        or old.field_atomics != new.field_atomics
        or old.abstract
        or old.primitive_bits
        or len(old.params) != len(new.params)
    ):
        return False
    return described(old) == described(new)


def described(family: T.TypeName) -> tuple[Any, ...]:
    """A family's bounds, supertype and field types, in words: its own name stands for itself."""
    return (
        *(T.bound_string(v) for v in family.params),
        T.type_string(family.super),
        *(T.type_string(t) for t in family.field_types),
    )


def add_default_constructors(t: Any, place: tuple[str, int]) -> None:
    """`P(x, y)` with exact types, and with conversion; for a parametric type also `P{T}(x, y)`."""
    family = T.unwrap(t).typename
    table = constructors(t)
    names = family.fields
    body = T.unwrap(t)

    def make(cls_type: Any, *values: Any) -> Any:
        return structs.new(cls_type, values, Base.bindings["convert"])

    if not family.params:
        exact = T.tuple_type([T.type_of_type(t), *family.field_types])
        _builtin(table, exact, make, names, rule="default constructor", place=place)
        if any(ft is not T.Any_ for ft in family.field_types):
            general = T.tuple_type([T.type_of_type(t), *[T.Any_] * len(names)])
            _builtin(table, general, make, names, rule="converting constructor", place=place)
        return
    signature: Any = T.tuple_type([T.type_of_type(t), *family.field_types])
    used = T.free_vars(signature)
    for var in reversed(family.params):
        if var in used:
            # `A<:AbstractVector{T}` tells what `T` is, too.
            used |= T.free_vars(var.upper)
    if all(v in used for v in family.params):
        for var in reversed(family.params):
            signature = T.UnionAll(var, signature)

        def specialised(method: Method, types: tuple[Any, ...], classes: Any, traced: bool) -> Any:
            values = method.static_parameters(types, told=True)
            for v in values:
                if isinstance(v, T.TypeVar):
                    raise UndefVarError(Symbol(v.name))
            concrete = T.apply_type(t, *values)
            convert = Base.bindings["convert"]

            def construct(_: Any, *args: Any) -> Any:
                return structs.new(concrete, args, convert)

            return construct

        method = Method(
            table,
            signature,
            specialised,
            arg_names=("T", *names),
            module=family.module,
            file=place[0],
            line=place[1],
        )
        method.rule = "default constructor"
        table.add(method)
    full: Any = T.tuple_type([T.type_of_type(body), *[T.Any_] * len(names)])
    for var in reversed(family.params):
        full = T.UnionAll(var, full)
    _builtin(table, full, make, names, rule="converting constructor", place=place)


@helper("new")
def new(t: Any, *values: Any) -> Any:
    """`new(values...)` in a constructor."""
    return structs.new(t, values, Base.bindings["convert"])


@helper("new_raw")
def new_raw(t: Any, *values: Any) -> Any:
    """`Expr(:new, t, values...)`, which macros and generated functions make: nothing is converted."""
    return structs.new(t, values, of_field)


def of_field(t: Any, value: Any) -> Any:
    """A value for a field of a type."""
    if not T.isa(value, t):
        raise TypeError_(Symbol("new"), "", t, value)
    return value


@helper("define_abstract")
def define_abstract(
    module: Module,
    name: str,
    params: tuple[T.TypeVar, ...],
    sup: Any,
    bits: Any,
    opened: Any = None,
) -> None:
    """`abstract type` and `primitive type`; one whose supertype mentions it is there already."""
    if bits is not None and (type(bits) is not int or bits < 1 or bits % 8 or bits >= 2**24):
        raise ErrorException(f"invalid number of bits in primitive type {name}")
    t = open_abstract(module, name, params, bits) if opened is None else opened
    set_supertype(t, sup)
    if bits is not None:
        T.unwrap(t).typename.make_class = structs.make_primitive
    check_free(module, name)
    old = module.bindings.get(name)
    if old is not None and name in module.consts:
        before, now = T.unwrap(old).typename, T.unwrap(t).typename
        if (
            before.abstract == now.abstract
            and before.primitive_bits == now.primitive_bits
            and (described(before) == described(now))
        ):
            return
        raise ErrorException(f"invalid redefinition of constant {module.name}.{name}")
    module.set(name, t, const=True)
