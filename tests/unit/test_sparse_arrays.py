"""SparseArrays needs no SciPy."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: elsewhere SciPy may have been loaded already.
PROGRAM = """
import sys

from juliette.interpreter import Interpreter

sys.modules["scipy"] = sys.modules["scipy.sparse"] = sys.modules["scipy.sparse.linalg"] = None
session = Interpreter()
result = session.run("using SparseArrays; A = sparse([1, 2, 2], [1, 1, 2], [2.0, 3, 4]); A' * A")
assert result.error is None, result.error.message
assert session.run("(A' * A) \\\\ [25.0, 28.0] ≈ [1, 1]").value is True
"""


def test_without_scipy() -> None:
    """Products and systems of equations work where SciPy is not installed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
