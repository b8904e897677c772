"""The rules of descent, with the formulas of Optimisers.jl."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from juliette_engine.numeric import constant
from juliette_engine.optimise.rule import Rule, State, abs2, cast

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class Descent(Rule):
    """Plain gradient descent: `x .-= eta .* g`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Cauchy (1847); Optimisers, `Descent`.
    """

    fields = ("eta",)
    defaults: ClassVar[tuple[Any, ...]] = (np.float32(0.1),)
    elementwise = True
    reads = False

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        (η,) = cast(x, self.eta)
        return state, η * g


class Momentum(Rule):
    """Gradient descent with momentum `rho`: `v = rho v + eta g`, and the step is `v`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Polyak (1964); Optimisers, `Momentum`.
    """

    fields = ("eta", "rho")
    defaults: ClassVar[tuple[Any, ...]] = (0.01, 0.9)
    elementwise = True
    reads = False

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ρ = cast(x, self.eta, self.rho)
        velocity = ρ * state + η * g
        return velocity, velocity


class Nesterov(Momentum):
    """Momentum `rho` that looks ahead, at the rate `eta`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Nesterov (1983); Optimisers, `Nesterov`.
    """

    defaults: ClassVar[tuple[Any, ...]] = (0.001, 0.9)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ρ = cast(x, self.eta, self.rho)
        return ρ * state - η * g, (1 + ρ) * η * g - ρ * ρ * state


class RMSProp(Rule):
    """Steps at the rate `eta` divided by a root mean square of the gradient, running with `rho`.

    If `centred`, by its deviation from a running mean; `epsilon` keeps it from zero.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Hinton (2012); Optimisers, `RMSProp`.
    """

    fields = ("eta", "rho", "epsilon", "centred")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, 0.9, EPSILON, False)
    elementwise = True
    reads = False

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
    """A step of its own for each number, which grows and shrinks with the signs of gradients.

    It begins with `eta`, is multiplied by one of `ell`, and stays between the two of `gamma`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Riedmiller and Braun (1993); Optimisers, `Rprop`.
    """

    fields = ("eta", "ell", "gamma")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, (0.5, 1.2), (1e-6, 50.0))
    elementwise = True
    reads = False

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
    """Steps at the rate `eta` divided by the root of all squared gradients so far, and `epsilon`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Duchi and others (2011); Optimisers, `AdaGrad`.
    """

    fields = ("eta", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.1, EPSILON)
    elementwise = True
    reads = False

    def init(self, x: Any) -> State:
        return np.full_like(x, self.epsilon)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε = cast(x, self.eta, self.epsilon)
        acc = state + abs2(g)
        return acc, η * g / (np.sqrt(acc) + ε)


class AdaDelta(Rule):
    """Steps scaled by the ratio of means of steps and gradients, running with `rho`, and `epsilon`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: nothing.
    Source: Zeiler (2012); Optimisers, `AdaDelta`.
    """

    fields = ("rho", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.9, EPSILON)
    elementwise = True
    reads = False

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        ρ, ε = cast(x, self.rho, self.epsilon)
        acc = ρ * state[0] + (1 - ρ) * abs2(g)
        dx = g * np.sqrt(state[1] + ε) / np.sqrt(acc + ε)
        return (acc, ρ * state[1] + (1 - ρ) * abs2(dx)), dx


BLOCK = 1 << 15
# Rates from here on are one as numbers of 32 bits.
ALMOST_ONE = 1 - 2.0**-24


class Numbers(NamedTuple):
    """Adam's hyper-parameters rounded to a kind of number."""

    eta: float  # divided by what the two means are divided by
    epsilon: float
    betas: tuple[Any, Any]
    decays: tuple[Any, Any]  # the same, as arrays without dimensions
    rests: tuple[Any, Any]  # what is left to one


@lru_cache(64)
def _numbers(eta: Any, epsilon: Any, beta: Any, dtype: Any) -> Numbers:
    η, ε, β1, β2 = [dtype.type(v) for v in (eta, epsilon, *beta)]
    root = math.sqrt(1 - β2)
    return Numbers(
        float(η) * float(1 - β1) / root,
        float(ε) / root,
        (β1, β2) if dtype.itemsize < 8 else beta,
        (constant(β1, dtype), constant(β2, dtype)),
        (constant(1 - β1, dtype), constant(1 - β2, dtype)),
    )


def _passes(g: Any, m: Any, v: Any, t: Any, factors: tuple[Any, ...]) -> None:
    """The means after a gradient, in place, and in `t` the step; the corrections are in the factors.

    `t` may be the gradient's own memory.  The means are divided by the complements of their rates,
    which saves two passes.
    """
    β1, β2, ε, η = factors
    np.multiply(m, β1, m)
    m += g
    np.multiply(v, β2, v)
    np.multiply(g, g, t)
    v += t
    np.sqrt(v, t)
    t += ε
    np.true_divide(m, t, t)
    t *= η


class Adam(Rule):
    """Running means of the gradient and its square, corrected for their start.

    They run with the two rates of `beta`; steps at the rate `eta`, with `epsilon` in the denominator.  The state is
    `(m, v, βᵗ)`; the two means are changed in place.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Kingma and Ba (2014); Optimisers, `Adam`.
    """

    fields: ClassVar[tuple[str, ...]] = ("eta", "beta", "epsilon")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, EPSILON)
    elementwise = True
    reads = False

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

    @property
    def in_passes(self) -> bool:
        """Is the step the one that `_passes` makes (also under the old name)?"""
        return type(self).apply in (Adam.apply, AdamW.apply)

    def numbers(self, dtype: Any) -> Numbers:
        """The hyper-parameters as numbers of a kind."""
        return _numbers(self.eta, self.epsilon, self.beta, dtype)

    @property
    def packs(self) -> bool:  # type: ignore[override]
        return max(self.beta) < ALMOST_ONE and self.in_passes

    def packed(self, state: State) -> State:
        if not self.packs:
            return state
        m, v, powers = state
        rest1, rest2 = self.numbers(m.dtype).rests
        return m / rest1, v / rest2, powers

    def unpacked(self, state: State, part: slice) -> State:
        if not self.packs:
            return super().unpacked(state, part)
        m, v, powers = state
        rest1, rest2 = self.numbers(m.dtype).rests
        return m[part] * rest1, v[part] * rest2, powers

    def factors(self, dtype: Any, powers: Any) -> tuple[tuple[Any, ...], tuple[Any, Any]]:
        """The numbers that `_passes` multiplies by and adds, and the powers of the rates after the step."""
        η, ε, (β1, β2), decays, _ = self.numbers(dtype)
        βt1, βt2 = powers
        correction = math.sqrt(1 - float(βt2))
        factors = (*decays, ε * correction, η * correction / (1 - float(βt1)))
        return factors, (βt1 * β1, βt2 * β2)

    def decay(self, x: Any, step: Any) -> None:
        """What is added to the step that `_passes` makes: nothing."""

    def apply_into(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        if not self.packs:
            return self.apply(state, x, g)
        m, v, powers = state
        factors, powers = self.factors(g.dtype, powers)
        _passes(g, m, v, g, factors)
        self.decay(x, g)
        return (m, v, powers), g

    def change_packed(self, state: State, x: Any, g: Any) -> State:
        if not self.packs:
            return super().change_packed(state, x, g)
        m, v, powers = state
        factors, powers = self.factors(g.dtype, powers)
        n = x.size
        scratch = np.empty(min(n, BLOCK), x.dtype)
        # block by block, so that the passes over a block find it in the cache
        for i in range(0, n, BLOCK):
            j = i + BLOCK
            block = x[i:j]
            t = scratch[: block.size]
            _passes(g[i:j], m[i:j], v[i:j], t, factors)
            self.decay(block, t)
            block -= t
        return m, v, powers

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
        t = np.sqrt(v, out=t) if t.dtype == v.dtype else np.sqrt(v)
        if t.dtype == np.float16:  # whose ε times the correction would be nothing
            return (m, v, (β1t * β1, β2t * β2)), m / (1 - β1t) / (np.sqrt(v / (1 - β2t)) + ε) * η
        correction = np.sqrt(1 - β2t)
        t += ε * correction
        dx = np.divide(m, t, out=t) if m.dtype == t.dtype else m / t
        dx *= η * correction / (1 - β1t)
        return (m, v, (β1t * β1, β2t * β2)), dx


class RAdam(Adam):
    """Adam with its first steps rectified; `eta`, `beta` and `epsilon` are those of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Liu and others (2019); Optimisers, `RAdam`.
    """

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
    """Adam with the largest gradient in place of the root mean square; `eta`, `beta`, `epsilon` as of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Kingma and Ba (2014); Optimisers, `AdaMax`.
    """

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m = β1 * state[0] + (1 - β1) * g
        u = np.maximum(β2 * state[1], np.abs(g))
        β1t, β2t = state[2]
        return (m, u, (β1t * β1, β2t * β2)), η / (1 - β1t) * m / (u + ε)


class OAdam(Adam):
    """Optimistic Adam; the state also holds the last step.  `eta`, `beta` and `epsilon` are those of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Daskalakis and others (2017); Optimisers, `OAdam`.
    """

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
    """Adam that looks ahead; `eta`, `beta` and `epsilon` are those of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Dozat (2016); Optimisers, `NAdam`.
    """

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        β1t, β2t = state[2]
        ahead = β1 * m / (1 - β1 * β1t) + (1 - β1) * g / (1 - β1t)
        dx = η * ahead / (np.sqrt(v * β2 / (1 - β2t)) + ε)
        return (m, v, (β1t * β1, β2t * β2)), dx


class AMSGrad(Adam):
    """Adam with the largest mean square so far, without correction; `eta`, `beta`, `epsilon` as of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Reddi and others (2018); Optimisers, `AMSGrad`.
    """

    def init(self, x: Any) -> State:
        return tuple(np.full_like(x, self.epsilon) for _ in range(3))

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m, v = self.moments(state, g, β1, β2)
        top = np.maximum(state[2], v)
        return (m, v, top), η * m / (np.sqrt(top) + ε)


class AdamW(Adam):
    """Adam with decay `lambda` of the weights, times the learning rate if `couple` is true.

    `eta`, `beta` and `epsilon` are those of `Adam`; the decay is given as `lambda_` by keyword.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Loshchilov and Hutter (2017); Optimisers, `AdamW`.
    """

    fields = ("eta", "beta", "lambda_", "epsilon", "couple")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, 0.0, EPSILON, True)
    reads = True

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        state, dx = super().apply(state, x, g)
        self.decay(x, dx)
        return state, dx

    def decay(self, x: Any, step: Any) -> None:
        η, λ = cast(x, self.eta, self.lambda_)
        step += (η * λ if self.couple else λ) * x


class AdaBelief(Adam):
    """Steps divided by the deviation of the gradient from its mean; `eta`, `beta`, `epsilon` as of `Adam`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Zhuang and others (2020); Optimisers, `AdaBelief`.
    """

    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS, 1e-16)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, ε, β1, β2 = cast(x, self.eta, self.epsilon, *self.beta)
        m = β1 * state[0] + (1 - β1) * g
        s = β2 * state[1] + (1 - β2) * abs2(g - m) + ε
        β1t, β2t = state[2]
        dx = η * m / (1 - β1t) / (np.sqrt(s / (1 - β2t)) + ε)
        return (m, s, (β1t * β1, β2t * β2)), dx


class Lion(Rule):
    """The sign of a momentum, at the rate `eta` and with the two rates of `beta`.

    Shapes: the state holds arrays of the parameter's size, the step has that size.
    Raises: DomainError for a negative learning rate.
    Source: Chen and others (2023); Optimisers, `Lion`.
    """

    fields = ("eta", "beta")
    defaults: ClassVar[tuple[Any, ...]] = (0.001, BETAS)
    elementwise = True
    reads = False

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        η, β1, β2 = cast(x, self.eta, *self.beta)
        mixed = (β2 - β1) * g + β1 * state
        return β2 * g + (1 - β2) * state, η * np.sign(mixed)
