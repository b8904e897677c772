"""How the engine is compared with PyTorch: values and gradients, in both precisions.

Flux's arrays have PyTorch's dimensions in reverse: what is `width × height × channels × batch` here
is `batch × channels × height × width` there.  So a tensor is an array transposed, and back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import juliette_engine as je
from juliette_engine import rules, trees

torch: Any = pytest.importorskip("torch")

RANDOM = np.random.default_rng(2024)
# Relative and absolute; some of PyTorch's constants are in single precision also for float64.
PRECISIONS = {"float64": (1e-7, 1e-8), "float32": (2e-4, 2e-5)}
Array = Any
Tensor = Any


def normal(*shape: int) -> Array:
    """Standard normal numbers."""
    return np.asfortranarray(RANDOM.normal(size=shape))


def positive(*shape: int) -> Array:
    """Numbers from 0.1 to 2."""
    return np.asfortranarray(RANDOM.uniform(0.1, 2, shape))


def unit(*shape: int) -> Array:
    """Numbers from 0.05 to 0.95."""
    return np.asfortranarray(RANDOM.uniform(0.05, 0.95, shape))


def columns(*shape: int) -> Array:
    """Probabilities along the first dimension."""
    x = unit(*shape)
    return np.asfortranarray(x / x.sum(0))


def signs(*shape: int) -> Array:
    """Numbers 1 and -1."""
    return np.asfortranarray(RANDOM.choice([-1.0, 1.0], shape))


def bits(*shape: int) -> Array:
    """Numbers 0 and 1."""
    return np.asfortranarray(RANDOM.integers(0, 2, shape).astype(float))


def kind(x: Any, dtype: str) -> Any:
    """Numbers in a precision; indices stay as they are."""
    return np.asfortranarray(x, dtype=dtype) if x.dtype.kind == "f" else x


def tensor(x: Array) -> Tensor:
    """An array as a tensor, with its dimensions in reverse."""
    return torch.tensor(np.ascontiguousarray(x.T), requires_grad=x.dtype.kind == "f")


def array(t: Tensor) -> Array:
    """A tensor as an array, with its dimensions in reverse."""
    return t.detach().numpy().T


def same(ours: Any, theirs: Any, dtype: str) -> None:
    """Equal numbers to the accuracy of a precision, and our precision is the one of the input."""
    relative, absolute = PRECISIONS[dtype]
    ours = np.asarray(ours)
    assert ours.dtype == dtype
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(
        ours, theirs, rtol=relative, atol=absolute * max(1.0, np.abs(theirs).max(initial=0))
    )


def outputs(y: Any) -> Sequence[Any]:
    return y if isinstance(y, tuple) else (y,)


def weighted(
    y: Any, weights: list[Array], like: Callable[[Array], Any], add: Any, total: Any
) -> Any:
    """A random combination of all outputs: its gradient is the pullback of `weights`."""
    parts = [
        total(v * like(w)) if like is tensor else total(rules.mul(v, w))
        for v, w in zip(outputs(y), weights, strict=True)
    ]
    out = parts[0]
    for part in parts[1:]:
        out = add(out, part)
    return out


def compare(
    ours: Callable[..., Any], theirs: Callable[..., Any], xs: Sequence[Array], dtype: str
) -> None:
    """Values of two functions, and the gradients of a random combination of their outputs."""
    compare_layer(lambda _, *args: ours(*args), (), lambda *args: theirs(*args), xs, dtype)


def compare_layer(
    layer: Any, parameters: Any, theirs: Callable[..., Any], xs: Sequence[Array], dtype: str
) -> None:
    """A layer (or a function of a tree of parameters) against a function of parameters and inputs."""
    xs = [kind(x, dtype) for x in xs]
    call = (lambda m, *args: m(*args)) if parameters is layer else layer
    own = list(trees.parameters(parameters))
    ours = call(parameters, *xs)
    given = [tensor(x) for x in (*own, *xs)]
    expected = theirs(*given)
    for y, t in zip(outputs(ours), outputs(expected), strict=True):
        same(y, array(t), dtype)
    weights = [kind(RANDOM.uniform(0.5, 1.5, np.shape(y)), dtype) for y in outputs(ours)]
    found = je.gradient(
        lambda m, *args: weighted(call(m, *args), weights, lambda w: w, rules.add, rules.total),
        parameters,
        *xs,
    )
    weighted(theirs(*given), weights, tensor, lambda a, b: a + b, lambda t: t.sum()).backward()
    gradients = [*gradients_of(found[0], parameters), *found[1:]]
    for g, t in zip(gradients, given, strict=True):
        if t.requires_grad:
            zero = np.zeros(t.shape[::-1], dtype)
            same(zero if g is None else g, zero if t.grad is None else array(t.grad), dtype)


def gradients_of(gradient: Any, parameters: Any) -> list[Any]:
    """The gradients of the parameters, in their order."""
    if trees.is_array(parameters):
        return [gradient]
    parts = trees.trained_parts(parameters)
    if parts is None:
        return []
    return [
        g for k, v in zip(*parts, strict=True) for g in gradients_of(trees.part(gradient, k), v)
    ]


def randomised(layer: Any, dtype: str) -> Any:
    """The layer with normal numbers for its parameters, in a precision."""
    return trees.fmap(
        lambda x: kind(normal(*x.shape), dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x,
        layer, exclude=trees.is_leaf,
    )  # fmt: skip
