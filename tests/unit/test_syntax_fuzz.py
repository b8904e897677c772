"""Any text at all gives a tree or a ParseError; JULIETTE_FUZZ=N tries N texts."""

from __future__ import annotations

import os
import random
import sys

import pytest

from juliette.syntax import ParseError, completeness, parse_source, to_expr
from juliette.syntax.lexer import Lexer
from juliette.syntax.parsing import parse_one

SEEDS = """
f(x; k = 1) + 2x^2 .* a.b[end]'
function f(x::T, y...)::S where {T <: A, S} return x, y end
[1 -2; 3 4] .+ [a b;;; c d]
"text $(a + "in $b") \\n $c" * \"\"\"
  more \"\"\"
for (i, x) in enumerate(xs), j = 1:3 i && break end
if a ? b : c; d elseif e; f else g end
try a catch e; b else c finally d end
let x = 1, y = 2; x end; begin a; b end
mutable struct A{T} <: B; const x::T; y end
using A: b as c, @d, +; import ..E.F; export g
@m(a) + @n b c; @. x = y; M.@o
:(a + $b); quote $(c...) end; :+; :(=)
x -> (y, z; w = 1) -> begin q end
[x for x in xs if x > 0 for y in ys]
r"a+"i; `ls $x`; 'c'; 0x1f; 1.5f0; 1e3; var"a b"
f(x) do y; z end; a |> b; √2x; !a; -2^2
module A abstract type B end; primitive type C 8 end end
global x, y; local z = 1; const w = 2; x += 1; y .= 2
α₁ ⊗ W̄ ∈ β; a < b <= c; a .&& b || c; a => b
#= comment #= in =# =# 1 # end
""".strip("\n").split("\n")
ODD = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    ":",
    ".",
    "'",
    '"',
    "`",
    '"""',
    "@",
    "$",
    "#",
    "\n",
    " ",
    "\t",
    "\\",
    "end",
    "begin",
    "#=",
    "=#",
    "0x",
    "1.",
    "..",
    "...",
    "--",
    "**",
    "::",
    "->",
    "?",
    " ? ",
    " : ",
    "where",
    "in",
    "do",
    "\x00",
    "\ud800",
    "\u200b",
    "𝛁",
    "é",
    "−",
    "·",
    "\ufeff",
    "₁",
    "\u0302",
    "'''",
    "\r\n",
    "!",
    "!=",
    ".=",
    'var"',
    "0b2",
    "1e",
    "1__0",
    "\\\n",
    '"$',
    '"$(',
]
PIECES = sorted({value for line in SEEDS for value in Lexer(line).values if value} | set(ODD))


def random_text(source: random.Random) -> str:
    """Random tokens, or real lines with random damage."""
    if source.random() < 0.35:
        return "".join(
            source.choice(PIECES) + source.choice(("", " ")) for _ in range(source.randint(1, 30))
        )
    text = "\n".join(source.choice(SEEDS) for _ in range(source.randint(1, 5)))
    for _ in range(source.randint(1, 6)):
        start = source.randrange(len(text) + 1)
        stop = min(len(text), start + source.randint(0, 5))
        new = source.choice(("", source.choice(PIECES), chr(source.randrange(1, 0x3100))))
        text = text[:start] + new + text[stop:]
    return text


def test_nothing_but_parse_errors() -> None:
    source = random.Random(20240)
    parsed = 0
    count = int(os.environ.get("JULIETTE_FUZZ", "3000"))
    for _ in range(count):
        text = random_text(source)
        try:
            root = parse_source(text)
            root.sexpr()
            repr(to_expr(root))
            parsed += 1
        except ParseError as error:
            assert str(error).startswith("ParseError:\n# Error @ none:"), repr(text)
            assert error.line >= 1
            assert error.column >= 1
        except Exception as error:
            pytest.fail(f"{type(error).__name__} for {text!r}: {error}")
    # Both outcomes must be common, or the texts test nothing.
    assert count * 0.02 < parsed < count * 0.9


def test_every_prefix_of_a_program() -> None:
    program = "\n".join(SEEDS)
    for stop in range(0, len(program), 3):
        assert completeness(program[:stop]) in ("complete", "incomplete", "invalid")


def test_parse_one_always_moves_on() -> None:
    source = random.Random(7)
    for _ in range(300):
        text = random_text(source)
        position = 0
        try:
            while position < len(text):
                node, following = parse_one(text, position)
                assert following > position, repr(text)
                assert node.start <= node.stop <= len(text)
                position = following
        except ParseError:
            continue


def test_the_recursion_limit_is_left_alone() -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(ParseError):
        parse_source("(" * 5000)
    assert sys.getrecursionlimit() == before
