"""How layers of convolution and pooling become part of a straight-line gradient (see `straight`).

A layer is two calls of the engine, for its value and its cotangents; how its windows lie is asked
for each time, by the sizes that arrays then have, and remembered by the engine.
"""

from __future__ import annotations

import math
from typing import Any

from juliette.packages.flux import boundary
from juliette.packages.flux.straight import RULES, matched
from juliette.packages.zygote.straight import calls
from juliette.packages.zygote.straight.dots import mapped
from juliette.packages.zygote.straight.items import Line, Val, kin, sample_of
from juliette.packages.zygote.straight.steps import Step
from juliette.packages.zygote.straight.terms import (
    applied,
    elementwise,
    floats,
    is_array,
    is_number,
    text_of,
)
from juliette.packages.zygote.straight.values import Const, Record, Tup
from juliette.runtime.array import wrap
from juliette_engine import layers, rules
from juliette_engine.activations import identity
from juliette_engine.elementwise import Elementwise
from juliette_engine.functions import convolution, convolving, pooling
from juliette_engine.functions.affine import IN_PLACE, QUIET
from juliette_engine.fusion import Call, Fixed
from juliette_engine.layers.conv import AdaptivePool, Pool
from juliette_engine.primitive import PRIMITIVES
from juliette_engine.program import Value

# ---------------------------------------------------------------- convolution


def _convolution(walk: Any, f: Record, args: list[Any]) -> Any:
    """`σ.(conv(x, w) .+ b)`."""
    w, bias, σ = f.part("weight"), f.part("bias"), f.part("σ")
    if len(args) != 1 or not floats(w):
        return None
    x = matched(walk, w, args[0])
    if x is None or not floats(w, x) or x.ndim != w.ndim:
        return None
    if type(bias) is Const and bias.example is False:
        bias = None
    elif not is_array(bias, 1) or not floats(w, bias):
        return None
    op = boundary.engine_function(σ.example)
    known = None if op is None else IN_PLACE.get(op)
    flow = walk.flow
    options = [f.part(k) for k in ("stride", "pad", "dilation", "groups")]
    if type(f.example).host is layers.ConvTranspose:
        options.insert(2, f.part("outpad"))
        g = windows(walk, convolution.transposed_geometry, [x, w], options, ", False")
        y = applied(walk, PRIMITIVES["conv_data"], [x, w], f", g={g}", without(f, x))
        return activated(walk, y, bias, op, σ, f.example(x.example))
    flipped = f", {type(f.example).host.flipped}"
    g = windows(walk, convolution.geometry, [x, w], options, flipped)
    in_place, slope = known or (None, None)
    in_place = QUIET.get(op, in_place)
    name, cols = flow.new(), flow.new()
    act = "None" if in_place is None else flow.hold(in_place)
    shift = "None" if bias is None else bias.name
    line = Line(
        f"{name}, {cols} = {flow.hold(convolving.value)}({act}, {x.name}, {w.name}, {shift}, {g})",
        (name, cols),
    )
    flow.region.append(line)
    active = w.active or x.active or (bias is not None and bias.active)
    example = f.example(x.example) if known is not None else without(f, x, bias)
    out = Val(Value(name, sample_of(example.data), True), example, active)
    if active:
        held = None if slope is None else flow.hold(slope)
        flow.region.append(Convolved(out, (w, x, bias), held, (cols, g), line, act))
    return out if known is not None else activated(walk, out, None, op, σ, f.example(x.example))


def windows(walk: Any, geometry: Any, arrays: list[Val], options: list[Any], last: str = "") -> str:
    """The name of the geometry of windows, found out each time from the sizes of arrays."""
    g = walk.flow.new()
    sizes = ", ".join([f"{a.name}.shape" for a in arrays])
    given = ", ".join([o.name for o in options])
    walk.flow.line(f"{g} = {walk.flow.hold(geometry)}({sizes}, {given}{last})", g)
    return g


def without(f: Record, x: Val, bias: Val | None = None) -> Any:
    """An example of a convolution before its activation, and without bias unless one is given."""
    layer = f.example
    host = type(layer).host
    options = {k: getattr(layer, k) for k in ("stride", "pad", "dilation", "groups")}
    w = layer.weight.data
    if host is layers.ConvTranspose:
        return wrap(convolution.conv_transpose(x.example.data, w, outpad=layer.outpad, **options))
    y = convolution.conv(x.example.data, w, flipped=host.flipped, **options)
    if bias is not None:
        y = y + bias.example.data.reshape((*(1,) * (w.ndim - 2), -1, 1))
    return wrap(y)


def activated(walk: Any, y: Val, bias: Val | None, op: Any, σ: Any, example: Any) -> Any:
    """`σ.(y .+ b)`, for a bias of the channels; `op` is the engine's σ, if it has it."""
    leaves: list[Val] = [y]
    tree: Any = 0
    if bias is not None:
        ahead = (1,) * (y.ndim - 2)
        shaped = wrap(bias.example.data.reshape((*ahead, -1, 1)))
        bias = applied(walk, PRIMITIVES["reshape"], [bias], f", to={(*ahead, -1, 1)!r}", shaped)
        leaves, tree = [y, bias], Call(rules.add, (0, 1))
    if op is not identity and not isinstance(op, Elementwise):
        if bias is not None:
            y = walk.flow.fused(tree, leaves, wrap(y.example.data + bias.example.data))
        return mapped(walk, σ, [y])
    if op is not identity:
        tree = Call(op, (tree, *map(Fixed, getattr(op, "constants", {}).values())))
    return y if tree == 0 else walk.flow.fused(tree, leaves, example)


class Convolved(Step):
    """`σ.(conv(x, w) .+ b)`; `slope` and `act` are names of functions of σ, `line` is where it is computed."""

    __slots__ = ("act", "bias", "cols", "g", "line", "slope", "w", "x")

    def __init__(
        self,
        out: Val,
        args: tuple[Val, Val, Val | None],
        slope: str | None,
        names: tuple[str, str],
        line: Line,
        act: str,
    ) -> None:
        super().__init__(out, [v for v in args if v is not None and v.active])
        self.w, self.x, self.bias = args
        self.cols, self.g = names
        self.slope, self.line, self.act = slope, line, act

    def back(self, b: Any, g: Any) -> None:
        slot = b.full(g, self.out)
        owned = slot is not g.slot or g.owned
        hold, w, x, bias = b.flow.hold, self.w, self.x, self.bias
        if self.slope is not None:
            text = f"{hold(convolving.before_activation)}({self.slope}, {slot.name}, {self.out.name}, {owned})"
            slot = b.flow.array_value(text, slot.sample, b.line)
        if bias is not None and bias.active:
            text = f"{hold(convolving.bias_cotangent)}({slot.name})"
            b.give(bias, b.flow.array_value(text, kin(bias, slot), b.line), owned=True)
        slot = self.before(b, slot)
        if w.active:
            text = (
                f"{hold(convolving.weight_cotangent)}({slot.name}, {self.cols}, {w.name}, {self.g})"
            )
            b.give(w, b.flow.array_value(text, kin(w, slot), b.line), owned=True)
        if x.active:
            text = f"{hold(PRIMITIVES['conv_data'].forward)}({slot.name}, {w.name}, g={self.g})"
            b.give(x, b.flow.array_value(text, kin(x, slot), b.line), owned=True)

    def before(self, b: Any, slot: Value) -> Value:
        """The cotangent of the convolution alone, without its bias."""
        return slot


class PooledConvolution(Convolved):
    """The largest of windows of a convolution: taken first, since σ never falls."""

    __slots__ = ("pool", "top", "z")
    pool: str
    top: str
    z: str

    def before(self, b: Any, slot: Value) -> Value:
        text = f"{b.flow.hold(convolving.before_pool)}({slot.name}, ({self.z}, {self.top}), {self.pool})"
        return b.flow.array_value(text, slot.sample, b.line)


for _layer in (layers.Conv, layers.CrossCor, layers.ConvTranspose):
    calls.LAYERS[_layer] = _convolution

# ---------------------------------------------------------------- pooling


def _pooled(walk: Any, f: Record, args: list[Any]) -> Any:
    """The largest or the mean of each window."""
    if len(args) != 1 or not floats(*args):
        return None
    (x,) = args
    host = type(f.example).host
    if x.ndim < 3 or (issubclass(host, Pool) and x.ndim != len(f.example.k) + 2):
        return None
    largest = host.pool is pooling.maxpool
    example = f.example(x.example)
    before = walk.flow.region[-1] if largest and walk.flow.region else None
    if type(before) is Convolved and before.out is x and not any(getattr(f.example, "pad", ())):
        if issubclass(host, Pool):
            walk.flow.line(f"if any({f.part('pad').name}): raise Bail")
        return _pooled_convolution(walk, before, example, lambda z: _pool_windows(walk, f, z)[1])
    return _windowed(walk, x, largest, *_pool_windows(walk, f, x.name), example)


def _windowed(walk: Any, x: Val, largest: bool, kernel: str, g: str, example: Any) -> Val:
    """The largest or the mean of windows."""
    if largest:
        return applied(walk, PRIMITIVES["maxpool"], [x], f", g={g}", example)
    flow = walk.flow
    count = Val(Value(flow.new("n"), 1, False), 1, False)
    flow.line(f"{count.name} = {flow.hold(math.prod)}({kernel})", count.name)
    s = applied(walk, PRIMITIVES["sumpool"], [x], f", g={g}", example)
    return elementwise(walk, rules.div, [s, count], example)


def _pool_windows(walk: Any, f: Record, x: str) -> tuple[str, str]:
    """The names of the kernel and of the geometry of a layer's windows over an array."""
    flow = walk.flow
    host = type(f.example).host
    g = flow.new()
    if issubclass(host, Pool):
        kernel = f.part("k").name
        rest = f"{f.part('stride').name}, {f.part('pad').name}"
    else:
        kernel, rest = flow.new(), "None"
        if issubclass(host, AdaptivePool):
            rest = flow.new()
            adaptive = f"{flow.hold(pooling.adaptive)}({x}.shape[:-2], {f.part('out').name})"
            flow.line(f"{kernel}, {rest} = {adaptive}", kernel, rest)
        else:
            flow.line(f"{kernel} = {x}.shape[:-2]", kernel)
    flow.line(f"{g} = {flow.hold(pooling.geometry)}({x}.shape, {kernel}, {rest})", g)
    return kernel, g


def _pooling(largest: bool) -> Any:
    """`maxpool(x, k; pad, stride)` and `meanpool`."""

    def rule(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) != 2 or not floats(args[0]) or set(kwargs) - {"pad", "stride"}:
            return None
        x, k = args
        sizes = [k, *kwargs.values()]
        if not all(is_sizes(s) for s in sizes) or len(k.example) != x.ndim - 2:
            return None
        flow = walk.flow
        example = function.call_kw({n: v.example for n, v in kwargs.items()}, x.example, k.example)
        kernel = flow.new()
        flow.line(f"{kernel} = {text_of(walk, k)}", kernel)
        given = [
            text_of(walk, kwargs[n]) if n in kwargs else default
            for n, default in (("stride", "None"), ("pad", "0"))
        ]

        def windows(z: str) -> str:
            g = flow.new()
            text = f"{flow.hold(pooling.geometry)}({z}.shape, {kernel}, {', '.join(given)})"
            flow.line(f"{g} = {text}", g)
            return g

        if largest and "pad" not in kwargs and len(flow.region) > 1:
            before = flow.region[-2]  # ahead of the kernel
            if type(before) is Convolved and before.out is x:
                return _pooled_convolution(walk, before, example, windows)
        return _windowed(walk, x, largest, kernel, windows(x.name), example)

    return rule


def is_sizes(x: Any) -> bool:
    """A whole number, or a tuple of them."""
    if type(x) is Tup:
        return x.names is None and all(map(is_sizes, x.items))
    if type(x) is Record:
        return type(x.example) is tuple and all(type(n) is int for n in x.example)
    return is_number(x) and type(x.example) is int and not x.active


RULES[pooling.maxpool], RULES[pooling.meanpool] = _pooling(True), _pooling(False)


def _pooled_convolution(walk: Any, before: Convolved, example: Any, windows: Any) -> Val:
    """The largest of windows of the convolution that has just been written, which then is computed bare."""
    flow, y = walk.flow, before.out
    z, top, name = flow.new(), flow.new(), flow.new()
    w, x, bias = before.w, before.x, before.bias
    finished = flow.hold(convolving.finished)
    shift = "None" if bias is None else bias.name
    line = before.line
    line.text = f"{z}, {before.cols} = {flow.hold(convolving.value)}(None, {x.name}, {w.name}, None, {before.g})"
    line.outs = (z, before.cols)
    # its own value, if something else needs it
    whole = f"{y.name} = {finished}({before.act}, {z}.copy(order='K'), {shift})"
    flow.region.insert(flow.region.index(before), Line(whole, (y.name,), pure=True))
    pool = windows(z)
    flow.line(f"{top} = {flow.hold(PRIMITIVES['maxpool'].forward)}({z}, g={pool})", top)
    flow.line(f"{name} = {finished}({before.act}, {top}.copy(order='K'), {shift})", name)
    out = Val(Value(name, sample_of(example.data), True), example, True)
    names = (before.cols, before.g)
    step = PooledConvolution(out, (w, x, bias), before.slope, names, line, before.act)
    step.z, step.top, step.pool = z, top, pool
    flow.region.append(step)
    return out


for _pool in (
    layers.MaxPool,
    layers.MeanPool,
    layers.AdaptiveMaxPool,
    layers.AdaptiveMeanPool,
    layers.GlobalMaxPool,
    layers.GlobalMeanPool,
):
    calls.LAYERS[_pool] = _pooled

# ---------------------------------------------------------------- shapes


def _flattened(walk: Any, function: Any, args: list[Any]) -> Any:
    """`Flux.flatten(x)`: all dimensions but the last in one."""
    if getattr(function.module, "name", "") not in ("Flux", "MLUtils"):
        return None
    if len(args) != 1 or not floats(*args) or args[0].ndim < 2:
        return None
    (x,) = args
    to = walk.flow.new()
    size = f"({walk.flow.hold(math.prod)}({x.name}.shape[:-1]), {x.name}.shape[-1])"
    walk.flow.line(f"{to} = {size}", to)
    return applied(walk, PRIMITIVES["reshape"], [x], f", to={to}", function(x.example))


calls.NAMED["flatten"] = _flattened
