"""String values: the text of any AbstractString, constructors, concatenation, code units."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.essentials import _simple
from juliette.compiler import support
from juliette.runtime import tables
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, vector, wrap
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.text import from_utf8, utf8
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def text_of(s: Any) -> str:
    """The characters of a String, a SubString or a user's own kind of string."""
    if type(s) is str:
        return s
    if isinstance(s, str):
        return str(s)
    own = getattr(s, "julia_text", None)
    if own is not None:
        return own()
    if Base.bindings["iterate"].resolve((T.typeof(s),)).builtin is not None:
        # A string of a user's own that does not say what its characters are.
        raise MethodError(Base.bindings["iterate"], (s, 1), None)
    return "".join(c.text for c in support.iterate(s))


tables.STRING_KEY = text_of


def is_string(x: Any) -> bool:
    """Is it an AbstractString?"""
    return isinstance(x, str) or (not isinstance(x, (int, float)) and T.isa(x, T.AbstractString))


def piece(x: Any) -> str:
    """The text of a string or character."""
    return x.text if isinstance(x, V.Char) else text_of(x)


# ---------------------------------------------------------------- constructors


def make_string(_: Any, *args: Any) -> str:
    """`String(x)`: of bytes, characters, symbols and other strings."""
    if len(args) != 1:
        raise MethodError(T.String, args, None)
    x = args[0]
    if isinstance(x, Symbol):
        return x.name
    if is_string(x):
        return text_of(x)
    if isinstance(x, CodeUnits):
        return from_utf8(x.data.tobytes())
    if isinstance(x, Array) and x.eltype is T.UInt8:
        out = from_utf8(x.data.tobytes())
        if x.data.ndim == 1:
            x.data = x.data[:0].copy()  # Julia's String takes the memory of the vector
        return out
    values = elements(x.data) if isinstance(x, Array) else None
    if values is not None and all(isinstance(c, V.Char) for c in values):
        return "".join(c.text for c in values)
    if hasattr(x, "data") and getattr(x, "eltype", None) is T.UInt8:
        return from_utf8(np.asarray(x.data).tobytes())
    if (
        T.isa(x, T.AbstractArray)
        and Base.bindings["ndims"](x) == 1
        and Base.bindings["eltype"](x) is T.Char_
    ):
        return "".join(c.text for c in support.iterate(x))
    raise MethodError(T.String, (x,), None)


_simple(T.String, make_string)
Base.const("SubString", V.SubString_)
Base.const("AbstractChar", T.AbstractChar)

# ---------------------------------------------------------------- concatenation


@Base.method(
    "*(a::Union{AbstractString,AbstractChar}, rest::Union{AbstractString,AbstractChar}...)"
)
def concatenate(a: Any, *rest: Any) -> str:
    """Strings and characters, one after the other.

    ```jldoctest
    julia> "ab" * 'c' * "d"
    "abcd"
    ```
    """
    return join_pieces([piece(a), *map(piece, rest)])


def join_pieces(parts: list[str]) -> str:
    """Texts in a row; bytes that only together are UTF-8 become characters."""
    out = "".join(parts)
    for p in parts[:-1]:
        if p and "\ud800" <= p[-1] <= "\udfff":
            return from_utf8(utf8(out))
    return out


@Base.method(
    "*(a::Union{AbstractString,AbstractChar}, b::Union{AbstractString,AbstractChar}, c::Union{AbstractString,AbstractChar}, rest::Union{AbstractString,AbstractChar}...)"
)
def concatenate_many(*parts: Any) -> str:
    return join_pieces(list(map(piece, parts)))


@Base.method("^(s::Union{AbstractString,AbstractChar}, n::Integer)")
def power(s: Any, n: Any) -> str:
    """`s` repeated `n` times."""
    return repeat(s, n)


@Base.method("repeat(s::Union{AbstractString,AbstractChar}, n::Integer)")
def repeat(s: Any, n: Any) -> str:
    """The string several times.

    ```jldoctest
    julia> repeat("ha", 3), 'a'^4
    ("hahaha", "aaaa")
    ```
    """
    if n < 0:
        raise ArgumentError(
            f"can't repeat a {'character' if isinstance(s, V.Char) else 'string'} {int(n)} times"
        )
    text = piece(s)
    reserve(len(text) * int(n), 1)
    return join_pieces([text * int(n)])


# ---------------------------------------------------------------- code units


@Base.method("typemin(::Type{String})")
@Base.method("typemin(s::String)")
def typemin(_: Any) -> str:
    return ""


class CodeUnits(Array):
    """The bytes of a string as a vector that cannot be changed."""

    __slots__ = ("string",)
    string: str
    eltype = T.UInt8
    ndim = 1
    grows = False


CodeUnits_ = T.define(
    "CodeUnits",
    T.apply_type(T.DenseArray, T.UInt8, 1),
    [T.TypeVar("T"), T.TypeVar("S")],
    module=Base,
)
T.register_class(CodeUnits, T.apply_type(CodeUnits_, T.UInt8, T.String))
Base.const("CodeUnits", CodeUnits_, export=False)


@Base.method("codeunits(s::AbstractString)")
def codeunits(s: Any) -> CodeUnits:
    """The bytes of a string, as a vector.

    ```jldoctest
    julia> codeunits("né")
    3-element Base.CodeUnits{UInt8, String}:
     0x6e
     0xc3
     0xa9
    ```
    """
    text = text_of(s)
    out = CodeUnits(np.frombuffer(utf8(text), dtype=np.uint8))
    out.string = text
    return out


@Base.method("sizeof(u::Base.CodeUnits)")
def codeunits_size(u: CodeUnits) -> int:
    return int(u.data.size)


@Base.method("similar(::Type{<:Base.CodeUnits}, n::Integer)")
def similar_bytes(_: Any, n: Any) -> Any:
    return wrap(np.zeros(int(n), np.uint8))


@Base.macro("b_str")
def b_str(context: Any, text: str, *flags: Any) -> Any:
    """`b"…"`: the bytes of a string."""
    from juliette.syntax.literals import unescape

    return Expr("call", QuoteNode(codeunits), unescape(text))


@Base.method("transcode(::Type{T}, src::Union{AbstractString,AbstractVector}) where T")
def transcode(t: Any, src: Any) -> Any:
    """Text in another encoding: UTF-8 as String or UInt8, UTF-16 as UInt16, UTF-32 as UInt32 or Int32.

    ```jldoctest
    julia> transcode(UInt16, "aé")
    2-element Vector{UInt16}:
     0x0061
     0x00e9

    julia> transcode(String, [0x0061, 0x00e9])
    "aé"
    ```
    """
    if is_string(src):
        text = text_of(src)
    else:
        raw = np.ascontiguousarray(src.data)
        encoding = {1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}.get(raw.dtype.itemsize)
        if encoding is None:
            raise MethodError(Base.bindings["transcode"], (t, src), None)
        text = (
            from_utf8(raw.tobytes())
            if encoding == "utf-8"
            else raw.tobytes().decode(encoding, "replace")
        )
    if t is T.String:
        return text
    encoding = {
        T.UInt8: "utf-8",
        T.UInt16: "utf-16-le",
        T.UInt32: "utf-32-le",
        T.Int32: "utf-32-le",
    }.get(t)
    if encoding is None:
        raise MethodError(Base.bindings["transcode"], (t, src), None)
    data = utf8(text) if encoding == "utf-8" else text.encode(encoding, "replace")
    return wrap(np.frombuffer(data, dtype=T.DTYPE_OF[t]).copy())


# ---------------------------------------------------------------- lazy strings


class LazyString:
    """`LazyString(parts...)`: put together when it is looked at."""

    __slots__ = ("parts", "str")
    fields = ("parts", "str")

    def __init__(self, *parts: Any) -> None:
        self.parts = parts
        self.str: str | None = None

    def julia_text(self) -> str:
        if self.str is None:
            self.str = Base.bindings["string"](*self.parts)
        return self.str

    def __eq__(self, other: object) -> bool:
        return self.julia_text() == (other.julia_text() if isinstance(other, LazyString) else other)

    def __hash__(self) -> int:
        return hash(self.julia_text())


LazyString_ = T.define("LazyString", T.AbstractString)
T.register_class(LazyString, LazyString_)
Base.const("LazyString", LazyString_)
_simple(LazyString_, lambda _, *parts: LazyString(*parts))


@Base.method("lazy(xs...)", export=False)
def lazy(*xs: Any) -> LazyString:
    return LazyString(*xs)


@Base.macro("lazy_str")
def lazy_str(context: Any, text: str) -> Any:
    """`lazy"…$x…"`: a string put together when it is needed."""
    from juliette.compiler.session import literal
    from juliette.syntax import parse_one, to_expr

    quoted = '"""' + text.replace('"', '\\"') + '"""' if '"' in text else f'"{text}"'
    e = to_expr(parse_one(quoted)[0], literal)
    parts = e.args if isinstance(e, Expr) and e.head == "string" else [e]
    return Expr("call", QuoteNode(LazyString), *parts)


@Base.method("ascii(s::AbstractString)")
def ascii_(s: Any) -> str:
    """The string, if it holds ASCII characters alone.

    ```jldoctest
    julia> ascii("abc")
    "abc"
    ```
    """
    text = text_of(s)
    for i, byte in enumerate(utf8(text)):
        if byte >= 0x80:
            raise ArgumentError(f"invalid ASCII at index {i + 1} in {Base.bindings['repr'](text)}")
    return text


@Base.method("Vector{UInt8}(s::AbstractString)")
@Base.method("Array{UInt8}(s::AbstractString)")
def bytes_of(_: Any, s: Any) -> Any:
    return wrap(np.frombuffer(utf8(text_of(s)), dtype=np.uint8).copy())


@Base.method("Vector{Char}(s::AbstractString)")
@Base.method("Array{Char}(s::AbstractString)")
def characters_of(_: Any, s: Any) -> Any:
    return vector(list(support.iterate(s)), T.Char_)
