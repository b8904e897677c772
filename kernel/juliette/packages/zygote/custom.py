"""Rules of the user's own: `@adjoint`, ChainRulesCore's `rrule` and what belongs to it.

A rule is a method of a function of rules, on the type of the function that it is for.  When one is
added, traced calls of that function look for it first.  The rule's code runs below the trace: on
plain values, and free to change arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.compiler import support
from juliette.packages.zygote.errors import OPEN
from juliette.packages.zygote.nodes import plain, to_julia
from juliette.packages.zygote.structured import holds_node
from juliette.packages.zygote.trees import lift, outside
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import CALLABLES, TRACE, GenericFunction, Method
from juliette.runtime.errors import DimensionMismatch, ErrorException
from juliette.runtime.modules import Base, Module, constructors, package
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Expr, LineNumberNode, QuoteNode, Symbol
from juliette_engine import gradients, rules
from juliette_engine.tape import Node, acc_any, primal

ndarray = np.ndarray

# ---------------------------------------------------------------- kinds of tangents

_ABSTRACT = T.define("ChainRulesCore.AbstractTangent", abstract=True)
_ZERO = T.define("ChainRulesCore.AbstractZero", _ABSTRACT, abstract=True)


class NoTangent:
    """The argument has no tangent space: an index, a string."""

    __slots__ = ()


class ZeroTangent:
    """The tangent is zero."""

    __slots__ = ()


class Thunk:
    """A tangent computed when it is asked for."""

    __slots__ = ("f",)
    fields = ("f",)

    def __init__(self, f: Any) -> None:
        self.f = f


class Tangent:
    """The tangent of a structure, by field."""

    __slots__ = ("backing", "of")

    def __init__(self, of: Any, backing: Any) -> None:
        self.of = of
        self.backing = backing


NO_TANGENT, ZERO_TANGENT = NoTangent(), ZeroTangent()
_TYPES = {
    NoTangent: T.define("ChainRulesCore.NoTangent", _ZERO), ZeroTangent: T.define("ChainRulesCore.ZeroTangent", _ZERO),
    Thunk: T.define("ChainRulesCore.Thunk", _ABSTRACT), Tangent: T.define("ChainRulesCore.Tangent", _ABSTRACT),
}
for _cls, _t in _TYPES.items():
    T.register_class(_cls, _t)


def unthunked(x: Any) -> Any:
    """A tangent with what was put off computed."""
    while isinstance(x, Thunk):
        x = x.f()
    return x


# ---------------------------------------------------------------- calling a rule


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
    tape = None
    for node in _nodes((f, *args)):
        if tape is None or node.tape.level > tape.level:
            tape = node.tape
    if tape is None:
        return _outside_trace(None, rule, args)[0]
    below = tuple([outside(a, tape) for a in args])
    y, back = _outside_trace(tape, rule, below)
    out = lift(y, tape)
    if isinstance(out, Node):
        tape.append((_rule_step, out, (f, *args) if own else args, back))
    elif any(True for _ in _nodes(out)):
        tape.append((_rule_step, Outputs(out, tape), (f, *args) if own else args, back))
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
    elif isinstance(x, Struct) or isinstance(x, support.ClosureBase):
        for f in x.fields:
            yield from _nodes(getattr(x, f, None))
    elif isinstance(x, Array) and x.data.dtype == object:
        for v in x.data.ravel().tolist():
            yield from _nodes(v)


def _outside_trace(tape: Any, rule: Any, args: tuple[Any, ...]) -> Any:
    depth = TRACE.depth
    TRACE.depth = depth - 1 if any(map(holds_node, args)) else 0
    OPEN.ignoring += 1
    try:
        found = rule(*args)
    finally:
        OPEN.ignoring -= 1
        TRACE.depth = depth
    if type(found) is not tuple or len(found) != 2:
        raise ErrorException("a rule gives a value and a pullback")
    return found


def _rule_step(g: Any, r: Any, args: Any, back: Any) -> None:
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
    if g is None or isinstance(g, (NoTangent, ZeroTangent)):
        return
    if isinstance(g, Tangent):
        g = g.backing
    if isinstance(x, Node):
        if x.tape is not tape:
            return
        value = g if isinstance(g, Node) else np.asarray(g.data) if hasattr(g, "data") and not isinstance(g, (int, float, np.generic)) else g
        want, have = np.shape(primal(x)), np.shape(primal(value))
        if want != have:
            if want and np.prod(want) == np.prod(have):
                value = rules.reshape(value, want)
            elif want and have:
                raise DimensionMismatch(
                    f"variable with size(x) == {_size(want)} cannot have a gradient with size(dx) == {_size(have)}"
                )
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
            given = {n: getattr(g, n, None) for n in g.fields} if isinstance(g, Struct) else {}
        for n in names:
            part = x.values[x.names.index(n)] if isinstance(x, V.NamedTuple) else getattr(x, n, None)
            send(part, given.get(n), tape)
    elif isinstance(x, Array) and x.data.dtype == object and hasattr(g, "data"):
        for a, b in zip(x.data.ravel(order="F").tolist(), g.data.ravel(order="F").tolist(), strict=True):
            send(a, b, tape)


def _size(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


# ---------------------------------------------------------------- functions of rules


class RuleFunction(GenericFunction):
    """A function whose methods are rules: on the type of a function, then its arguments' types."""

    __slots__ = ("make",)

    def add(self, method: Method) -> None:
        super().add(method)
        parameters = method.parameters
        if parameters:
            target = target_of(parameters[0])
            if target is not None:
                target[0].take_rule(Finder(*target))


def target_of(t: Any) -> tuple[GenericFunction, tuple[Any, ...]] | None:
    """The function whose calls a rule's first parameter means, and what types to put first."""
    t = T.unwrap(t)
    if not isinstance(t, T.DataType):
        return None
    if t.typename is T.TYPE_NAME and t.parameters:
        kind = t.parameters[0]
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
        full = (*self.first, *types)
        for table, make in ((CONSTANTS, _constant), (ADJOINTS, _adjoint), (RRULES, _rrule)):
            method = table.selected(full)
            if method is not None and (method.code is not None or table is CONSTANTS):
                return make(self.function, bool(self.first))
        return None


def _constant(function: GenericFunction, named: bool) -> Any:
    def run(*args: Any) -> Any:
        depth, TRACE.depth = TRACE.depth, 0
        try:
            return function(*map(plain, args))
        finally:
            TRACE.depth = depth

    return run


def _adjoint(function: GenericFunction, named: bool) -> Any:
    if named:
        return lambda *args: call_with_rule(lambda *xs: ADJOINTS(function, *xs), function, args, own=False)
    return lambda *args: call_with_rule(ADJOINTS, None, args, own=False)


def _rrule(function: GenericFunction, named: bool) -> Any:
    if named:
        return lambda *args: call_with_rule(lambda *xs: RRULES(function, *xs), function, args)
    return lambda *args: call_with_rule(RRULES, None, args, own=False)


ADJOINTS = RuleFunction("adjoint_rule")
RRULES = RuleFunction("rrule")
FRULES = GenericFunction("frule")
CONSTANTS = RuleFunction("constant_rule")

# ---------------------------------------------------------------- macros


def _definition(e: Any) -> tuple[Any, Any]:
    """(signature, body) of a function definition."""
    if isinstance(e, Expr) and e.head in ("=", "function") and len(e.args) == 2:
        return e.args[0], e.args[1]
    raise ErrorException("a function definition is expected")


def _onto(rules_name: str, signature: Any) -> Any:
    """A signature `f(x)` as one of the function of rules: `rules(::typeof(f), x)`."""
    if signature.head in ("where", "::"):
        return Expr(signature.head, _onto(rules_name, signature.args[0]), *signature.args[1:])
    f = signature.args[0]
    if isinstance(f, Expr) and f.head == "::":
        first = f
    elif isinstance(f, Expr) and f.head == "curly":
        first = Expr("::", Expr("curly", Symbol("Type"), f))
    else:
        first = Expr("::", Expr("call", Symbol("typeof"), f))
    rest = list(signature.args[1:])
    parameters = [rest.pop(0)] if rest and isinstance(rest[0], Expr) and rest[0].head == "parameters" else []
    return Expr("call", Expr(".", QuoteNode(ZYGOTE_MODULE[0]), QuoteNode(Symbol(rules_name))), *parameters, first, *rest)


ZYGOTE_MODULE: list[Any] = []


def ignoring(e: Any) -> Any:
    """An expression whose value counts as a constant."""
    from juliette.packages.zygote.entry import ignored

    return Expr("call", QuoteNode(ignored), Expr("->", Expr("tuple"), e))


def load_rules(module: Module) -> None:
    """Enter the macros into Zygote, and the package ChainRulesCore."""
    ZYGOTE_MODULE[:] = [module]
    for f in (ADJOINTS, RRULES, FRULES, CONSTANTS):
        f.module = module
        module.set(f.name, f, const=True)

    @module.macro("adjoint", export=False)
    def adjoint(context: Any, definition: Any) -> Any:
        """`@adjoint f(x) = y, ȳ -> (x̄,)`: a rule for `f`."""
        signature, body = _definition(definition)
        return Expr("block", Expr("=", _onto("adjoint_rule", signature), body), None)

    @module.macro("nograd", export=False)
    def nograd(context: Any, *names: Any) -> Any:
        """`@nograd f`: results of `f` are constants."""
        flat = [n for e in names for n in (e.args if isinstance(e, Expr) and e.head == "tuple" else [e])]
        return Expr("block", *[Expr("call", QuoteNode(constant_function), f) for f in flat], None)

    @module.macro("ignore", export=False)
    def ignore(context: Any, e: Any) -> Any:
        """`@ignore ex`: the value of an expression as a constant."""
        return ignoring(e)

    @module.macro("showgrad", export=False)
    def showgrad(context: Any, e: Any) -> Any:
        """`@showgrad x`: prints the sensitivity of `x` in the backward pass."""
        from juliette.base.macros import expression_text

        return Expr("call", QuoteNode(shown_gradient), expression_text(e), e)

    load_chain_rules(CHAIN_RULES)
    for name in ("ignore_derivatives",):
        module.const(name, CHAIN_RULES.bindings[name], export=False)
    module.set("@ignore_derivatives", CHAIN_RULES.bindings["@ignore_derivatives"], const=True)
    module.const("ChainRulesCore", CHAIN_RULES, export=False)


def constant_function(f: Any) -> None:
    """Results of a function are constants, whatever its arguments."""
    CONSTANTS.add(Method(CONSTANTS, T.tuple_type([T.typeof(f), T.Vararg(T.Any_)]), lambda *a: (lambda *x: True)))


def shown_gradient(text: str, x: Any) -> Any:
    """`x`, with its sensitivity printed in the backward pass."""
    from juliette.base.macros import shown

    if not isinstance(x, Node):
        return x

    def show(g: Any) -> Any:
        shown(f"∂({text})", g)
        return (g,)

    return call_with_rule(lambda v: (v, show), None, (x,), own=False)


def load_chain_rules(module: Module) -> None:
    """Fill ChainRulesCore."""
    if "rrule" in module.bindings:
        return
    for name, f in (("rrule", RRULES), ("frule", FRULES)):
        module.const(name, f)
    for cls in (NoTangent, ZeroTangent, Thunk, Tangent):
        module.const(cls.__name__, _TYPES[cls])
    module.const("AbstractZero", _ZERO)
    module.const("AbstractTangent", _ABSTRACT)

    @module.method("NoTangent()")
    def no_tangent(_: Any) -> Any:
        return NO_TANGENT

    @module.method("ZeroTangent()")
    def zero_tangent(_: Any) -> Any:
        return ZERO_TANGENT

    @module.method("Thunk(f)")
    def thunk(_: Any, f: Any) -> Any:
        return Thunk(f)

    @module.method("Tangent(; fields...)")
    def tangent(_: Any, **fields: Any) -> Any:
        return Tangent(None, V.NamedTuple(tuple(fields), tuple(fields.values())))

    @module.method("unthunk(x)")
    def unthunk(x: Any) -> Any:
        """A tangent with what was put off computed."""
        return unthunked(x)

    @module.method("ignore_derivatives(f)", transparent=True)
    def ignore_derivatives(f: Any) -> Any:
        """The value of `f()`, or `f` itself if it is no function, as a constant.

        ```jldoctest
        julia> using Zygote, ChainRulesCore

        julia> gradient(x -> x * ignore_derivatives(x), 3.0)
        (3.0,)
        ```
        """
        from juliette.packages.zygote.entry import ignored

        return ignored(f) if isinstance(f, (GenericFunction, support.ClosureBase)) else plain(f)

    @module.method("ProjectTo(x)")
    def project_to(x: Any) -> Any:
        """A function that brings tangents to the kind of `x`."""
        return Projector(x)

    @module.macro("thunk")
    def thunk_macro(context: Any, e: Any) -> Any:
        """`@thunk ex`: a tangent computed when it is asked for."""
        return Expr("call", QuoteNode(Thunk), Expr("->", Expr("tuple"), e))

    @module.macro("ignore_derivatives")
    def ignore_macro(context: Any, e: Any) -> Any:
        """`@ignore_derivatives ex`: the value of an expression as a constant."""
        return ignoring(e)

    @module.macro("non_differentiable")
    def non_differentiable(context: Any, signature: Any) -> Any:
        """`@non_differentiable f(::Any...)`: results of `f` are constants."""
        return Expr("block", Expr("=", _onto("constant_rule", signature), True), None)

    @module.macro("opt_out")
    def opt_out(context: Any, signature: Any) -> Any:
        """`@opt_out rrule(::typeof(f), x)`: no rule for these arguments."""
        return Expr("block", Expr("=", signature, None), None)

    @module.macro("scalar_rule")
    def scalar_rule(context: Any, call: Any, *rest: Any) -> Any:
        """`@scalar_rule f(x, y) (∂f_∂x, ∂f_∂y)`: a rule from the partial derivatives; `Ω` is the value."""
        setup = [e for e in rest if isinstance(e, Expr) and e.head == "macrocall"]
        partials = [e for e in rest if e not in setup][0]
        names = [Symbol(a.args[0].name) if isinstance(a, Expr) else a for a in call.args[1:]]
        slopes = list(partials.args) if isinstance(partials, Expr) and partials.head == "tuple" and len(names) > 1 else [partials]
        before = [x for e in setup for x in e.args[2:] if not isinstance(x, LineNumberNode)]
        g = Symbol("ΔΩ")
        products = [Expr("call", Symbol("*"), Expr("call", Symbol("conj"), s), g) for s in slopes]
        back = Expr("->", g, Expr("tuple", Expr("call", QuoteNode(lambda: NO_TANGENT)), *products))
        body = Expr(
            "block", Expr("=", Symbol("Ω"), Expr("call", call.args[0], *names)), *before, Expr("tuple", Symbol("Ω"), back),
        )
        return Expr("block", Expr("=", _onto("rrule", call), body), None)


class Projector:
    """`ProjectTo(x)`"""

    __slots__ = ("like",)

    def __init__(self, like: Any) -> None:
        self.like = like

    def __call__(self, g: Any) -> Any:
        g = unthunked(g)
        if g is None or isinstance(g, (NoTangent, ZeroTangent)):
            return g
        like = primal(self.like)
        if isinstance(like, (bool, str)):
            return NO_TANGENT
        if isinstance(like, float) or isinstance(like, int):
            return float(g.real) if isinstance(g, complex) else float(g) if not isinstance(g, Node) else g
        if isinstance(like, Array) and isinstance(g, Array) and like.data.dtype.kind == "f" and not isinstance(g, Node):
            if g.data.shape != like.data.shape:
                raise DimensionMismatch(
                    f"variable with size(x) == {_size(like.data.shape)} cannot have a gradient with size(dx) == {_size(g.data.shape)}"
                )
            data = g.data.real if g.data.dtype.kind == "c" else g.data
            return to_julia(np.asarray(data, like.data.dtype, order="F"))
        return g


CHAIN_RULES = package("ChainRulesCore", load_chain_rules)
for _c in (Projector,):
    T.register_class(_c, T.define("ChainRulesCore.ProjectTo"))
_ = Base
