using Test
struct Squares
    count::Int
end
Base.iterate(s::Squares, state = 1) = state > s.count ? nothing : (state^2, state + 1)
Base.length(s::Squares) = s.count
Base.eltype(::Type{Squares}) = Int
Base.getindex(s::Squares, i::Int) = 1 <= i <= s.count ? i^2 : throw(BoundsError(s, i))
Base.firstindex(s::Squares) = 1
Base.lastindex(s::Squares) = length(s)
struct Fib end
Base.iterate(::Fib, (a, b) = (0, 1)) = (a, (b, a + b))
Base.IteratorSize(::Type{Fib}) = Base.IsInfinite()
@testset "iterators" begin
    @test collect(Squares(4)) == [1, 4, 9, 16]
    @test 25 in Squares(10)
    @test Squares(7)[end] == 49
    @test sum(Squares(10)) == 385
    @test_throws BoundsError Squares(3)[4]
    @test collect(Iterators.take(Fib(), 8)) == [0, 1, 1, 2, 3, 5, 8, 13]
    @test first(Iterators.drop(Fib(), 10)) == 55
    @test [x for x in Iterators.takewhile(<(30), Fib()) if isodd(x)] == [1, 1, 3, 5, 13, 21]
    @test collect(Iterators.partition(1:7, 3)) == [1:3, 4:6, 7:7]
    @test collect(Iterators.flatten([[1, 2], [3]])) == [1, 2, 3]
    @test collect(enumerate("abc")) == [(1, 'a'), (2, 'b'), (3, 'c')]
    @test collect(Iterators.reverse(1:3)) == [3, 2, 1]
    @test vec(collect(Iterators.product(1:2, "ab"))) == [(1, 'a'), (2, 'a'), (1, 'b'), (2, 'b')]
    @test [i for i in Iterators.cycle(1:3) |> x -> Iterators.take(x, 5)] == [1, 2, 3, 1, 2]
    @test accumulate(+, 1:4) == [1, 3, 6, 10]
    @test foldr(=>, 1:3) == (1 => (2 => 3))
    @test zip(1:3, 4:6) |> collect |> last == (3, 6)
    @test Iterators.peel(1:3)[1] == 1
    s = Iterators.Stateful("abcd")
    @test popfirst!(s) == 'a'
    @test collect(s) == ['b', 'c', 'd']
end
