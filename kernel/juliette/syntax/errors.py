"""Syntax errors, shown under their source line as Julia 1.10 shows them."""

from __future__ import annotations


class ParseError(Exception):
    """Text that is not Julia.  `incomplete` says that more text could make it so."""

    def __init__(
        self, message: str, text: str, start: int, stop: int, filename: str = "none", first_line: int = 1,
        incomplete: bool = False,
    ) -> None:
        self.message = message
        self.filename = filename
        self.incomplete = incomplete
        start = min(start, len(text))
        before = text.rfind("\n", 0, start) + 1
        self.line = first_line + text.count("\n", 0, start)
        self.column = start - before + 1
        end = text.find("\n", start)
        self.source_line = text[before : len(text) if end < 0 else end]
        self.width = max(1, min(stop, before + len(self.source_line)) - start)
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"# Error @ {self.filename}:{self.line}:{self.column}"
        indent = self.column - 2
        if self.width > 1:
            mark = "└" + "─" * (self.width - 2) + "┘"
        else:
            mark = "└"
        if indent >= 0:
            pointer = "#" + " " * indent + mark + " ── " + self.message
        else:
            pointer = "#" + mark[1:] + " ── " + self.message
        return f"ParseError:\n{place}\n{self.source_line}\n{pointer}"
