"""Rules for ranges, sizes and indices, for reading and writing elements (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.data_types import (
    PAIR,
    PLAIN,
    STEPS,
    SUBSTRING,
    always_there,
    array_of,
    cartesian,
    dict_of,
    field_element,
    found_key,
    is_array,
    plain_key,
)
from juliette.compiler.intrinsics import (
    BOOL,
    FLOAT,
    INT,
    NARROW,
    STRING,
    Plan,
    builtin,
    folded,
    kind,
    kinds,
    known_int,
    rule,
    runtime,
    told,
)
from juliette.compiler.lattice import ANY, BOTTOM, LENGTH, Known, Span, bounds, join, widen
from juliette.compiler.results import by_example
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import array_class, array_type, dtype_of
from juliette.runtime.modules import Base
from juliette.runtime.numeric import INT_RANGE, conversion

LOAD = ast.Load()


@rule(":")
def _colon(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) not in ("ii", "iii"):
        return told(by_example(V.COLON, args))
    low, high = bounds(args[0])[0], bounds(args[-1])[1]  # type: ignore[index]
    if len(args) == 2:
        return Plan(
            Span(low, high), lambda em, n: em.call("%UnitRange", *em.exprs(n.args)), form="range"
        )
    steps = bounds(args[1])
    if steps is None or steps[0] <= 0 <= steps[1]:
        # The step may be zero: an error.
        return Plan(L.STEP_RANGE, lambda em, n: em.linked(n), form="range")
    ends = (low, high) if steps[0] > 0 else (bounds(args[2])[0], bounds(args[0])[1])  # type: ignore[index]
    return Plan(
        L.StepSpan(*ends),
        lambda em, n: em.call("%StepRange", *em.exprs(n.args)),
        form="range",
    )


def indices(length: Any) -> Plan:
    """`Base.OneTo(length)`"""
    plan = Plan(
        Span(1, L.LONGEST, True), lambda em, n: em.call("%OneTo", length(em, n)), form="range"
    )
    plan.length = length
    return plan


@rule("eachindex")
def _eachindex(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if len(args) == 1 else None
    return (
        indices(lambda em, n: em.array_length(n.args[0], array[1])) if array is not None else None
    )


@rule("axes")
def _axes(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if len(args) == 2 else None
    d = known_int(args[1]) if len(args) == 2 else None
    if array is None or d is None or not 1 <= d <= array[1]:
        return None
    return indices(
        lambda em, n: em.at(ast.Subscript(em.array_shape(n.args[0]), em.const(d - 1), LOAD))
    )


# ---------------------------------------------------------------- sizes


@rule("length")
def _length(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1:
        return None
    array = array_of(args[0])
    if array is not None:
        return Plan(LENGTH, lambda em, n: em.array_length(n.args[0], array[1]))
    t = widen(args[0])
    if (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and type(node.args[0]) is C.Local
    ):
        return folded(len(t.parameters))
    if (
        t is STRING
        or (isinstance(t, T.DataType) and t.typename in (L.DICT, L.SET))
        or type(args[0]) is Span
    ):
        return builtin(LENGTH, pure=True)
    return None


@rule("size")
def _size(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if args else None
    if array is None:
        return None
    n = array[1]
    if len(args) == 1:
        return Plan(L.tuple_of([LENGTH] * n), lambda em, m: em.array_shape(m.args[0]))
    d = known_int(args[1])
    if len(args) != 2 or d is None or not 1 <= d <= n:
        return builtin(LENGTH, pure=True) if len(args) == 2 and kind(args[1]) == "i" else None
    return Plan(
        LENGTH, lambda em, m: em.at(ast.Subscript(em.array_shape(m.args[0]), em.const(d - 1), LOAD))
    )


@runtime("lastindex")
@rule("lastindex")
def _lastindex(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) == 1 and array_of(args[0]):
        return _length(inference, node, args)
    t = widen(args[0])
    if len(args) == 1 and isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME and t.concrete:
        return folded(len(t.parameters)) if type(node.args[0]) is C.Local else None
    return _size(inference, node, args) if len(args) == 2 else None


@runtime("firstindex")
@rule("firstindex")
def _firstindex(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return folded(1) if array_of(args[0]) and type(node.args[0]) is C.Local else None


# ---------------------------------------------------------------- indexing


@runtime("getindex")
@rule("getindex")
def _getindex(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    target, index = args[0], args[1:]
    t = widen(target)
    array = array_of(target)
    if array is not None:
        eltype, n = array
        if not index:
            return Plan(field_element(eltype))
        if set(kinds(index)) == {"i"}:
            if len(index) == n and eltype in PLAIN:
                return Plan(eltype, lambda em, m: em.load_element(m, index), form="element")
            if len(index) == n and (eltype in NARROW or always_there(eltype)):
                return Plan(eltype, lambda em, m: em.access(m.args, False, LOAD), form="object")
            if len(index) == n and eltype not in T.DTYPE_OF:
                return Plan(
                    field_element(eltype), lambda em, m: em.load_object(m, index), form="object"
                )
            return Plan(field_element(eltype))
        if (
            is_array(t)
            and n == 1
            and len(index) == 1
            and (array_of(index[0]) or (ANY, 0)) in ((INT, 1), (BOOL, 1))
        ):
            return Plan(t)
        if is_array(t) and all(
            kind(i) == "i" or type(i) is Span or i is L.STEP_RANGE or widen(i) is V.Colon_
            for i in index
        ):
            return Plan(array_type(eltype, sum(kind(i) != "i" for i in index)))
        if all(T.subtype(i, T.Integer) and i is not BOOL for i in map(widen, index)):
            return Plan(field_element(eltype))
        if len(index) == 1 and cartesian(widen(index[0])) == n:
            return Plan(field_element(eltype))
        return None
    if isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME and t.concrete and len(index) == 1:
        i = known_int(index[0])
        if i is not None and 1 <= i <= len(t.parameters):
            return Plan(
                field_element(L.part(target, i - 1)),
                lambda em, m: em.at(ast.Subscript(em.expr(m.args[0]), em.const(i - 1), LOAD)),
            )
        ends = _known_ends(inference, node.args[1]) if type(index[0]) is Span else None
        if (
            ends is not None
            and 1 <= ends[0] <= len(t.parameters) + 1
            and ends[1] <= len(t.parameters)
        ):
            a, b = ends[0] - 1, max(ends[1], ends[0] - 1)
            return Plan(
                T.tuple_type(list(t.parameters[a:b])),
                lambda em, m: em.at(
                    ast.Subscript(
                        em.expr(m.args[0]), em.at(ast.Slice(em.const(a), em.const(b))), LOAD
                    )
                ),
            )
        if kind(index[0]) == "i":
            out: Any = BOTTOM
            for p in t.parameters:
                out = join(out, p)
            count = len(t.parameters)
            return Plan(out, lambda em, m: _item(em, m, count)) if count else Plan(ANY)
        return None
    entry = dict_of(target)
    if entry is not None and len(index) == 1:
        key, value = entry
        if found_key(key, index[0]):
            return Plan(field_element(value), lambda em, m: em.dict_load(m), form="entry")
        if key is ANY:
            return Plan(
                field_element(value),
                lambda em, m: em.call("%any_key_load", *em.exprs(m.args)),
                opaque=True,
            )
        return Plan(field_element(value))
    if t in (STRING, SUBSTRING) and len(index) == 1:
        if kinds(index) == "i":
            link = Base.bindings["getindex"].link((t, INT))
            return Plan(
                T.Char_, lambda em, m: em.call(link.enter_into(em.constants), *em.exprs(m.args))
            )
        return Plan(STRING) if type(index[0]) is Span or widen(index[0]) is L.UNIT_RANGE else None
    if t in (L.UNIT_RANGE, L.ONE_TO) and kinds(index) == "i":
        return Plan(INT, lambda em, m: em.call("%range_item", *em.exprs(m.args)))
    if t in STEPS and kinds(index) == "i":
        return Plan(INT)
    if cartesian(t) and kinds(index) == "i":
        return Plan(INT)
    if (
        type(target) is Known
        and isinstance(target.value, T.DataType)
        and (target.value.concrete or target.value is ANY)
    ):
        return _no_elements(target.value) if not index else Plan(array_type(target.value, 1))
    if (
        isinstance(t, T.DataType)
        and t.typename is PAIR
        and t.concrete
        and len(index) == 1
        and known_int(index[0]) in (1, 2)
    ):
        return Plan(field_element(t.parameters[known_int(index[0]) - 1]))  # type: ignore[operator]
    return None


def _known_ends(inference: Any, node: C.Node) -> tuple[int, int] | None:
    """Of `a:b` where both are known."""
    if type(node) is not C.Call or len(node.args) != 2:
        return None
    ends = [known_int(inference.types.get(id(n), ANY)) for n in node.args]
    return None if None in ends else (ends[0], ends[1])  # type: ignore[return-value]


def _item(em: Any, n: C.Call, count: int) -> ast.expr:
    """An item of a tuple at an index that is not known."""
    parts = []
    for e in em.exprs(n.args):
        if not isinstance(e, (ast.Name, ast.Constant)):
            t = em.temp()
            em.store(t, e)
            e = em.name(t)
        parts.append(e)
    within = ast.Compare(em.const(0), [ast.Lt(), ast.LtE()], [parts[1], em.const(count)])
    at = em.binary(ast.Sub, parts[1], em.const(1))
    return em.choose(  # type: ignore[no-any-return]
        em.at(within),
        em.at(ast.Subscript(parts[0], at, LOAD)),
        em.call(em.constant("getindex", Base.bindings["getindex"]), *parts),
    )


def _no_elements(t: Any) -> Plan:
    """`T[]`"""
    cls, dtype = array_class(t, 1), dtype_of(t)

    def emit(em: Any, n: C.Call) -> ast.expr:
        data = em.call(
            em.constant("empty", np.empty), em.const(0), em.name(em.constant_for("dtype", dtype))
        )
        return em.call(em.constant_for("array", cls), data)  # type: ignore[no-any-return]

    return Plan(array_type(t, 1), emit, form="fresh")


@runtime("setindex!")
@rule("setindex!")
def _setindex(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) < 3:
        return None
    target, value, index = args[0], args[1], args[2:]
    array = array_of(target)
    if array is not None:
        eltype, n = array
        if set(kinds(index)) != {"i"} or len(index) != n:
            return None
        if eltype in PLAIN and (widen(value) is eltype or (eltype is FLOAT and kind(value) == "i")):
            return Plan(
                widen(target),
                lambda em, m: em.stored(m, index, True),
                store=lambda em, m: em.store_element(m, index, True),
                form="element",
            )
        if (widen(value) is eltype and eltype in NARROW) or (
            eltype not in T.DTYPE_OF and (eltype is ANY or widen(value) is eltype)
        ):
            return Plan(
                widen(target),
                lambda em, m: em.stored(m, index, False),
                store=lambda em, m: em.store_element(m, index, False),
                form="object",
            )
        if eltype in NARROW and eltype in INT_RANGE and kind(value) == "i":
            to = conversion(eltype, int)
            return Plan(
                widen(target),
                lambda em, m: em.stored(m, index, False, to),
                store=lambda em, m: em.store_element(m, index, False, to),
                form="object",
            )
        return Plan(widen(target))
    entry = dict_of(target)
    if entry is not None and len(index) == 1:
        key, declared = entry
        if found_key(key, index[0]) and (declared is ANY or widen(value) is declared):
            cut = not plain_key(key, index[0])  # a part of a String, of which a String is made
            return Plan(
                widen(target),
                lambda em, m: em.dict_stored(m, cut),
                store=lambda em, m: em.dict_store(m, cut),
                form="entry",
            )
        if key is ANY and (declared is ANY or widen(value) is declared):
            return Plan(
                widen(target),
                lambda em, m: em.call("%any_key_store", *em.exprs(m.args)),
                opaque=True,
            )
        return Plan(widen(target))
    return None
