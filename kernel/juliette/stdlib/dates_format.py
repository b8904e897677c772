"""Dates as text: formats, parsing and writing."""

from __future__ import annotations

import re
from typing import Any

from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, InexactError
from juliette.runtime.modules import Module
from juliette.stdlib import dates_calendar as C
from juliette.stdlib import dates_types as D
from juliette.stdlib.dates_locales import ENGLISH, DateLocale, find, name_at, number_of
from juliette.stdlib.dates_types import Date
from juliette.syntax.expr import QuoteNode, Symbol

CODES = "yYmuUdHIMSsEep"


class Part:
    """A piece of a format: a letter and how often it stands there, or the text between."""

    __slots__ = ("code", "fixed", "text", "width")

    def __init__(self, code: str, width: int, text: str = "") -> None:
        self.code = code
        self.width = width
        self.text = text
        # Numbers that follow each other directly have as many digits as the format has letters.
        self.fixed = False

    @property
    def name(self) -> str:
        return f"DatePart({self.code * self.width})" if self.code else f"Delim({self.text})"


class DateFormat:
    """`DateFormat("yyyy-mm-dd")`"""

    __slots__ = ("locale", "parts")

    def __init__(self, pattern: str, locale: DateLocale = ENGLISH) -> None:
        self.locale = locale
        self.parts: list[Part] = []
        text = ""
        i = 0
        while i < len(pattern):
            c = pattern[i]
            if c == "\\" and i + 1 < len(pattern):
                text += pattern[i + 1]
                i += 2
                continue
            if c in CODES:
                if text:
                    self.parts.append(Part("", 0, text))
                    text = ""
                n = len(re.match(f"{c}+", pattern[i:]).group())  # type: ignore[union-attr]
                self.parts.append(Part(c, n))
                i += n
            else:
                text += c
                i += 1
        if text:
            self.parts.append(Part("", 0, text))
        for a, b in zip(self.parts, self.parts[1:], strict=False):
            a.fixed = bool(a.code and b.code)

    @property
    def pattern(self) -> str:
        """The pattern; text that could be taken for a letter is escaped."""
        text = re.compile(f"[{CODES}]")
        return "".join(
            p.code * p.width if p.code else text.sub(r"\\\g<0>", p.text) for p in self.parts
        )


# What Julia calls the digits after the point of a second, when there are too many of them.
DECIMAL3 = T.define("Dates.Decimal3")
ISO_DATE = DateFormat("yyyy-mm-dd")
ISO_TIME = DateFormat("HH:MM:SS.s")
ISO_DATETIME = DateFormat("yyyy-mm-dd\\THH:MM:SS.s")
RFC1123 = DateFormat("e, dd u yyyy HH:MM:SS")


# ---------------------------------------------------------------- writing


def write_part(p: Part, x: Any, locale: DateLocale) -> str:
    if not p.code:
        return p.text
    c, n = p.code, p.width
    if c in "yY":
        text = str(abs(x.ymd[0])).rjust(n, "0")
        return text if c == "Y" else text[-n:]
    if c in "uU":
        return name_at(locale.months if c == "U" else locale.months_abbr, x.ymd[1])
    if c in "eE":
        names = locale.days_of_week if c == "E" else locale.days_of_week_abbr
        return name_at(names, C.day_of_week(x.days))
    h, mi, s, ms = (0, 0, 0, 0) if isinstance(x, Date) else D.clock(x.nanoseconds)[:4]
    if c == "p":
        return "AM" if h < 12 else "PM"
    if c == "s":
        text = f"{ms:03d}"
        text = text[:1] if ms % 100 == 0 else text[:2] if ms % 10 == 0 else text
        return text.ljust(n, "0")
    number = {"H": h, "I": (h - 1) % 12 + 1, "M": mi, "S": s}.get(c)
    if number is None:
        number = x.ymd[1] if c == "m" else x.ymd[2]
    return str(number).rjust(n, "0")


def formatted(x: Any, f: DateFormat) -> str:
    return "".join(write_part(p, x, f.locale) for p in f.parts)


# ---------------------------------------------------------------- reading


class Unparsed(Exception):
    """A text that does not fit a format; says why."""


def read_text(text: str, f: DateFormat) -> dict[str, int]:
    """The numbers that a text gives for a format's letters."""
    found: dict[str, int] = {}
    at = 0
    for k, p in enumerate(f.parts):
        if at >= len(text):
            if k and (not p.code or at == len(text)):
                # What is missing at the end is least.
                break
            raise Unparsed(
                f"Unable to parse date time. Expected directive {p.name} at char {at + 1}"
            )
        after = read_part(p, text, at, found, f.locale)
        if after is None:
            raise Unparsed(
                f"Unable to parse date time. Expected directive {p.name} at char {at + 1}"
            )
        at = after
    if at < len(text):
        raise Unparsed("Found extra characters at the end of date time string")
    return found


def read_part(p: Part, text: str, at: int, found: dict[str, int], locale: DateLocale) -> int | None:
    """Where the text goes on after a part, or None if it does not fit."""
    if not p.code:
        return at + len(p.text) if text.startswith(p.text, at) else None
    c = p.code
    if c in "uUeE":
        names = {
            "u": locale.months_abbr,
            "U": locale.months,
            "e": locale.days_of_week_abbr,
            "E": locale.days_of_week,
        }[c]
        # A name that something follows directly has at most as many letters as the format.
        longest = f"{{1,{p.width}}}" if p.fixed else "+"
        word = re.match(rf"[^\W\d_]{longest}", text[at:])
        number = number_of(names, word.group()) if word else None
        if word is None or number is None:
            return None
        if c in "uU":
            found["m"] = number
        return at + word.end()
    if c == "p":
        given = text[at : at + 2].upper()
        if given not in ("AM", "PM"):
            return None
        found["p"] = given == "PM"
        return at + 2
    limit = f"{{{p.width}}}" if p.fixed else "+"
    sign = "-?" if c in "yY" and not p.fixed else ""
    digits = re.match(f"{sign}[0-9]{limit}", text[at:])
    if digits is None:
        return None
    word_ = digits.group()
    if c == "s":
        if word_[3:].strip("0"):
            raise InexactError(Symbol("convert"), DECIMAL3, int(word_))
        found["s"] = int(word_[:3].ljust(3, "0"))
    else:
        found["y" if c == "Y" else "H" if c == "I" else c] = int(word_)
    return at + len(word_)


def value_of(kind: str, found: dict[str, int]) -> Any:
    """The Date, DateTime or Time of the numbers."""
    h = found.get("H", 0)
    if "p" in found:
        D.check("Hour", h, 1, 12)
        h = h % 12 + 12 * found["p"]
    ms = found.get("s", 0)
    if kind == "Time":
        return D.make_time(h, found.get("M", 0), found.get("S", 0), ms)
    ymd = (found.get("y", 1), found.get("m", 1), found.get("d", 1))
    if kind == "Date":
        return D.make_date(*ymd)
    return D.make_datetime(*ymd, h, found.get("M", 0), found.get("S", 0), ms)


# The units of a format's letters, for `parse_components`.
COMPONENTS = {
    "y": D.Year, "Y": D.Year, "m": D.Month, "u": D.Month, "U": D.Month, "d": D.Day,
    "H": D.Hour, "I": D.Hour, "M": D.Minute, "S": D.Second, "s": D.Millisecond,
}  # fmt: skip


def components(text: str, f: DateFormat) -> list[Any]:
    """The periods that a text gives, in the order of the format."""
    try:
        found = read_text(text, f)
    except Unparsed as e:
        raise ArgumentError(str(e)) from None
    same = {"Y": "y", "u": "m", "U": "m", "I": "H"}
    letters = [p.code for p in f.parts if p.code in COMPONENTS]
    return [COMPONENTS[c](found[k]) for c in letters if (k := same.get(c, c)) in found]


DEFAULTS = {"Date": ISO_DATE, "DateTime": ISO_DATETIME, "Time": ISO_TIME}


def parsed(kind: str, text: str, f: DateFormat) -> Any:
    if not text:
        what = "DateTime" if f is ISO_DATETIME else "Date or Time"
        raise ArgumentError(f"Cannot parse an empty string as a {what}")
    try:
        return value_of(kind, read_text(text, f))
    except Unparsed as e:
        # the usual form of a DateTime has a parser of its own in Julia, of fewer words
        raise ArgumentError("Invalid DateTime string" if f is ISO_DATETIME else str(e)) from None


# ---------------------------------------------------------------- the functions


def load(module: Module) -> None:
    """Add the functions to Dates."""
    format_ = T.define("DateFormat", module=module)
    T.register_class(DateFormat, format_)
    module.const("DateFormat", format_)
    for name, value in (
        ("ISODateFormat", ISO_DATE),
        ("ISOTimeFormat", ISO_TIME),
        ("ISODateTimeFormat", ISO_DATETIME),
        ("RFC1123Format", RFC1123),
    ):
        module.const(name, value)

    @module.method("default_format(t::Type{<:TimeType})", export=False)
    def default_format(t: Any) -> DateFormat:
        """The format of a type's own text."""
        return DEFAULTS[t.typename.name]

    @module.method('DateFormat(pattern::AbstractString, locale="english")')
    def date_format(_: Any, pattern: Any, locale: Any = "english") -> DateFormat:
        """The format that a pattern describes."""
        return DateFormat(text_of(pattern), find(module, locale))

    @module.macro("dateformat_str")
    def dateformat_str(context: Any, pattern: str, *flags: Any) -> Any:
        """`dateformat"yyyy-mm-dd"`"""
        return QuoteNode(DateFormat(pattern))

    @module.method("show(io::IO, f::DateFormat)", export=False)
    def show_format(io: IO, f: DateFormat) -> None:
        io.write(f'dateformat"{f.pattern}"')

    @module.method(
        'format(x::TimeType, f::Union{DateFormat, AbstractString}; locale="english")', export=False
    )
    def format_as(x: Any, f: Any, *, locale: Any = "english") -> str:
        """A date or time as text in a format.

        ```jldoctest
        julia> using Dates

        julia> Dates.format(Date(2024, 3, 5), "e, d u yyyy")
        "Tue, 5 Mar 2024"
        ```
        """
        if not isinstance(f, DateFormat):
            f = DateFormat(text_of(f), find(module, locale))
        return formatted(x, f)

    @module.method("format(io::IO, x::TimeType, f)", export=False)
    def format_to(io: IO, x: Any, f: Any) -> None:
        io.write(format_as(x, f))

    @module.method("parse_components(s::AbstractString, f::DateFormat)", export=False)
    def parse_components(s: Any, f: DateFormat) -> Any:
        """The periods that a text gives, in the order of the format.

        ```jldoctest
        julia> using Dates

        julia> Dates.parse_components("14:05", dateformat"H:M")
        2-element Vector{Any}:
         14 hours
         5 minutes
        ```
        """
        return vector(components(text_of(s), f), T.Any_)

    for kind in ("Date", "DateTime", "Time"):
        reading(module, kind)


def reading(module: Module, kind: str) -> None:
    @module.method(f"{kind}(s::AbstractString)")
    def read(_: Any, s: Any) -> Any:
        return parsed(kind, text_of(s), DEFAULTS[kind])

    @module.method(f'{kind}(s::AbstractString, f::AbstractString; locale="english")')
    def read_pattern(_: Any, s: Any, f: Any, *, locale: Any = "english") -> Any:
        return parsed(kind, text_of(s), DateFormat(text_of(f), find(module, locale)))

    @module.method(f"{kind}(s::AbstractString, f::DateFormat)")
    def read_format(_: Any, s: Any, f: DateFormat) -> Any:
        return parsed(kind, text_of(s), f)

    @module.method(f"{kind}(x::TimeType, f::AbstractString)")
    def reread(_: Any, x: Any, f: Any) -> Any:
        return parsed(kind, formatted(x, DateFormat(text_of(f))), DEFAULTS[kind])

    def parse(_: Any, s: Any, *f: DateFormat) -> Any:
        return parsed(kind, text_of(s), f[0] if f else DEFAULTS[kind])

    def tryparse(_: Any, s: Any, *f: DateFormat) -> Any:
        try:
            return parse(_, s, *f)
        except ArgumentError:
            return None

    for name, function in (("parse", parse), ("tryparse", tryparse)):
        module.method(f"{name}(t::Type{{{kind}}}, s::AbstractString)", export=False)(function)
        module.method(f"{name}(t::Type{{{kind}}}, s::AbstractString, f::DateFormat)", export=False)(
            function
        )
