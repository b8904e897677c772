"""numpy's BLAS: how many threads it uses, and what its products are good at.

OpenBLAS starts with one thread for each core.  The products of small and middling networks are
faster on one, and many times faster where other programs keep the cores busy, since threads wait
for each other in a loop; so importing the engine asks for one, unless the environment names a
number (`OPENBLAS_NUM_THREADS`, `OMP_NUM_THREADS`).  Where numpy has another BLAS nothing happens.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

NAMED = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
FORMS = ("scipy_openblas_%s64_", "scipy_openblas_%s", "openblas_%s64_", "openblas_%s")

# The processors for which OpenBLAS has products that do not pack their arguments first
# (kernel/x86_64/KERNEL.SKYLAKEX, SGEMM_SMALL_*; Cooperlake and Sapphire Rapids share them).
UNPACKED = {"SkylakeX", "Cooperlake", "SapphireRapids"}


@cache
def _libraries() -> tuple[ctypes.CDLL, ...]:
    """The OpenBLAS that numpy brought along, if it did."""
    package = Path(np.__file__).parent
    found = []
    for folder in (package.with_name("numpy.libs"), package / ".dylibs", package / ".libs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                found.append(ctypes.CDLL(os.fspath(path)))
            except OSError:
                continue
    return tuple(found)


@cache
def _function(name: str, result: Any = ctypes.c_int) -> Any:
    """A function of OpenBLAS by its plain name; None if there is none."""
    for library in _libraries():
        for form in FORMS:
            f = getattr(library, form % name, None)
            if f is not None:
                f.restype = result
                return f
    return None


def count() -> int:
    """The number of threads in use; 1 where it cannot be known."""
    read = _function("get_num_threads")
    return 1 if read is None else int(read())


def limit(n: int) -> None:
    """Use up to `n` threads."""
    write = _function("set_num_threads", None)
    if write is not None:
        write(max(1, n))


@cache
def multiplies_unpacked() -> bool:
    """Whether small products are made without packing their arguments first."""
    name = _function("get_corename", ctypes.c_char_p)
    return name is not None and name().decode() in UNPACKED


if not any(os.environ.get(name) for name in NAMED):
    limit(1)
