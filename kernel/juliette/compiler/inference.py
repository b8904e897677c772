"""Forward type inference over the core language.

Each variable has one element for all of its assignments, found as a fixpoint; each node gets an
element (`types`), and each call a plan of how it will be made (`plans`).  Where nothing is known the
answer is `Any`, and code generation falls back on dispatch: inference never changes a result.

A call of a user's function is inferred by inferring the method that the argument types select; the
methods looked at are noted as `edges`, so that adding a method can undo what was concluded from it.
"""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler import lattice as L
from juliette.compiler.intrinsics import Plan, plan_call, plan_keywords, plan_runtime
from juliette.compiler.lattice import ANY, BOTTOM, Known, Span, join, tuple_of, widen
from juliette.compiler.narrowing import (
    NONE,
    Facts,
    both,
    either,
    overwritten,
    refine,
    told,
    typeasserted,
    without,
)
from juliette.compiler.results import element_by_example
from juliette.runtime import types as T
from juliette.runtime.modules import Module

MOST_PASSES = 12
NOTHING = Known(None)
# A fold that begins with a number of these, and goes on with numbers of the same type, stays with it.
NUMBERS = (T.Int64, T.Float64)


class Inference:
    """Types and plans for the body of one function."""

    def __init__(self, module: Module, traced: bool = False) -> None:
        self.module = module
        self.traced = traced
        self.vars: dict[C.Var, Any] = {}
        self.types: dict[int, Any] = {}
        self.plans: dict[int, Plan] = {}
        self.returns: Any = BOTTOM
        # of the comprehensions around: what their elements are, so far; and what they were found to be
        self.yields: list[Any] = []
        self.elements: dict[int, Any] = {}
        # calls that stand for others, with the variables that they need, by those
        self.instead: dict[int, Any] = {}
        # (function, argument types) of every call whose method was looked up
        self.edges: list[tuple[Any, tuple[Any, ...]]] = []
        self.callees: list[Any] = []
        # keyword parameters: their defaults are assigned before the body
        self.keywords: list[tuple[str, C.Var, Any, Any]] = []
        # what conditions have told of variables, where control is now
        self.facts: Facts = NONE
        # of the function that a rule is asked about
        self.name = ""
        self.changed = False
        self.passes = 0
        # nothing is known yet of a function that calls itself: comprehensions of its results wait; has one?
        self.hopeful = self.hoped = False

    # ------------------------------------------------------------ running

    def run(self, body: C.Node, *before: C.Node) -> None:
        """Infer to a fixpoint; `before` are run first (defaults of keywords)."""
        while True:
            self.passes += 1
            self.changed = False
            self.edges.clear()
            self.callees.clear()
            self.returns = BOTTOM
            self.facts = NONE
            for node in before:
                self.visit(node)
            for _, var, default, typ in self.keywords:
                if typ is not None:
                    self.visit(typ)
                if default is not None:
                    self.bind(var, self.types[id(default)])
            self.returns = join(self.visit(body), self.returns)
            if not self.changed:
                return
            if self.passes > MOST_PASSES:
                for var in self.vars:
                    self.vars[var] = ANY

    def bind(self, var: C.Var, element: Any) -> None:
        """A variable takes a value of this element."""
        if var.boxed:
            return
        element = L.held(element)
        old = self.vars.get(var, BOTTOM)
        new = L.grown(old, element) if self.passes > 1 else join(old, element)
        if new is not old and new != old:
            self.vars[var] = new
            self.changed = True

    def visit(self, node: C.Node) -> Any:
        out = VISIT[type(node)](self, node)
        self.types[id(node)] = out
        return out

    # ------------------------------------------------------------ values

    def _const(self, node: C.Const) -> Any:
        return Known(node.value)

    def _local(self, node: C.Local) -> Any:
        if node.var.boxed:
            return ANY
        element = self.vars.get(node.var, BOTTOM)
        return refine(element, self.facts[node.var]) if node.var in self.facts else element

    def _captured(self, node: C.Captured) -> Any:
        return ANY

    def _global(self, node: C.Global) -> Any:
        found = constant_global(self.module, node.name)
        if found is not None:
            return found
        declared = self.module.declared.get(node.name)
        return declared if L.concrete(declared) else ANY

    def _runtime(self, node: C.Runtime) -> Any:
        return Known(T.Any_) if node.name == "Any" else ANY

    def _splat(self, node: C.Splat) -> Any:
        return self.visit(node.value)

    def _tuple(self, node: C.MakeTuple) -> Any:
        items = [self.visit(n) for n in node.items]
        if any(isinstance(n, C.Splat) for n in node.items):
            return ANY
        return tuple_of(items)

    def _getfield(self, node: C.GetField) -> Any:
        from juliette.compiler.intrinsics_structs import plan_getfield

        plan = plan_getfield(self, node, self.visit(node.object))
        return self._planned(node, plan)

    def _planned(self, node: C.Node, plan: Plan | None) -> Any:
        if plan is None:
            self.plans.pop(id(node), None)
            return ANY
        self.plans[id(node)] = plan
        return plan.result

    def _call(self, node: C.Call) -> Any:
        function = node.function
        args = [self.visit(a) for a in node.args]
        for _, value in node.kwargs:
            self.visit(value)
        if type(function) is C.Runtime:
            if any(a is BOTTOM for a in args):
                return BOTTOM
            if function.name == "named_tuple" and node.kwargs:
                from juliette.compiler.intrinsics_structs import plan_named

                return self._planned(node, plan_named(self, node))
            out = self._planned(node, plan_runtime(self, node, function.name, args))
            if function.name == "typeassert":
                self.facts = both(self.facts, typeasserted(node, args[1]))
            return out
        callee = self.visit(function)
        if callee is BOTTOM or any(a is BOTTOM for a in args):
            return BOTTOM
        if any(type(a) is C.Splat for a in node.args):
            from juliette.compiler.intrinsics_structs import plan_splat

            return self._planned(node, plan_splat(self, node, args))
        if node.kwargs:
            values = [self.types[id(v)] for _, v in node.kwargs]
            return self._planned(node, plan_keywords(self, node, callee, args, values))
        plan = plan_call(self, node, callee, args)
        if plan is not None and plan.form == "closure" and type(function) is not C.Local:
            plan = None
        return self._planned(node, plan)

    def _assign(self, node: C.Assign) -> Any:
        element = self.visit(node.value)
        self.bind(node.var, element)
        self.facts = without(self.facts, {node.var})
        return element

    def _assign_global(self, node: C.AssignGlobal) -> Any:
        return self.visit(node.value)

    # ------------------------------------------------------------ control

    def _block(self, node: C.Block) -> Any:
        out: Any = NOTHING
        stopped = False
        for n in node.items:
            element = self.visit(n)
            if type(n) is not C.Line:
                out = element
                stopped = stopped or element is BOTTOM
        return BOTTOM if stopped else out

    def _line(self, node: C.Line) -> Any:
        return NOTHING

    def _if(self, node: C.If) -> Any:
        test = self.visit(node.test)
        if type(test) is Known and type(test.value) is bool:
            return self.visit(node.then if test.value else node.otherwise)
        before = self.facts
        self._learn(node.test, True)
        a = self.visit(node.then)
        after, self.facts = self.facts, before
        self._learn(node.test, False)
        b = self.visit(node.otherwise)
        if b is BOTTOM:
            self.facts = after
        elif a is not BOTTOM:
            self.facts = either(after, self.facts)
        return BOTTOM if test is BOTTOM else join(a, b)

    def _learn(self, test: C.Node, holds: bool) -> None:
        """A condition has come out true, or false."""
        told_now = told(test, holds, lambda n: self.types.get(id(n), ANY))
        if told_now:
            self.facts = both(self.facts, without(told_now, overwritten(test, assignments(test))))

    def _forget(self, node: C.Node) -> None:
        """What a node assigns may have been assigned already, or only in part."""
        if self.facts:
            self.facts = without(self.facts, assigned_in(node, set()))

    def _while(self, node: C.While) -> Any:
        self._forget(node)
        self.visit(node.test)
        before = self.facts
        self._learn(node.test, True)
        self.visit(node.body)
        self.facts = before
        return NOTHING

    def _for(self, node: C.For) -> Any:
        from juliette.compiler.intrinsics_iteration import plan_loop

        iterable = self.visit(node.iterable)
        plan = plan_loop(self, node, iterable)
        if plan is None:
            self.plans.pop(id(node), None)
            self.bind(node.target, element_of(iterable))
        else:
            self.plans[id(node)] = plan
            self.bind(node.target, plan.result)
        self._forget(node)
        before = self.facts
        self.visit(node.body)
        self.facts = before
        return NOTHING

    def _collect(self, node: C.Collect) -> Any:
        from juliette.compiler.intrinsics_iteration import collected_type

        self.yields.append(BOTTOM)
        for s in node.sources:
            self.visit(s)
        self.visit(node.loop)
        element = self.yields.pop()
        if node.eltype is not None:
            declared = self.visit(node.eltype)
            element = declared.value if type(declared) is Known else ANY
        self.elements[id(node)] = element
        if element is BOTTOM and self.hopeful:
            self.hoped = True
            return BOTTOM
        return collected_type(self, node, element)

    def _consume(self, node: C.Consume) -> Any:
        from juliette.compiler.intrinsics_iteration import consumed_type

        self.yields.append(BOTTOM)
        for s in (*node.sources, *node.rest):
            self.visit(s)
        begin = self.visit(node.init) if node.init is not None else None
        self.visit(node.loop)
        element = self.elements[id(node)] = widen(self.yields.pop())
        if begin is not None:
            return widen(begin) if widen(begin) is element and element in NUMBERS else ANY
        return consumed_type(node.function.value, element)

    def _yield(self, node: C.Yield) -> Any:
        self.yields[-1] = join(self.yields[-1], L.held(self.visit(node.value)))
        return NOTHING

    def _stops(self, node: C.Node) -> Any:
        return BOTTOM

    def _return(self, node: C.Return) -> Any:
        self.returns = join(self.returns, self.visit(node.value))
        return BOTTOM

    def _try(self, node: C.Try) -> Any:
        self._forget(node)
        before = self.facts
        out = self.visit(node.body)
        if node.otherwise is not None:
            out = self.visit(node.otherwise)
        self.facts = before
        if node.catch is not None:
            if node.var is not None:
                self.bind(node.var, ANY)
            out = join(out, self.visit(node.catch))
            self.facts = before
        if node.final is not None:
            self.visit(node.final)
            self.facts = before
        return out

    def _fresh(self, node: C.Fresh) -> Any:
        return NOTHING

    def _closure(self, node: C.Closure) -> Any:
        for _, params, statics in node.family.methods:
            for p in params:
                self.visit(p)
            for _, low, high in statics:
                for bound in (low, high):
                    if bound is not None:
                        self.visit(bound)
        for code, _, _ in node.family.methods:
            for var in getattr(code, "static_scope", []):
                self.bind(var, ANY)
        return self._closure_element(node.family)

    def _closure_element(self, family: Any) -> Any:
        """The type of a closure whose captured variables have known types."""
        if self.traced or not family.takes_anything:
            return ANY
        from juliette.compiler.closures import BOX, closure_class

        types = []
        for outer, _ in family.captures:
            element = BOX if outer.boxed else self.vars.get(outer, BOTTOM)
            if not L.concrete(element):
                return BOTTOM if element is BOTTOM else ANY
            types.append(widen(element))
        return closure_class(self.module, family, None, tuple(types)).julia_type  # type: ignore[attr-defined]

    def _isdefined(self, node: C.IsDefined) -> Any:
        return T.Bool


VISIT: dict[type, Any] = {
    C.Const: Inference._const,
    C.Local: Inference._local,
    C.Captured: Inference._captured,
    C.Global: Inference._global,
    C.Runtime: Inference._runtime,
    C.Splat: Inference._splat,
    C.MakeTuple: Inference._tuple,
    C.GetField: Inference._getfield,
    C.Call: Inference._call,
    C.Assign: Inference._assign,
    C.AssignGlobal: Inference._assign_global,
    C.Block: Inference._block,
    C.Line: Inference._line,
    C.If: Inference._if,
    C.While: Inference._while,
    C.For: Inference._for,
    C.Break: Inference._stops,
    C.Continue: Inference._stops,
    C.Return: Inference._return,
    C.Try: Inference._try,
    C.Collect: Inference._collect,
    C.Yield: Inference._yield,
    C.Consume: Inference._consume,
    C.Fresh: Inference._fresh,
    C.Closure: Inference._closure,
    C.IsDefined: Inference._isdefined,
}


def constant_global(module: Module, name: str) -> Known | None:
    """The value of a name that stands for the same thing for good."""
    if name in module.bindings:
        return Known(module.bindings[name]) if name in module.consts else None
    home = module.implicit.get(name)
    if home is not None and name in home.consts and name in module.visible:
        return Known(module.visible[name])
    return None


def element_of(iterable: Any) -> Any:
    """What a loop over a value of an element gets."""
    if isinstance(iterable, Span):
        return L.ints(iterable.low, iterable.high)
    if type(iterable) is Known and type(iterable.value) is tuple:
        out: Any = BOTTOM
        for v in iterable.value:
            out = join(out, L.held(Known(v)))
        return out
    t = widen(iterable)
    if t is BOTTOM:
        return BOTTOM
    if t is L.UNIT_RANGE or t is L.ONE_TO or t is L.STEP_RANGE:
        return T.Int64
    if isinstance(t, T.DataType):
        family = t.typename
        if family is L.ARRAY or family is L.SET:
            return t.parameters[0] if L.concrete(t.parameters[0]) else ANY
        if family is T.TUPLE_NAME:
            out = BOTTOM
            for p in t.parameters:
                out = join(out, p)
            return out
        if family is L.DICT and all(map(L.concrete, t.parameters)):
            return T.apply_type(L.PAIR, *t.parameters)
        if t is T.String:
            return T.Char_
        if T.subtype(t, T.Number):
            return t
        return element_by_example(t)
    return ANY


def parts_of(node: Any) -> list[Any]:
    """The nodes that a node is made of."""
    kind = type(node)
    if kind is C.Call:
        return [node.function, *node.args, *[v for _, v in node.kwargs]]
    if kind in (C.Block, C.MakeTuple):
        return node.items  # type: ignore[no-any-return]
    if kind is C.If:
        return [node.test, node.then, node.otherwise]
    if kind is C.While:
        return [node.test, node.body]
    if kind is C.For:
        return [node.iterable, node.body]
    if kind is C.Try:
        return [n for n in (node.body, node.catch, node.otherwise, node.final) if n is not None]
    if kind in (C.Assign, C.AssignGlobal, C.Return, C.Splat, C.Yield):
        return [node.value]
    if kind is C.Collect:
        return [*node.sources, node.loop, *([node.eltype] if node.eltype is not None else [])]
    if kind is C.Consume:
        begin = [node.init] if node.init is not None else []
        return [*node.sources, *begin, node.loop, *node.rest]
    return [node.object] if kind is C.GetField else []


def quiet(node: Any, inference: Any) -> bool:
    """Does nothing in a node run code that is not known here?"""
    kind = type(node)
    if kind is C.Call:
        plan = inference.plans.get(id(node))
        if plan is None or plan.opaque:
            return False
    elif kind is C.GetField:
        if id(node) not in inference.plans:
            return False
    elif kind is C.For:
        plan = inference.plans.get(id(node))
        if plan is not None and plan.opaque:
            return False
    elif kind is C.Closure or kind is C.AssignGlobal or kind is C.Splat:
        return False
    return all(quiet(n, inference) for n in parts_of(node))


def assignments(node: Any) -> list[C.Var]:
    """The variables that a node assigns, as often as it does."""
    out = [node.var] if type(node) is C.Assign else [node.target] if type(node) is C.For else []
    for n in parts_of(node):
        out += assignments(n)
    return out


def assigned_in(node: Any, found: set[C.Var]) -> set[C.Var]:
    """The variables that a node assigns."""
    if type(node) is C.Assign:
        found.add(node.var)
    elif type(node) is C.For:
        found.add(node.target)
    for n in parts_of(node):
        assigned_in(n, found)
    return found
