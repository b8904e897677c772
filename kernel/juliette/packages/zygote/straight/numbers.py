"""Functions of numbers: their value is Base's own, their slope that of the engine's rule."""

from __future__ import annotations

from typing import Any

from juliette.packages.zygote.dotted import broadcast_rule
from juliette.packages.zygote.scalars import operation
from juliette.packages.zygote.straight.items import NUMBERS, Refuse, Val, sample_of
from juliette.packages.zygote.straight.steps import Number
from juliette.packages.zygote.straight.terms import (
    COMPLEX,
    OBSERVERS,
    implementation,
    plain_call,
    text_of,
)
from juliette.packages.zygote.straight.values import Const
from juliette_engine.elementwise import Elementwise, Rule
from juliette_engine.program import Value

_DIRECT = {"+": "+", "-": "-", "*": "*"}
_COMPARED = {
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "≤": "<=",
    "≥": ">=",
    "==": "==",
    "!=": "!=",
    "≠": "!=",
}


def number_call(walk: Any, function: Any, args: list[Any]) -> Any:
    """A function of numbers, some of which carry gradients."""
    name = function.name
    classes = [type(a.example) for a in args]
    op = operation(name, len(args)) or broadcast_rule(function, len(args))
    same = name in ("identity", "+", "float", "real", "conj") and len(args) == 1
    known = (isinstance(op, Elementwise) and op not in COMPLEX) or name in OBSERVERS or same
    if not known and not (name in ("+", "*") and len(args) > 2):
        raise Refuse(f"{name} of numbers")
    example = function(*[a.example for a in args])
    if name in ("+", "*") and len(args) > 2:
        first, second, *rest = args
        return number_call(walk, function, [pair(walk, function, first, second), *rest])
    if name == ":" and any(a.active and type(a.example) is not int for a in args):
        raise Refuse("a range of numbers that carry gradients")
    if name in OBSERVERS:
        if name in _COMPARED and float in classes and set(classes) <= {float, int}:
            text = f"{text_of(walk, args[0])} {_COMPARED[name]} {text_of(walk, args[1])}"
        else:
            text = f"{implementation(walk, function, args)}({', '.join([text_of(walk, a) for a in args])})"
        return walk.opener.open(
            text, example, False, walk.flow.region, checked=type(example) is bool, varies=True
        )
    if same and type(example) is classes[0]:
        return args[0]
    if (
        not isinstance(op, Elementwise)
        or op in COMPLEX
        or bool in classes
        or type(example) not in NUMBERS
    ):
        raise Refuse(f"{name} of numbers")
    operands = [a if type(a) is Val else a.example for a in args]
    operands += tuple(getattr(op, "constants", {}).values())[len(args) - 1 :]
    rule = op.tree_rule(tuple([1.5 if type(x) is Val else x for x in operands]))
    if (
        name == "^"
        and type(args[1]) is Const
        and type(args[1].example) is int
        and args[1].example > 2
    ):
        n = args[1].example
        rule = Rule("a ** b", (f"g * ({n} * a ** {n - 1})", None))  # as the tape rounds it
    out = Val(Value(walk.flow.new("n"), sample_of(example), False), example, True)
    walk.flow.line(
        f"{out.name} = {_number_text(walk, function, args, classes)}",
        out.name,
        pure=name in ("+", "-", "*"),
    )
    walk.flow.region.append(Number(out, operands, rule))
    return out


def pair(walk: Any, function: Any, a: Any, b: Any) -> Any:
    """A function of two numbers, whether they carry gradients or not."""
    return (
        number_call(walk, function, [a, b])
        if a.active or b.active
        else plain_call(walk, function, [a, b], {})
    )


def _number_text(walk: Any, function: Any, args: list[Any], classes: list[type]) -> str:
    name = function.name
    texts = [text_of(walk, a) for a in args]
    if name in _DIRECT and float in classes and set(classes) <= {float, int} and len(args) < 3:
        if len(args) == 2 and len(classes) == 2:
            return f"{texts[0]} {_DIRECT[name]} {texts[1]}"
        if name == "-":
            return f"-{texts[0]}"
    if (
        name == "^"
        and classes == [float, int]
        and type(args[1]) is Const
        and args[1].example in (2, 3)
    ):
        return " * ".join([texts[0]] * args[1].example)
    if name == "/" and classes == [float, float]:
        if type(args[1]) is Const and args[1].example:
            return f"{texts[0]} / {texts[1]}"
        return f"divide({texts[0]}, {texts[1]})"
    return f"{implementation(walk, function, args)}({', '.join(texts)})"
