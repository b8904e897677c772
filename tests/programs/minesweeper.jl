using Test
function annotate(board)
    isempty(board) && return board
    rows, cols = length(board), length(board[1])
    out = String[]
    for r in 1:rows
        line = Char[]
        for c in 1:cols
            if board[r][c] == '*'
                push!(line, '*')
            else
                n = count(board[i][j] == '*' for i in max(1, r-1):min(rows, r+1), j in max(1, c-1):min(cols, c+1))
                push!(line, n == 0 ? ' ' : Char('0' + n))
            end
        end
        push!(out, String(line))
    end
    out
end
@testset "mines" begin
    @test annotate([]) == []
    @test annotate(["   ", " * ", "   "]) == ["111", "1*1", "111"]
    @test annotate(["*  ", "   "]) == ["*1 ", "11 "]
end
