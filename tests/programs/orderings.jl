using Test
import Base.Order: Ordering, lt, Reverse, By, ReverseOrdering, ForwardOrdering, Forward

struct ByLength <: Ordering end
Base.Order.lt(::ByLength, a, b) = length(a) < length(b)

@testset "orderings" begin
    @test sort(["ccc", "a", "bb"]; order=ByLength()) == ["a", "bb", "ccc"]
    @test sort([1, 3, 2]; order=Reverse) == [3, 2, 1]
    @test sort([-3, 2, 1]; order=By(abs)) == [1, 2, -3]
    @test Forward isa ForwardOrdering && Reverse isa ReverseOrdering
    @test searchsorted([1, 2, 2, 3], 2) == 2:3 && searchsortedlast([1, 3], 2) == 1
    @test insorted(3, [1, 2, 3])
    @test issorted([3, 2, 1]; rev=true) && issorted([(1, 'b'), (2, 'a')])
end
