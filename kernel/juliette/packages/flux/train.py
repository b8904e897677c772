"""Training: `update!`, `train!` and their helpers in both styles."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.compiler import support
from juliette.display.io import STDERR
from juliette.display.show import one_line
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host
from juliette.packages.flux.optimise import (
    engine_rule,
    operands,
    update_state,
    warn,
    written_before,
)
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import broadcast as B
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette.runtime.wrappers import is_aliased
from juliette.syntax.expr import Expr, QuoteNode, Symbol
from juliette_engine import optimise as engine
from juliette_engine import trees
from juliette_engine.optimise import state as tree
from juliette_engine.optimise.rule import Rule
from juliette_engine.optimise.stateful import Stateful
from juliette_engine.parameters import Grads, Params


class Throttle:
    """Calls a function at most once in some seconds: at once, or when they are over."""

    def __init__(self, f: Any, timeout: float, leading: bool, trailing: bool) -> None:
        self.f, self.timeout, self.leading, self.trailing = f, timeout, leading, trailing
        self.since: float | None = None
        self.later: Any = None
        self.result: Any = None
        # a plain function, as Julia's is
        self.called = lambda *args, **keywords: self.call(args, keywords)

    def call(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """One call; gives what the last one gave that was let through."""
        Base.bindings["yield"]()
        now = time.monotonic()
        if self.since is None or now - self.since >= self.timeout:
            self.since = now
            if self.leading:
                self.result = call_kw(self.f, keywords, *args)
            else:
                self.wait(args, keywords)
        elif self.trailing:
            self.wait(args, keywords)
        return self.result

    def wait(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Let the last of the calls be made when the time is over."""
        waiting, self.later = self.later is not None, (args, keywords)
        if not waiting and self.since is not None:
            rest = max(self.timeout - (time.monotonic() - self.since), 0.0)
            Base.bindings["Timer"](lambda timer: self.over(), rest)

    def over(self) -> None:
        """The call that was put off."""
        if self.later is not None:
            (args, keywords), self.later = self.later, None
            self.since = time.monotonic()
            self.result = call_kw(self.f, keywords, *args)


class SkipException(E.JuliaException):
    """`Flux.skip()`: leave out this item of the data."""

    __slots__ = ()


class StopException(E.JuliaException):
    """`Flux.stop()`: end the training loop."""

    __slots__ = ()


T.register_class(SkipException, T.define("SkipException", T.Exception_))
T.register_class(StopException, T.define("StopException", T.Exception_))


def is_rule(x: Any) -> bool:
    """Is this a rule of either era, rather than a tree of states?"""
    if isinstance(x, Rule) or written_before(x):
        return True
    return isinstance(x, Struct) and T.subtype(T.typeof(x), T.Any_) and _has_init(x)


def _has_init(x: Any) -> bool:
    from juliette.packages.flux.optimise import ABSTRACT

    return T.subtype(T.typeof(x), ABSTRACT)


def arguments(d: Any) -> tuple[Any, ...]:
    """The arguments that an item of the data stands for."""
    if type(d) is tuple:
        return d
    return (d,)


def check_loss(value: Any, index: int) -> None:
    """Stop on a loss that is not finite."""
    number = value[0] if type(value) is tuple else value
    if isinstance(number, V.NamedTuple):
        number = number.values[0]
    is_number = isinstance(number, (float, int)) or hasattr(number, "dtype")
    if is_number and not math.isfinite(float(number)):
        raise E.DomainError(
            number, f"Loss is {one_line(number)} on data item {index}, stopping training"
        )


def callbacks(cb: Any) -> list[Any]:
    """A callback, a vector or a tuple of them."""
    if isinstance(cb, Array):
        return list(cb.data)
    return list(cb) if type(cb) is tuple else [cb]


def train_implicit(loss: Any, ps: Params, data: Any, opt: Any, cb: Any) -> None:
    """`train!(loss, params, data, opt; cb)`"""
    if isinstance(opt, (engine.Leaf, V.NamedTuple)) or type(opt) is tuple:
        raise E.ErrorException(
            "can't mix implicit Params with explicit state!\n"
            "To use `Flux.params(m)` in `train!`, the 4th argument must be from the old "
            "`Flux.Optimise` sub-module.\n"
            "But better to use the new explicit style, in which `m` itself is the 2nd argument."
        )
    if (
        is_rule(opt)
        and not isinstance(opt, Stateful)
        and not written_before(opt)
        and not PROFILE.modern
    ):
        raise E.ErrorException(
            "can't mix implicit Params with explicit rule from Optimisers.jl\n"
            "To use `Flux.params(m)` in `train!`, the 4th argument must be from the old "
            "`Flux.Optimise` sub-module.\n"
            "But better to use the new explicit style, in which `m` itself is the 2nd argument."
        )
    functions = callbacks(cb)
    for index, d in enumerate(support.iterate(data), 1):
        try:
            value, grads = zygote._run(loss, (ps,), tuple(arguments(d)))
            check_loss(value, index)
            update_params(opt, ps, grads)
            for f in functions:
                f()
        except SkipException:
            continue
        except StopException:
            break


def train_explicit(loss: Any, model: Any, data: Any, opt: Any) -> None:
    """`train!(loss, model, data, state)`"""
    state = opt
    if is_rule(opt):
        state = engine.setup(engine_rule(opt), model)
        if (kept := next((v for v in tree.leaves(state) if v.kept is not None), None)) is not None:
            warn(
                f"Optimiser {type(opt).__name__} has state which will be discarded after `train!` "
                f"finishes.\nPlease run `opt = Flux.setup({type(opt).__name__}(), model)` and pass this `opt` to `train!`.",
                "Flux", "train.jl:161", leaf=kept,
            )  # fmt: skip
    for index, d in enumerate(support.iterate(data), 1):
        try:
            step(loss, model, d, state, index)
        except SkipException:
            continue
        except StopException:
            break


def step(loss: Any, model: Any, d: Any, state: Any, index: int = 1) -> Any:
    """One step on an item of the data; gives the value of the loss."""
    value, grads = zygote._run(loss, (model,), tuple(arguments(d)))
    check_loss(value, index)
    update_state(state, model, grads[0])
    return from_host(value), grads[0]


def check_writable(model: Any) -> None:
    """Raise an error for arrays that cannot be changed in place, such as ranges."""
    if isinstance(model, ArrayLike) and not isinstance(model, Array):
        if np.asarray(model.data).dtype.kind == "f" and not is_aliased(model):
            kind = T.type_string(T.typeof(model))
            raise E.ErrorException(
                f"model must be fully mutable for `train!` to work, got `x::{kind}`\n"
                f"If `x .+= dx` is in fact ok, define `Optimisers.maywrite(::{kind}) = true`"
            )
        return
    parts = trees.trained_parts(model)
    for part in () if parts is None or trees.is_array(model) else parts[1]:
        check_writable(part)


def update_params(opt: Any, ps: Params, grads: Any) -> None:
    """`update!(opt, params, grads)`"""
    if not isinstance(grads, Grads):
        raise E.ErrorException("can't mix implicit Params with explicit gradients!")
    if not isinstance(opt, Stateful) and not written_before(opt) and not PROFILE.modern:
        raise E.ErrorException(
            "Optimisers.jl cannot be used with Zygote.jl's implicit gradients, `Params` & `Grads`"
        )
    rule = opt if isinstance(opt, Rule) else _kept_rule(opt)
    tree.step_params(rule, ps, grads)


_RULES: dict[int, tuple[Any, Rule]] = {}


def _kept_rule(opt: Any) -> Any:
    """The engine's side of a rule that a user wrote, the same for each call."""
    found = _RULES.get(id(opt))
    if found is None:
        found = _RULES[id(opt)] = (opt, engine_rule(opt))
    return found[1]


def load(module: Module) -> None:
    """Fill Flux's part."""
    optimise = module.bindings["Optimise"]

    @module.method("setup(rule, model)", export=False)
    def setup(rule: Any, model: Any) -> Any:
        """A tree of optimiser states for a model, for `update!` and `train!`."""
        check_writable(model)
        return module.bindings["Optimisers"].bindings["setup"](rule, model)

    @module.method("update!(opt, model, grads)", export=False)
    def update(opt: Any, model: Any, grads: Any) -> Any:
        """One step: of an array or `params` by a rule, or of a model by its tree of states."""
        if is_rule(opt):
            if isinstance(model, Params):
                update_params(opt, model, grads)
                return None
            if isinstance(model, Array):
                if grads is not None:
                    rule = opt if isinstance(opt, Rule) else _kept_rule(opt)
                    host, change = operands(model, grads)
                    if host is trees.data(model):
                        tree.step(rule, model, change)
                    else:  # whole numbers take only whole steps
                        new = wrap(np.asfortranarray(host - rule.kept_step(host, change, model)))
                        Base.bindings["copyto!"](model, new)
                return model
            raise E.ErrorException(
                "Invalid input to `update!`.\n"
                "  * For the implicit style, this needs `update(::AbstractOptimiser, ::Params, "
                "::Grads)`.\n"
                "  * For the explicit style, `update(state, model, grad)` needs "
                "`state = Flux.setup(opt, model)`."
            )
        if isinstance(model, Params):
            raise E.ErrorException("can't mix implicit Params with explicit state!")
        return update_state(opt, model, grads)

    @module.method("update!(x::AbstractArray, x̄)", export=False)
    def subtract(x: Any, grad: Any) -> Any:
        """`x .-= x̄`"""
        return B.materialize_into(x, B.broadcasted(Base.bindings["-"], x, grad))

    @module.method("train!(loss, model, data, opt; cb=nothing)", export=False)
    def train(loss: Any, model: Any, data: Any, opt: Any, *, cb: Any = None) -> None:
        """One pass over the data; see the manual for the two styles."""
        if isinstance(model, Params):
            train_implicit(loss, model, data, opt, (lambda: None) if cb is None else cb)
        elif cb is not None:
            raise E.ErrorException(
                "train! does not support callback functions.\n"
                "For more control use a loop with `gradient` and `update!`."
            )
        else:
            train_explicit(loss, model, data, opt)

    @module.method("trainstep!(loss, model, data, opt)", export=False)
    def trainstep(loss: Any, model: Any, data: Any, opt: Any) -> Any:
        """One step; gives the value of the loss."""
        return step(loss, model, data, opt)[0]

    @module.method("trainstep_withgradient!(loss, model, data, opt)", export=False)
    def trainstep_gradient(loss: Any, model: Any, data: Any, opt: Any) -> Any:
        """One step; gives the value of the loss and the gradient."""
        value, grad = step(loss, model, data, opt)
        return V.NamedTuple(("val", "grad"), (value, grad))

    for name in ("update!", "train!"):
        optimise.const(name, module.bindings[name], export=False)
    helpers(module)

    @module.macro("epochs", export=False)
    def epochs(context: Any, n: Any, body: Any) -> Any:
        """`@epochs n expr` runs an expression `n` times and says which time it is."""
        i = context.gensym("i")
        loop = Expr("=", i, Expr("call", Symbol(":"), 1, n))
        announce = Expr("call", QuoteNode(_epoch), i)
        return Expr("for", loop, Expr("block", announce, body))

    module.bindings["Optimise"].bindings["@epochs"] = module.bindings["@epochs"]


def _epoch(i: Any) -> None:
    STDERR.write(f"[ Info: Epoch {i}\n")


def helpers(module: Module) -> None:
    """Functions for callbacks and for stopping in time."""

    @module.method("skip()", export=False)
    def skip() -> None:
        """Leave out the current item of the data."""
        raise SkipException()

    @module.method("stop()", export=False)
    def stop() -> None:
        """End the training loop."""
        raise StopException()

    @module.method("throttle(f, timeout; leading=true, trailing=false)", export=False)
    def throttle(f: Any, timeout: Any, *, leading: bool = True, trailing: bool = False) -> Any:
        """A function that calls `f` at most once in `timeout` seconds."""
        return Throttle(f, float(timeout), leading, trailing).called

    @module.method("patience(predicate, wait)", export=False)
    def patience(predicate: Any, wait: int) -> Any:
        """True when `predicate` has been true `wait` times in a row."""
        count = [0]

        def on_trigger(*args: Any, **keywords: Any) -> bool:
            count[0] = count[0] + 1 if call_kw(predicate, keywords, *args) else 0
            return count[0] >= wait

        return on_trigger

    def trigger(f: Any, delay: int, distance: Any, score: Any, smallest: Any, *, best: bool) -> Any:
        state = [score, 0]

        def on_trigger(*args: Any, **keywords: Any) -> bool:
            value = call_kw(f, keywords, *args)
            change = distance(state[0], value)
            if best:
                worse = change < smallest
                state[1] = state[1] + 1 if worse else 0
                state[0] = state[0] if change < 0 else value
            else:
                still = abs(change) < smallest
                state[1] = state[1] + 1 if still else 0
                state[0] = value
            return bool(state[1] >= delay)

        return on_trigger

    def start() -> float:
        return math.inf if PROFILE.modern else 0

    minus = Base.bindings["-"]

    @module.method("early_stopping(f, delay; distance=-, init_score=0, min_dist=0)", export=False)
    def early_stopping(
        f: Any, delay: int, *, distance: Any = minus, init_score: Any = None, min_dist: Any = 0
    ) -> Any:
        """True when `f` has not become better than its best `delay` times in a row."""
        score = start() if init_score is None else init_score
        return trigger(f, delay, distance, score, min_dist, best=True)

    @module.method("plateau(f, width; distance=-, init_score=0, min_dist=1f-6)", export=False)
    def plateau(
        f: Any, width: int, *, distance: Any = minus, init_score: Any = None, min_dist: Any = 1e-6
    ) -> Any:
        """True when `f` has changed by less than `min_dist` `width` times in a row."""
        score = start() if init_score is None else init_score
        return trigger(f, width, distance, score, min_dist, best=False)
