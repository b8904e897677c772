"""NNlib's `gather` and `scatter`: slices of an array picked and put together by numbers of places."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.cartesian import CartesianIndex
from juliette.base.indices import invalid
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host, to_host
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import elements, undef, wrap
from juliette.runtime.errors import ArgumentError, AssertionError_, BoundsError, NoMethod
from juliette.runtime.modules import Base, Module
from juliette_engine import functions as engine
from juliette_engine import rules

# How what is already at a place joins what is scattered there.
JOINS = {
    "+": rules.add, "-": rules.add, "mean": rules.add, "*": rules.mul, "/": rules.mul, "max": rules.maximum,
    "min": rules.minimum,
}  # fmt: skip
# Where each operation starts, as a function of the type of the elements.
STARTS = {
    "+": "zero",
    "-": "zero",
    "mean": "zero",
    "*": "one",
    "/": "one",
    "max": "typemin",
    "min": "typemax",
}


def from_zero(idx: Any) -> Any:
    """Indices, or tuples of them, that count from zero."""
    raw = np.asarray(idx.data)
    if raw.dtype.kind == "f" and raw.size:
        raise invalid(raw.flat[0].item())
    if raw.dtype != object:
        return raw.astype(np.int64) - 1
    out = np.empty(raw.size, dtype=object)
    for k, i in enumerate(elements(raw)):
        if not isinstance(i, (tuple, CartesianIndex)):
            raise NoMethod("an index that is no tuple")
        out[k] = tuple([p - 1 for p in (i.index if isinstance(i, CartesianIndex) else i)])
    return out.reshape(raw.shape, order="F")


def together(indices: tuple[Any, ...]) -> Any:
    """Several arrays of numbers as one of tuples."""
    if len(indices) == 1:
        return from_zero(indices[0])
    columns = [np.asarray(i.data).ravel(order="F").tolist() for i in indices]
    out = np.empty(len(columns[0]), dtype=object)
    out[:] = [tuple(p - 1 for p in places) for places in zip(*columns, strict=True)]
    return out.reshape(indices[0].data.shape, order="F")


def width(places: Any) -> int:
    """How many dimensions one index names."""
    return len(places.flat[0]) if places.dtype == object and places.size else 1


def within(array: Any, size: tuple[int, ...], places: Any) -> None:
    """Raise BoundsError for a place outside of an array of this size."""
    lead = len(size) - width(places)
    last = size[lead:]
    for p in (
        places.flat if places.dtype == object else places[(places < 0) | (places >= last[0])].flat
    ):
        index = p if type(p) is tuple else (int(p),)
        if any(not 0 <= k < n for k, n in zip(index, last, strict=True)):
            whole = [V.UnitRange(1, n) for n in size[:lead]]
            raise BoundsError(array, (*whole, *[k + 1 for k in index]))


def name_of(op: Any) -> str:
    """The operation by the name the engine has for it."""
    return str(getattr(op, "name", op))


def load(module: Module) -> None:
    """Add these functions to the module NNlib."""
    gathering(module)
    scattering(module)


def gathering(module: Module) -> None:
    """`gather` and `gather!`."""

    @module.method("gather(src, idx...)", export=False, transparent=True)
    def gather(src: Any, *idx: Any) -> Any:
        """The slices of the last dimensions that indices name."""
        host, places = to_host(src), together(idx)
        within(src, rules.shape(host), places)
        return from_host(engine.gather(host, places))

    @module.method("gather!(dst, src, idx...)", export=False)
    def gather_into(dst: Any, src: Any, *idx: Any) -> Any:
        """`gather`, written over `dst`."""
        found = gather(src, *idx)
        if found.data.shape != dst.data.shape:
            raise ArgumentError("Incompatible input shapes.")
        return Base.bindings["copyto!"](dst, found)


def scattering(module: Module) -> None:
    """`scatter` and `scatter!`."""

    similar = Base.bindings["similar"]

    @module.method(
        "scatter(op, src, idx; init=nothing, dstsize=nothing)", export=False, transparent=True
    )
    def scatter(op: Any, src: Any, idx: Any, *, init: Any = None, dstsize: Any = None) -> Any:
        """Slices put together by the numbers of their places, with an operation; `init` goes first."""
        name, host, places = name_of(op), to_host(src), from_zero(idx)
        shape = np.shape(zygote.primal(src).data)
        if shape[len(shape) - places.ndim :] != places.shape:
            raise ArgumentError("Incompatible input shapes.")
        size = None
        if dstsize is not None:
            values = zygote.primal(src)
            dst = similar(values, dstsize)
            size = dst.data.shape
            fitting(dst, values, places)
            within(dst, size, places)
        if not isinstance(host, (zygote.Tracer, np.ndarray)) or zygote.primal(host).dtype == object:
            return of_any(op, src, places, init, size)
        y = engine.scatter(name, host, places, size)
        if init is not None:
            if name not in JOINS or name == "mean":
                raise ArgumentError(f"scatter has no start value for the operation {name}")
            y = JOINS[name](y, to_host(init))
        kind = zygote.primal(host).dtype
        if kind.kind in "iu" and name not in ("/", "mean") and isinstance(y, np.ndarray):
            y = y.astype(kind)
        return from_host(y)

    @module.method("scatter!(op, dst, src, idx)", export=False, transparent=True)
    def scatter_into(op: Any, dst: Any, src: Any, idx: Any) -> Any:
        """Slices of `src` put into `dst` by the numbers of their places, with an operation."""
        places = from_zero(idx)
        there, values = to_host(dst), to_host(src)
        fitting(dst, src, places)
        within(dst, dst.data.shape, places)
        name = name_of(op)
        numeric = all(
            isinstance(v, zygote.Tracer) or (isinstance(v, np.ndarray) and v.dtype != object)
            for v in (there, values)
        )
        if name == "mean" and not numeric:
            means = of_any(op, src, places, None, dst.data.shape)
            return Base.bindings["copyto!"](dst, Base.bindings["+"](dst, means))
        if name not in JOINS or not numeric:
            return one_by_one(op, dst, src, places)
        if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
            values = values.astype(
                np.result_type(zygote.primal(there), values)
            )  # sums are of the wider kind
        joined = JOINS[name](there, engine.scatter(name, values, places, rules.shape(there)))
        if isinstance(joined, zygote.Tracer):
            return from_host(joined)
        dst.data[...] = joined
        return dst


def fitting(dst: Any, src: Any, places: Any) -> None:
    """The sizes that scattering wants of its arguments."""
    n, m = dst.data.ndim, src.data.ndim
    shape = places.shape
    if n - width(places) != m - places.ndim or src.data.shape[m - places.ndim :] != shape:
        raise AssertionError_(
            f"Incompatible input shapes of (dst, src, idx) = ({n}, {m}, {places.ndim})."
        )


def of_any(op: Any, src: Any, places: Any, init: Any, size: Any) -> Any:
    """Scattering of numbers that numpy has no kind for, from a start value."""
    name, like = name_of(op), W.eltype_of(src)
    if init is None:
        if name not in STARTS:
            raise ArgumentError(f"scatter has no start value for the operation {name}")
        init = Base.bindings[STARTS[name]](like)
    lead = src.data.shape[: src.data.ndim - places.ndim]
    if size is None:
        rows = [p if type(p) is tuple else (int(p),) for p in places.flat]
        size = (*lead, *[max(column) + 1 for column in zip(*rows, strict=True)])
    dst = Base.bindings["fill!"](undef(like, size), init)
    if name != "mean":
        return one_by_one(op, dst, src, places)
    join, counts = Base.bindings["+"], np.zeros(size[len(lead) :], int, order="F")
    for p in places.flat:
        counts[p] += 1
    total = one_by_one(join, dst, src, places)
    return Base.bindings["broadcast"](
        Base.bindings["/"], total, wrap(np.broadcast_to(counts.clip(1), size).copy(order="F"))
    )


def one_by_one(op: Any, dst: Any, src: Any, places: Any) -> Any:
    """Scattering with any function, of any elements."""
    lead = len(dst.data.shape) - width(places)
    get, put = Base.bindings["getindex"], Base.bindings["setindex!"]
    for at in np.ndindex(*places.shape):
        p = places[at]
        to = p if isinstance(p, tuple) else (int(p),)
        for row in np.ndindex(*dst.data.shape[:lead]):
            where = tuple([k + 1 for k in (*row, *to)])
            put(dst, op(get(dst, *where), get(src, *[k + 1 for k in (*row, *at)])), *where)
    return dst
