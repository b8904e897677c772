"""What inference knows of a value: a Julia type, or more.

An element of the lattice is a Julia type, or one of

- `Known(value)`: the value itself (a literal, a constant global, a function, a type);
- `Ints(low, high)`: an Int64 between two bounds, which saves tests for overflow and bounds;
- `Span(low, high)`: a `UnitRange{Int64}` whose elements lie between two bounds;
- `Parts(items)`: a tuple, by the elements of its parts.

`T.Bottom` is the type of what never returns, `T.Any_` of what is not known.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base

LOW, HIGH = -(2**63), 2**63 - 1
# No array is longer: addresses have 48 bits.
LONGEST = 2**48
BOTTOM, ANY = T.Bottom, T.Any_
UNIT_RANGE = T._TYPE_OF_CLASS[V.UnitRange]
ONE_TO = T._TYPE_OF_CLASS[V.OneTo]
STEP_RANGE = T.apply_type(V.StepRange_, T.Int64, T.Int64)
# The families of iterators that go over collections in step, `zip` and `enumerate`; Base enters them.
IN_STEP: set[Any] = set()
ARRAY, DICT, SET = (T.unwrap(t).typename for t in (T.Array_, V.Dict_, V.Set_))
PAIR = V.Pair_
BITARRAY = T.unwrap(V.BitArray_).typename


class Known:
    """One value."""

    __slots__ = ("type", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.type = T.typeof(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and (
            self.value is other.value
            or (
                type(self.value) is type(other.value)
                and self.type is other.type
                and self.type in _COMPARED
                and self.value == other.value
                and str(self.value) == str(other.value)
            )
        )

    def __hash__(self) -> int:
        return hash(self.type)

    def __repr__(self) -> str:
        return f"Const({self.value!r})"


_COMPARED = (T.Int64, T.Float64, T.Bool, T.String)


class Ints:
    """An Int64 between bounds."""

    __slots__ = ("high", "low")
    type = T.Int64

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ints) and (self.low, self.high) == (other.low, other.high)

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    def __repr__(self) -> str:
        return f"Int64[{self.low}, {self.high}]"


class Span:
    """A `UnitRange{Int64}` with elements between bounds."""

    __slots__ = ("high", "low", "type")

    def __init__(self, low: int, high: int, one: bool = False) -> None:
        self.low = low
        self.high = high
        self.type = ONE_TO if one else UNIT_RANGE

    def like(self, low: int, high: int) -> Span:
        return type(self)(low, high, self.type is ONE_TO)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and (self.low, self.high, self.type) == (
            other.low,
            other.high,
            other.type,
        )

    def __hash__(self) -> int:
        return hash((self.low, self.high, "span"))

    def __repr__(self) -> str:
        return f"{T.type_string(self.type)}[{self.low}, {self.high}]"


class StepSpan(Span):
    """A `StepRange{Int64,Int64}` with elements between bounds."""

    __slots__ = ()

    def __init__(self, low: int, high: int, one: bool = False) -> None:
        self.low = low
        self.high = high
        self.type = STEP_RANGE


class Parts:
    """A tuple with parts of which more is known than their types."""

    __slots__ = ("items", "type")

    def __init__(self, items: tuple[Any, ...], t: Any) -> None:
        self.items = items
        self.type = t

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parts) and self.type is other.type and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Tuple[{', '.join(map(repr, self.items))}]"


LENGTH = Ints(0, LONGEST)


def widen(x: Any) -> Any:
    """The Julia type of an element."""
    return x.type if type(x) in (Known, Ints, Span, StepSpan, Parts) else x


def tuple_of(items: list[Any]) -> Any:
    """A tuple of values of these elements."""
    if any(x is BOTTOM for x in items):
        return BOTTOM
    types = [widen(x) for x in items]
    if not all(isinstance(t, T.DataType) and t.concrete for t in types):
        return ANY
    t = T.tuple_type(types)
    kept = tuple(map(held, items))
    return Parts(kept, t) if any(type(x) is Ints for x in kept) else t


def part(x: Any, i: int) -> Any:
    """The element of a part of a tuple (from 0) of known types."""
    return x.items[i] if type(x) is Parts else widen(x).parameters[i]


def bounds(x: Any) -> tuple[int, int] | None:
    """The bounds of an Int64; None for anything else."""
    if type(x) is Ints:
        return x.low, x.high
    if x is T.Int64:
        return LOW, HIGH
    if type(x) is Known and type(x.value) is int:
        return x.value, x.value
    return None


def ints(low: int, high: int) -> Any:
    """An Int64 between bounds; outside of Int64's own it wraps around, to anything."""
    if low < LOW or high > HIGH or (low == LOW and high == HIGH):
        return T.Int64
    return Ints(low, high)


def ring_bounds(op: str, parts: list[tuple[int, int]]) -> tuple[int, int]:
    """The bounds of a sum, difference or product before it wraps around."""
    low, high = parts[0]
    if len(parts) == 1 and op == "-":
        return -high, -low
    for a, b in parts[1:]:
        if op == "+":
            low, high = low + a, high + b
        elif op == "-":
            low, high = low - b, high - a
        else:
            corners = (low * a, low * b, high * a, high * b)
            low, high = min(corners), max(corners)
    return low, high


def held(x: Any) -> Any:
    """What a variable keeps of an element: literals become ranges or types, so that joins are quick."""
    if type(x) is Known:
        kind = type(x.value)
        if kind is int and x.type is T.Int64:
            return Ints(x.value, x.value)
        if kind in (float, str, bool):
            return x.type
    return x


_JOINED: dict[tuple[Any, Any], Any] = {}
# Wider unions say no more than Any to the code generator.
MOST = 3


def join(a: Any, b: Any) -> Any:
    """The least element above both that is worth keeping."""
    if a is b or b is BOTTOM:
        return a
    if a is BOTTOM:
        return b
    if a is ANY or b is ANY:
        return ANY
    ra, rb = bounds(a), bounds(b)
    if ra is not None and rb is not None:
        if a == b:
            return a
        return ints(min(ra[0], rb[0]), max(ra[1], rb[1]))
    if isinstance(a, Span) and isinstance(b, Span) and a.type is b.type:
        return a.like(min(a.low, b.low), max(a.high, b.high))
    if a == b:
        return a
    if type(a) is Parts and type(b) is Parts and a.type is b.type:
        return tuple_of(list(map(join, a.items, b.items)))
    a, b = widen(a), widen(b)
    if a is b:
        return a
    found = _JOINED.get((a, b))
    if found is None:
        u = T.union(a, b)
        found = _JOINED[a, b] = small_union(u) if isinstance(u, T.UnionType) else u
    return found


def small_union(u: Any) -> Any:
    """A union, if it is one of few concrete types."""
    if len(u.types) <= MOST and all(isinstance(t, T.DataType) and t.concrete for t in u.types):
        return u
    return ANY


def joined(t: Any) -> Any:
    """Julia's `promote_typejoin` of the members of a union; other types as they are."""
    if not isinstance(t, T.UnionType) or not t.types:
        return t
    join_of = Base.bindings["promote_typejoin"]
    out = t.types[0]
    for member in t.types[1:]:
        out = join_of(out, member)
    return out


def grown(old: Any, new: Any) -> Any:
    """`join`, but bounds that still move go straight to the end: the fixpoint is near."""
    out = join(old, new)
    if out == old:
        return old
    if type(old) is Ints and type(out) is Ints:
        low = LOW if out.low < old.low else out.low
        high = HIGH if out.high > old.high else out.high
        return ints(low, high)
    if isinstance(old, Span) and isinstance(out, Span):
        return out.type
    if type(old) is Parts and type(out) is Parts:
        return tuple_of(list(map(grown, old.items, out.items)))
    return out


def concrete(t: Any) -> bool:
    """Do all values of the element have this very type?"""
    t = widen(t)
    return isinstance(t, T.DataType) and t.concrete


def describe(x: Any) -> str:
    """An element as `@code_warntype` prints it."""
    if type(x) is Known:
        return f"Core.Const({x.value!r})" if x.type in _COMPARED else T.type_string(x.type)
    return T.type_string(widen(x))
