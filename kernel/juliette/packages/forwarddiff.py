"""ForwardDiff: derivatives by forward mode, and its dual numbers.

`derivative`, `gradient`, `jacobian` and `hessian` run on the engine's forward mode, whole arrays at a
time.  `Dual` is a number type of its own, in Julia (`forwarddiff.jl`): its elementary functions take
their slopes from the engine's table of rules.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from juliette.compiler import imports, support
from juliette.packages import zygote
from juliette.packages.zygote.forward import engine_push, push
from juliette.packages.zygote.nodes import known, plain, to_engine, to_julia
from juliette.packages.zygote.scalars import OPS
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base, Module, package
from juliette.syntax.expr import Symbol
from juliette_engine import rules
from juliette_engine.forward import forward_jacobian
from juliette_engine.tape import Node, primal

_ARRAYS = (Array, V.Wrapper, V.Range)

# ---------------------------------------------------------------- slopes of elementary functions

_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
_OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "^",
}


def elementary() -> dict[str, Any]:
    """The functions of one number that dual numbers take from the table."""
    names = [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log1p",
        "log2",
        "log10",
        "sqrt",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "asinh",
        "acosh",
        "atanh",
    ]
    return {**{n: OPS[n] for n in names}, "atan": rules.atan}


@cache
def slope_of(name: str) -> Any:
    """A function's slope in `x`, where its value is `y`, by Base's functions: `x` may be any kind of number."""
    tree = ast.parse(elementary()[name].rule.partials[0], mode="eval").body

    def value(e: Any, env: dict[str, Any]) -> Any:
        if isinstance(e, ast.Name):
            return env[e.id]
        if isinstance(e, ast.Constant):
            return e.value
        if isinstance(e, ast.BinOp):
            return Base.bindings[_OPERATORS[type(e.op)]](value(e.left, env), value(e.right, env))
        if isinstance(e, ast.UnaryOp):
            return Base.bindings["-"](value(e.operand, env))
        return Base.bindings[_NAMES.get(e.func.id, e.func.id)](*[value(a, env) for a in e.args])

    return lambda x, y: value(tree, {"x": x, "y": y, "g": 1})


# ---------------------------------------------------------------- derivatives


def _number(x: Any, f: str, instead: str) -> None:
    if isinstance(x, _ARRAYS):
        raise DimensionMismatch(
            f"{f}(f, x) expects that x is a real number. Perhaps you meant {instead}(f, x)?"
        )


def _array(x: Any, f: str) -> None:
    if not isinstance(x, _ARRAYS):
        raise DimensionMismatch(
            f"{f}(f, x) expects that x is an array. Perhaps you meant derivative(f, x)?"
        )


def _real(y: Any, f: str) -> None:
    p = primal(y)
    if (
        isinstance(p, np.ndarray)
        or isinstance(y, _ARRAYS)
        or not isinstance(p, (int, float, np.number))
    ):
        raise DimensionMismatch(
            f"{f}(f, x) expects that f(x) is a real number. Perhaps you meant jacobian(f, x)?"
        )


def _whole(d: Any, *xs: Any) -> Any:
    """Derivatives of whole numbers are whole numbers, if they are."""
    kinds = [np.asarray(primal(to_engine(known(x)))).dtype.kind for x in xs]
    if isinstance(d, Node) or not all(k in "iu" for k in kinds):
        return d
    if isinstance(d, float):
        return int(d) if d.is_integer() else d
    if (
        isinstance(d, Array)
        and d.data.dtype.kind == "f"
        and np.array_equal(d.data, np.rint(d.data))
    ):
        return wrap(d.data.astype(np.int64))
    return d


def derivative_of(f: Any, x: Any) -> tuple[Any, Any]:
    """`f(x)` and its derivative in a number; of arrays and tuples that of each element."""
    _number(x, "derivative", "gradient")
    y, d = push(f, (x,), (Base.bindings["one"](plain(x)),), tag=f)
    if isinstance(y, _ARRAYS) and d is None:
        d = Base.bindings["zero"](y)
    return y, _whole(d, x, *([] if type(y) is tuple else [y]))


def gradient_of(f: Any, x: Any) -> tuple[Any, Any]:
    """`f(x)`, a number, and its derivatives in the elements of an array."""
    _array(x, "gradient")

    def checked(v: Any) -> Any:
        y = f(v)
        _real(y, "gradient")
        return y

    y, d = forward_jacobian(checked, _dense(x), push=_tagged(f))
    return y, _whole(to_julia(rules.reshape(d, _shape(x))), x, y)


def jacobian_of(f: Any, x: Any) -> tuple[Any, Any]:
    """`f(x)`, an array, and its derivatives: a column for each element of an array."""
    _array(x, "jacobian")

    def checked(v: Any) -> Any:
        y = f(v)
        if not isinstance(y, _ARRAYS):
            raise DimensionMismatch(
                "jacobian(f, x) expects that f(x) is an array. Perhaps you meant gradient(f, x)?"
            )
        return y

    y, d = forward_jacobian(checked, _dense(x), push=_tagged(f))
    return to_julia(y), _whole(to_julia(d), x, y)


def hessian_of(f: Any, x: Any) -> Any:
    """The second derivatives of a number in the elements of an array: forward mode within forward mode."""
    _array(x, "hessian")

    def first(v: Any) -> Any:
        def checked(w: Any) -> Any:
            y = f(w)
            _real(y, "hessian")
            return y

        d = forward_jacobian(checked, v, push=_tagged(f))[1]
        return to_julia(rules.reshape(d, (int(np.prod(_shape(x))),)))

    return _whole(to_julia(forward_jacobian(first, _dense(x), push=_tagged(f))[1]), x)


def _tagged(f: Any) -> Any:
    return lambda g, args, changes, suffix=(): engine_push(g, args, changes, suffix, tag=f)


def _dense(x: Any) -> Any:
    return x if isinstance(x, (Array, Node)) else wrap(np.asarray(x.data))


def _shape(x: Any) -> tuple[int, ...]:
    return np.shape(
        primal(x).data if isinstance(x, _ARRAYS) and not isinstance(x, Node) else primal(x)
    )


def into(f: Any, y: Any) -> Any:
    """A function that writes its result into `y`, as one that gives it."""

    def g(x: Any) -> Any:
        out = Base.bindings["copy"](y)
        f(out, x)
        Base.bindings["copyto!"](y, plain(out))
        return out

    return g


def _stored(result: Any, d: Any) -> Any:
    Base.bindings["copyto!"](result, d if not isinstance(d, Node) else plain(d))
    return result


class Config:
    """How many directions go at a time; here that needs no choice."""

    __slots__ = ()


def load(module: Module) -> None:
    """Fill ForwardDiff."""
    module.method("elementary_names()", export=False)(lambda: tuple(map(Symbol, elementary())))
    module.method("slope(name, x, y)", export=False)(lambda name, x, y: slope_of(name.name)(x, y))
    imports.bring_all(module, Base)
    support.install(module)
    source = Path(__file__).with_suffix(".jl").read_text("utf-8")
    Base.bindings["include_string"](module, source, "forwarddiff.jl")
    for name in ("GradientConfig", "JacobianConfig", "HessianConfig", "DerivativeConfig"):
        module.method(f"{name}(args...)", export=False)(lambda *args: Config())
    for name, find in (("gradient", gradient_of), ("jacobian", jacobian_of)):
        _load_of_arrays(module, name, find)

    @module.method("derivative(f, x)", transparent=True, export=False)
    def derivative(f: Any, x: Any) -> Any:
        """The derivative of `f` at a number `x`; `f(x)` may be an array.

        ```jldoctest
        julia> using ForwardDiff

        julia> ForwardDiff.derivative(x -> x^3, 2.0)
        12.0
        ```
        """
        return derivative_of(f, x)[1]

    @module.method("derivative(f, y::AbstractArray, x)", transparent=True, export=False)
    def derivative_into(f: Any, y: Any, x: Any) -> Any:
        """The derivative of a function `f(y, x)` that writes its result into `y`."""
        return derivative_of(into(f, y), x)[1]

    @module.method("derivative!(result, f, x)", transparent=True, export=False)
    def derivative_stored(result: Any, f: Any, x: Any) -> Any:
        """The derivative, written into `result`."""
        return _stored(result, derivative_of(f, x)[1])

    @module.method("hessian(f, x, options...)", transparent=True, export=False)
    def hessian(f: Any, x: Any, *options: Any) -> Any:
        """The matrix of second derivatives of `f` at an array `x`.

        ```jldoctest
        julia> using ForwardDiff

        julia> ForwardDiff.hessian(v -> v[1]^2 * v[2], [1.0, 5.0])
        2×2 Matrix{Float64}:
         10.0  2.0
          2.0  0.0
        ```
        """
        return hessian_of(f, x)

    @module.method("hessian!(result, f, x, options...)", transparent=True, export=False)
    def hessian_stored(result: Any, f: Any, x: Any, *options: Any) -> Any:
        """The matrix of second derivatives, written into `result`."""
        return _stored(result, hessian_of(f, x))


def _load_of_arrays(module: Module, name: str, find: Any) -> None:
    """`gradient` or `jacobian` in its forms."""

    @module.method(f"{name}(f, x, options...)", transparent=True, export=False)
    def found(f: Any, x: Any, *options: Any) -> Any:
        if options and isinstance(options[0], _ARRAYS):  # f(y, x) writes into y
            return find(into(f, x), options[0])[1]
        return find(f, x)[1]

    @module.method(f"{name}!(result, f, x, options...)", transparent=True, export=False)
    def stored(result: Any, f: Any, x: Any, *options: Any) -> Any:
        if options and isinstance(options[0], _ARRAYS):
            return _stored(result, find(into(f, x), options[0])[1])
        return _stored(result, find(f, x)[1])

    found.__doc__ = f"The {name} of `f` at an array `x`."


T.register_class(Config, T.define("ForwardDiff.Config"))
_ = zygote
package("ForwardDiff", load)
