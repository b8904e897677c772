"""Rules for comprehensions, `map` and sums over generators, where the function's result is known.

The helpers call the compiled function itself for each element.  They are used where the types show
that Julia's own way comes to the same: a vector or matrix of the result's type.
"""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.inference import element_of
from juliette.compiler.intrinsics import BOOL, FLOAT, INT, STRING, Plan, exact, rule, runtime
from juliette.compiler.intrinsics_data import array_of
from juliette.compiler.lattice import Span, widen
from juliette.runtime import types as T
from juliette.runtime.array import array_type
from juliette.runtime.dispatch import GenericFunction

# Results that are stored as they are.
PLAIN = (INT, FLOAT, BOOL, STRING)


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


def instance_for(inference: Any, function: Any, element: Any) -> Any:
    """The instance of a closure or of a user's function for one argument."""
    from juliette.compiler.instances import instance_of

    types = exact([element])
    if types is None:
        return None
    if type(function) is L.Known and isinstance(function.value, GenericFunction):
        generic = function.value
        if not generic.user_methods or not generic.user_matches(types):
            return None
    else:
        generic = getattr(function.pyclass if isinstance(function, T.DataType) else None, "generic", None)
        if generic is None:
            return None
    method = generic.selected(types)
    if method is None or method.code is None or method.code.keywords:
        return None
    instance = instance_of(method, types, False)
    inference.edges.append((generic, types))
    inference.callees.append(instance)
    return instance


def shape_of(inference: Any, node: C.Node) -> int:
    """The number of dimensions of what is iterated; 0 if it is not known."""
    element = inference.types.get(id(node))
    if isinstance(element, Span) or element is L.STEP_RANGE or element is L.UNIT_RANGE or element is L.ONE_TO:
        return 1
    array = array_of(element)
    return array[1] if array is not None else 0


def generated(inference: Any, node: C.Node) -> Applied | None:
    """What a generator expression applies, if it is all known."""
    if type(node) is not C.Call or type(node.function) is not C.Runtime or node.function.name != "generator":
        return None
    if len(node.args) != 2:
        return None
    function, source = node.args
    test = None
    if type(source) is C.Call and type(source.function) is C.Runtime and source.function.name == "filtered":
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
    nodes = [applied.function, *([applied.test] if applied.test is not None else []), applied.source]
    *closures, source = em.exprs(nodes)
    out = [em.name(applied.instance.enter_into(em.constants)), closures[0], source]
    if applied.test is not None:
        out += [em.name(applied.test_instance.enter_into(em.constants)), closures[1]]
    return out


def result_type(t: Any) -> Any:
    """The element type of what is collected, if every result has it."""
    if t in PLAIN:
        return t
    if isinstance(t, T.DataType) and t.concrete and t not in T.DTYPE_OF and t.pyclass is not None:
        return t
    return None


def _collected(inference: Any, applied: Applied | None) -> Plan | None:
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


@runtime("collect_comprehension")
def _comprehension(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return _collected(inference, generated(inference, node.args[0]))


@rule("map")
def _map(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2:
        return None
    ndim = shape_of(inference, node.args[1])
    array = array_of(args[1])
    if not ndim or (array is not None and widen(args[1]).typename is L.BITARRAY):
        return None
    instance = instance_for(inference, args[0], widen(element_of(args[1])))
    if instance is None:
        return None
    if type(args[0]) is L.Known:
        return None
    return _collected(inference, Applied(node.args[0], instance, node.args[1], ndim))


@rule("sum")
def _sum_of(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    from juliette.compiler.intrinsics_data import _sum

    applied = None
    if len(args) == 1:
        applied = generated(inference, node.args[0])
    if applied is None:
        return _sum(inference, node, args)
    result = applied.instance.infer()
    if result not in (INT, FLOAT):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        dynamic = em.constant("sum", em.callee(n))
        return em.call("%summed", em.name(dynamic), em.const(result), *arguments(em, applied))  # type: ignore[no-any-return]

    return Plan(result, emit, opaque=not applied.quiet)
