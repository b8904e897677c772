"""Text to tokens.

Strings are cut into start, chunks, interpolated tokens and end, so the parser sees one flat list.
Trouble becomes a token of kind ``Error``: the parser reports whatever goes wrong first.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from juliette.syntax.kinds import (
    BLANK_LINE,
    DOTTED,
    KEYWORDS,
    NEWLINE,
    NUMBERS,
    OPERATORS,
    SAME_OPERATOR,
    SPACE,
    SUFFIX_CHARACTERS,
    SUFFIXED,
    UNDOTTABLE,
    UNSUFFIXABLE,
    WORD_OPERATORS,
)

_BLANK = re.compile(
    r"[ \t\r\n\f\v\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+"
)
_LINE_COMMENT = re.compile(r"#(?!=)[^\n]*")
_COMMENT_EDGE = re.compile(r"#=|=#")
_ASCII_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGITS = r"[0-9](?:_?[0-9])*"
_HEX = r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_NUMBER = re.compile(
    rf"""
    (?P<hexfloat>0x(?:{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][+\-−]?[0-9]+)
  | (?P<hex>0x{_HEX}(?P<hexdot>\.[0-9a-fA-F]*)?)
  | (?P<bin>0b[01](?:_?[01])*)
  | (?P<oct>0o[0-7](?:_?[0-7])*)
  | (?P<broken>0[xbo])
  | (?P<decimal>(?:{_DIGITS}(?P<fraction>\.(?!\.)(?:{_DIGITS})?)?|\.{_DIGITS})
      (?P<exponent>[eEf][+\-−]?[0-9]+)?)
    """,
    re.VERBOSE,
)
_SPELLINGS = sorted({*OPERATORS, *SAME_OPERATOR, "--", "<---", "**"}, key=len, reverse=True)
_OPERATOR = re.compile("|".join(map(re.escape, _SPELLINGS)))
_PUNCTUATION = frozenset("()[]{},;@")
_ENDS_OPERAND = frozenset(
    {*NUMBERS, "Identifier", "Bool", "Char", ")", "]", "}", "'", "StringEnd", "end"}
)
# `x.'` is read as an adjoint, and refused as one.
_BEFORE_ADJOINT = _ENDS_OPERAND | {"."}
_NAME_CATEGORIES = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc"))
_MORE_CATEGORIES = frozenset(("Mn", "Mc", "Me", "Nd", "Pc", "Sk", "No"))
_MORE_STARTS: Final = frozenset(
    chr(code)
    for first, last in (
        (0x2140, 0x2144),
        (0x223F, 0x223F),
        (0x22BE, 0x22BF),
        (0x22A4, 0x22A5),
        (0x2202, 0x2202),
        (0x2205, 0x2207),
        (0x220E, 0x2211),
        (0x221E, 0x2222),
        (0x222B, 0x2233),
        (0x22C0, 0x22C3),
        (0x25F8, 0x25FF),
        (0x266F, 0x266F),
        (0x27C0, 0x27C1),
        (0x27D8, 0x27D9),
        (0x299B, 0x29B4),
        (0x2A00, 0x2A06),
        (0x2A09, 0x2A16),
        (0x2A1B, 0x2A1C),
        (0x1D6C1, 0x1D6C1),
        (0x1D6DB, 0x1D6DB),
        (0x1D6FB, 0x1D6FB),
        (0x1D715, 0x1D715),
        (0x1D735, 0x1D735),
        (0x1D74F, 0x1D74F),
        (0x1D76F, 0x1D76F),
        (0x1D789, 0x1D789),
        (0x1D7A9, 0x1D7A9),
        (0x1D7C3, 0x1D7C3),
        (0x207A, 0x207E),
        (0x208A, 0x208E),
        (0x2118, 0x2118),
        (0x212E, 0x212E),
        (0x309B, 0x309C),
        (0x1D7CE, 0x1D7E1),
    )
    for code in range(first, last + 1)
)
_PRIMES = frozenset("′″‴‵‶‷⁗")
_NOT_NAMES = frozenset(("￼", "�", "⌿", "¦", "▷"))
_NAME_SPELLING = str.maketrans({"ɛ": "ε", "µ": "μ", "ℏ": "ħ"})


def is_name_start(char: str) -> bool:
    """May a name begin with `char`?"""
    if char.isascii():
        return char.isalpha() or char == "_"
    if char in _MORE_STARTS:
        return True
    if char in OPERATORS or char in SAME_OPERATOR:
        return False
    category = unicodedata.category(char)
    if category == "So":
        return char not in _NOT_NAMES and not "\u2190" <= char <= "\u21ff"
    return category in _NAME_CATEGORIES


def is_name_part(char: str) -> bool:
    """May `char` stand inside a name?"""
    if char.isascii():
        return char.isalnum() or char in "_!"
    if is_name_start(char) or char in _PRIMES:
        return True
    return char not in SAME_OPERATOR and unicodedata.category(char) in _MORE_CATEGORIES


def normalise_name(name: str) -> str:
    """The canonical spelling of a name: NFC, and one letter for look-alikes."""
    if name.isascii():
        return name
    return unicodedata.normalize("NFC", name).translate(_NAME_SPELLING)


class _String:
    """A string literal whose end has not come yet, and the brackets open inside of `$(`."""

    __slots__ = ("delimiter", "depth", "raw")

    def __init__(self, delimiter: str, raw: bool) -> None:
        self.delimiter = delimiter
        self.raw = raw
        self.depth = 0


class Lexer:
    """The tokens of `text` from `offset`, as parallel lists."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self.kinds: list[str] = []
        self.values: list[str] = []
        self.starts: list[int] = []
        self.stops: list[int] = []
        self.flags: list[int] = []
        self._strings: list[_String] = []
        self._flag = 0
        self._run(offset)

    def _emit(self, kind: str, start: int, stop: int, value: str, flags: int = 0) -> None:
        self.kinds.append(kind)
        self.values.append(value)
        self.starts.append(start)
        self.stops.append(stop)
        self.flags.append(self._flag | flags)
        self._flag = 0

    def _error(self, start: int, stop: int, message: str) -> int:
        self._emit("Error", start, stop, message)
        return stop

    def _run(self, position: int) -> None:
        text, end = self.text, len(self.text)
        keywords, words = KEYWORDS, WORD_OPERATORS
        ascii_name = _ASCII_NAME.match
        while position < end:
            char = text[position]
            if char in " \t\r\n\f\v#":
                position = self._blank(position)
                continue
            name = ascii_name(text, position)
            if name is not None:
                stop = name.end()
                if stop < end and (text[stop] == "!" or not text[stop].isascii()):
                    position = self._name(position, stop)
                    continue
                value = name.group()
                if value in keywords or value in words:
                    self._emit(value, position, stop, value)
                elif value in ("true", "false"):
                    self._emit("Bool", position, stop, value)
                else:
                    self._emit("Identifier", position, stop, value)
                position = stop
                continue
            position = self._other(position, char)
        for pending in reversed(self._strings):
            what = "cmd" if pending.delimiter[0] == "`" else "string"
            self._error(end, end, f"unterminated {what} literal")
            break
        self._emit("EOF", end, end, "")

    def _other(self, position: int, char: str) -> int:
        text = self.text
        following = text[position + 1 : position + 2]
        # ASCII only: a digit of another script is no number in Julia.
        if char in "0123456789" or (char == "." and following != "" and following in "0123456789"):
            return self._number(position)
        if char in _PUNCTUATION:
            return self._punctuation(position, char)
        if char == '"' or char == "`":
            return self._string_start(position, char)
        if char == "'":
            return self._quote(position)
        if char == ".":
            return self._dot(position)
        if _BLANK.match(text, position) is not None:
            return self._blank(position)
        if is_name_start(char):
            return self._name(position, position + 1)
        return self._operator(position, position, 0)

    def _blank(self, position: int) -> int:
        text = self.text
        newlines = 0
        while True:
            blank = _BLANK.match(text, position)
            if blank is not None:
                newlines += blank.group().count("\n")
                position = blank.end()
                continue
            if not text.startswith("#", position):
                break
            comment = _LINE_COMMENT.match(text, position)
            if comment is not None:
                position = comment.end()
                continue
            stop = self._block_comment(position)
            if stop is None:
                return self._error(position, len(text), "unterminated multi-line comment #= ... =#")
            position = stop
        self._flag |= SPACE
        if newlines:
            self._flag |= NEWLINE
        if newlines > 1:
            self._flag |= BLANK_LINE
        return position

    def _block_comment(self, position: int) -> int | None:
        depth = 0
        while True:
            edge = _COMMENT_EDGE.search(self.text, position)
            if edge is None:
                return None
            position = edge.end()
            depth += 1 if edge.group() == "#=" else -1
            if depth == 0:
                return position

    def _name(self, start: int, stop: int) -> int:
        text, end = self.text, len(self.text)
        while stop < end:
            char = text[stop]
            if char == "!":
                if text.startswith("=", stop + 1):
                    break  # `x!=y` compares
            elif not is_name_part(char):
                break
            stop += 1
        value = normalise_name(text[start:stop])
        if value in KEYWORDS or value in WORD_OPERATORS:
            self._emit(value, start, stop, value)
        elif value in ("true", "false"):
            self._emit("Bool", start, stop, value)
        else:
            self._emit("Identifier", start, stop, value)
        return stop

    def _punctuation(self, position: int, char: str) -> int:
        self._emit(char, position, position + 1, char)
        if self._strings:
            current = self._strings[-1]
            if char == "(":
                current.depth += 1
            elif char == ")":
                current.depth -= 1
                if current.depth == 0:
                    return self._string_content(position + 1)
        return position + 1

    def _number(self, start: int) -> int:
        text = self.text
        found = _NUMBER.match(text, start)
        assert found is not None
        stop = found.end()
        kind = "Integer"
        if found["hexfloat"] is not None:
            kind = "Float"
        elif found["hex"] is not None:
            kind = "HexInt"
            if found["hexdot"] is not None:
                if not found["hexdot"][1:]:
                    stop -= 1
                else:
                    return self._error(start, stop, "hex float literal must contain `p` or `P`")
        elif found["bin"] is not None:
            kind = "BinInt"
        elif found["oct"] is not None:
            kind = "OctInt"
        elif found["broken"] is not None:
            return self._error(start, stop, "invalid numeric constant")
        else:
            exponent = found["exponent"]
            fraction = found["fraction"]
            if exponent is not None:
                kind = "Float32" if exponent[0] == "f" else "Float"
            elif fraction is not None or text[start] == ".":
                kind = "Float"
                if fraction == "." and self._ambiguous_dot(stop):
                    message = f'numeric constant "{text[start:stop]}" is ambiguous before the next'
                    return self._error(start, stop, f"{message} character; add a zero or a space")
        after = text[stop : stop + 1]
        if (
            found["decimal"] is None
            and found["hexdot"] is None
            and not (kind == "Float" and "." in text[start:stop])
        ):
            end = stop
            while end < len(text) and (text[end].isdecimal() or is_name_start(text[end])):
                end += 1
            if end > stop:
                return self._error(start, end, "invalid numeric constant")
        if after in tuple("0123456789") or (
            after == "."
            and kind in ("Float", "Float32")
            and not text.startswith("..", stop)
            and not _OPERATOR.match(text, stop + 1)
        ):
            return self._error(start, stop + 1, "invalid numeric constant")
        self._emit(kind, start, stop, text[start:stop])
        return stop

    def _ambiguous_dot(self, stop: int) -> bool:
        """Does what follows `1.` make it unclear whom the dot belongs to?"""
        after = self.text[stop : stop + 1]
        if after == "":
            return False
        if after in '([{@`"' or is_name_start(after):
            return True
        operator = _OPERATOR.match(self.text, stop)
        return operator is not None and after not in ":?" and after != "."

    def _dot(self, position: int) -> int:
        text = self.text
        if text.startswith("...", position):
            self._emit("...", position, position + 3, "...")
            return position + 3
        if text.startswith("..", position):
            self._emit("..", position, position + 2, "..")
            return position + 2
        after_at = bool(self.kinds) and self.kinds[-1] == "@" and not self._flag
        if not after_at:
            operator = _OPERATOR.match(text, position + 1)
            if operator is not None and operator.group() not in UNDOTTABLE:
                return self._operator(position, position + 1, DOTTED)
        self._emit(".", position, position + 1, ".")
        return position + 1

    def _operator(self, start: int, position: int, flags: int) -> int:
        text = self.text
        found = _OPERATOR.match(text, position)
        if found is None:
            return self._error(start, start + 1, _unknown_character(text[start]))
        kind = found.group()
        stop = found.end()
        if kind in ("--", "<---", "**"):
            message = "invalid operator"
            if kind == "**":
                message = "use `x^y` instead of `x**y` for exponentiation, and `x...` instead of"
                message += " `**x` for splatting"
            return self._error(start, stop, message)
        kind = SAME_OPERATOR.get(kind, kind)
        value = kind
        if kind not in UNSUFFIXABLE and stop < len(text) and not text[stop].isascii():
            first = stop
            while stop < len(text) and _is_suffix(text[stop]):
                stop += 1
            if stop > first:
                value += unicodedata.normalize("NFC", text[first:stop])
                flags |= SUFFIXED
        self._emit(kind, start, stop, value, flags)
        return stop

    def _quote(self, position: int) -> int:
        """An adjoint after an operand, a character otherwise."""
        text = self.text
        if self.kinds and not self._flag and self.kinds[-1] in _BEFORE_ADJOINT:
            stop = position + 1
            while stop < len(text) and _is_suffix(text[stop]):
                stop += 1
            self._emit("'", position, stop, text[position:stop])
            return stop
        stop = position + 1
        if text.startswith("'''", position):
            self._emit("Char", position, position + 3, "'")
            return position + 3
        while stop < len(text) and text[stop] != "'":
            if text[stop] == "\n" and stop > position + 1:
                break
            stop += 2 if text[stop] == "\\" else 1
        if stop >= len(text) or text[stop] != "'":
            return self._error(position, min(stop, len(text)), "unterminated character literal")
        if stop == position + 1:
            self._error(stop, stop, "empty character literal")
            return stop + 1
        self._emit("Char", position, stop + 1, text[position + 1 : stop])
        return stop + 1

    def _string_start(self, position: int, quote: str) -> int:
        delimiter = quote * 3 if self.text.startswith(quote * 3, position) else quote
        prefixed = bool(self.kinds) and not self._flag and self.kinds[-1] == "Identifier"
        stop = position + len(delimiter)
        self._emit("StringStart", position, stop, delimiter)
        self._strings.append(_String(delimiter, quote == "`" or prefixed))
        return self._string_content(stop)

    def _string_content(self, position: int) -> int:
        """Chunks of the innermost string up to its end or to the next interpolation."""
        text, end = self.text, len(self.text)
        current = self._strings[-1]
        delimiter = current.delimiter
        start = position
        pattern = _STOPS[delimiter[0], current.raw]
        while True:
            found = pattern.search(text, position)
            if found is None:
                if start < end:
                    self._emit("Chunk", start, end, text[start:end])
                return end
            position = found.start()
            char = text[position]
            if char == "\\":
                position = min(position + 2, end)
                continue
            if char == "$":
                if start < position:
                    self._emit("Chunk", start, position, text[start:position])
                return self._interpolation(position)
            if not text.startswith(delimiter, position):
                position += 1
                continue
            if start < position:
                self._emit("Chunk", start, position, text[start:position])
            stop = position + len(delimiter)
            self._emit("StringEnd", position, stop, delimiter)
            self._strings.pop()
            return stop

    def _interpolation(self, position: int) -> int:
        text = self.text
        self._emit("$", position, position + 1, "$")
        position += 1
        if text.startswith("(", position):
            self._strings[-1].depth = 1
            self._emit("(", position, position + 1, "(")
            return position + 1
        if position < len(text) and is_name_start(text[position]):
            position = self._name(position, position + 1)
        else:
            position = self._error(
                position,
                position,
                "identifier or parenthesized expression expected after $ in string",
            )
        return self._string_content(position)


_STOPS: Final = {
    ('"', False): re.compile(r'["\\$]'),
    ('"', True): re.compile(r'["\\]'),
    ("`", True): re.compile(r"[`\\]"),
}


def _is_suffix(char: str) -> bool:
    if char in SUFFIX_CHARACTERS:
        return True
    return not char.isascii() and unicodedata.category(char) in ("Mn", "Mc", "Me")


def _unknown_character(char: str) -> str:
    if char in "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061":
        return f"invisible character '\\u{ord(char):04x}'"
    if not char.isprintable():
        return f"unknown unicode character '\\u{ord(char):x}'"
    return f"unknown unicode character '{char}'"


def tokens(text: str) -> list[tuple[str, str]]:
    """Kind and value of every token, for looking at."""
    lexed = Lexer(text)
    return list(zip(lexed.kinds, lexed.values, strict=True))


__all__ = ["Lexer", "is_name_part", "is_name_start", "normalise_name", "tokens"]
