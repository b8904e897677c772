"""Which of the methods that fit is called: the order of methods by how specific they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from juliette.runtime import types as T

if TYPE_CHECKING:
    from juliette.runtime.dispatch import Method


def most_specific(methods: list[Method]) -> Method | None:
    """The method that beats all others; None if there is none."""
    best: Method | None = None
    for m in methods:
        if best is None or beats(m, best):
            best = m
    return (
        best if all(m is best or (best is not None and beats(best, m)) for m in methods) else None
    )


def beats(a: Method, b: Method) -> bool:
    if T.more_specific(a.signature, b.signature):
        return True
    if T.subtype(b.signature, a.signature):
        # The same set of arguments: the one without Vararg wins, then the later.
        return T.subtype(a.signature, b.signature) and (
            (b.vararg, len(b.type_vars)) > (a.vararg, len(a.type_vars))
            or (a.vararg, len(a.type_vars)) == (b.vararg, len(b.type_vars))
        )
    # Neither contains the other: compare argument by argument, as far as one is never worse.
    better = False
    for x, y in zip(_expanded(a, b), _expanded(b, a), strict=False):
        if T.more_specific(x, y):
            better = True
        elif T.more_specific(y, x) or not (T.subtype(x, y) and T.subtype(y, x)):
            return False
    if better:
        return True
    return not a.vararg and b.vararg


def _expanded(m: Method, other: Method) -> list[Any]:
    """The parameter types with variables replaced by their bounds, as long as the other's."""
    params = [_bounded(p) for p in m.parameters]
    n = max(len(params), len(other.parameters))
    if m.vararg:
        last = params.pop()
        params += [last] * (n - len(params))
    return params


def _bounded(p: Any) -> Any:
    if isinstance(p, T.Vararg):
        p = p.type
    for v in T.free_vars(p):
        p = T.UnionAll(v, p) if not isinstance(p, T.TypeVar) else p.upper
    return p
