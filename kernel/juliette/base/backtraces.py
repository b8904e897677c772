"""Where code stands: `stacktrace`, `backtrace`, `catch_backtrace`, exceptions with their traces."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np

from juliette.base.fields import FIELD_HOOKS
from juliette.compiler import support
from juliette.display.errors import showerror_text
from juliette.display.frames import (
    TOP_LEVEL,
    Frame,
    frames_of,
    running_frames,
    trace_lines,
)
from juliette.display.io import IO, STDERR
from juliette.display.show import string_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import ErrorException, _exception
from juliette.runtime.modules import Base, Core, Module, constructors
from juliette.syntax.expr import Symbol

StackTraces = Module("StackTraces", Base)
Base.const("StackTraces", StackTraces)


class StackFrame:
    """One frame of a stack trace."""

    __slots__ = ("frame",)

    def __init__(self, frame: Frame) -> None:
        self.frame = frame


StackFrame_ = T.define("StackFrame", module=StackTraces)
T.register_class(StackFrame, StackFrame_)
StackTraces.const("StackFrame", StackFrame_)
Base.const("StackFrame", StackFrame_, export=False)


# Not exported, or it would be a second alias under which vectors of frames are shown.
StackTraces.const("StackTrace", T.typeof(vector([], StackFrame_)), export=False)


class MethodInstance:
    """The method that a frame runs, for the types of its arguments."""

    __slots__ = ("call",)

    def __init__(self, call: str) -> None:
        self.call = call


MethodInstance_ = T.define("MethodInstance", module=Core)
T.register_class(MethodInstance, MethodInstance_)
Core.bindings["MethodInstance"] = MethodInstance_


@Base.method("show(io::IO, m::Core.MethodInstance)")
def show_instance(io: IO, m: MethodInstance) -> None:
    io.write(f"MethodInstance for {m.call}")


def wrapped(frames: list[Frame]) -> Any:
    """Frames as a Julia vector."""
    return vector([StackFrame(f) for f in frames], StackFrame_)


@Base.method("stacktrace()", export=True)
def stacktrace() -> Any:
    """The functions that are running, innermost first.

    ```jldoctest
    julia> whoami() = stacktrace()[1].func;

    julia> whoami()
    :whoami
    ```
    """
    return wrapped(running_frames(sys._getframe()))


@Base.method("stacktrace(trace::AbstractVector, c_funcs::Bool)")
def stacktrace_with_c(trace: Any, c_funcs: bool) -> Any:
    """The frames; there are none of C's."""
    return trace


@Base.method("stacktrace(trace::AbstractVector)")
def stacktrace_of(trace: Any) -> Any:
    return trace


@Base.method("backtrace()")
def backtrace() -> Any:
    """The functions that are running, for `stacktrace`."""
    return stacktrace()


@StackTraces.method("lookup(frame)", export=False)
def lookup(frame: Any) -> Any:
    """The frames that an entry of `backtrace()` stands for: one, for all of them are Julia's.

    ```jldoctest
    julia> where() = StackTraces.lookup(backtrace()[1])[1].func;

    julia> where()
    :where
    ```
    """
    return vector([frame], StackFrame_)


def trace_of(error: BaseException) -> Any:
    """Where an exception came from, as far as the code that caught it."""
    return wrapped(frames_of(error))


@Base.method("catch_backtrace()")
def catch_backtrace() -> Any:
    """Where the exception that is being handled came from.

    ```jldoctest
    julia> fails() = error("no");

    julia> try fails() catch; stacktrace(catch_backtrace())[2].func end
    :fails
    ```
    """
    if not support.EXCEPTION_STACK:
        return wrapped([])
    error = support.EXCEPTION_STACK[-1]
    trace = error.__traceback__
    # The first step is the frame that caught it; what called that one comes after.
    outer = running_frames(trace.tb_frame.f_back if trace is not None else None)
    return wrapped([*frames_of(error), *outer])


StackTraces.const("stacktrace", Base.bindings["stacktrace"])


# The name of an argument before its type.
_NAMED = re.compile(r"(?<=[(, ])[^\s(),:]+::")


def frame_field(f: StackFrame, name: str) -> Any:
    """`frame.func`, `frame.line` and the like."""
    frame = f.frame
    called = None if frame.function == TOP_LEVEL else MethodInstance(_NAMED.sub("::", frame.head))
    fields: dict[str, Any] = {
        "func": Symbol(frame.function),
        "file": Symbol(frame.file),
        "line": frame.line,
        "linfo": called,
        "from_c": False,
        "inlined": frame.inlined,
        "pointer": np.uint64(id(f)),
    }
    if name not in fields:
        raise ErrorException(f"type StackFrame has no field {name}")
    return fields[name]


FIELD_HOOKS[StackFrame] = frame_field


@Base.method("show(io::IO, f::Base.StackFrame)")
def show_frame(io: IO, f: StackFrame) -> None:
    frame = f.frame
    if frame.function == TOP_LEVEL:
        io.write(f"{frame.head} at {frame.file}:{frame.line}")
    else:
        io.write(f"{frame.head} at {frame.file.rsplit('/', 1)[-1]}:{frame.line}")


@Base.method("showerror(io::IO, e, trace; backtrace=true)")
def showerror_with_trace(io: IO, e: Any, trace: Any, *, backtrace: bool = True) -> None:
    io.write(showerror_text(e))
    frames = [
        f.frame for f in getattr(trace, "data", np.array(())).tolist() if isinstance(f, StackFrame)
    ]
    if backtrace and frames:
        io.write("\nStacktrace:\n" + "\n".join(trace_lines(frames)))


@Base.method("show_backtrace(io::IO, trace::AbstractVector)", export=False)
def show_backtrace(io: IO, trace: Any) -> None:
    """Print a stack trace."""
    frames = [f.frame for f in trace.data.tolist() if isinstance(f, StackFrame)]
    if frames:
        io.write("\nStacktrace:\n" + "\n".join(trace_lines(frames)))


@Base.method("display_error(io::IO, e, trace)", export=False)
def display_error(io: IO, e: Any, trace: Any) -> None:
    """What the prompt says of an error: `ERROR: …`, with the trace."""
    io.write("ERROR: ")
    Base.bindings["showerror"](io, e, trace)
    io.write("\n")


@Base.method("display_error(e, trace=nothing)", export=False)
def display_error_at(e: Any, trace: Any = None) -> None:
    display_error(STDERR, e, trace)


# ---------------------------------------------------------------- exceptions that hold others


CapturedException = _exception("CapturedException", "ex processed_bt")
InitError = _exception("InitError", "mod error")
for _name in ("CapturedException", "InitError"):
    _t = T.CORE_TYPES[_name]
    _t.typename.module = Base
    Base.const(_name, _t)


def _constructor(t: Any, cls: Any) -> None:
    support._builtin(
        constructors(t),
        T.tuple_type([T.type_of_type(t), T.Any_, T.Any_]),
        lambda _, *xs: cls(*xs),
        cls.fields,
    )


_constructor(T.CORE_TYPES["CapturedException"], CapturedException)
_constructor(T.CORE_TYPES["InitError"], InitError)


@Base.method("showerror(io::IO, e::CapturedException)")
def show_captured(io: IO, e: Any) -> None:
    showerror_with_trace(io, e.ex, e.processed_bt)


@Base.method("showerror(io::IO, e::InitError)")
def show_init(io: IO, e: Any) -> None:
    io.write(
        f"InitError: {showerror_text(e.error)}\nduring initialization of module {string_of(e.mod)}"
    )
