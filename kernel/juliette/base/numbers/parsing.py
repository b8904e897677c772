"""Numbers from text: `parse` and `tryparse`."""

from __future__ import annotations

import functools
import re
from typing import Any

from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, OverflowError_
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    FLOATS,
    INT_RANGE,
    MAKER,
    BigFloat_,
    BigInt_,
    Complex_,
    Rational_,
    complex_maker,
    fits,
    rational,
    to_float,
    to_number,
)

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# In bases above 36 capitals come before small letters.
MORE_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SPACES = " \t\n\v\f\r"
_COMPLEX, _RATIONAL = (T.unwrap(t).typename for t in (Complex_, Rational_))


class BadNumber(Exception):
    """Text that is no number: Julia's message."""


class Overflow(BadNumber):
    """A number that the type cannot hold."""


def quoted(x: Any) -> str:
    return Base.bindings["repr"](x)


def cannot(text: str, t: Any) -> BadNumber:
    return BadNumber(f"cannot parse {quoted(text)} as {T.type_string(t)}")


def check_base(base: Any) -> None:
    if base is not None and not 2 <= base <= 62:
        raise ArgumentError(f"invalid base: base must be 2 ≤ base ≤ 62, got {base}")


def digit_value(c: str, base: int) -> int:
    """The value of a digit; -1 if it is none."""
    value = (DIGITS.find(c.lower()) if base <= 36 else MORE_DIGITS.find(c)) if c.isascii() else -1
    return value if value < base else -1


def parse_integer(t: Any, text: str, base: int | None) -> Any:
    """An integer of a type from text with an optional sign, and `0x`, `0b`, `0o` where no base is given."""
    body = text.strip(SPACES)
    if not body and t is not BigInt_:
        raise BadNumber("input string is empty or only contains whitespace")
    sign = 1
    if body[:1] in ("+", "-") and (t is BigInt_ or INT_RANGE[t][0] < 0):
        sign = -1 if body[0] == "-" else 1
        body = body[1:].lstrip(SPACES)
    if base is None:
        base = 10
        if body[:2] in ("0x", "0b", "0o"):
            base = {"x": 16, "b": 2, "o": 8}[body[1]]
            body = body[2:]
    if not body:
        raise BadNumber(f"premature end of integer: {quoted(text)}")
    if base == 10 and body.isascii() and body.isdigit() and len(body) < 4000:
        value = int(body)
    else:
        value = digits_value(t, text, body, base)
    value *= sign
    if t is not BigInt_ and not fits(t, value):
        raise Overflow(f"overflow parsing {quoted(text)}")
    return MAKER[t](value)


def digits_value(t: Any, text: str, body: str, base: int) -> int:
    """The value of the digits of a number without sign."""
    value = 0
    for i, c in enumerate(body):
        d = digit_value(c, base)
        if d < 0:
            if t is BigInt_:
                raise BadNumber(f"invalid BigInt: {quoted(text)}")
            if c.isspace():
                raise BadNumber(f"extra characters after whitespace in {quoted(text)}")
            raise BadNumber(
                f"invalid base {base} digit {quoted(Base.bindings['only'](body[i]))} in {quoted(text)}"
            )
        value = value * base + d
    return value


@functools.cache
def float_pattern() -> re.Pattern[str]:
    return re.compile(
        r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)", re.IGNORECASE | re.ASCII
    )


@functools.cache
def _hex_pattern() -> re.Pattern[str]:
    return re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?\d+)?")


def parse_float(t: Any, text: str) -> Any:
    s = text.strip(SPACES)
    if not float_pattern().fullmatch(s):
        if not _hex_pattern().fullmatch(s):
            raise cannot(text, t)
        value = float.fromhex(s)
        return to_number(t, value) if t is BigFloat_ else to_float(t, value)
    if t is BigFloat_:
        from juliette.runtime.bigfloat import BigFloat

        return BigFloat.parse(s)
    return to_float(t, float(s))


def parse_bool(text: str, base: int | None) -> bool:
    if not text:
        raise BadNumber("input string is empty")
    if text[0].isnumeric():
        try:
            value = int(parse_integer(T.UInt8, text, base))
        except BadNumber:
            value = -1
        if value in (0, 1):
            return value == 1
    word = text.strip()
    if word not in ("true", "false"):
        raise BadNumber(
            f"invalid Bool representation: {quoted(text)}"
            if word
            else "input string only contains whitespace"
        )
    return word == "true"


@functools.cache
def _complex_pattern() -> re.Pattern[str]:
    # a real part, then maybe a sign, an imaginary part and a unit; an exponent's sign parts nothing
    return re.compile(r"\s*([+-]?(?:[eE][+-]|[^+-])*)(?:([+-])(.*))?", re.DOTALL)


def parse_complex(t: Any, text: str) -> Any:
    kind = t.parameters[0]
    found = _complex_pattern().fullmatch(text)
    first, sign, second = found.groups() if found else ("", None, None)
    if not text.strip():
        raise BadNumber("input string is empty or only contains whitespace")
    unit = re.search(r"(im|i|j)(?=[^imj]*$)", text if second is None else second)
    if sign is None or second is None:
        alone = (
            unit
            if unit and unit.start() > 0 and text[: unit.start()].strip() not in ("+", "-", "")
            else None
        )
        part = parse_number(kind, text[: alone.start()] if alone else text, None)
        return (
            complex_maker(kind)(to_number(kind, 0), part)
            if alone
            else complex_maker(kind)(part, to_number(kind, 0))
        )
    if unit is None:
        raise BadNumber(
            'expected trailing "im", found only "m"'
            if second.rstrip().endswith("m")
            else "missing imaginary unit"
        )
    real = parse_number(kind, first, None)
    imaginary = parse_number(kind, second[: unit.start()], None)
    return complex_maker(kind)(real, -imaginary if sign == "-" else imaginary)


def parse_number(t: Any, text: str, base: int | None) -> Any:
    """A value of a number type from text; raises BadNumber."""
    if t in (T.Integer, T.Signed):
        t = T.Int64
    elif t in (T.Real, T.AbstractFloat):
        t = T.Float64
    if t is T.Bool:
        return parse_bool(text, base)
    if t in INT_RANGE or t is BigInt_:
        return parse_integer(t, text, base)
    if t in FLOATS or t is BigFloat_:
        return parse_float(t, text)
    family = t.typename if isinstance(t, T.DataType) and t.concrete else None
    if family is _COMPLEX:
        return parse_complex(t, text)
    if family is _RATIONAL:
        kind = t.parameters[0]
        top, slash, bottom = text.partition("//")
        if not slash:
            top, slash, bottom = text.partition("/")
        return rational(
            kind, parse_number(kind, top, base), parse_number(kind, bottom, base) if slash else 1
        )
    value = Base.bindings["tryparse"](t, text)  # a number type of the user's own
    if value is None:
        raise cannot(text, t)
    return value


def plain(s: Any) -> str:
    """The text of any kind of string."""
    return str(s) if isinstance(s, str) else str(Base.bindings["String"](s))


@Base.method(
    "parse(::Type{T}, s::AbstractString; base::Union{Nothing,Integer}=nothing) where T<:Union{Real, Complex}"
)
def parse(t: Any, s: str, *, base: Any = None) -> Any:
    """A number from its text.

    ```jldoctest
    julia> parse(Int, "1234"), parse(Int, "ff", base=16), parse(Float64, "2.5e-3")
    (1234, 255, 0.0025)
    ```
    """
    if base is None and isinstance(s, str):
        if t is T.Int64:
            if s.isdigit() and s.isascii() and len(s) < 19:
                return int(s)
        elif t is T.Float64 and float_pattern().fullmatch(s):
            return float(s)
    check_base(base)
    try:
        return parse_number(t, plain(s), base)
    except Overflow as e:
        raise OverflowError_(str(e)) from None
    except BadNumber as e:
        raise ArgumentError(str(e)) from None


@Base.method(
    "tryparse(::Type{T}, s::AbstractString; base::Union{Nothing,Integer}=nothing) where T<:Union{Base.CoreReal, Complex, Rational}"
)
def tryparse(t: Any, s: str, *, base: Any = None) -> Any:
    """A number from its text, or `nothing`.

    ```jldoctest
    julia> tryparse(Int, "12x") === nothing
    true
    ```
    """
    check_base(base)
    try:
        return parse_number(t, plain(s), base)
    except BadNumber:
        return None


@Base.method("parse(::Type{T}, c::AbstractChar; base::Integer=10) where T<:Integer")
def parse_char(t: Any, c: Any, *, base: int = 10) -> Any:
    check_base(base)
    if not (c.text.isascii() and c.text.isalnum()):
        raise ArgumentError(f"invalid digit: {quoted(c)}")
    d = digit_value(c.text, base)
    if d < 0:
        raise ArgumentError(f"invalid base {base} digit {quoted(c)}")
    return Base.bindings["convert"](t, d)
