"""Jacobians, Hessians, and the change of a value along a change of the arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import gradients
from juliette_engine import primitives as P
from juliette_engine import tape as T
from juliette_engine.forward import forward_diagonal, forward_jacobian, pushed
from juliette_engine.gradients import GradientError, gradient, pullback
from juliette_engine.tape import Tape, primal

ndarray = np.ndarray
_FLOAT = np.dtype(float)


def jacobian(f: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """For each array or number among the arguments the matrix of derivatives of `f`'s elements.

    Shapes: `length(f(x)) × length(x)`; a vector for a number.
    Raises: GradientError for an output that is no array of real numbers.
    Source: Zygote, `jacobian`.

    >>> jacobian(lambda x: x * x, np.array([1.0, 2.0]))[0].tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    return withjacobian(f, *args)[1]


def withjacobian(
    f: Callable[..., Any], *args: Any, tape_class: type[Tape] = Tape
) -> tuple[Any, tuple[Any, ...]]:
    """`f(*args)` and the Jacobian for each argument, as `jacobian` gives it.

    Source: Zygote, `withjacobian`.
    """
    y, back = pullback(f, *args, tape_class=tape_class)
    return y, rows(y, back, args)


def rows(y: Any, back: Callable[[Any], tuple[Any, ...]], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The Jacobian from a pullback, one row for each element of the value."""
    p = T.raw(primal(y))
    if isinstance(p, (complex, np.complexfloating)) or (
        isinstance(p, ndarray) and p.dtype.kind == "c"
    ):
        raise GradientError("jacobian does not accept complex output")
    if not isinstance(p, (ndarray, int, float, np.number)) or isinstance(p, bool):
        raise GradientError(
            f"jacobian expected a function which returns an array, or a scalar, got {gradients.show_output(p)}"
        )
    if not isinstance(p, ndarray):
        found = [back(1.0)]
    else:
        found = []
        flat = p.dtype if p.dtype.kind == "f" else _FLOAT
        for i in range(p.size):
            basis = np.zeros(p.shape, flat, order="F")
            basis[np.unravel_index(i, p.shape, order="F")] = 1
            found.append(back(basis))
    out: list[Any] = []
    for k, a in enumerate(args):
        like = T.raw(primal(a))
        if isinstance(like, ndarray) and like.dtype.kind in "fiuc":
            n = like.size
            parts = [P.reshape(np.zeros(n) if row[k] is None else row[k], (1, n)) for row in found]
            out.append(P.concatenate(parts, 0) if parts else np.zeros((0, n)))
        elif isinstance(like, (int, float, np.number)) and not isinstance(like, bool):
            out.append(
                P.stack_scalars([0.0 if row[k] is None else row[k] for row in found], (len(found),))
            )
        else:
            out.append(None)
    return tuple(out)


def pushforward(f: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """The function from changes of the arguments to the change of `f(*args)`: forward mode.

    Arguments and values are numbers and arrays, changes have their shapes; None is no change.

    Source: Zygote, `pushforward`.

    >>> pushforward(lambda x, y: x**2 * y, 3.0, 2.0)(1.0, 10.0)
    102.0
    """
    return lambda *changes: pushed(f, args, changes)[1]


def hessian(f: Callable[[Any], Any], x: Any) -> Any:
    """The second derivatives of a scalar function `f` of one array or number `x`.

    Shapes: `length(x) × length(x)`, or a number.
    Raises: GradientError unless the output is one real number.
    Source: Zygote, `hessian`.
    """
    return forward_jacobian(lambda v: gradient(f, v)[0], x)[1]


def hessian_reverse(f: Callable[[Any], Any], x: Any) -> Any:
    """The second derivatives of `f` at `x` as `hessian` gives them, the gradient differentiated backwards in turn.

    Raises: GradientError unless the output is one real number.
    Source: Zygote, `hessian_reverse`.
    """
    if not isinstance(T.raw(primal(x)), ndarray):
        return gradient(lambda v: gradient(f, v)[0], x)[0]
    return jacobian(lambda v: gradient(f, v)[0], x)[0]


def diaghessian(f: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """The diagonal of the Hessian of `f` for each argument, in the argument's shape.

    Raises: GradientError unless the output is one real number.
    Source: Zygote, `diaghessian`.
    """
    out = []
    for k, x in enumerate(args):

        def one(v: Any, k: int = k) -> Any:
            return gradient(f, *args[:k], v, *args[k + 1 :])[k]

        p = T.raw(primal(x))
        ok = isinstance(p, (ndarray, int, float, np.number)) and not isinstance(p, bool)
        out.append(forward_diagonal(one, x) if ok else None)
    return tuple(out)
