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
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.lattice import ANY, BOTTOM, HIGH, LOW, Known, bounds, join, widen
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base

INT, FLOAT, BOOL, STRING = T.Int64, T.Float64, T.Bool, T.String


class Plan:
    """How a call is made, and what it gives."""

    __slots__ = ("effects", "emit", "form", "length", "opaque", "result", "store")

    def __init__(
        self, result: Any, emit: Callable[[Any, Any], ast.expr] | None = None, *, form: Any = None,
        opaque: bool = False, store: Callable[[Any, Any], None] | None = None,
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
    return None


def plan_runtime(inference: Any, node: C.Call, name: str, args: list[Any]) -> Plan | None:
    """The plan for a call of a runtime helper."""
    found = RUNTIME.get(name)
    if found is None or node.kwargs or any(type(a) is C.Splat for a in node.args):
        return None
    if inference.traced and "%" + name not in TRACEABLE:
        return None
    f = Base.bindings.get(name)
    if isinstance(f, GenericFunction):
        types = exact(args)
        if types is None and name not in ("string", "convert"):
            return None
        if f.user_methods and (types is None or f.user_matches(types)):
            return None
        inference.edges.append((f, types))
    inference.name = name
    return found(inference, node, args)


def plan_generic(inference: Any, node: C.Call, f: GenericFunction, args: list[Any]) -> Plan | None:
    found = rule_of(f)
    types = exact(args)
    users = f.user_methods
    if found is not None and (not inference.traced or f.name in TRACEABLE):
        if not users or (types is not None and not f.user_matches(types)):
            inference.name = f.name
            plan = found(inference, node, args)
            if plan is not None:
                inference.edges.append((f, types))
                return plan
    if types is None:
        return plan_open(inference, f, args)
    if users and f.user_matches(types):
        return plan_method(inference, f, types, args)
    inference.edges.append((f, types))
    if inference.traced or any(t.pyclass is None or t.typename is T.TYPE_NAME for t in types):
        return None
    return builtin(ANY)


def plan_method(inference: Any, f: GenericFunction, types: tuple[Any, ...], args: list[Any]) -> Plan | None:
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
    if not isinstance(f, GenericFunction) or not f.user_methods or types is None or given is None:
        return None
    names = [name for name, _ in node.kwargs]
    if None in names or len(set(names)) < len(names) or not f.user_matches(types):
        return None
    method = f.selected(types)
    if method is None or method.code is None or method.code.vararg or method.code.keyword_rest is not None:
        return None
    declared = {name: (default, typ) for name, _, default, typ in method.code.keywords}
    if not set(names) <= set(declared) or any(d is None and n not in names for n, (d, _) in declared.items()):
        return None
    for name, t in zip(names, given, strict=True):
        wanted = declared[name][1]
        if wanted is not None:
            known = constant_type(inference, method, wanted)
            if known is None or not T.subtype(t, known):
                return None
    inference.edges.append((f, types))
    instance = instance_of(method, types, inference.traced, named=tuple(zip(names, given, strict=True)))
    inference.callees.append(instance)
    return Plan(
        instance.infer(), lambda em, n: em.direct(instance, n, named=True), opaque=not instance.quiet,
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
    if inference.traced or not methods or f._pending or len(methods) < len(f.methods) or len(methods) > MOST_METHODS:
        return None
    inference.edges.append((f, None))
    result: Any = BOTTOM
    for method in methods:
        if not method.accepts_count(len(args)):
            continue
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
            if method.vararg or method.type_vars:
                return None
            instance = instance_of(method, tuple(types), False)
            inference.callees.append(instance)
            result = join(result, instance.infer())
            if result is ANY:
                return None
    return Plan(result) if result is not BOTTOM else None


def plan_closure(inference: Any, callee: Any, args: list[Any]) -> Plan | None:
    """A call of a closure in a variable."""
    from juliette.compiler.instances import instance_of

    cls = callee.pyclass if isinstance(callee, T.DataType) else None
    generic = getattr(cls, "generic", None)
    types = exact(args)
    if generic is None or types is None or inference.traced:
        return None
    method = generic.selected(types)
    if method is None:
        return None
    instance = instance_of(method, types, False)
    inference.edges.append((generic, types))
    inference.callees.append(instance)
    return Plan(
        instance.infer(), lambda em, n: em.direct(instance, n, em.expr(n.function)), form="closure",
        opaque=not instance.quiet,
    )


def plan_constructor(inference: Any, node: C.Call, t: Any, args: list[Any]) -> Plan | None:
    """`T(args...)`"""
    special = TYPES.get(t)
    if special is not None and not inference.traced:
        plan = special(inference, node, args)
        if plan is not None:
            return plan
    body = T.unwrap(t)
    if not isinstance(body, T.DataType) or body.typename.constructors is None:
        return None
    from juliette.compiler.intrinsics_data import plan_struct

    return plan_struct(inference, node, t, args)


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


def kinds(args: list[Any]) -> str:
    return "".join(kind(a) or "?" for a in args)


def known_int(x: Any) -> int | None:
    return x.value if type(x) is Known and type(x.value) is int else None


OPERATORS: dict[str, Any] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
    "==": ast.Eq, "!=": ast.NotEq, "&": ast.BitAnd, "|": ast.BitOr, "⊻": ast.BitXor, "xor": ast.BitXor,
    "≤": ast.LtE, "≥": ast.GtE, "≠": ast.NotEq,
}


def _ring(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if not ks or (len(ks) == 1 and ks not in ("i", "f")) or len(ks) > 8 or (op == "-" and len(ks) > 2):
            return None
        if "f" in ks and set(ks) <= {"f", "i"}:
            if inference.traced and "f" not in ks[:2]:
                return None
            return Plan(FLOAT, lambda em, n: em.float_chain(op, n))
        if inference.traced:
            return None
        if ks in ("nf", "fn"):
            return Plan(FLOAT, lambda em, n: em.chain(OPERATORS[op], n))
        if set(ks) == {"i"} or (op != "*" and len(ks) == 2 and ks in ("ib", "bi", "bb")):
            low, high = L.ring_bounds(op, [bounds(a) or (0, 1) for a in args])
            return Plan(L.ints(low, high), lambda em, n: em.wrapped_ring(n), form=op)
        if op == "*" and set(ks) == {"s"} and len(ks) > 1:
            return Plan(STRING, lambda em, n: em.chain(ast.Add, n))
        return None

    return plan


for _op in ("+", "-", "*"):
    rule(_op, traceable=True)(_ring(_op))


def plain_values(args: list[Any]) -> bool:
    """Numbers, characters, strings or symbols, of known types."""
    return exact(args) is not None and all(
        t in (T.Char_, STRING, T.Symbol_) or (T.subtype(t, T.Real) and t.typename.primitive_bits) for t in map(widen, args)
    )


def _comparison(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if len(ks) == 2 and not inference.traced and "?" in ks and plain_values(args):
            return builtin(BOOL, pure=True)
        if len(ks) == 2 and (set(ks) <= {"i", "f", "n"} or (not inference.traced and ks in ("ss", "bb"))):
            return Plan(BOOL if not inference.traced else ANY, lambda em, n: em.compare(OPERATORS[op], n))
        return None

    return plan


for _op in ("<", "<=", ">", ">=", "≤", "≥"):
    rule(_op, traceable=True)(_comparison(_op))
for _op in ("==", "!=", "≠"):
    rule(_op)(_comparison(_op))


@rule("===", "!==", "≡", "≢")
def _identical(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2:
        return None
    name = inference.name
    same = name in ("===", "≡")
    ks = kinds(args)
    if ks in ("ii", "ss", "bb"):
        return Plan(BOOL, lambda em, n: em.compare(ast.Eq if same else ast.NotEq, n))
    for x, other in ((args[0], args[1]), (args[1], args[0])):
        if widen(x) is T.Nothing:
            if L.concrete(other) and all(type(a) in (C.Local, C.Const, C.Global) for a in node.args):
                return folded((widen(other) is T.Nothing) is same)
            return Plan(BOOL, lambda em, n: em.compare(ast.Is if same else ast.IsNot, n))
    return builtin(BOOL, pure=True) if exact(args) is not None else Plan(BOOL)


@rule("isnothing")
def _isnothing(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1:
        return None
    if L.concrete(args[0]) and type(node.args[0]) in (C.Local, C.Const):
        return folded(widen(args[0]) is T.Nothing)
    return Plan(BOOL, lambda em, n: em.at(ast.Compare(em.expr(n.args[0]), [ast.Is()], [em.const(None)])))


@rule("!")
def _not(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) != "b":
        return None
    if type(args[0]) is Known:
        return folded(not args[0].value)
    return Plan(BOOL, lambda em, n: em.at(ast.UnaryOp(ast.Not(), em.expr(n.args[0]))))


def _bitwise(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if ks == "bb":
            return Plan(BOOL, lambda em, n: em.chain(OPERATORS[op], n))
        if ks != "ii":
            return None
        (a, b), (c, d) = bounds(args[0]), bounds(args[1])  # type: ignore[misc]
        out: Any = INT
        if op == "&" and (a >= 0 or c >= 0):
            out = L.ints(0, min(b if a >= 0 else HIGH, d if c >= 0 else HIGH))
        elif a >= 0 and c >= 0:
            out = L.ints(0, (1 << max(b, d).bit_length()) - 1)
        return Plan(out, lambda em, n: em.chain(OPERATORS[op], n))

    return plan


for _op in ("&", "|", "⊻", "xor"):
    rule(_op)(_bitwise(_op))


@rule("<<", ">>")
def _shift(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) != "ii":
        return None
    n = known_int(args[1])
    if n is None or not 0 <= n < 64:
        return builtin(INT, pure=True)
    low, high = bounds(args[0])  # type: ignore[misc]
    if inference.name == ">>":
        return Plan(L.ints(low >> n, high >> n), lambda em, m: em.chain(ast.RShift, m))
    return Plan(
        L.ints(low << n, high << n),
        lambda em, m: em.wrapped(em.chain(ast.LShift, m), low << n, high << n),
    )


# ---------------------------------------------------------------- division


@rule("/")
def _slash(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if len(ks) != 2 or not set(ks) <= {"i", "f"}:
        return None
    if ks == "ii" and any(not (-(2**53) <= lo and hi <= 2**53) for lo, hi in map(bounds, args)):  # type: ignore[misc]
        return Plan(FLOAT, lambda em, n: em.call("%int_slash", *em.exprs(n.args)))

    def emit(em: Any, n: C.Call) -> ast.expr:
        a, b = em.exprs(n.args)
        divisor = args[1]
        if type(divisor) is Known and divisor.value != 0:
            return em.binary(ast.Div, a, em.const(float(divisor.value)))  # type: ignore[no-any-return]
        a, (first, again) = em.ordered(a, b)
        return em.choose(first, em.binary(ast.Div, a, again), em.call("%float_slash", a, again))  # type: ignore[no-any-return]

    return Plan(FLOAT, emit)


def _quotient(name: str, floor: bool, want_quotient: bool) -> Rule:
    """`÷`, `%`, `fld` and `mod`: Python's own operators round down."""
    operator = ast.FloorDiv if want_quotient else ast.Mod

    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if ks in ("ff", "if", "fi"):
            return builtin(FLOAT, pure=True)
        if ks != "ii":
            return None
        (a, b), (c, d) = bounds(args[0]), bounds(args[1])  # type: ignore[misc]
        positive = c > 0
        if want_quotient:
            out = L.ints(-(abs(a) // c), abs(b) // c) if positive else INT
            if positive and a >= 0:
                out = L.ints(a // d, b // c)
        else:
            out = INT
            if positive:
                out = L.ints(0 if a >= 0 or floor else 1 - d, min(d - 1, b) if a >= 0 else d - 1)

        def emit(em: Any, n: C.Call) -> ast.expr:
            x, y = em.exprs(n.args)
            if positive and (floor or a >= 0):
                return em.binary(operator, x, y)  # type: ignore[no-any-return]
            if positive and type(args[1]) is Known:
                first, again = em.hold(x)
                minus = em.at(ast.UnaryOp(ast.USub(), again))
                test = em.at(ast.Compare(first, [ast.GtE()], [em.const(0)]))
                other = em.at(ast.UnaryOp(ast.USub(), em.binary(operator, minus, y)))
                return em.choose(test, em.binary(operator, again, y), other)  # type: ignore[no-any-return]
            helper = f"%{name}"
            if a >= 0 or floor:
                x, (first, again) = em.ordered(x, y)
                test = em.at(ast.Compare(first, [ast.Gt()], [em.const(0)]))
                return em.choose(test, em.binary(operator, x, again), em.call(helper, x, again))  # type: ignore[no-any-return]
            return em.call(helper, x, y)  # type: ignore[no-any-return]

        return Plan(out, emit)

    return plan


for _name, _floor, _quot in (
    ("div", False, True), ("rem", False, False), ("fld", True, True), ("mod", True, False),
):
    rule(_name)(_quotient(_name, _floor, _quot))


@rule("isodd", "iseven")
def _parity(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) != "i":
        return None
    want = 1 if inference.name == "isodd" else 0

    def emit(em: Any, n: C.Call) -> ast.expr:
        rest = em.binary(ast.Mod, em.expr(n.args[0]), em.const(2))
        return em.at(ast.Compare(rest, [ast.Eq()], [em.const(want)]))  # type: ignore[no-any-return]

    return Plan(BOOL, emit)


# ---------------------------------------------------------------- functions of numbers


@rule("abs")
def _abs(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "f":
        return Plan(FLOAT, lambda em, n: em.call("%abs", em.expr(n.args[0])))
    if ks != "i":
        return None
    a, b = bounds(args[0])  # type: ignore[misc]
    low, high = 0 if a <= 0 <= b else min(abs(a), abs(b)), max(abs(a), abs(b))
    return Plan(L.ints(low, high), lambda em, n: em.wrapped(em.call("%abs", em.expr(n.args[0])), low, high))


@rule("min", "max")
def _extreme(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "ff":
        return builtin(FLOAT, pure=True)
    if ks != "ii":
        return None
    (a, b), (c, d) = bounds(args[0]), bounds(args[1])  # type: ignore[misc]
    least = inference.name == "min"
    out = L.ints(min(a, c), min(b, d)) if least else L.ints(max(a, c), max(b, d))

    def emit(em: Any, n: C.Call) -> ast.expr:
        x, y = em.exprs(n.args)
        (x1, x2), (y1, y2) = em.hold(x), em.hold(y)
        return em.choose(em.at(ast.Compare(x1, [ast.LtE() if least else ast.GtE()], [y1])), x2, y2)  # type: ignore[no-any-return]

    return Plan(out, emit)


@rule("sqrt", "√")
def _sqrt(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) not in ("f", "i"):
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        first, again = em.hold(em.expr(n.args[0]))
        test = em.at(ast.Compare(first, [ast.GtE()], [em.const(0)]))
        return em.choose(test, em.call("%sqrt", again), em.call(em.constant("sqrt", Base.bindings["sqrt"]), again))  # type: ignore[no-any-return]

    return Plan(FLOAT, emit)


@rule(
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "exp2", "exp10", "expm1",
    "log", "log2", "log10", "log1p", "cbrt", "hypot", "sinpi", "cospi", "deg2rad", "rad2deg", "inv",
)
def _real(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return builtin(FLOAT, pure=True) if args and set(kinds(args)) <= {"i", "f"} else None


@rule("floor", "ceil", "round", "trunc")
def _rounded(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) == "f":
        return builtin(FLOAT, pure=True)
    if len(args) == 2 and type(args[0]) is Known and args[0].value is INT and kind(args[1]) in ("i", "f"):
        return Plan(INT)
    return None


@rule("gcd", "lcm", "cld", "mod1", "fld1", "powermod", "trailing_zeros", "leading_zeros", "count_ones", "factorial", "binomial", "isqrt", "ndigits")
def _integer(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return builtin(INT, pure=True) if args and set(kinds(args)) == {"i"} else None


@rule("isnan", "isinf", "isfinite", "isinteger", "iszero", "isone", "signbit", "ispow2", "isapprox", "≈", "isequal", "isless")
def _property(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return builtin(BOOL, pure=True) if args and set(kinds(args)) <= {"i", "f", "b", "s"} else None


@rule("sign", "zero", "one", "identity", "oneunit")
def _same(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    return builtin(widen(args[0]), pure=True) if ks in ("i", "f") else None


@rule("float", "Float64")
def _float(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "f":
        return Plan(FLOAT, lambda em, n: em.expr(n.args[0]))
    return Plan(FLOAT, lambda em, n: em.call("%float", em.expr(n.args[0]))) if ks in ("i", "b") else None


@rule("^")
def _power(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks not in ("ii", "fi", "ff"):
        return None
    n = known_int(args[1])
    if n != 2 or ks == "ff":
        return builtin(INT if ks == "ii" else FLOAT)
    if ks == "fi":

        def emit(em: Any, m: C.Call) -> ast.expr:
            first, again = em.hold(em.expr(m.args[0]))
            return em.binary(ast.Mult, first, again)  # type: ignore[no-any-return]

        return Plan(FLOAT, emit)
    a, b = bounds(args[0])  # type: ignore[misc]
    low, high = 0, max(a * a, b * b)

    def emit_int(em: Any, m: C.Call) -> ast.expr:
        first, again = em.hold(em.expr(m.args[0]))
        return em.wrapped(em.binary(ast.Mult, first, again), low, high)  # type: ignore[no-any-return]

    return Plan(L.ints(low, high), emit_int)


@rule("ifelse")
def _ifelse(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 3 or kind(args[0]) != "b":
        return None

    def emit(em: Any, n: C.Call) -> ast.expr:
        parts = em.exprs(n.args)
        if any(not isinstance(p, (ast.Name, ast.Constant)) for p in parts[1:]):
            return em.call("%ifelse", *parts)  # type: ignore[no-any-return]
        return em.choose(*parts)  # type: ignore[no-any-return]

    return Plan(join(L.held(args[1]), L.held(args[2])), emit)


@rule("error", "throw", "rethrow", "exit")
def _never(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(BOTTOM)


@rule("println", "print", "printstyled", "sleep", "show")
def _nothing(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(T.Nothing)


@rule("rand", "randn", "time")
def _random(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(FLOAT) if not args else None


@rule("typeof")
def _typeof(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) == 1 and L.concrete(args[0]) and type(node.args[0]) in (C.Local, C.Const):
        if not (type(args[0]) is Known and isinstance(args[0].value, T.JuliaType)):
            return folded(widen(args[0]))
    return None


@rule("isa", "<:")
def _isa(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2 or type(args[1]) is not Known or not isinstance(args[1].value, T.JuliaType):
        return Plan(BOOL) if len(args) == 2 else None
    t = args[1].value
    name = inference.name
    if name == "<:":
        if type(args[0]) is Known and isinstance(args[0].value, T.JuliaType):
            return folded(T.subtype(args[0].value, t))
    elif L.concrete(args[0]) and type(node.args[0]) in (C.Local, C.Const) and type(args[0]) is not Known:
        return folded(T.subtype(widen(args[0]), t))
    if name == "<:":
        return Plan(BOOL)

    def emit(em: Any, n: C.Call) -> ast.expr:
        first, again = em.hold(em.expr(n.args[0]))
        table = em.name(em.isa_table(t))
        answer, found = em.hold(em.at(ast.Subscript(table, em.call("%type", first), ast.Load())))
        test = em.at(ast.Compare(answer, [ast.IsNot()], [em.const(None)]))
        return em.choose(test, found, em.call("%isa", again, em.const(t)))  # type: ignore[no-any-return]

    return Plan(BOOL, emit)


@rule("parse")
def _parse(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) == 2 and type(args[0]) is Known and args[0].value in (INT, FLOAT):
        return Plan(args[0].value)
    return None


def _to_int(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "i":
        return Plan(args[0], lambda em, n: em.expr(n.args[0]))
    if ks == "b":
        return Plan(L.Ints(0, 1), lambda em, n: em.call("%int", em.expr(n.args[0])))
    return Plan(INT) if len(args) == 1 and concrete_number(args[0]) else None


def concrete_number(x: Any) -> bool:
    t = widen(x)
    return isinstance(t, T.DataType) and t.concrete and T.subtype(t, T.Real)


TYPES[INT] = _to_int
TYPES[FLOAT] = _float
assert ANY and LOW
