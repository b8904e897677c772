"""Rare corners of the grammar, each once got wrong."""

from __future__ import annotations

import pytest

from juliette.syntax import ParseError, completeness, parse_source, to_expr
from juliette.syntax.expr import render

TREES = [
    ("[u +₂v]", "(vect (call-i u +₂ v))"),
    ("[u +v]", "(hcat u (call-pre + v))"),
    ("(3)(4)w", "(juxtapose (parens 3) (parens 4) w)"),
    ("u .--> v", "(dotcall-i u --> v)"),
    (".*(u, v)", "(call (. *) u v)"),
    ("+(u, v)^3", "(call-i (call + u v) ^ 3)"),
    ("-(u)^3", "(call-pre - (call-i (parens u) ^ 3))"),
    ("+(;; )", "(call-pre + (block-p))"),
    ("<:(U, V)", "(<: U V)"),
    ("<:(U)", "(<:-pre (parens U))"),
    ("<:{U}(v)", "(call (curly <: U) v)"),
    ("@.. u", "(macrocall @.. u)"),
    ("@pick(u, v)", "(macrocall-p @pick u v)"),
    ("@pick(u) do v; w end", "(do (macrocall-p @pick u) (tuple v) (block w))"),
    ('@doc "text"\nu', '(macrocall @doc (string "text") u)'),
    ('M.@doc "text"\nu', '(macrocall (. M (quote @doc)) (string "text") u)'),
    ("U.:-", "(. U (quote-: -))"),
    ("primitive type U <: V\n 16\nend", "(primitive (<: U V) 16)"),
    ("abstract type\n U\nend", "(abstract U)"),
    ("function (; k=2) end", "(function (tuple-p (parameters (= k 2))) (block))"),
    ("function u\n\nend", "(function u)"),
    ("import .⊗", "(import (importpath . ⊗))"),
    ('"so $("it") goes"', '(string "so " (string "it") " goes")'),
    ("global const U = 7", "(global (const (= U 7)))"),
    ("a[g(end), (begin)]", "(ref a (call g end) (parens begin))"),
    ("f(u == v...)", "(call f (call-i u == (... v)))"),
    ("f(u:v:w:x...)", "(call f (... (call-i (call-i u : v w) : x)))"),
    ("f(xs... = 5)", "(call f (= (... xs) 5))"),
    ("begin u end::V", "(::-i (block u) V)"),
    ("- (u; v)", "(call-pre - (block-p u v))"),
    ("(u; v...)", "(block-p u (... v))"),
    ("(u...; v)", "(tuple-p (... u) (parameters v))"),
    ("0x1.8p3u", "(juxtapose 0x1.8p3 u)"),
    ("[p q;;\n r]", "(hcat p q r)"),
    ("[p q; r s;;; t u; v w]",
     "(ncat-3 (nrow-1 (row p q) (row r s)) (nrow-1 (row t u) (row v w)))"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TREES)
def test_tree(text: str, expected: str) -> None:
    children = parse_source(text).children
    assert children is not None
    assert [child.sexpr() for child in children] == [expected]


EXPRESSIONS = [
    (".*(u, v)", "(:call :.* :u :v)"),
    ("(.*)(u)", "(:call (:. :*) :u)"),
    ("global const U = 7", "(:const (:global (:= :U 7)))"),
    ("g(h(u) = 3)", "(:call :g (:kw (:call :h :u) 3))"),
    ("g(((k = 3)))", "(:call :g (:kw :k 3))"),
    ('"so $("it")"', '(:string "so " (:string "it"))'),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_expression(text: str, expected: str) -> None:
    children = parse_source(text).children
    assert children is not None
    assert render(to_expr(children[0])) == expected


def test_else_if_is_two_words_too_many() -> None:
    with pytest.raises(ParseError) as caught:
        parse_source("if a; b\nelse if c; d end")
    assert caught.value.message == "use `elseif` instead of `else if`"
    assert (caught.value.line, caught.value.column) == (2, 1)


def test_a_range_of_lines_is_boxed() -> None:
    with pytest.raises(ParseError) as caught:
        parse_source("[\n  10, 20\n  30,\n  40]", "cell")
    assert str(caught.value) == (
        "ParseError:\n# Error @ cell:3:3\n  10, 20\n# ┌──\n  30,\n  40]\n#──┘ ── Expected `]`"
    )


def test_a_constant_without_value_stays_wrong() -> None:
    assert completeness("const U") == "invalid"
