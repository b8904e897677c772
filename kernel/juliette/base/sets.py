"""Sets, and the set operations on any collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from juliette.base.conversion import convert_to
from juliette.base.dictionaries import native
from juliette.base.iteration import iterate_value
from juliette.base.iterator_sizes import eltype_of_iterator, known_length, one_by_one
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, ErrorException, KeyError_, MethodError
from juliette.runtime.modules import Base, constructors
from juliette.runtime.tables import PLAIN


def make_set(cls: Any, eltype: Any, values: Any, n: int | None = None) -> Any:
    """A set of values that are already of its element type."""
    s = cls(eltype)
    if n is not None:
        s.reserve(n)
    s.data = keyed(s, values)
    return s


def keyed(s: Any, values: Any) -> dict[Any, Any]:
    """The distinct values of a sequence by the keys that they have in a set."""
    values = list(values)
    kinds = set(map(type, values))
    if s.by_hash and len(kinds) == 1 and kinds <= PLAIN:
        return dict(zip(values, values, strict=True))
    key = s.key
    out: dict[Any, Any] = {}
    for v in values:
        out.setdefault(key(v), v)
    return out


def _set_constructor(cls: Any) -> Callable[..., Any]:
    def construct(t: Any, *args: Any) -> Any:
        if len(args) > 1:
            raise MethodError(t, args, None)
        if not args:
            return cls(t.parameters[0] if isinstance(t, T.DataType) else T.Any_)
        source = args[0]
        if isinstance(source, cls) and (
            isinstance(t, T.UnionAll) or t.parameters[0] is source.eltype
        ):
            return source.copy()
        values = list(iterate_value(source))
        if isinstance(t, T.DataType):
            eltype = t.parameters[0]
            values = [v if T.isa(v, eltype) else convert_to(eltype, v) for v in values]
        else:
            eltype = eltype_of_iterator(source)
            if eltype is None:
                eltype = B.join_types(values) if values else T.Any_
        return make_set(cls, eltype, values, known_length(source))

    return construct


for _family, _cls in ((V.Set_, V.JuliaSet), (V.IdSet_, V.JuliaIdSet)):
    support._builtin(
        constructors(_family),
        T.tuple_type([T.Type_, T.Vararg(T.Any_)]),
        _set_constructor(_cls),
        ("args",),
    )


@Base.method("push!(s::AbstractSet, xs...)", transparent=True)
def push(s: Any, *xs: Any) -> Any:
    if len(xs) > 1 and not isinstance(s, V.JuliaSet):
        return one_by_one("push!", s, xs)
    native("push!", s, *xs)
    for x in xs:
        x = convert_to(s.eltype, x)
        s.data.setdefault(s.key(x), x)
    return s


@Base.method("delete!(s::AbstractSet, x)", transparent=True)
def delete(s: Any, x: Any) -> Any:
    native("delete!", s, x).remove(s.key(x))
    return s


@Base.method("pop!(s::AbstractSet, x)", transparent=True)
def pop(s: Any, x: Any) -> Any:
    found = native("pop!", s, x).key(x)
    if found not in s.data:
        raise KeyError_(x)
    return s.remove(found)


@Base.method("pop!(s::AbstractSet, x, default)", transparent=True)
def pop_or(s: Any, x: Any, default: Any) -> Any:
    found = native("pop!", s, x, default).key(x)
    return s.remove(found) if found in s.data else default


@Base.method("pop!(s::AbstractSet)", transparent=True)
def pop_any(s: Any) -> Any:
    if not len(native("pop!", s)):
        raise ArgumentError("set must be non-empty")
    x = next(s.items())
    s.remove(s.key(x))
    return x


@Base.method("in(x, s::AbstractSet)", transparent=True)
def in_set(x: Any, s: Any) -> Any:
    if isinstance(s, V.JuliaSet):
        return s.key(x) in s.data
    eq = Base.bindings["isequal"]
    return any(eq(v, x) for v in iterate_value(s))


@Base.method("in!(x, s::AbstractSet)", export=False, transparent=True)
def in_or_push(x: Any, s: Any) -> bool:
    """Is `x` an element?  It is afterwards."""
    if s.key(x) in s.data:
        return True
    push(s, x)
    return False


@Base.method("copy(s::AbstractSet)", transparent=True)
def copy(s: Any) -> Any:
    return s.copy() if isinstance(s, V.JuliaSet) else Base.bindings["Set"](s)


@Base.method("empty!(s::AbstractSet)", transparent=True)
def empty_in_place(s: Any) -> Any:
    native("empty!", s).clear()
    return s


@Base.method("copy!(dest::AbstractSet, source::AbstractSet)", transparent=True)
def copy_into(dest: Any, source: Any) -> Any:
    """Make a set equal to another.

    ```jldoctest
    julia> copy!(Set([1]), Set([2]))
    Set{Int64} with 1 element:
      2
    ```
    """
    return Base.bindings["union!"](Base.bindings["empty!"](dest), source)


@Base.method("empty(s::AbstractSet, t...)", transparent=True)
def empty(s: Any, *t: Any) -> Any:
    return (type(s) if isinstance(s, V.JuliaSet) else V.JuliaSet)(
        t[0] if t else Base.bindings["eltype"](s)
    )


@Base.method("emptymutable(s::AbstractSet, t=eltype(s))", export=False)
def emptymutable(s: Any, t: Any = None) -> Any:
    """The empty set in which operations on `s` gather their elements."""
    return V.JuliaSet(Base.bindings["eltype"](s) if t is None else t)


def gathered(s: Any, t: Any, values: list[Any]) -> Any:
    """A set of values of type `t`, of the kind that operations on the set `s` give."""
    if not isinstance(s, V.JuliaSet):
        own = Base.bindings["emptymutable"](s, t)
        if not isinstance(own, V.JuliaSet):
            for x in values:
                Base.bindings["push!"](own, x)
            return own
    return make_set(BitSet if isinstance(s, BitSet) else V.JuliaSet, t, values)


@Base.method("filter(f, s::AbstractSet)", transparent=True)
def filter_set(f: Any, s: Any) -> Any:
    values = [x for x in iterate_value(s) if support.truth(f(x))]
    t = Base.bindings["eltype"](s)
    return make_set(V.JuliaSet, t, values) if isinstance(s, V.JuliaSet) else gathered(s, t, values)


@Base.method("filter!(f, s::AbstractSet)", transparent=True)
def filter_set_in_place(f: Any, s: Any) -> Any:
    if not isinstance(s, V.JuliaSet):
        for x in list(iterate_value(s)):
            if not support.truth(f(x)):
                Base.bindings["delete!"](s, x)
        return s
    for x in s.entries():
        if not support.truth(f(x)):
            s.remove(s.key(x))
    return s


@Base.method("map(f, s::AbstractSet)", transparent=True)
def map_set(f: Any, s: Any) -> Any:
    raise ErrorException("map is not defined on sets")


# ---------------------------------------------------------------- BitSet


class BitSet(V.JuliaSet):
    """`BitSet([itr])`: a set of integers, in ascending order."""

    __slots__ = ()
    by_hash = False
    eltype = T.Int64

    def __init__(self, eltype: Any = T.Int64) -> None:
        super().__init__(T.Int64)

    def entries(self) -> list[Any]:
        return sorted(self.data.values())

    def items(self) -> Iterator[Any]:
        return iter(self.entries())


BitSet_ = T.core_type("BitSet", T.apply_type(T.AbstractSet, T.Int64))
T.register_class(BitSet, BitSet_)
Base.const("BitSet", BitSet_)


def _bit_set(t: Any, *args: Any) -> Any:
    return make_set(
        BitSet, T.Int64, [convert_to(T.Int64, v) for v in iterate_value(args[0])] if args else ()
    )


support._builtin(
    constructors(BitSet_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _bit_set, ("args",)
)


@Base.method("last(s::BitSet)")
def last_of_bits(s: BitSet) -> int:
    return int(Base.bindings["maximum"](s))


@Base.method("pop!(s::BitSet)")
def pop_of_bits(s: BitSet) -> Any:
    if not len(s.data):
        raise ArgumentError("collection must be non-empty")
    return Base.bindings["pop!"](s, last_of_bits(s))


@Base.method("popfirst!(s::BitSet)")
def popfirst_of_bits(s: BitSet) -> Any:
    return Base.bindings["pop!"](s, Base.bindings["first"](s))
