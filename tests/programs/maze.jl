using Test

const MAZE = """
#########
#S..#...#
#.#.#.#.#
#.#...#E#
#########"""

function readgrid(s)
    rows = split(s, '\n')
    [rows[i][j] for i in eachindex(rows), j in 1:length(rows[1])]
end

function bfs(g::AbstractMatrix{Char}, s::CartesianIndex, t::CartesianIndex)
    dist = fill(-1, size(g))
    prev = Dict{CartesianIndex{2},CartesianIndex{2}}()
    dist[s] = 0
    queue = [s]
    dirs = CartesianIndex.([(1, 0), (-1, 0), (0, 1), (0, -1)])
    while !isempty(queue)
        p = popfirst!(queue)
        p == t && break
        for d in dirs
            q = p + d
            checkbounds(Bool, g, q) && g[q] != '#' && dist[q] < 0 || continue
            dist[q] = dist[p] + 1
            prev[q] = p
            push!(queue, q)
        end
    end
    dist[t], prev
end

backtrack(prev, t) = haskey(prev, t) ? push!(backtrack(prev, prev[t]), t) : [t]

function floodfill!(g, I, new)
    old = g[I]
    old == new && return g
    stack = [I]
    while !isempty(stack)
        J = pop!(stack)
        checkbounds(Bool, g, J) && g[J] == old || continue
        g[J] = new
        append!(stack, (J + CartesianIndex(d) for d in ((0, 1), (1, 0), (0, -1), (-1, 0))))
    end
    g
end

@testset "maze" begin
    g = readgrid(MAZE)
    s, t = findfirst(==('S'), g), findfirst(==('E'), g)
    @test s == CartesianIndex(2, 2) && Tuple(t) == (4, 8)
    d, prev = bfs(g, s, t)
    @test d == 12
    @test CartesianIndex(3, 2) === CartesianIndex(3, 2)
    p = backtrack(prev, t)
    @test length(p) == 13 && first(p) == s && last(p) == t
    @test all(sum(abs, Tuple(b - a)) == 1 for (a, b) in zip(p, p[2:end]))
    g[p[2:end-1]] .= '*'
    @test join(eachrow(g) .|> join, '\n') |> x -> count('*', x) == 11
    @test floodfill!([0 0 1; 0 1 0], CartesianIndex(1, 1), 7) == [7 7 1; 7 1 0]
    @test CartesianIndices((2, 2))[3] == CartesianIndex(1, 2)
    @test LinearIndices((2, 3))[2, 3] == 6
    @test sprint(show, CartesianIndex(1, 2)) == "CartesianIndex(1, 2)"
    @test CartesianIndex(1, 1):CartesianIndex(2, 2) |> length == 4
    @test bfs(g, s, CartesianIndex(1, 1))[1] == -1
end
