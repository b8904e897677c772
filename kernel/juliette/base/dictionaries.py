"""Dictionaries: construction, lookup, merging, keys and values.

One chapter of small methods, in one place for the sake of whoever looks for one of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from juliette.base.collecting import lazy_type
from juliette.base.conversion import convert_to
from juliette.base.iteration import iterate_value, native_steps
from juliette.base.iterator_sizes import Lazy, eltype_of_iterator, known_length, parameters_of
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.broadcast import typejoin
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    ErrorException,
    KeyError_,
    MethodError,
)
from juliette.runtime.modules import Base, constructors
from juliette.syntax.expr import Symbol

ABSENT = Symbol("__c782dbf1cf4d6a2e5e3865d7e95634f2e09b5902__")
for _name, _t in (("WeakKeyDict", V.WeakKeyDict_),):
    Base.const(_name, _t)
Base.const("IdSet", V.IdSet_, export=False)

# ---------------------------------------------------------------- construction


def make_dict(cls: Any, key_type: Any, value_type: Any, pairs: Any, n: int | None = None) -> Any:
    """A dictionary of entries that are already of its types; `n` of them are announced."""
    d = cls(key_type, value_type)
    if n is not None:
        d.reserve(n)
    key, data = d.key, d.data
    for k, v in pairs:
        data[key(k)] = (k, v)
    return d


def _entries(args: tuple[Any, ...], name: str) -> list[tuple[Any, Any]]:
    """The entries that the arguments of `Dict(…)` name."""
    source: Any = args if len(args) != 1 or isinstance(args[0], V.Pair) else args[0]
    out = []
    try:
        items = iterate_value(source)
    except MethodError:
        raise ArgumentError(f"{name}(kv): kv needs to be an iterator of tuples or pairs") from None
    for a in items:
        if isinstance(a, V.Pair):
            out.append((a.first, a.second))
        elif type(a) is tuple and len(a) == 2:
            out.append(a)
        else:
            out.append(_first_two(a, name))
    return out


def _first_two(a: Any, name: str) -> tuple[Any, Any]:
    """Key and value of anything that destructures into them: `(k, v) = a`."""
    try:
        two = tuple(itertools.islice(iterate_value(a), 2))
    except MethodError:
        two = ()
    if len(two) == 2:
        return two
    if type(a) is tuple:
        raise BoundsError(a, len(a) + 1)
    raise ArgumentError(f"{name}(kv): kv needs to be an iterator of tuples or pairs")


def _entry_types(args: tuple[Any, ...], pairs: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    """The key and value types of `Dict(…)`: what the iterator says, or what the entries are."""
    if len(args) == 1 and not isinstance(args[0], V.Pair):
        t = eltype_of_iterator(args[0])
        if (
            isinstance(t, T.DataType)
            and t.concrete
            and len(t.parameters) == 2
            and (t.typename is T.TUPLE_NAME or t.typename is T.unwrap(V.Pair_).typename)
        ):
            return t.parameters[0], t.parameters[1]
        found = parameters_of(T.typeof(args[0]), T.AbstractDict)
        if found is not None:
            return found[0], found[1]
        if not pairs:
            return T.Any_, T.Any_
        return B.join_types([k for k, _ in pairs]), B.join_types([v for _, v in pairs])
    if not args:
        return T.Any_, T.Any_
    declared = [T.typeof(p).parameters for p in args if isinstance(p, V.Pair)]
    kinds = tuple(map(dict.fromkeys, zip(*declared, strict=True)))
    return tuple(_joined(s) for s in kinds)


def _joined(kinds: Iterable[Any]) -> Any:
    """`Dict(ps::Pair...)` joins the types of the pairs."""
    out: Any = None
    for t in kinds:
        out = t if out is None else typejoin(out, t)
    return out


def _dict_constructor(cls: Any, name: str) -> Callable[..., Any]:
    def construct(t: Any, *args: Any) -> Any:
        if len(args) > 1 and not all(isinstance(p, V.Pair) for p in args):
            raise MethodError(t, args, None)
        pairs = _entries(args, name) if args else []
        n = len(args) if len(args) != 1 or isinstance(args[0], V.Pair) else known_length(args[0])
        if isinstance(t, T.UnionAll):
            if cls is not V.JuliaDict and not args:
                return cls(T.Any_, T.Any_)
            kt, vt = _entry_types(args, pairs)
            if isinstance(t.body, T.DataType) and not isinstance(t.body.parameters[0], T.TypeVar):
                kt = t.body.parameters[0]
        else:
            kt, vt = t.parameters
            if len(args) == 1 and isinstance(args[0], cls) and T.typeof(args[0]) is t:
                return args[0].copy()
        convert = convert_to
        if kt is not T.Any_:
            pairs = [(k if T.isa(k, kt) else convert(kt, k), v) for k, v in pairs]
        if vt is not T.Any_:
            pairs = [(k, v if T.isa(v, vt) else convert(vt, v)) for k, v in pairs]
        return make_dict(cls, kt, vt, pairs, n)

    return construct


for _family, _cls, _name in (
    (V.Dict_, V.JuliaDict, "Dict"),
    (V.IdDict_, V.JuliaIdDict, "IdDict"),
    (V.WeakKeyDict_, V.JuliaWeakKeyDict, "WeakKeyDict"),
):
    support._builtin(
        constructors(_family),
        T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
        _dict_constructor(_cls, _name),
        ("args",),
    )


@Base.method("dict_with_eltype(make, kv, t)", transparent=True, export=False)
def dict_with_eltype(make: Any, kv: Any, t: Any) -> Any:
    """What the constructors of a user's dictionaries build: `make(K, V)` is the type for keys and values."""
    if isinstance(t, T.DataType) and t.concrete and len(t.parameters) == 2:
        return make(*t.parameters)(kv)
    pairs = _entries((kv,), "Dict")
    if not pairs:
        return make(T.Any_, T.Any_)()
    kinds = [B.join_types([p[i] for p in pairs]) for i in (0, 1)]
    return make(*kinds)(vector([V.Pair(k, v) for k, v in pairs], T.Any_))


# ---------------------------------------------------------------- one key


def entry_of(d: Any, k: Any) -> Any:
    """The (key, value) stored under a key, or None."""
    return d.data.get(d.key(k))


def native(function: str, d: Any, *args: Any) -> Any:
    """The dictionary or set itself; one of a user's type needs a method of the user's own."""
    if not isinstance(d, (V.JuliaDict, V.JuliaSet)):
        raise MethodError(Base.bindings[function], (d, *args), None)
    return d


@Base.method("getindex(d::AbstractDict, k)", transparent=True)
def dict_get(d: Any, k: Any) -> Any:
    if not isinstance(d, V.JuliaDict):
        found = Base.bindings["get"](d, k, ABSENT)
        if found is ABSENT:
            raise KeyError_(k)
        return found
    entry = d.data.get(d.key(k))
    if entry is None:
        raise KeyError_(k)
    return entry[1]


@Base.method("getindex(d::AbstractDict, k, l, ks...)", transparent=True)
def dict_get_tuple(d: Any, *ks: Any) -> Any:
    return Base.bindings["getindex"](d, ks)


@Base.method("setindex!(d::AbstractDict, v, k, l, ks...)", transparent=True)
def dict_set_tuple(d: Any, v: Any, *ks: Any) -> Any:
    return Base.bindings["setindex!"](d, v, ks)


def checked_key(d: Any, k: Any) -> Any:
    kt = d.key_type
    if kt is T.Any_ or T.isa(k, kt):
        return k
    if kt is T.String and type(k) is V.SubString:
        return str(k)
    if isinstance(d, V.JuliaIdDict):
        raise ArgumentError(
            f"{Base.bindings['repr'](k)} is not a valid key for type {T.type_string(kt)}"
        )
    converted = Base.bindings["convert"](kt, k)
    if not Base.bindings["isequal"](converted, k):
        raise ArgumentError(
            f"{Base.bindings['repr'](k)} is not a valid key for type {T.type_string(kt)}"
        )
    return converted


@Base.method("setindex!(d::Union{Dict, IdDict, WeakKeyDict}, v, k)", transparent=True)
def dict_set(d: Any, v: Any, k: Any) -> Any:
    vt = d.value_type
    if vt is not T.Any_ and not T.isa(v, vt):
        v = Base.bindings["convert"](vt, v)
    k = checked_key(d, k)
    d.data[d.key(k)] = (k, v)
    return d


@Base.method("get(d::AbstractDict, k, default)", transparent=True)
def get(d: Any, k: Any, default: Any) -> Any:
    """The value of a key, or `default` if there is none.

    ```jldoctest
    julia> get(Dict("a" => 1), "b", 3)
    3
    ```
    """
    entry = native("get", d, k, default).data.get(d.key(k))
    return entry[1] if entry is not None else default


@Base.method("get(f::Union{Function,Type}, d::AbstractDict, k)", transparent=True)
def get_or_call(f: Any, d: Any, k: Any) -> Any:
    """The value of a key, or `f()` if there is none."""
    if not isinstance(d, V.JuliaDict):
        found = Base.bindings["get"](d, k, ABSENT)
        return f() if found is ABSENT else found
    entry = d.data.get(d.key(k))
    return entry[1] if entry is not None else f()


@Base.method("get!(d::AbstractDict, k, default)", transparent=True)
def get_or_set(d: Any, k: Any, default: Any) -> Any:
    """The value of a key; `default` is stored first if there is none.

    ```jldoctest
    julia> d = Dict("a" => 1);

    julia> get!(d, "b", 2), d["b"]
    (2, 2)
    ```
    """
    return get_or_set_call(lambda: default, d, k)


@Base.method("get!(f::Union{Function,Type}, d::AbstractDict, k)", transparent=True)
def get_or_set_call(f: Any, d: Any, k: Any) -> Any:
    """The value of a key; `f()` is stored first if there is none."""
    if not isinstance(d, V.JuliaDict):
        found = Base.bindings["get"](d, k, ABSENT)
        if found is not ABSENT:
            return found
        value = f()
        Base.bindings["setindex!"](d, value, k)
        return value
    entry = d.data.get(d.key(k))
    if entry is not None:
        return entry[1]
    value = f()
    if d.value_type is not T.Any_ and not T.isa(value, d.value_type):
        value = Base.bindings["convert"](d.value_type, value)
    setindex = Base.bindings["setindex!"]
    (setindex if setindex.user_methods else dict_set)(d, value, k)
    return value


@Base.method("haskey(d::AbstractDict, k)", transparent=True)
def haskey(d: Any, k: Any) -> bool:
    """Is there such a key?

    ```jldoctest
    julia> haskey(Dict('a' => 1), 'b')
    false
    ```
    """
    if not isinstance(d, V.JuliaDict):
        return Base.bindings["get"](d, k, ABSENT) is not ABSENT
    return d.key(k) in d.data


@Base.method("getkey(d::AbstractDict, k, default)", transparent=True)
def getkey(d: Any, k: Any, default: Any) -> Any:
    """The stored key that is equal to `k`, or `default`."""
    entry = entry_of(native("getkey", d, k, default), k)
    return entry[0] if entry is not None else default


@Base.method("delete!(d::AbstractDict, k)", transparent=True)
def delete(d: Any, k: Any) -> Any:
    """Remove the entry of a key, if there is one, and return the collection.

    ```jldoctest
    julia> delete!(Dict("a" => 1, "b" => 2), "b")
    Dict{String, Int64} with 1 entry:
      "a" => 1
    ```
    """
    native("delete!", d, k).remove(d.key(k))
    return d


@Base.method("pop!(d::AbstractDict, k)", transparent=True)
def pop_key(d: Any, k: Any) -> Any:
    """Remove the entry of a key and return its value."""
    entry = native("pop!", d, k).remove(d.key(k))
    if entry is None:
        raise KeyError_(k)
    return entry[1]


@Base.method("pop!(d::AbstractDict, k, default)", transparent=True)
def pop_key_or(d: Any, k: Any, default: Any) -> Any:
    entry = native("pop!", d, k, default).remove(d.key(k))
    return default if entry is None else entry[1]


@Base.method("pop!(d::AbstractDict)", transparent=True)
def pop_any(d: Any) -> Any:
    if not len(native("pop!", d)):
        raise ArgumentError("dict must be non-empty")
    k, v = d.entries()[0]
    d.remove(d.key(k))
    return V.pair_maker(d.key_type, d.value_type)(k, v)


@Base.method("push!(d::AbstractDict, ps::Pair...)", transparent=True)
def push(d: Any, *ps: V.Pair) -> Any:
    for p in ps:
        Base.bindings["setindex!"](d, p.second, p.first)
    return d


@Base.method("in(p, d::AbstractDict)", transparent=True)
def in_dict(p: Any, d: Any) -> Any:
    if not isinstance(p, V.Pair):
        raise ErrorException(
            "AbstractDict collections only contain Pairs;\nEither look for e.g. A=>B instead, or use the `keys` or "
            "`values`\nfunction if you are looking for a key or value respectively."
        )
    found = Base.bindings["get"](d, p.first, ABSENT)
    return False if found is ABSENT else Base.bindings["=="](found, p.second)


@Base.method("in(p::Pair, d::AbstractDict, same)", transparent=True)
def in_dict_by(p: Any, d: Any, same: Any) -> Any:
    """Is there the key, with a value that `same(value, p.second)` holds for?"""
    found = Base.bindings["get"](d, p.first, ABSENT)
    return False if found is ABSENT else same(found, p.second)


# ---------------------------------------------------------------- all of it


@Base.method("copy(d::AbstractDict)", transparent=True)
def copy(d: Any) -> Any:
    return (
        d.copy()
        if isinstance(d, V.JuliaDict)
        else Base.bindings["merge!"](Base.bindings["empty"](d), d)
    )


@Base.method("empty!(d::AbstractDict)", transparent=True)
def empty_in_place(d: Any) -> Any:
    native("empty!", d).clear()
    return d


@Base.method("empty(d::AbstractDict, ts...)", transparent=True)
def empty(d: Any, *ts: Any) -> Any:
    """A dictionary without entries, of the same types."""
    kt, vt = key_value_types(d)
    if ts:
        kt, vt = ts if len(ts) == 2 else (kt, ts[0])
    if len(ts) < 2 and not isinstance(d, V.JuliaDict):
        return Base.bindings["empty"](d, kt, vt)
    return (type(d) if isinstance(d, V.JuliaDict) else V.JuliaDict)(kt, vt)


@Base.method("sizehint!(d::Union{AbstractDict, AbstractSet}, n)", transparent=True)
def sizehint(d: Any, n: int) -> Any:
    """Announce that about `n` elements will follow."""
    if isinstance(d, (V.JuliaDict, V.JuliaSet)):
        d.reserve(n)
    return d


def key_value_types(d: Any) -> tuple[Any, Any]:
    if isinstance(d, V.JuliaDict):
        return d.key_type, d.value_type
    found = parameters_of(T.typeof(d), T.AbstractDict)
    return (found[0], found[1]) if found else (T.Any_, T.Any_)


@Base.method("keytype(d)", transparent=True)
def keytype(d: Any) -> Any:
    """The type of a dictionary's keys, or of an array's indices."""
    if isinstance(d, T.JuliaType):
        found = parameters_of(d, T.AbstractDict)
        array = parameters_of(d, T.AbstractArray)
        if array and array[1] != 1 and not found:
            return T.apply_type(Base.bindings["CartesianIndex"], array[1])
        return found[0] if found else T.Int64
    if isinstance(d, V.JuliaDict):
        return d.key_type
    return Base.bindings["eltype"](Base.bindings["keys"](d))


@Base.method("valtype(d)", transparent=True)
def valtype(d: Any) -> Any:
    """The type of a dictionary's values."""
    if isinstance(d, T.JuliaType):
        found = parameters_of(d, T.AbstractDict)
        return found[1] if found else Base.bindings["eltype"](d)
    if T.subtype(T.typeof(d), T.AbstractDict):
        return key_value_types(d)[1]
    return Base.bindings["eltype"](d)


class DictView(Lazy):
    """`keys(d)` and `values(d)`, which follow the dictionary."""

    __slots__ = ("dict",)
    fields = ("dict",)

    def __init__(self, dict_: Any) -> None:
        self.dict = dict_

    def entries(self) -> Iterator[Any]:
        if isinstance(self.dict, V.JuliaDict):
            return iter(self.dict.entries())
        return (tuple(iterate_value(p)) for p in iterate_value(self.dict))

    def iteration_length(self) -> int:
        return int(Base.bindings["length"](self.dict))


class KeySet(DictView):
    """`keys(d)`"""

    __slots__ = ()

    def julia_iterator(self) -> Iterator[Any]:
        return (e[0] for e in self.entries())

    def element_type(self) -> Any:
        return key_value_types(self.dict)[0]


class ValueIterator(DictView):
    """`values(d)`"""

    __slots__ = ()

    def julia_iterator(self) -> Iterator[Any]:
        return (e[1] for e in self.entries())

    def element_type(self) -> Any:
        return key_value_types(self.dict)[1]


def _key_set_type() -> Any:
    family = T.sub_family("Base.KeySet", "K T", lambda k, t: T.apply_type(T.AbstractSet, k))
    T.unwrap(family).typename.fields = ("dict",)
    T.unwrap(family).typename.field_types = (T.Any_,)
    T.register_instances(
        KeySet, lambda x: T.apply_type(family, x.element_type(), T.typeof(x.dict)), family
    )
    return family


KeySet_ = _key_set_type()
ValueIterator_ = lazy_type(ValueIterator, "Base.ValueIterator", "T", lambda x: (T.typeof(x.dict),))
Base.const("KeySet", KeySet_, export=False)
Base.const("ValueIterator", ValueIterator_, export=False)
native_steps("ValueIterator")


@Base.method("keys(d::AbstractDict)", transparent=True)
def keys(d: Any) -> Any:
    """The keys of a dictionary; it follows later changes.

    ```jldoctest
    julia> collect(keys(Dict('a' => 2, 'b' => 3)))
    2-element Vector{Char}:
     'a': ASCII/Unicode U+0061 (category Ll: Letter, lowercase)
     'b': ASCII/Unicode U+0062 (category Ll: Letter, lowercase)
    ```
    """
    return KeySet(d)


@Base.method("values(d::AbstractDict)", transparent=True)
def values(d: Any) -> Any:
    """The values of a dictionary; it follows later changes.

    ```jldoctest
    julia> sum(values(Dict('a' => 2, 'b' => 3)))
    5
    ```
    """
    return ValueIterator(d)


@Base.method("values(x)", transparent=True)
def values_of(x: Any) -> Any:
    if isinstance(x, V.NamedTuple):
        return x.values
    return x


@Base.method("in(k, ks::Base.KeySet)", transparent=True)
def in_keys(k: Any, ks: KeySet) -> bool:
    return Base.bindings["haskey"](ks.dict, k)


@Base.method("length(x::Base.KeySet)", transparent=True)
def length_of_keys(x: KeySet) -> int:
    return x.iteration_length()


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
        d.data[d.key(k)] = (k, convert_to(d.value_type, f(x)))
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
