using Test
const NUMERALS = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
                  (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
function to_roman(n::Integer)
    n > 0 || throw(DomainError(n, "must be positive"))
    io = IOBuffer()
    for (v, s) in NUMERALS
        q, n = divrem(n, v)
        print(io, s^q)
    end
    String(take!(io))
end
function from_roman(s::AbstractString)
    values = Dict('I' => 1, 'V' => 5, 'X' => 10, 'L' => 50, 'C' => 100, 'D' => 500, 'M' => 1000)
    total = 0
    prev = typemax(Int)
    for c in s
        v = values[c]
        total += v
        v > prev && (total -= 2prev)
        prev = v
    end
    total
end
@testset "roman $n" for (n, r) in (1 => "I", 4 => "IV", 1994 => "MCMXCIV", 3999 => "MMMCMXCIX")
    @test to_roman(n) == r
    @test from_roman(r) == n
end
@testset "errors" begin
    @test_throws DomainError to_roman(0)
    @test_throws KeyError from_roman("Z")
    @test all(from_roman(to_roman(n)) == n for n in 1:200)
end
