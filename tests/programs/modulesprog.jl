module Geometry
export Point, distance
struct Point{T<:Real}
    x::T
    y::T
end
Point(x::Real, y::Real) = Point(promote(x, y)...)
distance(a::Point, b::Point) = hypot(a.x - b.x, a.y - b.y)
module Shapes
    using ..Geometry: Point, distance
    export perimeter
    perimeter(ps::Vector{<:Point}) = sum(distance(ps[i], ps[mod1(i + 1, length(ps))]) for i in eachindex(ps))
end
secret() = :hidden
const VERSION_NUMBER = v"1.2.3"
end
using Test
using .Geometry
using .Geometry.Shapes: perimeter
import .Geometry: secret as sec
@testset "modules" begin
    @test distance(Point(0, 0), Point(3, 4)) == 5
    @test perimeter([Point(0, 0), Point(1, 0), Point(1, 1), Point(0, 1)]) == 4
    @test sec() === :hidden
    @test Geometry.VERSION_NUMBER > v"1.2"
    @test !isdefined(Main, :secret)
    @test Point(1, 2.5) isa Point{Float64}
    @test string(Point(1, 2)) in ("Point{Int64}(1, 2)", "Main.Geometry.Point{Int64}(1, 2)")
    @test parentmodule(distance) == Geometry && nameof(Geometry) == :Geometry
    @test Set(names(Geometry)) == Set([:Geometry, :Point, :distance])
    @test_throws UndefVarError perimeterx
end
