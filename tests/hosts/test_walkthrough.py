"""The walkthrough's 43 cells: through a session, and through the installed kernel."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from juliette.testing.command import check_path
from juliette.testing.compare import Mode

CELLS = [
    c.strip("\n")
    for c in re.split(
        r"^# %% \d+\n",
        Path(__file__).with_name("walkthrough.jl").read_text("utf-8"),
        flags=re.M,
    )[1:]
]

# What each cell shows; numbers of random cells are compared by form.
EXPECTED = {
    4: "1×2×3 Array{Float32, 3}:\n" + "\n\n".join(f"[:, :, {k}] =\n 1.0  1.0" for k in (1, 2, 3)),
    5: "Array{Float32, 3}",
    6: "f (generic function with 1 method)",
    7: "6",
    8: "df (generic function with 1 method)",
    9: "8.0",
    10: "d2f (generic function with 1 method)",
    11: "6.0",
    12: "f (generic function with 2 methods)",
    13: "([0.0, 2.0], [-0.0, -2.0])",
    16: "Grads(...)",
    17: "2-element Vector{Float64}:\n 0.0\n 2.0",
    18: "2-element Vector{Float64}:\n -0.0\n -2.0",
    21: "predict (generic function with 1 method)",
    22: "loss (generic function with 1 method)",
    27: "Grads(...)",
    31: "layer2 (generic function with 1 method)",
    32: "model (generic function with 1 method)",
    34: "linear (generic function with 1 method)",
    35: "#5 (generic function with 1 method)",
    36: "model (generic function with 1 method)",
    42: "26",
}
HEADS = {
    19: "2×5 Matrix{Float64}:",
    20: "2-element Vector{Float64}:",
    24: "5-element Vector{Float64}:",
    25: "2-element Vector{Float64}:",
    28: "2×5 Matrix{Float64}:",
    29: "2×5 Matrix{Float64}:",
    33: "2-element Vector{Float64}:",
    37: "2-element Vector{Float64}:",
    38: "5-element Vector{Float64}:",
    39: "2-element Vector{Float64}:",
    40: "2-element Vector{Float64}:",
    41: "2-element Vector{Float64}:",
}


def check(shown: dict[int, str]) -> None:
    for n, text in EXPECTED.items():
        assert shown.get(n) == text, f"cell {n}"
    for n, head in HEADS.items():
        assert shown[n].split("\n")[0] == head, f"cell {n}"
    assert not {1, 2, 3, 14, 15, 43} & set(shown)
    assert float(shown[30]) < float(shown[26])
    for n in (39, 40):
        assert sum(map(float, shown[n].split("\n")[1:])) == pytest.approx(1.0)


def test_there_are_43_cells() -> None:
    assert len(CELLS) == 43


def test_walkthrough_in_a_session() -> None:
    from juliette.interpreter import Interpreter

    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    shown = {}
    for n, code in enumerate(CELLS, 1):
        outcome = session.run(code, f"In[{n}]")
        assert outcome.error is None, f"cell {n}: {outcome.error and outcome.error.render()}"
        if outcome.shown:
            shown[n] = session.display_text(outcome.value)
    check(shown)


@pytest.mark.slow
def test_walkthrough_through_the_kernel() -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="juliette", startup_timeout=60)
    try:
        shown: dict[int, str] = {}
        for n, code in enumerate(CELLS, 1):

            def hook(message: dict, n: int = n) -> None:  # type: ignore[type-arg]
                if message["msg_type"] == "execute_result":
                    shown[n] = message["content"]["data"]["text/plain"]

            reply = client.execute_interactive(code, timeout=60, output_hook=hook)
            assert reply["content"]["status"] == "ok", f"cell {n}: {reply['content']}"
        check(shown)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def juliette(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command, as a program."""
    return subprocess.run(
        [sys.executable, "-m", "juliette", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_walkthrough_as_a_script(tmp_path: Path) -> None:
    script = tmp_path / "walkthrough.jl"
    text = "\n\n".join(CELLS)
    script.write_text(text + '\n\nprintln(df(1), " ", m(5))\n', encoding="utf-8")
    done = juliette(str(script))
    assert (done.returncode, done.stderr.count("ERROR")) == (0, 0), done.stderr
    assert done.stdout == "8.0 26\n"


@pytest.mark.slow
def test_walkthrough_through_a_pipe() -> None:
    done = juliette(stdin="\n\n".join(CELLS) + "\n")
    assert done.returncode == 0
    assert "ERROR" not in done.stderr
    shown = f"\n{done.stdout}"
    for text in EXPECTED.values():
        assert f"\n{text}\n" in shown


@pytest.mark.slow
def test_walkthrough_exported_has_the_published_form(tmp_path: Path) -> None:
    """Run, exported by nbconvert, and read again: code blocks say julia, outputs are literals."""
    from nbclient import NotebookClient
    from nbconvert import RSTExporter

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in CELLS],
        metadata={"kernelspec": {"name": "julia-1.7", "language": "julia", "display_name": "J"}},
    )
    NotebookClient(notebook, kernel_name="juliette", coalesce_streams=True).execute()
    text, _ = RSTExporter().from_notebook_node(notebook)
    assert text.count(".. code:: julia\n") == 43
    assert text.count(".. parsed-literal::") == len(EXPECTED) + len(HEADS) + 4
    block = ".. code:: julia\n\n    gradient(f,[2,1],[2,0])\n\n\n\n\n.. parsed-literal::\n\n"
    assert block + "    ([0.0, 2.0], [-0.0, -2.0])\n\n\n\n" in text
    assert ".. code:: julia\n\n    x= [2,1];\n\n.. code:: julia\n" in text
    # The checker takes the export for what it is.
    path = tmp_path / "export.rst"
    path.write_text(text, encoding="utf-8")
    report = check_path(path, default=Mode("shape"))
    assert len(report.checks) == 43
    assert [check.source for check in report.failures if "Pkg" not in check.source] == []
