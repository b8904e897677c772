"""Julia's `MersenneTwister` (1.10): dSFMT with exponent 19937, its caches and its array methods.

dSFMT (Saito and Matsumoto) makes floats in [1, 2) natively, 52 random bits in a 64-bit word. Julia
keeps one cache of such floats and one of integers, which condense 5 words into 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import urandom
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .random_sampling import Generator
from .xoshiro import seed_words

__all__ = ["MersenneTwister"]

_MASK_32 = (1 << 32) - 1
_MASK_52 = (1 << 52) - 1
_MASK_64 = (1 << 64) - 1
_MASK_128 = (1 << 128) - 1
_ONE_BITS = 0x3FF0000000000000

# Parameters of dSFMT-19937, in 128-bit units.
_SIZE = 191
_LAG = 117
_MASK_1 = 0x000FFAFFFFFFFB3F
_MASK_2 = 0x000FFDFFFC90FFFD
_FIX_1 = 0x90014964B32F4329
_FIX_2 = 0x3B8D12AC548A7C7A
_PARITY_1 = 0x3D84E1AC0DC82880
_PARITY_2 = 0x0000000000000001
# The generator fills arrays of at least this many words; shorter ones are served from the cache.
_MIN_ARRAY = 2 * _SIZE

_FLOAT_CACHE = 1002
_INT_CACHE_BYTES = 501 * 16
_BULK_ZIGGURAT = 13
_SPREAD = 0x01010101010101010101010101010101


class _Dsfmt:
    """The recursion itself: an endless sequence of 64-bit words, taken an even number at a time."""

    __slots__ = ("_carry", "_recent", "taken")

    def __init__(self, key: Sequence[int]) -> None:
        self.taken = 0
        words = _initial_words(key)
        pairs = [words[i] | words[i + 1] << 32 for i in range(0, len(words), 2)]
        self._recent = [word & _MASK_52 | _ONE_BITS for word in pairs[: 2 * _SIZE]]
        low, high = pairs[2 * _SIZE :]
        inner = ((low ^ _FIX_1) & _PARITY_1) ^ ((high ^ _FIX_2) & _PARITY_2)
        if inner.bit_count() % 2 == 0:
            high ^= 1
        self._carry = low, high

    def copy(self) -> _Dsfmt:
        other = object.__new__(_Dsfmt)
        other._recent, other._carry, other.taken = self._recent.copy(), self._carry, self.taken
        return other

    def take(self, count: int) -> list[int]:
        """The next `count` (even) words: floats in [1, 2), as bits."""
        self.taken += count
        words = self._recent
        low, high = self._carry
        push = words.append
        for place in range(0, count, 2):
            first, second = words[place], words[place + 1]
            later = place + 2 * _LAG
            low, high = (
                (first << 19 & _MASK_64) ^ (high >> 32) ^ (high << 32 & _MASK_64) ^ words[later],
                (second << 19 & _MASK_64) ^ (low >> 32) ^ (low << 32 & _MASK_64) ^ words[later + 1],
            )
            push(low >> 12 ^ low & _MASK_1 ^ first)
            push(high >> 12 ^ high & _MASK_2 ^ second)
        self._carry = low, high
        self._recent = words[count:]
        return words[2 * _SIZE :]


def _initial_words(key: Sequence[int]) -> list[int]:
    """The 32-bit words of the state before masking, from a key."""
    size, lag = 4 * (_SIZE + 1), 11
    middle = (size - lag) // 2
    words = [0x8B8B8B8B] * size
    count = max(len(key) + 1, size)
    place = 0
    for step in range(count):
        mixed = words[place] ^ words[(place + middle) % size] ^ words[place - 1]
        mixed = (mixed ^ mixed >> 27) * 1664525 & _MASK_32
        words[(place + middle) % size] = (words[(place + middle) % size] + mixed) & _MASK_32
        if step == 0:
            mixed += len(key)
        elif step <= len(key):
            mixed += key[step - 1] + place
        else:
            mixed += place
        mixed &= _MASK_32
        after = (place + middle + lag) % size
        words[after] = (words[after] + mixed) & _MASK_32
        words[place] = mixed
        place = (place + 1) % size
    for _ in range(size):
        mixed = words[place] + words[(place + middle) % size] + words[place - 1] & _MASK_32
        mixed = (mixed ^ mixed >> 27) * 1566083941 & _MASK_32
        words[(place + middle) % size] ^= mixed
        mixed = (mixed - place) & _MASK_32
        words[(place + middle + lag) % size] ^= mixed
        words[place] = mixed
        place = (place + 1) % size
    return words


class MersenneTwister(Generator):
    """A `MersenneTwister(seed)`; see `seed`."""

    __slots__ = (
        "_dsfmt",
        "_float_place",
        "_floats",
        "_floats_from",
        "_int_left",
        "_ints",
        "_ints_from",
        "seed_vector",
    )

    def __init__(self, seed: int | Sequence[int] | None = None) -> None:
        self.seed(seed)

    def seed(self, seed: int | Sequence[int] | None = None) -> MersenneTwister:
        """Seed with a non-negative integer, with 32-bit words, or by the system (None)."""
        if seed is None:
            entropy = urandom(16)
            seed = [int.from_bytes(entropy[i : i + 4], "little") for i in range(0, 16, 4)]
        self.seed_vector = seed_words(seed) if isinstance(seed, int) else [int(w) for w in seed]
        self._dsfmt = _Dsfmt(self.seed_vector)
        self._floats: list[int] = []
        self._float_place = 0
        self._ints: list[int] = []
        self._int_left = 0
        # how many words had been taken before the caches were filled
        self._floats_from = self._ints_from = -1
        return self

    def copy(self) -> MersenneTwister:
        """An independent generator in the same state."""
        other = object.__new__(MersenneTwister)
        other.become(self)
        return other

    def become(self, other: MersenneTwister) -> None:
        """Take over the state of another."""
        self.seed_vector = other.seed_vector
        self._dsfmt = other._dsfmt.copy()
        # The caches are replaced when they run out, never changed.
        self._floats, self._float_place = other._floats, other._float_place
        self._ints, self._int_left = other._ints, other._int_left
        self._floats_from, self._ints_from = other._floats_from, other._ints_from

    def _state(self) -> tuple[Any, ...]:
        dsfmt = self._dsfmt
        caches = self._floats, self._float_place, self._ints, self._int_left
        return self.seed_vector, dsfmt._recent, dsfmt._carry, *caches

    def __eq__(self, other: object) -> bool:
        return self._state() == other._state() if isinstance(other, type(self)) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    # The caches

    def progress(self) -> tuple[int, ...]:
        """How far the generator has come, as Julia prints it; empty if it is as seeded."""
        if not self._dsfmt.taken:
            return ()
        out = [0, self._dsfmt.taken]
        if self._floats_from >= 0 or self._ints_from >= 0:
            out += [self._floats_from, self._float_place] if self._floats_from >= 0 else [0, 0]
        if self._ints_from >= 0:
            out += [self._ints_from, (_INT_CACHE_BYTES - self._int_left) // 8]
        return tuple(out)

    def _refill_floats(self) -> None:
        self._floats_from = self._dsfmt.taken
        self._floats = self._dsfmt.take(_FLOAT_CACHE)
        self._float_place = 0

    def _pop(self) -> int:
        """The bits of the next cached float in [1, 2)."""
        if self._float_place == len(self._floats):
            self._refill_floats()
        self._float_place += 1
        return self._floats[self._float_place - 1]

    def _pop_pair(self) -> tuple[int, int]:
        """Two floats of one filling of the cache."""
        if len(self._floats) - self._float_place < 2:
            self._refill_floats()
        return self._pop(), self._pop()

    def _pop_many(self, count: int) -> list[int]:
        taken: list[int] = []
        while len(taken) < count:
            if self._float_place == len(self._floats):
                self._refill_floats()
            stop = min(self._float_place + count - len(taken), len(self._floats))
            taken += self._floats[self._float_place : stop]
            self._float_place = stop
        return taken

    def _pop_int(self, octets: int) -> int:
        """The next cached integer of 8 or 16 bytes; the cache is used from its end."""
        if self._int_left < octets:
            self._ints_from = self._dsfmt.taken
            raw = self._dsfmt.take(2 * 627)
            wide = [low | high << 64 for low, high in zip(raw[::2], raw[1::2], strict=True)]
            for place in range(501):
                wide[place] ^= wide[501 + place // 4] << (48, 36, 24, 12)[place % 4] & _MASK_128
            self._ints = wide[:501]
            self._int_left = _INT_CACHE_BYTES
        if octets == 16:
            place = self._int_left >> 4
            self._int_left = 16 * (place - 1)
            return self._ints[place - 1]
        self._int_left -= 8
        return self._ints[self._int_left >> 4] >> 8 * (self._int_left & 8) & _MASK_64

    # Words

    def next_u64(self) -> int:
        return self._pop_int(8)

    def next_u32(self) -> int:
        return self._pop() & _MASK_32

    def next_word(self) -> int:
        return self._pop() & _MASK_52

    next_52 = next_word

    def word_float(self, word: int) -> float:
        return word * 2.0**-52

    def words_52(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return words

    def stream_u64(self, count: int) -> NDArray[np.uint64]:
        return np.array([self._pop_int(8) for _ in range(count)], np.uint64)

    def stream_u32(self, count: int) -> NDArray[np.uint64]:
        return self.words(count) & np.uint64(_MASK_32)

    def words(self, count: int) -> NDArray[np.uint64]:
        return np.array(self._pop_many(count), np.uint64) & np.uint64(_MASK_52)

    def _word_128(self, width: int) -> int:
        if width <= 52:
            return self._pop()
        if width <= 104:
            first, second = self._pop_pair()
            return first << 52 ^ second
        return self._pop_int(16)

    # Single values

    def rand_float64(self) -> float:
        return self.next_word() * 2.0**-52

    def rand_float32(self) -> np.float32:
        return np.float32((self._pop() & 0x7FFFFF) * 2.0**-23)

    def rand_float16(self) -> np.float16:
        return np.float16((self._pop() & 0x3FF) * 2.0**-10)

    def rand_int(self, bits: int, signed: bool = True) -> int:
        value = self._pop_int(bits // 8) if bits >= 64 else self._pop() & (1 << bits) - 1
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    def rand_bool(self) -> bool:
        return bool(self._pop() & 1)

    # Arrays

    def _array_words(self, count: int) -> list[int]:
        """The floats in [1, 2), as bits, with which Julia fills an array."""
        direct = (count - 2) // 2 * 2
        if direct < _MIN_ARRAY:
            if self._float_place == len(self._floats):
                self._refill_floats()  # even for no words at all, which later integers can see
            return self._pop_many(count)
        taken = self._dsfmt.take(direct)
        return taken + self._pop_many(count - direct)

    def _bulk_bits(self, count: int) -> NDArray[np.uint64] | None:
        if count < _BULK_ZIGGURAT:
            return None
        return np.array(self._array_words(count), np.uint64) & np.uint64(_MASK_52)

    def fill_float64(self, count: int) -> NDArray[np.float64]:
        return np.array(self._array_words(count), np.uint64).view(np.float64) - 1.0

    def fill_float32(self, count: int) -> NDArray[np.float32]:
        bits = self._narrow_bits(count, 4) & np.uint32(0x7FFFFF)
        return bits.astype(np.float32) * np.float32(2.0**-23)

    def fill_float16(self, count: int) -> NDArray[np.float16]:
        bits = self._narrow_bits(count, 2) & np.uint16(0x3FF)
        return (bits.astype(np.float32) * np.float32(2.0**-10)).astype(np.float16)

    def _narrow_bits(self, count: int, octets: int) -> NDArray[Any]:
        """Words of 4 or 2 bytes, cut out of pairs of floats; the rest one by one."""
        pairs = count * octets // 16
        raw = self._array_words(2 * pairs)
        values = [low | high << 64 for low, high in zip(raw[::2], raw[1::2], strict=True)]
        packed = b"".join(
            ((wide ^ wide << 26) & _MASK_128).to_bytes(16, "little") for wide in values
        )
        kind = np.dtype(f"u{octets}")
        rest = [self._pop() & (1 << 8 * octets) - 1 for _ in range(count - len(packed) // octets)]
        return np.concatenate([np.frombuffer(packed, kind), np.array(rest, kind)])

    def fill_complex(self, count: int, dtype: DTypeLike = np.complex128) -> NDArray[Any]:
        complex_type = np.dtype(dtype)
        words = self.words(2 * count)
        if complex_type == np.complex128:
            parts: NDArray[Any] = words * 2.0**-52
        else:
            parts = ((words & np.uint64(0x7FFFFF)) * 2.0**-23).astype(np.float32)
        return parts.view(complex_type)

    def _wide(self, count: int) -> list[int]:
        """`rand(rng, UInt128, count)`: missing bits are taken from words drawn in addition."""
        raw = self._array_words(2 * count)
        values = [low | high << 64 for low, high in zip(raw[::2], raw[1::2], strict=True)]
        left = count
        while left >= 5:
            used = 0
            while left - used >= 5:
                extra = values[used]
                used += 1
                for shift in (48, 36, 24, 12):
                    left -= 1
                    values[left] ^= extra << shift & _MASK_128
            raw = self._array_words(2 * used)
            values[:used] = [
                low | high << 64 for low, high in zip(raw[::2], raw[1::2], strict=True)
            ]
        if left > 0:
            first, second = self._pop_pair()
            extra = first << 64 | second
            for place in range(left):
                values[place] ^= extra << 12 * (place + 1) & _MASK_128
        return values

    def fill_int(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        kind = np.dtype(dtype)
        wide = self._wide(count * kind.itemsize // 16)
        packed = np.frombuffer(b"".join(v.to_bytes(16, "little") for v in wide), kind)
        signed = kind.kind == "i"
        rest = [self.rand_int(8 * kind.itemsize, signed) for _ in range(count - len(packed))]
        return np.concatenate([packed, np.array(rest, kind)])

    def fill_int128(self, count: int, signed: bool = True) -> list[int]:
        return [v - (1 << 128) if signed and v >> 127 else v for v in self._wide(count)]

    def fill_bool(self, count: int) -> NDArray[np.bool_]:
        pairs = count // 16
        packed = b""
        if pairs:
            raw = self._array_words(2 * pairs)
            bits = raw[0] ^ raw[0] >> 17
            values = [low | high << 64 for low, high in zip(raw[::2], raw[1::2], strict=True)]
            packed = b"".join(
                ((wide ^ wide << 5) & _SPREAD).to_bytes(16, "little") for wide in values
            )
        else:
            bits = self._pop()
        rest = [bits >> place & 1 for place in range(count - 16 * pairs)]
        return np.array([*packed, *rest], np.bool_)
