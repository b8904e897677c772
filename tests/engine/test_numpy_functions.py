"""numpy's functions on traced arrays: their gradients agree with finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from juliette_engine import BatchNorm, Chain, Dropout, GradientError, gradient, testmode, trainmode

rng = np.random.default_rng(1)
A = rng.normal(size=(3, 3)) + 3 * np.eye(3)
B = rng.normal(size=(3, 3))
v = rng.normal(size=3)
T = rng.normal(size=(2, 3, 4))
W = rng.normal(size=(2, 3, 4))


def w(y: Any) -> Any:
    """A number from an array, in which each element has its own part."""
    n = np.arange(1, int(np.size(y)) + 1).reshape(np.shape(y)) * 0.37
    return np.sum(np.sin(y * 0.7) * n)


def differences(f: Callable[[Any], Any], x: Any, h: float = 1e-6) -> Any:
    g = np.zeros_like(x)
    for i in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        g[i] = (f(up) - f(down)) / (2 * h)
    return g


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "det": (lambda a: np.linalg.det(a), A),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], A),
    "inv": (lambda a: w(np.linalg.inv(a)), A),
    "solve": (lambda a: w(np.linalg.solve(a, v)), A),
    "solve2": (lambda b: w(np.linalg.solve(A, b)), B),
    "pinv": (lambda a: w(np.linalg.pinv(a)), A),
    "norm": (lambda a: np.linalg.norm(a), A),
    "norm1": (lambda a: np.linalg.norm(a, 1), v),
    "normax": (lambda a: w(np.linalg.norm(a, axis=1)), A),
    "norminf": (lambda a: np.linalg.norm(a, np.inf), v),
    "chol": (lambda a: w(np.linalg.cholesky(a @ a.T + np.eye(3))), A),
    "eigh": (lambda a: w(np.linalg.eigh(a @ a.T)[0]), A),
    "eigh, vectors": (lambda a: w(np.linalg.eigh(a @ a.T).eigenvectors ** 2), A),
    "eigh, one triangle": (lambda a: w(np.linalg.eigh(a)[0]), A),
    "eigvalsh": (lambda a: w(np.linalg.eigvalsh(a, UPLO="U")), A),
    "svd": (lambda a: w(np.linalg.svd(a, compute_uv=False)), A),
    "svd, vectors": (lambda a: w(np.linalg.svd(a).U ** 2), A),
    "qr": (lambda a: w(np.linalg.qr(a).R ** 2), A),
    "power": (lambda a: w(np.linalg.matrix_power(a, 3)), A),
    "powerneg": (lambda a: w(np.linalg.matrix_power(a, -2)), A),
    "multi": (lambda a: w(np.linalg.multi_dot([a, B, a])), A),
    "max": (lambda a: np.max(a), A),
    "maxax": (lambda a: w(np.max(a, axis=0)), A),
    "maxkeep": (lambda a: w(a - np.max(a, axis=1, keepdims=True)), A),
    "minax": (lambda t: w(np.min(t, axis=(0, 2))), T),
    "m.max": (lambda a: w(a.max(1)), A),
    "amax": (lambda a: np.amax(a), A),
    "sort": (lambda a: w(np.sort(a)), A),
    "sort0": (lambda a: w(np.sort(a, axis=0)), A),
    "sortnone": (lambda a: w(np.sort(a, axis=None)), A),
    "var": (lambda a: np.var(a), A),
    "var1": (lambda a: w(np.var(a, axis=1, ddof=1)), A),
    "std": (lambda a: w(np.std(a, axis=0)), A),
    "a.std": (lambda a: a.std(), A),
    "average": (lambda a: w(np.average(a, axis=1, weights=np.array([1., 2, 3]))), A),
    "avw": (lambda q: w(np.average(A, axis=1, weights=q)), np.array([1., 2, 3])),
    "stack": (lambda x: w(np.stack([x, x**2], axis=1)), v),
    "hstack": (lambda x: w(np.hstack([x, x**2])), v),
    "hstack2": (lambda x: w(np.hstack([x, x**2])), A),
    "vstack": (lambda x: w(np.vstack([x, x**2])), v),
    "column": (lambda x: w(np.column_stack([x, x**2])), v),
    "append": (lambda x: w(np.append(x, x**2)), v),
    "clip": (lambda x: w(np.clip(x, -0.5, 0.5)), A),
    "x.clip": (lambda x: w(x.clip(-0.5, 0.5)), A),
    "outer": (lambda x: w(np.outer(x, x**2)), v),
    "inner": (lambda x: w(np.inner(x, B)), A),
    "vdot": (lambda x: np.vdot(x, B), A),
    "trace": (lambda a: np.trace(a @ a), A),
    "kron": (lambda a: w(np.kron(a, B)), A),
    "diag2": (lambda a: w(np.diag(a)), A),
    "diag1": (lambda x: w(np.diag(x)), v),
    "diag1k": (lambda x: w(np.diag(x, 1)), v),
    "tril": (lambda a: w(np.tril(a)), A),
    "triu": (lambda a: w(np.triu(a, 1)), A),
    "flip": (lambda a: w(np.flip(a, 0)), A),
    "roll": (lambda a: w(np.roll(a, 1, axis=1)), A),
    "tile": (lambda a: w(np.tile(a, (2, 1))), A),
    "repeat": (lambda a: w(np.repeat(a, 2, axis=0)), A),
    "squeeze": (lambda a: w(np.squeeze(a[None])), A),
    "expand": (lambda a: w(np.expand_dims(a, 1)), A),
    "swap": (lambda t: w(np.swapaxes(t, 0, 2)), T),
    "moveaxis": (lambda t: w(np.moveaxis(t, 0, -1)), T),
    "broadcast_to": (lambda x: w(np.broadcast_to(x, (2, 3))), v),
    "take": (lambda a: w(np.take(a, [2, 0, 2], axis=1)), A),
    "delete": (lambda a: w(np.delete(a, 1, axis=0)), A),
    "split": (lambda t: w(np.split(t, 2, axis=2)[1]), T),
    "transpose": (lambda t: w(np.transpose(t, (2, 0, 1))), T),
    "t.T": (lambda a: w(a.T), A),
    "ein1": (lambda a: w(np.einsum("ij,j->i", a, v)), A),
    "ein2": (lambda a: w(np.einsum("ij,jk->ik", a, B)), A),
    "ein3": (lambda a: np.einsum("ij->", a * 1.0), A),
    "ein4": (lambda a: w(np.einsum("ij->ji", a)), A),
    "ein5": (lambda a: w(np.einsum("ij,jk,kl", a, B, a)), A),
    "ein6": (lambda t: w(np.einsum("bij,bkj->bik", t, W)), T),
    "ein7": (lambda t: w(np.einsum("bij,bkj->i", t, W)), T),
    "ein8": (lambda t: w(np.einsum("bij->j", t)), T),
    "ein9": (lambda a: np.einsum("ij,ij", a, a), A),
    "where": (lambda a: w(np.where(a > 0, a, a**2)), A),
    "cumsum": (lambda x: w(np.cumsum(x)), v),
    "prod": (lambda x: np.prod(x), v),
    "a.dot": (lambda a: w(a.dot(B)), A),
    "argmax": (lambda a: a[np.argmax(a, axis=0), np.arange(3)].sum(), A),
    "lse": (lambda a: w(np.log(np.sum(np.exp(a - np.max(a, axis=1, keepdims=True)), axis=1))), A),
    "zeros": (lambda a: w(a + np.zeros_like(a)), A),
    "concat": (lambda a: w(np.concatenate([a, a * 2], axis=1)), A),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient(name: str) -> None:
    f, x = FUNCTIONS[name]
    (found,) = gradient(f, x)
    assert np.allclose(found, differences(f, x), rtol=1e-5, atol=1e-6)


def test_sums_over_indices_twice() -> None:
    def slope(x: Any) -> Any:
        return np.sum(gradient(lambda y: w(np.einsum("ij,j->i", A, y**2)), x)[0] ** 2)

    assert np.allclose(gradient(slope, v)[0], differences(slope, v), rtol=1e-4)


def test_an_index_twice_in_one_operand() -> None:
    with pytest.raises(TypeError, match="without an index twice"):
        gradient(lambda a: np.einsum("ii", a), A)


def test_elements_are_not_set() -> None:
    def f(x: Any) -> Any:
        x[0] = 1.0
        return np.sum(x)

    with pytest.raises(GradientError, match="Mutating arrays is not supported"):
        gradient(f, v)


def test_what_numpy_does_in_place_or_without_a_derivative() -> None:
    x = np.array([1.0, 2.0])
    with pytest.raises(GradientError, match=r"called np.add\(…, out=x\) on an array"):
        gradient(lambda a: np.add(a, 1, out=a).sum(), x)
    for call, name in (
        (lambda a: np.digitize(a, [0.5]).sum() * 1.0, r"numpy\.digitize"),
        (lambda a: np.linalg.svd(np.outer(a, [1.0, 2.0, 3.0]))[0].sum(), r"numpy\.linalg\.svd"),
    ):
        with pytest.raises(GradientError, match=f"Can't differentiate foreigncall expression {name}"):  # fmt: skip
            gradient(call, x)


def test_modes() -> None:
    model = Chain(BatchNorm(3), Dropout(0.5))
    assert testmode(model) is model
    assert [x.active for x in model.layers] == [False, False]
    trainmode(model)
    assert [x.active for x in model.layers] == [True, True]
    testmode(model, None)
    assert [x.active for x in model.layers] == [None, None]
