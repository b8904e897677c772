"""Modules of the standard library that are not there: each says why when it is asked for."""

from __future__ import annotations

from juliette.runtime.errors import ArgumentError
from juliette.runtime.modules import Module

_NO_NETWORK = "code has no access to the network here"
_NO_PACKAGES = "packages are bundled, not installed, here"

REASONS = {
    "ArgTools": _NO_NETWORK,
    "Artifacts": _NO_PACKAGES,
    "Distributed": "code runs in one process here",
    "Downloads": _NO_NETWORK,
    "FileWatching": "files are not watched here",
    "LazyArtifacts": _NO_PACKAGES,
    "LibGit2": _NO_PACKAGES,
    "Libdl": "libraries of machine code are not loaded here",
    "NetworkOptions": _NO_NETWORK,
    "REPL": "the prompt is Juliette's own, and cannot be changed by code",
    "Mmap": "files are not mapped into memory here; `read` and `write` do the same work",
    "Serialization": (
        "values in Julia's serialized form are code as well as data, and are not read here; "
        "save what you need as text, or a model with BSON or JLD2"
    ),
    "SharedArrays": "code runs in one process here",
    "Sockets": _NO_NETWORK,
    "SuiteSparse": "SparseArrays solves sparse systems here",
    "Tar": "archives are not read here",
}


def load(module: Module) -> None:
    """Refuse, with the reason, now and whenever it is asked for again."""
    module.loader = lambda: load(module)
    raise ArgumentError(
        f"Package {module.name} is not available in Juliette: {REASONS[module.name]}."
    )
