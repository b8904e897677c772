using Test

struct Stream{T}
    head::T
    tail::Function
end

tail(s::Stream) = s.tail()
from(n) = Stream(n, () -> from(n + 1))
Base.iterate(s::Stream, st=s) = (st.head, tail(st))
Base.IteratorSize(::Type{<:Stream}) = Base.IsInfinite()
Base.eltype(::Type{Stream{T}}) where {T} = T
lazymap(f, s) = Stream(f(s.head), () -> lazymap(f, tail(s)))
lazyfilter(p, s) = p(s.head) ? Stream(s.head, () -> lazyfilter(p, tail(s))) : lazyfilter(p, tail(s))
primes(s=from(2)) = Stream(s.head, () -> primes(lazyfilter(x -> x % s.head != 0, tail(s))))

struct Countdown
    from::Int
end

Base.iterate(c::Countdown, n=c.from) = n < 0 ? nothing : (n, n - 1)
Base.length(c::Countdown) = c.from + 1
Base.eltype(::Type{Countdown}) = Int
Base.getindex(c::Countdown, i::Int) = 1 <= i <= length(c) ? c.from - i + 1 : throw(BoundsError(c, i))
Base.firstindex(::Countdown) = 1
Base.lastindex(c::Countdown) = length(c)
Base.reverse(c::Countdown) = 0:c.from

struct Chunks{T}
    itr::T
    n::Int
end

Base.IteratorSize(::Type{<:Chunks}) = Base.SizeUnknown()

function Base.iterate(c::Chunks, st...)
    out = []
    y = iterate(c.itr, st...)
    y === nothing && return nothing
    while y !== nothing
        push!(out, y[1])
        length(out) == c.n && break
        y = iterate(c.itr, y[2])
    end
    out, something(y, (nothing, length(c.itr) + 1))[2]
end

@testset "iterators" begin
    @test first(from(5), 3) == [5, 6, 7]
    @test collect(Iterators.take(lazymap(abs2, from(1)), 4)) == [1, 4, 9, 16]
    @test first(primes(), 8) == [2, 3, 5, 7, 11, 13, 17, 19]
    @test eltype(from(1)) == Int
    @test collect(Countdown(3)) == [3, 2, 1, 0] && collect(Countdown(2)) isa Vector{Int}
    @test Countdown(5)[end] == 0 && Countdown(5)[1] == 5
    @test_throws BoundsError Countdown(1)[7]
    @test [i => x for (i, x) in enumerate(Countdown(1))] == [1 => 1, 2 => 0]
    @test sum(Countdown(4)) == 10 && maximum(Countdown(4)) == 4 && reverse(Countdown(2)) == 0:2
    @test collect(Chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    a, b, rest... = Countdown(4)
    @test (a, b, collect(rest)) == (4, 3, [2, 1, 0])
    @test zip(Countdown(2), Countdown(2)) |> length == 3
    x, state = iterate(Countdown(1))
    @test x == 1 && state == 0 && iterate(Countdown(1), -1) === nothing
    @test Iterators.Stateful(1:5) |> s -> (popfirst!(s), peek(s), collect(s)) == (1, 2, [2, 3, 4, 5])
    @test collect(Iterators.takewhile(<(10), lazymap(x -> 3x, from(1)))) == [3, 6, 9]
    @test collect(Iterators.dropwhile(<(3), 1:5)) == [3, 4, 5]
    @test foldl(*, Countdown(4); init=1) == 0 && prod(Iterators.drop(1:5, 1)) == 120
    @test Tuple(Countdown(2)) == (2, 1, 0) && Set(Countdown(1)) == Set([0, 1])
    @test join(Countdown(3), '-') == "3-2-1-0" && 2 in Countdown(3) && minimum(Countdown(3)) == 0
    @test vcat(Countdown(1)...) == [1, 0] && map(x -> x + 1, Countdown(1)) == [2, 1]
    @test sort(collect(Countdown(3))) == 0:3 && extrema(Countdown(3)) == (0, 3)
    @test first(Iterators.filter(iseven, Iterators.countfrom(3))) == 4
    @test collect(Iterators.repeated(7, 2)) == [7, 7] && collect(zip(1:2, Iterators.cycle("ab"))) == [(1, 'a'), (2, 'b')]
    @test [y for x in 1:2 for y in Countdown(x)] == [1, 0, 2, 1, 0]
    gen = (x^2 for x in 1:4 if iseven(x))
    @test collect(gen) == [4, 16] && sum(gen) == 20 && Base.IteratorSize(gen) == Base.SizeUnknown()
end
