"""The numerical work on ndarrays: LU, triangular solves, inverse, determinant, Householder QR.

Plain numbers are computed with numpy (small matrices in `small`, so that they round as in Julia);
elements of other types with Julia's own operators.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import dense, eltype_of, is_array, scalar, shape_of, values_of
from juliette.base.essentials import exception_constructor
from juliette.runtime import types as T
from juliette.runtime.array import elements, pack, wrap
from juliette.runtime.errors import (
    EXCEPTIONS,
    TRANSLATORS,
    ArgumentError,
    DimensionMismatch,
    NoMethod,
)
from juliette.runtime.errors import _exception as exception
from juliette.runtime.modules import PACKAGES, Base
from juliette.runtime.numeric import Complex
from juliette.stdlib.linear_algebra import small

LinearAlgebra = PACKAGES["LinearAlgebra"]


def linear_algebra_error(name: str, fields: str) -> Any:
    """An exception type of LinearAlgebra."""
    known = EXCEPTIONS.get(name)
    cls = known or exception(name, fields)
    if known is None:
        exception_constructor(cls)
    t = T.typeof(cls.__new__(cls))
    t.typename.module = LinearAlgebra
    LinearAlgebra.const(name, t)
    return cls


SingularException = linear_algebra_error("SingularException", "info")
PosDefException = linear_algebra_error("PosDefException", "info")
RankDeficientException = linear_algebra_error("RankDeficientException", "info")
ZeroPivotException = linear_algebra_error("ZeroPivotException", "info")
LAPACKException = linear_algebra_error("LAPACKException", "info")


def machine_numbers(a: Any) -> Any:
    """The numbers of an array for BLAS and LAPACK, which have no method for what is none."""
    data = dense(a)
    if data.dtype == object:
        for v in data.flat:
            if not T.isa(v, T.Number):
                Base.bindings["float"](v)
    return data


def lapack_error(error: np.linalg.LinAlgError) -> Any:
    """What Julia says where LAPACK, called by numpy, did not do what was wanted."""
    text = str(error)
    if "infs or NaNs" in text:
        return ArgumentError("matrix contains Infs or NaNs")
    a = _matrix_given(error)
    if "Singular" in text:
        return SingularException(len(a))
    if "positive definite" in text:
        return PosDefException(len(a))
    if "SVD" in text and np.isnan(a).any():
        return ArgumentError("invalid argument #4 to LAPACK call")  # which begins with its norm
    return LAPACKException(1)


def _matrix_given(error: BaseException) -> Any:
    """The array that numpy's function was called with, or an empty one."""
    trace, found = error.__traceback__, np.empty((0, 0))
    while trace is not None:
        a = trace.tb_frame.f_locals.get("a")
        found = a if isinstance(a, np.ndarray) and a.ndim == 2 else found
        trace = trace.tb_next
    return found


TRANSLATORS[np.linalg.LinAlgError] = lapack_error


@Base.method("showerror(io::IO, e::LinearAlgebra.PosDefException)")
def show_posdef(io: Any, e: Any) -> None:
    what = "Hermitian" if e.info == -1 else "positive definite"
    io.write(f"PosDefException: matrix is not {what}; Cholesky factorization failed.")


@Base.method("showerror(io::IO, e::LinearAlgebra.ZeroPivotException)")
def show_zero_pivot(io: Any, e: Any) -> None:
    where = f" at row and column {e.info}" if e.info > 0 else ""
    io.write(f"ZeroPivotException: factorization encountered one or more zero pivots{where}.")


@Base.method("showerror(io::IO, e::LinearAlgebra.RankDeficientException)")
def show_rank_deficient(io: Any, e: Any) -> None:
    io.write("matrix is rank deficient")


def floating(a: Any) -> Any:
    """A copy of an array's elements as floats (or Julia values, where floats cannot hold them)."""
    data = dense(a)
    if data.dtype == object:
        t = eltype_of(a)
        if data.size and all(isinstance(x, (int, float, complex, np.generic)) for x in data.flat):
            return np.array(
                data.tolist(),
                dtype=complex
                if any(isinstance(x, (complex, np.complexfloating)) for x in data.flat)
                else float,
                order="F",
            )
        if (
            data.size
            and isinstance(data.flat[0], Complex)
            and T.subtype(T.typeof(data.flat[0]).parameters[0], T.Integer)
        ):
            out = np.empty(data.shape, dtype=complex, order="F")
            for i in np.ndindex(data.shape):
                z: Any = data[i]
                out[i] = complex(int(z.re), int(z.im))
            return out
        assert t is not None
        return data.copy(order="F")
    if data.dtype.kind in "iub":
        return data.astype(float, order="F")
    if data.dtype == np.float16:
        return data.astype(np.float32, order="F")
    return np.array(data, order="F")


def result_array(data: Any) -> Any:
    """An Array over computed elements of any kind."""
    if data.dtype == object:
        from juliette.base.array_protocol import from_values

        return from_values(elements(data), data.shape)
    return wrap(data if data.flags.f_contiguous else np.asfortranarray(data))


def check_numbers(a: Any, *dims: int) -> None:
    """Raise the caller's MethodError unless `a` is an array of numbers with so many dimensions.

    0 stands for a number.
    """
    if T.isa(a, T.AbstractArray):
        kind = eltype_of(a)
        numbers = T.subtype(kind, T.Number)
        if not numbers:
            values = values_of(a)
            numbers = len(values) > 0 and all([T.isa(x, T.Number) for x in values])
        if numbers and len(shape_of(a)) in dims and shape_of(a):
            return
    elif T.isa(a, T.Number):
        if 0 in dims:
            return
    else:
        return  # a factorization or the like
    raise NoMethod("an array of numbers of another size is needed")


def check_square(*matrices: Any) -> int:
    """The size of square matrices; raises DimensionMismatch for others."""
    n = 0
    for a in matrices:
        s = shape_of(a) if is_array(a) else a.shape
        if len(s) != 2 or s[0] != s[1]:
            raise DimensionMismatch(
                f"matrix is not square: dimensions are {Base.bindings['repr'](tuple(s))}"
            )
        n = s[0]
    return n


class Operators:
    """Julia's arithmetic on elements that numpy does not know."""

    def __getattr__(self, name: str) -> Any:
        f = Base.bindings[
            {"add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-"}.get(name, name)
        ]
        setattr(self, name, f)
        return f


OP = Operators()


_BLOCK = 48


def lu_in_place(a: Any, pivot: bool = True) -> tuple[Any, int]:
    """LU with row pivoting, in place: the pivot rows (from 0) and the first zero pivot or 0."""
    if small.fits(a):
        return small.lu(a, pivot)
    m, n = a.shape
    if a.dtype == object or min(m, n) <= _BLOCK:
        return lu_of_panel(a, pivot)
    rows = np.arange(min(m, n))
    info = 0
    for k in range(0, min(m, n), _BLOCK):
        stop = min(k + _BLOCK, m, n)
        found, zero = lu_of_panel(a[k:, k:stop], pivot)
        info = info or (zero and zero + k)
        for i, r in enumerate(found):
            rows[k + i] = r + k
            if r != i:
                for part in (a[:, :k], a[:, stop:]):
                    part[[k + i, r + k]] = part[[r + k, k + i]]
        if stop < n:
            lower = np.tril(a[k:stop, k:stop], -1) + np.eye(stop - k, dtype=a.dtype)
            a[k:stop, stop:] = np.linalg.solve(lower, a[k:stop, stop:])
            a[stop:, stop:] -= a[stop:, k:stop] @ a[k:stop, stop:]
    return rows, info


def lu_of_panel(a: Any, pivot: bool) -> tuple[Any, int]:
    """LU of a narrow matrix, one column after the other."""
    m, n = a.shape
    rows = np.arange(min(m, n))
    info = 0
    general = a.dtype == object
    for k in range(min(m, n)):
        if pivot:
            p = k + (best_pivot(a[k:, k]) if general else int(np.argmax(size_of(a[k:, k]))))
            rows[k] = p
            if p != k:
                a[[k, p]] = a[[p, k]]
        d = a[k, k]
        if Base.bindings["iszero"](d) if general else d == 0:
            info = info or k + 1
            continue
        if general:
            eliminate(a, k)
        else:
            a[k + 1 :, k] /= d
            if k + 1 < n:
                a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return rows, info


def lu_by_first_nonzero(a: Any) -> tuple[Any, int]:
    """LU in place that takes the first pivot that is not zero."""
    m, n = a.shape
    rows, info = np.arange(min(m, n)), 0
    for k in range(min(m, n)):
        column = a[k:, k]
        if a.dtype == object:
            column = [not Base.bindings["iszero"](x) for x in column]
        found = np.flatnonzero(column)
        if not found.size:
            info = info or k + 1
            continue
        p = rows[k] = k + int(found[0])
        a[[k, p]] = a[[p, k]]
        if a.dtype == object:
            eliminate(a, k)
            continue
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return rows, info


def size_of(x: Any) -> Any:
    """How LAPACK compares sizes: of complex numbers, the sum of both parts."""
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)


def best_pivot(column: Any) -> int:
    """The place of the element of greatest absolute value."""
    values = [OP.abs(x) for x in column]
    best = 0
    for i, v in enumerate(values):
        if Base.bindings["isless"](values[best], v):
            best = i
    return best


def eliminate(a: Any, k: int) -> None:
    """One step of the elimination, with Julia's operators."""
    m, n = a.shape
    for i in range(k + 1, m):
        a[i, k] = OP.div(a[i, k], a[k, k])
        for j in range(k + 1, n):
            a[i, j] = OP.sub(a[i, j], OP.mul(a[i, k], a[k, j]))


def permutation(rows: Any, m: int) -> Any:
    """The row permutation (from 0) that pivots stand for."""
    p = np.arange(m)
    for k, r in enumerate(rows):
        if r != k:
            p[[k, r]] = p[[r, k]]
    return p


def solve_lower(lower: Any, b: Any, unit: bool) -> Any:
    """Forward substitution; `b` is overwritten."""
    return substitute(lower, b, False, unit)


def solve_upper(upper: Any, b: Any, unit: bool) -> Any:
    """Back substitution; `b` is overwritten."""
    return substitute(upper, b, True, unit)


def substitute(t: Any, b: Any, upper: bool, unit: bool) -> Any:
    """Solve with a triangular matrix, from its first or its last row on."""
    n = t.shape[0]
    general = t.dtype == object or b.dtype == object
    if not unit:
        for k in range(n - 1, -1, -1) if upper else range(n):
            check_pivot(t[k, k], k)
    if small.fits(t, b):
        return small.substitute(t, b, upper=upper, unit=unit)
    if not general and n > _BLOCK:
        whole = np.triu(t) if upper else np.tril(t)
        if unit:
            np.fill_diagonal(whole, 1)
        b[...] = np.linalg.solve(whole, b)
        return b
    for k in range(n - 1, -1, -1) if upper else range(n):
        if not unit:
            b[k] = divided(b[k], t[k, k], general)
        rest = slice(0, k) if upper else slice(k + 1, n)
        if rest.start != rest.stop:
            subtract(b, rest, t[rest, k], b[k], general)
    return b


def check_pivot(d: Any, k: int) -> None:
    """Raise SingularException for a zero on the diagonal."""
    if Base.bindings["iszero"](scalar(d)):
        raise SingularException(k + 1)


def divided(row: Any, d: Any, general: bool) -> Any:
    if not general:
        return row / d
    if np.ndim(row):
        return pack([OP.div(x, d) for x in row], T.Any_)
    return OP.div(row, d)


def subtract(b: Any, where: slice, column: Any, row: Any, general: bool) -> None:
    """`b[where] -= column * row`"""
    if not general:
        b[where] -= np.outer(column, row) if b.ndim == 2 else column * row
        return
    for i, c in zip(range(*where.indices(len(b))), column, strict=True):
        if b.ndim == 2:
            for j in range(b.shape[1]):
                b[i, j] = OP.sub(b[i, j], OP.mul(c, row[j]))
        else:
            b[i] = OP.sub(b[i], OP.mul(c, row))


def common(a: Any, b: Any) -> tuple[Any, Any]:
    """Two ndarrays of one dtype that holds both."""
    if a.dtype == object or b.dtype == object:
        return (objects(a), objects(b))
    dtype = np.result_type(a, b)
    return a.astype(dtype, order="F"), b.astype(dtype, order="F")


def objects(a: Any) -> Any:
    """A copy with Julia values as elements."""
    if a.dtype == object:
        return a.copy(order="F")
    return pack(elements(a), T.Any_).reshape(a.shape, order="F")


def is_upper(a: Any) -> bool:
    """Are all elements below the diagonal zero?"""
    if a.dtype != object and a.size and a[-1, 0] and len(a) > 1:
        return False
    return all_zero(a, np.tril(np.ones(a.shape, dtype=bool), -1))


def is_lower(a: Any) -> bool:
    """Are all elements above the diagonal zero?"""
    if a.dtype != object and a.size and a[0, -1] and a.shape[1] > 1:
        return False
    return all_zero(a, np.triu(np.ones(a.shape, dtype=bool), 1))


def all_zero(a: Any, where: Any) -> bool:
    if a.dtype == object:
        return all(Base.bindings["iszero"](x) for x in a[where])
    return not a[where].any()


def solve(a: Any, b: Any) -> Any:
    """`a \\ b`: by substitution if triangular, by LU if square, else least squares."""
    m, n = a.shape
    if b.shape[0] != m:
        raise DimensionMismatch(
            "arguments must have the same number of rows"
            if m != n
            else f"B has leading dimension {b.shape[0]}, but needs {m}"
        )
    a, b = common(a, b)
    if m != n:
        return least_squares(a, b)
    if is_upper(a):
        return solve_upper(a, b, False)
    if is_lower(a):
        return solve_lower(a, b, False)
    if a.dtype != object:
        try:
            return np.asfortranarray(np.linalg.solve(a, b))
        except np.linalg.LinAlgError:
            pass
    rows, info = lu_in_place(a)
    if info:
        raise SingularException(info)
    return solve_upper(a, solve_lower(a, b[permutation(rows, m)], True), False)


def least_squares(a: Any, b: Any) -> Any:
    """The solution of least norm, by QR with column pivoting."""
    if a.dtype == object:
        return np.linalg.lstsq(a.astype(float), b.astype(float), rcond=None)[0]
    m, n = a.shape
    q, r, p = pivoted_qr(a)
    k = min(m, n)
    top = abs(r[0, 0]) if k else 0
    rank = (
        int((np.abs(np.diagonal(r)[:k]) > min(m, n) * np.finfo(r.real.dtype).eps * top).sum())
        if top
        else 0
    )
    if rank < n:
        return np.asfortranarray(np.linalg.lstsq(a, b, rcond=None)[0])
    c = (q.conj().T @ b)[:n]
    x = solve_upper(r[:n, :n].copy(), c.copy(), False)
    out = np.empty_like(x)
    out[p] = x
    return out


def pivoted_qr(a: Any) -> tuple[Any, Any, Any]:
    """Householder QR with column pivoting: Q (m×m), R, and the permutation of columns (from 0)."""
    r = a.copy(order="F")
    m, n = r.shape
    q = np.eye(m, dtype=r.dtype)
    p = np.arange(n)
    norms = np.linalg.norm(r, axis=0)
    for k in range(min(m, n)):
        j = k + int(np.argmax(norms[k:]))
        if j != k:
            r[:, [k, j]] = r[:, [j, k]]
            p[[k, j]] = p[[j, k]]
            norms[[k, j]] = norms[[j, k]]
        reflect(r, q, k)
        norms[k + 1 :] = np.linalg.norm(r[k + 1 :, k + 1 :], axis=0)
    return q, r, p


def reflect(r: Any, q: Any, k: int) -> None:
    """One Householder reflection that zeroes column k of R below the diagonal, gathered in Q."""
    x = r[k:, k].copy()
    norm = np.linalg.norm(x)
    tail = np.linalg.norm(x[1:])
    if tail == 0 and (x.size == 0 or x[0].imag == 0):
        return
    beta = -np.copysign(norm, x[0].real)
    tau = (beta - x[0]) / beta
    v = x / (x[0] - beta)
    v[0] = 1
    r[k:, k:] -= np.conj(tau) * np.outer(v, v.conj() @ r[k:, k:])
    q[:, k:] -= tau * np.outer(q[:, k:] @ v, v.conj())
    r[k, k] = beta
    r[k + 1 :, k] = 0


def bunch_kaufman(a: Any) -> tuple[Any, Any, Any]:
    """`P*A*P' == U*D*U'`, or with `transpose(U)`: U, D (with blocks of 1 or 2) and the order P."""
    n = a.shape[0]
    a = a.copy(order="F")
    upper, d, p = np.eye(n, dtype=a.dtype), np.zeros_like(a), np.arange(n)
    alpha = (1 + math.sqrt(17)) / 8
    k = n - 1
    while k >= 0:
        place, step = choose_pivot(a, k, alpha)
        other = k - step + 1
        if place != other:
            a[[place, other], : k + 1] = a[[other, place], : k + 1]
            a[: k + 1, [place, other]] = a[: k + 1, [other, place]]
            upper[[place, other], k + 1 :] = upper[[other, place], k + 1 :]
            p[[place, other]] = p[[other, place]]
        if step == 1:
            d[k, k] = a[k, k]
            if a[k, k] != 0:
                r = 1 / a[k, k]
                x = a[:k, k].copy()
                a[:k, :k] -= np.outer(x, r * a[k, :k])
                upper[:k, k] = r * x
        else:
            block = a[k - 1 : k + 1, k - 1 : k + 1].copy()
            d[k - 1 : k + 1, k - 1 : k + 1] = block
            columns = a[: k - 1, k - 1 : k + 1].copy()
            multipliers = columns @ np.linalg.inv(block)
            a[: k - 1, : k - 1] -= multipliers @ a[k - 1 : k + 1, : k - 1]
            upper[: k - 1, k - 1 : k + 1] = multipliers
        k -= step
    return upper, d, p


def choose_pivot(a: Any, k: int, alpha: float) -> tuple[int, int]:
    """The row to bring to the end of the leading part, and whether a pivot of 1 or 2 is taken."""
    size = abs(a[k, k])
    column = np.abs(a[:k, k])
    if not k or max(size, column.max()) == 0 or size >= alpha * column.max():
        return k, 1
    largest = int(column.argmax())
    row = np.abs(np.concatenate([a[:largest, largest], a[largest, largest + 1 : k + 1]])).max()
    if size >= alpha * column.max() * (column.max() / row):
        return k, 1
    return largest, 1 if abs(a[largest, largest]) >= alpha * row else 2


def inverse(a: Any) -> Any:
    """The inverse, by LU: first of U, then column by column from the right."""
    n = check_square(a)
    upper, lower = is_upper(a), is_lower(a)
    if upper or lower:
        one = np.eye(n, dtype=a.dtype) if a.dtype != object else identity_objects(a)
        return np.asfortranarray(
            solve_upper(a, one, False) if upper else solve_lower(a, one, False)
        )
    if a.dtype == object:
        rows, info = lu_in_place(a)
        if info:
            raise SingularException(info)
        one = identity_objects(a)[permutation(rows, n)]
        return solve_upper(a, solve_lower(a, one, True), False)
    rows, info = lu_in_place(a)
    if info:
        raise SingularException(info)
    if small.fits(a):
        return small.inverse(a, rows)
    one = np.eye(n, dtype=a.dtype)[permutation(rows, n)]
    return np.asfortranarray(solve_upper(a, solve_lower(a, one, True), False))


def identity_objects(a: Any) -> Any:
    """The identity, of Julia values like the elements of `a`."""
    n = a.shape[0]
    t = T.typeof(a.flat[0]) if a.size else T.Float64
    one, zero = Base.bindings["one"](t), Base.bindings["zero"](t)
    return pack([one if i == j else zero for j in range(n) for i in range(n)], T.Any_).reshape(
        (n, n), order="F"
    )


def determinant(a: Any) -> Any:
    """The determinant: the product of the pivots, with the sign of the permutation."""
    n = check_square(a)
    if n == 0:
        return 1.0
    if not (is_upper(a) or is_lower(a)):
        rows, info = lu_in_place(a)
        if info:
            return Base.bindings["zero"](scalar(a[0, 0]))
    else:
        rows = np.arange(n)
    out = scalar(a[0, 0])
    for k in range(1, n):
        out = OP.mul(out, scalar(a[k, k]))
    return OP.neg(out) if sum(int(r) != k for k, r in enumerate(rows)) % 2 else out


def sign_and_log(a: Any) -> tuple[Any, Any]:
    """log|det| and the sign of the determinant."""
    if a.dtype == object:
        det = determinant(a)
        return Base.bindings["log"](Base.bindings["abs"](det)), Base.bindings["sign"](det)
    sign, log = np.linalg.slogdet(a)
    return scalar(log), scalar(sign)
