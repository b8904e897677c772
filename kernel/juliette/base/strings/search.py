"""Finding in strings: `findfirst findnext findlast findprev findall occursin contains count`."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.fixing import Fix2
from juliette.base.strings.patterns import (
    FINDERS,
    char_test,
    find,
    spans,
)
from juliette.base.strings.values import is_string, text_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import BoundsError, MethodError, StringIndexError
from juliette.runtime.modules import Base
from juliette.runtime.text import bytes_before, characters_before, start_of, utf8

UNIT_RANGE = T.apply_type(V.UnitRange_, T.Int64)
AbstractPattern = T.define("AbstractPattern", abstract=True, module=Base)
REGEX = T.define("Regex", AbstractPattern)
T.CORE_TYPES["Regex"] = REGEX
Base.const("Regex", REGEX)
Base.const("AbstractPattern", AbstractPattern)
_PATTERN = "p::Union{AbstractString,Regex}"


def position(text: str, i: int) -> int:
    """The Python position of a byte index."""
    return characters_before(text, i - 1)


def byte_range(text: str, span: tuple[int, int]) -> Any:
    """The range of indices of a match: from its first character to its last."""
    i, j = span
    first = bytes_before(text, i) + 1
    if i == j:
        return V.UnitRange(first, first - 1)
    return V.UnitRange(first, bytes_before(text, j - 1) + 1)


def index(text: str, i: int) -> int:
    return bytes_before(text, i) + 1


def checked_start(s: Any, text: str, i: Any) -> int | None:
    """The Python position to search from; None past the end."""
    n = len(utf8(text))
    i = int(i)
    if i < 1 or i > n + 1:
        raise BoundsError(s, (i,))
    if i <= n and start_of(utf8(text), i - 1) != i - 1:
        raise StringIndexError(s, i)
    return position(text, i)


# ---------------------------------------------------------------- forwards


@Base.method(f"findnext({_PATTERN}, s::AbstractString, i::Integer)")
def findnext(p: Any, s: Any, i: Any) -> Any:
    """The next match from an index on, or `nothing`.

    ```jldoctest
    julia> findnext("o", "Hello to you", 6)
    8:8
    ```
    """
    text = text_of(s)
    start = checked_start(s, text, i)
    assert start is not None
    found = find(p, text, start)
    return None if found is None else byte_range(text, found)


@Base.method(f"findfirst({_PATTERN}, s::AbstractString)")
def findfirst(p: Any, s: Any) -> Any:
    """The first match, as a range of indices, or `nothing`.

    ```jldoctest
    julia> findfirst("na", "banana"), findfirst('n', "banana")
    (3:4, 3)
    ```
    """
    text = text_of(s)
    found = find(p, text)
    return None if found is None else byte_range(text, found)


@Base.method("findnext(c::AbstractChar, s::AbstractString, i::Integer)")
@Base.method("findnext(f::Function, s::AbstractString, i::Integer)")
def findnext_char(c: Any, s: Any, i: Any) -> Any:
    text = text_of(s)
    start = checked_start(s, text, i)
    assert start is not None
    found = find(c, text, start)
    return None if found is None else index(text, found[0])


@Base.method("findfirst(c::AbstractChar, s::AbstractString)")
@Base.method("findfirst(f::Function, s::AbstractString)")
def findfirst_char(c: Any, s: Any) -> Any:
    text = text_of(s)
    found = find(c, text)
    return None if found is None else index(text, found[0])


@Base.method(
    "findfirst(p::AbstractVector{<:Union{Int8,UInt8}}, v::AbstractVector{<:Union{Int8,UInt8}})"
)
def findfirst_bytes(p: Any, v: Any) -> Any:
    return findnext_bytes(p, v, 1)


@Base.method(
    "findnext(p::AbstractVector{<:Union{Int8,UInt8}}, v::AbstractVector{<:Union{Int8,UInt8}}, i::Integer)"
)
def findnext_bytes(p: Any, v: Any, i: Any) -> Any:
    """Where some bytes stand among others."""
    needle, data = (np.asarray(x.data).tobytes() for x in (p, v))
    if not 1 <= i <= len(data) + 1:
        raise BoundsError(v, (int(i),))
    at = data.find(needle, int(i) - 1)
    return None if at < 0 else V.UnitRange(at + 1, at + len(needle))


# ---------------------------------------------------------------- backwards


@Base.method("findprev(p::AbstractString, s::AbstractString, i::Integer)")
def findprev(p: Any, s: Any, i: Any) -> Any:
    """The last match that ends at or before an index, or `nothing`.

    ```jldoctest
    julia> findprev("a", "banana", 5)
    4:4
    ```
    """
    text, needle = text_of(s), text_of(p)
    if i < 1:
        if i == 0:
            return None
        raise BoundsError(s, (int(i),))
    b = utf8(text)
    stop = len(text) if i > len(b) else position(text, int(i)) + 1
    if not needle:
        return V.UnitRange(int(i), int(i) - 1) if i <= len(b) + 1 else None
    at = text.rfind(needle, 0, stop)
    return None if at < 0 else byte_range(text, (at, at + len(needle)))


@Base.method("findlast(p::AbstractString, s::AbstractString)")
def findlast(p: Any, s: Any) -> Any:
    """The last match, as a range of indices, or `nothing`.

    ```jldoctest
    julia> findlast("na", "banana"), findlast('x', "banana") === nothing
    (5:6, true)
    ```
    """
    text, needle = text_of(s), text_of(p)
    at = text.rfind(needle)
    return None if at < 0 else byte_range(text, (at, at + len(needle)))


def _last_char(c: Any, text: str, stop: int) -> Any:
    test = char_test(c)
    assert test is not None
    for i in range(stop - 1, -1, -1):
        if test(text[i]):
            return index(text, i)
    return None


@Base.method("findlast(c::AbstractChar, s::AbstractString)")
@Base.method("findlast(f::Function, s::AbstractString)")
def findlast_char(c: Any, s: Any) -> Any:
    text = text_of(s)
    return _last_char(c, text, len(text))


@Base.method("findprev(c::AbstractChar, s::AbstractString, i::Integer)")
@Base.method("findprev(f::Function, s::AbstractString, i::Integer)")
def findprev_char(c: Any, s: Any, i: Any) -> Any:
    text = text_of(s)
    if i == 0:
        return None
    n = len(utf8(text))
    if not 1 <= i <= n + 1:
        raise BoundsError(s, (int(i),))
    return _last_char(c, text, len(text) if i > n else position(text, int(i)) + 1)


# ---------------------------------------------------------------- all


@Base.method(f"findall({_PATTERN}, s::AbstractString; overlap=false)")
def findall(p: Any, s: Any, *, overlap: bool = False) -> Any:
    """The ranges of all matches.

    ```jldoctest
    julia> findall("a", "banana")
    3-element Vector{UnitRange{Int64}}:
     2:2
     4:4
     6:6
    ```
    """
    text = text_of(s)
    found = spans(p, text, overlap)
    return vector([byte_range(text, f) for f in found], UNIT_RANGE)


@Base.method(
    "findall(p::AbstractVector{<:Union{Int8,UInt8}}, v::AbstractVector{<:Union{Int8,UInt8}}; overlap=false)"
)
def findall_bytes(p: Any, v: Any, *, overlap: bool = False) -> Any:
    """Where bytes occur in others.

    ```jldoctest
    julia> findall(UInt8[2, 2], UInt8[2, 2, 2, 2]; overlap = true) |> length
    3
    ```
    """
    found: list[Any] = []
    start = 1
    while (at := Base.bindings["findnext"](p, v, start)) is not None:
        found.append(at)
        start = at.start + 1 if overlap else at.stop + 1
    return vector(found, UNIT_RANGE)


@Base.method("findall(c::AbstractChar, s::AbstractString)")
@Base.method("findall(f::Function, s::AbstractString)")
def findall_chars(c: Any, s: Any) -> Any:
    text = text_of(s)
    test = char_test(c)
    assert test is not None
    return vector([index(text, i) for i, x in enumerate(text) if test(x)], T.Int64)


@Base.method(f"count({_PATTERN}, s::AbstractString; overlap=false)")
@Base.method("count(p::AbstractChar, s::AbstractString; overlap=false)")
def count(p: Any, s: Any, *, overlap: bool = False) -> int:
    """How many matches there are.

    ```jldoctest
    julia> count("na", "banana"), count('a', "banana")
    (2, 3)
    ```
    """
    text = text_of(s)
    return sum(1 for _ in spans(p, text, overlap))


# ---------------------------------------------------------------- is it there?


def occurs(needle: Any, s: Any) -> bool:
    if not (type(needle) in FINDERS or isinstance(needle, V.Char) or is_string(needle)):
        raise MethodError(Base.bindings["occursin"], (needle, s), None)
    return find(needle, text_of(s)) is not None


@Base.method("occursin(needle, haystack::AbstractString)")
def occursin(needle: Any, haystack: Any) -> bool:
    """Is the first string (or character, or pattern) somewhere in the second?

    ```jldoctest
    julia> occursin("nan", "banana"), occursin(r"a.a", "aba")
    (true, true)
    ```
    """
    return occurs(needle, haystack)


@Base.method("occursin(haystack)")
def occursin_in(haystack: Any) -> Any:
    return Fix2(Base.bindings["occursin"], haystack)


@Base.method("contains(haystack::AbstractString, needle)")
def contains(haystack: Any, needle: Any) -> bool:
    """Is the second string somewhere in the first?

    ```jldoctest
    julia> contains("banana", "nan")
    true
    ```
    """
    return occurs(needle, haystack)


@Base.method("contains(needle)")
def contains_this(needle: Any) -> Any:
    return Fix2(Base.bindings["contains"], needle)


@Base.method("in(c::AbstractChar, s::AbstractString)")
def in_string(c: Any, s: Any) -> bool:
    return c.text in text_of(s)


@Base.method("in(a::AbstractString, b::AbstractString)")
def string_in_string(a: Any, b: Any) -> Any:
    from juliette.runtime.errors import ErrorException

    raise ErrorException("use occursin(needle, haystack) for string containment")
