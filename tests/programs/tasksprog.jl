using Test
function producer(c::Channel)
    for i in 1:3
        put!(c, i^2)
    end
end
@testset "tasks" begin
    @test collect(Channel(producer)) == [1, 4, 9]
    t = @async (sleep(0.01); 42)
    @test fetch(t) == 42 && istaskdone(t)
    c = Channel{Int}(2)
    results = Int[]
    @sync begin
        @async begin
            for x in c
                push!(results, x)
            end
        end
        @async begin
            foreach(i -> put!(c, i), 1:5)
            close(c)
        end
    end
    @test results == 1:5
    t2 = Task(() -> error("bad"))
    schedule(t2)
    @test_throws TaskFailedException wait(t2)
    log = String[]
    a = @task (push!(log, "a1"); yield(); push!(log, "a2"))
    b = @task (push!(log, "b1"); yield(); push!(log, "b2"))
    schedule(a); schedule(b)
    wait(a); wait(b)
    @test log == ["a1", "b1", "a2", "b2"]
    lk = ReentrantLock()
    @test lock(() -> 7, lk) == 7
    @test asyncmap(x -> 2x, 1:3) == [2, 4, 6]
    e = Channel(1)
    close(e)
    @test_throws InvalidStateException put!(e, 1)
end
