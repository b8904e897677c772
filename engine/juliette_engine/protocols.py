"""Tracers answer numpy's own functions, so that code written for arrays can be differentiated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import activations, rules
from juliette_engine.tape import Tracer, primal

UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: rules.add,
    np.subtract: rules.sub,
    np.multiply: rules.mul,
    np.true_divide: rules.div,
    np.power: rules.power,
    np.negative: rules.neg,
    np.exp: rules.exp,
    np.log: rules.log,
    np.log1p: rules.log1p,
    np.expm1: rules.expm1,
    np.log2: rules.log2,
    np.log10: rules.log10,
    np.sqrt: rules.sqrt,
    np.sin: rules.sin,
    np.cos: rules.cos,
    np.tan: rules.tan,
    np.arcsin: rules.asin,
    np.arccos: rules.acos,
    np.arctan: rules.atan,
    np.sinh: rules.sinh,
    np.cosh: rules.cosh,
    np.tanh: rules.tanh,
    np.absolute: rules.absolute,
    np.square: rules.abs2,
    np.reciprocal: rules.inv,
    np.maximum: rules.maximum,
    np.minimum: rules.minimum,
    np.matmul: rules.matmul,
}
# These have no derivative: they look at the values.
OBSERVERS = {
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.sign, np.floor, np.ceil, np.rint, np.isnan, np.isinf, np.isfinite,
}  # fmt: skip


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    n = len(rules.shape(x))
    given = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(i % n for i in given)


def summed(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The sum of all elements, or along axes."""
    if axis is None:
        return rules.total(x)
    axes, shape = _axes(x, axis), rules.shape(x)
    y = rules.sum_along(x, axes)
    if keepdims:
        return y
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    return rules.reshape(y, rest) if rest else rules.total(y)


def averaged(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The mean of all elements, or along axes."""
    shape = rules.shape(x)
    sizes = shape if axis is None else tuple(shape[i] for i in _axes(x, axis))
    return rules.div(summed(x, axis, keepdims=keepdims), float(math.prod(sizes)))


def _matmul(a: Any, b: Any) -> Any:
    return rules.matmul(a, b)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: summed,
    np.mean: averaged,
    np.prod: rules.product,
    np.dot: _matmul,
    np.transpose: rules.transpose,
    np.max: lambda x: rules.extreme(x, np.argmax),
    np.min: lambda x: rules.extreme(x, np.argmin),
    np.concatenate: lambda xs, axis=0: rules.concatenate(list(xs), axis),
    np.where: activations.where,
    np.shape: rules.shape,
    np.ndim: lambda x: len(rules.shape(x)),
    np.size: lambda x: math.prod(rules.shape(x)),
}


def _ufunc(self: Tracer, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    if method != "__call__" or options:
        return NotImplemented
    if ufunc in OBSERVERS:
        return ufunc(*map(primal, inputs))
    rule = UFUNCS.get(ufunc)
    return NotImplemented if rule is None else rule(*inputs)


def _function(self: Tracer, f: Any, types: Any, args: Any, options: Any) -> Any:
    rule = FUNCTIONS.get(f)
    return NotImplemented if rule is None else rule(*args, **options)


def _reshape(self: Tracer, *shape: Any) -> Any:
    to = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    return rules.reshape(self, to)


def install() -> None:
    """Give tracers numpy's protocols and the usual attributes of arrays."""
    methods: dict[str, Any] = {
        "__array_ufunc__": _ufunc,
        "__array_function__": _function,
        "__abs__": rules.absolute,
        "ndim": property(lambda self: len(self.shape)),
        "size": property(lambda self: math.prod(self.shape)),
        "dtype": property(lambda self: np.asarray(primal(self)).dtype),
        "sum": summed,
        "mean": averaged,
        "reshape": _reshape,
    }
    for name, method in methods.items():
        if isinstance(method, rules.Elementwise):
            setattr(Tracer, name, lambda self, f=method: f(self))
        else:
            setattr(Tracer, name, method)


install()
