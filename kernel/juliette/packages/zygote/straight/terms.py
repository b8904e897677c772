"""Values written as Python, what is asked of them, and the calls of which nothing need be known.

What works on constants alone is called as it is, if it has no effects (`PURE`).
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from juliette.packages.zygote.straight.items import NUMBERS, Refuse, Val, sample_of
from juliette.packages.zygote.straight.steps import Applied
from juliette.packages.zygote.straight.values import OPAQUE, Const, Record, Tup, Turned
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol
from juliette_engine import rules
from juliette_engine.elementwise import Elementwise
from juliette_engine.fusion import Call, Fixed
from juliette_engine.program import Value

# Functions without effects, whose results depend on nothing but the arguments.
PURE = frozenset(
    [
        "size",
        "length",
        "ndims",
        "eltype",
        "axes",
        "eachindex",
        "firstindex",
        "lastindex",
        "getindex",
        "+",
        "-",
        "*",
        "/",
        "\\",
        "^",
        "÷",
        "%",
        "div",
        "mod",
        "rem",
        "fld",
        "cld",
        "abs",
        "abs2",
        "sqrt",
        "cbrt",
        "exp",
        "exp2",
        "exp10",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "hypot",
        "inv",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "≤",
        "≥",
        "≠",
        "===",
        "!",
        "&",
        "|",
        "xor",
        "isnan",
        "isinf",
        "isfinite",
        "iszero",
        "isone",
        "isempty",
        "isodd",
        "iseven",
        "isequal",
        "isapprox",
        "≈",
        "zero",
        "one",
        "oneunit",
        "zeros",
        "ones",
        "fill",
        "range",
        ":",
        "float",
        "convert",
        "min",
        "max",
        "minimum",
        "maximum",
        "sum",
        "prod",
        "mean",
        "std",
        "var",
        "dot",
        "⋅",
        "norm",
        "transpose",
        "adjoint",
        "permutedims",
        "reshape",
        "vec",
        "copy",
        "hcat",
        "vcat",
        "repeat",
        "reverse",
        "first",
        "last",
        "eps",
        "typemax",
        "typemin",
        "sign",
        "round",
        "floor",
        "ceil",
        "trunc",
        "clamp",
        "in",
        "∈",
        "typeof",
        "onehot",
        "onehotbatch",
        "diff",
        "cumsum",
        "muladd",
        "ifelse",
        "identity",
        "real",
        "conj",
        "deg2rad",
        "rad2deg",
        "sigmoid",
        "σ",
        "relu",
        "softmax",
        "logsoftmax",
        "tanh_fast",
        "sigmoid_fast",
        "count",
        "any",
        "all",
        "argmax",
        "argmin",
        "isa",
        "Int",
        "Float64",
        "Float32",
        "Int64",
        "UInt8",
        "abs",
        "float",
        "keys",
        "values",
        "triu",
        "tril",
        "diag",
        "tr",
    ]
)
# Of these arguments that hold other values are no concern.
CONTAINERS = frozenset(
    [
        "getindex",
        "length",
        "size",
        "first",
        "last",
        "eachindex",
        "isempty",
        "axes",
        "ndims",
        "firstindex",
        "lastindex",
    ]
)

# Functions of numbers that have no derivative: they look at values.
OBSERVERS = frozenset(
    [
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "≤",
        "≥",
        "≠",
        "isnan",
        "isinf",
        "isfinite",
        "iszero",
        "isone",
        "isodd",
        "iseven",
        "isequal",
        "isless",
        "zero",
        "one",
        "oneunit",
        "eps",
        "typeof",
        ":",
    ]
)
# Comparisons of the elements of arrays.
MASKS = {
    name: Elementwise(f"mask {op}", f"a {op} b", None, None)
    for name, op in {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}.items()
}
# Functions of complex numbers, which here are the identity or of no use.
COMPLEX = frozenset((rules.real, rules.imag, rules.angle, rules.conjugate))


def text_of(walk: Any, x: Any) -> str:
    """A value as a Julia value, in Python."""
    if type(x) is Val:
        if not x.array:
            return x.name
        if x.julia is None:
            x.julia = walk.flow.new()
            data = x.name if x.ndim < 2 else f"fortran({x.name})"
            walk.flow.line(
                f"{x.julia} = {walk.flow.hold(type(x.example))}({data})", x.julia, pure=True
            )
            julia, x.julia = x.julia, None
            return julia
        return x.julia
    if type(x) is Const:
        return constant_text(walk, x.example)
    if type(x) is Tup:
        inner = "".join(text_of(walk, v) + ", " for v in x.items)
        return (
            f"({inner})"
            if x.names is None
            else f"{walk.flow.hold(V.NamedTuple)}({x.names!r}, ({inner}))"
        )
    if type(x) is Record:
        return x.name
    if type(x) is Turned:
        function = Base.get("adjoint" if isinstance(x.example, V.Adjoint) else "transpose")
        return f"{implementation(walk, function, [x.of])}({text_of(walk, x.of)})"
    raise Refuse("a function as a value")


def constant_text(walk: Any, x: Any) -> str:
    """A constant in Python."""
    return (
        repr(x)
        if type(x) is int or type(x) is bool or (type(x) is float and abs(x) < 1e300)
        else walk.flow.hold(x)
    )


def own_for_numbers(f: GenericFunction, count: int) -> bool:
    """Has the user given a function methods or rules that could take so many numbers?"""
    rule = f.traced_rule
    if rule is not None and any(
        rule(types) is not None for types in product(_MACHINE, repeat=count)
    ):
        return True
    return any(
        m.accepts_count(count)
        and all(
            any(T.intersects(t, p.type if isinstance(p, T.Vararg) else p) for t in _MACHINE)
            for p in m.parameters
        )
        for m in f.user_methods
    )


# The numbers that programs compute with.
_MACHINE = (T.Float64, T.Float32, T.Int64, T.Bool)


def is_number(x: Any) -> bool:
    return type(x) in (Val, Const) and type(x.example) in NUMBERS


def is_array(x: Any, ndim: int | None = None) -> bool:
    return type(x) is Val and x.array and (ndim is None or x.ndim == ndim)


def passive(x: Any, container: bool = False) -> bool:
    """Can a value be given to a function of Base, with no code of the user's being run?"""
    if x.active:
        return False
    if type(x) is Tup:
        return all(passive(v) for v in x.items)
    if type(x) is Record:
        v = x.example
        return isinstance(v, OPAQUE) or (container and (isinstance(v, Array) or type(v) is tuple))
    if type(x) is Const:
        v = x.example
        if isinstance(v, GenericFunction):
            return v is V.COLON
        return isinstance(v, (*NUMBERS, str, Symbol, V.ColonType, T.JuliaType, type(None)))
    return type(x) is Val or type(x) is Turned


def implementation(walk: Any, function: Any, args: list[Any]) -> str:
    """The name of the code of a builtin method for these arguments."""
    return walk.flow.hold(function.implementation(tuple([a.example for a in args])))


def plain_call(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a function without effects on constants."""
    examples = [a.example for a in args]
    if kwargs:
        options = {k: v.example for k, v in kwargs.items()}
        example = function.call_kw(options, *examples)
        given = "{" + ", ".join(f"{k!r}: {text_of(walk, v)}" for k, v in kwargs.items()) + "}"
        text = f"{walk.flow.hold(function)}.call_kw({', '.join([given, *[text_of(walk, a) for a in args]])})"
    else:
        example = function(*examples)
        if all(type(a) is Const for a in args) and (
            type(example) in NUMBERS or isinstance(example, T.JuliaType)
        ):
            return Const(example)
        code = (
            implementation(walk, function, args)
            if isinstance(function, GenericFunction)
            else walk.flow.hold(function)
        )
        text = f"{code}({', '.join([text_of(walk, a) for a in args])})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)


def as_leaf(walk: Any, x: Any) -> Val:
    """A value as a leaf of a dotted call."""
    if type(x) is Val:
        return x
    if (
        type(x) is Record
        and isinstance(x.example, (V.BitArray, V.Wrapper))
        and not getattr(x.example, "structured", False)
    ):
        data = np.asarray(x.example.data)
        if data.dtype.kind in "fiub" and data.ndim:
            return raw_array(walk, f"asarray({x.name}.data)", x.example)
    raise LookupError


class Like:
    """Stands for the array that an example is, or becomes."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data


def raw_array(walk: Any, text: str, example: Any) -> Val:
    """An inactive array that a Python expression gives."""
    data = np.asarray(example.data)
    name = walk.flow.new()
    walk.flow.line(f"{name} = {text}", name)
    walk.flow.line(
        f"if {name}.dtype is not {walk.flow.hold(data.dtype)} or {name}.ndim != {data.ndim}: raise Bail"
    )
    return Val(
        Value(name, sample_of(data), True),
        example if isinstance(example, Array) else Like(data),
        False,
    )


def made(
    walk: Any, text: str, example: Any, active: bool, fresh: bool = True, pure: bool = False
) -> Val:
    """An array that a Python expression gives."""
    name = walk.flow.new()
    walk.flow.line(f"{name} = {text}", name, pure=pure, fresh=fresh)
    return Val(Value(name, sample_of(example.data), True), example, active)


def applied(
    walk: Any, op: Any, args: list[Val], static: str, example: Any, pure: bool = False
) -> Val:
    """A primitive of the engine; `static` is its keywords, written; `pure`: it cannot fail, and may be left out."""
    names = ", ".join(a.name for a in args)
    text = f"{walk.flow.hold(op.forward)}({names}{static})"
    active = any(a.active for a in args)
    if isinstance(example, Array):
        out = made(walk, text, example, active, fresh=False, pure=pure)
    else:
        name = walk.flow.new("n")
        walk.flow.line(
            f"{name} = float({text})" if type(example) is float else f"{name} = {text}",
            name,
            pure=pure,
        )
        out = Val(Value(name, sample_of(example), False), example, active)
    if active:
        walk.flow.region.append(Applied(out, op, args, static))
    return out


def floats(*xs: Any) -> bool:
    """Are all arrays of floating-point numbers of one kind?"""
    return (
        all(is_array(x) and x.example.data.dtype.kind == "f" for x in xs)
        and len({x.example.data.dtype for x in xs}) == 1
    )


def elementwise(walk: Any, op: Any, args: list[Any], example: Any) -> Val:
    """An elementwise operation outside of a dotted call."""
    leaves = [a for a in args if type(a) is Val]
    tree = Call(op, tuple([leaves.index(a) if type(a) is Val else Fixed(a.example) for a in args]))
    return walk.flow.fused(tree, leaves, example)
