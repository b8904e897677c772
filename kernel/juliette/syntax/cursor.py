"""A walk over the tokens: looking, moving on, building nodes, and complaining."""

from __future__ import annotations

from typing import Any, NoReturn

from juliette.syntax.diagnostics import ParseError
from juliette.syntax.kinds import CLOSING, KEYWORDS, NEWLINE, SPACE
from juliette.syntax.lexer import Lexer
from juliette.syntax.source import SourceFile
from juliette.syntax.tree import MAX_DEPTH, SyntaxNode

Context = tuple[bool, bool, bool, bool, bool, bool]


class Cursor:
    """The position in the token list and what the surroundings allow.

    ``kind`` is the kind of the current token, or ``NL`` while an unread newline comes before it
    in a place where newlines end things.
    """

    def __init__(self, source: SourceFile, offset: int = 0) -> None:
        lexer = Lexer(source.text, offset)
        self.source = source
        self.kinds = lexer.kinds
        self.values = lexer.values
        self.starts = lexer.starts
        self.stops = lexer.stops
        self.flags = lexer.flags
        self.offset = offset
        self.index = 0
        self.nesting = 0
        self.skip_newlines = False  # inside of brackets newlines are blanks
        self.spaced = False  # blanks separate elements, as in `[1 -2]` and `@m a b`
        self.ranges = True  # `:` makes a range; not between `?` and `:`
        self.end_is_name = False  # inside of an index `end` is a value
        self.generators = False  # `for` may follow an expression
        self.where_allowed = True
        self.closer = "]"  # what ends the array that is being read
        self.kind = self.kinds[0]

    # Looking and moving.

    def bump(self) -> int:
        """Step over the current token and return its index."""
        index = self.index
        following = index + 1
        self.index = following
        if self.flags[following] & NEWLINE and not self.skip_newlines:
            self.kind = "NL"
        else:
            self.kind = self.kinds[following]
        return index

    def pass_newline(self) -> None:
        """Ignore a newline before the current token."""
        self.kind = self.kinds[self.index]

    def look(self, ahead: int) -> str:
        """The kind of a later token, whatever stands between."""
        index = self.index + ahead
        return self.kinds[index] if index < len(self.kinds) else "EOF"

    def adjacent(self, ahead: int = 0) -> bool:
        """Does the token follow its predecessor without a blank?"""
        index = self.index + ahead
        return index < len(self.flags) and not self.flags[index] & SPACE

    @property
    def start(self) -> int:
        """Offset of the current token."""
        return self.starts[self.index]

    @property
    def last_stop(self) -> int:
        """Offset at which the token before the current one ends."""
        return self.stops[self.index - 1] if self.index else self.offset

    def at_end(self) -> bool:
        """Can no expression start here?"""
        kind = self.kind
        if kind == "end" and self.end_is_name:
            return False
        return kind == "NL" or kind in CLOSING

    # Surroundings.

    def enter(self, **changes: bool) -> Context:
        """Change the surroundings; what they were is to be given to `leave`."""
        saved = self.context()
        for name, value in changes.items():
            setattr(self, name, value)
        return saved

    def context(self) -> Context:
        """What the surroundings allow now."""
        return (
            self.skip_newlines,
            self.spaced,
            self.ranges,
            self.end_is_name,
            self.generators,
            self.where_allowed,
        )

    def enter_brackets(self, *, index: bool | None = None) -> Context:
        """Surroundings inside of round or curly brackets; `index` if `end` is a value there."""
        saved = self.context()
        self.deepen()
        self.skip_newlines = True
        self.spaced = False
        self.ranges = True
        self.generators = True
        self.where_allowed = True
        if index is not None:
            self.end_is_name = index
        return saved

    def enter_block(self) -> Context:
        """Surroundings inside of a block that a keyword opens."""
        saved = self.context()
        self.deepen()
        self.skip_newlines = False
        self.spaced = False
        self.ranges = True
        self.end_is_name = False
        self.generators = False
        self.where_allowed = True
        return saved

    def deepen(self) -> None:
        """Note one more level of nesting; too many are an error rather than a full stack."""
        self.nesting += 1
        if self.nesting > MAX_DEPTH:
            self.fail("expression is nested too deeply")

    def leave_nested(self, saved: Context) -> None:
        """Undo `enter_brackets` or `enter_block`."""
        self.nesting -= 1
        self.leave(saved)

    def leave(self, saved: Context) -> None:
        """Undo `enter`."""
        (
            self.skip_newlines,
            self.spaced,
            self.ranges,
            self.end_is_name,
            self.generators,
            self.where_allowed,
        ) = saved

    # Nodes.

    def node(
        self, kind: str, start: int, children: list[SyntaxNode], form: str = "", value: Any = None
    ) -> SyntaxNode:
        """An inner node from `start` to the last token read."""
        made = SyntaxNode(kind, children, value, start, self.last_stop, form, self.source)
        if made.depth > MAX_DEPTH:
            self.fail("expression is nested too deeply", start, self.last_stop)
        return made

    def leaf(self, kind: str, index: int, value: Any) -> SyntaxNode:
        """A leaf for the token at `index`."""
        start, stop = self.starts[index], self.stops[index]
        return SyntaxNode(kind, None, value, start, stop, self.values[index], self.source)

    # Errors.

    def fail(
        self,
        message: str,
        start: int | None = None,
        stop: int | None = None,
        *,
        incomplete: bool = False,
    ) -> NoReturn:
        """Raise the error; without a place, that of the current token."""
        self.fail_if_broken()
        if start is None:
            if self.kinds[self.index] == "EOF":
                start = stop = self.last_stop
                incomplete = True
            else:
                start, stop = self.start, self.stops[self.index]
        raise ParseError(message, self.source, start, stop, incomplete=incomplete)

    def fail_if_broken(self) -> None:
        """Raise the error that the lexer found at the current token, if it did."""
        index = self.index
        if self.kinds[index] == "Error":
            message = self.values[index]
            raise ParseError(
                message,
                self.source,
                self.starts[index],
                self.stops[index],
                incomplete=message.startswith(("unterminated", "identifier or"))
                and self.stops[index] == len(self.source.text),
            )

    def fail_unexpected(self) -> NoReturn:
        """Complain that nothing can start with the current token."""
        self.fail_if_broken()
        kind = self.kinds[self.index]
        if kind == "EOF":
            self.fail("premature end of input")
        self.pass_newline()
        if kind in KEYWORDS:
            self.fail("invalid identifier")
        self.fail(f"unexpected `{self.values[self.index] or kind}`")

    def fail_missing(self, closer: str) -> NoReturn:
        """Complain that `closer` does not come."""
        # Everything up to the next closing token is what the closing token was missed before.
        first = self.index
        broken = first
        while self.kinds[broken] not in CLOSING or self.kinds[broken] in ",;":
            if self.kinds[broken] == "Error":
                self.index = broken
                self.fail_if_broken()
            broken += 1
        at_end = self.kinds[broken] == "EOF"
        if broken == first:
            place = (self.last_stop, self.last_stop)
        else:
            place = (self.starts[first], self.stops[broken - 1])
        raise ParseError(
            f"Expected `{closer}`",
            self.source,
            *place,
            incomplete=at_end and broken == first,
        )

    def expect(self, closer: str) -> None:
        """Step over a closing token that must be here."""
        if self.kind != closer:
            if self.kind == "NL" and self.kinds[self.index] == closer:
                self.pass_newline()
            else:
                self.fail_missing(closer)
        self.bump()
