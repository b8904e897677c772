"""Markdown trees as text: for the terminal, as Markdown again, as HTML."""

from __future__ import annotations

import html
import re
from typing import Any

from juliette.stdlib import markdown_parse as P

UNDERLINES = {1: "≡", 2: "=", 3: "–", 4: "-", 5: "⋅", 6: " "}
STYLES = {"bold": ("1", "22"), "italic": ("3", "23"), "underline": ("4", "24")}
_CODES = re.compile("\x1b\\[[0-9;]*m")


def width(text: str) -> int:
    """The columns that a text takes."""
    return len(_CODES.sub("", text))


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns."""
    lines: list[str] = []
    for part in text.split("\v"):
        line = ""
        for word in part.split():
            if line and width(line) + 1 + width(word) > columns:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


class Terminal:
    """Writes a document for reading in a terminal."""

    def __init__(self, columns: int, color: bool) -> None:
        self.columns = columns
        self.color = color

    def styled(self, text: str, *styles: str) -> str:
        if not self.color:
            return text
        for s in styles:
            if s in STYLES:
                on, off = STYLES[s]
                text = f"\x1b[{on}m{text}\x1b[{off}m"
            else:
                text = f"\x1b[{s}m{text}\x1b[39m"
        return text

    def inline(self, pieces: list[Any]) -> str:
        return "".join(map(self.piece, pieces))

    def piece(self, x: Any) -> str:
        if isinstance(x, str):
            return x
        if isinstance(x, P.Code):
            return self.styled(x.code, "36")
        if isinstance(x, P.LaTeX):
            return self.styled(x.formula, "35")
        if isinstance(x, P.Bold):
            return self.styled(self.inline(x.text), "bold")
        if isinstance(x, P.Italic):
            return self.styled(self.inline(x.text), "underline")
        if isinstance(x, P.Link):
            text = self.inline(x.text)
            if x.url.startswith("@ref") or text == x.url:
                return text
            return f"{text} ({x.url})"
        if isinstance(x, P.Image):
            return f"(Image: {x.alt})"
        if isinstance(x, P.Footnote):
            return self.styled(f"[^{x.id}]", "bold")
        if isinstance(x, P.LineBreak):
            return "\v"
        return str(x)

    def blocks(self, content: list[Any], columns: int) -> list[str]:
        out: list[str] = []
        for i, block in enumerate(content):
            if i:
                out.append("")
            out += self.block(block, columns)
        return out

    def block(self, x: Any, columns: int) -> list[str]:
        if isinstance(x, P.Paragraph):
            return ["  " + line for line in wrap(self.inline(x.content), columns - 4)]
        if isinstance(x, P.Header):
            text = self.inline(x.text)
            bar = UNDERLINES[x.level] * min(width(text), columns)
            return ["  " + self.styled(text, "bold"), ("  " + self.styled(bar, "bold")).rstrip()]
        if isinstance(x, P.Code):
            return ["  " + self.styled(line, "36") for line in x.code.split("\n")]
        if isinstance(x, P.LaTeX):
            return ["  " + self.styled(line, "35") for line in x.formula.split("\n")]
        if isinstance(x, P.HorizontalRule):
            return ["  " + "─" * (columns - 4)]
        if isinstance(x, P.BlockQuote):
            return ["  │" + line for line in self.blocks(x.content, columns - 10)]
        if isinstance(x, P.Admonition):
            head = "  │ " + self.styled(x.title, "bold")
            inner = self.blocks(x.content, columns - 10)
            return [head, "  │", *(("  │" + line).rstrip() for line in inner)]
        if isinstance(x, P.List):
            return self.listing(x, columns)
        if isinstance(x, P.Table):
            return self.table(x)
        if isinstance(x, P.Footnote):
            inner = self.blocks(x.text, columns - 10)
            return [f"  │ [^{x.id}]", "  │", *("  │" + line for line in inner)]
        if isinstance(x, P.MD):
            return self.blocks(x.content, columns)
        return ["  " + self.piece(x)]

    def listing(self, x: Any, columns: int) -> list[str]:
        out: list[str] = []
        for i, item in enumerate(x.items):
            mark = f"{x.ordered + i}. " if x.ordered >= 0 else "•  "
            inner = self.blocks(item, columns - 4 - len(mark))
            if i and x.loose:
                out.append("")
            first = inner[0][2:] if inner else ""
            out.append("    " + mark + first)
            out += [(" " * (4 + len(mark)) + line[2:]).rstrip() for line in inner[1:]]
        return out

    def table(self, x: Any) -> list[str]:
        rows = [[self.inline(c) for c in row] for row in x.rows]
        widths = [max(3, *(width(r[j]) for r in rows)) for j in range(len(x.align))]

        def padded(text: str, w: int, a: str) -> str:
            space = w - width(text)
            if a == "l":
                return text + " " * space
            if a == "c":
                return " " * (space // 2) + text + " " * (space - space // 2)
            return " " * space + text

        lines = [
            "  " + " ".join(padded(c, w, a) for c, w, a in zip(r, widths, x.align, strict=True))
            for r in rows
        ]
        rule = "  " + " ".join("–" * w for w in widths)
        return [lines[0].rstrip(), rule, *(line.rstrip() for line in lines[1:])]


def terminal(md: Any, columns: int = 80, color: bool = False) -> str:
    """A document for the terminal."""
    return "\n".join(Terminal(columns, color).blocks(md.content, columns))


# ---------------------------------------------------------------- Markdown again


def plain_inline(pieces: list[Any]) -> str:
    return "".join(map(plain_piece, pieces))


def plain_piece(x: Any) -> str:
    if isinstance(x, str):
        return x
    if isinstance(x, P.Code):
        return f"`{x.code}`"
    if isinstance(x, P.LaTeX):
        return f"${x.formula}$"
    if isinstance(x, P.Bold):
        return f"**{plain_inline(x.text)}**"
    if isinstance(x, P.Italic):
        return f"*{plain_inline(x.text)}*"
    if isinstance(x, P.Link):
        return f"[{plain_inline(x.text)}]({x.url})"
    if isinstance(x, P.Image):
        return f"![{x.alt}]({x.url})"
    if isinstance(x, P.Footnote):
        return f"[^{x.id}]"
    return "\\\n" if isinstance(x, P.LineBreak) else str(x)


def plain_block(x: Any) -> str:
    if isinstance(x, P.Paragraph):
        return plain_inline(x.content) + "\n"
    if isinstance(x, P.Header):
        return "#" * x.level + " " + plain_inline(x.text) + "\n"
    if isinstance(x, P.Code):
        return f"```{x.language}\n{x.code}\n```\n"
    if isinstance(x, P.LaTeX):
        return f"$$\n{x.formula}\n$$\n"
    if isinstance(x, P.HorizontalRule):
        return "---\n"
    if isinstance(x, P.BlockQuote):
        inner = plain(x.content).rstrip("\n").split("\n")
        return "".join(f"> {line}\n" for line in inner)
    if isinstance(x, P.Admonition):
        inner = plain(x.content).rstrip("\n").split("\n")
        return f'!!! {x.category} "{x.title}"\n' + "".join(f"    {line}\n" for line in inner)
    if isinstance(x, P.List):
        out = ""
        for i, item in enumerate(x.items):
            mark = f"{x.ordered + i}. " if x.ordered >= 0 else "  * "
            lines = plain(item).rstrip("\n").split("\n")
            out += mark + lines[0] + "\n"
            out += "".join(" " * len(mark) + line + "\n" for line in lines[1:])
        return out
    if isinstance(x, P.Table):
        rows = [[plain_inline(c) for c in row] for row in x.rows]
        widths = [max(3, *(len(r[j]) for r in rows)) for j in range(len(x.align))]

        def bar(a: str, w: int) -> str:
            return {"l": ":" + "-" * (w - 1), "r": "-" * (w - 1) + ":"}.get(
                a, ":" + "-" * (w - 2) + ":"
            )

        lines = [
            " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows
        ]
        rule = " | ".join(bar(a, w) for a, w in zip(x.align, widths, strict=True))
        return "".join(f"| {line} |\n" for line in (lines[0], rule, *lines[1:]))
    if isinstance(x, P.Footnote):
        return f"[^{x.id}]: {plain(x.text)}"
    return plain_piece(x) + "\n"


def plain(content: list[Any]) -> str:
    """Blocks as Markdown."""
    return "\n".join(map(plain_block, content))


# ---------------------------------------------------------------- HTML


def html_inline(pieces: list[Any]) -> str:
    return "".join(map(html_piece, pieces))


def html_piece(x: Any) -> str:
    if isinstance(x, str):
        return html.escape(x)
    if isinstance(x, P.Code):
        return f"<code>{html.escape(x.code)}</code>"
    if isinstance(x, P.LaTeX):
        return f"&#36;{html.escape(x.formula)}&#36;"
    if isinstance(x, P.Bold):
        return f"<strong>{html_inline(x.text)}</strong>"
    if isinstance(x, P.Italic):
        return f"<em>{html_inline(x.text)}</em>"
    if isinstance(x, P.Link):
        return f'<a href="{html.escape(x.url)}">{html_inline(x.text)}</a>'
    if isinstance(x, P.Image):
        return f'<img src="{html.escape(x.url)}" alt="{html.escape(x.alt)}" />'
    if isinstance(x, P.Footnote):
        return f'<a href="#footnote-{x.id}" class="footnote">[{x.id}]</a>'
    return "<br />\n" if isinstance(x, P.LineBreak) else html.escape(str(x))


def html_block(x: Any) -> str:
    if isinstance(x, P.Paragraph):
        return f"<p>{html_inline(x.content)}</p>\n"
    if isinstance(x, P.Header):
        return f"<h{x.level}>{html_inline(x.text)}</h{x.level}>\n"
    if isinstance(x, P.Code):
        kind = f' class="language-{x.language}"' if x.language else ""
        return f"<pre><code{kind}>{html.escape(x.code)}</code></pre>\n"
    if isinstance(x, P.LaTeX):
        return f'<p class="math">\\[{html.escape(x.formula)}\\]</p>\n'
    if isinstance(x, P.HorizontalRule):
        return "<hr />\n"
    if isinstance(x, P.BlockQuote):
        return f"<blockquote>\n{html_text(x.content)}</blockquote>\n"
    if isinstance(x, P.Admonition):
        title = f'<p class="admonition-title">{html.escape(x.title)}</p>'
        return f'<div class="admonition {x.category}">{title}\n{html_text(x.content)}</div>\n'
    if isinstance(x, P.List):
        tag = "ol" if x.ordered >= 0 else "ul"
        items = "".join(f"<li>\n{html_text(item)}</li>\n" for item in x.items)
        return f"<{tag}>\n{items}</{tag}>\n"
    if isinstance(x, P.Table):
        names = {"l": "left", "r": "right", "c": "center"}
        out = "<table>"
        for i, row in enumerate(x.rows):
            tag = "td" if i else "th"
            cells = "".join(
                f'<{tag} align="{names[a]}">{html_inline(c)}</{tag}>'
                for c, a in zip(row, x.align, strict=True)
            )
            out += f"<tr>{cells}</tr>"
        return out + "</table>\n"
    return html_piece(x)


def html_text(content: list[Any]) -> str:
    """Blocks as HTML."""
    return "".join(map(html_block, content))
