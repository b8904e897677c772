"""The module `LinearAlgebra.BLAS`: threads, and the routines that people call by name."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from juliette.base.array_protocol import scalar, values_of
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime.array import vector, wrap
from juliette.runtime.errors import DimensionMismatch, MethodError
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.kernels import machine_numbers as numbers
from juliette.syntax.expr import Symbol

LinearAlgebra = PACKAGES["LinearAlgebra"]
BLAS = Module("BLAS", LinearAlgebra)
BLAS.visible = BLAS.bindings["__builtins__"] = Base.bindings
LinearAlgebra.const("BLAS", BLAS)


@BLAS.method("set_num_threads(n)", export=False)
def set_num_threads(n: Any) -> None:
    """The number of threads for products of matrices; `nothing` for one on each core."""
    from juliette_engine import blas

    blas.limit(int(n) if n is not None else os.cpu_count() or 1)


@BLAS.method("get_num_threads()", export=False)
def get_num_threads() -> int:
    """The number of threads for products of matrices."""
    from juliette_engine import blas

    return blas.count()


class LBTConfig:
    """`BLAS.get_config()`: the libraries that do the work."""

    __slots__ = ("loaded_libs",)
    fields = ("loaded_libs",)

    def __init__(self, loaded_libs: Any) -> None:
        self.loaded_libs = loaded_libs


LBTConfig_ = T.define("LBTConfig", module=BLAS)
T.unwrap(LBTConfig_).typename.fields = LBTConfig.fields
T.unwrap(LBTConfig_).typename.field_types = (T.Any_,)
T.register_class(LBTConfig, LBTConfig_)
BLAS.const("LBTConfig", LBTConfig_, export=False)


@BLAS.method("get_config()", export=False)
def get_config() -> LBTConfig:
    """Which library does the linear algebra: the one that numpy came with.

    ```jldoctest
    julia> using LinearAlgebra

    julia> BLAS.get_config() isa BLAS.LBTConfig
    true
    ```
    """
    built: Any = np.show_config(mode="dicts")
    found = built.get("Build Dependencies", {}).get("blas", {}).get("name", "blas")
    return LBTConfig(vector([f"lib{found}"], T.String))


@BLAS.method("vendor()", export=False)
def vendor() -> Symbol:
    """The kind of library; Julia calls them all through one layer."""
    return Symbol("lbt")


@Base.method('show(io::IO, m::MIME"text/plain", c::LinearAlgebra.BLAS.LBTConfig)')
def show_config(io: Any, mime: Any, c: LBTConfig) -> None:
    names = values_of(c.loaded_libs)
    lines = [f"{'└' if k == len(names) else '├'} [ILP64] {n}" for k, n in enumerate(names, 1)]
    io.write("\n".join(["LinearAlgebra.BLAS.LBTConfig", "Libraries: ", *lines]))


@Base.method("show(io::IO, c::LinearAlgebra.BLAS.LBTConfig)")
def show_config_short(io: Any, c: LBTConfig) -> None:
    io.write(f"LBTConfig({', '.join('[ILP64] ' + n for n in values_of(c.loaded_libs))})")


# ---------------------------------------------------------------- vectors


def strided(x: Any, n: Any = None, step: int = 1) -> Any:
    """The `n` elements of an array that stand `step` apart, as a window on its memory."""
    data = numbers(x)
    flat = (K.floating(x) if data.dtype == object else data).reshape(-1, order="F")
    if flat.dtype == object:
        raise MethodError(Base.bindings["unsafe_convert"], (T.CORE_TYPES["Ptr"], x), None)
    return flat if n is None else flat[: n * step : step][:n]


def of_vectors(name: str, f: Any, doc: str) -> None:
    """A function of two vectors, of all their elements or of `n` with strides."""

    def whole(x: Any, y: Any) -> Any:
        return scalar(f(strided(x), strided(y)))

    whole.__doc__ = doc
    BLAS.method(f"{name}(x, y)", export=False)(whole)
    BLAS.method(f"{name}(n::Integer, x, incx::Integer, y, incy::Integer)", export=False)(
        lambda n, x, p, y, q: scalar(f(strided(x, n, p), strided(y, n, q)))
    )


def of_vector(name: str, f: Any, doc: str) -> None:
    """A function of one vector, of all its elements or of `n` with a stride."""

    def whole(x: Any) -> Any:
        return scalar(f(strided(x)))

    whole.__doc__ = doc
    BLAS.method(f"{name}(x)", export=False)(whole)
    BLAS.method(f"{name}(n::Integer, x, incx::Integer)", export=False)(
        lambda n, x, step: scalar(f(strided(x, n, step)))
    )


of_vectors("dot", lambda x, y: x @ y, "The dot product of real vectors.")
of_vectors("dotu", lambda x, y: x @ y, "The sum of products of complex vectors.")
of_vectors("dotc", lambda x, y: x.conj() @ y, "The dot product of complex vectors.")
of_vector("nrm2", lambda x: np.sqrt((x.conj() @ x).real), "The 2-norm.")
of_vector(
    "asum",
    lambda x: (np.abs(x.real) + np.abs(x.imag)).sum() if x.dtype.kind == "c" else np.abs(x).sum(),
    "The sum of absolute values, of both parts of complex numbers.",
)
of_vector(
    "iamax",
    lambda x: int(np.argmax(np.abs(x.real) + np.abs(x.imag))) + 1,
    "The place of the element of greatest absolute value.",
)


@BLAS.method("scal!(a, x)", export=False)
def scal(a: Any, x: Any) -> Any:
    """`x .*= a`"""
    return assign(x, numbers(x) * a)


@BLAS.method("scal!(n::Integer, a, x, incx::Integer)", export=False)
def scal_strided(n: int, a: Any, x: Any, step: int) -> Any:
    strided(x, n, step)[...] *= a
    return x


@BLAS.method("scal(n::Integer, a, x, incx::Integer)", export=False)
def scaled(n: int, a: Any, x: Any, step: int) -> Any:
    """`a .* x`"""
    return scal_strided(n, a, Base.bindings["copy"](x), step)


@BLAS.method("blascopy!(n::Integer, x, incx::Integer, y, incy::Integer)", export=False)
def blascopy(n: int, x: Any, p: int, y: Any, q: int) -> Any:
    """Copy `n` elements of one array to another."""
    strided(y, n, q)[...] = strided(x, n, p)
    return y


@BLAS.method("axpy!(a, x, y)", export=False)
def blas_axpy(a: Any, x: Any, y: Any) -> Any:
    """`y .+= a .* x`"""
    return blas_axpby(a, x, 1, y)


@BLAS.method("axpby!(a, x, b, y)", export=False)
def blas_axpby(a: Any, x: Any, b: Any, y: Any) -> Any:
    """`y .= a .* x .+ b .* y`, whatever the shapes."""
    p, q = strided(x), strided(y)
    if len(p) != len(q):
        raise DimensionMismatch(f"x has length {len(p)}, but y has length {len(q)}")
    return assign(y, (a * p + b * q).reshape(numbers(y).shape, order="F"))


# ---------------------------------------------------------------- matrices


def _turned(flag: Any, a: Any) -> Any:
    data = numbers(a)
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
    return assign(c, alpha * (_turned(ta, a) @ _turned(tb, b)) + beta * numbers(c))


@BLAS.method("gemv(tA, A, x)", export=False)
def gemv(ta: Any, a: Any, x: Any) -> Any:
    """The product of a matrix and a vector."""
    return wrap(_turned(ta, a) @ numbers(x))


@BLAS.method("gemv(tA, α::Number, A, x)", export=False)
def gemv_scaled(ta: Any, alpha: Any, a: Any, x: Any) -> Any:
    return wrap(alpha * (_turned(ta, a) @ numbers(x)))


@BLAS.method("gemv!(tA, α, A, x, β, y)", export=False)
def gemv_into(ta: Any, alpha: Any, a: Any, x: Any, beta: Any, y: Any) -> Any:
    """`y = α*A*x + β*y`"""
    return assign(y, alpha * (_turned(ta, a) @ numbers(x)) + beta * numbers(y))


@BLAS.method("ger!(α, x, y, A)", export=False)
def ger(alpha: Any, x: Any, y: Any, a: Any) -> Any:
    """`A += α*x*y'`"""
    return assign(a, numbers(a) + alpha * np.outer(numbers(x), numbers(y).conj()))


def symmetric(flag: Any, a: Any, *, conjugate: bool = False) -> Any:
    """The whole matrix of which one triangle is given."""
    data = numbers(a)
    half = np.triu(data) if chr(flag.code) == "U" else np.tril(data)
    other = half.conj().T if conjugate else half.T
    return half + other - np.diag(half.diagonal())


def triangular(uplo: Any, flag: Any, unit: Any, a: Any) -> Any:
    """The triangle that is meant, with ones on its diagonal if asked, turned around if asked."""
    data = np.triu(numbers(a)) if chr(uplo.code) == "U" else np.tril(numbers(a))
    if chr(unit.code) == "U":
        np.fill_diagonal(data, 1)
    return _turned(flag, wrap(np.asfortranarray(data)))


for _name, _conjugate in (("symv", False), ("hemv", True)):

    @BLAS.method(f"{_name}(ul, α, A, x)", export=False)
    def symv(ul: Any, alpha: Any, a: Any, x: Any, conjugate: bool = _conjugate) -> Any:
        """The product of a symmetric (or Hermitian) matrix and a vector."""
        return wrap(alpha * (symmetric(ul, a, conjugate=conjugate) @ numbers(x)))

    @BLAS.method(f"{_name}(ul, A, x)", export=False)
    def symv_plain(ul: Any, a: Any, x: Any, conjugate: bool = _conjugate) -> Any:
        return symv(ul, 1, a, x, conjugate)


for _name, _conjugate in (("symm", False), ("hemm", True)):

    @BLAS.method(f"{_name}(side, ul, α, A, B)", export=False)
    def symm(side: Any, ul: Any, alpha: Any, a: Any, b: Any, conjugate: bool = _conjugate) -> Any:
        """The product of a symmetric (or Hermitian) matrix and another, on one side of it."""
        whole, other = symmetric(ul, a, conjugate=conjugate), numbers(b)
        out = whole @ other if chr(side.code) == "L" else other @ whole
        return wrap(np.asfortranarray(alpha * out))

    @BLAS.method(f"{_name}(side, ul, A, B)", export=False)
    def symm_plain(side: Any, ul: Any, a: Any, b: Any, conjugate: bool = _conjugate) -> Any:
        return symm(side, ul, 1, a, b, conjugate)


@BLAS.method("syrk(uplo, trans, α, A)", export=False)
def syrk(uplo: Any, trans: Any, alpha: Any, a: Any) -> Any:
    """A triangle of `α*A*A'` or `α*A'*A`."""
    data = numbers(a)
    out = alpha * (data @ data.T if chr(trans.code) == "N" else data.T @ data)
    return wrap(np.asfortranarray(np.triu(out) if chr(uplo.code) == "U" else np.tril(out)))


@BLAS.method("trmv(ul, tA, dA, A, b)", export=False)
def trmv(ul: Any, ta: Any, da: Any, a: Any, b: Any) -> Any:
    """The product of a triangular matrix and a vector."""
    return wrap(triangular(ul, ta, da, a) @ numbers(b))


@BLAS.method("trsv(ul, tA, dA, A, b)", export=False)
def trsv(ul: Any, ta: Any, da: Any, a: Any, b: Any) -> Any:
    """The solution of a triangular system."""
    return wrap(np.linalg.solve(triangular(ul, ta, da, a), numbers(b)))


@BLAS.method("trmm(side, ul, tA, dA, α, A, B)", export=False)
def trmm(side: Any, ul: Any, ta: Any, da: Any, alpha: Any, a: Any, b: Any) -> Any:
    """The product of a triangular matrix and another, on one side of it."""
    part, other = triangular(ul, ta, da, a), numbers(b)
    out = part @ other if chr(side.code) == "L" else other @ part
    return wrap(np.asfortranarray(alpha * out))


@BLAS.method("trsm(side, ul, tA, dA, α, A, B)", export=False)
def trsm(side: Any, ul: Any, ta: Any, da: Any, alpha: Any, a: Any, b: Any) -> Any:
    """The solution of a triangular system on one side."""
    part, other = triangular(ul, ta, da, a), alpha * numbers(b)
    if chr(side.code) == "L":
        return wrap(np.asfortranarray(np.linalg.solve(part, other)))
    return wrap(np.asfortranarray(np.linalg.solve(part.T, other.T).T))
