"""The examples in Zygote's docstrings print what they say."""

from __future__ import annotations

from pathlib import Path

from juliette.interpreter import Interpreter
from juliette.runtime.dispatch import GenericFunction
from juliette.testing.doctest import check_markdown


def test_examples(tmp_path: Path) -> None:
    session = Interpreter()
    assert session.run("using Zygote, ChainRulesCore, ForwardDiff").error is None
    from juliette.runtime.modules import PACKAGES

    texts = []
    for package in ("Zygote", "ChainRulesCore", "ForwardDiff"):
        for name, f in list(PACKAGES[package].bindings.items()):
            if isinstance(f, GenericFunction) and f.module is not None and f.module.name == package:
                f.settle()
                texts += [f"## {name}\n\n{m.doc}\n" for m in f.methods if "```jldoctest" in m.doc]
    session.close()
    assert len(texts) > 8
    page = tmp_path / "zygote.md"
    page.write_text("\n".join(texts), encoding="utf-8")
    report = check_markdown(page)
    assert not report.failures, report.render()
