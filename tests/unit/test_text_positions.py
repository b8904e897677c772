"""Positions in a string by bytes and by characters, also where a table of the characters' starts is kept."""

from __future__ import annotations

import random

import pytest

from juliette.runtime.text import LONG, bytes_before, characters_before, from_utf8, is_valid


def strings() -> list[str]:
    chance = random.Random(3)
    letters = ["a", "é", "€", "😀", "\n"]
    out = ["", "a", "é" * LONG, "ab" * LONG, "\ud800" + "é" * LONG]
    for n in (3, LONG - 1, LONG, 3 * LONG):
        out.append("".join(chance.choices(letters, k=n)))
        out.append(from_utf8(bytes(chance.choices(range(256), k=n))))
    return out


@pytest.mark.parametrize("s", strings())
def test_positions(s: str) -> None:
    units = [
        len(c.encode("utf-8", "surrogatepass" if c == "\ud800" else "surrogateescape")) for c in s
    ]
    if "\ud800" in s:
        assert not is_valid(s)
        return
    assert is_valid(s) == (not any("\ud800" <= c <= "\udfff" for c in s))
    offset = 0
    for k, width in enumerate([*units, 0]):
        assert bytes_before(s, k) == offset
        assert characters_before(s, offset) == k
        offset += width
