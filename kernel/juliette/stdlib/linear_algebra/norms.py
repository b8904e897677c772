"""Norms, rank and condition."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    dense,
    is_array,
    scalar,
    values_of,
)
from juliette.base.reshaping import assign
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, NoMethod
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra.operations import _iterable, fold

LinearAlgebra = PACKAGES["LinearAlgebra"]
method = LinearAlgebra.method


def float_type(data: Any) -> Any:
    return np.float32 if data.dtype in (np.float32, np.complex64) else np.float64


# Between these the squares of many numbers add up without overflow.
_SAFE = {np.float32: (1e-15, 1e15), np.float64: (1e-140, 1e140)}


@method("norm(x, p::Real=2)")
def norm(a: Any, p: Any = 2) -> Any:
    """The p-norm of all elements.

    ```jldoctest
    julia> using LinearAlgebra

    julia> norm([3, 4]), norm([3, -4], 1), norm([3, -4], Inf)
    (5.0, 7.0, 4.0)
    ```
    """
    if not is_array(a):
        if _iterable(a):
            a = Base.bindings["collect"](a)
        else:
            size = Base.bindings["float"](Base.bindings["abs"](a))
            return size if p != 0 else float(not Base.bindings["iszero"](a))
    data = dense(a).ravel(order="F")
    if data.dtype == object:
        return general_norm(a, p)
    kind = float_type(data)
    size = np.abs(data if data.dtype.kind in "fc" else data.astype(float))
    if size.size == 0:
        return scalar(kind(0))
    if p == 2:
        out = (
            kind(math.sqrt(float(np.dot(size, size))))
            if _SAFE[kind][0] < (largest := float(size.max())) < _SAFE[kind][1]
            else scaled_norm(size, largest)
        )
    elif p == 1:
        out = size.sum()
    elif p == math.inf:
        out = size.max()
    elif p == -math.inf:
        out = size.min()
    elif p == 0:
        out = np.count_nonzero(size)
    else:
        out = (size ** float(p)).sum() ** (1 / float(p))
    return scalar(kind(out))


def scaled_norm(size: Any, largest: float) -> float:
    """The 2-norm of numbers whose squares would be too large or too small."""
    if not largest or not math.isfinite(largest):
        return largest
    part = size.astype(float) / largest
    return math.sqrt(float(np.dot(part, part))) * largest


def general_norm(a: Any, p: Any) -> Any:
    sizes = [norm(x) for x in values_of(a)]
    if not sizes:
        return 0.0
    op = Base.bindings
    if p == 2:
        return op["sqrt"](fold("+", (op["*"](s, s) for s in sizes), 0.0))
    if p == 1:
        return fold("+", sizes, 0.0)
    if p in (math.inf, -math.inf):
        return fold("max" if p > 0 else "min", sizes, 0.0)
    return op["^"](fold("+", (op["^"](s, p) for s in sizes), 0.0), op["/"](1, p))


@method("normalize(a::AbstractArray, p::Real=2)")
def normalize(a: Any, p: Any = 2) -> Any:
    """The array divided by its norm.

    ```jldoctest
    julia> using LinearAlgebra

    julia> normalize([3, 4])
    2-element Vector{Float64}:
     0.6
     0.8
    ```
    """
    return Base.bindings["/"](a, norm(a, p))


@method("normalize(x::Number, p::Real=2)")
def normalize_number(x: Any, p: Any = 2) -> Any:
    return Base.bindings["sign"](Base.bindings["float"](x))


@method("normalize!(a::AbstractArray, p::Real=2)")
def normalize_into(a: Any, p: Any = 2) -> Any:
    """Divide by the norm in place.

    ```jldoctest
    julia> using LinearAlgebra

    julia> normalize!([3.0, 4.0])
    2-element Vector{Float64}:
     0.6
     0.8
    ```
    """
    return assign(a, dense(normalize(a, p)))


@method("opnorm(A, p::Real=2)")
def opnorm(a: Any, p: Any = 2) -> Any:
    """The operator norm that the vector p-norm induces.

    ```jldoctest
    julia> using LinearAlgebra

    julia> opnorm([1 2; 3 4], 1)
    6.0
    ```
    """
    K.check_numbers(a, 0, 1, 2)
    if not is_array(a):
        return Base.bindings["abs"](a)
    data = K.floating(a)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    if p not in (1, 2, math.inf):
        raise ArgumentError(f"invalid p-norm p={Base.bindings['repr'](p)}. Valid: 1, 2, Inf")
    if data.dtype == object:
        data = data.astype(float)
    return scalar(data.dtype.type(np.linalg.norm(data, p)).real)


@method("cond(A, p::Real=2)")
def cond(a: Any, p: Any = 2) -> Any:
    """The condition number.

    ```jldoctest
    julia> using LinearAlgebra

    julia> cond([2 0; 0 1])
    2.0
    ```
    """
    K.check_numbers(a, 0, 2)
    if not is_array(a):
        return math.inf if Base.bindings["iszero"](a) else 1.0
    data = K.floating(a)
    if p == 2:
        s = np.linalg.svd(data, compute_uv=False)
        return scalar(s[0] / s[-1]) if s.size and s[-1] else math.inf if s.size else 0.0
    try:
        return Base.bindings["*"](opnorm(a, p), opnorm(Base.bindings["inv"](a), p))
    except K.SingularException:
        return math.inf


@method("condskeel(A::AbstractMatrix, p::Real=Inf)")
def condskeel(a: Any, p: Any = math.inf) -> Any:
    """Skeel's condition number, which scaling of the rows does not change.

    ```jldoctest
    julia> using LinearAlgebra

    julia> condskeel([2.0 0.0; 0.0 500.0])
    1.0
    ```
    """
    size, inverse = np.abs(K.floating(a)), np.abs(dense(Base.bindings["inv"](a)))
    return opnorm(K.result_array(inverse @ size), p)


@method("condskeel(A::AbstractMatrix, x::AbstractVector, p::Real=Inf)")
def condskeel_at(a: Any, x: Any, p: Any = math.inf) -> Any:
    size, inverse = np.abs(K.floating(a)), np.abs(dense(Base.bindings["inv"](a)))
    turned = K.result_array(inverse @ (size @ np.abs(K.floating(x))))
    return Base.bindings["/"](norm(turned, p), norm(x, p))


@method("peakflops(n::Integer=2000; parallel::Bool=false)", export=False)
def peakflops(n: int = 2000, *, parallel: bool = False) -> float:
    """Operations with floats in a second, measured on one product of matrices."""
    a = np.ones((n, n))
    started = time.perf_counter()
    a @ a
    return 2.0 * n**3 / (time.perf_counter() - started)


@method("rank(A; atol=0.0, rtol=nothing)")
def rank(a: Any, *, atol: Any = 0.0, rtol: Any = None) -> int:
    """How many singular values are not negligible.

    ```jldoctest
    julia> using LinearAlgebra

    julia> rank([1 2; 2 4])
    1
    ```
    """
    K.check_numbers(a, 0, 1, 2)
    if not is_array(a):
        if not T.isa(a, T.Number):
            raise NoMethod("only matrices and numbers have a rank")
        return int(not Base.bindings["iszero"](a))
    data = K.floating(a)
    if data.dtype == object:
        data = data.astype(float)
    if not data.size:
        return 0
    data = data.reshape(data.shape[0], -1)
    s = np.linalg.svd(data, compute_uv=False)
    rtol = (0.0 if atol > 0 else min(data.shape) * np.finfo(s.dtype).eps) if rtol is None else rtol
    return int((s > max(atol, rtol * s[0])).sum())
