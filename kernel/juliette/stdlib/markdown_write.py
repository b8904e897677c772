"""Markdown documents as text: as Markdown again, as HTML, LaTeX and reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from juliette.display.io import IO, Text
from juliette.display.show import PLAIN, SHOW
from juliette.runtime import values as V
from juliette.stdlib.markdown_elements import items, kind, level

Writer = Callable[[Any], str]


def other(x: Any) -> str:
    """What is no piece of a document, such as an interpolated value."""
    if isinstance(x, str):
        return str(x)
    text = Text()
    SHOW(IO(text), PLAIN, x)
    return text.value()


def joined(write: Writer, x: Any) -> str:
    return "".join(map(write, items(x)))


def title_of(x: Any) -> str:
    return "" if x.title == x.category[:1].upper() + x.category[1:] else f' "{x.title}"'


def number(x: Any, i: int) -> str:
    """The number of an item in an ordered list, counted from 0."""
    return f"{i + x.ordered}. "


def align(x: Any, j: int) -> str:
    return items(x.align)[j].name


def padded_cells(
    x: Any, cells: list[list[str]], least: int, width: Callable[[str], int] = len
) -> list[list[str]]:
    """The cells of a table filled with blanks to the width of their columns."""
    widths = [max(least, *(width(row[j]) for row in cells)) for j in range(len(cells[0]))]
    out = []
    for row in cells:
        filled = []
        for j, cell in enumerate(row):
            missing = widths[j] - width(cell)
            left = {"l": 0, "r": missing}.get(align(x, j), missing // 2)
            filled.append(" " * left + cell + " " * (missing - left))
        out.append(filled)
    return out


# ---------------------------------------------------------------- Markdown


def plain(x: Any) -> str:
    """A block as Markdown."""
    write = _PLAIN.get(kind(x))
    if write is not None:
        return write(x)
    return "\n".join(map(plain, items(x))) if items(x) != [x] else other(x) + "\n"


def plain_inline(x: Any) -> str:
    """A piece of a line as Markdown."""
    write = _PLAIN_INLINE.get(kind(x))
    if write is not None:
        return write(x)
    return joined(plain_inline, x) if items(x) != [x] else other(x)


def plain_blocks(content: Any) -> str:
    return "\n".join(map(plain, items(content)))


def plain_code(x: Any) -> str:
    n = max([2, *(len(m) for m in re.findall(r"^`+", x.code, re.M))]) + 1
    return f"{'`' * n}{x.language}\n{x.code}\n{'`' * n}\n"


def plain_inline_code(x: Any) -> str:
    if "`" not in x.code:
        return f"`{x.code}`"
    n = max(map(len, re.findall("`+", x.code)))
    ticks = "`" * (n + (2 if n % 2 else 1))
    before = " " if x.code.startswith("`") else ""
    after = " " if x.code.endswith("`") else ""
    return f"{ticks}{before}{x.code}{after}{ticks}"


def plain_list(x: Any) -> str:
    out = []
    for i, item in enumerate(items(x.items)):
        first, *rest = plain_blocks(item).rstrip().split("\n")
        out.append((number(x, i) if x.ordered >= 0 else "  * ") + first)
        out += [f"    {line}" if line else "" for line in rest]
    return "".join(line + "\n" for line in out)


def marked(x: Any, text: str, mark: str) -> str:
    return "".join(
        f"{mark}{line}\n" if line else mark.rstrip() + "\n" for line in text.rstrip().split("\n")
    )


def plain_footnote(x: Any) -> str:
    text = plain_blocks(x.text).rstrip()
    return (
        f"[^{x.id}]: {text}\n" if "\n" not in text else f"[^{x.id}]:\n{marked(x, text, '    ')}\n"
    )


def plain_table(x: Any) -> str:
    cells = [[plain_inline(c).replace("|", "\\|") for c in items(row)] for row in items(x.rows)]
    cells = padded_cells(x, cells, 3)
    bars = []
    for j, cell in enumerate(cells[0]):
        a = align(x, j)
        bars.append((" " if a == "r" else ":") + "-" * len(cell) + (" " if a == "l" else ":"))
    lines = [f"| {' | '.join(row)} |" for row in cells]
    lines.insert(1, f"|{'|'.join(bars)}|")
    return "\n".join(lines) + "\n"


_PLAIN: dict[str, Writer] = {
    "MD": lambda x: plain_blocks(x.content),
    "Header": lambda x: f"{'#' * level(x)} {plain_inline(x.text)}\n",
    "Code": plain_code,
    "Paragraph": lambda x: plain_inline(x.content) + "\n",
    "List": plain_list,
    "BlockQuote": lambda x: marked(x, plain_blocks(x.content), "> ") + "\n",
    "Footnote": plain_footnote,
    "Admonition": lambda x: (
        f"!!! {x.category}{title_of(x)}\n{marked(x, plain_blocks(x.content), '    ')}\n"
    ),
    "HorizontalRule": lambda x: "---\n",
    "LaTeX": lambda x: f"$$\n{x.formula}\n$$\n",
    "Table": plain_table,
}
_PLAIN_INLINE: dict[str, Writer] = {
    "Footnote": lambda x: f"[^{x.id}]",
    "Link": lambda x: f"[{plain_inline(x.text)}]({x.url})",
    "Image": lambda x: f"![{x.alt}]({x.url})",
    "Bold": lambda x: f"**{plain_inline(x.text)}**",
    "Italic": lambda x: f"*{plain_inline(x.text)}*",
    "Code": plain_inline_code,
    "LaTeX": lambda x: f"${x.formula}$",
    "LineBreak": lambda x: "\n",
}

# ---------------------------------------------------------------- HTML

_HTML = {"<": "&lt;", ">": "&gt;", '"': "&quot;", "&": "&amp;"}
_HTML.update({c: f"&#{ord(c)};" for c in "'`!$%()=+{}[]"})


def escaped(text: str) -> str:
    return "".join(_HTML.get(c, c) for c in text)


def tag(name: str, content: str | None, **attributes: str) -> str:
    """An element; without content if there is none."""
    head = name + "".join(f' {k.rstrip("_")}="{escaped(v)}"' for k, v in attributes.items())
    return f"<{head} />" if content is None else f"<{head}>{content}</{name}>"


def html(x: Any) -> str:
    """A block as HTML."""
    write = _HTML_BLOCKS.get(kind(x))
    if write is not None:
        return write(x)
    return html_blocks(x) if items(x) != [x] else other_html(x)


def html_inline(x: Any) -> str:
    """A piece of a line as HTML."""
    write = _HTML_INLINE.get(kind(x))
    if write is not None:
        return write(x)
    if isinstance(x, str):
        return escaped(x)
    return joined(html_inline, x) if items(x) != [x] else other_html(x)


def other_html(x: Any) -> str:
    """The richest form of a value of another kind."""
    from juliette.base.multimedia import showable

    mime = V.MIME("text/html")
    if showable(mime, x):
        text = Text()
        SHOW(IO(text), mime, x)
        return text.value()
    return escaped(other(x))


def html_blocks(content: Any) -> str:
    return "".join(html(x) + "\n" for x in items(content))


def html_code(x: Any) -> str:
    return tag(
        "pre",
        tag(
            "code", escaped(x.code), **({"class_": f"language-{x.language}"} if x.language else {})
        ),
    )


def html_list(x: Any) -> str:
    inner = "".join("\n" + tag("li", html_blocks(item)) for item in items(x.items)) + "\n"
    start = {"start": str(x.ordered)} if x.ordered > 1 else {}
    return tag("ol" if x.ordered >= 0 else "ul", inner, **start)


def html_table(x: Any) -> str:
    sides = {"l": "left", "r": "right", "c": "center"}
    rows = []
    for i, row in enumerate(items(x.rows)):
        cells = (
            tag("td" if i else "th", html_inline(c), align=sides[align(x, j)])
            for j, c in enumerate(items(row))
        )
        rows.append(tag("tr", "".join(cells)))
    return tag("table", "".join(rows))


def html_note(x: Any) -> str:
    title = tag("p", x.title, class_="admonition-title")
    return tag("div", title + html_blocks(x.content), class_=f"admonition {x.category}")


def html_footnote(x: Any) -> str:
    title = tag("p", x.id, class_="footnote-title")
    return tag("div", title + html_blocks(x.text), class_="footnote", id=f"footnote-{x.id}")


_HTML_BLOCKS: dict[str, Writer] = {
    "MD": lambda x: html_blocks(x.content),
    "Header": lambda x: tag(f"h{level(x)}", html_inline(x.text)),
    "Code": html_code,
    "Paragraph": lambda x: tag("p", html_inline(x.content)),
    "List": html_list,
    "BlockQuote": lambda x: tag("blockquote", "\n" + html_blocks(x.content)),
    "Footnote": html_footnote,
    "Admonition": html_note,
    "HorizontalRule": lambda x: tag("hr", None),
    "Table": html_table,
    "LaTeX": lambda x: tag("p", escaped(f"$${x.formula}$$"), class_="math"),
}
_HTML_INLINE: dict[str, Writer] = {
    "Code": lambda x: tag("code", escaped(x.code)),
    "Bold": lambda x: tag("strong", html_inline(x.text)),
    "Italic": lambda x: tag("em", html_inline(x.text)),
    "Image": lambda x: tag("img", None, src=x.url, alt=x.alt),
    "Footnote": lambda x: tag("a", f"[{x.id}]", href=f"#footnote-{x.id}", class_="footnote"),
    "Link": lambda x: tag("a", html_inline(x.text), href=x.url),
    "LineBreak": lambda x: tag("br", None),
    "LaTeX": lambda x: tag("span", escaped(f"${x.formula}$"), class_="math"),
}

# ---------------------------------------------------------------- LaTeX

_LATEX = {
    "~": "{\\sim}",
    "^": "\\^{}",
    "\\": "{\\textbackslash}",
    **{c: "\\" + c for c in "&%$#_{}"},
}


def latex_escaped(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in text)


def environment(name: str, content: str) -> str:
    return f"\\begin{{{name}}}\n{content}\\end{{{name}}}\n"


def latex(x: Any) -> str:
    """A block as LaTeX."""
    write = _LATEX_BLOCKS.get(kind(x))
    if write is not None:
        return write(x)
    return joined(latex, x) if items(x) != [x] else latex_escaped(other(x))


def latex_inline(x: Any) -> str:
    """A piece of a line as LaTeX."""
    write = _LATEX_INLINE.get(kind(x))
    if write is not None:
        return write(x)
    return joined(latex_inline, x) if items(x) != [x] else latex_escaped(other(x))


def latex_header(x: Any) -> str:
    n = level(x)
    name = "sub" * (n - 1) + "section" if n < 4 else "sub" * (n - 4) + "paragraph"
    return f"\\{name}{{{latex_inline(x.text)}}}\n"


def latex_list(x: Any) -> str:
    entries = items(x.items)
    pad = len(str(x.ordered + len(entries))) + 2
    texts = []
    for i, item in enumerate(entries):
        label = f"[{number(x, i).strip():<{pad}}]" if x.ordered >= 0 else ""
        texts.append(f"\\item{label} {joined(latex, item)}")
    return environment("itemize", "\n".join(texts))


def latex_table(x: Any) -> str:
    rows = [" & ".join(map(latex_inline, items(row))) + " \\\\\n" for row in items(x.rows)]
    rows.insert(1, "\\hline\n")
    head = " | ".join(align(x, j) for j in range(len(items(x.align))))
    return environment("tabular", f"{{{head}}}\n" + "".join(rows))


def latex_note(x: Any) -> str:
    return environment(
        "quote", f"\\textbf{{{x.category}}}\n\n{x.title}\n\n{joined(latex, x.content)}"
    )


def latex_image(x: Any) -> str:
    return environment(
        "figure",
        f"\\centering\n\\includegraphics{{{x.url}}}\n\\caption{{{latex_escaped(x.alt)}}}\n",
    )


_LATEX_BLOCKS: dict[str, Writer] = {
    "MD": lambda x: joined(latex, x.content),
    "Header": latex_header,
    "List": latex_list,
    "Table": latex_table,
    "Code": lambda x: environment("verbatim", x.code + "\n"),
    "Admonition": latex_note,
    "Paragraph": lambda x: latex_inline(x.content) + "\n\n",
    "LaTeX": lambda x: f"$${x.formula}$$\n",
    "BlockQuote": lambda x: environment("quote", joined(latex, x.content)),
    "Footnote": lambda x: f"\\footnotetext[{x.id}]{{{joined(latex, x.text)}}}\n",
    "HorizontalRule": lambda x: "\\rule{\\textwidth}{1pt}\n",
}
_LATEX_INLINE: dict[str, Writer] = {
    "Code": lambda x: f"\\texttt{{{latex_escaped(x.code)}}}",
    "Bold": lambda x: f"\\textbf{{{latex_inline(x.text)}}}",
    "Italic": lambda x: f"\\emph{{{latex_inline(x.text)}}}",
    "Image": latex_image,
    "LaTeX": lambda x: f"${x.formula}$",
    "Footnote": lambda x: f"\\footnotemark[{x.id}]",
    "LineBreak": lambda x: "\\\\\n",
    "Link": lambda x: f"\\href{{{x.url}}}{{{latex_inline(x.text)}}}",
}

# ---------------------------------------------------------------- reStructuredText


def rst(x: Any) -> str:
    """A block as reStructuredText."""
    write = _RST.get(kind(x))
    if write is not None:
        return write(x)
    return rst_blocks(x) if items(x) != [x] else other(x) + "\n"


def rst_blocks(content: Any) -> str:
    return "\n".join(map(rst, items(content)))


def rst_inline(x: Any) -> str:
    """A piece of a line as reStructuredText."""
    write = _RST_INLINE.get(kind(x))
    if write is not None:
        return write(x)
    return joined(rst_inline, x) if items(x) != [x] else other(x)


def rst_header(x: Any) -> str:
    text = rst_inline(x.text)
    return f"{text}\n{'*=-~:.'[level(x) - 1] * len(text)}\n\n"


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line + "\n" if line else "\n" for line in text.split("\n"))


def rst_list(x: Any) -> str:
    out = []
    for i, item in enumerate(items(x.items)):
        mark = number(x, i) if x.ordered >= 0 else "* "
        first, *rest = rst_blocks(item).rstrip().split("\n")
        out.append(
            mark
            + first
            + "\n"
            + "".join(" " * len(mark) + line + "\n" if line else "\n" for line in rest)
        )
    return "".join(out)


def rst_footnote(x: Any) -> str:
    text = rst_blocks(x.text).rstrip()
    return f".. [{x.id}] {text}\n" if "\n" not in text else f".. [{x.id}]\n{indented(text, 3)}\n"


def rst_link(x: Any) -> str:
    role = re.match(r":(func|obj|ref|exc|class|const|data):`\.*", x.url)
    return x.url if role else f"`{rst_inline(x.text)} <{x.url}>`_"


def rst_table(x: Any) -> str:
    cells = padded_cells(x, [[rst_inline(c) for c in items(row)] for row in items(x.rows)], 3)

    def bar(c: str) -> str:
        return "+" + "+".join(c * (len(cell) + 2) for cell in cells[0]) + "+\n"

    rows = ["| " + " | ".join(row) + " |\n" for row in cells]
    return bar("-") + rows[0] + bar("=") + "".join(row + bar("-") for row in rows[1:])


_RST: dict[str, Writer] = {
    "MD": lambda x: rst_blocks(x.content),
    "Header": rst_header,
    "List": rst_list,
    "Table": rst_table,
    "Paragraph": lambda x: rst_inline(x.content) + "\n",
    "Footnote": rst_footnote,
    "Code": lambda x: f".. code-block:: {x.language or 'julia'}\n\n{indented(x.code, 4)}",
    "BlockQuote": lambda x: indented(rst_blocks(x.content).rstrip(), 4) + "\n",
    "Admonition": lambda x: (
        f".. {x.category}{title_of(x)}::\n{indented(rst_blocks(x.content).rstrip(), 3)}\n"
    ),
    "HorizontalRule": lambda x: "-----\n",
    "LaTeX": lambda x: f".. math::\n\n{indented(x.formula, 4)}",
}
_RST_INLINE: dict[str, Writer] = {
    "Code": lambda x: f"``{x.code}``",
    "Bold": lambda x: f"**{rst_inline(x.text)}**",
    "Link": rst_link,
    "Italic": lambda x: f"*{rst_inline(x.text)}*",
    "Image": lambda x: f".. image:: {x.url}",
    "Footnote": lambda x: f"[{x.id}]_",
    "LaTeX": lambda x: f":math:`{x.formula}`",
    "LineBreak": lambda x: "\n",
}
