"""Arithmetic with dates, times and periods; waiting for a period; ranges of them."""

from __future__ import annotations

from typing import Any

from juliette.base.range_questions import common_progression
from juliette.base.set_operations import intersect
from juliette.compiler import support
from juliette.runtime import broadcast as B
from juliette.runtime.dispatch import call_kw
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.runtime.ranges import StepRange
from juliette.stdlib import dates_calendar as C
from juliette.stdlib import dates_types as D
from juliette.stdlib.dates_types import CompoundPeriod, Date, DateTime, Period, Time


def moved(x: Any, p: Any, sign: int) -> Any:
    """A date or time some periods later (or earlier)."""
    for q in D.parts_of(p):
        x = moved_once(x, q, sign * q.value)
    return x


def moved_once(x: Any, q: Period, n: int) -> Any:
    cls = type(q)
    if isinstance(x, Time):
        if not cls.nanoseconds or cls in (D.Week, D.Day):
            raise MethodError(Base.bindings["+"], (x, q), None)
        return Time(x.nanoseconds + n * cls.nanoseconds)
    if cls.months:
        y, m, d = x.ymd
        days = C.total_days(*C.add_months(y, m, d, n * cls.months))
        if isinstance(x, Date):
            return Date(days)
        return DateTime(x.ms + (days - x.days) * C.MS_PER_DAY)
    if isinstance(x, Date):
        if cls not in (D.Week, D.Day):
            raise MethodError(Base.bindings["+"], (x, q), None)
        return Date(x.days + n * (7 if cls is D.Week else 1))
    return DateTime(x.ms + n * cls.nanoseconds // 1_000_000)


def added(a: Any, b: Any, sign: int) -> Any:
    """The sum or difference of periods."""
    if isinstance(a, Period) and type(a) is type(b):
        return type(a)(wrapped(a.value + sign * b.value))
    negative = [type(q)(sign * q.value) for q in D.parts_of(b)]
    return CompoundPeriod([*D.parts_of(a), *negative])


def wrapped(n: int) -> int:
    """A sum of 64-bit integers, which begins anew beyond the greatest."""
    return n if -(2**63) <= n < 2**63 else (n + 2**63) % 2**64 - 2**63


def arithmetic(module: Module) -> None:
    def method(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    either = "Union{Period, CompoundPeriod}"
    method(f"+(x::TimeType, p::{either})", lambda x, p: moved(x, p, 1))
    # Of several periods the greater units are added first, whatever their order.
    method(
        "+(x::TimeType, p::Period, q::Period, more::Period...)",
        lambda x, *ps: moved(x, CompoundPeriod(list(ps)), 1),
    )
    method(f"+(p::{either}, x::TimeType)", lambda p, x: moved(x, p, 1))
    method(f"-(x::TimeType, p::{either})", lambda x, p: moved(x, p, -1))
    method("+(d::Date, t::Time)", D.joined)
    method("+(t::Time, d::Date)", lambda t, d: D.joined(d, t))
    method("-(a::Date, b::Date)", lambda a, b: D.Day(a.days - b.days))
    method("-(a::DateTime, b::DateTime)", lambda a, b: D.Millisecond(a.ms - b.ms))
    method("-(a::Date, b::DateTime)", lambda a, b: D.Millisecond(a.days * C.MS_PER_DAY - b.ms))
    method("-(a::DateTime, b::Date)", lambda a, b: D.Millisecond(a.ms - b.days * C.MS_PER_DAY))
    method("promote_rule(a::Type{Date}, b::Type{DateTime})", lambda a, b: D.DateTime_)
    for fine, t in D.TYPES.items():
        for coarse in D.TYPES:
            if bool(fine.nanoseconds) == bool(coarse.nanoseconds) and D.size_of(fine) < D.size_of(
                coarse
            ):
                names = f"a::Type{{{fine.__name__}}}, b::Type{{{coarse.__name__}}}"
                method(f"promote_rule({names})", lambda a, b, t=t: t)
    method("-(a::Time, b::Time)", lambda a, b: D.Nanosecond(a.nanoseconds - b.nanoseconds))
    method(f"+(a::{either}, b::{either})", lambda a, b: added(a, b, 1))
    method(f"-(a::{either}, b::{either})", lambda a, b: added(a, b, -1))
    method(f"+(a::{either})", lambda a: a)
    method("-(a::Period)", lambda a: type(a)(wrapped(-a.value)))
    method("-(a::CompoundPeriod)", lambda a: CompoundPeriod([type(q)(-q.value) for q in a.periods]))
    scaling(method)
    method("abs(p::Period)", lambda p: type(p)(abs(p.value)))
    method("sign(p::Period)", lambda p: (p.value > 0) - (p.value < 0))
    method("signbit(p::Period)", lambda p: p.value < 0)
    method("iszero(p::Period)", lambda p: p.value == 0)
    method("zero(p::Period)", lambda p: type(p)(0))
    method("zero(t::Type{<:Period})", lambda t: D.class_of(t)(0))
    method("one(p::Union{Period, Type{<:Period}})", lambda p: 1)
    method("typemax(t::Type{<:Period})", lambda t: D.class_of(t)(2**63 - 1))
    method("typemin(t::Type{<:Period})", lambda t: D.class_of(t)(-(2**63)))
    method("isfinite(t::Union{TimeType, Period, Type{<:TimeType}, Type{<:Period}})", lambda t: True)
    method("convert(t::Type{CompoundPeriod}, p::Period)", lambda t, p: CompoundPeriod([p]))
    method("eps(t::Union{Date, Type{Date}})", lambda t: D.Day(1))
    method("eps(t::Union{DateTime, Type{DateTime}})", lambda t: D.Millisecond(1))
    method("eps(t::Union{Time, Type{Time}})", lambda t: D.Nanosecond(1))
    limits(method)
    waiting(method)
    ranges(method)


def limits(method: Any) -> None:
    """The first and the last moment, and what lies between two that are the same."""

    def of(name: str, kind: str, f: Any) -> None:
        method(f"{name}(t::Union{{{kind}, Type{{{kind}}}}})", f)

    of("typemax", "Date", lambda t: D.make_date(252522163911149, 12, 31))
    of("typemin", "Date", lambda t: D.make_date(-252522163911150, 1, 1))
    of("typemax", "DateTime", lambda t: D.make_datetime(146138512, 12, 31, 23, 59, 59))
    of("typemin", "DateTime", lambda t: D.make_datetime(-146138511, 1, 1))
    of("typemax", "Time", lambda t: Time(D.Day.nanoseconds - 1))
    of("typemin", "Time", lambda t: Time(0))
    for kind, unit in (("Date", D.Day), ("DateTime", D.Millisecond), ("Time", D.Nanosecond)):
        of("zero", kind, lambda t, unit=unit: unit(0))


def waiting(method: Any) -> None:
    """`sleep`, `Timer` and `timedwait` with periods in place of seconds."""

    def seconds(p: Period) -> float:
        return p.value * p.nanoseconds / 1e9

    method("sleep(p::Period)", lambda p: Base.bindings["sleep"](seconds(p)))
    method(
        "Timer(delay::Period; interval=Second(0))",
        lambda _, delay, *, interval=None: call_kw(
            Base.bindings["Timer"],
            {"interval": seconds(interval) if interval else 0},
            seconds(delay),
        ),
    )
    method(
        "timedwait(f, timeout::Period; pollint=Millisecond(100))",
        lambda f, timeout, *, pollint=None: call_kw(
            Base.bindings["timedwait"],
            {"pollint": seconds(pollint) if pollint else 0.1},
            f,
            seconds(timeout),
        ),
    )


def scaling(method: Any) -> None:
    """Products and quotients of periods."""

    def same(a: Period, b: Period) -> tuple[type[Period], int, int]:
        """Two periods in their common unit."""
        if type(a) is type(b):
            return type(a), a.value, b.value
        cls = type(a) if D.size_of(type(a)) <= D.size_of(type(b)) else type(b)
        return cls, D.converted(cls, a).value, D.converted(cls, b).value

    def quotient(name: str) -> None:
        op = Base.bindings[name]

        def periods_(a: Period, b: Period) -> Any:
            _, x, y = same(a, b)
            return op(x, y)

        method(f"{name}(a::Period, b::Period)", periods_)
        method(f"{name}(a::Period, n::Real)", lambda a, n: type(a)(D.whole_number(op(a.value, n))))

    for name in ("/", "÷"):
        quotient(name)
    for name in ("*", "/"):
        op = Base.bindings[name]
        each = lambda a, b, op=op: B.materialize(B.broadcasted(op, a, b))  # noqa: E731
        method(f"{name}(a::AbstractArray, p::Period)", each)
        method(
            f"{name}(r::AbstractRange{{<:Period}}, n::Real)",
            lambda r, n, op=op: call_kw(
                Base.bindings["range"],
                {"step": op(Base.bindings["step"](r), n), "length": Base.bindings["length"](r)},
                op(Base.bindings["first"](r), n),
            ),
        )
        if name == "*":
            method("*(p::Period, a::AbstractArray)", each)
    method("*(p::Period, n::Real)", lambda p, n: type(p)(D.whole_number(times(p.value, n))))
    method("*(n::Real, p::Period)", lambda n, p: type(p)(D.whole_number(times(p.value, n))))

    def remainder(name: str) -> None:
        op = Base.bindings[name]

        def periods_(a: Period, b: Period) -> Period:
            cls, x, y = same(a, b)
            return cls(op(x, y))

        method(f"{name}(a::Period, b::Period)", periods_)
        if name in ("%", "mod"):
            method(f"{name}(a::Period, n::Real)", lambda a, n: type(a)(op(a.value, n)))

    for name in ("%", "mod", "gcd", "lcm"):
        remainder(name)


def times(a: Any, b: Any) -> Any:
    return Base.bindings["*"](a, b)


def ranges(method: Any) -> None:
    """`start:step:stop` of dates and times."""

    def last(a: Any, step: Any, b: Any) -> tuple[Any, int]:
        """The last element and the length: months differ in length, so it is searched for."""
        less = Base.bindings["isless"]
        if support.truth(Base.bindings["iszero"](step)):
            raise ArgumentError("step cannot be zero")
        forward = step.value > 0
        if (forward and less(b, a)) or (not forward and less(a, b)):
            return moved(a, step, -1), 0
        unit = step.nanoseconds or step.months * 28 * D.Day.nanoseconds
        span = abs(position(b) - position(a))
        n = max(span // max(abs(step.value) * unit, 1) - 1, 0)
        if not step.nanoseconds:
            n = max(span // (abs(step.value) * step.months * 31 * D.Day.nanoseconds) - 1, 0)
        while True:
            following = moved(a, type(step)(step.value * (n + 1)), 1)
            if less(b, following) if forward else less(following, b):
                break
            n += 1
        return moved(a, type(step)(step.value * n), 1), n + 1

    def position(x: Any) -> int:
        return (
            x.days * D.Day.nanoseconds + getattr(x, "nanoseconds", 0)
            if not isinstance(x, Time)
            else x.nanoseconds
        )

    def make(a: Any, step: Any, b: Any) -> Any:
        stop, n = last(a, step, b)
        r = StepRange.__new__(StepRange, a, step, b)
        r.start, r.step, r.stop, r.size = a, step, stop, n
        return r

    for t in ("Date", "DateTime", "Time"):
        method(f"(:)(a::{t}, step::Period, b::{t})", make)
    method("(:)(a::Date, b::Date)", lambda a, b: make(a, D.Day(1), b))
    method(
        "(:)(a::DateTime, b::DateTime)",
        lambda a, b: make(a, D.Day(1), b),
    )
    method("(:)(a::Time, b::Time)", lambda a, b: make(a, D.Second(1), b))

    def common(a: Any, b: Any) -> Any:
        """The dates that two ranges share: again a range, where the steps are of fixed lengths."""
        if not (getattr(a.step, "nanoseconds", 0) and getattr(b.step, "nanoseconds", 0)):
            return intersect(a, b)
        cls = min((type(a.step), type(b.step)), key=D.size_of)
        found = None
        if a.size and b.size:
            found = common_progression(
                *(
                    (position(r.first), r.step.value * r.step.nanoseconds, position(r.last))
                    for r in (a, b)
                )
            )
        if found is None:
            return make(a.first, a.step, moved(a.first, a.step, -1))

        def at(place: int) -> Any:
            return moved(a.first, cls((place - position(a.first)) // cls.nanoseconds), 1)

        first, every, high = found
        up = make(at(first), cls(every // cls.nanoseconds), at(high))
        return up if a.step.value > 0 else Base.bindings["reverse"](up)

    method("intersect(a::StepRange{T}, b::StepRange{T}) where T<:TimeType", common)

    def period_range(a: Period, step: Any, b: Period) -> Any:
        cls = min((type(a), type(step), type(b)), key=D.size_of)
        start, s, stop = (D.converted(cls, p) for p in (a, step, b))
        n = (stop.value - start.value) // s.value
        return StepRange(start, s, cls(start.value + n * s.value))

    method("(:)(a::Period, step::Period, b::Period)", period_range)
    method("(:)(a::Period, b::Period)", lambda a, b: period_range(a, type(a)(1), b))
