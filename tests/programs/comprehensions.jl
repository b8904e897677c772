# Comprehensions and generators inside functions, where they become loops.
using Test

squares(n) = [i^2 for i in 1:n]
table(n, m) = [i + 10j for i in 1:n, j in 1:m]
above(v, limit) = [x for x in v if x > limit]
pairs_up_to(n) = [(i, j) for i in 1:n for j in i:n if i != j]
halves(v) = Float32[x / 2 for x in v]
closures(v) = [() -> x for x in v]
letters(s) = [c for c in s]

function automaton(cells, steps)
    for _ in 1:steps
        cells = [isodd(sum(cells[mod1(i + d, end)] for d in -1:1)) for i in eachindex(cells)]
    end
    cells
end

function running(v)
    total = 0
    sums = [(total += x; total) for x in v]
    sums, total
end

isprime(n) = n > 1 && all(n % d != 0 for d in 2:isqrt(n))

struct Countdown
    from::Int
end
Base.iterate(c::Countdown, n = c.from) = n == 0 ? nothing : (n, n - 1)
Base.length(c::Countdown) = c.from
Base.eltype(::Type{Countdown}) = Int

asked = Int[]
note(x) = (push!(asked, x); x)

@testset "comprehensions" begin
    @testset "arrays" begin
        @test squares(3) == [1, 4, 9]
        @test squares(0) isa Vector{Int}
        @test table(2, 3) == [11 21 31; 12 22 32]
        @test above([3, 1, 2], 1) == [3, 2]
        @test above(String[], "a") isa Vector{String}
        @test pairs_up_to(3) == [(1, 2), (1, 3), (2, 3)]
        @test halves([1 2; 3 4]) == Float32[0.5 1; 1.5 2]
        @test [f() for f in closures(1:3)] == [1, 2, 3]
        @test letters("hé") == ['h', 'é']
        @test letters(3) == fill(3)
        @test [x for x in Countdown(3)] == [3, 2, 1]
        @test (() -> [x + y for x in Countdown(2), y in (10, 20)])() == [12 22; 11 21]
    end
    @testset "scope" begin
        @test running(1:3) == ([1, 3, 6], 6)
        @test automaton([false, true, false, false, false], 2) == [false, true, false, true, true]
        x = 5
        @test (() -> ([x for x in 1:2], x))() == ([1, 2], 5)
        @test_throws UndefVarError (() -> ([hidden = z for z in 1:2]; hidden))()
    end
    @testset "types" begin
        mixed(v) = [x > 2 ? x : "small" for x in v]
        @test eltype(mixed(1:3)) == Any
        @test eltype(mixed(3:4)) == Int
        @test eltype(mixed(1:0)) == Any
        @test eltype((v -> [x > 2 ? x : x / 2 for x in v])(1:0)) == Real
        @test eltype((v -> [x > 2 ? x : nothing for x in v])(1:0)) == Union{Int, Nothing}
        @test eltype((v -> [x => length(x) for x in v])(["a"])) == Pair{String, Int}
    end
    @testset "consumers" begin
        total(v) = sum(x / 2 for x in v)
        @test total([1, 2, 3]) === 3.0
        @test_throws MethodError total(Int[])
        @test (v -> sum(x for x in v))(Int[]) === 0
        @test (v -> prod(x for x in v if x > 1))([1]) === 1
        @test (() -> sum(-0.0 for _ in 1:2))() === -0.0
        @test (() -> sum(UInt8(200) for _ in 1:2))() === 0x0000000000000190
        @test (() -> sum(typemax(Int) for _ in 1:2))() == -2
        @test (v -> sum(x > 1 for x in v))([1, 2, 3]) == 2
        @test (v -> count(x > 1 for x in v))([1, 2, 3]) == 2
        @test (n -> (maximum(i^2 for i in -n:n), prod(i for i in 1:n), extrema(-i for i in 1:n)))(3) == (9, 6, (-3, -1))
        @test (w -> join((uppercase(c) for c in w), "-"))("abc") == "A-B-C"
        @test (w -> Dict(x => length(x) for x in w))(["a", "bb"]) == Dict("a" => 1, "bb" => 2)
        @test (w -> Dict(x => length(x) for x in w))(String[]) isa Dict{String, Int}
        @test (v -> Set(x % 3 for x in v))(1:10) == Set([0, 1, 2])
        @test (n -> collect(i + j for i in 1:n, j in 1:2))(2) == [2 3; 3 4]
    end
    @testset "questions stop early" begin
        @test filter(isprime, 1:20) == [2, 3, 5, 7, 11, 13, 17, 19]
        @test (() -> any(note(x) == 2 for x in 1:9))() && asked == [1, 2]
        @test (n -> any(i * j == 12 for i in 1:n for j in i:n))(4)
        @test !(n -> any(i * j == 12 for i in 1:n, j in 1:n))(3)
        @test (() -> any(x > 10 for x in Iterators.countfrom(1)))()
        @test (v -> all(x == 1 for x in v))([1, missing]) === missing
        @test (v -> all(x == 1 for x in v))([missing, 2]) === false
        @test_throws TypeError (v -> any(x for x in v))([1])
    end
    @testset "errors" begin
        @test_throws MethodError (() -> [i for i in Iterators.cycle(1:2)])()
        @test_throws OutOfMemoryError (() -> [i for i in 1:10^13])()
        @test_throws DivideError (() -> sum(1 ÷ i for i in -1:1))()
        @test_throws "not allowed inside comprehension" eval(:(f() = [return 1 for i in 1:3]))
    end
end
