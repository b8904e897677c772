"""Expressions, by recursive descent in the order of precedence, loosest first.

One class in one file: each level of precedence calls the next, and brackets come back to the first.
"""

from __future__ import annotations

from juliette.syntax.atoms import AtomParser
from juliette.syntax.kinds import (
    ASSIGNMENTS,
    BINARY,
    BOTH_PREFIX_AND_INFIX,
    CLOSING,
    DOTTED,
    KEYWORDS,
    NEVER_PREFIX,
    NEWLINE,
    NUMBERS,
    POWERS,
    PREFIXES,
    RADICALS,
    SPACE,
    SUFFIXED,
    SYNTACTIC_PREFIXES,
    Precedence,
)
from juliette.syntax.tree import SyntaxNode

_PAIR = int(Precedence.PAIR)
_CONDITIONAL = int(Precedence.CONDITIONAL)
_ARROW = int(Precedence.ARROW)
_COMPARISON = int(Precedence.COMPARISON)
_PIPE_LEFT = int(Precedence.PIPE_LEFT)
_COLON = int(Precedence.COLON)
_LAZY = (int(Precedence.LAZY_OR), int(Precedence.LAZY_AND))
_RIGHT = frozenset((_PAIR, _ARROW, *_LAZY, _PIPE_LEFT))
_NARY = frozenset(("+", "++", "*"))
_JUXTAPOSED = NUMBERS | RADICALS | {"Identifier", "Bool", "(", "[", "{", "Char", "StringStart", "@"}
_AFTER_NAME = frozenset(("(", "[", "{", ".", "'", "StringStart", "do"))
_NEGATABLE = frozenset(("Integer", "Float", "Float32"))
_TAKES_DO = frozenset(("call", "dotcall", "macrocall"))


class ExpressionParser(AtomParser):
    """Operators, calls, names and quotes."""

    # Assignments and commas.

    def parse_eq(self) -> SyntaxNode:
        """a, b = b, a  ==>  (= (tuple a b) (tuple b a))"""
        left = self.parse_comma()
        if self.kind in ASSIGNMENTS or self.kind == "~":
            return self._assignment(left, commas=True)
        return left

    def parse_eq_star(self) -> SyntaxNode:
        """a... = b = c  ==>  (= (... a) (= b c))"""
        left = self.parse_binary(_PAIR)
        if self.kind in ASSIGNMENTS or self.kind == "~":
            return self._assignment(left, commas=False)
        return left

    def parse_comma(self) -> SyntaxNode:
        """a, b...  ==>  (tuple a (... b))"""
        first = self.parse_binary(_PAIR)
        if self.kind != ",":
            return first
        items = [first]
        while self.kind == ",":
            self.bump()
            if self.kind in ASSIGNMENTS or self.kind in ("EOF", ";", ")", "NL"):
                if self.kinds[self.index] == "EOF":
                    self.fail_unexpected()
                if self.kind != "NL" or self.kinds[self.index] in CLOSING:
                    break
                self.pass_newline()
            items.append(self.parse_binary(_PAIR))
        return self.node("tuple", first.start, items)

    def _assignment(self, left: SyntaxNode, *, commas: bool) -> SyntaxNode:
        # Chains of assignments are parsed in a loop and folded from the right.
        lefts: list[SyntaxNode] = []
        operators: list[int] = []
        while self.kind in ASSIGNMENTS or self.kind == "~":
            if self.spaced and self._starts_element():
                break
            lefts.append(left)
            operators.append(self.bump())
            self.pass_newline()
            left = self.parse_comma() if commas else self.parse_binary(_PAIR)
        while lefts:
            left = self._assign(lefts.pop(), operators.pop(), left)
        return left

    def _assign(self, left: SyntaxNode, operator: int, right: SyntaxNode) -> SyntaxNode:
        kind = self.kinds[operator]
        dotted = bool(self.flags[operator] & DOTTED)
        if kind == "~" or kind in "≔⩴≕":
            return self._infix(left, operator, [right])
        if kind == "=" and not dotted and is_signature(left):
            return self.node("function", left.start, [left, right], "-=")
        name = "." + kind if dotted else kind
        return self.node(name, left.start, [left, right])

    # Binary operators.

    def _starts_element(self) -> bool:
        """Among blanks: is the operator the prefix of a new element, as in `[1 -2]`?"""
        index = self.index
        return (
            self.kinds[index] in BOTH_PREFIX_AND_INFIX
            and self.flags[index] & (SPACE | SUFFIXED) == SPACE
            and not self.flags[index + 1] & SPACE
        )

    def _infix(self, left: SyntaxNode, operator: int, rest: list[SyntaxNode]) -> SyntaxNode:
        kind = "dotcall" if self.flags[operator] & DOTTED else "call"
        children = [left, self.operator_leaf(operator), *rest]
        return self.node(kind, left.start, children, "-i")

    def parse_binary(self, floor: int) -> SyntaxNode:
        """a + b * c  ==>  (call-i a + (call-i b * c))"""
        left = self.parse_operand()
        levels = BINARY
        while True:
            kind = self.kind
            level = levels.get(kind)
            if level is None or level < floor:
                return left
            if self.spaced and self._starts_element():
                return left
            if level == _COMPARISON:
                left = self._comparison(left)
            elif level == _COLON:
                if kind == ":" and not self._is_range():
                    return left
                left = self._range(left)
            elif level == _CONDITIONAL:
                left = self._conditional(left)
            elif level in _RIGHT:
                left = self._right_associative(left, level)
            else:
                left = self._left_associative(left, kind, level)

    def _left_associative(self, left: SyntaxNode, kind: str, level: int) -> SyntaxNode:
        operator = self.bump()
        self.pass_newline()
        right = self.parse_binary(level + 1)
        flags = self.flags
        if kind not in _NARY or flags[operator] & (DOTTED | SUFFIXED):
            return self._infix(left, operator, [right])
        rest = [right]
        while self.kind == kind and not flags[self.index] & (DOTTED | SUFFIXED):
            if self.spaced and self._starts_element():
                break
            self.bump()
            self.pass_newline()
            rest.append(self.parse_binary(level + 1))
        return self._infix(left, operator, rest)

    def _right_associative(self, left: SyntaxNode, level: int) -> SyntaxNode:
        lefts: list[SyntaxNode] = []
        operators: list[int] = []
        while BINARY.get(self.kind) == level:
            if self.spaced and self._starts_element():
                break
            lefts.append(left)
            operators.append(self.bump())
            self.pass_newline()
            left = self.parse_binary(level + 1)
        while lefts:
            operator, first = operators.pop(), lefts.pop()
            kind = self.values[operator]
            dotted = self.flags[operator] & DOTTED
            if level in _LAZY or (kind == "-->" and not dotted):
                name = "." + kind if dotted else kind
                left = self.node(name, first.start, [first, left])
            else:
                left = self._infix(first, operator, [left])
        return left

    def _comparison(self, left: SyntaxNode) -> SyntaxNode:
        operands: list[SyntaxNode] = [left]
        operators: list[int] = []
        while BINARY.get(self.kind) == _COMPARISON:
            if self.spaced and self._starts_element():
                break
            operators.append(self.bump())
            self.pass_newline()
            operands.append(self.parse_binary(_PIPE_LEFT))
        if len(operators) == 1:
            operator = operators[0]
            kind = self.values[operator]
            if kind in ("<:", ">:") and not self.flags[operator] & DOTTED:
                return self.node(kind, left.start, operands)
            return self._infix(left, operator, operands[1:])
        children = [left]
        for operator, operand in zip(operators, operands[1:], strict=True):
            leaf = self.operator_leaf(operator)
            if self.flags[operator] & DOTTED:
                leaf = SyntaxNode("dotop", [leaf], None, leaf.start - 1, leaf.stop, "", self.source)
            children += [leaf, operand]
        return self.node("comparison", left.start, children)

    def _is_range(self) -> bool:
        if not self.ranges:
            return False
        if not self.spaced:
            return True
        index = self.index
        return not (self.flags[index] & SPACE and not self.flags[index + 1] & SPACE)

    def _range(self, left: SyntaxNode) -> SyntaxNode:
        """a:b:c...  ==>  (... (call-i a : b c))"""
        if self.kind == ":":
            while self.kind == ":" and self._is_range():
                left = self._colon_range(left)
        elif self.kind != "...":
            operator = self.bump()
            self.pass_newline()
            left = self._infix(left, operator, [self.parse_binary(_COLON + 1)])
        while self.kind == "...":
            self.bump()
            left = self.node("...", left.start, [left])
        if BINARY.get(self.kind) == _COLON and (self.kind != ":" or self._is_range()):
            self.fail("extra tokens after end of expression")
        return left

    def _colon_range(self, left: SyntaxNode) -> SyntaxNode:
        operator = self.bump()
        if self.kind == "NL":
            self.fail("line break after `:` in range expression", self.start, self.start)
        rest = [self.parse_binary(_COLON + 1)]
        if self.kind == ":" and self._is_range():
            self.bump()
            rest.append(self.parse_binary(_COLON + 1))
        return self._infix(left, operator, rest)

    def _conditional(self, condition: SyntaxNode) -> SyntaxNode:
        """a ? b : c  ==>  (? a b c)"""
        self.deepen()
        if self.adjacent():
            self.fail("space required before `?` operator", self.start, self.start)
        self.bump()
        if self.adjacent() and self.kind != "EOF":
            self.fail("space required after `?` operator", self.start, self.start)
        self.pass_newline()
        ranges, self.ranges = self.ranges, False
        then = self.parse_eq_star()
        self.ranges = ranges
        self.pass_newline()
        if self.kind != ":":
            place = self.last_stop
            ended = self.kind == "EOF"
            self.fail("`:` expected in `?` expression", place, place, incomplete=ended)
        if self.adjacent():
            self.fail("space required before `:` in `?` expression", self.start, self.start)
        self.bump()
        if self.adjacent() and self.kind != "EOF":
            self.fail("space required after `:` in `?` expression", self.start, self.start)
        self.pass_newline()
        otherwise = self.parse_eq_star()
        self.nesting -= 1
        return self.node("?", condition.start, [condition, then, otherwise])

    # Unary operators, juxtaposition and `where`.

    def parse_operand(self) -> SyntaxNode:
        """A where {T}  ==>  (where A (braces T))"""
        left = self._subtype_prefix() if self.kind in ("<:", ">:") else self.parse_juxtaposed()
        if self.kind == "where" and self.where_allowed:
            return self.parse_where_chain(left)
        return left

    def parse_where_chain(self, left: SyntaxNode) -> SyntaxNode:
        """The `where` parts after a type or a signature."""
        while self.kind == "where":
            self.bump()
            self.pass_newline()
            if self.kind == "{":
                bound = self.call_chain(self.parse_braces())
            else:
                allowed, self.where_allowed = self.where_allowed, False
                bound = self.parse_binary(_COMPARISON)
                self.where_allowed = allowed
            left = self.node("where", left.start, [left, bound])
        return left

    def _subtype_prefix(self) -> SyntaxNode:
        index, kind = self.index, self.kind
        following = self.look(1)
        if self._nothing_follows(following) or self.flags[index] & (DOTTED | SUFFIXED):
            return self.parse_juxtaposed()
        if self.adjacent(1) and following == "{":
            return self.parse_juxtaposed()
        if self.adjacent(1) and following == "(":
            self.bump()
            found = self.parse_bracketed(")")
            if found.commas or found.splat:
                made = self.node(kind, self.starts[index], self.with_parameters(found))
                return self.factor_rest(self.call_chain(made))
            operand = self.factor_rest(self.call_chain(self.paren_node(found)))
            return self.node(kind, self.starts[index], [operand], "-pre")
        self.bump()
        operand = self.parse_operand()
        return self.node(self.values[index], self.starts[index], [operand], "-pre")

    def _nothing_follows(self, following: str) -> bool:
        """Does the operator here stand alone, as a name?"""
        if following == "end" and self.end_is_name:
            return False
        if following in CLOSING or following in ASSIGNMENTS:
            return True
        if following == "for" and self.generators:
            return True
        return bool(self.flags[self.index + 1] & NEWLINE) and not self.skip_newlines

    def parse_juxtaposed(self) -> SyntaxNode:
        """2x  ==>  (juxtapose 2 x)"""
        left = self.parse_unary()
        index = self.index
        if self.flags[index] & SPACE or self.kind not in _JUXTAPOSED:
            return left
        items = [left]
        while self._is_juxtaposed(items[-1]):
            if self.kind in RADICALS:
                items.append(self.parse_unary())
            else:
                items.append(self.parse_factor())
        if len(items) == 1:
            return left
        return self.node("juxtapose", left.start, items)

    def _is_juxtaposed(self, left: SyntaxNode) -> bool:
        kind = self.kind
        if kind not in _JUXTAPOSED or not self.adjacent() or self.index == 0:
            return False
        if kind in RADICALS and self.flags[self.index] & DOTTED:
            return False
        if left.kind in SYNTACTIC_PREFIXES:
            return False  # nothing is multiplied with `&x`, `$x` or `x::T`
        if is_number(left):
            return kind != "@"
        before = self.kinds[self.index - 1]
        if (before == "StringEnd" and left.kind == "string") or kind == "StringStart":
            self.fail("cannot juxtapose string literal")
        if before in NUMBERS:
            return kind != "@"
        return kind not in NUMBERS and kind != "@" and before not in KEYWORDS

    def parse_unary(self) -> SyntaxNode:
        """-x^2  ==>  (call-pre - (call-i x ^ 2))"""
        kind = self.kind
        if kind not in PREFIXES:
            if kind in NEVER_PREFIX and self._operand_follows():
                self.fail("not a unary operator")
            return self.parse_factor()
        index = self.index
        following = self.kinds[index + 1]
        adjacent = not self.flags[index + 1] & SPACE
        if adjacent and following in _NEGATABLE and self._is_signed_literal(index):
            self.bump()
            number = self.parse_number(index)
            return self.factor_rest(self.call_chain(number))
        if self._nothing_follows(following) or (adjacent and following == "{"):
            return self.parse_factor()
        if (
            following in BINARY
            and following not in PREFIXES
            and following not in (*SYNTACTIC_PREFIXES, ":", "<:", ">:", "in", "isa")
            and following not in POWERS
            and BINARY[following] < int(Precedence.PLUS)
            and not (
                adjacent and self.kinds[index + 2] == "(" and not self.flags[index + 2] & SPACE
            )
        ):
            return self.parse_factor()
        if following == "(":
            return self._prefix_call(index)
        self.bump()
        self.deepen()
        operand = self.parse_unary()
        self.nesting -= 1
        return self._prefix(index, operand)

    def _operand_follows(self) -> bool:
        """Does something follow the operator here that would be its operand?"""
        index = self.index + 1
        following = self.kinds[index]
        return not self._nothing_follows(following) and following not in ("(", "{", "EOF")

    def _prefix(self, operator: int, operand: SyntaxNode) -> SyntaxNode:
        kind = "dotcall" if self.flags[operator] & DOTTED else "call"
        children = [self.operator_leaf(operator), operand]
        return self.node(kind, self.starts[operator], children, "-pre")

    def _is_signed_literal(self, index: int) -> bool:
        if self.kinds[index] not in "+-" or self.flags[index] & (DOTTED | SUFFIXED):
            return False
        after = self.look(2)
        return after not in POWERS and not (after in ("[", "{") and self.adjacent(2))

    def _prefix_call(self, operator: int) -> SyntaxNode:
        """+(a, b)  ==>  (call + a b)"""
        self.bump()
        found = self.parse_bracketed(")")
        if (
            found.commas
            or found.splat
            or (found.leading_semicolon and (found.semicolons == 1 or found.count))
            or not (found.count or found.semicolons)
        ):
            if self.flags[operator + 1] & SPACE:
                self.fail(
                    "whitespace not allowed between prefix function call and argument list",
                    self.stops[operator],
                    found.start,
                )
            kind = "dotcall" if self.flags[operator] & DOTTED else "call"
            arguments = self.with_parameters(found)
            name = self.operator_leaf(operator)
            if kind == "dotcall":
                name = self.dotted_leaf(name)
            call = self.node("call", self.starts[operator], [name, *arguments])
            return self.factor_rest(self.call_chain(call))
        operand = self.factor_rest(self.call_chain(self.paren_node(found)))
        return self._prefix(operator, operand)

    def parse_factor(self) -> SyntaxNode:
        """x::T^2  ==>  (call-i (::-i x T) ^ 2)"""
        call = self.parse_call()
        if self.kind in POWERS or self.kind in ("::", "->"):
            return self.factor_rest(call)
        return call

    def factor_rest(self, left: SyntaxNode) -> SyntaxNode:
        """Declarations, anonymous functions and powers after an operand."""
        while self.kind == "::":
            self.bump()
            self.pass_newline()
            declared = self.parse_call()
            if self.kind == "where" and self.where_allowed:
                declared = self.parse_where_chain(declared)
            left = self.node("::", left.start, [left, declared], "-i")
        if self.kind == "->":
            self.bump()
            self.pass_newline()
            arguments = left
            if left.kind != "tuple":
                arguments = SyntaxNode(
                    "tuple", [left], None, left.start, left.stop, "", self.source
                )
            body = self.parse_eq_star()
            return self.node("->", left.start, [arguments, body])
        if self.kind in POWERS:
            operator = self.bump()
            self.pass_newline()
            self.deepen()
            exponent = self.parse_juxtaposed()
            self.nesting -= 1
            return self._infix(left, operator, [exponent])
        return left

    # Calls.

    def parse_call(self) -> SyntaxNode:
        """f(x).y[i]  ==>  (ref (. (call f x) (quote y)) i)"""
        kind = self.kind
        if kind == "Identifier":
            atom = self.parse_identifier()
            if atom.children is not None:
                return atom
        elif kind in KEYWORDS and not (kind in ("end", "begin") and self.end_is_name):
            # Nothing is called, indexed or asked for a field right behind an `end`.
            return self.parse_atom()
        elif kind in SYNTACTIC_PREFIXES:
            atom = self.syntactic_prefix()
        else:
            atom = self.parse_atom()
        if self.kind in _AFTER_NAME:
            return self.call_chain(atom)
        return atom

    def syntactic_prefix(self) -> SyntaxNode:
        """$x  ==>  ($ x)"""
        index = self.index
        kind = self.kind
        following = self.look(1)
        if self.flags[index] & DOTTED or self._nothing_follows(following):
            return self.parse_atom()
        self.bump()
        self.deepen()
        if kind == "$":
            if self.kind in SYNTACTIC_PREFIXES:
                operand = self.syntactic_prefix()
            else:
                operand = self.parse_atom()
            form = ""
        else:
            operand = self.parse_call()
            if self.kind == "where" and self.where_allowed:
                operand = self.parse_where_chain(operand)
            form = "-pre" if kind == "::" else ""
        self.nesting -= 1
        return self.node(kind, self.starts[index], [operand], form)

    def call_chain(self, left: SyntaxNode) -> SyntaxNode:
        """Calls, indices, fields and the like after an operand."""
        while True:
            kind = self.kind
            if kind not in _AFTER_NAME:
                return left
            if self.flags[self.index] & SPACE and self.index:
                if kind == "do":
                    if left.kind in _TAKES_DO and left.form in ("", "-p"):
                        left = self.parse_do(left)
                        continue
                    return left
                if not self.spaced and kind in ("(", "[", "{", "."):
                    self.fail("whitespace is not allowed here", self.last_stop, self.start)
                return left
            if kind == "(":
                if is_number(left):
                    return left
                left = self.node("call", left.start, [left, *self.parse_call_arguments()])
            elif kind == "[":
                left = self.parse_square(left)
            elif kind == "{":
                found = self.parse_bracketed("}")
                children = [left, *self.with_parameters(found)]
                left = self.node("curly", left.start, children)
            elif kind == ".":
                left = self._field(left)
                if left.kind == "macrocall" and left.form == "-t":
                    left.form = ""
                    return left
            elif kind == "'":
                index = self.bump()
                mark = self.leaf("Operator", index, self.values[index])
                left = self.node("call", left.start, [left, mark], "-post")
            elif kind == "StringStart":
                if not self._can_prefix_string(left):
                    return left
                left = self.parse_string_macro(left)
            elif left.kind in _TAKES_DO and left.form in ("", "-p"):
                left = self.parse_do(left)
            else:
                return left

    def _can_prefix_string(self, left: SyntaxNode) -> bool:
        if self.kinds[self.index - 1] != "Identifier":
            return False
        return left.kind == "Identifier" or (left.kind == "." and not left.form)

    def parse_do(self, call: SyntaxNode) -> SyntaxNode:
        """f(x) do y; z end  ==>  (do (call f x) (tuple y) (block z))"""
        raise NotImplementedError

    def _field(self, left: SyntaxNode) -> SyntaxNode:
        dot = self.bump()
        if self.kind == "'" and self.adjacent():
            message = "the .' operator for transpose is discontinued"
            self.fail(message, self.starts[dot], self.stops[self.index])
        if self.kind != "NL" and not self.adjacent():
            self.fail("whitespace is not allowed here", self.last_stop, self.start)
        kind = self.kind
        if kind == "(":
            arguments = self.parse_call_arguments()
            return self.node("dotcall", left.start, [left, *arguments])
        if kind == "@":
            return self.parse_macro(module=left)
        if kind == ":":
            self.bump()
            if not self.adjacent() and self.kind != "EOF":
                self.fail("whitespace is not allowed here", self.last_stop, self.start)
            member = self.parse_quoted_atom()
            start = member.start
            quoted = SyntaxNode("quote", [member], None, start, member.stop, "-:", self.source)
        elif kind == "$":
            member = self.syntactic_prefix()
            quoted = SyntaxNode("inert", [member], None, member.start, member.stop, "", self.source)
        else:
            # What is no name is an error only where it is evaluated.
            member = self.parse_atom() if kind == "[" else self.field_name()
            quoted = SyntaxNode("quote", [member], None, member.start, member.stop, "", self.source)
        return self.node(".", left.start, [left, quoted])


_LITERAL_NUMBERS = frozenset(
    (
        "Int64",
        "Int128",
        "BigInt",
        "Float64",
        "Float32",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "UInt128",
    )
)


def is_signature(node: SyntaxNode) -> bool:
    """Does assigning to `node` define a function?"""
    while True:
        if node.kind == "call":
            return node.form != "-post"
        if node.kind in ("where", "parens") or (node.kind == "::" and node.form == "-i"):
            assert node.children is not None
            if not node.children:
                return False
            node = node.children[0]
            continue
        return False


def is_number(node: SyntaxNode) -> bool:
    """Is `node` a number, perhaps in parentheses, so that what adjoins it is multiplied?"""
    while node.kind == "parens":
        node = node[0]
    return node.kind in _LITERAL_NUMBERS
