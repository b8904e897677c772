"""The examples in the docstrings of the standard library give what they show (Base: tests/test_docstrings.py)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import juliette
from juliette.testing.doctest import Page

ROOT = Path(juliette.__file__).parent
FILES = sorted((ROOT / "stdlib").rglob("*.py"))


def docstrings(path: Path) -> list[tuple[str, str]]:
    """(name, docstring) of the functions with examples."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node)
            if doc and "```jldoctest" in doc:
                found.append((node.name, doc))
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if "jldoctest" in path.read_text("utf-8")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_examples(path: Path) -> None:
    wrong = []
    for name, doc in docstrings(path):
        page = Page(doc, filename=name)
        wrong += [problem for block in page.blocks for problem in page.check(block).problems]
        page.close()
    assert not wrong, "\n".join(wrong)
