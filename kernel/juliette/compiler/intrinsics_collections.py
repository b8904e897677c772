"""Rules for functions of collections: what fills, searches, changes and copies them (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.data_types import (
    KEYS,
    STEPS,
    SUBSTRING,
    array_of,
    cartesian,
    dict_of,
    entries_of,
    field_element,
    found_key,
    is_array,
    is_tuple,
    plain_key,
)
from juliette.compiler.intrinsics import (
    BOOL,
    FLOAT,
    INT,
    STRING,
    Plan,
    builtin,
    exact,
    folded,
    kind,
    kinds,
    rule,
)
from juliette.compiler.intrinsics_characters import member
from juliette.compiler.intrinsics_iteration import arguments, instance_for, source_applied
from juliette.compiler.lattice import ANY, BOTTOM, Known, join, widen
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import array_type
from juliette.runtime.modules import Base

LOAD = ast.Load()


@rule("push!")
def _push(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if args else None
    if array is None or array[1] != 1:
        entries = entries_of(args[0]) if args else None
        if entries is None:
            return None
        if len(entries) == 1 and len(args) == 2 and found_key(entries[0], args[1]):
            cut = not plain_key(entries[0], args[1])

            def push_to_set(em: Any, n: C.Call) -> ast.expr:
                s, x = em.exprs(n.args)
                return em.call("%set_push", s, em.call("%str", x) if cut else x)  # type: ignore[no-any-return]

            return Plan(widen(args[0]), push_to_set)
        return Plan(widen(args[0]))
    eltype = array[0]
    if len(args) == 2 and (eltype is ANY or widen(args[1]) is eltype):

        def store(em: Any, n: C.Call) -> None:
            v, x = em.exprs(n.args)
            em.push(ast.Expr(em.call(em.at(ast.Attribute(v, "push", LOAD)), x)))

        return Plan(
            widen(args[0]),
            lambda em, n: em.call("%push", *em.exprs(n.args)),
            store=store,
            opaque=True,
        )
    return Plan(widen(args[0]))


@rule(
    "append!",
    "pushfirst!",
    "sort!",
    "reverse!",
    "fill!",
    "copy!",
    "copyto!",
    "empty!",
    "insert!",
    "resize!",
    "deleteat!",
    "shuffle!",
    "prepend!",
    "delete!",
    "merge!",
    "union!",
    "setdiff!",
    "intersect!",
    "unique!",
    "filter!",
)
def _in_place(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    collection = args[-1] if inference.name == "filter!" and len(args) == 2 else args[0]
    return (
        Plan(widen(collection))
        if args and (array_of(collection) or entries_of(collection))
        else None
    )


@rule("pop!", "popfirst!", "splice!", "first", "last")
def _one_of(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if args else None
    if array is not None and (
        len(args) == 1 or (inference.name == "splice!" and kinds(args[1:]) == "i")
    ):
        if inference.name in ("pop!", "popfirst!") and array[1] == 1 and is_array(args[0]):
            return _taken(inference.name, field_element(array[0]))
        return builtin(field_element(array[0]), pure=inference.name[-1] != "!")
    entries = entries_of(args[0]) if inference.name == "pop!" else None
    if entries is None or len(args) == 3:
        return None
    return (
        Plan(field_element(entries[len(args) - 1]))
        if len(args) <= len(entries) and (len(entries) == 1 or len(args) == 2)
        else None
    )


def _taken(name: str, element: Any) -> Plan:
    """The last or the first element of a vector, taken out; the function of Base says that there is none."""
    method = "pop" if name == "pop!" else "pop_first"

    def emit(em: Any, n: C.Call) -> ast.expr:
        first, again = em.hold(em.expr(n.args[0]))
        test = em.call("%len", em.attribute(first, "data"))
        empty = em.call(em.constant(name, Base.bindings[name]), again)
        return em.choose(test, em.call(em.attribute(again, method)), empty)  # type: ignore[no-any-return]

    return Plan(element, emit, opaque=True)


@rule("copy", "similar", "deepcopy", "reverse", "sort", "unique")
def _alike(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """Of arrays, whatever they hold."""
    array = array_of(args[0]) if len(args) == 1 else None
    if (
        array is None
        or not is_array(args[0])
        or (array[1] != 1 and inference.name not in ("copy", "similar", "deepcopy"))
    ):
        return None
    return builtin(widen(args[0]))


@rule("rand", "randn", "randexp", "shuffle", "randperm")
def _random(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """A number, or an array of so many."""
    name = inference.name
    if name == "randperm":
        return Plan(array_type(INT, 1)) if kinds(args) == "i" else None
    if name == "shuffle":
        return Plan(widen(args[0])) if len(args) == 1 and array_of(args[0]) else None
    eltype: Any = FLOAT
    if args and kinds(args[:1]) != "i":
        source, args = args[0], args[1:]
        if (
            type(source) is Known
            and isinstance(source.value, T.JuliaType)
            and source.value in T.DTYPE_OF
        ):
            eltype = source.value
        elif name != "rand" or type(source) is Known:
            return None
        else:
            eltype = STEPS.get(widen(source)) or (array_of(source) or (ANY,))[0]
    if not L.concrete(eltype):
        return None
    if not args:
        return Plan(eltype)
    return Plan(array_type(eltype, len(args))) if set(kinds(args)) == {"i"} else None


@rule("checkbounds")
def _within(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`checkbounds(Bool, A, index...)` of as many Int64s as there are dimensions, or one index of all."""
    array = array_of(args[1]) if len(args) > 2 and is_array(args[1]) else None
    if array is None or type(args[0]) is not Known or args[0].value is not BOOL:
        return None
    if len(args) == 3 and cartesian(widen(args[2])) == array[1]:
        return Plan(BOOL, lambda em, n: em.call("%index_within", *em.exprs(n.args[1:])))
    if set(kinds(args[2:])) == {"i"} and len(args) == 2 + array[1]:
        return Plan(BOOL, lambda em, n: em.call("%indices_within", *em.exprs(n.args[1:])))
    return None


# What a search gives.
INDEX = T.union(T.Nothing, INT)


@rule("findfirst", "findlast", "findnext", "findprev", "findall")
def _found(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """Positions in a vector or a string; a part of a string is at a range."""
    count = 2 if inference.name in ("findfirst", "findlast", "findall") else 3
    if len(args) == count == 2:
        plan = _first_of(inference, node, args)
        if plan is not None:
            return plan
    position: Any = INT
    where = args[0] if len(args) == count - 1 else args[1] if len(args) == count else None
    if where is None:
        return None
    if (
        len(args) == count
        and widen(args[0]) in (STRING, SUBSTRING)
        and widen(where) in (STRING, SUBSTRING)
    ):
        position = L.UNIT_RANGE
    elif not (
        widen(where) in (STRING, SUBSTRING)
        or (array_of(where) or (ANY, 0))[1] == 1
        or STEPS.get(widen(where))
    ):
        return None
    if inference.name == "findall":
        return Plan(array_type(position, 1))
    return Plan(INDEX if position is INT else T.union(T.Nothing, position))


def _first_of(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`findfirst(f, v)` and the like of a vector, with an `f` that answers `true` or `false`."""
    array = array_of(args[1])
    f: Any = node.args[0]
    if array is None or array[1] != 1 or not is_array(args[1]):
        return None
    name = inference.name
    known = inference.types.get(id(f.function)) if type(f) is C.Call else None
    if (
        name == "findfirst"
        and type(known) is Known
        and known.value is Base.bindings["=="]
        and len(f.args) == 1
        and array[0] in KEYS
        and widen(inference.types[id(f.args[0])]) is array[0]
        and not known.value.user_methods
    ):
        inference.edges.append((known.value, None))
        return Plan(
            INDEX,
            lambda em, n: em.call("%position_of", *em.exprs([*n.args[0].args, n.args[1]])),
        )
    applied = source_applied(inference, node, args)
    if applied is None or applied.instance.infer() is not BOOL:
        return None
    helper = f"%{name}_of"
    return Plan(
        INDEX if name != "findall" else array_type(INT, 1),
        lambda em, n: em.call(helper, *arguments(em, applied)),
        opaque=not applied.quiet,
    )


@rule("foreach")
def _for_each(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(T.Nothing)


@rule("sprint", "readline", "readchomp")
def _line(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(STRING)


@rule("eof", "isready", "isopen", "isfile", "isdir", "ispath")
def _state(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(BOOL) if len(args) == 1 and exact(args) is not None else None


@rule("something")
def _something(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """The first that is not `nothing`."""
    out: Any = BOTTOM
    for a in args:
        t = widen(a)
        rest = [x for x in (t.types if isinstance(t, T.UnionType) else (t,)) if x is not T.Nothing]
        if any(not L.concrete(x) or x.typename.name == "Some" for x in rest):
            return None
        for x in rest:
            out = join(out, x)
        if len(rest) == 1 and t is rest[0]:
            return Plan(out)
    return None


@rule("tryparse")
def _tryparse(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) == 2 and type(args[0]) is Known and args[0].value in T.DTYPE_OF:
        return Plan(T.union(T.Nothing, args[0].value))
    return None


@rule("reshape")
def _reshape(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    array = array_of(args[0]) if args else None
    if array is None or len(args) < 2 or not is_array(args[0]):
        return None
    return (
        Plan(array_type(array[0], len(args) - 1))
        if all(kind(a) == "i" or widen(a) is V.Colon_ for a in args[1:])
        else None
    )


@rule("zeros", "ones")
def _filled(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    eltype: Any = FLOAT
    if (
        args
        and type(args[0]) is Known
        and isinstance(args[0].value, T.DataType)
        and args[0].value.concrete
    ):
        eltype, args = args[0].value, args[1:]
    return Plan(array_type(eltype, len(args))) if set(kinds(args)) <= {"i"} else None


@rule("trues", "falses")
def _bits(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return (
        Plan(T.apply_type(V.BitArray_, len(args))) if args and set(kinds(args)) == {"i"} else None
    )


@rule("fill")
def _fill(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if (
        len(args) > 1
        and L.concrete(args[0])
        and set(kinds(args[1:])) == {"i"}
        and exact(args[:1]) is not None
    ):
        return Plan(array_type(widen(args[0]), len(args) - 1))
    return None


def _or_call(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`get(f, d, k)` and `get!(f, d, k)`: a closure is made only where it is called."""
    key, value = dict_of(args[1])  # type: ignore[misc]
    store = inference.name == "get!"
    instance = instance_for(inference, args[0]) if found_key(key, args[2]) else None
    made = instance.infer() if instance is not None else ANY
    known = Plan(field_element(value) if store else join(field_element(value), L.held(made)))
    if instance is None or (
        store and not (plain_key(key, args[2]) and (value is ANY or widen(made) is value))
    ):
        return known
    function = node.args[0]
    late = type(function) is C.Closure and function.family.takes_anything

    def emit(em: Any, n: C.Call) -> ast.expr:
        f, d, k = [None, *em.exprs(n.args[1:])] if late else em.exprs(n.args)
        d, dictionary = em.hold(d)
        k, again = em.hold(k)
        get = em.at(ast.Attribute(em.entries(d), "get", LOAD))
        found, there = em.hold(em.call(get, k, em.name("%ABSENT")))
        test = em.at(ast.Compare(found, [ast.IsNot()], [em.name("%ABSENT")]))
        f = em.expr(n.args[0]) if late else f
        other = em.call(em.name(instance.enter_into(em.constants)), f)
        if store:
            other = em.call("%dict_added", dictionary, again, other)
        return em.choose(test, there, other)  # type: ignore[no-any-return]

    return Plan(known.result, emit, opaque=not instance.quiet)


def _made(node: C.Node) -> C.Node:
    """What a block of nothing else comes to, as `Int[]` is one."""
    while type(node) is C.Block and all(
        type(n) is C.Assign and type(n.value) in (C.Const, C.Global, C.Runtime)
        for n in node.items[:-1]
    ):
        node = node.items[-1]
    return node


def _get_or_new(em: Any, n: C.Call) -> ast.expr:
    """`get!(d, k, T[])`: the vector is made only where it is kept."""
    d, k = em.exprs(n.args[:2])
    d, dictionary = em.hold(d)
    k, again = em.hold(k)
    get = em.at(ast.Attribute(em.entries(d), "get", LOAD))
    found, there = em.hold(em.call(get, k, em.name("%ABSENT")))
    test = em.at(ast.Compare(found, [ast.IsNot()], [em.name("%ABSENT")]))
    return em.choose(  # type: ignore[no-any-return]
        test, there, em.call("%dict_added", dictionary, again, em.expr(n.args[2]))
    )


@rule("get")
def _get(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    entry = dict_of(args[0]) if len(args) == 3 else None
    if entry is None and len(args) == 3 and dict_of(args[1]) is not None:
        return _or_call(inference, node, args)
    if entry is None or exact(args[1:]) is None:
        return None
    key, value = entry
    result = join(field_element(value), L.held(args[2]))
    if found_key(key, args[1]):
        return Plan(result, lambda em, n: em.dict_get(n), form="entry")
    return Plan(result)


@rule("get!")
def _get_or_set(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    entry = dict_of(args[0]) if len(args) == 3 else None
    if entry is None:
        if len(args) == 3 and dict_of(args[1]) is not None:
            return _or_call(inference, node, args)
        return None
    key, value = entry
    if plain_key(key, args[1]) and (value is ANY or widen(args[2]) is value):
        default = inference.plans.get(id(_made(node.args[2])))
        if default is not None and default.form == "fresh":
            return Plan(field_element(value), _get_or_new)
        return Plan(
            field_element(value), lambda em, n: em.call("%dict_get_or_set", *em.exprs(n.args))
        )
    return Plan(field_element(value))


# ---------------------------------------------------------------- questions


def _member(name: str, node: C.Call, args: list[Any]) -> Plan | None:
    """Is something in a set, in a tuple of its like, or in what counts through Int64s?"""
    if len(args) != 2:
        return None
    x, t = args[0], widen(args[1])
    entries = entries_of(t)
    among = ast.NotIn if name == "∉" else ast.In
    plan = member(x, args[1], node.args[1], among)
    if plan is not None:
        return plan

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
    array = array_of(t)
    if array is not None and is_array(t) and array[0] in KEYS and widen(x) is array[0]:

        def among_elements(em: Any, n: C.Call) -> ast.expr:
            found = em.call("%element_of", *em.exprs(n.args))
            return found if name != "∉" else em.at(ast.UnaryOp(ast.Not(), found))  # type: ignore[no-any-return]

        return Plan(BOOL, among_elements)
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
    if name == "isempty" and len(args) == 1 and is_tuple(args[0]) and type(node.args[0]) is C.Local:
        return folded(not widen(args[0]).parameters)
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
    if name == "haskey" and len(args) == 2 and entry and entry[0] is ANY:
        return Plan(BOOL, lambda em, n: em.call("%any_key_in", *em.exprs(n.args)), opaque=True)
    if name in ("in", "∈", "∉"):
        return _member(name, node, args)
    return Plan(BOOL) if exact(args) is not None and name != "isempty" else None
