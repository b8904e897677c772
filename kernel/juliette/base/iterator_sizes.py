"""How many elements an iterator has and of which type: the traits, `length`, `isempty`, `eltype`.

They come from `IteratorSize` and `IteratorEltype`, so that a type of the user's own is collected as
Julia does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    ArrayLike,
    eltype_of,
)
from juliette.base.iteration import ITERATORS, iterate_value
from juliette.compiler import results, type_support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.broadcast import typejoin
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base

# ---------------------------------------------------------------- sizes and element types

IteratorSize = T.define("IteratorSize", module=Base, abstract=True)
IteratorEltype = T.define("IteratorEltype", module=Base, abstract=True)
Base.const("IteratorSize", IteratorSize, export=False)
Base.const("IteratorEltype", IteratorEltype, export=False)


def trait(name: str, parent: Any, *params: T.TypeVar) -> Any:
    """A trait type without fields; returns the type."""
    t = type_support.define_struct(Base, name, params, parent, False)
    return type_support.define_fields(Base, t, (), (), True)


SizeUnknown = trait("SizeUnknown", IteratorSize)()
HasLength = trait("HasLength", IteratorSize)()
IsInfinite = trait("IsInfinite", IteratorSize)()
HasShape_ = trait("HasShape", IteratorSize, T.TypeVar("N"))
HasEltype = trait("HasEltype", IteratorEltype)()
EltypeUnknown = trait("EltypeUnknown", IteratorEltype)()


@functools.cache
def has_shape(n: int) -> Any:
    return T.apply_type(HasShape_, n)()


@Base.method("IteratorSize(x)", export=False)
def iterator_size(_: Any, x: Any) -> Any:
    """What is known about how many elements an iterator has."""
    if isinstance(x, Lazy):
        return x.size()
    if isinstance(x, ArrayLike):
        return has_shape(np.ndim(x.data) if not isinstance(x, V.Range) else 1)
    return IteratorSize(T.typeof(x))


def lazy_traits(t: Any) -> Any:
    """What the type of one of our lazy iterators tells of size and elements; None for other types."""
    if type(t) is not T.DataType or not (
        t.typename.module is Base or t.typename.name.startswith("Base.")
    ):
        return None
    from juliette.base.iterator_traits import traits

    return traits(t)


@Base.method("IteratorSize(t::Type)", export=False)
def iterator_size_of_type(_: Any, t: Any) -> Any:
    known = lazy_traits(t)
    if known is not None:
        return known[0]
    if T.subtype(t, T.Number) or T.subtype(t, V.Ref_):
        return has_shape(0)
    if T.subtype(t, T.AbstractArray):
        for s in T.supertypes(T.unwrap(t)):
            if s.typename is T.unwrap(T.AbstractArray).typename and isinstance(
                s.parameters[1], int
            ):
                return has_shape(s.parameters[1])
    return HasLength


@Base.method("IteratorEltype(x)", export=False)
def iterator_eltype(_: Any, x: Any) -> Any:
    """Does `eltype` say the type of an iterator's elements?"""
    if isinstance(x, Lazy):
        return EltypeUnknown if x.element_type() is None else HasEltype
    return IteratorEltype(T.typeof(x))


@Base.method("IteratorEltype(t::Type)", export=False)
def iterator_eltype_of_type(_: Any, t: Any) -> Any:
    known = lazy_traits(t)
    return EltypeUnknown if known is not None and known[1] is None else HasEltype


class Lazy:
    """Base of lazy iterators."""

    __slots__ = ()
    fields: tuple[str, ...] = ()

    def julia_iterator(self) -> Iterator[Any]:
        raise NotImplementedError

    def size(self) -> Any:
        """The value of `IteratorSize`."""
        return HasLength

    def iteration_shape(self) -> tuple[int, ...] | None:
        """The dimensions, if there are any."""
        return None

    def iteration_length(self) -> int:
        raise MethodError(Base.bindings["length"], (self,), None)

    def without_shape(self, function: str) -> Exception:
        """The error for a question about the dimensions where there are none."""
        return MethodError(Base.bindings[function], (self,), None)

    def element_type(self) -> Any:
        """`eltype`, or None if it is not known before the elements are there."""
        return T.Any_


ITERATORS[Lazy] = lambda x: x.julia_iterator()


def size_of(x: Any) -> Any:
    """`IteratorSize(x)`, without dispatch for what is native."""
    if isinstance(x, Lazy):
        return x.size()
    if type(x) is tuple or type(x) is str or isinstance(x, (V.JuliaDict, V.JuliaSet, V.NamedTuple)):
        return HasLength
    if isinstance(x, Array):
        return has_shape(x.ndim)
    return IteratorSize(x)


def shape_of_iterator(x: Any) -> tuple[int, ...] | None:
    """The dimensions of an iterator with a shape, None for others."""
    if isinstance(x, V.Range):
        return (len(x),)
    if isinstance(x, ArrayLike):
        return tuple(np.shape(x.data))
    if isinstance(x, Lazy):
        return x.iteration_shape()
    if isinstance(x, (int, float, np.generic, V.Char)):
        return ()
    if type(x) in (tuple, str) or isinstance(x, (V.JuliaDict, V.JuliaSet)):
        return None
    if getattr(T.typeof(IteratorSize(x)), "typename", None) is T.unwrap(HasShape_).typename:
        return tuple(Base.bindings["size"](x))
    return None


def known_length(x: Any) -> int | None:
    """The number of elements, if it can be asked for."""
    size = size_of(x)
    return None if size is SizeUnknown or size is IsInfinite else int(Base.bindings["length"](x))


def one_by_one(function: str, collection: Any, xs: Iterable[Any]) -> Any:
    """Add elements to a collection of the user's own, whose methods take one."""
    add = Base.bindings[function]
    for x in xs:
        collection = add(collection, x)
    return collection


def eltype_of_iterator(x: Any) -> Any:
    """`eltype(x)`, or None where only the elements themselves tell."""
    if isinstance(x, Lazy):
        return x.element_type()
    if isinstance(x, ArrayLike):
        return (
            eltype_of(x)
            if not isinstance(x, V.Range) or len(x)
            else Base.bindings["eltype"](T.typeof(x))
        )
    if isinstance(x, (str, tuple, V.JuliaDict, V.JuliaSet, V.NamedTuple, int, float, np.generic)):
        return eltype(x)
    if IteratorEltype(x) is EltypeUnknown:
        return None
    return Base.bindings["eltype"](x)


results.set_iteration(lambda x: (eltype_of_iterator(x), shape_of_iterator(x)))

# ---------------------------------------------------------------- length, eltype


@Base.method("length(x)")
def length(x: Any) -> int:
    """How many elements a collection has.

    ```jldoctest
    julia> length((1, 2, 3)), length("Σx"), length(Dict(1 => 2))
    (3, 2, 1)
    ```
    """
    if isinstance(x, (Array, V.BitArray, V.Wrapper)):
        return int(x.data.size)
    if isinstance(x, V.NamedTuple):
        return len(x.values)
    if isinstance(x, (str, tuple, V.Range, V.JuliaDict, V.JuliaSet)):
        return len(x)
    if isinstance(x, (int, float, np.generic, V.Char)):
        return 1
    if isinstance(x, V.Pair):
        return 2
    n = getattr(x, "iteration_length", None)
    if n is not None:
        return int(n())
    raise MethodError(Base.bindings["length"], (x,), None)


@Base.method("length(A::AbstractArray)")
def length_of_array(a: Any) -> int:
    """The product of the sizes."""
    if isinstance(a, ArrayLike):
        return length(a)
    n = 1
    size = Base.bindings["size"](a)
    if type(size) is not tuple:
        return Base.bindings["prod"](size)
    for d in size:
        n *= d
    return n


@Base.method("isempty(x)")
def isempty(x: Any) -> bool:
    """Has a collection no elements?

    ```jldoctest
    julia> isempty([]), isempty([1])
    (true, false)
    ```
    """
    if isinstance(x, (Array, V.BitArray, V.Wrapper)):
        return not x.data.size
    if isinstance(x, (str, tuple, V.Range, V.JuliaDict, V.JuliaSet)):
        return not len(x)
    return not any(True for _ in iterate_value(x))


@Base.method("isempty(A::AbstractArray)")
def isempty_array(a: Any) -> bool:
    return length_of_array(a) == 0


@Base.method("isempty(d::AbstractDict)")
def isempty_dict(d: Any) -> bool:
    return Base.bindings["length"](d) == 0


@Base.method("eltype(x)")
def eltype(x: Any) -> Any:
    """The type of the elements of a collection, or of a collection type.

    ```jldoctest
    julia> eltype([1, 2]), eltype("a"), eltype(Dict{String, Int})
    (Int64, Char, Pair{String, Int64})
    ```
    """
    if isinstance(x, ArrayLike):
        return (
            eltype_of(x)
            if not isinstance(x, V.Range) or len(x)
            else Base.bindings["eltype"](T.typeof(x))
        )
    if isinstance(x, Lazy):
        t = x.element_type()
        return T.Any_ if t is None else t
    if isinstance(x, V.JuliaSet):
        return x.eltype
    return Base.bindings["eltype"](T.typeof(x))


def parameters_of(t: Any, family: Any) -> tuple[Any, ...] | None:
    """The parameters that a type gives to one of its supertypes."""
    name = T.unwrap(family).typename
    for s in T.supertypes(T.unwrap(t)):
        if s.typename is name:
            return s.parameters
    return None


# The element types of concrete types of Base's, as they are asked for.
_ELTYPES: dict[Any, Any] = {}


@Base.method("eltype(t::Type)")
def eltype_of_type(t: Any) -> Any:
    if type(t) is T.DataType and t.concrete:
        found = _ELTYPES.get(t)
        if found is None:
            found = _eltype_of_type(t)
            if t.typename in _COLLECTIONS:
                _ELTYPES[t] = found
        return found
    return _eltype_of_type(t)


_COLLECTIONS = frozenset(
    T.unwrap(t).typename for t in (V.Dict_, V.Set_, T.Array_, T.Tuple_, V.BitArray_)
)


def _eltype_of_type(t: Any) -> Any:
    if isinstance(t, T.UnionType):
        out = T.Bottom
        for option in t.types:
            out = T.union(out, Base.bindings["eltype"](option))
        return out
    if not isinstance(T.unwrap(t), T.DataType):
        return T.Any_
    if T.subtype(t, T.Number) or T.subtype(t, T.Char_):
        return t
    if T.subtype(t, T.AbstractString):
        return T.Char_
    body = T.unwrap(t)
    if body.typename is T.TUPLE_NAME:
        return joined(body.parameters)
    found = (
        parameters_of(t, T.AbstractArray)
        or parameters_of(t, T.AbstractSet)
        or parameters_of(t, V.Ref_)
    )
    if found:
        return T.Any_ if isinstance(found[0], T.TypeVar) else found[0]
    found = parameters_of(t, T.AbstractDict)
    if found:
        pair: Any = T.apply_type(V.Pair_, *found)
        for v in reversed(found):
            if isinstance(v, T.TypeVar):
                pair = T.UnionAll(v, pair)
        return pair
    if body.typename is T.unwrap(V.NamedTuple_).typename:
        types = body.parameters[1]
        return joined(types.parameters) if isinstance(types, T.DataType) else T.Any_
    if body.typename is T.unwrap(V.Pair_).typename:
        return T.Any_ if T.free_vars(body) else T.union(*body.parameters)
    known = lazy_traits(t)
    return T.Any_ if known is None or known[1] is None else known[1]


def joined(types: Any) -> Any:
    """The type that elements of all these types share."""
    types = tuple(types)
    if types and isinstance(types[0], T.DataType) and len(types) == types.count(types[0]):
        return types[0]
    out: Any = T.Bottom
    for t in types:
        t = t.type if isinstance(t, T.Vararg) else t
        t = t.upper if isinstance(t, T.TypeVar) else t
        out = t if out is T.Bottom else Base.bindings["promote_typejoin"](out, t)
    return out


@Base.method("promote_typejoin(a, b)", export=False)
def promote_typejoin(a: Any, b: Any) -> Any:
    """The least type above both, where `Union`s with `Nothing` or `Missing` are kept."""
    for absent in (T.Nothing, V.Missing_):
        if a is absent or b is absent:
            other = b if a is absent else a
            if other is absent:
                return absent
            return T.union(other, absent) if other is not T.Any_ else T.Any_
    return typejoin(a, b)
