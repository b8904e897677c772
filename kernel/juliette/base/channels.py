"""Channels: queues through which tasks pass values to one another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from juliette.base.fields import FIELD_HOOKS, field_error
from juliette.base.iteration import ITERATORS, native_steps
from juliette.base.iterator_sizes import SizeUnknown
from juliette.base.tasks import TaskFailedException
from juliette.compiler import support
from juliette.compiler.producers import steps_of
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.errors import (
    ArgumentError,
    ErrorException,
    InvalidStateException,
    Thrown,
    julia_value,
)
from juliette.runtime.modules import Base, constructors
from juliette.runtime.scheduler import FINISHED, SCHEDULER, Task
from juliette.syntax.expr import Symbol

AbstractChannel = T.sub_family("AbstractChannel", "T", lambda t: T.Any_, abstract=True)
Channel_ = T.sub_family("Channel", "T", lambda t: T.apply_type(AbstractChannel, t), mutable=True)
Base.const("AbstractChannel", AbstractChannel)
Base.const("Channel", Channel_)


class Channel:
    """`Channel{T}(size)`; with size 0 a value goes straight from `put!` to `take!`."""

    __slots__ = ("capacity", "data", "eltype", "exception", "putters", "takers", "watchers")

    def __init__(self, eltype: Any, capacity: Any) -> None:
        self.eltype = eltype
        self.capacity = capacity
        self.data: deque[Any] = deque()
        self.exception: Any = None
        self.takers: list[Task] = []
        self.putters: list[Task] = []
        self.watchers: list[Task] = []

    @property
    def open(self) -> bool:
        return self.exception is None

    @property
    def available(self) -> int:
        """How many values can be taken without waiting."""
        return len(self.data) if self.capacity else len(self.putters)

    def check_open(self) -> None:
        if self.exception is not None:
            raise (
                self.exception
                if isinstance(self.exception, BaseException)
                else Thrown(self.exception)
            )

    def converted(self, value: Any) -> Any:
        """A value as the channel holds it."""
        if self.eltype is not T.Any_ and not T.isa(value, self.eltype):
            self.check_open()
            return Base.bindings["convert"](self.eltype, value)
        return value

    def wake(self, queue: list[Task], everybody: bool = False) -> None:
        while queue:
            t = queue.pop(0)
            t.where = None
            SCHEDULER.schedule(t)
            if not everybody:
                return

    def put(self, value: Any) -> None:
        self.check_open()
        if self.capacity:
            while len(self.data) >= self.capacity:
                SCHEDULER.block(self.putters)
                self.check_open()
            self.data.append(value)
            self.wake(self.takers)
            self.wake(self.watchers, everybody=True)
            return
        # Unbuffered: leave the value and wait until somebody has it.
        self.offer(value)
        try:
            SCHEDULER.block(self.putters)
        except BaseException:
            if value in self.data:
                self.data.remove(value)
            raise
        if value in self.data and not self.open:
            self.data.remove(value)
            self.check_open()

    def offer(self, value: Any) -> None:
        """Show a value to those that wait for one."""
        self.data.append(value)
        self.wake(self.takers)
        self.wake(self.watchers, everybody=True)

    def take(self) -> Any:
        while not self.data:
            self.check_open()
            if not self.takers and SCHEDULER.step_in():
                continue
            SCHEDULER.block(self.takers)
        value = self.data.popleft()
        self.wake(self.putters)
        return value

    def peek(self) -> Any:
        while not self.data:
            self.check_open()
            SCHEDULER.block(self.watchers)
        return self.data[0]

    def close(self, exception: Any = None) -> None:
        if self.exception is None:
            self.exception = exception if exception is not None else closed()
        for queue in (self.takers, self.putters, self.watchers):
            self.wake(queue, everybody=True)


class Producer:
    """What puts values into a channel without room and waits nowhere else: `steps` yields them."""

    __slots__ = ("channel", "put", "result", "steps", "waiting")

    def __init__(self, channel: Channel, steps: Any) -> None:
        self.channel = channel
        self.steps = steps
        self.result: Any = None
        # the value that was put last, and whether somebody has it yet
        self.put: Any = None
        self.waiting = False

    def advance(self, task: Task) -> bool:
        """Go on until a value is put that the task has to wait with; False at the end."""
        channel = self.channel
        error = self.taken(task)
        while True:
            try:
                value = self.steps.throw(error) if error is not None else self.steps.send(self.put)
            except StopIteration as end:
                self.result = end.value
                return False
            try:
                channel.check_open()
                value = channel.converted(value)
            except Exception as e:
                error = e
                continue
            channel.offer(value)
            self.put, self.waiting = value, True
            channel.putters.append(task)
            task.where = channel.putters
            return True

    def taken(self, task: Task) -> BaseException | None:
        """Somebody has the value, or the channel was closed, or an exception was sent."""
        failed, given = task.pending
        task.pending = (False, None)
        channel = self.channel
        error = given if isinstance(given, BaseException) else Thrown(given) if failed else None
        if self.waiting:
            self.waiting = False
            task.where = None
            if task in channel.putters:
                channel.putters.remove(task)
            if (failed or not channel.open) and self.put in channel.data:
                channel.data.remove(self.put)
                if not failed:
                    try:
                        channel.check_open()
                    except Exception as e:
                        return e
        return error if failed else None

    def run(self) -> Any:
        """The same in a thread of its own."""
        task = SCHEDULER.current
        while self.advance(task):
            try:
                SCHEDULER.wait()
            except BaseException as e:
                task.pending = (True, e)
        return self.result


def closed() -> InvalidStateException:
    return InvalidStateException("Channel is closed.", Symbol("closed"))


T.register_instances(Channel, lambda c: T.apply_type(Channel_, c.eltype), Channel_)


def _capacity(size: Any) -> Any:
    if size < 0:
        raise ArgumentError("Channel size must be either 0, a positive integer or Inf")
    return size


def _construct(t: Any, /, *args: Any, **kw: Any) -> Channel:
    """`Channel{T}(size)`, `Channel(f, size)`"""
    f = None
    if args and not isinstance(args[0], (int, float)):
        f, args = args[0], args[1:]
    c = Channel(
        t.parameters[0] if isinstance(t, T.DataType) else T.Any_,
        _capacity(args[0] if args else kw.get("size", 0)),
    )
    if f is not None:
        task = Task(lambda: f(c))
        steps = steps_of(f, c) if not c.capacity else None
        if steps is not None:
            task.producer = Producer(c, steps)
            task.code = task.producer.run
        bind(c, task)
        reference = kw.get("taskref")
        if reference is not None:
            reference.x = task
        SCHEDULER.schedule(task)
        # As in Julia, the task begins at once.
        if not kw.get("spawn", False) and not SCHEDULER.step_in():
            SCHEDULER.yield_()
    return c


support._builtin(
    constructors(Channel_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _construct, ("args",)
)
constructors(Channel_).methods[-1].kwcall = lambda kwargs, t, *args: _construct(t, *args, **kwargs)


@Base.method("put!(c::Channel, v)", transparent=True)
def put(c: Channel, v: Any) -> Any:
    """Add a value to a channel; waits while the channel is full.

    ```jldoctest
    julia> c = Channel{Int}(2); put!(c, 7); take!(c)
    7
    ```
    """
    v = c.converted(v)
    c.put(v)
    return v


@Base.method("take!(c::Channel)", transparent=True)
def take(c: Channel) -> Any:
    """Take the next value; waits until there is one."""
    return c.take()


@Base.method("popfirst!(c::Channel)", transparent=True)
def popfirst(c: Channel) -> Any:
    return c.take()


@Base.method("push!(c::Channel, v)", transparent=True)
def push(c: Channel, v: Any) -> Channel:
    put(c, v)
    return c


@Base.method("append!(c::Channel, xs)")
def append(c: Channel, xs: Any) -> Channel:
    for x in support.iterate(xs):
        put(c, x)
    return c


@Base.method("fetch(c::Channel)")
def fetch(c: Channel) -> Any:
    """The next value, which stays in the channel."""
    if not c.capacity:
        raise ErrorException("`fetch` is not supported on an unbuffered Channel.")
    return c.peek()


@Base.method("wait(c::Channel)")
def wait(c: Channel) -> None:
    """Wait until there is a value."""
    if not c.available:
        c.peek()


@Base.method("isready(c::Channel)")
def isready(c: Channel) -> bool:
    """Can a value be taken without waiting?"""
    return c.available > 0


@Base.method("isopen(c::Channel)")
def isopen(c: Channel) -> bool:
    """Is a channel open for `put!`?"""
    return c.open


@Base.method("isempty(c::Channel)")
def isempty(c: Channel) -> bool:
    return not c.available


@Base.method("isfull(c::Channel)", export=False)
def isfull(c: Channel) -> bool:
    """Would `put!` have to wait?"""
    return c.available >= c.capacity


@Base.method("n_avail(c::Channel)", export=False)
def n_avail(c: Channel) -> int:
    return c.available


@Base.method("close(c::Channel, e...)")
def close(c: Channel, *e: Any) -> None:
    """Close a channel: what is in it can still be taken."""
    c.close(*e)


@Base.method("bind(c::Channel, t::Task)")
def bind(c: Channel, t: Task) -> Channel:
    """Close the channel when the task ends; its exception, if there was one, is passed on."""

    def finished(task: Task) -> None:
        c.close(TaskFailedException(task) if task.state == "failed" else None)

    if t.done:
        finished(t)
    else:
        FINISHED.setdefault(t, []).append(finished)
    return c


@Base.method("eltype(t::Type{<:Channel})")
def eltype(t: Any) -> Any:
    return t.parameters[0] if isinstance(t, T.DataType) else T.Any_


def values(c: Channel) -> Iterator[Any]:
    """All values until the channel is closed."""
    while c.open or c.data:
        try:
            value = c.take()
        except InvalidStateException:
            if c.open:
                raise
            return
        yield value
    error = julia_value(c.exception) if isinstance(c.exception, BaseException) else c.exception
    if isinstance(error, InvalidStateException):
        return
    c.check_open()


ITERATORS[Channel] = values
native_steps("Channel")


@Base.method("IteratorSize(t::Type{<:Channel})", export=False)
def size(_: Any, t: Any) -> Any:
    return SizeUnknown


# ---------------------------------------------------------------- what can be asked of its fields


def channel_field(c: Channel, name: str) -> Any:
    """The fields that are no locks: state, exception, data, how many, how many at most."""
    if name == "state":
        return Symbol("open" if c.open else "closed")
    if name == "excp":
        return c.exception
    if name == "data":
        return vector(list(c.data), c.eltype)
    if name == "n_avail_items":
        return c.available
    if name == "sz_max":
        return c.capacity
    raise field_error(c, name)


FIELD_HOOKS[Channel] = channel_field
