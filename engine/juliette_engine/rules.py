"""The table of rules, and the few forms in which a rule can be written.

`TABLE` holds every differentiable operation under its name, together with the inputs on which the
tests try it: a rule cannot be entered without them.  The forms are

* `elementwise`: a function of one number, applied to each element, with its derivative;
* `binary`: a function of two numbers that broadcasts, with the two partial pullbacks;
* `primitive`: anything else: `rule(*inputs) -> value, pullback`.

All rules are made of operations that are differentiable themselves, so they nest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from juliette_engine.fitting import dense, fit, is_complex, project
from juliette_engine.tape import (
    CLASS_OF,
    TRACERS,
    ArrayTracer,
    Rule,
    Tracer,
    contribute,
    ndarray,
    pass_on,
    record,
    youngest,
)

Function = Callable[..., Any]


@dataclass(frozen=True)
class Domain:
    """Where a rule of real numbers is tried: an interval, and points to stay away from."""

    low: float
    high: float
    avoid: tuple[float, ...] = ()
    margin: float = 0.05

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """An array of numbers of the domain."""
        x = rng.uniform(self.low, self.high, shape)
        for point in self.avoid:
            near = np.abs(x - point) < self.margin
            x = np.where(near, point + np.where(x < point, -2.0, 2.0) * self.margin, x)
        return x


REALS = Domain(-2.0, 2.0)
POSITIVES = Domain(0.2, 3.0)
NOT_ZERO = Domain(-2.0, 2.0, (0.0,))
UNIT = Domain(-0.9, 0.9)
ABOVE_ONE = Domain(1.1, 3.0)


@dataclass(frozen=True)
class Example:
    """One call on which a rule is tried: shapes of the operands, or arrays, and keywords."""

    operands: tuple[Any, ...]
    keywords: dict[str, Any] = field(default_factory=dict)
    domain: Domain = REALS


def example(*operands: Any, domain: Domain = REALS, **keywords: Any) -> Example:
    """An `Example`.  An operand that is a tuple of integers is the shape of a random array."""
    return Example(operands, keywords, domain)


@dataclass(frozen=True)
class Entry:
    """An operation of the table."""

    name: str
    function: Function
    form: str
    examples: tuple[Example, ...]
    #: Tried on the second derivative too.
    twice: bool = True


TABLE: dict[str, Entry] = {}


def enter(entry: Entry) -> None:
    """Put an operation in the table."""
    if not entry.examples:
        raise ValueError(f"the rule of {entry.name} has no inputs to try it on")
    TABLE[entry.name] = entry


_UNARY_SHAPES: tuple[tuple[int, ...], ...] = ((), (4,), (2, 3), (1,), (0,), (0, 2))
_BINARY_SHAPES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((), (2, 2)),
    ((2, 2), ()), ((2, 0), (1, 1)), ((1,), (4,)), ((2, 3, 2), (3, 1)),
)  # fmt: skip


# One operand


def elementwise(
    name: str,
    function: Function,
    derivative: Function,
    *,
    on: Domain,
    scalar: Function | None = None,
    back: Rule | None = None,
    holomorphic: bool = True,
) -> Function:
    """Enter a function of each element.

    `function` is its numpy form, `scalar` a quicker form for a Python float.
    `derivative(y, x)` is f'(x), given y = f(x); `back` may replace the rule made from it.
    """

    def rule(g: Any, out: Tracer, a: Any, _: Any) -> None:
        x = a.value
        d = derivative(out.value, x)
        if is_complex(d):
            d = np.conj(d)
        contribute(a, project(g * d, x))

    chosen = rule if back is None else back

    def operation(x: Any) -> Any:
        if type(x) in TRACERS:
            value = x.value
            kind = type(value)
            if kind is ndarray:
                value = function(value)
            elif kind is float and scalar is not None:
                value = attempt(value)
            else:
                value = operation(value)
            r = CLASS_OF[type(value)]()
            r.value = value
            r.grad = None
            tape = x.tape
            r.tape = tape
            tape.append((chosen, r, x, None))
            return r
        if type(x) is float and scalar is not None:
            return attempt(x)
        return function(x)

    def attempt(x: float) -> Any:
        try:
            return scalar(x)  # type: ignore[misc]
        except (OverflowError, ValueError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return float(function(x))

    describe(operation, name, function)
    shapes = tuple(Example((shape,), {}, on) for shape in _UNARY_SHAPES)
    enter(Entry(name, operation, "elementwise", shapes))
    return operation


def describe(operation: Any, name: str, source: Any = None) -> None:
    """Give a made function its name and a first line of documentation."""
    operation.__name__ = operation.__qualname__ = name
    if operation.__doc__ is None:
        first = (getattr(source, "__doc__", None) or "").split("\n\n")
        text = first[1].strip() if len(first) > 1 and "(" in first[0] else first[0].strip()
        operation.__doc__ = text or f"`{name}`, differentiable."


def constant_elementwise(name: str, function: Function) -> Function:
    """A function of each element whose derivative is zero: it leaves the tape."""

    def operation(x: Any) -> Any:
        while type(x) in TRACERS:
            x = x.value
        return function(x)

    describe(operation, name, function)
    return operation


# Two operands


@dataclass(frozen=True)
class BinaryRules:
    """The three rules of a binary operation: both operands traced, the first, the second."""

    both: Rule
    left: Rule
    right: Rule


def rules_from(left: Function, right: Function) -> BinaryRules:
    """The rules made from the partial pullbacks `left(g, out, x, y)` and `right(g, out, x, y)`."""

    def both(g: Any, out: Tracer, a: Any, b: Any) -> None:
        x, y, v = a.value, b.value, out.value
        contribute(a, fit(left(g, v, x, y), x, v))
        contribute(b, fit(right(g, v, x, y), y, v))

    def only_left(g: Any, out: Tracer, a: Any, y: Any) -> None:
        x, v = a.value, out.value
        contribute(a, fit(left(g, v, x, y), x, v))

    def only_right(g: Any, out: Tracer, b: Any, x: Any) -> None:
        y, v = b.value, out.value
        contribute(b, fit(right(g, v, x, y), y, v))

    return BinaryRules(both, only_left, only_right)


def binary(
    name: str,
    operate: Function,
    left: Function,
    right: Function,
    *,
    on: Domain,
    scalars: BinaryRules | None = None,
    arrays: BinaryRules | None = None,
) -> Function:
    """Enter an operation on two operands that broadcast.

    `left(g, out, x, y)` and `right(g, out, x, y)` give the cotangents before they are summed over
    stretched dimensions.  `scalars` and `arrays` may replace the rules made from them.
    """
    made = rules_from(left, right)
    of_scalars = scalars or made
    of_arrays = arrays or made
    s_both, s_left, s_right = of_scalars.both, of_scalars.left, of_scalars.right
    a_both, a_left, a_right = of_arrays.both, of_arrays.left, of_arrays.right

    def operation(x: Any, y: Any) -> Any:
        if type(x) in TRACERS:
            tape = x.tape
            if type(y) in TRACERS:
                other = y.tape
                if other is tape:
                    value = operate(x.value, y.value)
                    cls = CLASS_OF[type(value)]
                    r = cls()
                    r.value = value
                    r.grad = None
                    r.tape = tape
                    tape.append((s_both if cls.simple else a_both, r, x, y))
                    return r
                if other.level > tape.level:
                    value = operation(x, y.value)
                    cls = CLASS_OF[type(value)]
                    r = cls()
                    r.value = value
                    r.grad = None
                    r.tape = other
                    other.append((s_right if cls.simple else a_right, r, y, x))
                    return r
                value = operation(x.value, y)
            else:
                value = operate(x.value, y)
            cls = CLASS_OF[type(value)]
            r = cls()
            r.value = value
            r.grad = None
            r.tape = tape
            tape.append((s_left if cls.simple else a_left, r, x, y))
            return r
        if type(y) in TRACERS:
            tape = y.tape
            y_value = y.value
            value = operation(x, y_value) if type(y_value) in TRACERS else operate(x, y_value)
            cls = CLASS_OF[type(value)]
            r = cls()
            r.value = value
            r.grad = None
            r.tape = tape
            tape.append((s_right if cls.simple else a_right, r, y, x))
            return r
        return operate(x, y)

    describe(operation, name, operate)
    shapes = tuple(Example(pair, {}, on) for pair in _BINARY_SHAPES)
    enter(Entry(name, operation, "binary", shapes))
    return operation


# Any number of operands


def apply_pullbacks(g: Any, out: Tracer, operands: Any, pullbacks: Any) -> None:
    """Rule of a primitive that has one pullback for each operand."""
    tape = out.tape
    for x, pullback in zip(operands, pullbacks, strict=True):
        if type(x) in TRACERS and x.tape is tape and pullback is not None:
            d = pullback(g)
            if d is not None:
                pass_on(x, project(d, x.value))


def apply_pullback(g: Any, out: Tracer, operands: Any, pullback: Any) -> None:
    """Rule of a primitive that has one pullback giving the cotangents of all operands."""
    tape = out.tape
    cotangents = pullback(project(dense(g, out.value), out.value))
    if cotangents is None:
        return
    for x, d in zip(operands, cotangents, strict=True):
        if d is not None and type(x) in TRACERS and x.tape is tape:
            pass_on(x, project(d, x.value))


def split(operands: tuple[Any, ...], tape: Any) -> list[Any]:
    """The operands one level below `tape`."""
    return [x.value if type(x) in TRACERS and x.tape is tape else x for x in operands]


def call_rule(
    rule: Function, operands: tuple[Any, ...], keywords: dict[str, Any] | None = None
) -> Any:
    """Call a function by its rule `rule(*operands, **keywords) -> value, pullback`.

    Where an operand is traced, the pullback goes on the tape.  It is one function, from the
    cotangent of the value (dense, of its kind) to a tuple with the cotangent of each operand or
    `None`; or it is a tuple of functions, one for each operand, or `None`, which may be given a
    number that stands for an array filled with it.
    """
    tape = youngest(operands)
    if tape is None:
        return rule(*operands, **keywords or {})[0]
    value, pullback = rule(*split(operands, tape), **keywords or {})
    back: Rule = apply_pullbacks if type(pullback) is tuple else apply_pullback
    return record(value, tape, back, operands, pullback)


def primitive(
    *examples: Example,
    name: str | None = None,
    raw: Function | None = None,
    twice: bool = True,
    table: bool = True,
) -> Callable[[Function], Function]:
    """Decorator for a rule `rule(*inputs, **keywords) -> value, pullback`; see `call_rule`.

    What it gives is the function itself, for plain and for traced operands.  `raw` may compute the
    value of plain operands more directly; the `examples` are tried by the tests.
    """

    def decorate(rule: Function) -> Function:
        title = name or rule.__name__.rstrip("_")

        @functools.wraps(rule)
        def operation(*operands: Any, **keywords: Any) -> Any:
            for x in operands:
                if type(x) in TRACERS:
                    return call_rule(rule, operands, keywords)
            if raw is not None:
                return raw(*operands, **keywords)
            return rule(*operands, **keywords)[0]

        operation.__name__ = operation.__qualname__ = title
        operation.rule = rule  # type: ignore[attr-defined]
        if table:
            enter(Entry(title, operation, "primitive", examples, twice))
        return operation

    return decorate


def custom(function: Function, rule: Function) -> Function:
    """A function of a user's own with a rule of its own.

    `rule(*inputs) -> value, pullback` with `pullback(cotangent) -> (cotangent or None, …)`, one
    for each input.  Where no input is traced `function` is called.

    >>> half = custom(lambda x: x / 2, lambda x: (x / 2, lambda g: (g / 2,)))
    """

    @functools.wraps(function)
    def operation(*operands: Any, **keywords: Any) -> Any:
        for x in operands:
            if type(x) in TRACERS:
                return call_rule(rule, operands, keywords)
        return function(*operands, **keywords)

    return operation


def rule_of(operation: Function) -> Function:
    """The form `rule(*inputs) -> value, pullback` of an operation of the table.

    For the fused and the two-operand forms it is made by running the operation on a tape.
    """
    found = getattr(operation, "rule", None)
    if found is not None:
        return found  # type: ignore[no-any-return]
    from juliette_engine.differentiate import pullback

    def rule(*inputs: Any, **keywords: Any) -> Any:
        return pullback(lambda *xs: operation(*xs, **keywords), *inputs)

    return rule


def traced_arrays(operands: Any) -> Iterator[ArrayTracer]:
    """The array tracers among the operands."""
    return (x for x in operands if type(x) is ArrayTracer)
