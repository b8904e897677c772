"""Dotted calls for types of the users' own, and functions made of them."""

from __future__ import annotations

from typing import Any

from juliette.compiler import support
from juliette.runtime import broadcast as B


def broadcast_function(f: Any) -> Any:
    """`.f` as a value: broadcasts when called."""

    def broadcasting(*args: Any) -> Any:
        return B.materialize(B.broadcasted(f, *args))

    return broadcasting


support.HELPERS["%broadcast_function"] = broadcast_function
support.HELPERS["%andand"] = lambda a, b: a and b
support.HELPERS["%oror"] = lambda a, b: a or b
