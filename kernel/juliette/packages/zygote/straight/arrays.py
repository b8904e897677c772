"""Functions of whole arrays: how each is written, and how its cotangent goes back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.packages.zygote.straight.blocked import long_sum
from juliette.packages.zygote.straight.dots import mapped
from juliette.packages.zygote.straight.items import Refuse, Val, sample_of
from juliette.packages.zygote.straight.steps import (
    Element,
    Joined,
    Number,
    Product,
    Stack,
    Total,
)
from juliette.packages.zygote.straight.terms import (
    applied,
    elementwise,
    floats,
    implementation,
    is_array,
    is_number,
    made,
    own_for_numbers,
    text_of,
)  # fmt: skip
from juliette.packages.zygote.straight.values import Const, Record, Tup, Turned
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette.runtime.modules import Base
from juliette_engine import rules
from juliette_engine.primitive import PRIMITIVES
from juliette_engine.primitives import PRODUCTS
from juliette_engine.program import Value

ARRAYS: dict[str, Callable[..., Any]] = {}


def array_rule(*names: str) -> Callable[[Any], Any]:
    """Register how functions of these names run on arrays that carry gradients; None: refused."""

    def register(f: Any) -> Any:
        for name in names:
            ARRAYS[name] = f
        return f

    return register


@array_rule("*")
def _times(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) > 2:
        first = _times(walk, function, args[:2])
        return None if first is None else _times(walk, function, [first, *args[2:]])
    if len(args) != 2:
        return None
    a, b = args
    if type(a) is Turned or type(b) is Turned:
        return _turned_times(walk, function, a, b)
    example = function(a.example, b.example)
    if is_array(a, 2) and is_array(b) and b.ndim < 3 and floats(a, b):
        out = made(
            walk, PRODUCTS[2, b.ndim][0].format(x=a.name, y=b.name), example, a.active or b.active
        )
        if out.active:
            walk.flow.region.append(Product(out, a, b))
        return out
    if (is_number(a) and is_array(b)) or (is_array(a) and is_number(b)):
        return _scaled(walk, rules.mul, args, example)
    return None


def _turned_times(walk: Any, function: Any, a: Any, b: Any) -> Any:
    """A product with `x'`."""
    if type(a) is Turned and a.of.ndim == 1:
        if is_array(b, 1) and floats(a.of, b):
            return inner(walk, a.of, b)
        if is_array(b, 2) and floats(a.of, b):  # v' * M is (M' * v)'
            product = _times(walk, function, [_dense(walk, b), a.of])
            return Turned(product, function(a.example, b.example))
        return None
    if not all(is_array(x.of, 2) if type(x) is Turned else is_array(x) for x in (a, b)):
        return None
    return _times(walk, function, [_dense(walk, x.of) if type(x) is Turned else x for x in (a, b)])


def _dense(walk: Any, x: Val) -> Val:
    """The transpose of a matrix."""
    return applied(walk, rules.transpose, [x], "", type(x.example)(x.example.data.T))


def _scaled(walk: Any, op: Any, args: list[Any], example: Any) -> Any:
    kinds = {
        a.example.data.dtype if is_array(a) else np.dtype(type(a.example))
        for a in args
        if type(a.example) is not int
    }
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
            walk.flow.looks(f"{out.name}.shape != {b.name}.shape")
        out = elementwise(walk, op, [out, b], example)
    return out


def total(walk: Any, x: Val) -> Val:
    """The sum of an array of floats."""
    found = long_sum(walk, x)
    if found is not None:
        return found
    double = x.example.data.dtype == np.float64
    flat = (
        x.name
        if x.ndim == 1
        else f"({x.name}.reshape(-1, order='A') if {x.name}.flags.f_contiguous else {x.name}.ravel())"
    )
    text = f"add_reduce({flat})"
    example = (
        float(np.add.reduce(x.example.data, None))
        if double
        else np.add.reduce(x.example.data, None)
    )
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
        if not floats(x):
            return None
        if (
            type(f) is Const
            and f.example is Base.get("abs2")
            and function.name == "sum"
            and not options
            and not own_for_numbers(f.example, 1)
        ):
            walk.rests_on.append((f.example, None))
            return applied(
                walk,
                PRIMITIVES["sum_of_squares"],
                [x],
                "",
                function(f.example, x.example),
                pure=True,
            )
        x = mapped(walk, f, [x])
    else:
        (x,) = args
        if type(x) is Turned and not options:
            x = x.of
    if not floats(x):
        return None
    if options:
        return _sum_along(walk, function, x, **options)
    return total(walk, x) if function.name == "sum" else mean(walk, x)


def mean(walk: Any, x: Val) -> Val:
    """The mean of an array of floats."""
    s = total(walk, x)
    name = walk.flow.new("n")
    n = Val(Value(name, 1, False), 1, False)
    walk.flow.line(f"{name} = {x.name}.size", name, pure=True)
    walk.flow.line(f"if not {name}: raise Bail")
    kind = type(s.example)
    out = Val(
        Value(walk.flow.new("n"), s.slot.sample, False),
        s.example / kind(x.example.data.size or 1),
        s.active,
    )
    walk.flow.line(
        f"{out.name} = {s.name} / {name}"
        if kind is float
        else f"{out.name} = {s.name} / float32({name})",
        out.name,
        pure=True,
    )
    if out.active:
        walk.flow.region.append(Number(out, [s, n], rules.div.rule))
    return out


def _sum_along(walk: Any, function: Any, x: Val, dims: Any = None, **others: Any) -> Any:
    """Sums and means over dimensions."""
    axes: list[Any] = (
        [d.example for d in dims.items] if type(dims) is Tup else [getattr(dims, "example", None)]
    )
    if (
        others
        or not all(type(d) is int and 0 < d <= x.ndim for d in axes)
        or len(set(axes)) != len(axes)
    ):
        return None
    if type(dims) is not Const and not (
        type(dims) is Tup and all(type(d) is Const for d in dims.items)
    ):
        return None
    example = function.call_kw({"dims": dims.example}, x.example)
    static = f", axes=({''.join(f'{d - 1}, ' for d in sorted(axes))})"
    if function.name == "sum":
        return applied(walk, PRIMITIVES["sum_along"], [x], static, example)
    s = applied(walk, PRIMITIVES["sum_along"], [x], static, type(example)(np.array(example.data)))
    n = Val(
        Value(walk.flow.new("n"), 1, False),
        math.prod([x.example.data.shape[d - 1] for d in axes]),
        False,
    )
    walk.flow.line(
        f"{n.name} = {' * '.join(f'{x.name}.shape[{d - 1}]' for d in axes)}", n.name, pure=True
    )
    walk.flow.line(f"if not {n.name}: raise Bail")
    return elementwise(walk, rules.div, [s, n], example)


def stacked(walk: Any, args: list[Any]) -> Any:
    """`[a, b, …]` of numbers."""
    classes = {type(a.example) for a in args}
    if classes == {int} and all(map(is_number, args)) and not any(a.active for a in args):
        return made(
            walk,
            f"array([{', '.join([text_of(walk, a) for a in args])}], 'q')",
            wrap(np.array([a.example for a in args], "q")),
            False,
        )
    if (
        not args
        or not all(map(is_number, args))
        or not classes <= {float, int, np.float32}
        or len(classes & {float, np.float32}) != 1
    ):
        raise Refuse("an array of other values")
    char = "d" if float in classes else "f"
    example = wrap(np.array([a.example for a in args], char))
    out = made(
        walk,
        f"array([{', '.join([text_of(walk, a) for a in args])}], {char!r})",
        example,
        any(a.active for a in args),
    )
    if out.active:
        walk.flow.region.append(Stack(out, args))
    return out


@array_rule("vcat", "hcat", "cat")
def _joined(walk: Any, function: Any, args: list[Any], dims: Any = None) -> Any:
    """Arrays of one kind and as many dimensions, end to end; vectors side by side are left to the tape."""
    axis = {"vcat": 0, "hcat": 1}.get(function.name)
    if axis is None:
        axis = dims.example - 1 if type(dims) is Const and type(dims.example) is int else -1
    if not floats(*args) or len({x.ndim for x in args}) != 1 or not 0 <= axis < args[0].ndim:
        return None
    given = {} if function.name != "cat" else {"dims": axis + 1}
    example = function.call_kw(given, *[x.example for x in args])
    names = ", ".join([x.name for x in args])
    text = f"{walk.flow.hold(np.concatenate)}(({names},), {axis})"
    out = made(walk, text, example, any(x.active for x in args))
    if out.active:
        walk.flow.region.append(Joined(out, args, axis))
    return out


@array_rule("map")
def _map(walk: Any, function: Any, args: list[Any]) -> Any:
    f, *xs = args
    if not xs or not floats(*xs):
        return None
    walk.flow.same_shape([x.name for x in xs])
    return mapped(walk, f, xs)


@array_rule("dot", "⋅")
def _dot(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) != 2 or not floats(*args) or not all(is_array(a, 1) for a in args):
        return None
    return inner(walk, *args)


def inner(walk: Any, a: Val, b: Val) -> Val:
    """The sum of the products of the elements of two vectors."""
    walk.flow.same_shape([a.name, b.name])
    example = a.example.data.dot(b.example.data)
    return applied(
        walk, rules.matmul, [a, b], "", example if example.dtype == np.float32 else float(example)
    )


@array_rule("norm")
def _norm(walk: Any, function: Any, args: list[Any]) -> Any:
    return (
        applied(walk, PRIMITIVES["norm"], args, "", function(args[0].example))
        if len(args) == 1 and floats(*args)
        else None
    )


@array_rule("adjoint", "transpose")
def _turned(walk: Any, function: Any, args: list[Any]) -> Any:
    if len(args) == 1 and type(args[0]) is Turned:
        return args[0].of
    if len(args) != 1 or not floats(*args) or args[0].ndim > 2:
        return None
    if args[0].ndim == 1 or not args[0].active:
        return Turned(args[0], function(args[0].example))
    return applied(walk, rules.transpose, args, "", type(args[0].example)(args[0].example.data.T))


@array_rule("vec", "reshape")
def _reshaped(walk: Any, function: Any, args: list[Any]) -> Any:
    x, *dims = args
    if len(dims) == 1 and type(dims[0]) is Tup:
        dims = dims[0].items
    given = [d for d in dims if not (type(d) is Const and isinstance(d.example, V.ColonType))]
    if not floats(x) or not all(
        is_number(d) and type(d.example) is int and not d.active for d in given
    ):
        return None
    if (function.name == "reshape" and not dims) or len(dims) > len(given) + 1:
        return None
    example = function(x.example, *[d.example for d in dims])
    if not isinstance(example, Array):
        return None
    to = "-1, "
    if function.name == "reshape":
        to = "".join((text_of(walk, d) if d in given else "-1") + ", " for d in dims)
        if given:
            least = ", ".join(text_of(walk, d) for d in given)
            walk.flow.line(f"if min(({least},)) < {len(dims) - len(given)}: raise Bail")
    return applied(walk, PRIMITIVES["reshape"], [x], f", to=({to})", example)


@array_rule("dropdims")
def _dropped(walk: Any, function: Any, args: list[Any], dims: Any = None) -> Any:
    """Without dimensions of size one."""
    (x,) = args
    gone: list[Any] = (
        [d.example for d in dims.items] if type(dims) is Tup else [getattr(dims, "example", None)]
    )
    if not floats(x) or not all(type(d) is int and 0 < d <= x.ndim for d in gone):
        return None
    if type(dims) is not Const and not all(type(d) is Const for d in dims.items):
        return None
    example = function.call_kw({"dims": dims.example}, x.example)
    walk.flow.looks(" or ".join([f"{x.name}.shape[{d - 1}] != 1" for d in gone]))
    to = "".join([f"{x.name}.shape[{i}], " for i in range(x.ndim) if i + 1 not in gone])
    if not to:
        return None
    return applied(walk, PRIMITIVES["reshape"], [x], f", to=({to})", example)


@array_rule("permutedims")
def _permuted(walk: Any, function: Any, args: list[Any]) -> Any:
    """Dimensions in another order, which is known."""
    x, *order = args
    if not floats(x) or len(order) > 1 or (not order and x.ndim != 2):
        return None
    axes = (2, 1) if not order else tuple(getattr(order[0], "example", None) or ())
    fixed = not order or (type(order[0]) is Tup and all(type(d) is Const for d in order[0].items))
    if not fixed or sorted(axes) != list(range(1, x.ndim + 1)):
        return None
    example = function(*[a.example for a in args])
    static = f", axes={tuple([d - 1 for d in axes])!r}"
    return applied(walk, PRIMITIVES["permute"], [x], static, example)


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
            walk.flow.line(
                f"if not (0 < {i.name}.start and {i.name}.stop <= {x.name}.shape[{axis}]): raise Bail"
            )
            places.append(f"slice({i.name}.start - 1, max({i.name}.stop, {i.name}.start - 1))")
        else:
            return None
    name = walk.flow.new()
    walk.flow.line(f"{name} = ({', '.join(places)},)", name)
    return applied(
        walk, PRIMITIVES["getitem"], [x], f", index={name}", function(*[a.example for a in args])
    )


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
    return walk.opener.open(
        f"{args[0].name}.size", function(args[0].example), False, walk.flow.region, True, True
    )


for _name in (
    "size",
    "axes",
    "eachindex",
    "lastindex",
    "firstindex",
    "ndims",
    "eltype",
    "zero",
    "isempty",
):
    ARRAYS[_name] = _shape_only
