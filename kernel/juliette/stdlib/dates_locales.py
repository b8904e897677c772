"""The names of months and weekdays in a language: `DateLocale`, `LOCALES`."""

from __future__ import annotations

from typing import Any

from juliette.base.iteration import iterate_value
from juliette.base.strings.values import text_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.modules import Base, Module
from juliette.runtime.tables import JuliaDict
from juliette.stdlib import dates_calendar as C


class DateLocale:
    """The names of months and weekdays, long and short, each a vector."""

    __slots__ = fields = ("months", "months_abbr", "days_of_week", "days_of_week_abbr")

    def __init__(self, months: Any, months_abbr: Any, days: Any, days_abbr: Any) -> None:
        self.months = months
        self.months_abbr = months_abbr
        self.days_of_week = days
        self.days_of_week_abbr = days_abbr


def words(names: Any) -> Any:
    return vector(names, T.String)


ENGLISH = DateLocale(
    words(C.MONTHS),
    words(name[:3] for name in C.MONTHS),
    words(C.DAYS),
    words(name[:3] for name in C.DAYS),
)


def name_at(names: Any, i: int) -> str:
    """The name of a month or weekday by its number, from 1; out of bounds as a vector is."""
    return str(Base.bindings["getindex"](names, i))


def number_of(names: Any, word: str) -> int | None:
    """The number of a name, whatever its case."""
    for i, name in enumerate(iterate_value(names), 1):
        if text_of(name).lower() == word.lower():
            return i
    return None


def load(module: Module) -> None:
    """Add the type and the table to Dates."""
    t = T.define("DateLocale", module=module)
    t.typename.fields = DateLocale.fields
    t.typename.field_types = (T.apply_type(T.Vector, T.String),) * 4
    T.register_class(DateLocale, t)
    module.const("DateLocale", t, export=False)
    locales = JuliaDict(T.String, t)
    Base.bindings["setindex!"](locales, ENGLISH, "english")
    module.const("LOCALES", locales, export=False)
    module.const("ENGLISH", ENGLISH, export=False)

    @module.method("DateLocale(months, months_abbr, days_of_week, days_of_week_abbr)", export=False)
    def date_locale(_: Any, *names: Any) -> DateLocale:
        """The names of months and weekdays in a language, long and short.

        ```jldoctest
        julia> using Dates

        julia> Dates.LOCALES["latin"] = Dates.DateLocale(["Ianuarius"], ["Ian"], ["Luna"], ["Lun"]);

        julia> monthname(1; locale = "latin"), dayabbr(Date(2024, 1, 1); locale = "latin")
        ("Ianuarius", "Lun")
        ```
        """
        return DateLocale(*(words(text_of(n) for n in iterate_value(part)) for part in names))


def find(module: Module, locale: Any) -> DateLocale:
    """The locale that is meant by its name, or itself."""
    if isinstance(locale, DateLocale):
        return locale
    found: DateLocale = Base.bindings["getindex"](module.bindings["LOCALES"], locale)
    return found
