"""Julia's `hash` for the values whose hash does not depend on addresses.

Dictionaries and sets iterate in the order of their hash table, so what they print follows from these
functions: numbers of all kinds (equal ones alike), strings and symbols (MurmurHash3), characters and tuples.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.numeric import COMPLEX_CLASSES, BigFloat_, Rational, parts
from juliette.syntax.expr import Symbol

MASK = (1 << 64) - 1
STRING_SEED = 0x71E729FD56419C81
TUPLE_SEED = 0x77CFA1EEF01BCA90
CHAR_SEED = 0xD4D64234
SYMBOL_SEED = 0xCAFE8881
IMAGINARY_SEED = 0x32A7A07F3E7CD1F9


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


def integer_hash(n: int, h: int) -> int:
    """All 64-bit pieces of an integer of any size, one after the other."""
    h ^= mix((n & MASK) ^ h)
    n = abs(n) >> 64
    while n:
        h ^= mix((n & MASK) ^ h)
        n >>= 64
    return h


def ratio_hash(num: int, den: int, h: int) -> int:
    """A fraction in lowest terms: as an Int64, UInt64 or Float64 if it is one, else by its parts."""
    if den == 0:
        return float_hash(math.inf if num > 0 else -math.inf, h)
    if num == 0:
        return float_hash(0.0, h)
    zeros = (num & -num).bit_length() - 1
    num >>= zeros
    power = zeros - ((den & -den).bit_length() - 1)
    den >>= (den & -den).bit_length() - 1
    if den == 1:
        left = abs(num).bit_length() + power
        if power >= 0 and (left <= 63 or (left <= 64 and num > 0)):
            return (mix((num << power) & MASK) - 3 * h) & MASK
        if power >= -1074 and left <= 1024 and left - power <= 53:
            return float_hash(math.ldexp(num, power), h)
    else:
        h = integer_hash(den, h)
    return integer_hash(num, integer_hash(power, h))


def julia_hash(x: Any, h: int = 0) -> int | None:
    """`hash(x, h)` as Julia computes it, or None where it depends on addresses or is not known here."""
    cls = type(x)
    if cls is int or cls is bool or isinstance(x, np.integer):
        return (mix(int(x) & MASK) - 3 * h) & MASK
    if isinstance(x, int):
        return (
            (mix(int(x) & MASK) - 3 * h) & MASK
            if -(2**63) <= x < 2**64
            else ratio_hash(int(x), 1, h)
        )
    if isinstance(x, str):
        return string_hash(x.encode("utf-8", "surrogateescape"), h)
    if cls is Symbol:
        return symbol_id(x.name) if h == 0 else mix((3 * h - symbol_id(x.name)) & MASK)
    if isinstance(x, (float, np.floating)):
        return float_hash(float(x), h)
    if isinstance(x, Rational):
        return ratio_hash(int(x.num), int(x.den), h)
    if isinstance(x, COMPLEX_CLASSES):
        re, im = parts(x)
        imaginary, nothing = julia_hash(im, IMAGINARY_SEED), julia_hash(0, IMAGINARY_SEED)
        return (
            None
            if imaginary is None or nothing is None
            else julia_hash(re, h ^ imaginary ^ nothing)
        )
    if T._TYPE_OF_CLASS.get(cls) is BigFloat_:
        if not x.finite() or x.minus:
            return float_hash(float(x), h)
        num, den = x.ratio()
        return ratio_hash(num, den, h)
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
    of = getattr(cls, "hash_from", None)
    return None if of is None else of(x, h)


# So many keys are hashed one by one.
FEW = 8


def julia_hashes(values: list[Any]) -> list[int] | None:
    """The hashes of many values; None if one is not known."""
    if len(values) > FEW:
        kinds = set(map(type, values))
        if kinds == {int}:
            return _mixed(values, np.zeros(len(values), np.uint64)).tolist()  # type: ignore[no-any-return]
        if kinds == {tuple} and len(set(map(len, values))) == 1:
            columns = list(zip(*values, strict=True))
            if all(set(map(type, column)) == {int} for column in columns):
                h = np.full(len(values), TUPLE_SEED, np.uint64)
                for column in reversed(columns):
                    h = _mixed(column, h)
                return h.tolist()
    out = []
    for v in values:
        one = julia_hash(v)
        if one is None:
            return None
        out.append(one)
    return out


def _mixed(numbers: Sequence[int], h: Any) -> Any:
    """`julia_hash` of many Int64s, each with its own seed."""
    n = np.array(numbers, np.int64).view(np.uint64)
    n = ~n + (n << np.uint64(21))
    n ^= n >> np.uint64(24)
    n = n + (n << np.uint64(3)) + (n << np.uint64(8))
    n ^= n >> np.uint64(14)
    n = n + (n << np.uint64(2)) + (n << np.uint64(4))
    n ^= n >> np.uint64(28)
    return n + (n << np.uint64(31)) - np.uint64(3) * h


def char_bits(code: int) -> int:
    """The four bytes in which Julia stores a character: its UTF-8, left-aligned."""
    data = chr(code).encode("utf-8", "surrogatepass")
    return int.from_bytes(data.ljust(4, b"\0"), "big")
