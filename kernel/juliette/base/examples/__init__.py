"""What `?name` adds where a docstring has no example, or where a name has no docstring.

The pages beside this file are read when somebody asks, never before.  A heading names what an entry is
about, and a text and a block of examples follow.  The names of `base.md` are Base's, those of another
page are of the standard library's module whose name it has.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

PAGES = Path(__file__).parent


@cache
def entries(page: str) -> dict[str, tuple[str, str]]:
    """(text, examples) by name."""
    path = PAGES / f"{page}.md"
    out: dict[str, tuple[str, str]] = {}
    if not path.is_file():
        return out
    for entry in path.read_text("utf-8").split("\n## ")[1:]:
        names, _, body = entry.partition("\n")
        text, fence, examples = body.strip().partition("```jldoctest")
        for name in names.split():
            out[name] = (text.strip(), fence + examples)
    return out


def added(module: str, name: str, texts: list[str]) -> list[str]:
    """What is to be said of a name besides what its docstrings say."""
    text, examples = entries("base" if module in ("Base", "Core") else module).get(name, ("", ""))
    if any("julia>" in t for t in texts):
        return []
    return [part for part in (text if not texts else "", examples) if part]
