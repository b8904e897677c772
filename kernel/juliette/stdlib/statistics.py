"""Statistics: means, variances, medians, quantiles, covariances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.base.array_protocol import (
    convert_data,
    dense,
    dims_text,
    eltype_of,
    from_values,
    in_container,
    is_array,
    result,
    scalar,
    shape_of,
    values_of,
)
from juliette.base.reducing import axes_of, fold_axes, is_whole
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements, wrap
from juliette.runtime.errors import ArgumentError, DimensionMismatch, MethodError
from juliette.runtime.modules import PACKAGES, Base

Statistics = PACKAGES["Statistics"]
method = Statistics.method


def op(name: str, *args: Any) -> Any:
    return Base.bindings[name](*args)


def count_along(a: Any, dims: Any) -> int:
    """How many elements are reduced into one."""
    shape = shape_of(a)
    return math.prod(shape[d] for d in axes_of(dims, len(shape)))


@method("mean(A::AbstractArray; dims=:)")
def mean(a: Any, *, dims: Any = V.COLON) -> Any:
    """The arithmetic mean, of all elements or along `dims`.

    ```jldoctest
    julia> using Statistics

    julia> mean([1, 2, 6]), mean([1 2; 3 4], dims = 1)
    (3.0, [2.0 3.0])
    ```
    """
    if not is_whole(dims):
        total = Base.bindings["sum"].call_kw({"dims": dims}, a)
        return op("/", total, count_along(a, dims))
    n = math.prod(shape_of(a))
    if n == 0:
        t = eltype_of(a)
        if t is T.Any_:
            raise MethodError(Base.bindings["zero"], (t,), None)
        return op("/", op("zero", t), 0)
    return op("/", op("sum", a), n)


@method("mean(itr)")
def mean_of(x: Any) -> Any:
    if isinstance(x, (int, float, np.generic)):
        return op("/", x, 1)
    return mean_mapped_iterator(Base.bindings["identity"], x)


@method("mean(f, A::AbstractArray; dims=:)")
def mean_mapped(f: Any, a: Any, *, dims: Any = V.COLON) -> Any:
    return mean(op("map", f, a), dims=dims)


@method("mean(f, itr)")
def mean_mapped_iterator(f: Any, x: Any) -> Any:
    items = list(support.iterate(x))
    if not items:
        return op("/", op("mapreduce", f, Base.bindings["+"], x), 0)
    if not callable(f):
        raise ArgumentError(
            "mean(f, itr) requires a function and an iterable.\nPerhaps you meant mean((x, y))?"
        )
    return op("/", op("sum", tuple(map(f, items))), len(items))


@method("mean!(r::AbstractArray, A::AbstractArray)")
def mean_into(r: Any, a: Any) -> Any:
    """The mean along the dimensions where `r` has size 1, written there."""
    small, large = shape_of(r), shape_of(a)
    along = tuple(d for d, n in enumerate(large, 1) if d > len(small) or small[d - 1] == 1 != n)
    return op("copyto!", r, mean(a, dims=along or 1))


def floats(a: Any) -> Any:
    """The elements as floats; None if they are of another kind."""
    data = dense(a)
    if data.dtype == object:
        return None
    return data.astype(float) if data.dtype.kind in "iub" else data


def spread(a: Any, corrected: bool, center: Any, dims: Any) -> Any:
    """The variance."""
    data = floats(a)
    if is_whole(dims):
        n = math.prod(shape_of(a))
        if n == 0 or (n == 1 and corrected):
            return (
                op("/", 0.0, 0) if data is None or data.dtype != np.float32 else np.float32("nan")
            )
        if data is None:
            m = mean(a) if center is None else center
            total = op("sum", tuple(op("abs2", op("-", x, m)) for x in values_of(a)))
            return op("/", total, n - int(corrected))
        m = mean(a) if center is None else center
        flat = np.abs(data.ravel(order="F") - m) ** 2
        total = np.add.accumulate(flat)[-1] if n < 16 else flat.sum()
        return scalar(
            total / (n - int(corrected))
            if data.dtype != np.float32
            else np.float32(total / np.float32(n - int(corrected)))
        )
    n = count_along(a, dims) - int(corrected)
    m = mean(a, dims=dims) if center is None else center
    if data is None:
        squares = op(
            "map",
            lambda x: x,
            Base.bindings["broadcast"](lambda x, y: op("abs2", op("-", x, y)), a, m),
        )
        return op(
            "/", fold_axes(Base.bindings["+"], dense(squares), axes_of(dims, len(shape_of(a)))), n
        )
    with np.errstate(all="ignore"):
        out = (np.abs(data - dense(m)) ** 2).sum(
            axis=axes_of(dims, data.ndim), keepdims=True
        ) / data.real.dtype.type(n)
    return in_container(a, result(out, T.TYPE_OF_DTYPE[out.dtype]), dims)


@method("var(A::AbstractArray; corrected=true, mean=nothing, dims=:)")
def var(a: Any, *, corrected: bool = True, mean: Any = None, dims: Any = V.COLON) -> Any:
    """The sample variance (divided by n - 1, or by n if not `corrected`).

    ```jldoctest
    julia> using Statistics

    julia> var([1, 2, 3]), var([1, 2, 3]; corrected = false)
    (1.0, 0.6666666666666666)
    ```
    """
    return spread(a, corrected, mean, dims)


@method("var(itr; corrected=true, mean=nothing)")
def var_of(x: Any, *, corrected: bool = True, mean: Any = None) -> Any:
    return spread(from_values(list(support.iterate(x))), corrected, mean, V.COLON)


@method("varm(A, m; corrected=true, dims=:)")
def varm(a: Any, m: Any, *, corrected: bool = True, dims: Any = V.COLON) -> Any:
    """The variance about a given mean."""
    return spread(a, corrected, m, dims)


@method("std(A::AbstractArray; corrected=true, mean=nothing, dims=:)")
def std(a: Any, *, corrected: bool = True, mean: Any = None, dims: Any = V.COLON) -> Any:
    """The sample standard deviation."""
    out = spread(a, corrected, mean, dims)
    return (
        op("sqrt", out)
        if is_whole(dims)
        else Base.bindings["broadcast"](Base.bindings["sqrt"], out)
    )


@method("std(itr; corrected=true, mean=nothing)")
def std_of(x: Any, *, corrected: bool = True, mean: Any = None) -> Any:
    return op("sqrt", var_of(x, corrected=corrected, mean=mean))


@method("stdm(A, m; corrected=true, dims=:)")
def stdm(a: Any, m: Any, *, corrected: bool = True, dims: Any = V.COLON) -> Any:
    """The standard deviation about a given mean."""
    return std(a, corrected=corrected, mean=m, dims=dims)


# ---------------------------------------------------------------- order


@method("middle(x, y)")
def middle(x: Any, y: Any) -> Any:
    """The number half-way between two, or between the ends of an array."""
    return op("+", op("/", x, 2), op("/", y, 2))


@method("middle(x::Number)")
def middle_one(x: Any) -> Any:
    return op("/", op("+", x, op("zero", x)), 1)


@method("middle(A::AbstractArray)")
def middle_array(a: Any) -> Any:
    low, high = op("extrema", a)
    return middle(low, high)


def is_nan(x: Any) -> bool:
    return isinstance(x, (float, np.floating)) and x != x


def median_of(values: list[Any]) -> Any:
    if not values:
        raise ArgumentError(
            "median of an empty array is undefined, " + op("repr", from_values([], None, T.Float64))
        )
    if any(v is V.MISSING for v in values):
        return V.MISSING
    bad = next((v for v in values if is_nan(v)), None)
    if bad is not None:
        return bad
    values = elements(dense(op("sort", from_values(values))))
    n = len(values)
    if n % 2:
        return middle_one(values[n // 2])
    return middle(values[n // 2 - 1], values[n // 2])


@method("median(A::AbstractArray; dims=:)")
def median(a: Any, *, dims: Any = V.COLON) -> Any:
    """The middle one of the sorted elements.

    ```jldoctest
    julia> using Statistics

    julia> median([1, 9, 2]), median([1, 2])
    (2.0, 1.5)
    ```
    """
    if is_whole(dims):
        values = values_of(a)
        if not values:
            raise ArgumentError(f"median of an empty array is undefined, {op('repr', a)}")
        return median_of(values)
    return Base.bindings["mapslices"].call_kw({"dims": dims}, lambda x: median_of(values_of(x)), a)


@method("median(itr)")
def median_iterator(x: Any) -> Any:
    return median_of(list(support.iterate(x)))


@method("median!(v::AbstractVector)")
def median_in_place(v: Any) -> Any:
    """The median; the vector may end up sorted."""
    op("sort!", v)
    return median_of(values_of(v))


@method("quantile(itr, p; sorted::Bool=false, alpha::Real=1.0, beta=nothing)")
def quantile(
    x: Any, p: Any, *, sorted: bool = False, alpha: float = 1.0, beta: float | None = None
) -> Any:
    """The values below which given parts of the elements lie.

    ```jldoctest
    julia> using Statistics

    julia> quantile(0:20, [0.1, 0.5])
    2-element Vector{Float64}:
      2.0
     10.0
    ```
    """
    values = values_of(x) if is_array(x) else list(support.iterate(x))
    if not values:
        raise ArgumentError("empty data vector")
    if any(v is V.MISSING or is_nan(v) for v in values):
        raise ArgumentError("quantiles are undefined in presence of NaNs or missing values")
    ordered = values if sorted else elements(dense(op("sort", from_values(values))))
    one = lambda q: interpolated(ordered, q, alpha, alpha if beta is None else beta)  # noqa: E731
    if is_array(p):
        return from_values([one(q) for q in values_of(p)], shape_of(p))
    return tuple(map(one, p)) if type(p) is tuple else one(p)


def interpolated(v: list[Any], p: Any, alpha: float, beta: float) -> Any:
    """The p-quantile of sorted values."""
    if not (op("<=", 0, p) and op("<=", p, 1)):
        raise ArgumentError("input probability out of [0,1] range")
    n = len(v)
    m = alpha + p * (1 - alpha - beta)
    position = n * p + m
    j = min(max(math.floor(position), 1), n - 1) if n > 1 else 1
    g = min(max(position - j, 0.0), 1.0)
    a = v[j - 1]
    b = v[j - 1] if n == 1 else v[j]
    if isinstance(a, (int, float, np.generic)) and math.isfinite(a) and math.isfinite(b):
        return op("+", a, op("*", g, op("-", b, a)))
    return op("+", op("*", 1 - g, a), op("*", g, b))


@method("quantile!(v::AbstractVector, p; sorted=false, alpha=1.0, beta=nothing)")
def quantile_in_place(v: Any, p: Any, *, sorted: bool = False, **keywords: Any) -> Any:
    """The quantiles; the vector may end up sorted."""
    if not sorted and not any(x is V.MISSING or is_nan(x) for x in values_of(v)):
        op("sort!", v)
    return quantile(v, p, sorted=sorted, **keywords)


@method(
    "quantile!(q::AbstractArray, v::AbstractVector, p::AbstractArray; "
    "sorted=false, alpha=1.0, beta=nothing)"
)
def quantile_into(q: Any, v: Any, p: Any, **keywords: Any) -> Any:
    """The quantiles, stored in `q`."""
    if shape_of(q) != shape_of(p):
        raise DimensionMismatch(
            f"size of p, {dims_text(shape_of(p))}, must equal size of q, {dims_text(shape_of(q))}"
        )
    return op("copyto!", q, quantile_in_place(v, p, **keywords))


# ---------------------------------------------------------------- two variables


def columns(x: Any, vardim: int) -> Any:
    data = dense(x)
    if data.dtype == object:
        data = convert_data(T.Float64, data, T.Any_)
    elif data.dtype.kind in "iub":
        data = data.astype(float)
    return data.T if vardim == 2 and data.ndim == 2 else data


def centred(x: Any) -> Any:
    return x - x.mean(axis=0) if x.size else x


@method("cov(x::AbstractVecOrMat; corrected=true, dims=1)")
def cov(x: Any, *, corrected: bool = True, dims: int = 1) -> Any:
    """The covariance of the columns of a matrix, or of two variables.

    ```jldoctest
    julia> using Statistics

    julia> cov([1, 2, 3], [1, 2, 3])
    1.0
    ```
    """
    c = centred(columns(x, dims))
    n = c.shape[0] - int(corrected)
    if c.ndim == 1:
        return scalar((c.conj() @ c).real / n)
    return wrap(np.asfortranarray(c.conj().T @ c / n))


@method("cov(x::AbstractVecOrMat, y::AbstractVecOrMat; corrected=true, dims=1)")
def cov_two(x: Any, y: Any, *, corrected: bool = True, dims: int = 1) -> Any:
    a, b = columns(x, dims), columns(y, dims)
    if a.shape[0] != b.shape[0]:
        raise DimensionMismatch(
            "x and y have different lengths"
            if a.ndim == 1
            else "The first dimension of x and y must agree"
        )
    out = centred(a).conj().T @ centred(b) / (a.shape[0] - int(corrected))
    return scalar(out) if not np.ndim(out) else wrap(np.asfortranarray(out))


@method("cor(x::AbstractVector)")
def cor_one(x: Any) -> Any:
    """The correlation of the columns of a matrix, or of two variables."""
    return 1.0


@method("cor(X::AbstractMatrix; dims=1)")
def cor(x: Any, *, dims: int = 1) -> Any:
    c = centred(columns(x, dims))
    norms = np.sqrt((np.abs(c) ** 2).sum(axis=0))
    out = np.clip((c.conj().T @ c) / np.outer(norms, norms), -1, 1)
    np.fill_diagonal(out, 1)
    return wrap(np.asfortranarray(out))


@method("cor(x::AbstractVecOrMat, y::AbstractVecOrMat; dims=1)")
def cor_two(x: Any, y: Any, *, dims: int = 1) -> Any:
    a, b = columns(x, dims), columns(y, dims)
    if a.shape[0] != b.shape[0]:
        raise DimensionMismatch(
            "vectors must have same length"
            if a.ndim == 1
            else "The first dimension of x and y must agree"
        )
    p, q = centred(a), centred(b)
    if p.ndim == q.ndim == 1:
        xx, yy, xy = (p.conj() @ p).real, (q.conj() @ q).real, p @ q.conj()
        ratio = xy / max(xx, yy) / math.sqrt(min(xx, yy) / max(xx, yy)) if xx and yy else math.nan
        return scalar(ratio) if isinstance(ratio, complex) else float(min(max(ratio, -1.0), 1.0))
    top = p.conj().T @ q
    norms = np.sqrt((np.abs(p) ** 2).sum(axis=0)), np.sqrt((np.abs(q) ** 2).sum(axis=0))
    out = np.clip(top / (np.outer(*norms) if np.ndim(top) == 2 else norms[0] * norms[1]), -1, 1)
    return scalar(out) if not np.ndim(out) else wrap(np.asfortranarray(out))


def load(module: Any) -> None:
    """The module is filled by importing this one."""
