"""Assignment, destructuring, updating, and declarations."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import (
    UPDATING,
    as_block,
    indexing,
    is_signature,
    pattern_names,
    problem,
    shown,
    str_name,
)
from juliette.compiler.lower.scopes import Scoping
from juliette.syntax.expr import Expr, GlobalRef, QuoteNode, Symbol


def mark_const(node: C.Node) -> None:
    if isinstance(node, C.AssignGlobal):
        node.const = True
    elif isinstance(node, C.Block):
        for n in node.items:
            mark_const(n)


class Assignment(Scoping):
    """`a = b` with every kind of target, `a += b`, `local`, `global`, `const`."""

    def lower_assign(self, e: Expr) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and is_signature(target):
            return self.lower_function(Expr("function", target, as_block(value)))
        if isinstance(target, Expr) and target.head == "curly":
            alias = Expr("=", target.args[0], Expr("where", value, *target.args[1:]))
            name = str_name(target.args[0])
            local = self.scope is not None and self.scope.find(name) is not None
            return self.lower(alias if local else Expr("const", alias))
        return self.assign_to(target, self.lower(value))

    def assign_to(self, target: Any, value: C.Node) -> C.Node:
        if isinstance(target, Symbol):
            if all(c == "_" for c in target.name):
                return value
            return self.assign(target.name, value)
        if isinstance(target, C.Var):
            return C.Assign(target, value)
        if isinstance(target, GlobalRef):
            self.host.inside.assigned.add(target.name.name)
            if target.module is self.module:
                return C.AssignGlobal(target.name.name, value)
            return C.Call(
                C.Runtime("set_global"),
                [C.Const(target.module), C.Const(target.name.name), value, C.Const(False)],
            )
        if not isinstance(target, Expr):
            raise problem(f'invalid assignment location "{shown(target)}"')
        if target.head == "tuple":
            return self.destructure(target.args, value)
        if target.head == "." and len(target.args) == 2:
            of = self.lower(target.args[0])
            if type(of) is C.Global and isinstance(
                target.args[1], QuoteNode
            ):  # a module, it may be
                self.host.inside.assigned.add(getattr(target.args[1].value, "name", ""))
            obj, setup = self.once(of)
            held, hold = self.once(value)
            store = C.Call(C.Runtime("setproperty!"), [obj, self.lower(target.args[1]), held])
            return C.Block([*setup, *hold, store, held])
        if target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            held, hold = self.once(value)
            index, kwargs = self.index_args(array, target.args[1:])
            return C.Block(
                [
                    *hold,
                    *setup,
                    C.Call(indexing("setindex!", kwargs), [array, held, *index], kwargs),
                    held,
                ]
            )
        if target.head == "::" and len(target.args) == 2:
            if isinstance(target.args[0], Symbol):
                if self.scope is None or self.scope.find(target.args[0].name) is None:
                    return C.Block(
                        [self._declare_global(target), self.assign_to(target.args[0], value)]
                    )
                self._declare_type(target.args[0].name, target.args[1])
                return self.assign_to(target.args[0], value)
            return self.assign_to(
                target.args[0], C.Call(C.Runtime("convert"), [self.lower(target.args[1]), value])
            )
        if target.head in ("global", "local"):
            self.lower(target)
            return self.assign_to(target.args[0], value)
        if target.head == "vect" or target.head == "vcat":
            raise problem('use "(a, b) = ..." to assign multiple values')
        raise problem(f'invalid assignment location "{shown(target)}"')

    def lower_unknown_assignment(self, e: Expr) -> C.Node:
        raise problem(f'unsupported assignment operator "{e.head}"')

    def _declare_global(self, e: Expr) -> C.Node:
        """`x::T` of a global."""
        return C.Call(
            C.Runtime("declare_global"),
            [C.Const(self.module), C.Const(e.args[0].name), self.lower(e.args[1])],
        )

    def _declare_type(self, name: str, typ: Any) -> None:
        assert self.scope is not None
        var = self.scope.find(name)
        if var is not None:
            var.declared_type = (typ, self.scope)

    def destructure(self, targets: list[Any], value: C.Node) -> C.Node:
        held, setup = self.once(value)
        if len(targets) == 1 and isinstance(targets[0], Expr) and targets[0].head == "parameters":
            out: list[C.Node] = [*setup]
            for t in targets[0].args:
                name = t.args[0] if isinstance(t, Expr) and t.head == "::" else t
                if not isinstance(name, Symbol):
                    raise problem(f'invalid assignment location "{shown(t)}"')
                out.append(
                    self.assign_to(t, C.Call(C.Runtime("getproperty"), [held, C.Const(name)]))
                )
            return C.Block([*out, held])
        slurps = [i for i, t in enumerate(targets) if isinstance(t, Expr) and t.head == "..."]
        if len(slurps) > 1:
            raise problem('multiple "..." on lhs of assignment')
        slurp = slurps[0] if slurps else -1
        parts = self.temp("parts")
        out = [
            *setup,
            C.Assign(
                parts,
                C.Call(C.Runtime("destructure"), [held, C.Const(len(targets)), C.Const(slurp)]),
            ),
        ]
        for i, t in enumerate(targets):
            if isinstance(t, Expr) and t.head == "...":
                t = t.args[0]
            out.append(
                self.assign_to(t, C.Call(C.Runtime("tuple_item"), [C.Local(parts), C.Const(i)]))
            )
        return C.Block([*out, held])

    def lower_update(self, e: Expr, op: str) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            index, kwargs = self.index_args(array, target.args[1:])
            held = []
            for i, node in enumerate(index):
                if isinstance(node, C.Splat):
                    whole, more = self.once(C.MakeTuple([node]))
                    index[i] = C.Splat(whole)
                else:
                    index[i], more = self.once(node)
                held += more
            old = C.Call(indexing("getindex", kwargs), [array, *index], kwargs)
            new, hold = self.once(C.Call(self.read(op), [old, self.lower(value)]))
            return C.Block(
                [
                    *setup,
                    *held,
                    *hold,
                    C.Call(indexing("setindex!", kwargs), [array, new, *index], kwargs),
                    new,
                ]
            )
        if isinstance(target, Expr) and target.head == ".":
            obj, setup = self.once(self.lower(target.args[0]))
            again = Expr(".", obj, target.args[1])
            return C.Block(
                [*setup, self.lower(Expr("=", again, Expr("call", Symbol(op), again, value)))]
            )
        if isinstance(target, Expr) and target.head == "::":
            return self.lower(Expr("=", target, Expr("call", Symbol(op), target.args[0], value)))
        return self.lower(Expr("=", target, Expr("call", Symbol(op), target, value)))

    def lower_local(self, e: Expr) -> C.Node:
        out: list[C.Node] = []
        for a in e.args:
            if (isinstance(a, Expr) and a.head in ("=", "function")) or (
                isinstance(a, Expr) and a.head in UPDATING
            ):
                out.append(self.lower(a))
            elif isinstance(a, Expr) and a.head == "::" and self.scope is not None:
                self._declare_type(a.args[0].name, a.args[1])
        out.append(C.Const(None)) if not out else None
        return C.Block(out)

    def lower_global(self, e: Expr) -> C.Node:
        out: list[C.Node] = []
        for a in e.args:
            if self.scope is not None:
                for name in pattern_names(
                    a.args[0] if isinstance(a, Expr) and a.head == "=" else a
                ):
                    self.scope.globals_.add(name)
            if isinstance(a, Expr):
                out.append(self._declare_global(a) if a.head == "::" else self.lower(a))
        return C.Block(out or [C.Const(None)])

    def lower_const(self, e: Expr) -> C.Node:
        inner = e.args[0]
        if isinstance(inner, Expr) and inner.head == "global":
            inner = inner.args[0]
        if isinstance(inner, Expr) and inner.head == "local":
            raise problem("unsupported `const` declaration on local variable")
        if not (isinstance(inner, Expr) and inner.head == "="):
            raise problem('expected assignment after "const"')
        if self.scope is not None and inner is e.args[0]:
            for name in pattern_names(inner.args[0]):
                if self._enclosing_local(name) and not self._declared_global(self.scope, name):
                    raise problem("unsupported `const` declaration on local variable")
        node = self.lower(inner)
        mark_const(node)
        return node
