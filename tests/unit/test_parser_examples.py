"""The examples in the parser's own docstrings: `source  ==>  (s-expression)`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import juliette.syntax
from juliette.syntax import parse_source

SYNTAX = Path(juliette.syntax.__file__).parent


def examples() -> list[tuple[str, str]]:
    found = []
    for path in sorted(SYNTAX.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for line in (ast.get_docstring(node) or "").splitlines():
                source, arrow, tree = line.partition("  ==>  ")
                if arrow:
                    found.append((source.strip(), tree.strip()))
    return found


EXAMPLES = examples()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 40


@pytest.mark.parametrize(("source", "tree"), EXAMPLES)
def test_example(source: str, tree: str) -> None:
    children = parse_source(source).children
    assert children is not None
    assert [child.sexpr() for child in children] == [tree]
