using Test
abstract type Shape end
struct Circle{T<:Real} <: Shape; r::T; end
struct Rect{T<:Real} <: Shape
    w::T
    h::T
    function Rect{T}(w, h) where {T<:Real}
        (w < 0 || h < 0) && error("negative side")
        new{T}(w, h)
    end
end
Rect(w::T, h::T) where {T<:Real} = Rect{T}(w, h)
Rect(w::Real, h::Real) = Rect(promote(w, h)...)
Rect(s::Real) = Rect(s, s)
area(c::Circle) = π * c.r^2
area(r::Rect) = r.w * r.h
scale(s::S, k) where {S<:Shape} = S === Circle{Int} ? Circle(s.r * k) : s isa Rect ? Rect(s.w * k, s.h * k) : Circle(s.r * k)
combine(a::Shape, b::Shape) = :shapes
combine(a::Circle, b::Shape) = :circle_first
combine(a::Shape, b::Circle) = :circle_second
combine(a::Circle, b::Circle) = :circles
describe(x) = "something"
describe(x::Number) = "number"
describe(x::Integer) = "integer, a $(invoke(describe, Tuple{Number}, x))"
describe(::Type{T}) where {T<:Number} = "number type $T"
describe(x::Int, y::Int, rest::Int...) = "$(2 + length(rest)) ints"
describe(x::Union{String, Symbol}) = "text"
describe(x::AbstractVector{<:Real}) = "real vector"
describe(x::Vector{T}) where {T<:AbstractString} = "strings"
describe(f::Function) = "function"
describe(::Nothing) = "nothing"
describe(t::Tuple{Int, Vararg{String}}) = "int then strings"
@testset "dispatch" begin
    @test area(Circle(1)) ≈ π
    @test area(Rect(2, 3.5)) === 7.0
    @test Rect(2, 3.5) isa Rect{Float64}
    @test_throws ErrorException Rect(-1, 1)
    @test combine(Rect(1), Circle(1)) == :circle_second
    @test combine(Circle(1), Circle(2)) == :circles
    @test scale(Rect(1, 2), 3) == Rect(3, 6)
    @test describe(1.5) == "number"
    @test describe(3) == "integer, a number"
    @test describe(Int) == "number type Int64"
    @test describe(1, 2, 3) == "3 ints"
    @test describe("a") == describe(:a) == "text"
    @test describe([1.0]) == "real vector"
    @test describe(["a"]) == "strings"
    @test describe(sin) == "function"
    @test describe(nothing) == "nothing"
    @test describe((1, "a", "b")) == "int then strings"
    @test describe((1, 2)) == "something"
    @test hasmethod(area, Tuple{Circle{Int}})
    @test !hasmethod(area, Tuple{Int})
    @test_throws MethodError area(3)
    @test Circle{Int} <: Shape && Circle{Int} <: Circle && !(Circle{Int} <: Circle{Real})
    @test supertype(Circle{Int}) == Shape
    @test fieldnames(Rect) == (:w, :h)
    @test eltype([1, 2.0]) == Float64
    @test string(Circle(2)) == "Circle{Int64}(2)"
    @test typeof([Circle(1), Rect(1)]) == Vector{Shape}
    @test length(methods(combine)) == 4
end
