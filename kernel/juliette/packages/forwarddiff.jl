# Dual numbers: a value with its changes in some directions.

struct Partials{N,V} <: AbstractVector{V}
    values::NTuple{N,V}
end

Base.size(::Partials{N}) where {N} = (N,)
Base.getindex(p::Partials, i::Int) = p.values[i]
Base.show(io::IO, p::Partials) = print(io, "Partials", p.values)
Base.:+(a::Partials{N}, b::Partials{N}) where {N} = Partials(map(+, a.values, b.values))
Base.:-(a::Partials{N}, b::Partials{N}) where {N} = Partials(map(-, a.values, b.values))
Base.:-(a::Partials) = Partials(map(-, a.values))
Base.:*(a::Partials, s::Real) = Partials(map(v -> v * s, a.values))
Base.:*(s::Real, a::Partials) = a * s
Base.:/(a::Partials, s::Real) = Partials(map(v -> v / s, a.values))

struct Dual{T,V<:Real,N} <: Real
    value::V
    partials::Partials{N,V}
end

function Dual{T}(value::Real, partials::Tuple) where {T}
    V = promote_type(typeof(value), map(typeof, partials)...)
    Dual{T,V,length(partials)}(convert(V, value), Partials{length(partials),V}(map(p -> convert(V, p), partials)))
end
Dual{T}(value::Real, partials::Partials) where {T} = Dual{T}(value, partials.values)
Dual{T}(value::Real, partials::Real...) where {T} = Dual{T}(value, partials)
Dual(value::Real, partials::Tuple) = Dual{Nothing}(value, partials)
Dual(value::Real, partials::Partials) = Dual{Nothing}(value, partials.values)
Dual(value::Real, partials::Real...) = Dual{Nothing}(value, partials)
Dual{T,V,N}(x::Real) where {T,V,N} = convert(Dual{T,V,N}, x)

value(x) = x
value(d::Dual) = d.value
value(::Type{T}, x) where {T} = x
value(::Type{T}, d::Dual{T}) where {T} = d.value
partials(x::Real) = Partials{0,typeof(x)}(())
partials(d::Dual) = d.partials
partials(x::Real, i...) = zero(x)
partials(d::Dual, i) = d.partials[i]
partials(d::Dual, i, j...) = partials(d.partials[i], j...)
npartials(::Dual{T,V,N}) where {T,V,N} = N
npartials(::Type{Dual{T,V,N}}) where {T,V,N} = N
valtype(::Dual{T,V}) where {T,V} = V
valtype(::Type{Dual{T,V,N}}) where {T,V,N} = V
tagtype(::Dual{T}) where {T} = T

function Base.show(io::IO, d::Dual{T,V,N}) where {T,V,N}
    print(io, "Dual{", repr(T), "}(", value(d))
    for i in 1:N
        print(io, ",", partials(d, i))
    end
    print(io, ")")
end

Base.promote_rule(::Type{Dual{T,A,N}}, ::Type{Dual{T,B,N}}) where {T,A<:Real,B<:Real,N} = Dual{T,promote_type(A, B),N}
Base.promote_rule(::Type{Dual{T,A,N}}, ::Type{B}) where {T,A<:Real,B<:Real,N} = Dual{T,promote_type(A, B),N}
Base.convert(::Type{Dual{T,V,N}}, d::Dual{T,V,N}) where {T,V<:Real,N} = d
Base.convert(::Type{Dual{T,V,N}}, d::Dual{T}) where {T,V<:Real,N} = Dual{T}(convert(V, value(d)), map(p -> convert(V, p), partials(d).values))
Base.convert(::Type{Dual{T,V,N}}, x::Real) where {T,V<:Real,N} = Dual{T}(convert(V, x), ntuple(i -> zero(V), N))
Base.zero(::Type{Dual{T,V,N}}) where {T,V,N} = convert(Dual{T,V,N}, zero(V))
Base.one(::Type{Dual{T,V,N}}) where {T,V,N} = convert(Dual{T,V,N}, one(V))
Base.zero(d::Dual) = zero(typeof(d))
Base.one(d::Dual) = one(typeof(d))
Base.float(d::Dual{T}) where {T} = Dual{T}(float(value(d)), map(float, partials(d).values))
Base.eps(d::Dual) = eps(value(d))
Base.hash(d::Dual, h::UInt) = hash(value(d), h)

for f in (:(==), :isequal, :isless, :<, :<=)
    @eval Base.$f(a::Dual{T}, b::Dual{T}) where {T} = $f(value(a), value(b))
    @eval Base.$f(a::Dual, b::Real) = $f(value(a), b)
    @eval Base.$f(a::Real, b::Dual) = $f(a, value(b))
end
for f in (:isnan, :isinf, :isfinite, :isinteger, :iseven, :isodd, :signbit)
    @eval Base.$f(d::Dual) = $f(value(d))
end
for f in (:floor, :ceil, :trunc, :round)
    @eval Base.$f(d::Dual) = $f(value(d))
    @eval Base.$f(::Type{R}, d::Dual) where {R<:Real} = $f(R, value(d))
end

Base.:+(a::Dual{T}, b::Dual{T}) where {T} = Dual{T}(value(a) + value(b), partials(a) + partials(b))
Base.:+(a::Dual{T}, b::Real) where {T} = Dual{T}(value(a) + b, partials(a))
Base.:+(a::Real, b::Dual) = b + a
Base.:-(a::Dual{T}, b::Dual{T}) where {T} = Dual{T}(value(a) - value(b), partials(a) - partials(b))
Base.:-(a::Dual{T}, b::Real) where {T} = Dual{T}(value(a) - b, partials(a))
Base.:-(a::Real, b::Dual{T}) where {T} = Dual{T}(a - value(b), -partials(b))
Base.:-(a::Dual{T}) where {T} = Dual{T}(-value(a), -partials(a))
Base.:*(a::Dual{T}, b::Dual{T}) where {T} = Dual{T}(value(a) * value(b), partials(a) * value(b) + partials(b) * value(a))
Base.:*(a::Dual{T}, b::Real) where {T} = Dual{T}(value(a) * b, partials(a) * b)
Base.:*(a::Real, b::Dual) = b * a
Base.:*(a::Dual{T}, b::Bool) where {T} = b ? a : zero(a)
Base.:*(a::Bool, b::Dual) = b * a
function Base.:/(a::Dual{T}, b::Dual{T}) where {T}
    y = value(a) / value(b)
    Dual{T}(y, (partials(a) - partials(b) * y) / value(b))
end
Base.:/(a::Dual{T}, b::Real) where {T} = Dual{T}(value(a) / b, partials(a) / b)
Base.:/(a::Real, b::Dual{T}) where {T} = (y = a / value(b); Dual{T}(y, partials(b) * (-y / value(b))))
function Base.:^(a::Dual{T}, b::Dual{T}) where {T}
    u, v = value(a), value(b)
    y = u^v
    Dual{T}(y, partials(a) * (v * u^(v - 1)) + partials(b) * (y * log(u)))
end
for R in (:Integer, :Rational, :Real)
    @eval Base.:^(a::Dual{T}, n::$R) where {T} = Dual{T}(value(a)^n, partials(a) * (iszero(n) ? zero(value(a)) : n * value(a)^(n - 1)))
end
Base.literal_pow(::typeof(^), a::Dual, ::Val{n}) where {n} = a^n
Base.:^(a::Real, b::Dual{T}) where {T} = (y = a^value(b); Dual{T}(y, partials(b) * (y * log(a))))

Base.conj(d::Dual) = d
Base.real(d::Dual) = d
Base.transpose(d::Dual) = d
Base.adjoint(d::Dual) = d
Base.abs(d::Dual) = signbit(value(d)) ? -d : d
Base.abs2(d::Dual) = d * d
Base.sign(d::Dual) = sign(value(d))
Base.inv(d::Dual) = 1 / d
Base.max(a::Dual{T}, b::Dual{T}) where {T} = value(a) > value(b) ? a : b
Base.min(a::Dual{T}, b::Dual{T}) where {T} = value(a) < value(b) ? a : b
Base.sincos(d::Dual) = (sin(d), cos(d))
Base.atan(a::Dual{T}, b::Dual{T}) where {T} = (s = value(a)^2 + value(b)^2; Dual{T}(atan(value(a), value(b)), partials(a) * (value(b) / s) - partials(b) * (value(a) / s)))
Base.hypot(a::Dual{T}, b::Dual{T}) where {T} = (y = hypot(value(a), value(b)); Dual{T}(y, partials(a) * (value(a) / y) + partials(b) * (value(b) / y)))
for f in (:max, :min, :atan, :hypot)
    @eval Base.$f(a::Dual, b::Real) = $f(promote(a, b)...)
    @eval Base.$f(a::Real, b::Dual) = $f(promote(a, b)...)
end
for f in elementary_names()
    @eval function Base.$f(d::Dual{T}) where {T}
        y = $f(value(d))
        Dual{T}(y, partials(d) * slope($(QuoteNode(f)), value(d), y))
    end
end
