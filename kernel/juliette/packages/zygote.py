"""Zygote: the engine's gradients for Julia values.

A traced array is an object of a twin class of its array class: `data` stays the plain ndarray, `node`
is the engine's tracer, and dispatch sees the same Julia type.  Scalars under differentiation are the
engine's scalar tracers.  Base's own methods get their derivatives from the table `RULES`, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base import iteration
from juliette.base.arrays import ArrayLike
from juliette.base.tuples import Composed
from juliette.base.essentials import NUMBER_HOOKS
from juliette.base.numbers import KERNELS
from juliette.compiler.support import ClosureBase
from juliette.display.show import SHOW_HOOKS
from juliette.runtime import broadcast as B
from juliette.runtime import modules
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, make, vector, wrap
from juliette.runtime.dispatch import TRACE, GenericFunction, Method
from juliette.runtime.errors import DimensionMismatch, ErrorException, KeyError_
from juliette.runtime.modules import Base, Module, package
from juliette.runtime.structs import Struct
from juliette_engine import gradients, rules, tape
from juliette_engine.tape import ArrayTracer, Tape, Tracer, primal

for _cls, _t in (
    (tape.FloatTracer, T.Float64), (tape.IntTracer, T.Int64), (tape.Float32Tracer, T.Float32), (tape.BoolTracer, T.Bool),
):
    T._TYPE_OF_CLASS[_cls] = _t

# ---------------------------------------------------------------- traced arrays

_TWINS: dict[type, type] = {}
_PLAIN: dict[type, type] = {}


def twin(cls: type) -> type:
    """The class of traced arrays of an array class."""
    found = _TWINS.get(cls)
    if found is None:
        found = _TWINS[cls] = type(cls.__name__, (cls,), {"__slots__": ()})
        _PLAIN[found] = cls
        T._TYPE_OF_CLASS[found] = T._TYPE_OF_CLASS[cls]
    return found


def is_traced(x: Any) -> bool:
    return isinstance(x, Tracer) or type(x) in _PLAIN


def to_julia(x: Any) -> Any:
    """A value of the engine as a Julia value."""
    if isinstance(x, ArrayTracer):
        data = primal(x)
        plain = wrap(data)
        plain.__class__ = twin(type(plain))  # type: ignore[assignment]
        plain.node = x  # type: ignore[assignment]
        return plain
    if isinstance(x, np.ndarray):
        return V.BitArray(x) if x.dtype == bool else wrap(x)
    return x


def to_engine(x: Any) -> Any:
    """A Julia value as the engine computes with it."""
    if isinstance(x, Tracer):
        return x
    if type(x) in _PLAIN:
        return x.node
    if isinstance(x, ArrayLike):
        data = np.asarray(x.data)
        if data.dtype == object:
            return traced_elements(x)
        return data.astype(np.int64) if data.dtype == bool else data
    return x


def traced_elements(x: Any) -> Any:
    values = elements(x.data)
    return rules.stack_scalars(values, x.data.shape)


def plain(x: Any) -> Any:
    """A value without tracers."""
    if isinstance(x, Tracer):
        return primal(x)
    cls = _PLAIN.get(type(x))
    if cls is not None:
        return cls(x.data)
    if type(x) is tuple:
        return tuple(map(plain, x))
    return x


def _gather(values: list[Any], shape: tuple[int, ...]) -> Any:
    if values and any(isinstance(v, Tracer) for v in values):
        return to_julia(rules.stack_scalars(values, shape))
    return None


iteration.GATHER = _gather


def _iterate_array(a: Array) -> Any:
    if type(a) in _PLAIN:
        node = a.node
        return (rules.getitem(node, i) for i in _positions(a.data.shape))
    return iteration.live(a)


def _positions(shape: tuple[int, ...]) -> Any:
    return (i[::-1] for i in np.ndindex(*shape[::-1]))


iteration.TRACED_ARRAY = _iterate_array

# ---------------------------------------------------------------- the rules of Base's methods

OPS: dict[str, Callable[..., Any]] = {
    "+": rules.add, "-": rules.sub, "*": rules.mul, "/": rules.div, "^": rules.power, "exp": rules.exp, "log": rules.log,
    "log1p": rules.log1p, "expm1": rules.expm1, "log2": rules.log2, "log10": rules.log10, "sqrt": rules.sqrt,
    "sin": rules.sin, "cos": rules.cos, "tan": rules.tan, "sinh": rules.sinh, "cosh": rules.cosh, "tanh": rules.tanh,
    "asin": rules.asin, "acos": rules.acos, "atan": rules.atan, "abs": rules.absolute, "abs2": rules.abs2, "inv": rules.inv,
    "float": rules.floating, "max": rules.maximum, "min": rules.minimum, "identity": lambda x: x,
}


def _plus(*xs: Any) -> Any:
    return xs[0] if len(xs) == 1 else rules.add(*xs)


def _minus(*xs: Any) -> Any:
    return rules.neg(xs[0]) if len(xs) == 1 else rules.sub(*xs)


OPS["+"], OPS["-"] = _plus, _minus


def _times(a: Any, b: Any) -> Any:
    na, nb = np.ndim(primal(a)), np.ndim(primal(b))
    if na and nb:
        x, y = primal(a), primal(b)
        if na == 1:
            a = rules.reshape(a, (x.size, 1))
            x = primal(a)
        if x.shape[1] != y.shape[0]:
            what = f"vector B has length {y.shape[0]}" if nb == 1 else f"matrix B has dimensions ({y.shape[0]},{y.shape[1]})"
            raise DimensionMismatch(f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), {what}")
        return rules.matmul(a, b)
    return rules.mul(a, b)


RULES: dict[str, Callable[..., Any]] = {
    **{k: v for k, v in OPS.items() if k != "identity"},
    "*": _times,
    "sum": rules.total,
    "prod": rules.product,
    "maximum": lambda x: rules.extreme(x, np.argmax),
    "minimum": lambda x: rules.extreme(x, np.argmin),
    "vec": lambda x: rules.reshape(x, (primal(x).size,)),
    "adjoint": lambda x: rules.transpose(x) if np.ndim(primal(x)) == 2 else rules.reshape(x, (1, *np.shape(primal(x)))) if np.ndim(primal(x)) else x,
    "dot": lambda a, b: rules.total(rules.mul(a, b)),
    "⋅": lambda a, b: rules.total(rules.mul(a, b)),
    "mean": lambda x: rules.div(rules.total(x), primal(x).size),
    "norm": lambda x: rules.sqrt(rules.total(rules.mul(x, x))),
    "softmax": rules.softmax,
    "logsoftmax": rules.logsoftmax,
}
RULES["transpose"] = RULES["permutedims"] = RULES["adjoint"]


def _reshape(x: Any, *dims: Any) -> Any:
    shape = plain_reshape(plain(x), *dims).data.shape
    return rules.reshape(to_engine(x), shape)


def _getindex(x: Any, *index: Any) -> Any:
    from juliette.base.arrays import CartesianIndex, numpy_index

    index = tuple(map(plain, index))
    node, shape = to_engine(x), np.shape(x.data)
    if len(index) == 1 and isinstance(index[0], CartesianIndex):
        index = index[0].index
    if len(index) == 1 and len(shape) != 1:
        node = rules.reshape(node, (int(np.prod(shape)),))
        shape = np.shape(primal(node))
    where = numpy_index(x, index, shape)
    if sum(isinstance(i, np.ndarray) for i in where) > 1:
        return rules.getitem(node, np.ix_(*[np.arange(n)[i] if isinstance(i, slice) else np.atleast_1d(i) for i, n in zip(where, shape, strict=True)]))
    return rules.getitem(node, tuple(where) if len(where) > 1 else where[0])


def _cat(dim: int) -> Callable[..., Any]:
    def f(*xs: Any) -> Any:
        n = max(dim + 1, max(np.ndim(x.data) if isinstance(x, ArrayLike) else 0 for x in xs))
        parts = []
        for x in xs:
            node = to_engine(x)
            s = np.shape(primal(node))
            parts.append(rules.reshape(node, s + (1,) * (n - len(s))) if s else rules.stack_scalars([node], (1,) * n))
        return rules.concatenate(parts, dim)

    return f


def _fill(x: Any, *dims: Any) -> Any:
    from juliette.base.arrays import dims_of

    return rules.mul(to_engine(x), np.ones(dims_of(dims), order="F"))


# Rules that look at Julia values themselves.
SPECIAL: dict[str, Callable[..., Any]] = {
    "reshape": _reshape, "getindex": _getindex, "vcat": _cat(0), "hcat": _cat(1), "vect": lambda *xs: rules.stack_scalars(list(xs), (len(xs),)),
    "fill": _fill,
    "collect": lambda x: to_engine(x), "copy": lambda x: to_engine(x),
}


def plain_reshape(a: Any, *dims: Any) -> Any:
    from juliette.base.arrays import reshape

    return reshape(a, *dims)


def traced_builtin(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """How one of Base's methods runs on these classes of arguments while tracing."""
    if method.tracing == "transparent" or not any(issubclass(c, Tracer) or c in _PLAIN for c in classes):
        return f
    name = method.name
    special = SPECIAL.get(name)
    if special is not None:
        return lambda *args: to_julia(special(*args))
    rule = RULES.get(name)
    if rule is not None:

        def derived(*args: Any) -> Any:
            if name in ("+", "-") and len(args) == 2:
                from juliette.base.arrays import same_shape

                if all(isinstance(a, ArrayLike) for a in args):
                    same_shape(*args)
            return to_julia(rule(*map(to_engine, args)))

        return derived

    def without_derivative(*args: Any) -> Any:
        out = f(*map(plain, args))
        if carries_gradient(out):
            raise ErrorException(f"Can't differentiate foreigncall expression {name}: no derivative of this method is known.")
        return out

    return without_derivative


def carries_gradient(x: Any) -> bool:
    if isinstance(x, (float, np.floating)):
        return True
    return isinstance(x, Array) and x.data.dtype.kind == "f"


ZERO_DERIVATIVE = {"round", "floor", "ceil", "trunc", "sign", "zero", "one", "zeros", "ones", "similar", "eps", "oftype", "typemax", "typemin", "rand", "randn"}
_plain_traced = traced_builtin


def traced_builtin_checked(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    if method.name in ZERO_DERIVATIVE:
        return lambda *args: f(*map(plain, args))
    return _plain_traced(method, f, classes)


def traced_keyword(method: Method, kwargs: dict[str, Any], args: tuple[Any, ...]) -> Any:
    """Keyword calls of Base's methods on traced arguments."""
    if not TRACE.depth or not any(map(is_traced, args)) or method.tracing == "transparent":
        return NotImplemented
    dims = kwargs.get("dims")
    if method.name in ("sum", "mean") and dims is not None and not isinstance(dims, V.ColonType):
        node = to_engine(args[-1])
        axes = tuple(d - 1 for d in (dims if type(dims) is tuple else (dims,)))
        out = rules.sum_along(node, axes)
        if method.name == "mean":
            out = rules.div(out, int(np.prod([np.shape(primal(node))[a] for a in axes])))
        return to_julia(out)
    if method.name in RULES and (dims is None or isinstance(dims, V.ColonType) or (method.name == "softmax" and dims == 1)):
        return to_julia(RULES[method.name](*map(to_engine, args)))
    raise ErrorException(f"gradients of {method.name} with the keywords {', '.join(kwargs)} are not supported")


modules.set_traced_builtin(traced_builtin_checked, traced_keyword)

# ---------------------------------------------------------------- dotted calls

_BROADCAST: dict[Any, Callable[..., Any]] = {}


def broadcast_rule(f: Any) -> Callable[..., Any] | None:
    """The engine's operation for a function in a dotted call."""
    if isinstance(f, GenericFunction) and f.module is not None:
        found = _BROADCAST.get(f)
        if found is not None:
            return found
        if Base.bindings.get(f.name) is f:
            return OPS.get(f.name)
    return None


def register_broadcast(f: Any, op: Callable[..., Any]) -> None:
    """Give a function its derivative in dotted calls."""
    _BROADCAST[f] = op


def traced_broadcast(tree: Any) -> Any:
    """The value of a dotted call, recorded where its leaves are traced."""
    return to_julia(_evaluate(tree))


def _evaluate(tree: Any) -> Any:
    if not isinstance(tree, B.Broadcasted):
        return tree if type(tree) is tuple else to_engine(tree)
    args = [_evaluate(a) for a in tree.args]
    op = broadcast_rule(tree.function)
    numeric = all(isinstance(a, (int, float, np.generic, np.ndarray, Tracer)) for a in args)
    if op is not None and numeric:
        shapes = [np.shape(primal(a)) for a in args]
        if any(shapes):
            B.common_shape(shapes)
        return op(*args)
    if not any(isinstance(a, Tracer) for a in args):
        back = [to_julia(a) if isinstance(a, np.ndarray) else a for a in args]
        return to_engine_result(B.finish(B.evaluate(B.Broadcasted(tree.function, tuple(back))), tree))
    if KERNELS.get(tree.function) is not None and op is None and numeric:
        out = B.finish(B.evaluate(B.Broadcasted(tree.function, tuple(to_julia(primal(a)) if isinstance(primal(a), np.ndarray) else primal(a) for a in args))), tree)
        return to_engine_result(out)
    return _loop(tree.function, args)


def to_engine_result(x: Any) -> Any:
    return to_engine(x) if isinstance(x, ArrayLike) else x


def _loop(f: Any, args: list[Any]) -> Any:
    shapes = [np.shape(primal(a)) if not isinstance(a, (V.Ref, tuple)) else ((len(a),) if isinstance(a, tuple) else ()) for a in args]
    shape = B.common_shape(shapes)
    if not shape:
        return to_engine(f(*[a.x if isinstance(a, V.Ref) else a for a in args]))
    out = []
    for index in _positions(shape):
        row = []
        for a, s in zip(args, shapes, strict=True):
            if isinstance(a, V.Ref):
                row.append(a.x)
            elif isinstance(a, tuple):
                row.append(a[index[0] if len(a) > 1 else 0])
            elif s:
                at = tuple(i if n > 1 else 0 for i, n in zip(index, s, strict=False))
                row.append(rules.getitem(a, at))
            else:
                row.append(a)
        out.append(f(*row))
    if all(isinstance(v, (int, float, np.generic, Tracer)) for v in out):
        return rules.stack_scalars(out, shape)
    return to_engine_result(B.from_values(out, shape))


B.TRACED = traced_broadcast

_MUTATION = """Mutating arrays is not supported -- called {call}
This error occurs when you ask Zygote to differentiate operations that change
the elements of arrays in place (e.g. setting values with x .= ...)

Possible fixes:
- avoid mutating operations (preferred)
- or read the documentation and solutions for this error
  https://fluxml.ai/Zygote.jl/latest/limitations"""


def _mutation(target: Any, name: str) -> None:
    raise ErrorException(_MUTATION.format(call=f"{name}({T.type_string(T.typeof(target))}, ...)"))


B.MUTATION = _mutation

for _cls2 in (tape.FloatTracer, tape.IntTracer, tape.Float32Tracer):
    NUMBER_HOOKS[_cls2] = lambda t, x: rules.floating(x) if t is T.Float64 else x
    SHOW_HOOKS[_cls2] = lambda io, x, long: io.write(str(primal(x)))


# ---------------------------------------------------------------- opening and closing Julia values


def _lift_array(a: Any, t: Tape) -> Any:
    if a.data.dtype == object:
        out = type(a)(a.data.copy())
        for i in np.ndindex(a.data.shape):
            out.data[i] = gradients.lift(a.data[i], t)
        return out
    if a.data.dtype.kind not in "fiu" or a.data.dtype == bool:
        return a
    node = tape.make(a.node if a.node is not None else a.data, t)
    return to_julia(node)


def _lower_array(traced: Any, a: Any) -> Any:
    if a.data.dtype == object:
        parts = [gradients.lower(x, y) for x, y in zip(traced.data.ravel(order="F"), a.data.ravel(order="F"), strict=True)]
        return None if all(p is None for p in parts) else B.from_values(parts, a.data.shape)
    if type(traced) not in _PLAIN:
        return None
    g = gradients.project(traced.node.grad, traced.node.value)
    return None if g is None else to_julia(g)


def _fields_of(x: Any) -> tuple[str, ...]:
    return tuple(x.fields)


def _lift_struct(x: Any, t: Tape) -> Any:
    out = type(x).__new__(type(x))
    for f in _fields_of(x):
        if hasattr(x, f):
            object.__setattr__(out, f, gradients.lift(getattr(x, f), t))
    return out


def _lower_struct(traced: Any, x: Any) -> Any:
    names = _fields_of(x)
    values = tuple(
        gradients.lower(getattr(traced, f), getattr(x, f)) if hasattr(x, f) else None for f in names
    )
    if all(v is None for v in values):
        return None
    return V.NamedTuple(names, values)


def _lift_named(x: V.NamedTuple, t: Tape) -> Any:
    return V.NamedTuple(x.names, tuple(gradients.lift(v, t) for v in x.values))


def _lower_named(traced: Any, x: V.NamedTuple) -> Any:
    values = tuple(gradients.lower(a, b) for a, b in zip(traced.values, x.values, strict=True))
    return None if all(v is None for v in values) else V.NamedTuple(x.names, values)


def _lift_range(r: Any, t: Tape) -> Any:
    return _lift_array(wrap(np.asarray(r.data)), t)


def _lower_range(traced: Any, r: Any) -> Any:
    return _lower_array(traced, traced)


gradients.register_lifter(Array, _lift_array, _lower_array)
gradients.register_lifter(V.Range, _lift_range, _lower_range)
gradients.register_lifter(V.NamedTuple, _lift_named, _lower_named)
for _holder in (Struct, ClosureBase, Composed):
    gradients.register_lifter(_holder, _lift_struct, _lower_struct)


def _lend(a: Any, t: Tape) -> Tracer:
    _LENT.append((type(a), a.node))
    node = tape.make(a.node if a.node is not None else a.data, t)
    cls = type(a)
    a.__class__ = cls if cls in _PLAIN else twin(cls)
    a.node = node
    return node


_LENT: list[tuple[type, Any]] = []


def _give_back(a: Any) -> None:
    a.__class__, a.node = _LENT.pop()


gradients.register_lender(Array, _lend, _give_back)
gradients.set_node_of(lambda y: y.node if type(y) in _PLAIN else y)
gradients.set_gradient_of(lambda g, x: to_julia(g) if g is not None and isinstance(x, Array) else g)

# ---------------------------------------------------------------- the entry points


class _Tracing:
    def __enter__(self) -> None:
        TRACE.depth += 1

    def __exit__(self, *error: object) -> None:
        TRACE.depth -= 1


def _with(f: Any) -> Any:
    def traced(*args: Any) -> Any:
        with _Tracing():
            return f(*args)

    return traced


def _run(f: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    depth = TRACE.depth
    try:
        return gradients.withgradient(_with(f), *args)
    except gradients.GradientError as e:
        raise ErrorException(str(e)) from None
    finally:
        TRACE.depth = depth


def load(module: Module) -> None:
    """Fill the module Zygote."""

    @module.method("gradient(f, args...)", transparent=True)
    def gradient(f: Any, *args: Any) -> Any:
        """The gradient of `f` with respect to each argument; with `params`, a `Grads`.

        ```jldoctest
        julia> gradient(x -> 3x^2 + 2x + 1, 5)
        (32.0,)
        ```
        """
        return _run(f, args)[1]

    @module.method("withgradient(f, args...)", transparent=True)
    def withgradient(f: Any, *args: Any) -> Any:
        """The value and the gradient: `(val = …, grad = …)`."""
        value, grad = _run(f, args)
        return V.NamedTuple(("val", "grad"), (to_julia(value), grad))

    @module.method("pullback(f, args...)", transparent=True)
    def pullback(f: Any, *args: Any) -> Any:
        """The value and a function from its sensitivity to those of the arguments."""
        y, back = gradients.pullback(_with(f), *args)
        return to_julia(y), lambda seed: back(to_engine(seed))

    @module.method("ignore(f)", transparent=True)
    def ignore(f: Any) -> Any:
        """Run `f` without differentiating it."""
        return plain(f())

    @module.method("dropgrad(x)", transparent=True)
    def dropgrad(x: Any) -> Any:
        """`x` as a constant."""
        return plain(x)

    module.exports.update({"gradient", "withgradient", "pullback"})
    module.exports -= {"ignore", "dropgrad"}
    module.const("Params", PARAMS_TYPE)
    module.const("Grads", GRADS_TYPE)

    @module.method("params(xs...)")
    def params(*xs: Any) -> Any:
        """The parameters of models, by identity."""
        out = gradients.Params()
        for x in xs:
            collect_params(x, out)
        return out

    @Base.method("getindex(g::Grads, x)", transparent=True)
    def grads_get(g: Any, x: Any) -> Any:
        if not isinstance(x, Array):
            raise ErrorException("Only reference types can be differentiated with `Params`.")
        try:
            return g[x]
        except KeyError:
            raise KeyError_(x) from None

    @Base.method("length(p::Params)", transparent=True)
    def params_length(p: Any) -> int:
        return len(p)

    @Base.method("getindex(p::Params, i::Integer)", transparent=True)
    def params_get(p: Any, i: int) -> Any:
        return list(p)[i - 1]


PARAMS_TYPE = T.define("Params")
GRADS_TYPE = T.define("Grads")
T.register_class(gradients.Params, PARAMS_TYPE)
T.register_class(gradients.Grads, GRADS_TYPE)
Base.bindings["Params"], Base.bindings["Grads"] = PARAMS_TYPE, GRADS_TYPE
iteration.ITERATORS[gradients.Params] = iter
iteration.ITERATORS[gradients.Grads] = lambda g: (g[p] for p in g.params)
SHOW_HOOKS[gradients.Grads] = lambda io, g, long: io.write("Grads(...)")


def _show_params(io: Any, p: Any, long: bool) -> None:
    from juliette.display.show import one_line

    io.write(f"Params([{', '.join(one_line(x) for x in p)}])")


SHOW_HOOKS[gradients.Params] = _show_params

# Types whose fields hold parameters (`@functor`).
FUNCTORS: set[Any] = set()


def collect_params(x: Any, out: Any) -> None:
    """Gather the arrays of numbers in a model, in field order."""
    if isinstance(x, gradients.Params):
        out.push(*x)
    elif isinstance(x, Array):
        if x.data.dtype == object:
            for v in elements(x.data):
                collect_params(v, out)
        elif x.data.dtype.kind in "fiu":
            out.push(x)
    elif type(x) is tuple:
        for v in x:
            collect_params(v, out)
    elif isinstance(x, V.NamedTuple):
        for v in x.values:
            collect_params(v, out)
    elif isinstance(x, Composed):
        collect_params(x.outer, out)
        collect_params(x.inner, out)
    elif isinstance(x, Struct) and T.typeof(x).typename in FUNCTORS:
        for f in x.fields:
            collect_params(getattr(x, f), out)


ZYGOTE = package("Zygote", load)
assert make is not None and vector is not None
