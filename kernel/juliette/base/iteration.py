"""The iteration protocol: one mechanism between Julia's `iterate` and Python's iterators.

`iterate_value` gives a Python iterator over any Julia value: straight for what is implemented here,
through the user's `iterate` methods for the rest.  The other way round `iterate(x, state)` steps
through a Python iterator with states that may be used more than once.  Sizes and element types come
from `IteratorSize` and `IteratorEltype`, so that a type of the user's own is collected as Julia does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from itertools import starmap
from math import prod
from typing import Any

import numpy as np

from juliette.base.array_construction import copy, typed
from juliette.base.array_protocol import (
    ArrayLike,
    eltype_of,
    fill_user,
    is_array,
    own_axes,
)
from juliette.compiler import results, support, type_support
from juliette.compiler.closures import ClosureBase
from juliette.compiler.lattice import joined as join_members
from juliette.compiler.result_types import element_type
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array, dtype_of, elements, make, pack, vector
from juliette.runtime.broadcast import typejoin
from juliette.runtime.dispatch import TRACE, GenericFunction
from juliette.runtime.errors import ErrorException, MethodError, UndefRefError
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.text import is_valid, utf8, width_at

# How values of a Python class are iterated, found by the class or its bases.
ITERATORS: dict[type, Callable[[Any], Any]] = {}


def iterates(*classes: type) -> Callable[[Any], Any]:
    """Register how values of these classes are iterated."""

    def register(f: Any) -> Any:
        for cls in classes:
            ITERATORS[cls] = f
        return f

    return register


def iterate_value(x: Any) -> Any:
    """A Python iterator over any Julia value."""
    f = ITERATORS.get(type(x))
    if f is None:
        for cls in type(x).__mro__[1:-1]:
            f = ITERATORS.get(cls)
            if f is not None:
                break
        else:
            f = by_protocol
        ITERATORS[type(x)] = f
    return f(x)


support.set_iterate(iterate_value)
ITERATE = GenericFunction("iterate", Base)
Base.const("iterate", ITERATE)


def by_protocol(x: Any) -> Iterator[Any]:
    """`iterate(x)`, `iterate(x, state)`, … until `nothing`."""
    step = ITERATE(x)
    return _steps(x, step)


def _steps(x: Any, step: Any) -> Iterator[Any]:
    f = ITERATE
    while step is not None:
        value, state = (
            step if type(step) is tuple and len(step) == 2 else support.destructure(step, 2, -1)[:2]
        )
        yield value
        step = f(x, state)


# ---------------------------------------------------------------- what is iterated natively

# Python's own loops over more than this could not be interrupted: steps of ours are put in between.
LONG = 1_000_000

ITERATORS[tuple] = iter


@iterates(V.UnitRange, V.OneTo, V.StepRange, V.Range)
def iterate_numbers(r: Any) -> Any:
    """The elements of a range."""
    return iter(r) if r.count <= LONG else _interruptibly(r)


def _interruptibly(items: Any) -> Iterator[Any]:
    for x in items:  # noqa: UP028 - `yield from` has no step where an interrupt is seen
        yield x


@iterates(str)
def characters(s: str) -> Iterator[V.Char]:
    """The characters of a string, one by one."""
    if is_valid(s):
        return map(V.Char, map(ord, s))
    return iter(V.chars(s))


@iterates(Array)
def iterate_array(a: Array) -> Any:
    """Elements of an array, also of one that changes or grows meanwhile."""
    return live(a)


_VIEWED = frozenset("dlq?")


def live(a: Array) -> Any:
    data = a.data
    if data.ndim != 1:
        data = data.reshape(-1, order="F") if data.ndim else data.reshape(1)
        return references(data) if data.dtype == object else iter(elements(data))
    return _growing(a)


def references(data: Any) -> Iterator[Any]:
    """Elements that may be missing."""
    for v in data:
        if v is UNDEF:
            raise UndefRefError()
        yield v


def _growing(a: Array) -> Iterator[Any]:
    i = 0
    while i < len(a.data):
        data = a.data[i:]
        i = len(a.data)
        if data.dtype == object:
            yield from references(data)
            continue
        for start in range(0, len(data), LONG):
            piece = data[start : start + LONG]
            yield from memoryview(piece) if data.dtype.char in _VIEWED else piece


@iterates(V.BitArray, V.Wrapper)
def iterate_data(a: Any) -> Iterator[Any]:
    return iter(elements(np.asarray(a.data)))


@iterates(int, float, bool, np.generic, V.Char)
def iterate_scalar(x: Any) -> Iterator[Any]:
    return iter((x,))


@iterates(V.Pair)
def iterate_pair(p: V.Pair) -> Iterator[Any]:
    return iter((p.first, p.second))


@iterates(V.Ref)
def iterate_ref(r: V.Ref) -> Iterator[Any]:
    if not hasattr(r, "x"):
        raise UndefRefError()
    return iter((r.x,))


@iterates(V.NamedTuple)
def iterate_named(t: V.NamedTuple) -> Iterator[Any]:
    return iter(t.values)


@iterates(V.JuliaDict)
def iterate_dict(d: V.JuliaDict) -> Iterator[V.Pair]:
    return starmap(V.pair_maker(d.key_type, d.value_type), d.pairs())


@iterates(V.JuliaSet)
def iterate_set(s: V.JuliaSet) -> Iterator[Any]:
    return s.items()


# ---------------------------------------------------------------- a function of many elements


def direct(f: Any, cls: type) -> Any:
    """What `f` does for an argument of a class, without looking for the method again.

    To be asked for after a first call, which fills the tables.
    """
    if TRACE.depth:
        return f
    if type(f) is GenericFunction:
        found = f.cache.get((cls,))
        return f if found is None or found is f.enter_typed else found
    if isinstance(f, ClosureBase):
        generic = f.generic
        found = generic.cache.get((cls,))
        return f if found is None or found is generic.enter_typed else functools.partial(found, f)
    return f


def applied(f: Any, items: Any) -> Iterator[Any]:
    """`f` of each item, when it is wanted."""
    cls: Any = None
    g = f
    for x in items:
        if type(x) is cls:
            yield g(x)
        else:
            cls = type(x)
            value = f(x)
            g = direct(f, cls)
            yield value


def apply_all(f: Any, x: Any, values: list[Any] | None = None) -> list[Any]:
    """`f` of each element of a collection, whose elements may be known."""
    if not isinstance(x, (Array, V.Range, tuple)):
        return list(applied(f, iterate_value(x) if values is None else values))
    if values is None:
        if isinstance(x, V.Range):
            reserve(x.count, 40)  # Python's numbers are larger
        values = list(iterate_value(x))
    if len(values) < 8 or len(set(map(type, values))) > 1:
        return [f(v) for v in values]
    first = f(values[0])
    return [first, *map(direct(f, type(values[0])), values[1:])]


# ---------------------------------------------------------------- states


class Step:
    """A state of `iterate` over a Python iterator; the next step is taken once and remembered."""

    __slots__ = ("found", "source")

    def __init__(self, source: Iterator[Any]) -> None:
        self.source = source
        self.found: Any = Step

    def next(self) -> Any:
        if self.found is Step:
            for value in self.source:
                self.found = (value, Step(self.source))
                break
            else:
                self.found = None
        return self.found


T.register_class(Step, T.define("Base.IterationState"))


def resume(x: Any, state: Any) -> Iterator[Any]:
    """The elements after a state."""
    if isinstance(state, Step):
        step = state.next()
        while step is not None:
            yield step[0]
            step = step[1].next()
        return
    yield from _steps(x, ITERATE(x, state))


def first_step(x: Any) -> Any:
    """The first element and the state after it, of what is iterated natively; None if there is none."""
    return Step(iter(iterate_value(x))).next()


def next_step(x: Any, state: Any) -> Any:
    """The element after a state and the state after that."""
    return state.next()


def native_steps(*types: str, module: Any = Base) -> None:
    """Give types that are iterated natively their `iterate` methods."""
    for t in types:
        module.method(f"iterate(x::{t})", transparent=True)(first_step)
        module.method(f"iterate(x::{t}, state)", transparent=True)(next_step)


native_steps("AbstractDict", "AbstractSet", "Ref")


@Base.method("iterate(A::AbstractArray, state=1)", transparent=True)
def iterate_indices(a: Any, state: Any = 1) -> Any:
    """`(item, state)`, or `nothing` at the end.

    ```jldoctest
    julia> iterate([4, 5])
    (4, 2)

    julia> iterate([4, 5], 3) === nothing
    true
    ```
    """
    if isinstance(a, ArrayLike):
        if not 1 <= state <= (len(a) if isinstance(a, V.Range) else a.data.size):
            return None
        return Base.bindings["getindex"](a, state), state + 1
    if state == 1:
        state = Step(iter(iterate_value(Base.bindings["eachindex"](a))))
    found = state.next()
    if found is None:
        return None
    i = found[0]
    index = i.I if hasattr(i, "I") else (i,)
    return Base.bindings["getindex"](a, *index), found[1]


@Base.method("iterate(r::OrdinalRange, i...)", transparent=True)
def iterate_range(r: Any, *i: Any) -> Any:
    call = Base.bindings
    if not i:
        if call["isempty"](r):
            return None
        following = call["first"](r)
    elif call["=="](i[0], call["last"](r)):
        return None
    else:
        step = call["step"](r)
        following = i[0] + step if type(i[0]) is int is type(step) else call["+"](i[0], step)
    return following, following


@Base.method("iterate(i::CartesianIndex, state...)")
def iterate_index(i: Any, *_: Any) -> Any:
    raise ErrorException(
        "iteration is deliberately unsupported for CartesianIndex. Use `I` rather than `I...`, or use `Tuple(I)...`"
    )


@Base.method("iterate(t::Tuple, i=1)", transparent=True)
def iterate_tuple(t: tuple[Any, ...], i: int = 1) -> Any:
    return (t[i - 1], i + 1) if 1 <= i <= len(t) else None


@Base.method("iterate(t::NamedTuple, i=1)", transparent=True)
def iterate_named_tuple(t: V.NamedTuple, i: int = 1) -> Any:
    return (t.values[i - 1], i + 1) if 1 <= i <= len(t.values) else None


@Base.method("iterate(p::Pair, i=1)", transparent=True)
def iterate_pair_at(p: V.Pair, i: int = 1) -> Any:
    return ((p.first, p.second)[i - 1], i + 1) if i <= 2 else None


@Base.method("iterate(s::AbstractString, i::Integer=1)", transparent=True)
def iterate_string(s: Any, i: int = 1) -> Any:
    if type(s) is not str:
        if i > Base.bindings["ncodeunits"](s):
            return None
        return Base.bindings["getindex"](s, i), Base.bindings["nextind"](s, i)
    if s.isascii():
        return (V.Char(ord(s[i - 1])), i + 1) if i <= len(s) else None
    data = utf8(s)
    if i > len(data):
        return None
    return Base.bindings["getindex"](s, i), i + width_at(data, i - 1)


for _t in ("Number", "AbstractChar"):

    @Base.method(f"iterate(x::{_t}, state...)", transparent=True)
    def iterate_once(x: Any, *state: Any) -> Any:
        return None if state else (x, None)


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
    if T.subtype(t, T.Number):
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
        return MethodError(Base.bindings[function], (self,), None)  # type: ignore[no-any-return]

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

# ---------------------------------------------------------------- length, eltype, collect


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
    for d in Base.bindings["size"](a):
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
            return s.parameters  # type: ignore[no-any-return]
    return None


@Base.method("eltype(t::Type)")
def eltype_of_type(t: Any) -> Any:
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
    found = parameters_of(t, T.AbstractArray) or parameters_of(t, T.AbstractSet)
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


def fitted(values: list[Any], shape: tuple[int, ...] | None, t: Any) -> Array:
    """An array of values of type `t` in the shape of the iterator they came from."""
    out = vector(values, t)
    if shape is None or len(shape) == 1:
        return out
    return make(out.data.reshape(shape, order="F"), t)


def finite(x: Any) -> bool:
    """Is it a collection that is there already, with all its elements?"""
    return isinstance(x, (Array, V.Range, tuple))


def check_end(x: Any) -> None:
    """An iterator has an end, and room for as many elements as it says it has."""
    size = size_of(x)
    if size is IsInfinite:
        raise MethodError(Base.bindings["length"], (x,), None)
    if size is HasLength and (
        isinstance(x, Lazy) or ITERATORS.get(type(x), by_protocol) is by_protocol
    ):
        # As in Julia, who says to have a length is asked for it.
        length = Base.bindings["length"](x)
        if type(length) is int:
            reserve(length)


def collect_values(x: Any) -> list[Any]:
    """The elements of a finite iterator."""
    check_end(x)
    return list(iterate_value(x))


def gather(values: list[Any], shape: tuple[int, ...] | None, empty_type: Any = T.Any_) -> Any:
    """An array of values whose type nobody announced: the narrowest that holds them all."""
    if GATHER is not None and TRACE.depth:
        traced = GATHER(values, shape if shape is not None else (len(values),))
        if traced is not None:
            return traced
    return fitted(values, shape, B.join_types(values) if values else empty_type)


def of_results(
    f: Any, values: list[Any], shape: tuple[int, ...] | None, sources: tuple[Any, ...]
) -> Any:
    """The array of `f`'s results for the elements of sources; without any, its type is inferred."""
    if values:
        return gather(values, shape)
    known = tuple(T.Any_ if t is None else t for t in map(eltype_of_iterator, sources))
    t = element_type(f, known)
    if t is T.Any_ and T.Any_ in known and not TRACE.depth:
        # Of arguments that may be anything the method says what it gives, if there is but one.
        t = join_members(Base.get("promote_op")(f, *known))
    return gather(values, shape, t)


# Set by the gradient packages: an array of traced scalars.
GATHER: Any = None


@Base.method("collect(x)", transparent=True)
def collect(x: Any) -> Any:
    """All elements of a collection or iterator, as an array.

    ```jldoctest
    julia> collect(1:2:5)
    3-element Vector{Int64}:
     1
     3
     5

    julia> collect("ab")
    2-element Vector{Char}:
     'a': ASCII/Unicode U+0061 (category Ll: Letter, lowercase)
     'b': ASCII/Unicode U+0062 (category Ll: Letter, lowercase)
    ```
    """
    if isinstance(x, Array):
        return copy(x)
    if isinstance(x, (V.BitArray, V.Wrapper)):
        return make(np.array(x.data, order="F"), x.eltype)
    if isinstance(x, V.Range):
        return collect_range(x)
    t = eltype_of_iterator(x)
    shape = shape_of_iterator(x)
    if shape is not None:
        reserve(prod(shape))
    values = (
        apply_all(x.f, x.iter) if type(x) is Generator and finite(x.iter) else collect_values(x)
    )
    if type(x) is Generator:
        return along_axes(x.iter, of_results(x.f, values, shape, (x.iter,)))
    if t is None or (t is not T.Any_ and TRACE.depth):
        return gather(values, shape, t or getattr(x, "empty_eltype", T.Any_))
    return fitted(values, shape, t)


def along_axes(source: Any, out: Any) -> Any:
    """What a comprehension gives: an array with the axes of a source that counts its elements otherwise than from 1."""
    axes = own_axes(source) if isinstance(source, Struct) and is_array(source) else None
    similar = Base.bindings["similar"]
    kinds = (T.typeof(V.OneTo(1)), T.type_of_type(out.eltype), T.typeof(axes))
    if axes is None or not similar.user_matches(kinds):
        return out
    dest = similar(V.OneTo(1), out.eltype, axes)
    fill_user(dest, elements(out.data))
    return dest


def collect_range(x: Any) -> Any:
    """The elements of a range, without a list of them where numbers are kept as they are."""
    t = Base.bindings["eltype"](x)
    dtype = dtype_of(t)
    if dtype.kind == "O":
        return vector(list(iterate_value(x)), t)
    if isinstance(x, V.UnitRange) and dtype == np.int64 and x.count < 1 << 48:
        return make(x.data, t)
    return make(np.fromiter(iterate_value(x), dtype, len(x)), t)


@Base.method("collect(t::Type, x)", transparent=True)
def collect_as(t: Any, x: Any) -> Any:
    """All elements, converted to a type."""
    convert = Base.bindings["convert"]
    return fitted(
        [v if T.isa(v, t) else convert(t, v) for v in collect_values(x)], shape_of_iterator(x), t
    )


support.HELPERS["%collect_comprehension"] = collect


def typed_comprehension(t: Any, g: Any) -> Any:
    """`T[f(x) for x in xs]`"""
    shape = shape_of_iterator(g)
    return typed_array(t, collect_values(g), shape)


support.HELPERS["%typed_comprehension"] = typed_comprehension


def finite_source(x: Any) -> None:
    """What a comprehension goes through has an end, and room for its elements."""
    if isinstance(x, (Array, tuple, str)):
        return
    shape = shape_of_iterator(x)
    if shape is not None:
        reserve(prod(shape))
    else:
        check_end(x)


def joint_shape(*xs: Any) -> tuple[int, ...] | None:
    """The shape of a comprehension over several sources; None for a vector of what there is."""
    if len(xs) == 1:
        return shape_of_iterator(xs[0])
    return product_shape(xs)


def product_shape(xs: tuple[Any, ...]) -> tuple[int, ...] | None:
    """The shape of all combinations; None where not even a length is known."""
    out: tuple[int, ...] = ()
    for x in xs:
        shape = shape_of_iterator(x)
        if shape is None:
            n = known_length(x)
            if n is None:
                return None
            shape = (n,)
        out += shape
    return out


def typed_array(t: Any, values: list[Any], shape: tuple[int, ...] | None) -> Any:
    """`T[f(x) for x in xs]`, from its values."""
    out = typed(t, *values)
    return out if shape is None or len(shape) == 1 else make(out.data.reshape(shape, order="F"), t)


def array_of(t: Any, values: list[Any], shape: tuple[int, ...] | None) -> Any:
    """An array of values that are known to be of the type."""
    data = pack(values, t)
    return make(data if shape is None or len(shape) == 1 else data.reshape(shape, order="F"), t)


def consume(f: Any, values: list[Any], t: Any, source: Any, *rest: Any) -> Any:
    """A function of Base's applied to what a generator gave."""
    if not values:
        return f(_empty(f, t, source), *rest)
    if (
        t is T.Int64
        and not rest
        and isinstance(f, GenericFunction)
        and f.name in ("maximum", "minimum")
    ):
        return max(values) if f.name == "maximum" else min(values)
    return f(Generator(Base.bindings["identity"], tuple(values)), *rest)


def _empty(f: Any, t: Any, source: Any) -> Any:
    """What a generator is that gave nothing: it may have a type, or only a function that could have been applied."""
    if isinstance(f, T.JuliaType) and isinstance(t, T.DataType):
        return vector([], t)
    if source is None:
        return Generator(Base.bindings["sin"], vector([], T.Any_))
    return Generator(Base.bindings["identity"], vector([], eltype_of_iterator(source) or T.Any_))


def any_step(so_far: Any, answer: Any) -> Any:
    """`any` so far, after one more answer: `missing` counts if nothing is true."""
    return _answer(so_far, answer, False)


def all_step(so_far: Any, answer: Any) -> Any:
    """`all` so far, after one more answer."""
    return _answer(so_far, answer, True)


def _answer(so_far: Any, answer: Any, neutral: bool) -> Any:
    if answer is neutral:
        return so_far
    if type(answer) is bool or answer is V.MISSING:
        return answer
    return support.truth(answer)


support.HELPERS |= {
    "%consume": consume,
    "%any_step": any_step,
    "%all_step": all_step,
    "%finite": finite_source,
    "%shape": joint_shape,
    "%typed_array": typed_array,
    "%array_of": array_of,
    "%gather": gather,
}

# ---------------------------------------------------------------- generators


def lazy_type(
    cls: type, name: str, params: str, parameters: Callable[[Any], tuple[Any, ...]]
) -> Any:
    """Register the parametric Julia type of a lazy iterator's class."""
    family = T.sub_family(name, params, lambda *_: T.Any_)
    typename = T.unwrap(family).typename
    typename.fields = cls.fields  # type: ignore[attr-defined]
    typename.field_types = (T.Any_,) * len(typename.fields)
    typename.ninitialized = len(typename.fields)
    T.register_instances(cls, lambda x: T.apply_type(family, *parameters(x)), family)
    if not getattr(cls, "mutable", False):
        cls.value_fields = cls.fields  # type: ignore[attr-defined]
    _sized(name.removeprefix("Base."))
    return family


def _sized(name: str) -> None:
    """`size`, `axes` and `ndims` of the lazy iterators that have a shape."""

    def shape_or_error(function: str, x: Any) -> tuple[int, ...]:
        shape = x.iteration_shape()
        if shape is None:
            raise x.without_shape(function)
        return shape  # type: ignore[no-any-return]

    @Base.method(f"size(x::Base.{name})")
    def size(x: Any) -> Any:
        return shape_or_error("size", x)

    @Base.method(f"axes(x::Base.{name})")
    def axes(x: Any) -> Any:
        return tuple(map(V.OneTo, shape_or_error("axes", x)))

    @Base.method(f"ndims(x::Base.{name})")
    def ndims(x: Any) -> int:
        return len(shape_or_error("ndims", x))


class Generator(Lazy):
    """`f(x) for x in xs`"""

    __slots__ = ("f", "iter")
    fields = ("f", "iter")

    def __init__(self, f: Any, iter_: Any) -> None:
        self.f = f
        self.iter = iter_

    def julia_iterator(self) -> Iterator[Any]:
        return applied(self.f, iterate_value(self.iter))

    def size(self) -> Any:
        return size_of(self.iter)

    def iteration_shape(self) -> tuple[int, ...] | None:
        return shape_of_iterator(self.iter)

    def iteration_length(self) -> int:
        return int(Base.bindings["length"](self.iter))

    def element_type(self) -> Any:
        return None


Generator_ = lazy_type(
    Generator, "Base.Generator", "I F", lambda g: (T.typeof(g.iter), T.typeof(g.f))
)
Base.const("Generator", Generator_, export=False)
support.HELPERS["%generator"] = Generator


@Base.method("Generator(f, xs...)", export=False)
def generator(_: Any, f: Any, *xs: Any) -> Any:
    """The iterator behind `f(x) for x in xs`."""
    if len(xs) == 1:
        return Generator(f, xs[0])
    return Generator(lambda args: f(*args), Base.bindings["zip"](*xs))


@Base.method("iterate(g::Generator, state...)", transparent=True)
def iterate_generator(g: Generator, *state: Any) -> Any:
    """The function of the next value, and the state of what the generator runs over."""
    step = Base.bindings["iterate"](g.iter, *state)
    if step is None:
        return None
    value, following = step
    return g.f(value), following
