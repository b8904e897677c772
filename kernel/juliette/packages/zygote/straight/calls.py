"""What is known of functions that are not written in Julia: how each becomes part of a straight-line program.

Numbers take Base's own value and the slope of the engine's rule; dotted calls become elementwise programs;
`ARRAYS` says how methods on whole arrays are written; what works on constants alone is called as it is, if it has
no effects (`PURE`).  Everything else is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.essentials import PROPERTIES
from juliette.compiler.support import ClosureBase
from juliette.packages.zygote.dotted import broadcast_rule
from juliette.packages.zygote.scalars import operation
from juliette.packages.zygote.straight.flow import (
    NUMBERS, Applied, Element, Number, Product, Refuse, Total, Val, sample_of,
)  # fmt: skip
from juliette.packages.zygote.straight.values import OPAQUE, Const, Record, Tup
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.kernels import KERNELS, Literal
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette.syntax.expr import Symbol
from juliette_engine import rules
from juliette_engine.elementwise import Elementwise
from juliette_engine.fusion import BIG, Call, Fixed
from juliette_engine.primitives import PRIMITIVES, PRODUCTS
from juliette_engine.program import Value

# Functions without effects, whose results depend on nothing but the arguments.
PURE = frozenset(
    "size length ndims eltype axes eachindex firstindex lastindex getindex + - * / \\ ^ ÷ % div mod rem fld cld abs abs2 sqrt cbrt "
    "exp exp2 exp10 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh hypot inv == != < > <= >= ≤ ≥ ≠ === ! & | xor "
    "isnan isinf isfinite iszero isone isempty isodd iseven isequal isapprox ≈ zero one oneunit zeros ones fill range : float "
    "convert min max minimum maximum sum prod mean std var dot ⋅ norm transpose adjoint permutedims reshape vec copy hcat vcat "
    "repeat reverse first last eps typemax typemin sign round floor ceil trunc clamp in ∈ typeof onehot onehotbatch diff cumsum "
    "muladd ifelse identity real conj deg2rad rad2deg sigmoid σ relu softmax logsoftmax tanh_fast sigmoid_fast "
    "count any all argmax argmin isa Int Float64 Float32 Int64 UInt8 abs float keys values triu tril diag tr".split()
)
# Of these arguments that hold other values are no concern.
CONTAINERS = frozenset("getindex length size first last eachindex isempty axes ndims firstindex lastindex".split())
# Functions of numbers that have no derivative: they look at values.
OBSERVERS = frozenset("== != < > <= >= ≤ ≥ ≠ isnan isinf isfinite iszero isone isodd iseven isequal isless zero one oneunit eps typeof :".split())
# Functions of complex numbers, which here are the identity or of no use.
COMPLEX = frozenset((rules.real, rules.imag, rules.angle, rules.conjugate))
_DIRECT = {"+": "+", "-": "-", "*": "*"}
_COMPARED = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">=", "==": "==", "!=": "!=", "≠": "!="}


# ---------------------------------------------------------------- writing values


def text_of(walk: Any, x: Any) -> str:
    """A value as a Julia value, in Python."""
    if type(x) is Val:
        if not x.array:
            return x.name
        if x.julia is None:
            x.julia = walk.flow.new()
            data = x.name if x.ndim < 2 else f"fortran({x.name})"
            walk.flow.line(f"{x.julia} = {walk.flow.hold(type(x.example))}({data})", x.julia, pure=True)
            julia, x.julia = x.julia, None
            return julia
        return x.julia
    if type(x) is Const:
        return constant_text(walk, x.example)
    if type(x) is Tup:
        inner = "".join(text_of(walk, v) + ", " for v in x.items)
        return f"({inner})" if x.names is None else f"{walk.flow.hold(V.NamedTuple)}({x.names!r}, ({inner}))"
    if type(x) is Record:
        return x.name
    raise Refuse("a function as a value")


def constant_text(walk: Any, x: Any) -> str:
    """A constant in Python."""
    return repr(x) if type(x) is int or type(x) is bool or (type(x) is float and abs(x) < 1e300) else walk.flow.hold(x)


def own_for_numbers(f: GenericFunction, count: int) -> bool:
    """Has the user given a function methods or rules that could take so many numbers?"""
    if f.traced_rule is not None:
        return True
    return any(
        m.accepts_count(count) and all(T.intersects(T.Number, _bound(p)) for p in m.parameters) for m in f.user_methods
    )


def _bound(p: Any) -> Any:
    """The values that a parameter of a method takes, at most."""
    p = p.type if isinstance(p, T.Vararg) else p
    return T.Any_ if T.free_vars(p) else p


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
    return type(x) is Val


def implementation(walk: Any, function: Any, args: list[Any]) -> str:
    """The name of the code of a builtin method for these arguments."""
    return walk.flow.hold(function.implementation(tuple([a.example for a in args])))  # type: ignore[no-any-return]


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
        if all(type(a) is Const for a in args) and (type(example) in NUMBERS or isinstance(example, T.JuliaType)):
            return Const(example)
        code = implementation(walk, function, args) if isinstance(function, GenericFunction) else walk.flow.hold(function)
        text = f"{code}({', '.join([text_of(walk, a) for a in args])})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)


# ---------------------------------------------------------------- numbers


def number_call(walk: Any, function: Any, args: list[Any]) -> Any:
    """A function of numbers, some of which carry gradients."""
    name = function.name
    classes = [type(a.example) for a in args]
    op = operation(name, len(args)) or broadcast_rule(function, len(args))
    same = name in ("identity", "+", "float", "real", "conj") and len(args) == 1
    known = (isinstance(op, Elementwise) and op not in COMPLEX) or name in OBSERVERS or same
    if not known and not (name in ("+", "*") and len(args) > 2):
        raise Refuse(f"{name} of numbers")
    example = function(*[a.example for a in args])
    if name in ("+", "*") and len(args) > 2:
        first, second, *rest = args
        return number_call(walk, function, [pair(walk, function, first, second), *rest])
    if name in OBSERVERS:
        if name in _COMPARED and float in classes and set(classes) <= {float, int}:
            text = f"{text_of(walk, args[0])} {_COMPARED[name]} {text_of(walk, args[1])}"
        else:
            text = f"{implementation(walk, function, args)}({', '.join([text_of(walk, a) for a in args])})"
        return walk.opener.open(text, example, False, walk.flow.region, checked=type(example) is bool, varies=True)
    if same and type(example) is classes[0]:
        return args[0]
    if not isinstance(op, Elementwise) or op in COMPLEX or bool in classes or type(example) not in NUMBERS:
        raise Refuse(f"{name} of numbers")
    operands = [a if type(a) is Val else a.example for a in args]
    operands += tuple(getattr(op, "constants", {}).values())[len(args) - 1 :]
    rule = op.tree_rule(tuple([1.5 if type(x) is Val else x for x in operands]))
    out = Val(Value(walk.flow.new("n"), sample_of(example), False), example, True)
    walk.flow.line(f"{out.name} = {_number_text(walk, function, args, classes)}", out.name, pure=name in ("+", "-", "*"))
    walk.flow.region.append(Number(out, operands, rule))
    return out


def pair(walk: Any, function: Any, a: Any, b: Any) -> Any:
    """A function of two numbers, whether they carry gradients or not."""
    return number_call(walk, function, [a, b]) if a.active or b.active else plain_call(walk, function, [a, b], {})


def _number_text(walk: Any, function: Any, args: list[Any], classes: list[type]) -> str:
    name = function.name
    texts = [text_of(walk, a) for a in args]
    if name in _DIRECT and float in classes and set(classes) <= {float, int} and len(args) < 3:
        if len(args) == 2 and len(classes) == 2:
            return f"{texts[0]} {_DIRECT[name]} {texts[1]}"
        if name == "-":
            return f"-{texts[0]}"
    if name == "^" and classes == [float, int] and type(args[1]) is Const and args[1].example in (2, 3):
        return " * ".join([texts[0]] * args[1].example)
    if name == "/" and classes == [float, float]:
        if type(args[1]) is Const and args[1].example:
            return f"{texts[0]} / {texts[1]}"
        return f"divide({texts[0]}, {texts[1]})"
    return f"{implementation(walk, function, args)}({', '.join(texts)})"


# ---------------------------------------------------------------- dotted calls


def dotted(walk: Any, template: Any, args: list[Any]) -> Any:
    """A tree of dotted calls."""
    leaves: list[Val] = []
    places: dict[str, int] = {}
    functions: list[Any] = []
    small = any(is_array(a) and a.example.data.dtype == np.float32 for a in args)

    def constant(x: Any) -> Fixed:
        return Fixed(np.float64(x) if type(x) is float and small else x)

    def place(x: Val) -> int:
        if x.name not in places:
            places[x.name] = len(leaves)
            leaves.append(x)
        return places[x.name]

    def visit(n: Any) -> Any:
        if isinstance(n, Literal):
            return constant(n.value)
        if isinstance(n, int):
            x = args[n]
            if type(x) is Const and type(x.example) in NUMBERS:
                return constant(x.example)
            return place(as_leaf(walk, x))
        f = args[n.function]
        if type(f) is not Const or not isinstance(f.example, GenericFunction) or own_for_numbers(f.example, len(n.args)):
            raise LookupError
        functions.append(f.example)
        op = broadcast_rule(f.example, len(n.args))
        if not isinstance(op, Elementwise) or op in COMPLEX:
            if len(n.args) == 1 and f.example.name in ("+", "identity"):
                return visit(n.args[0])
            raise LookupError
        usual = tuple(getattr(op, "constants", {}).values())[len(n.args) - 1 :]
        return Call(op, (*[visit(a) for a in n.args], *map(Fixed, usual)))

    try:
        tree = visit(template.tree)
    except LookupError:
        return _plain_dotted(walk, template, args)
    if not isinstance(tree, Call) or not any(x.array for x in leaves):
        return _plain_dotted(walk, template, args)
    example = template.run(*[a.example for a in args])
    if not isinstance(example, Array):
        return _plain_dotted(walk, template, args)
    if any(x.array and x.example.data.size > BIG for x in leaves):
        raise Refuse("arrays so large that the engine goes through them in blocks")
    walk.rests_on += [(f, None) for f in functions]
    return walk.flow.fused(tree, leaves, example)


def _plain_dotted(walk: Any, template: Any, args: list[Any]) -> Any:
    """A tree of dotted calls through which no gradient goes."""
    functions = template.functions
    fixed = []
    for i, a in enumerate(args):
        if i in functions:
            f = a.example if type(a) is Const else None
            if not isinstance(f, GenericFunction) or KERNELS.get(f) is None or own_for_numbers(f, 1) or own_for_numbers(f, 2):
                raise Refuse("a dotted call of a function that is not known")
            fixed.append(f)
        elif a.active and not all(f.name in OBSERVERS for f in fixed):
            raise Refuse("a dotted call of a function without a rule")
        elif not a.active and not passive(a):
            raise Refuse("a dotted call on other values")
    walk.rests_on += [(f, None) for f in fixed]
    example = template.run(*[a.example for a in args])
    text = f"{walk.flow.hold(template.run)}({', '.join(walk.flow.hold(a.example) if i in functions else text_of(walk, a) for i, a in enumerate(args))})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)


def as_leaf(walk: Any, x: Any) -> Val:
    """A value as a leaf of a dotted call."""
    if type(x) is Val:
        return x
    if type(x) is Record and isinstance(x.example, (V.BitArray, V.Wrapper)) and not getattr(x.example, "structured", False):
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
    walk.flow.line(f"if {name}.dtype is not {walk.flow.hold(data.dtype)} or {name}.ndim != {data.ndim}: raise Bail")
    return Val(Value(name, sample_of(data), True), Like(data), False)


# ---------------------------------------------------------------- whole arrays


ARRAYS: dict[str, Callable[..., Any]] = {}


def array_rule(*names: str) -> Callable[[Any], Any]:
    """Register how functions of these names run on arrays that carry gradients; None: refused."""

    def register(f: Any) -> Any:
        for name in names:
            ARRAYS[name] = f
        return f

    return register


def made(walk: Any, text: str, example: Any, active: bool, fresh: bool = True, pure: bool = False) -> Val:
    """An array that a Python expression gives."""
    name = walk.flow.new()
    walk.flow.line(f"{name} = {text}", name, pure=pure, fresh=fresh)
    return Val(Value(name, sample_of(example.data), True), example, active)


def applied(walk: Any, op: Any, args: list[Val], static: str, example: Any, pure: bool = False) -> Val:
    """A primitive of the engine; `static` is its keywords, written; `pure`: it cannot fail, and may be left out."""
    names = ", ".join(a.name for a in args)
    text = f"{walk.flow.hold(op.forward)}({names}{static})"
    active = any(a.active for a in args)
    if isinstance(example, Array):
        out = made(walk, text, example, active, fresh=False, pure=pure)
    else:
        name = walk.flow.new("n")
        walk.flow.line(f"{name} = float({text})" if type(example) is float else f"{name} = {text}", name, pure=pure)
        out = Val(Value(name, sample_of(example), False), example, active)
    if active:
        walk.flow.region.append(Applied(out, op, args, static))
    return out


def floats(*xs: Any) -> bool:
    """Are all arrays of floating-point numbers of one kind?"""
    return all(is_array(x) and x.example.data.dtype.kind == "f" for x in xs) and len({x.example.data.dtype for x in xs}) == 1


def elementwise(walk: Any, op: Any, args: list[Any], example: Any) -> Val:
    """An elementwise operation outside of a dotted call."""
    leaves = [a for a in args if type(a) is Val]
    tree = Call(op, tuple([leaves.index(a) if type(a) is Val else Fixed(a.example) for a in args]))
    return walk.flow.fused(tree, leaves, example)  # type: ignore[no-any-return]


@array_rule("*")
def _times(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) != 2:
        return None
    a, b = args
    example = function(a.example, b.example)
    if is_array(a, 2) and is_array(b) and b.ndim < 3 and floats(a, b):
        text = PRODUCTS[2, b.ndim][0].format(x=a.name, y=b.name)
        out = made(walk, text, example, a.active or b.active)
        if out.active:
            walk.flow.region.append(Product(out, a, b))
        return out
    if (is_number(a) and is_array(b)) or (is_array(a) and is_number(b)):
        return _scaled(walk, rules.mul, args, example)
    return None


def _scaled(walk: Any, op: Any, args: list[Any], example: Any) -> Any:
    kinds = {a.example.data.dtype if is_array(a) else np.dtype(type(a.example)) for a in args if type(a.example) is not int}
    return elementwise(walk, op, args, example) if len(kinds) == 1 else None


@array_rule("/")
def _over(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) == 2 and is_array(args[0]) and is_number(args[1]):
        return _scaled(walk, rules.div, args, function(*[a.example for a in args]))
    return None


@array_rule("+", "-")
def _plus(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) == 1 and function.name == "-" and floats(*args):
        return elementwise(walk, rules.neg, args, function(args[0].example))
    if len(args) < 2 or not floats(*args) or (len(args) > 2 and function.name == "-"):
        return None
    out = args[0]
    op = rules.add if function.name == "+" else rules.sub
    for b in args[1:]:
        example = function(out.example, b.example)
        if out.name != b.name:
            walk.flow.line(f"if {out.name}.shape != {b.name}.shape: raise Bail")
        out = elementwise(walk, op, [out, b], example)
    return out


def total(walk: Any, x: Val) -> Val:
    """The sum of an array of floats."""
    double = x.example.data.dtype == np.float64
    flat = x.name if x.ndim == 1 else f"({x.name}.reshape(-1, order='A') if {x.name}.flags.f_contiguous else {x.name}.ravel())"
    text = f"add_reduce({flat})"
    example = float(np.add.reduce(x.example.data, None)) if double else np.add.reduce(x.example.data, None)
    name = walk.flow.new("n")
    walk.flow.line(f"{name} = float({text})" if double else f"{name} = {text}", name, pure=True)
    out = Val(Value(name, sample_of(example), False), example, x.active)
    if x.active:
        walk.flow.region.append(Total(out, [x]))
    return out


@array_rule("sum", "mean")
def _sum(walk: Any, function: Any, args: list[Any], **options: Any) -> Any:
    if len(args) == 2:
        f, x = args
        if type(f) is not Const or not isinstance(f.example, GenericFunction) or not floats(x) or options:
            return None
        if own_for_numbers(f.example, 1):
            return None
        walk.rests_on.append((f.example, None))
        if f.example.name == "abs2" and function.name == "sum":
            return applied(walk, PRIMITIVES["sum_of_squares"], [x], "", function(f.example, x.example), pure=True)
        op = broadcast_rule(f.example, 1)
        if not isinstance(op, Elementwise) or getattr(op, "constants", None) or x.example.data.size > BIG:
            return None
        from juliette.runtime import broadcast as B

        x = elementwise(walk, op, [x], B.materialize(B.broadcasted(f.example, x.example)))
    else:
        (x,) = args
    if not floats(x):
        return None
    if options:
        return _sum_along(walk, function, x, **options)
    out = total(walk, x)
    return out if function.name == "sum" else _divided(walk, out, f"{x.name}.size", function(x.example))


def _divided(walk: Any, x: Val, count: str, example: Any) -> Val:
    name = walk.flow.new("n")
    n = Val(Value(name, 1, False), 1, False)
    walk.flow.line(f"{name} = {count}", name, pure=True)
    walk.flow.line(f"if not {name}: raise Bail")
    out = Val(Value(walk.flow.new("n"), x.slot.sample, False), example, x.active)
    walk.flow.line(f"{out.name} = {x.name} / {name}" if type(example) is float else f"{out.name} = {x.name} / float32({name})", out.name, pure=True)
    walk.flow.region.append(Number(out, [x, n], rules.div.rule))
    return out


def _sum_along(walk: Any, function: Any, x: Val, dims: Any = None, **others: Any) -> Any:
    if others or function.name != "sum" or type(dims) is not Const or type(dims.example) is not int or not 0 < dims.example <= x.ndim:
        return None
    example = function.call_kw({"dims": dims.example}, x.example)
    return applied(walk, PRIMITIVES["sum_along"], [x], f", axes=({dims.example - 1},)", example)


@array_rule("dot", "⋅")
def _dot(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) != 2 or not floats(*args) or not all(is_array(a, 1) for a in args):
        return None
    a, b = args
    walk.flow.line(f"if {a.name}.shape != {b.name}.shape: raise Bail")
    return applied(walk, rules.matmul, args, "", function(a.example, b.example))


@array_rule("norm")
def _norm(walk: Any, function: Any, args: list[Any]) -> Any:
    return applied(walk, PRIMITIVES["norm"], args, "", function(args[0].example)) if len(args) == 1 and floats(*args) else None


@array_rule("adjoint", "transpose")
def _turned(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) != 1 or not is_array(args[0], 2) or not floats(*args):
        return None
    return applied(walk, rules.transpose, args, "", type(args[0].example)(args[0].example.data.T))


@array_rule("vec", "reshape")
def _reshaped(walk: Any, function: Any, args: list[Any]) -> Any:
    x, *dims = args
    if len(dims) == 1 and type(dims[0]) is Tup:
        dims = dims[0].items
    if not floats(x) or not all(is_number(d) and type(d.example) is int and not d.active for d in dims):
        return None
    if function.name == "reshape" and not dims:
        return None
    to = "(-1,)" if function.name == "vec" else "(" + "".join(text_of(walk, d) + ", " for d in dims) + ")"
    example = function(x.example, *[d.example for d in dims])
    if to != "(-1,)":
        walk.flow.line(f"if min({to}) < 0: raise Bail")
    return applied(walk, PRIMITIVES["reshape"], [x], f", to={to}", example) if isinstance(example, Array) else None


@array_rule("getindex")
def _getindex(walk: Any, function: Any, args: list[Any]) -> Any:
    x, *index = args
    if not floats(x) or len(index) != x.ndim or any(i.active for i in index):
        return None
    if all(is_number(i) and type(i.example) is int for i in index):
        tests, places = [], []
        for axis, i in enumerate(index):
            text = text_of(walk, i)
            tests.append(f"0 < {text} <= {x.name}.shape[{axis}]")
            places.append(str(i.example - 1) if type(i) is Const else f"{text} - 1")
        walk.flow.line(f"if not ({' and '.join(tests)}): raise Bail")
        return element(walk, x, ", ".join(places), function(*[a.example for a in args]))
    places = []
    for axis, i in enumerate(index):
        if type(i) is Const and isinstance(i.example, V.ColonType):
            places.append("slice(None)")
        elif is_number(i) and type(i.example) is int:
            text = text_of(walk, i)
            walk.flow.line(f"if not 0 < {text} <= {x.name}.shape[{axis}]: raise Bail")
            places.append(f"{text} - 1")
        elif type(i) is Record and type(i.example) is V.UnitRange:
            walk.flow.line(f"if not (0 < {i.name}.start and {i.name}.stop <= {x.name}.shape[{axis}]): raise Bail")
            places.append(f"slice({i.name}.start - 1, max({i.name}.stop, {i.name}.start - 1))")
        else:
            return None
    name = walk.flow.new()
    walk.flow.line(f"{name} = ({', '.join(places)},)", name)
    return applied(walk, PRIMITIVES["getitem"], [x], f", index={name}", function(*[a.example for a in args]))


def element(walk: Any, x: Val, place: str, example: Any) -> Val:
    """An element of an array."""
    name, at = walk.flow.new("n"), walk.flow.new("n")
    walk.flow.line(f"{at} = {place}", at)
    walk.flow.line(f"{name} = {x.name}[{at}]" + (".item()" if type(example) is float else ""), name)
    out = Val(Value(name, sample_of(example), False), example, x.active)
    if x.active:
        walk.flow.region.append(Element(out, x, at))
    return out


@array_rule("copy", "collect", "float")
def _copied(walk: Any, function: Any, args: list[Any]) -> Any:
    return args[0] if len(args) == 1 and floats(*args) and function.name != "collect" else None


def _shape_only(walk: Any, function: Any, args: list[Any]) -> Any:
    """Functions that look at the shape of an array."""
    example = function(*[a.example for a in args])
    text = f"{implementation(walk, function, args)}({', '.join([text_of(walk, a) for a in args])})"
    return walk.opener.open(text, example, False, walk.flow.region, varies=True)


@array_rule("length")
def _length(walk: Any, function: Any, args: list[Any]) -> Any:
    return walk.opener.open(f"{args[0].name}.size", function(args[0].example), False, walk.flow.region, True, True)


for _name in ("size", "axes", "eachindex", "lastindex", "firstindex", "ndims", "eltype", "zero", "isempty"):
    ARRAYS[_name] = _shape_only


# ---------------------------------------------------------------- functions


# How functions of other packages are found: f(function) -> f(walk, function, args, kwargs), or None.
FINDERS: list[Callable[[Any], Any]] = []
# Layers: by the class of the struct's host, f(walk, layer, args).
LAYERS: dict[type, Callable[..., Any]] = {}


def builtin(walk: Any, function: Any, method: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a method that is not written in Julia."""
    name = function.name
    active = any(a.active for a in args) or any(a.active for a in kwargs.values())
    for find in FINDERS:
        special = find(function)
        if special is not None and active:
            found = special(walk, function, args, kwargs)
            if found is not None:
                return found
    if not active:
        container = name in CONTAINERS
        if name in PURE and all(passive(a, container) for a in args) and all(map(passive, kwargs.values())):
            return plain_call(walk, function, args, kwargs)
        if name in PURE and any(type(a) is Record and isinstance(a.example, (Struct, ClosureBase)) for a in args):
            raise Refuse(f"{name} of a struct")
    elif all(map(is_number, args)) and not kwargs:
        return number_call(walk, function, args)
    rule = ARRAYS.get(name)
    if rule is not None and args and not method.rule:
        found = rule(walk, function, args, **kwargs) if kwargs and name in ("sum", "mean") else None if kwargs else rule(walk, function, args)
        if found is not None:
            return found
    raise Refuse(f"{name} of {', '.join(type(a.example).__name__ for a in args)}")


def layer(walk: Any, f: Record, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a layer."""
    host = getattr(type(f.example), "host", None)
    rule = LAYERS.get(host)  # type: ignore[arg-type]
    if rule is None or kwargs:
        raise Refuse(f"a call of a {type(f.example).__name__}")
    found = rule(walk, f, args)
    if found is None:
        raise Refuse(f"a {type(f.example).__name__} like this")
    return found


def constructor(walk: Any, t: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """A call of a type: numbers are converted, if they carry no gradient."""
    if kwargs or t not in (T.Float64, T.Float32, T.Int64, T.Bool) or len(args) != 1 or not is_number(args[0]):
        raise Refuse(f"the constructor {T.type_string(t)}")
    if args[0].active:
        if type(T.CONSTRUCT(t, (args[0].example,), {})) is type(args[0].example):
            return args[0]
        raise Refuse("a conversion of a number")
    from juliette.runtime.modules import constructors

    table = constructors(t)
    if table.user_methods:
        raise Refuse("a constructor of the user's own")
    example = T.CONSTRUCT(t, (args[0].example,), {})
    if type(args[0]) is Const:
        return Const(example)
    return walk.opener.open(f"construct({walk.flow.hold(t)}, ({args[0].name},), {{}})", example, False, walk.flow.region, varies=True)


# ---------------------------------------------------------------- structure


def items_of(x: Any) -> list[Any]:
    """The items of a tuple."""
    if type(x) is Tup:
        return x.items
    if type(x) is Record and type(x.example) is tuple:
        return [x.part(i) for i in range(len(x.example))]
    raise Refuse("a splatted value that is no tuple")


def field(walk: Any, x: Any, name: str) -> Any:
    """`x.name`"""
    if type(x) is Const and isinstance(x.example, Module):
        module = x.example
        value = module.get(name)
        if name in module.consts and isinstance(value, (GenericFunction, T.JuliaType, Module, *NUMBERS)):
            return Const(value)
        raise Refuse(f"{module.name}.{name}")
    if type(x) is Tup and x.names is not None and name in x.names:
        return x.items[x.names.index(name)]
    if type(x) is Record:
        value = x.example
        if isinstance(value, V.NamedTuple) and name in value.names:
            return x.part(value.names.index(name))
        properties = Base.get("getproperty")
        walk.rests_on.append((properties, None))
        own = properties.traced_rule is not None or properties.user_matches((T.typeof(value), T.typeof(Symbol(name))))
        if isinstance(value, (Struct, ClosureBase)) and not own and type(value) not in PROPERTIES:
            return x.part(name)
    raise Refuse(f"the field {name}")


def _getindex_tuple(walk: Any, args: list[Any]) -> Any:
    if len(args) != 2 or type(args[1]) is not Const:
        return None
    x, i = args[0], args[1].example
    if type(x) is Tup or (type(x) is Record and (type(x.example) is tuple or isinstance(x.example, V.NamedTuple))):
        names = x.names if type(x) is Tup else getattr(x.example, "names", None)
        if isinstance(i, Symbol) and names is not None and i.name in names:
            i = names.index(i.name) + 1
        n = len(x.items) if type(x) is Tup else len(x.example if type(x.example) is tuple else x.example.values)
        if type(i) is int and 0 < i <= n:
            return x.items[i - 1] if type(x) is Tup else x.part(i - 1)
    return None


def _length_of(walk: Any, args: list[Any]) -> Any:
    return Const(len(args[0].items)) if len(args) == 1 and type(args[0]) is Tup else None


def _tuple_item(walk: Any, args: list[Any]) -> Any:
    return items_of(args[0])[args[1].example]


def _destructured(walk: Any, args: list[Any]) -> Any:
    x, n, slurp = args
    if slurp.example >= 0:
        raise Refuse("a, b... = x")
    items = items_of(x)
    if len(items) < n.example:
        raise Refuse("too few items")
    return Tup(items[: n.example])


STRUCTURAL: dict[Any, Callable[..., Any]] = {
    Base.get("getindex"): _getindex_tuple,
    Base.get("tuple"): lambda walk, args: Tup(args),
    Base.get("length"): _length_of,
    Base.get("identity"): lambda walk, args: args[0] if len(args) == 1 else None,
}
# Helpers of the runtime: the function of Base that they are, or what becomes of them.
RUNTIME: dict[str, Any] = {
    "getindex": "getindex", "adjoint": "adjoint", "tuple_item": _tuple_item, "destructure": _destructured,
    "Any": lambda walk, args: Const(T.Any_),
}


# ---------------------------------------------------------------- loops


def rounds(walk: Any, x: Any) -> tuple[str, str, Callable[[], Any]]:
    """The header of a loop over a value, the variable of the item, and the item itself when the loop has begun."""
    item = walk.flow.new("i")
    if type(x) is Val and x.array and x.active and x.ndim == 1:
        if not x.example.data.size:
            raise Refuse("a loop over nothing")
        first = Base.get("getindex")(x.example, 1)
        return f"for {item} in range({x.name}.size):", item, lambda: element(walk, x, item, first)
    if (type(x) is Val and x.array and not x.active) or (type(x) is Record and isinstance(x.example, (V.Range, Array))):
        from juliette.base.iteration import iterate_value

        text = text_of(walk, x)
        example = next(iterate_value(x.example), None)
        if example is None:
            raise Refuse("a loop over nothing")
        sure = isinstance(x.example, (V.UnitRange, V.OneTo)) and type(example) is int
        header = f"for {item} in iterate({text}):"
        return header, item, lambda: walk.opener.open(item, example, False, walk.flow.region, checked=sure, varies=True)
    raise Refuse("a loop over other values")
