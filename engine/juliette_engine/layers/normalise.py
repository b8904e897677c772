"""Normalisation and dropout: layers that behave differently in training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from juliette_engine import rules, trees
from juliette_engine.activations import identity
from juliette_engine.errors import ArgumentError, AssertionFailed
from juliette_engine.functions.dropping import dropout
from juliette_engine.functions.standardising import mean_over, standardise
from juliette_engine.initialisers import ones32, uniform, zeros32
from juliette_engine.layers.basic import Scale
from juliette_engine.layers.layer import (
    Activation,
    Function,
    Keyword,
    Layer,
    expect_size,
    is_identity,
    is_training,
    option,
)
from juliette_engine.tape import primal

Axes = tuple[int, ...]


def centred(x: Any, axes: Axes) -> tuple[Any, Any, Any]:
    """The mean, the differences from it, and the variance (not corrected), dimensions kept."""
    μ = mean_over(x, axes)
    difference = rules.sub(x, μ)
    return μ, difference, mean_over(rules.mul(difference, difference), axes)


# How `eps` enters the denominator of `normalise`; Flux changed its mind twice.
DENOMINATORS = {
    "0.14": lambda variance, eps: rules.add(rules.sqrt(variance), eps),
    "0.15": lambda variance, eps: rules.sqrt(rules.add(variance, eps * eps)),
    "0.16": lambda variance, eps: rules.sqrt(rules.add(variance, eps)),
}
_denominator = ["0.14"]


def set_denominator(version: str) -> None:
    """Follow a version of Flux in `normalise` and `LayerNorm`: a key of `DENOMINATORS`."""
    _denominator[0] = version


def normalise(x: Any, axes: Axes, eps: float = 1e-5) -> Any:
    """Zero mean and unit deviation over some axes."""
    _, difference, variance = centred(x, axes)
    return rules.div(difference, DENOMINATORS[_denominator[0]](variance, eps))


def testmode(model: Any, mode: bool | None = True) -> Any:  # noqa: PT028
    """Let the layers of a `model` that train otherwise than they work do as in use, if `mode`.

    With `mode=None` they train inside a gradient and only there, as from the start.

    Source: Flux, `testmode!`.

    >>> testmode(Dropout(0.5))
    Dropout(0.5, active=false)
    """
    for node in trees.nodes(model):
        if "active" in getattr(node, "fields", ()):
            node.active = None if mode is None else not mode
    return model


testmode.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test


def trainmode(model: Any, mode: bool | None = True) -> Any:
    """Let the layers of a `model` do as in training, if `mode`; the opposite of `testmode`.

    Source: Flux, `trainmode!`.
    """
    return testmode(model, None if mode is None else not mode)


class Dropout(Layer):
    """In training, zero for a fraction `p` of the elements; the others grow by `1 / (1 - p)`.

    `dims` (counted from one) says along which dimensions elements are chosen; whole slices go along the others.  Training
    means inside a gradient, unless `active` says otherwise; `rng` draws the numbers.

    Shapes: any, kept.
    Raises: ArgumentError unless `0 ≤ p ≤ 1`.
    Source: Srivastava and others (2014); Flux, `Dropout`.
    """

    p: float
    dims: Any
    active: bool | None
    rng: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    type_fields: ClassVar[tuple[str, ...]] = ("p", "dims", "rng")
    mutable: ClassVar[bool] = True
    keyword_separator: ClassVar[str] = ", "
    arrays_only: ClassVar[bool] = True

    def __init__(
        self, p: float, *, dims: Any = slice(None), active: bool | None = None, rng: Any = None
    ) -> None:
        if not 0 <= p <= 1:
            raise ArgumentError(f"{self.title()} expects 0 ≤ p ≤ 1, got p = {p}")
        self.p = p
        self.dims = dims
        self.active = active
        self.rng = rng

    def __call__(self, x: Any) -> Any:
        if not is_training(self.active) or self.p == 0:
            return x
        return dropout(x, self.p, self.dims, self.rng)

    def constructor_args(self) -> Iterator[Any]:
        """The probability, then what is not the default."""
        yield self.p
        if isinstance(self.dims, (int, tuple)):
            yield Keyword("dims", self.dims)
        if self.active is not None:
            yield Keyword("active", self.active)


_ALPHA = -1.7580993408473766


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance, for use with `selu`.

    `p`, `active` and `rng` are those of `Dropout`.

    Shapes: any, kept.
    Raises: ArgumentError unless `0 ≤ p ≤ 1`.
    Source: Klambauer and others (2017); Flux, `AlphaDropout`.
    """

    p: float
    active: bool | None
    rng: Any

    trainable_fields: ClassVar[tuple[str, ...]] = ()
    type_fields: ClassVar[tuple[str, ...]] = ("p", "rng")
    mutable: ClassVar[bool] = True
    keyword_separator: ClassVar[str] = ", "
    arrays_only: ClassVar[bool] = True

    def __init__(self, p: float, *, active: bool | None = None, rng: Any = None) -> None:
        if not 0 <= p <= 1:
            raise ArgumentError(f"AlphaDropout expects 0 ≤ p ≤ 1, got p = {p}")
        self.p, self.active, self.rng = p, active, rng

    def __call__(self, x: Any) -> Any:
        if not is_training(self.active) or self.p == 0:
            return x
        dtype = np.asarray(primal(x)).dtype
        dtype = dtype if dtype.kind == "f" else np.dtype(float)
        if self.p == 1:
            return rules.mul(x, dtype.type(0))
        p = self.p
        a = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
        b = -a * _ALPHA * p
        chosen = uniform(rules.shape(x), dtype, self.rng) > p
        kept = rules.mul(x, np.asfortranarray((chosen * a).astype(dtype)))
        return rules.add(kept, np.asfortranarray((~chosen * (a * _ALPHA) + b).astype(dtype)))

    def constructor_args(self) -> Iterator[Any]:
        """The probability, and whether it is always on or off."""
        yield self.p
        if self.active is not None:
            yield Keyword("active", self.active)


class LayerNorm(Layer):
    """Zero mean and unit deviation over the first dimensions, then a `Scale` if `affine`.

    `LayerNorm(size…, λ)`; `eps` keeps the deviation from zero.

    Shapes: input `size… × …`, kept.
    Raises: DimensionMismatch if the first dimensions do not fit `size`.
    Source: Ba and others (2016); Flux, `LayerNorm`.
    """

    λ: Activation
    diag: Any
    ε: float
    size: Any
    affine: bool

    mathematical: ClassVar[dict[str, str]] = {"ε": "ϵ"}
    trainable_fields: ClassVar[tuple[str, ...]] = ("diag",)
    type_fields: ClassVar[tuple[str, ...]] = ("λ", "diag", "ε", "size")
    keyword_separator: ClassVar[str] = ", "
    arrays_only: ClassVar[bool] = True

    def __init__(
        self,
        *size: Any,
        affine: bool = True,
        eps: float = np.float32(1e-5),  # type: ignore[assignment]
        λ: Function = identity,
    ) -> None:
        sizes = list(size)
        self.λ = λ if not sizes or isinstance(sizes[-1], (int, tuple)) else sizes.pop()
        self.size = sizes[0] if sizes and isinstance(sizes[0], tuple) else tuple(sizes)
        self.diag = Scale(*self.size, self.λ) if affine else self.λ
        self.ε = eps
        self.affine = affine

    def __call__(self, x: Any) -> Any:
        for i, n in enumerate(self.size):
            expect_size(self, x, i, n)
        y = normalise(x, tuple(range(len(self.size))), float(self.ε))
        return self.diag(y) if self.affine else self.λ(y)

    def constructor_args(self) -> Iterator[Any]:
        """Size, activation, and whether there is a scale."""
        yield from self.size
        yield from option(self.λ)
        if not self.affine:
            yield Keyword("affine", False)


def follow(
    μ: Any, variance: Any, momentum: float, mean: Any, spread: Any, n: int
) -> tuple[Any, Any]:
    """Tracked statistics, moved (arrays in place) towards the mean and the variance of `n` numbers each."""
    m = float(momentum)
    μ += m * (mean - μ)
    variance += m * (spread * (n / (n - 1.0) if n > 1 else math.inf) - variance)
    return μ, variance


class BatchNorm(Layer):
    """Zero mean and unit variance of each channel: of the batch in training, as tracked in use.

    The channel is the last dimension but one, of size `chs`: `λ(γ (x - μ) / √(σ² + eps) + β)`.  `affine` gives it the shift
    and scale that `initβ` and `initγ` start; `track_stats` lets μ and σ² follow the batches by `momentum`.
    `active` says whether it trains; otherwise it does inside a gradient.

    Shapes: input `… × chs × batch`, kept.
    Raises: DimensionMismatch for input with other channels.
    Source: Ioffe and Szegedy (2015); Flux, `BatchNorm`.
    """

    λ: Activation
    β: Any
    γ: Any
    μ: Any
    variance: Any
    ε: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    chs: int

    mathematical: ClassVar[dict[str, str]] = {"ε": "ϵ", "variance": "σ²"}
    trainable_fields: ClassVar[tuple[str, ...]] = ("β", "γ")
    type_fields: ClassVar[tuple[str, ...]] = ("λ", "β", "ε", "μ")
    mutable: ClassVar[bool] = True
    keyword_separator: ClassVar[str] = ", "
    arrays_only: ClassVar[bool] = True
    affine_default: ClassVar[bool] = True
    track_default: ClassVar[bool] = True

    def __init__(
        self,
        chs: int,
        λ: Function = identity,
        *,
        affine: bool | None = None,
        track_stats: bool | None = None,
        eps: float = np.float32(1e-5),  # type: ignore[assignment]
        momentum: float = np.float32(0.1),  # type: ignore[assignment]
        active: bool | None = None,
        initβ: Function = zeros32,
        initγ: Function = ones32,
    ) -> None:
        self.affine = self.affine_default if affine is None else affine
        self.track_stats = self.track_default if track_stats is None else track_stats
        self.λ = λ
        self.β = initβ(chs) if self.affine else None
        self.γ = initγ(chs) if self.affine else None
        self.μ = zeros32(self.statistics(chs)) if self.track_stats else None
        self.variance = ones32(self.statistics(chs)) if self.track_stats else None
        self.ε, self.momentum = eps, momentum
        self.active, self.chs = active, chs

    def statistics(self, chs: int) -> int:
        """How many means and variances are tracked."""
        return chs

    def trainable(self) -> tuple[str, ...]:
        """Shift and scale, if there are any."""
        return ("β", "γ") if self.affine else ()

    def axes(self, dims: int) -> Axes:
        """The axes over which means are taken."""
        return tuple(i for i in range(dims) if i != dims - 2)

    def __call__(self, x: Any) -> Any:
        expect_size(self, x, len(rules.shape(x)) - 2, self.chs)
        dims = len(rules.shape(x))
        view = tuple(self.chs if i == dims - 2 else 1 for i in range(dims))
        return self.λ(self.normalised(x, self.axes(len(view)), view, view))

    def normalised(
        self, x: Any, axes: Axes, view: tuple[int, ...], tracked: tuple[int, ...]
    ) -> Any:
        """The layer's formula before the activation, with statistics over some axes or as tracked."""
        if is_training(self.active) or not self.track_stats:
            found = standardise(
                x,
                self.γ if self.affine else 1.0,
                self.β if self.affine else 0.0,
                axes,
                view,
                self.ε,
            )
            if found is not None:
                if self.track_stats:
                    self.track(found[1], found[2], math.prod(rules.shape(x)[i] for i in axes))
                return found[0]
            μ, difference, variance = centred(x, axes)
            if self.track_stats:
                self.track(primal(μ), primal(variance), math.prod(rules.shape(x)[i] for i in axes))
        else:
            difference = rules.sub(x, rules.reshape(self.μ, tracked))
            variance = rules.reshape(self.variance, tracked)
        y = rules.div(difference, rules.sqrt(rules.add(variance, float(self.ε))))
        if self.affine:
            y = rules.mul(y, rules.reshape(self.γ, view))
            y = rules.add(y, rules.reshape(self.β, view))
        return y

    def track(self, μ: Any, variance: Any, n: int) -> None:
        """Move the running statistics towards those of a batch, the variance corrected."""
        found = self.tracked(μ), self.tracked(variance)
        self.μ, self.variance = follow(self.μ, self.variance, self.momentum, *found, n)

    def tracked(self, statistic: Any) -> Any:
        """A statistic of a batch as the vector that is tracked."""
        return statistic.ravel(order="F")

    def constructor_args(self) -> Iterator[Any]:
        """Channels, activation, then what is not the usual."""
        yield self.chs
        yield from option(self.λ)
        if not self.affine:
            yield Keyword("affine", False)
        if self.active is not None:
            yield Keyword("active", self.active)


class InstanceNorm(BatchNorm):
    """`BatchNorm` with statistics of each channel and sample over the spatial dimensions.

    `chs`, `λ`, `affine`, `track_stats`, `eps`, `momentum`, `active`, `initβ` and `initγ` are those of `BatchNorm`;
    neither affine nor tracked by default.

    Shapes: input `space… × chs × batch`, kept.
    Raises: DimensionMismatch for input with other channels, AssertionFailed for less than three
    dimensions.
    Source: Ulyanov and others (2016); Flux, `InstanceNorm`.
    """

    affine_default: ClassVar[bool] = False
    track_default: ClassVar[bool] = False

    def axes(self, dims: int) -> Axes:
        """The spatial axes."""
        if dims < 3:
            raise AssertionFailed("ndims(x) > 2")
        return tuple(range(dims - 2))

    def tracked(self, statistic: Any) -> Any:
        """The mean over the batch."""
        return np.mean(statistic, axis=-1).ravel(order="F")


class GroupNorm(BatchNorm):
    """`BatchNorm` with statistics of each sample over `G` groups of channels.

    `chs`, `λ` and the `options` are those of `BatchNorm`; not tracked by default.

    Shapes: input `space… × chs × batch`, kept.
    Raises: AssertionFailed unless `G` divides `chs`, DimensionMismatch for input with other
    channels.
    Source: Wu and He (2018); Flux, `GroupNorm`.
    """

    G: int
    λ: Activation
    β: Any
    γ: Any
    μ: Any
    variance: Any
    ε: float
    momentum: float
    affine: bool
    track_stats: bool
    active: bool | None
    chs: int

    track_default: ClassVar[bool] = False

    def __init__(self, chs: int, G: int, λ: Function = identity, **options: Any) -> None:
        if chs % G:
            raise AssertionFailed(
                f"The number of groups ({G}) must divide the number of channels ({chs})"
            )
        self.G = G
        super().__init__(chs, λ, **options)

    def statistics(self, chs: int) -> int:
        """One for each group."""
        return self.G

    def tracked(self, statistic: Any) -> Any:
        """The mean over the batch."""
        return np.mean(statistic, axis=-1).ravel(order="F")

    def __call__(self, x: Any) -> Any:
        shape = rules.shape(x)
        expect_size(self, x, len(shape) - 2, self.chs)
        split = (*shape[:-2], self.chs // self.G, self.G, shape[-1])
        ones = (1,) * (len(shape) - 2)
        y = self.normalised(
            rules.reshape(x, split),
            tuple(range(len(split) - 2)),
            (*ones, self.chs // self.G, self.G, 1),
            (*ones, 1, self.G, 1),
        )
        return self.λ(rules.reshape(y, shape))

    def constructor_args(self) -> Iterator[Any]:
        """Channels, groups, activation, then what is not the usual."""
        args = super().constructor_args()
        yield next(args)
        yield self.G
        yield from args


__all__ = [
    "AlphaDropout", "BatchNorm", "Dropout", "GroupNorm", "InstanceNorm", "LayerNorm", "dropout",
    "is_identity", "normalise", "set_denominator", "testmode", "trainmode",
]  # fmt: skip
