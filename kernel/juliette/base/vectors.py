"""Vectors that grow and shrink: `push!`, `pop!`, `insert!`, `deleteat!`, `splice!`, `resize!`, …"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    is_array,
    values_of,
)
from juliette.base.iterator_sizes import one_by_one
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import (
    Array,
    element,
    fill_object,
    make,
    pack,
    undefined,
    vector,
)
from juliette.runtime.errors import ArgumentError, BoundsError, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE

_EMPTY = "array must be non-empty"


def growable(v: Any, name: str, *rest: Any) -> None:
    """Raise unless `v` is a vector that owns its elements."""
    if not isinstance(v, (Array, V.BitArray)) or v.data.ndim != 1 or not v.grows:
        raise MethodError(Base.bindings[name], (v, *rest), None)
    if TRACE.depth and B.MUTATION is not None:
        B.MUTATION(v, name)


def replace_data(v: Any, data: Any) -> None:
    """Give a vector other elements, and so another length."""
    v.data = data
    v._buffer = None


def put(v: Any, at: int, x: Any) -> None:
    """Insert an element, already converted, before a position (from 0)."""
    old = v.data
    data = np.empty(len(old) + 1, old.dtype)
    data[:at] = old[:at]
    data[at] = x
    data[at + 1 :] = old[at:]
    replace_data(v, data)


def packed(v: Any, values: Any) -> Any:
    """Values converted to a vector's element type, as an ndarray."""
    t = v.eltype
    return pack([convert_element(t, x) for x in values], t)


@Base.method("push!(v::AbstractVector, xs...)")
def push(v: Any, *xs: Any) -> Any:
    """Add at the end.

    ```jldoctest
    julia> push!([1, 2], 3, 4)
    4-element Vector{Int64}:
     1
     2
     3
     4
    ```
    """
    if len(xs) > 1 and not isinstance(v, (Array, V.BitArray)):
        return one_by_one("push!", v, xs)
    growable(v, "push!", *xs)
    t = v.eltype
    for x in xs:
        v.push(convert_element(t, x))
    return v


@Base.method("push!(collection, x, y, more...)", transparent=True)
def push_several(collection: Any, *xs: Any) -> Any:
    return one_by_one("push!", collection, xs)


@Base.method("pushfirst!(collection, x, y, more...)", transparent=True)
def pushfirst_several(collection: Any, *xs: Any) -> Any:
    return one_by_one("pushfirst!", collection, xs[::-1])


@Base.method("push!(v::Vector, x)")
def push_one(v: Any, x: Any) -> Any:
    if TRACE.depth and B.MUTATION is not None:
        B.MUTATION(v, "push!")
    t = v.eltype
    v.push(x if t is T.Any_ or T.typeof(x) is t else convert_element(t, x))
    return v


@Base.method("append!(v::AbstractVector, xs...)")
def append(v: Any, *xs: Any) -> Any:
    """Add all elements of collections at the end.

    ```jldoctest
    julia> append!([1], [2, 3], (4,))
    4-element Vector{Int64}:
     1
     2
     3
     4
    ```
    """
    if not isinstance(v, (Array, V.BitArray)) and xs:
        for x in xs:
            v = one_by_one("push!", v, support.iterate(x))
        return v
    growable(v, "append!", *xs)
    for x in xs:
        if type(x) is type(v) and isinstance(v, Array):
            v.extend(x.data)
            continue
        added = packed(v, values_of(x) if is_array(x) else list(support.iterate(x)))
        replace_data(v, np.concatenate([v.data, added]))
    return v


@Base.method("prepend!(v::AbstractVector, xs...)")
def prepend(v: Any, *xs: Any) -> Any:
    """Add all elements of collections in front.

    ```jldoctest
    julia> prepend!([3], [1, 2])
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    if not isinstance(v, (Array, V.BitArray)) and xs:
        for x in xs[::-1]:
            v = one_by_one("pushfirst!", v, list(support.iterate(x))[::-1])
        return v
    growable(v, "prepend!", *xs)
    for x in xs[::-1]:
        replace_data(v, np.concatenate([packed(v, list(support.iterate(x))), v.data]))
    return v


@Base.method("pop!(v::AbstractVector)")
def pop(v: Any) -> Any:
    """Remove and return the last element.

    ```jldoctest
    julia> a = [1, 2]; pop!(a), a
    (2, [1])
    ```
    """
    growable(v, "pop!")
    if not len(v.data):
        raise ArgumentError(_EMPTY)
    return v.pop()


@Base.method("popat!(v::AbstractVector, i::Integer, default...)")
def popat(v: Any, i: int, *default: Any) -> Any:
    """Remove and return the element at an index.

    ```jldoctest
    julia> a = [1, 2, 3]; popat!(a, 2), a
    (2, [1, 3])
    ```
    """
    growable(v, "popat!", i)
    if not 1 <= i <= len(v.data):
        if default:
            return default[0]
        raise BoundsError(v, (i,))
    x = element(v.data, i - 1)
    replace_data(v, np.delete(v.data, i - 1))
    return x


@Base.method("pushfirst!(v::AbstractVector, xs...)")
def pushfirst(v: Any, *xs: Any) -> Any:
    """Add in front.

    ```jldoctest
    julia> pushfirst!([2], 1)
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if len(xs) > 1 and not isinstance(v, (Array, V.BitArray)):
        return one_by_one("pushfirst!", v, xs[::-1])
    growable(v, "pushfirst!", *xs)
    if len(xs) == 1 and T.typeof(xs[0]) is v.eltype:
        put(v, 0, xs[0])
        return v
    replace_data(v, np.concatenate([packed(v, xs), v.data]))
    return v


@Base.method("popfirst!(v::AbstractVector)")
def popfirst(v: Any) -> Any:
    """Remove and return the first element.

    ```jldoctest
    julia> a = [1, 2]; popfirst!(a), a
    (1, [2])
    ```
    """
    growable(v, "popfirst!")
    if not len(v.data):
        raise ArgumentError(_EMPTY)
    if isinstance(v, Array):
        return v.pop_first()
    x = element(v.data, 0)
    replace_data(v, v.data[1:])
    return x


@Base.method("insert!(v::AbstractVector, i::Integer, x)")
def insert(v: Any, i: int, x: Any) -> Any:
    """Insert before index `i`.

    ```jldoctest
    julia> insert!([1, 3], 2, 2)
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    growable(v, "insert!", i, x)
    if not 1 <= i <= len(v.data) + 1:
        raise BoundsError(v, (i,))
    put(v, i - 1, x if T.typeof(x) is v.eltype else convert_element(v.eltype, x))
    return v


def positions(v: Any, index: Any) -> list[int]:
    """The positions (from 0) that an index of `deleteat!` and its kin names, in order."""
    n = len(v.data)
    if isinstance(index, (int, np.integer)) and type(index) is not bool:
        found = [int(index)]
    elif is_array(index) and eltype_of(index) is T.Bool:
        mask = dense(index)
        if mask.size != n:
            raise BoundsError(v, (index,))
        return [int(i) for i in np.flatnonzero(mask)]
    else:
        found = [
            int(i if isinstance(i, (int, np.integer)) else Base.bindings["to_index"](i))
            for i in support.iterate(index)
        ]
    for a, b in itertools.pairwise(found):
        if a >= b:
            raise ArgumentError("indices must be unique and sorted")
    for i in found:
        if not 1 <= i <= n:
            raise BoundsError(
                v,
                (i,)
                if isinstance(index, int)
                else (index,)
                if isinstance(index, V.Range)
                else (i,),
            )
    return [i - 1 for i in found]


@Base.method("deleteat!(v::AbstractVector, i)")
def deleteat(v: Any, i: Any) -> Any:
    """Remove elements by index.

    ```jldoctest
    julia> deleteat!([1, 2, 3, 4], [1, 3])
    2-element Vector{Int64}:
     2
     4
    ```
    """
    growable(v, "deleteat!", i)
    where = positions(v, i)
    replace_data(v, np.delete(v.data, where) if where else v.data.copy())
    return v


@Base.method("keepat!(v::AbstractVector, i)")
def keepat(v: Any, i: Any) -> Any:
    """Remove all elements but those at some indices.

    ```jldoctest
    julia> keepat!([5, 6, 7], [1, 3])
    2-element Vector{Int64}:
     5
     7
    ```
    """
    growable(v, "keepat!", i)
    replace_data(v, v.data[positions(v, i)])
    return v


@Base.method("splice!(v::AbstractVector, i, replacement=nothing)")
def splice(v: Any, i: Any, replacement: Any = None) -> Any:
    """Remove and return elements; others may take their place.

    ```jldoctest
    julia> v = [1, 2, 3]; splice!(v, 2, [7, 8]), v
    (2, [1, 7, 8, 3])
    ```
    """
    growable(v, "splice!", i)
    added = packed(
        v,
        ()
        if replacement is None
        else (
            list(support.iterate(replacement))
            if not isinstance(replacement, (int, float))
            else [replacement]
        ),
    )
    n = len(v.data)
    if isinstance(i, int):
        if not 1 <= i <= n:
            raise BoundsError(v, (i,))
        out = element(v.data, i - 1)
        replace_data(v, np.concatenate([v.data[: i - 1], added, v.data[i:]]))
        return out
    if isinstance(i, V.UnitRange):
        start, stop = i.start, i.stop
        if not (1 <= start <= n + 1 and stop <= n):
            raise BoundsError(v, (i,))
        removed = make(v.data[start - 1 : stop].copy(), v.eltype)
        replace_data(
            v, np.concatenate([v.data[: start - 1], added, v.data[max(stop, start - 1) :]])
        )
        return removed
    where = positions(v, i)
    removed = make(v.data[where], v.eltype)
    replace_data(v, np.delete(v.data, where))
    return removed


@Base.method("empty!(v::AbstractVector)")
def empty_vector(v: Any) -> Any:
    """Remove all elements.

    ```jldoctest
    julia> empty!([1, 2])
    Int64[]
    ```
    """
    growable(v, "empty!")
    replace_data(v, v.data[:0].copy())
    return v


@Base.method("empty(a::AbstractVector, t::Type=Nothing)")
def empty_like(a: Any, t: Any = T.Nothing) -> Any:
    """A vector without elements, of the same or another element type.

    ```jldoctest
    julia> empty([1, 2], String)
    String[]
    ```
    """
    return vector([], eltype_of(a) if t is T.Nothing else t)


@Base.method("resize!(v::AbstractVector, n::Integer)")
def resize(v: Any, n: int) -> Any:
    """Make a vector longer or shorter at its end; new elements are undefined.

    ```jldoctest
    julia> resize!([1, 2, 3], 2)
    2-element Vector{Int64}:
     1
     2
    ```
    """
    growable(v, "resize!", n)
    if n < 0:
        raise ArgumentError("new length must be ≥ 0")
    old = v.data
    if n <= len(old):
        replace_data(v, old[:n].copy())
        return v
    data = np.zeros(n, dtype=old.dtype)
    if data.dtype == object:
        fill_object(data, undefined(v.eltype))
    data[: len(old)] = old
    replace_data(v, data)
    return v


@Base.method("sizehint!(v, n)")
def sizehint(v: Any, n: int) -> Any:
    """Say how large a collection will become.

    ```jldoctest
    julia> sizehint!(Int[], 10)
    Int64[]
    ```
    """
    return v
