"""How values of Base and Dates are saved: their type, and the parts of which they are made again."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import array_class
from juliette.runtime.modules import Base
from juliette.runtime.numeric import BigInt, Int128, UInt128
from juliette.runtime.ranges import float_steps

Parts = Callable[[Any], list[Any]]
Make = Callable[[Any, list[Any]], Any]


def _constructed(t: Any, parts: list[Any]) -> Any:
    return T.CONSTRUCT(t, tuple(parts), {})


def _wrapped(t: Any, parts: list[Any]) -> Any:
    return T.CONSTRUCT(T.unwrap(t).typename.wrapper, tuple(parts), {})


def _parsed(t: Any, parts: list[Any]) -> Any:
    return Base.bindings["parse"](t, parts[0])


def _whole(t: Any, parts: list[Any]) -> Any:
    return _WHOLE[T.unwrap(t).typename.name](int(parts[0]))


def _text(x: Any) -> list[Any]:
    return [Base.bindings["string"](x)]


def _steps(x: Any) -> list[Any]:
    """The start, the step and the length of a range of floats; as fractions if it has them."""
    start, step = (x.start, x.step) if x.exact is None else map(str, x.exact)
    return [start, step, x.len]


def _stepped(t: Any, parts: list[Any]) -> Any:
    start, step, length = parts
    if isinstance(start, str):
        return float_steps(Fraction(start), Fraction(step), length, T.unwrap(t).parameters[0])
    return _wrapped(t, parts)


def _constant(_: Any, parts: list[Any]) -> Any:
    return Base.bindings["MathConstants"].get(parts[0])


def _set(t: Any, parts: list[Any]) -> Any:
    return _constructed(t, [tuple(parts)])


def _seen(x: Any) -> list[Any]:
    return [x.parent, *(V.COLON if isinstance(i, V.Slice) else i for i in x.indices)]


def _view(_: Any, parts: list[Any]) -> Any:
    return Base.bindings["view"](*parts)


_WHOLE: dict[str, type] = {"BigInt": BigInt, "Int128": Int128, "UInt128": UInt128}

# By the name of the class: the parts of a value, and what makes a value of a type of its parts.
VALUES: dict[str, tuple[Parts, Make]] = {
    "Char": (lambda x: [x.bits], lambda _, v: V.Char.from_bits(v[0])),
    "MissingType": (lambda _: [], lambda _t, _v: V.MISSING),
    "Rational": (lambda x: [x.num, x.den], _constructed),
    "Complex": (lambda x: [x.re, x.im], _constructed),
    "Irrational": (lambda x: [x.name], _constant),
    "BigFloat": (_text, _parsed),
    "Some": (lambda x: [x.value], _constructed),
    "Ref": (lambda x: [x.x], _constructed),
    "CartesianIndex": (lambda x: list(x.index), _constructed),
    "VersionNumber": (_text, _constructed),
    "OneTo": (lambda x: [x.stop], _wrapped),
    "UnitRange": (lambda x: [x.start, x.stop], _wrapped),
    "StepRange": (lambda x: [x.start, x.step, x.stop], _constructed),
    "StepRangeLen": (_steps, _stepped),
    "LinRange": (lambda x: [x.start, x.stop, x.len], _wrapped),
    "JuliaSet": (lambda x: list(x.items()), _set),
    "BitArray": (
        lambda x: [array_class(T.Bool, x.data.ndim)(x.data)],
        lambda _, v: V.BitArray(v[0].data),
    ),
    "Adjoint": (lambda x: [x.parent], _wrapped),
    "Transpose": (lambda x: [x.parent], _wrapped),
    "SubArray": (_seen, _view),
    "Date": (_text, _constructed),
    "DateTime": (_text, _constructed),
    "Time": (_text, _constructed),
    "Period": (lambda x: [x.value], _constructed),
    **dict.fromkeys(_WHOLE, (lambda x: [str(int(x))], _whole)),
}


def kind_of(x: Any) -> str | None:
    """The name under which a value is saved by its type and its parts."""
    return next((c.__name__ for c in type(x).__mro__ if c.__name__ in VALUES), None)


_FAMILIES = {"MissingType": "Missing", "Ref": "RefValue", "JuliaSet": "Set"}
_PERIODS = [
    "Year",
    "Quarter",
    "Month",
    "Week",
    "Day",
    "Hour",
    "Minute",
    "Second",
    "Millisecond",
    "Microsecond",
    "Nanosecond",
]
_HOMES = ("Core", "Base", "LinearAlgebra", "Dates")


def make(kind: str, path: list[str], t: Any, parts: list[Any]) -> Any:
    """The value of such a type, which lies at the path, of its parts; KeyError for another type."""
    family = path[-1]
    if path[0] not in _HOMES or (
        family not in _PERIODS if kind == "Period" else family != _FAMILIES.get(kind, kind)
    ):
        raise KeyError(family)
    return VALUES[kind][1](t, parts)
