"""How values lie in memory: what arrays of bits types that numpy has no type for are made of.

Tuples, complex numbers of integers, rationals and structs of plain fields become structured numpy
types, aligned as in C, so that their bytes can be read as something else.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.numeric import (
    COMPLEX_CLASSES,
    Complex_,
    Rational,
    Rational_,
    complex_maker,
    parts,
    rational_class,
)

_COMPLEX, _RATIONAL = T.unwrap(Complex_).typename, T.unwrap(Rational_).typename


@cache
def layout(t: Any) -> np.dtype[Any] | None:
    """The numpy type of the elements of a type; None if it is no bits type."""
    plain = T.DTYPE_OF.get(t)
    if plain is not None:
        return plain
    inner = [layout(p) for p in members(t)]
    if not inner or any(d is None for d in inner):  # a dtype equals None if it is float64
        return None
    return np.dtype([(f"f{i}", d) for i, d in enumerate(inner)], align=True)


def members(t: Any) -> tuple[Any, ...]:
    """The types of the parts of a value; none of a type whose values have no fixed form."""
    if not isinstance(t, T.DataType) or not t.concrete:
        return ()
    if t.typename is T.TUPLE_NAME:
        return t.parameters
    if t.typename in (_COMPLEX, _RATIONAL):
        return t.parameters * 2
    return () if t.typename.mutable or not hasattr(t.pyclass, "julia_type") else t.field_types


def packed(values: Any, t: Any) -> Any:
    """An object array of values of a type as an array of its layout."""
    return np.array([_parts(x, t) for x in values], dtype=layout(t))


def unpacked(data: Any, t: Any) -> Any:
    """An array of the layout of a type as an object array of its values."""
    out = np.empty(len(data), dtype=object)
    out[:] = [_value(x, t) for x in data.tolist()] if len(data) else []
    return out


def _parts(x: Any, t: Any) -> Any:
    if t in T.DTYPE_OF:
        return x
    if type(x) is tuple:
        values = x
    elif isinstance(x, COMPLEX_CLASSES):
        values = parts(x)
    elif isinstance(x, Rational):
        values = (x.num, x.den)
    else:
        values = tuple(getattr(x, name) for name in t.fields)
    return tuple(map(_parts, values, members(t)))


def _value(x: Any, t: Any) -> Any:
    plain = T.DTYPE_OF.get(t)
    if plain is not None:
        return x if t in (T.Int64, T.Float64, T.Bool) else plain.type(x)
    values = tuple(map(_value, x, members(t)))
    if t.typename is T.TUPLE_NAME:
        return values
    if t.typename is _COMPLEX:
        return complex_maker(t.parameters[0])(*values)
    if t.typename is _RATIONAL:
        return rational_class(t.parameters[0])(*values)
    obj = object.__new__(t.pyclass)
    for name, value in zip(t.fields, values, strict=True):
        object.__setattr__(obj, name, value)
    return obj
