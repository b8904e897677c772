"""Arithmetic, comparison and mathematics on numbers; elementwise kernels for broadcasting.

`KERNELS` maps a function to the numpy function that does the same to whole arrays.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.essentials import FLOATS, NUMBER_HOOKS, _MAKER, to_number
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, DomainError, InexactError, MethodError, OverflowError_
from juliette.runtime.modules import Base
from juliette.syntax.expr import Symbol

np.seterr(all="ignore")
LOW, HIGH = -(2**63), 2**63 - 1
KERNELS: dict[Any, Callable[..., Any]] = {}


def wrap(n: int) -> int:
    """An integer as Int64 holds it."""
    return n if LOW <= n <= HIGH else ((n + 2**63) & (2**64 - 1)) - 2**63


# ---------------------------------------------------------------- promotion

_ORDER = [T.Bool, T.Int8, T.UInt8, T.Int16, T.UInt16, T.Int32, T.UInt32, T.Int64, T.UInt64, T.Float16, T.Float32, T.Float64]


def promote_type(a: Any, b: Any) -> Any:
    """The type to which values of both types are converted."""
    if a is b:
        return a
    if a is T.Bottom:
        return b
    if b is T.Bottom:
        return a
    if a in _MAKER and b in _MAKER:
        if a in FLOATS or b in FLOATS:
            best = [t for t in FLOATS if t in (a, b)]
            return best[-1]
        return a if _ORDER.index(a) > _ORDER.index(b) else b
    for x, y in ((a, b), (b, a)):
        rule = Base.bindings["promote_rule"]
        if rule.methods or rule._pending:
            found = rule(x, y)
            if found is not T.Bottom:
                return found
    if T.subtype(a, b):
        return b
    if T.subtype(b, a):
        return a
    return typejoin(a, b)


def typejoin(a: Any, b: Any) -> Any:
    """The nearest type above both."""
    if T.subtype(a, b):
        return b
    if T.subtype(b, a):
        return a
    if a is T.Nothing or b is T.Nothing or a is V.Missing_ or b is V.Missing_:
        return T.union(a, b)
    for s in T.supertypes(a):
        s = s if not (isinstance(s, T.DataType) and s.has_free) else s.typename.wrapper
        if T.subtype(b, s):
            return s
        if isinstance(s, T.DataType) and s.parameters and T.subtype(b, s.typename.wrapper):
            return s.typename.wrapper
    return T.Any_


@Base.method("promote_rule(a, b)", transparent=True)
def promote_rule(a: Any, b: Any) -> Any:
    """The type for a pair of types; extend it for your own numbers."""
    return T.Bottom


@Base.method("promote_type(ts...)", transparent=True)
def _promote_type(*ts: Any) -> Any:
    """The common type of several types."""
    out: Any = T.Bottom
    for t in ts:
        out = promote_type(out, t)
    return out


@Base.method("promote(xs...)", transparent=True)
def promote(*xs: Any) -> tuple[Any, ...]:
    """The arguments converted to their common type."""
    t = _promote_type(*map(T.typeof, xs))
    return tuple(Base.bindings["convert"](t, x) for x in xs)


@Base.method("typejoin(a, b)", transparent=True)
def _typejoin(a: Any, b: Any) -> Any:
    """The nearest common supertype."""
    return typejoin(a, b)


# ---------------------------------------------------------------- arithmetic

_PYTHON = (int, float, bool)


def promoted(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Two plain numbers of the same kind, and their type."""
    t = promote_type(T.typeof(a), T.typeof(b))
    make = _MAKER[t]
    return make(a), make(b), t


def binary(name: str, op: Callable[[Any, Any], Any], ufunc: Any, bool_type: Any = None) -> None:
    """Define an arithmetic operator for all plain numbers."""

    @Base.method(f"{name}(x::Int64, y::Int64)")
    def ints(x: int, y: int) -> int:
        r = op(x, y)
        return r if LOW <= r <= HIGH else wrap(r)

    @Base.method(f"{name}(x::Float64, y::Float64)")
    def floats(x: float, y: float) -> float:
        return float(op(x, y))

    @Base.method(f"{name}(x::Real, y::Real)")
    def mixed(x: Any, y: Any) -> Any:
        tx, ty = T.typeof(x), T.typeof(y)
        if tx not in _MAKER or ty not in _MAKER:
            t = promote_type(tx, ty)
            if tx is t and ty is t:
                raise MethodError(Base.bindings[name], (x, y), None)
            return Base.bindings[name](*promote(x, y))
        a, b, t = promoted(x, y)
        if t is T.Bool:
            a, b, t = int(a), int(b), T.Int64
        if t is T.Int64:
            return wrap(op(a, b))
        if t is T.Float64:
            return op(a, b)
        return ufunc(a, b)

    KERNELS[Base.bindings[name]] = ufunc


binary("+", operator.add, np.add)
binary("-", operator.sub, np.subtract)
binary("*", operator.mul, np.multiply)


@Base.method("+(x::Number)", transparent=True)
def plus(x: Any) -> Any:
    return x


@Base.method("-(x::Real)")
def negative(x: Any) -> Any:
    if type(x) is bool:
        return -int(x)
    return wrap(-x) if type(x) is int else -x


def _vararg(name: str, header: str) -> None:
    @Base.method(header, transparent=True)
    def many(a: Any, b: Any, c: Any, *rest: Any) -> Any:
        f = Base.bindings[name]
        out = f(f(a, b), c)
        for x in rest:
            out = f(out, x)
        return out


_vararg("+", "+(a, b, c, rest...)")
_vararg("*", "*(a, b, c, rest...)")


def divide(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:
        return float(np.divide(float(x), float(y)))


@Base.method("/(x::Real, y::Real)")
def slash(x: Any, y: Any) -> Any:
    """Floating-point division."""
    if T.typeof(x) not in _MAKER or T.typeof(y) not in _MAKER:
        return Base.bindings["/"](*promote(x, y))
    a, b, t = promoted(x, y)
    if t in FLOATS and t is not T.Float64:
        return a / b
    return divide(float(a), float(b))


@Base.method("\\(x::Number, y::Number)", transparent=True)
def backslash(x: Any, y: Any) -> Any:
    return Base.bindings["/"](y, x)


KERNELS[Base.bindings["/"]] = np.true_divide


def power(x: Any, y: Any) -> Any:
    """`x^y`"""
    tx, ty = T.typeof(x), T.typeof(y)
    if tx is T.Bool:
        x, tx = int(x), T.Int64
    if ty in (T.Int64, T.Bool) or (ty in _MAKER and ty not in FLOATS):
        n = int(y)
        if tx is T.Int64:
            if n < 0:
                if x in (1, -1):
                    return x if n % 2 else 1
                raise DomainError(
                    x, f"Cannot raise an integer x to a negative power {n}.\nConvert input to float."
                )
            return wrap(pow(x, n, 2**64)) if n > 8 else wrap(x**n)
        if tx is T.Float64:
            try:
                return x * x if n == 2 else x**n
            except ZeroDivisionError:
                return math.copysign(math.inf, x) if n % 2 else math.inf
            except OverflowError:
                return math.inf if x > 0 or n % 2 == 0 else -math.inf
        return np.power(x, type(x)(n)) if tx in FLOATS else x**n
    a, b, t = promoted(x, y)
    if t is T.Float64:
        if a < 0 and b != math.floor(b):
            raise DomainError(
                a, "Exponentiation yielding a complex result requires a complex argument.\n"
                "Replace x^y with (x+0im)^y, Complex(x)^y, or similar."
            )
        return float(np.power(a, b))
    return np.power(a, b)


@Base.method("^(x::Real, y::Real)")
def _power(x: Any, y: Any) -> Any:
    """Raise to a power."""
    return power(x, y)


def power_kernel(x: Any, y: Any) -> Any:
    if isinstance(y, int) and y == 2:
        return np.multiply(x, x)
    if isinstance(y, int) and isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return np.power(x, x.dtype.type(y))
    if isinstance(y, int) and y < 0 and getattr(x, "dtype", np.dtype("f8")).kind == "i":
        raise DomainError(int(x.ravel()[0]), f"Cannot raise an integer x to a negative power {y}.\nConvert input to float.")
    return np.power(x, y)


KERNELS[Base.bindings["^"]] = power_kernel


def integer_binary(name: str, op: Callable[[Any, Any], Any], doc: str) -> None:
    def f(x: Any, y: Any) -> Any:
        a, b, t = promoted(x, y)
        if t in FLOATS:
            if b == 0:
                return _MAKER[t](math.nan)
            return _MAKER[t](op(float(a), float(b)))
        if b == 0:
            raise ZeroDivisionError
        return _MAKER[t](wrap(op(int(a), int(b)))) if t is T.Int64 else _MAKER[t](op(int(a), int(b)))

    f.__doc__ = doc
    Base.method(f"{name}(x::Real, y::Real)")(f)
    KERNELS[Base.bindings[name]] = np.vectorize(f, otypes=None)


def truncated(a: Any, b: Any) -> Any:
    if isinstance(a, float):
        return float(math.trunc(a / b))
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def remainder(a: Any, b: Any) -> Any:
    if isinstance(a, float):
        return math.fmod(a, b)
    return a - b * truncated(a, b)


integer_binary("div", truncated, "Integer quotient, rounded towards zero.")
integer_binary("rem", remainder, "Remainder of `div`; has the sign of `x`.")
integer_binary("mod", lambda a, b: a % b, "Remainder of `fld`; has the sign of `y`.")
integer_binary("fld", lambda a, b: a // b, "Integer quotient, rounded down.")
integer_binary("cld", lambda a, b: -((-a) // b), "Integer quotient, rounded up.")
Base.const("÷", Base.bindings["div"])
Base.const("%", Base.bindings["rem"])


@Base.method("divrem(x, y)", transparent=True)
def divrem(x: Any, y: Any) -> tuple[Any, Any]:
    """`(div(x, y), rem(x, y))`"""
    return Base.bindings["div"](x, y), Base.bindings["rem"](x, y)


@Base.method("mod1(x, y)")
def mod1(x: Any, y: Any) -> Any:
    """`mod`, but in `1:y`."""
    m = x % y
    return y if m == 0 else m


@Base.method("gcd(a::Integer, b::Integer)")
def gcd(a: Any, b: Any) -> Any:
    """Greatest common divisor."""
    return math.gcd(int(a), int(b))


@Base.method("lcm(a::Integer, b::Integer)")
def lcm(a: Any, b: Any) -> Any:
    """Least common multiple."""
    return math.lcm(int(a), int(b))


for _name, _op, _ufunc in (
    ("&", operator.and_, np.bitwise_and), ("|", operator.or_, np.bitwise_or),
    ("⊻", operator.xor, np.bitwise_xor), ("xor", operator.xor, np.bitwise_xor),
):

    def _bits(x: Any, y: Any, op: Any = _op) -> Any:
        if type(x) is bool and type(y) is bool:
            return op(x, y)
        a, b, t = promoted(x, y)
        return op(a, b)

    Base.method(f"{_name}(x::Integer, y::Integer)")(lambda x, y, f=_bits: f(x, y))
    KERNELS[Base.bindings[_name]] = _ufunc


@Base.method("<<(x::Integer, n::Integer)")
def shift_left(x: Any, n: Any) -> Any:
    """Shift bits left."""
    return wrap(x << n) if type(x) is int else x << type(x)(n)


@Base.method(">>(x::Integer, n::Integer)")
def shift_right(x: Any, n: Any) -> Any:
    """Shift bits right, keeping the sign."""
    return x >> n if type(x) is int else x >> type(x)(n)


@Base.method("~(x::Integer)")
def invert(x: Any) -> Any:
    """Flip all bits."""
    return (not x) if type(x) is bool else ~x


@Base.method("!(x::Bool)")
def not_(x: Any) -> bool:
    """Logical not."""
    return not x


KERNELS[Base.bindings["!"]] = np.logical_not


@Base.method("!(f::Function)", transparent=True)
def negate_function(f: Any) -> Any:
    return lambda *xs: not f(*xs)


# ---------------------------------------------------------------- comparison


def compare(name: str, op: Callable[[Any, Any], bool], ufunc: Any, other: str | None = None) -> None:
    @Base.method(f"{name}(x::Real, y::Real)")
    def numbers(x: Any, y: Any) -> bool:
        return bool(op(x, y))

    KERNELS[Base.bindings[name]] = ufunc
    if other:
        Base.const(other, Base.bindings[name])


compare("<", operator.lt, np.less)
compare("<=", operator.le, np.less_equal, "≤")
compare("==", operator.eq, np.equal)


@Base.method("<(x::AbstractString, y::AbstractString)")
def less_strings(x: str, y: str) -> bool:
    return x < y


@Base.method("<(x::AbstractChar, y::AbstractChar)")
def less_chars(x: Any, y: Any) -> bool:
    return x.code < y.code


@Base.method("<(x, y)", transparent=True)
def less_any(x: Any, y: Any) -> Any:
    return Base.bindings["isless"](x, y)


@Base.method("<=(x, y)", transparent=True)
def less_equal_any(x: Any, y: Any) -> Any:
    return Base.bindings["<"](x, y) or Base.bindings["=="](x, y)


@Base.method("isless(x::Real, y::Real)")
def isless(x: Any, y: Any) -> bool:
    """Total order: NaN last, -0.0 before 0.0."""
    if x != x or y != y:
        return bool(x == x)
    return bool(x < y)


@Base.method("isless(x::AbstractString, y::AbstractString)")
def isless_strings(x: str, y: str) -> bool:
    return x < y


@Base.method("isless(x::AbstractChar, y::AbstractChar)")
def isless_chars(x: Any, y: Any) -> bool:
    return x.code < y.code


@Base.method("isless(x::Symbol, y::Symbol)")
def isless_symbols(x: Symbol, y: Symbol) -> bool:
    return x.name < y.name


@Base.method("isless(x::Tuple, y::Tuple)", transparent=True)
def isless_tuples(x: tuple[Any, ...], y: tuple[Any, ...]) -> bool:
    less = Base.bindings["isless"]
    for a, b in zip(x, y, strict=False):
        if less(a, b):
            return True
        if less(b, a):
            return False
    return len(x) < len(y)


@Base.method(">(x, y)", transparent=True)
def greater(x: Any, y: Any) -> Any:
    """Is `x` greater than `y`?"""
    return Base.bindings["<"](y, x)


@Base.method(">=(x, y)", transparent=True)
def greater_equal(x: Any, y: Any) -> Any:
    """Is `x` greater than or equal to `y`?"""
    return Base.bindings["<="](y, x)


@Base.method("!=(x, y)", transparent=True)
def not_equal(x: Any, y: Any) -> Any:
    """`!(x == y)`"""
    r = Base.bindings["=="](x, y)
    return r if r is V.MISSING else not r


KERNELS[Base.bindings[">"]] = np.greater
KERNELS[Base.bindings[">="]] = np.greater_equal
KERNELS[Base.bindings["!="]] = np.not_equal
Base.const("≥", Base.bindings[">="])
Base.const("≠", Base.bindings["!="])


@Base.method("==(x, y)", transparent=True)
def equal(x: Any, y: Any) -> Any:
    """Generic equality."""
    from juliette.base.essentials import egal

    if type(x) is tuple and type(y) is tuple:
        return len(x) == len(y) and all(Base.bindings["=="](a, b) for a, b in zip(x, y, strict=True))
    if x is V.MISSING or y is V.MISSING:
        return V.MISSING
    if isinstance(x, V.JuliaDict) and isinstance(y, V.JuliaDict):
        return x.data.keys() == y.data.keys() and all(
            Base.bindings["=="](v, y.data[k][1]) for k, (_, v) in x.data.items())
    if isinstance(x, V.JuliaSet) and isinstance(y, V.JuliaSet):
        return x.data.keys() == y.data.keys()
    if isinstance(x, (V.Pair,)) and isinstance(y, V.Pair):
        return equal(x.first, y.first) and equal(x.second, y.second)
    if isinstance(x, V.NamedTuple) and isinstance(y, V.NamedTuple):
        return x.names == y.names and equal(x.values, y.values)
    if type(x) in (str, int, float, bool) or isinstance(x, (Symbol, V.Char)) or hasattr(x, "head"):
        return type(x) is type(y) and bool(x == y) or (isinstance(x, (int, float)) and isinstance(y, (int, float)) and x == y)
    return egal(x, y)


@Base.method("isequal(x, y)", transparent=True)
def isequal(x: Any, y: Any) -> bool:
    """Equality for keys: NaN equals itself, -0.0 does not equal 0.0."""
    return bool(V.hashable(x) == V.hashable(y))


@Base.method("isapprox(x::Number, y::Number; atol=0, rtol=-1, nans=false)")
def isapprox(x: Any, y: Any, *, atol: Any = 0, rtol: Any = -1, nans: bool = False) -> bool:
    """Are two numbers equal up to a tolerance?"""
    if x == y:
        return True
    if nans and x != x and y != y:
        return True
    if rtol < 0:
        rtol = 0 if atol > 0 else max(_default_rtol(x), _default_rtol(y))
    return bool(math.isfinite(x) and math.isfinite(y) and abs(x - y) <= max(atol, rtol * max(abs(x), abs(y))))


def _default_rtol(x: Any) -> float:
    if isinstance(x, np.float32):
        return math.sqrt(float(np.finfo(np.float32).eps))
    return math.sqrt(2.220446049250313e-16) if isinstance(x, (float, np.floating)) else 0.0


Base.const("≈", Base.bindings["isapprox"])


# ---------------------------------------------------------------- functions


def elementwise(name: str, f: Callable[[float], float], ufunc: Any, domain: Any = None, doc: str = "") -> None:
    """A real function of one variable, on numbers and (for broadcasting) on arrays."""

    def scalar(x: Any) -> Any:
        if isinstance(x, np.floating):
            return ufunc(x)
        x = float(x)
        if domain is not None and not domain(x) and x == x:
            raise DomainError(x, _domain_message(name))
        try:
            return f(x)
        except (ValueError, OverflowError, ZeroDivisionError):
            return float(ufunc(x))

    scalar.__doc__ = doc
    Base.method(f"{name}(x::Real)")(scalar)
    KERNELS[Base.bindings[name]] = ufunc


def _domain_message(name: str) -> str:
    if name in ("sqrt",):
        return f"{name} was called with a negative real argument but will only return a complex result if called with a complex argument. Try {name}(Complex(x))."
    if name in ("log", "log2", "log10"):
        return f"{name} was called with a negative real argument but will only return a complex result if called with a complex argument. Try {name}(Complex(x))."
    return f"{name}(x) is not defined for this x."


_nonneg = lambda x: x >= 0  # noqa: E731
elementwise("sqrt", math.sqrt, np.sqrt, _nonneg, "Square root.")
elementwise("cbrt", lambda x: float(np.cbrt(x)), np.cbrt, None, "Cube root.")
elementwise("exp", math.exp, np.exp, None, "The exponential function.")
elementwise("exp2", lambda x: 2.0**x, np.exp2, None, "`2^x`")
elementwise("expm1", math.expm1, np.expm1, None, "`exp(x) - 1`, exact near 0.")
elementwise("log", math.log, np.log, _nonneg, "Natural logarithm.")
elementwise("log2", math.log2, np.log2, _nonneg, "Logarithm to base 2.")
elementwise("log10", math.log10, np.log10, _nonneg, "Logarithm to base 10.")
elementwise("log1p", math.log1p, np.log1p, lambda x: x >= -1, "`log(1 + x)`, exact near 0.")
for _name, _np in (
    ("sin", np.sin), ("cos", np.cos), ("tan", np.tan), ("asin", np.arcsin), ("acos", np.arccos), ("atan", np.arctan),
    ("sinh", np.sinh), ("cosh", np.cosh), ("tanh", np.tanh), ("asinh", np.arcsinh), ("acosh", np.arccosh),
    ("atanh", np.arctanh),
):
    elementwise(_name, getattr(math, _name), _np, None, f"The function {_name}.")
Base.const("√", Base.bindings["sqrt"])


@Base.method("atan(y::Real, x::Real)")
def atan2(y: Any, x: Any) -> float:
    return math.atan2(y, x)


@Base.method("log(b::Real, x::Real)")
def log_base(b: Any, x: Any) -> float:
    return math.log(x) / math.log(b)


def _abs(x: Any) -> Any:
    return wrap(abs(x)) if type(x) is int else abs(x)


Base.method("abs(x::Real)")(_abs)
KERNELS[Base.bindings["abs"]] = np.abs


@Base.method("abs2(x::Real)")
def abs2(x: Any) -> Any:
    """`x * x`"""
    return wrap(x * x) if type(x) is int else x * x


KERNELS[Base.bindings["abs2"]] = np.square


@Base.method("sign(x::Real)")
def sign(x: Any) -> Any:
    """-1, 0 or 1."""
    return type(x)((x > 0) - (x < 0))


KERNELS[Base.bindings["sign"]] = np.sign


@Base.method("inv(x::Real)")
def inv(x: Any) -> Any:
    """`1 / x`"""
    return slash(1, x)


KERNELS[Base.bindings["inv"]] = np.reciprocal


@Base.method("max(x::Real, y::Real)")
def max_(x: Any, y: Any) -> Any:
    """The greater of two numbers."""
    a, b, _ = promoted(x, y)
    return a if a != a or a > b else b


@Base.method("min(x::Real, y::Real)")
def min_(x: Any, y: Any) -> Any:
    """The smaller of two numbers."""
    a, b, _ = promoted(x, y)
    return a if a != a or a < b else b


KERNELS[Base.bindings["max"]] = np.maximum
KERNELS[Base.bindings["min"]] = np.minimum
_vararg("max", "max(a, b, c, rest...)")
_vararg("min", "min(a, b, c, rest...)")


@Base.method("clamp(x, lo, hi)")
def clamp(x: Any, lo: Any, hi: Any) -> Any:
    """`x` kept within the bounds."""
    return hi if x > hi else lo if x < lo else x


KERNELS[Base.bindings["clamp"]] = np.clip


def rounding(name: str, f: Any, ufunc: Any) -> None:
    def real(x: Any, *, digits: Any = None, sigdigits: Any = None) -> Any:
        if type(x) in (int, bool):
            return x
        if digits is not None:
            scale = 10.0**digits
            return type(x)(f(float(x) * scale) / scale) if digits >= 0 else type(x)(f(float(x) / 10.0**-digits) * 10.0**-digits)
        if sigdigits is not None:
            if x == 0:
                return x
            d = sigdigits - 1 - math.floor(math.log10(abs(x)))
            return type(x)(round(float(x), d))
        return type(x)(f(float(x))) if math.isfinite(x) else x

    def typed(t: Any, x: Any) -> Any:
        return to_number(t, f(float(x)) if isinstance(x, (float, np.floating)) and math.isfinite(x) else x)

    Base.method(f"{name}(x::Real; digits=nothing, sigdigits=nothing)")(real)
    Base.method(f"{name}(::Type{{T}}, x::Real) where T")(typed)
    KERNELS[Base.bindings[name]] = ufunc


rounding("round", lambda x: float(round(x)), np.rint)
rounding("floor", lambda x: float(math.floor(x)), np.floor)
rounding("ceil", lambda x: float(math.ceil(x)), np.ceil)
rounding("trunc", lambda x: float(math.trunc(x)), np.trunc)


def predicate(name: str, f: Callable[[Any], bool], ufunc: Any = None) -> None:
    Base.method(f"{name}(x::Number)")(lambda x: bool(f(x)))
    if ufunc is not None:
        KERNELS[Base.bindings[name]] = ufunc


predicate("isnan", lambda x: x != x, np.isnan)
predicate("isinf", lambda x: x in (math.inf, -math.inf), np.isinf)
predicate("isfinite", math.isfinite, np.isfinite)
predicate("iszero", lambda x: x == 0)
predicate("isone", lambda x: x == 1)
predicate("isinteger", lambda x: x == math.floor(x) if math.isfinite(x) else False)
predicate("iseven", lambda x: x % 2 == 0)
predicate("isodd", lambda x: x % 2 == 1)
predicate("signbit", lambda x: math.copysign(1, x) < 0)


@Base.method("float(x::Real)")
def float_(x: Any) -> Any:
    """The nearest floating-point number."""
    return x if isinstance(x, np.floating) else float(x)


KERNELS[Base.bindings["float"]] = lambda x: x if x.dtype.kind == "f" else x.astype(np.float64)


def _number_of(t: Any, value: int) -> Any:
    t = t if isinstance(t, T.JuliaType) else T.typeof(t)
    if t in _MAKER:
        return _MAKER[t](value)
    return Base.bindings["convert"](t, value)


@Base.method("zero(x)", transparent=True)
def zero(x: Any) -> Any:
    """The additive identity of the type of `x`."""
    if hasattr(x, "data"):
        from juliette.runtime.array import wrap as wrap_array

        return wrap_array(np.zeros_like(x.data))
    return _number_of(x, 0)


@Base.method("one(x)", transparent=True)
def one(x: Any) -> Any:
    """The multiplicative identity of the type of `x`."""
    return _number_of(x, 1)


@Base.method("eps(x=Float64)")
def eps(x: Any = T.Float64) -> Any:
    """The distance from 1 (or `x`) to the next floating-point number."""
    if isinstance(x, T.JuliaType):
        return _MAKER[x](np.finfo(T.DTYPE_OF[x]).eps)
    return type(x)(np.spacing(abs(x)))


@Base.method("typemax(t)")
def typemax(t: Any) -> Any:
    """The greatest value of a type."""
    t = t if isinstance(t, T.JuliaType) else T.typeof(t)
    return _MAKER[t](math.inf) if t in FLOATS else _MAKER[t](np.iinfo(T.DTYPE_OF[t]).max)


@Base.method("typemin(t)")
def typemin(t: Any) -> Any:
    """The smallest value of a type."""
    t = t if isinstance(t, T.JuliaType) else T.typeof(t)
    return _MAKER[t](-math.inf) if t in FLOATS else _MAKER[t](np.iinfo(T.DTYPE_OF[t]).min)


@Base.method("factorial(n::Integer)")
def factorial(n: Any) -> int:
    """`n!`"""
    if n < 0:
        raise DomainError(n, "`n` must not be negative.")
    if n > 20:
        raise OverflowError_(f"{n} is too large to look up in the table; consider using `factorial(big({n}))` instead")
    return math.factorial(n)


@Base.method("binomial(n::Integer, k::Integer)")
def binomial(n: Any, k: Any) -> int:
    """Binomial coefficient."""
    return math.comb(n, k) if 0 <= k <= n else 0


@Base.method("evalpoly(x, p)", transparent=True)
def evalpoly(x: Any, p: Any) -> Any:
    """Evaluate the polynomial with these coefficients."""
    from juliette.compiler.support import iterate

    out = 0
    plus_, times = Base.bindings["+"], Base.bindings["*"]
    for c in reversed(list(iterate(p))):
        out = plus_(times(out, x), c)
    return out


@Base.method("parse(t, s; base=10)")
def parse(t: Any, s: str, *, base: int = 10) -> Any:
    """A number from its text."""
    value = tryparse(t, s, base=base)
    if value is None:
        if t in FLOATS:
            raise ArgumentError(f'cannot parse "{s}" as {T.type_string(t)}')
        bad = next((c for c in s.strip() if not c.isdigit()), s)
        raise ArgumentError(f"invalid base {base} digit '{bad}' in \"{s}\"" if s.strip() else "input string is empty or only contains whitespace")
    return value


@Base.method("tryparse(t, s; base=10)")
def tryparse(t: Any, s: str, *, base: int = 10) -> Any:
    """A number from its text, or `nothing`."""
    try:
        if t in FLOATS:
            return _MAKER[t](float(s))
        if t is T.Bool:
            return {"true": True, "false": False}.get(s.strip())
        return to_number(t, int(s, base))
    except (ValueError, InexactError):
        return None


# ---------------------------------------------------------------- irrationals


class Irrational:
    """`π`, `ℯ`"""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: float) -> None:
        self.name = name
        self.value = value

    def __float__(self) -> float:
        return self.value


_IRRATIONAL = T._sub_family("Irrational", "sym", lambda s: T.AbstractIrrational)
T.register_instances(Irrational, lambda x: T.apply_type(_IRRATIONAL, Symbol(x.name)), _IRRATIONAL)
PI = Irrational("π", math.pi)
Base.const("π", PI)
Base.const("pi", PI)
Base.const("ℯ", Irrational("ℯ", math.e))
NUMBER_HOOKS[Irrational] = lambda t, x: _MAKER[t](x.value)


def _irrational_promotion(name: str) -> None:
    for header in (f"{name}(x::AbstractIrrational, y::Real)", f"{name}(x::Real, y::AbstractIrrational)",
                   f"{name}(x::AbstractIrrational, y::AbstractIrrational)"):

        @Base.method(header, transparent=True)
        def f(x: Any, y: Any) -> Any:
            other = y if isinstance(x, Irrational) else x
            make = type(other) if isinstance(other, np.floating) else float
            return Base.bindings[name](make(x) if isinstance(x, Irrational) else x,
                                       make(y) if isinstance(y, Irrational) else y)


for _name in ("+", "-", "*", "/", "^", "<", "<=", "=="):
    _irrational_promotion(_name)
