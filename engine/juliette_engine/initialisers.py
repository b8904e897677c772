"""First weights: Float32 arrays in column-major order, from a replaceable source of numbers."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np


class RandomSource(Protocol):
    """What a front end with a generator of its own gives to `set_random_source`."""

    def uniform(self, shape: tuple[int, ...]) -> Any:
        """Float32 numbers in [0, 1)."""

    def normal(self, shape: tuple[int, ...]) -> Any:
        """Float32 numbers of the standard normal distribution."""


class NumpySource:
    """numpy's own generator."""

    def __init__(self, seed: int | None = None) -> None:
        self.generator = np.random.default_rng(seed)

    def uniform(self, shape: tuple[int, ...]) -> Any:
        """Float32 numbers in [0, 1), filled in column-major order."""
        size = math.prod(shape)
        return self.generator.random(size, dtype=np.float32).reshape(shape, order="F")

    def normal(self, shape: tuple[int, ...]) -> Any:
        """Float32 standard normal numbers, filled in column-major order."""
        size = math.prod(shape)
        return self.generator.standard_normal(size, dtype=np.float32).reshape(shape, order="F")


_source: list[RandomSource] = [NumpySource()]


def set_random_source(source: RandomSource) -> None:
    """Draw all random numbers of the engine from here."""
    _source[0] = source


def uniform(shape: tuple[int, ...]) -> Any:
    """Uniform numbers from the current source."""
    return _source[0].uniform(shape)


def normal(shape: tuple[int, ...]) -> Any:
    """Standard normal numbers from the current source."""
    return _source[0].normal(shape)


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


def glorot_uniform(*shape: int, gain: float = 1.0) -> Any:
    """`U(-b, b)` with `b = gain * √(6 / (in + out))` (Glorot and Bengio, 2010)."""
    scale = np.float32(gain) * np.sqrt(np.float32(24.0 / sum(fans(shape))))
    return _f32((uniform(shape) - np.float32(0.5)) * scale)


def glorot_normal(*shape: int, gain: float = 1.0) -> Any:
    """`N(0, gain² * 2 / (in + out))`."""
    return _f32(normal(shape) * (np.float32(gain) * np.sqrt(np.float32(2.0 / sum(fans(shape))))))


def kaiming_uniform(*shape: int, gain: float = math.sqrt(2.0)) -> Any:
    """`U(-b, b)` with `b = gain * √(3 / in)` (He and others, 2015)."""
    bound = np.float32(math.sqrt(3.0) * gain / math.sqrt(fans(shape)[0]))
    return _f32((uniform(shape) - np.float32(0.5)) * (2 * bound))


def kaiming_normal(*shape: int, gain: float = math.sqrt(2.0)) -> Any:
    """`N(0, gain² / in)`."""
    return _f32(normal(shape) * np.float32(gain / math.sqrt(fans(shape)[0])))


def orthogonal(*shape: int, gain: float = 1.0) -> Any:
    """Orthonormal columns (or rows), from the QR decomposition of normal numbers."""
    rows, cols = math.prod(shape[:-1]), shape[-1]
    tall = (max(rows, cols), min(rows, cols))
    q, r = np.linalg.qr(np.asarray(normal(tall), dtype=float))
    q = q * np.sign(np.diag(r))
    return _f32(gain * (q if rows >= cols else q.T).reshape(shape, order="F"))


def identity_init(*shape: int, gain: float = 1.0) -> Any:
    """The identity map for two dimensions, zeros for one."""
    if len(shape) != 2:
        return zeros32(*shape)
    return _f32(gain * np.eye(*shape))


def rand32(*shape: int) -> Any:
    """Uniform Float32 numbers."""
    return _f32(uniform(shape))


def randn32(*shape: int) -> Any:
    """Standard normal Float32 numbers."""
    return _f32(normal(shape))


def zeros32(*shape: int) -> Any:
    """Float32 zeros."""
    return np.zeros(shape, dtype=np.float32, order="F")


def ones32(*shape: int) -> Any:
    """Float32 ones."""
    return np.ones(shape, dtype=np.float32, order="F")
