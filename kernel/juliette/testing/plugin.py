"""The notebook checker under pytest.

`pytest --juliette` collects notebooks (`.ipynb`), exports (`.rst`) and pages with `jldoctest`
blocks (`.md`), one test for each cell or block. Nothing is imported or collected without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from juliette.testing.doctest import Block, Page
    from juliette.testing.report import Check, Report


class OutputDiffers(Exception):
    """A cell's output is not as stored; the message is the report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the checker."""
    group = parser.getgroup("juliette", "notebooks checked against their stored outputs")
    group.addoption("--juliette", action="store_true", help="collect .ipynb, .rst and .md files")
    group.addoption("--juliette-kernel", metavar="NAME", help="run notebooks on this kernel")
    group.addoption(
        "--juliette-timeout", type=float, default=300.0, metavar="SECONDS", help="for each cell"
    )
    update = {
        "action": "store_true",
        "dest": "juliette_update",
        "help": "store the outputs that differ, instead of failing",
    }
    group.addoption("--juliette-update", **update)
    try:
        group.addoption("--update", **update)
    except ValueError:  # another plugin has that name already
        return


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect what `juliette test` would check."""
    if not parent.config.getoption("juliette"):
        return None
    explicit = file_path in {Path(str(arg)).absolute() for arg in parent.config.args}
    match file_path.suffix:
        case ".ipynb" | ".rst" if explicit or _has_cells(file_path):
            return NotebookFile.from_parent(parent, path=file_path)
        case ".md" if explicit or "```jldoctest" in file_path.read_text(encoding="utf-8"):
            return MarkdownFile.from_parent(parent, path=file_path)
        case _:
            return None


def _has_cells(path: Path) -> bool:
    """Every notebook has; an `.rst` file only if it is an export."""
    return path.suffix == ".ipynb" or ".. code:: julia" in path.read_text(encoding="utf-8")


class NotebookFile(pytest.File):
    """A notebook or an export. It runs once, when its first cell is asked for."""

    report: Report | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each code cell."""
        if self.path.suffix == ".ipynb":
            from juliette.testing.notebook import read_notebook

            cells = [cell for cell in read_notebook(self.path).cells if cell.cell_type == "code"]
            count = sum(bool(cell.source.strip()) for cell in cells)
        else:
            from juliette.testing.rst import parse_rst

            count = len(parse_rst(self.path.read_text(encoding="utf-8")))
        for number in range(count):
            yield CellItem.from_parent(self, name=f"cell {number + 1}", number=number)

    def check(self, number: int) -> Check:
        """The check of one cell; all of them are made at the first call."""
        if self.report is None:
            from juliette.testing.command import check_path

            self.report = check_path(
                self.path,
                kernel=self.config.getoption("juliette_kernel"),
                update=self.config.getoption("juliette_update"),
                timeout=self.config.getoption("juliette_timeout"),
            )
        return self.report.checks[number]


class CheckedItem(pytest.Item):
    """One thing that was run and compared; a failure shows our report, not Python's frames."""

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The report where an output differs, else what pytest shows."""
        from juliette.testing.execute import CheckError

        if isinstance(excinfo.value, OutputDiffers | CheckError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item stands, for the summary."""
        return self.path, None, self.name


class CellItem(CheckedItem):
    """One code cell of a notebook."""

    def __init__(self, *, number: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.number = number

    def runtest(self) -> None:
        """Fail with the report if the output differs."""
        assert isinstance(self.parent, NotebookFile)
        check = self.parent.check(self.number)
        if not check.passed:
            raise OutputDiffers(check.render())


class MarkdownFile(pytest.File):
    """A page with `jldoctest` blocks, which may be rewritten where it says it is our own reading.

    With `trust_user` every block may be: the page is the user's.
    """

    page: Page | None = None
    trust_user = True

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each block, named by its headings."""
        from juliette.testing.doctest import Page

        self.page = Page(self.path.read_text(encoding="utf-8"), filename=self.path.name)
        for block in self.page.blocks:
            block.may_update = block.may_update or self.trust_user
            yield BlockItem.from_parent(self, name=block.name, block=block)

    def teardown(self) -> None:
        """Write what was updated, and end the sessions."""
        if self.page is None:
            return
        if self.page.new_lines:
            text = self.page.rewritten(self.path.read_text(encoding="utf-8"))
            self.path.write_text(text, encoding="utf-8", newline="\n")
        self.page.close()


class SpecFile(MarkdownFile):
    """A page of expectations: rewritten only where its `Source:` is our own reading."""

    trust_user = False


class BlockItem(CheckedItem):
    """One `jldoctest` block."""

    def __init__(self, *, block: Block, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.block = block

    def runtest(self) -> None:
        """Fail with the report if an output differs."""
        assert isinstance(self.parent, MarkdownFile)
        assert self.parent.page is not None
        update = self.config.getoption("juliette_update")
        check = self.parent.page.check(self.block, update=update)
        if not check.passed:
            raise OutputDiffers(check.render())
