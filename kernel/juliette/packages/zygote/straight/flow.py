"""The straight-line program of a call while it is made.

`backward` walks back over its regions, `writing` makes Python of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from juliette.packages.zygote.dotted import HOST
from juliette.packages.zygote.straight.hoisting import Round, spread_once
from juliette.packages.zygote.straight.items import Line, Ops, Refuse, Val
from juliette.packages.zygote.straight.steps import Fused
from juliette_engine.fusion import Call, Leaf, Tree
from juliette_engine.program import Constant, Program, Value


class Flow:
    """The program while it is made."""

    def __init__(self) -> None:
        self.program = Program(True)
        self.prologue: list[Any] = []
        self.region: list[Any] = self.prologue
        self.main: list[Any] = []  # what the program does each time it runs
        self.effects: list[Any] = []  # what it changes, when it can no longer be left
        self.names: dict[str, Any] = {}
        self.held: dict[int, str] = {}
        self.count = 0
        self.loops = False
        self.draws = False  # are there random numbers?
        self.rounds: list[Round] = []  # of the loops around this place, the innermost last
        self.large = False  # are there arrays whose memory matters?
        # arrays known to be of the shape of another
        self.shapes: dict[str, str] = {}

    # ------------------------------------------------------------ names

    def new(self, prefix: str = "v") -> str:
        """A new name."""
        self.count += 1
        return f"{prefix}{self.count}"

    def hold(self, x: Any, prefix: str = "h") -> str:
        """The name of an object that the program uses."""
        found = self.held.get(id(x))
        if found is None:
            found = self.held[id(x)] = self.new(prefix + "_")
            self.names[found] = x
        return found

    # ------------------------------------------------------------ adding to it

    def line(self, text: str, *outs: str, pure: bool = False, fresh: bool = False) -> None:
        """Add a statement."""
        self.region.append(Line(text, outs, pure, fresh))

    def looks(self, test: str) -> None:
        """Leave the program if a condition on sizes holds."""
        self.region.append(Line(f"if {test}: raise Bail", looks=True))

    @contextmanager
    def into(self, region: list[Any]) -> Iterator[list[Any]]:
        """Add to another region; what is computed there is not known outside."""
        before, known, shapes = self.region, dict(self.program.memo), dict(self.shapes)
        self.region = region
        try:
            yield region
        finally:
            self.region = before
            self.program.memo = known
            self.shapes = shapes

    @contextmanager
    def ops(self, reuse: bool) -> Iterator[None]:
        """Instructions of the elementwise program that are made meanwhile belong here."""
        start = len(self.program.code)
        yield
        add_ops(self.region, start, len(self.program.code), reuse)

    def number(self, text: str, line: Any, kind: Any = 1.0) -> Value:
        """A new variable for a number."""
        name = self.new("n")
        line(f"{name} = {text}", name, pure=True)
        return Value(name, kind, False)

    def array_value(self, text: str, sample: Any, line: Any) -> Value:
        """A new variable for an array that nobody else has."""
        name = self.new("m")
        line(f"{name} = {text}", name, pure=True)
        return Value(name, sample, True)

    def same_shape(self, names: list[str]) -> None:
        """Check that arrays have one shape, if that is not known."""
        first, *rest = names
        root = self.shapes.get(first, first)
        tests = []
        for n in rest:
            other = self.shapes.get(n, n)
            if other != root:
                tests.append(f"{first}.shape != {n}.shape")
                for k in [n, *[k for k, r in self.shapes.items() if r == other]]:
                    self.shapes[k] = root
        if tests:
            self.looks(" or ".join(tests))

    def fused(self, tree: Call, leaves: list[Val], example: Any) -> Val:
        """The value of a tree of elementwise operations."""
        arrays = [x for x in leaves if x.array]
        sizes = [x.example.data.shape for x in arrays]
        most = max(map(len, sizes), default=0)
        whole = tuple([max(s[i] if i < len(s) else 1 for s in sizes) for i in range(most)])
        small = [x for x in arrays if x.example.data.shape != whole]
        large = [x for x in arrays if x not in small]
        if large:
            self.same_shape([x.name for x in large])
        slots = []
        single = any(x.slot.sample.dtype == np.float32 for x in arrays)
        for x in leaves:
            slot = x.slot
            if x in small:
                slot = self.stretched(x, whole)
                once = spread_once(self, x, large[0]) if large else None
                if once is not None:
                    slot = Value(
                        once, np.ones(tuple([min(n, 2) for n in whole]), slot.sample.dtype), True
                    )
            elif x.array and small:
                slot = self.stretched(x, whole)
            elif not x.array and single and type(slot.sample) is float:
                name = self.new("n")
                self.line(f"{name} = float64({x.name})", name, pure=True)
                slot = Value(name, np.float64(1.0), False)
            slots.append(slot)
        first = len(self.program.code)
        described = tuple(
            [Leaf(x.active, s.sample, "") for x, s in zip(leaves, slots, strict=True)]
        )
        with self.ops(True):
            made = Tree(tree, described, HOST, self.program, slots)
        slot = made.value
        if isinstance(slot, Constant):
            raise Refuse("a constant tree")
        if all(v is not slot for v, _, _ in self.program.code[first:]):
            # known already: each step has a name of its own
            name = self.new()
            self.line(f"{name} = {slot.name}", name, pure=True)
            slot = Value(name, slot.sample, slot.array)
        out = Val(slot, example, any(x.active for x in leaves))
        if slot.array and slot.sample.dtype != example.data.dtype:
            raise Refuse("the element type of a dotted call")
        if not small and arrays:
            self.shapes[slot.name] = self.shapes.get(arrays[0].name, arrays[0].name)
        elif out.active and large:
            self.looks(f"{out.name}.shape != {large[0].name}.shape")
            self.shapes[slot.name] = self.shapes.get(large[0].name, large[0].name)
        if out.active:
            self.region.append(Fused(out, leaves, made, small))
        return out

    def stretched(self, x: Val, whole: tuple[int, ...]) -> Value:
        """An array that is to be stretched over others, with as many dimensions: Julia counts them from the first.

        In its sample a dimension that is stretched has the size one, the others two.
        """
        have = x.example.data.shape
        n = len(whole)
        size = tuple([2 if i < len(have) and have[i] == whole[i] else 1 for i in range(n)])
        sample = np.ones(size, x.slot.sample.dtype)
        if len(have) == n:
            return Value(x.name, sample, True)
        name = self.new()
        text = (
            f"[(slice(None), {', '.join(['None'] * (n - 1))})]"
            if len(have) == 1
            else f".reshape({x.name}.shape + {(1,) * (n - len(have))!r}, order='A')"
        )
        self.line(f"{name} = {x.name}{text}", name, pure=True)
        return Value(name, sample, True)


def add_ops(region: list[Any], start: int, end: int, reuse: bool) -> None:
    """Add a stretch of the elementwise program, or make the last one longer."""
    if start == end:
        return
    last = region[-1] if region else None
    if type(last) is Ops and last.end == start and last.reuse == reuse:
        last.end = end
    else:
        region.append(Ops(start, end, reuse))
