"""From many elements to few: `sum`, `maximum`, `any`, `count`, `reduce` and their kin, with `dims` and `init`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    dense,
    eltype_of,
    from_values,
    in_container,
    result,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.iteration import applied
from juliette.base.lanes import at_once, in_parts
from juliette.base.reducing import (
    NONE,
    OPERATORS,
    PLAIN,
    WIDENING,
    axes_of,
    empty_reduction,
    fold,
    fold_axes,
    is_whole,
    nothing_to_reduce,
    widened,
)
from juliette.compiler import lattice as L
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, pack, wrap
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, TypeError_
from juliette.runtime.kernels import Dot
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol


def reduction(name: str, ufunc: Any, unit: str | None, doc: str) -> None:
    """Define one of `sum`, `prod`, `maximum`, `minimum`: of an array, of any iterator, and of `f` over it."""
    operator = OPERATORS[name]
    plain = Base.bindings[operator]
    own = Base.bindings.get(WIDENING.get(operator, ""))
    everything = {
        np.sum: np.add.reduce,
        np.prod: np.multiply.reduce,
        np.max: np.maximum.reduce,
        np.min: np.minimum.reduce,
    }.get(ufunc, ufunc)

    def operation(t: Any) -> Any:
        """The operator, or that of sums and products where a package has one for numbers of its own."""
        if own is None or not own.user_methods:
            return plain
        return own if own.user_matches((t, t)) or not L.concrete(t) else plain

    def empty_value(x: Any) -> Any:
        if unit is None:
            raise nothing_to_reduce(plain, eltype_of(x))
        t = Base.bindings["eltype"](x)
        if t is T.Bottom:
            return empty_reduction(plain, t)
        if operation(t) is own:
            return empty_reduction(own, t)
        if t is T.Bool and operator == "*":
            return True
        value = Base.bindings[unit](t)
        return (
            scalar(widened(np.asarray(value))[()])
            if isinstance(value, (np.integer, bool))
            else value
        )

    def whole(a: Any, *, dims: Any = V.COLON, init: Any = NONE) -> Any:
        data = dense(a)
        if not is_whole(dims):
            return in_container(a, along(a, data, dims, init), dims)
        if data.dtype == object:
            return fold(operation(eltype_of(a)), elements(data), init, lambda: empty_value(a))
        if data.size == 0:
            return init if init is not NONE else empty_value(a)
        if unit is not None and not (data.dtype.kind == "b" and operator == "*"):
            data = widened(data)
        if data.dtype.kind == "b" and operator == "*":
            return bool(dense(a).all()) if init is NONE else plain(init, bool(dense(a).all()))
        value = (
            in_order(data, ufunc)
            if data.size < 16 and data.dtype.kind == "f"
            else scalar(everything(data, axis=None))
        )
        return value if init is NONE else plain(init, value)

    def along(a: Any, data: Any, dims: Any, init: Any) -> Any:
        axes = axes_of(dims, data.ndim)
        if unit is None and init is NONE and any([data.shape[d] == 0 for d in axes]):
            raise ArgumentError("reducing over an empty collection is not allowed")
        if data.dtype == object or init is not NONE:
            if data.size == 0 and unit is not None and init is NONE:
                init = empty_value(a)
            return fold_axes(operation(eltype_of(a)), data, axes, init)
        if unit is not None:
            data = widened(data)
        out = ufunc(data, axis=axes, keepdims=True)
        return result(out, T.TYPE_OF_DTYPE[out.dtype])

    whole.__doc__ = doc
    Base.method(f"{name}(a::AbstractArray; dims=:, init=nothing)")(whole)
    reduce_it = Base.bindings[name]

    @Base.method(f"{name}(f, a::AbstractArray; dims=:, init=nothing)", transparent=True)
    def mapped(f: Any, a: Any, *, dims: Any = V.COLON, init: Any = NONE) -> Any:
        if isinstance(a, V.Range) and a.count > PIECE and is_whole(dims):
            parts = [reduce_it(f, part) for part in pieces(a)]
            values = from_values(parts, (len(parts),))
        else:
            values = mapped_values(f, a)
        keywords = {} if is_whole(dims) else {"dims": dims}
        if init is not NONE:
            keywords["init"] = init
        elif not Base.bindings["length"](values):
            return empty_mapped(f, plain, eltype_of(a))
        return reduce_it.call_kw(keywords, values) if keywords else reduce_it(values)


def in_order(data: Any, ufunc: Any) -> Any:
    """Short arrays are summed from left to right, as Julia does."""
    step = {np.sum: np.add, np.prod: np.multiply}.get(ufunc)
    return (
        scalar(ufunc(data)) if step is None else scalar(step.accumulate(data.ravel(order="F"))[-1])
    )


# A range may be longer than any array: it is mapped by pieces of this length.
PIECE = 1 << 23


def pieces(r: Any) -> Iterator[Any]:
    """The parts of a long range."""
    for start in range(0, r.count, PIECE):
        yield r.part(start, 1, min(PIECE, r.count - start))


_MAPPED = B.template(Dot(0, (1,)), 2)


def mapped_values(f: Any, a: Any) -> Any:
    """`f` of each element, as an array."""
    if type(f) is GenericFunction:
        return _MAPPED.run(f, a)
    return B.materialize(B.broadcasted(f, a))


reduction(
    "sum",
    np.sum,
    "zero",
    """Add the elements, all of them or along `dims`.

    ```jldoctest
    julia> sum([1 2; 3 4], dims = 2)
    2×1 Matrix{Int64}:
     3
     7

    julia> sum(abs2, [1, 2, 3]; init = 100)
    114
    ```
    """,
)
reduction(
    "prod",
    np.prod,
    "one",
    """Multiply the elements.

    ```jldoctest
    julia> prod([2, 3, 4])
    24
    ```
    """,
)
reduction(
    "maximum",
    np.max,
    None,
    """The greatest element.

    ```jldoctest
    julia> maximum([1 5; 3 4], dims = 1)
    1×2 Matrix{Int64}:
     3  5
    ```
    """,
)
reduction(
    "minimum",
    np.min,
    None,
    """The smallest element.

    ```jldoctest
    julia> minimum(abs, [-3, 2])
    2
    ```
    """,
)


@Base.method("extrema(a::AbstractArray; dims=:, init=nothing)", transparent=True)
def extrema(a: Any, *, dims: Any = V.COLON, init: Any = NONE) -> Any:
    """Smallest and greatest element.

    ```jldoctest
    julia> extrema([3, 1, 2])
    (1, 3)
    ```
    """
    keywords = {} if is_whole(dims) else {"dims": dims}
    first, last = ({}, {}) if init is NONE else ({"init": i} for i in init)
    low = Base.bindings["minimum"].call_kw({**keywords, **first}, a)
    high = Base.bindings["maximum"].call_kw({**keywords, **last}, a)
    if keywords:
        pairs = list(zip(values_of(low), values_of(high), strict=True))
        return in_container(a, from_values(pairs, shape_of(low)), dims)
    return low, high


@Base.method("extrema(f, a::AbstractArray; dims=:, init=nothing)", transparent=True)
def extrema_of(f: Any, a: Any, *, dims: Any = V.COLON, init: Any = NONE) -> Any:
    keywords = {"dims": dims} if init is NONE else {"dims": dims, "init": init}
    return Base.bindings["extrema"].call_kw(keywords, mapped_values(f, a))


# ---------------------------------------------------------------- conditions


def truth(x: Any) -> Any:
    """A condition: true, false or missing."""
    if type(x) is bool or x is V.MISSING:
        return x
    if T.typeof(x) is T.Bool:
        return bool(getattr(x, "value", x))
    raise TypeError_(Symbol("if"), "", T.Bool, x)


def quantifier(name: str, decisive: bool, doc: str) -> None:
    """`any` and `all`, with three-valued logic."""

    def decide(items: Any) -> Any:
        unknown = False
        for x in items:
            x = truth(x)
            if x is decisive:
                return decisive
            unknown = unknown or x is V.MISSING
        return V.MISSING if unknown else not decisive

    def whole(a: Any, *, dims: Any = V.COLON) -> Any:
        if is_whole(dims):
            return decide(support.iterate(a))
        return along(lambda x: x, a, dims)

    def along(f: Any, a: Any, dims: Any) -> Any:
        data = dense(a)
        op = (lambda x, y: x or y) if decisive else (lambda x, y: x and y)
        flags = pack([f(x) for x in elements(data)], T.Any_).reshape(data.shape, order="F")
        return in_container(a, fold_axes(op, flags, axes_of(dims, data.ndim)), dims)

    whole.__doc__ = doc
    Base.method(f"{name}(a::AbstractArray; dims=:)")(whole)

    @Base.method(f"{name}(f, a::AbstractArray; dims=:)", transparent=True)
    def of(f: Any, a: Any, *, dims: Any = V.COLON) -> Any:
        if not is_whole(dims):
            return along(f, a, dims)
        seen = 0
        for part in in_parts(f, a):
            if part.dtype != bool:
                break
            if (part == decisive).any():
                return decisive
            seen += len(part)
        return decide(applied(f, itertools.islice(support.iterate(a), seen, None)))


quantifier("any", True, "Is one element true?")
quantifier("all", False, "Are all elements true?")


@Base.method("count(a::AbstractArray; dims=:, init=0)", transparent=True)
def count(a: Any, *, dims: Any = V.COLON, init: Any = 0) -> Any:
    """How many are true?

    ```jldoctest
    julia> count([true false; true true], dims = 1)
    1×2 Matrix{Int64}:
     2  1
    ```
    """
    data = dense(a)
    if data.dtype != bool or TRACE.depth:
        return count_of(lambda x: x, a, dims=dims, init=init)
    if is_whole(dims):
        return init + int(np.count_nonzero(data))
    counted = np.count_nonzero(data, axis=axes_of(dims, data.ndim), keepdims=True)
    return result(counted + init, T.Int64)


@Base.method("count(f, a::AbstractArray; dims=:, init=0)", transparent=True)
def count_of(f: Any, a: Any, *, dims: Any = V.COLON, init: Any = 0) -> Any:
    whole = at_once(f, a) if is_whole(dims) else None
    if whole is not None and whole.dtype == bool:
        return init + int(np.count_nonzero(whole))
    flags = []
    for x in support.iterate(a):
        flag = f(x)
        if type(flag) is not bool:
            raise TypeError_(Symbol("typeassert"), "", T.Bool, flag)
        flags.append(int(flag))
    if is_whole(dims):
        return init + sum(flags)
    data = np.array(flags, dtype=np.int64).reshape(shape_of(a), order="F")
    return in_container(
        a, result(data.sum(axis=axes_of(dims, data.ndim), keepdims=True) + init, T.Int64), dims
    )


# ---------------------------------------------------------------- any operation


@Base.method("reduce(op, a::AbstractArray; dims=:, init=nothing)", transparent=True)
def reduce_array(op: Any, a: Any, *, dims: Any = V.COLON, init: Any = NONE) -> Any:
    """Combine all elements, or those along `dims`.

    ```jldoctest
    julia> reduce(max, [1 5; 3 4], dims = 2)
    2×1 Matrix{Int64}:
     5
     4
    ```
    """
    if is_whole(dims):
        if (
            (op is Base.bindings["vcat"] or op is Base.bindings["hcat"])
            and init is NONE
            and Base.bindings["length"](a)
        ):
            return op(*support.iterate(a))
        reduced = _reduced(op, a) if init is NONE and not TRACE.depth else None
        if reduced is not None:
            return reduced
        return fold(op, support.iterate(a), init, lambda: empty_reduction(op, eltype_of(a)))
    data = dense(a)
    return in_container(a, fold_axes(op, data, axes_of(dims, data.ndim), init), dims)


# The reductions by numpy, by their operators.
_NAMED = {OPERATORS[name]: name for name in ("sum", "prod", "maximum", "minimum")}


def _reduced(op: Any, a: Any) -> Any:
    """`reduce(op, a)` of plain numbers by numpy; None where Base has no such operation."""
    name = getattr(op, "name", None)
    plain = type(a) in _RANGES or (isinstance(a, Array) and a.eltype in PLAIN)
    if (
        not plain
        or name not in _NAMED
        or Base.bindings[name] is not op
        or not Base.bindings["length"](a)
    ):
        return None
    return Base.bindings[_NAMED[name]](a)


_RANGES = (V.UnitRange, V.OneTo)


@Base.method("mapreduce(f, op, a::AbstractArray, more...; dims=:, init=nothing)", transparent=True)
def mapreduce_array(
    f: Any, op: Any, a: Any, *more: Any, dims: Any = V.COLON, init: Any = NONE
) -> Any:
    """`reduce(op, map(f, A...))`, without the array in between.

    ```jldoctest
    julia> mapreduce(x -> x^2, +, [1 2; 3 4], dims = 1)
    1×2 Matrix{Int64}:
     10  20
    ```
    """
    if is_whole(dims):
        if more:
            return fold(
                op, (f(*xs) for xs in zip(*map(support.iterate, (a, *more)), strict=False)), init
            )
        whole = at_once(f, a)
        if whole is not None:
            return reduce_array(op, wrap(whole.ravel(order="F")), init=init)
        return fold(op, map(f, support.iterate(a)), init, lambda: empty_mapped(f, op, eltype_of(a)))
    data = dense(a)
    streams = [values_of(x) for x in (a, *more)]
    cells = pack([f(*xs) for xs in zip(*streams, strict=True)], T.Any_).reshape(
        data.shape, order="F"
    )
    return in_container(a, fold_axes(op, cells, axes_of(dims, data.ndim), init), dims)


def empty_mapped(f: Any, op: Any, t: Any) -> Any:
    absolute = f in (Base.bindings["abs"], Base.bindings["abs2"])
    if absolute and op is Base.bindings["max"] and t is not T.Any_:
        return f(Base.bindings["zero"](t))
    if absolute or f is Base.bindings["identity"]:
        return empty_reduction(op, t)
    raise nothing_to_reduce(op, t)


# ---------------------------------------------------------------- running totals
