"""Dotted calls, fused into one broadcast."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import str_name
from juliette.compiler.lower.scopes import Scoping
from juliette.syntax.expr import Expr, QuoteNode, Symbol


def written(node: C.Node) -> C.Node:
    """What `.=` writes: `f.()` is called anew for each element, all else is one fused call."""
    if (
        isinstance(node, C.Call)
        and isinstance(node.function, C.Runtime)
        and node.function.name == "broadcasted"
        and len(node.args) == 1
    ):
        return node
    return fused(node)


def fused(node: C.Node) -> C.Node:
    """Dotted calls as one call of a template with their functions and leaves."""
    from juliette.runtime.broadcast import template
    from juliette.runtime.kernels import Dot, Literal

    slots: list[C.Node] = []

    def visit(n: C.Node) -> Any:
        if (
            isinstance(n, C.Call)
            and isinstance(n.function, C.Runtime)
            and n.function.name == "broadcasted"
        ):
            slots.append(n.args[0])
            return Dot(len(slots) - 1, tuple([visit(a) for a in n.args[1:]]))
        if isinstance(n, C.Const) and type(n.value) in (int, float):
            return Literal(n.value)
        if isinstance(n, C.Splat):
            raise _Splatted
        slots.append(n)
        return len(slots) - 1

    try:
        tree = visit(node)
    except _Splatted:
        return C.Call(C.Runtime("materialize"), [node])
    if not isinstance(tree, Dot):
        return C.Call(C.Runtime("materialize"), [node])
    return C.Call(C.Const(template(tree, len(slots)).run), slots)


class _Splatted(Exception):
    """A dotted call with as many arguments as there are when it runs."""


class Dots(Scoping):
    """`f.(x)`, `a .+ b`, `a .= b`, and fields, which are written with a dot too."""

    def lower_dot_assign(self, e: Expr) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            index, _ = self.index_args(array, target.args[1:])
            dest: C.Node = C.Call(C.Runtime("dotview"), [array, *index])
            return C.Block(
                [*setup, C.Call(C.Runtime("materialize!"), [dest, written(self.dotted(value))])]
            )
        if isinstance(target, Expr) and target.head == ".":
            dest = self.lower(target)
        else:
            dest = self.lower(target)
        return C.Call(C.Runtime("materialize!"), [dest, written(self.dotted(value))])

    def lower_dot_update(self, e: Expr) -> C.Node:
        op = e.head[1:-1]
        target, value = e.args
        if isinstance(target, Expr) and target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            index, _ = self.index_args(array, target.args[1:])
            dest, more = self.once(C.Call(C.Runtime("dotview"), [array, *index]))
            setup = [*setup, *more]
        else:
            dest, setup = self.once(self.lower(target))
        new = C.Call(C.Runtime("broadcasted"), [self.read(op), dest, self.dotted(value)])
        return C.Block([*setup, C.Call(C.Runtime("materialize!"), [dest, fused(new)])])

    def dotted(self, e: Any) -> C.Node:
        """An expression inside a fused broadcast: nested dotted calls stay unevaluated."""
        if isinstance(e, Expr):
            if e.head == "call" and isinstance(e.args[0], Symbol):
                op = e.args[0].name
                if op.startswith(".") and op != "." and not op.startswith("..") and len(op) > 1:
                    if op == ".^" and type(e.args[-1]) is int and e.args[-1] < 0:
                        operands = [self.read("^"), self.dotted(e.args[1]), C.Const(e.args[-1])]
                        return C.Call(C.Runtime("literal_powers"), operands)
                    operands = [
                        C.Splat(self.lower(a.args[0]))
                        if isinstance(a, Expr) and a.head == "..."
                        else self.dotted(a)
                        for a in e.args[1:]
                    ]
                    return C.Call(C.Runtime("broadcasted"), [self.read(op[1:]), *operands])
            if (
                e.head == "."
                and len(e.args) == 2
                and isinstance(e.args[1], Expr)
                and e.args[1].head == "tuple"
            ):
                f = self.lower(e.args[0])
                args: list[C.Node] = []
                kwargs: list[tuple[str | None, C.Node]] = []
                for a in e.args[1].args:
                    if isinstance(a, Expr) and a.head in ("parameters", "kw"):
                        for k in a.args if a.head == "parameters" else [a]:
                            kwargs.append(self.keyword(k))
                    elif isinstance(a, Expr) and a.head == "...":
                        args.append(C.Splat(self.lower(a.args[0])))
                    else:
                        args.append(self.dotted(a))
                if kwargs:
                    return C.Call(C.Runtime("broadcasted_kw"), [f, *args], kwargs)
                return C.Call(C.Runtime("broadcasted"), [f, *args])
            if e.head in (".&&", ".||"):
                return C.Call(
                    C.Runtime("broadcasted"),
                    [C.Runtime("andand" if e.head == ".&&" else "oror"), *map(self.dotted, e.args)],
                )
            if e.head == "comparison" and any(str_name(a).startswith(".") for a in e.args[1::2]):
                return self.lower_comparison(e, inside=True)
        return self.lower(e)

    def lower_dot(self, e: Expr) -> C.Node:
        if len(e.args) == 1:
            return C.Call(C.Runtime("broadcast_function"), [self.lower(e.args[0])])
        obj, name = e.args
        if isinstance(name, Expr) and name.head == "tuple":
            return fused(self.dotted(e))
        if isinstance(name, QuoteNode) and isinstance(name.value, Symbol):
            of = self.lower(obj)
            if type(of) is C.Global and not self.function.toplevel:  # a module, it may be
                self.host.inside.read.add(name.value.name)
            return C.GetField(of, name.value.name)
        return C.Call(C.Runtime("getproperty"), [self.lower(obj), self.lower(name)])

    def lower_dotand(self, e: Expr) -> C.Node:
        return fused(self.dotted(e))
