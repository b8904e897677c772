"""Random programs in Julia: structs, closures, loops, branches, views, reductions, complex numbers.

Their gradients are compared with finite differences, with forward mode, and those of `Params` with the
explicit ones, and what runs straight with the tape.  A hundred and fifty programs are tried; more with `GRADIENT_PROGRAMS=2000`.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator

import pytest

from juliette.interpreter import Interpreter

PROGRAMS = int(os.environ.get("GRADIENT_PROGRAMS", "150"))
BLOCKS = 5

SETUP = """
using Zygote, LinearAlgebra, Statistics
struct Pair2{A,B}; a::A; w::B; end
(p::Pair2)(x) = p.a * x + sum(p.w)
Base.:+(p::Pair2, q::Pair2) = Pair2(p.a + q.a, p.w .+ q.w)
soft(x) = x / (1 + abs2(x))
bend(x, y = 0.5; k = 1) = k * tanh(x) * y + cos(y)
twice(f, x) = f(f(x))
logsumexp3(v) = (m = maximum(v); m + log(sum(exp.(v .- m))))
resize3(v) = length(v) == 3 ? v : v[1:3]
mutable struct Cell{T}; value::T; count::Int; end
power_of(x, n) = n == 0 ? one(x) : x * power_of(x, n - 1) / 2
spread(xs...) = sum(tanh, xs) / length(xs)
# central differences of fourth order along a direction
function along(f, args, ds; h = 1e-3)
    at(t) = f(map((a, d) -> move(a, d, t), args, ds)...)
    (8 * (at(h) - at(-h)) - (at(2h) - at(-2h))) / 12h
end
move(a, d, t) = a + t * d
move(p::Pair2, d, t) = Pair2(p.a + t * d.a, p.w + t * d.w)
move(p::NamedTuple, d, t) = (a = p.a + t * d.a, b = p.b + t * d.b)
inner(::Nothing, d) = 0.0
inner(g::Number, d) = real(conj(g) * d)
inner(g, d) = sum(g .* d)
inner(g::NamedTuple{(:a, :w)}, d) = inner(g.a, d.a) + inner(g.w, d.w)
inner(g::NamedTuple{(:a, :b)}, d) = inner(g.a, d.a) + inner(g.b, d.b)
close_to(a, b) = isapprox(a, b; rtol = 1e-6, atol = 1e-7)
same(::Nothing, g) = g === nothing || all(iszero, g)
same(g, ::Nothing) = all(iszero, g)
same(::Nothing, ::Nothing) = true
same(a, b) = isapprox(a, b; rtol = 1e-10)
same(a::NamedTuple, b::NamedTuple) = keys(a) == keys(b) && all(map(same, values(a), values(b)))
same(::Nothing, g::NamedTuple) = all(x -> same(nothing, x), values(g))
same(g::NamedTuple, ::Nothing) = same(nothing, g)
const ARGUMENTS = (0.7131, [0.3127, -0.6219, 0.9077], [0.5173 -0.2411 0.3269; 0.1093 0.8231 -0.4337; -0.7019 0.2287 0.6421], 0.4139 - 0.3361im, Pair2(0.6047, [0.2153, -0.5381, 0.1279]), (a = -0.3163, b = [0.9239, 0.4457, -0.2689]))
const WAYS = (0.9, [-0.4, 0.7, 0.5], [0.3 0.9 -0.5; -0.6 0.2 0.8; 0.1 -0.7 0.4], -0.6 + 0.8im, Pair2(-0.7, [0.5, 0.3, -0.9]), (a = 0.8, b = [-0.2, 0.6, 0.7]))
const REALS, REAL_WAYS = (ARGUMENTS[[1, 2, 3, 5, 6]]...,), (WAYS[[1, 2, 3, 5, 6]]...,)
function verdict(f, A = ARGUMENTS, D = WAYS)
    gs = gradient(f, A...)
    found = sum(map(inner, gs, D))
    # a step can lead over a jump, to another number of turns of a loop: then a shorter one is taken
    expected = [along(f, A, D; h = 1e-3)]
    for h in (1e-4, 1e-5)
        close_to(found, expected[end]) && break
        push!(expected, along(f, A, D; h))
    end
    close_to(found, expected[end]) || return "gradient $found, differences $expected"
    forward = pushforward(f, A...)(D...)
    isapprox(forward, found; rtol = 1e-8, atol = 1e-10) || return "forward mode $forward, gradient $found"
    # what comes again runs straight, also where it branches otherwise; pullbacks stay on the tape
    for step in (0, 0, -0.7, 1.3)
        args = map((a, d) -> move(a, d, step), A, D)
        taped, straight = pullback(f, args...)[2](1.0), gradient(f, args...)
        all(map(same, straight, taped)) || return "straight $straight, tape $taped at $args"
    end
    v, m = A[2], A[3]
    for _ in 1:2
        implicit = gradient(() -> f(A...), Params([v, m]))
        same(implicit[v], gs[2]) && same(implicit[m], gs[3]) || return "Params: $(implicit[v]) $(implicit[m]), explicit: $(gs[2]) $(gs[3])"
    end
    value, again = withgradient(f, A...)
    close_to(value, f(A...)) && all(map(same, again, gs)) ? "" : "withgradient: $value $again"
end
function verdict_of_slope(f)
    function slope(args...)
        total = 0.0
        for (g, d) in zip(gradient(f, args...), WAYS)
            total += inner(g, d)
        end
        total
    end
    found = sum(map(inner, gradient(slope, ARGUMENTS...), WAYS))
    expected = along(slope, ARGUMENTS, WAYS)
    isapprox(found, expected; rtol = 1e-5, atol = 1e-6) ? "" : "second derivative $found, differences $expected"
end
"""


class OutOfReach(Exception):
    """A form with complex numbers in a program of real ones, or one that stays on the tape in one that is to run straight."""


# What the straight way does not go through.
TAPED = re.compile(
    r"Dict\(|mapreduce|enumerate|Ref\(|only\(|std\(|var\(|dot\(|\.\.\.|I\b|Pair2|twice|prod\(|foldl|\)\[\d\]|tr\(|zip|muladd"
    r"|end\]|evalpoly|clamp|∘|first|reduce|minimum|sort|\|>|maximum|\(p = |ifelse|im\b|normalize|collect|; k = |\[\[|diag"
    r"|fill|cumsum|vcat|circshift|cross|Triangular|eachcol|broadcast\(|flatten|reverse|\\|; t\.|view|for |eachrow|Diagonal"
    r"|logsumexp3|resize3|Fix|Returns|something|coalesce|foldr|median|quantile|svdvals|eigvals|kron|splat|sincos|pinv|hvcat"
    r"|Dict|do y|Tridiag|Iterators|partialsort|cumprod|Cartesian|PermutedDims|rot180|cholesky|;;|@\.|cat\(| if | for "
    r"|accumulate|inv\(|mapslices|tri|repeat|^\[|hcat|exp\(m|exp\(\(|Symmetric|stack|\)'\)|buffer|gradient"
)


class Program:
    """The text of a function of a number, a vector, a matrix, a struct, a NamedTuple and, unless `real`, a complex number."""

    def __init__(self, seed: int, real: bool = False, straight: bool = False) -> None:
        self.random = random.Random(seed)
        self.real = real or straight
        self.straight = straight
        self.known: dict[str, list[str]] = {
            "S": ["x", "s.a", "t.a"],
            "V": ["v", "s.w", "t.b"],
            "M": ["m"],
            "C": ["z"],
        }
        self.lines: list[str] = []
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"q{self.count}"

    def leaf(self, kind: str) -> str:
        return self.random.choice(self.known[kind])

    def one(self, *forms: object) -> str:
        while True:
            form = self.random.choice(forms)
            try:
                text = form() if callable(form) else str(form)
            except OutOfReach:
                continue
            if not self.straight or not TAPED.search(text):
                return text

    def scalar(self, d: int) -> str:
        if d <= 0:
            return self.leaf("S")
        S, V, M, C = (
            (lambda: self.scalar(d - 1)),
            (lambda: self.vector(d - 1)),
            (lambda: self.matrix(d - 1)),
            (lambda: self.complex(d - 1)),
        )
        i, j = self.random.randint(1, 3), self.random.randint(1, 3)
        n = self.random.randint(2, 4)
        return self.one(
            lambda: f"({S()} + {S()})",
            lambda: f"({S()} * {S()})",
            lambda: f"({S()} - {S()} / 3)",
            lambda: f"{S()} / (2 + abs2({S()}))",
            lambda: f"sin({S()})",
            lambda: f"tanh({S()})",
            lambda: f"exp(0.3tanh({S()}))",
            lambda: f"log(2 + abs2({S()}))",
            lambda: f"sqrt(1 + {S()}^2)",
            lambda: f"tanh({S()})^{n}",
            lambda: f"soft({S()})",
            lambda: f"bend({S()})",
            lambda: f"bend({S()}, {S()}; k = {S()})",
            lambda: f"(sum({V()}) / 3)",
            lambda: f"sum(abs2, {V()})",
            lambda: f"mean({M()})",
            lambda: f"dot({V()}, {V()})",
            lambda: f"(({V()})' * {V()})",
            lambda: f"({V()})[{i}]",
            lambda: f"({M()})[{i}, {j}]",
            lambda: f"({M()})[{n + 1}]",
            lambda: f"({V()})[end]",
            lambda: f"first({V()})",
            lambda: f"prod(tanh, {V()})",
            lambda: f"maximum({V()})",
            lambda: f"minimum({M()})",
            lambda: f"norm({V()})",
            lambda: f"tr({M()})",
            lambda: f"var({V()})",
            lambda: f"std({M()})",
            lambda: f"real({C()})",
            lambda: f"imag({C()})",
            lambda: f"abs2({C()})",
            lambda: f"abs(2 + {C()})",
            lambda: f"mapreduce(soft, +, {V()})",
            lambda: f"foldl((a, b) -> tanh(a) + a * b / 2, {V()})",
            lambda: f"reduce(+, map(soft, {V()}))",
            lambda: f"sum(y * {S()} for y in {V()}) / 3",
            lambda: f"sum((y^2 for y in {V()} if y > -0.4); init = 0.1)",
            lambda: f"sum(tanh(p * q) for (p, q) in zip({V()}, {V()}))",
            lambda: f"sum(k * y / 6 for (k, y) in enumerate({V()}))",
            lambda: f"sum(tanh(p - q) for p in {V()}, q in {V()}) / 9",
            lambda: f"({S()} > {S()} ? {S()} : {S()})",
            lambda: f"ifelse({S()} > 0.1, {S()}, {S()})",
            lambda: f"(y -> y * {S()} + 0.1)({S()})",
            lambda: f"twice(y -> tanh(y + {S()}), {S()})",
            lambda: f"power_of(tanh({S()}), {n})",
            lambda: f"spread({V()}...)",
            lambda: f"spread({S()}, {S()})",
            lambda: f"Pair2({S()}, {V()})({S()})",
            lambda: f"(s + Pair2({S()}, {V()})).a",
            lambda: f"s({S()})",
            lambda: f"(p = {S()}, r = {S()}).p",
            lambda: f"({S()}, {V()})[1]",
            lambda: f"Ref({S()})[]",
            lambda: f"Dict(:k => {S()})[:k]",
            lambda: f"only([{S()}])",
            lambda: f"let y = {S()}; y * y; end",
            lambda: f"clamp({S()}, -0.8, 0.8)",
            lambda: f"hypot({S()}, 1.0)",
            lambda: f"atan({S()}, 2.0)",
            lambda: f"logdet({M()} * ({M()})' / 9 + 2I)",
            lambda: f"det(I + {M()} / 9)",
            lambda: f"sum(sort({V()}) .* [0.1, 0.5, 0.9])",
            lambda: f"dot({V()}, {M()}, {V()}) / 3",
            lambda: f"sum(abs2.({C()} .+ {V()})) / 3",
            lambda: f"real(dot({V()} .* {C()}, {V()} .+ im))",
            lambda: f"(|>)({S()}, soft)",
            lambda: f"(sin ∘ soft)({S()})",
            lambda: f"identity({S()})",
            lambda: f"float({S()})",
            lambda: f"max({S()}, {S()})",
            lambda: f"muladd({S()}, {S()}, {S()})",
            lambda: f"evalpoly({S()} / 2, ({S()}, 0.3, {S()}))",
            lambda: f"sum([tanh(y) for y in {V()} if y < 0.5]; init = 0.2)",
            lambda: f"sum(x -> x^2 / 3, {V()})",
            lambda: f"mapreduce((p, q) -> p * tanh(q), +, {V()}, {V()})",
            lambda: f"findmax({V()})[1]",
            lambda: f"median({V()})",
            lambda: f"quantile({V()}, 0.3)",
            lambda: f"sum(svdvals({M()} + 2I)) / 9",
            lambda: f"sum(eigvals(Symmetric({M()})) .* [0.3, 0.1, 0.5])",
            lambda: f"tr(kron({M()}, {M()})) / 9",
            lambda: f"Base.Fix2(*, {S()})({S()})",
            lambda: f"(Base.Fix1(+, {S()}) ∘ tanh)({S()})",
            lambda: f"Returns({S()})({S()})",
            lambda: f"sum(Dict(k => tanh(y) for (k, y) in enumerate({V()}))[k] / k for k in 1:3)",
            lambda: f"(a = {S()}, b = ({S()}, {V()})).b[2][{i}]",
            lambda: f"(({S()}, {S()}) |> splat((p, q) -> p * tanh(q)))",
            lambda: f"Base.sum(p * q for p in {V()} for q in ({S()}, 0.2)) / 6",
            lambda: f"sum(abs2, @view({self.leaf('V')}[2:end]))",
            lambda: f"get((; p = {S()}), :p, 0.0)",
            lambda: f"something(nothing, {S()})",
            lambda: f"coalesce(missing, {S()})",
            lambda: f"foldr((a, b) -> tanh(a) - b / 2, {V()})",
            lambda: f"sum(skipmissing([{S()}, missing, {S()}]))",
            lambda: f"sum(sincos({S()}))",
            lambda: f"logsumexp3({V()})",
        )

    def vector(self, d: int) -> str:
        if d <= 0:
            return self.leaf("V")
        S, V, M, C = (
            (lambda: self.scalar(d - 1)),
            (lambda: self.vector(d - 1)),
            (lambda: self.matrix(d - 1)),
            (lambda: self.complex(d - 1)),
        )
        i, j = self.random.randint(1, 3), self.random.randint(1, 3)
        return self.one(
            lambda: f"({V()} + {V()})",
            lambda: f"({V()} .* {V()})",
            lambda: f"({V()} .- {S()})",
            lambda: f"({S()} * {V()})",
            lambda: f"tanh.({V()})",
            lambda: f"soft.({V()})",
            lambda: f"bend.({V()}, {V()})",
            lambda: f"bend.({V()}, {S()}; k = 0.7)",
            lambda: f"sin.({V()} .* {V()} .+ {S()})",
            lambda: f"tanh.({M()} * {V()})",
            lambda: f"({M()})[:, {i}]",
            lambda: f"({M()})[{i}, :]",
            lambda: f"view({M()}, :, {i})",
            lambda: f"@view({self.leaf('M')}[{j}, :])",
            lambda: f"({V()})[[{i}, {j}, {i}]]",
            lambda: f"reverse({V()})",
            lambda: f"[{S()}, {S()}, {S()}]",
            lambda: f"vcat({S()}, ({V()})[2:3])",
            lambda: f"[({V()})[1:2]; {S()}]",
            lambda: f"vec(sum({M()}; dims = {self.random.randint(1, 2)}))",
            lambda: f"vec(mean({M()}; dims = 1))",
            lambda: f"dropdims(maximum({M()}; dims = 2); dims = 2)",
            lambda: f"map(soft, {V()})",
            lambda: f"map((p, q) -> p * tanh(q), {V()}, {V()})",
            lambda: f"[tanh(y) * {S()} for y in {V()}]",
            lambda: f"cumsum({V()}) / 2",
            lambda: f"accumulate((p, q) -> tanh(p) + q / 2, {V()})",
            lambda: f"diag({M()})",
            lambda: f"((I + {M()} / 9) \\ {V()})",
            lambda: f"circshift({V()}, 1)",
            lambda: f"[sum(c) / 3 for c in eachcol({M()})]",
            lambda: f"map(sum, eachrow({M()})) / 3",
            lambda: f"(({V()} .> 0) .* {V()})",
            lambda: f"ifelse.({V()} .> 0, {V()}, {S()})",
            lambda: f"real.({C()} .* {V()})",
            lambda: f"imag.(exp.(im .* {V()} ./ 2))",
            lambda: f"abs2.({C()} .+ {V()})",
            lambda: f"Pair2({S()}, {V()}).w",
            lambda: f"(s + Pair2({S()}, {V()})).w",
            lambda: f"(p = {S()}, r = {V()}).r",
            lambda: f"collect({V()})",
            lambda: f"copy({V()})",
            lambda: f"(y -> y .* {S()})({V()})",
            lambda: f"reduce(vcat, [({V()})[1:1], ({V()})[2:3]])",
            lambda: f"sort({V()})",
            lambda: f"normalize({V()} .+ 2)",
            lambda: f"cross({V()}, {V()})",
            lambda: f"Diagonal({V()}) * {V()}",
            lambda: f"UpperTriangular({M()}) * {V()} / 2",
            lambda: f"fill({S()}, 3)",
            lambda: f"collect(Iterators.flatten((({V()})[1:2], {S()})))",
            lambda: f"broadcast((p, q) -> p * q, {V()}, {V()})",
            lambda: f"[({M()})[k, 4 - k] for k in 1:3]",
            lambda: f"(@. tanh({self.leaf('V')} * 2) + {self.leaf('V')} / 3)",
            lambda: f"vec(cat({V()}, {V()}; dims = 2)[:, {self.random.randint(1, 2)}])",
            lambda: (
                f"[sum(abs2, c) / 3 for c in eachslice({M()}; dims = {self.random.randint(1, 2)})]"
            ),
            lambda: f"vec(mapreduce(abs2, +, {M()}; dims = 2)) / 3",
            lambda: f"vec(std({M()}; dims = 1))",
            lambda: f"vec(prod({M()}; dims = 1))",
            lambda: f"map({V()}) do y; y * {S()}; end",
            lambda: f"Tridiagonal(({V()})[1:2], {V()}, ({V()})[2:3]) * {V()} / 2",
            lambda: f"collect(Iterators.map(tanh, {V()}))",
            lambda: f"[y for (k, y) in pairs({V()}) if k > 0]",
            lambda: f"map(*, {V()}, {V()})",
            lambda: f"vcat([[y, y / 2, -y] for y in ({V()})[1:1]]...)",
            lambda: f"partialsort({V()}, 1:3)",
            lambda: f"cumprod({V()})",
            lambda: f"(LowerTriangular({M()} + 2I) \\ {V()})",
            lambda: f"({M()})[CartesianIndex.(1:3, 3:-1:1)]",
            lambda: f"(({M()})[{M()} .> 9] |> (e -> isempty(e) ? {V()} : {V()}))",
            lambda: f"dropdims(sum({M()}; dims = 1); dims = 1)",
            lambda: f"resize3({V()})",
        )

    def matrix(self, d: int) -> str:
        if d <= 0:
            return self.leaf("M")
        S, V, M = (
            (lambda: self.scalar(d - 1)),
            (lambda: self.vector(d - 1)),
            (lambda: self.matrix(d - 1)),
        )
        return self.one(
            lambda: f"({M()} + {M()})",
            lambda: f"tanh.({M()} * {M()})",
            lambda: f"({M()} .* {M()})",
            lambda: f"({M()} .+ {V()})",
            lambda: f"({M()} .* ({V()})')",
            lambda: f"({M()})'",
            lambda: f"transpose({M()})",
            lambda: f"permutedims({M()})",
            lambda: f"({V()} * ({V()})')",
            lambda: f"soft.({M()} .+ {S()})",
            lambda: f"hcat({V()}, {V()}, {V()})",
            lambda: f"[{V()} ({M()})[:, 1:2]]",
            lambda: f"reshape(vcat({V()}, {V()}, {V()}), 3, 3)",
            lambda: f"({M()} .- mean({M()}; dims = 1))",
            lambda: f"({M()} ./ (2 .+ sum(abs2, {M()}; dims = 2)))",
            lambda: f"mapslices(y -> y .* sum(y), {M()}; dims = 1)",
            lambda: f"reduce(hcat, [{V()}, {V()}, {V()}])",
            lambda: f"stack([{V()}, {V()}, {V()}])",
            lambda: f"[tanh(p * q) for p in {V()}, q in {V()}]",
            lambda: f"({S()} * {M()})",
            lambda: f"cumsum({M()}; dims = 1) / 2",
            lambda: f"inv(I + {M()} / 9)",
            lambda: f"exp({M()} / 5)",
            lambda: f"Symmetric({M()}) * {M()} / 2",
            lambda: f"Matrix(UpperTriangular({M()}))",
            lambda: f"reverse({M()}; dims = 2)",
            lambda: f"map(y -> y * {S()}, {M()})",
            lambda: f"({M()})[[3, 1, 2], :]",
            lambda: f"view({M()}, 3:-1:1, :)",
            lambda: f"triu({M()})",
            lambda: f"repeat({V()}, 1, 3)",
            lambda: f"diagm({V()})",
            lambda: f"circshift({M()}, (1, 0))",
            lambda: f"sort({M()}; dims = 1)",
            lambda: f"mapslices(sort, {M()}; dims = 2)",
            lambda: f"stack(eachrow({M()}))",
            lambda: f"hvcat(3, ({M()})...)",
            lambda: f"pinv({M()} + 3I)",
            lambda: f"kron({V()}, ({V()})')",
            lambda: f"cat({V()}, {V()}, {V()}; dims = Val(2))",
            lambda: f"reduce(hcat, (y .* {V()} for y in {V()}))",
            lambda: f"({M()} .- mean({M()}; dims = 2)) ./ (1 .+ var({M()}; dims = 2))",
            lambda: f"rot180({M()})",
            lambda: f"cholesky(Symmetric({M()} * ({M()})' / 9 + 4I)).U / 2",
            lambda: f"PermutedDimsArray({M()}, (2, 1))",
            lambda: f"Diagonal({V()}) * {M()}",
            lambda: f"[({M()})[:, 1:2];; {V()}]",
            lambda: f"dropdims(reshape({M()}, 3, 3, 1); dims = 3)",
        )

    def complex(self, d: int) -> str:
        if self.real:
            raise OutOfReach
        if d <= 0:
            return self.leaf("C")
        S, V, C = (
            (lambda: self.scalar(d - 1)),
            (lambda: self.vector(d - 1)),
            (lambda: self.complex(d - 1)),
        )
        return self.one(
            lambda: f"({C()} + {S()})",
            lambda: f"({C()} * {C()})",
            lambda: f"conj({C()})",
            lambda: f"complex({S()}, {S()})",
            lambda: f"({S()} + im * {S()})",
            lambda: f"exp({C()} / (2 + abs({C()})))",
            lambda: f"{C()} / (2 + {C()} * conj({C()}))",
            lambda: f"cis({S()})",
            lambda: f"sum({C()} .* {V()}) / 3",
            lambda: f"sin({C()} / (1 + abs2({C()})))",
            lambda: f"({C()} - {C()}')",
        )

    def statement(self) -> None:
        n = self.name()
        r = self.random
        d = r.randint(1, 3)
        kind = r.choice(
            [
                "S",
                "V",
                "M",
                "C",
                "for",
                "while",
                "if",
                "closure",
                "set",
                "local",
                "buffer",
                "nested",
                "recursion",
                "cell",
                "array",
                "text",
                "dict",
                "steps",
                "try",
                "pairs",
                "struct",
                "named",
                "until",
                "generator",
                "keywords",
                "mutable",
                "table",
                "finally",
                "filled",
                "block",
                "loop",
            ]
            if not self.straight
            else ["S", "V", "M", "for", "while", "if", "closure", "local"]
        )
        if self.real and kind == "C":
            kind = "V"
        if kind in "SVMC":
            text = {"S": self.scalar, "V": self.vector, "M": self.matrix, "C": self.complex}[kind](
                d
            )
            self.lines.append(f"{n} = {text}")
            self.known[kind].append(n)
            return
        S, V = (lambda: self.scalar(2)), (lambda: self.vector(2))
        lines = {
            "for": lambda: [
                f"{n} = {S()}",
                f"for k in 1:{r.randint(1, 4)}",
                f"    {n} = tanh({n} + k * {S()} / 4)",
                *([f"    k == 2 && {r.choice(['continue', 'break'])}"] if r.random() < 0.3 else []),
                f"    {n} += {S()} / 5",
                "end",
            ],
            "while": lambda: [
                f"{n} = 0.1 + abs2({S()})",
                f"while {n} < 2",
                f"    {n} = 1.5{n} + abs2({S()}) / 9 + 0.05",
                "end",
                f"{n} = tanh({n})",
            ],
            "if": lambda: [
                f"if {S()} > {S()}",
                f"    {n} = {S()}",
                *([f"elseif {S()} < 0", f"    {n} = {S()}"] if r.random() < 0.4 else []),
                "else",
                f"    {n} = {S()}",
                "end",
            ],
            "closure": lambda: [
                f"{n}f = (p, q = {S()}) -> p * {S()} + tanh(q)",
                f"{n} = {n}f({S()}) + {n}f({S()}, {S()})",
            ],
            "set": lambda: [
                f"{n} = {S()}",
                f"{n}! = p -> ({n} += p * {n} / 3; nothing)",
                f"{n}!({S()})",
                f"foreach({n}!, ({S()}, 0.3))",
                f"{n} = tanh({n})",
            ],
            "local": lambda: [f"{n} = let p = {S()}, w = {V()}", "    p * sum(w) / 3", "end"],
            "buffer": lambda: [
                f"{n}b = Zygote.Buffer({V()})",
                "for k in 1:3",
                f"    {n}b[k] = ({V()})[k] * k / 3",
                "end",
                f"{n} = sum(tanh, copy({n}b))",
            ],
            "nested": lambda: (
                [f"{n} = gradient(p -> tanh(p) * {S()}, {S()})[1]"]
                if r.random() < 0.5
                else [f"{n} = sum(gradient(p -> sum(abs2, soft.(p)), {V()})[1]) / 3"]
            ),
            "recursion": lambda: [
                f"{n}r(p, k) = k == 0 ? p : tanh({n}r(p * {S()}, k - 1)) + {S()} / 3",
                f"{n} = {n}r({S()}, {r.randint(1, 3)})",
            ],
            "cell": lambda: [
                f"{n}c = Ref({S()})",
                f"{n}c[] = {n}c[] * {S()} + {S()}",
                f"{n} = tanh({n}c[])",
            ],
            "array": lambda: [
                f"{n}a = [({S()}, k) for k in 1:2]",
                f"{n} = sum(p * k for (p, k) in {n}a) / 3",
            ],
            "text": lambda: [
                f"{n}t = string(round(Int, 10 * {self.leaf('S')}))",
                f"{n} = startswith({n}t, '-') ? {S()} : {S()} / length({n}t)",
            ],
            "dict": lambda: [
                f'{n}d = Dict("a" => {S()}, "b" => {S()})',
                f'{n} = {n}d["a"] * {n}d["b"]',
            ],
            "try": lambda: [
                f"{n} = try",
                f"    {S()} * 2",
                "catch",
                f"    {S()}",
                "finally",
                "    nothing",
                "end",
            ],
            "pairs": lambda: [
                f"{n} = 0.1",
                f"for (k, (p, q)) in enumerate(zip({V()}, {V()}))",
                f"    k == {r.randint(1, 3)} && continue",
                f"    {n} += tanh(p * q) * k / 5",
                "end",
            ],
            "struct": lambda: [
                f"{n}p = Pair2({S()}, {V()})",
                f"for k in 1:{r.randint(1, 3)}",
                f"    {n}p = Pair2(tanh({n}p.a + {S()}), {n}p.w .* {S()})",
                "end",
                f"{n} = {n}p.a + sum({n}p.w) / 3",
            ],
            "named": lambda: [
                f"{n}t = (; p = {S()}, q = {V()})",
                f"{n}u = merge({n}t, (; p = {n}t.p * {S()}))",
                f"(; p, q) = {n}u",
                f"{n} = p * sum(q) / 3",
            ],
            "until": lambda: [
                f"{n} = abs2({S()}) + 0.2",
                "while true",
                f"    {n} > 3 && break",
                f"    {n} = 1.7{n} + abs2(tanh({S()})) / 4",
                "end",
                f"{n} = tanh({n} / 3)",
            ],
            "generator": lambda: [
                f"{n}g = (tanh(p) * k for (k, p) in pairs({V()}))",
                f"{n} = foldl((a, b) -> a * 0.5 + b, {n}g; init = {S()}) / 3",
            ],
            "keywords": lambda: [
                f"{n}k(p; q = p * 2, rest...) = tanh(p + q) * get(rest, :z, 1.0)",
                f"{n} = {n}k({S()}; z = {S()}) + {n}k({S()}; q = {S()})",
            ],
            "mutable": lambda: [
                f"{n}c = Cell({S()}, 0)",
                f"for y in {V()}",
                f"    {n}c.value = tanh({n}c.value * y) + {S()} / 4",
                f"    {n}c.count += 1",
                "end",
                f"{n} = {n}c.value / {n}c.count",
            ],
            "table": lambda: [
                f"{n}d = Dict{{String,Any}}()",
                f'{n}d["k1"] = {S()}',
                "for k in 1:2",
                f'    {n}d["k$(k + 1)"] = tanh({n}d["k$k"]) * {S()}',
                "end",
                f'{n} = get({n}d, "k3", 0.0) + {n}d["k2"]',
            ],
            "finally": lambda: [
                f"{n}n = 0",
                f"{n} = try",
                f"    {S()} / 2",
                "finally",
                f"    {n}n += 1",
                "end",
                f"{n} *= {n}n",
            ],
            "filled": lambda: [
                f"{n}b = Zygote.Buffer({self.leaf('M')}, 3, 2)",
                f"{n}b[:, 1] = {V()}",
                f"{n}b[:, 2] = {V()} .* {S()}",
                f"{n} = sum(tanh, copy({n}b)) / 3",
            ],
            "block": lambda: [
                f"{n} = foldl({V()}; init = {S()}) do a, b",
                "    b < -0.9 && return a",
                f"    tanh(a) * b + {S()} / 5",
                "end",
            ],
            "loop": lambda: [
                f"{n}, {n}i = {S()}, 0",
                f"while {n}i < 4",
                f"    {n}i += 1",
                f"    {n}i == 2 && continue",
                f"    {n} = tanh({n} + {S()} * {n}i / 4)",
                f"    {n} > 0.8 && break",
                "end",
            ],
            "steps": lambda: [
                f"{n}s = [soft, tanh, p -> p * {S()}]",
                f"{n} = foldl((p, g) -> g(p), {n}s; init = {S()})",
            ],
        }[kind]()
        self.lines += lines
        self.known["S"].append(n)

    def text(self) -> str:
        for _ in range(self.random.randint(2, 6)):
            self.statement()
        parts = [
            f"tanh({self.known['S'][-1]})",
            f"sum(tanh, {self.known['V'][-1]})",
            f"sum(tanh.({self.known['M'][-1]}))",
            self.scalar(3),
        ]
        if not self.real:
            parts.append(f"tanh(abs2({self.known['C'][-1]}))")
        body = "\n    ".join([*self.lines, f"return {' + '.join(self.random.sample(parts, 3))}"])
        names = "x, v, m, s, t" if self.real else "x, v, m, z, s, t"
        return f"function program({names})\n    {body}\nend"


@pytest.fixture(scope="module")
def session() -> Iterator[Interpreter]:
    found = Interpreter(interactive=False)
    run(found, SETUP)
    yield found
    found.close()


def run(session: Interpreter, code: str) -> object:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render(False)
    return outcome.value


@pytest.mark.parametrize("block", range(BLOCKS))
def test_gradients_of_random_programs(session: Interpreter, block: int) -> None:
    n = PROGRAMS // BLOCKS
    for seed in range(block * n, (block + 1) * n):
        # every third consists of what runs straight
        straight = seed % 3 == 0
        text = Program(seed, straight=straight).text()
        run(session, text)
        outcome = session.run(
            "verdict(program, REALS, REAL_WAYS)" if straight else "verdict(program)"
        )
        said = outcome.error.render(False) if outcome.error else outcome.value
        assert said == "", f"{seed}: {said}\n{text}"


@pytest.mark.parametrize("block", range(2))
def test_second_derivatives_of_random_programs(session: Interpreter, block: int) -> None:
    n = PROGRAMS // 10
    for seed in range(5000 + block * n, 5000 + (block + 1) * n):
        text = Program(seed).text()
        run(session, text)
        outcome = session.run("verdict_of_slope(program)")
        said = outcome.error.render(False) if outcome.error else outcome.value
        assert said == "", f"{seed}: {said}\n{text}"
