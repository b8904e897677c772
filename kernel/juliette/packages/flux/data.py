"""Batches, and functions that put observations together and take them apart (MLUtils)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.concatenation import STACKS
from juliette.base.iteration import iterates
from juliette.base.iterator_sizes import EltypeUnknown
from juliette.base.randomness import is_rng
from juliette.compiler import support
from juliette.display.show import SHOW_HOOKS, one_line, summary
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.inputs import machine
from juliette.packages.flux.optimise import iterated, method_for
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, make, vector, wrap
from juliette.runtime.errors import ArgumentError, AssertionError_, BoundsError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette_engine import data as engine
from juliette_engine import rules
from juliette_engine.initialisers import permutation

LOADER = T.define("DataLoader")
T.register_class(engine.DataLoader, LOADER)
LOADER.typename.fields = ("data", "batchsize", "shuffle", "partial", "rng")


def observed(data: Any, index: Any, *, window: bool = False) -> Any:
    """Some observations (from 0) of arrays and ranges, also in tuples, named tuples and dictionaries.

    They are copies, or views of arrays as `window`.
    """
    return taken(data, one_based(index), window=window)


def taken(data: Any, index: Any, *, window: bool = False) -> Any:
    """The same for an index as Julia has it."""
    if isinstance(data, ArrayLike):
        get = Base.bindings["view" if window else "getindex"]
        return get(data, *([V.COLON] * (np.ndim(data.data) - 1)), index)
    if type(data) is tuple:
        return tuple([taken(v, index, window=window) for v in data])
    if isinstance(data, V.NamedTuple):
        return V.NamedTuple(
            data.names, tuple([taken(v, index, window=window) for v in data.values])
        )
    if isinstance(data, V.JuliaDict):
        return Base.bindings["Dict"](
            *[V.Pair(k, taken(v, index, window=window)) for k, v in data.entries()]
        )
    return View(data, index) if window else GETOBS[0](data, index)


class View:
    """Some observations of a container of the user's, which are asked for later."""

    def __init__(self, data: Any, indices: Any) -> None:
        inner = isinstance(data, View)
        self.data = data.data if inner else data
        self.indices = Base.bindings["getindex"](data.indices, indices) if inner else indices

    def __len__(self) -> int:
        return int(Base.bindings["length"](self.indices))

    def __getitem__(self, index: Any) -> Any:
        return GETOBS[0](self.data, Base.bindings["getindex"](self.indices, index))

    def __iter__(self) -> Any:
        return (self[i] for i in range(1, len(self) + 1))

    @property
    def text(self) -> str:
        """How it prints."""
        kinds = ", ".join("::" + T.type_string(T.typeof(x)) for x in (self.data, self.indices))
        return f"ObsView({kinds})\n {len(self)} observations"


def one_based(index: Any) -> Any:
    """A place, or places, from zero as Julia's index."""
    if isinstance(index, int):
        return index + 1
    if isinstance(index, range):
        return V.UnitRange(index.start + 1, index.stop)
    return wrap(np.asarray(index, dtype=np.int64) + 1)


def zero_based(index: Any) -> Any:
    """Julia's index as a place, or places, from zero."""
    if type(index) is int:
        return index - 1
    if isinstance(index, V.UnitRange):
        return range(index.start - 1, index.stop)
    if not isinstance(index, ArrayLike) or np.asarray(index.data).dtype.kind not in "iu":
        raise NoMethod("places are whole numbers")
    return np.asarray(index.data) - 1


def numobs(data: Any) -> int:
    """How many observations there are."""
    from juliette_engine.errors import DimensionMismatch

    if isinstance(data, ArrayLike):
        size = np.shape(data.data)
        return int(size[-1] if size else Base.bindings["size"](data, 0))
    if isinstance(data, (tuple, V.NamedTuple, V.JuliaDict)):
        counts = {numobs(v) for v in parts_of(data)}
        if len(counts) != 1:
            raise DimensionMismatch(
                "All data containers must have the same number of observations."
            )
        return counts.pop()
    return int(NUMOBS[0](data))


def parts_of(data: Any) -> Any:
    """The containers in a tuple, a named tuple or a dictionary."""
    if isinstance(data, V.JuliaDict):
        return [v for _, v in data.entries()]
    return data.values if isinstance(data, V.NamedTuple) else data


# `getobs` and `numobs`, to which users add methods for containers of their own.
GETOBS: list[Any] = []
NUMOBS: list[Any] = []


class Loader(engine.DataLoader):
    """A DataLoader over Julia's values.

    `collate` tells how a batch is made: not at all means from all of its places at once, `true` by
    `batch`, `false` leaves the vector of observations, and a function is called with it.
    """

    def __init__(self, data: Any, *, collate: Any = None, **options: Any) -> None:
        self.collate = collate
        for ignored in ("parallel", "buffer", "num_workers"):
            options.pop(ignored, None)
        self.data = data
        self.n = numobs(data)
        self.batchsize = options.pop("batchsize", 1)
        self.shuffle = bool(options.pop("shuffle", False))
        self.partial = options.pop("partial", True)
        self.rng = options.pop("rng", None)
        self.then: Any = None
        if options:
            raise ArgumentError(f"unknown keywords {', '.join(options)}")

    def __iter__(self) -> Any:
        order = permutation(self.n, self.rng) if self.shuffle else range(self.n)
        size = self.batchsize
        items = (
            (observed(self.data, int(i)) for i in order)
            if size <= 0
            else (self.collated(order[k * size : (k + 1) * size]) for k in range(len(self)))
        )
        return items if self.then is None else map(self.then, items)

    def collated(self, places: Any) -> Any:
        """The batch of the observations at some places."""
        if self.collate is None:
            return observed(self.data, places)
        items = [observed(self.data, int(i)) for i in places]
        found = Base.bindings["vect"](*items)
        if self.collate is False:
            return found
        return BATCH[0](found) if self.collate is True else self.collate(found)

    def mapped(self, f: Any) -> Loader:
        """The loader whose batches are `f` of those of this one."""
        out = copy.copy(self)
        then = self.then
        out.then = f if then is None else lambda x: f(then(x))
        return out


# MLUtils' `batch`.
BATCH: list[Any] = []
T.register_class(Loader, LOADER)
iterates(Loader)(iter)


def _show_loader(io: Any, x: Loader, long: bool) -> None:
    options = f", batchsize={x.batchsize}" if x.batchsize != 1 else ""
    options += ", shuffle=true" if x.shuffle else ""
    options += "" if x.partial else ", partial=false"
    kind = T.type_string(T.typeof(x.data))
    if not long:
        io.write(f"DataLoader(::{kind}{options})")
        return
    io.write(f"{len(x)}-element DataLoader(::{kind}{options})")
    if len(x):
        io.write(
            "\n  with first element:\n  "
            + first_text(next(iter(Loader(x.data, batchsize=x.batchsize, partial=x.partial))))
        )


def first_text(x: Any) -> str:
    """What a batch consists of."""
    if type(x) is tuple:
        return "(" + ", ".join(map(first_text, x)) + ",)"
    if isinstance(x, V.NamedTuple):
        return (
            "(; "
            + ", ".join(f"{n} = {first_text(v)}" for n, v in zip(x.names, x.values, strict=True))
            + ")"
        )
    return str(summary(x)) if isinstance(x, ArrayLike) else one_line(x)


def load(module: Module) -> None:
    """Fill the module MLUtils."""
    LOADER.typename.module = module
    SHOW_HOOKS[Loader] = _show_loader
    module.const("DataLoader", LOADER)

    @module.method("DataLoader(data; keywords...)")
    def loader(_: Any, data: Any, **keywords: Any) -> Any:
        """Batches of observations; the last dimension counts them."""
        return Loader(data, **keywords)

    types = {"DataLoader": LOADER}
    method_for(types, "length(d::DataLoader)", len)
    method_for(types, "size(d::DataLoader)", lambda d: (len(d),))
    method_for(types, "IteratorEltype(d::DataLoader)", lambda _, d: EltypeUnknown)
    iterated(types, "DataLoader")
    method_for(types, "first(d::DataLoader)", lambda d: next(iter(d)))
    observations(module)
    shapes(module)
    groups(module)
    from juliette.packages.flux import resampling

    resampling.load(module)


def observations(module: Module) -> None:
    """Access to observations, and splits of them."""

    @module.method("numobs(data)")
    def count(data: Any) -> int:
        """How many observations there are."""
        known = isinstance(data, (ArrayLike, tuple, V.NamedTuple, V.JuliaDict))
        return numobs(data) if known else int(Base.bindings["length"](data))

    @module.method("getobs(data, index)")
    def getobs(data: Any, index: Any) -> Any:
        """Some observations."""
        if isinstance(data, (ArrayLike, tuple, V.NamedTuple, V.JuliaDict)):
            return taken(data, index)
        return Base.bindings["getindex"](data, index)

    @module.method("getobs(data)")
    def getobs_all(data: Any) -> Any:
        """The observations of a view in memory; other data as they are."""
        if type(data) is tuple:
            return tuple([getobs_all(v) for v in data])
        if isinstance(data, V.NamedTuple):
            return V.NamedTuple(data.names, tuple([getobs_all(v) for v in data.values]))
        if isinstance(data, View):
            return GETOBS[0](data.data, data.indices)
        return Base.bindings["copy"](data) if isinstance(data, W.SubArray) else data

    GETOBS[:] = [module.bindings["getobs"]]
    NUMOBS[:] = [module.bindings["numobs"]]

    @module.method("getobs!(buffer, data, index)")
    def getobs_into(buffer: Any, data: Any, index: Any) -> Any:
        """Some observations, written over arrays where that is possible."""
        found = GETOBS[0](data, index)
        if (
            isinstance(buffer, Array)
            and isinstance(found, ArrayLike)
            and buffer.data.shape == np.shape(found.data)
        ):
            return Base.bindings["copyto!"](buffer, found)
        return found

    @module.method("batchsize(data)")
    def batchsize(data: Any) -> int:
        """How many observations a batch has."""
        if not hasattr(data, "batchsize"):
            raise NoMethod("there are no batches")
        return int(data.batchsize)

    @module.method("shuffleobs(data)")
    def shuffleobs(data: Any) -> Any:
        """The observations in random order."""
        return observed(data, permutation(numobs(data)), window=True)

    @module.method("shuffleobs(rng, data)")
    def shuffleobs_rng(rng: Any, data: Any) -> Any:
        """The observations in random order, from a generator."""
        if not is_rng(rng):
            raise NoMethod("a generator of random numbers is missing")
        return observed(data, permutation(numobs(data), rng), window=True)

    @module.method("splitobs(data; at, shuffle=false)")
    def splitobs(data: Any, *, at: Any, shuffle: bool = False) -> Any:
        """The observations in two or more parts; `at` is a fraction, a number, or several."""
        numbers = type(data) is int
        n = data if numbers else numobs(data)
        order = permutation(n) if shuffle else range(n)
        cuts, before = [], 0
        for part in at if type(at) is tuple else (at,):
            if not 0 <= (part / n if type(part) is int else part) <= 1:
                raise ArgumentError('the parameter "at" must be in interval (0, 1)')
            size = part if type(part) is int else int(np.clip(round(float(part) * n), 0, n))
            before = min(before + size, n)
            cuts.append(before)
        edges = zip([0, *cuts], [*cuts, n], strict=True)
        if numbers:
            return tuple(
                Base.bindings["getindex"](V.UnitRange(1, n), V.UnitRange(a + 1, b))
                for a, b in edges
            )
        return tuple(observed(data, order[a:b], window=True) for a, b in edges)

    @module.method("eachobs(data; batchsize=0, keywords...)")
    def eachobs(data: Any, **keywords: Any) -> Any:
        """An iterator over observations, or batches of them."""
        keywords.setdefault("batchsize", -1)
        return Loader(data, **keywords)

    @module.method("randobs(data, n=nothing)")
    def randobs(data: Any, n: Any = None) -> Any:
        """Observations drawn at random."""
        total = numobs(data)
        rand = Base.bindings["rand"]
        one_to = V.UnitRange(1, total)
        return getobs(data, rand(one_to) if n is None else rand(one_to, n))


def _last(x: Any, n: int) -> Any:
    """A new last dimension of size one."""
    return rules.reshape(x, (*rules.shape(x), *(1,) * n))


def shapes(module: Module) -> None:
    """Functions that change shapes; gradients flow through them."""

    @module.method("flatten(x::AbstractArray)", transparent=True)
    def flatten(x: Any) -> Any:
        """All dimensions but the last in one."""
        host = to_host(x)
        if not zygote.is_traced(x) and x.data.dtype == object:
            size = np.shape(x.data)
            return Base.bindings["reshape"](x, V.COLON, size[-1])
        shape = rules.shape(host)
        if not shape:
            raise BoundsError(shape, (0,))
        return from_host(rules.reshape(host, (int(np.prod(shape[:-1])), shape[-1])))

    def unsqueezed(x: Any, d: int) -> Any:
        n = len(rules.shape(to_host(x))) if zygote.is_traced(x) else np.ndim(x.data)
        if not 1 <= d <= n + 1:
            raise AssertionError_("1 <= dims <= N + 1")
        if not zygote.is_traced(x) and x.data.dtype == object:
            return Base.bindings["reshape"](x, (*x.data.shape[: d - 1], 1, *x.data.shape[d - 1 :]))
        host = to_host(x)
        shape = rules.shape(host)
        return from_host(rules.reshape(host, (*shape[: d - 1], 1, *shape[d - 1 :])))

    @module.method("unsqueeze(x::AbstractArray; dims)", transparent=True)
    def unsqueeze(x: Any, *, dims: int) -> Any:
        """A new dimension of size one."""
        return unsqueezed(x, dims)

    @module.method("unsqueeze(x::AbstractArray, dims::Int)", transparent=True)
    def unsqueeze_old(x: Any, dims: int) -> Any:
        """A new dimension of size one."""
        return unsqueezed(x, dims)

    class Unsqueeze:
        """`unsqueeze(dims=3)` as a function."""

        def __init__(self, dims: int, text: str) -> None:
            self.dims, self.text = dims, text
            self.__name__ = text

        def __call__(self, x: Any) -> Any:
            return unsqueezed(x, self.dims)

    T.register_class(Unsqueeze, T.define("Unsqueeze", T.Function_))
    SHOW_HOOKS[Unsqueeze] = lambda io, x, long: io.write(x.text)

    @module.method("unsqueeze(; dims)", transparent=True)
    def unsqueeze_function(*, dims: int) -> Any:
        """A function that adds a dimension."""
        return Unsqueeze(dims, f"unsqueeze(dims={dims})")

    @module.method("unsqueeze(dims::Int)", transparent=True)
    def unsqueeze_function_old(dims: int) -> Any:
        """A function that adds a dimension."""
        return Unsqueeze(dims, f"unsqueeze({dims})")

    @module.method("batch(xs)", transparent=True)
    def batch(xs: Any) -> Any:
        """Arrays of one size side by side along a new last dimension."""
        items = list(support.iterate(xs))
        first = items[0] if items else None
        if type(first) is tuple:
            return tuple([batch(column) for column in zip(*items, strict=True)])
        if isinstance(first, V.NamedTuple):
            named = [tuple([v.get(n) for v in items]) for n in first.names]
            return V.NamedTuple(first.names, tuple([batch(column) for column in named]))
        if isinstance(first, V.JuliaDict):
            get = Base.bindings["getindex"]
            keys = [k for k, _ in first.entries()]
            return Base.bindings["Dict"](
                *[V.Pair(k, batch(tuple([get(v, k) for v in items]))) for k in keys]
            )
        if not isinstance(first, ArrayLike):
            return xs if isinstance(xs, Array) else Base.bindings["collect"](xs)
        if any(isinstance(first, c) for c in STACKS):
            return Base.bindings["stack"](xs)
        if len({np.shape(v.data) if isinstance(v, ArrayLike) else None for v in items}) > 1:
            return Base.bindings["stack"](xs)  # which says how they differ
        hosts = [_last(to_host(v), 1) for v in items]
        joined = rules.concatenate(hosts, len(rules.shape(hosts[0])) - 1)
        if isinstance(xs, ArrayLike) and np.ndim(xs.data) > 1:
            joined = rules.reshape(joined, (*rules.shape(joined)[:-1], *np.shape(xs.data)))
        return from_host(joined)

    BATCH[:] = [module.bindings["batch"]]

    @module.method("unbatch(x::AbstractArray)", transparent=True)
    def unbatch(x: Any) -> Any:
        """The observations one by one in a vector."""
        n = len(np.shape(x.data))
        return x if n == 1 else unstacked(x, n)

    def unstacked(x: Any, d: int) -> Any:
        if not zygote.is_traced(x) and (x.data.dtype == object or not 1 <= d <= x.data.ndim):
            select, n = Base.bindings["selectdim"], Base.bindings["size"](x, d)
            slices = [Base.bindings["copy"](select(x, d, i)) for i in range(1, n + 1)]
            return B.from_values(slices, (n,))
        host = to_host(x)
        n = rules.shape(host)[d - 1]
        items = [from_host(rules.getitem(host, (*(slice(None),) * (d - 1), i))) for i in range(n)]
        return B.from_values(items, (n,))

    @module.method("unstack(x; dims)", transparent=True)
    def unstack(x: Any, *, dims: int) -> Any:
        """The slices along a dimension in a vector."""
        return unstacked(x, dims)

    @module.method("unstack(x, dims::Int)", transparent=True)
    def unstack_old(x: Any, dims: int) -> Any:
        """The slices along a dimension in a vector."""
        return unstacked(x, dims)

    @module.method("chunk(x::AbstractArray, n::Int; dims=nothing)", transparent=True)
    def chunk(x: Any, n: int, *, dims: Any = None) -> Any:
        """`x` in `n` pieces of equal size; the last may be shorter."""
        d = len(np.shape(x.data)) if dims is None else dims
        total = Base.bindings["size"](x, d)
        return pieces(x, d, Base.bindings["cld"](total, n))

    @module.method("chunk(x, n::Int)")
    def chunk_any(x: Any, n: int) -> Any:
        """A collection in `n` pieces of equal size; the last may be shorter."""
        return partition(x, size=Base.bindings["cld"](Base.bindings["length"](x), n))

    @module.method("chunk(x; size::Int)")
    def partition(x: Any, *, size: int) -> Any:
        """A collection in pieces of a size; the last may be shorter."""
        parts = Base.bindings["Iterators"].bindings["partition"]
        return Base.bindings["collect"](parts(x, size))

    @module.method("chunk(x::AbstractArray; size, dims=nothing)", transparent=True)
    def chunk_size(x: Any, *, size: Any, dims: Any = None) -> Any:
        """`x` in pieces of a size, of which the last may be shorter, or of several sizes."""
        return pieces(x, len(np.shape(x.data)) if dims is None else dims, size)

    @module.method(
        "chunk(x::AbstractArray, places::AbstractVector{<:Integer}; npartitions=nothing, dims=nothing)",
        transparent=True,
    )
    def chunk_places(x: Any, places: Any, *, npartitions: Any = None, dims: Any = None) -> Any:
        """`x` in pieces; sorted numbers say to which one each observation belongs."""
        numbers = np.asarray(places.data)
        if np.any(np.diff(numbers) < 0):
            raise AssertionError_("partition_idxs must be sorted")
        if numbers.size and numbers[0] < 1:
            raise BoundsError(places, (int(numbers[0]),))
        sizes = np.bincount(numbers - 1, minlength=npartitions or 0)
        return pieces(x, len(np.shape(x.data)) if dims is None else dims, sizes.tolist())

    def pieces(x: Any, d: int, size: Any) -> Any:
        view = Base.bindings["view"] if not zygote.is_traced(x) else Base.bindings["getindex"]
        shape = np.shape(x.data)
        n = shape[d - 1]
        if type(size) is int:
            stops = [*range(size, n, size), n] if n else []
        else:
            stops = (
                np.cumsum([int(k) for k in support.iterate(size)]).tolist()
                if not isinstance(size, list)
                else (np.cumsum(size).tolist())
            )
            if stops[-1] != n:
                raise ArgumentError(
                    f"The sum of the sizes must be equal to {n}, the length of the dimension."
                )
        out = []
        for start, stop in zip([0, *stops], stops, strict=False):
            index: list[Any] = [V.COLON] * len(shape)
            index[d - 1] = V.UnitRange(start + 1, stop)
            out.append(view(x, *index))
        return B.from_values(out, (len(out),))

    @module.method(
        "normalise(x::AbstractArray; dims=nothing, eps=1e-5, ϵ=nothing)", transparent=True
    )
    def normalise(x: Any, *, dims: Any = None, eps: Any = 1e-5, ϵ: Any = None) -> Any:
        """Zero mean and unit deviation along `dims`, by default the last."""
        from juliette_engine.layers.normalise import normalise as engine_normalise

        n = len(np.shape(x.data))
        axes = (
            (n,)
            if dims is None
            else tuple(range(1, n + 1))
            if isinstance(dims, V.ColonType)
            else (dims if type(dims) is tuple else (dims,))
        )
        width = float(eps if ϵ is None else ϵ)
        Base.bindings["float"](Base.bindings["eltype"](x))
        if not n:
            Base.bindings["size"](x, 0)
        host = to_host(x if zygote.is_traced(x) else machine(x, None))
        if isinstance(host, list):
            raise NoMethod("no array of machine numbers")
        if zygote.primal(host).dtype == object:
            host = rules.floating(host)
        axes = tuple(d for d in axes if d <= n)
        return from_host(engine_normalise(host, tuple(d - 1 for d in axes), width))


def groups(module: Module) -> None:
    """Counts, padding and arrays like others."""

    @module.method("group_counts(xs)")
    def group_counts(xs: Any) -> Any:
        """How often each value occurs."""
        out = T.apply_type(Base.bindings["Dict"], Base.bindings["eltype"](xs), T.Int64)()
        get, put = Base.bindings["get"], Base.bindings["setindex!"]
        for x in support.iterate(xs):
            put(out, get(out, x, 0) + 1, x)
        return out

    module.const("frequencies", module.bindings["group_counts"], export=False)

    @module.method("group_indices(xs)")
    def group_indices(xs: Any) -> Any:
        """The positions at which each value occurs."""
        found: dict[Any, tuple[Any, list[int]]] = {}
        for i, x in enumerate(support.iterate(xs), 1):
            found.setdefault(V.hashable(x), (x, []))[1].append(i)
        pairs = [V.Pair(x, wrap(np.array(at))) for x, at in found.values()]
        return Base.bindings["Dict"](vector(pairs, T.Any_))

    @module.method(
        "rpad_constant(x::AbstractArray, n::Union{Integer, Tuple}, value=0; dims=:)",
        transparent=True,
    )
    def rpad_constant(x: Any, n: Any, value: Any = 0, *, dims: Any = None) -> Any:
        """An array made longer with a value, up to `n` along the dimensions `dims`."""
        from juliette_engine.functions import pad_constant

        host = to_host(x) if zygote.is_traced(x) or x.data.dtype != object else x.data
        size = rules.shape(host)
        where = (
            (dims,)
            if type(dims) is int
            else dims
            if type(dims) is tuple
            else tuple(range(1, len(size) + 1))
        )
        wanted = n if type(n) is tuple else (n,) * len(where)
        if len(wanted) != len(where):
            raise AssertionError_("length(_dims) == length(_n)")
        pad = tuple(
            p for d, k in zip(where, wanted, strict=True) for p in (0, max(k - size[d - 1], 0))
        )
        out = pad_constant(host, pad, value, dims=tuple(d - 1 for d in where))
        return make(out, x.eltype) if host is x.data else from_host(out)

    @module.method("batchseq(xs, pad=0)")
    def batchseq(xs: Any, pad: Any = 0) -> Any:
        """Sequences of different lengths, padded, as a vector of batches."""
        seqs = [list(support.iterate(x)) for x in support.iterate(xs)]
        longest = largest(map(len, seqs))
        rows = [[s[t] if t < len(s) else pad for s in seqs] for t in range(longest)]
        batch = module.bindings["batch"]
        return Base.bindings["vect"](*[batch(Base.bindings["vect"](*r)) for r in rows])

    @module.method("batch_sequence(xs; pad=0)")
    def batch_sequence(xs: Any, *, pad: Any = 0) -> Any:
        """Sequences of different lengths, padded, side by side along a new last dimension.

        ```jldoctest
        julia> using MLUtils

        julia> batch_sequence([[1, 2, 3], [10]])
        3×2 Matrix{Int64}:
         1  10
         2   0
         3   0
        ```
        """
        seqs = list(support.iterate(xs))
        if not all([isinstance(x, ArrayLike) for x in seqs]):
            raise NoMethod("sequences are arrays")
        if len({np.shape(x.data)[:-1] for x in seqs}) > 1:
            raise AssertionError_("Array dimensions do not match.")
        longest, d = largest(map(numobs, seqs)), np.ndim(seqs[0].data)
        return module.bindings["batch"](
            Base.bindings["vect"](*[rpad_constant(x, longest, pad, dims=d) for x in seqs])
        )

    @module.method("batch_sequence(xs, pad)")
    def batch_sequence_old(xs: Any, pad: Any) -> Any:
        """Sequences of different lengths, padded with `pad`."""
        return batch_sequence(xs, pad=pad)

    arrays_like(module)


def largest(numbers: Iterable[int]) -> int:
    """The largest of several numbers, as Julia's `maximum` finds it."""
    return int(Base.bindings["maximum"](wrap(np.array(list(numbers), dtype=np.int64))))


def described(x: Any, args: tuple[Any, ...]) -> tuple[Any, tuple[int, ...]]:
    """The type of elements and the size that are given, or those of an array."""
    kind = next((a for a in args if isinstance(a, T.JuliaType)), None)
    sizes = next((a for a in args if type(a) in (int, tuple)), np.shape(x.data))
    return Base.bindings["eltype"](x) if kind is None else kind, sizes if type(
        sizes
    ) is tuple else (sizes,)


def arrays_like(module: Module) -> None:
    """Arrays of the type and size of another, or of what is given instead."""

    def like(name: str, make: Any, extra: str = "") -> None:
        @module.method(f"{name}(x::AbstractArray, {extra}args...)")
        def call(x: Any, *args: Any) -> Any:
            return make(x, *args)

        call.__doc__ = f"An array like another: `{name}(x)`."

    def filled(value: Any) -> Any:
        similar, fill = Base.bindings["similar"], Base.bindings["fill!"]
        return lambda x, *args: fill(similar(x, *described(x, args)), value)

    def drawn(name: str) -> Any:
        draw = Base.bindings[name]

        def make(x: Any, *args: Any) -> Any:
            kind, sizes = described(x, args)
            return draw(kind, *sizes)

        return make

    like("zeros_like", filled(0))
    like("ones_like", filled(1))
    for name, value in (("trues_like", True), ("falses_like", False)):
        like(name, lambda x, *args, value=value: filled(value)(x, T.Bool, *args))
    like("fill_like", lambda x, value, *args: filled(value)(x, *args), "value, ")
    for name in ("rand", "randn"):
        like(f"{name}_like", drawn(name))
        seeded(module, name)


def seeded(module: Module, name: str) -> None:
    """`rand_like` and `randn_like` with a generator before the array."""
    draw = Base.bindings[name]

    @module.method(f"{name}_like(rng, x::AbstractArray, args...)")
    def call(rng: Any, x: Any, *args: Any) -> Any:
        """An array like another, from a generator."""
        kind, sizes = described(x, args)
        return draw(rng, kind, *sizes)
