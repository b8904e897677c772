"""SparseArrays without SciPy says what is missing."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: elsewhere the module may have been loaded already.
PROGRAM = """
import sys

from juliette.interpreter import Interpreter

sys.modules["scipy.sparse"] = None
session = Interpreter()
error = session.run("using SparseArrays").error
assert error is not None
assert "SparseArrays needs SciPy" in error.message, error.message
assert session.run("1 + 1").value == 2
del sys.modules["scipy.sparse"]
assert session.run("using SparseArrays").error is None
"""


def test_without_scipy() -> None:
    """`using SparseArrays` is an error that names the extra, and the session goes on."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
