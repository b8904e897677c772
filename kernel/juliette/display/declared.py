"""Signatures of Julia's own methods, where ours are cut in another way.

One method of ours often stands for several of Julia's: constructors take whatever is given and look
at it themselves, operators of all plain numbers are one.  What an error lists as closest candidates
is taken from here for the functions that errors are most often about, in the order in which Julia
lists them.  Source: the method definitions of Julia 1.10 in base/.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from juliette.runtime import types as T
from juliette.runtime.builtin_methods import Builtin
from juliette.runtime.dispatch import GenericFunction, Method
from juliette.runtime.modules import Base, Core

_ALIASES = {
    "BitInteger": "Union{Int128,Int16,Int32,Int64,Int8,UInt128,UInt16,UInt32,UInt64,UInt8}",
    "BitSigned": "Union{Int128,Int16,Int32,Int64,Int8}",
    "BitUnsigned": "Union{UInt128,UInt16,UInt32,UInt64,UInt8}",
    "IEEEFloat": "Union{Float16,Float32,Float64}",
    "Text": "Union{AbstractChar,AbstractString}",
    "DimOrInd": "Union{Integer,AbstractUnitRange}",
}

# A line for each method; a `!` before it: of Core. After `@` the place that Julia 1.10 names,
# as far as published traces tell it; the others are our best knowledge of that version.
_OPERATORS = {
    "+": """
        +(x, y, z, more...) @ operators.jl:587
        +(x::T, y::T) where T<:BitInteger @ int.jl:87
        +(x::T, y::T) where T<:IEEEFloat @ float.jl:409
        +(x::Real, y::Complex{Bool})
        +(x::Complex{Bool}, y::Real)
        +(x::Integer, y::AbstractChar)
        +(x::AbstractChar, y::Integer)
        +(x::Number, y::Missing)
        +(x::Missing, y::Number)
        +(x::Rational, y::Integer)
        +(x::Array, more::Array...)
        +(x::AbstractArray, y::AbstractArray)
        +(x::Number)
    """,
    "-": """
        -(x::Missing)
        -(x::BitInteger) @ int.jl:85
        -(x::IEEEFloat)
        -(x::Complex)
        -(x::AbstractArray)
        -(x::T, y::T) where T<:BitInteger @ int.jl:86
        -(x::T, y::T) where T<:IEEEFloat @ float.jl:410
        -(x::Real, y::Complex{Bool})
        -(x::Complex{Bool}, y::Real)
        -(x::AbstractChar, y::Integer)
        -(x::AbstractChar, y::AbstractChar)
        -(x::Number, y::Missing)
        -(x::Missing, y::Number)
        -(x::Rational, y::Integer)
        -(x::AbstractArray, y::AbstractArray)
    """,
    "*": """
        *(x, y, z, more...) @ operators.jl:587
        *(x::T, y::T) where T<:BitInteger @ int.jl:88
        *(x::T, y::T) where T<:IEEEFloat @ float.jl:411
        *(x::Text, more::Text...)
        *(x::Real, y::Complex{Bool}) @ complex.jl:327
        *(x::Complex{Bool}, y::Real)
        *(x::Number, y::Missing)
        *(x::Missing, y::Number)
        *(x::Number, y::AbstractArray)
        *(x::AbstractArray, y::Number)
        *(x::AbstractMatrix, y::AbstractVector)
        *(x::AbstractMatrix, y::AbstractMatrix)
        *(x::Number)
    """,
    "/": """
        /(x::BitInteger, y::BitInteger) @ int.jl:97
        /(x::T, y::T) where T<:IEEEFloat @ float.jl:412
        /(x::Complex, y::Real)
        /(x::Real, y::Complex)
        /(x::Missing, y::Number)
        /(x::Number, y::Missing)
        /(x::Rational, y::Integer)
        /(x::AbstractArray, y::Number)
        /(x::AbstractVecOrMat, y::AbstractVecOrMat)
    """,
    "^": """
        ^(x::Float64, y::Integer)
        ^(x::Float64, y::Float64)
        ^(x::T, y::Integer) where T<:BitInteger
        ^(x::Number, y::Integer)
        ^(x::Number, y::Rational)
        ^(x::Number, y::Missing)
        ^(x::Missing, y::Number)
        ^(x::Text, y::Integer)
        ^(x::Regex, y::Integer)
        ^(x::Complex, y::Real)
        ^(x::AbstractMatrix, y::Integer)
        ^(x::AbstractMatrix, y::Real)
    """,
    "isless": """
        isless(x::Missing, y) @ missing.jl:87
        isless(x, y::Missing) @ missing.jl:88
        isless(x::Real, y::AbstractFloat)
        isless(x::AbstractFloat, y::Real)
        isless(x::Real, y::Real)
        isless(x::AbstractString, y::AbstractString)
        isless(x::AbstractChar, y::AbstractChar)
        isless(x::Symbol, y::Symbol)
        isless(x::Tuple, y::Tuple)
        isless(x::AbstractVector, y::AbstractVector)
    """,
    "convert": """
        convert(t::Type{T}, x::T) where T<:Number @ number.jl:6
        convert(t::Type{T}, x::Number) where T<:Number @ number.jl:7
        convert(t::Type{T}, x::Ptr) where T<:Integer @ pointer.jl:23
        convert(t::Type{String}, x::String)
        convert(t::Type{T}, x::T) where T<:AbstractString
        convert(t::Type{T}, x::AbstractString) where T<:AbstractString
        convert(t::Type{T}, x::T) where T<:AbstractChar
        convert(t::Type{T}, x::Number) where T<:AbstractChar
        convert(t::Type{T}, x::AbstractArray) where T<:Array
        convert(t::Type{T}, x::T) where T<:AbstractArray
        convert(t::Type{T}, x::T) where T<:Tuple
        convert(t::Type{T}, x::T) where T<:AbstractDict
        convert(t::Type{T}, x::AbstractDict) where T<:AbstractDict
        convert(t::Type{T}, x::T) where T
    """,
    "zeros": """
        zeros(dims::DimOrInd...)
        zeros(t::Type{T}, dims::DimOrInd...) where T
        zeros(dims::Tuple{Vararg{DimOrInd}})
        zeros(t::Type{T}, dims::Tuple{Vararg{DimOrInd}}) where T
    """,
    "ones": """
        ones(dims::DimOrInd...)
        ones(t::Type{T}, dims::DimOrInd...) where T
        ones(dims::Tuple{Vararg{DimOrInd}})
        ones(t::Type{T}, dims::Tuple{Vararg{DimOrInd}}) where T
    """,
    "fill": """
        fill(x, dims::DimOrInd...)
        fill(x, dims::Tuple{Vararg{DimOrInd}})
    """,
    "trues": """
        trues(dims::DimOrInd...)
        trues(dims::Tuple{Vararg{DimOrInd}})
    """,
    "falses": """
        falses(dims::DimOrInd...)
        falses(dims::Tuple{Vararg{DimOrInd}})
    """,
    "rand": """
        rand(dims::Integer...)
        rand(x, dims::Tuple{Vararg{Int64}})
        rand(x, d::Integer, dims::Integer...)
        rand(t::Type{X}, dims::Tuple{Vararg{Int64}}) where X
        rand(t::Type{X}, d::Integer, dims::Integer...) where X
        rand(dims::Tuple{Vararg{Int64}})
    """,
    "randn": """
        randn(dims::Integer...)
        randn(t::Type{T}, dims::Integer...) where T
        randn(t::Type{T}, dims::Tuple{Vararg{Int64}}) where T
        randn(dims::Tuple{Vararg{Int64}})
    """,
    "reshape": """
        reshape(x::AbstractArray, dims::Tuple{Vararg{Int64}})
        reshape(x::AbstractArray, dims::Union{Colon,Integer}...)
        reshape(x::AbstractArray, dims::Tuple{Vararg{Union{Colon,Integer}}})
    """,
    "findfirst": """
        findfirst(f::Function, x)
        findfirst(p::AbstractString, s::AbstractString)
        findfirst(p::AbstractChar, s::AbstractString)
        findfirst(r::Regex, s::AbstractString)
        findfirst(x)
    """,
    "findlast": """
        findlast(f::Function, x)
        findlast(p::AbstractString, s::AbstractString)
        findlast(p::AbstractChar, s::AbstractString)
        findlast(x)
    """,
    "findall": """
        findall(f::Function, x)
        findall(f::F, x::AbstractArray) where F<:Function
        findall(p::Union{AbstractString,Regex}, s::AbstractString; overlap)
        findall(x)
    """,
    "filter": """
        filter(f, x::Array{T,N}) where {T,N}
        filter(f, x::AbstractArray)
        filter(f, x::Tuple)
        filter(f, x::AbstractString)
        filter(f, x::AbstractDict)
        filter(f, x::AbstractSet)
        filter(f)
    """,
    "map": """
        map(f, x::AbstractArray)
        map(f, x::AbstractArray, more::AbstractArray...)
        map(f, x::Tuple)
        map(f, x)
        map(f, x, more...)
    """,
    "push!": """
        push!(v::Vector, x)
        push!(v::Vector{Any}, x)
        push!(v::AbstractVector, more...)
        push!(c, x, y)
        push!(c, x, y, more...)
        push!(s::Set, x)
        push!(d::AbstractDict, x::Pair)
    """,
    "pop!": """
        pop!(v::Vector)
        pop!(s::Set)
        pop!(s::Set, x)
        pop!(d::Dict)
        pop!(d::Dict, key)
        pop!(d::Dict, key, default)
        pop!(v::AbstractVector)
    """,
    "round": """
        round(t::Type{T}, x::Real, r::RoundingMode) where T
        round(t::Type{T}, x::AbstractFloat) where T<:Integer
        round(x::Real, r::RoundingMode; digits, sigdigits, base)
        round(x::Real; digits, sigdigits, base)
        round(x::Complex, r::RoundingMode; kwargs...)
        round(x::Missing)
    """,
    "sort": """
        sort(v::AbstractVector; kws...)
        sort(A::AbstractArray{T}; dims, alg, lt, by, rev, order, scratch) where T
        sort(r::AbstractUnitRange)
    """,
    "sort!": """
        sort!(v::AbstractVector{T}; alg, lt, by, rev, order, scratch) where T
        sort!(A::AbstractArray{T}; dims, alg, lt, by, rev, order, scratch) where T
        sort!(r::AbstractUnitRange)
    """,
    "mapreduce": """
        mapreduce(f, op, x::AbstractArray; dims, init)
        mapreduce(f, op, x; kw...)
        mapreduce(f, op, x, more...; kw...)
    """,
}

# Constructors by the type that they belong to, or a supertype of it.
_CONSTRUCTORS = {
    "Integer": """
        T(x::AbstractChar) where T<:Union{Int32,Int64} @ char.jl:51
        T(x::AbstractChar) where T<:Union{AbstractChar,Number} @ char.jl:50
        T(x::BigInt) where T<:BitSigned
        T(x::BigInt) where T<:BitUnsigned
        !T(x::T) where T<:Number @ boot.jl:792
        T(x::Rational) where T<:Integer
        T(x::AbstractFloat) where T<:Integer
        T(x::Complex) where T<:Real
    """,
    "AbstractFloat": """
        T(x::Real, r::RoundingMode) where T<:AbstractFloat @ rounding.jl:207
        !T(x::T) where T<:Number @ boot.jl:792
        T(x::AbstractChar) where T<:Union{AbstractChar,Number} @ char.jl:50
        T(x::Rational) where T<:AbstractFloat
        T(x::Complex) where T<:Real
    """,
    "Number": """
        T(x::AbstractChar) where T<:Union{AbstractChar,Number} @ char.jl:50
        !T(x::T) where T<:Number @ boot.jl:792
        T(x::Complex) where T<:Real
    """,
    "AbstractChar": """
        T(x::AbstractChar) where T<:Union{AbstractChar,Number} @ char.jl:50
        Char(x::UInt32)
        Char(x::Number)
    """,
    "String": """
        !String(x::String)
        String(x::AbstractString)
        String(x::Symbol)
        String(x::Vector{UInt8})
    """,
    "Array": """
        !Vector{T}() where T
        !Vector{T}(init::UndefInitializer, m::Int64) where T
        !Matrix{T}(init::UndefInitializer, m::Int64, n::Int64) where T
        !Array{T,3}(init::UndefInitializer, m::Int64, n::Int64, o::Int64) where T
        !Vector{T}(init::UndefInitializer, dims::Tuple{Int64}) where T
        !Matrix{T}(init::UndefInitializer, dims::Tuple{Int64,Int64}) where T
        !Array{T}(init::UndefInitializer, m::Int64) where T
        !Array{T}(init::UndefInitializer, m::Int64, n::Int64) where T
        Vector{T}(x::AbstractVector{S}) where {T,S}
        Matrix{T}(x::AbstractMatrix{S}) where {T,S}
        Array{T}(x::AbstractArray{S,N}) where {T,N,S}
        Vector(x::AbstractVector{T}) where T
        Matrix(x::AbstractMatrix{T}) where T
        Array(x::AbstractArray{T,N}) where {T,N}
    """,
    "Dict": """
        Dict()
        Dict(ps::Pair{K,V}...) where {K,V}
        Dict(kv)
    """,
    "Set": """
        Set()
        Set(itr)
    """,
    "Tuple": """
        T(x::Tuple) where T<:Tuple
        T(itr) where T<:Tuple
    """,
}


class Declared(Method):
    """A method that is only told of: it is never called."""

    __slots__ = ("head", "of_type", "rest")
    head: str
    of_type: bool
    # the name of what takes all other keywords
    rest: str


def _lister(keywords: list[str]) -> Callable[..., Any]:
    """A function that takes these keywords, as far as asking for its signature tells."""

    def never(*args: Any, **given: Any) -> None:
        raise NotImplementedError

    kinds = inspect.Parameter
    signature = inspect.Signature(
        [
            kinds(
                k.removesuffix("..."),
                kinds.VAR_KEYWORD if k.endswith("...") else kinds.KEYWORD_ONLY,
            )
            for k in keywords
        ]
    )
    setattr(never, "__signature__", signature)  # noqa: B010
    return never


def _read(lines: str, of: Any, callee: str | None) -> list[Method]:
    """The methods that lines declare; `callee` is None for constructors."""
    found: list[Method] = []
    for line in lines.strip().splitlines():
        header = line.strip()
        module = Core if header.startswith("!") else Base
        header, _, where = header.removeprefix("!").partition(" @ ")
        for alias, meant in _ALIASES.items():
            header = header.replace(alias, meant)
        positional, _, keywords = header.partition(";")
        if keywords:
            keywords, _, rest = keywords.partition(")")
            header = f"{positional}){rest}"
        shelf = GenericFunction("declared", Base)
        Builtin(Base, header, _lister([]), False, None, False).define(
            shelf, of if callee is None else None
        )
        for m in shelf.methods:
            declared = Declared(
                shelf, m.signature, m.specialise, arg_names=m.arg_names, module=module
            )
            declared.head = callee if callee is not None else _head(header)
            declared.of_type = callee is None
            declared.source = m.source
            if where:
                declared.file, _, number = where.partition(":")
                declared.line = int(number)
            if keywords:
                named = [k.strip() for k in keywords.split(",")]
                declared.builtin, declared.rest = _lister(named), named[-1].removesuffix("...")
                declared.kwcall = declared.builtin
            found.append(declared)
    return found


def _head(header: str) -> str:
    """What is called in a header of a constructor: a type variable stands for all that it can be."""
    name = header.partition("(")[0]
    return "(::Type{T})" if name == "T" else name.replace(",", ", ")


_FOUND: dict[str, list[Method]] = {}


def declared_methods(f: Any) -> list[Method] | None:
    """Julia's methods of a function or type of Base; None if they are not told of here."""
    if isinstance(f, GenericFunction):
        if f.module is not Base or f.name not in _OPERATORS or Base.bindings.get(f.name) is not f:
            return None
        if f.name not in _FOUND:
            _FOUND[f.name] = _read(_OPERATORS[f.name], None, f.name)
        return _FOUND[f.name]
    if not isinstance(f, T.JuliaType) or not isinstance(T.unwrap(f), T.DataType):
        return None
    t = T.unwrap(f)
    if t.typename.module not in (Base, Core, None):
        return None
    while t is not T.Any_:
        name = t.typename.name
        if name in _CONSTRUCTORS:
            key = f"type {name}"
            if key not in _FOUND:
                _FOUND[key] = _read(_CONSTRUCTORS[name], T.Any_, None)
            return _FOUND[key]
        t = T.unwrap(t.super)
    return None


# Reductions, and the operation that they hand to `mapreduce` with all keywords.
_REDUCTIONS = {"sum": "add_sum", "prod": "mul_prod", "maximum": "max", "minimum": "min"}


def passed_on(
    f: Any, args: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[Any, tuple[Any, ...]]:
    """The call that has no method, where a function of Base takes every keyword and hands it on.

    Source: `sort(v::AbstractVector; kws...)` in base/sort.jl, `sum(a::AbstractArray; dims, kw...)` in
    base/reducedim.jl
    """
    name = str(getattr(f, "name", ""))
    if not args or f is not Base.bindings.get(name) or not T.isa(args[-1], T.AbstractArray):
        return f, args
    if name == "sort" and len(args) == 1 and T.isa(args[0], T.AbstractVector):
        return Base.get("sort!"), args
    if name in _REDUCTIONS and len(args) <= 2 and not keywords.keys() <= {"dims", "init"}:
        mapped = args[0] if len(args) == 2 else Base.get("identity")
        return Base.get("mapreduce"), (mapped, Base.get(_REDUCTIONS[name]), args[-1])
    return f, args
