"""Statements: blocks, and the forms that begin with a reserved word.

One class, a method for each form of the grammar, so that they are found where one looks for them.
"""

from __future__ import annotations

from collections.abc import Callable

from juliette.syntax.diagnostics import ParseError
from juliette.syntax.expressions import ExpressionParser, is_signature
from juliette.syntax.kinds import (
    ASSIGNMENTS,
    BLANK_LINE,
    CLOSERS,
    CLOSING,
    DOTTED,
    NEWLINE,
    OPERATORS,
    WORD_OPERATORS,
    Precedence,
)
from juliette.syntax.tree import SyntaxNode

_CONDITION = int(Precedence.CONDITIONAL)
_COMPARISON = int(Precedence.COMPARISON)
_RANGE = int(Precedence.COLON)
_SCOPES = ("global", "local", "const")
_BARE_NAMES = frozenset(("Identifier", "$", ".", "Operator", "dotop"))


class StatementParser(ExpressionParser):
    """The whole grammar."""

    in_struct = False  # a constant field needs no value

    # Sequences of statements.

    def parse_toplevel(self) -> SyntaxNode:
        """The whole text."""
        children: list[SyntaxNode] = []
        while True:
            self.pass_newline()
            while self.kind == ";":
                self.bump()
                self.pass_newline()
            if self.kind == "EOF":
                return self.node("toplevel", 0, children)
            children.append(self.parse_line())

    def parse_line(self) -> SyntaxNode:
        """a; b  ==>  (toplevel-; a b)"""
        first = self.parse_statement()
        if self.kind != ";":
            self._end_of_line()
            return first
        items = [first]
        while self.kind == ";":
            self.bump()
            if self.kind == ";":
                continue
            if self.kind == "NL" or self.kind in CLOSERS:
                break
            items.append(self.parse_statement())
        ended = self.kinds[self.index - 1] == ";"
        self._end_of_line()
        return self.node("toplevel", first.start, items, "-;", ended)

    def _end_of_line(self) -> None:
        if self.kind in ("NL", "EOF"):
            return
        # The blanks before them belong to the extra tokens.
        start = self.last_stop
        if self.kind == "Error" and "character literal" in self.values[self.index]:
            # What would be a character is first of all too much, as in `x 'y`.
            message = "extra tokens after end of expression"
            raise ParseError(message, self.source, start, self.stops[self.index])
        self.fail_if_broken()
        if self.kind in CLOSING and self.kind not in (";",):
            if self.kind == ",":
                self.fail_unexpected()
            self.fail("extra tokens after end of expression", start, self.stops[self.index])
        last = self.index
        while not self.flags[last + 1] & NEWLINE and self.kinds[last + 1] not in ("EOF", ";"):
            last += 1
            if self.kinds[last] == "Error":
                self.index = last
                self.fail_if_broken()
        self.fail("extra tokens after end of expression", start, self.stops[last])

    def parse_statement(self) -> SyntaxNode:
        """ "text" f  ==>  (doc (string "text") f)"""
        if self.kind != "StringStart":
            return self.parse_eq()
        started = self.index
        first = self.parse_eq()
        if first.kind != "string" or self.kinds[started] != "StringStart":
            return first
        if self.values[started][0] == "`":
            return first
        if self.kind == "NL":
            following = self.kinds[self.index]
            if self.flags[self.index] & BLANK_LINE or following in CLOSING:
                return first
            self.pass_newline()
        elif self.kind in CLOSING or self.kind == "Error":
            return first
        return self.node("doc", first.start, [first, self.parse_eq()])

    def parse_block(self, ends: tuple[str, ...] = ("end",)) -> SyntaxNode:
        """Statements up to one of the closing words, which is left to be read."""
        start = self.last_stop
        items: list[SyntaxNode] = []
        while True:
            self.pass_newline()
            while self.kind == ";":
                self.bump()
                self.pass_newline()
            if self.kind in CLOSERS:
                break
            items.append(self.parse_statement())
            if self.kind not in ("NL", ";"):
                self.pass_newline()
                break
        if self.kind not in ends:
            self.fail_missing("end")
        return SyntaxNode(
            "block",
            items,
            None,
            items[0].start if items else start,
            self.last_stop,
            "",
            self.source,
        )

    def parse_iterations_block(self) -> SyntaxNode:
        """The iterators of a `for` loop, in one node."""
        specs = self.parse_iterations()
        if len(specs) == 1:
            return specs[0]
        return self.node("cartesian_iterator", specs[0].start, specs)

    # Reserved words.

    def parse_keyword(self) -> SyntaxNode:
        """The form for the reserved word that comes next."""
        word = self.values[self.index]
        form = _FORMS[word]
        saved = self.enter_block()
        inside = self.context()
        if word in _OPEN_ENDED:
            # Such a form has no `end`: what ends an expression around it ends it, too.
            self.leave(saved)
            self.spaced = False
            made = form(self)
            self.leave_nested(saved)
            return made
        self.leave(inside)
        made = form(self)
        self.leave_nested(saved)
        if self.kind != "end":
            self.fail_missing("end")
        self.bump()
        made.stop = self.last_stop
        return made

    def _begin(self) -> SyntaxNode:
        """begin a end  ==>  (block a)"""
        start = self.start
        self.bump()
        block = self.parse_block()
        made = self.node("block", start, block.children or [])
        made.value = block.start
        return made

    def _quote(self) -> SyntaxNode:
        """quote a end  ==>  (quote (block a))"""
        start = self.start
        self.bump()
        return self.node("quote", start, [self.parse_block()])

    def _if(self) -> SyntaxNode:
        """if a; b else c end  ==>  (if a (block b) (block c))"""
        return self._if_from("if")

    def _if_from(self, word: str) -> SyntaxNode:
        # A long chain of `elseif` is nested from its end, without recursion.
        pending: list[tuple[str, int, list[SyntaxNode]]] = []
        while True:
            start = self.start
            self.bump()
            if self.kind == "NL" or self.kind in CLOSING:
                if self.kinds[self.index] == "EOF":
                    self.fail_unexpected()
                place = self.last_stop
                self.fail(f"missing condition in `{word}`", place, place)
            condition = self.parse_binary(_CONDITION)
            body = self.parse_block(("end", "else", "elseif"))
            pending.append((word, start, [condition, body]))
            if self.kind != "elseif":
                break
            word = "elseif"
        if self.kind == "else":
            place = self.start
            self.bump()
            if self.kind == "if":
                self.fail("use `elseif` instead of `else if`", place, self.stops[self.index])
            pending[-1][2].append(self.parse_block())
        made: SyntaxNode | None = None
        while pending:
            kind, start, children = pending.pop()
            if made is not None:
                children.append(made)
            made = self.node(kind, start, children)
        assert made is not None
        return made

    def _while(self) -> SyntaxNode:
        """while a; b end  ==>  (while a (block b))"""
        start = self.start
        self.bump()
        if self.kind == "NL":
            self.fail("missing condition in `while`", self.last_stop, self.last_stop)
        condition = self.parse_binary(_CONDITION)
        return self._loop("while", start, condition)

    def _for(self) -> SyntaxNode:
        """for i = a; b end  ==>  (for (= i a) (block b))"""
        start = self.start
        self.bump()
        return self._loop("for", start, self.parse_iterations_block())

    def _loop(self, kind: str, start: int, head: SyntaxNode) -> SyntaxNode:
        body = self.parse_block()
        made = self.node(kind, start, [head, body])
        # The line of `end` is part of the loop's expression.
        made.value = self.start
        return made

    def _let(self) -> SyntaxNode:
        """let x = 1; x end  ==>  (let (block (= x 1)) (block x))"""
        start = self.start
        self.bump()
        bindings: list[SyntaxNode] = []
        place = self.last_stop
        if self.kind not in ("NL", ";", "end"):
            bindings.append(self.parse_eq_star())
            while self.kind == ",":
                self.bump()
                self.pass_newline()
                bindings.append(self.parse_eq_star())
        head = self.node("block", bindings[0].start if bindings else place, bindings)
        if self.kind == ";":
            self.bump()
            place = self.last_stop
        elif self.kind == "NL":
            place = self.source.line_span(self.last_stop)[1]
        body = self.parse_block()
        if not body.children:
            body.start = max(place, body.start)
        return self.node("let", start, [head, body])

    def _try(self) -> SyntaxNode:
        """try a catch e; b end  ==>  (try (block a) (catch e (block b)))"""
        start = self.start
        self.bump()
        ends = ("end", "catch", "else", "finally")
        children = [self.parse_block(ends)]
        if self.kind == "end":
            self.fail("try without catch or finally", start, self.stops[self.index])
        while self.kind != "end":
            word, place = self.kind, self.start
            if any(child.kind == word for child in children) or (
                word == "else" and children[-1].kind != "catch"
            ):
                self.fail_unexpected()
            self.bump()
            if word == "catch":
                name = self._caught()
                children.append(self.node("catch", place, [name, self.parse_block(ends)]))
            else:
                children.append(self.node(word, place, [self.parse_block(ends)]))
        return self.node("try", start, children)

    def _caught(self) -> SyntaxNode:
        if self.kind in ("NL", ";") or self.kind in CLOSERS:
            place = self.last_stop
            return SyntaxNode("Bool", None, False, place, place, "false", self.source)
        name = self.parse_eq_star()
        if name.kind not in ("Identifier", "$"):
            self.fail("a variable name is expected after `catch`", name.start, name.stop)
        return name

    def parse_do(self, call: SyntaxNode) -> SyntaxNode:
        """f(x) do y; z end  ==>  (do (call f x) (tuple y) (block z))"""
        saved = self.enter_block()
        start = self.start
        self.bump()
        arguments: list[SyntaxNode] = []
        if self.kind not in ("NL", ";", "end"):
            arguments.append(self._do_argument())
            while self.kind == ",":
                self.bump()
                self.pass_newline()
                arguments.append(self._do_argument())
        names = self.node("tuple", arguments[0].start if arguments else start, arguments)
        body = self.parse_block()
        self.leave_nested(saved)
        self.expect("end")
        return self.node("do", call.start, [call, names, body])

    def _do_argument(self) -> SyntaxNode:
        return self.parse_binary(_RANGE)

    # Definitions.

    def _function(self) -> SyntaxNode:
        """function f(x) y end  ==>  (function (call f x) (block y))"""
        word, start = self.kind, self.start
        self.bump()
        if self.kind == "NL" and self.kinds[self.index] not in CLOSING:
            self.pass_newline()
        self.where_allowed = False
        head = self._signature(word)
        self.where_allowed = True
        if self.kinds[self.index] == "end" and head.kind in _BARE_NAMES:
            self.pass_newline()
            return self.node(word, start, [head])
        name = head
        while name.kind in ("::", "where") and name.children:
            name = name.children[0]
        if name.kind in ("Identifier", "Operator", "dotop", ".", "curly") or (
            word == "macro" and head.kind == "tuple"
        ):
            self.fail_if_broken()
            if self.kinds[self.index] == "EOF":
                self.fail_missing("end")
            self.fail(f"expected a signature after `{word}`", head.start, head.stop)
        return self.node(word, start, [head, self.parse_block()])

    def _signature(self, word: str) -> SyntaxNode:
        if self.kind == "(":
            found = self.parse_bracketed(")")
            if self.adjacent() and self.kind in ("(", "{", ".", "["):
                head = self.call_chain(self.paren_node(found))
            else:
                only = found.sections[0][0] if found.count == 1 and found.sections[0] else None
                if (
                    only is not None
                    and not (found.semicolons or found.commas)
                    and (
                        is_signature(only)
                        or (only.kind == "parens" and word == "function")
                        or only.kind in ("Operator", "dotop")
                    )
                ):
                    head = self.paren_node(found)
                else:
                    arguments = self.with_parameters(found)
                    head = self.node("tuple", found.start, arguments, "-p")
        else:
            head = self.parse_call()
        if self.kind == "::":
            self.bump()
            declared = self.parse_call()
            head = self.node("::", head.start, [head, declared], "-i")
        if self.kind == "where":
            self.where_allowed = True
            head = self.parse_where_chain(head)
        return head

    def _struct(self) -> SyntaxNode:
        """struct A; x end  ==>  (struct A (block x))"""
        start = self.start
        mutable = self.bump_word("mutable")
        self.bump()
        name = self.parse_binary(_COMPARISON)
        outer, self.in_struct = self.in_struct, True
        body = self.parse_block()
        self.in_struct = outer
        return self.node("struct", start, [name, body], "-mut" if mutable else "")

    def bump_word(self, word: str) -> bool:
        """Step over a word that is special only here."""
        if self.values[self.index] == word and self.kind == "Identifier":
            self.bump()
            return True
        return False

    def _abstract(self) -> SyntaxNode:
        """abstract type A <: B end  ==>  (abstract (<: A B))"""
        start = self.start
        self.bump()
        self.bump()
        self.pass_newline()
        name = self.parse_binary(_COMPARISON)
        self._skip_semicolon()
        return self.node("abstract", start, [name])

    def _primitive(self) -> SyntaxNode:
        """primitive type A 8 end  ==>  (primitive A 8)"""
        start = self.start
        self.bump()
        self.bump()
        self.spaced = True
        self.pass_newline()
        name = self.parse_binary(_COMPARISON)
        self.pass_newline()
        bits = self.parse_binary(_COMPARISON)
        self._skip_semicolon()
        return self.node("primitive", start, [name, bits])

    def _skip_semicolon(self) -> None:
        self.pass_newline()
        while self.kind == ";":
            self.bump()
            self.pass_newline()

    def _module(self) -> SyntaxNode:
        """module A; x end  ==>  (module A (block x))"""
        start = self.start
        form = "-bare" if self.kind == "baremodule" else ""
        self.bump()
        name = self.syntactic_prefix() if self.kind == "$" else self._plain_name()
        return self.node("module", start, [name, self.parse_block()], form)

    def _plain_name(self) -> SyntaxNode:
        if self.kind == "(":
            return self.parse_paren()
        if self.kind != "Identifier":
            self.fail_unexpected()
        return self.parse_identifier()

    # Declarations and jumps.

    def _return(self) -> SyntaxNode:
        """return a, b  ==>  (return (tuple a b))"""
        start = self.start
        self.bump()
        if self.at_end() or (self.kind == "for" and self.generators):
            return self.node("return", start, [])
        if self.kind == ":" and not self.ranges:
            return self.node("return", start, [])
        return self.node("return", start, [self.parse_eq()])

    def _jump(self) -> SyntaxNode:
        """break  ==>  (break)"""
        word, start = self.kind, self.start
        self.bump()
        return self.node(word, start, [])

    def _scope(self) -> SyntaxNode:
        """const x = 1  ==>  (const (= x 1))"""
        start = self.start
        words = [self.bump()]
        while self.kind in _SCOPES and len(words) < 2:
            words.append(self.bump())
        names = [self.kinds[word] for word in words]
        if self.kind in _SCOPES or (len(names) == 2 and names.count("const") != 1):
            self.fail_unexpected()
        if self.kind == "NL":
            self.pass_newline()
        declared = self.parse_eq()
        if "const" in names and not _is_assignment(declared) and not self.in_struct:
            self.fail("expected assignment after `const`", start, self.last_stop)
        is_list = declared.kind == "tuple"
        children = (declared.children or []) if is_list and "const" not in names else [declared]
        made = self.node(names[-1], self.starts[words[-1]], children)
        if len(names) == 2:
            made = self.node(names[0], start, [made])
        return made

    # Names of other modules.

    def _export(self) -> SyntaxNode:
        """export a, @b  ==>  (export a @b)"""
        start = self.start
        self.bump()
        self.pass_newline()
        names = [self._exported()]
        while self.kind == ",":
            self.bump()
            self.pass_newline()
            names.append(self._exported())
        return self.node("export", start, names)

    def _exported(self) -> SyntaxNode:
        if self.kind == "$":
            return self.syntactic_prefix()
        if self.kind == ":" and self.kinds[self.index + 1] == "Identifier" and self.adjacent(1):
            self.fail("expected identifier", self.start, self.stops[self.index + 1])
        return self._imported_name()

    def _imported_name(self) -> SyntaxNode:
        kind = self.kind
        if kind == "@":
            self.bump()
            if not self.adjacent():
                self.fail("whitespace is not allowed here", self.last_stop, self.start)
            name = self._macro_name()
            if name.kind == "MacroName":
                return name
            return SyntaxNode(
                "MacroName", None, f"@{name.value}", name.start - 1, name.stop, "", self.source
            )
        if kind == "(":
            saved = self.enter_brackets()
            self.bump()
            name = self._imported_name()
            self.leave_nested(saved)
            self.expect(")")
            return name
        if kind == ":" and self.adjacent(1):
            self.bump()
            return self._imported_name()
        if kind == "$":
            return self.syntactic_prefix()
        if kind == "Identifier":
            return self.parse_identifier()
        if kind in OPERATORS or kind in WORD_OPERATORS:
            index = self.bump()
            leaf = self.operator_leaf(index)
            if self.flags[index] & DOTTED:
                leaf.value = "." + leaf.value
            return leaf
        self.fail_if_broken()
        if self.kinds[self.index] == "EOF":
            self.fail_unexpected()
        return self.fail("expected identifier")

    def _using(self) -> SyntaxNode:
        """using A: b as d  ==>  (using (: (importpath A) (as (importpath b) d)))"""
        word, start = self.kind, self.start
        self.bump()
        self.pass_newline()
        first = self._import_item()
        if self.kind == ":":
            if first.kind == "as":
                self.fail("`as` before `:` in import/using", first.start, first.stop)
            self.bump()
            self.pass_newline()
            items = [first, self._import_item()]
            while self.kind == ",":
                self.bump()
                self.pass_newline()
                items.append(self._import_item())
            self._end_of_imports()
            colon = self.node(":", first.start, items)
            return self.node(word, start, [colon])
        items = [first]
        while self.kind == ",":
            self.bump()
            self.pass_newline()
            items.append(self._import_item())
        self._end_of_imports()
        renamed = next((item for item in items if item.kind == "as"), None)
        if renamed is not None and word == "using":
            self.fail(
                "`using` with `as` renaming requires a `:` and context module",
                renamed.start,
                renamed.stop,
            )
        return self.node(word, start, items)

    def _end_of_imports(self) -> None:
        """After the names of `using` and `import` there is nothing more."""
        if self.kind == ":":
            self.fail("`:` in import/using is only allowed after the first path")
        if self.kind == "(" and self.adjacent():
            self.fail("extra tokens after end of expression")

    def _import_item(self) -> SyntaxNode:
        path = self._import_path()
        if self.kind == "Identifier" and self.values[self.index] == "as":
            self.bump()
            return self.node("as", path.start, [path, self._imported_name()])
        return path

    def _import_path(self) -> SyntaxNode:
        start = self.start
        parts: list[SyntaxNode] = []
        while self.kind in (".", "..", "..."):
            index = self.bump()
            for place in range(self.starts[index], self.stops[index]):
                parts.append(SyntaxNode("Operator", None, ".", place, place + 1, ".", self.source))
        if self.kind in OPERATORS and self.flags[self.index] & DOTTED:
            # The dot of `import .+` says where to look, it does not broadcast.
            place = self.start
            parts.append(SyntaxNode("Operator", None, ".", place, place + 1, ".", self.source))
            parts.append(self.operator_leaf(self.bump()))
        else:
            parts.append(self._imported_name())
        while True:
            if self.kind == "." and self.adjacent():
                self.bump()
                parts.append(self._imported_name())
            elif self.kind == ".":
                self.fail("whitespace is not allowed here", self.last_stop, self.start)
            elif self.kind in OPERATORS and self.flags[self.index] & DOTTED and self.adjacent():
                # In `Base.+` the dot is that of the path.
                parts.append(self.operator_leaf(self.bump()))
            elif self.kind == ".." and self.adjacent() and self.look(1) in OPERATORS:
                self.fail_unexpected()
            else:
                break
        return self.node("importpath", start, parts)


def _is_assignment(node: SyntaxNode) -> bool:
    if node.kind in ("=", "global", "local") or (node.kind == "function" and node.form == "-="):
        return node.kind not in ("global", "local") or _is_assignment(node[0])
    return node.kind in ASSIGNMENTS


_FORMS: dict[str, Callable[[StatementParser], SyntaxNode]] = {
    "begin": StatementParser._begin,
    "quote": StatementParser._quote,
    "if": StatementParser._if,
    "while": StatementParser._while,
    "for": StatementParser._for,
    "let": StatementParser._let,
    "try": StatementParser._try,
    "function": StatementParser._function,
    "macro": StatementParser._function,
    "struct": StatementParser._struct,
    "mutable": StatementParser._struct,
    "abstract": StatementParser._abstract,
    "primitive": StatementParser._primitive,
    "module": StatementParser._module,
    "baremodule": StatementParser._module,
    "return": StatementParser._return,
    "break": StatementParser._jump,
    "continue": StatementParser._jump,
    "global": StatementParser._scope,
    "local": StatementParser._scope,
    "const": StatementParser._scope,
    "export": StatementParser._export,
    "using": StatementParser._using,
    "import": StatementParser._using,
}
_OPEN_ENDED = frozenset(
    ("return", "break", "continue", "global", "local", "const", "export", "using", "import")
)
