"""SparseArrays without SciPy says what is missing."""

from __future__ import annotations

import io
import sys

import pytest

from juliette.interpreter import Interpreter
from juliette.runtime.modules import PACKAGES


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """`using SparseArrays` is an error that names the extra, and the session goes on."""
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    module = PACKAGES["SparseArrays"]
    if module.loader is None:
        pytest.skip("the module has been filled in this process already")
    error = session.run("using SparseArrays").error
    assert error is not None
    assert "SparseArrays needs SciPy" in error.message
    assert session.run("1 + 1").value == 2
    monkeypatch.undo()
    assert session.run("using SparseArrays").error is None
