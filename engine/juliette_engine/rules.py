"""The primitive operations: direct numpy calls on plain values, recorded on tracers.

`ELEMENTWISE` is the table of functions that broadcast; each entry carries the domain from which
tests sample it.  Shapes broadcast as in Julia: dimensions count from the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine.tape import IMPLICIT, Tracer, lent, primal, record, strip, top

Rule = Callable[..., tuple[Any, ...]]


def shape(x: Any) -> tuple[int, ...]:
    return np.shape(primal(x))


def _align(x: Any, n: int) -> Any:
    if isinstance(x, np.ndarray) and 0 < x.ndim < n:
        return x.reshape(x.shape + (1,) * (n - x.ndim), order="A")
    return x


def unbroadcast(g: Any, like: Any) -> Any:
    """Sum a cotangent over the dimensions that broadcasting added or stretched."""
    want, have = shape(like), shape(g)
    if want == have:
        return g
    if not want:
        return total(g)
    if not have:
        return mul(g, np.ones(want, order="F"))
    padded = want + (1,) * (len(have) - len(want))
    axes = tuple(i for i, (w, h) in enumerate(zip(padded, have, strict=True)) if w == 1 and h != 1)
    return reshape(sum_along(g, axes) if axes else g, want)


class Elementwise:
    """A function applied to each element, with the derivative for each argument."""

    def __init__(
        self, name: str, forward: Callable[..., Any], *partials: Any, on: str = "reals"
    ) -> None:
        self.name = self.__name__ = name
        self.forward = forward
        self.partials = partials
        self.on = on

    def __call__(self, *args: Any) -> Any:
        if IMPLICIT:
            args = lent(args)
        tape = top(args)
        if tape is None:
            if len(args) > 1:
                n = max(np.ndim(a) for a in args)
                args = tuple(_align(a, n) for a in args)
            out = self.forward(*args)
            return out.item() if isinstance(out, (np.float64, np.int64)) else out
        below = tuple(strip(a, tape) for a in args)
        value = self(*below)
        partials = self.partials

        def pullback(g: Any) -> tuple[Any, ...]:
            out: list[Any] = []
            for a, x, partial in zip(args, below, partials, strict=True):
                if partial is None or not (isinstance(a, Tracer) and a.tape is tape):
                    out.append(None)
                else:
                    out.append(unbroadcast(partial(g, value, *below), x))
            return tuple(out)

        return record(tape, value, args, pullback)


ELEMENTWISE: dict[str, Elementwise] = {}


def elementwise(
    name: str, forward: Callable[..., Any], *partials: Any, on: str = "reals"
) -> Elementwise:
    f = ELEMENTWISE[name] = Elementwise(name, forward, *partials, on=on)
    return f


def _scalar_safe(ufunc: Any) -> Callable[[Any], Any]:
    return lambda x: ufunc(x)


def _power(x: Any, y: Any) -> Any:
    if isinstance(y, int) and y == 2:
        return x * x
    if isinstance(x, int) and isinstance(y, int) and y >= 0:
        return x**y
    if (
        isinstance(y, int)
        and isinstance(x, (np.ndarray, np.floating))
        and np.asarray(x).dtype.kind == "f"
    ):
        return np.power(x, np.asarray(x).dtype.type(y))
    if isinstance(y, int) and y < 0:
        return np.power(np.asarray(x, dtype=float), y)[()]
    return np.power(x, y)


add: Elementwise = elementwise(
    "add", lambda x, y: x + y, lambda g, v, x, y: g, lambda g, v, x, y: g
)
sub: Elementwise = elementwise(
    "sub", lambda x, y: x - y, lambda g, v, x, y: g, lambda g, v, x, y: neg(floating(g))
)
mul: Elementwise = elementwise(
    "mul", lambda x, y: x * y, lambda g, v, x, y: mul(g, y), lambda g, v, x, y: mul(g, x)
)
div: Elementwise = elementwise(
    "div",
    lambda x, y: np.true_divide(x, y),
    lambda g, v, x, y: div(g, y),
    lambda g, v, x, y: neg(div(mul(g, v), y)),
    on="positives",
)
neg: Elementwise = elementwise("neg", lambda x: -x, lambda g, v, x: neg(g))
power: Elementwise = elementwise(
    "power",
    _power,
    lambda g, v, x, y: (
        mul(g, mul(2, x)) if type(y) is int and y == 2 else mul(g, mul(y, power(x, sub(y, 1))))
    ),
    lambda g, v, x, y: mul(g, mul(v, log(x))),
    on="positives",
)
exp: Elementwise = elementwise("exp", np.exp, lambda g, v, x: mul(g, v))
log: Elementwise = elementwise("log", np.log, lambda g, v, x: div(g, x), on="positives")
log1p: Elementwise = elementwise(
    "log1p", np.log1p, lambda g, v, x: div(g, add(1, x)), on="positives"
)
expm1: Elementwise = elementwise("expm1", np.expm1, lambda g, v, x: mul(g, add(v, 1)))
log2: Elementwise = elementwise(
    "log2", np.log2, lambda g, v, x: div(g, mul(x, float(np.log(2)))), on="positives"
)
log10: Elementwise = elementwise(
    "log10", np.log10, lambda g, v, x: div(g, mul(x, float(np.log(10)))), on="positives"
)
sqrt: Elementwise = elementwise("sqrt", np.sqrt, lambda g, v, x: div(g, mul(2, v)), on="positives")
sin: Elementwise = elementwise("sin", np.sin, lambda g, v, x: mul(g, cos(x)))
cos: Elementwise = elementwise("cos", np.cos, lambda g, v, x: neg(mul(g, sin(x))))
tan: Elementwise = elementwise("tan", np.tan, lambda g, v, x: mul(g, add(1, mul(v, v))))
sinh: Elementwise = elementwise("sinh", np.sinh, lambda g, v, x: mul(g, cosh(x)))
cosh: Elementwise = elementwise("cosh", np.cosh, lambda g, v, x: mul(g, sinh(x)))
tanh: Elementwise = elementwise("tanh", np.tanh, lambda g, v, x: mul(g, sub(1, mul(v, v))))
asin: Elementwise = elementwise(
    "asin", np.arcsin, lambda g, v, x: div(g, sqrt(sub(1, mul(x, x)))), on="unit"
)
acos: Elementwise = elementwise(
    "acos", np.arccos, lambda g, v, x: neg(div(g, sqrt(sub(1, mul(x, x))))), on="unit"
)
atan: Elementwise = elementwise("atan", np.arctan, lambda g, v, x: div(g, add(1, mul(x, x))))
absolute: Elementwise = elementwise(
    "abs", np.abs, lambda g, v, x: mul(g, np.sign(primal(x))), on="positives"
)
abs2: Elementwise = elementwise("abs2", lambda x: x * x, lambda g, v, x: mul(g, mul(2, x)))
inv: Elementwise = elementwise(
    "inv", lambda x: np.true_divide(1, x), lambda g, v, x: neg(mul(g, mul(v, v))), on="positives"
)
floating: Elementwise = elementwise(
    "float",
    lambda x: (
        x * 1.0 if isinstance(x, int) else x if np.asarray(x).dtype.kind == "f" else x.astype(float)
    ),
    lambda g, v, x: g,
)


def _as(dtype_like: Any, mask: Any) -> Any:
    return mask


def _above(x: Any, y: Any) -> Any:
    """Where the first is greater, with shapes aligned as in broadcasting."""
    a, b = np.asarray(primal(x)), np.asarray(primal(y))
    n = max(a.ndim, b.ndim)
    return np.asarray(_align(a, n) > _align(b, n))


maximum: Elementwise = elementwise(
    "max",
    np.maximum,
    lambda g, v, x, y: mul(g, _above(x, y)),
    lambda g, v, x, y: mul(g, ~_above(x, y)),
)
minimum: Elementwise = elementwise(
    "min",
    np.minimum,
    lambda g, v, x, y: mul(g, _above(y, x)),
    lambda g, v, x, y: mul(g, ~_above(y, x)),
)


def _sigmoid(x: Any) -> Any:
    t = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1 / (1 + t), t / (1 + t)).astype(np.asarray(t).dtype)[()]


sigmoid: Elementwise = elementwise("sigmoid", _sigmoid, lambda g, v, x: mul(g, mul(v, sub(1, v))))
relu: Elementwise = elementwise(
    "relu",
    lambda x: np.maximum(x, np.asarray(x).dtype.type(0)),
    lambda g, v, x: mul(g, primal(v) > 0),
)
softplus: Elementwise = elementwise(
    "softplus",
    lambda x: np.logaddexp(x, np.asarray(x).dtype.type(0)),
    lambda g, v, x: mul(g, sigmoid(x)),
)
leakyrelu: Elementwise = elementwise(
    "leakyrelu",
    lambda x: np.where(np.asarray(x) > 0, x, np.asarray(x).dtype.type(0.01) * x)[()],
    lambda g, v, x: mul(
        g, np.where(np.asarray(primal(x)) > 0, 1, np.asarray(primal(x)).dtype.type(0.01))
    ),
)


# ---------------------------------------------------------------- whole arrays


def primitive(forward: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    """An operation with `rule(g, value, *args)` giving a cotangent for each argument."""

    def f(*args: Any) -> Any:
        if IMPLICIT:
            args = lent(args)
        tape = top(args)
        if tape is None:
            return forward(*args)
        below = tuple(strip(a, tape) for a in args)
        value = f(*below)
        return record(tape, value, args, lambda g: rule(g, value, *below))

    return f


def _fortran_dot(a: Any, b: Any) -> Any:
    if a.ndim == 2 and b.ndim == 2:
        return b.T.dot(a.T).T
    out = a.dot(b)
    return out.item() if isinstance(out, np.float64) else out


def _matmul_rule(g: Any, v: Any, a: Any, b: Any) -> tuple[Any, Any]:
    na, nb = len(shape(a)), len(shape(b))
    if na == 2 and nb == 2:
        return matmul(g, transpose(b)), matmul(transpose(a), g)
    if na == 2:
        return mul(reshape(g, (*shape(g), 1)), reshape(b, (1, *shape(b)))), matmul(transpose(a), g)
    return mul(g, b), mul(g, a)


matmul: Callable[..., Any] = primitive(_fortran_dot, _matmul_rule)
transpose: Callable[..., Any] = primitive(lambda x: x.T, lambda g, v, x: (transpose(g),))


def reshape(x: Any, to: tuple[int, ...]) -> Any:
    """In Fortran order, as Julia's `reshape`."""
    if shape(x) == to:
        return x
    before = shape(x)
    return primitive(lambda a: a.reshape(to, order="F"), lambda g, v, a: (reshape(g, before),))(x)


def _spread(g: Any, like: tuple[int, ...]) -> Any:
    """A scalar cotangent as a full array."""
    return mul(g, np.ones(like, order="F")) if shape(g) != like else g


def _total(x: Any) -> Any:
    out = np.sum(x)
    return out.item() if isinstance(out, (np.float64, np.int64)) else out


total = primitive(_total, lambda g, v, x: (_same_kind(_spread(g, shape(x)), x),))


def _same_kind(g: Any, x: Any) -> Any:
    """Float32 arrays get Float32 cotangents."""
    p, q = primal(g), primal(x)
    if (
        isinstance(p, np.ndarray)
        and isinstance(q, np.ndarray)
        and q.dtype == np.float32
        and p.dtype == np.float64
    ):
        return primitive(lambda a: a.astype(np.float32), lambda h, v, a: (h,))(g)
    return g


def sum_along(x: Any, axes: tuple[int, ...]) -> Any:
    """Sum with the dimensions kept."""
    like = shape(x)
    return primitive(
        lambda a: np.asfortranarray(np.sum(a, axis=axes, keepdims=True)),
        lambda g, v, a: (mul(g, np.ones(like, dtype=np.asarray(primal(a)).dtype, order="F")),),
    )(x)


def _scatter(g: Any, index: Any, like: tuple[int, ...], dtype: Any) -> Any:
    def forward(h: Any) -> Any:
        out = np.zeros(like, dtype=dtype if np.dtype(dtype).kind == "f" else float, order="F")
        np.add.at(out, index, h)
        return out

    return primitive(forward, lambda h, v, a: (getitem(h, index),))(g)


def getitem(x: Any, index: Any) -> Any:
    """numpy indexing."""
    like, dtype = shape(x), np.asarray(primal(x)).dtype

    def forward(a: Any) -> Any:
        out = a[index]
        return (
            out.item()
            if isinstance(out, (np.float64, np.int64, np.bool_))
            else np.asfortranarray(out)
            if isinstance(out, np.ndarray)
            else out
        )

    return primitive(forward, lambda g, v, a: (_scatter(g, index, like, dtype),))(x)


def stack_scalars(xs: list[Any], to: tuple[int, ...]) -> Any:
    """An array of scalars, some of them traced."""

    def forward(*vs: Any) -> Any:
        return np.array(vs).reshape(to, order="F")

    return primitive(
        forward,
        lambda g, v, *vs: tuple(
            getitem(g, np.unravel_index(i, to, order="F")) for i in range(len(vs))
        ),
    )(*xs)


def concatenate(xs: list[Any], axis: int) -> Any:
    """Join arrays along an axis."""
    sizes = [shape(x)[axis] for x in xs]

    def rule(g: Any, v: Any, *vs: Any) -> tuple[Any, ...]:
        out, at = [], 0
        for n in sizes:
            out.append(getitem(g, (slice(None),) * axis + (slice(at, at + n),)))
            at += n
        return tuple(out)

    return primitive(lambda *vs: np.asfortranarray(np.concatenate(vs, axis=axis)), rule)(*xs)


def extreme(x: Any, arg: Callable[[Any], Any]) -> Any:
    """`maximum` or `minimum`: the first extreme element gets the gradient."""
    p = primal(x)
    return getitem(x, np.unravel_index(int(arg(p.ravel(order="F"))), p.shape, order="F"))


def product(x: Any) -> Any:
    """The product of all elements, safe with zeros."""

    def others(a: Any) -> Any:
        flat = a.ravel(order="F").astype(float)
        before = np.concatenate([[1.0], np.cumprod(flat)[:-1]])
        after = np.concatenate([np.cumprod(flat[::-1])[::-1][1:], [1.0]])
        return (before * after).reshape(a.shape, order="F")

    return primitive(lambda a: np.prod(a).item(), lambda g, v, a: (mul(g, others(primal(a))),))(x)


def softmax(x: Any) -> Any:
    """Normalised exponentials along the first dimension."""
    e = exp(
        sub(x, np.max(primal(x), axis=0, keepdims=True) if len(shape(x)) > 1 else np.max(primal(x)))
    )
    return div(e, sum_along(e, (0,)) if len(shape(x)) > 1 else total(e))


def logsoftmax(x: Any) -> Any:
    """`log.(softmax(x))`, stable."""
    shifted = sub(
        x, np.max(primal(x), axis=0, keepdims=True) if len(shape(x)) > 1 else np.max(primal(x))
    )
    e = exp(shifted)
    return sub(shifted, log(sum_along(e, (0,)) if len(shape(x)) > 1 else total(e)))


def _operator(name: str, f: Any, swapped: bool = False) -> None:
    setattr(
        Tracer,
        name,
        (lambda self, other: f(other, self)) if swapped else (lambda self, other: f(self, other)),
    )


for _n, _f in (
    ("add", add),
    ("sub", sub),
    ("mul", mul),
    ("truediv", div),
    ("pow", power),
    ("matmul", matmul),
):
    _operator(f"__{_n}__", _f)
    _operator(f"__r{_n}__", _f, True)
setattr(Tracer, "__neg__", lambda self: neg(self))  # noqa: B010
setattr(Tracer, "__getitem__", lambda self, i: getitem(self, i))  # noqa: B010
setattr(Tracer, "sum", lambda self: total(self))  # noqa: B010
