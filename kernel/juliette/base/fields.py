"""Fields and properties: `getfield`, `setfield!`, `x.name`, `propertynames`, `isdefined`."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import make, pack
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import (
    BoundsError,
    ConcurrencyViolationError,
    ErrorException,
    JuliaException,
    TypeError_,
    UndefRefError,
)
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import checked
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def getproperty(x: Any, name: Any) -> Any:
    """`x.name`"""
    custom = GETPROPERTY.cache or GETPROPERTY.methods or GETPROPERTY.traced_rule is not None
    if custom and type(x) not in _PLAIN:
        return GETPROPERTY(x, name)
    return getfield(x, name)


_PLAIN: set[type] = {V.NamedTuple, V.DeclaredNamedTuple, Module}
# How values of Python libraries answer for their fields: f(x, name).
PROPERTIES: dict[type, Any] = {}


def _type_field(x: Any, name: str) -> Any:
    from juliette.base.type_fields import FIELDS

    return FIELDS[type(x)](x, name)


PROPERTIES.update(
    dict.fromkeys((T.DataType, T.TypeName, T.UnionAll, T.UnionType, T.TypeVar), _type_field)
)


def numbered_field(x: Any, i: int) -> Any:
    """The field of a number; that of a tuple is its element."""
    values = x if type(x) is tuple else x.values if isinstance(x, V.NamedTuple) else None
    names = T.typeof(x).fields if values is None else ()
    if not 1 <= i <= len(names if values is None else values):
        raise BoundsError(x, i)
    return values[i - 1] if values is not None else getfield(x, Symbol(names[i - 1]))


def getfield(x: Any, name: Any) -> Any:
    if type(name) is int:
        return numbered_field(x, name)
    if type(name) is not Symbol:
        raise TypeError_(Symbol("getfield"), "", T.Symbol_, name)
    key = name.name
    if isinstance(x, V.NamedTuple):
        if key in x.names:
            return x.values[x.names.index(key)]
        raise field_error(x, key)
    if isinstance(x, Module):
        return x.get(key)
    if isinstance(x, Expr):
        if key == "head":
            return Symbol(x.head)
        if key != "args":
            raise field_error(x, key)
        if x._vector is None:
            x._vector = make(pack(x._args, T.Any_), T.Any_)
        return x._vector
    if isinstance(x, QuoteNode) and key == "value":
        return x.value
    special = PROPERTIES.get(type(x))
    if special is not None:
        return special(x, key)
    fields = getattr(x, "fields", None)
    if fields is None:
        fields = T.typeof(x).fields if isinstance(T.typeof(x), T.DataType) else ()
    if key in fields:
        if key == "data" and isinstance(x, V.Wrapper):
            return x.parent
        try:
            value = getattr(x, key)
        except AttributeError:
            raise UndefRefError() from None
        return value
    foreign = FIELD_HOOKS.get(type(x))
    if foreign is None:
        for cls in type(x).__mro__:
            if cls in FIELD_HOOKS:
                foreign = FIELD_HOOKS[cls]
                break
    if foreign is not None:
        return foreign(x, key)
    raise field_error(x, key)


# How fields of values from Python libraries are read.
FIELD_HOOKS: dict[type, Any] = {}


def field_error(x: Any, name: str) -> JuliaException:
    if isinstance(x, T.JuliaType):
        return ErrorException(f"type {T.type_string(T.typeof(x))} has no field {name}")
    t = T.typeof(x)
    shown = T.unwrap(t).typename.name if isinstance(T.unwrap(t), T.DataType) else T.type_string(t)
    return ErrorException(f"type {shown.rpartition('.')[2]} has no field {name}")


GETPROPERTY = GenericFunction("getproperty", Base)
SETPROPERTY = GenericFunction("setproperty!", Base)
Base.const("getproperty", GETPROPERTY)
Base.const("setproperty!", SETPROPERTY)


@Base.method("getproperty(x, name)", transparent=True)
def _getproperty(x: Any, name: Any) -> Any:
    return getfield(x, name)


@Base.method("getfield(x, name)", transparent=True)
def _getfield(x: Any, name: Any) -> Any:
    """The field of `x` with this name or number."""
    return getfield(x, name)


def setfield(
    x: Any, name: Any, value: Any, *, atomic: bool = False, verb: str = "setfield!"
) -> Any:
    """Change a field; one that is declared `@atomic` only in an atomic step."""
    if type(x) is tuple:
        raise ErrorException("setfield!: immutable struct of type Tuple cannot be changed")
    if type(name) is int:
        names = T.typeof(x).fields
        if not 1 <= name <= len(names):
            raise BoundsError(x, name)
        name = Symbol(names[name - 1])
    if type(name) is not Symbol:
        raise TypeError_(Symbol("setfield!"), "", T.Symbol_, name)
    key = name.name
    if isinstance(x, Expr):
        if key == "head":
            x.head = value.name
        else:
            x.args = value.data.tolist()
        return value
    if isinstance(x, Module):
        raise ErrorException("cannot assign variables in other modules")
    t = T.typeof(x)
    fields = x.names if isinstance(x, V.NamedTuple) else t.fields
    if key not in fields:
        raise field_error(x, key)
    if not t.typename.mutable:
        raise ErrorException(
            f"setfield!: immutable struct of type {t.typename.name} cannot be changed"
        )
    if key in t.typename.field_consts:
        raise ErrorException(
            f"setfield!: const field .{key} of type {t.typename.name} cannot be changed"
        )
    if atomic is not (key in t.typename.field_atomics):
        kind, how = ("non-atomic", "atomically") if atomic else ("atomic", "non-atomically")
        raise ConcurrencyViolationError(f"{verb}: {kind} field cannot be written {how}")
    ft = t.field_types[fields.index(key)]
    if ft is not T.Any_:
        value = checked(Base.bindings["convert"](ft, value), ft, "setfield!")
    setattr(x, key, value)
    return value


@Base.method("setproperty!(x, name, value)", transparent=True)
def _setproperty(x: Any, name: Any, value: Any) -> Any:
    return setfield(x, name, value)


@Base.method("setproperty!(m::Module, name::Symbol, value)")
def _set_variable(m: Module, name: Symbol, value: Any) -> Any:
    """`M.x = value`: the variable is made, if there is none."""
    return Base.get("setglobal!")(m, name, value)


@Base.method("setfield!(x, name, value)", transparent=True)
def _setfield(x: Any, name: Any, value: Any) -> Any:
    """Change a field of a mutable struct."""
    t = T.typeof(x)
    if type(name) is int and 1 <= name <= len(t.fields):
        name = Symbol(t.fields[name - 1])
    if isinstance(name, Symbol) and name.name in t.fields and t.typename.mutable:
        kind = t.field_types[t.fields.index(name.name)]
        if not T.isa(value, kind):
            raise TypeError_(Symbol("setfield!"), "", kind, value)
    elif not isinstance(x, Module) and not t.typename.mutable:
        raise ErrorException(
            f"setfield!: immutable struct of type {t.typename.name} cannot be changed"
        )
    return setfield(x, name, value)


@Base.method("propertynames(x)", transparent=True)
def propertynames(x: Any) -> tuple[Any, ...]:
    """The names that may follow the dot after `x`."""
    if isinstance(x, V.NamedTuple):
        return tuple(map(Symbol, x.names))
    return (
        tuple(range(1, len(x) + 1)) if type(x) is tuple else tuple(map(Symbol, T.typeof(x).fields))
    )


@Base.method("hasproperty(x, s)", transparent=True)
def hasproperty(x: Any, s: Symbol) -> bool:
    """Does `x` have a property of this name?"""
    return s in Base.bindings["propertynames"](x)


def _has_field(t: Any, name: Symbol) -> bool:
    """Has a type such a field, such as the one value of it, its `instance`?"""
    try:
        getfield(t, name)
    except (ErrorException, UndefRefError):
        return False
    return True


@Base.method("isdefined(x, name)", transparent=True)
def isdefined(x: Any, name: Any) -> bool:
    """Is the field or global assigned?"""
    if isinstance(x, Module) and type(name) is Symbol:
        return x.has(name.name)
    if type(name) is int and not isinstance(x, Module):
        if type(x) is tuple or isinstance(x, V.NamedTuple):
            return 1 <= name <= len(x.values if isinstance(x, V.NamedTuple) else x)
        names = T.typeof(x).fields
        return 1 <= name <= len(names) and hasattr(x, names[name - 1])
    if type(name) is not Symbol:
        raise TypeError_(Symbol("isdefined"), "", T.Symbol_, name)
    if type(x) is T.DataType:
        return _has_field(x, name)
    return name.name in x.names if isinstance(x, V.NamedTuple) else hasattr(x, name.name)
