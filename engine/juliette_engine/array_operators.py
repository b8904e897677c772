"""Python's operators on traced arrays, written out for what most are: arrays of floats of one shape, and numbers.

Whatever else meets an operator goes to the operation's own kernels (`elementwise`), as do long arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import elementwise as E
from juliette_engine import primitives as P
from juliette_engine import tape as T
from juliette_engine.deferred import LongTracer
from juliette_engine.long import BIG
from juliette_engine.tape import (
    IMPLICIT,
    ArrayTracer,
    NestedArrayTracer,
    Node,
    Tape,
    acc,
    acc_any,
    give,
    new,
)

ndarray = np.ndarray
DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)

_SOURCE = """\
def forward(s, o):
    c = type(o)
    x = s.data
    d = x.dtype
    t = s.tape
    if (d is DOUBLE or d is SINGLE) and x.size <= BIG and type(t) is Tape:
        if c is ArrayTracer:
            y = o.data
            if o.tape is t and y.dtype is d and y.shape == x.shape:
                r = new(ArrayTracer)
                r.data = x {op} y
                r.grad = None
                r.tape = t
                t.append((back_both, r, s, o))
                return r
        elif c is float or c is int:
            r = new(ArrayTracer)
            r.data = x {op} o
            r.grad = None
            r.tape = t
            t.append((back_left, r, s, o))
            return r
        elif c is ndarray and o.dtype is d and o.shape == x.shape and not IMPLICIT:
            r = new(ArrayTracer)
            r.data = x {op} o
            r.grad = None
            r.tape = t
            t.append((back_left, r, s, o))
            return r
    return ordinary(s, o)

def swapped(s, o):
    c = type(o)
    x = s.data
    d = x.dtype
    t = s.tape
    if (d is DOUBLE or d is SINGLE) and x.size <= BIG and type(t) is Tape:
        if c is float or c is int or (c is ndarray and o.dtype is d and o.shape == x.shape and not IMPLICIT):
            r = new(ArrayTracer)
            r.data = o {op} x
            r.grad = None
            r.tape = t
            t.append((back_right, r, s, o))
            return r
    return reverse(s, o)

def back_both(g, r, a, b):
    {both_a}
    {both_b}

def back_left(g, r, a, o):
    {left}

def back_right(g, r, a, o):
    {right}
"""


def _shared(x: str) -> str:
    """The statement that passes the cotangent itself on."""
    return f"if {x}.grad is None: {x}.grad = g; {x}.own = False\n    else: acc({x}, g)"


# The cotangents of both operands, of a left one beside a constant `o`, and of a right one.
_OPERATORS: dict[str, tuple[str, Any, str, str, str, str]] = {
    "add": ("+", E.add, _shared("a"), _shared("b"), _shared("a"), _shared("a")),
    "sub": ("-", E.sub, _shared("a"), "give(b, -g)", _shared("a"), "give(a, -g)"),
    "mul": ("*", E.mul, "give(a, g * b.data)", "give(b, g * a.data)", "give(a, g * o)", "give(a, g * o)"),
    "truediv": (
        "/", E.div, "give(a, g / b.data)", "give(b, -(g * r.data / b.data))", "give(a, g / o)", "give(a, -(g * r.data / a.data))",
    ),
}  # fmt: skip
# What `ndarray op node` comes to.
SWAPPED: dict[Any, Callable[[Any, Any], Any]] = {}
_UFUNCS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide}


def install() -> None:
    """Give traced arrays their operators; those of long and of nested ones stay as they are."""
    for name, (op, rule, both_a, both_b, left, right) in _OPERATORS.items():
        ordinary, reverse = getattr(Node, f"__{name}__"), getattr(Node, f"__r{name}__")
        space: dict[str, Any] = {
            "DOUBLE": DOUBLE,
            "SINGLE": SINGLE,
            "BIG": BIG,
            "Tape": Tape,
            "ArrayTracer": ArrayTracer,
            "ndarray": ndarray,
            "new": new,
            "IMPLICIT": IMPLICIT,
            "acc": acc,
            "give": give,
            "ordinary": ordinary,
            "reverse": reverse,
        }
        exec(_SOURCE.format(op=op, both_a=both_a, both_b=both_b, left=left, right=right), space)
        _enter(name, space["forward"], space["swapped"], ordinary, reverse)
        SWAPPED[_UFUNCS[name]] = space["swapped"]
        T.TRACED_RULES[space["back_both"]] = traced_step(rule, 2)
        T.TRACED_RULES[space["back_left"]] = traced_step(rule, 0)
        T.TRACED_RULES[space["back_right"]] = traced_step(rule, 1)
    _enter("matmul", _times, _times_swapped, Node.__matmul__, Node.__rmatmul__)  # type: ignore[attr-defined, operator]
    SWAPPED[np.matmul] = _times_swapped
    _enter("pow", _power, None, Node.__pow__, None)  # type: ignore[operator]
    T.TRACED_RULES[_square_back] = lambda g, r, a, _: acc_any(a, E.mul(E.mul(2, g), a.data))


def _enter(name: str, forward: Any, swapped: Any, ordinary: Any, reverse: Any) -> None:
    for prefix, own, general in (("__", forward, ordinary), ("__r", swapped, reverse)):
        if own is not None:
            setattr(ArrayTracer, f"{prefix}{name}__", own)
            for cls in (LongTracer, NestedArrayTracer):
                setattr(cls, f"{prefix}{name}__", general)


# By the dimensions of the right factor, and whether the left and the right one are traced.
_PRODUCTS = {
    (n, a, b): P.matrix_product(2, n, a, b, ArrayTracer, "{}")
    for n in (1, 2)
    for a, b in ((True, True), (True, False), (False, True))
}


def _times(s: Any, o: Any) -> Any:
    """`s @ o`"""
    c = type(o)
    if (c is ArrayTracer and o.tape is s.tape) or (c is ndarray and not IMPLICIT):
        x = s.data
        y = o.data if c is ArrayTracer else o
        d = x.dtype
        if (
            x.ndim == 2
            and (d is DOUBLE or d is SINGLE)
            and y.dtype is d
            and 0 < y.ndim < 3
            and x.shape[1] == y.shape[0]
            and type(s.tape) is Tape
        ):
            return _PRODUCTS[y.ndim, True, c is ArrayTracer](s, o)
    return Node.__matmul__(s, o)  # type: ignore[operator]


def _times_swapped(s: Any, o: Any) -> Any:
    """`o @ s`"""
    if type(o) is ndarray and o.ndim == 2 and not IMPLICIT:
        y = s.data
        d = y.dtype
        if (
            (d is DOUBLE or d is SINGLE)
            and o.dtype is d
            and 0 < y.ndim < 3
            and o.shape[1] == y.shape[0]
            and type(s.tape) is Tape
        ):
            return _PRODUCTS[y.ndim, False, True](o, s)
    return Node.__rmatmul__(s, o)  # type: ignore[attr-defined]


def _power(s: Any, o: Any) -> Any:
    """`s ** o`"""
    x = s.data
    d = x.dtype
    if (
        o.__class__ is int
        and o == 2
        and (d is DOUBLE or d is SINGLE)
        and x.size <= BIG
        and type(s.tape) is Tape
    ):
        r: Any = new(ArrayTracer)
        r.data = x * x
        r.grad = None
        r.tape = t = s.tape
        t.append((_square_back, r, s, None))
        return r
    return Node.__pow__(s, o)  # type: ignore[operator]


def _square_back(g: Any, r: Any, a: Any, _: Any) -> None:
    give(a, 2 * g * a.data)


def traced_step(op: Any, which: int) -> Any:
    """The step back of an operator, by recorded operations."""

    def back(g: Any, r: Any, a: Any, b: Any) -> None:
        if which == 1:
            acc_any(a, E.cotangent(op.rule, 1, g, r.data, (b, a.data)))
            return
        other = b.data if which == 2 else b
        acc_any(a, E.cotangent(op.rule, 0, g, r.data, (a.data, other)))
        if which == 2:
            acc_any(b, E.cotangent(op.rule, 1, g, r.data, (a.data, other)))

    return back
