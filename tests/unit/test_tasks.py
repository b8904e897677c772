"""Tasks under interrupts: whoever runs, the session gets its prompt back and goes on."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from juliette.interpreter import Interpreter, Outcome

STUCK = [
    pytest.param("wait(Condition())", id="nobody will notify"),
    pytest.param("@async while true end; wait(Condition())", id="a task that never yields"),
    pytest.param("t = @async while true yield() end; wait(t)", id="a task that always yields"),
    pytest.param("take!(Channel(0))", id="a channel that nobody fills"),
    pytest.param("@sync @async sleep(60)", id="a task that sleeps"),
    pytest.param("while true yield() end", id="the main task yields"),
    pytest.param(
        "c = Channel() do c; put!(c, 1); while true end; end; take!(c), take!(c)",
        id="a producer that never puts again",
    ),
    pytest.param(
        "c = Channel() do c; while true; put!(c, 1); end; end; for x in c end",
        id="a producer that always puts",
    ),
    pytest.param(
        "c = Channel() do c; put!(c, 1); while true end; end; fetch(@async (take!(c), take!(c)))",
        id="a producer that another task waits for",
    ),
    pytest.param('@testset "a" begin @test (sleep(60); true) end', id="a test"),
    pytest.param('@testset "a" begin @testset "b" begin sleep(60) end end', id="sets of tests"),
]


@pytest.mark.parametrize("code", STUCK)
def test_an_interrupt_ends_it(code: str) -> None:
    session = Interpreter()
    # What tasks need is imported at their first use, which is not what is to be interrupted.
    assert session.run("using Test; @sync @async (yield(); Condition(); Channel(0))").error is None
    assert session.run('@testset "none" begin end').error is None
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    outcome = session.run(code)
    timer.join()
    assert outcome.error is not None
    assert outcome.error.name == "InterruptException"
    assert time.monotonic() - start < 5
    after = session.run("fetch(@async 1 + 1)")
    assert after.error is None
    assert after.value == 2


def interrupted(session: Interpreter, code: str, *after: float) -> Outcome:
    """Run code that is interrupted at these times."""
    timers = [threading.Timer(t, os.kill, (os.getpid(), signal.SIGINT)) for t in after]
    for timer in timers:
        timer.start()
    try:
        return session.run(code)
    finally:
        for timer in timers:
            timer.cancel()


@pytest.mark.parametrize("loop", ["while true end", "while true; sqrt(2.0); end", "sleep(60)"])
def test_a_catch_takes_an_interrupt(loop: str) -> None:
    session = Interpreter()
    assert session.run("sleep(0)").error is None
    outcome = interrupted(session, f"try; {loop}; catch e; typeof(e); end", 0.3)
    assert outcome.error is None
    assert str(outcome.value) == "InterruptException"


def test_the_third_interrupt_in_a_row_passes_every_catch() -> None:
    outcome = interrupted(
        Interpreter(), "while true; try; sqrt(2.0); catch; end; end", 0.2, 0.4, 0.6, 0.8, 1.0
    )
    assert outcome.error is not None
    assert outcome.error.name == "InterruptException"


def test_exceptions_that_are_handled_belong_to_a_task() -> None:
    session = Interpreter()
    code = """
    seen = []
    function other()
        try
            error("inner")
        catch
            yield()
            push!(seen, length(current_exceptions()))
        end
    end
    t = @async other()
    yield()
    push!(seen, length(current_exceptions()))
    wait(t)
    seen == [0, 1]
    """
    outcome = session.run(code)
    assert outcome.error is None
    assert outcome.value is True


def test_exit_in_a_task_leaves_the_program() -> None:
    session = Interpreter()
    with pytest.raises(SystemExit):
        session.run("t = @async exit(3); wait(t)")


def test_an_interrupt_that_comes_as_a_task_ends_is_the_roots() -> None:
    import ctypes

    from juliette.runtime.scheduler import SCHEDULER, Task

    def code() -> int:
        SCHEDULER.interrupted = True  # as the root notes it
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(threading.get_ident()), ctypes.py_object(KeyboardInterrupt)
        )
        return 7

    session = Interpreter()
    assert session.run("sleep(0)").error is None
    task = Task(code)
    SCHEDULER.schedule(task)
    with pytest.raises(KeyboardInterrupt):
        SCHEDULER.join(task)
    assert task.done
    after = session.run("fetch(@async 1 + 1)")
    assert after.error is None
    assert after.value == 2
