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

    def less(a: Period, b: Period) -> bool:
        x, y = sizes(a, b, "isless")
        return x < y

    def equal(a: Any, b: Any) -> bool:
        x, y = D.canonical(a), D.canonical(b)
        return [(type(p), p.value) for p in x.periods] == [(type(p), p.value) for p in y.periods]

    method("isless(a::Period, b::Period)", less)
    method("<(a::Period, b::Period)", less)
    either = "Union{Period, CompoundPeriod}"
    method(f"==(a::{either}, b::{either})", equal)
    method(f"isequal(a::{either}, b::{either})", equal)
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

    def show_period(io: IO, x: Period) -> None:
        io.write(f"{type(x).__name__}({x.value})")

    for t in ("Date", "DateTime", "Time"):
        method(f"show(io::IO, x::{t})", show_moment)
        method(f'show(io::IO, m::MIME{{Symbol("text/plain")}}, x::{t})', long)
        method(f"print(io::IO, x::{t})", plain)
    method("show(io::IO, x::Period)", show_period)
    method('show(io::IO, m::MIME{Symbol("text/plain")}, x::Period)', long)
    method("print(io::IO, x::Period)", plain)
    method("show(io::IO, x::CompoundPeriod)", plain)
    method("print(io::IO, x::CompoundPeriod)", plain)
    for t in ("Date", "DateTime", "Time", "Period"):
        Base.method(f"typeinfo_implicit(t::Type{{<:Dates.{t}}})", export=False)(
            lambda t: t.concrete
        )
    ITERATORS[CompoundPeriod] = lambda p: iter(p.periods)
