"""A straight-line program and its way back as the text of one Python function."""

from __future__ import annotations

import re
from typing import Any

from juliette.packages.zygote.straight.backward import defined
from juliette.packages.zygote.straight.flow import Flow
from juliette.packages.zygote.straight.items import (
    Branch,
    Line,
    Loop,
    LoopBack,
    Ops,
    Val,
)
from juliette_engine.program import Value

_NAME = re.compile(r"[^\W\d]\w*")


def names_in(text: str) -> set[str]:
    """The names in a piece of Python."""
    return set(_NAME.findall(text))


class Writer:
    """Writes regions; what nobody needs is left out."""

    def __init__(self, flow: Flow, forward: int) -> None:
        self.flow = flow
        self.code = flow.program.code
        self.forward = forward  # where the elementwise program of the way back begins
        self.users: dict[str, set[int]] = {}
        self.needed: set[str] = set()
        self.lines: list[str] = []

    def function(self, params: list[str], regions: list[list[Any]], result: str) -> str:
        """The text of the function."""
        self.use(result, -1)
        for region in reversed(regions):
            self.look(region)
        for k, region in enumerate(regions):
            self.write(region, 1)
            if k == 0:
                given = names_in(
                    " ".join(self.lines)
                )  # what comes from outside is there in any case
        if self.flow.large:
            self.let_go(names_in(result) | given)
        return (
            f"def straight({', '.join(params)}):\n"
            + "\n".join(self.lines)
            + f"\n    return {result}\n"
        )

    def let_go(self, kept: set[str]) -> None:
        """Forget large arrays after their last use, so that their memory serves what comes after."""
        last: dict[str, int] = {}
        for i, line in enumerate(self.lines):
            for name in names_in(line):
                if name[0] in "tvm" and name[1:].isdigit():
                    last[name] = i
        out: list[str] = []
        ready: list[str] = []
        for i, line in enumerate(self.lines):
            if not line.startswith("     ") and not line.startswith("    else:") and ready:
                out.append(f"    {' = '.join(ready)} = None")
                ready = []
            out.append(line)
            ready += [n for n, k in last.items() if k == i and n not in kept]
        self.lines = out

    # ------------------------------------------------------------ what is needed

    def use(self, text: str, user: int) -> None:
        for name in names_in(text):
            self.needed.add(name)
            self.users.setdefault(name, set()).add(user)

    def look(self, items: list[Any]) -> None:
        """Find what is needed, from the end."""
        for item in reversed(items):
            kind = type(item)
            if kind is Line:
                if item.looks:
                    self.needed |= names_in(item.text)
                elif not item.pure or not self.needed.isdisjoint(item.outs):
                    self.use(item.text.partition(" = ")[2] if item.fresh else item.text, id(item))
            elif kind is Ops:
                for value, op, args in reversed(self.code[item.start : item.end]):
                    if value.name in self.needed or (
                        item.start < self.forward and may_fail(op, args)
                    ):
                        item.only.add(value.name)
                        for a in args:
                            self.needed.add(a.name)
                            self.users.setdefault(a.name, set()).add(id(item))
            elif kind is Branch:
                self.look(item.otherwise)
                self.look(item.then)
                self.use(item.test, id(item))
            elif kind is Loop:
                if item.carried:
                    self.use(" ".join(self.text(c.end) for c in item.carried), id(item))
                if item.residual is not None:
                    self.use(" ".join([item.stack, *item.residual]), id(item))
                # a second look: what a round needs of the one before
                self.look(item.body)
                self.look(item.body)
                self.use(item.header, id(item))
                self.use(" ".join(self.text(c.start) for c in item.carried), id(item))
            elif kind is LoopBack:
                before = self.needed
                self.needed = set()
                self.look(item.body)
                inside = self.needed
                self.needed = before | inside
                loop = item.loop
                made = (
                    defined(loop.body)
                    | self.made_in(loop.body)
                    | {c.inside.name for c in loop.carried}
                    | {loop.item}
                )
                loop.residual = sorted(made & inside - {None})
                self.needed.add(loop.stack)
                for name in (*loop.residual, loop.stack):
                    self.users.setdefault(name, set()).add(id(item))

    def made_in(self, items: list[Any]) -> set[str]:
        """The results of elementwise instructions in a region."""
        out: set[str] = set()
        for item in items:
            if type(item) is Ops:
                out.update(v.name for v, _, _ in self.code[item.start : item.end])
            elif type(item) is Branch:
                out |= self.made_in(item.then) | self.made_in(item.otherwise)
            elif type(item) is Loop:
                out |= self.made_in(item.body)
        return out

    # ------------------------------------------------------------ writing

    def add(self, text: str, depth: int) -> None:
        self.lines.append("    " * depth + text)

    def write(self, items: list[Any], depth: int) -> None:
        """Write a region."""
        fresh: set[str] = set()
        empty = len(self.lines)
        for item in items:
            kind = type(item)
            if kind is Line:
                if not item.pure or not self.needed.isdisjoint(item.outs):
                    self.add(item.text, depth)
                    if item.fresh:
                        fresh.update(item.outs)
            elif kind is Ops:
                mine = {id(item)}
                keep = {
                    n
                    for v, _, _ in self.code[item.start : item.end]
                    for n in (v.name,)
                    if self.users.get(n, mine) - mine
                }
                spare = frozenset(n for n in fresh if self.users.get(n) == mine)
                for line in self.flow.program.write(
                    keep, item.start, item.end, item.reuse, spare, item.only
                ):
                    self.add(line, depth)
            elif kind is Branch:
                self.add(f"if {item.test}:", depth)
                self.write(item.then, depth + 1)
                if item.otherwise:
                    self.add("else:", depth)
                    self.write(item.otherwise, depth + 1)
            elif kind is Loop:
                self.loop(item, depth)
            elif kind is LoopBack:
                names = item.loop.residual or []
                target = "_" if not names else names[0] if len(names) == 1 else ", ".join(names)
                self.add(f"for {target} in reversed({item.loop.stack}):", depth)
                self.write(item.body, depth + 1)
        if len(self.lines) == empty and depth > 1:
            self.add("pass", depth)

    def loop(self, item: Loop, depth: int) -> None:
        if item.residual is not None:
            self.add(f"{item.stack} = []", depth)
        if item.carried:
            names = ", ".join(c.inside.name for c in item.carried)
            self.add(f"{names} = {', '.join(self.text(c.start) for c in item.carried)}", depth)
        self.add(item.header, depth)
        if item.residual is not None:
            unsure = sorted(set(item.residual) & conditional(self, item.body))
            if unsure:
                self.add(f"{' = '.join(unsure)} = None", depth + 1)
        before = len(self.lines)
        self.write(item.body, depth + 1)
        if item.residual is not None:
            left = item.residual
            kept = "None" if not left else left[0] if len(left) == 1 else f"({', '.join(left)})"
            self.add(f"{item.stack}.append({kept})", depth + 1)
        if item.carried:
            names = ", ".join(c.inside.name for c in item.carried)
            self.add(f"{names} = {', '.join(self.text(c.end) for c in item.carried)}", depth + 1)
        elif len(self.lines) == before:
            self.add("pass", depth + 1)

    def text(self, x: Any) -> str:
        """A value or a constant, written."""
        if type(x) is Val:
            return x.name
        x = x.example
        return (
            repr(x)
            if type(x) in (int, float, bool) and x == x and abs(x) < 1e300
            else self.flow.hold(x)
        )


def conditional(writer: Writer, items: list[Any]) -> set[str]:
    """Names that only one side of a branch gives a value to, or a loop that may not run."""
    out: set[str] = set()
    for item in items:
        if type(item) is Branch:
            out |= defined([item]) | writer.made_in([item])
        elif type(item) is Loop:
            out |= defined(item.body) | writer.made_in(item.body) | {item.item or ""}
    return out - {""}


def may_fail(op: str, args: tuple[Value, ...]) -> bool:
    """Could numpy refuse this, since shapes differ?"""
    return sum([x.array for x in args]) > 1 or op.startswith("cast:")
