"""Givens rotations: `givens(f, g, i, j)`, and products of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import convert_data, dense, eltype_of
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime.array import vector, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S

LinearAlgebra = PACKAGES["LinearAlgebra"]
method = LinearAlgebra.method
AbstractRotation_ = S.define("AbstractRotation", T.Any_, "T", export=False, abstract=True)


def rotation_type(name: str, fields: str) -> Any:
    t = S.define(name, lambda p: T.apply_type(AbstractRotation_, p), "T", export=False)
    S.fields_of(t, fields)
    return t


Givens_ = rotation_type("Givens", "i1 i2 c s")
Rotation_ = rotation_type("Rotation", "rotations")


class Givens:
    """A rotation in the plane of two coordinates, by cosine and sine."""

    __slots__ = ("c", "i1", "i2", "s")
    value_fields = fields = ("i1", "i2", "c", "s")

    def __init__(self, i1: int, i2: int, c: Any, s: Any) -> None:
        self.i1, self.i2, self.c, self.s = i1, i2, c, s

    def turned(self) -> Givens:
        """The rotation back."""
        conjugate = np.conj(self.c)
        return Givens(self.i1, self.i2, conjugate.item(), -self.s)

    def on_rows(self, data: Any) -> None:
        """`G*A`, in place."""
        if self.i2 > len(data):
            raise DimensionMismatch("column indices for rotation are outside the matrix")
        p, q = data[self.i1 - 1].copy(), data[self.i2 - 1].copy()
        data[self.i1 - 1] = self.c * p + self.s * q
        data[self.i2 - 1] = -np.conj(self.s) * p + self.c * q

    def on_columns(self, data: Any) -> None:
        """`A*G`, in place."""
        if self.i2 > data.shape[1]:
            raise DimensionMismatch("column indices for rotation are outside the matrix")
        p, q = data[:, self.i1 - 1].copy(), data[:, self.i2 - 1].copy()
        data[:, self.i1 - 1] = p * self.c - q * np.conj(self.s)
        data[:, self.i2 - 1] = p * self.s + q * self.c


class Rotation:
    """A product of Givens rotations, the first to be applied first."""

    __slots__ = ("turns",)
    fields = ("rotations",)

    def __init__(self, turns: list[Givens]) -> None:
        self.turns = turns

    @property
    def rotations(self) -> Any:
        return vector(self.turns, T.typeof(self.turns[0]))

    def turned(self) -> Rotation:
        return Rotation([g.turned() for g in reversed(self.turns)])

    def on_rows(self, data: Any) -> None:
        for g in self.turns:
            g.on_rows(data)

    def on_columns(self, data: Any) -> None:
        for g in reversed(self.turns):
            g.on_columns(data)


T.register_instances(Givens, lambda g: T.apply_type(Givens_, T.typeof(g.c)), Givens_)
T.register_instances(Rotation, lambda r: T.apply_type(Rotation_, T.typeof(r.turns[0].c)), Rotation_)


def cosine_and_sine(f: Any, g: Any) -> tuple[Any, Any, Any]:
    """`c`, `s` and `r` with `c*f + s*g == r` and `-s'*f + c*g == 0`."""
    if isinstance(f, complex) or isinstance(g, complex):
        size = math.hypot(abs(f), abs(g))
        if not g:
            return 1.0 + 0j, 0j, f
        if not f:
            return 0j, complex(g).conjugate() / abs(g), complex(abs(g))
        phase = f / abs(f)
        return complex(abs(f) / size), phase * complex(g).conjugate() / size, phase * size
    if not g:
        return 1.0, 0.0, f
    if not f:
        return 0.0, 1.0, g
    r = math.sqrt(f * f + g * g)
    if not math.isfinite(r) or not r:
        r = math.hypot(f, g)
    c, s = f / r, g / r
    return (-c, -s, -r) if abs(f) > abs(g) and c < 0 else (c, s, r)


def plain(x: Any) -> Any:
    y = Base.bindings["float"](x)
    if isinstance(y, (complex, np.complexfloating)):
        return complex(y)
    return complex(y.re, y.im) if hasattr(y, "re") else float(y)


@method("givens(f::Number, g::Number, i1::Integer, i2::Integer)")
def givens(f: Any, g: Any, i: int, j: int) -> Any:
    """The Givens rotation that zeroes `g`, and the length of `(f, g)`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> G, r = givens(5.0, 12.0, 1, 2); r
    13.0

    julia> G[1, 2] == 12 / 13, G * [13.0, 0.0]
    (true, [5.0, -12.0])
    ```
    """
    if i == j:
        raise ArgumentError("Indices must be distinct.")
    c, s, r = cosine_and_sine(plain(f), plain(g))
    if i > j:
        i, j, s = j, i, -np.conj(s).item()
    return (Givens(i, j, c, s), r)


@method("givens(A::AbstractMatrix, i1::Integer, i2::Integer, j::Integer)")
def givens_of_column(a: Any, i: int, k: int, j: int) -> Any:
    at = Base.bindings["getindex"]
    return givens(at(a, i, j), at(a, k, j), i, k)


@method("givens(x::AbstractVector, i1::Integer, i2::Integer)")
def givens_of_vector(x: Any, i: int, k: int) -> Any:
    at = Base.bindings["getindex"]
    return givens(at(x, i), at(x, k), i, k)


@method("Givens(i1::Integer, i2::Integer, c::Number, s::Number)", export=False)
def make_givens(_: Any, i: int, j: int, c: Any, s: Any) -> Givens:
    return Givens(i, j, *Base.bindings["promote"](c, s))


@Base.method("getindex(G::LinearAlgebra.Givens, i::Integer, j::Integer)")
def givens_element(g: Givens, i: int, j: int) -> Any:
    if i == j:
        return g.c if i in (g.i1, g.i2) else Base.bindings["one"](g.c)
    if (i, j) == (g.i1, g.i2):
        return g.s
    return -np.conj(g.s).item() if (i, j) == (g.i2, g.i1) else Base.bindings["zero"](g.s)


@Base.method("adjoint(R::LinearAlgebra.AbstractRotation)")
def turned(g: Any) -> Any:
    return g.turned()


@Base.method("*(R::LinearAlgebra.AbstractRotation, A::AbstractVecOrMat)")
def rotation_times(g: Any, a: Any) -> Any:
    data = K.floating(a)
    g.on_rows(data)
    return wrap(data)


@Base.method("*(A::AbstractMatrix, R::LinearAlgebra.AbstractRotation)")
def times_rotation(a: Any, g: Any) -> Any:
    data = K.floating(a)
    g.on_columns(data)
    return wrap(data)


@Base.method("*(a::LinearAlgebra.AbstractRotation, b::LinearAlgebra.AbstractRotation)")
def rotations_together(a: Any, b: Any) -> Rotation:
    first, last = (r.turns if isinstance(r, Rotation) else [r] for r in (b, a))
    return Rotation([*first, *last])


@method("lmul!(R::LinearAlgebra.AbstractRotation, A::AbstractVecOrMat)")
def rotate_rows(g: Any, a: Any) -> Any:
    return written(a, rotation_times(g, a))


@method("rmul!(A::AbstractMatrix, R::LinearAlgebra.AbstractRotation)")
def rotate_columns(a: Any, g: Any) -> Any:
    return written(a, times_rotation(a, g))


def written(a: Any, out: Any) -> Any:
    return assign(a, convert_data(eltype_of(a), dense(out), eltype_of(out)))
