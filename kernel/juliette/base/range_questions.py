"""Questions about ranges that need no elements: `length sum in maximum intersect ==`."""

from __future__ import annotations

import math
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.numbers.promotion import promote_type
from juliette.base.ranges import _MACHINE, make_range, plain
from juliette.runtime import ranges as R
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, MethodError, OverflowError_
from juliette.runtime.modules import Base
from juliette.runtime.numeric import MAKER as _MAKER
from juliette.runtime.numeric import fits, wrap


@Base.method("size(r::AbstractRange)")
def size_of_range(r: Any) -> Any:
    return (Base.bindings["length"](r),)


@Base.method("step(r::AbstractRange)")
def step(r: Any) -> Any:
    """The difference of neighbours in a range.

    ```jldoctest
    julia> step(1:3:10)
    3
    ```
    """
    if isinstance(r, V.Range):
        return r.step
    if T.isa(r, R.AbstractUnitRange):
        return Base.bindings["oneunit"](Base.bindings["eltype"](r))
    raise MethodError(Base.bindings["step"], (r,), None)


@Base.method("first(r::AbstractRange)")
def first(r: Any) -> Any:
    if isinstance(r, V.Range):
        return r.first
    if "start" in getattr(r, "fields", ()):
        return r.start
    raise MethodError(Base.bindings["first"], (r,), None)


@Base.method("last(r::AbstractRange)")
def last(r: Any) -> Any:
    if not isinstance(r, V.Range):
        if "stop" in getattr(r, "fields", ()):
            return r.stop
        return Base.bindings["getindex"](r, Base.bindings["length"](r))
    return r.last if len(r) or not isinstance(r, (V.UnitRange, V.StepRange)) else r.stop


@Base.method("length(r::AbstractRange)")
def length_of_range(r: Any) -> Any:
    if isinstance(r, V.Range):
        return counted(r, r.count)
    if not T.isa(r, R.OrdinalRange):
        raise MethodError(Base.bindings["length"], (r,), None)
    op = R.OPERATORS
    return op["+"](op["div"](op["-"](op["last"](r), op["first"](r)), op["step"](r)), 1)


def counted(r: Any, n: int) -> Any:
    """A number of elements of a range: of its element type where that is a long integer, else Int64."""
    return Base.bindings["rem"](_MAKER[BIG](n), r.eltype) if r.eltype in R.LONG else wrap(n)


BIG = T.CORE_TYPES["BigInt"]


@Base.method("checked_length(r::AbstractRange)", export=False)
def checked_length(r: Any) -> Any:
    """`length(r)`; an `OverflowError` where that would wrap around."""
    r = plain(r)
    n = r.count
    if r.eltype not in R.LONG and n > R.LONGEST:
        return Base.bindings["checked_add"](
            Base.bindings["checked_sub"](int(r.last), int(r.first)), 1
        )
    if r.eltype in R.LONG and not fits(r.eltype, n):
        raise OverflowError_(f"length {n} of a range overflows {T.type_string(r.eltype)}")
    return counted(r, n)


@Base.method("sum(r::AbstractRange{<:Real})")
def sum_range(r: Any) -> Any:
    op = R.OPERATORS
    r = plain(r)
    n = r.count
    if isinstance(r, V.StepRangeLen) and r.exact is not None:
        a, s = r.exact
        return _MAKER[r.eltype](float(n * a + s * (n * (n - 1) // 2)))
    n = counted(r, n)
    less = op["-"](n, 1)
    even, odd = (n, less) if not int(n) % 2 else (less, n)
    pairs = op["*"](op["*"](r.step, odd), op["div"](even, 2))
    return op["+"](op["*"](n, r.first if len(r) else r.start), pairs)


def mapped_range(t: Any, r: Any) -> Any:
    """`map(t, r)` of a range, which is a range of numbers of that type; None where it is a vector."""
    colon, last = Base.bindings[":"], Base.bindings["last"]
    if isinstance(r, V.UnitRange) and not isinstance(r, (V.OneTo, V.Slice)):
        return colon(t(r.first), t(last(r)))
    if isinstance(r, V.StepRange):
        return colon(t(r.first), t(r.step), t(last(r)))
    if not T.subtype(t, T.AbstractFloat):
        return None
    if isinstance(r, V.StepRangeLen):
        return Base.bindings["convert"](T.apply_type(Base.bindings["StepRangeLen"], t), r)
    return (
        Base.bindings["LinRange"](t(r.first), t(last(r)), len(r))
        if isinstance(r, V.LinRange)
        else None
    )


def ends(name: str, pick: Any) -> None:
    @Base.method(f"{name}(r::AbstractRange)")
    def end(r: Any) -> Any:
        r = plain(r)
        if not len(r):
            raise ArgumentError("range must be non-empty")
        low, high = r.first, r.last
        return pick(low, high) if R.OPERATORS["<="](low, high) else pick(high, low)


ends("minimum", lambda low, high: low)
ends("maximum", lambda low, high: high)
ends("extrema", lambda low, high: (low, high))


@Base.method("in(x::Real, r::AbstractRange{<:Real})")
def in_range(x: Any, r: Any) -> bool:
    r = plain(r)
    n = r.count
    if not n or Base.bindings["isfinite"](x) is not True:
        return False
    op = R.OPERATORS
    if op["iszero"](r.step):
        return op["=="](r.first, x) is True
    if r.eltype in _MACHINE or r.eltype in R.LONG:
        if Base.bindings["isinteger"](x) is not True:
            return False
        whole, a, b = int(Base.bindings["BigInt"](x)), int(r.first), int(r.last)
        return min(a, b) <= whole <= max(a, b) and (whole - a) % int(r.step) == 0
    low, high = sorted_ends(r.first, r.last)
    if op["<"](x, low) or op["<"](high, x):
        return False
    i = Base.bindings["round"](T.Int64, op["/"](op["-"](x, r.first), r.step))
    return 0 <= i < n and op["=="](r.get(i), x) is True


@Base.method("in(x::T, r::AbstractRange{T}) where T")
def in_steps(x: Any, r: Any) -> bool:
    """Of values that are no numbers: between the ends, and a whole number of steps from the first."""
    op = R.OPERATORS
    if op["isempty"](r):
        return False
    low, high = sorted_ends(op["first"](r), op["last"](r))
    if op["<"](x, low) or op["<"](high, x):
        return False
    if isinstance(x, V.Char):
        return (x.code - r.first.code) % int(r.step) == 0
    if not isinstance(r, V.Range) or not T.subtype(T.typeof(r.step), T.Number):
        return any(op["=="](x, v) is True for v in iterate_value(r))
    return bool(op["iszero"](op["rem"](op["-"](x, r.first), r.step)))


def sorted_ends(a: Any, b: Any) -> tuple[Any, Any]:
    return (b, a) if R.OPERATORS["<"](b, a) else (a, b)


@Base.method("issorted(r::AbstractRange)")
def issorted_range(r: Any) -> bool:
    r = plain(r)
    return len(r) < 2 or bool(R.OPERATORS["<="](r.first, r.last))


@Base.method("intersect(a::AbstractUnitRange{<:Integer}, b::AbstractUnitRange{<:Integer})")
def intersect_units(a: Any, b: Any) -> Any:
    if type(a) is type(b) is V.UnitRange:
        return V.UnitRange(max(a.start, b.start), min(a.stop, b.stop))
    a, b = plain(a), plain(b)
    t = promote_type(a.eltype, b.eltype)
    convert = Base.bindings["convert"]
    return R.unit_range(convert(t, max(a.start, b.start)), convert(t, min(a.stop, b.stop)), t)


@Base.method("intersect(r::AbstractUnitRange{<:Integer}, i::Integer)")
def intersect_one(r: Any, i: Any) -> Any:
    return make_range(max(i, plain(r).first), None, int(in_range(i, r)), None)


@Base.method("intersect(i::Integer, r::AbstractUnitRange{<:Integer})")
def intersect_other(i: Any, r: Any) -> Any:
    return intersect_one(r, i)


@Base.method("intersect(a::OrdinalRange{<:Integer}, b::OrdinalRange{<:Integer})")
def intersect_steps(a: Any, b: Any) -> Any:
    """The elements of two progressions: again a progression, in the direction of the first."""
    a, b = plain(a), plain(b)
    t = promote_type(a.eltype, b.eltype)
    found = len(a) and len(b) and common_progression(*[_integers(r) for r in (a, b)])
    if not found:
        return V.StepRange(a.start, a.step, R.OPERATORS["-"](a.start, a.step))
    convert = Base.bindings["convert"]
    up = V.StepRange(*(convert(t, x) for x in found))
    return up if int(a.step) > 0 else Base.bindings["reverse"](up)


def _integers(r: Any) -> tuple[int, int, int]:
    return int(r.first), int(r.step), int(r.last)


def common_progression(
    a: tuple[int, int, int], b: tuple[int, int, int]
) -> tuple[int, int, int] | None:
    """First, step and bound of the numbers, upwards, that two progressions have; None if they never meet."""
    (first, step, _), (other, by, _) = a, b
    step, by = abs(step), abs(by)
    shared = math.gcd(step, by)
    if (other - first) % shared:
        return None
    turns = (other - first) // shared * pow(step // shared, -1, by // shared)
    every = step // shared * by
    low = max(min(r[0], r[2]) for r in (a, b))
    high = min(max(r[0], r[2]) for r in (a, b))
    return low + (first + turns * step - low) % every, every, high


@Base.method("float(r::OrdinalRange{<:Real})")
def float_range(r: Any) -> Any:
    f = Base.bindings["float"]
    r = plain(r)
    return (
        V.COLON(f(r.start), f(r.stop))
        if isinstance(r, V.UnitRange)
        else V.COLON(f(r.start), f(r.step), f(r.stop))
    )


@Base.method("sort!(r::AbstractUnitRange)")
def sorted_already(r: Any) -> Any:
    return r


@Base.method("sortperm(r::AbstractRange)")
def sortperm_range(r: Any) -> Any:
    r = plain(r)
    n = len(r)
    if isinstance(r, V.UnitRange):
        return V.UnitRange(1, n)
    return V.StepRange(1, 1, n) if issorted_range(r) else V.StepRange(n, -1, 1)


@Base.method("==(a::AbstractRange, b::AbstractRange)")
def equal_ranges(a: Any, b: Any) -> bool:
    if not (isinstance(a, V.Range) and isinstance(b, V.Range)):
        same, length = R.OPERATORS["=="], R.OPERATORS["length"]
        return bool(same(length(a), length(b))) and all(
            same(x, y) is True for x, y in zip(iterate_value(a), iterate_value(b), strict=False)
        )
    if a.count != b.count:
        return False
    same = R.OPERATORS["=="]
    if not a.count:
        return True
    if isinstance(a, (V.UnitRange, V.StepRange)) and isinstance(b, (V.UnitRange, V.StepRange)):
        return bool(same(a.first, b.first) and same(a.last, b.last))
    return all(same(x, y) is True for x, y in zip(a, b, strict=True))
