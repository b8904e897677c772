"""Losses: the engine's for machine numbers, Julia code (`losses.jl`) for all others."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.array_protocol import ArrayLike
from juliette.compiler import imports, support
from juliette.packages import zygote
from juliette.packages.flux.functions import expose
from juliette.packages.flux.inputs import known
from juliette.runtime import types as T
from juliette.runtime import values as V
from juliette.runtime.array import elements
from juliette.runtime.modules import PACKAGES, Base, Module
from juliette_engine import losses, rules

LOSSES = (
    "mse", "mae", "msle", "huber_loss", "crossentropy", "logitcrossentropy", "binarycrossentropy",
    "logitbinarycrossentropy", "kldivergence", "poisson_loss", "hinge_loss", "squared_hinge_loss",
    "dice_coeff_loss", "tversky_loss", "binary_focal_loss", "focal_loss",
    "siamese_contrastive_loss",
)  # fmt: skip
# Those whose keywords have types.
HEADERS = {"siamese_contrastive_loss": "(ŷ, y; margin::Real=1, keywords...)"}
GREEK = {"ϵ": "eps", "ε": "eps", "δ": "delta", "β": "beta", "γ": "gamma"}


def load(module: Module) -> Module:
    """The module `Losses`; its names also belong to Flux itself."""
    inner = Module("Losses", module)
    inner.visible = inner.bindings["__builtins__"] = Base.bindings
    module.const("Losses", inner, export=False)
    two = "(ŷ, y; keywords...)"
    for name in LOSSES:
        header = HEADERS.get(name, two)
        expose(inner, name, getattr(losses, name), header, rename=GREEK, others=others(inner, name))
    expose(inner, "ctc_loss", losses.ctc_loss, two)
    for name, from_two in (("xlogx", False), ("xlogy", True)):
        logarithm(inner, name, from_two)
    expose(
        inner,
        "label_smoothing",
        losses.label_smoothing,
        "(y::Union{AbstractArray,Number}, α::Number; keywords...)",
    )
    for name in (*LOSSES, "ctc_loss", "label_smoothing"):
        module.const(name, inner.bindings[name], export=False)
        inner.exports.add(name)
    return inner


def logarithm(module: Module, name: str, two: bool) -> None:
    """`x * log(x)` or `x * log(y)`, zero where `x` is."""

    def product(x: Any, y: Any) -> Any:
        result = Base.bindings["*"](x, Base.bindings["log"](y))
        zero = Base.bindings["iszero"](x)
        return Base.bindings["ifelse"](zero, Base.bindings["zero"](result), result)

    f = product if two else lambda x: product(x, x)
    f.__doc__ = f"`x * log({'y' if two else 'x'})`, zero where `x` is."
    module.method(f"{name}(x{', y' if two else ''})", transparent=True)(f)
    if two:
        zygote.register_broadcast(module.bindings[name], rules.xlogy)


# ---------------------------------------------------------------- what is no machine number


def beyond(x: Any) -> bool:
    """Is this an array of other values than machine numbers, or another number alone?"""
    if isinstance(x, zygote.Tracer):
        return False
    if isinstance(x, ArrayLike):
        if x.eltype is T.Any_:
            return not all(map(known, elements(np.asarray(x.data))))
        return x.eltype not in T.DTYPE_OF
    return (x is V.MISSING or T.isa(x, T.Number)) and not known(x)


def others(module: Module, name: str) -> Any:
    """The loss for those, or None for these arguments."""

    def find(args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if not any(map(beyond, args)):
            return None
        given = {GREEK.get(k, k): v for k, v in keywords.items()}
        loss = in_julia(module).bindings[name]
        return lambda: Base.bindings["invokelatest"].call_kw(given, loss, *args)

    return find


@cache
def in_julia(module: Module) -> Module:
    """The losses in Julia, compiled when they are first asked for."""
    inner = Module("Others", module)
    imports.bring_all(inner, Base)
    support.install(inner)
    statistics = PACKAGES["Statistics"]
    statistics.load()
    inner.const("mean", statistics.bindings["mean"])
    for name in ("logsoftmax", "logσ"):
        inner.const(name, PACKAGES["NNlib"].bindings[name])
    for name in ("xlogx", "xlogy"):
        inner.const(name, module.bindings[name])
    source = Path(__file__).with_suffix(".jl").read_text("utf-8")
    Base.bindings["include_string"](inner, source, "losses.jl")
    return inner
