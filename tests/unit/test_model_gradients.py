"""Random models of Flux: gradients agree with finite differences, and however they are asked for.

Layers in structs, vectors, loops and closures, recurrent ones and convolutions, with statistics of the batch and tracked ones.
Explicit gradients on the tape and straight, through closures, of `destructure` and by `params` are compared.  Twenty-four
models are tried; more with `GRADIENT_MODELS=500`.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from juliette.interpreter import Interpreter

MODELS = int(os.environ.get("GRADIENT_MODELS", "24"))
BLOCKS = 4

SETUP = """
using Flux, Zygote, Random, LinearAlgebra, Statistics
struct Res{A,B}; inner::A; scale::B; end
Flux.@functor Res
(r::Res)(x) = x .+ r.scale .* r.inner(x)
struct Gate{A}; parts::A; end
Flux.@functor Gate
function (g::Gate)(x)
    out = zero(x)
    for (i, p) in enumerate(g.parts)
        i > 3 && break
        out = out .+ p(x) ./ i
    end
    out
end
struct Tower; layers; names; end
Flux.@functor Tower (layers,)
(t::Tower)(x) = foldl((h, l) -> l(h), t.layers; init = x)
mutable struct Counted; layer; n; end
Flux.@functor Counted (layer,)
(c::Counted)(x) = c.layer(x) .* 0.5
square(x) = max(zero(x), x)^2
fresh(m, x) = (Flux.reset!(m); m(x))
fresh(m, xs::Vector{<:Matrix}) = (Flux.reset!(m); sum([m(x) for x in xs]))
loss(m, x) = sum(tanh.(fresh(m, x)) .* 0.3) + sum(abs2, fresh(m, x)) / 50
nothing_in(x) = x === nothing || (x isa Union{Tuple,NamedTuple,AbstractArray} ? all(nothing_in, x) : x isa Number && abs(x) < 1e-10)
function same(a, b)
    (a === nothing || b === nothing) && return nothing_in(a) && nothing_in(b)
    a isa Union{Number,AbstractArray{<:Number}} && return isapprox(a, b; rtol = 1e-7, atol = 1e-10)
    length(a) == length(b) && all(map(same, values(a), values(b)))
end
shaken(m) = fmap(x -> x isa AbstractArray{<:AbstractFloat} ? x .+ 0.3 .* rand(size(x)...) : x, m)
function check(m, x)
    θ, re = Flux.destructure(m)
    isempty(θ) && return ""
    d = randn(MersenneTwister(3), length(θ))
    f(t) = loss(re(θ .+ t .* d), x)
    slope(h) = (8 * (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h
    flat = dot(gradient(p -> loss(re(p), x), θ)[1], d)
    expected = slope.((1e-3, 1e-4, 1e-5))
    any(w -> isapprox(flat, w; rtol = 1e-5, atol = 1e-7), expected) || return "destructured $flat, differences $expected"
    m = re(θ)
    taped = pullback(loss, m, x)[2](1.0)
    for k in 1:3
        all(map(same, gradient(loss, m, x), taped)) || return "explicit, time $k"
        same(gradient(m -> loss(m, x), m)[1], taped[1]) || return "through a closure, time $k"
        ps = Flux.params(m)
        gs = gradient(() -> loss(m, x), ps)
        total, i = 0.0, 0
        for p in ps
            gs[p] === nothing || (total += dot(vec(gs[p]), d[i+1:i+length(p)]))
            i += length(p)
        end
        isapprox(total, flat; rtol = 1e-7, atol = 1e-9) || return "implicit $total, explicit $flat, time $k"
    end
    state = Flux.setup(Adam(0.01), m)
    for _ in 1:2; Flux.train!(loss, m, [(x,)], state); end
    ""
end
"""

ACTIVATIONS = (
    "tanh", "relu", "σ", "identity", "softplus", "gelu", "elu", "square", "swish", "leakyrelu", "selu", "x -> x / (1 + abs2(x))",
)  # fmt: skip


class Model:
    """The texts of a model and of an input, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *forms: Callable[[], str]) -> str:
        return self.random.choice(forms)()

    def activation(self) -> str:
        return self.random.choice(ACTIVATIONS)

    def vector(self, n: int, d: int) -> str:
        """A layer from `n` numbers to `n`."""
        V, a, k = (lambda: self.vector(n, d - 1)), self.activation, self.random.randint(1, 4)
        deep: list[Callable[[], str]] = [
            lambda: f"Chain({V()}, {V()})",
            lambda: f"Chain([{V()}, {V()}])",
            lambda: f"Chain(a = {V()}, b = {V()})",
            lambda: f"SkipConnection({V()}, +)",
            lambda: f"SkipConnection({V()}, (a, b) -> a .* b)",
            lambda: f"Parallel(+, {V()}, {V()})",
            lambda: f"Chain(Parallel(vcat, {V()}, {V()}), Dense({2 * n} => {n}))",
            lambda: f"Maxout({V()}, {V()})",
            lambda: f"Res({V()}, rand({n}))",
            lambda: f"Gate([{V()}, {V()}])",
            lambda: f"Gate(({V()}, {V()}, {V()}, {V()}))",
            lambda: f"Tower([{V()}, {V()}], (:a, :b))",
            lambda: f"Tower(({V()}, {V()}), nothing)",
            lambda: f"Counted({V()}, 0)",
            lambda: f"Chain(x -> (x, x), Flux.Bilinear(({n}, {n}) => {n}, {a()}))",
            lambda: f"Chain(Flux.PairwiseFusion(+, {V()}, {V()}), xs -> xs[1] .+ xs[2])",
        ]
        return self.one(
            lambda: f"Dense({n} => {n}, {a()})",
            lambda: f"Dense({n} => {n}, {a()}; bias = false)",
            lambda: f"Chain(Dense({n} => {k}, {a()}), Dense({k} => {n}))",
            lambda: f"LayerNorm({n}, {a()})",
            lambda: f"BatchNorm({n}, {a()}; affine = {self.random.choice(['true', 'false'])})",
            lambda: f"Flux.Scale({n}, {a()})",
            lambda: f"GroupNorm({n}, 1)",
            lambda: "x -> tanh.(x)",
            *(deep if d else []),
        )

    def image(self, c: int, d: int) -> str:
        """A layer from images with `c` channels to the same."""
        V, a, k = (lambda: self.image(c, d - 1)), self.activation, self.random.randint(1, 3)
        deep: list[Callable[[], str]] = [
            lambda: f"Chain({V()}, {V()})",
            lambda: f"SkipConnection({V()}, +)",
            lambda: f"Parallel(+, {V()}, {V()})",
            lambda: f"Res({V()}, [0.5])",
            lambda: f"Gate(({V()}, {V()}))",
            lambda: (
                f"Chain(Parallel((a, b) -> cat(a, b; dims = 3), {V()}, {V()}), Conv((1, 1), {2 * c} => {c}))"
            ),
        ]
        return self.one(
            lambda: f"Conv((3, 3), {c} => {c}, {a()}; pad = 1)",
            lambda: f"Conv((3, 3), {c} => {c}, {a()}; pad = SamePad(), dilation = 2, bias = false)",
            lambda: f"Conv((3, 3), {c} => {c}, {a()}; pad = 1, groups = {c})",
            lambda: f"CrossCor((3, 3), {c} => {c}, {a()}; pad = 1)",
            lambda: f"ConvTranspose((3, 3), {c} => {c}, {a()}; pad = 1)",
            lambda: "MaxPool((3, 3); pad = 1, stride = 1)",
            lambda: "MeanPool((3, 3); pad = 1, stride = 1)",
            lambda: f"BatchNorm({c}, {a()})",
            lambda: f"InstanceNorm({c}; affine = true)",
            lambda: f"GroupNorm({c}, 1, {a()})",
            lambda: (
                f"Chain(Conv((2, 2), {c} => {k}; stride = 2), Upsample(2), Conv((1, 1), {k} => {c}))"
            ),
            lambda: f"Chain(MeanPool((2, 2)), ConvTranspose((2, 2), {c} => {c}; stride = 2))",
            *(deep if d else []),
        )

    def recurrent(self, n: int) -> str:
        """One or two recurrent layers, and perhaps another."""
        kinds = ("RNN({n} => {n})", "LSTM({n} => {n})", "GRU({n} => {n})", "Flux.GRUv3({n} => {n})")
        layers = [
            self.random.choice(kinds).replace("{n}", str(n))
            for _ in range(self.random.randint(1, 2))
        ]
        if self.random.random() < 0.5:
            layers.append(self.vector(n, 1))
        return f"Chain({', '.join(layers)})"

    def text(self) -> tuple[str, str]:
        """The model and its input."""
        r = self.random
        n, c = r.randint(2, 4), r.choice([2, 3])
        return r.choice([
            lambda: (f"Chain({self.vector(n, 2)}, {self.vector(n, 2)})", f"randn({n}, {r.randint(2, 5)})"),
            lambda: (f"Chain({self.image(c, 1)}, {self.image(c, 2)})", f"randn(4, 4, {c}, {r.randint(1, 3)})"),
            lambda: (self.recurrent(n), r.choice([f"[randn({n}, 3) for _ in 1:3]", f"randn({n}, 3)"])),
            lambda: (f"Chain({self.image(c, 1)}, GlobalMeanPool(), Flux.flatten, {self.vector(c, 1)})", f"randn(4, 4, {c}, 3)"),
        ])()  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[Interpreter]:
    found = Interpreter(interactive=False)
    outcome = found.run(SETUP)
    assert outcome.error is None, outcome.error.render(False)
    yield found
    found.close()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_gradients_of_random_models(session: Interpreter, block: int) -> None:
    n = MODELS // BLOCKS
    for seed in range(block * n, (block + 1) * n):
        model, x = Model(seed).text()
        mode = "trainmode!" if seed % 2 else "testmode!"
        code = f"Random.seed!({seed}); m = {mode}(shaken(f64({model}))); check(m, {x})"
        outcome = session.run(code)
        said = outcome.error.render(False) if outcome.error else outcome.value
        assert said == "", f"{said}\n{code}"
