"""Comparing and printing dates, times and periods."""

from __future__ import annotations

from typing import Any

from juliette.base.iteration import ITERATORS
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.errors import MethodError
from juliette.runtime.modules import Base, Module
from juliette.stdlib import dates_calendar as C
from juliette.stdlib import dates_types as D
from juliette.stdlib.dates_types import CompoundPeriod, Date, DateTime, Period, Time


def load(module: Module) -> None:
    """Add the methods to Dates."""
    comparison(module)
    printing(module)


def comparison(module: Module) -> None:
    def key(x: Any) -> Any:
        return x.days if isinstance(x, Date) else x.ms if isinstance(x, DateTime) else x.nanoseconds

    def method(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    for t in ("Date", "DateTime", "Time"):
        method(f"isless(a::{t}, b::{t})", lambda a, b: key(a) < key(b))
        method(f"<(a::{t}, b::{t})", lambda a, b: key(a) < key(b))
        method(f"==(a::{t}, b::{t})", lambda a, b: key(a) == key(b))

    def moment(x: Any) -> int:
        return x.ms if isinstance(x, DateTime) else x.days * C.MS_PER_DAY

    for a, b in (("Date", "DateTime"), ("DateTime", "Date")):
        method(f"isless(a::{a}, b::{b})", lambda x, y: moment(x) < moment(y))
        method(f"<(a::{a}, b::{b})", lambda x, y: moment(x) < moment(y))
        method(f"==(a::{a}, b::{b})", lambda x, y: moment(x) == moment(y))

    def sizes(a: Period, b: Period, name: str) -> tuple[int, int]:
        if bool(a.nanoseconds) != bool(b.nanoseconds):
            raise MethodError(Base.bindings[name], (a, b), None)
        return a.value * D.size_of(type(a)), b.value * D.size_of(type(b))

    def promoted(name: str, a: Any, b: Any) -> Any:
        """The comparison of periods of types of one's own, which are promoted to a common one."""
        x, y = Base.bindings["promote"](a, b)
        if T.typeof(x) is T.typeof(y) and not isinstance(x, Period):
            return Base.bindings[name](module.bindings["value"](x), module.bindings["value"](y))
        return Base.bindings[name](x, y)

    def less(a: Any, b: Any) -> Any:
        if not (isinstance(a, Period) and isinstance(b, Period)):
            return promoted("isless", a, b)
        x, y = sizes(a, b, "isless")
        return x < y

    def total(p: Period) -> tuple[int, int]:
        return p.value * p.months, p.value * p.nanoseconds

    def equal(a: Any, b: Any) -> bool:
        if isinstance(a, Period) and isinstance(b, Period):
            return total(a) == total(b)
        if not isinstance(a, (Period, CompoundPeriod)) or not isinstance(
            b, (Period, CompoundPeriod)
        ):
            return promoted("==", a, b)
        return alike(D.canonical(a), D.canonical(b))

    def alike(a: Any, b: Any) -> Any:
        if not (isinstance(a, CompoundPeriod) or isinstance(b, CompoundPeriod)):
            return equal(a, b)
        x, y = D.parts_of(a), D.parts_of(b)
        return len(x) == len(y) and all(map(equal, x, y))

    method("isless(a::Period, b::Period)", less)
    method("<(a::Period, b::Period)", less)
    either = "Union{Period, CompoundPeriod}"
    method(f"==(a::{either}, b::{either})", equal)
    method(f"isequal(a::{either}, b::{either})", alike)
    method("hash(p::Period, h::UInt64)", period_hash)


def period_hash(p: Period, h: Any) -> Any:
    months, nanoseconds = p.value * p.months, p.value * p.nanoseconds
    return Base.bindings["hash"]((months, nanoseconds), h)


# ---------------------------------------------------------------- printing


def printing(module: Module) -> None:
    def method(header: str, f: Any) -> None:
        module.method(header, export=False)(f)

    def plain(io: IO, x: Any) -> None:
        io.write(x.text)

    def long(io: IO, mime: Any, x: Any) -> None:
        io.write(x.text)

    def show_moment(io: IO, x: Any) -> None:
        if isinstance(x, Time):
            parts = [str(p) for p in D.clock(x.nanoseconds)]
            while len(parts) > 1 and parts[-1] == "0":
                parts.pop()
            io.write(f"Time({', '.join(parts)})")
        else:
            io.write(f'{T.type_string(T.typeof(x))}("{x.text}")')

    @module.method("_units(p::Period)", export=False)
    def units(p: Period) -> str:
        """What follows the number when a period is printed; periods of one's own have methods."""
        if not isinstance(p, Period):
            raise MethodError(module.bindings["_units"], (p,), None)
        return p.text.removeprefix(str(p.value))

    def print_period(io: IO, x: Any) -> None:
        if isinstance(x, Period):
            io.write(x.text)
        else:
            Base.bindings["print"](io, module.bindings["value"](x), module.bindings["_units"](x))

    def show_period(io: IO, x: Any) -> None:
        t = T.type_string(T.typeof(x)).removeprefix("Dates.")
        io.write(f"{t}({int(module.bindings['value'](x))})")

    for t in ("Date", "DateTime", "Time"):
        method(f"show(io::IO, x::{t})", show_moment)
        method(f'show(io::IO, m::MIME{{Symbol("text/plain")}}, x::{t})', long)
        method(f"print(io::IO, x::{t})", plain)
    method("show(io::IO, x::Period)", show_period)
    method(
        'show(io::IO, m::MIME{Symbol("text/plain")}, x::Period)',
        lambda io, mime, x: print_period(io, x),
    )
    method("print(io::IO, x::Period)", print_period)
    method("show(io::IO, x::CompoundPeriod)", plain)
    method("print(io::IO, x::CompoundPeriod)", plain)
    for t in ("Date", "DateTime", "Time", "Period"):
        Base.method(f"typeinfo_implicit(t::Type{{<:Dates.{t}}})", export=False)(
            lambda t: t.concrete
        )
    ITERATORS[CompoundPeriod] = lambda p: iter(p.periods)
