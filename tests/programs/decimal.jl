using Test
struct Decimal <: Real
    digits::BigInt
    scale::Int
    function Decimal(d::Integer, s::Integer=0)
        d = BigInt(d)
        while s > 0 && d % 10 == 0
            d ÷= 10
            s -= 1
        end
        new(d, s)
    end
end
function Base.parse(::Type{Decimal}, str::AbstractString)
    m = match(r"^([+-]?)(\d+)(?:\.(\d*))?$", strip(str))
    isnothing(m) && throw(ArgumentError("cannot parse $(repr(str)) as Decimal"))
    frac = something(m[3], "")
    n = parse(BigInt, m[2] * frac)
    Decimal(m[1] == "-" ? -n : n, length(frac))
end
macro d_str(s)
    parse(Decimal, s)
end
Base.convert(::Type{Decimal}, n::Integer) = Decimal(n)
Base.promote_rule(::Type{Decimal}, ::Type{<:Integer}) = Decimal
align(a, b) = (s = max(a.scale, b.scale); (a.digits * big(10)^(s - a.scale), b.digits * big(10)^(s - b.scale), s))
Base.:+(a::Decimal, b::Decimal) = ((x, y, s) = align(a, b); Decimal(x + y, s))
Base.:-(a::Decimal, b::Decimal) = ((x, y, s) = align(a, b); Decimal(x - y, s))
Base.:-(a::Decimal) = Decimal(-a.digits, a.scale)
Base.:*(a::Decimal, b::Decimal) = Decimal(a.digits * b.digits, a.scale + b.scale)
Base.:(==)(a::Decimal, b::Decimal) = ((x, y, _) = align(a, b); x == y)
Base.:<(a::Decimal, b::Decimal) = ((x, y, _) = align(a, b); x < y)
Base.:<=(a::Decimal, b::Decimal) = !(b < a)
Base.isless(a::Decimal, b::Decimal) = a < b
Base.hash(a::Decimal, h::UInt) = hash(a.digits // big(10)^a.scale, h)
Base.zero(::Type{Decimal}) = Decimal(0)
Base.one(::Type{Decimal}) = Decimal(1)
Base.abs(a::Decimal) = Decimal(abs(a.digits), a.scale)
Base.Float64(a::Decimal) = Float64(a.digits / big(10)^a.scale)
Base.round(a::Decimal, r::RoundingMode=RoundNearest; digits::Integer=0) = a.scale <= digits ? a : Decimal(div(a.digits, big(10)^(a.scale - digits), r), digits)
function Base.show(io::IO, a::Decimal)
    s = lpad(string(abs(a.digits)), a.scale + 1, '0')
    a.digits < 0 && print(io, '-')
    a.scale == 0 ? print(io, s) : print(io, s[1:end-a.scale], '.', s[end-a.scale+1:end])
end
@testset "decimal" begin
    a, b = d"0.1", d"0.2"
    @test a + b == d"0.3"
    @test string(a + b) == "0.3"
    @test a * b == d"0.02" && string(a * b) == "0.02"
    @test d"1.50" == d"1.5" && hash(d"1.50") == hash(d"1.5")
    @test d"2" - d"2.5" == d"-0.5" && string(d"-0.5") == "-0.5"
    @test a + 1 == d"1.1" && 3a == d"0.3"
    @test a < b && b > a && a <= a
    @test sum([a, a, a]) == d"0.3"
    @test sum(fill(d"0.1", 10)) == 1
    @test maximum([a, b]) == b && sort([b, a]) == [a, b]
    @test d"1.1"^10 == d"2.5937424601"
    @test round(d"2.345"; digits=2) == d"2.34" && round(d"2.355"; digits=2) == d"2.36"
    @test round(d"-2.5") == d"-2" && floor(d"-2.5") == d"-3" && ceil(d"2.1") == d"3"
    @test Float64(d"0.1") === 0.1
    @test_throws ArgumentError parse(Decimal, "1.2.3")
    @test iszero(a - a) && isone(d"1.0")
    @test abs(d"-3.2") == d"3.2" && sign(d"-3") == -1
    @test Set([d"1.0", d"1"]) |> length == 1
    @test [a, 1] isa Vector{Decimal}
    @test extrema([d"1", d"-1", d"0"]) == (d"-1", d"1")
    @test prod([d"1.5", d"2"]) == 3
    @test cumsum([a, a]) == [a, b]
    @test clamp(d"5", 0, 1) == 1
    @test d"12345678901234567890.123" * 1000 == big"12345678901234567890123"
end
