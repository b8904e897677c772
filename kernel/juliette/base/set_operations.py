"""What sets, arrays and other collections have in common or not: `union`, `issubset`, `unique` and their kin."""

from __future__ import annotations

import functools
from typing import Any

from juliette.base.collecting import gather
from juliette.base.conversion import convert_to
from juliette.base.iteration import iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, known_length, one_by_one, parameters_of
from juliette.base.sets import gathered, push
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base
from juliette.runtime.tables import PLAIN


@Base.method("==(a::AbstractSet, b::AbstractSet)", transparent=True)
def equal(a: Any, b: Any) -> bool:
    return Base.bindings["length"](a) == Base.bindings["length"](b) and issubset(a, b)


@Base.method("<(a::AbstractSet, b::AbstractSet)", transparent=True)
def smaller(a: Any, b: Any) -> bool:
    """Is `a` a subset of `b`, but not equal to it?"""
    return bool(Base.bindings["length"](a) < Base.bindings["length"](b)) and issubset(a, b)


@Base.method("<=(a::AbstractSet, b::AbstractSet)", transparent=True)
def not_larger(a: Any, b: Any) -> bool:
    """Is `a` a subset of `b`?"""
    return issubset(a, b)


@Base.method("isequal(a::AbstractSet, b::AbstractSet)", transparent=True)
def isequal(a: Any, b: Any) -> bool:
    return equal(a, b)


def _keys(x: Any) -> dict[Any, Any]:
    """The distinct elements of a collection by their hashable keys, in order."""
    if isinstance(x, V.JuliaSet) and x.by_hash:
        return {k: x.data[k] for k in x.ordered_keys()}
    values = list(iterate_value(x))
    kinds = set(map(type, values))
    if len(kinds) == 1 and kinds <= PLAIN:
        return dict(zip(values, values, strict=True))
    out: dict[Any, Any] = {}
    for v in values:
        out.setdefault(V.hashable(v), v)
    return out


def _promoted(types: list[Any]) -> Any:
    out = types[0]
    for t in types[1:]:
        out = Base.bindings["promote_type"](out, t)
    return out


def _container(first: Any, values: list[Any], types: list[Any]) -> Any:
    """The result of a set operation: a set if the first argument is one, else a vector."""
    t = _promoted(types)
    values = [v if T.isa(v, t) else convert_to(t, v) for v in values]
    if parameters_of(T.typeof(first), T.AbstractSet) is not None:
        return gathered(first, t, values)
    return vector(values, t)


def _eltype(x: Any) -> Any:
    t = eltype_of_iterator(x)
    return T.Any_ if t is None else t


@Base.method("union(s, others...)", transparent=True)
def union(s: Any, *others: Any) -> Any:
    """All elements of the collections, each once.

    ```jldoctest
    julia> union([1, 2], [2, 3])
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    types = [_eltype(x) for x in (s, *others)]
    if isinstance(s, V.JuliaSet):
        return union_into(type(s)(_promoted(types)), s, *others)
    out_keys = _keys(s)
    for o in others:
        for k, v in _keys(o).items():
            out_keys.setdefault(k, v)
    return _container(s, list(out_keys.values()), types)


@Base.method("union!(s::AbstractSet, others...)", transparent=True)
def union_into(s: Any, *others: Any) -> Any:
    """Add all elements of the others."""
    for o in others:
        if not isinstance(s, V.JuliaSet):
            one_by_one("push!", s, iterate_value(o))
            continue
        n = known_length(o)
        if n is not None:
            s.reserve(len(s) + n)
        if type(o) is type(s) and s.by_hash:
            there, found = s.data, o.data
            there.update({k: found[k] for k in o.ordered_keys() if k not in there})
            continue
        push(s, *iterate_value(o))
    return s


@Base.method("union!(v::AbstractVector, others...)", transparent=True)
def union_into_vector(v: Any, *others: Any) -> Any:
    return _assign(v, union(v, *others))


@Base.method("intersect(s, others...)", transparent=True)
def intersect(s: Any, *others: Any) -> Any:
    """The elements that all collections have, in the order of the first.

    ```jldoctest
    julia> intersect([1, 4, 4, 5], [4, 1])
    2-element Vector{Int64}:
     1
     4
    ```
    """
    if len(others) > 1 and all(isinstance(x, V.UnitRange) for x in (s, *others)):
        return functools.reduce(Base.bindings["intersect"], others, s)
    if any(isinstance(x, V.Range) for x in (s, *others)):
        common = _common_of_ranges(s, others)
        return _container(s, common, [_eltype(s), *(t for t in map(_eltype, others))])
    if all(type(x) is type(s) and isinstance(x, V.JuliaSet) and x.by_hash for x in (s, *others)):
        return _without(s, [k for k in s.data if any([k not in o.data for o in others])])
    found = _keys(s)
    for o in others:
        keep = _keys(o)
        found = {k: v for k, v in found.items() if k in keep}
    if isinstance(s, V.JuliaSet) and all(_eltype(o) is s.eltype for o in others):
        return _without(s, [k for k in s.data if k not in found])
    return _container(s, list(found.values()), [_eltype(s), *(t for t in map(_eltype, others))])


def _common_of_ranges(s: Any, others: tuple[Any, ...]) -> list[Any]:
    """The elements of the shortest collection that all others have: ranges are asked, not walked through."""
    size = Base.bindings["length"]
    every = [s, *others]
    few = min(
        (x for x in every if not isinstance(x, V.Range)), key=size, default=min(every, key=size)
    )
    few = s if not isinstance(s, V.Range) else few
    inside = Base.bindings["in"]
    return [v for v in _keys(few).values() if all(x is few or inside(v, x) is True for x in every)]


def _without(s: V.JuliaSet, keys: list[Any]) -> V.JuliaSet:
    out = s.copy()
    out.remove_all(keys)
    return out


@Base.method("intersect!(s, others...)", transparent=True)
def intersect_in_place(s: Any, *others: Any) -> Any:
    """Keep only the elements that the others have."""
    return _assign(s, intersect(s, *others))


@Base.method("setdiff(s, others...)", transparent=True)
def setdiff(s: Any, *others: Any) -> Any:
    """The elements of the first that the others have not.

    ```jldoctest
    julia> setdiff([1, 2, 3], [3, 4, 5])
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if isinstance(s, V.JuliaSet):
        return setdiff_in_place(s.copy(), *others)
    found = _keys(s)
    for o in others:
        for k in _keys(o):
            found.pop(k, None)
    return _container(s, list(found.values()), [_eltype(s)])


@Base.method("setdiff!(s, others...)", transparent=True)
def setdiff_in_place(s: Any, *others: Any) -> Any:
    """Remove the elements that the others have."""
    if isinstance(s, V.JuliaSet):
        for o in others:
            plain = isinstance(o, V.JuliaSet) and o.by_hash and s.by_hash
            s.remove_all(o.ordered_keys() if plain else map(s.key, list(iterate_value(o))))
        return s
    return _assign(s, setdiff(s, *others))


@Base.method("symdiff(s, others...)", transparent=True)
def symdiff(s: Any, *others: Any) -> Any:
    """The elements that are in an odd number of the collections.

    ```jldoctest
    julia> symdiff([1, 2, 3], [3, 4])
    3-element Vector{Int64}:
     1
     2
     4
    ```
    """
    found = _keys(s)
    for o in others:
        for k, v in _keys(o).items():
            if k in found:
                del found[k]
            else:
                found[k] = v
    return _container(s, list(found.values()), [_eltype(x) for x in (s, *others)])


@Base.method("symdiff!(s, others...)", transparent=True)
def symdiff_in_place(s: Any, *others: Any) -> Any:
    """Keep the elements that are in an odd number of the collections."""
    return _assign(s, symdiff(s, *others))


def _assign(target: Any, result: Any) -> Any:
    if isinstance(target, V.JuliaSet):
        wanted = {target.key(x) for x in iterate_value(result)}
        for k in list(target.data):
            if k not in wanted:
                target.remove(k)
        return push(target, *iterate_value(result))
    if isinstance(target, Array):
        target.data = result.data
        target._buffer = None
        return target
    if T.isa(target, T.AbstractSet):
        kept = _keys(result)
        for x in [x for x in iterate_value(target) if V.hashable(x) not in kept]:
            Base.bindings["delete!"](target, x)
        one_by_one("push!", target, kept.values())
        return target
    raise MethodError(Base.bindings["push!"], (target,), None)


@Base.method("issubset(a, b)", transparent=True)
def issubset(a: Any, b: Any) -> bool:
    """Is every element of `a` in `b`?

    ```jldoctest
    julia> issubset([1, 2], [1, 2, 3]), [1, 2, 3] ⊆ [1, 2]
    (true, false)
    ```
    """
    if isinstance(a, V.UnitRange) and isinstance(b, V.UnitRange):
        return not a.count or bool(b.count and b.start <= a.start and a.stop <= b.stop)
    if isinstance(b, V.Range):
        return all(Base.bindings["in"](x, b) is True for x in iterate_value(a))
    if isinstance(b, V.JuliaSet):
        return all(b.key(x) in b.data for x in iterate_value(a))
    if isinstance(b, (Array, tuple)) and isinstance(a, (Array, tuple, V.JuliaSet)):
        have = _keys(b)
        return all(V.hashable(x) in have for x in iterate_value(a))
    member = Base.bindings["in"]
    return all(member(x, b) is True for x in iterate_value(a))


Base.const("⊆", Base.bindings["issubset"])


def set_relation(name: str, f: Any, doc: str) -> None:
    f.__doc__ = doc
    Base.method(f"{name}(a, b)", transparent=True)(f)


set_relation("⊇", lambda a, b: Base.bindings["issubset"](b, a), "Is `b` a subset of `a`?")
set_relation("⊈", lambda a, b: not Base.bindings["issubset"](a, b), "Is `a` no subset of `b`?")
set_relation("⊉", lambda a, b: not Base.bindings["issubset"](b, a), "Is `b` no subset of `a`?")
set_relation(
    "⊊",
    lambda a, b: bool(Base.bindings["issubset"](a, b) and len(_keys(a)) < len(_keys(b))),
    "Is `a` a subset of `b`, but not equal to it?",
)
set_relation(
    "⊋",
    lambda a, b: bool(Base.bindings["issubset"](b, a) and len(_keys(b)) < len(_keys(a))),
    "Is `b` a subset of `a`, but not equal to it?",
)
set_relation(
    "issetequal",
    lambda a, b: _keys(a).keys() == _keys(b).keys(),
    "Have both the same elements?\n\n```jldoctest\njulia> issetequal([1, 2], [2, 1])\ntrue\n```",
)
set_relation(
    "isdisjoint",
    lambda a, b: not (_keys(a).keys() & _keys(b).keys()),
    "Have they no element in common?\n\n```jldoctest\njulia> isdisjoint(Set([1, 2]), Set([2, 3]))\nfalse\n```",
)
Base.const("∪", Base.bindings["union"])
Base.const("∩", Base.bindings["intersect"])


# ---------------------------------------------------------------- unique


@Base.method("unique(x)", transparent=True)
def unique(x: Any) -> Any:
    """The distinct elements, in the order of their first appearance.

    ```jldoctest
    julia> unique([2, 1, 2])
    2-element Vector{Int64}:
     2
     1
    ```
    """
    t = eltype_of_iterator(x)
    if t is None and not (
        isinstance(x, V.JuliaSet) and x.by_hash
    ):  # the elements that are not kept count for the type too
        items = gather(list(iterate_value(x)), None)
        return vector(list(_keys(items).values()), items.eltype)
    found = list(_keys(x).values())
    return gather(found, None) if t is None else vector(found, t)


@Base.method("unique(f, x)", transparent=True)
def unique_by(f: Any, x: Any) -> Any:
    """One element for each distinct value of `f`."""
    found: dict[Any, Any] = {}
    for v in iterate_value(x):
        found.setdefault(V.hashable(f(v)), v)
    t = eltype_of_iterator(x)
    out = list(found.values())
    return gather(out, None) if t is None else vector(out, t)


@Base.method("unique!(v)", transparent=True)
def unique_in_place(v: Any) -> Any:
    """Remove elements that were there before."""
    return v if isinstance(v, V.JuliaSet) else _assign(v, unique(v))


@Base.method("unique!(f, v)", transparent=True)
def unique_by_in_place(f: Any, v: Any) -> Any:
    return _assign(v, unique_by(f, v))


@Base.method("allunique(x)", transparent=True)
def allunique(x: Any) -> bool:
    """Is no element there twice?

    ```jldoctest
    julia> allunique([1, 2, 3]), allunique("aba")
    (true, false)
    ```
    """
    seen = set()
    for v in iterate_value(x):
        k = V.hashable(v)
        if k in seen:
            return False
        seen.add(k)
    return True


@Base.method("allunique(r::AbstractRange)")
def allunique_range(r: Any) -> bool:
    return Base.bindings["length"](r) <= 1 or not Base.bindings["iszero"](Base.bindings["step"](r))


@Base.method("allunique(f, x)", transparent=True)
def allunique_by(f: Any, x: Any) -> bool:
    return allunique(tuple(f(v) for v in iterate_value(x)))


@Base.method("allequal(x)", transparent=True)
def allequal(x: Any) -> bool:
    """Are all elements equal?

    ```jldoctest
    julia> allequal([1, 1.0]), allequal([1, 2])
    (true, false)
    ```
    """
    return len(_keys(x)) <= 1


@Base.method("allequal(r::AbstractRange)")
def allequal_range(r: Any) -> bool:
    return Base.bindings["length"](r) <= 1 or bool(
        Base.bindings["iszero"](Base.bindings["step"](r))
    )


@Base.method("allequal(f, x)", transparent=True)
def allequal_by(f: Any, x: Any) -> bool:
    return allequal(tuple(f(v) for v in iterate_value(x)))
