using Test, LinearAlgebra, Statistics
@testset "linear algebra" begin
    A = [4.0 1; 2 3]
    b = [1.0, 2]
    x = A \ b
    @test A * x ≈ b
    @test det(A) ≈ 10 && tr(A) == 7 && inv(A) * A ≈ I
    @test norm([3, 4]) == 5 && dot([1, 2], [3, 4]) == 11 && cross([1, 0, 0], [0, 1, 0]) == [0, 0, 1]
    e = eigen([2.0 0; 0 3])
    @test e.values ≈ [2, 3]
    vals, vecs = e
    @test vecs ≈ [1 0; 0 1]
    Q, R = qr(A)
    @test Matrix(Q) * R ≈ A
    L, U, p = lu(A)
    @test L * U ≈ A[p, :]
    F = svd(A)
    @test F.U * Diagonal(F.S) * F.Vt ≈ A
    C = cholesky([4.0 2; 2 3])
    @test C.L * C.L' ≈ [4 2; 2 3]
    @test rank([1 2; 2 4]) == 1 && issymmetric([1 2; 2 1]) && isposdef([2 0; 0 2])
    @test Diagonal([1, 2]) * [1, 1] == [1, 2] && UpperTriangular([1 2; 3 4]) == [1 2; 0 4]
    @test kron([1 2], [1, 1]) == [1 2; 1 2] && A^2 ≈ A * A && exp(zeros(2, 2)) == I
    @test_throws SingularException inv([1.0 2; 2 4])
    @test (1:3)' * (1:3) == 14 && [1, 2] * [3 4] == [3 4; 6 8]
    @test norm([1 2; 3 4]) ≈ sqrt(30) && opnorm([1 0; 0 2]) == 2 && normalize([3.0, 4]) == [0.6, 0.8]
    @test I + [1 2; 3 4] == [2 2; 3 5] && Matrix(2I, 2, 2) == [2 0; 0 2]
end
@testset "statistics" begin
    @test mean([1, 2, 3]) == 2 && median([1, 3, 2, 4]) == 2.5 && var([1, 2, 3, 4]) ≈ 5/3 && std([1, 2, 3]) == 1
    @test mean([1 2; 3 4]; dims = 1) == [2 3] && cor([1, 2, 3], [2, 4, 6]) ≈ 1 && quantile([1, 2, 3, 4, 5], 0.5) == 3
    @test mean(x -> x^2, [1, 2]) == 2.5 && cov([1, 2, 3], [1, 2, 3]) == 1
end
