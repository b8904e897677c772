"""Numbers against rules: wrap-around, exactness, and text that reads back as it was."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from juliette.base import bootstrap
from juliette.interpreter import Interpreter
from juliette.runtime import types as T
from juliette.runtime.errors import JuliaException
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    INT_RANGE,
    MAKER,
    Rational,
    UInt128_,
    to_number,
    wrap_to,
)

assert bootstrap
QUICK = settings(max_examples=150, deadline=None)
INTEGERS = list(INT_RANGE)
NATIVE = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def base(name: str, *args: Any) -> Any:
    return Base.get(name)(*args)


@st.composite
def integer_of(draw: st.DrawFn, kind: Any) -> Any:
    low, high = INT_RANGE[kind]
    return MAKER[kind](draw(st.integers(low, high)))


@st.composite
def pair_of_integers(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    kind = draw(st.sampled_from(INTEGERS))
    return kind, draw(integer_of(kind)), draw(integer_of(kind))


@QUICK
@given(pair_of_integers())
def test_ring_operations_wrap_around(case: tuple[Any, Any, Any]) -> None:
    kind, x, y = case
    for name, exact in (
        ("+", int(x) + int(y)),
        ("-", int(x) - int(y)),
        ("*", int(x) * int(y)),
        ("&", int(x) & int(y)),
        ("xor", int(x) ^ int(y)),
    ):
        result = base(name, x, y)
        assert T.typeof(result) is kind
        assert int(result) == int(wrap_to(kind, exact))


@QUICK
@given(pair_of_integers())
def test_quotients_and_remainders_belong_together(case: tuple[Any, Any, Any]) -> None:
    kind, x, y = case
    assume(int(y) != 0)
    assume(not (int(y) == -1 and int(x) == INT_RANGE[kind][0]))
    for quotient, remainder in (("div", "rem"), ("fld", "mod")):
        q, r = base(quotient, x, y), base(remainder, x, y)
        assert int(q) * int(y) + int(r) == int(x)
        assert abs(int(r)) < abs(int(y))
    assert int(base("rem", x, y)) * int(x) >= 0
    assert int(base("mod", x, y)) * int(y) >= 0


@QUICK
@given(pair_of_integers(), st.integers(2, 36), st.integers(1, 40))
def test_an_integer_reads_back_from_its_digits(
    case: tuple[Any, Any, Any], radix: int, pad: int
) -> None:
    kind, x, _ = case
    text = Base.get("string").call_kw({"base": radix, "pad": pad}, x)
    assert Base.get("parse").call_kw({"base": radix}, kind, text) == x
    digits = Base.get("digits").call_kw({"base": radix}, x)
    assert sum(int(d) * radix**i for i, d in enumerate(digits.data.tolist())) == int(x)


@QUICK
@given(pair_of_integers())
def test_bits_are_those_of_twos_complement(case: tuple[Any, Any, Any]) -> None:
    kind, x, _ = case
    bits = base("bitstring", x)
    assert len(bits) == BITS[kind]
    assert int(bits, 2) == int(x) % 2 ** BITS[kind]
    assert base("count_ones", x) == bits.count("1")
    assert base("leading_zeros", x) == len(bits) - len(bits.lstrip("0"))
    assert base("bswap", base("bswap", x)) == x
    assert base("reinterpret", kind, x) == x


@QUICK
@given(FLOATS)
def test_a_float_reads_back_as_it_was(x: float) -> None:
    text = base("string", x)
    assert base("parse", T.Float64, text) == x
    assert math.copysign(1, base("parse", T.Float64, text)) == math.copysign(1, x)
    digits = text.lstrip("-").partition("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 17
    small = np.float32(x)
    if np.isfinite(small):
        assert base("parse", T.Float32, base("string", small)) == small


@QUICK
@given(FLOATS, st.integers(-40, 40))
def test_neighbours_are_neighbours(x: float, n: int) -> None:
    y = base("nextfloat", x, n)
    assume(math.isfinite(y))
    assert base("prevfloat", y, n) == x
    if n > 0:
        assert y > x
        assert base("nextfloat", x) == math.nextafter(x, math.inf)


@QUICK
@given(FLOATS)
def test_rounding_stays_within_one(x: float) -> None:
    down, up, zero = base("floor", x), base("ceil", x), base("trunc", x)
    assert down <= x <= up
    assert up - down in (0, 1)
    assert abs(zero) <= abs(x)
    assert abs(base("round", x) - x) <= 0.5
    assert math.ldexp(*base("frexp", x)) == x


@QUICK
@given(st.integers(-99, 99), st.integers(1, 99), st.integers(-99, 99), st.integers(1, 99))
def test_rationals_are_fractions(a: int, b: int, c: int, d: int) -> None:
    x, y = base("//", a, b), base("//", c, d)
    exact = Fraction(a, b), Fraction(c, d)

    def same(r: Rational, f: Fraction) -> bool:
        return (r.num, r.den) == (f.numerator, f.denominator)

    assert same(base("+", x, y), exact[0] + exact[1])
    assert same(base("-", x, y), exact[0] - exact[1])
    assert same(base("*", x, y), exact[0] * exact[1])
    if c:
        assert same(base("/", x, y), exact[0] / exact[1])
        assert base("fld", x, y) == exact[0] // exact[1]
    assert base("<", x, y) == (exact[0] < exact[1])
    assert base("float", x) == float(exact[0])
    assert base("convert", T.typeof(x), base("float", base("//", a, 64))).den <= 64


@QUICK
@given(NATIVE, FLOATS)
def test_integers_and_floats_compare_exactly(n: int, x: float) -> None:
    exact = Fraction(x)
    assert base("<", n, x) == (n < exact)
    assert base("==", n, x) == (n == exact)
    assert base("<=", x, n) == (exact <= n)


@QUICK
@given(FLOATS, FLOATS)
def test_big_floats_round_once(x: float, y: float) -> None:
    big = T.CORE_TYPES["BigFloat"]
    a, b = to_number(big, x), to_number(big, y)
    assert float(base("+", a, b)) == x + y or abs(x) > 1e250 or abs(y) > 1e250
    text = base("string", a)
    assert base("parse", big, text) == a


@QUICK
@given(pair_of_integers(), st.sampled_from(INTEGERS))
def test_conversion_is_exact_or_fails(case: tuple[Any, Any, Any], target: Any) -> None:
    _, x, _ = case
    low, high = INT_RANGE[target]
    try:
        y = to_number(target, x)
    except JuliaException:
        assert not low <= int(x) <= high
    else:
        assert int(y) == int(x)
        assert T.typeof(y) is target
    assert T.typeof(wrap_to(UInt128_, x)) is UInt128_


@pytest.mark.parametrize(
    "text",
    [
        "0:0.1:1000",
        "range(-1, 1; length = 9001)",
        "0f0:0.1f0:700",
        "range(1e10, 3; length = 5000)",
        "1e-300:1e-300:1e-297",
    ],
)
def test_elements_of_long_ranges_are_those_at_their_places(text: str) -> None:
    """In blocks or one by one, the elements of a range of floats are the same."""
    session = Interpreter(stdout=io.StringIO())
    try:
        r = session.run(text).value
        assert list(r) == list(r.data) == [r.get(i) for i in range(r.count)]
        assert {type(x) for x in r} == {type(r.get(0))}
    finally:
        session.close()
