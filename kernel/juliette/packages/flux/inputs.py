"""Inputs take the element type of a layer's weights (Flux from 0.13.13 on)."""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.display.io import STDERR
from juliette.packages import zygote
from juliette.packages.flux.boundary import from_host, to_host
from juliette.packages.flux.profile import PROFILE
from juliette.packages.zygote.nodes import PLAIN
from juliette.runtime import types as T
from juliette.runtime.array import elements, wrap
from juliette.runtime.bigfloat import BigFloat
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import MethodError
from juliette.runtime.numeric import BigInt
from juliette_engine.rules import floating
from juliette_engine.tape import primal

# The fields that say of what kind a layer's numbers are, the first that a layer has.
_WEIGHTS = ("weight", "Wi", "scale", "cell")  # layers that normalise take what comes
_FIELD: dict[type, str | None] = {}
_warned: list[bool] = []


def weight_field(cls: type) -> str | None:
    """The field of a layer class that has the element type of its numbers."""
    if cls.__name__ in ("Embedding", "EmbeddingBag"):  # their inputs are indices
        return None
    return next((name for name in _WEIGHTS if name in cls.fields), None)  # type: ignore[attr-defined]


def weight_dtype(layer: Any) -> Any:
    """The element type of a layer's parameters, or None."""
    cls = layer.host
    if cls not in _FIELD:
        _FIELD[cls] = weight_field(cls)
    name = _FIELD[cls]
    value = None if name is None else getattr(layer, name)
    if name == "cell":
        return weight_dtype(value) if hasattr(value, "host") else None
    data = getattr(value, "data", None)
    return getattr(data, "dtype", None)


def matched(layer: Any, x: Any) -> Any:
    """The input in the element type of the weights, as the profile wants it.

    Whole numbers and truth values always take it; Float64 does in the modern profile, where it is
    mentioned once.
    """
    if type(x) is tuple:
        return tuple(matched(layer, v) for v in x)
    if not isinstance(x, ArrayLike):
        return x
    dtype = weight_dtype(layer)
    have = x.data.dtype
    if have.char == "O" and (dtype is not None or layer.arrays_only):
        return machine(x, dtype)
    if dtype is None or have == dtype or dtype.kind != "f" or have.kind not in "fiub":
        if have.kind == "c" or (dtype is not None and dtype.kind == "c"):
            refuse_order(layer, np.result_type(have, have if dtype is None else dtype))
        return x
    if have.kind == "f":
        if not PROFILE.modern or _FIELD[layer.host] == "scale":
            return x
        if have == np.float64 and dtype == np.float32:
            warn(layer, x)
    return from_host(cast(to_host(x), dtype))


# Activations that compare numbers, which complex ones are not for.
REAL_ONLY: set[Any] = set()


def refuse_order(layer: Any, dtype: Any) -> None:
    """The error of an activation that is for real numbers alone where they would be complex."""
    f = getattr(layer, "σ", None)
    if isinstance(f, GenericFunction) and f in REAL_ONLY:
        raise MethodError(f, (from_host(np.zeros((), dtype)[()]),), None)


def machine(x: Any, dtype: Any) -> Any:
    """An array of rational or mixed real numbers as one of floats; arrays of other values as they are."""
    if type(x) in PLAIN or zygote.is_traced(x):
        return x
    values = elements(np.asarray(x.data))
    if not values or any(isinstance(v, (BigFloat, BigInt)) or not T.isa(v, T.Real) for v in values):
        return x
    floats = np.array(
        [float(v) for v in values], dtype if dtype is not None and dtype.kind == "f" else float
    )
    return wrap(floats.reshape(np.shape(x.data), order="F"))


def known(x: Any) -> bool:
    """Is this something that layers of numbers take?"""
    if isinstance(x, ArrayLike):
        return bool(np.asarray(x.data).dtype.char != "O")
    return x is None or isinstance(x, (bool, int, float, np.generic, zygote.Tracer))


def cast(x: Any, dtype: Any) -> Any:
    """A differentiable conversion."""
    if not zygote.is_traced(x):
        return np.asfortranarray(primal(x), dtype=dtype)
    from juliette_engine.rules import mul

    return mul(floating(x), dtype.type(1))


def warn(layer: Any, x: Any) -> None:
    """Flux's warning about Float64 input, once in a session."""
    from juliette.display.show import one_line, summary

    if _warned:
        return
    _warned.append(True)
    STDERR.write(
        "┌ Warning: Layer with Float32 parameters got Float64 input.\n"
        "│   The input will be converted, but any earlier layers may be very slow.\n"
        f"│   layer = {layer.line()}\n"
        f"│   summary(x) = {one_line(summary(zygote.plain(x)))}\n"
        "└ @ Flux ~/.julia/packages/Flux/src/layers/stateless.jl:60\n"
    )
