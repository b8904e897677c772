"""Number theory: `gcd lcm gcdx invmod powermod isqrt factorial binomial nextpow`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.numbers.arithmetic import after_promotion
from juliette.base.numbers.integers import quotient
from juliette.base.numbers.promotion import promote
from juliette.runtime import types as T
from juliette.runtime.errors import (
    DivideError,
    DomainError,
    MethodError,
    OverflowError_,
)
from juliette.runtime.memory import reserve
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    FLOATS,
    HIGH,
    MAKER,
    BigInt,
    BigInt_,
    Complex,
    fits,
    wrap_to,
)

# ---------------------------------------------------------------- number theory


def _theory(name: str, f: Callable[[int, int], int], doc: str) -> None:
    def for_type(t: Any) -> Any:
        if (t not in BITS and t is not BigInt_) or t in FLOATS:
            raise MethodError(Base.bindings[name], (t,), None)
        if t is T.Int64:

            def ints(a: int, b: int) -> int:
                r = f(a, b)
                if r > HIGH:
                    raise overflow(name, t, a, b)
                return r

            return ints
        make = MAKER[t]

        def others(a: Any, b: Any) -> Any:
            r = f(int(a), int(b))
            if not fits(t, r):
                raise overflow(name, t, int(a), int(b))
            return make(r)

        return others

    method = after_promotion(for_type)
    method.__doc__ = doc
    Base.method(f"{name}(a::CoreInteger, b::CoreInteger)", specialised=True)(method)

    @Base.method(f"{name}(a::Union{{Integer,Rational}})", transparent=True)
    def single(a: Any) -> Any:
        return Base.bindings["abs"](a)

    @Base.method(f"{name}(a::Real, b::Real, c::Real, rest::Real...)", transparent=True)
    def many(a: Any, b: Any, c: Any, *rest: Any) -> Any:
        g = Base.bindings[name]
        out = g(g(a, b), c)
        for x in rest:
            out = g(out, x)
        return out

    @Base.method(f"{name}(xs::AbstractArray)", transparent=True)
    def array(xs: Any) -> Any:
        from juliette.compiler import support

        neutral = Base.bindings["zero" if name == "gcd" else "one"]
        out: Any = neutral(Base.bindings["eltype"](xs))
        for x in support.iterate(xs):
            out = Base.bindings[name](out, x)
        return out


def overflow(name: str, t: Any, a: int, b: int) -> OverflowError_:
    """The error of the step of `gcd` or `lcm` that does not fit."""
    product = quotient(b, math.gcd(a, b)) if b else 0
    if name == "lcm" and not fits(t, a * product):
        return OverflowError_(f"{a} * {product} overflowed for type {T.type_string(t)}")
    if name == "gcd" and a and b:
        return OverflowError_(f"gcd({a}, {b}) overflows")
    x = a * product if name == "lcm" else a or b
    return OverflowError_(f"checked arithmetic: cannot compute |x| for x = {x}::{T.type_string(t)}")


_theory(
    "gcd",
    math.gcd,
    """Greatest common divisor.

    ```jldoctest
    julia> gcd(12, 18), gcd(6, -9), gcd(0, 0)
    (6, 3, 0)
    ```
    """,
)
_theory(
    "lcm",
    math.lcm,
    """Least common multiple.

    ```jldoctest
    julia> lcm(4, 6), lcm(-2, 3)
    (12, 6)
    ```
    """,
)


@Base.method("gcdx(a::Integer, b::Integer)")
def gcdx(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """`(d, u, v)` with `d = gcd(a, b) = u*a + v*b`.

    ```jldoctest
    julia> gcdx(12, 42)
    (6, -3, 1)
    ```
    """
    a, b = promote(a, b)
    t = T.typeof(a)
    x, y = int(a), int(b)
    s0, s1, t0, t1 = 1, 0, 0, 1
    while y:
        q = quotient(x, y)
        x, y = y, x - q * y
        s0, s1 = s1, s0 - q * s1
        t0, t1 = t1, t0 - q * t1
    if x < 0:
        x, s0, t0 = -x, -s0, -t0
    make = BigInt if t is BigInt_ else lambda n: wrap_to(t, n)
    return make(x), make(s0), make(t0)


@Base.method("invmod(n::Integer, m::Integer)")
def invmod(n: Any, m: Any) -> Any:
    """The inverse of `n` modulo `m`.

    ```jldoctest
    julia> invmod(3, 7)
    5
    ```
    """
    n, m = promote(n, m)
    if m == 0:
        raise DomainError(m, "`m` must not be 0.")
    try:
        r = pow(int(n), -1, abs(int(m)))
    except ValueError:
        raise DomainError(
            (n, m), f"Greatest common divisor is {math.gcd(int(n), int(m))}."
        ) from None
    return MAKER[T.typeof(m)](r + int(m) if m < 0 and r else r)


@Base.method("powermod(x::Integer, p::Integer, m::Integer)")
def powermod(x: Any, p: Any, m: Any) -> Any:
    """`mod(x^p, m)` without the large number between.

    ```jldoctest
    julia> powermod(7, 100, 13)
    9
    ```
    """
    if m == 0:
        raise DivideError()
    x, n, k = int(x), int(p), int(m)
    if n < 0:
        x, n = int(invmod(x, k)), -n
    r = pow(x, n, abs(k))
    return MAKER[T.typeof(m)](r + k if k < 0 and r else r)


@Base.method("isqrt(n::Integer)")
def isqrt(n: Any) -> Any:
    """The whole part of the square root.

    ```jldoctest
    julia> isqrt(17)
    4
    ```
    """
    if n < 0:
        return Base.bindings["sqrt"](n)
    return MAKER[T.typeof(n)](math.isqrt(int(n)))


@Base.method("factorial(n::Integer)")
def factorial(n: Any) -> Any:
    """`n!`

    ```jldoctest
    julia> factorial(5), factorial(big(22))
    (120, 1124000727777607680000)
    ```
    """
    t = T.typeof(n)
    if n < 0:
        raise DomainError(n, "`n` must not be negative.")
    if t is BigInt_:
        n = int(n)
        reserve(int(n * math.log2(n + 2)) // 8 if n < 1 << 60 else n, 1)
        return BigInt(math.factorial(n))
    limit = 34 if BITS[t] == 128 else 20
    if n > limit:
        raise OverflowError_(
            f"{int(n)} is too large to look up in the table; consider using `factorial(big({int(n)}))` instead"
        )
    result = math.factorial(int(n))
    return MAKER[t](result) if BITS[t] == 128 or t in (T.UInt64,) else result


@Base.method("binomial(n::Integer, k::Integer)")
def binomial(n: Any, k: Any) -> Any:
    """The number of ways to choose `k` of `n`.

    ```jldoctest
    julia> binomial(5, 3), binomial(-4, 2)
    (10, 10)
    ```
    """
    n, k = promote(n, k)
    t = T.typeof(n)
    a, b = int(n), int(k)
    if b < 0:
        r = 0
    elif a < 0:
        r = (-1) ** b * math.comb(b - a - 1, b)
    else:
        r = math.comb(a, b)
    if not fits(t, r):
        raise OverflowError_(f"binomial({a}, {b}) overflows")
    return MAKER[t](r)


@Base.method("binomial(x::Number, k::Integer)", transparent=True)
def binomial_generalised(x: Any, k: Any) -> Any:
    out = Base.bindings["one"](x)
    for i in range(int(k)):
        out = Base.bindings["/"](Base.bindings["*"](out, Base.bindings["-"](x, i)), i + 1)
    return out


@Base.method("ispow2(x::Number)")
def ispow2(x: Any) -> bool:
    """Is it a whole power of two?

    ```jldoctest
    julia> ispow2(8), ispow2(6), ispow2(0.25)
    (true, false, true)
    ```
    """
    if isinstance(x, Complex):
        return bool(x.im == 0) and ispow2(x.re)
    if isinstance(x, (float, np.floating)):
        x = float(x)
        return math.isfinite(x) and x > 0 and math.frexp(x)[0] == 0.5
    if not isinstance(x, (int, np.integer)):
        return (
            bool(Base.bindings["=="](x, 2.0 ** math.floor(math.log2(float(x)))))
            if float(x) > 0
            else False
        )
    n = int(x)
    return n > 0 and n & (n - 1) == 0


def _power_steps(a: Any, x: Any, up: bool) -> Any:
    less_eq, times = Base.bindings["<="], Base.bindings["*"]
    p = Base.bindings["one"](a)
    while True:
        if up and less_eq(x, p):
            return p
        q = times(p, a)
        if not up and not less_eq(q, x):
            return p
        if isinstance(p, int) and q <= p:
            raise OverflowError_(f"{a} ^ … overflows")
        p = q


def next_power(name: str, up: bool, doc: str) -> None:
    @Base.method(f"{name}(a::Real, x::Real)")
    def f(a: Any, x: Any) -> Any:
        less = Base.bindings["<"]
        if up and not less(0, x):
            raise DomainError(x, "`x` must be positive.")
        if not up and less(x, 1):
            raise DomainError(x, "`x` must be ≥ 1.")
        if not less(1, a):
            raise DomainError(a, "`a` must be greater than 1.")
        return _power_steps(a, x, up)

    f.__doc__ = doc


next_power(
    "nextpow",
    True,
    """The smallest power of `a` that is not less than `x`.

    ```jldoctest
    julia> nextpow(2, 7), nextpow(3, 10)
    (8, 27)
    ```
    """,
)
next_power(
    "prevpow",
    False,
    """The largest power of `a` that is not greater than `x`.

    ```jldoctest
    julia> prevpow(2, 7), prevpow(3, 10)
    (4, 9)
    ```
    """,
)


@Base.method("nextprod(factors::Union{Tuple{Vararg{Integer}},AbstractVector{<:Integer}}, x::Real)")
def nextprod(factors: Any, x: Any) -> int:
    """The smallest product of powers of the factors that is not less than `x`.

    ```jldoctest
    julia> nextprod((2, 3), 31)
    32
    ```
    """
    from juliette.compiler import support

    bases = [int(f) for f in support.iterate(factors)]
    target = int(Base.bindings["ceil"](T.Int64, x))
    best = 1
    while best < target:
        best *= min(bases)

    def search(product: int, i: int) -> None:
        nonlocal best
        if product >= target:
            best = min(best, product)
            return
        for j in range(i, len(bases)):
            if product * bases[j] < best or product * bases[j] >= target:
                search(product * bases[j], j)

    search(1, 0)
    return best
