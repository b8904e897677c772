"""Markdown from text, in Julia's flavour: with admonitions, footnotes, tables and mathematics.

A stream is tried by one kind of block after the other; inside of them, by what a character
triggers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from juliette.stdlib.markdown_elements import anys, document, header, make
from juliette.syntax.expr import Symbol
from juliette.syntax.names import is_name_part, is_name_start

_BLANKS = " \t\r"
_ESCAPED = "\\`*_#+-.!{}[]()$"
_BULLET = re.compile(r"^ {0,3}(\*|\+|-)( |$)")
_ANY_BULLET = re.compile(r"^ {0,3}(\*|\+|-|\d+(\.|\)))( |$)")
_LINK = re.compile(r"^(.*)://(\S+?)(:\S*)?$")
_MAIL = re.compile(
    r"^mailto:[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*$", re.IGNORECASE
)
_TITLED = re.compile(r'^([a-z]+)(?: "(.*)")?$')


class Stream:
    """A text, and how far it was read."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def eof(self) -> bool:
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def read(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def line(self, keep: bool = False) -> str:
        """The rest of the line."""
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end + 1
        line, self.at = self.text[self.at : end], end
        return line if keep else line.removesuffix("\n").removesuffix("\r")

    def eat(self, text: str) -> bool:
        """Read a text, if it comes next."""
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def match(self, pattern: re.Pattern[str], eat: bool = True) -> re.Match[str] | None:
        """What a pattern finds at the start of what is left of the line."""
        end = self.text.find("\n", self.at)
        found = pattern.match(self.text[self.at : len(self.text) if end < 0 else end])
        if found is not None and eat:
            self.at += found.end()
        return found

    def count(self, c: str) -> int:
        """Read a character as often as it comes."""
        start = self.at
        while self.peek() == c:
            self.at += 1
        return self.at - start

    def indented(self) -> bool:
        """Is there more than the three blanks that mean nothing? Reads them if not."""
        start = self.at
        if self.count(" ") <= 3:
            return False
        self.at = start
        return True

    def blank_line(self) -> bool:
        """Read a line with nothing in it."""
        start = self.at
        if self.line().strip(_BLANKS):
            self.at = start
            return False
        return True

    def skip_blank(self) -> None:
        """Go on to the first line with something in it."""
        start = self.at
        while not self.eof():
            c = self.read()
            if c in "\n\r":
                start = self.at
            elif c not in _BLANKS:
                break
        self.at = start

    def until(self, end: str, nested: str = "") -> str | None:
        """The text up to a delimiter on the same line; `nested` opens an inner pair."""
        start, depth = self.at, 0
        out: list[str] = []
        while not self.eof():
            if self.eat(end):
                if depth == 0:
                    return "".join(out)
                depth -= 1
                out.append(end)
                continue
            c = self.read()
            depth += bool(nested) and c == nested
            if c == "\n":
                break
            out.append(c)
        self.at = start
        return None

    def indented_block(self, first: str = "", tabs: bool = False) -> str:
        """Lines that are indented by four blanks, and the blank ones among them."""
        out = [first]
        while not self.eof():
            if self.eat("    ") or (tabs and self.eat("\t")):
                out.append(self.line(keep=True))
            elif self.blank_line():
                out.append("\n")
            else:
                break
        return "".join(out)


def parse(text: str) -> Any:
    """The document of a text."""
    return document(blocks(Stream(text)))


def blocks(s: Stream) -> list[Any]:
    out: list[Any] = []
    while block(s, out):
        pass
    return out


def block(s: Stream, out: list[Any], breaking: bool = False) -> bool:
    """Read one block; with `breaking` only such as may end a paragraph."""
    s.skip_blank()
    if s.eof():
        return False
    for parser in BREAKING if breaking else (*BREAKING, *REGULAR):
        start = s.at
        if parser(s, out):
            return True
        s.at = start
    return False


# ---------------------------------------------------------------- blocks


def hash_header(s: Stream, out: list[Any]) -> bool:
    if s.indented():
        return False
    level = s.count("#")
    if not 1 <= level <= 6:
        return False
    c = " " if s.eof() else s.read()
    if c not in " \n":
        return False
    if c == "\n":
        out.append(header("", level))
        return True
    found = re.match(r"(.*?)( +#+)?$", s.line().strip())
    out.append(header(inline(found[1] if found else ""), level))
    return True


def underlined_header(s: Stream, out: list[Any]) -> bool:
    if s.indented():
        return False
    text = s.line().strip()
    if not text or s.indented():
        return False
    bar = s.line().strip()
    if len(bar) < 3 or bar[0] not in "-=" or set(bar) != {bar[0]}:
        return False
    out.append(header(inline(text), 1 if bar[0] == "=" else 2))
    return True


def fenced_code(s: Stream, out: list[Any]) -> bool:
    s.count(" ")
    fence = s.peek()
    n = s.count(fence) if fence and fence in "`~" else 0
    if n < 3:
        return False
    flavor = s.line().strip()
    if fence in flavor:
        return False
    lines: list[str] = []
    while not s.eof():
        start = s.at
        if s.count(fence) == n:
            code = "".join(lines).removesuffix("\n")
            out.append(make("LaTeX", code) if flavor == "math" else make("Code", flavor, code))
            return True
        s.at = start
        lines.append(s.line(keep=True))
    return False


def indented_code(s: Stream, out: list[Any]) -> bool:
    code = s.indented_block(tabs=True)
    if not code:
        return False
    out.append(make("Code", "", code.rstrip()))
    return True


def footnote(s: Stream, out: list[Any]) -> bool:
    found = s.match(re.compile(r"^\[\^(\w+)\]:"))
    if found is None:
        return False
    text = s.indented_block(s.line(keep=True))
    out.append(make("Footnote", found[1], blocks(Stream(text))))
    return True


def quotation(s: Stream, out: list[Any]) -> bool:
    lines = []
    while not s.indented() and s.eat(">"):
        s.eat(" ")
        lines.append(s.line(keep=True))
    if not lines:
        return False
    out.append(make("BlockQuote", blocks(Stream("".join(lines)))))
    return True


def admonition(s: Stream, out: list[Any]) -> bool:
    if not s.eat("!!! "):
        return False
    found = _TITLED.match(s.line().strip())
    if found is None:
        return False
    title = found[2] if found[2] is not None else found[1][:1].upper() + found[1][1:]
    out.append(make("Admonition", found[1], title, blocks(Stream(s.indented_block()))))
    return True


def listing(s: Stream, out: list[Any]) -> bool:
    bullet = s.match(_ANY_BULLET, eat=False)
    if bullet is None:
        return False
    indent = " " * len(bullet[0])
    ordered, pattern = -1, _BULLET
    if not _BULLET.match(bullet[0]):
        mark = bullet[2]
        pattern = re.compile(rf"^ {{0,3}}(\d+)\{mark}( |$)")
        ordered = int(re.findall(r"\d+", bullet[0])[0])
    items: list[Any] = []
    text: list[str] = []
    newline = loose = False

    def finish() -> None:
        items.append(anys(blocks(Stream("".join(text)))))
        text.clear()

    count = 0
    while not s.eof():
        if s.eat("\n"):
            if newline:
                finish()
                break
            newline = True
            text.append("\n")
            continue
        if s.eat(indent):
            text.append(s.line(keep=True))
        elif s.match(pattern) is not None:
            count += 1
            if count > 1:
                finish()
            text.append(s.line(keep=True))
        else:
            finish()
            break
        loose = loose or newline
        newline = False
    if count != len(items):
        finish()
    out.append(make("List", items, ordered, loose))
    return True


def rule(s: Stream, out: list[Any]) -> bool:
    marks = "".join(s.line().split())
    if len(marks) < 3 or marks[0] not in "*-" or set(marks) != {marks[0]}:
        return False
    out.append(make("HorizontalRule"))
    return True


def row_of(s: Stream) -> list[str] | None:
    """The cells of a line of a table."""
    start = s.at
    cells = re.split(r"(?<!\\)\|", s.line())
    if len(cells) == 1:
        s.at = start
        return None
    if not cells[0]:
        del cells[0]
    cells = [c.replace("\\|", "|").strip() for c in cells]
    if not cells[-1]:
        cells.pop()
    return cells


def alignments(row: list[str]) -> list[Symbol] | None:
    out = []
    for cell in row:
        if len(cell) < 3 or not set(cell) <= {"-", ":"}:
            return None
        left, right = cell[0] == ":", cell[-1] == ":"
        out.append(Symbol("c" if left and right else "l" if left else "r"))
    return out


def table(s: Stream, out: list[Any]) -> bool:
    s.skip_blank()
    rows: list[Any] = []
    align: list[Symbol] | None = None
    width = 0
    while (row := row_of(s)) is not None:
        if not rows:
            if not row or not row[0]:
                return False
            width = len(row)
        if align is None and len(rows) == 1:
            align = alignments(row)
            if align is None or len(align) != width:
                return False
            continue
        row = (row + [""] * width)[:width]
        rows.append(anys([anys(inline(cell)) for cell in row]))
    if len(rows) <= 1 and align is None:
        return False
    out.append(make("Table", rows, align))
    return True


def tex_block(s: Stream, out: list[Any]) -> bool:
    found = dollars(s)
    if found is None:
        return False
    out.append(found)
    return True


def interpolated_block(s: Stream, out: list[Any]) -> bool:
    found = interpolated(s)
    if found is None:
        return False
    out.append(found)
    return True


def paragraph(s: Stream, out: list[Any]) -> bool:
    piece = make("Paragraph", [])
    out.append(piece)
    while not s.eof() and s.peek() in " \t\r\n":
        s.read()
    text: list[str] = []
    before = "\n"
    while not s.eof():
        c = s.read()
        if c in "\n\r":
            if c == "\r":
                s.eat("\n")
            if before == "\\":
                text.append("\n")
            elif s.blank_line() or block(s, out, breaking=True):
                break
            else:
                text.append(" ")
        else:
            text.append(c)
        before = c
    piece.content = anys(inline("".join(text)))
    return True


BREAKING: tuple[Callable[[Stream, list[Any]], bool], ...] = (
    interpolated_block,
    hash_header,
    listing,
    fenced_code,
    quotation,
    admonition,
)
REGULAR: tuple[Callable[[Stream, list[Any]], bool], ...] = (
    tex_block,
    indented_code,
    footnote,
    table,
    rule,
    underlined_header,
    paragraph,
)

# ---------------------------------------------------------------- within a line


def inline(text: str) -> list[Any]:
    """The pieces of a line: strings, and what is marked."""
    s = Stream(text)
    out: list[Any] = []
    plain: list[str] = []
    while not s.eof():
        for parser in _TRIGGERS.get(s.peek(), ()):
            start = s.at
            found = parser(s)
            if found is not None:
                if plain:
                    out.append("".join(plain))
                    plain.clear()
                out.append(found)
                break
            s.at = start
        else:
            plain.append(s.read())
    if plain:
        out.append("".join(plain))
    return out


def wrapped(s: Stream, mark: str, least: int, repeated: bool = False) -> str | None:
    """What stands between two equal runs of a mark, without blanks at their inner sides."""
    if s.at >= 1 and s.text[s.at - 1] == mark:
        return None
    n = s.count(mark)
    if n < least or (n > least and not repeated):
        return None
    if s.peek() and s.peek() in _BLANKS:
        return None
    out: list[str] = []
    while not s.eof():
        c = s.read()
        out.append(c)
        if c not in _BLANKS and c != "\n" and c != mark and s.eat(mark * n):
            trailing = s.count(mark)
            if trailing == 0:
                return "".join(out)
            out.append(mark * (n + trailing))
    return None


def emphasis(name: str, mark: str, n: int) -> Callable[[Stream], Any]:
    def parser(s: Stream) -> Any:
        found = wrapped(s, mark, n)
        return None if found is None else make(name, inline(found))

    return parser


def code(s: Stream) -> Any:
    """An odd number of backticks makes code, an even one mathematics."""
    ticks = "`" * s.count("`")
    text = s.until(ticks)
    if text is None:
        return None
    return make("Code", "", text.strip()) if len(ticks) % 2 else make("LaTeX", text.strip())


def target(s: Stream) -> tuple[str, str] | None:
    """`[text](url)`"""
    text = s.until("]", "[")
    if text is None:
        return None
    while not s.eof() and s.peek() in " \t\r\n":
        s.read()
    if not s.eat("("):
        return None
    url = s.until(")", "(")
    return None if url is None else (text, url)


def image(s: Stream) -> Any:
    found = target(s) if s.eat("![") else None
    return None if found is None else make("Image", found[1], found[0])


def link(s: Stream) -> Any:
    found = target(s) if s.eat("[") else None
    return None if found is None else make("Link", inline(found[0]), found[1])


def footnote_link(s: Stream) -> Any:
    found = s.match(re.compile(r"^\[\^(\w+)\]"))
    return None if found is None else make("Footnote", found[1], None)


def autolink(s: Stream) -> Any:
    url = s.until(">") if s.eat("<") else None
    if url is None or "<" in url:
        return None
    return make("Link", url, url) if _LINK.match(url) or _MAIL.match(url) else None


def line_break(s: Stream) -> Any:
    return make("LineBreak") if s.eat("\\\n") else None


def escape(s: Stream) -> Any:
    s.read()
    return s.read() if s.peek() and s.peek() in _ESCAPED else None


def dash(s: Stream) -> Any:
    return "–" if s.eat("--") else None


def dollars(s: Stream) -> Any:
    found = wrapped(s, "$", 1, repeated=True)
    return None if found is None else make("LaTeX", found)


def interpolated(s: Stream) -> Any:
    """`$name` or `$(code)`: the code, whose value is to stand there."""
    if not s.eat("$"):
        return None
    if s.peek() and is_name_start(s.peek()):
        start = s.at
        while s.peek() and is_name_part(s.peek()):
            s.at += 1
        return Symbol(s.text[start : s.at])
    if s.peek() != "(":
        return None
    end = s.at
    while (end := s.text.find(")", end + 1)) >= 0:
        e = code_of(s.text[s.at + 1 : end])
        if e is not None:
            s.at = end + 1
            return e
    return None


def code_of(text: str) -> Any:
    """The code of a text, if it is complete."""
    from juliette.compiler.session import literal
    from juliette.syntax import ParseError, parse_one, to_expr

    try:
        return to_expr(parse_one(f"({text})")[0], literal)
    except ParseError:
        return None


_TRIGGERS: dict[str, tuple[Callable[[Stream], Any], ...]] = {
    "\\": (line_break, escape),
    "$": (dollars, interpolated),
    "-": (dash,),
    "`": (code,),
    "*": (emphasis("Bold", "*", 2), emphasis("Italic", "*", 1)),
    "_": (emphasis("Bold", "_", 2), emphasis("Italic", "_", 1)),
    "!": (image,),
    "[": (footnote_link, link),
    "<": (autolink,),
}
