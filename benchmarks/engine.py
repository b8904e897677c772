# ruff: noqa: E402 -- threads are pinned before numpy is imported
"""Gradients and training steps by the engine against numpy derived by hand, in one run.

    python benchmarks/engine.py [--repeats N] [--profile] [name …]

Each row runs the work by hand, by our engine from Julia code and from Python, and by PyTorch, JAX,
HIPS autograd and MyGrad where they are installed, in turn, and compares medians of CPU time.
Threads of BLAS are pinned to one unless the environment says otherwise.  Nothing here is a test:
the numbers are to read.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import io
import itertools
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import engine_by_hand as hand

import juliette_engine as je
from juliette.interpreter import Interpreter
from juliette_engine import functions, rules

F32 = np.float32
RANDOM = np.random.default_rng(20240229)
Step = Callable[[], Any]


def glorot(out: int, into: int, *lead: int) -> Any:
    limit = math.sqrt(6 / (math.prod(lead) * (out + into)))
    return np.asfortranarray(
        RANDOM.uniform(-limit, limit, (*lead, into, out) if lead else (out, into)).astype(F32)
    )


def array(*shape: int) -> Any:
    return np.asfortranarray(RANDOM.random(shape, dtype=F32))


def onehot(classes: int, batch: int) -> Any:
    y = np.zeros((classes, batch), F32, order="F")
    y[RANDOM.integers(0, classes, batch), np.arange(batch)] = 1
    return y


def dense_params(sizes: list[int]) -> list[Any]:
    return [p for a, b in itertools.pairwise(sizes) for p in (glorot(b, a), np.zeros(b, F32))]


class Session:
    """A Julia session with values from Python."""

    def __init__(self) -> None:
        self.session = Interpreter(stdout=io.StringIO())
        self.run("using Flux")

    def run(self, code: str) -> Any:
        outcome = self.session.run(code)
        if outcome.error is not None:
            raise RuntimeError(outcome.error.render())
        return outcome.value

    def give(self, **values: Any) -> None:
        from juliette.runtime.array import wrap

        for name, v in values.items():
            self.session.module.set(
                name, wrap(v.copy(order="F")) if isinstance(v, np.ndarray) else v
            )

    def step(self, code: str) -> Step:
        self.run(f"function benchmark_step()\n{code}\nend")
        return self.session.module.get("benchmark_step")  # type: ignore[no-any-return]


class Row:
    """One piece of work: how to make its contenders, and the ratio that is wanted."""

    def __init__(
        self, name: str, wanted: str, make: Callable[[Session], dict[str, Step]], per: int = 1
    ) -> None:
        self.name, self.wanted, self.make, self.per = name, wanted, make, per


def scalar(julia: Session) -> dict[str, Step]:
    julia.run("polynomial(x) = 3x^2 + 2x + 1")
    return {
        "hand": hand.polynomial(5.0),
        "julia": julia.step("gradient(polynomial, 5.0)"),
        "python": lambda: je.gradient(lambda x: 3 * x**2 + 2 * x + 1, 5.0),
    }


def second(julia: Session) -> dict[str, Step]:
    julia.run("polynomial(x) = 3x^2 + 2x + 1; slope(x) = gradient(polynomial, x)[1]")

    def slope(x: Any) -> Any:
        return je.gradient(lambda v: 3 * v**2 + 2 * v + 1, x)[0]

    return {
        "hand": hand.polynomial(5.0),
        "julia": julia.step("gradient(slope, 5.0)"),
        "python": lambda: je.gradient(slope, 5.0),
    }


def regression(julia: Session) -> dict[str, Step]:
    w, b, x, y = (RANDOM.random(s) for s in ((2, 5), (2,), (5,), (2,)))
    w = np.asfortranarray(w)
    julia.give(W=w, b=b, x=x, y=y)
    julia.run("""
        predict(x) = W*x .+ b
        function loss(x, y)
            ŷ = predict(x)
            sum((y .- ŷ).^2)
        end
        ps = Flux.params(W, b)""")
    return {
        "hand": hand.regression(w, b, x, y),
        "julia": julia.step("gradient(() -> loss(x, y), ps)"),
        "python": lambda: je.gradient(
            lambda w, b: rules.total((rules.sub(y, rules.add(rules.matmul(w, x), b))) ** 2), w, b
        ),
    }


def small_chain(julia: Session) -> dict[str, Step]:
    w1, w2, x, y = glorot(5, 10), glorot(2, 5), array(10), np.array([1, 0], F32)
    b1, b2 = array(5), array(2)
    julia.give(w1=w1, b1=b1, w2=w2, b2=b2, x=x, y=y)
    julia.run("""
        model = Chain(Dense(w1, b1, σ), Dense(w2, b2), softmax)
        loss(x, y) = Flux.crossentropy(model(x), y)
        ps = Flux.params(model)""")
    model = je.Chain(je.Dense(w1, b1, je.σ), je.Dense(w2, b2), je.softmax)
    return {
        "hand": hand.chain(w1, b1, w2, b2, x, y),
        "julia": julia.step("gradient(() -> loss(x, y), ps)"),
        "python": lambda: je.gradient(lambda m: je.crossentropy(m(x), y), model),
    }


def mlp(sizes: list[int], batch: int) -> Callable[[Session], dict[str, Step]]:
    def make(julia: Session) -> dict[str, Step]:
        params, x, y = dense_params(sizes), array(sizes[0], batch), onehot(sizes[-1], batch)
        names = [f"p{i}" for i in range(len(params))]
        julia.give(x=x, y=y, **dict(zip(names, params, strict=True)))
        layers = [
            f"Dense(p{2 * i}, p{2 * i + 1}{', relu' if i < len(sizes) - 2 else ''})"
            for i in range(len(sizes) - 1)
        ]
        julia.run(f"""
            model = Chain({", ".join(layers)})
            state = Flux.setup(Adam(1f-7), model)""")
        model = je.Chain(
            *[
                je.Dense(
                    params[2 * i].copy(order="F"),
                    params[2 * i + 1].copy(),
                    *([je.relu] if i < len(sizes) - 2 else []),
                )
                for i in range(len(sizes) - 1)
            ]
        )
        state = je.setup(je.Adam(1e-7), model)

        def step() -> None:
            grads = je.gradient(lambda m: je.logitcrossentropy(m(x), y), model)
            je.update(state, model, grads[0])

        return {
            "hand": hand.mlp(sizes, params, x, y, 1e-7),
            "julia": julia.step("""
                grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
                Flux.update!(state, model, grads[1])"""),
            "python": step,
            **peers.mlp(sizes, params, x, y),
        }

    return make


def lenet(julia: Session) -> dict[str, Step]:
    params = [glorot(6, 1, 5, 5), np.zeros(6, F32), glorot(16, 6, 5, 5), np.zeros(16, F32)]
    params += dense_params([256, 120, 84, 10])
    x, y = array(28, 28, 1, 32), onehot(10, 32)
    julia.give(x=x, y=y, **{f"p{i}": p for i, p in enumerate(params)})
    julia.run("""
        model = Chain(Conv(p0, p1, relu), MaxPool((2, 2)),
                      Conv(p2, p3, relu), MaxPool((2, 2)), Flux.flatten,
                      Dense(p4, p5, relu), Dense(p6, p7, relu), Dense(p8, p9))
        state = Flux.setup(Adam(1f-7), model)""")

    def forward(p: Any) -> Any:
        h = functions.maxpool(
            je.relu(rules.add(functions.conv(x, p[0]), rules.reshape(p[1], (1, 1, 6)))), (2, 2)
        )
        h = functions.maxpool(
            je.relu(rules.add(functions.conv(h, p[2]), rules.reshape(p[3], (1, 1, 16)))), (2, 2)
        )
        h = rules.reshape(h, (256, 32))
        h = functions.dense(je.relu, p[4], h, p[5])
        h = functions.dense(je.relu, p[6], h, p[7])
        return je.logitcrossentropy(functions.dense(je.identity, p[8], h, p[9]), y)

    model = tuple(p.copy(order="F") for p in params)
    state = je.setup(je.Adam(1e-7), model)

    def step() -> None:
        je.update(state, model, je.gradient(forward, model)[0])

    return {
        "hand": hand.lenet(params, x, y, 1e-7),
        "julia": julia.step("""
            grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
            Flux.update!(state, model, grads[1])"""),
        "python": step,
    }


def recurrence(julia: Session) -> dict[str, Step]:
    wi, wh, b, x = glorot(64, 32), glorot(64, 64), np.zeros(64, F32), array(32, 50, 16)
    julia.give(wi=wi, wh=wh, b=b, x=x, xs=None)
    julia.run("""
        xs = [x[:, t, :] for t in 1:size(x, 2)]
        function loss(wi, wh, b)
            h = zeros(Float32, 64, 16)
            total = 0f0
            for x in xs
                h = tanh.(wi * x .+ wh * h .+ b)
                total += sum(abs2, h)
            end
            total / Float32(length(xs) * 16)
        end""")
    h = np.zeros((64, 16), F32, order="F")

    def loss(wi: Any, wh: Any, b: Any) -> Any:
        y = functions.rnn(je.tanh, wi, wh, b, x, h)
        return rules.total(rules.abs2(y)) * F32(1 / 800)

    return {
        "hand": hand.rnn(wi, wh, b, x),
        "julia": julia.step("gradient(loss, wi, wh, b)"),
        "python": lambda: je.gradient(loss, wi, wh, b),
    }


def elementwise(julia: Session) -> dict[str, Step]:
    x = RANDOM.standard_normal(1_000_000).astype(F32)
    julia.give(x=x)
    return {
        "hand": hand.elementwise(x),
        "julia": julia.step("gradient(x -> sum(tanh.(σ.(x) .* 2f0 .+ 1f0).^2), x)"),
        "python": lambda: je.gradient(
            lambda x: rules.total(np.tanh(je.σ(x) * F32(2) + F32(1)) ** 2), x
        ),
    }


def sequence(n: int) -> Callable[[Session], dict[str, Step]]:
    def make(julia: Session) -> dict[str, Step]:
        v, a, b = array(10), 1 + F32(1e-6) * array(10), F32(1e-3) * array(10)
        julia.give(v=v, a=a, b=b)
        julia.run(f"""
            function loss(v, a, b)
                for i in 1:{n // 2}
                    v = v .* a
                    v = v .+ b
                end
                sum(v)
            end""")

        def loss(v: Any, a: Any, b: Any) -> Any:
            for i in range(n):
                v = v + b if i & 1 else v * a
            return rules.total(v)

        return {
            "hand": hand.sequence(n, v, a, b),
            "julia": julia.step("gradient(loss, v, a, b)"),
            "python": lambda: je.gradient(loss, v, a, b),
        }

    return make


class Peers:
    """Other engines, each if it is installed."""

    def mlp(self, sizes: list[int], params: list[Any], x: Any, y: Any) -> dict[str, Step]:
        try:
            import torch
        except ImportError:
            return {}
        torch.set_num_threads(1)
        ps = [torch.tensor(p.copy(), requires_grad=True) for p in params]
        xt, yt = torch.tensor(np.ascontiguousarray(x.T)), torch.tensor(np.ascontiguousarray(y.T))
        optimiser = torch.optim.Adam(ps, lr=1e-7)

        def step() -> None:
            optimiser.zero_grad()
            h = xt
            for i in range(0, len(ps), 2):
                h = torch.nn.functional.linear(h, ps[i], ps[i + 1])
                if i < len(ps) - 2:
                    h = torch.relu(h)
            torch.nn.functional.cross_entropy(h, yt).backward()
            optimiser.step()

        return {"torch": step}


peers = Peers()
ROWS = [
    Row("scalar", "10 µs", scalar),
    Row("second", "", second),
    Row("regression", "3.0", regression),
    Row("chain", "2.0", small_chain),
    Row("mlp-small", "1.35", mlp([784, 32, 10], 64)),
    Row("mlp-large", "1.1", mlp([784, 512, 512, 10], 256)),
    Row("lenet", "1.2", lenet),
    Row("rnn", "1.5", recurrence),
    Row("elementwise", "1.1", elementwise),
    Row("sequence-1k", "2.0", sequence(1_000), 1_000),
    Row("sequence-10k", "2.0", sequence(10_000), 10_000),
    Row("sequence-100k", "2.0", sequence(100_000), 100_000),
]


def measure(contenders: dict[str, Step], repeats: int) -> dict[str, float]:
    """The median CPU time of a call of each, taken in turn."""
    counts = {}
    for name, step in contenders.items():
        step()
        start = time.process_time()
        step()
        once = max(time.process_time() - start, 1e-7)
        counts[name] = max(1, min(20_000, int(0.02 / once)))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, step in contenders.items():
            n = counts[name]
            start = time.process_time()
            for _ in range(n):
                step()
            times[name].append((time.process_time() - start) / n)
    return {name: statistics.median(t) for name, t in times.items()}


def shown(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def profile(step: Step) -> None:
    import cProfile
    import pstats

    run = cProfile.Profile()
    run.enable()
    start = time.process_time()
    while time.process_time() - start < 1:
        step()
    run.disable()
    pstats.Stats(run).sort_stats("tottime").print_stats(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument(
        "--profile", action="store_true", help="where the time from Julia code goes"
    )
    options = parser.parse_args()
    print(f"{'work':<15}{'by hand':>11}{'from Julia':>20}{'from Python':>20}   wanted  others")
    for row in ROWS:
        if options.names and row.name not in options.names:
            continue
        contenders = row.make(Session())
        if options.profile:
            profile(contenders["julia"])
            continue
        times = measure(contenders, options.repeats)
        floor = times["hand"]
        cells = [
            f"{shown(times[k] / row.per):>11} {times[k] / floor:7.2f}×" for k in ("julia", "python")
        ]
        others = "  ".join(
            f"{k} {times[k] / floor:.2f}×" for k in times if k not in ("hand", "julia", "python")
        )
        print(
            f"{row.name:<15}{shown(floor / row.per):>11}{''.join(cells)}"
            f"   {row.wanted:<7} {others}",
            flush=True,
        )


if __name__ == "__main__":
    main()
