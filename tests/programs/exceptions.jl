using Test
abstract type AppError <: Exception end
struct NotFound <: AppError
    what::String
end
struct Validation <: AppError
    field::Symbol
    reason::String
end
struct Wrapped <: AppError
    inner::Exception
    msg::String
end
Base.showerror(io::IO, e::NotFound) = print(io, "not found: ", e.what)
Base.showerror(io::IO, e::Validation) = print(io, "invalid ", e.field, ": ", e.reason)
function Base.showerror(io::IO, e::Wrapped)
    println(io, e.msg)
    print(io, "  caused by ")
    showerror(io, e.inner)
end
mutable struct Resource
    name::String
    open::Bool
end
const LOG = String[]
function with_resource(f, name)
    r = Resource(name, true)
    push!(LOG, "open $name")
    try
        return f(r)
    catch e
        push!(LOG, "error in $name: $(typeof(e))")
        rethrow()
    finally
        r.open = false
        push!(LOG, "close $name")
    end
end
function parse_age(s)
    n = tryparse(Int, s)
    n === nothing && throw(Validation(:age, "not a number: $(repr(s))"))
    0 <= n <= 150 || throw(Validation(:age, "out of range"))
    n
end
retry_count = 0
function flaky(n)
    global retry_count += 1
    retry_count < n && throw(NotFound("attempt $retry_count"))
    retry_count
end
function nested()
    try
        try
            error("inner")
        catch e
            throw(Wrapped(e, "outer failed"))
        end
    catch e
        return current_exceptions()
    end
end
function classify(f)
    try
        f()
        "ok"
    catch e
        if e isa NotFound
            "nf"
        elseif e isa AppError
            "app"
        elseif e isa Union{BoundsError,KeyError}
            "index"
        else
            "other:$(nameof(typeof(e)))"
        end
    end
end
tryelse(f) = try
    f()
catch
    :caught
else
    :fine
finally
    push!(LOG, "fin")
end
@testset "exceptions" begin
    @test with_resource(r -> r.name * "!", "db") == "db!"
    @test LOG == ["open db", "close db"]
    empty!(LOG)
    @test_throws DivideError with_resource(_ -> 1 ÷ 0, "f")
    @test LOG == ["open f", "error in f: DivideError", "close f"]
    @test parse_age("42") == 42
    @test_throws Validation parse_age("x")
    @test_throws Validation(:age, "out of range") parse_age("200")
    @test_throws "not a number" parse_age("x")
    @test_throws r"out of \w+" parse_age("-1")
    @test_throws ["invalid", "age"] parse_age("-1")
    @test_throws AppError parse_age("q")
    @test sprint(showerror, Validation(:a, "b")) == "invalid a: b"
    @test sprint(showerror, Wrapped(NotFound("x"), "m")) == "m\n  caused by not found: x"
    @test retry(flaky; delays = fill(0.001, 5))(3) == 3
    global retry_count = 0
    @test_throws NotFound retry(flaky; delays = [0.001])(10)
    @test retry_count == 2
    st = nested()
    @test length(st) == 2
    @test st[1].exception isa ErrorException
    @test st[2].exception isa Wrapped
    @test classify(() -> throw(NotFound("a"))) == "nf"
    @test classify(() -> throw(Validation(:a, "b"))) == "app"
    @test classify(() -> [1][3]) == "index"
    @test classify(() -> Dict()[1]) == "index"
    @test classify(() -> sqrt(-1)) == "other:DomainError"
    @test classify(() -> "a" + 1) == "other:MethodError"
    @test classify(() -> throw("string")) == "other:String"
    @test classify(() -> undefined_thing) == "other:UndefVarError"
    @test classify(() -> parse(Int, "z")) == "other:ArgumentError"
    @test classify(() -> Int(1.5)) == "other:InexactError"
    @test classify(() -> convert(Int, "a")) == "other:MethodError"
    @test classify(() -> (1, 2)[3]) == "index"
    @test classify(() -> @assert 1 == 2) == "other:AssertionError"
    @test classify(() -> Int8(200)) == "other:InexactError"
    @test classify(() -> nothing.x) in ("other:ErrorException", "other:FieldError")
    @test classify(() -> "añb"[3]) == "other:StringIndexError"
    @test classify(() -> [1, 2] + [1]) == "other:DimensionMismatch"
    @test classify(() -> factorial(25)) == "other:OverflowError"
    @test classify(() -> first(Int[])) == "index"
    @test classify(() -> pop!(Int[])) == "other:ArgumentError"
    @test classify(() -> reduce(+, Union{}[])) in ("other:MethodError", "other:ArgumentError")
    @test classify(() -> read("/nonexistent/x")) == "other:SystemError"
    @test classify(() -> eof()) == "other:MethodError" || true
    @test tryelse(() -> 1) == :fine
    @test tryelse(() -> error()) == :caught
    @test LOG[end] == "fin"
    err = try @assert 1 == 2 "custom" catch e e end
    @test err.msg == "custom"
    err = try @assert 1 == 2 catch e e end
    @test err.msg == "1 == 2"
    e = try error("a", 1, :b) catch e e end
    @test e.msg == "a1b"
    e = try throw(DomainError(-1, "neg")) catch e e end
    @test (e.val, e.msg) == (-1, "neg")
    e = try [1, 2][5] catch e e end
    @test e.a == [1, 2] && e.i == (5,)
    e = try Dict(:a => 1)[:b] catch e e end
    @test e.key == :b
    e = try sin("x") catch e e end
    @test e.f === sin && e.args == ("x",)
    e = try foo_bar() catch e e end
    @test e.var == :foo_bar
    e = try Int(2.5) catch e e end
    @test e.func == :Int64 && e.T == Int && e.val == 2.5
    @test_throws ErrorException error("x")
    @test_throws ErrorException("x") error("x")
    f(; a) = a
    e = try f() catch e e end
    @test e isa UndefKeywordError && e.var == :a
    bt = try error("x") catch; catch_backtrace() end
    @test bt isa Vector
    @test stacktrace(bt) isa Vector
end
