using Test
module Match
export @match, @switch
bind(pat, val, m) = pat === :_ ? (:(true), []) :
    pat isa Symbol ? (:(true), [:($(esc(pat)) = $val)]) :
    pat isa Expr && pat.head === :(::) ? tbind(pat, val, m) :
    pat isa Expr && pat.head === :tuple ? tupbind(pat, val, m) :
    pat isa Expr && pat.head === :call && pat.args[1] === :(|) ? (:($(alts(pat, val))), []) :
    (:(isequal($val, $(esc(pat)))), [])
alts(pat, val) = foldl((a, b) -> :($a || $b), [p isa Expr && p.head === :call && p.args[1] === :(|) ? alts(p, val) : :(isequal($val, $(esc(p)))) for p in pat.args[2:end]])
function tbind(pat, val, m)
    T = pat.args[end]
    binds = length(pat.args) == 2 ? [:($(esc(pat.args[1])) = $val)] : []
    :($val isa $(esc(T))), binds
end
function tupbind(pat, val, m)
    n = length(pat.args)
    cond, binds = :($val isa Tuple && length($val) == $n), Any[]
    for (i, p) in enumerate(pat.args)
        c, b = bind(p, :($val[$i]), m)
        cond = :($cond && $c)
        append!(binds, b)
    end
    cond, binds
end
macro match(x, block)
    val = gensym("val")
    out = :(throw(ArgumentError("no match for $(repr($val))")))
    for arm in reverse(filter(a -> !(a isa LineNumberNode), block.args))
        arm isa Expr && arm.head === :call && arm.args[1] === :(=>) || error("expected pattern => result")
        pat, result = arm.args[2], arm.args[3]
        guard = :(true)
        if pat isa Expr && pat.head === :&&
            pat, guard = pat.args[1], esc(pat.args[2])
        end
        cond, binds = bind(pat, val, __module__)
        out = :(if $cond && (let $(binds...); $guard end)
            let $(binds...)
                $(esc(result))
            end
        else
            $out
        end)
    end
    quote
        let $val = $(esc(x))
            $out
        end
    end
end
end
using .Match
macro forward(ex, fs)
    T, field = ex.args[1], ex.args[2].value
    fns = fs isa Expr && fs.head == :tuple ? fs.args : [fs]
    esc(Expr(:block, [:( $f(x::$T, args...; kw...) = $f(getfield(x, $(QuoteNode(field))), args...; kw...) ) for f in fns]..., nothing))
end
struct Team
    members::Vector{String}
end
@forward Team.members (Base.length, Base.getindex, Base.iterate, Base.push!)
macro lazy(ex)
    :(Lazy(() -> $(esc(ex))))
end
mutable struct Lazy{F}
    f::F
    done::Bool
    value::Any
    Lazy(f) = new{typeof(f)}(f, false, nothing)
end
Base.getindex(l::Lazy) = (l.done || (l.value = l.f(); l.done = true); l.value)
macro model(name, block)
    fields = Tuple{Symbol,Any,Any}[]
    for l in block.args
        l isa LineNumberNode && continue
        if l.head === :(=)
            push!(fields, (l.args[1].args[1], l.args[1].args[2], Some(l.args[2])))
        else
            push!(fields, (l.args[1], l.args[2], nothing))
        end
    end
    decls = [:($n::$T) for (n, T, _) in fields]
    kws = [d === nothing ? n : Expr(:kw, n, something(d)) for (n, _, d) in fields]
    esc(quote
        mutable struct $name
            $(decls...)
            $name(; $(kws...)) = new($([n for (n, _, _) in fields]...))
        end
        Base.:(==)(a::$name, b::$name) = $(foldl((p, q) -> :($p && $q), [:(a.$n == b.$n) for (n, _, _) in fields]))
        fieldinfo(::Type{$name}) = $(Tuple(n => string(T) for (n, T, _) in fields))
    end)
end
@model User begin
    name::String
    age::Int = 18
    tags::Vector{String} = String[]
end
macro test_all(cond, xs...)
    Expr(:&&, [:( $(esc(cond))($(esc(x))) ) for x in xs]...)
end
macro compose(fs...)
    x = gensym()
    body = foldr((f, acc) -> :($(esc(f))($acc)), fs; init = x)
    :($x -> $body)
end
macro html_str(s)
    parts = split(s, "|")
    :(join(($(map(p -> string(p), parts)...),), "<br>"))
end
macro sql_str(s, flags...)
    (s, flags...)
end
macro r(ex) QuoteNode(ex) end
macro nested(ex)
    quote
        @assert $(esc(ex)) "nested failed"
        :ok
    end
end
macro hyg()
    quote
        tmp = 5
        f(x) = x + tmp
        f(1)
    end
end
macro leak(v)
    esc(:($v = 42))
end
macro countdown(n)
    n <= 0 ? :("liftoff") : :(string($n, " ", @countdown($(n - 1))))
end
macro where_am_i()
    (string(__module__), __source__.line isa Int)
end
describe(x) = @match x begin
    0 => "zero"
    1 | 2 | 3 => "small"
    n::Int && n < 0 => "negative $n"
    n::Int => "int $n"
    (a, b) => "pair $(a + b)"
    (_, _, c::String) => "triple $c"
    s::String => "str $s"
    ::Nothing => "none"
end
@testset "dsl" begin
    @test describe(0) == "zero" && describe(2) == "small" && describe(-4) == "negative -4" && describe(7) == "int 7"
    @test describe((1, 2)) == "pair 3" && describe((1, 2, "q")) == "triple q" && describe("x") == "str x" && describe(nothing) == "none"
    @test_throws ArgumentError describe(1.5)
    @test (@match [1, 2] begin
        v => sum(v)
    end) == 3
    t = Team(["a", "b"])
    push!(t, "c")
    @test length(t) == 3 && t[3] == "c" && [m for m in t] == ["a", "b", "c"]
    n = 0
    l = @lazy (n += 1; n * 10)
    @test n == 0
    @test l[] == 10 && l[] == 10 && n == 1
    u = User(name = "Al")
    @test u.age == 18 && u == User(name = "Al") && u != User(name = "Al", age = 3)
    push!(u.tags, "x")
    @test User(name = "b").tags == []
    @test_throws UndefKeywordError User()
    @test fieldinfo(User) == (:name => "String", :age => "Int", :tags => "Vector{String}")
    @test @test_all(iseven, 2, 4) && !@test_all(iseven, 2, 3)
    @test (@compose sqrt abs)(-9) == 3
    @test html"a|b" == "a<br>b"
    @test sql"SELECT"i == ("SELECT", "i") && sql"x" == ("x",)
    @test (@r a + b) == :(a + b)
    @test (@nested 1 < 2) == :ok
    @test_throws AssertionError @nested 1 > 2
    tmp = 1
    @test (@hyg) == 6 && tmp == 1
    @leak q
    @test q == 42
    @test (@countdown 3) == "3 2 1 liftoff"
    @test (@where_am_i)[1] == "Main"
    @test_throws LoadError @eval @match 1 begin
        nonsense
    end
    ex = macroexpand(Main, :(@leak zz))
    @test ex == :(zz = 42)
    @test @macroexpand1(@countdown 1) isa Expr
    a, b = 3, 4
    @test (@match (a, b) begin
        (x, y) && x > y => :gt
        (x, y) => :le
    end) == :le
end
