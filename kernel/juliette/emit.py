"""`juliette --emit STAGE`: code at a stage between text and result, for the curious."""

from __future__ import annotations

import sys

STAGES = ("tokens", "tree", "core", "typed", "python")


def emit(stage: str, code: str, filename: str) -> int:
    """Print `code` at a stage; 1 if it has no meaning in Julia."""
    from juliette.syntax import ParseError

    try:
        if stage in ("tokens", "tree"):
            text = {"tokens": _tokens, "tree": _tree}[stage](code, filename)
        else:
            text = _lowered(code, filename, stage)
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


def _lowered(code: str, filename: str, stage: str) -> str:
    """Each statement in the core language, the same with types, or as Python.

    Nothing is run, so later statements see no definitions.
    """
    from juliette.base import bootstrap
    from juliette.compiler.printing import statement_text
    from juliette.compiler.python_backend import python_source
    from juliette.interpreter import Interpreter
    from juliette.syntax import Expr, LineNumberNode, parse_all

    session = Interpreter(interactive=False)
    pieces: list[str] = []
    line = 1
    tree, _ = parse_all(code, filename, 1, bootstrap.literal)
    for statement in tree.args:
        if isinstance(statement, LineNumberNode):
            line = statement.line
            continue
        while isinstance(statement, Expr) and statement.head == "macrocall":
            statement = session.compiler.expand_macro(statement, session.module, None, line)
        node = session.compiler.lower(statement, session.module, filename, line)
        if stage == "python":
            text = python_source(node, session.module)
        else:
            text = statement_text(node, session.module, stage == "typed")
        pieces.append(f"# line {line}\n{text}")
    session.close()
    return "\n\n".join(pieces)
