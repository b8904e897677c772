"""The tutorial: its notebooks run and show what is stored, and the walkthrough is word for word."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from juliette.testing.command import check_path
from juliette.testing.compare import mode_of
from juliette.testing.report import Report

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "tutorial"
NOTEBOOKS = sorted(TUTORIAL.glob("*.ipynb"))
PUBLISHED = Path(__file__).parent / "hosts" / "walkthrough.jl"


def code_cells(path: Path) -> list[Any]:
    """The code cells of a notebook."""
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def published_cells() -> list[str]:
    """The walkthrough's cells as they were published, from the committed list."""
    text = PUBLISHED.read_text("utf-8")
    return [piece.strip("\n") for piece in re.split(r"^# %% \d+\n", text, flags=re.MULTILINE)[1:]]


def test_the_walkthrough_is_word_for_word() -> None:
    published = published_cells()
    assert len(published) == 43
    assert [cell.source for cell in code_cells(TUTORIAL / "01-walkthrough.ipynb")] == published


def test_every_notebook_is_named_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert TUTORIAL / "01-walkthrough.ipynb" in NOTEBOOKS
    for path in NOTEBOOKS:
        assert f"| `{path.stem}` |" in readme


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_files_are_tidy(path: Path) -> None:
    """Valid, with stored outputs, the right kernel, and no trace of a machine."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    python = path.stem == "03-python"
    assert notebook.metadata.kernelspec.name == ("python3" if python else "juliette")
    assert notebook.metadata.language_info.name == ("python" if python else "julia")
    assert "version" not in notebook.metadata.language_info
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) > len(cells) / 2
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    for cell in cells:
        mode_of(cell.metadata.get("tags", []))
    assert not re.search(r"/home/|/Users/|C:\\\\Users", path.read_text("utf-8"))


def test_the_walkthrough_shows_what_was_published() -> None:
    """Only what is random may have other digits; all the rest is compared to the letter."""
    modes = {
        number: str(mode_of(cell.metadata.get("tags", [])))
        for number, cell in enumerate(code_cells(TUTORIAL / "01-walkthrough.ipynb"), start=1)
    }
    random = {19, 20, 23, 24, 25, 26, 28, 29, 30, 33, 37, 38, 39, 40, 41}
    assert {number for number, mode in modes.items() if mode == "shape"} == random
    assert {number for number, mode in modes.items() if mode not in ("shape", "exact")} <= {2}
    stored = {
        number: cell.outputs[0]["data"]["text/plain"]
        for number, cell in enumerate(code_cells(TUTORIAL / "01-walkthrough.ipynb"), start=1)
        if cell.outputs and "data" in cell.outputs[0]
    }
    assert stored[7] == "6"
    assert stored[9] == "8.0"
    assert stored[13] == "([0.0, 2.0], [-0.0, -2.0])"
    assert stored[16] == stored[27] == "Grads(...)"
    assert stored[35] == "#5 (generic function with 1 method)"
    assert stored[42] == "26"


def test_the_data_is_the_published_data() -> None:
    from sklearn.datasets import load_iris

    iris = load_iris()
    with (TUTORIAL / "data" / "iris.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [[float(cell) for cell in row[:4]] for row in rows] == iris.data.tolist()
    assert [row[4] for row in rows] == [iris.target_names[kind] for kind in iris.target]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def report(request: pytest.FixtureRequest) -> Report:
    """A notebook, run once."""
    return check_path(request.param, update=request.config.getoption("juliette_update"))


@pytest.mark.slow
def test_a_notebook_shows_what_is_stored(report: Report) -> None:
    if report.failures:
        pytest.fail(report.render(), pytrace=False)
    assert len(report.checks) == len(code_cells(report.path))


@pytest.mark.slow
def test_the_walkthrough_made_wrong_is_found_out(tmp_path: Path) -> None:
    """A digit, a size, an output that is not stored, an error in a value's place: all four fail."""
    notebook = nbformat.read(TUTORIAL / "01-walkthrough.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    def text(number: int) -> dict[str, str]:
        data: dict[str, str] = cells[number - 1].outputs[0]["data"]
        return data

    text(7)["text/plain"] = "7"
    text(19)["text/plain"] = text(19)["text/plain"].replace("2×5", "2×6")
    cells[16].outputs = []
    cells[41].source = "m(nowhere)"
    path = tmp_path / "wrong.ipynb"
    nbformat.write(notebook, path)
    report = check_path(path)
    assert [check.name for check in report.failures] == ["cell 7", "cell 17", "cell 19", "cell 42"]
    said = {check.name: check.render() for check in report.failures}
    assert "- 7\n" in said["cell 7"]
    assert "+ 6" in said["cell 7"]
    assert "is new, not stored" in said["cell 17"]
    assert "stored `2×6 Matrix{Float64}:`, now `2×5 Matrix{Float64}:`" in said["cell 19"]
    assert "error UndefVarError is new, not stored" in said["cell 42"]
