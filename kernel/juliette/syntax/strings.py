"""Literals in the parser: numbers, characters, strings, commands and string macros."""

from __future__ import annotations

from typing import Any, NoReturn

from juliette.syntax import literals
from juliette.syntax.cursor import Cursor
from juliette.syntax.tree import SyntaxNode


class LiteralParser(Cursor):
    """Literals, and the strings that hold expressions."""

    def parse_eq_star(self) -> SyntaxNode:
        """An expression with assignments but without bare commas."""
        raise NotImplementedError

    def parse_number(self, sign: int | None = None) -> SyntaxNode:
        """1  ==>  1"""
        index = self.index
        kind = self.kind
        text = self.values[index]
        first = index
        if sign is not None:
            first = sign
            text = self.values[sign] + text
        value: Any
        try:
            if kind == "Integer":
                type_name, value = literals.integer(text)
            elif kind == "Float":
                type_name, value = "Float64", literals.floating(text)
            elif kind == "Float32":
                type_name, value = "Float32", literals.float32(text)
            else:
                type_name, value = literals.unsigned(kind, text)
        except literals.LiteralError as error:
            self.fail(str(error), self.starts[first], self.stops[index])
        self.bump()
        return SyntaxNode(
            type_name, None, value, self.starts[first], self.stops[index], text, self.source
        )

    def parse_char(self) -> SyntaxNode:
        """'a'  ==>  (char 'a')"""
        index = self.index
        try:
            value = literals.character(self.values[index])
        except literals.LiteralError as error:
            self._fail_in_literal(error, self.starts[index] + 1, self.stops[index] - 1)
        self.bump()
        start, stop = self.starts[index], self.stops[index]
        leaf = SyntaxNode("Char", None, value, start + 1, stop - 1, self.values[index], self.source)
        return self.node("char", start, [leaf])

    def _fail_in_literal(self, error: literals.LiteralError, start: int, stop: int) -> NoReturn:
        if error.stop is not None:
            start, stop = start + error.start, start + error.stop
        self.fail(str(error), start, stop)

    def parse_string(self) -> SyntaxNode:
        """ "a$x"  ==>  (string "a" x)"""
        opening = self.index
        triple = len(self.values[opening]) == 3
        saved = self.enter(skip_newlines=True)
        self.bump()
        parts: list[SyntaxNode | int] = []
        while self.kind != "StringEnd":
            if self.kind == "Chunk":
                parts.append(self.bump())
            elif self.kind == "$":
                self.bump()
                parts.append(self._interpolated())
            else:
                self.fail_unexpected()
        self.leave(saved)
        self.bump()
        children = self._string_parts(parts, triple, raw=False)
        form = "-s" if triple else ""
        return self.node("string", self.starts[opening], children, form)

    def _interpolated(self) -> SyntaxNode:
        if self.kind == "Identifier" or self.kind in ("Bool",):
            index = self.bump()
            return self.leaf("Identifier", index, self.values[index])
        if self.kind != "(":
            if self.kind in ("Error", "EOF"):
                self.fail_unexpected()
            # Reserved words may be interpolated by name only as an error.
            self.fail("identifier or parenthesized expression expected after $ in string")
        start = self.start
        saved = self.enter_brackets()
        self.bump()
        if self.kind == ")":
            self.bump()
            self.fail("invalid interpolation syntax", start, self.last_stop)
        inner = self.parse_eq_star()
        if self.kind == "for":
            inner = self.parse_generator(inner)
        if self.kind != ")":
            if self.kind in (",", ";"):
                last = self.index
                while self.kinds[last] not in (")", "EOF", "Error", "StringEnd"):
                    last += 1
                self.fail("invalid interpolation syntax", start, self.stops[last])
            self.fail_missing(")")
        self.leave_nested(saved)
        self.skip_newlines = True
        self.bump()
        return inner

    def parse_generator(self, first: SyntaxNode) -> SyntaxNode:
        """The `for` part after an expression."""
        raise NotImplementedError

    def _string_parts(
        self, parts: list[SyntaxNode | int], triple: bool, *, raw: bool
    ) -> list[SyntaxNode]:
        texts: list[str | None] = [
            literals.plain_newlines(self.values[part]) if isinstance(part, int) else None
            for part in parts
        ]
        if triple:
            texts = literals.dedent(texts, raw)
        children: list[SyntaxNode] = []
        for part, text in zip(parts, texts, strict=True):
            if not isinstance(part, int):
                children.append(part)
                continue
            start, stop = self.starts[part], self.stops[part]
            if text == "" and len(parts) > 1:
                continue
            try:
                value = literals.unescape_raw(text or "") if raw else literals.unescape(text or "")
            except literals.LiteralError as error:
                # After dedenting, offsets are those of the chunk only when nothing was removed.
                if text != self.values[part]:
                    error.stop = None
                self._fail_in_literal(error, start, stop)
            children.append(SyntaxNode("String", None, value, start, stop, "", self.source))
        if not children:
            place = self.last_stop
            children.append(SyntaxNode("String", None, "", place, place, "", self.source))
        return children

    def parse_raw_string(self) -> SyntaxNode:
        """The text of a string macro or a command, taken as it is."""
        opening = self.index
        delimiter = self.values[opening]
        self.bump()
        parts: list[SyntaxNode | int] = []
        while self.kinds[self.index] == "Chunk":
            self.pass_newline()
            parts.append(self.bump())
        if self.kinds[self.index] != "StringEnd":
            self.fail_unexpected()
        self.bump()
        children = self._string_parts(parts, len(delimiter) == 3, raw=True)
        kind = "cmdstring" if delimiter[0] == "`" else "string"
        return self.node(kind, self.starts[opening], children, "-r")

    def parse_string_macro(self, name: SyntaxNode) -> SyntaxNode:
        """r"x"i  ==>  (macrocall @r_str (string-r "x") "i")"""
        suffix = "_cmd" if self.values[self.index][0] == "`" else "_str"
        children = [as_macro_name(name, suffix), self.parse_raw_string()]
        kind = self.kind
        if self.adjacent() and (
            kind in ("Identifier", "Bool", "Integer")
            or (kind != "EOF" and kind.isalpha() and kind.islower())
        ):
            if kind == "Integer":
                children.append(self.parse_number())
            else:
                index = self.bump()
                children.append(self.leaf("String", index, self.values[index]))
        return self.node("macrocall", name.start, children)


def as_macro_name(name: SyntaxNode, suffix: str = "") -> SyntaxNode:
    """Turn `A.b` into the name of a macro, `A.@b`, perhaps with a suffix."""
    if name.kind == "." and name.children is not None and len(name.children) == 2:
        module, member = name.children
        return SyntaxNode(
            ".",
            [module, as_macro_name(member, suffix)],
            None,
            name.start,
            name.stop,
            "",
            name.source,
        )
    if name.kind == "quote" and name.children is not None:
        return SyntaxNode(
            "quote",
            [as_macro_name(name.children[0], suffix)],
            None,
            name.start,
            name.stop,
            "",
            name.source,
        )
    return SyntaxNode(
        "MacroName", None, f"@{name.value}{suffix}", name.start, name.stop, "", name.source
    )
