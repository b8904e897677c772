"""Changing strings: case, reverse, replace, filter, escapes, bytes as hexadecimal digits."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np

from juliette.base.iteration import characters
from juliette.base.strings import characters as C
from juliette.base.strings.indexing import slice_text
from juliette.base.strings.patterns import find, finds_characters
from juliette.base.strings.values import is_string, join_pieces, piece, text_of
from juliette.compiler import support
from juliette.display.io import IO
from juliette.display.show import string_of
from juliette.display.strings import category, escaped
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError, DomainError, NoMethod
from juliette.runtime.modules import Base
from juliette.runtime.text import code_bytes, from_utf8, utf8
from juliette.syntax.literals import ESCAPES

# ---------------------------------------------------------------- case


def _each(f: Any, text: str) -> str:
    return "".join(c if "\ud800" <= c <= "\udfff" else chr(f(ord(c))) for c in text)


@Base.method("uppercase(s::AbstractString)")
def uppercase(s: Any) -> str:
    """In capitals.

    ```jldoctest
    julia> uppercase("Julia"), uppercase('é')
    ("JULIA", 'É')
    ```
    """
    text = text_of(s)
    return text.upper() if text.isascii() else _each(C.upper, text)


@Base.method("lowercase(s::AbstractString)")
def lowercase(s: Any) -> str:
    """In small letters.

    ```jldoctest
    julia> lowercase("STRINGS AND THINGS")
    "strings and things"
    ```
    """
    text = text_of(s)
    return text.lower() if text.isascii() else _each(C.lower, text)


@Base.method("titlecase(s::AbstractString; wordsep=nothing, strict=true)")
def titlecase(s: Any, *, wordsep: Any = None, strict: bool = True) -> str:
    """Words with a capital first letter.

    ```jldoctest
    julia> titlecase("the JULIA language"), titlecase("the JULIA language"; strict=false)
    ("The Julia Language", "The JULIA Language")
    ```
    """
    out: list[str] = []
    start = True
    for c in characters(text_of(s)):
        separates = wordsep(c) if wordsep is not None else not category(c).startswith("L")
        if separates:
            start = True
            out.append(c.text)
        elif not c.valid:
            out.append(c.text)
        else:
            out.append(chr(C.title(c.code) if start else C.lower(c.code) if strict else c.code))
            start = False
    return "".join(out)


def _first(name: str, f: Any, doc: str) -> None:
    @Base.method(f"{name}(s::AbstractString)")
    def change(s: Any) -> str:
        text = text_of(s)
        return _each(f, text[:1]) + text[1:]

    change.__doc__ = doc


_first(
    "uppercasefirst",
    C.title,
    """With a capital first letter.

    ```jldoctest
    julia> uppercasefirst("python")
    "Python"
    ```
    """,
)
_first("lowercasefirst", C.lower, "With a small first letter.")


@Base.method("reverse(s::AbstractString)")
def reverse(s: Any) -> str:
    """The characters in reverse order.

    ```jldoctest
    julia> reverse("αβγ")
    "γβα"
    ```
    """
    text = text_of(s)
    if text.isascii():
        return text[::-1]
    return "".join(c.text for c in reversed(list(characters(text))))


@Base.method("reverseind(s::AbstractString, i::Integer)")
def reverseind(s: Any, i: Any) -> int:
    """The index in `s` of the character at index `i` of `reverse(s)`."""
    return int(Base.bindings["thisind"](s, len(utf8(text_of(s))) - int(i) + 1))


@Base.method("filter(f, s::AbstractString)")
def filter_(f: Any, s: Any) -> str:
    from juliette.base.mapping import holds

    return "".join(c.text for c in characters(text_of(s)) if holds(f, c))


@Base.method("map(f, s::AbstractString)")
def map_(f: Any, s: Any) -> str:
    out = []
    for c in characters(text_of(s)):
        v = f(c)
        if not isinstance(v, V.Char):
            raise ArgumentError(
                "map(f, s::AbstractString) requires f to return AbstractChar; try map(f, collect(s)) or a comprehension instead"
            )
        out.append(v.text)
    return "".join(out)


# ---------------------------------------------------------------- replace


def replacement(new: Any, s: Any, text: str, span: tuple[int, int], pattern: Any) -> str:
    """What takes the place of one match."""
    own = getattr(new, "expand", None)
    if own is not None:
        return own(pattern, text, span)
    if isinstance(new, V.Char) or is_string(new):
        return piece(new)
    if callable(new) and not isinstance(new, (int, float)):
        found: Any = (
            V.Char(ord(text[span[0]])) if finds_characters(pattern) else slice_text(s, *span)
        )
        return string_of(new(found))
    return string_of(new)


_PLAIN = frozenset((str, V.Char))


def replace_in(s: Any, pairs: tuple[Any, ...], count: Any) -> str:
    """All patterns at once: the match that starts first wins, of two the pattern given first."""
    text = text_of(s)
    if count is None and len(pairs) == 1:
        old, new = pairs[0].first, pairs[0].second
        if type(old) in _PLAIN and type(new) in _PLAIN and piece(old):
            return text.replace(piece(old), piece(new))
    out: list[str] = []
    start = done = 0
    behind = -1  # where the last match ended that was not empty
    left = None if count is None else int(count)
    if left is not None and left < 0:
        raise DomainError(count, "`count` must be non-negative.")
    heads = [find(p.first, text, 0) if left != 0 else None for p in pairs]
    while left is None or left > 0:
        best = None
        for k, span in enumerate(heads):
            while span is not None and span[0] < start:
                span = heads[k] = find(pairs[k].first, text, start)
            if span is not None and (best is None or span[0] < heads[best][0]):  # type: ignore[index]
                best = k
        if best is None:
            break
        i, j = heads[best]  # type: ignore[misc]
        if i < j or i != behind:
            out.append(text[done:i])
            out.append(replacement(pairs[best].second, s, text, (i, j), pairs[best].first))
            done = j
        behind = j if i < j else -1
        start = j if j > i else i + 1
        if left is not None:
            left -= 1
        if start > len(text):
            break
        heads = [
            find(p.first, text, start) if (h is not None and h[0] < start) else h
            for p, h in zip(pairs, heads, strict=True)
        ]
    if not out:
        return text
    out.append(text[done:])
    return join_pieces(out)


@Base.method("replace(s::AbstractString, ps::Pair...; count=nothing)")
def replace(s: Any, *ps: V.Pair, count: Any = None) -> str:
    """The string with parts replaced.

    ```jldoctest
    julia> replace("banana", "na" => "NA"; count=1)
    "baNAna"

    julia> replace("a1b2", r"\\d" => x -> "<$x>", 'a' => 'A')
    "A<1>b<2>"
    ```
    """
    return replace_in(s, ps, count)


@Base.method("replace(io::IO, s::AbstractString, ps::Pair...; count=nothing)")
def replace_to(io: IO, s: Any, *ps: V.Pair, count: Any = None) -> IO:
    io.write(replace_in(s, ps, count))
    return io


# ---------------------------------------------------------------- escapes


def _kept(chars: Any) -> str:
    return (
        "".join(piece(c) for c in support.iterate(chars))
        if not is_string(chars)
        else text_of(chars)
    )


@Base.method("escape_string(s::AbstractString, esc=('\\\"',); keep=())")
def escape_string(s: Any, esc: Any = '"', *, keep: Any = ()) -> str:
    """With escapes for what does not print, and for quotes.

    ```jldoctest
    julia> println(escape_string("aaa\\n\\t\\"β\\""))
    aaa\\n\\t\\"β\\"
    ```
    """
    return escaped(text_of(s), _kept(esc), _kept(keep))


@Base.method("escape_string(io::IO, s::AbstractString, esc=(); keep=())")
def escape_string_to(io: IO, s: Any, esc: Any = (), *, keep: Any = ()) -> None:
    io.write(escape_string(s, esc, keep=keep))


@Base.method("unescape_string(s::AbstractString, keep=())")
def unescape_string(s: Any, keep: Any = ()) -> str:
    """With escapes replaced by what they mean.

    ```jldoctest
    julia> unescape_string("aaa\\\\nbbb") == "aaa\\nbbb"
    true
    ```
    """
    text, held = text_of(s), _kept(keep)
    out = bytearray()
    done = 0
    for found in _escape_pattern().finditer(text):
        code, octal, plain = found["x"] or found["u"] or found["U"], found["octal"], found["plain"]
        out += utf8(text[done : found.start()])
        done = found.end()
        if plain is not None and plain in held:
            out += utf8("\\" + plain)
        elif octal:
            if int(octal, 8) > 255:
                raise ArgumentError("octal escape sequence out of range")
            out.append(int(octal, 8))
        elif found["x"]:
            out.append(int(found["x"], 16))
        elif code:
            out += code_bytes(int(code, 16))
        elif plain in ("x", "u", "U"):
            kind = "hex (\\x)" if plain == "x" else "unicode (\\u)"
            raise ArgumentError(f"invalid {kind} escape sequence")
        elif plain in _MEANINGS:
            out += utf8(_MEANINGS[plain])
        else:
            raise ArgumentError(f"invalid escape sequence \\{plain}")
    return from_utf8(bytes(out) + utf8(text[done:]))


@functools.cache
def _escape_pattern() -> re.Pattern[str]:
    return re.compile(
        r"\\(?:x(?P<x>[0-9a-fA-F]{1,2})|u(?P<u>[0-9a-fA-F]{1,4})|U(?P<U>[0-9a-fA-F]{1,8})|(?P<octal>[0-7]{1,3})|(?P<plain>.))",
        re.DOTALL,
    )


_MEANINGS = {**ESCAPES, "\n": ""}


@Base.method("unescape_string(io::IO, s::AbstractString, keep=())")
def unescape_string_to(io: IO, s: Any, keep: Any = ()) -> None:
    io.write(unescape_string(s, keep))


@Base.method("escape_raw_string(s::AbstractString, delim='\"')", export=False)
def escape_raw_string(s: Any, delim: Any = None) -> str:
    """As it must be written between the quotes of a raw string."""
    quote = delim.text if delim is not None else '"'
    out: list[str] = []
    slashes = 0
    for c in text_of(s):
        if c == "\\":
            slashes += 1
            continue
        out.append("\\" * (2 * slashes + 1 if c == quote else slashes) + c)
        slashes = 0
    return "".join(out) + "\\" * (2 * slashes)


# ---------------------------------------------------------------- bytes


def _bytes(x: Any) -> bytes:
    if is_string(x):
        return utf8(text_of(x))
    data = np.asarray(Base.bindings["collect"](x).data)
    if data.dtype != np.uint8:
        raise NoMethod("digits are bytes")
    return data.tobytes()


@Base.method("bytes2hex(itr)")
def bytes2hex(itr: Any) -> str:
    """Bytes as hexadecimal digits.

    ```jldoctest
    julia> bytes2hex([0x0a, 0xff])
    "0aff"
    ```
    """
    if Base.bindings["eltype"](itr) is not T.UInt8:
        raise ArgumentError("eltype of iterator not UInt8")
    data = getattr(itr, "data", None)
    if data is None:
        return "".join(f"{int(b):02x}" for b in support.iterate(itr))
    return np.asarray(data).tobytes().hex()


@Base.method("bytes2hex(io::IO, itr)")
def bytes2hex_to(io: IO, itr: Any) -> None:
    io.write(bytes2hex(itr))


@Base.method("hex2bytes(itr)")
def hex2bytes(itr: Any) -> Any:
    """Hexadecimal digits as bytes.

    ```jldoctest
    julia> hex2bytes("0aff")
    2-element Vector{UInt8}:
     0x0a
     0xff
    ```
    """
    digits = _bytes(itr)
    if len(digits) % 2:
        raise ArgumentError("length of iterable must be even")
    for d in digits:
        if chr(d) not in "0123456789abcdefABCDEF":
            raise ArgumentError("byte is not an ASCII hexadecimal digit")
    return wrap(np.frombuffer(bytes.fromhex(digits.decode()), dtype=np.uint8).copy())


@Base.method("hex2bytes!(dest::AbstractVector{UInt8}, itr)")
def hex2bytes_into(dest: Any, itr: Any) -> Any:
    """Hexadecimal digits as bytes, into a vector of half their number.

    ```jldoctest
    julia> hex2bytes!(zeros(UInt8, 2), "01ff")
    2-element Vector{UInt8}:
     0x01
     0xff
    ```
    """
    found = hex2bytes(itr)
    if len(dest.data) != len(found.data):
        raise ArgumentError("length of output array must be half of the length of input iterable")
    dest.data[:] = found.data
    return dest
