"""How dictionaries, sets and lazy iterators print."""

from __future__ import annotations

import itertools
from typing import Any

from juliette.base.dictionaries import key_value_types
from juliette.base.dictionary_views import DictView, KeySet
from juliette.base.iteration import iterate_value
from juliette.base.iterators import Reverse
from juliette.base.pairs import Pairs
from juliette.base.zipping import Enumerate, Zip
from juliette.display.io import IO, screen, within
from juliette.display.show import _implied, joined, one_line, show, show_default
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct


def entries(d: Any) -> Any:
    """The (key, value) pairs of any dictionary."""
    if isinstance(d, V.JuliaDict):
        return d.pairs()
    return (tuple(iterate_value(p)) for p in iterate_value(d))


def length(x: Any) -> int:
    return int(Base.bindings["length"](x))


def cut(text: str, width: int) -> str:
    """The text as far as it fits on one line; `…` stands for the rest."""
    line = text.replace("\r", "\n").split("\n", 1)[0]
    if line == text and columns(text) <= width:
        return text
    while columns(line) > max(width - 1, 0):
        line = line[:-1]
    return line + "…"


def columns(text: str) -> int:
    """How wide a text is on the screen."""
    return len(text) if text.isascii() else int(Base.bindings["textwidth"](text))


def padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))


# ---------------------------------------------------------------- one line


@Base.method("show(io::IO, d::AbstractDict)")
def show_dict(io: IO, d: Any) -> None:
    t = T.typeof(d)
    kt, vt = key_value_types(d)
    items = list(entries(d))
    implied = items and _implied(kt) and _implied(vt)
    known = io.get("typeinfo")
    told = (
        known is not None
        and T.isa(d, known)
        and T.subtype(known, T.apply_type(T.AbstractDict, kt, vt))
    )
    io.write(T.unwrap(t).typename.name if implied or told else T.type_string(t))
    io.write("(")
    kind = T.apply_type(V.Pair_, kt, vt)
    parts = within(io, d, typeinfo=kind)
    for i, (k, v) in enumerate(items):
        if parts is None:
            break
        io.write(", " if i else "")
        if io.get("limit") and i >= 10:
            io.write("…")
            break
        show(parts, V.pair_of(kind, k, v))
    io.write(")")


@Base.method("show(io::IO, s::AbstractSet)")
def show_set(io: IO, s: Any) -> None:
    if isinstance(s, KeySet):
        show(io, Base.bindings["collect"](s))
        return
    if isinstance(s, Struct):
        show_default(io, s)
        return
    t = T.typeof(s)
    name = T.unwrap(t).typename.name
    if not length(s):
        shown = "Set" if name == "Set" and io.get("typeinfo") is t else T.type_string(t)
        io.write(f"{shown}({'[]' if name == 'BitSet' else ''})")
        return
    # The element type stands before the brackets of the array where its elements do not say it.
    io.write(f"{name}(")
    show(
        io if name != "BitSet" else io.with_(typeinfo=T.apply_type(T.Vector, T.Int64)),
        Base.bindings["collect"](s),
    )
    io.write(")")


@Base.method("show(io::IO, x::Base.ValueIterator)")
def show_values(io: IO, x: Any) -> None:
    show(io, Base.bindings["collect"](x))


@Base.method("show(io::IO, z::Base.Iterators.Zip)")
def show_zip(io: IO, z: Zip) -> None:
    joined(io, z.sources, "zip(", ")")


@Base.method("show(io::IO, e::Base.Iterators.Enumerate)")
def show_enumerate(io: IO, e: Enumerate) -> None:
    joined(io, (e.itr,), "enumerate(", ")")


@Base.method("show(io::IO, r::Base.Iterators.Reverse)")
def show_reverse(io: IO, r: Reverse) -> None:
    joined(io, (r.itr,), "Iterators.reverse(", ")")


@Base.method("show_vector(io::IO, v, opening='[', closing=']')", export=False)
def show_vector(io: IO, v: Any, opening: Any = "[", closing: Any = "]") -> None:
    """The elements of an iterator between brackets."""
    delimited(io, v, opening, ",", closing)


@Base.method(
    "show_delim_array(io::IO, xs, opening, delimiter, closing, closing_delimiter, first=1, n=typemax(Int))",
    export=False,
)
def delimited(
    io: IO,
    xs: Any,
    opening: Any,
    delimiter: Any,
    closing: Any,
    single: bool = False,
    first: int = 1,
    n: int = 2**63 - 1,
) -> None:
    """`n` elements from `first` on between brackets, with a delimiter after each but the last."""
    text = Base.bindings["string"]
    items = list(itertools.islice(iterate_value(xs), first - 1, first - 1 + max(n, 1)))
    io.write(text(opening))
    for i, x in enumerate(items):
        io.write(f"{text(delimiter)} " if i else "")
        show(io, x)
    io.write((text(delimiter) if single and len(items) == 1 else "") + text(closing))


# ---------------------------------------------------------------- several lines


def summary(x: Any) -> str:
    """What stands before the entries."""
    n = length(x)
    count = f"{n} entr{'y' if n == 1 else 'ies'}"
    if isinstance(x, DictView):
        kind = "KeySet" if isinstance(x, KeySet) else "ValueIterator"
        return f"{kind} for a {summary(x.dict)}"
    if isinstance(x, Pairs):
        kind = "NamedTuple" if isinstance(x.data, V.NamedTuple) else T.type_string(T.typeof(x.data))
        return f"pairs(::{kind}) with {count}"
    t = T.type_string(T.typeof(x))
    if T.isa(x, T.AbstractDict):
        return f"{t} with {count}"
    return f"{t} with {n} element{'s' * (n != 1)}"


for _t in ("AbstractDict", "AbstractSet", "Base.ValueIterator", "Base.Iterators.Pairs"):
    Base.method(f"summary(x::{_t})")(summary)


def two_columns(io: IO, x: Any, items: Any, value_type: Any, key_type: Any = None) -> None:
    """`key => value`, one entry on each line, keys padded to one width."""
    n = length(x)
    rows, cols = screen(io)
    items = list(items)
    limit = bool(io.get("limit"))
    if limit and rows < 5:
        io.write(" …")
        return
    seen = items[: rows - 4] if limit else items
    shown = seen if not limit or n <= rows - 4 else items[: rows - 5]
    context = {"compact": True, "limit": limit, "SHOWN_SET": (*io.get("SHOWN_SET", ()), x)}
    keys = [one_line(k, **context, typeinfo=key_type) for k, _ in seen]
    values = [one_line(v, **context, typeinfo=value_type) for _, v in seen]
    if not limit:
        for k, v in zip(keys, values, strict=True):
            io.write(f"\n  {k} => {v}")
        return
    space = max(cols, 12) - 6
    width = min(max(map(columns, keys), default=0), space)
    longest = min(max(map(columns, values), default=0), space)
    if width > max(space // 2, space - longest):
        width = max(-(-space // 3), space - longest)
    for k, v in zip(keys[: len(shown)], values, strict=False):
        io.write(f"\n  {padded(cut(k, width), width)} => {cut(v, space - width)}")
    if len(shown) < n:
        io.write(f"\n  {'⋮'.ljust(width)} => ⋮")


def one_column(io: IO, x: Any, items: Any) -> None:
    n = length(x)
    rows, cols = screen(io)
    limit = bool(io.get("limit"))
    eltype = Base.bindings["eltype"](x)
    for i, v in enumerate(items, 1):
        if limit and i >= rows - 4 and n > rows - 4:
            io.write("\n  ⋮ ")
            break
        text = one_line(v, limit=limit, typeinfo=eltype)
        io.write("\n  " + (cut(text, cols - 2) if limit else text))


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, d::AbstractDict)')
def show_dict_long(io: IO, mime: Any, d: Any) -> None:
    if not length(d):
        show(io, d)
        return
    io.write(summary(d) + ":")
    two_columns(io, d, entries(d), key_value_types(d)[1], key_value_types(d)[0])


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, s::AbstractSet)')
def show_set_long(io: IO, mime: Any, s: Any) -> None:
    if isinstance(s, KeySet):
        show_view_long(io, mime, s)
    elif not length(s):
        show(io, s)
    else:
        io.write(summary(s) + ":")
        one_column(io, s, iterate_value(s))


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, x::Base.ValueIterator)')
def show_view_long(io: IO, mime: Any, x: DictView) -> None:
    io.write(summary(x))
    if length(x):
        io.write(f". {'Keys' if isinstance(x, KeySet) else 'Values'}:")
        one_column(io, x, iterate_value(x))


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, p::Base.Iterators.Pairs)')
def show_pairs_long(io: IO, mime: Any, p: Pairs) -> None:
    io.write(summary(p))
    if length(p):
        io.write(":")
        kinds = p.parameters()
        two_columns(io, p, map(tuple, map(iterate_value, iterate_value(p))), kinds[1], kinds[0])
