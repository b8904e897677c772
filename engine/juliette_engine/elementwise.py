"""Elementwise operations: one table, several readings.

An entry says its value and the cotangent of each argument as expressions, and from what domain
tests sample it.  `g` is the cotangent of the value `y`; the arguments are `x`, or `a` and `b`, or
`m`, `a` and `b`.  The expressions are compiled into kernels (`fusion`); where a cotangent is itself
traced, they are run on recorded operations, so gradients nest to any depth.

Shapes broadcast as in Julia: dimensions count from the first.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

from juliette_engine import tape as T
from juliette_engine.deferred import LongTracer, defer
from juliette_engine.errors import Inapplicable
from juliette_engine.fusion import PYTHON, Call, Fixed, Leaf, build
from juliette_engine.numeric import AMONG_ARRAYS, ARRAYS, NUMBERS, ONES
from juliette_engine.program import NAMESPACE, Program, Value, parse
from juliette_engine.tape import IMPLICIT, Node, lent, primal, strip, top

ndarray = np.ndarray
_NAMES = {1: ("x",), 2: ("a", "b"), 3: ("m", "a", "b")}


class Rule:
    """The value and the cotangents of an operation, as expressions."""

    __slots__ = ("changes", "forward", "holomorphic", "names", "partials")

    def __init__(
        self,
        forward: str,
        partials: tuple[str | None, ...],
        holomorphic: bool = True,
        changes: tuple[str, ...] = (),
    ) -> None:
        self.forward = forward
        self.changes = changes  # what the change of each argument does to the value, if a partial cannot say it
        self.holomorphic = holomorphic  # of complex numbers: has it a complex slope?
        self.partials = partials
        self.names = _NAMES[len(partials)]


class Elementwise:
    """A function applied to each element, with the cotangent of each argument."""

    def __init__(
        self,
        name: str,
        forward: str,
        *partials: str | None,
        on: str = "reals",
        holomorphic: bool = True,
        changes: tuple[str, ...] = (),
    ) -> None:
        self.name = self.__name__ = name
        self.rule = Rule(forward, partials, holomorphic, changes)
        self.partials = partials
        self.on = on
        self.kernels: dict[Any, Any] = {}
        self.exact: dict[Any, Any] = {}
        self.tree = Call(self, tuple(range(len(partials))))

    def __call__(self, *args: Any) -> Any:
        if IMPLICIT:
            args = lent(args)
        kernel = self.kernels.get(tuple(map(type, args)))
        if kernel is not None:
            return kernel(*args)
        return self.other(*args)

    def tree_rule(self, args: tuple[Any, ...]) -> Rule:
        """The rule for arguments of these values."""
        return self.rule_for([_Known(x) for x in args])

    def rule_for(self, args: list[Any]) -> Rule:
        """The rule, given what is known of the arguments when a kernel is made."""
        return self.rule

    def tree_for(self, args: tuple[Any, ...]) -> tuple[Any, Call]:
        """A key and a tree for arguments: constants may be built in."""
        return (), self.tree

    def other(self, *args: Any) -> Any:
        """Arguments of kinds that no kernel was made for yet, or of several levels."""
        args = tuple(
            [
                a
                if isinstance(a, (Node, ndarray, int, float, complex, np.generic))
                or type(a) in ONES
                else lifted(a, self, args)
                for a in args
            ]
        )
        # What waits to be computed is an array, and is not looked at.
        classes = [ndarray if type(a) is LongTracer else type(primal(a)) for a in args]
        if ndarray in classes and not AMONG_ARRAYS.keys().isdisjoint(classes):
            return self(
                *[
                    AMONG_ARRAYS[c](a) if c in AMONG_ARRAYS else a
                    for a, c in zip(args, classes, strict=True)
                ]
            )
        fixed, tree = self.tree_for(args)
        long = any([type(a) is LongTracer for a in args])
        if long:
            waiting = defer(tree, args)
            if waiting is not None:
                return waiting
        key = (fixed, *[kind(a) for a in args])
        kernel = self.exact.get(key)
        if kernel is None:
            leaves = tuple(map(leaf, args))
            if any(x is None for x in leaves):
                kernel = lambda *xs: mixed(self, xs)  # noqa: E731
            else:
                kernel = build(tree, leaves, PYTHON, self.other, lambda *xs: mixed(self, xs))  # type: ignore[arg-type]
            self.exact[key] = kernel
        if long or any(
            [getattr(getattr(primal(a), "dtype", None), "char", "") == "O" for a in args]
        ):
            # a kernel of objects is no example for arrays of numbers
            return kernel(*args)
        self.kernels[(type(args[0]), *fixed) if fixed else tuple(map(type, args))] = kernel
        return kernel(*args)

    def __repr__(self) -> str:
        return self.name


class Power(Elementwise):
    """`a ** b`; a whole exponent is built into the kernel."""

    def __call__(self, *args: Any) -> Any:
        if type(args[1]) is not int:
            return super().__call__(*args)
        if IMPLICIT:
            args = lent(args)
        key = (type(args[0]), args[1])
        kernel = self.kernels.get(key)
        return self.other(*args) if kernel is None else kernel(*args)

    def tree_for(self, args: tuple[Any, ...]) -> tuple[Any, Call]:
        n = args[1]
        if type(n) is int and -64 <= n <= 64:
            return (n,), Call(self, (0, Fixed(n)))
        return (), self.tree

    def rule_for(self, args: list[Any]) -> Rule:
        n = getattr(args[1], "value", None)
        if type(n) is int:
            return _WHOLE.get(n) or Rule("a ** b", (f"{n} * g * a ** {n - 1}", None))
        return self.rule


_WHOLE = {
    0: Rule("a ** b", ("g * 0", None)),
    1: Rule("a ** b", ("g", None)),
    2: Rule("a * a", ("2 * g * a", None)),
    -1: Rule("1 / a", ("-(g * (y * y))", None)),
}


def lifted(x: Any, op: Elementwise, args: tuple[Any, ...]) -> Any:
    """An argument of another library, of which an operation is to be computed, as its data."""
    data = getattr(x, "data", None)
    if isinstance(data, ndarray):
        return data
    if isinstance(x, (list, tuple)):
        with suppress(ValueError):  # elements of several sizes
            return np.asfortranarray(x)
    raise Inapplicable(op.name, args)


def kind(x: Any) -> Any:
    """What kernels distinguish about an argument."""
    if isinstance(x, Node):
        d = x.data
        return (type(x), d.dtype, d.ndim) if type(d) is ndarray else type(x)
    return (x.dtype, x.ndim) if type(x) is ndarray else type(x)


def leaf(x: Any) -> Leaf | None:
    """The description of an argument; None if it is traced by several levels."""
    if isinstance(x, Node):
        if x.nested:
            return None
        d = x.data
        if type(d) is ndarray:
            return Leaf(True, sample(d), "{}.data", guard=True, fortran=False)
        return Leaf(True, one_like(d), "{}.data")
    if isinstance(x, ndarray):
        return Leaf(False, sample(x), "{}", guard=True, fortran=False)
    if type(x) in (np.float64, np.int64):
        return Leaf(False, x.item(), "{}.item()")
    return Leaf(False, one_like(x), "{}")


def one_like(x: Any) -> Any:
    """One, of a number's kind."""
    one = ONES.get(type(x))
    return type(x)(1) if one is None else one


def sample(x: Any) -> Any:
    """An array of ones of the same kind and dimensions."""
    return np.ones((1,) * x.ndim, x.dtype)


# ---------------------------------------------------------------- several levels


def mixed(op: Elementwise, args: tuple[Any, ...]) -> Any:
    """An operation on arguments of several levels: recorded on the highest, computed below."""
    tape = top(args)
    if tape is None:
        raise Inapplicable(op.name, args)
    below = tuple([strip(a, tape) for a in args])
    value = op(*below)
    out = tape.over(value)
    tape.append((_mixed_back, out, op, (args, below, value)))
    return out


def _mixed_back(g: Any, out: Any, op: Elementwise, kept: Any) -> None:
    args, below, value = kept
    tape = out.tape
    rule = op.tree_rule(below)
    for i, a in enumerate(args):
        if isinstance(a, Node) and a.tape is tape and rule.partials[i] is not None:
            T.acc_any(a, T.UNBROADCAST(cotangent(rule, i, g, value, below), below[i]))


def _mixed_change(tape: Any, out: Any, op: Elementwise, kept: Any) -> Any:
    from juliette_engine.forward import change_of, elementwise_change

    args, below, value = kept
    return elementwise_change(op, value, below, [change_of(a, tape) for a in args], tape.suffix)


T.FORWARD_RULES[_mixed_back] = _mixed_change


class _Known:
    """What rules are told of an argument: its value, if it is a whole number."""

    __slots__ = ("value",)

    def __init__(self, x: Any) -> None:
        self.value = x if type(x) is int else None


def cotangent(rule: Rule, i: int, g: Any, y: Any, args: tuple[Any, ...]) -> Any:
    """A rule's cotangent, by recorded operations."""
    text = rule.partials[i]
    assert text is not None
    f = recorded(text, rule.names)
    if not rule.holomorphic:
        d = f(*args, y, g)
        return (
            d
            if np.iscomplexobj(T.primal(args[i])) or not np.iscomplexobj(T.primal(d))
            else OPS["real"](d)
        )
    if not (_is_complex(g) or _is_complex(y) or _is_complex(args[i])):
        return f(*args, y, g)
    if text == "g":
        return g if np.iscomplexobj(T.primal(args[i])) else OPS["real"](g)
    d = OPS["conjugate"](f(*args, y, OPS["conjugate"](g)))
    return d if np.iscomplexobj(T.primal(args[i])) else OPS["real"](d)


def _is_complex(x: Any) -> bool:
    p = x.data if isinstance(x, Node) else x
    return type(p) is not float and np.iscomplexobj(p)


_BY_OPERATOR: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "power",
}
_COMPARISONS: dict[type, Any] = {
    ast.Gt: np.greater, ast.Lt: np.less, ast.GtE: np.greater_equal, ast.LtE: np.less_equal, ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}  # fmt: skip
# Names in expressions that are not names of operations.
ALIASES = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "absolute": "abs",
    "maximum": "max",
    "minimum": "min",
}


@cache
def recorded(text: str, names: tuple[str, ...]) -> Any:
    """A rule's expression as a function of recorded operations; its arguments are those named, then `y` and `g`."""
    space: dict[str, Any] = {
        "logical": _logical,
        "compared": _compared,
        "other": _other,
        "logical_not": np.logical_not,
    }
    source = f"lambda {', '.join((*names, 'y', 'g'))}: {_written(parse(text), space)}"
    return eval(compile(source, "<rule>", "eval"), space)


def _written(e: Any, space: dict[str, Any]) -> str:
    """An expression of recorded operations, which are put into `space`."""

    def operation(name: str, *args: Any) -> str:
        space["op_" + name] = OPS[name]
        return f"op_{name}({', '.join([_written(x, space) for x in args])})"

    if isinstance(e, ast.Name):
        return e.id
    if isinstance(e, ast.Constant):
        return repr(e.value)
    if isinstance(e, ast.BinOp):
        if isinstance(e.op, (ast.BitAnd, ast.BitOr)):
            return f"logical({isinstance(e.op, ast.BitAnd)}, {_written(e.left, space)}, {_written(e.right, space)})"
        return operation(_BY_OPERATOR[type(e.op)], e.left, e.right)
    if isinstance(e, ast.UnaryOp):
        return (
            f"logical_not({_written(e.operand, space)})"
            if isinstance(e.op, ast.Invert)
            else operation("neg", e.operand)
        )
    if isinstance(e, ast.Compare):
        return f"compared({_COMPARISONS[type(e.ops[0])].__name__!r}, {_written(e.left, space)}, {_written(e.comparators[0], space)})"
    name = e.func.id
    if ALIASES.get(name, name) in OPS:
        return operation(ALIASES.get(name, name), *e.args)
    return f"other({name!r}, {', '.join([_written(x, space) for x in e.args])})"


def _logical(both: bool, x: Any, y: Any) -> Any:
    return (np.logical_and if both else np.logical_or)(x, y)


def _compared(name: str, x: Any, y: Any) -> Any:
    from juliette_engine.fusion import align

    return getattr(np, name)(*align(np.asarray(T.primal(x)), np.asarray(T.primal(y))))


def _other(name: str, *args: Any) -> Any:
    """A function that is no operation, of values."""
    array = any(isinstance(T.primal(a), ndarray) for a in args)
    return (ARRAYS if array else NUMBERS)[name](*map(T.primal, args))


def run_tree(tree: Any, values: Any) -> Any:
    """The value of a tree, operation by operation."""
    if isinstance(tree, Fixed):
        return tree.value
    if isinstance(tree, int):
        return values[tree]
    return tree.op(*[run_tree(a, values) for a in tree.args])


def tree_cotangents(tree: Call, values: list[Any], traced: set[int], g: Any) -> dict[int, Any]:
    """The cotangents of a tree's traced leaves, by recorded operations, for a traced `g`."""
    found: dict[int, Any] = {}

    def forward(t: Any) -> Any:
        if isinstance(t, Fixed):
            return (t.value, t, (), False)
        if isinstance(t, int):
            return (values[t], t, (), t in traced)
        kids = tuple([forward(a) for a in t.args])
        return (t.op(*[k[0] for k in kids]), t, kids, any(k[3] for k in kids))

    def back(node: Any, g: Any) -> None:
        y, t, kids, _ = node
        if isinstance(t, int):
            found[t] = g if t not in found else T.ADD(found[t], g)
            return
        args = tuple([k[0] for k in kids])
        rule = t.op.tree_rule(args)
        for i, k in enumerate(kids):
            if k[3] and rule.partials[i] is not None:
                back(k, T.UNBROADCAST(cotangent(rule, i, g, y, args), args[i]))

    back(forward(tree), g)
    return found


def number_step(op: Elementwise, traced: tuple[bool, ...], args: tuple[Any, ...]) -> Any:
    """The step back of an operation on numbers whose value somebody else computed.

    Records are `(step, out, args, None)`.
    """
    rule = op.tree_rule(args)
    p = Program(False)
    env: dict[str, Any] = {}
    lines = [f"{''.join(f'n{i}, ' for i in range(len(args)))} = a", "y = r.data"]
    for i, name in enumerate(rule.names[: len(args)]):
        lines.append(f"a{i} = n{i}.data" if traced[i] else f"a{i} = n{i}")
        env[name] = Value(f"a{i}", 1.0, False)
    env["y"], env["g"] = Value("y", 1.0, False), Value("g", 1.0, False)
    found = {
        i: p.expression(partial, env)
        for i in range(len(args))
        if traced[i] and (partial := rule.partials[i]) is not None
    }
    lines += p.write(set())
    lines += [f"acc_number(n{i}, {v.name})" for i, v in found.items()]
    space: dict[str, Any] = {**NAMESPACE, **p.constants, "acc_number": T.acc_number}
    text = "def step(g, r, a, b):\n" + "".join(f"    {line}\n" for line in lines)
    exec(compile(text, f"<{op.name}>", "exec"), space)

    def traced_step(g: Any, r: Any, a: Any, b: Any) -> None:
        values = tuple([x.data if isinstance(x, Node) else x for x in a])
        for i in found:
            T.acc_any(a[i], cotangent(rule, i, g, r.data, values))

    def change(tape: Any, r: Any, a: Any, b: Any) -> Any:
        from juliette_engine.forward import change_of, elementwise_change

        values = tuple([x.data if isinstance(x, Node) else x for x in a])
        return elementwise_change(op, r.data, values, [change_of(x, tape) for x in a], tape.suffix)

    T.TRACED_RULES[space["step"]] = traced_step
    step = traced_step if any(isinstance(x, complex) for x in args) else space["step"]
    T.FORWARD_RULES[step] = change
    return step


# ---------------------------------------------------------------- the table

OPS: dict[str, Elementwise] = {}


def elementwise(
    name: str,
    forward: str,
    *partials: str | None,
    on: str = "reals",
    cls: Any = Elementwise,
    holomorphic: bool = True,
    changes: tuple[str, ...] = (),
) -> Any:
    """Enter an operation in the table."""
    f = OPS[name] = cls(name, forward, *partials, on=on, holomorphic=holomorphic, changes=changes)
    return f


add = elementwise("add", "a + b", "g", "g")
sub = elementwise("sub", "a - b", "g", "-g")
mul = elementwise("mul", "a * b", "g * b", "g * a")
div = elementwise("div", "a / b", "g / b", "-(g * y / b)", on="positives")
neg = elementwise("neg", "-x", "-g")
power = elementwise(
    "power", "a ** b", "g * (b * a ** (b - 1))", "g * xlogy(y, a)", on="positives", cls=Power
)
exp = elementwise("exp", "exp(x)", "g * y")
exp2 = elementwise("exp2", "exp2(x)", "g * (y * 0.6931471805599453)")
expm1 = elementwise("expm1", "expm1(x)", "g * (y + 1)")
log = elementwise("log", "log(x)", "g / x", on="positives")
log1p = elementwise("log1p", "log1p(x)", "g / (1 + x)", on="positives")
log2 = elementwise("log2", "log2(x)", "g / (x * 0.6931471805599453)", on="positives")
log10 = elementwise("log10", "log10(x)", "g / (x * 2.302585092994046)", on="positives")
sqrt = elementwise("sqrt", "sqrt(x)", "g / (2 * y)", on="positives")
cbrt = elementwise("cbrt", "cbrt(x)", "g / (3 * (y * y))", on="positives")
sin = elementwise("sin", "sin(x)", "g * cos(x)")
cos = elementwise("cos", "cos(x)", "-(g * sin(x))")
tan = elementwise("tan", "tan(x)", "g * (1 + y * y)", on="unit")
sinh = elementwise("sinh", "sinh(x)", "g * cosh(x)")
cosh = elementwise("cosh", "cosh(x)", "g * sinh(x)")
tanh = elementwise("tanh", "tanh(x)", "g * (1 - y * y)")
asin = elementwise("asin", "arcsin(x)", "g / sqrt(1 - x * x)", on="unit")
acos = elementwise("acos", "arccos(x)", "-(g / sqrt(1 - x * x))", on="unit")
atan = elementwise("atan", "arctan(x)", "g / (1 + x * x)")
asinh = elementwise("asinh", "arcsinh(x)", "g / sqrt(x * x + 1)")
acosh = elementwise("acosh", "arccosh(x)", "g / (sqrt(x - 1) * sqrt(x + 1))", on="above one")
atanh = elementwise("atanh", "arctanh(x)", "g / (1 - x * x)", on="unit")
atan2 = elementwise(
    "atan2",
    "arctan2(a, b)",
    "g * b / (a * a + b * b)",
    "-(g * a / (a * a + b * b))",
    on="positives",
)
hypot = elementwise("hypot", "hypot(a, b)", "g * (a / y)", "g * (b / y)", on="positives")
absolute = elementwise(
    "abs",
    "absolute(x)",
    "g * sign(x)",
    holomorphic=False,
    changes=("real(conjugate(sign(x)) * g)",),
)
abs2 = elementwise(
    "abs2", "abs2(x)", "2 * g * x", holomorphic=False, changes=("2 * real(conjugate(x) * g)",)
)
inv = elementwise("inv", "1 / x", "-(g * (y * y))", on="positives")
floating = elementwise("float", "floating(x)", "g")
maximum = elementwise("max", "maximum(a, b)", "g * (a > b)", "g * (a <= b)")
minimum = elementwise("min", "minimum(a, b)", "g * (a <= b)", "g * (a > b)")
sigmoid = elementwise("sigmoid", "sigmoid(x)", "g * (y * (1 - y))")
relu = elementwise("relu", "maximum(x, 0)", "g * (y > 0)")
softplus = elementwise("softplus", "softplus(x)", "g * sigmoid(x)")
erf = elementwise("erf", "erf(x)", "g * (exp(-(x * x)) * 1.1283791670955126)")
xlogy = elementwise("xlogy", "xlogy(a, b)", "g * log(b)", "g * (a / b)", on="positives")
mod = elementwise("mod", "a - b * floor(a / b)", "g", "-(g * floor(a / b))", on="positives")
rem = elementwise("rem", "a - b * trunc(a / b)", "g", "-(g * trunc(a / b))", on="positives")
# On the circle of complex numbers what is left of a cotangent goes along it; of real ones nothing is.
sign = elementwise(
    "sign",
    "sign(x)",
    "(absolute(y) * g - y * real(conjugate(y) * g)) / (absolute(x) + (y == 0))",
    holomorphic=False,
    changes=("(absolute(y) * g - y * real(conjugate(y) * g)) / (absolute(x) + (y == 0))",),
)
rounded = elementwise("round", "rint(x)", "g * 0")
floor = elementwise("floor", "floor(x)", "g * 0")
ceil = elementwise("ceil", "ceil(x)", "g * 0")
trunc = elementwise("trunc", "trunc(x)", "g * 0")
where = elementwise("where", "where(m, a, b)", None, "where(m, g, 0)", "where(m, 0, g)")
conjugate = elementwise(
    "conjugate", "conjugate(x)", "conjugate(g)", holomorphic=False, changes=("conjugate(g)",)
)
real = elementwise("real", "real(x)", "g + 0j", holomorphic=False, changes=("real(g)",))
imag = elementwise("imag", "imag(x)", "g * 1j", holomorphic=False, changes=("imag(g)",))
complexed = elementwise(
    "complex",
    "complexed(a, b)",
    "real(g)",
    "imag(g)",
    holomorphic=False,
    changes=("g + 0j", "g * 1j"),
)
angle = elementwise(
    "angle", "angle(x)", "g * 1j * x / abs2(x)", holomorphic=False, changes=("imag(g / x)",)
)
