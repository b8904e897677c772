"""First weights: Float32 arrays in column-major order, from a replaceable source of numbers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from juliette_engine.errors import ArgumentError


class RandomSource(Protocol):
    """What a front end with a generator of its own gives to `set_random_source`.

    `rng` is a generator of the front end's, or None for its default.
    """

    def uniform(self, size: int, dtype: Any, rng: Any) -> Any:
        """Numbers in [0, 1) as a vector."""

    def normal(self, size: int, dtype: Any, rng: Any) -> Any:
        """Numbers of the standard normal distribution as a vector."""

    def permutation(self, size: int, rng: Any) -> Any:
        """The numbers below `size` in random order."""


class NumpySource:
    """numpy's own generator, or any other of its generators as `rng`."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    @functools.cached_property
    def generator(self) -> Any:
        """Made when it is needed: numpy's generators take longer to load than the engine."""
        return np.random.default_rng(self.seed)

    def uniform(self, size: int, dtype: Any, rng: Any) -> Any:
        """Numbers in [0, 1)."""
        return (rng or self.generator).random(size, dtype=dtype)

    def normal(self, size: int, dtype: Any, rng: Any) -> Any:
        """Standard normal numbers."""
        return (rng or self.generator).standard_normal(size, dtype=dtype)

    def permutation(self, size: int, rng: Any) -> Any:
        """A random order."""
        return (rng or self.generator).permutation(size)


_source: list[RandomSource] = [NumpySource()]
F32 = np.dtype(np.float32)


def set_random_source(source: RandomSource) -> None:
    """Draw all random numbers of the engine from a `source`.

    Source: our own.
    """
    _source[0] = source


def _draw(draw: Callable[..., Any], shape: tuple[int, ...], dtype: Any, rng: Any) -> Any:
    if min(shape, default=0) < 0:
        raise ArgumentError("invalid Array dimensions")
    sizes = tuple(map(int, shape))  # numpy takes no bool for a size
    return draw(math.prod(sizes), np.dtype(dtype), rng).reshape(sizes, order="F")


def uniform(shape: tuple[int, ...], dtype: Any = F32, rng: Any = None) -> Any:
    """Uniform numbers in [0, 1) from the current source."""
    return _draw(_source[0].uniform, shape, dtype, rng)


def normal(shape: tuple[int, ...], dtype: Any = F32, rng: Any = None) -> Any:
    """Standard normal numbers from the current source."""
    return _draw(_source[0].normal, shape, dtype, rng)


def permutation(size: int, rng: Any = None) -> Any:
    """The numbers below `size` in random order, from the current source."""
    return _source[0].permutation(size, rng)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs meet in an array of weights: `(in, out)`."""
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return 1, shape[0]
    if len(shape) == 2:
        return shape[1], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def _f32(x: Any) -> Any:
    return np.asfortranarray(x, dtype=np.float32)


def glorot_uniform(*shape: int, gain: float = 1.0, rng: Any = None) -> Any:
    """`U(-b, b)` with `b = gain * √(6 / (in + out))`.

    `rng` draws the numbers.  `in` and `out` are the numbers of inputs and outputs that meet there.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Glorot and Bengio (2010); Flux, `glorot_uniform`.
    """
    scale = np.float32(gain) * np.sqrt(np.float32(24) / np.float32(sum(fans(shape))))
    return _f32((uniform(shape, rng=rng) - np.float32(0.5)) * scale)


def glorot_normal(*shape: int, gain: float = 1.0, rng: Any = None) -> Any:
    """`N(0, σ²)` with `σ = gain * √(2 / (in + out))`.

    `rng` draws the numbers.  `in` and `out` are the numbers of inputs and outputs that meet there.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Glorot and Bengio (2010); Flux, `glorot_normal`.
    """
    deviation = np.float32(gain) * np.sqrt(np.float32(2) / np.float32(sum(fans(shape))))
    return _f32(normal(shape, rng=rng) * deviation)


def kaiming_uniform(*shape: int, gain: float = math.sqrt(2.0), rng: Any = None) -> Any:
    """`U(-b, b)` with `b = gain * √(3 / in)`.

    `rng` draws the numbers.  `in` and `out` are the numbers of inputs and outputs that meet there.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: He and others (2015); Flux, `kaiming_uniform`.
    """
    bound = np.float32(math.sqrt(3.0) * gain / math.sqrt(fans(shape)[0]))
    return _f32((uniform(shape, rng=rng) - np.float32(0.5)) * (2 * bound))


def kaiming_normal(*shape: int, gain: float = math.sqrt(2.0), rng: Any = None) -> Any:
    """`N(0, σ²)` with `σ = gain / √in`.

    `rng` draws the numbers.  `in` and `out` are the numbers of inputs and outputs that meet there.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: He and others (2015); Flux, `kaiming_normal`.
    """
    return _f32(normal(shape, rng=rng) * np.float32(gain / math.sqrt(fans(shape)[0])))


def truncated_normal(
    *shape: int,
    mean: float = 0.0,
    std: float = 1.0,
    lo: float = -2.0,
    hi: float = 2.0,
    rng: Any = None,
) -> Any:
    """Normal numbers with `mean` and `std` between `lo` and `hi`, by the inverse of the distribution function.

    `rng` draws the numbers.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Burkardt (2014); Flux, `truncated_normal`.
    """
    below = 0.5 * (1 + math.erf((lo - mean) / std / math.sqrt(2)))
    above = 0.5 * (1 + math.erf((hi - mean) / std / math.sqrt(2)))
    x = uniform(shape, rng=rng).astype(float) * 2 * (above - below) + (2 * below - 1)
    return _f32(np.clip(inverse_erf(x) * std * math.sqrt(2) + mean, lo, hi))


def inverse_erf(y: Any) -> Any:
    """The inverse of the error function: a start by Winitzki (2008), then Newton's steps."""
    y = np.asarray(y, dtype=float)
    a = 8 * (math.pi - 3) / (3 * math.pi * (4 - math.pi))
    with np.errstate(divide="ignore", invalid="ignore"):
        ln = np.log1p(-y * y)
        t = 2 / (math.pi * a) + ln / 2
        x = np.sign(y) * np.sqrt(np.sqrt(t * t - ln / a) - t)
        erf = np.vectorize(math.erf, otypes=[float])
        for _ in range(3):
            x = x - (erf(x) - y) * (math.sqrt(math.pi) / 2) * np.exp(x * x)
    return np.where(np.abs(y) == 1, np.sign(y) * np.inf, x)


def lecun_normal(*shape: int, rng: Any = None) -> Any:
    """Normal numbers with variance `1 / in`, truncated at two deviations.

    `rng` draws the numbers.  `in` and `out` are the numbers of inputs and outputs that meet there.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: LeCun and others (1998); Flux, `lecun_normal`.
    """
    return truncated_normal(*shape, std=math.sqrt(1 / fans(shape)[0]), rng=rng)


def orthogonal(*shape: int, gain: float = 1.0, rng: Any = None) -> Any:
    """Orthonormal columns, or rows where there are less of them, times `gain`: from the QR decomposition of normal numbers.

    `rng` draws the numbers.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: ArgumentError for less than two dimensions.
    Source: Saxe and others (2014); Flux, `orthogonal`.
    """
    if len(shape) < 2:
        raise ArgumentError("orthogonal expects at least two dimensions")
    rows, cols = math.prod(shape[:-1]), shape[-1]
    if rows < cols:
        return _f32(orthogonal(cols, rows, gain=gain, rng=rng).T.reshape(shape, order="F"))
    q, r = np.linalg.qr(normal((rows, cols), rng=rng))
    return _f32(np.float32(gain) * (q * np.sign(np.diag(r))).reshape(shape, order="F"))


def sparse_init(*shape: int, sparsity: float, std: float = 0.01, rng: Any = None) -> Any:
    """Normal numbers of deviation `std`, with a fraction `sparsity` of each column set to zero.

    `rng` draws the numbers.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: ArgumentError unless there are two dimensions.
    Source: Martens (2010); Flux, `sparse_init`.
    """
    if len(shape) != 2:
        raise ArgumentError("Only 2-dimensional outputs are supported for sparse initialization.")
    rows, cols = shape
    zeros = math.ceil(min(1.0, max(0.0, sparsity)) * rows)
    x = normal(shape, rng=rng) * np.float32(std)
    x[:zeros, :] = 0
    for j in range(cols):
        x[:, j] = x[permutation(rows, rng), j]
    return _f32(x)


def identity_init(*shape: int, gain: float = 1.0, shift: Any = 0, rng: Any = None) -> Any:
    """The identity map times `gain`: zeros for one dimension, a diagonal for two, else taps in the centre.

    `shift` moves it round, in all dimensions or by one number for each.  Nothing is drawn from `rng`.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Le and others (2015); Flux, `identity_init`.
    """
    x = zeros32(*shape)
    if len(shape) == 1:
        return x
    shifts = (shift,) * (len(shape)) if isinstance(shift, int) else tuple(shift)
    centre = tuple((n - 1) // 2 for n in shape[:-2])
    for i in range(min(shape[-2:])):
        at = (i, i) if len(shape) == 2 else (*centre, i, i)
        x[at[::-1] if len(shape) == 2 else at] = gain
    for axis, s in enumerate(shifts):
        x = np.roll(x, s, axis=axis)
    return _f32(x)


def rand32(*shape: int, rng: Any = None) -> Any:
    """Uniform Float32 numbers between 0 and 1.

    `rng` draws the numbers.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Flux, `rand32`.
    """
    return _f32(uniform(shape, rng=rng))


def randn32(*shape: int, rng: Any = None) -> Any:
    """Standard normal Float32 numbers.

    `rng` draws the numbers.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Flux, `randn32`.
    """
    return _f32(normal(shape, rng=rng))


def zeros32(*shape: int) -> Any:
    """Float32 zeros.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Flux, `zeros32`.
    """
    return np.zeros(tuple(map(int, shape)), dtype=np.float32, order="F")


def ones32(*shape: int) -> Any:
    """Float32 ones.

    Shapes: Float32 of the size `shape`, given as separate numbers.
    Raises: nothing.
    Source: Flux, `ones32`.
    """
    return np.ones(tuple(map(int, shape)), dtype=np.float32, order="F")
