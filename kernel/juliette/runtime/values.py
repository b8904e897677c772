"""Julia's small value types that Python has no equal of: characters, pairs, ranges, dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.errors import BoundsError
from juliette.runtime.text import bits_bytes, bytes_code, char_bits, code_bytes, codes, from_utf8
from juliette.syntax.expr import Expr, LineNumberNode, QuoteNode, Symbol


class Char:
    """A character: a code point, or `-1 - bits` for bytes that are no valid UTF-8."""

    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        self.code = code

    @staticmethod
    def from_bits(bits: int) -> Char:
        """The Char that Julia keeps in these 32 bits."""
        return Char(bytes_code(bits_bytes(bits)))

    @property
    def bits(self) -> int:
        return char_bits(code_bytes(self.code)) if self.code >= 0 else -1 - self.code

    @property
    def text(self) -> str:
        """The character as a string."""
        code = self.code
        if 0 <= code < 0xD800 or 0xDFFF < code < 0x110000:
            return chr(code)
        return from_utf8(code_bytes(code) if code >= 0 else bits_bytes(-1 - code))

    @property
    def valid(self) -> bool:
        return 0 <= self.code < 0xD800 or 0xDFFF < self.code < 0x110000

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Char) and self.code == other.code

    def __lt__(self, other: Char) -> bool:
        return self.bits < other.bits

    def __hash__(self) -> int:
        return hash((Char, self.code))

    def __repr__(self) -> str:
        return f"Char({self.code})"


T.register_class(Char, T.Char_)

SubString_ = T.define("SubString", T.AbstractString, [T.TypeVar("T", None, T.AbstractString)])
T.CORE_TYPES["SubString"] = SubString_
_family_of_substrings = T.unwrap(SubString_).typename
_family_of_substrings.fields = ("string", "offset", "ncodeunits")
_family_of_substrings.field_types = (T.AbstractString, T.Int64, T.Int64)


class SubString(str):
    """A part of a String, sharing its text in Julia; here it holds its own as well."""

    __slots__ = ("offset", "string")

    @staticmethod
    def of(string: str, offset: int, text: str) -> SubString:
        """The part of `string` after `offset` bytes that reads `text`."""
        out = SubString(text)
        if type(string) is SubString:
            offset += string.offset
            string = string.string
        out.string = string
        out.offset = offset
        return out

    @property
    def ncodeunits(self) -> int:
        from juliette.runtime.text import utf8

        return len(utf8(str(self)))

    def egal(self, other: SubString) -> bool:
        return str.__eq__(self, other) and self.offset == other.offset and str.__eq__(self.string, other.string)


T.register_class(SubString, T.apply_type(SubString_, T.String))


def chars(s: str) -> list[Char]:
    """The characters of a string."""
    return [Char(c) for c in codes(s)]


def _family(name: str, params: str, parent: Any, fields: str, mutable: bool = False) -> Any:
    t = T._sub_family(name, params, parent, mutable=mutable) if params else T._core(name, parent)
    family = T.unwrap(t).typename
    family.fields = tuple(fields.split())
    family.field_types = (T.Any_,) * len(family.fields)
    family.ninitialized = len(family.fields)
    return t


Pair_ = _family("Pair", "A B", lambda a, b: T.Any_, "first second")


class Pair:
    """`first => second`."""

    __slots__ = ("first", "second")

    def __init__(self, first: Any, second: Any) -> None:
        self.first = first
        self.second = second

    def __iter__(self) -> Iterator[Any]:
        yield self.first
        yield self.second

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and (self.first, self.second) == (other.first, other.second)

    def __hash__(self) -> int:
        return hash((Pair, hashable(self.first), hashable(self.second)))


T.register_instances(Pair, lambda p: T.apply_type(Pair_, T.typeof(p.first), T.typeof(p.second)), Pair_)

NamedTuple_ = T._sub_family("NamedTuple", "names T", lambda n, t: T.Any_)


class NamedTuple:
    """`(a = 1, b = 2)`."""

    __slots__ = ("names", "values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
        self.names = names
        self.values = values

    def get(self, name: str) -> Any:
        return self.values[self.names.index(name)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedTuple) and (self.names, self.values) == (other.names, other.values)

    def __hash__(self) -> int:
        return hash((self.names, tuple(map(hashable, self.values))))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


T.register_instances(
    NamedTuple,
    lambda t: T.apply_type(NamedTuple_, tuple(map(Symbol, t.names)), T.tuple_type(map(T.typeof, t.values))),
    NamedTuple_,
)

# ---------------------------------------------------------------- ranges

_range = lambda t: T.apply_type(T.AbstractRange, t)  # noqa: E731
OrdinalRange = T._sub_family("OrdinalRange", "T S", lambda t, s: _range(t), abstract=True)
AbstractUnitRange = T._sub_family(
    "AbstractUnitRange", "T", lambda t: T.apply_type(OrdinalRange, t, t), abstract=True
)
_unit = lambda t: T.apply_type(AbstractUnitRange, t)  # noqa: E731
UnitRange_ = _family("UnitRange", "T", _unit, "start stop")
OneTo_ = _family("OneTo", "T", _unit, "stop")
StepRange_ = _family("StepRange", "T S", lambda t, s: T.apply_type(OrdinalRange, t, s), "start step stop")
StepRangeLen_ = _family("StepRangeLen", "T R S L", lambda t, r, s, n: _range(t), "ref step len offset")
LinRange_ = _family("LinRange", "T L", lambda t, n: _range(t), "start stop len lendiv")


class Range:
    """Base of the classes of ranges: a length and a rule for the i-th element (from 0)."""

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError

    def get(self, i: int) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return (self.get(i) for i in range(len(self)))

    @property
    def shape(self) -> tuple[int]:
        return (len(self),)

    @property
    def data(self) -> Any:
        """All elements as an ndarray."""
        return np.array(list(self))

    def at(self, i: int) -> Any:
        """The element with Julia index `i`."""
        if not 1 <= i <= len(self):
            raise BoundsError(self, (i,))
        return self.get(i - 1)


class UnitRange(Range):
    """`start:stop` of integers."""

    __slots__ = ("start", "stop")

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = max(stop, start - 1)

    def __len__(self) -> int:
        return self.stop - self.start + 1

    def get(self, i: int) -> int:
        return self.start + i

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop + 1))

    @property
    def step(self) -> int:
        return 1

    @property
    def data(self) -> Any:
        return np.arange(self.start, self.stop + 1)


class OneTo(UnitRange):
    """`Base.OneTo(n)`."""

    __slots__ = ()

    def __init__(self, stop: int) -> None:
        super().__init__(1, stop)


T.register_class(UnitRange, T.apply_type(UnitRange_, T.Int64))
T.register_class(OneTo, T.apply_type(OneTo_, T.Int64))


class StepRange(Range):
    """`start:step:stop` of integers or characters."""

    __slots__ = ("start", "step", "stop")

    def __init__(self, start: Any, step: Any, stop: Any) -> None:
        self.start = start
        self.step = step
        if isinstance(start, Char):
            n = len(range(start.code, stop.code + (1 if step > 0 else -1), step))
            self.stop = Char(start.code + (n - 1) * step)
        else:
            n = len(range(start, stop + (1 if step > 0 else -1), step))
            self.stop = start + (n - 1) * step if n else start - step

    def __len__(self) -> int:
        if isinstance(self.start, Char):
            return int((self.stop.code - self.start.code) // self.step + 1)
        return int((self.stop - self.start) // self.step + 1)

    def get(self, i: int) -> Any:
        if isinstance(self.start, Char):
            return Char(self.start.code + i * self.step)
        return self.start + i * self.step


T.register_instances(
    StepRange, lambda r: T.apply_type(StepRange_, T.typeof(r.start), T.typeof(r.step)), StepRange_
)

_TWICE = T.define("Base.TwicePrecision{Float64}")


class FloatRange(Range):
    """A `StepRangeLen` of floats; elements are exact where start, step and stop have short decimals."""

    __slots__ = ("len", "numerators", "start", "step", "stop")

    def __init__(self, start: float, step: float, length: int, stop: float | None = None) -> None:
        from fractions import Fraction

        self.start = start
        self.step = step
        self.len = length
        a = Fraction(repr(float(start))) if np.isfinite(start) else None
        s = Fraction(repr(float(step))) if np.isfinite(step) else None
        if stop is not None and length > 1 and a is not None:
            s = (Fraction(repr(float(stop))) - a) / (length - 1)
        self.numerators = (a, s)
        self.stop = self.get(length - 1) if length else start

    def __len__(self) -> int:
        return self.len

    def get(self, i: int) -> float:
        a, s = self.numerators
        if a is None or s is None:
            return float(self.start + i * self.step)
        return float(a + i * s)


T.register_class(
    FloatRange,
    T.apply_type(StepRangeLen_, T.Float64, _TWICE, _TWICE, T.Int64),
)

# ---------------------------------------------------------------- the rest

Ref_ = T._sub_family("Ref", "T", lambda t: T.Any_, abstract=True)
RefValue_ = T._sub_family("RefValue", "T", lambda t: T.apply_type(Ref_, t), mutable=True)
T.unwrap(RefValue_).typename.fields = ("x",)
T.unwrap(RefValue_).typename.field_types = (T.Any_,)


class Ref:
    """`Ref(x)`: a mutable cell; in a broadcast it counts as a scalar."""

    __slots__ = ("eltype", "x")

    def __init__(self, x: Any, eltype: Any = None) -> None:
        self.x = x
        self.eltype = eltype if eltype is not None else T.typeof(x)


T.register_instances(Ref, lambda r: T.apply_type(RefValue_, r.eltype), RefValue_)

MIME_ = T._sub_family("MIME", "mime", lambda m: T.Any_)


class MIME:
    """`MIME("text/plain")`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MIME) and self.name == other.name

    def __hash__(self) -> int:
        return hash((MIME, self.name))


T.register_instances(MIME, lambda m: T.apply_type(MIME_, Symbol(m.name)), MIME_)

Val_ = T._sub_family("Val", "x", lambda x: T.Any_)
T.unwrap(Val_).typename.fields = ()

Colon_ = T._core("Colon", T.Function_)


class ColonType:
    """`:`"""

    __slots__ = ()


COLON = ColonType()
T.register_class(ColonType, Colon_)

Missing_ = T._core("Missing")


class MissingType:
    """`missing`"""

    __slots__ = ()


MISSING = MissingType()
T.register_class(MissingType, Missing_)

Adjoint_ = T._sub_family("Adjoint", "T S", lambda t, s: T.apply_type(T.AbstractArray, t, 2))
Transpose_ = T._sub_family("Transpose", "T S", lambda t, s: T.apply_type(T.AbstractArray, t, 2))
for _t in (Adjoint_, Transpose_):
    T.unwrap(_t).typename.fields = ("parent",)
    T.unwrap(_t).typename.field_types = (T.Any_,)


class Transposed:
    """`A'` and `transpose(A)`: a lazy view of a real vector or matrix."""

    __slots__ = ("parent",)
    family = Adjoint_
    ndim = 2

    def __init__(self, parent: Any) -> None:
        self.parent = parent

    @property
    def eltype(self) -> Any:
        return self.parent.eltype

    @property
    def node(self) -> Any:
        return None

    @property
    def data(self) -> Any:
        data = self.parent.data
        return data.reshape(1, -1) if data.ndim == 1 else data.T


class Adjoint(Transposed):
    """`A'`"""

    __slots__ = ()


class Transpose(Transposed):
    """`transpose(A)`"""

    __slots__ = ()
    family = Transpose_


T.register_instances(Adjoint, lambda a: T.apply_type(Adjoint_, a.eltype, T.typeof(a.parent)), Adjoint_)
T.register_instances(Transpose, lambda a: T.apply_type(Transpose_, a.eltype, T.typeof(a.parent)), Transpose_)

BitArray_ = T._sub_family("BitArray", "N", lambda n: T.apply_type(T.AbstractArray, T.Bool, n), mutable=True)
T.CORE_TYPES["BitVector"] = T.apply_type(BitArray_, 1)
T.CORE_TYPES["BitMatrix"] = T.apply_type(BitArray_, 2)


class BitArray:
    """Packed in Julia, a Boolean ndarray here."""

    __slots__ = ("data", "node")
    eltype = T.Bool

    def __init__(self, data: Any) -> None:
        self.data = data
        self.node = None

    @property
    def ndim(self) -> int:
        return int(self.data.ndim)


T.register_instances(BitArray, lambda a: T.apply_type(BitArray_, a.data.ndim), BitArray_)

for _cls, _name in ((Expr, "Expr"), (QuoteNode, "QuoteNode"), (LineNumberNode, "LineNumberNode")):
    T.register_class(_cls, T._core(_name))

# Dictionaries and sets know the types above; to everybody else they are values like these.
from juliette.runtime.tables import (  # noqa: E402
    Dict_, Hashed, IdDict_, IdSet_, JuliaDict, JuliaIdDict, JuliaIdSet, JuliaSet, JuliaWeakKeyDict, Set_,
    WeakKeyDict_, hashable, identity_key,
)

__all__ = [name for name in dir() if not name.startswith("_")]
