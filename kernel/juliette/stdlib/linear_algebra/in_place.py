"""The `!` forms of factorizations, which leave the factors in the matrix that they are given.

A matrix that cannot hold the factors, such as one of integers, is refused with an InexactError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import convert_data, convert_element, dense, eltype_of
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime.array import Array
from juliette.runtime.modules import PACKAGES
from juliette.stdlib.linear_algebra import factorizations as F
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import spectral
from juliette.stdlib.linear_algebra.elimination import LU, Cholesky, lq, lu, qr
from juliette.stdlib.linear_algebra.spectral import (
    eigen,
    hessenberg,
    schur,
    svd,
    svdvals,
)
from juliette.stdlib.linear_algebra.symmetric_factors import bunchkaufman, ldlt

LinearAlgebra = PACKAGES["LinearAlgebra"]


def refill(a: Any, data: Any) -> Any:
    """Write computed elements into the matrix, each converted to its element type."""
    return assign(a, convert_data(eltype_of(a), data, T.TYPE_OF_DTYPE.get(data.dtype)))


@LinearAlgebra.method("lu!(A::AbstractMatrix, pivot=nothing; check=true)")
def lu_into(a: Any, pivot: Any = None, *, check: bool = True) -> Any:
    """`lu` that leaves both factors in `A`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> A = [2.0 1; 1 2]; lu!(A); A
    2×2 Matrix{Float64}:
     2.0  1.0
     0.5  1.5
    ```
    """
    K.check_numbers(a, 0, 2)
    f = lu(a, pivot, check=check)
    if not isinstance(a, Array) or f.packed.data.dtype == object:
        return f
    return LU(refill(a, f.packed.data), f.ipiv, f.info)


@LinearAlgebra.method("cholesky!(A, pivot=nothing; check=true, tol=0.0)")
def cholesky_into(a: Any, pivot: Any = None, *, check: bool = True, tol: float = -1.0) -> Any:
    """`cholesky` that leaves the factor in the upper triangle of `A`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> A = [4.0 2; 2 5]; cholesky!(A); A
    2×2 Matrix{Float64}:
     2.0  1.0
     2.0  2.0
    ```
    """
    K.check_numbers(a, 0, 2)
    f = F.cholesky(a, pivot, check=check, tol=tol)
    if not isinstance(a, Array) or type(f).__mro__[1] is not Cholesky or f.info < 0:
        return f
    upper = np.triu(np.ones(dense(a).shape, dtype=bool))
    return Cholesky(refill(a, np.where(upper, dense(f.factors), dense(a))), "U", f.info)


@LinearAlgebra.method("qr!(A::AbstractMatrix, pivot=nothing; blocksize=36)")
def qr_into(a: Any, pivot: Any = None, *, blocksize: int = 36) -> Any:
    """`qr` that leaves R and the reflections in `A`."""
    K.check_numbers(a, 0, 2)
    if dense(a).dtype.kind in "iu":
        whole_reflections(a)
    f = qr(a, pivot)
    if isinstance(a, Array) and (packed := getattr(f.q, "packed", None)) is not None:
        refill(a, packed)
    return f


def whole_reflections(a: Any) -> None:
    """Raise where Householder's reflections of a matrix of integers are no integers."""
    data, t = dense(a), eltype_of(a)
    for k in range(min(data.shape[0] - 1, data.shape[1])):
        x = data[k:, k].tolist()
        size = math.copysign(math.sqrt(math.fsum(v * v for v in x)), x[0])
        convert_element(t, size)
        for v in x[1:]:
            convert_element(t, v / (x[0] + size) if x[0] + size else 0.0)


@LinearAlgebra.method("schur!(A::AbstractMatrix)")
def schur_into(a: Any) -> Any:
    """`schur` that leaves the triangular factor in `A`."""
    K.check_numbers(a, 2)
    f = schur(a)
    if isinstance(a, Array):
        refill(a, dense(f.T))
    return f


@LinearAlgebra.method("eigvals!(A; permute=true, scale=true, sortby=nothing)")
def eigvals_into(a: Any, **options: Any) -> Any:
    """`eigvals` that uses `A` to work in."""
    values = spectral.eigvals(a, **options)
    linalg = spectral.scipy_or_none()
    if linalg is not None and isinstance(a, Array) and dense(a).dtype.kind in "fc":
        refill(a, linalg.schur(dense(a))[0])
    return values


@LinearAlgebra.method("eigvals!(A, B; sortby=nothing)")
def eigvals_of_pair_into(a: Any, b: Any, **options: Any) -> Any:
    """`eigvals(A, B)` that uses both matrices to work in."""
    values = LinearAlgebra.bindings["eigvals"].call_kw(options, a, b)
    linalg = spectral.scipy_or_none()
    if linalg is not None and isinstance(a, Array) and dense(a).dtype.kind == "f":
        s, t, _, _ = linalg.qz(dense(a), dense(b))
        refill(a, s)
        refill(b, t)
    return values


def same(name: str, f: Callable[..., Any]) -> None:
    """The `!` form computes the same; that it may overwrite its argument is no promise."""

    @LinearAlgebra.method(f"{name}!(A, args...; keywords...)")
    def into(a: Any, *args: Any, **keywords: Any) -> Any:
        return LinearAlgebra.bindings[name].call_kw(keywords, a, *args)

    into.__doc__ = f"`{name}` that may overwrite its argument."
    assert f is not None


for _name, _f in (
    ("eigen", eigen),
    ("svd", svd),
    ("lq", lq),
    ("svdvals", svdvals),
    ("hessenberg", hessenberg),
    ("ldlt", ldlt),
    ("bunchkaufman", bunchkaufman),
):
    same(_name, _f)
