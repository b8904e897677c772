"""The checker on `jldoctest` blocks. A toy session stands in for Julia: only reading, comparing
and rewriting are under test here."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from juliette.testing.doctest import (
    Block,
    Page,
    check_markdown,
    examples_of,
    parse_markdown,
    parse_settings,
)
from juliette.testing.execute import CheckError


class Toy:
    """Runs Python: `x = 1` assigns and shows, `print` prints, errors look like Julia's."""

    alive = 0

    def __init__(self, out: StringIO) -> None:
        self.names: dict[str, Any] = {"print": lambda *args: print(*args, file=out)}
        Toy.alive += 1

    def run(self, code: str, filename: str = "", first_line: int = 1) -> Any:
        value, error = None, None
        try:
            try:
                value = eval(code.rstrip(";"), self.names)
            except SyntaxError:
                exec(code, self.names)
        except Exception as problem:
            text = f"ERROR: {type(problem).__name__}: {problem}\nStacktrace:\n [1] top-level scope"
            error = SimpleNamespace(render=lambda color=False: text)
        shown = value is not None and not code.endswith(";")
        return SimpleNamespace(value=value, shown=shown, error=error)

    def display_text(self, value: object) -> str:
        return str(value)

    def close(self) -> None:
        Toy.alive -= 1


def block(*lines: str, info: str = "") -> str:
    """A page of one block."""
    return "\n".join([f"```jldoctest{info}", *lines, "```", ""])


def problems(text: str) -> list[str]:
    """What is wrong on a page."""
    page = Page(text, factory=Toy)
    found = [problem for item in page.blocks for problem in page.check(item).problems]
    page.close()
    return found


RIGHT = {
    "value": block("julia> 1 + 1", "2"),
    "blank line before the next prompt": block("julia> 1", "1", "", "julia> 2", "2"),
    "nothing shown": block("julia> x = 1", "", "julia> x;"),
    "continuation": block("julia> [1,", "        2]", "[1, 2]"),
    "printed and value": block("julia> (print(1), 5)[1]", "1", "5"),
    "script": block("x = 3", "print(x)", "# output", "3"),
    "hidden output": block("x = 3", "# output", info=" a; output = false"),
    "error message": block("julia> 1 / 0", "ERROR: ZeroDivisionError: division by zero"),
    "error and trace": block(
        "julia> 1 / 0",
        "ERROR: ZeroDivisionError: division by zero",
        "Stacktrace:",
        " [1] top-level scope",
    ),
    "error cut short": block(
        "julia> 1 / 0", "ERROR: ZeroDivisionError: division by zero", "Stacktrace:", "[...]"
    ),
    "output cut short": block("julia> print('a', 'b') or print('c')", "a b", "[...]"),
    "filter": block("julia> 0.25", "0.99", info=r'; filter = r"\.\d+"'),
    "filters": block("julia> 'a1b2'", "abx", info=r'; filter = [r"\d", r"b$" => s"bx"]'),
    "setup": block("julia> y", "7", info="; setup = :(y = 7)"),
    "shared": block("julia> z = 1", info=" a") + block("julia> z", "1", info=" a"),
    "page setup": "```@meta\nDocTestSetup = quote\n    q = 5\nend\n```\n" + block("julia> q", "5"),
    "end of the page setup": "```@meta\nDocTestSetup = :(q = 5)\n```\n"
    "```@meta\nDocTestSetup = nothing\n```\n" + block("julia> 'q' in globals()", "False"),
    "indented": "- item\n\n  ```jldoctest\n  julia> [1,\n         2]\n  [1, 2]\n  ```\n",
    "longer fence": "````jldoctest\njulia> '```'\n```\n````\n",
    "blanks at the end": block("julia> 'a '", "a"),
}

WRONG = {
    "digit": (block("julia> 1 + 1", "3"), "- 3\n  + 2"),
    "missing": (block("julia> 1 + 1"), "+ 2"),
    "extra": (block("julia> x = 1", "1"), "- 1"),
    "second": (block("julia> 1", "1", "", "julia> 2", "3"), "page:5: output differs\n  2\n"),
    "printed": (block("julia> (print(1), 5)[1]", "5"), "+ 1"),
    "error for a value": (block("julia> y", "1"), "NameError"),
    "value for an error": (block("julia> 1", "ERROR: NameError: no"), "+ 1"),
    "other message": (block("julia> 1/0", "ERROR: ZeroDivisionError: division"), "by zero"),
    "trace": (
        block("julia> 1/0", "ERROR: ZeroDivisionError: division by zero", "Stacktrace:", " [1] f"),
        "top-level",
    ),
    "cut short": (block("julia> print('a') or print('c')", "b", "[...]"), "- b"),
    "cut short after nothing": (block("julia> x = 1", "[...]"), "[...]"),
    "not shared": (block("julia> z = 1") + block("julia> z", "1"), "NameError"),
    "other label": (block("julia> z = 1", info=" a") + block("julia> z", "1", info=" b"), "Name"),
    "hidden output, wrong": (block("3", "# output", "4", info="; output = false"), "- 4"),
    "setup throws": (block("julia> 1", "1", info="; setup = :(1 / 0)"), "the setup code throws"),
    "no prompt": (block("1 + 1"), "needs `julia> ` or `# output`"),
    "filter leaves the rest": (block("julia> 12", "13", info='; filter = r"a"'), "- 13"),
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_right(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(("text", "reason"), WRONG.values(), ids=WRONG.keys())
def test_wrong(text: str, reason: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert reason in found[0]


def test_sessions_end() -> None:
    Toy.alive = 0
    problems(RIGHT["shared"] + RIGHT["value"])
    assert Toy.alive == 0


def test_a_block_picked_out_still_has_what_its_label_defined() -> None:
    page = Page(RIGHT["shared"], factory=Toy)
    assert page.check(page.blocks[1]).problems == []
    assert page.check(page.blocks[0]).problems == []


def test_names_come_from_the_headings() -> None:
    inner = block("julia> 1", "1")
    text = f"# Page\n{inner}\n## Ranges\n{inner}\n{inner}\n### Steps\n{inner}\n## Sets\n{inner}"
    assert [item.name for item in parse_markdown(text)] == [
        "Page",
        "Ranges (1)",
        "Ranges (2)",
        "Ranges / Steps",
        "Sets",
    ]
    assert parse_markdown(text)[0].line == 3


def test_other_fences_are_not_run() -> None:
    assert parse_markdown("```julia\njulia> 1\n2\n```\n````md\n```jldoctest\n```\n````\n") == []


def test_settings() -> None:
    settings = parse_settings(' name; output = false, filter = [r"a,b", r"\\[c\\]" => s"d"]')
    assert settings.label == "name"
    assert not settings.shows_output
    assert [(old.pattern, new) for old, new in settings.filters] == [("a,b", ""), (r"\[c\]", "d")]
    assert parse_settings(" ; setup = :(f(x) = (1, 2))").setup == "f(x) = (1, 2)"
    for wrong in ("; colour = red", "; filter = a", '; filter = r"("'):
        with pytest.raises(CheckError):
            parse_settings(wrong)


def test_examples() -> None:
    lines = ["julia> f(", "           1", "       )", "out", "", "julia>", "julia> 2", "2"]
    item = Block(parse_settings(""), lines, 2)
    found = [(example.code, example.expected) for example in examples_of(item)]
    assert found == [("f(\n    1\n)", "out\n"), ("", ""), ("2", "2")]


OWN = """\
# Page

## Ours
Source: our own reading of the rules
```jldoctest
julia> 1
2

julia> 2
2
```

## Theirs
Source: Julia manual
```jldoctest
julia> 1
2
```

### Below
```jldoctest
julia> 1
2
```
"""


def test_only_our_own_reading_is_rewritten() -> None:
    page = Page(OWN, factory=Toy)
    results = [page.check(item, update=True).passed for item in page.blocks]
    assert results == [True, False, False]
    assert page.rewritten(OWN) == OWN.replace("julia> 1\n2\n\n", "julia> 1\n1\n\n")


def test_a_users_page_is_rewritten_wherever_asked(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(OWN, encoding="utf-8")
    assert len(check_markdown(path, factory=Toy).failures) == 3
    assert path.read_text("utf-8") == OWN
    report = check_markdown(path, update=True, factory=Toy)
    assert (report.updated, report.failures) == (3, [])
    assert path.read_text("utf-8") == OWN.replace("julia> 1\n2", "julia> 1\n1")
    assert check_markdown(path, factory=Toy).failures == []


def test_update_writes_missing_outputs_drops_extra_ones_and_keeps_the_indentation() -> None:
    text = "- item\n\n  ```jldoctest; output = false\n  julia> 1\n  julia> x = 1\n  5\n  ```\n"
    page = Page(text, factory=Toy)
    page.blocks[0].may_update = True
    assert page.check(page.blocks[0], update=True).passed
    new = page.rewritten(text)
    assert "  julia> 1\n  1\n\n  julia> x = 1\n  ```\n" in new
    assert problems(new) == []


def test_a_page_without_blocks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("# nothing\n", encoding="utf-8")
    with pytest.raises(CheckError, match="no `jldoctest` block"):
        check_markdown(path, factory=Toy)
