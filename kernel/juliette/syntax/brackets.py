"""Everything between brackets: arguments, tuples, blocks in parentheses, arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

from juliette.syntax.cursor import Context
from juliette.syntax.kinds import NEWLINE
from juliette.syntax.strings import LiteralParser
from juliette.syntax.tree import SyntaxNode


@dataclass(slots=True)
class Bracketed:
    """What was found between brackets: the parts between semicolons, and how it looked."""

    start: int
    sections: list[list[SyntaxNode]] = field(default_factory=lambda: [[]])
    section_starts: list[int] = field(default_factory=list)
    commas: bool = False
    splat: bool = False  # is the first of them `xs...`?

    @property
    def semicolons(self) -> int:
        """How many semicolons there were."""
        return len(self.sections) - 1

    @property
    def count(self) -> int:
        """How many expressions there were."""
        return sum(len(section) for section in self.sections)

    @property
    def leading_semicolon(self) -> bool:
        """Was there a semicolon before any expression?"""
        return self.semicolons > 0 and not self.sections[0]


class BracketParser(LiteralParser):
    """Round, square and curly brackets."""

    def parse_bracketed(self, closer: str, *, index: bool | None = None) -> Bracketed:
        """Expressions between commas and semicolons, from the opening bracket on."""
        found = Bracketed(self.start)
        saved = self.enter_brackets(index=index)
        self.bump()
        while self.kind != closer:
            if self.kind == ";":
                found.sections.append([])
                self.bump()
                found.section_starts.append(self.start)
                continue
            if self.kind == ",":
                self.fail_unexpected()
            item = self.parse_eq_star()
            if self.kind == "for":
                item = self.parse_generator(item)
            if item.kind == "..." and not found.count:
                found.splat = True
            found.sections[-1].append(item)
            if self.kind == ",":
                found.commas = True
                self.bump()
            elif self.kind != closer and self.kind != ";":
                self.fail_missing(closer)
        self.leave_nested(saved)
        self.bump()
        return found

    def with_parameters(self, found: Bracketed) -> list[SyntaxNode]:
        """The expressions, everything after a semicolon gathered in `parameters`."""
        items = list(found.sections[0])
        for start, section in zip(found.section_starts, found.sections[1:], strict=True):
            stop = section[-1].stop if section else start
            items.append(SyntaxNode("parameters", section, None, start, stop, "", self.source))
        return items

    def parse_call_arguments(self) -> list[SyntaxNode]:
        """f(x; k = 1)  ==>  (call f x (parameters (= k 1)))"""
        found = self.parse_bracketed(")")
        if found.semicolons and not found.sections[-1] and found.semicolons > 1:
            del found.sections[-1], found.section_starts[-1]
        return self.with_parameters(found)

    def parse_paren(self) -> SyntaxNode:
        """(a, b)  ==>  (tuple-p a b)"""
        return self.paren_node(self.parse_bracketed(")"))

    def paren_node(self, found: Bracketed) -> SyntaxNode:
        """The tuple, block or expression that parentheses hold."""
        start = found.start
        is_tuple = (
            found.commas
            or (found.splat and found.semicolons >= 1)
            or (found.leading_semicolon and (found.semicolons == 1 or found.count > 0))
            or (not found.count and not found.semicolons)
        )
        if is_tuple:
            return self.node("tuple", start, self.with_parameters(found), "-p")
        if found.semicolons:
            items = [item for section in found.sections for item in section]
            return self.node("block", start, items, "-p")
        if found.count > 1:
            self.fail("Expected `,`", found.sections[0][1].start, found.sections[0][1].stop)
        return self.node("parens", start, found.sections[0])

    # Square brackets.

    def parse_square(self, typed: SyntaxNode | None = None) -> SyntaxNode:
        """[1 -2; 3 4]  ==>  (vcat (row 1 -2) (row 3 4))"""
        return self._parse_array("]", typed)

    def parse_braces(self) -> SyntaxNode:
        """{a, b}  ==>  (braces a b)"""
        found = self._parse_array("}", None)
        if found.kind == "vect" or found.kind == "comprehension":
            return self.node("braces", found.start, found.children or [])
        items = found.children or []
        if found.kind != "vcat":
            kind = "row" if found.kind == "hcat" else "nrow"
            items = [SyntaxNode(kind, items, found.value, found.start, found.stop, "", self.source)]
        return self.node("bracescat", found.start, items)

    def _parse_array(self, closer: str, typed: SyntaxNode | None) -> SyntaxNode:
        """What stands between square or curly brackets, as if they were square."""
        outer, self.closer = self.closer, closer
        found = self._parse_items(typed)
        self.closer = outer
        return found

    def _parse_items(self, typed: SyntaxNode | None) -> SyntaxNode:
        start = self.start if typed is None else typed.start
        saved = self.enter_brackets(index=True if typed is not None else None)
        self.skip_newlines = False
        self.spaced = True
        self.bump()
        self.pass_newline()
        head = [] if typed is None else [typed]
        if self.kind == self.closer:
            node_kind = "vect" if typed is None else "ref"
            return self._close_square(saved, node_kind, start, head)
        if self.kind == ";":
            trailing = self._count_semicolons()
            if self.kinds[self.index] != self.closer:
                self.pass_newline()
                self.fail_unexpected()
            self.pass_newline()
            return self._close_square(
                saved, "ncat" if typed is None else "typed_ncat", start, head, trailing
            )
        first = self.parse_eq_star()
        following = self.kinds[self.index]
        if following == "," or following == self.closer:
            self.pass_newline()
            return self._vector(saved, first, start, typed)
        if self.kind == "NL" and following == "for":
            self.pass_newline()
        if self.kind == "for":
            self.skip_newlines = True
            self.spaced = False
            self.pass_newline()
            body = self.parse_generator(first)
            if self.kind == ",":
                self.skip_newlines = True
                return self._vector(saved, body, start, typed)
            kind = "comprehension" if typed is None else "typed_comprehension"
            self.pass_newline()
            return self._close_square(saved, kind, start, [*head, body])
        self.end_is_name = saved[3]  # `end` is no index where elements are put together
        return self._array(saved, first, start, typed)

    def _close_square(
        self,
        saved: Context,
        kind: str,
        start: int,
        children: list[SyntaxNode],
        value: int | None = None,
    ) -> SyntaxNode:
        if self.kind != self.closer:
            self.fail_missing(self.closer)
        self.leave_nested(saved)
        self.bump()
        return self.node(kind, start, children, "", value)

    def _vector(
        self,
        saved: Context,
        first: SyntaxNode,
        start: int,
        typed: SyntaxNode | None,
    ) -> SyntaxNode:
        self.skip_newlines = True
        self.spaced = False
        found = Bracketed(start)
        found.sections[0].append(first)
        while self.kind != self.closer:
            if self.kind == ",":
                self.bump()
                if self.kind in (self.closer, ";"):
                    continue
                if self.kind == ",":
                    self.fail_unexpected()
            elif self.kind == ";":
                found.sections.append([])
                self.bump()
                found.section_starts.append(self.start)
                if self.kind in (self.closer, ";"):
                    continue
            else:
                self.fail_missing(self.closer)
            item = self.parse_eq_star()
            if self.kind == "for":
                item = self.parse_generator(item)
            found.sections[-1].append(item)
        items = self.with_parameters(found)
        if typed is None:
            return self._close_square(saved, "vect", start, items)
        return self._close_square(saved, "ref", start, [typed, *items])

    def _count_semicolons(self) -> int:
        """Step over adjoining semicolons; a newline before them is no separator of its own."""
        self.pass_newline()
        count = 0
        while self.kind == ";":
            if count and not self.adjacent():
                self.fail("multiple semicolons must be adjacent in an array expression")
            count += 1
            self.bump()
        return count

    def _array(
        self,
        saved: Context,
        first: SyntaxNode,
        start: int,
        typed: SyntaxNode | None,
    ) -> SyntaxNode:
        items = [first]
        ranks: list[int] = []  # 0: blank, n: n semicolons; a newline is one semicolon
        trailing = 0
        by_rows: bool | None = None
        while True:
            separator = self.index
            rank = self._separator()
            after = self.kinds[self.index]
            if after == self.closer:
                trailing = rank if rank > 0 else 0
                break
            if rank == 0 and by_rows is False:
                self.fail(
                    "cannot mix space and `;;` separators in an array expression, "
                    "except to wrap a line"
                )
            if rank == 2 and by_rows is not False:
                wrapped = bool(self.flags[self.index] & NEWLINE)
                if wrapped and by_rows:
                    rank = 0
                elif by_rows and after == "EOF":
                    self.fail_missing(self.closer)
                elif by_rows:
                    self.fail(
                        "cannot mix space and `;;` separators in an array expression, "
                        "except to wrap a line",
                        self.starts[separator],
                        self.last_stop,
                    )
            if rank == 0:
                by_rows = True
            elif rank == 2:
                by_rows = False
            self.pass_newline()
            ranks.append(rank)
            items.append(self.parse_eq_star())
            if self.kind == "for":
                items[-1] = self.parse_generator(items[-1])
        self.pass_newline()
        return self._close_array(saved, items, ranks, trailing, start, typed)

    def _separator(self) -> int:
        """Step over what separates two elements; newlines before `]` count for nothing."""
        newline = self.kind == "NL"
        if self.kinds[self.index] == ";":
            count = self._count_semicolons()
            return count
        following = self.kinds[self.index]
        if newline:
            if following == self.closer:
                return -1
            self.pass_newline()
            return 1
        if following == self.closer:
            return -1
        if following == ",":
            self.fail("unexpected comma in array expression")
        if following in ("EOF", "Error", ")", "]", "}"):
            self.fail_missing(self.closer)
        if self.adjacent():
            self.fail_missing(self.closer)
        return 0

    def _close_array(
        self,
        saved: Context,
        items: list[SyntaxNode],
        ranks: list[int],
        trailing: int,
        start: int,
        typed: SyntaxNode | None,
    ) -> SyntaxNode:
        top = max([*ranks, trailing])
        groups = self._split(items, ranks, top)
        if top == 0:
            kind = "hcat"
        elif top == 1:
            kind = "vcat"
        else:
            kind = "ncat"
        children = groups
        if typed is not None:
            kind = "typed_" + kind
            children = [typed, *groups]
        return self._close_square(saved, kind, start, children, top if top > 1 else None)

    def _split(self, items: list[SyntaxNode], ranks: list[int], top: int) -> list[SyntaxNode]:
        """Cut the elements at the separators of rank `top`; build what lies between."""
        groups: list[SyntaxNode] = []
        first = 0
        for cut in [*(i for i, rank in enumerate(ranks) if rank == top), len(items) - 1]:
            groups.append(self._group(items[first : cut + 1], ranks[first:cut]))
            first = cut + 1
        return groups

    def _group(self, items: list[SyntaxNode], ranks: list[int]) -> SyntaxNode:
        if not ranks:
            return items[0]
        top = max(ranks)
        children = self._split(items, ranks, top)
        kind = "row" if top == 0 else "nrow"
        return SyntaxNode(
            kind, children, top or None, items[0].start, items[-1].stop, "", self.source
        )
