"""Tables of the relations between types: subtyping, intersection, join, specificity."""

from __future__ import annotations

import pytest

from juliette.interpreter import Interpreter


@pytest.fixture(scope="module")
def session() -> Interpreter:
    session = Interpreter()
    session.run(
        "struct Box{T} end; struct Duo{A,B} end; abstract type Top{T} end;"
        "struct Low{T} <: Top{T} end; struct Strict{T<:Real} end"
    )
    return session


def value(session: Interpreter, code: str) -> object:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error and outcome.error.message
    return outcome.value


SUBTYPES = """
Int <: Int
Int <: Real
Int <: Any
Union{} <: Int
Union{} <: Union{}
Int <: Union{Int, String}
Union{Int, String} <: Any
Union{Int, String} <: Union{String, Int, Nothing}
Union{Int8, Int16} <: Signed
Vector{Int} <: Vector
Vector{Int} <: AbstractVector{Int}
Vector{Int} <: AbstractArray{T, 1} where T
Vector{Int} <: Vector{<:Real}
Vector{Real} <: Vector{>:Int}
Vector <: AbstractVector
Vector{Union{Int, String}} <: Vector{Union{String, Int}}
(Vector{T} where T<:Integer) <: (Vector{T} where T<:Real)
Matrix <: Array
Tuple{} <: Tuple
Tuple{Int, String} <: Tuple{Real, Any}
Tuple{Int, Int} <: Tuple{Vararg{Int}}
Tuple{Int} <: Tuple{Int, Vararg{Int}}
Tuple{Int, Int} <: NTuple{2, Int}
Tuple{Int, Int} <: NTuple{N, Int} where N
Tuple{Vararg{Int}} <: Tuple{Vararg{Real}}
Tuple{Vararg{Int}} <: NTuple{N, Int} where N
Tuple{Int, Vararg{Int}} <: Tuple{Vararg{Int}}
Tuple{Int, Int} <: Tuple{T, T} where T
Tuple{Int, Vector{Int}} <: Tuple{T, Vector{T}} where T
Tuple{Int, Vector{Real}} <: Tuple{T, Vector{T}} where T
Tuple{Int, Int, Vector{Real}} <: Tuple{T, T, Vector{T}} where T
(Tuple{T, T} where T) <: (Tuple{S, R} where {S, R})
(Tuple{T, T} where T) <: (Tuple{S, S} where S)
Tuple{Union{Int, String}} <: Tuple{T} where T
Tuple{Union{Int, String}} <: Union{Tuple{Int}, Tuple{String}}
Tuple{Vector{Int}, Vector{String}} <: Tuple{Vector{T} where T, Vector{T} where T}
Vector{Vector{Int}} <: Vector{Vector{T}} where T
Vector{Vector{Int}} <: Vector{<:Vector}
Vector{Vector} <: Vector{Vector{T} where T}
Type{Int} <: DataType
Type{Int} <: Type
Type{Int} <: Type{<:Real}
Type{Vector} <: UnionAll
Type{Union{Int, String}} <: Union
DataType <: Type
typeof(sin) <: Function
Low{Int} <: Top{Int}
Low{Int} <: Top
Low <: Top
Duo{Int, Int} <: Duo{T, T} where T
(Duo{T, T} where T) <: Duo
Box{Box{Int}} <: Box{<:Box{<:Real}}
Val{3} <: Val
Duo{Int, Real} <: Duo{A, B} where {B, A<:B}
NamedTuple{(:a,), Tuple{Int}} <: NamedTuple
NamedTuple{(:a,), Tuple{Int}} <: NamedTuple{(:a,)}
Strict{Int} <: Strict
Strict <: Strict{T} where T<:Real
Tuple{Type{Int}, Int} <: Tuple{Type{T}, T} where T
Tuple{Vararg{Vector{Int}}} <: Tuple{Vararg{Vector{T}}} where T
(Union{Vector{T}, Matrix{T}} where T) <: Array
Array{T, N} where {T<:Integer, N} <: AbstractArray{T, N} where {T<:Real, N}
"""

NOT_SUBTYPES = """
Real <: Int
Int <: Union{}
Any <: Int
Vector{Int} <: Vector{Real}
Vector{Int} <: Vector{Union{Int, String}}
Vector{Int} <: Matrix
Vector <: Vector{Int}
Vector{Vector} <: Vector{Vector{T}} where T
Vector{<:Real} <: Vector{Real}
(Vector{T} where T<:Real) <: (Vector{T} where T<:Integer)
Tuple{Int, String} <: Tuple{T, T} where T
Tuple{Int, Real} <: Tuple{T, T} where T
Tuple{Real, Real} <: Tuple{T, T} where T
Tuple{Any, Any} <: Tuple{T, T} where T
Tuple{Int, String} <: Tuple{Vararg{T}} where T
Tuple{Int} <: Tuple{Int, Int}
Tuple{Vararg{Int}} <: Tuple{Int}
Tuple{Vararg{Int}} <: Tuple{Int, Vararg{Int}}
Tuple{Int, Int, Vararg{Int}} <: Tuple{Int}
Tuple{Int, Vector{String}} <: Tuple{T, Vector{T}} where T
Tuple{String, Vector{Real}} <: Tuple{T, Vector{T}} where T
Tuple{Int, Int, Int} <: NTuple{2, Int}
Tuple{Vector{Int}, Vector{String}} <: Tuple{Vector{T}, Vector{T}} where T
Type{Int} <: Type{Real}
DataType <: Type{Int}
Type{Int} <: UnionAll
Low{Int} <: Top{Real}
Duo <: Duo{T, T} where T
Duo{Int, String} <: Duo{T, T} where T
Val{3} <: Val{4}
Val{1} <: Val{true}
Duo{Real, Int} <: Duo{A, B} where {B, A<:B}
NamedTuple{(:a,), Tuple{Int}} <: NamedTuple{(:b,)}
Tuple{Type{Int}, String} <: Tuple{Type{T}, T} where T
Union{Int, String} <: Int
"""


def lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line.strip()]


@pytest.mark.parametrize("question", lines(SUBTYPES))
def test_subtypes(session: Interpreter, question: str) -> None:
    assert value(session, question) is True


@pytest.mark.parametrize("question", lines(NOT_SUBTYPES))
def test_not_subtypes(session: Interpreter, question: str) -> None:
    assert value(session, question) is False


INTERSECTIONS = """
Int, Real => Int
Int, String => Union{}
Union{Int, String}, Real => Int
Union{Int, String}, Union{String, Nothing} => String
Vector, AbstractArray{Int} => Vector{Int}
AbstractVector{<:Real}, Array => Vector{<:Real}
Vector{Int}, Vector{String} => Union{}
Tuple{Int, Any}, Tuple{Any, String} => Tuple{Int, String}
Tuple{Vararg{Int}}, Tuple{Real, Real} => Tuple{Int, Int}
Tuple{Int}, Tuple{Int, Int} => Union{}
Low, Top{Int} => Low{Int}
Integer, AbstractFloat => Union{}
Tuple{String}, Tuple{Union{Dict, Set}} => Union{}
Tuple{Int, Vararg{Int}}, Tuple{} => Union{}
"""


@pytest.mark.parametrize("row", lines(INTERSECTIONS))
def test_intersections(session: Interpreter, row: str) -> None:
    pair, result = row.split(" => ")
    assert value(session, f"typeintersect({pair}) == {result}") is True, value(
        session, f"string(typeintersect({pair}))"
    )


JOINS = """
Int, Float64 => Real
Int, Int => Int
Int8, Int16 => Signed
Int, String => Any
Vector{Int}, Vector{Float64} => Vector
Tuple{Int, String}, Tuple{Float64, String} => Tuple{Real, String}
Low{Int}, Low{String} => Low
Union{}, Int => Int
Int, Real => Real
"""


@pytest.mark.parametrize("row", lines(JOINS))
def test_joins(session: Interpreter, row: str) -> None:
    pair, result = row.split(" => ")
    assert value(session, f"typejoin({pair}) == {result}") is True


# The first signature is the more specific one.
SPECIFICITY = """
Tuple{Int} | Tuple{Real}
Tuple{Int} | Tuple{Any}
Tuple{Int} | Tuple{Vararg{Int}}
Tuple{Int, Vararg{Any}} | Tuple{Vararg{Any}}
Tuple{Any} | Tuple{Vararg{Any}}
Tuple{T, T} where T | Tuple{Any, Any}
Tuple{T, T} where T<:Real | Tuple{Real, Real}
Tuple{Vector{Int}} | Tuple{Vector{<:Real}}
Tuple{Vector} | Tuple{AbstractVector}
Tuple{Type{Int}} | Tuple{Type{<:Real}}
Tuple{Type{Int}} | Tuple{DataType}
Tuple{Union{Int, String}} | Tuple{Any}
Tuple{Int} | Tuple{Union{Int, String}}
Tuple{Array} | Tuple{AbstractArray{Int}}
Tuple{Vector{T}, T} where T | Tuple{Vector, Any}
Tuple{Low{Int}} | Tuple{Top}
"""


@pytest.mark.parametrize("row", lines(SPECIFICITY))
def test_specificity(session: Interpreter, row: str) -> None:
    first, second = row.split(" | ")
    assert value(session, f"Base.morespecific({first}, {second})") is True
    assert value(session, f"Base.morespecific({second}, {first})") is False


INCOMPARABLE = """
Tuple{Int, Any} | Tuple{Any, Int}
Tuple{Int, Vararg{Any}} | Tuple{Any, Int}
Tuple{String} | Tuple{Int}
Tuple{Vector{<:Real}} | Tuple{AbstractVector{Int}, Int}
"""


@pytest.mark.parametrize("row", lines(INCOMPARABLE))
def test_incomparable(session: Interpreter, row: str) -> None:
    first, second = row.split(" | ")
    assert value(session, f"Base.morespecific({first}, {second})") is False
    assert value(session, f"Base.morespecific({second}, {first})") is False
