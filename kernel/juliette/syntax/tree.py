"""The syntax tree: what the parser makes of the text, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from juliette.syntax.recursion import deep_recursion
from juliette.syntax.source import SourceFile

MAX_DEPTH: Final = 300  # how deep a tree may nest before the parser refuses it

_SHAPES = {"-i", "-pre", "-post", "-p", "-,", "-:", "-;", "-=", "-mut", "-bare", "-s", "-r", "-t"}
# Kinds whose own name is not what the tree shows.
_SHOWN = {"dotop": "."}


class SyntaxNode:
    """One piece of syntax: a leaf with a value, or an inner node with children.

    ``form`` refines the kind of an inner node (``-i`` infix, ``-pre`` prefix, ``-p`` in
    parentheses, …); on a leaf it is the spelling in the source.
    """

    __slots__ = ("children", "depth", "form", "kind", "source", "start", "stop", "value")

    kind: str
    children: list[SyntaxNode] | None
    value: Any
    start: int
    stop: int
    form: str
    source: SourceFile
    depth: int

    def __init__(
        self,
        kind: str,
        children: list[SyntaxNode] | None,
        value: Any,
        start: int,
        stop: int,
        form: str,
        source: SourceFile,
    ) -> None:
        self.kind = kind
        self.children = children
        self.value = value
        self.start = start
        self.stop = stop
        self.form = form
        self.source = source
        depth = 0
        if children:
            for child in children:
                if child.depth > depth:
                    depth = child.depth
        self.depth = depth + 1

    def __getitem__(self, index: int) -> SyntaxNode:
        if self.children is None:
            raise IndexError("a leaf has no children")
        return self.children[index]

    def __iter__(self) -> Iterator[SyntaxNode]:
        return iter(self.children or ())

    def __len__(self) -> int:
        return len(self.children or ())

    @property
    def text(self) -> str:
        """The source text the node covers."""
        return self.source.text[self.start : self.stop]

    @property
    def line(self) -> int:
        """The number of the line the node begins on."""
        return self.source.line(self.start)

    @property
    def suppressed(self) -> bool:
        """On a root: is the last statement followed by `;`?"""
        statements = self.children or []
        return bool(statements) and statements_suppressed(statements[-1])

    def sexpr(self) -> str:
        """The tree as an s-expression, in the notation of JuliaSyntax."""
        with deep_recursion():
            return self._written()

    def _written(self) -> str:
        if self.children is None:
            return _leaf_text(self)
        head = _SHOWN.get(self.kind, self.kind)
        form = self.form if self.form in _SHAPES else ""
        parts = [head + form, *[child._written() for child in self.children]]
        if self.kind in ("ncat", "nrow", "typed_ncat"):
            parts[0] = f"{head}-{self.value}"
        return "(" + " ".join(parts) + ")"

    def __repr__(self) -> str:
        return f"SyntaxNode({self.sexpr()})"


def statements_suppressed(node: SyntaxNode) -> bool:
    """Is this line of statements ended by a `;`?"""
    return node.kind == "toplevel" and node.form == "-;" and bool(node.value)


def _leaf_text(node: SyntaxNode) -> str:
    if node.kind == "String":
        return _quoted(node.value)
    if node.kind == "Char":
        return "'" + _quoted(node.value)[1:-1].replace("'", "\\'") + "'"
    if node.kind in ("Identifier", "MacroName", "Operator"):
        return str(node.value)
    if node.kind == "Bool":
        return "true" if node.value else "false"
    return node.form


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'
