"""Broadcast styles: which container a dotted call gets, as `BroadcastStyle` of its arguments decides."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from juliette.base.array_protocol import (
    array_parameters,
)
from juliette.base.essentials import members_constructor
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import (
    DimensionMismatch,
    ErrorException,
)
from juliette.runtime.modules import Base, Module

Broadcast = Module("Broadcast", Base)
Broadcast.visible = Broadcast.bindings["__builtins__"] = Base.bindings
Base.const("Broadcast", Broadcast, export=False)
Base.exports.add("Broadcast")


def name(key: str, value: Any, public: bool = False) -> None:
    """A name of the module Broadcast, which Base knows as well."""
    Broadcast.const(key, value)
    Base.const(key, value, export=public)


class Style:
    """An instance of a broadcast style; equal to all others of its type."""

    __slots__ = ()
    value_fields = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


def _style_class(t: Any) -> type:
    return type(T.type_string(t), (Style,), {"__slots__": (), "julia_type": t, "fields": ()})


def style_type(
    key: str, parent: Any, params: tuple[T.TypeVar, ...] = (), abstract: bool = False
) -> Any:
    """Define a type of styles."""
    t = T.define(key, parent, params, abstract=abstract, module=Broadcast)
    if not abstract:
        T.unwrap(t).typename.make_class = _style_class
        members_constructor(t, (), lambda s: s.pyclass(), ())
    name(key, t)
    return t


BroadcastStyle = style_type("BroadcastStyle", T.Any_, abstract=True)
Base.exports.discard("BroadcastStyle")
_n, _m, _a, _c = (T.TypeVar(k) for k in ("N", "N", "A", "C"))
AbstractArrayStyle = style_type("AbstractArrayStyle", BroadcastStyle, (_n,), abstract=True)
DefaultArrayStyle = style_type("DefaultArrayStyle", T.apply_type(AbstractArrayStyle, _m), (_m,))
ArrayStyle = style_type("ArrayStyle", T.apply_type(AbstractArrayStyle, T.Any_), (_a,))
TupleStyle_ = style_type("Style", BroadcastStyle, (_c,))
Unknown = style_type("Unknown", BroadcastStyle)
ArrayConflict = style_type("ArrayConflict", T.apply_type(AbstractArrayStyle, T.Any_))


def default_style(n: int) -> Style:
    """`DefaultArrayStyle{n}()`"""
    return T.apply_type(DefaultArrayStyle, n).pyclass()


TUPLE_STYLE = T.apply_type(TupleStyle_, T.Tuple_).pyclass()
UNKNOWN = Unknown.pyclass()


@Base.method("BroadcastStyle(t::Type)")
def style_of_type(_: Any, t: Any) -> Any:
    """The style of a type in dotted calls; extend it for your own.

    ```jldoctest
    julia> Base.BroadcastStyle(Vector{Int})
    Base.Broadcast.DefaultArrayStyle{1}()
    ```
    """
    if T.subtype(t, T.AbstractArray):
        n = array_parameters(t)[1]
        return default_style(n if isinstance(n, int) else 1)
    if T.subtype(t, T.Tuple_):
        return TUPLE_STYLE
    return default_style(0)


@Base.method("BroadcastStyle(a::Base.BroadcastStyle, b::Base.BroadcastStyle)")
def combined(_: Any, a: Any, b: Any) -> Any:
    """Which of two styles wins; extend it for pairs of your own."""
    return UNKNOWN


@Base.method("DefaultArrayStyle(::Val{N}) where N", static=True)
def default_of_dimension(n: int, *_: Any) -> Any:
    return default_style(n)


def dimension(style: Any) -> Any:
    """The N of an `AbstractArrayStyle{N}`; None for other styles."""
    goal = T.unwrap(AbstractArrayStyle).typename
    for s in T.supertypes(T.typeof(style)):
        if isinstance(s, T.DataType) and s.typename is goal:
            return s.parameters[0]
    return None


def is_default(style: Any) -> bool:
    return (
        isinstance(T.typeof(style), T.DataType)
        and T.typeof(style).typename is T.unwrap(DefaultArrayStyle).typename
    )


def winner(a: Any, b: Any) -> Any:
    """The style of values of two styles together."""
    if type(a) is type(b):
        return a
    ways = [BroadcastStyle(x, y) for x, y in ((a, b), (b, a))]
    known = [s for s in ways if T.typeof(s) is not Unknown]
    if len(known) == 2 and T.typeof(known[0]) is not T.typeof(known[1]):
        raise conflict(a, b, *known)
    if known:
        return known[0]
    m, n = dimension(a), dimension(b)
    if is_default(a) and is_default(b):
        return default_style(max(m, n))
    for x, y, k in ((a, b, n), (b, a, m)):
        if x == TUPLE_STYLE and k is not None:
            return x if k == 0 else y
    if (is_default(b) and m is not None) or n is None:
        a, b, m, n = b, a, n, m
    if is_default(a) or m is None:
        if not isinstance(n, int) or m is None or n >= m:
            return b
        from juliette.base.essentials import Val

        return T.CONSTRUCT(T.typeof(b), (Val(max(m, n)),), {})
    return ArrayConflict.pyclass()


def conflict(a: Any, b: Any, first: Any, second: Any) -> Exception:
    """The error for two rules that contradict each other."""
    text = Base.bindings["repr"]
    one, other = (
        f"BroadcastStyle(::{T.type_string(T.typeof(a))}, ::{T.type_string(T.typeof(b))})",
        (f"BroadcastStyle(::{T.type_string(T.typeof(b))}, ::{T.type_string(T.typeof(a))})"),
    )
    return ErrorException(f"""
conflicting broadcast rules defined
  Broadcast.{one} = {text(first)}
  Broadcast.{other} = {text(second)}
One of these should be undefined (and thus return Broadcast.Unknown).""")


@Base.method("result_style(a::Base.BroadcastStyle, b::Base.BroadcastStyle=a)", export=False)
def result_style(a: Any, b: Any = None) -> Any:
    """The style of two styles together.

    ```jldoctest
    julia> Broadcast.result_style(Broadcast.DefaultArrayStyle{0}(), Broadcast.DefaultArrayStyle{3}())
    Base.Broadcast.DefaultArrayStyle{3}()
    ```
    """
    return a if b is None else winner(a, b)


@Base.method("combine_styles(xs...)", export=False)
def combine_styles(*xs: Any) -> Any:
    """The style of values together.

    ```jldoctest
    julia> Broadcast.combine_styles([1], [1 2; 3 4])
    Base.Broadcast.DefaultArrayStyle{2}()
    ```
    """
    return together(xs)


def together(xs: Iterable[Any]) -> Any:
    """The style of all values in a dotted call."""
    styles = list(map(style_of, xs))
    return functools.reduce(winner, styles) if styles else default_style(0)


@Base.method("broadcast_shape(shapes...)", export=False)
def broadcast_shape(*shapes: Any) -> Any:
    """The axes of a dotted call on arrays of these axes.

    ```jldoctest
    julia> Broadcast.broadcast_shape((1:2,), (1:2, 1:3))
    (1:2, 1:3)
    ```
    """
    n, length = max(map(len, shapes), default=0), Base.bindings["length"]
    first = Base.bindings["first"]
    B.common_shape([tuple(length(axis) for axis in s) for s in shapes])
    out = []
    for d in range(n):
        candidates = [s[d] for s in shapes if d < len(s)]
        axis = next((axis for axis in candidates if length(axis) != 1), candidates[0])
        if not isinstance(axis, V.OneTo) or length(axis) != 1:
            for other in candidates:
                if length(other) != 1 and first(other) != first(axis):
                    raise DimensionMismatch(
                        "arrays could not be broadcast to a common size; "
                        f"got a dimension with lengths {length(axis)} and {length(other)}"
                    )
        out.append(axis)
    return tuple(out)


@Base.method("combine_axes(xs...)", export=False)
def combine_axes(*xs: Any) -> Any:
    """The axes of a dotted call on these values."""
    return broadcast_shape(*[Base.bindings["axes"](x) for x in xs])


@Base.method("combine_eltypes(f, xs::Tuple)", export=False)
def combine_eltypes(f: Any, xs: Any) -> Any:
    """The inferred element type of `f.(xs...)`."""
    return B.ELEMENT_TYPE(f, tuple(map(B.empty_type, xs)))


def style_of(x: Any) -> Any:
    """The style of a leaf or of a whole tree."""
    if isinstance(x, V.Ref):
        return default_style(0)
    if isinstance(x, B.Broadcasted):
        found = getattr(x, "style", None)
        if found is None:
            found = x.style = together(x.args)
        return found
    return BroadcastStyle(T.typeof(x))
