"""Dictionaries and sets: Python's dict for looking up, Julia's hash table for the order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.slots import SlotTable
from juliette.syntax.expr import Symbol


class Mark:
    """What the key of a value begins with that is no key itself: equal to no part of a tuple."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


PAIR, NAMED, DICT, SET, ARRAY, COMPLEX, VALUE = map(
    Mark, ("pair", "named", "dict", "set", "array", "complex", "value")
)
NAN_KEY, MINUS_ZERO_KEY = (Mark("NaN"),), (Mark("-0.0"),)
# Classes whose values are their own keys, and so are tuples of nothing else.
PLAIN = frozenset({int, str, Symbol, V.Char, type(None), V.SubString})


def hashable(x: Any) -> Any:
    """A Python key under which Julia's `isequal` values coincide and others do not."""
    cls = type(x)
    if cls in OWN_KEYS:
        return x
    if cls is tuple:
        return x if OWN_KEYS.issuperset(map(type, x)) else tuple(map(hashable, x))
    if cls is bool:
        return int(x)
    if cls is float:
        if x != x:
            return NAN_KEY
        return MINUS_ZERO_KEY if x == 0 and str(x)[0] == "-" else x
    if cls in STRUCTS:
        return CUSTOM_KEY(x) if CUSTOM_KEY is not None else identity_key(x)
    if x is V.MISSING:
        return x
    if isinstance(x, V.Pair):
        return (PAIR, hashable(x.first), hashable(x.second))
    if isinstance(x, V.NamedTuple):
        return (NAMED, x.names, *map(hashable, x.values))
    if isinstance(x, JuliaDict):
        return (DICT, frozenset((k, hashable(v)) for k, v in x.data.items()))
    if isinstance(x, JuliaSet):
        return (SET, frozenset(x.data))
    if isinstance(x, V.Range):
        return (ARRAY, (len(x),), *map(hashable, x))
    data = getattr(x, "data", None)
    if isinstance(data, np.ndarray):
        return (ARRAY, data.shape, *map(hashable, data.ravel(order="F").tolist()))
    if isinstance(x, np.generic):
        return hashable(x.item())
    if data is not None and hasattr(cls, "tape"):  # a number under a gradient
        return hashable(data)
    if cls is complex:
        return (COMPLEX, hashable(x.real), hashable(x.imag)) if x.imag else hashable(x.real)
    if hasattr(cls, "hash_from"):
        if data is None:
            OWN_KEYS.add(cls)
        return x
    if hasattr(cls, "egal"):
        # one of Base's own numbers or strings, which hash as what they equal
        return MINUS_ZERO_KEY if getattr(x, "minus", False) else NAN_KEY if x != x else x
    if hasattr(cls, "julia_type"):
        if STRING_KEY is not None and T.isa(x, T.AbstractString):
            return STRING_KEY(x)
        if STRING_KEY is not None and data is None:
            STRUCTS.add(cls)
        return CUSTOM_KEY(x) if CUSTOM_KEY is not None else identity_key(x)
    if hasattr(cls, "julia_iterator"):
        if T.isa(x, T.AbstractDict):  # such as `pairs(xs)`
            return (DICT, frozenset((hashable(k), hashable(v)) for k, v in x.julia_iterator()))
        if T.isa(x, T.AbstractSet):  # such as `keys(d)`
            return (SET, frozenset(map(hashable, x.julia_iterator())))
    names = getattr(cls, "value_fields", None)
    return (VALUE, cls.__name__, *[hashable(getattr(x, n)) for n in names]) if names else x


# Classes whose values are their own keys, and those of structs, as they are met.
OWN_KEYS: set[type] = set(PLAIN)
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


# So many keys are put in order before the first of them is asked for.
AT_ONCE = 32


class Hashed:
    """What dictionaries and sets share: Python's dict for looking up, Julia's hash table for the order.

    `data` maps the hashable form of a key to what is kept under it.  The table is made when the order is first
    asked for, and then follows; `table` is False where Julia's order depends on addresses, and
    insertion order stands for it.
    """

    __slots__ = ("data", "reserved", "table")
    by_hash = True

    def __init__(self) -> None:
        self.data: dict[Any, Any] = {}
        self.table: SlotTable | bool | None = None
        self.reserved = 0

    def originals(self, handles: list[Any]) -> list[Any]:
        """The Julia keys of these hashable forms."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.data)

    def settled(self) -> SlotTable | None:
        """The hash table, with all keys that came since."""
        table = self.table
        if table is False or not self.by_hash:
            return None
        data = self.data
        if table is not None and len(data) == table.count:  # type: ignore[union-attr]
            return table  # type: ignore[return-value]
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
        if not table.insert_all(new, self.originals(new)):  # type: ignore[union-attr]
            self.table = False
            return None
        self.table = table
        return table  # type: ignore[return-value]

    def ordered_keys(self) -> list[Any]:
        """The hashable forms of the keys in the order of iteration."""
        if len(self.data) > 1:
            table = self.settled()
            if table is not None:
                return table.order()
        return list(self.data)

    def walk(self, read: Callable[[list[Any]], list[Any]]) -> Iterator[Any]:
        """What `read` makes of the hashable forms in the order of iteration; who wants only the first one does
        not wait for all."""
        table = self.settled() if len(self.data) > AT_ONCE else None
        if table is None:
            return iter(read(self.ordered_keys()))
        return self._walked(table, read)

    def _walked(self, table: SlotTable, read: Callable[[list[Any]], list[Any]]) -> Iterator[Any]:
        first = table.first()
        yield from read([first])
        yield from read([h for h in table.order() if h is not first and h in self.data])

    def remove(self, key: Any) -> Any:
        """Take out what is kept under a hashable key; `ABSENT` if there is nothing."""
        if key not in self.data:
            return ABSENT
        table = self.settled()
        if table is not None:
            table.remove(key)
        return self.data.pop(key)

    def remove_all(self, keys: Iterable[Any]) -> None:
        """Take out what is kept under hashable keys, of which some may not be there."""
        data = self.data
        there = [k for k in dict.fromkeys(keys) if k in data]
        table = self.settled() if there else None
        if table is not None:
            table.remove(*there)
        for k in there:
            del data[k]

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


# A collection's class is that of its type: dispatch need look no further.
_CLASSES: dict[tuple[Any, ...], type] = {}
# The class of all types of a family, for each of its classes.
_ROOTS: dict[type, type] = {}


def _class_of(cls: type, parameters: tuple[Any, ...]) -> type:
    """The class of a family's collections with these type parameters."""
    root = _ROOTS.get(cls)
    if root is None:
        return cls  # it has classes of its own, as `BitSet` has
    found = _CLASSES.get((root, parameters))
    if found is None:
        t = T.apply_type(root.family, *parameters)  # type: ignore[attr-defined]
        found = T.instantiate(t.typename, t.parameters).pyclass or _make_class(t)
        _CLASSES[root, parameters] = found
    return found


def _make_class(t: Any) -> type:
    root = _FAMILIES[t.typename]
    names = root.type_parameters  # type: ignore[attr-defined]
    attributes = dict(zip(names, t.parameters, strict=True))
    cls = type(T.type_string(t), (root,), {"__slots__": (), **attributes})
    _ROOTS[cls] = root
    return cls


# What a search answers with that found nothing.
ABSENT = Mark("absent")


def plain_keys(t: Any) -> bool:
    """Are all keys of a type their own hashable forms?"""
    if isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME:
        return t.concrete and all(map(plain_keys, t.parameters))
    return t in PLAIN_TYPES or (
        isinstance(t, T.DataType) and t.concrete and t.typename in PLAIN_FAMILIES
    )


PLAIN_TYPES: tuple[Any, ...] = (T.Int64, T.String, T.Symbol_, T.Char_)
# Set by Base: the types of all sizes, as those of a `CartesianIndex`.
PLAIN_FAMILIES: set[Any] = set()


class JuliaDict(Hashed):
    """`Dict{K,V}`: `data` holds the values, `names` the keys where they are not their own hashable forms."""

    __slots__ = ("names",)
    family = Dict_
    type_parameters = ("key_type", "value_type")
    key_type: Any = T.Any_
    value_type: Any = T.Any_

    def __new__(cls, key_type: Any = None, value_type: Any = None) -> Any:
        if key_type is None:
            return object.__new__(cls)
        made: Any = object.__new__(_class_of(cls, (key_type, value_type)))
        if not isinstance(made, cls):  # Python initialises instances of `cls` only
            made.__init__(key_type, value_type)
        return made

    def __init__(self, key_type: Any, value_type: Any) -> None:
        super().__init__()
        plain = self.by_hash and plain_keys(key_type)
        self.names: dict[Any, Any] | None = None if plain else {}

    def originals(self, handles: list[Any]) -> list[Any]:
        names = self.names
        return handles if names is None else [names[h] for h in handles]

    key = staticmethod(hashable)

    def put(self, key: Any, value: Any) -> None:
        """Keep a value under a Julia key."""
        if self.names is None:
            self.data[key] = value
            return
        handle = self.key(key)
        self.data[handle] = value
        self.names[handle] = key

    def entries(self) -> list[tuple[Any, Any]]:
        """Keys and values in the order of iteration."""
        return self.entries_of(self.ordered_keys())

    def entries_of(self, handles: list[Any]) -> list[tuple[Any, Any]]:
        return list(zip(self.originals(handles), self.values_of(handles), strict=True))

    def values_of(self, handles: list[Any]) -> list[Any]:
        data = self.data
        return [data[h] for h in handles]

    def keys(self) -> list[Any]:
        """The Julia keys in the order of iteration."""
        return self.originals(self.ordered_keys())

    def values(self) -> list[Any]:
        """The values in the order of iteration."""
        return self.values_of(self.ordered_keys())

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        return self.walk(self.entries_of)

    def remove(self, key: Any) -> Any:
        value = super().remove(key)
        if self.names is not None:
            self.names.pop(key, None)
        return value

    def clear(self) -> None:
        super().clear()
        if self.names is not None:
            self.names.clear()

    def copy(self) -> JuliaDict:
        other = self.copy_into(type(self)(self.key_type, self.value_type))
        other.names = None if self.names is None else dict(self.names)
        return other  # type: ignore[no-any-return]


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
    if cls is complex:
        return (cls, identity_key(x.real), identity_key(x.imag))
    if isinstance(x, V.Pair):
        return (PAIR, T.typeof(x), identity_key(x.first), identity_key(x.second))
    if isinstance(x, V.NamedTuple):
        return (NAMED, x.names, V.kinds_of(x), *map(identity_key, x.values))
    return ByEgal(x) if hasattr(cls, "egal") else ById(x)


class ByEgal:
    """The key of a value whose class tells itself what is `===` to it."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ByEgal):
            return False
        return type(self.x) is type(other.x) and bool(self.x.egal(other.x))

    def __hash__(self) -> int:
        return hash(self.x)


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

    __slots__ = ()
    family = Set_
    type_parameters = ("eltype",)
    eltype: Any = T.Any_

    def __new__(cls, eltype: Any = None) -> Any:
        if eltype is None:
            return object.__new__(cls)
        made: Any = object.__new__(_class_of(cls, (eltype,)))
        if not isinstance(made, cls):  # as with dictionaries
            made.__init__(eltype)
        return made

    def __init__(self, eltype: Any) -> None:
        super().__init__()

    def originals(self, handles: list[Any]) -> list[Any]:
        data = self.data
        return [data[h] for h in handles]

    def entries(self) -> list[Any]:
        """The elements in the order of iteration."""
        data = self.data
        return [data[k] for k in self.ordered_keys()] if len(data) > 1 else list(data.values())

    key = staticmethod(hashable)

    def items(self) -> Iterator[Any]:
        return self.walk(self.originals)

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


_FAMILIES: dict[Any, type] = {}
for _root in (JuliaDict, JuliaIdDict, JuliaWeakKeyDict, JuliaSet, JuliaIdSet):
    _ROOTS[_root] = _root
    _FAMILIES[T.unwrap(_root.family).typename] = _root
    T.unwrap(_root.family).typename.make_class = _make_class
