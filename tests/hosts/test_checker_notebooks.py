"""The checker on notebooks and exports: right ones pass, ones made wrong on purpose fail.

The cells are Python's, since here only the checker is under test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from juliette.testing.command import check_path, find_files, run
from juliette.testing.compare import Mode
from juliette.testing.execute import CheckError, kernel_for
from juliette.testing.report import Report
from juliette.testing.rst import parse_rst, repair_encoding

pytestmark = pytest.mark.slow

Cell = tuple[str, list[Any], list[str]]


def result(text: str) -> Any:
    return nbformat.v4.new_output("execute_result", {"text/plain": text})


def stream(text: str, name: str = "stdout") -> Any:
    return nbformat.v4.new_output("stream", name=name, text=text)


def error(name: str) -> Any:
    return nbformat.v4.new_output("error", ename=name, evalue="", traceback=[])


def write(path: Path, cells: list[Cell]) -> Path:
    """A notebook of these (source, stored outputs, tags)."""
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "P"}}
    )
    for source, outputs, tags in cells:
        cell = nbformat.v4.new_code_cell(source, outputs=outputs)
        if tags:
            cell.metadata["tags"] = tags
        notebook.cells.append(cell)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


RIGHT: list[Cell] = [
    ("x = 3", [], []),
    ("x + 3", [result("6")], []),
    ("print('a'); print('b'); x", [stream("a\nb\n"), result("3")], ["exact"]),
    ("import sys; print('w', file=sys.stderr)", [stream("w\n", "stderr")], []),
    ("1 / 3", [result("0.3333")], ["rtol=1e-3"]),
    ("import random; random.random()", [result("0.1234567890123456")], ["shape"]),
    ("import time; time.time()", [result("0")], ["ignore"]),
    ("1 / 0", [error("ZeroDivisionError")], ["raises"]),
    ("unknown", [error("NameError")], []),
    ("display(x)", [nbformat.v4.new_output("display_data", {"text/plain": "3"})], []),
]

# Each stored output is wrong in its own way; beside it a word of what the report says.
WRONG: list[tuple[str, list[Any], list[str], str]] = [
    ("x = 3; x + 3", [result("7")], [], "- 7"),
    ("[0.25, 0.5]", [result("[0.25, 0.50]")], [], "0.50"),
    ("[0.123456789, 0.5]", [result("[0.987654321]")], ["shape"], "<Float>"),
    ("1 / 3", [result("0.3334")], ["rtol=1e-6"], "stored 0.3334"),
    ("print('a')", [stream("b\n")], [], "standard output differs"),
    ("print('a', end='')", [stream("a\n")], [], "line break"),
    ("x = 1", [result("1")], [], "is stored, but is missing now"),
    ("x", [], [], "is new, not stored"),
    ("print(x); x", [result("1")], [], "standard output is new"),
    ("unknown", [result("1")], [], "error NameError is new"),
    ("unknown", [error("TypeError")], [], "error differs"),
    ("unknown", [error("TypeError")], ["raises"], "stored TypeError, now NameError"),
    ("x", [error("NameError")], ["raises"], "no error was thrown"),
    ("x", [result("1")], ["rtol=much"], "needs a positive number"),
    ("display(x)", [result("1")], [], "displayed value is new"),
]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One run of a notebook in which every cell is wrong."""
    path = tmp_path_factory.mktemp("wrong") / "wrong.ipynb"
    return check_path(write(path, [(source, out, tags) for source, out, tags, _ in WRONG]))


def test_a_right_notebook_passes(tmp_path: Path) -> None:
    path = write(tmp_path / "right.ipynb", RIGHT)
    before = path.read_bytes()
    report = check_path(path)
    assert report.failures == []
    assert len(report.checks) == len(RIGHT)
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_cell_fails(wrong: Report, number: int) -> None:
    source, _, _, reason = WRONG[number]
    check = wrong.checks[number]
    assert not check.passed
    text = check.render()
    assert reason in text
    assert f"cell {number + 1}" in text
    assert source.splitlines()[0] in text


def test_update_stores_what_differs_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [*RIGHT, ("x * 2", [result("5")], [])])
    before = nbformat.read(path, as_version=4)
    report = check_path(path, update=True)
    assert report.failures == []
    assert report.updated == 1
    after = nbformat.read(path, as_version=4)
    assert [cell.outputs for cell in after.cells[:-1]] == [c.outputs for c in before.cells[:-1]]
    assert after.cells[-1].outputs[0]["data"]["text/plain"] == "6"
    assert json.loads(path.read_text("utf-8"))["nbformat"] == 4
    assert check_path(path).failures == []


def test_update_does_not_excuse_a_cell_that_must_raise(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", [("1", [error("NameError")], ["raises"])])
    assert len(check_path(path, update=True).failures) == 1


def test_a_cell_that_never_ends_is_reported(tmp_path: Path) -> None:
    cells: list[Cell] = [("1", [result("1")], []), ("while True: pass", [], []), ("2", [], [])]
    report = check_path(write(tmp_path / "n.ipynb", cells), timeout=1)
    assert report.checks[0].passed
    assert "more than 1 seconds" in report.failures[-1].render()


def test_a_dying_kernel_is_reported(tmp_path: Path) -> None:
    cells: list[Cell] = [("import os; os._exit(1)", [], []), ("2", [result("2")], [])]
    report = check_path(write(tmp_path / "n.ipynb", cells))
    assert "the kernel died" in report.failures[-1].render()


def test_what_cannot_be_checked_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", RIGHT[:1])
    with pytest.raises(CheckError, match="no Jupyter kernel is called `nowhere`"):
        check_path(path, kernel="nowhere")
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(CheckError, match="not a Jupyter notebook"):
        check_path(broken)
    with pytest.raises(CheckError, match="not a notebook"):
        check_path(tmp_path / "x.txt")


@pytest.mark.parametrize(
    ("metadata", "kernel"),
    [
        ({"kernelspec": {"name": "julia-1.7", "language": "julia"}}, "juliette"),
        ({"kernelspec": {"name": "julia-1.10"}}, "juliette"),
        ({"language_info": {"name": "julia"}}, "juliette"),
        ({"kernelspec": {"name": "mine", "language": "python"}}, "mine"),
        ({"language_info": {"name": "python"}}, "python3"),
        ({}, "python3"),
    ],
)
def test_the_kernel_follows_from_the_notebook(metadata: dict[str, Any], kernel: str) -> None:
    assert kernel_for(metadata) == kernel


EXPORT = """\
.. code:: python

    print("a")


.. parsed-literal::

    a
{blank}

.. code:: python

    1 + 1




.. parsed-literal::

    2



Words between.

.. juliette: shape
.. code:: python

    import random
{blank}
    random.random()




.. parsed-literal::

    0.1234567890123456



.. code:: python

    unknown


::


    ---------

    NameError                  Traceback (most recent call last)

""".replace("{blank}", "    ")


def test_an_export_is_read(tmp_path: Path) -> None:
    cells = parse_rst(EXPORT)
    assert [cell.source for cell in cells][:2] == ['print("a")', "1 + 1"]
    assert [[output.kind for output in cell.outputs] for cell in cells] == [
        ["stream"],
        ["result"],
        ["result"],
        ["error"],
    ]
    assert cells[2].tags == ["shape"]
    assert cells[2].source == "import random\n\nrandom.random()"


def test_an_export_is_checked_and_updated(tmp_path: Path) -> None:
    path = tmp_path / "export.rst"
    path.write_text(EXPORT, encoding="utf-8")
    assert check_path(path).failures == []
    wrong = EXPORT.replace("    2\n", "    3\n").replace("    a\n    \n", "    b\n    \n")
    path.write_text(wrong, encoding="utf-8")
    failures = check_path(path).failures
    assert [check.name for check in failures] == ["line 1", "line 11"]
    assert "- 3" in failures[1].render()
    assert check_path(path, update=True).updated == 2
    assert check_path(path).failures == []
    assert path.read_text("utf-8") == EXPORT


def test_a_doubly_encoded_export_is_repaired() -> None:
    line = "W̄ = σ.(x) ∘ 2×5 … ’“”\n"
    doubled = "".join(
        bytes([byte]).decode("cp1252") if byte not in b"\x81\x8d\x8f\x90\x9d" else chr(byte)
        for byte in line.encode()
    )
    assert doubled != line
    assert repair_encoding(doubled) == line
    assert repair_encoding(line) == line
    assert repair_encoding("déjà vu, 2×5, ±1 °C\n") == "déjà vu, 2×5, ±1 °C\n"


def test_the_command_counts_and_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = write(tmp_path / "right.ipynb", RIGHT[:2])
    (tmp_path / "notes.md").write_text("# only words\n", encoding="utf-8")
    assert find_files([tmp_path]) == [right]
    assert run([tmp_path]) == 0
    assert capsys.readouterr().out.endswith("2 passed, 0 failed\n")
    wrong = write(tmp_path / "wrong.ipynb", [("1", [result("2")], [])])
    assert run([wrong]) == 1
    out = capsys.readouterr().out
    assert "0 of 1 as stored" in out
    assert out.endswith("0 passed, 1 failed\n")
    assert run([wrong], default=Mode("shape")) == 0
    assert run([tmp_path / "notes.md"]) == 1


def test_the_pytest_plugin(pytester: pytest.Pytester) -> None:
    write(pytester.path / "n.ipynb", [*RIGHT[:2], ("x", [result("4")], [])])
    silent = pytester.runpytest_inprocess("-p", "juliette.testing.plugin")
    silent.assert_outcomes()
    outcome = pytester.runpytest_inprocess("-p", "juliette.testing.plugin", "--juliette", "-v")
    outcome.assert_outcomes(passed=2, failed=1)
    outcome.stdout.fnmatch_lines(["*n.ipynb::cell 3 FAILED*", "cell 3 (exact)", "*- 4", "*+ 3"])
    outcome.stdout.no_fnmatch_line("*runtest*")
    again = pytester.runpytest_inprocess("-p", "juliette.testing.plugin", "--juliette", "--update")
    again.assert_outcomes(passed=3)
    final = pytester.runpytest_inprocess("-p", "juliette.testing.plugin", "--juliette")
    final.assert_outcomes(passed=3)
