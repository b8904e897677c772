"""Modules of the standard library that are not there: each says why when it is asked for."""

from __future__ import annotations

from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Module

REASONS = {
    "Distributed": "code runs in one process here",
    "FileWatching": "files are not watched here",
    "Mmap": "files are not mapped into memory here; `read` and `write` do the same work",
    "Serialization": (
        "values in Julia's serialized form are code as well as data, and are not read here; "
        "save what you need as text, or a model with BSON or JLD2"
    ),
    "SharedArrays": "code runs in one process here",
    "Sockets": "code has no access to the network here",
    "Profile": "there is no profiler here; `@time` and `@elapsed` measure",
}


def load(module: Module) -> None:
    """Refuse, with the reason, now and whenever it is asked for again."""
    module.loader = lambda: load(module)
    raise ArgumentError(
        f"Package {module.name} is not available in Juliette: {REASONS[module.name]}."
    )
