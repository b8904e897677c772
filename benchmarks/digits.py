"""Learns to read handwritten digits from Python: the networks of `digits.jl`, by the engine alone.

Prints what part of the held-back digits each reads rightly.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from juliette_engine import (
    Adam,
    Chain,
    Conv,
    DataLoader,
    Dense,
    MaxPool,
    flatten,
    logitcrossentropy,
    onecold,
    onehotbatch,
    relu,
    setup,
    train,
)
from juliette_engine.initialisers import NumpySource, set_random_source

DATA = Path(__file__).parents[1] / "tutorial" / "data" / "digits.txt"
HELD_BACK = 360


def load_digits(path: Path = DATA) -> tuple[Any, Any]:
    """Images, 8 × 8 × 1 × digits in Float32 from 0 to 1, and what they show."""
    lines = path.read_text("ascii").splitlines()
    labels = np.array([int(line[0]) for line in lines])
    pixels = np.array([[int(c, 17) for c in line[2:]] for line in lines], dtype=np.float32) / 16
    return np.asfortranarray(pixels.T.reshape(8, 8, 1, -1, order="F")), labels


def accuracy(model: Any, x: Any, labels: Any) -> float:
    """The part of the digits that a model reads rightly."""
    return float(np.mean(np.asarray(onecold(model(x), range(10))) == labels))


def loss(model: Any, x: Any, y: Any) -> Any:
    return logitcrossentropy(model(x), y)


def learn(model: Any, x: Any, labels: Any, *, epochs: int, rate: float) -> Any:
    """Train a model with Adam on batches of 64."""
    state = setup(Adam(rate), model)
    loader = DataLoader((x, onehotbatch(labels, range(10))), batchsize=64, shuffle=True)
    for _ in range(epochs):
        train(loss, model, loader, state)
    return model


def main() -> dict[str, float]:
    """Train both networks; the parts they read rightly, by name."""
    set_random_source(NumpySource(2024))
    images, labels = load_digits()
    order = np.random.default_rng(1).permutation(len(labels))
    rest, held = order[:-HELD_BACK], order[-HELD_BACK:]
    dense = Chain(flatten, Dense((64, 64), relu), Dense((64, 10)))
    convolutional = Chain(
        Conv((3, 3), (1, 16), relu, pad=1),
        MaxPool((2, 2)),
        Conv((3, 3), (16, 32), relu, pad=1),
        MaxPool((2, 2)),
        flatten,
        Dense((128, 10)),
    )
    read = {}
    for name, model, epochs in (("dense", dense, 60), ("convolutional", convolutional, 15)):
        start = time.perf_counter()
        learn(model, images[..., rest], labels[rest], epochs=epochs, rate=0.003)
        seconds = time.perf_counter() - start
        read[name] = accuracy(model, images[..., held], labels[held])
        print(f"{name:14} {100 * read[name]:5.2f} % of held-back digits, {seconds:4.1f} s")
    return read


if __name__ == "__main__":
    main()
