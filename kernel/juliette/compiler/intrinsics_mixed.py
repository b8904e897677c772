"""Rules for sums and products of numbers of different kinds (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.emit_typed import OPERATORS
from juliette.compiler.intrinsics import Plan, kind
from juliette.compiler.lattice import ANY, widen
from juliette.runtime import types as T

COMPLEX = T.CORE_TYPES["ComplexF64"]


def pairwise(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`a op b op c` of other numbers than machines have: from left to right, as Julia does."""
    if any(type(n) is C.Splat for n in node.args) or any(a is ANY for a in args):
        return None
    call: C.Node = node.args[0]
    for n in node.args[1:-1]:
        call = C.Call(node.function, [call, n])
    call = C.Call(node.function, [call, node.args[-1]])
    result = inference.visit(call)
    plan = inference.plans.get(id(call))
    if plan is None or plan.emit is None or result is ANY:
        return None
    return Plan(result, lambda em, n: em.expr(call), opaque=plan.opaque)


def mixed_complex(op: str, args: list[Any]) -> Plan | None:
    """A real number and a ComplexF64: the parts are computed each for itself."""
    first = widen(args[0]) is COMPLEX
    if (
        len(args) != 2
        or kind(args[first]) not in ("i", "f")
        or widen(args[not first]) is not COMPLEX
    ):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        held = [em.hold(e) for e in em.exprs(n.args)]

        def part(name: str) -> ast.expr:
            pair = [h[name == "imag"] for h in held]
            z = em.at(ast.Attribute(pair[not first], name, ast.Load()))
            if name == "imag" and op != "*":
                return z if first or op == "+" else em.at(ast.UnaryOp(ast.USub(), z))  # type: ignore[no-any-return]
            pair[not first] = z
            return em.binary(OPERATORS[op], *pair)  # type: ignore[no-any-return]

        return em.call(em.constant("complex", complex), part("real"), part("imag"))  # type: ignore[no-any-return]

    return Plan(COMPLEX, emit)
