"""Elementwise programs over long arrays: one pass in blocks that stay in the cache, for values and local derivatives together.

A function made here takes the plain arguments of a tree and returns `(value, slope, …)`, with a slope for each
traced argument.  With `summed` the value is the sum of all elements instead of their array, and the slope of a
number is the derivative of that sum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine.blocks import (
    EXPANSIONS,
    allocate,
    expanded,
    needed,
    scalar_statement,
)
from juliette_engine.numeric import ARRAYS
from juliette_engine.program import NAMESPACE, UFUNC_OF

# From this size on arrays are gone through in blocks.
BIG = 1 << 17
# Bytes: long enough that numpy's calls cost little, short enough that a few blocks fit the caches.
BLOCK = 1 << 18


def divisible(t: Any, summed: bool = False) -> bool:
    """Can a tree run in blocks, with every operation writing into a buffer?"""
    if not summed and any(leaf.traced and not leaf.array for leaf in t.leaves):
        return False
    if not t.value.array or t.value.sample.dtype.kind not in ("f" if summed else "fb"):
        return False
    if len({leaf.sample.ndim for leaf in t.leaves if leaf.array}) != 1:
        return False
    return all([not out.array or in_place(op) for out, op, _ in t.program.code])


def in_place(op: str) -> bool:
    """Can an operation write into a buffer?"""
    return (
        op in UFUNC_OF
        or op.startswith("cast:")
        or isinstance(ARRAYS.get(op), np.ufunc)
        or op in EXPANSIONS
    )


class Long:
    """The function of a tree; by the number of the leaf, which slopes are arrays, and which of those nobody else has (`own`)."""

    __slots__ = ("arrays", "own", "run")

    def __init__(
        self, run: Callable[..., Any], arrays: dict[int, bool], own: dict[int, bool]
    ) -> None:
        self.run = run
        self.arrays = arrays
        self.own = own


def long_kernel(t: Any, summed: bool = False) -> Long | None:
    """The function of a `divisible` tree whose arrays have one shape; None if its slopes have no blocks.

    The tree's program is used up.
    """
    p, y, leaves = t.program, t.value, t.leaves
    arrays = [i for i, leaf in enumerate(leaves) if leaf.array]
    p.factors = {}
    slopes = t.backward(p.constant(1)) if any(leaf.traced for leaf in leaves) else {}
    p.factors = None
    code = needed(expanded(p), [y, *slopes.values()])
    if not all([not out.array or in_place(op) for out, op, _ in code]):
        return None
    made = {out.name for out, _, _ in code}
    results: dict[str, str] = {} if summed else {y.name: "out"}
    sums: dict[str, str] = {y.name: "total"} if summed else {}
    names = [v.name for v in slopes.values()]
    held: dict[int, str] = {}  # where the slope of a leaf is
    own: dict[int, bool] = {}
    for i, v in slopes.items():
        own[i] = v.array and v.name in made and v.name != y.name and names.count(v.name) == 1
        if not leaves[i].array:  # a number, of the sum
            held[i] = sums.setdefault(v.name, f"total{i}") if v.array else f"({v.name}) * n"
        elif v.array and v.name in made:
            held[i] = results.setdefault(v.name, f"o{i}")
        else:
            held[i] = v.name
    a0 = f"a{arrays[0]}"
    body = [f"if not a{i}.flags.f_contiguous: a{i} = fortran(a{i})" for i in arrays]
    body.append(f"n = {a0}.size")
    body += [f"f{i} = a{i}.reshape(-1, order='A')" for i in arrays]
    body += [scalar_statement(out, op, xs) for out, op, xs in code if not out.array]
    values = {v.name: v for v in (y, *slopes.values())}
    for name, target in results.items():
        dtype = values[name].sample.dtype
        if (
            dtype.kind in "biu" and target != "out"
        ):  # the slope of a `relu` is a number of the array's kind, too
            dtype = np.result_type(*[leaves[i].sample.dtype for i in arrays], np.float16)
        body.append(f"{target} = empty({a0}.shape, {dtype.char!r}, 'F')")
        body.append(f"{target}f = {target}.reshape(-1, order='A')")
    body += [f"{name} = 0.0" for name in sums.values()]
    buffers, loop = allocate(
        p, [c for c in code if c[0].array], results, {f"a{i}" for i in arrays}, sums
    )
    block = BLOCK // max([leaves[i].sample.dtype.itemsize for i in arrays])
    body += [f"{n} = empty(min(n, {block}), {char!r})" for n, char in buffers]
    body += [f"for i in range(0, n, {block}):", f"    j = i + {block}"]
    body += [f"    x{i} = f{i}[i:j]" for i in arrays]
    body.append(f"    m = x{arrays[0]}.size")
    body += [f"    {target}x = {target}f[i:j]" for target in results.values()]
    body += (
        [f"    if m < {block}:"] + [f"        {n} = {n}[:m]" for n, _ in buffers] if buffers else []
    )
    body += ["    " + line for line in loop]
    kind = float if y.sample.dtype == np.float64 else y.sample.dtype.type
    given = ["kind(total)" if summed else "out"]
    given += [f"kind({x})" if summed and not leaves[i].array else x for i, x in held.items()]
    space: dict[str, Any] = {
        **NAMESPACE,
        **p.constants,
        "empty": np.empty,
        "fortran": np.asfortranarray,
        "reduce": np.add.reduce,
        "copyto": np.copyto,
        "kind": kind,
    }
    text = f"def run({', '.join(f'a{i}' for i in range(len(leaves)))}):\n" + "".join(
        f"    {line}\n" for line in body
    )
    text += f"    return {', '.join(given)}" + (",\n" if len(given) == 1 else "\n")
    exec(compile(text, "<long>", "exec"), space)
    space["run"].source = text
    return Long(space["run"], {i: v.array and leaves[i].array for i, v in slopes.items()}, own)
