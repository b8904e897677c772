"""Equality and order of strings and characters: by their bytes in UTF-8."""

from __future__ import annotations

from typing import Any

from juliette.base.strings.values import text_of
from juliette.runtime import values as V
from juliette.runtime.modules import Base
from juliette.runtime.text import is_valid, utf8


def key(s: str) -> Any:
    """What orders strings as their bytes do."""
    return s if is_valid(s) else None


def less(x: str, y: str) -> bool:
    # Code points and UTF-8 bytes are in the same order, but stray bytes are not.
    if is_valid(x) and is_valid(y):
        return x < y
    return utf8(x) < utf8(y)


@Base.method("isless(x::AbstractString, y::AbstractString)")
def isless(x: Any, y: Any) -> bool:
    return less(text_of(x), text_of(y))


@Base.method("cmp(x::AbstractString, y::AbstractString)")
def cmp(x: Any, y: Any) -> int:
    x, y = text_of(x), text_of(y)
    return -1 if less(x, y) else 1 if less(y, x) else 0


@Base.method("==(x::AbstractString, y::AbstractString)")
def equal(x: Any, y: Any) -> bool:
    return str.__eq__(text_of(x), text_of(y))


@Base.method("isequal(x::AbstractString, y::AbstractString)")
def isequal(x: Any, y: Any) -> bool:
    return str.__eq__(text_of(x), text_of(y))


@Base.method("isless(x::AbstractChar, y::AbstractChar)")
def isless_chars(x: V.Char, y: V.Char) -> bool:
    return less_chars(x, y)


@Base.method("<(x::AbstractChar, y::AbstractChar)")
def less_chars(x: V.Char, y: V.Char) -> bool:
    a, b = x.code, y.code
    return a < b if a >= 0 and b >= 0 else x.bits < y.bits


@Base.method("<=(x::AbstractChar, y::AbstractChar)")
def less_equal_chars(x: V.Char, y: V.Char) -> bool:
    a, b = x.code, y.code
    return a <= b if a >= 0 and b >= 0 else x.bits <= y.bits


@Base.method("==(x::AbstractChar, y::AbstractChar)")
def equal_chars(x: V.Char, y: V.Char) -> bool:
    return x.code == y.code
