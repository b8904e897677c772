"""`dump(x)`: a value with all its parts, one to a line."""

from __future__ import annotations

from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.simple_vector import SimpleVector
from juliette.display.io import IO, STDOUT, within
from juliette.display.show import one_line, show
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

# More elements than this of an array are left out.
_FEW = 10


@Base.method("dump(io::IO, x; maxdepth=8)")
def dump_to(io: IO, x: Any, *, maxdepth: int = 8) -> None:
    """Print a value with all its parts to a stream."""
    dumped(io, x, maxdepth, "")
    io.write("\n")


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
    dump_to(STDOUT.with_(limit=True), x, maxdepth=maxdepth)


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


def dumped(io: IO, x: Any, depth: int, indent: str) -> None:
    """Write the text of a value and its parts."""
    if x is UNDEF:
        io.write("#undef")
    elif isinstance(x, _Args):
        elements(io, x.items, "Any", (len(x.items),), depth, indent, x)
    elif isinstance(x, Array):
        array(io, x, depth, indent)
    elif isinstance(x, T.JuliaType):
        type_text(io, x, depth, indent)
    elif isinstance(x, Symbol):
        io.write(f"Symbol {x.name}")
    elif isinstance(x, Module):
        io.write("Module ")
        show(io, x)
    elif isinstance(x, SimpleVector):
        simple_vector(io, x, depth, indent)
    elif T.isa(x, T.Function_):
        io.write(f"{Base.bindings['string'](x)} (function of type {T.type_string(T.typeof(x))})")
        fields(io, x, depth, indent)
    else:
        io.write(T.type_string(T.typeof(x)))
        if not fields(io, x, depth, indent):
            io.write(" ")
            show(io, x)


def fields(io: IO, x: Any, depth: int, indent: str) -> bool:
    """The parts of a value, one to a line; False if it has none."""
    parts = parts_of(x)
    if not parts:
        return False
    inner = within(io, x) if depth > 0 else None
    if inner is not None:
        for label, part in parts:
            io.write(f"\n{indent}  {label}: ")
            dumped(inner, part, depth - 1, indent + "  ")
    return True


def simple_vector(io: IO, x: SimpleVector, depth: int, indent: str) -> None:
    items = list(iterate_value(x))
    io.write("SimpleVector" if items else "empty SimpleVector")
    for i, item in enumerate(items if depth > 0 else (), 1):
        io.write(f"\n{indent}  {i}: ")
        dumped(io, item, depth - 1, indent + "  ")


def array(io: IO, x: Array, depth: int, indent: str) -> None:
    """An array: numbers in one line, other elements one by one."""
    shape = tuple(int(n) for n in x.data.shape)
    name = T.type_string(x.eltype)
    if T.subtype(x.eltype, T.Number):
        io.write(f"Array{{{name}}}({one_line(shape)}) ")
        show(io, x)
        return
    elements(io, x.data.ravel(order="F").tolist(), name, shape, depth, indent, x)


def elements(
    io: IO, items: list[Any], name: str, shape: tuple[int, ...], depth: int, indent: str, x: Any
) -> None:
    """`Array{Any}((3,))` and its elements."""
    io.write(f"Array{{{name}}}({one_line(shape)})")
    inner = within(io, x) if depth > 0 and items else None
    if inner is None:
        return
    limit = io.get("limit") and len(items) > _FEW
    for i, item in enumerate(items, 1):
        if limit and _FEW // 2 < i <= len(items) - _FEW // 2:
            if i == _FEW // 2 + 1:
                io.write(f"\n{indent}  ...")
            continue
        io.write(f"\n{indent}  {i}: ")
        dumped(inner, item, depth - 1, indent + "  ")


def type_text(io: IO, t: Any, depth: int, indent: str) -> None:
    """`P <: Any` and the types of the fields."""
    if isinstance(t, T.UnionType):
        io.write("Union" if t.types else "Union{}")
        halves = (t.types[0], T.union(*t.types[1:])) if t.types and depth > 0 else ()
        for label, half in zip("ab", halves, strict=False):
            io.write(f"\n{indent}  {label}: ")
            type_text(io, half, depth - 1, indent + "  ")
        return
    if isinstance(t, T.UnionAll):
        io.write("UnionAll\n" + f"{indent}  var: TypeVar")
        for label, bound in (
            ("name", Symbol(t.var.name)),
            ("lb", t.var.lower),
            ("ub", t.var.upper),
        ):
            io.write(f"\n{indent}    {label}: ")
            dumped(io, bound, 0, indent + "    ")
        io.write(f"\n{indent}  body: ")
        type_text(io, t.body, depth, indent + "  ")
        return
    io.write(T.type_string(t))
    if t is not T.Any_:
        io.write(f" <: {T.type_string(t.super)}")
    if t.typename.abstract or t.typename.primitive_bits or depth <= 0:
        return
    for f, kind in zip(t.fields, t.field_types, strict=False):
        io.write(f"\n{indent}  {f}::{T.type_string(kind)}")
