"""Products, traces, determinants, pseudo-inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base import matrices
from juliette.base.array_protocol import (
    convert_data,
    dense,
    eltype_of,
    from_values,
    is_array,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.reshaping import assign
from juliette.base.views import materialize_into
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime.array import elements, make, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch
from juliette.runtime.modules import PACKAGES, Base
from juliette.stdlib.linear_algebra import factorizations as F
from juliette.stdlib.linear_algebra import kernels as K
from juliette.stdlib.linear_algebra import structured as S

LinearAlgebra = PACKAGES["LinearAlgebra"]
method = LinearAlgebra.method


def fold(op: str, items: Any, start: Any) -> Any:
    f = Base.bindings[op]
    acc = None
    for x in items:
        acc = x if acc is None else f(acc, x)
    return start if acc is None else acc


# ---------------------------------------------------------------- products


@method("dot(x, y)")
def dot(a: Any, b: Any) -> Any:
    """Inner product; the first argument is conjugated.

    ```jldoctest
    julia> using LinearAlgebra

    julia> dot([1, 2, 3], [4, 5, 6])
    32
    ```
    """
    if not is_array(a) and not is_array(b) and not _iterable(a):
        return Base.bindings["*"](Base.bindings["conj"](a), b)
    if not (is_array(a) and is_array(b)):
        a, b = (x if is_array(x) else Base.bindings["collect"](x) for x in (a, b))
    x, y = dense(a).ravel(order="F"), dense(b).ravel(order="F")
    if x.size != y.size:
        raise DimensionMismatch(
            f"dot product arguments have lengths {x.size} and {y.size}"
            if x.dtype.kind == "f" and x.dtype == y.dtype
            else f"first array has length {x.size} which does not match "
            f"the length of the second, {y.size}."
        )
    if x.dtype == object or y.dtype == object:
        pairs = zip(elements(x), elements(y), strict=True)
        return fold(
            "+",
            (dot(p, q) for p, q in pairs),
            Base.bindings["zero"](eltype_of(a)) if x.size == 0 else 0,
        )
    t = Base.bindings["promote_type"](eltype_of(a), eltype_of(b))
    if x.dtype.kind == "b" and y.dtype.kind == "b":
        t = T.Int64
    return scalar(np.vdot(convert_data(t, x, eltype_of(a)), convert_data(t, y, eltype_of(b))))


def _iterable(x: Any) -> bool:
    return type(x) is tuple or hasattr(x, "julia_iterator")


@method("dot(x::AbstractVector, A, y::AbstractVector)")
def dot_through(x: Any, a: Any, y: Any) -> Any:
    return dot(x, Base.bindings["*"](a, y))


LinearAlgebra.const("⋅", LinearAlgebra.bindings["dot"])


@method("cross(x::AbstractVector, y::AbstractVector)")
def cross(a: Any, b: Any) -> Any:
    """The vector product in three dimensions.

    ```jldoctest
    julia> using LinearAlgebra

    julia> cross([0, 1, 0], [0, 0, 1])
    3-element Vector{Int64}:
     1
     0
     0
    ```
    """
    x, y = values_of(a), values_of(b)
    if not len(x) == len(y) == 3:
        raise DimensionMismatch("cross product is only defined for vectors of length 3")
    times, minus = Base.bindings["*"], Base.bindings["-"]
    pairs = ((1, 2), (2, 0), (0, 1))
    return from_values([minus(times(x[i], y[j]), times(x[j], y[i])) for i, j in pairs])


LinearAlgebra.const("×", LinearAlgebra.bindings["cross"])


for _name in ("kron", "kron!"):
    LinearAlgebra.const(_name, Base.get(_name))


def kron_into(c: Any, a: Any, b: Any) -> Any:
    """Write the Kronecker product of `A` and `B` into `C`."""
    out = kron(a, b)
    if out.data.shape != dense(c).shape:
        raise DimensionMismatch(f"kron!: C has size {dense(c).shape}, must have {out.data.shape}")
    return assign(c, dense(out))


def kron(a: Any, *bs: Any) -> Any:
    """The Kronecker product, as Base has it."""
    for b in bs:
        if not (is_array(a) and is_array(b)):
            a = Base.bindings["*"](a, b)
            continue
        x, y = dense(a), dense(b)
        if x.dtype == object or y.dtype == object:
            times = np.frompyfunc(Base.bindings["*"], 2, 1)
            n = max(x.ndim, y.ndim)
            x, y = (K.objects(v).reshape(v.shape + (1,) * (n - v.ndim)) for v in (x, y))
            big = times(
                x.reshape(tuple(k for s in x.shape for k in (s, 1))),
                y.reshape(tuple(k for s in y.shape for k in (1, s))),
            )
            big = big.reshape(tuple(p * q for p, q in zip(x.shape, y.shape, strict=True)))
            a = from_values(elements(big), big.shape)
            continue
        t = Base.bindings["promote_type"](eltype_of(a), eltype_of(b))
        x, y = convert_data(t, x, eltype_of(a)), convert_data(t, y, eltype_of(b))
        n = max(x.ndim, y.ndim)
        x, y = (v.reshape(v.shape + (1,) * (n - v.ndim), order="F") for v in (x, y))
        out = make(np.asfortranarray(np.kron(x, y)), t)
        a = (
            S.Diagonal(S.diagonal_of(out))
            if isinstance(a, S.Diagonal) and isinstance(b, S.Diagonal)
            else out
        )
    return a


matrices.KRONECKER[:] = kron, kron_into


@method("mul!(C::AbstractVecOrMat, A, B)")
def mul(c: Any, a: Any, b: Any) -> Any:
    """The product, written into an array.

    ```jldoctest
    julia> using LinearAlgebra

    julia> mul!(zeros(2), [1 2; 3 4], [1, 1])
    2-element Vector{Float64}:
     3.0
     7.0
    ```
    """
    check_into(c, a, b)
    return assign(c, convert_data(c.eltype, dense(Base.bindings["*"](a, b)), _product_type(a, b)))


@method("mul!(C::AbstractVecOrMat, A, B, α::Number, β::Number)")
def mul_scaled(c: Any, a: Any, b: Any, alpha: Any, beta: Any) -> Any:
    """`A*B*α + C*β`, written into `C`."""
    check_into(c, a, b)
    times, plus = Base.bindings["*"], Base.bindings["+"]
    out = times(times(a, b), alpha)
    if not Base.bindings["iszero"](beta):
        out = plus(out, times(c, beta))
    return assign(c, convert_data(c.eltype, dense(out), eltype_of(out)))


def _product_type(a: Any, b: Any) -> Any:
    return eltype_of(Base.bindings["*"](a, b))


def check_into(c: Any, a: Any, b: Any) -> None:
    """Raise DimensionMismatch if a product does not fit its destination."""
    if not (is_array(a) and is_array(b)):
        return
    sa, sb, sc = shape_of(a), shape_of(b), shape_of(c)
    if len(sa) != 2:
        return
    want: Any = (sa[0],) if len(sb) == 1 else (sa[0], sb[1])
    if sa[1] == sb[0] and sc != want:
        if len(sb) == 1:
            raise DimensionMismatch(f"result C has length {sc[0]}, needs length {sa[0]}")
        raise DimensionMismatch(
            f"C has dimensions ({', '.join(map(str, sc))}), should have ({want[0]},{want[1]})"
        )


@method("lmul!(a, B::AbstractArray)")
def lmul(a: Any, b: Any) -> Any:
    """`a*B`, written into `B`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> lmul!(2, [1, 2])
    2-element Vector{Int64}:
     2
     4
    ```
    """
    return assign(b, convert_data(b.eltype, dense(Base.bindings["*"](a, b)), None))


@method("rmul!(A::AbstractArray, b)")
def rmul(a: Any, b: Any) -> Any:
    """`A*b`, written into `A`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> rmul!([1, 2], 2)
    2-element Vector{Int64}:
     2
     4
    ```
    """
    return assign(a, convert_data(a.eltype, dense(Base.bindings["*"](a, b)), None))


@method("ldiv!(A, B)")
def ldiv(a: Any, b: Any) -> Any:
    """`A \\ B`, written into `B`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> ldiv!(lu([2.0 0; 0 4]), [2.0, 4])
    2-element Vector{Float64}:
     1.0
     1.0
    ```
    """
    return assign(b, dense(Base.bindings["\\"](a, b)))


@method("ldiv!(Y::AbstractVecOrMat, A, B)")
def ldiv_into(y: Any, a: Any, b: Any) -> Any:
    return assign(y, dense(Base.bindings["\\"](a, b)))


@method("rdiv!(A, B)")
def rdiv(a: Any, b: Any) -> Any:
    """`A / B`, written into `A`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> rdiv!([2.0 4], Diagonal([2.0, 4]))
    1×2 Matrix{Float64}:
     1.0  1.0
    ```
    """
    return assign(a, dense(Base.bindings["/"](a, b)))


@method("axpy!(a, x::AbstractArray, y::AbstractArray)")
def axpy(a: Any, x: Any, y: Any) -> Any:
    """`y .+= a .* x`

    ```jldoctest
    julia> using LinearAlgebra

    julia> axpy!(2, [1, 2], [10, 10])
    2-element Vector{Int64}:
     12
     14
    ```
    """
    if shape_of(x) != shape_of(y):
        raise DimensionMismatch(
            f"x has length {len(values_of(x))}, but y has length {len(values_of(y))}"
        )
    plus, times = Base.bindings["+"], Base.bindings["*"]
    return materialize_into(y, B.broadcasted(plus, y, B.broadcasted(times, a, x)))


@method("axpy!(a, x::AbstractArray, rx::AbstractArray, y::AbstractArray, ry::AbstractArray)")
def axpy_at(a: Any, x: Any, at: Any, y: Any, to: Any) -> Any:
    """`y[ry] .+= a .* x[rx]`"""
    m, n = len(values_of(at)), len(values_of(to))
    if m != n:
        raise ArgumentError(f"rx has length {m}, but ry has length {n}")
    axpy(a, Base.bindings["view"](x, at), Base.bindings["view"](y, to))
    return y


@method("axpby!(a, x::AbstractArray, b, y::AbstractArray)")
def axpby(a: Any, x: Any, b: Any, y: Any) -> Any:
    """`y .= a .* x .+ b .* y`

    ```jldoctest
    julia> using LinearAlgebra

    julia> axpby!(2, [1, 2], 3, [10, 10])
    2-element Vector{Int64}:
     32
     34
    ```
    """
    plus, times = Base.bindings["+"], Base.bindings["*"]
    return materialize_into(
        y, B.broadcasted(plus, B.broadcasted(times, a, x), B.broadcasted(times, b, y))
    )


@method("rotate!(x::AbstractVector, y::AbstractVector, c, s)")
def rotate(x: Any, y: Any, c: Any, s: Any) -> Any:
    """Rotate the pairs `(x[i], y[i])`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> rotate!([1.0], [0.0], 0.0, 1.0)
    ([0.0], [-1.0])
    ```
    """
    p, q = np.array(dense(x)), np.array(dense(y))
    assign(x, c * p + s * q)
    assign(y, -np.conj(s) * p + c * q)
    return (x, y)


@method("reflect!(x::AbstractVector, y::AbstractVector, c, s)")
def reflect(x: Any, y: Any, c: Any, s: Any) -> Any:
    """Reflect the pairs `(x[i], y[i])`.

    ```jldoctest
    julia> using LinearAlgebra

    julia> reflect!([1.0], [2.0], 0.0, 1.0)
    ([2.0], [1.0])
    ```
    """
    p, q = np.array(dense(x)), np.array(dense(y))
    assign(x, c * p + s * q)
    assign(y, np.conj(s) * p - c * q)
    return (x, y)


# ---------------------------------------------------------------- inverse, determinant, trace


@method("det_bareiss(M::AbstractMatrix)", export=False)
def det_bareiss(a: Any) -> Any:
    """The determinant by Bareiss's method, which divides without a rest: exact for integers.

    ```jldoctest
    julia> using LinearAlgebra

    julia> LinearAlgebra.det_bareiss([2 1; 1 3])
    5
    ```
    """
    K.check_square(a)
    return bareiss(a)


@method("tr(A)")
def trace(a: Any) -> Any:
    """The sum of the diagonal elements.

    ```jldoctest
    julia> using LinearAlgebra

    julia> tr([1 2; 3 4])
    5
    ```
    """
    if isinstance(a, S.UniformScaling):
        if a.value:
            raise ArgumentError("Trace of UniformScaling is only well-defined when λ = 0")
        return a.value
    if not is_array(a):
        return a
    K.check_square(a)
    return fold("+", elements(np.array(dense(a).diagonal())), Base.bindings["zero"](eltype_of(a)))


@method("det(A)")
def det(a: Any) -> Any:
    """The determinant.

    ```jldoctest
    julia> using LinearAlgebra

    julia> det([1 2; 3 4])
    -2.0
    ```
    """
    if isinstance(a, S.UniformScaling):
        if a.value not in (0, 1):
            raise ArgumentError(
                "Determinant of UniformScaling is only well-defined when λ = 0 or 1."
            )
        return a.value
    if not is_array(a):
        return a
    n = K.check_square(a)
    data = dense(a)
    if (isinstance(a, S.Structured) and a.low * a.high == 0) or (
        data.dtype.kind in "iub"
        and (K.is_upper(data) or K.is_lower(data))
        and isinstance(a, S.Structured)
    ):
        return fold("*", elements(np.array(data.diagonal())), Base.bindings["one"](eltype_of(a)))
    if n and eltype_of(a) is T.CORE_TYPES["BigInt"]:
        return bareiss(a)
    return K.determinant(K.floating(a))


def bareiss(a: Any) -> Any:
    """The exact determinant of a matrix of big integers."""
    rows = dense(a).tolist()
    n, sign, last = len(rows), 1, 1
    op = Base.bindings
    for k in range(n - 1):
        if op["iszero"](rows[k][k]):
            swap = next((i for i in range(k + 1, n) if not op["iszero"](rows[i][k])), None)
            if swap is None:
                return op["zero"](eltype_of(a))
            rows[k], rows[swap], sign = rows[swap], rows[k], -sign
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                num = op["-"](op["*"](rows[i][j], rows[k][k]), op["*"](rows[i][k], rows[k][j]))
                rows[i][j] = op["div"](num, last)
        last = rows[k][k]
    return op["*"](sign, rows[n - 1][n - 1])


@method("logabsdet(A::AbstractMatrix)")
def logabsdet(a: Any) -> Any:
    """log of the absolute value of the determinant, and its sign.

    ```jldoctest
    julia> using LinearAlgebra

    julia> logabsdet([1.0 0; 0 -1])
    (0.0, -1.0)
    ```
    """
    K.check_square(a)
    return K.sign_and_log(K.floating(a))


@method("logabsdet(x::Number)")
def logabsdet_of_number(x: Any) -> Any:
    return Base.bindings["log"](Base.bindings["abs"](x)), Base.bindings["sign"](x)


@method("logabsdet(F::LinearAlgebra.Factorization)")
def logabsdet_factored(f: Any) -> Any:
    return logabsdet(F.matrix_again(f))


@method("logdet(A)")
def logdet(a: Any) -> Any:
    """log of the determinant.

    ```jldoctest
    julia> using LinearAlgebra

    julia> logdet([1.0 0; 0 1])
    0.0
    ```
    """
    if isinstance(a, F.Factorization):
        a = F.matrix_again(a)
    if not is_array(a):
        return Base.bindings["log"](a)
    log, sign = logabsdet(a)
    if isinstance(sign, complex):
        return log + 1j * float(np.angle(sign))
    return Base.bindings["+"](log, Base.bindings["log"](sign))


@method("pinv(A; atol=0.0, rtol=nothing)")
def pinv(a: Any, *, atol: Any = 0.0, rtol: Any = None) -> Any:
    """The Moore–Penrose inverse.

    ```jldoctest
    julia> using LinearAlgebra

    julia> pinv([2 0; 0 4])
    2×2 Matrix{Float64}:
     0.5  0.0
     0.0  0.25
    ```
    """
    K.check_numbers(a, 0, 1, 2)
    if not is_array(a):
        return (
            Base.bindings["inv"](a) if not Base.bindings["iszero"](a) else Base.bindings["zero"](a)
        )
    data = K.floating(a)
    if data.ndim == 1:
        return (
            Base.bindings["adjoint"](wrap(data / (data.conj() @ data)))
            if data.any()
            else Base.bindings["adjoint"](wrap(data))
        )
    u, s, vt = np.linalg.svd(data, full_matrices=False)
    rtol = np.finfo(s.dtype).eps * min(data.shape) if rtol is None else rtol
    keep = s > max(rtol * (s[0] if s.size else 0), atol)
    inverses = np.zeros_like(s)
    inverses[keep] = 1 / s[keep]
    out = vt.conj().T @ (inverses[:, None] * u.conj().T)
    return wrap(np.asfortranarray(out))


@method("nullspace(A::AbstractVecOrMat; atol=0.0, rtol=nothing)")
def nullspace(a: Any, *, atol: Any = 0.0, rtol: Any = None) -> Any:
    """An orthonormal basis of the null space.

    ```jldoctest
    julia> using LinearAlgebra

    julia> nullspace([1 0; 0 0])
    2×1 Matrix{Float64}:
     0.0
     1.0
    ```
    """
    K.check_numbers(a, 1, 2)
    data = K.floating(a)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    if not data.size:
        n = data.shape[1]
        return wrap(np.eye(n, dtype=data.dtype, order="F"))
    _, s, vt = np.linalg.svd(data, full_matrices=True)
    rtol = np.finfo(s.dtype).eps * min(data.shape) if rtol is None else rtol
    r = int((s > max(atol, rtol * (s[0] if s.size else 0))).sum())
    return wrap(np.asfortranarray(vt[r:].conj().T))
