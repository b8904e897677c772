using Test
mutable struct Node{T}
    value::T
    next::Union{Node{T}, Nothing}
end
mutable struct LinkedList{T}
    head::Union{Node{T}, Nothing}
    length::Int
    LinkedList{T}() where {T} = new{T}(nothing, 0)
end
LinkedList(xs::T...) where {T} = (l = LinkedList{T}(); foreach(x -> push!(l, x), xs); l)
function Base.push!(l::LinkedList{T}, x) where {T}
    n = Node{T}(convert(T, x), nothing)
    if l.head === nothing
        l.head = n
    else
        cur = l.head
        while cur.next !== nothing
            cur = cur.next
        end
        cur.next = n
    end
    l.length += 1
    return l
end
function Base.popfirst!(l::LinkedList)
    isempty(l) && throw(ArgumentError("list must be non-empty"))
    v = l.head.value
    l.head = l.head.next
    l.length -= 1
    v
end
Base.iterate(l::LinkedList, n = l.head) = n === nothing ? nothing : (n.value, n.next)
Base.length(l::LinkedList) = l.length
Base.eltype(::Type{LinkedList{T}}) where {T} = T
Base.isempty(l::LinkedList) = l.length == 0
@testset "list" begin
    l = LinkedList(1, 2, 3)
    @test collect(l) == [1, 2, 3]
    @test eltype(l) === Int
    @test eltype(collect(l)) === Int
    @test [2x for x in l] == [2, 4, 6]
    @test sum(l) == 6
    @test maximum(l) == 3
    @test popfirst!(l) == 1
    @test length(l) == 2
    @test 3 in l
    @test collect(zip(l, "ab")) == [(2, 'a'), (3, 'b')]
    a, b = l
    @test (a, b) == (2, 3)
    @test_throws ArgumentError popfirst!(LinkedList{Int}())
    @test_throws MethodError push!(LinkedList{Int}(), "x")
    @test reduce(+, l; init = 10) == 15
    @test join(l, "-") == "2-3"
    @test Set(l) == Set([2, 3])
    @test map(x -> x^2, l) == [4, 9]
end
