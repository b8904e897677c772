"""Rules for data: ranges, arrays, tuples, structs, dictionaries and strings (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import (
    BOOL,
    FLOAT,
    INT,
    NARROW,
    STRING,
    Plan,
    builtin,
    exact,
    folded,
    kind,
    kinds,
    known_int,
    rule,
    runtime,
    told,
)
from juliette.compiler.lattice import (
    ANY,
    BOTTOM,
    LENGTH,
    Known,
    Span,
    bounds,
    join,
    widen,
)
from juliette.compiler.results import by_example
from juliette.runtime import structs
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import UNDEF, array_class, array_type, dtype_of, undefined
from juliette.runtime.modules import Base, Module, constructors

LOAD, STORE = ast.Load(), ast.Store()
PAIR, NAMED_TUPLE = T.unwrap(V.Pair_).typename, T.unwrap(V.NamedTuple_).typename
# Element types whose arrays are read and written through a memoryview.
PLAIN = (FLOAT, INT, BOOL)
# Types whose values are their own hash keys, and so are tuples of them.
KEYS = (INT, STRING, T.Symbol_, T.Char_)
# Ranges of Int64.
STEPS = {L.UNIT_RANGE: INT, L.ONE_TO: INT, L.STEP_RANGE: INT}
SUBSTRING = T._TYPE_OF_CLASS[V.SubString]


def field_element(t: Any) -> Any:
    """What a place of a declared type holds."""
    if type(t) is L.Ints:
        return t
    if isinstance(t, T.UnionType):
        return L.small_union(t)
    return t if isinstance(t, T.DataType) and t.concrete else ANY


def array_of(x: Any) -> tuple[Any, int] | None:
    """Element type and number of dimensions of an `Array`, or of one of several kinds alike."""
    t = widen(x)
    if isinstance(t, T.UnionType):
        kinds_of = {array_of(m) for m in t.types}
        return kinds_of.pop() if len(kinds_of) == 1 else None
    if isinstance(t, T.DataType) and t.concrete:
        if t.typename is L.ARRAY:
            return t.parameters[0], t.parameters[1]
        if t.typename is L.BITARRAY:
            return BOOL, t.parameters[0]
    return None


def dict_of(x: Any) -> tuple[Any, Any] | None:
    t = widen(x)
    if isinstance(t, T.DataType) and t.typename is L.DICT and t.concrete:
        return t.parameters[0], t.parameters[1]
    return None


def plain_key(declared: Any, given: Any) -> bool:
    """Is a key of exactly the declared type, and looked up as it is?"""
    return widen(given) is declared and _plain(declared)


def plan_entries(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
    """`Dict(k => v, …)`"""
    pair = widen(args[0]) if args else ANY
    arrow, table = V.Pair_, constructors(V.Pair_)
    if (
        t is not V.Dict_
        or getattr(pair, "typename", None) is not PAIR
        or not pair.concrete
        or any(widen(a) is not pair for a in args)
        or not _plain(pair.parameters[0])
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


def found_key(declared: Any, given: Any) -> bool:
    """May a key be looked up as it is?"""
    return plain_key(declared, given) or (declared is STRING and widen(given) is SUBSTRING)


def _plain(t: Any) -> bool:
    if isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME:
        return t.concrete and all(p in KEYS for p in t.parameters)
    return t in KEYS or cartesian(t) > 0


def cartesian(t: Any) -> int:
    """The number of dimensions of a `CartesianIndex`; 0 for another type."""
    if isinstance(t, T.DataType) and t.typename.name == "CartesianIndex" and t.concrete:
        return t.parameters[0] if t.typename.module is Base else 0
    return 0


def entries_of(x: Any) -> tuple[Any, ...] | None:
    """The type parameters of a `Dict` or a `Set`."""
    t = widen(x)
    if isinstance(t, T.DataType) and t.concrete and t.typename in (L.DICT, L.SET):
        return t.parameters
    return None


def is_array(x: Any) -> bool:
    """Is it an `Array`, and no `BitArray`?"""
    return getattr(widen(x), "typename", None) is L.ARRAY


def always_there(t: Any) -> bool:
    """Are elements of a type plain data, which has a value from the start?"""
    return t is T.Char_ or (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and undefined(t) is not UNDEF
    )


def is_tuple(x: Any) -> bool:
    """Is it a tuple of known types?"""
    t = widen(x)
    return isinstance(t, T.DataType) and t.typename is T.TUPLE_NAME and t.concrete


def is_plain_vector(x: Any) -> bool:
    """A vector whose elements are Python numbers."""
    array = array_of(x)
    return array is not None and array[1] == 1 and array[0] in PLAIN


def in_step(x: Any) -> tuple[Any, ...] | None:
    """The types of the collections that a `zip` or an `enumerate` goes over, if they are quickly gone over."""
    t = widen(x)
    if not isinstance(t, T.DataType) or t.typename not in L.IN_STEP:
        return None
    inner = t.parameters[0]
    sources = inner.parameters if inner.typename is T.TUPLE_NAME else (inner,)
    steady = all(is_plain_vector(s) or s in STEPS or s is STRING for s in sources)
    return sources if sources and steady else None


# ---------------------------------------------------------------- ranges


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


def _member(name: str, args: list[Any]) -> Plan | None:
    """Is something in a set, in a tuple of its like, or in what counts through Int64s?"""
    if len(args) != 2:
        return None
    x, t = args[0], widen(args[1])
    entries = entries_of(t)
    among = ast.NotIn if name == "∉" else ast.In

    def contained(em: Any, n: C.Call) -> ast.expr:
        k, s = em.exprs(n.args)
        if entries is not None:
            s = em.at(ast.Attribute(s, "data", LOAD))
        return em.at(ast.Compare(k, [among()], [s]))  # type: ignore[no-any-return]

    if entries is not None and len(entries) == 1:
        return Plan(BOOL, contained) if found_key(entries[0], x) else None
    if (
        isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and t.concrete
        and widen(x) in (*KEYS, SUBSTRING)
        and all(found_key(p, x) for p in t.parameters)
    ):
        return Plan(BOOL, contained)
    if t is STRING and widen(x) is T.Char_:
        helper = "%char_in" if name != "∉" else "%char_not_in"
        return Plan(BOOL, lambda em, n: em.call(helper, *em.exprs(n.args)))
    if t in (L.UNIT_RANGE, L.ONE_TO) and kind(x) == "i":

        def between(em: Any, n: C.Call) -> ast.expr:
            return em.call("%within" if name != "∉" else "%outside", *em.exprs(n.args))  # type: ignore[no-any-return]

        return Plan(BOOL, between)
    return None


@rule("isempty", "haskey", "in", "∈", "∉", "startswith", "endswith", "occursin", "isassigned")
def _truth(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    name = inference.name
    if name == "isempty" and len(args) == 1 and (array := array_of(args[0])):

        def emit(em: Any, n: C.Call) -> ast.expr:
            return em.at(  # type: ignore[no-any-return]
                ast.Compare(em.array_length(n.args[0], array[1]), [ast.Eq()], [em.const(0)])
            )

        return Plan(BOOL, emit)
    if (
        name == "haskey"
        and len(args) == 2
        and (entry := dict_of(args[0]))
        and found_key(entry[0], args[1])
    ):

        def emit_haskey(em: Any, n: C.Call) -> ast.expr:
            d, k = em.exprs(n.args)
            return em.at(ast.Compare(k, [ast.In()], [em.at(ast.Attribute(d, "data", LOAD))]))  # type: ignore[no-any-return]

        return Plan(BOOL, emit_haskey)
    if name in ("in", "∈", "∉"):
        return _member(name, args)
    return Plan(BOOL) if exact(args) is not None and name != "isempty" else None


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
            return runtime_builtin(field_element(eltype))
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
        if kind(index[0]) == "i":
            out: Any = BOTTOM
            for p in t.parameters:
                out = join(out, p)
            return Plan(out if out is not BOTTOM else ANY)
        return None
    entry = dict_of(target)
    if entry is not None and len(index) == 1:
        key, value = entry
        if found_key(key, index[0]):
            return Plan(field_element(value), lambda em, m: em.dict_load(m), form="entry")
        return Plan(field_element(value))
    if t in (STRING, SUBSTRING) and len(index) == 1:
        if kinds(index) == "i":
            link = Base.bindings["getindex"].link((t, INT))
            return Plan(
                T.Char_, lambda em, m: em.call(link.enter_into(em.constants), *em.exprs(m.args))
            )
        return (
            runtime_builtin(STRING)
            if type(index[0]) is Span or widen(index[0]) is L.UNIT_RANGE
            else None
        )
    if t in (L.UNIT_RANGE, L.ONE_TO) and kinds(index) == "i":
        return Plan(INT, lambda em, m: em.call("%range_item", *em.exprs(m.args)))
    if t in STEPS and kinds(index) == "i":
        return runtime_builtin(INT)
    if cartesian(t) and kinds(index) == "i":
        return runtime_builtin(INT)
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


def _no_elements(t: Any) -> Plan:
    """`T[]`"""
    cls, dtype = array_class(t, 1), dtype_of(t)

    def emit(em: Any, n: C.Call) -> ast.expr:
        data = em.call(
            em.constant("empty", np.empty), em.const(0), em.name(em.constant_for("dtype", dtype))
        )
        return em.call(em.constant_for("array", cls), data)  # type: ignore[no-any-return]

    return Plan(array_type(t, 1), emit)


def runtime_builtin(result: Any) -> Plan:
    return Plan(result)


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
        return Plan(widen(target))
    entry = dict_of(target)
    if entry is not None and len(index) == 1:
        key, declared = entry
        if plain_key(key, index[0]) and (declared is ANY or widen(value) is declared):
            return Plan(
                widen(target),
                lambda em, m: em.dict_stored(m),
                store=lambda em, m: em.dict_store(m),
                form="entry",
            )
        return Plan(widen(target))
    return None


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


def plan_struct(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
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
        values = method.static_parameters(full)
        made = T.apply_type(t, *values)
    if not isinstance(made, T.DataType) or not made.concrete:
        return None
    return plan_new(inference, made, args, 0)


def fits(have: Any, want: Any) -> bool:
    """Is a value of an element surely of a declared type?"""
    t = widen(have)
    return t is not ANY and t is not BOTTOM and isinstance(want, T.JuliaType) and T.subtype(t, want)


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


@runtime("string")
@rule("string")
def _string(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if args and set(kinds(args)) <= {"s", "i"}:
        return Plan(STRING, lambda em, n: em.joined(n))
    return Plan(STRING)


@rule("repr", "join", "lpad", "rpad", "uppercase", "lowercase", "repeat", "titlecase")
def _text(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(STRING) if args and kind(args[0]) == "s" else None


@runtime("convert")
def _convert(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    t = args[0].value if type(args[0]) is Known else None
    if t is ANY:
        return Plan(args[1], lambda em, n: em.expr(n.args[1]))
    if not isinstance(t, T.DataType) or not t.concrete:
        return None
    if widen(args[1]) is t:
        return Plan(args[1], lambda em, n: em.expr(n.args[1]))
    if t is FLOAT and kind(args[1]) == "i":
        return Plan(FLOAT, lambda em, n: em.call("%float", em.expr(n.args[1])))
    return Plan(t)


@runtime("typeassert")
def _typeassert(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    t = args[1].value if type(args[1]) is Known else None
    if not isinstance(t, T.JuliaType):
        return None
    if L.concrete(args[0]) and T.subtype(widen(args[0]), t) and type(args[0]) is not Known:
        return Plan(args[0], lambda em, n: em.expr(n.args[0]))
    return Plan(t) if isinstance(t, T.DataType) and t.concrete else None


@runtime("apply_type", traceable=True)
def _apply_type(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if not all(type(a) is Known for a in args) or not all(
        type(n) in (C.Const, C.Global, C.Local, C.Runtime, C.Call) for n in node.args
    ):
        return None
    try:
        return folded(T.apply_type(*[a.value for a in args]))
    except Exception:
        return None  # the call itself raises the error


@runtime("global_ref", traceable=True)
def _global_ref(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    module, name = args[0].value, args[1].value
    if not isinstance(module, Module):
        module = Base if str(module) in ("Base", "Core") else None
    if module is not None and name in module.bindings and name in module.consts:
        return folded(module.bindings[name])
    return None
