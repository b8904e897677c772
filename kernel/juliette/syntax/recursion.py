"""Room on the stack for deeply nested code, and no needless search for garbage meanwhile."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_LIMIT: Final = 12_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let Python functions recurse deep enough for any tree the parser accepts."""
    before = sys.getrecursionlimit()
    # A tree under construction holds no cycles; looking for them, again and again over all that
    # is there, would make long texts take more than linear time.
    collecting = gc.isenabled()
    gc.disable()
    if before < _LIMIT:
        sys.setrecursionlimit(_LIMIT)
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        if before < _LIMIT:
            with suppress(RecursionError):
                sys.setrecursionlimit(before)
