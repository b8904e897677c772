"""Numbers as Julia writes them: shortest digits that read back the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.runtime.numeric import BITS, BigInt, UInt128, decimal


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
    text = (
        np.format_float_scientific(x, unique=True, trim="-")
        if isinstance(x, np.floating)
        else f"{x!r}"
    )
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


def float_text(x: Any, *, compact: bool = False, typed: bool | str | None = True) -> str:
    """A float; `typed` keeps the `f0` of a Float32."""
    if type(x) is float and not compact and (1e-4 <= x < 1e6 or x == 0.0 or -1e6 < x <= -1e-4):
        return float.__repr__(x)
    single = isinstance(x, np.float32) and typed
    half = isinstance(x, np.float16) and typed and typed != "print"
    single = single and typed != "print"
    value = float(x)
    if value != value or value in (float("inf"), float("-inf")):
        text = "NaN" if value != value else "Inf" if value > 0 else "-Inf"
        return text + ("32" if single else "16" if half else "")
    sign = "-" if np.signbit(value) else ""
    ds, point = digits(abs(x), compact)
    exponent_mark = (
        "f" if isinstance(x, np.float32) and typed is not None and typed != "print" else "e"
    )
    if -4 < point <= (3 if isinstance(x, np.float16) else 6):
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
    """Any plain real number in its one-line form."""
    if x is True:
        return "true"
    if x is False:
        return "false"
    if type(x) is int:
        return str(x)
    if isinstance(x, (float, np.floating)):
        return float_text(x, compact=compact, typed=typed and not compact)
    if isinstance(x, (np.unsignedinteger, UInt128)):
        return f"0x{int(x):0{BITS[T.typeof(x)] // 4}x}"
    if isinstance(x, (int, np.integer)):
        return decimal(int(x))
    if isinstance(x, np.bool_):
        return "true" if x else "false"
    return str(x.text(6 if compact else None))


def plain_text(x: Any) -> str:
    """A real number as `print` writes it: unsigned ones in decimal, floats without their type."""
    if isinstance(x, np.unsignedinteger) or type(x) is UInt128:
        return str(int(x))
    if isinstance(x, np.floating):
        return float_text(x, typed="print")
    return number_text(x)


def complex_text(re: str, im: Any, show: Callable[[Any], str], compact: bool) -> str:
    """`a + bim`; the parts have their own forms."""
    bindings = Base.bindings
    negative = bindings["signbit"](im) and not bindings["isnan"](im)
    sign = "-" if negative else "+"
    if negative:
        im = (
            -int(im)
            if isinstance(im, int) and not isinstance(im, BigInt) and type(im) is not bool
            else bindings["-"](im)
        )
    plain = (T.isa(im, T.Integer) and type(im) is not bool) or (
        T.isa(im, T.AbstractFloat) and bindings["isfinite"](im)
    )
    return f"{re}{sign if compact else f' {sign} '}{show(im)}{'' if plain else '*'}im"
