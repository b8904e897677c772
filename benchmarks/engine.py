# ruff: noqa: E402 -- threads are pinned before numpy is imported
"""Gradients and training steps by the engine against numpy derived by hand, in one run.

    python benchmarks/engine.py [--repeats N] [--profile] [--memory] [--peers LIST] [name …]

Each row runs the work by hand, by our engine from Julia code and from Python, and by PyTorch, JAX,
HIPS autograd and MyGrad where they are installed (`engine_peers`), in turn, and compares medians of
CPU time; a ratio is to the time by hand.  Threads are pinned to one unless the environment says
otherwise.  `--memory` runs 20,000 training steps instead and watches their memory.  Nothing here is
a test: the numbers are to read.
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
import engine_peers as others

import juliette_engine as je
from juliette.interpreter import Interpreter
from juliette.runtime.values import NamedTuple
from juliette_engine import functions, rules
from juliette_engine.gradients import Grads

F32 = np.float32
PEERS = others.Peers(list(others.LIBRARIES))
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

    def __init__(self, flux: str = "") -> None:
        self.session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
        if flux:
            self.run(f'using Pkg; Pkg.add(name="Flux", version="{flux}")')
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


def arrays(tree: Any) -> list[Any]:
    """The arrays and numbers of a gradient from Julia or from Python, in order."""
    if isinstance(tree, Grads):
        tree = [tree[p] for p in tree.params]
    elif isinstance(tree, dict):
        tree = list(tree.values())
    elif isinstance(tree, NamedTuple):
        tree = tree.values
    if isinstance(tree, (tuple, list)):
        return [x for part in tree for x in arrays(part)]
    return (
        []
        if tree is None
        else [getattr(tree, "data", tree) if not isinstance(tree, np.ndarray) else tree]
    )


def agree(name: str, contenders: dict[str, Step]) -> None:
    """Raise an error unless the gradients by hand, from Julia and from Python are the same."""
    found = {k: arrays(contenders[k]()) for k in ("hand", "julia", "python")}
    if len(found["hand"]) > len(found["python"]):
        found["hand"] = found["hand"][1:]  # without the loss
    for k in ("julia", "python"):
        for a, b in zip(found["hand"], found[k], strict=True):
            if np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=2e-3, atol=1e-5):
                raise AssertionError(
                    f"{name}: by hand and from {k} differ by {np.abs(a - b).max()}"
                )


class Row:
    """A piece of work: how to make its contenders, and what is wanted or published."""

    def __init__(
        self,
        name: str,
        wanted: str,
        make: Callable[[Session], dict[str, Step]],
        per: int = 1,
        flux: str = "",
    ) -> None:
        self.name, self.wanted, self.per = name, wanted, per
        self.gradient = name.partition("-")[0] not in (
            "second",
            "mlp",
            "lenet",
        )  # no second derivative, no training
        self.make = lambda: make(Session(flux))


def scalar(julia: Session) -> dict[str, Step]:
    julia.run("polynomial(x) = 3x^2 + 2x + 1")
    return {
        "hand": hand.polynomial(5.0),
        "julia": julia.step("gradient(polynomial, 5.0)"),
        "python": lambda: je.gradient(lambda x: 3 * x**2 + 2 * x + 1, 5.0),
        **PEERS.contenders("scalar", others.polynomial, [np.array(5.0)], [], [32.0]),
    }


def second(julia: Session) -> dict[str, Step]:
    julia.run("polynomial(x) = 3x^2 + 2x + 1; slope(x) = gradient(polynomial, x)[1]")

    def slope(x: Any) -> Any:
        return je.gradient(lambda v: 3 * v**2 + 2 * v + 1, x)[0]

    return {
        "hand": hand.polynomial(5.0),
        "julia": julia.step("gradient(slope, 5.0)"),
        "python": lambda: je.gradient(slope, 5.0),
        **PEERS.twice("second", others.polynomial, 5.0, je.gradient(slope, 5.0)[0]),
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

    def gradient() -> Any:
        return je.gradient(lambda w, b: ((y - (w @ x + b)) ** 2).sum(), w, b)

    return {
        "hand": hand.regression(w, b, x, y),
        "julia": julia.step("gradient(() -> loss(x, y), ps)"),
        "python": gradient,
        **PEERS.contenders("regression", others.regression, [w, b], [x, y], arrays(gradient())),
    }


def affine(julia: Session) -> dict[str, Step]:
    """Published for real Flux."""
    w, b, x = (np.asfortranarray(RANDOM.random(s)) for s in ((10, 10), (10,), (10,)))
    julia.give(W=w, b=b, x=x)
    julia.run("ps = Flux.params(W, b)")

    def gradient() -> Any:
        return je.gradient(lambda w, b: (w @ x + b).sum(), w, b)

    return {
        "hand": hand.affine(w, b, x),
        "julia": julia.step("gradient(() -> sum(W*x .+ b), ps)"),
        "python": gradient,
        **PEERS.contenders("affine", others.affine, [w, b], [x], arrays(gradient())),
    }


def layer(julia: Session) -> dict[str, Step]:
    """Published for real Flux: the same through a layer."""
    w, b, x = glorot(10, 10), array(10), array(10)
    julia.give(W=w, b=b, x=x)
    julia.run("layer = Dense(W, b); ps = Flux.params(layer)")
    dense = je.Dense(w, b)

    def gradient() -> Any:
        return je.gradient(lambda m: m(x).sum(), dense)

    return {
        "hand": hand.affine(w, b, x),
        "julia": julia.step("gradient(() -> sum(layer(x)), ps)"),
        "python": gradient,
        **PEERS.contenders("layer", others.affine, [w, b], [x], arrays(gradient())),
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

    def gradient() -> Any:
        return je.gradient(lambda m: je.crossentropy(m(x), y), model)

    return {
        "hand": hand.chain(w1, b1, w2, b2, x, y),
        "julia": julia.step("gradient(() -> loss(x, y), ps)"),
        "python": gradient,
        **PEERS.contenders("chain", others.chain, [w1, b1, w2, b2], [x, y], arrays(gradient())),
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

        def gradient() -> Any:
            return je.gradient(lambda m: je.logitcrossentropy(m(x), y), model)

        def step() -> None:
            je.update(state, model, gradient()[0])

        return {
            "hand": hand.mlp(sizes, params, x, y, 1e-7),
            "julia": julia.step("""
                grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
                Flux.update!(state, model, grads[1])"""),
            "python": step,
            **PEERS.contenders("mlp", others.mlp, params, [x.T, y.T], arrays(gradient()), 1e-7),
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

    p = [x.copy(order="F") for x in params]
    model = je.Chain(
        je.Conv(p[0], p[1], je.relu), je.MaxPool((2, 2)),
        je.Conv(p[2], p[3], je.relu), je.MaxPool((2, 2)), je.flatten,
        je.Dense(p[4], p[5], je.relu), je.Dense(p[6], p[7], je.relu), je.Dense(p[8], p[9]),
    )  # fmt: skip
    state = je.setup(je.Adam(1e-7), model)

    def gradient() -> Any:
        return je.gradient(lambda m: je.logitcrossentropy(m(x), y), model)

    def step() -> None:
        je.update(state, model, gradient()[0])

    def turned(ps: list[Any]) -> list[Any]:
        return [others.kernel(p) if p.ndim == 4 else p for p in ps]

    return {
        "hand": hand.lenet(params, x, y, 1e-7),
        "julia": julia.step("""
            grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
            Flux.update!(state, model, grads[1])"""),
        "python": step,
        **PEERS.contenders(
            "lenet", others.lenet, turned(params), [x.T, y.T], turned(arrays(gradient())), 1e-7
        ),
    }


def recurrence(julia: Session) -> dict[str, Step]:
    """Through Flux's layer."""
    wi, wh, b, x = glorot(64, 32), glorot(64, 64), np.zeros(64, F32), array(32, 50, 16)
    julia.give(wi=wi, wh=wh, b=b, x=x)
    julia.run("""
        model = RNN(32 => 64)
        model.cell.Wi .= wi
        model.cell.Wh .= wh
        loss(m) = sum(abs2, m(x)) / 800f0""")
    h = np.zeros((64, 16), F32, order="F")

    def gradient() -> Any:
        def loss(wi: Any, wh: Any, b: Any) -> Any:
            return rules.sum_of_squares(functions.rnn(je.tanh, wi, wh, b, x, h)) * F32(1 / 800)

        return je.gradient(loss, wi, wh, b)

    return {
        "hand": hand.rnn(wi, wh, b, x),
        "julia": julia.step("gradient(loss, model)"),
        "python": gradient,
        **PEERS.contenders(
            "rnn", others.rnn, [wi, wh, b], [x.transpose(1, 2, 0)], arrays(gradient())
        ),
    }


def recurrence_written_out(julia: Session) -> dict[str, Step]:
    """The same as a loop that the user writes."""
    wi, wh, b, x = glorot(64, 32), glorot(64, 64), np.zeros(64, F32), array(32, 50, 16)
    julia.give(wi=wi, wh=wh, b=b, x=x)
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
    xs = [np.asfortranarray(x[:, t, :]) for t in range(50)]

    def loss(wi: Any, wh: Any, b: Any) -> Any:
        h, total = np.zeros((64, 16), F32, order="F"), 0.0
        for x in xs:
            h = np.tanh(wi @ x + wh @ h + b)
            total = total + rules.sum_of_squares(h)
        return total / F32(800)

    return {
        "hand": hand.rnn(wi, wh, b, x),
        "julia": julia.step("gradient(loss, wi, wh, b)"),
        "python": lambda: je.gradient(loss, wi, wh, b),
    }


def elementwise(julia: Session) -> dict[str, Step]:
    x = RANDOM.standard_normal(1_000_000).astype(F32)
    julia.give(x=x)

    def gradient() -> Any:
        return je.gradient(lambda x: (np.tanh(je.σ(x) * F32(2) + F32(1)) ** 2).sum(), x)

    return {
        "hand": hand.elementwise(x),
        "julia": julia.step("gradient(x -> sum(tanh.(σ.(x) .* 2f0 .+ 1f0).^2), x)"),
        "python": gradient,
        **PEERS.contenders("elementwise", others.elementwise, [x], [], arrays(gradient())),
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
            **PEERS.contenders(
                f"sequence-{n // 1000}k",
                others.sequence(n),
                [v, a, b],
                [],
                arrays(je.gradient(loss, v, a, b)),
            ),
        }

    return make


ROWS = [
    Row("scalar", "10 µs", scalar),
    Row("second", "", second),
    Row("regression", "3.0", regression),
    Row("affine", "Flux 7 µs", affine),
    Row("layer", "Flux 31-42 µs", layer),
    Row("chain", "2.0", small_chain),
    Row("mlp-small", "1.35", mlp([784, 32, 10], 64)),
    Row("mlp-large", "1.1", mlp([784, 512, 512, 10], 256)),
    Row("lenet", "1.2", lenet),
    Row("rnn", "1.5", recurrence, flux="0.16"),
    Row("rnn-loop", "", recurrence_written_out),
    Row("elementwise", "1.1", elementwise),
    Row("sequence-1k", "2.0", sequence(1_000), 1_000),
    Row("sequence-10k", "2.0", sequence(10_000), 10_000),
    Row("sequence-100k", "2.0", sequence(100_000), 100_000),
]


def measure(contenders: dict[str, Step], repeats: int) -> dict[str, float]:
    """The median CPU time of a call of each, taken in turn."""
    counts = {}
    for name, step in contenders.items():
        for _ in range(3):  # what is compiled when it comes again is compiled then
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
        "--peers", default=",".join(others.LIBRARIES), help="which libraries to compare with"
    )
    parser.add_argument(
        "--profile", action="store_true", help="where the time from Julia code goes"
    )
    parser.add_argument(
        "--memory", action="store_true", help="what training steps leave behind and need at most"
    )
    options = parser.parse_args()
    if options.memory:
        import engine_memory

        engine_memory.main()
        return
    PEERS.names = [n for n in PEERS.names if n in options.peers.split(",")]
    print(f"{'work':<14}{'by hand':>10}{'from Julia':>20}{'from Python':>20}  {'wanted':<14}"
          + "".join(f"{n:>10}" for n in PEERS.names))  # fmt: skip
    for row in ROWS:
        if options.names and row.name not in options.names:
            continue
        contenders = row.make()
        if options.profile:
            profile(contenders["julia"])
            continue
        if row.gradient:
            agree(row.name, contenders)
        times = measure(contenders, options.repeats)
        floor = times["hand"]
        cells = [
            f"{shown(times[k] / row.per):>10} {times[k] / floor:8.2f}×" for k in ("julia", "python")
        ]
        peers = [f"{times[n] / floor:9.2f}×" if n in times else f"{'-':>10}" for n in PEERS.names]
        print(
            f"{row.name:<14}{shown(floor / row.per):>10}{''.join(cells)}"
            f"  {row.wanted:<14}{''.join(peers)}",
            flush=True,
        )
    print("Flux's own times were published for Julia on other machines.")


if __name__ == "__main__":
    main()
