"""What two types have in common: their intersection, and their join, the nearest type above both.

The intersection of two tuples or of two types with variables is found by a `Meet`, which narrows the
bounds of the variables while it goes along both.
"""

from __future__ import annotations

from typing import Any

from juliette.runtime.lattice import (
    TUPLE_NAME,
    TYPE_NAME,
    Any_,
    Bottom,
    DataType,
    JuliaType,
    TypeVar,
    UnionAll,
    UnionType,
    Vararg,
    free_vars,
    has_free,
    instantiate,
    is_concrete,
    substitute,
    supertypes,
    tuple_type,
    union,
    unwrap,
)
from juliette.runtime.subtyping import equal, is_leaf, mentions, same_value, subtype


class Meet:
    """The intersection of two types whose variables are open."""

    def __init__(self) -> None:
        self.solution: dict[TypeVar, Any] = {}
        self.upper: dict[TypeVar, Any] = {}
        self.open: list[TypeVar] = []

    def enter(self, t: Any) -> Any:
        while isinstance(t, UnionAll):
            fresh = TypeVar(t.var.name, substitute(t.var.lower, self.solution), t.var.upper)
            self.open.append(fresh)
            self.upper[fresh] = t.var.upper
            t = substitute(t.body, {t.var: fresh})
        return t

    def leave(self, t: Any) -> Any:
        for _ in self.open:
            t = substitute(t, self.solution)
        for var in reversed(self.open):
            if mentions(t, var):
                bound = self.upper[var]
                for _ in self.open:
                    bound = substitute(bound, self.solution)
                if is_leaf(bound) and covariant_count(t, var):
                    # Below a type that has nothing below it.
                    t = substitute(t, {var: bound})
                    continue
                if bound is not var.upper:
                    fresh = TypeVar(var.name, var.lower, bound)
                    t = substitute(t, {var: fresh})
                    var = fresh
                t = UnionAll(var, t)
        return t

    def meet(self, a: Any, b: Any) -> Any:
        a, b = (
            self.solution.get(a, a) if isinstance(a, TypeVar) else a,
            (self.solution.get(b, b) if isinstance(b, TypeVar) else b),
        )
        if a is b or b is Any_:
            return a
        if a is Any_:
            return b
        if isinstance(a, TypeVar) and a in self.upper:
            return self.narrow(a, b)
        if isinstance(b, TypeVar) and b in self.upper:
            return self.narrow(b, a)
        if isinstance(a, TypeVar) or isinstance(b, TypeVar):
            return self.meet(
                a.upper if isinstance(a, TypeVar) else a, b.upper if isinstance(b, TypeVar) else b
            )
        if not has_free(a) and not has_free(b):
            if subtype(a, b):
                return a
            if subtype(b, a):
                return b
        if isinstance(a, UnionType):
            return union(*(self.meet(x, b) for x in a.types))
        if isinstance(b, UnionType):
            return union(*(self.meet(a, x) for x in b.types))
        if isinstance(a, UnionAll) or isinstance(b, UnionAll):
            return self.meet(self.enter(a), self.enter(b))
        if not isinstance(a, DataType) or not isinstance(b, DataType):
            return a if same_value(a, b) else Bottom
        return self.nominal(a, b)

    def narrow(self, var: TypeVar, t: Any) -> Any:
        if isinstance(t, TypeVar) and t in self.upper:
            bound = self.meet(self.upper[var], self.upper[t])
            if bound is Bottom and self.upper[var] is not Bottom:
                return Bottom
            self.solution[var] = t
            self.upper[t] = bound
            return t
        bound = self.meet(self.upper[var], t)
        if bound is Bottom:
            return Bottom
        self.upper[var] = bound
        return bound if is_concrete(bound) else var

    def nominal(self, a: DataType, b: DataType) -> Any:
        if a.typename is TUPLE_NAME and b.typename is TUPLE_NAME:
            return self.tuples(a.parameters, b.parameters)
        if a.typename is not b.typename:
            lower, upper = (a, b) if descends(a, b) else (b, a)
            if not descends(lower, upper):
                return Bottom
            if upper.typename is TYPE_NAME and not has_free(upper):
                # The one value of `Type{X}` is of another kind, or it would be a subtype.
                return Bottom
            above = next(
                s
                for s in supertypes(lower)
                if isinstance(s, DataType) and s.typename is upper.typename
            )
            if len(above.parameters) == len(upper.parameters):
                for x, y in zip(above.parameters, upper.parameters, strict=True):
                    if self.same(x, y) is Bottom:
                        return Bottom
            return lower
        if len(a.parameters) != len(b.parameters):
            return a if a.parameters else b
        found = []
        for x, y in zip(a.parameters, b.parameters, strict=True):
            p = self.same(x, y)
            if p is Bottom and x is not Bottom:
                return Bottom
            found.append(p)
        return instantiate(a.typename, tuple(found))

    def same(self, a: Any, b: Any) -> Any:
        """Two parameters that must be equal."""
        a, b = (
            self.solution.get(a, a) if isinstance(a, TypeVar) else a,
            (self.solution.get(b, b) if isinstance(b, TypeVar) else b),
        )
        if a is b:
            return a
        for var, t in ((a, b), (b, a)):
            if isinstance(var, TypeVar) and var in self.upper:
                if isinstance(t, TypeVar) and t in self.upper:
                    return self.narrow(var, t)
                if isinstance(t, JuliaType):
                    if not has_free(t) and not has_free(self.upper[var]):
                        if not subtype(t, self.upper[var]):
                            return Bottom
                    elif self.meet(self.upper[var], t) is Bottom:
                        return Bottom
                elif self.upper[var] is not Any_:
                    return Bottom
                self.solution[var] = t
                return t
        if isinstance(a, TypeVar) or isinstance(b, TypeVar):
            return a
        if not isinstance(a, JuliaType) or not isinstance(b, JuliaType):
            return a if same_value(a, b) else Bottom
        if not has_free(a) and not has_free(b):
            return a if equal(a, b) else Bottom
        if isinstance(a, DataType) and isinstance(b, DataType) and a.typename is not b.typename:
            return Bottom
        return self.meet(a, b)

    def tuples(self, a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
        out = []
        open_a = bool(a) and isinstance(a[-1], Vararg)
        open_b = bool(b) and isinstance(b[-1], Vararg)
        fixed_a, fixed_b = len(a) - open_a, len(b) - open_b
        if (not open_a and fixed_a < fixed_b) or (not open_b and fixed_b < fixed_a):
            return Bottom
        for i in range(max(fixed_a, fixed_b)):
            x = a[i] if i < fixed_a else a[-1].type
            y = b[i] if i < fixed_b else b[-1].type
            t = self.meet(x, y)
            if t is Bottom:
                return Bottom
            out.append(t)
        if open_a and open_b:
            t = self.meet(a[-1].type, b[-1].type)
            if t is not Bottom:
                counts = [x for x in (a[-1].count, b[-1].count) if x is not None]
                out.append(Vararg(t, counts[0] if counts and fixed_a == fixed_b else None))
        elif open_a or open_b:
            rest, n = (a[-1], fixed_b - fixed_a) if open_a else (b[-1], fixed_a - fixed_b)
            if isinstance(rest.count, TypeVar) and rest.count in self.upper:
                self.solution[rest.count] = n
        return tuple_type(out)


def descends(a: DataType, b: DataType) -> bool:
    """Is the family of `b` among those above `a`?"""
    return any(isinstance(s, DataType) and s.typename is b.typename for s in supertypes(a))


def covariant_count(t: Any, var: TypeVar) -> int:
    """How often a variable is an element of a tuple type; 0 if it is anything else, too."""
    if not isinstance(t, DataType) or t.typename is not TUPLE_NAME:
        return 0
    if any(p is not var and mentions(p, var) for p in t.parameters):
        return 0
    return sum(p is var for p in t.parameters)


def intersect(a: Any, b: Any) -> Any:
    """`typeintersect(a, b)`"""
    if subtype(a, b):
        return a
    if subtype(b, a):
        return b
    if isinstance(a, UnionType):
        return union(*(intersect(x, b) for x in a.types))
    if isinstance(b, UnionType):
        return union(*(intersect(a, x) for x in b.types))
    found = Meet()
    t = found.meet(found.enter(a), found.enter(b))
    t = found.leave(t)
    return Bottom if _impossible(t) else t


def _impossible(t: Any) -> bool:
    """A tuple with an element that no value has is itself empty."""
    body = unwrap(t)
    return (
        isinstance(body, DataType)
        and body.typename is TUPLE_NAME
        and any(p is Bottom for p in body.parameters)
    )


def intersects(a: Any, b: Any) -> bool:
    """Could a value be of both types? Errs on the side of yes."""
    for v in free_vars(a):
        a = UnionAll(v, a) if not isinstance(a, TypeVar) else a.upper
    for v in free_vars(b):
        b = UnionAll(v, b) if not isinstance(b, TypeVar) else b.upper
    return a is not Bottom and b is not Bottom and intersect(a, b) is not Bottom


def join(a: Any, b: Any) -> Any:
    """`typejoin(a, b)`: the closest common supertype that is no union."""
    if not has_free(a) and not has_free(b):
        if subtype(a, b):
            return b
        if subtype(b, a):
            return a
    if isinstance(a, UnionType) or isinstance(b, UnionType):
        parts = [
            *(a.types if isinstance(a, UnionType) else (a,)),
            *(b.types if isinstance(b, UnionType) else (b,)),
        ]
        out = parts[0]
        for p in parts[1:]:
            out = join(out, p)
        return out
    for t, other in ((a, b), (b, a)):
        if isinstance(t, UnionAll):
            # What the bodies have in common, for whatever the variable is.
            inner = join(t.body, other)
            if t.var not in free_vars(inner):
                return inner
            whole = UnionAll(t.var, inner)
            family = unwrap(inner).typename
            return family.wrapper if equal(whole, family.wrapper) else whole
    if not isinstance(a, DataType) or not isinstance(b, DataType):
        return Any_
    if a.typename is TUPLE_NAME and b.typename is TUPLE_NAME:
        return _join_tuples(a.parameters, b.parameters)
    for s in supertypes(b):
        if not isinstance(s, DataType) or not descends(a, s):
            continue
        mine = next(
            x for x in supertypes(a) if isinstance(x, DataType) and x.typename is s.typename
        )
        if not s.parameters or mine is s:
            # Above the kinds of types stands `Type{T}`, for whatever `T`.
            return s.typename.wrapper if s.has_free else s
        wheres: list[TypeVar] = []
        params: list[Any] = []
        variables = unwrap(s.typename.wrapper).parameters
        for x, y, v in zip(mine.parameters, s.parameters, variables, strict=True):
            same = x is y or (
                equal(x, y)
                if isinstance(x, JuliaType) and isinstance(y, JuliaType)
                else same_value(x, y)
            )
            if not same:
                wheres.append(v)
            params.append(x if same else v)
        if len(wheres) == len(params):
            return s.typename.wrapper
        joined: Any = instantiate(s.typename, tuple(params))
        for v in reversed(wheres):
            joined = UnionAll(v, joined)
        return joined
    return Any_


def _join_tuples(a: tuple[Any, ...], b: tuple[Any, ...]) -> Any:
    def element(p: Any) -> Any:
        return p.type if isinstance(p, Vararg) else p

    open_ = any(p and isinstance(p[-1], Vararg) for p in (a, b))
    n = min(
        len(a) - bool(a and isinstance(a[-1], Vararg)),
        len(b) - bool(b and isinstance(b[-1], Vararg)),
    )
    out = [join(x, y) for x, y in zip(a[:n], b[:n], strict=True)]
    if len(a) == len(b) and not open_:
        return tuple_type(out)
    rest = [element(p) for p in (*a[n:], *b[n:])]
    tail = rest[0]
    for p in rest[1:]:
        tail = join(tail, p)
    return tuple_type([*out, Vararg(tail)])
