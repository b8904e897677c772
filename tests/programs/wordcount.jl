using Test
function wordcount(text)
    counts = Dict{String, Int}()
    for m in eachmatch(r"[a-z0-9]+(?:'[a-z]+)?", lowercase(text))
        counts[m.match] = get(counts, m.match, 0) + 1
    end
    counts
end
@testset "count" begin
    @test wordcount("word") == Dict("word" => 1)
    @test wordcount("one fish two fish red fish blue fish") == Dict("one" => 1, "fish" => 4, "two" => 1, "red" => 1, "blue" => 1)
    @test wordcount("First: don't laugh. Then: don't cry.") == Dict("first" => 1, "don't" => 2, "laugh" => 1, "then" => 1, "cry" => 1)
    c = wordcount("go Go GO Stop stop")
    @test sort(collect(c); by = last, rev = true) == ["go" => 3, "stop" => 2]
    @test sort(collect(keys(c))) == ["go", "stop"]
    @test length(c) == 2
    @test maximum(values(c)) == 3
    @test [k for (k, v) in c if v > 2] == ["go"]
end
