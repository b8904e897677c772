"""Networks learn to read real digits, from Python and from Julia."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from juliette.interpreter import Interpreter

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.slow


def check(printed: str) -> None:
    """Both networks read at least 97 % of the digits that they had not seen."""
    read = re.findall(r"^(\w+) +([\d.]+) %", printed, re.MULTILINE)
    assert [name for name, _ in read] == ["dense", "convolutional"]
    assert min(float(part) for _, part in read) >= 97


def test_digits_from_python() -> None:
    # In a process of its own: it sets where the engine's random numbers come from.
    command = [sys.executable, str(BENCHMARKS / "digits.py")]
    check(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_digits_from_julia() -> None:
    out = io.StringIO()
    session = Interpreter(stdout=out, interactive=False)
    try:
        outcome = session.run_file(str(BENCHMARKS / "digits.jl"))
    finally:
        session.close()
    assert outcome.error is None, outcome.error.render(False)
    check(out.getvalue())
