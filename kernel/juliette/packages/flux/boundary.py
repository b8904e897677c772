"""The one boundary between Julia's values and the engine's: `to_host` and `from_host`.

Arrays lose or gain their Julia header, pairs are two-tuples, named tuples dictionaries; a Julia
function becomes a Python one that translates its own arguments, an engine function the Julia
function of its name.  Layers, numbers and everything else pass as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.packages import zygote
from juliette.packages.zygote.nodes import PLAIN as PLAIN_CLASS
from juliette.runtime import broadcast as B
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array, elements, wrap
from juliette.runtime.dispatch import GenericFunction, call_kw
from juliette.runtime.errors import TRANSLATORS
from juliette.runtime.modules import PACKAGES, Base
from juliette.syntax.expr import Symbol
from juliette_engine import errors as engine_errors
from juliette_engine.gradients import GradientError

# Engine functions and the Julia functions of the same meaning, both ways, by identity.
_JULIA: dict[int, Any] = {}
_ENGINE: dict[int, Any] = {}
_KEPT: list[Any] = []  # what the identities belong to

TRANSLATORS[engine_errors.DimensionMismatch] = lambda e: E.DimensionMismatch(str(e))
TRANSLATORS[engine_errors.ArgumentError] = lambda e: E.ArgumentError(str(e))
TRANSLATORS[engine_errors.AssertionFailed] = lambda e: E.AssertionError_(str(e))
TRANSLATORS[engine_errors.DomainError] = lambda e: E.DomainError(from_host(e.value), str(e))
TRANSLATORS[engine_errors.OutOfBounds] = lambda e: E.BoundsError(
    from_host(e.array),
    tuple([V.UnitRange(i.start + 1, i.stop) if isinstance(i, slice) else i + 1 for i in e.index])
    if isinstance(e.index, tuple)
    else (V.UnitRange(1, e.array.shape[0]), e.index + 1),
)
TRANSLATORS[engine_errors.Inapplicable] = lambda e: inapplicable(e)
TRANSLATORS[engine_errors.UsageError] = lambda e: E.ErrorException(str(e))
TRANSLATORS[GradientError] = lambda e: E.ErrorException(str(e))


def same_function(julia: Any, engine: Any) -> None:
    """Declare that a Julia function and an engine function are one."""
    _JULIA.setdefault(id(engine), julia)
    _ENGINE[id(julia)] = engine
    _KEPT.extend((julia, engine))


def engine_function(f: Any) -> Any:
    """The engine's function for a Julia function, or None."""
    return _ENGINE.get(id(f))


class Listed(list[Any]):
    """The elements of a Julia vector of objects; `array` is the vector."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        super().__init__(map(to_host, elements(array.data)))
        self.array = array


_PLAIN = {int, float, bool, str, type(None), np.float32, np.float64}


def to_host(x: Any) -> Any:
    """A Julia value as the engine takes it."""
    cls = type(x)
    if cls in _PLAIN or cls in PLAIN_CLASS or isinstance(x, zygote.Tracer):
        return x
    if isinstance(x, Array):
        data = x.data
        if data.dtype.char != "O":
            return data
        return zygote.complex_data(x) if zygote.is_complex(x) else Listed(x)
    if cls is tuple:
        return tuple(map(to_host, x))
    if isinstance(x, V.Pair):
        return to_host(x.first), to_host(x.second)
    if issubclass(cls, V.NamedTuple):
        return dict(zip(x.names, map(to_host, x.values), strict=True))
    if cls is Symbol:
        return x.name
    if isinstance(x, V.ColonType):
        return slice(None)
    if hasattr(x, "to_host"):
        return x.to_host()
    return zygote.to_engine(x) if isinstance(x, ArrayLike) else x


def from_host(x: Any) -> Any:
    """An engine value as Julia sees it."""
    cls = type(x)
    if cls is np.ndarray:
        return wrap(x) if x.dtype.char in "fd" else zygote.to_julia(x)
    if cls in PLAIN_CLASS:  # a traced array of Julia's
        return x
    if isinstance(x, (np.ndarray, zygote.Tracer)):
        return zygote.to_julia(x)
    if cls is tuple:
        return tuple_from_host(x, {})
    if cls is dict:
        return V.NamedTuple(tuple(x), tuple(map(from_host, x.values())))
    if cls is Listed:
        return x.array
    if cls is np.float64 or cls is np.int64 or cls is np.bool_:
        return x.item()
    if cls is list:
        return B.from_values(list(map(from_host, x)), (len(x),))
    if callable(x):
        return _JULIA.get(id(x), x)
    return x


def tuple_from_host(x: tuple[Any, ...], seen: dict[int, Any]) -> tuple[Any, ...]:
    """A tuple as Julia sees it; what occurs twice, like the state that is also the output, is one."""
    out = []
    for v in x:
        if type(v) is tuple:
            out.append(tuple_from_host(v, seen))
            continue
        if id(v) not in seen:
            seen[id(v)] = from_host(v)
        out.append(seen[id(v)])
    return tuple(out)


# Base's functions for the engine's operations whose names differ.
_OPERATIONS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "power": "^", "absolute": "abs",
    "atan2": "atan",
}  # fmt: skip


def inapplicable(error: engine_errors.Inapplicable) -> Any:
    """The MethodError of an operation on values that have none; None if it is none of Base's."""
    operands = tuple(_operand(x, error.whole) for x in error.values)
    name = _OPERATIONS.get(error.name, error.name)
    calls = [(name, operands)]
    if error.name == "xlogy":  # a * log(b)
        calls = [("log", operands[1:]), ("*", operands)]
    for called, given in calls:
        f = Base.bindings.get(called) or PACKAGES["NNlib"].bindings.get(called)
        if isinstance(f, GenericFunction) and not f.matching(tuple(map(T.dispatch_type, given))):
            return E.MethodError(f, given, None)
    layer = PACKAGES["Flux"].bindings.get(name)
    if isinstance(layer, T.JuliaType):
        return E.MethodError(layer, operands, None)
    # Base has a method, but none for what is differentiated.
    f = Base.bindings.get(name)
    return E.MethodError(f, operands, None) if isinstance(f, GenericFunction) else None


def _operand(x: Any, whole: bool) -> Any:
    """What an operation sees of a value: if it is elementwise, an element of an array, or the value."""
    x = zygote.primal(x)
    if whole:
        return from_host(x)
    if isinstance(x, np.ndarray) and x.size:
        x = x.flat[0]
    elif type(x) is Listed and x:
        return elements(x.array.data)[0]
    return from_host(getattr(x, "julia", x))


def host_function(f: Any) -> Callable[..., Any]:
    """A Julia function as a Python one that translates its arguments and its value."""
    if isinstance(f, GenericFunction) and id(f) in _ENGINE and id(f) in _WHOLE:
        return _ENGINE[id(f)]

    def call(*args: Any, **keywords: Any) -> Any:
        return to_host(call_kw(f, keywords, *map(from_host, args)))

    call.julia = f  # type: ignore[attr-defined]
    return call


# Julia functions whose engine functions may be called on whole arrays.
_WHOLE: set[int] = set()


def host_elementwise(f: Any) -> Callable[[Any], Any]:
    """A Julia function as a Python one that applies it to each element."""
    found = _ENGINE.get(id(f))
    if found is not None:
        return found
    return lambda x: to_host(B.materialize(B.broadcasted(f, from_host(x))))
