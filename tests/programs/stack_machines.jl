using Test

struct StackUnderflow <: Exception end
const OPS = Dict{String,Tuple{Int,Function}}(
    "+" => (2, +), "-" => (2, -), "*" => (2, *), "/" => (2, /), "^" => (2, ^), "sqrt" => (1, sqrt), "!" => (1, n -> prod(1:Int(n))))

function rpn(s; verbose=false)
    stack = Float64[]
    for tok in eachsplit(s)
        if haskey(OPS, tok)
            n, f = OPS[tok]
            length(stack) < n && throw(StackUnderflow())
            args = splice!(stack, length(stack)-n+1:length(stack))
            push!(stack, f(args...))
        else
            push!(stack, parse(Float64, tok))
        end
        verbose && @info "step" tok stack
    end
    length(stack) == 1 || error("stack has $(length(stack)) elements")
    only(stack)
end

mutable struct Forth
    stack::Vector{Int}
    words::Dict{String,Vector{String}}
end

Forth() = Forth([], Dict())

function run!(f::Forth, src)
    toks = split(lowercase(src))
    i = 1
    while i <= length(toks)
        if toks[i] == ":"
            j = findnext(==(";"), toks, i)
            tryparse(Int, toks[i+1]) === nothing || throw(ArgumentError("illegal operation"))
            f.words[toks[i+1]] = reduce(vcat, [get(f.words, t, [t]) for t in toks[i+2:j-1]]; init=String[])
            i = j
        else
            foreach(t -> exec!(f, t), get(f.words, toks[i], (toks[i],)))
        end
        i += 1
    end
    f.stack
end

function exec!(f, t)
    s = f.stack
    n = tryparse(Int, t)
    n === nothing || return push!(s, n)
    need = t in ("dup", "drop") ? 1 : 2
    length(s) < need && throw(StackUnderflow())
    if t == "dup"; push!(s, s[end])
    elseif t == "drop"; pop!(s)
    elseif t == "swap"; s[end-1], s[end] = s[end], s[end-1]
    elseif t == "over"; push!(s, s[end-1])
    elseif t in ("+", "-", "*", "/")
        b, a = pop!(s), pop!(s)
        push!(s, t == "+" ? a + b : t == "-" ? a - b : t == "*" ? a * b : a ÷ b)
    else
        throw(ArgumentError("undefined operation: $t"))
    end
end

@testset "stack machines" begin
    @test rpn("3 4 + 2 *") == 14
    @test rpn("5 1 2 + 4 * + 3 -") == 14
    @test rpn("16 sqrt") === 4.0 && rpn("5 !") == 120
    @test_throws StackUnderflow rpn("1 +")
    @test_throws ErrorException rpn("1 2")
    @test_throws ArgumentError rpn("x")
    @test_logs (:info, "step") (:info, "step") (:info, "step") rpn("1 2 +"; verbose=true)
    ev(xs...) = (f = Forth(); foldl((_, x) -> run!(f, x), xs; init=f.stack))
    @test ev("1 2 3") == [1, 2, 3]
    @test ev("8 2 /") == [4]
    @test ev("1 dup swap") == [1, 1]
    @test ev(": double dup + ;", "3 DOUBLE double") == [12]
    @test ev(": foo 5 ;", ": bar foo ;", ": foo 6 ;", "bar foo") == [5, 6]
    @test_throws DivideError ev("4 0 /")
    @test_throws StackUnderflow ev("dup")
    @test_throws ArgumentError ev(": 1 2 ;")
    @test_throws ArgumentError("undefined operation: foo") ev("1 2 foo")
end
