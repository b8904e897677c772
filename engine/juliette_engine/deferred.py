"""Elementwise operations on long arrays from Python wait until somebody looks at the result.

Python computes one operation at a time, and each would go through memory anew.  A `LongTracer` keeps what it
was made of instead; a further operation makes a larger tree, a sum or any look at the data runs the tree in
blocks (`long`) and leaves one record.  Only traced arrays and numbers wait: a plain array could be written to
meanwhile, so a tree that takes one in is run at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.fusion import PYTHON, Call, Leaf, Tree, slopes
from juliette_engine.long import Long, divisible, long_kernel
from juliette_engine.tape import ArrayTracer, Tape, new

ndarray = np.ndarray
# A tree that grows beyond so many operations, or so many leaves, is run.
MOST, WIDEST = 48, 12
_data: Any = ArrayTracer.__dict__["data"]


class Pending:
    """A tree that was not run yet: its leaves, what is known of them, and whose trees are part of it."""

    __slots__ = ("count", "inner", "key", "kinds", "leaves", "sample", "shape", "tree")
    sample: Any
    shape: Any

    def __init__(
        self,
        tree: Call,
        key: Any,
        leaves: list[Any],
        kinds: tuple[Leaf, ...],
        inner: frozenset[int],
        count: int,
    ) -> None:
        self.tree, self.key, self.leaves, self.kinds, self.inner, self.count = (
            tree,
            key,
            leaves,
            kinds,
            inner,
            count,
        )


class LongTracer(ArrayTracer):
    """Stands for a long array, whose elements are computed when they are asked for."""

    __slots__ = ("pending", "used")
    pending: Pending | None
    used: bool

    @property
    def data(self) -> Any:
        """The array."""
        if self.pending is not None:
            _run(self, self.pending)
        return _data.__get__(self)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape if self.pending is None else self.pending.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> Any:
        return self.data.dtype if self.pending is None else self.pending.sample.dtype


# The functions of trees, by what they are made of; None: not in blocks.
_KERNELS: dict[Any, Any] = {}


def _kernel(p: Pending, summed: bool) -> Long | None:
    key = (
        summed,
        p.key,
        *[
            (k.traced, k.sample.dtype, k.sample.ndim) if k.array else (k.traced, type(k.sample))
            for k in p.kinds
        ],
    )
    if key not in _KERNELS:
        if len(_KERNELS) > 1024:
            _KERNELS.clear()
        t = Tree(p.tree, p.kinds, PYTHON)
        sample = t.value.sample
        built = long_kernel(t, summed) if divisible(t, summed) else None
        _KERNELS[key] = None if built is None else (built, sample)
    found = _KERNELS[key]
    if found is None:
        return None
    made, p.sample = found
    return made  # type: ignore[no-any-return]


def _values(p: Pending) -> list[Any]:
    return [x.data if k.traced else x for x, k in zip(p.leaves, p.kinds, strict=True)]


def _record(r: Any, p: Pending, made: Long, found: Any) -> None:
    triples = tuple(
        [(p.leaves[i], d, own) for (i, own), d in zip(made.own.items(), found, strict=True)]
    )
    r.tape.append((slopes, r, triples, None))


def _run(r: LongTracer, p: Pending) -> None:
    made = _kernel(p, False)
    assert made is not None
    y, *found = made.run(*_values(p))
    _data.__set__(r, y)
    r.pending = None
    _record(r, p, made, found)


def summed(x: LongTracer) -> Any:
    """The sum of all elements, in the pass that computes them; None if they are there already."""
    p = x.pending
    made = None if p is None else _kernel(p, True)
    if p is None or made is None:
        return None
    y, *found = made.run(*_values(p))
    r = x.tape.node(y)
    _record(r, p, made, found)
    x.used = True
    return r


def defer(tree: Call, args: tuple[Any, ...]) -> Any:
    """The result of an operation on arrays of one shape and numbers, to be computed later; None if it cannot wait."""
    leaves: list[Any] = []
    kinds: list[Leaf] = []
    parts: list[Any] = []
    inner: set[int] = set()
    count, now = 1, False
    tape = shape = None
    for a in args:
        if isinstance(a, ArrayTracer) and (a.nested or (tape is not None and a.tape is not tape)):
            return None
        if isinstance(a, (ArrayTracer, ndarray)):
            if shape is not None and a.shape != shape:
                return None
            shape = a.shape
        if isinstance(a, ArrayTracer):
            tape = a.tape
        elif isinstance(a, T.Node):
            return None  # the slope of a number is known for sums only
    for a in args:
        p = a.pending if type(a) is LongTracer else None
        if p is not None and (
            count + p.count > MOST or _again(a, args) or (type(tape) is not Tape)
        ):
            _run(a, p)
            p = None
        if p is None:
            now = now or isinstance(a, ndarray)
            parts.append(_place(a, leaves, kinds))
            continue
        parts.append(_grafted(p.tree, [_place(x, leaves, kinds) for x in p.leaves]))
        inner |= p.inner | {id(a)}
        count += p.count
        a.used = True
    if tape is None or len(leaves) > WIDEST:
        return None
    whole = _grafted(tree, parts)
    made = Pending(whole, _key(whole), leaves, tuple(kinds), frozenset(inner), count)
    if _kernel(made, False) is None:
        return None
    made.shape = shape
    r = new(LongTracer)
    r.grad = None
    r.tape = tape
    r.used = False
    r.pending = made
    if now:
        _run(r, made)
    return r


def _again(a: Any, args: tuple[Any, ...]) -> bool:
    """Was an array used before, by others than those that come with it here?"""
    if not a.used:
        return False
    return not any(
        type(b) is LongTracer and b is not a and b.pending is not None and id(a) in b.pending.inner
        for b in args
    )


def _place(x: Any, leaves: list[Any], kinds: list[Leaf]) -> int:
    """The number of a leaf, the same for the same array."""
    array = isinstance(x, (ArrayTracer, ndarray))
    if type(x) in (np.float64, np.int64):
        x = x.item()
    for i, y in enumerate(leaves):
        if x is y and array:
            return i
    leaves.append(x)
    traced = isinstance(x, ArrayTracer)
    if array:
        kinds.append(Leaf(traced, np.ones((1,) * x.ndim, x.dtype), ""))
    else:
        kinds.append(Leaf(False, type(x)(1), ""))
    return len(leaves) - 1


def _grafted(t: Any, parts: list[Any]) -> Any:
    """A tree with trees in place of its leaves."""
    if isinstance(t, Call):
        return Call(t.op, tuple([_grafted(a, parts) for a in t.args]))
    return parts[t] if isinstance(t, int) else t


def _key(t: Any) -> Any:
    """What tells trees apart."""
    if isinstance(t, Call):
        return (t.op, *map(_key, t.args))
    return t if isinstance(t, int) else (type(t.value), t.value)
