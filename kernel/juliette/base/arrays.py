"""Arrays: construction, indexing, reductions, linear algebra basics."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.essentials import UndefInitializer, _simple, convert_to
from juliette.base.numbers import KERNELS, LOW, HIGH, promote_type, typejoin, wrap as wrap_int
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import (
    UNDEF, Array, array_class, dtype_of, element, elements, make, pack, undef, vector, wrap,
)
from juliette.runtime.errors import ArgumentError, BoundsError, DimensionMismatch, MethodError, UndefRefError
from juliette.runtime.modules import Base, constructors

B.KERNELS = KERNELS
ArrayLike = (Array, V.BitArray, V.Range, V.Transposed)


def shape_of(x: Any) -> tuple[int, ...]:
    return x.shape if isinstance(x, V.Range) else x.data.shape


# ---------------------------------------------------------------- literals


def vect(*xs: Any) -> Array:
    """`[a, b, c]`"""
    if not xs:
        return vector([], T.Any_)
    eltype = T.typeof(xs[0])
    for x in xs:
        t = T.typeof(x)
        if t is not eltype:
            eltype = promote_type(eltype, t)
    if not all(T.typeof(x) is eltype for x in xs):
        xs = tuple(convert_to(eltype, x) for x in xs)
    return vector(xs, eltype)


support.HELPERS["%vect"] = vect


def typed(t: Any, *xs: Any) -> Array:
    """`T[a, b, c]`"""
    return vector([convert_to(t, x) for x in xs], t)


def as_block(x: Any) -> tuple[Any, Any]:
    """(ndarray, eltype) of a piece of a concatenation."""
    if isinstance(x, ArrayLike):
        return np.asarray(x.data), eltype_of(x)
    t = T.typeof(x)
    return pack([x], t).reshape(()), t


def eltype_of(x: Any) -> Any:
    if isinstance(x, V.Range):
        return T.typeof(x.get(0))
    return x.eltype


def concatenate(xs: tuple[Any, ...], dim: int) -> Array:
    """Join along a dimension (from 0)."""
    if not xs:
        return vector([], T.Any_)
    blocks = [as_block(x) for x in xs]
    eltype: Any = T.Bottom
    for _, t in blocks:
        eltype = promote_type(eltype, t)
    n = max(dim + 1, max(b.ndim for b, _ in blocks))
    dtype = dtype_of(eltype)
    parts = []
    for b, _ in blocks:
        part = b.reshape(b.shape + (1,) * (n - b.ndim), order="F") if b.ndim < n else b
        if part.dtype != dtype:
            part = part.astype(dtype) if dtype != object else pack([convert_to(eltype, v) for v in elements(part)], eltype).reshape(part.shape, order="F")
        parts.append(part)
    try:
        data = np.concatenate(parts, axis=dim)
    except ValueError:
        if dim == 0:
            cols = [p.shape[1] for p in parts]
            raise DimensionMismatch(f"number of columns of each array must match (got ({', '.join(map(str, cols))}))") from None
        if dim == 1:
            rows = [p.shape[:1] for p in parts]
            raise DimensionMismatch(f"number of rows of each array must match (got {tuple(r[0] for r in rows)})") from None
        raise DimensionMismatch("mismatch in dimensions of the arrays to join") from None
    return make(np.asfortranarray(data), eltype)


@Base.method("vcat(xs...)")
def vcat(*xs: Any) -> Any:
    """Join vertically."""
    if xs and all(not isinstance(x, ArrayLike) for x in xs):
        return vect(*xs)
    return concatenate(xs, 0)


@Base.method("hcat(xs...)")
def hcat(*xs: Any) -> Any:
    """Join horizontally."""
    return concatenate(xs, 1)


@Base.method("hvcat(rows, xs...)")
def hvcat(rows: Any, *xs: Any) -> Any:
    """Join in rows, each of the given number of pieces."""
    if all(not isinstance(x, ArrayLike) for x in xs):
        n, m = len(rows), rows[0]
        if any(r != m for r in rows):
            bad = next(i for i, r in enumerate(rows) if r != m)
            raise DimensionMismatch(f"row {bad + 1} has mismatched number of columns (expected {m}, got {rows[bad]})" if False else
                                    f"number of columns of each array must match (got {tuple(rows)})")
        flat = vect(*xs)
        return make(np.asfortranarray(flat.data.reshape(n, m)), flat.eltype)
    out, i = [], 0
    for r in rows:
        out.append(hcat(*xs[i : i + r]))
        i += r
    return vcat(*out)


@Base.method("cat(xs...; dims)")
def cat(*xs: Any, dims: Any) -> Any:
    """Join along a dimension."""
    return concatenate(xs, dims - 1)


support.HELPERS["%cat_along"] = lambda dim, *xs: concatenate(xs, dim - 1)
support.HELPERS["%typed_vcat"] = lambda t, *xs: convert_to(T.UnionAll(_n := T.TypeVar("N"), T.apply_type(T.Array_, t, _n)), vcat(*xs))
support.HELPERS["%typed_hcat"] = lambda t, *xs: convert_array_to(hcat(*xs), t)
support.HELPERS["%typed_hvcat"] = lambda t, rows, *xs: convert_array_to(hvcat(rows, *xs), t)
support.HELPERS["%convert_eltype"] = lambda t, a: convert_array_to(a, t)


def convert_array_to(a: Any, t: Any) -> Array:
    from juliette.base.essentials import convert_array

    return convert_array(a, t)


# ---------------------------------------------------------------- construction


def dims_of(dims: tuple[Any, ...]) -> tuple[int, ...]:
    if len(dims) == 1 and type(dims[0]) is tuple:
        dims = dims[0]
    out = []
    for d in dims:
        if isinstance(d, V.UnitRange):
            d = len(d)
        if type(d) is not int:
            d = convert_to(T.Int64, d)
        if d < 0:
            raise ArgumentError("invalid Array dimensions")
        out.append(d)
    return tuple(out)


def filled(name: str, value: int) -> None:
    def f(*args: Any) -> Any:
        t: Any = T.Float64
        if args and isinstance(args[0], T.JuliaType):
            t, args = args[0], args[1:]
        shape = dims_of(args)
        if t in T.DTYPE_OF:
            return make(np.full(shape, value, dtype=T.DTYPE_OF[t], order="F"), t)
        v = convert_to(t, value)
        out = undef(t, shape)
        out.data.fill(v)
        return out

    f.__doc__ = f"An array of {name}: `{name}([T,] dims...)`."
    Base.method(f"{name}(args...)")(f)


filled("zeros", 0)
filled("ones", 1)


@Base.method("trues(dims...)")
def trues(*dims: Any) -> Any:
    """A BitArray of `true`."""
    return V.BitArray(np.ones(dims_of(dims), dtype=bool, order="F"))


@Base.method("falses(dims...)")
def falses(*dims: Any) -> Any:
    """A BitArray of `false`."""
    return V.BitArray(np.zeros(dims_of(dims), dtype=bool, order="F"))


@Base.method("fill(x, dims...)")
def fill(x: Any, *dims: Any) -> Any:
    """An array with `x` everywhere."""
    t = T.typeof(x)
    out = undef(t, dims_of(dims))
    out.data.fill(x) if out.data.dtype != object else _fill_object(out.data, x)
    return out


def _fill_object(data: Any, x: Any) -> None:
    for i in np.ndindex(data.shape):
        data[i] = x


@Base.method("fill!(a, x)")
def fill_into(a: Any, x: Any) -> Any:
    """Set all elements."""
    x = convert_to(a.eltype, x)
    a.data.fill(x) if a.data.dtype != object else _fill_object(a.data, x)
    return a


def _array_constructor(t: Any, *args: Any) -> Any:
    body = T.unwrap(t)
    eltype, ndim = body.parameters
    if args and isinstance(args[0], UndefInitializer):
        return undef(T.Any_ if isinstance(eltype, T.TypeVar) else eltype, dims_of(args[1:]))
    if not args:
        return vector([], T.Any_ if isinstance(eltype, T.TypeVar) else eltype)
    x = args[0]
    source = collect(x)
    if isinstance(eltype, T.TypeVar) or eltype is source.eltype:
        return copy(source) if source is x else source
    return convert_array_to(source, eltype)


_simple(T.Array_, _array_constructor)
for _t in (T.Array_,):
    support._builtin(constructors(_t), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _array_constructor, ("args",))


@Base.method("similar(a, args...)")
def similar(a: Any, *args: Any) -> Any:
    """An array of the same kind, not filled."""
    t = eltype_of(a)
    if args and isinstance(args[0], T.JuliaType):
        t, args = args[0], args[1:]
    return undef(t, dims_of(args) if args else shape_of(a))


@Base.method("copy(a)")
def copy(a: Any) -> Any:
    """A shallow copy."""
    if isinstance(a, Array):
        return type(a)(a.data.copy(order="F"))
    if isinstance(a, V.BitArray):
        return V.BitArray(a.data.copy(order="F"))
    if isinstance(a, V.Transposed):
        return make(np.array(a.data, order="F"), a.eltype)
    if isinstance(a, V.JuliaDict):
        d = type(a)(a.key_type, a.value_type)
        d.data = dict(a.data)
        return d
    if isinstance(a, V.JuliaSet):
        s = V.JuliaSet(a.eltype)
        s.data = dict(a.data)
        return s
    return a


@Base.method("collect(x)", transparent=True)
def collect(x: Any) -> Any:
    """All that an iterator gives, as an array."""
    if isinstance(x, Array):
        return copy(x)
    if isinstance(x, (V.BitArray, V.Transposed)):
        return make(np.array(x.data, order="F"), x.eltype)
    if isinstance(x, V.Range):
        return vector(list(x), eltype_of(x))
    shape = getattr(x, "iteration_shape", None)
    values = list(support.iterate(x))
    eltype = B.join_types(values)
    if type(x) is tuple and values:
        eltype = T.Bottom
        for v in values:
            eltype = typejoin(eltype, T.typeof(v)) if eltype is not T.Bottom else T.typeof(v)
    if isinstance(x, V.JuliaDict):
        eltype = T.apply_type(V.Pair_, x.key_type, x.value_type)
    if isinstance(x, V.JuliaSet):
        eltype = x.eltype
    if not values and eltype is T.Any_:
        eltype = getattr(x, "empty_eltype", T.Any_)
    out = vector(values, eltype)
    if shape is not None and len(shape()) > 1:
        return make(out.data.reshape(shape(), order="F"), eltype)
    return out


def _collect_comprehension(g: Any) -> Any:
    return collect(g)


support.HELPERS["%collect_comprehension"] = _collect_comprehension


def _typed_comprehension(t: Any, g: Any) -> Any:
    shape = getattr(g, "iteration_shape", None)
    out = typed(t, *support.iterate(g))
    if shape is not None and len(shape()) > 1:
        return make(out.data.reshape(shape(), order="F"), t)
    return out


support.HELPERS["%typed_comprehension"] = _typed_comprehension

# ---------------------------------------------------------------- shape


@Base.method("size(a)")
def size(a: Any) -> tuple[int, ...]:
    """The dimensions of an array."""
    return tuple(shape_of(a)) if isinstance(a, ArrayLike) else ()


@Base.method("size(a, d)")
def size_along(a: Any, d: int) -> int:
    s = size(a)
    if d < 1:
        raise ArgumentError("dimension out of range")
    return s[d - 1] if d <= len(s) else 1


@Base.method("length(x)")
def length(x: Any) -> int:
    """How many elements."""
    if isinstance(x, (Array, V.BitArray, V.Transposed)):
        return int(x.data.size)
    if isinstance(x, V.NamedTuple):
        return len(x.values)
    if isinstance(x, (str, tuple, V.Range, V.JuliaDict, V.JuliaSet)):
        return len(x)
    if isinstance(x, (int, float, np.generic)):
        return 1
    if isinstance(x, V.Pair):
        return 2
    n = getattr(x, "iteration_length", None)
    if n is not None:
        return n()  # type: ignore[no-any-return]
    raise MethodError(Base.bindings["length"], (x,), None)


@Base.method("ndims(a)")
def ndims(a: Any) -> int:
    """How many dimensions."""
    return len(size(a))


@Base.method("eltype(x)")
def eltype(x: Any) -> Any:
    """The type of the elements."""
    if isinstance(x, T.JuliaType):
        body = T.unwrap(x)
        family = body.typename
        if T.subtype(x, T.AbstractArray):
            for s in T.supertypes(body):
                if s.typename is T.unwrap(T.AbstractArray).typename:
                    return s.parameters[0]
        return T.Any_ if not T.subtype(x, T.Number) else x
    if isinstance(x, ArrayLike):
        return eltype_of(x)
    if isinstance(x, str):
        return T.Char_
    if isinstance(x, V.JuliaDict):
        return T.apply_type(V.Pair_, x.key_type, x.value_type)
    if isinstance(x, V.JuliaSet):
        return x.eltype
    if type(x) is tuple:
        return B.join_types(list(x)) if x else T.Bottom
    return T.typeof(x) if isinstance(x, (int, float, np.generic)) else T.Any_


@Base.method("axes(a)")
def axes(a: Any) -> tuple[Any, ...]:
    """The valid indices of each dimension."""
    return tuple(V.OneTo(n) for n in size(a))


@Base.method("axes(a, d)")
def axes_along(a: Any, d: int) -> Any:
    return V.OneTo(size_along(a, d))


@Base.method("eachindex(a)")
def eachindex(a: Any) -> Any:
    """All linear indices."""
    return V.OneTo(length(a)) if not isinstance(a, str) else V.UnitRange(1, length(a))


@Base.method("firstindex(a, d...)")
def firstindex(a: Any, *d: int) -> int:
    """The first index."""
    return 1


@Base.method("lastindex(a)")
def lastindex(a: Any) -> int:
    """The last index."""
    return length(a) if not isinstance(a, str) or a.isascii() else len(a[:-1].encode()) + 1


@Base.method("lastindex(a, d)")
def lastindex_along(a: Any, d: int) -> int:
    return size_along(a, d)


@Base.method("isempty(x)")
def isempty(x: Any) -> bool:
    """Has it no elements?"""
    return length(x) == 0


@Base.method("reshape(a, dims...)")
def reshape(a: Any, *dims: Any) -> Any:
    """The same elements in other dimensions, column by column."""
    flat = dims[0] if len(dims) == 1 and type(dims[0]) is tuple else dims
    n = length(a)
    if any(isinstance(d, V.ColonType) for d in flat):
        known = int(np.prod([d for d in flat if not isinstance(d, V.ColonType)]))
        if known == 0 or n % known:
            raise DimensionMismatch(f"array size {n} must be divisible by the product of the new dimensions ({', '.join(':' if isinstance(d, V.ColonType) else str(d) for d in flat)})" if False else
                                    f"new dimensions {tuple(':' if isinstance(d, V.ColonType) else d for d in flat)} must be consistent with array size {n}")
        flat = tuple(n // known if isinstance(d, V.ColonType) else d for d in flat)
    shape = dims_of(flat)
    if int(np.prod(shape)) != n:
        raise DimensionMismatch(f"new dimensions {shape if len(shape) != 1 else f'({shape[0]},)'} must be consistent with array size {n}")
    data = np.asarray(a.data)
    return make(data.reshape(shape, order="F"), eltype_of(a)) if not isinstance(a, V.BitArray) else V.BitArray(data.reshape(shape, order="F"))


@Base.method("vec(a)")
def vec(a: Any) -> Any:
    """All elements as one vector."""
    return reshape(a, length(a))


@Base.method("permutedims(a, perm...)")
def permutedims(a: Any, *perm: Any) -> Any:
    """Reorder the dimensions."""
    data = a.data
    if not perm:
        data = data.reshape(1, -1) if data.ndim == 1 else data.T
    else:
        p = perm[0]
        data = data.transpose([i - 1 for i in (p if type(p) is tuple else elements(p.data))])
    return make(np.asfortranarray(data), a.eltype)


@Base.method("dropdims(a; dims)")
def dropdims(a: Any, *, dims: Any) -> Any:
    """Remove dimensions of size 1."""
    axes_ = tuple(d - 1 for d in (dims if type(dims) is tuple else (dims,)))
    return make(a.data.squeeze(axes_), a.eltype)


@Base.method("adjoint(a::AbstractVecOrMat)")
def adjoint(a: Any) -> Any:
    """`a'`"""
    return a.parent if isinstance(a, V.Adjoint) else V.Adjoint(a)


@Base.method("adjoint(x::Number)", transparent=True)
def adjoint_number(x: Any) -> Any:
    return x


@Base.method("transpose(a)")
def transpose(a: Any) -> Any:
    """The transpose."""
    if isinstance(a, (int, float, np.generic)):
        return a
    return a.parent if isinstance(a, V.Transpose) else V.Transpose(a)


@Base.method("reverse(a)")
def reverse(a: Any) -> Any:
    """The other way round."""
    if isinstance(a, str):
        return a[::-1]
    if type(a) is tuple:
        return a[::-1]
    if isinstance(a, V.UnitRange):
        return V.StepRange(a.stop, -1, a.start)
    return make(np.asfortranarray(np.asarray(a.data)[::-1]), eltype_of(a))


@Base.method("repeat(a, n...)")
def repeat(a: Any, *n: int) -> Any:
    """Repeat an array or a string."""
    if isinstance(a, str):
        return a * n[0]
    if isinstance(a, V.Char):
        return chr(a.code) * n[0]
    data = a.data
    if len(n) > data.ndim:
        data = data.reshape(data.shape + (1,) * (len(n) - data.ndim), order="F")
    return make(np.asfortranarray(np.tile(data, n + (1,) * (data.ndim - len(n)))), a.eltype)


# ---------------------------------------------------------------- indexing


def getindex(a: Any, *index: Any) -> Any:
    """`a[index...]`; the fast paths come before dispatch."""
    cls = type(a)
    if len(index) == 1:
        i = index[0]
        if cls is tuple and type(i) is int:
            if 0 < i <= len(a):
                return a[i - 1]
            raise BoundsError(a, (i,))
    f = GETINDEX
    return f(a, *index)


@Base.method("getindex(a::AbstractArray, i::Integer...)")
def getindex_scalar(a: Any, *index: Any) -> Any:
    """One element of an array."""
    if isinstance(a, V.Range):
        return a.at(index[0]) if len(index) == 1 else getindex_any(a, *index)
    data = a.data
    if len(index) == data.ndim:
        for i, n in zip(index, data.shape, strict=True):
            if not 0 < i <= n:
                raise BoundsError(a, index)
        value = element(data, tuple(i - 1 for i in index))
    elif len(index) == 1:
        i = index[0]
        if not 0 < i <= data.size:
            raise BoundsError(a, index)
        value = element(data, np.unravel_index(i - 1, data.shape, order="F"))
    elif not index:
        value = element(data, ()) if data.ndim == 0 else element(data.ravel(order="F"), 0)
    elif len(index) > data.ndim and all(i == 1 for i in index[data.ndim :]):
        return getindex_scalar(a, *index[: data.ndim])
    else:
        raise BoundsError(a, index)
    if value is UNDEF:
        raise UndefRefError()
    return value


def numpy_index(a: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
    """Julia indices as numpy ones; ranges become slices."""
    out: list[Any] = []
    for d, i in enumerate(index):
        n = shape[d] if d < len(shape) else 1
        if isinstance(i, V.ColonType):
            out.append(slice(None))
        elif isinstance(i, V.UnitRange):
            if len(i) and not (1 <= i.start and i.stop <= n):
                raise BoundsError(a, index)
            out.append(slice(i.start - 1, i.stop) if len(i) else slice(0, 0))
        elif isinstance(i, (V.BitArray,)) or (isinstance(i, Array) and i.eltype is T.Bool):
            if i.data.size != n and not (len(index) == 1 and i.data.shape == shape):
                raise BoundsError(a, index)
            out.append(np.flatnonzero(i.data.ravel(order="F")))
        elif isinstance(i, (Array, V.Range, V.Transposed)):
            where = np.asarray(i.data, dtype=np.int64)
            if where.size and (where.min() < 1 or where.max() > n):
                raise BoundsError(a, index)
            out.append(where - 1)
        else:
            if not 0 < i <= n:
                raise BoundsError(a, index)
            out.append(int(i) - 1)
    return out


def select(data: Any, where: list[Any]) -> Any:
    """Index each dimension on its own (numpy would zip index arrays)."""
    axis = 0
    for i in where:
        if isinstance(i, int):
            data = data[(slice(None),) * axis + (i,)]
        else:
            data = data[(slice(None),) * axis + (i,)]
            axis += i.ndim if isinstance(i, np.ndarray) else 1
    return data


@Base.method("getindex(a::AbstractArray, index...)")
def getindex_any(a: Any, *index: Any) -> Any:
    if isinstance(a, V.Range) and len(index) == 1:
        i = index[0]
        if isinstance(i, V.UnitRange) and isinstance(a, V.UnitRange):
            if len(i) and (i.start < 1 or i.stop > len(a)):
                raise BoundsError(a, index)
            return V.UnitRange(a.start + i.start - 1, a.start + i.stop - 1)
        if isinstance(i, V.ColonType):
            return a
    if len(index) == 1 and isinstance(index[0], CartesianIndex):
        return getindex_scalar(a, *index[0].index)
    data = np.asarray(a.data)
    if len(index) == 1:
        flat = data.ravel(order="F")
        i = index[0]
        where = numpy_index(a, index, (flat.size,) if not (hasattr(i, "data") and getattr(i, "eltype", None) is T.Bool) else (flat.size,))
        out = flat[where[0]]
        if isinstance(where[0], np.ndarray) and not isinstance(i, V.BitArray) and hasattr(i, "data") and i.eltype is not T.Bool if isinstance(i, (Array,)) else False:
            out = out.reshape(i.data.shape, order="F")
    else:
        if len(index) < data.ndim:
            data = data.reshape((*data.shape[: len(index) - 1], -1), order="F")
        elif len(index) > data.ndim:
            data = data.reshape(data.shape + (1,) * (len(index) - data.ndim), order="F")
        out = select(data, numpy_index(a, index, data.shape))
    out = np.array(out, order="F", copy=True)
    if isinstance(a, V.BitArray):
        return V.BitArray(out)
    return make(out, eltype_of(a))


@Base.method("getindex(t::Tuple, i::Integer)", transparent=True)
def getindex_tuple(t: tuple[Any, ...], i: int) -> Any:
    if not 0 < i <= len(t):
        raise BoundsError(t, (i,))
    return t[i - 1]


@Base.method("getindex(t::Tuple, r)", transparent=True)
def getindex_tuple_range(t: tuple[Any, ...], r: Any) -> Any:
    if isinstance(r, V.ColonType):
        return t
    return tuple(getindex_tuple(t, i) for i in support.iterate(r))


@Base.method("getindex(t::NamedTuple, i)", transparent=True)
def getindex_named(t: V.NamedTuple, i: Any) -> Any:
    from juliette.base.essentials import getfield

    if type(i) is int:
        return getindex_tuple(t.values, i)
    return getfield(t, i)


@Base.method("getindex(x::Number)", transparent=True)
def getindex_number(x: Any) -> Any:
    return x


@Base.method("getindex(x::Number, i::Integer)", transparent=True)
def getindex_number_one(x: Any, i: int) -> Any:
    if i != 1:
        raise BoundsError(x, (i,))
    return x


@Base.method("getindex(r::Ref)", transparent=True)
def getindex_ref(r: V.Ref) -> Any:
    return r.x


@Base.method("setindex!(r::Ref, x)", transparent=True)
def setindex_ref(r: V.Ref, x: Any) -> Any:
    r.x = x
    return r


@Base.method("getindex(t::Type, xs...)")
def getindex_type(t: Any, *xs: Any) -> Any:
    return typed(t, *xs)


@Base.method("getindex(p::Pair, i::Integer)", transparent=True)
def getindex_pair(p: V.Pair, i: int) -> Any:
    return (p.first, p.second)[i - 1]


GETINDEX = Base.bindings["getindex"]


@Base.method("setindex!(a::AbstractArray, x, index...)")
def setindex(a: Any, x: Any, *index: Any) -> Any:
    """`a[index...] = x`"""
    if B.TRACE.depth and B.MUTATION is not None:
        B.MUTATION(a, "setindex!")
    if isinstance(a, V.Range):
        from juliette.runtime.errors import CanonicalIndexError

        raise CanonicalIndexError("setindex!", T.typeof(a))
    data = a.data
    if len(index) == 1 and isinstance(index[0], CartesianIndex):
        index = index[0].index
    if all(type(i) is int for i in index):
        x = convert_to(a.eltype, x)
        if len(index) == data.ndim:
            for i, n in zip(index, data.shape, strict=True):
                if not 0 < i <= n:
                    raise BoundsError(a, index)
            data[tuple(i - 1 for i in index)] = x
        elif len(index) == 1:
            if not 0 < index[0] <= data.size:
                raise BoundsError(a, index)
            data[np.unravel_index(index[0] - 1, data.shape, order="F")] = x
        else:
            raise BoundsError(a, index)
        return a
    source = x.data if isinstance(x, ArrayLike) else x
    if not isinstance(source, np.ndarray):
        if not isinstance(x, ArrayLike):
            raise ArgumentError("indexed assignment with a single value to possibly many locations is not supported; perhaps use broadcasting `.=` instead?")
    if len(index) == 1:
        where = numpy_index(a, index, (data.size,))[0]
        picked = np.arange(data.size)[where]
        if source.size != picked.size:
            raise DimensionMismatch(f"tried to assign {source.size} elements to {picked.size} destinations")
        data[np.unravel_index(picked.ravel(order="F"), data.shape, order="F")] = source.ravel(order="F")
        return a
    where = numpy_index(a, index, data.shape)
    grid = np.ix_(*[np.arange(n)[i] if isinstance(i, slice) else np.atleast_1d(i) for i, n in zip(where, data.shape, strict=True)])
    target = data[grid]
    if source.size != target.size:
        raise DimensionMismatch(f"tried to assign {source.size} elements to {target.size} destinations")
    data[grid] = source.reshape(target.shape, order="F")
    return a


class View:
    """A window on an array for `a[i] .= x` and `view`."""

    __slots__ = ("data", "eltype", "node", "parent")

    def __init__(self, parent: Any, data: Any) -> None:
        self.parent = parent
        self.data = data
        self.eltype = parent.eltype
        self.node = None


def dotview(a: Any, *index: Any) -> Any:
    """The target of `a[index...] .= …`."""
    if not isinstance(a, ArrayLike):
        return GETINDEX(a, *index)
    data = a.data
    if len(index) == 1 and data.ndim != 1:
        where = numpy_index(a, index, (data.size,))[0]
        return _Scatter(a, np.unravel_index(np.arange(data.size)[where], data.shape, order="F"))
    where = numpy_index(a, index, data.shape)
    if all(isinstance(i, slice) for i in where):
        return View(a, data[tuple(where)])
    if sum(isinstance(i, np.ndarray) for i in where) == 0:
        if all(isinstance(i, int) for i in where):
            return _Scatter(a, tuple(np.array([i]) for i in where))
        return View(a, data[tuple(where)])
    return _Scatter(a, np.ix_(*[np.arange(n)[i] if isinstance(i, slice) else np.atleast_1d(i) for i, n in zip(where, data.shape, strict=True)]))


class _Scatter:
    """A target of scattered elements."""

    def __init__(self, parent: Any, where: Any) -> None:
        self.parent = parent
        self.where = where
        self.eltype = parent.eltype
        self.node = None

    @property
    def data(self) -> Any:
        return self.parent.data[self.where]


def materialize_into(dest: Any, tree: Any) -> Any:
    if isinstance(dest, _Scatter):
        holder = View(dest.parent, dest.data)
        B.materialize_into(holder, tree)
        dest.parent.data[dest.where] = holder.data
        return dest.parent
    if not isinstance(dest, (Array, V.BitArray, View)):
        raise MethodError(Base.get("copyto!"), (dest, tree), None)
    return B.materialize_into(dest, tree)


@Base.method("view(a, index...)")
def view(a: Any, *index: Any) -> Any:
    """A part of an array (a copy where the window is not regular)."""
    where = numpy_index(a, index, a.data.shape if len(index) > 1 else (a.data.size,))
    return make(a.data[tuple(where)], a.eltype)


class CartesianIndex:
    """`CartesianIndex(i, j)`"""

    __slots__ = ("index",)

    def __init__(self, *index: int) -> None:
        self.index = index[0] if len(index) == 1 and type(index[0]) is tuple else index


_cartesian = T._sub_family("CartesianIndex", "N", lambda n: T.Any_)
T.register_instances(CartesianIndex, lambda c: T.apply_type(_cartesian, len(c.index)), _cartesian)
Base.const("CartesianIndex", _cartesian)
_simple(_cartesian, lambda _, *i: CartesianIndex(*i))

support.HELPERS.update({
    "%materialize": B.materialize, "%broadcasted": B.broadcasted, "%materialize!": materialize_into,
    "%dotview": dotview,
})


class _BroadcastedKeywords:
    def __call__(self, f: Any, *args: Any) -> Any:
        return B.broadcasted(f, *args)

    def call_kw(self, kwargs: dict[str, Any], f: Any, *args: Any) -> Any:
        return B.broadcasted_kw(kwargs, f, *args)


support.HELPERS["%broadcasted_kw"] = _BroadcastedKeywords()


@Base.method("broadcast(f, xs...)", transparent=True)
def broadcast(f: Any, *xs: Any) -> Any:
    """`f.(xs...)`"""
    return B.materialize(B.broadcasted(f, *xs))


@Base.method("copyto!(dest, source)")
def copyto(dest: Any, source: Any) -> Any:
    """Copy all elements into an array."""
    values = elements(np.asarray(source.data)) if isinstance(source, ArrayLike) else list(support.iterate(source))
    flat = [convert_to(dest.eltype, v) for v in values]
    for i, v in enumerate(flat):
        dest.data[np.unravel_index(i, dest.data.shape, order="F")] = v
    return dest


# ---------------------------------------------------------------- vectors that grow


@Base.method("push!(v, xs...)")
def push(v: Any, *xs: Any) -> Any:
    """Add at the end."""
    if B.TRACE.depth and B.MUTATION is not None and isinstance(v, Array):
        B.MUTATION(v, "push!")
    for x in xs:
        if isinstance(v, V.JuliaSet):
            x = convert_to(v.eltype, x)
            v.data[V.hashable(x)] = x
        elif isinstance(v, V.JuliaDict):
            Base.bindings["setindex!"](v, x.second, x.first)
        else:
            v.push(convert_to(v.eltype, x))
    return v


@Base.method("append!(v, xs...)")
def append(v: Any, *xs: Any) -> Any:
    """Add all elements of collections at the end."""
    for x in xs:
        for item in support.iterate(x):
            v.push(convert_to(v.eltype, item))
    return v


@Base.method("pop!(v)")
def pop(v: Any) -> Any:
    """Remove and return the last element."""
    if not len(v.data):
        raise ArgumentError("array must be non-empty")
    return v.pop()


def _replace(v: Any, data: Any) -> None:
    v.data = data
    v._buffer = None


@Base.method("pushfirst!(v, xs...)")
def pushfirst(v: Any, *xs: Any) -> Any:
    """Add in front."""
    _replace(v, np.concatenate([pack([convert_to(v.eltype, x) for x in xs], v.eltype), v.data]))
    return v


@Base.method("popfirst!(v)")
def popfirst(v: Any) -> Any:
    """Remove and return the first element."""
    if not len(v.data):
        raise ArgumentError("array must be non-empty")
    x = element(v.data, 0)
    _replace(v, v.data[1:].copy())
    return x


@Base.method("insert!(v, i, x)")
def insert(v: Any, i: int, x: Any) -> Any:
    """Insert before index `i`."""
    if not 1 <= i <= len(v.data) + 1:
        raise BoundsError(v, (i,))
    _replace(v, np.concatenate([v.data[: i - 1], pack([convert_to(v.eltype, x)], v.eltype), v.data[i - 1 :]]))
    return v


@Base.method("deleteat!(v, i)")
def deleteat(v: Any, i: Any) -> Any:
    """Remove elements by index."""
    where = numpy_index(v, (i,), v.data.shape)[0]
    _replace(v, np.delete(v.data, where))
    return v


@Base.method("empty!(v)")
def empty(v: Any) -> Any:
    """Remove all elements."""
    if isinstance(v, (V.JuliaDict, V.JuliaSet)):
        v.data.clear()
    else:
        _replace(v, v.data[:0].copy())
    return v


# ---------------------------------------------------------------- reductions


def reduction(name: str, ufunc: Any, operator: str, doc: str) -> None:
    def whole(a: Any, *, dims: Any = None, init: Any = None) -> Any:
        if not isinstance(a, ArrayLike):
            return fold(a)
        data = np.asarray(a.data)
        if data.dtype == object or data.dtype.kind not in "iufb":
            return fold(a)
        if data.size == 0 and name in ("maximum", "minimum"):
            raise ArgumentError("reducing over an empty collection is not allowed; consider supplying `init` to the reducer")
        if data.dtype.kind in "iub" and name in ("sum", "prod"):
            data = data.astype(np.int64 if data.dtype.kind in "ib" else np.uint64, copy=False)
        if dims is not None and not isinstance(dims, V.ColonType):
            axis = tuple(d - 1 for d in (dims if type(dims) is tuple else (dims,)))
            return wrap(np.asfortranarray(ufunc(data, axis=tuple(x for x in axis if x < data.ndim), keepdims=True)))
        out = ufunc(data)
        value = out.item() if out.dtype.char in "dlq?" else out
        return value if init is None else Base.bindings[operator](init, value)

    def fold(a: Any) -> Any:
        op = Base.bindings[operator]
        items = iter(support.iterate(a))
        try:
            acc = next(items)
        except StopIteration:
            if name in ("maximum", "minimum"):
                raise ArgumentError("reducing over an empty collection is not allowed; consider supplying `init` to the reducer") from None
            return 0 if name == "sum" else 1
        for x in items:
            acc = op(acc, x)
        return acc

    whole.__doc__ = doc
    Base.method(f"{name}(a::AbstractArray; dims=:, init=nothing)")(whole)

    @Base.method(f"{name}(f, a::AbstractArray; dims=:, init=nothing)", transparent=True)
    def mapped(f: Any, a: Any, *, dims: Any = None, init: Any = None) -> Any:
        values = B.materialize(B.broadcasted(f, a)) if isinstance(a, ArrayLike) else collect(tuple(f(x) for x in support.iterate(a)))
        if dims is None:
            return Base.bindings[name](values)
        return Base.bindings[name].call_kw({"dims": dims}, values)


reduction("sum", np.sum, "+", "Add the elements, all of them or along `dims`.")
reduction("prod", np.prod, "*", "Multiply the elements.")
reduction("maximum", np.max, "max", "The greatest element.")
reduction("minimum", np.min, "min", "The smallest element.")


@Base.method("extrema(a::AbstractArray)")
def extrema(a: Any) -> Any:
    """Smallest and greatest element."""
    return Base.bindings["minimum"](a), Base.bindings["maximum"](a)


def extreme(name: str, arg: Any) -> None:
    def find(a: Any) -> Any:
        data = np.asarray(a.data)
        i = int(arg(data.ravel(order="F")))
        return i + 1 if data.ndim == 1 else CartesianIndex(*(int(k) + 1 for k in np.unravel_index(i, data.shape, order="F")))

    Base.method(f"arg{name}(a::AbstractArray)")(find)

    @Base.method(f"find{name}(a::AbstractArray)")
    def both(a: Any) -> Any:
        i = find(a)
        return (GETINDEX(a, i), i)


extreme("max", np.argmax)
extreme("min", np.argmin)


def cumulative(name: str, ufunc: Any) -> None:
    @Base.method(f"{name}(a; dims=1)")
    def f(a: Any, *, dims: int = 1) -> Any:
        data = np.asarray(a.data)
        return wrap(np.asfortranarray(ufunc(data, axis=dims - 1)))


cumulative("cumsum", np.cumsum)
cumulative("cumprod", np.cumprod)

# ---------------------------------------------------------------- linear algebra


def same_shape(a: Any, b: Any) -> None:
    if shape_of(a) != shape_of(b):
        def dims(x: Any) -> str:
            inner = ", ".join(f"Base.OneTo({n})" for n in shape_of(x))
            return f"({inner},)" if len(shape_of(x)) == 1 else f"({inner})"

        at = next((i + 1 for i, (m, n) in enumerate(zip(shape_of(a), shape_of(b), strict=False)) if m != n), min(len(shape_of(a)), len(shape_of(b))) + 1)
        raise DimensionMismatch(f"dimensions must match: a has dims {dims(a)}, b has dims {dims(b)}, mismatch at {at}")


def array_binary(name: str) -> None:
    @Base.method(f"{name}(a::AbstractArray, b::AbstractArray)")
    def f(a: Any, b: Any) -> Any:
        same_shape(a, b)
        return unbit(B.materialize(B.broadcasted(Base.bindings[name], a, b)))


def unbit(a: Any) -> Any:
    return wrap(a.data.astype(np.int64)) if isinstance(a, V.BitArray) else a


array_binary("+")
array_binary("-")


@Base.method("-(a::AbstractArray)")
def negate_array(a: Any) -> Any:
    return wrap(np.negative(np.asarray(a.data)))


for _name in ("*", "/"):

    @Base.method(f"{_name}(a::AbstractArray, x::Number)")
    def _scale(a: Any, x: Any, name: str = _name) -> Any:
        return B.materialize(B.broadcasted(Base.bindings[name], a, x))


@Base.method("*(x::Number, a::AbstractArray)")
def scale_left(x: Any, a: Any) -> Any:
    return B.materialize(B.broadcasted(Base.bindings["*"], x, a))


@Base.method("*(a::AbstractVecOrMat, b::AbstractVecOrMat)")
def matmul(a: Any, b: Any) -> Any:
    x, y = np.asarray(a.data), np.asarray(b.data)
    if x.ndim == 1:
        x = x.reshape(-1, 1)
    if x.shape[1] != y.shape[0]:
        if y.ndim == 1:
            if eltype_of(a) is eltype_of(b) and x.dtype.kind == "f":
                raise DimensionMismatch(f"second dimension of A, {x.shape[1]}, does not match length of x, {y.shape[0]}")
            raise DimensionMismatch(f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), vector B has length {y.shape[0]}")
        if eltype_of(a) is eltype_of(b) and x.dtype.kind == "f":
            raise DimensionMismatch(f"A has dimensions ({x.shape[0]},{x.shape[1]}) but B has dimensions ({y.shape[0]},{y.shape[1]})")
        raise DimensionMismatch(f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), matrix B has dimensions ({y.shape[0]},{y.shape[1]})")
    if isinstance(a, V.Transposed) and a.parent.data.ndim == 1 and y.ndim == 1:
        out = x.reshape(-1).dot(y)
        return out.item() if out.dtype.char in "dlq" else out
    return wrap(product(x, y))


def product(x: Any, y: Any) -> Any:
    """Matrix product in Fortran order."""
    if x.dtype.kind in "b":
        x = x.astype(np.int64)
    if y.dtype.kind in "b":
        y = y.astype(np.int64)
    return x.dot(y) if y.ndim == 1 else y.T.dot(x.T).T


@Base.method("dot(a, b)")
def dot(a: Any, b: Any) -> Any:
    """Inner product."""
    if not isinstance(a, ArrayLike):
        return Base.bindings["*"](a, b)
    x, y = np.asarray(a.data).ravel(order="F"), np.asarray(b.data).ravel(order="F")
    if x.size != y.size:
        raise DimensionMismatch(f"dot product arguments have lengths {x.size} and {y.size}" if x.dtype.kind == "f" else
                                f"first array has length {x.size} which does not match the length of the second, {y.size}.")
    out = x.dot(y)
    return out.item() if out.dtype.char in "dlq" else out


Base.const("⋅", Base.bindings["dot"])


@Base.method("norm(a, p=2)")
def norm(a: Any, p: Any = 2) -> Any:
    """The p-norm of all elements."""
    out = np.linalg.norm(np.asarray(a.data).ravel(), p) if isinstance(a, ArrayLike) else abs(a)
    return out if isinstance(out, np.float32) else float(out)


@Base.method("==(a::AbstractArray, b::AbstractArray)")
def equal_arrays(a: Any, b: Any) -> Any:
    x, y = np.asarray(a.data), np.asarray(b.data)
    if x.shape != y.shape:
        return False
    if x.dtype == object or y.dtype == object:
        return all(Base.bindings["=="](p, q) for p, q in zip(elements(x), elements(y), strict=True))
    return bool(np.array_equal(x, y))


@Base.method("isapprox(a::AbstractArray, b::AbstractArray; atol=0, rtol=nothing)")
def isapprox_arrays(a: Any, b: Any, *, atol: Any = 0, rtol: Any = None) -> bool:
    x, y = np.asarray(a.data), np.asarray(b.data)
    if x.shape != y.shape:
        return False
    if rtol is None:
        single = x.dtype == np.float32 or y.dtype == np.float32
        rtol = 0 if atol > 0 else (3.4526698e-4 if single else 1.4901161193847656e-8)
    d = np.linalg.norm((x - y).ravel())
    return bool(d <= max(atol, rtol * max(np.linalg.norm(x.ravel()), np.linalg.norm(y.ravel()))))


# ---------------------------------------------------------------- ranges


def colon(a: Any, b: Any, c: Any = None) -> Any:
    """`a:b` and `a:step:c`"""
    step = None
    if c is not None:
        step, b = b, c
    if isinstance(a, V.Char):
        return V.StepRange(a, 1 if step is None else step, b)
    if all(isinstance(x, (int, np.integer)) for x in (a, b)) and (step is None or isinstance(step, (int, np.integer))):
        if step is None:
            return V.UnitRange(int(a), int(b))
        if step == 0:
            raise ArgumentError("step cannot be zero")
        return V.StepRange(int(a), int(step), int(b))
    if not all(isinstance(x, (int, float, np.generic)) for x in (a, b)):
        raise MethodError(Base.bindings[":"], (a, b) if step is None else (a, step, b), None)
    s = 1.0 if step is None else float(step)
    if s == 0:
        raise ArgumentError("range step cannot be zero")
    n = int(np.floor((float(b) - float(a)) / s * (1 + 4e-16) + 1e-10)) + 1
    n = max(n, 0)
    return V.FloatRange(float(a), s, n)


class _Colon:
    """`:` as an index and as the function that makes ranges."""


V.ColonType.__call__ = lambda self, *args: colon(*args)  # type: ignore[attr-defined]
Base.const(":", V.COLON)


@Base.method("range(start, stop=nothing; length=nothing, step=nothing, stop_=nothing)")
def range_(start: Any, stop: Any = None, *, length: Any = None, step: Any = None, stop_: Any = None) -> Any:
    """A range by its ends and length or step."""
    if length is not None and stop is not None:
        if isinstance(start, int) and isinstance(stop, int) and length > 1 and (stop - start) % (length - 1) == 0 and False:
            return V.StepRange(start, (stop - start) // (length - 1), stop)
        return V.FloatRange(float(start), (float(stop) - float(start)) / max(length - 1, 1), length, float(stop))
    if length is not None:
        s = 1 if step is None else step
        return colon(start, s, start + s * (length - 1)) if step is not None else colon(start, start + length - 1)
    if step is not None:
        return colon(start, step, stop)
    return colon(start, stop) if stop is not None else V.OneTo(start)


@Base.method("step(r)")
def step(r: Any) -> Any:
    """The difference of neighbours in a range."""
    return r.step


assert LOW < HIGH and wrap_int is not None and array_class is not None
