"""Networks learn to read real digits, from Python and from Julia."""

from __future__ import annotations

import io
import re
import runpy
from pathlib import Path

import pytest

from juliette.interpreter import Interpreter

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.slow


def test_digits_from_python() -> None:
    read = runpy.run_path(str(BENCHMARKS / "digits.py"))["main"]()
    assert set(read) == {"dense", "convolutional"}
    assert min(read.values()) >= 0.97


def test_digits_from_julia() -> None:
    out = io.StringIO()
    session = Interpreter(stdout=out, interactive=False)
    try:
        outcome = session.run_file(str(BENCHMARKS / "digits.jl"))
    finally:
        session.close()
    assert outcome.error is None, outcome.error.render(False)
    read = re.findall(r"^(\w+) +([\d.]+) %", out.getvalue(), re.MULTILINE)
    assert [name for name, _ in read] == ["dense", "convolutional"]
    assert min(float(part) for _, part in read) >= 97
