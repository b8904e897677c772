using Test

struct SparseVec{T} <: AbstractVector{T}
    n::Int
    d::Dict{Int,T}
end
SparseVec{T}(n) where {T} = SparseVec{T}(n, Dict{Int,T}())
SparseVec(v::AbstractVector{T}) where {T} = (s = SparseVec{T}(length(v)); for (i, x) in pairs(v) s[i] = x end; s)
Base.size(v::SparseVec) = (v.n,)
Base.IndexStyle(::Type{<:SparseVec}) = IndexLinear()
Base.@propagate_inbounds function Base.getindex(v::SparseVec{T}, i::Int) where {T}
    @boundscheck checkbounds(v, i)
    get(v.d, i, zero(T))
end
Base.@propagate_inbounds function Base.setindex!(v::SparseVec, x, i::Int)
    @boundscheck checkbounds(v, i)
    iszero(x) ? delete!(v.d, i) : (v.d[i] = x)
    v
end
Base.similar(v::SparseVec, ::Type{T}, dims::Dims{1}) where {T} = SparseVec{T}(dims[1])
nnz(v::SparseVec) = length(v.d)
Base.BroadcastStyle(::Type{<:SparseVec}) = Broadcast.ArrayStyle{SparseVec}()
Base.similar(bc::Broadcast.Broadcasted{Broadcast.ArrayStyle{SparseVec}}, ::Type{T}) where {T} = SparseVec{T}(length(bc))
inner(a::SparseVec, b::SparseVec) = sum(x * b[i] for (i, x) in a.d; init = zero(eltype(a)))

function Base.show(io::IO, ::MIME"text/plain", v::SparseVec)
    print(io, "SparseVec of length ", length(v), " with ", nnz(v), " stored")
    for k in sort!(collect(keys(v.d)))
        print(io, "\n  [", k, "] = ", v.d[k])
    end
end

@testset "sparse vectors" begin
    v = SparseVec{Float64}(10)
    v[3] = 2; v[7] = 5
    @test nnz(v) == 2 && sum(v) == 7 && length(v) == 10
    @test_throws BoundsError v[11]
    @test_throws BoundsError v[0] = 1
    @test v == [0, 0, 2, 0, 0, 0, 5, 0, 0, 0]
    @test (v .* 2) isa SparseVec{Float64} && nnz(v .* 2) == 2
    @test v + v == 2v
    @test (v .+ 1)[1] == 1
    @test inner(v, v) == 29
    w = copy(v); w[3] = 0
    @test nnz(w) == 1 && nnz(v) == 2 && w isa SparseVec
    @test repr("text/plain", v) == "SparseVec of length 10 with 2 stored\n  [3] = 2.0\n  [7] = 5.0"
    @test findall(!iszero, v) == [3, 7]
    @test v[2:3] isa SparseVec && v[2:3] == [0, 2]
    @test map(sqrt, v) isa SparseVec
    @test similar(v) isa SparseVec && similar(v, Int, 4) isa SparseVec{Int}
    @test maximum(v) == 5 && argmax(v) == 7
    v .= 0
    @test nnz(v) == 0
    v[[1, 2]] .= 3
    @test nnz(v) == 2
    @test collect(v)[1:3] == [3, 3, 0]
    @test SparseVec([0, 1, 0, 2]) == [0, 1, 0, 2] && nnz(SparseVec([0, 1, 0, 2])) == 2
    @test reverse(SparseVec([0, 1])) == [1, 0]
    @test eltype(v) == Float64 && firstindex(v) == 1 && lastindex(v) == 10
    @test (fill!(SparseVec{Int}(3), 4)) == [4, 4, 4]
    @test any(>(0), SparseVec([0, 1])) && !all(>(0), SparseVec([0, 1]))
end
