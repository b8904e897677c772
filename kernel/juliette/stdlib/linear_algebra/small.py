"""Small real matrices, rounded as the BLAS that Julia comes with rounds them.

Its kernels accumulate with fused multiply-adds, column by column; so do these, which makes the
printed digits of factors, solutions and inverses agree.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LIMIT = 12
_SPLITTER = 134217729.0

Rows = list[list[float]]


def fits(*arrays: Any) -> bool:
    """Are these small matrices and vectors of Float64?"""
    return all(a.dtype == np.float64 and max(a.shape, default=0) <= LIMIT for a in arrays)


def fma(a: float, b: float, c: float) -> float:
    """`a*b + c`, rounded once."""
    p = a * b
    if not math.isfinite(p) or not math.isfinite(c) or abs(p) > 1e290 or abs(a) > 1e290:
        return p + c
    t = _SPLITTER * a
    ah = t - (t - a)
    t = _SPLITTER * b
    bh = t - (t - b)
    al, bl = a - ah, b - bh
    error = ((ah * bh - p) + ah * bl + al * bh) + al * bl
    return math.fsum((p, error, c)) if math.isfinite(error) else p + c


def dot(x: list[float], y: list[float]) -> float:
    """The inner product, by fused multiply-adds from the left."""
    s = 0.0
    for p, q in zip(x, y, strict=True):
        s = fma(p, q, s)
    return s


def lu(data: Any, pivot: bool) -> tuple[Any, int]:
    """Left-looking LU of an ndarray, in place: pivot rows (from 0), first zero pivot or 0."""
    m, n = data.shape
    a: Rows = data.tolist()
    rows = list(range(min(m, n)))
    info = 0
    for j in range(n):
        column = [0.0] * min(j, m)
        for i in range(min(j, m)):
            a[i][j] -= dot(a[i][:i], column[:i])
            column[i] = a[i][j]
        if j >= m:
            continue
        for i in range(j, m):
            a[i][j] -= dot(a[i][:j], column)
        if pivot:
            p = max(range(j, m), key=lambda i: (abs(a[i][j]), -i))
            rows[j] = p
            a[j], a[p] = a[p], a[j]
        if a[j][j] == 0:
            info = info or j + 1
            continue
        factor = 1 / a[j][j]
        for i in range(j + 1, m):
            a[i][j] *= factor
    data[...] = a
    return np.array(rows), info


def substitute(triangle: Any, b: Any, *, upper: bool, unit: bool) -> Any:
    """Solve with a triangular matrix; `b` is overwritten, column by column."""
    t: Rows = triangle.tolist()
    n = len(t)
    columns = [b] if b.ndim == 1 else [b[:, j] for j in range(b.shape[1])]
    order = range(n - 1, -1, -1) if upper else range(n)
    for column in columns:
        x = column.tolist()
        for k in order:
            if not unit:
                x[k] /= t[k][k]
            for i in range(k) if upper else range(k + 1, n):
                x[i] = fma(-x[k], t[i][k], x[i])
        column[...] = x
    return b


def inverse(factors: Any, rows: Any) -> Any:
    """The inverse from the factors of `lu`: U is inverted first, then the columns are completed."""
    lower: Rows = factors.tolist()
    n = len(lower)
    a = [row[:] for row in lower]
    for j in range(n):
        a[j][j] = 1 / a[j][j]
        x = [a[i][j] for i in range(j)]
        products = [dot(a[i][i:j], x[i:]) for i in range(j)]
        for i in range(j):
            a[i][j] = products[i] * -a[j][j]
    for j in range(n - 2, -1, -1):
        work = [lower[i][j] for i in range(j + 1, n)]
        for i in range(n):
            a[i][j] = (a[i][j] if i <= j else 0.0) - dot(a[i][j + 1 :], work)
    out = np.array(a, order="F")
    for k in range(n - 1, -1, -1):
        if rows[k] != k:
            out[:, [k, rows[k]]] = out[:, [rows[k], k]]
    return np.asfortranarray(out)
