"""Normal and exponential random numbers by the ziggurat method, in Julia's order.

The tables follow from the formulas of Marsaglia and Tsang; they are computed on first use with
enough digits that every entry is the correctly rounded one. The few values that miss the ziggurat
need a logarithm, for which the rounding errors of Julia's own `log` are reproduced.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = [
    "Table",
    "WordSource",
    "bulk_values",
    "exponential_table",
    "julia_log",
    "normal_table",
    "one_value",
    "sequential_values",
]

_SIZE = 256
_NORMAL_EDGE = "3.65415288536100879635194725185604664812733315920964488827246397029393565706474"
# erfc(edge / sqrt(2)), the normal distribution's share outside the edge.
_NORMAL_OUTSIDE = (
    "2.580324876539008898343885504487203185398584536409033046076029509351995983934371e-4"
)
_EXPONENTIAL_EDGE = (
    "7.69711747013104971404462804811408952334296818528283253278834867283241051210533"
)
_PI = "3.14159265358979323846264338327950288419716939937510582097494459230781640628621"


class WordSource(Protocol):
    """What the method needs of a generator: its native words, and how it reads them."""

    def next_word(self) -> int: ...

    def words(self, count: int) -> NDArray[np.uint64]: ...

    def word_float(self, word: int) -> float: ...

    def words_52(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]: ...

    def next_52(self) -> int: ...

    def rand_float64(self) -> float: ...


class Table:
    """One ziggurat: `limits[i]` accepts at once, `widths[i]` scales, `heights[i]` is the curve."""

    __slots__ = ("edge", "heights", "limit_row", "limits", "signed", "width_row", "widths")

    def __init__(
        self,
        edge: float,
        limits: list[int],
        widths: list[float],
        heights: list[float],
        *,
        signed: bool,
    ) -> None:
        self.signed = signed
        self.edge = edge
        self.limits = limits
        self.widths = widths
        self.heights = heights
        self.limit_row = np.array(limits, np.int64)
        self.width_row = np.array(widths)

    def unlikely(self, bits: int, x: float, draw: Callable[[], float]) -> float | None:
        """The value for `bits` that missed the ziggurat; None when a new number must be tried."""
        layer = bits & 0xFF
        if layer:
            low, high = self.heights[layer], self.heights[layer - 1]
            curve = math.exp(-0.5 * x * x) if self.signed else math.exp(-x)
            return x if (high - low) * draw() + low < curve else None
        if not self.signed:
            return self.edge - julia_log(draw())
        inverse = 1.0 / self.edge
        while True:
            beyond = -inverse * julia_log(draw())
            bound = -julia_log(draw())
            if bound + bound > beyond * beyond:
                return -self.edge - beyond if bits >> 8 & 1 else self.edge + beyond


@cache
def normal_table() -> Table:
    """The ziggurat of the standard normal distribution."""
    from decimal import Context, Decimal, localcontext

    with localcontext(Context(prec=75)):
        edge = Decimal(_NORMAL_EDGE)
        outside = Decimal(_NORMAL_OUTSIDE) * (Decimal(_PI) / 2).sqrt()
        area = edge * (-edge * edge / 2).exp() + outside
        return _table(
            edge,
            area,
            1 << 51,
            lambda x: (-x * x / 2).exp(),
            lambda y: (-2 * y.ln()).sqrt(),
            signed=True,
        )


@cache
def exponential_table() -> Table:
    """The ziggurat of the exponential distribution with scale 1."""
    from decimal import Context, Decimal, localcontext

    with localcontext(Context(prec=75)):
        edge = Decimal(_EXPONENTIAL_EDGE)
        area = (edge + 1) * (-edge).exp()
        return _table(edge, area, 1 << 52, lambda x: (-x).exp(), lambda y: -y.ln(), signed=False)


def _table(
    edge: Decimal,
    area: Decimal,
    scale: int,
    curve: Callable[[Decimal], Decimal],
    inverse: Callable[[Decimal], Decimal],
    *,
    signed: bool,
) -> Table:
    from decimal import Decimal

    limits = [0] * _SIZE
    widths = [Decimal(0)] * _SIZE
    heights = [Decimal(1)] * _SIZE
    widths[-1] = edge / scale
    heights[-1] = curve(edge)
    limits[0] = int(edge * heights[-1] / area * scale)
    widths[0] = area / heights[-1] / scale
    outer = edge
    for layer in range(_SIZE - 2, 0, -1):
        x = inverse(area / outer + heights[layer + 1])
        limits[layer + 1] = int(x / outer * scale)
        widths[layer] = x / scale
        heights[layer] = curve(x)
        outer = x
    return Table(
        float(edge),
        limits,
        [float(width) for width in widths],
        [float(height) for height in heights],
        signed=signed,
    )


def one_value(table: Table, source: WordSource) -> float:
    """One number; takes words from `source` until one is accepted."""
    while True:
        bits = source.next_52()
        magnitude = bits >> 1 if table.signed else bits
        layer = magnitude & 0xFF
        x = (-magnitude if table.signed and bits & 1 else magnitude) * table.widths[layer]
        if magnitude < table.limits[layer]:
            return x
        value = table.unlikely(magnitude, x, source.rand_float64)
        if value is not None:
            return value


def _scaled(
    table: Table, bits: NDArray[np.uint64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.intp]]:
    """First guesses for all `bits`, their magnitudes, and the places where the guess fails."""
    if table.signed:
        magnitudes = (bits >> np.uint64(1)).astype(np.int64)
        layers = magnitudes & 0xFF
        signed = np.where((bits & np.uint64(1)).astype(bool), -magnitudes, magnitudes)
        values = signed * table.width_row[layers]
    else:
        magnitudes = bits.astype(np.int64)
        layers = magnitudes & 0xFF
        values = magnitudes * table.width_row[layers]
    return values, magnitudes, np.flatnonzero(magnitudes >= table.limit_row[layers])


def bulk_values(table: Table, source: WordSource, bits: NDArray[np.uint64]) -> NDArray[np.float64]:
    """One number for each of `bits`; only misses take further words from `source`, in order."""
    values, magnitudes, missed = _scaled(table, bits)
    for place in missed.tolist():
        value = table.unlikely(int(magnitudes[place]), float(values[place]), source.rand_float64)
        values[place] = one_value(table, source) if value is None else value
    return values


def sequential_values(table: Table, source: WordSource, count: int) -> NDArray[np.float64]:
    """The numbers that `count` calls of `one_value` give, and the same words consumed."""
    result = np.empty(count)
    done = 0
    while done < count:
        # Every missing number takes at least one word, so this never takes a word too many.
        found = _sequence(table, source, count - done)
        result[done : done + len(found)] = found
        done += len(found)
    return result


def _sequence(table: Table, source: WordSource, count: int) -> NDArray[np.float64]:
    """All numbers that start within the next `count` words."""
    words = source.words(count)
    values, magnitudes, missed = _scaled(table, source.words_52(words))
    keep = np.ones(count, bool)
    place = 0

    def draw() -> float:
        nonlocal place
        place += 1
        if place >= count:
            return source.word_float(source.next_word())
        keep[place] = False
        return source.word_float(int(words[place]))

    for start in missed.tolist():
        if not keep[start]:
            continue  # this word already served an earlier miss
        place = start
        value = table.unlikely(int(magnitudes[start]), float(values[start]), draw)
        if value is None:
            keep[start] = False
        else:
            values[start] = value
    return values[keep]


# log, after Tang (1990): the argument is y * 2^e with y near F = 1 + j/128; log(F) is tabled.

_LN2_HIGH = 0.6931471805601177
_LN2_LOW = -1.7239444525614835e-13
_LOG_HIGH_BITS = 39


@cache
def _log_table() -> list[tuple[float, float]]:
    from decimal import Context, Decimal, localcontext

    entries = []
    with localcontext(Context(prec=50)):
        for index in range(129):
            exact = (1 + Decimal(index) / 128).ln()
            high = int((exact * (1 << _LOG_HIGH_BITS)).to_integral_value()) / (1 << _LOG_HIGH_BITS)
            entries.append((high, float(exact - Decimal(high))))
    return entries


def _fma(x: float, y: float, z: float) -> float:
    """`x * y + z` rounded once, as the hardware does."""
    from fractions import Fraction

    return float(Fraction(x) * Fraction(y) + Fraction(z))


def julia_log(x: float) -> float:
    """The natural logarithm of `0 <= x < 1` (or any normal positive `x`) with Julia's rounding."""
    if x == 0.0:
        return -math.inf
    if 0.9394130628134757 < x < 1.0644944589178595:
        f = x - 1.0
        g = 1.0 / (2.0 + f)
        u = 2.0 * f * g
        v = u * u
        poly = _fma(v, 0.0004348877777076146, 0.0022321399879194482)
        poly = _fma(v, poly, 0.012500000003771751)
        poly = _fma(v, poly, 0.08333333333333179)
        q = u * v * poly
        return u + _fma(_fma(-u, f, 2.0 * (f - u)), g, q)
    fraction, exponent = math.frexp(x)
    y = 2.0 * fraction
    exponent -= 1
    near = (y + 35184372088832.0) - 35184372088832.0
    f = y - near
    high, low = _log_table()[int(128.0 * near) - 128]
    total_high = exponent * _LN2_HIGH + high
    total_low = exponent * _LN2_LOW + low
    u = (2.0 * f) / (y + near)
    v = u * u
    q = u * v * _fma(v, 0.012500053168098584, 0.08333333333303913)
    return total_high + (u + (q + total_low))
