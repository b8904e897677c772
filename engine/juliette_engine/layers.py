"""Layers and optimisation for Python users, on the same rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from juliette_engine import rules
from juliette_engine.gradients import Grads, Parameter, Params

_RANDOM = np.random.default_rng()


def glorot_uniform(out: int, into: int) -> Any:
    """`U(±√(6/(in+out)))` as Float32 (Glorot and Bengio, 2010)."""
    return np.asfortranarray((_RANDOM.random((out, into)) - 0.5) * np.sqrt(24.0 / (into + out)), dtype=np.float32)


def identity(x: Any) -> Any:
    """The argument itself."""
    return x


sigmoid = rules.sigmoid
relu = rules.relu
tanh = rules.tanh
softmax = rules.softmax
logsoftmax = rules.logsoftmax
_NAMES: dict[Any, str] = {sigmoid: "σ", relu: "relu", tanh: "tanh", identity: "identity"}


class Dense:
    """Fully connected: `σ.(W * x .+ b)`; `x` is features or features × batch."""

    def __init__(self, sizes: tuple[int, int], σ: Callable[[Any], Any] = identity, *, bias: bool = True) -> None:
        into, out = sizes
        self.weight = Parameter(glorot_uniform(out, into))
        self.bias = Parameter(np.zeros(out, dtype=np.float32)) if bias else None
        self.σ = σ

    def __call__(self, x: Any) -> Any:
        y = rules.matmul(self.weight.value, x)
        if self.bias is not None:
            y = rules.add(y, self.bias.value)
        return self.σ(y)

    def trainable(self) -> Iterator[Any]:
        """Weight and bias."""
        yield self.weight
        if self.bias is not None:
            yield self.bias

    def __repr__(self) -> str:
        out, into = self.weight.array.shape
        extra = "" if self.σ is identity else f", {_NAMES.get(self.σ, getattr(self.σ, '__name__', 'σ'))}"
        return f"Dense({into} => {out}{extra}{'' if self.bias is not None else '; bias=false'})"


class Chain:
    """Layers one after the other."""

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = layers

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def trainable(self) -> Iterator[Any]:
        """The layers."""
        yield from self.layers

    def __repr__(self) -> str:
        return f"Chain({', '.join(getattr(x, '__name__', None) or repr(x) for x in self.layers)})"


def mse(ŷ: Any, y: Any) -> Any:
    """Mean of `(ŷ - y)²`."""
    d = rules.sub(ŷ, y)
    return rules.div(rules.total(rules.mul(d, d)), float(np.size(y)))


def crossentropy(ŷ: Any, y: Any) -> Any:
    """`mean(-sum(y .* log.(ŷ .+ ε), dims=1))`"""
    eps = float(np.finfo(np.float32).eps)
    n = float(np.shape(y)[1]) if np.ndim(y) > 1 else 1.0
    return rules.div(rules.neg(rules.total(rules.mul(y, rules.log(rules.add(ŷ, eps))))), n)


class Descent:
    """`x .-= η .* g`"""

    def __init__(self, eta: float = 0.1) -> None:
        self.eta = eta

    def step(self, x: Any, g: Any) -> Any:
        return x.dtype.type(self.eta) * g


class Momentum:
    """Gradient descent with momentum `ρ`."""

    def __init__(self, eta: float = 0.01, rho: float = 0.9) -> None:
        self.eta = eta
        self.rho = rho
        self.velocity: dict[int, Any] = {}

    def step(self, x: Any, g: Any) -> Any:
        v = self.velocity.get(id(x))
        v = self.eta * g if v is None else self.rho * v + self.eta * g
        self.velocity[id(x)] = v
        return v


def update(opt: Any, params: Params, grads: Grads) -> None:
    """One step on all parameters, in place."""
    for p in params:
        g = grads[p]
        if g is not None:
            p.array -= opt.step(p.array, g).astype(p.array.dtype)
