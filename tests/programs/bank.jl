using Test
abstract type Account end
mutable struct Checking <: Account
    owner::String
    balance::Float64
    Checking(owner, balance = 0) = balance < 0 ? throw(ArgumentError("negative balance")) : new(owner, balance)
end
mutable struct Savings <: Account
    owner::String
    balance::Float64
    rate::Float64
end
struct InsufficientFunds <: Exception
    needed::Float64
end
Base.showerror(io::IO, e::InsufficientFunds) = print(io, "InsufficientFunds: short by ", e.needed)
deposit!(a::Account, x) = (a.balance += x; a)
function withdraw!(a::Account, x)
    x > a.balance && throw(InsufficientFunds(x - a.balance))
    a.balance -= x
    a
end
accrue!(s::Savings) = deposit!(s, s.balance * s.rate)
accrue!(a::Account) = a
Base.show(io::IO, a::Account) = print(io, nameof(typeof(a)), "(", a.owner, ", ", round(a.balance; digits = 2), ")")
@testset "bank" begin
    c = Checking("Ann")
    deposit!(c, 10)
    @test c.balance === 10.0
    @test_throws InsufficientFunds withdraw!(c, 20)
    @test_throws ArgumentError Checking("Bob", -1)
    s = Savings("Cid", 100, 0.05)
    accrue!(s)
    @test s.balance ≈ 105
    @test string(s) == "Savings(Cid, 105.0)"
    @test sprint(showerror, InsufficientFunds(2.5)) == "InsufficientFunds: short by 2.5"
    @test sum(a -> a.balance, Account[c, s]) ≈ 115
end
