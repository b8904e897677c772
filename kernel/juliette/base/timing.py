"""How long code takes and what it allocates: `@time`, `@timed`, `@elapsed`, `@allocated`."""

from __future__ import annotations

import gc
import time
from typing import Any

from juliette.display.expressions import expression_text
from juliette.display.io import STDOUT
from juliette.display.show import string_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, QuoteNode


def call(f: Any, *args: Any) -> Expr:
    """A call of a Python function of ours."""
    return Expr("call", QuoteNode(f), *args)


def around(context: Any, e: Any, before: Any, *after: Any) -> Expr:
    """Run code between two looks at a clock; the code stays in the scope it stands in.

    `after` are calls that get what `before` gave and the value of the code.
    """
    start, value = context.gensym("start"), context.gensym("value")
    last = [call(f, start, value, *more) for f, *more in after]
    return Expr(
        "block",
        Expr("local", start, value),
        Expr("=", start, call(before)),
        Expr("=", value, e),
        *last,
    )


def seconds_text(start: float) -> str:
    """`  0.000123 seconds`"""
    return f"{time.perf_counter() - start:9.6f}".rjust(10) + " seconds"


def report(start: float, value: Any, label: Any = None) -> Any:
    """What `@time` prints."""
    text = seconds_text(start)
    if label is not None:
        text = f"{string_of(label)}: {text.strip()}"
    STDOUT.write(text + "\n")
    return value


@Base.macro("time")
def time_macro(context: Any, *args: Any) -> Any:
    """`@time [label] code` prints how long it took and gives the value."""
    labels = args[:-1]
    return around(context, args[-1], time.perf_counter, (report, *labels))


@Base.macro("timev")
def timev_macro(context: Any, *args: Any) -> Any:
    """`@timev code`: like `@time`, with the elapsed nanoseconds."""
    return around(context, args[-1], time.perf_counter, (report_more, *args[:-1]))


def report_more(start: float, value: Any, label: Any = None) -> Any:
    """What `@timev` prints."""
    elapsed = round((time.perf_counter() - start) * 1e9)
    report(start, value, label)
    STDOUT.write(f"elapsed time (ns):  {elapsed}\n")
    return value


@Base.macro("showtime")
def showtime(context: Any, e: Any) -> Any:
    """`@showtime code`: like `@time`, with the code itself as the label."""
    return around(context, e, time.perf_counter, (report, expression_text(e)))


@Base.macro("elapsed")
def elapsed(context: Any, *args: Any) -> Any:
    """`@elapsed code`: seconds, as a number."""
    return around(context, args[-1], time.perf_counter, (since,))


def since(start: float, value: Any) -> float:
    """Seconds since a time."""
    return time.perf_counter() - start


class CollectorDifference:
    """`Base.GC_Diff`: what the collector did meanwhile. Python counts none of it, so all is 0."""

    __slots__ = ()
    allocd = malloc = realloc = poolalloc = bigalloc = freecall = total_time = pause = (
        full_sweep
    ) = 0


GC_Diff = T.define("Base.GC_Diff")
GC_Diff.typename.fields = (
    "allocd",
    "malloc",
    "realloc",
    "poolalloc",
    "bigalloc",
    "freecall",
    "total_time",
    "pause",
    "full_sweep",
)
GC_Diff.typename.field_types = (T.Int64,) * 9
T.register_class(CollectorDifference, GC_Diff)
Base.const("GC_Diff", GC_Diff, export=False)


@Base.macro("timed")
def timed(context: Any, *args: Any) -> Any:
    """`@timed code`: value, seconds and bytes as a named tuple."""
    return around(context, args[-1], measured, (timing,))


def measured() -> tuple[float, int]:
    """The clock, and how many collections there were."""
    return time.perf_counter(), sum(s["collections"] for s in gc.get_stats())


def timing(start: tuple[float, int], value: Any) -> V.NamedTuple:
    """What `@timed` gives; Python does not say how many bytes were allocated."""
    return V.NamedTuple(
        ("value", "time", "bytes", "gctime", "gcstats"),
        (value, time.perf_counter() - start[0], 0, 0.0, CollectorDifference()),
    )


@Base.macro("allocated")
def allocated(context: Any, *args: Any) -> Any:
    """`@allocated code`: the bytes that were allocated and are still held, as Python counts them."""
    return around(context, args[-1], start_tracing, (held_bytes,))


@Base.macro("allocations")
def allocations(context: Any, *args: Any) -> Any:
    """`@allocations code`: the blocks that were allocated and are still held."""
    return around(context, args[-1], blocks, (held_blocks,))


@Base.method("gc_bytes()", export=False)
def gc_bytes() -> int:
    """The bytes that were allocated so far: as in `@timed` none, for Python does not say."""
    return 0


def start_tracing() -> int:
    """Begin to count bytes."""
    import tracemalloc

    tracemalloc.start()
    return tracemalloc.get_traced_memory()[0]


def held_bytes(start: int, value: Any) -> int:
    """The bytes since `start_tracing`."""
    import tracemalloc

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return max(0, peak - start)


def blocks() -> int:
    """How many blocks are allocated."""
    import sys

    return sys.getallocatedblocks()


def held_blocks(start: int, value: Any) -> int:
    """The blocks since `blocks`."""
    return max(0, blocks() - start)
