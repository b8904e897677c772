"""Slices along dimensions: `eachcol`, `eachslice`, `selectdim`, `mapslices`, `sortslices`, `unique`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    is_array,
    like,
    own_axes,
    shape_of,
    values_of,
)
from juliette.base.array_protocol import origin as first_indices
from juliette.base.iteration import iterates
from juliette.base.reshaping import reshape, vec
from juliette.base.views import VIEW
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, make, vector
from juliette.runtime.dispatch import KeywordCall
from juliette.runtime.errors import ArgumentError, DimensionMismatch, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct


@Base.method("selectdim(a::AbstractArray, d::Integer, i)")
def selectdim(a: Any, d: int, i: Any) -> Any:
    """A view of the part where dimension `d` has index `i`.

    ```jldoctest
    julia> selectdim([1 2; 3 4], 2, 1)
    2-element view(::Matrix{Int64}, :, 1) with eltype Int64:
     1
     3
    ```
    """
    n = max(len(shape_of(a)), d)
    if d < 1:
        raise ArgumentError("dimension must be ≥ 1")
    return VIEW(a, *[i if k == d else V.COLON for k in range(1, n + 1)])


def origin(a: Any, d: int) -> int:
    """The first index along a dimension: 1, but for arrays of the user's with axes of their own."""
    first = first_indices(a)
    return 1 if first is None else first[d - 1]


class Slices(W.Wrapper):
    """`eachslice(A; dims)`: an array of views; `along` are the dimensions (from 1) that it runs over.

    With `keep` the other dimensions are there too, each of length 1.
    """

    __slots__ = ("along", "keep")

    def __new__(cls, parent: Any, along: tuple[int, ...], ndim: int, keep: bool = False) -> Any:
        kind = T.typeof(parent)
        part = slice_type(parent, along)
        mapped = T.tuple_type(
            T.Int64 if d in along else T.CORE_TYPES["Colon"]
            for d in range(1, len(shape_of(parent)) + 1)
        )
        whole = own_axes(parent)
        kinds = [T.typeof(V.OneTo(1) if whole is None else whole[d - 1]) for d in along]
        axes = T.tuple_type(kinds + [T.typeof(V.OneTo(1))] * (ndim - len(along)))
        return object.__new__(
            W.wrapper_class(Slices_, Slices, (kind, mapped, axes, part, ndim), part, ndim)
        )

    def __init__(self, parent: Any, along: tuple[int, ...], ndim: int, keep: bool = False) -> None:
        self.parent = parent
        self.along = along
        self.keep = keep

    @property
    def shape(self) -> tuple[int, ...]:
        s = shape_of(self.parent)
        if self.keep:
            return tuple(n if d in self.along else 1 for d, n in enumerate(s, 1))
        sizes = tuple(s[d - 1] for d in self.along)
        return sizes + (1,) * (self.ndim - len(sizes))

    def own_axes(self) -> tuple[Any, ...]:
        axes = Base.bindings["axes"](self.parent)
        if self.keep:
            return tuple(axis if d in self.along else V.OneTo(1) for d, axis in enumerate(axes, 1))
        return tuple(axes[d - 1] for d in self.along)

    @property
    def aliased(self) -> bool:
        return False

    @property
    def data(self) -> Any:
        out = np.empty(math.prod(self.shape), dtype=object)
        for k, at in enumerate(
            np.ndindex(*[shape_of(self.parent)[d - 1] for d in self.along[::-1]])
        ):
            out[k] = self.slice(at[::-1])
        return out.reshape(self.shape, order="F")

    def element_at(self, k: int) -> Any:
        """The slice at a linear position (from 0)."""
        at = []
        for d in self.along:
            k, i = divmod(k, shape_of(self.parent)[d - 1])
            at.append(i)
        return self.slice(tuple(at))

    def slice(self, at: tuple[int, ...]) -> Any:
        """The slice at an index (from 0)."""
        index: list[Any] = [V.COLON] * len(shape_of(self.parent))
        for d, i in zip(self.along, at, strict=True):
            index[d - 1] = i + origin(self.parent, d)
        return VIEW(self.parent, *index)


@iterates(Slices)
def one_by_one(s: Slices) -> Iterator[Any]:
    """The slices as they are asked for."""
    return map(s.element_at, range(math.prod(s.shape)))


AbstractSlices_ = T.sub_family("AbstractSlices", "T N", W.abstract_array, abstract=True)
Slices_ = T.sub_family(
    "Slices", "P SM AX S N", lambda p, m, a, s, n: T.apply_type(AbstractSlices_, s, n)
)
for _name, _family in (("AbstractSlices", AbstractSlices_), ("Slices", Slices_)):
    T.CORE_TYPES.pop(_name)
    T.unwrap(_family).typename.module = Base
    Base.const(_name, _family)
_p, _ax = T.TypeVar("P"), T.TypeVar("AX")
_s = T.TypeVar("S", None, T.AbstractVector)
for _name, _map in (
    ("ColumnSlices", (T.CORE_TYPES["Colon"], T.Int64)),
    ("RowSlices", (T.Int64, T.CORE_TYPES["Colon"])),
):
    _body: Any = T.apply_type(Slices_, _p, T.tuple_type(_map), _ax, _s, 1)
    for _v in (_s, _ax, _p):
        _body = T.UnionAll(_v, _body)
    Base.const(_name, _body)


def slice_type(parent: Any, along: tuple[int, ...]) -> Any:
    """The type of the views that a Slices array holds."""
    shape = shape_of(parent)
    if math.prod(shape[d - 1] for d in along):
        index = [origin(parent, d) if d in along else V.COLON for d in range(1, len(shape) + 1)]
        return T.typeof(VIEW(parent, *index))
    kinds = T.tuple_type(
        T.Int64 if d in along else T.typeof(V.Slice(1)) for d in range(1, len(shape) + 1)
    )
    return T.apply_type(
        W.SubArray_, eltype_of(parent), len(shape) - len(along), T.typeof(parent), kinds, True
    )


@Base.method("eachslice(a::AbstractArray; dims, drop=true)")
def eachslice(a: Any, *, dims: Any, drop: bool = True) -> Any:
    """The slices along dimensions, as an array of views.

    ```jldoctest
    julia> sum.(eachslice([1 2; 3 4]; dims = 1))
    2-element Vector{Int64}:
     3
     7
    ```
    """
    along = dims if type(dims) is tuple else (dims,)
    for d in along:
        if not T.isa(d, T.Integer):
            called = KeywordCall(Base.bindings["eachslice"], {"dims": dims})
            raise MethodError(called, (a,), None)
        if not 1 <= d <= len(shape_of(a)):
            raise DimensionMismatch(f"Invalid dimension {d}")
    return Slices(a, along, len(along)) if drop else Slices(a, along, len(shape_of(a)), keep=True)


@Base.method("eachcol(a::AbstractVecOrMat)")
def eachcol(a: Any) -> Any:
    """The columns, as views.

    ```jldoctest
    julia> [sum(c) for c in eachcol([1 2; 3 4])]
    2-element Vector{Int64}:
     4
     6
    ```
    """
    if len(shape_of(a)) == 1:
        a = reshape(a, (shape_of(a)[0], 1))
    return Slices(a, (2,), 1)


@Base.method("eachrow(a::AbstractVecOrMat)")
def eachrow(a: Any) -> Any:
    """The rows, as views.

    ```jldoctest
    julia> [sum(r) for r in eachrow([1 2; 3 4])]
    2-element Vector{Int64}:
     3
     7
    ```
    """
    if len(shape_of(a)) == 1:
        a = reshape(a, (shape_of(a)[0], 1))
    return Slices(a, (1,), 1)


@Base.method("mapslices(f, a::AbstractArray; dims)")
def mapslices(f: Any, a: Any, *, dims: Any) -> Any:
    """Apply a function to each slice that spans the given dimensions, and join the results.

    ```jldoctest
    julia> mapslices(sum, [1 2; 3 4], dims = 1)
    1×2 Matrix{Int64}:
     4  6
    ```
    """
    inner = (
        dims
        if type(dims) is tuple
        else tuple(int(d) for d in support.iterate(dims))
        if not isinstance(dims, int)
        else (dims,)
    )
    data = dense(a)
    n = data.ndim
    outer = [d for d in range(n) if d + 1 not in inner]
    results: dict[tuple[int, ...], Any] = {}
    for at in np.ndindex(*[data.shape[d] for d in outer][::-1]):
        at = at[::-1]
        index: list[Any] = [slice(None)] * n
        for d, i in zip(outer, at, strict=True):
            index[d] = i
        part = np.array(data[tuple(index)], order="F")
        results[at] = f(make(part, eltype_of(a)))
    first = next(iter(results.values()))
    sample = dense(first) if is_array(first) else None
    piece = sample.shape if sample is not None else ()
    shape = list(data.shape)
    for k, d in enumerate(inner):
        if d <= n:
            shape[d - 1] = piece[k] if k < len(piece) else 1
    from juliette.runtime.broadcast import join_types

    flat = [v for r in results.values() for v in (values_of(r) if is_array(r) else [r])]
    eltype = join_types(flat)
    out = Base.bindings["similar"](vector([], eltype), eltype, tuple(shape))
    for at, r in results.items():
        index = [slice(None)] * n
        for d, i in zip(outer, at, strict=True):
            index[d] = slice(i, i + 1)
        target = out.data[tuple(index)]
        if is_array(r):
            out.data[tuple(index)] = convert_data(eltype, dense(r), eltype_of(r)).reshape(
                target.shape, order="F"
            )
        elif out.data.dtype == object:
            out.data[tuple(index)] = make_cell(r, target.shape)
        else:
            out.data[tuple(index)] = r
    axes = own_axes(a)
    if axes is None:
        return like(a, out.data, out.eltype) if isinstance(a, Struct) else out
    own = tuple(
        axis
        if d not in inner or size == n
        else Base.get("reduced_indices")((axis,), 1)[0]
        if size == 1
        else V.OneTo(size)
        for d, (axis, n, size) in enumerate(zip(axes, data.shape, out.data.shape, strict=True), 1)
    )
    return like(a, out.data, out.eltype, own)


def make_cell(x: Any, shape: tuple[int, ...]) -> Any:
    """An object ndarray with one Julia value in it."""
    one = np.empty(1, dtype=object)
    one[0] = x
    return one.reshape(shape)


def slices_of(a: Any, dims: Any) -> tuple[int, list[Any]]:
    """The axis (from 0) that `dims` names, and the slices along it."""
    d = dims if isinstance(dims, int) else dims[0]
    if not 1 <= d <= len(shape_of(a)):
        raise ArgumentError(f"dimension {d} is not 1 ≤ {d} ≤ {len(shape_of(a))}")
    if isinstance(a, Struct):
        a = make(dense(a), eltype_of(a))
    return d - 1, [
        vec(VIEW(a, *[i if k == d else V.COLON for k in range(1, len(shape_of(a)) + 1)]))
        for i in range(1, shape_of(a)[d - 1] + 1)
    ]


@Base.method("sortslices(a::AbstractArray; dims, keywords...)")
def sortslices(a: Any, *, dims: Any, **keywords: Any) -> Any:
    """The slices along a dimension in lexicographic order.

    ```jldoctest
    julia> sortslices([7 3; -1 6; 9 -2], dims = 1)
    3×2 Matrix{Int64}:
     -1   6
      7   3
      9  -2
    ```
    """
    axis, slices = slices_of(a, dims)
    found = vector(slices, T.Any_)
    order = (
        Base.bindings["sortperm"].call_kw(keywords, found)
        if keywords
        else Base.bindings["sortperm"](found)
    )
    return like(
        a, np.array(np.take(dense(a), dense(order) - 1, axis=axis), order="F"), eltype_of(a)
    )


@Base.method("unique(a::AbstractArray; dims=:)")
def unique_slices(a: Any, *, dims: Any = V.COLON) -> Any:
    """Distinct elements, or distinct slices along `dims`, in order of first appearance.

    ```jldoctest
    julia> unique([1 2; 1 2]; dims = 1)
    1×2 Matrix{Int64}:
     1  2
    ```
    """
    if isinstance(dims, V.ColonType):
        if isinstance(a, Array) and a.data.dtype.kind in "iub":
            return like(
                a,
                np.array(list(dict.fromkeys(a.data.ravel(order="F").tolist())), a.data.dtype),
                a.eltype,
            )
        slices = values_of(a)
        axis = None
    else:
        axis, slices = slices_of(a, dims)
    seen: dict[Any, int] = {}
    for i, x in enumerate(slices):
        seen.setdefault(V.hashable(x), i)
    kept = list(seen.values())
    if axis is None:
        return like(a, dense(a).ravel(order="F")[kept], eltype_of(a))
    axes = own_axes(a)
    if axes is not None:
        axes = tuple(V.OneTo(len(kept)) if d == axis else r for d, r in enumerate(axes))
    return like(a, np.array(np.take(dense(a), kept, axis=axis), order="F"), eltype_of(a), axes)
