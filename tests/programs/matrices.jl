using Test, LinearAlgebra


spiral(n) = begin
    m = zeros(Int, n, n)
    r, c, dr, dc = 1, 1, 0, 1
    for k in 1:n^2
        m[r, c] = k
        if !checkbounds(Bool, m, r + dr, c + dc) || m[r+dr, c+dc] != 0
            dr, dc = dc, -dr
        end
        r += dr; c += dc
    end
    m
end


function saddlepoints(M::AbstractMatrix)
    isempty(M) && return Tuple{Int,Int}[]
    rowmax = maximum(M, dims=2)
    colmin = minimum(M, dims=1)
    [(i, j) for i in axes(M, 1) for j in axes(M, 2) if M[i, j] == rowmax[i] == colmin[j]]
end


pascal(n) = [binomial(i, j) for i in 0:n-1, j in 0:n-1]

function gauss(A::Matrix{T}, b::Vector) where {T<:Rational}
    M = hcat(A, b)
    n = size(A, 1)
    for k in 1:n
        p = findfirst(!iszero, M[k:n, k])
        p === nothing && throw(SingularException(k))
        p += k - 1
        M[[k, p], :] = M[[p, k], :]
        M[k, :] ./= M[k, k]
        for i in 1:n
            i == k && continue
            M[i, :] .-= M[i, k] .* M[k, :]
        end
    end
    M[:, end]
end


@testset "matrices" begin
    @test spiral(1) == [1;;]
    @test spiral(3) == [1 2 3; 8 9 4; 7 6 5]
    @test spiral(0) == Matrix{Int}(undef, 0, 0)
    @test saddlepoints([9 8 7; 5 3 2; 6 6 7]) == [(2, 1)]
    @test saddlepoints([4 5 4; 3 5 5; 1 5 4]) == [(1, 2), (2, 2), (3, 2)]
    @test pascal(4) == [1 0 0 0; 1 1 0 0; 1 2 1 0; 1 3 3 1]
    @test istril(pascal(4))
    A = [2//1 1 -1; -3 -1 2; -2 1 2]
    @test A isa Matrix{Rational{Int}}
    @test gauss(A, [8, -11, -3]) == [2, 3, -1]
    @test A * gauss(A, [8, -11, -3]) == [8, -11, -3]
    @test_throws SingularException gauss([1//1 2; 2 4], [1, 2])
    @test det(A) == -1
    @test inv(A) * A == I
    @test tr(spiral(3)) == 15
    @test transpose([1 2; 3 4]) == [1 3; 2 4]
    @test rotr90([1 2; 3 4]) == [3 1; 4 2]
    @test rotl90([1 2; 3 4]) == [2 4; 1 3]
    @test [1 1; 1 0]^10 == [89 55; 55 34]
    @test kron([1 2], [1; 1]) == [1 2; 1 2]
    @test dot([1, 2, 3], [4, 5, 6]) == 32
    @test norm([3, 4]) == 5.0
    @test cross([1, 0, 0], [0, 1, 0]) == [0, 0, 1]
    @test_throws DimensionMismatch [1 2; 3 4] * [1, 2, 3]
    @test diag(spiral(3)) == [1, 9, 5]
    @test Diagonal([1, 2]) * [1 2; 3 4] == [1 2; 6 8]
    @test mapslices(sum, [1 2; 3 4]; dims=1) == [4 6]
    @test stack([[1, 2], [3, 4]]) == [1 3; 2 4]
    @test eachcol([1 2; 3 4]) |> collect == [[1, 3], [2, 4]]
    @test [row[1] for row in eachrow(spiral(3))] == [1, 8, 7]
    @test vec(spiral(2)) == [1, 4, 2, 3]
    @test cat([1], [2]; dims=3) |> size == (1, 1, 2)
    @test reshape(1:6, 2, :) == [1 3 5; 2 4 6]
    @test repeat([1 2], 2, 2) == [1 2 1 2; 1 2 1 2]
    @test UpperTriangular([1 2; 3 4]) == [1 2; 0 4]
end
