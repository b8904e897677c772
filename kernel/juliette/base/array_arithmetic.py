"""Arithmetic, comparison and products of arrays; what needs factorizations is in LinearAlgebra."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    axes_text,
    convert_data,
    dense,
    eltype_of,
    from_values,
    is_array,
    like,
    origin,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.numbers.comparison import default_tolerance
from juliette.base.numbers.promotion import promote_type
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime import wrappers as W
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.errors import DimensionMismatch, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Complex_
from juliette.runtime.structs import Struct
from juliette.runtime.world import TRACE


def same_shape(a: Any, b: Any) -> None:
    """Raise unless two arrays have the same size, but for dimensions of size 1 at the end."""
    x, y = shape_of(a), shape_of(b)
    if x == y:
        first, second = origin(a), origin(b)
        if first == second:
            return
        ones = (1,) * len(x)
        pairs = zip(first or ones, second or ones, strict=True)
        where = next(i for i, (p, q) in enumerate(pairs, 1) if p != q)
        text = [Base.bindings["repr"](Base.bindings["axes"](v)) for v in (a, b)]
        raise DimensionMismatch(
            f"dimensions must match: a has dims {text[0]}, b has dims {text[1]}, mismatch at {where}"
        )
    n = min(len(x), len(y))
    differ = next((i + 1 for i in range(n) if x[i] != y[i]), None)
    if differ is None:
        longer = x if len(x) > len(y) else y
        differ = next((i + 1 for i in range(n, len(longer)) if longer[i] != 1), None)
    if differ is not None:
        raise DimensionMismatch(
            f"dimensions must match: a has dims {axes_text(x)}, b has dims {axes_text(y)}, mismatch at {differ}"
        )


def array_binary(name: str) -> None:
    ufunc = {"+": np.add, "-": np.subtract}[name]

    @Base.method(f"{name}(a::AbstractArray, b::AbstractArray)")
    def f(a: Any, b: Any) -> Any:
        if type(a) is type(b) and isinstance(a, Array) and not TRACE.depth:
            x, y = a.data, b.data
            if x.shape == y.shape and x.ndim and x.dtype.kind in "ifc":
                return type(a)(ufunc(x, y))
        same_shape(a, b)
        return unbit(elementwise(Base.bindings[name], a, b))


def elementwise(f: Any, *xs: Any) -> Any:
    """`f.(xs...)`, but an array without dimensions remains one."""
    out = B.materialize(B.broadcasted(f, *xs))
    if not any(shape_of(x) for x in xs if is_array(x)) and not is_array(out):
        return from_values([out], ())
    return out


def unbit(a: Any) -> Any:
    """Sums of Boolean arrays are integers."""
    return wrap(a.data.astype(np.int64)) if isinstance(a, V.BitArray) else a


array_binary("+")
array_binary("-")


@Base.method("-(a::AbstractArray)")
def negate_array(a: Any) -> Any:
    if isinstance(a, W.Transposed):
        return type(a).__mro__[1](Base.bindings["-"](a.parent))
    data = dense(a)
    if data.dtype == object:
        minus = Base.bindings["-"]
        return from_values([minus(x) for x in elements(data)], data.shape)
    return like(
        a,
        np.asarray(np.negative(data if data.dtype != bool else data.astype(np.int64))),
        T.Int64 if data.dtype == bool else eltype_of(a),
    )


@Base.method("+(a::AbstractArray)", transparent=True)
def plus_array(a: Any) -> Any:
    return a


def _inside(row: Any, x: Any) -> Any:
    """A factor of a row as a factor of its vector."""
    return (
        Base.bindings["conj"](x)
        if isinstance(row, W.Adjoint) and not isinstance(x, (int, float))
        else x
    )


# The classes of numbers that numpy multiplies an array of such elements by as Julia does.
_FACTORS = {T.Float64: (float, int), T.Int64: (int,)}


def goes_with(x: Any, a: Any) -> bool:
    """Is the product of the number and the array one call of numpy's?"""
    return (
        isinstance(a, Array)
        and type(x) in _FACTORS.get(a.eltype, ())
        and a.data.ndim > 0
        and not TRACE.depth
    )


def scaling(name: str) -> None:
    """A number times (or into) an array, from both sides."""

    ufunc = np.multiply if name == "*" else None

    @Base.method(f"{name}(a::AbstractArray, x::Number)")
    def right(a: Any, x: Any) -> Any:
        if ufunc is not None and goes_with(x, a):
            return type(a)(ufunc(a.data, x))
        if isinstance(a, W.Transposed) and a.parent_is_vector:
            return type(a).__mro__[1](right(a.parent, _inside(a, x)))
        return elementwise(Base.bindings[name], a, x)


scaling("*")
scaling("/")
scaling("//")


@Base.method("*(x::Number, a::AbstractArray)")
def scale_left(x: Any, a: Any) -> Any:
    if goes_with(x, a):
        return type(a)(np.multiply(x, a.data))
    if isinstance(a, W.Transposed) and a.parent_is_vector:
        return type(a).__mro__[1](scale_left(_inside(a, x), a.parent))
    return elementwise(Base.bindings["*"], x, a)


@Base.method("\\(x::Number, a::AbstractArray)", transparent=True)
def divide_left(x: Any, a: Any) -> Any:
    return Base.bindings["/"](a, x)


@Base.method("*(a::AbstractVecOrMat, b::AbstractVecOrMat)")
def matmul(a: Any, b: Any) -> Any:
    """The matrix product.

    ```jldoctest
    julia> [1 2; 3 4] * [5, 6]
    2-element Vector{Int64}:
     17
     39
    ```
    """
    x, y = dense(a), dense(b)
    if (
        (
            x.dtype is y.dtype
            and x.dtype.char in "fd"
            and isinstance(a, Array)
            and isinstance(b, Array)
        )
        and x.ndim == 2
        and x.shape[1] == y.shape[0]
    ):  # nothing to decide
        return wrap(x.dot(y) if y.ndim == 1 else y.T.dot(x.T).T)
    if x.ndim == 1:
        if y.ndim == 1:
            raise MethodError(Base.bindings["*"], (a, b), None)
        x = x.reshape(-1, 1)
    check_product(a, b, x, y)
    if (
        isinstance(a, W.Transposed)
        and a.parent_is_vector
        and x.dtype != object
        and y.dtype != object
    ):
        ta, tb = eltype_of(a), eltype_of(b)
        t = product_type(ta, tb)
        row = convert_data(t, x, ta).reshape(-1)
        if y.ndim == 1:
            return scalar(row.dot(convert_data(t, y, tb)))
        if not (y.shape[0] == 1 and isinstance(b, W.Transposed)):
            out = row.dot(convert_data(t, y, tb))
            return type(a).__mro__[1](
                wrap(out.conj() if out.dtype.kind == "c" and isinstance(a, W.Adjoint) else out)
            )
    if x.dtype == object or y.dtype == object:
        out = general_product(a, x, y)
    else:
        ta, tb = eltype_of(a), eltype_of(b)
        t = product_type(ta, tb)
        out = wrap(product(convert_data(t, x, ta), convert_data(t, y, tb)))
    return like(b, out.data, out.eltype) if isinstance(b, Struct) and is_array(out) else out


def product_type(a: Any, b: Any) -> Any:
    """The element type of a product."""
    t = promote_type(a, b)
    return T.Int64 if t is T.Bool else t


def check_product(a: Any, b: Any, x: Any, y: Any) -> None:
    """Raise DimensionMismatch, in the words that Julia has for these kinds of arrays."""
    if x.shape[1] == y.shape[0]:
        return
    blas = eltype_of(a) is eltype_of(b) and x.dtype.kind == "f"
    if y.ndim == 1 and isinstance(a, W.Transposed) and a.parent_is_vector:
        raise DimensionMismatch(
            f"dot product arguments have lengths {x.shape[1]} and {y.shape[0]}"
            if blas
            else f"first array has length {x.shape[1]} which does not match the length of the second, {y.shape[0]}."
        )
    if y.ndim == 1:
        if blas:
            raise DimensionMismatch(
                f"second dimension of A, {x.shape[1]}, does not match length of x, {y.shape[0]}"
            )
        raise DimensionMismatch(
            f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), vector B has length {y.shape[0]}"
        )
    if blas:
        raise DimensionMismatch(
            f"A has dimensions ({x.shape[0]},{x.shape[1]}) but B has dimensions ({y.shape[0]},{y.shape[1]})"
        )
    raise DimensionMismatch(
        f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), matrix B has dimensions ({y.shape[0]},{y.shape[1]})"
    )


def product(x: Any, y: Any) -> Any:
    """Matrix product in Fortran order."""
    if x.dtype.kind in "b":
        x = x.astype(np.int64)
    if y.dtype.kind in "b":
        y = y.astype(np.int64)
    return x.dot(y) if y.ndim == 1 else y.T.dot(x.T).T


def general_product(a: Any, x: Any, y: Any) -> Any:
    """A product of elements that only Julia's operators know."""
    times, plus = Base.bindings["*"], Base.bindings["+"]
    rows = [elements(x[i]) for i in range(x.shape[0])]
    columns = [elements(y)] if y.ndim == 1 else [elements(y[:, j]) for j in range(y.shape[1])]
    out = []
    for column in columns:
        for row in rows:
            acc: Any = None
            for p, q in zip(row, column, strict=True):
                acc = times(p, q) if acc is None else plus(acc, times(p, q))
            out.append(acc if acc is not None else 0)
    if isinstance(a, W.Transposed) and a.parent_is_vector and y.ndim == 1:
        return out[0]
    return from_values(out, (x.shape[0],) if y.ndim == 1 else (x.shape[0], y.shape[1]))


@Base.method(
    "*(a::AbstractVecOrMat, b::AbstractVecOrMat, c::AbstractVecOrMat, more...)", transparent=True
)
def matmul_chain(a: Any, b: Any, c: Any, *more: Any) -> Any:
    times = Base.bindings["*"]
    out = (
        times(times(a, b), c)
        if len(shape_of(c)) > 1 or len(shape_of(b)) == 1
        else times(a, times(b, c))
    )
    for x in more:
        out = times(out, x)
    return out


# ---------------------------------------------------------------- comparison


@Base.method("==(a::AbstractArray, b::AbstractArray)")
def equal_arrays(a: Any, b: Any) -> Any:
    x, y = dense(a), dense(b)
    if x.shape != y.shape or origin(a) != origin(b):
        return False
    if x.dtype == object or y.dtype == object:
        same = Base.bindings["=="]
        unknown = False
        for p, q in zip(elements(x), elements(y), strict=True):
            r = same(p, q)
            if r is False:
                return False
            unknown = unknown or r is V.MISSING
        return V.MISSING if unknown else True
    return bool(np.array_equal(x, y))


@Base.method("isequal(a::AbstractArray, b::AbstractArray)")
def isequal_arrays(a: Any, b: Any) -> bool:
    same = Base.bindings["isequal"]
    return shape_of(a) == shape_of(b) and all(map(same, values_of(a), values_of(b)))


@Base.method("isless(a::AbstractVector, b::AbstractVector)")
def isless_vectors(a: Any, b: Any) -> bool:
    """Lexicographic order.

    ```jldoctest
    julia> isless([1, 2], [1, 3])
    true
    ```
    """
    less = Base.bindings["isless"]
    x, y = values_of(a), values_of(b)
    for p, q in zip(x, y, strict=False):
        if less(p, q):
            return True
        if less(q, p):
            return False
    return len(x) < len(y)


@Base.method("cmp(a::AbstractVector, b::AbstractVector)")
def compare_vectors(a: Any, b: Any) -> int:
    """-1, 0 or 1 by lexicographic order.

    ```jldoctest
    julia> cmp([1, 2], [1, 1])
    1
    ```
    """
    return -1 if isless_vectors(a, b) else 1 if isless_vectors(b, a) else 0


@Base.method(
    "isapprox(a::AbstractArray, b::AbstractArray; atol=0, rtol=nothing, nans=false, norm=nothing)"
)
def isapprox_arrays(
    a: Any, b: Any, *, atol: Any = 0, rtol: Any = None, nans: bool = False, norm: Any = None
) -> bool:
    """Are two arrays equal up to rounding, by the norm of their difference?

    ```jldoctest
    julia> [1.0, 2.0] ≈ [1.0, 2.0 + 1e-12]
    true

    julia> [1.0, 2.0] ≈ [1.0; 2.0;;]
    true
    ```
    """
    x, y = dense(a), dense(b)
    if x.shape != y.shape:
        same_shape(a, b)
        x, y = x.reshape(-1, order="F"), y.reshape(-1, order="F")  # one has more sizes of one
    if x.dtype == object or y.dtype == object or norm is not None:
        size = norm or size_of_array
        if rtol is None:
            rtol = 0 if atol > 0 else default_tolerance(*{T.typeof(v) for v in leaves((x, y))})
        d: Any = size(Base.bindings["-"](a, b))
        op = Base.bindings
        if support.truth(op["isfinite"](d)):
            limit = op["max"](atol, op["*"](rtol, op["max"](size(a), size(b))))
            return support.truth(op["<="](d, limit))
    else:
        if rtol is None:
            kinds = [d for d in (x.dtype, y.dtype) if d.kind in "fc"]
            rtol = max([math.sqrt(np.finfo(d).eps) for d in kinds], default=0)
            rtol = 0 if atol > 0 else rtol
        d = np.linalg.norm((x.astype(np.result_type(x, np.float64)) - y).ravel())
        if np.isfinite(d):
            sizes = np.linalg.norm(x.ravel()), np.linalg.norm(y.ravel())
            return bool(d <= max(atol, rtol * max(sizes)))
    keywords = {"atol": atol, "rtol": rtol, "nans": nans}
    return all(
        Base.bindings["isapprox"].call_kw(keywords, p, q)
        for p, q in zip(values_of(a), values_of(b), strict=True)
    )


def leaves(items: Iterable[Any]) -> Iterator[Any]:
    """The elements of arrays, and of the arrays among these."""
    for x in items:
        if isinstance(x, np.ndarray):
            yield from elements(x.ravel()[:1]) if x.dtype != object else leaves(x.flat)
        elif is_array(x):
            yield from leaves((dense(x),))
        else:
            yield x


def size_of_array(a: Any) -> Any:
    """The 2-norm of all numbers in an array, be they in arrays in it."""
    op, square = Base.bindings, None
    for x in values_of(a):
        size = size_of_array(x) if is_array(x) else op["abs"](x)
        size = op["*"](size, size)
        square = size if square is None else op["+"](square, size)
    return 0.0 if square is None else op["sqrt"](op["float"](square))


# ---------------------------------------------------------------- neutral elements and parts


@Base.method("zero(a::AbstractArray)")
def zero_array(a: Any) -> Any:
    """An array of zeros of the same kind.

    ```jldoctest
    julia> zero([1.5, 2])
    2-element Vector{Float64}:
     0.0
     0.0
    ```
    """
    zero = Base.bindings["zero"]
    data = dense(a)
    if data.dtype != object:
        return like(a, np.zeros_like(data, order="F"), eltype_of(a))
    return from_values([zero(x) for x in elements(data)], data.shape, eltype_of(a))


@Base.method("one(a::AbstractMatrix)")
def one_matrix(a: Any) -> Any:
    """The identity matrix of the same size.

    ```jldoctest
    julia> one([1 2; 3 4])
    2×2 Matrix{Int64}:
     1  0
     0  1
    ```
    """
    m, n = shape_of(a)
    if m != n:
        raise DimensionMismatch("multiplicative identity defined only for square matrices")
    t = eltype_of(a)
    one, zero = Base.bindings["one"](t), Base.bindings["zero"](t)
    return from_values([one if i == j else zero for j in range(n) for i in range(n)], (n, n), t)


@Base.method("iszero(a::AbstractArray)")
def iszero_array(a: Any) -> bool:
    """Are all elements zero?

    ```jldoctest
    julia> iszero([0, 0])
    true
    ```
    """
    return all(Base.bindings["iszero"](x) for x in values_of(a))


@Base.method("isone(a::AbstractMatrix)")
def isone_matrix(a: Any) -> bool:
    """Is it the identity?

    ```jldoctest
    julia> isone([1 0; 0 1])
    true
    ```
    """
    m, n = shape_of(a)
    values = values_of(a)
    one, zero = Base.bindings["isone"], Base.bindings["iszero"]
    return m == n and all(
        one(values[j * n + i]) if i == j else zero(values[j * n + i])
        for j in range(n)
        for i in range(n)
    )


def each_element(name: str, keeps: bool) -> None:
    """Functions of numbers that apply to the elements of an array; `keeps`: real arrays are their own."""

    @Base.method(f"{name}(a::AbstractArray)")
    def f(a: Any) -> Any:
        if keeps and dense(a).dtype.kind not in "Oc":
            return a
        if keeps and T.subtype(eltype_of(a), T.Real):
            return a
        return elementwise(Base.bindings[name], a)


each_element("conj", True)
each_element("real", True)
each_element("imag", False)
each_element("big", False)


@Base.method("float(a::AbstractArray)", transparent=True)
def float_array(a: Any) -> Any:
    if T.subtype(eltype_of(a), T.AbstractFloat):
        return a
    return elementwise(Base.bindings["float"], a)


@Base.method("complex(a::AbstractArray)", transparent=True)
def complex_array(a: Any) -> Any:
    if T.subtype(eltype_of(a), Complex_):
        return a
    return elementwise(Base.bindings["complex"], a)


def bit_shift(name: str, sign: int) -> None:
    """Shifts of a vector of bits: false bits come in."""

    @Base.method(f"{name}(b::BitVector, i::Integer)")
    def shifted(b: Any, i: Any) -> Any:
        out, by, n = np.zeros_like(b.data), sign * int(i), b.data.size
        if abs(by) < n:
            out[max(by, 0) : n + min(by, 0)] = b.data[max(-by, 0) : n - max(by, 0)]
        return V.BitArray(out)


for _name, _sign in (("<<", -1), (">>", 1), (">>>", 1)):
    bit_shift(_name, _sign)
