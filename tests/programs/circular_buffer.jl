using Test

mutable struct CircularBuffer{T} <: AbstractVector{T}
    data::Vector{T}
    first::Int
    len::Int
    CircularBuffer{T}(capacity::Integer) where {T} = new{T}(Vector{T}(undef, capacity), 1, 0)
end

capacity(cb::CircularBuffer) = length(cb.data)
isfull(cb) = length(cb) == capacity(cb)
Base.size(cb::CircularBuffer) = (cb.len,)
Base.IndexStyle(::Type{<:CircularBuffer}) = IndexLinear()
_idx(cb, i) = mod1(cb.first + i - 1, capacity(cb))
Base.@propagate_inbounds function Base.getindex(cb::CircularBuffer, i::Int)
    @boundscheck checkbounds(cb, i)
    cb.data[_idx(cb, i)]
end

function Base.setindex!(cb::CircularBuffer, v, i::Int)
    @boundscheck checkbounds(cb, i)
    cb.data[_idx(cb, i)] = v
end

function Base.push!(cb::CircularBuffer, item; overwrite::Bool=false)
    if isfull(cb)
        overwrite || throw(BoundsError(cb, capacity(cb) + 1))
        cb.first = mod1(cb.first + 1, capacity(cb))
    else
        cb.len += 1
    end
    cb[cb.len] = item
    cb
end

function Base.popfirst!(cb::CircularBuffer)
    isempty(cb) && throw(BoundsError(cb, 1))
    x = cb[1]
    cb.first = mod1(cb.first + 1, capacity(cb))
    cb.len -= 1
    x
end

Base.empty!(cb::CircularBuffer) = (cb.first = 1; cb.len = 0; cb)

@testset "CircularBuffer" begin
    cb = CircularBuffer{Int}(3)
    @test isempty(cb) && capacity(cb) == 3
    @test_throws BoundsError popfirst!(cb)
    push!(cb, 1); push!(cb, 2); push!(cb, 3)
    @test cb == [1, 2, 3]
    @test_throws BoundsError push!(cb, 4)
    push!(cb, 4; overwrite=true)
    @test collect(cb) == [2, 3, 4]
    @test popfirst!(cb) == 2
    @test sum(cb) == 7
    @test cb[end] == 4
    @test cb .+ 1 == [4, 5]
    @test map(string, cb) == ["3", "4"]
    cb[1] = 10
    @test first(cb) == 10
    @test_throws BoundsError cb[3]
    @test reverse(cb) == [4, 10]
    @test sort(cb) == [4, 10]
    @test 10 in cb
    @test findfirst(==(4), cb) == 2
    @test cb[2:2] == [4]
    @test append!(CircularBuffer{Int}(5), 1:3) == 1:3
    @test isempty(empty!(cb))
    @test repr(push!(CircularBuffer{Int}(2), 7)) == "[7]"
    @test summary(CircularBuffer{Float64}(2)) == "0-element CircularBuffer{Float64}"
    @test sprint(show, MIME("text/plain"), push!(CircularBuffer{Int}(2), 7)) == "1-element CircularBuffer{Int64}:\n 7"
end
