"""What inference asks of the types of data: is it an array, a dictionary, a key that is looked up as it is?"""

from __future__ import annotations

from typing import Any

from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import BOOL, FLOAT, INT, STRING
from juliette.compiler.lattice import ANY, BOTTOM, widen
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, undefined
from juliette.runtime.modules import Base
from juliette.runtime.tables import plain_keys

PAIR, NAMED_TUPLE = T.unwrap(V.Pair_).typename, T.unwrap(V.NamedTuple_).typename
# Element types whose arrays are read and written through a memoryview.
PLAIN = (FLOAT, INT, BOOL)
# Types whose values are their own hash keys, and so are tuples of them.
KEYS = (INT, STRING, T.Symbol_, T.Char_)
# Ranges of Int64.
STEPS = {L.UNIT_RANGE: INT, L.ONE_TO: INT, L.STEP_RANGE: INT}
SUBSTRING = T._TYPE_OF_CLASS[V.SubString]


def field_element(t: Any) -> Any:
    """What a place of a declared type holds."""
    if type(t) is L.Ints:
        return t
    if isinstance(t, T.UnionType):
        return L.small_union(t)
    return t if isinstance(t, T.DataType) and t.concrete else ANY


def array_of(x: Any) -> tuple[Any, int] | None:
    """Element type and number of dimensions of an `Array`, or of one of several kinds alike."""
    t = widen(x)
    if isinstance(t, T.UnionType):
        kinds_of = {array_of(m) for m in t.types}
        return kinds_of.pop() if len(kinds_of) == 1 else None
    if isinstance(t, T.DataType) and t.concrete:
        if t.typename is L.ARRAY:
            return t.parameters[0], t.parameters[1]
        if t.typename is L.BITARRAY:
            return BOOL, t.parameters[0]
    return None


def dict_of(x: Any) -> tuple[Any, Any] | None:
    t = widen(x)
    if isinstance(t, T.DataType) and t.typename is L.DICT and t.concrete:
        return t.parameters[0], t.parameters[1]
    return None


def plain_key(declared: Any, given: Any) -> bool:
    """Is a key of exactly the declared type, and looked up as it is?"""
    return widen(given) is declared and plain_keys(declared)


def found_key(declared: Any, given: Any) -> bool:
    """May a key be looked up as it is?"""
    return plain_key(declared, given) or (declared is STRING and widen(given) is SUBSTRING)


def cartesian(t: Any) -> int:
    """The number of dimensions of a `CartesianIndex`; 0 for another type."""
    if isinstance(t, T.DataType) and t.typename.name == "CartesianIndex" and t.concrete:
        return t.parameters[0] if t.typename.module is Base else 0
    return 0


def entries_of(x: Any) -> tuple[Any, ...] | None:
    """The type parameters of a `Dict` or a `Set`."""
    t = widen(x)
    if isinstance(t, T.DataType) and t.concrete and t.typename in (L.DICT, L.SET):
        return t.parameters
    return None


def is_array(x: Any) -> bool:
    """Is it an `Array`, and no `BitArray`?"""
    return getattr(widen(x), "typename", None) is L.ARRAY


def always_there(t: Any) -> bool:
    """Are elements of a type plain data, which has a value from the start?"""
    return t is T.Char_ or (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and undefined(t) is not UNDEF
    )


def is_tuple(x: Any) -> bool:
    """Is it a tuple of known types?"""
    t = widen(x)
    return isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME and t.concrete


def is_plain_vector(x: Any) -> bool:
    """A vector whose elements are Python numbers."""
    array = array_of(x)
    return array is not None and array[1] == 1 and array[0] in PLAIN


def in_step(x: Any) -> tuple[Any, ...] | None:
    """The types of the collections that a `zip` or an `enumerate` goes over, if they are quickly gone over."""
    t = widen(x)
    if not isinstance(t, T.DataType) or t.typename not in L.IN_STEP:
        return None
    inner = t.parameters[0]
    sources = inner.parameters if inner.typename is T.TUPLE_NAME else (inner,)
    steady = all(is_plain_vector(s) or s in STEPS or s is STRING for s in sources)
    return sources if sources and steady else None


def fits(have: Any, want: Any) -> bool:
    """Is a value of an element surely of a declared type?"""
    t = widen(have)
    return t is not ANY and t is not BOTTOM and isinstance(want, T.JuliaType) and T.subtype(t, want)
