"""The core language to Python's `ast`: expressions and statements.

Julia names go straight into `ast.Name`; helpers of the runtime are names that begin with `%`, which
no Julia name can.  Expressions that need statements push them first; operands already computed are
then saved in temporaries, or evaluation order would break.

Where inference has a plan for a call, the plan emits it (`compiler.intrinsics`); all else goes
through dispatch.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.emit_data import DataForms
from juliette.compiler.emit_loops import LoopForms
from juliette.compiler.emit_pieces import LOAD, STORE
from juliette.compiler.emit_typed import OPERATORS, TypedForms
from juliette.compiler.inference import assigned_in, constant_global, parts_of
from juliette.compiler.intrinsics import exact
from juliette.compiler.lattice import BOTTOM, Known, widen
from juliette.compiler.lower import Family
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.modules import Base

# Operators with a fast form for arguments of unknown types: the function of Base, and the helper.
FAST: dict[Any, str] = {}

# Nodes without effects, whose value stands in the code if it is known.
FOLDED = (C.Local, C.Global)


NOTHING, ASSIGNED, READ = 0, 1, 2


def first_use(var: C.Var, node: C.Node) -> int:
    """What is done first with a variable: nothing, an assignment for certain, or anything else."""
    kind = type(node)
    if kind is C.Block:
        for n in node.items:  # type: ignore[attr-defined]
            found = first_use(var, n)
            if found:
                return found
        return NOTHING
    if kind is C.Assign and node.var is var:  # type: ignore[attr-defined]
        return READ if uses(node.value, var) else ASSIGNED  # type: ignore[attr-defined]
    if kind is C.If and not uses(node.test, var):  # type: ignore[attr-defined]
        then = first_use(var, node.then)  # type: ignore[attr-defined]
        return then if then == first_use(var, node.otherwise) else READ  # type: ignore[attr-defined]
    return READ if uses(node, var) else NOTHING


def uses(node: C.Node, var: C.Var) -> bool:
    """Does a node read or assign a variable, or make a closure that might?"""
    kind = type(node)
    if kind is C.Local or kind is C.Captured or kind is C.IsDefined:
        return node.var is var  # type: ignore[attr-defined]
    if kind is C.Closure:
        return any(outer is var for outer, _ in node.family.captures)  # type: ignore[attr-defined]
    if kind is C.Assign and node.var is var:  # type: ignore[attr-defined]
        return True
    if kind is C.For and node.target is var:  # type: ignore[attr-defined]
        return True
    return any(uses(n, var) for n in parts_of(node))


# What reading a variable without a value raises: of a function, of an object, of a box.
_UNSET = ("NameError", "AttributeError", "UndefVarError")


class Emitter(TypedForms, DataForms, LoopForms):
    """Emits the body of one Python function."""

    # ------------------------------------------------------------ expressions

    def expr(self, node: C.Node) -> ast.expr:
        known = self.types.get(id(node))
        if type(known) is Known and type(node) in FOLDED:
            return self.const(known.value)
        emit: Callable[[Any], ast.expr] = getattr(self, "expr_" + type(node).__name__)
        return emit(node)

    def expr_Const(self, node: C.Const) -> ast.expr:
        return self.const(node.value)

    def expr_Local(self, node: C.Local) -> ast.expr:
        e = self.name(node.var.pyname)
        if node.var.boxed:
            return self.at(ast.Attribute(e, "value", LOAD))
        return e

    def expr_Captured(self, node: C.Captured) -> ast.expr:
        return self.name(node.var.pyname)

    def expr_Global(self, node: C.Global) -> ast.expr:
        if node.name in ("None", "True", "False") or node.name in self.locals:
            # Python would take the name for a variable of the function.
            return self.call("%lookup", self.const(self.module), self.const(node.name))
        return self.name(node.name)

    def expr_Runtime(self, node: C.Runtime) -> ast.expr:
        key = "%" + node.name
        if key not in self.constants:
            # a helper of a part of Base that is not loaded yet
            from juliette.compiler.support import HELPERS

            self.module.demand(key)
            self.constants[key] = HELPERS[key] if key in HELPERS else Base.bindings[node.name]
        return self.name(key)

    def expr_Splat(self, node: C.Splat) -> ast.expr:
        return self.at(ast.Starred(self.call("%splat", self.expr(node.value)), LOAD))

    def expr_MakeTuple(self, node: C.MakeTuple) -> ast.expr:
        return self.at(ast.Tuple(self.exprs(node.items), LOAD))

    def expr_Call(self, node: C.Call) -> ast.expr:
        plan = self.plans.get(id(node))
        if node.kwargs and plan is not None and plan.emit is not None:
            return plan.emit(self, node)
        if node.kwargs:
            keys = [k for k, _ in node.kwargs]
            parts = self.exprs([node.function, *node.args, *[v for _, v in node.kwargs]])
            n = 1 + len(node.args)
            d = ast.Dict(
                [self.const(k) if k is not None else None for k in keys],
                [
                    v if k is not None else self.call("%keyword_dict", v)
                    for k, v in zip(keys, parts[n:], strict=True)
                ],
            )
            if all(type(a) is C.Const for a in node.args) or all(
                type(v) in (C.Const, C.Local, C.Global) for _, v in node.kwargs
            ):
                return self.call("%call_kw", parts[0], self.at(d), *parts[1:n])
            return self.call("%call_kw_last", *parts[:n], self.at(d))
        if plan is not None:
            if plan.emit is not None:
                return plan.emit(self, node)
            if type(plan.result) is Known and not plan.effects:
                return self.const(plan.result.value)
        if isinstance(node.function, C.Runtime):
            helper = self.expr(node.function)
            function = self.constants.get("%" + node.function.name)
            if isinstance(function, GenericFunction) and not any(
                isinstance(a, C.Splat) for a in node.args
            ):
                return self.bound(function, node)
            if node.function.name == "getindex" and len(node.args) > 1 and not self.traced:
                return self.read_at(node)
            return self.call(helper, *self.exprs(node.args))
        if not any(isinstance(a, C.Splat) for a in node.args):
            function = self.callee(node)
            if len(node.args) == 2 and function in FAST:
                return self.call(FAST[function], *self.exprs(node.args))
            if isinstance(function, GenericFunction):
                return self.bound(function, node)
        if isinstance(node.function, C.Global):
            return self.call(self.expr(node.function), *self.exprs(node.args))
        parts = self.exprs([node.function, *node.args])
        return self.call(parts[0], *parts[1:])

    def read_at(self, node: C.Call) -> ast.expr:
        """`a[i]`"""
        if any(isinstance(a, C.Splat) for a in node.args):
            return self.call(self.expr(node.function), *self.exprs(node.args))
        if len(node.args) > 2 or exact([self.element(a) for a in node.args]) is not None:
            return self.bound(Base.bindings["getindex"], node)
        return self.call(self.expr_Runtime(C.Runtime("getindex_one")), *self.exprs(node.args))

    def callee(self, node: C.Call) -> Any:
        """The function that a call names, if it is known."""
        known = self.types.get(id(node.function))
        if known is None and type(node.function) is C.Global:
            known = constant_global(self.module, node.function.name)
        return (
            known.value
            if type(known) is Known and isinstance(known.value, GenericFunction)
            else None
        )

    def expr_GetField(self, node: C.GetField) -> ast.expr:
        plan = self.plans.get(id(node))
        if plan is not None and plan.emit is not None:
            return plan.emit(self, node)
        from juliette.compiler.data_support import field_table

        key = f"%.{node.name}"
        self.constants[key] = field_table(node.name)
        first, again = self.hold(self.expr(node.object))
        return self.call(
            self.at(ast.Subscript(self.name(key), self.call("%type", first), LOAD)), again
        )

    def expr_Assign(self, node: C.Assign) -> ast.expr:
        self.assign(node)
        return self.expr_Local(C.Local(node.var))

    def assign(self, node: C.Assign) -> None:
        self.assign_node(node.var, node.value)

    def assign_node(self, var: C.Var, node: C.Node) -> None:
        """Give a variable the value of a node; branches assign each for itself."""
        kind = type(node)
        if var.boxed or self.types.get(id(node)) is BOTTOM:
            self.assign_var(var, self.expr(node))
        elif kind is C.If and type(self.element(node.test)) is not Known:  # type: ignore[attr-defined]
            test = self.test(node.test)  # type: ignore[attr-defined]
            saved = self.sub()
            before = self.definite
            self.definite = set(before)
            self.assign_node(var, node.then)  # type: ignore[attr-defined]
            then = self.done([])
            self.out = []
            self.definite = set(before)
            self.assign_node(var, node.otherwise)  # type: ignore[attr-defined]
            other = self.out
            self.out = saved
            self.definite = before
            self.push(ast.If(test, then, other))
        elif kind is C.Block and node.items and type(node.items[-1]) is not C.Line:  # type: ignore[attr-defined]
            for n in node.items[:-1]:  # type: ignore[attr-defined]
                self.stmt(n)
            self.assign_node(var, node.items[-1])  # type: ignore[attr-defined]
        elif (plan := self.plans.get(id(node))) is not None and plan.form in OPERATORS:
            self.store_ring(var.pyname, node)
        else:
            self.store(var.pyname, self.expr(node))
        self.definite.add(var)

    def assign_var(self, var: C.Var, value: ast.expr) -> None:
        if var.boxed:
            target = ast.Attribute(self.name(var.pyname), "value", STORE)
            self.push(ast.Assign([self.at(target)], value))
        else:
            self.store(var.pyname, value)

    def expr_AssignGlobal(self, node: C.AssignGlobal) -> ast.expr:
        t = self.temp()
        self.store(t, self.expr(node.value))
        self.set_global(node, self.name(t))
        return self.name(t)

    def set_global(self, node: C.AssignGlobal, value: ast.expr) -> None:
        module = self.module
        plain = node.name in module.bindings and node.name not in module.consts
        if plain and not node.const and node.name not in module.declared:
            # A variable that is there stays one.
            names = self.name(self.constant_for("globals", module.bindings))
            place = self.at(ast.Subscript(names, self.const(node.name), STORE))
            self.push(ast.Assign([place], value))
            return
        self.push(
            ast.Expr(
                self.call(
                    "%set_global",
                    self.const(self.module),
                    self.const(node.name),
                    value,
                    self.const(node.const),
                )
            )
        )

    def keeping(self, kept: dict[str, C.Var], node: C.Node) -> None:
        """Return the value of a statement that keeps globals in variables of its own meanwhile."""
        if not kept:
            self.tail(node)
            return
        assigned = assigned_in(node, set())
        for name, var in kept.items():
            self.store(var.pyname, self.expr_Global(C.Global(name)))
            self.definite.add(var)
        saved = self.sub()
        self.tail(node)
        body = self.done([])
        for name, var in kept.items():
            if var in assigned:
                self.set_global(C.AssignGlobal(name, C.Local(var)), self.name(var.pyname))
        back, self.out = self.out, saved
        if not back:
            self.out += body
            return
        # CPython looks an interrupt's handler up by the step before the one it jumps back to.
        first = self.at(ast.Assign([self.name(self.temp(), True)], self.const(None)))
        self.push(ast.Try([first, *body], [], [], back))

    def expr_Block(self, node: C.Block) -> ast.expr:
        items = list(node.items)
        while items and isinstance(items[-1], C.Line):
            items.pop()
        if not items:
            return self.const(None)
        for n in items[:-1]:
            self.stmt(n)
        return self.expr(items[-1])

    def expr_Line(self, node: C.Line) -> ast.expr:
        self.line = node.line
        return self.const(None)

    def expr_If(self, node: C.If) -> ast.expr:
        branch = self.branch(node)
        if branch is not None:
            return self.expr(branch)
        test = self.test(node.test)
        saved = self.sub()
        before = self.definite
        self.definite = set(before)
        then = self.expr(node.then)
        then_out = self.out
        self.out = []
        self.definite = set(before)
        other = self.expr(node.otherwise)
        other_out = self.out
        self.out = saved
        self.definite = before
        if not then_out and not other_out:
            return self.at(ast.IfExp(test, then, other))
        t = self.temp()
        then_out.append(self.at(ast.Assign([self.name(t, True)], then)))
        other_out.append(self.at(ast.Assign([self.name(t, True)], other)))
        self.push(ast.If(test, then_out, other_out))
        return self.name(t)

    def branch(self, node: C.If) -> C.Node | None:
        """The branch that is always taken, if types decide."""
        known = self.types.get(id(node.test))
        if (
            type(known) is Known
            and type(known.value) is bool
            and type(node.test) in (C.Const, C.Call)
        ):
            return node.then if known.value else node.otherwise
        return None

    def test(self, node: C.Node) -> ast.expr:
        """A condition: only a Bool will do."""
        if isinstance(node, C.Const) and type(node.value) is bool:
            return self.const(node.value)
        if (
            isinstance(node, C.If)
            and isinstance(node.otherwise, C.Const)
            and node.otherwise.value is False
        ):
            mark = len(self.out)
            a = self.test(node.test)
            saved = self.sub()
            b = self.test(node.then)
            extra = self.out
            self.out = saved
            if not extra:
                return self.at(ast.BoolOp(ast.And(), [a, b]))
            del self.out[mark:]
        elif isinstance(node, C.If) and isinstance(node.then, C.Const) and node.then.value is True:
            mark = len(self.out)
            a = self.test(node.test)
            saved = self.sub()
            b = self.test(node.otherwise)
            extra = self.out
            self.out = saved
            if not extra:
                return self.at(ast.BoolOp(ast.Or(), [a, b]))
            del self.out[mark:]
        e = self.expr(node)
        if (self.types.get(id(node)) is T.Bool and not self.traced) or (
            isinstance(e, ast.Constant) and type(e.value) is bool
        ):
            return e
        t = self.temp()
        # `t is True or (t is not False and %truth(t))`: plain Bools cost two identity tests.
        held = self.at(ast.NamedExpr(self.name(t, True), e))
        is_true = self.at(ast.Compare(held, [ast.Is()], [self.const(True)]))
        not_false = self.at(ast.Compare(self.name(t), [ast.IsNot()], [self.const(False)]))
        rest = self.at(ast.BoolOp(ast.And(), [not_false, self.call("%truth", self.name(t))]))
        return self.at(ast.BoolOp(ast.Or(), [is_true, rest]))

    def expr_statement(self, node: C.Node) -> ast.expr:
        self.stmt(node)
        return self.const(None)

    expr_While = expr_For = expr_Fresh = expr_statement

    def expr_Break(self, node: C.Node) -> ast.expr:
        self.stmt(node)
        return self.const(None)

    expr_Continue = expr_Return = expr_Break

    def expr_Yield(self, node: C.Yield) -> ast.expr:
        self.stmt(node)
        return self.const(None)

    def expr_Try(self, node: C.Try) -> ast.expr:
        t = self.temp()
        self.emit_try(node, t)
        return self.name(t)

    def expr_Closure(self, node: C.Closure) -> ast.expr:
        family: Family = node.family
        captured: list[ast.expr] = [self.name(outer.pyname) for outer, _ in family.captures]
        cls: Any = getattr(self.types.get(id(node)), "pyclass", None)
        make = cls.maker() if hasattr(cls, "maker") else None
        if make is not None:
            return self.call(self.constant_for("maker", make), *captured)
        signatures = self.const(None) if family.takes_anything else self.signatures(family)
        return self.call(
            "%closure",
            self.const(self.module),
            self.const(family),
            signatures,
            self.at(ast.Tuple(captured, LOAD)),
        )

    def signatures(self, family: Family) -> ast.expr:
        """The parameter types of a closure's methods."""
        types: list[C.Node] = []
        for code, params, statics in family.methods:
            static_vars = getattr(code, "static_scope", [])
            for var, (name, low, high) in zip(static_vars, statics, strict=False):
                self.assign_var(
                    var,
                    self.call(
                        "%typevar",
                        self.const(name),
                        self.expr(low) if low is not None else self.const(None),
                        self.expr(high) if high is not None else self.const(None),
                    ),
                )
            types.append(
                C.MakeTuple(
                    [
                        C.MakeTuple(list(params)),
                        C.MakeTuple([C.Local(v) for v in static_vars]),
                    ]
                )
            )
        return self.expr(C.MakeTuple(types))

    def expr_IsDefined(self, node: C.IsDefined) -> ast.expr:
        if node.var is None:
            return self.call("%global_defined", self.const(self.module), self.const(node.name))
        t = self.temp()
        saved = self.sub()
        self.push(ast.Expr(self.expr_Local(C.Local(node.var))))
        self.store(t, self.const(True))
        body = self.done(saved)
        handler = ast.ExceptHandler(
            self.at(ast.Tuple([self.name(f"%{e}") for e in _UNSET], LOAD)),
            None,
            [self.at(ast.Assign([self.name(t, True)], self.const(False)))],
        )
        self.push(ast.Try(body, [self.at(handler)], [], []))
        return self.name(t)

    # ------------------------------------------------------------ statements

    def stmt(self, node: C.Node) -> None:
        """Run for effect."""
        kind = type(node)
        if kind is C.Line:
            self.line = node.line  # type: ignore[attr-defined]
        elif kind is C.Block:
            items = node.items  # type: ignore[attr-defined]
            for i, n in enumerate(items):
                self.stmt(n)
                if self.looping and type(n) is C.Fresh:
                    self.unset(n.vars, items[i + 1 :])
        elif kind is C.Assign:
            value = node.value  # type: ignore[attr-defined]
            if type(value) is C.Local and value.var in self.loop_variables:
                return  # the loop assigns it
            self.assign(node)  # type: ignore[arg-type]
        elif kind is C.AssignGlobal:
            self.set_global(node, self.expr(node.value))  # type: ignore[arg-type, attr-defined]
        elif kind is C.If:
            self.stmt_if(node)  # type: ignore[arg-type]
        elif kind is C.While:
            self.stmt_while(node)  # type: ignore[arg-type]
        elif kind is C.For:
            self.stmt_for(node)  # type: ignore[arg-type]
        elif kind is C.Fresh:
            for var in node.vars:  # type: ignore[attr-defined]
                if var.boxed:
                    self.store(var.pyname, self.call("%Box", self.const(var.name)))
        elif kind is C.Return:
            self.stmt_return(node)  # type: ignore[arg-type]
        elif kind is C.Yield:
            value = self.expr(node.value)  # type: ignore[attr-defined]
            self.push(self.yields[-1](value))
        elif kind is C.Break:
            self.push(ast.Break())
        elif kind is C.Continue:
            self.push(ast.Continue())
        elif kind is C.Try:
            self.emit_try(node, None)  # type: ignore[arg-type]
        elif kind is C.Local and node.var in self.definite:  # type: ignore[attr-defined]
            return
        elif (
            kind is C.Call
            and (plan := self.plans.get(id(node))) is not None
            and plan.store is not None
        ):
            plan.store(self, node)
        else:
            e = self.expr(node)
            if isinstance(e, ast.Constant):
                return
            if isinstance(e, ast.Name) and e.id.startswith("%"):
                return
            self.push(ast.Expr(e))

    def unset(self, variables: list[C.Var], rest: list[C.Node]) -> None:
        """In a loop, have variables undefined anew that are not surely assigned before they are read."""
        block = C.Block(rest)
        unsure = [v for v in variables if not v.boxed and first_use(v, block) == READ]
        for var in unsure:
            self.store(var.pyname, self.const(None))
            self.push(ast.Delete([self.at(ast.Name(var.pyname, ast.Del()))]))
            self.definite.discard(var)

    def stmt_if(self, node: C.If) -> None:
        branch = self.branch(node)
        if branch is not None:
            self.stmt(branch)
            return
        test = self.test(node.test)
        saved = self.sub()
        before = self.definite
        self.definite = set(before)
        self.stmt(node.then)
        then = self.done([])
        self.out = []
        self.definite = set(before)
        self.stmt(node.otherwise)
        other = self.out
        self.out = saved
        self.definite = before
        self.push(ast.If(test, then, other))

    def stmt_return(self, node: C.Return) -> None:
        if not self.in_function:
            value = self.expr(node.value)
            self.push(ast.Return(value))
            return
        self.tail(node.value)

    def tail(self, node: C.Node) -> None:
        """Return the value of a node."""
        kind = type(node)
        if kind is C.Block:
            items = list(node.items)  # type: ignore[attr-defined]
            while items and isinstance(items[-1], C.Line):
                items.pop()
            for n in items[:-1]:
                self.stmt(n)
            self.tail(items[-1] if items else C.Const(None))
        elif kind is C.If and self.branch(node) is not None:  # type: ignore[arg-type]
            self.tail(self.branch(node))  # type: ignore[arg-type]
        elif kind is C.If:
            test = self.test(node.test)  # type: ignore[attr-defined]
            saved = self.sub()
            before = self.definite
            self.definite = set(before)
            self.tail(node.then)  # type: ignore[attr-defined]
            then = self.out
            self.out = []
            self.definite = before
            self.tail(node.otherwise)  # type: ignore[attr-defined]
            other = self.out
            self.out = saved
            self.push(ast.If(test, then, []))
            self.out += other
        elif kind is C.Return:
            self.tail(node.value)  # type: ignore[attr-defined]
        elif kind in (C.While, C.For):
            self.stmt(node)
            self.push(ast.Return(self.const(None)))
        else:
            value = self.expr(node)
            if self.return_type is not None and not self.returns_declared(node):
                value = self.call("%convert", self.expr(self.return_type), value)
            self.push(ast.Return(value))

    def returns_declared(self, node: C.Node) -> bool:
        """Has the value already the type that the function declares for its results?"""
        declared = self.types.get(id(self.return_type))
        return type(declared) is Known and widen(self.element(node)) is declared.value

    def emit_try(self, node: C.Try, target: str | None) -> None:
        before = self.definite
        self.definite = set(before)
        self._emit_try(node, target)
        self.definite = before

    def _emit_try(self, node: C.Try, target: str | None) -> None:
        def part(n: C.Node | None) -> list[ast.stmt]:
            saved = self.sub()
            if n is not None:
                if target is None:
                    self.stmt(n)
                else:
                    self.store(target, self.expr(n))
            return self.done(saved)

        body = part(node.body)
        if isinstance(body[0] if body else None, ast.While):
            # CPython looks an interrupt's handler up by the step before the one it jumps back to.
            body.insert(0, self.at(ast.Assign([self.name(self.temp(), True)], self.const(None))))
        handlers = []
        otherwise: list[ast.stmt] = []
        if node.catch is not None:
            assert node.var is not None
            held = self.temp()
            saved = self.sub()
            self.store(node.var.pyname, self.call("%caught", self.name(held)))
            begun, self.out = self.out, []
            if target is None:
                self.stmt(node.catch)
            else:
                self.store(target, self.expr(node.catch))
            inner = self.done([])
            self.out = saved
            release = self.at(ast.Expr(self.call("%uncaught")))
            guarded = self.at(ast.Try(inner, [], [], [release]))
            handlers = [
                self.at(ast.ExceptHandler(self.name("%Catchable"), held, [*begun, guarded]))
            ]
        if node.otherwise is not None:
            otherwise = part(node.otherwise)
        final: list[ast.stmt] = []
        if node.final is not None:
            saved = self.sub()
            self.stmt(node.final)
            final = self.done(saved)
        if not handlers and not final:
            self.out += body
            return
        if otherwise and not handlers:
            body += otherwise
            otherwise = []
        self.push(ast.Try(body, handlers, otherwise, final))
