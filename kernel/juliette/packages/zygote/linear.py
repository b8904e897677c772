"""Linear algebra for traced matrices, on the engine's values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.packages.zygote.nodes import to_engine
from juliette.runtime import values as V
from juliette.runtime.errors import DimensionMismatch
from juliette_engine import linalg, rules
from juliette_engine.tape import primal


def left_divide(a: Any, b: Any) -> Any:
    """`a \\ b`"""
    if not np.ndim(primal(a)):
        return rules.div(b, a)
    return linalg.solve(a, b)


def right_divide(a: Any, b: Any) -> Any:
    """`a / b`"""
    if not np.ndim(primal(b)):
        return rules.div(a, b)
    return rules.transpose(linalg.solve(rules.transpose(b), rules.transpose(a)))


def power(a: Any, n: Any) -> Any:
    """`a ^ n`, of a matrix by repeated squaring."""
    if not np.ndim(primal(a)):
        return rules.power(a, n)
    n = primal(n)
    if n < 0:
        return power(linalg.inv(a), -n)
    if n == 0:
        return np.eye(np.shape(primal(a))[0])
    half = power(a, n // 2) if n > 1 else None
    if half is None:
        return a
    square = rules.matmul(half, half)
    return rules.matmul(square, a) if n % 2 else square


def scaled_identity(x: Any, like: Any) -> Any:
    """`I` and its multiples as a matrix beside another."""
    return rules.mul(np.eye(np.shape(primal(like))[0]), x.value) if is_scaling(x) else x


def is_scaling(x: Any) -> bool:
    """Is it `I` or a multiple of it?"""
    return any(c.__name__ == "UniformScaling" for c in type(x).__mro__)


def scaling_like(x: Any, value: Any) -> Any:
    """Another multiple of `I`."""
    return next(c for c in type(x).__mro__ if c.__name__ == "UniformScaling")(value)


def inv(a: Any) -> Any:
    """The inverse of a number or matrix."""
    return linalg.inv(a) if np.ndim(primal(a)) else rules.inv(a)


def exp(a: Any) -> Any:
    """The exponential of a number, or of a matrix by scaling and squaring of a Padé approximant."""
    if not np.ndim(primal(a)):
        return rules.exp(a)
    from juliette.stdlib.linear_algebra.matrix_functions import PADE13 as c

    norm = float(np.linalg.norm(primal(a), 1))
    squarings = max(0, math.ceil(math.log2(norm / 5.4))) if norm > 5.4 else 0
    x = rules.mul(a, primal(a).dtype.type(0.5**squarings))
    square = rules.matmul(x, x)
    eye = np.eye(len(primal(a)), dtype=primal(a).dtype)
    even, odd, p = c[0] * eye, c[1] * eye, eye
    for k in range(2, len(c), 2):
        p = rules.matmul(p, square)
        even = rules.add(even, rules.mul(c[k], p))
        if k + 1 < len(c):
            odd = rules.add(odd, rules.mul(c[k + 1], p))
    odd = rules.matmul(x, odd)
    out = linalg.solve(rules.sub(even, odd), rules.add(even, odd))
    for _ in range(squarings):
        out = rules.matmul(out, out)
    return out


det, trace = linalg.det, linalg.trace


def kron(*xs: Any) -> Any:
    """The Kronecker product of matrices, or of vectors; one of both kinds is of matrices."""
    out = xs[0]
    for x in xs[1:]:
        a, b = len(np.shape(primal(out))), len(np.shape(primal(x)))
        if a != b:
            out = out if a == 2 else rules.reshape(out, (-1, 1))
            x = x if b == 2 else rules.reshape(x, (-1, 1))
        out = linalg.kron(out, x)
    return out


def diagm(*args: Any) -> Any:
    """A matrix with vectors on its diagonals: `diagm(v)`, `diagm(k => v, ...)`, both after two sizes."""
    size = None
    if len(args) > 1 and not np.ndim(primal(args[0])) and not isinstance(args[0], V.Pair):
        size, args = (int(primal(args[0])), int(primal(args[1]))), args[2:]
    pairs = [
        (int(a.first), to_engine(a.second)) if isinstance(a, V.Pair) else (0, to_engine(a))
        for a in args
    ]
    rows = max([np.size(primal(v)) + max(-k, 0) for k, v in pairs])
    columns = max([np.size(primal(v)) + max(k, 0) for k, v in pairs])
    m, n = size or (max(rows, columns),) * 2
    out: Any = 0.0
    for k, v in pairs:
        at = np.arange(np.size(primal(v)))
        out = rules.add(out, rules.scattered(v, (at + max(-k, 0), at + max(k, 0)), (m, n)))
    return out


def cross(a: Any, b: Any) -> Any:
    """The vector product of two vectors of length 3."""
    if np.shape(primal(a)) != (3,) or np.shape(primal(b)) != (3,):
        raise DimensionMismatch("cross product is only defined for vectors of length 3")
    i, j = np.array([1, 2, 0]), np.array([2, 0, 1])
    return rules.sub(
        rules.mul(rules.getitem(a, i), rules.getitem(b, j)),
        rules.mul(rules.getitem(a, j), rules.getitem(b, i)),
    )


def triu(a: Any, k: Any = 0) -> Any:
    """The upper triangle."""
    return rules.mul(a, np.asfortranarray(np.triu(np.ones(np.shape(primal(a))), k)))


def tril(a: Any, k: Any = 0) -> Any:
    """The lower triangle."""
    return rules.mul(a, np.asfortranarray(np.tril(np.ones(np.shape(primal(a))), k)))
