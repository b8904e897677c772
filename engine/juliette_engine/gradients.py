"""Gradients of functions over trees of arrays and numbers, explicit and implicit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import primitive, trees
from juliette_engine import primitives as P
from juliette_engine import tape as T
from juliette_engine.elementwise import real
from juliette_engine.numeric import ONES, OTHERS
from juliette_engine.parameters import Grads as Grads
from juliette_engine.parameters import Params as Params
from juliette_engine.tape import (
    IMPLICIT,
    LEVELS,
    SCALARS,
    Node,
    Tape,
    backward,
    primal,
)
from juliette_engine.text import array_text

ndarray = np.ndarray


class GradientError(Exception):
    """The output cannot be differentiated; the message is Zygote's.

    Source: Zygote.
    """


class ForeignCall(GradientError, TypeError):
    """A function that is not differentiated was called with traced values.

    Source: Zygote.
    """


# How values of other libraries open: class -> (lift(x, tape) -> traced, lower(traced, x) -> gradient).
LIFTERS: dict[type, tuple[Callable[[Any, Tape], Any], Callable[[Any, Any], Any]]] = {}
# Parameters of other libraries: class -> (lend(x, tape) -> what to give back, give_back(x, that),
# node_of(x) while lent).
LENDERS: dict[type, tuple[Callable[[Any, Tape], Any], Callable[[Any, Any], Any]]] = {}
_FOUND: dict[tuple[int, type], Any] = {}


def register_lifter(
    cls: type, lift: Callable[[Any, Tape], Any], lower: Callable[[Any, Any], Any]
) -> None:
    """Open values of a class `cls` for differentiation: `lift` opens one, `lower` closes its gradient.

    Source: our own.
    """
    LIFTERS[cls] = (lift, lower)
    _FOUND.clear()
    _LIFT.clear()
    _LOWER.clear()


def register_lender(
    cls: type, lend: Callable[[Any, Tape], Any], give_back: Callable[[Any, Any], Any]
) -> None:
    """Let parameters of a class `cls` be traced in place.

    `lend(x, tape)` makes `x` a node and returns what `give_back(x, that)` needs to make it plain
    again; `give_back` returns the node, or something with its `grad` and `data`.

    Source: our own.
    """
    LENDERS[cls] = (lend, give_back)
    _FOUND.clear()


# The same, made for each class under a class: class -> (f(class) -> (lift, lower), or None for the general ones).
MAKERS: dict[type, Callable[[type], tuple[Any, Any] | None]] = {}


def _lookup(table: dict[type, Any], cls: type) -> Any:
    key = (id(table), cls)
    if key in _FOUND:
        return _FOUND[key]
    found = None
    for c in cls.__mro__:
        if c in table:
            found = table[c]
            break
    _FOUND[key] = found
    return found


def lift(x: Any, tape: Tape) -> Any:
    """The traced form of an argument."""
    return lifter_of(type(x))(x, tape)


_LIFT: dict[type, Callable[[Any, Tape], Any]] = {}
_LOWER: dict[type, Callable[[Any, Any], Any]] = {}


def openers(t: type) -> Any:
    """How values of a class of another library open, and how their gradients are read off; None if unknown."""
    maker = _lookup(MAKERS, t)
    return (None if maker is None else maker(t)) or _lookup(LIFTERS, t)


def lifter_of(t: type) -> Callable[[Any, Tape], Any]:
    """How values of a class open, looked up once."""
    f = _LIFT.get(t)
    if f is None:
        f = _LIFT[t] = _lifter(t)
    return f


def lowerer_of(t: type) -> Callable[[Any, Any], Any]:
    """How gradients of values of a class are read off, looked up once."""
    f = _LOWER.get(t)
    if f is None:
        f = _LOWER[t] = _lowerer(t)
    return f


def _lifter(t: type) -> Callable[[Any, Tape], Any]:
    """How values of a class open."""
    if t is bool or t is type(None) or t is str:
        return lambda x, tape: x
    found = openers(t)
    if found is not None:
        return found[0]  # type: ignore[no-any-return]
    if issubclass(t, Node):
        return lambda x, tape: tape.over(x)
    if t is ndarray:

        def open_array(x: Any, tape: Tape) -> Any:
            if x.dtype.kind not in "fiuc":
                return x
            r: Any = T.new(T.ArrayTracer if type(tape) is Tape else tape.array_class(x))
            r.data = x
            r.grad = None
            r.tape = tape
            return r

        return open_array
    if t in SCALARS:
        return lambda x, tape: tape.node(x)
    if t is tuple:
        return lambda x, tape: tuple([lifter_of(type(v))(v, tape) for v in x])
    if t is list:
        return lambda x, tape: [lift(v, tape) for v in x]
    if t is dict:
        return lambda x, tape: {k: lift(v, tape) for k, v in x.items()}
    return lambda x, tape: x


def lower(traced: Any, x: Any) -> Any:
    """The gradient that arrived at an argument, in the shape of the argument."""
    return lowerer_of(type(x))(traced, x)


def _lowerer(t: type) -> Callable[[Any, Any], Any]:
    """How the gradient of values of a class is read off."""
    found = openers(t)
    if found is not None:
        return found[1]  # type: ignore[no-any-return]
    if t is tuple or t is list:

        def parts(traced: Any, x: Any) -> Any:
            out = [lower(a, b) for a, b in zip(traced, x, strict=True)]
            if all([p is None for p in out]):
                return None
            return tuple(out) if t is tuple else out

        return parts
    if t is dict:

        def items(traced: Any, x: Any) -> Any:
            out = {k: lower(traced[k], v) for k, v in x.items()}
            return None if all(v is None for v in out.values()) else out

        return items
    if t is ndarray:
        return _array_gradient
    return lambda traced, x: (
        project(traced.grad, traced) if isinstance(traced, Node) and traced is not x else None
    )


def _array_gradient(traced: Any, x: Any) -> Any:
    """The gradient of an array, of its kind."""
    if traced is x:
        return None
    g = traced.grad
    if (
        type(g) is ndarray
        and traced.own
        and g.dtype is x.dtype
        and g.shape == x.shape
        and g.flags.f_contiguous
    ):
        return g
    return project(g, traced) if isinstance(traced, Node) else None


def project(g: Any, node: Any) -> Any:
    """A cotangent of the argument's kind: integers get floats, Float32 stays Float32."""
    if g is None:
        return None
    like = node.data
    if isinstance(g, Node):
        if np.iscomplexobj(primal(g)) and not np.iscomplexobj(primal(like)):
            g = real(g)
        return P.unbroadcast(g, like) if primitive.shape(g) != np.shape(like) else g
    if type(like) is ndarray:
        dtype = like.dtype if like.dtype.kind in "fc" else _FLOAT
        if type(g) is not ndarray or g.shape != like.shape:
            out = np.empty(like.shape, dtype, order="F")
            out[...] = g
            return out
        if g.dtype.kind == "c" and dtype.kind != "c":
            g = g.real
        if g.dtype is dtype and node.own and g.flags.f_contiguous:
            return g
        return np.array(g, dtype=dtype, order="F")
    t = type(like)
    if t is float or t is int or t in T.WHOLE:
        if t is not float and type(g) in ONES and type(g) not in OTHERS:
            return g
        return float(g.real if isinstance(g, complex) else g)
    if t is complex:
        return complex(g)
    if t in OTHERS and type(g) is not t:
        return ONES[t] * g
    return t(g.real if isinstance(g, complex) else g) if isinstance(like, np.floating) else g


_FLOAT = np.dtype(float)
_GOOD = frozenset((float, int, np.float32, np.float64, np.float16))


def check_output(y: Any) -> None:
    """Only a real scalar has a gradient."""
    p = y.data if isinstance(y, Node) else y
    if type(p) in _GOOD or (
        type(p) in SCALARS and not isinstance(p, (complex, np.complexfloating))
    ):
        return
    if isinstance(p, (bool, np.number)) and not isinstance(p, (complex, np.complexfloating)):
        return
    if isinstance(p, ndarray) or (hasattr(p, "data") and hasattr(p, "eltype")):
        raise GradientError(
            "Output is an array, so the gradient is not defined. Perhaps you wanted jacobian."
        )
    if isinstance(p, (complex, np.complexfloating)):
        raise GradientError("Output is complex, so the gradient is not defined.")
    raise GradientError(
        f"Output should be scalar; gradients are not defined for output {show_output(p)}"
    )


def _show_output(x: Any) -> str:
    return "nothing" if x is None else repr(x)


show_output: Callable[[Any], str] = _show_output


def set_show_output(f: Callable[[Any], str]) -> None:
    """Install how a value is written in an error."""
    global show_output
    show_output = f


def seed_of(y: Any) -> Any:
    """One, of the kind of a scalar output."""
    p = y.data
    one = ONES.get(type(p))
    if one is not None:
        return one
    return type(p)(1) if isinstance(p, np.inexact) else 1.0


def pullback(
    f: Callable[..., Any], *args: Any, tape_class: type[Tape] = Tape
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`f(*args)`, and the function from a cotangent of it to cotangents of the arguments.

    That function may be called again and again.  The output may be a number, an array, or a tuple,
    list or dict of them; the cotangent has the same form, with None for no cotangent.

    Source: Zygote, `pullback`.
    """
    tape = LEVELS.open(tape_class)
    try:
        traced = [lift(a, tape) for a in args]
        y = f(*traced)
    finally:
        LEVELS.close()
    kept = T.Kept(tape)

    def back(seed: Any) -> tuple[Any, ...]:
        _reset(traced)
        _seed(y, seed, kept.tape)
        run_back(kept.tape)
        out = tuple([lower(t, a) for t, a in zip(traced, args, strict=True)])
        _reset(traced)
        return out

    return below(y, tape), back


def run_back(tape: Tape) -> None:
    """Walk back over a tape whose outputs have their cotangents already, keeping the tape."""
    for rule, r, a, b in reversed(tape):
        g = r.grad
        if g is not None:
            T.step(T.KEEPING_RULES.get(rule, rule), g, r, a, b)
            r.grad = None


def _seed(y: Any, seed: Any, tape: Tape) -> None:
    """Give outputs their cotangents."""
    if seed is None:
        return
    if isinstance(y, Node):
        if y.tape is tape:
            T.acc_any(y, seed)
    elif type(y) in (tuple, list):
        for a, b in zip(y, seed, strict=False):
            _seed(a, b, tape)
    elif type(y) is dict:
        for k, v in y.items():
            _seed(v, seed.get(k), tape)
    else:
        opener = _lookup(SEEDERS, type(y))
        if opener is not None:
            opener(y, seed, lambda a, b: _seed(a, b, tape))


# How cotangents of other libraries' values are given to their parts: f(y, seed, give).
SEEDERS: dict[type, Callable[[Any, Any, Any], None]] = {}


def below(y: Any, tape: Tape) -> Any:
    """An output without the nodes of a tape."""
    if isinstance(y, Node):
        if y.tape is not tape:
            return y
        return y.below if y.nested else y.data
    if type(y) is tuple:
        return tuple([below(v, tape) for v in y])
    if type(y) is list:
        return [below(v, tape) for v in y]
    if type(y) is dict:
        return {k: below(v, tape) for k, v in y.items()}
    stripper = _lookup(STRIPPERS, type(y))
    return stripper(y, lambda v: below(v, tape)) if stripper is not None else y


def current(x: Any) -> Any:
    """A value without the nodes of traces that are over."""
    while isinstance(x, Node) and not LEVELS.has(x.tape):
        x = x.below if x.nested else x.data
    return x


# How other libraries' values are rebuilt without nodes: f(y, below).
STRIPPERS: dict[type, Callable[[Any, Any], Any]] = {}


def _reset(traced: Any) -> None:
    """Forget cotangents of earlier calls."""
    for x in traced:
        _forget(x)


def _forget(x: Any) -> None:
    if isinstance(x, Node):
        x.grad = None
    elif type(x) in (tuple, list):
        for v in x:
            _forget(v)
    elif type(x) is dict:
        for v in x.values():
            _forget(v)
    else:
        walker = _lookup(WALKERS, type(x))
        if walker is not None:
            walker(x, _forget)


# How the parts of other libraries' lifted values are visited: f(x, visit).
WALKERS: dict[type, Callable[[Any, Callable[[Any], None]], None]] = {}


def withgradient(
    f: Callable[..., Any], *args: Any, tape_class: type[Tape] = Tape
) -> tuple[Any, Any]:
    """The value of `f` and the gradient for each argument; of a tuple the first entry is the loss.

    Shapes: those of `gradient`.
    Raises: what `gradient` raises.
    Source: Zygote, `withgradient`.
    """
    if len(args) == 1 and isinstance(args[0], Params):
        return implicit(f, args[0], tape_class)
    tape = LEVELS.open(tape_class)
    try:
        traced = [lifter_of(type(a))(a, tape) for a in args]
        y = f(*traced)
        if type(y) is T.FloatTracer and y.tape is tape:  # as most losses are
            backward(tape, y, 1.0)
            return y.data, tuple(
                [lowerer_of(type(a))(t, a) for t, a in zip(traced, args, strict=True)]
            )
        loss = y
        if type(y) is tuple and y:
            loss = y[0]
        elif not isinstance(y, Node):
            first = _lookup(FIRSTS, type(y))
            if first is not None:
                loss = first(y)
        check_output(loss)
        if isinstance(loss, Node) and loss.tape is tape:
            backward(tape, loss, seed_of(loss))
        return below(y, tape), tuple(
            [lowerer_of(type(a))(t, a) for t, a in zip(traced, args, strict=True)]
        )
    finally:
        LEVELS.close()
        tape.clear()


# The loss in other libraries' values: f(y).
FIRSTS: dict[type, Callable[[Any], Any]] = {dict: lambda d: next(iter(d.values()), None)}


def gradient(f: Callable[..., Any], *args: Any) -> Any:
    """The gradient of `f` for each argument, or `Grads` over Params.

    Shapes: each gradient has the size of its argument, or its parts; None where nothing depends on it.
    Raises: GradientError unless the output is one real number.
    Source: Zygote, `gradient`.

    >>> gradient(lambda x: 3 * x**2 + 2 * x + 1, 1.0)
    (8.0,)
    """
    return withgradient(f, *args)[1]


def implicit(f: Callable[[], Any], ps: Params, tape_class: type[Tape] = Tape) -> tuple[Any, Grads]:
    """The value of `f()` and the gradients of the parameters that it used."""
    lent: list[Any] = []
    tape = LEVELS.open(tape_class)
    try:
        grads = {}
        try:
            for key, x in ps.items.items():
                found = _lookup(LENDERS, type(x))
                if found is None:
                    raise GradientError("Only reference types can be differentiated with `Params`.")
                lent.append((key, x, found[1], found[0](x, tape)))
            y = f()
            loss = y[0] if type(y) is tuple and y else y
            check_output(loss)
            if isinstance(loss, Node) and loss.tape is tape:
                backward(tape, loss, seed_of(loss))
            value = below(y, tape)
        finally:
            tape.clear()
            while lent:
                key, x, give_back, state = lent.pop()
                grads[key] = give_back(x, state)
        return value, Grads(ps, grads)
    finally:
        LEVELS.close()


class Parameter:
    """An `array` of numpy's that implicit gradients can trace: layers read `parameter.value`.

    Source: our own; Zygote traces arrays themselves.
    """

    __slots__ = ("array", "node")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.node: Node | None = None

    def __repr__(self) -> str:
        return f"Parameter({array_text(self.array)})"

    @property
    def value(self) -> Any:
        return self.array if self.node is None else self.node


def _lend(p: Parameter, tape: Tape) -> Any:
    outer = p.node
    p.node = tape.over(p.value)
    return outer


def _give_back(p: Parameter, outer: Any) -> Any:
    node, p.node = p.node, outer
    return project(node.grad, node)  # type: ignore[union-attr]


register_lender(Parameter, _lend, _give_back)
trees.PARAMETER_TYPES.add(Parameter)


def _lend_array(x: Any, tape: Tape) -> Any:
    """A view stands in for the array, so that the operations below the trace see no lent array."""
    outer = IMPLICIT.get(id(x))
    IMPLICIT[id(x)] = tape.node(x.view()) if outer is None else tape.over(outer)
    return outer


def _give_back_array(x: Any, outer: Any) -> Any:
    node = IMPLICIT[id(x)]
    if outer is None:
        del IMPLICIT[id(x)]
    else:
        IMPLICIT[id(x)] = outer
    return project(node.grad, node)


register_lender(ndarray, _lend_array, _give_back_array)


def params(*models: Any) -> Params:
    """The parameters of layers, arrays and tuples of them.

    Source: Flux, `params`.
    """
    out = Params()
    for model in models:
        for x in trees.parameters(model):
            out.push(x)
    return out
