using Test
# tokenizer, parser, interpreter for a small language
module Calc
export tokenize, parse_program, run_program, CalcError
struct CalcError <: Exception
    msg::String
    pos::Int
end
Base.showerror(io::IO, e::CalcError) = print(io, "CalcError at ", e.pos, ": ", e.msg)
@enum TokenKind NUM IDENT OP LPAREN RPAREN KEYWORD NEWLINE EOF
struct Token
    kind::TokenKind
    text::SubString{String}
    pos::Int
end
Base.show(io::IO, t::Token) = print(io, t.kind, ':', repr(String(t.text)))
const KEYWORDS = Set(["let", "while", "end", "print", "if", "fn"])
function tokenize(src::String)
    toks = Token[]
    i = firstindex(src)
    n = lastindex(src)
    while i <= n
        c = src[i]
        if c == '\n' || c == ';'
            push!(toks, Token(NEWLINE, SubString(src, i, i), i)); i = nextind(src, i)
        elseif isspace(c)
            i = nextind(src, i)
        elseif isdigit(c)
            m = match(r"^\d+(\.\d+)?", SubString(src, i))
            push!(toks, Token(NUM, SubString(src, i, i + ncodeunits(m.match) - 1), i))
            i += ncodeunits(m.match)
        elseif isletter(c) || c == '_'
            j = i
            while j <= n && (isletter(src[j]) || isdigit(src[j]) || src[j] == '_')
                j = nextind(src, j)
            end
            word = SubString(src, i, prevind(src, j))
            push!(toks, Token(word in KEYWORDS ? KEYWORD : IDENT, word, i))
            i = j
        elseif c == '('
            push!(toks, Token(LPAREN, SubString(src, i, i), i)); i += 1
        elseif c == ')'
            push!(toks, Token(RPAREN, SubString(src, i, i), i)); i += 1
        elseif c in "+-*/^<>=%"
            push!(toks, Token(OP, SubString(src, i, i), i)); i += 1
        else
            throw(CalcError("unexpected character $(repr(c))", i))
        end
    end
    push!(toks, Token(EOF, SubString(""), n + 1))
end
abstract type Node end
struct Lit <: Node; v::Float64; end
struct Ref_ <: Node; name::Symbol; pos::Int; end
struct Bin <: Node; op::Char; l::Node; r::Node; end
struct Neg <: Node; x::Node; end
struct Let <: Node; name::Symbol; value::Node; end
struct Print <: Node; value::Node; end
struct While <: Node; cond::Node; body::Vector{Node}; end
struct Call <: Node; f::Symbol; arg::Node; end
mutable struct Parser
    toks::Vector{Token}
    i::Int
end
peek(p::Parser) = p.toks[p.i]
next!(p::Parser) = (t = p.toks[p.i]; p.i += 1; t)
accept!(p, kind, text = nothing) = (t = peek(p); t.kind == kind && (text === nothing || t.text == text)) ? next!(p) : nothing
expect!(p, kind, text = nothing) = something(accept!(p, kind, text), Some(nothing)) === nothing ?
    throw(CalcError("expected $(something(text, kind)), got $(peek(p))", peek(p).pos)) : p.toks[p.i-1]
const PREC = Dict('<' => 1, '>' => 1, '+' => 2, '-' => 2, '*' => 3, '/' => 3, '%' => 3, '^' => 4)
function expression(p::Parser, minprec = 1)
    left = unary(p)
    while (t = peek(p); t.kind == OP && haskey(PREC, only(t.text)) && PREC[only(t.text)] >= minprec)
        op = only(next!(p).text)
        right = expression(p, op == '^' ? PREC[op] : PREC[op] + 1)
        left = Bin(op, left, right)
    end
    left
end
function unary(p)
    accept!(p, OP, "-") !== nothing && return Neg(unary(p))
    atom(p)
end
function atom(p)
    t = next!(p)
    if t.kind == NUM
        return Lit(parse(Float64, t.text))
    elseif t.kind == IDENT
        if accept!(p, LPAREN) !== nothing
            a = expression(p)
            expect!(p, RPAREN)
            return Call(Symbol(t.text), a)
        end
        return Ref_(Symbol(t.text), t.pos)
    elseif t.kind == LPAREN
        e = expression(p)
        expect!(p, RPAREN)
        return e
    end
    throw(CalcError("unexpected $t", t.pos))
end
function statement(p)
    if accept!(p, KEYWORD, "let") !== nothing
        name = expect!(p, IDENT).text
        expect!(p, OP, "=")
        return Let(Symbol(name), expression(p))
    elseif accept!(p, KEYWORD, "print") !== nothing
        return Print(expression(p))
    elseif accept!(p, KEYWORD, "while") !== nothing
        c = expression(p)
        return While(c, block(p))
    end
    expression(p)
end
function block(p, closing = true)
    out = Node[]
    while true
        while accept!(p, NEWLINE) !== nothing end
        if closing && accept!(p, KEYWORD, "end") !== nothing
            return out
        elseif peek(p).kind == EOF
            closing && throw(CalcError("missing end", peek(p).pos))
            return out
        end
        push!(out, statement(p))
    end
end
parse_program(src) = block(Parser(tokenize(src), 1), false)
const FUNCS = Dict{Symbol,Function}(:sqrt => sqrt, :abs => abs, :double => x -> 2x)
ev(n::Lit, env, io) = n.v
ev(n::Ref_, env, io) = get(env, n.name) do
    throw(CalcError("undefined: $(n.name)", n.pos))
end
ev(n::Neg, env, io) = -ev(n.x, env, io)
function ev(n::Bin, env, io)
    a, b = ev(n.l, env, io), ev(n.r, env, io)
    n.op == '+' ? a + b : n.op == '-' ? a - b : n.op == '*' ? a * b : n.op == '/' ? a / b :
    n.op == '^' ? a^b : n.op == '%' ? a % b : n.op == '<' ? Float64(a < b) : Float64(a > b)
end
ev(n::Let, env, io) = env[n.name] = ev(n.value, env, io)
ev(n::Print, env, io) = (v = ev(n.value, env, io); println(io, isinteger(v) ? Int(v) : v); v)
ev(n::Call, env, io) = FUNCS[n.f](ev(n.arg, env, io))
function ev(n::While, env, io)
    while ev(n.cond, env, io) != 0
        foreach(s -> ev(s, env, io), n.body)
    end
    0.0
end
function run_program(src; env = Dict{Symbol,Float64}())
    io = IOBuffer()
    result = 0.0
    for s in parse_program(src)
        result = ev(s, env, io)
    end
    (; result, output = String(take!(io)), env)
end
end
using .Calc
@testset verbose = true "calc" begin
    @testset "tokens" begin
        ts = tokenize("let x = 3.5*(y+1)")
        @test length(ts) == 11
        @test string(ts[1]) == "KEYWORD:\"let\""
        @test [string(t.text) for t in ts[1:4]] == ["let", "x", "=", "3.5"]
        @test_throws CalcError tokenize("a ? b")
        err = try tokenize("ab ?") catch e e end
        @test err.pos == 4
        @test sprint(showerror, err) == "CalcError at 4: unexpected character '?'"
    end
    @testset "evaluate $src" for (src, want) in ["1 + 2 * 3" => 7, "(1+2)*3" => 9, "2^3^2" => 512, "-2^2" => 4, "10 % 4 - 1" => 1, "sqrt(16) + double(3)" => 10]
        @test run_program(src).result == want
    end
    @testset "programs" begin
        r = run_program("""
            let n = 5
            let acc = 1
            while n > 1
                let acc = acc * n
                let n = n - 1
            end
            print acc
            print acc / 7
            """)
        @test r.output == "120\n17.142857142857142\n"
        @test r.env[:n] == 1
        @test_throws "missing end" run_program("while 1 < 2")
        @test_throws "undefined: zz" run_program("zz + 1")
        @test_throws CalcError run_program("let = 3")
        @test_throws KeyError run_program("nofn(2)")
        @test run_program("").result == 0
        @test run_program("let α1 = 4; α1 * 2").result == 8
    end
end
