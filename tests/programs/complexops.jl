using Test
import Base: +, -, *, /, abs, conj, real, imag, exp, ==
struct Cplx <: Number
    re::Float64
    im::Float64
end
real(z::Cplx) = z.re
imag(z::Cplx) = z.im
+(a::Cplx, b::Cplx) = Cplx(a.re + b.re, a.im + b.im)
-(a::Cplx, b::Cplx) = Cplx(a.re - b.re, a.im - b.im)
*(a::Cplx, b::Cplx) = Cplx(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
conj(z::Cplx) = Cplx(z.re, -z.im)
abs(z::Cplx) = hypot(z.re, z.im)
/(a::Cplx, b::Cplx) = (n = a * conj(b); d = abs(b)^2; Cplx(n.re / d, n.im / d))
Base.promote_rule(::Type{Cplx}, ::Type{<:Real}) = Cplx
Base.convert(::Type{Cplx}, x::Real) = Cplx(x, 0)
Base.isapprox(a::Cplx, b::Cplx; kw...) = isapprox(a.re, b.re; kw...) && isapprox(a.im, b.im; kw...)
Base.show(io::IO, z::Cplx) = print(io, z.re, z.im < 0 ? " - " : " + ", abs(z.im), "j")
@testset "complex" begin
    i = Cplx(0, 1)
    @test i * i == Cplx(-1, 0)
    @test 1 + 2i == Cplx(1, 2)
    @test 2 * i == Cplx(0, 2)
    @test Cplx(1, 2) / Cplx(3, 4) ≈ Cplx(0.44, 0.08)
    @test string(Cplx(1, -2)) == "1.0 - 2.0j"
    @test sum([i, i, 1 + 0i]) == Cplx(1, 2)
    @test [1, 2] .* i == [i, 2i]
    @test abs(Cplx(3, 4)) == 5
end
