"""Check a Jupyter notebook: run it, and compare each output with the stored one."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

from juliette.testing.compare import EXACT, Mode, compare, mode_of
from juliette.testing.execute import (
    DEFAULT_TIMEOUT,
    CheckError,
    has_nbclient,
    kernel_for,
    read_outputs,
    run_notebook,
)
from juliette.testing.report import Check, Report


def check_notebook(
    path: Path,
    *,
    kernel: str | None = None,
    update: bool = False,
    default: Mode = EXACT,
    timeout: float = DEFAULT_TIMEOUT,
) -> Report:
    """Run the notebook at `path` and compare; with `update`, store the outputs that differ."""
    started = time.perf_counter()
    stored = read_notebook(path)
    now = copy.deepcopy(stored)
    stopped = run_notebook(
        now, kernel=kernel or kernel_for(stored.metadata), folder=path.parent, timeout=timeout
    )
    report = Report(path)
    for number, (old, new) in enumerate(_code_cells(stored, now), start=1):
        tags = old.metadata.get("tags", [])
        try:
            mode = mode_of(tags, default)
        except ValueError as error:
            report.checks.append(Check(f"cell {number}", old.source, problems=[str(error)]))
            continue
        check = Check(f"cell {number}", old.source, str(mode))
        report.checks.append(check)
        if stopped is not None and new.execution_count is None:
            check.problems = [f"not run to its end: {stopped}"]
            continue
        check.problems = compare(read_outputs(old.outputs), read_outputs(new.outputs), mode)
        if update and check.problems and not _must_raise(mode, new):
            old.outputs = new.outputs
            old.execution_count = new.execution_count
            check.problems = []
            report.updated += 1
    if report.updated:
        write_notebook(stored, path)
    report.seconds = time.perf_counter() - started
    return report


def _must_raise(mode: Mode, cell: Any) -> bool:
    """A cell that ought to throw and does not is wrong, whatever is stored."""
    return mode.name == "raises" and all(o.output_type != "error" for o in cell.outputs)


def _code_cells(stored: Any, now: Any) -> list[tuple[Any, Any]]:
    """The code cells of both notebooks, in pairs, without the empty ones."""
    pairs = zip(stored.cells, now.cells, strict=True)
    return [(a, b) for a, b in pairs if a.cell_type == "code" and a.source.strip()]


def read_notebook(path: Path) -> Any:
    """The notebook at `path`."""
    try:
        text = path.read_text(encoding="utf-8")
        if has_nbclient():
            import nbformat

            return nbformat.reads(text, as_version=4)
        from juliette.testing import plain

        return plain.read(text)
    except OSError as error:
        raise CheckError(f"{path}: {error.strerror}") from error
    except Exception as error:
        raise CheckError(f"{path}: not a Jupyter notebook ({error})") from error


def write_notebook(notebook: Any, path: Path) -> None:
    """Write `notebook` in the form in which Jupyter writes it."""
    if has_nbclient():
        import nbformat

        text = nbformat.writes(notebook)
    else:
        from juliette.testing import plain

        text = plain.write(notebook)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
