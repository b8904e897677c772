"""MLUtils: data sets, their observations, the DataLoader."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.iteration import iterates
from juliette.base.iterator_sizes import EltypeUnknown
from juliette.base.randomness import is_rng
from juliette.display.show import SHOW_HOOKS, one_line, summary
from juliette.packages.flux.optimise import iterated, method_for
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ArgumentError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette_engine import data as engine
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

    def __init__(
        self,
        data: Any,
        *,
        batchsize: int = 1,
        shuffle: Any = False,
        partial: bool = True,
        collate: Any = None,
        rng: Any = None,
    ) -> None:
        self.data = data
        self.n = numobs(data)
        self.batchsize = batchsize
        self.shuffle = bool(shuffle)
        self.partial = partial
        self.collate = collate
        self.rng = rng
        self.then: Any = None

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

    @module.method(
        "DataLoader(data; buffer=false, parallel=false, shuffle=false, batchsize::Int=1, "
        "partial::Bool=true, collate=nothing, rng=nothing)"
    )
    def loader(
        _: Any,
        data: Any,
        *,
        buffer: Any = False,
        parallel: Any = False,
        shuffle: Any = False,
        batchsize: int = 1,
        partial: bool = True,
        collate: Any = None,
        rng: Any = None,
    ) -> Any:
        """Batches of observations; the last dimension counts them."""
        return Loader(
            data, batchsize=batchsize, shuffle=shuffle, partial=partial, collate=collate, rng=rng
        )

    types = {"DataLoader": LOADER}
    method_for(types, "length(d::DataLoader)", len)
    method_for(types, "size(d::DataLoader)", lambda d: (len(d),))
    method_for(types, "IteratorEltype(d::DataLoader)", lambda _, d: EltypeUnknown)
    iterated(types, "DataLoader")
    method_for(types, "first(d::DataLoader)", lambda d: next(iter(d)))
    observations(module)
    from juliette.packages.flux import arranging, resampling

    arranging.load(module)
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
        return call_kw(LOADER, {"batchsize": -1, **keywords}, data)

    @module.method("randobs(data, n=nothing)")
    def randobs(data: Any, n: Any = None) -> Any:
        """Observations drawn at random."""
        total = numobs(data)
        rand = Base.bindings["rand"]
        one_to = V.UnitRange(1, total)
        return getobs(data, rand(one_to) if n is None else rand(one_to, n))
