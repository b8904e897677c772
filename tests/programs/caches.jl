using Test

struct LRU{K,V} <: AbstractDict{K,V}
    data::Dict{K,V}
    order::Vector{K}
    maxsize::Int
    function LRU{K,V}(; maxsize) where {K,V}
        maxsize > 0 || throw(ArgumentError("maxsize must be positive, got $maxsize"))
        new{K,V}(Dict{K,V}(), K[], maxsize)
    end
end

touch!(l::LRU, k) = (filter!(!=(k), l.order); push!(l.order, k); l)

function Base.setindex!(l::LRU, v, k)
    l.data[k] = v
    touch!(l, k)
    while length(l.data) > l.maxsize
        delete!(l.data, popfirst!(l.order))
    end
    l
end

function Base.get(l::LRU, k, default)
    haskey(l.data, k) || return default
    touch!(l, k)
    l.data[k]
end
Base.length(l::LRU) = length(l.data)
Base.iterate(l::LRU, i = 1) = i > length(l.order) ? nothing : (l.order[i] => l.data[l.order[i]], i + 1)

struct Accumulator{T,V<:Number} <: AbstractDict{T,V}
    map::Dict{T,V}
end
Accumulator{T,V}() where {T,V<:Number} = Accumulator{T,V}(Dict{T,V}())

counter(T::Type) = Accumulator{T,Int}()
counter(d::AbstractDict{K,V}) where {K,V} = Accumulator{K,V}(Dict{K,V}(d))

function counter(seq)
    ct = counter(eltype(seq))
    for x in seq
        inc!(ct, x)
    end
    ct
end
Base.length(a::Accumulator) = length(a.map)
Base.iterate(ct::Accumulator, s...) = iterate(ct.map, s...)
Base.get(ct::Accumulator, x, default) = get(ct.map, x, default)
Base.getindex(ct::Accumulator{T,V}, x) where {T,V} = get(ct.map, x, zero(V))
Base.setindex!(ct::Accumulator, x, v) = setindex!(ct.map, x, v)
Base.haskey(ct::Accumulator, v) = haskey(ct.map, v)
Base.sum(ct::Accumulator) = sum(values(ct.map))
inc!(ct::Accumulator, x, a::Number = 1) = (ct[x] += a)
Base.push!(ct::Accumulator, x) = inc!(ct, x)
nlargest(acc::Accumulator) = sort!(collect(acc), by = last, rev = true)
nlargest(acc::Accumulator, n) = partialsort!(collect(acc), 1:n, by = last, rev = true)
Base.merge!(ct::Accumulator, o::Accumulator) = (for (x, v) in o; inc!(ct, x, v); end; ct)

struct DefaultDict{K,V,F} <: AbstractDict{K,V}
    default::F
    d::Dict{K,V}
    DefaultDict{K,V}(f::F) where {K,V,F} = new{K,V,F}(f, Dict{K,V}())
end
Base.getindex(d::DefaultDict, k) = get!(d.default, d.d, k)
Base.get(d::DefaultDict, k, v) = get(d.d, k, v)
for f in (:length, :isempty)
    @eval Base.$f(d::DefaultDict) = $f(d.d)
end
Base.setindex!(d::DefaultDict, v, k) = (d.d[k] = v; d)
Base.iterate(d::DefaultDict, s...) = iterate(d.d, s...)

@testset "caches" begin
    c = LRU{String,Int}(maxsize = 2)
    c["a"] = 1; c["b"] = 2
    @test c["a"] == 1
    c["c"] = 3
    @test !haskey(c, "b") && haskey(c, "a")
    @test_throws KeyError c["b"]
    @test get!(c, "d", 4) == 4
    @test collect(keys(c)) == ["a", "d"]
    @test_throws ArgumentError LRU{Int,Int}(maxsize = 0)
    @test length(c) == 2
    ct = counter("hello world" |> collect)
    @test ct['l'] == 3 && ct['z'] == 0
    @test nlargest(ct)[1] == ('l' => 3)
    @test nlargest(ct, 2) == ['l' => 3, 'o' => 2]
    @test inc!(ct, 'z', 10) == 10
    @test sum(ct) == 21
    @test counter([1, 1, 2]) == Dict(1 => 2, 2 => 1)
    @test merge!(counter("aab"), counter("abc")) == Dict('a' => 3, 'b' => 2, 'c' => 1)
    @test counter([1, 2]) isa AbstractDict{Int,Int}
    dd = DefaultDict{String,Vector{Int}}(() -> Int[])
    push!(dd["x"], 1); push!(dd["x"], 2)
    @test dd["x"] == [1, 2] && length(dd) == 1 && isempty(dd["y"])
    @test sort(collect(keys(dd))) == ["x", "y"]
end
