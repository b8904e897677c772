"""`pairs`, `keys`, and iterators that remember where they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.base.identity import COPY_HOOKS
from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import (
    HasLength,
    IsInfinite,
    Lazy,
    SizeUnknown,
    eltype_of_iterator,
    shape_of_iterator,
    size_of,
)
from juliette.base.lazy import Iterators, lazily
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.errors import EOFError_
from juliette.runtime.modules import Base


def _length(x: Any) -> int:
    return int(Base.bindings["length"](x))


class Pairs(Lazy):
    """`pairs(xs)`: index and value."""

    __slots__ = ("data", "itr")
    fields = ("data", "itr")

    def __init__(self, data: Any, itr: Any) -> None:
        self.data, self.itr = data, itr

    def parameters(self) -> tuple[Any, ...]:
        eltype = Base.bindings["eltype"]
        if isinstance(self.data, V.NamedTuple):
            return (T.Symbol_, eltype(self.data), T.typeof(self.itr), T.typeof(self.data))
        return (eltype(self.itr), eltype(self.data), T.typeof(self.itr), T.typeof(self.data))

    def julia_iterator(self) -> Iterator[Any]:
        pair = V.pair_maker(*self.parameters()[:2])
        if (
            isinstance(self.data, V.NamedTuple)
            or type(self.data) is tuple
            or (isinstance(self.data, Array) and isinstance(self.itr, V.OneTo))
        ):
            return map(pair, iterate_value(self.itr), iterate_value(self.data))
        get = Base.bindings["getindex"]
        return (pair(i, get(self.data, i)) for i in iterate_value(self.itr))

    def iteration_shape(self) -> tuple[int, ...] | None:
        return shape_of_iterator(self.itr)

    def size(self) -> Any:
        return size_of(self.data)

    def iteration_length(self) -> int:
        return _length(self.itr)

    def element_type(self) -> Any:
        return T.apply_type(V.Pair_, *self.parameters()[:2])


Pairs_ = T.sub_family(
    "Base.Pairs", "K V I A", lambda k, v, i, a: T.apply_type(T.AbstractDict, k, v)
)
T.unwrap(Pairs_).typename.fields = Pairs.fields
T.unwrap(Pairs_).typename.field_types = (T.Any_,) * 2
T.register_instances(Pairs, lambda p: T.apply_type(Pairs_, *p.parameters()), Pairs_)
Iterators.set("Pairs", Pairs_, const=True)
native_steps("Pairs", module=Iterators)


@lazily("Stateful", "T VS N", lambda s: (T.typeof(s.itr), T.Any_, T.Int64), plain=False)
class Stateful(Lazy):
    """`Iterators.Stateful(xs)`: an iterator that remembers where it is."""

    mutable = True
    __slots__ = ("ahead", "it", "itr", "taken")
    fields = ("itr",)

    def __init__(self, itr: Any) -> None:
        self.itr = itr
        self.it = iter(iterate_value(itr))
        self.ahead: list[Any] = []
        self.taken = 0

    def julia_iterator(self) -> Iterator[Any]:
        while self.look():
            yield self.take()

    def look(self) -> bool:
        if not self.ahead:
            self.ahead.extend(itertools.islice(self.it, 1))
        return bool(self.ahead)

    def take(self) -> Any:
        if not self.look():
            raise EOFError_()
        self.taken += 1
        return self.ahead.pop()

    def size(self) -> Any:
        inner = size_of(self.itr)
        return inner if inner is SizeUnknown or inner is IsInfinite else HasLength

    def iteration_length(self) -> int:
        return _length(self.itr) - self.taken

    def element_type(self) -> Any:
        return eltype_of_iterator(self.itr)


def stateful_copied(s: Stateful, memo: dict[int, Any]) -> Stateful:
    """What is still to come goes to both."""
    out = memo[id(s)] = Stateful(())
    s.it, out.it = itertools.tee(s.it)
    out.itr, out.ahead, out.taken = s.itr, list(s.ahead), s.taken
    return out


COPY_HOOKS[Stateful] = stateful_copied


@Iterators.method("Stateful(itr)", transparent=True)
def stateful(_: Any, itr: Any) -> Any:
    """An iterator that remembers where it is."""
    return Stateful(itr)


Base.const("Stateful", Iterators.bindings["Stateful"], export=False)


@Base.method("popfirst!(s::Base.Iterators.Stateful)", transparent=True)
def stateful_next(s: Stateful) -> Any:
    return s.take()


Base.const("Stateful", Iterators.bindings["Stateful"], export=False)


@Base.method("popfirst!(s::Base.Iterators.Stateful, default)", transparent=True)
def stateful_next_or(s: Stateful, default: Any) -> Any:
    return s.take() if s.look() else default


@Base.method("peek(s::Base.Iterators.Stateful, default=nothing)", transparent=True)
def stateful_peek(s: Stateful, default: Any = None) -> Any:
    """The next element, which is not taken."""
    return s.ahead[0] if s.look() else default


@Base.method("isdone(itr, state...)", export=False)
def isdone(itr: Any, *state: Any) -> Any:
    """Is an iterator known to be at its end, without taking from it? `missing` if it cannot tell.

    ```jldoctest
    julia> Base.isdone(Iterators.Stateful([1])), Base.isdone(1:3)
    (false, missing)
    ```
    """
    return V.MISSING


@Base.method("isdone(s::Base.Iterators.Stateful, state...)", export=False)
def stateful_isdone(s: Stateful, *state: Any) -> bool:
    return not s.look()


@Base.method("isempty(s::Base.Iterators.Stateful)", transparent=True)
def stateful_done(s: Stateful) -> bool:
    return not s.look()


@Base.method("reset!(s::Base.Iterators.Stateful, itr...)", export=False, transparent=True)
def stateful_reset(s: Stateful, *itr: Any) -> Any:
    s.__init__(*(itr or (s.itr,)))  # type: ignore[misc]
    return s


Iterators.set("reset!", Base.bindings["reset!"], const=True)


@Base.method("pairs(x)", transparent=True)
def pairs(x: Any) -> Any:
    """The keys (or indices) with their values.

    ```jldoctest
    julia> collect(pairs((a = 1, b = 2)))
    2-element Vector{Pair{Symbol, Int64}}:
     :a => 1
     :b => 2
    ```
    """
    if isinstance(x, V.NamedTuple):
        return Pairs(x, Base.bindings["keys"](x))
    if isinstance(x, (Array, V.BitArray, V.Wrapper)) and np.ndim(x.data) > 1:
        return Pairs(x, Base.bindings["CartesianIndices"](x))
    return Pairs(x, Base.bindings["keys"](x))


@Base.method("pairs(d::AbstractDict)", transparent=True)
def pairs_of_dict(d: Any) -> Any:
    return d


@Base.method("pairs(p::Base.Iterators.Pairs)", transparent=True)
def pairs_of_pairs(p: Pairs) -> Any:
    return p


@Base.method("pairs(style::IndexLinear, x::AbstractArray)", transparent=True)
def pairs_linear(_: Any, x: Any) -> Any:
    return Pairs(x, V.OneTo(_length(x)))


@Base.method("pairs(style::IndexCartesian, x::AbstractArray)", transparent=True)
def pairs_cartesian(_: Any, x: Any) -> Any:
    return Pairs(x, Base.bindings["CartesianIndices"](x))


@Base.method("keys(p::Base.Iterators.Pairs)", transparent=True)
def keys_of_pairs(p: Pairs) -> Any:
    return p.itr


@Base.method("values(p::Base.Iterators.Pairs)", transparent=True)
def values_of_pairs(p: Pairs) -> Any:
    return p.data


@Base.method("getindex(p::Base.Iterators.Pairs, i)", transparent=True)
def get_pairs(p: Pairs, i: Any) -> Any:
    return Base.bindings["getindex"](p.data, i)


@Base.method("haskey(p::Base.Iterators.Pairs, i)", transparent=True)
def pairs_haskey(p: Pairs, i: Any) -> Any:
    if isinstance(p.data, V.NamedTuple) and not isinstance(i, V.Symbol):
        return False
    return Base.bindings["haskey"](p.data, i)


@Base.method("setindex!(p::Base.Iterators.Pairs, v, i)", transparent=True)
def pairs_setindex(p: Pairs, v: Any, i: Any) -> Any:
    """Changes the collection whose pairs these are."""
    Base.bindings["setindex!"](p.data, v, i)
    return p


@Base.method("showarg(io::IO, p::Base.Iterators.Pairs, toplevel)", export=False)
def showarg_pairs(io: Any, p: Pairs, toplevel: Any) -> None:
    style = ""
    if isinstance(p.itr, (V.OneTo, V.Range)) and np.ndim(getattr(p.data, "data", 0)) > 1:
        style = "IndexLinear(), "
    elif Base.bindings["eltype"](p.itr) is not T.Int64 and np.ndim(getattr(p.data, "data", 0)) == 1:
        style = "IndexCartesian(), "
    shown = "NamedTuple" if isinstance(p.data, V.NamedTuple) else T.type_string(T.typeof(p.data))
    io.write(f"pairs({style}::{shown})")


@Base.method("get(p::Base.Iterators.Pairs, k, default)", transparent=True)
def pairs_get(p: Pairs, k: Any, default: Any) -> Any:
    return Base.bindings["get"](p.data, k, default)


@Base.method("keys(x)", transparent=True)
def keys(x: Any) -> Any:
    """The indices or keys by which a collection's elements are found.

    ```jldoctest
    julia> keys((a = 1, b = 2))
    (:a, :b)

    julia> join(keys("aé!"), ' ')
    "1 2 4"
    ```
    """
    shape = shape_of_iterator(x)
    if shape is not None and len(shape) > 1:
        return Base.bindings["CartesianIndices"](x)
    if isinstance(x, (int, float, np.generic)):
        return V.OneTo(1)
    return Base.bindings["eachindex"](x)


Base.const("Pairs", Pairs_, export=False)
