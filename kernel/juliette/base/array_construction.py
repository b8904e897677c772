"""Making arrays: `Array{T}(undef, …)`, `zeros`, `fill`, `similar`, `copy`, `collect`, comprehensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    check_size,
    convert_data,
    convert_element,
    dense,
    dims_of,
    eltype_of,
    fortran,
    is_array,
    like,
    own_axes,
    shape_of,
    shaped,
    tuple_text,
)
from juliette.base.essentials import UndefInitializer, _simple
from juliette.base.numbers.promotion import promote_type
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements, fill_object, make, undef, vector
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    MethodError,
)
from juliette.runtime.modules import Base, constructors
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE

# ---------------------------------------------------------------- one-dimensional literals


def vect(*xs: Any) -> Array:
    """`[a, b, c]`: the elements are promoted to a common type."""
    if not xs:
        return vector([], T.Any_)
    types = set(map(T.typeof, xs))
    if len(types) == 1:
        return vector(xs, types.pop())
    eltype = T.typeof(xs[0])
    for x in xs:
        eltype = promote_type(eltype, T.typeof(x))
    return vector([convert_element(eltype, x) for x in xs], eltype)


support.HELPERS["%vect"] = vect
Base.method("vect(xs...)", export=False)(lambda *xs: vect(*xs))


def typed(t: Any, *xs: Any) -> Array:
    """`T[a, b, c]`"""
    return vector([convert_element(t, x) for x in xs], t)


@Base.method("getindex(t::Type, xs...)")
def getindex_type(t: Any, *xs: Any) -> Any:
    """`T[a, b, c]`: a vector with elements of type `T`.

    ```jldoctest
    julia> Float32[1, 2]
    2-element Vector{Float32}:
     1.0
     2.0
    ```
    """
    return typed(t, *xs)


# ---------------------------------------------------------------- filled arrays


def array_like_data(t: Any, shape: tuple[int, ...], value: Any) -> Array:
    """An Array of one value, already of type `t`."""
    dtype = T.DTYPE_OF.get(t)
    check_size(shape, dtype or object)
    if dtype is not None:
        return make(
            np.zeros(shape, dtype, "F")
            if value == 0 and type(value) is int
            else np.full(shape, value, dtype=dtype, order="F"),
            t,
        )
    out = undef(t, shape)
    fill_object(out.data, value)
    return out


def of_ranges(t: Any, dims: tuple[Any, ...]) -> Any:
    """An array of a package's own for ranges that are no sizes, not filled; None for sizes."""
    dims = dims[0] if len(dims) == 1 and type(dims[0]) is tuple else dims
    if all(type(d) is int or isinstance(d, V.OneTo) or not T.isa(d, T.AbstractRange) for d in dims):
        return None
    kind = T.apply_type(T.Array_, t, len(dims))
    if SIMILAR.user_matches((T.type_of_type(kind), T.typeof(dims))):
        return SIMILAR(kind, dims)
    if all((isinstance(d, V.UnitRange) and d.start == 1) or T.isa(d, T.Integer) for d in dims):
        return None
    raise MethodError(SIMILAR, (kind, dims), None)


def filled(name: str, unit: str) -> None:
    @Base.method(f"{name}(args...)")
    def f(*args: Any) -> Any:
        t: Any = T.Float64
        dims = args
        if args and isinstance(args[0], T.JuliaType):
            t, dims = args[0], args[1:]
        own = of_ranges(t, dims)
        if own is not None:
            return Base.bindings["fill!"](own, Base.bindings[unit](t))
        shape = dims_of(dims)
        if t in T.DTYPE_OF:
            return array_like_data(t, shape, 0 if unit == "zero" else 1)
        return array_like_data(t, shape, Base.bindings[unit](t))

    f.__doc__ = f"""An array of {name}: `{name}([T,] dims...)`.

    ```jldoctest
    julia> {name}(Int8, 2, 3)
    2×3 Matrix{{Int8}}:
     {"  ".join(["0" if name == "zeros" else "1"] * 3)}
     {"  ".join(["0" if name == "zeros" else "1"] * 3)}
    ```
    """


filled("zeros", "zero")
filled("ones", "one")


@Base.method("trues(dims...)")
def trues(*dims: Any) -> Any:
    """A BitArray of `true`.

    ```jldoctest
    julia> trues(2, 3)
    2×3 BitMatrix:
     1  1  1
     1  1  1
    ```
    """
    return V.BitArray(np.ones(dims_of(dims), dtype=bool, order="F"))


@Base.method("falses(dims...)")
def falses(*dims: Any) -> Any:
    """A BitArray of `false`.

    ```jldoctest
    julia> falses(3)
    3-element BitVector:
     0
     0
     0
    ```
    """
    return V.BitArray(np.zeros(dims_of(dims), dtype=bool, order="F"))


@Base.method("fill(x, dims...)")
def fill(x: Any, *dims: Any) -> Any:
    """An array with `x` everywhere.

    ```jldoctest
    julia> fill("a", 2)
    2-element Vector{String}:
     "a"
     "a"
    ```
    """
    own = of_ranges(T.typeof(x), dims)
    return (
        array_like_data(T.typeof(x), dims_of(dims), x)
        if own is None
        else Base.bindings["fill!"](own, x)
    )


@Base.method("fill!(a::AbstractArray, x)")
def fill_into(a: Any, x: Any) -> Any:
    """Set all elements.

    ```jldoctest
    julia> fill!(zeros(2), 7)
    2-element Vector{Float64}:
     7.0
     7.0
    ```
    """
    if TRACE.depth and B.MUTATION is not None:
        B.MUTATION(a, "fill!")
    if isinstance(a, (Struct, V.Range)):
        put = Base.bindings["setindex!"]
        for i in support.iterate(Base.bindings["eachindex"](a)):
            put(a, x, i)
        return a
    x = convert_element(a.eltype, x)
    if isinstance(a, W.Wrapper):
        values = np.empty(a.shape, dtype=a.data.dtype)
        fill_object(values, x) if values.dtype == object else values.fill(x)
        a.write((slice(None),) * values.ndim, values)
    elif a.data.dtype == object:
        fill_object(a.data, x)
    else:
        a.data.fill(x)
    return a


# ---------------------------------------------------------------- constructors


# How values that are no arrays become one of a given size (`Matrix(I, 2, 3)`):
# class → f(value, shape, element type or None).
FROM_VALUE: dict[type, Any] = {}


def _array_constructor(t: Any, *args: Any) -> Any:
    """`Array{T,N}(undef, dims...)`, `Vector{T}()`, `Matrix(A)`, …"""
    body = T.unwrap(t)
    eltype, ndim = body.parameters
    open_type = isinstance(eltype, T.TypeVar)
    if len(args) > 1 and type(args[0]) in FROM_VALUE:
        dims = dims_of(args[1:])
        if len(dims) != (ndim if type(ndim) is int else 2):
            raise MethodError(t, args, None)
        return FROM_VALUE[type(args[0])](args[0], dims, None if open_type else eltype)
    if (
        args
        and isinstance(args[0], (UndefInitializer, type(None), V.MissingType))
        and (len(args) > 1 or isinstance(args[0], UndefInitializer))
    ):
        shape = dims_of(args[1:])
        if type(ndim) is int and len(shape) != ndim:
            raise MethodError(t, args, None)
        kind = T.Any_ if open_type else eltype
        check_size(shape, T.DTYPE_OF.get(kind, object))
        if not isinstance(args[0], UndefInitializer):
            return array_like_data(kind, shape, convert_element(kind, args[0]))
        return undef(kind, shape)
    if not args and ndim == 1 and (open_type or not T.has_free(eltype)):
        return vector([], T.Any_ if open_type else eltype)
    if len(args) != 1 or not (is_array(args[0]) or _iterable(args[0])):
        raise MethodError(t, args, None)
    (x,) = args
    if not is_array(x):
        x = Base.bindings["collect"](x)
    data, old = np.array(dense(x), order="F"), eltype_of(x)
    if type(ndim) is int and data.ndim != ndim:
        raise MethodError(t, args, None)
    if open_type:
        eltype = old
    return make(fortran(convert_data(eltype, data, old)), eltype)


def _iterable(x: Any) -> bool:
    return type(x) is tuple or hasattr(x, "julia_iterator")


_simple(T.Array_, _array_constructor)
support._builtin(
    constructors(T.Array_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _array_constructor, ("args",)
)


def _bit_constructor(t: Any, *args: Any) -> Any:
    """`BitVector(undef, n)`, `BitArray(A)`"""
    if args and isinstance(args[0], UndefInitializer):
        return V.BitArray(np.zeros(dims_of(args[1:]), dtype=bool, order="F"))
    if not args:
        return V.BitArray(np.zeros(0, dtype=bool))
    x = args[0] if is_array(args[0]) else Base.bindings["collect"](args[0])
    return V.BitArray(np.array(convert_data(T.Bool, dense(x), eltype_of(x)), dtype=bool, order="F"))


support._builtin(
    constructors(V.BitArray_),
    T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
    _bit_constructor,
    ("args",),
)


# ---------------------------------------------------------------- similar and copies


@Base.method("similar(a::AbstractArray)", transparent=True)
def similar(a: Any) -> Any:
    """An array of the same kind, not filled: `similar(A, [T], [dims...])`.

    ```jldoctest
    julia> size(similar([1 2; 3 4], Float64, 3))
    (3,)
    ```
    """
    return SIMILAR(a, eltype_of(a))


@Base.method("similar(a::AbstractArray, t::Type)", transparent=True)
def similar_type(a: Any, t: Any) -> Any:
    return SIMILAR(a, t, own_axes(a) or shape_of(a))


@Base.method(
    "similar(a::AbstractArray, dims::Union{Integer,AbstractUnitRange}...)", transparent=True
)
def similar_dims(a: Any, *dims: Any) -> Any:
    return SIMILAR(a, eltype_of(a), dims_or_ranges(dims))


@Base.method("similar(a::AbstractArray, dims::Tuple)", transparent=True)
def similar_shape(a: Any, dims: Any) -> Any:
    return SIMILAR(a, eltype_of(a), dims_or_ranges(dims))


@Base.method(
    "similar(a::AbstractArray, t::Type, dims::Union{Integer,AbstractUnitRange}...)",
    transparent=True,
)
def similar_type_dims(a: Any, t: Any, *dims: Any) -> Any:
    return SIMILAR(a, t, dims_or_ranges(dims))


def dims_or_ranges(dims: tuple[Any, ...]) -> tuple[Any, ...]:
    """A shape from the arguments `dims...`; ranges of other kinds than `OneTo` stay for other methods to understand."""
    if all(isinstance(d, V.OneTo) or T.isa(d, T.Integer) for d in dims):
        return dims_of((tuple(dims),))
    return dims


@Base.method(
    "similar(a::AbstractArray, t::Type, dims::Tuple{Union{Integer,Base.OneTo},Vararg{Union{Integer,Base.OneTo}}})"
)
def similar_counted(a: Any, t: Any, dims: Any) -> Any:
    return SIMILAR(a, t, dims_of((dims,)))


@Base.method("similar(a::AbstractArray, t::Type, dims::Tuple)")
@Base.method("similar(a::AbstractArray, t::Type, dims::Tuple{Vararg{Int64}})")
def similar_full(a: Any, t: Any, dims: Any) -> Any:
    if any(T.isa(d, T.AbstractRange) and not isinstance(d, V.Range) for d in dims):
        raise MethodError(SIMILAR, (a, t, dims), None)
    shape = dims_of((dims,))
    if isinstance(a, V.BitArray) and t is T.Bool:
        return V.BitArray(np.zeros(shape, dtype=bool, order="F"))
    return undef(t, shape)


@Base.method("similar(t::Type, dims::Union{Integer,AbstractUnitRange}...)")
def similar_of_type_dims(t: Any, *dims: Any) -> Any:
    return SIMILAR(t, dims_or_ranges(dims))


@Base.method(
    "similar(t::Type{<:AbstractArray}, dims::Tuple{Union{Integer,Base.OneTo},Vararg{Union{Integer,Base.OneTo}}})"
)
def similar_of_type_counted(t: Any, dims: Any) -> Any:
    return SIMILAR(t, dims_of((dims,)))


@Base.method("similar(t::Type, dims::Tuple)")
@Base.method("similar(t::Type{<:AbstractArray}, dims::Tuple{Vararg{Int64}})")
def similar_of_type(t: Any, dims: Any) -> Any:
    return T.CONSTRUCT(t, (Base.bindings["undef"], dims_of((dims,))), {})


SIMILAR = Base.bindings["similar"]


@Base.method("copy(a)")
def copy(a: Any) -> Any:
    """A shallow copy.

    ```jldoctest
    julia> a = [1, 2]; b = copy(a); b[1] = 9; a
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if isinstance(a, Array):
        return type(a)(a.data.copy(order="F"))
    if isinstance(a, V.BitArray):
        return V.BitArray(a.data.copy(order="F"))
    if isinstance(a, W.Transposed):
        inner = copy(a.parent)
        return type(a)(inner) if a.parent_is_vector else make(np.array(a.data, order="F"), a.eltype)
    if isinstance(a, W.Wrapper):
        return like(a, np.array(a.data, order="F"), a.eltype)
    if is_array(a) and isinstance(a, Struct):
        return Base.bindings["copyto!"](SIMILAR(a), a)
    return a


@Base.method("copymutable(a)", export=False)
def copymutable(a: Any) -> Any:
    """A copy that can be written to.

    ```jldoctest
    julia> Base.copymutable(1:2)
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if isinstance(a, Struct):
        return Base.bindings["copyto!"](SIMILAR(a), a)
    if own_axes(a) is not None:
        return like(a, np.array(dense(a), order="F"), eltype_of(a))
    return Base.bindings["collect"](a)


@Base.method("copyto!(dest::AbstractArray, source)")
def copyto(dest: Any, source: Any) -> Any:
    """Copy all elements into an array.

    ```jldoctest
    julia> copyto!(zeros(3), 1:2)
    3-element Vector{Float64}:
     1.0
     2.0
     0.0
    ```
    """
    values = elements(dense(source)) if is_array(source) else list(support.iterate(source))
    room = math.prod(shape_of(dest))
    if len(values) > room:
        if is_array(source):
            raise BoundsError(
                dest,
                (
                    V.UnitRange(1, len(values))
                    if isinstance(dest, Array) and isinstance(source, Array)
                    else len(values),
                ),
            )
        raise ArgumentError("destination has fewer elements than required")
    _write_range(dest, 0, values)
    return dest


@Base.method("copyto!(dest::AbstractArray, dstart::Integer, source)", transparent=True)
def copyto_whole(dest: Any, start: int, source: Any) -> Any:
    return copyto_from(dest, start, source, first_of(source))


@Base.method("copyto!(dest::AbstractArray, dstart::Integer, source, sstart::Integer)")
def copyto_from(dest: Any, start: int, source: Any, first: int) -> Any:
    at = first - first_of(source)
    values = values_list(source)
    if at < 0 or at > len(values):
        raise BoundsError(source, (first,))
    values = values[at:]
    return _copy_some(dest, start, values)


@Base.method(
    "unsafe_copyto!(dest::AbstractArray, dstart::Integer, source, sstart::Integer, n::Integer)"
)
def unsafe_copyto(dest: Any, dstart: int, source: Any, sstart: int, n: int) -> Any:
    """`copyto!`, checked all the same."""
    return Base.bindings["copyto!"](dest, dstart, source, sstart, n)


@Base.method("copyto!(dest::AbstractArray, dstart::Integer, source, sstart::Integer, n::Integer)")
def copyto_count(dest: Any, start: int, source: Any, first: int, n: int) -> Any:
    if n < 0:
        raise ArgumentError(f"tried to copy n={n} elements, but n should be nonnegative")
    values = values_list(source)
    at = first - first_of(source)
    if at < 0 or at + n > len(values):
        raise BoundsError(source, (V.UnitRange(first, first + n - 1),))
    return _copy_some(dest, start, values[at : at + n])


@Base.method(
    "copyto!(dest::AbstractMatrix, di::AbstractRange, dj::AbstractRange, a::AbstractMatrix, si::AbstractRange, sj::AbstractRange)"
)
def copyto_block(dest: Any, di: Any, dj: Any, a: Any, si: Any, sj: Any) -> Any:
    """A block of one matrix, written to a block of another."""
    for name, ours, theirs in (("row", di, si), ("column", dj, sj)):
        if len(ours) != len(theirs):
            raise ArgumentError(
                f"source and destination must have same size (got {len(theirs)} and {len(ours)})"
                if name
                else ""
            )
    return Base.bindings["setindex!"](dest, Base.bindings["getindex"](a, si, sj), di, dj)


@Base.method(
    "copyto!(dest::AbstractArray, to::CartesianIndices, a::AbstractArray, from::CartesianIndices)"
)
def copyto_indices(dest: Any, to: Any, a: Any, source: Any) -> Any:
    """The elements of a block, written to a block of the same shape.

    ```jldoctest
    julia> copyto!(zeros(Int, 2, 3), CartesianIndices((1:2, 2:3)), [1 2; 3 4], CartesianIndices((2, 2)))
    2×3 Matrix{Int64}:
     0  1  2
     0  3  4
    ```
    """
    if to.shape != source.shape:
        sizes = f"{tuple_text(source.shape)} and {tuple_text(to.shape)}"
        raise ArgumentError(f"source and destination must have same size (got {sizes})")
    for _name, whole, part in (("destination", dest, to), ("source", a, source)):
        if not all(part.shape) or Base.bindings["checkbounds"](T.Bool, whole, *part.ranges):
            continue
        raise BoundsError(whole, tuple(part.ranges))
    if all(to.shape):
        Base.bindings["setindex!"](dest, Base.bindings["getindex"](a, *source.ranges), *to.ranges)
    return dest


def values_list(source: Any) -> list[Any]:
    return elements(dense(source)) if is_array(source) else list(support.iterate(source))


def _copy_some(dest: Any, start: int, values: list[Any]) -> Any:
    room, first = math.prod(shape_of(dest)), first_of(dest)
    if start < first or start + len(values) - first > room:
        raise BoundsError(dest, (V.UnitRange(start, start + len(values) - 1),))
    _write_range(dest, start - first, values)
    return dest


def first_of(a: Any) -> int:
    """The first linear index of an array, or of another container."""
    return (
        int(Base.bindings["firstindex"](a))
        if isinstance(a, (Struct, W.Wrapper)) and is_array(a)
        else 1
    )


def _write_range(dest: Any, start: int, values: list[Any]) -> None:
    if TRACE.depth and B.MUTATION is not None:
        B.MUTATION(dest, "copyto!")
    if isinstance(dest, Struct):
        from juliette.base.assigning import SETINDEX
        from juliette.base.indexing import canonical_position

        shape = shape_of(dest)
        for i, v in enumerate(values, start):
            SETINDEX(dest, v, *canonical_position(dest, i, shape))
        return
    t = dest.eltype
    data = shaped([convert_element(t, v) for v in values], t, (len(values),))
    W.write_linear(dest, np.arange(start, start + len(values)), data)


@Base.method("copy!(dest::AbstractVector, source::AbstractVector)")
def copy_into(dest: Any, source: Any) -> Any:
    """Make a vector equal to another: same length, same elements.

    ```jldoctest
    julia> copy!([1, 2, 3], [7, 8])
    2-element Vector{Int64}:
     7
     8
    ```
    """
    if shape_of(dest) != shape_of(source):
        Base.bindings["resize!"](dest, shape_of(source)[0])
    return copyto(dest, source)


@Base.method("copy!(dest::AbstractArray, source::AbstractArray)")
def copy_array_into(dest: Any, source: Any) -> Any:
    if shape_of(dest) != shape_of(source):
        raise ArgumentError("arrays must have the same axes for copy! (consider using `copyto!`)")
    return copyto(dest, source)
