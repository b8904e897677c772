"""How dropout and layers that normalise become part of a straight-line gradient (see `straight`).

Statistics that a layer tracks move at the end of the program, when nothing can leave it any more.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juliette.packages.flux import boundary
from juliette.packages.flux.straight import noted
from juliette.packages.zygote.straight import calls
from juliette.packages.zygote.straight.items import Line, Val
from juliette.packages.zygote.straight.terms import (
    applied,
    elementwise,
    floats,
    is_array,
    is_number,
    made,
)
from juliette.packages.zygote.straight.values import (
    CHANGING,
    WITHOUT_PARAMETERS,
    Const,
    Record,
)
from juliette.runtime import values as V
from juliette.runtime.array import wrap
from juliette_engine import layers, rules
from juliette_engine.activations import identity
from juliette_engine.elementwise import Elementwise
from juliette_engine.functions import dropping
from juliette_engine.fusion import Call, Fixed
from juliette_engine.layers import normalise as normalising
from juliette_engine.primitive import PRIMITIVES
from juliette_engine.program import Value


def _dropout(walk: Any, f: Record, args: list[Any]) -> Any:
    p, dims, active, rng = [f.part(k) for k in ("p", "dims", "active", "rng")]
    if (
        len(args) != 1
        or not all(type(k) is Const for k in (dims, active, rng))
        or rng.example is not None
    ):
        return None
    if active.example is False:
        return args[0]
    x = args[0]
    if (
        active.example not in (None, True)
        or not isinstance(dims.example, V.ColonType)
        or not floats(x)
        or not is_number(p)
    ):
        return None
    flow = walk.flow
    flow.line(f"if not {p.name}: raise Bail")
    flow.draws = True
    with calls.unchanged_randomness():
        data = dropping.dropout_mask(x.example.data.shape, x.example.data.dtype, p.example)
    mask = made(
        walk,
        f"{flow.hold(dropping.dropout_mask)}({x.name}.shape, {x.name}.dtype, {p.name})",
        wrap(data),
        False,
    )
    return elementwise(walk, rules.mul, [x, mask], wrap(np.asfortranarray(x.example.data * data)))


def _layer_norm(walk: Any, f: Record, args: list[Any]) -> Any:
    affine, diag, ϵ = f.part("affine"), f.part("diag"), f.part("ϵ")
    if (
        len(args) != 1
        or not floats(args[0])
        or len(f.example.size) != 1
        or affine.example is not True
        or type(diag) is not Record
    ):
        return None
    x, scale, bias, σ = args[0], *[diag.part(k) for k in ("scale", "bias", "σ")]
    op = boundary.engine_function(σ.example) if type(σ) is Const else None
    if (
        not is_array(scale, 1)
        or not is_array(bias, 1)
        or not floats(x, scale, bias)
        or not is_number(ϵ)
        or x.ndim > 2
    ):
        return None
    flow = walk.flow
    n, version = len(x.example.data), normalising._denominator
    flow.looks(f"{x.name}.shape[0] != {n} or {scale.name}.size != {n}")
    flow.line(
        f"if {ϵ.name} != {float(ϵ.example)!r} or {flow.hold(version)}[0] != {version[0]!r}: raise Bail"
    )
    u = noted(walk, lambda x: normalising.normalise(x, (0,), float(ϵ.example)), [x])
    y = Call(rules.add, (Call(rules.mul, (0, 1)), 2))
    if op is not identity:
        if not isinstance(op, Elementwise):
            return None
        y = Call(op, (y, *map(Fixed, getattr(op, "constants", {}).values())))
    return flow.fused(y, [scale, u, bias], f.example(x.example))


ONE, ZERO = [Val(Value(text, 1.0, False), float(text), False) for text in ("1.0", "0.0")]


def _batch_norm(walk: Any, f: Record, args: list[Any]) -> Any:
    """`BatchNorm`, `InstanceNorm` and `GroupNorm` in training."""
    names = ("λ", "β", "γ", "μ", "σ²", "ϵ", "momentum", "affine", "track_stats", "active", "chs")
    σ, β, γ, μ, variance, ϵ, momentum, affine, tracks, active, channels = map(f.part, names)
    if len(args) != 1 or not floats(*args) or args[0].ndim < 2 or type(σ) is not Const:
        return None
    if not all(type(k) is Const for k in (affine, tracks, active)):
        return None
    if active.example not in (None, True):
        return None
    x = given = args[0]
    host = type(f.example).host
    op = boundary.engine_function(σ.example)
    if not affine.example:
        β, γ = ZERO, ONE
    elif not floats(x, γ, β):
        return None
    if op is not identity and not isinstance(op, Elementwise):
        return None
    flow = walk.flow
    if tracks.example and (
        host is not layers.BatchNorm  # in a branch or a loop they would not move each time alike
        or flow.region is not flow.main
        or not floats(μ)
        or not floats(variance)
    ):
        return None
    flow.line(f"if {x.name}.shape[-2] != {channels.name} or not {x.name}.size: raise Bail")
    last = f"{channels.name}, 1"
    shape = [given.example.data.shape[-2], 1]
    if host is layers.GroupNorm:
        x, last, shape = _split(walk, x, f.part("G"), channels)
    n = x.ndim
    axes: tuple[int, ...] = (*range(n - 2), *(() if host is not layers.BatchNorm else (n - 1,)))
    if not axes:
        return None
    ahead = n - len(shape)
    view = f"({'1, ' * ahead}{last})"
    kept = flow.new()
    flow.line(f"{kept} = {{}}", kept)
    static = f", axes={axes}, view={view}, eps=float({ϵ.name}), kept={kept}"
    primitive = PRIMITIVES["standardise"]
    scales = (
        [getattr(v.example, "data", v.example) for v in (γ, β)] if affine.example else [1.0, 0.0]
    )
    sizes = (*(1,) * ahead, *shape)
    example = primitive.forward(
        x.example.data, *scales, axes=axes, view=sizes, eps=float(ϵ.example), kept={}
    )
    y = applied(walk, primitive, [x, γ, β], static, wrap(example))
    if tracks.example:
        count = f"{flow.hold(math.prod)}([{', '.join([f'{x.name}.shape[{i}]' for i in axes])}])"
        found = f"{kept}['μ'].reshape(-1), {kept}['variance'].reshape(-1)"
        moved = f"{μ.name}, {variance.name}, {momentum.name}, {found}, {count}"
        flow.effects.append(Line(f"{flow.hold(normalising.follow)}({moved})"))
    if x is not given:
        example = example.reshape(given.example.data.shape, order="F")
        y = applied(walk, PRIMITIVES["reshape"], [y], f", to={given.name}.shape", wrap(example))
    if op is identity:
        return y
    tree = Call(op, (0, *map(Fixed, getattr(op, "constants", {}).values())))
    return flow.fused(tree, [y], wrap(op(example)))


def _split(walk: Any, x: Val, groups: Any, channels: Any) -> tuple[Val, str, list[int]]:
    """An array whose channels lie in groups, and the shape of their scales, as text and by example."""
    data = x.example.data
    *space, n, batch = data.shape
    count = groups.example
    each = f"{channels.name} // {groups.name}"
    to = f"(*{x.name}.shape[:-2], {each}, {groups.name}, {x.name}.shape[-1])"
    example = wrap(data.reshape((*space, n // count, count, batch), order="F"))
    split = applied(walk, PRIMITIVES["reshape"], [x], f", to={to}", example)
    return split, f"{each}, {groups.name}, 1", [n // count, count, 1]


calls.LAYERS[layers.LayerNorm] = _layer_norm
calls.LAYERS[layers.Dropout] = _dropout
for _layer in (layers.BatchNorm, layers.InstanceNorm, layers.GroupNorm):
    calls.LAYERS[_layer] = _batch_norm
    CHANGING.add(_layer)
WITHOUT_PARAMETERS.add(layers.Dropout)
