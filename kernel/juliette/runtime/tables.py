"""Dictionaries and sets: Python's dict for looking up, Julia's hash table for the order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.slots import SlotTable
from juliette.syntax.expr import Symbol


def hashable(x: Any) -> Any:
    """A Python key under which Julia's `isequal` values coincide and others do not."""
    cls = type(x)
    if cls in OWN_KEYS:
        return x
    if cls is bool:
        return int(x)
    if cls is float:
        if x != x:
            return ("NaN",)
        return ("-0.0",) if x == 0 and str(x)[0] == "-" else x
    if cls is tuple:
        return ("tuple", *map(hashable, x))
    if cls in STRUCTS:
        return CUSTOM_KEY(x) if CUSTOM_KEY is not None else identity_key(x)
    if x is None or x is V.MISSING:
        return x
    if isinstance(x, V.Pair):
        return ("pair", hashable(x.first), hashable(x.second))
    if isinstance(x, V.NamedTuple):
        return ("named", x.names, *map(hashable, x.values))
    if isinstance(x, JuliaDict):
        return ("dict", frozenset((k, hashable(v)) for k, (_, v) in x.data.items()))
    if isinstance(x, JuliaSet):
        return ("set", frozenset(x.data))
    if isinstance(x, V.Range):
        return ("array", (len(x),), *map(hashable, x))
    data = getattr(x, "data", None)
    if isinstance(data, np.ndarray):
        return ("array", data.shape, *map(hashable, data.ravel(order="F").tolist()))
    if isinstance(x, np.generic):
        return hashable(x.item())
    if data is not None and hasattr(cls, "tape"):  # a number under a gradient
        return hashable(data)
    if cls is complex:
        return ("complex", hashable(x.real), hashable(x.imag)) if x.imag else hashable(x.real)
    if hasattr(cls, "hash_from"):
        if data is None:
            OWN_KEYS.add(cls)
        return x
    if hasattr(cls, "egal"):
        # one of Base's own numbers or strings, which hash as what they equal
        return ("-0.0",) if getattr(x, "minus", False) else ("NaN",) if x != x else x
    if hasattr(cls, "julia_type"):
        if STRING_KEY is not None and T.isa(x, T.AbstractString):
            return STRING_KEY(x)
        if STRING_KEY is not None and data is None:
            STRUCTS.add(cls)
        return CUSTOM_KEY(x) if CUSTOM_KEY is not None else identity_key(x)
    names = getattr(cls, "value_fields", None)
    return (cls.__name__, *[hashable(getattr(x, n)) for n in names]) if names else x


# Classes whose values are their own keys, and those of structs, as they are met.
OWN_KEYS: set[type] = {int, str, Symbol, V.Char}
STRUCTS: set[type] = set()
# Set by Base when `hash` is met: the key of an instance of a type that may have its own `hash`.
CUSTOM_KEY: Any = None
# Set by Base: the text of a string of a user's own type, which is equal to a String with that text.
STRING_KEY: Any = None

Dict_ = T.sub_family("Dict", "K V", lambda k, v: T.apply_type(T.AbstractDict, k, v), mutable=True)
Set_ = T.sub_family("Set", "T", lambda t: T.apply_type(T.AbstractSet, t), mutable=True)
IdDict_ = T.sub_family(
    "IdDict", "K V", lambda k, v: T.apply_type(T.AbstractDict, k, v), mutable=True
)
WeakKeyDict_ = T.sub_family(
    "WeakKeyDict", "K V", lambda k, v: T.apply_type(T.AbstractDict, k, v), mutable=True
)
IdSet_ = T.sub_family("Base.IdSet", "T", lambda t: T.apply_type(T.AbstractSet, t), mutable=True)
T.CORE_TYPES.pop("Base.IdSet")  # Base does not export it


class Hashed:
    """What dictionaries and sets share: Python's dict for looking up, Julia's hash table for the order.

    `data` maps the hashable form of a key to the entry.  The table is made when the order is first
    asked for, and then follows; `table` is False where Julia's order depends on addresses, and
    insertion order stands for it.
    """

    __slots__ = ("data", "reserved", "table")
    by_hash = True

    def __init__(self) -> None:
        self.data: dict[Any, Any] = {}
        self.table: SlotTable | bool | None = None
        self.reserved = 0

    def original(self, entry: Any) -> Any:
        """The Julia key of an entry of `data`."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.data)

    def settled(self) -> SlotTable | None:
        """The hash table, with all keys that came since."""
        table = self.table
        if table is False or not self.by_hash:
            return None
        data = self.data
        if table is None:
            table = SlotTable()
            if self.reserved:
                table.reserve(self.reserved)
            new = list(data)
        else:
            missing = len(data) - table.count  # type: ignore[union-attr]
            new = list(itertools.islice(reversed(data), missing))[::-1] if missing > 0 else []
            if missing < 0 or any(k in table.where for k in new):  # type: ignore[union-attr]
                table, new = SlotTable(), list(data)
        for k in new:
            if not table.insert(k, self.original(data[k])):  # type: ignore[union-attr]
                self.table = False
                return None
        self.table = table
        return table  # type: ignore[return-value]

    def entries(self) -> list[Any]:
        """The entries in the order of iteration."""
        data = self.data
        if len(data) > 1:
            table = self.settled()
            if table is not None:
                return [data[k] for k in table.order()]
        return list(data.values())

    def remove(self, key: Any) -> Any:
        """Take out the entry of a hashable key; None if there is none."""
        if key not in self.data:
            return None
        table = self.settled()
        if table is not None:
            table.remove(key)
        return self.data.pop(key)

    def clear(self) -> None:
        table = self.settled()
        self.data.clear()
        self.table = SlotTable(len(table.slots)) if table is not None else None

    def reserve(self, n: int) -> None:
        """`sizehint!`"""
        if not self.data and self.table is None:
            self.reserved = n
            return
        table = self.settled()
        if table is not None:
            table.reserve(n)

    def copy_into(self, other: Any) -> Any:
        """Make `other` the same: entries, and the order too."""
        other.data = dict(self.data)
        table = self.settled() if len(self.data) > 1 or self.reserved else None
        other.table = (
            table.copy() if table is not None else self.table if self.table is False else None
        )
        return other


class JuliaDict(Hashed):
    """`Dict{K,V}`: `data` holds (key, value)."""

    __slots__ = ("key_type", "value_type")
    family = Dict_

    def __init__(self, key_type: Any, value_type: Any) -> None:
        super().__init__()
        self.key_type = key_type
        self.value_type = value_type

    def original(self, entry: Any) -> Any:
        return entry[0]

    key = staticmethod(hashable)

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.entries())

    def copy(self) -> JuliaDict:
        return self.copy_into(type(self)(self.key_type, self.value_type))  # type: ignore[no-any-return]


class JuliaIdDict(JuliaDict):
    """`IdDict{K,V}`: keys by identity."""

    __slots__ = ()
    family = IdDict_
    by_hash = False

    @staticmethod
    def key(x: Any) -> Any:
        return identity_key(x)


class JuliaWeakKeyDict(JuliaDict):
    """`WeakKeyDict{K,V}`: keys by identity; entries stay until they are deleted, as Julia promises no time."""

    __slots__ = ()
    family = WeakKeyDict_
    by_hash = False

    @staticmethod
    def key(x: Any) -> Any:
        return identity_key(x)


def identity_key(x: Any) -> Any:
    """A Python key under which values coincide that are `===`."""
    cls = type(x)
    if x is None or cls is str or cls is Symbol or cls is V.Char:
        return x
    if cls is int or cls is bool:
        return (cls, x)
    if cls is float or isinstance(x, np.generic):
        return (cls, np.asarray(x).tobytes())
    if cls is tuple:
        return ("tuple", *map(identity_key, x))
    names = getattr(cls, "value_fields", None)
    if names is not None:
        return (cls, *(identity_key(getattr(x, n, None)) for n in names))
    if isinstance(x, T.JuliaType):
        return x
    if isinstance(x, V.Range):
        return (cls, *[identity_key(getattr(x, n)) for n in x.identity])
    if cls is Fraction:
        return x
    if isinstance(x, int) and T.typeof(x) is not T.CORE_TYPES.get("BigInt"):  # Int128, UInt128
        return (cls, int(x))
    return ById(x)


class ById:
    """A key that is one object and no other."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.x is other.x

    def __hash__(self) -> int:
        return id(self.x)


class JuliaSet(Hashed):
    """`Set{T}`: `data` holds the elements."""

    __slots__ = ("eltype",)
    family = Set_

    def __init__(self, eltype: Any) -> None:
        super().__init__()
        self.eltype = eltype

    def original(self, entry: Any) -> Any:
        return entry

    @staticmethod
    def key(x: Any) -> Any:
        return hashable(x)

    def items(self) -> Iterator[Any]:
        return iter(self.entries())

    def copy(self) -> JuliaSet:
        return self.copy_into(type(self)(self.eltype))  # type: ignore[no-any-return]


class JuliaIdSet(JuliaSet):
    """`Base.IdSet{T}`: elements by identity."""

    __slots__ = ()
    family = IdSet_
    by_hash = False

    @staticmethod
    def key(x: Any) -> Any:
        return identity_key(x)


T.register_instances(JuliaDict, lambda d: T.apply_type(Dict_, d.key_type, d.value_type), Dict_)
T.register_instances(
    JuliaIdDict, lambda d: T.apply_type(IdDict_, d.key_type, d.value_type), IdDict_
)
T.register_instances(
    JuliaWeakKeyDict, lambda d: T.apply_type(WeakKeyDict_, d.key_type, d.value_type), WeakKeyDict_
)
T.register_instances(JuliaSet, lambda s: T.apply_type(Set_, s.eltype), Set_)
T.register_instances(JuliaIdSet, lambda s: T.apply_type(IdSet_, s.eltype), IdSet_)
