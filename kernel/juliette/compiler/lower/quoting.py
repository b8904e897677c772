"""Quoted code, macros, and heads that only macros leave behind."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import problem
from juliette.compiler.lower.scopes import Scoping
from juliette.runtime import types as T
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, GlobalRef, QuoteNode, Symbol

# What every macro takes before its own arguments.
_TAKEN = (("__source__", "LineNumberNode"), ("__module__", "Module"))


class Quoting(Scoping):
    """`:(a + $b)`, `@m x`, `macro m(x) … end`."""

    def lower_macrocall(self, e: Expr) -> C.Node:
        return self.lower(self.expansion(e))

    def lower_macro(self, e: Expr) -> C.Node:
        if self.scope is not None:
            raise problem("macro definition not allowed inside a local scope")
        signature = e.args[0]
        body = e.args[1] if len(e.args) > 1 else None
        while isinstance(signature, Expr) and signature.head in ("where", "::"):
            signature = signature.args[0]
        if isinstance(signature, Symbol):
            return C.Call(
                C.Runtime("declare_function"), [C.Const(self.module), C.Const("@" + signature.name)]
            )
        called = signature.args[0] if getattr(signature, "head", "") == "call" else None
        if not isinstance(called, Symbol):
            raise problem("invalid macro definition")
        if any(isinstance(a, Expr) and a.head == "parameters" for a in signature.args[1:]):
            raise problem("macros cannot accept keyword arguments")
        name = Symbol("@" + called.name)
        taken = [Expr("::", Symbol(n), T.CORE_TYPES[t]) for n, t in _TAKEN]
        new = Expr("call", name, *taken, *signature.args[1:])
        return self.lower_function(Expr("function", new, body))

    def lower_quote(self, e: Expr) -> C.Node:
        return self.quasi(e.args[0], 1)

    def lower_inert(self, e: Expr) -> C.Node:
        return C.Const(e.args[0])

    def quasi(self, e: Any, depth: int) -> C.Node:
        if isinstance(e, Expr):
            if e.head == "$":
                if depth == 1:
                    if len(e.args) != 1:
                        raise problem('"..." expression outside call')
                    return self.lower(e.args[0])
                depth -= 1
            elif e.head == "quote":
                depth += 1
            args: list[C.Node] = []
            for a in e.args:
                if isinstance(a, Expr) and a.head == "$" and depth == 1:
                    # One `$` holds several expressions after `$$(xs...)` in a quote in a quote.
                    args += map(self._interpolated, a.args)
                else:
                    args.append(self.quasi(a, depth))
            return C.Call(C.Runtime("make_expr"), [C.Const(e.head), *args])
        if isinstance(e, QuoteNode) and isinstance(e.value, Expr):
            return C.Call(C.Runtime("make_quote"), [self.quasi(e.value, depth)])
        return C.Const(e)

    def _interpolated(self, e: Any) -> C.Node:
        if isinstance(e, Expr) and e.head == "...":
            return C.Splat(self.lower(e.args[0]))
        return self.lower(e)

    def lower_copyast(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("copy_ast"), [C.Const(e.args[0].value)])

    def lower_new(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("new_raw"), [self.lower(a) for a in e.args])

    def lower_splatnew(self, e: Expr) -> C.Node:
        t, values = e.args
        return C.Call(C.Runtime("new_raw"), [self.lower(t), C.Splat(self.lower(values))])

    def lower_unquote(self, e: Expr) -> C.Node:
        raise problem('"$" expression outside quote')

    def lower_meta(self, e: Expr) -> C.Node:
        return C.Const(None)

    def lower_escape(self, e: Expr) -> C.Node:
        return self.lower(e.args[0])

    def lower_isdefined(self, e: Expr) -> C.Node:
        name = e.args[0].name
        var = self.scope.find(name) if self.scope is not None else None
        return C.IsDefined(name, self.reach(var) if var is not None else None)

    def lower_locals(self, e: Expr) -> C.Node:
        """What `Base.@locals` leaves: a dictionary of the visible variables that have a value."""
        names: list[str] = []
        scope = self.scope
        while scope is not None:
            names += [n for n in scope.vars if not n.startswith(("#", "%")) and n not in names]
            scope = scope.parent
        made = Symbol("#locals#")
        new = Expr("call", Expr("curly", _base("Dict"), _base("Symbol"), _base("Any")))
        entries = [
            Expr(
                "if",
                Expr("isdefined", Symbol(n)),
                Expr("call", _base("setindex!"), made, Symbol(n), QuoteNode(Symbol(n))),
            )
            for n in reversed(names)
        ]
        return self.lower(Expr("let", Expr("=", made, new), Expr("block", *entries, made)))


def _base(name: str) -> GlobalRef:
    return GlobalRef(Base, Symbol(name))
