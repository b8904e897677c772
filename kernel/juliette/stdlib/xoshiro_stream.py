"""Xoshiro256++ words in bulk: many steps of one or more generators, in parallel with numpy.

One step of the generator is a linear map over the bits of its state, so the state after `2**k`
steps is a fixed 256 x 256 bit matrix times the state. A long run is therefore cut into chunks: the
first state of every chunk is found by such jumps, and then all chunks advance side by side, one
numpy row per step. The words are exactly those of the step by step definition, in the same order.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Words", "step_words"]

Words = NDArray[np.uint64]

_SHIFT_17 = np.uint64(17)
_SHIFT_19 = np.uint64(19)
_SHIFT_23 = np.uint64(23)
_SHIFT_41 = np.uint64(41)
_SHIFT_45 = np.uint64(45)

# Below this many steps a plain loop is quicker than preparing the jumps.
_MIN_SPLIT_STEPS = 96
_MIN_EXPONENT = 4
# A numpy call costs about as much as working on this many lanes.
_LANES_PER_CALL = 9
# How many states one gather of the jump tables handles at a time (about 1 kB each).
_GATHER_STATES = 2048


def step_words(state: Words, steps: int) -> tuple[Words, Words]:
    """Run the generators of `state` (shape 4 x lanes) `steps` times.

    Returns the words, shape `(steps, lanes)`, and the states after the last step.
    """
    lanes = state.shape[1]
    if steps < _MIN_SPLIT_STEPS:
        return _run(state, steps, steps, lanes)
    exponent = max((lanes * steps // _LANES_PER_CALL).bit_length() // 2, _MIN_EXPONENT)
    length = 1 << exponent
    chunks = -(-steps // length)
    starts = _chunk_starts(state, exponent, chunks)
    words, final = _run(starts, length, steps - (chunks - 1) * length, lanes)
    ordered = words.reshape(length, chunks, lanes).transpose(1, 0, 2)
    return ordered.reshape(chunks * length, lanes)[:steps], final


def _run(state: Words, steps: int, last: int, lanes: int) -> tuple[Words, Words]:
    """Run all columns for `steps`; also returns the last `lanes` columns after step `last`."""
    s0, s1, s2, s3 = (row.copy() for row in state)
    words = np.empty((steps, state.shape[1]), np.uint64)
    spare = np.empty(state.shape[1], np.uint64)
    final = state[:, -lanes:].copy()
    add, xor, left, right = np.add, np.bitwise_xor, np.left_shift, np.right_shift
    for index, row in enumerate(words, 1):
        add(s0, s3, spare)
        left(spare, _SHIFT_23, row)
        right(spare, _SHIFT_41, spare)
        np.bitwise_or(row, spare, row)
        add(row, s0, row)
        left(s1, _SHIFT_17, spare)
        xor(s2, s0, s2)
        xor(s3, s1, s3)
        xor(s1, s2, s1)
        xor(s0, s3, s0)
        xor(s2, spare, s2)
        left(s3, _SHIFT_45, spare)
        right(s3, _SHIFT_19, s3)
        np.bitwise_or(s3, spare, s3)
        if index == last:
            final = np.stack([part[-lanes:] for part in (s0, s1, s2, s3)])
    return words, final


def _chunk_starts(state: Words, exponent: int, chunks: int) -> Words:
    """The states at steps 0, L, 2L, ... for `L = 2**exponent`, side by side."""
    lanes = state.shape[1]
    starts = np.empty((4, chunks * lanes), np.uint64)
    starts[:, :lanes] = state
    done = 1
    while done < chunks:
        more = min(done, chunks - done)
        starts[:, done * lanes : (done + more) * lanes] = _jump(starts[:, : more * lanes], exponent)
        done += more
        exponent += 1
    return starts


def _jump(state: Words, exponent: int) -> Words:
    """Every column of `state` after `2**exponent` steps."""
    table, _ = _jump_table(exponent)
    return _apply(table, state)


def _apply(table: Words, state: Words) -> Words:
    count = state.shape[1]
    result = np.empty((count, 4), np.uint64)
    octets = np.ascontiguousarray(state.T).astype("<u8", copy=False).view(np.uint8)
    places = octets + np.arange(0, 32 * 256, 256, dtype=np.intp)
    for start in range(0, count, _GATHER_STATES):
        stop = start + _GATHER_STATES
        np.bitwise_xor.reduce(table[places[start:stop]], axis=1, out=result[start:stop])
    return result.T


@cache
def _jump_table(exponent: int) -> tuple[Words, Words]:
    """What each byte, and each bit, of a state adds to the state `2**exponent` steps later."""
    if exponent == 0:
        units = np.zeros((4, 256), np.uint64)
        bits = np.arange(256)
        units[bits // 64, bits] = np.uint64(1) << (bits % 64).astype(np.uint64)
        images = _run(units, 1, 1, 256)[1]
    else:
        before, images = _jump_table(exponent - 1)
        images = _apply(before, images)
    per_bit = np.ascontiguousarray(images.T).reshape(32, 8, 4)
    table = np.zeros((32, 256, 4), np.uint64)
    for bit in range(8):
        size = 1 << bit
        table[:, size : 2 * size] = table[:, :size] ^ per_bit[:, bit : bit + 1]
    return table.reshape(32 * 256, 4), images
