"""Diagonals and triangles of matrices, questions about their structure, rotations."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_element,
    dense,
    eltype_of,
    is_array,
    like,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, DimensionMismatch, NoMethod
from juliette.runtime.modules import PACKAGES, Base
from juliette.runtime.ranges import StepRange
from juliette.stdlib.linear_algebra import factorizations as F
from juliette.stdlib.linear_algebra import in_place
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.elimination import Cholesky

LinearAlgebra = PACKAGES["LinearAlgebra"]
method = LinearAlgebra.method


# ---------------------------------------------------------------- parts and questions


@method("diag(A::AbstractMatrix, k::Integer=0)")
def diag(a: Any, k: int = 0) -> Any:
    """The k-th diagonal as a vector.

    ```jldoctest
    julia> using LinearAlgebra

    julia> diag([1 2; 3 4])
    2-element Vector{Int64}:
     1
     4
    ```
    """
    if isinstance(a, S.Diagonal) and k == 0:
        return a.diag
    return S.diagonal_of(a, k)


@method("diag(v::AbstractVector)")
def diag_of_vector(_: Any) -> Any:
    raise ArgumentError("use diagm instead of diag to construct a diagonal matrix")


@method("diagind(A::AbstractMatrix, k::Integer=0)")
def diagind(a: Any, k: int = 0) -> Any:
    """The linear indices of the k-th diagonal.

    ```jldoctest
    julia> using LinearAlgebra

    julia> diagind([1 2; 3 4])
    1:3:4
    ```
    """
    return diagind_of_size(*shape_of(a), k)


@method("diagind(m::Integer, n::Integer, k::Integer=0)")
def diagind_of_size(m: int, n: int, k: int = 0) -> Any:
    start = k * m + 1 if k >= 0 else 1 - k
    count = max(0, min(m, n - k) if k >= 0 else min(m + k, n))
    return StepRange(start, m + 1, start + (count - 1) * (m + 1))


@method("diagm(v::AbstractVector)")
def diagm(v: Any) -> Any:
    """A matrix with a vector on its diagonal: `diagm(v)`, `diagm(k => v, ...)`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> diagm(1 => [1, 2])
    3×3 Matrix{Int64}:
     0  1  0
     0  0  2
     0  0  0
    ```
    """
    return diagm_pairs(V.Pair(0, v))


@method("diagm(p::Pair{<:Integer,<:AbstractVector}, ps::Pair{<:Integer,<:AbstractVector}...)")
def diagm_pairs(*ps: Any) -> Any:
    n = max(shape_of(p.second)[0] + abs(p.first) for p in ps)
    return _diagm((n, n), ps)


@method("diagm(m::Integer, n::Integer, ps::Pair...)")
def diagm_sized(m: int, n: int, *ps: Any) -> Any:
    return _diagm((m, n), ps)


@method("diagm(m::Integer, n::Integer, v::AbstractVector)")
def diagm_sized_vector(m: int, n: int, v: Any) -> Any:
    return _diagm((m, n), (V.Pair(0, v),))


def _diagm(shape: tuple[int, int], ps: Any) -> Any:
    t = S.promoted(*(p.second for p in ps))
    out = Base.bindings["zeros"](t, shape)
    plus = Base.bindings["+"]
    for p in ps:
        for i, x in enumerate(values_of(p.second)):
            at = (i, i + p.first) if p.first >= 0 else (i - p.first, i)
            out.data[at] = convert_element(t, plus(scalar(out.data[at]), x))
    return out


def triangle(name: str, cut: Any) -> None:
    @method(f"{name}(A::AbstractMatrix, k::Integer=0)")
    def part(a: Any, k: int = 0) -> Any:
        data = np.array(dense(a), order="F")
        keep = cut(np.ones(data.shape, dtype=bool), k)
        data[~keep] = S.zero_of(eltype_of(a))
        return like(a, data, eltype_of(a))

    part.__doc__ = (
        f"The {'upper' if name == 'triu' else 'lower'} triangle, from the k-th diagonal on."
    )

    @method(f"{name}!(A::AbstractMatrix, k::Integer=0)")
    def into(a: Any, k: int = 0) -> Any:
        return assign(a, dense(part(a, k)))


triangle("triu", np.triu)
triangle("tril", np.tril)


@method("issymmetric(A)")
def issymmetric(a: Any) -> bool:
    """Is it equal to its transpose?

    ```jldoctest
    julia> using LinearAlgebra

    julia> issymmetric([1 2; 2 1])
    true
    ```
    """
    if not is_array(a):
        return bool(Base.bindings["=="](a, a))
    if len(shape_of(a)) != 2:
        raise NoMethod("only matrices are symmetric or not")
    if isinstance(a, (S.Symmetric, S.Diagonal, S.SymTridiagonal)):
        return True
    data = dense(a)
    if data.shape[0] != data.shape[1]:
        return False
    if data.dtype == object:
        same = Base.bindings["=="]
        return all(same(data[i, j], data[j, i]) for i in range(len(data)) for j in range(i + 1))
    return bool(np.array_equal(data, data.T))


@method("ishermitian(A)")
def ishermitian(a: Any) -> bool:
    """Is it equal to its adjoint?

    ```jldoctest
    julia> using LinearAlgebra

    julia> ishermitian([1 im; -im 1])
    true
    ```
    """
    if is_array(a) and len(shape_of(a)) != 2:
        raise NoMethod("only matrices are Hermitian or not")
    return (
        F.is_hermitian(a) if is_array(a) else bool(Base.bindings["=="](a, Base.bindings["conj"](a)))
    )


@method("isposdef(A)")
def isposdef(a: Any) -> bool:
    """Is it positive definite?

    ```jldoctest
    julia> using LinearAlgebra

    julia> isposdef([2 0; 0 2])
    true
    ```
    """
    if isinstance(a, Cholesky):
        return not a.info
    K.check_numbers(a, 0, 2)
    if not is_array(a):
        return bool(Base.bindings["isreal"](a) and Base.bindings[">"](Base.bindings["real"](a), 0))
    return F.is_hermitian(a) and F.cholesky(a, check=False).info == 0


@method("isposdef!(A)")
def isposdef_into(a: Any) -> bool:
    """`isposdef` that leaves the Cholesky factor in the matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> A = [4.0 2; 2 5]; isposdef!(A)
    true

    julia> A
    2×2 Matrix{Float64}:
     2.0  1.0
     2.0  2.0
    ```
    """
    K.check_numbers(a, 0, 2)
    if not is_array(a) or not F.is_hermitian(a):
        return isposdef(a)
    return not in_place.cholesky_into(a, check=False).info


def band_question(name: str, test: Any, doc: str) -> None:
    @method(f"{name}(A::AbstractMatrix)")
    def ask(a: Any) -> bool:
        return bool(test(dense(a)))

    ask.__doc__ = doc

    @method(f"{name}(x::Number)")
    def always(x: Any) -> bool:
        return True


band_question("istriu", K.is_upper, "Is it upper triangular?")
band_question("istril", K.is_lower, "Is it lower triangular?")
band_question("isdiag", lambda d: K.is_upper(d) and K.is_lower(d), "Is it diagonal?")


@method("istriu(A::AbstractMatrix, k::Integer)")
def istriu_from(a: Any, k: int) -> bool:
    data = dense(a)
    return K.all_zero(data, np.tril(np.ones(data.shape, dtype=bool), k - 1))


@method("istril(A::AbstractMatrix, k::Integer)")
def istril_from(a: Any, k: int) -> bool:
    data = dense(a)
    return K.all_zero(data, np.triu(np.ones(data.shape, dtype=bool), k + 1))


@method("isbanded(A::AbstractMatrix, kl::Integer, ku::Integer)")
def isbanded(a: Any, low: int, high: int) -> bool:
    """Are all elements outside some diagonals zero?

    ```jldoctest
    julia> using LinearAlgebra

    julia> isbanded([1 2; 0 1], 0, 1)
    true
    ```
    """
    return istriu_from(a, low) and istril_from(a, high)


@method("checksquare(A...)", export=False)
def checksquare(*a: Any) -> Any:
    """The size of a square matrix; of several, a vector.

    ```jldoctest
    julia> using LinearAlgebra

    julia> LinearAlgebra.checksquare([1 2; 3 4])
    2
    ```
    """
    sizes = [K.check_square(x) for x in a]
    return sizes[0] if len(sizes) == 1 else vector(sizes, T.Int64)


@method("stride1(x)", export=False)
def stride1(x: Any) -> int:
    """How far apart in memory the elements of the first dimension are."""
    return int(Base.bindings["stride"](x, 1))


@method("transpose!(dest::AbstractVecOrMat, src::AbstractVecOrMat)")
def transpose_into(dest: Any, src: Any) -> Any:
    """The transpose, written into a matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> transpose!(zeros(2, 2), [1 2; 3 4])
    2×2 Matrix{Float64}:
     1.0  3.0
     2.0  4.0
    ```
    """
    return turned_into(dest, src, "transpose")


def turned_into(dest: Any, src: Any, name: str) -> Any:
    """Write the transpose or adjoint of one array into another."""
    data, target = dense(Base.bindings[name](src)), shape_of(dest)
    if (target if len(target) == 2 else (*target, 1)) != data.shape:
        raise DimensionMismatch(f"the destination has size {target}, the {name} {data.shape}")
    return assign(dest, data.reshape(target, order="F"))


@method("adjoint!(dest::AbstractVecOrMat, src::AbstractVecOrMat)")
def adjoint_into(dest: Any, src: Any) -> Any:
    """The adjoint, written into a matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> adjoint!(zeros(2, 2), [1 2; 3 4])
    2×2 Matrix{Float64}:
     1.0  3.0
     2.0  4.0
    ```
    """
    return turned_into(dest, src, "adjoint")


@method("copy_transpose!(dest::AbstractMatrix, src::AbstractMatrix)", export=False)
def copy_transpose(dest: Any, src: Any) -> Any:
    return assign(dest, dense(src).T)


@method("hermitianpart(A::AbstractMatrix, uplo=:U)")
def hermitianpart(a: Any, uplo: Any = None) -> Any:
    """`(A + A')/2` as a Hermitian matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> hermitianpart([1.0 2; 4 1])
    2×2 Hermitian{Float64, Matrix{Float64}}:
     1.0  3.0
     3.0  1.0
    ```
    """
    half = Base.bindings["/"](Base.bindings["+"](a, Base.bindings["adjoint"](a)), 2)
    return S.Hermitian(half, "U" if uplo is None else S.letter(uplo))


@method("hermitianpart!(A::AbstractMatrix, uplo=:U)")
def hermitianpart_into(a: Any, uplo: Any = None) -> Any:
    """`hermitianpart` that overwrites the matrix."""
    part = hermitianpart(a, uplo)
    return S.Hermitian(assign(a, dense(part)), part.uplo_text)


for _key, _name in (("adjoint", "adjoint"), ("transpose", "transpose")):
    LinearAlgebra.const(_key, Base.bindings[_name])
