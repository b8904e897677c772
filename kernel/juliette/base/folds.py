"""Folds of anything that can be iterated: `reduce`, `foldl`, `mapreduce`, `accumulate`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.collecting import Generator, gather
from juliette.base.iteration import applied, binary, folded, iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, shape_of_iterator
from juliette.base.iterators import NO_INIT, Filter
from juliette.base.reducing import empty_reduction, first_of, nothing_to_reduce
from juliette.compiler import support
from juliette.compiler.emitter import FAST
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE


def empty_fold(op: Any, t: Any) -> Any:
    """What a fold of nothing is, where the operation has a neutral element for the type."""
    if t is None:
        raise nothing_to_reduce(op, t)
    return empty_reduction(op, t)


def source_type(x: Any) -> Any:
    """The element type that says what a fold of nothing is; None where a function made the elements."""
    while isinstance(x, (Generator, Filter)):
        if isinstance(x, Generator) and x.f is not Base.bindings["identity"]:
            return None
        x = x.iter if isinstance(x, Generator) else x.itr
    return eltype_of_iterator(x)


def fold_left(op: Any, items: Any, init: Any, t: Any) -> Any:
    """Fold a Python iterable from the left."""
    if init is not NO_INIT:
        return folded(quick(op), items, init)
    it = iter(items)
    for first in it:
        return folded(quick(op), it, first_of(op, first))
    return empty_fold(op, t)


def quick(op: Any) -> Any:
    """An operator in the form that looks for a method only where it must."""
    name = FAST.get(op) if type(op) is GenericFunction and not TRACE.depth else None
    return support.HELPERS[name] if name is not None else op


def fold_right(op: Any, items: list[Any], init: Any, t: Any) -> Any:
    return (
        fold_left(lambda a, b: op(b, a), reversed(items), init, t)
        if items or init is not NO_INIT
        else empty_fold(op, t)
    )


def _joins(op: Any) -> bool:
    return op is Base.bindings.get("vcat") or op is Base.bindings.get("hcat")


def _dims_fold(f: Any, op: Any, a: Any, dims: Any, init: Any) -> Any:
    """A fold along dimensions of an array."""
    data = a.data
    axes = sorted(
        {d - 1 for d in (dims if type(dims) is tuple else (dims,))} & set(range(data.ndim))
    )
    rest = [d for d in range(data.ndim) if d not in axes]
    shape = tuple(1 if d in axes else n for d, n in enumerate(data.shape))
    moved = np.transpose(data, [*axes, *rest])
    count = int(np.prod([data.shape[d] for d in axes], dtype=int))
    columns = moved.reshape(count, -1, order="F")
    out = []
    for j in range(columns.shape[1]):
        out.append(fold_left(op, map(f, elements(columns[:, j])), init, a.eltype))
    return gather(out, shape)


@Base.method("reduce(op, x; init, dims)", transparent=True)
def reduce(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
    """Combine all elements with a binary operation.

    ```jldoctest
    julia> reduce(*, [2, 3, 4])
    24

    julia> reduce(*, Int[]; init = 7)
    7
    ```
    """
    if dims is not None and not isinstance(dims, V.ColonType):
        return _dims_fold(lambda v: v, op, x, dims, init)
    if _joins(op) and init is NO_INIT:
        return op(*iterate_value(x))
    return fold_left(op, iterate_value(x), init, source_type(x))


@Base.method("foldl(op, x; init)", transparent=True)
def foldl(op: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """Combine from the left.

    ```jldoctest
    julia> foldl(=>, 1:4)
    ((1 => 2) => 3) => 4
    ```
    """
    return fold_left(op, iterate_value(x), init, source_type(x))


@Base.method("foldr(op, x; init)", transparent=True)
def foldr(op: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """Combine from the right.

    ```jldoctest
    julia> foldr(=>, 1:4)
    1 => (2 => (3 => 4))
    ```
    """
    return fold_right(op, list(iterate_value(x)), init, source_type(x))


def _mapped(f: Any, xs: tuple[Any, ...]) -> Iterator[Any]:
    if len(xs) == 1:
        return applied(f, iterate_value(xs[0]))
    return map(binary(f) if len(xs) == 2 else f, *map(iterate_value, xs))


@Base.method("mapreduce(f, op, x, xs...; init, dims)", transparent=True)
def mapreduce(f: Any, op: Any, *xs: Any, init: Any = NO_INIT, dims: Any = None) -> Any:
    """`reduce(op, map(f, xs...))` without the array between.

    ```jldoctest
    julia> mapreduce(x -> x^2, +, 1:3)
    14
    ```
    """
    if not xs:
        raise MethodError(Base.bindings["Generator"], (f,), None)
    if dims is not None and not isinstance(dims, V.ColonType):
        return _dims_fold(f, op, xs[0], dims, init)
    return fold_left(op, _mapped(f, xs), init, result_type(f, xs))


def result_type(f: Any, xs: tuple[Any, ...]) -> Any:
    """The type of `f`'s results where it is the element type itself."""
    if f is Base.bindings["identity"] and len(xs) == 1:
        return source_type(xs[0])
    return (
        source_type(xs[0])
        if getattr(f, "name", "") in ("abs", "abs2", "-", "+") and len(xs) == 1
        else None
    )


@Base.method("mapfoldl(f, op, x, xs...; init)", transparent=True)
def mapfoldl(f: Any, op: Any, *xs: Any, init: Any = NO_INIT) -> Any:
    """`foldl(op, map(f, xs...))`"""
    return fold_left(op, _mapped(f, xs), init, result_type(f, xs))


@Base.method("mapfoldr(f, op, x, xs...; init)", transparent=True)
def mapfoldr(f: Any, op: Any, *xs: Any, init: Any = NO_INIT) -> Any:
    """`foldr(op, map(f, xs...))`"""
    return fold_right(op, list(_mapped(f, xs)), init, result_type(f, xs))


@Base.method("accumulate(op, x; init, dims)", transparent=True)
def accumulate(op: Any, x: Any, *, init: Any = NO_INIT, dims: Any = None) -> Any:
    """All partial folds from the left.

    ```jldoctest
    julia> accumulate(+, [1, 2, 3])
    3-element Vector{Int64}:
     1
     3
     6

    julia> accumulate(*, (1, 2, 3); init = 10)
    (10, 20, 60)
    ```
    """
    shape = shape_of_iterator(x)
    if shape is not None and len(shape) > 1:
        if dims is None:
            return gather(_partial(op, list(iterate_value(x)), init), shape)
        axis = dims - 1
        out = np.empty(shape, dtype=object, order="F")
        rest = shape[:axis] + shape[axis + 1 :]
        for index in np.ndindex(*rest):
            where = (*index[:axis], slice(None), *index[axis:])
            for k, v in enumerate(_partial(op, elements(x.data[where]), init)):
                out[(*index[:axis], k, *index[axis:])] = v
        return gather(elements(out), shape)
    values = _partial(op, list(iterate_value(x)), init)
    if type(x) is tuple:
        return tuple(values)
    return gather(values, shape, eltype_of_iterator(x) or T.Any_)


def _partial(op: Any, items: list[Any], init: Any) -> list[Any]:
    if init is NO_INIT:
        return list(itertools.accumulate(items, op))
    # not `initial`, for which None is none
    return list(itertools.accumulate([init, *items], op))[1:]


@Base.method("accumulate!(op, dest, x; init)", transparent=True)
def accumulate_into(op: Any, dest: Any, x: Any, *, init: Any = NO_INIT) -> Any:
    """All partial folds, stored in `dest`."""
    set_ = Base.bindings["setindex!"]
    for i, v in enumerate(_partial(op, list(iterate_value(x)), init), 1):
        set_(dest, v, i)
    return dest
