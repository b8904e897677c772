"""Control flow: branches, loops, `let`, `try`."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import (
    is_signature,
    pattern_names,
    problem,
    signature_name,
    str_name,
)
from juliette.compiler.lower.scopes import Scoping
from juliette.syntax.expr import Expr, LineNumberNode, Symbol


class Control(Scoping):
    """`if`, `&&`, `for`, `while`, `break`, `return`, `let`, `try`."""

    def lower_if(self, e: Expr) -> C.Node:
        test = e.args[0]
        if isinstance(test, Expr) and test.head == "block":
            node: C.Node = self.block(test.args)
        else:
            node = self.lower(test)
        with self.branch():
            then = self.lower(e.args[1])
        with self.branch():
            other = self.lower(e.args[2]) if len(e.args) > 2 else C.Const(None)
        return C.If(node, then, other)

    def lower_and(self, e: Expr) -> C.Node:
        test = self.lower(e.args[0])
        with self.branch():
            return C.If(test, self.lower(e.args[1]), C.Const(False))

    def lower_or(self, e: Expr) -> C.Node:
        test = self.lower(e.args[0])
        with self.branch():
            return C.If(test, C.Const(True), self.lower(e.args[1]))

    def lower_while(self, e: Expr) -> C.Node:
        test = self.lower(e.args[0])
        self.loops.append("while")
        try:
            body = self.in_scope(lambda: self.lower(e.args[1]), exprs=[e.args[1]], soft=True)
        finally:
            self.loops.pop()
        return C.While(test, body)

    def lower_for(self, e: Expr) -> C.Node:
        spec, body = e.args
        specs = list(spec.args) if isinstance(spec, Expr) and spec.head == "block" else [spec]
        specs = [s for s in specs if not isinstance(s, LineNumberNode)]
        self.loops.append("for")
        try:
            return self._for(specs, body, [])
        finally:
            self.loops.pop()

    def _for(self, specs: list[Any], body: Any, around: list[str]) -> C.Node:
        """A nest of loops; `around` are the variables of the loops around this one."""
        pattern, source = specs[0].args
        iterable = self.lower(source)
        outer = isinstance(pattern, Expr) and pattern.head == "outer"
        if outer:
            pattern = pattern.args[0]
            if any(
                self.scope is None or self.scope.find(n) is None for n in pattern_names(pattern)
            ):
                raise problem('no outer local variable declaration exists for "for outer"')
        item = self.temp("item")
        names = [] if outer else pattern_names(pattern)
        copies: list[tuple[str, C.Node]] = []
        if len(specs) == 1 and around:
            # What the body assigns to a variable of a loop around it is gone at the next step.
            found = self.assigned_in(body)
            copies = [(n, self.read(n)) for n in around if n in found.assigned and n not in names]

        def inner() -> C.Node:
            first = [
                self.assign_to(pattern, C.Local(item)),
                *(self.assign(n, v) for n, v in copies),
            ]
            if len(specs) > 1:
                return C.Block([*first, self._for(specs[1:], body, [*around, *names])])
            return C.Block([*first, self.lower(body)])

        owned = [*names, *(n for n, _ in copies)]
        exprs = [body] if len(specs) == 1 else []
        return C.For(item, iterable, self.in_scope(inner, names=owned, exprs=exprs, soft=True))

    def lower_break(self, e: Expr) -> C.Node:
        if not self.loops:
            raise problem("break or continue outside loop")
        return C.Break()

    def lower_continue(self, e: Expr) -> C.Node:
        if not self.loops:
            raise problem("break or continue outside loop")
        return C.Continue()

    def lower_symboliclabel(self, e: Expr) -> C.Node:
        self.jumping = True
        return C.Label(str_name(e.args[0]))

    def lower_symbolicgoto(self, e: Expr) -> C.Node:
        self.jumping = True
        return C.Goto(str_name(e.args[0]))

    def without_jumps(self, node: C.Node) -> C.Node:
        """A lowered function body, in which jumps have become loops."""
        if not self.jumping:
            return node
        from juliette.compiler.lower import jumps

        return jumps.resolve(node, self.temp)

    def lower_return(self, e: Expr) -> C.Node:
        return C.Return(self.lower(e.args[0]) if e.args else C.Const(None))

    def lower_let(self, e: Expr) -> C.Node:
        bindings, body = e.args
        if isinstance(bindings, Expr) and bindings.head == "block":
            items = [b for b in bindings.args if not isinstance(b, LineNumberNode)]
        else:
            items = [bindings]
        return self._let(items, body)

    def _let(self, items: list[Any], body: Any) -> C.Node:
        if not items:
            return self.in_scope(lambda: self.lower(body), exprs=[body])
        first = items[0]
        if isinstance(first, Symbol):
            return self.in_scope(lambda: self._let(items[1:], body), names=[first.name])
        if not isinstance(first, Expr) or len(first.args) != 2:
            raise problem("invalid let syntax")
        target, value = first.args
        if isinstance(target, Expr) and is_signature(target):
            return self.in_scope(
                lambda: C.Block([self.lower(first), self._let(items[1:], body)]),
                names=[signature_name(target)],
            )
        node, setup = self.once(self.lower(value))
        inner = self.in_scope(
            lambda: C.Block([self.assign_to(target, node), self._let(items[1:], body)]),
            names=pattern_names(target),
        )
        return C.Block([*setup, inner])

    def lower_try(self, e: Expr) -> C.Node:
        body, name, catch = e.args[:3]
        final = e.args[3] if len(e.args) > 3 else False
        otherwise = e.args[4] if len(e.args) > 4 else None
        with self.branch():
            main = self.in_scope(lambda: self.lower(body), exprs=[body], soft=True)
        var: C.Var | None = None
        handler: C.Node | None = None
        if catch is not False and catch is not None:
            var = self.temp("error")
            held = var

            def inner() -> C.Node:
                if isinstance(name, Symbol):
                    return C.Block([self.assign(name.name, C.Local(held)), self.lower(catch)])
                return self.lower(catch)

            # A local variable of that name around it takes the exception in.
            own = isinstance(name, Symbol) and not self._visible_outside(self.scope, name.name)
            names = [name.name] if own else []
            with self.branch():
                handler = self.in_scope(inner, names=names, exprs=[catch], soft=True)
        last = None
        if final is not False and final is not None:
            last = self.in_scope(lambda: self.lower(final), exprs=[final], soft=True)
        extra = None
        if otherwise is not None and otherwise is not False:
            extra = self.in_scope(lambda: self.lower(otherwise), exprs=[otherwise], soft=True)
        return C.Try(main, var, handler, extra, last)

    def lower_tryfinally(self, e: Expr) -> C.Node:
        """`Expr(:tryfinally, body, final)`, which macros make: `try` with `finally`, but no scope."""
        if len(e.args) != 2:
            raise problem("malformed expression")
        body, final = e.args
        return C.Try(self.lower(body), None, None, None, self.lower(final))
