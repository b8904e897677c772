using Test
function crypto_square(s)
    t = filter(c -> isletter(c) || isdigit(c), lowercase(s))
    isempty(t) && return ""
    c = ceil(Int, sqrt(length(t))); r = cld(length(t), c)
    M = permutedims(reshape(collect(rpad(t, r * c)), c, r))
    join(String.(eachcol(M)), ' ')
end
rails(n, len) = [abs(mod1(i, 2n - 2) - n) for i in 1:len] |> v -> n .- v
function encode(s, n)
    idx = sortperm(rails(n, length(s)); alg = MergeSort)
    join(collect(s)[idx])
end
function decode(s, n)
    idx = sortperm(rails(n, length(s)); alg = MergeSort)
    out = similar(collect(s)); out[idx] = collect(s)
    String(out)
end
function transpose_text(lines)
    n = maximum(length, lines; init = 0)
    rows = map(1:n) do j
        last = findlast(l -> length(l) >= j, lines)
        join(j <= length(l) ? l[j] : ' ' for l in lines[1:last])
    end
    return rows
end
diamond(c) = (n = c - 'A'; rows = [(k = n - abs(i); ch = 'A' + k; row = fill(' ', 2n + 1); row[n+1-k] = row[n+1+k] = ch; join(row)) for i in -n:n]; rows)
@testset "grids of letters" begin
    @test crypto_square("If man was meant to stay on the ground, god would have given us roots.") == "imtgdvs fearwer mayoogo anouuio ntnnlvt wttddes aohghn  sseoau "
    @test crypto_square("...") == ""
    @test encode("WEAREDISCOVEREDFLEEATONCE", 3) == "WECRLTEERDSOEEFEAOCAIVDEN"
    @test decode("WECRLTEERDSOEEFEAOCAIVDEN", 3) == "WEAREDISCOVEREDFLEEATONCE"
    @test transpose_text(["ABC", "12"]) == ["A1", "B2", "C"]
    @test transpose_text(["AB", "DEF"]) == ["AD", "BE", " F"]
    @test transpose_text(String[]) == []
    @test diamond('C') == ["  A  ", " B B ", "C   C", " B B ", "  A  "]
end
