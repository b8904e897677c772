using Test
function step(grid::AbstractMatrix{Bool})
    rows, cols = size(grid)
    new = falses(rows, cols)
    for I in CartesianIndices(grid)
        n = 0
        for d in CartesianIndex(-1, -1):CartesianIndex(1, 1)
            d == zero(d) && continue
            J = I + d
            checkbounds(Bool, grid, J) && (n += grid[J])
        end
        new[I] = n == 3 || (grid[I] && n == 2)
    end
    new
end
@testset "life" begin
    blinker = Bool[0 1 0; 0 1 0; 0 1 0]
    @test step(blinker) == Bool[0 0 0; 1 1 1; 0 0 0]
    @test step(step(blinker)) == blinker
    block = Bool[1 1; 1 1]
    @test step(block) == block
    @test count(step(blinker)) == 3
    @test step(falses(0, 0)) == falses(0, 0)
end
