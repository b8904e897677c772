"""Conditions, locks, semaphores and events; the module `Threads`, whose only thread runs all tasks."""

from __future__ import annotations

from typing import Any

from juliette.base.essentials import _simple
from juliette.base.iteration import iterate_value
from juliette.base.tasks import spawned, sync_end
from juliette.compiler import support
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base, Module, constructors
from juliette.runtime.scheduler import SCHEDULER, Task
from juliette.syntax.expr import Expr, QuoteNode, Symbol

Threads = Module("Threads", Base)
Threads.visible = Threads.bindings["__builtins__"] = Base.bindings
Base.const("Threads", Threads)


class ReentrantLock:
    """`ReentrantLock()`: one task at a time holds it, as often as it likes."""

    __slots__ = ("count", "owner", "waiters")

    def __init__(self) -> None:
        self.owner: Task | None = None
        self.count = 0
        self.waiters: list[Task] = []

    def try_lock(self) -> bool:
        if self.owner is None or self.owner is SCHEDULER.current:
            self.owner = SCHEDULER.current
            self.count += 1
            return True
        return False

    def lock(self) -> None:
        while not self.try_lock():
            SCHEDULER.block(self.waiters)

    def unlock(self) -> None:
        if self.owner is None:
            raise ErrorException("unlock count must match lock count")
        if self.owner is not SCHEDULER.current:
            raise ErrorException("unlock from wrong thread")
        self.count -= 1
        if not self.count:
            self.release()

    def release(self) -> int:
        """Let go entirely; returns how often it was held."""
        n, self.count, self.owner = self.count, 0, None
        wake(self.waiters, False)
        return n


class SpinLock(ReentrantLock):
    """`Threads.SpinLock()`"""

    __slots__ = ()

    def try_lock(self) -> bool:
        if self.owner is not None:
            return False
        return super().try_lock()


class Condition:
    """`Condition()`: tasks wait until somebody notifies them."""

    __slots__ = ("lock", "waiters")

    def __init__(self, lock: ReentrantLock | None = None) -> None:
        self.lock = lock
        self.waiters: list[Task] = []


class Event:
    """`Base.Event()`: once set, nobody waits for it."""

    __slots__ = ("autoreset", "set", "waiters")

    def __init__(self, autoreset: bool = False) -> None:
        self.autoreset = autoreset
        self.set = False
        self.waiters: list[Task] = []


class Semaphore:
    """`Base.Semaphore(n)`: at most `n` hold it."""

    __slots__ = ("held", "limit", "waiters")

    def __init__(self, limit: int) -> None:
        if limit <= 0:
            raise ArgumentError("Semaphore size must be > 0")
        self.limit = limit
        self.held = 0
        self.waiters: list[Task] = []


def wake(queue: list[Task], everybody: bool, value: Any = None, error: bool = False) -> int:
    n = 0
    while queue:
        t = queue.pop(0)
        t.where = None
        SCHEDULER.schedule(t, value, error)
        n += 1
        if not everybody:
            break
    return n


AbstractLock = T.core_type("AbstractLock", abstract=True)
Base.const("AbstractLock", AbstractLock, export=False)
for _cls, _name, _sup, _exported in (
    (ReentrantLock, "ReentrantLock", AbstractLock, True),
    (SpinLock, "Base.Threads.SpinLock", AbstractLock, True),
    (Condition, "Condition", None, True),
    (Event, "Event", None, False),
    (Semaphore, "Base.Semaphore", None, False),
):
    _t = T.core_type(_name, _sup)
    T.register_class(_cls, _t)
    _short = _name.rsplit(".", 1)[-1]
    (Threads if _short == "SpinLock" else Base).const(_short, _t, export=_exported)
_simple(T.CORE_TYPES["ReentrantLock"], lambda _: ReentrantLock())
_simple(Threads.bindings["SpinLock"], lambda _: SpinLock())
_simple(T.CORE_TYPES["Condition"], lambda _: Condition())
_simple(T.CORE_TYPES["Event"], lambda _, autoreset=False: Event(autoreset))
_simple(T.CORE_TYPES["Base.Semaphore"], lambda _, n: Semaphore(n))


@Base.method("lock(held::Base.AbstractLock)")
def lock(held: ReentrantLock) -> None:
    """Hold a lock; waits until it is free."""
    held.lock()


@Base.method("unlock(held::Base.AbstractLock)")
def unlock(held: ReentrantLock) -> None:
    """Let a lock go."""
    held.unlock()


@Base.method("trylock(held::Base.AbstractLock)")
def trylock(held: ReentrantLock) -> bool:
    """Hold a lock if it is free; says whether it was."""
    return held.try_lock()


@Base.method("islocked(held::Base.AbstractLock)")
def islocked(held: ReentrantLock) -> bool:
    """Does somebody hold the lock?"""
    return held.owner is not None


@Base.method("lock(f, held::Base.AbstractLock)")
def lock_during(f: Any, held: ReentrantLock) -> Any:
    """Hold a lock while `f` runs.

    ```jldoctest
    julia> l = ReentrantLock();

    julia> lock(() -> islocked(l), l), islocked(l)
    (true, false)
    ```
    """
    held.lock()
    try:
        return f()
    finally:
        held.unlock()


@Base.macro("lock")
def lock_macro(context: Any, lock_: Any, e: Any) -> Any:
    """`@lock l expr`: hold a lock while an expression runs."""
    held = context.gensym("lock")
    return Expr(
        "let",
        Expr("block", Expr("=", held, lock_)),
        Expr(
            "block",
            Expr("call", QuoteNode(Base.bindings["lock"]), held),
            Expr(
                "try",
                e,
                False,
                False,
                Expr("block", Expr("call", QuoteNode(Base.bindings["unlock"]), held)),
            ),
        ),
    )


@Base.method("wait(c::Condition)")
def wait_condition(c: Condition) -> Any:
    """Wait until the condition is notified."""
    if c.lock is None:
        return SCHEDULER.block(c.waiters)
    n = c.lock.release()
    try:
        return SCHEDULER.block(c.waiters)
    finally:
        c.lock.lock()
        c.lock.count = n


@Base.method("notify(c::Condition, value=nothing; all=true, error=false)")
def notify(c: Condition, value: Any = None, *, all: bool = True, error: bool = False) -> int:
    """Wake the tasks that wait for a condition; says how many there were."""
    return wake(c.waiters, all, value, error)


@Base.method("lock(c::Condition)")
def lock_condition(c: Condition) -> None:
    if c.lock is not None:
        c.lock.lock()


@Base.method("unlock(c::Condition)")
def unlock_condition(c: Condition) -> None:
    if c.lock is not None:
        c.lock.unlock()


@Base.method("lock(f, c::Condition)")
def lock_condition_during(f: Any, c: Condition) -> Any:
    return lock_during(f, c.lock if c.lock is not None else ReentrantLock())


@Base.method("wait(e::Event)")
def wait_event(e: Event) -> None:
    if not e.set:
        SCHEDULER.block(e.waiters)
    elif e.autoreset:
        e.set = False


@Base.method("notify(e::Event)")
def notify_event(e: Event) -> None:
    if e.autoreset:
        if not wake(e.waiters, False):
            e.set = True
        return
    e.set = True
    wake(e.waiters, True)


@Base.method("reset(e::Event)")
def reset_event(e: Event) -> None:
    """Let tasks wait for the event again."""
    e.set = False


@Base.method("acquire(s::Base.Semaphore)", export=False)
def acquire(s: Semaphore) -> None:
    """Take one of a semaphore's places; waits until one is free."""
    while s.held >= s.limit:
        SCHEDULER.block(s.waiters)
    s.held += 1


@Base.method("acquire(f, s::Base.Semaphore)", export=False)
def acquire_during(f: Any, s: Semaphore) -> Any:
    acquire(s)
    try:
        return f()
    finally:
        release(s)


@Base.macro("acquire", export=False)
def acquire_macro(context: Any, s: Any, e: Any) -> Any:
    """`Base.@acquire s code`: run code while holding one of a semaphore's places.

    ```jldoctest
    julia> places = Base.Semaphore(1);

    julia> Base.@acquire places 2 + 3
    5
    ```
    """
    held = context.gensym("held")
    take, give = (Expr("call", QuoteNode(Base.bindings[f]), held) for f in ("acquire", "release"))
    return Expr(
        "let",
        Expr("block", Expr("=", held, s)),
        Expr("block", take, Expr("try", e, False, False, Expr("block", give))),
    )


@Base.method("release(s::Base.Semaphore)", export=False)
def release(s: Semaphore) -> None:
    """Give a place back."""
    if s.held <= 0:
        raise ErrorException("release count must match acquire count")
    s.held -= 1
    wake(s.waiters, False)


# ---------------------------------------------------------------- Threads

Threads.const("Condition", T.CORE_TYPES["Condition"])
Threads.const("Event", T.CORE_TYPES["Event"])
Threads.const("ReentrantLock", T.CORE_TYPES["ReentrantLock"], export=False)


def constant_function(name: str, value: Any, doc: str, args: str = "") -> None:
    def f(*_: Any) -> Any:
        return value

    f.__doc__ = doc
    Threads.method(f"{name}({args})")(f)


constant_function("nthreads", 1, "How many threads run Julia code: one.", "pool...")
constant_function("threadid", 1, "The number of the current thread.", "task...")
constant_function("maxthreadid", 1, "The greatest number of a thread.")
constant_function("nthreadpools", 1, "How many pools of threads there are.")
constant_function("threadpool", Symbol("default"), "The pool of a thread.", "thread...")
constant_function("threadpoolsize", 1, "How many threads a pool has.", "pool...")
constant_function("ngcthreads", 1, "How many threads collect garbage.")


@Threads.macro("threads")
def threads(context: Any, *args: Any) -> Any:
    """`@threads for …`: the loop runs in a task on the one thread, in order."""
    loop = args[-1]
    if not isinstance(loop, Expr) or loop.head != "for":
        raise ArgumentError("@threads requires a `for` loop expression")
    return Expr("call", QuoteNode(run_loop), Expr("->", Expr("tuple"), Expr("block", loop, None)))


def run_loop(loop: Any) -> None:
    """Run a loop as a task of its own: what it throws comes as Julia's threads give it."""
    task = Task(loop)
    SCHEDULER.schedule(task)
    sync_end([task])


@Threads.macro("spawn")
def spawn(context: Any, *args: Any) -> Any:
    """`Threads.@spawn expr` begins a task, as `@async` does."""
    return spawned(context, args[-1])


Atomic_ = T.sub_family("Base.Threads.Atomic", "T", lambda t: T.Any_, mutable=True)
T.unwrap(Atomic_).typename.fields = ("value",)
T.unwrap(Atomic_).typename.field_types = (T.Any_,)
Threads.const("Atomic", Atomic_)


class Atomic:
    """`Threads.Atomic{T}(x)`"""

    __slots__ = ("eltype", "value")
    fields = ("value",)

    def __init__(self, eltype: Any, value: Any) -> None:
        self.eltype, self.value = eltype, value


T.register_instances(Atomic, lambda a: T.apply_type(Atomic_, a.eltype), Atomic_)


def _atomic(t: Any, *x: Any) -> Atomic:
    eltype = t.parameters[0] if isinstance(t, T.DataType) else T.typeof(x[0])
    return Atomic(
        eltype, Base.bindings["convert"](eltype, x[0]) if x else Base.bindings["zero"](eltype)
    )


support._builtin(
    constructors(Atomic_), T.tuple_type([T.Type_, T.Vararg(T.Any_)]), _atomic, ("args",)
)


@Base.method("getindex(a::Base.Threads.Atomic)")
def atomic_get(a: Atomic) -> Any:
    return a.value


@Base.method("setindex!(a::Base.Threads.Atomic, x)")
def atomic_set(a: Atomic, x: Any) -> Any:
    a.value = Base.bindings["convert"](a.eltype, x)
    return a.value


def atomic(name: str, operator: str) -> None:
    @Threads.method(f"atomic_{name}!(a::Atomic, x)")
    def change(a: Atomic, x: Any) -> Any:
        old = a.value
        a.value = (
            x
            if operator == "xchg"
            else ~(old & x)
            if operator == "nand"
            else Base.bindings[operator](old, x)
        )
        return old

    change.__doc__ = f"""Store what `{operator}` makes of the value and `x`; gives the old value."""


for _name, _operator in (
    ("add", "+"),
    ("sub", "-"),
    ("and", "&"),
    ("or", "|"),
    ("xor", "xor"),
    ("max", "max"),
    ("min", "min"),
    ("xchg", "xchg"),
    ("nand", "nand"),
):
    atomic(_name, _operator)


@Threads.method("atomic_cas!(a::Atomic, expected, new)")
def atomic_cas(a: Atomic, expected: Any, new: Any) -> Any:
    """Store `new` if the value is `expected`; gives the old value."""
    old = a.value
    if Base.bindings["==="](old, expected):
        a.value = new
    return old


@Threads.method("atomic_fence()")
def atomic_fence() -> None:
    """Has no effect: there is one thread."""


@Threads.method("foreach(f, c)")
def threads_foreach(f: Any, c: Any) -> None:
    """Call `f` for each value of a channel."""
    for x in iterate_value(c):
        f(x)
