using Test

struct CustomSet{T} <: AbstractSet{T}
    elements::Vector{T}
    CustomSet{T}(xs) where {T} = new{T}(unique(xs))
end

CustomSet(xs::AbstractVector{T}) where {T} = CustomSet{T}(xs)
Base.iterate(s::CustomSet, st...) = iterate(s.elements, st...)
Base.length(s::CustomSet) = length(s.elements)
Base.in(x, s::CustomSet) = x in s.elements
Base.push!(s::CustomSet, x) = (x in s || push!(s.elements, x); s)
Base.copy(s::CustomSet) = CustomSet(copy(s.elements))
Base.union(a::CustomSet, b::CustomSet) = CustomSet([a.elements; b.elements])
Base.intersect(a::CustomSet, b::CustomSet) = CustomSet(filter(in(b), a.elements))
complement(a, b) = CustomSet(filter(!in(b), a.elements))
disjoint(a, b) = isempty(a ∩ b)
powerset(xs) = [[xs[i] for i in eachindex(xs) if mask >> (i - 1) & 1 == 1] for mask in 0:2^length(xs)-1]
sublist(a, b) = any(i -> view(b, i:i+length(a)-1) == a, 1:length(b)-length(a)+1)

@testset "sets" begin
    a, b = CustomSet([1, 2, 3, 2]), CustomSet([3, 4])
    @test length(a) == 3
    @test a ∪ b == CustomSet([1, 2, 3, 4])
    @test a ∩ b == CustomSet([3])
    @test complement(a, b) == CustomSet([2, 1])
    @test !disjoint(a, b) && disjoint(a, CustomSet([9]))
    @test CustomSet([1]) ⊆ a && !(a ⊆ b) && issubset(CustomSet(Int[]), a)
    @test a == Set([3, 2, 1]) && isequal(a, Set(1:3))
    @test 2 in push!(copy(b), 2)
    @test isempty(CustomSet(Int[]))
    @test collect(a) == [1, 2, 3] && sum(a) == 6
    @test Set(a) isa Set{Int}
    @test length(powerset([1, 2, 3])) == 8 && powerset('a':'b') == [[], ['a'], ['b'], ['a', 'b']]
    @test sublist([2, 3], [1, 2, 3]) && !sublist([3, 2], [1, 2, 3]) && sublist([], [1])
    s = Set([1, 2])
    @test push!(s, 3) === s && pop!(s, 3) == 3 && 3 ∉ s
    @test_throws KeyError pop!(s, 9)
    @test delete!(Set("ab"), 'a') == Set('b')
    @test symdiff([1, 2, 3], [2, 4]) == [1, 3, 4] && setdiff([1, 2, 3], [2]) == [1, 3]
    @test [1, 2] ⊊ [1, 2, 3] && issetequal([1, 1, 2], [2, 1]) && isdisjoint([1], [2])
    @test union([1, 2], [2, 3]) == [1, 2, 3] && unique(x -> x % 3, 1:6) == [1, 2, 3]
    @test allunique([1, 2]) && Set([1.0, 2]) == Set([1, 2])
    @test mapreduce(Set, ∪, ["ab", "bc"]) == Set("abc")
    d = Dict("a" => 1, "b" => 2)
    @test merge(d, Dict("b" => 3)) == Dict("a" => 1, "b" => 3) && mergewith(+, d, d)["b"] == 4
    @test Dict(v => k for (k, v) in d)[2] == "b" && sort(collect(keys(d))) == ["a", "b"]
    @test pop!(d, "zz", nothing) === nothing && haskey(d, "a") && get!(d, "c", 9) == 9 && length(d) == 3
    @test_throws KeyError d["nope"]
    @test sprint(showerror, try d["nope"] catch e e end) == "KeyError: key \"nope\" not found"
    @test filter(p -> p.second > 1, d) |> keys |> sort∘collect == ["b", "c"]
    @test findmax(Dict(:a => 3, :b => 7)) == (7, :b) && argmax(Dict(:a => 3, :b => 7)) == :b
    @test any(((k, v),) -> v == 9, d) && count(>(1), values(d)) == 2
    @test map(x -> x^2, filter(!ismissing, [1, missing, 3])) == [1, 9] && coalesce(missing, 4) == 4
    @test sum(skipmissing([1, missing, 2])) == 3 && ismissing(1 + missing)
    foreach(k -> delete!(d, k), ["a", "b"])
    @test d == Dict("c" => 9) && empty!(d) == Dict()
    map!(x -> 2x, values(merge!(d, Dict("x" => 4))))
    @test d["x"] == 8 && (("x" => 8) in d) && eltype(d) == Pair{String,Int}
end
