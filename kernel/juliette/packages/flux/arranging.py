"""MLUtils: arrays stacked, cut, padded, counted and made like others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.concatenation import STACKS
from juliette.compiler import support
from juliette.display.show import SHOW_HOOKS
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.data import BATCH, numobs
from juliette.packages.flux.inputs import machine
from juliette.packages.zygote.shapes import listed
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, make, vector, wrap
from juliette.runtime.errors import ArgumentError, AssertionError_, BoundsError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette_engine import rules


def load(module: Module) -> None:
    """Add these functions to the module MLUtils."""
    shapes(module)
    groups(module)


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
            else (dims if type(dims) is tuple else tuple(listed(dims)))
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
