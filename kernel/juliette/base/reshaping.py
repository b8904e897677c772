"""The same elements in another shape or order: `reshape`, `permutedims`, `reverse`, `circshift`, slices, …"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    dense,
    dims_of,
    eltype_of,
    like,
    origin,
    own_axes,
    result,
    shape_of,
    tuple_text,
    values_of,
)
from juliette.base.essentials import Val
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, make
from juliette.runtime.errors import (
    ArgumentError,
    BoundsError,
    DimensionMismatch,
    MethodError,
)
from juliette.runtime.modules import Base


@Base.method("reshape(a::AbstractArray, ndims::Val)")
@Base.method("reshape(a::AbstractArray, dims::Union{Integer,Colon,AbstractUnitRange}...)")
@Base.method(
    "reshape(a::AbstractArray, dims::Tuple{Vararg{Union{Integer,Colon,AbstractUnitRange}}})"
)
@Base.method("reshape(a::AbstractArray, dims::Union{Int64,Colon}...)")
@Base.method("reshape(a::AbstractArray, dims::Tuple{Vararg{Union{Int64,Colon}}})")
@Base.method("reshape(a::AbstractArray, dims::Tuple{Vararg{Int64}})")
def reshape(a: Any, *dims: Any) -> Any:
    """The same elements in other dimensions, column by column; `:` stands for what is left over.

    ```jldoctest
    julia> reshape([1, 2, 3, 4, 5, 6], 2, :)
    2×3 Matrix{Int64}:
     1  3  5
     2  4  6
    ```
    """
    if len(dims) == 1 and isinstance(dims[0], Val):
        return reshape_to(a, dims[0])
    flat = dims[0] if len(dims) == 1 and type(dims[0]) is tuple else dims
    old = shape_of(a)
    n = math.prod(old)
    colons = sum(isinstance(d, V.ColonType) for d in flat)
    if colons > 1:
        raise DimensionMismatch(
            f"new dimensions {tuple_text(':' if isinstance(d, V.ColonType) else d for d in flat)} may "
            "have at most one omitted dimension specified by `Colon()`"
        )
    if colons:
        known = math.prod(
            len(d) if isinstance(d, V.UnitRange) else d
            for d in flat
            if not isinstance(d, V.ColonType)
        )
        if known == 0 or n % known:
            raise DimensionMismatch(
                f"array size {n} must be divisible by the product of the new dimensions "
                f"{tuple_text('Colon()' if isinstance(d, V.ColonType) else d for d in flat)}"
            )
        flat = tuple(n // known if isinstance(d, V.ColonType) else d for d in flat)
    shape = dims_of((tuple(flat),))
    if math.prod(shape) != n:
        if isinstance(a, Array):
            raise DimensionMismatch(
                f"new dimensions {tuple_text(shape)} must be consistent with array size {n}"
            )
        raise DimensionMismatch(
            f"parent has {n} elements, which is incompatible with size {tuple_text(shape)}"
        )
    if isinstance(a, Array):
        return make(a.data.reshape(shape, order="F"), a.eltype)
    if isinstance(a, V.BitArray):
        return V.BitArray(a.data.reshape(shape, order="F"))
    if shape == old:
        return a
    if (
        isinstance(a, W.Transposed)
        and a.parent_is_vector
        and len(shape) == 1
        and a.data.dtype != object
    ) and not (isinstance(a, W.Adjoint) and a.data.dtype.kind == "c"):
        return a.parent
    if isinstance(a, W.ReshapedArray):
        return reshape(a.parent, shape)
    return W.ReshapedArray(a, shape)


def reshape_to(a: Any, n: Val) -> Any:
    """`reshape(a, Val(n))`: so many dimensions, by ones at the end or by merging the last."""
    (ndim,) = T.typeof(n).parameters
    old = shape_of(a)
    if len(old) <= ndim:
        return reshape(a, old + (1,) * (ndim - len(old)))
    return reshape(a, (*old[: ndim - 1], math.prod(old[ndim - 1 :])))


@Base.method("vec(a::AbstractArray)")
def vec(a: Any) -> Any:
    """All elements as one vector, column by column.

    ```jldoctest
    julia> vec([1 2; 3 4])
    4-element Vector{Int64}:
     1
     3
     2
     4
    ```
    """
    if len(shape_of(a)) == 1:
        return a
    return reshape(a, math.prod(shape_of(a)))


@Base.method("permutedims(a::AbstractArray, perm...)")
def permutedims(a: Any, *perm: Any) -> Any:
    """Reorder the dimensions.

    ```jldoctest
    julia> permutedims([1 2 3; 4 5 6])
    3×2 Matrix{Int64}:
     1  4
     2  5
     3  6
    ```
    """
    data, axes = dense(a), own_axes(a)
    if not perm:
        if data.ndim > 2:
            raise MethodError(Base.bindings["permutedims"], (a,), None)
        if axes is not None:
            axes = (V.OneTo(1), *axes) if data.ndim == 1 else axes[::-1]
        data = data.reshape(1, -1) if data.ndim == 1 else data.T
    else:
        order = tuple(support.iterate(perm[0]))
        if not all(isinstance(i, int) for i in order) or sorted(order) != list(
            range(1, data.ndim + 1)
        ):
            raise ArgumentError("no valid permutation of dimensions")
        data = data.transpose([i - 1 for i in order])
        axes = axes and tuple(axes[i - 1] for i in order)
    return like(a, np.array(data, order="F"), eltype_of(a), axes)


@Base.method("permutedims!(dest::AbstractArray, a::AbstractArray, perm)")
def permutedims_into(dest: Any, a: Any, perm: Any) -> Any:
    """Write the elements with the dimensions reordered.

    ```jldoctest
    julia> permutedims!(zeros(Int, 2, 1), [1 2], (2, 1))
    2×1 Matrix{Int64}:
     1
     2
    ```
    """
    out = permutedims(a, perm)
    if shape_of(out) != shape_of(dest):
        raise DimensionMismatch("destination tensor of incorrect size")
    return Base.bindings["copyto!"](dest, out)


@Base.method("dropdims(a::AbstractArray; dims)")
def dropdims(a: Any, *, dims: Any) -> Any:
    """Remove dimensions of size 1.

    ```jldoctest
    julia> dropdims([1 2 3]; dims = 1)
    3-element Vector{Int64}:
     1
     2
     3
    ```
    """
    shape = shape_of(a)
    drop = dims if type(dims) is tuple else (dims,)
    for i, d in enumerate(drop):
        if not T.isa(d, T.Integer):
            raise MethodError(Base.bindings["dropdims"], (a, dims), None)
        if not 1 <= d <= len(shape):
            raise ArgumentError("dropped dims must be in range 1:ndims(A)")
        if shape[d - 1] != 1:
            raise ArgumentError("dropped dims must all be size 1")
        if d in drop[:i]:
            raise ArgumentError("dropped dims must be unique")
    axes = own_axes(a) or shape
    return Base.bindings["reshape"](a, tuple(n for d, n in enumerate(axes, 1) if d not in drop))


@Base.method("adjoint(a::AbstractVecOrMat)")
def adjoint(a: Any) -> Any:
    """`a'`: the lazy conjugate transpose.

    ```jldoctest
    julia> [1 2; 3 4]'
    2×2 adjoint(::Matrix{Int64}) with eltype Int64:
     1  3
     2  4
    ```
    """
    return a.parent if isinstance(a, W.Adjoint) else W.Adjoint(a)


@Base.method("adjoint(x::Number)", transparent=True)
def adjoint_number(x: Any) -> Any:
    return x if isinstance(x, (int, float, np.generic)) else Base.bindings["conj"](x)


@Base.method("transpose(a::AbstractVecOrMat)")
def transpose(a: Any) -> Any:
    """The lazy transpose.

    ```jldoctest
    julia> transpose([1 2; 3 4])
    2×2 transpose(::Matrix{Int64}) with eltype Int64:
     1  3
     2  4
    ```
    """
    return a.parent if isinstance(a, W.Transpose) else W.Transpose(a)


@Base.method("transpose(x::Number)", transparent=True)
def transpose_number(x: Any) -> Any:
    return x


W.ELEMENT["adjoint"] = Base.bindings["adjoint"]
W.ELEMENT["transpose"] = Base.bindings["transpose"]
Base.const("Adjoint", W.Adjoint_, export=False)
Base.const("Transpose", W.Transpose_, export=False)

# ---------------------------------------------------------------- other orders


@Base.method("reverse(a::AbstractArray; dims=:)")
def reverse(a: Any, *, dims: Any = V.COLON) -> Any:
    """The elements the other way round, along all or some dimensions.

    ```jldoctest
    julia> reverse([1 2; 3 4], dims = 2)
    2×2 Matrix{Int64}:
     2  1
     4  3
    ```
    """
    along = turned(a, dims)
    if isinstance(a, V.Range):
        return a.part(a.count - 1, -1, a.count) if a.count and along else a
    return like(a, np.array(np.flip(dense(a), axis=along), order="F"), eltype_of(a))


def turned(a: Any, dims: Any) -> tuple[int, ...]:
    """The axes (from 0) that `dims` means."""
    n = len(shape_of(a))
    if isinstance(dims, V.ColonType):
        return tuple(range(n))
    along = dims if type(dims) is tuple else (dims,)
    for d in along:
        if not 1 <= d <= n:
            if type(dims) is tuple:
                raise ArgumentError(f"invalid dimensions {tuple_text(dims)} in reverse")
            raise ArgumentError(f"invalid dimension {d} in reverse")
    return tuple(d - 1 for d in along)


@Base.method("reverse(a::AbstractVector, start::Integer, stop::Integer=0)")
def reverse_part(a: Any, start: int, stop: int = 0) -> Any:
    data = np.array(dense(a))
    stop = stop or len(data)
    if start <= stop:
        for i in (start, stop):
            if not 1 <= i <= len(data):
                raise BoundsError(a, (i,))
    data[start - 1 : stop] = data[start - 1 : stop][::-1].copy()
    return like(a, data, eltype_of(a))


@Base.method("reverse!(a::AbstractArray; dims=:)")
def reverse_into(a: Any, *, dims: Any = V.COLON) -> Any:
    """Reverse in place.

    ```jldoctest
    julia> reverse!([1, 2, 3])
    3-element Vector{Int64}:
     3
     2
     1
    ```
    """
    return assign(a, np.flip(dense(a), axis=turned(a, dims)))


@Base.method("reverse!(a::AbstractVector, start::Integer, stop::Integer=0)")
def reverse_part_into(a: Any, start: int, stop: int = 0) -> Any:
    """Reverse the elements from `start` to `stop` in place."""
    return assign(a, dense(reverse_part(a, start, stop)))


@Base.method("conj!(a::AbstractArray)")
def conj_into(a: Any) -> Any:
    """Turn each element into its complex conjugate.

    ```jldoctest
    julia> conj!([1 + 2im, 3 - im])
    2-element Vector{Complex{Int64}}:
     1 - 2im
     3 + 1im
    ```
    """
    return Base.bindings["map!"](Base.bindings["conj"], a, a)


def assign(a: Any, data: Any) -> Any:
    """Write all elements of an array at once."""
    data = np.array(data, order="F")
    if isinstance(a, (Array, V.BitArray)):
        a.data[...] = data
    else:
        W.write_linear(a, np.arange(data.size), data.ravel(order="F"))
    return a


def rotation(name: str, turns: int, doc: str) -> None:
    def f(a: Any) -> Any:
        return several(a, 1)

    f.__doc__ = doc
    Base.method(f"{name}(a::AbstractMatrix)")(f)

    @Base.method(f"{name}(a::AbstractMatrix, k::Integer)")
    def several(a: Any, k: int) -> Any:
        axes = own_axes(a)
        if axes is not None and turns * k % 2:
            axes = axes[::-1]
        return like(a, np.array(np.rot90(dense(a), turns * k), order="F"), eltype_of(a), axes)


rotation(
    "rotl90",
    1,
    """Turn a matrix to the left by 90 degrees.

    ```jldoctest
    julia> rotl90([1 2; 3 4])
    2×2 Matrix{Int64}:
     2  4
     1  3
    ```
    """,
)
rotation("rotr90", -1, "Turn a matrix to the right by 90 degrees.")
rotation("rot180", 2, "Turn a matrix by 180 degrees.")


@Base.method("circshift(a::AbstractArray, by)")
def circshift(a: Any, by: Any) -> Any:
    """Shift the elements in a circle.

    ```jldoctest
    julia> circshift([1, 2, 3, 4], 1)
    4-element Vector{Int64}:
     4
     1
     2
     3
    ```
    """
    data = dense(a)
    whole = Base.bindings["Integer"]
    shifts = (
        (by,)
        if isinstance(by, int)
        else tuple(
            int(i if isinstance(i, int) else T.CONSTRUCT(whole, (i,), {}))
            for i in support.iterate(by)
        )
    )
    out = np.roll(data, shifts[: data.ndim], axis=tuple(range(min(len(shifts), data.ndim))))
    return like(a, np.array(out, order="F"), eltype_of(a))


@Base.method("circcopy!(dest::AbstractArray, source::AbstractArray)")
def circcopy(dest: Any, source: Any) -> Any:
    """Copy, indices taken modulo the size.

    ```jldoctest
    julia> circcopy!([0, 0], [1, 2])
    2-element Vector{Int64}:
     1
     2
    ```
    """
    if shape_of(dest) != shape_of(source):
        sizes = f"{tuple_text(shape_of(source))} and {tuple_text(shape_of(dest))}"
        raise DimensionMismatch(f"src and dest must have the same sizes (got {sizes})")
    to, start = origin(dest), origin(source)
    if to is None and start is None:
        return Base.bindings["copyto!"](dest, source)
    ones = (1,) * len(shape_of(dest))
    by = tuple(k - i for i, k in zip(to or ones, start or ones, strict=True))
    rolled = np.roll(dense(source), by, axis=tuple(range(len(by))))
    return Base.bindings["copyto!"](dest, make(np.asfortranarray(rolled), eltype_of(source)))


@Base.method("circshift!(dest::AbstractArray, a::AbstractArray, by)")
def circshift_into(dest: Any, a: Any, by: Any) -> Any:
    """Shift in a circle into another array.

    ```jldoctest
    julia> circshift!([0, 0, 0], [1, 2, 3], 1)
    3-element Vector{Int64}:
     3
     1
     2
    ```
    """
    if dest is a:
        raise ArgumentError("dest and src must be separate arrays")
    return Base.bindings["copyto!"](dest, circshift(a, by))


@Base.method("circshift!(a::AbstractVector, by::Integer)")
def circshift_in_place(a: Any, by: int) -> Any:
    return assign(a, dense(circshift(a, by)))


# ---------------------------------------------------------------- permutations


@Base.method("isperm(p)")
def isperm(p: Any) -> bool:
    """Is it a permutation of 1, 2, …, n?

    ```jldoctest
    julia> isperm([2, 1, 3])
    true
    ```
    """
    values = list(support.iterate(p))
    less = Base.bindings["<"]
    for v in values:
        if type(v) is not int and less(0, v) and not T.isa(v, T.Integer):
            Base.bindings["to_index"](v)
    return sorted(values) == list(range(1, len(values) + 1))


@Base.method("invperm(p::AbstractVector)")
def invperm(p: Any) -> Any:
    """The inverse permutation.

    ```jldoctest
    julia> invperm([2, 3, 1])
    3-element Vector{Int64}:
     3
     1
     2
    ```
    """
    if not isperm(p):
        raise ArgumentError("argument is not a permutation")
    return result(np.argsort(dense(p)) + 1, T.Int64)


@Base.method("invperm(p::Tuple)")
def invperm_tuple(p: tuple[int, ...]) -> tuple[int, ...]:
    if not isperm(p):
        raise ArgumentError("argument is not a permutation")
    return tuple(p.index(i) + 1 for i in range(1, len(p) + 1))


@Base.method("permute!(a::AbstractVector, p::AbstractVector)")
def permute(a: Any, p: Any) -> Any:
    """Reorder in place: `a[i]` becomes the old `a[p[i]]`.

    ```jldoctest
    julia> permute!([7, 8, 9], [3, 1, 2])
    3-element Vector{Int64}:
     9
     7
     8
    ```
    """
    if not isperm(p) or shape_of(p) != shape_of(a):
        raise ArgumentError("argument is not a permutation")
    return assign(a, dense(a)[dense(p) - 1])


@Base.method("invpermute!(a::AbstractVector, p::AbstractVector)")
def invpermute(a: Any, p: Any) -> Any:
    """Reorder in place by the inverse permutation.

    ```jldoctest
    julia> invpermute!([7, 8, 9], [3, 1, 2])
    3-element Vector{Int64}:
     8
     9
     7
    ```
    """
    return permute(a, invperm(p))


@Base.method("isreal(a::AbstractArray)")
def isreal(a: Any) -> bool:
    return all(Base.bindings["isreal"](x) for x in values_of(a))
