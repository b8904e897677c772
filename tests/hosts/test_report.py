"""Errors as text: frames, repetitions, causes, colours."""

from __future__ import annotations

import io
import re

from juliette.interpreter import Interpreter
from juliette.report import ErrorReport


def failed(code: str) -> ErrorReport:
    """The error that some code ends in."""
    session = Interpreter(stdout=io.StringIO(), stderr=io.StringIO())
    error = session.run(code, "In[1]").error
    assert error is not None
    return error


def test_a_function_that_calls_itself_is_shown_once() -> None:
    text = failed("f(n) = f(n + 1) + 1\nf(1)").render()
    pattern = (
        r"ERROR: StackOverflowError:\nStacktrace:\n \[1\] f\(n::Int64\) \(repeats \d\d+ times\)\n"
        r"   @ Main \./In\[1\]:1\n \[2\] top-level scope\n   @ In\[1\]:2"
    )
    assert re.fullmatch(pattern, text), text


def test_functions_that_call_each_other_are_shown_once() -> None:
    lines = failed("ping(n) = pong(n) + 1\npong(n) = ping(n) + 1\nping(1)").render().split("\n")
    assert re.fullmatch(r" +\[1\] p[io]ng\(n::Int64\)", lines[2])
    assert re.fullmatch(r"--- the last 2 lines are repeated \d+ more times ---", lines[6])
    assert len(lines) < 14


def test_frames_name_their_module() -> None:
    code = "module Outer\nmodule Inner\nf(x) = error(x)\nend\nend\nOuter.Inner.f(1)"
    assert failed(code).frames[1] == " [2] f(x::Int64)\n   @ Main.Outer.Inner ./In[1]:3"


def test_what_was_being_handled() -> None:
    code = 'try\n    error("first")\ncatch\n    error("second")\nend'
    error = failed(code)
    assert error.message == "second"
    assert error.render().endswith(
        "\n\ncaused by: first\nStacktrace:\n [1] error(s::String)\n   @ Base ./error.jl:35"
        "\n [2] top-level scope\n   @ In[1]:2"
    )


def test_colours() -> None:
    error = failed("half(x::Int) = div(x, 0)\nhalf(4)")
    colored = error.render(color=True)
    assert re.sub(r"\x1b\[\d+m", "", colored) == error.render()
    lines = colored.split("\n")
    assert lines[0].startswith("\x1b[91m\x1b[1mERROR: \x1b[22m\x1b[39m\x1b[91mDivideError")
    assert lines[2] == " [1] \x1b[1mdiv\x1b[22m"
    assert lines[3] == (
        "\x1b[90m   @ \x1b[39m\x1b[90m./\x1b[39m\x1b[90m\x1b[4mint.jl:295\x1b[24m\x1b[39m"
        "\x1b[90m [inlined]\x1b[39m"
    )
    assert lines[4].startswith(" [2] \x1b[1mhalf\x1b[22m\x1b[1m(\x1b[22m\x1b[90mx\x1b[39m::Int64")
    assert lines[5] == (
        "\x1b[90m   @ \x1b[39m\x1b[35mMain\x1b[39m \x1b[90m./\x1b[39m"
        "\x1b[90m\x1b[4mIn[1]:1\x1b[24m\x1b[39m"
    )
    assert lines[6] == " [3] top-level scope"


def test_an_interrupt_waits_until_a_package_is_loaded() -> None:
    """What is loaded in part would be wrong for the rest of the session."""
    import signal

    from juliette.runtime.interrupts import UNINTERRUPTED

    steps: list[str] = []
    try:
        with UNINTERRUPTED, UNINTERRUPTED:
            signal.raise_signal(signal.SIGINT)
            steps.append("loaded")
        steps.append("not reached")
    except KeyboardInterrupt:
        steps.append("interrupted")
    assert steps == ["loaded", "interrupted"]


def test_what_does_not_fit_a_method_is_red() -> None:
    error = failed("half(x::Int, y::Dict{String,Int}) = x\nhalf(1, 2)")
    assert "\n  half(::Int64, !Matched::Dict{String, Int64})\n" in error.render()
    lines = error.render(color=True).split("\n")
    assert lines[2:4] == [
        "Closest candidates are:",
        "  half(::Int64, \x1b[91m::Dict{String, Int64}\x1b[39m)",
    ]
    # a line between the candidates and the trace, in colour too
    assert lines[5:7] == ["", "Stacktrace:"]
    assert error.traceback()[1:3] == ["", "Closest candidates are:"]
