"""Flux: layers in Julia (`flux.jl`), activations and initialisers on the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from juliette.base.numbers import KERNELS
from juliette.compiler import support
from juliette.compiler.session import Compiler, literal
from juliette.packages import zygote
from juliette.runtime import types as T
from juliette.runtime.array import make
from juliette.runtime.errors import ErrorException
from juliette.runtime.modules import Base, Module, package
from juliette.syntax import parse_all
from juliette.syntax.expr import Expr, LineNumberNode, QuoteNode
from juliette_engine import rules


def activation(module: Module, name: str, op: Any, *aliases: str) -> None:
    """An activation: scalars and dotted calls, with its derivative."""

    def scalar(x: Any) -> Any:
        out = op(x if not isinstance(x, (int,)) or isinstance(x, bool) else float(x))
        return out.item() if isinstance(out, np.float64) else out

    scalar.__doc__ = f"The activation function {name}."
    module.method(f"{name}(x::Real)")(scalar)
    f = module.bindings[name]
    KERNELS[f] = lambda x: op(x if x.dtype.kind == "f" else x.astype(float))
    zygote.register_broadcast(f, op)
    zygote.RULES[name] = op
    for alias in aliases:
        module.const(alias, f)


def load(module: Module) -> None:
    """Fill the module Flux."""
    z = zygote.ZYGOTE
    z.load()
    module.visible = module.bindings["__builtins__"] = {}
    support.install(module)
    module.visible.update({k: v for k, v in Base.bindings.items() if not k.startswith("__")})
    support.install(module)
    from juliette.base import arrays
    from juliette.base.essentials import getproperty

    module.visible["%getproperty"], module.visible["%getindex"] = getproperty, arrays.getindex
    for name in ("gradient", "withgradient", "pullback", "params", "Params", "Grads"):
        module.const(name, z.bindings[name], export=name not in ("pullback", "Grads", "Params"))
    KERNELS[Base.bindings["identity"]] = lambda x: x
    activation(module, "σ", rules.sigmoid, "sigmoid")
    activation(module, "relu", rules.relu)
    activation(module, "softplus", rules.softplus)
    activation(module, "leakyrelu", rules.leakyrelu)

    for name, op in (("softmax", rules.softmax), ("logsoftmax", rules.logsoftmax)):

        @module.method(f"{name}(x::AbstractArray; dims=1)")
        def _soft(x: Any, *, dims: int = 1, op: Any = op, name: str = name) -> Any:
            """Normalised exponentials along the first dimension."""
            if dims != 1:
                raise ErrorException(f"{name} along dims = {dims} is not supported")
            data = np.asarray(x.data)
            return zygote.to_julia(op(data if data.dtype.kind == "f" else data.astype(float)))

    @module.method("glorot_uniform(out, into)", export=False)
    def glorot_uniform(out: int, into: int) -> Any:
        """`U(±√(6/(in+out)))` as Float32 (Glorot and Bengio, 2010)."""
        from juliette.base.randomness import default_rng

        u = default_rng().fill_float32(out * into).reshape((out, into), order="F")
        scale = np.float32(np.sqrt(np.float32(24.0) / np.float32(into + out)))
        return make(np.asfortranarray((u - np.float32(0.5)) * scale), T.Float32)

    @module.macro("functor", export=False)
    def functor(context: Any, t: Any, *fields: Any) -> Any:
        """`@functor T`: the fields of `T` hold parameters."""
        return Expr("block", Expr("call", QuoteNode(add_functor), t), None)

    module.set("@layer", module.bindings["@functor"], const=True)
    path = Path(__file__).with_name("flux.jl")
    tree, _ = parse_all(path.read_text(encoding="utf-8"), "flux.jl", 1, literal)
    compiler = Compiler(soft_scope=False)
    line = 1
    for item in tree.args:
        if isinstance(item, LineNumberNode):
            line = item.line
            continue
        compiler.run(item, module, "flux.jl", line)
    for name in ("Dense", "Chain"):
        zygote.FUNCTORS.add(module.bindings[name].typename)
    module.exports |= {"Dense", "Chain", "Descent", "params", "gradient", "withgradient"}


def add_functor(t: Any) -> None:
    zygote.FUNCTORS.add(T.unwrap(t).typename)


package("Flux", load)
