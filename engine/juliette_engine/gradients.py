"""Gradients of Python functions over trees of arrays and numbers, explicit and implicit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette_engine import rules, trees
from juliette_engine.tape import IMPLICIT, Tape, Tracer, backward, make, primal


class GradientError(Exception):
    """The output cannot be differentiated; the message is Zygote's."""


class Levels:
    """How many traces are open."""

    __slots__ = ("depth",)

    def __init__(self) -> None:
        self.depth = 0


LEVELS = Levels()

# How values of other libraries open: class -> (lift(x, tape) -> traced, lower(traced) -> gradient).
LIFTERS: dict[type, tuple[Callable[[Any, Tape], Any], Callable[[Any, Any], Any]]] = {}
# Parameters of other libraries: class -> (node_of(x, tape) lends, give_back(x)).
LENDERS: dict[type, tuple[Callable[[Any, Tape], Tracer], Callable[[Any], None]]] = {}


def register_lifter(
    cls: type, lift: Callable[[Any, Tape], Any], lower: Callable[[Any, Any], Any]
) -> None:
    """Open values of a class for differentiation."""
    LIFTERS[cls] = (lift, lower)


def register_lender(
    cls: type, lend: Callable[[Any, Tape], Tracer], give_back: Callable[[Any], None]
) -> None:
    """Let parameters of a class be traced in place."""
    LENDERS[cls] = (lend, give_back)


def _lookup(table: dict[type, Any], cls: type) -> Any:
    for c in cls.__mro__:
        if c in table:
            return table[c]
    return None


def lift(x: Any, tape: Tape) -> Any:
    """The traced form of an argument."""
    if (
        isinstance(x, Tracer)
        or type(x) in (float, int, np.float32, np.float64)
        or (isinstance(x, np.ndarray) and x.dtype.kind in "fiu")
    ):
        return make(x, tape)
    found = _lookup(LIFTERS, type(x))
    if found is not None:
        return found[0](x, tape)
    if type(x) is tuple:
        return tuple(lift(v, tape) for v in x)
    if type(x) is list:
        return [lift(v, tape) for v in x]
    if type(x) is dict:
        return {k: lift(v, tape) for k, v in x.items()}
    return x


def lower(traced: Any, x: Any) -> Any:
    """The gradient that arrived at an argument, in the shape of the argument."""
    if isinstance(traced, Tracer):
        return project(traced.grad, x)
    found = _lookup(LIFTERS, type(x))
    if found is not None:
        return found[1](traced, x)
    if type(x) in (tuple, list):
        parts = [lower(t, v) for t, v in zip(traced, x, strict=True)]
        if all(p is None for p in parts):
            return None
        return tuple(parts) if type(x) is tuple else parts
    if type(x) is dict:
        d = {k: lower(traced[k], v) for k, v in x.items()}
        return None if all(v is None for v in d.values()) else d
    return None


def project(g: Any, x: Any) -> Any:
    """A cotangent of the argument's kind: integers get floats, Float32 stays Float32."""
    if g is None or isinstance(g, Tracer):
        return g
    like = primal(x)
    if isinstance(like, np.ndarray):
        g = np.asarray(g)
        if g.shape != like.shape:
            g = np.broadcast_to(g, like.shape)
        dtype = like.dtype if like.dtype.kind == "f" else np.dtype(float)
        return np.array(g, dtype=dtype, order="F")
    if isinstance(like, np.float32):
        return np.float32(g)
    return float(g)


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two cotangents."""
    return rules.add(a, b)


def check_output(y: Any) -> None:
    """Only a real scalar has a gradient."""
    p = primal(y)
    if isinstance(p, (int, float, np.floating)) and not isinstance(p, bool):
        return
    if isinstance(p, np.ndarray) or (hasattr(p, "data") and hasattr(p, "eltype")):
        raise GradientError(
            "Output is an array, so the gradient is not defined. Perhaps you wanted jacobian."
        )
    if isinstance(p, complex):
        raise GradientError("Output is complex, so the gradient is not defined.")
    raise GradientError(
        f"Output should be scalar; gradients are not defined for output {show_output(p)}"
    )


def show_output(x: Any) -> str:
    return "nothing" if x is None else repr(x)


# The tapes of the traces that are open, the innermost last.
OPEN: list[Tape] = []


class _Trace:
    """Opens a level for the time of a `with`."""

    __slots__ = ("tape",)

    def __enter__(self) -> Tape:
        LEVELS.depth += 1
        self.tape = Tape(LEVELS.depth)
        OPEN.append(self.tape)
        return self.tape

    def __exit__(self, *error: object) -> None:
        LEVELS.depth -= 1
        OPEN.pop()


def pullback(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`f(*args)`, and the function from a cotangent of it to cotangents of the arguments."""
    with _Trace() as tape:
        traced = [lift(a, tape) for a in args]
        y = f(*traced)
    node = NODE_OF(y)

    def back(seed: Any) -> tuple[Any, ...]:
        _clear(tape)
        if isinstance(node, Tracer) and node.tape is tape:
            backward(tape, node, seed, accumulate)
        out = tuple(lower(t, a) for t, a in zip(traced, args, strict=True))
        _clear(tape)
        return out

    value = node.value if isinstance(node, Tracer) and node.tape is tape else y
    return value, back


def _clear(tape: Tape) -> None:
    for out, inputs, _ in tape.records:
        out.grad = None
        for x in inputs:
            if isinstance(x, Tracer) and x.tape is tape:
                x.grad = None


def _identity(y: Any) -> Any:
    return y


# The tracer inside an output of another library.
NODE_OF: Callable[[Any], Any] = _identity


def set_node_of(f: Callable[[Any], Any]) -> None:
    """Install how the tracer is found inside another library's values."""
    global NODE_OF
    NODE_OF = f


def withgradient(f: Callable[..., Any], *args: Any) -> tuple[Any, Any]:
    """The value and the gradient; of a tuple the first entry is the loss."""
    if len(args) == 1 and isinstance(args[0], Params):
        return _implicit(f, args[0])
    whole: list[Any] = []

    def loss_only(*traced: Any) -> Any:
        y = f(*traced)
        whole[:] = [y]
        return y[0] if type(y) is tuple else y

    loss, back = pullback(loss_only, *args)
    check_output(loss)
    grads = back(np.float32(1) if isinstance(primal(loss), np.float32) else 1.0)
    if type(whole[0]) is not tuple:
        return loss, grads
    return (loss, *(_outside(part) for part in whole[0][1:])), grads


def _outside(x: Any) -> Any:
    """A value without the tracers of traces that are over."""
    while isinstance(x, Tracer) and x.tape.level > LEVELS.depth:
        x = x.value
    return x


def current(x: Any) -> Any:
    """A value without the tracers of tapes that are no longer open."""
    while isinstance(x, Tracer) and x.tape not in OPEN:
        x = x.value
    return x


def gradient(f: Callable[..., Any], *args: Any) -> Any:
    """The gradient of `f` for each argument, or `Grads` over Params.

    >>> gradient(lambda x: 3 * x**2 + 2 * x + 1, 1.0)
    (8.0,)
    """
    return withgradient(f, *args)[1]


class Params:
    """An ordered collection of parameters, each once by identity."""

    def __init__(self, items: Any = ()) -> None:
        self.items: dict[int, Any] = {}
        for x in items:
            self.items.setdefault(id(x), x)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self.items.values()))

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, x: object) -> bool:
        return id(x) in self.items

    def push(self, *xs: Any) -> Params:
        for x in xs:
            self.items.setdefault(id(x), x)
        return self

    def delete(self, x: Any) -> Params:
        self.items.pop(id(x), None)
        return self


class Grads:
    """Gradients by the identity of the parameter."""

    def __init__(self, params: Params, grads: dict[int, Any]) -> None:
        self.params = params
        self.grads = grads

    def __getitem__(self, x: Any) -> Any:
        if id(x) not in self.params.items:
            raise KeyError(x)
        return self.grads.get(id(x))

    def __setitem__(self, x: Any, g: Any) -> None:
        self.grads[id(x)] = g

    def __contains__(self, x: object) -> bool:
        return id(x) in self.params.items

    def __repr__(self) -> str:
        return "Grads(...)"


def _implicit(f: Callable[[], Any], ps: Params) -> tuple[Any, Grads]:
    lent: list[tuple[Any, Tracer, Callable[[Any], None]]] = []
    with _Trace() as tape:
        try:
            for x in ps:
                found = _lookup(LENDERS, type(x))
                if found is None:
                    raise GradientError("Only reference types can be differentiated with `Params`.")
                lend, give_back = found
                lent.append((x, lend(x, tape), give_back))
            y = NODE_OF(f())
        finally:
            for x, _, give_back in reversed(lent):
                give_back(x)
    check_output(y)
    if isinstance(y, Tracer) and y.tape is tape:
        backward(
            tape, y, 1.0 if not isinstance(primal(y), np.float32) else np.float32(1), accumulate
        )
    grads = {id(x): GRADIENT_OF(project(node.grad, node.value), x) for x, node, _ in lent}
    return (y.value if isinstance(y, Tracer) and y.tape is tape else y), Grads(ps, grads)


def _plain(g: Any, x: Any) -> Any:
    return g


# A gradient as the parameter's library holds it.
GRADIENT_OF: Callable[[Any, Any], Any] = _plain


def set_gradient_of(f: Callable[[Any, Any], Any]) -> None:
    """Install how gradients of parameters are wrapped."""
    global GRADIENT_OF
    GRADIENT_OF = f


class Parameter:
    """A numpy array that implicit gradients can trace: layers read `parameter.value`."""

    __slots__ = ("array", "node")

    def __init__(self, array: Any) -> None:
        self.array = array
        self.node: Tracer | None = None

    @property
    def value(self) -> Any:
        return self.array if self.node is None else self.node


def _lend(p: Parameter, tape: Tape) -> Tracer:
    outer = p.value
    node = make(outer, tape)
    _OUTER.append(p.node)
    p.node = node
    return node


_OUTER: list[Any] = []


def _give_back(p: Parameter) -> None:
    p.node = _OUTER.pop()


register_lender(Parameter, _lend, _give_back)


def _lend_array(x: Any, tape: Tape) -> Tracer:
    """A view stands in for the array, so that the operations below the trace see no lent array."""
    outer = IMPLICIT.get(id(x))
    _OUTER.append(outer)
    node = IMPLICIT[id(x)] = make(x.view() if outer is None else outer, tape)
    return node


def _give_back_array(x: Any) -> None:
    outer = _OUTER.pop()
    if outer is None:
        del IMPLICIT[id(x)]
    else:
        IMPLICIT[id(x)] = outer


register_lender(np.ndarray, _lend_array, _give_back_array)


def params(*models: Any) -> Params:
    """The parameters of layers, arrays and tuples of them."""
    out = Params()
    for model in models:
        for x in trees.parameters(model):
            out.push(x)
    return out
