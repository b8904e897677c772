"""`BigFloat`: binary floating-point numbers of any precision, computed by mpmath.

Imported only when a program makes its first BigFloat.
"""

from __future__ import annotations

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
    """A value of mpmath's raw form, and its precision in bits."""

    __slots__ = ("prec", "raw")

    def __init__(self, raw: RAW, prec: int | None = None) -> None:
        self.raw = raw
        self.prec = prec or Precision.bits

    @staticmethod
    def of(x: Any, prec: int | None = None) -> BigFloat:
        """Any real number of Base, rounded to the current precision."""
        prec = prec or Precision.bits
        how = Precision.rounding
        if isinstance(x, BigFloat):
            return x if x.prec == prec else BigFloat(libmp.mpf_pos(x.raw, prec, how), prec)
        if isinstance(x, (int, np.integer, np.bool_)):
            return BigFloat(libmp.from_int(int(x), prec, how), prec)
        if isinstance(x, Rational):
            if x.den == 0:
                return BigFloat(libmp.finf if x.num > 0 else libmp.fninf, prec)
            return BigFloat(libmp.from_rational(int(x.num), int(x.den), prec, how), prec)
        if isinstance(x, Irrational):
            return BigFloat(x.digits(prec), prec)
        return BigFloat(libmp.from_float(float(x), prec, how), prec)

    @staticmethod
    def parse(text: str, prec: int | None = None) -> BigFloat | None:
        """A BigFloat from decimal text; None if it is none."""
        prec = prec or Precision.bits
        text = text.strip()
        special = {"inf": libmp.finf, "infinity": libmp.finf, "nan": libmp.fnan}.get(text.lower().lstrip("+-"))
        if special is not None:
            return BigFloat(libmp.mpf_neg(special) if text[0] == "-" else special, prec)
        try:
            return BigFloat(libmp.from_str(text, prec, Precision.rounding), prec)
        except ValueError:
            return None

    # ------------------------------------------------------------ arithmetic

    def __add__(self, other: BigFloat) -> BigFloat:
        return BigFloat(libmp.mpf_add(self.raw, other.raw, Precision.bits, Precision.rounding))

    def __sub__(self, other: BigFloat) -> BigFloat:
        return BigFloat(libmp.mpf_sub(self.raw, other.raw, Precision.bits, Precision.rounding))

    def __mul__(self, other: BigFloat) -> BigFloat:
        return BigFloat(libmp.mpf_mul(self.raw, other.raw, Precision.bits, Precision.rounding))

    def __truediv__(self, other: BigFloat) -> BigFloat:
        if other.raw == libmp.fzero:
            if self.raw == libmp.fzero or self.raw == libmp.fnan:
                return BigFloat(libmp.fnan)
            return BigFloat(libmp.finf if libmp.mpf_sign(self.raw) > 0 else libmp.fninf)
        return BigFloat(libmp.mpf_div(self.raw, other.raw, Precision.bits, Precision.rounding))

    def __neg__(self) -> BigFloat:
        return BigFloat(libmp.mpf_neg(self.raw), self.prec)

    def __abs__(self) -> BigFloat:
        return BigFloat(libmp.mpf_abs(self.raw), self.prec)

    def power(self, other: BigFloat) -> BigFloat:
        """`self ^ other`; a negative base needs a whole exponent."""
        whole = other.whole()
        if whole is not None:
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
        return float(libmp.to_float(self.raw, rnd="n"))

    def finite(self) -> bool:
        return self.raw not in (libmp.finf, libmp.fninf, libmp.fnan)

    def whole(self) -> int | None:
        """The value as an integer, if it is one."""
        if not self.finite():
            return None
        sign, man, exp, _ = self.raw
        man = int(man)
        if exp >= 0:
            n = man << exp
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
        return BigFloat(f(self.raw, self.prec, "n"), self.prec)

    def text(self, count: int | None = None) -> str:
        """All digits that tell the value from its neighbours (or `count`), without zeros at the end."""
        if self.raw == libmp.fnan:
            return "NaN"
        if self.raw in (libmp.finf, libmp.fninf):
            return "Inf" if self.raw == libmp.finf else "-Inf"
        if self.raw == libmp.fzero:
            return "0.0"
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


def function(name: str) -> Callable[[BigFloat], BigFloat]:
    """One of mpmath's real functions at the current precision."""
    f = getattr(libmp, f"mpf_{name}")

    def apply(x: BigFloat) -> BigFloat:
        return BigFloat(f(x.raw, Precision.bits, Precision.rounding))

    return apply
