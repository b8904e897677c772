"""How deep Julia code may recurse: Python's limit, and room on the stack for it.

A call of compiled code from compiled code takes no room on the machine's stack, but one that goes
through C code (a builtin that calls back, a sort, a broadcast) does.  The limit is what the deepest
recursion of that kind survives; beyond it Python raises what becomes a StackOverflowError.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Frames, and bytes of stack for them: less than 0.8 KB a frame were measured where C code calls back.
DEEP, ROOM = 60_000, 112 * 2**20
SHALLOW = 5_000

_roomy: bool | None = None


def _make_room() -> bool:
    """Let the stack of the main thread grow; possible where the system asks for the limit only then."""
    if sys.platform != "linux":
        return False
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft >= ROOM:
        return True
    if hard != resource.RLIM_INFINITY and hard < ROOM:
        return False
    try:
        resource.setrlimit(resource.RLIMIT_STACK, (ROOM, hard))
    except (OSError, ValueError):
        return False
    return True


def _main_thread() -> bool:
    """On Linux a process has the number of its first thread."""
    import _thread
    import os

    return sys.platform == "linux" and _thread.get_native_id() == os.getpid()


@contextmanager
def room() -> Iterator[None]:
    """Run Julia code with as deep a recursion as this thread's stack allows."""
    global _roomy
    if _roomy is None:
        _roomy = _make_room()
    before = sys.getrecursionlimit()
    limit = DEEP if _roomy and _main_thread() else SHALLOW
    if before < limit:
        sys.setrecursionlimit(limit)
    try:
        yield
    finally:
        if before < limit:
            with suppress(RecursionError):
                sys.setrecursionlimit(before)
