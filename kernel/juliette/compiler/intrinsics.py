"""What the compiler knows of Base: for a function and argument types, the result and direct code.

A rule is registered under names of Base (`@rule`) or of runtime helpers (`@runtime`).  It gets the
inference, the call node and the elements of the arguments, and returns a `Plan` or None.  The plan's
`emit(emitter, node)` makes the call; without it the call goes through dispatch and only the result
is known.  A rule holds as long as no method of the user's fits the argument types.

While gradients are traced, numbers may be the engine's tracers: only rules marked `traceable` apply
then, and their code uses nothing but Python's operators on the values.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import product
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.lattice import ANY, BOTTOM, Known, join, widen
from juliette.compiler.results import RUNTIME_STABLE, by_example, makes, stable
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import CALLABLES, GenericFunction
from juliette.runtime.modules import Base, constructors
from juliette.runtime.numeric import Irrational, conversion, is_basic_type, is_number

INT, FLOAT, BOOL, STRING = T.Int64, T.Float64, T.Bool, T.String


class Plan:
    """How a call is made, and what it gives."""

    __slots__ = ("effects", "emit", "form", "length", "opaque", "result", "store")

    def __init__(
        self,
        result: Any,
        emit: Callable[[Any, Any], ast.expr] | None = None,
        *,
        form: Any = None,
        opaque: bool = False,
        store: Callable[[Any, Any], None] | None = None,
    ) -> None:
        self.result = result
        self.emit = emit
        # what the emitter may look for: "+", "-", "*" of integers, say
        self.form = form
        # may run code of the user's, or change the size of an array
        self.opaque = opaque or emit is None
        # how to make the call for its effect alone
        self.store = store
        # of indices that count from 1: how their number is computed
        self.length: Callable[[Any, Any], ast.expr] | None = None
        # without `emit`: is there something to evaluate beside the result that is known?
        self.effects = True


Rule = Callable[[Any, Any, list[Any]], Plan | None]
RULES_BY_NAME: dict[str, Rule] = {}
TRACEABLE: set[Any] = set()
RUNTIME: dict[str, Rule] = {}
TYPES: dict[Any, Rule] = {}


def rule(*names: str, traceable: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule for functions of Base."""

    def register(f: Rule) -> Rule:
        for name in names:
            RULES_BY_NAME[name] = f
            if traceable:
                TRACEABLE.add(name)
        return f

    return register


def runtime(*names: str, traceable: bool = False) -> Callable[[Rule], Rule]:
    """Register a rule for helpers of the runtime (`C.Runtime`)."""

    def register(f: Rule) -> Rule:
        for name in names:
            RUNTIME[name] = f
            if traceable:
                TRACEABLE.add("%" + name)
        return f

    return register


def rule_of(f: GenericFunction) -> Rule | None:
    """The rule of a function of Base."""
    return RULES_BY_NAME.get(f.name) if f.module is Base or f is V.COLON else None


# ---------------------------------------------------------------- calls


def exact(args: list[Any]) -> tuple[Any, ...] | None:
    """The types that dispatch would see; None if one is not known."""
    out = []
    for a in args:
        if type(a) is Known and isinstance(a.value, T.JuliaType):
            out.append(T.type_of_type(a.value))
            continue
        t = widen(a)
        if not (isinstance(t, T.DataType) and t.concrete):
            return None
        if t.typename.super is T.Type_:
            return None
        out.append(t)
    return tuple(out)


def plan_call(inference: Any, node: C.Call, callee: Any, args: list[Any]) -> Plan | None:
    """The plan for a call of a known function; None if it is left to dispatch."""
    if type(callee) is not Known:
        return plan_closure(inference, callee, args)
    f = callee.value
    if isinstance(f, GenericFunction):
        return plan_generic(inference, node, f, args)
    if isinstance(f, T.JuliaType):
        return plan_constructor(inference, node, f, args)
    if callable(f) and not isinstance(f, type) and T.typeof(f).typename.is_struct:
        return plan_object(inference, T.typeof(f), args)
    template = getattr(f, "template", None)
    if template is not None and not inference.traced:
        from juliette.compiler.intrinsics_iteration import plan_dots

        return plan_dots(inference, template, args)
    return None


def plan_runtime(inference: Any, node: C.Call, name: str, args: list[Any]) -> Plan | None:
    """The plan for a call of a runtime helper."""
    found = RUNTIME.get(name)
    if node.kwargs or any(type(a) is C.Splat for a in node.args):
        return None
    if inference.traced and "%" + name not in TRACEABLE:
        return None
    f = Base.bindings.get(name)
    if isinstance(f, GenericFunction):
        types = exact(args)
        if f.user_methods and (types is None or f.user_matches(types)) and touched(f, args):
            return None
        inference.edges.append((f, types))
    inference.name = name
    plan = found(inference, node, args) if found is not None else None
    if plan is None and not inference.traced:
        from juliette.compiler.support import HELPERS

        helper = (
            f
            if isinstance(f, GenericFunction) and stable(f)
            else HELPERS.get("%" + name)
            if name in RUNTIME_STABLE
            else None
        )
        if helper is not None:
            plan = told(by_example(helper, args))
    return plan


def plan_generic(inference: Any, node: C.Call, f: GenericFunction, args: list[Any]) -> Plan | None:
    if any(type(a) is Known and type(a.value) is Irrational for a in args):
        plan = plan_irrational(inference, node, f, args)
        if plan is not None:
            return plan
    found = rule_of(f)
    types = exact(args)
    users = f.user_methods
    ours = not users or (types is not None and not f.user_matches(types))
    if ours and not inference.traced and f.name in COMPUTED and constants(inference, node, args):
        value = computed(f, args)
        if value is not None:
            inference.edges.append((f, types))
            return folded(value)
    if found is not None and ours and (not inference.traced or f.name in TRACEABLE):
        inference.name = f.name
        plan = found(inference, node, args)
        if plan is not None:
            inference.edges.append((f, types))
            return plan
    if types is None:
        return plan_open(inference, f, args)
    if users and f.user_matches(types):
        return plan_method(inference, f, types)
    inference.edges.append((f, types))
    if inference.traced:
        return None
    result = by_example(f, args) if stable(f) else ANY
    if type(result) is Known and simple(node):
        return folded(result.value)
    return builtin(widen(result), pure=result is not ANY)


# What is computed at once of constants that machines have no arithmetic for.
COMPUTED = frozenset(("+", "-", "*", "/", "//", "^"))


def constants(inference: Any, node: C.Call, args: list[Any]) -> bool:
    """Are all arguments numbers that are known, of which one is no Int64 and no Float64?"""
    return (
        all(type(a) is Known and is_number(a.value) for a in args)
        and any(not kind(a) for a in args)
        and all(
            type(n) in (C.Local, C.Const, C.Global)
            or ((plan := inference.plans.get(id(n))) is not None and not plan.effects)
            for n in node.args
        )
    )


def computed(f: GenericFunction, args: list[Any]) -> Any:
    """The value of a call of constants; None if there is an error, or no number."""
    try:
        value = f(*[a.value for a in args])
    except Exception:
        return None
    return value if is_number(value) else None


def touched(f: GenericFunction, args: list[Any]) -> bool:
    """Could a user's method fit arguments of which some are of one of a few types?"""
    choices = []
    for a in args:
        t = widen(a)
        members = t.types if isinstance(t, T.UnionType) else (t,)
        if not all(L.concrete(m) for m in members) or (
            type(a) is Known and isinstance(a.value, T.JuliaType)
        ):
            return True
        choices.append(members)
    combinations = list(product(*choices))
    return len(combinations) > 8 or any(map(f.user_matches, combinations))


def simple(node: C.Call) -> bool:
    """Is there nothing to evaluate in the arguments of a call?"""
    return all(type(n) in (C.Local, C.Const, C.Global) for n in node.args)


def told(result: Any) -> Plan | None:
    """A call through dispatch whose result is known by example."""
    if result is ANY:
        return None
    plan = Plan(widen(result))
    plan.opaque = False
    return plan


def plan_irrational(
    inference: Any, node: C.Call, f: GenericFunction, args: list[Any]
) -> Plan | None:
    """Beside numbers that machines have, `π` is a Float64."""
    others = [a for a in args if not (type(a) is Known and type(a.value) is Irrational)]
    if (
        not others
        or f.name not in ("+", "-", "*", "/", "<", "<=", ">", ">=")
        or not set(kinds(others)) <= {"i", "f"}
    ):
        return None
    nodes: list[C.Node] = []
    values = []
    for n, a in zip(node.args, args, strict=True):
        if a in others:
            nodes.append(n)
            values.append(a)
            continue
        nodes.append(C.Const(a.value.value))
        values.append(Known(a.value.value))
        inference.types[id(nodes[-1])] = values[-1]
    call = C.Call(node.function, nodes)
    plan = plan_generic(inference, call, f, values)
    if plan is None or plan.emit is None:
        return None
    emit = plan.emit
    return Plan(plan.result, lambda em, n: emit(em, call), opaque=plan.opaque)


def plan_method(inference: Any, f: GenericFunction, types: tuple[Any, ...]) -> Plan | None:
    """The plan for a call of a Julia method."""
    from juliette.compiler.instances import instance_of

    method = f.selected(types)
    if method is None or method.code is None or (inference.traced and f.traced_rule is not None):
        inference.edges.append((f, types))
        return None
    instance = instance_of(method, types, inference.traced)
    if instance is None:
        return None
    inference.edges.append((f, types))
    inference.callees.append(instance)
    return Plan(instance.infer(), lambda em, n: em.direct(instance, n), opaque=not instance.quiet)


def plan_keywords(
    inference: Any, node: C.Call, callee: Any, args: list[Any], values: list[Any]
) -> Plan | None:
    """A call of a user's function with keywords that are named in the call."""
    from juliette.compiler.instances import instance_of

    f = callee.value if type(callee) is Known else None
    types, given = exact(args), exact(values)
    names = [name for name, _ in node.kwargs]
    if (
        not isinstance(f, GenericFunction)
        or types is None
        or None in names
        or len(set(names)) < len(names)
    ):
        return None
    if not f.user_methods or not f.user_matches(types):
        if inference.traced or not stable(f):
            return None
        inference.edges.append((f, types))
        plan = told(by_example(f, args, tuple(zip(names, values, strict=True))))  # type: ignore[arg-type]
        chosen = f.selected(types) if plan is not None else None
        if chosen is None or chosen.kwcall is None or chosen.code is not None:
            return plan
        return Plan(plan.result, lambda em, n: em.keyworded(chosen.kwcall, n))  # type: ignore[union-attr]
    if given is None:
        return None
    method = f.selected(types)
    if (
        method is None
        or method.code is None
        or method.code.vararg
        or method.code.keyword_rest is not None
    ):
        return None
    if inference.traced and f.traced_rule is not None:
        inference.edges.append((f, types))
        return None
    declared = {name: (default, typ) for name, _, default, typ in method.code.keywords}
    if not set(names) <= set(declared) or any(
        d is None and n not in names for n, (d, _) in declared.items()
    ):
        return None
    for name, t in zip(names, given, strict=True):
        wanted = declared[name][1]
        if wanted is not None:
            known = constant_type(inference, method, wanted)
            if known is None or not T.subtype(t, known):
                return None
    inference.edges.append((f, types))
    instance = instance_of(
        method,
        types,
        inference.traced,
        named=tuple(zip(names, given, strict=True)),  # type: ignore[arg-type]
    )
    inference.callees.append(instance)
    return Plan(
        instance.infer(),
        lambda em, n: em.direct(instance, n, named=True),
        opaque=not instance.quiet,
    )


def constant_type(inference: Any, method: Any, node: C.Node) -> Any:
    """The type that a keyword's declaration names, if it is a constant."""
    found = type(inference)(method.source.module).visit(node)
    return found.value if type(found) is Known and isinstance(found.value, T.JuliaType) else None


# A call whose argument types are not known may be one of these many methods.
MOST_METHODS = 16


def plan_open(inference: Any, f: GenericFunction, args: list[Any]) -> Plan | None:
    """A call with arguments of unknown types: the result is one of those of the function's methods."""
    from juliette.compiler.instances import instance_of

    methods = f.user_methods
    if (
        inference.traced
        or not methods
        or f._pending
        or len(methods) < len(f.methods)
        or len(methods) > MOST_METHODS
    ):
        return None
    inference.edges.append((f, None))
    result: Any = BOTTOM
    for method in methods:
        if not method.accepts_count(len(args)):
            continue
        if method.vararg or method.type_vars:
            return None
        types = []
        for t, a in zip(method.parameters, args, strict=False):
            have = widen(a)
            if L.concrete(a):
                if not T.subtype(have, t):
                    break
                t = have
            if not isinstance(t, T.DataType) or not t.concrete or t.pyclass is None:
                return None
            types.append(t)
        else:
            instance = instance_of(method, tuple(types), False)
            inference.callees.append(instance)
            result = join(result, instance.infer())
            if result is ANY:
                return None
    return Plan(result) if result is not BOTTOM else None


def plan_object(inference: Any, t: Any, args: list[Any]) -> Plan | None:
    """A call of a value of a user's type."""
    from juliette.compiler.instances import instance_of

    types = exact(args)
    if types is None or inference.traced or not CALLABLES.user_methods:
        return None
    method = CALLABLES.selected((t, *types))
    if method is None or method.code is None:
        return None
    instance = instance_of(method, (t, *types), False)
    inference.edges.append((CALLABLES, (t, *types)))
    inference.callees.append(instance)
    return Plan(
        instance.infer(),
        lambda em, n: em.call(instance.enter_into(em.constants), *em.exprs([n.function, *n.args])),
        opaque=not instance.quiet,
    )


def plan_closure(inference: Any, callee: Any, args: list[Any]) -> Plan | None:
    """A call of a closure in a variable."""
    from juliette.compiler.instances import instance_of

    cls = callee.pyclass if isinstance(callee, T.DataType) else None
    generic = getattr(cls, "generic", None)
    types = exact(args)
    if generic is None and isinstance(callee, T.DataType) and callee.concrete:
        return plan_object(inference, callee, args) if callee.typename.is_struct else None
    if generic is None or types is None or inference.traced:
        return None
    method = generic.selected(types)
    if method is None:
        return None
    instance = instance_of(method, types, False)
    inference.edges.append((generic, types))
    inference.callees.append(instance)
    return Plan(
        instance.infer(),
        lambda em, n: em.direct(instance, n, em.expr(n.function)),
        form="closure",
        opaque=not instance.quiet,
    )


def plan_constructor(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
    """`T(args...)`"""
    special = TYPES.get(t)
    if special is not None and not inference.traced:
        plan = special(inference, node, args)
        if plan is not None:
            return plan
    plan = plan_conversion(inference, t, args)
    if plan is not None:
        return plan
    body = T.unwrap(t)
    if makes(t):
        return plan_made(inference, node, t, args)
    if not isinstance(body, T.DataType) or body.typename.constructors is None:
        return None
    from juliette.compiler.intrinsics_structs import plan_struct

    return plan_struct(inference, t, args)


def plan_conversion(inference: Any, t: Any, args: list[Any]) -> Plan | None:
    """`T(x)` of numbers of Base."""
    types = exact(args) if len(args) == 1 and not inference.traced else None
    if (
        types is None
        or not is_basic_type(t)
        or not is_basic_type(types[0])
        or types[0].pyclass is None
    ):
        return None
    table, given = constructors(t), (T.type_of_type(t), *types)
    if table.user_methods and table.user_matches(given):
        return None
    inference.edges.append((table, given))
    if types[0] is t:
        return Plan(args[0], lambda em, n: em.expr(n.args[0]))
    convert = conversion(t, types[0].pyclass)
    return Plan(t, lambda em, n: em.call(em.constant_for("to", convert), *em.exprs(n.args)))


def plan_made(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
    """`T(args...)` of a type of Base's."""
    types = exact(args)
    table = constructors(t)
    if inference.traced:
        return None
    if (t is V.Dict_ or t is V.Set_) and not table.user_methods:
        from juliette.compiler.intrinsics_iteration import plan_filled
        from juliette.compiler.intrinsics_literals import plan_entries

        inference.edges.append((table, None))
        plan = plan_filled(inference, node, t) or plan_entries(inference, node, t, args)
        if plan is not None:
            return plan
    full = (T.type_of_type(t), *(types or ()))
    if types is None or (table.user_methods and table.user_matches(full)):
        return None
    inference.edges.append((table, full))
    plan = told(by_example(t, args))
    method = table.selected(full) if plan is not None else None
    if method is None or method.code is not None:
        return plan
    link = table.link(full)
    return Plan(
        plan.result,  # type: ignore[union-attr]
        lambda em, n: em.call(
            link.enter_into(em.constants), em.expr(n.function), *em.exprs(n.args)
        ),
    )


def builtin(result: Any, *, pure: bool = False) -> Plan:
    """A call bound to the method that dispatch selects, with a result type known from elsewhere."""
    return Plan(result, lambda em, n: em.linked(n), opaque=not pure)


def folded(value: Any) -> Plan:
    """A call whose arguments have no effects and whose value is known."""
    out = Plan(Known(value))
    out.effects = out.opaque = False
    return out


# ---------------------------------------------------------------- kinds of numbers


def kind(x: Any) -> str:
    """`i`, `f`, `b` or `s` for Int64, Float64, Bool and String, `n` for either number; else empty."""
    t = widen(x)
    if t is INT:
        return "i"
    if t is FLOAT:
        return "f"
    if t is BOOL:
        return "b"
    if t is STRING:
        return "s"
    return "n" if isinstance(t, T.UnionType) and set(t.types) == {INT, FLOAT} else ""


# Numbers that are numpy's scalars: of two of one type, its own operators give what Julia gives.
NARROW = frozenset(T.DTYPE_OF) - {INT, FLOAT, BOOL}


def narrow(args: list[Any]) -> Any:
    """The type of two numbers that numpy computes with, if they have the same; else None."""
    if len(args) != 2:
        return None
    t = widen(args[0])
    return t if t in NARROW and widen(args[1]) is t else None


def kinds(args: list[Any]) -> str:
    return "".join(kind(a) or "?" for a in args)


def known_int(x: Any) -> int | None:
    return x.value if type(x) is Known and type(x.value) is int else None
