"""The module Markdown: `md"…"`, `Markdown.parse`, and how documents are shown."""

from __future__ import annotations

from typing import Any

from juliette.base.array_protocol import values_of
from juliette.base.strings.values import text_of
from juliette.display.io import IO, screen
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module
from juliette.runtime.tables import JuliaDict
from juliette.stdlib import markdown_elements as E
from juliette.stdlib import markdown_parse as P
from juliette.stdlib import markdown_write as W
from juliette.stdlib.markdown_term import Terminal
from juliette.syntax.expr import Expr, QuoteNode

# Pieces whose parts are looked through for code that `md"…"` runs.
_OPEN = ("MD", "Paragraph", "Header", "Link", "Bold", "Italic")


def document(text: Any) -> Any:
    """The document of a Julia string or stream."""
    source = Base.bindings["read"](text, T.String) if isinstance(text, IO) else text_of(text)
    return P.parse(str(source))


def code_of(x: Any) -> Any:
    """The code that builds a piece with the values of what was interpolated."""
    name = E.kind(x)
    if name in _OPEN:
        return Expr("call", QuoteNode(T.typeof(x)), *(code_of(getattr(x, f)) for f in x.fields))
    if T.isa(x, T.AbstractArray):
        return Expr("call", QuoteNode(_anys), *map(code_of, values_of(x)))
    return QuoteNode(x) if name or isinstance(x, (JuliaDict,)) else x


def _anys(*items: Any) -> Any:
    return vector(list(items), T.Any_)


def has_code(x: Any) -> bool:
    """Was something interpolated?"""
    if isinstance(x, Expr) or type(x).__name__ == "Symbol":
        return True
    if T.isa(x, T.AbstractArray):
        return any(map(has_code, values_of(x)))
    return E.kind(x) in _OPEN and any(has_code(getattr(x, f)) for f in x.fields if f != "meta")


def load(module: Module) -> None:
    """Fill the module."""
    E.define(module)
    constructors(module)
    module.set("parse", GenericFunction("parse", module), const=True)

    @module.method("parse(text)", export=False)
    def parse(text: Any) -> Any:
        """The document of a Markdown text.

        ```jldoctest
        julia> using Markdown

        julia> Markdown.parse("# Title")
          Title
          ≡≡≡≡≡
        ```
        """
        return document(text)

    @module.method("parse_file(path::AbstractString)", export=False)
    def parse_file(path: Any) -> Any:
        """The document of a Markdown file."""
        return document(Base.bindings["read"](path, T.String))

    def literal(context: Any, text: str, *flags: Any) -> Any:
        md = document(text)
        return code_of(md) if has_code(md) else QuoteNode(md)

    literal.__doc__ = '`md"…"`: a Markdown document, into which `$` puts values.'
    module.macro("md_str")(literal)
    module.macro("doc_str")(literal)
    for name, write, doc in (
        ("plain", W.plain, "A document as Markdown."),
        ("html", W.html, "A document as HTML."),
        ("latex", W.latex, "A document as LaTeX."),
        ("rst", W.rst, "A document as reStructuredText."),
        ("plaininline", W.plain_inline, "A piece of a line as Markdown."),
        ("htmlinline", W.html_inline, "A piece of a line as HTML."),
    ):
        writer(module, name, write, doc)

    @module.method("term(io::IO, md, columns=nothing)", export=False)
    def term(io: IO, md: Any, columns: Any = None) -> None:
        """Write a document for reading in a terminal."""
        width = screen(io)[1] if columns is None else columns
        writer_ = Terminal(io, int(width))
        io.write(writer_.block(md) if E.kind(md) else writer_.blocks(md))

    showing(module)
    array_like(module)


def writer(module: Module, name: str, write: Any, doc: str) -> None:
    """A function that gives a form of a document as a string, or writes it to a stream."""

    def method(x: Any) -> Any:
        return write(x)

    method.__doc__ = doc
    module.method(f"{name}(x)", export=name in ("html", "latex"))(method)
    module.method(f"{name}(io::IO, x)", export=False)(lambda io, x: io.write(write(x)))


def constructors(module: Module) -> None:
    """What pieces can be made of besides all their fields."""

    def define(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    def md(_: Any, *xs: Any) -> Any:
        if len(xs) == 2 and T.isa(xs[0], T.AbstractArray) and isinstance(xs[1], JuliaDict):
            return E.make("MD", values_of(xs[0]), xs[1])
        return E.document([x for part in xs for x in E.items(part)])

    def items(_: Any, *xs: Any) -> Any:
        return E.make("List", [x for part in xs for x in E.items(part)], -1, False)

    define("MD(xs...)", md)
    define("Paragraph()", lambda _: E.make("Paragraph", []))
    define("BlockQuote()", lambda _: E.make("BlockQuote", []))
    define("Code(code)", lambda _, code: E.make("Code", "", text_of(code)))
    define("Header(text)", lambda _, text: E.header(text, 1))
    define("Header(text, level::Int)", lambda _, text, level: E.header(text, level))
    define("List(xs...)", items)


def showing(module: Module) -> None:
    """The forms of documents."""

    def define(kind: str, write: Any) -> None:
        module.method(f'show(io::IO, ::MIME"{kind}", md::MD)', export=False)(
            lambda io, _, md: io.write(write(md))
        )

    def show_terminal(io: IO, _: Any, md: Any) -> None:
        columns = screen(io)[1]
        io.write(Terminal(io, columns).block(md))

    module.method("show(io::IO, md::MD)", export=False)(lambda io, md: io.write(W.plain(md)))
    module.method('show(io::IO, ::MIME"text/plain", md::MD)', export=False)(show_terminal)
    define("text/markdown", W.plain)
    define("text/html", lambda md: f'<div class="markdown">{W.html(md)}</div>')
    define("text/latex", W.latex)
    define("text/rst", W.rst)


def array_like(module: Module) -> None:
    """Documents as the vectors of their blocks."""

    def define(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    base = Base.bindings
    define("==(a::MD, b::MD)", lambda a, b: W.html(a) == W.html(b))
    define("push!(md::MD, x)", lambda md, x: base["push!"](md.content, x))
    define("getindex(md::MD, i...)", lambda md, *i: base["getindex"](md.content, *i))
    define("setindex!(md::MD, x, i...)", lambda md, x, *i: base["setindex!"](md.content, x, *i))
    define("lastindex(md::MD)", lambda md: len(values_of(md.content)))
    define("firstindex(md::MD)", lambda md: 1)
    define("length(md::MD)", lambda md: len(values_of(md.content)))
    define("isempty(md::MD)", lambda md: not values_of(md.content))
    define(
        "copy(md::MD)", lambda md: E.make("MD", list(values_of(md.content)), base["copy"](md.meta))
    )
