using Test
dot2(a, b) = sum(a[i] * b[i] for i in eachindex(a, b))
struct Banded{T} <: AbstractMatrix{T}
    diag::Vector{T}
end
Base.size(b::Banded) = (length(b.diag), length(b.diag))
Base.getindex(b::Banded{T}, i::Int, j::Int) where {T} = i == j ? b.diag[i] : zero(T)
Base.setindex!(b::Banded, v, i::Int, j::Int) = i == j ? (b.diag[i] = v) : throw(ArgumentError("off diagonal"))
struct SquaresVector <: AbstractVector{Int}
    n::Int
end
Base.size(s::SquaresVector) = (s.n,)
Base.IndexStyle(::Type{SquaresVector}) = IndexLinear()
Base.getindex(s::SquaresVector, i::Int) = i * i
@testset "custom arrays" begin
    b = Banded([1.0, 2.0])
    @test b[1, 1] == 1 && b[1, 2] == 0 && b[:, 2] == [0, 2] && sum(b) == 3 && b' == b && b * [1, 1] == [1, 2]
    @test b .+ 1 == [2 1; 1 3] && Matrix(b) == [1 0; 0 2] && size(b) == (2, 2) && length(b) == 4 && eltype(b) == Float64
    b[2, 2] = 5
    @test b[4] == 5 && maximum(b) == 5 && collect(b) isa Matrix{Float64}
    s = SquaresVector(4)
    @test s == [1, 4, 9, 16] && s[end] == 16 && s[2:3] == [4, 9] && sum(s) == 30 && map(sqrt, s) == 1:4 && s .* 2 == [2, 8, 18, 32]
    @test [x for x in s if x > 4] == [9, 16] && reverse(s) == [16, 9, 4, 1] && findfirst(==(9), s) == 3 && 16 in s
    @test sprint(show, MIME("text/plain"), s) == "4-element SquaresVector:\n  1\n  4\n  9\n 16"
    @test sprint(show, s) == "[1, 4, 9, 16]"
    @test similar(s) isa Vector{Int} && copy(s) isa Vector{Int} && eachindex(s) == 1:4 && s isa AbstractArray
    @test dot2(s, s) == 1 + 16 + 81 + 256
end

