"""Losses: each compares a prediction `ŷ` with a target `y`; `agg` is by default the mean."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine.activations import logσ, relu, where
from juliette_engine.rules import (
    absolute,
    add,
    div,
    elementwise,
    exp,
    log,
    logsoftmax,
    mul,
    neg,
    shape,
    sub,
    sum_along,
    total,
)
from juliette_engine.tape import primal

Aggregate = Callable[[Any], Any]


class DimensionMismatch(ValueError):
    """Prediction and target differ in size."""


def mean(x: Any) -> Any:
    """The mean of all elements."""
    n = math.prod(shape(x))
    return div(total(x), float(n)) if shape(x) else x


def logsumexp(x: Any) -> Any:
    """`log(sum(exp.(x)))`, stable."""
    top = np.max(primal(x))
    return add(log(total(exp(sub(x, top)))), top)


def eps(x: Any) -> float:
    """The rounding unit of an array's kind of number."""
    dtype = np.asarray(primal(x)).dtype
    return float(np.finfo(dtype if dtype.kind == "f" else np.dtype(float)).eps)


def _xlogy(x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, np.zeros_like(y), x * np.log(y))[()]


xlogy = elementwise(
    "xlogy",
    _xlogy,
    lambda g, v, x, y: mul(g, log(y)),
    lambda g, v, x, y: mul(g, div(x, y)),
    on="positives",
)


def _check(ŷ: Any, y: Any) -> None:
    a, b = shape(ŷ), shape(y)
    if a and b and a != b:
        raise DimensionMismatch(f"loss function expects size(ŷ) = {a} to match size(y) = {b}")


def _down(x: Any) -> Any:
    """The sum over the first dimension."""
    return sum_along(x, (0,)) if shape(x) else x


def mse(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg((ŷ .- y) .^ 2)`"""
    _check(ŷ, y)
    d = sub(ŷ, y)
    return agg(mul(d, d))


def mae(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(abs.(ŷ .- y))`"""
    _check(ŷ, y)
    return agg(absolute(sub(ŷ, y)))


def msle(ŷ: Any, y: Any, *, agg: Aggregate = mean, ε: float | None = None) -> Any:
    """`agg(log.((ŷ .+ ε) ./ (y .+ ε)) .^ 2)`"""
    _check(ŷ, y)
    ε = eps(ŷ) if ε is None else ε
    d = log(div(add(ŷ, ε), add(y, ε)))
    return agg(mul(d, d))


def huber_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean, δ: float = 1.0) -> Any:
    """Quadratic for errors below `δ`, linear above."""
    _check(ŷ, y)
    e = absolute(sub(ŷ, y))
    return agg(where(primal(e) < δ, mul(mul(e, e), 0.5), mul(sub(e, 0.5 * δ), δ)))


def crossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean, ε: float | None = None) -> Any:
    """`agg(-sum(y .* log.(ŷ .+ ε); dims=1))` for probabilities in columns."""
    _check(ŷ, y)
    return agg(neg(_down(xlogy(y, add(ŷ, eps(ŷ) if ε is None else ε)))))


def logitcrossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`crossentropy(softmax(ŷ), y)`, stable."""
    _check(ŷ, y)
    return agg(neg(_down(mul(y, logsoftmax(ŷ)))))


def binarycrossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean, ε: float | None = None) -> Any:
    """`agg(-y .* log.(ŷ .+ ε) .- (1 .- y) .* log.(1 .- ŷ .+ ε))`"""
    _check(ŷ, y)
    ε = eps(ŷ) if ε is None else ε
    yes = xlogy(y, add(ŷ, ε))
    no = xlogy(sub(1.0, y), add(sub(1.0, ŷ), ε))
    return agg(neg(add(yes, no)))


def logitbinarycrossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`binarycrossentropy(σ.(ŷ), y)`, stable."""
    _check(ŷ, y)
    return agg(sub(mul(sub(1.0, y), ŷ), logσ(ŷ)))


def kldivergence(ŷ: Any, y: Any, *, agg: Aggregate = mean, ε: float | None = None) -> Any:
    """The divergence of `ŷ` from `y`, both with probabilities in columns."""
    return add(agg(_down(xlogy(y, y))), crossentropy(ŷ, y, agg=agg, ε=ε))


def poisson_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(ŷ .- y .* log.(ŷ))`"""
    _check(ŷ, y)
    return agg(sub(ŷ, xlogy(y, ŷ)))


def hinge_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(max.(0, 1 .- ŷ .* y))`"""
    _check(ŷ, y)
    return agg(relu(sub(1.0, mul(ŷ, y))))


def squared_hinge_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(max.(0, 1 .- ŷ .* y) .^ 2)`"""
    _check(ŷ, y)
    m = relu(sub(1.0, mul(ŷ, y)))
    return agg(mul(m, m))
