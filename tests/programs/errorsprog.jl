using Test
struct MyError <: Exception
    msg::String
end
Base.showerror(io::IO, e::MyError) = print(io, "MyError: ", e.msg)
function risky(x)
    try
        x < 0 && throw(MyError("negative"))
        x == 0 && error("zero")
        return log(x)
    catch e
        e isa MyError && return -1.0
        rethrow()
    finally
        push!(LOG, x)
    end
end
const LOG = Int[]
msg(f) = try f(); "none" catch e; sprint(showerror, e) end
@testset "errors" begin
    @test risky(-1) == -1.0
    @test_throws ErrorException risky(0)
    @test risky(1) == 0.0
    @test LOG == [-1, 0, 1]
    @test msg(() -> [1, 2, 3][5]) == "BoundsError: attempt to access 3-element Vector{Int64} at index [5]"
    @test msg(() -> Dict(:a => 1)[:b]) == "KeyError: key :b not found"
    @test msg(() -> undefined_thing) == "UndefVarError: `undefined_thing` not defined"
    @test msg(() -> parse(Int, "abc")) == "ArgumentError: invalid base 10 digit 'a' in \"abc\""
    @test msg(() -> sqrt(-1.0)) == "DomainError with -1.0:\nsqrt was called with a negative real argument but will only return a complex result if called with a complex argument. Try sqrt(Complex(x))."
    @test msg(() -> 1 ÷ 0) == "DivideError: integer division error"
    @test msg(() -> Int8(200)) == "InexactError: trunc(Int8, 200)"
    @test msg(() -> Int(2.5)) == "InexactError: Int64(2.5)"
    @test msg(() -> (1, 2)[3]) == "BoundsError: attempt to access Tuple{Int64, Int64} at index [3]"
    @test msg(() -> error("a", 1)) == "a1"
    @test startswith(msg(() -> sin("x")), "MethodError: no method matching sin(::String)")
    @test msg(() -> throw(MyError("m"))) == "MyError: m"
    @test msg(() -> @assert 1 == 2) == "AssertionError: 1 == 2"
    @test msg(() -> zeros(2)[1, 2]) == "BoundsError: attempt to access 2-element Vector{Float64} at index [1, 2]"
    @test msg(() -> [1 2; 3 4] * [1 2 3]) == "DimensionMismatch: matrix A has dimensions (2,2), matrix B has dimensions (1,3)"
    @test msg(() -> convert(Int, "a")) |> s -> startswith(s, "MethodError: Cannot `convert` an object of type String to an object of type Int64")
    @test msg(() -> first(Int[])) == "BoundsError: attempt to access 0-element Vector{Int64} at index [1]"
    @test msg(() -> maximum(Int[])) == "MethodError: reducing over an empty collection is not allowed; consider supplying `init` to the reducer"
    @test msg(() -> "abc"[10]) == "BoundsError: attempt to access 3-codeunit String at index [10]"
    @test msg(() -> Symbol(1).x) |> s -> startswith(s, "type Symbol has no field x")
    @test msg(() -> (a = 1,).b) == "type NamedTuple has no field b"
    x = try
        1
    catch
        2
    else
        3
    finally
        4
    end
    @test x == 3
    f() = try return 1 finally nothing end
    @test f() == 1
    @test_throws "negative" throw(MyError("negative"))
    @test_throws TypeError (if 1 2 end)
    @test try throw(42) catch e; e end == 42
end
