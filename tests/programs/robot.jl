using Test
@enum Direction NORTH EAST SOUTH WEST
mutable struct Robot
    position::NamedTuple{(:x, :y), Tuple{Int, Int}}
    heading::Direction
end
Robot((x, y)::Tuple, heading) = Robot((x = x, y = y), heading)
right(d::Direction) = Direction((Int(d) + 1) % 4)
left(d::Direction) = Direction(mod(Int(d) - 1, 4))
turn!(r::Robot, f) = (r.heading = f(r.heading); r)
function advance!(r::Robot)
    x, y = r.position
    r.position = if r.heading == NORTH
        (x = x, y = y + 1)
    elseif r.heading == SOUTH
        (x = x, y = y - 1)
    elseif r.heading == EAST
        (x = x + 1, y = y)
    else
        (x = x - 1, y = y)
    end
    r
end
function move!(r::Robot, instructions::AbstractString)
    for c in instructions
        c == 'R' ? turn!(r, right) : c == 'L' ? turn!(r, left) : c == 'A' ? advance!(r) : throw(ArgumentError("unknown instruction $c"))
    end
    r
end
@testset "robot" begin
    r = Robot((7, 3), NORTH)
    move!(r, "RAALAL")
    @test r.position == (x = 9, y = 4)
    @test r.heading == WEST
    @test_throws ArgumentError move!(r, "X")
    @test string(NORTH) == "NORTH" && Int(SOUTH) == 2 && instances(Direction) == (NORTH, EAST, SOUTH, WEST)
    @test NORTH < WEST && Direction(1) === EAST
    @test_throws ArgumentError Direction(7)
end
