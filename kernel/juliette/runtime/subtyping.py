"""Which types are subtypes of which.

A question `a <: b` is asked with variables: those of `b` are existential (some type will do), those
of `a` universal (it must hold for every type).  A `Query` holds what is known of them.  A union on
the left must hold for each of its members, one on the right for some member; both are walked by
trying choices again from the start, so that the recursion itself never has to backtrack.
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
    is_concrete,
    kind_of,
    substitute,
    tuple_type,
    union,
    unwrap,
)

# How deep in the tree of types a variable may be met: at the top, in a tuple, in a parameter.
TOP, COVARIANT, INVARIANT = 0, 1, 2

_CACHED = 4096


class Binding:
    """What is known of a variable while a question is open."""

    __slots__ = (
        "concrete",
        "covariant",
        "depth",
        "existential",
        "invariant",
        "lower",
        "upper",
        "var",
    )

    def __init__(self, var: TypeVar, existential: bool, depth: int) -> None:
        self.var = var
        self.existential = existential
        self.depth = depth
        self.lower: Any = var.lower
        self.upper: Any = var.upper
        self.covariant = 0
        self.invariant = 0
        self.concrete = False


class Choices:
    """Which member of each union is being tried; `advance` goes through all combinations."""

    __slots__ = ("at", "picks", "sizes")

    def __init__(self) -> None:
        self.picks: list[int] = []
        self.sizes: list[int] = []
        self.at = 0

    def pick(self, members: tuple[Any, ...]) -> Any:
        if self.at == len(self.picks):
            self.picks.append(0)
            self.sizes.append(len(members))
        chosen = members[self.picks[self.at]]
        self.at += 1
        return chosen

    def advance(self) -> bool:
        """Go to the next combination; False after the last."""
        # Unions that the last attempt did not reach are forgotten.
        del self.picks[self.at :], self.sizes[self.at :]
        while self.picks and self.picks[-1] + 1 == self.sizes[-1]:
            self.picks.pop()
            self.sizes.pop()
        if not self.picks:
            return False
        self.picks[-1] += 1
        return True


Saved = list[tuple[Binding, Any, Any, int, int, bool]]


class Query:
    """One question about subtyping."""

    __slots__ = ("depth", "env", "left", "right")

    def __init__(self) -> None:
        self.env: dict[TypeVar, Binding] = {}
        self.depth = 0
        self.left = Choices()
        self.right = Choices()

    # ------------------------------------------------------------ choices

    def save(self) -> Saved:
        return [
            (b, b.lower, b.upper, b.covariant, b.invariant, b.concrete) for b in self.env.values()
        ]

    def restore(self, saved: Saved) -> None:
        for b, *state in saved:
            b.lower, b.upper, b.covariant, b.invariant, b.concrete = state

    def decide(self, a: Any, b: Any, param: int) -> bool:
        """`a <: b`: for each choice on the left there is one on the right."""
        outer = self.left, self.right
        self.left = Choices()
        names = set(self.env)
        try:
            while True:
                saved = self.save()
                self.right = Choices()
                while True:
                    self.left.at = self.right.at = 0
                    if self.sub(a, b, param):
                        break
                    for v in [v for v in self.env if v not in names]:
                        del self.env[v]
                    self.restore(saved)
                    if not self.right.advance():
                        return False
                if not self.left.advance():
                    return True
        finally:
            self.left, self.right = outer

    # ------------------------------------------------------------ variables

    def note(self, b: Binding, param: int) -> None:
        """Count an occurrence of a variable."""
        if param == INVARIANT and self.depth > b.depth:
            b.invariant += 1
        elif param != TOP:
            b.covariant += 1

    def below(self, a: Any, b: Binding, param: int) -> bool:
        """`a <: T`: raise the lower bound of an existential variable."""
        self.note(b, param)
        if b.lower is a:
            return True
        if not isinstance(a, (JuliaType, TypeVar)):
            if b.upper is not Any_ and not same_value(a, b.upper):
                return False
            if b.lower is not Bottom and not same_value(a, b.lower):
                return False
            b.lower = a
            return True
        if b.upper is not Any_ and not self.decide(a, b.upper, TOP):
            return False
        b.lower = self.join(b.lower, a)
        return b.lower is not None

    def above(self, b: Binding, a: Any, param: int) -> bool:
        """`T <: a`: lower the upper bound of an existential variable."""
        self.note(b, param)
        if b.upper is a:
            return True
        if not isinstance(a, (JuliaType, TypeVar)):
            if b.lower is not Bottom and not same_value(a, b.lower):
                return False
            b.upper = a
            return True
        if b.lower is not Bottom and not self.decide(b.lower, a, TOP):
            return False
        if b.upper is Any_ or self.decide(a, b.upper, TOP):
            b.upper = a
        elif not self.decide(b.upper, a, TOP):
            from juliette.runtime.intersection import intersect

            b.upper = intersect(b.upper, a) if not has_free(b.upper) and not has_free(a) else a
        return True

    def pin(self, b: Binding, a: Any) -> bool:
        """`T == a`"""
        self.note(b, INVARIANT)
        if not isinstance(a, (JuliaType, TypeVar)):
            if b.lower is not Bottom and not same_value(a, b.lower):
                return False
            if b.upper is not Any_ and not same_value(a, b.upper):
                return False
        else:
            if b.lower is a and b.upper is a:
                return True
            if b.lower is not Bottom and not self.decide(b.lower, a, TOP):
                return False
            if b.upper is not Any_ and not self.decide(a, b.upper, TOP):
                return False
            other = self.env.get(a) if isinstance(a, TypeVar) else None
            if other is not None:
                self.note(other, INVARIANT)
        b.lower = b.upper = a
        return True

    def join(self, a: Any, b: Any) -> Any:
        if a is Bottom or a is b:
            return b
        if not isinstance(a, (JuliaType, TypeVar)):
            return None
        if not has_free(a) and not has_free(b):
            if subtype(a, b):
                return b
            if subtype(b, a):
                return a
        return union(a, b)

    def opened(self, t: UnionAll, other: Any) -> UnionAll:
        """`t` with a variable of its own, if the name is in use."""
        var = t.var
        if var in self.env or (has_free(other) and var in free_vars(other)):
            fresh = TypeVar(var.name, var.lower, var.upper)
            return UnionAll(fresh, substitute(t.body, {var: fresh}))
        return t

    def universal(self, a: UnionAll, b: Any, param: int) -> bool:
        """`(A where T) <: b`: for every `T`."""
        if once_covariant(a.var, a.body):
            return self.sub(substitute(a.body, {a.var: a.var.upper}), b, param)
        a = self.opened(a, b)
        var = a.var
        if var.upper is Any_ and var.lower is Bottom:
            bound = implied_bound(var, a.body)
            if bound is not Any_:
                var = TypeVar(a.var.name, None, bound)
                a = UnionAll(var, substitute(a.body, {a.var: var}))
        binding = self.env[var] = Binding(var, False, self.depth)
        ok = self.sub(a.body, b, param) and self.consistent(binding)
        self.env.pop(var, None)
        if not ok:
            return False
        for other in self.env.values():
            if mentions(other.lower, var):
                # Bound to a type that exists only under the inner `where`.
                return False
            if mentions(other.upper, var):
                other.upper = substitute(other.upper, {var: var.upper})
        return True

    def some(self, a: Any, b: UnionAll, param: int) -> bool:
        """`a <: (B where T)`: for some `T`."""
        b = self.opened(b, a)
        var = b.var
        binding = self.env[var] = Binding(var, True, self.depth)
        ok = self.sub(a, b.body, param) and self.consistent(binding)
        self.env.pop(var, None)
        if not ok:
            return False
        for other in self.env.values():
            if mentions(other.lower, var) or mentions(other.upper, var):
                value = binding.lower if binding.lower is not Bottom else binding.upper
                other.lower = substitute(other.lower, {var: value})
                other.upper = substitute(other.upper, {var: value})
        return True

    def consistent(self, b: Binding) -> bool:
        """The diagonal rule: seen twice, only in covariant places, it must be concrete."""
        diagonal = b.covariant > 1 and not b.invariant and b.var.lower is Bottom
        if not b.concrete and not diagonal:
            return True
        if not b.existential:
            return diagonal or not b.concrete or is_leaf(b.upper)
        if isinstance(b.lower, TypeVar):
            other = self.env.get(b.lower)
            if other is not None:
                other.concrete = True
            return True
        return is_leaf(b.lower)

    # ------------------------------------------------------------ the relation

    def sub(self, a: Any, b: Any, param: int) -> bool:
        if a is b:
            if isinstance(b, TypeVar) and b in self.env:
                self.note(self.env[b], param)
            return True
        if isinstance(b, TypeVar):
            known = self.env.get(b)
            if known is not None and known.existential:
                if isinstance(a, TypeVar) and a in self.env:
                    mine = self.env[a]
                    if mine.existential:
                        self.note(mine, param)
                        self.note(known, param)
                        return mine.lower is Bottom or self.decide(mine.lower, known.upper, TOP)
                    self.note(mine, param)
                if isinstance(a, UnionAll) and param != INVARIANT:
                    return self.below(a, known, param)
                return self.below(a, known, param)
        if isinstance(a, UnionAll):
            if isinstance(b, UnionAll) and a.body is b.body:
                return True
            return self.universal(a, b, param)
        if isinstance(a, TypeVar):
            held = self.env.get(a)
            if held is not None and held.existential:
                if isinstance(b, TypeVar) and b in self.env:
                    self.note(self.env[b], param)
                return self.above(held, b, param)
        if isinstance(a, UnionType):
            if not a.types:
                return isinstance(b, (JuliaType, TypeVar))
            return self.sub(self.left.pick(a.types), b, param)
        if b is Any_:
            return isinstance(a, (JuliaType, TypeVar))
        if isinstance(b, UnionAll):
            if isinstance(a, TypeVar):
                # What holds for all types below the bound holds for the bound, all of `b` in view.
                if a in self.env:
                    self.note(self.env[a], param)
                return self.sub(a.upper, b, param)
            return self.some(a, b, param)
        if isinstance(b, UnionType):
            if not b.types:
                return isinstance(a, TypeVar) and a.upper is Bottom
            if any(a is x for x in b.types):
                return True
            return self.sub(a, self.right.pick(b.types), param)
        if isinstance(a, TypeVar):
            if a in self.env:
                self.note(self.env[a], param)
            if isinstance(b, TypeVar):
                if b in self.env:
                    self.note(self.env[b], param)
                if b.lower is not Bottom and self.sub(a.upper, b.lower, param):
                    return True
                return isinstance(a.upper, TypeVar) and self.sub(a.upper, b, param)
            return self.sub(a.upper, b, param)
        if isinstance(b, TypeVar):
            if b in self.env:
                self.note(self.env[b], param)
            return b.lower is not Bottom and self.sub(a, b.lower, param)
        if isinstance(a, DataType) and isinstance(b, DataType):
            return self.nominal(a, b, param)
        if isinstance(a, JuliaType) or isinstance(b, JuliaType):
            return False
        return same_value(a, b)

    def nominal(self, a: DataType, b: DataType, param: int) -> bool:
        goal = b.typename
        if a.typename is TYPE_NAME and goal is not TYPE_NAME:
            # `Type{Int}` is a kind of DataType, `Type{Vector}` of UnionAll.
            inner = a.parameters[0]
            return not isinstance(inner, TypeVar) and kind_of(inner) is b
        if goal is TYPE_NAME and a.typename is not TYPE_NAME:
            inner = b.parameters[0]
            return (
                a.typename in KINDS
                and isinstance(inner, TypeVar)
                and inner.upper is Any_
                and inner.lower is Bottom
            )
        while a.typename is not goal:
            parent = unwrap(a.super)
            if not isinstance(parent, DataType) or parent is Any_:
                return False
            a = parent
        if a is b:
            return True
        if goal is TUPLE_NAME:
            return self.tuples(a.parameters, b.parameters, COVARIANT if param == TOP else param)
        if len(a.parameters) != len(b.parameters):
            return not b.parameters
        self.depth += 1
        try:
            return all(map(self.equal, a.parameters, b.parameters))
        finally:
            self.depth -= 1

    def equal(self, a: Any, b: Any) -> bool:
        """`a == b` as parameters."""
        if a is b:
            if isinstance(b, TypeVar) and b in self.env:
                self.note(self.env[b], INVARIANT)
            return True
        if isinstance(b, TypeVar) and b in self.env and self.env[b].existential:
            if isinstance(a, TypeVar) and a in self.env and not self.env[a].existential:
                self.note(self.env[a], INVARIANT)
            return self.pin(self.env[b], a)
        if isinstance(a, TypeVar) and a in self.env and self.env[a].existential:
            return self.pin(self.env[a], b)
        if isinstance(a, DataType) and isinstance(b, DataType):
            if a.typename is not b.typename:
                return False
            if a.typename is not TUPLE_NAME:
                if not a.has_free and not b.has_free and a.concrete and b.concrete:
                    return False
                if len(a.parameters) != len(b.parameters):
                    return False
                self.depth += 1
                try:
                    return all(map(self.equal, a.parameters, b.parameters))
                finally:
                    self.depth -= 1
            if not a.has_free and not b.has_free and a.concrete and b.concrete:
                return False
        if not isinstance(a, (JuliaType, TypeVar)) or not isinstance(b, (JuliaType, TypeVar)):
            if isinstance(a, Vararg) and isinstance(b, Vararg):
                return self.decide(tuple_type((a,)), tuple_type((b,)), INVARIANT) and self.decide(
                    tuple_type((b,)), tuple_type((a,)), TOP
                )
            return same_value(a, b)
        if (
            isinstance(a, UnionType)
            and isinstance(b, UnionType)
            and set(map(id, a.types)) == set(map(id, b.types))
        ):
            return True
        return self.decide(a, b, INVARIANT) and self.decide(b, a, TOP)

    def tuples(self, a: tuple[Any, ...], b: tuple[Any, ...], param: int) -> bool:
        rest_a = a[-1] if a and isinstance(a[-1], Vararg) else None
        rest_b = b[-1] if b and isinstance(b[-1], Vararg) else None
        fixed_a = len(a) - (rest_a is not None)
        fixed_b = len(b) - (rest_b is not None)
        if rest_a is None:
            if fixed_a < fixed_b or (rest_b is None and fixed_a != fixed_b):
                return False
        elif fixed_a < fixed_b:
            # Only a variable count can still make it long enough.
            return self.stretch(a, b, fixed_a, fixed_b, param)
        elif rest_b is None and fixed_a > fixed_b:
            return False
        for i in range(fixed_a):
            other = b[i] if i < fixed_b else rest_b.type  # type: ignore[union-attr]
            if not self.sub(a[i], other, param):
                return False
        if rest_a is None:
            if rest_b is None or rest_b.count is None:
                return True
            return self.count(rest_b.count, fixed_a - fixed_b)
        if rest_b is None:
            known = self.env.get(rest_a.count) if isinstance(rest_a.count, TypeVar) else None
            return known is not None and known.existential and self.pin(known, fixed_b - fixed_a)
        # A variable in a Vararg stands for several elements: twice is enough to say so.
        for _ in range(2):
            if not self.sub(rest_a.type, rest_b.type, param):
                return False
        if rest_b.count is None:
            return True
        if rest_a.count is None:
            known = self.env.get(rest_b.count) if isinstance(rest_b.count, TypeVar) else None
            return known is not None and known.existential
        return fixed_a == fixed_b and self.equal(rest_a.count, rest_b.count)

    def stretch(
        self, a: tuple[Any, ...], b: tuple[Any, ...], fixed_a: int, fixed_b: int, param: int
    ) -> bool:
        count = a[-1].count
        known = self.env.get(count) if isinstance(count, TypeVar) else None
        if known is None or not known.existential or isinstance(b[-1], Vararg):
            return False
        longer = a[:-1] + (a[-1].type,) * (fixed_b - fixed_a)
        return self.pin(known, fixed_b - fixed_a) and self.tuples(longer, b, param)

    def count(self, count: Any, n: int) -> bool:
        if isinstance(count, TypeVar):
            known = self.env.get(count)
            return known is not None and known.existential and self.pin(known, n)
        return same_value(count, n)


# The kinds of types, whose values are types: filled in by `runtime.types`.
KINDS: set[Any] = set()


def mentions(t: Any, var: TypeVar) -> bool:
    return t is var or (has_free(t) and var in free_vars(t))


def once_covariant(var: TypeVar, t: Any) -> bool:
    """Is `var` just one element of a tuple type, so that `t where var` is `t` with the bound in its place?"""
    if not isinstance(t, DataType) or t.typename is not TUPLE_NAME:
        return False
    found = [p for p in t.parameters if p is var or mentions(p, var)]
    return len(found) == 1 and found[0] is var


def same_value(a: Any, b: Any) -> bool:
    """Are two parameters that are no types the same?"""
    return type(a) is type(b) and bool(a == b)


def implied_bound(var: TypeVar, t: Any) -> Any:
    """What `T` in `Rational{T} where T` must be below: the bound that the family itself declares."""
    if isinstance(t, Vararg):
        return implied_bound(var, t.type)
    if isinstance(t, UnionAll):
        return implied_bound(var, t.body)
    if not isinstance(t, DataType) or not t.has_free:
        return Any_
    for p, declared in zip(t.parameters, t.typename.params, strict=False):
        if p is var and declared.upper is not Any_ and not has_free(declared.upper):
            return declared.upper
    for p in t.parameters:
        bound = implied_bound(var, p)
        if bound is not Any_:
            return bound
    return Any_


def is_leaf(t: Any) -> bool:
    """May a diagonal variable take this value?"""
    return (
        t is Bottom
        or not isinstance(t, (JuliaType, TypeVar))
        or is_concrete(t)
        or (isinstance(t, DataType) and t.typename is TYPE_NAME)
    )


def subtype(a: Any, b: Any) -> bool:
    """`a <: b`"""
    if a is b or b is Any_:
        return True
    if type(a) is DataType and not a.has_free:
        known = b.below
        found: bool | None = known.get(a)
        if found is None:
            found = Query().decide(a, b, TOP)
            if len(known) > _CACHED:
                known.clear()
            known[a] = found
        return found
    return Query().decide(a, b, TOP)


def equal(a: Any, b: Any) -> bool:
    """`a == b`, for types"""
    return a is b or (subtype(a, b) and subtype(b, a))


def match(a: Any, b: Any, *, told: bool = False) -> dict[TypeVar, Any] | None:
    """If `a <: b`, the values that the outer `where` variables of `b` took; else None.

    A variable that nothing fixes takes its upper bound; with `told` it stands for itself.
    """
    if not isinstance(b, UnionAll):
        return {} if subtype(a, b) else None
    query = Query()
    order: list[Binding] = []
    body: Any = b
    while isinstance(body, UnionAll):
        binding = query.env[body.var] = Binding(body.var, True, 0)
        order.append(binding)
        body = body.body
    if not query.decide(a, body, TOP):
        return None
    if not all(query.consistent(x) for x in reversed(order)):
        return None
    values = {x.var: _value_of(x) for x in order}
    for _ in order:
        # Bounds may have been found in terms of each other.
        values = {v: substitute(t, values) if has_free(t) else t for v, t in values.items()}
    if told:
        values.update({x.var: x.var for x in order if x.lower is Bottom and x.upper is not Bottom})
    return values


def _value_of(b: Binding) -> Any:
    """What a variable took: where it stands for an argument that is a type, that type's own type."""
    found = b.lower if b.lower is not Bottom else b.upper
    if not b.invariant and isinstance(found, DataType) and found.typename is TYPE_NAME:
        inner = found.parameters[0] if found.parameters else found
        if isinstance(inner, JuliaType) and not has_free(inner):
            return kind_of(inner)
    return found
