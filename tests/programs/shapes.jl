using Test

abstract type Shape end

abstract type Polygon <: Shape end

struct Circle{T<:Real} <: Shape
    r::T
end

struct Rect{T<:Real} <: Polygon
    w::T
    h::T
end

struct Triangle{T<:Real} <: Polygon
    a::T; b::T; c::T
    function Triangle{T}(a, b, c) where {T<:Real}
        a, b, c = sort!([a, b, c])
        a > 0 && a + b >= c || throw(ArgumentError("not a triangle: $a, $b, $c"))
        new{T}(a, b, c)
    end
end

Triangle(a, b, c) = Triangle{promote_type(typeof.((a, b, c))...)}(a, b, c)
Square(s) = Rect(s, s)
area(c::Circle) = π * c.r^2
area(r::Rect) = r.w * r.h

function area((; a, b, c)::Triangle)
    s = (a + b + c) / 2
    sqrt(s * (s - a) * (s - b) * (s - c))
end

sides(::Shape) = error("no sides")
sides(::Rect) = 4
sides(::Triangle) = 3
kind(t::Triangle) = length(Set((t.a, t.b, t.c))) |> n -> (:equilateral, :isosceles, :scalene)[n]
collide(a::Shape, b::Shape) = "shapes"
collide(a::Circle, b::Polygon) = "circle/polygon"
collide(a::Polygon, b::Circle) = collide(b, a)
collide(a::T, b::T) where {T<:Shape} = "same $(nameof(T))"
describe(x::Union{Circle,Triangle}) = "round or pointy"
describe(x::Shape) = "boxy"

@testset "Shapes" begin
    @testset "area of $(nameof(typeof(s)))" for (s, a) in [Circle(1) => π, Rect(2, 3) => 6, Triangle(3, 4, 5) => 6.0]
        @test area(s) ≈ a
    end
    @test sides(Square(2)) == 4
    @test_throws ErrorException sides(Circle(1))
    @test kind(Triangle(2, 2, 2)) == :equilateral
    @test kind(Triangle(4, 3, 4)) == :isosceles
    @test_throws ArgumentError Triangle(1, 1, 5)
    @test Triangle(1, 1.5, 2) isa Triangle{Float64}
    @test collide(Circle(1), Rect(1, 2)) == collide(Rect(1, 2), Circle(1)) == "circle/polygon"
    @test collide(Rect(1, 2), Rect(3, 4)) == "same Rect"
    @test collide(Circle(1), Circle(1.0)) == "shapes"
    @test describe.([Circle(1), Rect(1, 1)]) == ["round or pointy", "boxy"]
    @test Rect <: Polygon <: Shape
    @test typejoin(Rect{Int}, Triangle{Int}) == Polygon
    @test isabstracttype(Shape) && isconcretetype(Circle{Int}) && !isconcretetype(Circle)
    @test subtypes(Polygon) == [Rect, Triangle]
    @test hasmethod(area, Tuple{Circle}) && !hasmethod(area, Tuple{Int})
    @test applicable(sides, Rect(1, 2))
    @test_throws MethodError area("x")
    @test eltype([Circle(1), Rect(1, 1)]) == Shape
    @test sort([Rect(3, 3), Circle(1), Rect(1, 1)]; by=area)[1] == Rect(1, 1)
    @test Rect(1, 2) == Rect(1, 2) && Rect(1, 2) === Rect(1, 2)
    @test_throws MethodError Rect(1, 2.0)
    @test fieldnames(Rect) == (:w, :h)
    @test sum(area, (Rect(1, 2), Rect(3, 4))) == 14
    @test invoke(collide, Tuple{Shape,Shape}, Rect(1, 2), Rect(1, 2)) == "shapes"
end

using InteractiveUtils
