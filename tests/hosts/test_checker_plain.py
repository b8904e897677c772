"""The checker where nbclient and nbformat are not installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from juliette.testing import execute, plain
from juliette.testing.command import check_path

TUTORIAL = Path(__file__).parents[2] / "tutorial"


def test_what_is_written_is_what_jupyter_writes() -> None:
    for path in TUTORIAL.glob("*.ipynb"):
        text = path.read_text("utf-8")
        assert plain.write(plain.read(text)) == nbformat.writes(nbformat.reads(text, 4)) + "\n"


@pytest.mark.parametrize("text", ["", "[]", '{"nbformat": 3}', "{"])
def test_what_is_no_notebook(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        plain.read(text)


@pytest.mark.slow
def test_a_notebook_is_checked_and_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "has_nbclient", lambda: False)
    monkeypatch.setattr("juliette.testing.notebook.has_nbclient", lambda: False)
    path = tmp_path / "walkthrough.ipynb"
    shutil.copy(TUTORIAL / "01-walkthrough.ipynb", path)
    assert not check_path(path).failures
    content = json.loads(path.read_text("utf-8"))
    wrong = next(cell for cell in content["cells"] if cell["source"] == ["f(1)"])
    wrong["outputs"][0]["data"]["text/plain"] = ["7"]
    path.write_text(json.dumps(content), "utf-8")
    assert [check.source for check in check_path(path).failures] == ["f(1)"]
    assert check_path(path, update=True).updated == 1
    assert not check_path(path).failures
    export = tmp_path / "export.rst"
    export.write_text(
        ".. code:: julia\n\n    1 + 1\n\n\n\n\n.. parsed-literal::\n\n    2\n\n\n", "utf-8"
    )
    assert not check_path(export).failures


@pytest.mark.slow
def test_long_cells_and_dead_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "has_nbclient", lambda: False)
    notebook = execute.new_notebook(["1", "while true end"])
    said = execute.run_notebook(notebook, kernel="juliette", folder=tmp_path, timeout=1)
    assert said is not None
    assert "more than 1 seconds" in said
    with pytest.raises(execute.CheckError, match="no Jupyter kernel"):
        execute.run_notebook(notebook, kernel="no-such-kernel", folder=tmp_path)
