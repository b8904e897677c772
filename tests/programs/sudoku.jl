using Test


const Grid = Matrix{Int}

candidates(g::Grid, r, c) = begin
    r0, c0 = 3 * div(r - 1, 3), 3 * div(c - 1, 3)
    setdiff(1:9, @view(g[r, :]), @view(g[:, c]), @view(g[r0+1:r0+3, c0+1:c0+3]))
end


function solve!(g::Grid)
    best = nothing
    bestc = Int[]
    for I in CartesianIndices(g)
        g[I] == 0 || continue
        cs = candidates(g, Tuple(I)...)
        if best === nothing || length(cs) < length(bestc)
            best, bestc = I, cs
        end
    end
    best === nothing && return true
    for v in bestc
        g[best] = v
        solve!(g) && return true
    end
    g[best] = 0
    return false
end


parsegrid(s) = permutedims(reshape([parse(Int, c) for c in s if isdigit(c)], 9, 9))

const PUZZLE = """
    53007 0000
    600195000
    098000060
    800060003
    400803001
    700020006
    060000280
    000419005
    000080079
    """

function valid(g)
    all(1:9) do i
        isperm(g[i, :]) && isperm(g[:, i])
    end && all(isperm(vec(g[3i+1:3i+3, 3j+1:3j+3])) for i in 0:2, j in 0:2)
end


@testset "sudoku" begin
    g = parsegrid(PUZZLE)
    @test size(g) == (9, 9)
    @test count(==(0), g) == 51
    @test candidates(g, 1, 3) == [1, 2, 4]
    given = findall(!iszero, g)
    before = copy(g)
    @test solve!(g)
    @test valid(g)
    @test g[given] == before[given]
    @test g[1, :] == [5, 3, 4, 6, 7, 8, 9, 1, 2]
    @test all(sum(g; dims=1) .== 45)
    @test !solve!(fill!(similar(g), 0) |> x -> (x[1, 1:8] .= 1:8; x[2, 9] = 9; x))
end
