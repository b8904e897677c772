"""Julia's `Array`: identity, growth and a column-major numpy `data`.

There is one Python class for each `Array{T,N}`, so the class of an array fixes its Julia type.
`data` has an object dtype where `T` is not numeric.  While an array takes part in a gradient it has
the class of its *twin*, which is a node of the engine's tape; `below`, `grad`, `own` and `tape` are
the node's, and not set otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from juliette.runtime import types as T

Data = np.ndarray[Any, np.dtype[Any]]


class Array:
    """Base of the classes of all `Array{T,N}`; make one with `wrap`, `make` or `vector`."""

    __slots__ = ("__weakref__", "_buffer", "below", "data", "grad", "of", "own", "tape", "view")
    eltype: ClassVar[Any] = T.Any_
    ndim: ClassVar[int] = 1
    # Whether a vector of the class may change its length.
    grows: ClassVar[bool] = True

    def __init__(self, data: Data) -> None:
        self.data = data
        self._buffer: Data | None = None
        # compiled code reads elements through `view`, which is of the ndarray `of`
        self.of: Data | None = None

    def __repr__(self) -> str:
        return f"<{T.type_string(T.typeof(self))} {self.data!r}>"

    def __array__(self, dtype: Any = None, copy: Any = None) -> Data:
        return np.array(self.data, dtype=dtype)

    def renew_view(self) -> memoryview:
        """A memoryview of `data`, kept until `data` is another ndarray."""
        self.view = memoryview(self.data)  # type: ignore[arg-type]
        self.of = self.data
        return self.view

    # Growth keeps a buffer with room to spare; `data` is a view of its first part.

    def push(self, value: Any) -> None:
        """Append one element, already converted to the element type."""
        data = self.data
        n = len(data)
        buffer: Any = self._buffer
        if buffer is None or len(buffer) <= n or (data.base is not buffer and not self._within()):
            buffer = self._room(n + 1)
        buffer[n] = value
        self.data = buffer[: n + 1]

    def _within(self) -> bool:
        """Is `data` the first part of a buffer that is itself a part?"""
        base = self.data.base
        return base is not None and self._buffer is not None and base is self._buffer.base

    def _room(self, n: int) -> Any:
        """A new buffer for at least `n` elements, which begins with those that there are."""
        data = self.data
        room: Data = np.empty(max(8, 2 * len(data), n), dtype=data.dtype)
        room[: len(data)] = data
        self._buffer = room
        return room

    def extend(self, more: Data) -> None:
        """Append the elements of an ndarray of the same dtype."""
        data = self.data
        n, m = len(data), len(data) + len(more)
        buffer: Any = self._buffer
        if buffer is None or len(buffer) < m or (data.base is not buffer and not self._within()):
            buffer = self._room(m)
        buffer[n:m] = more
        self.data = buffer[:m]

    def pop_first(self) -> Any:
        """Remove and return the first element of a vector that has one."""
        data = self.data
        value = element(data, 0)
        if data.dtype == object:
            data[0] = None
        buffer: Any = self._buffer
        if buffer is not None and (data.base is buffer or self._within()):
            self._buffer = buffer = buffer[1:]
            self.data = buffer[: len(data) - 1]
        else:
            self.data = data[1:]
            self._buffer = None
        return value

    def pop(self) -> Any:
        """Remove and return the last element of a vector that has one."""
        data = self.data
        last = len(data) - 1
        kind = data.dtype.char
        if kind == "O":
            value = data[last]
            data[last] = None
        else:
            value = data.item(last) if kind in _SCALAR else data[last]
        buffer = self._buffer
        self.data = data[:last] if buffer is None else buffer[:last]
        return value


def _make_class(t: T.DataType) -> type:
    eltype, ndim = t.parameters
    return type(
        T.type_string(t),
        (Array,),
        {"__slots__": (), "eltype": eltype, "ndim": ndim, "julia_type": t},
    )


T.unwrap(T.Array_).typename.make_class = _make_class

_CLASSES: dict[tuple[Any, int], type[Array]] = {}
_BY_DTYPE: dict[tuple[Any, int], type[Array]] = {}


def array_class(eltype: Any, ndim: int) -> type[Array]:
    """The Python class of `Array{eltype, ndim}`."""
    cls = _CLASSES.get((eltype, ndim))
    if cls is None:
        t = T.instantiate(T.unwrap(T.Array_).typename, (eltype, ndim))
        cls = t.pyclass
        assert cls is not None
        _CLASSES[eltype, ndim] = cls
    return cls


def array_type(eltype: Any, ndim: int) -> Any:
    return T.instantiate(T.unwrap(T.Array_).typename, (eltype, ndim))


def dtype_of(eltype: Any) -> np.dtype[Any]:
    """The numpy dtype that stores elements of a Julia type."""
    return T.DTYPE_OF.get(eltype, OBJECT)


OBJECT = np.dtype(object)


def wrap(data: Data) -> Array:
    """An Array over a numeric ndarray; the element type is the dtype's."""
    key = (data.dtype.char, data.ndim)
    cls = _BY_DTYPE.get(key)
    if cls is None:
        eltype = T.TYPE_OF_DTYPE.get(data.dtype)
        if eltype is None:
            data = np.asarray(data, dtype=np.int64 if data.dtype.kind in "iu" else data.dtype)
            eltype = T.TYPE_OF_DTYPE[data.dtype]
        cls = array_class(eltype, data.ndim)
        _BY_DTYPE[key] = cls
    return cls(data)


def make(data: Data, eltype: Any) -> Array:
    """An Array of a given element type over data that already fits it."""
    return array_class(eltype, data.ndim)(data)


def vector(values: Iterable[Any], eltype: Any) -> Array:
    """A `Vector{eltype}` of values that are already of the type."""
    values = list(values)
    if GATHER is not None:
        traced = GATHER(values, (len(values),))
        if traced is not None:
            return traced  # type: ignore[no-any-return]
    return array_class(eltype, 1)(pack(values, eltype))


# Set by the gradient packages: an array of values of which some are traced, or None.
GATHER: Any = None


def set_gather(f: Any) -> None:
    """Install how traced numbers become an array."""
    global GATHER
    GATHER = f


def pack(values: list[Any], eltype: Any) -> Data:
    """A one-dimensional ndarray of Julia values."""
    dtype = dtype_of(eltype)
    if dtype is OBJECT:
        return np.fromiter(values, object, len(values))
    return np.array(values, dtype=dtype)


def fill_object(data: Data, x: Any) -> None:
    """Put one Julia value everywhere (numpy's own `fill` would unpack some)."""
    one = np.empty(1, dtype=object)
    one[0] = x
    data[...] = one if data.ndim else one.reshape(())


def undef(eltype: Any, shape: tuple[int, ...]) -> Array:
    """`Array{eltype}(undef, shape...)`."""
    dtype = dtype_of(eltype)
    if dtype is OBJECT:
        data = np.empty(shape, dtype=object, order="F")
        fill_object(data, undefined(eltype))
        return array_class(eltype, len(shape))(data)
    return array_class(eltype, len(shape))(np.zeros(shape, dtype=dtype, order="F"))


def undefined(eltype: Any) -> Any:
    """What an element is before it is assigned: no reference, or plain data with all bits zero.

    A union of plain data keeps the number of its member beside the element: the first is meant.
    """
    if eltype is T.Nothing:
        return None
    if isinstance(eltype, T.UnionType):
        members = [undefined(t) for t in eltype.types]
        return UNDEF if not members or any(x is UNDEF for x in members) else members[0]
    dtype = dtype_of(eltype)
    if dtype is not OBJECT:
        return element(np.zeros(1, dtype=dtype), 0)
    if not isinstance(eltype, T.DataType) or not eltype.concrete:
        return UNDEF
    if eltype.typename is T.TUPLE_NAME:
        items = tuple(map(undefined, eltype.parameters))
        return UNDEF if any(x is UNDEF for x in items) else items
    if eltype.typename.is_struct and not eltype.fields:
        cls = eltype.pyclass
        return UNDEF if eltype.typename.mutable or cls is None else cls()
    return UNDEF


class _Undef:
    """Marks an element of an array of references that was never assigned."""

    def __repr__(self) -> str:
        return "#undef"


UNDEF = _Undef()

_SCALAR = frozenset("dlq?D")


def element(data: Data, index: Any) -> Any:
    """One element as a Julia value."""
    if data.dtype.char in _SCALAR:
        return data[index].item()
    return data[index]


# How many elements are handled in one go of C, which cannot be interrupted.
AT_ONCE = 1 << 20


def elements(data: Data) -> list[Any]:
    """All elements in column-major order, as Julia values."""
    flat = data.ravel(order="F")
    if flat.size > AT_ONCE:  # bit by bit, so that an interrupt is heard
        return [x for i in range(0, flat.size, AT_ONCE) for x in elements(flat[i : i + AT_ONCE])]
    if flat.dtype.char in _SCALAR or flat.dtype.char == "O":
        return flat.tolist()
    return list(flat)
