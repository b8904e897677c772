"""Programs of the size of an exercise, each with its own tests in Julia."""

from __future__ import annotations

from pathlib import Path

import pytest

from juliette.interpreter import Interpreter

PROGRAMS = sorted(Path(__file__).with_name("programs").glob("*.jl"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program(path: Path) -> None:
    session = Interpreter(interactive=False)
    try:
        outcome = session.run_file(str(path))
    finally:
        session.close()
    assert outcome.error is None, outcome.error.render(False)
