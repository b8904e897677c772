"""Tracers and the tape: a linear list in recording order, walked backward once.

A tracer's value may be a tracer of a lower level, so gradients nest: rules are made of the same
operations, and what they compute on the outer level is recorded there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Pullback = Callable[[Any], tuple[Any, ...]]


class Tape:
    """Records `(output, inputs, pullback)` in order."""

    __slots__ = ("level", "records")

    def __init__(self, level: int) -> None:
        self.level = level
        self.records: list[tuple[Tracer, tuple[Any, ...], Pullback]] = []


class Tracer:
    """A value under differentiation; the class says what kind of value it is."""

    __slots__ = ("grad", "tape", "value")

    def __init__(self, value: Any, tape: Tape) -> None:
        self.value = value
        self.tape = tape
        self.grad: Any = None

    @property
    def data(self) -> Any:
        """The plain value under all levels."""
        return primal(self)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(primal(self))

    @property
    def T(self) -> Any:
        from juliette_engine import rules

        return rules.transpose(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __len__(self) -> int:
        return len(primal(self))

    def __float__(self) -> float:
        return float(primal(self))

    def __bool__(self) -> bool:
        return bool(primal(self))

    def __lt__(self, other: Any) -> Any:
        return primal(self) < primal(other)

    def __le__(self, other: Any) -> Any:
        return primal(self) <= primal(other)

    def __gt__(self, other: Any) -> Any:
        return primal(self) > primal(other)

    def __ge__(self, other: Any) -> Any:
        return primal(self) >= primal(other)


class ArrayTracer(Tracer):
    """Stands for an ndarray."""

    __slots__ = ()


class FloatTracer(Tracer):
    """Stands for a Python float."""

    __slots__ = ()


class IntTracer(Tracer):
    """Stands for a Python int."""

    __slots__ = ()


class Float32Tracer(Tracer):
    """Stands for a numpy float32."""

    __slots__ = ()


class BoolTracer(Tracer):
    """Stands for a bool."""

    __slots__ = ()


_CLASS: dict[type, type[Tracer]] = {
    np.ndarray: ArrayTracer,
    float: FloatTracer,
    int: IntTracer,
    np.float32: Float32Tracer,
    np.float64: FloatTracer,
    np.int64: IntTracer,
    bool: BoolTracer,
}


# Arrays lent to an implicit trace, by identity: an operation that meets one uses its tracer.
IMPLICIT: dict[int, Tracer] = {}


def lent(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with tracers in place of lent arrays."""
    return tuple(IMPLICIT.get(id(a), a) for a in args)


def primal(x: Any) -> Any:
    """The plain value under all tracers."""
    while isinstance(x, Tracer):
        x = x.value
    return x


def make(value: Any, tape: Tape) -> Tracer:
    """A tracer of the right kind for a value."""
    return _CLASS[type(primal(value))](value, tape)


def top(args: tuple[Any, ...]) -> Tape | None:
    """The tape of the highest level among the arguments."""
    tape: Tape | None = None
    for a in args:
        if isinstance(a, Tracer) and (tape is None or a.tape.level > tape.level):
            tape = a.tape
    return tape


def record(tape: Tape, value: Any, inputs: tuple[Any, ...], pullback: Pullback) -> Tracer:
    """Note an operation; `pullback(ȳ)` gives a cotangent (or None) for each input."""
    out = make(value, tape)
    tape.records.append((out, inputs, pullback))
    return out


def strip(x: Any, tape: Tape) -> Any:
    """The value of an argument below the level of a tape."""
    return x.value if isinstance(x, Tracer) and x.tape is tape else x


def backward(tape: Tape, out: Tracer, seed: Any, add: Callable[[Any, Any], Any]) -> None:
    """Send a cotangent from `out` back to all tracers of the tape."""
    out.grad = seed if out.grad is None else add(out.grad, seed)
    for y, inputs, pullback in reversed(tape.records):
        g = y.grad
        if g is None:
            continue
        for x, dx in zip(inputs, pullback(g), strict=True):
            if dx is not None and isinstance(x, Tracer) and x.tape is tape:
                x.grad = dx if x.grad is None else add(x.grad, dx)
        if y is not out:
            y.grad = None
