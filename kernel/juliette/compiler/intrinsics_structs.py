"""Rules for tuples, structs and their fields (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.data_types import (
    NAMED_TUPLE,
    PAIR,
    array_of,
    field_element,
    fits,
    is_tuple,
)
from juliette.compiler.intrinsics import FLOAT, Plan, exact, folded, kind, runtime
from juliette.compiler.lattice import ANY, Known, widen
from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base, Module, constructors
from juliette.syntax.expr import Symbol

LOAD, STORE = ast.Load(), ast.Store()


# ---------------------------------------------------------------- tuples


@runtime("destructure", traceable=True)
def _destructure(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`a, b = x`: a tuple of known length is its own parts."""
    t = widen(args[0])
    n, slurp = args[1].value, args[2].value
    if slurp < 0 and isinstance(t, T.DataType) and t.typename is PAIR and n <= 2 and t.concrete:
        return Plan(t, lambda em, m: em.expr(m.args[0]))
    if (
        slurp < 0
        and isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and len(t.parameters) >= n
    ):
        return Plan(args[0] if type(args[0]) is L.Parts else t, lambda em, m: em.expr(m.args[0]))
    array = array_of(t)
    if slurp < 0 and array is not None and L.concrete(array[0]) and not inference.traced:
        return Plan(T.tuple_type([array[0]] * n))
    return None


@runtime("tuple_item", traceable=True)
def _tuple_item(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    i = args[1].value
    t = widen(args[0])
    result: Any = ANY
    if isinstance(t, T.DataType) and t.typename is PAIR:
        return Plan(
            field_element(t.parameters[i]),
            lambda em, m: em.at(ast.Attribute(em.expr(m.args[0]), ("first", "second")[i], LOAD)),
        )
    if (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and i < len(t.parameters)
    ):
        result = field_element(L.part(args[0], i))
    return Plan(result, lambda em, m: em.at(ast.Subscript(em.expr(m.args[0]), em.const(i), LOAD)))


# ---------------------------------------------------------------- structs and modules


# Longer tuples are not taken apart for a call.
MOST_PARTS = 12


def plan_splat(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`f(x, t...)` of tuples of known types: a call with all their items."""
    if inference.traced or node.kwargs:
        return None
    simple = all(type(n) in (C.Splat, C.Local, C.Const, C.Global) for n in node.args)
    kinds_ = tuple(
        [widen(a) if type(n) is C.Splat else None for n, a in zip(node.args, args, strict=True)]
    )
    if not all(t is None or is_tuple(t) for t in kinds_):
        return None
    key = id(node)
    if key not in inference.instead or inference.instead[key][0] != kinds_:
        made = _with_items(node, kinds_, simple)
        if made is None:
            return None
        # what stood for it before is kept, so that no other node comes to be in its place
        inference.instead[key] = (kinds_, *made, inference.instead.get(key))
    _, call, held, _ = inference.instead[key]
    for var, i in held:
        inference.vars[var] = args[i]
    result = inference.visit(call)
    plan = inference.plans.get(id(call))
    if plan is None or (plan.emit is None and result is ANY):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        for var, i in held:
            em.store(var.pyname, em.expr(n.args[i].value))
        return em.expr(call)  # type: ignore[no-any-return]

    return Plan(result, emit, opaque=plan.opaque)


def _with_items(node: C.Call, types: tuple[Any, ...], simple: bool) -> Any:
    """The call, and the variables that hold what is taken apart, each with the number of its argument."""
    parts: list[C.Node] = []
    held: list[tuple[C.Var, int]] = []
    for i, (n, t) in enumerate(zip(node.args, types, strict=True)):
        if t is None:
            parts.append(n)
            continue
        source = n.value  # type: ignore[attr-defined]
        if type(source) is not C.Local or source.var.boxed:
            var = C.Var("splat", f"%splat{id(node):x}_{i}", None)
            var.assigned = 1
            held.append((var, i))
            source = C.Local(var)
        parts += [
            C.Call(C.Runtime("tuple_item"), [source, C.Const(k)]) for k in range(len(t.parameters))
        ]
    if len(parts) > MOST_PARTS or (held and not simple):
        return None
    return C.Call(node.function, parts), held


def plan_named(inference: Any, node: C.Call) -> Plan | None:
    """`(a = 1, b = "x")`"""
    names = [name for name, _ in node.kwargs]
    elements = [L.held(inference.types[id(v)]) for _, v in node.kwargs]
    if inference.traced or node.args or None in names or len(set(names)) < len(names):
        return None
    if not all(L.concrete(e) and type(e) is not Known for e in elements):
        return None
    symbols = tuple([Symbol(str(n)) for n in names])
    made = T.instantiate(NAMED_TUPLE, (symbols, T.tuple_type(list(map(widen, elements)))))

    def emit(em: Any, n: C.Call) -> ast.expr:
        values = em.exprs([v for _, v in n.kwargs])
        cls = em.name(em.constant("named", V.NamedTuple))
        return em.call(cls, em.const(tuple(names)), em.at(ast.Tuple(values, LOAD)))  # type: ignore[no-any-return]

    return Plan(made, emit)


def plan_getfield(inference: Any, node: C.GetField, owner: Any) -> Plan | None:
    """`x.name` for a struct of known type, or for a constant of a module."""
    if type(owner) is Known and isinstance(owner.value, Module):
        module, name = owner.value, node.name
        if (
            module.loader is None
            and name in module.bindings
            and name in module.consts
            and type(node.object) in (C.Global, C.GetField)
        ):
            return folded(module.bindings[name])
        return None
    t = widen(owner)
    if not isinstance(t, T.DataType) or not t.concrete:
        return None
    if t.typename is NAMED_TUPLE or t.typename is PAIR:
        return _plan_part(t, node.name)
    if t.typename.make_class is not structs.make_class:
        return None
    names = t.fields
    if node.name not in names:
        return None
    getproperty = Base.bindings["getproperty"]
    if inference.traced and getproperty.traced_rule is not None:
        inference.edges.append((getproperty, (t, T.Symbol_)))
        return None
    if getproperty.user_methods and getproperty.user_matches((t, T.Symbol_)):
        return None
    inference.edges.append((getproperty, (t, T.Symbol_)))
    return Plan(
        field_element(t.field_types[names.index(node.name)]),
        lambda em, n: em.at(ast.Attribute(em.expr(n.object), n.name, LOAD)),
    )


def _plan_part(t: Any, name: str) -> Plan | None:
    """A field of a pair or of a named tuple."""
    if t.typename is PAIR:
        if name not in ("first", "second"):
            return None
        return Plan(
            field_element(t.parameters[name == "second"]),
            lambda em, n: em.at(ast.Attribute(em.expr(n.object), name, LOAD)),
        )
    names = [str(n) for n in t.parameters[0]]
    if name not in names or not t.parameters[1].concrete:
        return None
    i = names.index(name)
    return Plan(
        field_element(t.parameters[1].parameters[i]),
        lambda em, n: em.at(
            ast.Subscript(
                em.at(ast.Attribute(em.expr(n.object), "values", LOAD)), em.const(i), LOAD
            )
        ),
    )


@runtime("setproperty!")
def _setproperty(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    t = widen(args[0])
    if (
        not isinstance(t, T.DataType)
        or not t.concrete
        or t.typename.make_class is not structs.make_class
    ):
        return None
    name = (
        args[1].value.name
        if type(args[1]) is Known and isinstance(args[1].value, V.Symbol)
        else None
    )
    if (
        not t.typename.mutable
        or name not in t.fields
        or name in t.typename.field_consts | t.typename.field_atomics
    ):
        return None
    declared = t.field_types[t.fields.index(name)]
    if declared is not ANY and widen(args[2]) is not declared and not fits(args[2], declared):
        return None

    def store(em: Any, n: C.Call) -> None:
        x, value = em.exprs([n.args[0], n.args[2]])
        em.push(ast.Assign([em.at(ast.Attribute(x, name, STORE))], value))

    def emit(em: Any, n: C.Call) -> ast.expr:
        x, value = em.exprs([n.args[0], n.args[2]])
        t = em.temp()
        em.store(t, value)
        em.push(ast.Assign([em.at(ast.Attribute(x, name, STORE))], em.name(t)))
        return em.name(t)  # type: ignore[no-any-return]

    return Plan(args[2], emit, store=store)


def plan_struct(inference: Any, t: Any, args: list[Any]) -> Plan | None:
    """A constructor call: a user's method, or the default one with arguments of the fields' types."""
    from juliette.compiler.instances import instance_of

    table = constructors(t)
    types = exact(args)
    body = T.unwrap(t)
    if inference.traced and table.traced_rule is not None:
        inference.edges.append((table, None))
        return None
    if types is None:
        plain = (
            isinstance(t, T.DataType)
            and t.concrete
            and body.typename.make_class is structs.make_class
        )
        if plain and not table.user_methods and len(args) == len(t.fields):
            inference.edges.append((table, None))
            return plan_new(inference, t, args, 0)
        return None
    full = (T.type_of_type(t), *types)
    method = table.selected(full)
    if method is None:
        return None
    inference.edges.append((table, full))
    if method.code is not None:
        instance = instance_of(method, full, inference.traced)
        inference.callees.append(instance)
        first = () if method.source.drop_first else (t,)
        return Plan(
            instance.infer(),
            lambda em, n: em.direct(instance, n, *[em.const(x) for x in first]),
            opaque=not instance.quiet,
        )
    if (
        method.rule == "converting constructor"
        and isinstance(t, T.DataType)
        and t.concrete
        and body.typename.make_class is structs.make_class
    ):
        return plan_new(inference, t, args, 0)
    if method.rule != "default constructor" or body.typename.make_class is not structs.make_class:
        return (
            Plan(t) if isinstance(t, T.DataType) and t.concrete and not table.user_methods else None
        )
    made = t
    if isinstance(t, T.UnionAll):
        values = method.static_parameters(full, told=True)
        if any(isinstance(v, T.TypeVar) for v in values):
            return None
        made = T.apply_type(t, *values)
    if not isinstance(made, T.DataType) or not made.concrete:
        return None
    return plan_new(inference, made, args, 0)


def plan_new(inference: Any, t: Any, args: list[Any], skip: int) -> Plan | None:
    """Make an instance of a struct: at once, if the values have the fields' types."""
    given = args[skip:]
    declared = t.field_types[: len(given)]
    if len(given) > len(t.fields):
        return None
    floats = []
    for i, (have, want) in enumerate(zip(given, declared, strict=True)):
        if want is ANY or fits(have, want):
            continue
        if want is FLOAT and kind(have) == "i":
            floats.append(i)
            continue
        return checked_new(t, len(given), skip)

    if floats and inference.traced:
        return checked_new(t, len(given), skip)

    def emit(em: Any, n: C.Call) -> ast.expr:
        values = em.exprs(n.args[skip:])
        for i in floats:
            values[i] = em.call("%float", values[i])
        return em.call(em.constant_for("new", structs.maker(t, len(given))), *values)  # type: ignore[no-any-return]

    return Plan(t, emit)


def checked_new(t: Any, n: int, skip: int) -> Plan:
    """Make an instance of a struct from values that may have to be converted."""
    from juliette.compiler.data_support import checked_maker

    return Plan(
        t,
        lambda em, m: em.call(
            em.constant_for("new", checked_maker(t, n)), *em.exprs(m.args[skip:])
        ),
        opaque=True,
    )


@runtime("new")
def _new(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if type(args[0]) is Known and isinstance(args[0].value, T.DataType) and args[0].value.concrete:
        t = args[0].value
        if t.typename.make_class is structs.make_class:
            return plan_new(inference, t, args, 1)
    return None


# ---------------------------------------------------------------- strings and conversion
