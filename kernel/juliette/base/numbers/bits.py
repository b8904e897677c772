"""Bits of integers: `& | xor ~`, shifts, counting, byte order, signed and unsigned."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.arithmetic import LARGEST, after_promotion, folding
from juliette.base.numbers.promotion import promoting, wrapping_converter
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import OutOfMemoryError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    MAKER,
    SIGNED,
    UNSIGNED,
    BigInt,
    BigInt_,
    wrap,
    wrap_to,
)

# ---------------------------------------------------------------- bits


def bitwise(name: str, op: Callable[[Any, Any], Any], ufunc: Any, *others: str) -> None:
    def for_type(t: Any) -> Any:
        if t in (BigInt_,) or BITS.get(t) == 128:
            make = MAKER[t]
            return lambda x, y: make(op(int(x), int(y)))
        return op

    Base.method(f"{name}(x::CoreInteger, y::CoreInteger)", specialised=True)(
        after_promotion(for_type, wrapping_converter)
    )
    promoting(name, "Integer")

    @Base.method(
        f"{name}(x::Union{{Integer,Missing}}, y::Union{{Integer,Missing}})", transparent=True
    )
    def with_missing(x: Any, y: Any) -> Any:
        for v in (x, y):
            if (name == "&" and v is False) or (name == "|" and v is True):
                return v
        return V.MISSING

    folding(name)
    KERNELS[Base.bindings[name]] = ufunc
    for other in others:
        Base.const(other, Base.bindings[name])


bitwise("&", operator.and_, np.bitwise_and)
bitwise("|", operator.or_, np.bitwise_or)
bitwise("xor", operator.xor, np.bitwise_xor, "⊻")


def negated(name: str, base: str, other: str) -> None:
    @Base.method(f"{name}(x, y)", transparent=True)
    def f(x: Any, y: Any) -> Any:
        return Base.bindings["~"](Base.bindings[base](x, y))

    f.__doc__ = f"Not `{base}`."
    Base.const(other, Base.bindings[name])


negated("nand", "&", "⊼")
negated("nor", "|", "⊽")


@Base.method("~(x::CoreInteger)", specialised=True)
def invert(t: Any) -> Any:
    """Flip all bits.

    ```jldoctest
    julia> ~4, ~0x0f, ~true
    (-5, 0xf0, false)
    ```
    """
    if t is T.Bool:
        return operator.not_
    if t is BigInt_ or BITS[t] == 128:
        make = BigInt if t is BigInt_ else lambda n: wrap_to(t, n)
        return lambda x: make(~int(x))
    return operator.invert


def shift(name: str, left: bool, logical: bool, doc: str) -> None:
    """`<<`, `>>` or `>>>`; a negative distance goes the other way."""

    def for_types(t: Any, _: Any) -> Any:
        bits = BITS.get(t) if t is not T.Bool else 64
        make = MAKER[t] if t is not T.Bool else int

        def f(x: Any, n: Any) -> Any:
            n = int(n)
            v = int(x)
            if not left:
                n = -n
            if n >= 0:
                if bits is None:
                    if n > LARGEST and v:
                        raise OutOfMemoryError()
                    return make(v << n)
                if n >= bits:
                    return make(0)
                return wrap(v << n) if t is T.Int64 or t is T.Bool else wrap_to(t, v << n)
            if logical and bits is not None and v < 0:
                v &= (1 << bits) - 1
                r = v >> min(-n, bits)
                return wrap(r) if t is T.Int64 else wrap_to(t, r)
            return make(v >> -n)

        return f

    for_types.__doc__ = doc
    Base.method(f"{name}(x::CoreInteger, n::CoreInteger)", specialised=True)(for_types)


shift(
    "<<",
    True,
    False,
    """Shift the bits left.

    ```jldoctest
    julia> 3 << 4, 0x81 << 1
    (48, 0x02)
    ```
    """,
)
shift(
    ">>",
    False,
    False,
    """Shift the bits right, keeping the sign.

    ```jldoctest
    julia> -14 >> 2
    -4
    ```
    """,
)
shift(
    ">>>",
    False,
    True,
    """Shift the bits right, filling with zeros.

    ```jldoctest
    julia> Int8(-14) >>> 2
    60
    ```
    """,
)


@Base.method("bitrotate(x::BitInteger, k::Integer)")
def bitrotate(x: Any, k: Any) -> Any:
    """Rotate the bits left by `k`.

    ```jldoctest
    julia> bitrotate(0x81, 1)
    0x03
    ```
    """
    t = T.typeof(x)
    bits = BITS[t]
    n = int(k) % bits
    v = int(x) & ((1 << bits) - 1)
    return wrap_to(t, (v << n) | (v >> (bits - n)))


def bit_count(name: str, f: Callable[[int, int], int], doc: str) -> None:
    @Base.method(f"{name}(x::Integer)")
    def count(x: Any) -> int:
        t = T.typeof(x)
        if t is BigInt_:
            return f(int(x), 0)
        bits = BITS[t]
        return f(int(x) & ((1 << bits) - 1), bits)

    count.__doc__ = doc


def _trailing(v: int, bits: int) -> int:
    return (v & -v).bit_length() - 1 if v else bits


bit_count(
    "count_ones",
    lambda v, n: v.bit_count(),
    """How many bits are set.

    ```jldoctest
    julia> count_ones(7), count_ones(-1)
    (3, 64)
    ```
    """,
)
bit_count("count_zeros", lambda v, n: n - v.bit_count(), "How many bits are not set.")
bit_count(
    "leading_zeros",
    lambda v, n: n - v.bit_length(),
    """How many zero bits stand first.

    ```jldoctest
    julia> leading_zeros(Int32(1))
    31
    ```
    """,
)
bit_count(
    "trailing_zeros",
    _trailing,
    """How many zero bits stand last.

    ```jldoctest
    julia> trailing_zeros(12)
    2
    ```
    """,
)
bit_count(
    "leading_ones",
    lambda v, n: n - (v ^ ((1 << n) - 1)).bit_length(),
    "How many one bits stand first.",
)
bit_count(
    "trailing_ones",
    lambda v, n: _trailing(~v & ((1 << (n or v.bit_length() + 1)) - 1), n),
    "How many one bits stand last.",
)


@Base.method("bswap(x::BitInteger)")
def bswap(x: Any) -> Any:
    """The bytes in reverse order.

    ```jldoctest
    julia> bswap(0x1234)
    0x3412
    ```
    """
    t = T.typeof(x)
    n = BITS[t] // 8
    return wrap_to(t, int.from_bytes((int(x) & ((1 << 8 * n) - 1)).to_bytes(n, "big"), "little"))


@Base.method("bitreverse(x::BitInteger)")
def bitreverse(x: Any) -> Any:
    """The bits in reverse order.

    ```jldoctest
    julia> bitreverse(0x0b)
    0xd0
    ```
    """
    t = T.typeof(x)
    n = BITS[t]
    return wrap_to(t, int(f"{int(x) & ((1 << n) - 1):0{n}b}"[::-1], 2))


@Base.method("uabs(x::Integer)", export=False)
def uabs(x: Any) -> Any:
    """`abs(x)` as an unsigned number, which always fits."""
    t = T.typeof(x)
    return (
        wrap_to(UNSIGNED[SIGNED.index(t)], abs(int(x))) if t in SIGNED else Base.bindings["abs"](x)
    )


for _name in ("hton", "ntoh"):
    Base.method(f"{_name}(x::BitInteger)")(bswap)
for _name in ("htol", "ltoh"):
    Base.method(f"{_name}(x::BitInteger)")(lambda x: x)


@Base.method("signed(x)")
def signed(x: Any) -> Any:
    """The signed type of the same size, or the value in it.

    ```jldoctest
    julia> signed(0xff), signed(UInt16)
    (-1, Int16)
    ```
    """
    if isinstance(x, T.JuliaType):
        return SIGNED[UNSIGNED.index(x)] if x in UNSIGNED else x
    t = T.typeof(x)
    if t in UNSIGNED:
        return wrap_to(SIGNED[UNSIGNED.index(t)], x)
    if t is T.Bool:
        return int(x)
    return x if t in SIGNED or t is BigInt_ else Base.bindings["convert"](T.Int64, x)


@Base.method("unsigned(x)")
def unsigned(x: Any) -> Any:
    """The unsigned type of the same size, or the value in it.

    ```jldoctest
    julia> unsigned(-1), unsigned(Int8)
    (0xffffffffffffffff, UInt8)
    ```
    """
    if isinstance(x, T.JuliaType):
        return UNSIGNED[SIGNED.index(x)] if x in SIGNED else x
    t = T.typeof(x)
    if t in SIGNED:
        return wrap_to(UNSIGNED[SIGNED.index(t)], x)
    if t is T.Bool:
        return np.uint64(x)
    return x if t in UNSIGNED or t is BigInt_ else Base.bindings["convert"](T.UInt64, x)
