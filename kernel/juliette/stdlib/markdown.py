"""The module Markdown: `md"…"`, `Markdown.parse`, and how documents are shown."""

from __future__ import annotations

from typing import Any

from juliette.base.essentials import FIELD_HOOKS, field_error
from juliette.base.iteration import ITERATORS
from juliette.base.strings.values import text_of
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.modules import Base, Module
from juliette.stdlib import markdown_parse as P
from juliette.stdlib import markdown_write as W
from juliette.syntax.expr import QuoteNode, Symbol


def to_julia(x: Any) -> Any:
    """A field of a piece as a Julia value."""
    if isinstance(x, list):
        return vector([to_julia(v) for v in x], T.Any_)
    return x


def field(x: Any, name: str) -> Any:
    if name in x.parts:
        value = getattr(x, name)
        return Symbol(value) if name == "align" and isinstance(value, str) else to_julia(value)
    raise field_error(x, name)


def document(text: Any) -> Any:
    """The document of a Julia string or stream."""
    source = Base.bindings["read"](text, T.String) if isinstance(text, IO) else text_of(text)
    return P.parse(dedented(str(source)))


def dedented(text: str) -> str:
    return text.strip("\n")


def load(module: Module) -> None:
    """Fill the module."""
    for name, cls in P.KINDS.items():
        t = T.define(name, module=module)
        T.register_class(cls, t)
        module.const(name, t, export=False)
        FIELD_HOOKS[cls] = field
    ITERATORS[P.MD] = lambda md: iter([to_julia(x) for x in md.content])
    module.set("parse", generic("parse", module), const=True)

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

    @module.macro("md_str")
    def md_str(context: Any, text: str, *flags: Any) -> Any:
        """`md"…"`: a Markdown document."""
        return QuoteNode(document(text))

    @module.macro("doc_str")
    def doc_str(context: Any, text: str, *flags: Any) -> Any:
        """`doc"…"`: a Markdown document for help."""
        return QuoteNode(document(text))

    def function(name: str, f: Any, doc: str) -> None:
        def method(x: Any) -> Any:
            return f(x)

        method.__doc__ = doc
        module.method(f"{name}(x)", export=False)(method)

    function("plain", lambda md: W.plain(md.content), "A document as Markdown.")
    function("html", lambda md: W.html_text(md.content), "A document as HTML.")
    showing(module)


def showing(module: Module) -> None:
    def method(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    def show_plain(io: IO, md: Any) -> None:
        io.write(W.plain(md.content))

    def show_terminal(io: IO, mime: Any, md: Any) -> None:
        columns = (io.get("displaysize") or (24, 80))[1]
        io.write(W.terminal(md, columns, bool(io.get("color"))))

    method("show(io::IO, md::MD)", show_plain)
    method('show(io::IO, m::MIME{Symbol("text/plain")}, md::MD)', show_terminal)
    method(
        'show(io::IO, m::MIME{Symbol("text/markdown")}, md::MD)',
        lambda io, mime, md: io.write(W.plain(md.content)),
    )
    method(
        'show(io::IO, m::MIME{Symbol("text/html")}, md::MD)',
        lambda io, mime, md: io.write(f'<div class="markdown">{W.html_text(md.content)}</div>'),
    )
    method("getindex(md::MD, i)", lambda md, i: to_julia(md.content[i - 1]))
    method("length(md::MD)", lambda md: len(md.content))


def generic(name: str, module: Module) -> Any:
    from juliette.runtime.dispatch import GenericFunction

    return GenericFunction(name, module)
