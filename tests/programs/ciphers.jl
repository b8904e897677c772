using Test, Random


rotate(n::Integer, c::Char) = isuppercase(c) ? 'A' + mod(c - 'A' + n, 26) : islowercase(c) ? 'a' + mod(c - 'a' + n, 26) : c
rotate(n::Integer, s::AbstractString) = map(c -> rotate(n, c), s)

for n in 0:26
    @eval macro $(Symbol(:R, n, :_str))(s::AbstractString)
        rotate($n, s)
    end
end


atbash(s) = begin
    clean = [islowercase(c) ? 'a' + ('z' - c) : c for c in lowercase(s) if isascii(c) && (isletter(c) || isdigit(c))]
    join(map(join, Iterators.partition(clean, 5)), ' ')
end


function railfence(s, n)
    rails = [Char[] for _ in 1:n]
    zigzag = Iterators.cycle([1:n; n-1:-1:2])
    for (c, r) in zip(s, zigzag)
        push!(rails[r], c)
    end
    String(reduce(vcat, rails))
end


function vigenere(text, key; decode=false)
    ks = Iterators.cycle(key)
    join(rotate(decode ? 'a' - k : k - 'a', c) for (c, k) in zip(text, ks))
end


struct Affine
    a::Int
    b::Int
    function Affine(a, b)
        gcd(a, 26) == 1 || throw(ArgumentError("a=$a and m=26 must be coprime."))
        new(a, b)
    end
end

(f::Affine)(c::Char) = 'a' + mod(f.a * (c - 'a') + f.b, 26)
Base.inv(f::Affine) = (ai = invmod(f.a, 26); Affine(ai, -ai * f.b))
Base.:∘(f::Affine, g::Affine) = Affine(mod(f.a * g.a, 26), mod(f.a * g.b + f.b, 26))

@testset "ciphers" begin
    @test rotate(5, "omg") == "trl"
    @test rotate(13, "The quick brown fox!") == "Gur dhvpx oebja sbk!"
    @test R13"abc" == "nop"
    @test R0"hello" == "hello"
    @test rotate(-3, 'A') === 'X'
    @test atbash("Testing,1 2 3, testing.") == "gvhgr mt123 gvhgr mt"
    @test atbash("The quick brown fox jumps over the lazy dog.") == "gsvjf rxpyi ldmul cqfnk hlevi gsvoz abwlt"
    @test railfence("WEAREDISCOVEREDFLEEATONCE", 3) == "WECRLTEERDSOEEFEAOCAIVDEN"
    @test vigenere("attackatdawn", "lemon") == "lxfopvefrnhr"
    @test vigenere(vigenere("hello", "xyz"), "xyz"; decode=true) == "hello"
    f = Affine(5, 7)
    @test map(f, "test") == "ybty"
    @test map(inv(f), map(f, "roundtrip")) == "roundtrip"
    @test (f ∘ inv(f)).('a':'z') == 'a':'z'
    @test_throws ArgumentError("a=6 and m=26 must be coprime.") Affine(6, 17)
    key = randstring(MersenneTwister(1), 'a':'z', 100)
    @test length(key) == 100 && all(islowercase, key)
    @test 'z' - 'a' == 25
    @test 'a' + 1 === 'b'
    @test collect("ab") .+ 1 == ['b', 'c']
end
