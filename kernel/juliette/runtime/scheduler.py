"""Tasks that take turns: one runs at a time, and only where it waits or yields does another go on.

The task that a program starts in is Python's own main thread.  Every other one has a thread, made when
the task is first run, so that it may wait at any depth of calls.  A thread goes on only when it is
handed the baton, a lock of its own.  What belongs to a task (the stack of caught exceptions, whether
gradients are traced) is changed over with it.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from juliette.runtime.errors import (
    InterruptException,
    Thrown,
    julia_value,
)
from juliette.runtime.interrupts import UNINTERRUPTED
from juliette.runtime.world import TRACE, WORLD

STACK_SIZE = 256 * 2**20
# The generator of random numbers of the task that runs, once there is one: a task's own is split off its
# maker's, and changed over with it.
RANDOM: list[Any] = []
# How long a waiting thread sleeps before it looks whether it was interrupted, in seconds.
_SLICE = 0.05


class Task:
    """`Task(f)`: a computation that others can wait for."""

    __slots__ = (
        "__weakref__",
        "baton",
        "code",
        "exception",
        "exceptions",
        "failure",
        "leaving",
        "logger",
        "name",
        "pending",
        "producer",
        "random",
        "result",
        "started",
        "state",
        "storage",
        "thread",
        "tracing",
        "waiters",
        "where",
        "world",
    )

    def __init__(self, code: Any) -> None:
        self.code = code
        self.state = "runnable"
        self.result: Any = None
        self.exception: Any = None
        self.failure: BaseException | None = None
        self.started = False
        self.storage: Any = None
        # Where its log messages go; None for the logger of all tasks. A new task takes over its maker's.
        self.logger: Any = None
        self.waiters: list[Task] = []
        self.baton: Any = None
        self.thread = 0
        # What puts values into a channel and waits nowhere else: it can go on in anybody's thread.
        self.producer: Any = None
        # What it gets when it goes on: a value, or an exception to raise.
        self.pending: tuple[bool, Any] = (False, None)
        self.exceptions: list[BaseException] = []
        # How many gradients it is part of: those that its maker is part of.
        self.tracing = TRACE.depth
        self.random: Any = RANDOM[0].split() if RANDOM else None
        # Is it handing over to another, or waiting for its turn? No interrupt may come in between.
        self.leaving = False
        # The queue in which it waits, if it does.
        self.where: Any = None
        # The methods that it sees are those that there were when it was made.
        self.world = WORLD.current

    @property
    def done(self) -> bool:
        return self.state != "runnable"


class Scheduler:
    """Who runs, who may run, and who waits for the clock."""

    def __init__(self) -> None:
        self.root = Task(None)
        self.root.started = True
        self.current = self.root
        self.ready: deque[Task] = deque()
        self.clock: list[tuple[float, int, Callable[[], None]]] = []
        self.counter = itertools.count()
        self.interrupted = False
        # Set by Base: the stack of exceptions that are being handled.
        self.exception_stack: list[BaseException] = []

    # ------------------------------------------------------------ queues

    def schedule(self, task: Task, value: Any = None, error: bool = False) -> None:
        """Let a task go on when its turn comes, with a value or an exception."""
        task.pending = (error, value)
        if not task.started:
            WORLD.waiting[task] = task.world
        if not task.started and task.logger is None:
            task.logger = self.current.logger
        self.ready.append(task)

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Call `action` when the clock shows `moment`."""
        heapq.heappush(self.clock, (moment, next(self.counter), action))

    def _ring(self) -> None:
        """Do what the clock says is due."""
        now = time.monotonic()
        while self.clock and self.clock[0][0] <= now:
            heapq.heappop(self.clock)[2]()

    # ------------------------------------------------------------ changing over

    def yield_(self) -> Any:
        """Let the others that may run do so; go on afterwards."""
        self._ring()
        if not self.ready:
            return None
        self.schedule(self.current)
        return self.wait()

    def wait(self) -> Any:
        """Go on only when somebody schedules this task; gives the value it is scheduled with."""
        task = self.current
        if task is self.root:
            with UNINTERRUPTED:
                self._change_over(task)
        else:
            self._change_over(task)
        failed, value = task.pending
        task.pending = (False, None)
        if failed:
            raise value if isinstance(value, BaseException) else Thrown(value)
        return value

    def _change_over(self, task: Task) -> None:
        """Let the next one run until it is this one's turn again."""
        task.leaving = True
        following = self._next()
        if following is not task:
            self._leave(task)
            self._resume(following)
            self._await(task)
        task.leaving = False

    def _next(self) -> Task:
        """The next task to run; sleeps until there is one."""
        while True:
            self._ring()
            if UNINTERRUPTED.take():
                self.interrupted = True
            if self.interrupted:
                return self._interrupt_root()
            while self.ready:
                task = self.ready.popleft()
                if not task.done:
                    return task
            try:
                pause = _SLICE
                if self.clock:
                    pause = min(pause, max(0.0, self.clock[0][0] - time.monotonic()))
                time.sleep(pause)
            except KeyboardInterrupt:
                self.interrupted = True

    def _interrupt_root(self) -> Task:
        self.interrupted = False
        if self.root.where is not None and self.root in self.root.where:
            self.root.where.remove(self.root)
        if self.root in self.ready:
            self.ready.remove(self.root)
        self.root.pending = (True, KeyboardInterrupt())
        return self.root

    def _leave(self, task: Task) -> None:
        if task.baton is None:
            import _thread

            task.baton = _thread.allocate_lock()
            task.baton.acquire()
        self._put_by(task)

    def _put_by(self, task: Task) -> None:
        """Keep what belongs to the task that runs."""
        task.exceptions, task.tracing = list(self.exception_stack), TRACE.depth
        if RANDOM:
            task.random = RANDOM[0].put_by()
        if not task.done:
            WORLD.waiting[task] = task.world = WORLD.current

    def _take_up(self, task: Task) -> None:
        """Have a task's own things again."""
        self.current = task
        self.exception_stack[:] = task.exceptions
        TRACE.depth = task.tracing
        if RANDOM:
            RANDOM[0].take_up(task.random)
        WORLD.enter(task.world)
        WORLD.waiting.pop(task, None)

    def step_in(self) -> bool:
        """Let the only task that may run go on right here, if it is a producer; else nothing is done."""
        if len(self.ready) != 1 or self.clock or self.interrupted:
            return False
        task, me = self.ready[0], self.current
        if task.producer is None or task.thread or task.done:
            return False
        try:
            with UNINTERRUPTED:
                self.ready.popleft()
                self._put_by(me)
                self._take_up(task)
                task.started, task.thread = True, me.thread
            self._step(task)
        finally:
            if self.current is task:
                with UNINTERRUPTED:
                    task.thread = 0
                    self._put_by(task)
                    self._take_up(me)
        return True

    def _step(self, task: Task) -> None:
        """A producer's way to its next value, or to its end."""
        try:
            if task.producer.advance(task):
                return
            task.result, task.state = task.producer.result, "done"
        except BaseException as error:
            self._fail(task, error)
            if not isinstance(error, Exception):
                self._end(task)
                raise
        self._end(task)

    def _resume(self, task: Task) -> None:
        """Give a task the baton."""
        self._take_up(task)
        if task.started and (task.producer is None or task.thread):
            task.baton.release()
            return
        import _thread
        import contextvars

        task.started = True
        before = _thread.stack_size(STACK_SIZE)
        try:
            # numpy's settings live in the context, which a new thread would not inherit.
            _thread.start_new_thread(contextvars.copy_context().run, (self._body, task))
        finally:
            _thread.stack_size(before)

    def _await(self, task: Task) -> None:
        """Sleep until this task is given the baton."""
        if task is not self.root:
            task.baton.acquire()
            return
        # Interrupts reach the root's thread; whoever runs now is to give the baton up.
        while not task.baton.acquire(timeout=_SLICE):
            if UNINTERRUPTED.take():
                self.interrupted = True
                self._stop(self.current)

    @staticmethod
    def _stop(task: Task) -> None:
        """Interrupt a task that runs; one that gives up its turn sees by itself that it is to."""
        if task.thread and not task.leaving:
            import ctypes

            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(task.thread), ctypes.py_object(KeyboardInterrupt)
            )

    # ------------------------------------------------------------ a task's life

    def _body(self, task: Task) -> None:
        import _thread

        task.thread = _thread.get_ident()
        self.run(task)
        self._resume(self._next_after(task))

    def _next_after(self, task: Task) -> Task:
        while True:
            try:
                return self._next()
            except KeyboardInterrupt:
                self.interrupted = True

    def run(self, task: Task) -> None:
        """Run a task's code to its end and wake those that wait for it."""
        try:
            failed, value = task.pending
            if task.producer is None:
                task.pending = (False, None)
                if failed:
                    raise value if isinstance(value, BaseException) else Thrown(value)
            try:
                task.result = task.code()
            finally:
                self._end_interrupts(task)
            task.state = "done"
        except SystemExit as error:
            task.state = "failed"
            self._interrupt_root()
            self.ready.appendleft(self.root)
            self.root.pending = (True, error)
        except BaseException as error:
            self._fail(task, error)
        self._end(task)

    @staticmethod
    def _fail(task: Task, error: BaseException) -> None:
        task.exception = (
            InterruptException() if isinstance(error, KeyboardInterrupt) else julia_value(error)
        )
        task.result = task.exception
        task.failure = error
        task.state = "failed"

    def _end(self, task: Task) -> None:
        """A task has come to its end: wake those that wait for it."""
        task.code = task.producer = None
        for waiter in task.waiters:
            waiter.where = None
            self.schedule(waiter)
        task.waiters = []
        for f in FINISHED.pop(task, ()):
            f(task)

    def _end_interrupts(self, task: Task) -> None:
        """From here on a task is only handing over: an interrupt that is on its way is the root's."""
        try:
            task.leaving = True
            for _ in range(4):  # Python delivers what is on its way where a loop jumps back
                pass
        except KeyboardInterrupt:
            task.leaving = self.interrupted = True

    def join(self, task: Task) -> None:
        """Wait until a task has ended."""
        while not task.done:
            self.block(task.waiters)

    def block(self, queue: Any) -> Any:
        """Wait in a queue until somebody takes this task out of it and schedules it."""
        task = self.current
        queue.append(task)
        task.where = queue
        try:
            return self.wait()
        finally:
            task.where = None
            if task in queue:
                queue.remove(task)

    def sleep(self, seconds: float) -> None:
        """Wait for the clock, while others run."""
        task = self.current
        if task is self.root and not self.ready and not self.clock:
            # Nobody else is there, and an interrupt ends the main thread's sleep.
            time.sleep(max(0.0, seconds))
            return
        self.at(time.monotonic() + max(0.0, seconds), lambda: self.schedule(task))
        self.wait()

    def alone(self) -> bool:
        """Is this the only task that can go on by itself?"""
        return self.current is self.root and not self.ready and not self.clock

    def until(self, test: Callable[[], bool]) -> None:
        """Wait for something that no task says, such as another program, while others run."""
        pause = 0.0005
        while not test():
            self.sleep(pause)
            pause = min(2 * pause, _SLICE / 2)

    def settle(self) -> None:
        """Between two runs: let every task that may run go as far as it can, once."""
        for _ in range(len(self.ready)):
            if not self.ready:
                return
            self.yield_()


# What is to be called when a task ends.
FINISHED: dict[Task, list[Callable[[Task], None]]] = {}
SCHEDULER = Scheduler()
