"""Strings against rules: positions, invalid bytes, escapes, and patterns."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from juliette.base import bootstrap
from juliette.base.strings.pcre import translate
from juliette.compiler.support import iterate
from juliette.runtime.modules import Base
from juliette.runtime.text import from_utf8, starts, utf8
from juliette.runtime.values import Pair
from juliette.syntax.literals import unescape

assert bootstrap
QUICK = settings(max_examples=150, deadline=None)
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
ANY = st.one_of(
    TEXT,
    st.binary(max_size=10).map(from_utf8),
    st.lists(
        st.sampled_from(
            [b"\xe2", b"\x88", b"\x80", b"a", b"\xf0", b"\x9f", b"\xc0", b"\xff", b"\xed"]
        ),
        max_size=8,
    ).map(lambda parts: from_utf8(b"".join(parts))),
)


def base(name: str, *args: Any) -> Any:
    return Base.get(name)(*args)


def julia_characters(b: bytes) -> list[bytes]:
    """The rule of the manual: the longest run of bytes that begins like a sequence of UTF-8."""
    pattern = re.compile(
        rb"[\xc0-\xdf][\x80-\xbf]?|[\xe0-\xef][\x80-\xbf]{0,2}|[\xf0-\xf7][\x80-\xbf]{0,3}|.",
        re.DOTALL,
    )
    return pattern.findall(b)


@QUICK
@given(ANY)
def test_characters_follow_the_rule_of_the_manual(s: str) -> None:
    parts = julia_characters(utf8(s))
    assert base("length", s) == len(parts)
    assert [utf8(c.text) for c in iterate(s)] == parts
    offsets = [0]
    for p in parts:
        offsets.append(offsets[-1] + len(p))
    assert [i - 1 for i in iterate(base("eachindex", s))] == offsets[:-1] == starts(utf8(s))


@QUICK
@given(ANY)
def test_every_index_belongs_to_one_character(s: str) -> None:
    indices = list(iterate(base("eachindex", s)))
    for i in range(1, len(utf8(s)) + 1):
        assert base("isvalid", s, i) == (i in indices)
        this = base("thisind", s, i)
        assert this == max(k for k in indices if k <= i)
        following = [k for k in indices if k > i]
        assert base("nextind", s, i) == (following[0] if following else len(utf8(s)) + 1)
        before = [k for k in indices if k < i]
        assert base("prevind", s, i) == (before[-1] if before else 0)
    assert "".join(base("getindex", s, i).text for i in indices) == s
    if indices:
        assert base("lastindex", s) == indices[-1]


@QUICK
@given(ANY)
def test_escapes_read_back(s: str) -> None:
    assert base("unescape_string", base("escape_string", s)) == s
    if any(c.code > 0x10FFFF for c in iterate(s)):
        return  # no literal says what is too high for Unicode
    assert unescape(base("escape_string", s)) == s
    literal = base("repr", s)
    assert literal[0] == literal[-1] == '"'
    assert unescape(literal[1:-1]) == s


@QUICK
@given(ANY, ANY)
def test_concatenation_joins_bytes(a: str, b: str) -> None:
    joined = base("*", a, b)
    assert utf8(joined) == utf8(a) + utf8(b)
    assert base("isless", a, b) == (utf8(a) < utf8(b))
    assert base("reverse", base("reverse", a)) == a or not base("isvalid", a)


@QUICK
@given(TEXT, st.text(alphabet="ab,; é", min_size=1, max_size=3))
def test_split_and_join_are_inverse(s: str, separator: str) -> None:
    parts = base("split", s, separator)
    assert base("join", parts, separator) == s
    assert [str(p) for p in parts.data] == s.split(separator)
    replaced = base("replace", s, Pair(separator, "<>"))
    assert replaced == s.replace(separator, "<>")
    found = base("findfirst", separator, s)
    assert (found is None) == (separator not in s)
    if found is not None:
        assert base("getindex", s, found) == separator


@QUICK
@given(TEXT, st.integers(0, 20), st.sampled_from([" ", "*", "ab"]))
def test_padding_reaches_the_width(s: str, width: int, fill: str) -> None:
    for name in ("lpad", "rpad"):
        padded = base(name, s, width, fill)
        assert base("textwidth", padded) == max(width, base("textwidth", s))
        assert s in padded
    stripped = base("strip", f" \t{s}\n ")
    assert str(stripped) == str(base("strip", s))


PATTERNS = st.sampled_from(
    [
        r"a+b?",
        r"(\w)(\d*)",
        r"[^a-z]+",
        r"(?:ab|ba)+",
        r"\bx",
        r"^.|.$",
        r"\s*,\s*",
        r"(a)|(b)",
        r"[]x]",
        r"a{1,2}",
    ]
)


@QUICK
@given(PATTERNS, st.text(alphabet="abx,1 é\n", max_size=12))
def test_what_both_languages_share_is_left_alone(pattern: str, s: str) -> None:
    ours, plain = re.compile(translate(pattern, False)[0]), re.compile(pattern)
    assert [m.span() for m in ours.finditer(s)] == [m.span() for m in plain.finditer(s)]


@QUICK
@given(st.text(alphabet="a.*+?()[]{}|\\^$-#& ~", max_size=10))
def test_a_quoted_text_matches_itself(s: str) -> None:
    if "\\E" not in s:
        assert re.fullmatch(translate(f"\\Q{s}\\E", False)[0], s)
