"""How much memory there is: what it cannot hold is refused before it is begun.

numpy refuses an array that is too large at once.  Values gathered one by one would first fill the
memory, so whoever knows how many will come asks here.
"""

from __future__ import annotations

import os
from functools import cache


@cache
def capacity() -> int:
    """The bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        # Not every system tells; none has more than it can address.
        return 1 << 47


def reserve(count: int, size: int = 8) -> None:
    """Refuse `count` values of `size` bytes if they could never be held."""
    if count > 1_000_000 and count * size > capacity():
        raise MemoryError
