"""The broadcasting interface: `BroadcastStyle`, `broadcastable`, `Broadcasted`, `broadcast`, `broadcast!`.

Dotted calls on native values are evaluated in `runtime.broadcast`.  Where a value of a user's type
takes part, its style decides as in Julia: which container the result gets (`similar`), or how the
whole call is done (`broadcasted`, `copy`, `copyto!`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Some of its names are names of Broadcast as well.
from juliette.base import iterator_sizes as iterator_sizes
from juliette.base.array_protocol import (
    dense,
    eltype_of,
    is_array,
    own_axes,
    shape_of,
)
from juliette.base.assigning import SETINDEX
from juliette.base.broadcast_styles import (
    TUPLE_STYLE,
    UNKNOWN,
    ArrayConflict,
    Broadcast,
    combine_axes,
    dimension,
    is_default,
    name,
    style_of,
    together,
)
from juliette.base.cartesian import CartesianIndices
from juliette.base.indexing import canonical_position
from juliette.base.iteration import iterate_value, iterates
from juliette.base.views import dotview, materialize_into
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements, make
from juliette.runtime.errors import (
    ArgumentError,
    DimensionMismatch,
    MethodError,
)
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE

# ---------------------------------------------------------------- what may be broadcast


# What a dotted call takes as it is, besides what has axes.
SCALARS = T.union(T.Number, T.CORE_TYPES["AbstractChar"])


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
    if T.subtype(T.typeof(x), SCALARS):
        return x
    if isinstance(x, (V.JuliaDict, V.NamedTuple)):
        raise ArgumentError("broadcasting over dictionaries and `NamedTuple`s is reserved")
    if has_axes(x):
        return x
    if isinstance(x, (Module, Struct)):
        return Base.bindings["collect"](x)
    # Of a type the reference knows which one: `Ref{Type{Int}}`.
    return V.Ref(x, T.dispatch_type(x)) if isinstance(x, T.JuliaType) else V.Ref(x)


BROADCASTABLE = Base.bindings["broadcastable"]
Broadcast.const("broadcastable", BROADCASTABLE)

# ---------------------------------------------------------------- the unevaluated call

Broadcasted_ = T.define(
    "Broadcasted", T.Any_, [T.TypeVar(k) for k in ("Style", "Axes", "F", "Args")], module=Broadcast
)
_family = T.unwrap(Broadcasted_).typename
_family.fields = ("style", "f", "args", "axes")
_family.field_types = (T.Any_,) * 4
name("Broadcasted", Broadcasted_)


def type_of_tree(tree: Any) -> Any:
    kinds = T.tuple_type(map(T.typeof, tree.args))
    style = style_of(tree)
    axes = (
        T.Nothing
        if dimension(style) is None and style != TUPLE_STYLE
        else T.tuple_type(map(T.typeof, tree.axes))
    )
    return T.apply_type(
        Broadcasted_, T.typeof(style_of(tree)), axes, T.typeof(tree.function), kinds
    )


T.register_instances(B.Broadcasted, type_of_tree, Broadcasted_)


def tree_shape(x: Any) -> tuple[int, ...]:
    """The size of what a tree gives."""
    if isinstance(x, B.Broadcasted):
        return B.common_shape([tree_shape(a) for a in x.args])
    if type(x) is tuple:
        return (len(x),)
    if is_array(x):
        return tuple(shape_of(x))
    return tuple(map(len, Base.bindings["axes"](x))) if has_axes(x) else ()


def has_axes(x: Any) -> bool:
    """Is it of a user's type that is no array, but has axes and elements as one?"""
    return isinstance(x, Struct) and Base.bindings["axes"].user_matches((T.typeof(x),))


B.Broadcasted.f = property(lambda tree: tree.function)  # type: ignore[attr-defined]
B.Broadcasted.axes = property(lambda tree: tree_axes(tree) or tuple(map(V.OneTo, tree_shape(tree))))  # type: ignore[attr-defined]


def tree_axes(tree: Any) -> Any:
    """The axes of what a tree gives, if arrays take part that have other axes than those from 1."""
    leaves = flat_leaves(tree)
    if not any(is_array(x) and own_axes(x) is not None for x in leaves):
        return None
    return combine_axes(*leaves)


Broadcast.const("broadcasted", B.BROADCASTED)
Base.const("broadcasted", B.BROADCASTED, export=False)


@Base.method("broadcasted(f, args...)", export=False)
def broadcasted_call(f: Any, *args: Any) -> Any:
    """`f.(args...)`, not evaluated yet."""
    ready = tuple(map(BROADCASTABLE, args))
    if B.RANGE_OPERATION is not None and any(isinstance(a, V.Range) for a in ready):
        found = B.RANGE_OPERATION(f, ready)
        if found is not None:
            return found
    return B.BROADCASTED(together(ready), f, *ready)


@Base.method("broadcasted(style::Base.BroadcastStyle, f, args...)", export=False)
def broadcasted_with_style(style: Any, f: Any, *args: Any) -> Any:
    """The node of the tree; extend it to do a dotted call at once, or otherwise."""
    tree = B.Broadcasted(f, args, True)
    tree.style = style
    return tree


B.CUSTOM_CALL = lambda f, args: B.BROADCASTED(f, *args)


@Base.method("show(io::IO, bc::Base.Broadcast.Broadcasted)")
def show_tree(io: Any, bc: Any) -> None:
    show = Base.bindings["show"]
    io.write("Base.Broadcast.Broadcasted(")
    show(io, bc.function)
    io.write(", ")
    show(io, bc.args)
    io.write(")")


@Base.method("axes(bc::Base.Broadcast.Broadcasted)")
def axes_of_tree(tree: Any) -> Any:
    return tree.axes


@Base.method("size(bc::Base.Broadcast.Broadcasted)")
def size_of_tree(tree: Any) -> Any:
    return tree_shape(tree)


@Base.method("length(bc::Base.Broadcast.Broadcasted)")
def length_of_tree(tree: Any) -> int:
    return int(np.prod(tree_shape(tree), dtype=int))


support._builtin(
    constructors(Broadcasted_),
    T.tuple_type([T.Type_, T.Any_, T.Tuple_, T.Vararg(T.Any_)]),
    lambda t, f, args, *axes: make_tree(t, f, args),
    ("f", "args", "axes"),
)


def make_tree(t: Any, f: Any, args: tuple[Any, ...]) -> Any:
    """`Broadcasted(f, args)`, or `Broadcasted{Style}(f, args)`"""
    tree = B.Broadcasted(f, args, True)
    style = T.unwrap(t).parameters[0]
    if isinstance(style, T.DataType) and style is not T.Nothing:
        tree.style = T.CONSTRUCT(style, (), {})
    return tree


@Base.method("convert(t::Type{<:Base.Broadcast.Broadcasted}, bc::Base.Broadcast.Broadcasted)")
def with_style(t: Any, tree: Any) -> Any:
    """The same dotted call, in another style."""
    return tree if T.isa(tree, t) else make_tree(t, tree.function, tree.args)


def flat_leaves(x: Any) -> tuple[Any, ...]:
    """The leaves of a tree, from left to right."""
    return (
        tuple(v for a in x.args for v in flat_leaves(a)) if isinstance(x, B.Broadcasted) else (x,)
    )


@Base.method("cat_nested(bc::Base.Broadcast.Broadcasted)", export=False)
def cat_nested(tree: Any) -> Any:
    """The leaves of nested dotted calls, from left to right."""
    return flat_leaves(tree)


@Base.method("flatten(bc::Base.Broadcast.Broadcasted)", export=False)
def flatten_tree(tree: Any) -> Any:
    """Nested dotted calls as one call, of a function of all the leaves.

    ```jldoctest
    julia> bc = Broadcast.flatten(Base.broadcasted(*, Base.broadcasted(+, [1, 2], 3), 10));

    julia> Broadcast.materialize(bc)
    2-element Vector{Int64}:
     40
     50
    ```
    """

    def call(t: Any, values: Any) -> Any:
        return (
            t.function(*[call(a, values) for a in t.args])
            if isinstance(t, B.Broadcasted)
            else next(values)
        )

    if not any(isinstance(a, B.Broadcasted) for a in tree.args):
        return tree
    flat = B.Broadcasted(lambda *xs: call(tree, iter(xs)), flat_leaves(tree), True)
    flat.style = style_of(tree)
    return flat


for _key in (
    "result_style",
    "combine_styles",
    "broadcast_shape",
    "combine_axes",
    "combine_eltypes",
    "flatten",
    "cat_nested",
):
    Broadcast.const(_key, Base.bindings.pop(_key))
for _key in ("axes", "eltype", "similar", "copy", "copyto!", "size", "ndims", "length", "getindex"):
    Broadcast.set(_key, Base.bindings[_key], const=True)


@iterates(B.Broadcasted)
def iterate_tree(tree: Any) -> Any:
    return iterate_value(native(tree))


@Base.method("eachindex(bc::Base.Broadcast.Broadcasted)")
def eachindex_of_tree(tree: Any) -> Any:
    axes = tree.axes
    return axes[0] if len(axes) == 1 else CartesianIndices(axes)


@Base.method("collect(bc::Base.Broadcast.Broadcasted)")
def collect_tree(tree: Any) -> Any:
    return COPY(tree)


@Base.method("axes(bc::Base.Broadcast.Broadcasted, d::Integer)")
def axis_of_tree(tree: Any, d: int) -> Any:
    return tree.axes[d - 1] if d <= len(tree.axes) else V.OneTo(1)


@Base.method("ndims(t::Type{<:Base.Broadcast.Broadcasted})")
def ndims_of_tree_type(t: Any) -> Any:
    axes = T.unwrap(t).parameters[1]
    return (
        len(axes.parameters)
        if isinstance(axes, T.DataType) and axes is not T.Nothing
        else dimension(T.CONSTRUCT(T.unwrap(t).parameters[0], (), {}))
    )


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
    if has_axes(x) and tree_shape(x):
        get, shape = Base.bindings["getindex"], tree_shape(x)
        return B.from_values(
            [get(x, *[i + 1 for i in at[::-1]]) for at in np.ndindex(*shape[::-1])], shape
        )
    if has_axes(x):
        return V.Ref(Base.bindings["getindex"](x))
    return x if not isinstance(x, Struct) else V.Ref(x)


def custom_value(tree: Any) -> Any:
    """The value of a tree with values of users' types: by the style's own `copy`, or by the one here."""
    if TRACED() and not is_user_style(style_of(tree)):
        return B.TRACED(plain(tree))
    return COPY(tree)


def TRACED() -> bool:
    return bool(TRACE.depth) and B.TRACED is not None


def is_user_style(style: Any) -> bool:
    """Is it none of the styles of Base (for which the result is an Array or a tuple)?"""
    return not (
        is_default(style)
        or style in (TUPLE_STYLE, UNKNOWN)
        or isinstance(style, ArrayConflict.pyclass)
    )


B.CUSTOM_VALUE = custom_value


@Base.method("copy(bc::Base.Broadcast.Broadcasted)")
def copy_tree(tree: Any) -> Any:
    """Evaluate a dotted call into the container that its style asks for."""
    style = style_of(tree)
    out = native(tree)
    if not is_array(out) or not (is_user_style(style) or has_axes_of_own(tree, eltype_of(out))):
        return out
    dest = Base.bindings["similar"](tree, eltype_of(out))
    copyto = Base.bindings["copyto!"]
    if any(
        m.code is not None
        and T.match(T.tuple_type([T.typeof(dest), T.typeof(tree)]), m.signature) is not None
        for m in copyto.methods
    ):
        return copyto(dest, tree)
    return store(dest, out)


COPY = Base.bindings["copy"]


def kind_of_result(t: Any) -> Any:
    """The family of arrays that dotted calls give, for elements of a type."""
    return V.BitArray_ if t is T.Bool else T.apply_type(T.Array_, t)


def has_axes_of_own(tree: Any, t: Any) -> bool:
    """Has a package said which container has the axes of the tree's result, which are not counted from 1?"""
    axes = tree_axes(tree) if Base.bindings["similar"].user_methods else None
    if axes is None:
        return False
    return bool(
        Base.bindings["similar"].user_matches((T.type_of_type(kind_of_result(t)), T.typeof(axes)))
    )


@Base.method("similar(bc::Base.Broadcast.Broadcasted, t::Type)")
def similar_tree(tree: Any, t: Any) -> Any:
    """The container for the result of a dotted call; extend it for styles of your own."""
    return Base.bindings["similar"](
        kind_of_result(t), tree.axes if has_axes_of_own(tree, t) else tree_shape(tree)
    )


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
        if any(
            m not in (1, n) for m, n in zip(source.shape, shape, strict=False)
        ) or source.ndim > len(shape):
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
        return (
            Base.bindings["copyto!"](dest, tree)
            if B.BROADCASTED.user_methods or tree.custom
            else store(dest, native(tree))
        )
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


@Base.method("materialize!(dest, x)", export=False)
def materialize_dotted(dest: Any, x: Any) -> Any:
    """Write the value of an unevaluated dotted call into an array.

    ```jldoctest
    julia> Base.materialize!([0, 0], Base.broadcasted(+, [1, 2], 1))
    2-element Vector{Int64}:
     2
     3
    ```
    """
    return (
        Base.bindings["%materialize_user!"](dest, x)
        if isinstance(x, B.Broadcasted)
        else materialize_into(dest, x)
    )


@Base.method("instantiate(x)", export=False)
def instantiate(x: Any) -> Any:
    """An unevaluated dotted call whose shapes have been checked."""
    if isinstance(x, B.Broadcasted):
        tree_shape(x)
    return x


for _key in ("materialize", "materialize!", "instantiate"):
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
    for x in xs:
        if isinstance(x, (V.JuliaDict, V.NamedTuple, Module)):
            BROADCASTABLE(x)  # raises the error
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
T.register_instances(
    BroadcastFunction, lambda b: T.apply_type(BroadcastFunction_, T.typeof(b.f)), BroadcastFunction_
)
support._builtin(
    constructors(BroadcastFunction_),
    T.tuple_type([T.Type_, T.Any_]),
    lambda _, f: BroadcastFunction(f),
    ("f",),
)
name("BroadcastFunction", BroadcastFunction_)

support.HELPERS["%broadcast_function"] = BroadcastFunction
Base.method("dotview(a, index...)", export=False)(dotview)
Broadcast.const("dotview", Base.bindings.pop("dotview"))


@Base.method("show(io::IO, f::Base.Broadcast.BroadcastFunction)")
def show_broadcast_function(io: Any, f: BroadcastFunction) -> None:
    io.write("Base.Broadcast.BroadcastFunction(")
    Base.bindings["show"](io, f.f)
    io.write(")")


# What `using Base.Broadcast` brings.
Broadcast.exports.intersection_update(
    {
        "Broadcast",
        "BroadcastFunction",
        "BroadcastStyle",
        "broadcast",
        "broadcast!",
        "broadcastable",
        "dotview",
    }
)

support.HELPERS["%andand"] = lambda a, b: a and b
support.HELPERS["%oror"] = lambda a, b: a or b
