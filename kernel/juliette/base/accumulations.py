"""Running totals and differences: `cumsum`, `accumulate`, `diff` and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    fortran,
    from_values,
    in_kind,
    like,
    result,
    shape_of,
)
from juliette.base.reducing import NONE, PLAIN, first_of, objects, widened
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime.array import array_class, elements, make, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch, UndefKeywordError
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol


def need_dims(a: Any, dims: Any) -> int:
    """The dimension to run along; a vector has but one."""
    if dims is None:
        if len(shape_of(a)) != 1:
            raise UndefKeywordError(Symbol("dims"))
        return 1
    if dims < 1:
        raise ArgumentError("dims must be a positive integer")
    return int(dims)


def cumulative(name: str, ufunc: Any, operator: str) -> None:
    """`cumsum` and `cumprod`."""
    op = Base.bindings[operator]

    @Base.method(f"{name}(a::AbstractArray; dims=nothing)")
    def running(a: Any, *, dims: Any = None) -> Any:
        d = need_dims(a, dims)
        data = dense(a)
        if d > data.ndim:
            return Base.bindings["copy"](a)
        if data.dtype == object:
            out = accumulated(op, data, d, NONE, eltype_of(a))
            kinds = {T.typeof(v) for v in elements(out.data)[1:]}
            if eltype_of(a) in (T.Any_, T.Real, T.Number) or T.subtype(
                T.union(*kinds), eltype_of(a)
            ):
                return in_kind(a, convert_array(eltype_of(a), out))
            return in_kind(a, out if len(kinds) != 1 else convert_array(kinds.pop(), out))
        data = widened(data)
        out = ufunc(data, axis=d - 1)
        return like(a, fortran(out), T.TYPE_OF_DTYPE[out.dtype])

    running.__doc__ = f"The running {'sum' if operator == '+' else 'product'} along a dimension."

    @Base.method(f"{name}(xs)", transparent=True)
    def of_iterator(xs: Any) -> Any:
        return Base.bindings["accumulate"](op, xs)

    @Base.method(f"{name}!(dest::AbstractArray, a::AbstractArray; dims=nothing)")
    def into(dest: Any, a: Any, *, dims: Any = None) -> Any:
        """The running values, written into another array."""
        if shape_of(dest) != shape_of(a):
            raise DimensionMismatch("shape of B must match A")
        return Base.bindings["copyto!"](dest, running(a, dims=dims))


def convert_array(t: Any, a: Any) -> Any:
    """The array with elements of another type."""
    return make(convert_data(t, a.data, a.eltype), t)


def _accumulate(op: Any, items: Any, init: Any) -> Any:
    acc = init
    for x in items:
        acc = first_of(op, x) if acc is NONE else op(acc, x)
        yield acc


def accumulated(op: Any, data: Any, d: int, init: Any, empty: Any = None) -> Any:
    """All partial folds along a dimension, as an Array; `empty` is its element type if it has none."""
    cells = objects(data)
    out = np.empty(cells.shape, dtype=object)
    rest = [n for k, n in enumerate(cells.shape) if k != d - 1]
    for at in np.ndindex(*rest):
        index = (*at[: d - 1], slice(None), *at[d - 1 :])
        for k, v in enumerate(_accumulate(op, cells[index], init)):
            out[(*at[: d - 1], k, *at[d - 1 :])] = v
    values = out.ravel(order="F").tolist() if out.size else []
    return from_values(values, out.shape, None if values else empty)


cumulative("cumsum", np.cumsum, "+")
cumulative("cumprod", np.cumprod, "*")


# Operations that numpy accumulates as Julia does: one after the other.
_RUNNING = {"+": np.add, "*": np.multiply, "max": np.maximum, "min": np.minimum}


@Base.method("accumulate(op, a::AbstractArray; dims=nothing, init=nothing)", transparent=True)
def accumulate(op: Any, a: Any, *, dims: Any = None, init: Any = NONE) -> Any:
    """All partial folds along a dimension.

    ```jldoctest
    julia> accumulate(max, [1, 3, 2])
    3-element Vector{Int64}:
     1
     3
     3
    ```
    """
    if init is None:
        init = NONE
    data = dense(a)
    t = eltype_of(a)
    empty = None if data.size else B.ELEMENT_TYPE(op, (t if init is NONE else T.typeof(init), t))
    if dims is None:
        running = _RUNNING.get(getattr(op, "name", ""))
        if (
            running is not None
            and init is NONE
            and not TRACE.depth
            and type(a) is array_class(t, 1)
            and (t is T.Int64 or (t in PLAIN and op.name in ("+", "*")))
            and Base.bindings[op.name] is op
        ):
            return wrap(running.accumulate(data))
        out = accumulated(op, data.ravel(order="F"), 1, init, empty)
        out = out if data.ndim == 1 else Base.bindings["reshape"](out, data.shape)
    elif need_dims(a, dims) > data.ndim:
        return Base.bindings["copy"](a)
    else:
        out = accumulated(op, data, dims, init, empty)
    return in_kind(a, out)


@Base.method("accumulate!(op, dest::AbstractArray, a::AbstractArray; dims=nothing, init=nothing)")
def accumulate_into(op: Any, dest: Any, a: Any, *, dims: Any = None, init: Any = NONE) -> Any:
    """All partial folds, written into another array.

    ```jldoctest
    julia> accumulate!(+, zeros(Int, 2), [3, 4])
    2-element Vector{Int64}:
     3
     7
    ```
    """
    return Base.bindings["copyto!"](dest, accumulate(op, a, dims=dims, init=init))


@Base.method("diff(a::AbstractArray; dims=nothing)")
def diff(a: Any, *, dims: Any = None) -> Any:
    """Differences of neighbours.

    ```jldoctest
    julia> diff([1, 4, 9])
    2-element Vector{Int64}:
     3
     5
    ```
    """
    d = need_dims(a, dims)
    data = dense(a)
    if not 1 <= d <= data.ndim:
        raise ArgumentError(f"dimension {d} out of range (1:{data.ndim})")
    if data.dtype == object:
        minus = Base.bindings["-"]
        n = data.shape[d - 1]
        high = np.take(data, range(1, n), axis=d - 1)
        low = np.take(data, range(max(n - 1, 0)), axis=d - 1)
        return from_values(
            [minus(x, y) for x, y in zip(elements(high), elements(low), strict=True)], high.shape
        )
    data = widened(data) if data.dtype.kind == "b" else data
    out = np.diff(data, axis=d - 1)
    return result(out, T.TYPE_OF_DTYPE[out.dtype])
