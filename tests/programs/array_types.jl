using Test, LinearAlgebra

struct Toeplitz{T} <: AbstractMatrix{T}
    v::Vector{T}
    function Toeplitz(v::AbstractVector{T}) where {T}
        isodd(length(v)) || throw(DimensionMismatch("need an odd number of diagonals, got $(length(v))"))
        new{T}(v)
    end
end

Base.size(t::Toeplitz) = (n = (length(t.v) + 1) ÷ 2; (n, n))
Base.getindex(t::Toeplitz, i::Int, j::Int) = (@boundscheck checkbounds(t, i, j); t.v[j-i+size(t, 1)])

struct Squares <: AbstractVector{Int}
    n::Int
end

Base.size(s::Squares) = (s.n,)
Base.IndexStyle(::Type{Squares}) = IndexLinear()
Base.getindex(::Squares, i::Int) = i^2

struct SparseVec{T} <: AbstractVector{T}
    n::Int
    data::Dict{Int,T}
end

SparseVec{T}(n) where {T} = SparseVec{T}(n, Dict{Int,T}())
Base.size(v::SparseVec) = (v.n,)
Base.getindex(v::SparseVec{T}, i::Int) where {T} = get(v.data, i, zero(T))
Base.setindex!(v::SparseVec, x, i::Int) = (v.data[i] = x)
Base.similar(v::SparseVec, ::Type{T}, (n,)::Dims{1}) where {T} = SparseVec{T}(n)

@testset "array types" begin
    t = Toeplitz([1, 2, 3, 4, 5])
    @test size(t) == (3, 3)
    @test t == [3 4 5; 2 3 4; 1 2 3]
    @test t * [1, 1, 1] == [12, 9, 6]
    @test t[2, :] == [2, 3, 4]
    @test t' == [3 2 1; 4 3 2; 5 4 3]
    @test sum(t) == 27 && tr(t) == 9
    @test_throws BoundsError t[4, 1]
    @test_throws DimensionMismatch Toeplitz([1, 2])
    @test_throws Exception t[1, 1] = 3
    @test t .* 2 == 2t
    @test Matrix(t) isa Matrix{Int}
    @test t[end] == 3 && t[begin, end] == 5
    @test map(iseven, t) == iseven.(t)
    s = Squares(5)
    @test s == [1, 4, 9, 16, 25]
    @test s[end-1:end] == [16, 25] && sum(s) == 55
    @test collect(s) isa Vector{Int} && maximum(s) == 25
    @test s[s .> 5] == [9, 16, 25] && findall(isodd, s) == [1, 3, 5]
    @test reverse(s)[1] == 25 && s ⋅ s == 979
    @test vcat(s, [0]) == [1, 4, 9, 16, 25, 0]
    @test sprint(show, s) == "[1, 4, 9, 16, 25]"
    @test repr("text/plain", Squares(2)) == "2-element Squares:\n 1\n 4"
    v = SparseVec{Float64}(4)
    v[2] = 5
    v[end] = 1
    @test v == [0, 5, 0, 1] && length(v.data) == 2
    w = v .+ 1
    @test w == [1, 6, 1, 2]
    fill!(v, 2)
    @test all(==(2), v)
    v .= 1:4
    @test v == 1:4
    v[2:3] .= 0
    @test sum(v) == 5
    @test similar(v) isa SparseVec{Float64}
    @test copy(v) == v
    @test sort(SparseVec(3, Dict(1 => 9, 2 => 1)))[end] == 9
end
