"""Code compiled for known types and code that knows none must agree: values, types and errors."""

import io
from typing import Any

import pytest

from juliette.compiler import python_backend
from juliette.interpreter import Interpreter

PROGRAMS: dict[str, str] = {
    "splats of tuples": 'g(a, t, u) = (a, t..., u..., 9)\nh(t) = max(1, t..., 0)\nk(v) = max((push!(v, 1); (length(v), 5))...)\np(t) = [t...]\nf(v) = (g(1, (2, 3), ("x",)), h((3, 4)), h((2.5,)), h(()), k(v), v, p((1, 2.5)))\nf(Int[])',
    "splats that do not fit": "f2(a, b) = a - b\nf(t) = f2(t...)\nf((1, 2, 3))",
    "recursion over the rest": "total(xs...) = isempty(xs) ? 0 : xs[1] + total(xs[2:end]...)\ngreatest(a, rest...) = isempty(rest) ? a : max(a, greatest(rest...))\n(total(1, 2, 3), total(1.5, 2), total(), greatest(1, 5, 3), greatest(2.5, 1))",
    "named tuples": 'f(i) = (name = "n$i", age = i, half = i / 2)\ng(r) = (r.age + 1, r.name * "!", r.half, typeof(r))\n(g(f(3)), [f(i).half for i in 1:3], (a = Int, b = nothing, c = :x))',
    "parts of tuples": 'f(t) = (t[2:3], t[1:0], t[2:end], t[1:1])\nf((1, "a", 2.5))',
    "parts beyond tuples": "f(t) = t[2:3]\nf((1, 2))",
    "items of tuples": 'f(t, i) = t[i]\n(f((1, 2, 3), 2), f((1, "a"), 2), f(((0, 1), (1, 0)), 1))',
    "no item of a tuple": "f(t, i) = t[i]\nf((1, 2), 3)",
    "keys of any kind": 'function f(d, k)\n haskey(d, k) && return d[k]\n d[k] = length(d)\n d[k]\nend\nd = Dict()\n([f(d, k) for k in (1, "a", [1], (2, 3), [1], 1.0, true, nothing)], length(d))',
    "parsing": 'f(s) = parse(Int, s)\n(f("12"), f("-7"), f(" 42 "), f(SubString("123", 2)), f("0x1f"), f(\'7\'))',
    "parsing what is no number": 'f(s) = parse(Int, s)\nf("12a")',
    "the last and the first": 'f(v) = (pop!(v), popfirst!(v), v)\n(f([1, 2, 3]), f(["a", "b"]), f(Any[1, nothing]), f(UInt8[1, 2]))',
    "none is the last": "f(v) = pop!(v)\nf(Int[])",
    "a producer": "function f(n)\n c = Channel() do c\n  for i in 1:n\n   put!(c, i * i)\n  end\n end\n [x for x in c]\nend\n(f(5), f(0))",
    "a producer without end": "fibs() = Channel{Int}() do c\n a, b = 0, 1\n while true\n  put!(c, a)\n  a, b = b, a + b\n end\nend\nfunction f(n)\n c = fibs()\n out = [take!(c) for _ in 1:n]\n close(c)\n (out, isopen(c))\nend\nf(10)",
    "a producer says what it does": 'function f()\n log = String[]\n t = Ref{Task}()\n c = Channel{Int}(0; taskref = t) do c\n  push!(log, "begins")\n  for i in 1:2\n   put!(c, i)\n   push!(log, "put")\n  end\n  7\n end\n push!(log, "made")\n for x in c\n  push!(log, string(x))\n end\n (log, fetch(t[]), istaskdone(t[]))\nend\nf()',
    "a producer fails": "function f()\n c = Channel() do c\n  put!(c, 1)\n  v = [1]\n  put!(c, v[2])\n end\n out = []\n try\n  for x in c\n   push!(out, x)\n  end\n catch e\n  push!(out, typeof(e), typeof(e.task.exception))\n end\n out\nend\nf()",
    "a producer of the wrong type": "function f()\n c = Channel{Int}() do c\n  put!(c, 2.0)\n  put!(c, 1.5)\n end\n out = Any[take!(c)]\n try\n  take!(c)\n catch e\n  push!(out, typeof(e))\n end\n out\nend\nf()",
    "a producer is left alone": "function f()\n c = Channel() do c\n  for i in 1:10\n   put!(c, i)\n  end\n end\n a = (isready(c), fetch(c), take!(c))\n close(c)\n b = try\n  (take!(c), take!(c))\n catch e\n  typeof(e)\n end\n (a, b)\nend\nf()",
    "two consumers": "function f()\n c = Channel() do c\n  for i in 1:6\n   put!(c, i)\n  end\n end\n out = []\n @sync begin\n  @async for x in c\n   push!(out, (1, x))\n  end\n  @async for x in c\n   push!(out, (2, x))\n  end\n end\n out\nend\nf()",
    "two producers": "gen(c, k) = for i in 1:3\n put!(c, 10k + i)\nend\nfunction f()\n a = Channel(c -> for i in 1:3\n  put!(c, i)\n end)\n b = Channel(c -> for i in 1:3\n  put!(c, -i)\n end)\n yield()\n [(x, take!(b)) for x in a]\nend\nf()",
    "a producer by name": 'function source(c::Channel)\n for w in ("a", "b")\n  put!(c, w)\n end\n put!(c, "end")\nend\nf() = collect(Channel(source))\nf()',
    "a producer of what another produces": "nat(n) = Channel() do c\n for i in 1:n\n  put!(c, i)\n end\nend\nsquares(n) = Channel() do c\n for x in nat(n)\n  put!(c, x^2)\n end\nend\nf() = sum(squares(5))\nf()",
    "a producer is waited for": "function f()\n t = Ref{Task}()\n c = Channel{Int}(0; taskref = t) do c\n  for i in 1:3\n   put!(c, i)\n  end\n end\n s = @async sum(c)\n wait(t[])\n (fetch(s), isopen(c))\nend\nf()",
    "characters counted on": "f(c, n) = (c + n, n + c, c - n, c - 'a', 'z' - c, Int(c), c + 1 - 'b')\n[f(c, n) for c in ('a', 'q', 'é', '\u20ac') for n in (0, 3, -20)]",
    "characters in order": "f(c, d) = (c < d, c <= d, c > d, c >= d, c == d, 'a' <= c <= 'z', isdigit(c))\n[f(c, d) for c in ('a', 'Z', '5', '\\xff', '\\U1F600') for d in ('b', '\\xfe', '5')]",
    "a character beyond all": "f(c, n) = c + n\n(f('a', 100000), f('z', -200))",
    "the code of no character": "f(c) = Int(c)\nf('\\xff')",
    "no character less": "f(c, d) = c - d\nf('\\xff', 'a')",
    "numbers to characters": "f(n) = Char(n)\n(f(65), f(0x20ac), f(0xd800), f(0x1f600))",
    "no number of a character": "f(n) = Char(n)\nf(-1)",
    "characters among": "f(c) = (c in \"aeiou\", c in ('x', 'y'), c ∉ \"xyz\", c in \"é\")\nmap(f, ('a', 'x', 'é', '\\xff'))",
    "order of characters": "g(v, x) = (push!(v, x); 'c')\nf(v) = g(v, 1) - (push!(v, 2); 'a')\nv = Int[]\n(f(v), v)",
    "machine integers beside Int": "f(x, n) = (x + n, x - n, n - x, x * n, x == n, x < n, n <= x, x & n, n | x, xor(x, n), x / n, n / x, x << 3, x >> 2)\n[(f(x, n), map(typeof, f(x, n))) for x in (0x05, 0xff, 0x1234, UInt32(7), Int8(-3), Int16(300), typemax(UInt64), typemin(Int32)) for n in (0, 3, -7, typemax(Int))]",
    "machine integers beside floats": "f(x, y) = (x + y, x - y, y - x, x * y, x / y)\n[f(x, y) for x in (0x05, Int8(-3), typemax(UInt64)) for y in (1.5, -Inf, 0.0)]",
    "machine integers among themselves": "f(x, y) = (x < y, x == y, x >= y, x != y)\n[f(x, y) for x in (0x05, Int8(-1), typemax(UInt64)) for y in (0x05, Int16(7), typemax(UInt64))]",
    "bytes in an array": "function f(v, i)\n v[i] += 1\n v[i] -= 2\n v[i] == 0 && (v[i] = 255)\n v\nend\n(f([0x01, 0x05], 1), f([0x01, 0x05], 2))",
    "no byte": "function f(v)\n v[1] = v[1] + 1\n v\nend\nf([0xff])",
    "remainders of what varies": "f(a, b) = (a % b, rem(a + 1, b - 1), a ÷ b, div(2a, 3b))\n[f(a, b) for a in (7, -7, 0, typemax(Int)) for b in (2, -2, 3)]",
    "remainder of what is zero": "f(a, b) = (a * 2) % (b + 0)\nf(5, 0)",
    "quotient of the least": "f(a, b) = a ÷ b\nf(typemin(Int), -1)",
    "searching": "f(v, x) = (findfirst(==(x), v), findfirst(y -> y > x, v), findlast(y -> y < x, v), findall(y -> y != x, v), x in v, x ∉ v)\n(f([1, 2, 3, 2], 2), f(Int[], 1), f([3, 4], 9), f([\"a\", \"b\"], \"a\"), f(['b', 'c'], 'c'))",
    "searching what is undefined": 'f(v) = "q" in v\nf(Vector{String}(undef, 2))',
    "searching with no Bool": "f(v) = findfirst(x -> x, v)\nf([1, 2])",
    "get with a function": 'f(d, k) = get(() -> "none", d, k)\n(f(Dict(1 => "a"), 1), f(Dict(1 => "a"), 2), f(Dict("x" => 1), "y"))',
    "get! with a function": "function f(d, k)\n push!(get!(() -> Int[], d, k), length(d))\n d\nend\nd = Dict{Symbol,Vector{Int}}()\nf(d, :a); f(d, :b); f(d, :a)\n[d[:a], d[:b]]",
    "get! converts": 'f(d, k, x) = get!(() -> x + 1, d, k)\nd = Dict("a" => 1.0)\n(f(d, "b", 5), f(d, "a", 5), d["b"])',
    "nothing in a dictionary": "f(d, k) = (get(d, k, 5), haskey(d, k), d[k] === nothing)\n(f(Dict(1 => nothing, 2 => 3), 1), f(Dict{Int,Any}(1 => nothing), 1))",
    "no such key": "f(d, k) = d[k]\nf(Dict(1 => nothing), 2)",
    "a key that is equal": "function f(d)\n d[1] = 2\n d[1.0] = 3\n d[true] = 4\n (length(d), first(keys(d)))\nend\nf(Dict{Any,Int}())",
    "folds that begin": "f(v) = (sum(x^2 for x in v; init=0), sum(x for x in v; init=1.5), prod(x for x in v; init=2), maximum(x for x in v; init=-1), sum((x for x in v if x > 1), init=10))\n(f([1, 2, 3]), f(Int[]), f([0.5, 2.5]))",
    "a fold that wraps": "f(n) = sum(typemax(Int) for i in 1:n; init=1)\nf(2)",
    "closures of closures": "function f(a)\n b = a + 1\n g(c) = a + b + c\n h = x -> g(x) * a\n (g(1), h(2), map(h, [1, 2]))\nend\nf(3)",
    "recursion": "fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)\nfib(12)",
    "mutual recursion": "ev(n) = n == 0 ? true : od(n - 1)\nod(n) = n == 0 ? false : ev(n - 1)\n(ev(10), od(7), ev(3))",
    "recursion to another type": "f(n) = n == 0 ? 1.5 : n * f(n - 1)\nf(5)",
    "overflow of a sum": "f(x) = x + 1\n(f(typemax(Int)), f(typemax(Int) - 1))",
    "overflow of a product": "f(x) = x * x * x\nf(3_000_000_000)",
    "overflow in a loop": "function f(n)\n s = 1\n for i in 1:n\n  s = s * 3 + i\n end\n s\nend\nf(100)",
    "overflow of a difference": "f(x) = (-x - 5, x - 7)\n(f(typemin(Int)), f(typemax(Int)))",
    "negation": "f(x) = -x\n(f(typemin(Int)), f(3), f(-0.0))",
    "abs": "f(x) = abs(x)\n(f(typemin(Int)), f(-3), f(-2.5))",
    "shifts": "f(x) = (x << 3, x >> 2, x << 62, x << 70, x >> 70)\n(f(5), f(-5), f(typemax(Int)))",
    "bits": "f(x, y) = (x & y, x | y, xor(x, y), x & 255)\n(f(12, 10), f(-12, 7))",
    "division": "f(x, y) = (x ÷ y, x % y, fld(x, y), mod(x, y), cld(x, y))\n[f(a, b) for a in (7, -7) for b in (2, -2)]",
    "division by constants": "f(x) = (x ÷ 3, x % 3, mod(x, 3), fld(x, 3), x ÷ -3, x % -3, mod(x, -3))\nmap(f, (-7, 7, 0, typemin(Int)))",
    "division of the least by -1": "f(x, y) = x % y\nf(typemin(Int), -1)",
    "division by zero": "f(x, y) = x ÷ y\nf(3, 0)",
    "remainder by zero": "f(x, y) = mod(x, y)\nf(3, 0)",
    "slash": "f(x, y) = x / y\n(f(1, 3), f(1, 0), f(-1, 0), f(0, 0), f(1.0, 0), f(1, -0.0), f(2^60 + 1, 3), f(-1.5, 0.5))",
    "float loop": "function f(n)\n s = 0.0\n for i in 1:n\n  s += 1 / i^2\n end\n s\nend\nf(1000)",
    "int becomes float": "function f(n)\n s = 0\n for i in 1:n\n  s += i / 2\n end\n s\nend\n(f(5), f(0))",
    "powers": "f(x) = (x^2, x^3, x^0, 2^x)\n(f(3), f(10))",
    "float powers": "f(x) = (x^2, x^3, x^-1, x^0.5)\nf(2.5)",
    "negative power": "f(x, n) = x^n\nf(2, -1)",
    "sqrt": "f(x) = sqrt(x)\n(f(2.0), f(2), f(Inf), f(0.0))",
    "sqrt of a negative": "f(x) = sqrt(x)\nf(-1.0)",
    "NaN": "f(x, y) = (x < y, x == y, x >= y, x != y, min(x, y), max(x, y))\nf(NaN, 1.0)",
    "mixed comparison": "f(x, y) = (x < y, x == y, x <= y, x > y)\n(f(1, 1.5), f(2, 2.0), f(2^53 + 1, 2.0^53))",
    "min and max": "f(x, y) = (min(x, y), max(x, y))\n(f(3, 2), f(2.5, 3.5), f(-0.0, 0.0), f(1, 2.5))",
    "bools": "f(a, b) = (a && b, a || b, !a, a & b, a | b, xor(a, b), a + b, a * b, a == b)\n[f(a, b) for a in (true, false) for b in (true, false)]",
    "bool arithmetic": "f(a, x) = (a + x, a * x, x - a)\n(f(true, 3), f(false, 2.5), f(false, NaN))",
    "not a Bool": "f(x) = x ? 1 : 2\nf(3)",
    "chained comparison": "f(x) = 1 < x <= 5\nmap(f, (0, 1, 3, 5, 6))",
    "while": "function c(n)\n k = 0\n while n != 1\n  n = n % 2 == 0 ? n ÷ 2 : 3n + 1\n  k += 1\n end\n k\nend\nc(27)",
    "ranges": "function f()\n out = Int[]\n for r in (1:3, 3:1, 5:-2:0, 1:2:8)\n  for i in r\n   push!(out, i)\n  end\n end\n out\nend\nf()",
    "a range to the largest": "function f()\n k = 0\n for i in typemax(Int)-2:typemax(Int)\n  k += 1\n end\n k\nend\nf()",
    "steps": "function f(a, b)\n s = 0\n for i in a:-3:b, j in b:2:a\n  s += i * j\n end\n s\nend\nf(20, 2)",
    "step zero": "function f(n)\n for i in 1:0:n\n end\nend\nf(3)",
    "break leaves all": "function f()\n k = 0\n for i in 1:5, j in 1:5\n  j == 3 && break\n  k += 1\n end\n k\nend\nf()",
    "continue": "function f(n)\n s = 0\n for i in 1:n\n  i % 3 == 0 && continue\n  s += i\n end\n s\nend\nf(10)",
    "fresh bindings": "function f()\n fs = []\n for i in 1:3\n  push!(fs, () -> i)\n end\n [g() for g in fs]\nend\nf()",
    "the loop variable is local": "function f()\n i = 10\n for i in 1:3\n end\n i\nend\nf()",
    "outer": "function f()\n i = 0\n for outer i in 1:3\n end\n i\nend\nf()",
    "assigning the loop variable": "function f()\n k = 0\n for i in 1:4\n  i += 10\n  k += i\n end\n k\nend\nf()",
    "boxed": "function f()\n n = 0\n add() = (n += 1)\n add(); add()\n n\nend\nf()",
    "matrix product": "function mul(A, B)\n C = zeros(size(A, 1), size(B, 2))\n for i in 1:size(A, 1), j in 1:size(B, 2)\n  s = 0.0\n  for k in 1:size(A, 2)\n   s += A[i, k] * B[k, j]\n  end\n  C[i, j] = s\n end\n C\nend\nmul([1.0 2; 3 4], [5.0 6; 7 8])",
    "element types": "f(A) = (A[1], A[end], A[2] + A[1])\n(f([1, 2, 3]), f([1.5, 2.5]), f([true, false]), f(Float32[1, 2]), f(Any[1, 2.5]), f([1//2, 1//3]))",
    "linear index": "f(A, i) = A[i]\n[f([1 2; 3 4], i) for i in 1:4]",
    "out of bounds": "f(v, i) = v[i]\nf([1, 2, 3], 4)",
    "out of bounds below": "f(v, i) = v[i - 1]\nf([1, 2, 3], 1)",
    "out of bounds in a matrix": "f(A, i, j) = A[i, j + 1]\nf([1.0 2; 3 4], 1, 2)",
    "out of bounds on assignment": "f(v, i) = (v[i] = 1)\nf([1, 2, 3], 0)",
    "out of bounds of objects": 'f(v, i) = v[i]\nf(["a", "b"], 3)',
    "out of bounds is caught": "function f(v)\n try\n  v[10]\n catch e\n  (typeof(e), e.i)\n end\nend\nf([1.0])",
    "assignment converts": "function f(v)\n v[1] = 3\n v[2] = v[1] + 1\n v\nend\n(f([1.5, 2.5]), f(Any[1, 2]))",
    "assignment cannot convert": "function f(v)\n v[1] = 1.5\n v\nend\nf([1, 2])",
    "growth": "function f()\n v = Int[]\n for i in 1:20\n  push!(v, i)\n  v[end] += v[1]\n end\n v\nend\nf()",
    "pop": "function f()\n v = [1, 2, 3]\n x = pop!(v)\n push!(v, 9)\n (x, v, length(v), v[3])\nend\nf()",
    "views share": "function f(v)\n w = v\n w[1] = 7\n v[1]\nend\nf([1, 2])",
    "undefined element": "f(v) = v[1]\nf(Vector{String}(undef, 2))",
    "update of an element": "function f(A)\n A[1, 2] += 10\n A[2, 1] *= 3\n A\nend\nf([1 2; 3 4])",
    "elements in a loop": "function f(v)\n s = zero(eltype(v))\n for x in v\n  s += x\n end\n s\nend\n(f([1, 2, 3]), f([1.5, 2]))",
    "eachindex": "function f(v)\n s = 0\n for i in eachindex(v)\n  s += i * v[i]\n end\n s\nend\nf([4, 5, 6])",
    "structs": "struct P\n x::Float64\n y::Float64\nend\nnorm2(p) = sqrt(p.x^2 + p.y^2)\nadd(a, b) = P(a.x + b.x, a.y + b.y)\nn = norm2(add(P(1, 2), P(2.0, 2)))",
    "mutable structs": 'mutable struct C\n n::Int\n name\nend\nfunction f()\n c = C(0, "a")\n for i in 1:5\n  c.n += i\n end\n c.name = c.n\n (c.n, c.name)\nend\nf()',
    "a field converts": "mutable struct C2\n x::Float64\nend\nfunction f()\n c = C2(1)\n c.x = 3\n c.x / 2\nend\nf()",
    "no such field": "struct Q\n x\nend\nf(q) = q.z\nf(Q(1))",
    "an immutable field": "struct R\n x::Int\nend\nfunction f(r)\n r.x = 2\nend\nf(R(1))",
    "parametric structs": "struct Pt{T}\n x::T\n y::T\nend\ng(p) = p.x + p.y\n(g(Pt(1, 2)), g(Pt(1.5, 2.5)), typeof(Pt(1, 2)), Pt{Float64}(1, 2).x)",
    "inner constructors": 'struct Pos\n x::Int\n Pos(x) = x < 0 ? error("negative") : new(x)\nend\nf() = Pos(3).x\nf()',
    "inner constructors fail": 'struct Pos2\n x::Int\n Pos2(x) = x < 0 ? error("negative") : new(x)\nend\nf(y) = Pos2(y).x\nf(-1)',
    "dispatch": "abstract type S end\nstruct A1 <: S end\nstruct B1 <: S\n r::Int\nend\narea(::A1) = 1\narea(b::B1) = b.r^2\ntotal(v) = sum(area(s) for s in v)\nfunction loop(v)\n t = 0\n for s in v\n  t += area(s)\n end\n t\nend\nv = S[A1(), B1(3), A1()]\n(total(v), loop(v))",
    "extending an operator": "struct V2\n x::Int\nend\nBase.:+(a::V2, b::V2) = V2(a.x + b.x)\nf(a, b) = a + b\n(f(V2(1), V2(2)).x, f(1, 2), f(1.5, 2))",
    "a method added later": 'g(x) = 1\nf(x) = g(x) + 1\na = f(2)\ng(x::Int) = 10\nb = f(2)\ng(x::Float64) = "s"\nh(x) = g(x)\n(a, b, h(1.0), h(1))',
    "a method replaced": "k(x) = x\nf(x) = k(x) * 2\na = f(2)\nk(x) = 100.5\n(a, f(2))",
    "an operator taken over later": "struct W\n x::Int\nend\nf(a, b) = a == b\na = f(W(1), W(1))\nBase.:(==)(a::W, b::W) = false\n(a, f(W(1), W(1)))",
    "dictionaries": 'function f(words)\n d = Dict{String,Int}()\n for w in words\n  d[w] = get(d, w, 0) + 1\n end\n (d["a"], haskey(d, "z"), length(d), get(d, "z", -1))\nend\nf(["a", "b", "a"])',
    "a missing key": "function f()\n d = Dict{Int,Int}()\n d[1] = 2\n d[3]\nend\nf()",
    "a dictionary converts": "function f()\n d = Dict{Int,Float64}()\n d[1] = 2\n d[1]\nend\nf()",
    "strings": 'function f(n)\n s = ""\n for i in 1:n\n  s = s * string(i) * ","\n end\n s * "$n and $(n + 1)$(1.5)$(\'c\')"\nend\nf(5)',
    "string comparison": 'f(a, b) = (a == b, a < b, a * b)\nf("ab", "b")',
    "tuples": "function f(t)\n a, b = t\n (b, a, t[1], length(t))\nend\nf((1, 2.5))",
    "swap": "function f(n)\n a, b = 0, 1\n for _ in 1:n\n  a, b = b, a + b\n end\n a\nend\nf(90)",
    "too few to destructure": "function f(t)\n a, b, c = t\nend\nf((1, 2))",
    "nothing": "function f(v)\n found = nothing\n for x in v\n  if x > 2\n   found = x\n  end\n end\n found === nothing ? -1 : found\nend\n(f([1, 2]), f([1, 5]))",
    "isa": 'f(x) = x isa Int ? x + 1 : x isa String ? x * "!" : nothing\n(f(1), f("a"), f(2.5))',
    "typeof": "f(x) = typeof(x) === Int\n(f(1), f(1.0))",
    "type parameters": "f(x::T) where {T} = T === Float64 ? zero(T) : one(T)\n(f(1), f(1.5))",
    "a declared local": "function f(x)\n y::Float64 = x\n y = 2\n y\nend\n(f(1), typeof(f(1)))",
    "a declared result": "f(x)::Float64 = x > 0 ? 1 : x\n(f(1), f(-1.5))",
    "a result that cannot be converted": "f(x)::Int = x / 2\nf(3)",
    "keywords": "f(x; k = 2, m::Int = 3) = x * k + m\n(f(1), f(1; k = 2.5), f(2.0; m = 1))",
    "varargs": "f(xs...) = length(xs) + sum(xs)\n(f(1), f(1, 2, 3), f(1.5, 2))",
    "optional arguments": "f(x, y = x + 1) = x * y\n(f(2), f(2, 5), f(2.5))",
    "higher order": "twice(f, x) = f(f(x))\n(twice(x -> x * 3, 2), twice(sqrt, 16.0), twice(x -> x + 0.5, 1))",
    "finally": "function f()\n out = Int[]\n for i in 1:3\n  try\n   i == 2 && continue\n   push!(out, i)\n  finally\n   push!(out, 10i)\n  end\n end\n out\nend\nf()",
    "return in finally": "function f(x)\n try\n  return x\n finally\n  x += 1\n end\nend\nf(1)",
    "an undefined local": "function f(x)\n if x > 1\n  y = 2\n end\n y + 1\nend\nf(0)",
    "a global in a loop": "total = 0\nfor i in 1:10\n global total\n total += i * 2\nend\ntotal",
    "constants": "const N = 10\nconst SCALE = 1.5\nf(x) = x * N + SCALE\nf(2)",
    "let": "f(x) = let y = x + 1, z = y * 2\n y + z\nend\nf(3)",
    "if as a value": "f(x) = 1 + (if x > 0\n x * 2\nelse\n -x\nend)\n(f(3), f(-3), f(1.5))",
    "order of evaluation": "out = Int[]\nt(x) = (push!(out, x); x)\nf() = t(1) / t(2) + t(3) * t(4) - t(5) % t(6)\n(f(), out)",
    "order in an assignment": "out2 = Int[]\nt2(x) = (push!(out2, x); x)\nfunction f()\n v = [1, 2, 3]\n v[t2(1)] = t2(2)\n v[t2(3)] += t2(1)\n v\nend\n(f(), out2)",
    "unions": "f(x) = x > 0 ? x : nothing\ng(x) = (y = f(x); y === nothing ? 0 : y + 1)\n(g(1), g(-1))",
    "a variable of two types": 'function f(n)\n x = 1\n if n > 2\n  x = "s"\n end\n x\nend\n(f(1), f(3))',
    "chars": "function f(s)\n k = 0\n for c in s\n  if c == 'a' || c < 'c'\n   k += 1\n  end\n end\n k\nend\nf(\"abcd\")",
    "complex": "f(z) = z * z + 1\nf(1 + 2im)",
    "small integers": "f(a, b) = (a + b, a * b, a < b)\n(f(UInt8(200), UInt8(100)), f(Int32(5), Int32(7)))",
    "float32": "f(a, b) = (a + b, a / b, typeof(a * b))\nf(1.5f0, 2.0f0)",
}


def run(code: str, infer: bool) -> tuple[Any, ...]:
    saved, python_backend.INFER = python_backend.INFER, infer
    try:
        session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
        outcome = session.run(code)
        if outcome.error is not None:
            return ("error", outcome.error.message)
        shown = session.display_text(outcome.value)
        again = session.run("ans isa Tuple ? map(typeof, ans) : typeof(ans)")
        return (shown, session.display_text(again.value))
    finally:
        python_backend.INFER = saved


@pytest.mark.parametrize("name", PROGRAMS)
def test_agreement(name: str) -> None:
    """The same program gives the same with inference and without."""
    typed, untyped = run(PROGRAMS[name], True), run(PROGRAMS[name], False)
    assert typed == untyped


# Functions whose code must need no dispatch, and a call that gives the types.
DIRECT: dict[str, tuple[str, str]] = {
    "recursion": ("fib(n) = n < 2 ? n : fib(n - 1) + fib(n - 2)", "fib(3)"),
    "a loop": ("function f(n)\n s = 0\n for i in 1:n\n  s += i % 7 * 3\n end\n s\nend", "f(3)"),
    "while": (
        "function c(n)\n k = 0\n while n != 1\n  n = n % 2 == 0 ? n ÷ 2 : 3n + 1\n  k += 1\n end\n k\nend",
        "c(3)",
    ),
    "a step": ("function f(n)\n s = 0\n for i in n:-2:1\n  s += i\n end\n s\nend", "f(3)"),
    "floats": ("f(x, y) = sqrt(x * x + y * y) / 2 - abs(x)", "f(1.5, 2.0)"),
    "an integer and a float": ("f(n, x) = n * x + 2n", "f(2, 1.5)"),
    "elements": (
        "function f(v)\n s = 0.0\n for i in 1:length(v)\n  s += v[i]\n end\n s\nend",
        "f([1.0])",
    ),
    "a matrix": ("f(A) = A[1, 2] * size(A, 2)", "f([1 2; 3 4])"),
    "storing": ("function f(v)\n for i in eachindex(v)\n  v[i] = 2v[i]\n end\n v\nend", "f([1])"),
    "fields": ("struct P{T}\n x::T\n y::T\nend\nf(p) = P(p.x + 1, p.y * 2)", "f(P(1, 2))"),
    "a mutable field": (
        "mutable struct C\n n::Int\nend\nfunction f(c)\n c.n += 1\n c\nend",
        "f(C(1))",
    ),
    "keywords": ("g(x; k = 1) = x * k\nf(x) = g(x) + g(x; k = 3)", "f(2)"),
    "closures": ("function f(a)\n g = x -> a * x\n g(2) + g(3)\nend", "f(1.5)"),
    "comprehensions": ("f(n) = length([x^2 for x in 1:n if isodd(x)])", "f(4)"),
    "tuples": ("function f(a, b)\n x, y = b, a\n x - y\nend", "f(1, 2)"),
    "strings": ('f(n) = string(n) * ",$n"', "f(2)"),
    "bits": ("f(b, n) = (b && n > 2) || !b", "f(true, 3)"),
    "a bit vector": ("function f(n)\n v = trues(n)\n v[1] = false\n v[1]\nend", "f(3)"),
}
# Calls through tables or iterators, and operators that look at their arguments.
DYNAMIC = ("%iterate(", "%+(", "%-(", "%*(", "%<(", "%==(", "%call_kw(", "%getproperty", "%.")


@pytest.mark.parametrize("name", DIRECT)
def test_no_dispatch(name: str) -> None:
    """Where the types are known, the code that is made looks at no types."""
    definition, call = DIRECT[name]
    out = io.StringIO()
    session = Interpreter(stdout=out, stderr=io.StringIO())
    outcome = session.run(f"{definition}\n@code_native {call}")
    assert outcome.error is None, outcome.error
    body = out.getvalue()
    assert not [form for form in DYNAMIC if form in body], body
    if name != "a bit vector":
        assert "%type(" not in body, body
