"""Strings by position: bytes counted from 1, of which only the first of each character is an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.conversion import convert_to
from juliette.base.iteration import ITERATORS, characters
from juliette.base.strings.values import CodeUnits, is_string, text_of
from juliette.compiler.support import iterate
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    MethodError,
    StringIndexError,
)
from juliette.runtime.modules import Base
from juliette.runtime.text import (
    bytes_before,
    bytes_code,
    from_utf8,
    is_valid,
    start_of,
    starts,
    utf8,
    width_at,
)

# ---------------------------------------------------------------- sizes


@Base.method("ncodeunits(s::AbstractString)")
def ncodeunits(s: Any) -> int:
    """How many bytes a string has.

    ```jldoctest
    julia> ncodeunits("aé"), length("aé")
    (3, 2)
    ```
    """
    return len(utf8(text_of(s)))


@Base.method("sizeof(s::AbstractString)")
def sizeof(s: Any) -> int:
    return ncodeunits(s)


@Base.method("length(s::AbstractString)")
def length(s: Any) -> int:
    """How many characters a string has."""
    text = text_of(s)
    return len(text) if is_valid(text) else len(starts(utf8(text)))


@Base.method("length(s::AbstractString, i::Integer, j::Integer)")
def length_between(s: Any, i: Any, j: Any) -> int:
    b = utf8(text_of(s))
    i, j = int(i), int(j)
    if not 1 <= i <= len(b) + 1:
        raise BoundsError(s, (i,))
    if not 0 <= j <= len(b):
        raise BoundsError(s, (j,))
    return sum(i <= k + 1 <= j for k in starts(b))


@Base.method("isempty(s::AbstractString)")
def isempty(s: Any) -> bool:
    return not text_of(s)


@Base.method("firstindex(s::AbstractString)")
def firstindex(s: Any) -> int:
    return 1


@Base.method("lastindex(s::AbstractString)")
def lastindex(s: Any) -> int:
    text = text_of(s)
    if text.isascii():
        return len(text)
    b = utf8(text)
    return start_of(b, len(b) - 1) + 1


@Base.method("codeunit(s::AbstractString, i::Integer)")
def codeunit_at(s: Any, i: Any) -> Any:
    b = utf8(text_of(s))
    if not 1 <= i <= len(b):
        raise BoundsError(s, (i,))
    return np.uint8(b[i - 1])


@Base.method("codeunit(s::AbstractString)")
def codeunit(s: Any) -> Any:
    """The type of a string's code units; with an index, the code unit there.

    ```jldoctest
    julia> codeunit("é"), codeunit("é", 1)
    (UInt8, 0xc3)
    ```
    """
    return T.UInt8


@Base.method("isvalid(s::AbstractString)")
def isvalid(s: Any) -> bool:
    """Is it valid UTF-8; with an index, does a character start there?

    ```jldoctest
    julia> isvalid("aé"), isvalid("\\xff"), isvalid("aé", 3)
    (true, false, false)
    ```
    """
    return is_valid(text_of(s))


@Base.method("isvalid(s::AbstractString, i::Integer)")
def isvalid_index(s: Any, i: Any) -> bool:
    b = utf8(text_of(s))
    return 1 <= i <= len(b) and start_of(b, int(i) - 1) == i - 1


@Base.method("checkbounds(s::AbstractString, i)")
def checkbounds(s: Any, i: Any) -> None:
    if not _in_bounds(s, i):
        raise BoundsError(s, (i,))


@Base.method("checkbounds(::Type{Bool}, s::AbstractString, i)")
def in_bounds(_: Any, s: Any, i: Any) -> bool:
    return _in_bounds(s, i)


def _in_bounds(s: Any, i: Any) -> bool:
    n = ncodeunits(s)
    if isinstance(i, V.Range):
        return len(i) == 0 or (i.start >= 1 and i.stop <= n)
    if T.isa(i, T.AbstractArray) and T.subtype(Base.bindings["eltype"](i), T.Integer):
        return all(1 <= k <= n for k in iterate(i))
    if not T.isa(i, T.Real):
        raise MethodError(Base.bindings["checkbounds"], (T.Bool, s, i), None)
    return bool(1 <= i <= n)


# ---------------------------------------------------------------- neighbours


@Base.method("thisind(s::AbstractString, i::Integer)")
def thisind(s: Any, i: Any) -> int:
    """The index of the character that the byte `i` belongs to.

    ```jldoctest
    julia> thisind("aéb", 3)
    2
    ```
    """
    b = utf8(text_of(s))
    if i == 0 or i == len(b) + 1:
        return int(i)
    if not 0 < i <= len(b):
        raise BoundsError(s, (i,))
    return start_of(b, int(i) - 1) + 1


@Base.method("nextind(s::AbstractString, i::Integer, n::Integer=1)")
def nextind(s: Any, i: Any, n: Any = 1) -> int:
    """The index of the next character, or of the `n`-th next.

    ```jldoctest
    julia> nextind("aéb", 2), nextind("aéb", 0, 3)
    (4, 4)
    ```
    """
    text = text_of(s)
    if n < 0:
        raise ArgumentError(f"n cannot be negative: {int(n)}")
    if n == 1 and text.isascii():
        if not 0 <= i <= len(text):
            raise BoundsError(s, (i,))
        return int(i) + 1
    b = utf8(text)
    if not 0 <= i <= len(b):
        raise BoundsError(s, (i,))
    k = int(i)
    if k and start_of(b, k - 1) != k - 1:
        if n == 0:
            raise StringIndexError(s, k)
        k = start_of(b, k - 1) + 1
    for step in range(int(n)):
        if k > len(b):
            return k + int(n) - step - 1
        k = 1 if k == 0 else k + width_at(b, k - 1)
        if k > len(b):
            return k + int(n) - step - 1
    return k


@Base.method("prevind(s::AbstractString, i::Integer, n::Integer=1)")
def prevind(s: Any, i: Any, n: Any = 1) -> int:
    """The index of the character before, or of the `n`-th before.

    ```jldoctest
    julia> prevind("aéb", 4), prevind("aéb", 4, 2)
    (2, 1)
    ```
    """
    b = utf8(text_of(s))
    if n < 0:
        raise ArgumentError(f"n cannot be negative: {int(n)}")
    if not 0 < i <= len(b) + 1:
        raise BoundsError(s, (i,))
    k = int(i)
    if n == 0:
        if k <= len(b) and start_of(b, k - 1) != k - 1:
            raise StringIndexError(s, k)
        return k
    if k <= len(b) and start_of(b, k - 1) != k - 1:
        k = start_of(b, k - 1) + 1
        n -= 1
    for _ in range(int(n)):
        if k <= 0:
            k -= 1
            continue
        k = start_of(b, k - 2) + 1 if k > 1 else 0
    return k


class EachIndex:
    """The valid indices of a string."""

    __slots__ = ("s",)
    fields = ("s",)

    def __init__(self, s: Any) -> None:
        self.s = s

    def julia_iterator(self) -> Iterator[int]:
        text = text_of(self.s)
        if text.isascii():
            return iter(range(1, len(text) + 1))
        return (i + 1 for i in starts(utf8(text)))


_EACH = T.define("EachStringIndex", None, [T.TypeVar("T", None, T.AbstractString)], module=Base)
T.register_instances(EachIndex, lambda e: T.apply_type(_EACH, T.typeof(e.s)), _EACH)
T.unwrap(_EACH).typename.fields, T.unwrap(_EACH).typename.field_types = (
    EachIndex.fields,
    (T.AbstractString,),
)
ITERATORS[EachIndex] = lambda e: e.julia_iterator()
Base.const("EachStringIndex", _EACH, export=False)


@Base.method("eachindex(s::AbstractString)")
@Base.method("keys(s::AbstractString)")
def eachindex(s: Any) -> EachIndex:
    """The indices at which characters start.

    ```jldoctest
    julia> collect(eachindex("aéb"))
    3-element Vector{Int64}:
     1
     2
     4
    ```
    """
    return EachIndex(s)


@Base.method("iterate(e::Base.EachStringIndex, i::Integer=1)")
def next_index(e: EachIndex, i: int = 1) -> Any:
    return (i, nextind(e.s, i)) if i <= ncodeunits(e.s) else None


@Base.method("first(e::Base.EachStringIndex)")
def first_index(e: EachIndex) -> int:
    return 1


@Base.method("last(e::Base.EachStringIndex)")
def last_index(e: EachIndex) -> int:
    return lastindex(e.s)


@Base.method("length(e::Base.EachStringIndex)")
def each_length(e: EachIndex) -> int:
    return length(e.s)


@Base.method("eltype(e::Base.EachStringIndex)")
def each_eltype(e: EachIndex) -> Any:
    return T.Int64


@Base.method("eltype(::Type{<:Base.EachStringIndex})")
def each_eltype_of_type(_: Any) -> Any:
    return T.Int64


@Base.method("eltype(s::AbstractString)")
def eltype(s: Any) -> Any:
    return T.Char_


# ---------------------------------------------------------------- indexing


@Base.method("getindex(s::AbstractString, i::Integer)")
def char_at(s: Any, i: Any) -> V.Char:
    i = i if type(i) is int else convert_to(T.Int64, i)
    text = s if type(s) is str else text_of(s)
    if text.isascii():
        if not 0 < i <= len(text):
            raise BoundsError(s, (i,))
        return V.CHARS[ord(text[i - 1])]
    b = utf8(text)
    if not 0 < i <= len(b):
        raise BoundsError(s, (i,))
    k = int(i) - 1
    first = b[k]
    if first < 0x80:
        return V.CHARS[first]
    if start_of(b, k) != k:
        raise StringIndexError(s, int(i))
    return V.CHARS[bytes_code(b[k : k + width_at(b, k)])]


def part(s: Any, i: int, j: int) -> tuple[str, int]:
    """The characters from index `i` to index `j`, and the bytes before them."""
    text = text_of(s)
    if i > j:
        return "", max(i - 1, 0)
    b = utf8(text)
    if not (i > 0 and j <= len(b)):
        raise BoundsError(s, (V.UnitRange(i, j),))
    if len(b) == len(text) and text.isascii():
        return text[i - 1 : j], i - 1
    for k in (i, j):
        if start_of(b, k - 1) != k - 1:
            raise StringIndexError(s, k)
    return from_utf8(b[i - 1 : j - 1 + width_at(b, j - 1)]), i - 1


@Base.method("getindex(s::AbstractString, r::AbstractUnitRange{<:Integer})")
def slice_of(s: Any, r: Any) -> str:
    return part(s, int(r.start), int(r.stop))[0]


@Base.method("getindex(s::AbstractString, ::Colon)")
def whole(s: Any, _: Any) -> str:
    return text_of(s)


@Base.method("getindex(s::AbstractString, v::AbstractVector{<:Integer})")
def picked(s: Any, v: Any) -> str:
    if isinstance(v, V.StepRange) and type(v.start) is int and v.size:
        text, first, last, step = text_of(s), v.start, v.stop, int(v.step)
        if text.isascii() and 0 < first <= len(text) and 0 < last <= len(text):
            end = last if step > 0 else last - 2
            return text[first - 1 : end if end >= 0 else None : step]
    return "".join(char_at(s, i).text for i in iterate(v))


@Base.method("getindex(s::AbstractString, v::AbstractVector{Bool})")
def masked(s: Any, v: Any) -> Any:
    raise ArgumentError("logical indexing not supported for strings")


@Base.method("get(s::AbstractString, i::Integer, default)")
def get(s: Any, i: Any, default: Any) -> Any:
    return char_at(s, i) if _in_bounds(s, i) else default


# ---------------------------------------------------------------- SubString


def make_substring(_: Any, *args: Any) -> V.SubString:
    """`SubString(s, i, j)`, `SubString(s, r)`"""
    if not args or not is_string(args[0]):
        raise MethodError(V.SubString_, args, None)
    s, *rest = args
    if rest and isinstance(rest[0], V.Range):
        rest = [rest[0].start, rest[0].stop]
    try:
        i = int(rest[0]) if rest else 1
        j = int(rest[1]) if len(rest) > 1 else lastindex(s)
    except (TypeError, ValueError):
        raise MethodError(V.SubString_, args, None) from None
    text, offset = part(s, i, j)
    return V.SubString.of(s if isinstance(s, str) else text_of(s), offset if text else 0, text)


Base.method("SubString(args...)")(make_substring)


@Base.method("view(s::AbstractString, r::AbstractUnitRange{<:Integer})")
@Base.method("maybeview(s::AbstractString, r::AbstractUnitRange{<:Integer})", export=False)
def view(s: Any, r: Any) -> Any:
    return make_substring(None, s, r)


SUBSTRING_OF_STRING = T.apply_type(V.SubString_, T.String)


def cut(s: Any, offset: int, text: str) -> V.SubString:
    """The part of a string that reads `text` after `offset` bytes."""
    return V.SubString.of(s if isinstance(s, str) else text_of(s), offset if text else 0, text)


def slice_text(s: Any, start: int, stop: int) -> V.SubString:
    """A SubString by Python positions."""
    text = text_of(s)
    return cut(s, bytes_before(text, start), text[start:stop])


@Base.method("parent(s::SubString)")
def parent(s: V.SubString) -> str:
    return s.string


@Base.method("parentindices(s::SubString)")
def parentindices(s: V.SubString) -> Any:
    return (V.UnitRange(s.offset + 1, thisind(s.string, s.offset + ncodeunits(s))),)


@Base.method("setindex!(s::Base.CodeUnits, x, i...)")
def set_codeunit(s: CodeUnits, *args: Any) -> Any:
    from juliette.runtime.errors import CanonicalIndexError

    raise CanonicalIndexError("setindex!", T.typeof(s))


# ---------------------------------------------------------------- ends


@Base.method("first(s::AbstractString)")
def first(s: Any) -> V.Char:
    if not text_of(s):
        raise ArgumentError("collection must be non-empty")
    return char_at(s, 1)


@Base.method("last(s::AbstractString)")
def last(s: Any) -> V.Char:
    return char_at(s, lastindex(s))


def _count(n: Any) -> int:
    if n < 0:
        raise ArgumentError(f"n cannot be negative: {int(n)}")
    return int(n)


@Base.method("first(s::AbstractString, n::Integer)")
def first_n(s: Any, n: Any) -> str:
    chars = list(characters(text_of(s)))[: _count(n)]
    return "".join(c.text for c in chars)


@Base.method("last(s::AbstractString, n::Integer)")
def last_n(s: Any, n: Any) -> str:
    chars = list(characters(text_of(s)))
    return "".join(c.text for c in chars[max(0, len(chars) - _count(n)) :])


@Base.method("only(s::AbstractString)")
def only(s: Any) -> V.Char:
    text = text_of(s)
    if length(text) != 1:
        raise ArgumentError(
            f"Collection {'has multiple elements' if text else 'is empty'}, must contain exactly 1 element"
        )
    return char_at(text, 1)
