using Test, Random, Statistics

struct Die
    sides::Int
end

Base.rand(rng::AbstractRNG, d::Random.SamplerTrivial{Die}) = rand(rng, 1:d[].sides)
Base.eltype(::Type{Die}) = Int

function randomwalk(rng, n)
    pos = zeros(Int, n + 1)
    for i in 1:n
        pos[i+1] = pos[i] + rand(rng, (-1, 1))
    end
    pos
end

montecarlo(rng, n) = 4count(_ -> rand(rng)^2 + rand(rng)^2 <= 1, 1:n) / n

mutable struct LCG <: AbstractRNG
    state::UInt32
end

next!(g::LCG) = g.state = g.state * 0x41c64e6d + 0x3039

function ability(rng)
    sum(sort!(rand(rng, 1:6, 4); rev=true)[1:3])
end

@testset "simulation" begin
    rng = MersenneTwister(1234)
    @test rand(MersenneTwister(1), 3) == rand(MersenneTwister(1), 3)
    rolls = rand(rng, Die(6), 1000)
    @test extrema(rolls) == (1, 6) && rolls isa Vector{Int}
    @test rand(rng, Die(1)) == 1
    @test abs(mean(rolls) - 3.5) < 0.3
    w = randomwalk(rng, 100)
    @test length(w) == 101 && all(abs.(diff(w)) .== 1)
    @test 2.8 < montecarlo(Xoshiro(42), 2000) < 3.5
    @test all(3 .<= [ability(rng) for _ in 1:100] .<= 18)
    g = LCG(1)
    @test next!(g) == 0x41c67ea6
    @test sort(shuffle(rng, 1:10)) == 1:10
    @test isperm(randperm(rng, 8))
    @test length(randsubseq(rng, 1:100, 0.5)) < 100
    @test rand(rng, ["a", "b"]) in ("a", "b")
    @test rand(rng, Dict(1 => 2)) == (1 => 2)
    @test size(randn(rng, 2, 3)) == (2, 3)
    @test rand(rng, Bool) isa Bool && rand(rng, UInt8) isa UInt8 && 0 <= rand(rng, Float32) < 1
    @test length(randstring(rng, 12)) == 12
    @test rand(rng, 'a':'c', 5) ⊆ "abc"
    Random.seed!(7)
    a = rand()
    Random.seed!(7)
    @test a == rand()
    @test median([1, 3, 2]) == 2 && std([1, 2, 3]) == 1.0 && var([1, 2, 3, 4]) ≈ 5 / 3
    @test quantile([1, 2, 3, 4, 5], 0.25) == 2.0 && cor([1, 2, 3], [2, 4, 6]) ≈ 1
    @test mean([1 2; 3 4], dims=1) == [2.0 3.0]
    @test mean(x -> x^2, [1, 2, 3]) ≈ 14 / 3
    @test isnan(mean(Int[]))
end
