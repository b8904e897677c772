"""Dictionaries from dictionaries: merged, filtered, mapped, compared."""

from __future__ import annotations

from typing import Any

from juliette.base.conversion import convert_to
from juliette.base.dictionaries import ABSENT, key_value_types
from juliette.base.dictionary_views import ValueIterator
from juliette.base.iteration import iterate_value
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base


@Base.method("merge!(d::AbstractDict, others::AbstractDict...)", transparent=True)
def merge_into(d: Any, *others: Any) -> Any:
    """Put all entries of the others into `d`; later ones win."""
    set_ = Base.bindings["setindex!"]
    for other in others:
        if isinstance(other, V.JuliaDict) and isinstance(d, V.JuliaDict):
            # As in Julia, room is made for the greater of the two.
            d.reserve(max(len(d), len(other)))
        for p in iterate_value(other):
            set_(d, p.second, p.first)
    return d


def _merged_type(d: Any, others: tuple[Any, ...]) -> Any:
    promote = Base.bindings["promote_type"]
    kt, vt = key_value_types(d)
    for o in others:
        k, v = key_value_types(o)
        kt, vt = promote(kt, k), promote(vt, v)
    return T.apply_type(V.Dict_, kt, vt)


@Base.method("merge(d::AbstractDict, others::AbstractDict...)", transparent=True)
def merge(d: Any, *others: Any) -> Any:
    """A dictionary with all entries; later ones win.

    ```jldoctest
    julia> merge(Dict("a" => 1), Dict("a" => 2.5))
    Dict{String, Float64} with 1 entry:
      "a" => 2.5
    ```
    """
    return merge_into(_merged_type(d, others)(d), *others)


@Base.method("mergewith!(f, d::AbstractDict, others::AbstractDict...)", transparent=True)
def mergewith_into(f: Any, d: Any, *others: Any) -> Any:
    """Put all entries of the others into `d`; `f` joins the values of a key that both have."""
    has, get_, set_ = Base.bindings["haskey"], Base.bindings["getindex"], Base.bindings["setindex!"]
    for other in others:
        for p in iterate_value(other):
            set_(d, f(get_(d, p.first), p.second) if has(d, p.first) else p.second, p.first)
    return d


@Base.method("mergewith(f, d::AbstractDict, others::AbstractDict...)", transparent=True)
def mergewith(f: Any, d: Any, *others: Any) -> Any:
    """A dictionary with all entries; `f` joins the values of a key that both have.

    ```jldoctest
    julia> mergewith(+, Dict("a" => 1), Dict("a" => 2))
    Dict{String, Int64} with 1 entry:
      "a" => 3
    ```
    """
    return mergewith_into(f, _merged_type(d, others)(d), *others)


@Base.method("mergewith(f)", transparent=True)
def mergewith_of(f: Any) -> Any:
    return lambda *ds: mergewith(f, *ds)


@Base.method("mergewith!(f)", transparent=True)
def mergewith_into_of(f: Any) -> Any:
    return lambda *ds: mergewith_into(f, *ds)


@Base.method("merge(f::Function, d::AbstractDict, others::AbstractDict...)", transparent=True)
def merge_with(f: Any, d: Any, *others: Any) -> Any:
    return mergewith(f, d, *others)


@Base.method("merge!(f::Function, d::AbstractDict, others::AbstractDict...)", transparent=True)
def merge_into_with(f: Any, d: Any, *others: Any) -> Any:
    return mergewith_into(f, d, *others)


@Base.method("copy!(dest::AbstractDict, source::AbstractDict)", transparent=True)
def copy_into(dest: Any, source: Any) -> Any:
    """Make a dictionary equal to another.

    ```jldoctest
    julia> copy!(Dict(1 => "a"), Dict(2 => "b", 3 => "c"))
    Dict{Int64, String} with 2 entries:
      2 => "b"
      3 => "c"
    ```
    """
    return Base.bindings["merge!"](Base.bindings["empty!"](dest), source)


@Base.method("filter(f, d::AbstractDict)", transparent=True)
def filter_dict(f: Any, d: Any) -> Any:
    out = Base.bindings["empty"](d)
    set_ = Base.bindings["setindex!"]
    for p in iterate_value(d):
        if support.truth(f(p)):
            set_(out, p.second, p.first)
    return out


@Base.method("filter!(f, d::AbstractDict)", transparent=True)
def filter_dict_in_place(f: Any, d: Any) -> Any:
    if not isinstance(d, V.JuliaDict):
        for p in [p for p in iterate_value(d) if not support.truth(f(p))]:
            Base.bindings["delete!"](d, p.first)
        return d
    pair = V.pair_maker(d.key_type, d.value_type)
    for k, v in d.entries():
        if not support.truth(f(pair(k, v))):
            d.remove(d.key(k))
    return d


@Base.method("filter_in_one_pass!(f, d::AbstractDict)", export=False)
def filter_in_one_pass(f: Any, d: Any) -> Any:
    """How dictionaries of one's own that may lose keys while they are walked define `filter!`."""
    return filter_dict_in_place(f, d)


@Base.method("map!(f, v::Base.ValueIterator)", transparent=True)
def map_values(f: Any, v: ValueIterator) -> Any:
    """Replace each value of a dictionary by `f` of it."""
    d = v.dict
    if not isinstance(d, V.JuliaDict):
        for p in list(iterate_value(d)):
            Base.bindings["setindex!"](d, f(p.second), p.first)
        return v
    for k, x in d.entries():
        d.put(k, convert_to(d.value_type, f(x)))
    return v


@Base.method("replace!(f::Function, d::AbstractDict)", transparent=True)
def replace_entries(f: Any, d: Any) -> Any:
    for old in list(iterate_value(d)):
        p = f(old)
        if not Base.bindings["isequal"](p.first, old.first):
            Base.bindings["delete!"](d, old.first)
        Base.bindings["setindex!"](d, p.second, p.first)
    return d


def _same_entries(a: Any, b: Any, equal: Any) -> Any:
    if Base.bindings["length"](a) != Base.bindings["length"](b):
        return False
    result: Any = True
    for p in iterate_value(a):
        other = Base.bindings["get"](b, p.first, ABSENT)
        if other is ABSENT:
            return False
        same = equal(p.second, other)
        if same is V.MISSING:
            result = same
        elif not same:
            return False
    return result


@Base.method("==(a::AbstractDict, b::AbstractDict)", transparent=True)
def equal_dicts(a: Any, b: Any) -> Any:
    if isinstance(a, V.JuliaIdDict) != isinstance(b, V.JuliaIdDict):
        return False
    return _same_entries(a, b, Base.bindings["=="])


@Base.method("isequal(a::AbstractDict, b::AbstractDict)", transparent=True)
def isequal_dicts(a: Any, b: Any) -> Any:
    if isinstance(a, V.JuliaIdDict) != isinstance(b, V.JuliaIdDict):
        return False
    return _same_entries(a, b, Base.bindings["isequal"])


@Base.method("map(f, d::AbstractDict)", transparent=True)
def map_dict(f: Any, d: Any) -> Any:
    raise ErrorException("map is not defined on dictionaries")


@Base.method("first(d::AbstractDict)", transparent=True)
def first_entry(d: Any) -> Any:
    for p in iterate_value(d):
        return p
    raise ArgumentError("collection must be non-empty")
