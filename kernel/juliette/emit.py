"""`juliette --emit STAGE`: code at a stage between text and result, for the curious."""

from __future__ import annotations

import sys

STAGES = ("tokens", "tree", "python")


def emit(stage: str, code: str, filename: str) -> int:
    """Print `code` at a stage; 1 if it has no meaning in Julia."""
    from juliette.syntax import ParseError

    try:
        text = {"tokens": _tokens, "tree": _tree, "python": _python}[stage](code, filename)
    except ParseError as error:
        print(f"ERROR: ParseError:\n{error}", file=sys.stderr)
        return 1
    print(text)
    return 0


def _tokens(code: str, filename: str) -> str:
    """One token a line: its kind, and its text as a literal."""
    from juliette.syntax.lexer import tokens

    return "\n".join(f"{kind:<16} {text!r}" for kind, text in tokens(code))


def _tree(code: str, filename: str) -> str:
    """The syntax tree, a line for each statement."""
    from juliette.syntax import parse_source

    return "\n".join(child.sexpr() for child in parse_source(code, filename))


def _python(code: str, filename: str) -> str:
    """The Python that is run for each statement."""
    from juliette.interpreter import Interpreter

    session = Interpreter(interactive=False)
    try:
        return session.python_source(code, filename)
    finally:
        session.close()
