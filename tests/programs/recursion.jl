using Test

@kwdef struct Options
    depth::Int = 3
    name::String = "opt"
    tags::Vector{Symbol} = Symbol[]
end

const CACHE = IdDict{Any,Any}()

function ackermann(m, n, memo=Dict{NTuple{2,Int},Int}())
    get!(memo, (m, n)) do
        m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1, memo) : ackermann(m - 1, ackermann(m, n - 1, memo), memo)
    end
end

hanoi(n, a='A', b='B', c='C') = n == 0 ? Tuple{Char,Char}[] : [hanoi(n - 1, a, c, b); (a, c); hanoi(n - 1, b, a, c)]
partitions(n, m=n) = n == 0 ? 1 : sum(partitions(n - k, k) for k in 1:min(n, m); init=0)
collatz(n, steps=0) = n == 1 ? steps : collatz(iseven(n) ? n ÷ 2 : 3n + 1, steps + 1)
flatten(x) = [x]
flatten(v::AbstractVector) = mapreduce(flatten, vcat, v; init=Any[])
subsets(v) = isempty(v) ? [eltype(v)[]] : let r = subsets(v[2:end]); [r; [[v[1]; s] for s in r]] end
permute(v::Vector{T}) where {T} = length(v) <= 1 ? [v] : [[v[i]; p] for i in eachindex(v) for p in permute(deleteat!(copy(v), i))]
bsearch(v, x, lo=1, hi=length(v)) = lo > hi ? throw(KeyError(x)) : (m = (lo + hi) >>> 1; v[m] == x ? m : v[m] < x ? bsearch(v, x, m + 1, hi) : bsearch(v, x, lo, m - 1))
even_(n) = n == 0 || odd_(n - 1)
odd_(n) = n != 0 && even_(n - 1)
gray(n) = n == 0 ? [""] : (g = gray(n - 1); ["0" .* g; "1" .* reverse(g)])

@testset "recursion" begin
    @test ackermann(2, 3) == 9
    @test length(hanoi(5)) == 31 && hanoi(2) == [('A', 'B'), ('A', 'C'), ('B', 'C')]
    @test partitions.(1:8) == [1, 2, 3, 5, 7, 11, 15, 22]
    @test collatz(27) == 111
    @test flatten([1, [2, [3, [4]], 5]]) == 1:5
    @test flatten([]) == []
    @test subsets([1, 2]) == [[], [2], [1], [1, 2]]
    @test permute([1, 2, 3])[end] == [3, 2, 1] && length(permute(collect("abcd"))) == 24
    @test bsearch([1, 3, 5, 7], 5) == 3
    @test_throws KeyError(4) bsearch([1, 3, 5, 7], 4)
    @test even_(10) && odd_(7)
    @test gray(2) == ["00", "01", "11", "10"]
    o = Options(depth=5)
    @test o.depth == 5 && o.name == "opt" && isempty(o.tags)
    @test repr(o) == "Options(5, \"opt\", Symbol[])"
    @test_throws MethodError Options(foo=1)
    @test_throws StackOverflowError (f(x) = f(x + 1); f(1))
    CACHE[o] = 1
    @test haskey(CACHE, o)
end
