"""Arrays that change in place while forward mode runs.

Going back over a change of an array is an error (`errors`); going forward it is none: the changes of
the new elements come with them.  An array that is assigned to becomes a traced array for as long as the
trace lasts, with a new value each time: the old one with some elements replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote.errors import OPEN
from juliette.packages.zygote.nodes import (
    PLAIN,
    nested_twin,
    plain,
    to_engine,
    to_julia,
    twin,
)
from juliette.packages.zygote.structured import holds_node
from juliette.runtime import broadcast as B
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.broadcast import check_destination
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette_engine import rules
from juliette_engine.tape import LEVELS, Node, primal

ndarray = np.ndarray


def forward_only() -> bool:
    """Is the innermost trace one of forward mode?"""
    return bool(LEVELS.tapes) and LEVELS.tapes[-1].forward


# ---------------------------------------------------------------- an array becomes another


def become(target: Any, node: Any) -> None:
    """Give an array the value of a node, until the node's trace is over."""
    if type(target) not in PLAIN:
        _restored(target, node.tape)
    cls = PLAIN.get(type(target), type(target))
    target.__class__ = nested_twin(cls) if node.nested else twin(cls)
    target.data, target.grad, target.tape, target.own = node.data, node.grad, node.tape, False
    if node.nested:
        target.below = node.below


def _restored(target: Any, tape: Any) -> None:
    """When a trace is over its array has the value of the level below."""
    cls = type(target)

    def back() -> None:
        if type(target) not in PLAIN or target.tape is not tape:
            return
        if target.nested:
            become(target, target.below)
            return
        data = target.data
        target.__class__ = cls
        del target.tape, target.grad
        target.data = data

    if tape.after is None:
        tape.after, tape.at_end = [], []
    tape.after.append(back)


def assign(target: Any, places: Any, value: Any) -> None:
    """Assign to the elements at linear positions (from 0): a number, or one for each position."""
    if isinstance(target, V.Wrapper):
        assign(target.parent, np.ravel(target.positions(), order="F")[places], value)
        return
    shape = target.data.shape
    whole = rules.reshape(to_engine(target), (int(np.prod(shape)),))
    value = to_engine(value)
    p = np.asarray(primal(value))
    if target.data.dtype.kind not in "fc":
        Base.bindings["convert"](
            target.eltype, plain(to_julia(value))
        )  # an error, where Julia has one
    if np.ndim(places) and not p.ndim:
        value = rules.mul(value, np.ones(np.shape(places)))
    elif p.ndim:
        value = rules.reshape(value, np.shape(places))
    if p.dtype != target.data.dtype:
        value = rules.cast(value, dtype=target.data.dtype)
    new = to_julia(rules.reshape(rules.updated(whole, value, index=places), shape))
    if isinstance(new, Node):
        become(target, new)
    else:
        target.data[...] = new.data


# ---------------------------------------------------------------- methods that change their first argument


def _set(target: Any, value: Any, *index: Any) -> Any:
    numbers = wrap(np.arange(int(np.prod(_shape(target)))).reshape(_shape(target), order="F"))
    chosen = Base.bindings["getindex"](numbers, *map(plain, index))
    if not isinstance(chosen, Array):
        assign(target, int(chosen), value)
    else:
        if isinstance(value, (Array, V.Wrapper)) and int(np.size(value.data)) != chosen.data.size:
            check_destination(value.data.shape, chosen.data.shape)
            raise ErrorException("sizes do not fit")
        assign(target, chosen.data.ravel(order="F"), value)
    return target


def _shape(a: Any) -> tuple[int, ...]:
    return a.shape if isinstance(a, V.Wrapper) else a.data.shape


def _all(target: Any, value: Any) -> Any:
    """`target .= value`"""
    value = to_engine(value.x if isinstance(value, V.Ref) else value)
    have, want = np.shape(primal(value)), _shape(target)
    if have and have != want:
        check_destination(have, want)
        value = rules.mul(value, np.ones(want))
    assign(target, np.arange(int(np.prod(want))), value)
    return target


def _grown(first: Callable[[Any, list[Any]], list[Any]]) -> Callable[..., Any]:
    def grow(target: Any, *values: Any) -> Any:
        parts = [rules.reshape(to_engine(v), (int(np.size(primal(to_engine(v)))),)) for v in values]
        new = rules.concatenate(first(to_engine(target), parts), 0)
        if np.asarray(primal(new)).dtype != target.data.dtype:
            new = rules.cast(new, dtype=target.data.dtype)
        become(target, to_julia(new))
        return target

    return grow


_after, _before = _grown(lambda x, parts: [x, *parts]), _grown(lambda x, parts: [*parts, x])


def _product(target: Any, a: Any, b: Any, α: Any = True, β: Any = False) -> Any:
    f = Base.bindings
    y = f["*"](a, b)
    if α is not True:
        y = f["*"](y, α)
    if β is not False:
        y = f["+"](y, f["*"](target, β))
    return _all(target, y)


# How methods run whose first argument changes; of the others there is nothing here.
FORWARD: dict[str, Callable[..., Any]] = {
    "setindex!": _set,
    "fill!": _all,
    "copyto!": lambda target, source: _all(target, source),
    "copy!": lambda target, source: _all(target, source),
    "push!": _after,
    "append!": _after,
    "pushfirst!": _before,
    "prepend!": lambda target, *xs: _before(target, *xs),
    "mul!": _product,
    "lmul!": lambda a, target: _all(target, Base.bindings["*"](a, target)),
    "rmul!": lambda target, b: _all(target, Base.bindings["*"](target, b)),
    "ldiv!": lambda target, a, b: _all(target, Base.bindings["\\"](a, b)),
    "map!": lambda f, target, *xs: _all(target, Base.bindings["map"](f, *xs)),
    "broadcast!": lambda f, target, *xs: _all(target, Base.bindings["broadcast"](f, *xs)),
    "cumsum!": lambda target, x: _all(target, Base.bindings["cumsum"](x)),
    "sort!": lambda target: _all(target, Base.bindings["sort"](target)),
    "reverse!": lambda target: _all(target, Base.bindings["reverse"](target)),
}


# Methods that take elements out, put some in or change their order, and which of their other arguments are elements.
MOVING: dict[str, tuple[int, ...]] = {
    "insert!": (1,), "splice!": (1,), "deleteat!": (), "pop!": (), "popfirst!": (), "resize!": (), "keepat!": (), "empty!": (),
    "circshift!": (0,), "permute!": (), "invpermute!": (), "copyto!": (1, 2),
}  # fmt: skip


def moved(name: str, target: Any, args: tuple[Any, ...]) -> Any:
    """Such a method, told by what it does to the numbers of the elements."""
    parts = [rules.reshape(to_engine(target), (target.data.size,))]
    count = target.data.size
    given = []
    for i, a in enumerate(args):
        a = plain(a) if i not in MOVING[name] else a
        p = np.asarray(primal(to_engine(a))) if i in MOVING[name] else None
        if p is None or (name == "copyto!" and not p.ndim):
            given.append(plain(a))
            continue
        parts.append(
            rules.reshape(to_engine(a), (p.size,))
            if p.ndim
            else rules.stack_scalars([to_engine(a)], (1,))
        )
        numbers = np.arange(count, count + p.size).reshape(p.shape, order="F")
        given.append(wrap(numbers) if p.ndim else count)
        count += p.size
    numbered = wrap(np.arange(target.data.size).reshape(target.data.shape, order="F"))
    depth, TRACE.depth = TRACE.depth, 0
    try:
        out = Base.bindings[name](numbered, *given)
    finally:
        TRACE.depth = depth
    whole = rules.concatenate(parts, 0)
    if np.asarray(primal(whole)).dtype != target.data.dtype:
        whole = rules.cast(whole, dtype=target.data.dtype)
    new = to_julia(rules.getitem(whole, numbered.data))
    become(target, new) if isinstance(new, Node) else setattr(target, "data", new.data)
    if out is numbered:
        return target
    return to_julia(rules.getitem(whole, out.data if isinstance(out, Array) else out))


def changed_forward(name: str, f: Any, args: tuple[Any, ...]) -> Any:
    """Run a method that changes an array, where changes are carried forward."""
    if not any(map(holds_node, args)):
        return f(*args)
    run = FORWARD.get(name)
    if name in MOVING and (run is None or len(args) > 2):
        run = lambda target, *rest: moved(name, target, rest)  # noqa: E731
    if run is None:
        raise ErrorException(
            f"`{name}` of arrays that are differentiated is not there in forward mode."
        )
    OPEN.ignoring += 1
    try:
        return run(*args)
    finally:
        OPEN.ignoring -= 1


def dotted_forward(dest: Any) -> Any:
    """How `dest .= tree` runs: the whole array is assigned."""

    def run(tree: Any) -> Any:
        return _all(dest, B.materialize(tree))

    return run
