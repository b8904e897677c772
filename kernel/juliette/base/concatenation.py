"""Joining arrays: `[a; b]`, `[a b]`, `;;;`, `vcat`, `hcat`, `hvcat`, `cat`, `stack`, `repeat`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_construction import typed, vect
from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    fortran,
    is_array,
    like,
    result,
    shape_of,
    tuple_text,
)
from juliette.base.numbers.promotion import promote_type
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import OBJECT, Array, make, pack, vector
from juliette.runtime.errors import ArgumentError, DimensionMismatch, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE

# How values that take their size from their neighbours (`I` of LinearAlgebra) become arrays:
# class → f(value, size).
SCALING: dict[type, Any] = {}


def as_block(x: Any) -> tuple[Any, Any]:
    """(ndarray, eltype) of a piece of a concatenation."""
    if is_array(x):
        return dense(x), eltype_of(x)
    t = T.typeof(x)
    return pack([x], t).reshape(()), t


def sized(xs: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    """The pieces with each `I` as large as its neighbours along an axis."""
    if not any(type(x) in SCALING for x in xs):
        return xs
    n = next((shape_of(x)[axis] for x in xs if is_array(x) and len(shape_of(x)) > axis), None)
    if n is None:
        raise ArgumentError("hvcat of only UniformScaling objects cannot determine the matrix size")
    return tuple(SCALING[type(x)](x, n) if type(x) in SCALING else x for x in xs)


# Set by the gradient packages: joins pieces of which some are traced, or gives None; without a dimension, would it?
TRACED_JOIN: Any = None


def end_to_end(xs: tuple[Any, ...]) -> Any:
    """Vectors of one type, and numbers of their element type, one after the other; None if there is more to it."""
    cls = next((type(x) for x in xs if isinstance(x, Array)), None)
    if cls is None or cls.ndim != 1:
        return None
    dtype = T.DTYPE_OF.get(cls.eltype, OBJECT) if not TRACE.depth else None
    parts: list[Any] = []
    n, alone = 0, False
    for x in xs:
        if type(x) is cls:
            parts.append(x.data)
            n += len(x.data)
            continue
        if dtype is None or T.typeof(x) is not cls.eltype or is_array(x) or type(x) in SCALING:
            return None
        parts.append(x)
        n, alone = n + 1, True
    if not alone:
        return cls(np.concatenate(parts))
    data = np.empty(n, dtype)
    at = 0
    for x in parts:
        if isinstance(x, np.ndarray):
            data[at : at + len(x)] = x
            at += len(x)
        else:
            data[at] = x
            at += 1
    return cls(data)


def concatenate(xs: tuple[Any, ...], dim: int, eltype: Any = None, by_cat: bool = False) -> Any:
    """Join along a dimension (from 0); errors are worded as those of `cat` by choice."""
    if TRACE.depth and TRACED_JOIN is not None:
        traced = TRACED_JOIN(xs, dim, eltype)
        if traced is not None:
            return traced
    if dim == 0 and eltype is None:
        joined = end_to_end(xs)
        if joined is not None:
            return joined
    if not xs:
        shape = (0,) * max(dim + 1, 1)
        return make(np.empty(shape, dtype=object), T.Any_) if eltype is None else vector([], eltype)
    if SCALING:
        xs = sized(xs, 0 if dim == 1 else 1)
    blocks = [as_block(x) for x in xs]
    if eltype is None:
        eltype = T.Bottom
        for _, t in blocks:
            eltype = promote_type(eltype, t)
    n = max(dim + 1, max(b.ndim for b, _ in blocks))
    parts = []
    for b, t in blocks:
        part = b.reshape(b.shape + (1,) * (n - b.ndim), order="F") if b.ndim < n else b
        parts.append(convert_data(eltype, part, t))
    shapes = [p.shape for p in parts]
    for d in range(n):
        if d != dim and any(s[d] != shapes[0][d] for s in shapes):
            raise mismatch(shapes, dim, d, 0 if by_cat or not all(map(is_array, xs)) else n)
    data = fortran(np.concatenate(parts, axis=dim))
    if all(isinstance(x, V.BitArray) for x in xs):
        return V.BitArray(data)
    out = make(data, eltype)
    for x in xs:
        if isinstance(x, W.Wrapper):
            joined = x.joined(out)
            if joined is not out:
                return joined
    return out


def mismatch(shapes: list[Any], dim: int, d: int, n: int) -> Exception:
    """The error for pieces that do not fit each other; those of arrays alone in n dimensions, else in `cat`."""
    if n == 2 and dim == 0:
        return DimensionMismatch(
            f"number of columns of each array must match (got {tuple_text(s[1] for s in shapes)})"
        )
    if n == 2 and dim == 1:
        return DimensionMismatch(
            f"number of rows of each array must match (got {tuple_text(s[0] for s in shapes)})"
        )
    bad = next(s for s in shapes if s[d] != shapes[0][d])
    return DimensionMismatch(
        f"mismatch in dimension {d + 1} (expected {shapes[0][d]} got {bad[d]})"
    )


@Base.method("vcat(xs...)")
def vcat(*xs: Any) -> Any:
    """Join vertically.

    ```jldoctest
    julia> vcat([1, 2], 3, [4.5])
    4-element Vector{Float64}:
     1.0
     2.0
     3.0
     4.5
    ```
    """
    if not TRACE.depth:
        joined = end_to_end(xs)
        if joined is not None:
            return joined
    if not any(map(is_array, xs)) and not (SCALING and any(type(x) in SCALING for x in xs)):
        return vect(*xs)
    return concatenate(xs, 0)


@Base.method("hcat(xs...)")
def hcat(*xs: Any) -> Any:
    """Join horizontally.

    ```jldoctest
    julia> hcat([1, 2], [3, 4])
    2×2 Matrix{Int64}:
     1  3
     2  4
    ```
    """
    if not xs:
        return vector([], T.Any_)
    first = xs[0]
    if isinstance(first, W.Transposed) and all(
        isinstance(x, W.Transposed) and x.family is first.family and x.parent_is_vector for x in xs
    ):
        return type(first).__mro__[1](vcat(*[x.parent for x in xs]))
    return concatenate(xs, 1)


@Base.method("hvcat(rows::Union{Int,Tuple{Vararg{Int}}}, xs...)")
def hvcat(rows: Any, *xs: Any) -> Any:
    """Join in rows, each of the given number of pieces (or one number for all).

    ```jldoctest
    julia> hvcat((2, 1), 1, 2, [3 4])
    2×2 Matrix{Int64}:
     1  2
     3  4
    ```
    """
    return joined_rows(rows, xs, None)


def joined_rows(rows: Any, xs: tuple[Any, ...], eltype: Any) -> Any:
    """The pieces in rows, with a given element type or the common one."""
    if not xs:
        return Base.bindings["vcat"]()
    if TRACE.depth and TRACED_JOIN is not None and TRACED_JOIN(xs, None, eltype):
        counts = (rows,) * (len(xs) // rows) if type(rows) is int else rows
        ends = [sum(counts[: i + 1]) for i in range(len(counts))]
        return concatenate(
            tuple(
                [concatenate(xs[e - n : e], 1, eltype) for e, n in zip(ends, counts, strict=True)]
            ),
            0,
            eltype,
        )
    if type(rows) is int:
        if rows == 0 or len(xs) % rows:
            raise ArgumentError(
                f"number of arrays {len(xs)} is not a multiple of the requested number of block columns {rows}"
            )
        rows = (rows,) * (len(xs) // rows)
    if not any(map(is_array, xs)) and not (SCALING and any(type(x) in SCALING for x in xs)):
        n, m = len(rows), rows[0]
        if len(xs) != n * m and len({T.typeof(x) for x in xs}) == 1 and eltype is None:
            raise ArgumentError(
                f"argument count does not match specified shape (expected {n * m}, got {len(xs)})"
            )
        for i, r in enumerate(rows):
            if r != m:
                raise DimensionMismatch(
                    f"row {i + 1} has mismatched number of columns (expected {m}, got {r})"
                )
        flat = vect(*xs) if eltype is None else typed(eltype, *xs)
        return result(flat.data.reshape(n, m), flat.eltype)
    if all(is_array(x) and len(shape_of(x)) <= 2 for x in xs):
        check_blocks(rows, xs)
    out, i = [], 0
    for r in rows:
        out.append(concatenate(xs[i : i + r], 1, eltype))
        i += r
    return concatenate(tuple(out), 0, eltype)


def check_blocks(rows: tuple[int, ...], xs: tuple[Any, ...]) -> None:
    """Raise DimensionMismatch for blocks that do not make up a matrix."""
    i = 0
    total = sum(shape_of(x)[1] if len(shape_of(x)) == 2 else 1 for x in xs[: rows[0]])
    for k, r in enumerate(rows, 1):
        row = xs[i : i + r]
        height = shape_of(row[0])[0]
        width = 0
        for x in row:
            if shape_of(x)[0] != height:
                raise DimensionMismatch(
                    f"mismatched height in block row {k} (expected {height}, got {shape_of(x)[0]})"
                )
            width += shape_of(x)[1] if len(shape_of(x)) == 2 else 1
        if width != total:
            raise DimensionMismatch(
                f"block row {k} has mismatched number of columns (expected {total}, got {width})"
            )
        i += r


def _dims(dims: Any) -> tuple[int, ...]:
    if isinstance(dims, int):
        return (dims,)
    if type(dims) is tuple:
        if not all(isinstance(d, int) for d in dims):
            raise MethodError(Base.bindings["cat"], (dims,), None)
        return dims
    x = getattr(dims, "x", None)
    if x is not None:
        return _dims(x)
    found = tuple(support.iterate(dims))
    for d in found:
        Base.bindings["<="](d, 0)
    return tuple(map(int, found))


@Base.method("cat(xs...; dims)")
def cat(*xs: Any, dims: Any) -> Any:
    """Join along one dimension, or block by block along several.

    ```jldoctest
    julia> cat([1 2], [3 4], dims = (1, 2))
    2×4 Matrix{Int64}:
     1  2  0  0
     0  0  3  4
    ```
    """
    along = _dims(dims)
    if any(d < 1 for d in along):
        raise ArgumentError(
            f"All cat dimensions must be positive integers, but got {Base.bindings['repr'](dims)}"
        )
    if not xs:
        return vector([], T.Any_)
    if len(along) == 1:
        return concatenate(xs, along[0] - 1, by_cat=True)
    blocks = [as_block(x) for x in xs]
    eltype: Any = T.Bottom
    for _, t in blocks:
        eltype = promote_type(eltype, t)
    if not along:
        raise ArgumentError("reducing over an empty collection is not allowed")
    n = max(max(along), *(b.ndim for b, _ in blocks))
    parts = [
        convert_data(eltype, b.reshape(b.shape + (1,) * (n - b.ndim), order="F"), t)
        for b, t in blocks
    ]
    shape = tuple(
        sum(p.shape[d] for p in parts) if d + 1 in along else parts[0].shape[d] for d in range(n)
    )
    out = make(np.zeros(shape, dtype=parts[0].dtype, order="F"), eltype)
    if out.data.dtype == object:
        Base.bindings["fill!"](out, Base.bindings["zero"](eltype))
    corner = [0] * n
    for p in parts:
        for d in range(n):
            if d + 1 not in along and p.shape[d] != shape[d]:
                raise DimensionMismatch(
                    f"mismatch in dimension {d + 1} (expected {shape[d]} got {p.shape[d]})"
                )
        out.data[tuple(slice(c, c + k) for c, k in zip(corner, p.shape, strict=True))] = p
        for d in along:
            corner[d - 1] += p.shape[d - 1]
    for x in xs:
        if isinstance(x, W.Wrapper):
            out = x.joined(out)
    return out


def _typed_vcat(t: Any, *xs: Any) -> Any:
    return concatenate(xs, 0, t) if any(map(is_array, xs)) else typed(t, *xs)


def _cat_along(dim: int, *xs: Any) -> Any:
    return concatenate(xs, dim - 1)


def _convert_eltype(t: Any, a: Any) -> Any:
    return make(convert_data(t, a.data, a.eltype), t)


@Base.method("typed_vcat(t::Type, xs...)", export=False)
def typed_vcat(t: Any, *xs: Any) -> Any:
    """`t[xs[1]; xs[2]; …]`"""
    return _typed_vcat(t, *xs)


@Base.method("typed_hcat(t::Type, xs...)", export=False)
def typed_hcat(t: Any, *xs: Any) -> Any:
    """`t[xs[1] xs[2] …]`"""
    return concatenate(xs, 1, t)


@Base.method("typed_hvcat(t::Type, rows, xs...)", export=False)
def typed_hvcat(t: Any, rows: Any, *xs: Any) -> Any:
    """`t[xs[1] xs[2]; …]`"""
    return joined_rows(rows, xs, t)


support.HELPERS["%cat_along"] = _cat_along
support.HELPERS["%typed_vcat"] = _typed_vcat
support.HELPERS["%typed_hcat"] = typed_hcat
support.HELPERS["%typed_hvcat"] = typed_hvcat
support.HELPERS["%convert_eltype"] = _convert_eltype


@Base.method("hvncat(dims::Tuple, row_first::Bool, xs...)")
def hvncat(dims: Any, row_first: bool, *xs: Any) -> Any:
    """Join in several dimensions at once: `hvncat((rows, columns, …), row_first, xs...)`.

    ```jldoctest
    julia> hvncat((2, 2), true, 1, 2, 3, 4)
    2×2 Matrix{Int64}:
     1  2
     3  4
    ```
    """
    sizes = dims
    if sizes and type(sizes[0]) is tuple:
        return joined_groups(sizes, row_first, xs)
    if math.prod(sizes) != len(xs):
        raise ArgumentError(
            "argument count does not match specified shape (expected "
            f"{math.prod(sizes)}, got {len(xs)})"
        )
    grid = np.empty(len(xs), dtype=object)
    for i, x in enumerate(xs):
        grid[i] = x
    if row_first and len(sizes) > 1:
        order = (sizes[1], sizes[0], *sizes[2:])
        grid = grid.reshape(order, order="F").swapaxes(0, 1)
    else:
        grid = grid.reshape(sizes, order="F")
    for d in range(len(sizes)):
        joined = np.empty(grid.shape[1:], dtype=object)
        for at in np.ndindex(*grid.shape[1:]):
            joined[at] = concatenate(tuple(grid[(k, *at)] for k in range(grid.shape[0])), d)
        grid = joined
    return grid.item() if grid.ndim == 0 else grid


@Base.method("hvncat(dim::Int, xs...)")
def hvncat_along(dim: int, *xs: Any) -> Any:
    return concatenate(xs, dim - 1)


def joined_groups(shape: Any, row_first: bool, xs: tuple[Any, ...]) -> Any:
    """Join the pieces level by level; `shape` says for each level how many pieces make up each group."""
    if any(sum(level) != len(xs) for level in shape):
        raise ArgumentError("all dimensions of argument `shape` must sum to the same number")
    along = list(range(len(shape)))
    if row_first and len(along) > 1:
        along[:2] = [1, 0]
    blocks = [(x, 1) for x in xs]
    for level, d in zip(shape, along, strict=True):
        rest, joined = iter(blocks), []
        for count in level:
            group, n = [], 0
            while n < count:
                block, k = next(rest)
                group.append(block)
                n += k
            joined.append((concatenate(tuple(group), d), n))
        blocks = joined
    return blocks[0][0]


# Slices that stay of their kind when they are stacked, by the class of the first: `f(items, size)`.
STACKS: dict[type, Any] = {}


@Base.method("stack(xs; dims=:)")
def stack(xs: Any, *, dims: Any = None) -> Any:
    """One array from several of the same size: each becomes a slice along a new dimension.

    ```jldoctest
    julia> stack([[1, 2], [3, 4]])
    2×2 Matrix{Int64}:
     1  3
     2  4
    ```
    """
    outer = shape_of(xs) if is_array(xs) else getattr(xs, "iteration_shape", lambda: None)()
    items = list(support.iterate(xs))
    if not items:
        raise ArgumentError("`stack` on an empty collection is not allowed")
    own = next((STACKS[c] for c in type(items[0]).__mro__ if c in STACKS), None)
    if own is not None and (dims is None or isinstance(dims, V.ColonType)):
        return own(items, outer)
    blocks = [
        as_block(x)
        if is_array(x)
        else as_block(Base.bindings["collect"](x))
        if type(x) is tuple
        else as_block(x)
        for x in items
    ]
    eltype: Any = T.Bottom
    for _, t in blocks:
        eltype = promote_type(eltype, t)
    shape = blocks[0][0].shape
    for b, _ in blocks:
        if b.shape != shape:
            raise DimensionMismatch(
                "stack expects uniform slices, got axes(x) == "
                f"{tuple_text(f'1:{n}' for n in b.shape)} while first had {tuple_text(f'1:{n}' for n in shape)}"
            )
    parts = [convert_data(eltype, b, t) for b, t in blocks]
    if dims is None or isinstance(dims, V.ColonType):
        data = np.stack(parts, axis=-1)
        if outer is not None and len(outer) != 1:
            data = np.asfortranarray(data).reshape(shape + tuple(outer), order="F")
    else:
        if not 1 <= dims <= len(shape) + 1:
            raise ArgumentError(f"cannot stack slices ndims(x) = {len(shape)} along dims = {dims}")
        data = np.stack(parts, axis=dims - 1)
    return result(data, eltype)


@Base.method("stack(f, xs, more...; dims=:)", transparent=True)
def stack_mapped(f: Any, *xs: Any, dims: Any = V.COLON) -> Any:
    each = (
        Base.bindings["map"](f, *xs)
        if all(map(is_array, xs))
        else Base.bindings["collect"](Base.bindings["Generator"](f, *xs))
    )
    return Base.bindings["stack"].call_kw({"dims": dims}, each)


@Base.method("repeat(a::AbstractArray, n::Integer...)")
def repeat(a: Any, *n: Any) -> Any:
    """Repeat an array along its dimensions.

    ```jldoctest
    julia> repeat([1, 2], 2)
    4-element Vector{Int64}:
     1
     2
     1
     2

    julia> repeat([1 2], inner = (1, 2), outer = (2, 1))
    2×4 Matrix{Int64}:
     1  1  2  2
     1  1  2  2
    ```
    """
    return repeated(a, None, n)


@Base.method("repeat(a::AbstractArray; inner=nothing, outer=nothing)")
def repeat_parts(a: Any, *, inner: Any = None, outer: Any = None) -> Any:
    return repeated(a, inner, outer)


def repeated(a: Any, inner: Any, outer: Any) -> Any:
    """Each element `inner` times, the whole `outer` times, along each dimension."""
    data = dense(a)
    counts = []
    for name, given in (("inner", inner), ("outer", outer)):
        given = (
            ()
            if given is None
            else (given,)
            if isinstance(given, int)
            else tuple(int(i) for i in support.iterate(given))
        )
        if any(k < 0 for k in given):
            raise ArgumentError(
                f"all elements of repetition counts must be non-negative, got {tuple_text(given)}"
                if name != "outer"
                else f"number of repetitions must be non-negative, got {tuple_text(given)}"
            )
        counts.append(given)
    for name, given, counted in zip(("inner", "outer"), (inner, outer), counts, strict=True):
        if (
            given is not None
            and len(counted) < data.ndim
            and (name == "inner" or inner is not None or not counted)
        ):
            raise ArgumentError(
                f"number of {name} repetitions ({len(counted)}) cannot be less than number of dimensions of input array ({data.ndim})"
            )
    n = max(data.ndim, *map(len, counts))
    data = data.reshape(data.shape + (1,) * (n - data.ndim), order="F")
    for d, k in enumerate(counts[0]):
        if k != 1:
            data = np.repeat(data, k, axis=d)
    if any(k != 1 for k in counts[1]):
        data = np.tile(data, counts[1] + (1,) * (n - len(counts[1])))
    return like(a, np.array(data, order="F"), eltype_of(a))
