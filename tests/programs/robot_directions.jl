using Test

@enum Direction NORTH EAST SOUTH WEST

struct Point{T}
    x::T
    y::T
end

Base.:+(p::Point, q::Point) = Point(p.x + q.x, p.y + q.y)
const STEPS = Dict(NORTH => Point(0, 1), EAST => Point(1, 0), SOUTH => Point(0, -1), WEST => Point(-1, 0))

mutable struct Robot
    const name::String
    position::Point{Int}
    heading::Direction
    Robot(pos::Tuple, h; name="R2") = new(name, Point(pos...), h)
end

position(r::Robot) = r.position
turn_right!(r::Robot) = (r.heading = Direction(mod(Int(r.heading) + 1, 4)); r)
turn_left!(r::Robot) = (r.heading = Direction(mod(Int(r.heading) - 1, 4)); r)
advance!(r::Robot) = (r.position += STEPS[r.heading]; r)

function move!(r::Robot, instr)
    for c in instr
        c == 'R' ? turn_right!(r) : c == 'L' ? turn_left!(r) : c == 'A' ? advance!(r) : throw(ArgumentError("unknown instruction '$c'"))
    end
    r
end

@testset "robot" begin
    @testset "create" begin
        r = Robot((0, 0), NORTH)
        @test position(r) == Point(0, 0)
        @test r.heading == NORTH
    end
    @testset "turns from $d" for (d, right, left) in ((NORTH, EAST, WEST), (WEST, NORTH, SOUTH))
        @test turn_right!(Robot((0, 0), d)).heading === right
        @test turn_left!(Robot((0, 0), d)).heading === left
    end
    r = move!(Robot((7, 3), NORTH), "RAALAL")
    @test position(r) == Point(9, 4)
    @test r.heading == WEST
    @test_throws ArgumentError move!(r, "X")
    @test_throws ErrorException r.name = "C3"
    e = try r.name = "x" catch e e end
    @test e.msg == "setfield!: const field .name of type Robot cannot be changed"
    @test string(NORTH) == "NORTH"
    @test repr(EAST) == "EAST"
    @test sprint(show, MIME"text/plain"(), EAST) == "EAST::Direction = 1"
    @test Symbol(WEST) == :WEST
    @test typemax(Direction) == WEST
    @test NORTH < EAST
    @test repr(Point(1.0, 2.0)) == "Point{Float64}(1.0, 2.0)"
    @test_throws MethodError Point(1, 2.0)
    @test_throws "no field foo" r.foo
    @test propertynames(r) == (:name, :position, :heading)
    @test fieldtype(Robot, :position) == Point{Int}
end
