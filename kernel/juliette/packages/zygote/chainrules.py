"""ChainRulesCore: rules by name, macros that define them, projection, and derivatives by a rule alone."""

from __future__ import annotations

from typing import Any

from juliette.compiler.closures import ClosureBase
from juliette.display.show import SHOW_HOOKS
from juliette.packages.zygote import custom
from juliette.packages.zygote.custom import FRULES, NO_RRULES, RRULES, call_of, ignoring, onto
from juliette.packages.zygote.nodes import plain
from juliette.packages.zygote.projection import categorical, projected
from juliette.packages.zygote.tangents import (
    NO_TANGENT,
    ZERO_TANGENT,
    InplaceableThunk,
    MutableTangent,
    NotImplemented_,
    Tangent,
    Thunk,
    gradient_of,
    is_zero,
    load_tangents,
    unthunked,
)
from juliette.packages.zygote.trees import FUNCTIONS
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import BoundsError, ErrorException
from juliette.runtime.modules import PACKAGES, Base, Module, package
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Expr, LineNumberNode, QuoteNode, Symbol

# ---------------------------------------------------------------- what a rule may ask of its caller

CONFIG = custom.CONFIG


class ZygoteRuleConfig:
    """Zygote as the one who calls a rule."""

    __slots__ = ()


T.register_class(
    ZygoteRuleConfig, T.define("Zygote.ZygoteRuleConfig", T.apply_type(CONFIG, T.Any_))
)
CONFIG_OF_ZYGOTE = ZygoteRuleConfig()
custom.CONFIGS.append(T.typeof(CONFIG_OF_ZYGOTE))


class Projector:
    """`ProjectTo(x)`"""

    __slots__ = ("like",)

    def __init__(self, like: Any) -> None:
        self.like = like

    def __call__(self, g: Any) -> Any:
        if isinstance(g, Thunk):
            return Thunk(lambda: self(unthunked(g)))
        g = unthunked(g)
        if is_zero(g):
            return g
        if isinstance(g, Tangent) and not isinstance(self.like, (Struct, tuple, V.NamedTuple)):
            return g
        return NO_TANGENT if categorical(self.like) else projected(g, self.like)


T.register_class(Projector, T.define("ChainRulesCore.ProjectTo"))


def _show_projector(io: Any, p: Projector, long: bool) -> None:
    t = T.typeof(p.like)
    if categorical(p.like):
        io.write("ProjectTo{NoTangent}()")
    elif T.subtype(t, T.AbstractArray):
        io.write(
            f"ProjectTo{{AbstractArray}}(element = ProjectTo{{{T.type_string(p.like.eltype)}}}(), axes = …)"
        )
    else:
        io.write(f"ProjectTo{{{T.type_string(t)}}}()")


SHOW_HOOKS[Projector] = _show_projector


# ---------------------------------------------------------------- derivatives by a rule alone


def is_constant(f: Any, args: tuple[Any, ...]) -> bool:
    """Is a call one whose results are constants (`@non_differentiable`)?"""
    return custom.CONSTANTS.selected(tuple(map(T.dispatch_type, (f, *args)))) is not None


def has_rule(f: Any) -> bool:
    """Does a function come with a rule of its own: is it one of Base's or of a package's?"""
    module = getattr(f, "module", None)
    if isinstance(f, T.JuliaType):
        return False
    while module is not None and getattr(module, "parent", None) not in (None, module):
        module = module.parent
    if not isinstance(f, GenericFunction) or module is None:
        return False
    # NNlib of each era is a module of its own behind the one that `using` finds
    return module is Base or module in PACKAGES.values() or module.name == "NNlib"


def tangent_of(g: Any, x: Any) -> Any:
    """A gradient of Zygote's as a tangent of ChainRules'."""
    if g is None:
        return NO_TANGENT if not _differentiable(x) else ZERO_TANGENT
    if type(g) is tuple and type(x) is tuple:
        return Tangent(T.typeof(x), tuple([tangent_of(a, b) for a, b in zip(g, x, strict=True)]))
    if isinstance(g, V.NamedTuple) and isinstance(x, (Struct, V.NamedTuple, *FUNCTIONS)):
        values = x.values if isinstance(x, V.NamedTuple) else [getattr(x, n) for n in g.names]
        backing = V.NamedTuple(
            g.names, tuple([tangent_of(a, b) for a, b in zip(g.values, values, strict=True)])
        )
        mutable = isinstance(x, Struct) and type(x).mutable
        return (MutableTangent if mutable else Tangent)(T.typeof(x), backing)
    return g


def _differentiable(x: Any) -> bool:
    from juliette.packages.zygote.methods import carries_gradient

    return carries_gradient(x)


def by_differentiation(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`rrule_via_ad`: the value and the pullback, whose first tangent is that of `f` itself."""
    from juliette.packages.zygote.tracing import pulled_back

    values = (f, *args)
    y, back = pulled_back(lambda g, *xs: support_call(g, kwargs, xs), values)

    def pullback(d: Any) -> Any:
        found = back(gradient_of(d))
        parts = (None,) * len(values) if found is None else found
        return tuple([tangent_of(p, x) for p, x in zip(parts, values, strict=True)])

    return y, custom.Pullback(pullback)


def support_call(f: Any, kwargs: dict[str, Any], xs: tuple[Any, ...]) -> Any:
    from juliette.runtime.dispatch import call_kw

    return call_kw(f, kwargs, *xs)


# ---------------------------------------------------------------- the package


def load_chain_rules(module: Module) -> None:
    """Fill ChainRulesCore."""
    if "rrule" in module.bindings:
        return
    load_tangents(module)
    PACKAGES["Zygote"].const("ZygoteRuleConfig", T.typeof(CONFIG_OF_ZYGOTE), export=False)

    @PACKAGES["Zygote"].method("ZygoteRuleConfig()", export=False)
    def config(_: Any) -> Any:
        return CONFIG_OF_ZYGOTE

    for name, f in (("rrule", RRULES), ("frule", FRULES)):
        module.const(name, f)
    module.const("no_rrule", NO_RRULES, export=False)
    for name, t in custom.CONFIG_TYPES.items():
        module.const(name, t)

    @module.method("rrule(f, args...; kwargs...)")
    def rrule(f: Any, *args: Any, **kwargs: Any) -> Any:
        """The value of `f(args...)` and its pullback; `nothing` for functions without a rule.

        ```jldoctest
        julia> using Zygote, ChainRulesCore

        julia> y, back = rrule(sin, 0.0); y, back(1.0)
        (0.0, (NoTangent(), 1.0))
        ```
        """
        if isinstance(f, ZygoteRuleConfig):
            f, args = args[0], args[1:]
            own = RRULES.selected(tuple(map(T.dispatch_type, (f, *args))))
            if own is not None and own.code is not None:
                return RRULES.call_kw(kwargs, f, *args)
        if is_constant(f, args):
            none = (NO_TANGENT,) * (len(args) + 1)
            return support_call(f, kwargs, args), custom.Pullback(lambda _: none)
        return by_differentiation(f, args, kwargs) if has_rule(f) else None

    @module.method("frule(tangents, f, args...; kwargs...)")
    def frule(tangents: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
        """The value of `f(args...)` and its change along tangents; `nothing` for functions without a rule.

        ```jldoctest
        julia> using Zygote, ChainRulesCore

        julia> frule((NoTangent(), 2.0), cos, 0.0)
        (1.0, -0.0)
        ```
        """
        if is_constant(f, args):
            return support_call(f, kwargs, args), NO_TANGENT
        if not has_rule(f):
            return None
        from juliette.packages.zygote.forward import push

        y, found = push(
            (lambda *xs: support_call(f, kwargs, xs)) if kwargs else f,
            args,
            changes_of(tangents, args),
        )
        return y, ZERO_TANGENT if found is None and _differentiable(
            y
        ) else NO_TANGENT if found is None else found

    @module.method("rrule_via_ad(config::RuleConfig, f, args...; kwargs...)", transparent=True)
    def rrule_via_ad(config: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
        """The value and the pullback of `f(args...)`, by rules or by differentiation of its code."""
        return by_differentiation(f, args, kwargs)

    @module.method(
        "frule_via_ad(config::RuleConfig, tangents::Tuple, f, args...)", transparent=True
    )
    def frule_via_ad(config: Any, tangents: Any, f: Any, *args: Any) -> Any:
        """The value and the change of `f(args...)`."""
        from juliette.packages.zygote.forward import push

        return push(f, args, changes_of(tangents, args))

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

        return ignored(f) if isinstance(f, (GenericFunction, ClosureBase)) else plain(f)

    @module.method("ProjectTo(x)")
    def project_to(x: Any) -> Any:
        """A function that brings tangents to the kind of `x`.

        ```jldoctest
        julia> using ChainRulesCore

        julia> ProjectTo(1.0)(2.0 + 3.0im), ProjectTo(Float32[1, 2])([0.5, 1])
        (2.0, Float32[0.5, 1.0])
        ```
        """
        return Projector(x)

    @module.method("zero_tangent(x)")
    def zero_tangent(x: Any) -> Any:
        """A tangent of `x` that is zero."""
        if isinstance(x, Array) or (
            isinstance(x, (int, float, complex)) and not isinstance(x, bool)
        ):
            return Base.bindings["zero"](x)
        return ZERO_TANGENT if _differentiable(x) else NO_TANGENT

    @module.macro("thunk")
    def thunk_macro(context: Any, e: Any) -> Any:
        """`@thunk ex`: a tangent computed when it is asked for."""
        return Expr("call", QuoteNode(Thunk), Expr("->", Expr("tuple"), e))

    @module.macro("not_implemented")
    def not_implemented(context: Any, info: Any) -> Any:
        """`@not_implemented(info)`: a tangent that the rule's author has not worked out."""
        return Expr("call", QuoteNode(lambda text: NotImplemented_(str(text), "")), info)

    @module.macro("ignore_derivatives")
    def ignore_macro(context: Any, e: Any) -> Any:
        """`@ignore_derivatives ex`: the value of an expression as a constant."""
        return ignoring(e)

    @module.macro("non_differentiable")
    def non_differentiable(context: Any, signature: Any) -> Any:
        """`@non_differentiable f(::Any...)`: results of `f` are constants."""
        return Expr("block", Expr("=", onto("constant_rule", signature), True), None)

    @module.macro("opt_out")
    def opt_out(context: Any, signature: Any) -> Any:
        """`@opt_out rrule(::typeof(f), x)`: no rule for these arguments."""
        return Expr("block", Expr("=", _no_rule(signature), None), Expr("=", signature, None), None)

    @module.macro("scalar_rule")
    def scalar_rule(context: Any, call: Any, *rest: Any) -> Any:
        """`@scalar_rule f(x, y) (∂f_∂x, ∂f_∂y)`: rules from the partial derivatives; `Ω` is the value."""
        return _scalar_rule(call, list(rest))


def changes_of(tangents: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The changes of the arguments, one for each, behind that of the function."""
    if type(tangents) is tuple and len(tangents) <= len(args):
        raise BoundsError(tangents, (len(tangents) + 1,))
    return tuple(map(gradient_of, tangents[1 : len(args) + 1]))


def _no_rule(signature: Any) -> Any:
    if call_of(signature).head != "call":
        return Expr(signature.head, _no_rule(signature.args[0]), *signature.args[1:])
    name = Expr(".", QuoteNode(CHAIN_RULES), QuoteNode(Symbol("no_rrule")))
    return Expr("call", name, *signature.args[1:])


def _is_setup(e: Any) -> bool:
    return (
        isinstance(e, Expr)
        and e.head == "macrocall"
        and str(getattr(e.args[0], "name", e.args[0])).endswith("@setup")
    )


def _scalar_rule(call: Any, rest: list[Any]) -> Any:
    """The two definitions that `@scalar_rule` stands for."""
    call_of(call)
    constraints = call.args[1:]
    before = [
        x for e in rest if _is_setup(e) for x in e.args[1:] if not isinstance(x, LineNumberNode)
    ]
    partials = [e for e in rest if not _is_setup(e)]
    if len(partials) != 1:
        raise ErrorException(
            "@scalar_rule expects one tuple of partial derivatives for each output"
        )
    names = [a.args[0] if isinstance(a, Expr) else a for a in constraints]
    if call.head != "call" or not all([isinstance(n, Symbol) for n in names]):
        raise ErrorException("@scalar_rule expects a call of a function with names of arguments")
    given = partials[0]
    slopes = (
        list(given.args)
        if isinstance(given, Expr) and given.head == "tuple" and len(names) > 1
        else [given]
    )
    if len(slopes) != len(names):
        raise ErrorException("@scalar_rule expects one partial derivative for each argument")
    value = [Expr("=", Symbol("Ω"), Expr("call", call.args[0], *names)), *before]
    none = Expr("call", QuoteNode(lambda: NO_TANGENT))
    g = Symbol("ΔΩ")
    products = [Expr("call", QuoteNode(_scaled), s, g) for s in slopes]
    back = Expr("->", g, Expr("tuple", none, *products))
    reverse = Expr(
        "=", onto("rrule", call), Expr("block", *value, Expr("tuple", Symbol("Ω"), back))
    )
    changes = [Symbol(f"Δ{i}") for i in range(len(names))]
    terms = [Expr("call", QuoteNode(_along), s, d) for s, d in zip(slopes, changes, strict=True)]
    total = terms[0] if len(terms) == 1 else Expr("call", Symbol("+"), *terms)
    signature = onto("frule", call)
    signature = Expr(signature.head, signature.args[0], Symbol("ΔΩs"), *signature.args[1:])
    unpack = Expr("=", Expr("tuple", Symbol("Δself"), *changes), Symbol("ΔΩs"))
    forward = Expr("=", signature, Expr("block", *value, unpack, Expr("tuple", Symbol("Ω"), total)))
    return Expr("block", reverse, forward, None)


def _scaled(slope: Any, g: Any) -> Any:
    """`conj(slope) * g`"""
    slope, g = unthunked(slope), unthunked(g)
    if is_zero(slope) or is_zero(g):
        return slope if isinstance(slope, NotImplemented_) else ZERO_TANGENT
    return Base.bindings["*"](Base.bindings["conj"](slope), g)


def _along(slope: Any, d: Any) -> Any:
    """`slope * d`"""
    slope, d = unthunked(slope), unthunked(d)
    if is_zero(slope) or is_zero(d):
        return slope if isinstance(slope, NotImplemented_) else ZERO_TANGENT
    return Base.bindings["*"](slope, d)


CHAIN_RULES = package("ChainRulesCore", load_chain_rules)
_ = InplaceableThunk
