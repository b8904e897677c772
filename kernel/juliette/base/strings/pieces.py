"""Taking strings apart and putting them together: split, join, strip, chop, pad."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from juliette.base.fixing import Fix2
from juliette.base.iteration import ITERATORS, characters
from juliette.base.iterator_sizes import SizeUnknown
from juliette.base.strings.indexing import cut, slice_text
from juliette.base.strings.patterns import (
    SPACES,
    char_test,
    characters_of,
    find,
    is_predicate,
    spans,
)
from juliette.base.strings.unicode import text_width
from juliette.base.strings.values import is_string, piece, text_of
from juliette.compiler import support
from juliette.display.io import IO
from juliette.display.show import string_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, MethodError, TypeError_
from juliette.runtime.modules import Base
from juliette.runtime.text import bytes_before, is_valid
from juliette.syntax.expr import Symbol

SUBSTRING = T.apply_type(V.SubString_, T.String)
isspace = Base.bindings["isspace"]

# ---------------------------------------------------------------- split


def split_spans(text: str, sep: Any, limit: int, keepempty: bool) -> list[tuple[int, int]]:
    """The parts between separators, as Python positions."""
    out: list[tuple[int, int]] = []
    start = search = 0
    n = len(text)
    while limit <= 0 or len(out) < limit - 1:
        found = find(sep, text, search)
        if found is None or found[0] >= n:
            break
        i, j = found
        # An empty separator cuts behind each character, but not right behind one that is not empty.
        if start < j:
            if keepempty or start < i:
                out.append((start, i))
            start = j
        search = max(j, i + 1)
    if keepempty or start < n:
        out.append((start, n))
    return out


def split_from_right(text: str, sep: Any, limit: int, keepempty: bool) -> list[tuple[int, int]]:
    """The parts, at most `limit`, cut off from the end."""
    out: list[tuple[int, int]] = []
    stop = len(text)
    for i, j in cuts_from_right(text, sep):
        if limit > 0 and len(out) >= limit - 1:
            break
        if keepempty or j < stop:
            out.append((j, stop))
        stop = i
    if keepempty or stop > 0:
        out.append((0, stop))
    return out[::-1]


def cuts_from_right(text: str, sep: Any) -> Iterator[tuple[int, int]]:
    """The separators, the last one first."""
    if not is_string(sep):
        yield from reversed([s for s in spans(sep, text) if s[1] > s[0]])
        return
    needle = text_of(sep)
    stop = len(text)
    while needle and (at := text.rfind(needle, 0, stop)) >= 0:
        yield at, at + len(needle)
        stop = at


def parts_of_string(
    text: str, sep: Any, keepempty: bool, whole: str, begin: int
) -> list[V.SubString]:
    """All the parts of a text of ASCII that begins at a byte of a String."""
    new = str.__new__
    out: list[V.SubString] = []
    if type(sep) is V.Char:
        sep = sep.text
    if type(sep) is str and sep:
        at = 0
        for part in text.split(sep):
            if part or keepempty:
                piece = new(V.SubString, part)
                piece.string = whole
                piece.offset = begin + at if part else begin
                out.append(piece)
            at += len(part) + len(sep)
        return out
    if sep is isspace and not keepempty and not isspace.user_methods:
        found = [m.span() for m in WORD.finditer(text)]
    else:
        found = split_spans(text, sep, 0, keepempty)
    for i, j in found:
        piece = new(V.SubString, text[i:j])
        piece.string = whole
        piece.offset = begin + i if j > i else begin
        out.append(piece)
    return out


# What `split` finds between blanks.
WORD = re.compile(f"[^{SPACES}]+")


class EachSplit:
    """`eachsplit(s, sep)`: the parts, one by one."""

    __slots__ = ("keepempty", "limit", "right", "splitter", "str")
    fields = ("str", "splitter", "limit", "keepempty")

    def __init__(self, s: Any, sep: Any, limit: int, keepempty: bool, right: bool = False) -> None:
        self.str = s
        self.splitter = sep
        self.limit = limit
        self.keepempty = keepempty
        self.right = right

    def julia_iterator(self) -> Any:
        text = text_of(self.str)
        s = self.str
        if isinstance(s, str) and self.limit <= 0 and not self.right and text.isascii():
            whole, begin = (s.string, s.offset) if type(s) is V.SubString else (text, 0)
            return iter(parts_of_string(text, self.splitter, self.keepempty, whole, begin))
        f = split_from_right if self.right else split_spans
        found = f(text, self.splitter, self.limit, self.keepempty)
        return (slice_text(self.str, i, j) for i, j in (reversed(found) if self.right else found))


SplitIterator = T.define(
    "SplitIterator", None, [T.TypeVar("S", None, T.AbstractString), T.TypeVar("F")], module=Base
)
T.register_instances(
    EachSplit,
    lambda e: T.apply_type(SplitIterator, T.typeof(e.str), T.typeof(e.splitter)),
    SplitIterator,
)
_typename = T.unwrap(SplitIterator).typename
_typename.fields = EachSplit.fields
_typename.field_types = (*T.unwrap(SplitIterator).parameters, T.Int64, T.Bool)
ITERATORS[EachSplit] = lambda e: e.julia_iterator()
Base.const("SplitIterator", SplitIterator, export=False)


@Base.method("eltype(::Type{<:Base.SplitIterator})")
def split_eltype(_: Any) -> Any:
    return SUBSTRING


@Base.method("IteratorSize(::Type{<:Base.SplitIterator})", export=False)
def split_size(*_: Any) -> Any:
    return SizeUnknown


def _checked(s: Any, sep: Any, name: str) -> Any:
    if not (
        is_string(sep)
        or isinstance(sep, (V.Char, tuple, V.JuliaSet))
        or T.isa(sep, T.AbstractArray)
        or T.isa(sep, T.CORE_TYPES.get("Regex", T.Bottom))
        or is_predicate(sep)
    ):
        raise MethodError(Base.bindings[name], (s, sep), None)
    return sep


def splitting(name: str, right: bool, lazy: bool, doc: str) -> None:
    def build(s: Any, sep: Any, limit: int, keepempty: bool) -> Any:
        if not T.isa(limit, T.Integer):
            raise TypeError_(Symbol("keyword argument"), "limit", T.Integer, limit)
        parts = EachSplit(s, sep, int(limit), keepempty, right)
        if lazy:
            return parts
        found = list(parts.julia_iterator())
        return vector(found[::-1] if right else found, SUBSTRING)

    @Base.method(f"{name}(s::AbstractString; limit=0, keepempty=false)")
    def on_blanks(s: Any, *, limit: Any = 0, keepempty: bool = False) -> Any:
        return build(s, isspace, limit, keepempty)

    @Base.method(f"{name}(s::AbstractString, sep; limit=0, keepempty=true)")
    def on(s: Any, sep: Any, *, limit: Any = 0, keepempty: bool = True) -> Any:
        return build(s, _checked(s, sep, name), limit, keepempty)

    on_blanks.__doc__ = doc


splitting(
    "split",
    False,
    False,
    """The parts between separators (blanks, if none are given).

    ```jldoctest
    julia> split("a, b, c", ", ")
    3-element Vector{SubString{String}}:
     "a"
     "b"
     "c"

    julia> split(" two  words ") == ["two", "words"]
    true
    ```
    """,
)
splitting(
    "rsplit",
    True,
    False,
    """Like `split`, but counting from the end where there is a limit.

    ```jldoctest
    julia> rsplit("a.b.c", '.'; limit=2) == ["a.b", "c"]
    true
    ```
    """,
)
splitting(
    "eachsplit",
    False,
    True,
    """The parts between separators, one by one.

    ```jldoctest
    julia> collect(eachsplit("1 2")) == ["1", "2"]
    true
    ```
    """,
)

# ---------------------------------------------------------------- join


@Base.method('join(xs, d="", last=nothing)')
def join(xs: Any, d: Any = "", last: Any = None) -> str:
    """The printed forms with a delimiter between them.

    ```jldoctest
    julia> join([1, 2, 3], ", ", " and ")
    "1, 2 and 3"
    ```
    """
    items = list(map(string_of, support.iterate(xs)))
    d = string_of(d)
    if last is not None and len(items) > 1:
        return d.join(items[:-1]) + string_of(last) + items[-1]
    return d.join(items)


@Base.method('join(io::IO, xs, d="", last=nothing)')
def join_to(io: IO, xs: Any, d: Any = "", last: Any = None) -> None:
    io.write(join(xs, d, last))


# ---------------------------------------------------------------- strip


def stripping(name: str, left: bool, right: bool, doc: str) -> None:
    def strip(s: Any, test: str | Callable[[str], bool]) -> V.SubString:
        text = text_of(s)
        i, j = 0, len(text)
        if isinstance(test, str):
            if left:
                i = j - len(text.lstrip(test))
            return slice_text(s, i, max(i, len(text.rstrip(test))) if right else j)
        if left:
            while i < j and test(text[i]):
                i += 1
        if right:
            while j > i and test(text[j - 1]):
                j -= 1
        return slice_text(s, i, j)

    @Base.method(f"{name}(s::AbstractString)")
    def plain(s: Any) -> Any:
        return strip(s, SPACES)

    plain.__doc__ = doc

    @Base.method(f"{name}(s::AbstractString, chars)")
    def of(s: Any, chars: Any) -> Any:
        test = characters_of(chars) or char_test(chars)
        if test is None:
            raise MethodError(Base.bindings[name], (s, chars), None)
        return strip(s, test)

    @Base.method(f"{name}(f, s::AbstractString)")
    def by(f: Any, s: Any) -> Any:
        test = char_test(f)
        if test is None:
            raise MethodError(Base.bindings[name], (f, s), None)
        return strip(s, test)


stripping(
    "strip",
    True,
    True,
    """Without white space (or the given characters) at both ends.

    ```jldoctest
    julia> strip("  ab "), strip("--x-", '-')
    ("ab", "x")
    ```
    """,
)
stripping("lstrip", True, False, "Without white space (or the given characters) at the start.")
stripping("rstrip", False, True, "Without white space (or the given characters) at the end.")


@Base.method("chomp(s::AbstractString)")
def chomp(s: Any) -> V.SubString:
    """Without one line break at the end.

    ```jldoctest
    julia> chomp("line\\n")
    "line"
    ```
    """
    text = text_of(s)
    drop = 2 if text.endswith("\r\n") else 1 if text.endswith("\n") else 0
    return cut(s, 0, text[: len(text) - drop])


@Base.method("chop(s::AbstractString; head::Integer=0, tail::Integer=1)")
def chop(s: Any, *, head: Any = 0, tail: Any = 1) -> V.SubString:
    """Without characters at the start and the end.

    ```jldoctest
    julia> chop("March"), chop("March", head=1, tail=2)
    ("Marc", "ar")
    ```
    """
    text = text_of(s)
    if head < 0 or tail < 0:
        raise ArgumentError(f"n cannot be negative: {int(min(head, tail))}")
    chars = list(characters(text))
    if head + tail >= len(chars):
        return cut(s, 0, "")
    kept = "".join(c.text for c in chars[int(head) : len(chars) - int(tail)])
    before = "".join(c.text for c in chars[: int(head)])
    return cut(s, bytes_before(before, len(before)), kept)


def _affix(name: str, prefix: bool, doc: str) -> None:
    @Base.method(f"{name}(s::AbstractString, affix)")
    def chop_affix(s: Any, affix: Any) -> V.SubString:
        text = text_of(s)
        size = affix_length(text, affix, prefix)
        if not size:
            return cut(s, 0, text)
        return slice_text(s, size, len(text)) if prefix else slice_text(s, 0, len(text) - size)

    chop_affix.__doc__ = doc


def affix_length(text: str, affix: Any, prefix: bool) -> int | None:
    """How many Python characters of the text an affix takes; None if it is not there."""
    if is_string(affix):
        a = text_of(affix)
        if not (text.startswith(a) if prefix else text.endswith(a)):
            return None
        if a and not is_valid(a):
            # Bytes that are no characters of their own in the text are no part of it either.
            whole = list(characters(text))
            n = len(list(characters(a)))
            if "".join(c.text for c in (whole[:n] if prefix else whole[-n:])) != a:
                return None
        return len(a)
    own = getattr(affix, "affix_length", None)
    if own is not None:
        return own(text, prefix)
    test = char_test(affix)
    if test is not None and text and test(text[0 if prefix else -1]):
        return 1
    return None


_affix(
    "chopprefix",
    True,
    """Without a prefix, if it is there.

    ```jldoctest
    julia> chopprefix("Hamburger", "Ham"), chopprefix("x", "y")
    ("burger", "x")
    ```
    """,
)
_affix(
    "chopsuffix",
    False,
    """Without a suffix, if it is there.

    ```jldoctest
    julia> chopsuffix("file.jl", ".jl")
    "file"
    ```
    """,
)


def affix_test(name: str, prefix: bool, doc: str) -> None:
    @Base.method(f"{name}(s::AbstractString, affix)")
    def has(s: Any, affix: Any) -> bool:
        if affix_length(text_of(s), affix, prefix) is not None:
            return True
        if not (is_string(affix) or hasattr(affix, "affix_length") or char_test(affix)):
            raise MethodError(Base.bindings[name], (s, affix), None)
        return False

    has.__doc__ = doc

    @Base.method(f"{name}(affix)")
    def partial(affix: Any) -> Any:
        return Fix2(Base.bindings[name], affix)


@Base.method("startswith(io::IO, prefix::Union{AbstractString,AbstractChar,Regex})")
@Base.method("startswith(io::IO, prefix)")
def stream_starts(io: IO, prefix: Any) -> bool:
    """Does what comes next in a stream start so? The stream stays where it is."""
    Base.bindings["mark"](io)
    text = Base.bindings["String"](Base.bindings["read"](io))
    Base.bindings["reset"](io)
    return affix_length(text, prefix, True) is not None


affix_test(
    "startswith",
    True,
    """Does the string start so?

    ```jldoctest
    julia> startswith("JuliaLang", "Julia"), startswith("abc", ['x', 'a'])
    (true, true)
    ```
    """,
)
affix_test(
    "endswith",
    False,
    """Does the string end so?

    ```jldoctest
    julia> endswith("Sunday", "day")
    true
    ```
    """,
)

# ---------------------------------------------------------------- pad


def padding(name: str, left: bool, doc: str) -> None:
    @Base.method(f'{name}(s, n::Integer, p=" ")')
    def pad(s: Any, n: Any, p: Any = " ") -> str:
        text = string_of(s) if not is_string(s) else text_of(s)
        fill = piece(p) if isinstance(p, V.Char) or is_string(p) else string_of(p)
        missing = int(n) - text_width(text)
        if missing <= 0:
            return text
        width = text_width(fill)
        if width == 0:
            raise ArgumentError(f"{Base.bindings['repr'](fill)} has zero textwidth")
        q, r = divmod(missing, width)
        pads = fill * q + fill[:r]
        return pads + text if left else text + pads

    pad.__doc__ = doc


padding(
    "lpad",
    True,
    """Padded on the left to a width.

    ```jldoctest
    julia> lpad("7", 3, '0'), lpad(42, 5)
    ("007", "   42")
    ```
    """,
)
padding(
    "rpad",
    False,
    """Padded on the right to a width.

    ```jldoctest
    julia> rpad("ab", 4, ".")
    "ab.."
    ```
    """,
)
