"""Sessions that share a process: what one adds to Base goes when it ends."""

from __future__ import annotations

from typing import Any

import pytest

from juliette.interpreter import Interpreter


def value(session: Interpreter, code: str) -> Any:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error
    return outcome.value


@pytest.mark.parametrize(
    ("definition", "probe", "usual"),
    [
        ("Base.:+(a::String, b::String) = a * b", 'applicable(+, "a", "b")', False),
        ("Base.length(x::Symbol) = 7", "try length(:a) catch; 0 end", 0),
        ("Base.abs(x::Float64) = -1.0", "abs(-2.5)", 2.5),
        ("(x::Bool)() = 3", "applicable(true)", False),
        ("Base.convert(::Type{Symbol}, x::Int) = :i", "try convert(Symbol, 1) catch; 0 end", 0),
    ],
)
def test_methods_of_a_session_end_with_it(definition: str, probe: str, usual: Any) -> None:
    with_them, without = Interpreter(), Interpreter()
    assert value(without, probe) == usual
    assert value(without, f"f() = {probe}; f()") == usual
    value(with_them, definition)
    assert value(with_them, probe) != usual
    with_them.close()
    assert value(without, probe) == usual
    assert value(without, "f()") == usual
    assert value(Interpreter(), f"f() = {probe}; f()") == usual


def test_an_error_that_cannot_be_shown_ends_the_statement_and_no_more() -> None:
    session = Interpreter()
    value(session, 'struct Shy end; Base.show(io::IO, ::Shy) = error("not now")')
    for code in ("convert(Shy(), 1)", "throw(Shy())"):
        outcome = session.run(code)
        assert outcome.error is not None
        assert "SYSTEM: show(lasterr) caused an error" in outcome.error.render()
    assert value(session, "1 + 1") == 2
