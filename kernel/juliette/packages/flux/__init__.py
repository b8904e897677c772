"""Flux: the engine's layers, losses and optimisers under their Julia names.

- `profile`: which era of Flux is spoken
- `boundary`: Julia's values to the engine and back
- `nodes`: Julia values as trees
- `layers`: the engine's layer classes as Julia types
- `constructors`: what the constructors of layers take
- `straight`: layers, losses and their kin in straight-line gradients
- `straight_convolution`: layers of convolution and pooling in them
- `straight_normalising`: dropout and layers that normalise in them
- `inputs`: the element type of inputs
- `containers`: indexing of Chain and the others
- `functions`: activations, initialisers, functions of NNlib
- `losses`: losses, of machine numbers and of others
- `macros`: `@functor`, `@layer`
- `show`: models at the prompt
- `optimise`: rules and trees of states
- `train`: `update!`, `train!` and callbacks
- `utilities`: parameters, states, vectors, precision, modes
- `walks`: walks of Functors, and what walks of one's own are made of
- `sizes`: what comes out of a model, and models that fit what goes in
- `nnlib`: sizes and gradients of convolutions, sampling, windows
- `batched`: lazy transposes of the matrices in a batch
- `scattering`: gather and scatter
- `data`: data sets, their observations, the DataLoader
- `arranging`: arrays stacked, cut, padded, counted
- `resampling`: views, folds, windows, groups, classes of equal size
- `onehot`: one-hot arrays
- `dropping`: dropout and depthwise convolution as functions
- `filling`: NNlib's functions that write over an array
- `internals`: functions inside Flux that layers of one's own are written with
- `absent`: names that say why they are not there
- `devices`: MLDataDevices, where there is only the CPU
"""

from __future__ import annotations

from typing import Any

from juliette.packages import zygote
from juliette.packages.flux.profile import MODULES, PROFILE
from juliette.runtime.modules import PACKAGES, Base, Module, package

LAYERS = (
    "Dense", "Chain", "Maxout", "Parallel", "PairwiseFusion", "SkipConnection", "Embedding", "EmbeddingBag",
    "Dropout", "AlphaDropout", "BatchNorm", "LayerNorm", "InstanceNorm", "GroupNorm", "Conv",
    "ConvTranspose", "CrossCor", "MaxPool", "MeanPool", "AdaptiveMaxPool", "AdaptiveMeanPool",
    "GlobalMaxPool", "GlobalMeanPool", "Upsample", "PixelShuffle", "MultiHeadAttention",
)  # fmt: skip
INTERNAL = ("Scale", "Bilinear", "WeightNorm")


def load_era(modern: bool) -> Any:
    """How the module of one era is filled."""

    def loader(module: Module) -> None:
        before, PROFILE.modern = PROFILE.modern, modern
        try:
            load(module)
        finally:
            PROFILE.modern = before

    return loader


def load(module: Module) -> None:
    """Fill a module Flux."""
    from juliette.packages.flux import (
        absent,
        containers,
        functions,
        internals,
        losses,
        macros,
        show,
        sizes,
        train,
        utilities,
    )  # fmt: skip

    zygote.ZYGOTE.load()
    zygote.entry.RULES.update(
        (
            "juliette.packages.flux.straight",
            "juliette.packages.flux.straight_convolution",
            "juliette.packages.flux.straight_normalising",
        )
    )
    for name in (
        "gradient",
        "withgradient",
        "pullback",
        "Params",
        "Grads",
        "jacobian",
        "withjacobian",
        "hessian",
        "diaghessian",
        "hook",
        "checkpointed",
        "ignore_derivatives",
    ):
        public = name in ("gradient", "withgradient")
        module.const(name, zygote.ZYGOTE.bindings[name], export=public)
    for name in (
        "Zygote",
        "Optimisers",
        "Functors",
        "MLUtils",
        "OneHotArrays",
        "NNlib",
        "MLDataDevices",
    ):
        if name in PACKAGES:
            module.const(
                name,
                PACKAGES[name],
                export=name in ("Zygote", "NNlib")
                or (PROFILE.modern and name in ("Optimisers", "MLDataDevices")),
            )
    nnlib = PACKAGES["NNlib"]
    nnlib.load()
    for name in sorted(nnlib.exports):
        module.const(name, nnlib.bindings[name])
    devices = PACKAGES["MLDataDevices"]
    devices.load()
    from juliette.packages.flux.devices import load_old as load_old_devices

    for name in sorted(devices.exports):
        if PROFILE.modern or name not in ("AbstractDevice", "get_device", "gpu_backend!"):
            module.const(name, devices.bindings[name])
    if not PROFILE.modern:
        load_old_devices(module)
    losses.load(module)
    functions.load_initialisers(module)
    load_data(module)
    load_layers(module)
    containers.load(module)
    load_optimisers(module)
    train.load(module)
    utilities.load_module(module)
    utilities.load_functors(module)
    macros.load_functor(module)
    macros.load_layer(module)
    sizes.load(module)
    internals.load(module)
    absent.load(module, "Flux")
    show.install()


def load_layers(module: Module) -> None:
    """The layer types."""
    import juliette_engine.layers as engine
    from juliette.base.iteration import iterates
    from juliette.packages.flux import containers
    from juliette.packages.flux.layers import expose

    engine.Parallel.before_15 = not PROFILE.modern
    for name in LAYERS + INTERNAL:
        expose(
            module,
            getattr(engine, name),
            export=name in LAYERS or (name == "WeightNorm" and PROFILE.modern),
        )
    iterates(engine.Chain)(containers.iterator)
    load_recurrent(module)
    from juliette.packages.flux.layers import expose_same_pad

    expose_same_pad(module)


def load_data(module: Module) -> None:
    """Batches and one-hot arrays; only `flatten` can be written without `Flux.`, before 0.15."""
    for package_name in ("MLUtils", "OneHotArrays"):
        source = PACKAGES[package_name]
        source.load()
        for name in (*sorted(source.exports), "frequencies"):
            if name in source.bindings:
                module.const(name, source.bindings[name], export=False)
    del module.bindings["flatten"]
    flat = PACKAGES["MLUtils"].bindings["flatten"]

    @module.method("flatten(x)", export=not PROFILE.modern, transparent=True)
    def flatten(x: Any) -> Any:
        """All dimensions but the last in one."""
        return flat(x)

    inner = Module("Data", module)
    inner.visible = inner.bindings["__builtins__"] = Base.bindings
    inner.const("DataLoader", module.bindings["DataLoader"])
    module.const("Data", inner, export=False)


def load_recurrent(module: Module) -> None:
    """RNN and its kin, in the style of the profile."""
    from juliette.packages.flux.layers import adopt_call, expose
    from juliette_engine.layers import recurrent

    if PROFILE.modern:
        for name in ("RNNCell", "LSTMCell", "GRUCell", "GRUv3Cell", "RNN", "LSTM", "GRU", "GRUv3",
                     "Recurrence"):  # fmt: skip
            expose(module, getattr(recurrent, name))
        return
    for name in ("RNN", "LSTM", "GRU", "GRUv3"):
        cell = getattr(recurrent, f"{name}CellStateful")
        expose(module, cell, name=f"{name}Cell", export=False)
    recur = expose(module, recurrent.Recur, export=False)
    for name in ("RNN", "LSTM", "GRU", "GRUv3"):
        adopt_call(module, name, module.bindings[f"{name}Cell"], recur)


def load_optimisers(module: Module) -> None:
    """The rules, of the style of the profile."""
    from juliette.packages.flux import optimise

    new = PACKAGES["Optimisers"]
    new.load()
    for name in ("adjust!", "freeze!", "thaw!", "trainable", "trainables"):
        public = name not in ("adjust!", "freeze!", "thaw!", "trainable")
        module.const(name, new.bindings[name], export=public)
    optimise.load_old(module)
    for name in optimise.RULES:
        if PROFILE.modern or name not in module.bindings:
            module.const(name, new.bindings[name])


def _load_optimisers_package(module: Module) -> None:
    from juliette.packages.flux import optimise

    optimise.load(module)
    from juliette.packages.flux import absent, utilities

    functors = PACKAGES["Functors"]
    functors.load()
    for name in ("fmap", "functor", "isleaf"):
        module.const(name, functors.bindings[name], export=False)
    for name in ("KeyPath", "getkeypath", "haskeypath"):
        module.const(name, functors.bindings[name])
    absent.load(module, "Optimisers")

    @module.method("destructure(model)", transparent=True)
    def destructure(model: Any) -> Any:
        """All parameters in one vector, and a function that builds the model from such a vector."""
        return utilities.destructure(model)


def _load_functors_package(module: Module) -> None:
    from juliette.packages.flux import macros, utilities, walks

    utilities.load_functors(module)
    walks.load(module)
    macros.load_functor(module)
    module.exports |= {"@functor", "@leaf"}


def _load_nnlib(module: Module) -> None:
    from juliette.packages.flux import functions, nnlib

    functions.follow_julia()
    functions.load_activations(module)
    functions.load_nnlib(module)
    nnlib.load(module)


def _load_mlutils(module: Module) -> None:
    from juliette.packages.flux import absent, data, functions

    functions.follow_julia()
    data.load(module)
    absent.load(module, "MLUtils")


def _load_onehot(module: Module) -> None:
    from juliette.packages.flux import onehot

    onehot.load(module)


def _load_devices(module: Module) -> None:
    from juliette.packages.flux import devices

    devices.load(module)


package("MLDataDevices", _load_devices)
package("MLUtils", _load_mlutils)
package("OneHotArrays", _load_onehot)
package("NNlib", _load_nnlib)
package("Optimisers", _load_optimisers_package)
package("Functors", _load_functors_package)
for _modern in (True, False):
    MODULES[_modern] = package("Flux", load_era(_modern))
