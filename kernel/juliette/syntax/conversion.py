"""Syntax trees to expressions, in the shapes that Julia 1.10 gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol
from juliette.syntax.kinds import ASSIGNMENTS
from juliette.syntax.recursion import deep_recursion
from juliette.syntax.source import SourceFile
from juliette.syntax.tree import SyntaxNode

Literal = Callable[[str, Any], Any]

_PLAIN_VALUES = frozenset(("Int64", "Float64", "Bool", "String"))
_LITERAL_MACROS = {"Int128": "@int128_str", "UInt128": "@uint128_str", "BigInt": "@big_str"}
_NAMES = frozenset(("Identifier", "Operator", "MacroName"))
core_module: list[Any] = [Symbol("Core")]
"""The module of the macros that syntax calls; the runtime puts its `Core` in place of the name."""


def plain_literal(kind: str, value: Any) -> Any:
    """A literal as the Python value nearest to it."""
    return value


def to_expr(node: SyntaxNode, literal: Literal = plain_literal) -> Any:
    """What `Meta.parse` gives for the text of `node`.

    `literal` makes the values that Python has no type for.
    """
    with deep_recursion():
        return _Converter(node.source, literal).convert(node)


class _Converter:
    def __init__(self, source: SourceFile, literal: Literal) -> None:
        self.source = source
        self.literal = literal
        self.file = Symbol(source.filename)

    def line(self, offset: int) -> LineNumberNode:
        return LineNumberNode(self.source.line(offset), self.file)

    def convert(self, node: SyntaxNode) -> Any:
        kind = node.kind
        if node.children is None:
            if kind in _NAMES:
                return Symbol(node.value)
            if kind in _PLAIN_VALUES:
                return node.value
            if kind == "CoreMacroName":
                return GlobalRef(core_module[0], Symbol(node.value))
            if kind in _LITERAL_MACROS:
                # Integers too large for a machine word stand in expressions as they were written.
                name = GlobalRef(core_module[0], Symbol(_LITERAL_MACROS[kind]))
                return Expr("macrocall", name, None, node.form.replace("_", ""))
            return self.literal(kind, node.value)
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, node)
        return Expr(kind, *[self.convert(child) for child in node.children])

    def all(self, nodes: list[SyntaxNode]) -> list[Any]:
        return [self.convert(child) for child in nodes]

    # Calls.

    def arguments(self, nodes: list[SyntaxNode], *, keywords: bool) -> list[Any]:
        """Arguments with `parameters` first, nested if there are several."""
        plain: list[Any] = []
        parameters: Expr | None = None
        for node in reversed(nodes):
            if node.kind == "parameters":
                made = Expr(
                    "parameters",
                    *[
                        self.keyword(c) if keywords else self.convert(c)
                        for c in node.children or ()
                    ],
                )
                if parameters is not None:
                    made.args.insert(0, parameters)
                parameters = made
        for node in nodes:
            if node.kind != "parameters":
                plain.append(node)
        if parameters is None:
            return plain
        return [parameters, *plain]

    def keyword(self, node: SyntaxNode) -> Any:
        value = self.convert(node)
        while node.kind == "parens":
            node = node[0]
        if node.kind == "=" and isinstance(value, Expr):
            value.head = "kw"
        elif node.kind == "function" and node.form == "-=":
            return Expr("kw", self.convert(node[0]), self.convert(node[1]))
        return value

    def finish(self, items: list[Any], *, keywords: bool) -> list[Any]:
        """Convert what `arguments` left as nodes."""
        out: list[Any] = []
        for item in items:
            if isinstance(item, SyntaxNode):
                out.append(self.keyword(item) if keywords else self.convert(item))
            else:
                out.append(item)
        return out

    def converted(self, nodes: list[SyntaxNode], *, keywords: bool) -> list[Any]:
        return self.finish(self.arguments(nodes, keywords=True), keywords=keywords)

    def converted_plainly(self, nodes: list[SyntaxNode]) -> list[Any]:
        """Arguments in which `=` stays an assignment, even after a semicolon."""
        return self.finish(self.arguments(nodes, keywords=False), keywords=False)

    def call(self, node: SyntaxNode) -> Any:
        children, form = node.children or [], node.form
        if form == "-i":
            values = self.all(children)
            return Expr("call", values[1], values[0], *values[2:])
        if form == "-post":
            operand, mark = self.convert(children[0]), children[1].value
            if mark == "'":
                return Expr("'", operand)
            return Expr("call", Symbol(mark), operand)
        if form == "-pre":
            return Expr("call", *self.all(children))
        return Expr("call", self.callee(children[0]), *self.converted(children[1:], keywords=True))

    def callee(self, node: SyntaxNode) -> Any:
        """What is called; here `.+` is one name."""
        if node.kind == "dotop":
            return Symbol("." + node[0].value)
        return self.convert(node)

    def dotcall(self, node: SyntaxNode) -> Any:
        children, form = node.children or [], node.form
        if form == "-i":
            left, *rest = self.all([children[0], *children[2:]])
            return Expr("call", Symbol("." + children[1].value), left, *rest)
        if form:
            operator = Symbol("." + children[0].value)
            return Expr("call", operator, self.convert(children[1]))
        arguments = self.converted(children[1:], keywords=True)
        return Expr(".", self.convert(children[0]), Expr("tuple", *arguments))

    def ref(self, node: SyntaxNode) -> Any:
        children = node.children or []
        items = self.finish(self.arguments(children[1:], keywords=False), keywords=True)
        return Expr("ref", self.convert(children[0]), *items)

    def curly(self, node: SyntaxNode) -> Any:
        children = node.children or []
        items = self.finish(self.arguments(children[1:], keywords=False), keywords=False)
        return Expr("curly", self.callee(children[0]), *items)

    def plain_list(self, node: SyntaxNode) -> Any:
        return Expr(node.kind, *self.converted_plainly(node.children or []))

    def tuple(self, node: SyntaxNode) -> Any:
        return Expr("tuple", *self.converted(node.children or [], keywords=False))

    def dotop(self, node: SyntaxNode) -> Any:
        if node[0].value in ASSIGNMENTS:
            return Symbol("." + node[0].value)
        return Expr(".", self.convert(node[0]))

    def comparison(self, node: SyntaxNode) -> Any:
        out: list[Any] = []
        for index, child in enumerate(node):
            if index % 2 and child.kind == "dotop":
                out.append(Symbol("." + child[0].value))
            else:
                out.append(self.convert(child))
        return Expr("comparison", *out)

    def juxtapose(self, node: SyntaxNode) -> Any:
        return Expr("call", Symbol("*"), *self.all(node.children or []))

    def doing(self, node: SyntaxNode) -> Any:
        call, arguments, body = self.all(node.children or [])
        return Expr("do", call, Expr("->", arguments, body))

    def macrocall(self, node: SyntaxNode) -> Any:
        children = node.children or []
        name = self.convert(children[0])
        arguments = self.converted(children[1:], keywords=False)
        return Expr("macrocall", name, self.line(node.start), *arguments)

    def doc(self, node: SyntaxNode) -> Any:
        name = GlobalRef(core_module[0], Symbol("@doc"))
        return Expr("macrocall", name, self.line(node.start), *self.all(node.children or []))

    # Quotes and literals.

    def string(self, node: SyntaxNode) -> Any:
        children = node.children or []
        if len(children) == 1 and children[0].kind == "String":
            return children[0].value
        parts: list[Any] = []
        for child in children:
            value = self.convert(child)
            # A string that is interpolated stays apart from the text around it.
            apart = isinstance(value, str) and child.kind != "String"
            parts.append(Expr("string", value) if apart else value)
        return Expr("string", *parts)

    def raw_string(self, node: SyntaxNode) -> Any:
        return "".join(child.value for child in node)

    def char(self, node: SyntaxNode) -> Any:
        return self.literal("Char", node[0].value)

    def parens(self, node: SyntaxNode) -> Any:
        return self.convert(node[0])

    def quote(self, node: SyntaxNode) -> Any:
        inner = node[0]
        if inner.kind == "parens" and inner[0].kind == "Operator":
            return QuoteNode(Symbol(inner[0].value))
        value = self.convert(inner)
        if (
            inner.kind == "parens"
            and inner[0].kind == "dotop"
            and inner[0][0].value in ("=", "&&", "||")
        ):
            return QuoteNode(Symbol("." + inner[0][0].value))
        if isinstance(value, (Expr, QuoteNode, bool)):
            return Expr("quote", value)
        return QuoteNode(value)

    def inert(self, node: SyntaxNode) -> Any:
        return QuoteNode(self.convert(node[0]))

    # Blocks.

    def statements(self, nodes: list[SyntaxNode]) -> list[Any]:
        out: list[Any] = []
        for child in nodes:
            out.append(self.line(child.start))
            out.append(self.convert(child))
        return out

    def block(self, node: SyntaxNode) -> Any:
        children = node.children or []
        if node.form == "-p":
            return Expr("block", *self.statements(children)[1:])
        if not children:
            place = node.start if node.value is None else node.value
            return Expr("block", self.line(place))
        return Expr("block", *self.statements(children))

    def toplevel(self, node: SyntaxNode) -> Any:
        children = node.children or []
        if node.form == "-;":
            return Expr("toplevel", *self.all(children))
        return Expr("toplevel", *self.statements(children))

    def with_line(self, node: SyntaxNode, body: Any) -> Expr:
        """The body of a function as a block that begins with the line of the function."""
        if isinstance(body, Expr) and body.head == "block":
            body.args.insert(0, self.line(node.start))
            return body
        return Expr("block", self.line(node.start), body)

    def function(self, node: SyntaxNode) -> Any:
        children = node.children or []
        head = self.convert(children[0])
        if len(children) == 1:
            return Expr(node.kind, head)
        body = self.with_line(node, self.convert(children[1]))
        if node.form == "-=":
            return Expr("=", head, body)
        if (
            children[0].kind == "tuple"
            and isinstance(head, Expr)
            and len(head.args) == 1
            and isinstance(head.args[0], Expr)
            and head.args[0].head == "..."
        ):
            head = head.args[0]
        return Expr(node.kind, head, body)

    def arrow(self, node: SyntaxNode) -> Any:
        arguments, body = node.children or []
        head: Any
        if arguments.form != "-p" and len(arguments) == 1:
            inner = arguments[0]
            head = self.convert(inner)
        else:
            head = self.convert(arguments)
        return Expr("->", head, self.with_line(node, self.convert(body)))

    def module(self, node: SyntaxNode) -> Any:
        name, body = self.all(node.children or [])
        body.args.insert(0, self.line(node.start))
        return Expr("module", node.form != "-bare", name, body)

    def struct(self, node: SyntaxNode) -> Any:
        name, body = self.all(node.children or [])
        return Expr("struct", node.form == "-mut", name, body)

    def condition(self, node: SyntaxNode) -> Any:
        values = self.all(node.children or [])
        if node.kind == "elseif":
            values[0] = Expr("block", self.line(node[0].start), values[0])
        return Expr(node.kind, *values)

    def ternary(self, node: SyntaxNode) -> Any:
        return Expr("if", *self.all(node.children or []))

    def loop(self, node: SyntaxNode) -> Any:
        head, body = node.children or []
        made = self.convert(body)
        made.args.append(self.line(node.value))
        if head.kind == "cartesian_iterator":
            return Expr(node.kind, Expr("block", *self.all(head.children or [])), made)
        return Expr(node.kind, self.convert(head), made)

    def let(self, node: SyntaxNode) -> Any:
        head, body = node.children or []
        bindings = self.all(head.children or [])
        made = self.convert(body)
        if len(bindings) == 1 and (
            isinstance(bindings[0], Symbol)
            or (isinstance(bindings[0], Expr) and bindings[0].head in ("=", "::"))
        ):
            return Expr("let", bindings[0], made)
        return Expr("let", Expr("block", *bindings), made)

    def trying(self, node: SyntaxNode) -> Any:
        children = node.children or []
        parts: dict[str, Any] = {"name": False, "catch": False}
        for child in children[1:]:
            if child.kind == "catch":
                parts["name"], parts["catch"] = self.all(child.children or [])
            else:
                parts[child.kind] = self.convert(child[0])
        out = [self.convert(children[0]), parts["name"], parts["catch"]]
        if "finally" in parts or "else" in parts:
            out.append(parts.get("finally", False))
        if "else" in parts:
            out.append(parts["else"])
        return Expr("try", *out)

    # Types, names and the rest.

    def where(self, node: SyntaxNode) -> Any:
        left, bounds = node.children or []
        if bounds.kind == "braces":
            items = self.converted_plainly(bounds.children or [])
            return Expr("where", self.convert(left), *items)
        return Expr("where", self.convert(left), self.convert(bounds))

    def scope(self, node: SyntaxNode) -> Any:
        """`global const` is the same as `const global`."""
        inner = node[0] if len(node) == 1 else node
        if inner.kind == "const":
            return Expr("const", Expr(node.kind, *self.all(inner.children or [])))
        return Expr(node.kind, *self.all(node.children or []))

    def outcome(self, node: SyntaxNode) -> Any:
        return Expr("return", *(self.all(node.children or []) or [None]))

    def importpath(self, node: SyntaxNode) -> Any:
        return Expr(".", *self.all(node.children or []))

    def concatenation(self, node: SyntaxNode) -> Any:
        values = self.all(node.children or [])
        if node.kind == "typed_ncat":
            return Expr(node.kind, values[0], node.value, *values[1:])
        return Expr(node.kind, node.value, *values)

    def generator(self, node: SyntaxNode) -> Any:
        children = node.children or []
        made = self.convert(children[0])
        last = len(children) - 1
        for index in range(last, 0, -1):
            made = Expr("generator", made, *self.iterations(children[index]))
            if index < last:
                made = Expr("flatten", made)
        return made

    def iterations(self, node: SyntaxNode) -> list[Any]:
        if node.kind == "filter":
            return [Expr("filter", self.convert(node[1]), *self.iterations(node[0]))]
        if node.kind == "cartesian_iterator":
            return self.all(node.children or [])
        return [self.convert(node)]


_SPECIAL: dict[str, Callable[[_Converter, SyntaxNode], Any]] = {
    "call": _Converter.call,
    "dotcall": _Converter.dotcall,
    "ref": _Converter.ref,
    "curly": _Converter.curly,
    "vect": _Converter.plain_list,
    "braces": _Converter.plain_list,
    "tuple": _Converter.tuple,
    "dotop": _Converter.dotop,
    "comparison": _Converter.comparison,
    "juxtapose": _Converter.juxtapose,
    "do": _Converter.doing,
    "macrocall": _Converter.macrocall,
    "doc": _Converter.doc,
    "string": _Converter.string,
    "cmdstring": _Converter.raw_string,
    "char": _Converter.char,
    "parens": _Converter.parens,
    "quote": _Converter.quote,
    "inert": _Converter.inert,
    "block": _Converter.block,
    "toplevel": _Converter.toplevel,
    "function": _Converter.function,
    "macro": _Converter.function,
    "->": _Converter.arrow,
    "module": _Converter.module,
    "struct": _Converter.struct,
    "if": _Converter.condition,
    "elseif": _Converter.condition,
    "?": _Converter.ternary,
    "while": _Converter.loop,
    "for": _Converter.loop,
    "let": _Converter.let,
    "try": _Converter.trying,
    "where": _Converter.where,
    "global": _Converter.scope,
    "local": _Converter.scope,
    "return": _Converter.outcome,
    "importpath": _Converter.importpath,
    "ncat": _Converter.concatenation,
    "nrow": _Converter.concatenation,
    "typed_ncat": _Converter.concatenation,
    "generator": _Converter.generator,
}
