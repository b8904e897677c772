"""Promotion: the common type of a pair of types, and `promote`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.broadcast import typejoin
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    CORE_REAL,
    FLOATS,
    MAKER,
    ORDER,
    BigFloat_,
    BigInt_,
    Complex_,
    Int128_,
    Rational_,
    UInt128_,
    is_number,
    to_number,
    wrap_to,
)

np.seterr(all="ignore")
# What a broadcast may call on whole arrays instead of a function on each element.

# Unions for the headers of methods, and loops over their members; `Base.BitInteger`,
# `Base.BitInteger_types` and their like, and `Base.IEEEFloat` are Julia's own.
_BIT_SIGNED = (T.Int8, T.Int16, T.Int32, T.Int64, Int128_)
_BIT_UNSIGNED = (T.UInt8, T.UInt16, T.UInt32, T.UInt64, UInt128_)
for _name, _members in (
    ("BitSigned", _BIT_SIGNED),
    ("BitUnsigned", _BIT_UNSIGNED),
    ("BitInteger", _BIT_SIGNED + _BIT_UNSIGNED),
):
    Base.const(_name, T.union(*_members), export=False)
    Base.const(f"{_name}_types", _members, export=False)
Base.const("IEEEFloat", T.union(*FLOATS), export=False)
Base.const("CoreInteger", T.union(*ORDER), export=False)
Base.const("CoreFloat", T.union(*FLOATS, BigFloat_), export=False)
Base.const("CoreReal", T.union(*CORE_REAL), export=False)

_ORDER = {t: i for i, t in enumerate(ORDER)}
_FLOAT_ORDER = {t: i for i, t in enumerate((*FLOATS, BigFloat_))}
_RATIONAL, _COMPLEX, _ARRAY = (T.unwrap(t).typename for t in (Rational_, Complex_, T.Array_))


@Base.method("promote_rule(a::Type, b::Type)", transparent=True)
def promote_rule(a: Any, b: Any) -> Any:
    """The type for a pair of types; extend it for your own numbers."""
    return built_in_rule(a, b)


def built_in_rule(a: Any, b: Any) -> Any:
    """The rule for a pair of Base's own types, in this order; `Union{}` if there is none."""
    if a in _ORDER:
        if b in _ORDER:
            return a if _ORDER[a] > _ORDER[b] else b
        return T.Bottom
    if a in _FLOAT_ORDER:
        if b in _FLOAT_ORDER:
            return a if _FLOAT_ORDER[a] > _FLOAT_ORDER[b] else b
        if b in _ORDER:
            return BigFloat_ if b is BigInt_ else a
        if T.subtype(b, T.AbstractIrrational):
            return a
        if _family(b) is _RATIONAL:
            return promote_type(a, b.parameters[0])
        return T.Bottom
    if isinstance(a, T.UnionType):
        absent = [t for t in a.types if t is T.Nothing or t is V.Missing_]
        return (
            T.union(promote_type(T.union(*(t for t in a.types if t not in absent)), b), *absent)
            if absent
            else T.Bottom
        )
    if not isinstance(a, T.DataType) or a.has_free:
        return T.Bottom
    if a.typename is _RATIONAL:
        if b in _ORDER:
            return T.apply_type(Rational_, promote_type(a.parameters[0], b))
        if _family(b) is _RATIONAL:
            return T.apply_type(Rational_, promote_type(a.parameters[0], b.parameters[0]))
    elif a.typename is _COMPLEX:
        if _family(b) is _COMPLEX:
            return T.apply_type(Complex_, promote_type(a.parameters[0], b.parameters[0]))
        if T.subtype(b, T.Real) and T.is_concrete(b):
            return T.apply_type(Complex_, promote_type(a.parameters[0], b))
    elif T.subtype(a, T.AbstractIrrational):
        if T.subtype(b, T.AbstractIrrational):
            return T.Float64
        if b in _ORDER or _family(b) is _RATIONAL:
            return promote_type(T.Float64, b)
    elif a.typename is _ARRAY and _family(b) is _ARRAY and a.parameters[1] == b.parameters[1]:
        element = promote_type(a.parameters[0], b.parameters[0])
        return (
            a if element == a.parameters[0] else b if element == b.parameters[0] else typejoin(a, b)
        )
    elif a.typename in RANGES and _family(b) in RANGES:
        return RANGE_RULE(a, b)
    elif a is V.Missing_ or a is T.Nothing:
        return T.union(a, b)
    return T.Bottom


# The chapter on ranges has the rule for pairs of theirs.
RANGES: frozenset[Any] = frozenset()
RANGE_RULE: Any = None


def set_range_rule(families: frozenset[Any], rule: Any) -> None:
    """Install the rule for pairs of range types."""
    global RANGES, RANGE_RULE
    RANGES, RANGE_RULE = families, rule


def _family(t: Any) -> Any:
    return t.typename if isinstance(t, T.DataType) and not t.has_free else None


_CACHE: dict[tuple[int, int], tuple[Any, Any, Any]] = {}


def promote_type(a: Any, b: Any) -> Any:
    """The type to which values of both types are converted."""
    if a is b:
        return a
    # The types are kept beside the answer, so that their identities stay theirs.
    found = _CACHE.get((id(a), id(b)))
    if found is None:
        rule = RULE
        rule.settle()
        if not _CACHE:
            rule.watchers.append((None, _CACHE.clear))
        found = _CACHE[id(a), id(b)] = (a, b, _promoted_type(a, b, rule))
    return found[2]


def _promoted_type(a: Any, b: Any, rule: GenericFunction) -> Any:
    if a is T.Bottom or b is T.Bottom:
        return b if a is T.Bottom else a
    plain = len(rule.methods) == 1
    first = built_in_rule(a, b) if plain else rule(a, b)
    second = built_in_rule(b, a) if plain else rule(b, a)
    if first is T.Bottom and second is T.Bottom:
        return typejoin(a, b)
    return first if first == second else promote_type(first, second)


RULE: GenericFunction = Base.bindings["promote_rule"]


@Base.method("promote_type(ts::Type...)", transparent=True)
def _promote_type(*ts: Any) -> Any:
    """The common type of several types.

    ```jldoctest
    julia> promote_type(Int8, Float32, Rational{Int})
    Float32
    ```
    """
    out: Any = T.Bottom
    for t in ts:
        out = promote_type(out, t)
    return out


def convert(t: Any, x: Any) -> Any:
    """`convert(t, x)`, directly where both are Base's own numbers."""
    return Base.bindings["convert"](t, x)


@Base.method("promote(xs...)", transparent=True)
def promote(*xs: Any) -> tuple[Any, ...]:
    """The arguments converted to their common type.

    ```jldoctest
    julia> promote(1, 2.5, 3//4)
    (1.0, 2.5, 0.75)
    ```
    """
    types = list(map(T.typeof, xs))
    t = _promote_type(*types)
    out = tuple(x if k is t else convert(t, x) for x, k in zip(xs, types, strict=True))
    if (
        len(xs) > 1
        and any(k is not types[0] for k in types)
        and all(T.typeof(x) is k for x, k in zip(out, types, strict=True))
    ):
        raise ErrorException(f"promotion of types {_listed(types)} failed to change any arguments")
    return out


def _listed(types: list[Any]) -> str:
    names = list(map(T.type_string, types))
    if len(names) == 2:
        return f"{names[0]} and {names[1]}"
    return ", ".join(names[:-1]) + f" and {names[-1]}"


def converter(source: Any, target: Any) -> Callable[[Any], Any] | None:
    """What takes values of one plain real type to another that holds them; None if nothing must be done."""
    if source is target:
        return None
    if target is T.Float64 and source not in (BigInt_, BigFloat_):
        return float
    larger = target is T.Int64 and source in _ORDER and _ORDER[source] < _ORDER[T.Int64]
    if source in _ORDER and (target is BigInt_ or larger):
        return MAKER[target]  # it has a place for every value
    return lambda x: to_number(target, x)


def wrapping_converter(source: Any, target: Any) -> Callable[[Any], Any] | None:
    """As `converter`, but integers are taken modulo the size of the type, as `+ - * & |` do."""
    integers = source in _ORDER and target in BITS and target not in FLOATS
    if integers and target is not source and target is not T.Int64:
        return lambda x: wrap_to(target, x)
    return converter(source, target)


def not_defined(name: str, x: Any) -> ErrorException:
    """Two values of one number type, for which nobody defined the operator."""
    return ErrorException(f"{name} not defined for {T.type_string(T.typeof(x))}")


def promoting(name: str, kind: str) -> None:
    """The method of an operator that brings both arguments to one type first."""

    @Base.method(f"{name}(x::{kind}, y::{kind})", transparent=True)
    def promoted(x: Any, y: Any) -> Any:
        if T.typeof(x) is T.typeof(y) and not is_number(x):
            raise not_defined(name, x)
        return Base.bindings[name](*promote(x, y))


@Base.method("widen(x)", transparent=True)
def widen(x: Any) -> Any:
    """The next larger type, or the value in it.

    ```jldoctest
    julia> widen(Int32), typeof(widen(1.5f0))
    (Int64, Float64)
    ```
    """
    if isinstance(x, V.Char) or x is T.Char_:
        return x
    if isinstance(x, T.JuliaType):
        found = WIDER.get(x)
        if found is None and isinstance(x, T.DataType) and _family(x) in (_RATIONAL, _COMPLEX):
            found = T.apply_type(x.typename.wrapper, widen(x.parameters[0]))
        if found is None:
            raise support_error(x)
        return found
    return convert(widen(T.typeof(x)), x)


def support_error(x: Any) -> Any:
    from juliette.runtime.errors import MethodError

    return MethodError(Base.bindings["widen"], (x,), None)


_INTS = [t for t in ORDER if t is not T.Bool]
WIDER: dict[Any, Any] = {
    BigInt_: BigInt_,
    BigFloat_: BigFloat_,
    T.Float64: BigFloat_,
    T.Float32: T.Float64,
    T.Float16: T.Float32,
    T.Bool: T.Int64,
}
for _i, _t in enumerate(_INTS[:-1]):
    WIDER[_t] = _INTS[_i + 2] if _i + 2 < len(_INTS) - 1 else BigInt_
