"""`BigFloat`: binary floating-point numbers of any precision, computed by mpmath.

Imported only when a program makes its first BigFloat.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from mpmath import libmp

from juliette.runtime import types as T
from juliette.runtime.numeric import BigFloat_, Irrational, Rational, decimal

RAW = tuple[Any, ...]


# How mpmath calls Julia's rounding modes.
MODES = {"Nearest": "n", "Down": "f", "Up": "c", "ToZero": "d", "FromZero": "u"}


class Precision:
    """The precision of new BigFloats in bits, and how results are rounded."""

    bits = 256
    rounding = "n"


class BigFloat:
    """A value of mpmath's raw form, and its precision in bits.

    mpmath has one zero; `minus` marks the negative one.
    """

    __slots__ = ("minus", "prec", "raw")

    def __init__(self, raw: RAW, prec: int | None = None, minus: bool = False) -> None:
        self.raw = raw
        self.prec = prec or Precision.bits
        self.minus = minus

    @staticmethod
    def of(x: Any, prec: int | None = None) -> BigFloat:
        """Any real number of Base, rounded to the current precision."""
        prec = prec or Precision.bits
        how = Precision.rounding
        if isinstance(x, BigFloat):
            return x if x.prec == prec else BigFloat(libmp.mpf_pos(x.raw, prec, how), prec, x.minus)
        if isinstance(x, (int, np.integer, np.bool_)):
            return BigFloat(libmp.from_int(int(x), prec, how), prec)
        if isinstance(x, Rational):
            if x.den == 0:
                return BigFloat(libmp.finf if x.num > 0 else libmp.fninf, prec)
            return BigFloat(libmp.from_rational(int(x.num), int(x.den), prec, how), prec)
        if isinstance(x, Irrational):
            return BigFloat(x.digits(prec), prec)
        x = float(x)
        return BigFloat(libmp.from_float(x, prec, how), prec, x == 0 and math.copysign(1, x) < 0)

    @staticmethod
    def parse(text: str, prec: int | None = None) -> BigFloat | None:
        """A BigFloat from decimal text; None if it is none."""
        prec = prec or Precision.bits
        text = text.strip()
        special = {"inf": libmp.finf, "infinity": libmp.finf, "nan": libmp.fnan}.get(
            text.lower().lstrip("+-")
        )
        if special is not None:
            return BigFloat(libmp.mpf_neg(special) if text[0] == "-" else special, prec)
        try:
            raw = libmp.from_str(text, prec, Precision.rounding)
            return BigFloat(raw, prec, raw == libmp.fzero and text[0] == "-")
        except ValueError:
            return None

    # ------------------------------------------------------------ arithmetic

    def signbit(self) -> bool:
        return self.minus or bool(libmp.mpf_lt(self.raw, libmp.fzero))

    def __add__(self, other: BigFloat) -> BigFloat:
        raw = libmp.mpf_add(self.raw, other.raw, Precision.bits, Precision.rounding)
        return BigFloat(raw, None, self.minus and other.minus)

    def __sub__(self, other: BigFloat) -> BigFloat:
        raw = libmp.mpf_sub(self.raw, other.raw, Precision.bits, Precision.rounding)
        return BigFloat(raw, None, self.minus and other.raw == libmp.fzero and not other.minus)

    def __mul__(self, other: BigFloat) -> BigFloat:
        raw = libmp.mpf_mul(self.raw, other.raw, Precision.bits, Precision.rounding)
        return BigFloat(raw, None, raw == libmp.fzero and self.signbit() is not other.signbit())

    def __truediv__(self, other: BigFloat) -> BigFloat:
        minus = self.signbit() is not other.signbit()
        if other.raw == libmp.fzero:
            if self.raw == libmp.fzero or self.raw == libmp.fnan:
                return BigFloat(libmp.fnan)
            return BigFloat(libmp.fninf if minus else libmp.finf)
        raw = libmp.mpf_div(self.raw, other.raw, Precision.bits, Precision.rounding)
        return BigFloat(raw, None, raw == libmp.fzero and minus)

    def __neg__(self) -> BigFloat:
        return BigFloat(
            libmp.mpf_neg(self.raw), self.prec, self.raw == libmp.fzero and not self.minus
        )

    def __abs__(self) -> BigFloat:
        return BigFloat(libmp.mpf_abs(self.raw), self.prec)

    def power(self, other: BigFloat) -> BigFloat:
        """`self ^ other`; a negative base needs a whole exponent."""
        whole = other.whole()
        if whole is not None:
            if self.raw == libmp.fzero and whole:
                minus = self.minus and whole % 2 == 1
                return (
                    BigFloat(libmp.fzero, None, minus)
                    if whole > 0
                    else BigFloat(libmp.fninf if minus else libmp.finf)
                )
            return BigFloat(libmp.mpf_pow_int(self.raw, whole, Precision.bits, Precision.rounding))
        return BigFloat(libmp.mpf_pow(self.raw, other.raw, Precision.bits, Precision.rounding))

    # ------------------------------------------------------------ comparison

    def _raw_of(self, other: Any) -> RAW | None:
        if isinstance(other, BigFloat):
            return other.raw
        if isinstance(other, (int, np.integer, np.bool_)):
            return libmp.from_int(int(other))  # type: ignore[no-any-return]
        if isinstance(other, (float, np.floating)):
            return libmp.from_float(float(other))  # type: ignore[no-any-return]
        return None

    def __eq__(self, other: object) -> bool:
        raw = self._raw_of(other)
        return raw is not None and bool(libmp.mpf_eq(self.raw, raw))

    def __lt__(self, other: Any) -> bool:
        return bool(libmp.mpf_lt(self.raw, self._raw_of(other)))

    def __le__(self, other: Any) -> bool:
        return bool(libmp.mpf_le(self.raw, self._raw_of(other)))

    def __gt__(self, other: Any) -> bool:
        return bool(libmp.mpf_gt(self.raw, self._raw_of(other)))

    def __ge__(self, other: Any) -> bool:
        return bool(libmp.mpf_ge(self.raw, self._raw_of(other)))

    def __hash__(self) -> int:
        return int(libmp.mpf_hash(self.raw))

    def egal(self, other: BigFloat) -> bool:
        return self is other

    # ------------------------------------------------------------ conversion

    def __float__(self) -> float:
        return -0.0 if self.minus else float(libmp.to_float(self.raw, rnd="n"))

    def finite(self) -> bool:
        return self.raw not in (libmp.finf, libmp.fninf, libmp.fnan)

    def whole(self) -> int | None:
        """The value as an integer, if it is one."""
        if not self.finite():
            return None
        sign, mantissa, exp, _ = self.raw
        man = int(mantissa)
        if exp >= 0:
            n: int = man << exp
        elif man & ((1 << -exp) - 1):
            return None
        else:
            n = man >> -exp
        return -n if sign else n

    def ratio(self) -> tuple[int, int]:
        """Numerator and denominator."""
        sign, man, exp, _ = self.raw
        n = -int(man) if sign else int(man)
        return (n << exp, 1) if exp >= 0 else (n, 1 << -exp)

    def rounded(self, how: str) -> BigFloat:
        """To a whole number: `n`earest (ties to even), `f`loor, `c`eiling or `d`own to zero."""
        if not self.finite() or self.raw[2] >= 0:
            return self
        f = {"n": libmp.mpf_nint, "f": libmp.mpf_floor, "c": libmp.mpf_ceil}.get(how)
        if f is None:
            f = libmp.mpf_ceil if self.raw[0] else libmp.mpf_floor
        raw = f(self.raw, self.prec, "n")
        return BigFloat(raw, self.prec, raw == libmp.fzero and self.signbit())

    def text(self, count: int | None = None) -> str:
        """All digits that tell the value from its neighbours (or `count`), without zeros at the end."""
        if self.raw == libmp.fnan:
            return "NaN"
        if self.raw in (libmp.finf, libmp.fninf):
            return "Inf" if self.raw == libmp.finf else "-Inf"
        if self.raw == libmp.fzero:
            return "-0.0" if self.minus else "0.0"
        # As many digits as MPFR writes for this precision.
        digits, exponent = self.decimal_digits(count or 2 + int(self.prec * 0.30102999566398120))
        sign = "-" if self.raw[0] else ""
        digits = digits.rstrip("0") or "0"
        if exponent < 0 and exponent > -5:
            return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
        if 0 <= exponent < 6:
            whole = digits[: exponent + 1].ljust(exponent + 1, "0")
            return f"{sign}{whole}.{digits[exponent + 1 :] or '0'}"
        return f"{sign}{digits[0]}.{digits[1:] or '0'}e{exponent:+03d}"

    def decimal_digits(self, count: int) -> tuple[str, int]:
        """The first `count` decimal digits, correctly rounded, and the exponent of the first."""
        n, d = self.ratio()
        n = abs(n)
        exponent = len(decimal(n)) - len(decimal(d))
        if 10 ** max(exponent, 0) * d > n * 10 ** max(-exponent, 0):
            exponent -= 1
        shift = count - 1 - exponent
        top, bottom = (n * 10**shift, d) if shift >= 0 else (n, d * 10**-shift)
        q, r = divmod(top, bottom)
        if 2 * r > bottom or (2 * r == bottom and q & 1):
            q += 1
        digits = decimal(q)
        if len(digits) > count:
            digits, exponent = digits[:-1], exponent + 1
        return digits, exponent

    def __repr__(self) -> str:
        return f"BigFloat({self.text()})"


T.register_class(BigFloat, BigFloat_)


# Functions that keep the sign of zero.
ODD = frozenset(
    {
        "sqrt",
        "cbrt",
        "sin",
        "tan",
        "asin",
        "atan",
        "sinh",
        "tanh",
        "asinh",
        "atanh",
        "expm1",
        "log1p",
    }
)


def function(name: str) -> Callable[[BigFloat], BigFloat]:
    """One of mpmath's real functions at the current precision."""
    f = getattr(libmp, f"mpf_{name}")

    def apply(x: BigFloat) -> BigFloat:
        if x.minus and name in ODD:
            return x
        return BigFloat(f(x.raw, Precision.bits, Precision.rounding))

    return apply
