"""The broadcasting interface: `BroadcastStyle`, `broadcastable`, `Broadcasted`, `broadcast`, `broadcast!`.

Dotted calls on native values are evaluated in `runtime.broadcast`.  Where a value of a user's type
takes part, its style decides as in Julia: which container the result gets (`similar`), or how the
whole call is done (`broadcasted`, `copy`, `copyto!`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import array_parameters, dense, eltype_of, is_array, shape_of
from juliette.base.indexing import SETINDEX, canonical_position
from juliette.base.views import materialize_into
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements, make
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, DimensionMismatch, MethodError
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.structs import Struct

Broadcast = Module("Broadcast", Base)
Broadcast.visible.update({"__builtins__": {}})
Broadcast.bindings["__builtins__"] = Base.bindings
Base.const("Broadcast", Broadcast, export=False)
Base.exports.add("Broadcast")


def name(key: str, value: Any, public: bool = False) -> None:
    """A name of the module Broadcast, which Base knows as well."""
    Broadcast.const(key, value)
    Base.const(key, value, export=public)


# ---------------------------------------------------------------- styles


class Style:
    """An instance of a broadcast style; equal to all others of its type."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


def _style_class(t: Any) -> type:
    return type(T.type_string(t), (Style,), {"__slots__": (), "julia_type": t, "fields": ()})


def style_type(key: str, parent: Any, params: tuple[T.TypeVar, ...] = (), abstract: bool = False) -> Any:
    """Define a type of styles."""
    t = T.define(key, parent, params, abstract=abstract, module=Broadcast)
    if not abstract:
        T.unwrap(t).typename.make_class = _style_class
        support._builtin(constructors(t), T.tuple_type([T.type_of_type(t)]) if not params else T.tuple_type([T.Type_]),
                         lambda s: s.pyclass(), ())
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
    return T.apply_type(DefaultArrayStyle, n).pyclass()  # type: ignore[no-any-return]


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
    return isinstance(T.typeof(style), T.DataType) and T.typeof(style).typename is T.unwrap(DefaultArrayStyle).typename


def winner(a: Any, b: Any) -> Any:
    """The style of values of two styles together."""
    if type(a) is type(b):
        return a
    for x, y in ((a, b), (b, a)):
        found = BroadcastStyle(x, y)
        if found is not UNKNOWN and T.typeof(found) is not Unknown:
            return found
    m, n = dimension(a), dimension(b)
    if is_default(a) and is_default(b):
        return default_style(max(m, n))
    if is_default(b) and m is not None or n is None:
        a, b, m, n = b, a, n, m
    if is_default(a) or m is None:
        if not isinstance(n, int) or m is None or n >= m:
            return b
        from juliette.base.essentials import Val

        return T.CONSTRUCT(T.typeof(b), (Val(max(m, n)),), {})
    return ArrayConflict.pyclass()


# ---------------------------------------------------------------- what may be broadcast


@Base.method("broadcastable(x)", export=False)
def broadcastable(x: Any) -> Any:
    """What stands for a value in a dotted call: a collection, or a `Ref` that holds it as a scalar.

    ```jldoctest
    julia> Base.broadcastable([1, 2])
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if is_array(x) or type(x) is tuple or isinstance(x, (V.Ref, B.Broadcasted)):
        return x
    if isinstance(x, (V.JuliaDict, V.NamedTuple)):
        raise ArgumentError("broadcasting over dictionaries and `NamedTuple`s is reserved")
    if isinstance(x, Struct) and not T.subtype(T.typeof(x), T.Number):
        return Base.bindings["collect"](x)
    return V.Ref(x)


BROADCASTABLE = Base.bindings["broadcastable"]
Broadcast.const("broadcastable", BROADCASTABLE)

# ---------------------------------------------------------------- the unevaluated call

Broadcasted_ = T.define("Broadcasted", T.Any_, [T.TypeVar(k) for k in ("Style", "Axes", "F", "Args")], module=Broadcast)
_family = T.unwrap(Broadcasted_).typename
_family.fields = ("style", "f", "args", "axes")
_family.field_types = (T.Any_,) * 4
name("Broadcasted", Broadcasted_)


def type_of_tree(tree: Any) -> Any:
    kinds = T.tuple_type(map(T.typeof, tree.args))
    axes = T.tuple_type(map(T.typeof, tree.axes))
    return T.apply_type(Broadcasted_, T.typeof(style_of(tree)), axes, T.typeof(tree.function), kinds)


T.register_instances(B.Broadcasted, type_of_tree, Broadcasted_)


def style_of(x: Any) -> Any:
    """The style of a leaf or of a whole tree."""
    if isinstance(x, B.Broadcasted):
        found = getattr(x, "style", None)
        if found is None:
            found = default_style(0)
            for a in x.args:
                found = winner(found, style_of(a))
            x.style = found
        return found
    return BroadcastStyle(T.typeof(x))


def tree_shape(x: Any) -> tuple[int, ...]:
    """The size of what a tree gives."""
    if isinstance(x, B.Broadcasted):
        return B.common_shape([tree_shape(a) for a in x.args])
    if type(x) is tuple:
        return (len(x),)
    return tuple(shape_of(x)) if is_array(x) else ()


B.Broadcasted.f = property(lambda tree: tree.function)  # type: ignore[attr-defined]
B.Broadcasted.axes = property(lambda tree: tuple(V.OneTo(n) for n in tree_shape(tree)))  # type: ignore[attr-defined]

Broadcast.const("broadcasted", B.BROADCASTED)
Base.const("broadcasted", B.BROADCASTED, export=False)


@Base.method("broadcasted(f, args...)", export=False)
def broadcasted_call(f: Any, *args: Any) -> Any:
    """`f.(args...)`, not evaluated yet."""
    ready = tuple(map(BROADCASTABLE, args))
    style = default_style(0)
    for a in ready:
        style = winner(style, style_of(a))
    return B.BROADCASTED(style, f, *ready)


@Base.method("broadcasted(style::Base.BroadcastStyle, f, args...)", export=False)
def broadcasted_with_style(style: Any, f: Any, *args: Any) -> Any:
    """The node of the tree; extend it to do a dotted call at once, or otherwise."""
    tree = B.Broadcasted(f, args, True)
    tree.style = style
    return tree


B.CUSTOM_CALL = lambda f, args: B.BROADCASTED(f, *args)


@Base.method("axes(bc::Base.Broadcast.Broadcasted)")
def axes_of_tree(tree: Any) -> Any:
    return tree.axes


@Base.method("size(bc::Base.Broadcast.Broadcasted)")
def size_of_tree(tree: Any) -> Any:
    return tree_shape(tree)


@Base.method("length(bc::Base.Broadcast.Broadcasted)")
def length_of_tree(tree: Any) -> int:
    return int(np.prod(tree_shape(tree), dtype=int))


@Base.method("ndims(bc::Base.Broadcast.Broadcasted)")
def ndims_of_tree(tree: Any) -> int:
    return len(tree_shape(tree))


@Base.method("eltype(bc::Base.Broadcast.Broadcasted)")
def eltype_of_tree(tree: Any) -> Any:
    out = native(tree)
    return Base.bindings["eltype"](out)


@Base.method("getindex(bc::Base.Broadcast.Broadcasted, i...)")
def element_of_tree(tree: Any, *i: Any) -> Any:
    out = native(tree)
    return Base.bindings["getindex"](out, *i)


# ---------------------------------------------------------------- evaluation


def native(tree: Any) -> Any:
    """The value of a tree, in native containers whatever its style."""
    return B.finish(B.evaluate(plain(tree)), tree)


def plain(x: Any) -> Any:
    """A tree whose leaves numpy and tuples understand."""
    if isinstance(x, B.Broadcasted):
        return B.Broadcasted(x.function, tuple(map(plain, x.args)))
    if isinstance(x, Struct) and is_array(x):
        return make(dense(x), eltype_of(x))
    return x if not isinstance(x, Struct) else V.Ref(x)


def custom_value(tree: Any) -> Any:
    """The value of a tree with values of users' types: by the style's own `copy`, or by the one here."""
    if TRACED() and not is_user_style(style_of(tree)):
        return B.TRACED(plain(tree))
    return COPY(tree)


def TRACED() -> bool:  # noqa: N802 (reads like the flag it asks for)
    return bool(B.TRACE.depth) and B.TRACED is not None


def is_user_style(style: Any) -> bool:
    """Is it none of the styles of Base (for which the result is an Array or a tuple)?"""
    return not (is_default(style) or style == TUPLE_STYLE or style == UNKNOWN or isinstance(style, ArrayConflict.pyclass))


B.CUSTOM_VALUE = custom_value


@Base.method("copy(bc::Base.Broadcast.Broadcasted)")
def copy_tree(tree: Any) -> Any:
    """Evaluate a dotted call into the container that its style asks for."""
    style = style_of(tree)
    out = native(tree)
    if not is_user_style(style) or not is_array(out):
        return out
    dest = Base.bindings["similar"](tree, eltype_of(out))
    copyto = Base.bindings["copyto!"]
    if any(m.code is not None and T.match(T.tuple_type([T.typeof(dest), T.typeof(tree)]), m.signature) is not None for m in copyto.methods):
        return copyto(dest, tree)
    return store(dest, out)


COPY = Base.bindings["copy"]


@Base.method("similar(bc::Base.Broadcast.Broadcasted, t::Type)")
def similar_tree(tree: Any, t: Any) -> Any:
    """The container for the result of a dotted call; extend it for styles of your own."""
    return Base.bindings["similar"](T.apply_type(T.Array_, t), tree_shape(tree))


@Base.method("similar(bc::Base.Broadcast.Broadcasted, t::Type, dims)")
def similar_tree_dims(tree: Any, t: Any, dims: Any) -> Any:
    return Base.bindings["similar"](T.apply_type(T.Array_, t), dims)


@Base.method("copyto!(dest::AbstractArray, bc::Base.Broadcast.Broadcasted)")
def copyto_tree(dest: Any, tree: Any) -> Any:
    return store(dest, native(tree))


def store(dest: Any, value: Any) -> Any:
    """Put the elements of a result into an array, one by one."""
    shape = shape_of(dest)
    source = dense(value) if is_array(value) else None
    if source is not None and source.shape != shape:
        if any(m not in (1, n) for m, n in zip(source.shape, shape, strict=False)) or source.ndim > len(shape):
            raise DimensionMismatch("array could not be broadcast to match destination")
        source = np.broadcast_to(B.align(source, len(shape)), shape)
    values = elements(source) if source is not None else [value] * int(np.prod(shape, dtype=int))
    for i, v in enumerate(values):
        SETINDEX(dest, v, *canonical_position(dest, i, shape))
    return dest


def into_user(dest: Any, tree: Any) -> Any:
    """`dest .= tree` where `dest` is a user's array, or no array at all."""
    if not is_array(dest):
        if not isinstance(tree, B.Broadcasted):
            tree = B.Broadcasted(Base.bindings["identity"], (tree,))
        raise MethodError(Base.bindings["copyto!"], (dest, tree), None)
    if isinstance(tree, B.Broadcasted):
        return Base.bindings["copyto!"](dest, tree) if B.BROADCASTED.user_methods or tree.custom else store(dest, native(tree))
    return store(dest, tree)


Base.bindings["%materialize_user!"] = into_user


@Base.method("materialize(x)", export=False)
def materialize(x: Any) -> Any:
    """The value of an unevaluated dotted call.

    ```jldoctest
    julia> Base.materialize(Base.broadcasted(+, [1, 2], 1))
    2-element Vector{Int64}:
     2
     3
    ```
    """
    return B.materialize(x)


@Base.method("instantiate(x)", export=False)
def instantiate(x: Any) -> Any:
    """An unevaluated dotted call whose shapes have been checked."""
    if isinstance(x, B.Broadcasted):
        tree_shape(x)
    return x


for _key in ("materialize", "instantiate"):
    Broadcast.const(_key, Base.bindings[_key])


@Base.method("broadcast(f, xs...)", transparent=True)
def broadcast(f: Any, *xs: Any) -> Any:
    """`f.(xs...)`

    ```jldoctest
    julia> broadcast(+, [1, 2], [10 20])
    2×2 Matrix{Int64}:
     11  21
     12  22
    ```
    """
    return B.materialize(B.broadcasted(f, *xs))


@Base.method("broadcast!(f, dest, xs...)", transparent=True)
def broadcast_into(f: Any, dest: Any, *xs: Any) -> Any:
    """`dest .= f.(xs...)`

    ```jldoctest
    julia> broadcast!(+, zeros(2), [1, 2], 10)
    2-element Vector{Float64}:
     11.0
     12.0
    ```
    """
    return materialize_into(dest, B.broadcasted(f, *xs))


for _key in ("broadcast", "broadcast!"):
    Broadcast.const(_key, Base.bindings[_key])


class BroadcastFunction:
    """`.f` as a value: broadcasts when called."""

    __slots__ = ("f",)
    fields = ("f",)

    def __init__(self, f: Any) -> None:
        self.f = f

    def __call__(self, *args: Any) -> Any:
        return B.materialize(B.broadcasted(self.f, *args))


BroadcastFunction_ = T.define("BroadcastFunction", T.Function_, [T.TypeVar("F")], module=Broadcast)
T.unwrap(BroadcastFunction_).typename.fields = ("f",)
T.unwrap(BroadcastFunction_).typename.field_types = (T.Any_,)
T.register_instances(BroadcastFunction, lambda b: T.apply_type(BroadcastFunction_, T.typeof(b.f)), BroadcastFunction_)
support._builtin(constructors(BroadcastFunction_), T.tuple_type([T.Type_, T.Any_]), lambda _, f: BroadcastFunction(f), ("f",))
name("BroadcastFunction", BroadcastFunction_)
assert isinstance(B.BROADCASTED, GenericFunction)

support.HELPERS["%broadcast_function"] = BroadcastFunction
support.HELPERS["%andand"] = lambda a, b: a and b
support.HELPERS["%oror"] = lambda a, b: a or b

from juliette.base import lanes  # noqa: E402

assert lanes
