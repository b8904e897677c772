"""Expressions as Julia code again, in the layout of Julia's own printer.

`show` writes an expression so that reading it back gives the same one: quotations and
interpolations inside of it become `$(Expr(:quote, …))`. `print` writes code: `:(x + $y)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juliette.display.io import IO, Text
from juliette.display.strings import quoted
from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module
from juliette.runtime.numeric import Complex
from juliette.syntax import names as K
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

INDENT = 4
_QUOTED = frozenset((":", "::", ":=", "=", "==", "===", "=>"))
_PREFIX = frozenset(("+", "-", "!", "¬", "~", "<:", ">:", "√", "∛", "∜"))
_LISTS = {
    "tuple": ("(", ", ", ")"),
    "vect": ("[", ", ", "]"),
    "hcat": ("[", " ", "]"),
    "vcat": ("[", "; ", "]"),
    "row": ("", " ", ""),
    "braces": ("{", ", ", "}"),
    "bracescat": ("{", "; ", "}"),
    "ncat": ("[", "", "]"),
    "nrow": ("", "", ""),
}
_CALLS = {"call": "()", "calldecl": "()", "ref": "[]", "curly": "{}", ".": "()"}
_SPACED = frozenset(("&&", "||", ".&&", ".||", "<:", ">:", "$=", "-->"))
_TIGHTLY = frozenset((":", "->", "::"))
_BLOCKS = frozenset(("for", "while", "function", "macro", "if", "elseif", "let"))
# Levels are counted from one, so that zero is looser than an assignment and binds nothing.
_LOOSE = -1
_COMPARISON, _POWER = K.COMPARISON + 1, K.POWER + 1
_DECLARATION = _POWER + 1
_VALUES = (int, float, bool, str)


def quoted_expression(x: Any, context: dict[str, Any] | None = None) -> str:
    """`:(x + 1)`: an expression as `show` prints it."""
    return Code(context).quotation(x, 0)


def expression_text(e: Any) -> str:
    """An expression as `print` writes it."""
    return Code(quoting=False).text(e, _LOOSE)


def inner_text(e: Any) -> str:
    """An expression as it stands inside of another one: `@m(x)`."""
    return Code().text(e)


def is_identifier(name: str) -> bool:
    """Can the name be written as it stands?"""
    return (
        bool(name)
        and name not in ("true", "false")
        and K.is_name_start(name[0])
        and all(map(K.is_name_part, name))
    )


def is_operator(name: str) -> bool:
    """Is it spelled like an operator?"""
    return (
        name in K.UNARY
        or name in K.PRECEDENCE
        or name in ("::", "->", "'", "...", "$", "&&", "||")
        or K.base_operator(name) in K.PRECEDENCE
    )


def name_text(name: str, macro: bool = False) -> str:
    """A name in code: `x`, `+`, `var"a b"`, and where macros may stand `@m`."""
    if is_identifier(name) or (is_operator(name) and name != "'"):
        return name
    if macro and name.startswith("@"):
        return "@" + name_text(name[1:])
    return f"var{quoted(name)}"


def precedence(name: Any) -> int:
    """How tightly a binary operator binds; zero if it is none."""
    if isinstance(name, Symbol):
        name = name.name
    if not isinstance(name, str) or not name:
        return 0
    if name in ("in", "isa"):
        return _COMPARISON
    if name == "::":
        return _DECLARATION
    if name == ".":
        return _DECLARATION + 1
    level = K.PRECEDENCE.get(K.base_operator(name))
    return 0 if level is None else level + 1


def is_expr(x: Any, head: str, n: int | None = None) -> bool:
    """Is it an expression of this head (with so many arguments)?"""
    return isinstance(x, Expr) and x.head == head and (n is None or len(x.args) == n)


def is_quotation(x: Any) -> bool:
    return isinstance(x, QuoteNode) or is_expr(x, "quote", 1) or is_expr(x, "inert", 1)


def unwrapped(x: Any) -> Any:
    """What a quotation holds."""
    return x.value if isinstance(x, QuoteNode) else x.args[0]


def is_operator_symbol(x: Any) -> bool:
    return isinstance(x, Symbol) and is_operator(x.name)


def head_symbol(x: Any) -> bool:
    """A macro's name, plain or with its module."""
    return (
        (isinstance(x, Symbol) and x.name.startswith("@"))
        or isinstance(x, GlobalRef)
        or (is_expr(x, ".", 2) and is_quotation(x.args[1]))
    )


class Code:
    """One way to write: with quotations kept apart (`quoting`), inside of an index (`indexing`)."""

    __slots__ = ("context", "indexing", "quoting")

    def __init__(
        self, context: dict[str, Any] | None = None, *, quoting: bool = True, indexing: bool = False
    ) -> None:
        self.context = context or {}
        self.quoting = quoting
        self.indexing = indexing

    def inside(self, indexing: bool) -> Code:
        if indexing == self.indexing:
            return self
        return Code(self.context, quoting=self.quoting, indexing=indexing)

    # ------------------------------------------------------------ leaves

    def value(self, x: Any) -> str:
        """A value through its own `show` methods."""
        from juliette.display.show import one_line

        return one_line(x, **self.context)

    def own(self, x: Any, level: int, indent: int) -> str:
        """A value inside of code, through the `show_unquoted` methods of its type if it has any."""
        if type(x) in _VALUES:
            return self.value(x)
        show = Base.bindings["show_unquoted"]
        found = show.resolve((_IO, T.dispatch_type(x), T.Int64, T.Int64))
        if found.builtin is show_unquoted:
            return self.value(x)
        text = Text()
        show(IO(text, self.context), x, indent, max(level, 0))
        return text.value()

    def quotation(self, x: Any, indent: int) -> str:
        """A value between `:(` and `)`, or between `quote` and `end`."""
        if isinstance(x, Symbol):
            if x.name in _QUOTED:
                return f":({x.name})"
            return self.value(x)
        if is_expr(x, "block"):
            return self.inside(False).block("quote", [], x, indent) + "end"
        return f":({self.text(x, _LOOSE, indent + 2)})"

    def reference(self, x: GlobalRef, macro: bool = False) -> str:
        """`Main.a`, `Base.:+`"""
        owner = ".".join(x.module.path) if isinstance(x.module, Module) else str(x.module)
        name = x.name.name
        text = name_text(name, macro)
        if is_identifier(name) or name.startswith("@"):
            return f"{owner}.{text}"
        if not is_operator(name) or name in _QUOTED:
            text = f"({text})"
        return f"{owner}.:{text}"

    def fallback(self, e: Expr) -> str:
        """`$(Expr(:head, …))`: what has no syntax of its own."""
        parts = [self.value(Symbol(e.head)), *map(self.value, e.args)]
        return f"$(Expr({', '.join(parts)}))"

    def text(self, e: Any, level: int = 0, indent: int = 0) -> str:
        """An expression in surface syntax; `level` is the precedence around it."""
        if isinstance(e, Expr):
            form = _FORMS.get(e.head)
            text = form(self, e, level, indent) if form is not None else None
            if text is None:
                text = self.infix(e, level, indent)
            return self.fallback(e) if text is None else text
        if isinstance(e, Symbol):
            return name_text(e.name)
        if isinstance(e, LineNumberNode):
            return line_text(e.line, e.file)
        if isinstance(e, GlobalRef):
            return self.reference(e)
        if isinstance(e, QuoteNode):
            if isinstance(e.value, Symbol):
                return self.quotation(e.value, indent)
            return f"$(QuoteNode({self.value(e.value)}))"
        return self.own(e, level, indent)

    # ------------------------------------------------------------ lists

    def listed(
        self,
        items: Sequence[Any],
        sep: str,
        indent: int,
        level: int = 0,
        *,
        operands: bool = False,
        keywords: bool = False,
    ) -> str:
        """Arguments with a separator; `kw` prints as `a = b` inside of calls."""
        parts = []
        for i, item in enumerate(items):
            if keywords and is_expr(item, "=", 2):
                parts.append(self.fallback(item))
                continue
            wrap = operands and is_operator_symbol(item)
            if i == 0 and level >= _POWER and not wrap:
                wrap = (
                    is_expr(item, "call")
                    and bool(item.args)
                    and called_name(item.args[0]) in _PREFIX
                ) or (isinstance(item, (int, float)) and item < 0)
            if keywords and is_expr(item, "kw", 2):
                item = Expr("=", *item.args)
            text = self.text(item, 0 if wrap else level, indent + INDENT)
            parts.append(f"({text})" if wrap else text)
        return sep.join(parts)

    def wrapped(self, text: str, own: int, level: int) -> str:
        return f"({text})" if own <= level else text

    def infix(self, e: Expr, level: int, indent: int) -> str | None:
        """`a = b`, `a += b`, `a && b`, `x::T`, `x->y`."""
        h = e.head
        if len(e.args) != 2:
            return None
        if h in _SPACED or K.PRECEDENCE.get(h) == K.ASSIGNMENT:
            sep = f" {h} "
        elif h in _TIGHTLY:
            sep = h
        else:
            return None
        own = precedence(h)
        return self.wrapped(self.listed(e.args, sep, indent, own, operands=True), own, level)

    def arguments(self, args: list[Any], indent: int, keywords: bool) -> str:
        """`a, b; c = 1`"""
        if args and is_expr(args[0], "parameters"):
            rest = self.listed(args[1:], ", ", indent, keywords=keywords)
            return f"{rest}; {self.listed(args[0].args, ', ', indent, keywords=keywords)}"
        return self.listed(args, ", ", indent, keywords=keywords)

    def brackets(self, e: Expr, level: int, indent: int) -> str:
        """`(a, b)`, `[1, 2]`, `[1 2; 3 4]`, `[a;;; b]`."""
        opening, sep, closing = _LISTS[e.head]
        args = e.args
        if e.head in ("ncat", "nrow"):
            sep = ";" * args[0] + " "
            args = args[1:]
        if e.head == "tuple" and args and is_expr(args[0], "parameters"):
            front = self.listed(args[1:], sep, indent)
            comma = "," if len(args) == 2 else ""
            inner = self.listed(args[0].args, sep, indent, keywords=True)
            return f"({front}{comma};{' ' if inner else ''}{inner})"
        text = self.listed(args, sep, indent)
        if len(args) == 1 and e.head == "tuple":
            text += ","
        if len(args) <= 1 and (e.head == "ncat" or (e.head == "vcat" and args)):
            text += sep[:-1]
        return opening + text + closing

    def typed_brackets(self, e: Expr, level: int, indent: int) -> str:
        """`T[1 2]`"""
        inner = Expr(e.head.removeprefix("typed_"), *e.args[1:])
        return self.text(e.args[0], level, indent) + self.brackets(inner, level, indent)

    # ------------------------------------------------------------ calls and fields

    def call(self, e: Expr, level: int, indent: int) -> str | None:
        """`f(x, y)`, `x + y`, `-x`, `2x`."""
        if not e.args:
            return None
        f, args = e.args[0], e.args[1:]
        if isinstance(f, QuoteNode) and callable(f.value):
            f = f.value  # a function that a macro means, whatever its name means to the caller
        name = called_name(f)
        own = precedence(name)
        if any(is_expr(a, "kw") for a in args) or (args and is_expr(args[0], "parameters")):
            return self.called("call", f, args, indent)
        if (
            name == "*"
            and len(args) == 2
            and type(args[0]) in _SCALES
            and isinstance(args[1], Symbol)
            and args[1].name[0] not in "eEf"
        ):
            return self.wrapped(self.listed(args, "", indent, own), own, level)
        if len(args) == 1 and name in _PREFIX:
            inner = args[0]
            if isinstance(inner, Expr) or is_operator_symbol(inner):
                return f"{name}({self.listed(args, ', ', indent, own)})"
            return name + self.text(inner, own, indent)
        if own:
            chained = len(args) > 2 and isinstance(f, Symbol) and name in ("+", "*", "++")
            if (len(args) == 2 or chained or (len(args) == 3 and name == ":")) and not any(
                is_expr(a, "...") for a in args
            ):
                sep = ":" if name == ":" else f" {name} "
                return self.wrapped(self.listed(args, sep, indent, own, operands=True), own, level)
            if len(args) == 1:
                return f"({name})({self.listed(args, ', ', indent)})"
        elif len(args) == 1 and name.startswith("'"):
            inner_ = self.text(args[0])
            return (inner_ if isinstance(args[0], Symbol) else f"({inner_})") + name
        return self.called("call", Symbol(name) if own or name in _PREFIX else f, args, indent)

    def called(self, kind: str, f: Any, args: list[Any], indent: int, keywords: bool = True) -> str:
        """What is called, then its arguments: `f(x)`, `A[i]`, `T{x}`, `f.(x)`."""
        opening, closing = tuple(_CALLS[kind])
        head = self.text(f, 0, indent)
        bare = (
            (isinstance(f, Symbol) and f.name != ":" and not (kind == "." and is_operator(f.name)))
            or (isinstance(f, Expr) and f.head in (".", "curly", "macroname"))
            or isinstance(f, GlobalRef)
        )
        dot = "." if kind == "." else ""
        inside = self.inside(True) if kind == "ref" else self
        return (
            f"{head if bare else f'({head})'}{dot}{opening}"
            f"{inside.arguments(args, indent, keywords)}{closing}"
        )

    def bracketed(self, e: Expr, level: int, indent: int) -> str | None:
        """`A[i]`, `T{x}` and the heads of definitions."""
        if not e.args:
            return None
        return self.called(e.head, e.args[0], e.args[1:], indent, keywords=e.head != "curly")

    def dot(self, e: Expr, level: int, indent: int) -> str | None:
        """`a.b`, `f.(x)` and `(.+)`."""
        args = e.args
        if len(args) == 1 and is_operator_symbol(args[0]):
            return f"(.{args[0].name})"
        if len(args) != 2:
            return None
        left, right = args
        if is_expr(right, "tuple"):
            return self.called(".", left, right.args, indent)
        if not is_quotation(right):
            return None
        field = unwrapped(right)
        head = self.text(left, 0, indent)
        if not (
            is_quotation(left)
            or (isinstance(left, Symbol) and is_identifier(left.name))
            or is_expr(left, ".")
        ):
            head = f"({head})"
        if is_expr(field, "$", 1) and not self.quoting:
            return f"{head}.{self.text(field, 0, indent)}"
        text = self.text(field, 0, indent)
        if not isinstance(field, Symbol) or field.name in _QUOTED:
            text = f":({text})"
        elif is_operator(field.name):
            text = ":" + text
        return f"{head}.{text}"

    # ------------------------------------------------------------ blocks

    def block(self, head: str, args: list[Any], body: Any, indent: int) -> str:
        """A block form up to its `end`."""
        inner = indent if head in ("module", "baremodule") else indent + INDENT
        text = head
        if args:
            text += " " + self.listed(args, " " if head == "elseif" else ", ", indent)
        for item in body.args if is_expr(body, "block") or is_expr(body, "quote") else [body]:
            text += "\n" + " " * inner + self.text(item, _LOOSE, inner)
        return text + "\n" + " " * indent

    def headed(self, word: str, arg: Any, body: Any, indent: int) -> str:
        """A block form with what follows its keyword."""
        args = arg.args if is_expr(arg, "block") or is_expr(arg, "quote") else [arg]
        return self.inside(False).block(word, args, body, indent)

    def blocks(self, e: Expr, level: int, indent: int) -> str | None:
        """`for`, `while`, `if`, `function`, `let`."""
        args = e.args
        if len(args) == 1 and e.head in ("function", "macro"):
            return f"{e.head} {self.inside(False).text(args[0])} end"
        if len(args) == 2:
            head = args[0]
            if e.head == "function" and is_expr(head, "call"):
                head = Expr("calldecl", *head.args)
            elif e.head == "function" and is_expr(head, "..."):
                head = Expr("tuple", head)
            return self.headed(e.head, head, args[1], indent) + "end"
        if len(args) != 3 or e.head not in ("if", "elseif"):
            return None
        text = self.headed(e.head, args[0], args[1], indent)
        if is_expr(args[2], "elseif"):
            return text + self.inside(False).text(args[2], level, indent)
        return text + self.inside(False).block("else", [], args[2], indent) + "end"

    def begin(self, e: Expr, level: int, indent: int) -> str:
        """`begin … end`, and `(a; b)` inside of an index, where `begin` means the first one."""
        if not self.indexing:
            return self.block("begin", [], e, indent) + "end"
        inner = indent + INDENT
        text = "("
        for i, item in enumerate(e.args):
            if i:
                text += "" if i == 1 and isinstance(e.args[0], LineNumberNode) else ";"
                text += "\n" + " " * inner
            text += self.text(item, _LOOSE, inner)
        return text + (";;)" if not e.args else ";)" if len(e.args) == 1 else ")")

    def quote(self, e: Expr, level: int, indent: int) -> str | None:
        """A quotation inside of an expression."""
        if len(e.args) == 1 and isinstance(e.args[0], Symbol):
            return self.quotation(e.args[0], indent)
        if self.quoting:
            return None
        inside = self.inside(False)
        if len(e.args) == 1 and not is_expr(e.args[0], "block"):
            return f":({inside.text(e.args[0], 0, indent + 2)})"
        body = e.args[0] if len(e.args) == 1 else e
        return inside.block("quote", [], body, indent) + "end"

    def structure(self, e: Expr, level: int, indent: int) -> str | None:
        """`struct … end` and `module … end`."""
        if len(e.args) != 3 or not isinstance(e.args[0], bool):
            return None
        words = {
            ("struct", True): "mutable struct",
            ("struct", False): "struct",
            ("module", True): "module",
            ("module", False): "baremodule",
        }
        return self.headed(words[e.head, e.args[0]], e.args[1], e.args[2], indent) + "end"

    def try_(self, e: Expr, level: int, indent: int) -> str | None:
        """`try … catch … else … finally … end`"""
        if not 3 <= len(e.args) <= 5:
            return None
        inside = self.inside(False)
        text = inside.block("try", [], e.args[0], indent)
        if is_expr(e.args[2], "block"):
            name = [] if e.args[1] is False else [e.args[1]]
            text += inside.block("catch", name, e.args[2], indent)
        if len(e.args) == 5 and is_expr(e.args[4], "block"):
            text += inside.block("else", [], e.args[4], indent)
        if len(e.args) >= 4 and is_expr(e.args[3], "block"):
            text += inside.block("finally", [], e.args[3], indent)
        return text + "end"

    def do(self, e: Expr, level: int, indent: int) -> str | None:
        """`f(x) do y … end`"""
        if len(e.args) != 2:
            return None
        inside = self.inside(False)
        names = inside.listed(e.args[1].args[0].args, ", ", 0)
        head = inside.text(e.args[0], _LOOSE, indent) + " do " + names
        return inside.block(head, [], e.args[1].args[1], indent) + "end"

    # ------------------------------------------------------------ the rest

    def comparison(self, e: Expr, level: int, indent: int) -> str | None:
        """`a < b <= c`"""
        if len(e.args) < 3 or len(e.args) % 2 == 0:
            return None
        own = min(map(precedence, e.args[1::2]))
        return self.wrapped(self.listed(e.args, " ", indent, own), own, level)

    def string(self, e: Expr, level: int, indent: int) -> str:
        """`"a $(x)"`"""
        return (
            '"'
            + "".join(
                self.value(x)[1:-1] if isinstance(x, str) else f"$({self.text(x)})" for x in e.args
            )
            + '"'
        )

    def macrocall(self, e: Expr, level: int, indent: int) -> str | None:
        """`@m x y`, in its functional form inside of an expression."""
        if len(e.args) < 2:
            return None
        name, line, args = e.args[0], e.args[1], e.args[2:]
        if isinstance(name, GlobalRef) and args:
            if name.name.name == "@cmd":
                return f"`{args[0]}`"
            if name.name.name in ("@int128_str", "@uint128_str", "@big_str"):
                return str(args[0])
        if (
            isinstance(name, Symbol)
            and name.name.startswith("@")
            and name.name.endswith("_str")
            and args
            and isinstance(args[0], str)
        ):
            flags = str(args[1]) if len(args) == 2 else ""
            raw = Base.bindings["escape_raw_string"](args[0])
            return f'{name.name[1:-4]}"{raw}"{flags}'
        text = (
            f"{self.text(line)} "
            if isinstance(line, LineNumberNode) or is_expr(line, "line")
            else ""
        )
        if head_symbol(name):
            name = Expr("macroname", name)
        if level >= 0:
            return text + self.called("call", name, args, indent, keywords=False)
        return text + self.listed([name, *args], " ", indent)

    def macroname(self, e: Expr, level: int, indent: int) -> str:
        """The name of a macro, with its module."""
        name = e.args[0]
        if isinstance(name, Symbol):
            return name_text(name.name, True)
        if isinstance(name, GlobalRef):
            return self.reference(name, True)
        owner, last = name.args[0], unwrapped(name.args[1])
        text = self.text(owner)
        if not (isinstance(owner, (Symbol, GlobalRef)) or is_expr(owner, ".", 2)):
            text = f"({text})"
        return (
            f"{text}.{name_text(last.name, True) if isinstance(last, Symbol) else self.text(last)}"
        )

    def generator(self, e: Expr, level: int, indent: int) -> str:
        """`(f(x) for x = xs)`"""
        return f"({self.generated(e, indent)})"

    def generated(self, e: Any, indent: int) -> str:
        """The inside of a comprehension."""
        ranges = []
        while is_expr(e, "flatten", 1):
            ranges.append(e.args[0].args[1:])
            e = e.args[0].args[0]
        ranges.append(e.args[1:])
        tail = "".join(f" for {self.listed(r, ', ', indent)}" for r in ranges)
        return self.text(e.args[0], 0, indent) + tail

    def comprehension(self, e: Expr, level: int, indent: int) -> str:
        """`[f(x) for x = xs]` and `T[… for …]`."""
        head = "" if e.head == "comprehension" else self.text(e.args[0], 0, indent)
        return f"{head}[{self.generated(e.args[-1], indent)}]"

    def filtered(self, e: Expr, level: int, indent: int) -> str | None:
        """`x = xs if ok`"""
        if len(e.args) < 2:
            return None
        return f"{self.listed(e.args[1:], ', ', indent)} if {self.text(e.args[0], 0, indent)}"

    def word(self, e: Expr, level: int, indent: int) -> str | None:
        """`return x`, `local a, b`, `const x = 1`, `break`."""
        if e.head in ("break", "continue"):
            return e.head if not e.args else None
        if e.head == "return" and e.args == [None]:
            return "return"
        if e.head in ("return", "const") and len(e.args) != 1:
            return None
        args = e.args
        if e.head == "export":
            args = [Expr("macroname", a) if head_symbol(a) else a for a in args]
        return f"{e.head} {self.listed(args, ', ', indent)}"

    def where(self, e: Expr, level: int, indent: int) -> str | None:
        """`T where S`"""
        if len(e.args) < 2:
            return None
        text = f"{self.text(e.args[0], _DECLARATION, indent)} where "
        if len(e.args) == 2:
            text += self.text(e.args[1], 1, indent)
        else:
            text += f"{{{self.listed(e.args[1:], ', ', indent)}}}"
        return f"({text})" if level >= 1 else text

    def prefix(self, e: Expr, level: int, indent: int) -> str | None:
        """`::T`, `<:T`"""
        if len(e.args) != 1:
            return None
        return e.head + self.text(e.args[0], 0, indent)

    def interpolation(self, e: Expr, level: int, indent: int) -> str | None:
        """`$x` and `&x`."""
        if len(e.args) != 1 or (e.head == "$" and self.quoting):
            return None
        inner = e.args[0]
        text = self.text(inner)
        if isinstance(inner, Expr):
            wrap = inner.head not in ("tuple", "$", "vect", "braces")
        else:
            wrap = is_operator_symbol(inner)
        return f"{e.head}({text})" if wrap else e.head + text

    def splat(self, e: Expr, level: int, indent: int) -> str | None:
        """`xs...`"""
        return self.text(e.args[0], 0, indent) + "..." if len(e.args) == 1 else None

    def transposed(self, e: Expr, level: int, indent: int) -> str | None:
        """`A'`"""
        if len(e.args) != 1:
            return None
        text = self.text(e.args[0])
        return f"{text}'" if isinstance(e.args[0], Symbol) else f"({text})'"

    def import_(self, e: Expr, level: int, indent: int) -> str | None:
        """`using A, B: c`"""
        listed = len(e.args) == 1 and is_expr(e.args[0], ":") and len(e.args[0].args) > 1
        if not all(map(is_path, e.args[0].args if listed else e.args)):
            return None
        return f"{e.head} " + ", ".join(map(path, e.args))

    def declared(self, e: Expr, level: int, indent: int) -> str | None:
        """`abstract type T end`"""
        if len(e.args) != (1 if e.head == "abstract" else 2):
            return None
        return f"{e.head} type {self.listed(e.args, ' ', indent)} end"

    def line(self, e: Expr, level: int, indent: int) -> str | None:
        """A line number in its old form."""
        return line_text(*e.args) if 1 <= len(e.args) <= 2 else None


def line_text(line: Any, file: Any = None) -> str:
    return f"#= {file}:{line} =#" if file is not None else f"#= line {line} =#"


def called_name(f: Any) -> str:
    """The name of what is called: operators of a given module are written like plain ones."""
    if isinstance(f, GlobalRef):
        return f.name.name
    return f.name if isinstance(f, Symbol) else ""


def is_path(e: Any) -> bool:
    """Can it stand after `using`?"""
    if is_expr(e, "as", 2):
        return is_path(e.args[0]) and isinstance(e.args[1], Symbol)
    return is_expr(e, ".") and bool(e.args) and all(isinstance(a, Symbol) for a in e.args)


def path(e: Expr) -> str:
    """A path after `using`."""
    if e.head == ":":
        return f"{path(e.args[0])}: " + ", ".join(map(path, e.args[1:]))
    if e.head == "as":
        return f"{path(e.args[0])} as {name_text(e.args[1].name, True)}"
    names = [a.name for a in e.args]
    dots = 0
    while dots < len(names) and names[dots] == ".":
        dots += 1
    return "." * dots + ".".join(name_text(n, True) for n in names[dots:])


_SCALES = (int, float, np.float32)
_FORMS: dict[str, Any] = {
    "call": Code.call,
    ".": Code.dot,
    "block": Code.begin,
    "quote": Code.quote,
    "try": Code.try_,
    **dict.fromkeys(("calldecl", "ref", "curly"), Code.bracketed),
    **dict.fromkeys(_LISTS, Code.brackets),
    **dict.fromkeys(_BLOCKS, Code.blocks),
    **dict.fromkeys(("typed_vcat", "typed_hcat", "typed_ncat"), Code.typed_brackets),
    "struct": Code.structure,
    "module": Code.structure,
    "do": Code.do,
    "comparison": Code.comparison,
    "string": Code.string,
    "macrocall": Code.macrocall,
    "macroname": Code.macroname,
    "generator": Code.generator,
    "flatten": Code.generator,
    "comprehension": Code.comprehension,
    "typed_comprehension": Code.comprehension,
    "filter": Code.filtered,
    "where": Code.where,
    "...": Code.splat,
    "'": Code.transposed,
    **dict.fromkeys(
        ("return", "local", "global", "const", "export", "break", "continue"), Code.word
    ),
    **dict.fromkeys(("::", "<:", ">:"), Code.prefix),
    "&": Code.interpolation,
    "$": Code.interpolation,
    "import": Code.import_,
    "using": Code.import_,
    "line": Code.line,
    **dict.fromkeys(("abstract", "primitive"), Code.declared),
}


# ---------------------------------------------------------------- for users' own types

_IO = T.typeof(IO(Text()))


@Base.method("show_unquoted(io::IO, x, indent::Int, precedence::Int)", export=False)
def show_unquoted(io: IO, x: Any, indent: int, precedence: int) -> None:
    """Print a value as it stands inside of code; extend it for values that need parentheses."""
    io.write(Code(io.context).text(x, precedence, indent))


@Base.method("show_unquoted(io::IO, x, indent::Int=0)", export=False)
def show_unquoted_plain(io: IO, x: Any, indent: int = 0) -> None:
    Base.bindings["show_unquoted"](io, x, indent, 0)


@Base.method("show_unquoted(io::IO, z::Complex, indent::Int, precedence::Int)", export=False)
def show_unquoted_complex(io: IO, z: Complex, indent: int, precedence: int) -> None:
    text = Code(io.context).value(z)
    io.write(f"({text})" if precedence > K.PLUS else text)
