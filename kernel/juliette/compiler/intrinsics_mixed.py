"""Rules for sums and products of numbers of different kinds (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.emit_typed import OPERATORS
from juliette.compiler.intrinsics import BOOL, FLOAT, INT, NARROW, Plan, kind
from juliette.compiler.lattice import ANY, bounds, widen
from juliette.runtime import types as T
from juliette.runtime.numeric import INT_RANGE, MAKER

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


# ---------------------------------------------------------------- machine integers beside Int64


def machine(x: Any) -> Any:
    """The type of a machine integer other than Int64; None for anything else."""
    t = widen(x)
    return t if t in NARROW and t in INT_RANGE else None


def mixed_machine(op: str, args: list[Any]) -> Plan | None:
    """A machine integer and an Int64 or a Float64: Python computes with their values."""
    first = machine(args[0]) is None
    t = machine(args[first])
    other = kind(args[not first])
    if len(args) != 2 or t is None or other not in ("i", "f"):
        return None
    if other == "f":
        return Plan(FLOAT, lambda em, n: _computed(em, n, op, first, float))
    if t is T.UInt64:
        mask = 2**64 - 1

        def modulo(em: Any, n: C.Call) -> ast.expr:
            value = em.at(ast.BinOp(_computed(em, n, op, first, int), ast.BitAnd(), em.const(mask)))
            return em.call(em.constant_for("make", MAKER[t]), value)  # type: ignore[no-any-return]

        return Plan(t, modulo)
    if op not in RING:
        return Plan(INT, lambda em, n: _computed(em, n, op, first, int))
    ranges: list[Any] = [INT_RANGE[t], bounds(args[not first])]
    low, high = L.ring_bounds(op, ranges[::-1] if first else ranges)
    return Plan(
        L.ints(low, high), lambda em, n: em.wrapped(_computed(em, n, op, first, int), low, high)
    )


RING = ("+", "-", "*")
BITWISE = {"&": ast.BitAnd, "|": ast.BitOr, "⊻": ast.BitXor, "xor": ast.BitXor}


def _computed(em: Any, n: C.Call, op: str, narrow: int, to: type) -> ast.expr:
    """Both values combined, after the narrow one has become Python's."""
    parts = em.exprs(n.args)
    parts[narrow] = em.call("%float" if to is float else "%int", parts[narrow])
    operator = OPERATORS[op] if op in RING else BITWISE[op]
    return em.at(ast.BinOp(parts[0], operator(), parts[1]))  # type: ignore[no-any-return]


def machine_compared(operator: Any, args: list[Any]) -> Plan | None:
    """Comparison of machine integers, and of one with an Int64."""
    which = [machine(a) is not None for a in args]
    if (
        len(args) != 2
        or not any(which)
        or not all(w or kind(a) == "i" for w, a in zip(which, args, strict=True))
    ):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        a, b = [
            em.call("%int", e) if w else e for w, e in zip(which, em.exprs(n.args), strict=True)
        ]
        return em.at(ast.Compare(a, [operator()], [b]))  # type: ignore[no-any-return]

    return Plan(BOOL, emit)


def machine_quotient(args: list[Any]) -> Plan | None:
    """`x / y` of a machine integer and a number: both become floats first."""
    which = [machine(a) is not None for a in args]
    if not any(which) or not all(
        w or kind(a) in ("i", "f") for w, a in zip(which, args, strict=True)
    ):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        return em.call("%float_slash", *[em.call("%float", e) for e in em.exprs(n.args)])  # type: ignore[no-any-return]

    return Plan(FLOAT, emit)
