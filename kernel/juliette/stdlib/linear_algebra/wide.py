"""Factorizations of numbers that numpy does not know, as BigFloat, with Julia's own operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.stdlib.linear_algebra.kernels import OP, identity_objects

_WIDE = T.CORE_TYPES["BigFloat"]


def is_wide(data: Any) -> bool:
    """Are the elements floats of more digits than numpy's, or complex numbers of such?"""
    if data.dtype != object or not data.size:
        return False
    return T.typeof(Base.bindings["real"](data.flat[0])) is _WIDE


def floated(data: Any) -> Any:
    """The elements as numpy's floats, unless they hold more."""
    if data.dtype != object or is_wide(data):
        return data
    values = [Base.bindings["float"](x) for x in data.ravel(order="F")]
    kind = complex if any(T.isa(x, Base.bindings["Complex"]) for x in values) else float
    numbers = [complex(OP.real(x), OP.imag(x)) if kind is complex else float(x) for x in values]
    return np.array(numbers, dtype=kind).reshape(data.shape, order="F")


def reflector(a: Any, k: int) -> Any:
    """Turn column k from the diagonal on into a Householder vector, in place; its factor τ."""
    column = a[k:, k]
    first, size = column[0], OP.sqrt(total([OP.abs2(x) for x in column]))
    if Base.bindings["iszero"](size):
        return OP.zero(first)
    size = OP.copysign(size, OP.real(first))
    lead = OP.add(first, size)
    a[k, k] = OP.neg(size)
    for i in range(k + 1, len(a)):
        a[i, k] = OP.div(a[i, k], lead)
    return OP.div(lead, size)


def conjugated(a: Any) -> Any:
    return np.frompyfunc(OP.conj, 1, 1)(a)


def total(values: list[Any]) -> Any:
    out = values[0]
    for x in values[1:]:
        out = OP.add(out, x)
    return out


def apply(v: Any, tau: Any, b: Any) -> None:
    """`b - v*τ*v'*b` in place; `v[0]` counts as 1."""
    for j in range(b.shape[1]):
        part = total([b[0, j], *(OP.mul(OP.conj(v[i]), b[i, j]) for i in range(1, len(v)))])
        part = OP.mul(tau, part)
        b[0, j] = OP.sub(b[0, j], part)
        for i in range(1, len(v)):
            b[i, j] = OP.sub(b[i, j], OP.mul(v[i], part))


def qr(a: Any, pivot: bool) -> tuple[Any, Any, Any]:
    """Q (square), R over Householder's vectors, and the order of the columns (from 0)."""
    m, n = a.shape
    packed, order = a.copy(order="F"), np.arange(n)
    taus = []
    for k in range(min(m, n)):
        if pivot:
            sizes = [OP.sqrt(total([OP.abs2(x) for x in packed[k:, j]])) for j in range(k, n)]
            best = k
            for j, s in enumerate(sizes, k):
                if Base.bindings["isless"](sizes[best - k], s):
                    best = j
            packed[:, [k, best]] = packed[:, [best, k]]
            order[[k, best]] = order[[best, k]]
        taus.append(reflector(packed, k))
        apply(packed[k:, k], OP.conj(taus[k]), packed[k:, k + 1 :])
    q = identity_objects(np.resize(a, (m, m)))
    for k in reversed(range(len(taus))):
        apply(packed[k:, k], taus[k], q[k:])
    return q, packed, order


def below(m: int, n: int) -> list[tuple[int, int]]:
    """The places below the diagonal."""
    return [(i, j) for i in range(m) for j in range(min(i, n))]


def upper(packed: Any, k: int) -> Any:
    """The first k rows above the diagonal, with zeros below."""
    out = packed[:k].copy(order="F")
    for i, j in below(k, out.shape[1]):
        out[i, j] = OP.zero(out[i, j])
    return out


def cholesky(a: Any) -> tuple[Any, int]:
    """U with `U'*U` equal to the matrix, and the order of the minor that is not positive or 0."""
    n = len(a)
    out = a.copy(order="F")
    for i, j in below(n, n):
        out[i, j] = OP.zero(out[i, j])
    for j in range(n):
        for k in range(j):
            out[j, j] = OP.sub(out[j, j], OP.abs2(out[k, j]))
        d = OP.real(out[j, j])
        if not Base.bindings["<"](OP.zero(d), d):
            return out, j + 1
        out[j, j] = Base.bindings["convert"](T.typeof(out[j, j]), OP.sqrt(d))
        for i in range(j + 1, n):
            for k in range(j):
                out[j, i] = OP.sub(out[j, i], OP.mul(OP.conj(out[k, j]), out[k, i]))
            out[j, i] = OP.div(out[j, i], out[j, j])
    return out, 0
