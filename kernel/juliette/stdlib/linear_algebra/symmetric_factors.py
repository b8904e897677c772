"""Factorizations of symmetric matrices that need not be positive: LDLt, Bunch–Kaufman."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import PACKAGES
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.elimination import is_hermitian
from juliette.stdlib.linear_algebra.factorization import Factorization, factorization

LinearAlgebra = PACKAGES["LinearAlgebra"]


class LDLt(Factorization):
    """`ldlt(S)`: `S == L*D*L'`."""

    __slots__ = ("tridiagonal",)
    family = factorization("LDLt", "T S", "data")
    fields = ("L", "D", "Lt", "d", "data")
    factors_shown = (("L factor:", "L"), ("D factor:", "D"))

    def __init__(self, tridiagonal: Any) -> None:
        self.tridiagonal = tridiagonal

    @staticmethod
    def parameters(tridiagonal: Any) -> tuple[Any, ...]:
        return (tridiagonal.eltype, T.typeof(tridiagonal))

    @property
    def data(self) -> Any:
        return self.tridiagonal

    @property
    def L(self) -> Any:
        return S.UnitLowerTriangular(self.tridiagonal)

    @property
    def Lt(self) -> Any:
        return S.UnitUpperTriangular(self.tridiagonal)

    @property
    def D(self) -> Any:
        return S.Diagonal(self.tridiagonal.dv)

    @property
    def d(self) -> Any:
        return self.tridiagonal.dv

    def parts(self) -> Iterator[Any]:
        return iter((self.L, self.D))

    def solve(self, b: Any) -> Any:
        """The solution for right-hand sides: down along L, then back up."""
        d, low = self.tridiagonal.dv.data, self.tridiagonal.ev.data
        n = len(d)
        for i in range(1, n):
            b[i] -= low[i - 1] * b[i - 1]
        b[n - 1] /= d[n - 1]
        for i in range(n - 2, -1, -1):
            b[i] = b[i] / d[i] - low[i] * b[i + 1]
        return b


@LinearAlgebra.method("ldlt(S::LinearAlgebra.SymTridiagonal)")
def ldlt(s: Any) -> Any:
    """The factorization `L*D*L'` of a symmetric tridiagonal matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> ldlt(SymTridiagonal([2.0, 2], [1.0])).d
    2-element Vector{Float64}:
     2.0
     1.5
    ```
    """
    d, e = K.floating(s.dv), K.floating(s.ev)
    for k in range(len(d) - 1):
        if d[k] == 0:
            raise K.ZeroPivotException(k + 1)
        ratio = e[k] / d[k]
        d[k + 1] -= ratio * e[k]
        e[k] = ratio
    return LDLt(S.SymTridiagonal(wrap(d), wrap(e)))


class BunchKaufman(Factorization):
    """`bunchkaufman(A)`: `P*A*P' == U*D*U'`."""

    __slots__ = ("blocks", "order", "symmetric", "unit", "uplo_text")
    family = factorization("BunchKaufman", "T S P", "LD ipiv uplo symmetric rook info")
    fields = ("D", "U", "L", "p", "P")

    def __init__(
        self, unit: Any, blocks: Any, order: Any, uplo: str = "U", symmetric: bool = True
    ) -> None:
        self.unit, self.blocks, self.order, self.uplo_text = unit, blocks, order, uplo
        self.symmetric = symmetric

    def turn(self, x: Any) -> Any:
        """The transpose, or the adjoint if the matrix is Hermitian."""
        return x.T if self.symmetric else x.conj().T

    @property
    def factors_shown(self) -> Any:  # type: ignore[override]
        letter = self.uplo_text
        return (("D factor:", "D"), (f"{letter} factor:", letter), ("permutation:", "p"))

    @staticmethod
    def parameters(unit: Any, *_: Any) -> tuple[Any, ...]:
        return (unit.eltype, T.typeof(unit), T.apply_type(T.Vector, T.Int64))

    @property
    def D(self) -> Any:
        return S.Tridiagonal(*(S.diagonal_of(self.blocks, k) for k in (-1, 0, 1)))

    @property
    def U(self) -> Any:
        self.has("U")
        return S.UnitUpperTriangular(self.unit)

    @property
    def L(self) -> Any:
        self.has("L")
        return S.UnitLowerTriangular(self.unit)

    def has(self, letter: str) -> None:
        if self.uplo_text != letter:
            form = "U*D*U" if letter == "L" else "L*D*L"
            raise ArgumentError(f"factorization is {form}ᵀ but you requested {letter}")

    @property
    def p(self) -> Any:
        return wrap(self.order + 1)

    @property
    def P(self) -> Any:
        return wrap(np.asfortranarray(np.eye(len(self.order))[self.order]))

    def parts(self) -> Iterator[Any]:
        return iter((self.D, getattr(self, self.uplo_text), self.p))

    def solve(self, b: Any) -> Any:
        """The solution for right-hand sides."""
        unit, n = self.unit.data, len(self.unit.data)
        y = b[self.order].copy()
        # The rows that column k of the factor reaches: those above it, or those below.
        upper = self.uplo_text == "U"
        reach = [slice(0, k) if upper else slice(k + 1, n) for k in range(n)]
        outward = range(n - 1, -1, -1) if upper else range(n)
        for k in outward:
            y[reach[k]] -= np.multiply.outer(unit[reach[k], k], y[k])
        y = self.by_blocks(y)
        for k in reversed(outward):
            y[k] -= self.turn(unit[reach[k], k]) @ y[reach[k]]
        out = np.empty_like(y)
        out[self.order] = y
        return out

    def by_blocks(self, y: Any) -> Any:
        """The solution with D: one row after the other, as LAPACK's `sytrs` computes it."""
        d, k = self.blocks.data, 0
        out = np.empty_like(y)
        while k < len(d):
            if k + 1 < len(d) and d[k, k + 1] != 0:
                side, other = d[k, k + 1], d[k + 1, k]
                first, second = d[k, k] / side, d[k + 1, k + 1] / other
                scale = first * second - 1
                x, z = y[k] / side, y[k + 1] / other
                out[k], out[k + 1] = (second * x - z) / scale, (first * z - x) / scale
                k += 2
            else:
                out[k] = (1 / d[k, k]) * y[k]
                k += 1
        return out


@LinearAlgebra.method("bunchkaufman(A::AbstractMatrix, rook::Bool=false; check=true)")
def bunchkaufman(a: Any, rook: bool = False, *, check: bool = True) -> Any:
    """The Bunch–Kaufman factorization of a symmetric matrix.

    ```jldoctest
    julia> using LinearAlgebra

    julia> bunchkaufman([2.0 0; 0 -1]).D
    2×2 Tridiagonal{Float64, Vector{Float64}}:
     2.0   0.0
     0.0  -1.0
    ```
    """
    data = K.floating(a)
    hermitian = is_hermitian(a)
    if not (hermitian or (data.shape[0] == data.shape[1] and np.array_equal(data, data.T))):
        raise ArgumentError(
            "Bunch-Kaufman decomposition is only valid for symmetric or Hermitian matrices"
        )
    lower = isinstance(a, S.Mirrored) and a.uplo_text == "L"
    if lower:  # the same from the other end
        data = np.asfortranarray(data[::-1, ::-1])
    unit, blocks, order = K.bunch_kaufman(data)
    if lower:
        unit, blocks, order = unit[::-1, ::-1], blocks[::-1, ::-1], len(data) - 1 - order[::-1]
    parts = wrap(np.asfortranarray(unit)), wrap(np.asfortranarray(blocks)), order
    return BunchKaufman(*parts, "L" if lower else "U", data.dtype.kind != "c" or not hermitian)
