"""The walk through a function's core code: calls are followed, and what they compute is written down in order.

Everything is run once by *example*: each value has one that it really had, so classes of results are
observed, not inferred.  What the program then relies on is checked when it runs, or follows from classes that
are checked; a branch that cannot be understood ends in a `Bail`, as does everything unexpected, and the tape takes
the call.  That is allowed since nothing here has effects: all that could have is refused.
"""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.closures import ClosureBase
from juliette.compiler.inference import assigned_in, constant_global, parts_of
from juliette.compiler.instances import static_values
from juliette.compiler.lower import LambdaCode
from juliette.packages.zygote.straight import calls, iteration
from juliette.packages.zygote.straight.dots import chosen, dotted
from juliette.packages.zygote.straight.flow import Flow
from juliette.packages.zygote.straight.hoisting import Round
from juliette.packages.zygote.straight.items import (
    NUMBERS,
    Branch,
    Carried,
    Line,
    Loop,
    Refuse,
    Val,
    sample_of,
)
from juliette.packages.zygote.straight.steps import Same
from juliette.packages.zygote.straight.values import (
    Const,
    Keywords,
    Lane,
    Local,
    Opener,
    Record,
    Tup,
    exact,
)
from juliette.runtime import types as T
from juliette.runtime.array import Array
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Method
from juliette.runtime.modules import Base, Module
from juliette.runtime.structs import Struct
from juliette.runtime.world import WORLD
from juliette.syntax.expr import Symbol
from juliette_engine.program import Value

DEEPEST = 24
MOST_CALLS = 1500


class Frame:
    """The variables of one call."""

    __slots__ = ("env", "module")

    def __init__(self, module: Module) -> None:
        self.module = module
        self.env: dict[C.Var, Any] = {}


class Poison:
    """A variable whose value depends on the way that was taken, in a manner that cannot be written down."""

    example = None
    active = False


POISON = Poison()


class Walk:
    """Walks through the code of a call."""

    def __init__(self, flow: Flow, opener: Opener) -> None:
        self.flow = flow
        self.opener = opener
        self.depth = 0
        self.calls = 0
        self.looping = 0
        self.yields: list[Any] = []  # what takes the values of the generators around this place
        self.sources: dict[str, Any] = {}  # what long arrays were made from, by name
        # the functions looked at, with the argument types: whose methods the program rests on
        self.rests_on: list[tuple[GenericFunction, tuple[Any, ...]]] = []

    # ------------------------------------------------------------ calls

    def call(self, f: Any, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """The value of `f(args...; kwargs...)`."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise Refuse("too many calls")
        kwargs = kwargs or {}
        if type(f) is Local:
            return self.call_local(f, args, kwargs)
        function = f.example
        if isinstance(function, ClosureBase) and type(f) is Record:
            method = self.method(function.generic, args)
            return self.run_method(method, args, kwargs, f)
        if isinstance(function, Struct) and type(f) is Record:
            method = self.method(CALLABLES, [f, *args])
            if method.code is not None:
                return self.run_method(method, [f, *args], kwargs, None)
            return calls.layer(self, f, args, kwargs)
        if type(f) is not Const:
            raise Refuse("a function that is not known")
        if isinstance(function, GenericFunction):
            return self.call_function(function, args, kwargs)
        if isinstance(function, T.JuliaType):
            return calls.constructor(self, function, args, kwargs)
        template = getattr(function, "__globals__", {}).get("template")
        if template is not None and template.run is function:
            return dotted(self, template, args)
        raise Refuse(f"a call of a {type(function).__name__}")

    def method(self, function: GenericFunction, args: list[Any]) -> Method:
        """The method that a call selects, which the program then rests on."""
        local = [type(a) is Local for a in args]
        if not all(known or exact(a) for a, known in zip(args, local, strict=True)):
            raise Refuse("arguments whose types are not known")
        types = tuple(
            [
                T.Function_ if known else T.dispatch_type(a.example)
                for a, known in zip(args, local, strict=True)
            ]
        )
        if function.newest > WORLD.current:
            raise Refuse("methods of another world age")
        if function.traced_rule is not None and function.traced_rule(types) is not None:
            raise Refuse(f"a rule for {function.name}")
        method = function.selected(types)
        if method is None:
            raise Refuse(f"no method of {function.name}")
        if any(local) and method.code is not None:
            raise Refuse("a closure as an argument")
        self.rests_on.append((function, types))
        return method

    def call_function(
        self, function: GenericFunction, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """A call of a generic function."""
        structural = calls.STRUCTURAL.get(function)
        if structural is not None and not kwargs and not self.own(function, args):
            found = structural(self, args)
            if found is not None:
                return found
        method = self.method(function, args)
        if method.code is not None:
            return self.run_method(method, args, kwargs, None)
        return calls.builtin(self, function, method, args, kwargs)

    def own(self, function: GenericFunction, args: list[Any]) -> bool:
        """Could a method of the user's be meant?"""
        if not function.user_methods:
            return False
        return not all(map(exact, args)) or function.user_matches(
            tuple([T.dispatch_type(a.example) for a in args])
        )

    def call_local(self, f: Local, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a closure made on the way."""
        if not f.family.takes_anything or len(f.family.methods) != 1:
            raise Refuse("a local function with types")
        code = f.family.methods[0][0]
        return self.run(code, f.module, args, kwargs, f.captured, ())

    def run_method(
        self, method: Method, args: list[Any], kwargs: dict[str, Any], closure: Record | None
    ) -> Any:
        """The body of a method written in Julia, with these arguments."""
        source = method.source
        code = source.code
        if source.drop_first or source.captured or method.rule is not None:
            raise Refuse(f"the method {method.name}")
        types = tuple([T.dispatch_type(a.example) for a in args])
        captured = {}
        if code.captures:
            if closure is None:
                raise Refuse("captured variables")
            for inner in code.captures.values():
                captured[inner.name] = closure.part(inner.name)
        statics = static_values(method, types)
        if any(isinstance(value, T.TypeVar) for value in statics):
            raise Refuse("a type parameter that no argument tells")
        return self.run(code, source.module, args, kwargs, captured, statics)

    def run(
        self,
        code: LambdaCode,
        module: Module,
        args: list[Any],
        kwargs: dict[str, Any],
        captured: dict[str, Any],
        statics: tuple[Any, ...],
    ) -> Any:
        """The value of a body."""
        if code.return_type is not None:
            raise Refuse("a declared type of the result")
        frame = Frame(module)
        for inner in code.captures.values():
            if inner.boxed:
                raise Refuse("a captured variable that is assigned")
            frame.env[inner] = captured[inner.name]
        for var, value in zip(code.statics, statics, strict=True):
            frame.env[var] = Const(value)
        params = code.params
        if code.vararg:
            *params, last = params
            frame.env[last] = Tup(args[len(params) :])
            args = args[: len(params)]
        for var, value in zip(params, args, strict=True):
            if var.boxed:
                raise Refuse("a captured variable that is assigned")
            frame.env[var] = value
        if self.depth >= DEEPEST:
            raise Refuse("calls that are too deep")
        self.depth += 1
        looping, self.looping = self.looping, 0
        try:
            given = dict(kwargs)
            for name, var, default, typ in code.keywords:
                if typ is not None or var.boxed or (default is None and name not in given):
                    raise Refuse("keywords with types")
                frame.env[var] = given.pop(name) if name in given else self.value(default, frame)
            if code.keyword_rest is not None:
                frame.env[code.keyword_rest] = Keywords(given)
            elif given:
                raise Refuse("a keyword that is not known")
            return self.body([code.body], frame)
        finally:
            self.depth -= 1
            self.looping = looping

    # ------------------------------------------------------------ statements

    def body(self, nodes: list[Any], frame: Frame) -> Any:
        """The value that a function returns; the nodes are all that it has still to do."""
        out: Any = Const(None)
        nodes = list(nodes)
        while nodes:
            node = nodes.pop(0)
            kind = type(node)
            if kind is C.Block:
                nodes[:0] = node.items
                if not node.items:
                    out = Const(None)
            elif kind is C.Return:
                return self.value(node.value, frame)
            elif kind is C.If and returns(node):
                if self.looping:
                    raise Refuse("return from a loop")
                test = self.test(self.value(node.test, frame))
                if type(test) is bool:
                    nodes.insert(0, node.then if test else node.otherwise)
                    continue
                return self.branches(
                    test,
                    frame,
                    lambda now=node.then: self.body([now, *nodes], frame),
                    lambda now=node.otherwise: self.body([now, *nodes], frame),
                )
            elif kind is not C.Line:
                out = self.value(node, frame)
        return out

    def test(self, x: Any) -> Any:
        """A condition: known, or the variable that holds it."""
        if type(x) is Const and type(x.example) is bool:
            return x.example
        if type(x) in (Val, Lane) and type(x.example) is bool:
            return x
        raise Refuse("a condition that is no Bool")

    def branches(self, test: Any, frame: Frame, then: Any, otherwise: Any) -> Any:
        """The value of the branch that is taken; variables are what that branch has made of them."""
        if type(test) is Lane:
            start = dict(frame.env)
            sides = []
            for side in (then, otherwise):

                def run(side: Any = side) -> Any:
                    frame.env = dict(start)
                    out = side()
                    if any(frame.env.get(k) is not v for k, v in start.items()):
                        raise Refuse("a branch of a dotted function that assigns")
                    return out

                sides.append(run)
            out = chosen(self, test, sides)
            frame.env = start
            return out
        taken = 0 if test.example else 1
        start = frame.env
        regions: list[list[Any]] = []
        values, envs = [], []
        for k, side in enumerate((then, otherwise)):
            frame.env = dict(start)
            with self.flow.into([]) as region:
                try:
                    value = side()
                except Exception as e:
                    if k == taken and isinstance(e, Refuse):
                        raise
                    if k == taken:
                        raise Refuse("an error in the example") from e
                    region[:] = [Line("raise Bail")]
                    value = None
            regions.append(region)
            values.append(value)
            envs.append(frame.env)
        self.flow.region.append(Branch(test.name, *regions))
        if None in values:
            frame.env = envs[taken]
            return values[taken]
        frame.env = {}
        for var, a in envs[0].items():
            if var not in envs[1]:
                continue
            b = envs[1][var]
            frame.env[var] = a if a is b else self.joined(a, b, regions, test.example)
        return self.joined(values[0], values[1], regions, test.example)

    def joined(self, a: Any, b: Any, regions: list[list[Any]], taken: bool) -> Any:
        """One value for what two branches have made."""
        if a is b:
            return a
        if type(a) is Const and type(b) is Const and same(a.example, b.example):
            return a
        if (
            type(a) is Tup
            and type(b) is Tup
            and a.names == b.names
            and len(a.items) == len(b.items)
        ):
            return Tup(
                [self.joined(x, y, regions, taken) for x, y in zip(a.items, b.items, strict=True)],
                a.names,
            )
        if not (number_or_array(a) and number_or_array(b)) or type(a.example) is not type(
            b.example
        ):
            return POISON
        name = self.flow.new()
        example = (a if taken else b).example
        slot = Value(
            name,
            (a if type(a) is Val else b).slot.sample
            if type(a) is Val or type(b) is Val
            else sample_of(example),
            isinstance(example, Array),
        )
        out = Val(slot, example, a.active or b.active)
        for x, region in ((a, regions[0]), (b, regions[1])):
            text = x.name if type(x) is Val else self.flow.hold(x.example)
            region.append(Line(f"{name} = {text}", (name,), pure=True))
            if x.active:
                region.append(Same(out, [x]))
        return out

    # ------------------------------------------------------------ expressions

    def value(self, node: Any, frame: Frame) -> Any:
        """The value of a node."""
        visit = VISIT.get(type(node))
        if visit is None:
            raise Refuse(type(node).__name__)
        return visit(self, node, frame)

    def _const(self, node: C.Const, frame: Frame) -> Any:
        return Const(node.value)

    def _local(self, node: C.Local, frame: Frame) -> Any:
        found = frame.env.get(node.var)
        if found is None or found is POISON:
            raise Refuse(f"the variable {node.var.name}")
        return found

    def _global(self, node: C.Global, frame: Frame) -> Any:
        module = frame.module
        known = constant_global(module, node.name)
        if known is not None:
            x = known.value
            if (
                isinstance(x, (GenericFunction, T.JuliaType, Module, str, Symbol, *NUMBERS))
                or x is None
            ):
                return Const(x)
        elif node.name not in module.bindings:
            raise Refuse(f"the global {node.name}")
        where = module.bindings if node.name in module.bindings else module.visible
        return self.opener.open(
            f"{self.flow.hold(where, 'g')}[{node.name!r}]",
            where[node.name],
            False,
            self.flow.prologue,
        )

    def _tuple(self, node: C.MakeTuple, frame: Frame) -> Any:
        return Tup(self.arguments(node.items, frame))

    def arguments(self, nodes: list[Any], frame: Frame) -> list[Any]:
        """Values, with tuples splatted into their items."""
        out: list[Any] = []
        for n in nodes:
            if type(n) is C.Splat:
                out += iteration.items_of(self.value(n.value, frame))
            else:
                out.append(self.value(n, frame))
        return out

    def _getfield(self, node: C.GetField, frame: Frame) -> Any:
        return calls.field(self, self.value(node.object, frame), node.name)

    def _call(self, node: C.Call, frame: Frame) -> Any:
        if type(node.function) is C.Runtime:
            name = node.function.name
            f = calls.RUNTIME.get(name)
            if f is None:
                raise Refuse(f"%{name}")
            if isinstance(f, str):
                return self.call(
                    Const(Base.get(f)), self.arguments(node.args, frame), self.keywords(node, frame)
                )
            return f(self, self.arguments(node.args, frame))
        function = self.value(node.function, frame)
        args = self.arguments(node.args, frame)
        return self.call(function, args, self.keywords(node, frame))

    def keywords(self, node: C.Call, frame: Frame) -> dict[str, Any]:
        out = {}
        for name, value in node.kwargs:
            found = self.value(value, frame)
            if name is not None:
                out[name] = found
            elif type(found) is Keywords:
                out.update(found.given)
            else:
                raise Refuse("splatted keywords")
        return out

    def _assign(self, node: C.Assign, frame: Frame) -> Any:
        if node.var.boxed or node.var.root.declared_type is not None:
            raise Refuse("a variable with a type, or one that a closure sees")
        value = frame.env[node.var] = self.value(node.value, frame)
        return value

    def _block(self, node: C.Block, frame: Frame) -> Any:
        out: Any = Const(None)
        for n in node.items:
            if type(n) is not C.Line:
                out = self.value(n, frame)
        return out

    def _if(self, node: C.If, frame: Frame) -> Any:
        test = self.test(self.value(node.test, frame))
        if type(test) is bool:
            return self.value(node.then if test else node.otherwise, frame)
        return self.branches(
            test,
            frame,
            lambda: self.value(node.then, frame),
            lambda: self.value(node.otherwise, frame),
        )

    def _fresh(self, node: C.Fresh, frame: Frame) -> Any:
        for var in node.vars:
            frame.env.pop(var, None)
        return Const(None)

    def _closure(self, node: C.Closure, frame: Frame) -> Any:
        captured = {}
        for outer, inner in node.family.captures:
            if outer.boxed or outer not in frame.env:
                raise Refuse("a captured variable that is assigned")
            captured[inner.name] = frame.env[outer]
        return Local(node.family, frame.module, captured)

    def _yield(self, node: C.Yield, frame: Frame) -> Any:
        if not self.yields:
            raise Refuse("a value that is yielded")
        self.yields[-1](self.value(node.value, frame))
        return Const(None)

    # ------------------------------------------------------------ loops

    def _for(self, node: C.For, frame: Frame) -> Any:
        iterable = self.value(node.iterable, frame)
        items = iteration.unrolled(iterable)
        if items is not None:
            if len(items) > iteration.UNROLLED or leaves(node.body):
                raise Refuse("a loop over a long tuple")
            for item in items:
                frame.env[node.target] = item
                self.value(node.body, frame)
            return Const(None)
        header, name, first = iteration.rounds(self, iterable)

        def begin() -> None:
            frame.env[node.target] = first()

        self.loop(
            header,
            name,
            assigned_in(node.body, set()) - {node.target},
            frame,
            begin,
            lambda: self.value(node.body, frame),
            node.body,
        )
        frame.env.pop(node.target, None)
        return Const(None)

    def _while(self, node: C.While, frame: Frame) -> Any:
        def round_() -> None:
            test = self.test(self.value(node.test, frame))
            if type(test) is bool:
                raise Refuse("an endless loop")
            self.flow.line(f"if not {test.name}: break")
            self.value(node.body, frame)

        both = C.Block([node.test, node.body])
        self.loop("while True:", None, assigned_in(both, set()), frame, lambda: None, round_, both)
        return Const(None)

    def loop(
        self,
        header: str,
        item: str | None,
        assigned: set[Any],
        frame: Frame,
        begin: Any,
        round_: Any,
        body: Any,
    ) -> None:
        """A loop, walked through once by example; again where a variable turns out to carry a gradient."""
        if leaves(body):
            raise Refuse("break, continue or return in a loop")
        flow = self.flow
        flow.loops = True
        outside = dict(frame.env)
        carried_vars = [v for v in outside if v in assigned]
        active = {v: outside[v].active for v in carried_vars}
        self.looping += 1
        known = Round(flow)
        flow.rounds.append(known)
        try:
            for _ in range(len(carried_vars) + 1):
                carried = []
                frame.env = dict(outside)
                with flow.into([]) as region:
                    known.begin(region)
                    for v in carried_vars:
                        start = outside[v]
                        if not number_or_array(start):
                            raise Refuse("what a loop passes on")
                        slot = Value(
                            flow.new(),
                            start.slot.sample if type(start) is Val else sample_of(start.example),
                            type(start) is Val and start.array,
                        )
                        inside = frame.env[v] = Val(slot, start.example, active[v])
                        carried.append(Carried(inside, start, None))
                    begin()
                    round_()
                    for c, v in zip(carried, carried_vars, strict=True):
                        c.end = frame.env.get(v)
                        if not number_or_array(c.end) or type(c.end.example) is not type(
                            c.start.example
                        ):
                            raise Refuse("a variable changes its class in a loop")
                again = {
                    v: active[v] or c.end.active for c, v in zip(carried, carried_vars, strict=True)
                }
                if again == active:
                    break
                active = again
        finally:
            self.looping -= 1
            flow.rounds.pop()
        changed = [(c, v) for c, v in zip(carried, carried_vars, strict=True)]
        flow.region += known.ahead
        flow.region.append(Loop(header, item, region, [c for c, _ in changed], flow.new("s")))
        frame.env = dict(outside)
        for c, v in changed:
            frame.env[v] = c.inside
            c.inside.example = c.end.example


def same(a: Any, b: Any) -> bool:
    """Are two constants one?"""
    return a is b or (type(a) is type(b) and type(a) in (int, float, bool, str, Symbol) and a == b)


def number_or_array(x: Any) -> bool:
    """Has a value a form that a variable of the program can hold?"""
    return type(x) is Val or (type(x) is Const and type(x.example) in NUMBERS)


def returns(node: Any) -> bool:
    """Does a node return from the function?"""
    return type(node) is C.Return or any(map(returns, parts_of(node)))


def leaves(node: Any) -> bool:
    """Does a node leave a loop otherwise than at its end?"""
    return type(node) in (C.Return, C.Break, C.Continue) or any(map(leaves, parts_of(node)))


VISIT: dict[type, Any] = {
    C.Const: Walk._const,
    C.Local: Walk._local,
    C.Global: Walk._global,
    C.MakeTuple: Walk._tuple,
    C.GetField: Walk._getfield,
    C.Call: Walk._call,
    C.Assign: Walk._assign,
    C.Block: Walk._block,
    C.If: Walk._if,
    C.Fresh: Walk._fresh,
    C.Closure: Walk._closure,
    C.Yield: Walk._yield,
    C.Consume: iteration.consumed,
    C.Collect: iteration.collected,
    C.For: Walk._for,
    C.While: Walk._while,
    C.Line: lambda w, n, f: Const(None),
}
