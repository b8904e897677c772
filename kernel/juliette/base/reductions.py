"""From many elements to few: `sum`, `maximum`, `any`, `count`, `reduce` and their kin, with `dims` and `init`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    fortran,
    from_values,
    in_container,
    in_kind,
    like,
    origin,
    result,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.iteration import applied
from juliette.base.lanes import at_once, in_parts
from juliette.compiler import lattice as L
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class, elements, make, pack, wrap
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import (
    ArgumentError,
    DimensionMismatch,
    MethodError,
    TypeError_,
    UndefKeywordError,
)
from juliette.runtime.kernels import Dot
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol

NONE = object()


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


def reduction(name: str, ufunc: Any, operator: str, unit: str | None, doc: str) -> None:
    """Define one of `sum`, `prod`, `maximum`, `minimum`: of an array, of any iterator, and of `f` over it."""
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
    "+",
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
    "*",
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
    "max",
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
    "min",
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


# Operations whose reductions have names of their own, which work on whole arrays.
_NAMED = {"+": "sum", "*": "prod", "max": "maximum", "min": "minimum"}


def _reduced(op: Any, a: Any) -> Any:
    """`reduce(op, a)` of plain numbers by numpy; None where Base has no such operation."""
    name = getattr(op, "name", None)
    plain = type(a) in _RANGES or (isinstance(a, Array) and a.eltype in _PLAIN)
    if (
        not plain
        or name not in _NAMED
        or Base.bindings[name] is not op
        or not Base.bindings["length"](a)
    ):
        return None
    return Base.bindings[_NAMED[name]](a)


_RANGES = (V.UnitRange, V.OneTo)
_PLAIN = (T.Float64, T.Float32, T.Int64)


def empty_reduction(op: Any, t: Any) -> Any:
    """What a reduction of no elements gives, where the operation has a neutral element."""
    return Base.bindings["reduce_empty"](op, t)


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
            and (t is T.Int64 or (t in _PLAIN and op.name in ("+", "*")))
            and Base.bindings[op.name] is op
        ):
            return wrap(running.accumulate(data))
        out = accumulated(op, data.ravel(order="F"), 1, init, empty)
        out = out if data.ndim == 1 else _reshaped(out, data.shape)
    elif need_dims(a, dims) > data.ndim:
        return Base.bindings["copy"](a)
    else:
        out = accumulated(op, data, dims, init, empty)
    return in_kind(a, out)


def _reshaped(a: Any, shape: tuple[int, ...]) -> Any:
    return Base.bindings["reshape"](a, shape)


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


_JOINED = {
    "sum": "+",
    "prod": "*",
    "maximum": "max",
    "minimum": "min",
    "any": "|",
    "all": "&",
    "count": "+",
    "extrema": "_extrema_rf",
}


def into_reduction(name: str) -> None:
    """`sum!(dest, A)` and its kin reduce along the dimensions where `dest` has size 1."""

    def stored(dest: Any, found: Any, init: bool) -> Any:
        if not init:  # what is there already counts, too
            op = Base.bindings[_JOINED[name]]
            pairs = zip(values_of(dest), values_of(found), strict=True)
            found = from_values([op(x, y) for x, y in pairs], shape_of(dest))
        return Base.bindings["copyto!"](dest, found)

    @Base.method(f"{name}!(dest::AbstractArray, a::AbstractArray; init::Bool=true)")
    def into(dest: Any, a: Any, *, init: bool = True) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(dest, a)}, a)
        return stored(dest, found, init)

    @Base.method(f"{name}!(f::Function, dest::AbstractArray, a::AbstractArray; init::Bool=true)")
    def mapped_into(f: Any, dest: Any, a: Any, *, init: bool = True) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(dest, a)}, f, a)
        return stored(dest, found, init)

    into.__doc__ = f"`{name}` along the dimensions where the destination has size 1, written there."


def reduced(dest: Any, a: Any) -> tuple[int, ...]:
    """The dimensions along which an array has to be reduced to fit the destination."""
    small, large = shape_of(dest), shape_of(a)
    if len(small) > len(large):
        raise DimensionMismatch(
            f"cannot reduce {len(large)}-dimensional array to {len(small)} dimensions"
        )
    first, start = (origin(x) or (1,) * len(large) for x in (dest, a))
    if any(
        m != 1 and (m, i) != (n, k) for m, n, i, k in zip(small, large, first, start, strict=False)
    ):
        axes, show = Base.bindings["axes"], Base.bindings["repr"]
        raise DimensionMismatch(
            f"reduction on array with indices {show(axes(a))} with output with indices "
            f"{show(axes(dest))}"
        )
    padded = small + (1,) * (len(large) - len(small))
    return tuple(d for d, m in enumerate(padded, 1) if m == 1)


def into_search(name: str) -> None:
    """`findmin!` and `findmax!` write the values and where they are."""

    @Base.method(f"{name}!(values::AbstractArray, places::AbstractArray, a::AbstractArray)")
    def into(values: Any, places: Any, a: Any) -> Any:
        found = Base.bindings[name].call_kw({"dims": reduced(values, a)}, a)
        copyto = Base.bindings["copyto!"]
        return copyto(values, found[0]), copyto(places, found[1])

    into.__doc__ = (
        f"`{name}` along the dimensions where the destinations have size 1, written there."
    )


@Base.method("_extrema_rf(a::Tuple, b::Tuple)", export=False)
def joined_extrema(a: Any, b: Any) -> Any:
    """The extrema of two ranges of values together."""
    return Base.bindings["min"](a[0], b[0]), Base.bindings["max"](a[1], b[1])


for _name in ("sum", "prod", "maximum", "minimum", "any", "all", "count", "extrema"):
    into_reduction(_name)

for _name in ("findmin", "findmax"):
    into_search(_name)
