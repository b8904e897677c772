using Test


struct Polynomial{T<:Number}
    coeffs::Vector{T}
    function Polynomial{T}(c::AbstractVector) where {T<:Number}
        n = something(findlast(!iszero, c), 0)
        new{T}(c[1:n])
    end
end

Polynomial(c::AbstractVector{T}) where {T<:Number} = Polynomial{T}(c)
Polynomial(c::Number...) = Polynomial(collect(promote(c...)))

degree(p::Polynomial) = length(p.coeffs) - 1
(p::Polynomial)(x) = foldr((c, acc) -> muladd(acc, x, c), p.coeffs; init=zero(x))
Base.:(==)(p::Polynomial, q::Polynomial) = p.coeffs == q.coeffs
Base.hash(p::Polynomial, h::UInt) = hash(p.coeffs, hash(:Polynomial, h))
Base.:+(p::Polynomial{S}, q::Polynomial{T}) where {S,T} = begin
    n = max(length(p.coeffs), length(q.coeffs))
    c = zeros(promote_type(S, T), n)
    c[eachindex(p.coeffs)] .+= p.coeffs
    c[eachindex(q.coeffs)] .+= q.coeffs
    Polynomial(c)
end

Base.:-(p::Polynomial) = Polynomial(-p.coeffs)
Base.:-(p::Polynomial, q::Polynomial) = p + (-q)

function Base.:*(p::Polynomial{S}, q::Polynomial{T}) where {S,T}
    c = zeros(promote_type(S, T), max(0, length(p.coeffs) + length(q.coeffs) - 1))
    for (i, a) in pairs(p.coeffs), (j, b) in pairs(q.coeffs)
        c[i+j-1] += a * b
    end
    Polynomial(c)
end

Base.:*(k::Number, p::Polynomial) = Polynomial(k .* p.coeffs)
Base.:^(p::Polynomial, n::Integer) = Base.power_by_squaring(p, n)
Base.one(::Polynomial{T}) where T = Polynomial(one(T))
Base.copy(p::Polynomial) = Polynomial(copy(p.coeffs))
derivative(p::Polynomial) = Polynomial([k * c for (k, c) in enumerate(p.coeffs[2:end])])
Base.convert(::Type{Polynomial{T}}, p::Polynomial) where {T} = Polynomial{T}(p.coeffs)
Base.promote_rule(::Type{Polynomial{S}}, ::Type{Polynomial{T}}) where {S,T} = Polynomial{promote_type(S, T)}

const SUP = collect("⁰¹²³⁴⁵⁶⁷⁸⁹")
sup(n) = join(SUP[d+1] for d in reverse(digits(n)))

function Base.show(io::IO, p::Polynomial)
    isempty(p.coeffs) && return print(io, "0")
    first = true
    for k in degree(p):-1:0
        c = p.coeffs[k+1]
        iszero(c) && continue
        first ? (c < 0 && print(io, "-")) : print(io, c < 0 ? " - " : " + ")
        (abs(c) != 1 || k == 0) && print(io, abs(c))
        k > 0 && print(io, "x", k > 1 ? sup(k) : "")
        first = false
    end
end


@testset "Polynomial" begin
    p = Polynomial(1, -2, 3)
    q = Polynomial([0, 1])
    @test degree(p) == 2
    @test p(2) == 9
    @test p(1//2) == 3//4
    @test p.([0, 1, 2]) == [1, 2, 9]
    @test p + q == Polynomial(1, -1, 3)
    @test p - p == Polynomial(Int[])
    @test p * q == Polynomial(0, 1, -2, 3)
    @test q^12 |> degree == 12
    @test (Polynomial(1, 1))^3 == Polynomial(1, 3, 3, 1)
    @test string(p) == "3x² - 2x + 1"
    @test string(q^12 - q) == "x¹² - x"
    @test string(-q) == "-x"
    @test string(Polynomial([0])) == "0"
    @test derivative(p) == Polynomial(-2, 6)
    @test 2p == Polynomial(2, -4, 6)
    @test p + Polynomial(0.5) == Polynomial(1.5, -2.0, 3.0)
    @test eltype((p + Polynomial(0.5)).coeffs) == Float64
    @test [p, Polynomial(0.5)] isa Vector{Polynomial{Float64}}
    @test Set([p, Polynomial(1, -2, 3)]) |> length == 1
    @test_throws MethodError Polynomial("a")
    @test sum([p, q, q]) == Polynomial(1, 0, 3)
    @test p(im) == -2 - 2im
    @test repr([p, q]) == "Polynomial{Int64}[3x² - 2x + 1, x]"
end
