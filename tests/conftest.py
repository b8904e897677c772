"""Collects the spec pages: `tests/spec/**/*.md`, one test for each `jldoctest` block."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from juliette.testing.plugin import SpecFile

pytest_plugins = ["pytester"]

SPEC = Path(__file__).parent / "spec"

# The kernel under test is the one of this tree; `test_packaging` sees to the installed one.
SHARE = Path(__file__).parents[1] / "share" / "jupyter"
os.environ["JUPYTER_PATH"] = os.pathsep.join(
    path for path in (os.fspath(SHARE), os.environ.get("JUPYTER_PATH")) if path
)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every page under `tests/spec` is a file of tests."""
    if file_path.suffix == ".md" and SPEC in file_path.parents:
        return SpecFile.from_parent(parent, path=file_path)
    return None
