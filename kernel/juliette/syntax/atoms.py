"""Atoms: names, quotes, macros, operators as names, generators."""

from __future__ import annotations

from juliette.syntax.brackets import BracketParser
from juliette.syntax.kinds import (
    ASSIGNMENTS,
    BLANK_LINE,
    CLOSING,
    DOTTED,
    KEYWORDS,
    NEWLINE,
    NUMBERS,
    OPERATORS,
    SUFFIXED,
    SYNTAX_OPERATORS,
    WORD_OPERATORS,
    Precedence,
)
from juliette.syntax.strings import as_macro_name
from juliette.syntax.tree import SyntaxNode

_CONDITIONAL = int(Precedence.CONDITIONAL)
_PIPE_LEFT = int(Precedence.PIPE_LEFT)
_OPERATOR_KINDS = OPERATORS | WORD_OPERATORS
_WORDS = KEYWORDS | WORD_OPERATORS
_COMPOUND = {"mutable": ("struct",), "abstract": ("type",), "primitive": ("type",)}
_IN = frozenset(("in", "=", "∈"))


class AtomParser(BracketParser):
    """The smallest expressions, and macro calls."""

    def parse_keyword(self) -> SyntaxNode:
        """A form that begins with a reserved word."""
        raise NotImplementedError

    def parse_eq(self) -> SyntaxNode:
        """An expression with assignments and bare commas."""
        raise NotImplementedError

    def parse_binary(self, floor: int) -> SyntaxNode:
        """Binary operators of at least the level `floor`."""
        raise NotImplementedError

    def syntactic_prefix(self) -> SyntaxNode:
        """A `$`, `&` or `::` and what it applies to."""
        raise NotImplementedError

    def parse_iterations(self) -> list[SyntaxNode]:
        """What stands between `for` and the body."""
        specs = [self.parse_iteration()]
        while self.kind == ",":
            self.bump()
            self.pass_newline()
            specs.append(self.parse_iteration())
        return specs

    def operator_leaf(self, index: int) -> SyntaxNode:
        """The operator at a token, without its dot."""
        leaf = self.leaf("Operator", index, self.values[index])
        if self.flags[index] & DOTTED:
            leaf.start += 1
        return leaf

    def field_name(self) -> SyntaxNode:
        kind = self.kind
        if kind == "Identifier":
            return self.parse_identifier()
        if kind in _WORDS or kind == "Bool":
            index = self.bump()
            return self.leaf("Identifier", index, self.values[index])
        if kind in _OPERATOR_KINDS:
            index = self.bump()
            return self.operator_leaf(index)
        if kind == "StringStart":
            return self.parse_string()
        return self.fail_unexpected()

    # Macros.

    def parse_macro(self, module: SyntaxNode | None = None) -> SyntaxNode:
        """@m a b  ==>  (macrocall @m a b)"""
        start = self.start if module is None else module.start
        self.bump()
        if not self.adjacent() and self.kind != "EOF":
            self.fail("whitespace is not allowed here", self.last_stop, self.start)
        name = self._macro_name()
        if module is None:
            while self.kind == "." and self.adjacent() and name.kind != "MacroName":
                self.bump()
                if self.kind == "(" and self.adjacent():
                    message = "dot call syntax not supported for macros"
                    self.fail(message, start, self.last_stop)
                member = self.field_name()
                quoted = SyntaxNode(
                    "quote", [member], None, member.start, member.stop, "", self.source
                )
                name = self.node(".", name.start, [name, quoted])
        name = as_macro_name(name) if name.kind != "MacroName" else name
        if module is not None:
            quoted = SyntaxNode("quote", [name], None, name.start, name.stop, "", self.source)
            name = self.node(".", start, [module, quoted])
        return self._macro_arguments(name, start)

    def _macro_name(self) -> SyntaxNode:
        kind = self.kind
        if kind == ".":
            index = self.bump()
            return self.leaf("MacroName", index, "@__dot__")
        if kind == "Identifier":
            return self.parse_identifier()
        if kind in KEYWORDS or kind in WORD_OPERATORS or kind in OPERATORS or kind == "Bool":
            index = self.bump()
            return self.leaf("Identifier", index, self.values[index])
        if kind == "$":
            return self.syntactic_prefix()
        if kind == "EOF":
            self.fail_unexpected()
        self.fail_if_broken()
        return self.fail("invalid macro name")

    def _macro_arguments(self, name: SyntaxNode, start: int) -> SyntaxNode:
        kind = self.kind
        if self.adjacent() and kind != "NL":
            if kind == "(":
                arguments = self.parse_call_arguments()
                return self.node("macrocall", start, [name, *arguments], "-p")
            if kind == "[":
                return self.node("macrocall", start, [name, self.parse_square()], "")
            if kind == "{":
                return self.node("macrocall", start, [name, self.parse_braces()], "")
        saved = self.enter(spaced=True, where_allowed=True)
        self.deepen()
        children = [name]
        while not self.at_end():
            if (
                self.kind == "for"
                and self.generators
                and (len(children) > 1 or not self.skip_newlines)
            ):
                break  # in round brackets, a `for` that comes first is the argument
            if self.kind == "do" or self.kind == "Error":
                break
            if not self.ranges and self.kind == ":" and not self.adjacent(1):
                break
            if self.adjacent() and len(children) > 1:
                break
            children.append(self.parse_eq())
        if len(children) == 2 and _last_name(name) == "@doc" and self._documented_follows():
            # `@doc "text"` may stand on a line of its own, above what it documents.
            self.pass_newline()
            self.leave(saved)
            children.append(self.parse_eq())
        self.nesting -= 1
        self.leave(saved)
        return self.node("macrocall", start, children, "-t")

    def _documented_follows(self) -> bool:
        index = self.index
        if self.kind != "NL" or self.flags[index] & BLANK_LINE:
            return False
        return self.kinds[index] not in CLOSING

    # Atoms.

    def parse_identifier(self) -> SyntaxNode:
        """x  ==>  x"""
        index = self.index
        value = self.values[index]
        if value in _COMPOUND and self.kinds[index] == "Identifier" and self._is_compound(value):
            return self.parse_keyword()
        if value == "var" and self.look(1) == "StringStart" and self.adjacent(1):
            return self._var_string()
        self.bump()
        return self.leaf("Identifier", index, value)

    def _is_compound(self, value: str) -> bool:
        following = self.index + 1
        if self.flags[following] & NEWLINE or self.values[following] not in _COMPOUND[value]:
            return False
        if value == "mutable":
            return True
        return self.kinds[following + 1] in ("Identifier", "$", "(", *OPERATORS) and (
            self.kinds[following + 1] not in ASSIGNMENTS
        )

    def _var_string(self) -> SyntaxNode:
        start = self.start
        self.bump()
        if self.values[self.index][0] == "`":
            self.fail_unexpected()
        text = self.parse_raw_string()
        value = text[0].value
        if self.adjacent() and self.kind in (*NUMBERS, "Identifier"):
            self.fail('suffix not allowed after var"..." syntax')
        return SyntaxNode("Identifier", None, value, start, text.stop, "", self.source)

    def parse_atom(self) -> SyntaxNode:
        """Literals, names, brackets, quotes, operators as names, reserved words."""
        kind = self.kind
        if kind == "Identifier":
            return self.parse_identifier()
        if kind in NUMBERS:
            return self.parse_number()
        if kind == "(":
            return self.parse_paren()
        if kind == "[":
            return self.parse_square()
        if kind == "StringStart":
            return self._string_or_command()
        if kind == "@":
            return self._macro_atom()
        if kind == ":":
            return self._colon()
        if kind == "Bool":
            index = self.bump()
            return self.leaf("Bool", index, self.values[index] == "true")
        if kind == "Char":
            return self.parse_char()
        if kind in ("end", "begin") and self.end_is_name:
            index = self.bump()
            return self.leaf("Identifier", index, self.values[index])
        if kind in KEYWORDS and kind not in CLOSING and kind != "do":
            return self.parse_keyword()
        if kind == "{":
            return self.parse_braces()
        if kind in _OPERATOR_KINDS:
            return self._operator_atom()
        if kind == "." and self._is_quoted_in_parens():
            index = self.bump()
            return self.leaf("Operator", index, self.values[index])
        return self.fail_unexpected()

    def _macro_atom(self) -> SyntaxNode:
        made = self.parse_macro()
        if made.form == "-t":
            # The arguments reach to the end of the line: nothing may be chained to them.
            made.form = "" if len(made) == 1 else "-open"
        return made

    def _string_or_command(self) -> SyntaxNode:
        if self.values[self.index][0] != "`":
            return self.parse_string()
        start = self.start
        text = self.parse_raw_string()
        name = SyntaxNode("CoreMacroName", None, "@cmd", start, start, "core_@cmd", self.source)
        return self.node("macrocall", start, [name, text])

    def _operator_atom(self) -> SyntaxNode:
        index = self.index
        kind = self.kind
        dotted = bool(self.flags[index] & DOTTED)
        if kind in SYNTAX_OPERATORS and not self._is_quoted_in_parens():
            if kind == "$" and self.flags[index + 1] & NEWLINE and not self.skip_newlines:
                self.bump()
                return self.operator_leaf(index)
            if kind in ASSIGNMENTS or kind in ("?", "...", "->"):
                unexpected = kind in ("...", "?") or (kind == "=" and not dotted)
                self.fail(f"unexpected `{kind}`" if unexpected else "invalid identifier")
            if not dotted:
                self.fail("invalid identifier")
        self.bump()
        leaf = self.operator_leaf(index)
        if not dotted:
            return leaf
        if self.kind in ("(", "{") and self.adjacent():
            dotted_leaf = self.dotted_leaf(leaf)
            if self.kind == "{":
                return dotted_leaf
            arguments = self.parse_call_arguments()
            return self.node("call", self.starts[index], [dotted_leaf, *arguments])
        return self.dotted_leaf(leaf)

    def dotted_leaf(self, operator: SyntaxNode) -> SyntaxNode:
        """The broadcasting operator that stands for itself, as `.+` does in `f(.+)`."""
        start = operator.start - 1
        return SyntaxNode("dotop", [operator], None, start, operator.stop, "", self.source)

    def _is_quoted_in_parens(self) -> bool:
        """Is this the operator of `:(=)`?"""
        return (
            self.index >= 2
            and self.kinds[self.index - 1] == "("
            and self.kinds[self.index - 2] in (":", ".")
            and self.look(1) == ")"
        )

    def _colon(self) -> SyntaxNode:
        """:x  ==>  (quote-: x)"""
        index = self.index
        following = self.look(1)
        blank = not self.adjacent(1)
        if blank or following in (")", "]", "}", ",", ";", "EOF"):
            self.bump()
            if following not in CLOSING:
                self.fail(
                    "whitespace not allowed after `:` used for quoting",
                    self.last_stop,
                    self.starts[self.index],
                )
            return self.leaf("Operator", index, ":")
        self.bump()
        self.deepen()
        quoted = self.parse_quoted_atom()
        self.nesting -= 1
        return self.node("quote", self.starts[index], [quoted], "-:")

    def parse_quoted_atom(self) -> SyntaxNode:
        """What may follow the colon of a quote: any atom, and any reserved word as a name."""
        index = self.index
        kind = self.kinds[index]
        if kind in _WORDS:
            self.bump()
            return self.leaf("Identifier", index, self.values[index])
        if kind == "(":
            saved = self.enter(end_is_name=False)
            quoted = self.parse_paren()
            self.leave(saved)
            return quoted
        if (
            (kind in OPERATORS and kind not in ("::", "$"))
            or kind in (".", "::")
            or (kind == "$" and (not self.adjacent(1) or self.look(1) in (")", "]", "}", ",", ";")))
        ):
            self.bump()
            leaf = self.leaf("Operator", index, self.values[index])
            if self.flags[index] & DOTTED:
                leaf.value = "." + leaf.value
            return leaf
        if kind == "$":
            return self.syntactic_prefix()
        if kind == ":":
            return self._colon()
        if kind == "EOF":
            self.fail_unexpected()
        return self.parse_atom()

    # Generators.

    def parse_generator(self, first: SyntaxNode) -> SyntaxNode:
        """(x for a in b if c)  ==>  (parens (generator x (filter (= a b) c)))"""
        parts = [first]
        while self.kind == "for":
            if self.adjacent():
                self.fail("Expected space before `for` in generator", self.start, self.start)
            self.bump()
            self.pass_newline()
            specs = self.parse_iterations()
            if len(specs) == 1:
                iteration = specs[0]
            else:
                iteration = self.node("cartesian_iterator", specs[0].start, specs)
            if self.kinds[self.index] == "if" and self.kind == "if":
                self.bump()
                condition = self.parse_binary(_CONDITIONAL)
                iteration = self.node("filter", iteration.start, [iteration, condition])
            parts.append(iteration)
        return self.node("generator", first.start, parts)

    def parse_iteration(self) -> SyntaxNode:
        """for i in 1:3 end  ==>  (for (= i (call-i 1 : 3)) (block))"""
        start = self.start
        spaced, self.spaced = self.spaced, False
        outer = (
            self.values[self.index] == "outer"
            and self.kind == "Identifier"
            and self.look(1) in ("Identifier", "(", "$")
            and not self.adjacent(1)
        )
        if outer:
            self.bump()
        target = self.parse_binary(_PIPE_LEFT)
        if outer:
            target = self.node("outer", start, [target])
        if self.kind not in _IN or self.flags[self.index] & (DOTTED | SUFFIXED):
            self.fail_if_broken()
            self.fail("invalid iteration spec: expected one of `=` `in` or `∈`")
        self.bump()
        self.pass_newline()
        values = self.parse_binary(_PIPE_LEFT)
        self.spaced = spaced
        return self.node("=", start, [target, values])


def _last_name(name: SyntaxNode) -> str:
    """The name of a macro without the modules before it."""
    while name.children:
        name = name.children[-1]
    return str(name.value)
