"""Julia's `hash` for the values whose hash does not depend on addresses.

Dictionaries and sets iterate in the order of their hash table, so what they print follows from these
functions: numbers (by an integer mix), strings and symbols (MurmurHash3), characters and tuples.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from juliette.syntax.expr import Symbol

MASK = (1 << 64) - 1
STRING_SEED = 0x71E729FD56419C81
TUPLE_SEED = 0x77CFA1EEF01BCA90
CHAR_SEED = 0xD4D64234
SYMBOL_SEED = 0xCAFE8881


def mix(n: int) -> int:
    """The integer hash of 64 bits to 64 bits (Thomas Wang's)."""
    n = (~n + (n << 21)) & MASK
    n ^= n >> 24
    n = (n + (n << 3) + (n << 8)) & MASK
    n ^= n >> 14
    n = (n + (n << 2) + (n << 4)) & MASK
    n ^= n >> 28
    return (n + (n << 31)) & MASK


def _rotate(x: int, r: int) -> int:
    return ((x << r) | (x >> (64 - r))) & MASK


def _finish(k: int) -> int:
    k ^= k >> 33
    k = k * 0xFF51AFD7ED558CCD & MASK
    k ^= k >> 33
    k = k * 0xC4CEB9FE1A85EC53 & MASK
    return k ^ (k >> 33)


def murmur(data: bytes, seed: int) -> int:
    """The second half of MurmurHash3's 128 bits."""
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = seed
    n = len(data)
    blocks = n // 16
    for i in range(blocks):
        k1, k2 = struct.unpack_from("<QQ", data, 16 * i)
        h1 ^= _rotate(k1 * c1 & MASK, 31) * c2 & MASK
        h1 = ((_rotate(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= _rotate(k2 * c2 & MASK, 33) * c1 & MASK
        h2 = ((_rotate(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    tail = data[16 * blocks :]
    if len(tail) > 8:
        k2 = int.from_bytes(tail[8:], "little")
        h2 ^= _rotate(k2 * c2 & MASK, 33) * c1 & MASK
    if tail:
        k1 = int.from_bytes(tail[:8], "little")
        h1 ^= _rotate(k1 * c1 & MASK, 31) * c2 & MASK
    h1 ^= n
    h2 ^= n
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    h1, h2 = _finish(h1), _finish(h2)
    h1 = (h1 + h2) & MASK
    return (h2 + h1) & MASK


def string_hash(data: bytes, h: int) -> int:
    """`hash(s::String, h)`"""
    h = (h + STRING_SEED) & MASK
    return (murmur(data, h & 0xFFFFFFFF) + h) & MASK


_SYMBOLS: dict[str, int] = {}


def symbol_id(name: str) -> int:
    """`objectid` of a symbol, which is also its hash."""
    found = _SYMBOLS.get(name)
    if found is None:
        found = murmur(name.encode(), SYMBOL_SEED) ^ 0xAAAAAAAAAAAAAAAA
        found = _SYMBOLS[name] = mix(-found & MASK)
    return found


def float_hash(x: float, h: int) -> int:
    """Equal numbers of all types hash alike: integral floats as the integers they are."""
    if x != x:
        return (mix(0x7FF8000000000000) - 3 * 0) & MASK ^ h
    if -(2.0**63) <= x < 2.0**64 and int(x) == x and not (x == 0 and struct.pack("<d", x)[7]):
        return (mix(int(x) & MASK) - 3 * h) & MASK
    return (mix(struct.unpack("<Q", struct.pack("<d", x))[0]) - 3 * h) & MASK


def julia_hash(x: Any, h: int = 0) -> int | None:
    """`hash(x, h)` as Julia computes it, or None where it depends on addresses or is not known here."""
    cls = type(x)
    if cls is int or cls is bool or isinstance(x, np.integer):
        return (mix(int(x) & MASK) - 3 * h) & MASK
    if isinstance(x, int):
        # The small ones hash like Int64; how BigInt hashes larger ones depends on its limbs.
        return (mix(int(x) & MASK) - 3 * h) & MASK if -(2**63) <= x < 2**64 else None
    if isinstance(x, str):
        return string_hash(x.encode("utf-8", "surrogateescape"), h)
    if cls is Symbol:
        return symbol_id(x.name) if h == 0 else mix((3 * h - symbol_id(x.name)) & MASK)
    if isinstance(x, (float, np.floating)) or (hasattr(x, "den") and x == float(x)):
        return float_hash(float(x), h)
    if cls is tuple:
        result: int | None = (h + TUPLE_SEED) & MASK
        for v in reversed(x):
            if result is None:
                return None
            result = julia_hash(v, result)
        return result
    code = getattr(x, "code", None)
    if cls.__name__ == "Char" and code is not None:
        return mix(((char_bits(code) + CHAR_SEED) << 32 & MASK) ^ h)
    return None


def char_bits(code: int) -> int:
    """The four bytes in which Julia stores a character: its UTF-8, left-aligned."""
    data = chr(code).encode("utf-8", "surrogatepass")
    return int.from_bytes(data.ljust(4, b"\0"), "big")
