"""Where elements are: `findall`, `findfirst`, `argmax`, `findmax` and their kin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    dense,
    from_values,
    is_array,
    origin,
    shape_of,
    shifted,
    values_from,
    values_of,
)
from juliette.base.cartesian import CartesianIndex
from juliette.base.lanes import at_once
from juliette.base.reducing import axes_of, is_whole, nothing_to_reduce, objects
from juliette.base.reductions import mapped_values
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import element, elements, vector
from juliette.runtime.errors import BoundsError, TypeError_
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol

First = tuple[int, ...] | None


def key_at(position: int, shape: tuple[int, ...], first: First = None) -> Any:
    """The key of the element at a linear position (from 0): a number in vectors, else cartesian."""
    if len(shape) == 1:
        return position + (1 if first is None else first[0])
    return CartesianIndex(shifted(np.unravel_index(position, shape, order="F"), first))


def position_of(key: Any, a: Any) -> int:
    """The linear position (from 0) of a key."""
    shape = shape_of(a)
    first = origin(a) or (1,) * len(shape)
    if isinstance(key, CartesianIndex):
        place = tuple(i - k for i, k in zip(key.index, first, strict=True))
        return int(np.ravel_multi_index(place, shape, order="F", mode="clip"))
    return int(key) - (first[0] if len(shape) == 1 else 1)


def keys_vector(positions: list[int], shape: tuple[int, ...], first: First = None) -> Any:
    """A vector of the keys at linear positions."""
    t = T.Int64 if len(shape) == 1 else T.apply_type(Base.bindings["CartesianIndex"], len(shape))
    return vector([key_at(p, shape, first) for p in positions], t)


def flag(x: Any) -> bool:
    """A condition that must be Boolean."""
    if type(x) is bool:
        return x
    raise TypeError_(Symbol("if"), "", T.Bool, x)


@Base.method("findall(a::AbstractArray)")
def findall(a: Any) -> Any:
    """The keys of all true elements.

    ```jldoctest
    julia> findall([true false; true true])
    3-element Vector{CartesianIndex{2}}:
     CartesianIndex(1, 1)
     CartesianIndex(2, 1)
     CartesianIndex(2, 2)
    ```
    """
    return keys_vector([i for i, x in enumerate(values_of(a)) if flag(x)], shape_of(a), origin(a))


@Base.method("findall(f::Function, a::AbstractArray)")
def findall_of(f: Any, a: Any) -> Any:
    whole = at_once(f, a)
    if whole is not None and whole.dtype == bool:
        found = np.flatnonzero(whole.ravel(order="F")).tolist()
    else:
        found = [i for i, x in enumerate(values_of(a)) if flag(f(x))]
    return keys_vector(found, shape_of(a), origin(a))


@Base.method("findfirst(a::AbstractArray)")
def findfirst(a: Any) -> Any:
    """The first key with a true element (or for which `f` is true), or `nothing`.

    ```jldoctest
    julia> findfirst([false, true])
    2
    ```
    """
    return seek(lambda x: x, a, 0, 1)


@Base.method("findfirst(f::Function, a::AbstractArray)")
def findfirst_of(f: Any, a: Any) -> Any:
    return seek(f, a, 0, 1)


@Base.method("findlast(a::AbstractArray)")
def findlast(a: Any) -> Any:
    """The last key with a true element (or for which `f` is true), or `nothing`.

    ```jldoctest
    julia> findlast([true, false])
    1
    ```
    """
    return seek(lambda x: x, a, math.prod(shape_of(a)) - 1, -1)


@Base.method("findlast(f::Function, a::AbstractArray)")
def findlast_of(f: Any, a: Any) -> Any:
    return seek(f, a, math.prod(shape_of(a)) - 1, -1)


@Base.method("findnext(a::AbstractArray, i::CartesianIndex)")
@Base.method("findnext(a::AbstractArray, i::Integer)")
def findnext(a: Any, i: Any) -> Any:
    """The first key from `i` on with a true element, or `nothing`.

    ```jldoctest
    julia> findnext([true, true], 2)
    2
    ```
    """
    return seek(lambda x: x, a, position_of(i, a), 1)


@Base.method("findnext(f::Function, a::AbstractArray, i::Union{Integer,CartesianIndex})")
def findnext_of(f: Any, a: Any, i: Any) -> Any:
    return seek(f, a, position_of(i, a), 1)


@Base.method("findprev(a::AbstractArray, i::CartesianIndex)")
@Base.method("findprev(a::AbstractArray, i::Integer)")
def findprev(a: Any, i: Any) -> Any:
    """The last key up to `i` with a true element, or `nothing`.

    ```jldoctest
    julia> findprev([true, false], 2)
    1
    ```
    """
    return seek(lambda x: x, a, position_of(i, a), -1)


@Base.method("findprev(f::Function, a::AbstractArray, i::Union{Integer,CartesianIndex})")
def findprev_of(f: Any, a: Any, i: Any) -> Any:
    return seek(f, a, position_of(i, a), -1)


def seek(f: Callable[[Any], Any], a: Any, start: int, step: int) -> Any:
    """The key of the first match from a position on, in steps of 1 or -1."""
    if start < 0 < step or (step < 0 and start >= math.prod(shape_of(a)) > 0):
        raise BoundsError(a, (start + 1,))
    for i, x in zip(itertools.count(start, step), values_from(a, start, step)):
        if flag(f(x)):
            return key_at(i, shape_of(a), origin(a))
    return None


# ---------------------------------------------------------------- the greatest and the smallest


def entries(x: Any) -> Iterator[tuple[Any, Any]]:
    """(key, element) of any collection that has keys."""
    if is_array(x):
        shape, first = shape_of(x), origin(x)
        return ((key_at(i, shape, first), v) for i, v in enumerate(values_of(x)))
    if isinstance(x, V.JuliaDict):
        return x.pairs()
    if isinstance(x, V.NamedTuple):
        return zip(map(Symbol, x.names), x.values, strict=True)
    return enumerate(support.iterate(x), 1)


def extreme(kind: str, arg: Any) -> None:
    """`argmax`, `findmax` and the same for the smallest."""
    greatest = kind == "max"

    def better(a: Any, b: Any) -> bool:
        less = Base.bindings["isless"]
        if a is V.MISSING or b is V.MISSING:
            return a is V.MISSING and b is not V.MISSING
        if isinstance(a, float) and a != a:
            return not (isinstance(b, float) and b != b)
        if isinstance(b, float) and b != b:
            return False
        return bool(less(b, a) if greatest else less(a, b))

    def find(pairs: Any) -> tuple[Any, Any]:
        best: Any = None
        for key, value in pairs:
            if best is None or better(value, best[0]):
                best = (value, key)
        if best is None:
            raise nothing_to_reduce(Base.bindings[kind], T.Any_)
        return best

    def whole(x: Any, dims: Any) -> tuple[Any, Any]:
        if not is_whole(dims):
            return along(x, dims)
        if isinstance(x, V.Range) and x.eltype is T.Int64 and x.count:
            i = x.count - 1 if (x.step > 0) == greatest else 0
            return x.get(i), key_at(i, (x.count,), origin(x))
        if is_array(x):
            data = dense(x)
            if data.dtype != object and data.size:
                flat = data.ravel(order="F")
                i = int(arg(flat))
                if flat.dtype.kind == "f" and flat[i] == 0:  # 0.0 is greater than -0.0
                    signs = np.signbit(flat) & (flat == 0)
                    i = (
                        int(np.argmax((flat == 0) & (~signs if greatest else signs)))
                        if signs.any()
                        else i
                    )
                    i = i if flat[i] == 0 else int(arg(flat))
                return element(flat, i), key_at(i, data.shape, origin(x))
        return find(entries(x))

    def along(x: Any, dims: Any) -> tuple[Any, Any]:
        data = dense(x)
        axes = axes_of(dims, data.ndim)
        shape = tuple(1 if d in axes else n for d, n in enumerate(data.shape))
        rest = [d for d in range(data.ndim) if d not in axes]
        order = rest + sorted(axes)
        cells = objects(data).transpose(order)
        places = np.arange(data.size).reshape(data.shape, order="F").transpose(order)
        values, keys = [], []
        for at in np.ndindex(*[data.shape[d] for d in rest][::-1]):
            at = at[::-1]
            spots = np.asarray(places[at]).ravel(order="F").tolist()
            cell = cells[at]
            best = find(zip(spots, elements(np.asarray(cell)), strict=True))
            values.append(best[0])
            keys.append(best[1])
        found = keys_vector(keys, data.shape, origin(x))
        return from_values(values, shape), Base.bindings["reshape"](found, shape)

    @Base.method(f"find{kind}(x::AbstractArray; dims=:)")
    def both(x: Any, *, dims: Any = V.COLON) -> Any:
        return whole(x, dims)

    both.__doc__ = f"The {'greatest' if greatest else 'smallest'} element and its key."

    @Base.method(f"find{kind}(f, x::AbstractArray; dims=:)")
    def both_of(f: Any, x: Any, *, dims: Any = V.COLON) -> Any:
        if is_whole(dims):
            return find((k, f(v)) for k, v in entries(x))
        return along(mapped_values(f, x), dims)

    @Base.method(f"arg{kind}(x::AbstractArray; dims=:)")
    def key_only(x: Any, *, dims: Any = V.COLON) -> Any:
        return whole(x, dims)[1]

    key_only.__doc__ = f"The key of the {'greatest' if greatest else 'smallest'} element."

    @Base.method(f"arg{kind}(f, x::AbstractArray)")
    def argument(f: Any, x: Any) -> Any:
        return find((v, f(v)) for v in support.iterate(x))[1]


extreme("max", np.argmax)
extreme("min", np.argmin)
