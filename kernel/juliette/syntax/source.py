"""A piece of source text that knows its name and its lines."""

from __future__ import annotations

import re
from bisect import bisect_right

_NEWLINE = re.compile("\n")


class SourceFile:
    """Source text with a file name and the number of its first line."""

    __slots__ = ("_line_starts", "filename", "first_line", "text")

    def __init__(self, text: str, filename: str = "none", first_line: int = 1) -> None:
        self.text = text
        self.filename = filename
        self.first_line = first_line
        self._line_starts: list[int] | None = None

    @property
    def line_starts(self) -> list[int]:
        """Offsets at which the lines begin."""
        if self._line_starts is None:
            self._line_starts = [0, *(found.end() for found in _NEWLINE.finditer(self.text))]
        return self._line_starts

    def _index(self, offset: int) -> int:
        return bisect_right(self.line_starts, offset) - 1

    def line(self, offset: int) -> int:
        """The number of the line that holds `offset`."""
        return self._index(offset) + self.first_line

    def column(self, offset: int) -> int:
        """The column of `offset`, counted from one in code points."""
        return offset - self.line_starts[self._index(offset)] + 1

    def line_span(self, offset: int) -> tuple[int, int]:
        """Start and end (after the newline, if there is one) of the line around `offset`."""
        index = self._index(offset)
        starts = self.line_starts
        stop = starts[index + 1] if index + 1 < len(starts) else len(self.text)
        return starts[index], stop

    def __repr__(self) -> str:
        return f"SourceFile({self.filename!r}, {len(self.line_starts)} lines)"
