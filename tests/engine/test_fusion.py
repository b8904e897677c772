"""Trees of elementwise calls on long arrays, which run in blocks, against the same on short ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import elementwise as E
from juliette_engine import fusion, long, rules
from juliette_engine.fusion import Call, Fixed

TREES = {
    # whole factors and signs that join a number beside them
    "scaled": Call(E.mul, (Call(E.power, (Call(E.neg, (0,)), Fixed(2))), 2)),
    "activated": Call(
        E.power,
        (
            Call(E.tanh, (Call(E.add, (Call(E.mul, (Call(E.sigmoid, (0,)), 2)), 1)),)),
            Fixed(2),
        ),
    ),
    # both leaves have one derivative
    "sum": Call(E.sin, (Call(E.add, (0, 1)),)),
    "difference": Call(E.abs2, (Call(E.sub, (0, 1)),)),
    "masked": Call(E.mul, (Call(E.relu, (0,)), Call(E.maximum, (0, 1)))),
    "alone": Call(E.neg, (Call(E.mul, (0, 1)),)),
}


def kernel(tree: Any, dtype: Any) -> Any:
    """The kernel of a tree over two traced vectors and a number."""
    one = np.ones(1, dtype)
    leaves = (
        fusion.Leaf(True, one, "{}.data"),
        fusion.Leaf(True, one, "{}.data"),
        fusion.Leaf(False, 1.0, "{}"),
    )
    return fusion.build(tree, leaves, fusion.PYTHON, None, None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", TREES)
def test_blocks_agree_with_short_arrays(name: str, dtype: Any) -> None:
    n = long.BIG + long.BLOCK // 2 + 3
    random = np.random.default_rng(5)
    x, y = (random.uniform(-1.5, 1.5, n).astype(dtype) for _ in range(2))
    run = kernel(TREES[name], dtype)
    weights = random.uniform(0.5, 1.0, n).astype(dtype)

    def gradient(x: Any, y: Any, w: Any) -> Any:
        return je.gradient(lambda x, y: rules.total(rules.mul(run(x, y, 3.0), w)), x, y)

    whole = gradient(x, y, weights)
    part = slice(long.BIG - 5, long.BIG + 5)
    some = gradient(x[part].copy(), y[part].copy(), weights[part].copy())
    for a, b in zip(whole, some, strict=True):
        if b is None:
            assert a is None
            continue
        assert a.dtype == dtype
        np.testing.assert_allclose(
            a[part], b, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps
        )


def test_derivatives_of_blocks_stay_as_they_are() -> None:
    x = np.linspace(-1.0, 1.0, long.BIG + 7)
    run = kernel(TREES["sum"], float)
    _, back = je.pullback(lambda x, y: rules.total(run(x, y, 3.0)), x, x.copy())
    first = [g.copy() for g in back(1.0)]
    for g in back(1.0):
        g += 1  # the caller's own
    for a, b in zip(first, back(1.0), strict=True):
        np.testing.assert_array_equal(a, b)
    a, b = je.gradient(lambda x, y: rules.total(run(x, y, 3.0)), x, x.copy())
    a += 1
    np.testing.assert_allclose(b, np.cos(2 * x))
