"""Reductions along dimensions by any operation, running ones, and functions of slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value
from juliette.base.iterators import NO_INIT
from juliette.packages.zygote.arrays import RULES, _prod, _sum
from juliette.packages.zygote.nodes import stacked, to_engine, to_julia
from juliette.packages.zygote.shapes import axes_of
from juliette.packages.zygote.structured import holds_node
from juliette.runtime import broadcast as B
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base
from juliette_engine import rules
from juliette_engine.tape import primal

# The operations whose reduction has a rule of its own.
_KNOWN: dict[str, Callable[..., Any]] = {
    "+": _sum,
    "*": _prod,
    "max": RULES["maximum"],
    "min": RULES["minimum"],
    "add_sum": _sum,
    "mul_prod": _prod,
}


def _given(x: Any) -> bool:
    return x is not None and x is not NO_INIT and not isinstance(x, V.ColonType)


def along(op: Any, x: Any, dims: Any, init: Any) -> Any:
    """`reduce(op, x; dims, init)`: slice by slice, with `op` on all elements at once."""
    e = to_engine(x)
    name = op.name if isinstance(op, GenericFunction) else ""
    if Base.bindings.get(name) is not op:
        name = ""
    axes = axes_of(dims, np.ndim(primal(e))) or ()
    if name in _KNOWN and not _given(init):
        return to_julia(_KNOWN[name](e, dims=dims))
    out: Any = init if _given(init) else None
    shape = np.shape(primal(e))
    for at in np.ndindex(*[shape[a] for a in axes[::-1]]):
        index: list[Any] = [slice(None)] * len(shape)
        for a, i in zip(axes, at[::-1], strict=True):
            index[a] = slice(i, i + 1)
        part = to_julia(rules.getitem(e, tuple(index)))
        out = part if out is None else B.materialize(B.broadcasted(op, out, part))
    return out


def _reduce(f: Any) -> Any:
    def run(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
        if not _given(dims):
            return f(op, x, init=init) if _given(init) else f(op, x)
        return along(op, x, dims, init)

    return run


def _mapreduce(f: Any) -> Any:
    def run(g: Any, op: Any, *xs: Any, init: Any = NO_INIT, dims: Any = None) -> Any:
        if not _given(dims):
            return f(g, op, *xs, init=init) if _given(init) else f(g, op, *xs)
        return along(op, B.materialize(B.broadcasted(g, *xs)), dims, init)

    return run


def _accumulate(f: Any) -> Any:
    def run(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
        e = to_engine(x)
        shape = np.shape(primal(e))
        if len(shape) > 1 and not _given(dims):
            flat = run(op, to_julia(rules.reshape(e, (-1,))), init=init)
            return to_julia(rules.reshape(to_engine(flat), shape))
        if len(shape) > 1:
            axis = int(dims) - 1
            if axis >= len(shape):
                return to_julia(rules.copied(e))
            parts: list[Any] = []
            for i in range(shape[axis]):
                part = to_julia(rules.getitem(e, (slice(None),) * axis + (slice(i, i + 1),)))
                before = parts[-1] if parts else init if _given(init) else None
                parts.append(
                    part if before is None else B.materialize(B.broadcasted(op, before, part))
                )
            return to_julia(rules.concatenate([to_engine(p) for p in parts], axis))
        out: list[Any] = []
        for v in iterate_value(x):
            before = out[-1] if out else init if _given(init) else None
            out.append(v if before is None else op(before, v))
        return to_julia(stacked(out, (len(out),)))

    return run


def _mapslices(f: Any) -> Any:
    def run(g: Any, x: Any, *, dims: Any) -> Any:
        shape = x.data.shape
        inner = axes_of(dims, len(shape)) or ()
        outer = [i for i in range(len(shape)) if i not in inner]
        getindex = Base.bindings["getindex"]
        pieces = {}
        for at in np.ndindex(*[shape[i] for i in outer]):
            index: list[Any] = [V.COLON] * len(shape)
            for i, k in zip(outer, at, strict=True):
                index[i] = k + 1
            y = to_engine(g(getindex(x, *index)))
            size = np.shape(primal(y))
            full = [1] * len(shape)
            for i, n in zip(inner, size or (1,) * len(inner), strict=False):
                full[i] = n
            pieces[at] = rules.reshape(y, tuple(full)) if size else stacked([y], tuple(full))
        return to_julia(_assembled(pieces, outer, [shape[i] for i in outer], ()))

    return run


def _assembled(pieces: Any, outer: list[int], sizes: list[int], at: tuple[int, ...]) -> Any:
    if len(at) == len(outer):
        return pieces[at]
    k = len(at)
    return rules.concatenate(
        [_assembled(pieces, outer, sizes, (*at, i)) for i in range(sizes[k])], outer[k]
    )


# Methods made of generic functions that have a rule of their own for traced arrays: f(the method's own code) -> code.
FOLDED: dict[str, Callable[[Any], Any]] = {
    "reduce": _reduce,
    "mapreduce": _mapreduce,
    "accumulate": _accumulate,
    "mapslices": _mapslices,
}
_ = holds_node
