"""Names of Flux and its packages that are not there, and say why when they are used."""

from __future__ import annotations

from typing import Any

from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Module

# The names of each package, by what they would need.
ABSENT = {
    "Flux": {
        "numbers in bfloat16": "bf16",
        "Enzyme.jl": "Duplicated Const",
        "several processes with MPI or NCCL": "DistributedUtils",
        "the unreleased Flux": "RotaryEmbedding",
    },
    "Optimisers": {"optimisation in low rank": "Apollo NormGrowthCap"},
    "MLUtils": {
        "the data sets that MLUtils brings": "load_iris Datasets",
        "threads": "eachobsparallel",
    },
}


# Those of them that the packages export.
EXPORTED = frozenset(("Apollo", "NormGrowthCap", "load_iris", "Datasets"))


def load(module: Module, package: str) -> None:
    """Define the absent names of a package."""
    for need, names in ABSENT[package].items():
        for name in names.split():
            refuse(module, name, f"`{package}.{name}` is not available here: it needs {need}")


def refuse(module: Module, name: str, reason: str) -> None:
    """A function that raises an error."""

    @module.method(f"{name}(args...; keywords...)", export=name in EXPORTED)
    def absent(*args: Any, **keywords: Any) -> Any:
        raise ErrorException(reason)

    absent.__doc__ = reason
