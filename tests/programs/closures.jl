using Test
function counter()
    n = 0
    inc() = (n += 1)
    reset() = (n = 0)
    (; inc, reset, value = () -> n)
end
compose(fs...) = x -> foldl((a, f) -> f(a), fs; init = x)
function memoize(f)
    cache = Dict()
    return function (args...)
        get!(cache, args) do
            f(args...)
        end
    end
end
curry(f) = x -> y -> f(x, y)
fact(n) = n <= 1 ? one(n) : n * fact(n - 1)
function kwfun(a, b = 2a; c = a + b, d...)
    (a, b, c, Dict(d))
end
varfun(first, rest...; sep = ",") = string(first, sep, join(rest, sep))
@testset "closures" begin
    c = counter()
    c.inc(); c.inc()
    @test c.value() == 2
    c.reset()
    @test c.value() == 0
    @test compose(x -> x + 1, x -> 2x)(3) == 8
    calls = 0
    slow(x) = (calls += 1; x^2)
    fast = memoize(slow)
    @test fast(4) == fast(4) == 16 && calls == 1
    @test curry(+)(1)(2) == 3
    @test fact(big(25)) == parse(BigInt, "15511210043330985984000000")
    fs = [() -> i for i in 1:3]
    @test [f() for f in fs] == [1, 2, 3]
    @test kwfun(1) == (1, 2, 3, Dict())
    @test kwfun(1, 5; c = 0, z = 9) == (1, 5, 0, Dict(:z => 9))
    @test varfun(1, 2, 3; sep = "-") == "1-2-3"
    @test map((x, y) -> x * y, [1, 2], [3, 4]) == [3, 8]
    @test (x -> x^2).([1, 2, 3]) == [1, 4, 9]
    @test [1, 2, 3] |> sum |> sqrt ≈ √6
    @test (sqrt ∘ abs)(-4) == 2
    @test (((a, b), c) -> a + b + c) isa Function
    g((a, b), c) = a + b + c
    @test g((1, 2), 3) == 6
    h(; x, y = 2x) = x + y
    @test h(x = 1) == 3
    @test_throws UndefKeywordError h()
    opt = (; x = 10)
    @test h(; opt...) == 30
    @test Base.Fix2(^, 2)(3) == 9 && filter(>(1), [1, 2]) == [2] && ==(3)(3)
    r = Ref(0)
    foreach(x -> r[] += x, 1:4)
    @test r[] == 10
    @test let x = 1, y = x + 1; x + y end == 3
    s = 0
    for i in 1:3, j in i:3
        i == 2 && continue
        s += i * j
    end
    @test s == 6 + 9
    z = begin 1; 2; end
    @test z == 2
    w = if false 1 end
    @test w === nothing
    k = 0
    while true
        k += 1
        k > 5 && break
    end
    @test k == 6
    @test (1 < 2 < 3) && !(1 < 3 < 2)
    @test something(nothing, 5) == 5 && coalesce(missing, 3) == 3 && isnothing(nothing) && ismissing(missing + 1)
end
