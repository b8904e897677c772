"""Rules of ranges with traced ends, of set operations and of `replace`: vectors whose elements follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote.errors import foreign_call
from juliette.packages.zygote.nodes import plain, to_engine, to_julia
from juliette.packages.zygote.structured import holds_node
from juliette.runtime.array import elements
from juliette.runtime.tables import hashable
from juliette_engine import rules
from juliette_engine.tape import primal


def _spread(found: Any, start: Any, step: Any, stop: Any) -> Any:
    """The elements of a range: from its start by steps, before its stop by steps, or between both."""
    n = len(found)
    whole = all(x is None or np.asarray(primal(x)).dtype.kind in "iu" for x in (start, step, stop))
    k = np.arange(n, dtype=int if whole else float)  # ranges of whole numbers may be indices
    if step is None and start is not None and stop is not None:
        return start if n < 2 else rules.add(start, rules.mul(rules.sub(stop, start), k / (n - 1)))
    by = 1 if step is None else step
    return (
        rules.add(start, rules.mul(by, k))
        if start is not None
        else rules.sub(stop, rules.mul(by, k[::-1]))
    )


def _range(f: Any) -> Any:
    def run(*args: Any, **options: Any) -> Any:
        found = f(*map(plain, args), **{name: plain(v) for name, v in options.items()})
        given = dict(zip(("start", "stop", "length"), args, strict=False)) | options
        start, step, stop = [
            None if given.get(k) is None else to_engine(given[k]) for k in ("start", "step", "stop")
        ]
        if given.get("length") is None and step is None:
            step = 1.0
        if start is not None and step is not None:
            stop = None
        out = _spread(found, start, step, stop)
        return to_julia(out if np.ndim(plain(out)) else rules.stack_scalars([out], (1,)))

    return run


def _linear(f: Any) -> Any:
    """`LinRange`; it may be called as a type."""

    def run(*args: Any) -> Any:
        start, stop = map(to_engine, args[-3:-1])
        return to_julia(_spread(f(*map(plain, args)), start, None, stop))

    return run


def _colon(f: Any) -> Any:
    def run(*args: Any) -> Any:
        found = f(*map(plain, args))
        if not holds_node(args[:-1]):
            return found  # where a range ends changes none of its elements
        start, step = (to_engine(args[0]), to_engine(args[1]) if len(args) == 3 else 1)
        return to_julia(_spread(found, start, step, None))

    return run


def _set_operation(f: Any) -> Any:
    """`setdiff` and its like: their elements are the first that are equal."""

    def run(*args: Any) -> Any:
        numbers = tuple(map(plain, args))
        found = f(*numbers)
        place: dict[Any, int] = {}
        at, parts = 0, []
        for a, p in zip(args, numbers, strict=True):
            if not isinstance(getattr(p, "data", None), np.ndarray) or p.data.dtype == object:
                if holds_node(a):
                    raise foreign_call("set operation")
                p = np.asarray([float(v) for v in p])
                a = p
            flat = elements(np.asarray(getattr(p, "data", p)).ravel(order="F"))
            for k, v in enumerate(flat):
                place.setdefault(hashable(v), at + k)
            at += len(flat)
            parts.append(rules.reshape(to_engine(a), (len(flat),)))
        index = np.array([place[hashable(v)] for v in elements(found.data)], dtype=np.int64)
        return to_julia(rules.getitem(rules.concatenate(parts, 0), index))

    return run


def _replace(f: Any) -> Any:
    def run(x: Any, *pairs: Any, **options: Any) -> Any:
        if any(map(holds_node, pairs)):
            raise foreign_call("replace")
        number = plain(x)
        found = f(number, *pairs, **options)
        data = np.asarray(found.data)
        if data.dtype.kind not in "fc":
            return found
        return to_julia(rules.where(np.equal(data, number.data), to_engine(x), data))

    return run


# f(the method's own code) -> code.
SEQUENCES: dict[str, Callable[[Any], Any]] = {
    "range": _range,
    "LinRange": _linear,
    ":": _colon,
    "Colon": _colon,
    "replace": _replace,
    **dict.fromkeys(("setdiff", "union", "intersect", "symdiff"), _set_operation),
}
