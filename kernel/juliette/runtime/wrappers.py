"""Arrays that show the elements of another array in another way, and bit arrays.

A wrapper's `data` is computed from its parent's whenever it is asked for, so that it is always up
to date.  Where numpy can, it is a window on the parent's memory (`aliased`), and writing to it
writes there; elsewhere `positions` says where in the parent each element lives.

Each concrete wrapper type has its own Python class, with its Julia parameters.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.array import UNDEF, Array, elements
from juliette.runtime.errors import CanonicalIndexError, TypeError_
from juliette.runtime.layout import layout, packed, unpacked
from juliette.runtime.ranges import IdentityUnitRange_, OneTo, Range, Slice
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol

Data = np.ndarray[Any, np.dtype[Any]]

# Julia's own functions, put here by Base: adjoint and transpose of an element that is no plain number.
ELEMENT: dict[str, Any] = {}


def abstract_array(t: Any, n: Any) -> Any:
    """`AbstractArray{t, n}`."""
    return T.apply_type(T.AbstractArray, t, n)


class Wrapper:
    """Base of the classes of wrapper types; as Julia's they have no identity of their own, but that of what they hold."""

    __slots__ = ("parent",)
    value_fields: ClassVar[tuple[str, ...] | None] = ("parent",)
    eltype: ClassVar[Any] = T.Any_
    ndim: ClassVar[int] = 2
    # Does it store just some elements, so that dotted calls may keep its structure?
    structured: ClassVar[bool] = False
    # May it have axes that do not count from 1, those of a user's array or of an index?
    shifts: ClassVar[bool] = False

    def __init__(self, parent: Any) -> None:
        self.parent = parent

    def broadcast(self, f: Any, args: tuple[Any, ...]) -> Any:
        """A dotted call that keeps the structure; None if this one does not."""
        return None

    def joined(self, out: Any) -> Any:
        """What `vcat` and its kin make of the Array in which this one is a piece."""
        return out

    @property
    def data(self) -> Data:
        """The elements as an ndarray of the wrapper's shape."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape  # type: ignore[no-any-return]

    @property
    def aliased(self) -> bool:
        """Is `data` a window on the memory of the parent?"""
        return is_aliased(self.parent)

    def own_axes(self) -> tuple[Any, ...] | None:
        """The axes, if they follow from those of the parent or of the indices."""
        return None

    def positions(self) -> Data:
        """For each element, its linear position (from 0) in the parent, if they are those of the parent."""
        raise CanonicalIndexError("setindex!", T.typeof(self))

    def write(self, where: Any, values: Any) -> None:
        """Assign converted values to the elements that the numpy index `where` selects."""
        if self.aliased:
            self.data[where] = values
            return
        places = self.positions()[where]
        flat = np.asarray(places).ravel(order="F")
        if isinstance(values, np.ndarray) and np.ndim(places):
            values = np.broadcast_to(values, np.shape(places)).ravel(order="F")
        write_linear(self.parent, flat, values)


def is_aliased(a: Any) -> bool:
    """Does writing to `a.data` change `a`?"""
    return isinstance(a, (Array, BitArray)) or (isinstance(a, Wrapper) and a.aliased)


def write_linear(a: Any, flat: Data, values: Any) -> None:
    """Assign to the elements at linear positions (from 0)."""
    if isinstance(a, (Array, BitArray)) and not a.data.ndim:
        a.data[...] = np.reshape(values, ())
    elif isinstance(a, (Array, BitArray)):
        a.data[np.unravel_index(flat, a.data.shape, order="F")] = values
    elif isinstance(a, Wrapper):
        a.write(np.unravel_index(flat, a.shape, order="F"), values)
    else:
        items = elements(values) if isinstance(values, np.ndarray) else [values] * len(flat)
        for i, v in zip(flat.tolist(), items, strict=True):
            ELEMENT["put"](a, v, i)


def linear_positions(shape: tuple[int, ...]) -> Data:
    """The linear positions of an array of a shape, in that shape."""
    return np.arange(math.prod(shape)).reshape(shape, order="F")


def shape_of(a: Any) -> tuple[int, ...]:
    """The size of any array."""
    if isinstance(a, (Array, BitArray)):
        return a.data.shape  # type: ignore[no-any-return]
    if isinstance(a, (Range, Wrapper)):
        return a.shape
    size = ELEMENT["size"](a)
    if type(size) is not tuple:
        raise TypeError_(Symbol("typeassert"), "", T.tuple_type((T.Vararg(T.Int64),)), size)
    return size


def data_of(a: Any) -> Data:
    """The elements of any array as an ndarray."""
    if isinstance(a, (Array, BitArray, Range, Wrapper)):
        return a.data
    return ELEMENT["gather"](a)  # type: ignore[no-any-return]


def wrapper_class(
    family: Any, base: type, parameters: tuple[Any, ...], eltype: Any, ndim: int
) -> type:
    """The Python class of a concrete wrapper type, made once."""
    t = T.instantiate(T.unwrap(family).typename, parameters)
    cls = t._pyclass
    if cls is None:
        shifts = any(map(may_shift, parameters))
        attributes = {
            "__slots__": (),
            "eltype": eltype,
            "ndim": ndim,
            "julia_type": t,
            "shifts": shifts,
        }
        cls = type(T.type_string(t), (base,), attributes)
        T.register_class(cls, t)
    return cls


def may_shift(t: Any) -> bool:
    """May arrays of this type, or one in a tuple of this type, have axes that do not count from 1?"""
    if not isinstance(t, T.DataType):
        return False
    if t.typename is T.TUPLE_NAME:
        return any(map(may_shift, t.parameters))
    if t.typename is _IDENTITY:
        return True
    if not T.subtype(t, T.AbstractArray):
        return False
    cls = t._pyclass
    return isinstance(cls, type) and (issubclass(cls, Struct) or getattr(cls, "shifts", False))


_IDENTITY = T.unwrap(IdentityUnitRange_).typename


def _family(name: str, params: str, parent: Any, fields: str) -> Any:
    t = T.sub_family(name, params, parent)
    family = T.unwrap(t).typename
    family.fields = tuple(fields.split())
    family.field_types = (T.Any_,) * len(family.fields)
    family.ninitialized = len(family.fields)
    return t


# ---------------------------------------------------------------- adjoint and transpose

Adjoint_ = _family("Adjoint", "T S", lambda t, s: abstract_array(t, 2), "parent")
Transpose_ = _family("Transpose", "T S", lambda t, s: abstract_array(t, 2), "parent")


def eltype_of(a: Any) -> Any:
    """The element type of any array."""
    if isinstance(a, (Array, BitArray, Range, Wrapper)):
        return a.eltype
    return ELEMENT["eltype"](a)


class Transposed(Wrapper):
    """`A'` and `transpose(A)`: a lazy view of a vector or matrix."""

    __slots__ = ()
    family: ClassVar[Any] = Adjoint_
    function: ClassVar[str] = "adjoint"

    def __new__(cls, parent: Any) -> Any:
        if "julia_type" in cls.__dict__:
            return object.__new__(cls)
        made = _TRANSPOSED.get((cls, type(parent)))
        if made is None:
            kind = T.typeof(parent)
            eltype = _adjoint_type(eltype_of(parent), cls)
            made = wrapper_class(cls.family, cls, (eltype, kind), eltype, 2)
            if T.class_type(type(parent))[1] and not _by_methods(eltype_of(parent)):
                _TRANSPOSED[cls, type(parent)] = made
        return object.__new__(made)

    @property
    def data(self) -> Data:
        data = data_of(self.parent)
        out = data.reshape(1, -1) if data.ndim == 1 else data.T
        if out.dtype.kind == "c" and self.function == "adjoint":
            return out.conj()
        if out.dtype == object and self.eltype not in PLAIN_ELEMENTS:
            each = ELEMENT[self.function]
            return np.frompyfunc(lambda x: x if x is UNDEF else each(x), 1, 1)(out)  # type: ignore[no-any-return]
        return out

    @property
    def shape(self) -> tuple[int, ...]:
        s = shape_of(self.parent)
        return (1, s[0]) if len(s) == 1 else (s[1], s[0])

    def own_axes(self) -> tuple[Any, ...]:
        axes = ELEMENT["axes"](self.parent)
        return (OneTo(1), *axes) if len(axes) == 1 else axes[::-1]

    @property
    def aliased(self) -> bool:
        if not is_aliased(self.parent):
            return False
        kind = self.parent.data.dtype.kind
        return kind != "O" and not (kind == "c" and self.function == "adjoint")

    @property
    def parent_is_vector(self) -> bool:
        return len(shape_of(self.parent)) == 1

    def positions(self) -> Data:
        places = linear_positions(shape_of(self.parent))
        return places.reshape(1, -1) if places.ndim == 1 else places.T

    def write(self, where: Any, values: Any) -> None:
        if not self.aliased and self.eltype not in PLAIN_ELEMENTS:
            each = ELEMENT[self.function]
            values = (
                np.frompyfunc(each, 1, 1)(values)
                if isinstance(values, np.ndarray)
                else each(values)
            )
        super().write(where, values)


_TRANSPOSED: dict[tuple[type, type], type] = {}
# Element types of object arrays whose adjoint is the element itself.
PLAIN_ELEMENTS: set[Any] = set()


def _by_methods(eltype: Any) -> bool:
    """Do methods tell whether elements of this type have an adjoint? Numbers and arrays always have."""
    return (
        T.is_concrete(eltype)
        and not T.subtype(eltype, T.Number)
        and not T.subtype(eltype, T.AbstractArray)
    )


def _adjoint_type(eltype: Any, cls: type[Transposed]) -> Any:
    """The element type of an adjoint: that of the adjoint of an element; `Union{}` where it has none."""
    if isinstance(eltype, T.DataType) and T.subtype(eltype, T.AbstractArray):
        return T.apply_type(
            Adjoint_ if issubclass(cls, Adjoint) else Transpose_, eltype.parameters[0], eltype
        )
    if _by_methods(eltype) and ELEMENT[cls.function].selected((eltype,)) is None:
        return T.Bottom
    return eltype


class Adjoint(Transposed):
    """`A'`"""

    __slots__ = ()


class Transpose(Transposed):
    """`transpose(A)`"""

    __slots__ = ()
    family = Transpose_
    function = "transpose"


T.GENERAL_TYPE[Adjoint] = Adjoint_
T.GENERAL_TYPE[Transpose] = Transpose_

# ---------------------------------------------------------------- views

SubArray_ = _family(
    "SubArray",
    "T N P I L",
    lambda t, n, p, i, fast: abstract_array(t, n),
    "parent indices offset1 stride1",
)


def regroup(data: Data, groups: tuple[int, ...] | None) -> Data:
    """Merge neighbouring dimensions: `groups` says how many each index spans (None: one each)."""
    if groups is None:
        return data
    shape, d = [], 0
    for n in groups:
        shape.append(math.prod(data.shape[d : d + n]))
        d += n
    return data.reshape(shape, order="F")


def select(data: Data, where: tuple[Any, ...]) -> Any:
    """Index each dimension on its own (numpy would zip index arrays)."""
    arrays = sum(isinstance(i, np.ndarray) for i in where)
    if arrays == 0 or (arrays == 1 and not any(type(i) is int for i in where)):
        return data[where]
    axis = 0
    for i in where:
        data = data[(slice(None),) * axis + (i,)]
        if not isinstance(i, int):
            axis += i.ndim if isinstance(i, np.ndarray) else 1
    return data


class SubArray(Wrapper):
    """`view(A, indices...)`; `where` and `groups` are the indices for numpy.

    `simple`: numpy gives the window by slicing alone.
    """

    __slots__ = ("groups", "indices", "simple", "where")
    value_fields = ("parent", "indices")

    def __init__(
        self, parent: Any, indices: tuple[Any, ...], where: tuple[Any, ...], groups: Any
    ) -> None:
        self.parent = parent
        self.indices = indices
        self.where = where
        self.groups = groups
        self.simple = groups is None and not any(isinstance(i, np.ndarray) for i in where)

    @property
    def data(self) -> Data:
        if self.simple:
            return data_of(self.parent)[self.where]  # type: ignore[no-any-return]
        return select(regroup(data_of(self.parent), self.groups), self.where)  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[int, ...]:
        out: tuple[int, ...] = ()
        for i in self.indices:
            out += () if type(i) is int else shape_of(i)
        return out

    def own_axes(self) -> tuple[Any, ...]:
        whole = ELEMENT["axes"](self.parent)
        out: list[Any] = []
        d = 0
        for k, i in enumerate(self.indices):
            if isinstance(i, Slice):
                out.append(whole[d] if d < len(whole) else OneTo(1))
            elif type(i) is not int:
                out.extend(ELEMENT["axes"](i))
            d += 1 if self.groups is None else self.groups[k]
        return tuple(out)

    @property
    def aliased(self) -> bool:
        if any(isinstance(i, np.ndarray) for i in self.where) or not is_aliased(self.parent):
            return False
        return self.groups is None or np.may_share_memory(
            regroup(self.parent.data, self.groups), self.parent.data
        )

    def write(self, where: Any, values: Any) -> None:
        if not where and self.simple and not self.shape:
            write_linear(self.parent, np.ravel(self.positions()), values)
        else:
            super().write(where, values)

    def positions(self) -> Data:
        places = regroup(linear_positions(shape_of(self.parent)), self.groups)
        return np.asarray(select(places, self.where))

    @property
    def offset1(self) -> int:
        return int(self.positions().ravel(order="F")[0]) if self.data.size else 0

    @property
    def stride1(self) -> int:
        flat = self.positions().ravel(order="F")
        return int(flat[1] - flat[0]) if len(flat) > 1 else 1


def sub_array(
    parent: Any, indices: tuple[Any, ...], where: tuple[Any, ...], groups: Any, linear: bool
) -> SubArray:
    """A view of the class that its parent and indices ask for."""
    key = (type(parent), tuple(map(type, indices)), linear)
    cls = _VIEWS.get(key)
    if cls is None:
        ndim = sum(0 if type(i) is int else len(shape_of(i)) for i in indices)
        eltype = eltype_of(parent)
        kinds = T.tuple_type(map(T.typeof, indices))
        cls = wrapper_class(
            SubArray_, SubArray, (eltype, ndim, T.typeof(parent), kinds, linear), eltype, ndim
        )
        if all(T.class_type(type(x))[1] for x in (parent, *indices)):
            _VIEWS[key] = cls
    return cls(parent, indices, where, groups)  # type: ignore[no-any-return]


_VIEWS: dict[Any, type] = {}

# ---------------------------------------------------------------- other shapes

ReshapedArray_ = _family(
    "ReshapedArray", "T N P MI", lambda t, n, p, m: abstract_array(t, n), "parent dims mi"
)
ReinterpretArray_ = _family(
    "ReinterpretArray",
    "T N S A IsReshaped",
    lambda t, n, s, a, r: abstract_array(t, n),
    "parent readable writable",
)
PermutedDimsArray_ = _family(
    "PermutedDimsArray", "T N perm iperm AA", lambda t, n, p, i, a: abstract_array(t, n), "parent"
)


class ReshapedArray(Wrapper):
    """`reshape` of what is no plain array."""

    __slots__ = ("dims",)
    value_fields = ("parent", "dims")

    def __new__(cls, parent: Any, dims: tuple[int, ...]) -> Any:
        eltype = eltype_of(parent)
        parameters = (eltype, len(dims), T.typeof(parent), T.tuple_type(()))
        return object.__new__(
            wrapper_class(ReshapedArray_, ReshapedArray, parameters, eltype, len(dims))
        )

    def __init__(self, parent: Any, dims: tuple[int, ...]) -> None:
        self.parent = parent
        self.dims = dims

    @property
    def data(self) -> Data:
        return data_of(self.parent).reshape(self.dims, order="F")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.dims

    @property
    def aliased(self) -> bool:
        return is_aliased(self.parent) and np.may_share_memory(self.data, self.parent.data)

    def positions(self) -> Data:
        return linear_positions(self.dims)


class PermutedDimsArray(Wrapper):
    """`PermutedDimsArray(A, perm)`; `perm` counts from 0."""

    __slots__ = ("perm",)

    def __new__(cls, parent: Any, perm: tuple[int, ...]) -> Any:
        eltype = eltype_of(parent)
        inverse = tuple(perm.index(i) + 1 for i in range(len(perm)))
        parameters = (eltype, len(perm), tuple(i + 1 for i in perm), inverse, T.typeof(parent))
        return object.__new__(
            wrapper_class(PermutedDimsArray_, PermutedDimsArray, parameters, eltype, len(perm))
        )

    def __init__(self, parent: Any, perm: tuple[int, ...]) -> None:
        self.parent = parent
        self.perm = perm

    @property
    def data(self) -> Data:
        return data_of(self.parent).transpose(self.perm)

    def own_axes(self) -> tuple[Any, ...]:
        axes = ELEMENT["axes"](self.parent)
        return tuple(axes[i] for i in self.perm)

    def positions(self) -> Data:
        return linear_positions(shape_of(self.parent)).transpose(self.perm)


class ReinterpretArray(Wrapper):
    """`reinterpret(T, A)`: the bytes of the parent read as another type."""

    __slots__ = ()

    def __new__(cls, eltype: Any, parent: Any, *, reshaped: bool = False) -> Any:
        old = eltype_of(parent)
        ndim = len(reinterpreted_shape(eltype, parent, reshaped))
        parameters = (eltype, ndim, old, T.typeof(parent), reshaped)
        return object.__new__(
            wrapper_class(ReinterpretArray_, ReinterpretArray, parameters, eltype, ndim)
        )

    def __init__(self, eltype: Any, parent: Any, *, reshaped: bool = False) -> None:
        self.parent = parent

    @property
    def data(self) -> Data:
        parent = self.parent
        shape = reinterpreted_shape(self.eltype, parent, self.julia_type.parameters[4])  # type: ignore[attr-defined]
        flat = data_of(parent).ravel(order="F")
        if flat.dtype == object:
            flat = packed(flat, eltype_of(parent))
        flat = flat.view(layout(self.eltype))  # type: ignore[arg-type]
        if self.eltype not in T.DTYPE_OF:
            flat = unpacked(flat, self.eltype)
        return flat.reshape(shape, order="F")

    @property
    def readable(self) -> bool:
        """No element is read that is partly padding."""
        return True

    writable = readable

    @property
    def aliased(self) -> bool:
        return is_aliased(self.parent) and np.may_share_memory(self.data, self.parent.data)

    def own_axes(self) -> tuple[Any, ...] | None:
        axes = ELEMENT["axes"](self.parent)
        if self.shape == shape_of(self.parent):
            return axes  # type: ignore[no-any-return]
        if self.julia_type.parameters[4]:  # type: ignore[attr-defined]
            return None
        first = ELEMENT["first"](axes[0])
        start = ELEMENT["identical"](first, first + self.shape[0] - 1)
        return (start, *axes[1:])

    def write(self, where: Any, values: Any) -> None:
        if self.aliased:
            super().write(where, values)
            return
        new = self.data.copy(order="F")
        new[where] = values
        flat, old = new.ravel(order="F"), eltype_of(self.parent)
        if flat.dtype == object:
            flat = packed(flat, self.eltype)
        flat = flat.view(np.uint8).view(layout(old))  # type: ignore[arg-type]
        if old not in T.DTYPE_OF:
            flat = unpacked(flat, old)
        write_linear(self.parent, np.arange(flat.size), flat)


def reinterpreted_shape(eltype: Any, parent: Any, reshaped: bool) -> tuple[int, ...]:
    """The shape of a parent's bytes read as another type."""
    shape = shape_of(parent)
    old, new = (layout(t).itemsize for t in (eltype_of(parent), eltype))  # type: ignore[union-attr]
    if old == new:
        return shape
    if not reshaped:
        return (shape[0] * old // new, *shape[1:])
    return shape[1:] if new > old else (old // new, *shape)


# ---------------------------------------------------------------- bits

BitArray_ = T.sub_family(
    "BitArray", "N", lambda n: T.apply_type(T.AbstractArray, T.Bool, n), mutable=True
)
T.CORE_TYPES["BitVector"] = T.apply_type(BitArray_, 1)
T.CORE_TYPES["BitMatrix"] = T.apply_type(BitArray_, 2)


class BitArray:
    """Packed in Julia, a Boolean ndarray here."""

    __slots__ = ("_buffer", "data", "node", "of", "view")
    eltype = T.Bool
    grows = True

    def __new__(cls, data: Data) -> Any:
        made = _BITS.get(data.ndim)
        if made is None:
            made = _BITS[data.ndim] = wrapper_class(
                BitArray_, BitArray, (data.ndim,), T.Bool, data.ndim
            )
        return object.__new__(made)

    def __init__(self, data: Data) -> None:
        self.data = data
        self._buffer = None
        self.of = None

    @property
    def ndim(self) -> int:
        return int(self.data.ndim)

    renew_view = Array.renew_view
    push = Array.push
    _within, _room = Array._within, Array._room
    pop = Array.pop


_BITS: dict[int, type] = {}
T.GENERAL_TYPE[BitArray] = BitArray_
