"""What is in the wheel, and what an editable install brings."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling import build

import juliette

ROOT = Path(__file__).parents[2]
VERSION = juliette.__version__
DATA = f"juliette-{VERSION}.data/data/"
KERNEL = "share/jupyter/kernels/juliette/kernel.json"


def built(folder: Path, monkeypatch: pytest.MonkeyPatch, *, editable: bool) -> zipfile.ZipFile:
    """A wheel, as pip asks for one."""
    monkeypatch.chdir(ROOT)
    make = build.build_editable if editable else build.build_wheel
    return zipfile.ZipFile(folder / make(str(folder)))


def tree(folder: str, under: str) -> set[str]:
    """The files of a folder of the repository, with the name they should have in the wheel."""
    return {
        f"{under}{path.relative_to(ROOT / folder).as_posix()}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
        and path.suffix not in (".pyc", ".pyo")
    }


def test_the_wheel_holds_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with built(tmp_path, monkeypatch, editable=False) as wheel:
        names = set(wheel.namelist())
    expected = tree("kernel", "") | tree("engine", "")
    expected |= tree("share/jupyter", f"{DATA}share/jupyter/")
    expected |= tree("tutorial", f"{DATA}share/juliette/tutorial/")
    inside = {name for name in names if not name.startswith(f"juliette-{VERSION}.dist-info/")}
    assert inside == expected
    assert DATA + KERNEL in inside
    assert f"{DATA}share/juliette/tutorial/01-walkthrough.ipynb" in inside
    assert f"juliette-{VERSION}.dist-info/licenses/LICENSE" in names
    # Nothing called kernel, engine or tutorial may land in site-packages.
    top = {name.split("/")[0] for name in inside}
    assert top == {"juliette", "juliette_engine", f"juliette-{VERSION}.data"}


def test_an_editable_install_brings_the_kernel_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with built(tmp_path, monkeypatch, editable=True) as wheel:
        names = wheel.namelist()
        paths = [
            line
            for name in names
            if name.endswith(".pth")
            for line in wheel.read(name).decode().split()
        ]
    assert DATA + KERNEL in names
    assert sorted(paths) == sorted(str(ROOT / name) for name in ("kernel", "engine"))
    assert not any(name.startswith(("juliette/", "kernel", "engine", "tutorial")) for name in names)


def test_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with built(tmp_path, monkeypatch, editable=False) as wheel:
        info = f"juliette-{VERSION}.dist-info/"
        metadata = wheel.read(f"{info}METADATA").decode()
        entries = wheel.read(f"{info}entry_points.txt").decode()
    assert f"\nVersion: {VERSION}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    needed = re.findall(r"^Requires-Dist: ([\w.-]+)(?!.*extra ==).*$", metadata, re.MULTILINE)
    assert {"mpmath", "numpy", "pygments", "unicodeit"} <= set(needed)
    for name in ("ipykernel", "jupyter-client", "prompt-toolkit"):
        pattern = rf"^Requires-Dist: {name}\b.*sys_platform != 'emscripten'"
        assert re.search(pattern, metadata.replace("_client", "-client"), re.MULTILINE), name
    assert "juliette = juliette.cli:main" in entries
    assert "juliette.testing.plugin = juliette.testing.plugin" in entries
    assert sys.version_info >= (3, 11)


def test_readme_has_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.count('python -m pip install ".[lab]" && juliette lab\n') == 1
    lines = [line for line in readme.splitlines() if "[test]" in line]
    assert lines == ['python -m pip install -e ".[test]" && python -m pytest']
