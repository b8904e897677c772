using Test

struct Mod{M} <: Integer
    v::Int
    Mod{M}(x::Integer) where {M} = new{M}(mod(x, M))
end

Base.show(io::IO, a::Mod{M}) where {M} = print(io, a.v, " mod ", M)
for op in (:+, :-, :*)
    @eval Base.$op(a::Mod{M}, b::Mod{M}) where {M} = Mod{M}($op(a.v, b.v))
end

Base.:-(a::Mod{M}) where {M} = Mod{M}(-a.v)
Base.inv(a::Mod{M}) where {M} = Mod{M}(invmod(a.v, M))
Base.:/(a::Mod{M}, b::Mod{M}) where {M} = a * inv(b)
Base.zero(::Type{Mod{M}}) where {M} = Mod{M}(0)
Base.one(::Type{Mod{M}}) where {M} = Mod{M}(1)
Base.promote_rule(::Type{Mod{M}}, ::Type{<:Integer}) where {M} = Mod{M}
Base.:(==)(a::Mod{M}, b::Mod{M}) where {M} = a.v == b.v
Base.hash(a::Mod, h::UInt) = hash(a.v, h)
const Z7 = Mod{7}

@testset "Mod" begin
    a, b = Z7(5), Z7(4)
    @test a + b == Z7(2)
    @test a * b === Z7(6)
    @test a / b * b == a
    @test -a == Z7(2)
    @test a^6 == one(Z7)
    @test a^-1 == inv(a)
    @test a + 10 == Z7(1)
    @test 10a == Z7(1)
    @test string(a) == "5 mod 7"
    @test sum(Z7.(1:6)) == Z7(0)
    @test prod(Z7(i) for i in 1:6) == Z7(6)
    @test zeros(Z7, 2) == [Z7(0), Z7(0)]
    @test [Z7(1) Z7(2); Z7(3) Z7(4)] * [Z7(1), Z7(1)] == Z7[3, 0]
    @test length(unique(Z7.(1:20))) == 7
    @test_throws DomainError inv(Z7(0))
    @test zero(a) === Z7(0)
    @test iszero(Z7(14))
    @test Mod{5}(3) isa Integer
    @test repr(Z7[1, 2]) == "Z7[1 mod 7, 2 mod 7]"
end
