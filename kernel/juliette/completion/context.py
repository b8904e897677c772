"""Where a cursor stands: in code, in a string, in a comment; and in which call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["code", "string", "command", "comment"]

_CHAR = re.compile(r"'(?:\\.[^']*|[^'\\])'")
_BEFORE_QUOTE = re.compile(r"[\w)\]}'.]\Z")


@dataclass(slots=True)
class Context:
    """The innermost thing around the end of a text."""

    kind: Kind = "code"
    # Where the string's content begins.
    start: int = 0
    # Places of the brackets that are open in the code, the innermost last.
    brackets: list[int] = field(default_factory=list)


def context_of(text: str) -> Context:
    """The context of the end of `text`."""
    return _Scanner(text).scan()


class _Scanner:
    """Walks over the text once; a string's interpolations are code again."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def scan(self, *, until: str = "") -> Context:
        """Read code, to the end of the text or to the bracket that closes an interpolation."""
        text = self.text
        brackets: list[int] = []
        while self.at < len(text):
            char = text[self.at]
            if text.startswith("#=", self.at):
                if not self._skip_block_comment():
                    return Context("comment")
                continue
            if char == "#":
                end = text.find("\n", self.at)
                if end < 0:
                    return Context("comment")
                self.at = end
            elif char in '"`':
                inside = self._string(char)
                if inside is not None:
                    return inside
                continue
            elif char == "'" and not _BEFORE_QUOTE.search(text[: self.at]):
                found = _CHAR.match(text, self.at)
                self.at = found.end() if found else self.at + 1
                continue
            elif char in "([{":
                brackets.append(self.at)
            elif char in ")]}":
                if until == char and not brackets:
                    return Context()
                if brackets:
                    brackets.pop()
            self.at += 1
        return Context(brackets=brackets)

    def _skip_block_comment(self) -> bool:
        """Pass a nested comment; False if it has no end."""
        depth = 0
        for found in re.compile(r"#=|=#").finditer(self.text, self.at):
            depth += 1 if found.group() == "#=" else -1
            if depth == 0:
                self.at = found.end()
                return True
        return False

    def _string(self, quote: str) -> Context | None:
        """Pass a string; the context within it if the text ends there."""
        text = self.text
        mark = quote * 3 if text.startswith(quote * 3, self.at) else quote
        raw = self.at > 0 and (text[self.at - 1].isalnum() or text[self.at - 1] == "_")
        self.at += len(mark)
        start = self.at
        while self.at < len(text):
            if text.startswith(mark, self.at):
                self.at += len(mark)
                return None
            if text[self.at] == "\\":
                self.at += 2
            elif not raw and text.startswith("$(", self.at):
                self.at += 2
                inner = self.scan(until=")")
                if self.at >= len(text):
                    return inner
                self.at += 1
            else:
                self.at += 1
        return Context("command" if quote == "`" else "string", start)
