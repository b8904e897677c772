"""How many threads numpy's BLAS uses.

OpenBLAS starts with one for each core.  The products of small and middling networks are faster on
one thread, and many times faster where other programs keep the cores busy, since threads wait for
each other in a loop; so importing the engine asks for one, unless the environment names a number
(`OPENBLAS_NUM_THREADS`, `OMP_NUM_THREADS`).  Where numpy has another BLAS nothing happens.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

NAMED = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


@cache
def _library() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """OpenBLAS's functions that read and set the number, if numpy brought one along."""
    package = Path(np.__file__).parent
    for folder in (package.with_name("numpy.libs"), package / ".dylibs", package / ".libs"):
        for path in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(os.fspath(path))
            except OSError:
                continue
            for form in (
                "scipy_openblas_%s64_",
                "scipy_openblas_%s",
                "openblas_%s64_",
                "openblas_%s",
            ):
                read: Any = getattr(library, form % "get_num_threads", None)
                write: Any = getattr(library, form % "set_num_threads", None)
                if read is not None and write is not None:
                    return read, write
    return None


def count() -> int:
    """The number of threads in use; 1 where it cannot be known."""
    found = _library()
    return 1 if found is None else found[0]()


def limit(n: int) -> None:
    """Use up to `n` threads."""
    found = _library()
    if found is not None:
        found[1](max(1, n))


if not any(os.environ.get(name) for name in NAMED):
    limit(1)
