"""What the indices of an array mean.

`normalise` turns Julia's indices into one numpy selector for each, after the checks: integers, `:`,
ranges, arrays of integers of any shape, logical arrays, and `CartesianIndex`es alone or in arrays.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    is_array,
    origin,
    own_axes,
    result,
    shape_of,
)
from juliette.base.cartesian import CartesianIndex, CartesianIndices
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements, make
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
)
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct

LogicalIndex_ = T.define("LogicalIndex", module=Base)


class LogicalIndex:
    """A Boolean array used as an index, as error messages show it."""

    __slots__ = ("mask",)

    def __init__(self, mask: Any) -> None:
        self.mask = mask


T.register_class(LogicalIndex, LogicalIndex_)


@Base.method("show(io::IO, i::Base.LogicalIndex)")
def show_logical(io: Any, i: LogicalIndex) -> None:
    io.write(Base.bindings["summary"](i.mask))


Base.const("LogicalIndex", LogicalIndex_, export=False)
Base.exports.add("CanonicalIndexError")


class Indices(NamedTuple):
    """Normalised indices: numpy selectors, Julia's values of them, and how many dimensions each spans."""

    where: tuple[Any, ...]
    kept: tuple[Any, ...]
    groups: tuple[int, ...] | None


def flatten(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices with each `CartesianIndex` and `CartesianIndices` spelled out."""
    out: list[Any] = []
    for i in index:
        if isinstance(i, CartesianIndex):
            out.extend(i.index)
        elif isinstance(i, CartesianIndices):
            out.extend(i.ranges)
        else:
            out.append(i)
    return tuple(out)


def span(i: Any) -> int:
    """How many dimensions an index stands for."""
    if isinstance(i, (Array, V.BitArray, W.Wrapper)) or (isinstance(i, Struct) and is_array(i)):
        if eltype_of(i) is T.Bool:
            return len(shape_of(i))
        if isinstance(eltype_of(i), T.DataType) and eltype_of(i).typename is CARTESIAN_NAME:
            return int(eltype_of(i).parameters[0])
    return 1


CARTESIAN_NAME = T.unwrap(Base.bindings["CartesianIndex"]).typename


def from_one(
    a: Any, index: tuple[Any, ...], shape: tuple[int, ...], first: tuple[int, ...]
) -> Indices:
    """The same for an array with axes of its own: what they count from `first` is counted from 1 here."""
    index = flatten(index)
    if len(index) == 1 and len(first) != 1 and span(index[0]) == 1:  # a linear index
        return normalise(None, index, shape)
    axes = Base.bindings["axes"](a)
    moved, d = [], 0
    for i in index:
        own, n = first[d : d + span(i)], span(i)
        if isinstance(i, V.ColonType):
            moved.append(i)
        elif is_array(i) and eltype_of(i) is T.Bool:
            if shape_of(i) != shape[d : d + n] or (origin(i) or (1,) * n) != own:
                raise BoundsError(a, tuple(LogicalIndex(i) if x is i else x for x in index))
            moved.append(unshifted(i))
        else:
            step = CartesianIndex(tuple(k - 1 for k in own)) if n > 1 else own[0] - 1 if own else 0
            moved.append(B.materialize(B.broadcasted(Base.bindings["-"], unshifted(i), step)))
        d += n
    try:
        at = normalise(None, tuple(moved), shape)
    except BoundsError:
        raise BoundsError(
            a, tuple(axes[d] if isinstance(i, V.ColonType) else i for d, i in enumerate(index))
        ) from None
    return Indices(
        at.where,
        tuple(
            k if isinstance(i, V.ColonType) or (is_array(i) and eltype_of(i) is T.Bool) else i
            for i, k in zip(index, at.kept, strict=True)
        ),
        at.groups,
    )


def unshifted(i: Any) -> Any:
    """An index with the same elements, whose own axes count from 1."""
    return make(dense(i), eltype_of(i)) if own_axes(i) is not None else i


def normalise(a: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> Indices:
    """Check indices against a shape and turn them into numpy's."""
    if (
        any(isinstance(i, Struct) for i in index)
        and a is not None
        and Base.bindings["to_indices"].user_methods
    ):
        index = Base.bindings["to_indices"](a, index)
    first = origin(a)
    if first is not None:
        return from_one(a, index, shape, first)
    if any(isinstance(i, (CartesianIndex, CartesianIndices)) for i in index):
        index = flatten(index)
    spans = [span(i) for i in index]
    total = sum(spans)
    if total == len(index) == 1 and len(shape) != 1:  # a linear index
        shape = (math.prod(shape),)
    elif total < len(shape):
        if any(n != 1 for n in shape[total:]):
            raise BoundsError(a, shown(index, shape))
        shape = shape[:total]
    elif total > len(shape):
        shape = shape + (1,) * (total - len(shape))
    where: list[Any] = []
    kept: list[Any] = []
    d = 0
    for i, n in zip(index, spans, strict=True):
        lengths = shape[d : d + n]
        d += n
        selector, value = one_index(i, lengths, a, index, shape)
        where.append(selector)
        kept.append(value)
    groups = None if all(n == 1 for n in spans) else tuple(spans)
    return Indices(tuple(where), tuple(kept), groups)


def one_index(
    i: Any, lengths: tuple[int, ...], a: Any, index: tuple[Any, ...], shape: tuple[int, ...]
) -> tuple[Any, Any]:
    """Selector and kept value of one index into dimensions of these lengths."""
    cls = type(i)
    n = lengths[0] if lengths else 1
    if cls is int:
        if not 0 < i <= n:
            raise BoundsError(a, shown(index, shape))
        return i - 1, i
    if cls is V.ColonType:
        return slice(None), V.Slice(n)
    if isinstance(i, V.UnitRange) and i.eltype in _INT_TYPES:
        if len(i):
            if not (i.start >= 1 and i.stop <= n):
                raise BoundsError(a, shown(index, shape))
            return slice(i.start - 1, i.stop), i
        return slice(0, 0), i
    if isinstance(i, V.StepRange) and i.eltype in _INT_TYPES:
        if not len(i):
            return slice(0, 0), i
        first, last, step = int(i.start), int(i.stop), int(i.step)
        if not (min(first, last) >= 1 and max(first, last) <= n):
            raise BoundsError(a, shown(index, shape))
        stop = last - 1 + (1 if step > 0 else -1)
        return slice(first - 1, stop if stop >= 0 else None, step), i
    if is_array(i):
        t = eltype_of(i)
        data = dense(i)
        if t is T.Bool:
            return logical(i, data, lengths, a, index, shape)
        if isinstance(t, T.DataType) and t.typename is CARTESIAN_NAME:
            parts = np.array([x.index for x in data.ravel(order="F")], dtype=np.int64).reshape(
                data.size, len(lengths)
            )
            if parts.size and ((parts < 1).any() or (parts > np.array(lengths)).any()):
                raise BoundsError(a, shown(index, shape))
            flat = (
                np.ravel_multi_index(tuple(parts.T - 1), lengths, order="F")
                if lengths
                else np.zeros(data.size)
            )
            return np.asarray(flat, dtype=np.int64).reshape(data.shape, order="F"), i
        if data.dtype == object and all(
            isinstance(x, (int, np.integer)) and type(x) is not bool for x in data.flat
        ):
            data = data.astype(np.int64)
        if data.dtype.kind not in "iu":
            if data.size == 0:
                return np.zeros(data.shape, dtype=np.int64), i
            # The bounds come first, and then the first element that is no index.
            items = elements(data)
            if not all([within_bounds(x, 1, n) for x in items]):
                raise BoundsError(a, shown(index, shape))
            raise invalid(next(x for x in items if not T.isa(x, T.Integer)))
        if data.size and (data.min() < 1 or data.max() > n):
            raise BoundsError(a, shown(index, shape))
        return data.astype(np.int64) - 1, i
    if isinstance(i, np.integer):
        return one_index(int(i), lengths, a, index, shape)
    if cls is not bool and T.subtype(T.typeof(i), T.Integer):
        return one_index(convert_element(T.Int64, i), lengths, a, index, shape)
    converted = Base.bindings["to_index"](i)
    if converted is i:
        raise invalid(i)
    return one_index(converted, lengths, a, index, shape)


_INT_TYPES = {T.Int64, T.Int8, T.Int16, T.Int32, T.UInt8, T.UInt16, T.UInt32, T.UInt64}


def within_bounds(i: Any, low: int, high: int) -> bool:
    """Is an element of an index in the bounds? Any real number can be."""
    if not T.isa(i, T.Real) or type(i) is bool:
        raise ArgumentError(
            f"unable to check bounds for indices of type {T.type_string(T.typeof(i))}"
        )
    return bool(low <= i <= high)


def invalid(i: Any) -> Exception:
    """The error of something that is no index."""
    return ArgumentError(f"invalid index: {text(i)} of type {T.type_string(T.typeof(i))}")


def text(x: Any) -> str:
    return Base.bindings["repr"](x)


@Base.method("to_index(i)", export=False)
def to_index(i: Any) -> Any:
    """The index that a value stands for; extend it for index types of your own.

    ```jldoctest
    julia> Base.to_index(0x03), Base.to_index(2:4)
    (3, 2:4)
    ```
    """
    if is_array(i):
        return Base.bindings["findall"](i) if eltype_of(i) is T.Bool else i
    if type(i) is bool or not T.isa(i, T.Integer):
        raise invalid(i)
    return convert_element(T.Int64, i)


def logical(
    i: Any, data: Any, lengths: tuple[int, ...], a: Any, index: Any, shape: Any
) -> tuple[Any, Any]:
    """A logical index: the positions of its true elements."""
    same = data.shape == lengths or (
        len(index) == 1 and data.ndim == 1 and data.size == math.prod(shape)
    )
    if len(index) == 1 and is_array(a) and data.ndim > 1 and data.shape == shape_of(a):
        same = True
    if not same or origin(i) is not None:
        raise BoundsError(a, tuple(LogicalIndex(i) if x is i else x for x in index))
    where = np.flatnonzero(data.ravel(order="F"))
    return where, result(where + 1, T.Int64)


def shown(index: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The indices as BoundsError shows them."""
    out: list[Any] = []
    d = 0
    for i in index:
        n = span(i)
        if isinstance(i, V.ColonType):
            out.append(V.UnitRange(1, shape[d] if d < len(shape) else 1))
        elif is_array(i) and eltype_of(i) is T.Bool:
            out.append(LogicalIndex(i))
        else:
            out.append(i)
        d += n
    return tuple(out)


select = W.select
