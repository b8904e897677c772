"""Check a notebook that was exported as reStructuredText (`nbconvert --to rst`).

Such a file holds code (`.. code:: julia`) and the output under it (`.. parsed-literal::`). It does
not say whether the output was printed or a value: the export leaves two blank lines before
printed text and four before a value. A comment such as `.. juliette: shape` before the code
stands for the cell's tags.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from juliette.testing.compare import EXACT, Mode, Output, clean, compare, mode_of
from juliette.testing.execute import (
    DEFAULT_TIMEOUT,
    OUR_KERNEL,
    CheckError,
    new_notebook,
    read_outputs,
    run_notebook,
)
from juliette.testing.report import Check, Report

_CODE = re.compile(r"^\.\. (?:code|code-block):: *(?P<language>[\w+-]*) *$")
_OUTPUT = re.compile(r"^(?P<kind>\.\. parsed-literal::|::) *$")
_TAGS = re.compile(r"^\.\. juliette: *(?P<tags>.*)$")
_KERNELS = {"julia": OUR_KERNEL, "ipython3": "python3", "python": "python3", "python3": "python3"}


@dataclass(slots=True)
class RstCell:
    """A block of code, what is written under it, and which lines of the file that takes."""

    source: str
    language: str
    line: int
    end: int
    tags: list[str] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)


def repair_encoding(text: str) -> str:
    """Undo UTF-8 that was read as Windows-1252 and encoded once more; other text stays as it is."""
    return "".join(_repair_line(line) for line in text.splitlines(keepends=True))


def _repair_line(line: str) -> str:
    """One line; the five bytes that Windows-1252 leaves undefined pass as Latin-1."""
    if line.isascii():
        return line
    raw = bytearray()
    for character in line:
        try:
            raw += character.encode("cp1252")
        except UnicodeEncodeError:
            if ord(character) > 0xFF:
                return line
            raw.append(ord(character))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return line


def parse_rst(text: str) -> list[RstCell]:
    """The cells of an exported notebook, in order."""
    lines = text.splitlines()
    cells: list[RstCell] = []
    tags: list[str] = []
    number = 0
    while number < len(lines):
        if found := _TAGS.match(lines[number]):
            tags = found["tags"].split()
        elif found := _CODE.match(lines[number]):
            body, end = _indented(lines, number + 1)
            source = "\n".join(line.rstrip() for line in body)
            cells.append(RstCell(source, found["language"] or "julia", number + 1, end, tags))
            tags = []
            number = end
            continue
        elif (
            cells and (found := _OUTPUT.match(lines[number])) and _follows(lines, cells[-1], number)
        ):
            cell = cells[-1]
            blank = number - cell.end
            body, end = _indented(lines, number + 1)
            cell.outputs.append(_output(found["kind"], blank, body))
            cell.end = end
            number = end
            continue
        number += 1
    return cells


def _follows(lines: list[str], cell: RstCell, number: int) -> bool:
    """Whether only blank lines stand between the cell and line `number`."""
    return not any(line.strip() for line in lines[cell.end : number])


def _indented(lines: list[str], start: int) -> tuple[list[str], int]:
    """The indented block from line `start` on, without its indentation, and where it ends."""
    end = start
    last = start
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("    ")):
        if lines[end].strip():
            last = end + 1
        end += 1
    body = [line[4:] for line in lines[start:last]]
    while body and not body[0].strip():
        del body[0]
    return body, last


_VALUE_GAP = 4


def _output(kind: str, blank: int, body: list[str]) -> Output:
    """The output that a block holds."""
    text = "\n".join(line.rstrip() for line in body)
    if kind == "::":
        return Output("error", _error_name(text))
    return Output("result" if blank >= _VALUE_GAP else "stream", text)


_ERROR_NAME = re.compile(
    r"(?:^|\n)(?:ERROR: )?(?:[\w.]+\.)?([A-Z]\w*(?:Error|Exception|Interrupt))\b"
)


def _error_name(traceback: str) -> str:
    """The error's name within an exported traceback; an unnamed one is Julia's ErrorException."""
    found = _ERROR_NAME.search(traceback)
    return found[1] if found else "ErrorException"


def _comparable(outputs: Iterable[Output]) -> list[Output]:
    """Outputs as far as an export keeps them: one kind of stream, no blanks at line ends."""
    streams = ("stdout", "stderr", "stream")
    return [
        Output(
            "stream" if output.kind in streams else output.kind,
            "\n".join(line.rstrip() for line in clean(output.text).split("\n")).rstrip("\n"),
        )
        for output in outputs
    ]


def check_rst(
    path: Path,
    *,
    kernel: str | None = None,
    update: bool = False,
    default: Mode = EXACT,
    timeout: float = DEFAULT_TIMEOUT,
) -> Report:
    """Run the exported notebook at `path` and compare; with `update`, rewrite what differs."""
    started = time.perf_counter()
    try:
        text = repair_encoding(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CheckError(f"{path}: {error}") from error
    cells = parse_rst(text)
    if not cells:
        raise CheckError(f"{path}: no `.. code::` block in it")
    notebook = new_notebook([cell.source for cell in cells])
    language = cells[0].language
    stopped = run_notebook(
        notebook,
        kernel=kernel or _KERNELS.get(language, language),
        folder=path.parent,
        timeout=timeout,
    )
    report = Report(path)
    rewritten: list[tuple[RstCell, list[Output]]] = []
    for cell, run in zip(cells, notebook.cells, strict=True):
        mode = mode_of(cell.tags, default)
        check = Check(f"line {cell.line}", cell.source, str(mode))
        report.checks.append(check)
        if stopped is not None and run.execution_count is None:
            check.problems = [f"not run to its end: {stopped}"]
            continue
        outputs = read_outputs(run.outputs)
        check.problems = compare(_comparable(cell.outputs), _comparable(outputs), mode)
        if update and check.problems and mode.name != "raises":
            rewritten.append((cell, outputs))
            check.problems = []
    if rewritten:
        path.write_text(_rewrite(text, rewritten), encoding="utf-8", newline="\n")
        report.updated = len(rewritten)
    report.seconds = time.perf_counter() - started
    return report


def _rewrite(text: str, rewritten: list[tuple[RstCell, list[Output]]]) -> str:
    """The file's text with the outputs of some cells put in place, in the form nbconvert gives."""
    lines = text.splitlines()
    for cell, outputs in reversed(rewritten):
        _, start = _indented(lines, cell.line)
        new = [line for output in outputs for line in _export(output)]
        # The blank lines after an output that was there before are still there.
        while cell.outputs and new and not new[-1].strip():
            del new[-1]
        lines[start : cell.end] = new
    return "\n".join(lines) + "\n"


def _export(output: Output) -> list[str]:
    """The lines that nbconvert writes for one output."""
    body = [f"    {line}" for line in clean(output.text).split("\n")]
    match output.kind:
        case "error":
            return ["", "", "::", "", *body, ""]
        case "result" | "display":
            return ["", "", "", "", ".. parsed-literal::", "", *body, "", ""]
        case _:
            return ["", "", ".. parsed-literal::", "", *body]
