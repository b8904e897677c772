using Test


@enum Rank HighCard=1 OnePair TwoPairs ThreeOfAKind Straight Flush FullHouse FourOfAKind StraightFlush

struct Card
    value::Int
    suit::Char
end


const FACES = Dict('T' => 10, 'J' => 11, 'Q' => 12, 'K' => 13, 'A' => 14)

function Card(s::AbstractString)
    m = match(r"^(10|[2-9TJQKA])([CDHS])$", s)
    m === nothing && throw(ArgumentError("invalid card: $(repr(s))"))
    v = m[1] == "10" ? 10 : get(() -> parse(Int, m[1]), FACES, only(m[1]))
    Card(v, only(m.captures[2]))
end


Base.isless(a::Card, b::Card) = isless(a.value, b.value)
Base.show(io::IO, c::Card) = print(io, c.value, c.suit)

struct Hand
    cards::NTuple{5,Card}
end

Hand(s::AbstractString) = Hand(Tuple(sort!(Card.(split(s)); rev=true)))

function rank(h::Hand)
    values = [c.value for c in h.cards]
    counts = Dict{Int,Int}()
    for v in values
        counts[v] = get(counts, v, 0) + 1
    end
    groups = sort!(collect(counts); by=p -> (p.second, p.first), rev=true)
    shape = Tuple(last.(groups))
    key = first.(groups)
    flush = allequal(c.suit for c in h.cards)
    straight = length(groups) == 5 && values[1] - values[5] == 4
    if values == [14, 5, 4, 3, 2]
        straight = true
        key = [5, 4, 3, 2, 1]
    end
    r = flush && straight ? StraightFlush :
        shape == (4, 1) ? FourOfAKind :
        shape == (3, 2) ? FullHouse :
        flush ? Flush :
        straight ? Straight :
        shape == (3, 1, 1) ? ThreeOfAKind :
        shape == (2, 2, 1) ? TwoPairs :
        shape == (2, 1, 1, 1) ? OnePair : HighCard
    return r, key
end


Base.isless(a::Hand, b::Hand) = isless(rank(a), rank(b))

function best(hands)
    parsed = Hand.(hands)
    top = maximum(rank, parsed)
    hands[findall(h -> rank(h) == top, parsed)]
end


@testset "Poker" begin
    @testset "ranks" begin
        @test first(rank(Hand("4S 5S 7H 8D JC"))) === HighCard
        @test first(rank(Hand("4S 5H 6S 8D 5S"))) == OnePair
        @test first(rank(Hand("AS 2S 3S 4S 5S"))) == StraightFlush
        @test first(rank(Hand("10S JH QS KD AC"))) == Straight
        @test Int(FullHouse) == 7
        @test string(FullHouse) == "FullHouse"
        @test instances(Rank)[end] == StraightFlush
        @test Rank(4) == ThreeOfAKind
        @test_throws ArgumentError Rank(12)
    end
    @testset "best" begin
        @test best(["4S 5S 7H 8D JC"]) == ["4S 5S 7H 8D JC"]
        @test best(["4D 5S 6S 8D 3C", "2S 4C 7S 9H 10H", "3S 4S 5D 6H JH"]) == ["3S 4S 5D 6H JH"]
        @test best(["4D 5S 6S 8D 3C", "2S 4C 7S 9H 10H", "3S 4S 5D 6H JH", "3H 4H 5C 6C JD"]) == ["3S 4S 5D 6H JH", "3H 4H 5C 6C JD"]
    end
    @testset "errors and show" begin
        @test_throws ArgumentError Card("1S")
        @test_throws ArgumentError("invalid card: \"ZZ\"") Card("ZZ")
        @test sprint(show, Card("KH")) == "13H"
        @test repr(Card.(["2C", "AS"])) == "Card[2C, 14S]"
        @test Card("2C") < Card("3H")
    end
end
