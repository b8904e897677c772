"""Julia's ranges: a start, a step and a length; elements are computed when asked for.

There is one Python class for each concrete range type, so dispatch goes by class.  Elements of
machine integers and floats are computed here; those of other types (`Char`, `Rational`, dates) by
Julia's own operators, which Base puts into `OPERATORS`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, BoundsError, InexactError
from juliette.runtime.numeric import BigInt_, Int128_, UInt128_
from juliette.syntax.expr import Symbol

# Python's `len` counts no further; no loop and no array gets there. `count` knows the true number.
LONGEST = 2**63 - 1

OPERATORS: dict[str, Any] = {}


def _range(t: Any) -> Any:
    return T.apply_type(T.AbstractRange, t)


OrdinalRange = T.sub_family("OrdinalRange", "T S", lambda t, s: _range(t), abstract=True)
AbstractUnitRange = T.sub_family(
    "AbstractUnitRange", "T", lambda t: T.apply_type(OrdinalRange, t, t), abstract=True
)


def _family(name: str, params: str, parent: Any, fields: str) -> Any:
    t = T.sub_family(name, params, parent)
    family = T.unwrap(t).typename
    family.fields = tuple(fields.split())
    family.field_types = (T.Any_,) * len(family.fields)
    family.ninitialized = len(family.fields)
    return t


def _unit(t: Any) -> Any:
    return T.apply_type(AbstractUnitRange, t)


UnitRange_ = _family("UnitRange", "T", _unit, "start stop")
OneTo_ = _family("OneTo", "T", _unit, "stop")
IdentityUnitRange_ = _family(
    "IdentityUnitRange", "T", lambda t: T.apply_type(AbstractUnitRange, T.Int64), "indices"
)
Slice_ = _family("Slice", "T", lambda t: T.apply_type(AbstractUnitRange, T.Int64), "indices")
StepRange_ = _family(
    "StepRange", "T S", lambda t, s: T.apply_type(OrdinalRange, t, s), "start step stop"
)
StepRangeLen_ = _family(
    "StepRangeLen", "T R S L", lambda t, r, s, n: _range(t), "ref step len offset"
)
LinRange_ = _family("LinRange", "T L", lambda t, n: _range(t), "start stop len lendiv")

_MACHINE: dict[Any, Any] = {
    T.Int8: np.int8,
    T.Int16: np.int16,
    T.Int32: np.int32,
    T.Int64: int,
    T.UInt8: np.uint8,
    T.UInt16: np.uint16,
    T.UInt32: np.uint32,
    T.UInt64: np.uint64,
    T.Bool: bool,
}
_WIDE = frozenset({Int128_, UInt128_, BigInt_})
# The lengths of ranges of these are numbers of the same type; other lengths are Int64.
LONG = _WIDE | {T.UInt64}
_FLOATS: dict[Any, Any] = {T.Float16: np.float16, T.Float32: np.float32, T.Float64: float}


def class_of(family: Any, base: type, parameters: tuple[Any, ...], eltype: Any) -> type:
    """The Python class of a concrete type of a family: a subclass of `base`, made once."""
    t = T.instantiate(T.unwrap(family).typename, parameters)
    cls = t._pyclass
    if cls is None:
        cls = type(T.type_string(t), (base,), {"__slots__": (), "eltype": eltype, "julia_type": t})
        T.register_class(cls, t)
    return cls


class Range:
    """Base of the classes of ranges: a length and a rule for the i-th element (from 0)."""

    __slots__ = ()
    identity: tuple[str, ...] = ()  # the attributes that make two ranges of a class `===`
    eltype: ClassVar[Any] = T.Int64
    ndim: ClassVar[int] = 1
    node: ClassVar[Any] = None
    # the ends and the step, which every class tells in its own way
    start: Any
    step: Any
    stop: Any

    @property
    def count(self) -> int:
        """How many elements there are."""
        raise NotImplementedError

    def __len__(self) -> int:
        return min(self.count, LONGEST)

    def get(self, i: int) -> Any:
        """The element at position `i`, counted from 0; no check."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return map(self.get, range(self.count))

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    @property
    def first(self) -> Any:
        return self.start

    @property
    def last(self) -> Any:
        return self.get(self.count - 1)

    @property
    def data(self) -> Any:
        """All elements as an ndarray."""
        dtype = T.DTYPE_OF.get(self.eltype)
        if dtype is not None:
            return np.array(list(self), dtype=dtype)
        out = np.empty(len(self), dtype=object)
        for i, x in enumerate(self):
            out[i] = x
        return out

    def at(self, i: int) -> Any:
        """The element with Julia index `i`."""
        if not 1 <= i <= self.count:
            raise BoundsError(self, (i,))
        return self.get(i - 1)

    def part(self, start: int, step: int, length: int) -> Any:
        """The range of `length` elements from position `start` (from 0) on, in steps."""
        raise NotImplementedError


class UnitRange(Range):
    """`start:stop`, in steps of one."""

    __slots__ = ("start", "stop")
    identity = ("start", "stop")

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop if stop >= start else start - 1

    @property
    def count(self) -> int:
        return self.stop - self.start + 1  # type: ignore[no-any-return]

    def __len__(self) -> int:
        n = self.stop - self.start + 1
        return n if n <= LONGEST else LONGEST

    def get(self, i: int) -> Any:
        return self.start + i

    def __iter__(self) -> Iterator[Any]:
        return iter(range(self.start, self.stop + 1))

    @property
    def last(self) -> Any:
        return self.stop

    @property
    def step(self) -> Any:
        return 1

    @property
    def data(self) -> Any:
        return np.arange(self.start, self.stop + 1)

    def part(self, start: int, step: int, length: int) -> Any:
        if step == 1:
            return unit_range(self.get(start), self.get(start + length - 1), self.eltype)
        return step_range(self.get(start), step, self.get(start + (length - 1) * step))


class OneTo(UnitRange):
    """`Base.OneTo(n)`."""

    __slots__ = ()

    def __init__(self, stop: int) -> None:
        super().__init__(1, max(stop, 0))


class Slice(UnitRange):
    """What a view keeps for `:`, a whole axis."""

    __slots__ = ()

    def __init__(self, stop: int) -> None:
        super().__init__(1, max(stop, 0))

    @property
    def indices(self) -> OneTo:
        return OneTo(self.stop)


class IdentityUnitRange(UnitRange):
    """`Base.IdentityUnitRange(r)`: a range whose indices are its values, an axis that does not start at 1."""

    __slots__ = ()

    @property
    def indices(self) -> UnitRange:
        return UnitRange(self.start, self.stop)


T.register_class(UnitRange, T.apply_type(UnitRange_, T.Int64))
T.register_class(
    IdentityUnitRange, T.apply_type(IdentityUnitRange_, T.apply_type(UnitRange_, T.Int64))
)
T.register_class(OneTo, T.apply_type(OneTo_, T.Int64))
T.register_class(Slice, T.apply_type(Slice_, T.apply_type(OneTo_, T.Int64)))


class MachineUnitRange(UnitRange):
    """A unit range of a machine integer other than Int64; the bounds are kept as Python ints."""

    __slots__ = ()

    def __init__(self, start: Any, stop: Any) -> None:
        super().__init__(int(start), int(stop))

    def get(self, i: int) -> Any:
        return _MACHINE[self.eltype](self.start + i)

    def __iter__(self) -> Iterator[Any]:
        return map(_MACHINE[self.eltype], range(self.start, self.stop + 1))

    @property
    def first(self) -> Any:
        return _MACHINE[self.eltype](self.start)

    @property
    def last(self) -> Any:
        return _MACHINE[self.eltype](self.stop)

    @property
    def data(self) -> Any:
        return np.arange(self.start, self.stop + 1, dtype=T.DTYPE_OF[self.eltype])


class WideUnitRange(UnitRange):
    """A unit range of integers that may go beyond 64 bits; its bounds are of the element type."""

    __slots__ = ()

    def __init__(self, start: Any, stop: Any) -> None:
        self.start = start
        self.stop = stop if stop >= start else type(start)(int(start) - 1)

    @property
    def count(self) -> int:
        return int(self.stop) - int(self.start) + 1

    def __len__(self) -> int:
        return Range.__len__(self)

    def get(self, i: int) -> Any:
        return type(self.start)(int(self.start) + i)

    def __iter__(self) -> Iterator[Any]:
        return map(type(self.start), range(int(self.start), int(self.stop) + 1))

    @property
    def data(self) -> Any:
        return Range.data.fget(self)  # type: ignore[attr-defined]


class GeneralUnitRange(UnitRange):
    """A unit range of numbers that only Julia's operators know."""

    __slots__ = ("size",)

    def __init__(self, start: Any, stop: Any) -> None:
        self.start = start
        self.stop = OPERATORS["unitrange_last"](start, stop)
        self.size = max(0, OPERATORS["floor"](T.Int64, OPERATORS["-"](self.stop, start)) + 1)

    @property
    def count(self) -> int:
        return self.size  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return self.size  # type: ignore[no-any-return]

    def get(self, i: int) -> Any:
        return OPERATORS["+"](self.start, i)

    def __iter__(self) -> Iterator[Any]:
        return Range.__iter__(self)

    @property
    def data(self) -> Any:
        return Range.data.fget(self)  # type: ignore[attr-defined]


def unit_range(start: Any, stop: Any, eltype: Any) -> UnitRange:
    """`start:stop` of an element type."""
    if eltype is T.Int64:
        return UnitRange(int(start), int(stop))
    base = (
        MachineUnitRange
        if eltype in _MACHINE
        else WideUnitRange
        if eltype in _WIDE
        else GeneralUnitRange
    )
    return class_of(UnitRange_, base, (eltype,), eltype)(start, stop)  # type: ignore[no-any-return]


@functools.cache
def _steps_of_ints() -> type:
    return class_of(StepRange_, StepRange, (T.Int64, T.Int64), T.Int64)


class StepRange(Range):
    """`start:step:stop` of integers, characters, dates: elements by exact steps."""

    __slots__ = ("size", "start", "step", "stop")
    identity = ("start", "step", "stop")

    def __new__(cls, start: Any, step: Any, stop: Any) -> Any:
        if type(start) is int and type(step) is int:
            return object.__new__(_steps_of_ints())
        eltype, kind = T.typeof(start), T.typeof(step)
        return object.__new__(class_of(StepRange_, StepRange, (eltype, kind), eltype))

    def __init__(self, start: Any, step: Any, stop: Any) -> None:
        self.start = start
        self.step = step
        if self.eltype in _MACHINE:
            a, s, b = int(start), int(step), int(stop)
            count = max(0, (b - a) // s + 1)
            last = a + (count - 1) * s if count else a - (1 if s > 0 else -1)
            self.size = count
            self.stop = last if self.eltype is T.Int64 else OPERATORS["rem"](last, self.eltype)
        else:
            self.size = OPERATORS["steps"](start, step, stop)
            self.stop = self.get(self.size - 1) if self.size else OPERATORS["-"](start, step)

    @property
    def count(self) -> int:
        return self.size

    def get(self, i: int) -> Any:
        make = _MACHINE.get(self.eltype)
        if make is int:
            return self.start + i * int(self.step)
        if make is not None:
            return make(int(self.start) + i * int(self.step))
        if self.eltype in _WIDE:
            return type(self.start)(int(self.start) + i * int(self.step))
        if self.eltype is T.Char_:
            return type(self.start)(self.start.code + i * self.step)
        value = OPERATORS["+"](self.start, OPERATORS["*"](i, self.step))
        # a number times a step may be of a wider type than the elements are
        return value if T.typeof(value) is self.eltype else OPERATORS["convert"](self.eltype, value)

    @property
    def data(self) -> Any:
        if self.eltype in _MACHINE:
            values = int(self.start) + int(self.step) * np.arange(self.size)
            return values.astype(T.DTYPE_OF[self.eltype], copy=False)
        return Range.data.fget(self)  # type: ignore[attr-defined]

    def part(self, start: int, step: int, length: int) -> Any:
        by = self.step * step if self.eltype in _MACHINE else OPERATORS["*"](step, self.step)
        if not length:
            first = self.get(start)
            return StepRange(first, by, OPERATORS["-"](first, by))
        return StepRange(self.get(start), by, self.get(start + (length - 1) * step))


T.register_class(StepRange, T.apply_type(StepRange_, T.Int64, T.Int64))


def step_range(start: Any, step: Any, stop: Any) -> StepRange:
    """`start:step:stop` as a StepRange."""
    return StepRange(start, step, stop)


# ---------------------------------------------------------------- ranges of floats

TWICE = T.sub_family("TwicePrecision", "T", lambda t: T.Any_)


# Up to where each float type holds all integers, and up to where the terms of a simple fraction may go.
_WHOLE = {T.Float64: 2**53, T.Float32: 2**24, T.Float16: 2**11}
_SIMPLE = {T.Float64: 2**24, T.Float32: 2**11, T.Float16: 2**11}


def rational(x: Any, eltype: Any = T.Float64) -> tuple[int, int] | None:
    """The simple fraction that is the float `x`, found as a continued fraction; None if there is none."""
    make, limit = _FLOATS[eltype], _SIMPLE[eltype]
    x = y = make(x)
    a, d, b, c = 1, 1, 0, 0
    while abs(y) <= limit:
        f = int(y)
        y -= f
        a, c = f * a + c, a
        b, d = f * b + d, b
        if max(abs(a), abs(b)) > limit:
            a, b = c, d
            break
        if (b and make(a / b) == x) or y == 0:
            break
        y = make(1 / float(y))
    return (a, b) if b and make(a / b) == x else None


# So few elements of a range of floats are computed one by one, more of them in blocks.
_FEW, _BLOCK = 64, 4096
# In place of exact fractions: the elements are worked out in floats.
LITERAL: Any = object()


class StepRangeLen(Range):
    """A range of floats by first element, step and length.

    `exact` is (first, step) as fractions: an element is their sum, rounded once, so `0:0.1:1` holds
    the numbers that its decimals name.
    """

    __slots__ = ("exact", "len", "start", "step")
    identity = ("start", "step", "len", "exact")

    def __init__(self, start: Any, step: Any, length: int, exact: Any = None) -> None:
        self.start = start
        self.step = step
        self.len = length
        if exact is LITERAL:
            exact = None
        elif (
            exact is None
            and self.eltype in _FLOATS
            and math.isfinite(start)
            and math.isfinite(step)
        ):
            exact = (Fraction(float(start)), Fraction(float(step)))
        self.exact = exact

    @property
    def count(self) -> int:
        return self.len

    @property
    def ref(self) -> Any:
        return self.start

    @property
    def offset(self) -> int:
        return 1

    @property
    def stop(self) -> Any:
        return self.get(self.len - 1)

    def get(self, i: int) -> Any:
        make = _FLOATS.get(self.eltype)
        if make is None:
            return OPERATORS["+"](self.start, OPERATORS["*"](i, self.step))
        if self.exact is None:
            return make(float(self.start) + i * float(self.step)) if i else self.start
        a, s = self.exact
        return make(float(a + i * s))

    @property
    def data(self) -> Any:
        found = self.block(0, self.len) if self.len > _FEW else None
        return Range.data.fget(self) if found is None else found  # type: ignore[attr-defined]

    def block(self, start: int, n: int) -> Any:
        """Some elements at once, where whole numbers over one denominator hold them; else None."""
        if self.exact is None:
            return None
        a, s = self.exact
        den = math.lcm(a.denominator, s.denominator)
        first, by = int(a * den), int(s * den)
        if den >= 2**53 or max(abs(first + by * start), abs(first + by * (start + n))) >= 2**53:
            return None
        values = (first + by * np.arange(start, start + n)) / den
        return values.astype(T.DTYPE_OF[self.eltype], copy=False)

    def __iter__(self) -> Iterator[Any]:
        return Range.__iter__(self) if self.len <= _FEW else self._by_blocks()

    def _by_blocks(self) -> Iterator[Any]:
        for start in range(0, self.len, _BLOCK):
            n = min(_BLOCK, self.len - start)
            found = self.block(start, n)
            if found is None:
                yield from map(self.get, range(start, start + n))
            else:
                yield from found.tolist() if self.eltype is T.Float64 else found

    def part(self, start: int, step: int, length: int) -> Any:
        if self.exact is None:
            return type(self)(self.get(start), OPERATORS["*"](step, self.step), length)
        a, s = self.exact
        return float_steps(a + start * s, s * step, length, self.eltype)


FloatRange = StepRangeLen


def float_steps(start: Fraction, step: Fraction, length: int, eltype: Any) -> StepRangeLen:
    """A range of floats from exact start and step."""
    make = _FLOATS[eltype]
    return float_class(eltype)(make(float(start)), make(float(step)), length, (start, step))  # type: ignore[no-any-return]


def float_class(eltype: Any) -> type:
    """The class of `StepRangeLen` over a float type."""
    part = T.apply_type(TWICE, T.Float64) if eltype is T.Float64 else T.Float64
    return class_of(StepRangeLen_, StepRangeLen, (eltype, part, part, T.Int64), eltype)


def general_steps(start: Any, step: Any, length: int) -> StepRangeLen:
    """A StepRangeLen of numbers that only Julia's operators know (or of step zero)."""
    if length < 0:
        raise ArgumentError(f"length cannot be negative, got {length}")
    kind = T.typeof(start)
    eltype = T.typeof(OPERATORS["+"](start, OPERATORS["*"](0, step)))
    if eltype in _FLOATS:
        return float_steps(Fraction(float(start)), Fraction(float(step)), length, eltype)
    parameters = (eltype, kind, T.typeof(step), T.Int64)
    return class_of(StepRangeLen_, StepRangeLen, parameters, eltype)(start, step, length)  # type: ignore[no-any-return]


def common_fractions(x: Any, y: Any, eltype: Any) -> tuple[Fraction, Fraction] | None:
    """Two floats as fractions with one denominator, if both are simple and no term is too large."""
    p, q = rational(x, eltype), rational(y, eltype)
    if p is None or q is None:
        return None
    den = math.lcm(p[1], q[1])
    terms = p[0] * (den // p[1]), q[0] * (den // q[1])
    if den >= 2**63 or max(map(abs, terms)) > _WHOLE[eltype]:
        return None
    return Fraction(terms[0], den), Fraction(terms[1], den)


def between(a: Any, x: Any, b: Any) -> bool:
    return bool(a <= x <= b or b <= x <= a)


def float_colon(start: Any, step: Any, stop: Any, eltype: Any = T.Float64) -> StepRangeLen:
    """`start:step:stop` of floats.

    Where all three are simple fractions, as decimals are, the elements are the multiples of these;
    else the numbers are taken as they are.
    """
    make = _FLOATS[eltype]
    start, step, stop = make(start), make(step), make(stop)
    if step == 0:
        raise ArgumentError("range step cannot be zero")
    if math.isnan(start) or math.isnan(step) or math.isnan(stop):
        return float_class(eltype)(start, step, 0)  # type: ignore[no-any-return]
    if math.isinf(stop) and (stop > start) is (step > 0):
        raise InexactError(Symbol("trunc"), T.Int64, math.inf)
    last: Any = rational(stop, eltype)
    parts = common_fractions(start, step, eltype) if last is not None else None
    if parts is not None:
        a, s = parts
        length = max(0, math.trunc((Fraction(*last) - a + s) / s))
        first, by, end = float(start), float(step), float(stop)
        if between(first, first + (length - 1) * by, end + by / 2) and not between(
            first, make(first + length * by), end
        ):
            return float_steps(a, s, length, eltype)
    count = float((stop - start) / step)
    if count < 0:
        length = 0
    else:
        length = round(count) + 1
        end = make(start + make((length - 1) * float(step)))
        length -= (start < stop < end) + (start > stop > end)
    literal = LITERAL if eltype is T.Float64 else None
    return float_class(eltype)(start, step, length, literal)  # type: ignore[no-any-return]


def float_linear(start: float, stop: float, length: int, eltype: Any = T.Float64) -> StepRangeLen:
    """`range(start, stop, length)` of floats."""
    start, stop = _FLOATS[eltype](start), _FLOATS[eltype](stop)
    if length < 0:
        raise ArgumentError(negative_length(start, stop, length))
    if length < 2:
        if length == 1 and start != stop:
            raise ArgumentError(
                f"range({OPERATORS['show'](start)}, stop={OPERATORS['show'](stop)}, length=1): endpoints differ"
            )
        step = stop - start if length == 0 else 0.0
        return float_steps(Fraction(float(start)), Fraction(float(step)), length, eltype)
    if not (math.isfinite(start) and math.isfinite(stop)):
        show = OPERATORS["show"]
        raise ArgumentError(
            f"start and stop must be finite, got {show(float(start))} and {show(float(stop))}"
        )
    a, b = common_fractions(start, stop, eltype) or (Fraction(float(start)), Fraction(float(stop)))
    return float_steps(a, (b - a) / (length - 1), length, eltype)


def negative_length(start: Any, stop: Any, length: int) -> str:
    show = OPERATORS["show"]
    return f"range({show(start)}, stop={show(stop)}, length={length}): negative length"


class LinRange(Range):
    """`LinRange(start, stop, length)`: elements by linear interpolation."""

    __slots__ = ("len", "start", "stop")
    identity = ("start", "stop", "len")

    def __new__(cls, start: Any, stop: Any, length: int) -> Any:
        eltype = T.typeof(start)
        return object.__new__(class_of(LinRange_, LinRange, (eltype, T.Int64), eltype))

    def __init__(self, start: Any, stop: Any, length: int) -> None:
        if length < 0:
            raise ArgumentError(negative_length(start, stop, length))
        self.start, self.stop, self.len = start, stop, length

    @property
    def count(self) -> int:
        return self.len

    @property
    def lendiv(self) -> int:
        return max(self.len - 1, 1)

    @property
    def step(self) -> Any:
        return OPERATORS["/"](OPERATORS["-"](self.stop, self.start), self.lendiv)

    def get(self, i: int) -> Any:
        n = self.lendiv
        if self.eltype in _FLOATS:
            t = i / n
            return _FLOATS[self.eltype]((1 - t) * float(self.start) + t * float(self.stop))
        weight = OPERATORS["/"](i, n)
        left = OPERATORS["*"](OPERATORS["-"](1, weight), self.start)
        return OPERATORS["+"](left, OPERATORS["*"](weight, self.stop))

    def part(self, start: int, step: int, length: int) -> Any:
        return LinRange(self.get(start), self.get(start + (length - 1) * step), length)
