using Test
struct Interval{T<:Real} <: Real
    lo::T
    hi::T
    function Interval{T}(lo, hi) where {T}
        lo <= hi || throw(ArgumentError("empty interval [$lo, $hi]"))
        new{T}(lo, hi)
    end
end
Interval(lo::T, hi::S) where {T<:Real,S<:Real} = Interval{promote_type(T, S)}(lo, hi)
Interval(x::Real) = Interval(x, x)
const .. = Interval
±(x, r) = (x - r)..(x + r)
Base.promote_rule(::Type{Interval{T}}, ::Type{S}) where {T<:Real,S<:Real} = Interval{promote_type(T, S)}
Base.promote_rule(::Type{Interval{T}}, ::Type{Interval{S}}) where {T<:Real,S<:Real} = Interval{promote_type(T, S)}
Base.convert(::Type{Interval{T}}, x::Real) where {T} = Interval{T}(x, x)
Base.convert(::Type{Interval{T}}, x::Interval) where {T} = Interval{T}(x.lo, x.hi)
Base.:+(a::Interval, b::Interval) = (a.lo + b.lo)..(a.hi + b.hi)
Base.:-(a::Interval) = (-a.hi)..(-a.lo)
Base.:-(a::Interval, b::Interval) = a + -b
Base.:*(a::Interval, b::Interval) = ..(extrema((a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi))...)
Base.inv(a::Interval) = 0 in a ? throw(DivideError()) : inv(a.hi)..inv(a.lo)
Base.:/(a::Interval, b::Interval) = a * inv(b)
Base.in(x::Real, a::Interval) = a.lo <= x <= a.hi
Base.:⊆(a::Interval, b::Interval) = a.lo >= b.lo && a.hi <= b.hi
Base.:∩(a::Interval, b::Interval) = max(a.lo, b.lo)..min(a.hi, b.hi)
Base.:(==)(a::Interval, b::Interval) = a.lo == b.lo && a.hi == b.hi
Base.:^(a::Interval, n::Integer) = iseven(n) && 0 in a ? zero(a.lo)..max(a.lo^n, a.hi^n) : ..(minmax(a.lo^n, a.hi^n)...)
Base.abs(a::Interval) = 0 in a ? zero(a.lo)..max(-a.lo, a.hi) : ..(minmax(abs(a.lo), abs(a.hi))...)
Base.show(io::IO, a::Interval) = print(io, '[', a.lo, ", ", a.hi, ']')
mid(a::Interval) = (a.lo + a.hi) / 2
radius(a::Interval) = (a.hi - a.lo) / 2
Base.isapprox(a::Interval, b::Interval; kw...) = isapprox(a.lo, b.lo; kw...) && isapprox(a.hi, b.hi; kw...)
@testset "intervals" begin
    a, b = 1..2, -1..3
    @test a isa Interval{Int}
    @test a + b == 0..5
    @test a - b == -2..3
    @test a * b == -2..6
    @test a / (2..4) == 0.25..1.0
    @test_throws DivideError a / b
    @test_throws ArgumentError 2..1
    @test a + 1 == 2..3 && 2a == 2..4 && 1 - a == -1..0
    @test 1.5 in a && 3 ∉ a
    @test a ⊆ b && !(b ⊆ a)
    @test a ∩ b == 1..2
    @test b^2 == 0..9 && b^3 == -1..27
    @test abs(b) == 0..3
    @test string(a) == "[1, 2]"
    @test 5 ± 0.5 == 4.5..5.5
    @test mid(a) == 1.5 && radius(a) == 0.5
    @test sum([a, a, b]) == 1..7
    @test [a, 0.5] isa Vector{Interval{Float64}}
    @test (1//3 .. 1//2) * 6 == 2..3
    @test a .+ [0, 1] == [1..2, 2..3]
    @test (0.1..0.2) + (0.2..0.3) ≈ 0.3..0.5
    @test prod([a, a]) == 1..4
    @test -a == -2 .. -1
end
