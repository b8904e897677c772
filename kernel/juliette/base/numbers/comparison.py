"""Equality and order: `== < <= isless isequal isapprox max min cmp clamp`."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.fixing import Fix2
from juliette.base.numbers.arithmetic import after_promotion, folding
from juliette.base.numbers.promotion import promote, promote_type
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.kernels import KERNELS
from juliette.runtime.modules import Base
from juliette.runtime.numeric import (
    COMPLEX_CLASSES,
    FLOATS,
    BigFloat_,
    BigInt_,
    is_number,
    parts,
)
from juliette.runtime.structs import Struct
from juliette.syntax.expr import QuoteNode, Symbol

# ---------------------------------------------------------------- plain numbers


def native(t: Any) -> Callable[[Any], Any] | None:
    """What makes a value of a plain type one that Python compares exactly; None if it is one."""
    if t in (T.Int64, T.Float64, T.Bool, BigInt_, BigFloat_):
        return None
    return float if t in FLOATS else int


def exact_comparison(op: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A comparison of plain numbers of any two types, by their exact values."""

    def specialise(s: Any, t: Any) -> Any:
        left, right = native(s), native(t)
        if s is not BigFloat_ and t is BigFloat_:
            from juliette.runtime.bigfloat import BigFloat

            return lambda x, y: bool(op(BigFloat.of(x), y))
        if left is None:
            return op if right is None else lambda x, y: op(x, right(y))
        return (
            (lambda x, y: op(left(x), y)) if right is None else lambda x, y: op(left(x), right(y))
        )

    return specialise


def compare(
    name: str, op: Callable[[Any, Any], bool], ufunc: Any, other: str | None = None
) -> None:
    """A comparison of plain numbers, with its name in Unicode."""
    Base.method(f"{name}(x::CoreReal, y::CoreReal)", specialised=True)(exact_comparison(op))
    KERNELS[Base.bindings[name]] = ufunc
    if other:
        Base.const(other, Base.bindings[name])


compare("<", operator.lt, np.less)
compare("<=", operator.le, np.less_equal, "≤")
compare("==", operator.eq, np.equal)


def _promoted_comparison(name: str) -> None:
    @Base.method(f"{name}(x::Real, y::Real)", transparent=True)
    def promoted(x: Any, y: Any) -> Any:
        if T.typeof(x) is T.typeof(y):
            if name == "<=":
                return Base.bindings["<"](x, y) or Base.bindings["=="](x, y)
            if name == "<" and Base.bindings["isless"].matching((T.typeof(x),) * 2):
                own = Base.bindings["isless"].resolve((T.typeof(x),) * 2)
                if own.builtin is None:
                    return own.function(x, y)
            from juliette.base.numbers.promotion import not_defined

            raise not_defined(name, x)
        return Base.bindings[name](*promote(x, y))


_promoted_comparison("<")
_promoted_comparison("<=")


@Base.method("==(x::Number, y::Number)", transparent=True)
def equal_numbers(x: Any, y: Any) -> Any:
    """Numbers are equal if they are in their common type."""
    if T.typeof(x) is T.typeof(y):
        from juliette.base.identity import egal

        return egal(x, y)
    return Base.bindings["=="](*promote(x, y))


@Base.method("isless(x::CoreReal, y::CoreReal)", specialised=True)
def isless(s: Any, t: Any) -> Any:
    """Total order: NaN last, -0.0 before 0.0.

    ```jldoctest
    julia> isless(1.0, NaN), isless(-0.0, 0.0)
    (true, true)
    ```
    """
    less = exact_comparison(operator.lt)(s, t)
    if s not in FLOATS and s is not BigFloat_ and t not in FLOATS and t is not BigFloat_:
        return less

    def total(x: Any, y: Any) -> bool:
        if x != x or y != y:
            return bool(x == x)
        if x == 0 and y == 0:
            return math.copysign(1, float(x)) < math.copysign(1, float(y))
        return bool(less(x, y))

    return total


@Base.method("isless(x::Real, y::Real)", transparent=True)
def isless_real(x: Any, y: Any) -> Any:
    return Base.bindings["<"](x, y)


# ---------------------------------------------------------------- everything else


@Base.method("<(x, y)", transparent=True)
def less_any(x: Any, y: Any) -> Any:
    """Is `x` less than `y`?"""
    if x is V.MISSING or y is V.MISSING:
        return V.MISSING
    return Base.bindings["isless"](x, y)


@Base.method("<=(x, y)", transparent=True)
def less_equal_any(x: Any, y: Any) -> Any:
    """Is `x` less than or equal to `y`?"""
    if x is V.MISSING or y is V.MISSING:
        return V.MISSING
    return Base.bindings["<"](x, y) or Base.bindings["=="](x, y)


@Base.method("isless(x::Missing, y)", transparent=True)
def isless_missing(x: Any, y: Any) -> bool:
    return False


@Base.method("isless(x, y::Missing)", transparent=True)
def isless_than_missing(x: Any, y: Any) -> bool:
    return x is not V.MISSING


@Base.method("isless(x::Missing, y::Missing)", transparent=True)
def isless_both_missing(x: Any, y: Any) -> bool:
    return False


@Base.method("isless(x::Symbol, y::Symbol)")
def isless_symbols(x: Symbol, y: Symbol) -> bool:
    return x.name.encode("utf-8", "surrogateescape") < y.name.encode("utf-8", "surrogateescape")


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


def fix(name: str) -> None:
    """`<(y)` is the function `x -> x < y`."""

    @Base.method(f"{name}(y)", transparent=True)
    def partial(y: Any) -> Any:
        return Fix2(Base.bindings[name], y)


for _name in ("==", "!=", "<", "<=", ">", ">=", "isequal"):
    fix(_name)


@Base.method("==(x, y)", transparent=True)
def equal(x: Any, y: Any) -> Any:
    """Generic equality."""
    from juliette.base.identity import egal

    same = Base.bindings["=="]
    if type(x) is tuple and type(y) is tuple:
        return len(x) == len(y) and all_equal(x, y)
    if x is V.MISSING or y is V.MISSING:
        return V.MISSING
    if isinstance(x, V.JuliaDict) and isinstance(y, V.JuliaDict):
        return x.data.keys() == y.data.keys() and all(same(v, y.data[k]) for k, v in x.data.items())
    if isinstance(x, V.JuliaSet) and isinstance(y, V.JuliaSet):
        return x.data.keys() == y.data.keys()
    if isinstance(x, V.Pair) and isinstance(y, V.Pair):
        return all_equal((x.first, x.second), (y.first, y.second))
    if isinstance(x, V.NamedTuple) and isinstance(y, V.NamedTuple):
        return x.names == y.names and all_equal(x.values, y.values)
    if isinstance(x, (Symbol, V.Char, QuoteNode)) or hasattr(x, "head"):
        return type(x) is type(y) and bool(x == y)
    if isinstance(x, T.JuliaType) and isinstance(y, T.JuliaType):
        return T.equal(x, y)
    return egal(x, y)


def all_equal(xs: Any, ys: Any) -> Any:
    """`==` of all pairs; `missing` if only that stands in the way."""
    same = Base.bindings["=="]
    out: Any = True
    for a, b in zip(xs, ys, strict=True):
        r = same(a, b)
        if r is V.MISSING:
            out = r
        elif not r:
            return False
    return out


@Base.method("isequal(x, y)", transparent=True)
def isequal(x: Any, y: Any) -> bool:
    """Equality for keys: NaN equals itself, -0.0 does not equal 0.0.

    ```jldoctest
    julia> isequal(NaN, NaN), isequal(0.0, -0.0), isequal(1, 1.0)
    (true, false, true)
    ```
    """
    if hasattr(type(x), "julia_type") and not is_number(x):
        # A type of the user's own: its `==` decides, and its key may ask for this in turn.
        return Base.bindings["=="](x, y) is True
    return bool(V.hashable(x) == V.hashable(y))


@Base.method("cmp(x, y)", transparent=True)
def cmp(x: Any, y: Any) -> int:
    """-1, 0 or 1, as `x` is less than, equal to or greater than `y`.

    ```jldoctest
    julia> cmp(1, 2), cmp(2, 2), cmp("b", "a")
    (-1, 0, 1)
    ```
    """
    less = Base.bindings["isless"]
    return -1 if less(x, y) else 1 if less(y, x) else 0


@Base.method("cmp(x::Real, y::Real)", transparent=True)
def cmp_real(x: Any, y: Any) -> int:
    less = Base.bindings["isless"]
    return -1 if less(x, y) else 1 if less(y, x) else 0


# ---------------------------------------------------------------- nearly equal


@Base.method("isapprox(x::Number, y::Number; atol=0, rtol=nothing, nans=false, norm=abs)")
def isapprox(
    x: Any, y: Any, *, atol: Any = 0, rtol: Any = None, nans: bool = False, norm: Any = None
) -> bool:
    """Are two numbers equal up to a tolerance?

    ```jldoctest
    julia> 0.1 ≈ 0.1 + 1e-10, isapprox(1.0, 1.1; atol=0.2)
    (true, true)
    ```
    """
    if rtol is None:
        rtol = default_tolerance(T.typeof(x), T.typeof(y)) if not atol > 0 else 0
    if (
        (isinstance(x, COMPLEX_CLASSES) or isinstance(y, COMPLEX_CLASSES))
        and not (isinstance(x, Struct) or isinstance(y, Struct))
        and not any(T.typeof(p) is BigFloat_ for p in (*parts(x), *parts(y)))
    ):
        (a, b), (c, d) = parts(x), parts(y)
        if a == c and b == d:
            return True
        z, w = complex(float(a), float(b)), complex(float(c), float(d))
        finite = all(map(math.isfinite, (z.real, z.imag, w.real, w.imag)))
        return (finite and abs(z - w) <= max(float(atol), float(rtol) * max(abs(z), abs(w)))) or (
            nans and z != z and w != w
        )
    same, less_eq, absolute = Base.bindings["=="], Base.bindings["<="], norm or Base.bindings["abs"]
    if same(x, y):
        return True
    finite_ = Base.bindings["isfinite"]
    if finite_(x) and finite_(y):
        bigger = Base.bindings["max"](absolute(x), absolute(y))
        bound = Base.bindings["max"](atol, Base.bindings["*"](rtol, bigger))
        return bool(less_eq(absolute(Base.bindings["-"](x, y)), bound))
    isnan = Base.bindings["isnan"]
    return bool(nans and isnan(x) and isnan(y))


@Base.method("isapprox(y; atol=0, rtol=nothing, nans=false)")
def isapprox_to(y: Any, **kw: Any) -> Any:
    from juliette.runtime.dispatch import call_kw

    return lambda x: call_kw(Base.bindings["isapprox"], kw, x, y)


def default_tolerance(*types: Any) -> float:
    """The square root of the precision of the least precise type; 0 for exact ones."""
    eps = {T.Float16: 2.0**-10, T.Float32: 2.0**-23, T.Float64: 2.0**-52}
    out = 0.0
    for t in types:
        if isinstance(t, T.DataType) and t.typename.name == "Complex":
            t = t.parameters[0]
        if t is BigFloat_:
            from juliette.runtime.bigfloat import Precision

            out = max(out, 2.0 ** ((1 - Precision.bits) / 2))
        if t in eps:
            out = max(out, math.sqrt(eps[t]))
        elif isinstance(getattr(t, "pyclass", None), type) and issubclass(t.pyclass, Struct):
            out = Base.bindings["max"](out, Base.bindings["rtoldefault"](Base.bindings["real"](t)))
    return out


@Base.method("rtoldefault(t::Type{<:Real})", export=False)
def rtoldefault(t: Any) -> Any:
    """How far numbers of a type may differ, for their size, and be nearly equal.

    ```jldoctest
    julia> Base.rtoldefault(Float32) == sqrt(eps(Float32)), Base.rtoldefault(Int)
    (true, 0)
    ```
    """
    if not T.subtype(t, T.AbstractFloat):
        return 0
    return Base.bindings["sqrt"](Base.bindings["eps"](t))


@Base.method("rtoldefault(x, y, atol::Real)", export=False)
def rtoldefault_of_two(x: Any, y: Any, atol: Any) -> Any:
    """The default `rtol` of `isapprox(x, y; atol)`; `x` and `y` are numbers or their types."""
    of, real = Base.bindings["rtoldefault"], Base.bindings["real"]
    rtol = Base.bindings["max"](
        *(of(real(t if isinstance(t, T.JuliaType) else T.typeof(t))) for t in (x, y))
    )
    return Base.bindings["zero"](rtol) if atol > 0 else rtol


Base.const("≈", Base.bindings["isapprox"])


@Base.method("≉(xs...; kw...)", transparent=True)
def not_approx(*xs: Any, **kw: Any) -> bool:
    """Not even nearly equal."""
    from juliette.runtime.dispatch import call_kw

    return not call_kw(Base.bindings["isapprox"], kw, *xs)


# ---------------------------------------------------------------- extremes


def _extreme(greater_: bool) -> Callable[[Any], Any]:
    def for_type(t: Any) -> Any:
        if t in FLOATS or t is BigFloat_:

            def floats(x: Any, y: Any) -> Any:
                if x != x:
                    return x
                if y != y:
                    return y
                if x == 0 and y == 0:
                    return y if np.signbit(float(x)) == greater_ else x
                return y if (y > x) == greater_ else x

            return floats
        return (lambda x, y: y if y > x else x) if greater_ else lambda x, y: y if y < x else x

    return for_type


for _name, _greater, _ufunc in (("max", True, np.maximum), ("min", False, np.minimum)):
    Base.method(f"{_name}(x::CoreReal, y::CoreReal)", specialised=True)(
        after_promotion(_extreme(_greater))
    )

    @Base.method(f"{_name}(x::Real, y::Real)", transparent=True)
    def _promoted(x: Any, y: Any, name: str = _name) -> Any:
        if T.typeof(x) is T.typeof(y):
            return _generic_extreme(name, x, y)
        return Base.bindings[name](*promote(x, y))

    @Base.method(f"{_name}(x, y)", transparent=True)
    def _any(x: Any, y: Any, name: str = _name) -> Any:
        return _generic_extreme(name, x, y)

    @Base.method(f"{_name}(x::Real)", transparent=True)
    def _single(x: Any) -> Any:
        return x

    folding(_name)
    KERNELS[Base.bindings[_name]] = _ufunc


def _generic_extreme(name: str, x: Any, y: Any) -> Any:
    if x is V.MISSING or y is V.MISSING:
        return V.MISSING
    less = Base.bindings["isless"](y, x)
    return (x if less else y) if name == "max" else (y if less else x)


@Base.method("minmax(x, y)", transparent=True)
def minmax(x: Any, y: Any) -> tuple[Any, Any]:
    """`(min(x, y), max(x, y))`

    ```jldoctest
    julia> minmax('c', 'b')
    ('b', 'c')
    ```
    """
    return Base.bindings["min"](x, y), Base.bindings["max"](x, y)


@Base.method("clamp(x, lo, hi)", transparent=True)
def clamp(x: Any, lo: Any, hi: Any) -> Any:
    """`x` kept within the bounds, in the common type of the three.

    ```jldoctest
    julia> clamp.([1, 2.5, 9], 2, 5)
    3-element Vector{Float64}:
     2.0
     2.5
     5.0
    ```
    """
    greater_ = Base.bindings[">"]
    out = hi if greater_(x, hi) else lo if greater_(lo, x) else x
    common = promote_type(promote_type(T.typeof(x), T.typeof(lo)), T.typeof(hi))
    return out if T.typeof(out) is common else Base.bindings["convert"](common, out)


@Base.method("clamp(x, ::Type{T}) where T")
def clamp_type(x: Any, t: Any) -> Any:
    """`x` kept within the values of a type."""
    lo, hi = Base.bindings["typemin"](t), Base.bindings["typemax"](t)
    less = Base.bindings["<"]
    return lo if less(x, lo) else hi if less(hi, x) else Base.bindings["convert"](t, x)


@Base.method("clamp(x::Integer, r::AbstractUnitRange)")
def clamp_range(x: Any, r: Any) -> Any:
    return clamp(x, r.start, r.stop)


KERNELS[Base.bindings["clamp"]] = lambda x, lo, hi: np.where(x > hi, hi, np.where(x < lo, lo, x))


@Base.method("clamp!(a::AbstractArray, lo, hi)")
def clamp_array(a: Any, lo: Any, hi: Any) -> Any:
    """Keep all elements of an array within the bounds."""
    return Base.bindings["map!"](lambda x: clamp(x, lo, hi), a, a)


@Base.method("ifelse(c::Bool, x, y)")
def ifelse(c: bool, x: Any, y: Any) -> Any:
    """`x` if `c`, else `y`; both are evaluated.

    ```jldoctest
    julia> ifelse(1 > 2, "yes", "no")
    "no"
    ```
    """
    return x if c else y
