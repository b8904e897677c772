"""Zygote: the engine's gradients for Julia values.

- `nodes`: traced arrays and numbers
- `trees`: opening values, and gradients in their shape
- `methods`: how Base's methods run while gradients are traced
- `scalars`: derivatives of methods on numbers
- `arrays`: of methods on whole arrays
- `rearranging`: of methods that pick, arrange and join elements
- `averaging`: of Statistics
- `sequences`: of ranges and set operations
- `shapes`: dimensions as axes
- `linear`: linear algebra among them
- `factored`: factorizations and functions of matrices
- `folding`: reductions by any operation, running ones, functions of slices
- `ordering`: of what orders and searches
- `dotted`: dotted calls as one record
- `parameters`: Params and Grads
- `tracing`: gradients and pullbacks on the tape
- `entry`: gradient, pullback and their like
- `straight`: gradients without a tape, of calls that come again
- `jacobians`: Jacobians and Hessians
- `forward`: forward mode
- `changing`: arrays that change in place in forward mode
- `custom`: rules of the user's own
- `tangents`: ChainRules' kinds of tangents
- `projection`: cotangents brought to the kind of their values
- `chainrules`: the package ChainRulesCore
- `buffer`: arrays that may be changed inside a gradient
- `structured`: wrappers and factorizations around traced arrays
- `errors`: what cannot be differentiated
"""

from __future__ import annotations

from typing import Any

from juliette.packages.zygote import (
    buffer,
    custom,
    entry,
    errors,
    forward,
    linear,
    methods,
    nodes,
    parameters,
    structured,
    trees,
)
from juliette.packages.zygote.arrays import RULES
from juliette.packages.zygote.dotted import register_broadcast
from juliette.packages.zygote.entry import ignored
from juliette.packages.zygote.nodes import (
    complex_data,
    is_complex,
    is_traced,
    plain,
    to_engine,
    to_julia,
)
from juliette.packages.zygote.parameters import FUNCTORS, collect_params
from juliette.packages.zygote.scalars import OPS
from juliette.runtime.modules import Module, package
from juliette_engine.tape import Tracer, primal

__all__ = [
    "FUNCTORS",
    "OPS",
    "RULES",
    "ZYGOTE",
    "Tracer",
    "buffer",
    "collect_params",
    "complex_data",
    "custom",
    "entry",
    "errors",
    "ignored",
    "is_complex",
    "is_traced",
    "linear",
    "methods",
    "nodes",
    "parameters",
    "plain",
    "primal",
    "register_broadcast",
    "structured",
    "to_engine",
    "to_julia",
    "trees",
]


def load(module: Module) -> None:
    """Fill the module Zygote."""
    parameters.define(module)
    entry.load_entries(module)
    forward.load_forward(module)
    custom.load_rules(module)
    buffer.load_buffer(module)


def _run(f: Any, args: tuple[Any, ...], rest: tuple[Any, ...] = ()) -> tuple[Any, Any]:
    """The value of `f(args..., rest...)` and the gradient for `args`; of a tuple the first entry is the loss."""
    return entry.run(f, args, whole=True, rest=rest)


ZYGOTE = package("Zygote", load)
