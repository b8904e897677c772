"""What a condition tells of a variable: `x isa T`, `x === nothing`, `x::T` and their negations.

A fact is (type, whether the value is of that type).  Facts hold along the flow of control until the
variable is assigned: inference carries them from a condition into its branches, past a branch that
leaves (`x === nothing && return`), and drops at a loop or `try` what is assigned inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.lattice import ANY, BOTTOM, Known, widen
from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.runtime.values import Missing_ as MISSING

Fact = tuple[Any, bool]
Facts = dict[C.Var, tuple[Fact, ...]]
NONE: Facts = {}
_TESTS: dict[str, str] = {
    "isa": "isa",
    "===": "same",
    "≡": "same",
    "!==": "different",
    "≢": "different",
    "isnothing": "nothing",
    "ismissing": "missing",
    "!": "not",
}


def refine(element: Any, facts: tuple[Fact, ...]) -> Any:
    """An element as far as facts leave it open."""
    for t, holds in facts:
        element = _refined(element, t, holds)
    return element


def _refined(element: Any, t: Any, holds: bool) -> Any:
    if element is ANY:
        return t if holds and _splits(t) else ANY
    if element is BOTTOM or not isinstance(element, T.UnionType) or not _splits(element):
        return element
    kept = [m for m in element.types if T.subtype(m, t) is holds]
    if not kept or len(kept) == len(element.types):
        return element
    return kept[0] if len(kept) == 1 else T.union(*kept)


def _splits(t: Any) -> bool:
    """Is it a concrete type, or a small union of such?"""
    if isinstance(t, T.UnionType):
        return len(t.types) <= L.MOST and all(map(_plain, t.types))
    return _plain(t)


def _plain(t: Any) -> bool:
    return isinstance(t, T.DataType) and t.concrete


def told(test: C.Node, holds: bool, element: Callable[[C.Node], Any]) -> Facts:
    """The facts that follow from a condition that came out true (or false)."""
    kind = type(test)
    if kind is C.Block:
        return told(test.items[-1], holds, element) if test.items else NONE  # type: ignore[attr-defined]
    if kind is C.If:
        # `a && b` is true if both are, `a || b` is false if neither is.
        if holds and _is(test.otherwise, False):  # type: ignore[attr-defined]
            parts = (test.test, test.then)  # type: ignore[attr-defined]
        elif not holds and _is(test.then, True):  # type: ignore[attr-defined]
            parts = (test.test, test.otherwise)  # type: ignore[attr-defined]
        else:
            return NONE
        return both(told(parts[0], holds, element), told(parts[1], holds, element))
    if kind is not C.Call or test.kwargs:  # type: ignore[attr-defined]
        return NONE
    function, args = element(test.function), test.args  # type: ignore[attr-defined]
    name = _name(function)
    if name == "not" and len(args) == 1:
        return told(args[0], not holds, element)
    if name in ("nothing", "missing") and len(args) == 1:
        return _fact(args[0], T.Nothing if name == "nothing" else MISSING, holds)
    if len(args) != 2:
        return NONE
    if name == "isa":
        t = element(args[1])
        return (
            _fact(args[0], t.value, holds)
            if type(t) is Known and isinstance(t.value, T.JuliaType)
            else NONE
        )
    if name in ("same", "different"):
        holds = holds is (name == "same")
        for one, other in ((args[0], args[1]), (args[1], args[0])):
            t = widen(element(other))
            if _plain(t) and (holds or t is T.Nothing or t is MISSING):
                return _fact(one, t, holds)
    return NONE


def _name(function: Any) -> str | None:
    if type(function) is not Known:
        return None
    for name, meaning in _TESTS.items():
        if function.value is Base.bindings.get(name):
            return meaning
    return None


def _is(node: C.Node, value: bool) -> bool:
    return type(node) is C.Const and node.value is value


def _fact(node: C.Node, t: Any, holds: bool) -> Facts:
    if type(node) in (C.Local, C.Assign) and not node.var.boxed:  # type: ignore[attr-defined]
        return {node.var: ((t, holds),)}  # type: ignore[attr-defined]
    return NONE


def questioned(test: C.Node, found: list[tuple[C.Var, bool]]) -> list[tuple[C.Var, bool]]:
    """The variables that the questions of a condition are about, and whether the question assigns it."""
    kind = type(test)
    if kind is C.Block and test.items:  # type: ignore[attr-defined]
        questioned(test.items[-1], found)  # type: ignore[attr-defined]
    elif kind is C.If:
        for part in (test.test, test.then, test.otherwise):  # type: ignore[attr-defined]
            questioned(part, found)
    elif kind is C.Call:
        for a in test.args:  # type: ignore[attr-defined]
            if type(a) in (C.Local, C.Assign):
                found.append((a.var, type(a) is C.Assign))
            else:
                questioned(a, found)
    return found


def overwritten(test: C.Node, assigned: list[C.Var]) -> set[C.Var]:
    """The assigned variables of a condition of which the facts may be older than the assignment."""
    asked = questioned(test, [])
    return {
        var
        for var in assigned
        if assigned.count(var) > 1 or next((now for v, now in asked if v is var), False) is False
    }


def typeasserted(node: C.Call, t: Any) -> Facts:
    """The fact that `x::T` leaves behind."""
    if type(t) is not Known or not isinstance(t.value, T.JuliaType):
        return NONE
    return _fact(node.args[0], t.value, True)


def both(a: Facts, b: Facts) -> Facts:
    """The facts of two that hold at once."""
    if not a or not b:
        return a or b
    out = dict(a)
    for var, facts in b.items():
        known = out.get(var, ())
        out[var] = known + tuple(f for f in facts if f not in known)
    return out


def either(a: Facts, b: Facts) -> Facts:
    """The facts that hold whichever of two ways was taken."""
    if not a or not b:
        return NONE
    out = {}
    for var, facts in a.items():
        common = tuple(f for f in facts if f in b.get(var, ()))
        if common:
            out[var] = common
    return out


def without(facts: Facts, assigned: set[C.Var]) -> Facts:
    """The facts that outlast some assignments."""
    if not facts:
        return facts
    return {var: known for var, known in facts.items() if var not in assigned}
