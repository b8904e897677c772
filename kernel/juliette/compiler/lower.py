"""Lowering: expressions to the core language, with names resolved.

One method per expression head.  Scopes follow the Julia manual: functions, `let`, loops, `try` and
comprehensions open local scopes; at top level, loops and `try` are soft scopes that assign to
existing globals in interactive use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from juliette.compiler import core as C
from juliette.runtime.errors import ErrorException, JuliaException
from juliette.runtime.modules import Base
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

LITERALS = (int, float, str, bool, type(None))


class SyntaxProblem(JuliaException):
    """A `syntax: …` error found after parsing."""

    __slots__ = ("msg",)
    fields = ("msg",)


def problem(message: str) -> ErrorException:
    """Julia's error for code that parses but means nothing."""
    return ErrorException("syntax: " + message)


class FunctionScope:
    """One function (or top-level statement) under lowering."""

    def __init__(self, parent: FunctionScope | None, toplevel: bool = False) -> None:
        self.parent = parent
        self.toplevel = toplevel
        self.names: dict[str, int] = {}
        self.captures: dict[C.Var, C.Var] = {}
        # the globals that the code uses
        self.reads: set[str] = set()
        # a method of a callable value: its first parameter is the value
        self.callable = False

    def fresh(self, name: str) -> C.Var:
        n = self.names.get(name, 0)
        self.names[name] = n + 1
        safe = name if name not in ("None", "True", "False") else "%" + name
        if self.toplevel or n:
            safe = f"{safe}%{n}"
        return C.Var(name, safe, self)


class Scope:
    """A local scope: names to variables; `globals_` are names declared global here."""

    def __init__(self, parent: Scope | None, function: FunctionScope, soft: bool = False) -> None:
        self.parent = parent
        self.function = function
        self.soft = soft
        self.vars: dict[str, C.Var] = {}
        self.globals_: set[str] = set()

    def find(self, name: str) -> C.Var | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.globals_:
                return None
            if name in scope.vars:
                return scope.vars[name]
            scope = scope.parent
        return None


class LambdaCode:
    """A method's code in core form, shared by all its specialisations."""

    def __init__(self, name: str, file: str, line: int) -> None:
        self.name = name
        self.file = file
        self.line = line
        self.params: list[C.Var] = []
        self.vararg = False
        self.keywords: list[tuple[str, C.Var, C.Node | None, C.Node | None]] = []
        self.keyword_rest: C.Var | None = None
        self.statics: list[C.Var] = []
        self.body: C.Node = C.Const(None)
        self.return_type: C.Node | None = None
        self.captures: dict[C.Var, C.Var] = {}
        # the names of its variables, in all its scopes
        self.locals: frozenset[str] = frozenset()
        self.reads: set[str] = set()
        # a method of a callable value, which is its first parameter
        self.callable = False


class Family:
    """The methods of one local function (or lambda), which share a closure type."""

    def __init__(self, name: str, anonymous: bool) -> None:
        self.name = name
        self.anonymous = anonymous
        # (code, parameter types, static variables' bounds) per method
        self.methods: list[tuple[LambdaCode, list[C.Node], list[tuple[str, C.Node | None, C.Node | None]]]] = []
        self.captures: list[tuple[C.Var, C.Var]] = []
        # the classes of its closures, by the types of what they captured; and their Julia type
        self.classes: dict[tuple[Any, ...], Any] = {}
        self.type: Any = None

    @property
    def takes_anything(self) -> bool:
        """Does no method declare the type of a parameter?"""
        return all(
            not statics and all(type(p) is C.Runtime and p.name == "Any" for p in params)
            for _, params, statics in self.methods
        )


UPDATING = {
    "+=", "-=", "*=", "/=", "//=", "\\=", "^=", "÷=", "%=", "<<=", ">>=", ">>>=", "|=", "&=", "⊻=", "$=",
}


def call(name: str, *args: Any) -> Expr:
    return Expr("call", Symbol(name), *args)


def fused(node: C.Node) -> C.Node:
    """Dotted calls as one call of a template with their functions and leaves."""
    from juliette.runtime.broadcast import template
    from juliette.runtime.kernels import Dot, Literal

    slots: list[C.Node] = []

    def visit(n: C.Node) -> Any:
        if isinstance(n, C.Call) and isinstance(n.function, C.Runtime) and n.function.name == "broadcasted":
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


class Lowerer:
    """Lowers one top-level expression.

    `host` answers what only the session knows: `expand_macro(expr, module)`, `has_global(name)`,
    `anonymous_name()`, `soft_scope`, `warn_soft(name)`.
    """

    def __init__(self, module: Any, host: Any, file: str, line: int = 1) -> None:
        self.module = module
        self.host = host
        self.file = file
        self.line = line
        self.function = FunctionScope(None, toplevel=True)
        self.scope: Scope | None = None
        self.endings: list[tuple[C.Node, int, int]] = []
        self.loops: list[str] = []
        self.counter = 0

    # ------------------------------------------------------------ names

    def temp(self, hint: str = "t") -> C.Var:
        self.counter += 1
        var = C.Var(hint, f"%{hint}{self.counter}", self.function)
        var.assigned = 1
        return var

    def read(self, name: str) -> C.Node:
        var = self.scope.find(name) if self.scope is not None else None
        if var is None:
            self.function.reads.add(name)
            self.module.demand(name)
            return C.Global(name)
        return C.Local(self.reach(var))

    def reach(self, var: C.Var) -> C.Var:
        """The variable as this function sees it, captured if it is another's."""
        if var.owner is self.function:
            return var
        chain: list[FunctionScope] = []
        f: FunctionScope | None = self.function
        while f is not None and f is not var.owner:
            chain.append(f)
            f = f.parent
        outer = var
        var.captured = True
        for g in reversed(chain):
            inner = g.captures.get(outer)
            if inner is None:
                inner = C.Var(var.name, f"{var.name}%cap", g, outer.root)
                inner.captured = True
                g.captures[outer] = inner
            outer = inner
        if var.assigned != 1:
            self._box(var)
        return outer

    def _box(self, var: C.Var) -> None:
        var.root.in_box = True

    def assign(self, name: str, value: C.Node) -> C.Node:
        var = self.scope.find(name) if self.scope is not None else None
        if var is None:
            return C.AssignGlobal(name, value)
        if var.owner is not self.function:
            root = var
            root.assigned += 2
            self._box(root)
            var = self.reach(var)
        else:
            var.assigned += 1
            if var.captured:
                self._box(var)
        typ = self._root_type(name)
        if typ is None:
            return C.Assign(var, value)
        # The variable holds what was converted; the assignment is worth what was assigned.
        held, hold = self.once(value)
        return C.Block([*hold, C.Assign(var, C.Call(C.Runtime("convert"), [typ, held])), held])

    def _root_type(self, name: str) -> C.Node | None:
        var = self.scope.find(name) if self.scope is not None else None
        return var.declared_type if var is not None else None

    # ------------------------------------------------------------ scopes

    def declare(self, scope: Scope, names: Iterable[str]) -> list[C.Var]:
        made = []
        for name in names:
            if name not in scope.vars:
                var = scope.function.fresh(name)
                scope.vars[name] = var
                made.append(var)
        return made

    def in_scope(
        self, body: Callable[[], C.Node], *, names: Iterable[str] = (), exprs: Iterable[Any] = (),
        soft: bool = False,
    ) -> C.Node:
        """Lower something inside a new local scope that owns `names` and what `exprs` assign."""
        scope = Scope(self.scope, self.function, soft)
        made = self.declare(scope, names)
        found = Assigned()
        for e in exprs:
            found.visit(e)
        scope.globals_ |= found.globals_
        made += self.declare(scope, found.locals_)
        for name in found.assigned:
            if name in scope.vars or name in scope.globals_:
                continue
            if self.scope is not None and self._enclosing_local(name):
                continue
            if soft and self._all_soft() and self.host.has_global(self.module, name):
                if self.host.soft_scope:
                    continue
                self.host.warn_soft(name, self.file, found.assigned[name] or self.line)
            made += self.declare(scope, [name])
        outer, self.scope = self.scope, scope
        try:
            node = body()
        finally:
            self.scope = outer
        if made:
            return C.Block([C.Fresh(made), node])
        return node

    def _enclosing_local(self, name: str) -> bool:
        scope = self.scope
        while scope is not None:
            if name in scope.globals_:
                return True
            if name in scope.vars:
                return True
            scope = scope.parent
        return False

    def _all_soft(self) -> bool:
        if not self.function.toplevel:
            return False
        scope = self.scope
        while scope is not None:
            if not scope.soft:
                return False
            scope = scope.parent
        return True

    # ------------------------------------------------------------ entry

    def toplevel(self, e: Any) -> C.Node:
        found = Assigned()
        found.visit(e)
        if found.locals_:
            # `local` at top level: the variable lives as long as the statement.
            return self.in_scope(lambda: self.lower(e), names=sorted(found.locals_), soft=True)
        return self.lower(e)

    def lower(self, e: Any) -> C.Node:
        if isinstance(e, Symbol):
            return self.read_symbol(e.name)
        if isinstance(e, Expr):
            method = getattr(self, "lower_" + HEADS.get(e.head, e.head), None)
            if method is None:
                if e.head in UPDATING:
                    return self.lower_update(e, e.head[:-1])
                if e.head.startswith(".") and e.head.endswith("="):
                    return self.lower_dot_update(e)
                raise problem(f'unsupported or misplaced expression "{e.head}"')
            return method(e)  # type: ignore[no-any-return]
        if isinstance(e, LineNumberNode):
            self.line = e.line
            return C.Line(e.line)
        if isinstance(e, QuoteNode):
            return C.Const(e.value)
        if isinstance(e, GlobalRef):
            return self.global_ref(e)
        if isinstance(e, C.Node):
            return e
        return C.Const(e)

    def global_ref(self, e: GlobalRef) -> C.Node:
        """A name of a given module; where this module sees the same, it is a plain global."""
        name = e.name.name if isinstance(e.name, Symbol) else e.name
        if name == "nothing":
            return C.Const(None)
        home = e.module
        if home is self.module or (not isinstance(home, str) and same_global(home, self.module, name)):
            self.module.demand(name)
            return C.Global(name)
        return C.Call(C.Runtime("global_ref"), [C.Const(home), C.Const(name)])

    def read_symbol(self, name: str) -> C.Node:
        if name in ("end", "begin") and self.endings:
            array, i, n = self.endings[-1]
            which = "lastindex" if name == "end" else "firstindex"
            args = [array] if n == 1 else [array, C.Const(i + 1)]
            return C.Call(C.Runtime(which), args)
        if name == "nothing" and (self.scope is None or self.scope.find(name) is None):
            return C.Const(None)
        if all(c == "_" for c in name):
            raise problem("all-underscore identifiers are write-only and their values cannot be used in expressions")
        return self.read(name)

    def block(self, items: Iterable[Any]) -> C.Node:
        out: list[C.Node] = []
        items = list(items)
        done: set[int] = set()
        for i, item in enumerate(items):
            if i in done:
                continue
            name = self._local_function(item)
            if name is not None:
                same = [j for j in range(i, len(items)) if self._local_function(items[j]) == name]
                done.update(same)
                out.append(self.local_function(name, [items[j] for j in same]))
                continue
            out.append(self.lower(item))
        if len(out) == 1:
            return out[0]
        return C.Block(out)

    def lower_block(self, e: Expr) -> C.Node:
        return self.block(e.args)

    def lower_toplevel(self, e: Expr) -> C.Node:
        return self.block(e.args)

    # ------------------------------------------------------------ assignment

    def lower_assign(self, e: Expr) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and is_signature(target):
            return self.lower_function(Expr("function", target, as_block(value)))
        if isinstance(target, Expr) and target.head == "curly":
            return self.lower(Expr("const", Expr("=", target.args[0], Expr("where", value, *target.args[1:]))))
        return self.assign_to(target, self.lower(value))

    def assign_to(self, target: Any, value: C.Node) -> C.Node:
        if isinstance(target, Symbol):
            if all(c == "_" for c in target.name):
                return value
            return self.assign(target.name, value)
        if isinstance(target, C.Var):
            return C.Assign(target, value)
        if isinstance(target, GlobalRef):
            if target.module is self.module:
                return C.AssignGlobal(target.name.name, value)
            return C.Call(C.Runtime("set_global"), [
                C.Const(target.module), C.Const(target.name.name), value, C.Const(False)])
        if not isinstance(target, Expr):
            raise problem(f'invalid assignment location "{target}"')
        if target.head == "tuple":
            return self.destructure(target.args, value)
        if target.head == ".":
            obj, setup = self.once(self.lower(target.args[0]))
            held, hold = self.once(value)
            store = C.Call(C.Runtime("setproperty!"), [obj, self.lower(target.args[1]), held])
            return C.Block([*setup, *hold, store, held])
        if target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            held, hold = self.once(value)
            index, kwargs = self.index_args(array, target.args[1:])
            return C.Block([*hold, *setup, C.Call(C.Runtime("setindex!"), [array, held, *index], kwargs), held])
        if target.head == "::":
            if isinstance(target.args[0], Symbol):
                if self.scope is None or self.scope.find(target.args[0].name) is None:
                    return C.Block([self._declare_global(target), self.assign_to(target.args[0], value)])
                self._declare_type(target.args[0].name, target.args[1])
                return self.assign_to(target.args[0], value)
            return self.assign_to(target.args[0], C.Call(C.Runtime("convert"), [self.lower(target.args[1]), value]))
        if target.head in ("global", "local"):
            self.lower(target)
            return self.assign_to(target.args[0], value)
        if target.head == "vect" or target.head == "vcat":
            raise problem('use "(a, b) = ..." to assign multiple values')
        raise problem(f'invalid assignment location "{target}"')

    def _declare_global(self, e: Expr) -> C.Node:
        """`x::T` of a global."""
        return C.Call(C.Runtime("declare_global"), [C.Const(self.module), C.Const(e.args[0].name), self.lower(e.args[1])])

    def _declare_type(self, name: str, typ: Any) -> None:
        assert self.scope is not None
        var = self.scope.find(name)
        if var is not None:
            var.declared_type = self.lower(typ)

    def once(self, node: C.Node) -> tuple[C.Node, list[C.Node]]:
        """A node that can be used several times, and what must run first."""
        if isinstance(node, C.Const) or (isinstance(node, C.Local) and not node.var.boxed):
            return node, []
        var = self.temp()
        return C.Local(var), [C.Assign(var, node)]

    def destructure(self, targets: list[Any], value: C.Node) -> C.Node:
        held, setup = self.once(value)
        if len(targets) == 1 and isinstance(targets[0], Expr) and targets[0].head == "parameters":
            out: list[C.Node] = [*setup]
            for t in targets[0].args:
                name = t.args[0] if isinstance(t, Expr) and t.head == "::" else t
                out.append(self.assign_to(t, C.Call(C.Runtime("getproperty"), [held, C.Const(name)])))
            return C.Block([*out, held])
        slurp = next((i for i, t in enumerate(targets) if isinstance(t, Expr) and t.head == "..."), -1)
        parts = self.temp("parts")
        out = [*setup, C.Assign(parts, C.Call(C.Runtime("destructure"), [held, C.Const(len(targets)), C.Const(slurp)]))]
        for i, t in enumerate(targets):
            if isinstance(t, Expr) and t.head == "...":
                t = t.args[0]
            out.append(self.assign_to(t, C.Call(C.Runtime("tuple_item"), [C.Local(parts), C.Const(i)])))
        return C.Block([*out, held])

    def lower_update(self, e: Expr, op: str) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            index, kwargs = self.index_args(array, target.args[1:])
            held = []
            for i, node in enumerate(index):
                index[i], more = self.once(node)
                held += more
            old = C.Call(C.Runtime("getindex"), [array, *index], kwargs)
            new, hold = self.once(C.Call(self.read(op), [old, self.lower(value)]))
            return C.Block([*setup, *held, *hold, C.Call(C.Runtime("setindex!"), [array, new, *index], kwargs), new])
        if isinstance(target, Expr) and target.head == ".":
            obj, setup = self.once(self.lower(target.args[0]))
            again = Expr(".", obj, target.args[1])
            return C.Block([*setup, self.lower(Expr("=", again, Expr("call", Symbol(op), again, value)))])
        if isinstance(target, Expr) and target.head == "::":
            return self.lower(Expr("=", target, Expr("call", Symbol(op), target.args[0], value)))
        return self.lower(Expr("=", target, Expr("call", Symbol(op), target, value)))

    def lower_dot_assign(self, e: Expr) -> C.Node:
        target, value = e.args
        if isinstance(target, Expr) and target.head == "ref":
            array, setup = self.once(self.lower(target.args[0]))
            index, _ = self.index_args(array, target.args[1:])
            dest: C.Node = C.Call(C.Runtime("dotview"), [array, *index])
            return C.Block([*setup, C.Call(C.Runtime("materialize!"), [dest, fused(self.dotted(value))])])
        if isinstance(target, Expr) and target.head == ".":
            dest = self.lower(target)
        else:
            dest = self.lower(target)
        return C.Call(C.Runtime("materialize!"), [dest, fused(self.dotted(value))])

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

    # ------------------------------------------------------------ calls

    def lower_call(self, e: Expr) -> C.Node:
        f = e.args[0]
        if isinstance(f, Symbol):
            name = f.name
            if name.startswith(".") and name != "." and not name.startswith(".."):
                return fused(self.dotted(e))
            if name == "^" and len(e.args) == 3 and type(e.args[2]) is int and e.args[2] < 0:
                return C.Call(C.Runtime("literal_power"), [self.lower(f), self.lower(e.args[1]), C.Const(e.args[2])])
        args, kwargs = self.arguments(e.args[1:])
        return C.Call(self.lower(f), args, kwargs)

    def arguments(self, items: list[Any]) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]:
        args: list[C.Node] = []
        kwargs: list[tuple[str | None, C.Node]] = []
        for a in items:
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
        if len(kwargs) > 1:
            names = [name for name, _ in kwargs if name is not None]
            twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
            if twice is not None:
                raise problem(f'keyword argument "{twice}" repeated in call')
        return args, kwargs

    def keyword(self, k: Any) -> tuple[str | None, C.Node]:
        if isinstance(k, Symbol):
            return k.name, self.lower(k)
        if not isinstance(k, Expr):
            raise problem(f'invalid keyword argument name "{k}"')
        if k.head in ("kw", "="):
            if not isinstance(k.args[0], Symbol):
                raise problem(f'invalid keyword argument name "{k.args[0]}"')
            return k.args[0].name, self.lower(k.args[1])
        if k.head == "...":
            return None, self.lower(k.args[0])
        if k.head == ".":
            return k.args[1].value.name, self.lower(k)
        if k.head == "call" and k.args[0] == Symbol("=>"):
            return None, C.Call(C.Runtime("keyword_pair"), [self.lower(k.args[1]), self.lower(k.args[2])])
        raise problem(f'invalid keyword argument name "{k}"')

    def dotted(self, e: Any) -> C.Node:
        """An expression inside a fused broadcast: nested dotted calls stay unevaluated."""
        if isinstance(e, Expr):
            if e.head == "call" and isinstance(e.args[0], Symbol):
                op = e.args[0].name
                if op.startswith(".") and op != "." and not op.startswith("..") and len(op) > 1:
                    if op == ".^" and type(e.args[-1]) is int and e.args[-1] < 0:
                        operands = [self.read("^"), self.dotted(e.args[1]), C.Const(e.args[-1])]
                        return C.Call(C.Runtime("literal_powers"), operands)
                    return C.Call(C.Runtime("broadcasted"), [self.read(op[1:]), *map(self.dotted, e.args[1:])])
            if e.head == "." and len(e.args) == 2 and isinstance(e.args[1], Expr) and e.args[1].head == "tuple":
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
                return C.Call(C.Runtime("broadcasted"), [C.Runtime("andand" if e.head == ".&&" else "oror"), *map(self.dotted, e.args)])
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
            return C.GetField(self.lower(obj), name.value.name)
        return C.Call(C.Runtime("getproperty"), [self.lower(obj), self.lower(name)])

    def lower_dotand(self, e: Expr) -> C.Node:
        return fused(self.dotted(e))

    def lower_adjoint(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("adjoint"), [self.lower(e.args[0])])

    def lower_do(self, e: Expr) -> C.Node:
        head, function = e.args
        c = Expr(head.head, *head.args)
        if c.head == "macrocall":
            return self.lower(Expr("macrocall", c.args[0], c.args[1], function, *c.args[2:]))
        first = c.args[1:2]
        if first and isinstance(first[0], Expr) and first[0].head == "parameters":
            return self.lower(Expr("call", c.args[0], first[0], function, *c.args[2:]))
        return self.lower(Expr("call", c.args[0], function, *c.args[1:]))

    def lower_ref(self, e: Expr) -> C.Node:
        array, setup = self.once(self.lower(e.args[0]))
        index, kwargs = self.index_args(array, e.args[1:])
        node = C.Call(C.Runtime("getindex"), [array, *index], kwargs)
        return C.Block([*setup, node]) if setup else node

    def index_args(self, array: C.Node, items: list[Any]) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]:
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

    def lower_curly(self, e: Expr) -> C.Node:
        fresh: list[Expr] = []
        args: list[Any] = []
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
                out.append(self.assign(name, C.Call(C.Runtime("typevar"), [
                    C.Const(name),
                    self.lower(low) if low is not None else C.Const(None),
                    self.lower(high) if high is not None else C.Const(None),
                ])))
            node = self.lower(e.args[0])
            for name in reversed(names):
                node = C.Call(C.Runtime("unionall"), [self.read(name), node])
            return C.Block([*out, node])

        return self.in_scope(body, names=names)

    def lower_subtype(self, e: Expr) -> C.Node:
        if len(e.args) == 1:
            raise problem("invalid use of <:")
        return C.Call(self.read(e.head), [self.lower(a) for a in e.args])

    def lower_typed(self, e: Expr) -> C.Node:
        if len(e.args) == 1:
            raise problem('invalid "::" syntax')
        return C.Call(C.Runtime("typeassert"), [self.lower(e.args[0]), self.lower(e.args[1])])

    # ------------------------------------------------------------ containers

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

    # ------------------------------------------------------------ control flow

    def lower_if(self, e: Expr) -> C.Node:
        test = e.args[0]
        if isinstance(test, Expr) and test.head == "block":
            node: C.Node = self.block(test.args)
        else:
            node = self.lower(test)
        then = self.lower(e.args[1])
        other = self.lower(e.args[2]) if len(e.args) > 2 else C.Const(None)
        return C.If(node, then, other)

    def lower_and(self, e: Expr) -> C.Node:
        return C.If(self.lower(e.args[0]), self.lower(e.args[1]), C.Const(False))

    def lower_or(self, e: Expr) -> C.Node:
        return C.If(self.lower(e.args[0]), C.Const(True), self.lower(e.args[1]))

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
                C.Call(C.Runtime("broadcasted"), [self.read(str_name(op).lstrip(".")), nodes[i], nodes[i + 1]])
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
        return C.Block([*first, *setup, C.If(test, self._chain(middle, ops[1:], rest[1:]), C.Const(False))])

    def lower_while(self, e: Expr) -> C.Node:
        test = self.lower(e.args[0])
        self.loops.append("while")
        try:
            body = self.in_scope(lambda: self.lower(e.args[1]), exprs=[e.args[1]], soft=True)
        finally:
            self.loops.pop()
        return C.While(test, body)

    def lower_for(self, e: Expr) -> C.Node:
        spec, body = e.args
        specs = list(spec.args) if isinstance(spec, Expr) and spec.head == "block" else [spec]
        specs = [s for s in specs if not isinstance(s, LineNumberNode)]
        self.loops.append("for")
        try:
            return self._for(specs, body, [])
        finally:
            self.loops.pop()

    def _for(self, specs: list[Any], body: Any, around: list[str]) -> C.Node:
        """A nest of loops; `around` are the variables of the loops around this one."""
        pattern, source = specs[0].args
        iterable = self.lower(source)
        outer = isinstance(pattern, Expr) and pattern.head == "outer"
        if outer:
            pattern = pattern.args[0]
        item = self.temp("item")
        names = [] if outer else pattern_names(pattern)
        copies: list[tuple[str, C.Node]] = []
        if len(specs) == 1 and around:
            # What the body assigns to a variable of a loop around it is gone at the next step.
            found = Assigned()
            found.visit(body)
            copies = [(n, self.read(n)) for n in around if n in found.assigned and n not in names]

        def inner() -> C.Node:
            first = [self.assign_to(pattern, C.Local(item)), *(self.assign(n, v) for n, v in copies)]
            if len(specs) > 1:
                return C.Block([*first, self._for(specs[1:], body, [*around, *names])])
            return C.Block([*first, self.lower(body)])

        owned = [*names, *(n for n, _ in copies)]
        exprs = [body] if len(specs) == 1 else []
        return C.For(item, iterable, self.in_scope(inner, names=owned, exprs=exprs, soft=True))

    def lower_break(self, e: Expr) -> C.Node:
        if not self.loops:
            raise problem("break or continue outside loop")
        return C.Break()

    def lower_continue(self, e: Expr) -> C.Node:
        if not self.loops:
            raise problem("break or continue outside loop")
        return C.Continue()

    def lower_return(self, e: Expr) -> C.Node:
        return C.Return(self.lower(e.args[0]) if e.args else C.Const(None))

    def lower_let(self, e: Expr) -> C.Node:
        bindings, body = e.args
        if isinstance(bindings, Expr) and bindings.head == "block":
            items = [b for b in bindings.args if not isinstance(b, LineNumberNode)]
        else:
            items = [bindings]
        return self._let(items, body)

    def _let(self, items: list[Any], body: Any) -> C.Node:
        if not items:
            return self.in_scope(lambda: self.lower(body), exprs=[body])
        first = items[0]
        if isinstance(first, Symbol):
            return self.in_scope(lambda: self._let(items[1:], body), names=[first.name])
        if not isinstance(first, Expr) or len(first.args) != 2:
            raise problem("invalid let syntax")
        target, value = first.args
        if isinstance(target, Expr) and is_signature(target):
            return self.in_scope(
                lambda: C.Block([self.lower(first), self._let(items[1:], body)]), names=[signature_name(target)]
            )
        node, setup = self.once(self.lower(value))
        inner = self.in_scope(
            lambda: C.Block([self.assign_to(target, node), self._let(items[1:], body)]), names=pattern_names(target)
        )
        return C.Block([*setup, inner])

    def lower_try(self, e: Expr) -> C.Node:
        body, name, catch = e.args[:3]
        final = e.args[3] if len(e.args) > 3 else False
        otherwise = e.args[4] if len(e.args) > 4 else None
        main = self.in_scope(lambda: self.lower(body), exprs=[body], soft=True)
        var: C.Var | None = None
        handler: C.Node | None = None
        if catch is not False and catch is not None:
            var = self.temp("error")
            held = var

            def inner() -> C.Node:
                if isinstance(name, Symbol):
                    return C.Block([self.assign(name.name, C.Local(held)), self.lower(catch)])
                return self.lower(catch)

            handler = self.in_scope(
                inner, names=[name.name] if isinstance(name, Symbol) else [], exprs=[catch], soft=True
            )
        last = None
        if final is not False and final is not None:
            last = self.in_scope(lambda: self.lower(final), exprs=[final], soft=True)
        extra = None
        if otherwise is not None and otherwise is not False:
            extra = self.in_scope(lambda: self.lower(otherwise), exprs=[otherwise], soft=True)
        return C.Try(main, var, handler, extra, last)

    # ------------------------------------------------------------ declarations

    def lower_local(self, e: Expr) -> C.Node:
        out: list[C.Node] = []
        for a in e.args:
            if isinstance(a, Expr) and a.head in ("=", "function") or isinstance(a, Expr) and a.head in UPDATING:
                out.append(self.lower(a))
            elif isinstance(a, Expr) and a.head == "::" and self.scope is not None:
                self._declare_type(a.args[0].name, a.args[1])
        out.append(C.Const(None)) if not out else None
        return C.Block(out)

    def lower_global(self, e: Expr) -> C.Node:
        out: list[C.Node] = []
        for a in e.args:
            if self.scope is not None:
                for name in pattern_names(a.args[0] if isinstance(a, Expr) and a.head == "=" else a):
                    self.scope.globals_.add(name)
            if isinstance(a, Expr):
                out.append(self._declare_global(a) if a.head == "::" else self.lower(a))
        return C.Block(out or [C.Const(None)])

    def lower_const(self, e: Expr) -> C.Node:
        inner = e.args[0]
        if isinstance(inner, Expr) and inner.head == "global":
            inner = inner.args[0]
        if not (isinstance(inner, Expr) and inner.head == "="):
            raise problem("expected assignment after \"const\"")
        node = self.lower(inner)
        mark_const(node)
        return node

    # ------------------------------------------------------------ functions

    def _local_function(self, item: Any) -> str | None:
        """The name, if the statement defines a method of a local function."""
        if self.scope is None or not isinstance(item, Expr):
            return None
        signature = None
        if item.head == "function" and len(item.args) >= 1:
            signature = item.args[0]
        elif item.head == "=" and isinstance(item.args[0], Expr) and is_signature(item.args[0]):
            signature = item.args[0]
        if signature is None:
            return None
        if isinstance(signature, Symbol):
            name: str | None = signature.name
        else:
            name = signature_name(signature)
        if name is None or self.scope.find(name) is None:
            return None
        return name

    def lower_function(self, e: Expr) -> C.Node:
        signature = e.args[0]
        if isinstance(signature, Symbol):
            return C.Call(C.Runtime("declare_function"), [C.Const(self.module), C.Const(signature.name)])
        if not isinstance(signature, Expr):
            raise problem(f'invalid function name "{signature}"')
        if signature.head == "tuple" or (signature.head in ("...",)):
            return self.lower_lambda(Expr("->", signature, e.args[1]))
        if signature.head == "where" and isinstance(signature.args[0], Expr) and signature.args[0].head == "tuple":
            return self.lower_lambda(Expr("->", signature, e.args[1]))
        name = self._local_function(e)
        if name is not None:
            return self.local_function(name, [e])
        return self.global_method(signature, e.args[1])

    def local_function(self, name: str, definitions: list[Expr]) -> C.Node:
        family = Family(name, False)
        assert self.scope is not None
        var = self.scope.find(name)
        assert var is not None
        for d in definitions:
            if d.head == "function" and isinstance(d.args[0], Symbol):
                continue
            signature = d.args[0]
            body = d.args[1] if d.head == "function" else as_block(d.args[1])
            for sig, b in optional_methods(signature, body):
                self.family_method(family, parse_signature(sig), b, name)
        return self.assign(name, self.close(family))

    def lower_lambda(self, e: Expr) -> C.Node:
        params, body = e.args
        name = self.host.anonymous_name(self.module)
        family = Family(name, True)
        if not isinstance(params, Expr) or params.head not in ("tuple", "where", "block"):
            params = Expr("tuple", params)
        if isinstance(params, Expr) and params.head == "block":
            items = [p for p in params.args if not isinstance(p, LineNumberNode)]
            params = Expr("tuple", Expr("parameters", *[
                Expr("kw", *i.args) if isinstance(i, Expr) and i.head == "=" else i for i in items[1:]
            ]), items[0])
        inner = params
        while inner.head == "where":
            inner = inner.args[0]
        args = [Expr("kw", *a.args) if isinstance(a, Expr) and a.head == "=" else a for a in inner.args]
        signature: Any = Expr("call", Symbol(name), *args)
        p = params
        while p.head == "where":
            signature = Expr("where", signature, *p.args[1:])
            p = p.args[0]
        for sig, b in optional_methods(signature, as_block(body), self_name="#self#"):
            self.family_method(family, parse_signature(sig), b, name)
        return self.close(family)

    def close(self, family: Family) -> C.Node:
        captures: dict[C.Var, C.Var] = {}
        for code, _, _ in family.methods:
            for outer in code.captures:
                captures[outer] = outer
        family.captures = [(v, v) for v in captures]
        return C.Closure(family)

    def family_method(self, family: Family, sig: Signature, body: Any, name: str) -> None:
        # Types of parameters belong to the enclosing scope (with the static variables in it).
        statics = [
            (n, self.lower(low) if low is not None else None, None if high is None else high)
            for n, low, high in sig.statics
        ]
        types: list[C.Node] = []
        resolved: list[tuple[str, C.Node | None, C.Node | None]] = []
        if sig.statics:

            def lower_types() -> C.Node:
                for n, _, high in sig.statics:
                    resolved.append((n, None, self.lower(high) if high is not None else None))
                types.extend(self.parameter_type(t, v) for _, t, v in sig.params)
                return C.Const(None)

            scope = Scope(self.scope, self.function)
            for n, _, _ in statics:
                var = self.function.fresh(n)
                var.assigned = 1
                scope.vars[n] = var
            outer, self.scope = self.scope, scope
            try:
                lower_types()
            finally:
                self.scope = outer
            sig.static_vars = list(scope.vars.values())
        else:
            types = [self.parameter_type(t, v) for _, t, v in sig.params]
        code = self.code(sig, body, name)
        code_entry = (code, types, resolved)
        family.methods.append(code_entry)
        code.static_scope = sig.static_vars  # type: ignore[attr-defined]

    def parameter_type(self, t: Any, vararg: bool) -> C.Node:
        node = self.lower(t) if t is not None else C.Runtime("Any")
        return C.Call(C.Runtime("vararg_type"), [node]) if vararg else node

    def code(self, sig: Signature, body: Any, name: str) -> LambdaCode:
        """Lower a function's body in a scope of its own."""
        code = LambdaCode(name, self.file, self.line)
        outer_function, outer_scope, outer_loops = self.function, self.scope, self.loops
        outer_endings, self.endings = self.endings, []
        line = self.line
        self.function = FunctionScope(outer_function)
        self.scope = Scope(outer_scope, self.function)
        self.loops = []
        try:
            scope = self.scope
            prologue: list[C.Node] = []
            for n, _, _ in sig.statics:
                var = self.function.fresh(n)
                var.assigned = 1
                scope.vars[n] = var
                code.statics.append(var)
            for i, (pattern, _, vararg) in enumerate(sig.params):
                if isinstance(pattern, Symbol) and not all(c == "_" for c in pattern.name):
                    var = self.function.fresh(pattern.name)
                    scope.vars[pattern.name] = var
                else:
                    var = C.Var(f"#unused{i}", f"%arg{i}", self.function)
                    if isinstance(pattern, Expr):
                        self.declare(scope, pattern_names(pattern))
                        prologue.append(self.assign_to(pattern, C.Local(var)))
                var.assigned = 1
                code.params.append(var)
                code.vararg = code.vararg or vararg
            if sig.callee is not None and isinstance(sig.callee, Symbol):
                scope.vars[sig.callee.name] = code.params[0]
            for kname, kdefault, ktype, krest in sig.keywords:
                var = self.function.fresh(kname)
                var.assigned = 1
                default = self.lower(kdefault) if kdefault is not None else None
                typ = self.lower(ktype) if ktype is not None else None
                scope.vars[kname] = var
                if krest:
                    code.keyword_rest = var
                else:
                    code.keywords.append((kname, var, default, typ))
            if sig.returns is not None:
                code.return_type = self.lower(sig.returns)
            found = Assigned()
            found.visit(body)
            scope.globals_ |= found.globals_ - set(scope.vars)
            made = self.declare(scope, found.locals_ - set(scope.vars))
            for n in found.assigned:
                if n not in scope.vars and n not in scope.globals_ and not (
                    outer_scope is not None and self._visible_outside(outer_scope, n)
                ):
                    made += self.declare(scope, [n])
            node = self.lower(body)
            code.body = C.Block([C.Fresh(made), *prologue, node]) if made or prologue else node
            code.captures = self.function.captures
            code.reads = self.function.reads
            code.locals = frozenset(self.function.names)
            return code
        finally:
            self.function, self.scope, self.loops = outer_function, outer_scope, outer_loops
            self.endings = outer_endings
            self.line = line

    def _visible_outside(self, scope: Scope | None, name: str) -> bool:
        while scope is not None:
            if name in scope.globals_:
                return False
            if name in scope.vars:
                return True
            scope = scope.parent
        return False

    def global_method(self, signature: Any, body: Any) -> C.Node:
        """A method of a global function, a constructor, or a callable type."""
        nodes: list[C.Node] = []
        for sig_expr, b in optional_methods(signature, body):
            nodes.append(self._global_method(parse_signature(sig_expr), b))
        return C.Block([C.Block(nodes[:0:-1]), nodes[0]]) if len(nodes) > 1 else nodes[0]

    def _global_method(self, sig: Signature, body: Any) -> C.Node:
        f = sig.function
        if isinstance(f, Expr) and f.head == "::":
            target: C.Node = C.Const(None)
            kind = "callable"
            callee_type = f.args[-1]
            callee = f.args[0] if len(f.args) == 2 else Symbol("#self#")
            sig.params.insert(0, (callee, callee_type, False))
            name = "call"
        elif isinstance(f, Expr) and f.head == "curly":
            target, kind = C.Const(None), "constructor"
            sig.params.insert(0, (Symbol("#ctor#"), Expr("curly", Symbol("Type"), f), False))
            name = str_name(f.args[0])
        elif isinstance(f, Expr) and f.head == ".":
            target, kind = self.lower(f), "qualified"
            name = f.args[1].value.name
        else:
            name = f.name
            target, kind = C.Const(name), "named"
        statics: list[C.Node] = []
        scope_names = [n for n, _, _ in sig.statics]

        def build() -> C.Node:
            out: list[C.Node] = []
            for n, low, high in sig.statics:
                out.append(self.assign(n, C.Call(C.Runtime("typevar"), [
                    C.Const(n),
                    self.lower(low) if low is not None else C.Const(None),
                    self.lower(high) if high is not None else C.Const(None),
                ])))
                statics.append(self.read(n))
            types = [self.parameter_type(t, v) for _, t, v in sig.params]
            outer_scope = self.scope
            # The body does not see the signature's own scope: static variables are its parameters.
            self.scope = outer_scope.parent if outer_scope is not None and scope_names else outer_scope
            try:
                code = self.code(sig, body, name)
                code.callable = kind == "callable"
            finally:
                self.scope = outer_scope
            captured = [C.Local(self.reach(v)) for v in code.captures]
            return C.Block([*out, C.Call(C.Runtime("add_method"), [
                C.Const(self.module), C.Const(kind), target, C.MakeTuple(types), C.MakeTuple(statics),
                C.Const(code), C.MakeTuple(captured),
            ])])

        if scope_names:
            return self.in_scope(build, names=scope_names)
        return build()

    # ------------------------------------------------------------ types and modules

    def lower_struct(self, e: Expr) -> C.Node:
        return self.host.lower_struct(self, e)  # type: ignore[no-any-return]

    def lower_abstract(self, e: Expr) -> C.Node:
        return self.host.lower_abstract(self, e.args[0], None)  # type: ignore[no-any-return]

    def lower_primitive(self, e: Expr) -> C.Node:
        return self.host.lower_abstract(self, e.args[0], e.args[1])  # type: ignore[no-any-return]

    def lower_module(self, e: Expr) -> C.Node:
        raise problem('"module" expression not at top level')

    def lower_using(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("use"), [C.Const(self.module), C.Const(e)])

    lower_import = lower_using

    def lower_export(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("export"), [C.Const(self.module), C.Const(tuple(a.name for a in e.args))])

    # ------------------------------------------------------------ macros and quoting

    def lower_macrocall(self, e: Expr) -> C.Node:
        expanded = self.host.expand_macro(e, self.module, self)
        return self.lower(expanded)

    def lower_macro(self, e: Expr) -> C.Node:
        if self.scope is not None:
            raise problem("macro definition not allowed inside a local scope")
        signature = e.args[0]
        body = e.args[1] if len(e.args) > 1 else None
        while isinstance(signature, Expr) and signature.head in ("where", "::"):
            signature = signature.args[0]
        if isinstance(signature, Symbol):
            return C.Call(C.Runtime("declare_function"), [C.Const(self.module), C.Const("@" + signature.name)])
        name = Symbol("@" + signature.args[0].name)
        new = Expr("call", name, Symbol("__source__"), Symbol("__module__"), *signature.args[1:])
        return self.lower_function(Expr("function", new, body))

    def lower_quote(self, e: Expr) -> C.Node:
        return self.quasi(e.args[0], 1)

    def lower_inert(self, e: Expr) -> C.Node:
        return C.Const(e.args[0])

    def quasi(self, e: Any, depth: int) -> C.Node:
        if isinstance(e, Expr):
            if e.head == "$":
                if depth == 1:
                    return self.lower(e.args[0])
                depth -= 1
            elif e.head == "quote":
                depth += 1
            args: list[C.Node] = []
            for a in e.args:
                if isinstance(a, Expr) and a.head == "$" and depth == 1 and len(a.args) == 1 and isinstance(a.args[0], Expr) and a.args[0].head == "...":
                    args.append(C.Splat(self.lower(a.args[0].args[0])))
                else:
                    args.append(self.quasi(a, depth))
            return C.Call(C.Runtime("make_expr"), [C.Const(e.head), *args])
        if isinstance(e, QuoteNode) and isinstance(e.value, Expr):
            return C.Call(C.Runtime("make_quote"), [self.quasi(e.value, depth)])
        return C.Const(e)

    def lower_copyast(self, e: Expr) -> C.Node:
        return C.Call(C.Runtime("copy_ast"), [C.Const(e.args[0].value)])

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

    def lower_splat(self, e: Expr) -> C.Node:
        raise problem('"..." expression outside call')

    def lower_kw(self, e: Expr) -> C.Node:
        raise problem("misplaced keyword argument")

    def lower_parameters(self, e: Expr) -> C.Node:
        raise problem("misplaced \";\" arguments")


HEADS = {
    "=": "assign", ".=": "dot_assign", ".": "dot", "&&": "and", "||": "or", "->": "lambda",
    "'": "adjoint", "::": "typed", "<:": "subtype", ">:": "subtype", "$": "unquote", "...": "splat",
    "elseif": "if", ":=": "assign", ".&&": "dotand", ".||": "dotand",
}


def same_global(home: Any, here: Any, name: str) -> bool:
    """Is a constant of another module what its name means here too?"""
    if name not in getattr(home, "consts", ()):
        return False
    found = here.bindings.get(name, here.visible.get(name))
    return found is not None and found is home.bindings.get(name)


def as_block(e: Any) -> Expr:
    return e if isinstance(e, Expr) and e.head == "block" else Expr("block", e)


def str_name(e: Any) -> str:
    return e.name if isinstance(e, Symbol) else ""


def is_signature(e: Any) -> bool:
    """Is it the left side of `f(x) = …`?"""
    while isinstance(e, Expr) and (e.head == "where" or (e.head == "::" and len(e.args) == 2)):
        e = e.args[0]
    return isinstance(e, Expr) and e.head == "call"


def signature_name(e: Any) -> str:
    while e.head in ("where", "::"):
        e = e.args[0]
    f = e.args[0]
    if isinstance(f, Symbol):
        return f.name
    return None  # type: ignore[return-value]


def static_variable(v: Any) -> tuple[str, Any, Any]:
    """(name, lower, upper) of what follows `where`."""
    if isinstance(v, Symbol):
        return v.name, None, None
    if not isinstance(v, Expr):
        raise problem('invalid variable expression in "where"')
    if v.head in ("<:", ">:") and not isinstance(v.args[0], Symbol):
        raise problem('invalid variable expression in "where"')
    if v.head == "<:":
        return v.args[0].name, None, v.args[1]
    if v.head == ">:":
        return v.args[0].name, v.args[1], None
    if v.head == "comparison":
        return v.args[2].name, v.args[0], v.args[4]
    raise problem("invalid type parameter name")


def pattern_names(p: Any) -> list[str]:
    """The variables that a pattern binds."""
    if isinstance(p, Symbol):
        return [] if all(c == "_" for c in p.name) else [p.name]
    if isinstance(p, Expr):
        if p.head in ("tuple", "parameters"):
            return [n for a in p.args for n in pattern_names(a)]
        if p.head in ("::", "...", "=", "kw"):
            return pattern_names(p.args[0])
    return []


class Signature:
    """A method's signature, taken apart."""

    def __init__(self) -> None:
        self.function: Any = None
        self.callee: Any = None
        self.params: list[tuple[Any, Any, bool]] = []
        self.keywords: list[tuple[str, Any, Any, bool]] = []
        self.statics: list[tuple[str, Any, Any]] = []
        self.returns: Any = None
        self.static_vars: list[C.Var] = []


def parse_signature(e: Any) -> Signature:
    """`f(x::T, y...; k=1)::R where {T<:Real}` in parts."""
    sig = Signature()
    while isinstance(e, Expr) and e.head in ("where", "::"):
        if e.head == "where":
            sig.statics += [static_variable(v) for v in e.args[1:]]
        else:
            sig.returns = e.args[1]
        e = e.args[0]
    sig.function = e.args[0]
    for a in e.args[1:]:
        if isinstance(a, Expr) and a.head == "parameters":
            for k in a.args:
                sig.keywords.append(keyword_parameter(k))
            continue
        vararg = False
        a = without_hint(a)
        if isinstance(a, Expr) and a.head == "...":
            vararg, a = True, without_hint(a.args[0])
        typ = None
        if isinstance(a, Expr) and a.head == "::":
            typ = a.args[-1]
            a = a.args[0] if len(a.args) == 2 else Symbol("_")
            # `xs::Vararg{T,N}` takes what `xs::T...` takes.
            plain = typ.args[0] if isinstance(typ, Expr) and typ.head == "curly" else typ
            vararg = vararg or plain == Symbol("Vararg")
        sig.params.append((a, typ, vararg))
    return sig


def without_hint(a: Any) -> Any:
    """A parameter without `@nospecialize` or `@specialize`."""
    if isinstance(a, Expr) and a.head == "macrocall" and str_name(a.args[0]) in ("@nospecialize", "@specialize"):
        return a.args[2]
    if isinstance(a, Expr) and a.head in ("kw", "=") and isinstance(a.args[0], Expr):
        return Expr(a.head, without_hint(a.args[0]), *a.args[1:])
    return a


def keyword_parameter(k: Any) -> tuple[str, Any, Any, bool]:
    default = None
    if isinstance(k, Expr) and k.head == "...":
        return k.args[0].name, None, None, True
    if isinstance(k, Expr) and k.head in ("kw", "="):
        k, default = k.args
        if default is None:
            default = QuoteNode(None)
    typ = None
    if isinstance(k, Expr) and k.head == "::":
        k, typ = k.args
    if not isinstance(k, Symbol):
        raise problem(f'"{k}" is not a valid function argument name')
    return k.name, default, typ, False


def optional_methods(signature: Any, body: Any, self_name: str | None = None) -> list[tuple[Any, Any]]:
    """The full method, and one for each number of optional arguments left out."""
    e = signature
    wrap: list[Any] = []
    while isinstance(e, Expr) and e.head in ("where", "::"):
        wrap.append(e)
        e = e.args[0]
    args = [without_hint(a) for a in e.args[1:]]
    check_arguments(args)
    if not any(isinstance(a, Expr) and a.head in ("kw", "=") for a in args):
        return [(signature, body)]
    keywords = [a for a in args if isinstance(a, Expr) and a.head == "parameters"]
    positional = [a for a in args if not (isinstance(a, Expr) and a.head == "parameters")]
    plain = [a.args[0] if isinstance(a, Expr) and a.head in ("kw", "=") else a for a in positional]

    def rewrap(call_: Any) -> Any:
        for w in reversed(wrap):
            call_ = Expr(w.head, call_, *w.args[1:])
        return call_

    out = [(rewrap(Expr("call", e.args[0], *keywords, *plain)), body)]
    first = next(i for i, a in enumerate(positional) if isinstance(a, Expr) and a.head in ("kw", "="))
    callee = e.args[0]
    if isinstance(callee, Expr) and callee.head == "::":
        name: Any = callee.args[0] if len(callee.args) == 2 else Symbol("#self#")
    elif self_name is not None:
        name = Symbol(self_name)
    else:
        name = callee
    n_optional = sum(isinstance(a, Expr) and a.head in ("kw", "=") for a in positional)
    # In the shorter methods every parameter needs a name to be passed on by.
    held = [passable(a, i) for i, a in enumerate(plain)]
    for k in range(n_optional, 0, -1):
        cut = first + k - 1
        given = [parameter for parameter, _ in held[:cut]]
        passed = [argument_of(a) for a in given]
        missing = [a.args[1] for a in positional[cut:] if isinstance(a, Expr) and a.head in ("kw", "=")]
        inner: list[Any] = [name]
        params: list[Any] = []
        if keywords:
            params = [Expr("parameters", Expr("...", Symbol("#kw#")))]
            inner.append(Expr("parameters", Expr("...", Symbol("#kw#"))))
        # Later defaults may mention earlier optional arguments, so bind them in order.
        assigns = [opened for _, opened in held[:cut] if opened is not None]
        names = []
        for (parameter, opened), default in zip(held[cut : cut + len(missing)], missing, strict=True):
            names.append(argument_of(parameter))
            assigns.append(Expr("=", names[-1], default))
            if opened is not None:
                assigns.append(opened)
        forward = Expr("block", Expr("let", Expr("block", *assigns), Expr("block", Expr("call", *inner, *passed, *names))))
        out.append((rewrap(Expr("call", e.args[0], *params, *given)), forward))
    return out


def passable(a: Any, i: int) -> tuple[Any, Expr | None]:
    """A parameter under a name, and how its pattern is taken apart, if it has one."""
    if isinstance(a, Expr) and a.head == "...":
        return Expr("...", passable(a.args[0], i)[0]), None
    typed = isinstance(a, Expr) and a.head == "::"
    target = (a.args[0] if len(a.args) == 2 else None) if typed else a
    if isinstance(target, Symbol) and target.name.strip("_"):
        return a, None
    name = Symbol(f"#arg{i}#")
    pattern = Expr("=", target, name) if isinstance(target, Expr) else None
    return Expr("::", name, a.args[-1]) if typed else name, pattern


def check_arguments(args: list[Any]) -> None:
    """Refuse what no method can have: a name twice, a required argument after an optional one."""
    names: list[str] = []
    optional = splat = False
    for a in args:
        if isinstance(a, Expr) and a.head == "parameters":
            names += [keyword_parameter(k)[0] for k in a.args]
            continue
        if splat:
            raise problem('invalid "..." on non-final argument')
        if isinstance(a, Expr) and a.head in ("kw", "="):
            optional, a = True, a.args[0]
        elif isinstance(a, Expr) and a.head == "...":
            splat = True
        elif optional:
            raise problem("optional positional arguments must occur at end")
        if isinstance(a, Expr) and a.head == "...":
            splat, a = True, a.args[0]
        bound = argument_of(a)
        if not isinstance(bound, Symbol) and not (isinstance(bound, Expr) and bound.head == "tuple"):
            raise problem(f'"{bound}" is not a valid function argument name')
        if isinstance(bound, Symbol) and bound.name.strip("_"):
            names.append(bound.name)
    for name in names:
        if names.count(name) > 1:
            raise problem(f'function argument name not unique: "{name}"')


def argument_of(a: Any) -> Any:
    if isinstance(a, Expr) and a.head == "::":
        return a.args[0] if len(a.args) == 2 else Symbol("_")
    if isinstance(a, Expr) and a.head == "...":
        return Expr("...", argument_of(a.args[0]))
    return a


def mark_const(node: C.Node) -> None:
    if isinstance(node, C.AssignGlobal):
        node.const = True
    elif isinstance(node, C.Block):
        for n in node.items:
            mark_const(n)


# Macros whose argument is code to run elsewhere.
QUOTING = frozenset(("@eval", "@macroexpand", "@macroexpand1"))


class Assigned:
    """The names that an expression assigns in its own scope, and those it declares."""

    def __init__(self) -> None:
        # the names with the lines of their first assignments
        self.assigned: dict[str, int] = {}
        self.line = 0
        self.locals_: set[str] = set()
        self.globals_: set[str] = set()

    def note(self, name: str) -> None:
        self.assigned.setdefault(name, self.line)

    def visit(self, e: Any) -> None:
        if not isinstance(e, Expr):
            if isinstance(e, LineNumberNode):
                self.line = e.line
            return
        head = e.head
        if head in ("quote", "inert", "->", "struct", "abstract", "primitive", "module", "meta", "macro"):
            return
        if head == "=" or head in UPDATING:
            target = e.args[0]
            if isinstance(target, Expr) and is_signature(target):
                name = signature_name(target)
                if name:
                    self.note(name)
                return
            for n in pattern_names(target):
                self.note(n)
            if isinstance(target, Expr) and target.head in ("local", "global"):
                self.visit(target)
            elif isinstance(target, Expr) and target.head in ("ref", "."):
                for a in target.args:
                    self.visit(a)
            for a in e.args[1:]:
                self.visit(a)
            return
        if head == "function":
            if isinstance(e.args[0], Symbol):
                self.note(e.args[0].name)
            elif is_signature(e.args[0]):
                name = signature_name(e.args[0])
                if name:
                    self.note(name)
            return
        if head in ("local", "global"):
            names = self.locals_ if head == "local" else self.globals_
            for a in e.args:
                t = a.args[0] if isinstance(a, Expr) and (a.head == "=" or a.head in UPDATING) else a
                if isinstance(t, Expr) and is_signature(t):
                    names.add(signature_name(t))
                    continue
                names.update(pattern_names(t))
                if isinstance(a, Expr) and a.head == "=":
                    self.visit(a.args[1])
            return
        if head in ("for", "while", "let", "try", "generator", "comprehension", "typed_comprehension", "do"):
            # These open scopes of their own; only what is evaluated outside of them counts.
            if head == "while":
                self.visit(e.args[0])
            elif head == "for":
                spec = e.args[0]
                for s in spec.args if isinstance(spec, Expr) and spec.head == "block" else [spec]:
                    if isinstance(s, Expr) and s.head == "=":
                        self.visit(s.args[1])
            return
        if head == "macrocall":
            if str_name(e.args[0]) in QUOTING:
                return
            for a in e.args[2:]:
                self.visit(a)
            return
        if head in ("kw", "parameters") or head == "call":
            for a in e.args[1:] if head == "call" else e.args:
                self.visit(a if not (isinstance(a, Expr) and a.head == "kw") else a.args[1])
            return
        for a in e.args:
            self.visit(a)
