"""What training holds: memory over 20,000 steps, and the most that a step of an MLP needs.

    python benchmarks/engine.py --memory

Peaks are what Python and numpy ask for, counted by tracemalloc from before the model is made: by
hand that is parameters, gradients, Adam's two means and the buffers.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

Step = Callable[[], Any]


def peak(make: Callable[[], Step]) -> int:
    """The most bytes that making a contender and three steps of it need."""
    make()()  # what is made once for all is made now
    gc.collect()
    tracemalloc.start()
    try:
        step = make()
        for _ in range(3):
            step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peaks(sizes: list[int], batch: int) -> dict[str, int]:
    """The peaks of an MLP with Adam by hand, from Julia code and from Python."""
    import engine_by_hand as hand

    import juliette_engine as je
    from engine import F32, Session, array, dense_params, onehot

    x, y = array(sizes[0], batch), onehot(sizes[-1], batch)
    julia = Session()
    julia.give(x=x, y=y)
    relus = [*["relu"] * (len(sizes) - 2), "identity"]
    layers = ", ".join(
        f"Dense({a} => {b}, {σ})" for a, b, σ in zip(sizes, sizes[1:], relus, strict=False)
    )
    julia.run(f"""
        model = state = nothing
        function make()
            global model = Chain({layers})
            global state = Flux.setup(Adam(), model)
        end""")
    step = julia.step("""
        grads = gradient(m -> Flux.logitcrossentropy(m(x), y), model)
        Flux.update!(state, model, grads[1])
        nothing""")

    def from_julia() -> Step:
        julia.session.module.get("make")()
        return step

    def from_python() -> Step:
        σs = [je.relu] * (len(sizes) - 2) + [je.identity]
        model = je.Chain(
            *[je.Dense(pair, σ) for *pair, σ in zip(sizes, sizes[1:], σs, strict=False)]
        )
        state = je.setup(je.Adam(), model)
        return lambda: je.update(
            state, model, je.gradient(lambda m: je.logitcrossentropy(m(x), y), model)[0]
        )

    def by_hand() -> Step:
        return hand.mlp(sizes, dense_params(sizes), x, y, 1e-3)

    assert x.dtype == F32
    return {"hand": peak(by_hand), "julia": peak(from_julia), "python": peak(from_python)}


def resident() -> float:
    """The megabytes that this process has in memory, where the system tells."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
    except OSError:
        return float("nan")


def main() -> None:
    import engine

    for name in ("mlp-small", "rnn", "lenet"):
        row = next(r for r in engine.ROWS if r.name == name)
        contenders = row.make()
        for k in ("julia", "python"):
            step = contenders[k]
            for _ in range(1_000):
                step()
            gc.collect()
            gc.disable()
            before, objects = resident(), len(gc.get_objects())
            for _ in range(20_000 if name == "mlp-small" else 2_000):
                step()
            after, more = resident(), len(gc.get_objects()) - objects
            found = gc.collect()
            gc.enable()
            print(
                f"{name:<12}from {k:<8}{before:8.1f} MB, then {after:.1f} MB; "
                f"{more} objects more, {found} in cycles",
                flush=True,
            )
    for sizes, batch in (([784, 32, 10], 64), ([784, 512, 512, 10], 256)):
        found = peaks(sizes, batch)
        ratios = ", ".join(f"from {k} {found[k] / found['hand']:.2f}×" for k in ("julia", "python"))
        print(
            f"{'-'.join(map(str, sizes))}, batch {batch}: "
            f"by hand {found['hand'] / 2**20:.1f} MB, {ratios}",
            flush=True,
        )
