"""Straight-line programs of elementwise operations, made from rules and written as Python.

A rule is a pair of expressions, `"tanh(x)"` and `"g * (1 - y * y)"`; a tree of calls becomes one
program for its value and one for the cotangents of its leaves.  Equal subexpressions are computed
once; an intermediate array that is needed no more is written over.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

import numpy as np

from juliette_engine.numeric import ARRAYS, FLOATING, NUMBERS

_OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
    ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!=",
    ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
UFUNC_OF = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "**": "power", "neg": "negative",
    ">": "greater", "<": "less", ">=": "greater_equal", "<=": "less_equal", "==": "equal",
    "!=": "not_equal", "&": "bitwise_and", "|": "bitwise_or",
}  # fmt: skip
_BESIDE = frozenset(("+", "-", "*", "/", ">", "<", ">=", "<=", "maximum", "minimum"))
_ARITHMETIC = ("+", "-", "*", "/", "**")


@cache
def parse(text: str) -> ast.expr:
    """The expression in a rule."""
    return ast.parse(text, mode="eval").body


class Value:
    """A value of a program: a leaf, a constant or an instruction's result."""

    __slots__ = ("array", "made", "name", "sample", "varies")

    def __init__(self, name: str, sample: Any, array: bool, varies: bool = False) -> None:
        self.name = name
        self.sample = sample
        self.array = array
        self.varies = varies  # a number may stand for this array
        self.made: tuple[str, tuple[Value, ...]] | None = None  # the instruction


class Constant(Value):
    """A number known when the program is made."""

    __slots__ = ("value",)

    def __init__(self, value: Any, name: str) -> None:
        super().__init__(name, value, False)
        self.value = value


class Program:
    """Instructions `name = op(args)` in order."""

    def __init__(self, julia: bool) -> None:
        self.julia = julia
        self.code: list[tuple[Value, str, tuple[Value, ...]]] = []
        self.memo: dict[Any, Value] = {}
        self.constants: dict[str, Any] = {}
        # Where whole factors are taken out of products: array -> (factor, the rest).
        self.factors: dict[str, tuple[Constant, Value]] | None = None

    def constant(self, value: Any) -> Constant:
        key = ("constant", type(value), str(value))
        found = self.memo.get(key)
        if found is None:
            if type(value) is int or (type(value) is float and np.isfinite(value)):
                name = f"({value!r})"
            else:
                name = f"k{len(self.constants)}"
                self.constants[name] = value
            found = self.memo[key] = Constant(value, name)
        return found  # type: ignore[return-value]

    def op(self, op: str, *args: Value) -> Value:
        """The result of an operation, known already or by a new instruction."""
        a = args[0]
        if op == "*" or op == "/":
            for x, y in ((args[0], args[1]), (args[1], args[0]))[: 1 if op == "/" else 2]:
                if (
                    isinstance(y, Constant)
                    and type(y.value) is int
                    and y.value == 1
                    and not _integral(x)
                ):
                    return x
        if op == "**" and isinstance(args[1], Constant) and type(args[1].value) is int:
            n = args[1].value
            if n == 1:
                return a
            if n == 0 and not _integral(a):
                return self.constant(1)
            if n == 2:
                return self.op("*", a, a)
            if n == 3:
                return self.op("*", self.op("*", a, a), a)
            if n < 0:
                return self.op("/", self.constant(1), self.op("**", a, self.constant(-n)))
        if (
            op == "+"
            and isinstance(args[1], Constant)
            and type(args[1].value) is int
            and args[1].value == 0
        ):
            return a
        if (
            op == "neg"
            and a.made is not None
            and a.made[0] == "*"
            and not _integral(a)
            and self.factors is None
        ):
            return self.op("*", self.op("neg", a.made[1][0]), a.made[1][1])
        if all(isinstance(x, Constant) for x in args) and op != "where":
            return self.constant(self.evaluate(op, *args))
        if self.factors is not None and (op == "*" or op == "neg"):
            return self.factored(op, args)
        return self.instruction(op, args)

    def factored(self, op: str, args: tuple[Value, ...]) -> Value:
        """A product with the whole factors of its arguments, which join a number beside them or come last.

        `(2 * x) * a` is `x * (2 * a)` where `a` is a number: a pass over the array less.
        """
        assert self.factors is not None
        if op == "neg":
            args = (self.constant(-1), args[0])
        k, rest = self.constant(1), []
        for x in args:
            if isinstance(x, Constant) and type(x.value) is int:
                k = self.constant(k.value * x.value)
            elif x.name in self.factors:
                factor, x = self.factors[x.name]
                k = self.constant(k.value * factor.value)
                rest.append(x)
            else:
                rest.append(x)
        if len(rest) == 2:
            a, b = rest
            if a.array == b.array:
                x = self.instruction("*", (a, b))
            else:
                number, x = (b, a) if a.array else (a, b)
                if k.value != 1:
                    number, k = self.op("*", k, number), self.constant(1)
                x = self.instruction("*", (x, number))
        else:
            x = rest[0]
        if k.value == 1 and (len(rest) == len(args) or not _integral(x)):
            return x
        out = self.instruction("neg", (x,)) if k.value == -1 else self.instruction("*", (k, x))
        if x.array and not _integral(x):
            self.factors[out.name] = (k, x)
        return out

    def instruction(self, op: str, args: tuple[Value, ...]) -> Value:
        """The result of an instruction, known already or new."""
        if self.julia and not op.startswith("cast:"):
            args = self.promoted(op, args)
        key = (op, *[x.name for x in args])
        found = self.memo.get(key)
        if found is None:
            array = any(x.array for x in args)
            with np.errstate(all="ignore"):
                sample = self.evaluate(op, *args)
            found = Value(f"t{len(self.code)}", sample, array, any(x.varies for x in args))
            found.made = (op, args)
            self.memo[key] = found
            self.code.append((found, op, args))
        return found

    def evaluate(self, op: str, *args: Value) -> Any:
        xs = [x.sample for x in args]
        array = any(x.array for x in args)
        if op.startswith("cast:"):
            return xs[0].astype(op[5:])
        f = function_of(op, array)
        out = f(*xs)
        return out if not array or isinstance(out, np.ndarray) else np.asarray(out)

    def promoted(self, op: str, args: tuple[Value, ...]) -> tuple[Value, ...]:
        """Arguments converted as Julia promotes them, where numpy would do otherwise."""
        arrays = [x for x in args if x.array]
        if not arrays:
            return args
        kinds = {x.sample.dtype.kind for x in arrays}
        if kinds == {"b"} and op not in ("&", "|", "where", "==", "!="):
            return tuple(self.cast(x, "q") if x.array else x for x in args)
        if kinds <= {"i", "u"} and all(x.array or type(x.sample) is int for x in args):
            return self.widened(op, args)
        if op not in UFUNC_OF and op not in ("maximum", "minimum", "arctan2", "hypot", "where"):
            return args
        small = [x for x in args if getattr(x.sample, "dtype", None) in (np.float32, np.float16)]
        big = any(
            getattr(x.sample, "dtype", None) == np.float64 or type(x.sample) is np.float64
            for x in args
        )
        if small and not big and (kinds & {"i", "u"} or len({x.sample.dtype for x in small}) > 1):
            to = max((x.sample.dtype for x in small), key=lambda d: d.itemsize).char
            return tuple(
                self.cast(x, to) if x.array and x.sample.dtype.kind in "iu" else x for x in args
            )
        return args

    def widened(self, op: str, args: tuple[Value, ...]) -> tuple[Value, ...]:
        """Small whole numbers: functions with values between them compute on floats, and beside an int they are ints."""
        if op == "/" or op in FLOATING:
            to = "d"
        elif op in UFUNC_OF and not all(x.array for x in args):
            to = "q"
        else:
            return args
        return tuple(
            self.cast(x, to) if x.array and x.sample.dtype.itemsize < 8 else x for x in args
        )

    def cast(self, x: Value, char: str) -> Value:
        return self.op("cast:" + char, x)

    def expression(self, text: str, env: dict[str, Value]) -> Value:
        """Compile a rule's expression."""
        return self._expression(parse(text), env)

    def _expression(self, e: Any, env: dict[str, Value]) -> Value:
        if isinstance(e, ast.Name):
            return env[e.id]
        if isinstance(e, ast.Constant):
            return self.constant(e.value)
        if isinstance(e, ast.BinOp):
            return self.op(
                _OPERATORS[type(e.op)],
                self._expression(e.left, env),
                self._expression(e.right, env),
            )
        if isinstance(e, ast.UnaryOp):
            if isinstance(e.op, ast.Invert):
                return self.op("==", self._expression(e.operand, env), self.constant(False))
            return self.op("neg", self._expression(e.operand, env))
        if isinstance(e, ast.Compare):
            return self.op(
                _OPERATORS[type(e.ops[0])],
                self._expression(e.left, env),
                self._expression(e.comparators[0], env),
            )
        assert isinstance(e, ast.Call)
        assert isinstance(e.func, ast.Name)
        return self.op(e.func.id, *[self._expression(x, env) for x in e.args])

    # ------------------------------------------------------------ writing it down

    def write(
        self,
        keep: set[str],
        start: int = 0,
        end: int | None = None,
        reuse: bool = True,
        spare: frozenset[str] = frozenset(),
        only: set[str] | None = None,
    ) -> list[str]:
        """Python statements; values named in `keep` stay, others may be written over, and those named in `spare`, which
        come from elsewhere.  `only` names the results that are wanted, if not all are."""
        code = [c for c in self.code[start:end] if only is None or c[0].name in only]
        last: dict[str, int] = {}
        for i, (_, _, args) in enumerate(code):
            for x in args:
                last[x.name] = i
        fresh: set[str] = set(spare)
        lines: list[str] = []
        for i, (out, op, args) in enumerate(code):
            dying = [
                reuse
                and x.name in fresh
                and last[x.name] == i
                and x.name not in keep
                and out.array
                and x.array
                and out.sample.ndim > 0
                and x.sample.dtype == out.sample.dtype
                and x.sample.shape == out.sample.shape
                for x in args
            ]
            names = self.names(out, op, args)
            lines.append(statement(out, op, args, names, dying))
            if (
                out.array
                and not op.startswith("cast:")
                and op not in ("floating", "real", "imag", "where", "conjugate")
            ):
                fresh.add(out.name)
        return lines

    def names(self, out: Value, op: str, args: tuple[Value, ...]) -> list[str]:
        """How the arguments of an instruction are written: a number beside an array of floats is an array without
        dimensions, which numpy takes in half the time."""
        if out.array and len(args) == 2 and op in _BESIDE:
            for i, (x, y) in enumerate((args, args[::-1])):
                if (
                    isinstance(x, Constant)
                    and type(x.value) in (int, float)
                    and y.array
                    and not y.varies
                    and y.sample.dtype.kind == "f"
                    and y.sample.ndim
                ):
                    name = f"c{y.sample.dtype.char}_{x.name.strip('()')}"
                    name = "".join(c if c.isalnum() else "_" for c in name)
                    self.constants[name] = np.array(x.value, y.sample.dtype)
                    return [name, args[1].name] if i == 0 else [args[0].name, name]
        return [x.name for x in args]


def _integral(x: Value) -> bool:
    return x.array and x.sample.dtype.kind in "iub"


def statement(
    out: Value, op: str, args: tuple[Value, ...], names: list[str], dying: list[bool]
) -> str:
    y = out.name
    if op.startswith("cast:"):
        return f"{y} = {names[0]}.astype({op[5:]!r})"
    if op == "neg":
        if dying[0] and not args[0].varies:
            return f"{y} = negative({names[0]}, {names[0]})"
        return f"{y} = -{names[0]}"
    if op in UFUNC_OF:
        if not out.array and op in ("/", "**"):
            return f"{y} = s_{UFUNC_OF[op]}({names[0]}, {names[1]})"
        if op in _ARITHMETIC and dying[0] and names[0] != names[1]:
            return f"{y} = {names[0]}; {y} {op}= {names[1]}"
        if op in ("+", "*") and dying[1]:
            return f"{y} = {names[1]}; {y} {op}= {names[0]}"
        if op in ("-", "/") and dying[1] and not args[1].varies and names[0] != names[1]:
            return f"{y} = {UFUNC_OF[op]}({names[0]}, {names[1]}, {names[1]})"
        return f"{y} = {names[0]} {op} {names[1]}"
    if out.array:
        f = ARRAYS[op]
        if isinstance(f, np.ufunc):
            for n, x, d in zip(names, args, dying, strict=True):
                if d and not x.varies:
                    out_ = "out=" if op in ("maximum", "minimum") else ""
                    return f"{y} = a_{op}({', '.join(names)}, {out_}{n})"
        return f"{y} = a_{op}({', '.join(names)})"
    return f"{y} = s_{op}({', '.join(names)})"


def function_of(op: str, array: bool) -> Any:
    """The function of an operation on samples."""
    if op in UFUNC_OF:
        name = UFUNC_OF[op]
        if not array and name in NUMBERS:
            return NUMBERS[name]
        if not array and op in ("+", "-", "*"):
            return {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}[op]
        if not array and op == "neg":
            return lambda a: -a
        return getattr(np, name)
    return (ARRAYS if array else NUMBERS)[op]


NAMESPACE: dict[str, Any] = {
    **{"a_" + k: v for k, v in ARRAYS.items()},
    **{"s_" + k: v for k, v in NUMBERS.items()},
    "negative": np.negative, "float64": np.float64, "subtract": np.subtract, "true_divide": np.true_divide,
    "s_true_divide": NUMBERS["true_divide"], "s_power": NUMBERS["power"],
}  # fmt: skip
