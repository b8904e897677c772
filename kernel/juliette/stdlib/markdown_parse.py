"""Markdown as a tree: Julia's flavour, with its admonitions, footnotes, tables and mathematics."""

from __future__ import annotations

import re
from typing import Any


class Node:
    """Base of the pieces of a document; `parts` are the fields of the Julia type."""

    parts: tuple[str, ...] = ()

    def __init__(self, *values: Any) -> None:
        for name, value in zip(self.parts, values, strict=True):
            setattr(self, name, value)


def node(name: str, fields: str) -> Any:
    names = tuple(fields.split())
    return type(name, (Node,), {"parts": names, "__doc__": f"Markdown.{name}"})


MD = node("MD", "content meta")
Header = node("Header", "level text")
Paragraph = node("Paragraph", "content")
Code = node("Code", "language code")
BlockQuote = node("BlockQuote", "content")
Admonition = node("Admonition", "category title content")
List = node("List", "items ordered loose")
HorizontalRule = node("HorizontalRule", "")
Table = node("Table", "rows align")
LaTeX = node("LaTeX", "formula")
Footnote = node("Footnote", "id text")
Bold = node("Bold", "text")
Italic = node("Italic", "text")
Link = node("Link", "text url")
Image = node("Image", "url alt")
LineBreak = node("LineBreak", "")
KINDS = {
    cls.__name__: cls
    for cls in (
        MD,
        Header,
        Paragraph,
        Code,
        BlockQuote,
        Admonition,
        List,
        HorizontalRule,
        Table,
        LaTeX,
        Footnote,
        Bold,
        Italic,
        Link,
        Image,
        LineBreak,
    )
}

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*(.*?)\s*$")
_HEADER = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
_BULLET = re.compile(r"^( {0,3})([-*+•])(\s+)(.*)$")
_NUMBER = re.compile(r"^( {0,3})(\d+)[.)](\s+)(.*)$")
_ADMONITION = re.compile(r'^!!!\s+(\w+)(?:\s+"(.*)")?\s*$')
_FOOTNOTE = re.compile(r"^\[\^(\w+)\]:\s*(.*)$")


def parse(text: str) -> Any:
    """The document of a text."""
    return MD(blocks(text.expandtabs(4).split("\n")), {})


def blocks(lines: list[str]) -> list[Any]:
    """The blocks of some lines."""
    out: list[Any] = []
    i = 0
    while i < len(lines):
        line = lines[i]
        if not line.strip():
            i += 1
            continue
        for rule in RULES:
            found = rule(lines, i)
            if found is not None:
                piece, i = found
                out.append(piece)
                break
        else:
            piece, i = paragraph(lines, i)
            out.append(piece)
    return out


def fence(lines: list[str], i: int) -> Any:
    found = _FENCE.match(lines[i])
    if found is None:
        return None
    mark, language = found.groups()
    j = i + 1
    body = []
    while j < len(lines) and not re.match(rf"^ {{0,3}}{mark[0]}{{{len(mark)},}}\s*$", lines[j]):
        body.append(lines[j])
        j += 1
    text = "\n".join(body)
    piece = LaTeX(text.strip()) if language == "math" else Code(language, text)
    return piece, j + 1


def indented(lines: list[str], i: int) -> Any:
    if not lines[i].startswith("    "):
        return None
    body = []
    while i < len(lines) and (lines[i].startswith("    ") or not lines[i].strip()):
        body.append(lines[i][4:])
        i += 1
    return Code("", "\n".join(body).strip("\n")), i


def header(lines: list[str], i: int) -> Any:
    found = _HEADER.match(lines[i])
    if found is not None:
        return Header(len(found.group(1)), inline(found.group(2))), i + 1
    following = lines[i + 1].strip() if i + 1 < len(lines) else ""
    if following and set(following) in ({"="}, {"-"}) and not _BULLET.match(lines[i]):
        return Header(1 if following[0] == "=" else 2, inline(lines[i].strip())), i + 2
    return None


def rule(lines: list[str], i: int) -> Any:
    return (HorizontalRule(), i + 1) if _RULE.match(lines[i]) else None


def quote(lines: list[str], i: int) -> Any:
    if not lines[i].lstrip().startswith(">"):
        return None
    body = []
    while i < len(lines) and lines[i].lstrip().startswith(">"):
        body.append(re.sub(r"^\s*> ?", "", lines[i]))
        i += 1
    return BlockQuote(blocks(body)), i


def taken(lines: list[str], i: int, width: int) -> tuple[list[str], int]:
    """The lines that are indented by some blanks, which are cut off."""
    body: list[str] = []
    while i < len(lines) and (not lines[i].strip() or lines[i].startswith(" " * width)):
        body.append(lines[i][width:])
        i += 1
    blank = 0
    while body and not body[-1].strip():
        body.pop()
        blank += 1
    return body, i - blank


def admonition(lines: list[str], i: int) -> Any:
    found = _ADMONITION.match(lines[i])
    if found is None:
        return None
    category, title = found.groups()
    body, j = taken(lines, i + 1, 4)
    return Admonition(category, title or category.capitalize(), blocks(body)), j


def footnote(lines: list[str], i: int) -> Any:
    found = _FOOTNOTE.match(lines[i])
    if found is None:
        return None
    body, j = taken(lines, i + 1, 4)
    return Footnote(found.group(1), blocks([found.group(2), *body])), j


def listing(lines: list[str], i: int) -> Any:
    found = _BULLET.match(lines[i]) or _NUMBER.match(lines[i])
    if found is None:
        return None
    pattern = _BULLET if _BULLET.match(lines[i]) else _NUMBER
    ordered = -1 if pattern is _BULLET else int(found.group(2))
    items = []
    loose = False
    while i < len(lines):
        found = pattern.match(lines[i])
        if found is None:
            break
        width = len(lines[i]) - len(found.group(4))
        body = [found.group(4)]
        i += 1
        while i < len(lines):
            line = lines[i]
            if line.startswith(" " * min(width, 4)) and line.strip():
                body.append(line[min(width, len(line) - len(line.lstrip())) :])
            elif (
                not line.strip()
                and i + 1 < len(lines)
                and (lines[i + 1].startswith("  ") and lines[i + 1].strip())
            ):
                body.append("")
            elif line.strip() and not starts_block(line) and body[-1].strip():
                body.append(line.strip())
            else:
                break
            i += 1
        items.append(blocks(body))
        gap = i
        while gap < len(lines) and not lines[gap].strip():
            gap += 1
        if gap < len(lines) and pattern.match(lines[gap]):
            loose = loose or gap > i
            i = gap
    return List(items, ordered, loose), i


def starts_block(line: str) -> bool:
    return bool(
        _BULLET.match(line)
        or _NUMBER.match(line)
        or _HEADER.match(line)
        or _FENCE.match(line)
        or _RULE.match(line)
        or line.lstrip().startswith(">")
    )


def table(lines: list[str], i: int) -> Any:
    if i + 1 >= len(lines) or "|" not in lines[i]:
        return None
    if not re.match(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$", lines[i + 1]):
        return None

    def cells(line: str) -> list[str]:
        parts = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
        return [p.strip().replace("\\|", "|") for p in parts]

    align = []
    for mark in cells(lines[i + 1]):
        left, right = mark.startswith(":"), mark.endswith(":")
        align.append("c" if left and right else "l" if left else "r")
    rows = [[inline(c) for c in cells(lines[i])]]
    i += 2
    while i < len(lines) and "|" in lines[i]:
        row = [inline(c) for c in cells(lines[i])]
        rows.append((row + [[] for _ in align])[: len(align)])
        i += 1
    return Table(rows, align), i


def paragraph(lines: list[str], i: int) -> Any:
    body: list[str] = []
    while i < len(lines) and lines[i].strip():
        if body and starts_block(lines[i]) and not _NUMBER.match(lines[i]):
            break
        hard = lines[i].endswith(("  ", "\\"))
        body.append(lines[i].strip().removesuffix("\\") + ("\v" if hard else ""))
        i += 1
    text = " ".join(body).replace("\v ", "\v").removesuffix("\v")
    return Paragraph(inline(text)), i


RULES = (fence, admonition, footnote, header, rule, listing, indented, quote, table)

# ---------------------------------------------------------------- inside a line

_INLINE = re.compile(
    r"(?P<escape>\\[\\`*_{}\[\]()#+\-.!|$<>\"'])"
    r"|(?P<code>(?P<ticks>`+)(?P<body>.+?)(?<!`)(?P=ticks)(?!`))"
    r"|(?P<math>\$(?P<formula>[^$]+)\$)"
    r"|(?P<image>!\[(?P<alt>[^\]]*)\]\((?P<source>[^)]*)\))"
    r"|(?P<note>\[\^(?P<id>\w+)\])"
    r"|(?P<link>\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<url>[^)]*)\))"
    r"|(?P<auto><(?P<address>https?://[^>]+)>)"
    r"|(?P<bold>(?P<two>\*\*|__)(?P<strong>.+?)(?P=two))"
    r"|(?P<italic>(?P<one>\*|_)(?=\S)(?P<em>.+?)(?<=\S)(?P=one))"
    r"|(?P<line>\v)",
    re.DOTALL,
)


def inline(text: str) -> list[Any]:
    """The pieces of a line: text, code, emphasis, links."""
    out: list[Any] = []

    def plain(s: str) -> None:
        if not s:
            return
        if out and isinstance(out[-1], str):
            out[-1] += s
        else:
            out.append(s)

    at = 0
    for m in _INLINE.finditer(text):
        if m.start() < at:
            continue
        inside_word = m.lastgroup is not None and m.group("italic") and m.group("one") == "_"
        if inside_word and m.start() and text[m.start() - 1].isalnum():
            continue
        plain(text[at : m.start()])
        at = m.end()
        kind = m.group
        if kind("escape"):
            plain(kind("escape")[1:])
        elif kind("code"):
            body = kind("body").strip()
            out.append(LaTeX(body) if len(kind("ticks")) == 2 else Code("", body))
        elif kind("math"):
            out.append(LaTeX(kind("formula")))
        elif kind("image"):
            out.append(Image(kind("source"), kind("alt")))
        elif kind("note"):
            out.append(Footnote(kind("id"), None))
        elif kind("link"):
            out.append(Link(inline(kind("text")), kind("url")))
        elif kind("auto"):
            out.append(Link([kind("address")], kind("address")))
        elif kind("bold"):
            out.append(Bold(inline(kind("strong"))))
        elif kind("italic"):
            out.append(Italic(inline(kind("em"))))
        else:
            out.append(LineBreak())
    plain(text[at:])
    return out
