"""Rules that change a gradient before another rule sees it, and rules made of rules."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from juliette_engine.errors import DomainError
from juliette_engine.optimise.rule import Rule, State, cast
from juliette_engine.text import eltype_name, float_text, summary, value_text


class WeightDecay(Rule):
    """Adds `lambda * x` to the gradient: the penalty `lambda / 2 * sum(abs2, x)`; by keyword `lambda_`.

    Shapes: any; without a state.
    Raises: nothing.
    Source: Krogh and Hertz (1991); Optimisers, `WeightDecay`.
    """

    fields = ("lambda_",)
    defaults: ClassVar[tuple[Any, ...]] = (5e-4,)
    elementwise = True

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        (λ,) = cast(x, self.lambda_)
        return state, g + λ * x


class SignDecay(Rule):
    """Adds `lambda * sign(x)` to the gradient: the penalty `lambda * sum(abs, x)`; by keyword `lambda_`.

    Shapes: any; without a state.
    Raises: nothing.
    Source: Tibshirani (1996); Optimisers, `SignDecay`.
    """

    fields = ("lambda_",)
    defaults: ClassVar[tuple[Any, ...]] = (1e-3,)
    elementwise = True

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        (λ,) = cast(x, self.lambda_)
        return state, g + λ * np.sign(x)


class ClipGrad(Rule):
    """Gradients kept between `-delta` and `delta`.

    Shapes: any; without a state.
    Raises: nothing.
    Source: Optimisers, `ClipGrad`.
    """

    fields = ("delta",)
    defaults: ClassVar[tuple[Any, ...]] = (10.0,)
    elementwise = True

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        (δ,) = cast(x, self.delta)
        return state, np.clip(g, -δ, δ)


class ClipNorm(Rule):
    """Gradients scaled down to a `p`-norm of at most `omega`.

    Shapes: any; without a state.
    Raises: DomainError for a norm that is not finite, unless `throw` is false.
    Source: Pascanu and others (2013); Optimisers, `ClipNorm`.
    """

    fields = ("omega", "p", "throw")
    defaults: ClassVar[tuple[Any, ...]] = (10.0, 2.0, True)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        norm = float(np.linalg.norm(np.ravel(g), self.p))
        if self.throw and not np.isfinite(norm):
            raise DomainError(
                cast(x, norm)[0],
                f"gradient has {float_text(self.p)}-norm {float_text(norm)}, "
                f"for array {summary(x)}",
            )
        (λ,) = cast(x, min(self.omega / norm, 1.0) if norm else 1.0)
        return state, g * λ


class OptimiserChain(Rule):
    """Rules one after the other: the step of each of the `rules` is the gradient of the next.

    Shapes: the state is the tuple of theirs.
    Raises: what its rules raise.
    Source: Optimisers, `OptimiserChain`.
    """

    def __init__(self, *rules: Any) -> None:
        super().__init__()
        self.opts = tuple(rules)

    def init(self, x: Any) -> State:
        return tuple(rule.init(x) for rule in self.opts)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        after = list(state)
        for i, rule in enumerate(self.opts):
            after[i], g = rule.apply(state[i], x, g)
            if g is None:
                break
        return tuple(after), g

    @property
    def elementwise(self) -> bool:  # type: ignore[override]
        return all([rule.elementwise for rule in self.opts])

    def adjusted(self, eta: float | None = None, **changes: Any) -> Rule:
        return type(self)(*(rule.adjusted(eta, **changes) for rule in self.opts))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.opts)

    def __len__(self) -> int:
        return len(self.opts)

    def __getitem__(self, i: int) -> Any:
        return self.opts[i]

    def line(self, text: Any = value_text) -> str:
        return f"{type(self).__name__}({', '.join(rule.line(text) for rule in self.opts)})"


class AccumGrad(Rule):
    """Collects `n` gradients and passes on their mean.

    Shapes: the state holds an array of the parameter's size and a count.
    Raises: DomainError unless `n` is positive.
    Source: Optimisers, `AccumGrad`.
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        if n <= 0:
            raise DomainError(n, "AccumGrad must accumulate at least one gradient")
        self.n = n

    def init(self, x: Any) -> State:
        return np.zeros_like(x), 1

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        acc, count = state
        share = g / cast(x, self.n)[0]
        acc = share if count == 1 else acc + share
        return ((acc, 1), acc) if count == self.n else ((acc, count + 1), None)

    def line(self, text: Any = value_text) -> str:
        return f"AccumGrad({self.n})"


class MixedPrecision(Rule):
    """A copy of each parameter in another precision, in which the steps of `rule` are made.

    `MixedPrecision(kind, rule)`, or `MixedPrecision(rule)` with the `kind` Float32.

    Shapes: the state holds a copy of the parameter and the state of the rule for it.
    Raises: what the rule raises.
    Source: Micikevicius and others (2018); Optimisers, `MixedPrecision`.
    """

    def __init__(self, kind: Any, rule: Any = None) -> None:
        super().__init__()
        if rule is None:
            kind, rule = np.float32, kind
        self.kind, self.rule = np.dtype(kind), rule

    def init(self, x: Any) -> State:
        wide = np.array(x, dtype=self.kind, order="F")
        return wide, self.rule.init(wide)

    def apply(self, state: State, x: Any, g: Any) -> tuple[State, Any]:
        wide, inner = state
        inner, dx = self.rule.apply(inner, wide, np.asarray(g, dtype=self.kind))
        if dx is None:
            return (wide, inner), None
        wide = wide - dx
        return (wide, inner), x - wide.astype(x.dtype)

    def adjusted(self, eta: float | None = None, **changes: Any) -> Rule:
        out = copy.copy(self)
        out.rule = self.rule.adjusted(eta, **changes)
        return out

    def line(self, text: Any = value_text) -> str:
        return f"MixedPrecision{{{eltype_name(self.kind)}}}({self.rule.line(text)})"
