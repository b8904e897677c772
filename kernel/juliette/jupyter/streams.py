"""Printed text on its way to the front end: gathered, and sent a few times a second."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

INTERVAL = 0.1
# A loop that flushes after each line must not send a message for each.
QUIET = 0.02


# Far above what anybody reads, far below what makes a browser stand still.
LIMIT = 4 * 1024 * 1024


def output_limit() -> int:
    """How many characters one cell may print: `ENV["JULIETTE_MAX_OUTPUT"]`, where 0 is no limit."""
    try:
        chosen = int(os.environ.get("JULIETTE_MAX_OUTPUT", LIMIT))
    except ValueError:
        chosen = LIMIT
    return chosen if chosen > 0 else sys.maxsize


class StreamBuffer:
    """Gathers what is written to both streams, in order; sends it on a timer and when asked."""

    def __init__(self, send: Callable[[str, str], None]) -> None:
        self._send = send
        self._parts: list[tuple[str, str]] = []
        self._lock = threading.RLock()
        self._filled = threading.Event()
        self._sent = 0.0
        self._room = self._limit = output_limit()
        threading.Thread(target=self._run, name="Streams", daemon=True).start()

    def begin(self) -> None:
        """A new cell may print anew."""
        self._room = self._limit = output_limit()

    def write(self, name: str, text: str) -> None:
        """Take text for a stream; what is too much for one cell is dropped, with a notice."""
        if text:
            if self._room < len(text):
                text = self._cut(text)
                if not text:
                    return
            self._room -= len(text)
            self._parts.append((name, text))
            if not self._filled.is_set():
                self._filled.set()

    def _cut(self, text: str) -> str:
        """What of the text still has room."""
        if self._room < 0:
            return ""
        kept, self._room = text[: self._room], -1
        if kept:
            self._parts.append(("stdout", kept))
        notice = f"Excessive output truncated after {self._limit} characters.\n"
        self._parts.append(("stderr", ("" if kept.endswith("\n") else "\n") + notice))
        self._filled.set()
        return ""

    def _run(self) -> None:
        """Send on a timer, from a thread of its own, so that a busy cell is seen to print."""
        while True:
            self._filled.wait()
            time.sleep(INTERVAL)
            self.flush()

    def flush(self) -> None:
        """Send all that was written."""
        with self._lock:
            self._filled.clear()
            parts, self._parts = self._parts, []
            start = 0
            for at in range(1, len(parts) + 1):
                if at == len(parts) or parts[at][0] != parts[start][0]:
                    text = "".join(piece for _, piece in parts[start:at])
                    self._send(parts[start][0], text)
                    start = at
            self._sent = time.monotonic()

    def soft_flush(self) -> None:
        """Send, unless something was sent a moment ago: then the timer will."""
        if time.monotonic() - self._sent > QUIET:
            self.flush()


class Stream:
    """One of the two streams, as the Interpreter wants it."""

    def __init__(self, buffer: StreamBuffer, name: str) -> None:
        self._buffer = buffer
        self.name = name

    def write(self, text: str) -> int:
        """Take text."""
        self._buffer.write(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Send soon."""
        self._buffer.soft_flush()

    def isatty(self) -> bool:
        """A notebook is no terminal."""
        return False


class Input:
    """`stdin`: asks the front end."""

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask

    def readline(self) -> str:
        """One line, with its end."""
        return self._ask("") + "\n"
