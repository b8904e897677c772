"""Strings as UTF-8: a Julia String is a Python str whose bytes that are no UTF-8 are lone surrogates.

Positions are those of Julia: bytes, counted from 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_CACHE: dict[str, bytes] = {}


def utf8(s: str) -> bytes:
    """The bytes of a string. Those of the last few non-ASCII strings are kept."""
    if s.isascii():
        return s.encode()
    found = _CACHE.get(s)
    if found is None:
        if len(_CACHE) >= 16:
            _CACHE.clear()
        found = _CACHE[s] = str.encode(s, "utf-8", "surrogateescape")
    return found


# Strings from this length on have a table of where their characters start, if they are not ASCII.
LONG = 128
_STARTS: dict[str, Any] = {}


def starts_in(s: str) -> Any:
    """The offset of each character of a long string; None if its bytes are not all UTF-8."""
    found = _STARTS.get(s)
    if found is None:
        if len(_STARTS) >= 8:
            _STARTS.clear()
        offsets = np.flatnonzero((np.frombuffer(utf8(s), np.uint8) & 0xC0) != 0x80)
        found = _STARTS[s] = (offsets if len(offsets) == len(s) else None,)
    return found[0]


def bytes_before(s: str, k: int) -> int:
    """The bytes of the first `k` characters."""
    if s.isascii():
        return k
    if len(s) >= LONG and (offsets := starts_in(s)) is not None:
        return int(offsets[k]) if k < len(offsets) else len(utf8(s))
    return len(s[:k].encode("utf-8", "surrogateescape"))


def characters_before(s: str, n: int) -> int:
    """The characters in the first `n` bytes."""
    if s.isascii():
        return n
    if len(s) >= LONG and (offsets := starts_in(s)) is not None:
        return int(np.searchsorted(offsets, n))
    return len(utf8(s)[:n].decode("utf-8", "surrogateescape"))


def from_utf8(b: bytes) -> str:
    """The string of some bytes, valid or not."""
    return b.decode("utf-8", "surrogateescape")


def width_at(b: bytes, i: int) -> int:
    """The bytes of the character that starts at offset `i` (from 0), by Julia's rule.

    A character is the longest run of bytes that begins like a UTF-8 sequence; it need not be valid.
    """
    first = b[i]
    if first < 0xC0 or first >= 0xF8:
        return 1
    wanted = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    n = 1
    while n < wanted and i + n < len(b) and b[i + n] & 0xC0 == 0x80:
        n += 1
    return n


def starts(b: bytes) -> list[int]:
    """The offsets at which characters start."""
    out = []
    i = 0
    while i < len(b):
        out.append(i)
        i += width_at(b, i)
    return out


def start_of(b: bytes, i: int) -> int:
    """The offset at which the character that holds the byte at `i` starts."""
    if b[i] & 0xC0 != 0x80:
        return i
    for back in (1, 2, 3):
        j = i - back
        if j < 0:
            break
        if b[j] & 0xC0 == 0x80:
            continue
        return j if width_at(b, j) > back else i
    return i


def is_valid(s: str) -> bool:
    """Is it valid UTF-8 throughout?"""
    try:
        return s.isascii() or bool(s.encode())
    except UnicodeEncodeError:
        return False


def char_bits(b: bytes) -> int:
    """The bytes of one character as Julia keeps them in a Char: left-aligned in 32 bits."""
    return int.from_bytes(b.ljust(4, b"\0"), "big")


def bits_bytes(bits: int) -> bytes:
    """The bytes of a Char from its bits."""
    b = bits.to_bytes(4, "big")
    return b.rstrip(b"\0") or b"\0"


def code_bytes(code: int) -> bytes:
    """The bytes of a code point, also of one too high for Unicode."""
    if code < 0x80:
        return bytes((code,))
    if code < 0x800:
        return bytes((0xC0 | code >> 6, 0x80 | code & 0x3F))
    if code < 0x10000:
        return bytes((0xE0 | code >> 12, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F))
    return bytes(
        (0xF0 | code >> 18, 0x80 | code >> 12 & 0x3F, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F)
    )


def bytes_code(b: bytes) -> int:
    """The code point of one character's bytes; negative where they are malformed or overlong."""
    n = len(b)
    first = b[0]
    if n == 1 and first < 0x80:
        return first
    if n == 2 and 0xC2 <= first < 0xE0:
        return (first & 0x1F) << 6 | b[1] & 0x3F
    if n == 3 and 0xE0 <= first < 0xF0:
        code = (first & 0x0F) << 12 | (b[1] & 0x3F) << 6 | b[2] & 0x3F
        if code >= 0x800:
            return code
    if n == 4 and 0xF0 <= first < 0xF8:
        code = (first & 0x07) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 | b[3] & 0x3F
        if code >= 0x10000:
            return code
    return -1 - char_bits(b)


def codes(s: Any) -> list[int]:
    """The characters of a string as the codes of Chars."""
    if is_valid(s):
        return list(map(ord, s))
    b = utf8(s)
    return [bytes_code(b[i : i + width_at(b, i)]) for i in starts(b)]
