"""Calls, indexing and comparisons."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.dots import fused
from juliette.compiler.lower.forms import indexing, problem, shown, str_name
from juliette.compiler.lower.scopes import Scoping
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, GlobalRef, QuoteNode, Symbol, macro_call


def again(node: C.Node) -> C.Node:
    """A node for a second use in another place, where more may be known of a variable."""
    return C.Local(node.var) if isinstance(node, C.Local) else node


def _with_first(call: Expr, at: int, function: Any) -> Expr:
    """A call (or its tuple of arguments) with `function` before its arguments, after any keywords."""
    args = call.args
    if len(args) > at and isinstance(args[at], Expr) and args[at].head == "parameters":
        at += 1
    return Expr(call.head, *args[:at], function, *args[at:])


# Functions that take a generator up to its end, with so many arguments; `any` and `all` stop early.
EAGER = {
    "sum": 1,
    "prod": 1,
    "maximum": 1,
    "minimum": 1,
    "extrema": 1,
    "count": 1,
    "any": 1,
    "all": 1,
    "collect": 1,
    "join": 3,
    "Set": 1,
    "Dict": 1,
}


# Those of them that may be told what to begin with.
FOLDS = frozenset({"sum", "prod", "maximum", "minimum"})


def without_init(args: list[Any]) -> tuple[list[Any], Any]:
    """The arguments but for the one keyword `init`, and its value."""
    given = [a for a in args if isinstance(a, Expr) and a.head in ("kw", "parameters")]
    if len(given) != 1:
        return args, None
    (keyword,) = given
    if keyword.head == "parameters" and len(keyword.args) == 1:
        (keyword,) = keyword.args
    if not isinstance(keyword, Expr) or keyword.head != "kw" or keyword.args[0] != Symbol("init"):
        return args, None
    return [a for a in args if a is not given[0]], keyword.args[1]


def is_negative_power(e: Expr) -> bool:
    """`x^-2`, with the power written down."""
    return len(e.args) == 3 and type(e.args[2]) is int and e.args[2] < 0


class Calls(Scoping):
    """`f(x; k)`, `a[i]`, `a < b < c`, `f(x) do … end`."""

    def lower_call(self, e: Expr) -> C.Node:
        f = e.args[0]
        if isinstance(f, Symbol):
            name = f.name
            if name.startswith(".") and name != "." and not name.startswith(".."):
                return fused(self.dotted(e))
            if name == "^" and is_negative_power(e):
                return self.literal_power(e)
            if name in EAGER and not self.function.toplevel and len(e.args) > 1:
                consumed = self.consumed(name, e.args[1:])
                if consumed is not None:
                    return consumed
        elif isinstance(f, GlobalRef) and f.name == Symbol("^") and is_negative_power(e):
            return self.literal_power(e)
        args, kwargs = self.arguments(e.args[1:], f)
        return C.Call(self.lower(f), args, kwargs)

    def literal_power(self, e: Expr) -> C.Node:
        """`x^-2`: the negative power that is written down makes a fraction of an integer."""
        f, base, power = e.args
        operands = [self.lower(f), self.lower(base), C.Const(power)]
        return C.Call(C.Runtime("literal_power"), operands)

    def consumed(self, name: str, args: list[Any]) -> C.Node | None:
        """A call of a function that takes all of a generator, if it is Base's."""
        args, init = without_init(args) if name in FOLDS else (args, None)
        first = args[0] if 0 < len(args) <= EAGER[name] else None
        if not isinstance(first, Expr) or first.head not in ("generator", "flatten"):
            return None
        if any(isinstance(a, Expr) and a.head in ("kw", "parameters", "...") for a in args):
            return None
        from juliette.compiler.inference import constant_global

        function = self.read(name)
        known = constant_global(self.module, name) if type(function) is C.Global else None
        if known is None or known.value is not Base.bindings[name]:
            return None
        if name == "collect":
            return self.collect(first, None)
        return self.consume(C.Const(Base.bindings[name]), first, args[1:], init)

    def arguments(
        self, items: list[Any], function: Any = None
    ) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]:
        args: list[C.Node] = []
        kwargs: list[tuple[str | None, C.Node]] = []
        # Keywords count from left to right: those after the semicolon come first in a call,
        # and count last.
        last = [a for a in items if isinstance(a, Expr) and a.head == "parameters"]
        for a in [a for a in items if a not in last] + last if last else items:
            if isinstance(a, Expr):
                if a.head == "parameters":
                    for k in a.args:
                        kwargs.append(self.keyword(k))
                    continue
                if a.head == "kw":
                    kwargs.append(self.keyword(a))
                    continue
                if a.head == "...":
                    args.append(C.Splat(self.lower(a.args[0])))
                    continue
            args.append(self.lower(a))
        if len(kwargs) > 1 and (twice := self.repeated(kwargs)):
            raise problem(f'keyword argument "{twice}" repeated in call to "{shown(function)}"')
        return args, kwargs

    def repeated(self, items: list[tuple[str | None, C.Node]]) -> str | None:
        """The name that stands twice among keywords or fields."""
        names = [name for name, _ in items if name is not None]
        return next((n for i, n in enumerate(names) if n in names[:i]), None)

    def keyword(
        self,
        k: Any,
        name: str = "keyword argument name",
        item: str = "keyword argument syntax",
        value: str = "keyword argument value",
    ) -> tuple[str | None, C.Node]:
        """A keyword and its value; a field of a named tuple, as `name`, `item` and `value` then say."""
        if isinstance(k, Symbol):
            return k.name, self.lower(k)
        if isinstance(k, Expr) and k.head in ("kw", "="):
            if not isinstance(k.args[0], Symbol):
                raise problem(f'invalid {name} "{shown(k.args[0])}"')
            if isinstance(k.args[1], Expr) and k.args[1].head == "...":
                raise problem(f'"..." expression cannot be used as {value}')
            return k.args[0].name, self.lower(k.args[1])
        if not isinstance(k, Expr):
            raise problem(f'invalid {item} "{shown(k)}"')
        if k.head == "...":
            return None, self.lower(k.args[0])
        if k.head == "." and isinstance(k.args[-1], QuoteNode):
            return k.args[1].value.name, self.lower(k)
        if k.head == "call" and k.args[0] == Symbol("=>"):
            return None, C.Call(
                C.Runtime("keyword_pair"), [self.lower(k.args[1]), self.lower(k.args[2])]
            )
        if k.head == "parameters":
            raise problem("more than one semicolon in argument list")
        raise problem(f'invalid {item} "{shown(k)}"')

    def lower_arrow(self, e: Expr) -> C.Node:
        """`a --> b`, which calls what the name stands for."""
        args, _ = self.arguments(e.args)
        return C.Call(self.read(e.head), args)

    def lower_adjoint(self, e: Expr) -> C.Node:
        if self.scope is not None and self.scope.find("'") is not None:
            return C.Call(self.read("'"), [self.lower(e.args[0])])
        return C.Call(C.Runtime("adjoint"), [self.lower(e.args[0])])

    def lower_do(self, e: Expr) -> C.Node:
        if macro_call(e) is not None:
            return self.lower(self.expansion(e))
        head, function = e.args
        c = Expr(head.head, *head.args)
        if c.head == "." and isinstance(c.args[1], Expr) and c.args[1].head == "tuple":
            return self.lower(Expr(".", c.args[0], _with_first(c.args[1], 0, function)))
        return self.lower(_with_first(c, 1, function))

    def lower_ref(self, e: Expr) -> C.Node:
        array, setup = self.once(self.lower(e.args[0]))
        index, kwargs = self.index_args(array, e.args[1:])
        node = C.Call(indexing("getindex", kwargs), [array, *index], kwargs)
        return C.Block([*setup, node]) if setup else node

    def index_args(
        self, array: C.Node, items: list[Any]
    ) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]:
        args: list[C.Node] = []
        kwargs: list[tuple[str | None, C.Node]] = []
        n = sum(not (isinstance(a, Expr) and a.head in ("kw", "parameters", "=")) for a in items)
        for i, a in enumerate(items):
            self.endings.append((array, i, n))
            try:
                if isinstance(a, Expr) and a.head == "...":
                    args.append(C.Splat(self.lower(a.args[0])))
                elif isinstance(a, Expr) and a.head in ("kw", "="):
                    kwargs.append(self.keyword(a))
                elif isinstance(a, Expr) and a.head == "parameters":
                    kwargs += [self.keyword(k) for k in a.args]
                else:
                    args.append(self.lower(a))
            finally:
                self.endings.pop()
        return args, kwargs

    def lower_comparison(self, e: Expr, inside: bool = False) -> C.Node:
        operands: list[Any] = list(e.args[0::2])
        ops = list(e.args[1::2])
        dotted = any(str_name(op).startswith(".") for op in ops)
        setup: list[C.Node] = []
        nodes: list[C.Node] = []
        for i, operand in enumerate(operands):
            node = self.dotted(operand) if dotted else self.lower(operand)
            if 0 < i < len(operands) - 1 and (dotted or len(ops) > 1):
                if not dotted and i > 0:
                    nodes.append(node)
                    continue
                node, more = self.once(node)
                setup += more
            nodes.append(node)
        if dotted:
            parts = [
                C.Call(
                    C.Runtime("broadcasted"),
                    [self.read(str_name(op).lstrip(".")), nodes[i], nodes[i + 1]],
                )
                for i, op in enumerate(ops)
            ]
            whole = parts[0]
            for p in parts[1:]:
                whole = C.Call(C.Runtime("broadcasted"), [self.read("&"), whole, p])
            result: C.Node = whole if inside else fused(whole)
            return C.Block([*setup, result]) if setup else result
        # a < b < c evaluates b once, and c only if a < b
        left = nodes[0]
        return self._chain(left, ops, nodes[1:])

    def _chain(self, left: C.Node, ops: list[Any], rest: list[C.Node]) -> C.Node:
        if len(ops) == 1:
            return C.Call(self.lower(ops[0]), [left, rest[0]])
        left, first = self.once(left)
        middle, setup = self.once(rest[0])
        test = C.Call(self.lower(ops[0]), [left, middle])
        # Julia computes the middle before the left.
        return C.Block(
            [
                *setup,
                *first,
                C.If(test, self._chain(again(middle), ops[1:], rest[1:]), C.Const(False)),
            ]
        )
