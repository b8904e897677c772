"""Test's types that do only what their abstract type asks for: to try generic code with.

They are written in Julia, and defined when one of them is first named: methods for them are methods
of a user's own types to the rest of Julia, which is the point of them.
"""

from __future__ import annotations

from juliette.compiler.imports import bring_all, include_text
from juliette.compiler.session import current
from juliette.compiler.support import install
from juliette.runtime.modules import PACKAGES, Base, Module

SOURCE = """
struct GenericString <: AbstractString
    string::AbstractString
end
Base.ncodeunits(s::GenericString) = ncodeunits(s.string)
Base.codeunit(s::GenericString) = codeunit(s.string)
Base.codeunit(s::GenericString, i::Integer) = codeunit(s.string, i)
Base.isvalid(s::GenericString, i::Integer) = isvalid(s.string, i)
Base.iterate(s::GenericString, i::Integer=1) = iterate(s.string, i)
Base.reverse(s::GenericString) = GenericString(reverse(s.string))
Base.convert(::Type{GenericString}, s::AbstractString) = GenericString(s)
Base.convert(::Type{GenericString}, s::GenericString) = s

struct GenericArray{T,N} <: AbstractArray{T,N}
    a::Array{T,N}
end
GenericArray{T}(args...) where {T} = GenericArray(Array{T}(args...))
Base.size(a::GenericArray) = size(a.a)
Base.axes(a::GenericArray) = axes(a.a)
Base.length(a::GenericArray) = length(a.a)
Base.eachindex(a::GenericArray) = eachindex(a.a)
Base.IndexStyle(::GenericArray) = IndexLinear()
Base.getindex(a::GenericArray, i::Int...) = a.a[i...]
Base.setindex!(a::GenericArray, x, i::Int...) = (a.a[i...] = x; a)
Base.similar(a::GenericArray, dims::Integer...) = GenericArray(similar(a.a, dims...))

struct GenericDict{K,V} <: AbstractDict{K,V}
    s::AbstractDict{K,V}
end
Base.get(d::GenericDict, k, default) = get(d.s, k, default)
Base.get(f::Union{Function,Type}, d::GenericDict, k) = get(f, d.s, k)
Base.iterate(d::GenericDict, state...) = iterate(d.s, state...)
Base.length(d::GenericDict) = length(d.s)

struct GenericSet{T} <: AbstractSet{T}
    s::AbstractSet{T}
end
Base.iterate(s::GenericSet, state...) = iterate(s.s, state...)
Base.length(s::GenericSet) = length(s.s)
Base.in(x, s::GenericSet) = x in s.s

struct GenericOrder{T}
    val::T
end
Base.isless(x::GenericOrder, y::GenericOrder) = isless(x.val, y.val)
"""

_home = Module("Test")
bring_all(_home, Base)
install(_home)
include_text(current(), _home, SOURCE, "Test")
for _name in ("GenericString", "GenericArray", "GenericDict", "GenericSet", "GenericOrder"):
    PACKAGES["Test"].const(_name, _home.bindings[_name])
