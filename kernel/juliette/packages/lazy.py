"""Packages whose Python modules are imported only when `using` asks for them."""

from __future__ import annotations

import importlib

from juliette.runtime.modules import PACKAGES, Module, package


def _later(name: str, python: str) -> None:
    def load(module: Module) -> None:
        importlib.import_module(python)
        if name == "ChainRulesCore":  # which Zygote fills
            PACKAGES["Zygote"].load()
        real = PACKAGES[name]
        real.load()
        if real is not module and name != "Flux":  # which of two modules Flux is can change
            PACKAGES[name] = module
        for slot in ("bindings", "visible", "exports", "consts", "implicit", "docs"):
            setattr(module, slot, getattr(real, slot))

    package(name, load)


def announce() -> None:
    """Announce them."""
    _later("Zygote", "juliette.packages.zygote")
    _later("ChainRulesCore", "juliette.packages.zygote")
    _later("ForwardDiff", "juliette.packages.forwarddiff")
    _later("ProgressMeter", "juliette.packages.progressmeter")
    for name in ("CUDA", "cuDNN"):
        _later(name, "juliette.packages.cuda")
    for name in ("Flux", "Functors", "MLUtils", "NNlib", "OneHotArrays", "Optimisers"):
        _later(name, "juliette.packages.flux")
    if "Random" not in PACKAGES:
        _later("Random", "juliette.base.randomness")
    for name in ("BSON", "JLD2"):
        _later(name, "juliette.packages.bson")
