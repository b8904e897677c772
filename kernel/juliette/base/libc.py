"""What `Libc` has of the C library: the clock's parts, errors of the system, `systemsleep`."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np

from juliette.base.environment import Libc
from juliette.base.strings.values import text_of
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Base, constructors

FIELDS = (
    "sec",
    "min",
    "hour",
    "mday",
    "month",
    "year",
    "wday",
    "yday",
    "isdst",
    "_1",
    "_2",
    "_3",
    "_4",
)


class TmStruct:
    """`Libc.TmStruct`: a time by its parts, as C counts them: months from 0, years from 1900."""

    __slots__ = FIELDS
    value_fields = FIELDS
    sec: int
    min: int
    hour: int
    mday: int
    month: int
    year: int
    wday: int
    yday: int
    isdst: int

    def __init__(self, *parts: int) -> None:
        for name, part in zip(FIELDS, (*parts, *[0] * len(FIELDS)), strict=False):
            setattr(self, name, int(part))


TmStruct_ = T.define("Base.Libc.TmStruct", mutable=True)
TmStruct_.typename.fields = FIELDS
TmStruct_.typename.field_types = (T.Int32,) * len(FIELDS)
T.register_class(TmStruct, TmStruct_)
Libc.const("TmStruct", TmStruct_)


def from_python(t: time.struct_time) -> TmStruct:
    return TmStruct(
        t.tm_sec,
        t.tm_min,
        t.tm_hour,
        t.tm_mday,
        t.tm_mon - 1,
        t.tm_year - 1900,
        (t.tm_wday + 1) % 7,
        t.tm_yday - 1,
        t.tm_isdst,
    )


def to_python(t: TmStruct) -> time.struct_time:
    return time.struct_time(
        (
            t.year + 1900,
            t.month + 1,
            t.mday or 1,
            t.hour,
            t.min,
            t.sec,
            (t.wday - 1) % 7,
            t.yday + 1,
            t.isdst,
        )
    )


def _make(_: Any, *parts: Any) -> TmStruct:
    if len(parts) == 1:
        return from_python(time.localtime(float(parts[0])))
    return TmStruct(*parts)


support._builtin(
    constructors(TmStruct_),
    T.tuple_type([T.type_of_type(TmStruct_), T.Vararg(T.Real)]),
    _make,
    ("parts",),
)


@Libc.method("strptime(text::AbstractString)")
def strptime(text: Any) -> TmStruct:
    """A time from text, as `%c` writes it."""
    return strptime_as("%c", text)


@Libc.method("strptime(format::AbstractString, text::AbstractString)")
def strptime_as(form: Any, text: Any) -> TmStruct:
    """A time from text that is written as the format says.

    ```jldoctest
    julia> t = Libc.strptime("%Y-%m-%d", "2021-03-05");

    julia> t.year, t.month, t.mday
    (121, 2, 5)
    ```
    """
    try:
        return from_python(time.strptime(text_of(text), text_of(form)))
    except ValueError:
        raise ArgumentError("failed to parse time string") from None


@Libc.method("strftime(format::AbstractString, t::TmStruct)")
def strftime_of(form: Any, t: TmStruct) -> str:
    """A time by its parts as text.

    ```jldoctest
    julia> Libc.strftime("%d/%m", Libc.strptime("%Y-%m-%d", "2021-03-05"))
    "05/03"
    ```
    """
    return time.strftime(text_of(form), to_python(t))


@Libc.method("time(t::TmStruct)")
def seconds_of(t: TmStruct) -> float:
    """Seconds since 1970 of a local time."""
    return time.mktime(to_python(t))


@Libc.method("errno()")
def errno() -> Any:
    """The number of the last error in the C library."""
    import ctypes

    return np.int32(ctypes.get_errno())


@Libc.method("errno(code::Integer)")
def set_errno(code: Any) -> None:
    import ctypes

    ctypes.set_errno(int(code))


@Libc.method("strerror(code::Integer)")
def strerror(code: Any) -> str:
    """The words for an error's number.

    ```jldoctest
    julia> Libc.strerror(2)
    "No such file or directory"
    ```
    """
    return os.strerror(int(code))


@Libc.method("strerror()")
def last_error() -> str:
    import ctypes

    return os.strerror(ctypes.get_errno())


@Libc.method("flush_cstdio()")
def flush_cstdio() -> None:
    """Write what C's own streams still hold."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


@Libc.method("systemsleep(seconds::Real)")
def systemsleep(seconds: Any) -> int:
    """Sleep without letting other tasks run."""
    time.sleep(float(seconds))
    return 0


for _name in ("malloc", "calloc", "realloc", "free"):

    @Libc.method(f"{_name}(args...)")
    def no_memory(*args: Any, name: str = _name) -> Any:
        """Refused: values have no addresses here."""
        raise Base.bindings["ErrorException"](
            f"`Libc.{name}` is not supported: values have no addresses in Juliette."
        )
