"""Syntax errors, shown under the line of source they speak of."""

from __future__ import annotations

import unicodedata

from juliette.syntax.source import SourceFile


class ParseError(Exception):
    """The text is not valid Julia; `incomplete` says that more text could make it so."""

    def __init__(
        self,
        message: str,
        source: SourceFile,
        start: int,
        stop: int | None = None,
        *,
        incomplete: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.start = start
        self.stop = start if stop is None else stop
        self.incomplete = incomplete

    @property
    def file(self) -> str:
        """Name of the file the error is in."""
        return self.source.filename

    @property
    def line(self) -> int:
        """Number of the line the error begins on."""
        return self.source.line(self.start)

    @property
    def column(self) -> int:
        """Column the error begins at, counted from one."""
        return self.source.column(self.start)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return f"ParseError:\n# Error @ {place}\n{highlight(self)}"


def highlight(error: ParseError) -> str:
    """The offending lines, with a marker drawn under (and over) the range of the error."""
    source, start = error.source, error.start
    text = source.text
    last = max(start, error.stop - 1)
    line_start, line_stop = source.line_span(start)
    last_start, last_stop = source.line_span(last)
    context = source.line_span(line_start - 1)[0] if line_start > 0 else line_start
    if line_start == last_start:
        shown = text[context:line_stop]
        if not shown.endswith("\n"):
            shown += "\n"
        marked = text[start : error.stop]
        return shown + _underline(text[line_start:start], marked, error.message)
    before = text[context:line_start]
    opening = _indent(text[line_start:start]) + "┌"
    opening += "─" * max(_width(text[start:line_stop].rstrip("\n")) - 1, 0)
    body = text[line_start:last_stop]
    if not body.endswith("\n"):
        body += "\n"
    width = _width(text[last_start : last + 1])
    closing = "#" + "─" * (width - 2) + "┘" if width > 1 else "─" * max(width - 1, 0) + "┘"
    return f"{before}{opening}\n{body}{closing} ── {error.message}"


def _underline(prefix: str, marked: str, message: str) -> str:
    indent, width = _indent(prefix), _width(marked)
    if width == 0:
        marker = "└"
    elif width == 1:
        marker = "╙"
    else:
        marker = "└" + "─" * (width - 2) + "┘"
    return f"{indent}{marker} ── {message}"


def _indent(prefix: str) -> str:
    """Blanks as wide as `prefix`, turned into a comment where there is room for the sign."""
    blank = "".join(c if c.isspace() else " " * _width(c) for c in prefix)
    if not blank:
        return ""
    return "#" + (blank if blank[0] == "\t" else blank[1:])


def _width(text: str) -> int:
    total = 0
    for char in text:
        if char == "\t":
            total += 4
        elif unicodedata.east_asian_width(char) in "WF":
            total += 2
        elif unicodedata.category(char) not in ("Mn", "Me", "Cc", "Cf"):
            total += 1
    return total
