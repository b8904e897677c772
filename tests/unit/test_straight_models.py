"""Models of convolution and pooling run straight, and give what the tape gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from juliette.interpreter import Interpreter


@pytest.fixture
def session() -> Iterator[Interpreter]:
    out = Interpreter()
    run(out, "using Flux, Random")
    yield out
    out.close()


def run(session: Interpreter, code: str) -> Any:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render()
    return outcome.value


def leaves(x: Any) -> Iterator[Any]:
    """The arrays and numbers of a gradient, and None for what has none."""
    from juliette.runtime import values as V
    from juliette.runtime.array import Array
    from juliette_engine.gradients import Grads

    if isinstance(x, Grads):
        x = tuple(x.grads.values())
    if isinstance(x, V.NamedTuple):
        x = x.values
    if type(x) is tuple:
        for part in x:
            yield from leaves(part)
    else:
        yield x.data if isinstance(x, Array) else x


def agree(session: Interpreter, setup: str, call: str) -> None:
    """The first call is on the tape, the third straight; random numbers and states start alike."""
    from juliette.packages.zygote import entry, straight

    entry.PROGRAMS.clear()
    straight.REFUSALS.clear()
    run(session, f"Random.seed!(1)\n{setup}\nstart = deepcopy(m)\nstep() = {call}")
    found = []
    for _ in range(3):
        run(session, "m = deepcopy(start); Random.seed!(2)")
        found.append(
            (list(leaves(run(session, "step()"))), list(leaves(run(session, "Flux.state(m)"))))
        )
    made = [p for p in entry.PROGRAMS.values() if callable(p)]
    assert [p.misses for p in made] == [0], straight.REFUSALS
    for tape, direct in zip(found[0], found[-1], strict=True):
        assert len(tape) == len(direct)
        for a, b in zip(tape, direct, strict=True):
            if not isinstance(a, np.ndarray):
                assert type(a) is type(b)
                assert a is None or isinstance(a, str) or a == pytest.approx(b, rel=1e-4)
                continue
            assert a.dtype == b.dtype
            assert b.flags.f_contiguous
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


MODELS = {
    "relu, pooling, a dense layer": (
        "Chain(Conv((3, 2), 2 => 4, relu), MaxPool((2, 2)), Flux.flatten, Dense(36, 3))",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "a saturating activation": (
        "Chain(Conv((3, 2), 2 => 4, σ), MaxPool((3, 2); pad = (1, 0), stride = 2))",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "an activation of another kind": (
        "Chain(Conv((3, 2), 2 => 4, leakyrelu), MeanPool((2, 2)), Flux.flatten)",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "strides, padding, no bias": (
        "Conv((3, 3), 2 => 4, tanh; stride = 2, pad = (1, 0, 2, 1), bias = false)",
        "rand(Float32, 8, 7, 2, 3)",
    ),
    "groups and dilation": (
        "Chain(Conv((3, 2), 4 => 6, relu; groups = 2, dilation = 2), GlobalMeanPool())",
        "rand(Float32, 8, 7, 4, 3)",
    ),
    "one dimension": (
        "Chain(CrossCor((3,), 4 => 2, swish; pad = SamePad()), GlobalMaxPool(), Flux.flatten)",
        "rand(Float32, 9, 4, 2)",
    ),
    "three dimensions": (
        "Conv((3, 2, 1), 2 => 3, relu; pad = (1, 0, 1))",
        "rand(Float32, 4, 5, 3, 2, 2)",
    ),
    "transposed": (
        "Chain(ConvTranspose((3, 3), 4 => 2, relu; stride = 2), AdaptiveMaxPool((2, 3)))",
        "rand(Float32, 4, 5, 4, 2)",
    ),
    "transposed, with more output": (
        "Chain(ConvTranspose((2, 3), 4 => 2; stride = 2, outpad = 1, bias = false), AdaptiveMeanPool((2, 3)))",
        "rand(Float32, 4, 5, 4, 2)",
    ),
    "what is pooled is needed otherwise, too": (
        "Chain(Conv((3, 2), 2 => 4, relu), Parallel((a, b) -> sum(abs2, a) .+ sum(b) .+ a, MaxPool((2, 2)), identity))",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "pooling without windows of a size": (
        "Chain(Conv((3, 2), 2 => 4, tanh), GlobalMaxPool())",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "functions in place of layers": (
        "Chain(Conv((3, 3), 1 => 2, x -> 2tanh(x)), x -> maxpool(x, (2, 2); stride = 1), x -> reshape(x, :, size(x, 4)), Dense(50 => 3, x -> x > 0 ? x : x / 3))",
        "rand(Float32, 8, 8, 1, 3)",
    ),
    "pooling written out": (
        "Chain(ConvTranspose((2, 2), 1 => 2, x -> x^2), Conv((2, 2), 2 => 4, relu), x -> maxpool(x, (2, 3)), x -> meanpool(x, (2, 2); pad = 1), x -> permutedims(x, (2, 1, 4, 3)))",
        "rand(Float32, 8, 8, 1, 3)",
    ),
    "dimensions that are dropped": (
        "Chain(Conv((3, 3), 1 => 4, relu), GlobalMeanPool(), x -> dropdims(x; dims = (1, 2)), permutedims)",
        "rand(Float32, 8, 8, 1, 3)",
    ),
    "branches side by side": (
        "Parallel((x, y) -> cat(x, y; dims = 3), CrossCor((3, 3), 2 => 3; pad = 1), Chain(MaxPool((2, 2)), ConvTranspose((2, 2), 2 => 1; stride = 2)))",
        "rand(Float32, 6, 8, 2, 3)",
    ),
    "named branches": (
        "Chain(Parallel(vcat; a = Dense(3 => 2, relu), b = identity, c = SkipConnection(Dense(3 => 3), vcat)), x -> [x x])",
        "rand(Float32, 3, 2)",
    ),
    "batch statistics": (
        "Chain(Conv((3, 3), 2 => 4), BatchNorm(4, relu), MaxPool((2, 2)), Flux.flatten, BatchNorm(24))",
        "rand(Float32, 8, 7, 2, 5)",
    ),
    "statistics of samples and of groups": (
        "Chain(Conv((3, 3), 2 => 4), InstanceNorm(4, relu), Conv((2, 2), 4 => 6), GroupNorm(6, 3, tanh), InstanceNorm(6; affine = true), GroupNorm(6, 2; affine = false))",
        "rand(Float32, 8, 7, 2, 3)",
    ),
    "statistics that are not tracked": (
        "Chain(Dense(3 => 4), BatchNorm(4, tanh; track_stats = false), Dropout(0.3))",
        "rand(Float32, 3, 6)",
    ),
    "double precision": (
        "Chain(Conv((2, 2), 1 => 2, relu), Conv((1, 1), 2 => 2)) |> f64",
        "rand(4, 4, 1, 2)",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_runs_straight(name: str, session: Interpreter) -> None:
    model, x = MODELS[name]
    setup = f"m = {model}; x = {x}"
    agree(session, setup, "gradient((m, x) -> sum(abs2, m(x)), m, x)")
    agree(session, setup, "gradient(() -> sum(abs2, m(x)), Flux.params(m, x))")


def test_batches_of_other_sizes(session: Interpreter) -> None:
    """One program serves all of them, and models of the same type."""
    from juliette.packages.zygote import entry

    entry.PROGRAMS.clear()
    run(
        session,
        """
        f(m, x) = sum(abs2, m(x))
        slope(m, x) = gradient(f, m, x)
        m = Chain(Conv((3, 3), 1 => 2, relu; pad = 1), MeanPool((2, 2)))
        n = Chain(Conv((1, 2), 1 => 2, relu; stride = 2), MeanPool((3, 1)))
        xs = [rand(Float32, s..., 1, b) for (s, b) in (((6, 6), 4), ((7, 8), 1), ((12, 5), 3))]
        for _ in 1:3; slope(m, xs[1]); end""",
    )
    made = [p for p in entry.PROGRAMS.values() if callable(p)]
    for model in "mn":
        straight = run(session, f"[slope({model}, x) for x in xs]")
        assert [p.misses for p in made] == [0]
        entry.PROGRAMS.clear()
        for a, x in zip(straight.data, (1, 2, 3), strict=True):
            entry.PROGRAMS.clear()
            tape = run(session, f"slope({model}, xs[{x}])")
            for p, q in zip(leaves(a), leaves(tape), strict=True):
                if p is not None:
                    np.testing.assert_allclose(p, q, rtol=1e-4, atol=1e-5)
        entry.PROGRAMS.clear()
        run(session, "for _ in 1:3; slope(m, xs[1]); end")
        made = [p for p in entry.PROGRAMS.values() if callable(p)]


def test_wrong_sizes_are_the_tapes(session: Interpreter) -> None:
    run(session, "m = Conv((3, 3), 2 => 1); f(x) = sum(m(x)); g(x) = gradient(f, x)")
    run(session, "for _ in 1:3; g(rand(Float32, 4, 4, 2, 1)); end")
    for x in ("rand(Float32, 4, 4, 3, 1)", "rand(Float32, 2, 4, 2, 1)", "rand(Float32, 4, 2, 1)"):
        error = session.run(f"g({x})").error
        assert error is not None
        assert "DimensionMismatch" in error.render()


def test_statistics_move_once(session: Interpreter) -> None:
    """A program that is left has changed nothing; a layer that is used twice has moved twice."""
    run(
        session,
        """
        m = BatchNorm(2); x = Float32[1 2 3; 4 6 8]
        f(m, x, y) = sum(m(x)) + sum(m(2x)) + sum(sqrt.(y))
        step(m, y) = gradient(f, m, x, y)
        function trained(ys)
            m = BatchNorm(2)
            for y in ys; try step(m, y) catch end; end
            (m.μ, m.σ²)
        end""",
    )
    from juliette.packages.zygote import entry

    entry.PROGRAMS.clear()
    ys = "[[1f0], [2f0], [3f0], [4f0]]"
    straight = run(session, f"trained({ys})")
    assert any(map(callable, entry.PROGRAMS.values()))
    entry.PROGRAMS.clear()
    run(session, "using Zygote; m = BatchNorm(2)")
    run(session, "for y in [[1f0], [2f0], [3f0], [4f0]]; Zygote.pullback(f, m, x, y); end")
    tape = run(session, "(m.μ, m.σ²)")
    for a, b in zip(straight, tape, strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-5)


class Network:
    """A random network over images."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def code(self) -> tuple[str, str]:
        """The model, and its input."""
        r = self.random
        height, width, channels = r.randint(7, 11), r.randint(7, 11), r.choice([1, 2, 4])
        size = f"{height}, {width}, {channels}, {r.randint(1, 4)}"
        parts = []
        for _ in range(r.randint(1, 2)):
            groups = r.choice([1, 1, channels])
            out = groups * r.randint(1, 3)
            k1, k2 = r.randint(1, 3), r.randint(1, 3)
            kind = self.pick("Conv", "Conv", "CrossCor")
            act = self.pick("relu", "identity", "tanh", "σ", "gelu")
            options = f"pad = {r.randint(0, 2)}, stride = {r.randint(1, 2)}, groups = {groups}"
            bias = self.pick("", ", bias = false")
            parts.append(f"{kind}(({k1}, {k2}), {channels} => {out}, {act}; {options}{bias})")
            channels = out
            if r.random() < 0.4:
                kind, k = self.pick("MaxPool", "MeanPool"), r.randint(1, 2)
                parts.append(f"{kind}(({k}, {k}); stride = {r.randint(1, 2)})")
            if r.random() < 0.3:
                parts.append(f"BatchNorm({channels}, {act})")
        if r.random() < 0.3:
            parts.append("Dropout(0.4f0)")
        parts.append(self.pick("Flux.flatten", "GlobalMeanPool()", "AdaptiveMaxPool((1, 2))"))
        return f"Chain({', '.join(parts)})", f"randn(Float32, {size})"


@pytest.mark.parametrize("seed", range(40))
def test_random_networks(seed: int, session: Interpreter) -> None:
    model, x = Network(seed).code()
    agree(session, f"m = {model}; x = {x}", "gradient((m, x) -> sum(sin.(m(x))), m, x)")
