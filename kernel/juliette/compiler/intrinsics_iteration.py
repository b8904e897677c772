"""Rules for comprehensions, `map` and sums over generators, where the function's result is known.

The helpers call the compiled function itself for each element.  They are used where the types show
that Julia's own way comes to the same: a vector or matrix of the result's type.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.data_types import PAIR, array_of, dict_of, field_element, is_array, is_tuple
from juliette.compiler.inference import element_of, parts_of
from juliette.compiler.intrinsics import (
    BOOL,
    FLOAT,
    INT,
    STRING,
    Plan,
    builtin,
    exact,
    known_int,
    plan_call,
    plan_generic,
    rule,
    runtime,
    told,
)
from juliette.compiler.lattice import BOTTOM, Known, Span, widen
from juliette.compiler.results import by_example, dimensions, stable
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import array_type
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import Dot, Literal
from juliette.runtime.modules import Base

# Results that are stored as they are.
PLAIN = (INT, FLOAT, BOOL, STRING)


def without_self(names: dict[str, Any], inner: str, arity: int) -> Callable[..., Any]:
    """A function in a table, called like a closure's code: the closure, which is nothing here, comes first."""
    if arity == 1:
        return lambda _, x: names[inner](x)
    if arity == 2:
        return lambda _, x, y: names[inner](x, y)
    return lambda _, *xs: names[inner](*xs)


class OfBase:
    """A function of Base's, called like an instance."""

    __slots__ = ("function", "result", "types")
    quiet = True

    def __init__(self, function: GenericFunction, types: tuple[Any, ...], result: Any) -> None:
        self.function = function
        self.types = types
        self.result = result

    def infer(self) -> Any:
        return self.result

    def enter_into(self, names: dict[str, Any]) -> str:
        inner = self.function.link(self.types).enter_into(names)
        name = f"{inner}%base"
        names[name] = without_self(names, inner, len(self.types))
        return name


class OfGlobal:
    """A function of the user's that is no closure: its code takes the arguments alone."""

    __slots__ = ("arity", "instance")

    def __init__(self, instance: Any, arity: int) -> None:
        self.instance = instance
        self.arity = arity

    @property
    def quiet(self) -> bool:
        return bool(self.instance.quiet)

    def infer(self) -> Any:
        return self.instance.infer()

    def enter_into(self, names: dict[str, Any]) -> str:
        inner = self.instance.enter_into(names)
        name = f"{inner}%global"
        names[name] = without_self(names, inner, self.arity)
        return name


class Applied:
    """A function applied to each element of something: the instance, and where it comes from."""

    __slots__ = ("function", "instance", "ndim", "source", "test", "test_instance")

    def __init__(self, function: C.Node, instance: Any, source: C.Node, ndim: int) -> None:
        self.function = function
        self.instance = instance
        self.source = source
        self.ndim = ndim
        self.test: C.Node | None = None
        self.test_instance: Any = None

    @property
    def quiet(self) -> bool:
        return self.instance.quiet and (self.test_instance is None or self.test_instance.quiet)


def instance_for(inference: Any, function: Any, *elements: Any) -> Any:
    """The instance of a closure, of a user's function or of one of Base's for arguments."""
    types = exact(list(elements))
    if types is None:
        return None
    if type(function) is L.Known and isinstance(function.value, GenericFunction):
        generic = function.value
        if not generic.user_methods or not generic.user_matches(types):
            if generic.name == "identity":
                return OfBase(generic, types, widen(elements[0]))
            call = C.Call(C.Const(generic), [C.Runtime("value") for _ in elements])
            plan = plan_generic(inference, call, generic, list(elements))
            return (
                OfBase(generic, types, widen(plan.result))
                if plan is not None and plan.result is not L.ANY
                else None
            )
    else:
        generic = getattr(  # type: ignore[assignment]
            function.pyclass if isinstance(function, T.DataType) else None, "generic", None
        )
        if generic is None:
            return None
    instance = _selected(inference, generic, types)
    if instance is None:
        return None
    return OfGlobal(instance, len(types)) if type(function) is L.Known else instance


def _selected(inference: Any, generic: Any, types: tuple[Any, ...]) -> Any:
    """The instance of the user's method without keywords that argument types select."""
    from juliette.compiler.instances import instance_of

    method = generic.selected(types)
    if method is None or method.code is None or method.code.keywords:
        return None
    instance = instance_of(method, types, False)
    inference.edges.append((generic, types))
    inference.callees.append(instance)
    return instance


def shape_of(inference: Any, node: C.Node) -> int:
    """The number of dimensions of what is iterated; 0 if it is not known."""
    element = inference.types.get(id(node), L.ANY)
    if isinstance(element, Span):
        return 1
    array = array_of(element)
    return array[1] if array is not None else dimensions(widen(element))


def generated(inference: Any, node: C.Node) -> Applied | None:
    """What a generator expression applies, if it is all known."""
    if (
        type(node) is not C.Call
        or type(node.function) is not C.Runtime
        or node.function.name != "generator"
    ):
        return None
    if len(node.args) != 2:
        return None
    function, source = node.args
    test = None
    if (
        type(source) is C.Call
        and type(source.function) is C.Runtime
        and source.function.name == "filtered"
    ):
        test, source = source.args
    ndim = shape_of(inference, source)
    if not ndim:
        return None
    element = L.widen(element_of(inference.types[id(source)]))
    instance = instance_for(inference, inference.types.get(id(function)), element)
    if instance is None:
        return None
    out = Applied(function, instance, source, ndim)
    if test is not None:
        out.test = test
        out.test_instance = instance_for(inference, inference.types.get(id(test)), element)
        if out.test_instance is None or out.test_instance.infer() is not BOOL:
            return None
        out.ndim = 1
    return out


def arguments(em: Any, applied: Applied) -> list[ast.expr]:
    """Function, closure, source, and the same of the test."""
    nodes = [
        applied.function,
        *([applied.test] if applied.test is not None else []),
        applied.source,
    ]
    *closures, source = em.exprs(nodes)
    out = [em.name(applied.instance.enter_into(em.constants)), closures[0], source]
    if applied.test is not None:
        out += [em.name(applied.test_instance.enter_into(em.constants)), closures[1]]
    return out


def source_applied(inference: Any, node: C.Call, args: list[Any]) -> Applied | None:
    """What `f` and `itr` in `g(f, itr)` apply."""
    ndim = shape_of(inference, node.args[1])
    if not ndim:
        return None
    instance = instance_for(inference, args[0], widen(element_of(args[1])))
    return Applied(node.args[0], instance, node.args[1], ndim) if instance is not None else None


def result_type(t: Any) -> Any:
    """The element type of what is collected, if every result has it."""
    return t if isinstance(t, T.DataType) and t.concrete else None


def _collected(applied: Applied | None) -> Plan | None:
    if applied is None:
        return None
    eltype = result_type(applied.instance.infer())
    if eltype is None:
        return None
    return Plan(
        array_type(eltype, applied.ndim),
        lambda em, n: em.call("%collected", em.const(eltype), *arguments(em, applied)),
        opaque=not applied.quiet,
    )


def collected_type(inference: Any, node: C.Collect, element: Any) -> Any:
    """The type of a comprehension's array."""
    ndim = 1
    if not node.flat:
        parts = [shape_of(inference, s) for s in node.sources]
        if 0 in parts:
            return L.ANY
        ndim = sum(parts)
    if node.eltype is not None:
        return (
            array_type(element, ndim)
            if isinstance(element, T.DataType) and element.concrete
            else L.ANY
        )
    element = result_type(widen(element))
    return array_type(element, ndim) if element is not None else L.ANY


def consumed_type(f: Any, element: Any) -> Any:
    """What a function of Base's makes of a generator's elements."""
    name = (
        f.typename.name
        if isinstance(f, T.DataType)
        else getattr(f, "name", "") or T.unwrap(f).typename.name
    )
    if name == "join":
        return STRING
    if name in ("any", "all"):
        return BOOL if element is BOOL else L.ANY
    if name == "count":
        return INT
    if not L.concrete(element):
        return L.ANY
    if name == "Set":
        return T.apply_type(V.Set_, element)
    if name == "Dict":
        return T.apply_type(V.Dict_, *element.parameters) if element.typename is PAIR else L.ANY
    return widen(by_example(f, [array_type(element, 1)]))


def plan_loop(inference: Any, node: C.For, iterable: Any) -> Plan | None:
    """A loop over a dictionary that takes the pairs apart, or over what has methods of the user's."""
    t = widen(iterable)
    entry = dict_of(t)
    if entry is None or inference.traced or _walked_otherwise(t):
        return plan_steps(inference, iterable)
    if not all(map(L.concrete, entry)) or not only_taken_apart(node.target, node.body):
        return None
    return Plan(T.tuple_type(entry), lambda em, n: em.call("%entries", em.expr(n.iterable)))


def _walked_otherwise(t: Any) -> bool:
    """Has the user a method of `iterate` for a type of Base's?"""
    methods = Base.bindings["iterate"].user_methods
    return any(m.type_vars or T.subtype(t, m.parameters[0]) for m in methods if m.parameters)


def only_taken_apart(var: C.Var, node: Any) -> bool:
    """The same of statements, whose values nobody uses."""
    if type(node) is C.Local:
        return True
    if type(node) is C.Block:
        return all(only_taken_apart(var, n) for n in node.items)
    return taken_apart(var, node)


def taken_apart(var: C.Var, node: Any) -> bool:
    """Is a variable used for nothing but to assign its first two parts?"""
    if type(node) is C.Local:
        return node.var is not var
    if type(node) is C.Call and type(node.function) is C.Runtime:
        if node.function.name == "destructure" and type(node.args[0]) is C.Local:
            n, slurp = node.args[1], node.args[2]
            if node.args[0].var is var:
                return n.value <= 2 and slurp.value < 0  # type: ignore[attr-defined,no-any-return]
    elif type(node) is C.Closure:
        return not any(outer is var for outer, _ in node.family.captures)
    return all(taken_apart(var, n) for n in parts_of(node))


def plan_steps(inference: Any, iterable: Any) -> Plan | None:
    """A loop over a value of the user's, whose methods of `iterate` give states of one type."""
    t = widen(iterable)
    f = Base.bindings["iterate"]
    if (
        inference.traced
        or not f.user_methods
        or not isinstance(t, T.DataType)
        or not t.concrete
        or not f.user_matches((t,))
    ):
        return None
    first = _step(inference, f, (t,))
    if first is None:
        return None
    instance, element, state = first
    if element is BOTTOM:
        return None
    again = _step(inference, f, (t, state))
    if again is None or again[2] not in (state, BOTTOM):
        return None

    def emit(em: Any, n: C.For) -> ast.expr:
        names = [em.name(i.enter_into(em.constants)) for i in (instance, again[0])]
        return em.call("%steps", *names, em.expr(n.iterable))  # type: ignore[no-any-return]

    return Plan(L.join(element, again[1]), emit, opaque=not (instance.quiet and again[0].quiet))


def _step(inference: Any, f: Any, types: tuple[Any, ...]) -> tuple[Any, Any, Any] | None:
    """The instance for a step, and the types of the item and of the state that it gives."""
    instance = _selected(inference, f, types)
    if instance is None:
        return None
    found = widen(instance.infer())
    members = found.types if isinstance(found, T.UnionType) else (found,)
    rest = [m for m in members if m is not T.Nothing]
    if not rest or found is BOTTOM:
        return instance, BOTTOM, BOTTOM
    (step, *more) = rest
    if (
        more
        or not isinstance(step, T.DataType)
        or step.typename is not T.TUPLE_NAME
        or not step.concrete
        or len(step.parameters) != 2
    ):
        return None
    return instance, *step.parameters


@runtime("collect_comprehension")
def _comprehension(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return _collected(generated(inference, node.args[0]))


@rule("map")
def _map(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) < 2:
        return None
    if len(args) > 2:
        return _map_many(inference, node, args)
    if widen(args[1]) is STRING:
        instance = instance_for(inference, args[0], T.Char_)
        if instance is None or instance.infer() is not T.Char_:
            return None
        applied = Applied(node.args[0], instance, node.args[1], 1)
        return Plan(
            STRING,
            lambda em, n: em.call("%mapped_string", *arguments(em, applied)),
            opaque=not applied.quiet,
        )
    if not gives_array(args[1]):
        return None  # of a tuple a tuple, of a dictionary an error
    f = args[0].value if type(args[0]) is Known else None
    of_range = type(args[1]) is Span or T.subtype(widen(args[1]), T.AbstractRange)
    if of_range and (isinstance(f, T.JuliaType) or T.subtype(widen(args[0]), T.Type_)):
        return None  # a range, it may be
    return _collected(source_applied(inference, node, args))


def gives_array(a: Any) -> bool:
    """Does `map` make an array of it?"""
    return (type(a) is Span or T.subtype(widen(a), T.AbstractArray)) and (
        array_of(a) is None or is_array(a)
    )


def _map_many(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`map(f, xs, ys...)` of arrays of one number of dimensions."""
    if not all(map(gives_array, args[1:])):
        return None
    ndims = {shape_of(inference, n) for n in node.args[1:]}
    instance = (
        instance_for(inference, args[0], *[widen(element_of(a)) for a in args[1:]])
        if len(ndims) == 1
        else None
    )
    eltype = result_type(instance.infer()) if instance is not None else None
    n = ndims.pop()
    return Plan(array_type(eltype, n)) if eltype is not None and n else None


@rule("filter")
def _filter(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """What is filtered keeps its type; a range becomes a vector."""
    if len(args) != 2:
        return None
    t = widen(args[1])
    array = array_of(args[1])
    if array is None or not is_array(t):
        family = getattr(t, "typename", None)
        if t is STRING or (family in (L.DICT, L.SET) and t.concrete):
            return Plan(t)
        return Plan(array_type(INT, 1)) if t in (L.UNIT_RANGE, L.ONE_TO, L.STEP_RANGE) else None
    out = array_type(array[0], 1)
    applied = source_applied(inference, node, args) if array[0] in PLAIN and array[1] == 1 else None
    if applied is None or applied.instance.infer() is not BOOL:
        return Plan(out)
    return Plan(
        out,
        lambda em, n: em.call("%kept", em.const(array[0]), *arguments(em, applied)),
        opaque=not applied.quiet,
    )


@rule("any", "all", "count")
def _quantified(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """A question to each element, until the answer is known."""
    name = inference.name
    applied = None
    if len(args) == 2:
        applied = source_applied(inference, node, args)
    elif len(args) == 1:
        applied = generated(inference, node.args[0])
    if applied is None or applied.instance.infer() is not BOOL:
        return None
    helper = f"%{name}_of"
    return Plan(
        INT if name == "count" else BOOL,
        lambda em, n: em.call(helper, *arguments(em, applied)),
        opaque=not applied.quiet,
    )


@rule("sum", "prod", "maximum", "minimum")
def _sum_of(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    name = inference.name
    applied = None
    if len(args) == 1:
        applied = generated(inference, node.args[0])
    elif len(args) == 2:
        applied = source_applied(inference, node, args)
    if applied is None:
        array = array_of(args[0]) if name[0] == "m" and len(args) == 1 else None
        return builtin(field_element(array[0]), pure=True) if array is not None else None
    result = applied.instance.infer()
    if not L.concrete(result):
        return None
    if name == "sum" and (result is INT or (result is FLOAT and len(args) == 1)):

        def emit(em: Any, n: C.Call) -> ast.expr:
            dynamic = em.constant("sum", em.callee(n))
            return em.call("%summed", em.name(dynamic), em.const(result), *arguments(em, applied))  # type: ignore[no-any-return]

        return Plan(result, emit, opaque=not applied.quiet)
    return _reduced(applied, by_example(Base.bindings[name], [array_type(result, 1)]))


def _reduced(applied: Applied, result: Any) -> Plan | None:
    plan = told(result)
    if plan is not None:
        plan.opaque = not applied.quiet
    return plan


@rule("mapreduce", "reduce", "foldl", "foldr", "accumulate", "mapfoldl", "mapfoldr")
def _folded(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """A fold whose values stay of one type."""
    name = inference.name
    mapped = name.startswith("map")
    if len(args) != 2 + mapped:
        return None
    whole = is_tuple(args[-1]) and name != "accumulate" and not mapped
    if not whole and not shape_of(inference, node.args[-1]):
        return None
    element = widen(element_of(args[-1]))
    if mapped:
        instance = instance_for(inference, args[0], element)
        element = widen(instance.infer()) if instance is not None else L.ANY
    operation = args[mapped]
    instance = (
        instance_for(inference, operation, element, element) if element is not L.ANY else None
    )
    if instance is None or widen(instance.infer()) is not element or element in SMALL:
        return None
    if name == "accumulate":
        array = array_of(args[1])
        return (
            Plan(array_type(element, array[1])) if array is not None and is_array(args[1]) else None
        )
    return Plan(element)


# Sums of these are of another type.
SMALL = frozenset(t for t in T.DTYPE_OF if t not in (INT, FLOAT))


@rule("|>")
def _piped(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`x |> f`"""
    if len(args) != 2 or type(node.args[1]) not in (C.Local, C.Const, C.Global, C.Closure):
        return None
    call = C.Call(node.args[1], [node.args[0]])
    plan = plan_call(inference, call, args[1], [args[0]])
    if plan is None or plan.emit is None:
        return None if plan is None else Plan(plan.result)
    emit = plan.emit
    return Plan(plan.result, lambda em, n: emit(em, call), opaque=plan.opaque)


@rule("argmax", "argmin")
def _argument_of(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2 or not isinstance(widen(args[0]), T.DataType):
        return None
    element = widen(element_of(args[1]))
    return Plan(element) if L.concrete(element) else None


@rule("ntuple")
def _ntuple(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2:
        return None
    n = known_int(args[1])
    t = widen(args[1])
    if n is None and isinstance(t, T.DataType) and t.typename is T.unwrap(V.Val_).typename:
        n = t.parameters[0]
    instance = instance_for(inference, args[0], INT) if type(n) is int and 0 <= n <= 16 else None
    result = widen(instance.infer()) if instance is not None else L.ANY
    return Plan(T.tuple_type([result] * n)) if L.concrete(result) else None  # type: ignore[operator]


def plan_filled(inference: Any, node: C.Call, t: Any) -> Plan | None:
    """`Dict(k => v for …)` and `Set(x for …)`"""
    applied = generated(inference, node.args[0]) if len(node.args) == 1 else None
    result = applied.instance.infer() if applied is not None else None
    if not L.concrete(result):
        return None
    if t is V.Set_:
        out = T.apply_type(t, result)
    elif result.typename is PAIR:  # type: ignore[union-attr]
        out = T.apply_type(t, *result.parameters)  # type: ignore[union-attr]
    else:
        return None
    plan = Plan(out)
    plan.opaque = not applied.quiet  # type: ignore[union-attr]
    return plan


def plan_dots(inference: Any, template: Any, args: list[Any]) -> Plan | None:
    """The array, or the number, that dotted calls give."""
    ndim = 0
    whole = True  # can samples of all the leaves be had?

    def element(part: Any) -> Any:
        nonlocal ndim, whole
        if isinstance(part, Literal):
            return Known(part.value)
        if isinstance(part, Dot):
            parts = [element(a) for a in part.args]
            if any(p is L.ANY for p in parts):
                return L.ANY
            instance = instance_for(inference, args[part.function], *parts)
            return widen(instance.infer()) if instance is not None else L.ANY
        leaf = args[part]
        array = array_of(leaf)
        if array is not None:
            ndim = max(ndim, array[1])
            return array[0] if L.concrete(array[0]) else L.ANY
        t = widen(leaf)
        whole = whole and (
            type(t) is not T.UnionType
            and isinstance(t, T.DataType)
            and (T.subtype(t, T.Number) or t in (STRING, T.Char_))
        )
        return leaf if whole and type(leaf) is not Known else t if whole else L.ANY

    result = element(template.tree)
    if (
        result is L.ANY
        or not L.concrete(result)
        or (result not in T.DTYPE_OF and result not in (STRING, T.Char_))
    ):
        return told(by_example_dots(template, args))
    if ndim == 0:
        return Plan(result)
    return Plan(T.apply_type(V.BitArray_, ndim) if result is BOOL else array_type(result, ndim))


def by_example_dots(template: Any, args: list[Any]) -> Any:
    """Dotted calls of functions of Base on samples, where leaves are ranges, tuples or wrapped arrays."""
    for i in template.functions:
        f = args[i].value if type(args[i]) is Known else None
        if not isinstance(f, GenericFunction) or not stable(f):
            return L.ANY
    return by_example(template.run, args)
