"""The tape: values under differentiation are its nodes, records lie in the order of recording.

The traced object *is* the node: a `Node` has `data` (the plain array or number, always directly),
`below` (the node of the level below; only `nested` classes have one), `tape`, `grad` and, for
arrays, `own` (whether `grad` may be added to in place; set whenever `grad` is).  Another language's array class becomes a
node class by inheriting from `Node` and having these slots; its tapes make such nodes, so that
nothing is converted between two operations.

A record is `(rule, out, a, b)`; `rule(g, out, a, b)` sends the cotangent `g` of `out` on to `a` and
`b`.  While walking back, records are popped: that frees intermediate arrays early and breaks the
cycles from nodes to the tape.  A Python float may stand for an array filled with it, so the
gradient of `sum` needs no array.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from gc import disable, enable, isenabled
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

ndarray = np.ndarray
Rule = Callable[[Any, Any, Any, Any], None]


class Node:
    """What all values under differentiation have in common."""

    __slots__ = ()
    nested: ClassVar[bool] = False
    data: Any
    below: Any
    tape: Any
    grad: Any
    own: bool

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The properties of arrays and the operators, which the modules of operators set."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data!r})"

    def __bool__(self) -> bool:
        return bool(self.data)

    def __hash__(self) -> int:
        return id(self)


Tracer = Node


class ArrayTracer(Node):
    """Stands for an ndarray."""

    __slots__ = ("below", "data", "grad", "own", "tape")


class NestedArrayTracer(ArrayTracer):
    """Stands for an ndarray that a level below traces, too."""

    __slots__ = ()
    nested = True


class ScalarTracer(Node):
    """Stands for a number."""

    __slots__ = ("below", "data", "grad", "tape")

    def __float__(self) -> float:
        """A number that was kept from a gradient, for Python's own functions; inside one there is no way around the tape."""
        if LEVELS.has(self.tape):
            raise TypeError(f"must be real number, not {type(self).__name__}")
        return float(self.data)


class FloatTracer(ScalarTracer):
    """Stands for a Python float."""

    __slots__ = ()


class IntTracer(ScalarTracer):
    """Stands for a Python int."""

    __slots__ = ()


class Float32Tracer(ScalarTracer):
    """Stands for a numpy float32."""

    __slots__ = ()


class Float16Tracer(ScalarTracer):
    """Stands for a numpy float16."""

    __slots__ = ()


class ComplexTracer(ScalarTracer):
    """Stands for a complex number."""

    __slots__ = ()


class Complex32Tracer(ScalarTracer):
    """Stands for a numpy complex64."""

    __slots__ = ()


class BoolTracer(ScalarTracer):
    """Stands for a bool."""

    __slots__ = ()


def _nested_of(cls: type) -> type:
    return type(
        "Nested" + cls.__name__, (cls,), {"__slots__": (), "nested": True, "__doc__": cls.__doc__}
    )


# The class of a scalar node by the class of its number; other number types may be added.
SCALARS: dict[type, type[Node]] = {
    float: FloatTracer,
    int: IntTracer,
    bool: BoolTracer,
    complex: ComplexTracer,
    np.float32: Float32Tracer,
    np.float16: Float16Tracer,
    np.complex64: Complex32Tracer,
    np.complex128: ComplexTracer,
    np.float64: FloatTracer,
    np.int64: IntTracer,
}
# Whole numbers of the other sizes: each stands for its own kind, and has gradients as an int has.
WHOLE: dict[type, type[Node]] = {
    c: type(
        c.__name__.capitalize() + "Tracer",
        (IntTracer,),
        {"__slots__": (), "__doc__": f"Stands for a numpy {c.__name__}."},
    )
    for c in (np.int8, np.int16, np.int32, np.uint8, np.uint16, np.uint32, np.uint64)
}
SCALARS.update(WHOLE)


def learned(x: Any) -> type[Node]:
    """The class of a node for a number of a class that came up only now."""
    LEARN(x)
    return SCALARS[type(x)]


def _unknown(x: Any) -> None:
    raise TypeError(f"cannot compute with a value of type {type(x).__name__}")


LEARN: Callable[[Any], Any] = _unknown


def set_learn(f: Callable[[Any], Any]) -> None:
    """Install what enters the class of a number of another library among `SCALARS`."""
    global LEARN
    LEARN = f


NESTED: dict[type, type[Node]] = {c: _nested_of(c) for c in set(SCALARS.values())}
_PLAIN_OF = {np.float64: float, np.int64: int, np.complex128: complex}


class Tape(list[Any]):
    """Records in order, for one trace at one level of nesting."""

    __slots__ = ("level",)
    level: int
    forward: ClassVar[bool] = False  # does it push changes forward instead of keeping records?
    array_class: ClassVar[Any] = staticmethod(lambda v: ArrayTracer)
    nested_array_class: ClassVar[Any] = staticmethod(lambda v: NestedArrayTracer)

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)

    def node(self, v: Any) -> Any:
        """A node for a plain array or number."""
        t = type(v)
        if t is ndarray:
            r = new(self.array_class(v))
        else:
            try:
                r = new(SCALARS[t])
            except KeyError:
                v = LEARN(v)
                t = type(v)
                r = new(SCALARS[t])
            plain = _PLAIN_OF.get(t)
            if plain is not None:
                v = plain(v)
        r.data = v
        r.grad = None
        r.tape = self
        return r

    def over(self, v: Any) -> Any:
        """A node for a value that may itself be traced by a level below."""
        if not isinstance(v, Node):
            return self.node(v)
        p = v.data
        r = new(self.nested_array_class(p)) if type(p) is ndarray else new(NESTED[SCALARS[type(p)]])
        r.data = p
        r.below = v
        r.grad = None
        r.tape = self
        return r


class Kept:
    """A tape that a pullback keeps.  When nobody can walk it any more, the cycles from its nodes back to it end."""

    __slots__ = ("tape",)

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def __del__(self) -> None:
        self.tape.clear()


new = object.__new__

# Arrays lent to an implicit trace, by identity: an operation that meets one uses its node.
IMPLICIT: dict[int, Node] = {}


def lent(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with nodes in place of lent arrays."""
    return tuple(IMPLICIT.get(id(a), a) for a in args)


def primal(x: Any) -> Any:
    """The plain value of a node `x`; other values as they are.

    Source: our own.
    """
    return x.data if isinstance(x, Node) else x


def raw(x: Any) -> Any:
    """What numpy computes with: the `data` of nodes and of other libraries' arrays."""
    if type(x) is ndarray or isinstance(x, (int, float, complex, np.generic)):
        return x
    return getattr(x, "data", x)


def strip(x: Any, tape: Tape) -> Any:
    """The value of an argument below the level of a tape."""
    if isinstance(x, Node):
        if x.tape is not tape:
            return x
        return x.below if x.nested else x.data
    return raw(x)


def top(args: tuple[Any, ...]) -> Tape | None:
    """The tape of the highest level among the arguments."""
    tape: Tape | None = None
    for a in args:
        if isinstance(a, Node) and (tape is None or a.tape.level > tape.level):
            tape = a.tape
    return tape


# ---------------------------------------------------------------- cotangents

# Set by `rules`: addition and the like for cotangents that are traced themselves.
ADD: Callable[[Any, Any], Any] = lambda a, b: a + b  # noqa: E731
UNBROADCAST: Callable[[Any, Any], Any] = lambda g, x: g  # noqa: E731


def set_cotangent_operations(add: Any, unbroadcast: Any) -> None:
    """Install the differentiable operations on cotangents."""
    global ADD, UNBROADCAST
    ADD, UNBROADCAST = add, unbroadcast


def acc(x: Any, g: Any) -> None:
    """Add a cotangent to an array node by reference: `g` may be shared."""
    h = x.grad
    if h is None:
        x.grad = g
        x.own = False
    elif x.own and type(g) is ndarray and g.dtype is h.dtype:
        h += g
    else:
        x.grad = h = h + g
        x.own = type(h) is ndarray


def give(x: Any, g: Any) -> None:
    """Add a cotangent to an array node that may keep and change it."""
    h = x.grad
    if h is None:
        x.grad = g
        x.own = type(g) is ndarray
    elif x.own and (type(g) is not ndarray or g.dtype is h.dtype):
        h += g
    else:
        x.grad = h = h + g
        x.own = type(h) is ndarray


def acc_number(x: Any, g: Any) -> None:
    """Add a cotangent to a scalar node."""
    h = x.grad
    x.grad = g if h is None else h + g


def acc_any(x: Any, g: Any) -> None:
    """Add a cotangent that may be traced, or None, to a node of any kind."""
    if g is None:
        return
    h = x.grad
    x.grad = g if h is None else ADD(h, g)
    if type(x.data) is ndarray:
        x.own = False


def full(g: Any, like: Any) -> Any:
    """A cotangent as an array, also if a number stands for it."""
    if type(g) is ndarray and g.shape == like.shape:
        return g
    kind = like.dtype if like.dtype.kind in "fc" else np.dtype(float)
    out = np.empty(like.shape, kind, order="F")
    out.fill(g)
    return out


# ---------------------------------------------------------------- walking back

# rule -> how it reads when the cotangent is traced by a level below: f(g, out, a, b)
TRACED_RULES: dict[Any, Rule] = {}
# rule -> the change of the output, from those of the arguments: f(tape, out, a, b); NotImplemented: the record is transposed
FORWARD_RULES: dict[Any, Callable[..., Any]] = {}
# rule -> how it reads when the record is kept for another time, if it would give away what the record holds
KEEPING_RULES: dict[Any, Rule] = {}
_NUMBERS = frozenset(
    (float, int, np.float32, ndarray, np.float64, np.float16, complex, np.complex64)
)


def backward(tape: Tape, out: Any, seed: Any) -> None:
    """Send the cotangent `seed` of `out` back, using the tape up."""
    out.grad = seed
    pop = tape.pop
    if tape.level == 1 and type(seed) in _NUMBERS:
        while tape:
            rule, r, a, b = pop()
            g = r.grad
            if g is not None:
                rule(g, r, a, b)
                r.grad = None
        return
    while tape:
        rule, r, a, b = pop()
        g = r.grad
        if g is not None:
            step(rule, g, r, a, b)
            r.grad = None


def step(rule: Rule, g: Any, r: Any, a: Any, b: Any) -> None:
    """One record, whose cotangent may be traced by a level below."""
    if type(g) not in _NUMBERS and isinstance(g, Node):
        rule = TRACED_RULES.get(rule, rule)
    rule(g, r, a, b)


def passes(g: Any, out: Any, a: Any, b: Any) -> None:
    """The rule of an operation that gives its argument as it is."""
    acc_any(a, g)


FORWARD_RULES[passes] = lambda tape, out, a, b: a.grad


# ---------------------------------------------------------------- open traces


class Levels:
    """The tapes of the traces that are open, the innermost last."""

    __slots__ = ("collecting", "tapes")

    def __init__(self) -> None:
        self.tapes: list[Tape] = []
        self.collecting = False

    @property
    def depth(self) -> int:
        """How many there are."""
        return len(self.tapes)

    def open(self, tape_class: type[Tape] = Tape) -> Any:
        """Enter a level.  The garbage collector rests meanwhile: a tape is all live objects."""
        tape = tape_class()
        tapes = self.tapes
        if not tapes:
            self.collecting = isenabled()
            if self.collecting:
                disable()
        tapes.append(tape)
        tape.level = len(tapes)
        return tape

    def close(self) -> None:
        """Leave it."""
        self.tapes.pop()
        if self.collecting and not self.tapes:
            enable()

    def has(self, tape: Tape) -> bool:
        """Is a tape's trace open?"""
        return any([t is tape for t in self.tapes])


LEVELS = Levels()


def keep_memory() -> None:
    """Have glibc keep freed memory: giving temporaries back and faulting them in costs more
    than computing with them.  Elsewhere nothing happens."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(-3, 1 << 30)
    mallopt(-1, 2**31 - 1)


keep_memory()
