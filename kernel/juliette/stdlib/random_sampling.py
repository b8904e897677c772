"""What every generator can do with its native words: ranges, permutations, strings, ziggurats.

A concrete generator (`Xoshiro`, `MersenneTwister`) supplies words of the sizes Julia asks of it;
this module turns them into values, drawing exactly the words that Julia draws. Methods named
`fill_...` give what Julia's array methods give; where those are a loop over the scalar method, the
loop is done in bulk here, without drawing a word too many.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Generator", "RandomSamplingError"]

_MASK_64 = (1 << 64) - 1
_SQRT_HALF = 0.7071067811865476
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Valid Unicode scalar values: the surrogates are left out.
_CHAR_COUNT = 0x10F800
_SURROGATES = 0xD800
_SURROGATE_COUNT = 0x800
# How many numbers are made in one go of C, which cannot be interrupted.
AT_ONCE = 1 << 20


def counted(count: int) -> list[int]:
    """The numbers from 1 on, made bit by bit, so that an interrupt is heard."""
    out: list[int] = []
    for first in range(1, count + 1, AT_ONCE):
        out.extend(range(first, min(first + AT_ONCE, count + 1)))
    return out


class RandomSamplingError(ValueError):
    """A request that Julia answers with an `ArgumentError`; the text is Julia's."""


class Generator(ABC):
    """A source of random words, and the values that Julia makes of them."""

    __slots__ = ()

    # Words

    @abstractmethod
    def next_u64(self) -> int:
        """The next `rand(rng, UInt64)`."""

    @abstractmethod
    def next_u32(self) -> int:
        """The next `rand(rng, UInt32)`."""

    @abstractmethod
    def next_word(self) -> int:
        """The next native word, from which floats and 52 random bits are made."""

    @abstractmethod
    def word_float(self, word: int) -> float:
        """The `Float64` in [0, 1) of a native word."""

    @abstractmethod
    def words_52(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The 52 random bits of native words."""

    @abstractmethod
    def stream_u64(self, count: int) -> NDArray[np.uint64]:
        """What `count` calls of `next_u64` give."""

    @abstractmethod
    def stream_u32(self, count: int) -> NDArray[np.uint64]:
        """What `count` calls of `next_u32` give, in 64 bits."""

    @abstractmethod
    def words(self, count: int) -> NDArray[np.uint64]:
        """What `count` calls of `next_word` give."""

    @abstractmethod
    def next_52(self) -> int:
        """The next 52 random bits."""

    @abstractmethod
    def rand_float64(self) -> float:
        """`rand(rng, Float64)`, in [0, 1)."""

    @abstractmethod
    def rand_float32(self) -> np.float32:
        """`rand(rng, Float32)`, in [0, 1)."""

    @abstractmethod
    def rand_float16(self) -> np.float16:
        """`rand(rng, Float16)`, in [0, 1)."""

    @abstractmethod
    def rand_int(self, bits: int, signed: bool = True) -> int:
        """`rand(rng, T)` for the integer type of 8, 16, 32, 64 or 128 `bits`."""

    @abstractmethod
    def rand_bool(self) -> bool:
        """`rand(rng, Bool)`."""

    @abstractmethod
    def fill_int(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        """`rand(rng, T, count)` for the integer type `dtype` (up to 64 bits)."""

    @abstractmethod
    def fill_float64(self, count: int) -> NDArray[np.float64]:
        """`rand(rng, count)`."""

    @abstractmethod
    def fill_float32(self, count: int) -> NDArray[np.float32]:
        """`rand(rng, Float32, count)`."""

    @abstractmethod
    def fill_float16(self, count: int) -> NDArray[np.float16]:
        """`rand(rng, Float16, count)`."""

    @abstractmethod
    def fill_complex(self, count: int, dtype: DTypeLike = np.complex128) -> NDArray[Any]:
        """`rand(rng, Complex{T}, count)` for `dtype`."""

    @abstractmethod
    def fill_int128(self, count: int, signed: bool = True) -> list[int]:
        """`rand(rng, Int128, count)` or, unsigned, `rand(rng, UInt128, count)`."""

    @abstractmethod
    def fill_bool(self, count: int) -> NDArray[np.bool_]:
        """`rand(rng, Bool, count)`."""

    @abstractmethod
    def _bulk_bits(self, count: int) -> NDArray[np.uint64] | None:
        """The 52-bit numbers from which array methods make `count` ziggurat values, if they do."""

    # Integers within a range

    def rand_range(self, lo: int, hi: int, bits: int = 64) -> int:
        """`rand(rng, lo:hi)` for an integer type of `bits`."""
        size = _range_size(lo, hi)
        if bits > 64:
            return lo + self._below_masked(size)
        if bits == 64:
            return lo + _below(self.next_u64, size, 64)
        return lo + _below(self.next_u32, size, 32)

    def fill_range(
        self, count: int, lo: int, hi: int, bits: int = 64, dtype: DTypeLike | None = None
    ) -> NDArray[Any]:
        """`rand(rng, lo:hi, count)`; of `dtype`, by default the 64-bit type that holds `hi`."""
        size = _range_size(lo, hi)
        if bits > 64:
            values = np.empty(count, object)
            values[:] = [lo + self._below_masked(size) for _ in range(count)]
            return values
        width = 64 if bits == 64 else 32
        offsets = self._offsets(count, size, width)
        if dtype is None:
            dtype = np.int64 if hi < 1 << 63 else np.uint64
        return (offsets + np.uint64(lo & _MASK_64)).view(np.int64).astype(dtype)

    def _offsets(self, count: int, size: int, width: int) -> NDArray[np.uint64]:
        """Uniform numbers below `size`, by Lemire's method (nearly without divisions)."""
        draw = self.stream_u64 if width == 64 else self.stream_u32
        if size == 1 << width:
            return draw(count)
        threshold = np.uint64((1 << width) % size)
        parts: list[NDArray[np.uint64]] = []
        missing = count
        while missing:
            high, low = _multiply(draw(missing), size, width)
            # Rejected words are simply passed over; the next word serves the same element.
            accepted = high[low >= threshold] if threshold else high
            parts.append(accepted)
            missing -= len(accepted)
        return np.concatenate(parts or [draw(0)]) if len(parts) != 1 else parts[0]

    def _below_masked(self, size: int) -> int:
        """A number below `size` for 128-bit types: masked words, until one is small enough."""
        top = size - 1
        mask = (1 << top.bit_length()) - 1
        while True:
            word = self._word_128(top.bit_length())
            if word & mask <= top:
                return word & mask

    def _word_128(self, width: int) -> int:
        """A word with at least `width` random low bits."""
        return self.next_u64() if width <= 64 else self.rand_int(128, signed=False)

    def rand_bigint_range(self, lo: int, hi: int) -> int:
        """`rand(rng, big(lo):big(hi))`."""
        top = _range_size(lo, hi) - 1
        limbs = -(-top.bit_length() // 64)
        if limbs == 0:
            return lo
        highest = top >> 64 * (limbs - 1)
        while True:
            lower = int.from_bytes(self.fill_int(limbs - 1, "<u8").tobytes(), "little")
            upper = self.rand_range(0, highest)
            value = upper << 64 * (limbs - 1) | lower
            if upper < highest or value <= top:
                return lo + value

    def rand_bigfloat(self, precision: int) -> tuple[int, int]:
        """`rand(rng, BigFloat)` as a numerator and the exponent of the power of two below it."""
        limbs = -(-precision // 64)
        shift = 64 * limbs - precision
        words = [int(word) for word in self.fill_int(limbs, np.uint64)]
        words[0] = words[0] << shift & _MASK_64
        return sum(word << 64 * index for index, word in enumerate(words)), 64 * limbs

    # Characters, elements of a tuple

    def rand_char(self) -> int:
        """The code point of `rand(rng, Char)`."""
        point = self.rand_range(0, _CHAR_COUNT - 1, 32)
        return point if point < _SURROGATES else point + _SURROGATE_COUNT

    def fill_char(self, count: int) -> NDArray[np.int64]:
        """The code points of `rand(rng, Char, count)`."""
        points: NDArray[np.int64] = self.fill_range(count, 0, _CHAR_COUNT - 1, 32)
        points[points >= _SURROGATES] += _SURROGATE_COUNT
        return points

    def rand_tuple_index(self, length: int) -> int:
        """The 1-based index of the element that `rand(rng, tuple)` picks."""
        if length == 1:
            return 1
        if length == 2:
            return 1 + self.rand_bool()
        if length == 3:
            while (bits := self.next_52()) == (1 << 52) - 1:
                pass
            return 1 + bits // 0x0005555555555555
        if length > 0 and length & (length - 1) == 0:
            return 1 + (self.next_u32() & length - 1)
        return self.rand_range(1, length)

    def rand_string_index(self, text: str) -> int:
        """The 0-based index of the character that `rand(rng, text)` picks."""
        if not text:
            raise RandomSamplingError("collection must be non-empty")
        starts = {}
        place = 0
        for index, char in enumerate(text):
            place += 1
            starts[place] = index
            place += len(char.encode("utf-8", "surrogatepass")) - 1
        while True:
            index = starts.get(self.rand_range(1, place), -1)
            if index >= 0:
                return index

    # Normal and exponential numbers

    def randn(self) -> float:
        """`randn(rng)`."""
        from .random_ziggurat import normal_table, one_value

        return one_value(normal_table(), self)

    def randexp(self) -> float:
        """`randexp(rng)`."""
        from .random_ziggurat import exponential_table, one_value

        return one_value(exponential_table(), self)

    def fill_randn(self, count: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """`randn(rng, T, count)` for the real or complex float type `dtype`."""
        return self._fill_ziggurat(count, np.dtype(dtype), normal=True)

    def fill_randexp(self, count: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """`randexp(rng, T, count)` for the float type `dtype`."""
        return self._fill_ziggurat(count, np.dtype(dtype), normal=False)

    def _fill_ziggurat(self, count: int, dtype: np.dtype[Any], *, normal: bool) -> NDArray[Any]:
        from .random_ziggurat import (
            bulk_values,
            exponential_table,
            normal_table,
            sequential_values,
        )

        table = normal_table() if normal else exponential_table()
        if dtype.kind == "c":
            real = np.dtype(f"f{dtype.itemsize // 2}")
            parts = sequential_values(table, self, 2 * count).astype(real)
            return (parts * real.type(_SQRT_HALF)).view(dtype)
        bits = self._bulk_bits(count) if dtype == np.float64 else None
        if bits is not None:
            return bulk_values(table, self, bits)
        return sequential_values(table, self, count).astype(dtype, copy=False)

    # Permutations and selections

    def _masked_draws(self, bounds: Iterable[tuple[int, int]]) -> list[int]:
        """For every `(limit, mask)`: 52 random bits, masked, drawn again while above the limit."""
        todo = list(bounds)
        result: list[int] = []
        accept = result.append
        waiting = iter(todo)
        limit, mask = next(waiting, (-1, 0))
        while len(result) < len(todo):
            # Each of the missing draws takes at least one word.
            missing = min(len(todo) - len(result), AT_ONCE)
            words = self.words_52(self.words(missing)).tolist()
            for word in words:
                value = word & mask
                if value <= limit:
                    accept(value)
                    limit, mask = next(waiting, (-1, 0))
        return result

    def shuffle_indices(self, count: int) -> list[int]:
        """`shuffle!(rng, collect(1:count))`: where each element of the result comes from."""
        indices = counted(count)
        if count < 2:
            return indices
        bounds = []
        mask = (1 << (count - 1).bit_length()) - 1
        for last in range(count, 1, -1):
            if mask >> 1 == last:
                mask >>= 1
            bounds.append((last - 1, mask))
        for last, other in zip(range(count - 1, 0, -1), self._masked_draws(bounds), strict=True):
            indices[last], indices[other] = indices[other], indices[last]
        return indices

    def randperm(self, count: int) -> list[int]:
        """`randperm(rng, count)`."""
        values = counted(count)
        draws = self._masked_draws((last, _growing_mask(last)) for last in range(1, count))
        for last, other in enumerate(draws, 1):
            values[last] = values[other]
            values[other] = last + 1
        return values

    def randcycle(self, count: int) -> list[int]:
        """`randcycle(rng, count)`."""
        values = counted(count)
        draws = self._masked_draws((last - 1, _growing_mask(last)) for last in range(1, count))
        for last, other in enumerate(draws, 1):
            values[last] = values[other]
            values[other] = last + 1
        return values

    def randsubseq(self, count: int, probability: float) -> list[int]:
        """The 1-based indices that `randsubseq(rng, 1:count, probability)` keeps."""
        from math import ceil, log1p

        if not 0 <= probability <= 1:
            raise RandomSamplingError(f"probability {probability} not in [0,1]")
        if probability == 1:
            return list(range(1, count + 1))
        if probability == 0:
            return []
        if probability > 0.15:
            draws = (self.word_float(word) for word in self.words(count).tolist())
            return [index for index, draw in enumerate(draws, 1) if draw <= probability]
        scale = -1 / log1p(-probability)
        kept: list[int] = []
        place = 0
        while True:
            step = self.randexp() * scale
            if step >= count - place:
                return kept
            place += ceil(step)
            kept.append(place)

    def randstring(self, count: int = 8, chars: Sequence[str] = _ALPHABET) -> str:
        """`randstring(rng, chars, count)`; `chars` in the order of the Julia collection."""
        places = self.fill_range(count, 0, len(chars) - 1)
        return "".join([chars[place] for place in places.tolist()])

    def bitrand(self, count: int) -> NDArray[np.bool_]:
        """`bitrand(rng, count)`."""
        chunks = self.fill_int(-(-count // 64), np.uint64)
        octets = chunks.astype("<u8", copy=False).view(np.uint8)
        return np.unpackbits(octets, count=count, bitorder="little").astype(np.bool_)


def _range_size(lo: int, hi: int) -> int:
    if hi < lo:
        raise RandomSamplingError("collection must be non-empty")
    return hi - lo + 1


def _below(draw: Any, size: int, width: int) -> int:
    """A number below `size` by Lemire's method; `draw()` gives words of `width` bits."""
    if size == 1 << width:
        return int(draw())
    mask = (1 << width) - 1
    product = draw() * size
    if product & mask < size:
        threshold = (1 << width) % size
        while product & mask < threshold:
            product = draw() * size
    return int(product >> width)


def _multiply(
    words: NDArray[np.uint64], size: int, width: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The high and the low `width` bits of every `word * size`."""
    factor = np.uint64(size)
    half = np.uint64(32)
    lower = np.uint64(0xFFFFFFFF)
    if width == 32:
        product = words * factor
        return product >> half, product & lower
    word_high, word_low = words >> half, words & lower
    if size <= 0xFFFFFFFF:
        high = (word_high * factor + (word_low * factor >> half)) >> half
        return high, words * factor
    factor_high, factor_low = factor >> half, factor & lower
    cross = word_high * factor_low + (word_low * factor_low >> half)
    other = word_low * factor_high + (cross & lower)
    high = word_high * factor_high + (cross >> half) + (other >> half)
    return high, words * factor


def _growing_mask(last: int) -> int:
    """The mask under which a place among the first `last + 1` is drawn."""
    return max((1 << last.bit_length()) - 1, 3)
