using Test

# Advent-style puzzles, solved on given text.
const SAMPLE = """
turn on 0,0 through 2,2
toggle 1,1 through 3,3
turn off 0,0 through 0,0
"""

function lights(text; n=5)
    grid = falses(n, n)
    for line in eachline(IOBuffer(text))
        m = match(r"^(?<cmd>turn on|turn off|toggle) (\d+),(\d+) through (\d+),(\d+)$", line)
        x1, y1, x2, y2 = parse.(Int, m.captures[2:5]) .+ 1
        v = @view grid[x1:x2, y1:y2]
        if m[:cmd] == "toggle"
            v .= .!v
        else
            v .= endswith(m[:cmd], "on")
        end
    end
    count(grid)
end

function stacks(s)
    head, moves = split(s, "\n\n")
    rows = split(head, '\n')[1:end-1]
    n = (length(rows[1]) + 1) ÷ 4
    piles = [Char[] for _ in 1:n]
    for r in reverse(rows), k in 1:n
        c = get(r, 4k - 2, ' ')
        isuppercase(c) && push!(piles[k], c)
    end
    for line in split(moves, '\n'; keepempty=false)
        a, b, c = (parse(Int, m.match) for m in eachmatch(r"\d+", line))
        for _ in 1:a
            push!(piles[c], pop!(piles[b]))
        end
    end
    String(last.(piles))
end

marker(s, n) = findfirst(i -> allunique(s[i-n+1:i]), n:length(s)) + n - 1
priority(c) = islowercase(c) ? c - 'a' + 1 : c - 'A' + 27
snafu(s) = foldl((a, c) -> 5a + findfirst(c, "=-012") - 3, s; init=0)

function tosnafu(n)
    n == 0 && return ""
    q, r = fldmod(n + 2, 5)
    tosnafu(q) * "=-012"[r+1]
end

function sizes(log)
    total = Dict{Vector{String},Int}()
    cwd = String[]
    for l in split(log, '\n')
        w = split(l)
        if length(w) > 2 && w[2] == "cd"
            w[3] == ".." ? pop!(cwd) : push!(cwd, w[3])
        elseif (n = tryparse(Int, w[1])) !== nothing
            for i in eachindex(cwd)
                p = cwd[1:i]
                total[p] = get(total, p, 0) + n
            end
        end
    end
    total
end

cmp_packets(a::Int, b::Int) = cmp(a, b)
cmp_packets(a::Int, b::Vector) = cmp_packets([a], b)
cmp_packets(a::Vector, b::Int) = cmp_packets(a, [b])

function cmp_packets(a::Vector, b::Vector)
    for (x, y) in zip(a, b)
        c = cmp_packets(x, y)
        c != 0 && return c
    end
    cmp(length(a), length(b))
end

@testset "advent" begin
    @test lights(SAMPLE) == 9
    @test stacks("    [D]    \n[N] [C]    \n[Z] [M] [P]\n 1   2   3 \n\nmove 1 from 2 to 1\nmove 3 from 1 to 3\nmove 2 from 2 to 1\nmove 1 from 1 to 2") == "CMZ"
    @test marker("mjqjpqmgbljsphdztnvjfqwrcgsmlb", 4) == 7
    @test sum(priority, only(intersect("vJrwpWtwJgWr", "hcsFMMfFFhFp"))) == 16
    @test snafu("2=-01") == 976 && tosnafu(976) == "2=-01"
    @test all(snafu(tosnafu(k)) == k for k in 1:200)
    t = sizes("\$ cd /\n100 a\n\$ cd d\n50 b\ndir e\n\$ cd ..\n1 c")
    @test t == Dict(["/"] => 151, ["/", "d"] => 50)
    packets = [eval(Meta.parse(l)) for l in ["[1,1,3,1,1]", "[1,1,5,1,1]", "[[1],[2,3,4]]", "[9]", "[]"]]
    @test sort(packets; lt=(a, b) -> cmp_packets(a, b) < 0) |> first == []
    @test cmp_packets([[1], [2, 3, 4]], [1, 4]) == -1
    cals = [sum(parse.(Int, split(g))) for g in split("1000\n2000\n\n4000\n\n5000\n6000", "\n\n")]
    @test maximum(cals) == 11000 && partialsort(cals, 1:2; rev=true) == [11000, 4000]
end
