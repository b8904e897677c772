"""Training leaves nothing behind: no reference cycles, no growth, and little more than by hand at most."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette.interpreter import Interpreter

Step = Callable[[], Any]


ROUNDS = 4
# Objects that a table may gain while steps run: it grows now and then, training or not.
FEW = 10


def left_behind(step: Step, times: int) -> tuple[int, int]:
    """What the garbage collector finds after so many steps without it, and how many objects there are more.

    What steps leave behind they leave in every round; what is compiled late, or ends with an earlier
    test, is gone in the next.
    """
    for _ in range(3):
        step()
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            before = len(gc.get_objects())
            for _ in range(times):
                step()
            more = len(gc.get_objects()) - before
            found = gc.collect()
            if not found and abs(more) <= FEW:
                break
        return found, more
    finally:
        gc.enable()


@pytest.fixture(scope="module")
def session() -> Iterator[Interpreter]:
    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    run(session, "using Flux, Zygote, LinearAlgebra, Random; Random.seed!(1)")
    yield session
    session.close()


def run(session: Interpreter, code: str) -> Any:
    outcome = session.run(code)
    assert outcome.error is None, outcome.error.render(False)
    return outcome.value


JULIA = {
    "regression": """
        W = rand(2, 5); b = rand(2); x, y = rand(5), rand(2); ps = Flux.params(W, b)
        step() = gradient(() -> sum((y .- (W*x .+ b)).^2), ps)""",
    "numbers": "step() = gradient((x, y) -> x > 0 ? sin(x*y)^2 : y, 2.0, 3.0)",
    "a loop": "step() = gradient(2.0) do x\n s = 0.0\n for i in 1:5\n s += x^i\n end\n s\n end",
    "second derivative": "f(x) = gradient(v -> v^3, x)[1]; step() = gradient(f, 2.0)",
    "old training": """
        model = Chain(Dense(4 => 3, tanh), Dense(3 => 2), softmax); ps = Flux.params(model); opt = ADAM(0.01)
        data = [(rand(Float32, 4, 8), Float32.(rand(2, 8) .> 0.5))]
        loss(x, y) = Flux.crossentropy(model(x), y)
        step() = Flux.train!(loss, ps, data, opt)""",
    "training": """
        model = Chain(Dense(4 => 3, relu), BatchNorm(3), Dropout(0.5), Dense(3 => 2)); state = Flux.setup(AdamW(0.01), model)
        data = [(rand(Float32, 4, 8), rand(Float32, 2, 8))]
        step() = Flux.train!((m, x, y) -> Flux.mse(m(x), y), model, data, state)""",
    "convolution": """
        model = Chain(Conv((3, 3), 1 => 2, relu), MaxPool((2, 2)), Flux.flatten, Dense(18 => 2)); x = rand(Float32, 8, 8, 1, 2)
        state = Flux.setup(Momentum(0.01), model)
        function step()
            l, g = Flux.withgradient(m -> sum(abs2, m(x)), model)
            Flux.update!(state, model, g[1])
        end""",
    "recurrence": """
        model = Chain(LSTM(3 => 4), GRU(4 => 4), RNN(4 => 2)); xs = [rand(Float32, 3, 2) for _ in 1:3]; ps = Flux.params(model)
        function step()
            Flux.reset!(model)
            gradient(() -> sum(sum(model(x)) for x in xs), ps)
        end""",
    "a struct of the user's": """
        struct Twice; w; b; end
        (t::Twice)(x) = tanh.(t.w * x .+ t.b) .* 2
        twice = Twice(rand(3, 3), rand(3)); x = rand(3)
        step() = gradient(t -> sum(t(x)), twice)""",
    "pullback": "x = rand(3); function step()\n y, back = Zygote.pullback(v -> v .^ 2, x)\n back(y); back(y)\n end",
    "jacobian": "x = rand(3); step() = (Zygote.jacobian(v -> v .^ 2, x), Zygote.hessian(v -> sum(v .^ 3), x))",
    "matrices": "A = rand(3, 3) + 3I; step() = gradient(M -> logdet(M) + tr(inv(M)) + norm(M[1:2, :]), A)",
    "functions of the user's": "f(x) = x > 0.5 ? x^2 : sin(x); x = rand(4); step() = gradient(v -> sum(f.(v)) + sum(map(f, v)), x)",
    "ignored": "x = rand(3); step() = gradient(v -> sum(v) * Zygote.ignore(() -> maximum(v)), x)",
    "buffers": "x = rand(3); step() = gradient(x) do v\n b = Zygote.Buffer(v)\n for i in 1:3\n b[i] = v[i]^2\n end\n sum(copy(b))\n end",
    "dictionaries": 'd = Dict("w" => rand(3)); step() = gradient(d -> sum(d["w"] .^ 2), d)',
}


@pytest.mark.parametrize("name", JULIA)
def test_nothing_is_left_for_the_garbage_collector(session: Interpreter, name: str) -> None:
    run(
        session,
        f"module M{abs(hash(name))}\nusing Flux, Zygote, LinearAlgebra\n{JULIA[name]}\nend\nstep = M{abs(hash(name))}.step",
    )
    step = session.module.get("step")
    found, more = left_behind(step, 20)
    assert (found, abs(more) <= FEW) == (0, True), more


def python_step() -> Step:
    model = je.Chain(je.Dense((784, 32), je.relu), je.Dense((32, 10)))
    state = je.setup(je.Adam(1e-3), model)
    x, y = np.ones((784, 8), np.float32, order="F"), np.ones((10, 8), np.float32, order="F")

    def step() -> None:
        je.update(state, model, je.gradient(lambda m: je.logitcrossentropy(m(x), y), model)[0])

    return step


JULIA_STEP = """
    model = Chain(Dense(784 => 32, relu), Dense(32 => 10)); state = Flux.setup(Adam(), model)
    x, y = ones(Float32, 784, 8), ones(Float32, 10, 8)
    function step()
        grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
        Flux.update!(state, model, grads[1])
    end"""


@pytest.fixture(scope="module")
def measured() -> Any:
    """The part of the benchmark that measures memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        import engine_memory

        yield engine_memory


def test_two_thousand_steps_hold_memory_flat(session: Interpreter, measured: Any) -> None:
    run(session, JULIA_STEP)
    for step in (python_step(), session.module.get("step")):
        assert left_behind(step, 1000) == (0, pytest.approx(0, abs=FEW))
        grown = []
        for _ in range(ROUNDS):
            before = measured.resident()
            for _ in range(2000):
                step()
            grown.append(measured.resident() - before)
            if grown[-1] <= 1:
                break
        assert min(grown) <= 1, grown


def test_a_step_needs_little_more_than_by_hand(measured: Any) -> None:
    peaks = measured.peaks([784, 512, 512, 10], 256)
    assert max(peaks["python"], peaks["julia"]) < 1.3 * peaks["hand"]
