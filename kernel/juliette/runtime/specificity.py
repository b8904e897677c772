"""Which of two signatures is more specific, so that its method is the one to call."""

from __future__ import annotations

from typing import Any

from juliette.runtime.intersection import descends, intersects
from juliette.runtime.lattice import (
    TUPLE_NAME,
    DataType,
    JuliaType,
    TypeVar,
    UnionAll,
    UnionType,
    Vararg,
    free_vars,
    unwrap,
)
from juliette.runtime.subtyping import equal, subtype


def more_specific(a: Any, b: Any) -> bool:
    """Should a method of signature `a` be tried before one of signature `b`?"""
    if subtype(a, b):
        if not subtype(b, a):
            return True
        return _refined(a) > _refined(b)
    if subtype(b, a):
        return False
    first, second = unwrap(a), unwrap(b)
    if (
        isinstance(first, DataType)
        and isinstance(second, DataType)
        and first.typename is TUPLE_NAME
        and second.typename is TUPLE_NAME
    ):
        return _tuple_more_specific(first.parameters, second.parameters)
    return False


def _refined(t: Any) -> tuple[int, int]:
    """Breaks ties between signatures that accept the same arguments."""
    body = unwrap(t)
    params = body.parameters if isinstance(body, DataType) else ()
    open_ = bool(params) and isinstance(params[-1], Vararg)
    return (not open_, sum(isinstance(p, TypeVar) for p in params))


def _closed(p: Any) -> Any:
    """A parameter on its own: its variables may be anything in their bounds."""
    if isinstance(p, TypeVar):
        return _closed(p.upper)
    for v in free_vars(p):
        p = UnionAll(v, p)
    return p


def _tuple_more_specific(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Neither contains the other: compare argument by argument; one may never be worse."""
    if not a or not b or not _lengths_meet(a, b):
        return False
    i = 0
    better = False
    while True:
        x, y = a[min(i, len(a) - 1)], b[min(i, len(b) - 1)]
        rest_x, rest_y = isinstance(x, Vararg), isinstance(y, Vararg)
        if (i >= len(a) and not rest_x) or (i >= len(b) and not rest_y):
            break
        x = x.type if rest_x else x
        y = y.type if rest_y else y
        closed_x, closed_y = _closed(x), _closed(y)
        if _element_more_specific(closed_x, closed_y):
            better = True
        elif not equal(closed_x, closed_y):
            return False
        elif not rest_x and rest_y and i == len(a) - 1 and len(a) == len(b):
            return True
        if better and rest_x and not rest_y:
            return True
        if rest_x and rest_y:
            break
        i += 1
        if i >= len(a) and i >= len(b):
            break
    if better:
        return True
    diagonal_a, diagonal_b = _diagonal(a), _diagonal(b)
    if diagonal_a != diagonal_b:
        return diagonal_a
    return not isinstance(a[-1], Vararg) and isinstance(b[-1], Vararg)


def _lengths_meet(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Can both accept the same number of arguments?"""
    open_a, open_b = isinstance(a[-1], Vararg), isinstance(b[-1], Vararg)
    fewest_a, fewest_b = len(a) - open_a, len(b) - open_b
    return (open_a or fewest_a >= fewest_b) and (open_b or fewest_b >= fewest_a)


def _diagonal(params: tuple[Any, ...]) -> bool:
    plain = [p.type if isinstance(p, Vararg) else p for p in params]
    return any(isinstance(p, TypeVar) and plain.count(p) > 1 for p in plain)


def _element_more_specific(a: Any, b: Any) -> bool:
    if subtype(a, b):
        return not subtype(b, a)
    if subtype(b, a):
        return False
    first, second = unwrap(a), unwrap(b)
    if isinstance(first, UnionType):
        # One member that is more specific, and none that is worse.
        return all(not _element_more_specific(b, _closed(x)) for x in first.types) and any(
            _element_more_specific(_closed(x), b) for x in first.types
        )
    if isinstance(second, UnionType):
        return any(
            _element_more_specific(a, _closed(y)) or equal(a, _closed(y)) for y in second.types
        ) and not any(_element_more_specific(_closed(y), a) for y in second.types)
    if not isinstance(first, DataType) or not isinstance(second, DataType):
        return False
    if first.typename is TUPLE_NAME and second.typename is TUPLE_NAME:
        return _tuple_more_specific(first.parameters, second.parameters)
    if first.typename is second.typename:
        if len(first.parameters) != len(second.parameters):
            return False
        better = False
        for x, y in zip(first.parameters, second.parameters, strict=True):
            x, y = _parameter(x), _parameter(y)
            if x is y or (isinstance(x, JuliaType) and isinstance(y, JuliaType) and equal(x, y)):
                continue
            if not isinstance(x, JuliaType):
                if isinstance(y, JuliaType):
                    better = True
                    continue
                return False
            if not isinstance(y, JuliaType):
                return False
            if _element_more_specific(x, y):
                better = True
            else:
                return False
        return better
    # `Array` before `AbstractArray{Int}`: the nearer family wins, if they can meet at all.
    return descends(first, second) and intersects(a, b)


def _parameter(p: Any) -> Any:
    return _closed(p) if isinstance(p, (JuliaType, TypeVar)) else p
