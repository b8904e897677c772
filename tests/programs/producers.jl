using Test

function fibs()
    Channel{Int}() do ch
        a, b = 0, 1
        while true
            put!(ch, a)
            a, b = b, a + b
        end
    end
end

collatz(n) = Channel() do c
    while n != 1
        put!(c, n)
        n = iseven(n) ? n ÷ 2 : 3n + 1
    end
    put!(c, 1)
end

function permutations(v)
    Channel{Vector{eltype(v)}}(32) do ch
        function rec(k)
            k == length(v) && return put!(ch, copy(v))
            for i in k:length(v)
                v[k], v[i] = v[i], v[k]
                rec(k + 1)
                v[k], v[i] = v[i], v[k]
            end
        end
        rec(1)
    end
end

function pipeline(xs)
    jobs, results = Channel{Int}(10), Channel{Tuple{Int,Int}}(10)
    @sync begin
        for id in 1:3
            @async for j in jobs
                put!(results, (j, j^2))
            end
        end
        @async begin
            foreach(x -> put!(jobs, x), xs)
            close(jobs)
        end
        global out = [take!(results) for _ in xs]
    end
    sort!(out)
end

@testset "channels" begin
    @test collect(Iterators.take(fibs(), 10)) == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
    @test collect(collatz(6)) == [6, 3, 10, 5, 16, 8, 4, 2, 1]
    @test length(collect(permutations([1, 2, 3, 4]))) == 24
    @test sort(collect(permutations([2, 1]))) == [[1, 2], [2, 1]]
    @test pipeline(1:5) == [(i, i^2) for i in 1:5]
    c = Channel{Int}(1)
    put!(c, 1)
    @test isready(c)
    @test take!(c) == 1
    close(c)
    @test !isopen(c)
    @test_throws InvalidStateException put!(c, 2)
    @test_throws InvalidStateException take!(c)
    t = @task 1 + 1
    @test !istaskstarted(t)
    schedule(t)
    @test fetch(t) == 2
    @test istaskdone(t)
    bad = @async error("boom")
    @test_throws TaskFailedException wait(bad)
    @test fetch(Threads.@spawn sum(1:10)) == 55
    r = Ref(0)
    l = ReentrantLock()
    @sync for i in 1:10
        Threads.@spawn lock(l) do
            r[] += i
        end
    end
    @test r[] == 55
end
