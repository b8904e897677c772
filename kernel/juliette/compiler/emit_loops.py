"""Python forms for loops and comprehensions.

A loop in which no array can change its size takes views of its arrays beforehand; a loop over
indices counts from 0 where that is what its accesses need.  A comprehension is a loop that gathers
what it yields, and `sum(x for …)` and the like are loops that use it at once.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.data_types import array_of, in_step, is_plain_vector, is_tuple
from juliette.compiler.emit_pieces import LOAD, Pieces
from juliette.compiler.inference import assigned_in, parts_of, quiet
from juliette.compiler.lattice import ANY, ONE_TO, UNIT_RANGE, joined, widen
from juliette.runtime import types as T

# A loop of more iterations gains when it reads the lines of its matrices from lists.
LONG_LOOP = 20


class LoopForms(Pieces):
    """A part of the emitter."""

    def stmt_while(self, node: C.While) -> None:
        hoisted = self.hoist(node)
        mark = len(self.out)
        line = self.line
        test = self.test(node.test)
        extra = self.out[mark:]
        del self.out[mark:]
        saved = self.sub()
        before = self.definite
        self.definite = set(before)
        if extra:
            self.out = extra
            self.push(ast.If(self.at(ast.UnaryOp(ast.Not(), test)), [self.at(ast.Break())], []))
            test = self.const(True)
        self.looped_body(node.body)
        body = self.done(saved)
        self.definite = before
        self.line = line
        self.push(ast.While(test, body, []))
        self.lower_hoisted(hoisted)

    def looped_body(self, body: C.Node) -> None:
        """What a loop does again and again."""
        self.looping += 1
        self.stmt(body)
        self.looping -= 1

    def hoist(self, node: C.Node) -> list[str]:
        """Before a loop in which no array can change its size, take what holds the elements of arrays
        and dictionaries."""
        inference = self.inference
        if inference is None or self.traced or not quiet(node, inference):
            return []
        assigned = assigned_in(node, set())
        names: list[str] = []
        for var in self.viewed(node, {}):
            if (
                var in assigned
                or var.boxed
                or var not in self.definite
                or var.pyname in self.hoisted
            ):
                continue
            self.store(f"%v{var.pyname}", self.call("%holding", self.name(var.pyname)))
            self.hoisted[var.pyname] = f"%v{var.pyname}"
            names.append(var.pyname)
        return names

    def lower_hoisted(self, names: list[str]) -> None:
        for name in names:
            del self.hoisted[name]

    def viewed(self, node: C.Node, found: dict[C.Var, None]) -> dict[C.Var, None]:
        """The variables whose arrays and dictionaries are read or written element by element."""
        if type(node) is C.Call:
            plan = self.plans.get(id(node))
            if (
                plan is not None
                and plan.form in ("element", "entry")
                and type(node.args[0]) is C.Local
            ):
                found[node.args[0].var] = None
        for n in parts_of(node):
            self.viewed(n, found)
        return found

    def stmt_for(self, node: C.For) -> None:
        self.depth += 1
        self.loop(node)
        self.depth -= 1
        if self.stop is not None and self.depth > 0:
            self.push(ast.If(self.stop, [self.at(ast.Break())], []))

    def loop(self, node: C.For) -> None:
        plan = self.plans.get(id(node.iterable))
        target = _loop_variable(node)
        from_zero = self.loop_from_zero(node, target) if target is not node.target else ""
        if plan is not None and plan.form == "range":
            iterable = self.python_range(node.iterable, from_zero == "all")
        elif (steps := self.plans.get(id(node))) is not None and steps.emit is not None:
            iterable = steps.emit(self, node)
        elif (
            self.inference is not None and not self.traced and is_tuple(self.element(node.iterable))
        ):
            iterable = self.expr(node.iterable)
        elif (
            self.inference is not None
            and is_plain_vector(self.element(node.iterable))
            and quiet(node.body, self.inference)
            and not self.traced
        ):
            iterable = self.call("%elements", self.expr(node.iterable))
        elif (
            self.inference is not None
            and not self.traced
            and (array_of(self.element(node.iterable)) or (None, 0))[1] == 1
            and quiet(node.body, self.inference)
        ):
            iterable = self.call("%references", self.expr(node.iterable))
        elif (
            type(node.iterable) is C.Local
            and widen(self.element(node.iterable)) in (UNIT_RANGE, ONE_TO)
            and not self.traced
        ):
            ends = self.expr(node.iterable)
            stop = self.binary(ast.Add, self.attribute(ends, "stop"), self.const(1))
            iterable = self.call("%range", self.attribute(ends, "start"), stop)
        elif (
            not self.traced
            and in_step(self.element(node.iterable)) is not None
            and quiet(node.body, self.inference)
        ):
            iterable = self.call("%in_step", self.expr(node.iterable))
        else:
            iterable = self.call("%iterate", self.expr(node.iterable))
        hoisted = self.hoist(node)
        saved = self.sub()
        line = self.line
        before = self.definite
        self.definite = set(before)
        if target is not node.target:
            self.loop_variables.add(node.target)
        self.definite.add(target)
        name = target.pyname
        if from_zero:
            self.zero[name] = f"%0{name}"
            if from_zero == "also":
                self.store(self.zero[name], self.binary(ast.Sub, self.name(name), self.const(1)))
        self.looped_body(node.body)
        body = self.done(saved)
        self.definite = before
        item = self.name(self.zero[name] if from_zero == "all" else name, True)
        lines = self.lines_of(node, target) if from_zero == "all" else []
        if lines:
            self.along_lines(node, target, iterable, lines, ast.For(item, iterable, body, []))
        else:
            self.push(ast.For(item, iterable, body, []))
        self.zero.pop(name, None)
        self.lower_hoisted(hoisted)
        # `break` in a `for` over several iterators leaves all of them.
        inner = C.nested_for(node.body)
        if inner is not None and _has_break(inner.body):
            flagged = body
            for i, s in enumerate(flagged):
                if isinstance(s, ast.For):
                    s.orelse = [self.at(ast.Continue())]
                    flagged.insert(i + 1, self.at(ast.Break()))
                    break
        self.line = line

    def along_lines(
        self,
        node: C.For,
        var: C.Var,
        iterable: Any,
        lines: list[tuple[C.Call, int]],
        plain: ast.For,
    ) -> None:
        """A loop in two forms: the long one takes the lines of its arrays as lists."""
        stop = iterable.args[1]
        if not isinstance(stop, (ast.Name, ast.Constant)):
            t = self.temp()
            self.store(t, stop)
            stop = iterable.args[1] = self.name(t)
        saved = self.sub()
        for call, dim in lines:
            self.take_line(call, dim, var, stop)
        inner = self.sub()
        self.looped_body(node.body)
        body = self.done(inner)
        self.push(ast.For(self.name(self.zero[var.pyname], True), iterable, body, []))
        fast = self.done(saved)
        for call, _ in lines:
            del self.lines[id(call)]
        self.push(
            ast.If(
                self.at(ast.Compare(stop, [ast.Gt()], [self.const(LONG_LOOP)])),
                fast,
                [self.at(plain)],
            )
        )

    # ------------------------------------------------------------ comprehensions

    def expr_Collect(self, node: C.Collect) -> ast.expr:
        values, add = self.temp(), self.temp()
        names = [s.var.pyname for s in node.sources]
        for s in node.sources:
            self.check_end(s)
        self.store(values, self.at(ast.List([], LOAD)))
        self.store(add, self.attribute(self.name(values), "append"))
        self.yields.append(lambda value: ast.Expr(self.call(add, value)))
        self.stmt(node.loop)
        self.yields.pop()
        shape = self.const(None)
        if not node.flat and (len(names) > 1 or self.dimensions(node.sources[0]) != 1):
            shape = self.call("%shape", *map(self.name, names))
        if node.eltype is not None:
            return self.call("%typed_array", self.expr(node.eltype), self.name(values), shape)
        result = widen(self.element(node))
        if not self.traced and result is not ANY:
            return self.call(
                "%array_of", self.const(result.parameters[0]), self.name(values), shape
            )
        element = (
            widen(self.inference.elements.get(id(node), ANY)) if self.inference is not None else ANY
        )
        return self.call("%gather", self.name(values), shape, self.const(joined(element)))

    def dimensions(self, node: C.Node) -> int:
        """The number of dimensions of what is iterated, if it is known."""
        from juliette.compiler.intrinsics_iteration import shape_of

        return (
            shape_of(self.inference, node) if self.inference is not None and not self.traced else 0
        )

    def expr_Consume(self, node: C.Consume) -> ast.expr:
        name = getattr(node.function.value, "name", "")
        element = (
            widen(self.inference.elements.get(id(node), ANY))
            if self.inference is not None and not self.traced
            else ANY
        )
        if node.init is not None:
            return self.begun(node, name, element)
        if name in ("any", "all"):
            return self.question(node, name == "any", element is T.Bool)
        if (
            name in ("sum", "count")
            and element in (T.Int64, T.Float64, T.Bool)
            and (name == "sum" or element is T.Bool)
        ):
            return self.total(node, element, name == "count")
        values, add = self.temp(), self.temp()
        self.store(values, self.at(ast.List([], LOAD)))
        self.store(add, self.attribute(self.name(values), "append"))
        self.looped(node, lambda value: ast.Expr(self.call(add, value)))
        return self.consumed(node, self.name(values), element)

    def begun(self, node: C.Consume, name: str, element: Any) -> ast.expr:
        """A fold that begins with a given value."""
        assert node.init is not None
        total = self.temp()
        self.store(total, self.expr(node.init))
        if name == "sum" and self.types.get(id(node)) is element and element is not ANY:
            self.looped(node, lambda value: ast.AugAssign(self.name(total, True), ast.Add(), value))
            out = self.name(total)
            return out if element is T.Float64 else self.call("%wrap", out)
        values, add = self.temp(), self.temp()
        self.store(values, self.at(ast.List([], LOAD)))
        self.store(add, self.attribute(self.name(values), "append"))
        self.looped(node, lambda value: ast.Expr(self.call(add, value)))
        return self.call(
            "%consume_from", self.expr(node.function), self.name(total), self.name(values)
        )

    def consumed(self, node: C.Consume, values: ast.expr, element: Any) -> ast.expr:
        """The function applied to all values; the source tells what there could have been if there are none."""
        source = self.name(node.sources[0].var.pyname) if node.same else self.const(None)
        return self.call(
            "%consume",
            self.expr(node.function),
            values,
            self.const(element),
            source,
            *self.exprs(node.rest),
        )

    def check_end(self, source: C.Local) -> None:
        """What is gone through has an end, and room for its elements, as those that are there already do."""
        t = widen(self.element(source))
        if array_of(t) or any(map(array_of, in_step(t) or ())):
            return
        x = self.name(source.var.pyname)
        if t is UNIT_RANGE or t is ONE_TO:
            size = self.binary(ast.Sub, self.attribute(x, "stop"), self.attribute(x, "start"))
            test = self.at(ast.Compare(size, [ast.Gt()], [self.const(1_000_000)]))
            self.push(ast.If(test, [self.at(ast.Expr(self.call("%finite", x)))], []))
            return
        self.push(ast.Expr(self.call("%finite", x)))

    def looped(self, node: C.Consume, each: Callable[[ast.expr], ast.stmt]) -> None:
        if getattr(node.function.value, "name", "") not in ("any", "all"):
            for s in node.sources:
                self.check_end(s)
        self.yields.append(each)
        self.stmt(node.loop)
        self.yields.pop()

    def total(self, node: C.Consume, element: Any, count: bool) -> ast.expr:
        """A sum of numbers of one type, or how often there was `true`."""
        total, some = self.temp(), self.temp()
        # -0.0 is what changes no number it is added to
        self.store(total, self.const(-0.0 if element is T.Float64 else 0))
        if not count:
            self.store(some, self.const(None))

        def each(value: ast.expr) -> ast.stmt:
            if count:
                return ast.AugAssign(self.name(total, True), ast.Add(), value)
            held = self.at(ast.NamedExpr(self.name(some, True), value))
            return ast.AugAssign(self.name(total, True), ast.Add(), held)

        self.looped(node, each)
        if count:
            return self.name(total)
        result = self.name(total) if element is T.Float64 else self.call("%wrap", self.name(total))
        nothing = self.at(ast.Compare(self.name(some), [ast.Is()], [self.const(None)]))
        return self.choose(
            nothing, self.consumed(node, self.at(ast.List([], LOAD)), element), result
        )

    def question(self, node: C.Consume, some: bool, plain: bool) -> ast.expr:
        """`any` and `all`, which stop at the first answer that decides."""
        answer = self.temp()
        self.store(answer, self.const(not some))
        stop = self.at(ast.Compare(self.name(answer), [ast.Is()], [self.const(some)]))

        def each(value: ast.expr) -> ast.stmt:
            if plain:
                test = value if some else self.at(ast.UnaryOp(ast.Not(), value))
                return ast.If(
                    test,
                    [
                        self.at(ast.Assign([self.name(answer, True)], self.const(some))),
                        self.at(ast.Break()),
                    ],
                    [],
                )
            self.push(
                ast.Assign(
                    [self.name(answer, True)],
                    self.call("%any_step" if some else "%all_step", self.name(answer), value),
                )
            )
            return ast.If(stop, [self.at(ast.Break())], [])

        outer, self.stop, self.depth = (self.stop, self.depth), stop, 0
        self.looped(node, each)
        self.stop, self.depth = outer
        return self.name(answer)


def _loop_variable(node: C.For) -> C.Var:
    """The variable that a loop's body begins with assigning, if Python's `for` can assign it itself."""
    body = node.body
    while type(body) is C.Block and body.items:
        body = (
            body.items[1]
            if type(body.items[0]) is C.Fresh and len(body.items) > 1
            else body.items[0]
        )
    if (
        type(body) is C.Assign
        and not body.var.boxed
        and type(body.value) is C.Local
        and body.value.var is node.target
    ):
        return body.var
    return node.target


def _has_break(node: Any) -> bool:
    if isinstance(node, C.Break):
        return True
    if isinstance(node, (C.For, C.While, C.Closure)):
        inner = C.nested_for(node.body) if isinstance(node, C.For) else None
        return inner is not None and _has_break(inner.body)
    if isinstance(node, C.Block):
        return any(map(_has_break, node.items))
    if isinstance(node, C.If):
        return _has_break(node.then) or _has_break(node.otherwise)
    if isinstance(node, C.Try):
        return any(
            _has_break(n)
            for n in (node.body, node.catch, node.otherwise, node.final)
            if n is not None
        )
    return False
