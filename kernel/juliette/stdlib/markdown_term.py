"""Markdown documents for reading in a terminal."""

from __future__ import annotations

import re
from typing import Any

from juliette.display.io import IO, Text
from juliette.display.show import PLAIN, SHOW
from juliette.runtime.modules import Base
from juliette.stdlib.markdown_elements import items, kind, level
from juliette.stdlib.markdown_write import number, padded_cells

_UNDERLINES = "≡=–-⋅ "
_STYLES = {
    "bold": ("1", "22"),
    "underline": ("4", "24"),
    "cyan": ("36", "39"),
    "magenta": ("35", "39"),
}
_CATEGORIES = {"danger": "91", "warning": "93", "info": "36", "note": "36", "tip": "32"}
_CODES = re.compile("\x1b\\[[0-9;]*m")
_MARGIN = "  "


def width(text: str) -> int:
    """The columns that a text takes."""
    text = _CODES.sub("", text)
    return len(text) if text.isascii() else int(Base.bindings["textwidth"](text))


def wrap(text: str, columns: int) -> list[str]:
    """The words of a text in lines of at most so many columns; line breaks in it stay."""
    out: list[str] = []
    used = 0
    for part in text.split("\n"):
        lines: list[str] = []
        for word in part.split():
            n = width(word)
            if not lines or used + n + 1 > columns:
                used = n
                lines.append(word)
            else:
                used += n + 1
                lines[-1] += " " + word
        out += lines
    return out or [""]


class Terminal:
    """Writes the blocks of a document for a width."""

    def __init__(self, io: IO, columns: int) -> None:
        self.io = io
        self.columns = columns

    def styled(self, text: str, style: str) -> str:
        if not self.io.get("color"):
            return text
        on, off = _STYLES.get(style, (style, "39"))
        return f"\x1b[{on}m{text}\x1b[{off}m"

    def narrower(self) -> Terminal:
        return Terminal(self.io, self.columns - 10)

    def value(self, x: Any) -> str:
        text = Text()
        SHOW(IO(text, self.io.context), PLAIN, x)
        return text.value()

    # ------------------------------------------------------------ within a line

    def inline(self, x: Any) -> str:
        name = kind(x)
        if isinstance(x, str):
            return re.sub(r"\s+", " ", x)
        if name == "Bold":
            return self.styled(self.inline(x.text), "bold")
        if name == "Italic":
            return self.styled(self.inline(x.text), "underline")
        if name == "LineBreak":
            return "\n"
        if name == "Image":
            return f"(Image: {x.alt})"
        if name == "Footnote":
            return self.styled(f"[^{x.id}]", "bold")
        if name == "Link":
            return self.inline(x.text) + ("" if x.url.startswith("@ref") else f" ({x.url})")
        if name == "Code":
            return self.styled(x.code, "cyan")
        if name == "LaTeX":
            return self.styled(x.formula, "magenta")
        parts = items(x)
        return "".join(map(self.inline, parts)) if parts != [x] else self.value(x)

    # ------------------------------------------------------------ blocks

    def blocks(self, content: Any) -> str:
        return "\n\n".join(map(self.block, items(content)))

    def block(self, x: Any) -> str:
        name = kind(x)
        write = getattr(self, "block_" + name.lower(), None) if name else None
        if write is not None:
            return write(x)
        return self.value(x)

    def block_md(self, x: Any) -> str:
        return self.blocks(x.content)

    def block_paragraph(self, x: Any) -> str:
        return "\n".join(_MARGIN + line for line in wrap(self.inline(x.content), self.columns - 4))

    def block_header(self, x: Any) -> str:
        lines = wrap(self.inline(x.text), self.columns - 8)
        bar = min(width(lines[-1]), self.columns)
        if len(lines) > 1:
            bar = max(bar, self.columns // 3 - 2)
        c = _UNDERLINES[level(x) - 1]
        text = _MARGIN + "\n ".join(lines) + ("" if c == " " else f"\n{_MARGIN}{c * bar}")
        return self.styled(text, "bold")

    def block_code(self, x: Any) -> str:
        return self.styled("\n".join(_MARGIN + line for line in x.code.split("\n")), "cyan")

    def block_latex(self, x: Any) -> str:
        return self.styled(_MARGIN + x.formula, "magenta")

    def block_horizontalrule(self, x: Any) -> str:
        return _MARGIN + "─" * (self.columns - 4)

    def block_linebreak(self, x: Any) -> str:
        return ""

    def behind_bar(self, text: str, style: str = "") -> str:
        bar = _MARGIN + "│"
        bar = self.styled(self.styled(bar, style), "bold") if style else bar
        return "\n".join(bar + line for line in text.rstrip().split("\n"))

    def block_blockquote(self, x: Any) -> str:
        return self.behind_bar(self.narrower().blocks(x.content))

    def block_admonition(self, x: Any) -> str:
        style = _CATEGORIES.get(x.category, "39")
        head = self.styled(
            self.styled(f"{_MARGIN}│ {x.title or x.category}\n{_MARGIN}│\n", style), "bold"
        )
        return head + self.behind_bar(self.narrower().blocks(x.content), style)

    def block_footnote(self, x: Any) -> str:
        head = f"{_MARGIN}│ {self.styled(f'[^{x.id}]', 'bold')}\n{_MARGIN}│\n"
        return head + self.behind_bar(self.narrower().blocks(x.text))

    def block_list(self, x: Any) -> str:
        out = []
        for i, item in enumerate(items(x.items)):
            mark = number(x, i) if x.ordered >= 0 else "•  "
            lines = wrap(self.narrower().blocks(item), self.columns - 10)
            out.append(f"    {mark}" + "\n       ".join(lines))
        return "\n\n".join(out)

    def block_table(self, x: Any) -> str:
        cells = [[self.inline(c) for c in items(row)] for row in items(x.rows)]
        cells = padded_cells(x, cells, 0, width)
        lines = [_MARGIN + " ".join(row) for row in cells]
        lines.insert(1, _MARGIN + " ".join("–" * width(c) for c in cells[0]))
        return "\n".join(lines)
