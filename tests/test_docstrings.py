"""The examples in the docstrings of Base, and on the pages beside them, print what they say."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from juliette.base import bootstrap, examples
from juliette.base.deferred import CHAPTERS, EXTENDED
from juliette.interpreter import Interpreter
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import PACKAGES, Base
from juliette.testing.doctest import check_markdown

assert bootstrap


def all_docstrings() -> Iterator[tuple[str, str]]:
    """(name, docstring) of every documented method of Base and the loaded packages."""
    for module in (Base, *PACKAGES.values()):
        for name, value in list(module.bindings.items()):
            if isinstance(value, GenericFunction) and value.module is module:
                value.settle()
                for i, m in enumerate(value.methods):
                    if m.doc:
                        yield f"{module.name}.{name}[{i}]", m.doc


def pages() -> Iterator[tuple[str, str]]:
    """The documented names by first letter, each as a page of examples."""
    for part in sorted({*CHAPTERS, *EXTENDED}):
        importlib.import_module(part)
    texts: dict[str, list[str]] = {}
    for name, doc in all_docstrings():
        if "```jldoctest" in doc:
            letter = name.removeprefix("Base.")[0].lower()
            group = letter if letter.isascii() and letter.isalpha() else "signs"
            texts.setdefault(group, []).append(f"## {name}\n\n{doc}\n")
    for group, found in sorted(texts.items()):
        yield group, "\n".join(found)


PAGES = dict(pages())


@pytest.mark.parametrize("group", PAGES)
def test_examples(group: str, tmp_path: Path) -> None:
    page = tmp_path / f"{group}.md"
    page.write_text(PAGES[group], encoding="utf-8")
    report = check_markdown(page)
    assert not report.failures, report.render()


@pytest.mark.parametrize("page", sorted(examples.PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_pages_of_examples(page: Path) -> None:
    report = check_markdown(page)
    assert not report.failures, report.render()


@pytest.mark.parametrize("name", ["sin", "LinearAlgebra.Diagonal", "Dates.Year", "@time", "UInt8"])
def test_help_has_an_example(name: str) -> None:
    session = Interpreter()
    session.run("import LinearAlgebra, Dates")
    assert "julia>" in session.help(name)["text/plain"]


def test_a_name_of_ones_own_is_not_taken_for_one_of_base() -> None:
    session = Interpreter()
    session.run("module Own; sin(x) = 1; end")
    assert "julia>" not in session.help("Own.sin")["text/plain"]
