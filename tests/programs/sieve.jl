using Test
function sieve(limit)
    limit < 2 && return Int[]
    prime = trues(limit)
    prime[1] = false
    for i in 2:isqrt(limit)
        prime[i] || continue
        prime[i*i:i:end] .= false
    end
    findall(prime)
end
function primefactors(n)
    out = Int[]
    p = 2
    while n > 1
        while n % p == 0
            push!(out, p)
            n ÷= p
        end
        p += 1
    end
    out
end
@testset "primes" begin
    @test sieve(1) == []
    @test sieve(10) == [2, 3, 5, 7]
    @test length(sieve(1000)) == 168
    @test primefactors(60) == [2, 2, 3, 5]
    @test prod(primefactors(93819012551)) == 93819012551
    @test primefactors(1) == []
end
