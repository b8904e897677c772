"""Forward mode: how a function's value changes along a change of its arguments.

The function runs once, on values that carry their changes (`juliette_engine.forward`); several
directions go together.  A level of forward mode may be open around a gradient, and within one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.compiler.closures import ClosureBase
from juliette.display.show import string_of
from juliette.packages.zygote.custom import (
    FRULES,
    Outputs,
    Pullback,
    call_with_rule,
    outside_trace,
    rule_step,
)
from juliette.packages.zygote.errors import refuse
from juliette.packages.zygote.nodes import (
    JuliaTape,
    as_sensitivity,
    seed_from,
    to_engine,
    to_julia,
)
from juliette.packages.zygote.tangents import (
    NO_TANGENT,
    gradient_of,
    is_zero,
    unthunked,
)
from juliette.packages.zygote.tracing import (
    Trace,
    below,
    explicit,
    fitting,
    pulled_back,
    release,
)
from juliette.packages.zygote.trees import outside
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette_engine import gradients, rules
from juliette_engine.changes import zero_change
from juliette_engine.forward import (
    PUSHED,
    Forward,
    forward_diagonal,
    forward_jacobian,
    stacked,
)
from juliette_engine.gradients import GradientError, check_output, lift
from juliette_engine.tape import FORWARD_RULES, LEVELS, FloatTracer, Node, primal

ndarray = np.ndarray


def _reverse_tape() -> Any:
    tape = JuliaTape()
    tape.after = None
    return tape


class ForwardJuliaTape(Forward, JuliaTape):
    """The tape of a forward level whose nodes are Julia's arrays and numbers."""

    __slots__ = ("suffix", "tag")
    reverse = staticmethod(_reverse_tape)
    tag: Any  # the function that ForwardDiff differentiates, or None

    def text(self, x: Any) -> str | None:
        """How a number is written: for ForwardDiff it is a dual number."""
        if self.tag is None or not LEVELS.has(self):
            return None
        parts = [x.below if x.nested else x.data]
        if self.suffix:
            parts += (
                [] if x.grad is None else [rules.getitem(x.grad, i) for i in range(self.suffix[0])]
            )
        else:
            parts.append(0.0 if x.grad is None else x.grad)
        kinds = f"{T.type_string(T.typeof(self.tag))}, {T.type_string(T.typeof(x))}"
        return f"Dual{{ForwardDiff.Tag{{{kinds}}}}}({','.join([string_of(to_julia(v)) for v in parts])})"


def push(
    f: Any,
    args: tuple[Any, ...],
    changes: tuple[Any, ...],
    suffix: tuple[int, ...] = (),
    tag: Any = None,
) -> tuple[Any, Any]:
    """The value of `f(args...)` and its change; `nothing` is no change.

    With a `suffix` changes are the engine's, in several directions at a time; else they are Julia's,
    in the shape of the arguments.
    """
    trace = Trace(ForwardJuliaTape)
    tape = trace.tape
    tape.suffix, tape.tag = suffix, tag
    try:
        traced = [a if d is None else lift(a, tape) for a, d in zip(args, changes, strict=True)]
        for t, d in zip(traced, changes, strict=True):
            if type(d) is float and type(t) is FloatTracer:
                t.grad = d
            else:
                gradients._seed(t, d if suffix else _change_for(t, d), tape)
        y = f(*traced)
        return below(y, tape), change_in(y, tape)
    finally:
        if isinstance(f, ClosureBase):
            release(f, tape)
        trace.close()
        trace.finish()


def _change_for(t: Any, d: Any) -> Any:
    """A change as the engine takes it, in the form of an argument."""
    if d is None:
        return None
    seed = fitting(seed_from(as_sensitivity(gradient_of(d), t)), t)
    if isinstance(t, Node) and type(t.data) is ndarray and np.shape(primal(seed)) != t.data.shape:
        seed = (
            rules.mul(seed, np.ones(t.data.shape, order="F"))
            if not np.shape(primal(seed))
            else rules.reshape(seed, t.data.shape)
        )
    return seed


def change_in(y: Any, tape: Any) -> Any:
    """The change of an output, in its form; None where it can have none."""
    if isinstance(y, Node) and y.tape is tape:
        if y.grad is None:
            return _none(y.below if y.nested else y.data, tape)
        return y.grad if tape.suffix else to_julia(y.grad)
    if type(y) is tuple:
        parts = tuple([change_in(v, tape) for v in y])
        return None if all(p is None for p in parts) else parts
    if isinstance(y, V.NamedTuple):
        parts = tuple([change_in(v, tape) for v in y.values])
        return None if all(p is None for p in parts) else V.NamedTuple(y.names, parts)
    if isinstance(y, Struct):
        parts = tuple([change_in(getattr(y, n, None), tape) for n in y.fields])
        return None if all(p is None for p in parts) else V.NamedTuple(tuple(y.fields), parts)
    p = primal(to_engine(y) if isinstance(y, (Array, V.Wrapper, V.Range)) else y)
    return _none(p, tape) if _carries(p) else None


def _carries(p: Any) -> bool:
    """Is it a number, or an array of numbers?"""
    if isinstance(p, ndarray):
        return p.dtype.kind in "fciu"
    return isinstance(p, (int, float, complex, np.number)) and not isinstance(p, bool)


def _none(p: Any, tape: Any) -> Any:
    zero = zero_change(p, tape.suffix)
    return zero if tape.suffix else to_julia(zero)


# ---------------------------------------------------------------- rules of the user's own


def direction(x: Any, tape: Any, j: int | None) -> Any:
    """The change of a value that holds nodes, in one of the directions, as a Julia value; None if it has none."""
    if isinstance(x, Node):
        if x.tape is not tape or x.grad is None:
            return None
        return to_julia(x.grad if j is None else rules.getitem(x.grad, (..., j)))
    if type(x) is tuple:
        parts = tuple([direction(v, tape, j) for v in x])
        return None if all(p is None for p in parts) else parts
    if isinstance(x, (V.NamedTuple, Struct)):
        names = x.names if isinstance(x, V.NamedTuple) else tuple(x.fields)
        values = x.values if isinstance(x, V.NamedTuple) else [getattr(x, n, None) for n in names]
        parts = tuple([direction(v, tape, j) for v in values])
        return None if all(p is None for p in parts) else V.NamedTuple(names, parts)
    return None


def give_changes(out: Any, found: list[Any], tape: Any) -> None:
    """Give an output its changes in all directions, each as a rule says it."""
    if isinstance(out, Node):
        zero = zero_change(out.below if out.nested else out.data, ())
        parts = [zero if d is None else seed_from(d) for d in found]
        out.grad = (
            stacked(parts, tape.suffix) if tape.suffix else None if found[0] is None else parts[0]
        )
        return
    if type(out) is tuple:
        for i, v in enumerate(out):
            give_changes(v, [None if d is None else d[i] for d in found], tape)
    elif isinstance(out, (V.NamedTuple, Struct)):
        for n in out.names if isinstance(out, V.NamedTuple) else out.fields:
            value = out.get(n) if isinstance(out, V.NamedTuple) else getattr(out, n, None)
            give_changes(
                value, [None if d is None or n not in d.names else d.get(n) for d in found], tape
            )


def _directions(tape: Any) -> Any:
    return range(tape.suffix[0]) if tape.suffix else (None,)


def by_forward_rule(tape: Any, call: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A call by its `frule`, once for each direction."""
    below_ = tuple([outside(x, tape) for x in call])
    y, found = None, []
    for j in _directions(tape):
        tangents = tuple(
            [_tangent(direction(x, tape, j), v) for x, v in zip(call, below_, strict=True)]
        )
        result = outside_trace(tape, lambda *xs, t=tangents: FRULES.call_kw(kwargs, t, *xs), below_)
        y, d = result
        d = gradient_of(unthunked(d))
        found.append(None if is_zero(d) else d)
    out = lift(y, tape)
    give_changes(out, found, tape)
    return out


def _tangent(d: Any, x: Any) -> Any:
    if d is not None:
        return d
    if isinstance(x, (float, complex, np.inexact)) or (
        isinstance(x, Array) and x.data.dtype.kind in "fc"
    ):
        return Base.bindings["zero"](x)
    return NO_TANGENT


def _rule_change(tape: Any, out: Any, args: Any, back: Any) -> Any:
    """A rule that is only for going back is transposed: its pullback is linear."""
    value = out.value if isinstance(out, Outputs) else out
    start = seed_like(outside(value, tape))
    if start is not None:
        _, turn = pulled_back(lambda g: _gradients(back(g)), (start,))
        found = []
        for j in _directions(tape):
            d = turn(tuple([direction(x, tape, j) for x in args]))
            found.append(None if d is None else d[0])
        give_changes(value, found, tape)
    return PUSHED


def _gradients(found: Any) -> Any:
    """The tangents that a rule gives, each as a gradient of Zygote's."""
    found = unthunked(found)
    return tuple(map(gradient_of, found if type(found) is tuple else (found,)))


FORWARD_RULES[rule_step] = _rule_change
FORWARD_RULES[refuse] = lambda tape, out, a, b: PUSHED  # forward mode has no need to refuse


def seed_like(y: Any) -> Any:
    """Some sensitivity of a value; None if it can have none."""
    if type(y) is tuple:
        parts = tuple(map(seed_like, y))
        return None if all(p is None for p in parts) else parts
    if isinstance(y, V.NamedTuple):
        parts = tuple(map(seed_like, y.values))
        return None if all(p is None for p in parts) else V.NamedTuple(y.names, parts)
    p = primal(to_engine(y) if isinstance(y, (Array, V.Wrapper, V.Range)) else y)
    return to_julia(zero_change(p, ())) if _carries(p) else None


# ---------------------------------------------------------------- derivatives


def engine_push(
    f: Any,
    args: tuple[Any, ...],
    changes: tuple[Any, ...],
    suffix: tuple[int, ...] = (),
    tag: Any = None,
) -> tuple[Any, Any]:
    """The same as the engine's own `pushed` has it: numbers and arrays."""
    y, d = push(f, args, changes, suffix, tag)
    if d is None:
        d = zero_change(0.0, suffix)
    return to_engine(y), d if isinstance(d, Node) else to_engine(d)


def forward_matrix(f: Any, x: Any) -> tuple[Any, Any]:
    """`f(x)` and its derivatives by forward mode, as the engine has them; see `forward_jacobian`."""
    return forward_jacobian(f, _argument(x), push=engine_push)


def diagonal(f: Any, x: Any) -> Any:
    """The derivatives of the elements of `f(x)` in those of `x` at the same places."""
    return forward_diagonal(f, _argument(x), push=engine_push)


def _argument(x: Any) -> Any:
    return (
        x
        if isinstance(x, (Array, Node))
        else wrap(np.asarray(x.data))
        if isinstance(x, (V.Wrapper, V.Range))
        else x
    )


def slope_of(f: Any) -> Any:
    """The gradient of a function of one argument; zero if it does not depend on it."""

    def first(v: Any) -> Any:
        g = explicit(f, (v,), whole=False)[1][0]
        return rules.mul(0.0, v) if g is None else g

    return first


def load_forward(module: Module) -> None:
    """Enter it into Zygote."""

    @module.method("pushforward(f, args...)", transparent=True)
    def pushforward(f: Any, *args: Any) -> Any:
        """The function from changes of the arguments to the change of `f(args...)`: forward mode.

        ```jldoctest
        julia> using Zygote

        julia> pushforward((x, y) -> x^2 * y, 3.0, 2.0)(1.0, 10.0)
        102.0
        ```
        """

        def forth(*changes: Any) -> Any:
            if len(changes) > len(args):
                raise ArgumentError(
                    f"got the changes of {len(changes)} arguments, but there are {len(args)}"
                )
            return push(f, args, (*changes, *[None] * (len(args) - len(changes))))[1]

        return Pullback(forth)

    @module.method("accum(x, y)", export=False)
    def accum(x: Any, y: Any) -> Any:
        """The sum of two gradients, of which `nothing` is the zero.

        ```jldoctest
        julia> using Zygote

        julia> Zygote.accum((a = 1.0, b = nothing), (a = 2.0, b = 3.0))
        (a = 3.0, b = 3.0)
        ```
        """
        if x is None or y is None:
            return y if x is None else x
        if type(x) is tuple:
            return tuple([accum(a, b) for a, b in zip(x, y, strict=True)])
        if isinstance(x, V.NamedTuple):
            return V.NamedTuple(
                x.names,
                tuple(
                    [
                        accum(v, y.get(n) if n in y.names else None)
                        for n, v in zip(x.names, x.values, strict=True)
                    ]
                ),
            )
        return (
            Base.bindings["broadcast"](accum, x, y)
            if isinstance(x, Array)
            else Base.bindings["+"](x, y)
        )

    @module.method("accum(x, y, zs...)", export=False)
    def accum_all(x: Any, y: Any, *zs: Any) -> Any:
        for z in (y, *zs):
            x = accum(x, z)
        return x

    @module.method("sensitivity(y)", export=False)
    def sensitivity(y: Any) -> Any:
        """The sensitivity that a gradient starts with: one, of the type of the output."""
        try:
            check_output(y)
        except GradientError as e:
            raise ErrorException(str(e)) from None
        return Base.bindings["one"](y)

    @module.method("forwarddiff(f, x; chunk_threshold)", transparent=True, export=False)
    def forwarddiff(f: Any, x: Any, *, chunk_threshold: int = 12) -> Any:
        """`f(x)`; inside a gradient it is differentiated in forward mode.

        `x` is a number or an array; what `f` captures gets no gradient.

        ```jldoctest
        julia> using Zygote

        julia> gradient(x -> Zygote.forwarddiff(v -> v[1] * v[2], x), [3.0, 4.0])
        ([4.0, 3.0],)
        ```
        """

        def rule(v: Any) -> Any:
            y, d = forward_matrix(f, v)
            shape = np.shape(primal(v) if not isinstance(v, Array) else v.data)

            def back(g: Any) -> Any:
                if not shape:
                    product = rules.mul(rules.conjugate(to_engine(g)), d)
                    return (to_julia(rules.total(product)),)
                flat = rules.reshape(to_engine(g), (int(np.size(primal(to_engine(y)))),))
                return (to_julia(rules.reshape(rules.matmul(rules.transpose(d), flat), shape)),)

            return to_julia(y), Pullback(back)

        return call_with_rule(rule, None, (x,), own=False)
