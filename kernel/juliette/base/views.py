"""Views: `view`, `@view`, `@views`, the targets of `a[i] .= …`, parents and slices along dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import convert_element, eltype_of, is_array, origin, shape_of
from juliette.base.cartesian import CartesianIndex, IndexGrid
from juliette.base.index_styles import LINEAR, index_style
from juliette.base.indexing import GETINDEX
from juliette.base.indices import flatten, normalise
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, make
from juliette.runtime.errors import ArgumentError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.layout import layout
from juliette.runtime.modules import Base
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE
from juliette.syntax.expr import Expr, QuoteNode, Symbol

for _name, _t, _public in (
    ("SubArray", W.SubArray_, True),
    ("ReshapedArray", W.ReshapedArray_, False),
    ("ReinterpretArray", W.ReinterpretArray_, False),
    ("PermutedDimsArray", W.PermutedDimsArray_, True),
):
    Base.const(_name, _t, export=_public)


@Base.method("view(a::AbstractArray, index...)")
def view(a: Any, *index: Any) -> Any:
    """A window on part of an array: it shares the elements instead of copying them.

    ```jldoctest
    julia> A = [1 2; 3 4];

    julia> v = view(A, :, 1)
    2-element view(::Matrix{Int64}, :, 1) with eltype Int64:
     1
     3

    julia> v[2] = 30; A
    2×2 Matrix{Int64}:
      1  2
     30  4
    ```
    """
    if TRACE.depth and not B.VIEWS_IN_TRACE():
        out = GETINDEX(a, *index)
        # one element is an array without dimensions
        return (
            Base.bindings["fill"](out)
            if index and all([isinstance(i, (int, np.integer, CartesianIndex)) for i in index])
            else out
        )
    if isinstance(a, V.Range) and len(index) == 1 and isinstance(index[0], V.Range):
        return GETINDEX(a, index[0])
    index = flatten(index)
    shape = shape_of(a)
    at = normalise(a, index, shape)
    if (
        isinstance(a, W.Transposed)
        and len(at.kept) == 2
        and sum(type(i) is int for i in at.kept) == 1
        and _is_same(a)
    ):
        # a row of it is a column of what it transposes
        return view(a.parent, *at.kept[::-1])
    if (
        isinstance(a, W.SubArray)
        and at.groups is None
        and len(at.where) == len(shape)
        and a.groups is None
        and all([type(i) is int or len(shape_of(i)) == 1 for i in a.indices])
    ):
        return view_of_view(a, at.kept)
    if at.groups is None and len(at.where) != len(shape) and not isinstance(a, Struct):
        n = len(at.where)
        a = Base.bindings["reshape"](
            a, (*shape, *(1,) * n)[:n] if n > 1 else (int(np.prod(shape)),)
        )
    elif at.groups is None and len(at.where) == 1 and len(shape) != 1:
        a = W.ReshapedArray(a, (int(np.prod(shape)),))
    linear = (
        isinstance(a, (Array, V.BitArray, V.Range))
        or (
            isinstance(a, (W.SubArray, W.ReshapedArray))
            and index_style(None, T.typeof(a)) is LINEAR
        )
    ) and is_fast(at.kept)
    return W.sub_array(a, at.kept, at.where, at.groups, linear)


def _is_same(a: W.Transposed) -> bool:
    """Is a matrix transposed whose elements are their own adjoints?"""
    own = T.Real if isinstance(a, W.Adjoint) else T.Number
    return not a.parent_is_vector and T.subtype(a.eltype, own)


def view_of_view(a: W.SubArray, kept: tuple[Any, ...]) -> Any:
    """A view of a view is a view of the parent, with indices into the first view's."""
    index: list[Any] = []
    rest = list(kept)
    for i in a.indices:
        if type(i) is int:
            index.append(i)
        else:
            j = rest.pop(0)
            if isinstance(j, V.Slice):
                index.append(V.COLON if isinstance(i, V.Slice) else i)
            else:
                index.append(GETINDEX(V.OneTo(i.stop) if isinstance(i, V.Slice) else i, j))
    return view(a.parent, *index)


def is_fast(kept: tuple[Any, ...]) -> bool:
    """Do these indices select elements at one constant stride (so that one number finds them)?"""
    rest = list(kept)
    while rest and type(rest[0]) is int:
        rest.pop(0)
    while (
        len(rest) > 1
        and isinstance(rest[0], V.Slice)
        and isinstance(rest[1], (V.Slice, V.UnitRange))
    ):
        rest.pop(0)
    return not rest or (isinstance(rest[0], V.Range) and all(type(i) is int for i in rest[1:]))


def dotview(a: Any, *index: Any) -> Any:
    """The target of `a[index...] .= …`."""
    if is_array(a) and not all(type(i) is int or isinstance(i, CartesianIndex) for i in index):
        return VIEW(a, *index)
    return GETINDEX(a, *index)


VIEW = Base.bindings["view"]


@Base.method("maybeview(a, index...)", export=False, transparent=True)
def maybeview(a: Any, *index: Any) -> Any:
    """What `a[index...]` means under `@views`: a view where that is possible."""
    return dotview(a, *index)


@Base.method("parent(a::AbstractArray)")
def parent(a: Any) -> Any:
    """The array that a view or another wrapper shows.

    ```jldoctest
    julia> parent(view([1, 2, 3], 2:3))
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    if isinstance(a, W.Wrapper) and not isinstance(a, IndexGrid):
        return a.parent if hasattr(a, "parent") else a.diag if hasattr(a, "diag") else a
    return a


@Base.method("parentindices(a::AbstractArray)")
def parentindices(a: Any) -> Any:
    """The indices in the parent that a view shows.

    ```jldoctest
    julia> parentindices(view([1 2; 3 4], 1, :))[1]
    1
    ```
    """
    if isinstance(a, W.SubArray):
        return a.indices
    return tuple(V.OneTo(n) for n in shape_of(a))


@Base.method("PermutedDimsArray(a::AbstractArray, perm)")
def permuted_dims_array(_: Any, a: Any, perm: Any) -> Any:
    """A view of an array with its dimensions in another order.

    ```jldoctest
    julia> size(PermutedDimsArray(zeros(2, 3, 4), (3, 1, 2)))
    (4, 2, 3)
    ```
    """
    order = tuple(convert_element(T.Int64, p) - 1 for p in support.iterate(perm))
    n = len(shape_of(a))
    if sorted(order) != list(range(n)):
        from juliette.base.array_protocol import tuple_text

        raise ArgumentError(
            f"{tuple_text(i + 1 for i in order)} is not a valid permutation of dimensions 1:{n}"
        )
    return W.PermutedDimsArray(a, order)


@Base.method("PermutedDimsArray{T,N,p,i,A}(a::AbstractArray) where {T,N,p,i,A}", static=True)
def permuted_as_its_type(_t: Any, _n: Any, perm: Any, _i: Any, _a: Any, _: Any, a: Any) -> Any:
    """The permutation that the type says, of another array."""
    return permuted_dims_array(_, a, perm)


@Base.method("SubArray(a::AbstractArray, indices::Tuple)")
def sub_array(_: Any, a: Any, indices: Any) -> Any:
    """What `view` makes, from its indices."""
    return view(a, *indices)


@Base.method("reinterpret(t::Type, a::AbstractArray)")
def reinterpret_array(t: Any, a: Any) -> Any:
    """The bytes of an array read as elements of another type.

    ```jldoctest
    julia> reinterpret(UInt8, UInt16[0x0102])
    2-element reinterpret(UInt8, ::Vector{UInt16}):
     0x02
     0x01
    ```
    """
    old, new = dtypes_to_reinterpret(t, a)
    shape = shape_of(a)
    kinds = T.type_string(eltype_of(a)), T.type_string(t)
    if not shape and old.itemsize != new.itemsize:
        raise ArgumentError(
            f"cannot reinterpret a zero-dimensional `{kinds[0]}` array to `{kinds[1]}` "
            "which is of a different size"
        )
    n = shape[0] if shape else 1
    if old.itemsize != new.itemsize and (first := origin(a)) is not None and first[0] != 1:
        axis = Base.bindings["repr"](Base.bindings["axes"](a)[0])
        raise ArgumentError(
            f"cannot reinterpret a `{kinds[0]}` array to `{kinds[1]}` when the first axis is {axis}."
            " Try reshaping first."
        )
    if (n * old.itemsize) % new.itemsize:
        raise ArgumentError(
            f"cannot reinterpret an `{kinds[0]}` array to `{kinds[1]}` whose first dimension "
            f"has size `{n}`.\nThe resulting array would have a non-integral first dimension.\n"
        )
    return W.ReinterpretArray(t, a)


def dtypes_to_reinterpret(t: Any, a: Any) -> tuple[Any, Any]:
    """How an array's elements are stored, and those of the type that they are to be read as."""
    old, new = layout(eltype_of(a)), layout(t)
    if old is None or new is None:
        raise ArgumentError(
            f"cannot reinterpret `{T.type_string(eltype_of(a))}` as `{T.type_string(t)}`, "
            f"type `{T.type_string(t if new is None else eltype_of(a))}` is not a bits type"
        )
    return old, new


@Base.method("reinterpret(::typeof(reshape), t::Type, a::AbstractArray)")
def reinterpret_reshaped(_: Any, t: Any, a: Any) -> Any:
    old, new = (d.itemsize for d in dtypes_to_reinterpret(t, a))
    if new > old and old and not new % old:
        n = new // old
        if shape_of(a)[:1] != (n,):
            kind, axis = (
                T.type_string(eltype_of(a)),
                Base.bindings["repr"](Base.bindings["axes"](a, 1)),
            )
            raise ArgumentError(
                f"`reinterpret(reshape, {T.type_string(t)}, a)` where `eltype(a)` is {kind} requires "
                f"that `axes(a, 1)` (got {axis}) be equal to 1:{n} (from the ratio of element sizes)"
            )
    elif old != new and (not new or old % new):
        raise ArgumentError(
            "`reinterpret(reshape, T, a)` requires that one of `sizeof(T)` "
            f"(got {new}) and `sizeof(eltype(a))` (got {old}) be an integer multiple of the other"
        )
    return W.ReinterpretArray(t, a, reshaped=True)


# ---------------------------------------------------------------- writing into views


def called_anew(tree: Any) -> bool:
    """Is it a call without arrays, of a function that may give another value each time?"""
    return tree.function not in KERNELS and not any(
        isinstance(a, (B.Broadcasted, tuple))
        or is_array(a)
        or hasattr(type(a), "julia_iterator")
        or isinstance(a, V.JuliaSet)
        for a in tree.args
    )


def materialize_into(dest: Any, tree: Any) -> Any:
    """`dest .= tree`"""
    if type(dest) in B.STYLES:
        return B.materialize_into(dest, tree)
    if isinstance(tree, B.Broadcasted) and called_anew(tree):
        shape = shape_of(dest)
        values = [B.materialize(tree) for _ in range(int(np.prod(shape, dtype=int)))]
        tree = B.from_values(values, shape) if values else tree
    if isinstance(dest, W.Wrapper) and not dest.aliased:
        if TRACE.depth and B.MUTATION is not None:
            run = B.MUTATION(dest, "copyto!")
            if run is not None:
                return run(tree)
        holder = make(dest.data.copy(order="F"), dest.eltype)
        B.materialize_into(holder, tree)
        dest.write((slice(None),) * holder.data.ndim, holder.data)
        return dest
    if isinstance(dest, Struct) or not isinstance(dest, (Array, V.BitArray, W.Wrapper)):
        return Base.bindings["%materialize_user!"](dest, tree)
    return B.materialize_into(dest, tree)


support.HELPERS.update(
    {
        "%materialize": B.materialize,
        "%broadcasted": B.broadcasted,
        "%materialize!": materialize_into,
        "%dotview": dotview,
    }
)


class _BroadcastedKeywords:
    def __call__(self, f: Any, *args: Any) -> Any:
        return B.broadcasted(f, *args)

    def call_kw(self, kwargs: dict[str, Any], f: Any, *args: Any) -> Any:
        return B.broadcasted_kw(kwargs, f, *args)


support.HELPERS["%broadcasted_kw"] = _BroadcastedKeywords()

# ---------------------------------------------------------------- the macros


@Base.macro("view")
def view_macro(context: Any, e: Any) -> Any:
    """`@view A[I...]` is `view(A, I...)`, with `begin` and `end` allowed."""
    if not (isinstance(e, Expr) and e.head == "ref"):
        raise ArgumentError(
            "Invalid use of @view macro: argument must be a reference expression A[...]."
        )
    return as_call(context, e, VIEW)


def as_call(context: Any, e: Expr, function: Any) -> Expr:
    """`A[I...]` as a call; `begin` and `end` in the indices become firstindex and lastindex."""
    array, index = e.args[0], list(e.args[1:])
    if not any(map(_has_ends, index)):
        return Expr("call", QuoteNode(function), array, *index)
    held = array if isinstance(array, Symbol) else context.gensym("parent")
    n = len(index)
    index = [_replace_ends(i, held, k, n) for k, i in enumerate(index, 1)]
    made = Expr("call", QuoteNode(function), held, *index)
    return made if held is array else Expr("let", Expr("=", held, array), Expr("block", made))


def _has_ends(e: Any) -> bool:
    if isinstance(e, Symbol):
        return e.name in ("end", "begin")
    if not isinstance(e, Expr) or e.head == "quote":
        return False
    return any(map(_has_ends, e.args[:1] if e.head == "ref" else e.args))


def _replace_ends(e: Any, array: Any, k: int, n: int) -> Any:
    if isinstance(e, Symbol) and e.name in ("end", "begin"):
        f = QuoteNode(Base.bindings["lastindex" if e.name == "end" else "firstindex"])
        return Expr("call", f, array) if n == 1 else Expr("call", f, array, k)
    if isinstance(e, Expr) and e.head == "ref":
        return Expr("ref", _replace_ends(e.args[0], array, k, n), *e.args[1:])
    if isinstance(e, Expr) and e.head != "quote":
        return Expr(e.head, *[_replace_ends(a, array, k, n) for a in e.args])
    return e


@Base.macro("views")
def views_macro(context: Any, e: Any) -> Any:
    """Every slice `A[I...]` in an expression becomes a view."""
    return _views(context, e)


def _views(context: Any, e: Any) -> Any:
    if not isinstance(e, Expr) or e.head == "quote":
        return e
    if e.head == "macrocall":
        return Expr("macrocall", *e.args[:2], *[_views(context, a) for a in e.args[2:]])
    rest = [_views(context, a) for a in e.args[1:]]
    target = e.args[0] if e.args else None
    if e.head == "ref":
        return as_call(context, Expr("ref", _views(context, target), *rest), MAYBEVIEW)
    if (
        e.head.endswith("=")
        and e.head not in ("==", "!=", "<=", ">=", "===")
        and isinstance(target, Expr)
        and target.head == "ref"
    ):
        # What is assigned to stays as it is; only its parts are looked through.
        kept = Expr("ref", *[_views(context, a) for a in target.args])
        return Expr(e.head, kept, *rest)
    return Expr(e.head, *([_views(context, target)] if e.args else []), *rest)


MAYBEVIEW = Base.bindings["maybeview"]
