"""What the rounds of a loop need not each do for themselves: an array from outside is stretched over others once."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.straight.items import Line, Val

# Arrays with more elements than this are stretched by numpy each time, without being written.
SMALL = 1 << 14


class Unlike(Exception):
    """The sizes do not fit."""


class Round:
    """A loop that is being walked through."""

    __slots__ = ("ahead", "code", "count", "region", "spread")

    def __init__(self, flow: Any) -> None:
        self.region: list[Any] = []
        self.spread: dict[
            str, str
        ] = {}  # arrays that are stretched over others, in their whole size
        self.ahead: list[Line] = []  # what comes before the loop
        self.count, self.code = flow.count, len(flow.program.code)

    def begin(self, region: list[Any]) -> None:
        """Another walk through the body."""
        self.region = region
        self.spread.clear()
        self.ahead.clear()

    def outer(self, x: Val) -> bool:
        """Was a value there before the loop?"""
        number = int("".join([c for c in x.name if c.isdigit()]))
        return number < self.code if x.name[0] == "t" else number <= self.count


def spread_once(flow: Any, x: Val, over: Val) -> str | None:
    """The name of `x` stretched to the size of `over`, which is done in the first round; None if there is no loop, or `x` is its own."""
    loop = flow.rounds[-1] if flow.rounds else None
    if (
        loop is None
        or flow.region is not loop.region
        or not loop.outer(x)
        or over.example.data.size > SMALL
    ):
        return None
    name = loop.spread.get(x.name)
    if name is None:
        name = loop.spread[x.name] = flow.new()
        loop.ahead.append(Line(f"{name} = {x.name}", (name,)))
    flow.line(
        f"if {name}.shape != {over.name}.shape: {name} = stretched({x.name}, {over.name}.shape)",
        name,
    )
    return name


def stretched(x: Any, shape: tuple[int, ...]) -> Any:
    """An array in its whole size; Julia counts dimensions from the first."""
    if x.ndim > len(shape) or any(
        [a != b and a != 1 for a, b in zip(x.shape, shape, strict=False)]
    ):
        raise Unlike
    out = np.empty(shape, x.dtype, order="F")
    out[...] = x.reshape(x.shape + (1,) * (len(shape) - x.ndim), order="F")
    return out
