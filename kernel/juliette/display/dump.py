"""`dump(x)`: a value with all its parts, one to a line."""

from __future__ import annotations

from typing import Any

from juliette.display.io import IO, STDOUT
from juliette.display.show import one_line
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

# More elements than this of an array are left out.
_FEW = 10


@Base.method("dump(io::IO, x; maxdepth=8)")
def dump_to(io: IO, x: Any, *, maxdepth: int = 8) -> None:
    """Print a value with all its parts to a stream."""
    out: list[str] = []
    dumped(out, x, maxdepth, "")
    io.write("".join(out) + "\n")


@Base.method("dump(x; maxdepth=8)")
def dump(x: Any, *, maxdepth: int = 8) -> None:
    """Print a value with all its parts.

    ```jldoctest
    julia> dump((1, "a"))
    Tuple{Int64, String}
      1: Int64 1
      2: String "a"
    ```
    """
    dump_to(STDOUT, x, maxdepth=maxdepth)


def parts_of(x: Any) -> list[tuple[str, Any]] | None:
    """(name, value) of each part; None for a value that is shown whole."""
    if isinstance(x, Expr):
        return [("head", Symbol(x.head)), ("args", _Args(x.args))]
    if isinstance(x, QuoteNode):
        return [("value", x.value)]
    if isinstance(x, LineNumberNode):
        return [("line", x.line), ("file", x.file)]
    if isinstance(x, GlobalRef):
        return [("mod", x.module), ("name", x.name)]
    if type(x) is tuple:
        return [(str(i), v) for i, v in enumerate(x, 1)]
    if isinstance(x, V.NamedTuple):
        return list(zip(x.names, x.values, strict=True))
    t = T.typeof(x)
    if not isinstance(t, T.DataType) or not t.fields or T.subtype(t, T.AbstractString):
        return None
    return [(f, getattr(x, f, UNDEF)) for f in t.fields]


class _Args:
    """The arguments of an expression, as the vector they are."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items


def dumped(out: list[str], x: Any, depth: int, indent: str) -> None:
    """Append the text of a value and its parts."""
    if x is UNDEF:
        out.append("#undef")
    elif isinstance(x, _Args):
        elements(out, x.items, "Any", (len(x.items),), depth, indent)
    elif isinstance(x, Array):
        array(out, x, depth, indent)
    elif isinstance(x, T.JuliaType):
        type_text(out, x, indent)
    elif isinstance(x, Symbol):
        out.append(f"Symbol {x.name}")
    elif isinstance(x, Module):
        out.append(f"Module {one_line(x)}")
    elif isinstance(x, GenericFunction) or hasattr(x, "generic"):
        out.append(f"{one_line(x)} (function of type {T.type_string(T.typeof(x))})")
    else:
        value(out, x, depth, indent)


def value(out: list[str], x: Any, depth: int, indent: str) -> None:
    """A value that is no array, type or function."""
    parts = parts_of(x)
    name = T.type_string(T.typeof(x))
    if parts is None:
        out.append(f"{name} {one_line(x)}")
        return
    out.append(name)
    if depth <= 0 or (not parts and type(x) is tuple):
        if type(x) is tuple and not parts:
            out.append(" ()")
        return
    for label, part in parts:
        out.append(f"\n{indent}  {label}: ")
        dumped(out, part, depth - 1, indent + "  ")


def array(out: list[str], x: Array, depth: int, indent: str) -> None:
    """An array: numbers in one line, other elements one by one."""
    shape = tuple(int(n) for n in x.data.shape)
    name = T.type_string(x.eltype)
    if T.subtype(x.eltype, T.Number):
        out.append(f"Array{{{name}}}({one_line(shape)}) {one_line(x, limit=True)}")
        return
    elements(out, x.data.ravel(order="F").tolist(), name, shape, depth, indent)


def elements(
    out: list[str], items: list[Any], name: str, shape: tuple[int, ...], depth: int, indent: str
) -> None:
    """`Array{Any}((3,))` and its elements."""
    out.append(f"Array{{{name}}}({one_line(shape)})")
    if depth <= 0:
        return
    for i, item in enumerate(items, 1):
        if len(items) > _FEW and i > _FEW // 2 and i <= len(items) - _FEW // 2:
            if i == _FEW // 2 + 1:
                out.append(f"\n{indent}  ...")
            continue
        out.append(f"\n{indent}  {i}: ")
        dumped(out, item, depth - 1, indent + "  ")


def type_text(out: list[str], t: Any, indent: str) -> None:
    """`P <: Any` and the types of the fields."""
    if isinstance(t, T.UnionType):
        out.append(f"Union{{{', '.join(map(T.type_string, t.types))}}}" if t.types else "Union{}")
        return
    if isinstance(t, T.UnionAll):
        out.append("UnionAll\n" + f"{indent}  var: TypeVar")
        for label, bound in (("name", Symbol(t.var.name)), ("lb", t.var.lower), ("ub", t.var.upper)):
            out.append(f"\n{indent}    {label}: ")
            dumped(out, bound, 0, indent + "    ")
        out.append(f"\n{indent}  body: ")
        type_text(out, t.body, indent + "  ")
        return
    out.append(f"{T.type_string(t)} <: {T.type_string(t.super)}")
    if t.typename.abstract or t.typename.primitive_bits:
        return
    for f, kind in zip(t.fields, t.field_types, strict=False):
        out.append(f"\n{indent}  {f}::{T.type_string(kind)}")
