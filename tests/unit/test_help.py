"""`?name`: the names like it, and what may have been meant."""

from __future__ import annotations

import pytest

from juliette.base import documentation, name_search
from juliette.interpreter import Interpreter


@pytest.fixture(scope="module")
def session() -> Interpreter:
    return Interpreter()


def told(session: Interpreter, query: str) -> list[str]:
    return documentation.documentation(session.module, query)["text/plain"].splitlines()


def test_names_with_the_same_letters_are_listed_best_first(session: Interpreter) -> None:
    # Source: what Julia 1.10 prints for `?sum`, as far as the line is wide
    assert told(session, "sum")[0] == (
        "search: sum sum! summary cumsum cumsum! isnumeric VersionNumber issubnormal"
    )


def test_a_name_that_is_not_there_is_corrected(session: Interpreter) -> None:
    lines = told(session, "prntln")
    assert lines[2] == "Couldn't find prntln"
    assert lines[3] == "Perhaps you meant println or print"
    assert lines[-1] == "  Binding prntln does not exist."


def test_names_of_the_session_are_found(session: Interpreter) -> None:
    session.run("wheelbarrow = 1")
    assert told(session, "wheelbarro")[0] == "search: wheelbarrow"
    assert "wheelbarrow" in told(session, "wheelbarow")[3]


@pytest.mark.parametrize(("a", "b", "n"), [("", "abc", 3), ("kitten", "sitting", 3), ("x", "x", 0)])
def test_edits(a: str, b: str, n: int) -> None:
    assert name_search.edits(a, b) == n == name_search.edits(b, a)
