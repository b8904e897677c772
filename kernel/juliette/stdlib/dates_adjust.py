"""Adjusting and rounding: the first day of the month, the next Tuesday, the nearest hour."""

from __future__ import annotations

from typing import Any

from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, DomainError
from juliette.runtime.modules import Base, Module
from juliette.stdlib import dates_calendar as C
from juliette.stdlib import dates_types as D
from juliette.stdlib.dates_types import Date, DateTime, Period, Time


def at_day(x: Any, days: int) -> Any:
    """A numbered day, as a Date or at midnight as `x` is."""
    return Date(days) if isinstance(x, Date) else DateTime(days * C.MS_PER_DAY)


def load(module: Module) -> None:
    """Add the functions to Dates."""

    def edge(name: str, f: Any, doc: str) -> None:
        def method(x: Any) -> Any:
            return at_day(x, f(x))

        method.__doc__ = doc
        module.method(f"{name}(x::Union{{Date, DateTime}})")(method)

    edge("firstdayofweek", lambda x: x.days - C.day_of_week(x.days) + 1, "The Monday of its week.")
    edge("lastdayofweek", lambda x: x.days - C.day_of_week(x.days) + 7, "The Sunday of its week.")
    edge(
        "firstdayofmonth",
        lambda x: C.total_days(x.ymd[0], x.ymd[1], 1),
        "The first day of its month.",
    )
    edge("lastdayofmonth", end_of_month, "The last day of its month.")
    edge("firstdayofyear", lambda x: C.total_days(x.ymd[0], 1, 1), "The first day of its year.")
    edge("lastdayofyear", lambda x: C.total_days(x.ymd[0], 12, 31), "The last day of its year.")
    edge(
        "firstdayofquarter",
        lambda x: C.total_days(x.ymd[0], quarter_start(x), 1),
        "The first day of its quarter.",
    )
    edge("lastdayofquarter", end_of_quarter, "The last day of its quarter.")
    searching(module)
    rounding(module)


def end_of_month(x: Any) -> int:
    y, m, _ = x.ymd
    return C.total_days(y, m, C.days_in_month(y, m))


def quarter_start(x: Any) -> int:
    return int((x.ymd[1] - 1) // 3 * 3 + 1)


def end_of_quarter(x: Any) -> int:
    y, m = x.ymd[0], quarter_start(x) + 2
    return C.total_days(y, m, C.days_in_month(y, m))


# ---------------------------------------------------------------- searching


def searching(module: Module) -> None:
    plus = Base.bindings["+"]

    def adjusted(f: Any, x: Any, step: Period, limit: int, same: bool) -> Any:
        """The first of `x`, `x + step`, … for which `f` is true."""
        if type(f(x)) is not bool:
            raise ArgumentError(
                "Provided function must take a single TimeType argument and return true or false"
            )
        if not same:
            x = plus(x, step)
        for _ in range(limit):
            if support.truth(f(x)):
                return x
            x = plus(x, step)
        raise ArgumentError(f"Adjustment limit reached: {limit} iterations")

    @module.method("adjust(f, x::TimeType; step=Day(1), limit=10000)")
    def adjust(f: Any, x: Any, *, step: Any = None, limit: int = 10000) -> Any:
        """The first date from `x` on for which `f` is true."""
        return adjusted(f, x, step or D.Day(1), limit, True)

    def toward(name: str, sign: int) -> None:
        @module.method(f"{name}(x::TimeType, dow::Integer; same=false)")
        def to_weekday(x: Any, dow: int, *, same: bool = False) -> Any:
            step = D.Day(sign)
            return adjusted(lambda d: C.day_of_week(d.days) == dow, x, step, 8, same)

        @module.method(f"{name}(f, x::TimeType; step=Day(1), limit=10000, same=false)")
        def to_condition(
            f: Any, x: Any, *, step: Any = None, limit: int = 10000, same: bool = False
        ) -> Any:
            return adjusted(f, x, step or D.Day(sign), limit, same)

        direction = "next" if sign > 0 else "previous"
        to_weekday.__doc__ = f"The {direction} date that is that weekday."
        to_condition.__doc__ = f"The {direction} date for which `f` is true."

    toward("tonext", 1)
    toward("toprev", -1)

    def of_period(of: Any, x: Any, last: bool) -> int:
        y, m, _ = x.ymd
        if of is D.TYPES[D.Month]:
            return end_of_month(x) if last else C.total_days(y, m, 1)
        if of is D.TYPES[D.Year]:
            return C.total_days(y, 12, 31) if last else C.total_days(y, 1, 1)
        raise ArgumentError("of must be Month or Year")

    @module.method("tofirst(x::TimeType, dow::Integer; of=Month)")
    def tofirst(x: Any, dow: int, *, of: Any = None) -> Any:
        """The first such weekday of its month or year."""
        days = of_period(of or D.TYPES[D.Month], x, False)
        return at_day(x, days + (dow - C.day_of_week(days)) % 7)

    @module.method("tolast(x::TimeType, dow::Integer; of=Month)")
    def tolast(x: Any, dow: int, *, of: Any = None) -> Any:
        """The last such weekday of its month or year."""
        days = of_period(of or D.TYPES[D.Month], x, True)
        return at_day(x, days - (C.day_of_week(days) - dow) % 7)

    def constructor(name: str, make: Any, steps: tuple[type[Period], ...]) -> None:
        """`Date(f, y, m, d)` and its like; the step is the finer the more parts are given."""

        @module.method(f"{name}(f::Function, y, parts...; step=Day(1), limit=10000)")
        def search(_: Any, f: Any, *parts: Any, step: Any = None, limit: int = 10000) -> Any:
            usual = steps[min(len(parts), len(steps)) - 1](1)
            return adjusted(f, make(*parts), step or usual, limit, True)

        search.__doc__ = f"The first {name} from the one given on for which `f` is true."

    constructor("Date", D.make_date, (D.Day,))
    finer = (D.Hour, D.Minute, D.Second, D.Millisecond)
    constructor("DateTime", D.make_datetime, (D.Day, D.Day, *finer))
    constructor("Time", D.make_time, (D.Second, *finer[2:], D.Microsecond, D.Nanosecond))


# ---------------------------------------------------------------- rounding


def floor_moment(x: Any, p: Period) -> Any:
    """The greatest multiple of a period that is not after `x`."""
    if p.value <= 0:
        raise DomainError(p)
    if isinstance(x, Time):
        unit = p.value * p.nanoseconds
        return Time(x.nanoseconds // unit * unit)
    y, m, _ = x.ymd
    if p.months:
        n = p.value * p.months
        total = y * 12 + m - 1 if n % 12 else y * 12
        total = total // n * n
        return at_day(x, C.total_days(total // 12, total % 12 + 1, 1))
    if type(p) is D.Week:
        # Weeks begin on Mondays.
        monday = C.EPOCH + 2
        return at_day(x, (x.days - monday) // (7 * p.value) * 7 * p.value + monday)
    if isinstance(x, Date):
        return Date((x.days - C.EPOCH) // p.value * p.value + C.EPOCH)
    if type(p) is D.Day:
        return at_day(x, (x.days - C.EPOCH) // p.value * p.value + C.EPOCH)
    unit = p.value * p.nanoseconds // 1_000_000
    epoch = -C.EPOCH * C.MS_PER_DAY
    return DateTime((x.ms + epoch) // unit * unit - epoch)


def floor_period(x: Period, p: Period) -> Period:
    unit = p.value * D.size_of(type(p))
    total = x.value * D.size_of(type(x))
    return type(p)(total // unit * p.value)


def period_of(p: Any) -> Period:
    """`Month` stands for `Month(1)`."""
    return next(c for c, t in D.TYPES.items() if t is p)(1) if isinstance(p, T.JuliaType) else p


def size(p: Period) -> int:
    return int(p.value * D.size_of(type(p)))


def rounding(module: Module) -> None:
    plus, less = Base.bindings["+"], Base.bindings["isless"]

    def low(x: Any, p: Period) -> Any:
        return floor_period(x, p) if isinstance(x, Period) else floor_moment(x, p)

    def high(x: Any, p: Period) -> Any:
        f = low(x, p)
        return plus(f, p) if less(f, x) else f

    def near(x: Any, p: Period) -> Any:
        f, c = low(x, p), high(x, p)
        if isinstance(x, Period):
            return f if 2 * size(x) < size(f) + size(c) else c
        minus = Base.bindings["-"]
        return f if less(minus(x, f), minus(c, x)) else c

    def function(name: str, f: Any, doc: str) -> None:
        def method(x: Any, p: Any) -> Any:
            return f(x, period_of(p))

        method.__doc__ = doc
        module.method(f"{name}(x::Union{{TimeType, Period}}, p::Period)", export=False)(method)
        module.method(f"{name}(x::Union{{TimeType, Period}}, p::Type{{<:Period}})", export=False)(
            method
        )

    @module.method("floorceil(x::Union{TimeType, Period}, p::Period)", export=False)
    def floorceil(x: Any, p: Period) -> Any:
        """The multiples of a period before and after a moment.

        ```jldoctest
        julia> using Dates

        julia> Dates.floorceil(Date(2024, 2, 10), Month(1))
        (Date("2024-02-01"), Date("2024-03-01"))
        ```
        """
        return low(x, p), high(x, p)

    by_mode = {"Up": high, "Down": low, "NearestTiesUp": near}

    @module.method(
        "round(x::Union{TimeType, Period}, p::Union{Period, Type{<:Period}}, r::RoundingMode)",
        export=False,
    )
    def by(x: Any, p: Any, r: Any) -> Any:
        f = by_mode.get(r.name)
        if f is None:
            raise DomainError(r)
        return f(x, period_of(p))

    function("floor", low, "The greatest multiple of a period that is not after a moment.")
    function("ceil", high, "The least multiple of a period that is not before a moment.")
    function("round", near, "The nearest multiple of a period.")
    function("trunc", low, "A moment without what is smaller than a period.")
