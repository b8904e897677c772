"""Python forms for values of known types: what the plans of `compiler.intrinsics` are made of."""

from __future__ import annotations

import ast
from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.emit_pieces import LOAD, Pieces
from juliette.compiler.intrinsics import exact
from juliette.compiler.lattice import HIGH, LOW

# Sums and products are wrapped around once for the whole expression, unless they may grow beyond this.
WIDEST = 2**200
# Integers of one digit inside Python, which it compares fastest.
SMALL = 2**30 - 1
OPERATORS = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult}


class TypedForms(Pieces):
    """A part of the emitter."""

    def chain(self, op: Any, node: C.Call) -> ast.expr:
        """`a op b op …`"""
        first, *rest = self.exprs(node.args)
        for e in rest:
            first = self.binary(op, first, e)
        return first

    def compare(self, op: Any, node: C.Call) -> ast.expr:
        a, b = self.exprs(node.args)
        return self.at(ast.Compare(a, [op()], [b]))

    # ------------------------------------------------------------ arithmetic

    def float_chain(self, op: str, node: C.Call) -> ast.expr:
        """Sum, difference or product with floats in it; integers before the first float stay integers."""
        if len(node.args) == 1:
            e = self.expr(node.args[0])
            return e if op == "+" else self.at(ast.UnaryOp(ast.USub(), e))
        first, *rest = self.exprs(node.args)
        elements = [self.element(n) for n in node.args]
        whole = L.bounds(elements[0])
        for e, element in zip(rest, elements[1:], strict=True):
            more = L.bounds(element)
            if whole is None or more is None:
                first, e = self.as_float(first), self.as_float(e)
            first = self.binary(OPERATORS[op], first, e)
            if whole is not None and more is not None:
                low, high = L.ring_bounds(op, [whole, more])
                first, whole = self.wrapped(first, low, high), (max(low, LOW), min(high, HIGH))
                if low < LOW or high > HIGH:
                    whole = (LOW, HIGH)
            else:
                whole = None
        return first

    def as_float(self, e: ast.expr) -> ast.expr:
        """A literal as a float, which saves the conversion when it runs."""
        if isinstance(e, ast.Constant) and type(e.value) is int and not self.traced:
            return self.const(float(e.value))
        return e

    def ring(self, node: C.Node) -> tuple[ast.expr, int, int]:
        """An Int64 before it wraps around, and its bounds."""
        plan = self.plans.get(id(node))
        if plan is None or plan.form not in OPERATORS:
            low, high = L.bounds(self.element(node)) or (0, 1)
            return self.expr(node), low, high
        parts: list[tuple[int, int]] = []

        def operand(n: C.Node) -> ast.expr:
            e, low, high = self.ring(n)
            if max(-low, high) > WIDEST:
                e, low, high = self.wrapped(e, low, high), LOW, HIGH
            parts.append((low, high))
            return e

        operands = self.exprs(node.args, operand)  # type: ignore[attr-defined]
        low, high = L.ring_bounds(plan.form, parts)
        first, *rest = operands
        if not rest:
            return (
                (first if plan.form == "+" else self.at(ast.UnaryOp(ast.USub(), first))),
                low,
                high,
            )
        for e in rest:
            first = self.binary(OPERATORS[plan.form], first, e)
        return first, low, high

    def wrapped(self, e: ast.expr, low: int, high: int) -> ast.expr:
        """An integer wrapped around to Int64, if its bounds allow that it must be."""
        if low >= LOW and high <= HIGH:
            return e
        first, again = self.hold(e)
        test = self.at(ast.Compare(first, [ast.LtE()], [self.const(HIGH)]))
        if low < LOW:
            lowest = self.const(LOW)
            test = self.at(ast.Compare(lowest, [ast.LtE()], [first]))
            if high > HIGH:
                test = self.at(
                    ast.Compare(lowest, [ast.LtE(), ast.LtE()], [first, self.const(HIGH)])
                )
        return self.choose(test, again, self.call("%wrap", again))

    def wrapped_ring(self, node: C.Call) -> ast.expr:
        return self.wrapped(*self.ring(node))

    def store_ring(self, target: str, node: C.Node) -> None:
        """Assign a sum or product to a variable: the test for wrapping is a statement of its own."""
        e, low, high = self.ring(node)
        self.store(target, e)
        if low >= LOW and high <= HIGH:
            return
        name = self.name(target)

        def beyond(least: int, most: int) -> ast.expr:
            tests: list[ast.expr] = []
            if high > HIGH:
                tests.append(self.at(ast.Compare(name, [ast.Gt()], [self.const(most)])))
            if low < LOW:
                tests.append(self.at(ast.Compare(name, [ast.Lt()], [self.const(least)])))
            return tests[0] if len(tests) == 1 else self.at(ast.BoolOp(ast.Or(), tests))

        again = self.at(ast.Assign([self.name(target, True)], self.call("%wrap", name)))
        inner = self.at(ast.If(beyond(LOW, HIGH), [again], []))
        self.push(ast.If(beyond(-SMALL, SMALL), [inner], []))

    # ------------------------------------------------------------ calls

    def direct(
        self, instance: Any, node: C.Call, *before: ast.expr, named: bool = False
    ) -> ast.expr:
        """A call of an instance, without dispatch."""
        args = [*node.args, *[v for _, v in node.kwargs]] if named else node.args
        return self.call(instance.enter_into(self.constants), *before, *self.exprs(args))

    def keyworded(self, call: Any, node: C.Call) -> ast.expr:
        """A call with keywords of a method of Base."""
        values = [v for _, v in node.kwargs]
        parts = self.exprs([*node.args, *values])
        n = len(node.args)
        named = self.at(ast.Dict([self.const(name) for name, _ in node.kwargs], parts[n:]))
        return self.call(self.name(self.constant_for("kw", call)), named, *parts[:n])

    def linked(self, node: C.Call) -> ast.expr:
        """A call of the method that dispatch selects for these types, bound at the first call."""
        return self.bound(self.callee(node), node)

    def bound(self, function: Any, node: C.Call) -> ast.expr:
        """A call of a function that is known: bound to a method where all types are, or through the table."""
        types = None if self.traced else exact([self.element(a) for a in node.args])
        if types is None:
            return self.dispatched(function, node)
        return self.call(function.link(types).enter_into(self.constants), *self.exprs(node.args))

    def dispatched(self, function: Any, node: C.Call) -> ast.expr:
        """A call through the function's table."""
        args = self.exprs(node.args)
        table = function.traced_unary if self.traced else function.unary
        if len(args) != 1:
            table = function.traced_cache if self.traced else function.cache
        key = f"%d{id(table):x}"
        self.constants[key] = table
        firsts, again = [], []
        for e in args:
            first, second = self.hold(e)
            firsts.append(self.call("%type", first))
            again.append(second)
        index = firsts[0] if len(args) == 1 else self.at(ast.Tuple(firsts, LOAD))
        return self.call(self.at(ast.Subscript(self.name(key), index, LOAD)), *again)
