"""Rules for characters: their code points are read, compared and counted on directly (see `intrinsics`).

A character that is no valid one has a negative code; then the function of Base is called.
"""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import BOOL, TYPES, Plan, kind, rule
from juliette.compiler.lattice import Known, widen
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base

LOAD = ast.Load()
CHAR = T.Char_
# The greatest code of a Char, and the first that is not among the characters made once for all.
GREATEST, COMMON = 0x1FFFFF, 0xD800


def code_known(x: Any) -> int | None:
    """The code point of a valid character that is known."""
    if type(x) is Known and type(x.value) is V.Char and x.value.valid:
        return x.value.code
    return None


def codes(em: Any, nodes: list[C.Node], args: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """For each argument its code (or its value, if it is a number), tests of validity, and the value again."""
    out, tests, again = [], [], []
    for e, a in zip(em.exprs(nodes), args, strict=True):
        known = code_known(a)
        if known is not None:
            out.append(em.const(known))
            again.append(e)
            continue
        if not isinstance(e, (ast.Name, ast.Constant)):
            t = em.temp()
            em.store(t, e)
            e = em.name(t)
        if widen(a) is not CHAR:
            out.append(e)
            again.append(e)
            continue
        code = em.attribute(e, "code")
        out.append(code)
        tests.append(em.at(ast.Compare(code, [ast.GtE()], [em.const(0)])))
        again.append(e)
    return out, tests, again


def guarded(em: Any, tests: list[Any], value: ast.expr, other: ast.expr) -> ast.expr:
    """A value where all tests hold."""
    if not tests:
        return value
    test = tests[0] if len(tests) == 1 else em.at(ast.BoolOp(ast.And(), tests))
    return em.choose(test, value, other)  # type: ignore[no-any-return]


def linked(em: Any, name: str, args: list[Any], values: list[Any]) -> ast.expr:
    """The call of the function of Base."""
    link = Base.bindings[name].link(tuple(map(widen, args)))
    return em.call(link.enter_into(em.constants), *values)  # type: ignore[no-any-return]


def char_at(em: Any, code: ast.expr) -> ast.expr:
    """The character of a code point below `COMMON`."""
    return em.at(ast.Subscript(em.name(em.constant("chars", V.CHARS)), code, LOAD))  # type: ignore[no-any-return]


def common(em: Any, code: ast.expr) -> tuple[Any, ast.expr]:
    """A test that a code point is one below `COMMON`, and the code again."""
    first, again = em.hold(code)
    chain = ast.Compare(em.const(0), [ast.LtE(), ast.Lt()], [first, em.const(COMMON)])
    return em.at(chain), again


def char_sum(op: str, args: list[Any]) -> Plan | None:
    """`c - d`, `c + n`, `n + c` and `c - n`"""
    if len(args) != 2 or op == "*":
        return None
    chars = [widen(a) is CHAR for a in args]
    if all(chars) and op == "-":

        def difference(em: Any, n: C.Call) -> ast.expr:
            values, tests, again = codes(em, n.args, args)
            return guarded(em, tests, em.binary(ast.Sub, *values), linked(em, "-", args, again))

        return Plan(L.ints(-GREATEST, GREATEST), difference)
    if not any(chars) or (op == "-" and chars[1]) or kind(args[chars[0]]) != "i":
        return None
    operator = ast.Add if op == "+" else ast.Sub

    def moved(em: Any, n: C.Call) -> ast.expr:
        values, tests, again = codes(em, n.args, args)
        test, code = common(em, em.at(ast.BinOp(values[0], operator(), values[1])))
        return guarded(em, [*tests, test], char_at(em, code), linked(em, op, args, again))

    return Plan(CHAR, moved)


def char_order(op: str, operator: Any, args: list[Any]) -> Plan | None:
    """`c < d` and the like"""
    if len(args) != 2 or any(widen(a) is not CHAR for a in args):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        values, tests, again = codes(em, n.args, args)
        answer = em.at(ast.Compare(values[0], [operator()], [values[1]]))
        return guarded(em, tests, answer, linked(em, op, args, again))

    return Plan(BOOL, emit)


def code_of(em: Any, n: C.Call, args: list[Any]) -> ast.expr:
    """`Int(c)`"""
    values, tests, again = codes(em, n.args, args)
    return guarded(em, tests, values[0], em.call(em.expr(n.function), *again))


def _to_char(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1 or kind(args[0]) != "i":
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        test, code = common(em, em.expr(n.args[0]))
        return em.choose(test, char_at(em, code), em.call(em.expr(n.function), code))  # type: ignore[no-any-return]

    return Plan(CHAR, emit)


TYPES[CHAR] = _to_char


@rule("isdigit")
def _isdigit(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1 or widen(args[0]) is not CHAR:
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        code = em.attribute(em.expr(n.args[0]), "code")
        return em.at(ast.Compare(em.const(48), [ast.LtE(), ast.LtE()], [code, em.const(57)]))  # type: ignore[no-any-return]

    return Plan(BOOL, emit)


def member(x: Any, t: Any, node: C.Node, among: Any) -> Plan | None:
    """Is a character one of a string or a tuple that are known?"""
    if type(node) is C.MakeTuple and all(type(n) is C.Const for n in node.items):
        t = Known(tuple(n.value for n in node.items))  # type: ignore[attr-defined]
    if widen(x) is not CHAR or type(t) is not Known:
        return None
    if type(t.value) is str:
        if not t.value.isascii():
            return None
        known = frozenset(map(ord, t.value))
    elif type(t.value) is tuple and all(type(c) is V.Char and c.valid for c in t.value):
        known = frozenset(c.code for c in t.value)
    else:
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        code = em.attribute(em.exprs(n.args)[0], "code")
        return em.at(ast.Compare(code, [among()], [em.const(known)]))  # type: ignore[no-any-return]

    return Plan(BOOL, emit)
