"""Derivatives of methods on numbers: Base's own value, the engine's slope."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.nodes import known, renumbered
from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.runtime.numeric import BigFloat_, Complex
from juliette_engine import rules
from juliette_engine.elementwise import number_step
from juliette_engine.tape import NESTED, ComplexTracer, FloatTracer, Node, primal

ndarray = np.ndarray

OPS: dict[str, Any] = {
    "+": rules.add,
    "-": rules.sub,
    "*": rules.mul,
    "/": rules.div,
    "^": rules.power,
    "exp": rules.exp,
    "exp2": rules.exp2,
    "log": rules.log,
    "log1p": rules.log1p,
    "expm1": rules.expm1,
    "log2": rules.log2,
    "log10": rules.log10,
    "sqrt": rules.sqrt,
    "cbrt": rules.cbrt,
    "sin": rules.sin,
    "cos": rules.cos,
    "tan": rules.tan,
    "sinh": rules.sinh,
    "cosh": rules.cosh,
    "tanh": rules.tanh,
    "asin": rules.asin,
    "acos": rules.acos,
    "asinh": rules.asinh,
    "acosh": rules.acosh,
    "atanh": rules.atanh,
    "hypot": rules.hypot,
    "abs": rules.absolute,
    "abs2": rules.abs2,
    "inv": rules.inv,
    "float": rules.floating,
    "max": rules.maximum,
    "min": rules.minimum,
    "conj": rules.conjugate,
    "real": rules.real,
    "imag": rules.imag,
    "angle": rules.angle,
    "sign": rules.sign,
    "complex": rules.complexed,
    "//": rules.div,
    "round": rules.rounded,
    "floor": rules.floor,
    "ceil": rules.ceil,
    "trunc": rules.trunc,
    "mod": rules.mod,
    "rem": rules.rem,
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
    return rules.where(
        (p >= primal(low)) & (p <= primal(high)), x, rules.where(p < primal(low), low, high)
    )


def _other_kind(name: str, x: Any) -> Any:
    return T.CONSTRUCT(BigFloat_, (x,), {}) if name == "BigFloat" else Base.bindings[name](x)


# Conversions to numbers of other kinds, for which numpy has no arrays.
RENUMBERING = ("big", "BigFloat", "Rational", "widen")

# Functions of numbers that are made of operations, by name and number of arguments.
COMPOSED: dict[tuple[str, int], Any] = {
    ("identity", 1): lambda x: x,
    **{
        (name, 1): lambda x, name=name: renumbered(x, lambda v: _other_kind(name, v))
        for name in RENUMBERING
    },
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
    ("complex", 1): lambda x: x if np.iscomplexobj(primal(x)) else rules.complexed(x, 0.0),
    ("fourthroot", 1): lambda x: rules.sqrt(rules.sqrt(x)),
    ("rem2pi", 2): lambda x, r: _moved(x, Base.bindings["rem2pi"](primal(x), r)),
    ("ldexp", 2): lambda x, n: rules.mul(x, 2.0 ** primal(n)),
    ("frexp", 1): lambda x: _split(x, *Base.bindings["frexp"](primal(x))),
    ("significand", 1): lambda x: _significand(x),
    ("modf", 1): lambda x: (rules.rem(x, 1.0), rules.trunc(x)),
    ("tanpi", 1): lambda x: rules.tan(rules.mul(x, np.pi)),
    ("hypot", 3): lambda a, b, c: rules.hypot(rules.hypot(a, b), c),
    ("norm", 1): rules.absolute,
    ("norm", 2): lambda x, p: rules.absolute(x),
    ("det", 1): lambda x: x,
    ("logdet", 1): rules.log,
    ("tr", 1): lambda x: x,
    ("logabsdet", 1): lambda x: (rules.log(rules.absolute(x)), rules.sign(x)),
}


def _moved(x: Any, value: Any) -> Any:
    """`x`, moved to a value that it is a step away from."""
    return rules.add(x, value - primal(x))


def _scaled(x: Any, value: Any) -> Any:
    """`x`, times what makes it a value."""
    return rules.mul(x, value / primal(x) if primal(x) else 1.0)


def _significand(x: Any) -> Any:
    p = np.asarray(primal(x))
    value = 2 * np.frexp(p)[0]
    return (
        rules.mul(x, rules.div(value, np.where(p == 0, 1, p)))
        if p.ndim
        else _scaled(x, value.item())
    )


def _split(x: Any, value: Any, exponent: Any) -> Any:
    return _scaled(x, value), exponent


def on_numbers(name: str, f: Any, classes: tuple[type, ...]) -> Any:
    """How a method with numbers for arguments runs, some of them traced."""
    count = len(classes)
    if any([issubclass(c, Complex) for c in classes]):
        function = Base.bindings[name]
        return lambda *args: function(*[complex(a) if isinstance(a, Complex) else a for a in args])
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
    if (
        name == "^"
        and count == 2
        and issubclass(classes[1], int)
        and not issubclass(classes[0], int)
    ):
        return _whole_power(f, rules.power)
    op = operation(name, count)
    if op is None:
        return COMPOSED.get((name, count))
    if not hasattr(op, "rule"):
        return op
    if name in ("//", "complex"):
        return stepped(op, lambda *xs: known(f(*xs)), classes)
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
            y: Any = x
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


from juliette_engine.tape import FORWARD_RULES, TRACED_RULES  # noqa: E402

TRACED_RULES[_power_step] = _power_traced


def _power_change(tape: Any, r: Any, x: Any, n: int) -> Any:
    from juliette_engine.forward import elementwise_change

    return elementwise_change(rules.power, r.data, (x.data, n), (x.grad, None), tape.suffix)


FORWARD_RULES[_power_step] = _power_change
