"""Interrupts wait while something is done that must be done whole or not at all.

A package or a part of Base is loaded like that, and one task hands over to another.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


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
        if threading.current_thread() is not threading.main_thread():
            return
        if self.depth == 0:
            self.before = signal.signal(signal.SIGINT, self._note)
        self.depth += 1

    def __exit__(self, *exception: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        self.depth -= 1
        if self.depth:
            return
        signal.signal(signal.SIGINT, self.before or signal.SIG_DFL)
        if self.pending:
            self.pending = False
            signal.raise_signal(signal.SIGINT)


UNINTERRUPTED = Uninterrupted()
