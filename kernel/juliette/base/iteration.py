"""The iteration protocol: one mechanism between Julia's `iterate` and Python's iterators.

`iterate_value` gives a Python iterator over any Julia value: straight for what is implemented here,
through the user's `iterate` methods for the rest.  The other way round `iterate(x, state)` steps
through a Python iterator with states that may be used more than once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import chain, starmap
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    ArrayLike,
)
from juliette.base.lanes import at_once
from juliette.compiler import support
from juliette.compiler.closures import ClosureBase
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array, elements
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ErrorException, NoMethod, UndefRefError
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.text import is_valid, utf8, width_at
from juliette.runtime.world import TRACE

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
        return map(V.CHARS.__getitem__, map(ord, s))
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
    return chain.from_iterable(_pieces(a))


_NO_ELEMENT = id(UNDEF)
# So many elements are looked at together.
PIECE = 4096


def references(data: Any) -> Iterator[Any]:
    """Elements that may be missing: a few first, as who looks for one may need no more."""
    start, stop = 0, 32
    while start < len(data):
        items = data[start:stop].tolist()
        if _NO_ELEMENT in map(id, items):
            yield from items[: list(map(id, items)).index(_NO_ELEMENT)]
            raise UndefRefError()
        yield from items
        start, stop = stop, stop + PIECE


def _pieces(a: Array) -> Iterator[Any]:
    """A vector piece by piece: what it grew by while one was walked comes next."""
    i = 0
    while i < len(a.data):
        data = a.data[i:]
        i = len(a.data)
        if data.dtype == object:
            yield references(data)
            continue
        for start in range(0, len(data), LONG):
            piece = data[start : start + LONG]
            yield memoryview(piece.data) if data.dtype.char in _VIEWED else piece


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


def binary(f: Any) -> Any:
    """`f` of two arguments, where the method is looked for only if their classes are new."""
    if TRACE.depth or not isinstance(f, ClosureBase):
        return f
    cache, typed = f.generic.cache, f.generic.enter_typed

    def call(x: Any, y: Any) -> Any:
        found = cache.get((type(x), type(y)))
        return f(x, y) if found is None or found is typed else found(f, x, y)

    return call


def folded(f: Any, items: Any, acc: Any) -> Any:
    """`f(…f(f(acc, a), b)…)`"""
    if TRACE.depth or not isinstance(f, ClosureBase):
        return functools.reduce(f, items, acc)
    cache, typed = f.generic.cache, f.generic.enter_typed
    code: Any = None
    left: Any = None
    right: Any = None
    for x in items:
        if type(x) is right and type(acc) is left:
            acc = code(f, acc, x)
            continue
        left, right = type(acc), type(x)
        acc = f(acc, x)
        code = cache.get((left, right))
        if code is None or code is typed:
            left = None
    return acc


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


def apply_all(f: Any, x: Any) -> list[Any]:
    """`f` of each element of a collection, at once where it allows that."""
    whole = at_once(f, x)
    return apply_each(f, x) if whole is None else elements(whole.ravel(order="F"))


def apply_each(f: Any, x: Any, values: list[Any] | None = None) -> list[Any]:
    """`f` of one element of a collection after the other; the elements may be known."""
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
    if not isinstance(state, Step):
        raise NoMethod("that is no state of an iteration")
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
        if not isinstance(state, (int, np.integer)):
            Base.bindings["rem"](state, T.UInt64)  # what Julia makes of it first
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
        return (V.CHARS[ord(s[i - 1])], i + 1) if i <= len(s) else None
    data = utf8(s)
    if i > len(data):
        return None
    return Base.bindings["getindex"](s, i), i + width_at(data, i - 1)


for _t in ("Number", "AbstractChar"):

    @Base.method(f"iterate(x::{_t}, state...)", transparent=True)
    def iterate_once(x: Any, *state: Any) -> Any:
        return None if state else (x, None)
