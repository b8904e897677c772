"""Models as trees and vectors, and data in batches."""

from __future__ import annotations

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import trees


def test_parameters_as_a_vector_and_back() -> None:
    model = je.Chain(je.Dense((2, 3), je.tanh), je.Dense((3, 1)))
    flat, rebuild = je.destructure(model)
    assert flat.shape == (13,)
    assert repr(rebuild) == "Restructure(Chain, ..., 13)"
    x = np.ones((2, 4), np.float32)
    np.testing.assert_allclose(rebuild(flat)(x), model(x))
    g = je.gradient(lambda v: je.mse(rebuild(v)(x), np.zeros((1, 4), np.float32)), flat)[0]
    tree = je.gradient(lambda m: je.mse(m(x), np.zeros((1, 4), np.float32)), model)[0]
    np.testing.assert_allclose(g[:6], tree["layers"][0]["weight"].ravel(order="F"), rtol=1e-5)
    with pytest.raises(je.DimensionMismatch, match="Rebuild expected a vector of length 13, got 5"):
        rebuild(flat[:5])


def test_shared_parameters_are_met_once() -> None:
    shared = np.ones((2, 2))
    model = je.Chain(je.Dense(shared, False), je.Dense(shared, False))
    assert len(list(trees.parameters(model))) == 1
    assert len(je.trainables(model)) == 1
    copied = je.fmap(lambda x: x.copy() if isinstance(x, np.ndarray) else x, model)
    assert copied[0].weight is copied[1].weight
    assert copied[0].weight is not shared


def test_batches() -> None:
    x, y = np.arange(10).reshape(2, 5), np.arange(5)
    loader = je.DataLoader((x, y), batchsize=2)
    assert [b[0].shape for b in loader] == [(2, 2), (2, 2), (2, 1)]
    assert len(loader) == 3
    assert len(je.DataLoader(x, batchsize=2, partial=False)) == 2
    drawn = np.concatenate(
        [b["y"] for b in je.DataLoader({"x": x, "y": y}, batchsize=2, shuffle=True)]
    )
    assert sorted(drawn.tolist()) == [0, 1, 2, 3, 4]
    with pytest.raises(je.DimensionMismatch, match="the same number of observations"):
        je.DataLoader((x, y[:3]))


def test_one_hot() -> None:
    y = je.onehotbatch(["b", "a", "c"], ["a", "b", "c"])
    np.testing.assert_array_equal(y.argmax(0), [1, 0, 2])
    np.testing.assert_array_equal(je.onecold(y, ["a", "b", "c"]), ["b", "a", "c"])
    np.testing.assert_array_equal(je.onecold(np.array([[0.1, 0.9], [0.5, 0.2]])), [1, 0])
    with pytest.raises(je.ArgumentError, match="not found in labels"):
        je.onehotbatch([7], [1, 2])
    assert je.onehotbatch([7], [1, 2], 1)[0, 0]
    with pytest.raises(je.DimensionMismatch, match="onecold got 2 labels"):
        je.onecold(np.ones(3), ["a", "b"])
