using Test
function detect(subject, candidates)
    normal(s) = sort(collect(lowercase(s)))
    key = normal(subject)
    filter(c -> lowercase(c) != lowercase(subject) && normal(c) == key, candidates)
end
@testset "anagrams" begin
    @test detect("diaper", ["hello", "world", "zombies", "pants"]) == []
    @test detect("listen", ["enlists", "google", "inlets", "banana"]) == ["inlets"]
    @test detect("BANANA", ["Banana"]) == []
    @test detect("solemn", ["lemons", "cherry", "melons"]) == ["lemons", "melons"]
end
