"""Kernels added, found, looked at and removed; the alias that other programs ask for by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow


def juliette(*arguments: str, prefix: Path) -> subprocess.CompletedProcess[str]:
    """The command, where Jupyter also looks under `prefix`."""
    path = os.pathsep.join([str(prefix / "share" / "jupyter"), os.environ.get("JUPYTER_PATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "juliette", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "JUPYTER_PATH": path},
        timeout=90,
        check=False,
    )


def test_an_alias_comes_answers_and_goes(tmp_path: Path) -> None:
    options = ("--prefix", str(tmp_path), "--name", "julia-1.10", "--env", "GREETING=hi")
    done = juliette("install", *options, prefix=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "share" / "jupyter" / "kernels" / "julia-1.10"
    assert {path.name for path in folder.iterdir()} == {
        "kernel.json",
        "logo-32x32.png",
        "logo-64x64.png",
        "logo-svg.svg",
    }
    spec = json.loads((folder / "kernel.json").read_text("utf-8"))
    assert spec["argv"][0] == sys.executable
    assert spec["language"] == "julia"
    assert spec["env"] == {"GREETING": "hi"}
    found = juliette("doctor", prefix=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "julia-1.10 answers." in found.stdout
    again = juliette("uninstall", *options[:4], prefix=tmp_path)
    assert again.returncode == 0
    assert not folder.exists()
    gone = juliette("uninstall", *options[:4], prefix=tmp_path)
    assert gone.returncode == 1
    assert gone.stderr.startswith("juliette: no kernel `julia-1.10`")


def test_a_notebook_that_insists_on_its_kernel_runs_on_the_alias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    juliette("install", "--prefix", str(tmp_path), "--name", "julia-1.10", prefix=tmp_path)
    found = os.pathsep.join([str(tmp_path / "share" / "jupyter"), os.environ["JUPYTER_PATH"]])
    monkeypatch.setenv("JUPYTER_PATH", found)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("gcd(12, 18)")],
        metadata={"kernelspec": {"name": "julia-1.10", "display_name": "Julia 1.10.4"}},
    )
    NotebookClient(notebook).execute()
    assert notebook.cells[0].outputs[0]["data"]["text/plain"] == "6"
    assert notebook.metadata["language_info"]["name"] == "julia"


def test_another_kernel_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "jupyter" / "kernels" / "theirs"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["python"], "language": "python"}', "utf-8")
    options = ("--prefix", str(tmp_path), "--name", "theirs")
    done = juliette("uninstall", *options, prefix=tmp_path)
    assert done.returncode == 1
    assert "not one of ours" in done.stderr
    assert folder.exists()
