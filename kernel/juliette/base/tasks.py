"""Tasks: `@task`, `schedule`, `wait`, `fetch`, `@async`, `@sync`, conditions and timers."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from juliette.base.collecting import gather
from juliette.base.essentials import _simple
from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.iteration import iterate_value, iterates, native_steps
from juliette.base.iterator_sizes import shape_of_iterator
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import vector
from juliette.runtime.errors import (
    ArgumentError,
    EOFError_,
    ErrorException,
    Thrown,
    _exception,
)
from juliette.runtime.modules import Base
from juliette.runtime.scheduler import FINISHED, SCHEDULER, Task
from juliette.syntax.expr import Expr, QuoteNode, Symbol

SCHEDULER.exception_stack = support.EXCEPTION_STACK
Task_ = T.core_type("Task")
T.register_class(Task, Task_)
Base.const("Task", Task_)
_simple(Task_, lambda _, f: Task(f))
TaskFailedException = _exception("TaskFailedException", "task")
CompositeException = _exception("CompositeException", "exceptions")
for _name in ("TaskFailedException", "CompositeException"):
    Base.const(_name, T.CORE_TYPES[_name])
_simple(T.CORE_TYPES["TaskFailedException"], lambda _, t: TaskFailedException(t))
_simple(
    T.CORE_TYPES["CompositeException"],
    lambda _, *xs: CompositeException(*(xs or (vector([], T.Any_),))),
)


def call(f: Any, *args: Any) -> Expr:
    return Expr("call", QuoteNode(f), *args)


# ---------------------------------------------------------------- one task


@Base.method("schedule(t::Task)")
def schedule(t: Task) -> Task:
    """Put a task in the queue of those that may run.

    ```jldoctest
    julia> t = @task 1 + 1; istaskstarted(t)
    false

    julia> schedule(t); fetch(t)
    2
    ```
    """
    return schedule_with(t, None)


@Base.method("schedule(t::Task, value; error=false)")
def schedule_with(t: Task, value: Any, *, error: bool = False) -> Task:
    if t.done or t in SCHEDULER.ready:
        raise ErrorException("schedule: Task not runnable")
    if t.where is not None and t in t.where:
        t.where.remove(t)
    SCHEDULER.schedule(t, value, error)
    return t


@Base.method("yield()")
def yield_() -> Any:
    """Let other tasks run."""
    return SCHEDULER.yield_()


@Base.method("yield(t::Task, x=nothing)")
def yield_to_soon(t: Task, x: Any = None) -> Any:
    """Let a task run next; this one may go on afterwards."""
    t.pending = (False, x)
    SCHEDULER.ready.appendleft(t)
    return SCHEDULER.yield_()


@Base.method("yieldto(t::Task, x=nothing)")
def yieldto(t: Task, x: Any = None) -> Any:
    """Change over to a task; this one goes on when somebody changes back."""
    t.pending = (False, x)
    SCHEDULER.ready.appendleft(t)
    return SCHEDULER.wait()


def check_failure(t: Task) -> None:
    if t.state == "failed":
        raise TaskFailedException(t)


@Base.method("wait(t::Task)")
def wait(t: Task) -> None:
    """Wait until a task has ended; throws `TaskFailedException` if it failed."""
    if t is SCHEDULER.current:
        raise ErrorException("deadlock detected: cannot wait on current task")
    SCHEDULER.join(t)
    check_failure(t)


@Base.method("wait()")
def wait_for_schedule() -> Any:
    """Wait until another task schedules this one; the value is what it is scheduled with.

    ```jldoctest
    julia> t = @async 2 * wait(); yield();

    julia> schedule(t, 21); fetch(t)
    42
    ```
    """
    return SCHEDULER.wait()


@Base.method("_wait(t::Task)", export=False)
def wait_quietly(t: Task) -> None:
    SCHEDULER.join(t)


@Base.method("fetch(t::Task)")
def fetch(t: Task) -> Any:
    """Wait until a task has ended, and give its result."""
    wait(t)
    return t.result


@Base.method("fetch(x)")
def fetch_any(x: Any) -> Any:
    return x


@iterates(CompositeException)
def each_failure(e: Any) -> Any:
    """The exceptions of a CompositeException, in order."""
    return iter(e.exceptions.data)


native_steps("CompositeException")


@Base.method("length(e::CompositeException)")
def failures(e: Any) -> int:
    """How many exceptions there are."""
    return len(e.exceptions.data)


@Base.method("push!(e::CompositeException, x)")
def add_failure(e: Any, x: Any) -> Any:
    """Add an exception."""
    return Base.get("push!")(e.exceptions, x)


@Base.method("isempty(e::CompositeException)")
def no_failure(e: Any) -> bool:
    """Is there no exception?"""
    return not len(e.exceptions.data)


@Base.method("current_task()")
def current_task() -> Task:
    """The task that runs."""
    return SCHEDULER.current


@Base.method("istaskdone(t::Task)")
def istaskdone(t: Task) -> bool:
    """Has a task ended?"""
    return t.done


@Base.method("istaskstarted(t::Task)")
def istaskstarted(t: Task) -> bool:
    """Has a task begun?"""
    return t.started


@Base.method("istaskfailed(t::Task)")
def istaskfailed(t: Task) -> bool:
    """Did a task end with an exception?"""
    return t.state == "failed"


def task_field(t: Task, name: str) -> Any:
    if name == "state":
        return Symbol(t.state)
    if name in ("result", "exception", "code", "storage"):
        return getattr(t, name)
    if name == "sticky":
        return True
    raise field_error(t, name)


FIELD_HOOKS[Task] = task_field


@Base.method("errormonitor(t::Task)")
def errormonitor(t: Task) -> Task:
    """Print the error of a task to `stderr` if it fails."""

    def report(task: Task) -> None:
        if task.state == "failed":
            from juliette.display.io import STDERR

            STDERR.write(
                f"Unhandled Task {Base.bindings['sprint'](Base.bindings['showerror'], TaskFailedException(task))}\n"
            )

    if t.done:
        report(t)
    else:
        FINISHED.setdefault(t, []).append(report)
    return t


@Base.method("task_local_storage()")
def task_local_storage() -> Any:
    """The dictionary of the current task."""
    task = SCHEDULER.current
    if task.storage is None:
        task.storage = V.JuliaIdDict(T.Any_, T.Any_)
    return task.storage


@Base.method("task_local_storage(key)")
def local_get(key: Any) -> Any:
    return Base.bindings["getindex"](task_local_storage(), key)


@Base.method("task_local_storage(key, value)")
def local_set(key: Any, value: Any) -> Any:
    Base.bindings["setindex!"](task_local_storage(), value, key)
    return value


@Base.method("task_local_storage(f, key, value)")
def local_with(f: Any, key: Any, value: Any) -> Any:
    storage = task_local_storage()
    had = Base.bindings["haskey"](storage, key)
    old = Base.bindings["get"](storage, key, None)
    local_set(key, value)
    try:
        return f()
    finally:
        if had:
            local_set(key, old)
        else:
            Base.bindings["delete!"](storage, key)


# ---------------------------------------------------------------- macros


def interpolated(e: Any, bindings: list[Expr], context: Any) -> Any:
    """`\\$x` in a spawned expression stands for the value that `x` has now."""
    if not isinstance(e, Expr) or e.head in ("quote", "inert", "macrocall"):
        return e
    if e.head == "$" and len(e.args) == 1:
        name = context.gensym("value")
        bindings.append(Expr("=", name, e.args[0]))
        return name
    return Expr(e.head, *[interpolated(a, bindings, context) for a in e.args])


SYNC = Symbol("##sync")


@Base.macro("task")
def task_macro(context: Any, e: Any) -> Any:
    """`@task expr` is a task that will compute `expr` when it is scheduled."""
    return call(Task, Expr("->", Expr("tuple"), Expr("block", e)))


def spawned(context: Any, e: Any) -> Any:
    bindings: list[Expr] = []
    body = interpolated(e, bindings, context)
    t = context.gensym("task")
    made = Expr("=", t, call(Task, Expr("->", Expr("tuple"), Expr("block", body))))
    listed = Expr("if", Expr("isdefined", SYNC), call(list.append, SYNC, t))
    return Expr("let", Expr("block", *bindings), Expr("block", made, listed, call(schedule, t), t))


@Base.macro("async")
def async_macro(context: Any, e: Any) -> Any:
    """`@async expr` begins a task; `fetch` waits for its value.

    ```jldoctest
    julia> t = @async 2 + 3;

    julia> fetch(t)
    5
    ```
    """
    return spawned(context, e)


@Base.macro("sync")
def sync_macro(context: Any, e: Any) -> Any:
    """`@sync expr` waits for all tasks that `@async`, `@spawn` and their like begin in `expr`."""
    value = context.gensym("value")
    body = Expr("block", Expr("=", value, e), call(sync_end, SYNC), value)
    return Expr("let", Expr("block", Expr("=", SYNC, call(list))), body)


def sync_end(tasks: list[Any]) -> None:
    """Wait for all; those that failed are thrown together."""
    failures: list[Any] = []
    i = 0
    while i < len(tasks):
        try:
            Base.bindings["wait"](tasks[i])
        except TaskFailedException as e:
            failures.append(e)
        i += 1
    if failures:
        raise CompositeException(vector(failures, T.Any_))


# ---------------------------------------------------------------- sleeping, timers


@Base.method("sleep(seconds::Real)")
def sleep(seconds: Any) -> None:
    """Let the current task wait for some seconds."""
    if not float(seconds) >= 0:
        raise ArgumentError(f"cannot sleep for {Base.bindings['string'](seconds)} seconds")
    SCHEDULER.sleep(float(seconds))


class Timer:
    """`Timer(delay)`: wakes those that wait for it."""

    __slots__ = ("action", "interval", "open", "timeout", "waiters")

    def __init__(self, action: Any, delay: float, interval: float) -> None:
        self.action = action
        self.timeout = delay
        self.interval = interval
        self.open = True
        self.waiters: list[Task] = []
        SCHEDULER.at(time.monotonic() + delay, self.ring)

    def ring(self) -> None:
        if not self.open:
            return
        if self.action is not None:
            SCHEDULER.schedule(Task(lambda: self.action(self)))
        if self.interval > 0:
            SCHEDULER.at(time.monotonic() + self.interval, self.ring)
        else:
            self.open = False
        self.wake()

    def wake(self) -> None:
        waiters, self.waiters = self.waiters, []
        for w in waiters:
            w.where = None
            SCHEDULER.schedule(w)

    def close(self) -> None:
        self.open = False
        self.wake()


Timer_ = T.core_type("Timer")
T.register_class(Timer, Timer_)
Base.const("Timer", Timer_)


@Base.method("Timer(delay::Real; interval=0.0)")
def timer(_: Any, delay: Any, *, interval: Any = 0.0) -> Timer:
    """A timer that wakes those that wait for it after `delay` seconds."""
    return Timer(None, _seconds(delay), float(interval))


@Base.method("Timer(f, delay::Real; interval=0.0)")
def timer_calling(_: Any, f: Any, delay: Any, *, interval: Any = 0.0) -> Timer:
    """Call `f` after `delay` seconds, and then every `interval` seconds."""
    return Timer(f, _seconds(delay), float(interval))


def _seconds(delay: Any) -> float:
    if delay < 0:
        raise ArgumentError(
            f"timer cannot have negative timeout of {Base.bindings['string'](delay)} seconds"
        )
    return float(delay)


@Base.method("wait(t::Timer)")
def wait_timer(t: Timer) -> None:
    if not t.open:
        raise EOFError_()
    SCHEDULER.block(t.waiters)


@Base.method("close(t::Timer)")
def close_timer(t: Timer) -> None:
    t.close()


@Base.method("isopen(t::Timer)")
def timer_is_open(t: Timer) -> bool:
    return t.open


@Base.method("timedwait(test, timeout::Real; pollint=0.1)")
def timedwait(test: Any, timeout: Any, *, pollint: Any = 0.1) -> Symbol:
    """Wait until `test()` is true (`:ok`), but no longer than `timeout` seconds (`:timed_out`)."""
    end = time.monotonic() + float(timeout)
    while not support.truth(test()):
        if time.monotonic() > end:
            return Symbol("timed_out")
        SCHEDULER.sleep(float(pollint))
    return Symbol("ok")


# ---------------------------------------------------------------- asyncmap


@Base.method("asyncmap(f, xs...; ntasks=0, batch_size=nothing)")
def asyncmap(f: Any, *xs: Any, ntasks: Any = 0, batch_size: Any = None) -> Any:
    """`map`, with a task for each call, so that those that wait do so together.

    ```jldoctest
    julia> asyncmap(x -> 2x, 1:3)
    3-element Vector{Int64}:
     2
     4
     6
    ```
    """
    limit = ntasks if isinstance(ntasks, int) and ntasks > 0 else 100
    arguments = list(zip(*map(iterate_value, xs), strict=False))
    if batch_size is not None:
        pieces = [arguments[i : i + batch_size] for i in range(0, len(arguments), batch_size)]
        collected: list[Any] = []
        for p in pieces:
            items = [a[0] if len(xs) == 1 else a for a in p]
            collected.extend(iterate_value(f(vector(items, T.Any_))))
        return Base.bindings["collect"](tuple(collected))
    running: deque[Task] = deque()
    results: list[Task] = []
    for a in arguments:
        while len(running) >= limit:
            fetch(running.popleft())
        t = Task(lambda a=a: f(*a))
        results.append(t)
        running.append(t)
        SCHEDULER.schedule(t)
    failure: Any = None
    values = []
    for t in results:
        SCHEDULER.join(t)
        if t.state == "failed":
            failure = failure or t.exception
        values.append(t.result)
    if failure is not None:
        raise failure if isinstance(failure, BaseException) else Thrown(failure)
    return gather(values, shape_of_iterator(xs[0]) if len(xs) == 1 else None)


Base.method("asyncmap!(f, dest, xs...; ntasks=0, batch_size=nothing)")(
    lambda f, dest, *xs, **kw: Base.bindings["copyto!"](dest, asyncmap(f, *xs, **kw))
)
