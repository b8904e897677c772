"""The environment of the process: `ENV`, `Sys`, `Libc`, the clock."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.iteration import ITERATORS
from juliette.base.strings.values import text_of
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.errors import KeyError_
from juliette.runtime.modules import Base, Module
from juliette.syntax.expr import Symbol


class EnvDict:
    """`ENV`: the environment's variables as a dictionary."""

    __slots__ = ()


EnvDict_ = T.define("Base.EnvDict", T.apply_type(T.AbstractDict, T.String, T.String))
T.register_class(EnvDict, EnvDict_)
Base.const("EnvDict", EnvDict_, export=False)
Base.const("ENV", EnvDict())


def entries(_: EnvDict) -> Iterator[V.Pair]:
    return iter([V.Pair(k, v) for k, v in os.environ.items()])


ITERATORS[EnvDict] = entries


@Base.method("getindex(e::Base.EnvDict, k::AbstractString)")
def env_get(_: EnvDict, k: Any) -> str:
    name = text_of(k)
    if name not in os.environ:
        raise KeyError_(k)
    return os.environ[name]


@Base.method("get(e::Base.EnvDict, k::AbstractString, default)")
def env_get_or(_: EnvDict, k: Any, default: Any) -> Any:
    return os.environ.get(text_of(k), default)


@Base.method("get(f::Function, e::Base.EnvDict, k::AbstractString)")
def env_get_or_call(f: Any, _: EnvDict, k: Any) -> Any:
    name = text_of(k)
    return os.environ[name] if name in os.environ else f()


@Base.method("setindex!(e::Base.EnvDict, v, k::AbstractString)")
def env_set(e: EnvDict, v: Any, k: Any) -> EnvDict:
    os.environ[text_of(k)] = Base.bindings["string"](v)
    return e


@Base.method("haskey(e::Base.EnvDict, k::AbstractString)")
def env_has(_: EnvDict, k: Any) -> bool:
    return text_of(k) in os.environ


@Base.method("delete!(e::Base.EnvDict, k::AbstractString)")
def env_delete(e: EnvDict, k: Any) -> EnvDict:
    os.environ.pop(text_of(k), None)
    return e


@Base.method("pop!(e::Base.EnvDict, k::AbstractString)")
def env_pop(e: EnvDict, k: Any) -> str:
    value = env_get(e, k)
    del os.environ[text_of(k)]
    return value


@Base.method("pop!(e::Base.EnvDict, k::AbstractString, default)")
def env_pop_or(_: EnvDict, k: Any, default: Any) -> Any:
    return os.environ.pop(text_of(k), default)


@Base.method("length(e::Base.EnvDict)")
def env_length(_: EnvDict) -> int:
    return len(os.environ)


@Base.method("withenv(f::Function, pairs::Pair...)")
def withenv(f: Any, *pairs: V.Pair) -> Any:
    """Call `f` with other values of environment variables; `nothing` takes one away.

    ```jldoctest
    julia> withenv(() -> ENV["COLOUR_OF_TODAY"], "COLOUR_OF_TODAY" => "blue")
    "blue"
    ```
    """
    before = {text_of(p.first): os.environ.get(text_of(p.first)) for p in pairs}

    def put(name: str, value: Any) -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    for p in pairs:
        put(text_of(p.first), None if p.second is None else Base.bindings["string"](p.second))
    try:
        return f()
    finally:
        for name, value in before.items():
            put(name, value)


# ---------------------------------------------------------------- the clock


@Base.method("time()")
def now() -> float:
    """Seconds since 1970."""
    return time.time()


@Base.method("time_ns()")
def time_ns() -> Any:
    """Nanoseconds of a clock that only goes forward."""
    return np.uint64(time.perf_counter_ns())


# ---------------------------------------------------------------- Sys

Sys = Module("Sys", Base)
Libc = Module("Libc", Base)
for _module in (Sys, Libc):
    _module.visible = _module.bindings["__builtins__"] = Base.bindings
    Base.const(_module.name, _module)
_UNAME = os.uname() if hasattr(os, "uname") else None
_KERNEL = {"linux": "Linux", "darwin": "Darwin", "win32": "NT", "emscripten": "Emscripten"}.get(
    sys.platform, sys.platform
)
_MACHINE = _UNAME.machine if _UNAME is not None else "x86_64"
Sys.const("KERNEL", Symbol(_KERNEL))
Sys.const("ARCH", Symbol(_MACHINE))
Sys.const(
    "MACHINE",
    f"{_MACHINE}-{ {'Linux': 'linux-gnu', 'Darwin': 'apple-darwin', 'NT': 'w64-mingw32'}.get(_KERNEL, _KERNEL.lower()) }",
)
Sys.const("WORD_SIZE", 64)
Sys.const("CPU_THREADS", os.cpu_count() or 1)
Sys.const("STDLIB", "", export=False)
Sys.const("BINDIR", str(Path(sys.executable).parent))
Sys.const("CPU_NAME", "generic")
Sys.const("JIT", "Python")


def question(name: str, *kernels: str) -> None:
    """`Sys.islinux()` and its relatives."""

    @Sys.method(f"{name}()")
    def here() -> bool:
        return _KERNEL in kernels

    here.__doc__ = f"Is the system one of these: {', '.join(kernels)}?"

    @Sys.method(f"{name}(os::Symbol)")
    def other(system: Symbol) -> bool:
        return system.name in kernels


question("islinux", "Linux")
question("isapple", "Darwin", "Apple")
question("iswindows", "Windows", "NT")
question("isbsd", "FreeBSD", "OpenBSD", "NetBSD", "DragonFly", "Darwin", "Apple")
question("isfreebsd", "FreeBSD")
question("isopenbsd", "OpenBSD")
question("isnetbsd", "NetBSD")
question("isdragonfly", "DragonFly")
question("isjsvm", "Emscripten")
question(
    "isunix",
    "Linux",
    "Darwin",
    "Apple",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
    "DragonFly",
    "BSD",
    "Emscripten",
)


def _memory(name: str) -> int:
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf(name))
    except (ValueError, OSError, AttributeError):
        return 0


@Sys.method("total_memory()")
def total_memory() -> Any:
    """The memory of the machine, in bytes."""
    return np.uint64(_memory("SC_PHYS_PAGES"))


@Sys.method("free_memory()")
def free_memory() -> Any:
    """The memory that is free, in bytes."""
    return np.uint64(_memory("SC_AVPHYS_PAGES"))


@Sys.method("which(name::AbstractString)")
def which(name: Any) -> Any:
    """The path of a program, or `nothing`."""
    import shutil

    return shutil.which(text_of(name))


@Sys.method("isexecutable(path::AbstractString)")
def isexecutable(path: Any) -> bool:
    """May the file be run?"""
    return os.access(text_of(path), os.X_OK)


@Sys.method("uptime()")
def uptime() -> float:
    """Seconds since the machine was started."""
    return time.monotonic()


@Sys.method("loadavg()")
def loadavg() -> tuple[float, ...]:
    """How busy the machine was in the last 1, 5 and 15 minutes."""
    return os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)


@Base.method("isexecutable(path::AbstractString)", export=False)
def base_isexecutable(path: Any) -> bool:
    return isexecutable(path)


# ---------------------------------------------------------------- Libc


@Libc.method("strftime(format::AbstractString, t)")
def strftime(form: Any, t: Any) -> str:
    """A time as text."""
    return time.strftime(text_of(form), time.localtime(float(t)))


@Libc.method("strftime(t)")
def strftime_default(t: Any) -> str:
    return time.strftime("%c", time.localtime(float(t)))


@Base.method("getpid()")
def getpid() -> int:
    """The number of the process."""
    return os.getpid()


Libc.const("getpid", Base.bindings["getpid"])


@Libc.method("gethostname()")
def libc_gethostname() -> str:
    """The name of the machine."""
    return _UNAME.nodename if _UNAME is not None else "localhost"


Base.method("gethostname()")(libc_gethostname)

# The rest of both modules, which is seldom asked, in files of its own.
from juliette.base import libc as libc  # noqa: E402
from juliette.base import system as system  # noqa: E402
