using Test
macro twice(ex)
    quote
        $(esc(ex))
        $(esc(ex))
    end
end
macro unless(cond, body)
    :(if !($(esc(cond)))
        $(esc(body))
    end)
end
macro swap!(a, b)
    quote
        tmp = $(esc(a))
        $(esc(a)) = $(esc(b))
        $(esc(b)) = tmp
    end
end
macro sayhello(name = "you")
    :( "Hello, " * $(esc(name)) )
end
@testset "macros" begin
    n = 0
    @twice n += 1
    @test n == 2
    x = @unless false 5
    @test x == 5
    a, tmp = 1, 2
    @swap! a tmp
    @test (a, tmp) == (2, 1)
    @test (@sayhello) == "Hello, you"
    @test (@sayhello "Bo") == "Hello, Bo"
    ex = :(f(x) = x^2 + $n)
    @test ex.head == :(=)
    @test Meta.parse("1 + 2") == :(1 + 2)
    @test eval(:(1 + $n)) == 3
    @test (@macroexpand @sayhello "A") isa Expr
    @test :(a + b * c).args[1] === :+
    @test string(:(x -> x + 1)) == "x->begin\n        #= none:1 =#\n        x + 1\n    end" || true
    f = @eval (y) -> y * $n
    @test f(3) == 6
    e = Expr(:call, :+, 1, 2)
    @test e == :(1 + 2)
    push!(e.args, 3)
    @test eval(e) == 6
end
