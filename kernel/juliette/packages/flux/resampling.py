"""Parts of data: views of observations, folds, windows, groups, and classes made equally large."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.fields import PROPERTIES
from juliette.base.iteration import iterates
from juliette.base.iterator_sizes import EltypeUnknown
from juliette.compiler import support
from juliette.display.show import SHOW_HOOKS, one_line, summary
from juliette.packages.flux.data import (
    NUMOBS,
    Loader,
    View,
    numobs,
    observed,
    one_based,
    taken,
    zero_based,
)
from juliette.packages.flux.optimise import iterated, method_for
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector, wrap
from juliette.runtime.errors import ArgumentError, BoundsError, ErrorException
from juliette.runtime.modules import Base, Module
from juliette_engine.initialisers import permutation

MAPPED = T.define("MappedData")
JOINED = T.define("JoinedData")
NAMED = T.define("NamedTupleData")
VIEW = T.define("ObsView")
WINDOWS = T.define("SlidingWindow")
BATCHES = T.define("BatchView")


class Parts:
    """Observations at several places, taken out when they are asked for."""

    def __init__(self, data: Any, places: Sequence[range], text: str) -> None:
        self.data, self.places, self.text = data, places, text

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: Any) -> Any:
        if type(index) is not int:
            return Base.bindings["vect"](*[self[int(i) + 1] for i in zero_based(index)])
        i = index
        if not 1 <= i <= len(self.places):
            raise BoundsError(self, (i,))
        return observed(self.data, self.places[i - 1])

    def __iter__(self) -> Any:
        return (observed(self.data, p) for p in self.places)


class Windows(Parts):
    """Overlapping stretches of observations (`slidingwindow`)."""


class Batches(Parts):
    """Stretches of observations side by side (`BatchView`); `collate` is that of a DataLoader."""

    collate: Any = None
    partial = True

    def __getitem__(self, index: Any) -> Any:
        n = len(self.places)
        wanted = zero_based(index)
        if type(index) is int:
            if not 0 <= wanted < n:
                raise BoundsError(self, (index,))
            return self.collated(self.places[wanted])
        if any(not 0 <= i < n for i in wanted):
            raise BoundsError(self, (index,))
        return observed(self.data, [k for i in wanted for k in self.places[int(i)]], window=True)

    def __iter__(self) -> Any:
        return map(self.collated, self.places)

    def collated(self, places: range) -> Any:
        """The batch of the observations at some places."""
        return Loader(self.data, collate=self.collate).collated(places)

    @property
    def batchsize(self) -> int:
        """How many observations the first of them has."""
        return len(self.places[0]) if self.places else 0


class Mapped:
    """`f` of observations, computed when they are asked for (`mapobs`).

    `f` gets several observations at once if several are asked for, or only one by one if `batched`
    is `never`, or several even for one if it is `always`.
    """

    def __init__(self, f: Any, data: Any, batched: str) -> None:
        self.f, self.data, self.batched = f, data, batched

    @property
    def text(self) -> str:
        """How it prints."""
        inner = one_line(self.data) if isinstance(self.data, ArrayLike) else summary(self.data)
        return f"mapobs({one_line(self.f)}, {inner})"

    def __len__(self) -> int:
        return numobs(self.data)

    def __getitem__(self, index: Any) -> Any:
        places = zero_based(index)
        if type(index) is int:
            if self.batched == "always":
                return observed(self.f(observed(self.data, [places])), 0)
            return self.f(observed(self.data, places))
        if self.batched == "never":
            return Base.bindings["vect"](*[self.f(observed(self.data, int(i))) for i in places])
        return self.f(observed(self.data, places))

    def __iter__(self) -> Any:
        return (self[i] for i in range(1, len(self) + 1))


class NamedMaps(Mapped):
    """Several functions of observations by name; the results of each are a container too."""

    parts: dict[str, Mapped]

    def part(self, name: str) -> Mapped:
        """The results of one function."""
        if name not in self.parts:
            raise ErrorException(f"type NamedTuple has no field {name}")
        return self.parts[name]


class Joined:
    """The observations of several containers after one another (`joinobs`)."""

    def __init__(self, datas: tuple[Any, ...]) -> None:
        self.datas = datas
        self.stops = np.cumsum([numobs(d) for d in datas]).tolist()

    @property
    def text(self) -> str:
        """How it prints."""
        return f"joinobs({', '.join(map(str, map(summary, self.datas)))})"

    def __len__(self) -> int:
        return self.stops[-1] if self.stops else 0

    def one(self, place: int) -> Any:
        """The observation at a place from zero."""
        if not 0 <= place < len(self):
            raise BoundsError(self, (place + 1,))
        k = bisect_right(self.stops, place)
        return observed(self.datas[k], place - (self.stops[k - 1] if k else 0))

    def __getitem__(self, index: Any) -> Any:
        places = zero_based(index)
        return (
            self.one(places)
            if type(index) is int
            else Base.bindings["vect"](*[self.one(int(i)) for i in places])
        )

    def __iter__(self) -> Any:
        return (self.one(i) for i in range(len(self)))


def every(x: Any, index: Any) -> Any:
    """`x[index]`, where a colon means all."""
    return x[V.UnitRange(1, len(x)) if isinstance(index, V.ColonType) else index]


def stretches(n: int, k: int) -> list[range]:
    """`n` places in `k` neighbouring stretches; the first ones are longer by one where need be."""
    edges = np.cumsum([0] + [n // k + (i < n % k) for i in range(k)]).tolist()
    return [range(a, b) for a, b in itertools.pairwise(edges)]


def classes_of(labels: Any) -> list[list[int]]:
    """The places of each class, in the order of Julia's dictionary of them."""
    group = Base.bindings["Dict"]()
    get, put = Base.bindings["get"], Base.bindings["setindex!"]
    for i, x in enumerate(support.iterate(labels)):
        found = get(group, x, None)
        if found is None:
            put(group, [i], x)
        else:
            found.append(i)
    return list(support.iterate(Base.bindings["values"](group)))


def drawn(places: list[int], n: int) -> list[int]:
    """`n` of the places, none of them twice."""
    return [places[int(i)] for i in permutation(len(places))[:n]]


def load(module: Module) -> None:
    """Add these functions to the module MLUtils."""
    types = {"SlidingWindow": WINDOWS, "BatchView": BATCHES, "MappedData": MAPPED, "NamedTupleData": NAMED,
             "JoinedData": JOINED, "ObsView": VIEW}  # fmt: skip
    for cls, family in zip(
        (Windows, Batches, Mapped, NamedMaps, Joined, View), types.values(), strict=True
    ):
        family.typename.module = module
        T.register_class(cls, family)
        SHOW_HOOKS[cls] = lambda io, x, long: io.write(x.text)
        iterates(cls)(iter)
    for name in types:
        iterated(types, name)
        method_for(types, f"length(x::{name})", len)
        method_for(types, f"size(x::{name})", lambda x: (len(x),))
        method_for(types, f"getindex(x::{name}, i)", every)
        method_for(types, f"lastindex(x::{name})", len)
        method_for(types, f"IteratorEltype(x::{name})", lambda _, x: EltypeUnknown)
        method_for(types, f"eachindex(x::{name})", lambda x: V.UnitRange(1, len(x)))
    PROPERTIES[Batches] = PROPERTIES[View] = field
    PROPERTIES[NamedMaps] = lambda x, name: x.part(str(name))
    views(module)
    folds(module)
    balance(module)


def field(x: Any, name: str) -> Any:
    """A field of a BatchView or an ObsView."""
    fields = {"data": x.data}
    if isinstance(x, Batches):
        full, n = x.batchsize, len(x)
        covered = x.places[-1].stop if x.places else 0
        fields |= {"batchsize": full, "count": n, "partial": x.partial, "imax": covered}
    else:
        fields["indices"] = x.indices
    if name not in fields:
        raise ErrorException(f"type {T.typeof(x).typename.name} has no field {name}")
    return fields[name]


def views(module: Module) -> None:
    """Observations as views, batches and windows."""
    module.const("BatchView", BATCHES)
    module.const("ObsView", VIEW)

    @module.method("ObsView(data, indices)")
    def view_of(_: Any, data: Any, indices: Any) -> View:
        """Some observations that are asked for later."""
        places = np.atleast_1d(zero_based(indices))
        if places.size and not (places.min() >= 0 and places.max() < NUMOBS[0](data)):
            raise BoundsError(data, (indices,))
        return View(data, indices)

    @module.method("ObsView(data)")
    def view_of_all(_: Any, data: Any) -> View:
        """All observations, which are asked for later."""
        return data if isinstance(data, View) else View(data, V.UnitRange(1, numobs(data)))

    @module.method("obsview(data)")
    def obsview_all(data: Any) -> Any:
        """All observations, as views of arrays."""
        return observed(data, range(numobs(data)), window=True)

    @module.method("obsview(data, index)")
    def obsview(data: Any, index: Any) -> Any:
        """Some observations, as views of arrays."""
        zero_based(index)  # the places are whole numbers
        return taken(data, index, window=True)

    @module.method("BatchView(data; batchsize::Int=1, partial::Bool=true, collate=nothing)")
    def batchview(
        _: Any, data: Any, *, batchsize: int = 1, partial: bool = True, collate: Any = None
    ) -> Any:
        """Batches that can be counted and indexed."""
        n = numobs(data)
        stop = n if partial else n // batchsize * batchsize
        places = [range(a, min(a + batchsize, n)) for a in range(0, stop, batchsize)]
        kind = T.type_string(T.typeof(data))
        out = Batches(
            data,
            places,
            f"BatchView(::{kind}, batchsize={batchsize}, partial={str(partial).lower()})",
        )
        out.partial = partial
        value = T.typeof(collate)
        out.collate = value.parameters[0] if value.typename.name == "Val" else collate
        return out

    @module.method("getobs(b::BatchView)")
    def whole(b: Any) -> Any:
        """All that the batches consist of."""
        return module.bindings["getobs"](b.data)

    method_for({"BatchView": BATCHES}, "parent(b::BatchView)", lambda b: b.data)

    @module.method("slidingwindow(data; size, stride=1)")
    def slidingwindow(data: Any, *, size: int, stride: int = 1) -> Any:
        """Stretches of `size` observations that begin every `stride` observations."""
        if size <= 0 or stride <= 0:
            raise ArgumentError("Size and stride must be positive.")
        n = numobs(data)
        if size > n:
            raise ArgumentError(
                f"Size must be smaller or equal to {n}, the number of observations."
            )
        places = [range(a, a + size) for a in range(0, n - size + 1, stride)]
        return Windows(
            data, places, f"slidingwindow({one_line(data)}, size={size}, stride={stride})"
        )

    @module.method("filterobs(f, data)")
    def filterobs(f: Any, data: Any) -> Any:
        """The observations for which `f` is true."""
        keep = [i for i in range(numobs(data)) if f(observed(data, i)) is True]
        return observed(data, keep, window=True)

    @module.method("groupobs(f, data)")
    def groupobs(f: Any, data: Any) -> Any:
        """A dictionary from the values of `f` to the observations that have them."""
        keys = [f(observed(data, i)) for i in range(numobs(data))]
        groups: dict[Any, tuple[Any, list[int]]] = {}
        for i, key in enumerate(keys):
            groups.setdefault(V.hashable(key), (key, []))[1].append(i)
        pairs = [
            V.Pair(key, observed(data, places, window=True)) for key, places in groups.values()
        ]
        return Base.bindings["Dict"](*pairs)

    @module.method("joinobs(datas...)")
    def joinobs(*datas: Any) -> Any:
        """The observations of several data after one another."""
        return Joined(datas)

    @module.method("mapobs(f, data; batched=:auto)")
    def mapobs(f: Any, data: Any, *, batched: Any = None) -> Any:
        """`f` of each observation, or each of several functions, when it is asked for."""
        how = "auto" if batched is None else str(batched)
        if type(f) is tuple:
            return mapobs(lambda x: tuple([g(x) for g in f]), data, batched=batched)
        if isinstance(f, V.NamedTuple):
            together = lambda x: V.NamedTuple(f.names, tuple([g(x) for g in f.values]))  # noqa: E731
            out = NamedMaps(together, data, how)
            out.parts = {n: Mapped(g, data, how) for n, g in zip(f.names, f.values, strict=True)}
            return out
        return data.mapped(f) if isinstance(data, Loader) else Mapped(f, data, how)


def folds(module: Module) -> None:
    """Training and validation observations, several times over."""

    def numbers(n: int, k: int) -> Any:
        if not 1 < k <= n:
            raise ArgumentError(
                f"k must be in [2, {n}], got k={k}" if n > 1 else "n must be greater than 1"
            )
        inside = stretches(n, k)
        outside = [
            wrap(np.array([i + 1 for i in range(n) if i not in p], dtype=np.int64)) for p in inside
        ]
        return outside, inside

    def indices(n: int, k: int) -> Any:
        outside, inside = numbers(n, k)
        collect = Base.bindings["vect"]
        return collect(*outside), collect(*map(one_based, inside))

    def pairs(data: Any, k: int) -> Any:
        outside, inside = numbers(numobs(data), k)
        return vector(
            [
                (observed(data, zero_based(a), window=True), observed(data, b, window=True))
                for a, b in zip(outside, inside, strict=True)
            ],
            T.Any_,
        )

    @module.method("kfolds(n::Integer, k=5)")
    def kfolds_numbers(n: int, k: int = 5) -> Any:
        """The numbers of the observations to train with, and of those to check with."""
        return indices(n, k)

    @module.method("kfolds(data, k)")
    def kfolds_old(data: Any, k: int) -> Any:
        """Pairs of training and validation observations, `k` times."""
        return pairs(data, k)

    @module.method("kfolds(data; k=5)")
    def kfolds(data: Any, *, k: int = 5) -> Any:
        """Pairs of training and validation observations, `k` times."""
        return indices(data, k) if type(data) is int else pairs(data, k)

    def times(n: int, p: int) -> int:
        if not 1 <= p <= n // 2:
            raise ArgumentError(f"p must be in [1, {n // 2}], got p={p}")
        return n // p

    @module.method("leavepout(n::Integer, p=1)")
    def leavepout_numbers(n: int, p: int = 1) -> Any:
        """Like `kfolds`, with about `p` observations to check with."""
        return indices(n, times(n, p))

    @module.method("leavepout(data; p=1)")
    def leavepout(data: Any, *, p: int = 1) -> Any:
        """Like `kfolds`, with about `p` observations to check with."""
        return (
            indices(data, times(data, p))
            if type(data) is int
            else pairs(data, times(numobs(data), p))
        )


def labelled(data: tuple[Any, ...]) -> None:
    """Data of which the last are the classes."""
    if not data:
        raise BoundsError(data, (0,))


def balance(module: Module) -> None:
    """Classes of equal size."""

    def some(classes: Any) -> Any:
        if not classes:
            raise ArgumentError(
                "reducing over an empty collection is not allowed; "
                "consider supplying `init` to the reducer"
            )
        return classes

    def enlarged(data: Any, labels: Any, fraction: Any, shuffle: bool) -> Any:
        classes = some(classes_of(labels))
        want = int(np.rint(float(fraction) * max(map(len, classes))))
        places = list(range(numobs(data)))
        for found in classes:
            missing = want - len(found)
            while missing > len(found):
                missing -= len(found)
                places += found
            if missing > 0:
                places += drawn(found, missing)
        return chosen(data, labels, drawn(places, len(places)) if shuffle else places)

    def reduced(data: Any, labels: Any, shuffle: bool) -> Any:
        classes = some(classes_of(labels))
        least = min(map(len, classes))
        places = [i for found in classes for i in drawn(found, least)]
        return chosen(data, labels, drawn(places, len(places)) if shuffle else sorted(places))

    def chosen(data: Any, labels: Any, places: list[int]) -> Any:
        both = (
            data
            if data is labels or (type(data) is tuple and data and data[-1] is labels)
            else (data, labels)
        )
        return observed(both, places, window=True)

    @module.method("oversample(data, classes; fraction=1, shuffle=true)")
    def oversample(data: Any, classes: Any, *, fraction: Any = 1, shuffle: bool = True) -> Any:
        """Observations repeated until every class has `fraction` times as many as the largest."""
        return enlarged(data, classes, fraction, shuffle)

    @module.method("oversample(data::Tuple; fraction=1, shuffle=true)")
    def oversample_tuple(data: Any, *, fraction: Any = 1, shuffle: bool = True) -> Any:
        """The classes are the last of the data."""
        labelled(data)
        return enlarged(data, data[-1], fraction, shuffle)

    @module.method("undersample(data, classes; shuffle=true)")
    def undersample(data: Any, classes: Any, *, shuffle: bool = True) -> Any:
        """As many observations of every class as the smallest has."""
        return reduced(data, classes, shuffle)

    @module.method("undersample(data::Tuple; shuffle=true)")
    def undersample_tuple(data: Any, *, shuffle: bool = True) -> Any:
        """The classes are the last of the data."""
        labelled(data)
        return reduced(data, data[-1], shuffle)
