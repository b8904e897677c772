"""How elements are folded into one, along which dimensions, and what a fold of none or of one gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import from_values
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements, pack
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base

NONE = object()
# The reductions that have names, and the operators that join the results of parts.
OPERATORS = {
    "sum": "+",
    "prod": "*",
    "maximum": "max",
    "minimum": "min",
    "any": "|",
    "all": "&",
    "count": "+",
    "extrema": "_extrema_rf",
}
# Element types that numpy reduces as Julia does.
PLAIN = (T.Float64, T.Float32, T.Int64)

NEUTRAL = {"+": "zero", "*": "one", "add_sum": "zero", "mul_prod": "one"}
# The operators of `sum` and `prod`, which packages give methods for numbers of their own.
WIDENING = {"+": "add_sum", "*": "mul_prod"}


@Base.method("reduce_empty(op, t::Type)", export=False)
def reduce_empty(op: Any, t: Any) -> Any:
    """The value of a reduction of no elements, where the operation has a neutral one.

    ```jldoctest
    julia> Base.reduce_empty(*, Float64), Base.reduce_empty(&, Bool), Base.reduce_empty(+, Bool)
    (1.0, true, 0)
    ```
    """
    name = getattr(op, "name", "")
    if Base.bindings.get(name) is op:
        if name in NEUTRAL:
            if t is T.Bottom:
                raise ArgumentError(
                    "reducing over an empty collection is not allowed; consider supplying `init` to the reducer"
                )
            if NEUTRAL[name] == "zero" and t is T.Bool:
                return 0
            if NEUTRAL[name] == "one" and T.subtype(t, T.AbstractChar):
                return ""
            return Base.bindings[NEUTRAL[name]](t)
        if name in ("&", "|") and t is T.Bool:
            return name == "&"
    raise nothing_to_reduce(op, t)


def nothing_to_reduce(op: Any, t: Any) -> Exception:
    """The error for a reduction of no elements."""
    return MethodError(Base.bindings["reduce_empty"], (op, t), None)


def is_whole(dims: Any) -> bool:
    """Does the keyword `dims` mean all dimensions?"""
    return dims is None or isinstance(dims, V.ColonType)


def axes_of(dims: Any, ndim: int) -> tuple[int, ...]:
    """The numpy axes that the keyword `dims` names; those beyond the last are left out."""
    given = (dims,) if isinstance(dims, int) else tuple(support.iterate(dims))
    for d in given:
        if not T.isa(d, T.Integer):
            raise ArgumentError("reduced dimension(s) must be integers")
        if d < 1:
            raise ArgumentError(f"region dimension(s) must be ≥ 1, got {d}")
    return tuple(dict.fromkeys(int(d) - 1 for d in given if d <= ndim))


def objects(data: Any) -> Any:
    """The elements as Julia values in an object ndarray of the same shape."""
    if data.dtype == object:
        return data
    return pack(elements(data), T.Any_).reshape(data.shape, order="F")


def fold_axes(
    op: Callable[[Any, Any], Any], data: Any, axes: tuple[int, ...], init: Any = NONE
) -> Any:
    """Fold along axes (kept with length 1), element by element; an Array."""
    cells = objects(data)
    shape = tuple(1 if d in axes else n for d, n in enumerate(cells.shape))
    rest = [d for d in range(cells.ndim) if d not in axes]
    moved = cells.transpose(rest + sorted(axes))
    out = []
    for at in np.ndindex(*[cells.shape[d] for d in rest][::-1]):
        items = iter(elements(moved[at[::-1]]) if axes else [moved[at[::-1]]])
        acc = next(items, NONE) if init is NONE else init
        if acc is NONE:
            raise nothing_to_reduce(op, T.Any_)
        if init is NONE and REDUCE_FIRST.user_methods:
            acc = REDUCE_FIRST(op, acc)
        for x in items:
            acc = op(acc, x)
        out.append(acc)
    return from_values(out, shape)


def fold(
    op: Callable[[Any, Any], Any],
    items: Any,
    init: Any = NONE,
    empty: Callable[[], Any] | None = None,
) -> Any:
    """Fold from the left; `empty` gives the value of no elements at all."""
    it = iter(items)
    acc = first_of(op, next(it, NONE)) if init is NONE else init
    if acc is NONE:
        if empty is None:
            raise nothing_to_reduce(op, T.Any_)
        return empty()
    for x in it:
        acc = op(acc, x)
    return acc


def widened(data: Any) -> Any:
    """Small integers as sums and products keep them: Int64 or UInt64."""
    kind = data.dtype.kind
    if kind in "ib":
        return data.astype(np.int64, copy=False)
    return data.astype(np.uint64, copy=False) if kind == "u" else data


def empty_reduction(op: Any, t: Any) -> Any:
    """What a reduction of no elements gives, where the operation has a neutral element."""
    return Base.bindings["reduce_empty"](op, t)


@Base.method("reduce_first(op, x)", export=False)
def reduce_first(op: Any, x: Any) -> Any:
    """What a reduction of one element gives; extend it for numbers that are summed in another type.

    ```jldoctest
    julia> Base.reduce_first(+, true), Base.reduce_first(max, 0x05)
    (1, 0x05)
    ```
    """
    return alone(op, x)


REDUCE_FIRST = Base.bindings["reduce_first"]


def first_of(op: Any, x: Any) -> Any:
    """The first value of a fold by `op`."""
    return REDUCE_FIRST(op, x) if REDUCE_FIRST.user_methods else alone(op, x)


def alone(op: Any, x: Any) -> Any:
    """What a fold by `op` makes of one element alone: Bools add up to numbers, characters join to strings."""
    if type(x) is bool and op is Base.bindings["+"]:
        return int(x)
    if isinstance(x, V.Char) and op is Base.bindings["*"]:
        return Base.bindings["string"](x)
    return x
