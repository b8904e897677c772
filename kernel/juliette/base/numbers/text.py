"""Numbers from and to text: `parse tryparse digits ndigits string(n; base, pad)`, big literals."""

from __future__ import annotations

import functools
import math
import re
from typing import Any

from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, DomainError, MethodError, OverflowError_, TypeError_
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    FLOATS,
    INT_RANGE,
    MAKER,
    BigFloat_,
    BigInt,
    BigInt_,
    Int128,
    Int128_,
    UInt128,
    UInt128_,
    complex_maker,
    decimal,
    fits,
    rational,
    to_float,
    to_number,
)
from juliette.syntax.expr import Expr, QuoteNode, Symbol

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class BadNumber(Exception):
    """Text that is no number: Julia's message."""


def quoted(text: str) -> str:
    return Base.bindings["repr"](text)  # type: ignore[no-any-return]


def digit_value(c: str, base: int) -> int:
    """The value of a digit; above 36 capitals come before small letters."""
    if base <= 36:
        value = _LETTERS.find(c.lower()) if c.isascii() else -1
    else:
        value = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".find(c)
    return value if 0 <= value < base else -1


def parse_integer(t: Any, text: str, base: int | None) -> Any:
    """An integer of a type from text with an optional sign, and `0x`, `0b`, `0o` where no base is given."""
    if base is not None and not 2 <= base <= 62:
        raise ArgumentError(f"invalid base: base must be 2 ≤ base ≤ 62, got {base}")
    s = text.strip(" \t\n\v\f\r")
    if not s:
        raise BadNumber("input string is empty or only contains whitespace")
    sign = 1
    body = s
    if s[0] in "+-":
        sign = -1 if s[0] == "-" else 1
        body = s[1:].lstrip(" \t\n\v\f\r") if len(s) > 1 else ""
        if not body:
            raise BadNumber(f"premature end of integer: {quoted(text)}")
        if sign < 0 and t in INT_RANGE and INT_RANGE[t][0] == 0:
            sign = -1
    if base is None:
        base = 10
        if len(body) > 1 and body[0] == "0" and body[1] in "xbo":
            base = {"x": 16, "b": 2, "o": 8}[body[1]]
            body = body[2:]
            if not body:
                raise BadNumber(f"premature end of integer: {quoted(text)}")
    value = 0
    if base == 10 and body.isascii() and body.isdigit() and len(body) < 4000:
        value = int(body)
    else:
        for i, c in enumerate(body):
            d = digit_value(c, base)
            if d < 0:
                if c.isspace() and not body[i:].strip():
                    break
                if c.isspace():
                    raise BadNumber(f"extra characters after whitespace in {quoted(text)}")
                raise BadNumber(f"invalid base {base} digit {char_repr(c)} in {quoted(text)}")
            value = value * base + d
    value *= sign
    if t is not BigInt_ and not fits(t, value):
        if value < 0 and INT_RANGE[t][0] == 0:
            raise BadNumber(f"invalid base {base} digit '-' in {quoted(text)}")
        raise Overflow(f"overflow: {quoted(text)}")
    return MAKER[t](value)


class Overflow(BadNumber):
    """A number that the type cannot hold."""


def char_repr(c: str) -> str:
    return Base.bindings["repr"](V.Char(ord(c)))  # type: ignore[no-any-return]


@functools.cache
def _float_pattern() -> re.Pattern[str]:
    return re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eEfFpP][+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII)

@functools.cache
def _hex_pattern() -> re.Pattern[str]:
    return re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?")



def parse_float(t: Any, text: str) -> Any:
    s = text.strip(" \t\n\v\f\r")
    value: float
    if _hex_pattern().fullmatch(s):
        value = float.fromhex(s)
    elif _float_pattern().fullmatch(s) and not re.search(r"\d[pP]", s):
        if t is BigFloat_:
            from juliette.runtime.bigfloat import BigFloat

            return BigFloat.parse(s)
        value = float(re.sub(r"(?<=[\d.])[fF]", "e", s))
    else:
        if not s:
            raise BadNumber("input string is empty or only contains whitespace" if t is BigFloat_ else f"cannot parse {quoted(text)} as {T.type_string(t)}")
        raise BadNumber(f"cannot parse {quoted(text)} as {T.type_string(t)}")
    return to_number(t, value) if t is BigFloat_ else to_float(t, value)


@functools.cache
def _complex_pattern() -> re.Pattern[str]:
    return re.compile(r"\s*(?P<re>[+-]?[^+\-ij\s]+(?:[eE][+-]?\d+)?)?\s*(?:(?P<sign>[+-])\s*(?P<im>[^+\-ij\s]*(?:[eE][+-]?\d+)?)\s*\*?\s*(?:im|i|j))?\s*")



def parse_number(t: Any, text: str, base: int | None) -> Any:
    """A value of a number type from text; raises BadNumber."""
    if t in (T.Integer, T.Signed):
        t = T.Int64
    elif t in (T.Real, T.AbstractFloat):
        t = T.Float64
    if t is T.Bool:
        s = text.strip()
        if s in ("true", "false", "1", "0"):
            return s in ("true", "1")
        if not s:
            raise BadNumber("input string is empty or only contains whitespace")
        value = parse_integer(T.Int64, text, base)
        raise BadNumber(f"invalid Bool representation: {quoted(text)}" if value not in (0, 1) else "")
    if t in INT_RANGE or t is BigInt_:
        return parse_integer(t, text, base)
    if t in FLOATS or t is BigFloat_:
        return parse_float(t, text)
    if t is T.Char_:
        if len(text) != 1:
            raise BadNumber(f"argument must be a single character" if False else f"cannot parse {quoted(text)} as Char")
        return V.Char(ord(text))
    name = t.typename.name if isinstance(t, T.DataType) else ""
    if name == "Complex":
        kind = t.parameters[0]
        only = re.fullmatch(r"\s*([+-]?[^+\-ij\s]*?)\s*\*?\s*(?:im|i|j)\s*", text)
        if only:
            part = only.group(1)
            return complex_maker(kind)(to_number(kind, 0), parse_number(kind, {"": "1", "+": "1", "-": "-1"}.get(part, part), base))
        found = _complex_pattern().fullmatch(text)
        if not found or not found["re"]:
            raise BadNumber(f"cannot parse {quoted(text)} as {T.type_string(t)}" if not text.strip() else f"expected trailing \"im\", found only {quoted(text.strip())}")
        re_part = parse_number(kind, found["re"], base)
        im_part = parse_number(kind, (found["sign"] or "") + (found["im"] or "1"), base) if found["sign"] else to_number(kind, 0)
        return complex_maker(kind)(re_part, im_part)
    if name == "Rational":
        kind = t.parameters[0]
        top, slash, bottom = text.partition("//")
        if not slash:
            top, slash, bottom = text.partition("/")
        return rational(kind, parse_number(kind, top, base), parse_number(kind, bottom, base) if slash else 1)
    raise MethodError(Base.bindings["tryparse"], (t, text), None)


@Base.method("parse(t, s::AbstractString; base=nothing)")
def parse(t: Any, s: str, *, base: Any = None) -> Any:
    """A number from its text.

    ```jldoctest
    julia> parse(Int, "1234"), parse(Int, "ff", base=16), parse(Float64, "2.5e-3")
    (1234, 255, 0.0025)
    ```
    """
    try:
        return parse_number(t, str(s), base)
    except Overflow as e:
        raise OverflowError_(str(e)) from None
    except BadNumber as e:
        raise ArgumentError(str(e)) from None


@Base.method("tryparse(t, s::AbstractString; base=nothing)")
def tryparse(t: Any, s: str, *, base: Any = None) -> Any:
    """A number from its text, or `nothing`.

    ```jldoctest
    julia> tryparse(Int, "12x") === nothing
    true
    ```
    """
    try:
        return parse_number(t, str(s), base)
    except BadNumber:
        return None


@Base.method("parse(t, c::AbstractChar; base=10)")
def parse_char(t: Any, c: Any, *, base: int = 10) -> Any:
    d = digit_value(c.text, base)
    if d < 0:
        raise ArgumentError(f"invalid base {base} digit {Base.bindings['repr'](c)}")
    return Base.bindings["convert"](t, d)


# ---------------------------------------------------------------- digits


def check_base(base: int) -> None:
    if abs(base) < 2:
        raise DomainError(base, "base must be ≥ 2 or ≤ -2") if False else DomainError(
            base, f"invalid base: base can not be in (-1, 0, 1)")


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


@Base.method("digits(n::Integer; base=10, pad=1)")
def digits(n: Any, *, base: int = 10, pad: int = 1) -> Any:
    """The digits of a number, lowest first.

    ```jldoctest
    julia> digits(120), digits(5, base=2, pad=4)
    ([0, 2, 1], [1, 0, 1, 0])
    ```
    """
    return digits_of(T.Int64, n, base=base, pad=pad)


@Base.method("digits(::Type{T}, n::Integer; base=10, pad=1) where T<:Integer")
def digits_of(t: Any, n: Any, *, base: int = 10, pad: int = 1) -> Any:
    check_base(int(base))
    if isinstance(base, BigInt):
        t = BigInt_
    out = digit_list(int(n), int(base))
    out += [0] * (int(pad) - len(out))
    return vector([MAKER[t](d) for d in out], t)


@Base.method("digits!(a::AbstractArray, n::Integer; base=10)")
def digits_into(a: Any, n: Any, *, base: int = 10) -> Any:
    """Fill an array with the digits of a number."""
    check_base(base)
    out = digit_list(int(n), base)
    out += [0] * (a.data.size - len(out))
    a.data[...] = [Base.bindings["convert"](a.eltype, d) for d in out[: a.data.size]]
    return a


@Base.method("ndigits(n::Integer; base=10, pad=1)")
def ndigits(n: Any, *, base: int = 10, pad: int = 1) -> int:
    """How many digits a number has.

    ```jldoctest
    julia> ndigits(12345), ndigits(1022, base=16)
    (5, 3)
    ```
    """
    if abs(int(base)) < 2:
        raise DomainError(base, f"`base` must not be in `[-1, 0, 1]`")
    if base == 10:
        return max(len(decimal(abs(int(n)))), pad)
    return max(len(digit_list(int(n), int(base))), pad, 1)


def in_base(n: Any, base: int, pad: int = 1) -> str:
    """`string(n; base, pad)`"""
    if base == 10:
        text = decimal(abs(int(n)))
    else:
        if not (2 <= base <= 62 or -62 <= base <= -2):
            raise ArgumentError(f"base must be 2 ≤ base ≤ 62, got {base}")
        letters = _LETTERS if abs(base) <= 36 else "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
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
    s = text.replace("_", "")
    try:
        return parse_integer(BigInt_, s, None)
    except BadNumber:
        pass
    from juliette.runtime.bigfloat import BigFloat

    value = BigFloat.parse(s) if _float_pattern().fullmatch(s.strip()) else None
    if value is None:
        raise ArgumentError(f"invalid number format {text} for BigInt or BigFloat")
    return value


def _literal(name: str, t: Any, doc: str) -> None:
    @Base.macro(name)
    def literal(context: Any, text: str, *flags: Any) -> Any:
        try:
            return QuoteNode(parse_integer(t, text.replace("_", ""), None))
        except BadNumber as e:
            raise ArgumentError(str(e)) from None

    literal.__doc__ = doc


_literal("int128_str", Int128_, '`int128"…"`')
_literal("uint128_str", UInt128_, '`uint128"…"`')


@Base.macro("big_str")
def big_str(context: Any, text: str, *flags: Any) -> Any:
    """`big"123"` and `big"1.5"`: numbers of any size."""
    return Expr("call", QuoteNode(big_number), text)


def _wide_literals() -> None:
    from juliette.compiler.session import WIDE_LITERALS

    WIDE_LITERALS.update(Int128=Int128, UInt128=UInt128, BigInt=BigInt)


_wide_literals()


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


# ---------------------------------------------------------------- checked arithmetic


def _checked(name: str, sign: str, f: Any) -> None:
    @Base.method(f"{name}(x::Integer, y::Integer)", export=False)
    def op(x: Any, y: Any) -> Any:
        x, y = Base.bindings["promote"](x, y)
        t = T.typeof(x)
        r = f(int(x), int(y))
        if not fits(t, r):
            raise OverflowError_(f"{int(x)} {sign} {int(y)} overflowed for type {T.type_string(t)}")
        return MAKER[t](r)

    op.__doc__ = f"`x {sign} y`, with an OverflowError where it does not fit."

    @Base.method(f"{name.replace('checked_', '')}_with_overflow(x::Integer, y::Integer)", export=False)
    def flagged(x: Any, y: Any) -> Any:
        from juliette.runtime.numeric import wrap_to

        x, y = Base.bindings["promote"](x, y)
        t = T.typeof(x)
        r = f(int(x), int(y))
        return (MAKER[t](r), False) if fits(t, r) else (wrap_to(t, r), True)


_checked("checked_add", "+", lambda x, y: x + y)
_checked("checked_sub", "-", lambda x, y: x - y)
_checked("checked_mul", "*", lambda x, y: x * y)
for _op in ("div", "rem", "fld", "mod", "cld"):
    Base.method(f"checked_{_op}(x::Integer, y::Integer)", export=False, transparent=True)(
        lambda x, y, op=_op: Base.bindings[op](x, y))


@Base.method("checked_neg(x::Integer)", export=False)
def checked_neg(x: Any) -> Any:
    """`-x`, with an OverflowError where it does not fit."""
    t = T.typeof(x)
    if not fits(t, -int(x)):
        raise OverflowError_(f"checked arithmetic: cannot compute -x for x = {int(x)}::{T.type_string(t)}")
    return MAKER[t](-int(x))


@Base.method("checked_abs(x::Integer)", export=False)
def checked_abs(x: Any) -> Any:
    """`abs(x)`, with an OverflowError where it does not fit."""
    t = T.typeof(x)
    if not fits(t, abs(int(x))):
        raise OverflowError_(f"checked arithmetic: cannot compute |x| for x = {int(x)}::{T.type_string(t)}")
    return MAKER[t](abs(int(x)))


@Base.method("checked_pow(x::Integer, n::Integer)", export=False)
def checked_pow(x: Any, n: Any) -> Any:
    """`x^n`, with an OverflowError where it does not fit."""
    t = T.typeof(x)
    r = int(x) ** int(n)
    if not fits(t, r):
        raise OverflowError_(f"{int(x)} ^ {int(n)} overflowed for type {T.type_string(t)}")
    return MAKER[t](r)


def _checked_module() -> Any:
    from juliette.runtime.modules import Module

    module = Module("Checked", Base)
    for name in list(Base.bindings):
        if name.startswith("checked_") or name.endswith("_with_overflow"):
            module.const(name, Base.bindings[name])
    return module


Base.const("Checked", _checked_module(), export=False)


@Base.macro("evalpoly")
def evalpoly_macro(context: Any, x: Any, *coefficients: Any) -> Any:
    """`@evalpoly(x, c0, c1, …)`"""
    return Expr("call", QuoteNode(Base.bindings["evalpoly"]), x, Expr("tuple", *coefficients))


