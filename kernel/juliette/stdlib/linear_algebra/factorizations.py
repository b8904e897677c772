"""Using factorization objects: display, solving, determinants, the matrix again; `factorize`."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, scalar, shape_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import generalized as G
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra.elimination import (
    LQ,
    LU,
    QR,
    Cholesky,
    ColumnNorm,
    PivotedQR,
    cholesky,
    is_hermitian,
    lu,
    qr,
)
from juliette.stdlib.linear_algebra.factorization import Factorization
from juliette.stdlib.linear_algebra.orthogonal import Orthogonal
from juliette.stdlib.linear_algebra.spectral import (
    SVD,
    Eigen,
    GeneralizedEigen,
    Hessenberg,
    Schur,
    scipy_linalg,
)
from juliette.stdlib.linear_algebra.symmetric_factors import (
    BunchKaufman,
    LDLt,
    bunchkaufman,
    ldlt,
)
from juliette.syntax.expr import Symbol

LinearAlgebra = PACKAGES["LinearAlgebra"]
__all__ = ["Factorization", "bunchkaufman", "cholesky", "is_hermitian", "scipy_linalg"]

KINDS = (
    LU,
    QR,
    PivotedQR,
    LQ,
    Cholesky,
    LDLt,
    BunchKaufman,
    Eigen,
    GeneralizedEigen,
    SVD,
    Schur,
    Hessenberg,
)
for _cls in KINDS:
    T.GENERAL_TYPE[_cls] = _cls.family

# ---------------------------------------------------------------- what all have in common


@Base.method("iterate(F::LinearAlgebra.Factorization, state=1)")
def iterate_factors(f: Any, state: int = 1) -> Any:
    """Destructuring: `L, U, p = lu(A)`."""
    items = list(f.parts())
    return (items[state - 1], state + 1) if state <= len(items) else None


def state(x: Any) -> list[Any]:
    """All that an object and the objects in it hold."""
    if isinstance(x, tuple):
        return [part for item in x for part in state(item)]
    if not isinstance(x, (Factorization, Orthogonal)):
        return [x]
    names = [name for cls in type(x).__mro__ for name in getattr(cls, "__slots__", ())]
    return [part for name in sorted(names) for part in state(getattr(x, name, None))]


def alike(f: Any, g: Any, same: Any) -> bool:
    """Are two factorizations of one type, and all their parts the same?"""
    return T.typeof(f) is T.typeof(g) and all(
        np.array_equal(a, b) if isinstance(a, np.ndarray) else same(a, b) is True
        for a, b in zip(state(f), state(g), strict=True)
    )


@Base.method("==(F::LinearAlgebra.Factorization, G::LinearAlgebra.Factorization)")
def equal_factors(f: Any, g: Any) -> bool:
    return alike(f, g, Base.bindings["=="])


@Base.method("isequal(F::LinearAlgebra.Factorization, G::LinearAlgebra.Factorization)")
def isequal_factors(f: Any, g: Any) -> bool:
    return alike(f, g, Base.bindings["isequal"])


@Base.method("hash(F::LinearAlgebra.Factorization, h::UInt)")
def hash_factors(f: Any, h: Any) -> Any:
    mix = Base.bindings["hash"]
    for part in state(f):
        h = mix(wrap(part) if isinstance(part, np.ndarray) else part, h)
    return h


@Base.method("length(F::LinearAlgebra.Factorization)")
def factor_count(f: Any) -> int:
    return len(list(f.parts()))


@Base.method('show(io::IO, m::MIME"text/plain", F::LinearAlgebra.Factorization)')
def show_factorization(io: Any, mime: Any, f: Any) -> None:
    if isinstance(f, LU) and f.info > 0:
        io.write(f"Failed factorization of type {T.type_string(T.typeof(f))}")
        return
    if isinstance(f, Cholesky) and f.info and not isinstance(f, G.CholeskyPivoted):
        io.write(f"Failed factorization of type {T.type_string(T.typeof(f))}")
        return
    io.write(T.type_string(T.typeof(f)))
    show = Base.bindings["show"]
    for title, field in f.factors_shown:
        part = getattr(f, field)
        io.write(f"\n{title}" + ("" if isinstance(part, Orthogonal) else "\n"))
        show(io, mime, part)


@Base.method("show(io::IO, F::LinearAlgebra.Factorization)")
def show_factorization_short(io: Any, f: Any) -> None:
    show_factorization(io, V.MIME("text/plain"), f)


@Base.method("size(F::LinearAlgebra.Factorization)")
def factor_size(f: Any) -> tuple[int, ...]:
    return tuple(shape_of(matrix_again(f)))


def matrix_again(f: Any) -> Any:
    """The matrix that was factorized."""
    times, turn = Base.bindings["*"], Base.bindings["adjoint"]
    if isinstance(f, LU):
        out = dense(times(f.L, f.U))
        back = np.empty_like(out)
        columns = slice(None) if f.columns is None else f.columns
        back[f.order[:, None] if f.columns is not None else f.order, columns] = out
        return K.result_array(back)
    if isinstance(f, PivotedQR):
        out = dense(times(f.Q, f.R))
        back = np.empty_like(out)
        back[:, f.order] = out
        return K.result_array(back)
    if isinstance(f, QR):
        return times(f.Q, f.R)
    own = getattr(f, "matrix", None)
    if own is not None:
        return own()
    if isinstance(f, G.GeneralizedSVD):
        return times(times(times(f.U, f.D1), f.R0), turn(f.Q))
    if isinstance(f, LQ):
        full = f.Q.full[: dense(f.L).shape[1]]
        return times(f.L, K.result_array(full))
    if isinstance(f, G.CholeskyPivoted):
        out = dense(times(f.L, f.U))
        back = np.empty_like(out)
        back[np.ix_(f.order, f.order)] = out
        return K.result_array(back)
    if isinstance(f, Cholesky):
        return times(f.L, f.U)
    if isinstance(f, LDLt):
        return times(times(f.L, f.D), turn(f.L))
    if isinstance(f, Eigen):
        v, d = dense(f.vectors), dense(f.values)
        return wrap(np.asfortranarray((v * d) @ np.linalg.inv(v)))
    if isinstance(f, SVD):
        return wrap(np.asfortranarray((dense(f.U) * dense(f.S)) @ dense(f.Vt)))
    if isinstance(f, Schur):
        z = dense(f.Z)
        return wrap(np.asfortranarray(z @ dense(f.T) @ z.conj().T))
    if isinstance(f, BunchKaufman):
        unit = dense(f.unit)
        out = unit @ f.blocks.data @ f.turn(unit)
        back = np.empty_like(out)
        back[np.ix_(f.order, f.order)] = out
        return wrap(np.asfortranarray(back))
    q = f.Q.full
    return wrap(np.asfortranarray(q @ dense(f.H) @ q.conj().T))


@Base.method("Matrix(F::LinearAlgebra.Factorization)")
def factor_matrix(_: Any, f: Any) -> Any:
    return matrix_again(f)


@Base.method("AbstractMatrix(F::LinearAlgebra.Factorization)")
def factor_abstract(_: Any, f: Any) -> Any:
    return matrix_again(f)


def replaced(rows: Any, order: Any) -> Any:
    """The rows, each back at its place."""
    back = np.empty_like(rows)
    back[order] = rows
    return back


@Base.method("\\(F::LinearAlgebra.Factorization, b::AbstractVecOrMat)")
def solve_factored(f: Any, b: Any) -> Any:
    """Solve through a factorization."""
    x = K.floating(b)
    if isinstance(f, LU):
        f.check()
        a, x = K.common(f.packed.data, x)
        if x.shape[0] != a.shape[0]:
            raise DimensionMismatch(f"B has leading dimension {x.shape[0]}, but needs {a.shape[0]}")
        out = K.solve_upper(a, K.solve_lower(a, x[f.order], True), False)
        return K.result_array(out if f.columns is None else replaced(out, f.columns))
    if isinstance(f, BunchKaufman):
        _, x = K.common(f.unit.data, x)
    own = getattr(f, "solve", None)
    if own is not None:
        return K.result_array(own(x))
    if isinstance(f, Cholesky):
        low, x = K.common(dense(f.L), x)
        up = np.asfortranarray(low.conj().T) if low.dtype != object else dense(f.U).copy()
        order = None
        if isinstance(f, G.CholeskyPivoted):
            f.check()
            order = f.order
        if x.shape[0] != low.shape[0]:
            raise DimensionMismatch(
                f"B has leading dimension {x.shape[0]}, but needs {low.shape[0]}"
            )
        if order is not None:
            x = x[order]
        out = K.solve_upper(up, K.solve_lower(low, x, False), False)
        if order is not None:
            back = np.empty_like(out)
            back[order] = out
            out = back
        return K.result_array(out)
    if isinstance(f, QR):
        if x.shape[0] != f.Q.full.shape[0]:
            raise DimensionMismatch("arguments have different numbers of rows")
        r = dense(f.R)
        if r.dtype == object or x.dtype == object:
            y = dense(Base.bindings["*"](Base.bindings["adjoint"](K.result_array(f.Q.full)), b))
        else:
            y = f.Q.full.conj().T @ x
        y = y[: r.shape[1]]
        out = K.solve_upper(*K.common(r[: r.shape[1]], y), False)
        if isinstance(f, PivotedQR):
            back = np.empty_like(out)
            back[f.order] = out
            out = back
        return K.result_array(out)
    if isinstance(f, SVD):
        u, s, vt = dense(f.U), dense(f.S), dense(f.Vt)
        keep = s > np.finfo(s.dtype).eps * s[0] if s.size else s > 0
        y = u.conj().T[keep] @ x
        y = y / (s[keep] if y.ndim == 1 else s[keep][:, None])
        return K.result_array(vt.conj().T[:, keep] @ y)
    return K.result_array(K.solve(K.floating(matrix_again(f)), x))


@Base.method("/(A::AbstractVecOrMat, F::LinearAlgebra.Factorization)")
def divide_by_factored(a: Any, f: Any) -> Any:
    """`A/F`, which is `(F' \\ A')'`."""
    turn = Base.bindings["adjoint"]
    out = turn(Base.bindings["\\"](turn(f), turn(a)))
    return out if shape_of(a)[0] == 1 and out.parent_is_vector else Base.bindings["copy"](out)


@Base.method("Array(F::LinearAlgebra.Factorization)")
def factor_array(_: Any, f: Any) -> Any:
    return matrix_again(f)


@Base.method("eltype(F::LinearAlgebra.Factorization)")
def factor_eltype(f: Any) -> Any:
    return T.typeof(f).parameters[0]


# Names of fields that only serve the computation.
PRIVATE = {"factors", "ipiv", "info", "uplo", "piv", "tol", "data", "τ", "jpvt", "rank"}


@Base.method("propertynames(F::LinearAlgebra.Factorization, private::Bool=false)")
def factor_properties(f: Any, private: bool = False) -> Any:
    return tuple(Symbol(name) for name in f.fields if private or name not in PRIVATE)


@Base.method("size(F::LinearAlgebra.Factorization, d::Integer)")
def factor_size_along(f: Any, d: int) -> int:
    sizes = factor_size(f)
    return sizes[d - 1] if d <= len(sizes) else 1


@LinearAlgebra.method("rank(F::LinearAlgebra.CholeskyPivoted)")
def rank_of_cholesky(f: Any) -> int:
    return int(f.rank)


@LinearAlgebra.method("rank(F::LinearAlgebra.SVD; atol=0.0, rtol=nothing)")
def rank_of_svd(f: Any, *, atol: Any = 0.0, rtol: Any = None) -> int:
    s = dense(f.S)
    if not s.size:
        return 0
    if rtol is None:
        rtol = 0.0 if atol > 0 else min(factor_size(f)) * np.finfo(s.dtype).eps
    return int((s > max(atol, rtol * s[0])).sum())


@LinearAlgebra.method("isposdef(F::LinearAlgebra.Eigen)")
def isposdef_of_eigen(f: Any) -> bool:
    values = dense(f.values)
    return bool(values.dtype.kind != "c" and (values > 0).all())


@Base.method("inv(F::LinearAlgebra.Factorization)")
def inverse_factored(f: Any) -> Any:
    if isinstance(f, LU):
        f.check()
    return K.result_array(K.inverse(K.floating(matrix_again(f))))


@LinearAlgebra.method("det(F::LinearAlgebra.Factorization)")
def determinant_factored(f: Any) -> Any:
    if isinstance(f, LU):
        if f.info:
            return S.zero_of(f.packed.eltype)
        d = f.packed.data.diagonal()
        out: Any = scalar(d[0])
        for x in d[1:]:
            out = K.OP.mul(out, scalar(x))
        return K.OP.neg(out) if f.odd else out
    if isinstance(f, Cholesky):
        diagonal = dense(f.UL).diagonal()
        if diagonal.dtype == object:
            out = Base.bindings["prod"](K.result_array(diagonal))
            return Base.bindings["real"](K.OP.mul(out, out))
        return scalar(np.prod(diagonal).real ** 2)
    if isinstance(f, Eigen):
        return scalar(np.prod(dense(f.values)))
    return K.determinant(K.floating(matrix_again(f)))


@LinearAlgebra.method("issuccess(F::LinearAlgebra.Factorization)")
def issuccess(f: Any) -> bool:
    """Did the factorization succeed?

    ```jldoctest
    julia> using LinearAlgebra

    julia> issuccess(lu([1 2; 2 4]; check = false))
    false
    ```
    """
    return not getattr(f, "info", 0)


@LinearAlgebra.method("factorize(A::AbstractMatrix)")
def factorize(a: Any) -> Any:
    """The factorization that suits the matrix best.

    ```jldoctest
    julia> using LinearAlgebra

    julia> factorize([2 0; 0 3])
    2×2 Diagonal{Int64, Vector{Int64}}:
     2  ⋅
     ⋅  3
    ```
    """
    if isinstance(a, S.SymTridiagonal):
        return ldlt(a)
    if isinstance(a, S.Tridiagonal):
        return lu(a)
    if isinstance(a, S.Structured) and not isinstance(a, S.Mirrored):
        return a
    m, n = shape_of(a)
    data = dense(a)
    if m != n:
        return qr(a, ColumnNorm())
    real = data.dtype.kind in "fiu"
    if isinstance(a, S.Mirrored):
        return bunchkaufman(a) if real else lu(a)
    if m == 1:
        return scalar(data[0, 0])
    return by_shape(a, data) or of_general(a, real)


def by_shape(a: Any, data: Any) -> Any:
    """The narrowest structured matrix that holds it, or a factorization of that; else None."""
    upper, lower = K.is_upper(data), K.is_lower(data)
    below = K.all_zero(data, np.tril(np.ones(data.shape, dtype=bool), -2))
    if K.all_zero(data, np.triu(np.ones(data.shape, dtype=bool), 2)) and (upper or below):
        if lower:
            if upper:
                return S.Diagonal(S.diagonal_of(a))
            return S.Bidiagonal(S.diagonal_of(a), S.diagonal_of(a, -1), "L")
        if upper:
            return S.Bidiagonal(S.diagonal_of(a), S.diagonal_of(a, 1), "U")
        if is_hermitian(a) and data.dtype.kind != "c":
            try:
                found = ldlt(S.SymTridiagonal(S.diagonal_of(a), S.diagonal_of(a, 1)))
            except K.ZeroPivotException:
                found = None
            # Julia factorizes in place: integers must stay integers.
            if found and (data.dtype.kind == "f" or not (dense(found.data.ev) % 1).any()):
                return found
        return lu(S.Tridiagonal(*(S.diagonal_of(a, k) for k in (-1, 0, 1))))
    if lower:
        return S.LowerTriangular(a)
    return S.UpperTriangular(a) if upper else None


def of_general(a: Any, real: bool) -> Any:
    """Cholesky if positive definite, Bunch–Kaufman if symmetric, else LU."""
    if is_hermitian(a):
        f = cholesky(a, check=False)
        if not f.info:
            return f
        if real:
            return bunchkaufman(a)
    return lu(a)
