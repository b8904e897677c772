"""Tokens to expressions: recursive descent in the order of precedence.

The expressions have the very shapes of Julia's `Meta.parse`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from juliette.syntax import tokens as K
from juliette.syntax.errors import ParseError
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol
from juliette.syntax.tokens import Lexer, Token, base_operator

Literal = Callable[[str, Any], Any]
CLOSERS = frozenset([")", "]", "}", "end", ","])
BLOCK_END = frozenset(["end", "else", "elseif", "catch", "finally"])
MAX_DEPTH = 150
SIMPLE_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "\\": "\\",
    '"': '"', "'": "'", "$": "$", "`": "`",
}


def _default_literal(kind: str, value: Any) -> Any:
    return value


class Parser:
    """Parses one text."""

    def __init__(self, text: str, filename: str = "none", first_line: int = 1, literal: Literal | None = None) -> None:
        self.text = text
        self.lexer = Lexer(text, filename, first_line)
        self.file = Symbol(filename)
        self.first_line = first_line
        self.literal = literal or _default_literal
        self.depth = 0
        self.in_array = False      # white space separates
        self.nested = False        # inside brackets: line breaks do not end an expression
        self.in_index = False      # `end` and `begin` are values
        self.range_colon = True    # `:` is a range (not in `a ? b : c`)
        self.where_ok = True
        self.line_starts = [0]
        for m in re.finditer("\n", text):
            self.line_starts.append(m.end())
        self.token = self.lexer.token(0)

    # ------------------------------------------------------------ tokens

    def next(self) -> Token:
        t = self.token
        self.token = self.lexer.token(t.stop)
        return t

    def jump(self, pos: int) -> None:
        self.token = self.lexer.token(pos)

    def line_at(self, pos: int) -> int:
        import bisect

        return bisect.bisect_right(self.line_starts, pos) - 1 + self.first_line

    def line_node(self, pos: int | None = None) -> LineNumberNode:
        return LineNumberNode(self.line_at(self.token.start if pos is None else pos), self.file)

    def fail(self, message: str, token: Token | None = None) -> ParseError:
        t = token or self.token
        return self.lexer.error(message, t.start, max(t.stop, t.start + 1), incomplete=t.kind == "end")

    def is_op(self, *names: str) -> bool:
        return self.token.kind == "op" and self.token.text in names

    def is_keyword(self, *names: str) -> bool:
        return self.token.kind == "keyword" and self.token.text in names

    def is_name(self, name: str) -> bool:
        return self.token.kind == "name" and self.token.text == name

    @property
    def ended(self) -> bool:
        """Does the line break before the current token end the expression?"""
        return self.token.newline and not self.nested

    def expect(self, kind: str) -> Token:
        if self.token.kind != kind:
            raise self.fail(f"Expected `{kind}`")
        return self.next()

    def expect_end(self, what: str) -> None:
        if not self.is_keyword("end"):
            raise self.fail("Expected `end`")
        self.next()

    class _Mode:
        __slots__ = ("parser", "saved")

        def __init__(self, parser: Parser) -> None:
            self.parser = parser
            self.saved = (parser.in_array, parser.nested, parser.in_index, parser.range_colon, parser.where_ok)

        def restore(self) -> None:
            p = self.parser
            p.in_array, p.nested, p.in_index, p.range_colon, p.where_ok = self.saved

    def mode(self, *, in_array: bool = False, nested: bool = True, in_index: bool | None = None) -> _Mode:
        m = self._Mode(self)
        self.in_array, self.nested, self.range_colon, self.where_ok = in_array, nested, True, True
        if in_index is not None:
            self.in_index = in_index
        return m

    # ------------------------------------------------------------ statements

    def parse_toplevel(self) -> tuple[Expr, bool]:
        """The whole text; also whether its last statement is followed by `;`."""
        out: list[Any] = []
        suppressed = False
        while True:
            while self.token.kind == ";":
                self.next()
                suppressed = True
            if self.token.kind == "end":
                return Expr("toplevel", *out), suppressed
            if out and not self.token.newline and not suppressed:
                raise self.fail("extra tokens after end of expression")
            suppressed = False
            line = self.line_node()
            statement, suppressed = self.parse_line()
            out += [line, statement]

    def parse_line(self) -> tuple[Any, bool]:
        """One statement, or several on one line joined by `;`."""
        first = self.parse_docstring()
        items = [first]
        suppressed = False
        while self.token.kind == ";" and not self.token.newline:
            self.next()
            suppressed = True
            if self.token.newline or self.token.kind in ("end", ";"):
                continue
            items.append(self.parse_docstring())
            suppressed = False
        if not self.token.newline and self.token.kind != "end" and self.token.kind != ";":
            raise self.fail("extra tokens after end of expression" if self.token.kind not in (")", "]", "}")
                            else f"unexpected `{self.token.text}`")
        return (items[0] if len(items) == 1 else Expr("toplevel", *items)), suppressed

    def parse_docstring(self) -> Any:
        """A statement; a string right before one documents it."""
        start = self.token
        e = self.parse_statement()
        if start.kind == "string" and (isinstance(e, str) or (isinstance(e, Expr) and e.head == "string")):
            t = self.token
            if t.kind in ("end", ";", ")", "]", "}", ",") or (t.kind == "keyword" and t.text in BLOCK_END):
                return e
            if self.text.count("\n", start.start, t.start) - self._lines_in(start.start, t.start) > 1:
                return e
            if not t.newline:
                return e
            line = self.line_node(start.start)
            return Expr("macrocall", GlobalRef("Core", "@doc"), line, e, self.parse_statement())
        return e

    def _lines_in(self, start: int, stop: int) -> int:
        text = self.text[start:stop].rstrip()
        return text.count("\n")

    def parse_block(self, *enders: str) -> Expr:
        """Statements up to (not including) one of the keywords."""
        m = self.mode(nested=False)
        m2 = self.in_index
        self.in_index = False
        out: list[Any] = []
        stop = enders or ("end",)
        while True:
            while self.token.kind == ";":
                self.next()
            if self.token.kind == "keyword" and self.token.text in stop:
                break
            if self.token.kind == "end":
                raise self.fail("Expected `end`")
            if self.token.kind == "keyword" and self.token.text in BLOCK_END:
                raise self.fail("Expected `end`")
            out.append(self.line_node())
            out.append(self.parse_docstring())
            if not (
                self.token.newline or self.token.kind in (";", "end")
                or (self.token.kind == "keyword" and self.token.text in stop)
            ):
                raise self.fail("Expected `end`" if self.token.kind in CLOSERS else "extra tokens after end of expression")
        m.restore()
        self.in_index = m2
        return Expr("block", *out)

    def parse_statement(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("expression nested too deeply")
        try:
            return self.parse_comma()
        finally:
            self.depth -= 1

    def parse_comma(self) -> Any:
        """a, b = c  ==>  assignment to a tuple; also the bare tuple `a, b`."""
        e = self.parse_assignment(allow_tuple=True)
        if self.token.kind == "," and not self.nested:
            items = [e]
            while self.token.kind == "," and not self.token.newline:
                self.next()
                if self.is_op("="):
                    break
                items.append(self.parse_pair_level())
            left = Expr("tuple", *items)
            if self.token.kind == "op" and K.PRECEDENCE.get(self.token.text) == K.ASSIGNMENT and not self.ended:
                return self.finish_assignment(left, True)
            return left
        return e

    # ------------------------------------------------------------ operators

    def parse_expression(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("expression nested too deeply")
        try:
            return self.parse_assignment()
        finally:
            self.depth -= 1

    def parse_assignment(self, allow_tuple: bool = False) -> Any:
        e = self.parse_pair_level()
        if self._assignment_here():
            return self.finish_assignment(e, allow_tuple)
        return e

    def _assignment_here(self) -> bool:
        t = self.token
        if t.kind != "op" or self.ended or K.PRECEDENCE.get(t.text) != K.ASSIGNMENT:
            return False
        if self.in_array and t.space and t.text in ("~", ".~") and not self._space_after(t):
            return False
        return True

    def _space_after(self, t: Token) -> bool:
        return self.text[t.stop : t.stop + 1] in (" ", "\t", "\n", "\r", "")

    def finish_assignment(self, left: Any, allow_tuple: bool = False) -> Any:
        t = self.next()
        op = t.text
        self._need_operand()
        right = self.parse_assignment(allow_tuple)
        if allow_tuple and self.token.kind == "," and not self.nested and not self.token.newline:
            items = [right]
            while self.token.kind == "," and not self.token.newline:
                self.next()
                items.append(self.parse_pair_level())
            right = Expr("tuple", *items)
        if op in ("~", ".~"):
            return Expr("call", Symbol(op), left, right)
        if op == "=" and self._is_function_head(left):
            body = right
            if not (isinstance(body, Expr) and body.head == "block"):
                body = Expr("block", LineNumberNode(self.line_at(t.start), self.file), body)
            else:
                body = Expr("block", LineNumberNode(self.line_at(t.start), self.file), *body.args)
            return Expr("=", left, body)
        if isinstance(left, (int, float, str)) and not isinstance(left, Symbol):
            raise self.lexer.error("invalid assignment location", t.start, t.stop)
        return Expr(op, left, right)

    def _is_function_head(self, e: Any) -> bool:
        while isinstance(e, Expr) and (e.head == "where" or (e.head == "::" and len(e.args) == 2)):
            e = e.args[0]
        return isinstance(e, Expr) and e.head == "call"

    def _need_operand(self) -> None:
        if self.token.kind == "end":
            raise self.fail("premature end of input")

    def parse_pair_level(self) -> Any:
        return self.parse_right(K.PAIR, self.parse_conditional)

    def parse_conditional(self) -> Any:
        e = self.parse_right(K.ARROW, self.parse_or)
        if self.token.kind == "op" and self.token.text == "?" and not self.ended:
            if self.in_array and not self.token.space:
                return e
            if not self.token.space:
                raise self.fail("space required before `?` operator")
            self.next()
            self._need_operand()
            saved, self.range_colon = self.range_colon, False
            nested, self.nested = self.nested, self.nested
            in_array, self.in_array = self.in_array, self.in_array
            then = self.parse_pair_or_assign()
            self.range_colon = saved
            if not self.is_op(":"):
                raise self.fail("`:` expected in `?` expression")
            self.next()
            self._need_operand()
            other = self.parse_pair_or_assign()
            return Expr("if", e, then, other)
        return e

    def parse_pair_or_assign(self) -> Any:
        return self.parse_expression()

    def _operator(self, level: int) -> Token | None:
        """The current token, if it is a binary operator of a level here."""
        t = self.token
        if t.kind != "op" or (t.newline and not self.nested):
            return None
        op = base_operator(t.text)
        if K.PRECEDENCE.get(op) != level:
            return None
        if self.in_array and t.space:
            # `[a -b]` are two elements, `[a - b]` and `[a-b]` one.
            if op in K.UNARY and not self._space_after(t) and op not in ("<:", ">:"):
                return None
            if op == ":" and not self._space_after(t):
                return None
            if t.newline:
                return None
        if self.in_array and t.newline:
            return None
        return t

    def parse_right(self, level: int, operand: Callable[[], Any]) -> Any:
        left = operand()
        t = self._operator(level)
        if t is None:
            return left
        self.next()
        self._need_operand()
        right = self.parse_right(level, operand)
        if t.text in ("-->",):
            return Expr(t.text, left, right)
        return Expr("call", Symbol(t.text), left, right)

    def parse_left(self, level: int, operand: Callable[[], Any]) -> Any:
        e = operand()
        while True:
            t = self._operator(level)
            if t is None:
                return e
            self.next()
            self._need_operand()
            e = Expr("call", Symbol(t.text), e, operand())

    def parse_or(self) -> Any:
        left = self.parse_and()
        t = self._operator(K.LAZY_OR)
        if t is None:
            return left
        self.next()
        self._need_operand()
        return Expr(t.text, left, self.parse_or())

    def parse_and(self) -> Any:
        left = self.parse_comparison()
        t = self._operator(K.LAZY_AND)
        if t is None:
            return left
        self.next()
        self._need_operand()
        return Expr(t.text, left, self.parse_and())

    def parse_comparison(self) -> Any:
        first = self.parse_left_pipe()
        items = [first]
        while True:
            t = self._operator(K.COMPARISON)
            if t is None and self.token.kind == "name" and self.token.text in ("in", "isa") and not self.ended:
                t = self.token
                if self.in_array and t.newline:
                    t = None
            if t is None:
                break
            self.next()
            self._need_operand()
            items += [Symbol(t.text), self.parse_left_pipe()]
        if len(items) == 1:
            return first
        if len(items) == 3:
            op = items[1].name
            if op in ("<:", ">:"):
                return Expr(op, items[0], items[2])
            return Expr("call", items[1], items[0], items[2])
        return Expr("comparison", *items)

    def parse_left_pipe(self) -> Any:
        return self.parse_right(K.PIPE_LEFT, lambda: self.parse_left(K.PIPE_RIGHT, self.parse_range))

    def parse_range(self) -> Any:
        e = self.parse_sum()
        while True:
            t = self._operator(K.COLON)
            if t is None:
                return e
            if t.text != ":":
                self.next()
                e = Expr("call", Symbol(t.text), e, self.parse_sum())
                continue
            if not self.range_colon:
                return e
            after = self.lexer.token(t.stop)
            if after.kind in (")", "]", "}", ",", ";", "end") or (after.newline and not self.nested):
                return e
            self.next()
            middle = self.parse_sum()
            t2 = self._operator(K.COLON)
            if t2 is not None and t2.text == ":" and self.lexer.token(t2.stop).kind not in (")", "]", "}", ",", ";", "end"):
                self.next()
                e = Expr("call", Symbol(":"), e, middle, self.parse_sum())
            else:
                e = Expr("call", Symbol(":"), e, middle)

    def parse_sum(self) -> Any:
        return self.parse_chain(K.PLUS, self.parse_term, ("+", "++"))

    def parse_term(self) -> Any:
        return self.parse_chain(K.TIMES, self.parse_rational, ("*",))

    def parse_chain(self, level: int, operand: Callable[[], Any], flat: tuple[str, ...]) -> Any:
        """Left associative; `a + b + c` is one call of three."""
        e = operand()
        chained: str | None = None
        while True:
            t = self._operator(level)
            if t is None:
                return e
            self.next()
            self._need_operand()
            right = operand()
            if t.text in flat and chained == t.text:
                e = Expr("call", *e.args, right)
            else:
                e = Expr("call", Symbol(t.text), e, right)
                chained = t.text if t.text in flat else None

    def parse_rational(self) -> Any:
        return self.parse_left(K.RATIONAL, self.parse_shift)

    def parse_shift(self) -> Any:
        return self.parse_left(K.BITSHIFT, self.parse_unary_subtype)

    def parse_unary_subtype(self) -> Any:
        if self.is_op("<:", ">:"):
            t = self.next()
            if self.token.kind in CLOSERS or self.token.kind == "end" or self.ended:
                return Symbol(t.text)
            if self.token.kind == "(" and not self.token.space:
                args = self.parse_call_args()
                return Expr(t.text, *args)
            return Expr(t.text, self.parse_where())
        return self.parse_where()

    def parse_where(self) -> Any:
        e = self.parse_juxtapose()
        while self.where_ok and self.is_name("where") and not self.ended and not (self.in_array and self.token.newline):
            self.next()
            self._need_operand()
            if self.token.kind == "{":
                self.next()
                m = self.mode()
                variables = self.parse_list("}")
                m.restore()
                e = Expr("where", e, *variables)
            else:
                saved, self.where_ok = self.where_ok, False
                e = Expr("where", e, self.parse_comparison())
                self.where_ok = saved
        return e

    def parse_juxtapose(self) -> Any:
        first = self.token
        e = self.parse_unary()
        while self._juxtaposed(e, first):
            right = self.parse_unary_no_minus()
            if isinstance(e, Expr) and e.head == "call" and e.args[0] == Symbol("*") and getattr(self, "_juxt", None) is e:
                e = Expr("call", *e.args, right)
            else:
                e = Expr("call", Symbol("*"), e, right)
            self._juxt: Any = e
        return e

    def _juxtaposed(self, e: Any, first: Token) -> bool:
        t = self.token
        if t.space or t.newline or t.kind == "end":
            return False
        number = first.kind == "number"
        if t.kind in ("string", "command", "char"):
            return False
        if t.kind == "(":
            return number and isinstance(e, (int, float)) or number
        if t.kind == "name":
            if t.text in ("in", "isa", "where"):
                return False
            return number or self.text[t.start - 1] in ")]}'"
        if t.kind == "number":
            return self.text[t.start - 1] in ")]}" and False
        if t.kind == "keyword":
            return number and t.text not in CLOSERS and t.text in ("begin", "if", "let") and not self.in_index
        if t.kind == "op":
            return number and t.text in ("√", "∛", "∜")
        if t.kind == "[":
            return False
        return False

    def parse_unary_no_minus(self) -> Any:
        return self.parse_unary()

    def parse_unary(self) -> Any:
        t = self.token
        if t.kind == "op" and base_operator(t.text) in K.UNARY and t.text not in ("<:", ">:"):
            after = self.lexer.token(t.stop)
            op = t.text
            # an operator as a value: (+), +), +,  or as a function: +(a, b)
            if after.kind in (")", "]", "}", ",", ";", "end") or (after.newline and not self.nested) or (
                after.kind == "op" and after.text in ("=", "=>", "->") and op not in ("-",)
            ) or (after.kind == "op" and after.text == "." and not after.space) and False:
                self.next()
                return self.parse_power_rest(self.parse_postfix(Symbol(op), t))
            if op in ("-", "+") and after.kind == "number" and not after.space:
                self.next()
                number = self.token
                operand = self.parse_atom()
                nxt = self.token
                is_power = nxt.kind == "op" and K.PRECEDENCE.get(base_operator(nxt.text)) == K.POWER and not self.ended
                if is_power and not (self.in_array and nxt.space and False):
                    inner = self.parse_power_rest(self.parse_postfix(operand, number))
                    return Expr("call", Symbol(op), inner)
                value = -operand if op == "-" and not isinstance(operand, Expr) else operand
                if isinstance(operand, Expr):
                    return Expr("call", Symbol(op), operand)
                if op == "+":
                    return Expr("call", Symbol("+"), operand) if False else operand
                return self.parse_postfix(value, number)
            if after.kind == "(" and not after.space:
                self.next()
                return self._operator_call(op, t)
            if after.kind == "{" and not after.space:
                self.next()
                return self.parse_power_rest(self.parse_postfix(Symbol(op), t))
            self.next()
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.fail("expression nested too deeply")
            if op in ("√", "∛", "∜", ".√", ".∛"):
                operand = self.parse_unary()
            else:
                operand = self.parse_unary() if op not in ("-", "+") else self._signed_operand()
            self.depth -= 1
            return Expr("call", Symbol(op), operand)
        return self.parse_power()

    def _signed_operand(self) -> Any:
        first = self.token
        e = self.parse_unary()
        while self._juxtaposed(e, first):
            e = Expr("call", Symbol("*"), e, self.parse_unary())
        return e

    def _operator_call(self, op: str, t: Token) -> Any:
        """`-(x)` is unary minus of `x`, `+(a, b)` a call; `-(x)^2` is `-((x)^2)`."""
        start = self.token.start
        self.next()
        m = self.mode()
        args, has_comma, has_semicolon = self._paren_items()
        m.restore()
        if has_comma or has_semicolon or len(args) != 1 or (isinstance(args[0], Expr) and args[0].head == "..."):
            call = Expr("call", Symbol(op), *self._call_style(args))
            return self.parse_power_rest(self.parse_postfix(call, t))
        self.jump(start)
        operand = self.parse_power()
        return Expr("call", Symbol(op), operand)

    def parse_power(self) -> Any:
        t = self.token
        return self.parse_power_rest(self.parse_decl(t))

    def parse_power_rest(self, base: Any) -> Any:
        t = self._operator(K.POWER)
        if t is None:
            return base
        self.next()
        self._need_operand()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("expression nested too deeply")
        first = self.token
        exponent = self.parse_unary()
        while self._juxtaposed(exponent, first):
            exponent = Expr("call", Symbol("*"), exponent, self.parse_unary())
        self.depth -= 1
        return Expr("call", Symbol(t.text), base, exponent)

    def parse_decl(self, first: Token) -> Any:
        """a::T  ==>  (:: a T);  x -> y  ==>  (-> x y)"""
        if self.is_op("::"):
            self.next()
            e: Any = Expr("::", self._decl_type())
        else:
            e = self.parse_postfix(self.parse_atom(), first)
        while self.is_op("::") and not self.ended and not (self.in_array and self.token.space and self.token.newline):
            self.next()
            self._need_operand()
            e = Expr("::", e, self._decl_type())
        if self.is_op("->") and not self.ended:
            t = self.next()
            self._need_operand()
            body = self.parse_expression()
            line = LineNumberNode(self.line_at(t.start), self.file)
            if isinstance(body, Expr) and body.head == "block":
                body = Expr("block", line, *body.args)
            else:
                body = Expr("block", line, body)
            return Expr("->", e, body)
        return e

    def _decl_type(self) -> Any:
        first = self.token
        return self.parse_postfix(self.parse_atom(), first)

    # ------------------------------------------------------------ postfix

    def parse_postfix(self, e: Any, first: Token) -> Any:
        """Calls, indexing, fields, `{}`, adjoints and string macros after an atom."""
        while True:
            t = self.token
            if t.kind == "end" or (t.newline and not (t.kind == "op" and t.text == "." and False)):
                return e
            if t.space and self.in_array:
                return e
            if t.kind == "(":
                if t.space or (first.kind == "number" and not isinstance(e, Expr)):
                    return e
                if first.kind == "number" and isinstance(e, (int, float)):
                    return e
                args = self.parse_call_args()
                e = Expr("call", e, *args)
                if self.is_keyword("do") and not self.token.newline:
                    e = self.parse_do(e)
            elif t.kind == "[":
                if t.space or (first.kind == "number" and not isinstance(e, Expr)):
                    return e
                e = self.parse_index(e)
            elif t.kind == "{":
                if t.space:
                    return e
                self.next()
                m = self.mode()
                items = self.parse_list("}", parameters=True)
                m.restore()
                e = Expr("curly", e, *items)
            elif t.kind == "op" and t.text == ".":
                if t.space and not self.nested and False:
                    return e
                e = self.parse_dot(e)
            elif t.kind == "op" and t.text == "'" and not t.space:
                self.next()
                e = Expr("'", e)
            elif t.kind in ("string", "command") and not t.space and isinstance(e, (Symbol, Expr)) and (
                isinstance(e, Symbol) and first.kind == "name" and t.start == first.stop
                or isinstance(e, Expr) and e.head == "." and isinstance(e.args[1], QuoteNode)
            ):
                e = self.parse_string_macro(e)
            elif t.kind == "keyword" and t.text == "do" and isinstance(e, Expr) and e.head in ("call", "macrocall"):
                if t.newline:
                    return e
                e = self.parse_do(e)
            else:
                return e

    def parse_dot(self, e: Any) -> Any:
        self.next()
        t = self.token
        if t.kind == "(":
            args = self.parse_call_args()
            e = Expr(".", e, Expr("tuple", *args))
            return e
        if t.kind in ("name", "keyword"):
            self.next()
            return Expr(".", e, QuoteNode(Symbol(t.text)))
        if t.kind == "op" and t.text == "$":
            self.next()
            if self.token.kind == "(":
                inner = self.parse_atom()
            else:
                inner = Symbol(self.expect("name").text)
            return Expr(".", e, QuoteNode(Expr("$", inner)))
        if t.kind == "op" and t.text == "@":
            self.next()
            name = self.next()
            return self.parse_macro_args(Expr(".", e, QuoteNode(Symbol("@" + name.text))), t)
        if t.kind == "op" and t.text == ":":
            self.next()
            if self.token.kind == "(":
                return Expr(".", e, QuoteNode(self.parse_quoted_operator()))
            op = self.next()
            return Expr(".", e, QuoteNode(Symbol(op.text)))
        if t.kind == "string":
            return Expr(".", e, self.parse_atom())
        if t.kind == "op":
            self.next()
            return Expr(".", e, QuoteNode(Symbol(t.text)))
        raise self.fail("expected a field name after `.`")

    def parse_quoted_operator(self) -> Any:
        self.expect("(")
        t = self.next()
        self.expect(")")
        return Symbol(t.text)

    def parse_call_args(self) -> list[Any]:
        """(a, b; c=1)  ==>  arguments with `kw`, the `parameters` first."""
        opening = self.expect("(")
        m = self.mode(in_index=self.in_index)
        items, _, _ = self._paren_items()
        m.restore()
        return self._call_style(items)

    def _call_style(self, items: list[Any]) -> list[Any]:
        out: list[Any] = []
        parameters: list[Expr] = []
        for item in items:
            if isinstance(item, Expr) and item.head == "parameters":
                parameters.append(Expr("parameters", *[self._kw(a) for a in item.args]))
            else:
                out.append(self._kw(item))
        return parameters + out

    def _kw(self, e: Any) -> Any:
        if isinstance(e, Expr) and e.head == "=":
            right = e.args[1]
            return Expr("kw", e.args[0], right)
        return e

    def _paren_items(self) -> tuple[list[Any], bool, bool]:
        """What stands between brackets after `(` up to `)`; the `)` is taken."""
        items: list[Any] = []
        current = items
        has_comma = has_semicolon = False
        while True:
            if self.token.kind == ")":
                self.next()
                return items, has_comma, has_semicolon
            if self.token.kind == ";":
                self.next()
                has_semicolon = True
                group = Expr("parameters")
                items.append(group)
                current = group._args
                continue
            if self.token.kind == ",":
                raise self.fail("unexpected `,`")
            e = self.parse_argument()
            if self._generator_here():
                e = self.parse_generator(e)
            current.append(e)
            if self.token.kind == ",":
                self.next()
                has_comma = True
            elif self.token.kind not in (")", ";"):
                raise self.fail("Expected `)`" if self.token.kind == "end" else "Expected `)` or `,`")

    def parse_argument(self) -> Any:
        e = self.parse_expression()
        if self.is_op("..."):
            self.next()
            e = Expr("...", e)
            if self._assignment_here():
                e = self.finish_assignment(e)
        return e

    def parse_list(self, closer: str, parameters: bool = False) -> list[Any]:
        """Comma-separated items up to a closing bracket, which is taken."""
        items: list[Any] = []
        while True:
            if self.token.kind == closer:
                self.next()
                return items
            if self.token.kind == ";" and parameters:
                self.next()
                group = Expr("parameters", *self.parse_list(closer))
                items.insert(0, group)
                return items
            e = self.parse_argument()
            if self._generator_here():
                e = self.parse_generator(e)
            items.append(e)
            if self.token.kind == ",":
                self.next()
            elif self.token.kind not in (closer, ";"):
                raise self.fail(f"Expected `{closer}`")

    def parse_index(self, e: Any) -> Any:
        self.expect("[")
        inner = self.parse_array("]", in_index=True)
        if inner.head == "vect":
            return Expr("ref", e, *[self._kw(a) for a in inner.args])
        if inner.head == "hcat":
            return Expr("typed_hcat", e, *inner.args)
        if inner.head == "vcat":
            return Expr("typed_vcat", e, *inner.args)
        if inner.head == "ncat":
            return Expr("typed_ncat", e, *inner.args)
        return Expr("typed_comprehension", e, *inner.args)

    def parse_do(self, call: Any) -> Any:
        do = self.next()
        params: list[Any] = []
        line = LineNumberNode(self.line_at(do.start), self.file)
        m = self.mode(nested=False)
        if not self.token.newline and self.token.kind != ";":
            while True:
                params.append(self.parse_pair_level())
                if self.token.kind == "," and not self.token.newline:
                    self.next()
                    continue
                break
        m.restore()
        body = self.parse_block()
        self.expect_end("do")
        body = Expr("block", line, *body.args) if not body.args else body
        return Expr("do", call, Expr("->", Expr("tuple", *params), body))

    # ------------------------------------------------------------ generators

    def _generator_here(self) -> bool:
        return self.is_keyword("for") and (self.token.space or self.token.newline)

    def parse_generator(self, body: Any) -> Any:
        """f(x) for x in xs if ok  ==>  (generator …)"""
        groups: list[list[Any]] = []
        while self.is_keyword("for"):
            self.next()
            specs = [self.parse_iteration()]
            while self.token.kind == ",":
                self.next()
                specs.append(self.parse_iteration())
            if self.is_keyword("if"):
                self.next()
                condition = self.parse_pair_level()
                specs = [Expr("filter", condition, *specs)]
            groups.append(specs)
        e = Expr("generator", body, *groups[-1])
        for specs in reversed(groups[:-1]):
            e = Expr("flatten", Expr("generator", e, *specs))
        return e

    def parse_iteration(self) -> Any:
        outer = False
        if self.is_name("outer"):
            after = self.lexer.token(self.token.stop)
            if after.kind == "name" and after.text != "in":
                self.next()
                outer = True
        saved = self.range_colon
        if self.token.kind == "(":
            first = self.token
            left = self.parse_postfix(self.parse_atom(), first)
        else:
            left = self._iteration_target()
        if self.is_op("::"):
            self.next()
            left = Expr("::", left, self._decl_type())
        if outer:
            left = Expr("outer", left)
        if not (self.is_op("=", "∈") or self.is_name("in")):
            raise self.fail("invalid iteration spec: expected one of `=` `in` or `∈`")
        self.next()
        self._need_operand()
        right = self.parse_pair_level()
        self.range_colon = saved
        return Expr("=", left, right)

    def _iteration_target(self) -> Any:
        first = self.token
        e = self.parse_postfix(self.parse_atom(), first)
        if self.is_op("->"):
            raise self.fail("invalid iteration spec: expected one of `=` `in` or `∈`")
        return e

    # ------------------------------------------------------------ arrays

    def parse_array(self, closer: str, in_index: bool = False) -> Expr:
        """[1 2; 3 4], [a, b], [x for x in y]; the opening bracket is taken already."""
        m = self.mode(in_array=True, in_index=in_index or self.in_index)
        try:
            return self._array(closer)
        finally:
            m.restore()

    def _element(self) -> Any:
        e = self.parse_expression()
        if self.is_op("..."):
            self.next()
            e = Expr("...", e)
        return e

    def _array(self, closer: str) -> Expr:
        if self.token.kind == closer:
            self.next()
            return Expr("vect")
        if self.token.kind == ";":
            n = 0
            while self.token.kind == ";":
                self.next()
                n += 1
            if self.token.kind == closer and n > 1:
                self.next()
                return Expr("ncat", n)
            raise self.fail("Expected `]`")
        first = self._element()
        if self._generator_here():
            self.in_array = False
            g = self.parse_generator(first)
            self.in_array = True
            if self.token.kind != closer:
                raise self.fail(f"Expected `{closer}`")
            self.next()
            return Expr("comprehension", g)
        if self.token.kind == closer:
            self.next()
            return Expr("vect", first)
        if self.token.kind == ",":
            items = [first]
            while self.token.kind == ",":
                self.next()
                if self.token.kind == closer:
                    break
                saved, self.in_array = self.in_array, False
                items.append(self.parse_argument())
                self.in_array = saved
            if self.token.kind == ";":
                self.next()
                group = Expr("parameters", *self.parse_list(closer))
                return Expr("vect", group, *items)
            if self.token.kind != closer:
                raise self.fail(f"Expected `{closer}`")
            self.next()
            return Expr("vect", *items)
        return self._matrix(first, closer)

    def _matrix(self, first: Any, closer: str) -> Expr:
        """Elements and separators: 0 is a blank, 1 is `;` or a line break, 2 is `;;`, …"""
        items = [first]
        seps: list[int] = []
        while True:
            t = self.token
            if t.kind == closer:
                self.next()
                break
            if t.kind == ";":
                n = 0
                while self.token.kind == ";" and (n == 0 or not self.token.space):
                    self.next()
                    n += 1
                if self.token.kind == closer:
                    seps.append(n)
                    self.next()
                    break
            elif t.newline:
                n = 1
            elif t.space:
                n = 0
            elif t.kind == ",":
                raise self.fail("unexpected comma in array expression")
            else:
                raise self.fail(f"Expected `{closer}`")
            if self.token.kind == "end":
                raise self.fail(f"Expected `{closer}`")
            seps.append(n)
            items.append(self._element())
        trailing = seps[len(items) - 1 :]
        seps = seps[: len(items) - 1]
        top = max([*seps, *trailing], default=0)
        if top == 0:
            return Expr("hcat", *items)
        if top == 1:
            rows = self._split(items, seps, 1)
            return Expr("vcat", *[
                r[0][0] if len(r[0]) == 1 else Expr("row", *r[0]) for r in rows
            ])
        return self._ncat(items, seps, top)

    def _split(self, items: list[Any], seps: list[int], level: int) -> list[tuple[list[Any], list[int]]]:
        groups: list[tuple[list[Any], list[int]]] = []
        start = 0
        for i, s in enumerate(seps):
            if s == level:
                groups.append((items[start : i + 1], seps[start:i]))
                start = i + 1
        groups.append((items[start:], seps[start:]))
        return groups

    def _ncat(self, items: list[Any], seps: list[int], level: int) -> Expr:
        groups = self._split(items, seps, level)
        out: list[Any] = []
        for inner, inner_seps in groups:
            if len(inner) == 1:
                out.append(inner[0])
            else:
                top = max(inner_seps)
                if top == 0:
                    out.append(Expr("row", *inner))
                else:
                    sub = self._ncat(inner, inner_seps, top)
                    out.append(Expr("nrow", *sub.args))
        return Expr("ncat", level, *out)

    # ------------------------------------------------------------ atoms

    def parse_atom(self) -> Any:
        t = self.token
        kind = t.kind
        if kind == "name":
            self.next()
            if t.text == "var" and self.token.kind == "string" and not self.token.space:
                return Symbol(self.raw_string(self.next()))
            return Symbol(t.text)
        if kind == "number":
            self.next()
            return self.number(t)
        if kind == "string":
            return self.parse_string()
        if kind == "(":
            return self.parse_paren()
        if kind == "[":
            self.next()
            return self.parse_array("]")
        if kind == "{":
            self.next()
            m = self.mode()
            items = self.parse_list("}")
            m.restore()
            return Expr("braces", *items)
        if kind == "command":
            self.next()
            return Expr("macrocall", GlobalRef("Core", "@cmd"), self.line_node(t.start), self.raw_delimited(t, "`"))
        if kind == "keyword":
            return self.parse_keyword()
        if kind == "op":
            if t.text == ":":
                return self.parse_quote()
            if t.text == "'":
                return self.parse_char()
            if t.text == "@":
                return self.parse_macrocall()
            if t.text == "$":
                self.next()
                if self.token.kind == "(":
                    inner = self.parse_atom()
                elif self.is_op("$"):
                    inner = self.parse_atom()
                else:
                    inner = Symbol(self.expect("name").text)
                return Expr("$", inner)
            if t.text in ("::",):
                self.next()
                return Expr("::", self._decl_type())
            if t.text in ("=", "->", "...", ".", "?", "+=", "-=", "&&", "||") and not self.nested:
                raise self.fail(f"invalid identifier" if t.text == "." else f"unexpected `{t.text}`")
            after = self.lexer.token(t.stop)
            if t.text == "&" or t.text in ("=", "?", "..."):
                if t.text == "&" and after.kind in ("name", "(") and not after.space:
                    self.next()
                    return Expr("&", self.parse_atom())
                if after.kind not in CLOSERS:
                    raise self.fail(f"unexpected `{t.text}`")
            self.next()
            return Symbol(t.text)
        if kind == "end":
            raise self.fail("premature end of input")
        raise self.fail(f"unexpected `{t.text}`")

    def number(self, t: Token) -> Any:
        text = t.text.replace("_", "")
        low = text.lower()
        if self.token.kind == "number" and not self.token.space and not self.token.newline:
            raise self.lexer.error("invalid numeric constant", t.start, self.token.stop)
        if low.startswith("0x") and "p" in low:
            return float.fromhex(text)
        if low.startswith(("0x", "0b", "0o")) and not text[0:2].isupper():
            digits = text[2:]
            value = int(text, 0)
            if low.startswith("0x"):
                bits = 4 * len(digits)
            elif low.startswith("0b"):
                bits = len(digits)
            else:
                bits = max(value.bit_length(), 3 * len(digits) - (2 if digits[0] in "1" else 1 if digits[0] in "23" else 0))
            for size in (8, 16, 32, 64, 128):
                if bits <= size:
                    return self.literal(f"UInt{size}", value)
            return self.literal("BigInt", value)
        if "f" in low:
            return self.literal("Float32", float(low.replace("f", "e")))
        if "." in text or "e" in low:
            return float(text)
        value = int(text)
        if value < 2**63:
            return value
        if value < 2**127:
            return self.literal("Int128", value)
        return self.literal("BigInt", value)

    def parse_paren(self) -> Any:
        self.next()
        m = self.mode(in_index=self.in_index)
        start = self.token
        try:
            # an operator in brackets is the function itself
            if start.kind == "op" and self.lexer.token(start.stop).kind == ")" and start.text not in ("'",):
                self.next()
                self.next()
                return Symbol(start.text)
            if start.kind == ")":
                self.next()
                return Expr("tuple")
            if start.kind == ";":
                return self._paren_tuple([])
            first = self.parse_paren_statement()
            if self.is_op("..."):
                self.next()
                first = Expr("...", first)
            if self._generator_here():
                first = self.parse_generator(first)
            if self.token.kind == ")":
                self.next()
                if isinstance(first, Expr) and first.head == "...":
                    return Expr("tuple", first) if self.is_op("->") else first
                return first
            if self.token.kind == ",":
                self.next()
                return self._paren_tuple([first], True)
            if self.token.kind == ";":
                return self._paren_block(first)
            raise self.fail("Expected `)`" if self.token.kind == "end" else "Expected `)` or `,`")
        finally:
            m.restore()

    def parse_paren_statement(self) -> Any:
        return self.parse_expression()

    def _paren_tuple(self, items: list[Any], comma: bool = False) -> Any:
        rest, _, _ = self._paren_items()
        out = list(items)
        parameters = []
        for a in rest:
            if isinstance(a, Expr) and a.head == "parameters":
                parameters.append(Expr("parameters", *[self._kw(x) for x in a.args]))
            else:
                out.append(a)
        return Expr("tuple", *parameters, *out)

    def _paren_block(self, first: Any) -> Any:
        """(a; b) is a block, unless a comma or `->` shows that it is a list of parameters."""
        items = [first]
        start = self.token.start
        lines: list[LineNumberNode] = []
        comma = False
        while self.token.kind == ";":
            self.next()
            if self.token.kind in (")", ";"):
                continue
            lines.append(self.line_node())
            e = self.parse_argument()
            items.append(e)
            if self.token.kind == ",":
                comma = True
                break
        if not comma and self.token.kind == ")":
            after = self.lexer.token(self.token.stop)
            if not (after.kind == "op" and after.text == "->"):
                self.next()
                out = [items[0]]
                for line, e in zip(lines, items[1:], strict=True):
                    out += [line, e]
                return Expr("block", *out)
        self.jump(start)
        rest, _, _ = self._paren_items()
        return Expr("tuple", *[Expr("parameters", *map(self._kw, r.args)) for r in rest if isinstance(r, Expr) and r.head == "parameters"], first)

    def parse_quote(self) -> Any:
        """:x, :(a + b), :+"""
        colon = self.next()
        t = self.token
        if t.kind == "end" or t.space and not (t.kind == "(" and False) or t.newline:
            return Symbol(":")
        if t.kind in (")", "]", "}", ",", ";"):
            return Symbol(":")
        if t.kind in ("name", "keyword"):
            self.next()
            if t.text == "var" and self.token.kind == "string" and not self.token.space:
                return QuoteNode(Symbol(self.raw_string(self.next())))
            if t.text in ("true", "false"):
                return t.text == "true"
            return QuoteNode(Symbol(t.text))
        if t.kind == "(":
            after = self.lexer.token(t.stop)
            if after.kind == "op" and self.lexer.token(after.stop).kind == ")":
                self.next()
                op = self.next()
                self.next()
                return QuoteNode(Symbol(op.text))
            saved, self.in_index = self.in_index, False
            e = self.parse_paren()
            self.in_index = saved
            if isinstance(e, Expr):
                if e.head == "tuple" and not e.args:
                    return Expr("quote", e)
                return Expr("quote", e)
            if isinstance(e, Symbol):
                return QuoteNode(e)
            return e if isinstance(e, (int, float, str, bool)) else QuoteNode(e)
        if t.kind == "op" and t.text not in ("'", "@", "$"):
            self.next()
            return QuoteNode(Symbol(t.text))
        if t.kind == "[":
            return Expr("quote", self.parse_atom())
        e = self.parse_atom()
        return Expr("quote", e) if isinstance(e, Expr) else e

    # ------------------------------------------------------------ strings and characters

    def parse_char(self) -> Any:
        start = self.token.start
        text = self.text
        pos = start + 1
        if pos >= len(text):
            raise self.lexer.error("unterminated character literal", start, incomplete=False)
        if text[pos] == "\\":
            value, pos = self.escape(pos, start)
        else:
            value = text[pos]
            pos += 1
        if text[pos : pos + 1] != "'":
            raise self.lexer.error(
                "character literal contains multiple characters" if text.find("'", pos, pos + 20) > 0
                else "unterminated character literal", start, pos)
        self.jump(pos + 1)
        return self.literal("Char", ord(value))

    def escape(self, pos: int, start: int) -> tuple[str, int]:
        """The character of a backslash escape at `pos`, and where it ends."""
        text = self.text
        c = text[pos + 1 : pos + 2]
        if c in SIMPLE_ESCAPES and c:
            return SIMPLE_ESCAPES[c], pos + 2
        for letter, most, least in (("x", 2, 1), ("u", 4, 1), ("U", 8, 1)):
            if c == letter:
                m = re.compile(f"[0-9a-fA-F]{{{least},{most}}}").match(text, pos + 2)
                if m is None:
                    raise self.lexer.error("invalid escape sequence", pos, pos + 2)
                code = int(m.group(), 16)
                if code > 0x10FFFF:
                    raise self.lexer.error("invalid unicode escape sequence", pos, m.end())
                return chr(code), m.end()
        m = re.compile("[0-7]{1,3}").match(text, pos + 1)
        if m:
            return chr(int(m.group(), 8) & 255), m.end()
        if not c:
            raise self.lexer.error("unterminated string literal", start, len(text), incomplete=True)
        raise self.lexer.error("invalid escape sequence", pos, pos + 2)

    def parse_string(self) -> Any:
        """ "a$x" ==> (string "a" x); triple quotes are dedented."""
        t = self.token
        pos = t.start
        triple = self.text.startswith('"""', pos)
        delimiter = '"""' if triple else '"'
        pos += len(delimiter)
        parts: list[Any] = []
        buffer: list[str] = []
        raw_flags: list[bool] = []
        text, n = self.text, len(self.text)
        if triple and text.startswith("\n", pos):
            pos += 1
            leading_newline = True
        elif triple and text.startswith("\r\n", pos):
            pos += 2
            leading_newline = True
        else:
            leading_newline = False
        special = re.compile(r'["\\$\n]' if triple else r'["\\$]')
        # Literal text keeps a mark (U+E000) before characters that came of escapes, so that
        # dedenting sees only the source's own line breaks and blanks.
        while True:
            m = special.search(text, pos)
            if m is None:
                raise self.lexer.error("unterminated string literal", t.start, n, incomplete=True)
            buffer.append(text[pos : m.start()])
            pos = m.start()
            c = text[pos]
            if c == '"':
                if text.startswith(delimiter, pos):
                    pos += len(delimiter)
                    break
                buffer.append('"')
                pos += 1
            elif c == "\n":
                buffer.append("\n")
                pos += 1
            elif c == "\\":
                if text[pos + 1 : pos + 2] == "\n":
                    pos += 2
                    while text[pos : pos + 1] in (" ", "\t"):
                        pos += 1
                    continue
                value, pos = self.escape(pos, t.start)
                buffer.append("\ue000" + value if triple and value in " \t\n" else value)
            else:
                if buffer:
                    parts.append("".join(buffer))
                    buffer = []
                e, pos = self.interpolation(pos)
                parts.append(_Interpolated(e))
        if buffer:
            parts.append("".join(buffer))
        self.jump(pos)
        if triple:
            parts = self.dedent(parts, leading_newline)
        out: list[Any] = []
        for p in parts:
            if isinstance(p, str):
                p = p.replace("\ue000", "")
                if p:
                    out.append(p)
            else:
                out.append(p.value)
        if not out:
            return ""
        if len(out) == 1 and isinstance(out[0], str) and not any(isinstance(p, _Interpolated) for p in parts):
            return out[0]
        return Expr("string", *out)

    def interpolation(self, pos: int) -> tuple[Any, int]:
        self.jump(pos + 1)
        t = self.token
        if t.space or t.newline:
            raise self.lexer.error("identifier or parenthesized expression expected after $ in string", pos, pos + 1)
        if t.kind == "(":
            m = self.mode(in_index=False)
            self.next()
            e = self.parse_expression()
            if self.token.kind != ")":
                raise self.fail("Expected `)`")
            stop = self.token.stop
            m.restore()
            return e, stop
        if t.kind in ("name", "keyword"):
            stop = t.stop
            return Symbol(t.text), stop
        raise self.lexer.error("identifier or parenthesized expression expected after $ in string", pos, pos + 1,
                               incomplete=t.kind == "end")

    def dedent(self, parts: list[Any], leading_newline: bool) -> list[Any]:
        """Remove the indentation that all lines of a triple-quoted string share."""
        lines: list[str] = []
        at_start = leading_newline
        for i, p in enumerate(parts):
            if not isinstance(p, str):
                if at_start:
                    lines.append("")
                at_start = False
                continue
            pieces = p.split("\n")
            for j, piece in enumerate(pieces):
                begins_line = j > 0 or at_start
                if not begins_line:
                    continue
                last = j == len(pieces) - 1
                blank = not piece.strip(" \t")
                end_of_string = last and i == len(parts) - 1
                if blank and not end_of_string and not (last and i < len(parts) - 1):
                    continue
                indent = piece[: len(piece) - len(piece.lstrip(" \t"))]
                lines.append(indent)
            at_start = False
        if not lines:
            return parts
        common = lines[0]
        for indent in lines[1:]:
            k = 0
            while k < len(common) and k < len(indent) and common[k] == indent[k]:
                k += 1
            common = common[:k]
        if not common:
            return parts
        out: list[Any] = []
        at_start = leading_newline
        for p in parts:
            if not isinstance(p, str):
                out.append(p)
                at_start = False
                continue
            pieces = p.split("\n")
            for j in range(len(pieces)):
                if j > 0 or at_start:
                    pieces[j] = pieces[j].removeprefix(common) if pieces[j].strip(" \t") or pieces[j].startswith(common) else ""
            out.append("\n".join(pieces))
            at_start = False
        return out

    def raw_string(self, t: Token) -> str:
        """The text of a raw string whose opening quote is `t`; the parser stands after it."""
        triple = self.text.startswith('"""', t.start)
        return self.raw_delimited(t, '"""' if triple else '"')

    def raw_delimited(self, t: Token, delimiter: str) -> str:
        text = self.text
        if delimiter == "`" and text.startswith("```", t.start):
            delimiter = "```"
        pos = t.start + len(delimiter)
        out: list[str] = []
        while True:
            if pos >= len(text):
                raise self.lexer.error("unterminated string literal", t.start, len(text), incomplete=True)
            c = text[pos]
            if c == "\\":
                run = pos
                while run < len(text) and text[run] == "\\":
                    run += 1
                count = run - pos
                if text[run : run + 1] == delimiter[0]:
                    out.append("\\" * (count // 2))
                    pos = run
                    if count % 2:
                        out.append(delimiter[0])
                        pos += 1
                        continue
                else:
                    out.append("\\" * count)
                    pos = run
                continue
            if text.startswith(delimiter, pos):
                self.jump(pos + len(delimiter))
                value = "".join(out)
                if len(delimiter) == 3:
                    leading = value.startswith("\n")
                    value = "".join(self.dedent([value[1:] if leading else value], leading))
                return value
            out.append(c)
            pos += 1

    def parse_string_macro(self, name: Any) -> Any:
        t = self.token
        suffix = "_str" if t.kind == "string" else "_cmd"
        self.next()
        value = self.raw_string(t) if t.kind == "string" else self.raw_delimited(t, "`")
        if isinstance(name, Symbol):
            macro: Any = Symbol(f"@{name.name}{suffix}")
        else:
            macro = Expr(".", name.args[0], QuoteNode(Symbol(f"@{name.args[1].value.name}{suffix}")))
        args: list[Any] = [value]
        if self.token.kind in ("name", "number", "keyword") and not self.token.space and not self.token.newline:
            args.append(self.next().text if self.token.kind != "number" else self.number(self.next()))
        return Expr("macrocall", macro, self.line_node(t.start), *args)

    # ------------------------------------------------------------ macros

    def parse_macrocall(self) -> Any:
        at = self.next()
        t = self.token
        name: Any
        if t.space or t.newline:
            raise self.fail("expected macro name")
        if t.kind == "op" and t.text == ".":
            self.next()
            name = Symbol("@__dot__")
        elif t.kind in ("name", "keyword"):
            self.next()
            name = Symbol(t.text)
            path = [name]
            while self.is_op(".") and not self.token.space and self.lexer.token(self.token.stop).kind == "name":
                self.next()
                path.append(Symbol(self.next().text))
            if len(path) > 1:
                e: Any = path[0]
                for p in path[1:-1]:
                    e = Expr(".", e, QuoteNode(p))
                name = Expr(".", e, QuoteNode(Symbol("@" + path[-1].name)))
            else:
                name = Symbol("@" + name.name)
        elif t.kind == "op":
            self.next()
            name = Symbol("@" + t.text)
        else:
            raise self.fail("invalid macro name")
        return self.parse_macro_args(name, at)

    def parse_macro_args(self, name: Any, at: Token) -> Any:
        line = self.line_node(at.start)
        t = self.token
        if t.kind == "(" and not t.space:
            args = self.parse_call_args_raw()
            call = Expr("macrocall", name, line, *args)
            if self.is_keyword("do") and not self.token.newline:
                return self.parse_do(call)
            return call
        if t.kind == "[" and not t.space:
            return Expr("macrocall", name, line, self.parse_atom())
        if t.kind == "{" and not t.space:
            self.next()
            m = self.mode()
            items = self.parse_list("}")
            m.restore()
            return Expr("macrocall", name, line, Expr("braces", *items))
        args = []
        saved = self.in_array
        was = self._Mode(self)
        self.in_array = True
        in_nested = self.nested
        while True:
            t = self.token
            if t.kind in ("end", ")", "]", "}", ",", ";") or (t.newline and not saved and not in_nested) or (t.newline and saved):
                break
            if t.newline and in_nested and not saved:
                break
            if t.kind == "keyword" and (t.text in BLOCK_END or t.text == "for" and args and in_nested or t.text == "do"):
                if not (t.text == "end" and self.in_index):
                    break
            if self.is_op(":") and not self.range_colon:
                break
            self.in_array = True
            self.nested = False
            e = self.parse_macro_argument()
            self.nested = in_nested
            args.append(e)
            if self.token.kind == "," and len(args) == 1 and not in_nested and not saved:
                items = [e]
                while self.token.kind == ",":
                    self.next()
                    items.append(self.parse_macro_argument())
                args = [Expr("tuple", *items)]
        was.restore()
        call = Expr("macrocall", name, line, *args)
        if self.is_keyword("do") and not self.token.newline:
            return self.parse_do(call)
        return call

    def parse_macro_argument(self) -> Any:
        return self.parse_docstring() if self.token.kind == "string" else self.parse_expression()

    def parse_call_args_raw(self) -> list[Any]:
        """Macro arguments keep `a = 1` as an assignment."""
        self.expect("(")
        m = self.mode()
        items, _, _ = self._paren_items()
        m.restore()
        parameters = [i for i in items if isinstance(i, Expr) and i.head == "parameters"]
        rest = [i for i in items if not (isinstance(i, Expr) and i.head == "parameters")]
        return [*[Expr("parameters", *map(self._kw, p.args)) for p in parameters], *rest]

    # ------------------------------------------------------------ keywords

    def parse_keyword(self) -> Any:
        t = self.token
        word = t.text
        if word in ("true", "false"):
            self.next()
            return word == "true"
        if word in ("end", "begin") and self.in_index:
            self.next()
            return Symbol(word)
        method = getattr(self, "keyword_" + word, None)
        if method is None:
            raise self.fail(f"unexpected `{word}`")
        self.next()
        m = self.mode(nested=False, in_index=False)
        index = m.saved[2]
        try:
            return method(t)
        finally:
            m.restore()
            self.in_index = index

    def keyword_begin(self, t: Token) -> Any:
        body = self.parse_block()
        self.expect_end("begin")
        return body

    def keyword_quote(self, t: Token) -> Any:
        body = self.parse_block()
        self.expect_end("quote")
        return Expr("quote", body)

    def keyword_if(self, t: Token) -> Any:
        return self._if("if")

    def _if(self, head: str) -> Any:
        line = self.line_node()
        if self.token.newline or self.token.kind in (";", "end"):
            raise self.fail("missing condition in `if`")
        test = self.parse_statement()
        if head == "elseif":
            test = Expr("block", line, test)
        then = self.parse_block("elseif", "else", "end")
        if self.is_keyword("elseif"):
            self.next()
            return Expr(head, test, then, self._if("elseif"))
        if self.is_keyword("else"):
            self.next()
            if self.is_keyword("if") and not self.token.newline:
                raise self.fail("use `elseif` instead of `else if`")
            other = self.parse_block()
            self.expect_end("if")
            return Expr(head, test, then, other)
        self.expect_end("if")
        return Expr(head, test, then)

    def keyword_while(self, t: Token) -> Any:
        test = self.parse_statement()
        body = self.parse_block()
        self.expect_end("while")
        return Expr("while", test, body)

    def keyword_for(self, t: Token) -> Any:
        specs = [self.parse_iteration()]
        while self.token.kind == ",":
            self.next()
            specs.append(self.parse_iteration())
        body = self.parse_block()
        self.expect_end("for")
        return Expr("for", specs[0] if len(specs) == 1 else Expr("block", *specs), body)

    def keyword_let(self, t: Token) -> Any:
        bindings: list[Any] = []
        if not self.token.newline and self.token.kind != ";":
            while True:
                bindings.append(self.parse_expression())
                if self.token.kind == "," :
                    self.next()
                    continue
                break
        body = self.parse_block()
        self.expect_end("let")
        head = bindings[0] if len(bindings) == 1 and isinstance(bindings[0], (Symbol, Expr)) and (
            isinstance(bindings[0], Symbol) or bindings[0].head == "=") else Expr("block", *bindings)
        return Expr("let", head, body)

    def keyword_try(self, t: Token) -> Any:
        body = self.parse_block("catch", "else", "finally", "end")
        name: Any = False
        catch: Any = False
        otherwise: Any = None
        final: Any = False
        if self.is_keyword("catch"):
            self.next()
            if not self.token.newline and self.token.kind == "name":
                name = Symbol(self.next().text)
            elif not self.token.newline and self.token.kind == ";":
                self.next()
            catch = self.parse_block("else", "finally", "end")
        if self.is_keyword("else"):
            self.next()
            otherwise = self.parse_block("finally", "end")
        if self.is_keyword("finally"):
            self.next()
            final = self.parse_block("catch", "end")
            if self.is_keyword("catch") and catch is False:
                self.next()
                if not self.token.newline and self.token.kind == "name":
                    name = Symbol(self.next().text)
                catch = self.parse_block("end")
        if catch is False and final is False:
            raise self.fail("try without catch or finally")
        self.expect_end("try")
        args: list[Any] = [body, name, catch]
        if final is not False or otherwise is not None:
            args.append(final)
        if otherwise is not None:
            args.append(otherwise)
        return Expr("try", *args)

    def keyword_function(self, t: Token) -> Any:
        if self.token.kind == "(":
            first = self.token
            signature = self.parse_function_head()
        else:
            signature = self.parse_function_head()
        if self.is_keyword("end") and isinstance(signature, Symbol):
            self.next()
            return Expr("function", signature)
        if isinstance(signature, Symbol):
            raise self.fail("expected `(`")
        if not isinstance(signature, Expr) or signature.head not in ("call", "where", "::", "tuple", "...", "macrocall", "$"):
            if isinstance(signature, Expr) and signature.head == "block":
                items = [a for a in signature.args if not isinstance(a, LineNumberNode)]
                signature = Expr("tuple", Expr("parameters", *map(self._kw, items[1:])), items[0])
            else:
                signature = Expr("tuple", signature)
        line = LineNumberNode(self.line_at(t.start), self.file)
        body = self.parse_block()
        self.expect_end("function")
        return Expr("function", signature, Expr("block", line, *body.args))

    def parse_function_head(self) -> Any:
        first = self.token
        if first.kind == "op" and first.text not in ("@", "$", "::", ":"):
            self.next()
            e: Any = self.parse_postfix(Symbol(first.text), first)
        elif first.kind == "(":
            e = self.parse_paren()
            if self.token.kind == "(" and not self.token.space:
                e = self.parse_postfix(e, first)
            elif not (isinstance(e, Expr) and e.head in ("tuple", "block")):
                e = Expr("tuple", self._kw(e))
        else:
            e = self.parse_postfix(self.parse_atom(), first)
        if self.is_op("::") and not self.token.newline:
            self.next()
            e = Expr("::", e, self._decl_type())
        while self.is_name("where") and not self.token.newline:
            self.next()
            if self.token.kind == "{":
                self.next()
                m = self.mode()
                variables = self.parse_list("}")
                m.restore()
                e = Expr("where", e, *variables)
            else:
                self.where_ok = False
                e = Expr("where", e, self.parse_comparison())
                self.where_ok = True
        return e

    def keyword_macro(self, t: Token) -> Any:
        e = self.parse_function_head()
        body = self.parse_block()
        self.expect_end("macro")
        if isinstance(e, Symbol) and not body.args:
            return Expr("macro", e)
        return Expr("macro", e, Expr("block", LineNumberNode(self.line_at(t.start), self.file), *body.args))

    def keyword_return(self, t: Token) -> Any:
        if self.token.newline or self.token.kind in (")", "]", ";", "end", ",") or (
            self.token.kind == "keyword" and self.token.text in BLOCK_END
        ):
            return Expr("return", None)
        return Expr("return", self.parse_statement())

    def keyword_break(self, t: Token) -> Any:
        return Expr("break")

    def keyword_continue(self, t: Token) -> Any:
        return Expr("continue")

    def keyword_struct(self, t: Token) -> Any:
        return self._struct(False)

    def _struct(self, mutable: bool) -> Any:
        head = self.parse_expression()
        body = self.parse_block()
        self.expect_end("struct")
        return Expr("struct", mutable, head, body)

    def keyword_module(self, t: Token) -> Any:
        return self._module(True)

    def keyword_baremodule(self, t: Token) -> Any:
        return self._module(False)

    def _module(self, standard: bool) -> Any:
        name = Symbol(self.expect("name").text)
        body = self.parse_block()
        self.expect_end("module")
        return Expr("module", standard, name, body)

    def _declaration(self, head: str) -> Any:
        items = [self.parse_expression()]
        while self.token.kind == "," and not self.token.newline:
            self.next()
            items.append(self.parse_expression())
        if len(items) > 1 and isinstance(items[-1], Expr) and items[-1].head == "=":
            last = items.pop()
            return Expr(head, Expr("=", Expr("tuple", *items, last.args[0]), last.args[1]))
        if len(items) == 1 and isinstance(items[0], Expr) and items[0].head == "=" and self.token.kind == ",":
            pass
        return Expr(head, *items)

    def keyword_local(self, t: Token) -> Any:
        return self._declaration("local")

    def keyword_global(self, t: Token) -> Any:
        if self.is_keyword("const"):
            inner = self.parse_expression()
            return Expr("const", Expr("global", *inner.args))
        return self._declaration("global")

    def keyword_const(self, t: Token) -> Any:
        e = self.parse_statement()
        if isinstance(e, Expr) and e.head in ("global", "local"):
            return Expr("const", e)
        if not (isinstance(e, Expr) and e.head == "="):
            raise self.lexer.error("expected assignment after `const`", t.start, t.stop)
        return Expr("const", e)

    def keyword_export(self, t: Token) -> Any:
        return Expr("export", *[Symbol(n) for n in self._names()])

    def _names(self) -> list[str]:
        out = []
        while True:
            prefix = ""
            if self.is_op("@"):
                self.next()
                prefix = "@"
            t = self.next()
            if t.kind == "(":
                t = self.next()
                self.expect(")")
            if t.kind not in ("name", "op", "keyword"):
                raise self.fail("expected a name", t)
            out.append(prefix + t.text)
            if self.token.kind == ",":
                self.next()
                continue
            return out

    def keyword_using(self, t: Token) -> Any:
        return self._using("using")

    def keyword_import(self, t: Token) -> Any:
        return self._using("import")

    def _using(self, head: str) -> Any:
        items = [self._path_as()]
        if self.is_op(":") and not self.token.newline:
            self.next()
            names = [self._path_as()]
            while self.token.kind == ",":
                self.next()
                names.append(self._path_as())
            return Expr(head, Expr(":", items[0], *names))
        while self.token.kind == ",":
            self.next()
            items.append(self._path_as())
        return Expr(head, *items)

    def _path_as(self) -> Any:
        path = self._path()
        if self.is_name("as") and not self.token.newline:
            self.next()
            return Expr("as", path, Symbol(self.next().text))
        return path

    def _path(self) -> Expr:
        parts: list[Any] = []
        while self.token.kind == "op" and set(self.token.text) == {"."}:
            parts += [Symbol(".")] * len(self.next().text)
        while True:
            prefix = ""
            if self.is_op("@"):
                self.next()
                prefix = "@"
            t = self.next()
            if t.kind == "(":
                t = self.next()
                self.expect(")")
            if t.kind not in ("name", "op", "keyword"):
                raise self.fail("expected a module name", t)
            parts.append(Symbol(prefix + t.text))
            if self.is_op(".") and not self.token.space:
                self.next()
                continue
            if self.token.kind == "op" and self.token.text.startswith(".") and len(self.token.text) > 1 and not self.token.space:
                t = self.next()
                parts.append(Symbol(t.text[1:]))
            return Expr(".", *parts)


class _Interpolated:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


# `mutable`, `abstract`, `primitive` are keywords only in front of `struct` and `type`.
_plain_atom = Parser.parse_atom


def _parse_atom(self: Parser) -> Any:
    t = self.token
    if t.kind == "name" and t.text in ("mutable", "abstract", "primitive"):
        after = self.lexer.token(t.stop)
        if t.text == "mutable" and after.kind == "keyword" and after.text == "struct" and not after.newline:
            self.next()
            self.next()
            m = self.mode(nested=False, in_index=False)
            e = self._struct(True)
            m.restore()
            return e
        if t.text != "mutable" and after.kind == "name" and after.text == "type" and not after.newline:
            self.next()
            self.next()
            m = self.mode(nested=False, in_index=False)
            head = self.parse_expression()
            if t.text == "primitive":
                bits = self.parse_expression()
                e = Expr("primitive", head, bits)
            else:
                e = Expr("abstract", head)
            self.expect_end("type")
            m.restore()
            return e
    return _plain_atom(self)


Parser.parse_atom = _parse_atom  # type: ignore[method-assign]


def parse_all(text: str, filename: str = "none", first_line: int = 1, literal: Literal | None = None) -> tuple[Expr, bool]:
    """A whole text: `Expr(:toplevel, line, statement, …)` and whether its last statement ends in `;`."""
    try:
        return Parser(text, filename, first_line, literal).parse_toplevel()
    except RecursionError:
        raise ParseError("expression nested too deeply", text, 0, 1, filename, first_line) from None


def parse_one(text: str, offset: int = 0, filename: str = "none", literal: Literal | None = None) -> tuple[Any, int]:
    """One statement from `offset` on, and where the next begins."""
    p = Parser(text, filename, 1, literal)
    p.jump(offset)
    while p.token.kind == ";":
        p.next()
    if p.token.kind == "end":
        return None, len(text)
    e = p.parse_docstring()
    return e, p.token.start


def completeness(text: str) -> str:
    """Is it a whole program: complete, incomplete (more may follow) or invalid."""
    try:
        parse_all(text)
    except ParseError as e:
        return "incomplete" if e.incomplete else "invalid"
    return "complete"
