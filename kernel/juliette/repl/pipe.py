"""Input that is no terminal: a program, run statement by statement as `julia < file` does.

Values are shown, errors go to stderr and do not end the program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from juliette.entry import strip_transcript
from juliette.interpreter import Interpreter
from juliette.report import ShowError


def pieces(lines: Iterable[str], interpreter: Interpreter) -> Iterator[tuple[int, str]]:
    """Pieces that can be run, each with its first line."""
    held: list[str] = []
    first = 1
    for number, line in enumerate(lines, start=1):
        if not held:
            first = number
        held.append(line)
        text = "".join(held)
        if not text.strip():
            held.clear()
        elif interpreter.is_complete(text)[0] != "incomplete":
            held.clear()
            yield first, text
    if "".join(held).strip():
        yield first, "".join(held)


def run_pipe(
    interpreter: Interpreter, source: TextIO, stdout: TextIO, stderr: TextIO, color: bool
) -> int:
    """Run all of the input; gives the exit code."""
    text = source.read()
    if text.lstrip().startswith("julia> "):
        text = strip_transcript(text)
    for first, code in pieces(text.splitlines(keepends=True), interpreter):
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
