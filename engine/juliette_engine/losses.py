"""Losses: each compares a prediction `ŷ` with a target `y`; `agg` is by default the mean."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette_engine import rules
from juliette_engine.activations import logσ, relu, where
from juliette_engine.errors import (
    ArgumentError,
    DimensionMismatch,
    DomainError,
    OutOfBounds,
)
from juliette_engine.functions import crossentropies
from juliette_engine.functions.criteria import mean_squares
from juliette_engine.functions.ctc import ctc
from juliette_engine.rules import (
    absolute,
    add,
    div,
    log,
    logsoftmax,
    mul,
    neg,
    power,
    shape,
    sub,
    sum_along,
    total,
    xlogy,
)
from juliette_engine.tape import primal
from juliette_engine.text import value_text

Aggregate = Callable[[Any], Any]


def mean(x: Any) -> Any:
    """The mean of all elements."""
    n = math.prod(shape(x))
    return div(total(x), float(n)) if shape(x) else x


_DOUBLE = np.dtype(float)
_EPSILONS: dict[Any, float] = {}


def epsilon(x: Any) -> float:
    """The rounding unit of an array's kind of number."""
    kind = getattr(primal(x), "dtype", _DOUBLE)
    found = _EPSILONS.get(kind)
    if found is None:
        found = _EPSILONS[kind] = float(np.finfo(kind if kind.kind == "f" else _DOUBLE).eps)
    return found


def of_one_size(ŷ: Any, y: Any) -> tuple[Any, Any]:
    """Prediction and target with as many dimensions: the one with fewer has others of size 1.

    Raises: DimensionMismatch for different sizes.
    """
    if not all([isinstance(primal(x), np.ndarray) for x in (ŷ, y)]):
        return ŷ, y
    a, b = shape(ŷ), shape(y)
    n = max(len(a), len(b))
    whole = (*a, *(1,) * (n - len(a)))
    if whole != (*b, *(1,) * (n - len(b))):
        raise DimensionMismatch(
            f"loss function expects size(ŷ) = {value_text(a)} to match size(y) = {value_text(b)}"
        )
    return (
        ŷ if len(a) == n else rules.reshape(ŷ, whole),
        y if len(b) == n else rules.reshape(y, whole),
    )


def loss(f: Callable[..., Any]) -> Callable[..., Any]:
    """A loss: sizes are checked, and whole numbers and truth values take the kind of the others.

    So Float32 predictions with a Boolean target give a Float32 loss.
    """

    @functools.wraps(f)
    def checked(ŷ: Any, y: Any, **options: Any) -> Any:
        a, b = primal(ŷ), primal(y)
        if (
            type(a) is np.ndarray
            and type(b) is np.ndarray
            and a.shape == b.shape
            and a.dtype.kind == b.dtype.kind == "f"
        ):
            return f(ŷ, y, **options)
        ŷ, y = of_one_size(ŷ, y)
        return f(_floating(ŷ, y), _floating(y, ŷ), **options)

    return checked


def one_kind(ŷ: Any, y: Any) -> bool:
    """Are both arrays of floating-point numbers of one kind, as the fused losses want them?"""
    a, b = primal(ŷ), primal(y)
    return (
        isinstance(a, np.ndarray)
        and isinstance(b, np.ndarray)
        and a.dtype == b.dtype
        and a.dtype.kind == "f"
        and a.size > 0
    )


def _floating(x: Any, like: Any) -> Any:
    """An array of integers or truth values as numbers of the kind of another array."""
    a = primal(x)
    if not isinstance(a, np.ndarray) or a.dtype.kind in "fc":
        return x
    b = np.asarray(primal(like)).dtype
    return np.asarray(a, dtype=b if b.kind == "f" else float)


def _down(x: Any, dims: Any = 1) -> Any:
    """The sum along dimensions, counted from one."""
    return sum_along(x, _axes(dims)) if shape(x) else x


def _axes(dims: Any) -> tuple[int, ...]:
    """The axes of one dimension or of several."""
    return (dims - 1,) if isinstance(dims, int) else tuple([int(d) - 1 for d in dims])


def _first(dims: Any) -> bool:
    """Is it the first dimension alone?"""
    return isinstance(dims, int) and dims == 1


def _eps(ŷ: Any, eps: float | None) -> float:
    return epsilon(ŷ) if eps is None else float(eps)


@loss
def mse(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg((ŷ .- y) .^ 2)`: the mean squared error.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `mse`.
    """
    if agg is mean and one_kind(ŷ, y):
        return mean_squares(ŷ, y)
    d = sub(ŷ, y)
    return agg(mul(d, d))


@loss
def mae(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(abs.(ŷ .- y))`: the mean absolute error.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `mae`.
    """
    return agg(absolute(sub(ŷ, y)))


@loss
def msle(ŷ: Any, y: Any, *, agg: Aggregate = mean, eps: float | None = None) -> Any:
    """`agg((log.(ŷ .+ eps) .- log.(y .+ eps)) .^ 2)`: the mean squared logarithmic error.

    `agg` reduces them, by default to the mean. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `msle`.
    """
    ε = _eps(ŷ, eps)
    d = log(div(add(ŷ, ε), add(y, ε)))
    return agg(mul(d, d))


@loss
def huber_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean, delta: float = 1.0) -> Any:
    """Quadratic for errors below `delta`, linear above.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Huber (1964); Flux, `huber_loss`.
    """
    δ = float(delta)
    e = absolute(sub(ŷ, y))
    return agg(where(primal(e) < δ, mul(mul(e, e), 0.5), mul(sub(e, 0.5 * δ), δ)))


@loss
def crossentropy(
    ŷ: Any, y: Any, *, dims: Any = 1, agg: Aggregate = mean, eps: float | None = None
) -> Any:
    """`agg(-sum(y .* log.(ŷ .+ eps); dims))` for probabilities along `dims`, the first by default.

    `dims` counts from one. `agg` reduces them, by default to the mean. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `crossentropy`.
    """
    if agg is mean and _first(dims) and crossentropies.fits(ŷ, y):
        return crossentropies.crossentropy(ŷ, y, _eps(ŷ, eps))
    return agg(neg(_down(xlogy(y, add(ŷ, _eps(ŷ, eps))), dims)))


@loss
def logitcrossentropy(ŷ: Any, y: Any, *, dims: Any = 1, agg: Aggregate = mean) -> Any:
    """`crossentropy(softmax(ŷ), y)`, computed so that large logits do no harm.

    `dims` counts from one. `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `logitcrossentropy`.
    """
    if agg is mean and _first(dims) and crossentropies.fits(ŷ, y):
        return crossentropies.logit_crossentropy(ŷ, y)
    return agg(neg(_down(mul(y, logsoftmax(ŷ, _axes(dims))), dims)))


@loss
def binarycrossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean, eps: float | None = None) -> Any:
    """`agg(-y .* log.(ŷ .+ eps) .- (1 .- y) .* log.(1 .- ŷ .+ eps))` for probabilities `ŷ`.

    `agg` reduces them, by default to the mean. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `binarycrossentropy`.
    """
    ε = _eps(ŷ, eps)
    yes = xlogy(y, add(ŷ, ε))
    no = xlogy(sub(1, y), add(sub(1, ŷ), ε))
    return agg(neg(add(yes, no)))


@loss
def logitbinarycrossentropy(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`binarycrossentropy(σ.(ŷ), y)`, computed so that large logits do no harm.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `logitbinarycrossentropy`.
    """
    return agg(sub(mul(sub(1, y), ŷ), logσ(ŷ)))


@loss
def kldivergence(
    ŷ: Any, y: Any, *, dims: Any = 1, agg: Aggregate = mean, eps: float | None = None
) -> Any:
    """The divergence of `ŷ` from `y`, both with probabilities along `dims`.

    `dims` counts from one. `agg` reduces them, by default to the mean. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Kullback and Leibler (1951); Flux, `kldivergence`.
    """
    entropy = agg(_down(xlogy(y, y), dims))
    return add(entropy, crossentropy(ŷ, y, dims=dims, agg=agg, eps=eps))


@loss
def poisson_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(ŷ .- y .* log.(ŷ))`: the loss of counts `y` with means `ŷ`.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `poisson_loss`.
    """
    return agg(sub(ŷ, xlogy(y, ŷ)))


@loss
def hinge_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(max.(0, 1 .- ŷ .* y))`, for targets 1 and -1.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `hinge_loss`.
    """
    return agg(relu(sub(1, mul(ŷ, y))))


@loss
def squared_hinge_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean) -> Any:
    """`agg(max.(0, 1 .- ŷ .* y) .^ 2)`, for targets 1 and -1.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Flux, `squared_hinge_loss`.
    """
    m = relu(sub(1, mul(ŷ, y)))
    return agg(mul(m, m))


@loss
def dice_coeff_loss(ŷ: Any, y: Any, *, smooth: float = 1.0) -> Any:
    """`1 - (2 sum(y .* ŷ) + smooth) / (sum(y .^ 2) + sum(ŷ .^ 2) + smooth)`.

    Shapes: `ŷ` and `y` of one size; a number.
    Raises: DimensionMismatch for different sizes.
    Source: Milletari and others (2016); Flux, `dice_coeff_loss`.
    """
    both = add(mul(2, total(mul(y, ŷ))), float(smooth))
    return sub(1, div(both, add(add(total(mul(y, y)), total(mul(ŷ, ŷ))), float(smooth))))


@loss
def tversky_loss(ŷ: Any, y: Any, *, beta: float = 0.7) -> Any:
    """`1 - (sum(y ŷ) + 1) / (sum(y ŷ + β (1 - y) ŷ + (1 - β) y (1 - ŷ)) + 1)`.

    `beta` is β: the larger, the more false negatives count.

    Shapes: `ŷ` and `y` of one size; a number.
    Raises: DimensionMismatch for different sizes.
    Source: Salehi and others (2017); Flux, `tversky_loss`.
    """
    β = float(beta)
    both = mul(y, ŷ)
    false_positive = mul(β, mul(sub(1, y), ŷ))
    false_negative = mul(1 - β, mul(y, sub(1, ŷ)))
    below = add(total(add(both, add(false_positive, false_negative))), 1)
    return sub(1, div(add(total(both), 1), below))


@loss
def binary_focal_loss(
    ŷ: Any, y: Any, *, agg: Aggregate = mean, gamma: float = 2.0, eps: float | None = None
) -> Any:
    """`agg(-(1 - p)^γ log(p))` for the probability `p` of the true class.

    `agg` reduces them, by default to the mean. `gamma` is γ: the larger, the less easy samples count. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Lin and others (2017); Flux, `binary_focal_loss`.
    """
    ŷ = add(ŷ, _eps(ŷ, eps))
    p = add(mul(y, ŷ), mul(sub(1, y), sub(1, ŷ)))
    return agg(neg(mul(power(sub(1, p), _exponent(gamma)), log(p))))


@loss
def focal_loss(
    ŷ: Any,
    y: Any,
    *,
    dims: Any = 1,
    agg: Aggregate = mean,
    gamma: float = 2.0,
    eps: float | None = None,
) -> Any:
    """`agg(sum(-y (1 - ŷ)^γ log(ŷ); dims))` for probabilities along `dims`.

    `dims` counts from one. `agg` reduces them, by default to the mean. `gamma` is γ: the larger, the less easy samples count. `eps` keeps logarithms finite, by default the rounding unit.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes.
    Source: Lin and others (2017); Flux, `focal_loss`.
    """
    ŷ = add(ŷ, _eps(ŷ, eps))
    weighted = mul(y, mul(power(sub(1, ŷ), _exponent(gamma)), log(ŷ)))
    return agg(neg(_down(weighted, dims)))


def _exponent(γ: float) -> Any:
    """Whole exponents stay integers, for which powers of zero have derivatives."""
    return int(γ) if float(γ) == int(γ) else float(γ)


@loss
def siamese_contrastive_loss(ŷ: Any, y: Any, *, agg: Aggregate = mean, margin: float = 1.0) -> Any:
    """`agg((1 - y) ŷ^2 + y max(0, margin - ŷ)^2)` for distances `ŷ`.

    `agg` reduces them, by default to the mean.

    Shapes: `ŷ` and `y` of one size; a number, or what `agg` makes.
    Raises: DimensionMismatch for different sizes, DomainError for a negative `margin`.
    Source: Hadsell and others (2006); Flux, `siamese_contrastive_loss`.
    """
    if margin < 0:
        raise DomainError(margin, "Margin must be non-negative")
    apart = relu(sub(margin, ŷ))
    return agg(add(mul(sub(1, y), mul(ŷ, ŷ)), mul(y, mul(apart, apart))))


def label_smoothing(y: Any, α: float, *, dims: int = 1) -> Any:
    """`y (1 - α) + α / size(y, 1)`; with `dims=0` for the probability of one of two classes, `+ α / 2`.

    `α` is the share that is taken from the label; `dims` is 1 for one-hot columns.

    Shapes: `y` of any size, kept.
    Raises: ArgumentError unless `0 < α < 1` and `dims` is 0 or 1.
    Source: Szegedy and others (2015); Flux, `label_smoothing`.
    """
    if not 0 < α < 1:
        raise ArgumentError(f"label_smoothing expects α ∈ (0, 1), but α = {value_text(α)}")
    if dims not in (0, 1):
        raise ArgumentError("`dims` should be either 0 or 1")
    n = 2 if dims == 0 else shape(y)[0]
    kind = type(α) if isinstance(α, np.floating) else float
    return add(mul(y, kind(1 - α)), kind(α / n))


def ctc_loss(ŷ: Any, y: Any) -> Any:
    """Connectionist temporal classification: the negative logarithm of the probability of all alignments.

    `ŷ` holds logits, with the blank as the last class; `y` the labels, counted from one.

    Shapes: `ŷ` of `classes × time`, `y` a vector; a number.
    Raises: DimensionMismatch if `ŷ` is no matrix, OutOfBounds for a label that is no class.
    Source: Graves and others (2006); Flux, `ctc_loss`.
    """
    if len(shape(ŷ)) != 2:
        raise DimensionMismatch(f"logits of size (classes, time) are wanted, got {shape(ŷ)}")
    labels = tuple(int(k) - 1 for k in np.asarray(primal(y)).ravel())
    for k in labels:
        if not 0 <= k < shape(ŷ)[0]:
            raise OutOfBounds(primal(ŷ), (k, 0))
    return ctc(ŷ, labels)
