using Test
function rotate(n::Integer, s::AbstractString)
    map(s) do c
        'a' <= c <= 'z' ? 'a' + mod(c - 'a' + n, 26) :
        'A' <= c <= 'Z' ? 'A' + mod(c - 'A' + n, 26) : c
    end
end
rotate(n, c::Char) = only(rotate(n, string(c)))
for n in 0:26
    @eval macro $(Symbol("R$(n)_str"))(s)
        :(rotate($$n, $s))
    end
end
@testset "rotational cipher" begin
    @test rotate(5, "omg") == "trl"
    @test rotate(0, 'c') == 'c'
    @test rotate(13, "The quick brown fox jumps over the lazy dog.") == "Gur dhvpx oebja sbk whzcf bire gur ynml qbt."
    @test R13"abc" == "nop"
    @test R5"OMG" == "TRL"
    @test rotate(-1, "abc") == "zab"
end
