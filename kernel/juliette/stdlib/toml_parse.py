"""Reading TOML: a scanner with one character of look-ahead, and errors worded as Julia's.

What it reads goes into Python dictionaries and lists, which `to_julia` turns into Julia's. It
remembers which tables were written inline or by a header, since those may not be added to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.dictionaries import make_dict
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import JuliaException
from juliette.runtime.modules import PACKAGES, Module
from juliette.runtime.numeric import BigInt, Int128, UInt128
from juliette.runtime.tables import JuliaDict
from juliette.runtime.text import from_utf8, utf8

MESSAGES = {
    "RedefineTableArray": "tried to redefine an existing table as an array",
    "ExpectedNewLineKeyValue": "expected newline after key value pair",
    "AddKeyToInlineTable": "tried to add a new key to an inline table",
    "AddArrayToStaticArray": "tried to append to a statically defined array",
    "ArrayTreatedAsDictionary": "tried to add a key to an array",
    "ExpectedEndOfTable": "expected end of table ']'",
    "ExpectedEndArrayOfTable": "expected array of table to end with ']]'",
    "ExpectedEqualAfterKey": "expected equal sign after key",
    "DuplicatedKey": "key already defined",
    "KeyAlreadyHasValue": "key already has a value",
    "InvalidBareKeyCharacter": "invalid bare key character",
    "EmptyBareKey": "bare key cannot be empty",
    "UnexpectedEofExpectedValue": "unexpected end of file, expected a value",
    "UnexpectedStartOfValue": "unexpected start of value",
    "GenericValueError": "failed to parse value",
    "ExpectedCommaBetweenItemsArray": "expected comma between items in array",
    "ExpectedCommaBetweenItemsInlineTable": "expected comma between items in inline table",
    "TrailingCommaInlineTable": "trailing comma not allowed in inline table",
    "InlineTableRedefine": "inline table overwrote key from other table",
    "UnderscoreNotSurroundedByDigits": "underscore is not surrounded by digits",
    "LeadingZeroNotAllowedInteger": "leading zero in integer not allowed",
    "OverflowError": "overflowed when parsing integer",
    "LeadingDot": "floats require a leading zero",
    "NoTrailingDigitAfterDot": "expected digit after dot",
    "TrailingUnderscoreNumber": "trailing underscore in number",
    "SignInNonBase10Number": "number not in base 10 is not allowed to have a sign",
    "ParsingDateTime": "parsing date/time value failed",
    "OffsetDateNotSupported": "offset date-time is not supported",
    "NewLineInString": "newline character in single quoted string",
    "UnexpectedEndString": "string literal ended unexpectedly",
    "InvalidEscapeCharacter": "invalid escape character",
    "InvalidUnicodeScalar": "invalid unicode scalar",
}

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_DIGITS = frozenset("0123456789")
_RADIXES = (
    ("x", 16, frozenset("0123456789abcdefABCDEF")),
    ("o", 8, frozenset("01234567")),
    ("b", 2, frozenset("01")),
)
_HEX = _RADIXES[0][2]
# Up to which lengths of its text a number of a base has 64 bits, and 128.
_LENGTHS = {10: (17, 33), 16: (18, 34), 8: (24, 45), 2: (66, 130)}
_BLANKS = frozenset(" \t")
_SPACE = frozenset(" \t\r\n")
_ENDS = frozenset(" \t\r\n#]},") | {""}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class Failed(Exception):
    """What is wrong at the place where the parser stands."""

    def __init__(self, kind: str, data: Any = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.data = data


class Tables(list[Any]):
    """The tables of `[[key]]` headers."""


def to_julia(x: Any) -> Any:
    """A value as it comes from a file."""
    if isinstance(x, dict):
        return make_dict(JuliaDict, T.String, T.Any_, [(k, to_julia(v)) for k, v in x.items()])
    if isinstance(x, list):
        items = [to_julia(v) for v in x]
        return vector(items, T.Any_ if isinstance(x, Tables) else item_type(items))
    return x


def item_type(items: list[Any]) -> Any:
    """The element type of an array: of one type, of two, or of anything."""
    kinds = list(dict.fromkeys(map(T.typeof, items)))
    return T.Any_ if len(kinds) > 2 else T.union(*kinds) if kinds else T.Bottom


def dates() -> Module:
    module = PACKAGES["Dates"]
    module.load()
    return module


class Reader:
    """The state of reading one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.i = 1 if text.startswith("\ufeff") else 0
        # how often it was read on at the end of the text
        self.beyond = 0
        self.root: dict[str, Any] = {}
        self.active = self.root
        # by identity: tables between braces, arrays between brackets, tables that have a header
        self.inline: dict[int, Any] = {}
        self.static: dict[int, Any] = {}
        self.defined: dict[int, Any] = {}

    # ------------------------------------------------------------ characters

    @property
    def peek(self) -> str:
        """The character to come; "" at the end."""
        return self.text[self.i : self.i + 1]

    def eat(self) -> str:
        c = self.peek
        if c:
            self.i += 1
        else:
            self.beyond += 1
        return c

    def accept(self, wanted: str | frozenset[str]) -> bool:
        """Go on if the next character is wanted."""
        c = self.peek
        if c and c in wanted:
            self.i += 1
            return True
        return False

    def skip(self, wanted: frozenset[str]) -> bool:
        start = self.i
        while self.accept(wanted):
            pass
        return self.i > start

    def skip_comment(self) -> bool:
        if not self.accept("#"):
            return False
        while self.peek and self.peek not in "\r\n":
            self.i += 1
        return True

    def skip_lines(self) -> None:
        while self.skip(_SPACE) or self.skip_comment():
            pass

    def place(self) -> tuple[int, int]:
        """The line and the column of the last character eaten."""
        seen = self.text[: self.i + 1]
        column = self.i - seen.rfind("\n") + self.beyond - 1
        return seen.count("\n") + 1, column - self.text.startswith("\ufeff")

    # ------------------------------------------------------------ tables

    def read(self) -> dict[str, Any]:
        while True:
            self.skip_lines()
            if not self.peek:
                return self.root
            if self.accept("["):
                self.active = self.root
                if self.accept("["):
                    self.array_header()
                else:
                    self.header()
            else:
                self.entry(self.active)
            if self.skip(_BLANKS):
                self.skip_comment()
            if self.peek not in ("", "\n", "\r", "#"):
                self.eat()
                raise Failed("ExpectedNewLineKeyValue")

    def header(self) -> None:
        """What follows `[`."""
        key = self.key()
        if not self.accept("]"):
            raise Failed("ExpectedEndOfTable")
        self.active = self.inside(self.root, key)
        self.defined[id(self.active)] = self.active

    def array_header(self) -> None:
        """What follows `[[`."""
        key = self.key()
        if not (self.accept("]") and self.accept("]")):
            raise Failed("ExpectedEndArrayOfTable")
        tables = self.inside(self.root, key[:-1], check=False).setdefault(key[-1], Tables())
        if not isinstance(tables, list):
            raise Failed("ArrayTreatedAsDictionary")
        if id(tables) in self.static:
            raise Failed("AddArrayToStaticArray")
        self.active = {}
        tables.append(self.active)
        self.defined[id(self.active)] = self.active

    def inside(self, d: dict[str, Any], key: list[str], check: bool = True) -> dict[str, Any]:
        """The table with a dotted key, made when it is not there."""
        for n, part in enumerate(key, 1):
            found = d.setdefault(part, {})
            if isinstance(found, list) and found:
                found = found[-1]
            if check or not isinstance(found, dict):
                self.check_open(found, n == len(key))
            d = found
        return d

    def check_open(self, d: Any, last: bool = True) -> None:
        """A key can be added here."""
        if not isinstance(d, dict):
            raise Failed("KeyAlreadyHasValue")
        if id(d) in self.inline:
            raise Failed("AddKeyToInlineTable")
        if last and id(d) in self.defined:
            raise Failed("DuplicatedKey")

    def entry(self, d: dict[str, Any]) -> None:
        """`key = value`."""
        key = self.key()
        if not self.accept("="):
            raise Failed("ExpectedEqualAfterKey")
        d = self.inside(d, key[:-1])
        if key[-1] in d:
            self.check_open(d[key[-1]])
        self.skip(_BLANKS)
        value = self.value()
        if isinstance(value, dict) and key[-1] in d:
            raise Failed("InlineTableRedefine")
        d[key[-1]] = value

    def key(self) -> list[str]:
        """The parts of a dotted key, and the blanks after it."""
        parts: list[str] = []
        while True:
            self.skip(_BLANKS)
            if not parts and self.accept("="):
                raise Failed("EmptyBareKey")
            start = self.i
            if self.accept("\"'"):
                parts.append(self.string(self.text[start]))
            else:
                self.skip(_BARE)
                if start == self.i or self.peek not in (".", " ", "\t", "]", "="):
                    raise Failed("InvalidBareKeyCharacter", self.eat())
                parts.append(self.text[start : self.i])
            self.skip(_BLANKS)
            if not self.accept("."):
                return parts

    # ------------------------------------------------------------ values

    def value(self) -> Any:
        start = self.i
        if self.accept("["):
            return self.array()
        if self.accept("{"):
            return self.table()
        if self.accept("\"'"):
            return self.string(self.text[start])
        if self.accept("tf"):
            word = "true" if self.text[start] == "t" else "false"
            self.letters(word[1:])
            return word == "true"
        return self.number()

    def letters(self, word: str) -> None:
        if not all(map(self.accept, word)):
            raise Failed("GenericValueError")

    def array(self) -> list[Any]:
        out: list[Any] = []
        self.static[id(out)] = out
        self.skip_lines()
        if self.accept("]"):
            return out
        while True:
            out.append(self.value())
            self.skip_lines()
            comma = self.accept(",")
            self.skip_lines()
            if self.accept("]"):
                return out
            if not comma:
                raise Failed("ExpectedCommaBetweenItemsArray")

    def table(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        self.inline[id(out)] = out
        self.skip(_BLANKS)
        if self.accept("}"):
            return out
        while True:
            self.entry(out)
            self.skip(_BLANKS)
            if self.accept("}"):
                return out
            if not self.accept(","):
                raise Failed("ExpectedCommaBetweenItemsInlineTable")
            self.skip(_BLANKS)
            if self.accept("}"):
                raise Failed("TrailingCommaInlineTable")

    def string(self, quote: str) -> str:
        """A string whose first quote was eaten."""
        many = False
        if self.accept(quote):
            if not self.accept(quote):
                return ""
            many = True
            self.accept("\r")
            self.accept("\n")
        out: list[str] = []
        closing = quote * 3 if many else quote
        while True:
            c = self.peek
            if not c:
                raise Failed("UnexpectedEndString")
            if c == "\n" and not many:
                raise Failed("NewLineInString")
            if c == quote and self.text.startswith(closing, self.i):
                self.i += len(closing)
                # up to two quotes may come just before the closing ones
                for _ in range(2):
                    if many and self.accept(quote):
                        out.append(quote)
                return "".join(out)
            self.i += 1
            out.append(self.escaped() if c == "\\" and quote == '"' else c)

    def escaped(self) -> str:
        """What follows a backslash."""
        if self.peek in ("\n", "\r"):
            self.skip(_SPACE)
            return ""
        c = self.eat()
        if c in ("u", "U"):
            start = self.i
            if not all(self.accept(_HEX) for _ in range(4 if c == "u" else 6)):
                raise Failed("InvalidUnicodeScalar")
            for _ in range(2):
                if c == "U":
                    self.accept(_HEX)
            code = int(self.text[start : self.i], 16)
            if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
                raise Failed("InvalidUnicodeScalar")
            return chr(code)
        if c not in _ESCAPES:
            raise Failed("InvalidEscapeCharacter")
        return _ESCAPES[c]

    # ------------------------------------------------------------ numbers

    def digits(self, allowed: frozenset[str], first: bool) -> tuple[bool, bool]:
        """Eat digits with underscores between them: were there any of either?

        An underscore may not come first where that is asked for.
        """
        any_digit = underscores = False
        after = first
        last = False
        while True:
            if self.peek == "_":
                underscores = True
                if after:
                    raise Failed("UnderscoreNotSurroundedByDigits")
                self.eat()
                after = last = True
            elif self.accept(allowed):
                any_digit = True
                after = last = False
            elif last:
                raise Failed("TrailingUnderscoreNumber")
            else:
                return any_digit, underscores

    def integer(self, start: int, base: int) -> Any:
        """A number of a type that is as wide as its text is long; without a sign unless decimal."""
        text = self.text[start : self.i].replace("_", "")
        n = int(text, base)
        narrow, wide = _LENGTHS[base]
        signed = base == 10
        if len(text) <= narrow:
            return n if signed else np.uint64(n)
        if len(text) > wide:
            return BigInt(n)
        if n.bit_length() > 128 - signed:
            raise Failed("OverflowError")
        return Int128(n) if signed else UInt128(n)

    def number(self) -> Any:
        """A number, a date or a time."""
        start = self.i
        signed = self.accept("+-")
        if self.accept("i"):
            self.letters("nf")
            return float("-inf" if self.text[start] == "-" else "inf")
        if self.accept("n"):
            self.letters("an")
            return float("nan")
        if self.accept("."):
            raise Failed("LeadingDot")
        zero = self.accept("0")
        if zero:
            if self.peek in _ENDS:
                return 0
            for letter, base, allowed in _RADIXES:
                if self.accept(letter):
                    if signed:
                        raise Failed("SignInNonBase10Number")
                    if self.digits(allowed, True)[0]:
                        return self.integer(start, base)
                    break
            else:
                if self.accept(_DIGITS):
                    return self.time_of_day(start)
        digit = self.accept(_DIGITS)
        if not zero and not digit:
            raise Failed("UnexpectedStartOfValue" if self.peek else "UnexpectedEofExpectedValue")
        more, underscores = self.digits(_DIGITS, zero)
        if (digit or more) and self.peek in _ENDS:
            return self.integer(start, 10)
        if not underscores and self.peek == "-":
            return self.date(start)
        if not underscores and self.peek == ":":
            return self.time_of_day(start)
        return self.float(start)

    def float(self, start: int) -> float:
        """A number with a fraction or an exponent, from the dot on."""
        dot = self.accept(".")
        if not self.digits(_DIGITS, True)[0] and dot:
            raise Failed("NoTrailingDigitAfterDot")
        if self.accept("eE"):
            self.accept("+-")
            self.digits(_DIGITS, not self.skip(_DIGITS))
        if self.peek not in _ENDS:
            self.eat()
            raise Failed("GenericValueError")
        try:
            return float(self.text[start : self.i].replace("_", ""))
        except ValueError:
            raise Failed("GenericValueError") from None

    # ------------------------------------------------------------ dates

    def expect(self, ok: bool) -> None:
        if not ok:
            raise Failed("ParsingDateTime")

    def two(self, least: int, most: int) -> int:
        start = self.i
        self.expect(self.accept(_DIGITS) and self.accept(_DIGITS))
        n = int(self.text[start : self.i])
        self.expect(least <= n <= most)
        return n

    def made(self, name: str, *parts: int) -> Any:
        try:
            return dates().get(name)(*parts)
        except JuliaException:
            raise Failed("ParsingDateTime") from None

    def date(self, start: int) -> Any:
        """A date or a date with a time, from the month on."""
        year = int(self.text[start : self.i])
        self.expect(0 <= year <= 9999 and self.accept("-"))
        month = self.two(1, 12)
        self.expect(self.accept("-"))
        day = self.two(1, 31)
        spaced = self.accept(" ")
        if (self.peek in _ENDS and not spaced) or (spaced and self.peek not in _DIGITS):
            return self.made("Date", year, month, day)
        if not spaced:
            self.expect(self.accept("Tt"))
        hour = self.two(0, 23)
        rest = self.minutes()
        if not self.accept("Z") and self.accept("+-"):
            raise Failed("OffsetDateNotSupported")
        self.expect(self.peek in _ENDS)
        return self.made("DateTime", year, month, day, hour, *rest)

    def time_of_day(self, start: int) -> Any:
        hour = int(self.text[start : self.i])
        self.expect(0 <= hour <= 23)
        return self.made("Time", hour, *self.minutes())

    def minutes(self) -> tuple[int, int, int]:
        """`:MM:SS.sss`."""
        self.expect(self.accept(":"))
        minute = self.two(0, 59)
        self.expect(self.accept(":"))
        second = self.two(0, 59)
        if not self.accept("."):
            return minute, second, 0
        start = self.i
        self.expect(self.skip(_DIGITS))
        return minute, second, int(self.text[start : min(self.i, start + 3)])


def parsed(text: str, path: Any, error: Callable[..., Any]) -> Any:
    """The tables of a TOML text, or what is wrong with it."""
    reader = Reader(text)
    try:
        return to_julia(reader.read())
    except Failed as e:
        line, column = reader.place()
        position = len(utf8(text[: reader.i]))
        return error(e.kind, e.data, text, path, line, column, position, to_julia(reader.root))


def pointed(text: str, position: int, beyond: bool) -> tuple[str, str]:
    """The line with the character at a byte position, and a line that points at it or after it."""
    before = len(from_utf8(utf8(text)[:position]))
    at = max(before - (not beyond), 0)
    start = text.rfind("\n", 0, at) + 1
    line = text[start:].partition("\n")[0]
    caret = at - start
    return line, " " * caret + "^" + " " * max(len(line) - caret, 0)
