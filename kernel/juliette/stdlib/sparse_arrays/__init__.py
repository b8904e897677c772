"""SparseArrays: matrices and vectors that store what is not zero.

- `storage`: compressed columns, and what can be done with them, in numpy
- `kinds`: Julia's types
- `making`: `sparse` and its kin
- `parts`: questions, indexing, permutations
- `arithmetic`: sums, products, dotted calls, maps
- `solving`: systems of equations, by SciPy where it is installed
- `factors`: factorizations, with the modules that they come from
- `orders`: orders of columns that keep factors sparse
- `showing`: how they print
"""

from __future__ import annotations

import importlib
from typing import Any


def load(module: Any) -> None:
    """Fill the module."""
    from juliette.runtime.modules import PACKAGES

    PACKAGES["LinearAlgebra"].load()
    for part in ("making", "parts", "arithmetic", "solving", "factors", "showing"):
        importlib.import_module(f"juliette.stdlib.sparse_arrays.{part}")
