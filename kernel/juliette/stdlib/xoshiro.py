"""Julia's default random number generator, bit for bit (Julia 1.10).

Xoshiro256++ seeded through SHA-256, its scalar stream, and the bulk streams that fill arrays: from
64 bytes on, Julia forks eight generators off the parent and interleaves their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import urandom
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from juliette.runtime.scheduler import RANDOM

from .random_sampling import Generator
from .xoshiro_stream import Words, step_words

__all__ = ["Xoshiro", "default_rng", "seed_default", "seed_words"]

State = tuple[int, int, int, int]

_MASK = (1 << 64) - 1
_TO_FLOAT = 2.0**-53
_SHIFT_11 = np.uint64(11)
_SHIFT_12 = np.uint64(12)

_LANES = 8
_BULK_BYTES = 64
_BULK_BOOLS = 640
_BOOLS_PER_STEP = 512
# What Julia multiplies the parent's words with to seed the eight generators of a bulk request.
_FORK = np.array(
    [[0x02011CE34BCE797F], [0x5A94851FB48A6E05], [0x3688CF5D48899FA7], [0x867B4BB4C42E5661]],
    np.uint64,
)
# From this many elements on, arrays of normal numbers draw their first words in bulk.
_BULK_ZIGGURAT = 7
# Up to this many words, Python integers are quicker than numpy.
_SMALL_STREAM = 256

# So many words are drawn ahead at most.
_MOST_AHEAD = 1 << 14

# Constants of the split that gives a new task its generator.
_SPLIT_STEP = 0xD1342543DE82EF95
_SPLIT_XOR = (0x214C146C88E47CB7, 0xA66D8CC21285AAFA, 0x68C7EF2D7B1A54D4, 0xB053A7D7AA238C61)
_SPLIT_ODD = (0xAEF17502108EF2D9, 0xF34026EEB86766AF, 0x38FD70AD58DD9FBB, 0x6677F9B93AB0C04D)


def seed_words(seed: int) -> list[int]:
    """The 32-bit words of a non-negative integer seed, lowest first."""
    if seed < 0:
        raise ValueError("`n` must be non-negative.")
    words = [seed & 0xFFFFFFFF]
    while seed := seed >> 32:
        words.append(seed & 0xFFFFFFFF)
    return words


def _draw(state: State, count: int) -> tuple[list[int], State]:
    """The next words of the scalar stream, and the state after them."""
    if count > _SMALL_STREAM:
        many, final = step_words(np.array(state, np.uint64).reshape(4, 1), count)
        s0, s1, s2, s3 = final[:, 0].tolist()
        return many[:, 0].tolist(), (s0, s1, s2, s3)
    s0, s1, s2, s3 = state
    words = []
    for _ in range(count):
        mix = (s0 + s3) & _MASK
        words.append(((mix << 23 | mix >> 41) + s0) & _MASK)
        s2 ^= s0
        s3 ^= s1
        s0, s1, s2, s3 = s0 ^ s3, s1 ^ s2, s2 ^ (s1 << 17 & _MASK), (s3 << 45 | s3 >> 19) & _MASK
    return words, (s0, s1, s2, s3)


class Xoshiro(Generator):
    """A Xoshiro256++ generator, `Xoshiro(s0, s1, s2, s3)` or `Xoshiro(s0, s1, s2, s3, s4)`.

    `s4` is the state from which the generators of child tasks are split off. Without any state the
    generator is seeded by the operating system.

    While single values are asked for, words are drawn ahead in batches, which grow, since large
    ones take numpy a fraction of the time.  The state is replayed when it is looked at.
    """

    # `before` and `after` are the states around the batch; `ahead` are its words that are left,
    # the next one last
    __slots__ = ("after", "ahead", "batch", "before", "s4")

    def __init__(self, *state: int) -> None:
        if state:
            self.set_state(*state)
        else:
            self.seed(None)

    @classmethod
    def seeded(cls, seed: int | Sequence[int] | None = None, word_bits: int = 32) -> Xoshiro:
        """A generator with the given seed; see `seed`."""
        return cls(0, 0, 0, 0).seed(seed, word_bits)

    def seed(self, seed: int | Sequence[int] | None = None, word_bits: int = 32) -> Xoshiro:
        """Seed with an integer, with a vector of `word_bits`-bit words, or by the system (None).

        The words of a numpy array are as wide as they are there.
        """
        if seed is None:
            digest = urandom(32)
        else:
            from hashlib import sha256

            words = seed_words(seed) if isinstance(seed, int) else seed
            size = 4 if isinstance(seed, int) else word_bits // 8
            size = words.itemsize if isinstance(words, np.ndarray) else size
            digest = sha256(b"".join(int(word).to_bytes(size, "little") for word in words)).digest()
        self.set_state(*(int.from_bytes(digest[i : i + 8], "little") for i in range(0, 32, 8)))
        return self

    @property
    def state(self) -> tuple[int, int, int, int, int]:
        """All words of the state."""
        return (*self._settled(), self.s4)

    def set_state(self, s0: int, s1: int, s2: int, s3: int, s4: int | None = None) -> None:
        """Replace the state; without `s4` it is derived from the others."""
        self._restart((s0 & _MASK, s1 & _MASK, s2 & _MASK, s3 & _MASK))
        self.s4 = (s0 + 3 * s1 + 5 * s2 + 7 * s3 if s4 is None else s4) & _MASK

    def _restart(self, words: State) -> None:
        self.before = self.after = words
        self.ahead: list[int] = []
        self.batch = 0

    def _settled(self) -> State:
        """The state after the words that were handed out; none are drawn ahead any more."""
        if self.ahead:
            self._restart(_draw(self.before, self.batch - len(self.ahead))[1])
        elif self.batch:
            self._restart(self.after)
        return self.before

    def copy(self) -> Xoshiro:
        """An independent generator in the same state."""
        return Xoshiro(*self.state)

    def split(self) -> Xoshiro:
        """The generator of a new task; only `s4` of this one moves on."""
        weight = self.s4
        self.s4 = (weight * _SPLIT_STEP + 1) & _MASK
        child = []
        for word, flip, odd in zip(self._settled(), _SPLIT_XOR, _SPLIT_ODD, strict=True):
            mixed = (word + (weight ^ flip) * (2 * word + 1)) & _MASK
            mixed ^= mixed >> ((mixed >> 59) + 5)
            mixed = mixed * odd & _MASK
            child.append(mixed ^ mixed >> 43)
        return Xoshiro(*child, self.s4)

    def put_by(self) -> Any:
        """What `take_up` goes on from, when other tasks have drawn in between."""
        return self.before, self.after, self.ahead, self.batch, self.s4

    def take_up(self, kept: Any) -> None:
        """Go on as a task left the generator, or with the one that it was given, or with any."""
        if kept is None:
            self.seed(None)
        else:
            parts = kept.put_by() if isinstance(kept, Xoshiro) else kept
            self.before, self.after, self.ahead, self.batch, self.s4 = parts

    def __eq__(self, other: object) -> bool:
        return self.state == other.state if isinstance(other, Xoshiro) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Xoshiro({', '.join(f'0x{word:016x}' for word in self.state)})"

    # Words

    def next_u64(self) -> int:
        ahead = self.ahead
        return ahead.pop() if ahead else self._refilled().pop()

    def _refilled(self) -> list[int]:
        """The words of a new batch."""
        self.batch = min(4 * self.batch, _MOST_AHEAD) or 1
        self.before = self.after
        self.ahead, self.after = _draw(self.before, self.batch)
        self.ahead.reverse()
        return self.ahead

    next_word = next_u64

    def next_u32(self) -> int:
        return self.next_u64() >> 32

    def next_52(self) -> int:
        return self.next_u64() >> 12

    def word_float(self, word: int) -> float:
        return (word >> 11) * _TO_FLOAT

    def words_52(self, words: Words) -> Words:
        return words >> _SHIFT_12

    def stream_u64(self, count: int) -> Words:
        if count < _SMALL_STREAM:
            draw = self.next_u64
            return np.array([draw() for _ in range(count)], np.uint64)
        words, final = step_words(np.array(self._settled(), np.uint64).reshape(4, 1), count)
        s0, s1, s2, s3 = final[:, 0].tolist()
        self._restart((s0, s1, s2, s3))
        return words[:, 0]

    words = stream_u64

    def stream_u32(self, count: int) -> Words:
        return self.stream_u64(count) >> np.uint64(32)

    # Single values

    def rand_float64(self) -> float:
        ahead = self.ahead or self._refilled()
        return (ahead.pop() >> 11) * _TO_FLOAT

    def rand_float32(self) -> np.float32:
        return np.float32((self.next_u64() >> 40) * 2.0**-24)

    def rand_float16(self) -> np.float16:
        return np.float16((self.next_u64() >> 53) * 2.0**-11)

    def rand_int(self, bits: int, signed: bool = True) -> int:
        if bits == 128:
            value = self.next_u64() << 64 | self.next_u64()
        else:
            value = self.next_u64() >> (64 - bits)
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    def rand_bool(self) -> bool:
        return bool(self.next_u64() >> 56 & 1)

    # Arrays

    def _fork(self) -> Words:
        """The states of the eight generators of a bulk request; takes 32 words of this one."""
        return self.stream_u64(4 * _LANES).reshape(4, _LANES) * _FORK

    def _bulk(self, octets: int) -> Words:
        """The words of a bulk request of so many bytes; the last one may not be used in full."""
        parts = []
        if octets >= _BULK_BYTES:
            steps, octets = divmod(octets, 8 * _LANES)
            parts.append(step_words(self._fork(), steps)[0].reshape(-1))
        if octets:
            parts.append(self.stream_u64(-(-octets // 8)))
        return np.concatenate(parts) if parts else np.empty(0, np.uint64)

    def fill_float64(self, count: int) -> NDArray[np.float64]:
        words = self._bulk(8 * count)
        words >>= _SHIFT_11
        return words.astype(np.float64) * _TO_FLOAT

    def fill_float32(self, count: int) -> NDArray[np.float32]:
        halves = self._bulk(4 * count).astype("<u8", copy=False).view(np.uint32)[:count]
        return (halves >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)

    def fill_float16(self, count: int) -> NDArray[np.float16]:
        return ((self.stream_u64(count) >> np.uint64(53)) * 2.0**-11).astype(np.float16)

    def fill_complex(self, count: int, dtype: DTypeLike = np.complex128) -> NDArray[Any]:
        complex_type = np.dtype(dtype)
        words = self.stream_u64(2 * count)
        if complex_type == np.complex128:
            parts: NDArray[Any] = (words >> _SHIFT_11) * _TO_FLOAT
        else:
            parts = ((words >> np.uint64(40)) * 2.0**-24).astype(np.float32)
        return parts.view(complex_type)

    def fill_int(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        kind = np.dtype(dtype)
        octets = count * kind.itemsize
        return self._bulk(octets).astype("<u8", copy=False).view(kind)[:count]

    def fill_int128(self, count: int, signed: bool = True) -> list[int]:
        words = self._bulk(16 * count).tolist()
        values = [high << 64 | low for low, high in zip(words[::2], words[1::2], strict=True)]
        return [v - (1 << 128) if signed and v >> 127 else v for v in values]

    def fill_bool(self, count: int) -> NDArray[np.bool_]:
        parts = []
        shifts = np.arange(8, dtype=np.uint64)
        ones = np.uint64(0x0101010101010101)
        left = count
        if count >= _BULK_BOOLS:
            steps, left = divmod(count, _BOOLS_PER_STEP)
            words = step_words(self._fork(), steps)[0]
            parts.append((words[:, None, :] >> shifts[:, None] & ones).reshape(-1))
        # Each further word gives eight groups of eight; a last incomplete group takes its own.
        groups, rest = divmod(left, 8)
        words = self.stream_u64(-(-groups // 8) + (rest > 0))
        whole = words[: len(words) - 1] if rest else words
        parts.append((whole[:, None] >> shifts & ones).reshape(-1)[:groups])
        parts.append(words[len(whole) :] & ones)
        octets = np.concatenate(parts).astype("<u8", copy=False).view(np.uint8)
        return octets[:count].astype(np.bool_)

    def _bulk_bits(self, count: int) -> Words | None:
        return self._bulk(8 * count) >> _SHIFT_12 if count >= _BULK_ZIGGURAT else None


_default: Xoshiro | None = None


def default_rng() -> Xoshiro:
    """The generator that `rand()` uses, seeded by the operating system at first."""
    global _default
    if _default is None:
        _default = Xoshiro()
        RANDOM.append(_default)
    return _default


def seed_default(seed: int | Sequence[int] | None = None, word_bits: int = 32) -> Xoshiro:
    """`Random.seed!(seed)`."""
    return default_rng().seed(seed, word_bits)
