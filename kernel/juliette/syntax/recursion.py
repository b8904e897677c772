"""Room on the stack for deeply nested code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_LIMIT: Final = 12_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let Python functions recurse deep enough for any tree the parser accepts."""
    before = sys.getrecursionlimit()
    if before < _LIMIT:
        sys.setrecursionlimit(_LIMIT)
    try:
        yield
    finally:
        if before < _LIMIT:
            with suppress(RecursionError):
                sys.setrecursionlimit(before)
