using Test

struct IllegalMove <: Exception
    msg::String
end

struct GameOver <: Exception end

@enum Player::Int8 X = 1 O = -1
other(p::Player) = Player(-Int(p))

mutable struct Game
    board::Matrix{Union{Player,Nothing}}
    turn::Player
    Game() = new(fill(nothing, 3, 3), X)
end

Base.show(io::IO, g::Game) = for r in eachrow(g.board)
    println(io, join((isnothing(c) ? '.' : c for c in r)))
end

const LINES = let M = reshape(1:9, 3, 3)
    [collect.(eachrow(M)); collect.(eachcol(M)); [[1, 5, 9], [3, 5, 7]]]
end

function winner(g)
    for l in LINES
        a, b, c = g.board[l]
        a !== nothing && a === b === c && return a
    end
    nothing
end

function play!(g::Game, i, j)
    (winner(g) !== nothing || all(!isnothing, g.board)) && throw(GameOver())
    checkbounds(Bool, g.board, i, j) || throw(IllegalMove("outside"))
    g.board[i, j] === nothing || throw(IllegalMove("taken: ($i, $j)"))
    g.board[i, j] = g.turn
    g.turn = other(g.turn)
    g
end

function minimax(g)
    w = winner(g)
    w !== nothing && return Int(w), nothing
    moves = findall(isnothing, g.board)
    isempty(moves) && return 0, nothing
    best = nothing
    score = -2Int(g.turn)
    for m in moves
        p = g.turn
        g.board[m] = p
        g.turn = other(p)
        s, _ = minimax(g)
        g.board[m] = nothing
        g.turn = p
        if (p == X && s > score) || (p == O && s < score)
            score, best = s, m
        end
    end
    score, best
end

@testset "tic tac toe" begin
    g = Game()
    for m in ((1, 1), (2, 2), (1, 2), (2, 1))
        play!(g, m...)
    end
    @test string(g) == "XX.\nOO.\n...\n"
    @test winner(g) === nothing
    @test minimax(g) == (1, CartesianIndex(1, 3))
    @test_throws IllegalMove("taken: (1, 1)") play!(g, 1, 1)
    @test_throws IllegalMove play!(g, 4, 1)
    play!(g, 1, 3)
    @test winner(g) == X
    @test_throws GameOver play!(g, 3, 3)
    @test length(LINES) == 8 && other(X) == O
    @test g.board isa Matrix{Union{Nothing,Player}}
end
