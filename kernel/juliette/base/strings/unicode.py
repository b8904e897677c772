"""How wide characters are in a terminal, and which belong together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.strings.values import text_of
from juliette.runtime import values as V
from juliette.runtime.modules import PACKAGES, Base, Module


def char_width(c: str) -> int:
    """The columns that one character takes."""
    if c < "\x7f":
        return 1 if c >= " " else 0
    kind = unicodedata.category(c)
    if kind in ("Mn", "Me", "Cc", "Zl", "Zp", "Cs") or (kind == "Cf" and c != "\u00ad"):
        return 0
    if kind == "Cn" or kind == "Co":
        return 1 if kind == "Co" else 0
    if unicodedata.east_asian_width(c) in "WF":
        return 2
    return 0 if kind == "Mc" and unicodedata.combining(c) else 1


def text_width(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text) if text.isprintable() else sum(map(char_width, text))
    return sum(map(char_width, text))


@Base.method("textwidth(s::AbstractString)")
def textwidth(s: Any) -> int:
    """The columns that a string or character takes in a terminal.

    ```jldoctest
    julia> textwidth("March"), textwidth('⛵')
    (5, 2)
    ```
    """
    return text_width(text_of(s))


@Base.method("textwidth(c::AbstractChar)")
def textwidth_char(c: V.Char) -> int:
    return sum(map(char_width, c.text)) if c.valid else 1


# The kinds of characters in the order of their numbers, and what lies beyond all code points.
CATEGORIES = [
    "Cn",
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "Mn",
    "Mc",
    "Me",
    "Nd",
    "Nl",
    "No",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Zs",
    "Zl",
    "Zp",
    "Cc",
    "Cf",
    "Cs",
    "Co",
]
INVALID_HIGH = len(CATEGORIES)
MALFORMED = INVALID_HIGH + 1


def category_code(c: Any) -> int:
    """The number of a character's kind."""
    if isinstance(c, V.Char):
        if not c.valid:
            return MALFORMED
        c = c.code
    n = int(c)
    return CATEGORIES.index(unicodedata.category(chr(n))) if n <= 0x10FFFF else INVALID_HIGH


def clusters(text: str) -> Iterator[str]:
    """Characters with what modifies them: the user-perceived ones."""
    current = ""
    for c in text:
        if current and not _breaks(current, c):
            current += c
        else:
            if current:
                yield current
            current = c
    if current:
        yield current


_JOINER = "\u200d"


def _breaks(before: str, c: str) -> bool:
    last = before[-1]
    if last == "\r" and c == "\n":
        return False
    if unicodedata.category(last) in ("Cc", "Zl", "Zp") or unicodedata.category(c) in (
        "Cc",
        "Zl",
        "Zp",
    ):
        return True
    kind = unicodedata.category(c)
    if (
        kind in ("Mn", "Me", "Mc")
        or c == _JOINER
        or "\U0001f3fb" <= c <= "\U0001f3ff"
        or "\ufe00" <= c <= "\ufe0f"
    ):
        return False
    if last == _JOINER and unicodedata.category(c) == "So":
        return False
    if _is_flag(c) and _is_flag(last):
        flags = len(before) - len(before.rstrip("".join(ch for ch in before if _is_flag(ch))))
        return flags % 2 == 0
    return not _hangul_joins(last, c)


def _is_flag(c: str) -> bool:
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def _hangul(c: str) -> str:
    if "\u1100" <= c <= "\u115f":
        return "L"
    if "\u1160" <= c <= "\u11a7":
        return "V"
    if "\u11a8" <= c <= "\u11ff":
        return "T"
    if "\uac00" <= c <= "\ud7a3":
        return "LV" if (ord(c) - 0xAC00) % 28 == 0 else "LVT"
    return ""


def _hangul_joins(a: str, b: str) -> bool:
    x, y = _hangul(a), _hangul(b)
    return (
        (x == "L" and y in ("L", "V", "LV", "LVT"))
        or (x in ("LV", "V") and y in ("V", "T"))
        or (x in ("LVT", "T") and y == "T")
    )


Unicode = Module("Unicode", Base)
Base.const("Unicode", Unicode, export=False)


def _fill() -> None:
    """`Base.Unicode` has what the standard library of that name has, and questions about letters."""
    library = PACKAGES["Unicode"]
    library.load()
    for name in (
        "normalize",
        "graphemes",
        "isassigned",
        "julia_chartransform",
        "isequal_normalized",
    ):
        Unicode.const(name, library.get(name), export=False)
    letters = "isletter isuppercase islowercase isdigit isnumeric isxdigit isspace ispunct iscntrl isprint"
    for name in (
        *letters.split(),
        "uppercase",
        "lowercase",
        "titlecase",
        "uppercasefirst",
        "lowercasefirst",
        "textwidth",
    ):
        Unicode.const(name, Base.get(name), export=False)
    for number, kind in enumerate(CATEGORIES):
        Unicode.const(f"UTF8PROC_CATEGORY_{kind.upper()}", np.int32(number), export=False)

    @Unicode.method("category_code(c)", export=False)
    def code(c: Any) -> Any:
        """The number of a character's kind, as in `UTF8PROC_CATEGORY_LU`."""
        return np.int32(category_code(c))

    @Unicode.method("category_abbrev(c)", export=False)
    def abbreviation(c: Any) -> str:
        """The two letters of a character's kind: `"Lu"` of a capital letter."""
        return [*CATEGORIES, "Ih", "Ma"][category_code(c)]

    @Unicode.method("iscased(c)", export=False)
    def iscased(c: Any) -> bool:
        """Is the character a letter that is upper, lower or title case?"""
        return CATEGORIES[category_code(c)] in ("Lu", "Ll", "Lt") if c.valid else False

    @Unicode.method("isgraphemebreak(a, b)", export=False)
    def isgraphemebreak(a: Any, b: Any) -> bool:
        """Does a new user-perceived character begin between the two?"""
        return not (a.valid and b.valid) or _breaks(a.text, b.text)


Unicode.loader = _fill
