"""The way back through a straight-line program: cotangents by name, known when the code is written.

Whether a cotangent is there, whether it is an array of its own that may be added to, or a number
that stands for an array filled with it, is mostly known beforehand; where it depends on a branch or a
loop, the variable is `None` until something arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from juliette.packages.zygote.straight.flow import Flow, add_ops
from juliette.packages.zygote.straight.gathering import (
    Gathering,
    finish,
    gathers,
    row_by_row,
)
from juliette.packages.zygote.straight.items import Branch, Line, Loop, LoopBack, Val
from juliette.packages.zygote.straight.steps import Step
from juliette_engine.program import Value


class State:
    """A cotangent."""

    __slots__ = ("empty", "fixed", "maybe", "owned", "slot")

    def __init__(
        self,
        slot: Value,
        owned: bool = False,
        maybe: bool = False,
        fixed: bool = False,
        empty: bool = False,
    ) -> None:
        self.slot = slot
        self.empty = empty  # surely None so far
        self.owned = owned  # an array that nobody else has
        self.maybe = maybe  # None until something arrives
        self.fixed = fixed  # under this name also after what may not be run, or is run again

    def copy(self) -> State:
        return State(self.slot, self.owned, self.maybe, self.fixed, self.empty)


class Back:
    """Walks back, and collects what the backward pass does."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.region: list[Any] = []
        self.states: dict[str, State] = {}
        self.known = dict(flow.program.memo)
        self.gatherings: list[
            Gathering
        ] = []  # of the loops that are walked back, the innermost last

    # ------------------------------------------------------------ adding to it

    def line(self, text: str, *outs: str, pure: bool = False, fresh: bool = False) -> None:
        """Add a statement."""
        self.region.append(Line(text, outs, pure, fresh))

    @contextmanager
    def ops(self, reuse: bool) -> Iterator[None]:
        """Elementwise instructions; results of one step are not shared with another, which may write over them."""
        p = self.flow.program
        p.memo = {}
        start = len(p.code)
        yield
        p.memo = {}
        add_ops(self.region, start, len(p.code), reuse)

    def full(self, g: State, like: Val) -> Value:
        """A cotangent as an array."""
        if g.slot.array or not like.array:
            return g.slot
        return self.flow.array_value(
            f"full({g.slot.name}, {like.name})", sample_of_cotangent(like), self.line
        )

    # ------------------------------------------------------------ cotangents

    def gathers(self, x: Val, g: Value, out: Val, other: Val | None) -> bool:
        """Is a product with a cotangent left until the loop is over (see `gathering`)?"""
        return gathers(self, x, g, out, other)

    def row_by_row(self, w: Val) -> str:
        """The name of a matrix that rows are multiplied by."""
        return row_by_row(self, w)

    def give(self, x: Val, d: Value, owned: bool = False) -> None:
        """Add a cotangent to that of a value."""
        if not x.active:
            return
        s = self.states.get(x.name)
        if s is None:
            self.states[x.name] = State(d, owned)
            return
        if x.array:  # what is added up is added in the precision of the value
            d, owned = self.widened(x, d, owned)
            if not s.fixed and not s.maybe:
                s.slot, s.owned = self.widened(x, s.slot, s.owned)
        if s.maybe and not s.fixed and owned and d.array:
            self.line(f"if {s.slot.name} is not None: {d.name} += {s.slot.name}", d.name)
            self.states[x.name] = State(changed(d), True)
        elif s.fixed or s.maybe:
            self._give_fixed(x, s, d, owned)
        elif not x.array or not (s.slot.array or d.array):
            with self.ops(True):
                total = self.flow.program.op("+", s.slot, d)
            self.states[x.name] = State(total)
        elif s.owned:
            self.line(f"{s.slot.name} += {d.name}", s.slot.name)
            s.slot = changed(s.slot)
        elif owned:
            self.line(f"{d.name} += {s.slot.name}", d.name)
            self.states[x.name] = State(changed(d), True)
        else:
            name = self.flow.new("m")
            self.line(f"{name} = {s.slot.name} + {d.name}", name)
            self.states[x.name] = State(Value(name, sample_of_cotangent(x), True), True)

    def widened(self, x: Val, d: Value, owned: bool) -> tuple[Value, bool]:
        """A cotangent that came in a lower precision than that of its array, and whether nobody else has it."""
        wanted = sample_of_cotangent(x)
        if (
            not d.array
            or d.sample.dtype.kind != "f"
            or d.sample.dtype.itemsize >= wanted.dtype.itemsize
        ):
            return d, owned
        name = self.flow.new("w")
        self.line(f"{name} = {d.name}.astype({self.flow.hold(wanted.dtype)})", name)
        return Value(name, wanted, True), True

    def _give_fixed(self, x: Val, s: State, d: Value, owned: bool) -> None:
        """To a variable that keeps its name."""
        name = s.slot.name
        if x.array and not d.array:
            d = self.full(State(d), x)
            owned = True
        if s.empty:
            self.line(f"{name} = {d.name}", name)
            s.owned = owned
            s.empty = s.maybe = False
            return
        if not x.array or not s.owned:
            self.line(
                f"{name} = {d.name} if {name} is None else {name} + {d.name}"
                if s.maybe
                else f"{name} = {name} + {d.name}",
                name,
            )
        elif s.maybe:
            first = d.name if owned else f"{d.name}.copy(order='K')"
            self.line(f"if {name} is None: {name} = {first}", name)
            self.line(f"else: {name} += {d.name}", name)
        else:
            self.line(f"{name} += {d.name}", name)
        s.maybe = False

    def give_element(self, x: Val, index: str, d: Value) -> None:
        """Add a cotangent to one element."""
        if not x.active:
            return
        s = self.states.get(x.name)
        kind = sample_of_cotangent(x)
        if s is None or (not s.fixed and not (s.owned and s.slot.array)):
            name = self.flow.new("m")
            zeros = f"zeros({x.name}.shape, {kind.dtype.char!r}, 'F')"
            if s is None:
                self.line(f"{name} = {zeros}", name)
            else:
                self.line(f"{name} = {zeros} + {s.slot.name}", name)
            s = self.states[x.name] = State(Value(name, kind, True), True)
        elif s.maybe:
            self.line(
                f"if {s.slot.name} is None: {s.slot.name} = zeros({x.name}.shape, {kind.dtype.char!r}, 'F')",
                s.slot.name,
            )
            if not s.owned:
                self.line(f"else: {s.slot.name} = {s.slot.name}.copy(order='K')", s.slot.name)
            s.owned = True
            s.empty = s.maybe = False
        elif not s.owned:
            self.line(f"{s.slot.name} = {s.slot.name}.copy(order='K')", s.slot.name)
            s.owned = True
        self.line(f"{s.slot.name}[{index}] += {d.name}", s.slot.name)
        s.slot = changed(s.slot)

    # ------------------------------------------------------------ walking

    def run(self, items: list[Any]) -> None:
        """Go back over a region."""
        for item in reversed(items):
            if isinstance(item, Step):
                state = self.states.get(item.out.name)
                if state is None or not item.args:
                    continue
                if not state.maybe:
                    item.back(self, state)
                    continue
                self.when(
                    f"{state.slot.name} is not None",
                    item.args,
                    lambda item=item, state=state: item.back(self, State(state.slot, False)),
                )
            elif type(item) is Branch:
                self.branch(item)
            elif type(item) is Loop:
                self.loop(item)

    @contextmanager
    def inside(self) -> Iterator[list[Any]]:
        """Add to a region within this one."""
        before, self.region = self.region, []
        try:
            yield self.region
        finally:
            self.region = before

    def when(self, test: str, targets: list[Val], do: Any) -> None:
        """Do something under a condition."""
        before = {n: s.copy() for n, s in self.states.items()}
        self.prepare(targets, again=False)
        entry = {n: s.copy() for n, s in self.states.items()}
        with self.inside() as region:
            do()
        self.join(entry, self.states, entry)
        self.settle(before)
        self.region.append(Branch(test, region, []))

    def join(self, entry: dict[str, State], one: dict[str, State], other: dict[str, State]) -> None:
        """After two ways: what is known on both."""
        self.states = {}
        for name, s in entry.items():
            a, c = one.get(name, s), other.get(name, s)
            owned = (a.owned or a.empty) and (c.owned or c.empty)
            self.states[name] = State(
                a.slot, owned, a.maybe or c.maybe, a.fixed, a.empty and c.empty
            )

    def prepare(self, targets: list[Val], again: bool) -> None:
        """Give cotangents names of their own, before a region that may not be run, or is run again and again."""
        for x in {x.name: x for x in targets}.values():
            s = self.states.get(x.name)
            name = self.flow.new("d")
            slot = Value(name, sample_of_cotangent(x), x.array)
            if s is None:
                self.line(f"{name} = None", name)
                self.states[x.name] = State(slot, x.array, True, True, not again)
            elif s.fixed:
                if again and x.array and not s.owned:
                    name = s.slot.name
                    self.line(
                        f"{name} = {'None if ' + name + ' is None else ' if s.maybe else ''}{name}.copy(order='K')",
                        name,
                    )
                    s.owned = True
                s.empty = s.empty and not again
            else:
                given = self.full(s, x) if not s.maybe else s.slot
                owned = s.owned or given is not s.slot
                copied = again and x.array and not owned
                if copied and s.maybe:
                    self.line(
                        f"{name} = None if {given.name} is None else {given.name}.copy(order='K')",
                        name,
                    )
                else:
                    self.line(
                        f"{name} = {given.name}" + (".copy(order='K')" if copied else ""), name
                    )
                self.states[x.name] = State(
                    slot, owned or copied, s.maybe, True, s.empty and not again
                )

    def settle(self, before: dict[str, State]) -> None:
        """After the region: names are free again, unless a region around this one has fixed them."""
        for name, s in self.states.items():
            old = before.get(name)
            if s.fixed and not s.maybe and (old is None or not old.fixed):
                s.fixed = False

    def branch(self, item: Branch) -> None:
        """Back through the branch that was taken."""
        targets = outer_targets([*item.then, *item.otherwise])
        before = {n: s.copy() for n, s in self.states.items()}
        self.prepare(targets, again=False)
        entry = {n: s.copy() for n, s in self.states.items()}
        sides, ends = [], []
        for items in (item.then, item.otherwise):
            self.states = {n: s.copy() for n, s in entry.items()}
            with self.inside() as region:
                self.run(items)
            sides.append(region)
            ends.append(self.states)
        self.join(entry, *ends)
        self.settle(before)
        if sides[0] or sides[1]:
            self.region.append(Branch(item.test, *sides))

    def loop(self, item: Loop) -> None:
        """Back through the rounds of a loop."""
        carried = [c for c in item.carried if c.inside.active]
        inside = {c.inside.name for c in carried}
        targets = [x for x in outer_targets(item.body) if x.name not in inside]
        ends = [c.end for c in carried if type(c.end) is Val and c.end.active]
        made = defined(item.body)
        targets += [x for x in ends if x.name not in made and x.name not in inside]
        if not any(self.states.get(c.inside.name) for c in carried):
            return
        before = {n: s.copy() for n, s in self.states.items()}
        self.hold_values(made | {c.inside.name for c in item.carried})
        self.prepare(targets, again=True)
        slots = {}
        entering = {}
        for c in carried:
            s = self.states.pop(c.inside.name, None)
            name = self.flow.new("d")
            slots[c] = Value(name, sample_of_cotangent(c.inside), c.inside.array)
            self.line(
                f"{name} = {'None' if s is None else s.slot.name if s.maybe else self.full(s, c.inside).name}",
                name,
            )
            entering[c] = s is not None and not s.maybe
        entry = {n: s.copy() for n, s in self.states.items()}
        sure = dict(entering)
        for _ in range(len(carried) + 2):
            self.states = {n: s.copy() for n, s in entry.items()}
            gathering = Gathering(made | inside)
            self.gatherings.append(gathering)
            with self.inside() as region:
                leaving = self._round(item, carried, slots, sure)
            self.gatherings.pop()
            again = {c: sure[c] and leaving[c] for c in carried}
            if again == sure:
                break
            sure = again
        after = self.states
        self.join(entry, after, entry)
        self.settle(before)
        for name in gathering.lists.values():
            self.line(f"{name} = []", name)
        for w, name in gathering.copies.items():
            self.line(f"{name} = rowwise({w})", name)
        self.region.append(LoopBack(item, region))
        finish(self, gathering)
        for c in carried:
            if type(c.start) is Val and c.start.active:
                if sure[c]:
                    self.give(c.start, slots[c])
                else:
                    self.when(
                        f"{slots[c].name} is not None",
                        [c.start],
                        lambda c=c: self.give(c.start, slots[c]),
                    )

    def hold_values(self, names: set[str]) -> None:
        """Cotangents that are values of a loop get names of their own: on the way back its variables go through all rounds."""
        for s in self.states.values():
            if s.slot.name in names:
                name = self.flow.new("m")
                self.line(f"{name} = {s.slot.name}", name)
                s.slot = Value(name, s.slot.sample, s.slot.array)

    def _round(
        self, item: Loop, carried: list[Any], slots: dict[Any, Value], sure: dict[Any, bool]
    ) -> dict[Any, bool]:
        """One round back; returns for which variables a cotangent is sure to come out."""
        for c in carried:
            if type(c.end) is Val and c.end.active:
                if sure[c]:
                    self.give(c.end, slots[c])
                elif c.end.name not in self.states:
                    self.states[c.end.name] = State(slots[c], False, True)
                else:
                    self.when(
                        f"{slots[c].name} is not None",
                        [c.end],
                        lambda c=c: self.give(c.end, slots[c]),
                    )
        self.run(item.body)
        names, values, leaving = [], [], {}
        for c in carried:
            s = self.states.pop(c.inside.name, None)
            leaving[c] = s is not None and not s.maybe
            value = "None" if s is None else s.slot.name if s.maybe else self.full(s, c.inside).name
            names.append(slots[c].name)
            values.append(value)
        if names:
            self.line(f"{', '.join(names)} = {', '.join(values)}", *names)
        return leaving


def changed(x: Value) -> Value:
    """An array that was added to: no longer what the program knows that it was made of."""
    return Value(x.name, x.sample, x.array)


def sample_of_cotangent(x: Val) -> Any:
    """The kind of a value's cotangent."""
    s = x.slot.sample
    if not x.array:
        return s if isinstance(s, np.floating) else 1.0
    return s if s.dtype.kind == "f" else s.astype(float)


def outer_targets(items: list[Any]) -> list[Val]:
    """The values from outside that steps in a region may send cotangents to."""
    made = defined(items)
    return [x for x in receivers(items) if x.name not in made]


def receivers(items: list[Any]) -> Iterator[Val]:
    """The values that steps in a region may send cotangents to."""
    for item in items:
        if isinstance(item, Step):
            yield from item.args
        elif type(item) is Branch:
            yield from receivers(item.then)
            yield from receivers(item.otherwise)
        elif type(item) is Loop:
            yield from receivers(item.body)
            for c in item.carried:
                for x in (c.start, c.end):
                    if type(x) is Val and x.active:
                        yield x


def defined(items: list[Any]) -> set[str]:
    """The names that a region gives values to."""
    out: set[str] = set()
    for item in items:
        if isinstance(item, Step):
            out.add(item.out.name)
        elif type(item) is Line:
            out.update(item.outs)
        elif type(item) is Branch:
            out |= defined(item.then) | defined(item.otherwise)
        elif type(item) is Loop:
            out |= defined(item.body) | {c.inside.name for c in item.carried} | {item.stack}
            if item.item:
                out.add(item.item)
    return out
