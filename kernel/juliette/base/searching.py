"""Finding elements: findfirst and its relatives, `in`, `first` and `last`."""

from __future__ import annotations

import itertools
from typing import Any

from juliette.base.collecting import fitted, gather
from juliette.base.fixing import Fix2
from juliette.base.iteration import applied, iterate_value
from juliette.base.iterator_reductions import itself
from juliette.base.iterator_sizes import eltype_of_iterator, shape_of_iterator
from juliette.base.mapping import holds
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, Array, element, vector
from juliette.runtime.errors import ArgumentError, BoundsError
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Symbol


def _keys_of(x: Any) -> Any:
    """The keys of a collection in the order of its elements."""
    return iterate_value(Base.bindings["keys"](x))


@Base.method("findall(f::Function, x)", transparent=True)
def findall_of(f: Any, x: Any) -> Any:
    """The indices (or keys) of all elements for which `f` is true.

    ```jldoctest
    julia> findall(iseven, [1, 2, 4])
    2-element Vector{Int64}:
     2
     3
    ```
    """
    keys = Base.bindings["keys"](x)
    if T.subtype(T.typeof(x), T.AbstractDict):
        found = [k for k, v in iterate_value(x) if holds(f, v)]
    else:
        answers = applied(f, iterate_value(x))
        found = [
            k
            for k, a in zip(iterate_value(keys), answers, strict=False)
            if a is True or (a is not False and support.truth(a))
        ]
    return vector(found, Base.bindings["eltype"](keys))


@Base.method("findall(x)", transparent=True)
def findall_true(x: Any) -> Any:
    """The keys of all true values."""
    return findall_of(Base.bindings["identity"], x)


def _index_of(f: Any, items: Any) -> Any:
    for k, v in items:
        if holds(f, v):
            return k
    return None


@Base.method("findfirst(f::Function, x)", transparent=True)
def findfirst_of(f: Any, x: Any) -> Any:
    """The first index (or key) for which `f` is true, or `nothing`.

    ```jldoctest
    julia> findfirst(iseven, [1, 4, 2])
    2
    ```
    """
    if T.subtype(T.typeof(x), T.AbstractDict):
        return _index_of(f, iterate_value(x))
    return _index_of(f, zip(_keys_of(x), iterate_value(x), strict=False))


@Base.method("findlast(f::Function, x)", transparent=True)
def findlast_of(f: Any, x: Any) -> Any:
    """The last index (or key) for which `f` is true, or `nothing`."""
    items = list(zip(_keys_of(x), iterate_value(x), strict=False))
    return _index_of(f, reversed(items))


@Base.method("findfirst(x)", transparent=True)
def findfirst(x: Any) -> Any:
    return findfirst_of(itself, x)


@Base.method("findlast(x)", transparent=True)
def findlast(x: Any) -> Any:
    return findlast_of(itself, x)


@Base.method("findnext(f::Function, x, i)", transparent=True)
def findnext(f: Any, x: Any, i: Any) -> Any:
    """The first index from `i` on for which `f` is true, or `nothing`."""
    return _index_of(
        f,
        ((k, v) for k, v in zip(_keys_of(x), iterate_value(x), strict=False) if _not_before(k, i)),
    )


@Base.method("findprev(f::Function, x, i)", transparent=True)
def findprev(f: Any, x: Any, i: Any) -> Any:
    """The last index up to `i` for which `f` is true, or `nothing`."""
    items = [
        (k, v) for k, v in zip(_keys_of(x), iterate_value(x), strict=False) if _not_before(i, k)
    ]
    return _index_of(f, reversed(items))


def _not_before(a: Any, b: Any) -> bool:
    if isinstance(a, int):
        return a >= b
    return not Base.bindings["isless"](a, b)


@Base.method("findnext(x, i::Integer)", transparent=True)
def findnext_true(x: Any, i: Any) -> Any:
    return findnext(itself, x, i)


@Base.method("findprev(x, i::Integer)", transparent=True)
def findprev_true(x: Any, i: Any) -> Any:
    return findprev(itself, x, i)


# Classes of which Python's `==` is Julia's.
_PLAIN = frozenset({int, float, str, V.Char, Symbol})
# Formats of array elements that compare as the class does, without being made one by one.
_SAME_FORMAT = {int: "lq", float: "d"}


@Base.method("in(x, c)", transparent=True)
def in_(x: Any, c: Any) -> Any:
    """Is `x` an element of a collection?

    ```jldoctest
    julia> 2 in [1, 2], 'b' ∈ "ac"
    (true, false)
    ```
    """
    if isinstance(c, V.UnitRange) and isinstance(x, int):
        return c.start <= x <= c.stop
    cls = type(x)
    if cls in _SAME_FORMAT and isinstance(c, Array):
        data = c.data
        if data.ndim == 1 and data.dtype.char in _SAME_FORMAT[cls]:
            return x in memoryview(data.data)
    eq = Base.bindings["=="]
    result: Any = False
    alike = cls in _PLAIN
    for v in iterate_value(c):
        if alike and type(v) is cls:
            if v == x:
                return True
            continue
        same = eq(v, x)
        if same is True:
            return True
        if same is V.MISSING:
            result = same
    return result


Base.const("∈", Base.bindings["in"])


@Base.method("∉(x, c)", transparent=True)
def not_in(x: Any, c: Any) -> Any:
    """Is `x` no element of a collection?"""
    return Base.bindings["!"](Base.bindings["in"](x, c))


@Base.method("∋(c, x)", transparent=True)
def contains_element(c: Any, x: Any) -> Any:
    """Has the collection the element `x`?"""
    return Base.bindings["in"](x, c)


@Base.method("∌(c, x)", transparent=True)
def contains_no(c: Any, x: Any) -> Any:
    return Base.bindings["!"](Base.bindings["in"](x, c))


def _partial(name: str) -> None:
    """`∉(xs)` is the function of an element, `∋(x)` that of a collection."""
    f = Base.bindings[name]

    @Base.method(f"{name}(x)", transparent=True)
    def with_second(x: Any) -> Any:
        return Fix2(f, x)


for _name in ("∉", "∋", "∌"):
    _partial(_name)


@Base.method("first(x)", transparent=True)
def first(x: Any) -> Any:
    """The first element.

    ```jldoctest
    julia> first(2:2:10), first("αβ")
    (2, 'α')
    ```
    """
    if isinstance(x, V.Range):
        return x.start
    if isinstance(x, Array):
        data = x.data
        if not data.size:
            raise BoundsError(x, (1,))
        # a gradient sees the element read
        if not TRACE.depth and data.ndim == 1 and (value := element(data, 0)) is not UNDEF:
            return value
    if type(x) is tuple and not x:
        raise BoundsError(x, (1,))
    if isinstance(x, Struct) and T.isa(x, T.AbstractArray):
        return Base.bindings["getindex"](x, Base.bindings["first"](Base.bindings["eachindex"](x)))
    for v in iterate_value(x):
        return v
    raise ArgumentError("collection must be non-empty")


@Base.method("first(x, n::Integer)", transparent=True)
def first_n(x: Any, n: int) -> Any:
    """At most the first `n` elements."""
    check_number(n)
    if isinstance(x, (Array, V.Range)):
        return Base.bindings["getindex"](
            x, V.UnitRange(1, min(n, len(x) if isinstance(x, V.Range) else x.data.size))
        )
    return _piece(x, list(itertools.islice(iterate_value(x), n)))


def check_number(n: int) -> None:
    """Can so many elements be asked for?"""
    if n < 0:
        raise ArgumentError("Number of elements must be nonnegative")


def _piece(x: Any, values: list[Any]) -> Any:
    t = eltype_of_iterator(x)
    return gather(values, None) if t is None else fitted(values, None, t)


@Base.method("last(x)", transparent=True)
def last(x: Any) -> Any:
    """The last element.

    ```jldoctest
    julia> last(1:2:10), last([1, 5])
    (9, 5)
    ```
    """
    if isinstance(x, V.Range):
        return x.stop
    if (
        isinstance(x, Array)
        and not TRACE.depth
        and x.data.ndim == 1
        and x.data.size
        and (value := element(x.data, -1)) is not UNDEF
    ):
        return value
    if isinstance(x, (Array, tuple, str)):
        items = x if not isinstance(x, Array) else x.data
        if not (x.data.size if isinstance(x, Array) else len(items)):
            raise BoundsError(x, (0,))
        if type(x) is tuple:
            return x[-1]
        if type(x) is str:
            return V.Char(ord(x[-1]))
    get, end = Base.bindings["getindex"], Base.bindings["lastindex"]
    return get(x, end(x))


@Base.method("last(x, n::Integer)", transparent=True)
def last_n(x: Any, n: int) -> Any:
    """At most the last `n` elements."""
    check_number(n)
    if isinstance(x, (Array, V.Range)):
        size = len(x) if isinstance(x, V.Range) else x.data.size
        return Base.bindings["getindex"](x, V.UnitRange(max(1, size - n + 1), size))
    return _piece(x, list(iterate_value(x))[-n:] if n else [])


@Base.method("indexin(a, b::AbstractArray)", transparent=True)
def indexin(a: Any, b: Any) -> Any:
    """Where each element of `a` is first found in `b`; `nothing` where it is not.

    ```jldoctest
    julia> indexin([3, 9], [1, 3, 3])
    2-element Vector{Union{Nothing, Int64}}:
     2
      nothing
    ```
    """
    keys = Base.bindings["keys"](b)
    places: dict[Any, Any] = {}
    for k, v in zip(iterate_value(keys), iterate_value(b), strict=False):
        places.setdefault(V.hashable(v), k)
    found = [places.get(V.hashable(v)) for v in iterate_value(a)]
    return fitted(found, shape_of_iterator(a), T.union(T.Nothing, Base.bindings["eltype"](keys)))
