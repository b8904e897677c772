"""How tasks, channels and their exceptions print."""

from __future__ import annotations

from typing import Any

from juliette.base.channels import Channel
from juliette.base.tasks import Timer
from juliette.display.errors import showerror_text
from juliette.display.frames import frames_of, trace_lines
from juliette.display.io import IO
from juliette.runtime import types as T
from juliette.runtime.array import elements
from juliette.runtime.errors import julia_value
from juliette.runtime.modules import Base
from juliette.runtime.scheduler import Task


def address(x: Any) -> str:
    return f"@0x{id(x):016x}"


@Base.method("show(io::IO, t::Task)")
def show_task(io: IO, t: Task) -> None:
    io.write(f"Task ({t.state}) {address(t)}")


@Base.method("show(io::IO, t::Timer)")
def show_timer(io: IO, t: Timer) -> None:
    state = "open" if t.open else "closed"
    io.write(f"Timer ({state}, timeout: {t.timeout!r} s, interval: {t.interval!r} s) {address(t)}")


@Base.method("show(io::IO, c::Channel)")
def show_channel(io: IO, c: Channel) -> None:
    size = "Inf" if c.capacity == float("inf") else c.capacity
    io.write(f"{T.type_string(T.typeof(c))}({size})")


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, c::Channel)')
def show_channel_long(io: IO, mime: Any, c: Channel) -> None:
    show_channel(io, c)
    if io.get("compact"):
        return
    n = c.available
    if not c.open:
        io.write(" (closed)")
    elif not n:
        io.write(" (empty)")
    else:
        io.write(f" ({n} item{'s' * (n != 1)} available)")


@Base.method("showerror(io::IO, e::TaskFailedException)")
def show_task_failed(io: IO, e: Any) -> None:
    io.write("TaskFailedException\n\n    nested task error: ")
    text = showerror_text(e.task.exception)
    failure = e.task.failure
    frames = frames_of(failure) if isinstance(failure, BaseException) else []
    if frames:
        text += "\nStacktrace:\n" + "\n".join(trace_lines(frames))
    io.write(text.replace("\n", "\n    "))


@Base.method("showerror(io::IO, e::CompositeException)")
def show_composite(io: IO, e: Any) -> None:
    errors = elements(e.exceptions.data)
    if not errors:
        io.write("CompositeException()\n")
        return
    io.write(showerror_text(errors[0]))
    if len(errors) > 1:
        io.write(f"\n\n...and {len(errors) - 1} more exception{'s' * (len(errors) > 2)}.\n")


@Base.method("show(io::IO, s::Base.ExceptionStack)")
def show_stack(io: IO, s: Any) -> None:
    io.write(f"{len(s.errors)}-element ExceptionStack{':' if s.errors else ''}")
    for i, error in enumerate(reversed(s.errors)):
        io.write("\n" if not i else "\n\ncaused by: ")
        io.write(showerror_text(julia_value(error)))


@Base.method('show(io::IO, m::MIME{Symbol("text/plain")}, s::Base.ExceptionStack)')
def show_stack_long(io: IO, mime: Any, s: Any) -> None:
    show_stack(io, s)
