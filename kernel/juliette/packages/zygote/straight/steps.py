"""Steps: how the cotangent of a value goes back to the values that it was made of."""

from __future__ import annotations

from dis import get_instructions
from functools import cache
from typing import Any

import numpy as np

from juliette.packages.zygote.straight.items import Val, kin
from juliette_engine.fusion import Tree
from juliette_engine.primitives import PRODUCTS


class Step:
    """How the cotangent of a value goes back."""

    __slots__ = ("args", "out")

    def __init__(self, out: Val, args: list[Any]) -> None:
        self.out = out
        self.args = args

    def back(self, b: Any, g: Any) -> None:
        """Send the cotangent on: `b` is the way back, `g` the state of the cotangent."""
        raise NotImplementedError


class Same(Step):
    """The value under another name."""

    __slots__ = ()

    def back(self, b: Any, g: Any) -> None:
        b.give(self.args[0], g.slot, owned=g.owned)


class Fused(Step):
    """A tree of elementwise operations; `small` are the leaves that are stretched over others."""

    __slots__ = ("leaves", "small", "tree")

    def __init__(self, out: Val, leaves: list[Val], tree: Tree, small: list[Val]) -> None:
        super().__init__(out, [x for x in leaves if x.active])
        self.leaves, self.tree, self.small = leaves, tree, small

    def back(self, b: Any, g: Any) -> None:
        out = self.out
        arrays = [x for x in self.leaves if x.array]
        slot = b.full(g, out) if self.small else g.slot
        first = len(b.flow.program.code)
        with b.ops(True):
            found = self.tree.backward(slot)
        new = {v.name for v, _, _ in b.flow.program.code[first:]}
        names = [v.name for v in found.values()]
        for i, v in found.items():
            x = self.leaves[i]
            if not x.array:
                if v.array:
                    v = b.flow.number(f"total({v.name}, 0)", b.line)
                elif out.array:
                    v = b.flow.number(f"{v.name} * {arrays[0].name}.size", b.line)
                b.give(x, v)
                continue
            owned = v.name in new and names.count(v.name) == 1 and v.array
            if x in self.small:
                whole = v.name
                if (
                    v.array
                    and x.ndim == 1
                    and out.ndim == 2
                    and len(x.example.data) == len(out.example.data)
                    and b.gathers(x, v, out, None)
                ):
                    b.line(f"if len({x.name}) != len({whole}): raise Bail")
                    continue
                v = b.flow.array_value(
                    f"unbroadcast({whole}, {x.name}.shape, {whole}.shape)", v.sample, b.line
                )
                b.line(f"if {v.name} is {whole}: raise Bail")
                owned = out.ndim < 3  # else it may be a view
            b.give(x, v, owned=owned)


class Number(Step):
    """An operation on numbers, by the engine's rule for it."""

    __slots__ = ("operands", "rule")

    def __init__(self, out: Val, operands: list[Any], rule: Any) -> None:
        super().__init__(out, [x for x in operands if type(x) is Val and x.active])
        self.operands, self.rule = operands, rule

    def back(self, b: Any, g: Any) -> None:
        p = b.flow.program
        rule = self.rule
        env = {
            n: x.slot if type(x) is Val else p.constant(x)
            for n, x in zip(rule.names, self.operands, strict=True)
        }
        found = []
        with b.ops(True):
            for text, x in zip(rule.partials, self.operands, strict=True):
                if type(x) is Val and x.active and text is not None:
                    found.append((x, p.expression(text, {**env, "y": self.out.slot, "g": g.slot})))
        for x, d in found:
            b.give(x, d)


class Product(Step):
    """A matrix by a matrix or a vector."""

    __slots__ = ("a", "c")

    def __init__(self, out: Val, a: Val, c: Val) -> None:
        super().__init__(out, [x for x in (a, c) if x.active])
        self.a, self.c = a, c

    def back(self, b: Any, g: Any) -> None:
        g = b.full(g, self.out)
        _, da, dc = PRODUCTS[self.a.ndim, self.c.ndim]
        # the two factors may be one array
        for i, (x, text) in enumerate(((self.a, da), (self.c, dc))):
            if x.active and not (not i and b.gathers(x, g, self.out, self.c)):
                left = b.row_by_row(self.a) if i and x.ndim == 2 else self.a.name
                given = text.format(g=g.name, x=left, y=self.c.name)
                b.give(x, b.flow.array_value(given, kin(x, g), b.line), owned=True)


class Total(Step):
    """The sum of an array."""

    __slots__ = ()

    def back(self, b: Any, g: Any) -> None:
        b.give(self.args[0], g.slot)


class Layered(Step):
    """`σ.(W * x .+ b)`; `slope` is the name of the function from the cotangent and the output to that of the sum.

    `large` matrices are multiplied by the engine's `product`.
    """

    __slots__ = ("bias", "large", "slope", "w", "x")

    def __init__(
        self, out: Val, w: Val, x: Val, bias: Val | None, slope: str | None, large: bool
    ) -> None:
        self.large = large
        super().__init__(out, [v for v in (w, x, bias) if v is not None and v.active])
        self.w, self.x, self.bias, self.slope = w, x, bias, slope

    def back(self, b: Any, g: Any) -> None:
        slot = b.full(g, self.out)
        owned = g.owned and slot is g.slot
        if self.slope is not None:
            slot = b.flow.array_value(
                f"{self.slope}({slot.name}, {self.out.name})", slot.sample, b.line
            )
            owned = True
        _, dw, dx = PRODUCTS[2, self.x.ndim]
        if self.large:
            dw, dx = "product({y}, {g}.T).T", "product({g}.T, {x}).T"
        for i, (x, text) in enumerate(((self.w, dw), (self.x, dx))):
            if x.active and not i and b.gathers(x, slot, self.out, self.x):
                owned = False
            elif x.active:
                left = b.row_by_row(self.w) if i and x.ndim == 2 else self.w.name
                given = text.format(g=slot.name, x=left, y=self.x.name)
                b.give(x, b.flow.array_value(given, kin(x, slot), b.line), owned=True)
        if self.bias is not None and self.bias.active:
            if b.gathers(self.bias, slot, self.out, None):
                return
            if self.x.ndim == 2:
                given = f"{slot.name}.dot(ones({slot.name}.shape[1], {slot.name}.dtype))"
                b.give(
                    self.bias, b.flow.array_value(given, kin(self.bias, slot), b.line), owned=True
                )
            else:
                b.give(self.bias, slot, owned=owned)


class Applied(Step):
    """Any primitive of the engine, with its keywords as text."""

    __slots__ = ("op", "operands", "static")

    def __init__(self, out: Val, op: Any, operands: list[Val], static: str) -> None:
        super().__init__(out, [x for x in operands if x.active])
        self.op, self.operands, self.static = op, operands, static

    def back(self, b: Any, g: Any) -> None:
        op, out = self.op, self.out
        slot = g.slot if op.uniform or not out.array else b.full(g, out)
        names = ", ".join(x.name for x in self.operands)
        for i, x in enumerate(self.operands):
            if not x.active or op.partials[i] is None:
                continue
            value = out.name if looks_at_value(op.raws[i]) else "None"
            text = f"{b.flow.hold(op.raws[i])}({slot.name}, {value}, {names}{self.static})"
            if x.array:
                b.give(x, b.flow.array_value(text, kin(x, slot), b.line), owned=op.fresh)
            else:
                b.give(x, b.flow.number(text, b.line))


@cache
def looks_at_value(partial: Any) -> bool:
    """Does the cotangent of a primitive depend on its value, the second parameter?"""
    code = getattr(partial, "__code__", None)
    if code is None or code.co_argcount < 2 or code.co_cellvars:
        return True
    name = code.co_varnames[1]
    return any(
        i.argval == name or (type(i.argval) is tuple and name in i.argval)
        for i in get_instructions(code)
    )


class Stack(Step):
    """An array of numbers."""

    __slots__ = ("numbers",)

    def __init__(self, out: Val, numbers: list[Any]) -> None:
        super().__init__(out, [x for x in numbers if x.active])
        self.numbers = numbers

    def back(self, b: Any, g: Any) -> None:
        for i, x in enumerate(self.numbers):
            if x.active:
                text = f"{g.slot.name}[{i}]" + (
                    ".item()" if type(x.example) is not np.float32 else ""
                )
                b.give(x, b.flow.number(text, b.line) if g.slot.array else g.slot)


class Element(Step):
    """An element of an array, whose cotangent is added where it belongs."""

    __slots__ = ("index",)

    def __init__(self, out: Val, x: Val, index: str) -> None:
        super().__init__(out, [x])
        self.index = index

    def back(self, b: Any, g: Any) -> None:
        b.give_element(self.args[0], self.index, g.slot)


class Joined(Step):
    """Arrays end to end along an axis."""

    __slots__ = ("axis", "parts")

    def __init__(self, out: Val, parts: list[Val], axis: int) -> None:
        super().__init__(out, [x for x in parts if x.active])
        self.axis, self.parts = axis, parts

    def back(self, b: Any, g: Any) -> None:
        slot = b.full(g, self.out)
        at = "0"
        for x in self.parts:
            end = b.flow.number(f"{at} + {x.name}.shape[{self.axis}]", b.line, 1).name
            if x.active:
                where = "slice(None), " * self.axis + f"slice({at}, {end})"
                text = f"{slot.name}[({where},)]"
                b.give(x, b.flow.array_value(text, kin(x, slot), b.line))
            at = end
