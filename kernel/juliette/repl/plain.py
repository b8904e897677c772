"""The prompt for terminals that can only print and read lines, such as an editor's shell buffer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from juliette.repl.modes import JULIA, Mode, split_mode

if TYPE_CHECKING:
    from juliette.interpreter import Interpreter


class PlainTerminal:
    """Reads input line by line; `?`, `;` and `]` in front choose the mode."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def read(self) -> tuple[Mode, str]:
        """One input, with its mode."""
        text = self._line(JULIA.prompt)
        mode, rest = split_mode(text)
        if mode is not JULIA:
            return mode, rest
        while text.strip() and self.interpreter.is_complete(text)[0] == "incomplete":
            text += "\n" + self._line(" " * len(JULIA.prompt))
        return JULIA, text

    @staticmethod
    def _line(prompt: str) -> str:
        """One line, without its end."""
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            print()
            raise EOFError
        return line.rstrip("\n")
