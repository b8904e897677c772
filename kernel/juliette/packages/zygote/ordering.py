"""Rules of what orders, searches and picks by value: an order is found on plain values, and the elements are taken in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote.nodes import plain, to_engine, to_julia
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime.array import elements, vector, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.modules import Base
from juliette_engine import rules


def order(x: Any, options: dict[str, Any]) -> Any:
    """`sortperm`, from 0."""
    return np.asarray(call_kw(Base.bindings["sortperm"], options, x).data) - 1


def _sort(f: Any) -> Any:
    def run(x: Any, *args: Any, dims: Any = None, **options: Any) -> Any:
        number = plain(x)
        if dims is None:
            return rules.getitem(x, order(number, options))
        axis = int(dims) - 1
        places = np.empty(number.data.shape, dtype=np.int64, order="F")
        for at in np.ndindex(*[n for i, n in enumerate(number.data.shape) if i != axis]):
            index = (*at[:axis], slice(None), *at[axis:])
            places[index] = order(wrap(np.array(number.data[index])), options)
        where: list[Any] = list(np.indices(places.shape, sparse=True))
        where[axis] = places
        return to_julia(rules.getitem(x, tuple(np.broadcast_arrays(*where))))

    return run


def _partialsort(f: Any) -> Any:
    def run(x: Any, k: Any, **options: Any) -> Any:
        where = Base.bindings["getindex"](wrap(order(plain(x), options)), k)
        return to_julia(
            rules.getitem(x, where if isinstance(where, int) else np.asarray(where.data))
        )

    return run


def _slices(x: Any, axis: int) -> Any:
    return vector(
        [wrap(np.array(np.take(x.data, i, axis))) for i in range(x.data.shape[axis])], T.Any_
    )


def _taken(x: Any, places: Any, axis: int) -> Any:
    return to_julia(rules.getitem(to_engine(x), (slice(None),) * axis + (places,)))


def _sortslices(f: Any) -> Any:
    def run(x: Any, *, dims: Any, **options: Any) -> Any:
        number = plain(x)
        f(number, dims=dims, **options)  # raises Julia's error
        axis = int(dims) - 1
        return _taken(x, order(_slices(number, axis), options), axis)

    return run


def _first_places(values: Any) -> list[int]:
    kept = Base.bindings["unique"](lambda i: values[i], wrap(np.arange(len(values))))
    return [int(i) for i in elements(kept.data)]


def _unique(f: Any) -> Any:
    def run(*args: Any, dims: Any = None, **options: Any) -> Any:
        if len(args) == 2:
            return f(*args)
        (x,) = args
        number = plain(x)
        if dims is None or not isinstance(dims, (int, np.integer)):
            flat = number.data.ravel(order="F")
            places = np.array(_first_places(flat.tolist()), dtype=np.int64)
            return to_julia(rules.getitem(rules.reshape(to_engine(x), (flat.size,)), places))
        axis = int(dims) - 1
        slices = elements(_slices(number, axis).data)
        return _taken(x, np.array(_first_places(slices), dtype=np.int64), axis)

    return run


def _found(name: str) -> Any:
    """`findmax` and `findmin`: the value and where it is; with a function first, of its values."""

    def rule(f: Any) -> Any:
        def find(x: Any, *args: Any, **options: Any) -> Any:
            if args:
                values = B.materialize(B.broadcasted(x, args[0]))
                return call_kw(Base.bindings[name], options, values)
            p = plain(x)
            _value, where = f(p, **options)
            if options:
                index = (
                    np.asarray([i.I if hasattr(i, "I") else (i,) for i in elements(where.data)]).T
                    - 1
                )
                shape = where.data.shape
                return to_julia(
                    rules.getitem(x, tuple([np.reshape(i, shape, order="F") for i in index]))
                ), where
            return Base.bindings["getindex"](x, where), where

        return find

    return rule


def arg_of(name: str) -> Any:
    """`argmax(f, x)`: the element where `f` is largest."""

    def rule(f: Any) -> Any:
        def find(*args: Any, **options: Any) -> Any:
            if len(args) == 1:
                return f(plain(args[0]), **options)
            values = plain(B.materialize(B.broadcasted(*args)))
            return Base.bindings["getindex"](args[1], Base.bindings[name](values))

        return find

    return rule


# f(the method's own code) -> code.
ORDERED: dict[str, Callable[[Any], Any]] = {
    "sort": _sort,
    "partialsort": _partialsort,
    "sortslices": _sortslices,
    "unique": _unique,
    "findmax": _found("findmax"),
    "findmin": _found("findmin"),
    "argmax": arg_of("argmax"),
    "argmin": arg_of("argmin"),
}
