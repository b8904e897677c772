"""Digits, escapes and characters to values."""

from __future__ import annotations

import itertools
import re
import sys
from typing import Final

_INT64_MAX: Final = 2**63 - 1
ESCAPES: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "$": "$",
    "`": "`",
}
_ESCAPE = re.compile(
    r"\\(?:x(?P<hex>[0-9a-fA-F]{1,2})|u(?P<short>[0-9a-fA-F]{1,4})|U(?P<long>[0-9a-fA-F]{1,8})"
    r"|(?P<octal>[0-7]{1,3})|(?P<newline>\n[ \t]*)|(?P<plain>.)|\Z)",
    re.DOTALL,
)
_RAW_BACKSLASHES = re.compile(r'(\\+)(["`]|\Z)')


class LiteralError(ValueError):
    """A literal that says nothing: the message and where in the literal."""

    def __init__(self, message: str, start: int = 0, stop: int | None = None) -> None:
        super().__init__(message)
        self.start = start
        self.stop = stop


def integer(text: str) -> tuple[str, int]:
    """Type and value of a decimal integer literal, sign included."""
    digits = text.replace("_", "").replace("−", "-")
    if len(digits) < 19:
        return "Int64", int(digits)
    value = _long_decimal(digits)
    if -_INT64_MAX - 1 <= value <= _INT64_MAX:
        return "Int64", value
    if -(2**127) <= value < 2**127:
        return "Int128", value
    return "BigInt", value


def _long_decimal(digits: str) -> int:
    # Python limits the digits that int() takes at once; a literal of any length is valid Julia.
    if len(digits) <= 4000:
        return int(digits)
    if digits[0] in "+-":
        size = _long_decimal(digits[1:])
        return -size if digits[0] == "-" else size
    half = len(digits) // 2
    power: int = 10 ** (len(digits) - half)
    return _long_decimal(digits[:half]) * power + _long_decimal(digits[half:])


def unsigned(kind: str, text: str) -> tuple[str, int]:
    """Type and value of a hexadecimal, octal or binary literal: its digits fix the type."""
    digits = text[2:].replace("_", "")
    base, widths = {
        "HexInt": (16, (2, 4, 8, 16, 32)),
        "BinInt": (2, (8, 16, 32, 64, 128)),
        "OctInt": (8, (3, 6, 11, 22, 43)),
    }[kind]
    value = int(digits, base)
    for bits, width in zip((8, 16, 32, 64, 128), widths, strict=True):
        if len(digits) <= width and value < 2**bits:
            return f"UInt{bits}", value
    return "BigInt", value


def floating(text: str) -> float:
    """Value of a Float64 literal, decimal or hexadecimal."""
    digits = text.replace("_", "").replace("−", "-").replace("f", "e")
    if digits.lstrip("+-")[:2] == "0x":
        text = text.replace("_", "").replace("−", "-")
        try:
            return float.fromhex(text)
        except OverflowError:
            raise LiteralError("overflow in floating point literal") from None
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise LiteralError("overflow in floating point literal")
    return value


def float32(text: str) -> float:
    """Value of a Float32 literal, still as a Float64."""
    value = floating(text)
    if abs(value) >= 3.4028235677973366e38:
        raise LiteralError("overflow in floating point literal")
    return value


def unescape(text: str) -> str:
    """A string with its escapes replaced; bytes that are no UTF-8 become lone surrogates."""
    if "\\" not in text:
        return text
    out = bytearray()
    position = 0
    while True:
        found = _ESCAPE.search(text, position)
        if found is None:
            break
        out += text[position : found.start()].encode("utf-8", "surrogatepass")
        position = found.end()
        out += _escaped_bytes(found)
    out += text[position:].encode("utf-8", "surrogatepass")
    return out.decode("utf-8", "surrogateescape")


def _escaped_bytes(found: re.Match[str]) -> bytes:
    if found["hex"] is not None:
        return bytes((int(found["hex"], 16),))
    if found["octal"] is not None:
        code = int(found["octal"], 8)
        if code > 255:
            raise LiteralError("invalid octal escape sequence", found.start(), found.end())
        return bytes((code,))
    if found["newline"] is not None:
        return b""
    code_text = found["short"] or found["long"]
    if code_text is not None:
        code = int(code_text, 16)
        if code > sys.maxunicode:
            raise LiteralError("invalid unicode escape sequence", found.start(), found.end())
        return chr(code).encode("utf-8", "surrogatepass")
    plain = found["plain"]
    replacement = ESCAPES.get(plain) if plain is not None else None
    if replacement is None:
        what = {"x": "hex ", "u": "unicode ", "U": "unicode "}.get(plain or "", "")
        raise LiteralError(f"invalid {what}escape sequence", found.start(), found.end())
    return replacement.encode()


def unescape_raw(text: str) -> str:
    """A raw string: backslashes count only before a quote or at the end."""
    if "\\" not in text:
        return text

    def halve(found: re.Match[str]) -> str:
        slashes, quote = found.groups()
        return "\\" * (len(slashes) // 2) + str(quote)

    return _RAW_BACKSLASHES.sub(halve, text)


def character(text: str) -> str:
    """The one character of a character literal (without its quotes)."""
    value = unescape(text)
    # Bytes that are no UTF-8 are surrogates here; up to four of them may be one character.
    stray = len(value) <= 4 and all("\udc80" <= c <= "\udcff" for c in value)
    if len(value) != 1 and not (value and stray):
        message = "character literal contains multiple characters"
        raise LiteralError(message if value else "empty character literal")
    return value


def plain_newlines(text: str) -> str:
    """The text of a string, whose lines end in `\\n` however those of its file end."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def dedent(parts: list[str | None], raw: bool) -> list[str | None]:
    """Remove the common indentation of a triple-quoted string; ``None`` is an interpolation."""
    common = _common_indent(parts, raw)
    out: list[str | None] = []
    for index, part in enumerate(parts):
        if part is None:
            out.append(None)
            continue
        lines = part.split("\n")
        if common:
            lines[1:] = [
                line if not raw and _continued(before) else _strip_indent(line, common)
                for before, line in itertools.pairwise(lines)
            ]
        text = "\n".join(lines)
        if index == 0 and text.startswith("\n"):
            text = text[1:]
        out.append(text)
    return out


def _continued(line: str) -> bool:
    """Does a backslash at its end join a line with the next, whose indentation then is nothing?"""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _common_indent(parts: list[str | None], raw: bool) -> str:
    common: str | None = None
    for part in parts:
        if part is None:
            continue
        lines = part.split("\n")
        for number, line in enumerate(lines[1:], 1):
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            if indent == line and number < len(lines) - 1:
                continue  # a blank line says nothing about indentation
            if not raw and _continued(lines[number - 1]):
                continue
            if common is None:
                common = indent
            else:
                size = 0
                while size < min(len(common), len(indent)) and common[size] == indent[size]:
                    size += 1
                common = common[:size]
    return common or ""


def _strip_indent(line: str, common: str) -> str:
    if line.startswith(common):
        return line[len(common) :]
    return line.lstrip(" \t") if not line.strip(" \t") else line
