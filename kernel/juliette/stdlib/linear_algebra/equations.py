"""Equations with a matrix for an unknown, and Cholesky factors after a change of rank one."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense
from juliette.base.reshaping import assign
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.elimination import Cholesky
from juliette.stdlib.linear_algebra.spectral import scipy_linalg

LinearAlgebra = PACKAGES["LinearAlgebra"]

# Unknowns up to which the equations are written out as one matrix.
_DIRECT = 256


@LinearAlgebra.method("sylvester(A::AbstractMatrix, B::AbstractMatrix, C::AbstractMatrix)")
def sylvester(a: Any, b: Any, c: Any) -> Any:
    """The X with `A*X + X*B + C == 0`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> sylvester([3.0 0.0; 0.0 1.0], [1.0 0.0; 0.0 1.0], [4.0 8.0; 2.0 4.0])
    2×2 Matrix{Float64}:
     -1.0  -2.0
     -1.0  -2.0
    ```
    """
    K.check_square(a, b)
    left, right, rest = (K.floating(x) for x in (a, b, c))
    if rest.shape != (len(left), len(right)):
        raise DimensionMismatch(
            f"dimensions of C, {rest.shape}, must match those of A and B, {(len(left), len(right))}"
        )
    if rest.size > _DIRECT:
        return wrap(
            np.asfortranarray(scipy_linalg("sylvester").solve_sylvester(left, right, -rest))
        )
    whole = np.kron(np.eye(len(right)), left) + np.kron(right.T, np.eye(len(left)))
    out = K.solve(whole, -rest.ravel(order="F"))
    return wrap(np.asarray(out).reshape(rest.shape, order="F"))


@LinearAlgebra.method("lyap(A::AbstractMatrix, C::AbstractMatrix)")
def lyap(a: Any, c: Any) -> Any:
    """The X with `A*X + X*A' + C == 0`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> lyap([1.0 0.0; 0.0 2.0], [2.0 3.0; 3.0 4.0])
    2×2 Matrix{Float64}:
     -1.0  -1.0
     -1.0  -1.0
    ```
    """
    return sylvester(a, wrap(np.asfortranarray(K.floating(a).conj().T)), c)


@LinearAlgebra.method("sylvester(a::Number, b::Number, c::Number)", transparent=True)
def sylvester_of_numbers(a: Any, b: Any, c: Any) -> Any:
    return call("/", call("-", c), call("+", a, b))


@LinearAlgebra.method("lyap(a::Number, c::Number)", transparent=True)
def lyap_of_numbers(a: Any, c: Any) -> Any:
    return call("/", call("-", c), call("*", 2, call("real", a)))


def call(name: str, *args: Any) -> Any:
    return Base.bindings[name](*args)


def update(f: Cholesky, v: Any) -> Cholesky:
    """Turn the factor of `A` into that of `A + v*v'`, by a rotation for each row."""
    upper, rest = factor_and_vector(f, v)
    for i in range(len(rest)):
        r = np.hypot(abs(upper[i, i]), abs(rest[i]))
        if not r:
            continue
        c, s = upper[i, i].real / r, np.conj(rest[i]) / r
        upper[i, i] = r
        row, tail = upper[i, i + 1 :].copy(), rest[i + 1 :].copy()
        upper[i, i + 1 :] = c * row + s * tail
        rest[i + 1 :] = -np.conj(s) * row + c * tail
    return changed(f, upper)


def downdate(f: Cholesky, v: Any) -> Cholesky:
    """Turn the factor of `A` into that of `A - v*v'`."""
    upper, rest = factor_and_vector(f, v)
    for i in range(len(rest)):
        s = np.conj(rest[i] / upper[i, i])
        if abs(s) ** 2 > 1:
            raise K.LAPACKException(i + 1)
        r = np.sqrt(1 - abs(s) ** 2)
        upper[i, i] *= r
        row = (upper[i, i + 1 :] - s * rest[i + 1 :]) / r
        upper[i, i + 1 :] = row
        rest[i + 1 :] = -np.conj(s) * row + r * rest[i + 1 :]
    return changed(f, upper)


def factor_and_vector(f: Cholesky, v: Any) -> tuple[Any, Any]:
    """The upper factor and the vector, both to be overwritten."""
    factors, vector = dense(f.factors), K.floating(v)
    if len(factors) != len(vector):
        raise DimensionMismatch(
            f"updating vector must fit size of factorization: got {len(vector)} and {len(factors)}"
        )
    upper = np.array(factors if f.uplo_text == "U" else factors.conj().T)
    return upper, np.array(vector.conj(), dtype=upper.dtype)


def changed(f: Cholesky, upper: Any) -> Cholesky:
    """Write a new upper factor into the factorization."""
    assign(f.factors, upper if f.uplo_text == "U" else upper.conj().T)
    return f


def copied(f: Cholesky) -> Cholesky:
    return Cholesky(wrap(np.array(dense(f.factors), order="F")), f.uplo_text, f.info)


@LinearAlgebra.method("lowrankupdate!(C::LinearAlgebra.Cholesky, v::AbstractVector)")
def lowrankupdate_into(f: Cholesky, v: Any) -> Any:
    """Turn the Cholesky factorization of `A` into that of `A + v*v'`."""
    return update(f, v)


@LinearAlgebra.method("lowrankdowndate!(C::LinearAlgebra.Cholesky, v::AbstractVector)")
def lowrankdowndate_into(f: Cholesky, v: Any) -> Any:
    """Turn the Cholesky factorization of `A` into that of `A - v*v'`."""
    return downdate(f, v)


@LinearAlgebra.method("lowrankupdate(C::LinearAlgebra.Cholesky, v::AbstractVector)")
def lowrankupdate(f: Cholesky, v: Any) -> Any:
    """The Cholesky factorization of `A + v*v'` from that of `A`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> lowrankupdate(cholesky([9.0 0.0; 0.0 1.0]), [4.0, 0.0]).U
    2×2 UpperTriangular{Float64, Matrix{Float64}}:
     5.0  0.0
      ⋅   1.0
    ```
    """
    return update(copied(f), v)


@LinearAlgebra.method("lowrankdowndate(C::LinearAlgebra.Cholesky, v::AbstractVector)")
def lowrankdowndate(f: Cholesky, v: Any) -> Any:
    """The Cholesky factorization of `A - v*v'` from that of `A`."""
    return downdate(copied(f), v)
