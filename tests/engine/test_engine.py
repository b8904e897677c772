"""Gradients of trees, layers, losses, optimisers and printing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import layers, losses, rules

RANDOM = np.random.default_rng(7)
DOMAINS: dict[str, tuple[float, float]] = {
    "reals": (-2.0, 2.0),
    "positives": (0.4, 2.0),
    "unit": (-0.8, 0.8),
}


def sample(on: str, *shape: int) -> Any:
    """Numbers of a domain, at some distance from zero, where kinks are."""
    low, high = DOMAINS[on]
    x = RANDOM.uniform(low, high, shape)
    return np.asfortranarray(np.where(np.abs(x) < 0.05, 0.1, x))


def numeric(f: Callable[[Any], float], x: Any, h: float = 1e-6) -> Any:
    """Central differences of a scalar function of an array."""
    out = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        out[i] = (f(up) - f(down)) / (2 * h)
    return out


LOSSES = ["mse", "mae", "msle", "huber_loss", "crossentropy", "logitcrossentropy",
          "binarycrossentropy", "logitbinarycrossentropy", "kldivergence", "poisson_loss"]  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name: str) -> None:
    loss = getattr(losses, name)
    y = RANDOM.uniform(0.1, 0.8, (3, 2))
    ŷ = RANDOM.uniform(0.15, 0.85, (3, 2))
    found = je.gradient(lambda a: loss(a, y), ŷ)[0]
    np.testing.assert_allclose(found, numeric(lambda a: loss(a, y), ŷ), rtol=1e-5, atol=1e-6)
    assert loss(ŷ.astype(np.float32), y.astype(np.float32)).dtype == np.float32


def test_logit_forms_agree() -> None:
    z, y = sample("reals", 3, 2), np.eye(3)[:, :2]
    assert losses.logitcrossentropy(z, y) == pytest.approx(losses.crossentropy(je.softmax(z), y))
    assert losses.logitbinarycrossentropy(z, y) == pytest.approx(
        losses.binarycrossentropy(je.sigmoid(z), y)
    )


def test_walkthrough() -> None:
    def f(x: Any) -> Any:
        return 3 * x**2 + 2 * x + 1

    def df(x: Any) -> Any:
        return je.gradient(f, x)[0]

    assert df(1) == 8.0
    assert je.gradient(df, 1)[0] == 6.0
    gx, gy = je.gradient(lambda x, y: np.sum((x - y) ** 2), np.array([2, 1]), np.array([2, 0]))
    assert repr(gx.tolist()) == "[0.0, 2.0]"
    assert repr(gy.tolist()) == "[-0.0, -2.0]"


def test_kinds() -> None:
    assert type(je.gradient(lambda x: x * x, 3)[0]) is float
    assert type(je.gradient(lambda x: x * x, np.float32(3))[0]) is np.float32
    assert je.gradient(lambda x: np.sum(x * x), np.ones(3, np.float32))[0].dtype == np.float32
    assert je.gradient(lambda x, y: x, 1.0, 2.0) == (1.0, None)
    assert je.gradient(lambda t: t[0] * t[1]["a"], (2.0, {"a": 3.0, "b": 1.0})) == (
        (3.0, {"a": 2.0, "b": None}),
    )
    assert je.gradient(lambda x: np.sum(x), np.zeros(0))[0].shape == (0,)
    strided = np.arange(12.0).reshape(3, 4)[::2, ::3]
    np.testing.assert_array_equal(je.gradient(lambda x: np.sum(x * x), strided)[0], 2 * strided)


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (np.ones(2), "Output is an array, so the gradient is not defined. Perhaps you wanted jacobian."),
        (1j, "Output is complex, so the gradient is not defined."),
        (None, "Output should be scalar; gradients are not defined for output nothing"),
    ],
    ids=["array", "complex", "nothing"],
)  # fmt: skip
def test_no_gradient(output: Any, text: str) -> None:
    with pytest.raises(je.GradientError) as error:
        je.gradient(lambda x: output, 1.0)
    assert str(error.value) == text


def test_withgradient_keeps_the_rest() -> None:
    value, grads = je.withgradient(lambda x: (x * x, x + 1.0), 3.0)
    assert value == (9.0, 4.0)
    assert grads == (6.0,)


def test_implicit_parameters() -> None:
    w, b = np.array([[1.0, 2.0]]), np.array([0.5])
    ps = je.params(w, b, w)
    assert len(ps) == 2
    gs = je.gradient(lambda: rules.total(rules.add(rules.matmul(w, np.array([3.0, 4.0])), b)), ps)
    np.testing.assert_array_equal(gs[w], [[3.0, 4.0]])
    np.testing.assert_array_equal(gs[b], [1.0])
    with pytest.raises(KeyError):
        gs[np.ones(1)]
    je.update(je.Descent(0.1), ps, gs)
    np.testing.assert_allclose(w, [[0.7, 1.6]])


def test_implicit_equals_explicit() -> None:
    model = je.Chain(je.Dense((3, 4), je.tanh), je.Dense((4, 2)))
    x, y = sample("reals", 3, 5), sample("reals", 2, 5)
    gs = je.gradient(lambda: je.mse(model(x), y), je.params(model))
    tree = je.gradient(lambda m: je.mse(m(x), y), model)[0]
    for layer, g in zip(model, tree["layers"], strict=True):
        np.testing.assert_allclose(gs[layer.weight], g["weight"])
        np.testing.assert_allclose(gs[layer.bias], g["bias"])
        assert g["σ"] is None


def test_lent_arrays_come_back_after_an_error() -> None:
    w = np.ones(2)
    with pytest.raises(ZeroDivisionError):
        je.gradient(lambda: 1 / 0, je.params(w))
    assert not isinstance(rules.add(w, 1.0), je.primal.__globals__["Tracer"])


def test_dense() -> None:
    d = je.Dense((10, 5), je.σ)
    assert d(RANDOM.random(10)).dtype == np.float64
    assert d(np.ones((10, 2), np.float32)).dtype == np.float32
    assert d(np.ones((10, 2, 3))).shape == (5, 2, 3)
    with pytest.raises(losses.DimensionMismatch, match=r"expects size\(input, 1\) == 10"):
        d(np.ones(3))
    assert d.line() == "Dense(10 => 5, σ)"
    assert je.Dense(np.ones((2, 3)), False, je.relu).line() == "Dense(3 => 2, relu; bias=false)"


LAYERS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "Scale": (lambda: je.Scale(3, je.tanh), (3, 2)),
    "Parallel": (lambda: je.Parallel(np.add, je.Dense((3, 2)), je.Dense((3, 2))), (3, 2)),
    "SkipConnection": (lambda: je.SkipConnection(je.Dense((3, 3), je.tanh), np.add), (3, 2)),
    "Maxout": (lambda: je.Maxout(je.Dense((3, 2)), je.Dense((3, 2))), (3, 2)),
    "LayerNorm": (lambda: je.LayerNorm(3), (3, 2)),
    "BatchNorm": (lambda: je.BatchNorm(3, active=True), (3, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str) -> None:
    make, shape = LAYERS[name]
    layer, x = make(), sample("reals", *shape)
    weights = RANDOM.uniform(0.5, 1.5, np.shape(layer(x)))

    def f(a: Any) -> Any:
        return rules.total(rules.mul(layer(a), weights))

    np.testing.assert_allclose(je.gradient(f, x)[0], numeric(f, x), rtol=1e-4, atol=1e-5)
    assert je.gradient(lambda m: rules.total(m(x)), layer)[0] is not None


def test_dropout_only_in_training() -> None:
    d, x = je.Dropout(0.5), np.ones(1000)
    np.testing.assert_array_equal(d(x), x)
    g = je.gradient(lambda a: np.sum(d(a)), x)[0]
    assert set(g.tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(
    "rule",
    [je.Descent(0.1), je.Momentum(0.05), je.Nesterov(0.05), je.RMSProp(0.05), je.Adam(0.1),
     je.AdamW(0.1), je.AdaMax(0.1), je.NAdam(0.1), je.AMSGrad(0.1), je.AdaGrad(0.5),
     je.OptimiserChain(je.ClipNorm(1.0), je.Descent(0.1))],
    ids=repr,
)  # fmt: skip
def test_optimiser_goes_down(rule: Any) -> None:
    model = {"x": np.array([2.0, -1.0])}
    state = je.setup(rule, model)
    for _ in range(150):
        value, grads = je.withgradient(lambda m: np.sum(m["x"] ** 2), model)
        je.update(state, model, grads[0])
    assert value < 0.05


def test_adam_first_steps() -> None:
    x = np.array([1.0])
    rule = je.Adam(0.1)
    je.update(rule, x, np.array([3.0]))
    np.testing.assert_allclose(x, [0.9])
    je.update(rule, x, np.array([3.0]))
    np.testing.assert_allclose(x, [0.8])


def test_train_both_ways() -> None:
    x = sample("reals", 2, 20)
    y = np.array([[1.0, -2.0]]) @ x
    old = je.Dense((2, 1))
    je.train(lambda a, b: je.mse(old(a), b), je.params(old), [(x, y)] * 200, je.Descent(0.1))
    np.testing.assert_allclose(old.weight, [[1.0, -2.0]], atol=1e-2)
    new = je.Dense((2, 1))
    je.train(lambda m, a, b: je.mse(m(a), b), new, [(x, y)] * 200, je.setup(je.Adam(0.1), new))
    np.testing.assert_allclose(new.weight, [[1.0, -2.0]], atol=1e-1)


def test_printing() -> None:
    assert repr(je.Dense((5, 2))) == "Dense(5 => 2)       # 12 parameters"
    model = je.Chain(je.Dense((784, 64)), je.BatchNorm(64, je.relu), je.Dense((64, 10)))
    assert repr(model) == (
        "Chain(\n"
        "  Dense(784 => 64),                     # 50_240 parameters\n"
        "  BatchNorm(64, relu),                  # 128 parameters, plus 128\n"
        "  Dense(64 => 10),                      # 650 parameters\n"
        ")         # Total: 6 trainable arrays, 51_018 parameters,\n"
        "          # plus 2 non-trainable, 128 parameters, summarysize 200.266 KiB."
    )
    both = je.Parallel(np.add, α=je.Dense((10, 2), je.tanh), β=je.Dense((5, 2)))
    assert repr(both).splitlines()[-1] == (
        ")                   # Total: 4 arrays, 34 parameters, 392 bytes."
    )
    assert layers.Chain(je.relu, je.softmax).line() == "Chain(relu, softmax)"


def test_parameters_of_plain_python_are_found() -> None:
    x, y = je.Parameter(np.array([2.0, 1.0])), je.Parameter(np.array([2.0, 0.0]))
    grads = je.gradient(lambda: np.sum((x.value - y.value) ** 2), je.params((x, [y])))
    assert grads[x].tolist() == [0.0, 2.0]
    assert grads[y].tolist() == [0.0, -2.0]
