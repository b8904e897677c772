using Test

struct BinaryHeap{T,O<:Base.Order.Ordering}
    xs::Vector{T}
    order::O
end

BinaryHeap{T}(o=Base.Order.Forward) where {T} = BinaryHeap(T[], o)

function BinaryHeap(xs::AbstractVector{T}; rev::Bool=false) where {T}
    h = BinaryHeap{T}(rev ? Base.Order.Reverse : Base.Order.Forward)
    foreach(Base.Fix1(push!, h), xs)
    return h
end

Base.length(h::BinaryHeap) = length(h.xs)
Base.isempty(h::BinaryHeap) = isempty(h.xs)
Base.first(h::BinaryHeap) = first(h.xs)
less(h, i, j) = Base.Order.lt(h.order, h.xs[i], h.xs[j])
swap!(h, i, j) = ((h.xs[i], h.xs[j]) = (h.xs[j], h.xs[i]); j)

function Base.push!(h::BinaryHeap, x)
    push!(h.xs, x)
    i = length(h)
    while i > 1 && less(h, i, i ÷ 2)
        i = swap!(h, i, i ÷ 2)
    end
    h
end

function Base.pop!(h::BinaryHeap)
    isempty(h) && throw(ArgumentError("heap must be non-empty"))
    swap!(h, 1, lastindex(h.xs))
    x = pop!(h.xs)
    i = 1
    while true
        kids = filter(<=(length(h)), (2i, 2i + 1))
        isempty(kids) && break
        k = length(kids) == 1 || less(h, kids[1], kids[2]) ? kids[1] : kids[2]
        less(h, k, i) || break
        i = swap!(h, i, k)
    end
    return x
end

drain!(h::BinaryHeap{T}) where {T} = T[pop!(h) for _ in 1:length(h)]

abstract type HuffmanTree end

struct Leaf <: HuffmanTree
    char::Char
    w::Int
end

struct Branch <: HuffmanTree
    l::HuffmanTree
    r::HuffmanTree
    w::Int
    Branch(l, r) = new(l, r, l.w + r.w)
end

Base.isless(a::HuffmanTree, b::HuffmanTree) = isless(a.w, b.w)

function huffman(s)
    counts = Dict{Char,Int}()
    foreach(c -> counts[c] = get(counts, c, 0) + 1, s)
    h = BinaryHeap{HuffmanTree}()
    for c in sort!(collect(keys(counts)))
        push!(h, Leaf(c, counts[c]))
    end
    while length(h) > 1
        push!(h, Branch(pop!(h), pop!(h)))
    end
    codes!(Dict{Char,String}(), pop!(h))
end

codes!(d, t::Leaf, prefix="") = (d[t.char] = prefix; d)
codes!(d, t::Branch, prefix="") = codes!(codes!(d, t.l, prefix * '0'), t.r, prefix * '1')
encode(s, codes) = mapreduce(c -> codes[c], *, s)

function decode(bits, codes)
    back = Dict(v => k for (k, v) in codes)
    out, cur = IOBuffer(), ""
    for b in bits
        cur *= b
        haskey(back, cur) || continue
        print(out, back[cur])
        cur = ""
    end
    String(take!(out))
end

@testset "heap and huffman" begin
    @test drain!(BinaryHeap([3, 1, 2])) == [1, 2, 3]
    @test drain!(BinaryHeap([3, 1, 2]; rev=true)) == [3, 2, 1]
    @test_throws ArgumentError pop!(BinaryHeap{Int}())
    @test first(push!(BinaryHeap(["b"]), "a")) == "a"
    @test typeof(BinaryHeap([1])) == BinaryHeap{Int,Base.Order.ForwardOrdering}
    text = "abracadabra alakazam"
    c = huffman(text)
    bits = encode(text, c)
    @test decode(bits, c) == text
    @test length(bits) < 8 * length(text)
    @test length(c['a']) == minimum(length, values(c))
    @test all(!startswith(x, y) for x in values(c), y in values(c) if x != y)
end
