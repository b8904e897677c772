"""Gradients by tracing: the function runs on values that note on a tape what is done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import tuple_text
from juliette.compiler.closures import Box, ClosureBase
from juliette.packages.zygote import trees
from juliette.packages.zygote.errors import Refusal, unexplained
from juliette.packages.zygote.nodes import (
    TWINS,
    JuliaTape,
    as_sensitivity,
    plain,
    seed_from,
    to_julia,
)
from juliette.packages.zygote.structured import takes_seeds
from juliette.packages.zygote.tangents import gradient_of
from juliette.runtime import values as V
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch, ErrorException
from juliette.runtime.modules import Base
from juliette.runtime.world import TRACE
from juliette_engine import gradients
from juliette_engine.gradients import GradientError, check_output, lift, lower, project, seed_of
from juliette_engine.parameters import Grads, Params, key_of
from juliette_engine.tape import (
    LEVELS,
    Float32Tracer,
    FloatTracer,
    Kept,
    Node,
    backward,
    primal,
    step,
)

ndarray = np.ndarray


class Trace:
    """A level that is open: its tape, and the depth to restore."""

    __slots__ = ("depth", "tape")

    def __init__(self, kind: Any = JuliaTape, tape: Any = None, depth: int = 0) -> None:
        if tape is not None:
            self.tape, self.depth = tape, depth
            return
        self.tape = LEVELS.open(kind)
        self.tape.after = None
        self.depth = TRACE.depth
        TRACE.depth += 1

    def stop_recording(self) -> None:
        """The function has run: what it opened in place is closed."""
        TRACE.depth = self.depth
        if self.tape.after is not None:
            for f in self.tape.after:
                f()
            self.tape.after.clear()

    def close(self) -> None:
        """Leave the level."""
        self.stop_recording()
        LEVELS.close()

    def finish(self) -> None:
        """Forget the tape."""
        if self.tape.after is not None:
            for f in self.tape.at_end:
                f()
            self.tape.at_end.clear()
        self.tape.clear()


def below(y: Any, tape: Any) -> Any:
    """An output without the nodes of a tape, as a Julia value."""
    if type(y) is FloatTracer and y.tape is tape:
        return y.data
    if isinstance(y, Node):
        if y.tape is not tape:
            return y
        return y.below if y.nested else plain(y)
    return trees.outside(y, tape)


def release(f: Any, tape: Any) -> None:
    """Variables that a closure has set inside a gradient keep plain values."""
    for name in f.fields:
        x = getattr(f, name)
        if type(x) is Box:
            if hasattr(x, "value"):
                x.value = below(x.value, tape)
        elif isinstance(x, ClosureBase):
            release(x, tape)


def _loss(y: Any) -> Any:
    """The loss in an output: itself, or the first of a tuple."""
    if type(y) is tuple and y:
        return y[0]
    if isinstance(y, V.NamedTuple) and y.values:
        return y.values[0]
    return y


# The cotangents of the losses that are most common.
_SEEDS: dict[type, Any] = {FloatTracer: 1.0, Float32Tracer: np.float32(1)}


def explicit(f: Any, args: tuple[Any, ...], *, whole: bool) -> tuple[Any, Any]:
    """The value of `f(args...)` and the gradients of the arguments."""
    depth = TRACE.depth
    tape = LEVELS.open(JuliaTape)
    tape.after = None
    TRACE.depth = depth + 1
    try:
        traced = [lift(a, tape) for a in args]
        value = went_back(f(*traced), tape, depth, whole)
        return value, tuple([lower(t, a) for t, a in zip(traced, args, strict=True)])
    finally:
        leave(f, tape, depth)


def went_back(y: Any, tape: Any, depth: int, whole: bool) -> Any:
    """The plain value of an output, when its loss has been gone back from."""
    TRACE.depth = depth
    seed = _SEEDS.get(type(y))
    if seed is not None and y.tape is tape and tape.after is None:
        value = y.data
        backward(tape, y, seed)
        return value
    loss = _loss(y) if whole else y
    try:
        check_output(loss)
    except GradientError as e:
        raise ErrorException(str(e)) from None
    value = below(y, tape)
    Trace(tape=tape, depth=depth).stop_recording()
    go_back(tape, loss)
    return value


def leave(f: Any, tape: Any, depth: int) -> None:
    """Leave the level of a function, whatever has happened."""
    TRACE.depth = depth
    if isinstance(f, ClosureBase):
        release(f, tape)
    if tape.after is not None:
        trace = Trace(tape=tape, depth=depth)
        trace.stop_recording()
        trace.finish()
    LEVELS.close()
    tape.clear()


def go_back(tape: Any, loss: Any) -> None:
    """Walk back from a loss."""
    if isinstance(loss, Node) and loss.tape is tape:
        backward(tape, loss, seed_of(loss))
    else:
        for record in tape:
            if type(record[1]) is Refusal:
                step(record[0], 0.0, *record[1:])


def implicit(f: Any, ps: Params, *, whole: bool) -> tuple[Any, Grads]:
    """The value of `f()` and the gradients of parameters that it finds where they are."""
    depth = TRACE.depth
    tape = LEVELS.open(JuliaTape)
    tape.after = None
    TRACE.depth = depth + 1
    lent: list[Any] = []
    again: list[Any] = []  # what an outer trace has lent already, and wrappers
    found: dict[Any, Any] = {}
    try:
        for x in wrappers_first(ps):
            plain_class = type(x)
            cls = TWINS.get(plain_class)
            if cls is not None:
                x.__class__ = cls
                x.tape = tape
                x.grad = None
                lent.append((x, plain_class))
            else:
                pair = gradients._lookup(gradients.LENDERS, plain_class)
                if pair is None:
                    raise ErrorException(
                        "Only reference types can be differentiated with `Params`."
                    )
                again.append((x, pair[1], pair[0](x, tape)))
        value = went_back(f(), tape, depth, whole)
    finally:
        for x, plain_class in lent:
            g = x.grad
            if g is not None:
                data = x.data
                if (
                    type(g) is ndarray
                    and x.own
                    and g.dtype is data.dtype
                    and g.shape == data.shape
                    and g.flags.f_contiguous
                ):
                    g = plain_class(g)
                else:
                    g = project(g, x)
                    g = wrap(g) if type(g) is ndarray else g
            found[id(x)] = g
            x.__class__ = plain_class
            x.tape = x.grad = None
        for x, give_back, state in reversed(again):
            g = give_back(x, state)
            found[key_of(x)] = g
        leave(f, tape, depth)
    return value, Grads(ps, found)


def wrappers_first(ps: Params) -> Any:
    """Parameters in the order in which they are lent: what wraps an array lets go of it before the array is traced itself."""
    items = ps.items.values()
    return sorted(items, key=lambda x: not isinstance(x, V.Wrapper)) if ps.by_value else items


def run_on_tape(f: Any, args: tuple[Any, ...], *, whole: bool = False) -> tuple[Any, Any]:
    """The value and the gradient by tracing.

    What fails on values that no rule is made for fails without tracing too, most often, and is told
    as it is there.
    """
    params = len(args) == 1 and isinstance(args[0], Params)
    try:
        return implicit(f, args[0], whole=whole) if params else explicit(f, args, whole=whole)
    except Exception as e:
        if TRACE.depth or not unexplained(e):
            raise
        error = e
    y = f(*(() if params else args))
    check_output(_loss(y) if whole else y)
    raise error


def pulled_back(f: Any, args: tuple[Any, ...]) -> tuple[Any, Callable[[Any], Any]]:
    """The value and a function from a sensitivity to the gradients; it may be called again."""
    try:
        return pulled_back_on_tape(f, args)
    except Exception as e:
        if TRACE.depth or not unexplained(e):
            raise
        error = e
    f(*(() if len(args) == 1 and isinstance(args[0], Params) else args))
    raise error


def pulled_back_on_tape(f: Any, args: tuple[Any, ...]) -> tuple[Any, Callable[[Any], Any]]:
    params = args[0] if len(args) == 1 and isinstance(args[0], Params) else None
    trace = Trace()
    tape = trace.tape
    lent: list[Any] = []
    kept: dict[Any, Any] = {}  # the nodes of parameters, or wrappers around nodes, by their keys
    try:
        if params is not None:
            for x in wrappers_first(params):
                key = key_of(x)
                pair = gradients._lookup(gradients.LENDERS, type(x))
                if pair is None:
                    raise ErrorException(
                        "Only reference types can be differentiated with `Params`."
                    )
                state = pair[0](x, tape)
                lent.append((x, pair[1], state))
                # what is lent comes back when the function has run: records need nodes that stay
                kept[key] = (
                    trees.as_lent(x)
                    if isinstance(x, V.Wrapper)
                    else tape.over(x.below)
                    if x.nested
                    else tape.node(x.data)
                )
        traced = [] if params is not None else [lift(a, tape) for a in args]
        y = f() if params is not None else f(*traced)
        value = below(y, tape)
        y = takes_seeds(y)
        if params is not None:
            swap = {id(x): kept[id(x)] for x, _, _ in lent if isinstance(x, Node)}
            tape[:] = [_swapped(record, swap) for record in tape]
            if id(y) in swap:
                y = swap[id(y)]
    finally:
        while lent:
            x, give_back, state = lent.pop()
            give_back(x, state)
        if isinstance(f, ClosureBase):
            release(f, tape)  # a variable that holds a parameter goes on holding the same array
        trace.close()
    records = Kept(tape)

    def back(seed: Any) -> Any:
        nodes = list(kept.values()) if params is not None else traced
        gradients._reset(nodes)
        gradients._seed(
            y, fitting(seed_from(as_sensitivity(gradient_of(seed), y)), y), records.tape
        )
        gradients.run_back(records.tape)
        if params is not None:
            grads = {}
            for i, node in kept.items():
                if isinstance(node, Node):
                    g = gradients.project(node.grad, node)
                    grads[i] = wrap(g) if type(g) is ndarray else g
                else:
                    grads[i] = trees.lower_lent(node, params.items[i])
            out: Any = Grads(params, grads)
        else:
            out = tuple([lower(t, a) for t, a in zip(traced, args, strict=True)])
        gradients._reset(nodes)
        return out

    return value, back


def _swapped(record: Any, swap: dict[int, Any]) -> Any:
    """A record with other nodes in place of some."""

    def other(x: Any) -> Any:
        if isinstance(x, Node):
            return swap.get(id(x), x)
        if type(x) is tuple:
            return tuple([other(v) for v in x])
        if type(x) is list:
            return [other(v) for v in x]
        return x

    return (record[0], *[other(x) for x in record[1:]])


def fitting(seed: Any, y: Any) -> Any:
    """A sensitivity that has the form of the output."""
    g = primal(seed)
    if type(y) is tuple:
        if isinstance(g, (int, float, complex, np.generic, ndarray)):
            raise ArgumentError(
                f"the sensitivity of a tuple is a tuple or `nothing`, got {Base.bindings['repr'](plain(to_julia(seed)))}"
            )
    elif isinstance(y, Node) and type(g) is ndarray and g.size != np.size(y.data):
        raise DimensionMismatch(
            f"variable with size(x) == {tuple_text(np.shape(y.data))} cannot have a gradient with size(dx) == {tuple_text(g.shape)}"
        )
    return seed
