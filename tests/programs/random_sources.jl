using Test, Random, Statistics
struct LCG <: AbstractRNG
    state::Base.RefValue{UInt64}
end
LCG(seed::Integer=42) = LCG(Ref(UInt64(seed)))
Random.rand(r::LCG, ::Random.SamplerType{UInt64}) = r.state[] = r.state[] * 6364136223846793005 + 1442695040888963407
Random.seed!(r::LCG, s::Integer) = (r.state[] = s; r)
montecarlo_pi(rng, n) = 4count(_ -> rand(rng)^2 + rand(rng)^2 < 1, 1:n) / n
struct Dice
    sides::Int
end
Random.rand(rng::AbstractRNG, d::Random.SamplerTrivial{Dice}) = rand(rng, 1:d[].sides)
Base.eltype(::Type{Dice}) = Int
roll(rng, spec) = (m = match(r"^(\d*)d(\d+)([+-]\d+)?$", spec); m === nothing && throw(ArgumentError("bad dice $spec"));
    n = isempty(m[1]) ? 1 : parse(Int, m[1]); sum(rand(rng, Dice(parse(Int, m[2])), n)) + (m[3] === nothing ? 0 : parse(Int, m[3])))
function weighted(rng, items, w)
    r = rand(rng) * sum(w)
    items[findfirst(≥(r), cumsum(w))]
end
function reservoir(rng, xs, k)
    out = collect(Iterators.take(xs, k))
    for (i, x) in enumerate(Iterators.drop(xs, k))
        j = rand(rng, 1:i+k)
        j ≤ k && (out[j] = x)
    end
    out
end
@testset "random" begin
    rng = LCG(1)
    @test rand(rng, UInt64) isa UInt64
    @test 0 ≤ rand(rng) < 1
    @test montecarlo_pi(Xoshiro(1), 20_000) ≈ π atol = 0.1
    @test all(in(1:6), rand(rng, Dice(6), 100))
    @test mean(rand(Xoshiro(2), Dice(6), 10_000)) ≈ 3.5 atol = 0.1
    @test 3 ≤ roll(rng, "3d6") ≤ 18
    @test 6 ≤ roll(rng, "1d6+5") ≤ 11
    @test_throws ArgumentError roll(rng, "xd6")
    @test_throws "bad dice" roll(rng, "6")
    c = [weighted(Xoshiro(i), [:a, :b], [0.0, 1.0]) for i in 1:5]
    @test all(==(:b), c)
    @test allunique(reservoir(rng, 1:100, 10))
    @test length(reservoir(rng, 1:3, 3)) == 3
    Random.seed!(123); a = rand(5)
    Random.seed!(123); @test rand(5) == a
    @test shuffle(Xoshiro(3), 1:5) |> sort == 1:5
    @test randperm(Xoshiro(0), 6) |> isperm
    @test length(unique(randstring(Xoshiro(1), 100))) > 10
    @test std(randn(Xoshiro(1), 10_000)) ≈ 1 atol = 0.05
    Random.seed!(rng, 7); x = rand(rng, 3); Random.seed!(rng, 7)
    @test rand(rng, 3) == x
    @test rand(Xoshiro(1), (:x, :y)) in (:x, :y)
    @test rand(Xoshiro(9), Bool, 3) isa Vector{Bool}
    @test size(rand(Float32, 2, 3)) == (2, 3)
end
