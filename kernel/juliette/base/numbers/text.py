"""Digits of numbers: `digits ndigits string(n; base, pad)`; big literals, precision of BigFloat."""

from __future__ import annotations

import math
import re
from typing import Any

from juliette.base.numbers.parsing import (
    DIGITS,
    MORE_DIGITS,
    BadNumber,
    float_pattern,
    parse_integer,
)
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import (
    ArgumentError,
    DomainError,
    TypeError_,
)
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    MAKER,
    BigFloat_,
    BigInt,
    BigInt_,
    Int128_,
    UInt128_,
    decimal,
)
from juliette.syntax.expr import Expr, GlobalRef, Symbol

# ---------------------------------------------------------------- digits


def check_base(base: Any) -> None:
    if abs(int(base)) < 2:
        raise DomainError(base, "The base must not be in `[-1, 0, 1]`.")


def digit_list(n: int, base: int) -> list[int]:
    """The digits, lowest first."""
    out = []
    sign = 1
    if base > 0 and n < 0:
        n, sign = -n, -1
    while n:
        n, r = divmod(n, base)
        if r < 0:
            n, r = n + 1, r - base
        out.append(sign * r)
    return out


@Base.method("digits(n::Integer; base::Integer=10, pad::Integer=1)")
def digits(n: Any, *, base: int = 10, pad: int = 1) -> Any:
    """The digits of a number, lowest first.

    ```jldoctest
    julia> digits(120), digits(5, base=2, pad=4)
    ([0, 2, 1], [1, 0, 1, 0])
    ```
    """
    return digits_of(T.Int64, n, base=base, pad=pad)


@Base.method("digits(::Type{T}, n::Integer; base::Integer=10, pad::Integer=1) where T<:Integer")
def digits_of(t: Any, n: Any, *, base: int = 10, pad: int = 1) -> Any:
    check_base(base)
    if isinstance(base, BigInt):
        t = BigInt_
    out = digit_list(int(n), int(base))
    out += [0] * (int(pad) - len(out))
    return vector(out if t is T.Int64 else [MAKER[t](d) for d in out], t)


@Base.method("digits!(a::AbstractArray, n::Integer; base::Integer=10)")
def digits_into(a: Any, n: Any, *, base: int = 10) -> Any:
    """Fill an array with the digits of a number."""
    check_base(base)
    out = digit_list(int(n), int(base))
    out += [0] * (a.data.size - len(out))
    a.data[...] = [Base.bindings["convert"](a.eltype, d) for d in out[: a.data.size]]
    return a


@Base.method("ndigits(n::Integer; base::Integer=10, pad::Integer=1)")
def ndigits(n: Any, *, base: int = 10, pad: int = 1) -> int:
    """How many digits a number has.

    ```jldoctest
    julia> ndigits(12345), ndigits(1022, base=16)
    (5, 3)
    ```
    """
    check_base(base)
    if base == 10:
        return max(len(decimal(abs(int(n)))) if n else 0, pad)
    return max(len(digit_list(int(n), int(base))) if n else 0, pad)


def in_base(n: Any, base: int, pad: int = 1) -> str:
    """`string(n; base, pad)`"""
    if base == 10:
        text = decimal(abs(int(n)))
    else:
        if not (2 <= base <= 62 or -62 <= base <= -2):
            raise ArgumentError(f"base must be 2 ≤ base ≤ 62, got {base}")
        letters = DIGITS if abs(base) <= 36 else MORE_DIGITS
        if base == 16:
            text = f"{abs(int(n)):x}"
        elif base == 2:
            text = f"{abs(int(n)):b}"
        else:
            value = int(n) if base < 0 else abs(int(n))
            text = "".join(letters[d] for d in reversed(digit_list(value, base))) or "0"
    return ("-" if int(n) < 0 and base > 0 else "") + text.rjust(pad, "0")


@Base.method("string(n::Integer; base=10, pad=1)")
def string_in_base(n: Any, *, base: Any = 10, pad: Any = 1) -> str:
    for name, value in (("base", base), ("pad", pad)):
        if not T.isa(value, T.Integer):
            raise TypeError_(Symbol("keyword argument"), name, T.Integer, value)
    if base == 10 and pad <= 1:
        from juliette.display.show import string_of

        return string_of(n)
    return in_base(n, int(base), int(pad))


# ---------------------------------------------------------------- literals


def big_number(text: str) -> Any:
    """The value of `big"…"`: an integer if it is one, else a BigFloat."""
    if re.search(r"^_|_$|_\.|\._", text):
        raise ArgumentError(f"invalid number format {text} for BigInt or BigFloat")
    s = text.replace("_", "")
    try:
        return parse_integer(BigInt_, s, None)
    except BadNumber:
        pass
    from juliette.runtime.bigfloat import BigFloat

    value = BigFloat.parse(s) if float_pattern().fullmatch(s.strip()) else None
    if value is None:
        raise ArgumentError(f"invalid number format {text} for BigInt or BigFloat")
    return value


def _literal(name: str, t: Any, doc: str) -> None:
    @Base.macro(name)
    def literal(context: Any, text: str, *flags: Any) -> Any:
        try:
            return parse_integer(t, text.replace("_", ""), None)
        except BadNumber as e:
            raise ArgumentError(str(e)) from None

    literal.__doc__ = doc


_literal("int128_str", Int128_, '`int128"…"`')
_literal("uint128_str", UInt128_, '`uint128"…"`')


@Base.macro("big_str")
def big_str(context: Any, text: str, *flags: Any) -> Any:
    """`big"123"` and `big"1.5"`: numbers of any size."""
    try:
        return big_number(text)
    except ArgumentError as error:
        made = Expr("call", GlobalRef(Base, Symbol("ArgumentError")), error.msg)
        return Expr("call", GlobalRef(Base, Symbol("throw")), made)


# ---------------------------------------------------------------- precision of BigFloat


@Base.method("setprecision(::Type{BigFloat}, n::Integer; base=2)")
def setprecision_type(t: Any, n: Any, *, base: int = 2) -> int:
    """Set the precision of new BigFloats in bits; with a function, only while it runs."""
    return setprecision(n, base=base)


@Base.method("setprecision(n::Integer; base=2)")
def setprecision(n: Any, *, base: int = 2) -> int:
    from juliette.runtime.bigfloat import Precision

    if n < 1:
        raise DomainError(n, "`precision` cannot be less than 1.")
    bits = int(n) if base == 2 else math.ceil(int(n) * math.log2(base))
    Precision.bits = bits
    return bits


@Base.method("setprecision(f::Function, n::Integer; base=2)")
def with_precision(f: Any, n: Any, *, base: int = 2) -> Any:
    from juliette.runtime.bigfloat import Precision

    before = Precision.bits
    setprecision(n, base=base)
    try:
        return f()
    finally:
        Precision.bits = before


@Base.method("setprecision(f::Function, ::Type{BigFloat}, n::Integer; base=2)")
def with_precision_of(f: Any, t: Any, n: Any, *, base: int = 2) -> Any:
    return with_precision(f, n, base=base)


@Base.method("rounding(t::Type)")
def rounding_mode(t: Any) -> Any:
    """The rounding mode of arithmetic of a type."""
    from juliette.base.numbers.rounding import RoundingMode

    if t is BigFloat_:
        from juliette.runtime.bigfloat import MODES, Precision

        name = next(k for k, v in MODES.items() if v == Precision.rounding)
        return RoundingMode.MODES[name]
    return RoundingMode.MODES["Nearest"]


@Base.method("setrounding(::Type{BigFloat}, r::RoundingMode)")
def setrounding(t: Any, r: Any) -> Any:
    """Set the rounding mode of BigFloat arithmetic."""
    from juliette.runtime.bigfloat import MODES, Precision

    Precision.rounding = MODES[r.name]
    return r


@Base.method("setrounding(f::Function, ::Type{BigFloat}, r::RoundingMode)")
def with_rounding(f: Any, t: Any, r: Any) -> Any:
    from juliette.runtime.bigfloat import MODES, Precision

    before = Precision.rounding
    Precision.rounding = MODES[r.name]
    try:
        return f()
    finally:
        Precision.rounding = before
