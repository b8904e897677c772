"""Periods, dates and times as values."""

from __future__ import annotations

from typing import Any

from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ArgumentError, InexactError, MethodError
from juliette.runtime.modules import Base, Module
from juliette.stdlib import dates_calendar as C
from juliette.syntax.expr import Symbol

AbstractTime = T.define("AbstractTime", abstract=True)
Period_ = T.define("Period", AbstractTime, abstract=True)
DatePeriod_ = T.define("DatePeriod", Period_, abstract=True)
TimePeriod_ = T.define("TimePeriod", Period_, abstract=True)
TimeType_ = T.define("TimeType", AbstractTime, abstract=True)
AbstractDateTime_ = T.define("AbstractDateTime", TimeType_, abstract=True)
TimeZone_ = T.define("TimeZone", abstract=True)


# ---------------------------------------------------------------- periods


class Period:
    """Base of the classes of periods: a whole number of a unit."""

    __slots__ = ("value",)
    fields = ("value",)
    value_fields = ("value",)
    unit = ""
    # Nanoseconds of one, or 0 where that depends on the calendar; months of one, or 0.
    nanoseconds = 0
    months = 0
    # Years first: the order in which periods are written and added.
    rank = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Period) and type(other) is type(self) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self), self.value))

    @property
    def text(self) -> str:
        return f"{self.value} {self.unit}{'' if abs(self.value) == 1 else 's'}"


UNITS: dict[str, type[Period]] = {}
TYPES: dict[type[Period], Any] = {}


def _unit(name: str, parent: Any, nanoseconds: int, months: int) -> type[Period]:
    attributes = {
        "__slots__": (),
        "unit": name.lower(),
        "nanoseconds": nanoseconds,
        "months": months,
        "rank": len(UNITS),
        "__hash__": Period.__hash__,
    }
    cls = type(name, (Period,), attributes)
    t = T.define(name, parent)
    t.typename.fields = ("value",)
    t.typename.field_types = (T.Int64,)
    T.register_class(cls, t)
    UNITS[name] = cls
    TYPES[cls] = t
    return cls


Year = _unit("Year", DatePeriod_, 0, 12)
Quarter = _unit("Quarter", DatePeriod_, 0, 3)
Month = _unit("Month", DatePeriod_, 0, 1)
Week = _unit("Week", DatePeriod_, 604_800_000_000_000, 0)
Day = _unit("Day", DatePeriod_, 86_400_000_000_000, 0)
Hour = _unit("Hour", TimePeriod_, 3_600_000_000_000, 0)
Minute = _unit("Minute", TimePeriod_, 60_000_000_000, 0)
Second = _unit("Second", TimePeriod_, 1_000_000_000, 0)
Millisecond = _unit("Millisecond", TimePeriod_, 1_000_000, 0)
Microsecond = _unit("Microsecond", TimePeriod_, 1_000, 0)
Nanosecond = _unit("Nanosecond", TimePeriod_, 1, 0)


def size_of(cls: type[Period]) -> int:
    """The size of a unit among those that convert to it."""
    return cls.nanoseconds or cls.months


def converted(cls: type[Period], p: Period) -> Period:
    """A period in another unit, exactly."""
    if type(p) is cls:
        return p
    if bool(cls.nanoseconds) != bool(p.nanoseconds):
        raise MethodError(Base.bindings["convert"], (TYPES[cls], p), None)
    total = p.value * size_of(type(p))
    whole, rest = divmod(total, size_of(cls))
    if rest:
        raise InexactError(Symbol("divexact"), T.Int64, total / size_of(cls))
    return cls(whole)


class UTInstant:
    """A point on the line of time, counted in one unit: what dates and times are made of."""

    __slots__ = ("periods",)
    value_fields = fields = ("periods",)

    def __init__(self, periods: Period) -> None:
        self.periods = periods

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UTInstant) and self.periods == other.periods

    def __hash__(self) -> int:
        return hash((UTInstant, self.periods))


Instant_ = T.define("Instant", AbstractTime, abstract=True)
_P = T.TypeVar("P", None, Period_)
UTInstant_ = T.define("UTInstant", Instant_, [_P])
T.unwrap(UTInstant_).typename.fields = ("periods",)
T.unwrap(UTInstant_).typename.field_types = (_P,)
T.register_instances(
    UTInstant, lambda i: T.apply_type(UTInstant_, TYPES[type(i.periods)]), UTInstant_
)


def whole_number(x: Any) -> int:
    """The value of a period: any number that is whole."""
    return int(x) if type(x) is int else int(Base.bindings["convert"](T.Int64, x))


class CompoundPeriod:
    """Several periods of different units, the greatest first."""

    __slots__ = ("periods",)
    fields = ("periods",)

    def __init__(self, periods: list[Period]) -> None:
        sums: dict[type[Period], int] = {}
        for p in periods:
            sums[type(p)] = sums.get(type(p), 0) + p.value
        kinds = sorted(sums, key=lambda c: c.rank)
        self.periods = [c(sums[c]) for c in kinds if sums[c]]

    @property
    def text(self) -> str:
        return ", ".join(p.text for p in self.periods) or "empty period"


Compound_ = T.define("CompoundPeriod", AbstractTime)
T.register_class(CompoundPeriod, Compound_)


def parts_of(p: Any) -> list[Period]:
    return list(p.periods) if isinstance(p, CompoundPeriod) else [p]


def canonical(p: Any) -> CompoundPeriod:
    """The same time with as few and as great units as there are; quarters stay what they are."""
    months = sum(q.value * q.months for q in parts_of(p) if type(q) is not Quarter)
    nanoseconds = sum(q.value * q.nanoseconds for q in parts_of(p))
    out = [q for q in parts_of(p) if type(q) is Quarter]
    for total, kinds in (
        (months, (Year, Month)),
        (nanoseconds, (Week, Day, Hour, Minute, Second, Millisecond, Microsecond, Nanosecond)),
    ):
        sign = 1 if total >= 0 else -1
        rest = abs(total)
        for cls in kinds:
            n, rest = divmod(rest, size_of(cls))
            if n:
                out.append(cls(sign * n))
    return CompoundPeriod(out)


# ---------------------------------------------------------------- dates and times


class Date:
    """A day."""

    __slots__ = ("days",)
    value_fields = ("days",)
    fields = ("instant",)

    def __init__(self, days: int) -> None:
        self.days = days

    def __eq__(self, other: object) -> bool:
        return type(other) is Date and self.days == other.days

    def __hash__(self) -> int:
        return hash((Date, self.days))

    @property
    def ymd(self) -> tuple[int, int, int]:
        return C.year_month_day(self.days)

    @property
    def instant(self) -> Any:
        return UTInstant(Day(self.days))

    @property
    def text(self) -> str:
        y, m, d = self.ymd
        return f"{year_text(y)}-{m:02d}-{d:02d}"


class DateTime:
    """A moment, to the millisecond."""

    __slots__ = ("ms",)
    value_fields = ("ms",)
    fields = ("instant",)

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __eq__(self, other: object) -> bool:
        return type(other) is DateTime and self.ms == other.ms

    def __hash__(self) -> int:
        return hash((DateTime, self.ms))

    @property
    def days(self) -> int:
        return self.ms // C.MS_PER_DAY

    @property
    def ymd(self) -> tuple[int, int, int]:
        return C.year_month_day(self.days)

    @property
    def instant(self) -> Any:
        return UTInstant(Millisecond(self.ms))

    @property
    def nanoseconds(self) -> int:
        """Since midnight."""
        return self.ms % C.MS_PER_DAY * 1_000_000

    @property
    def text(self) -> str:
        y, m, d = self.ymd
        h, mi, s, ms = clock(self.nanoseconds)[:4]
        text = f"{year_text(y)}-{m:02d}-{d:02d}T{h:02d}:{mi:02d}:{s:02d}"
        return text + (f".{ms:03d}" if ms else "")


class Time:
    """A time of day, to the nanosecond."""

    __slots__ = ("nanoseconds",)
    value_fields = ("nanoseconds",)
    fields = ("instant",)

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = nanoseconds % 86_400_000_000_000

    def __eq__(self, other: object) -> bool:
        return type(other) is Time and self.nanoseconds == other.nanoseconds

    def __hash__(self) -> int:
        return hash((Time, self.nanoseconds))

    @property
    def instant(self) -> Any:
        return Nanosecond(self.nanoseconds)

    @property
    def text(self) -> str:
        h, mi, s, ms, us, ns = clock(self.nanoseconds)
        fraction = f".{ms:03d}{us:03d}{ns:03d}".rstrip("0")
        return f"{h:02d}:{mi:02d}:{s:02d}" + (fraction if fraction != "." else "")


Date_ = T.define("Date", TimeType_)
DateTime_ = T.define("DateTime", AbstractDateTime_)
Time_ = T.define("Time", TimeType_)
for _cls, _t in ((Date, Date_), (DateTime, DateTime_), (Time, Time_)):
    T.register_class(_cls, _t)


class UTC:
    """`UTC`: the zone of `now(UTC)`."""


UTC_ = T.define("UTC", TimeZone_)


def year_text(y: int) -> str:
    return f"{y:04d}" if y >= 0 else f"-{-y:04d}"


def clock(nanoseconds: int) -> tuple[int, int, int, int, int, int]:
    """Hours, minutes, seconds, and what is left in thousands."""
    us, ns = divmod(nanoseconds, 1000)
    ms, us = divmod(us, 1000)
    s, ms = divmod(ms, 1000)
    mi, s = divmod(s, 60)
    h, mi = divmod(mi, 60)
    return h, mi, s, ms, us, ns


def class_of(t: Any) -> type[Period]:
    """The class of a period's type."""
    return next(c for c, u in TYPES.items() if u is t)


def joined(d: Date, t: Time) -> DateTime:
    """A day with a time of day, which must be one of whole milliseconds."""
    if t.nanoseconds % 1_000_000:
        raise InexactError(Symbol("DateTime"), DateTime_, t)
    return DateTime(d.days * C.MS_PER_DAY + t.nanoseconds // 1_000_000)


def check(name: str, n: int, low: int, high: int) -> int:
    if not low <= n <= high:
        raise ArgumentError(f"{name}: {n} out of range ({low}:{high})")
    return n


def make_date(y: int, m: int = 1, d: int = 1) -> Date:
    check("Month", m, 1, 12)
    check("Day", d, 1, C.days_in_month(y, m))
    return Date(C.total_days(y, m, d))


def make_datetime(
    y: int, m: int = 1, d: int = 1, h: int = 0, mi: int = 0, s: int = 0, ms: int = 0
) -> DateTime:
    date = make_date(y, m, d)
    if not (h == 24 and mi == s == ms == 0):
        check("Hour", h, 0, 23)
    check("Minute", mi, 0, 59)
    check("Second", s, 0, 59)
    check("Millisecond", ms, 0, 999)
    return DateTime(ms + 1000 * (s + 60 * mi + 3600 * h + 86400 * date.days))


def make_time(h: int = 0, mi: int = 0, s: int = 0, ms: int = 0, us: int = 0, ns: int = 0) -> Time:
    check("Hour", h, 0, 23)
    check("Minute", mi, 0, 59)
    check("Second", s, 0, 59)
    check("Millisecond", ms, 0, 999)
    check("Microsecond", us, 0, 999)
    check("Nanosecond", ns, 0, 999)
    return Time(ns + 1000 * (us + 1000 * (ms + 1000 * (s + 60 * mi + 3600 * h))))


def install(module: Module) -> None:
    """The types under their names; fields that are no Python slots."""
    names: list[tuple[Any, bool]] = [
        (AbstractTime, False),
        (Period_, True),
        (DatePeriod_, True),
        (TimePeriod_, True),
        (TimeType_, True),
        (AbstractDateTime_, False),
        (TimeZone_, True),
        (Instant_, False),
        (UTInstant_, False),
        (Compound_, False),
        (Date_, True),
        (DateTime_, True),
        (Time_, True),
        (UTC_, True),
        *((t, True) for t in TYPES.values()),
    ]
    for t, exported in names:
        typename = T.unwrap(t).typename
        module.const(typename.name, t, export=exported)
        typename.module = module
    for t, instant in (
        (Date_, T.apply_type(UTInstant_, TYPES[Day])),
        (DateTime_, T.apply_type(UTInstant_, TYPES[Millisecond])),
        (Time_, TYPES[Nanosecond]),
    ):
        t.typename.fields = ("instant",)
        t.typename.field_types = (instant,)
    Compound_.typename.fields = ("periods",)
    Compound_.typename.field_types = (T.Any_,)
    from juliette.base.fields import FIELD_HOOKS, field_error

    def compound_field(p: CompoundPeriod, name: str) -> Any:
        if name == "periods":
            return vector(p.periods, Period_)
        raise field_error(p, name)

    CompoundPeriod.fields = ()  # type: ignore[assignment]
    FIELD_HOOKS[CompoundPeriod] = compound_field
