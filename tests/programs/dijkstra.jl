using Test


struct PriorityQueue{K,V<:Real}
    heap::Vector{Tuple{V,K}}
end

PriorityQueue{K,V}() where {K,V} = PriorityQueue{K,V}(Tuple{V,K}[])

Base.isempty(q::PriorityQueue) = isempty(q.heap)
Base.length(q::PriorityQueue) = length(q.heap)

function Base.push!(q::PriorityQueue{K,V}, (k, v)::Pair) where {K,V}
    push!(q.heap, (V(v), k))
    i = length(q.heap)
    while i > 1 && q.heap[i] < q.heap[i >> 1]
        q.heap[i], q.heap[i >> 1] = q.heap[i >> 1], q.heap[i]
        i >>= 1
    end
    return q
end


function Base.popfirst!(q::PriorityQueue)
    isempty(q) && throw(ArgumentError("queue must be non-empty"))
    top = q.heap[1]
    x = pop!(q.heap)
    if !isempty(q.heap)
        q.heap[1] = x
        i = 1
        n = length(q.heap)
        while 2i <= n
            c = 2i
            c < n && q.heap[c+1] < q.heap[c] && (c += 1)
            q.heap[i] <= q.heap[c] && break
            q.heap[i], q.heap[c] = q.heap[c], q.heap[i]
            i = c
        end
    end
    return reverse(top)
end


const Graph{T} = Dict{T,Vector{Pair{T,Float64}}}

function addedge!(g::Graph{T}, a::T, b::T, w::Real) where {T}
    push!(get!(Vector{Pair{T,Float64}}, g, a), b => w)
    push!(get!(Vector{Pair{T,Float64}}, g, b), a => w)
    g
end


function dijkstra(g::Graph{T}, source::T) where T
    dist = Dict{T,Float64}(k => Inf for k in keys(g))
    prev = Dict{T,Union{Nothing,T}}()
    dist[source] = 0
    prev[source] = nothing
    q = PriorityQueue{T,Float64}()
    push!(q, source => 0)
    while !isempty(q)
        u, d = popfirst!(q)
        d > dist[u] && continue
        for (v, w) in g[u]
            alt = d + w
            if alt < dist[v]
                dist[v] = alt
                prev[v] = u
                push!(q, v => alt)
            end
        end
    end
    dist, prev
end


function path(prev, target)
    p = [target]
    while (n = prev[p[1]]) !== nothing
        pushfirst!(p, n)
    end
    p
end


@testset verbose = true "Dijkstra" begin
    g = Graph{Symbol}()
    for (a, b, w) in ((:a, :b, 7), (:a, :c, 9), (:a, :f, 14), (:b, :c, 10), (:b, :d, 15), (:c, :d, 11), (:c, :f, 2), (:d, :e, 6), (:e, :f, 9))
        addedge!(g, a, b, w)
    end
    dist, prev = dijkstra(g, :a)
    @test dist[:e] ≈ 20
    @test path(prev, :e) == [:a, :c, :f, :e]
    @test dist == Dict(:a => 0, :b => 7, :c => 9, :d => 20, :e => 20, :f => 11)
    @test_throws KeyError dijkstra(g, :zz)
    @test_throws ArgumentError popfirst!(PriorityQueue{Int,Int}())
    @test_throws MethodError addedge!(g, :a, "b", 1)
end
