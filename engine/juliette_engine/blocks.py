"""Programs over blocks of long arrays: every operation writes into a buffer that stays in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.program import NAMESPACE, UFUNC_OF, Program, Value, statement

# Functions without `out=` as a few that have it: on `x`, with `y` the buffer of the result.
EXPANSIONS: dict[str, str] = {
    "sigmoid": "1 / (1 + exp(-x))",
    "abs2": "x * x",
    "softplus": "log1p(exp(-absolute(x))) + maximum(x, 0)",
}


def expanded(p: Program) -> list[tuple[Value, str, tuple[Value, ...]]]:
    """The program with functions that numpy lacks spelled out."""
    start = list(p.code)
    out: list[tuple[Value, str, tuple[Value, ...]]] = []
    for value, op, args in start:
        if value.array and op in EXPANSIONS:
            before = len(p.code)
            result = p.expression(EXPANSIONS[op], {"x": args[0]})
            added = p.code[before:]
            if added and added[-1][0] is result:
                out += added[:-1]
                last = added[-1]
                out.append((value, last[1], last[2]))
                result.name = value.name
            else:
                out += added
                value.name = result.name
        else:
            out.append((value, op, args))
    return out


def needed(
    code: list[tuple[Value, str, tuple[Value, ...]]], wanted: list[Value]
) -> list[tuple[Value, str, tuple[Value, ...]]]:
    """The instructions that some values need."""
    names = {v.name for v in wanted}
    out = []
    for instruction in reversed(code):
        if instruction[0].name in names:
            out.append(instruction)
            names.update(x.name for x in instruction[2])
    return out[::-1]


def scalar_statement(out: Value, op: str, args: tuple[Value, ...]) -> str:
    return statement(out, op, args, [x.name for x in args], [False] * len(args))


def allocate(
    p: Program, code: list[Any], results: dict[str, str], leaves: set[str], sums: dict[str, str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Buffers for intermediates, given back after their last use, and the statements of a block.

    `results` are values that stay, and where; `sums` those that are summed up, and into which variable.
    """
    last: dict[str, int] = {}
    for i, (_, _, args) in enumerate(code):
        for x in args:
            last[x.name] = i
    free: dict[str, list[str]] = {}
    buffers: list[tuple[str, str]] = []
    place: dict[str, str] = {}
    lines = []

    def name(x: Value, written: str) -> str:
        if x.name in leaves:
            return "x" + x.name[1:]
        return place[x.name] if x.array else written

    for i, (out, op, args) in enumerate(code):
        names = [name(x, n) for x, n in zip(args, p.names(out, op, args), strict=True)]
        char = out.sample.dtype.char
        if out.name in results:
            target = results[out.name] + "x"
        else:
            for x in args:
                if x.name in place and last[x.name] == i and x.name not in results:
                    free.setdefault(x.sample.dtype.char, []).append(place.pop(x.name))
            stock = free.get(char)
            if stock:
                target = stock.pop()
            else:
                target = f"w{len(buffers)}"
                buffers.append((target, char))
        place[out.name] = target
        f = "b_" + UFUNC_OF[op] if op in UFUNC_OF else "a_" + op
        by_name = "out=" if op in ("maximum", "minimum") else ""
        if op.startswith("cast:"):
            lines.append(f"copyto({target}, {names[0]}, 'unsafe')")
        else:
            lines.append(f"{f}({', '.join(names)}, {by_name}{target})")
        if out.name in sums:
            lines.append(f"{sums[out.name]} += float(reduce({target}))")
            if out.name not in last and out.name not in results:
                free.setdefault(char, []).append(place.pop(out.name))
        if out.name in results:
            for x in args:
                if x.name in place and last[x.name] == i and x.name not in results:
                    free.setdefault(x.sample.dtype.char, []).append(place.pop(x.name))
    return buffers, lines


for _u in set(UFUNC_OF.values()):
    NAMESPACE["b_" + _u] = getattr(np, _u)
