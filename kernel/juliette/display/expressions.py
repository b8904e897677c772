"""Expressions as Julia code again, in the layout of Julia's own printer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from juliette.display.io import IO, Text
from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module
from juliette.syntax import names as K
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

INDENT = 4
_QUOTED = frozenset((":", "::", ":=", "=", "==", "===", "=>"))
_PREFIX = frozenset(("+", "-", "!", "¬", "~", "<:", ">:", "√", "∛", "∜"))
_LISTS = {
    "tuple": ("(", ", ", ")"), "vect": ("[", ", ", "]"), "hcat": ("[", " ", "]"),
    "vcat": ("[", "; ", "]"), "row": ("", " ", ""), "braces": ("{", ", ", "}"),
}
_CALLS = {"call": "()", "calldecl": "()", "ref": "[]", "curly": "{}"}
_INFIX = frozenset(("&&", "||", "<:", ">:", "::", "->", "$="))
_BLOCKS = frozenset(("for", "while", "function", "macro", "if", "elseif", "let"))
# Levels are counted from one, so that zero is looser than an assignment and binds nothing.
_LOOSE, _TIGHT = -1, 100
_ARROW, _COMPARISON, _TIMES, _POWER = (
    level + 1 for level in (K.ARROW, K.COMPARISON, K.TIMES, K.POWER)
)


def quoted_expression(x: Any) -> str:
    """`:(x + 1)`: an expression as `show` prints it."""
    return quoted(x, 0)


def quoted(x: Any, indent: int) -> str:
    """A value between `:(` and `)`, or between `quote` and `end`."""
    if isinstance(x, Symbol) and x.name not in _QUOTED:
        return symbol_text(x.name)
    if isinstance(x, Expr) and x.head == "block":
        return block("quote", "", x, indent) + "end"
    return f":({expression_text(x, _LOOSE, indent + 2)})"


def is_identifier(name: str) -> bool:
    """Can the name be written as it stands?"""
    return (
        bool(name) and name not in ("true", "false") and K.is_name_start(name[0])
        and all(map(K.is_name_part, name))
    )


def is_operator(name: str) -> bool:
    """Is it spelled like an operator?"""
    return name in K.UNARY or name in K.PRECEDENCE or K.base_operator(name) in K.PRECEDENCE


def symbol_text(name: str) -> str:
    """`:x`, `:+` or `Symbol("a b")`."""
    if is_identifier(name) or is_operator(name):
        return f":{name}"
    return f"Symbol({literal(name)})"


def name_text(name: str) -> str:
    """A name in code: `x`, `+`, `@m` or `var"a b"`."""
    plain = name[1:] if name.startswith("@") and len(name) > 1 else name
    if is_identifier(plain) or is_operator(plain):
        return name
    return f"var{literal(name)}"


def literal(value: Any) -> str:
    """A value that is no expression, through its own `show` methods."""
    from juliette.display.show import one_line

    return one_line(value)


def unquoted_value(value: Any, level: int, indent: int) -> str:
    """A value inside of code, through the `show_unquoted` methods of its type if it has any."""
    found = Base.bindings["show_unquoted"].resolve((_IO, T.dispatch_type(value), T.Int64, T.Int64))
    if found.builtin is not None:
        return literal(value)
    text = Text()
    Base.bindings["show_unquoted"](IO(text), value, indent, max(level, 0))
    return text.value()


def expression_text(e: Any, level: int = _LOOSE, indent: int = 0) -> str:
    """An expression in surface syntax; `level` is the precedence around it."""
    if isinstance(e, Symbol):
        return name_text(e.name)
    if isinstance(e, LineNumberNode):
        return f"#= {e.file}:{e.line} =#" if e.file is not None else f"#= line {e.line} =#"
    if isinstance(e, GlobalRef):
        owner = ".".join(e.module.path) if isinstance(e.module, Module) else str(e.module)
        return f"{owner}.{name_text(e.name.name)}"
    if isinstance(e, QuoteNode):
        if isinstance(e.value, Symbol):
            return quoted(e.value, indent)
        return f"$(QuoteNode({literal(e.value)}))"
    if not isinstance(e, Expr):
        return unquoted_value(e, level, indent)
    special = _FORMS.get(e.head)
    text = special(e, level, indent) if special is not None else None
    if text is None:
        text = infix(e, level, indent)
    if text is None:
        text = "".join(f", {literal(x)}" for x in e.args)
        text = f"$(Expr({literal(Symbol(e.head))}{text}))"
    return text


def precedence(name: str) -> int | None:
    """How tightly a binary operator binds, or None."""
    if name in ("in", "isa"):
        return _COMPARISON
    level = K.PRECEDENCE.get(K.base_operator(name)) if name else None
    return None if level is None else level + 1


def infix(e: Expr, level: int, indent: int) -> str | None:
    """`a = b`, `a += b`, `a && b`, `x::T`, `x -> y`."""
    h = e.head
    if len(e.args) != 2 or not (h in _INFIX or K.PRECEDENCE.get(h) == K.ASSIGNMENT):
        return None
    if h == "::":
        return "::".join(expression_text(a, _TIGHT, indent) for a in e.args)
    own = _ARROW if h == "->" else K.PRECEDENCE.get(h, 0) + 1
    text = f" {h} ".join(expression_text(a, own, indent + INDENT) for a in e.args)
    return f"({text})" if own <= level else text


def listed(
    items: Iterable[Any], sep: str, indent: int, *, level: int = 0, keywords: bool = False
) -> str:
    """Arguments with a separator; `kw` prints as `a = b` inside calls."""
    parts = []
    for item in items:
        if keywords and isinstance(item, Expr) and item.head == "kw" and len(item.args) == 2:
            item = Expr("=", *item.args)
        operator = isinstance(item, Symbol) and not is_identifier(item.name) and level > 0
        text = expression_text(item, level, indent + INDENT)
        parts.append(f"({text})" if operator and is_operator(item.name) else text)
    return sep.join(parts)


def arguments(args: list[Any], indent: int) -> str:
    """`a, b; c = 1`"""
    if args and isinstance(args[0], Expr) and args[0].head == "parameters":
        rest = listed(args[1:], ", ", indent, keywords=True)
        return f"{rest}; {listed(args[0].args, ', ', indent, keywords=True)}"
    return listed(args, ", ", indent, keywords=True)


def called_name(f: Any) -> str:
    """The name of what is called: operators of a given module are written like plain ones."""
    if isinstance(f, GlobalRef) and not is_identifier(f.name.name):
        return f.name.name
    return f.name if isinstance(f, Symbol) else ""


def call(e: Expr, level: int, indent: int) -> str | None:
    """`f(x, y)`, `x + y`, `-x`, `2x`, `A[i]`, `T{x}`."""
    if not e.args:
        return None
    f, args = e.args[0], e.args[1:]
    name = called_name(f)
    own = precedence(name) if e.head == "call" else None
    has_keywords = any(isinstance(a, Expr) and a.head in ("kw", "parameters") for a in args)
    splats = any(isinstance(a, Expr) and a.head == "..." for a in args)
    if e.head == "call" and not has_keywords and not splats:
        if (
            name == "*" and len(args) == 2 and type(args[0]) in (int, float)
            and isinstance(args[1], Symbol) and args[1].name[0] not in "eEf"
        ):
            text = listed(args, "", indent, level=_TIMES)
            return f"({text})" if _TIMES <= level else text
        if name in _PREFIX and len(args) == 1:
            inner = args[0]
            text = expression_text(inner, _POWER, indent)
            wrap = isinstance(inner, Expr) or (isinstance(inner, Symbol) and is_operator(inner.name))
            if wrap and not (text.startswith("(") and isinstance(inner, Expr) and level_wrapped(inner)):
                text = f"({text})"
            return name + text
        if own is not None and (
            len(args) == 2 or (len(args) > 2 and name in ("+", "*", "++"))
            or (len(args) == 3 and name == ":")
        ):
            sep = name if name == ":" else f" {name} "
            text = listed(args, sep, indent, level=own)
            return f"({text})" if own <= level else text
    brackets = _CALLS[e.head]
    head = expression_text(f, _TIGHT, indent)
    simple = isinstance(f, (Symbol, GlobalRef)) or (
        isinstance(f, Expr) and f.head in (".", "curly")
    )
    if not simple or (own is not None and len(args) == 1 and name not in _PREFIX):
        head = f"({head})"
    return f"{head}{brackets[0]}{arguments(args, indent)}{brackets[1]}"


def level_wrapped(e: Expr) -> bool:
    """Does the printed form of a call already stand in parentheses?"""
    name = called_name(e.args[0]) if e.args else ""
    own = precedence(name)
    return e.head == "call" and len(e.args) > 2 and own is not None and own <= _POWER


def brackets(e: Expr, level: int, indent: int) -> str:
    """`(a, b)`, `[1, 2]`, `[1 2; 3 4]`."""
    opening, sep, closing = _LISTS[e.head]
    args = e.args
    if args and isinstance(args[0], Expr) and args[0].head == "parameters":
        front = listed(args[1:], sep, indent)
        comma = "," if len(args) == 2 and e.head == "tuple" else ""
        inner = listed(args[0].args, sep, indent, keywords=True)
        return f"{opening}{front}{comma};{' ' if inner else ''}{inner}{closing}"
    text = listed(args, sep, indent)
    if len(args) == 1:
        text += {"tuple": ",", "vcat": ";"}.get(e.head, "")
    return opening + text + closing


def typed_brackets(e: Expr, level: int, indent: int) -> str:
    """`T[1 2]`"""
    inner = Expr(e.head.removeprefix("typed_"), *e.args[1:])
    return expression_text(e.args[0], _TIGHT, indent) + brackets(inner, level, indent)


def dot(e: Expr, level: int, indent: int) -> str | None:
    """`a.b` and `f.(x)`."""
    if len(e.args) != 2:
        return None
    left, right = e.args
    if isinstance(right, Expr) and right.head == "tuple":
        head = expression_text(left, _TIGHT, indent)
        simple = isinstance(left, Symbol) or (isinstance(left, Expr) and left.head in (".", "curly"))
        return f"{head if simple else f'({head})'}.({arguments(right.args, indent)})"
    field = right.value if isinstance(right, QuoteNode) else None
    if isinstance(right, Expr) and right.head in ("quote", "inert") and len(right.args) == 1:
        field = right.args[0]
    if field is None:
        return None
    head = expression_text(left, _TIGHT, indent)
    simple = isinstance(left, Symbol) or (isinstance(left, Expr) and left.head == ".")
    text = expression_text(field, 0, indent)
    if not isinstance(field, Symbol) or field.name in _QUOTED:
        text = f":({text})"
    elif not is_identifier(field.name) and is_operator(field.name):
        text = f":{text}"
    return f"{head if simple else f'({head})'}.{text}"


def block(head: str, arguments_: str, body: Any, indent: int) -> str:
    """A block form up to its `end`."""
    inner = indent + INDENT
    items = body.args if isinstance(body, Expr) and body.head in ("block", "quote") else [body]
    text = f"{head} {arguments_}" if arguments_ else head
    for item in items:
        text += "\n" + " " * inner + expression_text(item, _LOOSE, inner)
    return text + "\n" + " " * indent


def blocks(e: Expr, level: int, indent: int) -> str | None:
    """`for`, `while`, `if`, `function`, `let`."""
    args = e.args
    if len(args) == 1 and e.head in ("function", "macro"):
        return f"{e.head} {expression_text(args[0], _LOOSE, indent)} end"
    if len(args) < 2:
        return None
    head = args[0]
    if isinstance(head, Expr) and head.head == "call" and e.head in ("function", "macro"):
        head = Expr("calldecl", *head.args)
    if isinstance(head, Expr) and head.head == "block":
        items = [a for a in head.args if not isinstance(a, LineNumberNode) or e.head == "elseif"]
        shown = listed(items, " " if e.head == "elseif" else ", ", indent)
    else:
        shown = listed([head], ", ", indent)
    text = block(e.head, shown, args[1], indent)
    if len(args) == 2:
        return text + ("end" if e.head != "elseif" else "")
    last = args[2]
    if isinstance(last, Expr) and last.head == "elseif":
        rest = blocks(last, level, indent)
        return text + (rest or "") + ("end" if len(last.args) == 2 and e.head == "if" else "")
    return text + block("else", "", last, indent) + "end"


def begin(e: Expr, level: int, indent: int) -> str:
    """`begin … end`"""
    return block("begin", "", e, indent) + "end"


def quote(e: Expr, level: int, indent: int) -> str | None:
    """A quotation inside of an expression."""
    if len(e.args) != 1:
        return None
    if isinstance(e.args[0], Symbol):
        return quoted(e.args[0], indent)
    return f"$(Expr(:quote, {literal(e.args[0])}))"


def structure(e: Expr, level: int, indent: int) -> str | None:
    """`struct … end` and `module … end`."""
    if len(e.args) != 3:
        return None
    words = {
        ("struct", True): "mutable struct", ("struct", False): "struct",
        ("module", True): "module", ("module", False): "baremodule",
    }
    name = expression_text(e.args[1], _LOOSE, indent)
    return block(words[e.head, bool(e.args[0])], name, e.args[2], indent) + "end"


def try_(e: Expr, level: int, indent: int) -> str | None:
    """`try … catch … else … finally … end`"""
    if len(e.args) < 3:
        return None
    text = block("try", "", e.args[0], indent)
    if isinstance(e.args[2], Expr) and e.args[2].head == "block":
        name = "" if e.args[1] is False else expression_text(e.args[1], _LOOSE, indent)
        text += block("catch", name, e.args[2], indent)
    if len(e.args) >= 5 and isinstance(e.args[4], Expr):
        text += block("else", "", e.args[4], indent)
    if len(e.args) >= 4 and isinstance(e.args[3], Expr):
        text += block("finally", "", e.args[3], indent)
    return text + "end"


def do(e: Expr, level: int, indent: int) -> str:
    """`f(x) do y … end`"""
    names = listed(e.args[1].args[0].args, ", ", 0)
    head = expression_text(e.args[0], _LOOSE, indent) + " do " + names
    return block(head, "", e.args[1].args[1], indent) + "end"


def comparison(e: Expr, level: int, indent: int) -> str:
    """`a < b <= c`"""
    text = " ".join(
        expression_text(a, _COMPARISON, indent) if i % 2 == 0 else expression_text(a)
        for i, a in enumerate(e.args)
    )
    return f"({text})" if level >= _COMPARISON else text


def string(e: Expr, level: int, indent: int) -> str:
    """`"a $(x)"`"""
    return '"' + "".join(
        literal(x)[1:-1] if isinstance(x, str) else f"$({expression_text(x, 0, indent)})"
        for x in e.args
    ) + '"'


def macrocall(e: Expr, level: int, indent: int) -> str:
    """`@m x y`, in its functional form inside of an expression."""
    name, line, args = e.args[0], e.args[1], e.args[2:]
    head = expression_text(name, _TIGHT, indent)
    if isinstance(name, Symbol) and name.name.endswith("_str") and args and isinstance(args[0], str):
        flags = args[1] if len(args) > 1 and isinstance(args[1], str) else ""
        return f'{name.name[1:-4]}"{args[0]}"{flags}'
    if isinstance(name, GlobalRef) and name.name.name == "@cmd":
        return f"`{args[0]}`"
    note = f"{expression_text(line)} " if isinstance(line, LineNumberNode) else ""
    if level >= 0:
        return f"{note}{head}({listed(args, ', ', indent)})"
    return note + " ".join([head, *(expression_text(a, 0, indent + INDENT) for a in args)])


def generator(e: Expr, level: int, indent: int) -> str:
    """`(f(x) for x = xs)`"""
    return f"({generated(e, indent)})"


def generated(e: Expr, indent: int) -> str:
    """The inside of a comprehension."""
    if e.head == "flatten":
        inner = e.args[0]
        ranges = [inner.args[1:]]
        body = inner.args[0]
        while isinstance(body, Expr) and body.head in ("generator", "flatten"):
            body = body.args[0] if body.head == "flatten" else body
            ranges.append(body.args[1:])
            body = body.args[0]
        tail = "".join(f" for {listed(r, ', ', indent)}" for r in ranges)
        return expression_text(body, 0, indent) + tail
    return f"{expression_text(e.args[0], 0, indent)} for {listed(e.args[1:], ', ', indent)}"


def comprehension(e: Expr, level: int, indent: int) -> str:
    """`[f(x) for x = xs]` and `T[… for …]`."""
    head = "" if e.head == "comprehension" else expression_text(e.args[0], _TIGHT, indent)
    return f"{head}[{generated(e.args[-1], indent)}]"


def filtered(e: Expr, level: int, indent: int) -> str:
    """`x = xs if ok`"""
    return f"{listed(e.args[1:], ', ', indent)} if {expression_text(e.args[0], 0, indent)}"


def word(e: Expr, level: int, indent: int) -> str:
    """`return x`, `local a, b`, `const x = 1`, `break`."""
    if not e.args or (e.head == "return" and e.args[0] is None):
        return e.head
    return f"{e.head} {listed(e.args, ', ', indent)}"


def where(e: Expr, level: int, indent: int) -> str:
    """`T where S`"""
    names = listed(e.args[1:], ", ", indent)
    text = f"{expression_text(e.args[0], _POWER, indent)} where "
    text += names if len(e.args) == 2 else f"{{{names}}}"
    return f"({text})" if level >= 1 else text


def prefix(e: Expr, level: int, indent: int) -> str | None:
    """`::T`, `<:T`, `&x`, `$x`."""
    if len(e.args) != 1:
        return infix(e, level, indent)
    inner = e.args[0]
    text = expression_text(inner, 0, indent)
    if e.head == "$" and isinstance(inner, Expr):
        text = f"({text})"
    return e.head + text


def splat(e: Expr, level: int, indent: int) -> str:
    """`xs...`"""
    return expression_text(e.args[0], _TIGHT, indent) + "..."


def transposed(e: Expr, level: int, indent: int) -> str:
    """`A'`"""
    text = expression_text(e.args[0], _LOOSE, indent)
    return f"{text}'" if isinstance(e.args[0], Symbol) else f"({text})'"


def import_(e: Expr, level: int, indent: int) -> str:
    """`using A, B: c`"""
    return f"{e.head} " + ", ".join(map(path, e.args))


def path(e: Any) -> str:
    """A path after `using`."""
    if not isinstance(e, Expr):
        return expression_text(e)
    if e.head == ":":
        return f"{path(e.args[0])}: " + ", ".join(map(path, e.args[1:]))
    if e.head == "as":
        return f"{path(e.args[0])} as {e.args[1]}"
    names = [a.name for a in e.args]
    dots = 0
    while dots < len(names) and names[dots] == ".":
        dots += 1
    return "." * dots + ".".join(map(name_text, names[dots:]))


def keyword(e: Expr, level: int, indent: int) -> str:
    """A keyword argument outside of a call."""
    return " = ".join(expression_text(a, 0, indent) for a in e.args)


def declared(e: Expr, level: int, indent: int) -> str:
    """`abstract type T end`"""
    word_ = {"abstract": "abstract type", "primitive": "primitive type"}[e.head]
    return f"{word_} {listed(e.args, ' ', indent)} end"


_FORMS: dict[str, Any] = {
    **dict.fromkeys(_CALLS, call), **dict.fromkeys(_LISTS, brackets), **dict.fromkeys(_BLOCKS, blocks),
    **dict.fromkeys(("typed_vcat", "typed_hcat"), typed_brackets), ".": dot, "block": begin,
    "quote": quote, "struct": structure, "module": structure, "try": try_, "do": do,
    "comparison": comparison, "string": string, "macrocall": macrocall, "generator": generator,
    "flatten": generator, "comprehension": comprehension, "typed_comprehension": comprehension,
    "filter": filtered, "where": where, "...": splat, "'": transposed, "kw": keyword,
    **dict.fromkeys(("return", "local", "global", "const", "export", "break", "continue"), word),
    **dict.fromkeys(("::", "<:", ">:", "&"), prefix), "import": import_, "using": import_,
    **dict.fromkeys(("abstract", "primitive"), declared),
}


# ---------------------------------------------------------------- for users' own types

_IO = T.typeof(IO(Text()))


@Base.method("show_unquoted(io::IO, x, indent::Int, precedence::Int)", export=False)
def show_unquoted(io: IO, x: Any, indent: int, precedence: int) -> None:
    """Print a value as it stands inside of code; extend it for values that need parentheses."""
    io.write(expression_text(x, precedence, indent))


@Base.method("show_unquoted(io::IO, x, indent::Int=0)", export=False)
def show_unquoted_plain(io: IO, x: Any, indent: int = 0) -> None:
    Base.bindings["show_unquoted"](io, x, indent, 0)
