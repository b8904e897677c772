"""What holds for every array: native ones, with numpy data, and those of users, by Julia's interface.

A native array has `data`, `eltype` and a shape.  A user's array is any struct below `AbstractArray`;
its size and elements come from its own methods of `size` and `getindex`.  Functions of arrays work
on `dense(a)` and give their results to `like`, which asks a user's `similar` for the container.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from juliette.base.conversion import convert_to
from juliette.runtime import array as arrays
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import UNDEF, Array, elements, make, pack
from juliette.runtime.errors import ArgumentError, InexactError, MethodError, NoMethod
from juliette.runtime.modules import Base
from juliette.runtime.ranges import IdentityUnitRange
from juliette.runtime.structs import Struct, checked
from juliette.syntax.expr import Symbol

Base.const(":", V.COLON)
V.COLON.module = Base
ArrayLike = (Array, V.BitArray, V.Range, W.Wrapper)
shape_of = W.shape_of

_IS_ARRAY: dict[type, bool] = {}


def is_array(x: Any) -> bool:
    """Is it of a type below `AbstractArray`?"""
    if isinstance(x, ArrayLike):
        return True
    if not isinstance(x, Struct):
        return False
    cls = type(x)
    found = _IS_ARRAY.get(cls)
    if found is None:
        found = _IS_ARRAY[cls] = T.subtype(T.typeof(x), T.AbstractArray)
    return found


def array_parameters(t: Any) -> tuple[Any, Any]:
    """Element type and number of dimensions of a type below `AbstractArray`."""
    goal = T.unwrap(T.AbstractArray).typename
    for s in T.supertypes(T.unwrap(t)):
        if s.typename is goal:
            return s.parameters[0], s.parameters[1]
    raise MethodError(Base.bindings["eltype"], (t,), None)


def eltype_of(x: Any) -> Any:
    """The element type of an array."""
    t = getattr(x, "eltype", None) if not isinstance(x, Struct) else None
    return t if t is not None else array_parameters(T.typeof(x))[0]


def dense(x: Any) -> np.ndarray[Any, Any]:
    """The elements of any array as an ndarray of its shape."""
    if isinstance(x, ArrayLike):
        return x.data
    if is_array(x):
        return gather(x)
    raise MethodError(Base.bindings["collect"], (x,), None)


def gather(x: Any) -> np.ndarray[Any, Any]:
    """The elements of a user's array, asked for one by one."""
    shape = shape_of(x)
    values = list(user_elements(x, shape))
    return shaped(values, eltype_of(x), shape)


def user_elements(x: Any, shape: tuple[int, ...]) -> Iterable[Any]:
    """The elements of a user's array in column-major order."""
    get = Base.bindings["getindex"]
    first = origin(x) or (1,) * len(shape)
    if len(shape) == 1:
        return (get(x, i) for i in range(first[0], first[0] + shape[0]))
    if is_linear(x):
        return (get(x, i) for i in range(1, math.prod(shape) + 1))
    return (get(x, *map(int.__add__, index[::-1], first)) for index in np.ndindex(*shape[::-1]))


def origin(a: Any) -> tuple[int, ...] | None:
    """The first index of each axis of an array; None where arrays count from 1."""
    if isinstance(a, Struct):
        if not Base.bindings["axes"].user_methods:
            return None
        axes = Base.bindings["axes"](a)
    elif not isinstance(a, W.Wrapper) or not a.shifts or (axes := a.own_axes()) is None:
        return None
    first = tuple(int(Base.bindings["first"](axis)) for axis in axes)
    return first if any(i != 1 for i in first) else None


def own_axes(a: Any) -> Any:
    """The axes of an array, if they are not of the kind that counts from 1."""
    if isinstance(a, Struct):
        if not Base.bindings["axes"].user_methods:
            return None
        axes = Base.bindings["axes"](a)
    elif isinstance(a, IdentityUnitRange):
        return (a,)
    elif not isinstance(a, W.Wrapper) or not a.shifts or (axes := a.own_axes()) is None:
        return None
    return None if all(isinstance(axis, V.OneTo) for axis in axes) else axes


def shifted(position: tuple[Any, ...], first: tuple[int, ...] | None) -> tuple[int, ...]:
    """The indices of a place that numpy counts from zero."""
    if first is None:
        return tuple(int(k) + 1 for k in position)
    return tuple(int(k) + i for k, i in zip(position, first, strict=True))


def is_linear(x: Any) -> bool:
    """Are a user's arrays of this type indexed by one number (`IndexStyle`)?"""
    return isinstance(
        Base.bindings["IndexStyle"](T.typeof(x)), Base.bindings["IndexLinear"].pyclass
    )


def values_of(x: Any) -> list[Any]:
    """All elements in column-major order, as Julia values."""
    return elements(dense(x))


def values_from(x: Any, start: int, step: int) -> Iterator[Any]:
    """The elements from a linear position (from 0) on, forwards (1) or backwards (-1), none before it is asked for."""
    size = math.prod(shape_of(x))
    element_at = (
        x.get
        if isinstance(x, V.Range)
        else getattr(x, "element_at", None)
        if isinstance(x, W.Wrapper)
        else None
    )
    if element_at is not None:
        return map(element_at, range(start, size if step > 0 else -1, step))
    if step > 0 and not isinstance(x, ArrayLike):
        return itertools.islice(user_elements(x, shape_of(x)), start, None)
    return _pieces(dense(x).ravel(order="F"), start, step)


def _pieces(flat: np.ndarray[Any, Any], start: int, step: int) -> Iterator[Any]:
    """The elements of a vector in pieces that grow: who stops soon has not asked for many."""
    count = 16
    while 0 <= start < len(flat):
        yield from elements(
            flat[start : start + count]
            if step > 0
            else flat[max(0, start - count + 1) : start + 1][::-1]
        )
        start += count * step
        count = min(4 * count, 65536)


def shaped(values: list[Any], eltype: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """An ndarray of Julia values of one type."""
    return pack(values, eltype).reshape(shape, order="F")


def fortran(data: Any) -> Any:
    """The same data in column-major order."""
    return data if data.flags.f_contiguous else np.asfortranarray(data)


def result(data: Any, eltype: Any) -> Array:
    """A new Array over data that no one else holds."""
    return make(fortran(data), eltype)


def like(a: Any, data: Any, eltype: Any, axes: Any = None) -> Any:
    """A new array for elements computed from `a`; a user's array decides the container.

    `axes` are those of the result where they are neither its size nor, for a result of the same size, those of `a`.
    """
    if isinstance(a, Struct) or axes is not None or (isinstance(a, W.Wrapper) and a.shifts):
        dims = tuple(data.shape)
        if axes is not None:
            dims = axes
        elif shape_of(a) == dims:
            dims = own_axes(a) or dims
        out = Base.bindings["similar"](a, eltype, dims)
        if not isinstance(out, (Array, V.BitArray)):
            fill_user(out, elements(data))
            return out
    if isinstance(a, V.BitArray) and eltype is T.Bool:
        return V.BitArray(fortran(data))
    return result(data, eltype)


def in_kind(a: Any, out: Array) -> Any:
    """A computed Array, or the container that a user's array asks for, or one with the axes of `a`."""
    own = isinstance(a, Struct) or (isinstance(a, W.Wrapper) and a.shifts)
    return like(a, out.data, out.eltype) if own else out


def in_container(a: Any, out: Array, dims: Any) -> Any:
    """What a reduction of `a` along dimensions gives, in the container that a user's array asks for."""
    axes = own_axes(a)
    if axes is None and not isinstance(a, Struct):
        return out
    return like(
        a, out.data, out.eltype, None if axes is None else Base.get("reduced_indices")(axes, dims)
    )


def fill_user(out: Any, values: Iterable[Any]) -> None:
    """Assign all elements of a user's array in column-major order."""
    put, first, shape = Base.bindings["setindex!"], origin(out), shape_of(out)
    linear = first is None and (len(shape) == 1 or is_linear(out))
    for k, v in enumerate(values):
        put(
            out, v, *((k + 1,) if linear else shifted(np.unravel_index(k, shape, order="F"), first))
        )


def from_values(
    values: list[Any], shape: tuple[int, ...] | None = None, eltype: Any = None
) -> Array:
    """An Array of computed elements; its element type is what they have in common."""
    if shape is None:
        shape = (len(values),)
    if eltype is None:
        eltype = B.join_types(values)
    if arrays.GATHER is not None and eltype in T.DTYPE_OF:
        traced = arrays.GATHER(values, shape)
        if traced is not None:
            return traced
    return make(shaped(values, eltype, shape), eltype)


def scalar(value: Any) -> Any:
    """A result of numpy as a Julia value."""
    if isinstance(value, np.generic) and value.dtype.char in "dlq?":
        return value.item()
    return value


# ---------------------------------------------------------------- conversion of elements


def convert_element(t: Any, x: Any) -> Any:
    """`convert(t, x)`, quick where there is nothing to do."""
    if t is T.Any_ or T.typeof(x) is t:
        return x
    return checked(Base.bindings["convert"](t, x), t, "typeassert")


def convert_data(t: Any, data: Any, eltype: Any) -> Any:
    """An ndarray of `eltype` elements converted to another element type."""
    if eltype is t:
        return data
    dtype = T.DTYPE_OF.get(t)
    if dtype is not None and data.dtype != object:
        if dtype.kind in "iub":
            check_exact(t, data, dtype)
        return data.astype(dtype)
    return shaped(
        [x if x is UNDEF else convert_element(t, x) for x in elements(data)], t, data.shape
    )


def check_exact(t: Any, data: Any, dtype: Any) -> None:
    """Raise InexactError for the first element that the integer type cannot hold."""
    if dtype.kind == "b":
        bad = (data != 0) & (data != 1)
    elif data.dtype.kind == "f":
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        bad = ~((np.trunc(data) == data) & (data >= low) & (data <= high) & (data != 2.0**63))
    elif np.can_cast(data.dtype, dtype):
        return
    else:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        bad = (data < low) | (data > high)
    if bad.any():
        value = elements(data)[int(np.flatnonzero(bad.ravel(order="F"))[0])]
        try:
            convert_to(t, value)
        except InexactError:
            raise
        raise InexactError(Symbol(T.type_string(t)), t, value)


def dims_of(dims: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape from the arguments `dims...` or `(dims...,)`; ranges count their elements."""
    if len(dims) == 1 and type(dims[0]) is tuple:
        dims = dims[0]
    out = []
    for d in dims:
        if type(d) is not int:
            if isinstance(d, V.UnitRange) and d.start != 1:
                raise MethodError(Base.bindings["similar"], (T.Array_, tuple(dims)), None)
            d = len(d) if isinstance(d, V.UnitRange) else convert_to(T.Int64, _whole(d))
        if d < 0:
            raise ArgumentError("invalid Array dimensions")
        out.append(d)
    return tuple(out)


def _whole(d: Any) -> Any:
    """A size; of anything but an integer the function that was called has no method."""
    if not T.isa(d, T.Integer):
        raise NoMethod("a size that is no integer")
    return d


def check_size(shape: tuple[int, ...], dtype: Any) -> None:
    """Raise Julia's error for an array that no memory holds."""
    if math.prod(shape) * np.dtype(dtype).itemsize >= 2**62:
        raise ArgumentError("invalid Array dimensions")


def dims_text(shape: tuple[int, ...]) -> str:
    """`2×3`, `3-element` or `0-dimensional`."""
    if len(shape) == 1:
        return f"{shape[0]}-element"
    return "×".join(map(str, shape)) if shape else "0-dimensional"


def tuple_text(shape: Iterable[Any]) -> str:
    """`(2, 3)` or `(2,)`, as Julia writes a tuple of numbers."""
    parts = list(map(str, shape))
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def axes_text(shape: tuple[int, ...]) -> str:
    """`(Base.OneTo(2), Base.OneTo(3))`"""
    return tuple_text(f"Base.OneTo({n})" for n in shape)


W.ELEMENT.update({"gather": gather, "eltype": eltype_of})
