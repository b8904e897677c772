using Test

mutable struct Node{K,V}
    key::K
    val::V
    left::Union{Node{K,V},Nothing}
    right::Union{Node{K,V},Nothing}
end
Node(k::K, v::V) where {K,V} = Node{K,V}(k, v, nothing, nothing)

mutable struct SearchTree{K,V} <: AbstractDict{K,V}
    root::Union{Nothing,Node{K,V}}
    count::Int
    SearchTree{K,V}() where {K,V} = new{K,V}(nothing, 0)
end

function SearchTree(ps::Pair{K,V}...) where {K,V}
    t = SearchTree{K,V}()
    for (k, v) in ps
        t[k] = v
    end
    t
end

function Base.setindex!(t::SearchTree{K,V}, v, k) where {K,V}
    if t.root === nothing
        t.root = Node{K,V}(k, v, nothing, nothing); t.count += 1
        return t
    end
    n = t.root
    while true
        if isequal(k, n.key)
            n.val = v; return t
        elseif isless(k, n.key)
            n.left === nothing && (n.left = Node{K,V}(k, v, nothing, nothing); t.count += 1; return t)
            n = n.left
        else
            n.right === nothing && (n.right = Node{K,V}(k, v, nothing, nothing); t.count += 1; return t)
            n = n.right
        end
    end
end

function Base.get(t::SearchTree, k, default)
    n = t.root
    while n !== nothing
        isequal(k, n.key) && return n.val
        n = isless(k, n.key) ? n.left : n.right
    end
    default
end
Base.length(t::SearchTree) = t.count

function Base.iterate(t::SearchTree{K,V}, stack = push_left!(Node{K,V}[], t.root)) where {K,V}
    isempty(stack) && return nothing
    n = pop!(stack)
    push_left!(stack, n.right)
    return (n.key => n.val, stack)
end

push_left!(s, ::Nothing) = s

function push_left!(s, n::Node)
    push!(s, n)
    push_left!(s, n.left)
end

height(::Nothing) = 0
height(n::Node) = 1 + max(height(n.left), height(n.right))
height(t::SearchTree) = height(t.root)

@testset "search trees" begin
    t = SearchTree(5 => "five", 2 => "two", 8 => "eight", 1 => "one")
    @test length(t) == 4
    @test t[2] == "two"
    @test collect(keys(t)) == [1, 2, 5, 8]
    @test collect(values(t)) == ["one", "two", "five", "eight"]
    @test_throws KeyError t[42]
    @test haskey(t, 8) && !haskey(t, 9)
    t[2] = "TWO"
    @test t[2] == "TWO" && length(t) == 4
    @test height(t) == 3
    @test t == Dict(5 => "five", 2 => "TWO", 8 => "eight", 1 => "one")
    @test first(t) == (1 => "one")
    @test get!(t, 7, "seven") == "seven"
    @test length(t) == 5
    @test [k for (k, v) in t if length(v) == 3] == [1, 2]
    @test repr("text/plain", SearchTree('a' => 1)) == "SearchTree{Char, Int64} with 1 entry:\n  'a' => 1"
    @test sum(k for k in keys(t)) == 23
    @test eltype(t) == Pair{Int,String}
    @test merge(Dict(1=>"x"), t)[1] == "one"
    @test filter(p -> iseven(p.first), t) == Dict(2 => "TWO", 8 => "eight")
end
