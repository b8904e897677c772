"""What `Sys` tells of the machine and the process beside its memory: processors, the title, the greatest size."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.environment import Sys, free_memory, total_memory
from juliette.base.strings.values import text_of
from juliette.display.io import IO, STDOUT
from juliette.runtime import types as T
from juliette.runtime.array import vector
from juliette.runtime.modules import Base

_TITLE = ["juliette"]


@Sys.method("total_physical_memory()")
def total_physical_memory() -> Any:
    """The memory of the machine, in bytes; `total_memory` may be less, where the process is limited."""
    return total_memory()


@Sys.method("free_physical_memory()")
def free_physical_memory() -> Any:
    """The memory of the machine that is free, in bytes."""
    return free_memory()


@Sys.method("maxrss()")
def maxrss() -> Any:
    """The most memory that the process has had, in bytes.

    ```jldoctest
    julia> Sys.maxrss() > 1_000_000
    true
    ```
    """
    try:
        import resource
    except ImportError:
        return np.uint64(0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return np.uint64(most if sys.platform == "darwin" else most * 1024)


@Sys.method("get_process_title()")
def get_process_title() -> str:
    """The name under which the process is listed."""
    return _TITLE[0]


@Sys.method("set_process_title(title::AbstractString)")
def set_process_title(title: Any) -> None:
    """Set what `get_process_title` gives; the system's own list keeps its name.

    ```jldoctest
    julia> Sys.set_process_title("training"); Sys.get_process_title()
    "training"
    ```
    """
    _TITLE[0] = text_of(title)


@Sys.method("windows_version()")
def windows_version() -> Any:
    """The version of Windows; `v"0.0.0"` elsewhere."""
    version = sys.getwindowsversion()[:3] if hasattr(sys, "getwindowsversion") else (0, 0, 0)
    return Base.get("VersionNumber")(*version)


class Processor:
    """`Sys.CPUinfo`: one processor, and the time it spent on what."""

    __slots__ = ("model", "speed")
    fields = ("model", "speed")

    def __init__(self, model: str, speed: int) -> None:
        self.model, self.speed = model, speed


CPUinfo = T.define("Base.Sys.CPUinfo", mutable=True)
CPUinfo.typename.fields = Processor.fields
CPUinfo.typename.field_types = (T.String, T.Int32)
T.register_class(Processor, CPUinfo)
Sys.const("CPUinfo", CPUinfo)


def _processors() -> list[Processor]:
    """From Linux's list, if there is one."""
    models: list[str] = []
    speeds: list[int] = []
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                models.append(value.strip())
            elif name.strip() == "cpu MHz":
                speeds.append(int(float(value)))
    except (OSError, ValueError):
        pass
    count = os.cpu_count() or 1
    models = models or ["unknown"] * count
    return [Processor(m, s) for m, s in zip(models, speeds + [0] * len(models), strict=False)]


@Sys.method("cpu_info()")
def cpu_info() -> Any:
    """The processors of the machine."""
    return vector(_processors(), CPUinfo)


@Sys.method("cpu_summary(io::IO=stdout)")
def cpu_summary(io: IO = STDOUT) -> None:
    """Print the processors of the machine, each kind in one line."""
    kinds: dict[str, int] = {}
    for p in _processors():
        kinds[p.model] = kinds.get(p.model, 0) + 1
    for model, count in kinds.items():
        io.write(f"{model}: {count} processor{'s' * (count != 1)}\n")
