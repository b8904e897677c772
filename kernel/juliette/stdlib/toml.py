"""The module TOML: reading and printing of configuration files."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.enums import define_enum
from juliette.base.iteration import iterate_value
from juliette.base.strings.values import is_string, text_of
from juliette.display.io import IO, STDOUT
from juliette.display.numbers import float_text
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ErrorException, NoMethod, _exception
from juliette.runtime.modules import Base, Module
from juliette.runtime.text import is_valid
from juliette.stdlib.toml_parse import MESSAGES, dates, parsed, pointed

_FIELDS = "type data str filepath line column pos table"
ParserError = _exception("Base.TOML.ParserError", _FIELDS)
Internals = Module("Internals")
_PARSER = T.define("Base.TOML.Parser", T.Any_)


class Parser:
    """A parser that can be used again, or has the text to read already."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


T.register_class(Parser, _PARSER)


def failure(kind: str, data: Any, *rest: Any) -> Any:
    """The ParserError."""
    if kind == "InvalidBareKeyCharacter":
        data = Base.bindings["first"](data) if data else Base.bindings["typemax"](T.Char_)
    return ParserError(Internals.bindings[f"Err{kind}"], data, *rest)


# ---------------------------------------------------------------- printing


def key_text(key: str) -> str:
    plain = key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
    return key if plain else string_text(key)


def string_text(s: str) -> str:
    escapes = {
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\f": "\\f",
        "\r": "\\r",
        '"': '\\"',
        "\\": "\\\\",
    }
    if not is_valid(s):
        bad = next(c for c in iterate_value(s) if not Base.bindings["isvalid"](c))
        shown = Base.bindings["repr"](bad)
        raise ErrorException(
            f"TOML print: invalid character {shown} encountered when printing string"
        )
    control = {chr(c) for c in (*range(32), *range(127, 160))} - set(escapes)
    return '"' + "".join(f"\\u{ord(c):04x}" if c in control else escapes.get(c, c) for c in s) + '"'


def is_table(x: Any) -> bool:
    return T.isa(x, T.AbstractDict)


def is_array_of_tables(x: Any) -> bool:
    if not T.isa(x, T.AbstractArray):
        return False
    values = list(iterate_value(x))
    return bool(values) and all(map(is_table, values))


def is_value(x: Any) -> bool:
    """A value of a type that TOML has."""
    kinds = (T.Integer, T.AbstractFloat, T.AbstractString, T.AbstractVector, T.AbstractDict)
    return any(T.isa(x, t) for t in kinds) or date_format(x) != ""


def date_format(x: Any) -> str:
    """How a date or a time is written; "" for other values."""
    for name, form in (
        ("DateTime", r"YYYY-mm-dd\THH:MM:SS.sss\Z"),
        ("Date", "YYYY-mm-dd"),
        ("Time", "HH:MM:SS.sss"),
    ):
        if T.type_string(T.typeof(x)).split(".")[-1] == name and T.isa(x, dates().get(name)):
            return form
    return ""


def converted(x: Any, convert: Any) -> Any:
    """A value that TOML has, made by the user's function where need be."""
    if is_value(x):
        return x
    name = T.type_string(T.typeof(x))
    if convert is None:
        raise ErrorException(
            f"type `{name}` is not a valid TOML type, pass a conversion function to `TOML.print`"
        )
    out = convert(x)
    if not is_value(out):
        raise ErrorException(
            f"TOML syntax function for type `{name}` did not return a valid TOML type "
            f"but a `{T.type_string(T.typeof(out))}`"
        )
    return out


def value_text(x: Any, convert: Any) -> str:
    """A value after the equals sign."""
    x = converted(x, convert)
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x)).lower()
    if T.isa(x, T.Unsigned):
        digits = f"{int(x):x}"
        return f"0x{'0' * (len(digits) % 2)}{digits}"
    if T.isa(x, T.Integer):
        return str(int(x))
    if T.isa(x, T.AbstractFloat):
        x = float(Base.bindings["Float64"](x))
        if x != x or x in (float("inf"), float("-inf")):
            return "nan" if x != x else "+inf" if x > 0 else "-inf"
        return float_text(x)
    if is_string(x):
        return string_text(text_of(x))
    if is_table(x):
        pairs = [f"{key_text(name(k))} = {value_text(v, convert)}" for k, v in pairs_of(x)]
        return "{" + ", ".join(pairs) + "}"
    if T.isa(x, T.AbstractArray):
        return "[" + ", ".join(value_text(v, convert) for v in iterate_value(x)) + "]"
    return text_of(dates().get("format")(x, date_format(x)))


def name(key: Any) -> str:
    return text_of(Base.bindings["String"](key))


def pairs_of(d: Any) -> list[tuple[Any, Any]]:
    return [(p.first, p.second) for p in iterate_value(d)]


def write_table(
    io: IO, d: Any, path: tuple[str, ...], options: dict[str, Any], indent: int, first: bool = True
) -> None:
    """The plain values of a table first, then the tables in it."""
    convert = options["convert"]
    items = pairs_of(d)
    if options["sorted"]:
        order = Base.bindings["sort!"].call_kw(
            {"by": options["by"]}, Base.bindings["collect"](Base.bindings["keys"](d))
        )
        items = [(k, Base.bindings["getindex"](d, k)) for k in iterate_value(order)]
    items = [(k, converted(v, convert)) for k, v in items]
    inline = options["inline"]
    tabular = [
        (is_table(v) and not is_inline(v, inline)) or is_array_of_tables(v) for _, v in items
    ]
    for (k, v), nested in zip(items, tabular, strict=True):
        if not nested:
            pad = "    " * max(indent - 1, 0)
            io.write(f"{pad}{key_text(name(k))} = {value_text(v, convert)}\n")
            first = False
    for (k, v), nested in zip(items, tabular, strict=True):
        if not nested:
            continue
        deeper = (*path, key_text(name(k)))
        title = "    " * indent + "[" + ".".join(deeper) + "]"
        if is_table(v):
            values = [x for _, x in pairs_of(v)]
            header = not all(
                (is_table(x) and not is_inline(x, inline)) or is_array_of_tables(x) for x in values
            )
            if header or not values:
                io.write(("" if first else "\n") + title + "\n")
                first = False
                write_table(io, v, deeper, options, indent + 1)
            else:
                write_table(io, v, deeper, options, indent, first=False)
            continue
        if not first:
            io.write("\n")
        first = False
        for t in iterate_value(v):
            io.write("    " * indent + "[[" + ".".join(deeper) + "]]\n")
            write_table(io, t, deeper, options, indent + 1)


def is_inline(x: Any, inline: Any) -> bool:
    return inline is not None and bool(Base.bindings["in"](x, inline))


# ---------------------------------------------------------------- the module


def define_internals(module: Module) -> None:
    """The parser's types and the kinds of its errors."""
    Internals.parent = module
    kinds = {np.int32(n): f"Err{kind}" for n, kind in enumerate(MESSAGES)}
    define_enum(Internals, "ErrorType", T.Int32, kinds)
    Internals.set("ParserError", T.CORE_TYPES["Base.TOML.ParserError"], const=True)
    Internals.set("Parser", _PARSER, const=True)
    module.set("Internals", Internals, const=True)


def content(x: Any) -> str:
    return str(Base.bindings["read"](x, T.String)) if isinstance(x, IO) else text_of(x)


def file_content(path: Any) -> str:
    if not Base.bindings["isfile"](path):
        raise ErrorException(f"{Base.bindings['repr'](path)}: No such file")
    return str(Base.bindings["read"](path, T.String))


def thrown(x: Any) -> Any:
    if isinstance(x, ParserError):
        raise x
    return x


def load(module: Module) -> None:
    """Fill the module."""
    define_internals(module)
    module.const("ParserError", T.CORE_TYPES["Base.TOML.ParserError"], export=False)
    for own in ("parse", "tryparse", "print"):
        module.set(own, GenericFunction(own, module), const=True)

    module.const("Parser", _PARSER, export=False)

    @module.method("Parser(x...)", export=False)
    def parser(_: Any, *x: Any) -> Parser:
        """A parser, which can be used for many texts."""
        return Parser(content(*x) if x else "")

    @module.method("tryparse(x, xs...)", export=False)
    def tryparse(*x: Any) -> Any:
        """The tables of a TOML string or stream, or the `ParserError` that says what is wrong.

        ```jldoctest
        julia> using TOML

        julia> e = TOML.tryparse("a = 1__0");

        julia> e isa TOML.ParserError, string(e.type), e.line, e.pos
        (true, "ErrUnderscoreNotSurroundedByDigits", 1, 6)
        ```
        """
        return parsed(x[-1].text if isinstance(x[-1], Parser) else content(x[-1]), None, failure)

    @module.method("parse(x, xs...)", export=False)
    def parse(*x: Any) -> Any:
        """The tables of a TOML string or stream; a parser may be given before it.

        ```jldoctest
        julia> using TOML

        julia> TOML.parse("[server]\\nport = 80")
        Dict{String, Any} with 1 entry:
          "server" => Dict{String, Any}("port"=>80)
        ```
        """
        return thrown(tryparse(*x))

    Internals.set("parse", module.bindings["parse"], const=True)
    Internals.set("tryparse", module.bindings["tryparse"], const=True)

    @module.method("tryparsefile(x, xs...)", export=False)
    def tryparsefile(*x: Any) -> Any:
        """The tables of a TOML file, or the `ParserError` that says what is wrong."""
        return parsed(file_content(x[-1]), text_of(Base.bindings["abspath"](x[-1])), failure)

    @module.method("parsefile(x, xs...)", export=False)
    def parsefile(*x: Any) -> Any:
        """The tables of a TOML file; a parser may be given before its path."""
        return thrown(tryparsefile(*x))

    @module.method("print(args...; sorted=false, by=identity, inline_tables=nothing)", export=False)
    def print_(*args: Any, sorted: bool = False, by: Any = None, inline_tables: Any = None) -> None:
        """Print a dictionary as TOML.

        ```jldoctest
        julia> using TOML

        julia> TOML.print(Dict("name" => "x", "size" => [1, 2]); sorted = true)
        name = "x"
        size = [1, 2]
        ```
        """
        rest = list(args)
        convert = rest.pop(0) if rest and (callable(rest[0]) or rest[0] is None) else None
        io = rest.pop(0) if rest and isinstance(rest[0], IO) else STDOUT
        if len(rest) != 1 or not T.isa(rest[0], Base.bindings["AbstractDict"]):
            raise NoMethod("a dictionary is needed")
        by = Base.bindings["identity"] if by is None else by
        options = {"sorted": sorted, "by": by, "convert": convert, "inline": inline_tables}
        write_table(io, rest[0], (), options, 0)

    @module.method("showerror(io::IO, e::ParserError)", export=False)
    def showerror(io: IO, e: Any) -> None:
        styled = Base.bindings["printstyled"]
        styled.call_kw({"color": Base.bindings["error_color"]()}, io, "TOML Parser error:\n")
        file = "none" if e.filepath is None else e.filepath
        styled.call_kw({"bold": True}, io, f"{file}:{e.line}:{e.column}")
        styled.call_kw({"color": Base.bindings["error_color"]()}, io, " error: ")
        kind = e.type.name[3:]
        message = MESSAGES[kind]
        if kind == "InvalidBareKeyCharacter":
            shown = Base.bindings["escape_string"](Base.bindings["string"](e.data))
            message += f": '{shown}'"
        line, mark = pointed(e.str, e.pos, kind == "UnexpectedEofExpectedValue")
        io.write(f"{message}\n  {line}\n  {mark}")
