"""Iteration, higher-order functions, dictionaries and sets."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from juliette.base.arrays import ArrayLike, collect, getindex_scalar, length
from juliette.base.essentials import _simple, convert_to
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, element, elements, make, vector
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, KeyError_, MethodError
from juliette.runtime.modules import Base

ITERATORS: dict[type, Any] = {}


def iterate_value(x: Any) -> Any:
    """A Python iterator over any Julia value."""
    cls = type(x)
    if cls is tuple or isinstance(x, V.Range):
        return iter(x)
    if isinstance(x, Array):
        if x.node is not None and ITERATORS.get(Array) is not None:
            return ITERATORS[Array](x)
        return live(x)
    if cls is str:
        return map(lambda c: V.Char(ord(c)), x)
    if isinstance(x, (V.BitArray, V.Transposed)):
        return iter(elements(np.asarray(x.data)))
    if isinstance(x, V.JuliaDict):
        return (V.Pair(k, v) for k, v in x.pairs())
    if isinstance(x, V.JuliaSet):
        return x.items()
    if cls is V.NamedTuple:
        return iter(x.values)
    if isinstance(x, (int, float, np.generic)) or cls is V.Char:
        return iter((x,))
    if cls is V.Pair:
        return iter((x.first, x.second))
    if isinstance(x, V.Ref):
        return iter((x.x,))
    found = getattr(x, "julia_iterator", None)
    if found is not None:
        return found()
    hook = ITERATORS.get(cls)
    if hook is not None:
        return hook(x)
    return by_protocol(x)


def live(x: Array) -> Any:
    """Elements of an array that may grow meanwhile."""
    if x.data.ndim != 1 or x.data.dtype != object:
        if x.data.ndim == 1:
            i = 0
            while i < len(x.data):
                yield element(x.data, i)
                i += 1
            return
        yield from elements(x.data)
        return
    i = 0
    while i < len(x.data):
        yield x.data[i]
        i += 1


def by_protocol(x: Any) -> Any:
    """`iterate(x)`, `iterate(x, state)`, … until `nothing`."""
    f = ITERATE
    if not f.matching((T.typeof(x),)):
        raise MethodError(f, (x,), None)
    step = f(x)
    while step is not None:
        yield step[0]
        step = f(x, step[1])


support.set_iterate(iterate_value)
ITERATE = GenericFunction("iterate", Base)
Base.const("iterate", ITERATE)


def _iterate(x: Any, state: int = 1) -> Any:
    if isinstance(x, (Array, V.BitArray)):
        return (getindex_scalar(x, state), state + 1) if state <= x.data.size else None
    items = list(itertools.islice(iterate_value(x), state - 1, state))
    return (items[0], state + 1) if items else None


for _t in ("AbstractArray", "Tuple", "AbstractString", "AbstractDict", "AbstractSet", "Number", "NamedTuple"):
    Base.method(f"iterate(x::{_t}, state=1)")(_iterate)


class Lazy:
    """Base of lazy iterators."""

    __slots__ = ()

    def julia_iterator(self) -> Any:
        raise NotImplementedError

    def iteration_length(self) -> int:
        return sum(1 for _ in self.julia_iterator())


class Generator(Lazy):
    """`f(x) for x in xs`"""

    __slots__ = ("f", "iter")
    fields = ("f", "iter")

    def __init__(self, f: Any, iter_: Any) -> None:
        self.f = f
        self.iter = iter_

    def julia_iterator(self) -> Any:
        f = self.f
        return (f(x) for x in support.iterate(self.iter))

    def iteration_shape(self) -> tuple[int, ...]:
        shape = getattr(self.iter, "iteration_shape", None)
        if shape is not None:
            return shape()  # type: ignore[no-any-return]
        if isinstance(self.iter, ArrayLike):
            return tuple(np.shape(self.iter.data))
        return (0,)

    def iteration_length(self) -> int:
        return length(self.iter)  # type: ignore[no-any-return]


class Product(Lazy):
    """`Iterators.product(xs...)`: the first runs fastest."""

    __slots__ = ("iters",)

    def __init__(self, *iters: Any) -> None:
        self.iters = iters

    def julia_iterator(self) -> Any:
        lists = [list(support.iterate(i)) for i in self.iters]
        return (t[::-1] for t in itertools.product(*lists[::-1]))

    def iteration_shape(self) -> tuple[int, ...]:
        out: tuple[int, ...] = ()
        for i in self.iters:
            out += np.shape(i.data) if isinstance(i, ArrayLike) else (length(i),)
        return out

    def iteration_length(self) -> int:
        return int(np.prod(self.iteration_shape()))


class Simple(Lazy):
    """A lazy iterator made by a function of its sources."""

    __slots__ = ("kind", "make", "sources")

    def __init__(self, kind: str, make_: Any, sources: tuple[Any, ...]) -> None:
        self.kind = kind
        self.make = make_
        self.sources = sources

    def julia_iterator(self) -> Any:
        return self.make()


class Filtered(Simple):
    """`Iterators.filter(f, xs)`"""

    __slots__ = ()


for _cls, _name in ((Generator, "Base.Generator"), (Product, "Base.Iterators.ProductIterator"), (Simple, "Base.Iterators.Iterator"),
                    (Filtered, "Base.Iterators.Filter")):
    T.register_class(_cls, T.define(_name))

support.HELPERS["%generator"] = Generator
support.HELPERS["%product"] = Product
support.HELPERS["%filtered"] = lambda f, xs: Filtered(
    "filter", lambda: (x for x in support.iterate(xs) if f(x)), (f, xs))
support.HELPERS["%flatten"] = lambda g: Simple(
    "flatten", lambda: (y for x in support.iterate(g) for y in support.iterate(x)), (g,))


@Base.method("zip(xs...)", transparent=True)
def zip_(*xs: Any) -> Any:
    """Tuples of corresponding elements."""
    return Simple("zip", lambda: zip(*[support.iterate(x) for x in xs], strict=False), xs)


@Base.method("enumerate(x)", transparent=True)
def enumerate_(x: Any) -> Any:
    """Tuples `(i, x[i])`."""
    return Simple("enumerate", lambda: enumerate(support.iterate(x), 1), (x,))


@Base.method("map(f, xs...)", transparent=True)
def map_(f: Any, *xs: Any) -> Any:
    """Apply `f` to each element."""
    if len(xs) == 1:
        x = xs[0]
        if type(x) is tuple:
            return tuple(map(f, x))
        if isinstance(x, V.NamedTuple):
            return V.NamedTuple(x.names, tuple(map(f, x.values)))
        if isinstance(x, (int, float)):
            return f(x)
        values = [f(v) for v in support.iterate(x)]
        if type(x) is str:
            return "".join(chr(v.code) for v in values)
        shape = np.shape(x.data) if isinstance(x, ArrayLike) else (len(values),)
    else:
        values = [f(*vs) for vs in zip(*[support.iterate(x) for x in xs], strict=False)]
        if all(type(x) is tuple for x in xs):
            return tuple(values)
        shape = np.shape(xs[0].data) if isinstance(xs[0], ArrayLike) and len(values) == length(xs[0]) else (len(values),)
    if GATHER is not None and B.TRACE.depth:
        traced = GATHER(values, shape)
        if traced is not None:
            return traced
    eltype = B.join_types(values)
    return make(vector(values, eltype).data.reshape(shape, order="F"), eltype)


# Set by the gradient packages: an array of traced scalars.
GATHER: Any = None


@Base.method("foreach(f, xs...)", transparent=True)
def foreach(f: Any, *xs: Any) -> None:
    """Call `f` for each element."""
    for vs in zip(*[support.iterate(x) for x in xs], strict=False):
        f(*vs)


@Base.method("filter(f, x)", transparent=True)
def filter_(f: Any, x: Any) -> Any:
    """The elements for which `f` is true."""
    if type(x) is tuple:
        return tuple(v for v in x if f(v))
    if isinstance(x, V.JuliaDict):
        d = type(x)(x.key_type, x.value_type)
        d.data = {k: (a, b) for k, (a, b) in x.data.items() if f(V.Pair(a, b))}
        return d
    if type(x) is str:
        return "".join(c for c in x if f(V.Char(ord(c))))
    return vector([v for v in support.iterate(x) if f(v)], Base.bindings["eltype"](x))


_NOTHING = object()


def fold(f: Any, x: Any, init: Any, right: bool) -> Any:
    items = list(support.iterate(x)) if right else support.iterate(x)
    if right:
        items = reversed(items)
    it = iter(items)
    if init is _NOTHING:
        try:
            acc = next(it)
        except StopIteration:
            raise ArgumentError("reducing over an empty collection is not allowed; consider supplying `init` to the reducer") from None
    else:
        acc = init
    for v in it:
        acc = f(v, acc) if right else f(acc, v)
    return acc


for _name, _right in (("foldl", False), ("foldr", True), ("reduce", False)):

    @Base.method(f"{_name}(f, x; init)", transparent=True)
    def _fold(f: Any, x: Any, *, init: Any = _NOTHING, right: bool = _right) -> Any:
        """Combine all elements with `f`."""
        if f is Base.bindings.get("vcat") or f is Base.bindings.get("hcat"):
            return f(*support.iterate(x))
        return fold(f, x, init, right)


@Base.method("mapreduce(f, op, x; init)", transparent=True)
def mapreduce(f: Any, op: Any, x: Any, *, init: Any = _NOTHING) -> Any:
    """`reduce(op, map(f, x))`"""
    return fold(op, tuple(f(v) for v in support.iterate(x)), init, False)


@Base.method("accumulate(f, x)", transparent=True)
def accumulate(f: Any, x: Any) -> Any:
    """All partial folds."""
    return collect(tuple(itertools.accumulate(support.iterate(x), f)))


@Base.method("any(x)", transparent=True)
def any_(x: Any) -> bool:
    """Is one element true?"""
    return any(v is True for v in support.iterate(x))


@Base.method("any(f, x)", transparent=True)
def any_of(f: Any, x: Any) -> bool:
    return any(f(v) for v in support.iterate(x))


@Base.method("all(x)", transparent=True)
def all_(x: Any) -> bool:
    """Are all elements true?"""
    return all(v is True for v in support.iterate(x))


@Base.method("all(f, x)", transparent=True)
def all_of(f: Any, x: Any) -> bool:
    return all(f(v) for v in support.iterate(x))


@Base.method("count(x)", transparent=True)
def count(x: Any) -> int:
    """How many are true?"""
    return sum(1 for v in support.iterate(x) if v)


@Base.method("count(f, x)", transparent=True)
def count_of(f: Any, x: Any) -> int:
    return sum(1 for v in support.iterate(x) if f(v))


@Base.method("findall(x)")
def findall(x: Any) -> Any:
    """The indices of all true elements."""
    return vector([int(i) + 1 for i in np.flatnonzero(x.data.ravel(order="F"))], T.Int64)


@Base.method("findall(f, x)", transparent=True)
def findall_of(f: Any, x: Any) -> Any:
    return vector([i for i, v in enumerate(support.iterate(x), 1) if f(v)], T.Int64)


@Base.method("findfirst(f, x)", transparent=True)
def findfirst(f: Any, x: Any) -> Any:
    """The first index for which `f` is true, or `nothing`."""
    if isinstance(f, str):
        i = x.find(f)
        return None if i < 0 else V.UnitRange(i + 1, i + len(f))
    for i, v in enumerate(support.iterate(x), 1):
        if f(v):
            return i
    return None


def key_function(by: Any, lt: Any, rev: bool) -> Any:
    less = lt if lt is not None else Base.bindings["isless"]

    def compare(a: Any, b: Any) -> int:
        if by is not None:
            a, b = by(a), by(b)
        return -1 if less(a, b) else 1 if less(b, a) else 0

    return functools.cmp_to_key(compare)


def sorted_values(x: Any, by: Any, lt: Any, rev: bool) -> list[Any]:
    values = list(support.iterate(x))
    if by is None and lt is None and values and all(type(v) in (int, str) for v in values):
        return sorted(values, reverse=rev)
    return sorted(values, key=key_function(by, lt, rev), reverse=rev)


@Base.method("sort(x; by=nothing, lt=nothing, rev=false, dims=nothing, alg=nothing)", transparent=True)
def sort(x: Any, *, by: Any = None, lt: Any = None, rev: bool = False, dims: Any = None, alg: Any = None) -> Any:
    """A sorted copy."""
    if dims is not None:
        return make(np.asfortranarray(np.sort(x.data, axis=dims - 1)), x.eltype)
    return vector(sorted_values(x, by, lt, rev), Base.bindings["eltype"](x))


@Base.method("sort!(x; by=nothing, lt=nothing, rev=false, alg=nothing)", transparent=True)
def sort_in_place(x: Any, *, by: Any = None, lt: Any = None, rev: bool = False, alg: Any = None) -> Any:
    """Sort in place."""
    x.data[...] = vector(sorted_values(x, by, lt, rev), x.eltype).data
    return x


@Base.method("sortperm(x; by=nothing, lt=nothing, rev=false)", transparent=True)
def sortperm(x: Any, *, by: Any = None, lt: Any = None, rev: bool = False) -> Any:
    """The permutation that sorts."""
    values = list(support.iterate(x))
    key = key_function(by, lt, rev)
    order = sorted(range(len(values)), key=lambda i: key(values[i]), reverse=rev)
    return vector([i + 1 for i in order], T.Int64)


@Base.method("unique(x)")
def unique(x: Any) -> Any:
    """Distinct elements in order of first appearance."""
    seen: dict[Any, Any] = {}
    for v in support.iterate(x):
        seen.setdefault(V.hashable(v), v)
    return vector(list(seen.values()), Base.bindings["eltype"](x))


@Base.method("in(x, c)", transparent=True)
def in_(x: Any, c: Any) -> Any:
    """Is `x` an element?"""
    if isinstance(c, V.JuliaSet):
        return V.hashable(x) in c.data
    if isinstance(c, V.UnitRange) and isinstance(x, int):
        return c.start <= x <= c.stop
    if type(c) is str:
        return chr(x.code) in c
    eq = Base.bindings["=="]
    return any(eq(v, x) is True for v in support.iterate(c))


Base.const("∈", Base.bindings["in"])


@Base.method("∉(x, c)", transparent=True)
def not_in(x: Any, c: Any) -> bool:
    return not in_(x, c)


@Base.method("first(x)", transparent=True)
def first(x: Any) -> Any:
    """The first element."""
    for v in support.iterate(x):
        return v
    raise ArgumentError("collection must be non-empty")


@Base.method("last(x)", transparent=True)
def last(x: Any) -> Any:
    """The last element."""
    if isinstance(x, V.Range):
        return x.get(len(x) - 1)
    return list(support.iterate(x))[-1]


@Base.method("only(x)", transparent=True)
def only(x: Any) -> Any:
    """The one element."""
    items = list(itertools.islice(support.iterate(x), 2))
    if len(items) != 1:
        raise ArgumentError(f"Collection {'has multiple elements' if items else 'is empty'}, must contain exactly 1 element")
    return items[0]


@Base.method("ntuple(f, n)", transparent=True)
def ntuple(f: Any, n: Any) -> tuple[Any, ...]:
    """`(f(1), …, f(n))`"""
    return tuple(f(i) for i in range(1, (n if isinstance(n, int) else n.x) + 1))


@Base.method("tuple(xs...)", transparent=True)
def tuple_(*xs: Any) -> tuple[Any, ...]:
    """A tuple of the arguments."""
    return xs


_simple(T.Tuple_, lambda _, x: tuple(support.iterate(x)))

# ---------------------------------------------------------------- functions


class Composed:
    """`f ∘ g`"""

    __slots__ = ("inner", "outer")
    fields = ("outer", "inner")

    def __init__(self, outer: Any, inner: Any) -> None:
        self.outer = outer
        self.inner = inner

    def __call__(self, *args: Any) -> Any:
        return self.outer(self.inner(*args))


_composed = T._sub_family("ComposedFunction", "O I", lambda o, i: T.Function_)
T.register_instances(Composed, lambda c: T.apply_type(_composed, T.typeof(c.outer), T.typeof(c.inner)), _composed)
Base.const("ComposedFunction", _composed)


@Base.method("∘(fs...)", transparent=True)
def compose(*fs: Any) -> Any:
    """Composition: `(f ∘ g)(x) == f(g(x))`."""
    return functools.reduce(Composed, fs)


@Base.method("|>(x, f)", transparent=True)
def pipe(x: Any, f: Any) -> Any:
    """`f(x)`"""
    return f(x)


Base.bindings["iterate_values"] = iterate_value

# ---------------------------------------------------------------- dictionaries


def make_dict(cls: Any, key_type: Any, value_type: Any, pairs: Any) -> Any:
    d = cls(key_type, value_type)
    for k, v in pairs:
        d.data[d.key(k)] = (k, v)
    return d


def _pairs_of(args: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    if len(args) == 1 and not isinstance(args[0], V.Pair):
        args = tuple(support.iterate(args[0]))
    out = []
    for a in args:
        if isinstance(a, V.Pair):
            out.append((a.first, a.second))
        elif type(a) is tuple and len(a) == 2:
            out.append(a)
        else:
            raise ArgumentError("Dict(kv): kv needs to be an iterator of 2-tuples or pairs")
    return out


def _dict_constructor(cls: Any) -> Any:
    def construct(t: Any, *args: Any) -> Any:
        pairs = _pairs_of(args) if args else []
        if isinstance(t, T.UnionAll):
            kt = B.join_types([k for k, _ in pairs]) if pairs else T.Any_
            vt = B.join_types([v for _, v in pairs]) if pairs else T.Any_
            return make_dict(cls, kt, vt, pairs)
        kt, vt = t.parameters
        return make_dict(cls, kt, vt, [(convert_to(kt, k), convert_to(vt, v)) for k, v in pairs])

    return construct


from juliette.runtime.modules import constructors  # noqa: E402

for _family, _cls2 in ((V.Dict_, V.JuliaDict), (V.IdDict_, V.JuliaIdDict)):
    support._builtin(constructors(_family), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _dict_constructor(_cls2), ("args",))


def _set_constructor(t: Any, *args: Any) -> Any:
    values = list(support.iterate(args[0])) if args else []
    eltype = t.parameters[0] if isinstance(t, T.DataType) else (B.join_types(values) if values else T.Any_)
    s = V.JuliaSet(eltype)
    for v in values:
        v = convert_to(eltype, v)
        s.data[V.hashable(v)] = v
    return s


support._builtin(constructors(V.Set_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _set_constructor, ("args",))


@Base.method("getindex(d::AbstractDict, k)", transparent=True)
def dict_get(d: Any, k: Any) -> Any:
    found = d.data.get(d.key(k))
    if found is None:
        raise KeyError_(k)
    return found[1]


@Base.method("setindex!(d::AbstractDict, v, k)", transparent=True)
def dict_set(d: Any, v: Any, k: Any) -> Any:
    k = convert_to(d.key_type, k)
    d.data[d.key(k)] = (k, convert_to(d.value_type, v))
    return d


@Base.method("get(d, k, default)", transparent=True)
def get(d: Any, k: Any, default: Any) -> Any:
    """The value of a key, or the default."""
    if callable(d) and isinstance(k, V.JuliaDict):
        found = k.data.get(k.key(default))
        return found[1] if found is not None else d()
    found = d.data.get(d.key(k))
    return found[1] if found is not None else default


@Base.method("get!(d, k, default)", transparent=True)
def get_or_set(d: Any, k: Any, default: Any) -> Any:
    """The value of a key; the default is stored if there is none."""
    if callable(d):
        d, k, default = k, default, d
        found = d.data.get(d.key(k))
        if found is None:
            dict_set(d, default(), k)
            return dict_get(d, k)
        return found[1]
    if d.key(k) not in d.data:
        dict_set(d, default, k)
    return dict_get(d, k)


@Base.method("haskey(d, k)", transparent=True)
def haskey(d: Any, k: Any) -> bool:
    """Is there such a key?"""
    if isinstance(d, V.NamedTuple):
        return k.name in d.names
    return d.key(k) in d.data


@Base.method("delete!(d, k)", transparent=True)
def delete(d: Any, k: Any) -> Any:
    """Remove a key."""
    d.data.pop(d.key(k) if isinstance(d, V.JuliaDict) else V.hashable(k), None)
    return d


@Base.method("keys(d)", transparent=True)
def keys(d: Any) -> Any:
    """The keys."""
    if isinstance(d, V.JuliaDict):
        return vector([k for k, _ in d.pairs()], d.key_type)
    if isinstance(d, V.NamedTuple):
        return tuple(map(V.Symbol, d.names))
    return Base.bindings["eachindex"](d)


@Base.method("values(d)", transparent=True)
def values(d: Any) -> Any:
    """The values."""
    if isinstance(d, V.JuliaDict):
        return vector([v for _, v in d.pairs()], d.value_type)
    return d.values if isinstance(d, V.NamedTuple) else d


@Base.method("pairs(d)", transparent=True)
def pairs(d: Any) -> Any:
    """Key-value pairs."""
    if isinstance(d, V.NamedTuple):
        return make_dict(V.JuliaDict, T.Symbol_, T.Any_, zip(map(V.Symbol, d.names), d.values, strict=True))
    if isinstance(d, V.JuliaDict):
        return d
    return Simple("pairs", lambda: (V.Pair(i, v) for i, v in enumerate(support.iterate(d), 1)), (d,))


@Base.method("merge(a, bs...)", transparent=True)
def merge(a: Any, *bs: Any) -> Any:
    """All entries; later ones win."""
    if isinstance(a, V.NamedTuple):
        out = dict(zip(a.names, a.values, strict=True))
        for b in bs:
            out.update(zip(b.names, b.values, strict=True))
        return V.NamedTuple(tuple(out), tuple(out.values()))
    d = Base.bindings["copy"](a)
    for b in bs:
        d.data.update(b.data)
    return d


@Base.method("union(xs...)")
def union(*xs: Any) -> Any:
    """All elements of the sets."""
    if isinstance(xs[0], V.JuliaSet):
        return _set_constructor(V.Set_, tuple(v for x in xs for v in support.iterate(x)))
    return unique(collect(tuple(v for x in xs for v in support.iterate(x))))


Base.const("∪", Base.bindings["union"])
