"""Tangents as ChainRulesCore has them: zeros, thunks, tangents of structures; and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.base import iteration
from juliette.base.fields import PROPERTIES
from juliette.display.show import SHOW_HOOKS
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol
from juliette_engine import trees

ABSTRACT = T.define("ChainRulesCore.AbstractTangent", abstract=True)
ZERO = T.define("ChainRulesCore.AbstractZero", ABSTRACT, abstract=True)
ABSTRACT_THUNK = T.define("ChainRulesCore.AbstractThunk", ABSTRACT, abstract=True)
STRUCTURAL = T.define(
    "ChainRulesCore.StructuralTangent", ABSTRACT, (T.TypeVar("P"),), abstract=True
)


class NoTangent:
    """The argument has no tangent space: an index, a string."""

    __slots__ = ()


class ZeroTangent:
    """The tangent is zero."""

    __slots__ = ()


class Thunk:
    """A tangent computed when it is asked for."""

    __slots__ = ("f",)
    fields = ("f",)

    def __init__(self, f: Any) -> None:
        self.f = f


class InplaceableThunk:
    """A thunk that knows how to add itself to an array."""

    __slots__ = ("add", "val")
    fields = ("add!", "val")
    add: Any
    val: Any

    def __init__(self, add: Any, val: Any) -> None:
        self.add, self.val = (val, add) if isinstance(add, Thunk) else (add, val)

    @property
    def f(self) -> Any:
        return self.val.f if isinstance(self.val, Thunk) else lambda: self.val


class NotImplemented_:
    """The rule's author has not worked this tangent out."""

    __slots__ = ("info", "place")

    def __init__(self, info: str, place: str) -> None:
        self.info, self.place = info, place


class Tangent:
    """The tangent of a structure, by field: a named tuple, a tuple or a dictionary of tangents."""

    __slots__ = ("backing", "of")

    def __init__(self, of: Any, backing: Any) -> None:
        self.of = of
        self.backing = backing


class MutableTangent(Tangent):
    """The tangent of a mutable structure."""

    __slots__ = ()


NO_TANGENT, ZERO_TANGENT = NoTangent(), ZeroTangent()
_p = (T.TypeVar("P"), T.TypeVar("T"))
TANGENT = T.define("ChainRulesCore.Tangent", T.apply_type(STRUCTURAL, _p[0]), _p)
_q = (T.TypeVar("P"), T.TypeVar("T"))
MUTABLE = T.define("ChainRulesCore.MutableTangent", T.apply_type(STRUCTURAL, _q[0]), _q)
TYPES: dict[type, Any] = {
    NoTangent: T.define("ChainRulesCore.NoTangent", ZERO),
    ZeroTangent: T.define("ChainRulesCore.ZeroTangent", ZERO),
    Thunk: T.define("ChainRulesCore.Thunk", ABSTRACT_THUNK),
    InplaceableThunk: T.define("ChainRulesCore.InplaceableThunk", ABSTRACT_THUNK),
    NotImplemented_: T.define("ChainRulesCore.NotImplemented", ABSTRACT),
}
for _cls, _t in TYPES.items():
    T.register_class(_cls, _t)
for _cls, _t in ((Tangent, TANGENT), (MutableTangent, MUTABLE)):

    def _of(x: Any, t: Any = _t) -> Any:
        return T.apply_type(t, x.of, T.typeof(x.backing))

    T.register_instances(_cls, _of, _t)


def unthunked(x: Any) -> Any:
    """A tangent with what was put off computed."""
    while isinstance(x, (Thunk, InplaceableThunk)):
        x = x.f()
    return x


def is_zero(x: Any) -> bool:
    """Is it one of the tangents that are nothing?"""
    return x is None or isinstance(x, (NoTangent, ZeroTangent, NotImplemented_))


_NAMED_TUPLE = T.unwrap(V.NamedTuple_).typename


def names_of(t: Any) -> tuple[str, ...]:
    """The fields of values of a type."""
    body = T.unwrap(t)
    if not isinstance(body, T.DataType):
        return ()
    if body.typename is _NAMED_TUPLE and body.parameters and type(body.parameters[0]) is tuple:
        return tuple([s.name for s in body.parameters[0]])
    return tuple(body.fields or ())


def part(x: Tangent, key: Any) -> Any:
    """A part of a structural tangent; what is not there is zero."""
    backing = x.backing
    if isinstance(key, Symbol):
        key = key.name
    if isinstance(backing, V.NamedTuple):
        if type(key) is int:
            names = names_of(x.of) or backing.names
            if not 1 <= key <= len(names):
                return ZERO_TANGENT
            key = names[key - 1]
        found = backing.values[backing.names.index(key)] if key in backing.names else ZERO_TANGENT
    elif type(backing) is tuple:
        found = backing[key - 1] if type(key) is int and 1 <= key <= len(backing) else ZERO_TANGENT
    else:
        found = Base.bindings["get"](backing, key, ZERO_TANGENT)
    return unthunked(found)


def mapped(f: Callable[..., Any], *xs: Tangent) -> Tangent:
    """A tangent of the same structure with `f` applied to each part."""
    first = xs[0]
    if all(type(x.backing) is tuple for x in xs):
        backing: Any = tuple([f(*vs) for vs in zip(*[x.backing for x in xs], strict=True)])
    elif all(isinstance(x.backing, V.NamedTuple) for x in xs):
        names: list[str] = []
        for x in xs:
            names += [n for n in x.backing.names if n not in names]
        order = [n for n in names_of(first.of) if n in names]
        names = order + [n for n in names if n not in order]
        backing = V.NamedTuple(tuple(names), tuple([f(*[part(x, n) for x in xs]) for n in names]))
    else:
        backing = V.JuliaDict(T.Any_, T.Any_)
        for x in xs:
            for k, _ in x.backing.pairs():
                Base.bindings["setindex!"](backing, f(*[part(y, k) for y in xs]), k)
    return type(first)(first.of, backing)


def add(a: Any, b: Any) -> Any:
    """The sum of two tangents."""
    a, b = unthunked(a), unthunked(b)
    if isinstance(a, NotImplemented_) or isinstance(b, NotImplemented_):
        return a if isinstance(a, NotImplemented_) else b
    if is_zero(a):
        return b
    if is_zero(b):
        return a
    if isinstance(a, Tangent) and isinstance(b, Tangent):
        return mapped(add, a, b)
    if isinstance(b, Tangent):
        return moved(a, b)
    return moved(b, a) if isinstance(a, Tangent) else Base.bindings["+"](a, b)


def moved(x: Any, d: Tangent) -> Any:
    """A value a step along a tangent."""
    if type(x) is tuple:
        return tuple([add(v, part(d, i + 1)) for i, v in enumerate(x)])
    if isinstance(x, V.NamedTuple):
        return V.NamedTuple(
            x.names, tuple([add(v, part(d, n)) for n, v in zip(x.names, x.values, strict=True)])
        )
    if isinstance(x, V.JuliaDict):
        out = Base.bindings["copy"](x)
        for k, v in d.backing.pairs():
            Base.bindings["setindex!"](out, add(Base.bindings["get"](x, k, ZERO_TANGENT), v), k)
        return out
    if isinstance(x, Struct):
        return _constructed(x, d)
    raise ErrorException("a tangent cannot be added to this value")


def _constructed(x: Struct, d: Tangent) -> Any:
    parts = [add(getattr(x, f), part(d, f)) for f in x.fields]
    body = T.unwrap(T.typeof(x))
    return constructors(body.typename.wrapper)(body.typename.wrapper, *parts)


def gradient_of(g: Any) -> Any:
    """A tangent as Zygote's gradients are."""
    g = unthunked(g)
    if is_zero(g):
        return None
    if isinstance(g, Tangent):
        b = g.backing
        if type(b) is tuple:
            parts = tuple(map(gradient_of, b))
            return None if all(p is None for p in parts) else parts
        if isinstance(b, V.NamedTuple):
            return V.NamedTuple(b.names, tuple(map(gradient_of, b.values)))
        return b
    return g


def without_tangents(g: Any) -> Any:
    """A tree of gradients with tangents, thunks and dotted expressions in it as Zygote's; the same tree if it has none."""
    g = gradient_of(g)
    if isinstance(g, B.Broadcasted):
        return B.materialize(g)
    values = g.values if isinstance(g, V.NamedTuple) else g
    if type(values) is not tuple:
        return g
    parts = tuple(map(without_tangents, values))
    if all(p is v for p, v in zip(parts, values, strict=True)):
        return g
    return V.NamedTuple(g.names, parts) if isinstance(g, V.NamedTuple) else parts


trees.set_plain_gradient(without_tangents)


# ---------------------------------------------------------------- how they show

SHOW_HOOKS[NoTangent] = lambda io, x, long: io.write("NoTangent()")
SHOW_HOOKS[ZeroTangent] = lambda io, x, long: io.write("ZeroTangent()")


def _show(io: Any, x: Tangent, long: bool) -> None:
    from juliette.display.show import show

    io.write(
        f"{'MutableTangent' if isinstance(x, MutableTangent) else 'Tangent'}{{{T.type_string(x.of)}}}"
    )
    empty = isinstance(x.backing, V.NamedTuple) and not x.backing.names
    if empty:
        io.write("()")
    else:
        show(io, x.backing)


SHOW_HOOKS[Tangent] = SHOW_HOOKS[MutableTangent] = _show
PROPERTIES[Tangent] = PROPERTIES[MutableTangent] = part


def _parts(x: Tangent) -> list[Any]:
    b = x.backing
    return (
        list(b)
        if type(b) is tuple
        else list(b.values)
        if isinstance(b, V.NamedTuple)
        else [v for _, v in b.pairs()]
    )


iteration.ITERATORS[Tangent] = iteration.ITERATORS[MutableTangent] = lambda x: iter(
    map(unthunked, _parts(x))
)


# ---------------------------------------------------------------- constructors


def _construct(cls: type) -> Any:
    def construct(t: Any, *args: Any, **fields: Any) -> Any:
        body = T.unwrap(t)
        of = (
            body.parameters[0]
            if body.parameters and not isinstance(body.parameters[0], T.TypeVar)
            else T.Any_
        )
        known = T.unwrap(of)
        if len(args) == 1 and isinstance(args[0], V.NamedTuple):
            _check(known, "named tuple")
            return cls(of, args[0])
        if len(args) == 1 and isinstance(args[0], V.JuliaDict):
            _check(known, "dictionary")
            return cls(of, args[0])
        if args or (
            not fields and isinstance(known, T.DataType) and known.typename is T.TUPLE_NAME
        ):
            _check(known, "tuple")
            return cls(of, args)
        _check(known, "named tuple")
        return cls(of, V.NamedTuple(tuple(fields), tuple(fields.values())))

    return construct


def _check(known: Any, kind: str) -> None:
    if known is T.Any_ or not isinstance(known, T.DataType) or not known.concrete:
        return
    is_tuple = known.typename is T.TUPLE_NAME
    is_dict = known.name in ("Dict", "IdDict")
    if (kind == "tuple") != is_tuple or (kind == "dictionary") != is_dict:
        raise ArgumentError(
            f"Tangent for the primal {T.type_string(known)} should be backed by a "
            f"{'Tuple' if is_tuple else 'AbstractDict' if is_dict else 'NamedTuple'} type"
        )


def load_tangents(module: Module) -> None:
    """Enter the types and their arithmetic."""
    for cls, t in TYPES.items():
        module.const(cls.__name__.rstrip("_"), t, export=cls is not NotImplemented_)
    for name, t in (
        ("AbstractTangent", ABSTRACT),
        ("AbstractZero", ZERO),
        ("AbstractThunk", ABSTRACT_THUNK),
        ("StructuralTangent", STRUCTURAL),
        ("Tangent", TANGENT),
        ("MutableTangent", MUTABLE),
    ):
        module.const(name, t, export=name != "StructuralTangent")

    def method(header: str) -> Any:
        return module.method(header, export=False, transparent=True)

    @method("NoTangent()")
    def no_tangent(_: Any) -> Any:
        return NO_TANGENT

    @method("ZeroTangent()")
    def zero_tangent(_: Any) -> Any:
        return ZERO_TANGENT

    @method("Thunk(f)")
    def thunk(_: Any, f: Any) -> Any:
        return Thunk(f)

    @method("InplaceableThunk(f, val)")
    def inplaceable(_: Any, f: Any, val: Any) -> Any:
        return InplaceableThunk(f, val)

    for cls, name in ((Tangent, "Tangent"), (MutableTangent, "MutableTangent")):
        for header in (
            f"{name}(args...; fields...)",
            f"{name}{{P}}(args...; fields...) where P",
            f"{name}{{P,T}}(args...; fields...) where {{P,T}}",
        ):
            method(header)(_construct(cls))

    method("+(a::AbstractTangent, b::AbstractTangent)")(add)
    method("+(a::AbstractTangent, b)")(add)
    method("+(a, b::AbstractTangent)")(add)

    @method("-(a::AbstractTangent)")
    def negative(a: Any) -> Any:
        a = unthunked(a)
        return (
            a
            if is_zero(a)
            else mapped(Base.bindings["-"], a)
            if isinstance(a, Tangent)
            else Base.bindings["-"](a)
        )

    def minus(a: Any, b: Any) -> Any:
        return add(
            a,
            negative(b)
            if isinstance(b, Tangent) or is_zero(b)
            else Base.bindings["-"](unthunked(b)),
        )

    method("-(a::AbstractTangent, b::AbstractTangent)")(minus)
    method("-(a::AbstractTangent, b)")(minus)
    method("-(a, b::AbstractTangent)")(minus)

    def times(a: Any, b: Any) -> Any:
        a, b = unthunked(a), unthunked(b)
        for x in (a, b):
            if isinstance(x, NoTangent):
                return x
        for x in (a, b):
            if is_zero(x):
                return x
        if isinstance(b, Tangent):
            return b if a is True else mapped(lambda v: times(a, v), b)
        if isinstance(a, Tangent):
            return a if b is True else mapped(lambda v: times(v, b), a)
        return Base.bindings["*"](a, b)

    method("*(a::AbstractTangent, b::AbstractTangent)")(times)
    method("*(a::AbstractTangent, b)")(times)
    method("*(a, b::AbstractTangent)")(times)

    @method("/(a::AbstractTangent, b)")
    def over(a: Any, b: Any) -> Any:
        a = unthunked(a)
        return (
            a
            if is_zero(a)
            else mapped(
                lambda v: (
                    over(v, b) if isinstance(v, (Tangent, Thunk)) else Base.bindings["/"](v, b)
                ),
                a,
            )
            if isinstance(a, Tangent)
            else Base.bindings["/"](a, b)
        )

    @method("==(a::Tangent, b::Tangent)")
    def equal(a: Tangent, b: Tangent) -> bool:
        if isinstance(a.backing, V.NamedTuple) and isinstance(b.backing, V.NamedTuple):
            names = {*a.backing.names, *b.backing.names}
            return all(_same(part(a, n), part(b, n)) for n in names)
        if type(a.backing) is tuple and type(b.backing) is tuple:
            return len(a.backing) == len(b.backing) and all(
                _same(unthunked(x), unthunked(y)) for x, y in zip(a.backing, b.backing, strict=True)
            )
        return Base.bindings["=="](a.backing, b.backing) is True

    def _same(a: Any, b: Any) -> bool:
        return Base.bindings["=="](a, b) is True

    @method("==(a::AbstractZero, b::AbstractZero)")
    def same_zero(a: Any, b: Any) -> bool:
        return type(a) is type(b)

    @method("==(a::ZeroTangent, b::Number)")
    def zero_is(a: Any, b: Any) -> Any:
        return Base.bindings["iszero"](b)

    @method("==(a::Number, b::ZeroTangent)")
    def is_that_zero(a: Any, b: Any) -> Any:
        return Base.bindings["iszero"](a)

    @method("iszero(a::AbstractZero)")
    def zero_zero(a: Any) -> bool:
        return True

    @method("zero(a::AbstractTangent)")
    def zero(a: Any) -> Any:
        return ZERO_TANGENT

    @method("zero(::Type{T}) where T<:AbstractTangent")
    def zero_of(t: Any) -> Any:
        return ZERO_TANGENT

    @method("conj(a::AbstractTangent)")
    def conj(a: Any) -> Any:
        a = unthunked(a)
        return (
            a
            if is_zero(a)
            else mapped(
                lambda v: (
                    conj(v)
                    if isinstance(v, Tangent) or is_zero(v)
                    else Base.bindings["conj"](unthunked(v))
                ),
                a,
            )
            if isinstance(a, Tangent)
            else Base.bindings["conj"](a)
        )

    for name in ("real", "imag", "adjoint", "transpose", "float"):
        method(f"{name}(a::AbstractZero)")(lambda a: a)

    method("getindex(a::Tangent, key)")(part)

    @method("getindex(a::AbstractZero, key...)")
    def zero_part(a: Any, *key: Any) -> Any:
        return a

    @method("getproperty(a::AbstractZero, key::Symbol)")
    def zero_field(a: Any, key: Any) -> Any:
        return a

    @method("length(a::Tangent)")
    def length(a: Tangent) -> int:
        return len(_parts(a))

    @method("keys(a::Tangent)")
    def keys(a: Tangent) -> Any:
        b = a.backing
        return (
            tuple(map(Symbol, b.names))
            if isinstance(b, V.NamedTuple)
            else V.OneTo(len(b))
            if type(b) is tuple
            else Base.bindings["keys"](b)
        )

    @method("propertynames(a::Tangent)")
    def property_names(a: Tangent) -> Any:
        b = a.backing
        return tuple(range(1, len(b) + 1)) if type(b) is tuple else keys(a)

    @method("haskey(a::Tangent, key)")
    def has_key(a: Tangent, key: Any) -> bool:
        return key in list(iteration.iterate_value(keys(a)))

    @method("first(a::Tangent)")
    def first(a: Tangent) -> Any:
        return part(a, 1)

    @method("last(a::Tangent)")
    def last(a: Tangent) -> Any:
        return part(a, len(names_of(a.of) or _parts(a)))

    @method("collect(a::Tangent)")
    def collect(a: Tangent) -> Any:
        return Base.bindings["collect"](tuple([unthunked(v) for v in _parts(a)]))

    @module.method("backing(x)", export=False)
    def backing(x: Any) -> Any:
        """The parts of a tangent, or of a value of the user's: a tuple, named tuple or dictionary."""
        if isinstance(x, Tangent):
            return x.backing
        if isinstance(x, Struct):
            return V.NamedTuple(tuple(x.fields), tuple([getattr(x, f) for f in x.fields]))
        return x

    @module.method("canonicalize(x)", export=False)
    def canonicalize(x: Any) -> Any:
        """A tangent with all fields of its value, in order."""
        names = names_of(x.of) if isinstance(x, Tangent) else ()
        if not names or not isinstance(x.backing, V.NamedTuple):
            return x
        if not set(x.backing.names) <= set(names):
            raise ArgumentError(
                f"Tangent fields do not match primal fields.\nTangent fields: {x.backing.names}. Primal ({T.type_string(x.of)}) fields: {names}"
            )
        return type(x)(x.of, V.NamedTuple(names, tuple([part(x, n) for n in names])))

    @module.method("unthunk(x)", transparent=True)
    def unthunk(x: Any) -> Any:
        """A tangent with what was put off computed."""
        return unthunked(x)

    module.method("add!!(a, b)", transparent=True, export=False)(add)
