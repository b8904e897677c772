"""How layers, losses and their kin become part of a straight-line gradient (see `zygote.straight`).

Layers made of layers are passed through; `Dense` is written as the engine computes it; losses and softmax are the
engine's primitives.  A loss that is made of elementwise operations is run once on nodes that only note what was
done (`noted`), and the notes are written down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.flux import boundary
from juliette.packages.zygote.straight import calls
from juliette.packages.zygote.straight.calls import applied, elementwise, floats, is_array, made, raw_array
from juliette.packages.zygote.straight.flow import Layered, Val
from juliette.packages.zygote.straight.values import Const, Record
from juliette.runtime import values as V
from juliette.runtime.array import wrap
from juliette_engine import layers, losses, rules
from juliette_engine.elementwise import Elementwise
from juliette_engine.functions import criteria
from juliette_engine.functions.affine import IN_PLACE
from juliette_engine.fusion import Call
from juliette_engine.primitives import PRIMITIVES

# ---------------------------------------------------------------- layers


def _chain(walk: Any, f: Record, args: list[Any]) -> Any:
    inner = f.part("layers")
    if len(args) != 1 or type(inner) is not Record:
        return None
    x = args[0]
    value = inner.example
    n = len(value) if type(value) is tuple else len(value.values) if isinstance(value, V.NamedTuple) else 0
    for i in range(n):
        x = walk.call(inner.part(i), [x])
    return x if n else None


def _dense(walk: Any, f: Record, args: list[Any]) -> Any:
    w, bias, σ = f.part("weight"), f.part("bias"), f.part("σ")
    x = args[0]
    if len(args) != 1 or type(σ) is not Const or not is_array(w, 2) or not is_array(x) or x.ndim > 2 or not floats(w, x):
        return None
    if type(bias) is Const and bias.example is False:
        bias = None
    elif not is_array(bias, 1) or not floats(w, bias):
        return None
    op = boundary.engine_function(σ.example)
    known = IN_PLACE.get(op)
    if known is None and not isinstance(op, Elementwise):
        return None
    example = f.example(x.example)
    if known is None:
        y = _product(walk, w, x, None, None, wrap(np.asfortranarray(w.example.data.dot(x.example.data))), None)
        if bias is None:
            return elementwise(walk, op, [y], example)
        return walk.flow.fused(Call(op, (Call(rules.add, (0, 1)),)), [y, bias], example)
    in_place, slope = known
    return _product(walk, w, x, bias, in_place, example, slope)


def _product(walk: Any, w: Val, x: Val, bias: Val | None, in_place: Any, example: Any, slope: Any) -> Val:
    """`σ.(w * x .+ bias)`, in place."""
    flow = walk.flow
    active = w.active or x.active or (bias is not None and bias.active)
    plus = f" + {bias.name}" if bias is not None else ""
    if x.ndim == 1:
        out = made(walk, f"{w.name}.dot({x.name})", example, active)
    else:
        out = made(walk, f"{x.name}.T.dot({w.name}.T)", example, active)
    if plus:
        flow.line(f"{out.name} += {bias.name}", out.name)  # type: ignore[union-attr]
    if x.ndim == 2:
        flow.line(f"{out.name} = {out.name}.T", out.name)
    if in_place is not None:
        flow.line(f"{out.name} = {flow.hold(in_place)}({out.name})", out.name)
    if active:
        flow.region.append(Layered(out, w, x, bias, None if slope is None else flow.hold(slope)))
    return out


calls.LAYERS[layers.Chain] = _chain
calls.LAYERS[layers.Dense] = _dense


# ---------------------------------------------------------------- functions


def _along(primitive: str) -> Any:
    """`softmax` and `logsoftmax`, along the first dimension."""

    def rule(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != 1 or not floats(*args):
            return None
        return applied(walk, PRIMITIVES[primitive], args, ", axes=(0,)", function(args[0].example), pure=True)

    return rule


def _both(walk: Any, args: list[Any]) -> tuple[Val, Val] | None:
    """A prediction and a target of its kind of number and its size; whole numbers and truth values become such."""
    if len(args) != 2 or not floats(args[0]):
        return None
    x, y = args
    try:
        y = calls.as_leaf(walk, y)
    except LookupError:
        return None
    if not y.array or x.example.data.shape != y.example.data.shape:
        return None
    dtype = x.example.data.dtype
    if y.example.data.dtype.kind != "f":
        y = raw_array(walk, f"{y.name}.astype({dtype.char!r})", wrap(np.asfortranarray(y.example.data, dtype=dtype)))
    if y.example.data.dtype != dtype:
        return None
    walk.flow.same_shape([x.name, y.name])
    walk.flow.line(f"if not {x.name}.size: raise Bail")
    return x, y


def _crossentropy(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    if both is None or both[1].active:
        return None
    x, y = both
    static = f", y={y.name}, eps={losses.epsilon(x.example.data)!r}"
    return applied(walk, PRIMITIVES["crossentropy"], [x], static, function(*[a.example for a in args]), pure=True)


def _logit_crossentropy(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    if both is None or both[1].active:
        return None
    x, y = both
    saved = walk.flow.new()
    walk.flow.line(f"{saved} = []", saved)
    return applied(walk, PRIMITIVES["logit_crossentropy"], [x], f", y={y.name}, saved={saved}", function(*[a.example for a in args]))


def _mse(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    return None if both is None else applied(walk, criteria.mean_squares, list(both), "", function(*[a.example for a in args]), pure=True)


RULES: dict[Any, Any] = {
    rules.softmax: _along("softmax"), rules.logsoftmax: _along("logsoftmax"), losses.crossentropy: _crossentropy,
    losses.logitcrossentropy: _logit_crossentropy, losses.mse: _mse,
}


def find(function: Any) -> Any:
    """The rule of a Julia function that an engine function stands for."""
    engine = boundary.engine_function(function)
    if engine is None:
        for f in (rules.softmax, rules.logsoftmax):
            if boundary._JULIA.get(id(f)) is function:
                engine = f
    try:
        return RULES.get(engine)
    except TypeError:
        return None


calls.FINDERS.append(find)

