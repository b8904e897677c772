"""Two hundred wrong programs: each ends in Julia's error, at its line, and the session goes on.

A page holds pairs of blocks: a program, and what it must say: the exception's type with the line of
the user's innermost frame (`-` where Julia's own code would be on top), then the message. A last
line `…` leaves open what follows.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from juliette.interpreter import Interpreter

PAGES = sorted((Path(__file__).parent / "wrong").glob("*.md"))
_PAIR = re.compile(r"```julia\n(?P<code>.*?)\n```\n```error\n(?P<expected>.*?)\n```", re.DOTALL)
_PLACE = re.compile(r"@ (?:\S+ )?(?:\./)?P:(\d+)")
# What only Python would say.
_LEAK = re.compile(
    r"Traceback|\.py\b|\b(?:AttributeError|ValueError|IndexError|NameError|ZeroDivisionError"
    r"|RecursionError|NotImplementedError)\b|object has no attribute|NoneType|<class |ndarray"
)


@dataclass(frozen=True)
class Wrong:
    """A wrong program, and what it must say."""

    code: str
    name: str
    line: str
    message: str


def programs(page: Path) -> list[Wrong]:
    """The programs of a page."""
    found = []
    for pair in _PAIR.finditer(page.read_text("utf-8")):
        head, _, message = pair["expected"].partition("\n")
        name, _, line = head.partition(" at ")
        found.append(Wrong(pair["code"], name, line, message))
    return found


# Known to be wrong still, one `page-number` a line; to be taken out one by one.
PENDING = set((Path(__file__).parent / "wrong" / "pending.txt").read_text("utf-8").split())

CASES = [
    pytest.param(
        page.stem,
        wrong,
        id=f"{page.stem}-{number}",
        marks=[pytest.mark.xfail(strict=False)] if f"{page.stem}-{number}" in PENDING else [],
    )
    for page in PAGES
    for number, wrong in enumerate(programs(page), start=1)
]


@pytest.fixture(scope="module")
def sessions() -> Iterator[dict[str, Interpreter]]:
    """One session for each page: a program runs in what the programs before it left."""
    found = {page.stem: Interpreter(stdout=io.StringIO(), stderr=io.StringIO()) for page in PAGES}
    yield found
    for session in found.values():
        session.close()


def test_there_are_two_hundred() -> None:
    assert len(CASES) >= 200
    codes = [str(case.values[1].code) for case in CASES]  # type: ignore[union-attr]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(("page", "wrong"), CASES)
def test_a_wrong_program(page: str, wrong: Wrong, sessions: dict[str, Interpreter]) -> None:
    session = sessions[page]
    outcome = session.run(wrong.code, "P")
    assert outcome.error is not None, f"no error:\n{wrong.code}"
    error = outcome.error
    said = error.message.rstrip("\n")
    if wrong.message.endswith("…"):
        start = wrong.message.removesuffix("…").rstrip("\n")
        assert said[: len(start)] == start
    else:
        assert said == wrong.message
    assert error.name == wrong.name
    text = error.render()
    assert not _LEAK.search(text), text
    if wrong.line != "-":
        place = _PLACE.search("\n".join(error.frames))
        assert place is not None, text
        assert place[1] == wrong.line, text
    after = session.run("1 + 1", "after")
    assert after.error is None
    assert after.value == 2
