using Test
function newton(f, df, x; tol = 1e-12, maxiter = 50)
    for i in 1:maxiter
        dx = f(x) / df(x)
        x -= dx
        abs(dx) < tol && return x
    end
    error("no convergence after $maxiter iterations")
end
collatz(n) = n <= 0 ? throw(DomainError(n)) : n == 1 ? 0 : 1 + collatz(iseven(n) ? n ÷ 2 : 3n + 1)
armstrong(n) = sum(d^ndigits(n) for d in digits(n)) == n
perfect(n) = n > 0 ? (s = sum((i for i in 1:n-1 if n % i == 0); init = 0); s == n ? :perfect : s < n ? :deficient : :abundant) : throw(DomainError(n))
function pascal(n)
    rows = Vector{Vector{Int}}()
    for i in 1:n
        push!(rows, [binomial(i - 1, k) for k in 0:i-1])
    end
    rows
end
@testset "numerics" begin
    @test newton(x -> x^2 - 2, x -> 2x, 1.0) ≈ √2
    @test_throws ErrorException newton(x -> x^2 + 1, x -> 2x, 0.5; maxiter = 3)
    @test collatz(27) == 111
    @test_throws DomainError collatz(0)
    @test armstrong(153) && !armstrong(100)
    @test perfect(6) == :perfect && perfect(12) == :abundant && perfect(7) === :deficient
    @test pascal(4) == [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]]
    @test typemax(Int) + 1 == typemin(Int)
    @test 2^63 == typemin(Int) && big(2)^64 == 18446744073709551616
    @test factorial(20) == 2432902008176640000
    @test_throws OverflowError factorial(21)
    @test 7 ÷ 2 == 3 && -7 ÷ 2 == -3 && fld(-7, 2) == -4 && mod(-7, 3) == 2 && -7 % 3 == -1
    @test 1 // 3 + 1 // 6 == 1 // 2
    @test gcd(12, 18) == 6 && lcm(4, 6) == 12
    @test round(2.5) == 2.0 && round(Int, 3.7) == 4 && round(3.14159; digits = 2) == 3.14
    @test ceil(Int, 2.1) == 3 && trunc(Int, -2.7) == -2
    @test isapprox(0.1 + 0.2, 0.3)
    @test 0.1 + 0.2 != 0.3
    @test (1 + 2im) * (3 - im) == 5 + 5im && abs(3 + 4im) == 5
    @test sqrt(complex(-1)) == im
    @test_throws DomainError sqrt(-1)
    @test_throws InexactError Int(1.5)
    @test_throws DivideError 1 ÷ 0
    @test isnan(NaN) && isinf(1 / 0) && !isequal(0.0, -0.0) && 0.0 == -0.0
    @test digits(123) == [3, 2, 1]
    @test evalpoly(2, (1, 2, 3)) == 17
    @test clamp(5, 1, 3) == 3 && sign(-2) == -1 && hypot(3, 4) == 5
    @test 0xff + 0x01 == 0x00 && typeof(0xff) == UInt8
    @test 5 & 3 == 1 && 5 | 3 == 7 && 5 ⊻ 3 == 6 && ~5 == -6 && 1 << 4 == 16
    @test divrem(7, 2) == (3, 1) && fldmod(-7, 2) == (-4, 1)
    @test 10 in 1:10 && length(1:2:10) == 5 && collect(10:-3:1) == [10, 7, 4, 1]
    @test range(0, 1; length = 5) == 0:0.25:1
    @test promote(1, 2.0, 3//1) === (1.0, 2.0, 3.0)
    @test parse(Float64, "1e3") == 1000.0
    @test sum(1/i^2 for i in 1:1000) ≈ 1.6439 atol=1e-3
    @test Float32(1) / 3 isa Float32
    @test zero(3.0) === 0.0 && one(Int8) === Int8(1)
    @test count_ones(255) == 8 && trailing_zeros(8) == 3
    @test widen(Int32(1)) isa Int64
    @test Bool(1) === true && true + true == 2
    @test rationalize(0.5) == 1//2
    @test numerator(6//4) == 3
end
