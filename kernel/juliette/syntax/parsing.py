"""The doors to the parser: a whole text, one statement, or only whether it is complete."""

from __future__ import annotations

from collections.abc import Callable

from juliette.syntax.conversion import Literal, plain_literal, to_expr
from juliette.syntax.diagnostics import ParseError
from juliette.syntax.expr import Expr
from juliette.syntax.recursion import deep_recursion
from juliette.syntax.source import SourceFile
from juliette.syntax.statements import StatementParser
from juliette.syntax.tree import SyntaxNode


def _guarded(
    source: SourceFile, offset: int, parse: Callable[[StatementParser], SyntaxNode]
) -> tuple[SyntaxNode, StatementParser]:
    with deep_recursion():
        try:
            parser = StatementParser(source, offset)
            return parse(parser), parser
        except RecursionError:
            raise ParseError("expression is nested too deeply", source, offset) from None


def parse_source(text: str, filename: str = "none", first_line: int = 1) -> SyntaxNode:
    """Parse a whole text; raises ParseError."""
    source = SourceFile(text, filename, first_line)
    return _guarded(source, 0, StatementParser.parse_toplevel)[0]


def parse_one(
    text: str, offset: int = 0, filename: str = "none", first_line: int = 1
) -> tuple[SyntaxNode, int]:
    """Parse the line of statements at `offset`; also tells where the next one begins."""
    source = SourceFile(text, filename, first_line)

    def parse(parser: StatementParser) -> SyntaxNode:
        parser.pass_newline()
        if parser.kind == "EOF":
            return parser.node("toplevel", len(text), [])
        return parser.parse_line()

    node, parser = _guarded(source, offset, parse)
    return node, parser.start


def parse_atom(
    text: str, offset: int = 0, filename: str = "none", first_line: int = 1
) -> tuple[SyntaxNode, int]:
    """Parse one atom at `offset` (a name, a literal, something in brackets), and where it ends."""
    node, _ = _guarded(SourceFile(text, filename, first_line), offset, StatementParser.parse_atom)
    return node, node.stop


def completeness(text: str) -> str:
    """Is the text "complete", "incomplete" (more could make it valid) or "invalid"?"""
    try:
        parse_source(text)
    except ParseError as error:
        return "incomplete" if error.incomplete else "invalid"
    return "complete"


def parse_all(
    text: str, filename: str = "none", first_line: int = 1, literal: Literal | None = None
) -> tuple[Expr, bool]:
    """A whole text as `Expr(:toplevel, …)`, and whether its last statement ends in `;`."""
    root = parse_source(text, filename, first_line)
    made: Expr = to_expr(root, literal or plain_literal)
    return made, root.suppressed
