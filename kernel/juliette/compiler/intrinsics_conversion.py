"""Rules for conversion: values to strings and to types, names to values (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.data_types import SUBSTRING
from juliette.compiler.intrinsics import (
    FLOAT,
    INT,
    STRING,
    TYPES,
    Plan,
    builtin,
    exact,
    folded,
    kind,
    kinds,
    rule,
    runtime,
)
from juliette.compiler.intrinsics_characters import code_of
from juliette.compiler.intrinsics_numbers import concrete_number
from juliette.compiler.lattice import ANY, Known, widen
from juliette.runtime import types as T
from juliette.runtime.modules import Base, Module


@runtime("string")
@rule("string")
def _string(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if args and set(kinds(args)) <= {"s", "i"}:
        return Plan(STRING, lambda em, n: em.joined(n))
    return Plan(STRING)


@rule("repr", "join", "lpad", "rpad", "uppercase", "lowercase", "repeat", "titlecase")
def _text(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(STRING) if args and kind(args[0]) == "s" else None


@runtime("convert")
def _convert(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    t = args[0].value if type(args[0]) is Known else None
    if t is ANY:
        return Plan(args[1], lambda em, n: em.expr(n.args[1]))
    if not isinstance(t, T.DataType) or not t.concrete:
        return None
    if widen(args[1]) is t:
        return Plan(args[1], lambda em, n: em.expr(n.args[1]))
    if t is FLOAT and kind(args[1]) == "i":
        return Plan(FLOAT, lambda em, n: em.call("%float", em.expr(n.args[1])))
    return Plan(t)


@runtime("typeassert")
def _typeassert(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    t = args[1].value if type(args[1]) is Known else None
    if not isinstance(t, T.JuliaType):
        return None
    if L.concrete(args[0]) and T.subtype(widen(args[0]), t) and type(args[0]) is not Known:
        return Plan(args[0], lambda em, n: em.expr(n.args[0]))
    return Plan(t) if isinstance(t, T.DataType) and t.concrete else None


@runtime("apply_type", traceable=True)
def _apply_type(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if not all(type(a) is Known for a in args) or not all(
        type(n) in (C.Const, C.Global, C.Local, C.Runtime, C.Call) for n in node.args
    ):
        return None
    try:
        return folded(T.apply_type(*[a.value for a in args]))
    except Exception:
        return None  # the call itself raises the error


@runtime("global_ref", traceable=True)
def _global_ref(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    module, name = args[0].value, args[1].value
    if not isinstance(module, Module):
        module = Base if str(module) in ("Base", "Core") else None
    if module is not None and name in module.bindings and name in module.consts:
        return folded(module.bindings[name])
    return None


@rule("parse")
def _parse(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) in (2, 3) and type(args[0]) is Known and args[0].value in T.DTYPE_OF:
        if args[0].value is INT and len(args) == 2 and widen(args[1]) in (STRING, SUBSTRING):
            return Plan(INT, _parse_int)
        if args[0].value is INT and len(args) == 2 and widen(args[1]) is T.Char_:
            return Plan(INT, _parse_digit)
        return builtin(args[0].value)
    return None


def _parsed(em: Any, n: C.Call) -> tuple[ast.expr, ast.expr, ast.expr]:
    """What is parsed, the same again, and the call of the function of Base."""
    kind_, text = em.exprs(n.args)
    first, again = em.hold(text)
    link = em.callee(n).link(exact([em.element(a) for a in n.args]))
    return first, again, em.call(link.enter_into(em.constants), kind_, again)


def _parse_digit(em: Any, n: C.Call) -> ast.expr:
    """`parse(Int, c)`"""
    c, again, other = _parsed(em, n)
    code = ast.Compare(
        em.const(48), [ast.LtE(), ast.LtE()], [em.attribute(c, "code"), em.const(57)]
    )
    digit = em.binary(ast.Sub, em.attribute(again, "code"), em.const(48))
    return em.choose(em.at(code), digit, other)  # type: ignore[no-any-return]


def _parse_int(em: Any, n: C.Call) -> ast.expr:
    """`parse(Int, s)`: digits alone are read at once."""
    text, again, other = _parsed(em, n)
    return em.choose(em.call("%few_digits", text), em.call("%int", again), other)  # type: ignore[no-any-return]


def _to_int(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "i":
        return Plan(args[0], lambda em, n: em.expr(n.args[0]))
    if ks == "b":
        return Plan(L.Ints(0, 1), lambda em, n: em.call("%int", em.expr(n.args[0])))
    if len(args) != 1:
        return None
    if widen(args[0]) is T.Char_:
        return Plan(INT, lambda em, n: code_of(em, n, args))
    return Plan(INT) if concrete_number(args[0]) else None


TYPES[INT] = _to_int
