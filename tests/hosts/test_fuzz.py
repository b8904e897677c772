"""Damaged programs by the thousand: no Python exception, no hang, memory within a bound."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import is_julias
from odd_programs import mutate, seeds

SCRIPT = Path(__file__).with_name("fuzz.py")
MEGABYTES = 600


@pytest.mark.slow
def test_nothing_of_pythons_escapes() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "2500", "1"],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    peak = re.search(r"(\d+) MB", done.stdout)
    assert peak is not None
    assert int(peak[1]) < MEGABYTES


def test_programs_differ_and_can_be_had_again() -> None:
    programs = seeds(whole=False)
    assert len(programs) > 150
    one, two = random.Random(3), random.Random(3)
    first = [mutate(one, programs) for _ in range(200)]
    assert first == [mutate(two, programs) for _ in range(200)]
    assert len(set(first) - set(programs)) > 150


def test_what_counts_as_an_escape() -> None:
    from juliette.runtime.errors import BoundsError

    assert is_julias(BoundsError([1], (2,)))
    assert is_julias(ZeroDivisionError())
    assert not is_julias(AttributeError("'int' object has no attribute 'upper'"))
    assert not is_julias(ValueError("could not be broadcast"))
