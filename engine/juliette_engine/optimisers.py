"""Optimisation rules, and their two ways of use: a state tree for a model, or state by identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from juliette_engine.gradients import Grads, Params, gradient, withgradient

State = Any


class Rule:
    """How a gradient becomes a step: `init(x)` gives the state, `apply` the new state and the step.

    Used the old way, a rule keeps the state of each array itself, by identity.
    """

    fields: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.states: dict[int, tuple[Any, State]] = {}

    def init(self, x: Any) -> State:
        """The state before the first step."""
        return None

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        """The next state, and what to subtract from `x`."""
        raise NotImplementedError

    def step(self, x: Any, g: Any) -> Any:
        """The step for an array whose state this rule keeps."""
        kept = self.states.get(id(x))
        state, dx = self.apply(self.init(x) if kept is None else kept[1], x, g)
        self.states[id(x)] = (x, state)  # the array itself, so that its id is not used again
        return dx

    def __repr__(self) -> str:
        values = ", ".join(_julia(getattr(self, name)) for name in self.fields)
        return f"{type(self).__name__}({values})"


def _julia(x: Any) -> str:
    if isinstance(x, tuple):
        return "(" + ", ".join(map(_julia, x)) + ")"
    text = repr(x)
    if "e" in text:
        digits, _, exponent = text.partition("e")
        return f"{digits if '.' in digits else digits + '.0'}e{int(exponent)}"
    return text


class Descent(Rule):
    """`x .-= η .* g`"""

    fields = ("eta",)

    def __init__(self, eta: float = 0.1) -> None:
        super().__init__()
        self.eta = eta

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        return state, self.eta * g


class Momentum(Rule):
    """Gradient descent with momentum `ρ`."""

    fields = ("eta", "rho")

    def __init__(self, eta: float = 0.01, rho: float = 0.9) -> None:
        super().__init__()
        self.eta, self.rho = eta, rho

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        velocity = self.rho * state + self.eta * g
        return velocity, velocity


class Nesterov(Momentum):
    """Momentum that looks ahead."""

    def __init__(self, eta: float = 0.001, rho: float = 0.9) -> None:
        super().__init__(eta, rho)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        velocity = self.rho * state - self.eta * g
        return velocity, (1 + self.rho) * self.eta * g - self.rho**2 * state


class RMSProp(Rule):
    """Steps divided by a running root mean square of the gradient."""

    fields = ("eta", "rho", "epsilon")

    def __init__(self, eta: float = 0.001, rho: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.eta, self.rho, self.epsilon = eta, rho, epsilon

    def init(self, x: Any) -> State:
        return np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        acc = self.rho * state + (1 - self.rho) * (g * g)
        return acc, self.eta * g / (np.sqrt(acc) + self.epsilon)


class AdaGrad(Rule):
    """Steps divided by the root of all squared gradients so far."""

    fields = ("eta", "epsilon")

    def __init__(self, eta: float = 0.1, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.eta, self.epsilon = eta, epsilon

    def init(self, x: Any) -> State:
        return np.full_like(x, self.epsilon)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        acc = state + g * g
        return acc, self.eta * g / (np.sqrt(acc) + self.epsilon)


class AdaDelta(Rule):
    """Steps scaled by the ratio of running means of steps and gradients."""

    fields = ("rho", "epsilon")

    def __init__(self, rho: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.rho, self.epsilon = rho, epsilon

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        acc = self.rho * state[0] + (1 - self.rho) * (g * g)
        dx = g * np.sqrt(state[1] + self.epsilon) / np.sqrt(acc + self.epsilon)
        return (acc, self.rho * state[1] + (1 - self.rho) * (dx * dx)), dx


class Adam(Rule):
    """Running means of the gradient and its square, corrected for their start (Kingma and Ba)."""

    fields = ("eta", "beta", "epsilon")

    def __init__(
        self,
        eta: float = 0.001,
        beta: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__()
        self.eta, self.beta, self.epsilon = eta, beta, epsilon

    def init(self, x: Any) -> State:
        return np.zeros_like(x), np.zeros_like(x), self.beta

    def moments(self, state: State, g: Any) -> tuple[Any, Any]:
        """The two running means after this gradient."""
        β1, β2 = self.beta
        return β1 * state[0] + (1 - β1) * g, β2 * state[1] + (1 - β2) * (g * g)

    def powers(self, state: State) -> tuple[float, float]:
        """The powers of the decay rates for the next step."""
        return state[2][0] * self.beta[0], state[2][1] * self.beta[1]

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        m, v = self.moments(state, g)
        β1t, β2t = state[2]
        dx = self.eta * (m / (1 - β1t)) / (np.sqrt(v / (1 - β2t)) + self.epsilon)
        return (m, v, self.powers(state)), dx


class AdaMax(Adam):
    """Adam with the largest gradient in place of the root mean square."""

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        β1, β2 = self.beta
        m = β1 * state[0] + (1 - β1) * g
        u = np.maximum(β2 * state[1], np.abs(g))
        return (m, u, self.powers(state)), self.eta / (1 - state[2][0]) * m / (u + self.epsilon)


class NAdam(Adam):
    """Adam that looks ahead."""

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        m, v = self.moments(state, g)
        β1, β2 = self.beta
        β1t, β2t = state[2]
        ahead = β1 * m / (1 - β1 * β1t) + (1 - β1) * g / (1 - β1t)
        dx = self.eta * ahead / (np.sqrt(v * β2 / (1 - β2t)) + self.epsilon)
        return (m, v, self.powers(state)), dx


class AMSGrad(Adam):
    """Adam with the largest mean square so far, without correction."""

    def init(self, x: Any) -> State:
        return tuple(np.full_like(x, self.epsilon) for _ in range(3))

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        m, v = self.moments(state, g)
        top = np.maximum(state[2], v)
        return (m, v, top), self.eta * m / (np.sqrt(top) + self.epsilon)


class WeightDecay(Rule):
    """Adds `λ * x` to the gradient."""

    fields = ("lambda_",)

    def __init__(self, lambda_: float = 0.0) -> None:
        super().__init__()
        self.lambda_ = lambda_

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        return state, g + self.lambda_ * x


class ClipGrad(Rule):
    """Gradients kept between `-δ` and `δ`."""

    fields = ("delta",)

    def __init__(self, delta: float = 10.0) -> None:
        super().__init__()
        self.delta = delta

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        return state, np.clip(g, -self.delta, self.delta)


class ClipNorm(Rule):
    """Gradients scaled down to a norm of at most `ω`."""

    fields = ("omega",)

    def __init__(self, omega: float = 10.0) -> None:
        super().__init__()
        self.omega = omega

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        norm = float(np.linalg.norm(np.ravel(g)))
        return state, g * min(self.omega / norm, 1.0) if norm else g


class OptimiserChain(Rule):
    """Rules one after the other: the step of each is the gradient of the next."""

    def __init__(self, *rules: Rule) -> None:
        super().__init__()
        self.rules = list(rules)

    def init(self, x: Any) -> State:
        return [rule.init(x) for rule in self.rules]

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        after = []
        for rule, s in zip(self.rules, state, strict=True):
            s, g = rule.apply(s, x, g)
            after.append(s)
        return after, g

    def __repr__(self) -> str:
        return f"OptimiserChain({', '.join(map(repr, self.rules))})"


class AdamW(Adam):
    """Adam with decay of the weights."""

    fields = ("eta", "beta", "lambda_")

    def __init__(
        self,
        eta: float = 0.001,
        beta: tuple[float, float] = (0.9, 0.999),
        lambda_: float = 0.0,
        epsilon: float = 1e-8,
        couple: bool = False,
    ) -> None:
        super().__init__(eta, beta, epsilon)
        self.lambda_, self.couple = lambda_, couple

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        state, dx = super().apply(state, x, g)
        return state, dx + self.lambda_ * x * (self.eta if self.couple else 1.0)


class Leaf:
    """A rule and its state for one array of a model."""

    __slots__ = ("frozen", "rule", "state")

    def __init__(self, rule: Rule, state: State, frozen: bool = False) -> None:
        self.rule = rule
        self.state = state
        self.frozen = frozen

    def __repr__(self) -> str:
        return f"Leaf({self.rule!r}, {self.state!r}{', frozen = true' if self.frozen else ''})"


def _children(model: Any) -> dict[Any, Any] | None:
    """The parts of a model that can hold parameters, by field, key or position."""
    if isinstance(model, dict):
        return model
    if isinstance(model, (tuple, list)):
        return dict(enumerate(model))
    if hasattr(model, "trainable_fields"):
        return {name: getattr(model, name) for name in model.trainable_fields}
    return None


def setup(rule: Rule, model: Any) -> Any:
    """A tree like the model, with a `Leaf` for each array; an array met twice has one `Leaf`."""
    seen: dict[int, Leaf] = {}

    def visit(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fc":
                return ()
            if id(x) not in seen:
                seen[id(x)] = Leaf(rule, rule.init(x))
            return seen[id(x)]
        parts = _children(x)
        if parts is None:
            return ()
        return {name: visit(value) for name, value in parts.items()}

    return visit(model)


def _part(grad: Any, key: Any) -> Any:
    try:
        return grad[key]
    except (KeyError, IndexError):
        return None


def update_tree(state: Any, model: Any, grad: Any) -> Any:
    """One step on all arrays of a model, in place; tied arrays get the sum of their gradients."""
    found: dict[int, tuple[Leaf, Any, Any]] = {}

    def visit(s: Any, x: Any, g: Any) -> None:
        if g is None:
            return
        if isinstance(s, Leaf):
            if not s.frozen:
                before = found.get(id(s))
                found[id(s)] = (s, x, g if before is None else before[2] + g)
        elif isinstance(s, dict):
            parts = _children(x) or {}
            for name, below in s.items():
                visit(below, parts[name], _part(g, name))

    visit(state, model, grad)
    for leaf, x, g in found.values():
        leaf.state, dx = leaf.rule.apply(leaf.state, x, g)
        np.subtract(x, dx, out=x, casting="unsafe")
    return state, model


def update(opt: Any, model: Any, grad: Any) -> Any:
    """One step in place, for `(opt, params, grads)`, `(opt, x, x̄)` or `(state, model, grad)`."""
    if isinstance(opt, Rule):
        if isinstance(model, Params):
            if not isinstance(grad, Grads):
                raise TypeError("can't mix implicit Params with explicit gradients!")
            for x in model:
                if grad[x] is not None:
                    _step(opt, x, grad[x])
            return None
        if not isinstance(model, np.ndarray):
            raise TypeError("Invalid input to `update!`: expected a state tree from `setup`.")
        if grad is not None:
            _step(opt, model, grad)
        return model
    return update_tree(opt, model, grad)


def _step(opt: Rule, x: Any, g: Any) -> None:
    array = getattr(x, "array", x)
    np.subtract(array, opt.step(array, g), out=array, casting="unsafe")


def adjust(state: Any, eta: float) -> None:
    """A new learning rate for a whole state tree, in place."""
    if isinstance(state, Leaf):
        if hasattr(state.rule, "eta"):
            state.rule.eta = eta
    elif isinstance(state, dict):
        for part in state.values():
            adjust(part, eta)


def freeze(state: Any, frozen: bool = True) -> None:
    """Leave these parts of a model as they are."""
    if isinstance(state, Leaf):
        state.frozen = frozen
    elif isinstance(state, dict):
        for part in state.values():
            freeze(part, frozen)


def thaw(state: Any) -> None:
    """Undo `freeze`."""
    freeze(state, False)


def train(
    loss: Callable[..., Any],
    model: Any,
    data: Iterable[Any],
    opt: Any,
    *,
    cb: Callable[[], Any] | None = None,
) -> None:
    """One pass over the data: `loss(*d)` with `Params`, or `loss(model, *d)` with a state tree."""
    for d in data:
        args = d if isinstance(d, tuple) else (d,)
        if isinstance(model, Params):
            update(opt, model, gradient(lambda args=args: loss(*args), model))
        else:
            _, grads = withgradient(lambda m, args=args: loss(m, *args), model)
            update(opt, model, grads[0])
        if cb is not None:
            cb()
