"""Python's operators and numpy's protocols on nodes, so that plain code can be differentiated.

Operators between numbers are written out for each pattern of operands: that is what loops over
single numbers are made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import array_operators, primitive
from juliette_engine import elementwise as E
from juliette_engine import primitives as P
from juliette_engine import tape as T
from juliette_engine.array_operators import SWAPPED, traced_step
from juliette_engine.numeric import NUMBERS
from juliette_engine.tape import IMPLICIT, FloatTracer, Node, ScalarTracer, new, primal

LOW, HIGH = -(2**63), 2**63 - 1


# ---------------------------------------------------------------- numbers

# How a cotangent goes back is the same at one level and between several.
_BACK = """\
def back_both(g, r, a, b):
    h = a.grad
    d = {da}
    a.grad = d if h is None else h + d
    h = b.grad
    d = {db}
    b.grad = d if h is None else h + d

def back_left(g, r, a, o):
    h = a.grad
    d = {dleft}
    a.grad = d if h is None else h + d

def back_right(g, r, a, o):
    h = a.grad
    d = {dright}
    a.grad = d if h is None else h + d
"""

_FAST = (
    """
def forward(s, o):
    c = type(o)
    if c is FloatTracer:
        t = s.tape
        if o.tape is t:
            r = new(FloatTracer)
            r.data = {both}
            r.grad = None
            r.tape = t
            t.append((back_both, r, s, o))
            return r
    elif c is float or c is int:
        t = s.tape
        r = new(FloatTracer)
        r.data = {left}
        r.grad = None
        r.tape = t
        t.append((back_left, r, s, o))
        return r
    elif isinstance(o, UNKNOWN):
        return NotImplemented
    return general(s, o)

def swapped(s, o):
    c = type(o)
    if c is float or c is int:
        t = s.tape
        r = new(FloatTracer)
        r.data = {right}
        r.grad = None
        r.tape = t
        t.append((back_right, r, s, o))
        return r
    if isinstance(o, UNKNOWN):
        return NotImplemented
    return general(o, s)

"""
    + _BACK
)
# The same between numbers that several levels trace: their values below take part.
_NESTED = (
    """
def forward(s, o):
    c = type(o)
    if c is Nested:
        t = s.tape
        if o.tape is t:
            b = {both}
            r = new(Nested)
            r.data = b.data
            r.below = b
            r.grad = None
            r.tape = t
            t.append((back_both, r, s, o))
            return r
    elif c is float or c is int:
        t = s.tape
        b = {left}
        r = new(Nested)
        r.data = b.data
        r.below = b
        r.grad = None
        r.tape = t
        t.append((back_left, r, s, o))
        return r
    elif isinstance(o, UNKNOWN):
        return NotImplemented
    return general(s, o)

def swapped(s, o):
    c = type(o)
    if c is float or c is int:
        t = s.tape
        b = {right}
        r = new(Nested)
        r.data = b.data
        r.below = b
        r.grad = None
        r.tape = t
        t.append((back_right, r, s, o))
        return r
    if isinstance(o, UNKNOWN):
        return NotImplemented
    return general(o, s)

"""
    + _BACK
)


def _below(text: str) -> str:
    return text.replace(".data", ".below")


_OPERATIONS = {
    "add": ("s.data + o.data", "s.data + o", "o + s.data", "g", "g", "g", "g"),
    "sub": ("s.data - o.data", "s.data - o", "o - s.data", "g", "-g", "g", "-g"),
    "mul": ("s.data * o.data", "s.data * o", "o * s.data", "g * b.data", "g * a.data", "g * o", "g * o"),
    "truediv": (
        "divide(s.data, o.data)", "divide(s.data, o)", "divide(o, s.data)", "divide(g, b.data)",
        "-divide(g * r.data, b.data)", "divide(g, o)", "-divide(g * r.data, a.data)",
    ),
}  # fmt: skip
_RULES = {"add": E.add, "sub": E.sub, "mul": E.mul, "truediv": E.div}
# Classes that answer for themselves when they stand right of a node.
UNKNOWN: tuple[type, ...] = (str, tuple, list, dict)


def _install_numbers() -> None:
    for name, (both, left, right, da, db, dleft, dright) in _OPERATIONS.items():
        space: dict[str, Any] = {
            "FloatTracer": FloatTracer,
            "new": new,
            "general": _RULES[name],
            "divide": NUMBERS["true_divide"],
            "UNKNOWN": UNKNOWN,
        }
        exec(
            _FAST.format(
                both=both, left=left, right=right, da=da, db=db, dleft=dleft, dright=dright
            ),
            space,
        )
        setattr(FloatTracer, f"__{name}__", space["forward"])
        setattr(FloatTracer, f"__r{name}__", space["swapped"])
        nested = T.NESTED[FloatTracer]
        inner: dict[str, Any] = {
            "Nested": nested,
            "new": new,
            "general": _RULES[name],
            "divide": lambda x, y: x / y,
            "UNKNOWN": UNKNOWN,
        }
        exec(
            _NESTED.format(
                both=_below(both),
                left=_below(left),
                right=_below(right),
                da=_below(da),
                db=_below(db),
                dleft=_below(dleft),
                dright=_below(dright),
            ),
            inner,
        )
        setattr(nested, f"__{name}__", inner["forward"])
        setattr(nested, f"__r{name}__", inner["swapped"])
        rule = _RULES[name]
        T.TRACED_RULES[space["back_both"]] = traced_step(rule, 2)
        T.TRACED_RULES[space["back_left"]] = traced_step(rule, 0)
        T.TRACED_RULES[space["back_right"]] = traced_step(rule, 1)
        for functions, at in ((space, "data"), (inner, "below")):
            _install_changes(name, functions, at)


# The changes of the operators' values: of both, of the left and of the right operand, with `u` and `v` the values.
_CHANGES = """
def both(t, r, a, b):
    x = a.grad
    y = b.grad
    if x is None or y is None:
        return one_of(t, r, a, b)
    u = a.{at}
    v = b.{at}
    return {both}

def left(t, r, a, v):
    x = a.grad
    u = a.{at}
    return None if x is None else {left}

def right(t, r, b, u):
    y = b.grad
    v = b.{at}
    return None if y is None else {right}

def one_of(t, r, a, b):
    return left(t, r, a, b.{at}) if b.grad is None else right(t, r, b, a.{at})
"""
_SUMS = {
    "add": ("x + y", "x", "y"),
    "sub": ("x - y", "x", "-y"),
    "mul": ("x * v + u * y", "x * v", "u * y"),
    "truediv": ("divide(x - r.{at} * y, v)", "divide(x, v)", "-divide(r.{at} * y, v)"),
}


def _install_changes(name: str, functions: dict[str, Any], at: str) -> None:
    """How changes of numbers go through an operator, at one level (`at` is "data") and between several ("below")."""
    both, left, right = [text.format(at=at) for text in _SUMS[name]]
    space: dict[str, Any] = {"divide": E.div if at == "below" else _divided}
    exec(_CHANGES.format(at=at, both=both, left=left, right=right), space)
    for way in ("both", "left", "right"):
        T.FORWARD_RULES[functions[f"back_{way}"]] = space[way]


def _divided(x: Any, v: Any) -> Any:
    """`x / v`, with poles; `x` may be changes in several directions."""
    if type(x) is np.ndarray:
        with np.errstate(all="ignore"):
            return x / v
    return NUMBERS["true_divide"](x, v)


# ---------------------------------------------------------------- all nodes


def _binary(f: Callable[..., Any], swap: bool) -> Callable[..., Any]:
    kernels = (
        f.kernels.get if type(f) is E.Elementwise else _none
    )  # where others than numbers and arrays never are

    def forward(self: Any, other: Any) -> Any:
        kernel = kernels((type(self), type(other)))
        if kernel is not None and not IMPLICIT:
            return kernel(self, other)
        return NotImplemented if isinstance(other, UNKNOWN) else f(self, other)

    def swapped(self: Any, other: Any) -> Any:
        kernel = kernels((type(other), type(self)))
        if kernel is not None and not IMPLICIT:
            return kernel(other, self)
        return NotImplemented if isinstance(other, UNKNOWN) else f(other, self)

    return swapped if swap else forward


def _none(classes: Any) -> None:
    return None


def _compare(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: f(self.data, other.data if isinstance(other, Node) else T.raw(other))


def _observe(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *others: f(self.data, *map(primal, others))


def _floor_divide(a: Any, b: Any) -> Any:
    return primal(a) // primal(b)


def remainder(a: Any, b: Any) -> Any:
    """`a % b`, with slope 1 in `a` and `-floor(a / b)` in `b`."""
    if not isinstance(b, Node):
        return E.sub(a, primal(a) - primal(a) % b)
    return E.sub(a, E.mul(primal(a) // primal(b), b))


def _mutation(self: Any, index: Any, value: Any) -> None:
    raise mutated("x[...] = value")


def mutated(call: str) -> Exception:
    """An array under a gradient is changed by a call."""
    from juliette_engine.gradients import GradientError

    return GradientError(
        f"Mutating arrays is not supported -- called {call} on an array under a gradient.\n"
        "Build a new array instead, with np.where, np.stack or np.concatenate."
    )


def without_derivative(name: str) -> Exception:
    """A function of numpy's has no derivative that is known."""
    from juliette_engine.gradients import ForeignCall

    return ForeignCall(
        f"Can't differentiate foreigncall expression {name}.\n"
        "Build it from other functions, or call it on `primal(x)` if it is a constant for the gradient."
    )


def _install_all() -> None:
    for name, f in {
        "add": E.add, "sub": E.sub, "mul": E.mul, "truediv": E.div, "pow": E.power, "matmul": P.matmul,
        "mod": remainder, "floordiv": _floor_divide,
    }.items():  # fmt: skip
        setattr(Node, f"__{name}__", _binary(f, False))
        setattr(Node, f"__r{name}__", _binary(f, True))
    import operator

    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Node, f"__{name}__", _compare(getattr(operator, name)))
    methods: dict[str, Any] = {
        "__neg__": lambda self: E.neg(self),
        "__pos__": lambda self: self,
        "__abs__": lambda self: E.absolute(self),
        "__len__": lambda self: len(self.data),
        "__getitem__": lambda self, index: P.getitem(self, index),
        "__round__": _observe(round),
        "__floor__": _observe(math.floor),
        "__ceil__": _observe(math.ceil),
        "__trunc__": _observe(math.trunc),
        "__array_ufunc__": _ufunc,
        "__array_function__": _function,
    }
    for name, method in methods.items():
        setattr(Node, name, method)
    arrays: dict[str, Any] = {
        "shape": property(lambda self: self.data.shape),
        "ndim": property(lambda self: self.data.ndim),
        "size": property(lambda self: self.data.size),
        "dtype": property(lambda self: self.data.dtype),
        "T": property(lambda self: P.transpose(self)),
        "sum": summed,
        "mean": averaged,
        "reshape": _reshape,
        "ravel": _ravel,
        "flatten": _ravel,
        "max": lambda self, *args, **options: np.max(self, *args, **options),
        "min": lambda self, *args, **options: np.min(self, *args, **options),
        "std": lambda self, *args, **options: np.std(self, *args, **options),
        "var": lambda self, *args, **options: np.var(self, *args, **options),
        "prod": lambda self: P.product(self),
        "dot": lambda self, other: P.matmul(self, other),
        "clip": lambda self, *bounds: np.clip(self, *bounds),
        "squeeze": lambda self, axis=None: np.squeeze(self, axis),
        "swapaxes": lambda self, a, b: np.swapaxes(self, a, b),
        "repeat": lambda self, n, axis=None: np.repeat(self, n, axis),
        "transpose": lambda self, *axes: np.transpose(self, *([axes] if axes else [])),
        "argmax": lambda self, axis=None: np.argmax(self, axis),
        "argmin": lambda self, axis=None: np.argmin(self, axis),
        "argsort": lambda self, axis=-1: np.argsort(self, axis),
        "trace": lambda self: np.trace(self),
        "diagonal": lambda self, *args: np.diagonal(self, *args),
        "cumsum": lambda self, axis=0: np.cumsum(self, axis),
        "copy": lambda self: np.copy(self),
        "__setitem__": _mutation,
        "__iter__": lambda self: (P.getitem(self, i) for i in range(len(self.data))),
    }
    for name, method in arrays.items():
        setattr(T.ArrayTracer, name, method)
    for name in ("shape", "ndim", "size", "dtype"):
        setattr(
            ScalarTracer,
            name,
            property(lambda self, name=name: getattr(np.asarray(self.data), name)),  # type: ignore[misc]
        )
    T.IntTracer.__index__ = lambda self: int(self.data)  # type: ignore[attr-defined]


def _reshape(self: Any, *shape: Any, order: str = "C") -> Any:
    """As numpy's method: the last index changes fastest, or the first with `order="F"`."""
    to = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if order == "F":
        return P.reshape(self, to)
    out = P.reshape(P.transpose(self), to[::-1])
    return P.transpose(out) if len(to) > 1 else out


def _ravel(self: Any, order: str = "C") -> Any:
    return _reshape(self, -1, order=order)


# ---------------------------------------------------------------- numpy's functions

UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: E.add, np.subtract: E.sub, np.multiply: E.mul, np.true_divide: E.div, np.power: E.power,
    np.negative: E.neg, np.exp: E.exp, np.exp2: E.exp2, np.log: E.log, np.log1p: E.log1p, np.expm1: E.expm1,
    np.log2: E.log2, np.log10: E.log10, np.sqrt: E.sqrt, np.cbrt: E.cbrt, np.sin: E.sin, np.cos: E.cos,
    np.tan: E.tan, np.arcsin: E.asin, np.arccos: E.acos, np.arctan: E.atan, np.arctan2: E.atan2,
    np.sinh: E.sinh, np.cosh: E.cosh, np.tanh: E.tanh, np.arcsinh: E.asinh, np.arccosh: E.acosh,
    np.arctanh: E.atanh, np.hypot: E.hypot, np.absolute: E.absolute, np.square: E.abs2, np.reciprocal: E.inv,
    np.maximum: E.maximum, np.minimum: E.minimum, np.matmul: P.matmul, np.conjugate: E.conjugate,
    np.remainder: remainder,
}  # fmt: skip
# These have no derivative: they look at the values.
OBSERVERS = {
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.sign, np.floor, np.ceil,
    np.rint, np.isnan, np.isinf, np.isfinite, np.floor_divide, np.signbit, np.logical_not, np.logical_and,
    np.logical_or,
}  # fmt: skip


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    n = len(primitive.shape(x))
    given = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(i % n for i in given)


def summed(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The sum of all elements, or along axes."""
    if axis is None:
        if type(x) is T.ArrayTracer:
            d = x.data.dtype
            if d is DOUBLE and type(x.tape) is T.Tape:
                return _SUM_DOUBLE(x)
            if d is SINGLE and type(x.tape) is T.Tape:
                return _SUM_SINGLE(x)
        return P.total(x)
    axes, shape = _axes(x, axis), primitive.shape(x)
    y = P.sum_along(x, axes)
    if keepdims:
        return y
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    return P.reshape(y, rest) if rest else P.total(y)


DOUBLE, SINGLE = array_operators.DOUBLE, array_operators.SINGLE
_SUM_DOUBLE, _SUM_SINGLE = P.sum_kernel(True), P.sum_kernel(False)


def averaged(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The mean of all elements, or along axes."""
    shape = primitive.shape(x)
    sizes = shape if axis is None else tuple(shape[i] for i in _axes(x, axis))
    return E.div(summed(x, axis, keepdims=keepdims), float(math.prod(sizes)))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: summed,
    np.mean: averaged,
    np.prod: P.product,
    np.dot: P.matmul,
    np.transpose: lambda x, axes=None: (
        P.transpose(x) if axes is None else P.permute(x, axes=tuple(axes))
    ),
    np.ravel: _ravel,
    np.concatenate: lambda xs, axis=0: P.concatenate(list(xs), axis),
    np.cumsum: lambda x, axis=0: P.cumsum(x, axis=axis),
    np.where: E.where,
    np.reshape: lambda x, to, order="C": _reshape(x, to, order=order),
    np.shape: primitive.shape,
    np.ndim: lambda x: len(primitive.shape(x)),
    np.size: lambda x: math.prod(primitive.shape(x)),
    np.iscomplexobj: lambda x: np.iscomplexobj(primal(x)),
}


def _ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    swapped = SWAPPED.get(ufunc)
    if (
        swapped is not None
        and type(self) is T.ArrayTracer
        and inputs[-1] is self
        and inputs[0] is not self
        and method == "__call__"
        and not options
    ):
        return swapped(self, inputs[0])
    if any([isinstance(v, Node) for v in options.get("out") or ()]):
        raise mutated(f"np.{ufunc.__name__}(…, out=x)")
    if method != "__call__" or options:
        return NotImplemented
    if ufunc in OBSERVERS:
        return ufunc(*map(primal, inputs))
    rule = UFUNCS.get(ufunc)
    return NotImplemented if rule is None else rule(*inputs)


def _function(self: Any, f: Any, types: Any, args: Any, options: Any) -> Any:
    rule = FUNCTIONS.get(f)
    if rule is None:
        from juliette_engine.numpy_functions import TABLE

        for g, found in TABLE.items():
            FUNCTIONS[g] = found
        rule = FUNCTIONS.get(f)
    if rule is None:
        raise without_derivative(f"{f.__module__}.{f.__name__}")
    return rule(*args, **options)


_install_all()
_install_numbers()
array_operators.install()
