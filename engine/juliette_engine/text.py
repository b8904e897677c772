"""Small values as Julia writes them: numbers, tuples, functions, the summary of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# How functions and other values of a front end print: `f(x)` gives the text, or None.
FOREIGN: list[Callable[[Any], str | None]] = []

_SYMBOLS = {
    "add": "+", "sub": "-", "subtract": "-", "mul": "*", "multiply": "*", "div": "/",
    "truediv": "/", "true_divide": "/", "maximum": "max", "minimum": "min", "concatenate": "cat",
}  # fmt: skip
_ELTYPES = {
    "float64": "Float64", "float32": "Float32", "float16": "Float16", "int64": "Int64",
    "int32": "Int32", "int16": "Int16", "int8": "Int8", "uint64": "UInt64", "uint32": "UInt32",
    "uint16": "UInt16", "uint8": "UInt8", "bool": "Bool", "complex128": "ComplexF64",
    "complex64": "ComplexF32", "object": "Any",
}  # fmt: skip


def function_name(f: Any) -> str:
    """How a function prints inside a layer."""
    for text in FOREIGN:
        found = text(f)
        if found is not None:
            return found
    name = str(getattr(f, "__name__", type(f).__name__))
    return _SYMBOLS.get(name, name)


def float_text(x: float, suffix: str = "") -> str:
    """The shortest digits that read back as the number, in Julia's layout."""
    if x != x:
        return "NaN" + ("32" if suffix else "")
    if x in (float("inf"), float("-inf")):
        return ("-" if x < 0 else "") + "Inf" + ("32" if suffix else "")
    text = np.format_float_scientific(np.float32(x) if suffix else x, trim="-")
    mantissa, _, exponent = text.partition("e")
    e = int(exponent)
    if x == 0 or -5 < e < 6:
        plain = np.format_float_positional(np.float32(x) if suffix else x, trim="0")
        return plain + ("f0" if suffix else "")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{'f' if suffix else 'e'}{e}"


def value_text(x: Any) -> str:
    """A value as it is written in a constructor."""
    if x is None:
        return "nothing"
    if isinstance(x, (bool, np.bool_)):
        return "true" if x else "false"
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    if isinstance(x, np.float32):
        return float_text(float(x), "f0")
    if isinstance(x, (float, np.float64)):
        return float_text(float(x))
    if type(x) is tuple:
        return "(" + ", ".join(map(value_text, x)) + (",)" if len(x) == 1 else ")")
    if isinstance(x, tuple):
        return repr(x)
    if isinstance(x, str):
        return ":" + x
    if isinstance(x, slice):
        return ":"
    line = getattr(x, "line", None)
    return str(line()) if line is not None else function_name(x)


def compact_text(x: Any) -> str:
    """A value as it is written inside another: six digits, and no suffix for Float32."""
    if isinstance(x, (float, np.floating)) and not isinstance(x, bool):
        return float_text(float(f"{float(x):.6g}"))
    if type(x) is tuple:
        return "(" + ", ".join(map(compact_text, x)) + (",)" if len(x) == 1 else ")")
    return value_text(x)


def eltype_name(dtype: Any) -> str:
    """Julia's name of an element type."""
    return _ELTYPES.get(np.dtype(dtype).name, str(dtype))


def type_name(x: Any) -> str:
    """Julia's name of the type of an array."""
    n = np.ndim(x)
    t = eltype_name(np.asarray(x).dtype)
    return {1: f"Vector{{{t}}}", 2: f"Matrix{{{t}}}"}.get(n, f"Array{{{t}, {n}}}")


def summary(x: Any) -> str:
    """Size and type of an array: `2×3 Matrix{Float32}`."""
    shape = np.shape(x)
    if not shape and not isinstance(x, np.ndarray):
        return "Int64" if isinstance(x, int) else eltype_name(np.asarray(x).dtype)
    if len(shape) == 1:
        return f"{shape[0]}-element {type_name(x)}"
    return f"{'×'.join(map(str, shape)) or '0-dimensional'} {type_name(x)}"


# Element types whose numbers say themselves what they are.
_PLAIN = ("Float64", "Int64")


def array_text(x: Any) -> str:
    """An array on one line: `[1.0 2.0; 3.0 4.0]`, long ones without their middle; of three dimensions its summary."""
    x = np.asarray(x)
    if x.ndim > 2 or x.ndim == 0:
        return summary(x)
    texts: dict[str, Callable[[Any], str]] = {
        "b": lambda v: str(int(v)),
        "f": lambda v: compact_text(float(v)),
    }
    number = texts.get(x.dtype.kind, compact_text)
    if x.ndim == 1:
        inside = _elided([number(v) for v in x], 20, ", ", "  …  ") if x.size else ""
    else:
        rows = [
            _elided([number(v) for v in row], 4 if max(x.shape) > 4 else 20, " ", " … ")
            for row in x
        ]
        inside = _elided(rows, 4 if max(x.shape) > 4 else 20, "; ", "; … ; ") + (
            ";;" if x.shape[1] == 1 else ""
        )
    kind = eltype_name(x.dtype)
    return ("" if kind in _PLAIN and x.size else kind) + f"[{inside}]"


def _elided(items: list[str], most: int, between: str, gap: str) -> str:
    if len(items) <= most:
        return between.join(items)
    half = most // 2
    return gap.join((between.join(items[:half]), between.join(items[-half:])))


def state_text(x: Any) -> str:
    """A state of an optimiser: arrays and numbers in tuples."""
    if type(x) is tuple:
        return "(" + ", ".join(map(state_text, x)) + (",)" if len(x) == 1 else ")")
    data = getattr(x, "data", None)
    if isinstance(x, np.ndarray) or isinstance(data, np.ndarray):
        return array_text(x if data is None or isinstance(x, np.ndarray) else data)
    return compact_text(x)
