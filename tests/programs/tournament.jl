using Test, Printf


Base.@kwdef mutable struct Team
    name::String
    wins::Int = 0
    draws::Int = 0
    losses::Int = 0
end


played(t::Team) = t.wins + t.draws + t.losses
points(t::Team) = 3t.wins + t.draws

function tally(input::AbstractString)
    teams = Dict{String,Team}()
    team(n) = get!(() -> Team(; name=n), teams, n)
    for line in eachline(IOBuffer(input))
        (isempty(line) || startswith(line, '#')) && continue
        a, b, outcome = split(line, ';')
        ta, tb = team(String(a)), team(String(b))
        if outcome == "win"
            ta.wins += 1; tb.losses += 1
        elseif outcome == "loss"
            ta.losses += 1; tb.wins += 1
        elseif outcome == "draw"
            ta.draws += 1; tb.draws += 1
        else
            error("unknown outcome: ", outcome)
        end
    end
    table = sort!(collect(values(teams)), by = t -> (-points(t), t.name))
    io = IOBuffer()
    @printf(io, "%-30s | %2s | %2s | %2s | %2s | %2s\n", "Team", "MP", "W", "D", "L", "P")
    for t in table
        @printf io "%-30s | %2d | %2d | %2d | %2d | %2d\n" t.name played(t) t.wins t.draws t.losses points(t)
    end
    String(take!(io))
end


@testset "tournament" begin
    @test tally("") == "Team                           | MP |  W |  D |  L |  P\n"
    t = tally("""
        Allegoric Alaskans;Blithering Badgers;win
        Devastating Donkeys;Courageous Californians;draw
        Devastating Donkeys;Allegoric Alaskans;win
        Courageous Californians;Blithering Badgers;loss
        Blithering Badgers;Devastating Donkeys;loss
        Allegoric Alaskans;Courageous Californians;win
        """)
    @test t == """
        Team                           | MP |  W |  D |  L |  P
        Devastating Donkeys            |  3 |  2 |  1 |  0 |  7
        Allegoric Alaskans             |  3 |  2 |  0 |  1 |  6
        Blithering Badgers             |  3 |  1 |  0 |  2 |  3
        Courageous Californians        |  3 |  0 |  1 |  2 |  1
        """
    err = try tally("a;b;foo") catch e; e end
    @test err isa ErrorException
    @test err.msg == "unknown outcome: foo"
    @test_throws "unknown outcome" tally("a;b;foo")
    @test_throws UndefKeywordError Team()
    @test sprint(showerror, try Team() catch e; e end) == "UndefKeywordError: keyword argument `name` not assigned"
end
