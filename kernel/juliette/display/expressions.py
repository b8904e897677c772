"""Expressions as Julia code again."""

from __future__ import annotations

from typing import Any

from juliette.syntax import tokens as K
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol


def quoted_expression(x: Any) -> str:
    """`:(x + 1)`"""
    if isinstance(x, LineNumberNode):
        return f"#= {x.file}:{x.line} =#"
    if isinstance(x, GlobalRef):
        return f"{x.module}.{x.name}"
    text = expression_text(x)
    return f"quote\n{text}\nend" if isinstance(x, Expr) and x.head == "block" and "\n" in text else f":({text})"


def expression_text(e: Any, level: int = -1) -> str:
    """An expression in surface syntax; `level` is the precedence around it."""
    if isinstance(e, Symbol):
        return e.name
    if isinstance(e, QuoteNode):
        return f":{e.value.name}" if isinstance(e.value, Symbol) else f":({expression_text(e.value)})"
    if not isinstance(e, Expr):
        from juliette.display.show import one_line

        return one_line(e)
    h, a = e.head, e.args
    sub = expression_text
    if h == "call":
        f = a[0]
        name = f.name if isinstance(f, Symbol) else ""
        p = K.PRECEDENCE.get(K.base_operator(name)) if name else None
        if p is not None and len(a) >= 3 and p > K.ASSIGNMENT:
            sep = name if p in (K.COLON, K.POWER) else f" {name} "
            text = sep.join(sub(x, p) for x in a[1:])
            return f"({text})" if level >= p and not (level == p and name in ("+", "*")) or level > p else text
        if name in K.UNARY and len(a) == 2:
            return f"{name}{sub(a[1], K.POWER)}"
        return f"{sub(f)}({arguments(a[1:])})"
    if h in ("=", "+=", "-=", "*=", "/=", "^=", ".=", "->") or h.endswith("=") and h not in ("==",):
        body = a[1]
        if isinstance(body, Expr) and body.head == "block":
            inner = [x for x in body.args if not isinstance(x, LineNumberNode)]
            if len(inner) == 1:
                body = inner[0]
        return f"{sub(a[0])} {h} {sub(body)}"
    if h in ("&&", "||"):
        return f"{sub(a[0], 5)} {h} {sub(a[1], 5)}"
    if h == "kw":
        return f"{sub(a[0])} = {sub(a[1])}"
    if h == "tuple":
        return f"({arguments(a)}{',' if len(a) == 1 else ''})"
    if h == "vect":
        return f"[{arguments(a)}]"
    if h == "ref":
        return f"{sub(a[0], 20)}[{arguments(a[1:])}]"
    if h == "curly":
        return f"{sub(a[0])}{{{arguments(a[1:])}}}"
    if h == ".":
        if isinstance(a[1], QuoteNode):
            return f"{sub(a[0], 20)}.{sub(a[1].value)}"
        return f"{sub(a[0], 20)}.{sub(a[1])}"
    if h == "::":
        return "::".join(map(sub, a)) if len(a) == 2 else f"::{sub(a[0])}"
    if h == "...":
        return f"{sub(a[0])}..."
    if h == "'":
        return f"{sub(a[0], 20)}'"
    if h == "$":
        return f"$({sub(a[0])})" if isinstance(a[0], Expr) else f"${sub(a[0])}"
    if h == "quote":
        return f":({sub(a[0])})"
    if h == "return":
        return f"return {sub(a[0])}"
    if h == "comparison":
        return " ".join(map(sub, a))
    if h == "string":
        return '"' + "".join(x if isinstance(x, str) else f"$({sub(x)})" for x in a) + '"'
    if h == "macrocall":
        return " ".join([sub(a[0]), *map(sub, a[2:])])
    if h == "block":
        lines = ["    " + sub(x).replace("\n", "\n    ") if not isinstance(x, LineNumberNode) else f"    #= {x.file}:{x.line} =#" for x in a]
        return "begin\n" + "\n".join(lines) + "\nend"
    if h in ("if", "elseif"):
        if len(a) == 3 and not any(isinstance(x, Expr) and x.head == "block" for x in a):
            return f"if {sub(a[0])}\n    {sub(a[1])}\nelse\n    {sub(a[2])}\nend"
    return f"$(Expr(:{h}{''.join(', ' + sub(x) for x in a)}))"


def arguments(items: list[Any]) -> str:
    plain = [x for x in items if not (isinstance(x, Expr) and x.head == "parameters")]
    text = ", ".join(map(expression_text, plain))
    for x in items:
        if isinstance(x, Expr) and x.head == "parameters":
            text += "; " + ", ".join(map(expression_text, x.args))
    return text
