"""Sorting: `sort`, `sortperm`, `partialsort`, the algorithms that can be asked for."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from juliette.base import sorted_searching as sorted_searching
from juliette.base.array_protocol import (
    axes_text,
    dense,
    eltype_of,
    in_kind,
    is_array,
    like,
    origin,
    shape_of,
)
from juliette.base.collecting import gather
from juliette.base.iteration import binary, iterate_value
from juliette.base.iterator_sizes import IsInfinite, eltype_of_iterator, size_of
from juliette.base.orderings import OrderBy, before, holds, ordering
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, vector
from juliette.runtime.errors import ArgumentError, BoundsError, MethodError, TypeError_
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol

# ---------------------------------------------------------------- Base.Sort

Sort = Module("Sort", Base)
Sort.visible = Sort.bindings["__builtins__"] = Base.bindings
Base.const("Sort", Sort, export=False)

Algorithm = T.define("Base.Sort.Algorithm", abstract=True)
Sort.const("Algorithm", Algorithm)


class SortAlgorithm:
    """`QuickSort` and its relatives: every one sorts alike here, and stably."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


_KINDS = {
    name: T.define(f"Base.Sort.{kind}", Algorithm)
    for name, kind in (
        ("InsertionSort", "InsertionSortAlg"),
        ("QuickSort", "QuickSortAlg"),
        ("MergeSort", "MergeSortAlg"),
        ("DEFAULT_STABLE", "DefaultStable"),
        ("DEFAULT_UNSTABLE", "DefaultUnstable"),
    )
}
T.register_instances(SortAlgorithm, lambda a: _KINDS[a.name], Algorithm)
for _name in ("InsertionSort", "QuickSort", "MergeSort"):
    Base.const(_name, SortAlgorithm(_name))


class PartialQuickSort(SortAlgorithm):
    """`PartialQuickSort(k)`: the elements at the positions `k` come out in their places, as all others do here."""

    __slots__ = ("hi", "lo")
    value_fields = ("lo", "hi")

    def __init__(self, lo: Any, hi: Any) -> None:
        super().__init__("PartialQuickSort")
        self.lo, self.hi = lo, hi


def _partly(_: Any, *k: Any) -> PartialQuickSort:
    """`PartialQuickSort(k)`: up to a position, or at those of a range."""
    if len(k) == 1 and isinstance(k[0], V.Range):
        return PartialQuickSort(Base.bindings["first"](k[0]), Base.bindings["last"](k[0]))
    if len(k) == 1:
        return PartialQuickSort(V.MISSING, k[0])
    if len(k) == 2:
        return PartialQuickSort(*k)
    raise MethodError(_partial, k, None)


_partial = T.sub_family("PartialQuickSort", "L H", lambda *_: Algorithm)
T.register_instances(
    PartialQuickSort, lambda a: T.apply_type(_partial, T.typeof(a.lo), T.typeof(a.hi)), _partial
)
T.unwrap(_partial).typename.fields = ("lo", "hi")
T.unwrap(_partial).typename.field_types = (T.Any_, T.Any_)
Base.const("PartialQuickSort", _partial)
support._builtin(
    constructors(_partial),
    T.tuple_type([T.type_of_type(_partial), T.Vararg(T.Any_)]),
    _partly,
    ("k",),
)
for _name in ("DEFAULT_STABLE", "DEFAULT_UNSTABLE"):
    Sort.const(_name, SortAlgorithm(_name))
    Base.const(_name, Sort.bindings[_name], export=False)


@Sort.method("midpoint(lo::Integer, hi::Integer)", export=False)
def midpoint(lo: int, hi: int) -> int:
    """A position half way between two others."""
    return lo + (hi - lo) // 2


_ORDERED = frozenset((int, bool))


def plain_keys(values: list[Any]) -> list[Any] | None:
    """Keys that Python orders as `isless` orders the values; None where only `isless` knows."""
    kinds = set(map(type, values))
    if kinds <= _ORDERED or kinds == {str}:
        return values
    if kinds == {float}:
        return (
            values if not any(v != v or v == 0 for v in values) else list(map(_float_key, values))
        )
    if len(kinds) == 2 and type(V.MISSING) in kinds:
        rest = plain_keys([v for v in values if v is not V.MISSING])
        if rest is None:
            return None
        keys = iter(rest)
        return [(1,) if v is V.MISSING else (0, next(keys)) for v in values]
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    if kind is V.Char:
        return [v.code for v in values]
    if kind is Symbol:
        return [v.name for v in values]
    if kind is tuple or issubclass(kind, V.Pair):
        if kind is tuple and len(set(map(len, values))) != 1:
            return None
        columns = [plain_keys(list(column)) for column in zip(*values, strict=True)]
        return None if None in columns else list(zip(*columns, strict=True))
    return None


def _float_key(v: float) -> tuple[int, float, int]:
    """Negative zero is less than zero, and nothing greater than NaN."""
    if v != v:
        return (1, 0.0, 0)
    return (0, v, 0 if v else int(math.copysign(1, v)))


def sort_keys(values: list[Any], o: OrderBy) -> list[Any]:
    """Python sort keys of values (without regard to `rev`)."""
    if o.by is not None:
        by = o.by
        values = [by(v) for v in values]
    if o.lt is None:
        keys = plain_keys(values)
        if keys is not None:
            return keys
    less = binary(o.lt) if o.lt is not None else Base.bindings["isless"]

    def compare(a: Any, b: Any) -> int:
        return -1 if holds(less(a, b)) else 0  # more Python's sort does not ask

    return list(map(functools.cmp_to_key(compare), values))


def order_indices(values: list[Any], o: OrderBy) -> list[int]:
    """The positions that sort the values, stably."""
    keys = sort_keys(values, o)
    return sorted(range(len(values)), key=keys.__getitem__, reverse=o.reversed)


def sorted_values(values: list[Any], o: OrderBy) -> list[Any]:
    keys = sort_keys(values, o)
    if keys is values:
        return sorted(values, reverse=o.reversed)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=o.reversed)
    return [values[i] for i in order]


def sorted_data(data: Any, o: OrderBy) -> Any:
    """A vector of numbers, sorted; None where numpy's order is another."""
    plain = o.by is None and o.lt is None and not TRACE.depth
    if not plain or data.ndim != 1 or data.dtype.kind not in "iuf":
        return None
    if data.dtype.kind == "f" and (np.isnan(data).any() or not data.all()):
        return None  # NaN and the zeros of two signs
    out = np.sort(data)
    return np.ascontiguousarray(out[::-1]) if o.reversed else out


# ---------------------------------------------------------------- sort


def _sorts(header: str) -> str:
    return f"{header[:-1]}; alg=nothing, lt=isless, by=identity, rev=nothing, order=nothing)"


@Base.method(_sorts("sort(x)"), transparent=True)
def sort(
    x: Any,
    *,
    by: Any = None,
    lt: Any = None,
    rev: Any = None,
    order: Any = None,
    alg: Any = None,
    dims: Any = None,
    scratch: Any = None,
) -> Any:
    """A sorted copy.

    ```jldoctest
    julia> sort([3, 1, 2]; rev = true)
    3-element Vector{Int64}:
     3
     2
     1

    julia> sort(["bb", "a"]; by = length)
    2-element Vector{String}:
     "a"
     "bb"
    ```
    """
    o = ordering(by, lt, rev, order)
    if isinstance(x, Array):
        data = sorted_data(x.data, o)
        if data is not None:
            return type(x)(data)
    if isinstance(x, (V.JuliaDict, V.JuliaSet, str)) or x is None:
        raise MethodError(Base.bindings["sort"], (x,), None)
    if (
        isinstance(x, (Array, V.BitArray, V.Wrapper, Struct))
        and is_array(x)
        and len(shape_of(x)) > 1
    ):
        if dims is None:
            raise_undef_keyword("dims")
        return _sort_along(x, dims, o)
    if isinstance(x, V.Range) and T.subtype(x.eltype, T.Real) and o.by is None and o.lt is None:
        return (
            x
            if Base.bindings["issorted"](x) is not o.reversed or len(x) < 2
            else Base.bindings["reverse"](x)
        )
    if size_of(x) is IsInfinite:
        raise ArgumentError(f"infinite iterator {Base.bindings['repr'](x)} cannot be sorted")
    values = list(iterate_value(x))
    t = eltype_of_iterator(x)
    out = sorted_values(values, o)
    if type(x) is tuple:
        return tuple(out)
    if isinstance(x, (Struct, V.Wrapper)) and is_array(x):
        return in_kind(x, vector(out, t))
    return gather(out, None) if t is None else vector(out, t)


def raise_undef_keyword(name: str) -> None:
    from juliette.runtime.errors import UndefKeywordError

    raise UndefKeywordError(Symbol(name))


def _sort_along(x: Any, dims: Any, o: OrderBy) -> Any:
    if not T.isa(dims, T.Integer):
        raise TypeError_(Symbol("keyword argument"), "dims", T.Integer, dims)
    out = dense(x).copy(order="F")
    if not 1 <= dims <= out.ndim:
        raise ArgumentError("no valid permutation of dimensions")
    axis = dims - 1
    moved = np.moveaxis(out, axis, 0)
    for index in np.ndindex(*moved.shape[1:]):
        column = (slice(None), *index)
        for i, v in enumerate(sorted_values(elements(moved[column]), o)):
            moved[(i, *index)] = v
    return like(x, out, eltype_of(x)) if isinstance(x, Struct) else make(out, x.eltype)


@Base.method(_sorts("sort!(v::AbstractArray)"), transparent=True)
def sort_in_place(
    v: Any,
    *,
    by: Any = None,
    lt: Any = None,
    rev: Any = None,
    order: Any = None,
    alg: Any = None,
    dims: Any = None,
    scratch: Any = None,
) -> Any:
    """Sort in place.

    ```jldoctest
    julia> v = [3, 1, 2]; sort!(v); v
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    o = ordering(by, lt, rev, order)
    if isinstance(v, (Array, V.BitArray)):
        if v.data.ndim > 1:
            v.data[...] = _sort_along(v, dims, o).data
        else:
            data = sorted_data(v.data, o)
            if data is None:
                data = vector(sorted_values(list(iterate_value(v)), o), v.eltype).data
            v.data[...] = data
        return v
    if isinstance(v, V.Wrapper) and np.ndim(v.data) > 1:
        if dims is None:
            raise_undef_keyword("dims")
        return Base.bindings["copyto!"](v, _sort_along(v, dims, o))
    set_ = Base.bindings["setindex!"]
    indices = list(iterate_value(Base.bindings["eachindex"](v)))
    for i, x in zip(indices, sorted_values(list(iterate_value(v)), o), strict=True):
        set_(v, x, i)
    return v


@Base.method(_sorts("sortperm(x)"), transparent=True)
def sortperm(
    x: Any,
    *,
    by: Any = None,
    lt: Any = None,
    rev: Any = None,
    order: Any = None,
    alg: Any = None,
    dims: Any = None,
    scratch: Any = None,
) -> Any:
    """The permutation of the indices that sorts.

    ```jldoctest
    julia> sortperm([30, 10, 20])
    3-element Vector{Int64}:
     2
     3
     1
    ```
    """
    o = ordering(by, lt, rev, order)
    if isinstance(x, (Array, V.BitArray, V.Wrapper)) and np.ndim(x.data) > 1:
        if dims is None:
            raise_undef_keyword("dims")
        linear = np.arange(1, x.data.size + 1).reshape(x.data.shape, order="F")
        out = np.empty(x.data.shape, dtype=np.int64, order="F")
        data, moved, places = (
            np.moveaxis(x.data, dims - 1, 0),
            np.moveaxis(out, dims - 1, 0),
            np.moveaxis(linear, dims - 1, 0),
        )
        for index in np.ndindex(*moved.shape[1:]):
            column = (slice(None), *index)
            moved[column] = places[column][order_indices(elements(data[column]), o)]
        return make(out, T.Int64)
    order = order_indices(list(iterate_value(x)), o)
    first = origin(x)
    if first is not None:
        return like(x, np.array(order, dtype=np.int64) + first[0], T.Int64)
    return vector([i + 1 for i in order], T.Int64)


@Base.method(_sorts("sortperm!(ix, x)"), transparent=True)
def sortperm_into(ix: Any, x: Any, *, initialized: bool = False, **kw: Any) -> Any:
    """Store the permutation that sorts in `ix`."""
    kw.pop("alg", None)
    if shape_of(ix) != shape_of(x):
        raise ArgumentError(
            "index array must have the same size/axes as the source array, "
            f"{axes_text(shape_of(ix))} != {axes_text(shape_of(x))}"
        )
    ix.data[...] = [i + 1 for i in order_indices(list(iterate_value(x)), ordering(**kw))]
    return ix


@Base.method("issorted(x; lt=isless, by=identity, rev=nothing, order=nothing)", transparent=True)
def issorted(x: Any, *, by: Any = None, lt: Any = None, rev: Any = None, order: Any = None) -> bool:
    """Are the elements in order?

    ```jldoctest
    julia> issorted([1, 2, 2]), issorted([1, 2]; rev = true)
    (true, false)
    ```
    """
    less = before(ordering(by, lt, rev, order))
    previous: Any = None
    for i, v in enumerate(iterate_value(x)):
        if i and less(v, previous):
            return False
        previous = v
    return True


def _positions(k: Any) -> tuple[int, int]:
    """The least and the greatest position of a selection."""
    if isinstance(k, V.Range):
        return (int(min(k.first, k.last)), int(max(k.first, k.last))) if len(k) else (1, 0)
    return int(k), int(k)


@Base.method(
    _sorts("partialsort!(v::AbstractVector, k::Union{Integer,OrdinalRange})"), transparent=True
)
def partialsort_in_place(v: Any, k: Any, **kw: Any) -> Any:
    """Bring the elements at positions `k` to where they belong and return them."""
    kw.pop("alg", None)
    low, high = _positions(k)
    n = len(v.data)
    if low <= high and not (low >= 1 and high <= n):
        raise BoundsError(v, (k,))
    sort_in_place(v, **kw)
    return (
        Base.bindings["view"](v, k) if isinstance(k, V.Range) else Base.bindings["getindex"](v, low)
    )


@Base.method(
    _sorts("partialsort(v::AbstractVector, k::Union{Integer,OrdinalRange})"), transparent=True
)
def partialsort(v: Any, k: Any, **kw: Any) -> Any:
    """The elements that would be at positions `k` of the sorted vector.

    ```jldoctest
    julia> partialsort([9, 3, 7, 1], 2)
    3
    ```
    """
    copy = vector(list(iterate_value(v)), Base.bindings["eltype"](v))
    return partialsort_in_place(copy, k, **kw)


@Base.method(
    _sorts("partialsortperm(v::AbstractVector, k::Union{Integer,OrdinalRange})"), transparent=True
)
def partialsortperm(v: Any, k: Any, **kw: Any) -> Any:
    """The indices of the elements that would be at positions `k` of the sorted vector."""
    kw.pop("alg", None)
    order = order_indices(list(iterate_value(v)), ordering(**kw))
    low, high = _positions(k)
    if low < 1 or high > len(order):
        raise BoundsError(v, (k,))
    return (
        vector([order[int(i) - 1] + 1 for i in k], T.Int64)
        if isinstance(k, V.Range)
        else order[low - 1] + 1
    )


@Base.method(
    _sorts(
        "partialsortperm!(ix::AbstractVector, v::AbstractVector, k::Union{Integer,OrdinalRange})"
    ),
    transparent=True,
)
def partialsortperm_into(ix: Any, v: Any, k: Any, *, initialized: bool = False, **kw: Any) -> Any:
    """Like `partialsortperm`, with the permutation stored in `ix`."""
    sortperm_into(ix, v, **kw)
    return partialsortperm(v, k, **kw)


for _name in (
    "sort",
    "sort!",
    "sortperm",
    "issorted",
    "searchsorted",
    "searchsortedfirst",
    "searchsortedlast",
    "partialsort",
    "partialsort!",
):
    Sort.set(_name, Base.bindings[_name], const=True)
for _name in ("QuickSort", "MergeSort", "InsertionSort"):
    Sort.set(_name, Base.bindings[_name], const=True)
