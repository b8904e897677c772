"""Dotted calls on long arrays: value and slopes in one pass over blocks (see the engine's `long`).

A sum of one, which is what losses are, is taken in the same pass, and the array itself is never written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette.packages.zygote.dotted import HOST
from juliette.packages.zygote.straight.items import Val, kin, sample_of
from juliette.packages.zygote.straight.steps import Step
from juliette_engine.fusion import Call, Leaf, Tree
from juliette_engine.long import BIG, divisible, long_kernel
from juliette_engine.program import Constant, Value


class Sloped(Step):
    """What a blocked function gives: the slopes of the leaves are there already."""

    __slots__ = ("slopes",)

    def __init__(self, out: Val, leaves: list[Val], slopes: list[tuple[Value, bool]]) -> None:
        super().__init__(out, leaves)
        self.slopes = slopes

    def back(self, b: Any, g: Any) -> None:
        for x, (d, own) in zip(self.args, self.slopes, strict=True):
            if isinstance(g.slot, Constant) and g.slot.value == 1:
                b.give(x, d, owned=own)
            elif not d.array and not g.slot.array:
                b.give(x, b.flow.number(f"{g.slot.name} * {d.name}", b.line))
            elif own and not g.slot.array:
                b.line(f"{d.name} *= {g.slot.name}", d.name)
                b.give(x, Value(d.name, d.sample, True), owned=True)
            else:
                b.give(
                    x,
                    b.flow.array_value(
                        f"{g.slot.name} * {d.name}", kin(x, g.slot if g.slot.array else d), b.line
                    ),
                    owned=True,
                )


class Source:
    """What an array was made from, and in which region, to be summed in the pass that makes it."""

    __slots__ = ("kinds", "leaves", "region", "tree")

    def __init__(
        self, tree: Call, leaves: list[Val], kinds: tuple[Leaf, ...], region: list[Any]
    ) -> None:
        self.tree, self.leaves, self.kinds, self.region = tree, leaves, kinds, region


def is_long(leaves: list[Val]) -> bool:
    """Are there arrays so long that blocks pay?"""
    return any(x.array and x.example.data.size > BIG for x in leaves)


def long_call(walk: Any, tree: Call, leaves: list[Val], example: Any, checked: bool) -> Val | None:
    """The value of a dotted call on long arrays of one shape; None if it has no blocks.  Is it `checked` element by element?"""
    flow = walk.flow
    arrays = [x for x in leaves if x.array]
    if len({x.example.data.shape for x in arrays}) > 1:
        return None
    single = any(x.slot.sample.dtype == np.float32 for x in arrays)
    kinds = tuple(
        [
            Leaf(
                x.active,
                np.float64(1.0) if type(x.slot.sample) is float and single else x.slot.sample,
                "",
            )
            for x in leaves
        ]
    )
    if not divisible(Tree(tree, kinds, HOST)):
        return None
    flow.same_shape([x.name for x in arrays])
    slot = Value(flow.new(), sample_of(example.data), True)
    source = Source(tree, leaves, kinds, flow.region)
    out = emitted(walk, source, slot, example, False)
    if out is None:
        return None
    flow.shapes[slot.name] = flow.shapes.get(arrays[0].name, arrays[0].name)
    if not checked:
        walk.sources[slot.name] = source
    return out


def long_sum(walk: Any, x: Val) -> Val | None:
    """The sum of an array that a blocked function has made; None for others."""
    source = walk.sources.get(x.name)
    if (
        source is None
        or source.region is not walk.flow.region
        or not divisible(Tree(source.tree, source.kinds, HOST), summed=True)
    ):
        return None
    total = np.add.reduce(x.example.data, None)
    example = float(total) if x.example.data.dtype == np.float64 else total
    return emitted(
        walk, source, Value(walk.flow.new("n"), sample_of(example), False), example, True
    )


def emitted(walk: Any, source: Source, slot: Value, example: Any, summed: bool) -> Val | None:
    """The call of the blocked function; None if there is none."""
    flow = walk.flow
    made = long_kernel(Tree(source.tree, source.kinds, HOST), summed)
    if made is None:
        return None
    slopes = []
    for i, array in made.arrays.items():
        x = source.leaves[i]
        kind = x.slot.sample if array or not x.array else x.slot.sample.dtype.type(1)
        slopes.append((Value(flow.new("m" if array else "n"), kind, array), made.own[i]))
    names = [slot.name, *[v.name for v, _ in slopes]]
    given = [
        f"float64({x.name})" if isinstance(k.sample, np.float64) else x.name
        for x, k in zip(source.leaves, source.kinds, strict=True)
    ]
    flow.line(
        f"{', '.join(names)}{',' if len(names) == 1 else ''} = {flow.hold(made.run)}({', '.join(given)})",
        *names,
        pure=True,
    )
    out = Val(slot, example, bool(slopes))
    if slopes:
        flow.region.append(Sloped(out, [source.leaves[i] for i in made.arrays], slopes))
    return out
