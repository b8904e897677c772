"""What `?` shows."""

from __future__ import annotations

from juliette.interpreter import Interpreter


def test_help_rules_off_the_texts_of_several_methods() -> None:
    told = Interpreter()
    told.run('"of numbers"\nkept(x::Int) = x\n"of text"\nkept(x::String) = x')
    assert "of numbers\n\n  ──" in told.help("kept")["text/plain"]
