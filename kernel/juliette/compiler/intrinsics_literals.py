"""Rules for arrays and dictionaries from their elements (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from juliette.compiler import core as C
from juliette.compiler.data_types import PAIR
from juliette.compiler.intrinsics import BOOL, FLOAT, INT, Plan, exact, runtime, told
from juliette.compiler.lattice import ANY, Known, widen
from juliette.compiler.results import by_example
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import array_class, array_type, dtype_of
from juliette.runtime.modules import Base, constructors
from juliette.runtime.tables import plain_keys

LOAD = ast.Load()


def plan_entries(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
    """`Dict(k => v, …)`"""
    pair = widen(args[0]) if args else ANY
    arrow, table = V.Pair_, constructors(V.Pair_)
    if (
        t is not V.Dict_
        or getattr(pair, "typename", None) is not PAIR
        or not pair.concrete
        or any(widen(a) is not pair for a in args)
        or not plain_keys(pair.parameters[0])
        or table.user_methods
    ):
        return None
    for n in node.args:
        known = inference.types.get(id(n.function)) if type(n) is C.Call else None
        if type(known) is not Known or known.value is not arrow or len(n.args) != 2:  # type: ignore[attr-defined]
            return None
        if any(type(part) is C.Splat for part in n.args):  # type: ignore[attr-defined]
            return None
    inference.edges.append((table, None))
    made = T.apply_type(V.Dict_, *pair.parameters)

    def emit(em: Any, n: C.Call) -> ast.expr:
        flat = em.exprs([part for p in n.args for part in p.args])  # type: ignore[attr-defined]
        entries = [
            em.at(ast.Tuple([k, v], LOAD)) for k, v in zip(flat[::2], flat[1::2], strict=True)
        ]
        cls = em.name(em.constant_for("dict", made.pyclass))
        return em.call("%dict_of", cls, em.at(ast.Tuple(entries, LOAD)))  # type: ignore[no-any-return]

    return Plan(made, emit)


@runtime("vect")
def _vect(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    types = {widen(a) for a in args}
    if args and exact(args) is not None:
        t = _number_type(types)
        if t is not None:
            return _numbers(t)
        if len(types) == 1 and not any(
            type(a) is Known and isinstance(a.value, T.JuliaType) for a in args
        ):
            return _objects(types.pop())
    return None


def _objects(t: Any) -> Plan:
    """A vector of values of one type."""
    cls, dtype = array_class(t, 1), dtype_of(t)

    def emit(em: Any, n: C.Call) -> ast.expr:
        items = em.at(ast.List(em.exprs(n.args), LOAD))
        return em.call(  # type: ignore[no-any-return]
            "%vector_of",
            em.name(em.constant_for("array", cls)),
            em.name(em.constant_for("dtype", dtype)),
            items,
        )

    return Plan(array_type(t, 1), emit)


@runtime("hvcat")
def _hvcat(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if type(args[0]) is not Known or exact(args[1:]) is None:
        return None
    rows = args[0].value
    t = _number_type({widen(a) for a in args[1:]})
    if t is not None and rows == (rows[0],) * len(rows) and len(args) == 1 + sum(rows):
        return _numbers(t, rows[0])
    joined = Base.bindings["hvcat"]
    return told(by_example(lambda *xs: joined(rows, *xs), args[1:]))


def _number_type(types: set[Any]) -> Any:
    """The element type of an array of integers, of floats, of both, or of Booleans; else None."""
    if types == {BOOL} or types == {INT}:
        return next(iter(types))
    return FLOAT if types and types <= {INT, FLOAT} else None


def _numbers(t: Any, columns: int = 0) -> Plan:
    """A vector of numbers, or a matrix from its rows."""
    name, ndim = T.type_string(t), 2 if columns else 1
    cls = array_class(t, ndim)

    def emit(em: Any, n: C.Call) -> ast.expr:
        args = em.exprs(n.args[1:] if columns else n.args)
        rows = [args[i : i + columns] for i in range(0, len(args), columns)] if columns else None
        lists = args if rows is None else [em.at(ast.List(row, LOAD)) for row in rows]
        dtype = em.name(em.constant(f"dtype_{name}", T.DTYPE_OF[t]))
        make = em.constant("fortran_array", _fortran) if columns else em.constant("array", np.array)
        data = em.call(make, em.at(ast.List(lists, LOAD)), dtype)
        return em.call(em.constant(f"array_{name}{ndim}", cls), data)  # type: ignore[no-any-return]

    return Plan(array_type(t, ndim), emit)


def _fortran(rows: list[list[Any]], dtype: Any) -> Any:
    return np.array(rows, dtype, order="F")
