"""Numbers as Julia writes them: shortest digits that read back the same."""

from __future__ import annotations

from typing import Any

import numpy as np


def digits(x: Any, compact: bool) -> tuple[str, int]:
    """Significant decimal digits and the position of the point before the first of them."""
    if compact:
        text = f"{float(x):.5e}"
        if isinstance(x, np.floating) or len(shortest(x)[0]) < 6:
            short = shortest(x)
            if len(short[0]) <= 6:
                return short
        mantissa, exponent = text.split("e")
        return mantissa.replace(".", "").rstrip("0") or "0", int(exponent) + 1
    return shortest(x)


def shortest(x: Any) -> tuple[str, int]:
    text = np.format_float_scientific(x, unique=True, trim="-") if isinstance(x, np.floating) else f"{x!r}"
    if "e" in text:
        mantissa, exponent = text.split("e")
    else:
        mantissa, exponent = text, "0"
    whole, _, part = mantissa.partition(".")
    joined = whole + part
    stripped = joined.lstrip("0")
    point = len(whole) + int(exponent) - (len(joined) - len(stripped))
    stripped = stripped.rstrip("0")
    return (stripped or "0"), (point if stripped else 1)


def float_text(x: Any, *, compact: bool = False, typed: bool = True) -> str:
    """A float; `typed` keeps the `f0` of a Float32."""
    single = isinstance(x, np.float32) and typed
    half = isinstance(x, np.float16) and typed
    value = float(x)
    if value != value or value in (float("inf"), float("-inf")):
        text = "NaN" if value != value else "Inf" if value > 0 else "-Inf"
        return text + ("32" if single else "16" if half else "")
    sign = "-" if np.signbit(value) else ""
    ds, point = digits(abs(x), compact)
    exponent_mark = "f" if isinstance(x, np.float32) and typed is not None and typed != "print" else "e"
    if -4 < point <= 6:
        if point <= 0:
            text = "0." + "0" * -point + ds
        elif len(ds) <= point:
            text = ds + "0" * (point - len(ds)) + ".0"
        else:
            text = ds[:point] + "." + ds[point:]
        suffix = "f0" if single else ""
    else:
        text = ds[0] + "." + (ds[1:] or "0")
        suffix = f"{exponent_mark}{point - 1}"
    text = sign + text + suffix
    return f"Float16({text})" if half else text


def number_text(x: Any, *, compact: bool = False, typed: bool = True) -> str:
    """Any plain number in its one-line form."""
    if x is True:
        return "true"
    if x is False:
        return "false"
    if type(x) is int:
        return str(x)
    if isinstance(x, (float, np.floating)):
        return float_text(x, compact=compact, typed=typed)
    if isinstance(x, np.unsignedinteger):
        return f"0x{int(x):0{x.dtype.itemsize * 2}x}"
    if isinstance(x, np.bool_):
        return "true" if x else "false"
    return str(x)
