"""The straight-line program of a call: what is computed in order, and the steps that lead back.

A *region* is a list of items: lines of Python, stretches of the engine's elementwise program, branches, loops,
and steps, which stand where a value was made and know how its cotangent goes back to the values that it
was made of.  `backward` walks back over the regions, `writing` makes Python of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dis import get_instructions
from functools import cache
from typing import Any

import numpy as np

from juliette.packages.zygote.dotted import HOST
from juliette_engine.fusion import Call, Leaf, Tree
from juliette_engine.primitives import PRODUCTS
from juliette_engine.program import Constant, Program, Value

ndarray = np.ndarray


class Refuse(Exception):
    """This call cannot be straightened; the tape takes it."""


# ---------------------------------------------------------------- values


class Val:
    """A number or an array in the program: the name of a Python variable, and a value that it once had.

    Arrays are ndarrays here; `julia` is the name of the Julia array, if there is a variable for it.
    """

    __slots__ = ("active", "example", "julia", "name", "slot")

    def __init__(self, slot: Value, example: Any, active: bool, julia: str | None = None) -> None:
        self.slot = slot
        self.name = slot.name
        self.example = example
        self.active = active
        self.julia = julia

    @property
    def array(self) -> bool:
        return self.slot.array

    @property
    def ndim(self) -> int:
        return self.slot.sample.ndim if self.slot.array else 0  # type: ignore[no-any-return]


NUMBERS = (float, int, bool, np.float32)


def sample_of(x: Any) -> Any:
    """What the engine's programs must know of a number or an array."""
    return np.ones((1,) * x.ndim, x.dtype) if type(x) is ndarray else type(x)(1)


def kin(x: Val, g: Value) -> Any:
    """A sample of a cotangent of `x` that is computed from `g`."""
    s = x.slot.sample
    if not g.array or g.sample.dtype == s.dtype:
        return s
    return s.astype(np.result_type(s.dtype, g.sample.dtype))


# ---------------------------------------------------------------- items


class Line:
    """A Python statement; one that is `pure` is left out if nobody needs `outs`."""

    __slots__ = ("fresh", "outs", "pure", "text")

    def __init__(self, text: str, outs: tuple[str, ...] = (), pure: bool = False, fresh: bool = False) -> None:
        self.text = text
        self.outs = outs
        self.pure = pure
        self.fresh = fresh  # an array of which there is no other name


class Ops:
    """A stretch of the elementwise program."""

    __slots__ = ("end", "only", "reuse", "start")

    def __init__(self, start: int, end: int, reuse: bool) -> None:
        self.start, self.end, self.reuse = start, end, reuse
        self.only: set[str] = set()


class Branch:
    """`if`; the test is an expression."""

    __slots__ = ("otherwise", "test", "then")

    def __init__(self, test: str, then: list[Any], otherwise: list[Any]) -> None:
        self.test, self.then, self.otherwise = test, then, otherwise


class Carried:
    """A variable that a loop passes on: its name in the loop, what it begins with, what a round makes of it."""

    __slots__ = ("end", "inside", "start")

    def __init__(self, inside: Val, start: Any, end: Any) -> None:
        self.inside, self.start, self.end = inside, start, end


class Loop:
    """`for` or `while`; `stack` keeps what the way back needs of each round."""

    __slots__ = ("body", "carried", "header", "item", "residual", "stack")

    def __init__(self, header: str, item: str | None, body: list[Any], carried: list[Carried], stack: str) -> None:
        self.header, self.item, self.body, self.carried, self.stack = header, item, body, carried, stack
        self.residual: list[str] | None = None  # None: nothing leads back


class LoopBack:
    """The same loop on the way back."""

    __slots__ = ("body", "loop")

    def __init__(self, loop: Loop, body: list[Any]) -> None:
        self.loop, self.body = loop, body


# ---------------------------------------------------------------- steps


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
                v = b.flow.array_value(f"unbroadcast({whole}, {x.name}.shape, {whole}.shape)", v.sample, b.line)
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
        env = {n: x.slot if type(x) is Val else p.constant(x) for n, x in zip(rule.names, self.operands, strict=True)}
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
        for x, text in ((self.a, da), (self.c, dc)):
            if x.active:
                given = text.format(g=g.name, x=self.a.name, y=self.c.name)
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

    def __init__(self, out: Val, w: Val, x: Val, bias: Val | None, slope: str | None, large: bool) -> None:
        self.large = large
        super().__init__(out, [v for v in (w, x, bias) if v is not None and v.active])
        self.w, self.x, self.bias, self.slope = w, x, bias, slope

    def back(self, b: Any, g: Any) -> None:
        slot = b.full(g, self.out)
        owned = g.owned and slot is g.slot
        if self.slope is not None:
            slot = b.flow.array_value(f"{self.slope}({slot.name}, {self.out.name})", slot.sample, b.line)
            owned = True
        _, dw, dx = PRODUCTS[2, self.x.ndim]
        if self.large:
            dw, dx = "product({y}, {g}.T).T", "product({g}.T, {x}).T"
        for x, text in ((self.w, dw), (self.x, dx)):
            if x.active:
                given = text.format(g=slot.name, x=self.w.name, y=self.x.name)
                b.give(x, b.flow.array_value(given, kin(x, slot), b.line), owned=True)
        if self.bias is not None and self.bias.active:
            if self.x.ndim == 2:
                given = f"{slot.name}.dot(ones({slot.name}.shape[1], {slot.name}.dtype))"
                b.give(self.bias, b.flow.array_value(given, kin(self.bias, slot), b.line), owned=True)
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
    return any(i.argval == name or (type(i.argval) is tuple and name in i.argval) for i in get_instructions(code))


class Stack(Step):
    """An array of numbers."""

    __slots__ = ("numbers",)

    def __init__(self, out: Val, numbers: list[Any]) -> None:
        super().__init__(out, [x for x in numbers if x.active])
        self.numbers = numbers

    def back(self, b: Any, g: Any) -> None:
        for i, x in enumerate(self.numbers):
            if x.active:
                text = f"{g.slot.name}[{i}]" + (".item()" if type(x.example) is not np.float32 else "")
                b.give(x, b.flow.number(text, b.line) if g.slot.array else g.slot)


class Element(Step):
    """An element of an array, whose cotangent is added where it belongs."""

    __slots__ = ("index",)

    def __init__(self, out: Val, x: Val, index: str) -> None:
        super().__init__(out, [x])
        self.index = index

    def back(self, b: Any, g: Any) -> None:
        b.give_element(self.args[0], self.index, g.slot)


# ---------------------------------------------------------------- the program


class Flow:
    """The program while it is made."""

    def __init__(self) -> None:
        self.program = Program(True)
        self.prologue: list[Any] = []
        self.region: list[Any] = self.prologue
        self.names: dict[str, Any] = {}
        self.held: dict[int, str] = {}
        self.count = 0
        self.loops = False
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
            self.line(f"if {' or '.join(tests)}: raise Bail")

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
            if x.array and small:
                slot = self.stretched(x, whole)
            elif not x.array and single and type(slot.sample) is float:
                name = self.new("n")
                self.line(f"{name} = float64({x.name})", name, pure=True)
                slot = Value(name, np.float64(1.0), False)
            slots.append(slot)
        first = len(self.program.code)
        described = tuple([Leaf(x.active, s.sample, "") for x, s in zip(leaves, slots, strict=True)])
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
            self.line(f"if {out.name}.shape != {large[0].name}.shape: raise Bail")
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
        text = f"[(slice(None), {', '.join(['None'] * (n - 1))})]" if len(have) == 1 else f".reshape({x.name}.shape + {(1,) * (n - len(have))!r}, order='A')"
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
