"""What inference says of calls of Base's functions is what they give.

Each expression becomes a function of the variables in it; its inferred result is compared with the
type of the value that it has.  A `Union` must hold the value's type; anything else must be it.
"""

from __future__ import annotations

import io
import re

import pytest

from juliette.interpreter import Interpreter
from juliette.runtime import types as T

VARIABLES = r"""
    i = 3
    j = 7
    n = 5
    x = 2.5
    y = 1.5
    b = true
    s = "hello world"
    t = "wor"
    c = 'w'
    v = [3,1,2]
    w = [1.5,2.5,0.5]
    u = ["a","b","c"]
    A = [1 2;3 4]
    B = [1.0 2.0;3.0 4.0]
    d = Dict("a"=>1,"b"=>2)
    e = Dict(1=>2.0)
    r = 1:5
    q = 1:2:9
    m = [true,false,true]
    z = 1.0+2.0im
    p = P(1.0,2.0)
    tt = (1,2.0)
    t3 = (1,2,3)
    st = Set([1,2])
    ch = ['a','b']
    vv = [[1,2],[3,4]]
    sy = :a
    pr = 1=>2
    vp = [(1,2),(3,4)]
    ss = SubString("hello",1,3)
    u8 = 0x05
    f32 = 1.5f0
    rat = 1//2
    vc = [1.0+im]
    bi = big(3)
    ba = trues(3)
    dv = Dict("a"=>[1,2])
    nt = (a=1,b=2.0)
"""

EXPRESSIONS = r"""
    collect(r)
    collect(q)
    collect(1:i)
    collect(s)
    collect(v)
    collect(d)
    collect(keys(d))
    collect(values(d))
    collect(st)
    collect(enumerate(v))
    collect(zip(v,w))
    copy(v)
    copy(A)
    sort(v)
    sort(w, rev=true)
    sort(v, by=abs)
    sort(collect(keys(d)))
    sort!(v)
    reverse(v)
    reverse(s)
    unique(v)
    v[1:2]
    v[2:end]
    v[m]
    A[1,:]
    A[:,1]
    A[1:2,1]
    A[1,1]
    A[3]
    s[1]
    s[1:2]
    s[end]
    s[2:end]
    length(v)
    length(s)
    length(d)
    length(r)
    size(A)
    size(A,1)
    size(v)
    ndims(A)
    isempty(v)
    i in v
    i ∈ r
    c in s
    haskey(d,"a")
    d["a"]
    get(d,"a",0)
    get(d,t,0)
    keys(d)
    values(d)
    i + x
    i / j
    i ÷ j
    i % j
    mod(i,j)
    mod1(i,j)
    rem(i,j)
    divrem(i,j)
    div(i,j)
    fld(i,j)
    cld(i,j)
    gcd(i,j)
    lcm(i,j)
    i ^ j
    x ^ i
    x ^ y
    2 ^ i
    sqrt(x)
    sqrt(i)
    isqrt(i)
    abs(i)
    abs(x)
    sign(i)
    floor(x)
    floor(Int,x)
    ceil(Int,x)
    round(Int,x)
    round(x)
    round(x; digits=2)
    round(x, digits=2)
    trunc(Int,x)
    Int(x+y)
    Float64(i)
    float(i)
    max(i,j)
    min(x,y)
    max(i,x)
    minmax(i,j)
    clamp(i,1,3)
    exp(x)
    log(x)
    log10(x)
    log2(x)
    sin(x)
    atan(x,y)
    hypot(x,y)
    isodd(i)
    iseven(i)
    iszero(i)
    isnan(x)
    isinf(x)
    zero(x)
    one(i)
    i == j
    i != j
    i === j
    !b
    b && i > 2
    xor(b,true)
    i & j
    i | j
    i << 2
    i >> 1
    ~i
    count_ones(i)
    string(i)
    string(i, base=2)
    string(s,t)
    "a$(i)b$(x)"
    s * t
    s ^ i
    repeat(s,i)
    uppercase(s)
    lowercase(s)
    titlecase(s)
    strip(s)
    lstrip(s)
    rstrip(s)
    chomp(s)
    split(s)
    split(s, ' ')
    split(s, ",")
    join(u)
    join(u, ", ")
    join(v, ",")
    replace(s, "l"=>"L")
    replace(s, c=>'x')
    startswith(s,t)
    endswith(s,t)
    occursin(t,s)
    contains(s,t)
    findfirst(t,s)
    findfirst(==(3), v)
    findfirst(isequal(c), s)
    findlast(c, s)
    findall(isodd, v)
    findall(m)
    findall(c, s)
    findnext(c, s, 1)
    first(s,2)
    last(s,2)
    first(s)
    first(v)
    last(v)
    first(r)
    lpad(s,20)
    rpad(s,20)
    lpad(i,5,'0')
    isdigit(c)
    isletter(c)
    isuppercase(c)
    uppercase(c)
    lowercase(c)
    c + 1
    c - 'a'
    Int(c)
    Char(i+60)
    parse(Int,"12")
    parse(Float64,"1.5")
    tryparse(Int,"12")
    digits(i)
    digits(i, base=2)
    sum(digits(i))
    ndigits(i)
    bitstring(i)
    sum(v)
    sum(w)
    sum(A)
    sum(r)
    sum(abs, v)
    sum(x -> x^2, v)
    sum(x^2 for x in v)
    sum(k*2 for k in r)
    sum(m)
    prod(v)
    prod(w)
    prod(r)
    maximum(v)
    minimum(w)
    maximum(abs, v)
    extrema(v)
    argmax(v)
    argmin(w)
    findmax(v)
    findmin(w)
    count(isodd, v)
    count(m)
    count(==(1), v)
    count(c, s)
    count(t, s)
    count(k -> k>1, v)
    any(isodd, v)
    all(isodd, v)
    any(k -> k > 2, v)
    any(m)
    all(m)
    cumsum(v)
    cumprod(w)
    accumulate(+, v)
    diff(v)
    map(abs, v)
    map(k -> k + 1, v)
    map(k -> k + x, v)
    map(k -> 2k, r)
    map(uppercase, u)
    map(uppercase, s)
    map(length, u)
    map(+, v, v)
    map((a1,b1) -> a1*b1, v, w)
    filter(isodd, v)
    filter(k -> k > 1, v)
    filter(isletter, s)
    filter(k -> k != 'l', s)
    reduce(+, v)
    reduce(*, w)
    foldl(+, v)
    foldr(-, v)
    reduce(vcat, vv)
    mapreduce(abs, +, v)
    mapreduce(k -> k^2, +, v)
    [k^2 for k in v]
    [k^2 for k in r]
    [k + l for k in r, l in r]
    [k for k in v if k > 1]
    [s[k] for k in 1:3]
    [(k, k+1) for k in r]
    [string(k) for k in v]
    [v[k] + 1 for k in eachindex(v)]
    [k => k^2 for k in v]
    [uppercase(k) for k in u]
    [length(k) for k in u]
    [l for l in s]
    [parse(Int, l) for l in s if isdigit(l)]
    [parse(Int, l) for l in split("1 2 3")]
    [zeros(Int, 3) for k in r]
    [Int[] for k in r]
    v .+ 1
    v .* 2.0
    v .+ w
    sqrt.(w)
    abs.(v)
    v .> 1
    v .== 1
    w .^ 2
    A .+ 1
    A * A
    A'
    transpose(A)
    B \ w[1:2]
    v + v
    w - w
    2 * v
    v * 2.0
    v / 2
    -v
    v'
    v' * v
    hcat(v, v)
    vcat(v, v)
    vcat(v, i)
    [v; v]
    [v v]
    [v; i]
    [i, j]
    [i, x]
    [1.0, x]
    (i, x)
    (v, w)
    zeros(n)
    zeros(n, n)
    zeros(Int, n)
    zeros(Int, n, n)
    ones(n)
    fill(0, n)
    fill(x, n, n)
    falses(n)
    trues(n)
    Vector{Int}(undef, n)
    Matrix{Float64}(undef, n, n)
    Array{Float64,2}(undef, n, n)
    Int[]
    String[]
    Any[]
    Float64[]
    Vector{Int}()
    Dict{String,Int}()
    Dict{Int,Vector{Int}}()
    Dict("a" => i)
    Dict(k => k^2 for k in v)
    Dict(zip(u, v))
    Set{Int}()
    Set(v)
    Set([1,2])
    similar(v)
    similar(w, n)
    repeat(v, 2)
    reshape(v, 1, 3)
    vec(A)
    permutedims(A)
    eachindex(v)
    axes(A, 1)
    enumerate(v)
    zip(v, w)
    range(0, 1, length=n)
    range(1, n)
    rand()
    rand(n)
    rand(n, n)
    rand(1:i)
    rand(1:i, n)
    rand(Int)
    rand(v)
    randn()
    randn(n)
    push!(v, i)
    pop!(v)
    popfirst!(v)
    pushfirst!(v, i)
    append!(v, v)
    insert!(v, 1, i)
    deleteat!(v, 1)
    splice!(v, 1)
    empty!(v)
    fill!(v, 0)
    delete!(d, "a")
    pop!(d, "a")
    push!(st, 1)
    i in st
    union(st, st)
    union(v, v)
    intersect(v, v)
    setdiff(v, v)
    p.x + p.y
    P(x, y)
    (P(1.0, 2.0)).x
    tt[2]
    t3[i]
    length(t3)
    sum(t3)
    t3 .+ 1
    first(pr)
    pr.first
    pr[1]
    vp[1]
    vp[1][2]
    first(vp)
    vv[1]
    vv[1][2]
    length(vv[1])
    dv["a"]
    dv["a"][1]
    nt.a
    abs2(z)
    real(z)
    z * z
    z + 1
    z^2
    abs(z)
    conj(z)
    z / z
    complex(x, y)
    x + y*im
    rat + 1
    numerator(rat)
    rat * rat
    u8 + u8
    u8 + 1
    f32 * 2
    f32 * x
    Float32(x)
    UInt8(i)
    Int32(i)
    bi + 1
    bi * bi
    big(i)
    factorial(i)
    binomial(j, i)
    isprime = i > 1
    div(bi, 2)
    ba[1]
    ba .& ba
    count(ba)
    sum(ba)
    .!ba
    ss * "a"
    length(ss)
    parse(Int, SubString("123", 1, 2))
    string(ss)
    Symbol(s)
    string(sy)
    sy == :a
    println(devnull, i)
    print(devnull, s)
    isa(i, Int)
    i isa Number
    typeof(i)
    isnothing(findfirst(==(3), v))
    something(findfirst(==(3), v), 0)
    nothing
    ifelse(b, i, j)
    argmax(k -> k^2, v)
    sortperm(v)
    sortperm(w, rev=true)
    searchsortedfirst(v, 2)
    issorted(v)
    partialsort(v, 2)
    circshift(v, 1)
    rotl90(A)
    view(v, 1:2)
    sum(view(v, 1:2))
    @view v[1:2]
    A[:, 1] .+ 1
    div.(v, 2)
    string.(v)
    v[end]
    v[end-1]
    A[end, 1]
    length.(u)
    codeunits(s)
    codeunit(s, 1)
    ncodeunits(s)
    nextind(s, 1)
    isascii(s)
    eachmatch(r"o", s)
    occursin(r"o", s)
    chop(s)
    hash(i)
    time()
    isempty(s)
    isempty(d)
    s == t
    s < t
    cmp(s, t)
    v == v
    A == A
    isapprox(x, y)
    x ≈ y
    maximum(v; init=0)
    minimum(length, u)
    maximum(k -> length(k), u)
    sum(k -> k[1], vp)
    sum(first, vp)
    sum(k[2] for k in vp)
    sum(length(k) for k in u)
    sum(A, dims=1)
    maximum(A, dims=2)
    inv(B)
    trues(n, n)
    mod.(v, 2)
    iseven.(v)
    last(vp)
    string(c)
    string(x)
    c == 'a'
    ch[1]
    String(ch)
    join(ch)
    lowercase(s)[1]
    rand(Bool)
    floor(Int, i / 2)
    Int(floor(x))
    Int(round(x))
    round(Int, sqrt(i))
    x * i + y
    -x
    -i
    +i
    i < j < n
    1 <= i <= 3
    deepcopy(v)
    get(dv, "a", Int[])
    get!(d, "c", 0)
    get!(dv, "c", Int[])
    copy(d)
    merge(d, d)
    keys(e)
    first(d)
    sum(values(d))
    maximum(values(d))
    collect(1.0:0.5:3.0)
    0.0:0.1:1.0
    length(0.0:0.1:1.0)
    r[2]
    q[2]
    step(q)
    minimum(r)
    reverse(r)
    reverse(1:i)
    n:-1:1
    isodd.(r)
    r .+ 1
    tuple(i, j)
    ntuple(k -> k, 3)
    Q(1, "a", Int[])
    Q(1, "a", Int[]).v
    Iterators.flatten(vv)
    collect(Iterators.flatten(vv))
    collect(Iterators.take(v, 2))
    stack(vv)
    foreach(identity, v)
    div(i, 2) + 1
"""

TYPES = """
struct P; x::Float64; y::Float64; end
mutable struct Q; n::Int; s::String; v::Vector{Int}; end
"""

VALUES = dict(line.strip().split(" = ", 1) for line in VARIABLES.strip().splitlines())


@pytest.fixture(scope="module")
def session() -> Interpreter:
    out = Interpreter(stdout=io.StringIO())
    out.run(TYPES)
    return out


@pytest.mark.parametrize("expression", [line.strip() for line in EXPRESSIONS.strip().splitlines()])
def test_result(session: Interpreter, expression: str) -> None:
    names = [n for n in VALUES if re.search(rf"(?<![\w.]){n}(?![\w!(])", expression)]
    values = ", ".join(VALUES[n] for n in names) + ("," if names else "")

    def run(code: str) -> object:
        outcome = session.run(code)
        assert outcome.error is None, outcome.error.render()
        return outcome.value

    run(f"subject({', '.join(names)}) = {expression}")
    inferred = run(f"Base.return_types(subject, typeof.(({values})))[1]")
    actual = run(f"typeof(subject({values}))")
    if isinstance(inferred, T.UnionType):
        assert T.subtype(actual, inferred)
    else:
        assert inferred is actual
