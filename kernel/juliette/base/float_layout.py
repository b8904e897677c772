"""How the bits of floating-point numbers are shared out: `significand_bits`, `exponent_mask` and their kind."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from juliette.runtime import types as T
from juliette.runtime.modules import Base

# Of each type: the unsigned integer of its size, the bits of its exponent, the bits of its fraction.
LAYOUTS: dict[Any, tuple[Any, int, int]] = {
    T.Float16: (T.UInt16, 5, 10),
    T.Float32: (T.UInt32, 8, 23),
    T.Float64: (T.UInt64, 11, 52),
}
UNSIGNED: dict[Any, Any] = {T.UInt16: np.uint16, T.UInt32: np.uint32, T.UInt64: np.uint64}


def layouts(name: str, value: Any, doc: str) -> None:
    """Define a question about the bits of the floating-point types."""
    for t, layout in LAYOUTS.items():
        answer = value(*layout)

        def question(_: Any, answer: Any = answer) -> Any:
            return answer

        question.__doc__ = doc
        Base.method(f"{name}(t::Type{{{t}}})", export=False)(question)


def exponent_one(fraction: int, exponent: int) -> int:
    """The exponent of 1.0, in its place."""
    return (2 ** (exponent - 1) - 1) << fraction


layouts(
    "uinttype",
    lambda u, e, f: u,
    "The unsigned integer with as many bits as a floating-point type.",
)
layouts(
    "significand_bits",
    lambda u, e, f: f,
    "How many bits of a floating-point type hold the fraction.",
)
layouts(
    "exponent_bits", lambda u, e, f: e, "How many bits of a floating-point type hold the exponent."
)
layouts(
    "exponent_bias",
    lambda u, e, f: 2 ** (e - 1) - 1,
    "What is added to the exponent of a floating-point number.",
)
layouts(
    "exponent_max",
    lambda u, e, f: 2 ** (e - 1) - 1,
    "The largest exponent of a floating-point type.",
)
layouts("exponent_raw_max", lambda u, e, f: 2**e - 1, "The exponent of infinity, as it is stored.")
layouts("sign_mask", lambda u, e, f: UNSIGNED[u](1 << (e + f)), "The bit of the sign.")
layouts("exponent_mask", lambda u, e, f: UNSIGNED[u]((2**e - 1) << f), "The bits of the exponent.")
layouts("significand_mask", lambda u, e, f: UNSIGNED[u](2**f - 1), "The bits of the fraction.")
layouts(
    "exponent_one",
    lambda u, e, f: UNSIGNED[u](exponent_one(f, e)),
    "The exponent of 1.0, in its place.",
)
layouts(
    "exponent_half",
    lambda u, e, f: UNSIGNED[u](exponent_one(f, e) - (1 << f)),
    "The exponent of 0.5, in its place.",
)


# ---------------------------------------------------------------- numbers taken apart


@Base.method("decompose(x::Union{Integer,Rational,AbstractFloat})", export=False)
def decompose(x: Any) -> tuple[Any, int, Any]:
    """`n`, `p` and `d` for which a number is `n * 2^p / d`; types of numbers with a method for it are hashed by value.

    ```jldoctest
    julia> Base.decompose(5), Base.decompose(3//4), Base.decompose(0.5)
    ((5, 0, 1), (3, 0, 4), (4503599627370496, -53, 1))
    ```
    """
    if T.isa(x, T.Integer):
        return x, 0, 1
    if not isinstance(x, (float, np.floating)):
        return Base.bindings["numerator"](x), 0, Base.bindings["denominator"](x)
    if np.isnan(x):
        return 0, 0, 0
    if np.isinf(x):
        return (-1 if x < 0 else 1), 0, 0
    unsigned, exponent, fraction = LAYOUTS[T.typeof(x)]
    bits = int(np.array(x).view(UNSIGNED[unsigned]))
    power = (bits >> fraction) & (2**exponent - 1)
    digits = bits & (2**fraction - 1) | (min(power, 1) << fraction)
    return digits, max(power, 1) - (2 ** (exponent - 1) - 1) - fraction, -1 if np.signbit(x) else 1


def value_of_parts(parts: Any) -> Any:
    """The number, of a built-in type, that `decompose` took apart."""
    n, p, d = parts
    call = Base.bindings
    if not int(d):
        return float("nan") if not int(n) else float("inf") * (1 if int(n) > 0 else -1)
    exact = Fraction(int(n)) * Fraction(2) ** int(p) / int(d)
    if exact.denominator == 1:
        return call["big"](exact.numerator) if abs(exact.numerator) >= 2**63 else exact.numerator
    if float(exact) == exact:
        return float(exact)
    return call["//"](call["big"](exact.numerator), call["big"](exact.denominator))
