"""The module TOML: reading and printing of configuration files."""

from __future__ import annotations

import datetime
import tomllib
from typing import Any

from juliette.base.dictionaries import make_dict
from juliette.base.iteration import iterate_value
from juliette.base.strings.values import text_of
from juliette.display.io import IO, STDOUT
from juliette.display.numbers import float_text
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime.array import Array, elements, vector
from juliette.runtime.errors import ArgumentError, JuliaException, _exception
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.runtime.tables import JuliaDict

ParserError = _exception("TOML.ParserError", "msg line column")


def to_julia(x: Any) -> Any:
    """A value as it comes from a file."""
    if isinstance(x, dict):
        return make_dict(JuliaDict, T.String, T.Any_, [(k, to_julia(v)) for k, v in x.items()])
    if isinstance(x, list):
        items = [to_julia(v) for v in x]
        return vector(items, B.join_types(items) if items else T.Bottom)
    if isinstance(x, datetime.datetime):
        return dates().get("DateTime")(
            x.year, x.month, x.day, x.hour, x.minute, x.second, x.microsecond // 1000
        )
    if isinstance(x, datetime.date):
        return dates().get("Date")(x.year, x.month, x.day)
    if isinstance(x, datetime.time):
        return dates().get("Time")(x.hour, x.minute, x.second, x.microsecond // 1000)
    return x


def dates() -> Module:
    module = PACKAGES["Dates"]
    module.load()
    return module


def parsed(text: str) -> Any:
    """The tables of a TOML text."""
    try:
        return to_julia(tomllib.loads(text))
    except tomllib.TOMLDecodeError as e:
        message, _, place = str(e).partition(" (at ")
        numbers = [int(n) for n in "".join(c if c.isdigit() else " " for c in place).split()]
        line, column = numbers[:2] if len(numbers) >= 2 else (text.count("\n") + 1, 0)
        raise ParserError(message.lower(), line, column) from None


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
    return '"' + "".join(escapes.get(c) or (c if c >= " " else f"\\u{ord(c):04x}") for c in s) + '"'


def is_table(x: Any) -> bool:
    return isinstance(x, JuliaDict)


def is_array_of_tables(x: Any) -> bool:
    return isinstance(x, Array) and x.data.size > 0 and all(map(is_table, elements(x.data)))


def value_text(x: Any, convert: Any) -> str:
    """A value after the equals sign."""
    if isinstance(x, bool):
        return str(x).lower()
    if isinstance(x, int):
        return str(x)
    if isinstance(x, float):
        if x != x or x in (float("inf"), float("-inf")):
            return "nan" if x != x else "+inf" if x > 0 else "-inf"
        return float_text(x)
    if isinstance(x, str):
        return string_text(text_of(x))
    if isinstance(x, (Array, tuple)):
        return "[" + ", ".join(value_text(v, convert) for v in iterate_value(x)) + "]"
    if is_table(x):
        pairs = (f"{key_text(k)} = {value_text(v, convert)}" for k, v in x.pairs())
        return "{" + ", ".join(pairs) + "}"
    name = T.type_string(T.typeof(x))
    if name.endswith(("Date", "Time")):
        return str(Base.bindings["string"](x))
    if convert is None:
        raise ArgumentError(
            f"type `{name}` is not a valid TOML type, pass a conversion function to `TOML.print`"
        )
    return value_text(convert(x), convert)


def write_table(
    io: IO, d: Any, path: tuple[str, ...], options: dict[str, Any], indent: int
) -> None:
    """The plain values of a table first, then the tables in it."""
    items = list(d.pairs())
    if options["sorted"]:
        by = options["by"]
        order = Base.bindings["sort"].call_kw(
            {"by": by} if by is not None else {}, vector([k for k, _ in items], T.Any_)
        )
        found = dict(items)
        items = [(k, found[k]) for k in elements(order.data)]
    pad = " " * indent
    for k, v in items:
        if not is_table(v) and not is_array_of_tables(v):
            io.write(f"{pad}{key_text(k)} = {value_text(v, options['convert'])}\n")
    first = not any(not is_table(v) and not is_array_of_tables(v) for _, v in items)
    for k, v in items:
        deeper = (*path, key_text(k))
        if is_table(v):
            header = any(not is_table(x) for _, x in v.pairs()) or not len(v)
            if header:
                io.write(("" if first else "\n") + f"{pad}[{'.'.join(deeper)}]\n")
                first = False
            write_table(io, v, deeper, options, indent + 4 if header else indent)
            first = False
        elif is_array_of_tables(v):
            for t in elements(v.data):
                io.write(("" if first else "\n") + f"{pad}[[{'.'.join(deeper)}]]\n")
                first = False
                write_table(io, t, deeper, options, indent + 4)


# ---------------------------------------------------------------- the module


def load(module: Module) -> None:
    """Fill the module."""
    module.const("ParserError", T.CORE_TYPES["TOML.ParserError"], export=False)
    module.set("parse", generic("parse", module), const=True)
    module.set("tryparse", generic("tryparse", module), const=True)
    module.set("print", generic("print", module), const=True)

    def text_from(x: Any) -> str:
        return str(Base.bindings["read"](x, T.String)) if isinstance(x, IO) else text_of(x)

    @module.method("parse(x)", export=False)
    def parse(x: Any) -> Any:
        """The tables of a TOML string or stream.

        ```jldoctest
        julia> using TOML

        julia> TOML.parse("[server]\\nport = 80")
        Dict{String, Any} with 1 entry:
          "server" => Dict{String, Any}("port"=>80)
        ```
        """
        return parsed(text_from(x))

    @module.method("parsefile(path::AbstractString)", export=False)
    def parsefile(path: Any) -> Any:
        """The tables of a TOML file."""
        return parsed(str(Base.bindings["read"](path, T.String)))

    def or_error(f: Any) -> Any:
        def attempt(x: Any) -> Any:
            try:
                return f(x)
            except JuliaException as e:
                if T.isa(e, T.CORE_TYPES["TOML.ParserError"]):
                    return e
                raise

        return attempt

    module.method("tryparse(x)", export=False)(or_error(parse))
    module.method("tryparsefile(path::AbstractString)", export=False)(or_error(parsefile))

    @module.method("print(args...; sorted=false, by=identity)", export=False)
    def print_(*args: Any, sorted: bool = False, by: Any = None) -> None:
        """Print a dictionary as TOML.

        ```jldoctest
        julia> using TOML

        julia> TOML.print(Dict("name" => "x", "size" => [1, 2]); sorted = true)
        name = "x"
        size = [1, 2]
        ```
        """
        rest = list(args)
        convert = rest.pop(0) if T.isa(rest[0], T.Function_) else None
        io = rest.pop(0) if isinstance(rest[0], IO) else STDOUT
        write_table(io, rest[0], (), {"sorted": sorted, "by": by, "convert": convert}, 0)

    @module.method("showerror(io::IO, e::ParserError)", export=False)
    def showerror(io: IO, e: Any) -> None:
        io.write(f"TOML Parser error:\nnone:{e.line}:{e.column} error: {e.msg}")


def generic(name: str, module: Module) -> Any:
    from juliette.runtime.dispatch import GenericFunction

    return GenericFunction(name, module)
