"""Characters: conversion, arithmetic, classes and case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.display.strings import category, overlong_code
from juliette.runtime import errors as E
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import MethodError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.text import utf8


class InvalidCharError(E.JuliaException):
    """A character that is no code point."""

    __slots__ = ("char",)
    fields = ("char",)


class CodePointError(E.JuliaException):
    """A number too high for a character."""

    __slots__ = ("code",)
    fields = ("code",)


for _cls, _of in ((InvalidCharError, T.Char_), (CodePointError, T.UInt32)):
    _t = T.define(_cls.__name__, T.Exception_, [T.TypeVar("T")], module=Base)
    T.unwrap(_t).typename.fields = _cls.fields
    T.unwrap(_t).typename.field_types = (T.Any_,)
    T.register_class(_cls, T.apply_type(_t, _of))
    Base.const(_cls.__name__, _t, export=False)


# ---------------------------------------------------------------- conversion


def make_char(_: Any, *args: Any) -> V.Char:
    """`Char(n)`"""
    if len(args) == 1:
        x = args[0]
        if type(x) is int and 0 <= x <= 0x1FFFFF:
            return V.CHARS[x]
        if isinstance(x, V.Char):
            return x
        if T.isa(x, T.Number):
            n = int(Base.bindings["convert"](T.UInt32, x))
            if n > 0x1FFFFF:
                raise CodePointError(np.uint32(n))
            return V.Char(n)
    raise MethodError(T.Char_, args, None)


Base.method("Char(args...)")(make_char)


@Base.method("codepoint(c::AbstractChar)")
def codepoint(c: V.Char) -> Any:
    """The code point of a character, as UInt32.

    ```jldoctest
    julia> codepoint('α')
    0x000003b1
    ```
    """
    return np.uint32(code_of(c))


def code_of(c: V.Char) -> int:
    """The code point as a Python integer."""
    if c.code < 0:
        raise InvalidCharError(c)
    return c.code


@Base.method("rem(c::AbstractChar, ::Type{T}) where T<:Number")
def rem_codepoint(c: V.Char, t: Any) -> Any:
    return Base.bindings["rem"](codepoint(c), t)


@Base.method("+(c::AbstractChar, n::Integer)")
def char_plus(c: V.Char, n: Any) -> V.Char:
    return make_char(None, code_of(c) + int(n))


@Base.method("+(n::Integer, c::AbstractChar)")
def plus_char(n: Any, c: V.Char) -> V.Char:
    return char_plus(c, n)


@Base.method("-(c::AbstractChar, n::Integer)")
def char_minus(c: V.Char, n: Any) -> V.Char:
    return make_char(None, code_of(c) - int(n))


@Base.method("-(c::AbstractChar, d::AbstractChar)")
def char_difference(c: V.Char, d: V.Char) -> int:
    return code_of(c) - code_of(d)


@Base.method("length(c::AbstractChar)")
def length(c: Any) -> int:
    return 1


@Base.method("size(c::AbstractChar)")
def size(c: Any) -> tuple[Any, ...]:
    return ()


@Base.method("getindex(c::AbstractChar, i::Integer...)")
def getindex(c: Any, *i: Any) -> Any:
    if any(k != 1 for k in i):
        raise E.BoundsError(c, i if len(i) > 1 else i[0])
    return c


for _name in ("first", "last", "only"):
    Base.method(f"{_name}(c::AbstractChar)")(lambda c: c)


@Base.method("isempty(c::AbstractChar)")
def isempty(c: Any) -> bool:
    return False


@Base.method("ncodeunits(c::AbstractChar)")
def ncodeunits(c: V.Char) -> int:
    return len(utf8(c.text))


@Base.method("isvalid(c::AbstractChar)")
def isvalid(c: V.Char) -> bool:
    return c.valid


@Base.method(
    "isvalid(::Type{T}, x::Union{Integer,AbstractChar,AbstractString,AbstractVector{UInt8}}) where T"
)
def isvalid_as(t: Any, x: Any) -> bool:
    if t is T.Char_:
        if isinstance(x, V.Char):
            return x.valid
        n = int(x)
        return 0 <= n <= 0xD7FF or 0xE000 <= n <= 0x10FFFF
    if isinstance(x, str):
        return Base.bindings["isvalid"](x)
    try:
        np.asarray(x.data).tobytes().decode()
    except UnicodeDecodeError:
        return False
    return True


# ---------------------------------------------------------------- classes


def char_class(name: str, f: Callable[[V.Char], bool], doc: str) -> None:
    """A question about a character."""

    answers: dict[int, bool] = {}

    @Base.method(f"{name}(c::AbstractChar)")
    def ask(c: V.Char) -> bool:
        answer = answers.get(c.code)
        if answer is None:
            answer = answers[c.code] = f(c)
        return answer

    ask.__doc__ = doc
    KERNELS.pop(Base.bindings[name], None)


def _in(*prefixes: str) -> Callable[[V.Char], bool]:
    return lambda c: category(c).startswith(prefixes)


def uppercase_letter(c: V.Char) -> bool:
    """Has it a small form, and is it its own capital?"""
    return lower(c.code) != c.code and upper(c.code) == c.code and category(c) != "Lt"


def lowercase_letter(c: V.Char) -> bool:
    """Has it a capital, and is it its own small form?"""
    return upper(c.code) != c.code and lower(c.code) == c.code and category(c) != "Lt"


PRINTABLE = ("L", "M", "N", "P", "S", "Zs")


def is_printable(c: V.Char) -> bool:
    """Does the character print as itself?"""
    return c.code >= 0 and category(c).startswith(PRINTABLE)


char_class(
    "isletter",
    _in("L"),
    """Is it a letter?

    ```jldoctest
    julia> isletter('α'), isletter('9')
    (true, false)
    ```
    """,
)
char_class("isnumeric", _in("N"), "Is it a number of any script?")
char_class(
    "isdigit",
    lambda c: 48 <= c.code <= 57,
    """Is it one of `0` to `9`?

    ```jldoctest
    julia> isdigit('7'), isdigit('x')
    (true, false)
    ```
    """,
)
char_class(
    "isxdigit",
    lambda c: 48 <= c.code <= 57 or 65 <= c.code <= 70 or 97 <= c.code <= 102,
    "Is it a hexadecimal digit?",
)
char_class(
    "isspace",
    lambda c: (
        c.code == 32
        or 9 <= c.code <= 13
        or c.code == 0x85
        or (c.code >= 0xA0 and category(c) == "Zs")
    ),
    "Is it white space?",
)
char_class("isuppercase", lambda c: c.valid and uppercase_letter(c), "Is it a capital letter?")
char_class("islowercase", lambda c: c.valid and lowercase_letter(c), "Is it a small letter?")
char_class("iscntrl", lambda c: category(c) == "Cc", "Is it a control character?")
char_class(
    "ispunct",
    _in("P"),
    """Is it punctuation?

    ```jldoctest
    julia> ispunct('?'), ispunct('a')
    (true, false)
    ```
    """,
)
char_class("isprint", is_printable, "Is it printable, blanks included?")
char_class("isascii", lambda c: 0 <= c.code < 128, "Is it ASCII?")


@Base.method("isascii(s::AbstractString)")
def isascii_string(s: Any) -> bool:
    from juliette.base.strings.values import text_of

    return text_of(s).isascii()


@Base.method("isascii(a::AbstractVector{<:Union{Integer,AbstractChar}})")
def isascii_array(a: Any) -> bool:
    return all(int(getattr(x, "code", x)) < 128 for x in np.asarray(a.data).ravel().tolist())


# ---------------------------------------------------------------- case


def upper(code: int) -> int:
    """The capital of a character, where it is a single one."""
    if code == 0xDF:
        return 0x1E9E
    u = chr(code).upper()
    return ord(u) if len(u) == 1 else code


def lower(code: int) -> int:
    u = chr(code).lower()
    return ord(u) if len(u) == 1 else code


def title(code: int) -> int:
    u = chr(code).title()
    return ord(u) if len(u) == 1 else upper(code)


def _case(name: str, f: Callable[[int], int]) -> None:
    @Base.method(f"{name}(c::AbstractChar)")
    def change(c: V.Char) -> V.Char:
        return V.Char(f(c.code)) if c.valid else c


_case("uppercase", upper)
_case("lowercase", lower)
_case("titlecase", title)


@Base.method("ismalformed(c::AbstractChar)", export=False)
def ismalformed(c: V.Char) -> bool:
    """Are the bytes no character at all?"""
    return c.code < 0 and overlong_code(c) is None


@Base.method("isoverlong(c::AbstractChar)", export=False)
def isoverlong(c: V.Char) -> bool:
    """Are there more bytes than the character needs?"""
    return c.code < 0 and overlong_code(c) is not None
