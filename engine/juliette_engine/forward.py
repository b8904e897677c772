"""Forward mode: each operation's change is computed as it happens.

The tape of a forward level keeps no records.  A record that is appended is pushed at once: the
changes of its arguments give the change of its value, which the node keeps in `grad`.  The table of
rules serves both directions:

- of an elementwise operation the cotangent is a slope times `g`; with the change of the argument for
  `g` it is the change of the value (where numbers are complex, operations without a complex slope say
  their change themselves);
- a primitive says its change beside its cotangents (`change=`), if it pays;
- any other record is transposed: its step back is traced, and walked back in turn.

A change has the shape of its value and one more dimension at the end, for several directions at a
time; with `suffix == ()` there is one direction and no such dimension.  Changes are never altered.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from juliette_engine import elementwise as E
from juliette_engine import primitive
from juliette_engine import primitives as P
from juliette_engine import tape as T
from juliette_engine.changes import plus, zero_change
from juliette_engine.fusion import Call, Fixed
from juliette_engine.program import NAMESPACE, Program, Value
from juliette_engine.tape import FORWARD_RULES, LEVELS, Node, Tape

ndarray = np.ndarray


# What a rule says that has given the output its change itself, or has nothing to give it to.
PUSHED = object()


class Forward:
    """What the tapes of forward levels have in common."""

    __slots__ = ()
    forward: ClassVar[bool] = True
    reverse: ClassVar[Any] = (
        Tape  # makes the tape of a reverse level with nodes of the same classes
    )
    suffix: tuple[int, ...]

    def append(self, record: Any) -> None:
        """Push a record: give its output its change."""
        rule, out, a, b = record
        push = FORWARD_RULES.get(rule)
        if push is not None:
            d = push(self, out, a, b)
            if d is not PUSHED:
                out.grad = d if d is not NotImplemented else transposed(self, rule, out, a, b)
        elif isinstance(out, Node):
            out.grad = transposed(self, rule, out, a, b)


class ForwardTape(Forward, Tape):
    """The tape of a forward level."""

    __slots__ = ("suffix",)


# ---------------------------------------------------------------- changes


def value_of(x: Any) -> Any:
    """The value of a node below its level."""
    return x.below if x.nested else x.data


def change_of(x: Any, tape: Any) -> Any:
    """The change of an argument; None if it has none."""
    return x.grad if isinstance(x, Node) and x.tape is tape else None


def spread(d: Any, have: tuple[int, ...], want: tuple[int, ...], suffix: tuple[int, ...]) -> Any:
    """A change of an array of one shape as that of the array that it is broadcast to."""
    n = len(have)
    if n < len(want) and (n or suffix):
        d = P.reshape(d, (*have, *(1,) * (len(want) - n), *suffix))
    full = (*want, *suffix)
    if primitive.shape(d) == full:
        return d
    if isinstance(d, Node):
        return E.mul(d, np.ones(full, np.asarray(T.primal(d)).dtype, order="F"))
    return np.asfortranarray(np.broadcast_to(d, full))


# ---------------------------------------------------------------- elementwise operations


def elementwise_change(
    op: Any, y: Any, args: tuple[Any, ...], changes: Any, suffix: tuple[int, ...]
) -> Any:
    """The change of an elementwise operation's value."""
    rule = op.tree_rule(args)
    moving = [i for i, d in enumerate(changes) if d is not None and rule.partials[i] is not None]
    if not moving:
        return None
    shape = primitive.shape(y)
    if not any([isinstance(v, Node) for v in args]) and not any(
        [isinstance(changes[i], Node) for i in moving]
    ):
        return _plain_change(op, y, args, changes, moving, suffix)
    total = None
    for i in moving:
        d = spread_to(changes[i], args[i], shape, suffix)
        total = plus(total, E.recorded(text_of(rule, i), rule.names)(*args, y, d))
    return spread(total, shape, shape, suffix)


def spread_to(d: Any, x: Any, shape: tuple[int, ...], suffix: tuple[int, ...]) -> Any:
    """A change with dimensions where broadcasting adds them to its value."""
    have = primitive.shape(x)
    if len(have) == len(shape) or not (have or suffix):
        return d
    return P.reshape(d, (*have, *(1,) * (len(shape) - len(have)), *suffix))


def text_of(rule: Any, i: int) -> str:
    """A rule's change along its i-th argument, as an expression in `g`."""
    return rule.changes[i] if rule.changes else rule.partials[i]  # type: ignore[no-any-return]


_COMPILED: dict[Any, Callable[..., Any]] = {}


def _plain_change(
    op: Any, y: Any, args: tuple[Any, ...], changes: Any, moving: list[int], suffix: Any
) -> Any:
    """The same on plain values: compiled once for each kind of arguments."""
    whole = (
        args[1] if isinstance(op, E.Power) and type(args[1]) is int and changes[1] is None else None
    )  # whole exponents have rules of their own
    key = (op, whole, len(suffix), *map(E.kind, args), *moving)
    f = _COMPILED.get(key)
    if f is None:
        tree = Call(
            op,
            tuple([Fixed(whole) if i == 1 and whole is not None else i for i in range(len(args))]),
        )
        samples = [E.sample(a) if type(a) is ndarray else type(a)(1) for a in args]
        p = ChangeProgram(tree, samples, y, moving, len(suffix), False)
        names = ", ".join([f"a{i}" for i in range(len(args))] + [f"g{i}" for i in moving])
        text = "\n    ".join([f"def change(y, suffix, {names}):", *p.lines])
        space = {**NAMESPACE, **p.program.constants, **p.names}
        exec(compile(text, "<change>", "exec"), space)
        f = _COMPILED[key] = space["change"]
    return f(y, suffix, *args, *[changes[i] for i in moving])


class ChangeProgram:
    """Python for the change of a tree's value `y`, from leaves `a0`, `a1`, … and the changes `g0`, `g1`, … of some.

    `samples` are numbers or arrays of ones of the leaves' kinds, `width` is the number of dimensions of `suffix`.
    """

    def __init__(
        self, tree: Any, samples: list[Any], y: Any, moving: list[int], width: int, julia: bool
    ) -> None:
        self.program = p = Program(julia)
        self.lines: list[str] = []
        self.names = {
            "ndarray": ndarray,
            "asfortranarray": np.asfortranarray,
            "broadcast_to": np.broadcast_to,
        }
        dims = [x.ndim if type(x) is ndarray else -1 for x in samples]
        n = max([0, *dims])
        whole = (1,) * (n + width)
        self.slots = []
        for i, x in enumerate(samples):
            array = type(x) is ndarray
            self.slots.append(Value(f"a{i}", np.ones(whole, x.dtype) if array else x, array))
            if array and n + width:
                self.beside(i, dims[i], n, width)
        self.changes: list[Value | None] = [None] * len(dims)
        for i in moving:
            array = n + width > 0 and (dims[i] >= 0 or width > 0)
            kind = inexact(samples[i])
            one = 1.0 if kind.char == "d" else kind.type(1)
            self.changes[i] = Value(f"g{i}", np.ones(whole, kind) if array else one, array)
            self.line_up(i, dims[i], n, width)
        array = type(y) is ndarray
        if array:
            self.lines.append(
                f"shape = y.shape; y = y.reshape(shape + (1,) * {width})"
                if width
                else "shape = y.shape"
            )
        self.y = Value("y", np.ones(whole, y.dtype) if array else y, array)
        change = self.walk(tree, True)[1]
        assert change is not None
        self.lines += p.write(set(), reuse=False)
        d = change.name
        if array or width:
            full = ("shape + suffix" if width else "shape") if array else "suffix"
            self.lines.append(f"d = {d}; full = {full}")
            self.lines.append(
                "return d if type(d) is ndarray and d.shape == full else asfortranarray(broadcast_to(d, full))"
            )
        else:
            self.lines.append(f"return {d}")

    def beside(self, i: int, d: int, n: int, width: int) -> None:
        """Values stand beside changes, which have more dimensions at the end."""
        if d < n + width:
            self.lines.append(
                f"s{i} = a{i}.shape; a{i} = a{i}.reshape(s{i} + (1,) * ({n + width} - len(s{i})))"
            )

    def line_up(self, i: int, d: int, n: int, width: int) -> None:
        """Changes of values with fewer dimensions get them before those of the directions."""
        if d < 0 and n and width:
            self.lines.append(f"g{i} = g{i}.reshape({(1,) * n} + suffix)")
        elif 0 <= d < n:
            self.lines.append(
                f"g{i} = g{i}.reshape(s{i} + {(1,) * (n - d)}{' + suffix' if width else ''})"
            )

    def walk(self, t: Any, root: bool = False) -> tuple[Value, Value | None]:
        """The value and the change of a part of the tree."""
        p = self.program
        if isinstance(t, Fixed):
            return p.constant(t.value), None
        if isinstance(t, int):
            return self.slots[t], self.changes[t]
        kids = [self.walk(a) for a in t.args]
        args = [v for v, _ in kids]
        rule = t.op.rule_for(args)
        env = dict(zip(rule.names, args, strict=True))
        env["y"] = y = self.y if root else p.expression(rule.forward, env)
        total: Value | None = None
        for i, (_, d) in enumerate(kids):
            if d is not None and rule.partials[i] is not None:
                term = p.expression(text_of(rule, i), {**env, "g": d})
                total = term if total is None else p.op("+", total, term)
        return y, total


def tree_change(tree: Any, values: Any, changes: Any, suffix: tuple[int, ...]) -> Any:
    """The change of a tree of elementwise calls."""

    def walk(t: Any) -> tuple[Any, Any]:
        if isinstance(t, Fixed):
            return t.value, None
        if isinstance(t, int):
            return values[t], changes[t]
        kids = [walk(a) for a in t.args]
        args = tuple([k[0] for k in kids])
        y = t.op(*args)
        return y, elementwise_change(t.op, y, args, [k[1] for k in kids], suffix)

    return walk(tree)[1]


# ---------------------------------------------------------------- any other record


def nodes_in(x: Any, tape: Any, found: list[Any]) -> list[Any]:
    """The nodes of a tape in what a record holds, each once."""
    if isinstance(x, Node):
        if x.tape is tape and not any([x is v for v in found]):
            found.append(x)
    elif type(x) in (tuple, list):
        for v in x:
            nodes_in(v, tape, found)
    return found


def transposed(tape: Any, rule: Any, out: Any, a: Any, b: Any) -> Any:
    """The change of a record's output by its step back, which is linear in the cotangent: the transpose of it."""
    nodes = nodes_in(b, tape, nodes_in(a, tape, []))
    moving = [(x, x.grad) for x in nodes if x.grad is not None]
    if not moving:
        return None
    from juliette_engine import gradients

    above = LEVELS.open(tape.reverse)
    found = []
    try:
        g = above.over(zero_change(value_of(out), ()))
        for x in nodes:
            x.grad = None
        try:
            T.step(rule, g, out, a, b)
            found = [(x.grad, d) for x, d in moving]
        finally:
            for x in nodes:
                x.grad = None
            for x, d in moving:
                x.grad = d
    finally:
        LEVELS.close()
    found = [(h, d) for h, d in found if isinstance(h, Node) and h.tape is above]
    parts = []
    for j in range(tape.suffix[0]) if tape.suffix else (None,):
        for h, d in found:
            T.acc_any(h, d if j is None else P.getitem(d, (..., j)))
        gradients.run_back(above)
        parts.append(
            zero_change(value_of(out), ())
            if g.grad is None
            else primitive.spread_like(g.grad, out.data)
        )
        g.grad = None
    above.clear()
    return parts[0] if not tape.suffix else stacked(parts, tape.suffix)


def stacked(parts: list[Any], suffix: tuple[int, ...]) -> Any:
    """Changes in one direction each as one in all."""
    if not primitive.shape(parts[0]):
        return P.stack_scalars(parts, suffix)
    return P.concatenate(
        [P.reshape(p, (*primitive.shape(p), 1)) for p in parts], len(primitive.shape(parts[0]))
    )


# ---------------------------------------------------------------- asking for changes


def directions(x: Any, start: int = 0, stop: int | None = None) -> Any:
    """Changes of an array, one element each: those of the elements from `start` to `stop` in Fortran order."""
    shape = primitive.shape(x)
    p = T.raw(T.primal(x))
    kind = (
        p.dtype
        if type(p) is ndarray and p.dtype.kind == "f"
        else type(p)
        if isinstance(p, np.floating)
        else float
    )
    n = math.prod(shape)
    stop = n if stop is None else stop
    return np.eye(n, dtype=kind)[:, start:stop].reshape((*shape, stop - start), order="F")


def inexact(x: Any) -> Any:
    """The kind of numbers that changes of a value have."""
    kind = np.asarray(x).dtype
    return kind if kind.kind in "fc" else np.dtype(float)


# So many directions go at a time.
CHUNK = 64


def pushed(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    changes: tuple[Any, ...],
    suffix: tuple[int, ...] = (),
) -> tuple[Any, Any]:
    """`f(*args)`, of numbers and arrays, and its change along changes of them.

    >>> pushed(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    from juliette_engine.gradients import below

    tape = LEVELS.open(ForwardTape)
    tape.suffix = suffix
    try:
        traced = [a if d is None else tape.over(a) for a, d in zip(args, changes, strict=True)]
        for t, d in zip(traced, changes, strict=True):
            if d is not None:
                t.grad = d
        y = f(*traced)
    finally:
        LEVELS.close()
    return below(y, tape), change_in(y, tape, suffix)


def change_in(y: Any, tape: Any, suffix: tuple[int, ...]) -> Any:
    """The change of an output that may be a tuple."""
    if type(y) is tuple:
        return tuple([change_in(v, tape, suffix) for v in y])
    d = change_of(y, tape)
    return zero_change(y, suffix) if d is None else d


def forward_jacobian(f: Callable[..., Any], x: Any, push: Any = pushed) -> tuple[Any, Any]:
    """`f(x)` and its derivatives: a number for numbers, a matrix with a column for each element of an array `x`.

    Of a value that is a number the derivatives are a row; `push` runs it, as `pushed` does.
    """
    n = math.prod(primitive.shape(x))
    p = T.raw(T.primal(x))
    if type(p) is not ndarray:
        return push(f, (x,), (unit(p),))  # type: ignore[no-any-return]
    y, parts = None, []
    for start in range(0, max(n, 1), CHUNK):
        d = directions(x, start, min(start + CHUNK, n))
        y, change = push(f, (x,), (d,), primitive.shape(d)[-1:])
        parts.append(P.reshape(change, (math.prod(primitive.shape(y)), primitive.shape(d)[-1])))
    return y, parts[0] if len(parts) == 1 else P.concatenate(parts, 1)


def forward_diagonal(f: Callable[..., Any], x: Any, push: Any = pushed) -> Any:
    """The derivative of each element of `f(x)` in the element of `x` that has its place."""
    h = forward_jacobian(f, x, push)[1]
    shape = primitive.shape(x)
    if not shape:
        return h
    n = np.arange(math.prod(shape))
    return P.reshape(P.getitem(h, (n, n)), shape)


def unit(p: Any) -> Any:
    """One, as the change of a number."""
    return type(p)(1) if isinstance(p, np.inexact) else 1.0
