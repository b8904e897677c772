using Test
Base.@kwdef struct Url
    scheme::String = "http"
    host::String
    port::Union{Int,Nothing} = nothing
    path::String = "/"
    query::Vector{Pair{String,String}} = []
end
unhex(s) = replace(replace(s, '+' => ' '), r"(?:%[0-9A-Fa-f]{2})+" => m -> String(hex2bytes(replace(m, "%" => ""))))
enc(s) = join(isascii(c) && (isletter(c) || isdigit(c) || c in "-_.~") ? c : join("%" * uppercase(string(b, base = 16, pad = 2)) for b in codeunits(string(c))) for c in s)
function Base.parse(::Type{Url}, s::AbstractString)
    m = match(r"""
        ^(?<scheme>[a-z][a-z0-9+.-]*)://
        (?<host>[^/:?\#]+)
        (?: : (?<port>\d+))?
        (?<path>/[^?\#]*)?
        (?: \? (?<query>[^\#]*))?
        """x, s)
    isnothing(m) && throw(Meta.ParseError("bad URL: $s"))
    q = [(kv = split(p, '='; limit = 2); unhex(kv[1]) => unhex(get(kv, 2, ""))) for p in split(something(m["query"], ""), '&'; keepempty = false)]
    Url(; scheme = m["scheme"], host = m["host"], port = m["port"] === nothing ? nothing : parse(Int, m["port"]),
        path = something(m["path"], "/"), query = q)
end
function Base.print(io::IO, u::Url)
    print(io, u.scheme, "://", u.host)
    isnothing(u.port) || print(io, ':', u.port)
    print(io, u.path)
    isempty(u.query) || print(io, '?', join(("$(enc(k))=$(enc(v))" for (k, v) in u.query), '&'))
end
Base.:(==)(a::Url, b::Url) = all(getfield(a, f) == getfield(b, f) for f in fieldnames(Url))
@testset "urls" begin
    u = parse(Url, "https://example.org:8080/a/b?x=1&name=J%C3%BCrgen+K&flag")
    @test (u.scheme, u.host, u.port, u.path) == ("https", "example.org", 8080, "/a/b")
    @test u.query == ["x" => "1", "name" => "Jürgen K", "flag" => ""]
    @test string(u) == "https://example.org:8080/a/b?x=1&name=J%C3%BCrgen%20K&flag="
    @test parse(Url, string(u)) == u
    @test "$(Url(host = "h"))" == "http://h/"
    @test repr(Url(host = "h")) == "Url(\"http\", \"h\", nothing, \"/\", Pair{String, String}[])"
    @test_throws Meta.ParseError parse(Url, "nope")
    @test_throws UndefKeywordError Url(scheme = "x")
    @test Dict(u.query)["x"] == "1"
end
