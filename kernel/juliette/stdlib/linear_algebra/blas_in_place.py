"""More of `LinearAlgebra.BLAS`: routines that write into an argument, bands, packed triangles.

Flags are characters, as in BLAS: `'U'` or `'L'` for the triangle that is stored, `'N'`, `'T'` or
`'C'` for a matrix as it is, transposed or adjoint, `'L'` or `'R'` for the side it stands on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.reshaping import assign
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.stdlib.linear_algebra.blas import BLAS, _turned, strided, symmetric
from juliette.stdlib.linear_algebra.kernels import machine_numbers as numbers


def letter(flag: Any) -> str:
    return chr(flag.code)


def function(signature: str, f: Any, doc: str) -> None:
    f.__doc__ = doc
    BLAS.method(signature, export=False)(f)


def rot(n: int, x: Any, p: int, y: Any, q: int, c: Any, s: Any) -> Any:
    a, b = strided(x, n, p), strided(y, n, q)
    turned = c * a + s * b, -np.conj(s) * a + c * b
    a[...], b[...] = turned
    return x, y


def swap(n: int, x: Any, p: int, y: Any, q: int) -> Any:
    a, b = strided(x, n, p), strided(y, n, q)
    a[...], b[...] = b.copy(), a.copy()
    return x, y


function("rot!(n, X, incx, Y, incy, c, s)", rot, "Rotate: `X = c*X + s*Y`, `Y = -conj(s)*X + c*Y`.")
function("swap!(n, X, incx, Y, incy)", swap, "Exchange the elements of two vectors.")


# ---------------------------------------------------------------- bands, packed triangles


def band(a: Any, m: int, low: int, high: int) -> Any:
    """The matrix of `m` rows whose diagonals are the rows of `a`, the highest one first."""
    rows = numbers(a)
    n = rows.shape[1]
    if len(rows) <= low + high:
        raise DimensionMismatch(
            f"A has {len(rows)} rows, but {low + high + 1} diagonals are to be in it"
        )
    out = np.zeros((m, n), rows.dtype)
    for k in range(-low, high + 1):
        start = max(k, 0)
        count = max(0, min(n, m + k) - start)
        at = np.arange(start, start + count)
        out[at - k, at] = rows[high - k, at]
    return out


def symmetric_band(uplo: Any, k: int, a: Any) -> Any:
    upper = letter(uplo) == "U"
    n = numbers(a).shape[1]
    return symmetric(uplo, wrap(band(a, n, 0 if upper else k, k if upper else 0)))


def unpacked(uplo: Any, ap: Any, n: int, *, conjugate: bool) -> Any:
    """The whole matrix of which the columns of one triangle are given, one after the other."""
    out = np.zeros((n, n), numbers(ap).dtype)
    out[packed_places(uplo, n)] = numbers(ap)[: n * (n + 1) // 2]
    return symmetric(uplo, wrap(out), conjugate=conjugate)


def packed_places(uplo: Any, n: int) -> Any:
    cols, rows = np.tril_indices(n) if letter(uplo) == "U" else np.triu_indices(n)
    return rows, cols


def gbmv(trans: Any, m: int, kl: int, ku: int, alpha: Any, a: Any, x: Any) -> Any:
    return wrap(alpha * (_turned(trans, wrap(band(a, m, kl, ku))) @ numbers(x)))


def gbmv_into(
    trans: Any, m: int, kl: int, ku: int, alpha: Any, a: Any, x: Any, beta: Any, y: Any
) -> Any:
    return assign(y, numbers(gbmv(trans, m, kl, ku, alpha, a, x)) + beta * numbers(y))


def sbmv(uplo: Any, k: int, alpha: Any, a: Any, x: Any) -> Any:
    return wrap(alpha * (symmetric_band(uplo, k, a) @ numbers(x)))


def sbmv_into(uplo: Any, k: int, alpha: Any, a: Any, x: Any, beta: Any, y: Any) -> Any:
    return assign(y, numbers(sbmv(uplo, k, alpha, a, x)) + beta * numbers(y))


_BAND = "The product of a matrix, of which the diagonals of a band are given, and a vector."
function("gbmv(trans, m, kl, ku, α, A, x)", gbmv, _BAND)
function("gbmv!(trans, m, kl, ku, α, A, x, β, y)", gbmv_into, "`y = α*A*x + β*y` with a band.")
function("sbmv(uplo, k, α, A, x)", sbmv, _BAND)
function("sbmv(uplo, k, A, x)", lambda uplo, k, a, x: sbmv(uplo, k, 1, a, x), _BAND)
function("sbmv!(uplo, k, α, A, x, β, y)", sbmv_into, "`y = α*A*x + β*y` with a symmetric band.")


def mirrored(vector: str, packed: str, side: str, conjugate: bool) -> None:
    """The routines for a symmetric or Hermitian matrix."""

    def times_vector(uplo: Any, alpha: Any, a: Any, x: Any, beta: Any, y: Any) -> Any:
        whole = symmetric(uplo, a, conjugate=conjugate)
        return assign(y, alpha * (whole @ numbers(x)) + beta * numbers(y))

    def packed_times(uplo: Any, alpha: Any, ap: Any, x: Any, beta: Any, y: Any) -> Any:
        whole = unpacked(uplo, ap, len(numbers(x)), conjugate=conjugate)
        return assign(y, alpha * (whole @ numbers(x)) + beta * numbers(y))

    def times_matrix(where: Any, uplo: Any, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> Any:
        whole = symmetric(uplo, a, conjugate=conjugate)
        out = whole @ numbers(b) if letter(where) == "L" else numbers(b) @ whole
        return assign(c, alpha * out + beta * numbers(c))

    function(f"{vector}!(uplo, α, A, x, β, y)", times_vector, "`y = α*A*x + β*y`")
    function(f"{packed}!(uplo, α, AP, x, β, y)", packed_times, "`y = α*A*x + β*y`, `A` packed.")
    function(f"{side}!(side, uplo, α, A, B, β, C)", times_matrix, "`C = α*A*B + β*C`, or `B*A`.")


mirrored("symv", "spmv", "symm", False)
mirrored("hemv", "hpmv", "hemm", True)


# ---------------------------------------------------------------- updates of one triangle


def triangle(uplo: Any, a: Any, new: Any) -> Any:
    """Put one triangle of a new matrix into an old one."""
    data = numbers(a)
    where = np.triu_indices(len(data)) if letter(uplo) == "U" else np.tril_indices(len(data))
    out = data.copy()
    out[where] = new[where]
    return assign(a, out)


def updating(one: str, rank: str, rank2: str, conjugate: bool) -> None:
    """The updates of a symmetric or Hermitian matrix by one vector or by matrices."""

    def turned(x: Any) -> Any:
        return x.conj().T if conjugate else x.T

    def by_vector(uplo: Any, alpha: Any, x: Any, a: Any) -> Any:
        v = numbers(x)
        return triangle(uplo, a, numbers(a) + alpha * np.outer(v, turned(v)))

    def product(trans: Any, x: Any, y: Any) -> Any:
        return x @ turned(y) if letter(trans) == "N" else turned(x) @ y

    def by_matrix(uplo: Any, trans: Any, alpha: Any, a: Any, beta: Any, c: Any) -> Any:
        x = numbers(a)
        return triangle(uplo, c, alpha * product(trans, x, x) + beta * numbers(c))

    def by_two(uplo: Any, trans: Any, alpha: Any, a: Any, b: Any, beta: Any, c: Any) -> Any:
        x, y = numbers(a), numbers(b)
        other = np.conj(alpha) if conjugate else alpha
        out = alpha * product(trans, x, y) + other * product(trans, y, x)
        return triangle(uplo, c, out + beta * numbers(c))

    def blank(trans: Any, a: Any) -> Any:
        n = numbers(a).shape[0 if letter(trans) == "N" else 1]
        return wrap(np.zeros((n, n), numbers(a).dtype, order="F"))

    def new_two(uplo: Any, trans: Any, alpha: Any, a: Any, b: Any) -> Any:
        return by_two(uplo, trans, alpha, a, b, 0, blank(trans, a))

    def new_one(uplo: Any, trans: Any, alpha: Any, a: Any) -> Any:
        return by_matrix(uplo, trans, alpha, a, 0, blank(trans, a))

    adjoint = "'" if conjugate else "ᵀ"
    doc = f"One triangle of `α*A*A{adjoint} + β*C`, or of `α*A{adjoint}*A + β*C`."
    double = f"One triangle of `α*A*B{adjoint} + α*B*A{adjoint} + β*C`, or of the like of columns."
    function(f"{one}!(uplo, α, x, A)", by_vector, f"One triangle of `A + α*x*x{adjoint}`.")
    function(f"{rank}!(uplo, trans, α, A, β, C)", by_matrix, doc)
    function(f"{rank}(uplo, trans, α::Number, A)", new_one, doc)
    function(f"{rank}(uplo, trans, A)", lambda u, t, a: new_one(u, t, 1, a), doc)
    function(f"{rank2}!(uplo, trans, α, A, B, β, C)", by_two, double)
    function(f"{rank2}(uplo, trans, α::Number, A, B)", new_two, double)
    function(f"{rank2}(uplo, trans, A, B)", lambda u, t, a, b: new_two(u, t, 1, a, b), double)


updating("syr", "syrk", "syr2k", False)
updating("her", "herk", "her2k", True)


def spr(uplo: Any, alpha: Any, x: Any, ap: Any) -> Any:
    v = numbers(x)
    n = len(v)
    out = numbers(ap).copy()
    out[: n * (n + 1) // 2] += (alpha * np.outer(v, v))[packed_places(uplo, n)]
    return assign(ap, out)


function("spr!(uplo, α, x, AP)", spr, "One triangle of `A + α*x*xᵀ`, packed.")


# ---------------------------------------------------------------- triangular matrices


def overwriting(name: str, names: str, last: int) -> None:
    """The routine that writes its result over its last argument."""
    f = BLAS.bindings[name]

    def in_place(*args: Any) -> Any:
        return assign(args[last], numbers(f(*args)))

    function(f"{name}!({names})", in_place, f"`{name}`, with the result in the last argument.")


for _name in ("trmv", "trsv"):
    overwriting(_name, "uplo, tA, dA, A, b", 4)
for _name in ("trmm", "trsm"):
    overwriting(_name, "side, uplo, tA, dA, α, A, B", 6)
