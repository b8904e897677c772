"""Losses against their formulas in plain numpy, and gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import juliette_engine as je

RANDOM = np.random.default_rng(3)


def probabilities(*shape: int) -> Any:
    x = RANDOM.uniform(0.1, 1.0, shape)
    return x / x.sum(0)


def softmax(x: Any) -> Any:
    e = np.exp(x)
    return e / e.sum(0)


def huber(ŷ: Any, y: Any, δ: float = 1.0) -> Any:
    e = np.abs(ŷ - y)
    return np.mean(np.where(e < δ, e * e / 2, δ * (e - δ / 2)))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def binary(p: Any, y: Any) -> Any:
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


def tversky(ŷ: Any, y: Any, β: float = 0.7) -> Any:
    below = np.sum(y * ŷ + β * (1 - y) * ŷ + (1 - β) * y * (1 - ŷ)) + 1
    return 1 - (np.sum(y * ŷ) + 1) / below


def focal(ŷ: Any, y: Any) -> Any:
    p = ŷ * y + (1 - ŷ) * (1 - y)
    return np.mean(-((1 - p) ** 2) * np.log(p))


# The loss, its formula, and what prediction and target are drawn from.
CASES: dict[str, tuple[Callable[[Any, Any], Any], str, str]] = {
    "mse": (lambda ŷ, y: np.mean((ŷ - y) ** 2), "real", "real"),
    "mae": (lambda ŷ, y: np.mean(np.abs(ŷ - y)), "real", "real"),
    "msle": (lambda ŷ, y: np.mean(np.log(ŷ / y) ** 2), "unit", "unit"),
    "huber_loss": (huber, "real", "real"),
    "crossentropy": (lambda ŷ, y: np.mean(-np.sum(y * np.log(ŷ), 0)), "column", "column"),
    "logitcrossentropy": (
        lambda ŷ, y: np.mean(-np.sum(y * np.log(softmax(ŷ)), 0)),
        "real",
        "column",
    ),
    "binarycrossentropy": (binary, "unit", "bool"),
    "logitbinarycrossentropy": (lambda ŷ, y: binary(sigmoid(ŷ), y), "real", "bool"),
    "kldivergence": (lambda ŷ, y: np.mean(np.sum(y * np.log(y / ŷ), 0)), "column", "column"),
    "poisson_loss": (lambda ŷ, y: np.mean(ŷ - y * np.log(ŷ)), "unit", "unit"),
    "hinge_loss": (lambda ŷ, y: np.mean(np.maximum(0, 1 - ŷ * y)), "real", "real"),
    "squared_hinge_loss": (lambda ŷ, y: np.mean(np.maximum(0, 1 - ŷ * y) ** 2), "real", "real"),
    "dice_coeff_loss": (
        lambda ŷ, y: 1 - (2 * np.sum(y * ŷ) + 1) / (np.sum(y**2) + np.sum(ŷ**2) + 1),
        "unit",
        "bool",
    ),
    "tversky_loss": (tversky, "unit", "bool"),
    "binary_focal_loss": (focal, "unit", "bool"),
    "focal_loss": (
        lambda ŷ, y: np.mean(np.sum(-y * (1 - ŷ) ** 2 * np.log(ŷ), 0)),
        "column",
        "column",
    ),
    "siamese_contrastive_loss": (
        lambda ŷ, y: np.mean((1 - y) * ŷ**2 + y * np.maximum(0, 1 - ŷ) ** 2),
        "unit",
        "bool",
    ),
}  # fmt: skip
DRAW: dict[str, Callable[[], Any]] = {
    "real": lambda: RANDOM.normal(size=(3, 4)),
    "unit": lambda: RANDOM.uniform(0.1, 0.9, (3, 4)),
    "column": lambda: probabilities(3, 4),
    "bool": lambda: RANDOM.integers(0, 2, (3, 4)).astype(float),
}


@pytest.mark.parametrize("name", CASES)
def test_loss_equals_its_formula(name: str) -> None:
    formula, left, right = CASES[name]
    ŷ, y = DRAW[left](), DRAW[right]()
    loss = getattr(je, name)
    np.testing.assert_allclose(loss(ŷ, y), formula(ŷ, y), rtol=1e-9)
    single = loss(ŷ.astype(np.float32), y.astype(bool) if right == "bool" else y.astype(np.float32))
    assert isinstance(single, np.float32)


@pytest.mark.parametrize("name", CASES)
def test_loss_has_its_gradient(name: str) -> None:
    formula, left, right = CASES[name]
    ŷ, y = DRAW[left](), DRAW[right]()
    found = je.gradient(lambda a: getattr(je, name)(a, y), ŷ)[0]
    h = 1e-6
    for i in np.ndindex(*ŷ.shape):
        up, down = ŷ.copy(), ŷ.copy()
        up[i] += h
        down[i] -= h
        slope = (formula(up, y) - formula(down, y)) / (2 * h)
        np.testing.assert_allclose(found[i], slope, rtol=1e-4, atol=1e-7)


def test_aggregation_and_sizes() -> None:
    ŷ, y = DRAW["real"](), DRAW["real"]()
    np.testing.assert_allclose(je.mse(ŷ, y, agg=lambda x: x), (ŷ - y) ** 2)
    with pytest.raises(
        je.DimensionMismatch,
        match=r"loss function expects size\(ŷ\) = \(3, 4\) to match size\(y\) = \(3,\)",
    ):
        je.mse(ŷ, y[:, 0])


def test_smoothed_labels() -> None:
    y = np.eye(4)
    np.testing.assert_allclose(je.label_smoothing(y, 0.2), y * 0.8 + 0.05)
    np.testing.assert_allclose(je.label_smoothing(y, 0.2, dims=0), y * 0.8 + 0.1)
    with pytest.raises(je.ArgumentError, match="label_smoothing expects α"):
        je.label_smoothing(y, 1.0)


def test_temporal_classification_sums_over_all_alignments() -> None:
    classes, times, labels = 3, 4, (1, 2)
    logits = RANDOM.normal(size=(classes, times))
    p = softmax(logits)
    total = 0.0
    for path in product(range(1, classes + 1), repeat=times):
        merged = [k for i, k in enumerate(path) if i == 0 or path[i - 1] != k]
        if tuple(k for k in merged if k != classes) == labels:
            total += np.prod([p[k - 1, t] for t, k in enumerate(path)])
    np.testing.assert_allclose(je.ctc_loss(logits, np.array(labels)), -np.log(total), rtol=1e-9)


@pytest.mark.parametrize("name", ["mse", "crossentropy", "logitcrossentropy"])
def test_fused_losses_have_second_derivatives(name: str) -> None:
    _, left, right = CASES[name]
    ŷ, y = DRAW[left](), DRAW[right]()
    loss = getattr(je, name)

    def slope(a: Any) -> Any:
        g = je.gradient(lambda b: loss(b, y), a)[0]
        return je.rules.total(je.rules.mul(g, g))

    def plain_slope(a: Any) -> Any:
        g = je.gradient(lambda b: loss(b, y, agg=lambda x: je.rules.mean(x)), a)[0]
        return je.rules.total(je.rules.mul(g, g))

    np.testing.assert_allclose(je.gradient(slope, ŷ)[0], je.gradient(plain_slope, ŷ)[0])
    target = je.gradient(lambda b: loss(ŷ, b), y)[0]
    expected = je.gradient(lambda b: loss(ŷ, b, agg=lambda x: je.rules.mean(x)), y)[0]
    np.testing.assert_allclose(target, expected)


def test_temporal_classification_has_second_derivatives() -> None:
    """The record's gradient and the recorded steps agree, and so does the slope of the gradient."""
    from juliette_engine.functions.ctc import step_by_step

    logits, labels = RANDOM.normal(size=(4, 6)), (0, 0, 2)
    direct = je.gradient(lambda x: je.ctc_loss(x, np.array(labels) + 1), logits)[0]
    np.testing.assert_allclose(
        direct, je.gradient(lambda x: step_by_step(x, labels), logits)[0], atol=1e-12
    )

    def length(x: Any) -> Any:
        g = je.gradient(lambda a: je.ctc_loss(a, np.array(labels) + 1), x)[0]
        return je.rules.total(je.rules.mul(g, g))

    found, h = je.gradient(length, logits)[0], 1e-5
    for i in np.ndindex(*logits.shape):
        up, down = logits.copy(), logits.copy()
        up[i] += h
        down[i] -= h
        np.testing.assert_allclose(
            found[i], (length(up) - length(down)) / (2 * h), rtol=1e-4, atol=1e-7
        )


def test_labels_that_do_not_fit_into_the_time_are_impossible() -> None:
    assert je.ctc_loss(RANDOM.normal(size=(3, 2)), np.array([1, 1])) == np.inf
