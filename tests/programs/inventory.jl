using Test

module Inventory
export Item, Stock, add!, total, remove!
using Printf

struct Item
    name::String
    price::Float64
    Item(name, price) = price < 0 ? throw(DomainError(price, "price must not be negative")) : new(name, price)
end

Base.:(==)(a::Item, b::Item) = a.name == b.name && a.price == b.price
Base.hash(a::Item, h::UInt) = hash(a.price, hash(a.name, h))

struct Stock
    items::Dict{Item,Int}
    Stock() = new(Dict())
end

add!(s::Stock, i::Item, n=1) = (s.items[i] = get(s.items, i, 0) + n; s)

function remove!(s::Stock, i::Item, n::Int=1)
    have = get(s.items, i) do
        throw(KeyError(i.name))
    end
    n > have && error("only $have of $(i.name) left")
    have == n ? delete!(s.items, i) : (s.items[i] -= n)
    s
end

total(s::Stock) = sum(i.price * n for (i, n) in s.items; init=0.0)
Base.length(s::Stock) = sum(values(s.items))
Base.getindex(s::Stock, name::AbstractString) = only(n for (i, n) in s.items if i.name == name)
Base.haskey(s::Stock, name) = any(i -> i.name == name, keys(s.items))

function Base.show(io::IO, ::MIME"text/plain", s::Stock)
    println(io, "Stock with $(length(s.items)) items:")
    for (i, n) in sort(collect(s.items), by=p -> p[1].name)
        @printf(io, "  %-8s %3d × %6.2f\n", i.name, n, i.price)
    end
    @printf(io, "  total %.2f", total(s))
end

module Reports
    using ..Inventory
    cheapest(s) = argmin(i -> i.price, keys(s.items))
    names(s) = sort!([i.name for i in keys(s.items)])
end
end

using .Inventory
import .Inventory.Reports: cheapest
import .Inventory.Reports as R

@testset "inventory" begin
    s = Stock()
    apple, pear = Item("apple", 0.5), Item("pear", 0.75)
    add!(s, apple, 10)
    add!(s, pear)
    add!(s, Item("apple", 0.5), 2)
    @test s["apple"] == 12 && length(s) == 13
    @test total(s) == 6.75
    @test cheapest(s) == apple
    @test R.names(s) == ["apple", "pear"]
    remove!(s, pear)
    @test !haskey(s, "pear")
    @test_throws ErrorException("only 12 of apple left") remove!(s, apple, 20)
    @test_throws KeyError remove!(s, pear)
    @test_throws DomainError Item("x", -1)
    @test_throws ArgumentError s["nothing"]
    @test repr(MIME("text/plain"), s) == "Stock with 1 items:\n  apple     12 ×   0.50\n  total 6.00"
    @test_throws UndefVarError Reports
    @test Inventory.Reports isa Module
    @test names(Inventory) == [:Inventory, :Item, :Stock, :add!, :remove!, :total]
    @test parentmodule(Inventory.Reports) == Inventory
end
