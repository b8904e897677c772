"""Interrupts: held back while something is done whole or not at all, and caught by programs.

A package or a part of Base is loaded whole, and one task hands over to another.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import signal
import sys
import threading
import time
from collections import deque
from types import FrameType
from typing import Any

# Tasks change over often, and the module above `_signal` makes an enumeration of each answer.
_SIGINT = int(signal.SIGINT)


class Uninterrupted:
    """`with UNINTERRUPTED:` holds an interrupt back until the end of the block."""

    def __init__(self) -> None:
        self.depth = 0
        self.pending = False
        self.before: Any = None

    def take(self) -> bool:
        """Whether an interrupt is held back; who asks is to deal with it."""
        found, self.pending = self.pending, False
        return found

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True

    def __enter__(self) -> None:
        # Python runs signal handlers in the main thread only.
        if threading.get_ident() != threading.main_thread().ident:
            return
        if self.depth == 0:
            self.before = _signal.signal(_SIGINT, self._note)
        self.depth += 1

    def __exit__(self, *exception: object) -> None:
        if threading.get_ident() != threading.main_thread().ident:
            return
        self.depth -= 1
        if self.depth:
            return
        _signal.signal(_SIGINT, self.before or signal.SIG_DFL)
        if self.pending:
            self.pending = False
            signal.raise_signal(signal.SIGINT)


UNINTERRUPTED = Uninterrupted()


class Patience:
    """How often a program may catch interrupts before one passes all its `catch`es.

    Julia lets a `catch` take an InterruptException like any other, so a loop that catches and goes
    on could never be stopped; who interrupts `TIMES` within `SECONDS` wants to be heard.
    """

    TIMES = 3
    SECONDS = 10.0

    def __init__(self) -> None:
        self.exits = False  # whether an interrupt ends all, as it does where a file is run
        self.caught: deque[float] = deque(maxlen=self.TIMES)

    def forget(self) -> None:
        """A new program begins."""
        self.caught.clear()

    def ends(self, error: KeyboardInterrupt) -> bool:
        """Whether this interrupt, which a `catch` has just taken, is to pass it."""
        if self.exits:
            return True
        if not hasattr(error, "heard"):  # each counts once, however many `catch`es it passes
            self.caught.append(time.monotonic())
            recent = self.caught[-1] - self.caught[0] < self.SECONDS
            error.heard = recent and len(self.caught) == self.TIMES  # type: ignore[attr-defined]
            if error.heard:  # type: ignore[attr-defined]
                self.caught.clear()
        return error.heard  # type: ignore[attr-defined,no-any-return]


PATIENCE = Patience()


def _told(before: Any) -> Any:
    def tell(failure: Any) -> None:
        """An interrupt that came where Python catches all, as in a finalizer, comes again at the next call."""
        if isinstance(failure.exc_value, KeyboardInterrupt):
            sys.setprofile(again)
        else:
            before(failure)

    def again(frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code is not tell.__code__:
            sys.setprofile(None)
            raise KeyboardInterrupt

    return tell


sys.unraisablehook = _told(sys.unraisablehook)
