"""What is done when something ends: finalizers, `atexit`; and the module GC, the collector.

Python would run a finalizer the moment that nothing refers to the object any more.  Julia runs it at
the next collection, or at the end: so here the object is kept until then.
"""

from __future__ import annotations

import gc
from typing import Any
from weakref import WeakKeyDictionary

from juliette.base.reflection import ismutable
from juliette.display.errors import showerror_text
from juliette.display.io import STDERR
from juliette.runtime import types as T
from juliette.runtime.errors import ErrorException, julia_value
from juliette.runtime.interrupts import PATIENCE
from juliette.runtime.modules import SESSION, Base, Module
from juliette.syntax.expr import Expr

GC = Module("GC", Base)
GC.visible = GC.bindings["__builtins__"] = Base.bindings
Base.const("GC", GC)


@GC.method("gc(full::Bool=true)", export=False)
def collect(full: bool = True) -> None:
    """Collect what nothing refers to any more: all of it, or only what is young.

    ```jldoctest
    julia> GC.gc()

    julia> GC.gc(false)
    ```
    """
    gc.collect(2 if full else 0)
    run_pending()


@GC.method("enable(on::Bool)", export=False)
def enable(on: bool) -> bool:
    """Turn collecting on or off; the value says whether it was on.

    ```jldoctest
    julia> before = GC.enable(false);

    julia> GC.enable(before)
    false
    ```
    """
    before = gc.isenabled()
    (gc.enable if on else gc.disable)()
    return before


@GC.method("enable_logging(on::Bool=true)", export=False)
def enable_logging(on: bool = True) -> None:
    """Have each collection reported on standard error, or no longer."""
    gc.set_debug(gc.DEBUG_STATS if on else 0)


@GC.method("logging_enabled()", export=False)
def logging_enabled() -> bool:
    """Are collections reported?

    ```jldoctest
    julia> GC.logging_enabled()
    false
    ```
    """
    return bool(gc.get_debug() & gc.DEBUG_STATS)


@GC.method("safepoint()", export=False)
def safepoint() -> None:
    """A place at which collecting may happen: here that is everywhere."""


@GC.macro("preserve", export=False)
def preserve(context: Any, *arguments: Any) -> Any:
    """`GC.@preserve x… expr`: the value of an expression during which the objects stay alive."""
    return Expr("block", arguments[-1])


# ---------------------------------------------------------------- finalizers

# What is to be called for an object, by its id; and objects that nothing else refers to any more.
_FINALIZERS: dict[int, list[Any]] = {}
_PENDING: list[tuple[Any, list[Any]]] = []
# More would not wait for a collection in Julia either.
_MOST_PENDING = 10_000


def _dying(x: Any, finalizers: Any = _FINALIZERS, pending: Any = _PENDING) -> None:
    """`__del__` of classes whose objects have finalizers: keeps the object until they are run.

    At Python's own end the module is empty already, so it is told what it needs.
    """
    wanted = finalizers.pop(id(x), None) if finalizers else None
    if wanted:
        pending.append((x, wanted))
        if len(pending) > _MOST_PENDING:
            run_pending()


def run_pending() -> None:
    """Run the finalizers of all objects that nothing refers to any more."""
    while _PENDING:
        x, wanted = _PENDING.pop(0)
        _finalize(x, wanted)


def _finalize(x: Any, wanted: list[Any]) -> None:
    """Call the finalizers of an object, the last one first."""
    while wanted:
        _guarded("error in running finalizer: ", wanted.pop(), x)


def _guarded(head: str, f: Any, *args: Any) -> None:
    """Call something for which nobody is there to catch what it throws."""
    try:
        f(*args)
    except Exception as error:
        STDERR.write(f"{head}{showerror_text(julia_value(error))}\n")


@Base.method("finalizer(f, x)")
def finalizer(f: Any, x: Any) -> Any:
    """Have `f(x)` called when nothing refers to the mutable `x` any more, or at the end.

    ```jldoctest
    julia> log = String[]; v = finalizer(x -> push!(log, "gone"), [1, 2]);

    julia> finalize(v); log
    1-element Vector{String}:
     "gone"
    ```
    """
    if not ismutable(x):
        raise ErrorException(f"objects of type {T.type_string(T.typeof(x))} cannot be finalized")
    cls: Any = type(x)
    if not isinstance(x, str):
        if getattr(cls, "__del__", None) is None:
            cls.__del__ = _dying
        _FINALIZERS.setdefault(id(x), []).append(f)
    return x


@Base.method("finalize(x)")
def finalize(x: Any) -> None:
    """Run the finalizers of an object now."""
    _finalize(x, _FINALIZERS.pop(id(x), []))


# ---------------------------------------------------------------- the end of a session

_HOOKS: WeakKeyDictionary[Module, list[Any]] = WeakKeyDictionary()


@Base.method("atexit(f)")
def atexit(f: Any) -> None:
    """Have `f()` called at the end, before the functions that were given earlier."""
    _HOOKS.setdefault(SESSION.main, []).append(f)


@Base.method("exit_on_sigint(on::Bool)", export=False)
def exit_on_sigint(on: bool) -> None:
    """Whether an interrupt ends the program past all its `catch`es, as it does by default where a file is run.

    Otherwise a `catch` takes the InterruptException. Source: manual, "How do I catch CTRL-C in a script?"
    """
    PATIENCE.exits = on


def leave(main: Module, code: int) -> None:
    """What is to be done at the end of a session: the hooks of `atexit`, the last one first; then finalizers."""
    hooks = _HOOKS.pop(main, [])
    while hooks:
        f = hooks.pop()
        args = (code,) if Base.get("applicable")(f, code) else ()
        _guarded("", f, *args)
        hooks += _HOOKS.pop(main, [])
    gc.collect(0)
    run_pending()
    for x in [o for o in gc.get_objects() if id(o) in _FINALIZERS] if _FINALIZERS else ():
        _finalize(x, _FINALIZERS.pop(id(x)))
