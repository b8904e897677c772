"""`replace` and `replace!` of the elements of arrays and tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base.array_protocol import (
    convert_data,
    eltype_of,
    from_values,
    like,
    shape_of,
    values_of,
)
from juliette.base.collecting import gather
from juliette.base.iteration import iterate_value
from juliette.base.optional import without
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE


def by_pairs(pairs: tuple[Any, ...]) -> Callable[[Any], Any]:
    """The function that replaces as pairs `old => new` say; the first that fits counts."""
    same = Base.bindings["isequal"]

    def new(x: Any) -> Any:
        for p in pairs:
            if same(p.first, x):
                return p.second
        return x

    return new


def changed(f: Callable[[Any], Any], values: list[Any], count: Any) -> list[Any]:
    """The values with at most `count` of them replaced."""
    out, left = [], count
    for x in values:
        y = f(x) if left is None or left > 0 else x
        if left is not None and y is not x:
            left -= 1
        out.append(y)
    return out


def result_type(t: Any, pairs: tuple[Any, ...], count: Any) -> Any:
    """The element type after replacing: one that is replaced for good may drop out of a union."""
    if count is None:
        for p in pairs:
            kind = T.typeof(p.first)
            if kind in (V.Missing_, T.Nothing):
                t = without(t, kind)
    for p in pairs:
        t = Base.bindings["promote_type"](t, T.typeof(p.second))
    return t


@Base.method("replace(A::AbstractArray, ps::Pair...; count=nothing)", transparent=True)
def replace(a: Any, *pairs: Any, count: Any = None) -> Any:
    """A copy with some elements replaced.

    ```jldoctest
    julia> replace([1, 2, 1], 1 => 0, 2 => 5)
    3-element Vector{Int64}:
     0
     5
     0
    ```
    """
    if TRACE.depth:
        return gather(
            changed(by_pairs(pairs), list(iterate_value(a)), count), shape_of(a), eltype_of(a)
        )
    t = result_type(eltype_of(a), pairs, count)
    values = changed(by_pairs(pairs), values_of(a), count)
    found = from_values(values, shape_of(a), T.Any_)
    return like(a, convert_data(t, found.data, T.Any_), t)


@Base.method("replace(f, A::AbstractArray; count=nothing)", transparent=True)
def replace_by(f: Any, a: Any, *, count: Any = None) -> Any:
    if TRACE.depth:
        return gather(changed(f, list(iterate_value(a)), count), shape_of(a), eltype_of(a))
    return from_values(changed(f, values_of(a), count), shape_of(a))


@Base.method("replace(t::Tuple, ps::Pair...; count=nothing)", transparent=True)
def replace_in_tuple(t: Any, *pairs: Any, count: Any = None) -> Any:
    return tuple(changed(by_pairs(pairs), list(t), count))


@Base.method("replace!(A::AbstractArray, ps::Pair...; count=nothing)")
def replace_in_place(a: Any, *pairs: Any, count: Any = None) -> Any:
    """Replace some elements in place.

    ```jldoctest
    julia> replace!([1, 2], 1 => 5)
    2-element Vector{Int64}:
     5
     2
    ```
    """
    return put(a, changed(by_pairs(pairs), values_of(a), count))


@Base.method("replace!(f, A::AbstractArray; count=nothing)")
def replace_in_place_by(f: Any, a: Any, *, count: Any = None) -> Any:
    return put(a, changed(f, values_of(a), count))


def put(a: Any, values: list[Any]) -> Any:
    found = from_values(values, shape_of(a), T.Any_)
    return assign(a, convert_data(eltype_of(a), found.data, T.Any_))


# ---------------------------------------------------------------- dictionaries and sets


def refill(x: Any, f: Callable[[Any], Any], count: Any) -> Any:
    """Replace elements of a dictionary or set: pairs of the one, values of the other."""
    old = list(iterate_value(x))
    new = changed(f, old, count)
    moved = [(a, b) for a, b in zip(old, new, strict=True) if a is not b]
    delete, push = Base.bindings["delete!"], Base.bindings["push!"]
    for a, _ in moved:
        delete(x, a.first if isinstance(a, V.Pair) else a)
    for _, b in moved:
        push(x, b)
    return x


def emptied(x: Any, pairs: tuple[Any, ...]) -> Any:
    """A copy of a dictionary or set, of types that hold the new elements too."""
    promote, empty = Base.bindings["promote_type"], Base.bindings["empty"]
    if T.subtype(T.typeof(x), T.AbstractDict):
        kinds = [T.typeof(p.second).parameters for p in pairs]
        keys = promote(Base.bindings["keytype"](x), *[k for k, _ in kinds])
        out = empty(x, keys, promote(Base.bindings["valtype"](x), *[v for _, v in kinds]))
    else:
        out = empty(x, result_type(Base.bindings["eltype"](x), pairs, None))
    return Base.bindings[
        "union!" if out is not None and T.subtype(T.typeof(x), T.AbstractSet) else "merge!"
    ](out, x)


def on_collection(name: str) -> None:
    @Base.method(f"replace(x::{name}, ps::Pair...; count=nothing)")
    def replace_pairs(x: Any, *pairs: Any, count: Any = None) -> Any:
        return refill(emptied(x, pairs), by_pairs(pairs), count)

    @Base.method(f"replace(f, x::{name}; count=nothing)", transparent=True)
    def replace_mapped(f: Any, x: Any, *, count: Any = None) -> Any:
        return refill(Base.bindings["copy"](x), f, count)

    @Base.method(f"replace!(x::{name}, ps::Pair...; count=nothing)")
    def replace_pairs_in_place(x: Any, *pairs: Any, count: Any = None) -> Any:
        return refill(x, by_pairs(pairs), count)

    @Base.method(f"replace!(f, x::{name}; count=nothing)", transparent=True)
    def replace_mapped_in_place(f: Any, x: Any, *, count: Any = None) -> Any:
        return refill(x, f, count)


on_collection("AbstractDict")
on_collection("AbstractSet")
