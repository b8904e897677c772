"""The parser: source and the tree and expression that Julia 1.10 makes of it, by production."""

from __future__ import annotations

import time

import pytest

from juliette.syntax import (
    Expr,
    GlobalRef,
    LineNumberNode,
    ParseError,
    QuoteNode,
    Symbol,
    completeness,
    parse_all,
    parse_source,
    to_expr,
)
from juliette.syntax.expr import render
from juliette.syntax.parsing import parse_one


def tag(kind: str, value: object) -> object:
    """A literal of a type that Python lacks, visible in the expression."""
    return Expr("literal", kind, value)


def expression(text: str) -> object:
    """The expression of the only statement in the text."""
    root = to_expr(parse_source(text), tag)
    assert len(root.args) == 2
    return root.args[1]


def tree(text: str) -> str:
    """The tree of the only statement in the text."""
    (child,) = parse_source(text)
    return child.sexpr()


def message(text: str) -> str:
    """What the parser complains about."""
    with pytest.raises(ParseError) as caught:
        parse_source(text)
    return caught.value.message


# Names and literals -------------------------------------------------------------------------

LITERALS = [
    ("41", "41"),
    ("1_000", "1000"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    (
        "9223372036854775808",
        '(:macrocall (globalref Core @int128_str) nothing "9223372036854775808")',
    ),
    ("0x7f", '(:literal "UInt8" 127)'),
    ("0x07f", '(:literal "UInt16" 127)'),
    ("0xdead_beef", '(:literal "UInt32" 3735928559)'),
    ("0x000000001", '(:literal "UInt64" 1)'),
    ("0b1010", '(:literal "UInt8" 10)'),
    ("0o777", '(:literal "UInt16" 511)'),
    ("2.5e-3", "0.0025"),
    (".25", "0.25"),
    ("7.", "7.0"),
    ("0x1.8p1", "3.0"),
    ("1.5f2", '(:literal "Float32" 150.0)'),
    ("3f0", '(:literal "Float32" 3.0)'),
    ("true", "true"),
    ("'q'", '(:literal "Char" "q")'),
    (r"'\''", '(:literal "Char" "\'")'),
    (r"'\u03b1'", '(:literal "Char" "α")'),
    (r"'\xce\xb1'", '(:literal "Char" "α")'),
    (r'"tab\there"', '"tab\there"'),
    (r'"\x41\101\u00e9"', '"AAé"'),
    (r'"\$x"', '"$x"'),
    ('"""\n    one\n      two\n    """', '"one\n  two\n"'),
    ('"""\n  a\n\n  b"""', '"a\n\nb"'),
    ('"""\n  $x\n   y"""', '(:string :x "\n y")'),
    ('"one \\\n   line"', '"one line"'),
    ('"$a and $(b + 1)"', '(:string :a " and " (:call :+ :b 1))'),
    ('"$("in")"', '(:string (:string "in"))'),
    ('r"^a\\d$"im', r'(:macrocall :@r_str (line 1 none) "^a\\d$" "im")'),
    ('M.s"x"', '(:macrocall (:. :M (inert :@s_str)) (line 1 none) "x")'),
    ("`echo $x`", '(:macrocall (globalref Core @cmd) (line 1 none) "echo $x")'),
    ('var"odd name" + 1', "(:call :+ :odd name 1)"),
    ("push!", ":push!"),
    ("W̄₂′", ":W̄₂′"),
    (
        "100000000000000000000000000000000000000000",
        "(:macrocall (globalref Core @big_str) nothing"
        ' "100000000000000000000000000000000000000000")',
    ),
]

OPERATORS = [
    ("a + b + c", "(:call :+ :a :b :c)"),
    ("a - b - c", "(:call :- (:call :- :a :b) :c)"),
    ("a + b * c ^ d", "(:call :+ :a (:call :* :b (:call :^ :c :d)))"),
    ("a .+ b .* c", "(:call :.+ :a (:call :.* :b :c))"),
    ("a .+ b .+ c", "(:call :.+ (:call :.+ :a :b) :c)"),
    ("2^3^4", "(:call :^ 2 (:call :^ 3 4))"),
    ("2^-x", "(:call :^ 2 (:call :- :x))"),
    ("-2^2", "(:call :- (:call :^ 2 2))"),
    ("-2", "-2"),
    ("-2.5", "-2.5"),
    ("- 2", "(:call :- 2)"),
    ("-2x", "(:call :* -2 :x)"),
    ("2x^2", "(:call :* 2 (:call :^ :x 2))"),
    ("1/2x", "(:call :/ 1 (:call :* 2 :x))"),
    ("2(x + 1)", "(:call :* 2 (:call :+ :x 1))"),
    ("3im", "(:call :* 3 :im)"),
    ("√2", "(:call :√ 2)"),
    ("!x && y || z", "(:|| (:&& (:call :! :x) :y) :z)"),
    ("a || b || c", "(:|| :a (:|| :b :c))"),
    ("a .&& b", "(:.&& :a :b)"),
    ("a < b", "(:call :< :a :b)"),
    ("a < b <= c", "(:comparison :a :< :b :<= :c)"),
    ("a .< b .< c", "(:comparison :a :.< :b :.< :c)"),
    ("a <: B", "(:<: :a :B)"),
    ("x in xs", "(:call :in :x :xs)"),
    ("x ∉ xs", "(:call :∉ :x :xs)"),
    ("x isa T", "(:call :isa :x :T)"),
    ("a:b", "(:call :: :a :b)"),
    ("a:s:b", "(:call :: :a :s :b)"),
    ("1:n+1", "(:call :: 1 (:call :+ :n 1))"),
    ("a => b => c", "(:call :=> :a (:call :=> :b :c))"),
    ("x |> f |> g", "(:call :|> (:call :|> :x :f) :g)"),
    ("f ∘ g", "(:call :∘ :f :g)"),
    ("a // b * c", "(:call :* (:call :// :a :b) :c)"),
    ("a << 1 + b", "(:call :+ (:call :<< :a 1) :b)"),
    ("x ~ y", "(:call :~ :x :y)"),
    ("a --> b", "(:--> :a :b)"),
    ("a ⊗₂ b", "(:call :⊗₂ :a :b)"),
    ("x ? y : z", "(:if :x :y :z)"),
    ("a ? b : c ? d : e", "(:if :a :b (:if :c :d :e))"),
    ("a ? :b : :c", "(:if :a (inert :b) (inert :c))"),
    ("x'", "(:' :x)"),
    ("x'y", "(:call :* (:' :x) :y)"),
    ("(a')'", "(:' (:' :a))"),
    ("+(a, b)", "(:call :+ :a :b)"),
    ("+(a, b)^2", "(:call :^ (:call :+ :a :b) 2)"),
    ("-(a)^2", "(:call :- (:call :^ :a 2))"),
    ("(.+)(x)", "(:call (:. :+) :x)"),
    (".-x", "(:call :.- :x)"),
    ("reduce(+, x)", "(:call :reduce :+ :x)"),
    ("a!=b", "(:call :!= :a :b)"),
    ("a +\n b", "(:call :+ :a :b)"),
    ("x .= y", "(:.= :x :y)"),
    ("x += 1", "(:+= :x 1)"),
    ("x .+= 1", "(:.+= :x 1)"),
    ("x = y = 1", "(:= :x (:= :y 1))"),
    ("a, b = b, a", "(:= (:tuple :a :b) (:tuple :b :a))"),
    ("a, b... = c", "(:= (:tuple :a (:... :b)) :c)"),
    ("x::Int = 1", "(:= (::: :x :Int) 1)"),
    ("x::A where A", "(::: :x (:where :A :A))"),
    ("A where B where C", "(:where (:where :A :B) :C)"),
    ("A where {B<:D, C}", "(:where :A (:<: :B :D) :C)"),
]

CALLS = [
    ("f(x; k=1)", "(:call :f (:parameters (:kw :k 1)) :x)"),
    ("f(x, k=1)", "(:call :f :x (:kw :k 1))"),
    ("f(a; b; c)", "(:call :f (:parameters (:parameters :c) :b) :a)"),
    ("f(; k)", "(:call :f (:parameters :k))"),
    ("f(x...; y...)", "(:call :f (:parameters (:... :y)) (:... :x))"),
    ("f(\n  x,\n)", "(:call :f :x)"),
    ("f.(x, k=1)", "(:. :f (:tuple :x (:kw :k 1)))"),
    ("a.b", "(:. :a (inert :b))"),
    ("a.b.c(d)", "(:call (:. (:. :a (inert :b)) (inert :c)) :d)"),
    ("a.:+", "(:. :a (inert :+))"),
    ("a.$b", "(:. :a (inert (:$ :b)))"),
    ("a.(b)", "(:. :a (:tuple :b))"),
    ("x[1, :]", "(:ref :x 1 ::)"),
    ("x[end - 1]", "(:ref :x (:call :- :end 1))"),
    ("x[begin:end]", "(:ref :x (:call :: :begin :end))"),
    ("x[f(end)]", "(:ref :x (:call :f :end))"),
    ("T{A, <:B}", "(:curly :T :A (:<: :B))"),
    ("f(x) do y, z\n y\nend", "(:do (:call :f :x) (:-> (:tuple :y :z) (:block (line 2 none) :y)))"),
    ("f() do\n1\nend", "(:do (:call :f) (:-> (:tuple) (:block (line 2 none) 1)))"),
    ("sum(x for x in xs)", "(:call :sum (:generator :x (:= :x :xs)))"),
    (
        "sum(x for x in xs; init=0)",
        "(:call :sum (:parameters (:kw :init 0)) (:generator :x (:= :x :xs)))",
    ),
]

BRACKETS = [
    ("()", "(:tuple)"),
    ("(a,)", "(:tuple :a)"),
    ("(a, b)", "(:tuple :a :b)"),
    ("(a=1, b=2)", "(:tuple (:= :a 1) (:= :b 2))"),
    ("(; a=1)", "(:tuple (:parameters (:kw :a 1)))"),
    ("(;)", "(:tuple (:parameters))"),
    ("(a, b; c)", "(:tuple (:parameters :c) :a :b)"),
    ("(a; b)", "(:block :a (line 1 none) :b)"),
    ("(a)", ":a"),
    ("[]", "(:vect)"),
    ("[a, b]", "(:vect :a :b)"),
    ("[a, b\n]", "(:vect :a :b)"),
    ("[a b]", "(:hcat :a :b)"),
    ("[a; b]", "(:vcat :a :b)"),
    ("[a\nb]", "(:vcat :a :b)"),
    ("[a;]", "(:vcat :a)"),
    ("[1 -2; 3 4]", "(:vcat (:row 1 -2) (:row 3 4))"),
    ("[1 - 2; 3]", "(:vcat (:call :- 1 2) 3)"),
    ("[1 -x]", "(:hcat 1 (:call :- :x))"),
    ("[1, 2 -3]", "(:vect 1 (:call :- 2 3))"),
    ("[a' b']", "(:hcat (:' :a) (:' :b))"),
    ("[a 'b']", '(:hcat :a (:literal "Char" "b"))'),
    ("[f (x)]", "(:hcat :f :x)"),
    ("[f(x) y]", "(:hcat (:call :f :x) :y)"),
    ("[a :b]", "(:hcat :a (inert :b))"),
    ("[a ? b : c d]", "(:hcat (:if :a :b :c) :d)"),
    ("[a;; b]", "(:ncat 2 :a :b)"),
    ("[a; b;; c; d]", "(:ncat 2 (:nrow 1 :a :b) (:nrow 1 :c :d))"),
    ("[a b;;; c d]", "(:ncat 3 (:row :a :b) (:row :c :d))"),
    ("[a ;;; b ;;;; c]", "(:ncat 4 (:nrow 3 :a :b) :c)"),
    ("Int[]", "(:ref :Int)"),
    ("Int[1 2; 3 4]", "(:typed_vcat :Int (:row 1 2) (:row 3 4))"),
    ("Int[1 2]", "(:typed_hcat :Int 1 2)"),
    ("T[a;;; b]", "(:typed_ncat :T 3 :a :b)"),
    ("[x for x in xs]", "(:comprehension (:generator :x (:= :x :xs)))"),
    ("T[x for x = xs]", "(:typed_comprehension :T (:generator :x (:= :x :xs)))"),
    (
        "[x for x in xs, y in ys if x > y]",
        "(:comprehension (:generator :x (:filter (:call :> :x :y) (:= :x :xs) (:= :y :ys))))",
    ),
    (
        "[x for x in xs for y in x]",
        "(:comprehension (:flatten (:generator (:generator :x (:= :y :x)) (:= :x :xs))))",
    ),
    ("{a, b}", "(:braces :a :b)"),
]

QUOTES = [
    (":x", "(inert :x)"),
    (":(x)", "(inert :x)"),
    (":(x + 1)", "(:quote (:call :+ :x 1))"),
    (":(:x)", "(:quote (inert :x))"),
    (":true", "(:quote true)"),
    (":end", "(inert :end)"),
    (":+", "(inert :+)"),
    (":(=)", "(inert :=)"),
    (":.+", "(inert :.+)"),
    (":(f($x, $(y...)))", "(:quote (:call :f (:$ :x) (:$ (:... :y))))"),
    ("quote\n a\n $b\nend", "(:quote (:block (line 2 none) :a (line 3 none) (:$ :b)))"),
]

FUNCTIONS = [
    ("f(x) = x", "(:= (:call :f :x) (:block (line 1 none) :x))"),
    ("f(x) =\n begin\n x\nend", "(:= (:call :f :x) (:block (line 1 none) (line 3 none) :x))"),
    ("f(x)::T = x", "(:= (::: (:call :f :x) :T) (:block (line 1 none) :x))"),
    ("f(x::T) where {T} = x", "(:= (:where (:call :f (::: :x :T)) :T) (:block (line 1 none) :x))"),
    ("(g::G)(x) = x", "(:= (:call (::: :g :G) :x) (:block (line 1 none) :x))"),
    ("a ⊕ b = a", "(:= (:call :⊕ :a :b) (:block (line 1 none) :a))"),
    ("function f(x)\n x\nend", "(:function (:call :f :x) (:block (line 1 none) (line 2 none) :x))"),
    ("function f end", "(:function :f)"),
    ("function f() end", "(:function (:call :f) (:block (line 1 none) (line 1 none)))"),
    (
        "function f(x)::T where T x end",
        "(:function (:where (::: (:call :f :x) :T) :T) (:block (line 1 none) (line 1 none) :x))",
    ),
    ("function (x, y) x end", "(:function (:tuple :x :y) (:block (line 1 none) (line 1 none) :x))"),
    (
        "function (a::A)(x) a end",
        "(:function (:call (::: :a :A) :x) (:block (line 1 none) (line 1 none) :a))",
    ),
    (
        "function Base.f(x; y::Int=1) x end",
        "(:function (:call (:. :Base (inert :f)) (:parameters (:kw (::: :y :Int) 1)) :x)"
        " (:block (line 1 none) (line 1 none) :x))",
    ),
    (
        "function +(a, b) a end",
        "(:function (:call :+ :a :b) (:block (line 1 none) (line 1 none) :a))",
    ),
    ("x -> y", "(:-> :x (:block (line 1 none) :y))"),
    ("(x, y) -> x", "(:-> (:tuple :x :y) (:block (line 1 none) :x))"),
    ("() -> 1", "(:-> (:tuple) (:block (line 1 none) 1))"),
    ("(x; k=1) -> x", "(:-> (:block :x (line 1 none) (:= :k 1)) (:block (line 1 none) :x))"),
    ("x -> y -> z", "(:-> :x (:block (line 1 none) (:-> :y (:block (line 1 none) :z))))"),
    ("macro m(x)\n x\nend", "(:macro (:call :m :x) (:block (line 1 none) (line 2 none) :x))"),
]

MACROS = [
    ("@m", "(:macrocall :@m (line 1 none))"),
    ("@m a b", "(:macrocall :@m (line 1 none) :a :b)"),
    ("@m a, b", "(:macrocall :@m (line 1 none) (:tuple :a :b))"),
    ("@m a -b", "(:macrocall :@m (line 1 none) :a (:call :- :b))"),
    ("@m(a, b) + 1", "(:call :+ (:macrocall :@m (line 1 none) :a :b) 1)"),
    ("@m(a=1; b=2)", "(:macrocall :@m (line 1 none) (:parameters (:kw :b 2)) (:= :a 1))"),
    ("@m [1 2]", "(:macrocall :@m (line 1 none) (:hcat 1 2))"),
    ("@S[1 2]", "(:macrocall :@S (line 1 none) (:hcat 1 2))"),
    ("@. x + y", "(:macrocall :@__dot__ (line 1 none) (:call :+ :x :y))"),
    ("M.@m x", "(:macrocall (:. :M (inert :@m)) (line 1 none) :x)"),
    ("@M.m x", "(:macrocall (:. :M (inert :@m)) (line 1 none) :x)"),
    (
        "[@m(x) for x in xs]",
        "(:comprehension (:generator (:macrocall :@m (line 1 none) :x) (:= :x :xs)))",
    ),
    ("\n@m x", "(:macrocall :@m (line 2 none) :x)"),
    (
        '"text"\nf(x) = x',
        '(:macrocall (globalref Core @doc) (line 1 none) "text"'
        " (:= (:call :f :x) (:block (line 2 none) :x)))",
    ),
]

BLOCKS = [
    ("begin\n a\n\n b; c\nend", "(:block (line 2 none) :a (line 4 none) :b (line 4 none) :c)"),
    ("begin end", "(:block (line 1 none))"),
    (
        "if a\n b\nelseif c\n d\nelse\n e\nend",
        "(:if :a (:block (line 2 none) :b) (:elseif (:block (line 3 none) :c)"
        " (:block (line 4 none) :d) (:block (line 6 none) :e)))",
    ),
    ("while a\n b\nend", "(:while :a (:block (line 2 none) :b (line 3 none)))"),
    ("for i in 1:3\nend", "(:for (:= :i (:call :: 1 3)) (:block (line 1 none) (line 2 none)))"),
    (
        "for (i, x) ∈ xs, j = ys\n i\nend",
        "(:for (:block (:= (:tuple :i :x) :xs) (:= :j :ys))"
        " (:block (line 2 none) :i (line 3 none)))",
    ),
    ("for outer i in x end", "(:for (:= (:outer :i) :x) (:block (line 1 none) (line 1 none)))"),
    ("let x = 1\n x\nend", "(:let (:= :x 1) (:block (line 2 none) :x))"),
    ("let x = 1, y\n x\nend", "(:let (:block (:= :x 1) :y) (:block (line 2 none) :x))"),
    ("let\n x\nend", "(:let (:block) (:block (line 2 none) :x))"),
    ("let x=1\n end", "(:let (:= :x 1) (:block (line 2 none)))"),
    ("try\n a\ncatch e\n b\nend", "(:try (:block (line 2 none) :a) :e (:block (line 4 none) :b))"),
    (
        "try a finally b end",
        "(:try (:block (line 1 none) :a) false false (:block (line 1 none) :b))",
    ),
    (
        "try a catch; b else c end",
        "(:try (:block (line 1 none) :a) false (:block (line 1 none) :b) false"
        " (:block (line 1 none) :c))",
    ),
    (
        "struct A{T} <: B\n x::T\nend",
        "(:struct false (:<: (:curly :A :T) :B) (:block (line 2 none) (::: :x :T)))",
    ),
    ("mutable struct A\n const x\nend", "(:struct true :A (:block (line 2 none) (:const :x)))"),
    ("abstract type A <: B end", "(:abstract (:<: :A :B))"),
    ("primitive type A 8 end", "(:primitive :A 8)"),
    ("module A\nx\nend", "(:module true :A (:block (line 1 none) (line 2 none) :x))"),
    ("baremodule A end", "(:module false :A (:block (line 1 none) (line 1 none)))"),
    ("using A, B.C", "(:using (:. :A) (:. :B :C))"),
    ("using A: b, @c, + as d", "(:using (:: (:. :A) (:. :b) (:. :@c) (:as (:. :+) :d)))"),
    ("import ..A as B", "(:import (:as (:. :. :. :A) :B))"),
    ("import Base.+", "(:import (:. :Base :+))"),
    ("export a, @b, +", "(:export :a :@b :+)"),
    ("global x, y", "(:global :x :y)"),
    ("local x = 1", "(:local (:= :x 1))"),
    ("const x = 1", "(:const (:= :x 1))"),
    ("global const x = 1", "(:const (:global (:= :x 1)))"),
    ("return", "(:return nothing)"),
    ("return a, b", "(:return (:tuple :a :b))"),
    ("a && return", "(:&& :a (:return nothing))"),
    ("break", "(:break)"),
    ("a; b", "(:toplevel :a :b)"),
    ("type = mutable = outer", "(:= :type (:= :mutable :outer))"),
    ("1 + #= a #= b =# c =# 2 # d", "(:call :+ 1 2)"),
]

EXPRESSIONS = [*LITERALS, *OPERATORS, *CALLS, *BRACKETS, *QUOTES, *FUNCTIONS, *MACROS, *BLOCKS]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS)
def test_expression(text: str, expected: str) -> None:
    made = expression(text)
    assert (repr(made) if isinstance(made, float) else render(made)) == expected


TREES = [
    ("a + b", "(call-i a + b)"),
    ("a .+ b", "(dotcall-i a + b)"),
    ("-x", "(call-pre - x)"),
    ("x'", "(call-post x ')"),
    ("f(x, k=1)", "(call f x (= k 1))"),
    ("f.(x)", "(dotcall f x)"),
    ("a.b", "(. a (quote b))"),
    ("(a, b)", "(tuple-p a b)"),
    ("x -> y", "(-> (tuple x) y)"),
    ("f(x) = y", "(function-= (call f x) y)"),
    ("a ? b : c", "(? a b c)"),
    ("2x", "(juxtapose 2 x)"),
    (":x", "(quote-: x)"),
    ("[1 2; 3 4]", "(vcat (row 1 2) (row 3 4))"),
    ('"a$x"', '(string "a" x)'),
    ("@m a", "(macrocall @m a)"),
    ("a; b", "(toplevel-; a b)"),
    ("A where {T}", "(where A (braces T))"),
    ("mutable struct A end", "(struct-mut A (block))"),
    ("x::T", "(::-i x T)"),
]


@pytest.mark.parametrize(("text", "expected"), TREES)
def test_tree(text: str, expected: str) -> None:
    assert tree(text) == expected


# Errors and completeness --------------------------------------------------------------------

ERRORS = [
    (":\nu", "whitespace not allowed after `:` used for quoting"),
    ("u.: v", "whitespace is not allowed here"),
    ("u[end end]", "invalid identifier"),
    ("u[:(end)]", "invalid identifier"),
    ("1e3.", "invalid numeric constant"),
    ("for i = 1:2 end(3)", "extra tokens after end of expression"),
    ("begin x end.y", "extra tokens after end of expression"),
    ("1..2..3", "extra tokens after end of expression"),
    ("1:2..3", "extra tokens after end of expression"),
    ("[2for i = 1:3]", "Expected space before `for` in generator"),
    ("- (u, v)", "whitespace not allowed between prefix function call and argument list"),
    ("0xapi", "invalid numeric constant"),
    ("0b12", "invalid numeric constant"),
    ("f(x y)", "Expected `)`"),
    ("[1 2", "Expected `]`"),
    ("a b", "extra tokens after end of expression"),
    (")", "unexpected `)`"),
    ("a -- b", "invalid operator"),
    ("x [i]", "whitespace is not allowed here"),
    ("sin. (1)", "whitespace is not allowed here"),
    ("const x", "expected assignment after `const`"),
    ("if\n a end", "missing condition in `if`"),
    ("try x end", "try without catch or finally"),
    ("0x", "invalid numeric constant"),
    ("0x0.1", "hex float literal must contain `p` or `P`"),
    ("1e999", "overflow in floating point literal"),
    ("''", "empty character literal"),
    ("'ab'", "character literal contains multiple characters"),
    (r'"\xq"', "invalid hex escape sequence"),
    (r'"\k"', "invalid escape sequence"),
    ("a ? b", "`:` expected in `?` expression"),
    ('"$(a, b)"', "invalid interpolation syntax"),
    ('"abc', "unterminated string literal"),
    ("1 +", "premature end of input"),
    ("a\u200bb", r"invisible character '\u200b'"),
    ("[a b, c]", "unexpected comma in array expression"),
    ('"a"b', "cannot juxtapose string literal"),
    ("x[: 2]", "whitespace not allowed after `:` used for quoting"),
    ("a => : b", "whitespace not allowed after `:` used for quoting"),
    ("x 'y", "extra tokens after end of expression"),
    ("&*s", "extra tokens after end of expression"),
    ("< :2", "not a unary operator"),
    ("* => 2", "not a unary operator"),
    ("A.'", "the .' operator for transpose is discontinued"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_error(text: str, expected: str) -> None:
    assert message(text) == expected


SHOWN = [
    ("f(x", "ParseError:\n# Error @ REPL[1]:1:4\nf(x\n#  └ ── Expected `)`"),
    ("f(x y)", "ParseError:\n# Error @ REPL[1]:1:5\nf(x y)\n#   ╙ ── Expected `)`"),
    (
        "a = 1\nb = 'cd'",
        "ParseError:\n# Error @ REPL[1]:2:6\na = 1\nb = 'cd'\n"
        "#    └┘ ── character literal contains multiple characters",
    ),
]


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_error_is_shown_under_its_line(text: str, expected: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_source(text, "REPL[1]")
    assert str(caught.value) == expected


COMPLETENESS = {
    "complete": ["", "x", "f(x) = 1", "@m", "a;", "# only a comment", "return", "A'"],
    "incomplete": [
        "f(x",
        "[1,",
        "a +",
        "function f(x)",
        "if x",
        "if x\nelse",
        '"abc',
        '"""a\n',
        "#= a",
        "x ? y",
        "using A:",
        "struct A",
        "for i in",
        "f() do x",
        "begin",
        "quote",
        "a,",
        "x.",
        '"a $(b',
        "let x = 1",
        "try x",
        "T{",
        "`ls",
        "x ->",
        "@",
    ],
    "invalid": [")", "end", "a b", "const x", "begin end end", "[1 2)", "0x", "x [1]", "'ab'"],
}


@pytest.mark.parametrize(
    ("text", "expected"), [(text, kind) for kind, texts in COMPLETENESS.items() for text in texts]
)
def test_completeness(text: str, expected: str) -> None:
    assert completeness(text) == expected


# The root, positions and the doors ------------------------------------------------------------


def test_root_has_a_line_before_each_statement() -> None:
    root = to_expr(parse_source("a\n\nb = 1", "file.jl", 10))
    file = Symbol("file.jl")
    assert root == Expr(
        "toplevel",
        LineNumberNode(10, file),
        Symbol("a"),
        LineNumberNode(12, file),
        Expr("=", Symbol("b"), 1),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x;", True),
        ("x; # why\n\n", True),
        ("x", False),
        ("x;\ny", False),
        ("a; b", False),
        ("", False),
    ],
)
def test_suppressed(text: str, expected: bool) -> None:
    assert parse_source(text).suppressed is expected
    assert parse_all(text)[1] is expected


def test_positions() -> None:
    text = "α = f(x)\nβ = [1, 2]"
    first, second = parse_source(text)
    assert first.text == "α = f(x)"
    assert second.text == "β = [1, 2]"
    assert second[1].text == "[1, 2]"
    assert (second.line, second.start) == (2, text.index("β"))


def test_parse_one_goes_from_statement_to_statement() -> None:
    text = "a = 1\nf(x) do y\n y\nend\n\nb; c"
    found, position = [], 0
    while position < len(text):
        node, position = parse_one(text, position)
        found.append(node.sexpr())
    assert found == ["(= a 1)", "(do (call f x) (tuple y) (block y))", "(toplevel-; b c)"]


def test_names_are_normalised() -> None:
    assert expression("e\u0301") is Symbol("é")
    assert expression("\u00b5") is Symbol("μ")
    assert expression("a \u00b7 b") == expression("a ⋅ b")


def test_symbols_are_interned() -> None:
    assert Symbol("x") is Symbol("x")
    assert Symbol("x") != "x"
    assert not isinstance(Symbol("x"), str)
    with pytest.raises(AttributeError):
        Symbol("x").name = "y"


def test_expressions_compare_by_structure_and_type() -> None:
    assert Expr("call", Symbol("f"), 1) == Expr("call", Symbol("f"), 1)
    assert Expr("call", Symbol("f"), 1) != Expr("call", Symbol("f"), 1.0)
    assert Expr("vect", True) != Expr("vect", 1)
    assert QuoteNode(Symbol("a")) == QuoteNode(Symbol("a"))
    assert GlobalRef(Symbol("Core"), Symbol("f")) == GlobalRef(Symbol("Core"), Symbol("f"))


def test_a_vector_behind_the_arguments_is_the_truth() -> None:
    class Data:
        def tolist(self) -> list[int]:
            return [1, 2]

    class Vector:
        data = Data()

    made = Expr("call", 0)
    made._vector = Vector()
    assert made.args == [1, 2]
    made.args = [3]
    assert made.args == [3]


# Limits -----------------------------------------------------------------------------------------

NESTED = [
    "(",
    "[",
    "{",
    "f(",
    "x[",
    "-",
    "!",
    "x^",
    "a=>",
    "a ? b : ",
    "a ? ",
    "x->",
    "begin ",
    "if a\n",
    "@m ",
    "$",
    ":",
    "f(x) do y ",
    '"$(',
    "x.",
    "a - ",
    "<:",
    "return ",
    "x::",
    "let ",
    "1//",
]


@pytest.mark.parametrize("piece", NESTED)
def test_deep_nesting_is_an_error_or_parses(piece: str) -> None:
    try:
        to_expr(parse_source(piece * 3000 + "x"))
    except ParseError as error:
        assert str(error)


def test_moderate_nesting_parses() -> None:
    assert expression("(" * 200 + "x" + ")" * 200) is Symbol("x")
    assert expression("x + " * 5000 + "x").args[0] is Symbol("+")


def test_ten_thousand_lines_in_linear_time() -> None:
    piece = (
        'function f(x)\n  y = [1 -2; 3 4] .* x[end]  # c\n  println("a $y")\n  y > 3 ? y : 0\nend\n'
    )
    started = time.perf_counter()
    root = parse_source(piece * 2000)
    made = to_expr(root)
    assert time.perf_counter() - started < 15
    assert len(made.args) == 4000


# A session in the style of a tutorial -----------------------------------------------------------

CELLS = [
    "using Flux, Statistics\nusing Flux: train!, DataLoader",
    "actual(x) = 4x + 2\nx_train, x_test = hcat(0:5...), hcat(6:10...)",
    'model = Chain(Dense(2 => 3, tanh), BatchNorm(3), Dense(3 => 2); name = "net")',
    "loss(model, x, y) = mean(abs2.(model(x) .- y))",
    "for epoch in 1:200\n    train!(loss, model, data, opt)\nend",
    "∂L∂m = gradient(m -> loss(m, x, y), model)[1];",
    "losses = Float64[]\n@showprogress for (x, y) in loader\n  push!(losses, l)\nend",
    "W, b = rand(2, 5), zeros(2)\npredict(x) = W * x .+ b\nW̄ = W'W / 2",
    "struct Affine{T}\n  W::Matrix{T}\n  b::Vector{T}\nend\n(m::Affine)(x) = m.W * x .+ m.b",
    "function train(X; η = 0.1, epochs::Int = 10)\n  local s = 0f0\n  for i ∈ 1:epochs\n"
    "    s += η * sum(abs2, X[:, i])\n  end\n  return s\nend",
    "A = [1 -2 3\n     4 5 -6]\nA[2, :] .= 0; A",
    'println("acc = $(round(100 * acc; digits = 2))%")',
    "noisy = rand(Float32, 2, 1000)  # 2×1000 Matrix{Float32}\n"
    "truth = [xor(col[1] > 0.5, col[2] > 0.5) for col in eachcol(noisy)]",
    "x -> let y = x^2\n  y + 1\nend",
    "f = x -> x isa Number ? 2x : nothing",
    '@assert all(0 .<= p .<= 1) "not a probability"',
    "map(1:3, 4:6) do a, b\n  a * b\nend |> sum",
    "∇f(x) = gradient(f, x)[1]\nx₀ = [1.0, 2.0]\nx₁ = x₀ .- 0.1 .* ∇f(x₀)",
]


@pytest.mark.parametrize("cell", CELLS)
def test_cells_of_a_tutorial(cell: str) -> None:
    assert completeness(cell) == "complete"
    root = parse_source(cell)
    assert root.sexpr().startswith("(toplevel ")
    assert to_expr(root).head == "toplevel"
