"""How layers, losses and their kin become part of a straight-line gradient (see `zygote.straight`).

Layers made of layers are passed through; `Dense` is written as the engine computes it; losses and softmax are the
engine's primitives.  A loss that is made of elementwise operations is run once on nodes that only note what was
done (`noted`), and the notes are written down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.flux import boundary
from juliette.packages.flux.profile import PROFILE
from juliette.packages.zygote.straight import calls
from juliette.packages.zygote.straight.arrays import mean
from juliette.packages.zygote.straight.dots import mapped
from juliette.packages.zygote.straight.items import Refuse, Val
from juliette.packages.zygote.straight.iteration import known_items
from juliette.packages.zygote.straight.steps import Layered
from juliette.packages.zygote.straight.terms import (
    applied,
    as_leaf,
    elementwise,
    floats,
    is_array,
    made,
    raw_array,
)
from juliette.packages.zygote.straight.values import (
    Const,
    Record,
    Tup,
)
from juliette.runtime import values as V
from juliette.runtime.array import Array, wrap
from juliette_engine import layers, losses, rules
from juliette_engine import tape as tapes
from juliette_engine.elementwise import Elementwise
from juliette_engine.functions import criteria
from juliette_engine.functions.affine import IN_PLACE, QUIET
from juliette_engine.fusion import Call, Fixed
from juliette_engine.numeric import UNPACKED
from juliette_engine.primitive import PRIMITIVES, Primitive
from juliette_engine.tape import LEVELS

# ---------------------------------------------------------------- layers


def _chain(walk: Any, f: Record, args: list[Any]) -> Any:
    inner = f.part("layers")
    if len(args) != 1 or type(inner) is not Record:
        return None
    x = args[0]
    parts = _parts(inner)
    for part in parts:
        x = walk.call(part, [x])
    return x if parts else None


def _parts(layers: Record) -> list[Any]:
    """Layers in a tuple, a named tuple or a vector."""
    value = layers.example
    if isinstance(value, V.NamedTuple):
        return [layers.part(i) for i in range(len(value.values))]
    return list(known_items(layers) or ())


def _parallel(walk: Any, f: Record, args: list[Any]) -> Any:
    """Each layer with an input of its own, or all with the only one; then the connection."""
    inner = f.part("layers")
    parts = _parts(inner) if type(inner) is Record else []
    if len(args) == 1 and type(args[0]) is Tup and args[0].names is None:
        args = args[0].items
    if not parts or not args or (len(args) > 1 and len(args) != len(parts)):
        return None
    if len(args) == 1:
        args = args * len(parts)
    if any(type(a) is Record and type(a.example) is tuple for a in args):
        return None  # inputs in a tuple from outside
    values = [walk.call(part, [x]) for part, x in zip(parts, args, strict=True)]
    return walk.call(f.part("connection"), values)


def _skip(walk: Any, f: Record, args: list[Any]) -> Any:
    return (
        walk.call(f.part("connection"), [walk.call(f.part("layers"), args), *args])
        if len(args) == 1
        else None
    )


def _dense(walk: Any, f: Record, args: list[Any]) -> Any:
    w, bias, σ = f.part("weight"), f.part("bias"), f.part("σ")
    if len(args) != 1 or not is_array(w, 2) or not floats(w):
        return None
    x = matched(walk, w, args[0])
    if x is None or x.ndim > 2:
        return None
    if type(bias) is Const and bias.example is False:
        bias = None
    elif not is_array(bias, 1) or not floats(w, bias):
        return None
    op = boundary.engine_function(σ.example)
    known = None if op is None else IN_PLACE.get(op)
    if known is None and not isinstance(op, Elementwise):
        data = w.example.data.dot(x.example.data)
        if bias is not None:
            data = (data.T + bias.example.data).T
        y = _product(walk, w, x, bias, None, wrap(np.asfortranarray(data)), None)
        return mapped(walk, σ, [y])
    example = f.example(x.example)
    if known is None:
        y = _product(
            walk,
            w,
            x,
            None,
            None,
            wrap(np.asfortranarray(w.example.data.dot(x.example.data))),
            None,
        )
        usual = tuple(map(Fixed, getattr(op, "constants", {}).values()))
        inner = 0 if bias is None else Call(rules.add, (0, 1))
        return walk.flow.fused(
            Call(op, (inner, *usual)), [y] if bias is None else [y, bias], example
        )
    in_place, slope = known
    return _product(walk, w, x, bias, QUIET.get(op, in_place), example, slope)


def matched(walk: Any, w: Val, x: Any) -> Val | None:
    """The input of a layer in the element type that the profile wants (see `inputs.matched`)."""
    if not is_array(x):
        return None
    have, want = x.example.data.dtype, w.example.data.dtype
    if have == want:
        return x
    if have.kind != "f":
        return (
            None
            if x.active
            else raw_array(
                walk,
                f"{x.name}.astype({want.char!r})",
                wrap(np.asfortranarray(x.example.data, dtype=want)),
            )
        )
    if PROFILE.modern or have.itemsize < want.itemsize:
        return None
    walk.flow.line(f"if {walk.flow.hold(PROFILE)}.modern: raise Bail")
    return x


def _product(
    walk: Any, w: Val, x: Val, bias: Val | None, in_place: Any, example: Any, slope: Any
) -> Val:
    """`σ.(w * x .+ bias)`, in place."""
    flow = walk.flow
    active = w.active or x.active or (bias is not None and bias.active)
    batch = x.example.data.shape[1] if x.ndim == 2 else 1
    large = x.ndim == 2 and (
        w.example.data.size * batch > UNPACKED
        or max(w.example.data.size, w.example.data.shape[0] * batch) >= 8192
    )
    if x.ndim == 1:
        out = made(walk, f"{w.name}.dot({x.name})", example, active)
    else:
        out = made(
            walk,
            f"product({x.name}.T, {w.name}.T)" if large else f"{x.name}.T.dot({w.name}.T)",
            example,
            active,
        )
    if bias is not None:
        flow.line(f"{out.name} += {bias.name}", out.name)
    if x.ndim == 2:
        flow.line(f"{out.name} = {out.name}.T", out.name)
    if in_place is not None:
        flow.line(f"{out.name} = {flow.hold(in_place)}({out.name})", out.name)
    if active:
        flow.region.append(
            Layered(out, w, x, bias, None if slope is None else flow.hold(slope), large)
        )
    return out


def _embedding(walk: Any, f: Record, args: list[Any]) -> Any:
    w, numbers = f.part("weight"), args[0]
    if (
        len(args) != 1
        or not is_array(w, 2)
        or not floats(w)
        or not is_array(numbers, 1)
        or numbers.example.data.dtype.kind != "i"
    ):
        return None
    flow = walk.flow
    places, index = flow.new(), flow.new()
    flow.line(f"{places} = {numbers.name} - 1", places)
    flow.line(
        f"if not {places}.size or {places}.min() < 0 or {places}.max() >= {w.name}.shape[1]: raise Bail"
    )
    flow.line(f"{index} = (slice(None), {places})", index)
    return applied(walk, PRIMITIVES["getitem"], [w], f", index={index}", f.example(numbers.example))


calls.LAYERS[layers.Embedding] = _embedding
calls.LAYERS[layers.Chain] = _chain
calls.LAYERS[layers.Dense] = _dense
calls.LAYERS[layers.SkipConnection] = _skip
calls.LAYERS[layers.Parallel] = _parallel


# ---------------------------------------------------------------- parameters


def _params(walk: Any, function: Any, args: list[Any]) -> Any:
    """`Flux.params(m)`: the arrays, found again where the model has them."""
    if getattr(function.module, "name", "") not in ("Flux", "Zygote") or PROFILE.modern:
        return None
    wanted = function(*[a.example for a in args]).items
    found: dict[int, Val] = {}

    def visit(x: Any) -> None:
        if type(x) is Val and id(x.example) in wanted:
            if found.setdefault(id(x.example), x) is not x:
                raise Refuse("an array that a model has twice")
        elif type(x) is Tup:
            for item in x.items:
                visit(item)
        elif type(x) is Record:
            value = x.example
            known = (
                isinstance(value, V.NamedTuple) or type(value) is tuple or isinstance(value, Array)
            )
            for key in (
                range(
                    len(
                        value.data
                        if isinstance(value, Array)
                        else value.values
                        if isinstance(value, V.NamedTuple)
                        else value
                    )
                )
                if known
                else value.fields
            ):
                visit(x.part(key))

    for a in args:
        visit(a)
    if found.keys() != wanted.keys() or not found or any(x.julia is None for x in found.values()):
        return None
    arrays = [found[k] for k in wanted]
    walk.flow.line(
        f"if len({{{', '.join([f'id({x.julia})' for x in arrays])}}}) != {len(arrays)}: raise Bail"
    )
    return Tup(arrays)


calls.NAMED["params"] = _params

# ---------------------------------------------------------------- functions


def _along(primitive: str) -> Any:
    """`softmax` and `logsoftmax`, along the first dimension."""

    def rule(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs or len(args) != 1 or not floats(*args):
            return None
        return applied(
            walk, PRIMITIVES[primitive], args, ", axes=(0,)", function(args[0].example), pure=True
        )

    return rule


def _both(walk: Any, args: list[Any]) -> tuple[Val, Val] | None:
    """A prediction and a target of its size; whole numbers and truth values take its kind of number."""
    if len(args) != 2 or not floats(args[0]):
        return None
    x, y = args
    try:
        y = as_leaf(walk, y)
    except LookupError:
        return None
    if not y.array or x.example.data.shape != y.example.data.shape:
        return None
    dtype = x.example.data.dtype
    if y.example.data.dtype.kind != "f":
        y = raw_array(
            walk,
            f"{y.name}.astype({dtype.char!r})",
            wrap(np.asfortranarray(y.example.data, dtype=dtype)),
        )
    walk.flow.same_shape([x.name, y.name])
    walk.flow.line(f"if not {x.name}.size: raise Bail")
    return x, y


def larger(a: Val, b: Val) -> bool:
    """Are the numbers of an array larger than those of another?"""
    return a.example.data.dtype.itemsize > b.example.data.dtype.itemsize


def _crossentropy(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    if both is None or both[1].active or larger(both[1], both[0]):
        return None
    x, y = both
    static = f", y={y.name}, eps={losses.epsilon(x.example.data)!r}"
    return applied(
        walk,
        PRIMITIVES["crossentropy"],
        [x],
        static,
        function(*[a.example for a in args]),
        pure=True,
    )


def _logit_crossentropy(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    if both is None or both[1].active or larger(both[1], both[0]):
        return None
    x, y = both
    saved = walk.flow.new()
    walk.flow.line(f"{saved} = []", saved)
    return applied(
        walk,
        PRIMITIVES["logit_crossentropy"],
        [x],
        f", y={y.name}, saved={saved}",
        function(*[a.example for a in args]),
    )


def _mse(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    both = None if kwargs else _both(walk, args)
    return (
        None
        if both is None or not floats(*both)
        else applied(
            walk,
            criteria.mean_squares,
            list(both),
            "",
            function(*[a.example for a in args]),
            pure=True,
        )
    )


class Notes(tapes.Tape):
    """A tape on which every operation leaves its name and its arguments, as between several levels."""

    __slots__ = ()

    def node(self, v: Any) -> Any:
        """A node that counts as nested, so that nothing is fused."""
        out = super().node(v)
        cls = tapes.NestedArrayTracer if type(v) is np.ndarray else tapes.NESTED[type(out)]
        nested = tapes.new(cls)
        nested.data = nested.below = out.data
        nested.grad = None
        nested.tape = self
        return nested


def noted(walk: Any, f: Any, xs: list[Val]) -> Val:
    """The array that an engine function of arrays gives, from notes of what it does to them.

    It may look at nothing but the kinds of its arguments: arrays that it makes itself are refused.
    """
    tape = LEVELS.open(Notes)
    try:
        nodes = [tape.node(x.example.data) for x in xs]
        y = f(*nodes)
    finally:
        LEVELS.close()
    values: dict[int, Val] = {id(n): x for n, x in zip(nodes, xs, strict=True)}
    for _, out, op, kept in tape:
        args, _, value = kept[:3]
        static = kept[3] if len(kept) > 3 else {}
        parts: list[Any] = [values.get(id(a)) or _constant(a) for a in args]
        example = wrap(np.asfortranarray(value))
        if isinstance(op, Elementwise) and not static:
            values[id(out)] = elementwise(walk, op, parts, example)
        elif isinstance(op, Primitive) and all(type(p) is Val for p in parts):
            given = "".join(f", {k}={v!r}" for k, v in static.items())
            if not all(type(v) in (int, tuple) for v in static.values()):
                raise Refuse(f"{op.name} in a loss")
            values[id(out)] = applied(walk, op, parts, given, example)
        else:
            raise Refuse("a loss of other operations")
    found = values.get(id(y))
    if found is None or not found.array:
        raise Refuse("a loss that is no array")
    return found


def _constant(x: Any) -> Const:
    """A number among the arguments of an operation."""
    if type(x) in (int, float, np.float32):
        return Const(x)
    raise Refuse("a loss that makes arrays")


def _elementwise_loss(f: Any) -> Any:
    """A loss made of elementwise operations, and the mean or the sum of what they give."""

    def rule(walk: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        agg = kwargs.get("agg")
        if set(kwargs) - {"agg"} or (
            agg is not None
            and (
                type(agg) is not Const
                or getattr(agg.example, "name", "") not in ("sum", "mean", "identity")
            )
        ):
            return None
        if (
            len(args) == 2
            and floats(args[0])
            and type(args[1]) is Const
            and type(args[1].example) in (int, float, np.float32)
        ):
            target = args[1].example
            out = noted(walk, lambda x: f(x, target, agg=lambda v: v), args[:1])
        else:
            both = _both(walk, args)
            if both is None:
                return None
            out = noted(walk, lambda x, y: f(x, y, agg=lambda v: v), list(both))
        if agg is None:
            return mean(walk, out)
        return walk.call(agg, [out])

    return rule


RULES: dict[Any, Any] = {
    rules.softmax: _along("softmax"),
    rules.logsoftmax: _along("logsoftmax"),
    losses.crossentropy: _crossentropy,
    losses.logitcrossentropy: _logit_crossentropy,
    losses.mse: _mse,
}
# With another `agg`, and those that have no primitive of their own.
NOTED: dict[Any, Any] = {
    f: _elementwise_loss(f)
    for f in (
        losses.mse, losses.mae, losses.msle, losses.crossentropy, losses.logitcrossentropy, losses.binarycrossentropy,
        losses.logitbinarycrossentropy, losses.kldivergence, losses.poisson_loss, losses.hinge_loss, losses.squared_hinge_loss,
    )
}  # fmt: skip


def find(function: Any) -> Any:
    """The rule of a Julia function that an engine function stands for."""
    engine = boundary.engine_function(function)
    if engine is None:
        for f in (rules.softmax, rules.logsoftmax):
            if boundary._JULIA.get(id(f)) is function:
                engine = f
    try:
        first, second = RULES.get(engine), NOTED.get(engine)
    except TypeError:
        return None
    if second is None:
        return first
    return lambda walk, f, args, kwargs: (
        (None if first is None else first(walk, f, args, kwargs)) or second(walk, f, args, kwargs)
    )


calls.FINDERS.append(find)
