"""What straight-line programs consist of: values, and the items of a region.

A *region* is a list of items: lines of Python, stretches of the engine's elementwise program, branches, loops,
and steps (see `steps`), which stand where a value was made and know how its cotangent goes back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.program import Value

ndarray = np.ndarray


class Refuse(Exception):
    """This call cannot be straightened; the tape takes it."""


# ---------------------------------------------------------------- values


class Val:
    """A number or an array in the program: the name of a Python variable, and a value that it once had.

    Arrays are ndarrays here; `julia` is the name of the Julia array, if there is a variable for it.
    """

    __slots__ = ("active", "example", "julia", "name", "slot")

    def __init__(self, slot: Value, example: Any, active: bool, julia: str | None = None) -> None:
        self.slot = slot
        self.name = slot.name
        self.example = example
        self.active = active
        self.julia = julia

    @property
    def array(self) -> bool:
        return self.slot.array

    @property
    def ndim(self) -> int:
        return self.slot.sample.ndim if self.slot.array else 0


NUMBERS = (float, int, bool, np.float32)


def sample_of(x: Any) -> Any:
    """What the engine's programs must know of a number or an array."""
    return np.ones((1,) * x.ndim, x.dtype) if type(x) is ndarray else type(x)(1)


def kin(x: Val, g: Value) -> Any:
    """A sample of a cotangent of `x` that is computed from `g`."""
    s = x.slot.sample
    if not g.array or g.sample.dtype == s.dtype:
        return s
    return s.astype(np.result_type(s.dtype, g.sample.dtype))


# ---------------------------------------------------------------- items


class Line:
    """A Python statement; one that is `pure` is left out if nobody needs `outs`."""

    __slots__ = ("fresh", "looks", "outs", "pure", "text")

    def __init__(
        self,
        text: str,
        outs: tuple[str, ...] = (),
        pure: bool = False,
        fresh: bool = False,
        looks: bool = False,
    ) -> None:
        self.text = text
        self.outs = outs
        self.pure = pure
        self.fresh = fresh  # an array of which there is no other name
        self.looks = looks  # at sizes only, which stay when an array is written over


class Ops:
    """A stretch of the elementwise program."""

    __slots__ = ("end", "only", "reuse", "start")

    def __init__(self, start: int, end: int, reuse: bool) -> None:
        self.start, self.end, self.reuse = start, end, reuse
        self.only: set[str] = set()


class Branch:
    """`if`; the test is an expression."""

    __slots__ = ("otherwise", "test", "then")

    def __init__(self, test: str, then: list[Any], otherwise: list[Any]) -> None:
        self.test, self.then, self.otherwise = test, then, otherwise


class Carried:
    """A variable that a loop passes on: its name in the loop, what it begins with, what a round makes of it."""

    __slots__ = ("end", "inside", "start")

    def __init__(self, inside: Val, start: Any, end: Any) -> None:
        self.inside, self.start, self.end = inside, start, end


class Loop:
    """`for` or `while`; `stack` keeps what the way back needs of each round."""

    __slots__ = ("body", "carried", "header", "item", "residual", "stack")

    def __init__(
        self, header: str, item: str | None, body: list[Any], carried: list[Carried], stack: str
    ) -> None:
        self.header, self.item, self.body, self.carried, self.stack = (
            header,
            item,
            body,
            carried,
            stack,
        )
        self.residual: list[str] | None = None  # None: nothing leads back


class LoopBack:
    """The same loop on the way back."""

    __slots__ = ("body", "loop")

    def __init__(self, loop: Loop, body: list[Any]) -> None:
        self.loop, self.body = loop, body
