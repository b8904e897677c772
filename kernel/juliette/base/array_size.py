"""The size of arrays and what follows from it: `length`, `axes`, `eachindex`, `eltype`, bounds, strides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    array_parameters,
    dense,
    eltype_of,
    is_array,
    own_axes,
    shape_of,
)
from juliette.base.cartesian import CartesianIndex, CartesianIndices, identical
from juliette.base.index_styles import LINEAR
from juliette.base.indexing import GETINDEX
from juliette.base.indices import flatten, normalise, within_bounds
from juliette.base.iterator_sizes import Lazy
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    DimensionMismatch,
    ErrorException,
    MethodError,
    TypeError_,
    UndefRefError,
)
from juliette.runtime.modules import Base
from juliette.runtime.ranges import Slice
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol


@Base.method("size(a::AbstractArray)")
def size(a: Any) -> tuple[int, ...]:
    """The dimensions of an array.

    ```jldoctest
    julia> size(zeros(2, 3)), size(zeros(2, 3), 2)
    ((2, 3), 3)
    ```
    """
    if isinstance(a, Struct):
        raise MethodError(Base.bindings["size"], (a,), None)
    return tuple(shape_of(a))


@Base.method("size(x::Number)")
def size_number(x: Any) -> tuple[int, ...]:
    return ()


@Base.method("size(x, d)")
def size_along(a: Any, d: Any) -> Any:
    try:
        s = SIZE(a)
    except MethodError as e:
        if e.f is SIZE and len(e.args) == 1 and e.args[0] is a:
            raise MethodError(SIZE, (a, d), None) from None
        raise
    if type(d) is tuple:
        return tuple(size_along(a, k) for k in d)
    if type(d) is not int:
        if not T.isa(d, T.Integer):
            raise TypeError_(Symbol("typeassert"), "", T.Integer, d)
        d = int(d)
    if d < 1:
        raise (
            ErrorException("arraysize: dimension out of range")
            if isinstance(a, Array)
            else BoundsError(s, (d,))
        )
    return s[d - 1] if d <= len(s) else 1


@Base.method("size(x, d1::Integer, d2::Integer, ds::Integer...)")
def size_several(a: Any, *dims: int) -> tuple[int, ...]:
    return tuple(size_along(a, d) for d in dims)


SIZE = Base.bindings["size"]
W.ELEMENT["size"] = SIZE


@Base.method("ndims(a::AbstractArray)")
def ndims(a: Any) -> int:
    """How many dimensions.

    ```jldoctest
    julia> ndims(zeros(2, 3, 4))
    3
    ```
    """
    return len(shape_of(a))


@Base.method("ndims(x::Union{Number,AbstractChar})")
def ndims_number(x: Any) -> int:
    return 0


@Base.method("ndims(t::Type)")
def ndims_type(t: Any) -> int:
    if T.subtype(t, T.Number) or T.subtype(t, T.AbstractChar):
        return 0
    n = array_parameters(t)[1]
    if not isinstance(n, int):
        raise MethodError(Base.bindings["ndims"], (t,), None)
    return n


@Base.method("axes(a)")
def axes(a: Any) -> tuple[Any, ...]:
    """The valid indices of each dimension.

    ```jldoctest
    julia> axes(zeros(2, 3))
    (Base.OneTo(2), Base.OneTo(3))
    ```
    """
    if isinstance(a, W.Wrapper) and a.shifts and (own := a.own_axes()) is not None:
        return own
    return tuple(V.OneTo(n) for n in SIZE(a))


@Base.method("axes(t::Tuple)")
def axes_of_tuple(t: Any) -> tuple[Any, ...]:
    return (V.OneTo(len(t)),)


@Base.method("axes(a, d::Integer)")
def axes_along(a: Any, d: int) -> Any:
    found = AXES(a)
    return found[d - 1] if d <= len(found) else V.OneTo(1)


AXES = Base.bindings["axes"]
W.ELEMENT["axes"] = AXES
W.ELEMENT["first"] = lambda axis: int(Base.bindings["first"](axis))
W.ELEMENT["identical"] = lambda first, last: identical(V.UnitRange(first, last))


@Base.method("eachindex(a)")
def eachindex(a: Any) -> Any:
    """All indices, in the form that suits the array best.

    ```jldoctest
    julia> eachindex([7, 8, 9])
    Base.OneTo(3)
    ```
    """
    if isinstance(a, str):
        return keys_of_string(a)
    if is_array(a):
        n = len(shape_of(a))
        if n == 1:
            return AXES(a)[0]
        if Base.bindings["IndexStyle"](T.typeof(a)) is not LINEAR:
            return Base.bindings["CartesianIndices"](a)
    elif T.subtype(T.typeof(a), T.AbstractDict) or isinstance(a, V.NamedTuple):
        return Base.bindings["keys"](a)
    length = Base.bindings["length"]
    try:
        return V.OneTo(length(a))
    except MethodError as e:
        if e.f is length:
            raise MethodError(Base.bindings["keys"], (a,), None) from None
        raise


def keys_of_string(s: str) -> Any:
    if s.isascii():
        return V.OneTo(len(s))
    places, at = [], 1
    for c in s:
        places.append(at)
        at += len(c.encode())
    return vector(places, T.Int64)


@Base.method("eachindex(a::AbstractArray, b::AbstractArray, more::AbstractArray...)")
def eachindex_several(*arrays: Any) -> Any:
    first = AXES(arrays[0])
    linear = all(
        len(shape_of(a)) == 1 or Base.bindings["IndexStyle"](T.typeof(a)) is LINEAR for a in arrays
    )
    for a in arrays[1:]:
        if linear and math.prod(shape_of(a)) == math.prod(shape_of(arrays[0])):
            continue
        if AXES(a) != first and shape_of(a) != shape_of(arrays[0]):
            names = [Base.bindings["repr"](eachindex(x)) for x in arrays]
            joined = " and ".join([", ".join(names[:-1]), names[-1]])
            raise DimensionMismatch(
                f"all inputs to eachindex must have the same indices, got {joined}"
            )
    if linear and len(shape_of(arrays[0])) == 1:
        return eachindex(arrays[0])
    return (
        V.OneTo(math.prod(shape_of(arrays[0])))
        if linear
        else Base.bindings["CartesianIndices"](arrays[0])
    )


@Base.method("eachindex(s::IndexStyle, a::AbstractArray, more::AbstractArray...)")
def eachindex_style(s: Any, a: Any, *more: Any) -> Any:
    shape = shape_of(a)
    for b in more:
        if shape_of(b) != shape and not (
            s is LINEAR and math.prod(shape_of(b)) == math.prod(shape)
        ):
            return eachindex_several(a, *more)  # says what differs
    if s is not LINEAR:
        return Base.bindings["CartesianIndices"](a)
    return AXES(a)[0] if len(shape) == 1 else V.OneTo(math.prod(shape))


def neighbour(name: str, step: int) -> None:
    """`nextind` and `prevind`: the index one step on, or back."""

    @Base.method(f"{name}(a::AbstractArray, i::Integer)")
    def number(a: Any, i: int) -> int:
        return i + step

    @Base.method(f"{name}(a::AbstractArray, i::CartesianIndex)")
    def cartesian(a: Any, i: Any) -> Any:
        shape = shape_of(a)
        if not all(0 < k <= n for k, n in zip(i.index, shape, strict=True)):
            raise BoundsError(a, (i,))
        at = int(np.ravel_multi_index(tuple(k - 1 for k in i.index), shape, order="F")) + step
        return CartesianIndex(tuple(int(k) + 1 for k in np.unravel_index(at, shape, order="F")))


neighbour("nextind", 1)
neighbour("prevind", -1)


@Base.method("keys(a::AbstractArray)")
def keys(a: Any) -> Any:
    """The indices of an array: linear ones of a vector, cartesian ones of the rest.

    ```jldoctest
    julia> keys([5, 6])
    2-element LinearIndices{1, Tuple{Base.OneTo{Int64}}}:
     1
     2
    ```
    """
    if len(shape_of(a)) == 1:
        return Base.bindings["LinearIndices"](a)
    return Base.bindings["CartesianIndices"](a)


@Base.method("firstindex(a)")
def firstindex(a: Any) -> Any:
    """The first index.

    ```jldoctest
    julia> firstindex([7, 8])
    1
    ```
    """
    if isinstance(a, (Struct, W.Wrapper)) and is_array(a) and len(shape_of(a)) == 1:
        return Base.bindings["first"](AXES(a)[0])
    return 1


@Base.method("firstindex(a, d)")
def firstindex_along(a: Any, d: int) -> Any:
    return Base.bindings["first"](AXES(a, d))


@Base.method("lastindex(a)")
def lastindex(a: Any) -> Any:
    """The last index.

    ```jldoctest
    julia> lastindex([7, 8]), lastindex([1 2; 3 4], 1)
    (2, 2)
    ```
    """
    if isinstance(a, str):
        return len(a) if a.isascii() else len(a[:-1].encode()) + 1
    if isinstance(a, (Struct, W.Wrapper)) and is_array(a) and len(shape_of(a)) == 1:
        return Base.bindings["last"](AXES(a)[0])
    if isinstance(a, (V.JuliaDict, V.JuliaSet, Lazy)):
        raise MethodError(Base.bindings["lastindex"], (a,), None)
    return Base.bindings["length"](a)


@Base.method("lastindex(a, d)")
def lastindex_along(a: Any, d: int) -> Any:
    return Base.bindings["last"](AXES(a, d))


@Base.method("promote_shape(a::AbstractArray, b::AbstractArray)")
def promote_shape_arrays(a: Any, b: Any) -> Any:
    """The axes that two arrays of one size have in common.

    ```jldoctest
    julia> promote_shape([1, 2], [3, 4])
    (Base.OneTo(2),)
    ```
    """
    from juliette.base.array_arithmetic import same_shape

    same_shape(a, b)
    return AXES(a)


@Base.method("checkbounds(::Type{Bool}, a::AbstractArray, index...)")
def inbounds(_: Any, a: Any, *index: Any) -> bool:
    """Are the indices valid?

    ```jldoctest
    julia> checkbounds(Bool, [1, 2], 3)
    false
    ```
    """
    shape = shape_of(a)
    at = index[0].index if len(index) == 1 and isinstance(index[0], CartesianIndex) else index
    plain = not isinstance(a, Struct) and not (isinstance(a, W.Wrapper) and a.shifts)
    if plain and len(at) == len(shape) and all([type(i) is int for i in at]):
        return all([0 < i <= n for i, n in zip(at, shape, strict=True)])
    try:
        normalise(a, index, shape)
    except BoundsError:
        return False
    return True


@Base.method("checkbounds(a::AbstractArray, index...)")
def checkbounds(a: Any, *index: Any) -> None:
    """Throw a BoundsError if an index is not valid."""
    normalise(a, index, shape_of(a))


@Base.method("checkindex(::Type{Bool}, axis::AbstractUnitRange, index)")
def checkindex(_: Any, axis: Any, index: Any) -> bool:
    """Is the index valid along an axis?

    ```jldoctest
    julia> checkindex(Bool, 1:20, 8), checkindex(Bool, 1:20, 21), checkindex(Bool, 1:20, 3:25)
    (true, false, false)
    ```
    """
    first, last = axis.start, axis.stop
    if isinstance(index, V.ColonType):
        return True
    if is_array(index):
        data = dense(index)
        if eltype_of(index) is T.Bool:
            return bool(data.size == last - first + 1)
        return not data.size or bool(first <= data.min() and data.max() <= last)
    return within_bounds(index, first, last)


@Base.method("promote_shape(a::Tuple, b::Tuple)")
def promote_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of two, which differ in trailing ones at most.

    ```jldoctest
    julia> promote_shape((2, 3), (2, 3, 1))
    (2, 3, 1)
    ```
    """
    if len(a) < len(b):
        return promote_shape(b, a)
    same, repr_of = Base.bindings["=="], Base.bindings["repr"]
    for i, (x, y) in enumerate(zip(a, b, strict=False), start=1):
        if not same(x, y):
            raise DimensionMismatch(
                f"dimensions must match: a has dims {repr_of(a)}, b has dims {repr_of(b)}, mismatch at {i}"
            )
    for i, x in enumerate(a[len(b) :], start=len(b) + 1):
        if not same(x, 1) and not same(x, V.OneTo(1)):
            raise DimensionMismatch(
                f"dimensions must match: a has dims {repr_of(a)}, must have singleton at dim {i}"
            )
    return a


@Base.method("to_indices(a::AbstractArray, index::Tuple)")
def to_indices(a: Any, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices as integers and arrays of integers.

    ```jldoctest
    julia> to_indices([1 2; 3 4], (CartesianIndex(1, 2),))
    (1, 2)
    ```
    """
    if Base.bindings["to_indices"].user_methods or own_axes(a) is not None:
        axes = own_axes(a) or AXES(a)
        return Base.bindings["to_indices"](
            a,
            (V.OneTo(math.prod(shape_of(a))),) if len(index) == 1 and len(axes) > 1 else axes,
            index,
        )
    shape, out = shape_of(a), []
    flat = flatten(index)
    for d, i in enumerate(flat):
        if isinstance(i, V.ColonType):
            out.append(
                Slice(math.prod(shape) if len(flat) == 1 else shape[d] if d < len(shape) else 1)
            )
        else:
            out.append(Base.bindings["findall"](i) if is_array(i) and eltype_of(i) is T.Bool else i)
    return tuple(out)


@Base.method("to_indices(a, axes::Tuple, index::Tuple)")
def to_indices_along(a: Any, axes: tuple[Any, ...], index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices for these axes; extend it for indices of your own kind."""
    if not index:
        return ()
    first, *rest = index
    if isinstance(first, V.ColonType):
        axis = axes[0] if axes else V.OneTo(1)
        head: Any = (Slice(axis.stop) if isinstance(axis, V.OneTo) else axis,)
        used = 1
    elif isinstance(first, CartesianIndex):
        head, used = first.index, len(first.index)
    elif isinstance(first, CartesianIndices):
        # taken apart, as long as the array has a dimension for each part
        head, used = first.ranges, len(first.ranges)
    elif is_array(first) and eltype_of(first) is T.Bool:
        head, used = (Base.bindings["findall"](first),), len(shape_of(first))
    else:
        head, used = (Base.bindings["to_index"](first),), 1
    return (*head, *Base.bindings["to_indices"](a, axes[used:], tuple(rest)))


@Base.method("isassigned(a::AbstractArray, index::Integer...)")
def isassigned(a: Any, *index: int) -> bool:
    """Is there an element at this index?

    ```jldoctest
    julia> isassigned([1, 2], 2), isassigned([1, 2], 3)
    (true, false)
    ```
    """
    try:
        GETINDEX(a, *index)
    except (BoundsError, IndexError, UndefRefError):  # compiled code throws an IndexError
        return False
    return True


@Base.method("isassigned(a::AbstractArray, index::Union{Integer,CartesianIndex}...)")
def isassigned_at(a: Any, *index: Any) -> bool:
    return isassigned(a, *(i for part in index for i in getattr(part, "index", (part,))))


@Base.method("stride(a::AbstractArray, d::Integer)")
def stride(a: Any, d: int) -> int:
    """How far apart in memory neighbours along a dimension are, in elements.

    ```jldoctest
    julia> stride(zeros(3, 4), 2)
    3
    ```
    """
    return _strides(a)[d - 1] if d <= len(shape_of(a)) else math.prod(shape_of(a))


def _strides(a: Any) -> tuple[int, ...]:
    if isinstance(a, Array):
        out, n = [], 1
        for k in a.data.shape:
            out.append(n)
            n *= k
        return tuple(out)
    if isinstance(a, W.Wrapper) and a.aliased:
        data = a.data
        return tuple(s // data.itemsize for s in data.strides)
    if isinstance(a, W.SubArray) and isinstance(a.parent, Array):
        uneven = next((i for i in a.indices if isinstance(i, Array)), None)
        if uneven is not None:
            kind = T.type_string(T.typeof(uneven))
            raise ArgumentError(f"strides is invalid for SubArrays with indices of type {kind}")
    raise MethodError(Base.bindings["strides"], (a,), None)


@Base.method("strides(a::AbstractArray)")
def strides(a: Any) -> tuple[int, ...]:
    """How far apart in memory neighbours along each dimension are, in elements.

    ```jldoctest
    julia> strides(zeros(3, 4, 5))
    (1, 3, 12)
    ```
    """
    return _strides(a)


@Base.method("elsize(t::Type)", export=False)
def elsize(t: Any) -> int:
    """Bytes of an element in memory.

    ```jldoctest
    julia> Base.elsize(Vector{Int32})
    4
    ```
    """
    dtype = T.DTYPE_OF.get(array_parameters(t)[0])
    return dtype.itemsize if dtype is not None else 8


@Base.method("elsize(a::AbstractArray)", export=False, transparent=True)
def elsize_of_array(a: Any) -> int:
    return int(Base.bindings["elsize"](T.typeof(a)))


# ---------------------------------------------------------------- names for kinds of arrays

_t, _n = T.TypeVar("T"), T.TypeVar("N")
Base.const("Dims", T.UnionAll(_n, T.tuple_type([T.Vararg(T.Int64, _n)])))
Base.const("DenseVector", T.UnionAll(_t, T.apply_type(T.DenseArray, _t, 1)))
Base.const("DenseMatrix", T.UnionAll(_t, T.apply_type(T.DenseArray, _t, 2)))
Base.const("DenseVecOrMat", T.union(Base.bindings["DenseVector"], Base.bindings["DenseMatrix"]))


def strided(n: Any) -> Any:
    """What holds its elements at constant distances: Array, and views and other shapes of one."""
    t, m = T.TypeVar("T"), T.TypeVar("N")
    size = m if n is None else n
    dense_parent, read = T.TypeVar("P", None, T.DenseArray), T.TypeVar("S")
    steps = T.union(T.Int64, T.apply_type(Base.bindings["AbstractRange"], T.Int64))
    even = T.TypeVar("I", None, T.tuple_type([T.Vararg(steps)]))
    view = T.apply_type(T.apply_type(W.SubArray_, t, size), dense_parent, even)
    shape = T.apply_type(T.apply_type(W.ReshapedArray_, t, size), dense_parent)
    union = T.union(
        T.apply_type(T.DenseArray, t, size),
        T.UnionAll(dense_parent, T.UnionAll(even, view)),
        T.UnionAll(dense_parent, shape),
        T.UnionAll(
            read,
            T.UnionAll(
                dense_parent, T.apply_type(W.ReinterpretArray_, t, size, read, dense_parent)
            ),
        ),
    )
    return T.UnionAll(t, T.UnionAll(m, union) if n is None else union)


for _name, _dims in (("StridedArray", None), ("StridedVector", 1), ("StridedMatrix", 2)):
    Base.const(_name, strided(_dims))
Base.const(
    "StridedVecOrMat", T.vec_or_mat(Base.bindings["StridedVector"], Base.bindings["StridedMatrix"])
)
