"""What users call: gradient, withgradient, pullback, jacobian, hessian, and what steps out of a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.display.show import SHOW_HOOKS
from juliette.packages.zygote.errors import OPEN
from juliette.packages.zygote.nodes import plain
from juliette.packages.zygote.structured import holds_node
from juliette.packages.zygote.tracing import pulled_back, run_on_tape
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Module
from juliette.runtime.numeric import Complex
from juliette.runtime.world import TRACE
from juliette_engine import gradients
from juliette_engine.tape import LEVELS

# The straight-line programs of calls (see `straight`), or how often a call has come; None: it has no program.
PROGRAMS: dict[Any, Any] = {}
# Python modules that say how functions and layers of other packages are straightened.
RULES: set[str] = set()
# So many calls go to the tape before a program is made.
FIRST = 1


def run(
    f: Any, args: tuple[Any, ...], *, whole: bool = False, rest: tuple[Any, ...] = ()
) -> tuple[Any, Any]:
    """The value of `f(args..., rest...)` and the gradient for `args`, of whichever kind; of a tuple (`whole`) the first entry
    is the loss.

    What comes again is run straight; otherwise, inside another gradient, and if anything unexpected is met there, on the tape.
    """
    if not TRACE.depth:
        key = (
            f if type(f) is GenericFunction else type(f),
            whole,
            *map(type, args),
            *map(type, rest),
            len(rest),
        )
        program = PROGRAMS.get(key, 0)
        if program is not None:
            if type(program) is int:
                program = again(key, program, f, args, whole, rest)
            if program is not None:
                try:
                    return program(f, *args, *rest)
                except Exception:
                    missed(key, program)
    return run_on_tape((lambda *xs: f(*xs, *rest)) if rest else f, args, whole=whole)


def again(
    key: Any, count: int, f: Any, args: tuple[Any, ...], whole: bool, rest: tuple[Any, ...]
) -> Any:
    """Count a call, and make its program if it comes often."""
    if count < FIRST:
        PROGRAMS[key] = count + 1
        return None
    from juliette.packages.zygote.straight import prepare

    return prepare(key, f, args, whole, rest)


def missed(key: Any, program: Any) -> None:
    """A program has met what it does not expect."""
    from juliette.packages.zygote import straight

    straight.missed(key, program)


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
        self.real = isinstance(
            value, (int, float, np.floating)
        )  # what is real has real sensitivities

    def __call__(self, seed: Any) -> Any:
        if isinstance(seed, Complex):
            seed = complex(float(seed.re), float(seed.im))
        if self.real and isinstance(seed, complex):
            seed = seed.real
        return self.run(seed)


T.register_class(Back, T.define("Zygote.Pullback", T.Function_))
SHOW_HOOKS[Back] = lambda io, x, long: io.write("Zygote.Pullback(…)")


def within_reverse() -> bool:
    """Is a gradient being traced, and not only in forward mode?"""
    return TRACE.depth > 0 and any([not t.forward for t in LEVELS.tapes])


class Context:
    """Zygote's context of a pullback (`Zygote.Context()`)."""

    __slots__ = ()


ABSTRACT_CONTEXT = T.define("Zygote.AContext", abstract=True)
CONTEXT = T.define("Zygote.Context", ABSTRACT_CONTEXT)
T.register_class(Context, CONTEXT)


def load_entries(module: Module) -> None:
    """Enter them into Zygote."""
    from juliette.packages.zygote.jacobians import (
        diagonal_of,
        hessian_of,
        hessian_reversed,
        jacobian_of,
    )

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
        """Like `pullback`; the first gradient is that of the function itself."""
        if isinstance(f, Context):  # `_pullback(context, f, args...)`
            f, *rest = args
            args = tuple(rest)
        y, back = pulled_back(lambda g, *xs: g(*xs), (f, *args))
        return y, Back(back, y)

    module.const("AContext", ABSTRACT_CONTEXT, export=False)
    module.const("Context", CONTEXT, export=False)

    @module.method("Context(cache...)", export=False)
    def context(_: Any, *cache: Any) -> Context:
        """What `_pullback` may be told of where it runs; nothing is kept in it."""
        return Context()

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
    module.method("hessian_dual(f, x)", transparent=True, export=False)(hessian)

    @module.method("hessian_reverse(f, x)", transparent=True, export=False)
    def hessian_reverse(f: Any, x: Any) -> Any:
        """The same as `hessian`, with the gradient differentiated backwards.

        ```jldoctest
        julia> using Zygote

        julia> Zygote.hessian_reverse(x -> x^3, 2.0)
        12.0
        ```
        """
        return hessian_reversed(f, x)

    @module.method("diaghessian(f, args...)", transparent=True)
    def diaghessian(f: Any, *args: Any) -> Any:
        """The diagonal of the Hessian for each argument, in its shape.

        ```jldoctest
        julia> using Zygote

        julia> diaghessian(x -> sum(x .^ 3), [1.0, 2.0])
        ([6.0, 12.0],)
        ```
        """
        return tuple([diagonal_of(f, args, k) for k in range(len(args))])

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

        return (
            call_with_rule(lambda v: (v, lambda g: (None, f(g))), f, (x,)) if holds_node(x) else x
        )

    @module.method("eager_update!(state, model, update!)", transparent=True, export=False)
    def eager_update(state: Any, model: Any, update: Any) -> Any:
        """`model`; in the backward pass `update!(state, model, gradient)` is called and the gradient is forgotten."""

        def updated(gradient: Any) -> None:
            update(state, model, gradient)

        return hook(updated, model)

    @module.method("isderiving(x=nothing)", transparent=True, export=False)
    def isderiving(x: Any = None) -> bool:
        return within_reverse()

    @module.method("within_gradient(x)", transparent=True, export=False)
    def within_gradient(x: Any) -> bool:
        return within_reverse()

    @module.method("ignore(f)", transparent=True)
    def ignore(f: Any) -> Any:
        """The value of `f()`, without its gradient.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> x * Zygote.ignore(() -> x^2), 3.0)
        (9.0,)
        ```
        """
        return ignored(f)

    @module.method("dropgrad(x)", transparent=True)
    def dropgrad(x: Any) -> Any:
        """`x` as a constant."""
        return plain(x)


gradients.set_show_output(lambda x: _shown(x))


def _shown(x: Any) -> str:
    from juliette.display.show import one_line

    return one_line(x)
