"""Functions that make ranges (`:`, `range`, `LinRange`) and those that keep them ranges.

The module is long because each operation that keeps a range a range chooses among all of the
constructors: lengths, ends and exact steps are worked out here and nowhere else.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from juliette.base.array_protocol import shape_of
from juliette.base.numbers.promotion import promote, promote_type
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime import ranges as R
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import ArgumentError, BoundsError, MethodError
from juliette.runtime.modules import Base, constructors
from juliette.runtime.numeric import FLOATS

_MACHINE = R._MACHINE


class _Operators(dict[str, Any]):
    """Julia's operators by name, for elements that are no plain numbers."""

    def __missing__(self, name: str) -> Any:
        f = self[name] = Base.bindings[name]
        return f


def steps(start: Any, step: Any, stop: Any) -> int:
    """How many elements `start:step:stop` has."""
    if isinstance(start, V.Char):
        return len(range(start.code, stop.code + (1 if step > 0 else -1), step))
    op = R.OPERATORS
    if op["iszero"](step):
        raise ArgumentError("step cannot be zero")
    if T.typeof(start) in R._WIDE and T.typeof(stop) in R._WIDE and T.typeof(step) in R._WIDE:
        # the distance of the ends may be no number of their type
        return max(0, (int(stop) - int(start)) // int(step) + 1)
    distance = op["-"](stop, start)
    zero = op["-"](step, step)
    if op["!="](start, stop) and op["<"](zero, step) is not op["<"](start, stop):
        return 0
    return int(op["div"](distance, step)) + 1


R.OPERATORS = _Operators(steps=steps, show=lambda x: Base.bindings["repr"](x))
if "OneTo" not in Base.bindings:
    Base.const("OneTo", R.OneTo_, export=False)
Base.const("Slice", R.Slice_, export=False)
Base.const("IdentityUnitRange", R.IdentityUnitRange_, export=False)
Base.exports.discard("IdentityUnitRange")
Base.exports.discard("OneTo")


def identity_range(r: Any) -> Any:
    """`Base.IdentityUnitRange(r)`"""
    return R.IdentityUnitRange(r.start, r.stop)


support._builtin(
    constructors(R.IdentityUnitRange_),
    T.tuple_type([T.Type_, T.apply_type(R.AbstractUnitRange, T.Int64)]),
    lambda _, r: identity_range(plain(r)),
    ("r",),
)


support._builtin(
    constructors(R.Slice_),
    T.tuple_type([T.Type_, R.OneTo_]),
    lambda _, r: R.Slice(r.stop),
    ("indices",),
)


support._builtin(
    constructors(R.Slice_),
    T.tuple_type([T.Type_, T.apply_type(R.AbstractUnitRange, T.Int64)]),
    lambda _, r: identity_range(plain(r)),
    ("indices",),
)


@Base.method("axes(r::Base.IdentityUnitRange)")
def axes_of_identity(r: Any) -> Any:
    return (r,)


@Base.method("firstindex(r::Base.IdentityUnitRange)")
def first_of_identity(r: Any) -> int:
    return r.start


@Base.method("lastindex(r::Base.IdentityUnitRange)")
def last_of_identity(r: Any) -> int:
    return r.stop


@Base.method("getindex(r::Base.IdentityUnitRange, i::Int64)")
def value_of_identity(r: Any, i: int) -> int:
    if not r.start <= i <= r.stop:
        raise BoundsError(r, (i,))
    return i


@Base.method("(:)(start::Int64, stop::Int64)")
def colon_ints(start: int, stop: int) -> Any:
    """`start:stop` and `start:step:stop`, ranges.

    ```jldoctest
    julia> collect(10:-4:1)
    3-element Vector{Int64}:
     10
      6
      2
    ```
    """
    return V.UnitRange(start, stop)


@Base.method("unitrange_last(start, stop)", export=False)
def unitrange_last(start: Any, stop: Any) -> Any:
    """The last element of a range in steps of one; types of numbers of one's own may have a way to it.

    ```jldoctest
    julia> Base.unitrange_last(1//2, 3)
    5//2
    ```
    """
    call = Base.bindings
    if support.truth(call[">="](stop, start)):
        last = call["+"](start, call["floor"](call["-"](stop, start)))
    else:
        last = call["-"](start, call["oneunit"](call["-"](start, stop)))
    return call["convert"](T.typeof(start), last)


@Base.method("(:)(start::Real, stop::Real)")
def colon(start: Any, stop: Any) -> Any:
    t = promote_type(T.typeof(start), T.typeof(stop))
    if t in FLOATS:
        return R.float_colon(start, 1.0, stop, t)
    convert = Base.bindings["convert"]
    if t not in _MACHINE and T.subtype(t, T.AbstractFloat):
        return colon_step(start, convert(t, 1), stop)
    return R.unit_range(convert(t, start), convert(t, stop), t)


@Base.method("(:)(start::Real, step::Real, stop::Real)")
def colon_step(start: Any, step: Any, stop: Any) -> Any:
    t = promote_type(promote_type(T.typeof(start), T.typeof(step)), T.typeof(stop))
    if t in FLOATS:
        return R.float_colon(start, step, stop, t)
    convert = Base.bindings["convert"]
    if not T.subtype(t, T.AbstractFloat):
        if R.OPERATORS["iszero"](step):
            raise ArgumentError("step cannot be zero")
        start = convert(promote_type(T.typeof(start), T.typeof(stop)), start)
        kind = T.typeof(R.OPERATORS["+"](start, Base.bindings["zero"](step)))
        return V.StepRange(convert(kind, start), step, convert(kind, stop))
    start, step, stop = convert(t, start), convert(t, step), convert(t, stop)
    count = (
        Base.bindings["floor"](T.Int64, R.OPERATORS["/"](R.OPERATORS["-"](stop, start), step)) + 1
    )
    return R.general_steps(start, step, max(0, count))


@Base.method("(:)(start::AbstractChar, stop::AbstractChar)")
def colon_chars(start: V.Char, stop: V.Char) -> Any:
    return V.StepRange(start, 1, stop)


@Base.method("(:)(start::T, step, stop::T) where T")
def colon_any(start: Any, step: Any, stop: Any) -> Any:
    """Elements are of the type that the start has after a step."""
    convert = Base.bindings["convert"]
    kind = T.typeof(R.OPERATORS["+"](start, Base.bindings["zero"](step)))
    return _steps(R.StepRange_, convert(kind, start), step, convert(kind, stop))


@Base.method("(:)(start::Real, step, stop::Real)")
def colon_reals(start: Any, step: Any, stop: Any) -> Any:
    """The ends get a type together, the step keeps its own."""
    start, stop = promote(start, stop)
    return colon_any(start, step, stop)


@Base.method("range(start; stop=nothing, length::Union{Nothing,Integer}=nothing, step=nothing)")
def range_(start: Any, *, stop: Any = None, length: Any = None, step: Any = None) -> Any:
    """A range by its ends and its length or step.

    ```jldoctest
    julia> range(0, 1, length = 5)
    0.0:0.25:1.0

    julia> range(1, step = 3, length = 4)
    1:3:10
    ```
    """
    return make_range(start, stop, length, step)


@Base.method("range(start, stop; length::Union{Nothing,Integer}=nothing, step=nothing)")
def range_ends(start: Any, stop: Any, *, length: Any = None, step: Any = None) -> Any:
    return make_range(start, stop, length, step)


@Base.method("range(start, stop, length::Integer)")
def range_length(start: Any, stop: Any, length: int) -> Any:
    return make_range(start, stop, length, None)


@Base.method(
    "range(; start=nothing, stop=nothing, length::Union{Nothing,Integer}=nothing, step=nothing)"
)
def range_keywords(
    *, start: Any = None, stop: Any = None, length: Any = None, step: Any = None
) -> Any:
    return make_range(start, stop, length, step)


def no_method(given: dict[str, Any]) -> Exception:
    lacks = {name for name, value in given.items() if value is None}
    # Julia takes the length for given if the start is.
    lacks = lacks - {"length"} if "start" not in lacks else lacks | {"length"}
    if not lacks:
        advice = "Try specifying only three arguments"
    elif {"stop", "length"} <= lacks:
        advice = "At least one of `length` or `stop` must be specified."
    elif {"step", "length"} <= lacks:
        advice = "At least one of `length` or `step` must be specified."
    elif {"start", "stop"} <= lacks:
        advice = "At least one of `start` or `stop` must be specified."
    else:
        advice = "Try specifying more arguments."
    return ArgumentError(
        "Cannot construct range from arguments:\n"
        + "\n".join(
            f"{k} = {Base.bindings['string'](given[k])}"
            for k in ("start", "step", "stop", "length")
        )
        + f"\n{advice}\n"
    )


def make_range(start: Any, stop: Any, length: Any, step: Any) -> Any:
    """A range from three of the four."""
    if start is None:
        if stop is None or length is None:
            if stop is None and length is not None and step is None:
                return V.OneTo(length)
            if stop is not None and step is None:
                return (
                    V.OneTo(stop)
                    if T.isa(stop, T.Integer)
                    else V.COLON(Base.bindings["oneunit"](stop), stop)
                )
            raise no_method({"start": start, "stop": stop, "length": length, "step": step})
        by = 1 if step is None else step
        op = R.OPERATORS
        first = op["-"](stop, op["*"](length - 1, by))
        return by_length(first, by, length, step is None)
    if length is not None:
        if stop is not None:
            if step is not None:
                raise no_method({"start": start, "stop": stop, "length": length, "step": step})
            return linear(start, stop, length)
        if length < 0:
            raise ArgumentError("length must be non-negative")
        return by_length(start, 1 if step is None else step, length, step is None)
    if stop is None:
        raise no_method({"start": start, "stop": stop, "length": length, "step": step})
    return V.COLON(start, stop) if step is None else V.COLON(start, step, stop)


def by_length(start: Any, step: Any, length: int, unit: bool) -> Any:
    """A range from its first element, step and length."""
    t = promote_type(T.typeof(start), T.typeof(step))
    if t in FLOATS:
        make = R._FLOATS[t]
        start, step = make(start), make(step)
        parts = (
            R.common_fractions(start, step, t)
            if math.isfinite(start) and math.isfinite(step)
            else None
        )
        return R.float_steps(*parts, length, t) if parts else R.float_class(t)(start, step, length)
    op = R.OPERATORS
    last = op["+"](start, op["*"](length - 1, step))
    if unit and t in _MACHINE:
        return V.COLON(start, last)
    wraps = not T.isa(start, T.Number) or T.isa(start, T.Integer)
    if not wraps or (t in _MACHINE and step == 0):
        return R.general_steps(start, step, length)
    return V.StepRange(start, step, last)


def linear(start: Any, stop: Any, length: int) -> Any:
    """`length` numbers from start to stop at equal distances."""
    t = promote_type(T.typeof(start), T.typeof(stop))
    if t in _MACHINE:
        t = T.Float64
    if t in FLOATS:
        return R.float_linear(start, stop, length, t)
    op = R.OPERATORS
    step = op["/"](op["-"](stop, start), max(length - 1, 1))
    return R.general_steps(
        Base.bindings["convert"](T.typeof(op["+"](start, step)), start), step, length
    )


support._builtin(
    constructors(R.LinRange_),
    T.tuple_type([T.Type_, T.Any_, T.Any_, T.Int64]),
    lambda t, a, b, n: lin_range(t, a, b, n),
    ("start", "stop", "len"),
)


def lin_range(t: Any, start: Any, stop: Any, length: int) -> Any:
    """`LinRange(start, stop, length)`"""
    eltype = t.parameters[0] if isinstance(t, T.DataType) else None
    if eltype is None:
        body = T.unwrap(t)
        eltype = (
            body.parameters[0]
            if not isinstance(body.parameters[0], T.TypeVar)
            else T.typeof(R.OPERATORS["/"](R.OPERATORS["-"](stop, start), 1))
        )
    convert = Base.bindings["convert"]
    return V.LinRange(convert(eltype, start), convert(eltype, stop), length)


def _unit(t: Any, *args: Any) -> Any:
    if len(args) == 1 and T.isa(args[0], R.AbstractUnitRange):
        args = (plain(args[0]),)
        args = (
            (args[0].first, args[0].last)
            if len(args[0])
            else (args[0].first, R.OPERATORS["-"](args[0].first, 1))
        )
    if len(args) != 2:
        raise MethodError(t, args, None)
    eltype = t.parameters[0] if isinstance(t, T.DataType) else promote_type(*map(T.typeof, args))
    convert = Base.bindings["convert"]
    return R.unit_range(convert(eltype, args[0]), convert(eltype, args[1]), eltype)


@Base.method("oneto(n)", export=False)
def one_to(n: Any) -> Any:
    """`Base.OneTo(n)`"""
    return _one_to(R.OneTo_, n)


@Base.method("range_start_stop_length(start, stop, length)", export=False)
def range_start_stop_length(start: Any, stop: Any, length: int) -> Any:
    """`range(start, stop, length)`, for types that add their own."""
    return linear(start, stop, length)


def _one_to(t: Any, n: Any) -> Any:
    if T.isa(n, T.AbstractRange):
        first = Base.bindings["first"](n)
        if first != 1:
            raise ArgumentError(f"first element must be 1, got {Base.bindings['repr'](first)}")
        n = Base.bindings["last"](n)
    return V.OneTo(int(n))


def _steps(t: Any, start: Any, step: Any, stop: Any) -> Any:
    if any(T.isa(x, T.AbstractFloat) for x in (start, step)):
        raise ArgumentError("StepRange should not be used with floating point")
    if isinstance(t, T.DataType):
        convert, (element, by) = Base.bindings["convert"], t.parameters
        start, step, stop = convert(element, start), convert(by, step), convert(element, stop)
    if T.isa(start, T.Integer) and not Base.bindings["isinteger"](R.OPERATORS["+"](start, step)):
        raise ArgumentError("StepRange{<:Integer} cannot have non-integer step")
    if not isinstance(start, V.Char) and R.OPERATORS["iszero"](step):
        raise ArgumentError("step cannot be zero")
    return V.StepRange(start, step, stop)


def _steps_length(t: Any, start: Any, step: Any, length: int, offset: int = 1) -> Any:
    if offset != 1:
        start = R.OPERATORS["-"](start, R.OPERATORS["*"](offset - 1, step))
    return (
        by_length(start, step, length, False)
        if T.typeof(step) in FLOATS or T.typeof(start) in FLOATS
        else R.general_steps(start, step, length)
    )


for _family, _f in (
    (R.UnitRange_, _unit),
    (R.OneTo_, _one_to),
    (R.StepRange_, _steps),
    (R.StepRangeLen_, _steps_length),
):
    support._builtin(
        constructors(_family), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _f, ("args",)
    )


def plain(r: Any) -> Any:
    """The range itself; of a user's own type, the built-in one that its `first`, `step` and `length` tell."""
    if isinstance(r, V.Range):
        return r
    call = Base.bindings
    if T.isa(r, R.AbstractUnitRange):
        return R.unit_range(call["first"](r), call["last"](r), call["eltype"](r))
    return by_length(call["first"](r), call["step"](r), call["length"](r), False)


# ---------------------------------------------------------------- arithmetic that keeps a range


def shifted(r: Any, by: Any, sign: int = 1) -> Any:
    """`r .+ by`"""
    op = R.OPERATORS
    by = by if sign > 0 else op["-"](by)
    t = promote_type(r.eltype, T.typeof(by))
    if isinstance(r, V.UnitRange) and T.subtype(t, T.Integer):
        return V.COLON(op["+"](r.first, by), op["+"](r.stop, by))
    if isinstance(r, V.LinRange):
        return V.LinRange(op["+"](r.start, by), op["+"](r.stop, by), len(r))
    return rebuilt(
        op["+"](r.first, by),
        r.step,
        len(r),
        t,
        r,
        lambda a, s: (
            (a + (decimal(by) if isinstance(by, float) else Fraction(float(by))), s)
            if np.isfinite(float(by))
            else None
        ),
    )


def decimal(x: Any) -> Fraction:
    """A float as the simplest fraction that is it."""
    parts = R.rational(float(x))
    return Fraction(*parts) if parts else Fraction(float(x))


def scaled(r: Any, by: Any, inverse: bool = False) -> Any:
    """`r .* by` or `r ./ by`"""
    op = R.OPERATORS["/" if inverse else "*"]
    first = op(r.first, by)
    if isinstance(r, V.LinRange):
        return V.LinRange(first, op(r.stop, by), len(r))
    exact = decimal(by) if isinstance(by, (int, float, np.generic)) and np.isfinite(by) else None

    def change(a: Fraction, s: Fraction) -> Any:
        if exact is None or (inverse and not exact):
            return None
        return (a / exact, s / exact) if inverse else (a * exact, s * exact)

    return rebuilt(first, op(r.step, by), len(r), T.typeof(first), r, change)


def rebuilt(first: Any, step: Any, n: int, t: Any, r: Any, change: Any) -> Any:
    """A range from a first element and a step, exact where the old one was."""
    if t in FLOATS:
        old = (
            r.exact
            if isinstance(r, V.StepRangeLen)
            else (
                (Fraction(int(r.first)), Fraction(int(r.step)))
                if T.subtype(r.eltype, T.Integer)
                else None
            )
        )
        new = change(*old) if old is not None else None
        if new is not None:
            return R.float_steps(new[0], new[1], n, t)
        return R.float_class(t)(first, Base.bindings["convert"](t, step), n)
    if T.subtype(T.typeof(first), T.AbstractFloat):
        return R.general_steps(first, Base.bindings["convert"](T.typeof(first), step), n)
    if R.OPERATORS["iszero"](step):
        return R.general_steps(first, step, n)
    if isinstance(r, V.StepRangeLen):
        return R.general_steps(first, step, n)
    op = R.OPERATORS
    return V.StepRange(first, step, op["+"](first, op["*"](n - 1, step)))


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.generic)) or (
        not isinstance(x, V.Range) and T.subtype(T.typeof(x), T.Real)
    )


def range_operation(f: Any, args: tuple[Any, ...]) -> Any:
    """A dotted operation on ranges whose result is a range; None if it is not one of those."""
    if len(args) == 1 and f is PLUS:
        return args[0]
    if len(args) == 1 and f is MINUS:
        return scaled(args[0], -1)
    if len(args) != 2:
        return None
    a, b = args
    if isinstance(a, V.Range) and isinstance(b, V.Range):
        if f in (PLUS, MINUS) and len(a) == len(b):
            return combined(f, a, b)
        return None
    if isinstance(a, V.Range):
        if not _is_number(b) or (
            isinstance(a.eltype, T.DataType) and not T.subtype(a.eltype, T.Real)
        ):
            return shifted_chars(f, a, b)
        if f is PLUS:
            return shifted(a, b)
        if f is MINUS:
            return shifted(a, b, -1)
        if f is TIMES:
            return scaled(a, b)
        return scaled(a, b, True) if f is SLASH else None
    if isinstance(b, V.Range) and _is_number(a) and T.subtype(b.eltype, T.Real):
        if f is PLUS:
            return shifted(b, a)
        if f is MINUS:
            return shifted(scaled(b, -1), a)
        return scaled(b, a) if f is TIMES else None
    return None


def shifted_chars(f: Any, a: Any, b: Any) -> Any:
    """`('a':'c') .+ 1`"""
    if f in (PLUS, MINUS) and isinstance(a, V.StepRange) and isinstance(b, int):
        return V.StepRange(f(a.start, b), a.step, f(a.stop, b))
    return None


def combined(f: Any, a: Any, b: Any) -> Any:
    """The sum or difference of two ranges."""
    if not (T.subtype(a.eltype, T.Real) and T.subtype(b.eltype, T.Real)):
        return None
    first, by = f(a.first, b.first), f(a.step, b.step)
    t = promote_type(a.eltype, b.eltype)
    if t in FLOATS:
        old = [
            r.exact
            if isinstance(r, V.StepRangeLen)
            else (Fraction(int(r.first)), Fraction(int(r.step)))
            for r in (a, b)
            if not isinstance(r, V.LinRange)
        ]
        if len(old) == 2 and None not in old:
            sign = 1 if f is PLUS else -1
            return R.float_steps(
                old[0][0] + sign * old[1][0], old[0][1] + sign * old[1][1], len(a), t
            )
        return R.float_class(t)(first, by, len(a))
    if R.OPERATORS["iszero"](by):
        return R.general_steps(first, by, len(a))
    if by == 1 and isinstance(a, V.UnitRange):
        return V.COLON(first, f(a.last, b.last))
    return V.StepRange(first, by, R.OPERATORS["+"](first, R.OPERATORS["*"](len(a) - 1, by)))


PLUS, MINUS, TIMES, SLASH = (Base.bindings[name] for name in ("+", "-", "*", "/"))
B.RANGE_OPERATION = range_operation


@Base.method("-(r::AbstractRange)")
def negative_range(r: Any) -> Any:
    r = plain(r)
    return scaled(r, -1) if len(r) else r


def range_binary(name: str) -> None:
    f = Base.bindings[name]

    @Base.method(f"{name}(a::AbstractRange, b::AbstractRange)")
    def both(a: Any, b: Any) -> Any:
        a, b = plain(a), plain(b)
        if shape_of(a) != shape_of(b):
            from juliette.base.array_arithmetic import same_shape

            same_shape(a, b)
        out = combined(f, a, b)
        return out if out is not None else B.materialize(B.Broadcasted(f, (a, b)))


range_binary("+")
range_binary("-")
