"""Types in expressions, and definitions of types."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import problem, refuse_assignments, static_variable
from juliette.compiler.lower.scopes import Scoping
from juliette.syntax.expr import Expr, Symbol


class Types(Scoping):
    """`T{A}`, `T where A`, `x::T`, `struct`, `abstract type`."""

    def lower_curly(self, e: Expr) -> C.Node:
        fresh: list[Expr] = []
        args: list[Any] = []
        refuse_assignments(e, e.args[1:])
        for p in e.args[1:]:
            if isinstance(p, Expr) and p.head in ("<:", ">:") and len(p.args) == 1:
                self.counter += 1
                name = Symbol(f"#s{self.counter}")
                fresh.append(Expr(p.head, name, p.args[0]))
                args.append(name)
            else:
                args.append(p)
        if fresh:
            return self.lower_where(Expr("where", Expr("curly", e.args[0], *args), *fresh))
        nodes, _ = self.arguments(args)
        return C.Call(C.Runtime("apply_type"), [self.lower(e.args[0]), *nodes])

    def lower_where(self, e: Expr) -> C.Node:
        variables = [static_variable(v) for v in e.args[1:]]
        names = [v[0] for v in variables]

        def body() -> C.Node:
            out: list[C.Node] = []
            for name, low, high in variables:
                out.append(
                    self.assign(
                        name,
                        C.Call(
                            C.Runtime("typevar"),
                            [
                                C.Const(name),
                                self.lower(low) if low is not None else C.Const(None),
                                self.lower(high) if high is not None else C.Const(None),
                            ],
                        ),
                    )
                )
            node = self.lower(e.args[0])
            for name in reversed(names):
                node = C.Call(C.Runtime("unionall"), [self.read(name), node])
            return C.Block([*out, node])

        return self.in_scope(body, names=names)

    def lower_subtype(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args)
        return C.Call(self.read(e.head), args)

    def lower_typed(self, e: Expr) -> C.Node:
        if len(e.args) == 1:
            raise problem('invalid "::" syntax')
        return C.Call(C.Runtime("typeassert"), [self.lower(e.args[0]), self.lower(e.args[1])])

    def lower_struct(self, e: Expr) -> C.Node:
        return self.host.lower_struct(self, e)  # type: ignore[no-any-return]

    def lower_abstract(self, e: Expr) -> C.Node:
        return self.host.lower_abstract(self, e.args[0], None)  # type: ignore[no-any-return]

    def lower_primitive(self, e: Expr) -> C.Node:
        return self.host.lower_abstract(self, e.args[0], e.args[1])  # type: ignore[no-any-return]
