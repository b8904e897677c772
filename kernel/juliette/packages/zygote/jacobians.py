"""Jacobians row by row, and Hessians as Jacobians of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.nodes import known, to_engine, to_julia
from juliette.packages.zygote.tracing import explicit, pulled_back
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.broadcast import from_values
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Irrational, Rational
from juliette_engine import rules
from juliette_engine.parameters import Grads, Params
from juliette_engine.tape import Node, primal

ndarray = np.ndarray


def jacobian_of(f: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value and the Jacobian, a matrix for each array among the arguments."""
    y, back = pulled_back(f, args)
    p = primal(y)
    if isinstance(p, complex) or (isinstance(p, Array) and p.data.dtype.kind == "c"):
        raise ArgumentError("jacobian does not accept complex output")
    if (isinstance(y, Array) and y.data.dtype != object) or isinstance(
        y, (V.BitArray, V.Wrapper, V.Range)
    ):
        data = np.asarray(y.data)
        kind = data.dtype if data.dtype.kind == "f" else float
        seeds: list[Any] = []
        for i in range(data.size):
            e = np.zeros(data.shape, kind, order="F")
            e[np.unravel_index(i, data.shape, order="F")] = 1
            seeds.append(e)
        whole = data.dtype.kind in "iub"
    elif isinstance(p, (int, float, np.number, Rational)) and not isinstance(p, bool):
        seeds, whole = [1.0], isinstance(p, int)
    else:
        from juliette.display.show import one_line

        raise ArgumentError(
            f"jacobian expected a function which returns an array, or a scalar, got {T.type_string(T.typeof(y))}"
            if not isinstance(y, tuple)
            else f"jacobian expected a function which returns an array, or a scalar, got {one_line(y)}"
        )
    found = [back(wrap(s) if isinstance(s, ndarray) else s) for s in seeds]
    if len(args) == 1 and isinstance(args[0], Params):
        out = {
            key: _matrix(x, [g.grads.get(key) for g in found], whole)
            for key, x in args[0].items.items()
        }
        return y, Grads(args[0], out)
    return y, tuple(_matrix(a, [row[k] for row in found], whole) for k, a in enumerate(args))


def _matrix(a: Any, rows: list[Any], whole: bool) -> Any:
    like = (
        to_engine(a) if isinstance(a, (Array, V.BitArray, V.Wrapper, V.Range)) else primal(known(a))
    )
    like = primal(like)
    if (
        isinstance(like, Array)
        and like.data.dtype == object
        and all(T.isa(v, T.Real) for v in like.data.ravel().tolist())
    ):
        like = like.data.astype(float)  # constants such as π
    if isinstance(like, ndarray) and like.dtype.kind in "fiuc":
        n = like.size
        zero = np.zeros(n, like.dtype if like.dtype.kind in "fc" else float)
        parts = [
            rules.reshape(
                zero if g is None else g if isinstance(g, Node) else np.asarray(g.data), (1, n)
            )
            for g in rows
        ]
        out = rules.concatenate(parts, 0) if parts else np.zeros((0, n))
    elif isinstance(like, Rational) and not any(isinstance(g, Node) for g in rows):
        return from_values(
            [Base.bindings["zero"](like) if g is None else g for g in rows], (len(rows),)
        )
    elif isinstance(like, (int, float, complex, np.number, Irrational)) and type(like) is not bool:
        out = rules.stack_scalars([0.0 if g is None else g for g in rows], (len(rows),))
    else:
        return None
    exact = (isinstance(like, ndarray) and like.dtype.kind in "iu") or isinstance(like, int)
    if whole and exact and isinstance(out, ndarray) and np.array_equal(out, np.rint(out)):
        out = out.astype(np.int64)
    return to_julia(out)


def hessian_of(f: Any, x: Any) -> Any:
    """The matrix of second derivatives of a scalar function of one array; of a number a number.  Forward mode over a gradient."""
    from juliette.packages.zygote.forward import forward_matrix, slope_of

    _real_only("derivative", x)
    return _whole(to_julia(forward_matrix(slope_of(f), x)[1]), x)


def hessian_reversed(f: Any, x: Any) -> Any:
    """The same, with the gradient differentiated backwards."""

    def first(v: Any) -> Any:
        return explicit(f, (v,), whole=False)[1][0]

    if not isinstance(primal(x), (Array, V.Wrapper, V.Range)):
        return _whole(explicit(first, (x,), whole=False)[1][0], x)
    return _whole(jacobian_of(first, (x,))[1][0], x)


def diagonal_of(f: Any, args: tuple[Any, ...], k: int) -> Any:
    """The second derivatives of a function in each element of its k-th argument; None if that is no number and no array."""
    from juliette.packages.zygote.forward import diagonal

    x = args[k]
    p = primal(known(x))
    if not isinstance(x, (Array, V.Wrapper, V.Range)):
        if not T.isa(x, T.Number) or isinstance(p, bool):
            return None
        _real_only("derivative", x)

    def one(v: Any) -> Any:
        g = explicit(f, (*args[:k], v, *args[k + 1 :]), whole=False)[1][k]
        return rules.mul(0.0, v) if g is None else g

    h = to_julia(diagonal(one, x))
    return _whole(h, x) if all(map(_exact, args)) else h


def _exact(x: Any) -> bool:
    """Is this no floating-point number, and no array of them?"""
    return (
        np.asarray(primal(known(x))).dtype.kind not in "fc"
        and getattr(getattr(x, "data", None), "dtype", np.dtype(int)).kind not in "fc"
    )


def _real_only(name: str, x: Any) -> None:
    """Forward mode is for real numbers."""
    if T.isa(x, T.Number) and not T.isa(x, T.Real):
        raise MethodError(GenericFunction(name), (Base.bindings["identity"], x))


def _whole(h: Any, x: Any) -> Any:
    """Second derivatives in whole numbers are whole numbers, if they are."""
    if isinstance(x, int):
        return int(h) if isinstance(h, float) and h.is_integer() else h
    data = getattr(x, "data", None)
    if (
        isinstance(data, ndarray)
        and data.dtype.kind in "iu"
        and isinstance(h, Array)
        and not isinstance(h, Node)
        and h.data.dtype.kind == "f"
    ) and np.array_equal(h.data, np.rint(h.data)):
        return wrap(h.data.astype(np.int64))
    return h
