"""What users call: gradient, withgradient, pullback, jacobian, hessian, and what steps out of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.compiler.closures import Box
from juliette.compiler.support import ClosureBase
from juliette.display.show import SHOW_HOOKS
from juliette.packages.zygote import trees
from juliette.packages.zygote.errors import OPEN, Refusal
from juliette.packages.zygote.nodes import TWINS, JuliaTape, as_sensitivity, plain, to_engine
from juliette.packages.zygote.structured import holds_node, takes_seeds
from juliette.packages.zygote.tangents import gradient_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.dispatch import TRACE, GenericFunction
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Module
from juliette.runtime.numeric import Complex
from juliette_engine import gradients, rules
from juliette_engine.gradients import Grads, GradientError, Params, check_output, lift, lower, project, seed_of
from juliette_engine.tape import LEVELS, Float32Tracer, FloatTracer, Kept, Node, backward, step

ndarray = np.ndarray


class Trace:
    """A level that is open: its tape, and the depth to restore."""

    __slots__ = ("depth", "tape")

    def __init__(self, tape: Any = None, depth: int = 0) -> None:
        if tape is not None:
            self.tape, self.depth = tape, depth
            return
        self.tape = LEVELS.open(JuliaTape)
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
    trace = None
    try:
        traced = [lift(a, tape) for a in args]
        y = f(*traced)
        TRACE.depth = depth
        seed = _SEEDS.get(type(y))
        if seed is not None and y.tape is tape and tape.after is None:
            value = y.data
            backward(tape, y, seed)
        else:
            loss = _loss(y) if whole else y
            check_output(loss)
            value = below(y, tape)
            trace = Trace(tape, depth)
            trace.stop_recording()
            go_back(tape, loss)
        return value, tuple([lower(t, a) for t, a in zip(traced, args, strict=True)])
    except GradientError as e:
        raise ErrorException(str(e)) from None
    finally:
        TRACE.depth = depth
        if isinstance(f, ClosureBase):
            release(f, tape)
        if trace is not None or tape.after is not None:
            trace = trace or Trace(tape, depth)
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
    """The value of `f()` and the gradients of parameters that it finds where they are.

    Small losses are common, so this is written out flat.
    """
    trace = None
    depth = TRACE.depth
    tape = LEVELS.open(JuliaTape)
    tape.after = None
    TRACE.depth = depth + 1
    lent: list[Any] = []
    again: list[Any] = []  # what an outer trace has lent already
    found: dict[int, Any] = {}
    try:
        for x in ps.items.values():
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
                    raise GradientError("Only reference types can be differentiated with `Params`.")
                again.append((x, pair[1], pair[0](x, tape)))
        y = f()
        TRACE.depth = depth
        seed = _SEEDS.get(type(y))
        if seed is not None and y.tape is tape and tape.after is None:
            value = y.data
            backward(tape, y, seed)
        else:
            loss = _loss(y) if whole else y
            check_output(loss)
            value = below(y, tape)
            trace = Trace(tape, depth)
            trace.stop_recording()
            go_back(tape, loss)
    except GradientError as e:
        raise ErrorException(str(e)) from None
    finally:
        for x, plain_class in lent:
            g = x.grad
            if g is not None:
                data = x.data
                if type(g) is ndarray and x.own and g.dtype is data.dtype and g.shape == data.shape and g.flags.f_contiguous:
                    g = plain_class(g)
                else:
                    g = project(g, x)
                    g = wrap(g) if type(g) is ndarray else g
            found[id(x)] = g
            x.__class__ = plain_class
            x.tape = x.grad = None
        for x, give_back, state in reversed(again):
            found[id(x)] = give_back(x, state)
        TRACE.depth = depth
        if isinstance(f, ClosureBase):
            release(f, tape)
        if trace is not None or tape.after is not None:
            trace = trace or Trace(tape, depth)
            trace.stop_recording()
            trace.finish()
        LEVELS.close()
        tape.clear()
    return value, Grads(ps, found)


# The straight-line programs of calls (see `straight`), or how often a call has come; None: it has no program.
PROGRAMS: dict[Any, Any] = {}
# Python modules that say how functions and layers of other packages are straightened.
RULES: set[str] = set()
# So many calls go to the tape before a program is made.
FIRST = 2


def run(f: Any, args: tuple[Any, ...], *, whole: bool = False) -> tuple[Any, Any]:
    """The value and the gradient, of whichever kind; of a tuple (`whole`) the first entry is the loss.

    What comes again is run straight; otherwise, inside another gradient, and if anything unexpected is met there, on the tape.
    """
    if not TRACE.depth:
        key = (f if type(f) is GenericFunction else type(f), whole, *map(type, args))
        program = PROGRAMS.get(key, 0)
        if program is not None:
            if type(program) is int:
                program = again(key, program, f, args, whole)
            if program is not None:
                try:
                    return program(f, *args)  # type: ignore[no-any-return]
                except Exception:
                    missed(key, program)
    return run_on_tape(f, args, whole=whole)


def again(key: Any, count: int, f: Any, args: tuple[Any, ...], whole: bool) -> Any:
    """Count a call, and make its program if it comes often."""
    if count < FIRST:
        PROGRAMS[key] = count + 1
        return None
    from juliette.packages.zygote.straight import prepare

    return prepare(key, f, args, whole)


def missed(key: Any, program: Any) -> None:
    """A program has met what it does not expect."""
    from juliette.packages.zygote import straight

    straight.missed(key, program)


def run_on_tape(f: Any, args: tuple[Any, ...], *, whole: bool = False) -> tuple[Any, Any]:
    """The value and the gradient by tracing."""
    if len(args) == 1 and isinstance(args[0], Params):
        return implicit(f, args[0], whole=whole)
    return explicit(f, args, whole=whole)


def pulled_back(f: Any, args: tuple[Any, ...]) -> tuple[Any, Callable[[Any], Any]]:
    """The value and a function from a sensitivity to the gradients; it may be called again."""
    params = args[0] if len(args) == 1 and isinstance(args[0], Params) else None
    trace = Trace()
    tape = trace.tape
    lent: list[Any] = []
    kept: dict[int, Any] = {}
    try:
        if params is not None:
            for x in params:
                pair = gradients._lookup(gradients.LENDERS, type(x))
                if pair is None:
                    raise ErrorException("Only reference types can be differentiated with `Params`.")
                state = pair[0](x, tape)
                lent.append((x, pair[1], state))
            # what is lent comes back when the function has run: records need nodes that stay
            for x, _, _ in lent:
                node = tape.over(x.below) if x.nested else tape.node(x.data)
                kept[id(x)] = node
        traced = [] if params is not None else [lift(a, tape) for a in args]
        y = f() if params is not None else f(*traced)
        value = below(y, tape)
        y = takes_seeds(y)
        if params is not None:
            swap = {id(x): kept[id(x)] for x, _, _ in lent}
            tape[:] = [_swapped(record, swap) for record in tape]
            if id(y) in swap:
                y = swap[id(y)]
    finally:
        if isinstance(f, ClosureBase):
            release(f, tape)
        while lent:
            x, give_back, state = lent.pop()
            give_back(x, state)
        trace.close()
    records = Kept(tape)

    def back(seed: Any) -> Any:
        nodes = list(kept.values()) if params is not None else traced
        gradients._reset(nodes)
        gradients._seed(y, seed_from(as_sensitivity(gradient_of(seed), y)), records.tape)
        gradients.run_back(records.tape)
        if params is not None:
            grads = {}
            for i, node in kept.items():
                g = gradients.project(node.grad, node)
                grads[i] = wrap(g) if type(g) is ndarray else g
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

    return tuple([record[0], *[other(x) for x in record[1:]]])


def seed_from(x: Any) -> Any:
    """A sensitivity as the engine takes it."""
    if isinstance(x, Node):
        return x
    if isinstance(x, (Array, V.BitArray, V.Range, V.Wrapper)):
        return to_engine(x)
    if type(x) is tuple:
        return tuple(map(seed_from, x))
    if type(x) is int:
        return float(x)
    return x


class Derivative:
    """`f'`"""

    __slots__ = ("f",)
    fields = ("f",)

    def __init__(self, f: Any) -> None:
        self.f = f

    def __call__(self, x: Any) -> Any:
        return run(self.f, (x,))[1][0]


T.register_class(Derivative, T.define("Zygote.Derivative", T.Function_))


def ignored(f: Callable[[], Any]) -> Any:
    """The value of `f()` without its gradient; arrays may be changed meanwhile."""
    OPEN.ignoring += 1
    try:
        return plain(f())
    finally:
        OPEN.ignoring -= 1


class Back:
    """The second value of `pullback`."""

    __slots__ = ("real", "run")

    def __init__(self, run: Any, value: Any = None) -> None:
        self.run = run
        self.real = isinstance(value, (int, float, np.floating))  # what is real has real sensitivities

    def __call__(self, seed: Any) -> Any:
        if isinstance(seed, Complex):
            seed = complex(float(seed.re), float(seed.im))
        if self.real and isinstance(seed, complex):
            seed = seed.real
        return self.run(seed)


T.register_class(Back, T.define("Zygote.Pullback", T.Function_))
SHOW_HOOKS[Back] = lambda io, x, long: io.write("Zygote.Pullback(…)")


def load_entries(module: Module) -> None:
    """Enter them into Zygote."""
    from juliette.packages.zygote.jacobians import hessian_of, jacobian_of

    @module.method("gradient(f, args...)", transparent=True)
    def gradient(f: Any, *args: Any) -> Any:
        """The gradient of `f` with respect to each argument; with `params`, a `Grads`.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> 3x^2 + 2x + 1, 5)
        (32.0,)

        julia> gradient((x, y) -> x * y, 2.0, 3.0)
        (3.0, 2.0)
        ```
        """
        return run(f, args)[1]

    @module.method("gradient(f, ps::Params)", transparent=True)
    def gradient_of_params(f: Any, ps: Any) -> Any:
        """The gradients of parameters that `f()` uses."""
        return run(f, (ps,))[1]

    @module.method("withgradient(f, args...)", transparent=True)
    def withgradient(f: Any, *args: Any) -> Any:
        """The value and the gradient; of a tuple or named tuple the first entry is the loss.

        ```jldoctest
        julia> using Zygote

        julia> withgradient(/, 1, 2)
        (val = 0.5, grad = (0.5, -0.25))
        ```
        """
        value, grad = run(f, args, whole=True)
        return V.NamedTuple(("val", "grad"), (value, grad))

    @module.method("pullback(f, args...)", transparent=True)
    def pullback(f: Any, *args: Any) -> Any:
        """The value and a function from its sensitivity to those of the arguments.

        ```jldoctest
        julia> using Zygote

        julia> y, back = Zygote.pullback(x -> x^2, 3.0);

        julia> y, back(1.0)
        (9.0, (6.0,))
        ```
        """
        y, back = pulled_back(f, args)
        return y, Back(back, y)

    @module.method("_pullback(f, args...)", export=False, transparent=True)
    def pullback_of_all(f: Any, *args: Any) -> Any:
        """Like `pullback`; the first gradient is that of the function itself, which is not followed."""
        y, back = pulled_back(f, args)
        inner = Back(back, y)
        return y, Back(lambda seed: (None, *(inner(seed) or (None,) * len(args))))

    @module.method("refresh()", export=False)
    def refresh() -> None:
        """Take new rules into account; they are at once."""

    @module.method("jacobian(f, args...)", transparent=True)
    def jacobian(f: Any, *args: Any) -> Any:
        """The Jacobian of `f` for each argument: a row for each element of the value.

        ```jldoctest
        julia> using Zygote

        julia> jacobian(x -> x .^ 2, [1.0, 2.0])[1]
        2×2 Matrix{Float64}:
         2.0  0.0
         0.0  4.0
        ```
        """
        return jacobian_of(f, args)[1]

    @module.method("withjacobian(f, args...)", transparent=True)
    def withjacobian(f: Any, *args: Any) -> Any:
        """The value and the Jacobian.

        ```jldoctest
        julia> using Zygote

        julia> withjacobian(cumsum, [1, 2, 3])
        (val = [1, 3, 6], grad = ([1 0 0; 1 1 0; 1 1 1],))
        ```
        """
        value, grad = jacobian_of(f, args)
        return V.NamedTuple(("val", "grad"), (value, grad))

    def hessian(f: Any, x: Any) -> Any:
        """The second derivatives of a scalar function of one array or number.

        ```jldoctest
        julia> using Zygote

        julia> hessian(x -> x[1] * x[2]^2, [3.0, 2.0])
        2×2 Matrix{Float64}:
         0.0  4.0
         4.0  6.0
        ```
        """
        return hessian_of(f, x)

    module.method("hessian(f, x)", transparent=True)(hessian)
    for how in ("hessian_dual", "hessian_reverse"):
        module.method(f"{how}(f, x)", transparent=True, export=False)(hessian)

    @module.method("diaghessian(f, args...)", transparent=True)
    def diaghessian(f: Any, *args: Any) -> Any:
        """The diagonal of the Hessian for each argument, in its shape.

        ```jldoctest
        julia> using Zygote

        julia> diaghessian(x -> sum(x .^ 3), [1.0, 2.0])
        ([6.0, 12.0],)
        ```
        """
        out = []
        for k, a in enumerate(args):

            def one(v: Any, k: int = k) -> Any:
                return f(*args[:k], v, *args[k + 1 :])

            h = hessian_of(one, a)
            if isinstance(h, Array) and not isinstance(h, Node):
                n = h.data.shape[0]
                out.append(wrap(h.data[np.arange(n), np.arange(n)].reshape(a.data.shape, order="F")))
            elif isinstance(h, Node) and isinstance(h, Array):
                n = h.data.shape[0]
                out.append(rules.reshape(rules.getitem(h, (np.arange(n), np.arange(n))), a.data.shape))
            else:
                out.append(h)
        return tuple(out)

    @module.method("adjoint(f::Function)", transparent=True)
    def prime(f: Any) -> Any:
        """`f'`: the derivative of a function of one argument.

        ```jldoctest
        julia> using Zygote

        julia> sin'(0.0), (x -> x^3)'(2.0)
        (1.0, 12.0)
        ```
        """
        return Derivative(f)

    @module.method("checkpointed(f, xs...)", transparent=True, export=False)
    def checkpointed(f: Any, *xs: Any) -> Any:
        """`f(xs...)`, computed again in the backward pass instead of keeping what it needs.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> Zygote.checkpointed(sin, x), 0.0)
        (1.0,)
        ```
        """
        from juliette.packages.zygote.custom import call_with_rule

        if not TRACE.depth:
            return f(*xs)

        def apply(h: Any, *values: Any) -> Any:
            return h(*values)

        def rule(*values: Any) -> Any:
            return apply(*values), lambda g: pulled_back(apply, values)[1](g)

        return call_with_rule(rule, None, (f, *xs), own=False)

    @module.method("hook(f, x)", transparent=True, export=False)
    def hook(f: Any, x: Any) -> Any:
        """`x`; in the backward pass `f` is applied to its sensitivity.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> Zygote.hook(-, x), 2.0)
        (-1.0,)
        ```
        """
        from juliette.packages.zygote.custom import call_with_rule

        return call_with_rule(lambda v: (v, lambda g: (None, f(g))), f, (x,)) if holds_node(x) else x

    @module.method("isderiving(x=nothing)", transparent=True, export=False)
    def isderiving(x: Any = None) -> bool:
        return TRACE.depth > 0

    @module.method("within_gradient(x)", transparent=True, export=False)
    def within_gradient(x: Any) -> bool:
        return TRACE.depth > 0

    @module.method("ignore(f)", transparent=True, export=False)
    def ignore(f: Any) -> Any:
        """The value of `f()`, without its gradient.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> x * Zygote.ignore(() -> x^2), 3.0)
        (9.0,)
        ```
        """
        return ignored(f)

    @module.method("dropgrad(x)", transparent=True, export=False)
    def dropgrad(x: Any) -> Any:
        """`x` as a constant."""
        return plain(x)


gradients.set_show_output(lambda x: _shown(x))


def _shown(x: Any) -> str:
    from juliette.display.show import one_line

    return one_line(x)


_ = GenericFunction
