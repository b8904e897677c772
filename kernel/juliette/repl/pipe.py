"""Input that is no terminal: a program, run statement by statement as `julia < file` does.

Values are shown, errors go to stderr and do not end the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from juliette.entry import strip_transcript
from juliette.interpreter import Interpreter
from juliette.report import ShowError


def pieces(text: str, interpreter: Interpreter) -> Iterator[tuple[int, str]]:
    """Statements that can be run, each with its first line; what is no Julia comes line by line."""
    at = 0
    while at < len(text):
        stop = interpreter.statement_end(text, at)
        if stop is None:
            stop = _end_of_piece(text, at, interpreter)
        piece = text[at:stop]
        if piece.strip():
            blank = len(piece) - len(piece.lstrip())
            yield text.count("\n", 0, at + blank) + 1, piece[blank:]
        at = stop


def _end_of_piece(text: str, at: int, interpreter: Interpreter) -> int:
    """Where a piece ends that cannot be read: as soon as no further line could mend it."""
    stop = at
    while stop < len(text):
        stop = text.find("\n", stop) + 1 or len(text)
        if text[at:stop].strip() and interpreter.is_complete(text[at:stop])[0] != "incomplete":
            break
    return stop


def run_pipe(
    interpreter: Interpreter, source: TextIO, stdout: TextIO, stderr: TextIO, color: bool
) -> int:
    """Run all of the input; gives the exit code."""
    text = source.read()
    if text.lstrip().startswith("julia> "):
        text = strip_transcript(text)
    for first, code in pieces(text, interpreter):
        outcome = interpreter.run(code, "stdin", first)
        if outcome.error is not None:
            stdout.flush()
            stderr.write(outcome.error.render(color) + "\n")
            stderr.flush()
        elif outcome.shown:
            try:
                stdout.write(interpreter.display_text(outcome.value) + "\n")
            except ShowError as error:
                stderr.write(error.render(color) + "\n")
        stdout.flush()
    return 0
