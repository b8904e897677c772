"""What can be searched for: strings, characters, sets of them, predicates, regular expressions.

A pattern finds spans of Python positions in a text; callers turn them into Julia's byte indices.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from juliette.base.strings.values import is_string, text_of
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base

Span = tuple[int, int]
# How patterns of other classes find their spans: f(pattern, text, start) -> Span or None.
FINDERS: dict[type, Callable[[Any, str, int], Span | None]] = {}


def is_predicate(p: Any) -> bool:
    """Is it a function of characters?"""
    return T.isa(p, T.Function_) or (callable(p) and not isinstance(p, T.JuliaType))


def characters_of(p: Any) -> str | None:
    """The characters of a character, or of a collection of some, one after the other."""
    if type(p) is V.Char:
        return p.text
    if isinstance(p, Array) and p.data.dtype == object:
        p = p.data.ravel().tolist()
    elif not isinstance(p, (tuple, V.JuliaSet)):
        return None
    else:
        p = support.iterate(p)
    return "".join([c.text for c in p if type(c) is V.Char])


def char_test(p: Any) -> Callable[[str], bool] | None:
    """A test of single characters, if the pattern is one."""
    if isinstance(p, V.Char):
        text = p.text
        return lambda c: c == text
    if isinstance(p, (tuple, V.JuliaSet)) or T.isa(p, T.AbstractArray):
        texts = {c.text for c in support.iterate(p) if isinstance(c, V.Char)}
        return lambda c: c in texts
    if type(p) not in FINDERS and is_predicate(p):
        return lambda c: p(V.CHARS[ord(c)]) is True
    return None


# What `isspace` holds of: most strings are split at it.
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_SPACE = re.compile(f"[{SPACES}]")


def find(p: Any, text: str, start: int = 0) -> Span | None:
    """The first match of a pattern from a Python position on."""
    if p is Base.bindings["isspace"] and not p.user_methods:
        space = _SPACE.search(text, start)
        return space.span() if space is not None else None
    finder = FINDERS.get(type(p))
    if finder is not None:
        return finder(p, text, start)
    if is_string(p):
        needle = text_of(p)
        i = text.find(needle, start)
        return None if i < 0 else (i, i + len(needle))
    if isinstance(p, V.Char):
        i = text.find(p.text, start)
        return None if i < 0 else (i, i + len(p.text))
    test = char_test(p)
    if test is None:
        raise MethodError(Base.bindings["findfirst"], (p, text), None)
    for i in range(start, len(text)):
        if test(text[i]):
            return i, i + 1
    return None


def spans(p: Any, text: str, overlap: bool = False) -> Iterator[Span]:
    """All matches, empty ones included; those that overlap with an earlier one only if asked for."""
    start = 0
    while start <= len(text):
        found = find(p, text, start)
        if found is None:
            return
        yield found
        i, j = found
        # After an empty match go on behind the next character.
        start = i + 1 if overlap or j == i else j


def finds_characters(p: Any) -> bool:
    """Do matches of the pattern stand for single characters?"""
    return not is_string(p) and type(p) not in FINDERS
