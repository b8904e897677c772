"""Optimisers: rules, state trees, and updates in place, in the styles of both eras."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.base.fields import FIELD_HOOKS
from juliette.base.identity import COPY_HOOKS
from juliette.base.iteration import first_step, next_step
from juliette.compiler.support import takes
from juliette.display.io import STDERR
from juliette.display.show import SHOW_HOOKS, one_line
from juliette.packages import bson
from juliette.packages.flux import nodes
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.inputs import machine
from juliette.packages.flux.macros import load_dotted
from juliette.packages.flux.profile import PROFILE
from juliette.runtime import broadcast as B
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, vector
from juliette.runtime.dispatch import GenericFunction, KeywordCall
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette.runtime.wrappers import is_aliased
from juliette.syntax.expr import Symbol
from juliette_engine import optimise as engine
from juliette_engine import trees
from juliette_engine.optimise import leaf as leaf_module
from juliette_engine.optimise import state as tree
from juliette_engine.optimise import stateful
from juliette_engine.optimise.rule import Rule
from juliette_engine.parameters import Grads, Params
from juliette_engine.text import compact_text

RULES = (
    "Descent", "Momentum", "Nesterov", "RMSProp", "Rprop", "Adam", "RAdam", "AdaMax", "OAdam",
    "AdaGrad", "AdaDelta", "AMSGrad", "NAdam", "AdamW", "AdaBelief", "Lion", "WeightDecay",
    "SignDecay", "ClipGrad", "ClipNorm", "OptimiserChain", "AccumGrad", "MixedPrecision",
)  # fmt: skip

ABSTRACT = T.define("AbstractRule", abstract=True)
ABSTRACT_OLD = T.define("AbstractOptimiser", abstract=True)
INIT = GenericFunction("init")
APPLY = GenericFunction("apply!")
# `Flux.Optimise.apply!`, to which users add methods for rules of their own
OLD_APPLY = GenericFunction("apply!")


class JuliaRule(Rule):
    """A rule that a user wrote: a struct with methods of `init` and `apply!`."""

    def __init__(self, struct: Any) -> None:
        super().__init__()
        self.struct = struct

    def init(self, x: Any) -> Any:
        """`Optimisers.init(rule, x)`"""
        return INIT(self.struct, from_host(x))

    def apply(self, state: Any, x: Any, g: Any) -> tuple[Any, Any]:
        """`Optimisers.apply!(rule, state, x, dx)`"""
        state, dx = APPLY(self.struct, state, from_host(x), from_host(g))
        if isinstance(dx, B.Broadcasted):
            dx = B.materialize(dx)
        return state, trees.data(dx) if isinstance(dx, Array) else dx

    def line(self, text: Any = None) -> str:
        """As the struct prints."""
        return one_line(self.struct)

    def adjusted(self, eta: float | None = None, **changes: Any) -> Rule:
        """A copy of the struct with other fields."""
        if eta is not None:
            changes["eta"] = eta
        known = {k: v for k, v in changes.items() if k in self.struct.fields}
        values = tuple(known.get(f, getattr(self.struct, f)) for f in self.struct.fields)
        t = nodes.family_of(self.struct).wrapper
        return JuliaRule(T.CONSTRUCT(t, values, {}))


class OldJuliaRule(Rule):
    """A rule that a user wrote for Flux before 0.15: a value with a method of `Flux.Optimise.apply!`.

    It keeps the state of each array under the array, so that has to be the same in each step.
    """

    def __init__(self, struct: Any) -> None:
        super().__init__()
        self.struct = struct
        self.arrays: dict[int, tuple[Any, Any]] = {}

    def apply(self, state: Any, x: Any, g: Any) -> tuple[Any, Any]:
        """`Flux.Optimise.apply!(rule, x, Δ)`; it may write over `Δ`."""
        if id(x) not in self.arrays:
            self.arrays[id(x)] = (x, from_host(x))
        return state, trees.data(
            OLD_APPLY(self.struct, self.arrays[id(x)][1], from_host(np.array(g, order="F")))
        )

    def line(self, text: Any = None) -> str:
        """As the struct prints."""
        return one_line(self.struct)


def written_before(rule: Any) -> bool:
    """Is this a value with a method of `Flux.Optimise.apply!`?"""
    return isinstance(rule, Struct) and (
        T.subtype(T.typeof(rule), ABSTRACT_OLD)
        or any(T.isa(rule, m.parameters[0]) for m in OLD_APPLY.user_methods if m.parameters)
    )


def engine_rule(rule: Any, *, convert: bool = True) -> Any:
    """A rule for the engine; an old rule becomes the new one of the same meaning."""
    if written_before(rule):
        return OldJuliaRule(rule)
    if isinstance(rule, stateful.Stateful) and convert:
        return rule.modern()
    if isinstance(rule, Struct) and T.subtype(T.typeof(rule), ABSTRACT):
        return JuliaRule(rule)
    if (
        convert
        and isinstance(rule, engine.OptimiserChain)
        and any(isinstance(r, stateful.Stateful) for r in rule)
    ):
        return type(rule)(*map(engine_rule, rule))
    return rule


def _declare(
    module: Module, name: str, cls: Any, parent: Any, *, mutable: bool, export: bool
) -> None:
    t = T.define(name, parent, module=module, mutable=mutable)
    T.register_class(cls, t)
    names = tuple(cls.names.get(f, f) for f in cls.fields)
    t.typename.fields = names
    t.typename.field_types = (T.Any_,) * len(names)
    t.typename.ninitialized = len(names)
    module.const(name, t, export=export)

    @module.method(f"{name}(args...; keywords...)", export=export)
    def construct(_: Any, *args: Any, **keywords: Any) -> Any:
        if not _are_taken(cls, args, keywords):
            raise E.MethodError(KeywordCall(t, keywords) if keywords else t, args, None)
        return cls(*map(_hyper, args), **{k: _hyper(v) for k, v in keywords.items()})

    construct.__doc__ = cls.__doc__


def _are_taken(cls: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Are these the hyper-parameters of a rule in number, name and, if the method says it, in kind?

    Rules of Optimisers.jl convert what they are given.
    """
    if issubclass(cls, engine.AccumGrad):
        return takes(cls, len(args)) and not keywords and type(args[0]) is int
    if issubclass(cls, engine.MixedPrecision):
        *kinds, rule = args or (None,)
        return len(kinds) < 2 and all(T.isa(k, T.Type_) for k in kinds) and is_rule(rule)
    if issubclass(cls, engine.OptimiserChain):
        return not keywords and all(map(is_rule, args))
    given = dict(zip(cls.fields, args, strict=False))
    given.update({"lambda_" if k == "lambda" else k: v for k, v in keywords.items()})
    usual = dict(zip(cls.fields, cls.defaults, strict=True))
    if len(args) > len(usual) or not given.keys() <= usual.keys():
        return False
    old = issubclass(cls, stateful.Stateful)
    for name, value in given.items():
        kind = T.Tuple_ if type(usual[name]) is tuple else T.Real
        if old and cls is not stateful.ALL["ClipValue"]:
            if not T.isa(value, kind):
                return False
        elif not old:
            if name == "eta" and not T.isa(value, kind):
                Base.bindings["isless"](value, 0)
            _converted(value, usual[name])
    return True


def _converted(value: Any, usual: Any) -> None:
    """Raise the error of a conversion to the kind of a usual value, if there is none."""
    if type(usual) is not tuple:
        if not T.isa(value, T.Number):
            Base.bindings["convert"](T.Float64, value)
        return
    if type(value) is not tuple or len(value) != len(usual):
        Base.bindings["convert"](T.apply_type(T.Tuple_, *[T.Float64] * len(usual)), value)
    for v, u in zip(value, usual, strict=True):
        _converted(v, u)


def is_rule(x: Any) -> bool:
    """Is this a rule, of ours or a user's?"""
    return isinstance(engine_rule(x) if isinstance(x, Struct) else x, Rule)


def _hyper(x: Any) -> Any:
    """A hyper-parameter: a number, a tuple, a type or another rule."""
    if isinstance(x, T.JuliaType):
        return T.DTYPE_OF.get(x, x)
    if isinstance(x, Struct):
        return engine_rule(x)
    return to_host(x) if not isinstance(x, Rule) else x


def _field(x: Any, key: str) -> Any:
    for python, julia in type(x).names.items():
        if julia == key:
            return getattr(x, python)
    if key in ("state", "velocity", "acc", "current") and isinstance(x, stateful.Stateful):
        d = V.JuliaDict(T.Any_, T.Any_)
        for array, leaf in x.states.values():
            d.put(from_host(array), leaf.state)
        return d
    value = getattr(x, key, None)
    if value is None:
        raise E.ErrorException(f"type {type(x).__name__} has no field {key}")
    if key in ("opts", "os"):
        return value if not isinstance(x, stateful.Optimiser) else vector(list(value), T.Any_)
    return value


def show_leaf(io: Any, x: Any, long: bool) -> None:
    """`Leaf(Adam(…), (…))`; the head is coloured."""
    head = "Leaf"
    if io.get("color"):
        head = f"\x1b[{'36' if x.frozen else '32'}mLeaf\x1b[39m"
    io.write(f"{head}({x.rule.line(compact_text)}, ")
    io.write(one_line(x.state, compact=True))
    io.write(", frozen = true)" if x.frozen else ")")


def load(module: Module) -> None:
    """Fill the module Optimisers."""
    module.const("AbstractRule", ABSTRACT)
    ABSTRACT.typename.module = module
    # Rules print without names before the Optimisers that Flux 0.16 brings.
    Rule.named = PROFILE.modern
    for name in RULES:
        _declare(module, name, getattr(engine, name), ABSTRACT, mutable=False, export=True)
    leaf = T.define("Leaf", module=module, mutable=True)
    T.register_class(engine.Leaf, leaf)
    leaf.typename.fields = ("rule", "state", "frozen")
    leaf.typename.field_types = (T.Any_,) * 3
    module.const("Leaf", leaf, export=False)
    saving()
    SHOW_HOOKS[engine.Leaf] = show_leaf
    COPY_HOOKS[engine.Leaf] = copy_leaf
    SHOW_HOOKS[Rule] = lambda io, x, long: io.write(x.line())
    FIELD_HOOKS[Rule] = _field
    leaf_module.set_shown(from_host)
    for function in (INIT, APPLY, nodes.TRAINABLE_FUNCTION):
        function.module = module
        module.const(function.name, function, export=False)
    functions(module)
    load_dotted(module)

    @module.method("init(rule::AbstractRule, x)", export=False)
    def init(rule: Any, x: Any) -> Any:
        """The state of a rule for an array, before the first step."""
        if not isinstance(rule, Rule):
            raise E.MethodError(INIT, (rule, x), None)
        if not isinstance(x, ArrayLike):
            Base.bindings["zero"](x)
        return from_host(rule.init(operands(x, x)[0]))

    @module.method("apply!(rule::AbstractRule, state, x, dx)", export=False)
    def apply(rule: Any, state: Any, x: Any, dx: Any) -> Any:
        """The next state of a rule, and the step that is to be subtracted."""
        if not isinstance(rule, Rule):
            raise E.MethodError(APPLY, (rule, state, x, dx), None)
        host, step = operands(x, dx)
        if step.dtype.kind in "iub" and host.dtype.kind in "fc":
            step = step.astype(
                host.dtype
            )  # as numbers of Julia's keep a Float32 that meets integers
        try:
            return from_host(tuple(rule.apply(to_host(state), host, step)))
        except (AttributeError, TypeError, ValueError, IndexError) as e:
            if E.translated(e) is not None:
                raise
            raise E.NoMethod("that is no state of the rule") from None

    @module.method("trainable(x)", export=False)
    def trainable(x: Any) -> Any:
        """The parts of `x` that hold parameters; add a method for a type of your own."""
        parts = trees.trained_parts(x)
        if parts is None:
            return V.NamedTuple((), ())
        return V.NamedTuple(*parts) if all(isinstance(k, str) for k in parts[0]) else x


def saving() -> None:
    """Let BSON and JLD2 save states and rules."""
    bson.SAVED[engine.Leaf] = "Leaf", lambda x: [_saved(x.rule), x.state, x.frozen]
    bson.MADE["Leaf"] = lambda v: engine.Leaf(v[0], to_host(v[1]), v[2])
    for name in RULES:
        cls = getattr(engine, name)
        bson.SAVED[cls] = name, _parts_of_rule
        bson.MADE[name] = functools.partial(_made, cls)
    bson.SAVED[stateful.Stateful] = "Stateful", _refused
    bson.SAVED[JuliaRule] = "Rule", lambda x: [x.struct]
    bson.MADE["Rule"] = lambda v: JuliaRule(v[0])


def _parts_of_rule(x: Rule) -> list[Any]:
    """The hyper-parameters of a rule by name; it keeps no states itself in a tree of states."""
    own = {k: _saved(v) for k, v in vars(x).items() if k != "states"}
    return [V.NamedTuple(tuple(own), tuple(own.values()))]


def _saved(x: Any) -> Any:
    """A hyper-parameter as a value of Julia's; rules within rules without states of their own."""
    if isinstance(x, np.dtype):
        return T.TYPE_OF_DTYPE[x]
    if isinstance(x, (list, tuple)):
        return tuple(map(_saved, x))
    return x.modern() if isinstance(x, stateful.Stateful) else x


def _refused(x: Any) -> list[Any]:
    name = type(x).__name__
    raise E.ErrorException(
        f"values of type {name} cannot be saved: they keep states of arrays; save those of Flux.setup"
    )


def _made(cls: Any, values: list[Any]) -> Any:
    """A rule with these hyper-parameters."""
    out = cls.__new__(cls)
    out.states = {}
    for name, x in zip(values[0].names, values[0].values, strict=True):
        setattr(out, name, _hyper(x))
    return out


def functions(module: Module) -> None:
    """`setup`, `update!` and what goes with them."""

    @module.method("setup(rule, model)", export=False)
    def setup(rule: Any, model: Any) -> Any:
        """A tree of states for the arrays of a model."""
        rule_ = engine_rule(rule)
        if not isinstance(rule_, Rule):
            raise E.MethodError(module.bindings["setup"], (rule, model), None)
        found = engine.setup(rule_, model)
        if not tree.leaves(found):
            warn("setup found no trainable parameters in this model", "Optimisers")
        return found

    @module.method("update!(state, model, grads)", export=False)
    def update(state: Any, model: Any, grads: Any) -> Any:
        """Change a model and its states by one step; gives both."""
        return update_state(state, model, grads)

    @module.method("update(state, model, grads)", export=False)
    def update_copy(state: Any, model: Any, grads: Any) -> Any:
        """A changed copy of a model and its states."""
        state, model = Base.bindings["deepcopy"]((copy_state(state, {}), model))
        return update_state(state, model, grads)

    @module.method("adjust!(state, eta::Real)", export=False)
    def adjust(state: Any, eta: Any) -> None:
        """A new learning rate for all states, in place."""
        engine.adjust(state, float(eta))

    @module.method("adjust!(state; keywords...)", export=False)
    def adjust_keywords(state: Any, **keywords: Any) -> None:
        """New hyper-parameters for all states, in place; unknown ones are ignored."""
        engine.adjust(state, **{k: to_host(v) for k, v in keywords.items()})

    @module.method("adjust(x, eta::Real)", export=False)
    def adjusted(x: Any, eta: Any) -> Any:
        """A rule, or a copy of a tree of states, with another learning rate."""
        return adjusted_copy(x, {"eta": float(eta)})

    @module.method("adjust(x; keywords...)", export=False)
    def adjusted_by(x: Any, **keywords: Any) -> Any:
        """A rule, or a copy of a tree of states, with other hyper-parameters; unknown ones are ignored."""
        return adjusted_copy(x, {k: to_host(v) for k, v in keywords.items()})

    @module.method("freeze!(state)", export=False)
    def freeze(state: Any) -> None:
        """Leave these parts of a model as they are."""
        engine.freeze(state)

    @module.method("thaw!(state)", export=False)
    def thaw(state: Any) -> None:
        """Undo `freeze!`."""
        engine.thaw(state)

    @module.method("maywrite(x)", export=False)
    def maywrite(x: Any) -> bool:
        """May a step be made in place?  Not of ranges and the like."""
        return is_aliased(x) if isinstance(x, ArrayLike) else False

    @module.method("isnumeric(x)", export=False)
    def isnumeric(x: Any) -> bool:
        """Is this an array of numbers that are no integers, which may have a state?"""
        if not isinstance(x, ArrayLike):
            return False
        kind = x.eltype
        return T.subtype(kind, T.Number) and not T.subtype(kind, T.Integer)

    @module.method("trainables(model; path=false)", transparent=True)
    def trainables(model: Any, *, path: bool = False) -> Any:
        """The arrays that train, with their key paths if asked for."""
        from juliette.packages.flux.utilities import key_path

        found = trees.trainables(model, path=path)
        if not path:
            return vector(found, T.AbstractArray)
        pairs = [V.Pair(key_path(k), x) for k, x in found]
        return Base.bindings["collect"](tuple(pairs)) if pairs else vector([], T.Any_)


def adjusted_copy(x: Any, changes: dict[str, Any]) -> Any:
    """A rule, or a tree of states, with other hyper-parameters."""
    if isinstance(x, Rule):
        return x.adjusted(**changes)
    out = copy_state(x, {})
    engine.adjust(out, **changes)
    return out


def update_state(state: Any, model: Any, grads: Any) -> Any:
    """`update!(state, model, grads)` of Optimisers, with Flux's advice on what goes wrong."""
    if isinstance(grads, Grads) or isinstance(model, Params):
        raise E.ErrorException(
            "Optimisers.jl cannot be used with Zygote.jl's implicit gradients, `Params` & `Grads`"
        )
    if type(grads) is tuple and len(grads) == 1 and type(model) is not tuple:
        warn(
            "explicit `update!(opt, model, grad)` wants the gradient for the model alone, not the "
            "whole tuple from `gradient(m -> loss(m, x, y), model)`. Using `grads[1]` only.",
            "Flux",
        )
        grads = grads[0]
    return engine.update_tree(state, model, grads)


def operands(x: Any, dx: Any) -> tuple[Any, Any]:
    """An array of parameters and a gradient for it, as rules compute with them."""
    host, step = _numbers(x), _numbers(dx)
    if host is None or step is None:
        Base.bindings["zero"](x)  # of which most rules make their first state
        B.materialize(B.broadcasted(Base.bindings["*"], dx, 1))
        raise E.NoMethod("rules compute with arrays of machine numbers")
    if host.dtype.kind in "iub":
        host = host.astype(float)
    if host.shape != step.shape and B.common_shape([host.shape, step.shape]) != host.shape:
        raise E.DimensionMismatch("array could not be broadcast to match destination")
    if host.shape != step.shape:
        step = np.array(np.broadcast_to(B.align(step, host.ndim), host.shape), order="F")
    if step.dtype.kind == "c" and host.dtype.kind != "c":
        wrong = [z for z in step.flat if z.imag]
        if wrong:
            kind = T.TYPE_OF_DTYPE[host.dtype]
            raise E.InexactError(Symbol(kind.typename.name), kind, from_host(wrong[0]))
    return host, step


def _numbers(x: Any) -> Any:
    """An array of machine numbers, or of what can be one, as numpy's; None for another value."""
    if isinstance(x, Array):
        if x.data.dtype == object:
            x = machine(x, None)
    elif T.isa(x, T.AbstractArray):
        x = Base.bindings["collect"](x)
    data = trees.data(x) if isinstance(x, Array) else None
    return data if isinstance(data, np.ndarray) and data.dtype.kind in "fciub" else None


def copy_state(state: Any, seen: dict[int, Any]) -> Any:
    """A state tree with leaves of its own."""
    if isinstance(state, engine.Leaf):
        if id(state) not in seen:
            seen[id(state)] = engine.Leaf(state.rule, _copied(state.kept), state.frozen)
        return seen[id(state)]
    parts = trees.children(state)
    if parts is None:
        return state
    return trees.rebuild(state, tuple(copy_state(v, seen) for v in parts[1]))


def _copied(state: Any) -> Any:
    if type(state) is tuple:
        return tuple(map(_copied, state))
    if isinstance(state, np.ndarray):
        return state.copy(order="F")
    return state.copy() if hasattr(state, "copy") else state


def copy_leaf(leaf: Any, memo: dict[int, Any]) -> Any:
    """`deepcopy` of a leaf."""
    return copy_state(leaf, memo)


def warn(text: str, module: str, where: str = "", **values: Any) -> None:
    """A warning as `@warn` writes it, with values by name, from a module and a file of it."""
    lines = [
        *text.split("\n"),
        *[f"  {name} = {one_line(value)}" for name, value in values.items()],
    ]
    place = f" ~/.julia/packages/{module}/src/{where}" if where else ""
    STDERR.write("┌ Warning: " + "\n│ ".join(lines) + f"\n└ @ {module}{place}\n")


def load_old(module: Module) -> None:
    """The rules of Flux before 0.15, under the names of 0.12 as well."""
    inner = Module("Optimise", module)
    inner.visible = inner.bindings["__builtins__"] = Base.bindings
    module.const("Optimise", inner, export=False)
    inner.const("AbstractOptimiser", ABSTRACT_OLD, export=False)
    OLD_APPLY.module = inner
    inner.const("apply!", OLD_APPLY, export=False)

    @inner.method("apply!(rule, x, Δ)", export=False)
    def apply(rule: Any, x: Any, Δ: Any) -> Any:
        """The step that is to be subtracted from an array; the rule keeps its state."""
        if not isinstance(rule, Rule):
            raise E.MethodError(OLD_APPLY, (rule, x, Δ), None)
        host, step = operands(x, Δ)
        own = isinstance(x, Array) and host is x.data
        return from_host(rule.kept_step(host, step, None if own else x))

    @inner.method("runall(f)", export=False)
    def runall(f: Any) -> Any:
        """A callback itself, or one that calls each of a vector."""
        return (lambda: [g() for g in f.data] and None) if isinstance(f, Array) else f

    for name, cls in stateful.ALL.items():
        _declare(inner, name, cls, ABSTRACT_OLD, mutable=True, export=True)
    capitals = {v: k for k, v in stateful.CAPITALS.items()}
    for name in stateful.ALL:
        module.const(name, inner.bindings[name])
        if name in capitals:
            inner.const(capitals[name], inner.bindings[name])
            module.const(capitals[name], inner.bindings[name])

    for name in ("AdamW", "ADAMW"):

        @inner.method(f"{name}(η=0.001, β=(0.9, 0.999), decay=0)")
        def adamw(η: Any = 0.001, β: Any = stateful.BETAS, decay: Any = 0) -> Any:
            """`Optimiser(Adam(η, β), WeightDecay(decay))`"""
            if not _are_taken(stateful.ALL["Adam"], (η, β), {}):
                raise E.MethodError(inner.bindings["Adam"], (η, β), None)
            return stateful.adamw(to_host(η), to_host(β), to_host(decay))

        module.const(name, inner.bindings[name])

    types = {"Optimiser": inner.bindings["Optimiser"]}
    method_for(types, "push!(o::Optimiser, rules...)", _push)
    method_for(types, "getindex(o::Optimiser, i::Integer)", lambda o, i: o.opts[i - 1])
    method_for(types, "length(o::Optimiser)", lambda o: len(o.opts))


def _push(o: Any, *rules: Any) -> Any:
    """Add rules to a chain."""
    o.push(*rules)
    return o


def method_for(types: dict[str, Any], header: str, f: Any) -> None:
    """A method of one of Base's functions, under a header that names types of ours."""
    scope = Module("scope")
    scope.bindings.update(types)
    scope.visible = scope.bindings["__builtins__"] = Base.bindings
    scope.method(header, export=False)(f)


def iterated(types: dict[str, Any], name: str) -> None:
    """The methods of `iterate` for one of our types, which is iterated natively."""
    method_for(types, f"iterate(x::{name})", first_step)
    method_for(types, f"iterate(x::{name}, state)", next_step)
