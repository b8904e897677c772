using Test
struct IniFile
    sections::Dict{String,Dict{String,Any}}
end
Base.getindex(f::IniFile, s, k) = f.sections[s][k]
Base.getindex(f::IniFile, s) = f.sections[s]
Base.haskey(f::IniFile, s) = haskey(f.sections, s)
Base.keys(f::IniFile) = keys(f.sections)
convert_value(v) = something(tryparse(Int, v), tryparse(Float64, v), v in ("true", "false") ? v == "true" : nothing, strip(v, '"'))
function read_ini(io::IO)
    sections = Dict{String,Dict{String,Any}}(); current = ""
    for (n, raw) in enumerate(eachline(io))
        line = strip(first(split(raw, r"[;#]"; limit = 2)))
        isempty(line) && continue
        if (m = match(r"^\[(.+)\]$", line)) !== nothing
            current = m.captures[1]
            haskey(sections, current) && @warn "section repeated" section = current line = n
            get!(Dict{String,Any}, sections, current)
        elseif '=' in line
            k, v = strip.(split(line, '='; limit = 2))
            get!(Dict{String,Any}, sections, current)[k] = convert_value(v)
        else
            error("line $n: expected `key = value`, got $(repr(String(line)))")
        end
    end
    IniFile(sections)
end
read_ini(s::AbstractString) = read_ini(IOBuffer(s))
function Base.show(io::IO, f::IniFile)
    for s in sort!(collect(keys(f)))
        isempty(s) || println(io, "[", s, "]")
        for (k, v) in sort!(collect(f[s]), by = first)
            println(io, k, " = ", v)
        end
    end
end
@testset "ini" begin
    src = """
        ; comment
        name = "demo"
        [server]
        port = 8080   # default
        ratio = 0.5
        debug = true
        path = a=b
        """
    f = read_ini(src)
    @test f["", "name"] == "demo"
    @test f["server", "port"] === 8080
    @test f["server", "ratio"] === 0.5
    @test f["server"]["debug"] === true
    @test f["server", "path"] == "a=b"
    @test_throws ErrorException("line 1: expected `key = value`, got \"oops\"") read_ini("oops")
    @test_logs (:warn, "section repeated") read_ini("[a]\n[a]")
    @test string(f) == "name = demo\n[server]\ndebug = true\npath = a=b\nport = 8080\nratio = 0.5\n"
    @test string(read_ini(string(f))) == string(f)
    mktemp() do path, io
        print(io, src); close(io)
        @test open(read_ini, path)["server", "port"] == 8080
    end
end
