"""`@enum`: types with a fixed set of named values."""

from __future__ import annotations

from typing import Any, ClassVar

from juliette.base.code_macros import call
from juliette.compiler.support import _builtin
from juliette.compiler.type_support import check_free
from juliette.display.io import IO
from juliette.display.show import one_line
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module, constructors, is_plain_name
from juliette.syntax.expr import Expr, LineNumberNode, Symbol

_variable = T.TypeVar("T", None, T.Integer)
Enum_ = T.define("Enum", T.Any_, [_variable], abstract=True, module=Base)
Base.const("Enum", Enum_)


class EnumValue:
    """Base of the classes of enum types: one instance for each name."""

    __slots__ = ("name", "number")
    instances: ClassVar[dict[Any, EnumValue]] = {}

    def __init__(self, name: str, number: Any) -> None:
        self.name = name
        self.number = number


@Base.macro("enum")
def enum(context: Any, head: Any, *items: Any) -> Any:
    """`@enum Fruit apple=1 orange`: a type with these values.

    Base type and numbers are computed, and judged, while the macro is expanded.
    """
    if not items:
        raise ArgumentError(f"no arguments given for Enum {text_of(head)}")
    name, kind = head, T.Int32
    module: Module = context.module

    def value_of(code: Any) -> Any:
        return context.compiler.run(code, module, context.file, context.line)

    if (
        isinstance(head, Expr)
        and head.head == "::"
        and len(head.args) == 2
        and isinstance(head.args[0], Symbol)
    ):
        name, kind = head.args[0], value_of(head.args[1])
        if (
            not isinstance(kind, T.DataType)
            or not kind.typename.primitive_bits
            or not T.subtype(kind, T.Integer)
        ):
            raise ArgumentError(
                f"invalid base type for Enum {name.name}, {text_of(head)}=::{text_of(kind)}; "
                "base type must be an integer primitive type"
            )
    elif not isinstance(head, Symbol):
        raise ArgumentError(f"invalid type expression for enum {text_of(head)}")
    numbers = _numbers(name.name, kind, items, value_of)
    # A docstring above documents the type, as `@__doc__` says in Julia.
    documented = Expr("block", Expr("meta", Symbol("doc")), Symbol(name.name))
    # In a function or a `let` nothing is at top level.
    return Expr(
        "toplevel", call(lambda: define_enum(module, name.name, kind, numbers)), documented, None
    )


def text_of(x: Any) -> str:
    """What `print` writes."""
    return str(Base.bindings["string"](x))


def _numbers(enum: str, kind: Any, items: tuple[Any, ...], value_of: Any) -> dict[Any, str]:
    """The names of an enum by their numbers, in order."""
    if len(items) == 1 and isinstance(items[0], Expr) and items[0].head == "block":
        items = tuple(items[0].args)
    named: dict[Any, str] = {}
    lowest, one = Base.bindings["typemin"](kind), Base.bindings["one"](kind)
    number = Base.bindings["zero"](kind)
    for item in items:
        if isinstance(item, LineNumberNode):
            continue
        if isinstance(item, Symbol):
            name = item.name
            if named and number == lowest:
                raise ArgumentError(f'overflow in value "{name}" of Enum {enum}')
        elif (
            isinstance(item, Expr) and item.head in ("=", "kw") and isinstance(item.args[0], Symbol)
        ):
            name, number = item.args[0].name, value_of(item.args[1])
            if not T.isa(number, T.Integer):
                raise ArgumentError(
                    f"invalid value for Enum {enum}, {text_of(item)}; values must be integers"
                )
            number = Base.bindings["convert"](kind, number)
        else:
            raise ArgumentError(f"invalid argument for Enum {enum}: {text_of(item)}")
        if not is_plain_name(name):
            raise ArgumentError(f'invalid name for Enum {enum}; "{name}" is not a valid identifier')
        if number in named:
            raise ArgumentError(
                f"both {name} and {named[number]} have value {text_of(number)} in Enum {enum}; "
                "values must be unique"
            )
        if name in named.values():
            raise ArgumentError(f'name "{name}" in Enum {enum} is not unique')
        named[number] = name
        number = Base.bindings["+"](number, one)
    return named


def define_enum(module: Module, name: str, kind: Any, numbers: dict[Any, str]) -> None:
    """Make the type and its values, and bind their names."""
    check_free(module, name)
    t = T.define(name, T.apply_type(Enum_, kind), module=module, bits=kind.typename.primitive_bits)
    instances: dict[Any, EnumValue] = {}
    cls = type(name, (EnumValue,), {"__slots__": (), "instances": instances, "julia_type": t})
    T.register_class(cls, t)
    module.set(name, t, const=True)
    for number, text in numbers.items():
        made = instances[int(number)] = cls(text, number)
        module.set(text, made, const=True)

    def construct(_: Any, x: Any) -> Any:
        found = instances.get(int(x))
        if found is None:
            raise ArgumentError(f"invalid value for Enum {name}: {one_line(x)}")
        return found

    _builtin(constructors(t), T.tuple_type([T.type_of_type(t), T.Integer]), construct, ("x",))
    _builtin(constructors(t), T.tuple_type([T.type_of_type(t), t]), lambda _, x: x, ("x",))


# ---------------------------------------------------------------- what they can do


@Base.method("instances(t::Type)")
def instances(t: Any) -> tuple[Any, ...]:
    """All values of an enum type.

    ```jldoctest
    julia> @enum Suit hearts spades

    julia> instances(Suit)
    (hearts, spades)
    ```
    """
    cls = t.pyclass if isinstance(t, T.DataType) else None
    if cls is None or not issubclass(cls, EnumValue):
        raise MethodError(Base.bindings["instances"], (t,), None)
    found = sorted(cls.instances.items(), key=lambda item: int(item[0]))
    return tuple(v for _, v in found)


@Base.method("Integer(x::Enum)")
def integer(_: Any, x: EnumValue) -> Any:
    return x.number


for _t in (T.Int8, T.Int16, T.Int32, T.Int64, T.UInt8, T.UInt16, T.UInt32, T.UInt64):

    @Base.method(f"{_t.name}(x::Enum)")
    def as_integer(t: Any, x: EnumValue) -> Any:
        return Base.bindings["convert"](t, x.number)


@Base.method("convert(::Type{T}, x::Enum) where T<:Integer", static=True)
def convert_enum(t: Any, _: Any, x: EnumValue) -> Any:
    return Base.bindings["convert"](t, x.number)


@Base.method("Symbol(x::Enum)")
def enum_symbol(_: Any, x: EnumValue) -> Symbol:
    return Symbol(x.name)


@Base.method("isless(x::Enum, y::Enum)")
def enum_less(x: EnumValue, y: EnumValue) -> bool:
    return bool(int(x.number) < int(y.number))


@Base.method("<(x::Enum, y::Enum)")
def enum_before(x: EnumValue, y: EnumValue) -> bool:
    return bool(int(x.number) < int(y.number))


@Base.method("typemin(t::Type{<:Enum})")
def enum_typemin(t: Any) -> Any:
    return instances(t)[0]


@Base.method("typemax(t::Type{<:Enum})")
def enum_typemax(t: Any) -> Any:
    return instances(t)[-1]


@Base.method("show(io::IO, x::Enum)")
def show_enum(io: IO, x: EnumValue) -> None:
    io.write(x.name)


@Base.method("print(io::IO, x::Enum)")
def print_enum(io: IO, x: EnumValue) -> None:
    io.write(x.name)


@Base.method('show(io::IO, ::MIME"text/plain", x::Enum)')
def show_enum_long(io: IO, _: Any, x: EnumValue) -> None:
    io.write(
        f"{x.name}::{T.typeof(x).typename.name} = {one_line(x.number) if not isinstance(x.number, int) else x.number}"
    )


@Base.method('show(io::IO, ::MIME"text/plain", t::Type{<:Enum})')
def show_enum_type(io: IO, _: Any, t: Any) -> None:
    if not isinstance(t, T.DataType) or t.typename.abstract:
        io.write(T.type_string(t))
        return
    io.write(f"Enum {T.type_string(t)}:")
    for v in instances(t):
        io.write(f"\n{v.name} = {one_line(v.number)}")


# ---------------------------------------------------------------- Base.Enums

Enums = Module("Enums", Base)
Enums.visible = Enums.bindings["__builtins__"] = Base.bindings
Base.const("Enums", Enums, export=False)
Enums.const("Enum", Enum_)


def _class(t: Any) -> Any:
    cls = t.pyclass if isinstance(t, T.DataType) else None
    if cls is None or not issubclass(cls, EnumValue):
        raise MethodError(Enums.bindings["basetype"], (t,), None)
    return cls


@Enums.method("basetype(t::Type{<:Enum})", export=False)
def basetype(t: Any) -> Any:
    """The type of the numbers of an enum type.

    ```jldoctest
    julia> @enum Suit::UInt8 hearts spades

    julia> Base.Enums.basetype(Suit)
    UInt8
    ```
    """
    return T.typeof(next(iter(_class(t).instances.values())).number)


@Enums.method("namemap(t::Type{<:Enum})", export=False)
def namemap(t: Any) -> Any:
    """The names of an enum type by their numbers."""
    out = V.JuliaDict(basetype(t), T.Symbol_)
    for value in _class(t).instances.values():
        Base.get("setindex!")(out, Symbol(value.name), value.number)
    return out
