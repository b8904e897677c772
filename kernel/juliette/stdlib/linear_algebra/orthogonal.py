"""The Q of factorizations: square matrices that behave as operators."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import dense
from juliette.runtime import types as T
from juliette.runtime.array import wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S
from juliette.stdlib.linear_algebra import wide

LinearAlgebra = PACKAGES["LinearAlgebra"]


class Orthogonal:
    """The Q of a factorization: behaves as a square matrix, shows as an operator."""

    __slots__ = ("full", "thin")

    def __init__(self, full: Any, thin: int) -> None:
        self.full, self.thin = full, thin

    @property
    def eltype(self) -> Any:
        if self.full.dtype == object:
            return T.typeof(self.full.flat[0])
        return T.TYPE_OF_DTYPE[self.full.dtype]


AbstractQ_ = S.define("AbstractQ", T.Any_, "T", export=False, abstract=True)


def q_type(key: str, params: str) -> Any:
    return S.define(key, lambda *ps: T.apply_type(AbstractQ_, ps[0]), params, export=False)


class QRQ(Orthogonal):
    """`qr(A).Q`: kept as reflections, `packed` below the diagonal of R, if LAPACK made them.

    They are applied together, as `I - V*T*V'`, which is how Julia multiplies by Q.
    """

    __slots__ = ("block", "packed")

    def __init__(self, full: Any, thin: int, packed: Any = None, block: Any = None) -> None:
        super().__init__(full, thin)
        self.packed, self.block = packed, block

    def applied(self, x: Any) -> Any:
        """`Q*x`"""
        if self.block is None:
            return self.full @ x
        v, t = self.block
        return x - v @ (t @ (v.conj().T @ x))

    def turned(self) -> QRQ:
        """`Q'`"""
        v_t = None if self.block is None else (self.block[0], self.block[1].conj().T)
        full = self.full if self.full.dtype != object else wide.conjugated(self.full)
        return type(self)(
            full.conj().T if v_t or full is self.full else full.T, self.thin, None, v_t
        )


class PackedQ(QRQ):
    """`qr(A, ColumnNorm()).Q`"""

    __slots__ = ()


class HessenbergQ(QRQ):
    """`hessenberg(A).Q`"""

    __slots__ = ()


class LQQ(Orthogonal):
    """`lq(A).Q`"""

    __slots__ = ()


QRCompactWYQ_ = q_type("QRCompactWYQ", "S M C")
QRPackedQ_ = q_type("QRPackedQ", "T S C")
LQPackedQ_ = q_type("LQPackedQ", "T S C")
HessenbergQ_ = q_type("HessenbergQ", "T S W sym")


def _q_parameters(q: Orthogonal) -> Any:
    t = q.eltype
    vector, matrix = T.apply_type(T.Vector, t), T.apply_type(T.Matrix, t)
    if isinstance(q, QRQ) and not isinstance(q, PackedQ):
        return T.apply_type(QRCompactWYQ_, t, matrix, matrix)
    return T.apply_type(QRPackedQ_ if isinstance(q, PackedQ) else LQPackedQ_, t, matrix, vector)


T.register_instances(QRQ, _q_parameters, QRCompactWYQ_)
T.register_instances(PackedQ, _q_parameters, QRPackedQ_)
T.register_instances(LQQ, _q_parameters, LQPackedQ_)
T.register_instances(
    HessenbergQ,
    lambda q: T.apply_type(
        HessenbergQ_, q.eltype, *(T.apply_type(t, q.eltype) for t in (T.Matrix, T.Vector)), False
    ),
    HessenbergQ_,
)


@Base.method("size(Q::LinearAlgebra.AbstractQ)")
def q_size(q: Any) -> tuple[int, ...]:
    return tuple(q.full.shape)


@Base.method("Matrix(Q::LinearAlgebra.AbstractQ)")
def q_matrix(_: Any, q: Any) -> Any:
    return K.result_array(q.full[:, : q.thin] if isinstance(q, QRQ) else q.full[: q.thin])


@Base.method("collect(Q::LinearAlgebra.AbstractQ)")
def q_collect(q: Any) -> Any:
    return K.result_array(q.full)


@Base.method("getindex(Q::LinearAlgebra.AbstractQ, i...)")
def q_getindex(q: Any, *i: Any) -> Any:
    return Base.bindings["getindex"](K.result_array(q.full), *i)


@Base.method("adjoint(Q::LinearAlgebra.AbstractQ)")
def q_adjoint(q: Any) -> Any:
    return q.turned() if isinstance(q, QRQ) else type(q)(q.full.conj().T, q.thin)


def padded(x: Any, rows: int) -> Any:
    """A matrix or vector with zeros below, for the square form of Q."""
    if x.shape[0] == rows:
        return x
    if x.dtype == object:
        zero = S.zero_of(T.typeof(x.flat[0]))
        return np.concatenate([x, np.full((rows - x.shape[0], *x.shape[1:]), zero, dtype=object)])
    return np.concatenate([x, np.zeros((rows - x.shape[0], *x.shape[1:]), dtype=x.dtype)])


@Base.method("*(Q::LinearAlgebra.AbstractQ, s::LinearAlgebra.UniformScaling)")
@Base.method("*(s::LinearAlgebra.UniformScaling, Q::LinearAlgebra.AbstractQ)")
def q_scaled(*args: Any) -> Any:
    q, s = args if isinstance(args[0], Orthogonal) else args[::-1]
    return Base.bindings["*"](K.result_array(q.full), s.value)


@Base.method("*(Q::LinearAlgebra.AbstractQ, B::AbstractVecOrMat)")
def q_times(q: Any, b: Any) -> Any:
    x = dense(b)
    n = q.full.shape[1]
    if x.shape[0] not in (n, q.thin):
        raise DimensionMismatch(f"first dimension of matrix must have size either {n} or {q.thin}")
    if isinstance(q, QRQ) and q.block is not None and x.dtype.kind in "fciu":
        return wrap(np.asfortranarray(q.applied(padded(x, len(q.full)))))
    full = q.full if x.shape[0] == q.full.shape[1] else q.full[:, : x.shape[0]]
    return Base.bindings["*"](K.result_array(full), b)


@Base.method("*(A::AbstractVecOrMat, Q::LinearAlgebra.AbstractQ)")
def times_q(a: Any, q: Any) -> Any:
    x = dense(a)
    if isinstance(q, LQQ) and x.ndim == 2 and x.shape[1] == q.thin < len(q.full):
        a = wrap(np.asfortranarray(x))
        return Base.bindings["*"](a, K.result_array(q.full[: q.thin]))
    return Base.bindings["*"](a, K.result_array(q.full))


@Base.method("*(Q::LinearAlgebra.AbstractQ, R::LinearAlgebra.AbstractQ)")
def q_times_q(q: Any, r: Any) -> Any:
    return Base.bindings["*"](K.result_array(q.full), K.result_array(r.full))


@Base.method('show(io::IO, m::MIME"text/plain", Q::LinearAlgebra.AbstractQ)')
def q_show(io: Any, mime: Any, q: Any) -> None:
    m, n = q.full.shape
    io.write(f"{m}×{n} {T.type_string(T.typeof(q))}")


@LinearAlgebra.method("det(Q::LinearAlgebra.AbstractQ)")
def q_determinant(q: Any) -> Any:
    return np.round(np.linalg.det(q.full)).item()
