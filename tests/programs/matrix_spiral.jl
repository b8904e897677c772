using Test
function spiral(n)
    m = zeros(Int, n, n)
    r, c, dr, dc = 1, 0, 0, 1
    k = 0
    while k < n^2
        nr, nc = r + dr, c + dc
        if 1 <= nr <= n && 1 <= nc <= n && m[nr, nc] == 0
            r, c = nr, nc
            k += 1
            m[r, c] = k
        else
            dr, dc = dc, -dr
        end
    end
    m
end
@testset "spiral" begin
    @test spiral(0) == zeros(Int, 0, 0)
    @test spiral(1) == fill(1, 1, 1)
    @test spiral(3) == [1 2 3; 8 9 4; 7 6 5]
    @test spiral(4)[2, :] == [12, 13, 14, 5]
end
