"""Tokens: names, operators, numbers, strings, comments."""

from __future__ import annotations

import pytest

from juliette.syntax.lexer import (
    Lexer,
    is_name_part,
    is_name_start,
    normalise_name,
    tokens,
)


def kinds(text: str) -> list[str]:
    return [kind for kind, _ in tokens(text)][:-1]


def values(text: str) -> list[str]:
    return [value for _, value in tokens(text)][:-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a+b", ["a", "+", "b"]),
        ("a.+b", ["a", "+", "b"]),
        ("a...", ["a", "..."]),
        ("a..b", ["a", "..", "b"]),
        ("a>>>=2", ["a", ">>>=", "2"]),
        ("a!=b", ["a", "!=", "b"]),
        ("a! = b", ["a!", "=", "b"]),
        ("x₁ ⊗ ŷ", ["x₁", "⊗", "ŷ"]),
        ("a +₁ b", ["a", "+₁", "b"]),
        ("1.5e-3", ["1.5e-3"]),
        ("1:3", ["1", ":", "3"]),
        ("1_000x", ["1_000", "x"]),
        ("a'b'", ["a", "'", "b", "'"]),
        ("a − b", ["a", "-", "b"]),
        ("u #= v #= w =# x =# y # z", ["u", "y"]),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x1f 0b1 0o7 1 1.0 1f0", ["HexInt", "BinInt", "OctInt", "Integer", "Float", "Float32"]),
        ("true x in", ["Bool", "Identifier", "in"]),
        ('"a$b"', ["StringStart", "Chunk", "$", "Identifier", "StringEnd"]),
        ('"$(a)"', ["StringStart", "$", "(", "Identifier", ")", "StringEnd"]),
        ('r"a$b"', ["Identifier", "StringStart", "Chunk", "StringEnd"]),
        ("'a'", ["Char"]),
        ("x'", ["Identifier", "'"]),
        ("#= open", ["Error"]),
    ],
)
def test_kinds(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_positions_cover_the_tokens() -> None:
    lexer = Lexer("ab  + cd")
    assert list(zip(lexer.starts, lexer.stops, strict=True)) == [(0, 2), (4, 5), (6, 8), (8, 8)]


def test_names() -> None:
    assert is_name_start("α")
    assert is_name_start("∇")
    assert not is_name_start("⊗")
    assert not is_name_start("1")
    assert is_name_part("1")
    assert is_name_part("\u0304")
    assert normalise_name("e\u0301") == "é"
    assert normalise_name("µ") == "μ"
    assert normalise_name("ϵ") == "ϵ"
