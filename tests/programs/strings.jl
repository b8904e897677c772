using Test
using Printf
isogram(s) = (l = filter(isletter, lowercase(s)); length(unique(l)) == length(l))
pangram(s) = issubset('a':'z', lowercase(s))
function acronym(phrase)
    join(uppercase(first(w)) for w in split(replace(phrase, r"[^\w\s'-]" => "", "'" => ""), r"[\s_-]+"; keepempty = false))
end
isbn(s) = begin
    s = replace(s, "-" => "")
    occursin(r"^\d{9}[\dX]$", s) || return false
    sum((11 - i) * (c == 'X' ? 10 : parse(Int, c)) for (i, c) in enumerate(s)) % 11 == 0
end
function rle(s)
    isempty(s) && return ""
    out = IOBuffer()
    i = firstindex(s)
    while i <= lastindex(s)
        c = s[i]
        j = something(findnext(!=(c), s, i), lastindex(s) + 1)
        n = j - i
        n > 1 && print(out, n)
        print(out, c)
        i = j
    end
    String(take!(out))
end
unrle(s) = replace(s, r"(\d+)(\D)" => m -> (mm = match(r"(\d+)(\D)", m); mm[2]^parse(Int, mm[1])))
luhn(s) = begin
    s = filter(!isspace, s)
    length(s) > 1 && all(isdigit, s) || return false
    d = [parse(Int, c) for c in reverse(s)]
    for i in 2:2:length(d)
        d[i] *= 2
        d[i] > 9 && (d[i] -= 9)
    end
    sum(d) % 10 == 0
end
@testset "strings" begin
    @test isogram("isogram") && !isogram("eleven") && isogram("thumbscrew-japingly")
    @test pangram("the quick brown fox jumps over the lazy dog")
    @test !pangram("a quick movement of the enemy will jeopardize five gunboats")
    @test acronym("Portable Network Graphics") == "PNG"
    @test acronym("Complementary metal-oxide semiconductor") == "CMOS"
    @test isbn("3-598-21508-8") && !isbn("3-598-21508-9") && isbn("3-598-21507-X")
    @test rle("WWWWBWW") == "4WB2W"
    @test unrle("4WB2W") == "WWWWBWW"
    @test luhn("4539 3195 0343 6467") && !luhn("8273 1232 7352 0569")
    @test @sprintf("%05.2f|%-6s|%+d|%x|%e", 3.14159, "ab", 5, 255, 12345.678) == "03.14|ab    |+5|ff|1.234568e+04"
    @test lpad(7, 3, '0') == "007"
    @test rpad("ab", 5) == "ab   "
    @test titlecase("hello wORLD") == "Hello World"
    @test strip("  x ") == "x"
    @test split("a,b,,c", ",") == ["a", "b", "", "c"]
    @test reverse("añb") == "bña"
    @test "abc"[2:end] == "bc"
    @test "αβγ"[1] == 'α' && lastindex("αβγ") == 5
    @test_throws StringIndexError "αβγ"[2]
    @test collect(eachindex("αb")) == [1, 3]
    @test occursin("ell", "hello") && startswith("hello", "he") && endswith("hello", r"l+o")
    @test findfirst("l", "hello") == 3:3
    @test findall(==('l'), "hello") == [3, 4]
    @test join(["a", "b", "c"], ", ", " and ") == "a, b and c"
    @test "ab" * "cd" == "abcd" && "ab"^2 == "abab"
    @test cmp("a", "b") == -1
    @test repr("a\n\"") == "\"a\\n\\\"\""
    @test parse(Int, "ff"; base = 16) == 255
    @test tryparse(Float64, "x") === nothing
    @test string(255; base = 2, pad = 10) == "0011111111"
    @test bitstring(Int8(-1)) == "11111111"
    @test chop("abc") == "ab" && chomp("a\n") == "a"
    @test replace("abcabc", "a" => "x"; count = 1) == "xbcabc"
    @test match(r"(?<y>\d{4})-(?<m>\d\d)", "on 2024-05")["m"] == "05"
    @test uppercasefirst("abc") == "Abc"
    @test Int('a') == 97 && Char(98) == 'b' && 'a' + 1 == 'b'
    @test codeunits("aé") == [0x61, 0xc3, 0xa9]
    @test string("a", 1, 2.0, :b, 'c', nothing) == "a12.0bcnothing"
    @test """
        x
          y
        """ == "x\n  y\n"
    @test raw"\n" == "\\n"
    @test "$(1 + 1) and $(join(1:3))" == "2 and 123"
end
