using Test, Printf

center(s, w, c=' ') = (n = w - textwidth(s); rpad(c^(n ÷ 2) * s, w, c))

function table(header, rows)
    cols = [string.(getindex.(rows, i)) for i in eachindex(header)]
    widths = [max(textwidth(h), maximum(textwidth, c; init=0)) for (h, c) in zip(header, cols)]
    line(cells) = "| " * join(rpad.(cells, widths), " | ") * " |"
    io = IOBuffer()
    println(io, line(header))
    println(io, '|', join(("-"^(w + 2) for w in widths), '|'), '|')
    for i in eachindex(rows)
        println(io, line([c[i] for c in cols]))
    end
    String(take!(io))
end

function wrap(text, width)
    lines = [""]
    for w in eachsplit(text)
        if length(lines[end]) + length(w) + !isempty(lines[end]) > width
            push!(lines, w)
        else
            lines[end] = isempty(lines[end]) ? w : lines[end] * " " * w
        end
    end
    lines
end

commas(n::Integer) = replace(string(n), r"(?<=\d)(?=(\d{3})+$)" => ",")
bytesize(n) = (i = n == 0 ? 0 : floor(Int, log(1024, n)); @sprintf("%.1f %s", n / 1024^i, ("B", "KiB", "MiB", "GiB")[i+1]))

@testset "formatting" begin
    @test center("ab", 6) == "  ab  "
    @test center("abc", 6, '*') == "*abc**"
    @test table(["name", "n"], [("α", 1), ("beta", 200)]) == """
    | name | n   |
    |------|-----|
    | α    | 1   |
    | beta | 200 |
    """
    @test wrap("the quick brown fox jumps", 10) == ["the quick", "brown fox", "jumps"]
    @test commas(1234567) == "1,234,567"
    @test commas(-12) == "-12"
    @test bytesize(1536) == "1.5 KiB"
    @test (@sprintf "%5.2f|%-8s|%+d|%05d|%x|%e|%g|%%|%c" 3.14159 "hi" 5 42 255 12345.678 0.0001 'z') == " 3.14|hi      |+5|00042|ff|1.234568e+04|0.0001|%|z"
    @test @sprintf("%s", [1, 2]) == "[1, 2]"
    @test @sprintf("%10s|%-10s|", "right", "left") == "     right|left      |"
    @test @sprintf("%*d", 5, 3) == "    3"
    @test @sprintf("%.3s", "abcdef") == "abc"
    @test Printf.format(Printf.Format("%d-%d"), 1, 2) == "1-2"
    @test lpad(7, 3, '0') == "007"
    @test string(1.0) == "1.0" && string(1e10) == "1.0e10" && string(1e-5) == "1.0e-5"
    @test string(100000.0) == "100000.0" && string(1e6) == "1.0e6"
    @test string(1 // 3, ' ', 2 + 3im, ' ', 1.5f0, ' ', π, ' ', nothing) == "1//3 2 + 3im 1.5 π nothing"
    @test repr("a\"b\n\t\$") == "\"a\\\"b\\n\\t\\\$\""
    @test repr('\n') == "'\\n'"
    @test round(3.14159; digits=2) == 3.14
    @test round(1234.5; sigdigits=2) == 1200.0
    @test titlecase("hello wORLD") == "Hello World"
    @test uppercasefirst("julia") == "Julia"
    @test rstrip("abc  ") == "abc"
    @test strip("--x--", '-') == "x"
    @test chomp("a\n") == "a"
    @test chop("abc"; head=1, tail=1) == "b"
    @test join(["a", "b", "c"], ", ", " and ") == "a, b and c"
    @test escape_string("é\0") == "é\\0"
    @test string(0.1 + 0.2) == "0.30000000000000004"
    @test "abc" * "def" == "abcdef" && "ab"^3 == "ababab"
    @test cmp("a", "b") == -1
    @test string(:sym, "x", 1) == "symx1"
end
