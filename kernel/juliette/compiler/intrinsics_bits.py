"""Rules for the bits of integers (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import BOOL, INT, Plan, Rule, kinds, known_int, narrow, rule
from juliette.compiler.intrinsics_mixed import machine, mixed_machine
from juliette.compiler.lattice import HIGH, bounds
from juliette.runtime import types as T
from juliette.runtime.numeric import INT_RANGE, MAKER

OPERATORS: dict[str, Any] = {
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "⊻": ast.BitXor,
    "xor": ast.BitXor,
}


def _bitwise(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if ks == "bb":
            return Plan(BOOL, lambda em, n: em.chain(OPERATORS[op], n))
        if ks == "??" and not inference.traced and (t := narrow(args)) and T.subtype(t, T.Integer):
            return Plan(t, lambda em, n: em.chain(OPERATORS[op], n))
        if "?" in ks and len(args) == 2 and not inference.traced and "f" not in ks:
            return mixed_machine(op, args)
        if ks != "ii":
            return None
        (a, b), (c, d) = bounds(args[0]), bounds(args[1])  # type: ignore[misc]
        out: Any = INT
        if op == "&" and (a >= 0 or c >= 0):
            out = L.ints(0, min(b if a >= 0 else HIGH, d if c >= 0 else HIGH))
        elif a >= 0 and c >= 0:
            out = L.ints(0, (1 << max(b, d).bit_length()) - 1)
        return Plan(out, lambda em, n: em.chain(OPERATORS[op], n))

    return plan


for _op in ("&", "|", "⊻", "xor"):
    rule(_op)(_bitwise(_op))


@rule("<<", ">>")
def _shift(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) == "?i" and not inference.traced:
        return _machine_shift(inference.name, args)
    if kinds(args) != "ii":
        return None
    n = known_int(args[1])
    if n is None or not 0 <= n < 64:
        helper = "%shift_right" if inference.name == ">>" else "%shift_left"
        return Plan(INT, lambda em, m: em.call(helper, *em.exprs(m.args)))
    low, high = bounds(args[0])  # type: ignore[misc]
    if inference.name == ">>":
        return Plan(L.ints(low >> n, high >> n), lambda em, m: em.chain(ast.RShift, m))
    return Plan(
        L.ints(low << n, high << n),
        lambda em, m: em.wrapped(em.chain(ast.LShift, m), low << n, high << n),
    )


def _machine_shift(name: str, args: list[Any]) -> Plan | None:
    """A machine integer by a known number of bits."""
    t, n = machine(args[0]), known_int(args[1])
    if t is None or n is None or not 0 <= n < 64 or (name == "<<" and INT_RANGE[t][0] < 0):
        return None

    def emit(em: Any, m: C.Call) -> ast.expr:
        operator = ast.LShift if name == "<<" else ast.RShift
        value = em.binary(operator, em.call("%int", em.expr(m.args[0])), em.const(n))
        if name == "<<":
            value = em.at(ast.BinOp(value, ast.BitAnd(), em.const(INT_RANGE[t][1])))
        return em.call(em.constant_for("make", MAKER[t]), value)  # type: ignore[no-any-return]

    return Plan(t, emit)


@rule("count_ones")
def _count_ones(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) != "i":
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        bits = em.binary(ast.BitAnd, em.expr(n.args[0]), em.const(2**64 - 1))
        return em.call(em.at(ast.Attribute(bits, "bit_count", ast.Load())))  # type: ignore[no-any-return]

    return Plan(L.ints(0, 64), emit)
