"""`CartesianIndex`, `CartesianIndices` and `LinearIndices`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import is_array, tuple_text
from juliette.base.iteration import ITERATORS
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.errors import ArgumentError, BoundsError, MethodError
from juliette.runtime.hashing import MASK, julia_hash
from juliette.runtime.modules import Base, constructors
from juliette.runtime.ranges import IdentityUnitRange, UnitRange
from juliette.runtime.tables import PLAIN_FAMILIES

AbstractCartesianIndex = T.sub_family(
    "AbstractCartesianIndex", "N", lambda n: T.Any_, abstract=True
)
T.CORE_TYPES.pop("AbstractCartesianIndex")
CartesianIndex_ = T.sub_family(
    "CartesianIndex", "N", lambda n: T.apply_type(AbstractCartesianIndex, n)
)
CartesianIndices_ = T.sub_family(
    "CartesianIndices", "N R", lambda n, r: W.abstract_array(T.apply_type(CartesianIndex_, n), n)
)
LinearIndices_ = T.sub_family("LinearIndices", "N R", lambda n, r: W.abstract_array(T.Int64, n))
PLAIN_FAMILIES.add(T.unwrap(CartesianIndex_).typename)
T.unwrap(CartesianIndex_).typename.fields = ("I",)
T.unwrap(CartesianIndex_).typename.field_types = (T.Any_,)
for _name, _t in (
    ("CartesianIndex", CartesianIndex_),
    ("CartesianIndices", CartesianIndices_),
    ("LinearIndices", LinearIndices_),
):
    Base.const(_name, _t)
Base.const("AbstractCartesianIndex", AbstractCartesianIndex, export=False)
for _t in (AbstractCartesianIndex, CartesianIndex_, CartesianIndices_, LinearIndices_):
    T.unwrap(_t).typename.module = Base


class CartesianIndex:
    """`CartesianIndex(i, j)`: an index of several dimensions as one value."""

    __slots__ = ("index",)
    value_fields = ("index",)
    index: tuple[int, ...]

    def __new__(cls, *index: Any) -> Any:
        return index_at(index[0] if len(index) == 1 and type(index[0]) is tuple else index)

    @property
    def I(self) -> tuple[int, ...]:  # noqa: E743 (Julia's name of the field)
        return self.index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CartesianIndex) and self.index == other.index

    def __hash__(self) -> int:
        return hash(self.index)

    def hash_from(self, h: int) -> int:
        """Julia's hash. Source: base/multidimensional.jl, `hash(ci::CartesianIndex, h::UInt)`"""
        h += 0xD60CA92F8284B8B0
        for i in self.index:
            h = julia_hash(i, h)  # type: ignore[assignment]
        return h & MASK


def index_class(n: int) -> type:
    """The class of `CartesianIndex{n}`."""
    made = _INDEX.get(n)
    if made is None:
        t = T.apply_type(CartesianIndex_, n)
        made = _INDEX[n] = type(
            T.type_string(t), (CartesianIndex,), {"__slots__": (), "julia_type": t}
        )
        T.register_class(made, t)
    return made


_new = object.__new__


def index_at(index: tuple[int, ...]) -> Any:
    """`CartesianIndex(index)`"""
    made: Any = _new(_INDEX.get(len(index)) or index_class(len(index)))
    made.index = index
    return made


_INDEX: dict[int, type] = {}
T.GENERAL_TYPE[CartesianIndex] = CartesianIndex_


def _make_index(t: Any, *args: Any) -> Any:
    flat: list[int] = []
    if len(args) == 1 and type(args[0]) is tuple:
        args = args[0]
    if not isinstance(t, T.DataType) and all([type(a) is int for a in args]):
        return index_at(args)
    for a in args:
        if isinstance(a, CartesianIndex):
            flat.extend(a.index)
        else:
            flat.append(Base.bindings["convert"](T.Int64, a))
    n = t.parameters[0] if isinstance(t, T.DataType) else len(flat)
    if len(flat) > n:
        raise ArgumentError("input tuple has too many elements for the CartesianIndex")
    return index_at(tuple(flat) + (1,) * (n - len(flat)))


support._builtin(
    constructors(CartesianIndex_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _make_index, ("args",)
)


def index_operator(name: str, op: Callable[[int, int], int]) -> None:
    """Elementwise arithmetic of two indices of the same dimensions."""

    @Base.method(f"{name}(a::CartesianIndex{{N}}, b::CartesianIndex{{N}}) where N")
    def both(a: CartesianIndex, b: CartesianIndex) -> CartesianIndex:
        made = _new(type(a))
        made.index = tuple(map(op, a.index, b.index))
        return made


index_operator("+", operator.add)
index_operator("-", operator.sub)
index_operator("min", min)
index_operator("max", max)


@Base.method("*(n::Integer, a::CartesianIndex)")
def scale_index(n: int, a: CartesianIndex) -> CartesianIndex:
    return CartesianIndex(tuple(n * i for i in a.index))


@Base.method("*(a::CartesianIndex, n::Integer)")
def scale_index_right(a: CartesianIndex, n: int) -> CartesianIndex:
    return scale_index(n, a)


@Base.method("-(a::CartesianIndex)")
def negate_index(a: CartesianIndex) -> CartesianIndex:
    return CartesianIndex(tuple(-i for i in a.index))


@Base.method("abs(a::CartesianIndex)")
def abs_index(a: CartesianIndex) -> CartesianIndex:
    return CartesianIndex(tuple(abs(i) for i in a.index))


@Base.method("isless(a::CartesianIndex{N}, b::CartesianIndex{N}) where N")
def isless_index(a: CartesianIndex, b: CartesianIndex) -> bool:
    """Column-major order.

    ```jldoctest
    julia> CartesianIndex(2, 1) < CartesianIndex(1, 2)
    true
    ```
    """
    return a.index[::-1] < b.index[::-1]


@Base.method("==(a::CartesianIndex, b::CartesianIndex)")
def equal_index(a: CartesianIndex, b: CartesianIndex) -> bool:
    return a.index == b.index


@Base.method("getindex(a::CartesianIndex, i::Integer)")
def index_part(a: CartesianIndex, i: int) -> int:
    if not 0 < i <= len(a.index):
        raise BoundsError(a.index, (i,))
    return a.index[i - 1]


@Base.method("length(a::CartesianIndex)")
def index_length(a: CartesianIndex) -> int:
    return len(a.index)


@Base.method("one(a::CartesianIndex)")
def index_one(a: CartesianIndex) -> CartesianIndex:
    return CartesianIndex((1,) * len(a.index))


@Base.method("zero(a::CartesianIndex)")
def index_zero(a: CartesianIndex) -> CartesianIndex:
    return CartesianIndex((0,) * len(a.index))


@Base.method("zero(t::Type{CartesianIndex{N}}) where N", static=True)
def index_zero_of(n: int, _: Any) -> CartesianIndex:
    return CartesianIndex((0,) * n)


@Base.method("one(t::Type{CartesianIndex{N}}) where N", static=True)
def index_one_of(n: int, _: Any) -> CartesianIndex:
    return CartesianIndex((1,) * n)


@Base.method("oneunit(t::Type{CartesianIndex{N}}) where N", static=True)
def index_unit_of(n: int, _: Any) -> CartesianIndex:
    return CartesianIndex((1,) * n)


@Base.method("oneunit(a::CartesianIndex)")
def index_unit(a: CartesianIndex) -> CartesianIndex:
    return index_one(a)


@Base.method("Tuple(a::CartesianIndex)")
def index_tuple(_: Any, a: CartesianIndex) -> tuple[int, ...]:
    """The index as a tuple.

    ```jldoctest
    julia> Tuple(CartesianIndex(2, 3))
    (2, 3)
    ```
    """
    return a.index


# ---------------------------------------------------------------- all indices of an array


def native_axis(r: Any) -> Any:
    """A range of a user's own type as the built-in one of the same numbers."""
    if isinstance(r, V.Range):
        return r
    return IdentityUnitRange(int(Base.bindings["first"](r)), int(Base.bindings["last"](r)))


# The classes of grids, by their kind and the types of their ranges.
_GRIDS: dict[tuple[Any, ...], type] = {}


class IndexGrid(W.Wrapper):
    """Base of `CartesianIndices` and `LinearIndices`: `ranges` says which indices there are."""

    __slots__ = ("ranges",)
    family: Any = None
    value_fields = ("ranges",)

    def __new__(cls, ranges: tuple[Any, ...]) -> Any:
        base = CartesianIndices if issubclass(cls, CartesianIndices) else LinearIndices
        kinds = (base, *map(T.typeof, ranges))
        made = _GRIDS.get(kinds)
        if made is None:
            n = len(ranges)
            eltype = T.apply_type(CartesianIndex_, n) if base is CartesianIndices else T.Int64
            parameters = (n, T.tuple_type(kinds[1:]))
            made = _GRIDS[kinds] = W.wrapper_class(cls.family, base, parameters, eltype, n)
        return object.__new__(made)

    def __init__(self, ranges: tuple[Any, ...]) -> None:
        self.ranges = ranges

    @property
    def indices(self) -> tuple[Any, ...]:
        return self.ranges

    @property
    def native(self) -> tuple[Any, ...]:
        """The ranges, those of users' types as built-in ones of the same numbers."""
        return tuple(map(native_axis, self.ranges))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(len, self.native))

    @property
    def aliased(self) -> bool:
        return False

    def own_axes(self) -> tuple[Any, ...]:
        return tuple(Base.bindings["axes"](r)[0] for r in self.ranges)


class CartesianIndices(IndexGrid):
    """`CartesianIndices(A)`"""

    __slots__ = ()
    family = CartesianIndices_
    structured = True

    def broadcast(self, f: Any, args: tuple[Any, ...]) -> Any:
        """Indices plus or minus one index are indices again."""
        plus, minus = Base.bindings["+"], Base.bindings["-"]
        if len(args) != 2 or (f is not plus and f is not minus):
            return None
        index = args[1] if args[0] is self else args[0]
        if not isinstance(index, CartesianIndex) or (f is minus and args[0] is not self):
            return None
        return CartesianIndices(
            tuple(
                B.materialize(B.broadcasted(f, r, i))
                for r, i in zip(self.ranges, index.index, strict=True)
            )
        )

    def __iter__(self) -> Iterator[CartesianIndex]:
        first, *rest = [list(r) for r in self.native] or [[()]]
        if not self.ranges:
            yield index_at(())
            return
        for tail in _product(rest):
            for i in first:
                yield index_at((i, *tail))

    @property
    def data(self) -> Any:
        out = np.empty(math.prod(self.shape), dtype=object)
        for k, index in enumerate(self):
            out[k] = index
        return out.reshape(self.shape, order="F")


def _product(parts: list[list[int]]) -> Iterator[tuple[int, ...]]:
    if not parts:
        yield ()
        return
    *head, last = parts
    for j in last:
        for start in _product(head):
            yield (*start, j)


class LinearIndices(IndexGrid):
    """`LinearIndices(A)`"""

    __slots__ = ()
    family = LinearIndices_

    def __iter__(self) -> Iterator[int]:
        if len(self.ranges) == 1 and isinstance(self.native[0], IdentityUnitRange):
            return iter(self.native[0])
        return iter(range(1, math.prod(self.shape) + 1))

    @property
    def data(self) -> Any:
        if len(self.ranges) == 1 and isinstance(self.native[0], IdentityUnitRange):
            return self.native[0].data
        return W.linear_positions(self.shape) + 1


for _cls in (CartesianIndices, LinearIndices):
    ITERATORS[_cls] = iter


T.GENERAL_TYPE[CartesianIndices] = CartesianIndices_
T.GENERAL_TYPE[LinearIndices] = LinearIndices_


def identical(axis: Any) -> Any:
    """An axis as indices show it: `Base.OneTo`, or a range that is its own axis."""
    if isinstance(axis, UnitRange) and not isinstance(axis, V.OneTo) and axis.start != 1:
        return IdentityUnitRange(axis.start, axis.stop)
    return axis


def _ranges(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index ranges that a constructor's argument means."""
    (x,) = args
    if isinstance(x, IndexGrid):
        return x.ranges
    if isinstance(x, CartesianIndex):
        return tuple(V.OneTo(i) for i in x.index)
    if is_array(x):
        return tuple(identical(axis) for axis in Base.bindings["axes"](x))
    if type(x) is tuple:
        return tuple(V.OneTo(int(d)) if T.isa(d, T.Integer) else d for d in x)
    raise MethodError(CartesianIndices_, args, None)


for _t, _cls in ((CartesianIndices_, CartesianIndices), (LinearIndices_, LinearIndices)):
    support._builtin(
        constructors(_t),
        T.tuple_type([T.Type_, T.Any_]),
        lambda t, x, c=_cls: c(_ranges((x,))),
        ("x",),
    )


@Base.method("(:)(a::CartesianIndex{N}, b::CartesianIndex{N}) where N")
def index_colon(a: CartesianIndex, b: CartesianIndex) -> CartesianIndices:
    return CartesianIndices(tuple(V.UnitRange(i, j) for i, j in zip(a.index, b.index, strict=True)))


@Base.method("(:)(a::CartesianIndex{N}, s::CartesianIndex{N}, b::CartesianIndex{N}) where N")
def index_colon_step(a: CartesianIndex, s: CartesianIndex, b: CartesianIndex) -> CartesianIndices:
    parts = zip(a.index, s.index, b.index, strict=True)
    return CartesianIndices(tuple(V.StepRange(i, k, j) for i, k, j in parts))


@Base.method("step(r::CartesianIndices)")
def index_step(r: CartesianIndices) -> Any:
    """The distance of neighbours in each dimension."""
    return index_at(tuple(int(Base.bindings["step"](p)) for p in r.ranges))


@Base.method("setindex(a::CartesianIndex, x, i::Integer)", export=False)
def index_with(a: CartesianIndex, x: Any, i: int) -> Any:
    return index_at(Base.bindings["setindex"](a.index, x, i))


@Base.method(
    "getindex(r::CartesianIndices{N}, i::Vararg{Union{Colon,OrdinalRange{<:Integer}},N}) where N"
)
def indices_part(r: CartesianIndices, *index: Any) -> CartesianIndices:
    """The indices in parts of the ranges, which are indices again."""
    if not Base.bindings["checkbounds"](T.Bool, r, *index):
        raise BoundsError(r, index)
    return CartesianIndices(tuple(map(Base.bindings["getindex"], r.ranges, index)))


@Base.method("in(i::CartesianIndex, r::CartesianIndices)")
def index_in(i: CartesianIndex, r: CartesianIndices) -> bool:
    inside = zip(i.index, r.native, strict=True)
    return all(k in range(p.start, p.stop + 1, p.step) for k, p in inside)


@Base.method("intersect(a::CartesianIndices, b::CartesianIndices)")
def intersect_indices(a: CartesianIndices, b: CartesianIndices) -> CartesianIndices:
    pairs = zip(a.native, b.native, strict=True)
    return CartesianIndices(
        tuple(V.UnitRange(max(p.start, q.start), min(p.stop, q.stop)) for p, q in pairs)
    )


@Base.method("convert(t::Type{<:Tuple}, r::CartesianIndices)")
def ranges_as_tuple(t: Any, r: CartesianIndices) -> Any:
    """The ranges of indices, as a tuple of ranges of the type asked for."""
    return Base.bindings["convert"](t, r.ranges)


@Base.method("show(io::IO, i::CartesianIndex)")
def show_index(io: Any, i: CartesianIndex) -> None:
    io.write(f"CartesianIndex{tuple_text(i.index) if len(i.index) != 1 else f'({i.index[0]},)'}")


@Base.method("show(io::IO, r::CartesianIndices)")
def show_indices(io: Any, r: CartesianIndices) -> None:
    parts = [str(len(p)) if isinstance(p, V.OneTo) else Base.bindings["repr"](p) for p in r.ranges]
    io.write(f"CartesianIndices({tuple_text(parts)})")


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, r::CartesianIndices)')
def show_indices_long(io: Any, mime: Any, r: CartesianIndices) -> None:
    """As the call that makes them: the indices one by one would say no more."""
    show_indices(io, r)


# ---------------------------------------------------------------- indexing what is all indices


for _name in ("CartesianIndices", "LinearIndices"):

    @Base.method(f"axes(g::{_name})")
    def axes_of_grid(g: IndexGrid) -> tuple[Any, ...]:
        """The axes of the ranges: of a range that is its own axis, that range."""
        return tuple(
            r if isinstance(own, IdentityUnitRange) else V.OneTo(len(own))
            for r, own in zip(g.ranges, g.native, strict=True)
        )

    @Base.method(f"getindex(g::{_name}, i::CartesianIndex)")
    def grid_at_index(g: IndexGrid, i: CartesianIndex) -> Any:
        return Base.bindings["getindex"](g, *i.index)


@Base.method("getindex(g::CartesianIndices{N}, i::Vararg{Int64,N}) where N")
def cartesian_at(g: CartesianIndices, *i: int) -> CartesianIndex:
    """The index at a place, which is looked up range by range."""
    return CartesianIndex(tuple(_places(g, i)))


@Base.method("getindex(g::CartesianIndices, i::Int64)")
def cartesian_at_place(g: CartesianIndices, i: int) -> CartesianIndex:
    """The index at a place, counted through the whole array; of one range, at its own index."""
    if len(g.ranges) == 1:
        return CartesianIndex(tuple(_places(g, (i,))))
    if not 1 <= i <= math.prod(g.shape):
        raise BoundsError(g, (i,))
    out, rest = [], i - 1
    for r in g.native:
        rest, k = divmod(rest, len(r))
        out.append(r.get(k))
    return CartesianIndex(tuple(out))


@Base.method("getindex(g::LinearIndices{N}, i::Vararg{Int64,N}) where N")
def linear_at(g: LinearIndices, *i: int) -> int:
    """The place of an index."""
    found = list(_places(g, i))
    if len(found) == 1:
        return i[0]
    place, step = 1, 1
    for r, k in zip(g.native, i, strict=True):
        place += (k - (r.start if isinstance(r, IdentityUnitRange) else 1)) * step
        step *= len(r)
    return place


def _places(g: IndexGrid, index: tuple[int, ...]) -> Iterator[Any]:
    """The value of each range at its part of an index."""
    for r, i in zip(g.native, index, strict=True):
        k = i - (r.start if isinstance(r, IdentityUnitRange) else 1)
        if not 0 <= k < len(r):
            raise BoundsError(g, index)
        yield r.get(k)
