"""Tuples, arrays, comprehensions, generators and strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import (
    UPDATING,
    as_block,
    is_signature,
    pattern_names,
    problem,
    refuse_assignments,
)
from juliette.compiler.lower.scopes import Scoping
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, Symbol


def generator_parts(e: Expr) -> tuple[Any, Any, list[Any]]:
    """Body, condition and ranges of a generator."""
    body, ranges = e.args[0], list(e.args[1:])
    if ranges and isinstance(ranges[0], Expr) and ranges[0].head == "filter":
        return body, ranges[0].args[0], list(ranges[0].args[1:])
    return body, None, ranges


def check_returns(e: Any) -> None:
    """Nothing returns from inside of a comprehension."""
    if (
        not isinstance(e, Expr)
        or e.head in ("->", "function", "quote", "inert", "do")
        or (e.head == "=" and is_signature(e.args[0]))
    ):
        return
    if e.head == "return":
        raise problem('"return" not allowed inside comprehension or generator')
    for a in e.args:
        check_returns(a)


def _assigns(e: Any) -> bool:
    return isinstance(e, Expr) and (
        e.head == "=" or e.head in UPDATING or any(_assigns(a) for a in e.args)
    )


def with_own_variables(e: Expr, outer: tuple[str, ...] = ()) -> Expr:
    """`… for x in xs for y in ys`, where what the innermost body does to `x` lasts for one step."""
    if e.head == "flatten":
        return Expr("flatten", with_own_variables(e.args[0], outer))
    body, _, ranges = generator_parts(e)
    if isinstance(body, Expr) and body.head in ("generator", "flatten"):
        names = tuple(n for r in ranges for n in pattern_names(r.args[0]) if n.strip("_"))
        return Expr("generator", with_own_variables(body, (*outer, *names)), *e.args[1:])
    if not outer or not _assigns(body):
        return e
    own = [Expr("=", Symbol(n), Symbol(n)) for n in dict.fromkeys(outer)]
    return Expr("generator", Expr("let", Expr("block", *own), as_block(body)), *e.args[1:])


class Containers(Scoping):
    """`(a, b)`, `[a b; c d]`, `[f(x) for x in xs]`, `"$a"`."""

    def lower_tuple(self, e: Expr) -> C.Node:
        if e.args and isinstance(e.args[0], Expr) and e.args[0].head == "parameters":
            if len(e.args) > 1:
                raise problem("unexpected semicolon in tuple")
            return self.named_tuple(e.args[0].args)
        if any(isinstance(a, Expr) and a.head in ("=", "kw") for a in e.args):
            return self.named_tuple(e.args)
        args, _ = self.arguments(e.args)
        return C.MakeTuple(args)

    def named_tuple(self, items: list[Any]) -> C.Node:
        words = ("named tuple field name", "named tuple element", "named tuple field value")
        fields = [self.keyword(k, *words) for k in items]
        if twice := self.repeated(fields):
            raise problem(f'field name "{twice}" repeated in named tuple')
        return C.Call(C.Runtime("named_tuple"), [], fields)

    def lower_braces(self, e: Expr) -> C.Node:
        raise problem("{ } vector syntax is discontinued")

    def lower_bracescat(self, e: Expr) -> C.Node:
        raise problem("{ } matrix syntax is discontinued")

    def lower_vect(self, e: Expr) -> C.Node:
        if any(isinstance(a, Expr) and a.head == "parameters" for a in e.args):
            raise problem("unexpected semicolon in array expression")
        refuse_assignments(e, e.args)
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
            sizes = C.Const(tuple([len(r) for r in rows]))
            return C.Call(C.Runtime(prefix + "hvcat"), [*first, sizes, *args])
        args, _ = self.arguments(items)
        return C.Call(C.Runtime(prefix + "vcat"), [*first, *args])

    def lower_typed_hcat(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args[1:])
        return C.Call(C.Runtime("typed_hcat"), [self.lower(e.args[0]), *args])

    def lower_ncat(self, e: Expr) -> C.Node:
        return self.ncat(e.args[0], e.args[1:])

    def lower_typed_ncat(self, e: Expr) -> C.Node:
        return C.Call(
            C.Runtime("convert_eltype"), [self.lower(e.args[0]), self.ncat(e.args[1], e.args[2:])]
        )

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
        if not self.function.toplevel:
            return self.collect(e.args[0], None)
        return C.Call(C.Runtime("collect_comprehension"), [self.lower(e.args[0])])

    def lower_typed_comprehension(self, e: Expr) -> C.Node:
        if not self.function.toplevel:
            held, hold = self.once(self.lower(e.args[0]))
            out = self.collect(e.args[1], held)
            return C.Block([*hold, out])
        return C.Call(
            C.Runtime("typed_comprehension"), [self.lower(e.args[0]), self.lower(e.args[1])]
        )

    def collect(self, e: Expr, eltype: C.Node | None) -> C.Node:
        """A comprehension inside of a function: loops, with no function for its elements."""
        before, loop, sources, flat = self.generated(e)
        return C.Block([*before, C.Collect(loop, sources, flat, eltype)])

    def consume(self, function: C.Const, e: Expr, rest: list[Any], init: Any = None) -> C.Node:
        """`sum(x for …)` and the like inside of a function."""
        before, loop, sources, _ = self.generated(e)
        body, _, ranges = generator_parts(e if e.head == "generator" else e.args[0])
        same = len(sources) == 1 and body == ranges[0].args[0]
        begin = self.lower(init) if init is not None else None
        others = [self.lower(a) for a in rest]
        return C.Block([*before, C.Consume(function, loop, sources, others, same, begin)])

    def generated(self, e: Expr) -> tuple[list[C.Node], C.Node, list[C.Local], bool]:
        """What comes before the loops of a generator, the loops, their sources; do they give a vector?"""
        check_returns(e)
        before: list[C.Node] = []
        sources: list[C.Local] = []
        flat = e.head == "flatten"
        loops, self.loops = self.loops, []
        try:
            if flat:
                loop = self.nested_loops(with_own_variables(e.args[0]))
            else:
                body, condition, ranges = generator_parts(e)
                self.pass_names(body, condition, ranges)
                for r in ranges:
                    var = self.temp("source")
                    before.append(C.Assign(var, self.lower(r.args[1])))
                    sources.append(C.Local(var))
                flat = condition is not None
                patterns = [r.args[0] for r in ranges]
                loop = self.loop_over(
                    patterns, list(sources), condition, lambda: C.Yield(self.lower(body)), [body]
                )
        finally:
            self.loops = loops
        return before, loop, sources, flat

    def pass_names(self, body: Any, condition: Any, ranges: list[Any]) -> None:
        """In Julia, functions stand behind a comprehension: their names are not given to others."""
        if len(ranges) > 1 or body != ranges[0].args[0]:
            self.host.anonymous_name(self.module)
        if condition is not None:
            self.host.anonymous_name(self.module)

    def loop_over(
        self,
        patterns: list[Any],
        sources: list[Any],
        condition: Any,
        body: Callable[[], C.Node],
        exprs: list[Any],
    ) -> C.Node:
        """Loops over several sources, the first the innermost."""
        item = self.temp("item")
        innermost = len(sources) == 1

        def inside() -> C.Node:
            if not innermost:
                return self.loop_over(patterns[:-1], sources[:-1], condition, body, exprs)
            if condition is None:
                return body()
            return C.If(self.lower(condition), body(), C.Const(None))

        scope = self.in_scope(
            lambda: C.Block([self.assign_to(patterns[-1], C.Local(item)), inside()]),
            names=pattern_names(patterns[-1]),
            exprs=[*exprs, condition] if innermost else [],
        )
        return C.For(item, sources[-1], scope)

    def nested_loops(self, e: Expr) -> C.Node:
        """`… for x in xs for y in f(x)`: each loop begins anew at every step of the one around it."""
        body, condition, ranges = generator_parts(e)
        self.pass_names(body, condition, ranges)
        patterns = [r.args[0] for r in ranges]
        before: list[C.Node] = []
        sources = []
        for r in ranges:
            node, hold = self.once(self.lower(r.args[1]))
            before += hold
            sources.append(node)
        if isinstance(body, Expr) and body.head in ("generator", "flatten"):
            inner = body.args[0] if body.head == "flatten" else body
            loop = self.loop_over(
                patterns, sources, condition, lambda: self.nested_loops(inner), []
            )
        else:
            loop = self.loop_over(
                patterns, sources, condition, lambda: C.Yield(self.lower(body)), [body]
            )
        return C.Block([*before, loop])

    def lower_generator(self, e: Expr) -> C.Node:
        check_returns(e)
        body, condition, ranges = generator_parts(e)
        patterns = [r.args[0] for r in ranges]
        sources = [self.lower(r.args[1]) for r in ranges]
        argument = patterns[0] if len(patterns) == 1 else Expr("tuple", *patterns)
        if isinstance(argument, Symbol) and body == argument and argument.name.strip("_"):
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
        return C.Call(C.Runtime("flatten"), [self.lower(with_own_variables(e.args[0]))])

    def lower_string(self, e: Expr) -> C.Node:
        args, _ = self.arguments(e.args)
        return C.Call(C.Runtime("string"), args)
