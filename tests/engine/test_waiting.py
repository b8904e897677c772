"""Operations on long arrays that wait for the next one give what operations on short arrays give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import deferred, long, rules

N = long.BIG + long.BLOCK // 8 + 3
PART = slice(long.BIG - 4, long.BIG + 4)


def twice(x: Any) -> Any:
    y = je.σ(x)
    return (y * (1 - y)).sum() + y.sum()


def branching(x: Any) -> Any:
    y = np.tanh(x) * 2
    a, b = y + 1, y - 1
    return (a * b).sum() + (a / (b * b + 3)).sum()


def looks(x: Any) -> Any:
    y = np.exp(-x)
    total = rules.total(y) + (y * 2).sum()
    return total if y.data[0] > 0 else total * 2


def many(x: Any) -> Any:
    y = x
    for i in range(60):
        y = y * 0.99 + 0.001 * i
    return y.sum()


def scaled(x: Any) -> Any:
    return (np.sin(x) * 3).mean() * 5 + (x * 2).sum()


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "twice": twice, "branching": branching, "looks": looks, "many": many, "scaled": scaled,
    "activations": lambda x: (je.leakyrelu(x, 0.2) * je.softplus(x) + je.gelu(x)).sum(),
    "powers": lambda x: ((x + 2) ** 2 + (x + 2) ** 3 - (x + 2) ** 0.5).sum(),
    "shapes": lambda x: (x * 2).reshape(-1, order="F").sum() + (x + x).size,
    "maxima": lambda x: (np.maximum(x, 0.1) * np.minimum(x * x, 0.5)).sum(),
    "slopes that are truth values": lambda x: rules.relu(x).sum() + (x * x).sum() + (rules.relu(x) * 2).sum(),
    "a slope that is a truth value": lambda x: rules.relu(x).sum(),
    "single numbers": lambda x: (x * np.float64(2) + np.float32(1)).sum(),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_long_arrays_agree_with_short_ones(name: str, dtype: Any) -> None:
    f = FUNCTIONS[name]
    x = np.random.default_rng(3).uniform(-1.5, 1.5, N).astype(dtype)
    value, (g,) = je.withgradient(f, x)
    small, pieces = 0.0, []
    for i in range(0, N, 1 << 16):  # the mean is of all
        part = x[i : i + (1 << 16)]
        v, (d,) = je.withgradient(lambda p: f(p), part)
        small, pieces = small + float(v), [*pieces, d]
    expected = np.concatenate(pieces)
    if name == "scaled":
        expected = 2 + 15 * np.cos(x) / N
    elif name != "shapes":
        assert float(value) == pytest.approx(small, rel=1e-4)
    assert g.dtype == dtype
    tolerance = 64 * np.finfo(dtype).eps
    np.testing.assert_allclose(g, expected, rtol=tolerance, atol=tolerance)


def test_plain_arrays_may_be_written_to_afterwards() -> None:
    x = np.linspace(-1.0, 1.0, N)
    noise = np.ones(N)

    def f(x: Any) -> Any:
        y = x + noise
        noise[:] = 100
        return y.sum()

    value, (g,) = je.withgradient(f, x)
    assert value == pytest.approx(N, rel=1e-6)
    np.testing.assert_array_equal(g, np.ones(N))


def test_second_derivatives_and_pullbacks() -> None:
    x = np.linspace(-1.0, 1.0, N)
    (g,) = je.gradient(lambda x: (je.gradient(lambda v: (np.sin(v) * v).sum(), x)[0] * x).sum(), x)
    first = np.sin(x) + x * np.cos(x)
    second = 2 * np.cos(x) - x * np.sin(x)
    np.testing.assert_allclose(g, first + x * second, atol=1e-12)
    y, back = je.pullback(lambda x: np.exp(x) * 2, x)
    np.testing.assert_allclose(y, 2 * np.exp(x))
    for _ in range(2):
        (g,) = back(np.full(N, 3.0))
        np.testing.assert_allclose(g, 6 * np.exp(x))


def test_what_nobody_looks_at_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    run = deferred._run
    monkeypatch.setattr(deferred, "_run", lambda r, p: (runs.append(1), run(r, p)))
    x = np.linspace(-1.0, 1.0, N)

    def f(x: Any) -> Any:
        y = np.tanh(je.σ(x) * 2.0 + 1.0) ** 2
        assert y.shape == (N,)
        assert y.dtype == float
        assert y.size == N
        assert y.ndim == 1
        return y.sum()

    je.gradient(f, x)
    assert not runs


def test_sizes_that_do_not_fit() -> None:
    x = np.linspace(-1.0, 1.0, N)
    with pytest.raises(Exception, match=r"size|shape|dimension"):
        je.gradient(lambda x: (np.exp(x) * np.ones(3)).sum(), x)


def test_implicit_parameters_and_numbers_under_differentiation() -> None:
    x = np.linspace(-1.0, 1.0, N)
    g, d = je.gradient(lambda x, a: (np.exp(x) * a).sum(), x, 2.0)
    np.testing.assert_allclose(g, 2 * np.exp(x))
    assert d == pytest.approx(np.exp(x).sum())
    grads = je.gradient(lambda: (rules.mul(x, x) * 2.0).sum(), je.params(x))
    np.testing.assert_allclose(grads[x], 4 * x)


DOMAINS = {
    "reals": (-2.0, 2.0),
    "positives": (0.3, 2.0),
    "unit": (-0.9, 0.9),
    "above one": (1.1, 3.0),
}
UNARY = [
    name
    for name, op in rules.ELEMENTWISE.items()
    if len(op.partials) == 1 and name not in ("real", "imag", "angle", "complex")
]


@pytest.mark.parametrize("name", UNARY)
def test_each_operation_on_long_arrays(name: str) -> None:
    op = rules.ELEMENTWISE[name]
    low, high = DOMAINS.get(op.on, (-2.0, 2.0))
    x = np.random.default_rng(4).uniform(low, high, N).astype(np.float32)

    def f(x: Any) -> Any:
        y = op(x)
        return rules.total(y) + (y * 2).sum() + (x * x).sum() + rules.total(op(x * 1.05))

    (whole,), (part,) = je.gradient(f, x), je.gradient(f, x[PART].copy())
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole[PART], part, rtol=2e-4, atol=2e-5)
