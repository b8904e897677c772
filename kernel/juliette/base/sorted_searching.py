"""Searching in what is sorted: `searchsorted`, `insorted` and their kin."""

from __future__ import annotations

import bisect
from typing import Any

from juliette.base.orderings import OrderBy, as_order_by, before, ordering
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct


class _Searched:
    """A key for `bisect` with a custom order."""

    __slots__ = ("less", "x")

    def __init__(self, x: Any, less: Any) -> None:
        self.x, self.less = x, less

    def __lt__(self, other: _Searched) -> bool:
        return bool(self.less(self.x, other.x))


class _Positions:
    """The elements of a vector as keys, made when they are looked at."""

    def __init__(self, v: Any, less: Any) -> None:
        self.v, self.less = v, less
        self.get = v.get if isinstance(v, V.Range) else None
        self.first = 1 if not isinstance(v, Struct) else int(Base.bindings["firstindex"](v))

    def __len__(self) -> int:
        return int(Base.bindings["length"](self.v))

    def __getitem__(self, i: int) -> _Searched:
        x = (
            self.get(i)
            if self.get is not None
            else Base.bindings["getindex"](self.v, i + self.first)
        )
        return _Searched(x, self.less)


def _search(name: str, f: Any, doc: str) -> None:
    def method(
        v: Any,
        x: Any,
        *,
        by: Any = None,
        lt: Any = None,
        rev: Any = None,
        order: Any = None,
    ) -> Any:
        if by is lt is rev is order is None and isinstance(v, Array) and f in PLAIN_SEARCHES:
            found = PLAIN_SEARCHES[f](v, x)
            if found is not None:
                return found
        # `by` is for the elements and for `x` alike, as `isless` is.
        less = before(ordering(by, lt, rev, order))
        return f(_Positions(v, less), _Searched(x, less))

    method.__doc__ = doc
    Base.method(
        f"{name}(v, x; lt=isless, by=identity, rev=nothing, order=nothing)", transparent=True
    )(method)

    @Base.method(f"{name}(v, x, o::Base.Order.Ordering)", transparent=True)
    def method_ordered(v: Any, x: Any, o: OrderBy) -> Any:
        return method(v, x, order=o)


def _search_part(name: str, f: Any) -> None:
    """The same between two positions, with the ordering as an argument."""

    @Base.method(
        f"{name}(v, x, lo::Integer, hi::Integer, o::Base.Order.Ordering)", transparent=True
    )
    def method(v: Any, x: Any, lo: int, hi: int, o: OrderBy) -> Any:
        less = before(as_order_by(o))
        keys = _Positions(v, less)
        return f(keys, _Searched(x, less), lo - keys.first, hi + 1 - keys.first)


def _range_of(keys: _Positions, x: _Searched) -> Any:
    return V.UnitRange(
        bisect.bisect_left(keys, x) + keys.first, bisect.bisect_right(keys, x) + keys.first - 1
    )


def _first(keys: _Positions, x: _Searched) -> int:
    return bisect.bisect_left(keys, x) + keys.first


def _last(keys: _Positions, x: _Searched) -> int:
    return bisect.bisect_right(keys, x) + keys.first - 1


def plain_search(side: str, less: int) -> Any:
    """A search among Int64s, strings and tuples of them, which Python orders as Julia does."""
    within = bisect.bisect_left if side == "left" else bisect.bisect_right

    def search(v: Array, x: Any) -> int | None:
        t = v.eltype
        if t is T.Int64 and type(x) is int:
            return int(v.data.searchsorted(x, side)) + 1 - less  # type: ignore[call-overload]
        if T.typeof(x) is not t or not (
            t is T.String
            or (t.typename is T.TUPLE_NAME and all(p in (T.Int64, T.String) for p in t.parameters))
        ):
            return None
        return within(v.data, x) + 1 - less

    return search


PLAIN_SEARCHES = {_first: plain_search("left", 0), _last: plain_search("right", 1)}

_search(
    "searchsortedfirst",
    _first,
    "The first position whose element is not before `x`.\n\n```jldoctest\njulia> searchsortedfirst([1, 2, 4, 4], 3)\n3\n```",
)
_search(
    "searchsortedlast",
    _last,
    "The last position whose element is not after `x`.\n\n```jldoctest\njulia> searchsortedlast([1, 2, 4, 4], 3)\n2\n```",
)
_search_part(
    "searchsortedfirst", lambda keys, x, lo, hi: bisect.bisect_left(keys, x, lo, hi) + keys.first
)
_search_part(
    "searchsortedlast",
    lambda keys, x, lo, hi: bisect.bisect_right(keys, x, lo, hi) + keys.first - 1,
)
_search_part(
    "searchsorted",
    lambda keys, x, lo, hi: V.UnitRange(
        bisect.bisect_left(keys, x, lo, hi) + keys.first,
        bisect.bisect_right(keys, x, lo, hi) + keys.first - 1,
    ),
)
_search(
    "searchsorted",
    _range_of,
    "The positions of the elements that equal `x`.\n\n```jldoctest\njulia> searchsorted([1, 2, 4, 4], 4)\n3:4\n```",
)


@Base.method(
    "insorted(x, v::AbstractVector; lt=isless, by=identity, rev=nothing, order=nothing)",
    transparent=True,
)
def insorted(
    x: Any, v: Any, *, by: Any = None, lt: Any = None, rev: Any = None, order: Any = None
) -> bool:
    """Is `x` in a sorted vector?

    ```jldoctest
    julia> insorted(4, [1, 2, 4])
    true
    ```
    """
    less = before(ordering(by, lt, rev, order))
    return len(_range_of(_Positions(v, less), _Searched(x, less))) > 0
