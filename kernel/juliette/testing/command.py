"""`juliette test PATH…`: check notebooks, exports and pages, and say what differs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from juliette.testing.compare import EXACT, Mode
from juliette.testing.doctest import check_markdown, parse_markdown
from juliette.testing.execute import DEFAULT_TIMEOUT, CheckError
from juliette.testing.notebook import check_notebook
from juliette.testing.report import Report
from juliette.testing.rst import check_rst, parse_rst

SUFFIXES = (".ipynb", ".rst", ".md")


def check_path(
    path: Path,
    *,
    kernel: str | None = None,
    update: bool = False,
    default: Mode = EXACT,
    timeout: float = DEFAULT_TIMEOUT,
) -> Report:
    """Check one file, by what its name says it is."""
    match path.suffix:
        case ".ipynb":
            return check_notebook(
                path, kernel=kernel, update=update, default=default, timeout=timeout
            )
        case ".rst":
            return check_rst(path, kernel=kernel, update=update, default=default, timeout=timeout)
        case ".md":
            return check_markdown(path, update=update)
        case _:
            raise CheckError(f"{path}: not a notebook (.ipynb), an export (.rst) or a page (.md)")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files to check: those named, and in folders those that hold something to check."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += (file for file in sorted(path.rglob("*")) if _is_checkable(file))
        else:
            found.append(path)
    return found


def _is_checkable(path: Path) -> bool:
    """Whether a file met in a folder is a notebook, or has code blocks that we can check."""
    if path.suffix not in SUFFIXES or any(part.startswith(".") for part in path.parts[1:]):
        return False
    if path.suffix == ".ipynb":
        return True
    try:
        text = path.read_text(encoding="utf-8")
        return bool(parse_markdown(text) if path.suffix == ".md" else parse_rst(text))
    except (OSError, UnicodeDecodeError, CheckError):
        return False


def run(
    paths: list[Path],
    *,
    kernel: str | None = None,
    update: bool = False,
    default: Mode = EXACT,
    timeout: float = DEFAULT_TIMEOUT,
) -> int:
    """Check all files and print the result; 0 if all outputs are as stored, else 1."""
    files = find_files(paths)
    passed = failed = 0
    for path in files:
        try:
            report = check_path(
                path, kernel=kernel, update=update, default=default, timeout=timeout
            )
        except CheckError as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        print(report.render(), flush=True)
        failed += len(report.failures)
        passed += len(report.checks) - len(report.failures)
    if not files:
        print("nothing to check there", file=sys.stderr)
        return 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
