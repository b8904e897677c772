"""Strings and characters in the form in which they are written in code."""

from __future__ import annotations

import unicodedata

from juliette.display.io import IO, screen
from juliette.runtime import values as V
from juliette.runtime.text import bytes_code, is_valid, utf8

_NAMED = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"}
_OCTAL = "01234567"
_HEX = "0123456789abcdefABCDEF"


def printable(c: str) -> bool:
    """Is it a letter, mark, number, punctuation, symbol or blank?"""
    kind = unicodedata.category(c)
    return kind[0] in "LMNPS" or kind == "Zs"


def escaped(text: str, esc: str = "", keep: str = "") -> str:
    """With escapes for what does not print and for the characters in `esc`, except those in `keep`."""
    if (
        text.isascii()
        and text.isprintable()
        and "\\" not in text
        and not any(c in text for c in esc)
    ):
        return text
    out: list[str] = []
    parts = text if is_valid(text) else [c.text for c in V.chars(text)]
    for i, c in enumerate(parts):
        following = parts[i + 1] if i + 1 < len(parts) else ""
        if c in keep and c:
            out.append(c)
        elif c in esc:
            out.append("\\" + c)
        elif c == "\\":
            out.append("\\\\")
        elif c == "\0":
            out.append("\\x00" if following and following in _OCTAL else "\\0")
        elif c in _NAMED:
            out.append("\\" + _NAMED[c])
        elif len(c) > 1 or "\udc80" <= c <= "\udcff":
            code = bytes_code(utf8(c))
            if code < 0:
                out.append("".join(f"\\x{b:02x}" for b in utf8(c)))
            else:
                out.append(f"\\u{code:x}" if code < 0x10000 else f"\\U{code:x}")
        elif printable(c):
            out.append(c)
        else:
            code, full = ord(c), bool(following) and following in _HEX
            if code < 0x80:
                out.append(f"\\x{code:02x}")
            elif code < 0x10000:
                out.append(f"\\u{code:0{4 if full else 2}x}")
            else:
                out.append(f"\\U{code:0{8 if full else 4}x}")
    return "".join(out)


def quoted(text: str) -> str:
    """A string as its literal."""
    return f'"{escaped(str(text), chr(34) + "$")}"'


def char_text(c: V.Char) -> str:
    """A character as its literal."""
    return _ASCII.get(c.code) or literal(c)


def literal(c: V.Char) -> str:
    if c.code < 0:
        return "'" + "".join(f"\\x{b:02x}" for b in utf8(c.text)) + "'"
    if c.code > 0x10FFFF or 0xD800 <= c.code <= 0xDFFF:
        return f"'\\{'u' if c.code < 0x10000 else 'U'}{c.code:x}'"
    s = chr(c.code)
    if s in "\\'":
        return f"'\\{s}'"
    if s == "\0":
        return "'\\0'"
    if s in _NAMED:
        return f"'\\{_NAMED[s]}'"
    if printable(s):
        return f"'{s}'"
    code = c.code
    return (
        f"'\\x{code:02x}'"
        if code < 0x80
        else f"'\\u{code:x}'"
        if code < 0x10000
        else f"'\\U{code:x}'"
    )


# The literals met most.
_ASCII = {code: literal(V.Char(code)) for code in range(128)}

_CATEGORIES = {
    "Lu": "Letter, uppercase",
    "Ll": "Letter, lowercase",
    "Lt": "Letter, titlecase",
    "Lm": "Letter, modifier",
    "Lo": "Letter, other",
    "Mn": "Mark, nonspacing",
    "Mc": "Mark, spacing combining",
    "Me": "Mark, enclosing",
    "Nd": "Number, decimal digit",
    "Nl": "Number, letter",
    "No": "Number, other",
    "Pc": "Punctuation, connector",
    "Pd": "Punctuation, dash",
    "Ps": "Punctuation, open",
    "Pe": "Punctuation, close",
    "Pi": "Punctuation, initial quote",
    "Pf": "Punctuation, final quote",
    "Po": "Punctuation, other",
    "Sm": "Symbol, math",
    "Sc": "Symbol, currency",
    "Sk": "Symbol, modifier",
    "So": "Symbol, other",
    "Zs": "Separator, space",
    "Zl": "Separator, line",
    "Zp": "Separator, paragraph",
    "Cc": "Other, control",
    "Cf": "Other, format",
    "Cs": "Other, surrogate",
    "Co": "Other, private use",
    "Cn": "Other, not assigned",
    "Ma": "Malformed, bad data",
    "In": "Invalid, too high",
}


def category(c: V.Char) -> str:
    """The two letters of a character's category; `Ma` malformed and `In` too high, as in Julia."""
    if c.code < 0:
        code = overlong_code(c)
        return "Ma" if code is None else unicodedata.category(chr(code))
    if c.code > 0x10FFFF:
        return "In"
    return unicodedata.category(chr(c.code))


def overlong_code(c: V.Char) -> int | None:
    """The code point that an overlong sequence means; None if the bytes are no sequence at all."""
    if c.code >= 0:
        return c.code
    b = c.bits.to_bytes(4, "big").rstrip(b"\0")
    n = len(b)
    if n == 2 and b[0] & 0xE0 == 0xC0 and b[1] & 0xC0 == 0x80:
        return (b[0] & 0x1F) << 6 | b[1] & 0x3F
    if n == 3 and b[0] & 0xF0 == 0xE0:
        return (b[0] & 0x0F) << 12 | (b[1] & 0x3F) << 6 | b[2] & 0x3F
    if n == 4 and b[0] & 0xF8 == 0xF0:
        return (b[0] & 7) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 | b[3] & 0x3F
    return None


def char_description(c: V.Char) -> str:
    """What the prompt adds to a character: `: ASCII/Unicode U+0061 (category Ll: Letter, lowercase)`."""
    code, kind = overlong_code(c), category(c)
    if code is None:
        where = "Malformed UTF-8"
    else:
        overlong = "[overlong] " if c.code < 0 else ""
        where = f"{overlong}{'ASCII/' if code < 128 else ''}Unicode U+{code:04X}"
    return f": {where} (category {kind}: {_CATEGORIES[kind]})"


def string_long(x: str, io: IO) -> str:
    """A string in quotes; the middle of one longer than seven lines is left out and counted."""
    if not io.get("limit"):
        return quoted(x)
    limit = max(20, screen(io)[1])
    if io.get("typeinfo") is None:
        limit *= 7
    n = len(utf8(str(x)))
    if n <= limit - 2:
        return quoted(x)
    short = len(" ⋯  bytes ⋯ ") + 4
    chars = max(limit, short + 1) - short
    digits = len(str(n - chars))
    chars -= digits
    chars = max(0, chars + digits - len(str(n - chars)))
    head, tail = x[: (chars + 1) // 2], x[len(x) - chars // 2 :]
    skipped = n - len(utf8(head)) - len(utf8(tail))
    if skipped < short + len(str(n - chars)) - 1 or len(head) + len(tail) >= len(x):
        return quoted(x)
    return f"{quoted(head)} ⋯ {skipped} bytes ⋯ {quoted(tail)}"
