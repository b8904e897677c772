"""Every rule of the table against finite differences, first and second order."""

from __future__ import annotations

import numpy as np
import pytest
from juliette_engine import gradient, rules

RNG = np.random.default_rng(7)
DOMAINS = {
    "reals": lambda shape: RNG.normal(size=shape) + 0.05,
    "positives": lambda shape: RNG.uniform(0.5, 2.0, size=shape),
    "unit": lambda shape: RNG.uniform(-0.8, 0.8, size=shape),
}
PIECEWISE = {"relu", "leakyrelu", "max", "min", "abs"}


def numeric(f, xs, i, h=1e-6):  # type: ignore[no-untyped-def]
    out = np.zeros_like(xs[i])
    for at in np.ndindex(xs[i].shape):
        up, down = [x.copy() for x in xs], [x.copy() for x in xs]
        up[i][at] += h
        down[i][at] -= h
        out[at] = (f(*up) - f(*down)) / (2 * h)
    return out


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (2,)), ((2, 1), (1, 3))])
@pytest.mark.parametrize("name", sorted(rules.ELEMENTWISE))
def test_elementwise_rule(name: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    op = rules.ELEMENTWISE[name]
    xs = [np.asfortranarray(DOMAINS[op.on](s)) for s in shapes[: len(op.partials)]]
    weights = RNG.normal(size=np.shape(op(*xs)))

    def loss(*args):  # type: ignore[no-untyped-def]
        return rules.total(rules.mul(op(*args), weights))

    for i, g in enumerate(gradient(loss, *xs)):
        assert g.shape == xs[i].shape
        np.testing.assert_allclose(g, numeric(loss, xs, i), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(rules.ELEMENTWISE) - PIECEWISE))
def test_second_order(name: str) -> None:
    op = rules.ELEMENTWISE[name]
    xs = [DOMAINS[op.on]((2,)) for _ in op.partials]

    def first(*args):  # type: ignore[no-untyped-def]
        return rules.total(gradient(lambda *a: rules.total(op(*a)), *args)[0])

    for i, g in enumerate(gradient(first, *xs)):
        if g is not None:
            np.testing.assert_allclose(g, numeric(first, xs, i, 1e-5), rtol=1e-4, atol=1e-5)


WHOLE = {
    "matmul": (lambda a, b: rules.total(rules.mul(rules.matmul(a, b), rules.matmul(a, b))), (2, 3), (3, 2)),
    "matvec": (lambda a, b: rules.total(rules.exp(rules.matmul(a, b))), (2, 3), (3,)),
    "reshape": (lambda a: rules.total(rules.mul(rules.reshape(a, (3, 2)), np.arange(6.0).reshape(3, 2))), (2, 3)),
    "getitem": (lambda a: rules.total(rules.exp(rules.getitem(a, np.array([0, 0, 1])))), (3,)),
    "softmax": (lambda a: rules.total(rules.mul(rules.softmax(a), np.arange(6.0).reshape(3, 2))), (3, 2)),
    "logsoftmax": (lambda a: rules.total(rules.mul(rules.logsoftmax(a), np.arange(3.0))), (3,)),
    "concatenate": (lambda a, b: rules.total(rules.exp(rules.concatenate([a, b], 0))), (2,), (3,)),
    "sum_along": (lambda a: rules.total(rules.exp(rules.sum_along(a, (1,)))), (2, 3)),
    "product": (lambda a: rules.product(a), (4,)),
}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_array_rule(name: str) -> None:
    f, *shapes = WHOLE[name]
    xs = [np.asfortranarray(RNG.normal(size=s)) for s in shapes]
    for i, g in enumerate(gradient(f, *xs)):
        np.testing.assert_allclose(g, numeric(f, xs, i), rtol=1e-5, atol=1e-7)


def test_float32_stays() -> None:
    x = np.array([0.5, 2.0], dtype=np.float32)
    (g,) = gradient(lambda a: rules.total(rules.mul(a, a)), x)
    assert g.dtype == np.float32


def test_nested_to_depth_three() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        return x**4

    def d(g):  # type: ignore[no-untyped-def]
        return lambda x: gradient(g, x)[0]

    assert d(d(d(f)))(2.0) == pytest.approx(48.0)
