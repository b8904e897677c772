using Test

abstract type Expr2 end

struct Num <: Expr2; v::Float64; end

struct Var <: Expr2; name::Symbol; end

struct BinOp{Op} <: Expr2
    l::Expr2
    r::Expr2
end

Base.convert(::Type{Expr2}, x::Real) = Num(x)
Base.convert(::Type{Expr2}, s::Symbol) = Var(s)
for (op, name) in ((:+, :Add), (:*, :Mul), (:-, :Sub))
    @eval const $name = BinOp{$(QuoteNode(op))}
    @eval Base.$op(a::Expr2, b::Expr2) = $name(a, b)
    @eval Base.$op(a::Expr2, b::Real) = $op(a, Num(b))
    @eval Base.$op(a::Real, b::Expr2) = $op(Num(a), b)
end

evaluate(n::Num, env) = n.v
evaluate(v::Var, env) = get(() -> throw(UndefVarError(v.name)), env, v.name)
evaluate(b::BinOp{Op}, env) where {Op} = getfield(Base, Op)(evaluate(b.l, env), evaluate(b.r, env))
diff(::Num, _) = Num(0)
diff(v::Var, x) = Num(v.name == x)
diff(a::Add, x) = diff(a.l, x) + diff(a.r, x)
diff(m::Mul, x) = diff(m.l, x) * m.r + m.l * diff(m.r, x)
Base.show(io::IO, n::Num) = print(io, isinteger(n.v) ? Int(n.v) : n.v)
Base.show(io::IO, v::Var) = print(io, v.name)
Base.show(io::IO, b::BinOp{Op}) where {Op} = print(io, "(", b.l, " ", Op, " ", b.r, ")")
simplify(x::Expr2) = x

function simplify(m::Mul)
    l, r = simplify(m.l), simplify(m.r)
    (l == Num(0) || r == Num(0)) && return Num(0)
    l == Num(1) ? r : r == Num(1) ? l : Mul(l, r)
end

function simplify(a::Add)
    l, r = simplify(a.l), simplify(a.r)
    l == Num(0) ? r : r == Num(0) ? l : l isa Num && r isa Num ? Num(l.v + r.v) : Add(l, r)
end

struct Vec{N,T<:Real} <: AbstractVector{T}
    d::NTuple{N,T}
end

Vec(xs::Real...) = Vec(promote(xs...))
Base.size(::Vec{N}) where {N} = (N,)
Base.getindex(v::Vec, i::Int) = v.d[i]
Base.:+(a::Vec{N}, b::Vec{N}) where {N} = Vec(a.d .+ b.d)

struct Maybe{T}
    x::Union{Some{T},Nothing}
end

Maybe(x::T) where {T} = Maybe{T}(Some(x))
bind(f, m::Maybe) = isnothing(m.x) ? m : f(something(m.x))

@testset "expression types" begin
    x, y = Var(:x), Var(:y)
    e = x * x + 3 * y - 1
    @test string(e) == "(((x * x) + (3 * y)) - 1)"
    @test evaluate(e, Dict(:x => 2, :y => 5)) == 18
    @test_throws UndefVarError evaluate(e, Dict(:x => 1))
    @test string(diff(x * x, :x)) == "((1 * x) + (x * 1))"
    @test string(simplify(diff(x * x, :x))) == "(x + x)"
    @test Add(1, :x) isa BinOp{:+}
    @test string(Add(1, :x)) == "(1 + x)"
    @test Vec(1, 2.5) == [1.0, 2.5] && Vec(1, 2.5) isa Vec{2,Float64}
    @test Vec(1, 2) + Vec(3, 4) === Vec(4, 6)
    @test_throws DimensionMismatch Vec(1) + Vec(1, 2)
    @test sum(Vec(1, 2, 3)) == 6 && Vec(1, 2) .+ 1 == [2, 3]
    @test bind(x -> Maybe(x + 1), Maybe(1)) == Maybe(2)
    @test bind(x -> Maybe(x + 1), Maybe{Int}(nothing)).x === nothing
    @test Base.typename(Vec{2,Int}).name == :Vec
    @test Vec{2} <: AbstractVector && Vec{2,Int} <: Vec{2} && !(Vec{2,Int} <: Vec{3})
    @test (Vector{Int} <: Vector{Real}) == false && Vector{Int} <: Vector{<:Real}
    @test string(Vec{2,Int}) == "Vec{2, Int64}" && string(Maybe) == "Maybe"
    @test_throws TypeError Vec{2,String}
    @test promote(1, 2.5) == (1.0, 2.5) && convert(Float64, 1) === 1.0
    @test typeof([1, 2.5, 3//1]) == Vector{Float64} && eltype([1, "a"]) == Any
    @test typeof((1, "a")) == Tuple{Int,String} && (1, "a") isa Tuple{Int,Any}
end
