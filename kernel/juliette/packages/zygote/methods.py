"""Derivatives of Base's methods.

While gradients are traced, dispatch asks `traced_builtin` once for each method and classes of
arguments how it runs.  What it says is, in this order: methods made of generic functions run as they
are; numbers take Base's own value and the engine's slope; `RULES` name an operation of the engine;
methods that only pick and arrange elements (`REARRANGING`) are run on linear indices; `SPECIAL` rules look
at Julia values themselves; what has no derivative runs on plain values; the rest is an error if its
result could carry a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.display.io import IO
from juliette.packages.zygote import linear
from juliette.packages.zygote.errors import foreign_call, mutation
from juliette.packages.zygote.structured import densify, holds_node, is_wrapper, slots_of, wraps_node
from juliette.packages.zygote.nodes import PLAIN, plain, stacked, to_engine, to_julia, twin
from juliette.runtime import broadcast as B
from juliette.runtime import modules
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, array_class, elements, wrap
from juliette.runtime.dispatch import TRACE, GenericFunction, Method
from juliette.runtime.errors import DimensionMismatch
from juliette.runtime.modules import Base
from juliette.runtime.numeric import Complex, Rational
from juliette.syntax.expr import Symbol
from juliette_engine import rules
from juliette_engine.elementwise import number_step
from juliette_engine.primitives import matrix_product, sum_kernel
from juliette_engine.tape import NESTED, ComplexTracer, FloatTracer, Node, ScalarTracer, primal

ndarray = np.ndarray

# ---------------------------------------------------------------- numbers

OPS: dict[str, Any] = {
    "+": rules.add, "-": rules.sub, "*": rules.mul, "/": rules.div, "^": rules.power, "exp": rules.exp, "exp2": rules.exp2,
    "log": rules.log, "log1p": rules.log1p, "expm1": rules.expm1, "log2": rules.log2, "log10": rules.log10,
    "sqrt": rules.sqrt, "cbrt": rules.cbrt, "sin": rules.sin, "cos": rules.cos, "tan": rules.tan, "sinh": rules.sinh,
    "cosh": rules.cosh, "tanh": rules.tanh, "asin": rules.asin, "acos": rules.acos, "asinh": rules.asinh,
    "acosh": rules.acosh, "atanh": rules.atanh, "hypot": rules.hypot, "abs": rules.absolute, "abs2": rules.abs2,
    "inv": rules.inv, "float": rules.floating, "max": rules.maximum, "min": rules.minimum,
    "conj": rules.conjugate, "real": rules.real, "imag": rules.imag, "angle": rules.angle, "sign": rules.sign,
    "round": rules.rounded, "floor": rules.floor, "ceil": rules.ceil, "trunc": rules.trunc, "mod": rules.mod, "rem": rules.rem,
}
# Functions of one name and different rules by the number of arguments.
_UNARY = {"-": rules.neg, "+": lambda x: x, "atan": rules.atan}
_BINARY = {"atan": rules.atan2}
_OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}


def operation(name: str, count: int) -> Any:
    """The engine's elementwise operation for a function of Base with so many arguments."""
    found = (_UNARY if count == 1 else _BINARY).get(name)
    if found is not None:
        return found
    found = OPS.get(name)
    return found if found is None or len(found.partials) == count else None


def _clamp(x: Any, low: Any, high: Any) -> Any:
    p = primal(x)
    return rules.where((p >= primal(low)) & (p <= primal(high)), x, rules.where(p < primal(low), low, high))


# Functions of numbers that are made of operations, by name and number of arguments.
COMPOSED: dict[tuple[str, int], Any] = {
    ("identity", 1): lambda x: x,
    ("ifelse", 3): lambda m, a, b: rules.where(primal(m), a, b),
    ("clamp", 3): _clamp,
    ("muladd", 3): lambda a, b, c: rules.add(rules.mul(a, b), c),
    ("fma", 3): lambda a, b, c: rules.add(rules.mul(a, b), c),
    ("^", 2): rules.power,
    ("*", 3): lambda a, b, c: rules.mul(rules.mul(a, b), c),
    ("+", 3): lambda a, b, c: rules.add(rules.add(a, b), c),
    ("+", 1): lambda x: x,
    ("transpose", 1): lambda x: x,
    ("adjoint", 1): lambda x: x,
    ("sinpi", 1): lambda x: rules.sin(rules.mul(x, np.pi)),
    ("cospi", 1): lambda x: rules.cos(rules.mul(x, np.pi)),
    ("sec", 1): lambda x: rules.inv(rules.cos(x)),
    ("csc", 1): lambda x: rules.inv(rules.sin(x)),
    ("cot", 1): lambda x: rules.inv(rules.tan(x)),
    ("exp10", 1): lambda x: rules.power(10.0, x),
    ("log", 2): lambda b, x: rules.div(rules.log(x), rules.log(b)),
    ("sincos", 1): lambda x: (rules.sin(x), rules.cos(x)),
    ("sind", 1): lambda x: rules.sin(rules.mul(x, np.pi / 180)),
    ("cosd", 1): lambda x: rules.cos(rules.mul(x, np.pi / 180)),
    ("tand", 1): lambda x: rules.tan(rules.mul(x, np.pi / 180)),
    ("deg2rad", 1): lambda x: rules.mul(x, np.pi / 180),
    ("rad2deg", 1): lambda x: rules.mul(x, 180 / np.pi),
    ("sinc", 1): lambda x: rules.div(rules.sin(rules.mul(x, np.pi)), rules.mul(x, np.pi)),
    ("mod2pi", 1): lambda x: rules.mod(x, 2 * np.pi),
    ("copysign", 2): lambda x, y: rules.mul(rules.absolute(x), np.copysign(1.0, primal(y))),
    ("flipsign", 2): lambda x, y: rules.mul(x, np.copysign(1.0, primal(y))),
    ("\\", 2): lambda a, b: rules.div(b, a),
}


def on_numbers(name: str, f: Any, classes: tuple[type, ...]) -> Any:
    """How a method with numbers for arguments runs, some of them traced."""
    count = len(classes)
    if count == 2 and name in _OPERATORS:
        a, b = classes
        if a is FloatTracer and b in (FloatTracer, float, int):
            return getattr(FloatTracer, f"__{_OPERATORS[name]}__")
        nested = NESTED[FloatTracer]
        if a is nested and b in (nested, float, int):
            return getattr(nested, f"__{_OPERATORS[name]}__")
        if b is nested and a in (float, int):
            inner = getattr(nested, f"__r{_OPERATORS[name]}__")
            return lambda x, y: inner(y, x)
        if b is FloatTracer and a in (float, int):
            swapped = getattr(FloatTracer, f"__r{_OPERATORS[name]}__")
            return lambda x, y: swapped(y, x)
    if name == "^" and count == 2 and issubclass(classes[1], int) and not issubclass(classes[0], int):
        return _whole_power(f, rules.power)
    op = operation(name, count)
    if op is None:
        return COMPOSED.get((name, count))
    if not hasattr(op, "rule"):
        return op
    return stepped(op, f, classes)


def stepped(op: Any, f: Any, classes: tuple[type, ...]) -> Any:
    """A method on numbers whose value is its own and whose slope is an operation's."""
    traced = tuple([issubclass(c, Node) for c in classes])
    if any(c.nested for c in classes if issubclass(c, Node)):
        return op
    sample = complex(1) if any(issubclass(c, (complex, ComplexTracer)) for c in classes) else 1.0
    step = number_step(op, traced, (sample,) * len(classes))
    if len(classes) == 1:

        def one(x: Any) -> Any:
            tape = x.tape
            r = tape.node(f(x.data))
            tape.append((step, r, (x,), None))
            return r

        return one
    if len(classes) == 2 and all(traced):

        def both(x: Any, y: Any) -> Any:
            tape = x.tape
            if y.tape is not tape:
                return op(x, y)
            r = tape.node(f(x.data, y.data))
            tape.append((step, r, (x, y), None))
            return r

        return both

    def some(*args: Any) -> Any:
        tape = next(x.tape for x, t in zip(args, traced, strict=True) if t)
        r = tape.node(f(*[x.data if t else x for x, t in zip(args, traced, strict=True)]))
        tape.append((step, r, args, None))
        return r

    return some


def _whole_power(f: Any, op: Any) -> Any:
    def power(x: Any, n: Any) -> Any:
        if x.nested:
            if not 0 < n < 4 or type(x) is not NESTED[FloatTracer]:
                return op(x, n)
            y = x
            for _ in range(n - 1):
                y = y * x
            return y
        tape = x.tape
        r = tape.node(f(x.data, n))
        tape.append((_power_step, r, x, n))
        return r

    return power


def _power_step(g: Any, r: Any, x: Any, n: int) -> None:
    v = x.data.conjugate() if type(x.data) is complex else x.data
    if n == 2:
        d = g * (2 * v)
    elif n == 0:
        d = g * 0.0
    else:
        from juliette_engine.numeric import power

        d = g * (n * power(float(v) if n < 1 and type(v) is int else v, n - 1))
    h = x.grad
    x.grad = d if h is None else h + d


def _power_traced(g: Any, r: Any, x: Any, n: int) -> None:
    from juliette_engine.tape import acc_any

    acc_any(x, rules.mul(g, 0.0 if n == 0 else n * float(x.data) ** (n - 1)))


from juliette_engine.tape import TRACED_RULES  # noqa: E402

TRACED_RULES[_power_step] = _power_traced

# ---------------------------------------------------------------- whole arrays


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
        return DimensionMismatch(f"second dimension of A, {x.shape[1]}, does not match length of x, {y.shape[0]}")
    if x.dtype == y.dtype and x.dtype.kind == "f":
        return DimensionMismatch(
            f"A has dimensions ({x.shape[0]},{x.shape[1]}) but B has dimensions ({y.shape[0]},{y.shape[1]})"
        )
    what = f"vector B has length {y.shape[0]}" if y.ndim == 1 else f"matrix B has dimensions ({y.shape[0]},{y.shape[1]})"
    return DimensionMismatch(f"matrix A has dimensions ({x.shape[0]},{x.shape[1]}), {what}")


def _axes(dims: Any, n: int) -> tuple[int, ...] | None:
    """Julia's `dims` as axes; None for all."""
    if dims is None or isinstance(dims, V.ColonType):
        return None
    given = dims if type(dims) is tuple else tuple(V_list(dims))
    return tuple([int(d) - 1 for d in given if int(d) <= n])


def V_list(x: Any) -> list[Any]:
    return [x] if isinstance(x, (int, np.integer)) else list(elements(np.asarray(x.data)))


def _sum(x: Any, dims: Any = None, init: Any = None) -> Any:
    axes = _axes(dims, np.ndim(primal(x)))
    y = rules.total(x) if axes is None else rules.sum_along(x, axes)
    return y if init is None else rules.add(y, init)


def _mean(x: Any, dims: Any = None) -> Any:
    axes = _axes(dims, np.ndim(primal(x)))
    return rules.mean(x) if axes is None else rules.mean_along(x, axes)


def _prod(x: Any, dims: Any = None) -> Any:
    axes = _axes(dims, np.ndim(primal(x)))
    if axes is None:
        return rules.product(x)
    for axis in axes:
        x = rules.product_along(x, axis)
    return x


def _extreme(arg: Any) -> Any:
    def f(x: Any, dims: Any = None) -> Any:
        axes = _axes(dims, np.ndim(primal(x)))
        if axes is None:
            return rules.extreme(x, arg)
        for axis in axes:
            x = rules.extreme_along(x, arg, axis)
        return x

    return f


def _var(x: Any, dims: Any = None, corrected: bool = True, mean: Any = None) -> Any:
    axes = _axes(dims, np.ndim(primal(x)))
    shape = np.shape(primal(x))
    n = math.prod(shape) if axes is None else math.prod([shape[a] for a in axes])
    middle = mean if mean is not None else (rules.mean(x) if axes is None else rules.mean_along(x, axes))
    squares = rules.abs2(rules.sub(x, middle))
    total = rules.total(squares) if axes is None else rules.sum_along(squares, axes)
    return rules.div(total, n - 1 if corrected else n)


def _std(x: Any, **options: Any) -> Any:
    return rules.sqrt(_var(x, **options))


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
    return lambda x, dims=1: op(x, _axes(dims, np.ndim(primal(x))))


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
    return rules.cumsum(x, axis=int(dims) - 1)


def _cumprod(x: Any, dims: Any = 1) -> Any:
    axis = int(dims) - 1
    shape = np.shape(primal(x))
    parts: list[Any] = []
    for i in range(shape[axis]):
        part = rules.getitem(x, (slice(None),) * axis + (slice(i, i + 1),))
        parts.append(rules.mul(parts[-1], part) if parts else part)
    return rules.concatenate(parts, axis)


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
    return rules.sub(rules.getitem(x, (*before, slice(1, n))), rules.getitem(x, (*before, slice(0, n - 1))))


def _stack(xs: Any, dims: Any = None) -> Any:
    parts = [to_engine(x) for x in elements(xs.data)] if isinstance(xs, Array) else list(map(to_engine, xs))
    shape = np.shape(primal(parts[0]))
    axis = len(shape) if dims is None or isinstance(dims, V.ColonType) else int(dims) - 1
    return rules.concatenate([rules.reshape(p, (*shape[:axis], 1, *shape[axis:])) for p in parts], axis)


def _median(x: Any) -> Any:
    p = primal(x).ravel(order="F")
    order = np.argsort(p, kind="stable")
    n = p.size
    x = rules.reshape(x, (n,))
    if n % 2:
        return rules.getitem(x, int(order[n // 2]))
    return rules.div(rules.add(rules.getitem(x, int(order[n // 2 - 1])), rules.getitem(x, int(order[n // 2]))), 2)


def _cov(x: Any, y: Any = None, corrected: bool = True) -> Any:
    y = x if y is None else y
    n = np.shape(primal(x))[0]
    a, b = rules.sub(x, rules.mean(x)), rules.sub(y, rules.mean(y))
    return rules.div(rules.dot(a, b), n - 1 if corrected else n)


def _cor(x: Any, y: Any) -> Any:
    a, b = rules.sub(x, rules.mean(x)), rules.sub(y, rules.mean(y))
    return rules.div(rules.dot(a, b), rules.mul(rules.norm(a), rules.norm(b)))


def _fill(x: Any, *dims: Any) -> Any:
    from juliette.base.array_protocol import dims_of

    return rules.mul(x, np.ones(dims_of(dims), order="F"))


# Operations on engine values, by the method's name; keywords are Julia's.
RULES: dict[str, Callable[..., Any]] = {
    "+": _plus, "-": _minus, "*": times, "/": linear.right_divide,
    "\\": linear.left_divide, "^": linear.power, "sum": _sum, "prod": _prod, "maximum": _extreme(np.argmax),
    "minimum": _extreme(np.argmin), "mean": _mean, "var": _var, "std": _std, "cumsum": _cumsum, "cumprod": _cumprod,
    "adjoint": _adjoint, "transpose": _transpose, "dot": _dot, "⋅": _dot, "norm": lambda x, p=2: rules.norm(x, p),
    "inv": linear.inv, "det": linear.det, "logdet": linear.logdet, "tr": linear.trace, "float": rules.floating,
    "diagm": linear.diagm, "diff": _diff, "stack": _stack, "median": _median, "cov": _cov, "cor": _cor, "kron": linear.kron, "softmax": _softmax(rules.softmax),
    "logsoftmax": _softmax(rules.logsoftmax), "copy": rules.copied, "conj": rules.conjugate, "real": rules.real, "imag": rules.imag,
    "cross": linear.cross, "normalize": lambda x, p=2: rules.div(x, rules.norm(x, p)), "fill": _fill,
    "logsumexp": lambda x, dims=None: rules.logsumexp(x, _axes(dims, np.ndim(primal(x)))),
    "triu": linear.triu, "tril": linear.tril, "abs2": rules.abs2, "muladd": lambda a, b, c: rules.add(times(a, b), c),
    "exp": linear.exp,
}


# Methods that pick and arrange elements: run on linear indices.
REARRANGING = {
    "getindex", "view", "reverse", "circshift", "permutedims", "repeat", "selectdim", "rotl90", "rotr90", "rot180",
    "dropdims", "diag", "PermutedDimsArray", "first", "last", "vec", "reshape", "eachcol", "eachrow", "eachslice",
    "dotview", "%dotview", "droplast", "getindex_slice",
}  # fmt: skip
_SORTED = {"sort": "sortperm"}


def rearranged(f: Any) -> Any:
    """A method that picks elements of its first argument, told by what it does to their numbers."""

    def run(x: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(x, Node):
            return f(x, *(args if isinstance(x, T.JuliaType) else map(plain, args)), **options)
        data = x.data
        numbers = wrap(np.arange(data.size).reshape(data.shape, order="F"))
        return taken(x, f(numbers, *map(plain, args), **options))

    return run


def taken(x: Any, numbers: Any) -> Any:
    """The elements of a traced array with these linear indices; for iterators of pieces, one by one."""
    if isinstance(numbers, (int, np.integer)):
        return rules.getitem(x, np.unravel_index(int(numbers), x.data.shape, order="F"))
    data = getattr(numbers, "data", None)
    if isinstance(data, ndarray) and data.dtype != object:
        index = np.unravel_index(data, x.data.shape, order="F") if x.data.ndim > 1 else np.asarray(data)
        return rules.getitem(x, index)
    from juliette.base.iteration import iterate_value
    from juliette.runtime.array import vector

    return vector([taken(x, n) for n in iterate_value(numbers)], T.Any_)


def _getindex(f: Any) -> Any:
    general = rearranged(f)

    def getindex(x: Any, *index: Any) -> Any:
        if isinstance(x, Node):
            data = x.data
            if len(index) == 1 and type(index[0]) is int:
                i = index[0]
                if 0 < i <= data.size:
                    at = i - 1 if data.ndim == 1 else np.unravel_index(i - 1, data.shape, order="F")
                    return rules.getitem(x, at)
            elif len(index) == data.ndim:
                where = _simple_index(index, data.shape)
                if where is not None:
                    return rules.getitem(x, where)
        return general(x, *index)

    return getindex


def _simple_index(index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """numpy's form of whole numbers, colons and unit ranges within bounds; else None."""
    out = []
    for i, n in zip(index, shape, strict=True):
        if type(i) is int and 0 < i <= n:
            out.append(i - 1)
        elif isinstance(i, V.ColonType):
            out.append(slice(None))
        elif isinstance(i, V.UnitRange) and i.start >= 1 and i.stop <= n:
            out.append(slice(i.start - 1, max(i.stop, i.start - 1)))
        else:
            return None
    return tuple(out)


def _joined(dim: int) -> Any:
    return lambda *xs: concatenated(xs, dim)


def concatenated(xs: tuple[Any, ...], dim: int) -> Any:
    """Join Julia values along a dimension (from 0)."""
    n = max(dim + 1, max(np.ndim(primal(to_engine(x))) for x in xs))
    parts = []
    for x in xs:
        e = to_engine(x)
        s = np.shape(primal(e))
        parts.append(rules.reshape(e, s + (1,) * (n - len(s))) if s else stacked([e], (1,) * n))
    shapes = [np.shape(primal(p)) for p in parts]
    for s in shapes:
        if s[:dim] + s[dim + 1 :] != shapes[0][:dim] + shapes[0][dim + 1 :]:
            plain_xs = tuple(map(plain, xs))
            return Base.bindings["vcat" if dim == 0 else "hcat"](*plain_xs)  # raises Julia's error
    return to_julia(rules.concatenate(parts, dim))


def _hvcat(counts: Any, *xs: Any) -> Any:
    rows, i = [], 0
    if type(counts) is int:
        counts = (counts,) * (len(xs) // counts)
    for n in counts:
        rows.append(concatenated(xs[i : i + n], 1))
        i += n
    return concatenated(tuple(rows), 0)


def _cat(*xs: Any, dims: Any) -> Any:
    if hasattr(dims, "x"):
        dims = dims.x
    if type(dims) is tuple:
        if len(dims) != 1:
            raise foreign_call("cat")
        dims = dims[0]
    return concatenated(xs, int(dims) - 1)


def _sorted(f: Any) -> Any:
    def sort(x: Any, *args: Any, **options: Any) -> Any:
        order = Base.bindings["sortperm"]
        numbers = order.call_kw(options, plain(x)) if options else order(plain(x))
        return rules.getitem(x, np.asarray(numbers.data) - 1)

    return sort


def _cholesky(f: Any) -> Any:
    def run(a: Any, *args: Any, **options: Any) -> Any:
        from juliette.stdlib.linear_algebra.elimination import Cholesky
        from juliette_engine import linalg

        f(plain(a), *args, **options)  # raises Julia's error where there is none
        return Cholesky(rules.transpose(linalg.cholesky(a)), "U", 0)

    return run


def _accumulate(op: Any, x: Any, *, init: Any = None, dims: Any = None) -> Any:
    from juliette.base.iteration import iterate_value

    out: list[Any] = []
    for v in iterate_value(x):
        if out:
            v = op(out[-1], v)
        elif init is not None:
            v = op(init, v)
        out.append(v)
    return to_julia(stacked(out, (len(out),)))


def _mapslices(f: Any) -> Any:
    def run(g: Any, x: Any, *, dims: Any) -> Any:
        shape = x.data.shape
        inner = _axes(dims, len(shape)) or ()
        outer = [i for i in range(len(shape)) if i not in inner]
        getindex = Base.bindings["getindex"]
        pieces = {}
        for at in np.ndindex(*[shape[i] for i in outer]):
            index: list[Any] = [V.COLON] * len(shape)
            for i, k in zip(outer, at, strict=True):
                index[i] = k + 1
            y = to_engine(g(getindex(x, *index)))
            size = np.shape(primal(y))
            full = [1] * len(shape)
            for i, n in zip(inner, size or (1,) * len(inner), strict=False):
                full[i] = n
            pieces[at] = rules.reshape(y, tuple(full)) if size else stacked([y], tuple(full))
        return to_julia(_assembled(pieces, outer, [shape[i] for i in outer], ()))

    return run


def _assembled(pieces: Any, outer: list[int], sizes: list[int], at: tuple[int, ...]) -> Any:
    if len(at) == len(outer):
        return pieces[at]
    k = len(at)
    return rules.concatenate([_assembled(pieces, outer, sizes, (*at, i)) for i in range(sizes[k])], outer[k])


def _found(name: str) -> Any:
    """`findmax` and `findmin`: the value and where it is."""

    def rule(f: Any) -> Any:
        def find(x: Any, *args: Any, **options: Any) -> Any:
            p = plain(x)
            value, where = f(p, *args, **options)
            if options:
                index = np.asarray([i.I if hasattr(i, "I") else (i,) for i in elements(where.data)]).T - 1
                shape = where.data.shape
                return to_julia(rules.getitem(x, tuple([np.reshape(i, shape, order="F") for i in index]))), where
            return Base.bindings["getindex"](x, where), where

        return find

    return rule


def _with_function(reduce: Any) -> Any:
    """`sum(f, x)` and its like: a dotted call, then the reduction."""

    def rule(f: Any) -> Any:
        def run(g: Any, x: Any, **options: Any) -> Any:
            if x.__class__ in PLAIN and isinstance(g, GenericFunction) and Base.bindings.get(g.name) is g:
                if reduce is _sum and not options and g.name == "abs2" and x.data.dtype.kind == "f":
                    return rules.sum_of_squares(x)
                op = operation(g.name, 1)
                if op is not None:
                    return to_julia(reduce(op(x), **options))
            values = B.materialize(B.broadcasted(g, x))
            return to_julia(reduce(to_engine(values), **options))

        return run

    return rule


# Rules that look at Julia values: f(the method's own code) -> code.
SPECIAL: dict[str, Callable[[Any], Any]] = {
    "getindex": _getindex, "vcat": lambda f: _joined(0), "hcat": lambda f: _joined(1), "hvcat": lambda f: _hvcat,
    "cat": lambda f: _cat, "sort": _sorted, "findmax": _found("findmax"), "findmin": _found("findmin"),
    "cholesky": _cholesky, "mapslices": _mapslices, "logabsdet": lambda f: lambda a: (to_julia(linear.logdet(a)), f(plain(a))[1]),
    "Diagonal": lambda f: f, "Symmetric": lambda f: f, "Hermitian": lambda f: f, "UpperTriangular": lambda f: f,
    "LowerTriangular": lambda f: f, "Adjoint": lambda f: f, "Transpose": lambda f: f,
    "accumulate": lambda f: _accumulate,
}
_REDUCTIONS = {"sum": _sum, "prod": _prod, "mean": _mean, "maximum": RULES["maximum"], "minimum": RULES["minimum"]}

# Methods made of generic functions that have a rule of their own for traced arrays.
OVERRIDDEN: dict[str, Callable[[Any], Any]] = {
    "collect": lambda f: rules.copied, "accumulate": lambda f: _accumulate, "mapslices": _mapslices,
}

# No derivative, or the derivative zero: these look at the values.
CONSTANT = {
    "zero", "one", "oneunit", "zeros", "ones", "similar", "eps", "oftype",
    "typemax", "typemin", "rand", "randn", "rand!", "randn!", "nextfloat", "prevfloat", "fld", "cld", "div", "÷",
    "show", "print", "println", "string", "repr", "display", "fill!", "onehot", "onehotbatch", "onecold", "argmax",
    "argmin", "findfirst", "findall", "sortperm", "size", "length", "eltype", "ndims", "axes", "isapprox", "summary",
    "range", "LinRange", "searchsortedfirst", "rank", "copysign_sign", "hash", "dump", "parent",
}  # fmt: skip
# Methods that change their first argument.
MUTATING = {
    "setindex!", "push!", "pop!", "pushfirst!", "popfirst!", "append!", "prepend!", "insert!", "deleteat!", "splice!",
    "fill!", "copyto!", "copy!", "sort!", "reverse!", "resize!", "empty!", "map!", "broadcast!", "permute!", "shuffle!",
    "rand!", "randn!", "mul!", "lmul!", "rmul!", "ldiv!", "axpy!", "filter!", "circshift!", "unique!",
}  # fmt: skip


def traced_builtin(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """How one of Base's methods runs on these classes of arguments while tracing."""
    name = method.name
    if name in MUTATING and classes and issubclass(classes[0], (Array, V.BitArray)):
        return _changing(name, f)
    if name in OVERRIDDEN and classes and classes[-1] in PLAIN:
        return OVERRIDDEN[name](f)
    if method.tracing == "transparent":
        if name in _REDUCTIONS and len(classes) == 2 and classes[1] in PLAIN:
            return _with_function(_REDUCTIONS[name])(f)
        return f
    if name == "stack" and len(classes) == 1:
        return lambda xs: to_julia(_stack(xs)) if holds_node(xs) else f(xs)
    if any(issubclass(c, V.Wrapper) or hasattr(c, "factors_shown") for c in classes):
        return unwrapping(method, f, classes)
    if not any(issubclass(c, Node) for c in classes):
        return of_container(name, f) if any(map(_container, classes)) else f
    if callable(method.rule):
        return method.rule(f)
    if name in CONSTANT:
        return lambda *args: f(*map(plain, args))
    if all(issubclass(c, (ScalarTracer, int, float, complex, np.number, Rational, Complex)) for c in classes):
        found = on_numbers(name, f, classes)
        if found is not None:
            return found
    if name in _REDUCTIONS and len(classes) == 2:
        return _with_function(_REDUCTIONS[name])(f)
    special = SPECIAL.get(name)
    if special is not None:
        return special(f)
    if name in REARRANGING and classes[0] in PLAIN:
        return rearranged(f)
    rule = RULES.get(name)
    if rule is not None:
        return derived(name, rule, classes)
    return guarded(name, f)


def _container(c: type) -> bool:
    """Could values of a class hold something traced?"""
    if issubclass(c, Array):
        return getattr(c, "eltype", None) not in T.DTYPE_OF
    return not issubclass(c, (int, float, complex, np.generic, str, Symbol, T.JuliaType, type(None), V.Range, V.BitArray, GenericFunction))


def unwrapping(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """A method with wrappers among its arguments: those with traced arrays inside are opened."""
    name, function = method.name, method.function
    if name == "*" and len(classes) == 2 and issubclass(classes[0], V.Transposed):
        return _row_times(method, f)
    if name in _KEPT and len(classes) == 1:
        return f
    plain_code = None

    def run(*args: Any) -> Any:
        nonlocal plain_code
        if any([is_wrapper(a) and wraps_node(a) for a in args]):
            return function(*map(densify, args))
        if plain_code is None:
            mixed = any(issubclass(c, Node) for c in classes)
            plain_code = _without_wrappers(method, f, classes) if mixed else f
        return plain_code(*args)

    return run


# What wrappers answer for themselves, or make again a wrapper.
_KEPT = {"adjoint", "transpose", "parent", "size", "length", "ndims", "eltype", "axes", "Symmetric", "Diagonal"}


def _without_wrappers(method: Method, f: Any, classes: tuple[type, ...]) -> Any:
    """The code for plain wrappers beside traced arguments."""
    name = method.name
    rule = RULES.get(name)
    special = SPECIAL.get(name)
    if name in CONSTANT:
        return lambda *args: f(*map(plain, args))
    if special is not None:
        return special(f)
    return derived(name, rule, classes) if rule is not None else guarded(name, f)


def _row_times(method: Method, f: Any) -> Any:
    """`v' * x`: a number for a vector `x`, a row again for a matrix."""
    function = method.function

    def run(a: Any, b: Any) -> Any:
        if not (wraps_node(a) or isinstance(b, Node) or (is_wrapper(b) and wraps_node(b))):
            return f(a, b)
        if np.ndim(primal(a.parent) if isinstance(a.parent, Node) else a.parent.data) != 1:
            return function(densify(a), densify(b)) if wraps_node(a) else to_julia(times(to_engine(a), to_engine(b)))
        b = densify(b)
        v = to_engine(a.parent)
        if isinstance(a, V.Adjoint) and np.iscomplexobj(primal(v)):
            v = rules.conjugate(v)
        x = to_engine(b)
        n = np.ndim(primal(x))
        if not n:
            return type(a).__mro__[1](to_julia(rules.mul(v, x)))
        if primal(v).shape[0] != primal(x).shape[0]:
            return f(plain_wrapper(a), plain(b))  # raises Julia's error
        if n == 1:
            return to_julia(rules.matmul(v, x))
        y = rules.matmul(rules.transpose(x), v)
        if isinstance(a, V.Adjoint):
            y = rules.conjugate(y) if np.iscomplexobj(primal(y)) else y
            return V.Adjoint(to_julia(y))
        return V.Transpose(to_julia(y))

    return run


def plain_wrapper(a: Any) -> Any:
    """A wrapped vector without nodes."""
    return type(a).__mro__[1](plain(a.parent))


_SHAPED = {"+", "-"}


def derived(name: str, rule: Any, classes: tuple[type, ...]) -> Any:
    """The rule with its arguments as the engine has them."""
    if name == "*" and len(classes) == 2:
        fast = _product(classes)
        if fast is not None:
            return fast
    if name == "sum" and len(classes) == 1 and classes[0] in PLAIN and not classes[0].nested:
        if classes[0].eltype in (T.Float64, T.Float32):
            return sum_kernel(classes[0].eltype is T.Float64)
        return rules.total.kernel_for(classes)

    def run(*args: Any) -> Any:
        if name in _SHAPED and len(args) > 1 and all(isinstance(a, ArrayLike) for a in args):
            from juliette.base.array_arithmetic import same_shape

            same_shape(*args)
        return to_julia(rule(*map(to_engine, args)))

    return run


def _product(classes: tuple[type, ...]) -> Any:
    """`*` of a matrix and an array, straight to the engine."""
    a, b = classes
    if not (issubclass(a, Array) and issubclass(b, Array)) or a.ndim != 2 or b.ndim not in (1, 2):
        return None
    if a.eltype not in T.DTYPE_OF or b.eltype not in T.DTYPE_OF:
        return None
    traced = [issubclass(c, Node) for c in classes]
    if a.eltype is b.eltype and a.eltype in (T.Float64, T.Float32) and not any(getattr(c, "nested", False) for c in classes):
        kernel = matrix_product(a.ndim, b.ndim, *traced, twin(array_class(a.eltype, b.ndim)))
    else:
        kernel = rules.matmul.kernel_for(classes)

    def product(x: Any, y: Any) -> Any:
        try:
            return kernel(x, y)
        except ValueError:
            raise product_mismatch(x.data, y.data) from None

    return product


# What only takes parts out of containers, or puts them in another order.
STRUCTURAL = {
    "getindex", "first", "last", "only", "get", "view", "iterate", "collect", "copy", "reverse", "values", "keys",
    "push!", "pushfirst!", "append!", "vcat", "filter", "tail", "front",
}  # fmt: skip


def of_container(name: str, f: Any) -> Any:
    """How a method runs on containers that may hold something traced: on the values themselves."""
    if name in STRUCTURAL:
        return f

    def run(*args: Any) -> Any:
        out = f(*args)
        if carries_gradient(out) and not holds_node(out) and any(map(holds_node, args)):
            raise foreign_call(name)
        return out

    return run


def guarded(name: str, f: Any) -> Any:
    """A method without a derivative: an error if its result could have carried a gradient."""

    def run(*args: Any) -> Any:
        found = any(map(holds_node, args))
        out = f(*map(plain, args)) if found else f(*args)
        if found and carries_gradient(out):
            raise foreign_call(name)
        return out

    return run


def _changing(name: str, f: Any) -> Any:
    def run(target: Any, *args: Any) -> Any:
        def change() -> Any:
            if not isinstance(target, Node):
                return f(target, *map(plain, args))
            bare = plain(target)
            out = f(bare, *map(plain, args))
            target.data = bare.data
            return target if out is bare else out

        return mutation(target, name, change)

    return run


def carries_gradient(x: Any, depth: int = 0) -> bool:
    """Could a value have a gradient: is there a number with a fraction in it, or an array of them?"""
    if x is None or isinstance(x, (bool, int, str, np.integer, np.bool_, Symbol, T.JuliaType, IO, GenericFunction)):
        return False
    if isinstance(x, (float, complex, np.number, Rational, Complex)):
        return True
    if type(x) is tuple or type(x) is list:
        return any([carries_gradient(v, depth + 1) for v in x])
    if isinstance(x, (Array, V.Wrapper)):
        data = np.asarray(x.data)
        kind = data.dtype.kind
        return kind in "fc" or (kind == "O" and any(map(carries_gradient, data.ravel().tolist())))
    if isinstance(x, (V.Range, V.BitArray, V.JuliaSet)) or depth > 3:
        return False
    if isinstance(x, V.JuliaDict):
        return any([carries_gradient(v, depth + 1) for _, v in x.data.values()])
    return any([carries_gradient(getattr(x, n, None), depth + 1) for n in slots_of(type(x))])


def traced_keyword(method: Method, kwargs: dict[str, Any], args: tuple[Any, ...]) -> Any:
    """Keyword calls of Base's methods on traced arguments."""
    if not TRACE.depth or method.tracing == "transparent" or not any(map(holds_node, args)):
        return NotImplemented
    name = method.name
    f = method.builtin
    if name in CONSTANT:
        return f(*map(plain, args), **kwargs)  # type: ignore[misc]
    if name in _REDUCTIONS and len(args) == 2:
        return _with_function(_REDUCTIONS[name])(f)(*args, **kwargs)
    special = SPECIAL.get(name)
    if special is not None:
        return special(f)(*args, **kwargs)
    if name in REARRANGING:
        return rearranged(f)(*args, **kwargs)
    rule = RULES.get(name)
    if rule is None:
        raise foreign_call(name)
    try:
        return to_julia(rule(*map(to_engine, args), **kwargs))
    except TypeError as e:
        if "unexpected keyword" not in str(e):
            raise
        raise foreign_call(name) from None


modules.set_traced_builtin(traced_builtin, traced_keyword)
