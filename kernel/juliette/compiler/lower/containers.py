"""Tuples, arrays, comprehensions, generators and strings."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import as_block, problem
from juliette.compiler.lower.scopes import Scoping
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, Symbol


class Containers(Scoping):
    """`(a, b)`, `[a b; c d]`, `[f(x) for x in xs]`, `"$a"`."""

    def lower_tuple(self, e: Expr) -> C.Node:
        if e.args and isinstance(e.args[0], Expr) and e.args[0].head == "parameters":
            return self.named_tuple(e.args[0].args)
        if any(isinstance(a, Expr) and a.head in ("=", "kw") for a in e.args):
            return self.named_tuple(e.args)
        args, _ = self.arguments(e.args)
        return C.MakeTuple(args)

    def named_tuple(self, items: list[Any]) -> C.Node:
        return C.Call(C.Runtime("named_tuple"), [], [self.keyword(k) for k in items])

    def lower_vect(self, e: Expr) -> C.Node:
        if any(isinstance(a, Expr) and a.head == "parameters" for a in e.args):
            raise problem("unexpected semicolon in array expression")
        args, _ = self.arguments(e.args)
        return C.Call(C.Runtime("vect"), args)

    def lower_hcat(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args)
        return C.Call(C.Runtime("hcat"), args)

    def lower_vcat(self, e: Expr) -> C.Node:
        return self.rows(e.args, [], "")

    def lower_typed_vcat(self, e: Expr) -> C.Node:
        return self.rows(e.args[1:], [self.lower(e.args[0])], "typed_")

    def rows(self, items: list[Any], first: list[C.Node], prefix: str) -> C.Node:
        if any(isinstance(a, Expr) and a.head == "row" for a in items):
            rows = [a.args if isinstance(a, Expr) and a.head == "row" else [a] for a in items]
            flat = [x for row in rows for x in row]
            args, _ = self.arguments(flat)
            sizes = C.MakeTuple([C.Const(len(r)) for r in rows])
            return C.Call(C.Runtime(prefix + "hvcat"), [*first, sizes, *args])
        args, _ = self.arguments(items)
        return C.Call(C.Runtime(prefix + "vcat"), [*first, *args])

    def lower_typed_hcat(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args[1:])
        return C.Call(C.Runtime("typed_hcat"), [self.lower(e.args[0]), *args])

    def lower_ncat(self, e: Expr) -> C.Node:
        return self.ncat(e.args[0], e.args[1:])

    def lower_typed_ncat(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("convert_eltype"), [self.lower(e.args[0]), self.ncat(e.args[1], e.args[2:])])

    def ncat(self, dim: int, items: list[Any]) -> C.Node:
        nodes: list[C.Node] = []
        for a in items:
            if isinstance(a, Expr) and a.head == "nrow":
                nodes.append(self.ncat(a.args[0], a.args[1:]))
            elif isinstance(a, Expr) and a.head == "row":
                args, _ = self.arguments(a.args)
                nodes.append(C.Call(C.Runtime("hcat"), args))
            elif isinstance(a, Expr) and a.head == "...":
                nodes.append(C.Splat(self.lower(a.args[0])))
            else:
                nodes.append(self.lower(a))
        return C.Call(C.Runtime("cat_along"), [C.Const(dim), *nodes])

    def lower_comprehension(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("collect_comprehension"), [self.lower(e.args[0])])

    def lower_typed_comprehension(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("typed_comprehension"), [self.lower(e.args[0]), self.lower(e.args[1])])

    def lower_generator(self, e: Expr) -> C.Node:
        body, ranges = e.args[0], list(e.args[1:])
        condition = None
        if ranges and isinstance(ranges[0], Expr) and ranges[0].head == "filter":
            condition, ranges = ranges[0].args[0], list(ranges[0].args[1:])
        patterns = [r.args[0] for r in ranges]
        sources = [self.lower(r.args[1]) for r in ranges]
        argument = patterns[0] if len(patterns) == 1 else Expr("tuple", *patterns)
        if isinstance(argument, Symbol) and body == argument:
            # `(x for x in xs)` changes nothing.
            function: C.Node = C.Const(Base.bindings["identity"])
        else:
            function = self.lower(Expr("->", Expr("tuple", argument), as_block(body)))
        source = sources[0] if len(sources) == 1 else C.Call(C.Runtime("product"), sources)
        if condition is not None:
            test = self.lower(Expr("->", Expr("tuple", argument), as_block(condition)))
            source = C.Call(C.Runtime("filtered"), [test, source])
        return C.Call(C.Runtime("generator"), [function, source])

    def lower_flatten(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("flatten"), [self.lower(e.args[0])])

    def lower_string(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args)
        return C.Call(C.Runtime("string"), args)
