using Test

struct JSONError <: Exception
    msg::String
    pos::Int
end

Base.showerror(io::IO, e::JSONError) = print(io, "JSONError: $(e.msg) at byte $(e.pos)")
skipws(io) = while !eof(io) && isspace(peek(io, Char)); read(io, Char); end
fail(io, msg) = throw(JSONError(msg, position(io)))

function expect(io, c)
    skipws(io)
    eof(io) && fail(io, "unexpected end")
    (x = read(io, Char)) == c || fail(io, "expected '$c', got '$x'")
end

function value(io)
    skipws(io)
    eof(io) && fail(io, "unexpected end")
    c = peek(io, Char)
    if c == '{'
        object(io)
    elseif c == '['
        array(io)
    elseif c == '"'
        str(io)
    elseif c in "-0123456789"
        number(io)
    else
        for (word, v) in ("true" => true, "false" => false, "null" => nothing)
            if startswith(word, c)
                String(read(io, length(word))) == word && return v
                fail(io, "bad literal")
            end
        end
        fail(io, "unexpected character $(repr(c))")
    end
end

function object(io)
    d = Dict{String,Any}()
    expect(io, '{')
    skipws(io)
    peek(io, Char) == '}' && (read(io, Char); return d)
    while true
        skipws(io)
        k = str(io)
        expect(io, ':')
        d[k] = value(io)
        skipws(io)
        c = read(io, Char)
        c == '}' && return d
        c == ',' || fail(io, "expected ',' or '}'")
    end
end

function array(io)
    v = []
    expect(io, '[')
    skipws(io)
    peek(io, Char) == ']' && (read(io, Char); return v)
    while true
        push!(v, value(io))
        skipws(io)
        c = read(io, Char)
        c == ']' && return v
        c == ',' || fail(io, "expected ',' or ']'")
    end
end

function str(io)
    expect(io, '"')
    out = IOBuffer()
    while (c = read(io, Char)) != '"'
        if c == '\\'
            e = read(io, Char)
            c = e == 'n' ? '\n' : e == 't' ? '\t' : e == 'u' ? Char(parse(UInt16, String(read(io, 4)), base=16)) : e
        end
        write(out, c)
    end
    String(take!(out))
end

function number(io)
    buf = sprint() do out
        while !eof(io) && peek(io, Char) in "+-.eE0123456789"
            print(out, read(io, Char))
        end
    end
    something(tryparse(Int, buf), tryparse(Float64, buf), Some(nothing))
end

parsejson(s::AbstractString) = value(IOBuffer(s))
tojson(x::Nothing) = "null"
tojson(x::Union{Bool,Real}) = string(x)
tojson(x::AbstractString) = '"' * escape_string(x) * '"'
tojson(x::AbstractVector) = "[" * join(tojson.(x), ",") * "]"
tojson(x::AbstractDict) = string("{", join(("$(tojson(k)):$(tojson(x[k]))" for k in sort(collect(keys(x)))), ","), "}")
tojson(x::NamedTuple) = tojson(Dict(string(k) => v for (k, v) in pairs(x)))

@testset "JSON" begin
    j = parsejson(raw""" {"a": [1, 2.5, -3e2, true, null], "b": {"c": "x\ny \u00e9 \\\"q\\\""}, "e": [], "f": {}} """)
    @test j isa Dict{String,Any}
    @test j["a"] == [1, 2.5, -300.0, true, nothing]
    @test j["a"][1] === 1
    @test j["b"]["c"] == "x\ny é \"q\""
    @test isempty(j["e"]) && isempty(j["f"])
    @test tojson((b=1, a=["x", nothing])) == "{\"a\":[\"x\",null],\"b\":1}"
    @test tojson(parsejson("{\"k\":[1,{\"z\":false}]}")) == "{\"k\":[1,{\"z\":false}]}"
    @test_throws JSONError parsejson("[1 2]")
    @test_throws JSONError parsejson("")
    @test_throws EOFError parsejson("[1")
    @test_throws "expected ',' or ']' at byte 4" parsejson("[1 2]")
    @test_throws KeyError j["zz"]
    @test sprint(showerror, JSONError("m", 3)) == "JSONError: m at byte 3"
end
