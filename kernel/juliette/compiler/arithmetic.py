"""Operators on Int64 and Float64 without dispatch; all other arguments go to the generic function.

Compiled code calls these where an operator's name means Base's function.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

LOW, HIGH = -(2**63), 2**63 - 1


def ring(op: Callable[[Any, Any], Any], generic: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`+`, `-` or `*`: Int64 wraps around."""

    def f(x: Any, y: Any) -> Any:
        cls = type(x)
        if cls is type(y):
            if cls is int:
                r = op(x, y)
                return r if LOW <= r <= HIGH else generic(x, y)
            if cls is float:
                return op(x, y)
        return generic(x, y)

    return f


def comparison(op: Callable[[Any, Any], bool], generic: Callable[..., Any]) -> Callable[..., Any]:
    """A comparison of two numbers of one kind."""

    def f(x: Any, y: Any) -> Any:
        cls = type(x)
        if cls is type(y) and (cls is int or cls is float):
            return op(x, y)
        return generic(x, y)

    return f


RING = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISON = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne,
}


def fast_operators(bindings: dict[str, Any]) -> dict[str, Callable[[Any, Any], Any]]:
    """The fast form of each operator of Base, by name."""
    out = {name: ring(op, bindings[name]) for name, op in RING.items()}
    out.update({name: comparison(op, bindings[name]) for name, op in COMPARISON.items()})
    return out
