using Test
@testset "io" begin
    dir = mktempdir()
    path = joinpath(dir, "data.txt")
    write(path, "line 1\nline 2\n\nlast")
    @test isfile(path) && filesize(path) == 19
    @test readlines(path) == ["line 1", "line 2", "", "last"]
    @test read(path, String) == "line 1\nline 2\n\nlast"
    open(path, "a") do io
        println(io, "!")
    end
    @test last(readlines(path)) == "last!"
    n = 0
    for line in eachline(path)
        n += length(line)
    end
    @test n == 17
    io = IOBuffer("1 2 3\n4 5")
    @test readline(io) == "1 2 3" && read(io, Char) == '4' && !eof(io)
    @test split(read(io, String)) == ["5"] && eof(io)
    out = IOBuffer()
    print(out, "a", 1); write(out, UInt8('z'))
    @test String(take!(out)) == "a1z"
    @test sprint(println, [1, 2]) == "[1, 2]\n"
    @test sprint(show, "q") == "\"q\""
    @test basename("/a/b.txt") == "b.txt" && dirname("/a/b.txt") == "/a" && splitext("b.tar.gz") == ("b.tar", ".gz")
    @test readdir(dir) == ["data.txt"]
    rm(path)
    @test !ispath(path)
    @test_throws SystemError open(joinpath(dir, "none"))
    @test strip(read(`echo hello`, String)) == "hello"
    ENV["JULIETTE_T"] = "1"
    @test ENV["JULIETTE_T"] == "1" && haskey(ENV, "JULIETTE_T") && get(ENV, "NOPE_X", "d") == "d"
    @test repr(MIME("text/plain"), [1 2; 3 4]) == "2×2 Matrix{Int64}:\n 1  2\n 3  4"
    @test sprint(show, MIME("text/plain"), Dict(1 => "a")) == "Dict{Int64, String} with 1 entry:\n  1 => \"a\""
    @test sprint((io, x) -> show(IOContext(io, :compact => true), x), 1/3) == "0.333333"
end
