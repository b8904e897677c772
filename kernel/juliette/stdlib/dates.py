"""The module Dates: constructors, accessors and arithmetic."""

from __future__ import annotations

import time
from typing import Any

from juliette.base.iteration import iterate_value
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.stdlib import dates_calendar as C
from juliette.stdlib import dates_locales
from juliette.stdlib import dates_types as D
from juliette.stdlib.dates_types import CompoundPeriod, Date, DateTime, Period, Time
from juliette.syntax.expr import Symbol


def load(module: Module) -> None:
    """Fill the module."""
    from juliette.stdlib import dates_adjust, dates_arithmetic, dates_format, dates_show

    D.install(module)
    dates_locales.load(module)
    periods(module)
    constructors(module)
    accessors(module)
    dates_arithmetic.arithmetic(module)
    dates_show.load(module)
    dates_format.load(module)
    dates_adjust.load(module)


# ---------------------------------------------------------------- periods


def periods(module: Module) -> None:
    for name, cls in D.UNITS.items():
        period_constructors(module, name, cls)

    @module.method("value(x)", export=False)
    def value(x: Any) -> Any:
        """The number in a period, or the number of a moment."""
        if isinstance(x, Period) or not isinstance(x, (Date, DateTime, Time)):
            return x.value
        return x.days if isinstance(x, Date) else x.ms if isinstance(x, DateTime) else x.nanoseconds

    @module.method("CompoundPeriod(ps...)", export=False)
    def compound(_: Any, *ps: Any) -> CompoundPeriod:
        """Several periods as one."""
        items = iterate_value(ps[0]) if len(ps) == 1 and hasattr(ps[0], "data") else ps
        return CompoundPeriod([q for p in items for q in D.parts_of(p)])

    @module.method("canonicalize(p::Union{Period, CompoundPeriod})")
    def canonicalize(p: Any) -> CompoundPeriod:
        """The same time with as few and as great units as there are.

        ```jldoctest
        julia> using Dates

        julia> canonicalize(Day(9) + Hour(25))
        1 week, 3 days, 1 hour
        ```
        """
        return D.canonical(p)

    @module.method("default(p::Union{Period, Type{<:Period}})", export=False)
    def default(p: Any) -> Period:
        """What a part is when it is not given: 1 of a calendar unit, 0 of a clock's.

        ```jldoctest
        julia> using Dates

        julia> Dates.default(Month), Dates.default(Hour)
        (Month(1), Hour(0))
        ```
        """
        cls = type(p) if isinstance(p, Period) else D.class_of(p)
        return cls(1 if T.subtype(D.TYPES[cls], D.DatePeriod_) else 0)

    @module.method("periods(p::CompoundPeriod)", export=False)
    def periods_of(p: CompoundPeriod) -> Any:
        """The periods that a compound period consists of."""
        return vector(p.periods, D.Period_)

    @module.method("toms(p)", export=False)
    def toms(p: Any) -> Any:
        """A period in milliseconds."""
        return sum(q.value * q.nanoseconds for q in D.parts_of(p)) // 1_000_000

    @module.method("tons(p)", export=False)
    def tons(p: Any) -> Any:
        """A period in nanoseconds."""
        return sum(q.value * q.nanoseconds for q in D.parts_of(p))

    @module.method("days(p)", export=False)
    def days(p: Any) -> Any:
        """A period or a moment in days."""
        if isinstance(p, (Date, DateTime)):
            return p.days
        return sum(q.value * q.nanoseconds for q in D.parts_of(p)) // D.Day.nanoseconds


def period_constructors(module: Module, name: str, cls: type[Period]) -> None:
    lower = name.lower()
    module.method(f"{name}(n::Number)")(lambda _, n: cls(D.whole_number(n)))
    module.method(f"{name}(p::Period)")(lambda _, p: D.converted(cls, p))
    module.method(f"{name}(s::AbstractString)")(
        lambda _, s: cls(Base.bindings["parse"](T.Int64, s))
    )
    part = PARTS.get(lower)
    if part is not None:
        module.method(f"{name}(x::TimeType)")(lambda _, x: cls(part(x)))
    module.method(f"convert(t::Type{{{name}}}, p::Period)", export=False)(
        lambda _, p: D.converted(cls, p)
    )
    module.method(f"convert(t::Type{{{name}}}, n::Real)", export=False)(
        lambda _, n: cls(D.whole_number(n))
    )


def clock_part(i: int) -> Any:
    return lambda x: 0 if isinstance(x, Date) else D.clock(x.nanoseconds)[i]


PARTS: dict[str, Any] = {
    "year": lambda x: x.ymd[0],
    "quarter": lambda x: (x.ymd[1] - 1) // 3 + 1,
    "month": lambda x: x.ymd[1],
    "week": lambda x: C.week_of_year(x.days),
    "day": lambda x: x.ymd[2],
    "hour": clock_part(0),
    "minute": clock_part(1),
    "second": clock_part(2),
    "millisecond": clock_part(3),
    "microsecond": clock_part(4),
    "nanosecond": clock_part(5),
}

# ---------------------------------------------------------------- constructors


def from_periods(given: tuple[Any, ...], kinds: tuple[type[Period], ...], what: Any) -> list[int]:
    """The numbers of periods in the order of their units; what is not given is least."""
    values = {k: 1 if k in (D.Year, D.Month, D.Day) else 0 for k in kinds}
    for p in given:
        if type(p) not in values:
            raise MethodError(what, given, None)
        values[type(p)] = p.value
    return [values[k] for k in kinds]


DATE_UNITS = (D.Year, D.Month, D.Day)
TIME_UNITS = (D.Hour, D.Minute, D.Second, D.Millisecond)


def numbers(values: tuple[Any, ...]) -> list[int]:
    return [D.whole_number(v) for v in values]


def instants(module: Module) -> None:
    """What a constructor of one's own checks its parts by, and the instants that it makes."""

    @module.method("validargs(::Type{Date}, y::Int64, m::Int64, d::Int64)", export=False)
    def valid_date(_: Any, *ymd: int) -> Any:
        """`nothing`, or the error that these parts of a date are.

        ```jldoctest
        julia> using Dates

        julia> Dates.validargs(Date, 2023, 2, 29)
        ArgumentError("Day: 29 out of range (1:28)")
        ```
        """
        return _error_of(D.make_date, ymd)

    @module.method(
        "validargs(::Type{DateTime}, y::Int64, m::Int64, d::Int64, h::Int64, mi::Int64, "
        "s::Int64, ms::Int64)",
        export=False,
    )
    def valid_datetime(_: Any, *parts: int) -> Any:
        return _error_of(D.make_datetime, parts)

    module.method("totaldays(y, m, d)", export=False)(C.total_days)
    module.method("UTD(x)", export=False)(lambda x: D.UTInstant(D.Day(x)))
    module.method("UTM(x)", export=False)(lambda x: D.UTInstant(D.Millisecond(x)))


def _error_of(make: Any, parts: tuple[int, ...]) -> Any:
    try:
        make(*parts)
    except ArgumentError as error:
        return error
    return None


def constructors(module: Module) -> None:
    @module.method("Date(y::Real, m=1, d=1)")
    def date(_: Any, *ymd: Any) -> Date:
        """A day.

        ```jldoctest
        julia> using Dates

        julia> Date(2024, 2, 29) + Year(1)
        2025-02-28
        ```
        """
        return D.make_date(*numbers(ymd))

    @module.method("Date(ps::Period...)")
    def date_periods(t: Any, *ps: Period) -> Date:
        return D.make_date(*from_periods(ps, DATE_UNITS, t))

    module.method("Date(x::DateTime)")(lambda _, x: Date(x.days))
    module.method("Date(x::Date)")(lambda _, x: x)
    module.method("Date(x::UTInstant{Day})")(lambda _, x: Date(int(x.periods.value)))
    module.method("DateTime(x::UTInstant{Millisecond})")(
        lambda _, x: DateTime(int(x.periods.value))
    )
    instants(module)

    @module.method("DateTime(y::Real, m=1, d=1, h=0, mi=0, s=0, ms=0)")
    def datetime(_: Any, *parts: Any) -> DateTime:
        """A moment, to the millisecond.

        ```jldoctest
        julia> using Dates

        julia> DateTime(2024, 1, 31, 12, 30)
        2024-01-31T12:30:00
        ```
        """
        return D.make_datetime(*numbers(parts))

    @module.method("DateTime(ps::Period...)")
    def datetime_periods(t: Any, *ps: Period) -> DateTime:
        return D.make_datetime(*from_periods(ps, DATE_UNITS + TIME_UNITS, t))

    module.method("DateTime(x::Date)")(lambda _, x: DateTime(x.days * C.MS_PER_DAY))
    module.method("DateTime(x::DateTime)")(lambda _, x: x)

    @module.method("DateTime(d::Date, t::Time)")
    def datetime_of(_: Any, d: Date, t: Time) -> DateTime:
        return D.joined(d, t)

    @module.method("Time(h::Real, mi=0, s=0, ms=0, us=0, ns=0)")
    def time_(_: Any, *parts: Any) -> Time:
        """A time of day.

        ```jldoctest
        julia> using Dates

        julia> Time(23, 59) + Minute(2)
        00:01:00
        ```
        """
        return D.make_time(*numbers(parts))

    @module.method("Time(ps::TimePeriod...)")
    def time_periods(t: Any, *ps: Period) -> Time:
        kinds = (*TIME_UNITS, D.Microsecond, D.Nanosecond)
        return D.make_time(*from_periods(ps, kinds, t))

    module.method("Time(x::DateTime)")(lambda _, x: Time(x.nanoseconds))
    module.method("Time(x::Time)")(lambda _, x: x)
    for a, b in (("DateTime", "Date"), ("Date", "DateTime"), ("Time", "DateTime")):
        convert_between(module, a, b)
    clocks(module)


def convert_between(module: Module, a: str, b: str) -> None:
    target = module.bindings[a]
    module.method(f"convert(t::Type{{{a}}}, x::{b})", export=False)(lambda _, x: target(x))


def local_ms() -> int:
    """Now, by the clock on the wall."""
    seconds = time.time()
    offset = time.localtime(seconds).tm_gmtoff
    return int((seconds + offset) * 1000) + C.UNIX_EPOCH


def clocks(module: Module) -> None:
    @module.method("now()")
    def now() -> DateTime:
        """The moment, by local time."""
        return DateTime(local_ms())

    @module.method("now(zone::Type{UTC})")
    def now_utc(_: Any) -> DateTime:
        return DateTime(int(time.time() * 1000) + C.UNIX_EPOCH)

    @module.method("today()")
    def today() -> Date:
        """The day, by local time."""
        return Date(local_ms() // C.MS_PER_DAY)

    def conversion(name: str, f: Any, doc: str, export: bool = True) -> None:
        f.__doc__ = doc
        to = name.split("2")[1]
        kind = "Real" if to.startswith("date") else "TimeType"
        if to in ("unix", "julian"):
            kind = "DateTime"
        module.method(f"{name}(x::{kind})", export=export)(f)

    def counted(name: str, f: Any, doc: str) -> None:
        conversion(name, f, f"{doc}, counted from the first of the year 0.", export=False)

    counted("epochdays2date", lambda n: Date(int(n) + C.EPOCH), "The day by its number")
    counted("date2epochdays", lambda x: x.days - C.EPOCH, "The number of a day")
    zero = C.EPOCH * C.MS_PER_DAY
    counted("epochms2datetime", lambda n: DateTime(int(n) + zero), "The moment by its number")
    counted("datetime2epochms", lambda x: x.ms - zero, "The number of a moment")
    conversion(
        "unix2datetime",
        lambda x: DateTime(C.UNIX_EPOCH + int(float(x) * 1000)),
        "The moment that many seconds after the start of 1970.",
    )
    conversion(
        "datetime2unix",
        lambda x: (x.ms - C.UNIX_EPOCH) / 1000,
        "Seconds since the start of 1970.",
    )
    conversion(
        "rata2datetime", lambda x: DateTime(D.whole_number(x) * C.MS_PER_DAY), "The numbered day."
    )
    conversion("datetime2rata", lambda x: x.days, "The number of the day.")
    conversion(
        "julian2datetime",
        lambda x: DateTime(round(float(x) * C.MS_PER_DAY) - JULIAN),
        "The moment of a Julian day number.",
    )
    conversion(
        "datetime2julian",
        lambda x: (x.ms + JULIAN) / C.MS_PER_DAY,
        "The Julian day number of a moment.",
    )


JULIAN = 148_731_076_800_000


# ---------------------------------------------------------------- accessors


def accessors(module: Module) -> None:
    def accessor(names: str, f: Any, doc: str, kind: str = "TimeType", export: bool = True) -> None:
        for name in names.split():

            def method(x: Any, f: Any = f) -> Any:
                return f(x)

            method.__doc__ = doc
            module.method(f"{name}(x::{kind})", export=export)(method)

    for name, f in PARTS.items():
        accessor(name, f, f"The {name} of a date or time.", export=name != "quarter")
    accessor("dayofmonth", PARTS["day"], "The day of the month.")
    accessor("quarterofyear", PARTS["quarter"], "The quarter of the year.")
    accessor("yearmonthday", lambda x: x.ymd, "Year, month and day.")
    accessor("yearmonth", lambda x: x.ymd[:2], "Year and month.")
    accessor("monthday", lambda x: x.ymd[1:], "Month and day.")
    accessor("dayofweek", lambda x: C.day_of_week(x.days), "The day of the week; Monday is 1.")
    accessor(
        "dayofyear",
        lambda x: x.days - C.total_days(x.ymd[0], 1, 1) + 1,
        "The day of the year, from 1.",
    )
    accessor("isleapyear", lambda x: C.is_leap(x.ymd[0]), "Is it in a leap year?")
    module.method("isleapyear(y::Integer)")(C.is_leap)
    accessor("daysinmonth", lambda x: C.days_in_month(*x.ymd[:2]), "The days of its month.")
    module.method("daysinmonth(y::Integer, m::Integer)", export=False)(C.days_in_month)
    accessor("daysinyear", lambda x: 366 if C.is_leap(x.ymd[0]) else 365, "The days of its year.")
    module.method("daysinyear(y::Integer)")(lambda y: 366 if C.is_leap(y) else 365)
    accessor("dayofweekofmonth", lambda x: (x.ymd[2] - 1) // 7 + 1, "The how manieth such weekday.")
    accessor("daysofweekinmonth", weekdays_in_month, "How many such weekdays its month has.")
    accessor(
        "dayofquarter",
        lambda x: x.days - C.total_days(x.ymd[0], (x.ymd[1] - 1) // 3 * 3 + 1, 1) + 1,
        "The day of the quarter, from 1.",
    )

    def named(name: str, names: str, index: Any, doc: str) -> None:
        def name_in(x: Any, locale: Any) -> str:
            i = int(x) if T.isa(x, T.Integer) else index(x)
            found = dates_locales.find(module, locale)
            return dates_locales.name_at(getattr(found, names), i)

        @module.method(f'{name}(x::Union{{TimeType, Integer}}; locale="english")')
        def method(x: Any, *, locale: Any = "english") -> str:
            return name_in(x, locale)

        method.__doc__ = doc
        module.method(f"{name}(x::Integer, locale::DateLocale)")(name_in)

    weekday = lambda x: C.day_of_week(x.days)  # noqa: E731
    named("dayname", "days_of_week", weekday, "The name of the weekday.")
    named("dayabbr", "days_of_week_abbr", weekday, "The short name of the weekday.")
    named("monthname", "months", PARTS["month"], "The name of the month.")
    named("monthabbr", "months_abbr", PARTS["month"], "The short name of the month.")
    for i, long in enumerate(C.DAYS, 1):
        accessor(
            f"is{long.lower()}",
            lambda x, i=i: C.day_of_week(x.days) == i,
            f"Is it a {long}?",
            export=False,
        )
    for names in (C.DAYS, C.MONTHS):
        for i, long in enumerate(names, 1):
            module.const(long, i)
            module.const(long[:3], i)
    module.const("AM", Symbol("AM"), export=False)
    module.const("PM", Symbol("PM"), export=False)


def weekdays_in_month(x: Any) -> int:
    y, m, d = x.ymd
    first = (d - 1) % 7 + 1
    return (C.days_in_month(y, m) - first) // 7 + 1
