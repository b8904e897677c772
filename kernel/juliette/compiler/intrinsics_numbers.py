"""Rules for numbers: arithmetic, comparison, division, and functions of numbers (see `intrinsics`)."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import (
    BOOL,
    FLOAT,
    INT,
    STRING,
    TYPES,
    Plan,
    Rule,
    builtin,
    exact,
    folded,
    kind,
    kinds,
    known_int,
    narrow,
    rule,
    told,
)
from juliette.compiler.intrinsics_characters import char_order, char_sum
from juliette.compiler.intrinsics_mixed import (
    machine_compared,
    machine_quotient,
    mixed_complex,
    mixed_machine,
    pairwise,
)
from juliette.compiler.lattice import ANY, BOTTOM, Known, bounds, join, widen
from juliette.compiler.results import by_example
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base

SUBSTRING = T._TYPE_OF_CLASS[V.SubString]
COMPLEX = T.CORE_TYPES["ComplexF64"]
BIG = T.CORE_TYPES["BigInt"]

OPERATORS: dict[str, Any] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "⊻": ast.BitXor,
    "xor": ast.BitXor,
    "≤": ast.LtE,
    "≥": ast.GtE,
    "≠": ast.NotEq,
}


def big(args: list[Any]) -> bool:
    """Two integers of which one is a BigInt: Python's own operators know no bound."""
    return len(args) == 2 and sorted(t is BIG for t in map(widen, args) if t in (BIG, INT)) in (
        [False, True],
        [True, True],
    )


def _ring(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if "?" in ks and not inference.traced and big(args):
            return Plan(BIG, lambda em, n: em.call("%BigInt", em.chain(OPERATORS[op], n)))
        if "?" in ks and not inference.traced and 2 <= len(args) <= 8:
            if len(args) == 2 and (
                mixed := mixed_complex(op, args) or char_sum(op, args) or mixed_machine(op, args)
            ):
                return mixed
            if len(args) > 2 and op in ("+", "*"):
                return pairwise(inference, node, args)
        if ks == "??" and not inference.traced and (t := narrow(args)):
            return Plan(t, lambda em, n: em.chain(OPERATORS[op], n))
        if (
            not ks
            or (len(ks) == 1 and ks not in ("i", "f"))
            or len(ks) > 8
            or (op == "-" and len(ks) > 2)
        ):
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
        t in (T.Char_, STRING, T.Symbol_) or (T.subtype(t, T.Real) and t.typename.primitive_bits)
        for t in map(widen, args)
    )


def alike(args: list[Any]) -> bool:
    """Two tuples of one type that Python compares as Julia does."""
    t = widen(args[0])
    return (
        t is widen(args[1])
        and isinstance(t, T.DataType)
        and t.typename is T.TUPLE_NAME
        and all(p in (INT, BOOL, STRING) for p in t.parameters)
    )


def told_apart(args: list[Any]) -> bool:
    """Are two values of one of the user's own types equal if they are the same, so that the answer is a Bool?"""
    t = widen(args[0])
    return (
        t is widen(args[1])
        and isinstance(t, T.DataType)
        and t.concrete
        and getattr(t.typename.module, "name", "Base") not in ("Base", "Core")
        and not T.subtype(t, ODD)
    )


ODD = T.union(T.AbstractArray, T.AbstractDict, T.AbstractSet, T.AbstractString, T.Number)


def _comparison(op: str) -> Rule:
    def plan(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
        ks = kinds(args)
        if len(ks) == 2 and not inference.traced and "?" in ks:
            if big(args):
                return Plan(BOOL, lambda em, n: em.compare(OPERATORS[op], n))
            if op in ("==", "!=", "≠") and {widen(a) for a in args} <= {STRING, SUBSTRING}:
                return Plan(BOOL, lambda em, n: em.compare(OPERATORS[op], n))
            if alike(args):
                return Plan(BOOL, lambda em, n: em.compare(OPERATORS[op], n))
            if op in ("==", "!=", "≠") and widen(args[0]) is T.Char_ and widen(args[1]) is T.Char_:

                def emit(em: Any, n: C.Call) -> ast.expr:
                    a, b = em.exprs(n.args)
                    return em.at(  # type: ignore[no-any-return]
                        ast.Compare(
                            em.attribute(a, "code"), [OPERATORS[op]()], [em.attribute(b, "code")]
                        )
                    )

                return Plan(BOOL, emit)
            ordered = op not in ("==", "!=", "≠")
            mixed = (char_order(op, OPERATORS[op], args) if ordered else None) or machine_compared(
                OPERATORS[op], args
            )
            if mixed is not None:
                return mixed
            if plain_values(args) or (op in ("==", "!=", "≠") and told_apart(args)):
                return builtin(BOOL, pure=True)
        if len(ks) == 2 and (
            set(ks) <= {"i", "f", "n"} or (not inference.traced and ks in ("ss", "bb"))
        ):
            return Plan(
                BOOL if not inference.traced else ANY, lambda em, n: em.compare(OPERATORS[op], n)
            )
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
            if L.concrete(other) and all(
                type(a) in (C.Local, C.Const, C.Global) for a in node.args
            ):
                return folded((widen(other) is T.Nothing) is same)
            return Plan(BOOL, lambda em, n: em.compare(ast.Is if same else ast.IsNot, n))
    return builtin(BOOL, pure=True) if exact(args) is not None else Plan(BOOL)


@rule("isnothing")
def _isnothing(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1:
        return None
    if L.concrete(args[0]) and type(node.args[0]) in (C.Local, C.Const):
        return folded(widen(args[0]) is T.Nothing)
    return Plan(
        BOOL, lambda em, n: em.at(ast.Compare(em.expr(n.args[0]), [ast.Is()], [em.const(None)]))
    )


@rule("!")
def _not(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if kinds(args) != "b":
        return None
    if type(args[0]) is Known:
        return folded(not args[0].value)
    return Plan(BOOL, lambda em, n: em.at(ast.UnaryOp(ast.Not(), em.expr(n.args[0]))))


# ---------------------------------------------------------------- division


@rule("/")
def _slash(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if len(ks) == 2 and "?" in ks and not inference.traced:
        return machine_quotient(args)
    if len(ks) != 2 or not set(ks) <= {"i", "f"}:
        return None
    if ks == "ii" and any(not (lo >= -(2**53) and hi <= 2**53) for lo, hi in map(bounds, args)):  # type: ignore[misc]
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
        if "?" in ks and not inference.traced and big(args):
            return Plan(BIG, lambda em, n: em.call(f"%big_{name}", *em.exprs(n.args)))
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
            # two positive numbers, mostly
            x, (first, y) = em.ordered(x, y)
            if isinstance(first, ast.NamedExpr):
                em.push(ast.Expr(first))
            first, x = em.hold(x)
            divides = ast.Compare(y, [ast.Gt()], [em.const(0)])
            test = em.at(ast.Compare(first, [ast.GtE()], [em.const(0)]))
            both = em.at(ast.BoolOp(ast.And(), [test, em.at(divides)]))
            return em.choose(both, em.binary(operator, x, y), em.call(helper, x, y))  # type: ignore[no-any-return]

        return Plan(out, emit)

    return plan


for _name, _floor, _quot in (
    ("div", False, True),
    ("rem", False, False),
    ("fld", True, True),
    ("mod", True, False),
):
    rule(_name)(_quotient(_name, _floor, _quot))


@rule("mod1")
def _mod1(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """`mod` that counts from one."""
    if kinds(args) != "ii":
        return None
    low, high = bounds(args[1])  # type: ignore[misc]

    def emit(em: Any, n: C.Call) -> ast.expr:
        x, y = em.exprs(n.args)
        if low > 0:
            return counted(em, x, y)
        x, (first, again) = em.ordered(x, y)
        test = em.at(ast.Compare(first, [ast.Gt()], [em.const(0)]))
        return em.choose(  # type: ignore[no-any-return]
            test,
            counted(em, x, again),
            em.call(em.constant("mod1", Base.bindings["mod1"]), x, again),
        )

    def counted(em: Any, x: ast.expr, y: ast.expr) -> ast.expr:
        return em.binary(  # type: ignore[no-any-return]
            ast.Add, em.binary(ast.Mod, em.binary(ast.Sub, x, em.const(1)), y), em.const(1)
        )

    return Plan(L.ints(1, high) if low >= 0 else INT, emit)


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
    if exact(args) == (COMPLEX,):
        return Plan(FLOAT, lambda em, n: em.call("%hypot", *_parts(em, n)))
    if ks != "i":
        return None
    a, b = bounds(args[0])  # type: ignore[misc]
    low, high = 0 if a <= 0 <= b else min(abs(a), abs(b)), max(abs(a), abs(b))
    return Plan(
        L.ints(low, high), lambda em, n: em.wrapped(em.call("%abs", em.expr(n.args[0])), low, high)
    )


@rule("real", "imag", "conj", "abs2")
def _complex_part(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if exact(args) != (COMPLEX,):
        return None
    name = inference.name
    if name == "conj":
        return Plan(COMPLEX, lambda em, n: em.at(ast.Call(_attribute(em, n, "conjugate"), [], [])))
    if name != "abs2":
        return Plan(FLOAT, lambda em, n: _attribute(em, n, name))

    def emit(em: Any, n: C.Call) -> ast.expr:
        squares = []
        for part in _parts(em, n):
            x, again = em.hold(part)
            squares.append(em.at(ast.BinOp(x, ast.Mult(), again)))
        return em.at(ast.BinOp(squares[0], ast.Add(), squares[1]))  # type: ignore[no-any-return]

    return Plan(FLOAT, emit)


def _attribute(em: Any, n: C.Call, name: str) -> ast.expr:
    return em.at(ast.Attribute(em.expr(n.args[0]), name, ast.Load()))  # type: ignore[no-any-return]


def _parts(em: Any, n: C.Call) -> tuple[ast.expr, ast.expr]:
    """The real and the imaginary part of the argument."""
    first, again = em.hold(em.expr(n.args[0]))
    return (
        em.at(ast.Attribute(first, "real", ast.Load())),
        em.at(ast.Attribute(again, "imag", ast.Load())),
    )


@rule("min", "max")
def _extreme(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if len(ks) > 2 and set(ks) <= {"i", "f"} and not inference.traced:
        return pairwise(inference, node, args)
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
        return em.choose(  # type: ignore[no-any-return]
            test,
            em.call("%sqrt", again),
            em.call(em.constant("sqrt", Base.bindings["sqrt"]), again),
        )

    return Plan(FLOAT, emit)


@rule("floor", "ceil", "round", "trunc")
def _rounded(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """To a type that is named."""
    if (
        len(args) == 2
        and type(args[0]) is Known
        and args[0].value in T.DTYPE_OF
        and concrete_number(args[1])
    ):
        return builtin(args[0].value, pure=True)
    return None


@rule("float", "Float64")
def _float(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    if ks == "f":
        return Plan(FLOAT, lambda em, n: em.expr(n.args[0]))
    return (
        Plan(FLOAT, lambda em, n: em.call("%float", em.expr(n.args[0])))
        if ks in ("i", "b")
        else None
    )


@rule("^")
def _power(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    ks = kinds(args)
    n = known_int(args[1]) if len(args) == 2 else None
    if ks not in ("ii", "fi", "ff"):
        base = widen(args[0])
        if n == 2 and base is COMPLEX:
            return Plan(COMPLEX, _square)
        if (
            len(args) == 2
            and kind(args[1]) == "i"
            and (n is None or n >= 0)
            and (base is STRING or T.subtype(base, T.Number))
        ):
            return told(by_example(Base.bindings["^"], args))
        return None
    base = known_int(args[0])
    if base is not None and n is not None and 0 <= n < 64 and abs(base) ** n < 2**63:
        return folded(base**n)
    if n != 2 or ks == "ff":
        return builtin(INT if ks == "ii" else FLOAT)
    if ks == "fi":
        return Plan(FLOAT, _square)
    a, b = bounds(args[0])  # type: ignore[misc]
    low, high = 0, max(a * a, b * b)

    def emit_int(em: Any, m: C.Call) -> ast.expr:
        first, again = em.hold(em.expr(m.args[0]))
        return em.wrapped(em.binary(ast.Mult, first, again), low, high)  # type: ignore[no-any-return]

    return Plan(L.ints(low, high), emit_int)


def _square(em: Any, n: C.Call) -> ast.expr:
    first, again = em.hold(em.expr(n.args[0]))
    return em.binary(ast.Mult, first, again)  # type: ignore[no-any-return]


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


@rule("time")
def _time(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    return Plan(FLOAT) if not args else None


@rule("typeof")
def _typeof(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 1 or not L.concrete(args[0]) or type(node.args[0]) not in (C.Local, C.Const):
        return None
    is_type = type(args[0]) is Known and isinstance(args[0].value, T.JuliaType)
    return None if is_type else folded(widen(args[0]))


@rule("identity")
def _identity(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    """The argument itself; the call is left as it is."""
    return Plan(L.held(args[0])) if len(args) == 1 else None


@rule("isa", "<:")
def _isa(inference: Any, node: C.Call, args: list[Any]) -> Plan | None:
    if len(args) != 2 or type(args[1]) is not Known or not isinstance(args[1].value, T.JuliaType):
        return Plan(BOOL) if len(args) == 2 else None
    t = args[1].value
    name = inference.name
    if name == "<:":
        if type(args[0]) is Known and isinstance(args[0].value, T.JuliaType):
            return folded(T.subtype(args[0].value, t))
    elif (
        L.concrete(args[0])
        and type(node.args[0]) in (C.Local, C.Const)
        and type(args[0]) is not Known
    ):
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


def concrete_number(x: Any) -> bool:
    t = widen(x)
    return isinstance(t, T.DataType) and t.concrete and T.subtype(t, T.Real)


TYPES[FLOAT] = _float
