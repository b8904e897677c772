"""Jupyter finds the kernel of this tree, installed or not."""

from __future__ import annotations

import os
from pathlib import Path

SHARE = Path(__file__).parents[2] / "share" / "jupyter"

# The search path is read when a kernel is looked up, so it is set before any test runs.
os.environ["JUPYTER_PATH"] = os.pathsep.join(
    filter(None, [os.environ.get("JUPYTER_PATH"), str(SHARE)])
)
