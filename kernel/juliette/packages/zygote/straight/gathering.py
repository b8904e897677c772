"""What many rounds of a loop add to one matrix, in one product after the loop.

The cotangent of `W` in `W * x` is the cotangent of the product times `x'`; a sum of such products over rounds is one
product of all cotangents side by side and all `x` side by side.  That of a column stretched over a matrix, such as
a bias, is the sum of all columns.  Rounds keep the factors in lists; large ones are multiplied at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.straight.items import Val, kin
from juliette_engine.fusion import ones
from juliette_engine.program import Value

# Factors with more elements than this are not kept.
SMALL = 1 << 14


class Gathering:
    """The lists of one loop."""

    __slots__ = ("copies", "lists", "made", "sums")

    def __init__(self, made: set[str]) -> None:
        self.made = made  # the names that are the loop's own
        self.lists: dict[tuple[int, str], str] = {}  # by region and array
        self.copies: dict[str, str] = {}  # matrices from outside, row by row
        self.sums: list[
            tuple[Val, Value, str, str | None]
        ] = []  # target, cotangent, its list and that of the other factor

    def listed(self, b: Any, x: str) -> str:
        """The list that keeps an array of each round."""
        key = (id(b.region), x)
        found = self.lists.get(key)
        if found is None:
            found = self.lists[key] = b.flow.new("q")
            b.line(f"{found}.append({x})")
        return found


def gathers(b: Any, target: Val, g: Value, out: Val, other: Val | None) -> bool:
    """Keep the factors of a cotangent for after the loop, if one is being walked back and they are small: the cotangent `g`
    of `out`, and the other factor of the product, if it is one."""
    if not b.gatherings:
        return False
    loop = b.gatherings[-1]
    if target.name in loop.made or not g.array or g.sample.dtype != target.slot.sample.dtype:
        return False
    if other is not None and (
        other.example.data.size > SMALL or other.slot.sample.dtype != g.sample.dtype
    ):
        return False
    if out.example.data.size > SMALL:
        return False
    loop.sums.append(
        (target, g, loop.listed(b, g.name), None if other is None else loop.listed(b, other.name))
    )
    return True


def row_by_row(b: Any, w: Val) -> str:
    """The name of a matrix as a factor of rows: in a loop one from outside is copied beforehand, since BLAS multiplies small
    ones faster that lie row by row."""
    loop = b.gatherings[-1] if b.gatherings else None
    if loop is None or w.name in loop.made or w.example.data.size > SMALL:
        return w.name
    name = loop.copies.get(w.name)
    if name is None:
        name = loop.copies[w.name] = b.flow.new("q")
    return name


def finish(b: Any, loop: Gathering) -> None:
    """After the loop: the products."""
    groups: dict[str, list[Any]] = {}
    for entry in loop.sums:
        groups.setdefault(entry[2], []).append(entry)
    for test, entries in groups.items():
        b.when(
            test, [target for target, _, _, _ in entries], lambda entries=entries: _add(b, entries)
        )


def _add(b: Any, entries: list[Any]) -> None:
    sides: dict[str, str] = {}
    for _, _, left, right in entries:
        for name in (left, right):
            if name is not None and name not in sides:
                sides[name] = b.flow.new("q")
                b.line(f"{sides[name]} = side_by_side({name})", sides[name])
    for target, g, left, right in entries:
        text = (
            f"column_sums({sides[left]})"
            if right is None
            else f"{sides[right]}.T.dot({sides[left]}).T"
        )
        b.give(target, b.flow.array_value(text, kin(target, g), b.line), owned=True)


def side_by_side(arrays: list[Any]) -> Any:
    """Columns or matrices side by side, as the rows of a matrix."""
    return np.array(arrays) if arrays[0].ndim == 1 else np.concatenate([a.T for a in arrays])


def column_sums(x: Any) -> Any:
    """The sum of all rows."""
    return ones(len(x), x.dtype).dot(x)
