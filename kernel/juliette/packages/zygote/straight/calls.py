"""What becomes of calls of functions that are not written in Julia, of layers, types and helpers of the runtime.

Numbers, dotted calls and whole arrays have modules of their own; everything that is not known there is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from juliette.base.fields import PROPERTIES
from juliette.base.randomness import default_rng
from juliette.compiler.closures import ClosureBase
from juliette.packages.zygote.straight.arrays import ARRAYS, stacked
from juliette.packages.zygote.straight.dots import lane_call
from juliette.packages.zygote.straight.items import NUMBERS, Refuse
from juliette.packages.zygote.straight.iteration import Zipped, items_of, known_items
from juliette.packages.zygote.straight.numbers import number_call
from juliette.packages.zygote.straight.terms import (
    CONTAINERS,
    PURE,
    floats,
    implementation,
    is_number,
    passive,
    plain_call,
    text_of,
)
from juliette.packages.zygote.straight.values import Const, Lane, Record, Tup, Turned
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol

# ---------------------------------------------------------------- functions


# How functions of other packages are found: f(function) -> f(walk, function, args, kwargs), or None.
FINDERS: list[Callable[[Any], Any]] = []
# Functions of other packages that look at values without gradients, too, by name: f(walk, function, args).
NAMED: dict[str, Callable[..., Any]] = {}
# Layers: by the class of the struct's host, f(walk, layer, args).
LAYERS: dict[type, Callable[..., Any]] = {}


# Functions of arrays that take `dims`.
WITH_DIMS = ("sum", "mean", "cat", "dropdims")


def builtin(walk: Any, function: Any, method: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a method that is not written in Julia."""
    name = function.name
    named = NAMED.get(name)
    if named is not None and not kwargs:
        found = named(walk, function, args)
        if found is not None:
            return found
    active = any(a.active for a in args) or any(a.active for a in kwargs.values())
    for find in FINDERS:
        special = find(function)
        if special is not None and active:
            found = special(walk, function, args, kwargs)
            if found is not None:
                return found
    if not active and not any(map(turns, args)):
        return outright(walk, function, args, kwargs)
    if any(type(a) is Lane for a in args) and not kwargs:
        return lane_call(walk, function, args)
    if active and all(map(is_number, args)) and not kwargs:
        return number_call(walk, function, args)
    rule = ARRAYS.get(name)
    if rule is not None and args and not method.rule and (not kwargs or name in WITH_DIMS):
        found = rule(walk, function, args, **kwargs)
        if found is not None:
            return found
    if not active:
        return outright(walk, function, args, kwargs)
    raise Refuse(f"{name} of {', '.join(type(a.example).__name__ for a in args)}")


def outright(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a function without effects on values that carry no gradient."""
    name = function.name
    if name in DRAWS and not kwargs and all(passive(a, True) for a in args):
        return drawn(walk, function, args)
    if (
        name in PURE
        and all(passive(a, name in CONTAINERS) for a in args)
        and all(map(passive, kwargs.values()))
    ):
        return plain_call(walk, function, args, kwargs)
    rule = ARRAYS.get(name)
    found = rule(walk, function, args) if rule is not None and args and not kwargs else None
    if found is not None:
        return found
    raise Refuse(f"{name} of {', '.join(type(a.example).__name__ for a in args)}")


# Functions that draw from the generator that everybody uses; those with a generator of their own are refused.
DRAWS = frozenset(("rand", "randn", "rand32", "randn32"))


def drawn(walk: Any, function: Any, args: list[Any]) -> Any:
    """Random numbers; what the example has drawn is put back."""
    with unchanged_randomness():
        example = function(*[a.example for a in args])
    walk.flow.draws = True
    text = f"{implementation(walk, function, args)}({', '.join([text_of(walk, a) for a in args])})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)


@contextmanager
def unchanged_randomness() -> Iterator[None]:
    """Put the generator back to where it was."""
    rng = default_rng()
    state = rng.state
    try:
        yield
    finally:
        rng.set_state(*state)


def turns(x: Any) -> bool:
    """Is a value an array of floats, or the transpose of one?"""
    return type(x) is Turned or floats(x)


def layer(walk: Any, f: Record, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a layer."""
    host = getattr(type(f.example), "host", None)
    rule = LAYERS.get(host)  # type: ignore[arg-type]
    if rule is None or kwargs:
        raise Refuse(f"a call of a {type(f.example).__name__}")
    found = rule(walk, f, args)
    if found is None:
        raise Refuse(f"a {type(f.example).__name__} like this")
    return found


def constructor(walk: Any, t: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a type: numbers are converted, if they carry no gradient."""
    if (
        kwargs
        or t not in (T.Float64, T.Float32, T.Int64, T.Bool)
        or len(args) != 1
        or not is_number(args[0])
    ):
        raise Refuse(f"the constructor {T.type_string(t)}")
    if args[0].active:
        if type(T.CONSTRUCT(t, (args[0].example,), {})) is type(args[0].example):
            return args[0]
        raise Refuse("a conversion of a number")
    from juliette.runtime.modules import constructors

    table = constructors(t)
    if table.user_methods:
        raise Refuse("a constructor of the user's own")
    example = T.CONSTRUCT(t, (args[0].example,), {})
    if type(args[0]) is Const:
        return Const(example)
    return walk.opener.open(
        f"construct({walk.flow.hold(t)}, ({args[0].name},), {{}})",
        example,
        False,
        walk.flow.region,
        varies=True,
    )


# ---------------------------------------------------------------- structure


def field(walk: Any, x: Any, name: str) -> Any:
    """`x.name`"""
    if type(x) is Const and isinstance(x.example, Module):
        module = x.example
        value = module.get(name)
        if name in module.consts and isinstance(
            value, (GenericFunction, T.JuliaType, Module, *NUMBERS)
        ):
            return Const(value)
        raise Refuse(f"{module.name}.{name}")
    if type(x) is Tup and x.names is not None and name in x.names:
        return x.items[x.names.index(name)]
    if type(x) is Record:
        value = x.example
        if isinstance(value, V.NamedTuple) and name in value.names:
            return x.part(value.names.index(name))
        properties = Base.get("getproperty")
        walk.rests_on.append((properties, None))
        types = (T.typeof(value), T.typeof(Symbol(name)))
        rule = properties.traced_rule
        own = (rule is not None and rule(types) is not None) or properties.user_matches(types)
        if isinstance(value, (Struct, ClosureBase)) and not own and type(value) not in PROPERTIES:
            return x.part(name)
    raise Refuse(f"the field {name}")


def _getindex_tuple(walk: Any, args: list[Any]) -> Any:
    if len(args) != 2 or type(args[1]) is not Const:
        return None
    x, i = args[0], args[1].example
    if type(x) is Tup or (
        type(x) is Record and (type(x.example) is tuple or isinstance(x.example, V.NamedTuple))
    ):
        names = x.names if type(x) is Tup else getattr(x.example, "names", None)
        if isinstance(i, Symbol) and names is not None and i.name in names:
            i = names.index(i.name) + 1
        n = len(x.items) if type(x) is Tup else len(getattr(x.example, "values", x.example))
        if type(i) is int and 0 < i <= n:
            return x.items[i - 1] if isinstance(x, Tup) else x.part(i - 1)
    return None


def _length_of(walk: Any, args: list[Any]) -> Any:
    return Const(len(args[0].items)) if len(args) == 1 and type(args[0]) is Tup else None


def _tuple_item(walk: Any, args: list[Any]) -> Any:
    return items_of(args[0])[args[1].example]


def _destructured(walk: Any, args: list[Any]) -> Any:
    x, n, slurp = args
    if slurp.example >= 0:
        raise Refuse("a, b... = x")
    items = items_of(x)
    if len(items) < n.example:
        raise Refuse("too few items")
    return Tup(items[: n.example])


def _sum_of_items(walk: Any, args: list[Any]) -> Any:
    """The sum of the items of a tuple or a vector of layers, or of what a function makes of them."""
    items = (
        known_items(args[-1]) if args and not (type(args[-1]) is Tup and args[-1].names) else None
    )
    if not items or len(args) > 2:
        return None
    out: Any = None
    for x in items:
        value = walk.call(args[0], [x]) if len(args) == 2 else x
        out = value if out is None else walk.call(Const(Base.get("+")), [out, value])
    return out


STRUCTURAL: dict[Any, Callable[..., Any]] = {
    Base.get("getindex"): _getindex_tuple,
    Base.get("tuple"): lambda walk, args: Tup(args),
    Base.get("length"): _length_of,
    Base.get("identity"): lambda walk, args: args[0] if len(args) == 1 else None,
    Base.get("sum"): _sum_of_items,
    Base.get("zip"): lambda walk, args: Zipped(args) if args else None,
    Base.get("enumerate"): lambda walk, args: Zipped([None, *args]) if len(args) == 1 else None,
}
# Helpers of the runtime: the function of Base that they are, or what becomes of them.
RUNTIME: dict[str, Any] = {
    "getindex": "getindex",
    "adjoint": "adjoint",
    "tuple_item": _tuple_item,
    "destructure": _destructured,
    "Any": lambda walk, args: Const(T.Any_),
    "vect": stacked,
    "vcat": "vcat",
    "hcat": "hcat",
}
