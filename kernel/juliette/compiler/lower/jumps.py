"""Jumps: `@goto` and `@label` become loops.

Python has no jumps, so the block that holds a label becomes a loop that is run once: each stretch
between two labels is guarded by a number that says where to go on.

    a; @label again; b; @goto again    →    next = 0
                                            while true
                                                if next <= 0; a; end
                                                if next <= 1; b; next = 1; continue; end
                                                break
                                            end

A jump out of loops leaves them one by one.  A block, a branch or a `while` with a label in it that
is jumped to from outside is first spread out into what is around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import problem

LOOPS = (C.While, C.For)


def resolve(body: C.Node, temp: Callable[[str], C.Var]) -> C.Node:
    """The body of a function, without jumps; `temp` makes its variables."""
    labels = [n.name for n in walk(body) if type(n) is C.Label]
    twice = next((n for n in labels if labels.count(n) > 1), None)
    if twice is not None:
        raise problem(f'label "{twice}" defined multiple times')
    jumps = [n.name for n in walk(body) if type(n) is C.Goto]
    missing = next((n for n in jumps if n not in labels), None)
    if missing is not None:
        raise problem(f'label "{missing}" referenced but not defined')
    return Jumps(temp, jumps).resolve(body)


def walk(node: Any) -> Any:
    """A node and all nodes in it."""
    yield node
    for part in parts(node):
        yield from walk(part)


def parts(node: C.Node) -> list[C.Node]:
    """The nodes that a node is made of; closures have jumps of their own."""
    out: list[C.Node] = []
    for f in fields(node):  # type: ignore[arg-type]
        value = getattr(node, f.name)
        if isinstance(value, C.Node):
            out.append(value)
        elif isinstance(value, list):
            out += [v for v in value if isinstance(v, C.Node)]
            out += [v[1] for v in value if isinstance(v, tuple)]
    return out


def rebuilt(node: C.Node, change: Callable[[C.Node], C.Node]) -> C.Node:
    """The node with each of its parts changed, in place."""
    for f in fields(node):  # type: ignore[arg-type]
        value = getattr(node, f.name)
        if isinstance(value, C.Node):
            setattr(node, f.name, change(value))
        elif isinstance(value, list):
            value[:] = [
                change(v)
                if isinstance(v, C.Node)
                else (v[0], change(v[1]))
                if isinstance(v, tuple)
                else v
                for v in value
            ]
    return node


def step(name: str, *args: C.Node) -> C.Node:
    """A call of a function of Base."""
    from juliette.runtime.modules import Base

    return C.Call(C.Const(Base.get(name)), list(args))


class Jumps:
    """The jumps of one function."""

    def __init__(self, temp: Callable[[str], C.Var], jumps: list[str]) -> None:
        self.temp = temp
        self.jumps = jumps
        self.invented = 0

    def invent(self) -> str:
        """A label that no program can have."""
        self.invented += 1
        return f"%{self.invented}"

    def resolve(self, node: C.Node) -> C.Node:
        """A node whose own labels have become loops."""
        if type(node) is C.Label:
            # nothing jumps here from elsewhere, or it had been spread out
            return C.Const(None)
        if type(node) is C.Block:
            return self.block(node)
        return self.block(C.Block([node])) if self.divided(node) else rebuilt(node, self.resolve)

    def block(self, node: C.Block) -> C.Node:
        result = self.temp("value")
        items = self.spread(node.items, result)
        if not any(type(n) is C.Label for n in items):
            return rebuilt(C.Block(items), self.resolve)
        pieces: list[list[C.Node]] = [[]]
        labels: dict[str, int] = {}
        for n in items:
            if type(n) is C.Label:
                labels[n.name] = len(pieces)
                pieces.append([])
            else:
                pieces[-1].append(self.resolve(n))
        return Dispatcher(self.temp, labels, result).loop(pieces)

    # ------------------------------------------------------------ labels inside of branches

    def spread(self, items: list[C.Node], result: C.Var) -> list[C.Node]:
        """The items of a block, among them every label that another item jumps to."""
        items = list(items)
        if any(type(n) is C.Label or self.entered(n) or self.divided(n) for n in items):
            last = max((i for i, n in enumerate(items) if type(n) is not C.Line), default=None)
            if last is not None and type(items[last]) is not C.Label:
                items[last] = C.Assign(result, items[last])
            else:
                items.append(C.Assign(result, C.Const(None)))
        at = 0
        while at < len(items):
            item = items[at]
            if type(item) is not C.Label and (self.entered(item) or self.divided(item)):
                items[at : at + 1] = self.opened(item)
            else:
                at += 1
        return items

    def entered(self, node: C.Node) -> bool:
        """Is there a label in the node that is jumped to from outside of it?"""
        inside = list(walk(node))
        jumps = [n.name for n in inside if type(n) is C.Goto]
        return any(
            type(n) is C.Label and self.jumps.count(n.name) > jumps.count(n.name) for n in inside
        )

    def divided(self, node: C.Node) -> bool:
        """Does a jump lead from one part of the node into another?"""
        if type(node) is C.Assign:
            return self.divided(node.value)
        return type(node) is not C.Block and any(map(self.entered, parts(node)))

    def goto(self, name: str) -> C.Node:
        self.jumps.append(name)
        return C.Goto(name)

    def opened(self, node: C.Node) -> list[C.Node]:
        """A statement as several, one level of nesting less."""
        if type(node) is C.Block:
            return node.items
        if type(node) is C.Assign and type(node.value) is C.Block and node.value.items:
            *before, last = node.value.items
            if type(last) is C.Label:
                return [*before, last, C.Assign(node.var, C.Const(None))]
            return [*before, C.Assign(node.var, last)]
        if type(node) is C.Assign and type(node.value) in (C.If, C.Label):
            if type(node.value) is C.Label:
                return [node.value, C.Assign(node.var, C.Const(None))]
            branch: Any = node.value
            return self.opened(
                C.If(
                    branch.test,
                    C.Assign(node.var, branch.then),
                    C.Assign(node.var, branch.otherwise),
                )
            )
        if type(node) is C.Assign and type(node.value) in LOOPS:
            return [node.value, C.Assign(node.var, C.Const(None))]
        if type(node) is C.If:
            other, end = self.invent(), self.invent()
            return [
                C.If(node.test, C.Const(None), self.goto(other)),
                node.then,
                self.goto(end),
                C.Label(other),
                node.otherwise,
                C.Label(end),
            ]
        if type(node) is C.While:
            top, end = self.invent(), self.invent()
            body = self.leaving(node.body, top, end)
            return [
                C.Label(top),
                C.If(node.test, C.Const(None), self.goto(end)),
                body,
                self.goto(top),
                C.Label(end),
            ]
        name = next(n.name for n in walk(node) if type(n) is C.Label)
        raise problem(
            f'label "{name}" stands where no jump can lead: in a `for`, a `try`, or inside of an '
            "expression"
        )

    def leaving(self, node: C.Node, top: str, end: str) -> C.Node:
        """The body of a loop that is none any more."""
        if type(node) is C.Break:
            return self.goto(end)
        if type(node) is C.Continue:
            return self.goto(top)
        return node if type(node) in LOOPS else rebuilt(node, lambda n: self.leaving(n, top, end))


class Dispatcher:
    """The loop that one block with labels becomes."""

    def __init__(self, temp: Callable[[str], C.Var], labels: dict[str, int], result: C.Var) -> None:
        self.temp = temp
        self.labels = labels
        self.result = result
        self.next = temp("next")
        # set on the way out of loops inside, and when a loop around is to be left or goes on
        self.pending: C.Var | None = None
        self.leave: C.Var | None = None

    def loop(self, pieces: list[list[C.Node]]) -> C.Node:
        """The loop, and what must run before and after it."""
        guarded = [
            C.If(
                step("<=", C.Local(self.next), C.Const(i)),
                self.led(C.Block(piece), 0),
                C.Const(None),
            )
            for i, piece in enumerate(pieces)
            if piece
        ]
        before: list[C.Node] = [C.Assign(self.next, C.Const(0))]
        after: list[C.Node] = []
        if self.pending is not None:
            before.append(C.Assign(self.pending, C.Const(False)))
        if self.leave is not None:
            before.append(C.Assign(self.leave, C.Const(0)))
            for number, way in ((1, C.Break()), (2, C.Continue())):
                after.append(
                    C.If(step("==", C.Local(self.leave), C.Const(number)), way, C.Const(None))
                )
        body = C.Block([*guarded, C.Break()])
        return C.Block([*before, C.While(C.Const(True), body), *after, C.Local(self.result)])

    def led(self, node: C.Node, depth: int) -> C.Node:
        """A node with its jumps led to the loop, which it is `depth` loops deep in."""
        kind = type(node)
        if kind is C.Goto and node.name in self.labels:  # type: ignore[attr-defined]
            going: list[C.Node] = [C.Assign(self.next, C.Const(self.labels[node.name]))]  # type: ignore[attr-defined]
            if depth == 0:
                return C.Block([*going, C.Continue()])
            self.pending = self.pending or self.temp("pending")
            return C.Block([*going, C.Assign(self.pending, C.Const(True)), C.Break()])
        if depth == 0 and kind in (C.Break, C.Continue):
            self.leave = self.leave or self.temp("leave")
            return C.Block([C.Assign(self.leave, C.Const(1 if kind is C.Break else 2)), C.Break()])
        if kind not in LOOPS:
            return rebuilt(node, lambda n: self.led(n, depth))
        jumps = any(type(n) is C.Goto and n.name in self.labels for n in walk(node))
        innermost = node
        while type(innermost) is C.For and (inner := C.nested_for(innermost.body)) is not None:
            innermost = inner  # a `break` leaves all loops of one `for`
        rebuilt(innermost, lambda n: self.led(n, depth + 1))
        if not jumps:
            return node
        assert self.pending is not None
        way: C.Node = C.Break()
        if depth == 0:
            way = C.Block([C.Assign(self.pending, C.Const(False)), C.Continue()])
        return C.Block([node, C.If(C.Local(self.pending), way, C.Const(None))])
