"""The rules of descent, with the formulas of Optimisers.jl."""

from __future__ import annotations

import math
from functools import lru_cache
from operator import is_
from typing import Any, ClassVar

import numpy as np

from juliette_engine.numeric import constant
from juliette_engine.optimise.rule import Rule, State, abs2, cast

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Descent(Rule):
    """`x .-= η .* g`"""

    fields = ("eta",)
    defaults: ClassVar[tuple[Any, ...]] = (np.float32(0.1),)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        (η,) = cast(x, self.eta)
        return state, η * g


class Momentum(Rule):
    """Gradient descent with momentum `ρ`: `v = ρ v + η g`."""

    fields = ("eta", "rho")
    defaults: ClassVar[tuple[Any, ...]] = (0.01, 0.9)

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ρ = cast(x, self.eta, self.rho)
        velocity = ρ * state + η * g
        return velocity, velocity


class Nesterov(Momentum):
    """Momentum that looks ahead (Nesterov)."""

    defaults: ClassVar[tuple[Any, ...]] = (0.001, 0.9)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ρ = cast(x, self.eta, self.rho)
        return ρ * state - η * g, (1 + ρ) * η * g - ρ * ρ * state


class RMSProp(Rule):
    """Steps divided by a running root mean square of the gradient (Hinton).

    With `centred=True`, by its deviation from a running mean.
    """

    fields = ("eta", "rho", "epsilon", "centred")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, 0.9, EPSILON, False)

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x) if self.centred else False

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ρ, ε = cast(x, self.eta, self.rho, self.epsilon)
        square = ρ * state[0] + (1 - ρ) * abs2(g)
        if not self.centred:
            return (square, False), η * g / (np.sqrt(square) + ε)
        mean = ρ * state[1] + (1 - ρ) * g
        return (square, mean), η * g / (np.sqrt(square - abs2(mean)) + ε)

    def arguments(self) -> list[tuple[str, Any]]:
        return [*super().arguments()[:3], ("centred", self.centred)]


class Rprop(Rule):
    """A step of its own for each number, which grows and shrinks with the signs of gradients."""

    fields = ("eta", "ell", "gamma")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, (0.5, 1.2), (1e-6, 50.0))

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.full_like(x, self.eta)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        before, η = state
        low, high, smallest, largest = cast(x, *self.ell, *self.gamma)
        agreement = before * g
        η = np.where(
            agreement > 0,
            np.minimum(η * high, largest),
            np.where(agreement < 0, np.maximum(η * low, smallest), η),
        )
        kept = np.where(agreement < 0, g.dtype.type(0), g)
        return (kept, η), η * np.sign(kept)


class AdaGrad(Rule):
    """Steps divided by the root of all squared gradients so far (Duchi and others, 2011)."""

    fields = ("eta", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.1, EPSILON)

    def init(self, x: Any) -> State:
        return np.full_like(x, self.epsilon)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε = cast(x, self.eta, self.epsilon)
        acc = state + abs2(g)
        return acc, η * g / (np.sqrt(acc) + ε)


class AdaDelta(Rule):
    """Steps scaled by the ratio of running means of steps and gradients (Zeiler, 2012)."""

    fields = ("rho", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.9, EPSILON)

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        ρ, ε = cast(x, self.rho, self.epsilon)
        acc = ρ * state[0] + (1 - ρ) * abs2(g)
        dx = g * np.sqrt(state[1] + ε) / np.sqrt(acc + ε)
        return (acc, ρ * state[1] + (1 - ρ) * abs2(dx)), dx


BLOCK = 32768


@lru_cache(64)
def _numbers(eta: Any, epsilon: Any, beta: Any, dtype: Any) -> tuple[Any, ...]:
    """Hyper-parameters rounded to a kind of number: η, ε, both rates, and what arrays are multiplied by."""
    η, ε, β1, β2 = [dtype.type(v) for v in (eta, epsilon, *beta)]
    factors = tuple([constant(v, dtype) for v in (β1, 1 - β1, β2, 1 - β2)])
    return float(η), float(ε), *((β1, β2) if dtype.itemsize < 8 else beta), factors


def _passes(g: Any, m: Any, v: Any, t: Any, factors: tuple[Any, ...]) -> None:
    """The means after a gradient, in place, and in `t` the step; the corrections are in the factors."""
    β1, rest1, β2, rest2, ε, η = factors
    multiply = np.multiply
    multiply(m, β1, m)
    multiply(g, rest1, t)
    m += t
    multiply(v, β2, v)
    multiply(g, g, t)
    t *= rest2
    v += t
    np.sqrt(v, t)
    t += ε
    np.true_divide(m, t, t)
    t *= η


class Together:
    """The means of several arrays end to end, and room for a gradient and a step of all of them."""

    __slots__ = ("gradient", "m", "states", "step", "steps", "v")

    def __init__(self, states: list[State], arrays: list[Any]) -> None:
        n = sum([x.size for x in arrays])
        dtype = arrays[0].dtype
        self.gradient, self.step = np.empty(n, dtype), np.empty(n, dtype)
        self.m, self.v = np.empty(n, dtype), np.empty(n, dtype)
        self.steps: list[Any] = []
        # A state is still here if it is the same tuple, on views of these means.
        self.states: list[State] = []
        at = 0
        for state, x in zip(states, arrays, strict=True):
            part = slice(at, at + x.size)
            m, v, step = (a[part].reshape(x.shape, order="F") for a in (self.m, self.v, self.step))
            m[...], v[...] = state[0], state[1]
            self.steps.append(step)
            self.states.append((m, v, state[2]))
            at += x.size

    def holds(self, states: list[State]) -> bool:
        """Are these the states that were put here?"""
        own = self.states
        return len(own) == len(states) and all(map(is_, own, states)) and states[0][0].base is self.m


class Adam(Rule):
    """Running means of the gradient and its square, corrected for their start.

    (Kingma and Ba, 2014.)  The state is `(m, v, βᵗ)`; the two means are changed in place.
    """

    fields = ("eta", "beta", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, EPSILON)

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x), self.start(x)

    def start(self, x: Any) -> tuple[Any, Any]:
        """The decay rates as numbers of the array's kind."""
        β1, β2 = cast(x, *self.beta)
        return β1, β2

    def moments(self, state: State, g: Any, β1: Any, β2: Any) -> tuple[Any, Any]:
        """The two running means after this gradient."""
        m, v = state[0], state[1]
        m *= β1
        m += (1 - β1) * g
        v *= β2
        v += (1 - β2) * abs2(g)
        return m, v

    def change(self, state: State, x: Any, g: Any) -> State:
        """One step in place: block by block, so that the passes over a block find it in the cache."""
        if not self.passes_fit(x, g) or not all([a.flags.f_contiguous for a in (x, g, state[0], state[1])]):
            return super().change(state, x, g)
        p, d, m, v = [a.reshape(-1, order="A") for a in (x, g, state[0], state[1])]
        factors = self.factors(x, state[2])
        n = x.size
        scratch = np.empty(min(n, BLOCK), x.dtype)
        if n <= BLOCK:
            _passes(d, m, v, scratch, factors)
            p -= scratch
        else:
            for i in range(0, n, BLOCK):
                j = i + BLOCK
                block = p[i:j]
                t = scratch[: block.size]
                _passes(d[i:j], m[i:j], v[i:j], t, factors)
                block -= t
        return state[0], state[1], self.decayed(x, state[2])

    def passes_fit(self, x: Any, g: Any) -> bool:
        """Is the step the one that `_passes` makes (also under the old name), on floats of one kind?"""
        return type(self).apply is Adam.apply and x.dtype.kind == "f" and g.dtype == x.dtype

    def factors(self, x: Any, powers: Any) -> tuple[Any, ...]:
        """The numbers that a step multiplies by: rates, their complements, ε and the learning rate with the corrections."""
        η, ε, _, _, constants = _numbers(self.eta, self.epsilon, self.beta, x.dtype)
        correction = math.sqrt(1 - float(powers[1]))
        return *constants, ε * correction, η * correction / (1 - float(powers[0]))

    def decayed(self, x: Any, powers: Any) -> tuple[Any, Any]:
        """The powers of the rates after a step."""
        _, _, β1, β2, _ = _numbers(self.eta, self.epsilon, self.beta, x.dtype)
        return powers[0] * β1, powers[1] * β2

    def joins(self, state: State, x: Any, g: Any) -> bool:
        """Is an array small enough that its step is better made with others'?"""
        return (
            type(g) is np.ndarray and x.size <= BLOCK and g.shape == x.shape and self.passes_fit(x, g)
            and x.flags.f_contiguous
        )

    def change_together(self, together: Together, states: list[State], arrays: list[Any], grads: list[Any]) -> list[State]:
        """One step of several small arrays, whose means lie end to end."""
        x, powers = arrays[0], states[0][2]
        np.concatenate([g if g.ndim == 1 else g.reshape(-1, order="F") for g in grads], out=together.gradient)
        _passes(together.gradient, together.m, together.v, together.step, self.factors(x, powers))
        for array, step in zip(arrays, together.steps, strict=True):
            array -= step
        powers = self.decayed(x, powers)
        return [(s[0], s[1], powers) for s in states]

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v, (β1t, β2t) = state
        # One scratch array, and the corrections folded into the factors: few passes over memory.
        t = g * (1 - β1)
        m *= β1
        m += t
        if t.dtype == v.dtype and g.dtype.kind != "c":
            np.multiply(g, g, out=t)
        else:
            t = abs2(g)
        t *= 1 - β2
        v *= β2
        v += t
        np.sqrt(v, out=t)
        correction = np.sqrt(1 - β2t)
        t += ε * correction
        dx = np.divide(m, t, out=t) if m.dtype == t.dtype else m / t
        dx *= η * correction / (1 - β1t)
        return (m, v, (β1t * β1, β2t * β2)), dx


class RAdam(Adam):
    """Adam with its first steps rectified (Liu and others, 2019)."""

    def init(self, x: Any) -> State:
        return (*super().init(x), 1)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        (β1t, β2t), t = state[2], state[3]
        limit = 2 / (1 - float(β2)) - 1
        ρ = limit - 2 * t * float(β2t) / (1 - float(β2t))
        dx = m / (1 - β1t)
        if ρ > 4:
            r = math.sqrt((ρ - 4) * (ρ - 2) * limit / ((limit - 4) * (limit - 2) * ρ))
            dx = dx / (np.sqrt(v / (1 - β2t)) + ε) * cast(x, r)[0]
        return (m, v, (β1t * β1, β2t * β2), t + 1), dx * η


class AdaMax(Adam):
    """Adam with the largest gradient in place of the root mean square."""

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m = β1 * state[0] + (1 - β1) * g
        u = np.maximum(β2 * state[1], np.abs(g))
        β1t, β2t = state[2]
        return (m, u, (β1t * β1, β2t * β2)), η / (1 - β1t) * m / (u + ε)


class OAdam(Adam):
    """Optimistic Adam (Daskalakis and others, 2017); the state also holds the last step."""

    defaults: ClassVar[tuple[Any, ...]] = (0.001, (0.5, 0.9), EPSILON)

    def init(self, x: Any) -> State:
        return (*super().init(x), np.zeros_like(x))

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        β1t, β2t = state[2]
        term = η * m / (1 - β1t) / (np.sqrt(v / (1 - β2t)) + ε)
        return (m, v, (β1t * β1, β2t * β2), term), 2 * term - state[3]


class NAdam(Adam):
    """Adam that looks ahead (Dozat, 2016)."""

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        β1t, β2t = state[2]
        ahead = β1 * m / (1 - β1 * β1t) + (1 - β1) * g / (1 - β1t)
        dx = η * ahead / (np.sqrt(v * β2 / (1 - β2t)) + ε)
        return (m, v, (β1t * β1, β2t * β2)), dx


class AMSGrad(Adam):
    """Adam with the largest mean square so far, without correction (Reddi and others, 2018)."""

    def init(self, x: Any) -> State:
        return tuple(np.full_like(x, self.epsilon) for _ in range(3))

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        top = np.maximum(state[2], v)
        return (m, v, top), η * m / (np.sqrt(top) + ε)


class AdamW(Adam):
    """Adam with decay of the weights, coupled to the learning rate if `couple` is true.

    (Loshchilov and Hutter, 2017.)
    """

    fields = ("eta", "beta", "lambda_", "epsilon", "couple")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, 0.0, EPSILON, True)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        state, dx = super().apply(state, x, g)
        η, λ = cast(x, self.eta, self.lambda_)
        dx += (η * λ if self.couple else λ) * x
        return state, dx


class AdaBelief(Adam):
    """Steps divided by the deviation of the gradient from its mean (Zhuang and others, 2020)."""

    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, 1e-16)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m = β1 * state[0] + (1 - β1) * g
        s = β2 * state[1] + (1 - β2) * abs2(g - m) + ε
        β1t, β2t = state[2]
        dx = η * m / (1 - β1t) / (np.sqrt(s / (1 - β2t)) + ε)
        return (m, s, (β1t * β1, β2t * β2)), dx


class Lion(Rule):
    """The sign of a momentum (Chen and others, 2023)."""

    fields = ("eta", "beta")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS)

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, β1, β2 = cast(x, self.eta, *self.beta)
        mixed = (β2 - β1) * g + β1 * state
        return β2 * g + (1 - β2) * state, η * np.sign(mixed)
