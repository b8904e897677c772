"""The parts of Base that are imported late are written down as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = """
from deferred_names import PLACE, Survey, text
source = text(Survey())
assert PLACE.read_text("utf-8") == source, "run `python tests/deferred_names.py`"
"""


def test_names_are_where_they_are_said_to_be() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
