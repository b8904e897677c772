"""Tuples, named tuples, and functions as values."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from juliette.base.conversion import element_types, without_variables
from juliette.base.essentials import Val, _simple
from juliette.base.iteration import iterate_value
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    MethodError,
)
from juliette.runtime.modules import Base, constructors
from juliette.syntax.expr import Symbol

# ---------------------------------------------------------------- tuples


@Base.method("ntuple(f, n::Integer)", transparent=True)
def ntuple(f: Any, n: Any) -> tuple[Any, ...]:
    """`(f(1), …, f(n))`

    ```jldoctest
    julia> ntuple(i -> 2i, 3)
    (2, 4, 6)
    ```
    """
    if n < 0:
        raise ArgumentError(f"tuple length should be ≥ 0, got {n}")
    return tuple(f(i) for i in range(1, n + 1))


@Base.method("ntuple(f, n::Val)", transparent=True)
def ntuple_val(f: Any, n: Val) -> tuple[Any, ...]:
    return ntuple(f, n.x)


@Base.method("tuple(xs...)", transparent=True)
def tuple_(*xs: Any) -> tuple[Any, ...]:
    """A tuple of the arguments.

    ```jldoctest
    julia> tuple(1, 'b')
    (1, 'b')
    ```
    """
    return xs


def _construct_tuple(t: Any, *args: Any) -> tuple[Any, ...]:
    if len(args) > 1:
        raise MethodError(t, args, None)
    body = T.unwrap(t)
    open_ended = (
        bool(body.parameters)
        and isinstance(body.parameters[-1], T.Vararg)
        and not isinstance(body.parameters[-1].count, int)
    )
    wanted = None if open_ended else len(body.parameters)
    values = tuple(itertools.islice(iterate_value(args[0]), wanted)) if args else ()
    if open_ended:
        parameters = element_types(body, max(len(values), len(body.parameters) - 1)) or ()
    else:
        parameters = tuple(map(without_variables, body.parameters))
    if len(values) < len(parameters):
        raise ArgumentError(f"too few elements for tuple type {T.type_string(t)}")
    convert = Base.bindings["convert"]
    made = tuple(
        v if T.isa(v, p) else convert(p, v) for p, v in zip(parameters, values, strict=False)
    )
    return made if t is body else support.typeassert(made, t)


support._builtin(
    constructors(T.Tuple_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _construct_tuple, ("args",)
)


@Base.method("front(t::Tuple)", export=False, transparent=True)
def front(t: tuple[Any, ...]) -> tuple[Any, ...]:
    """All but the last.

    ```jldoctest
    julia> Base.front((1, 2, 3))
    (1, 2)
    ```
    """
    if not t:
        raise ArgumentError("Cannot call front on an empty tuple.")
    return t[:-1]


@Base.method("tail(t::NamedTuple)", export=False, transparent=True)
def tail_named(t: V.NamedTuple) -> V.NamedTuple:
    if not t.names:
        raise ArgumentError("Cannot call tail on an empty NamedTuple.")
    return V.named_tuple_of(t.names[1:], V.kinds_of(t)[1:], t.values[1:])


@Base.method("front(t::NamedTuple)", export=False, transparent=True)
def front_named(t: V.NamedTuple) -> V.NamedTuple:
    if not t.names:
        raise ArgumentError("Cannot call front on an empty NamedTuple.")
    return V.named_tuple_of(t.names[:-1], V.kinds_of(t)[:-1], t.values[:-1])


@Base.method("empty(t::Tuple)")
def empty_tuple(t: Any) -> tuple[()]:
    """A tuple without elements."""
    return ()


@Base.method("empty(t::NamedTuple)", transparent=True)
def empty_named(t: V.NamedTuple) -> V.NamedTuple:
    return V.NamedTuple((), ())


@Base.method("tail(t::Tuple)", export=False, transparent=True)
def tail(t: tuple[Any, ...]) -> tuple[Any, ...]:
    """All but the first.

    ```jldoctest
    julia> Base.tail((1, 2, 3))
    (2, 3)
    ```
    """
    if not t:
        raise ArgumentError("Cannot call tail on an empty tuple.")
    return t[1:]


@Base.method("setindex(t::Tuple, v, i::Integer)", export=False, transparent=True)
def setindex_tuple(t: tuple[Any, ...], v: Any, i: int) -> tuple[Any, ...]:
    """A copy with another value at a position."""
    if not 1 <= i <= len(t):
        raise BoundsError(t, (i,))
    return (*t[: i - 1], v, *t[i:])


@Base.method("reverse(t::Tuple)", transparent=True)
def reverse_tuple(t: tuple[Any, ...]) -> tuple[Any, ...]:
    return t[::-1]


@Base.method("reverse(t::NamedTuple)", transparent=True)
def reverse_named(t: V.NamedTuple) -> V.NamedTuple:
    return V.named_tuple_of(t.names[::-1], V.kinds_of(t)[::-1], t.values[::-1])


@Base.method("lastindex(t::Union{Tuple, NamedTuple, Pair})", transparent=True)
def lastindex(t: Any) -> int:
    return 2 if isinstance(t, V.Pair) else len(t.values if isinstance(t, V.NamedTuple) else t)


@Base.method("firstindex(t::Union{Tuple, NamedTuple, Pair})", transparent=True)
def firstindex(t: Any) -> int:
    return 1


@Base.method("eachindex(t::Tuple)", transparent=True)
def eachindex(t: tuple[Any, ...]) -> Any:
    return V.OneTo(len(t))


@Base.method("eachindex(t::Tuple, more::Tuple...)", transparent=True)
def eachindex_several(t: tuple[Any, ...], *more: tuple[Any, ...]) -> Any:
    """The indices of the longest."""
    return V.OneTo(max(len(t), *map(len, more)))


@Base.method("first(t::Tuple)", transparent=True)
def first(t: tuple[Any, ...]) -> Any:
    if not t:
        raise ArgumentError("tuple must be non-empty")
    return t[0]


@Base.method("size(t::Tuple, d::Integer)", transparent=True)
def size(t: tuple[Any, ...], d: int) -> int:
    if d != 1:
        raise ArgumentError(f"invalid tuple dimension {d}")
    return len(t)


@Base.method("keys(t::Tuple)", transparent=True)
def keys_of_tuple(t: tuple[Any, ...]) -> Any:
    return V.OneTo(len(t))


@Base.method("prevind(t::Tuple, i::Integer)", transparent=True)
def prevind(t: Any, i: int) -> int:
    return i - 1


@Base.method("nextind(t::Tuple, i::Integer)", transparent=True)
def nextind(t: Any, i: int) -> int:
    return i + 1


# Values of one of these classes Python compares as Julia does.
_COMPARED = frozenset({int, str, bool})


def alike(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    """Are two tuples of the same plain types?"""
    classes = tuple(map(type, a))
    return classes == tuple(map(type, b)) and _COMPARED.issuperset(classes)


@Base.method("isless(a::Tuple, b::Tuple)", transparent=True)
def isless_tuple(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    if alike(a, b):
        return a < b
    less, same = Base.bindings["isless"], Base.bindings["isequal"]
    for x, y in zip(a, b, strict=False):
        if not same(x, y):
            return less(x, y)
    return len(a) < len(b)


@Base.method("<(a::Tuple, b::Tuple)", transparent=True)
def less_tuple(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    if alike(a, b):
        return a < b
    less, same = Base.bindings["<"], Base.bindings["=="]
    for x, y in zip(a, b, strict=False):
        equal = same(x, y)
        if equal is V.MISSING:
            return equal
        if not equal:
            return less(x, y)
    return len(a) < len(b)


@Base.method("==(a::Tuple, b::Tuple)", transparent=True)
def equal_tuples(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    if len(a) != len(b):
        return False
    return a == b if alike(a, b) else _all_equal(a, b)


def _all_equal(a: Any, b: Any) -> Any:
    same = Base.bindings["=="]
    result: Any = True
    for x, y in zip(a, b, strict=True):
        found = same(x, y)
        if found is V.MISSING:
            result = found
        elif not found:
            return False
    return result


@Base.method("==(a::NamedTuple, b::NamedTuple)", transparent=True)
def equal_named(a: V.NamedTuple, b: V.NamedTuple) -> Any:
    return a.names == b.names and _all_equal(a.values, b.values)


@Base.method("isequal(a::Tuple, b::Tuple)", transparent=True)
def isequal_tuples(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    if alike(a, b):
        return a == b
    same = Base.bindings["isequal"]
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


@Base.method("isless(a::NamedTuple{n}, b::NamedTuple{n}) where n", transparent=True)
def isless_named(a: V.NamedTuple, b: V.NamedTuple) -> bool:
    return isless_tuple(a.values, b.values)


# ---------------------------------------------------------------- pairs


@Base.method("Pair(a, b)", transparent=True)
def pair(t: Any, a: Any, b: Any) -> V.Pair:
    """`a => b`"""
    return V.Pair(a, b)


@Base.method("isless(a::Pair, b::Pair)", transparent=True)
def isless_pair(a: V.Pair, b: V.Pair) -> bool:
    return isless_tuple((a.first, a.second), (b.first, b.second))


@Base.method("reverse(p::Pair)", transparent=True)
def reverse_pair(p: V.Pair) -> V.Pair:
    a, b = T.typeof(p).parameters
    return V.pair_maker(b, a)(p.second, p.first)


# ---------------------------------------------------------------- named tuples


def named(names: Any, values: Any) -> V.NamedTuple:
    return V.NamedTuple(tuple(names), tuple(values))


def chosen(t: V.NamedTuple, names: tuple[str, ...]) -> V.NamedTuple:
    """The fields of these names."""
    values = tuple([_field(t, n) for n in names])
    if type(t) is V.NamedTuple:
        return V.NamedTuple(names, values)
    kinds = V.kinds_of(t)
    return V.named_tuple_of(names, [kinds[t.names.index(n)] for n in names], values)


def _construct_named(t: Any, /, *args: Any, **kwargs: Any) -> V.NamedTuple:
    """`NamedTuple{names}(values)`, `NamedTuple(iterator)`"""
    body = T.unwrap(t)
    names = body.parameters[0]
    types = body.parameters[1]
    if isinstance(names, T.TypeVar):
        if not args or isinstance(args[0], V.NamedTuple):
            return args[0] if args else named((), ())
        return merge_pairs(named((), ()), list(support.keyword_dict(args[0]).items()))
    wanted = tuple(n.name for n in names)
    source = args[0] if args else ()
    if isinstance(source, V.NamedTuple):
        if not isinstance(types, T.DataType):
            return chosen(source, wanted)
        values = chosen(source, wanted).values
    else:
        values = tuple(iterate_value(source))
        if len(values) != len(wanted):
            raise ArgumentError("Wrong number of arguments to named tuple constructor.")
    if not isinstance(types, T.DataType):
        return V.NamedTuple(wanted, values)
    convert = Base.bindings["convert"]
    values = tuple(
        v if T.isa(v, p) else convert(p, v) for p, v in zip(types.parameters, values, strict=True)
    )
    return V.named_tuple_of(wanted, types.parameters, values)


support._builtin(
    constructors(V.NamedTuple_),
    T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
    _construct_named,
    ("args",),
)


def _construct_named_kw(kwargs: dict[str, Any], _: Any, *args: Any) -> V.NamedTuple:
    base = _construct_named(V.NamedTuple_, *args) if args else named((), ())
    return merge_pairs(base, list(kwargs.items()))


constructors(V.NamedTuple_).methods[-1].kwcall = _construct_named_kw


def merge_pairs(a: V.NamedTuple, pairs: list[tuple[str, Any]]) -> V.NamedTuple:
    out = dict(zip(a.names, a.values, strict=True))
    out.update(pairs)
    return V.NamedTuple(tuple(out), tuple(out.values()))


@Base.method("merge(a::NamedTuple, bs::NamedTuple...)", transparent=True)
def merge(a: V.NamedTuple, *bs: V.NamedTuple) -> V.NamedTuple:
    """All fields of the named tuples; later ones win.

    ```jldoctest
    julia> merge((a = 1, b = 2), (b = 3, c = 4))
    (a = 1, b = 3, c = 4)
    ```
    """
    fields = {
        n: (v, kind)
        for t in (a, *bs)
        for n, v, kind in zip(t.names, t.values, V.kinds_of(t), strict=True)
    }
    return V.named_tuple_of(
        tuple(fields), [kind for _, kind in fields.values()], tuple([v for v, _ in fields.values()])
    )


@Base.method("merge(a::NamedTuple, itr)", transparent=True)
def merge_iterator(a: V.NamedTuple, itr: Any) -> V.NamedTuple:
    return merge_pairs(a, list(support.keyword_dict(itr).items()))


@Base.method("structdiff(a::NamedTuple, b)", export=False, transparent=True)
def structdiff(a: V.NamedTuple, b: Any) -> V.NamedTuple:
    """The fields of `a` that `b` has not."""
    gone = (
        b.names if isinstance(b, V.NamedTuple) else tuple(n.name for n in T.unwrap(b).parameters[0])
    )
    return chosen(a, tuple([n for n in a.names if n not in gone]))


@Base.method("setindex(t::NamedTuple, v, k::Symbol)", export=False, transparent=True)
def setindex_named(t: V.NamedTuple, v: Any, k: Symbol) -> V.NamedTuple:
    return merge_pairs(t, [(k.name, v)])


@Base.method("delete(t::NamedTuple, k::Symbol)", export=False, transparent=True)
def delete_named(t: V.NamedTuple, k: Symbol) -> V.NamedTuple:
    return structdiff(t, named((k.name,), (None,)))


@Base.method("keys(t::NamedTuple)", transparent=True)
def keys_of_named(t: V.NamedTuple) -> tuple[Symbol, ...]:
    return tuple(map(Symbol, t.names))


@Base.method("haskey(t::NamedTuple, k)", transparent=True)
def haskey(t: V.NamedTuple, k: Any) -> bool:
    return k.name in t.names if isinstance(k, Symbol) else 1 <= k <= len(t.names)


@Base.method("haskey(t::Tuple, k::Integer)", transparent=True)
def haskey_tuple(t: tuple[Any, ...], k: int) -> bool:
    return 1 <= k <= len(t)


@Base.method("haskey(a::AbstractArray, k)", transparent=True)
def haskey_array(a: Any, k: Any) -> bool:
    return (
        Base.bindings["checkbounds"](T.Bool, a, k)
        if "checkbounds" in Base.bindings
        else 1 <= k <= a.data.size
    )


@Base.method("get(t::NamedTuple, k, default)", transparent=True)
def get(t: V.NamedTuple, k: Any, default: Any) -> Any:
    return Base.bindings["getindex"](t, k) if haskey(t, k) else default


@Base.method("get(f::Function, t::NamedTuple, k)", transparent=True)
def get_or_call(f: Any, t: V.NamedTuple, k: Any) -> Any:
    return Base.bindings["getindex"](t, k) if haskey(t, k) else f()


@Base.method("get(t::Tuple, i::Integer, default)", transparent=True)
def get_tuple(t: tuple[Any, ...], i: int, default: Any) -> Any:
    return t[i - 1] if 1 <= i <= len(t) else default


@Base.method("get(f::Function, t::Tuple, i::Integer)", transparent=True)
def get_tuple_or_call(f: Any, t: tuple[Any, ...], i: int) -> Any:
    return t[i - 1] if 1 <= i <= len(t) else f()


@Base.method(
    "get(a::AbstractArray, i::Union{Integer,Tuple{Vararg{Union{Int,AbstractVector}}},AbstractVector}, default)",
    transparent=True,
)
def get_array(a: Any, i: Any, default: Any) -> Any:
    if is_part(i):
        return get_part(a, i if type(i) is tuple else (i,), default)
    index = i if type(i) is tuple else (i,)
    inside = Base.bindings["checkbounds"](T.Bool, a, *index)
    return Base.bindings["getindex"](a, *index) if inside else default


def is_part(i: Any) -> bool:
    """Is it an index, or a tuple or vector of these, of which one stands for several elements?"""
    several = Base.bindings["AbstractVector"]
    return any(T.subtype(T.typeof(k), several) for k in (i if type(i) is tuple else (i,)))


def get_part(a: Any, index: tuple[Any, ...], default: Any) -> Any:
    """Part of an array, with the default where it has no elements."""
    if (
        len(index) == 1
        and not isinstance(index[0], V.Range)
        and Base.bindings["eltype"](index[0]) is not T.Int64
    ):
        index = tuple(iterate_value(index[0]))
    similar, shape = Base.bindings["similar"], tuple(Base.bindings["length"](i) for i in index)
    out = Base.bindings["fill!"](similar(a, T.typeof(default), shape), default)
    get, put = Base.bindings["getindex"], Base.bindings["setindex!"]
    for where, wanted in zip(
        np.ndindex(*shape), itertools.product(*map(iterate_value, index)), strict=True
    ):
        if Base.bindings["checkbounds"](T.Bool, a, *wanted):
            put(out, get(a, *wanted), *[k + 1 for k in where])
    return out


@Base.method(
    "get(f::Function, a::AbstractArray, i::Union{Integer,Tuple{Vararg{Int}}})", transparent=True
)
def get_array_or_call(f: Any, a: Any, i: Any) -> Any:
    index = i if type(i) is tuple else (i,)
    inside = Base.bindings["checkbounds"](T.Bool, a, *index)
    return Base.bindings["getindex"](a, *index) if inside else f()


@Base.method("getindex(t::NamedTuple, ks::Tuple{Vararg{Symbol}})", transparent=True)
def getindex_names(t: V.NamedTuple, ks: tuple[Symbol, ...]) -> V.NamedTuple:
    return chosen(t, tuple([k.name for k in ks]))


@Base.method("getindex(t::NamedTuple, ks::AbstractVector{Symbol})", transparent=True)
def getindex_name_vector(t: V.NamedTuple, ks: Any) -> V.NamedTuple:
    return getindex_names(t, tuple(iterate_value(ks)))


def _field(t: V.NamedTuple, name: str) -> Any:
    if name not in t.names:
        raise ErrorException(f"type NamedTuple has no field {name}")
    return t.get(name)


# ---------------------------------------------------------------- functions as values


class Composed:
    """`f ∘ g`"""

    __slots__ = ("inner", "outer")
    fields = value_fields = ("outer", "inner")

    def __init__(self, outer: Any, inner: Any) -> None:
        self.outer = outer
        self.inner = inner

    def __call__(self, *args: Any) -> Any:
        return self.outer(self.inner(*args))

    def call_kw(self, kwargs: dict[str, Any], *args: Any) -> Any:
        from juliette.runtime.dispatch import call_kw

        return self.outer(call_kw(self.inner, kwargs, *args))


_composed = T.sub_family("ComposedFunction", "O I", lambda o, i: T.Function_)
T.register_instances(
    Composed, lambda c: T.apply_type(_composed, T.typeof(c.outer), T.typeof(c.inner)), _composed
)
Base.const("ComposedFunction", _composed)
_simple(_composed, lambda _, outer, inner: Composed(outer, inner))


@Base.method("∘(f, fs...)", transparent=True)
def compose(*fs: Any) -> Any:
    """Composition: `(f ∘ g)(x) == f(g(x))`.

    ```jldoctest
    julia> map(uppercase ∘ first, ["ab", "cd"])
    2-element Vector{Char}:
     'A': ASCII/Unicode U+0041 (category Lu: Letter, uppercase)
     'C': ASCII/Unicode U+0043 (category Lu: Letter, uppercase)
    ```
    """
    return functools.reduce(Composed, fs)


@Base.method("|>(x, f)", transparent=True)
def pipe(x: Any, f: Any) -> Any:
    """`f(x)`

    ```jldoctest
    julia> [4, 9] |> sum |> sqrt
    3.605551275463989
    ```
    """
    return f(x)
