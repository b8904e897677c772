using Test
@testset "dicts" begin
    d = Dict(:a => 1, :b => 2)
    @test d[:a] == 1 && haskey(d, :b) && !haskey(d, :c)
    @test get(d, :c, 0) == 0
    @test get!(d, :c, 3) == 3 && length(d) == 3
    @test pop!(d, :c) == 3
    @test_throws KeyError d[:zzz]
    delete!(d, :a)
    @test collect(d) == [:b => 2]
    @test merge(Dict(1 => 2), Dict(1 => 3, 2 => 4)) == Dict(1 => 3, 2 => 4)
    @test mergewith(+, Dict(1 => 2), Dict(1 => 3)) == Dict(1 => 5)
    @test Dict(zip("ab", 1:2)) == Dict('a' => 1, 'b' => 2)
    @test Dict(k => v^2 for (k, v) in pairs([3, 4])) == Dict(1 => 9, 2 => 16)
    @test sort(collect(keys(Dict("x" => 1, "a" => 2)))) == ["a", "x"]
    @test filter(p -> p.second > 1, Dict(1 => 1, 2 => 2)) == Dict(2 => 2)
    @test isempty(Dict()) && eltype(Dict(1 => "a")) == Pair{Int, String}
    x = Dict{String, Vector{Int}}()
    push!(get!(x, "k", Int[]), 5)
    @test x == Dict("k" => [5])
    @test findmax(Dict(:a => 3, :b => 7)) == (7, :b)
end
@testset "sets" begin
    s = Set([1, 2, 2])
    @test length(s) == 2 && 1 in s && 3 ∉ s
    @test union(s, [3]) == Set(1:3) && intersect(s, [2, 9]) == Set([2]) && setdiff(s, [1]) == Set([2])
    @test symdiff(Set([1, 2]), Set([2, 3])) == Set([1, 3])
    push!(s, 10); delete!(s, 1)
    @test s == Set([2, 10]) && issubset([2], s) && Set([2]) ⊆ s
    @test unique([3, 1, 3]) == [3, 1] && allunique([1, 2])
    @test isdisjoint([1], [2])
end
@testset "arrays" begin
    v = [5, 3, 9]
    @test sort(v) == [3, 5, 9] && sort(v; rev = true) == [9, 5, 3] && sortperm(v) == [2, 1, 3]
    @test sort(["bb", "a"]; by = length) == ["a", "bb"]
    push!(v, 1); pushfirst!(v, 0)
    @test v == [0, 5, 3, 9, 1] && pop!(v) == 1 && popfirst!(v) == 0
    insert!(v, 2, 7)
    @test v == [5, 7, 3, 9]
    deleteat!(v, 1)
    @test v == [7, 3, 9] && splice!(v, 2) == 3 && v == [7, 9]
    append!(v, [1, 2])
    @test v[end] == 2 && v[end-1:end] == [1, 2] && v[[1, end]] == [7, 2] && v[v .> 2] == [7, 9]
    @test findall(>(1), v) == [1, 2, 4] && findfirst(==(9), v) == 2 && argmax(v) == 2 && findmin(v) == (1, 3)
    @test count(iseven, v) == 1 && any(>(8), v) && all(>(0), v)
    A = reshape(1:6, 2, 3)
    @test A[2, 3] == 6 && size(A) == (2, 3) && A'[3, 2] == 6 && sum(A; dims = 1) == [3 7 11]
    @test vec(maximum(A; dims = 2)) == [5, 6] && A[:, 2] == [3, 4] && A[1, :] == [1, 3, 5]
    @test hcat([1, 2], [3, 4]) == [1 3; 2 4] && vcat([1], [2, 3]) == [1, 2, 3] && [1 2] * [3; 4] == [11]
    @test [i * j for i in 1:2, j in 1:3] == [1 2 3; 2 4 6]
    @test [x for x in 1:10 if x % 3 == 0] == [3, 6, 9]
    @test mapslices(sum, [1 2; 3 4]; dims = 1) == [4 6] && map(+, [1, 2], [3, 4]) == [4, 6]
    @test eachrow([1 2; 3 4]) |> collect == [[1, 2], [3, 4]] && reverse([1, 2]) == [2, 1] && cumsum([1, 2, 3]) == [1, 3, 6]
    @test zeros(2) == [0.0, 0.0] && fill("a", 2) == ["a", "a"] && repeat([1, 2], 2) == [1, 2, 1, 2]
    @test_throws BoundsError [1, 2][3]
    @test_throws DimensionMismatch [1, 2] .+ [1, 2, 3]
    B = copy(A); B[1, 1] = 100
    @test A[1, 1] == 1 && B[1] == 100
    w = @view v[2:3]
    w .= 0
    @test v == [7, 0, 0, 2]
    @test circshift([1, 2, 3], 1) == [3, 1, 2] && diff([1, 4, 9]) == [3, 5] && isempty([]) && extrema([3, 1]) == (1, 3)
    @test first([1, 2, 3], 2) == [1, 2] && last([1, 2, 3], 2) == [2, 3] && reduce(vcat, [[1], [2]]) == [1, 2]
    @test permutedims([1 2; 3 4]) == [1 3; 2 4] && issorted([1, 2]) && searchsortedfirst([1, 3, 5], 3) == 2
    @test [[1, 2], [3]] |> Iterators.flatten |> collect == [1, 2, 3]
    @test similar([1.0], 3) isa Vector{Float64} && ndims(zeros(1, 2, 3)) == 3 && CartesianIndices((2, 2))[3] == CartesianIndex(1, 2)
    @test stack([[1, 2], [3, 4]]) == [1 3; 2 4]
end
@testset "tuples" begin
    t = (1, "a", :b)
    @test t[2] == "a" && length(t) == 3 && t[1:2] == (1, "a") && (t..., 4) == (1, "a", :b, 4)
    nt = (a = 1, b = "x")
    @test nt.a == 1 && nt[:b] == "x" && keys(nt) == (:a, :b) && merge(nt, (c = 2,)) == (a = 1, b = "x", c = 2)
    (; a, b) = nt
    @test a == 1 && b == "x"
    f(; kw...) = sum(values(kw))
    @test f(x = 1, y = 2) == 3
    x, (y, z...) = 1, (2, 3, 4)
    @test z == (3, 4) && ntuple(i -> i^2, 3) == (1, 4, 9) && reverse((1, 2)) == (2, 1)
    @test map(+, (1, 2), (3, 4)) == (4, 6) && (1, 2) < (1, 3) && in(2, (1, 2))
end
