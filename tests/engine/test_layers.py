"""Each layer against its formula in plain numpy, and its gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import rules, trees
from juliette_engine.layers import recurrent
from juliette_engine.layers.normalise import set_denominator
from juliette_engine.layers.weightnorm import WeightNorm, remove_weight_norms

RANDOM = np.random.default_rng(11)


def normal(*shape: int) -> Any:
    return np.asfortranarray(RANDOM.normal(size=shape))


def double(layer: Any) -> Any:
    """The layer with parameters in double precision and away from zero."""

    def leaf(x: Any) -> Any:
        return normal(*x.shape) if isinstance(x, np.ndarray) else x

    return trees.fmap(leaf, layer, exclude=trees.is_leaf)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def check_gradients(layer: Any, *inputs: Any) -> None:
    """The gradient of a random combination of outputs, for the inputs and every parameter."""
    weights = None

    def scalar(layer: Any, *xs: Any) -> Any:
        nonlocal weights
        y = layer(*xs)
        if weights is None:
            weights = RANDOM.uniform(0.5, 1.5, np.shape(y))
        return je.rules.total(je.rules.mul(y, weights))

    scalar(layer, *inputs)
    found = je.gradient(scalar, layer, *inputs)
    arrays = list(trees.parameters(layer))
    gradients = [g for g in flat(found[0], layer) if g is not None]
    assert len(gradients) == len(arrays)
    for x, g in [*zip(arrays, gradients, strict=True), *zip(inputs, found[1:], strict=True)]:
        h = 1e-6
        for i in np.ndindex(*x.shape):
            before = x[i]
            x[i] = before + h
            up = scalar(layer, *inputs)
            x[i] = before - h
            down = scalar(layer, *inputs)
            x[i] = before
            np.testing.assert_allclose(g[i], (up - down) / (2 * h), rtol=1e-4, atol=1e-6)


def flat(gradient: Any, layer: Any) -> list[Any]:
    """The gradients of the parameters in their order."""
    if trees.is_array(layer):
        return [gradient]
    parts = trees.trained_parts(layer)
    if parts is None:
        return []
    return [g for k, v in zip(*parts, strict=True) for g in flat(trees.part(gradient, k), v)]


def test_dense() -> None:
    layer = double(je.Dense((3, 2), je.tanh))
    x = normal(3, 4)
    np.testing.assert_allclose(layer(x), np.tanh(layer.weight @ x + layer.bias[:, None]))
    np.testing.assert_allclose(layer(x[:, 0]), layer(x)[:, 0])
    cube = normal(3, 2, 2)
    np.testing.assert_allclose(layer(cube)[:, 1, 0], layer(cube[:, 1, 0]))
    check_gradients(layer, x)


def test_dense_says_what_it_expects() -> None:
    with pytest.raises(
        je.DimensionMismatch,
        match=r"layer Dense\(10 => 5\) expects size\(input, 1\) == 10, but got 3-element Vector\{Float32\}",
    ):
        je.Dense((10, 5))(np.ones(3, np.float32))
    with pytest.raises(
        je.DimensionMismatch, match=r"expected bias of size \(5,\), got size \(3,\)"
    ):
        je.Dense(np.ones((5, 2)), np.ones(3))


def test_scale_and_bilinear() -> None:
    scale = double(je.Scale(3, 2, je.relu))
    x = normal(3, 2)
    np.testing.assert_allclose(scale(x), np.maximum(scale.scale * x + scale.bias, 0))
    layer = double(je.Bilinear(((3, 2), 4), je.tanh))
    x, y = normal(3, 5), normal(2, 5)
    z = np.einsum("ib,oij,jb->ob", x, layer.weight, y) + layer.bias[:, None]
    np.testing.assert_allclose(layer(x, y), np.tanh(z))
    np.testing.assert_allclose(layer(x[:, 0], y[:, 0]), np.tanh(z[:, 0]))
    check_gradients(layer, x, y)
    with pytest.raises(je.DimensionMismatch, match="number of rows in data must match W"):
        layer(y, x)


def test_embeddings() -> None:
    layer = double(je.Embedding((5, 3)))
    np.testing.assert_allclose(layer(2), layer.weight[:, 2])
    assert layer(np.array([[0, 1], [4, 4]])).shape == (3, 2, 2)
    np.testing.assert_allclose(layer(np.eye(5, dtype=bool)), layer.weight)
    g = je.gradient(lambda m: je.rules.total(m(np.array([1, 1, 3]))), layer)[0]["weight"]
    np.testing.assert_allclose(g[0], [0, 2, 0, 1, 0])
    bag = double(je.EmbeddingBag((5, 3)))
    w = bag.weight
    np.testing.assert_allclose(bag(np.array([0, 2])), w[:, [0, 2]].mean(1))
    np.testing.assert_allclose(
        bag([np.array([0, 2]), np.array([1])]), np.stack([w[:, [0, 2]].mean(1), w[:, 1]], 1)
    )
    np.testing.assert_allclose(
        bag(np.array([0, 2, 1]), np.array([0, 2])),
        np.stack([w[:, [0, 2]].mean(1), w[:, 1]], 1),
    )
    with pytest.raises(je.errors.UsageError, match="expects an array of indices"):
        bag(3)


def test_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(je.Parallel, "before_15", False)
    a, b = double(je.Dense((2, 2), je.tanh)), double(je.Dense((2, 2)))
    x, y = normal(2, 3), normal(2, 3)
    np.testing.assert_allclose(je.Chain(a, b)(x), b(a(x)))
    np.testing.assert_allclose(je.Chain(first=a, then=b)(x), b(a(x)))
    np.testing.assert_allclose(je.SkipConnection(a, np.subtract)(x), a(x) - x)
    np.testing.assert_allclose(je.Parallel(np.add, a, b)(x), a(x) + b(x))
    np.testing.assert_allclose(je.Parallel(np.add, a, b)(x, y), a(x) + b(y))
    np.testing.assert_allclose(je.Parallel(np.add, a)((x, y)), a(x) + a(y))
    np.testing.assert_allclose(je.Maxout(a, b)(x), np.maximum(a(x), b(x)))
    first, second = je.PairwiseFusion(np.add, a, b)(x, y)
    np.testing.assert_allclose(second, b(first + y))
    check_gradients(je.Chain(a, je.SkipConnection(b, je.rules.add)), x)
    with pytest.raises(je.ArgumentError, match="can take one input or 2 inputs, but got 3 inputs"):
        je.Parallel(np.add, a, b)(x, x, x)
    with pytest.raises(je.ArgumentError, match="with no sub-layers"):
        je.Parallel(np.add)


def normed(x: Any, axes: Any, eps: float) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def test_batch_norm_in_training_and_in_use() -> None:
    layer = je.BatchNorm(3, je.relu)
    layer.β, layer.γ = normal(3), normal(3)
    x = normal(4, 3, 5)
    view = (1, 3, 1)
    expected = np.maximum(
        layer.γ.reshape(view) * normed(x, (0, 2), 1e-5) + layer.β.reshape(view), 0
    )
    got: list[Any] = []
    je.gradient(lambda a: (got.append(je.primal(y := layer(a))), je.rules.total(y))[1], x)
    np.testing.assert_allclose(got[0], expected, rtol=1e-6)
    np.testing.assert_allclose(layer.μ, 0.1 * x.mean((0, 2)), rtol=1e-5)
    n = 20
    variance = 0.9 + 0.1 * x.var((0, 2)) * n / (n - 1)
    np.testing.assert_allclose(layer.variance, variance, rtol=1e-5)
    in_use = (
        layer.γ.reshape(view)
        * (x - layer.μ.reshape(view))
        / np.sqrt(layer.variance.reshape(view) + 1e-5)
    )
    np.testing.assert_allclose(layer(x), np.maximum(in_use + layer.β.reshape(view), 0), rtol=1e-6)
    always = je.BatchNorm(3, active=True, track_stats=False)
    check_gradients(double(always), x)


def test_other_norms() -> None:
    x = normal(4, 6, 3)
    group = je.GroupNorm(6, 2, active=True)
    split = x.reshape(4, 3, 2, 3, order="F")
    expected = normed(split, (0, 1), 1e-5).reshape(x.shape, order="F")
    np.testing.assert_allclose(group(x), expected, rtol=1e-6)
    check_gradients(double(group), x)
    instance = je.InstanceNorm(6, affine=True, active=True)
    np.testing.assert_allclose(instance(x), normed(x, (0,), 1e-5), rtol=1e-6)
    check_gradients(double(instance), x)
    layer = je.LayerNorm(4, 6)
    σ = x.std((0, 1), keepdims=True)
    np.testing.assert_allclose(
        layer(x), (x - x.mean((0, 1), keepdims=True)) / (σ + 1e-5), rtol=1e-6
    )
    check_gradients(double(layer), x)
    set_denominator("0.16")
    try:
        np.testing.assert_allclose(layer(x), normed(x, (0, 1), 1e-5), rtol=1e-6)
    finally:
        set_denominator("0.14")
    with pytest.raises(ValueError, match=r"number of groups \(4\) must divide .* \(6\)"):
        je.GroupNorm(6, 4)


def test_dropout_drops_in_training_only() -> None:
    x = np.ones((50, 40))
    layer = je.Dropout(0.3)
    assert layer(x) is x
    layer.active = True
    y = layer(x)
    assert set(np.unique(y.round(6))) == {0.0, round(1 / 0.7, 6)}
    assert 0.2 < np.mean(y == 0) < 0.4
    rows = je.Dropout(0.5, dims=1, active=True)(x)
    assert np.all(rows == rows[:, :1])
    alpha = je.AlphaDropout(0.4, active=True)(normal(400, 300))
    np.testing.assert_allclose([alpha.mean(), alpha.std()], [0, 1], atol=0.03)
    with pytest.raises(je.ArgumentError, match="Dropout expects 0 ≤ p ≤ 1, got p = 2"):
        je.Dropout(2)


def lstm(wi: Any, wh: Any, b: Any, x: Any, h: Any, c: Any) -> Any:
    i, f, g, o = np.split(wi @ x + wh @ h + b[:, None], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(wi: Any, wh: Any, b: Any, x: Any, h: Any) -> Any:
    a, s = wi @ x + b[:, None], wh @ h
    (ar, az, an), (sr, sz, sn) = np.split(a, 3), np.split(s, 3)
    z = sigmoid(az + sz)
    return (1 - z) * np.tanh(an + sigmoid(ar + sr) * sn) + z * h


def gru3(wi: Any, wh: Any, b: Any, wn: Any, x: Any, h: Any) -> Any:
    ar, az, an = np.split(wi @ x + b[:, None], 3)
    sr, sz = np.split(wh @ h, 2)
    z = sigmoid(az + sz)
    return (1 - z) * np.tanh(an + wn @ (sigmoid(ar + sr) * h)) + z * h


def test_cells() -> None:
    x, h, c = normal(3, 2), normal(4, 2), normal(4, 2)
    rnn = double(je.RNNCell((3, 4)))
    np.testing.assert_allclose(rnn(x, h)[0], np.tanh(rnn.Wi @ x + rnn.Wh @ h + rnn.bias[:, None]))
    cell = double(je.LSTMCell((3, 4)))
    y, (h1, c1) = cell(x, (h, c))
    np.testing.assert_allclose((y, c1), lstm(cell.Wi, cell.Wh, cell.bias, x, h, c))
    assert y is h1
    cell = double(je.GRUCell((3, 4)))
    np.testing.assert_allclose(cell(x, h)[0], gru(cell.Wi, cell.Wh, cell.b, x, h))
    cell = double(recurrent.GRUv3CellStateful((3, 4)))
    np.testing.assert_allclose(cell(h, x)[0], gru3(cell.Wi, cell.Wh, cell.b, cell.Wh_h, x, h))


RECURRENT: dict[str, Callable[[], Any]] = {
    "RNN": lambda: je.RNN((2, 3)),
    "LSTM": lambda: je.LSTM((2, 3)),
    "GRU": lambda: je.GRU((2, 3)),
    "GRUv3": lambda: je.GRUv3((2, 3)),
}


@pytest.mark.parametrize("name", RECURRENT)
def test_sequences(name: str) -> None:
    layer = double(RECURRENT[name]())
    x = normal(2, 4, 2)
    assert layer(x).shape == (3, 4, 2)
    np.testing.assert_allclose(layer(x)[:, :, 1], layer(x[:, :, 1]))
    check_gradients(layer, x)


def test_stateful_layers_keep_their_state() -> None:
    cell = double(recurrent.LSTMCellStateful((2, 3)))
    layer = je.Recur(cell)
    x = normal(2, 2, 4)
    steps = np.stack([layer(x[:, :, t]) for t in range(4)], 2)
    je.reset(layer)
    np.testing.assert_allclose(layer(x), steps)
    h, c = cell.state0[0], cell.state0[1]
    for t in range(4):
        h, c = lstm(cell.Wi, cell.Wh, cell.b, x[:, :, t], h, c)
        np.testing.assert_allclose(steps[:, :, t], h)
    je.reset(layer)
    total = je.gradient(lambda: je.rules.total(layer(x)), je.params(layer))
    assert all(total[p] is not None for p in je.params(layer))
    assert isinstance(layer.state[0], np.ndarray) or je.primal(layer.state[0]) is not None
    assert layer(x[:, :, 0]).shape == (3, 2)


def test_weight_normalisation() -> None:
    dense = double(je.Dense((3, 2), je.tanh))
    layer = WeightNorm(dense)
    x = normal(3, 4)
    np.testing.assert_allclose(layer(x), dense(x))
    layer.g = normal(2, 1)
    w = layer.g * dense.weight / np.linalg.norm(dense.weight, axis=1, keepdims=True)
    np.testing.assert_allclose(layer(x), np.tanh(w @ x + dense.bias[:, None]))
    check_gradients(layer, x)
    plain = remove_weight_norms(je.Chain(layer))
    assert isinstance(plain[0], je.Dense)
    np.testing.assert_allclose(plain(x), layer(x))


@pytest.mark.parametrize("size", [(3, 5), (3, 5, 2)])
def test_a_plain_recurrence_is_its_cell_step_by_step(size: tuple[int, ...]) -> None:
    layer = je.RNN((3, 4), je.tanh, return_state=True)
    x = np.asfortranarray(np.random.default_rng(2).standard_normal(size).astype(np.float32))

    def by_hand(layer: Any, x: Any) -> Any:
        h, out = layer.initial_state(), []
        for t in range(size[1]):
            _, h = layer.cell(rules.getitem(x, (slice(None), t)), h)
            out.append(rules.reshape(h, (4, 1, *size[2:])))
        return rules.concatenate(out, 1), h

    for whole, steps in zip(layer(x), by_hand(layer, x), strict=True):
        assert whole.dtype == np.float32
        np.testing.assert_allclose(whole, steps, rtol=1e-5, atol=1e-6)

    def loss(f: Any) -> Any:
        def run(layer: Any, x: Any) -> Any:
            y, h = f(layer, x)
            return rules.add(rules.sum_of_squares(y), rules.total(h))

        return run

    ours, theirs = (je.gradient(loss(f), layer, x) for f in (lambda m, x: m(x), by_hand))
    for key in ("Wi", "Wh", "bias"):
        np.testing.assert_allclose(
            ours[0]["cell"][key], theirs[0]["cell"][key], rtol=1e-4, atol=1e-5
        )
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=1e-5)
    with pytest.raises(je.DimensionMismatch, match=r"expects size\(input, 1\) == 3"):
        layer(x[:2])


def test_a_kept_state_goes_on_where_a_sequence_ended() -> None:
    x = np.asfortranarray(np.random.default_rng(2).standard_normal((3, 2, 6)).astype(np.float32))
    model = recurrent.stateful(recurrent.RNNCellStateful)((3, 4))
    steps = [model(np.asfortranarray(x[..., t])) for t in range(6)]
    last = model.state
    model.reset()
    whole = np.concatenate(
        [model(np.asfortranarray(x[..., :4])), model(np.asfortranarray(x[..., 4:]))], 2
    )
    for t, y in enumerate(steps):
        np.testing.assert_allclose(whole[..., t], y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.state, last, rtol=1e-5, atol=1e-6)
    y = model(x)
    assert not np.shares_memory(model.state, y)
