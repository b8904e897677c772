"""Rules of the user's own: `@adjoint`, ChainRulesCore's `rrule` and what belongs to it.

A rule is a method of a function of rules, on the type of the function that it is for.  When one is
added, traced calls of that function look for it first.  The rule's code runs below the trace: on
plain values, and free to change arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.fields import getfield
from juliette.packages.zygote.errors import OPEN
from juliette.packages.zygote.nodes import plain, to_julia
from juliette.packages.zygote.projection import mismatch
from juliette.packages.zygote.structured import (
    Seen,
    densify,
    is_wrapper,
    seen,
    slots_of,
)
from juliette.packages.zygote.tangents import Tangent, is_zero, unthunked
from juliette.packages.zygote.trees import FUNCTIONS, give_own, lift, outside
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Method, call_kw
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Expr, QuoteNode, Symbol
from juliette_engine import gradients, rules
from juliette_engine.tape import Node, acc_any, primal

ndarray = np.ndarray

# ---------------------------------------------------------------- calling a rule


class Pullback:
    """A pullback as a Julia function."""

    __slots__ = ("run",)

    def __init__(self, run: Any) -> None:
        self.run = run

    def __call__(self, *args: Any) -> Any:
        return self.run(*args)


T.register_class(Pullback, T.define("Zygote.RulePullback", T.Function_))


class Outputs:
    """Stands for an output of several parts; its `grad` is theirs together."""

    __slots__ = ("tape", "value")
    data = None

    def __init__(self, value: Any, tape: Any) -> None:
        self.value = value
        self.tape = tape

    @property
    def grad(self) -> Any:
        return _gradient_in(self.value)

    @grad.setter
    def grad(self, g: Any) -> None:
        gradients._forget(self.value)


def _gradient_in(x: Any) -> Any:
    if isinstance(x, Node):
        return None if x.grad is None else _outward(x.grad, x)
    if type(x) is tuple:
        parts = tuple(map(_gradient_in, x))
        return None if all(p is None for p in parts) else parts
    if isinstance(x, V.NamedTuple):
        parts = tuple(map(_gradient_in, x.values))
        return None if all(p is None for p in parts) else V.NamedTuple(x.names, parts)
    if isinstance(x, Struct):
        parts = tuple(_gradient_in(getattr(x, f, None)) for f in x.fields)
        return None if all(p is None for p in parts) else V.NamedTuple(tuple(x.fields), parts)
    return None


def _outward(g: Any, node: Any) -> Any:
    """A cotangent as a Julia value."""
    if isinstance(g, Node):
        return g
    if type(node.data) is ndarray:
        from juliette_engine.tape import full

        return to_julia(full(g, node.data))
    return g.item() if isinstance(g, np.float64) else g


def call_with_rule(rule: Any, f: Any, args: tuple[Any, ...], own: bool = True) -> Any:
    """The value of `rule(args...)`, recorded with the pullback that it gives.

    `own`: the pullback's first cotangent is that of the function itself.
    """
    tape = top_of((f, *args))
    if tape is None:
        return outside_trace(None, rule, args)[0]
    below = tuple([outside(a, tape) for a in args])
    y, back = outside_trace(tape, rule, below)
    args = tuple(map(seen, args))
    out = lift(y, tape)
    if isinstance(out, Node):
        tape.append((rule_step, out, (f, *args) if own else args, back))
    elif any(True for _ in _nodes(out)):
        tape.append((rule_step, Outputs(out, tape), (f, *args) if own else args, back))
    return out


def _nodes(x: Any) -> Any:
    if isinstance(x, Node):
        yield x
    elif type(x) is tuple:
        for v in x:
            yield from _nodes(v)
    elif isinstance(x, V.NamedTuple):
        for v in x.values:
            yield from _nodes(v)
    elif isinstance(x, (Struct, *FUNCTIONS)):
        for f in x.fields:
            yield from _nodes(getattr(x, f, None))
    elif is_wrapper(x):
        for f in slots_of(type(x)):
            yield from _nodes(getattr(x, f, None))
    elif isinstance(x, Array) and x.data.dtype == object:
        for v in x.data.ravel().tolist():
            yield from _nodes(v)


def outside_trace(tape: Any, rule: Any, args: tuple[Any, ...]) -> Any:
    depth = TRACE.depth
    TRACE.depth = max(depth - 1, 0)
    OPEN.ignoring += 1
    try:
        found = rule(*args)
    finally:
        OPEN.ignoring -= 1
        TRACE.depth = depth
    if type(found) is not tuple or len(found) != 2:
        raise ErrorException("a rule gives a value and a pullback")
    return found


def rule_step(g: Any, r: Any, args: Any, back: Any) -> None:
    if isinstance(r, Node):
        g = _outward(g, r)
    found = unthunked(back(g))
    if found is None:
        return
    if type(found) is not tuple:
        found = (found,)
    for x, dx in zip(args, found, strict=False):
        send(x, dx, r.tape)


def send(x: Any, g: Any, tape: Any) -> None:
    """Add a tangent from a rule to an argument."""
    g = unthunked(g)
    if is_zero(g):
        return
    if isinstance(g, Tangent):
        g = g.backing
    if isinstance(x, Seen):
        if isinstance(g, V.NamedTuple):
            send(x.value, g, tape)
        else:
            send(x.dense, densify(g), tape)
        return
    if isinstance(x, Node):
        if x.tape is not tape:
            return
        value = (
            g
            if isinstance(g, Node)
            else np.asarray(g.data)
            if hasattr(g, "data") and not isinstance(g, (int, float, np.generic))
            else g
        )
        want, have = np.shape(primal(x)), np.shape(primal(value))
        if want != have:
            if want and np.prod(want) == np.prod(have):
                value = rules.reshape(value, want)
            elif want and have:
                raise mismatch(want, have)
        acc_any(x, float(value) if type(value) is int else value)
        return
    if type(x) is tuple:
        parts = g if type(g) is tuple else g.values if isinstance(g, V.NamedTuple) else ()
        for a, b in zip(x, parts, strict=False):
            send(a, b, tape)
    elif isinstance(x, V.NamedTuple) or hasattr(x, "fields"):
        names = x.names if isinstance(x, V.NamedTuple) else x.fields
        if isinstance(g, V.NamedTuple):
            given = dict(zip(g.names, g.values, strict=True))
        else:  # a rule may give a value of the argument's own type
            if isinstance(g, Struct) and isinstance(x, Struct):
                give_own(x, g, tape)
            given = {n: getattr(g, n, None) for n in g.fields} if isinstance(g, Struct) else {}
        for n in names:
            part = (
                x.values[x.names.index(n)] if isinstance(x, V.NamedTuple) else getattr(x, n, None)
            )
            send(part, given.get(n), tape)
    elif isinstance(x, Array) and x.data.dtype == object and hasattr(g, "data"):
        for a, b in zip(
            x.data.ravel(order="F").tolist(), g.data.ravel(order="F").tolist(), strict=True
        ):
            send(a, b, tape)


# ---------------------------------------------------------------- functions of rules


CONFIG = T.define("ChainRulesCore.RuleConfig", T.Any_, (T.TypeVar("T"),), abstract=True)
CONFIG_TYPES: dict[str, Any] = {"RuleConfig": CONFIG}
for _name in ("HasReverseMode", "NoReverseMode", "HasForwardsMode", "NoForwardsMode"):
    CONFIG_TYPES[_name] = T.define(f"ChainRulesCore.{_name}")
# The types of those who call rules: what a rule may ask for as its first argument.
CONFIGS: list[Any] = []


class RuleFunction(GenericFunction):
    """A function whose methods are rules: on the type of a function, then its arguments' types."""

    __slots__ = ("make",)
    before = 0  # how many parameters come before that

    def add(self, method: Method) -> None:
        super().add(method)
        parameters = method.parameters[self.before :]
        if parameters and T.subtype(parameters[0], CONFIG):
            parameters = parameters[1:]
        if parameters:
            target = target_of(parameters[0])
            if target is not None:
                if getattr(target[0], "name", "") == "literal_getproperty":
                    target = Base.bindings["getproperty"], (T.typeof(Base.bindings["getproperty"]),)
                target[0].take_rule(Finder(*target))


class ForwardRuleFunction(RuleFunction):
    """The same with the tangents as the first argument."""

    __slots__ = ()
    before = 1


def target_of(t: Any) -> tuple[GenericFunction, tuple[Any, ...]] | None:
    """The function whose calls a rule's first parameter means, and what types to put first."""
    t = T.unwrap(t)
    if not isinstance(t, T.DataType):
        return None
    if t.typename is T.TYPE_NAME and t.parameters:
        kind = t.parameters[0]
        kind = kind.upper if isinstance(kind, T.TypeVar) else kind
        return (constructors(kind), ()) if isinstance(kind, T.JuliaType) else None
    singleton = t.typename.singleton
    if isinstance(singleton, GenericFunction):
        return singleton, (t,)
    return CALLABLES, ()


class Finder:
    """Looks for rules for calls of a function."""

    __slots__ = ("first", "function")

    def __init__(self, function: GenericFunction, first: tuple[Any, ...]) -> None:
        self.function = function
        self.first = first

    def __call__(self, types: tuple[Any, ...]) -> Any:
        found = self.backward(types)
        forward = FRULES.selected((_TANGENTS, *self.first, *types))
        if forward is None or forward.code is None:
            return found
        return _by_either(self.function, bool(self.first), found)

    def backward(self, types: tuple[Any, ...]) -> Any:
        """The rule for going back."""
        full = (*self.first, *types)
        named = bool(self.first)
        if CONSTANTS.selected(full) is not None:
            return _constant(self.function)
        found = ADJOINTS.selected(full)
        if found is not None and found.code is not None:
            return _by_rule(ADJOINTS, self.function, named, own=False)
        found = CALL_ADJOINTS.selected(full)
        if found is not None and found.code is not None:
            return _by_rule(CALL_ADJOINTS, self.function, named)
        if self.function is Base.bindings["getproperty"]:
            found = _literal(types)
            if found is not None:
                return found
        for config in CONFIGS:
            found = RRULES.selected((config, *full))
            if (
                found is not None
                and found.code is not None
                and T.subtype(found.parameters[0], CONFIG)
            ):
                from juliette.packages.zygote.chainrules import CONFIG_OF_ZYGOTE

                return _by_rule(RRULES, self.function, named, first=(CONFIG_OF_ZYGOTE,))
        found = RRULES.selected(full)
        if found is None:
            if len(RRULES.matching(full)) > 1:
                return _by_rule(RRULES, self.function, named)  # raises Julia's error
            return None
        if found.code is None or (NO_RRULES.selected(full) is not None and _opted_out(full, found)):
            return None
        return _by_rule(RRULES, self.function, named)


def _opted_out(full: tuple[Any, ...], rule: Method) -> bool:
    """Is the opting out at least as specific as the rule?"""
    found = NO_RRULES.selected(full)
    return found is not None and T.subtype(found.signature, rule.signature)


def _constant(function: GenericFunction) -> Any:
    def run(*args: Any, **kwargs: Any) -> Any:
        depth, TRACE.depth = TRACE.depth, 0
        try:
            return call_kw(function, kwargs, *map(plain, args))
        finally:
            TRACE.depth = depth

    return run


def _by_rule(
    table: GenericFunction,
    function: GenericFunction,
    named: bool,
    *,
    own: bool = True,
    first: Any = (),
) -> Any:
    if named:

        def run(*args: Any, **kwargs: Any) -> Any:
            return call_with_rule(
                lambda *xs: call_kw(table, kwargs, *first, function, *xs), function, args, own=own
            )

        return run
    if (
        table is ADJOINTS and function is not CALLABLES
    ):  # of a type: its pullback knows nothing of the type

        def construct(t: Any, *args: Any, **kwargs: Any) -> Any:
            return call_with_rule(lambda *xs: call_kw(table, kwargs, t, *xs), None, args, own=False)

        return construct

    def call(*args: Any, **kwargs: Any) -> Any:
        return call_with_rule(
            lambda *xs: call_kw(table, kwargs, *first, *xs), None, args, own=False
        )

    return call


def _by_either(function: GenericFunction, named: bool, found: Any) -> Any:
    """A function with a rule for going forward: it is for the levels of forward mode."""

    def run(*args: Any, **kwargs: Any) -> Any:
        from juliette.packages.zygote.forward import by_forward_rule

        tape = top_of(args)
        if tape is not None and tape.forward:
            return by_forward_rule(tape, (function, *args) if named else args, kwargs)
        if found is not None:
            return found(*args, **kwargs)
        types, classes = tuple(map(T.dispatch_type, args)), tuple(map(type, args))
        method = function.resolve(types, args)
        if kwargs:
            return method.kwcall(kwargs, *args)  # type: ignore[misc]
        return method.specialise(method, types, classes, TRACE.depth > 0)(*args)

    return run


def top_of(args: Any) -> Any:
    """The tape of the highest level in values; None if nothing is traced."""
    tape = None
    for node in _nodes(args):
        if tape is None or node.tape.level > tape.level:
            tape = node.tape
    return tape


def _literal(types: tuple[Any, ...]) -> Any:
    """The rules of `literal_getproperty` for a type: one for each name of a property."""
    literal = ZYGOTE_MODULE[0].bindings["literal_getproperty"]
    known = [
        m
        for m in ADJOINTS.methods
        if m.code is not None and len(m.parameters) == 3 and m.parameters[0] is T.typeof(literal)
    ]
    if not any(T.subtype(types[0], m.parameters[1]) for m in known):
        return None

    def read(x: Any, name: Any) -> Any:
        val = T.CONSTRUCT(Base.bindings["Val"], (name,), {})
        full = (T.typeof(literal), T.typeof(x), T.typeof(val))
        if ADJOINTS.selected(full) is None:
            return getfield(x, name)
        return call_with_rule(lambda v: ADJOINTS(literal, v, val), None, (x,), own=False)

    return read


ADJOINTS = RuleFunction("adjoint_rule")
# Rules of `@adjoint (f::F)(x) = ...`, whose pullback gives the cotangent of `f`, too.
CALL_ADJOINTS = RuleFunction("call_adjoint_rule")
RRULES = RuleFunction("rrule")
FRULES = ForwardRuleFunction("frule")
_TANGENTS = T.tuple_type([T.Vararg(T.Any_)])
NO_RRULES = GenericFunction("no_rrule")
CONSTANTS = RuleFunction("constant_rule")

# ---------------------------------------------------------------- macros


def _definition(e: Any) -> tuple[Any, Any]:
    """(signature, body) of a function definition."""
    if isinstance(e, Expr) and e.head in ("=", "function") and len(e.args) == 2:
        return e.args[0], e.args[1]
    raise ErrorException("a function definition is expected")


def _of_callable(signature: Any) -> bool:
    """Is it `(f::F)(x)`?"""
    while getattr(signature, "head", "") in ("where", "::"):
        signature = signature.args[0]
    f = signature.args[0] if isinstance(signature, Expr) else None
    return isinstance(f, Expr) and f.head == "::"


def call_of(signature: Any) -> Any:
    """The signature itself, if it is one of a call."""
    if getattr(signature, "head", "") not in ("where", "::", "call"):
        raise ErrorException("the rule of a call is expected, as in `f(x)`")
    return signature


def onto(rules_name: str, signature: Any) -> Any:
    """A signature `f(x)` as one of the function of rules: `rules(::typeof(f), x)`."""
    if call_of(signature).head != "call":
        return Expr(signature.head, onto(rules_name, signature.args[0]), *signature.args[1:])
    f = signature.args[0]
    if isinstance(f, Expr) and f.head == "::":
        first = f
    elif isinstance(f, Expr) and f.head == "curly":
        first = Expr("::", Expr("curly", Symbol("Type"), f))
    else:
        first = Expr("::", Expr("call", QuoteNode(T.dispatch_type), f))
    rest = list(signature.args[1:])
    parameters = (
        [rest.pop(0)] if rest and isinstance(rest[0], Expr) and rest[0].head == "parameters" else []
    )
    return Expr(
        "call",
        Expr(".", QuoteNode(ZYGOTE_MODULE[0]), QuoteNode(Symbol(rules_name))),
        *parameters,
        first,
        *rest,
    )


ZYGOTE_MODULE: list[Any] = []


def ignoring(e: Any) -> Any:
    """An expression whose value counts as a constant."""
    from juliette.packages.zygote.entry import ignored

    return Expr("call", QuoteNode(ignored), Expr("->", Expr("tuple"), e))


def load_rules(module: Module) -> None:
    """Enter the macros into Zygote, and the package ChainRulesCore."""
    ZYGOTE_MODULE[:] = [module]
    for f in (ADJOINTS, CALL_ADJOINTS, RRULES, FRULES, CONSTANTS, NO_RRULES):
        f.module = module
        module.set(f.name, f, const=True)

    @module.macro("adjoint", export=False)
    def adjoint(context: Any, definition: Any) -> Any:
        """`@adjoint f(x) = y, ȳ -> (x̄,)`: a rule for `f`."""
        signature, body = _definition(definition)
        table = "call_adjoint_rule" if _of_callable(signature) else "adjoint_rule"
        return Expr("block", Expr("=", onto(table, signature), body), None)

    @module.macro("adjoint!", export=False)
    def adjoint_in_place(context: Any, definition: Any) -> Any:
        """`@adjoint! f(x) = y, ȳ -> (x̄,)`: a rule for a function that changes its arguments."""
        return adjoint(context, definition)

    @module.method(
        "literal_getproperty(x, ::Val{f}) where f", export=False, transparent=True, static=True
    )
    def literal_getproperty(f: Any, x: Any, _: Any) -> Any:
        """`x.f`: a function to give rules for the properties of a type."""
        return Base.bindings["getproperty"](x, f)

    @module.macro("nograd", export=False)
    def nograd(context: Any, *names: Any) -> Any:
        """`@nograd f`: results of `f` are constants."""
        flat = [
            n for e in names for n in (e.args if isinstance(e, Expr) and e.head == "tuple" else [e])
        ]
        return Expr("block", *[Expr("call", QuoteNode(constant_function), f) for f in flat], None)

    @module.macro("ignore", export=False)
    def ignore(context: Any, e: Any) -> Any:
        """`@ignore ex`: the value of an expression as a constant."""
        return ignoring(e)

    @module.macro("showgrad", export=False)
    def showgrad(context: Any, e: Any) -> Any:
        """`@showgrad x`: prints the sensitivity of `x` in the backward pass."""
        from juliette.display.expressions import expression_text

        return Expr("call", QuoteNode(shown_gradient), expression_text(e), e)

    from juliette.packages.zygote.chainrules import CHAIN_RULES, load_chain_rules

    load_chain_rules(CHAIN_RULES)
    for name in ("ignore_derivatives",):
        module.const(name, CHAIN_RULES.bindings[name], export=False)
    module.set("@ignore_derivatives", CHAIN_RULES.bindings["@ignore_derivatives"], const=True)
    module.const("ChainRulesCore", CHAIN_RULES, export=False)


def constant_function(f: Any) -> None:
    """Results of a function are constants, whatever its arguments."""
    CONSTANTS.add(
        Method(CONSTANTS, T.tuple_type([T.typeof(f), T.Vararg(T.Any_)]), lambda *a: lambda *x: True)
    )


def shown_gradient(text: str, x: Any) -> Any:
    """`x`, with its sensitivity printed in the backward pass."""
    from juliette.base.macros import shown

    if not isinstance(x, Node):
        return x

    def show(g: Any) -> Any:
        shown(f"∂({text})", g)
        return (g,)

    return call_with_rule(lambda v: (v, show), None, (x,), own=False)
