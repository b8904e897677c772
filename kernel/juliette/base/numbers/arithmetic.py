"""`+ - * / \\ ^` and negation, on all numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.conversion import construct_number
from juliette.base.numbers.promotion import (
    converter,
    promote_type,
    promoting,
    wrapping_converter,
)
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.broadcast import broadcasted
from juliette.runtime.errors import DomainError, MethodError, OutOfMemoryError
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    BITS,
    HIGH,
    INT_RANGE,
    LOW,
    MAKER,
    BigFloat_,
    BigInt,
    BigInt_,
    is_basic_type,
    to_number,
    wrap,
    wrap_to,
)
from juliette.runtime.structs import Struct

Operation = Callable[[Any, Any], Any]


def after_promotion(
    op_for: Callable[[Any], Operation], convert: Callable[[Any, Any], Any] = converter
) -> Callable[[Any, Any], Operation]:
    """For two plain real types, an operation on their common type."""

    def specialise(s: Any, t: Any) -> Operation:
        common = promote_type(s, t)
        op, left, right = op_for(common), convert(s, common), convert(t, common)
        if left is None:
            if right is None:
                return op
            return lambda x, y: op(x, right(y))
        if right is None:
            return lambda x, y: op(left(x), y)
        return lambda x, y: op(left(x), right(y))

    return specialise


def ring_operation(op: Operation) -> Callable[[Any], Operation]:
    """`+`, `-` or `*` on values of one type; fixed-size integers wrap around."""

    def ints(x: int, y: int) -> int:
        r = op(x, y)
        return r if LOW <= r <= HIGH else wrap(r)

    def for_type(t: Any) -> Operation:
        if t is T.Int64:
            return ints
        if t is T.Bool:
            if op is operator.mul:
                return operator.and_
            return lambda x, y: op(int(x), int(y))
        if t is BigInt_:
            return lambda x, y: BigInt(op(x, y))
        if BITS.get(t) == 128:
            return lambda x, y: wrap_to(t, op(int(x), int(y)))
        return op

    return for_type


def ring_converter(source: Any, target: Any) -> Callable[[Any], Any] | None:
    """As `wrapping_converter`; an Int64 serves as the BigInt that it is equal to."""
    if target is BigInt_ and source is T.Int64:
        return None
    return wrapping_converter(source, target)


def binary(name: str, op: Operation, ufunc: Any) -> None:
    """Define a ring operator for all plain numbers and, by promotion, for all others."""
    Base.method(f"{name}(x::CoreReal, y::CoreReal)", specialised=True)(
        after_promotion(ring_operation(op), ring_converter)
    )
    promoting(name, "Number")
    KERNELS[Base.bindings[name]] = ufunc


binary("+", operator.add, np.add)
binary("-", operator.sub, np.subtract)
binary("*", operator.mul, np.multiply)


@Base.method("+(x::Number)", transparent=True)
def plus(x: Any) -> Any:
    return int(x) if type(x) is bool else x


@Base.method("*(x::Number)", transparent=True)
def times(x: Any) -> Any:
    return x


@Base.method("-(x::CoreReal)", specialised=True)
def negative(t: Any) -> Any:
    if t is T.Int64:
        return lambda x: -x if x != LOW else x
    if t is T.Bool:
        return lambda x: -int(x)
    if t is BigInt_ or BITS.get(t) == 128:
        make = MAKER[t] if t is BigInt_ else lambda n: wrap_to(t, n)
        return lambda x: make(-int(x))
    return operator.neg


def folding(name: str) -> None:
    """`a + b + c + …` is one call."""

    @Base.method(f"{name}(a, b, c, rest...)", transparent=True)
    def many(a: Any, b: Any, c: Any, *rest: Any) -> Any:
        f = Base.bindings[name]
        out = f(f(a, b), c)
        for x in rest:
            out = f(out, x)
        return out


folding("+")
folding("*")

# ---------------------------------------------------------------- division


def divide_floats(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return math.nan
        return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _quotient(t: Any) -> Operation:
    if t is T.Float64:
        return divide_floats
    if t is T.Float32 or t is T.Float16 or t is BigFloat_:
        return operator.truediv
    if t is BigInt_:
        return lambda x, y: to_number(BigFloat_, x) / to_number(BigFloat_, y)
    return lambda x, y: divide_floats(float(x), float(y))


def _division(s: Any, t: Any) -> Operation:
    """Machine integers become floats each for itself, also where the common type could not hold both."""
    if s is not t and s in INT_RANGE and t in INT_RANGE:
        return lambda x, y: divide_floats(float(x), float(y))
    return after_promotion(_quotient)(s, t)


Base.method("/(x::CoreReal, y::CoreReal)", specialised=True)(_division)
promoting("/", "Number")
KERNELS[Base.bindings["/"]] = np.true_divide


@Base.method("\\(x::Number, y::Number)", transparent=True)
def backslash(x: Any, y: Any) -> Any:
    """`y / x`

    ```jldoctest
    julia> 4 \\ 2
    0.5
    ```
    """
    if isinstance(x, Struct) or isinstance(y, Struct):
        # The order of factors may matter.
        turn = Base.bindings["adjoint"]
        return turn(Base.bindings["/"](turn(y), turn(x)))
    return Base.bindings["/"](y, x)


@Base.method("inv(x::Number)", transparent=True)
def inv(x: Any) -> Any:
    """`1 / x`

    ```jldoctest
    julia> inv(4), inv(2//3)
    (0.25, 3//2)
    ```
    """
    return Base.bindings["/"](one(x), x)


KERNELS[Base.bindings["inv"]] = np.reciprocal

# ---------------------------------------------------------------- powers

# The bits of a BigInt that there is memory for.
LARGEST = 2**33

_NEGATIVE_POWER = (
    "Cannot raise an integer x to a negative power {p}.\nMake x or {p} a float by adding a zero decimal "
    "(e.g., 2.0^{p} or 2^{p}.0 instead of 2^{p}) or write 1/x^{q}, float(x)^{p}, x^float({p}) or (x//1)^{p}."
)


def negative_power(x: Any, p: Any) -> DomainError:
    if isinstance(x, (int, np.integer)):
        return DomainError(p, _NEGATIVE_POWER.format(p=int(p), q=-int(p)))
    return DomainError(
        p, f"Cannot raise an integer x to a negative power {int(p)}.\nConvert input to float."
    )


def integer_power(t: Any) -> Operation:
    """`x^n` for integers of one type and any integer `n`."""

    def power(x: Any, n: Any) -> Any:
        n = int(n)
        base = int(x)
        if n < 0:
            if base == 1:
                return x
            if base == -1:
                return x if n % 2 else MAKER[t](1)
            raise negative_power(x, n)
        if t is BigInt_:
            if n * base.bit_length() > LARGEST and abs(base) > 1:
                raise OutOfMemoryError()
            return BigInt(base**n)
        if t is T.Bool:
            return n == 0 or bool(x)
        if t is T.Int64:
            if n <= 8:
                r = base**n
                return r if LOW <= r <= HIGH else wrap(r)
            return wrap(pow(base, n, 2**64))
        return wrap_to(t, pow(base, n, 1 << BITS[t]))

    return power


def float_power(x: float, y: float) -> float:
    if x < 0 and y == y and math.isfinite(y) and y != math.floor(y) and x != -math.inf:
        raise DomainError(
            x,
            "Exponentiation yielding a complex result requires a complex argument.\n"
            "Replace x^y with (x+0im)^y, Complex(x)^y, or similar.",
        )
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:  # zero to a negative power
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def _float_to_integer(x: float, n: Any) -> float:
    return x * x if n == 2 else float_power(x, float(n))


def _power(s: Any, t: Any) -> Operation:
    whole = t in INT_RANGE or t is T.Bool or t is BigInt_
    if whole and (s in INT_RANGE or s in (T.Bool, BigInt_)):
        common = BigInt_ if t is BigInt_ and s is not T.Bool else s
        power = integer_power(common)
        return power if common is s else lambda x, n: power(BigInt(x), n)
    if whole and s is T.Float64:
        return _float_to_integer
    common = s if whole else promote_type(s, t)
    if common is BigFloat_:
        from juliette.runtime.bigfloat import BigFloat

        def big_power(x: Any, y: Any) -> Any:
            x, y = BigFloat.of(x), BigFloat.of(y)
            if x < 0 and y.whole() is None:
                raise DomainError(x, "NaN result for non-NaN input.")
            return x.power(y)

        return big_power
    if common in (T.Float16, T.Float32):
        make = MAKER[common]
        return lambda x, y: make(float_power(float(x), float(y)))
    if common in INT_RANGE or common in (T.Bool, BigInt_):
        return lambda x, y: float_power(float(x), float(y))
    return lambda x, y: float_power(float(x), float(y))


Base.method("^(x::CoreReal, y::CoreInteger)", specialised=True)(_power)
Base.method("^(x::CoreReal, y::CoreFloat)", specialised=True)(_power)


@Base.method("^(x::Number, n::Integer)", transparent=True)
def by_squaring(x: Any, n: Any) -> Any:
    """`x` times itself, `n` times.

    ```jldoctest
    julia> 2^10, (1//2)^3
    (1024, 1//8)
    ```
    """
    n = int(n)
    if n < 0:
        return by_squaring(inv(x), -n)
    return power_by_squaring(x, n)


def power_by_squaring(x: Any, n: int) -> Any:
    """`x^n` by products alone, for whatever can be multiplied."""
    times_ = Base.bindings["*"]
    if n == 0:
        return Base.bindings["one"](x)
    if n < 0:
        raise DomainError(
            n, f"Cannot raise an integer x to a negative power {n}.\nConvert input to float."
        )
    result = None
    while True:
        if n & 1:
            result = x if result is None else times_(result, x)
        n >>= 1
        if not n:
            return result
        x = times_(x, x)


promoting("^", "Number")
Base.method("power_by_squaring(x, n::Integer)", export=False, transparent=True)(
    lambda x, n: power_by_squaring(x, int(n))
)


@Base.method("add_sum(x, y)", export=False, transparent=True)
def add_sum(x: Any, y: Any) -> Any:
    """The operator of `sum`: small integers are added as Int64."""
    return Base.bindings["+"](_widened(x), _widened(y))


@Base.method("mul_prod(x, y)", export=False, transparent=True)
def mul_prod(x: Any, y: Any) -> Any:
    """The operator of `prod`."""
    return Base.bindings["*"](_widened(x), _widened(y))


def _widened(x: Any) -> Any:
    if isinstance(x, (np.signedinteger, bool)):
        return int(x)
    return np.uint64(x) if isinstance(x, np.unsignedinteger) else x


@support.helper("literal_power")
def literal_power(f: Any, x: Any, n: int) -> Any:
    """`x^n` where `n` stands in the source: a negative one divides."""
    if f is not Base.bindings["^"] or n >= 0:
        return f(x, n)
    if type(x) is int or type(x) is bool:
        return f(float(x), n)
    if type(x) is float:
        return f(x, n)
    return f(Base.bindings["inv"](x), -n)


@support.helper("literal_powers")
def literal_powers(f: Any, x: Any, n: int) -> Any:
    """`x .^ n` with such an `n`, unevaluated."""
    data = getattr(x, "data", x)
    if type(data) is int or getattr(getattr(data, "dtype", None), "kind", "") in "iub":
        x = broadcasted(Base.bindings["float"], x)
    return broadcasted(f, x, n)


@Base.method("literal_pow(f, x, n)", transparent=True, export=False)
def literal_pow(f: Any, x: Any, n: Any) -> Any:
    """What `x^3` with a literal exponent calls."""
    return literal_power(f, x, n.x)


def power_kernel(x: Any, y: Any) -> Any:
    """`x .^ y` on whole arrays."""
    if isinstance(y, int) and y == 2:
        return np.multiply(x, x)
    if isinstance(y, int) and isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return np.power(x, x.dtype.type(y))
    if (
        getattr(x, "dtype", np.dtype("f8")).kind in "iu"
        and getattr(y, "dtype", np.asarray(y).dtype).kind in "iu"
    ):
        if np.any(np.asarray(y) < 0):
            return NotImplemented
    elif np.any(np.asarray(x) < 0) and np.asarray(y).dtype.kind == "f":
        return NotImplemented
    return np.power(x, y)


KERNELS[Base.bindings["^"]] = power_kernel

# ---------------------------------------------------------------- abstract types as functions

for _name in ("Number", "Real", "AbstractFloat", "Integer", "Signed", "Unsigned"):
    Base.method(f"{_name}(x::CoreReal)")(lambda t, x: construct_number(t, (x,)))

# ---------------------------------------------------------------- identities


def _number_of(t: Any, value: int) -> Any:
    if not isinstance(t, T.JuliaType):
        t = T.typeof(t)
    if is_basic_type(t):
        return to_number(t, value)
    if t is T.Any_ or not T.subtype(t, T.Number):
        return None
    if t in (T.Number, T.Real, T.Integer, T.Signed):
        return value
    return Base.bindings["convert"](t, value)


@Base.method("zero(x)", transparent=True)
def zero(x: Any) -> Any:
    """The additive identity of the type of `x`.

    ```jldoctest
    julia> zero(1.5), zero(Int8), zero(1//2)
    (0.0, 0, 0//1)
    ```
    """
    if hasattr(x, "eltype") and hasattr(getattr(x, "data", None), "dtype"):
        if x.data.dtype != object:
            from juliette.runtime.array import wrap as wrap_array

            return wrap_array(np.zeros_like(x.data))
        return Base.bindings["map"](Base.bindings["zero"], x)
    out = _number_of(x, 0)
    if out is None:
        raise MethodError(Base.bindings["zero"], (x,), None)
    return out


@Base.method("one(x)", transparent=True)
def one(x: Any) -> Any:
    """The multiplicative identity of the type of `x`.

    ```jldoctest
    julia> one(2.5), one(Rational{Int})
    (1.0, 1//1)
    ```
    """
    out = _number_of(x, 1)
    if out is None:
        raise MethodError(Base.bindings["one"], (x,), None)
    return out


@Base.method("oneunit(x)", transparent=True)
def oneunit(x: Any) -> Any:
    """`one`, in the type of `x` itself."""
    return Base.bindings["one"](x)


@Base.method("one(s::Union{AbstractString, Type{<:AbstractString}})")
def _one_string(s: Any) -> str:
    return ""


@Base.method("one(t::Type{<:AbstractString})")
def _one_string_type(t: Any) -> str:
    return ""


# ---------------------------------------------------------------- combinations


@Base.method("muladd(x, y, z)", transparent=True)
def muladd(x: Any, y: Any, z: Any) -> Any:
    """`x*y + z`

    ```jldoctest
    julia> muladd(3, 2, 1)
    7
    ```
    """
    return Base.bindings["+"](Base.bindings["*"](x, y), z)


@Base.method("fma(x::Number, y::Number, z::Number)")
def fma(x: Any, y: Any, z: Any) -> Any:
    """`x*y + z`, rounded once.

    ```jldoctest
    julia> fma(0.1, 10.0, -1.0)
    5.551115123125783e-17
    ```
    """
    common = Base.bindings["promote_type"](*map(T.typeof, (x, y, z)))
    if common not in (T.Float64, T.Float32, T.Float16):
        return muladd(x, y, z)
    values = [float(v) for v in (x, y, z)]
    if not all(map(math.isfinite, values)):
        return MAKER[common](values[0] * values[1] + values[2])
    from fractions import Fraction

    a, b, c = map(Fraction, values)
    exact = a * b + c
    return MAKER[common](float(exact) if exact else values[0] * values[1] + values[2])


@Base.method("widemul(x, y)", transparent=True)
def widemul(x: Any, y: Any) -> Any:
    """The product in a larger type.

    ```jldoctest
    julia> widemul(Int8(100), Int8(100))
    10000
    ```
    """
    wide = Base.bindings["widen"]
    return Base.bindings["*"](wide(x), wide(y))
