"""World age: which methods running code may see. And whether gradients are being traced."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class TraceState:
    """Whether operations are being recorded; `depth` is 0 in ordinary runs."""

    __slots__ = ("depth",)

    def __init__(self) -> None:
        self.depth = 0


TRACE = TraceState()


class WorldAge:
    """How many methods there have been, and how many of them running code may see."""

    __slots__ = ("current", "floor", "held", "latest", "loading", "outdated", "pinned", "waiting")

    def __init__(self) -> None:
        self.current = self.latest = 1
        # the age in which the outermost statement began, or the oldest task that has not ended
        self.floor = 1
        # the ages of tasks that wait for their turn
        self.waiting: dict[Any, int] = {}
        # what ends code that was compiled when not all methods could be seen
        self.outdated: list[Callable[[], None]] = []
        # the calls by statements in which `eval` added methods: they go on without those
        self.held: list[Any] = []
        # the generated functions of the packages that are being loaded
        self.loading: list[list[Any]] = []
        # how many calls run in an age that was asked for
        self.pinned = 0

    def age(self) -> Any:
        """The age in which the running code sees methods, as Julia tells it."""
        import numpy as np

        return np.uint64(self.current)

    def begin(self) -> None:
        """A new statement sees all that there is."""
        self.current = self.floor = self.latest
        self.held.clear()
        if self.waiting:
            self.floor = min(self.latest, *self.waiting.values())
        if self.outdated:
            self.end_outdated()

    def hold(self, age: int) -> None:
        """Back from `eval` to a function, which sees no more methods than it did."""
        self.current = age
        frame = entered()
        if frame is not None:
            self.held.append(frame)

    def renew(self) -> bool:
        """Let code that may see all methods do so: a statement, and what it calls after the call with the `eval`."""
        if not in_function():
            self.current = self.latest
            return True
        if self.pinned:
            return False
        frame = entered()
        if frame is None or any(frame is h for h in self.held):
            return False
        self.enter(self.latest)
        return True

    def enter(self, age: int) -> None:
        """Go on with a task of another age."""
        if self.outdated and age > self.current:
            self.end_outdated()
        self.current = age

    def end_outdated(self) -> None:
        """Code that relies on what an older age saw is not for this one."""
        outdated, self.outdated = self.outdated, []
        for end in outdated:
            end()


WORLD = WorldAge()


def compiled_here(frame: Any, hidden: bool = False) -> bool:
    """Is it Julia's code that runs, of a file of the user's or, if that counts, of none?

    Its globals are a module's; a script that starts Python need not be called `.py`.
    """
    return "%module" in frame.f_globals and (hidden or not frame.f_code.co_filename.startswith("<"))


def in_function() -> bool:
    """Is a Julia function running, or only statements?"""
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name != "top-level scope" and compiled_here(frame):
            return True
        frame = frame.f_back
    return False


def entered() -> Any:
    """The call by the statement that is running, if it is in one."""
    frame: Any = sys._getframe(1)
    found = None
    while frame is not None:
        if compiled_here(frame, True):
            if frame.f_code.co_name == "top-level scope":
                return found
            if compiled_here(frame):
                found = frame
        frame = frame.f_back
    return None
