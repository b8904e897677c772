"""What loops go over, and generators that a sum or an array takes in.

Items that are known one by one, those of a tuple or the layers in a vector, are walked through one after the other;
arrays and ranges become loops of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juliette.base.iteration import iterate_value
from juliette.compiler import core as C
from juliette.packages.zygote.straight.arrays import element, stacked
from juliette.packages.zygote.straight.items import Refuse, Val
from juliette.packages.zygote.straight.terms import text_of
from juliette.packages.zygote.straight.values import Const, Record, Tup, holds_values
from juliette.runtime import values as V
from juliette.runtime.array import Array
from juliette.runtime.modules import Base

UNROLLED = 16


class Zipped:
    """`zip` of several values, or `enumerate`, which has None in the first place."""

    __slots__ = ("sources",)
    example = None
    active = False

    def __init__(self, sources: list[Any]) -> None:
        self.sources = sources


def known_items(x: Any) -> list[Any] | None:
    """The items of a tuple, or of a vector of layers; None for other values."""
    if type(x) is Tup:
        return x.items
    if type(x) is Record:
        if type(x.example) is tuple:
            return [x.part(i) for i in range(len(x.example))]
        if holds_values(x.example):
            return [x.part(i) for i in range(len(x.example.data))]
    return None


def items_of(x: Any) -> list[Any]:
    """The items of a tuple."""
    found = known_items(x)
    if found is None:
        raise Refuse("a splatted value that is no tuple")
    return found


def unrolled(x: Any) -> list[Any] | None:
    """The items of a loop that is written out; None if it becomes a loop."""
    if type(x) is Zipped:
        sides = [None if s is None else known_items(s) for s in x.sources]
        if any(side is None and s is not None for side, s in zip(sides, x.sources, strict=True)):
            return None
        n = min(len(side) for side in sides if side is not None)
        return [
            Tup([Const(i + 1) if side is None else side[i] for side in sides]) for i in range(n)
        ]
    return known_items(x)


def rounds(walk: Any, x: Any) -> tuple[str, str, Callable[[], Any]]:
    """The header of a loop over a value, the variable of the item, and the item itself when the loop has begun."""
    item = walk.flow.new("i")
    if type(x) is Val and x.array and x.active and x.ndim == 1:
        if not x.example.data.size:
            raise Refuse("a loop over nothing")
        first = Base.get("getindex")(x.example, 1)
        return f"for {item} in range({x.name}.size):", item, lambda: element(walk, x, item, first)
    if type(x) is Zipped:
        return _zipped(walk, x, item)
    text, opened = _source(walk, x)
    return f"for {item} in {text}:", item, lambda: opened(item)


def _zipped(walk: Any, x: Zipped, item: str) -> tuple[str, str, Callable[[], Any]]:
    counted = x.sources[0] is None
    found = [_source(walk, s) for s in x.sources if s is not None]
    texts = ", ".join([text for text, _ in found])
    header = f"for {item} in {f'enumerate({texts}, 1)' if counted else f'zip({texts})'}:"

    def first() -> Any:
        names = [walk.flow.new() for _ in x.sources]
        walk.flow.line(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {item}", *names)
        head = (
            [walk.opener.open(names[0], 1, False, walk.flow.region, checked=True, varies=True)]
            if counted
            else []
        )
        return Tup(
            [*head, *[opened(n) for n, (_, opened) in zip(names[counted:], found, strict=True)]]
        )

    return header, item, first


def _source(walk: Any, x: Any) -> tuple[str, Callable[[str], Any]]:
    """What gives the items of an array or a range in Python, and how one of them is opened."""
    if not (
        (type(x) is Val and x.array and not x.active)
        or (type(x) is Record and not x.active and isinstance(x.example, (V.Range, Array)))
    ):
        raise Refuse("a loop over other values")
    text = text_of(walk, x)
    example = next(iterate_value(x.example), None)
    if example is None:
        raise Refuse("a loop over nothing")
    sure = isinstance(x.example, (V.UnitRange, V.OneTo)) and type(example) is int
    return f"iterate({text})", lambda name: walk.opener.open(
        name, example, False, walk.flow.region, checked=sure, varies=True
    )


# ---------------------------------------------------------------- generators


def consumed(walk: Any, node: C.Consume, frame: Any) -> Any:
    """`sum(… for …)`"""
    function = node.function.value
    if (
        function is not Base.get("sum")
        or node.rest
        or node.init is not None
        or function.user_methods
    ):
        raise Refuse("a generator")
    walk.rests_on.append((function, None))
    plus = Const(Base.get("+"))
    source = _only_source(walk, node, frame)
    if unrolled(source) is not None:
        values = _yielded(walk, node.loop, frame)
        if not values:
            raise Refuse("a sum of nothing")
        out = values[0]
        for value in values[1:]:
            out = walk.call(plus, [out, value])
        return out
    var = C.Var("%sum", "sum_", None)
    loop = _summing(node.loop, var, plus.example)
    before = dict(frame.env)
    for zero in (np.float32(0), 0.0, 0):
        frame.env = {**before, var: Const(zero)}
        try:
            with walk.flow.into([]) as region:
                walk.value(loop, frame)
        except Refuse:
            if zero == 0 and type(zero) is int:
                raise
            continue
        walk.flow.region += region
        out = frame.env.pop(var)
        for s in source.sources if type(source) is Zipped else [source]:
            if s is not None:
                walk.flow.line(
                    f"if not len({text_of(walk, s)}{'.data' if isinstance(s.example, Array) else ''}): raise Bail"
                )
        return out
    raise Refuse("a generator")


def collected(walk: Any, node: C.Collect, frame: Any) -> Any:
    """`[… for …]` of numbers, over items that are known one by one."""
    if node.eltype is not None or unrolled(_only_source(walk, node, frame)) is None:
        raise Refuse("a comprehension")
    return stacked(walk, _yielded(walk, node.loop, frame))


def _only_source(walk: Any, node: Any, frame: Any) -> Any:
    if len(node.sources) != 1:
        raise Refuse("a generator over several values")
    return walk.value(node.sources[0], frame)


def _yielded(walk: Any, loop: C.Node, frame: Any) -> list[Any]:
    values: list[Any] = []
    walk.yields.append(values.append)
    try:
        walk.value(loop, frame)
    finally:
        walk.yields.pop()
    return values


def _summing(node: Any, var: C.Var, plus: Any) -> Any:
    """A loop that adds up what it would yield."""
    if type(node) is C.Yield:
        return C.Assign(var, C.Call(C.Const(plus), [C.Local(var), node.value], []))
    if type(node) is C.Block:
        return C.Block([_summing(n, var, plus) for n in node.items])
    if type(node) is C.For:
        return C.For(node.target, node.iterable, _summing(node.body, var, plus))
    if type(node) is C.If:
        return C.If(node.test, _summing(node.then, var, plus), _summing(node.otherwise, var, plus))
    return node
