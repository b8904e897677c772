"""The module `LinearAlgebra.BLAS`: threads, and the routines that people call by name."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, scalar
from juliette.base.reshaping import assign
from juliette.runtime.array import wrap
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib.linear_algebra import norms, operations

LinearAlgebra = PACKAGES["LinearAlgebra"]
BLAS = Module("BLAS", LinearAlgebra)
BLAS.visible = BLAS.bindings["__builtins__"] = Base.bindings
LinearAlgebra.const("BLAS", BLAS)


@BLAS.method("set_num_threads(n)", export=False)
def set_num_threads(n: Any) -> None:
    """The number of threads for products of matrices; `nothing` for one on each core."""
    from juliette_engine import threads

    threads.limit(int(n) if n is not None else os.cpu_count() or 1)


@BLAS.method("get_num_threads()", export=False)
def get_num_threads() -> int:
    """The number of threads for products of matrices."""
    from juliette_engine import threads

    return threads.count()


@BLAS.method("dot(x, y)", export=False)
def blas_dot(x: Any, y: Any) -> Any:
    return operations.dot(x, y)


@BLAS.method("nrm2(x)", export=False)
def nrm2(x: Any) -> Any:
    """The 2-norm."""
    return norms.norm(x)


@BLAS.method("asum(x)", export=False)
def asum(x: Any) -> Any:
    """The sum of absolute values."""
    return scalar(np.abs(dense(x)).sum())


@BLAS.method("scal!(a, x)", export=False)
def scal(a: Any, x: Any) -> Any:
    """`x .*= a`"""
    return assign(x, dense(x) * a)


@BLAS.method("axpy!(a, x, y)", export=False)
def blas_axpy(a: Any, x: Any, y: Any) -> Any:
    """`y .+= a .* x`"""
    return operations.axpy(a, x, y)


def _turned(flag: Any, a: Any) -> Any:
    data = dense(a)
    return data if chr(flag.code) == "N" else data.T if chr(flag.code) == "T" else data.conj().T


@BLAS.method("gemm(tA, tB, A, B)", export=False)
def gemm(ta: Any, tb: Any, a: Any, b: Any) -> Any:
    """The product of matrices, transposed as asked."""
    return wrap(np.asfortranarray(_turned(ta, a) @ _turned(tb, b)))


@BLAS.method("gemm(tA, tB, α::Number, A, B)", export=False)
def gemm_scaled(ta: Any, tb: Any, alpha: Any, a: Any, b: Any) -> Any:
    return wrap(np.asfortranarray(alpha * (_turned(ta, a) @ _turned(tb, b))))


@BLAS.method("gemm!(tA, tB, α, A, B, β, C)", export=False)
def gemm_into(ta: Any, tb: Any, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> Any:
    """`C = α*A*B + β*C`"""
    return assign(c, alpha * (_turned(ta, a) @ _turned(tb, b)) + beta * dense(c))


@BLAS.method("gemv(tA, A, x)", export=False)
def gemv(ta: Any, a: Any, x: Any) -> Any:
    """The product of a matrix and a vector."""
    return wrap(_turned(ta, a) @ dense(x))


@BLAS.method("gemv!(tA, α, A, x, β, y)", export=False)
def gemv_into(ta: Any, alpha: Any, a: Any, x: Any, beta: Any, y: Any) -> Any:
    """`y = α*A*x + β*y`"""
    return assign(y, alpha * (_turned(ta, a) @ dense(x)) + beta * dense(y))


@BLAS.method("ger!(α, x, y, A)", export=False)
def ger(alpha: Any, x: Any, y: Any, a: Any) -> Any:
    """`A += α*x*y'`"""
    return assign(a, dense(a) + alpha * np.outer(dense(x), dense(y).conj()))
