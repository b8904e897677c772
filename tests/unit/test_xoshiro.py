"""Random numbers against published outputs of Julia, and against the plain definitions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from juliette.stdlib.random_mersenne import MersenneTwister
from juliette.stdlib.random_sampling import Generator, RandomSamplingError
from juliette.stdlib.random_ziggurat import (
    Table,
    exponential_table,
    julia_log,
    normal_table,
    one_value,
)
from juliette.stdlib.xoshiro import Xoshiro, default_rng, seed_default

MASK = (1 << 64) - 1
Make = Callable[[int], Generator]
MAKERS: list[Make] = [Xoshiro.seeded, MersenneTwister]


def numbers(make: Callable[[], float], count: int) -> list[float]:
    return [float(make()) for _ in range(count)]


# Published outputs: Julia's manual and docstrings, and documentation of packages.


def test_scalars_with_seed_1234() -> None:
    assert numbers(Xoshiro.seeded(1234).rand_float64, 6) == [
        0.32597672886359486,
        0.5490511363155669,
        0.21858665481883066,
        0.8942454282009883,
        0.35311164439921205,
        0.39425536741585077,
    ]


def test_scalars_with_other_seeds() -> None:
    assert numbers(Xoshiro.seeded(42).rand_float64, 12) == [
        0.6293451231426089,
        0.4503389405961936,
        0.47740714343281776,
        0.7031298490032014,
        0.6733461456394962,
        0.16589443479313404,
        0.6134782250008441,
        0.6683403279577278,
        0.4570310908017041,
        0.2993652953937611,
        0.6611433726193705,
        0.6394313620423493,
    ]
    assert Xoshiro.seeded(2).rand_float64() == 0.0022505868897625403


def test_short_array_is_the_scalar_stream() -> None:
    assert Xoshiro.seeded(123).fill_float64(5).tolist() == [
        0.521213795535383,
        0.5868067574533484,
        0.8908786980927811,
        0.19090669902576285,
        0.5256623915420473,
    ]


def test_float32_array() -> None:
    # rand(Float32, 5, 3) * [1, 0, 1]
    matrix = Xoshiro.seeded(1234).fill_float32(15).reshape(5, 3, order="F")
    expected = np.array([1.0497425, 0.720232, 0.5075845, 1.5021757, 0.8831669], np.float32)
    assert (matrix[:, 0] + matrix[:, 2]).tolist() == expected.tolist()


def test_normal_numbers() -> None:
    assert numbers(Xoshiro.seeded(123).randn, 5) == [
        -0.6457306721039767,
        -1.4632513788889214,
        -1.6236037455860806,
        -0.21766510678354617,
        0.4922456865251828,
    ]


def test_normal_complex_matrix() -> None:
    rng = Xoshiro.seeded(123)
    assert np.float32(rng.randn()) == np.float32(-0.6457307)
    found = rng.fill_randn(6, np.complex64)
    expected = [
        -1.03467 - 1.14806j,
        -0.153912 + 0.34807j,
        0.693657 + 0.056538j,
        1.0954 - 0.948661j,
        0.291442 + 0.419454j,
        -0.543347 - 0.0538589j,
    ]
    assert found.dtype == np.complex64
    assert found == pytest.approx(expected, abs=6e-6)


def test_normal_array_takes_its_words_in_bulk() -> None:
    expected = [
        -0.363357,
        0.251737,
        -0.314988,
        -0.311252,
        0.816307,
        0.476738,
        -0.859555,
        -1.46929,
        -0.206613,
        -0.310744,
    ]
    assert Xoshiro.seeded(42).fill_randn(10) == pytest.approx(expected, abs=6e-6)


def test_exponential_numbers() -> None:
    rng = Xoshiro.seeded(123)
    assert np.float32(rng.randexp()) == np.float32(1.1757717)
    expected = [1.37766, 3.40007, 0.48096, 0.456653, 0.229917, 0.577481, 0.236418, 0.0684921]
    assert rng.fill_randexp(9) == pytest.approx([*expected, 0.71835], abs=6e-6)


def test_ranges() -> None:
    rng = Xoshiro.seeded(1)
    assert rng.rand_range(4, 20) == 5
    assert rng.fill_range(3, 4, 20).tolist() == [9, 15, 14]
    assert rng.fill_range(3, 4, 20).tolist() == [19, 7, 17]
    assert Xoshiro.seeded(0).rand_range(4, 20) == 10
    # rand([0, 1], 5, 10)
    matrix = Xoshiro.seeded(123).fill_range(50, 0, 1).reshape(5, 10, order="F")
    assert ["".join(map(str, row)) for row in matrix] == [
        "1010000001",
        "1011100011",
        "1101101001",
        "0101000010",
        "1000010101",
    ]


def test_permutations() -> None:
    assert Xoshiro.seeded(123).randperm(4) == [1, 4, 2, 3]
    assert Xoshiro.seeded(123).randperm(10) == [5, 4, 2, 3, 6, 10, 8, 1, 9, 7]
    assert Xoshiro.seeded(123).randcycle(6) == [5, 4, 2, 6, 3, 1]
    assert Xoshiro.seeded(123).randsubseq(8, 0.3) == [4, 7]


def test_strings_and_bits() -> None:
    assert Xoshiro.seeded(3).randstring() == "Lxz5hUwn"
    assert Xoshiro.seeded(3).randstring(6, "abcdefghijklmnopqrstuvwxyz") == "iyzcsm"
    assert Xoshiro.seeded(123).bitrand(10).astype(int).tolist() == [0, 1, 0, 1, 0, 1, 0, 0, 1, 1]


def test_unsigned_128_bits() -> None:
    # uuid4 keeps all but the version bits of rand(rng, UInt128).
    value = Xoshiro.seeded(123).rand_int(128, signed=False)
    value = value & 0xFFFFFFFFFFFF0FFF3FFFFFFFFFFFFFFF | 0x00000000000040008000000000000000
    assert f"{value:032x}" == "856e446e0c6a472a9638f7b8557cd282"


def test_mersenne_twister_floats() -> None:
    assert MersenneTwister(1234).fill_float64(5).tolist() == [
        0.5908446386657102,
        0.7667970365022592,
        0.5662374165061859,
        0.4600853424625171,
        0.7940257103317943,
    ]
    assert MersenneTwister(1234).fill_randn(5).tolist() == [
        0.8673472019512456,
        -0.9017438158568171,
        -0.4944787535042339,
        -0.9029142938652416,
        0.8644013132535154,
    ]
    assert MersenneTwister(1234).fill_randexp(5).tolist() == [
        2.4835053723904896,
        1.516703605376473,
        0.6044364871025417,
        0.6958665886385867,
        1.3065196315496677,
    ]
    assert MersenneTwister(1234).fill_randn(1, np.complex128).tolist() == [
        0.6133070881429037 - 0.6376291670853887j
    ]


def test_mersenne_twister_selections() -> None:
    shuffled = [2, 15, 5, 14, 1, 9, 10, 6, 11, 3, 16, 7, 4, 12, 8, 13]
    assert MersenneTwister(1234).shuffle_indices(16) == shuffled
    assert MersenneTwister(1234).shuffle_indices(10) == [6, 1, 10, 2, 3, 9, 5, 7, 4, 8]
    assert MersenneTwister(1234).randperm(4) == [2, 1, 4, 3]
    assert MersenneTwister(1234).randcycle(6) == [3, 5, 4, 6, 1, 2]
    assert MersenneTwister(1234).randsubseq(8, 0.3) == [7, 8]
    assert MersenneTwister(1234).bitrand(10).astype(int).tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 1]
    assert MersenneTwister(3).randstring(6, "abcdefghijklmnopqrstuvwxyz") == "ocucay"


def test_mersenne_twister_array_of_exponentials() -> None:
    rng = MersenneTwister(1234)
    assert np.float32(rng.randexp()) == np.float32(2.4835055)
    expected = [1.5167, 0.604436, 0.695867, 1.30652, 2.78029, 0.693292, 0.344435, 0.418516]
    assert rng.fill_randexp(9) == pytest.approx([*expected, 0.643644], abs=6e-6)


def test_ziggurat_tables() -> None:
    normal, exponential = normal_table(), exponential_table()
    assert normal.limits[:4] == [0x7799EC012F7B2, 0, 0x6045F4C7DE363, 0x6D1AA7D5EC0A5]
    assert normal.limits[-2:] == [0x7B362FBF81816, 0x78D2D25998E24]
    assert normal.widths[:3] == [
        1.7367254121602630e-15,
        9.5586603514556339e-17,
        1.2708704834810623e-16,
    ]
    assert exponential.limits[0] == 0xE290A13924BE3
    assert exponential.widths[0] == 1.9311480126418366e-15
    assert exponential.heights[-2:] == [9.6726928232717454e-04, 4.5413435384149677e-04]


# Plain definitions, written out once more.


class Plain:
    """Xoshiro256++ step by step, and the bulk streams lane by lane."""

    def __init__(self, rng: Xoshiro) -> None:
        self.s = list(rng.state[:4])

    def next(self) -> int:
        s = self.s
        total = s[0] + s[3] & MASK
        result = ((total << 23 | total >> 41) + s[0]) & MASK
        shifted = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = (s[3] << 45 | s[3] >> 19) & MASK
        return result

    def lanes(self) -> list[Plain]:
        factors = (0x02011CE34BCE797F, 0x5A94851FB48A6E05, 0x3688CF5D48899FA7, 0x867B4BB4C42E5661)
        rows = [[factor * self.next() & MASK for _ in range(8)] for factor in factors]
        forks = [Plain(Xoshiro(1, 2, 3, 4)) for _ in range(8)]
        for index, fork in enumerate(forks):
            fork.s = [row[index] for row in rows]
        return forks

    def octets(self, count: int) -> bytes:
        result = b""
        if count >= 64:
            lanes = self.lanes()
            while len(result) + 64 <= count:
                result += b"".join(lane.next().to_bytes(8, "little") for lane in lanes)
        while len(result) < count:
            result += self.next().to_bytes(8, "little")[: count - len(result)]
        return result

    def bools(self, count: int) -> list[bool]:
        ones = 0x0101010101010101
        result = b""
        if count >= 640:
            lanes = self.lanes()
            while len(result) + 512 <= count:
                words = [lane.next() for lane in lanes]
                for shift in range(8):
                    groups = [(word >> shift & ones).to_bytes(8, "little") for word in words]
                    result += b"".join(groups)
        while len(result) + 8 <= count:
            word = self.next()
            for shift in range(8):
                if len(result) + 8 <= count:
                    result += (word >> shift & ones).to_bytes(8, "little")
        if len(result) < count:
            result += (self.next() & ones).to_bytes(8, "little")[: count - len(result)]
        return [bool(octet) for octet in result]

    def same_state(self, rng: Xoshiro) -> bool:
        return self.s == list(rng.state[:4])


@pytest.mark.parametrize("count", [0, 1, 95, 255, 256, 257, 1000, 4096, 10001])
def test_stream_in_chunks(count: int) -> None:
    rng = Xoshiro.seeded(7)
    plain = Plain(rng)
    assert rng.stream_u64(count).tolist() == [plain.next() for _ in range(count)]
    assert plain.same_state(rng)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 700, 1601, 20003])
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64])
def test_bulk_integers(count: int, dtype: type) -> None:
    rng = Xoshiro.seeded(11)
    plain = Plain(rng)
    octets = plain.octets(count * np.dtype(dtype).itemsize)
    assert rng.fill_int(count, dtype).tolist() == np.frombuffer(octets, dtype).tolist()
    assert plain.same_state(rng)


@pytest.mark.parametrize("count", [0, 5, 8, 63, 64, 65, 639, 640, 1023, 1030, 5003])
def test_bulk_bools(count: int) -> None:
    rng = Xoshiro.seeded(5)
    plain = Plain(rng)
    assert rng.fill_bool(count).tolist() == plain.bools(count)
    assert plain.same_state(rng)


@pytest.mark.parametrize("count", [3, 8, 15, 16, 17, 5000])
def test_bulk_floats(count: int) -> None:
    plain = Plain(Xoshiro.seeded(3))
    words = np.frombuffer(plain.octets(8 * count), np.uint64)
    assert Xoshiro.seeded(3).fill_float64(count).tolist() == [(int(w) >> 11) / 2**53 for w in words]
    plain = Plain(Xoshiro.seeded(3))
    halves = np.frombuffer(plain.octets(4 * count), np.uint32)
    floats = Xoshiro.seeded(3).fill_float32(count)
    assert floats.dtype == np.float32
    assert floats.tolist() == [(int(w) >> 8) / 2**24 for w in halves]


def test_wide_integers() -> None:
    plain = Plain(Xoshiro.seeded(3))
    octets = plain.octets(16 * 21)
    expected = [int.from_bytes(octets[i : i + 16], "little") for i in range(0, 16 * 21, 16)]
    assert Xoshiro.seeded(3).fill_int128(21, signed=False) == expected
    signed = Xoshiro.seeded(3).fill_int128(21)
    assert [value & (1 << 128) - 1 for value in signed] == expected
    assert min(signed) < 0 < max(signed) < 1 << 127


# Array methods that are loops over the scalar method.


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("low", "high", "bits"),
    [
        (1, 10, 64),
        (-5, 5, 64),
        (0, 0, 64),
        (1, 3 << 61, 64),
        (1, (1 << 40) + 12345, 64),
        (-(1 << 63), (1 << 63) - 1, 64),
        (0, (1 << 64) - 1, 64),
        (-128, 127, 8),
        (1, 3 << 30, 32),
        (0, (1 << 32) - 1, 32),
        (1, 1 << 100, 128),
        (1, 1000, 128),
    ],
)
def test_range_arrays(make: Make, low: int, high: int, bits: int) -> None:
    rng, scalar = make(99), make(99)
    values = rng.fill_range(600, low, high, bits).tolist()
    assert values == [scalar.rand_range(low, high, bits) for _ in range(600)]
    assert rng == scalar
    assert low <= min(values) <= max(values) <= high


def test_range_needs_an_element() -> None:
    rng = Xoshiro.seeded(1)
    for attempt in (rng.rand_range, lambda lo, hi: rng.fill_range(3, lo, hi)):
        with pytest.raises(RandomSamplingError, match="collection must be non-empty"):
            attempt(1, 0)


def test_range_rejection_is_unbiased_at_the_extreme() -> None:
    # A third of all words is rejected here.
    values = Xoshiro.seeded(4).fill_range(30000, 0, (1 << 63) + (1 << 62) - 1 >> 1, 64)
    assert 0.49 < (values < (3 << 60)).mean() < 0.51


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_sequential_ziggurat(make: Make, dtype: type) -> None:
    rng, scalar = make(8), make(8)
    assert rng.fill_randn(3000, dtype).tolist() == [dtype(scalar.randn()) for _ in range(3000)]
    assert rng.fill_randexp(3000, dtype).tolist() == [dtype(scalar.randexp()) for _ in range(3000)]
    assert rng == scalar


class Primed(Xoshiro):
    """Gives one prepared 52-bit number before its own."""

    first: int | None = None

    def next_52(self) -> int:
        first, self.first = self.first, None
        return super().next_52() if first is None else first


@pytest.mark.parametrize("table", [normal_table(), exponential_table()])
def test_bulk_ziggurat(table: Table) -> None:
    rng, scalar = Xoshiro.seeded(8), Primed(*Xoshiro.seeded(8).state)
    found = rng.fill_randn(5000) if table.signed else rng.fill_randexp(5000)
    for word, value in zip(scalar.fill_int(5000, np.uint64), found, strict=True):
        scalar.first = int(word) >> 12
        assert one_value(table, scalar) == value
    assert rng == scalar


@pytest.mark.parametrize("make", MAKERS)
def test_scalar_loops_in_bulk(make: Make) -> None:
    rng, scalar = make(21), make(21)
    assert rng.fill_char(300).tolist() == [scalar.rand_char() for _ in range(300)]
    pairs = [(float(scalar.rand_float32()), float(scalar.rand_float32())) for _ in range(300)]
    assert rng.fill_complex(300, np.complex64).tolist() == [complex(*pair) for pair in pairs]
    pairs = [(scalar.rand_float64(), scalar.rand_float64()) for _ in range(300)]
    assert rng.fill_complex(300).tolist() == [complex(*pair) for pair in pairs]
    assert rng == scalar


def test_float16_array() -> None:
    rng, scalar = Xoshiro.seeded(2), Xoshiro.seeded(2)
    assert rng.fill_float16(300).tolist() == [float(scalar.rand_float16()) for _ in range(300)]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 8, 9, 100, 1000])
def test_permutations_are_permutations(make: Make, count: int) -> None:
    rng = make(count)
    everything = list(range(1, count + 1))
    assert sorted(rng.shuffle_indices(count)) == everything
    assert sorted(rng.randperm(count)) == everything
    cycle = rng.randcycle(count)
    visited, place = 0, 1
    while visited < count:
        place = cycle[place - 1]
        visited += 1
        if place == 1:
            break
    assert visited == count


def test_shuffle_draws_as_the_loop_does() -> None:
    rng, scalar = Xoshiro.seeded(6), Xoshiro.seeded(6)
    expected = list(range(1, 3001))
    mask = 4095
    for last in range(3000, 1, -1):
        if mask >> 1 == last:
            mask >>= 1
        while (place := scalar.next_52() & mask) >= last:
            pass
        expected[last - 1], expected[place] = expected[place], expected[last - 1]
    assert rng.shuffle_indices(3000) == expected
    assert rng == scalar


def test_subsequences() -> None:
    rng = Xoshiro.seeded(6)
    assert rng.randsubseq(5, 1) == [1, 2, 3, 4, 5]
    assert rng.randsubseq(5, 0) == []
    for probability in (0.05, 0.5):
        kept = rng.randsubseq(20000, probability)
        assert kept == sorted(set(kept))
        assert 1 <= kept[0] <= kept[-1] <= 20000
        assert len(kept) == pytest.approx(20000 * probability, rel=0.1)
    with pytest.raises(RandomSamplingError, match=r"probability 1\.5 not in"):
        rng.randsubseq(5, 1.5)


def test_tuples_strings_and_big_numbers() -> None:
    rng = Xoshiro.seeded(10)
    for length in (1, 2, 3, 4, 5, 8):
        found = {rng.rand_tuple_index(length) for _ in range(300)}
        assert found == set(range(1, length + 1))
    assert {rng.rand_string_index("aéz😀") for _ in range(200)} == {0, 1, 2, 3}
    low, high = -(10**30), 10**40
    values = [rng.rand_bigint_range(low, high) for _ in range(300)]
    assert low <= min(values) < 10**39 < max(values) <= high
    assert rng.rand_bigint_range(5, 5) == 5
    numerator, exponent = rng.rand_bigfloat(100)
    assert exponent == 128
    assert 0 <= numerator < 1 << 128
    assert numerator % (1 << 28) == 0


# State


def test_seeding() -> None:
    assert Xoshiro.seeded(5) == Xoshiro.seeded([5]) == Xoshiro(0, 0, 0, 0).seed(5)
    assert Xoshiro.seeded(5 + (7 << 32)) == Xoshiro.seeded([5, 7])
    assert Xoshiro.seeded(5 + (7 << 32)) == Xoshiro.seeded([5 + (7 << 32)], word_bits=64)
    assert Xoshiro.seeded(5) != Xoshiro.seeded(6)
    assert Xoshiro() != Xoshiro()
    assert MersenneTwister(5) == MersenneTwister([5])
    assert MersenneTwister(5) != MersenneTwister(6)
    assert MersenneTwister() != MersenneTwister()
    for make in MAKERS:
        with pytest.raises(ValueError, match="`n` must be non-negative"):
            make(-1)


def test_state_words() -> None:
    rng = Xoshiro(1, 2, 3, 4)
    assert rng.state == (1, 2, 3, 4, 1 + 6 + 15 + 28)
    assert Xoshiro(1, 2, 3, 4, 9).s4 == 9
    assert repr(rng).startswith("Xoshiro(0x0000000000000001, 0x")


def test_copies_are_independent() -> None:
    for rng in (Xoshiro.seeded(1), MersenneTwister(1)):
        rng.fill_float64(10)
        rng.next_u64()
        twin = rng.copy()
        assert twin == rng
        assert twin.fill_randn(2000).tolist() == rng.fill_randn(2000).tolist()
        assert twin == rng
        rng.next_word()
        assert twin != rng


def test_split_leaves_the_stream_alone() -> None:
    rng, other = Xoshiro.seeded(1), Xoshiro.seeded(1)
    children = [rng.split(), rng.split()]
    assert rng.next_u64() == other.next_u64()
    assert rng != other
    assert len({child.next_u64() for child in children}) == 2


def test_default_generator() -> None:
    saved = default_rng().state
    assert seed_default(1234) is default_rng()
    assert default_rng().rand_float64() == 0.32597672886359486
    default_rng().set_state(*saved)


# Distributions


@pytest.mark.parametrize("make", MAKERS)
def test_distributions(make: Make) -> None:
    rng = make(2024)
    count = 40000
    uniform = rng.fill_float64(count)
    assert 0 <= uniform.min() < uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert np.histogram(uniform, 16, (0, 1))[0] == pytest.approx(count / 16, rel=0.08)
    normal = rng.fill_randn(count)
    assert normal.mean() == pytest.approx(0, abs=0.02)
    assert normal.std() == pytest.approx(1, abs=0.02)
    assert (abs(normal) > 1.959964).mean() == pytest.approx(0.05, abs=0.006)
    assert abs(normal).max() > 3.6541528853610088  # the tail beyond the ziggurat is reached
    exponential = rng.fill_randexp(count)
    assert exponential.mean() == pytest.approx(1, abs=0.02)
    assert (exponential > 3).mean() == pytest.approx(math.exp(-3), abs=0.005)
    for bools in (rng.fill_bool(count), rng.bitrand(count)):
        assert bools.mean() == pytest.approx(0.5, abs=0.01)
    for floats in (rng.fill_float32(count), rng.fill_float16(count)):
        assert 0 <= floats.min() < floats.max() < 1
        assert floats.astype(float).mean() == pytest.approx(0.5, abs=0.01)
    for dtype in (np.int8, np.int64, np.uint16):
        integers = rng.fill_int(count, dtype).astype(float) / 2.0 ** (8 * np.dtype(dtype).itemsize)
        centre = 0.5 if np.dtype(dtype).kind == "u" else 0.0
        assert integers.mean() == pytest.approx(centre, abs=0.01)


def test_logarithm() -> None:
    assert julia_log(0.0) == -math.inf
    for x in Xoshiro.seeded(9).fill_float64(3000).tolist():
        assert abs(julia_log(x) - math.log(x)) <= math.ulp(math.log(x))
    for x in (0.95, 0.99, 0.9999999):
        assert abs(julia_log(x) - math.log(x)) <= math.ulp(math.log(x))


def test_words_drawn_ahead_are_the_stream_and_leave_the_state_right() -> None:
    mask = (1 << 64) - 1

    def stream(s0: int, s1: int, s2: int, s3: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        while True:
            mix = (s0 + s3) & mask
            word = ((mix << 23 | mix >> 41) + s0) & mask
            t = s1 << 17 & mask
            s2, s3 = s2 ^ s0, s3 ^ s1
            s1, s0, s2 = s1 ^ s2, s0 ^ s3, s2 ^ t
            s3 = (s3 << 45 | s3 >> 19) & mask
            yield word, (s0, s1, s2, s3)

    rng, expected, state = Xoshiro(1, 2, 3, 4), stream(1, 2, 3, 4), (1, 2, 3, 4)
    for count in (1, 3, 40, 2, 500, 7000, 1, 300, 20000, 5):
        for _ in range(count):
            word, state = next(expected)
            assert rng.next_u64() == word
        assert rng.copy().state[:4] == state
        if count % 3 == 0:
            assert rng.stream_u64(count).tolist() == [next(expected)[0] for _ in range(count)]
