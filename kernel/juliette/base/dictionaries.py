"""Dictionaries: construction, lookup, merging, keys and values.

One chapter of small methods, in one place for the sake of whoever looks for one of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from juliette.base.conversion import convert_to
from juliette.base.iteration import iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, known_length, parameters_of
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
    if d.names is None:
        d.data.update(pairs)
        return d
    put = d.put
    for k, v in pairs:
        put(k, v)
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
    value = d.data.get(d.key(k), ABSENT)
    if value is ABSENT:
        raise KeyError_(k)
    return value


@Base.method("getindex(d::AbstractDict, k, l, ks...)", transparent=True)
def dict_get_tuple(d: Any, *ks: Any) -> Any:
    return Base.bindings["getindex"](d, ks)


@Base.method("setindex!(d::AbstractDict, v, k, l, ks...)", transparent=True)
def dict_set_tuple(d: Any, v: Any, *ks: Any) -> Any:
    return Base.bindings["setindex!"](d, v, ks)


_CLASS_TYPES = T._TYPE_OF_CLASS


def fits(x: Any, t: Any) -> bool:
    """`x isa t`, at once where the class of `x` tells it."""
    return t is T.Any_ or _CLASS_TYPES.get(type(x)) is t or T.isa(x, t)


def checked_key(d: Any, k: Any) -> Any:
    kt = d.key_type
    if fits(k, kt):
        return k
    if kt is T.String and type(k) is V.SubString:
        return str(k)
    if isinstance(d, V.JuliaIdDict):
        raise ArgumentError(
            f"{Base.bindings['repr'](k)} is not a valid key for type {T.type_string(kt)}"
        )
    converted = convert_to(kt, k)
    if not Base.bindings["isequal"](converted, k):
        raise ArgumentError(
            f"{Base.bindings['repr'](k)} is not a valid key for type {T.type_string(kt)}"
        )
    return converted


@Base.method("setindex!(d::Union{Dict, IdDict, WeakKeyDict}, v, k)", transparent=True)
def dict_set(d: Any, v: Any, k: Any) -> Any:
    if not fits(v, d.value_type):
        v = convert_to(d.value_type, v)
    d.put(checked_key(d, k), v)
    return d


@Base.method("get(d::AbstractDict, k, default)", transparent=True)
def get(d: Any, k: Any, default: Any) -> Any:
    """The value of a key, or `default` if there is none.

    ```jldoctest
    julia> get(Dict("a" => 1), "b", 3)
    3
    ```
    """
    return native("get", d, k, default).data.get(d.key(k), default)


@Base.method("get(f::Union{Function,Type}, d::AbstractDict, k)", transparent=True)
def get_or_call(f: Any, d: Any, k: Any) -> Any:
    """The value of a key, or `f()` if there is none."""
    if not isinstance(d, V.JuliaDict):
        found = Base.bindings["get"](d, k, ABSENT)
        return f() if found is ABSENT else found
    value = d.data.get(d.key(k), ABSENT)
    return f() if value is ABSENT else value


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
    value = d.data.get(d.key(k), ABSENT)
    if value is not ABSENT:
        return value
    value = f()
    if not fits(value, d.value_type):
        value = convert_to(d.value_type, value)
    setindex = Base.bindings["setindex!"]
    if setindex.user_methods:
        setindex(d, value, k)
    else:
        d.put(checked_key(d, k), value)
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
    handle = native("getkey", d, k, default).key(k)
    return d.originals([handle])[0] if handle in d.data else default


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
    value = native("pop!", d, k).remove(d.key(k))
    if value is V.ABSENT:
        raise KeyError_(k)
    return value


@Base.method("pop!(d::AbstractDict, k, default)", transparent=True)
def pop_key_or(d: Any, k: Any, default: Any) -> Any:
    value = native("pop!", d, k, default).remove(d.key(k))
    return default if value is V.ABSENT else value


@Base.method("pop!(d::AbstractDict)", transparent=True)
def pop_any(d: Any) -> Any:
    if not len(native("pop!", d)):
        raise ArgumentError("dict must be non-empty")
    k, v = next(d.pairs())
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
