"""Rules of methods on whole arrays, on the engine's values: sums, products, statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote import linear
from juliette.packages.zygote.averaging import STATISTICS
from juliette.packages.zygote.nodes import to_engine
from juliette.packages.zygote.shapes import axes_of
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base
from juliette_engine import linalg, rules
from juliette_engine.tape import Node, primal

ndarray = np.ndarray


def times(a: Any, b: Any) -> Any:
    """`a * b` of numbers, vectors and matrices."""
    scaling = [x for x in (a, b) if linear.is_scaling(x)]
    if scaling:
        y = rules.mul(*[x.value if linear.is_scaling(x) else x for x in (a, b)])
        return y if np.ndim(primal(y)) else linear.scaling_like(scaling[0], y)
    x, y = primal(a), primal(b)
    na, nb = np.ndim(x), np.ndim(y)
    if not na or not nb:
        return rules.mul(a, b)
    if na == 1:
        a = rules.reshape(a, (x.size, 1))
        x = primal(a)
    if x.shape[1] != y.shape[0]:
        raise product_mismatch(x, y)
    return rules.matmul(a, b)


def product_mismatch(x: Any, y: Any) -> DimensionMismatch:
    """The error of `*` for sizes that do not fit."""
    if y.ndim == 1 and x.dtype == y.dtype and x.dtype.kind == "f":
        return DimensionMismatch(
            f"second dimension of A, {x.shape[1]}, does not match length of x, {y.shape[0]}"
        )
    if x.dtype == y.dtype and x.dtype.kind == "f":
        return DimensionMismatch(
            f"A has dimensions ({x.shape[0]},{x.shape[1]}) but B has dimensions ({y.shape[0]},{y.shape[1]})"
        )
    what = (
        f"vector B has length {y.shape[0]}"
        if y.ndim == 1
        else f"matrix B has dimensions ({y.shape[0]},{y.shape[1]})"
    )
    return DimensionMismatch(f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), {what}")


def _sum(x: Any, dims: Any = None, init: Any = None) -> Any:
    axes = axes_of(dims, np.ndim(primal(x)))
    y = rules.total(x) if axes is None else rules.sum_along(x, axes)
    return y if init is None else rules.add(y, init)


def _prod(x: Any, dims: Any = None, init: Any = None) -> Any:
    axes = axes_of(dims, np.ndim(primal(x)))
    if axes is None:
        y = rules.product(x)
    else:
        y = x
        for axis in axes:
            y = rules.product_along(y, axis)
    return y if init is None else rules.mul(y, init)


def _extreme(arg: Any) -> Any:
    def f(x: Any, dims: Any = None, init: Any = None) -> Any:
        p = primal(x)
        axes = axes_of(dims, np.ndim(p))
        if not np.size(p):  # Julia's value, or its error
            options = {name: v for name, v in (("dims", dims), ("init", init)) if v is not None}
            return call_kw(
                Base.bindings["maximum" if arg is np.argmax else "minimum"], options, wrap(p)
            )
        if axes is None:
            x = rules.extreme(x, arg)
        else:
            for axis in axes:
                x = rules.extreme_along(x, arg, axis)
        if init is None:
            return x
        return (rules.maximum if arg is np.argmax else rules.minimum)(x, init)

    return f


def _adjoint(x: Any) -> Any:
    p = primal(x)
    n = np.ndim(p)
    if not n:
        return rules.conjugate(x) if isinstance(p, complex) else x
    return rules.adjoint(x) if n == 2 else V.Adjoint(x)


def _transpose(x: Any) -> Any:
    n = np.ndim(primal(x))
    return rules.transpose(x) if n == 2 else V.Transpose(x) if n else x


def _softmax(op: Any) -> Any:
    return lambda x, dims=1: op(x, axes_of(dims, np.ndim(primal(x))))


def _plus(*xs: Any) -> Any:
    out = xs[0]
    for x in xs[1:]:
        out = rules.add(linear.scaled_identity(out, x), linear.scaled_identity(x, out))
    return out


def _minus(*xs: Any) -> Any:
    if len(xs) == 1:
        return rules.neg(*xs)
    a, b = xs
    return rules.sub(linear.scaled_identity(a, b), linear.scaled_identity(b, a))


def _cumsum(x: Any, dims: Any = 1) -> Any:
    return (
        rules.cumsum(x, axis=int(dims) - 1) if int(dims) <= np.ndim(primal(x)) else rules.copied(x)
    )


def _cumprod(x: Any, dims: Any = 1) -> Any:
    axis = int(dims) - 1
    shape = np.shape(primal(x))
    if axis >= len(shape):
        return rules.copied(x)
    parts: list[Any] = []
    for i in range(shape[axis]):
        part = rules.getitem(x, (slice(None),) * axis + (slice(i, i + 1),))
        parts.append(rules.mul(parts[-1], part) if parts else part)
    return rules.concatenate(parts, axis) if parts else rules.copied(x)


def _dot(a: Any, b: Any, c: Any = None) -> Any:
    if c is not None:
        return rules.dot(a, times(b, c))
    if not np.ndim(primal(a)):
        return rules.mul(rules.conjugate(a) if isinstance(primal(a), complex) else a, b)
    na, nb = math.prod(np.shape(primal(a))), math.prod(np.shape(primal(b)))
    if na != nb:
        raise DimensionMismatch(
            f"dot product arguments have lengths {na} and {nb}"
            if np.ndim(primal(a)) > 1 or np.ndim(primal(b)) > 1
            else f"first array has length {na} which does not match the length of the second, {nb}."
        )
    return rules.dot(a, b)


def _diff(x: Any, dims: Any = 1) -> Any:
    axis = int(dims) - 1
    n = np.shape(primal(x))[axis]
    before = (slice(None),) * axis
    return rules.sub(
        rules.getitem(x, (*before, slice(1, n))), rules.getitem(x, (*before, slice(0, n - 1)))
    )


def _stack(xs: Any, dims: Any = None) -> Any:
    parts = (
        [to_engine(x) for x in elements(xs.data)]
        if isinstance(xs, Array)
        else list(map(to_engine, xs))
    )
    shape = np.shape(primal(parts[0]))
    axis = len(shape) if dims is None or isinstance(dims, V.ColonType) else int(dims) - 1
    return rules.concatenate(
        [rules.reshape(p, (*shape[:axis], 1, *shape[axis:])) for p in parts], axis
    )


def _pinv(x: Any, **options: Any) -> Any:
    return linalg.pinv(x) if np.ndim(primal(x)) else rules.inv(x)


def _lyap(a: Any, c: Any) -> Any:
    if np.ndim(primal(a)):
        return linalg.sylvester(a, rules.adjoint(a), c)
    return rules.div(
        rules.neg(c), rules.mul(2.0, rules.real(a) if np.iscomplexobj(primal(a)) else a)
    )


def _fill(x: Any, *dims: Any) -> Any:
    from juliette.base.array_protocol import dims_of

    shape = dims_of(tuple(map(primal, dims)))
    if not isinstance(x, Node):
        return np.full(shape, x, order="F")
    if not shape:
        return rules.stack_scalars([x], ())
    return rules.mul(x, np.ones(shape, getattr(x.data, "dtype", float), order="F"))


def _turned(flag: Any, a: Any) -> Any:
    """A matrix as a flag of BLAS asks for it."""
    how = chr(flag.code)
    return a if how == "N" else rules.transpose(a) if how == "T" else rules.adjoint(a)


def _gemm(ta: Any, tb: Any, *rest: Any) -> Any:
    *scale, a, b = rest
    return rules.mul(scale[0] if scale else 1.0, rules.matmul(_turned(ta, a), _turned(tb, b)))


def _gemv(ta: Any, *rest: Any) -> Any:
    *scale, a, x = rest
    return rules.mul(scale[0] if scale else 1.0, rules.matmul(_turned(ta, a), x))


# Operations on engine values, by the method's name; keywords are Julia's.
RULES: dict[str, Callable[..., Any]] = {
    "+": _plus,
    "-": _minus,
    "*": times,
    "/": linear.right_divide,
    "\\": linear.left_divide,
    "^": linear.power,
    "sum": _sum,
    "prod": _prod,
    "maximum": _extreme(np.argmax),
    "minimum": _extreme(np.argmin),
    "cumsum": _cumsum,
    "cumprod": _cumprod,
    "adjoint": _adjoint,
    "transpose": _transpose,
    "dot": _dot,
    "⋅": _dot,
    "norm": lambda x, p=2: rules.norm(x, p),
    "inv": linear.inv,
    "pinv": _pinv,
    "det": linear.det,
    "sylvester": linalg.sylvester,
    "lyap": _lyap,
    "tr": linear.trace,
    "float": rules.floating,
    "diagm": linear.diagm,
    "diff": _diff,
    "stack": _stack,
    "kron": linear.kron,
    "softmax": _softmax(rules.softmax),
    "logsoftmax": _softmax(rules.logsoftmax),
    "copy": rules.copied,
    "parent": lambda x: x,
    "conj": rules.conjugate,
    "real": rules.real,
    "imag": rules.imag,
    "cross": linear.cross,
    "normalize": lambda x, p=2: rules.div(x, rules.norm(x, p)),
    "fill": _fill,
    "logsumexp": lambda x, dims=None: rules.logsumexp(x, axes_of(dims, np.ndim(primal(x)))),
    "triu": linear.triu,
    "tril": linear.tril,
    "abs2": rules.abs2,
    "muladd": lambda a, b, c: rules.add(times(a, b), c),
    "exp": linear.exp,
    **STATISTICS,
    "nrm2": rules.norm,
    "asum": lambda x: rules.total(rules.absolute(x)),
    "gemm": _gemm,
    "gemv": _gemv,
}
