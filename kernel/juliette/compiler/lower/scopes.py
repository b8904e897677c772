"""Scopes: which variable a name is, what is captured, and which names a piece of code assigns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from juliette.compiler import core as C
from juliette.compiler.lower.forms import (
    UPDATING,
    is_signature,
    pattern_names,
    problem,
    signature_name,
)
from juliette.syntax.expr import Expr, LineNumberNode, Symbol, macro_call


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
        # the branches around the code that is being lowered, by number
        self.branches: list[int] = []
        self.branched = 0

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


class Assigned:
    """The names that an expression assigns in its own scope, and those it declares.

    `expand` gives what a call of a macro stands for: only there it is seen which scopes the macro
    opens around the code that it was given.
    """

    def __init__(self, expand: Callable[[Expr], Any]) -> None:
        self.expand = expand
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
        if macro_call(e) is not None:
            self.visit(self.expand(e))
            return
        if head in ("struct", "abstract", "primitive"):
            # A type is global wherever it is defined.
            self.globals_.update(type_name(e.args[1 if head == "struct" else 0]))
            return
        if head in (
            "quote",
            "inert",
            "->",
            "module",
            "meta",
            "macro",
        ):
            return
        if head == "=" or head in UPDATING:
            target = e.args[0]
            if isinstance(target, Expr) and is_signature(target):
                name = signature_name(target)
                if name:
                    self.note(name)
                return
            alias = isinstance(target, Expr) and target.head == "curly"
            for n in pattern_names(target.args[0] if alias else target):
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
                defines = isinstance(a, Expr) and (
                    a.head in ("=", "function") or a.head in UPDATING
                )
                t = a.args[0] if defines else a
                if isinstance(t, Expr) and is_signature(t):
                    names.add(signature_name(t))
                    continue
                names.update(pattern_names(t))
                if isinstance(a, Expr) and a.head == "=":
                    self.visit(a.args[1])
            return
        if head in (
            "for",
            "while",
            "let",
            "try",
            "generator",
            "comprehension",
            "typed_comprehension",
            "do",
        ):
            # These open scopes of their own; only what is evaluated outside of them counts.
            if head in ("while", "do"):
                self.visit(e.args[0])
            elif head == "for":
                for value in _values(e.args[0]):
                    self.visit(value)
            elif head == "let":
                for value in _values(e.args[0])[:1]:
                    self.visit(value)
            elif head in ("comprehension", "typed_comprehension"):
                self.visit(e.args[-1])
            elif head == "generator":
                for spec in e.args[1:]:
                    for value in _values(spec):
                        self.visit(value)
            return
        if head == "tuple":
            # what looks like an assignment is an entry of a named tuple
            for a in e.args:
                self.visit(a.args[1] if isinstance(a, Expr) and a.head == "=" else a)
            return
        if head in ("kw", "parameters") or head == "call":
            for a in e.args[1:] if head == "call" else e.args:
                self.visit(a if not (isinstance(a, Expr) and a.head == "kw") else a.args[1])
            return
        for a in e.args:
            self.visit(a)


def type_name(e: Any) -> list[str]:
    """The name in the head of a type's definition, `Name{T} <: Super`."""
    while isinstance(e, Expr) and e.head in ("<:", "curly"):
        e = e.args[0]
    return [e.name] if isinstance(e, Symbol) else []


def _values(spec: Any) -> list[Any]:
    """What the variables of `let`, `for` or a generator are given, in order, where something is."""
    items = spec.args if isinstance(spec, Expr) and spec.head in ("block", "filter") else [spec]
    items = [s for s in items if not isinstance(s, LineNumberNode)]
    return [
        s.args[1] if isinstance(s, Expr) and s.head == "=" and not is_signature(s.args[0]) else None
        for s in items
    ]


class Scoping:
    """Names and scopes: the state of lowering that every family of syntax works on."""

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
        # has the function that is being lowered labels or jumps?
        self.jumping = False
        # names that the statement assigns outside of any scope: at the prompt, loops in it
        # mean these
        self.own_globals: frozenset[str] = frozenset()
        # calls of macros that are expanded already, with what they stand for
        self.expansions: dict[int, tuple[Expr, Any]] = {}
        # the first definition of each local function
        self.families: dict[C.Var, Any] = {}

    if TYPE_CHECKING:
        # What the families of syntax ask of one another.
        def lower(self, e: Any) -> C.Node: ...
        def block(self, items: Iterable[Any]) -> C.Node: ...
        def arguments(
            self, items: list[Any], function: Any = None
        ) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]: ...
        def keyword(
            self, k: Any, name: str = ..., item: str = ..., value: str = ...
        ) -> tuple[str | None, C.Node]: ...
        def repeated(self, items: list[tuple[str | None, C.Node]]) -> str | None: ...
        def index_args(
            self, array: C.Node, items: list[Any]
        ) -> tuple[list[C.Node], list[tuple[str | None, C.Node]]]: ...
        def assign_to(self, target: Any, value: C.Node) -> C.Node: ...
        def collect(self, e: Expr, eltype: C.Node | None) -> C.Node: ...
        def consume(
            self, function: C.Const, e: Expr, rest: list[Any], init: Any = None
        ) -> C.Node: ...
        def dotted(self, e: Any) -> C.Node: ...
        def lower_comparison(self, e: Expr, inside: bool = False) -> C.Node: ...
        def lower_function(self, e: Expr) -> C.Node: ...
        def without_jumps(self, node: C.Node) -> C.Node: ...

    def assigned_in(self, *exprs: Any) -> Assigned:
        """The names that code assigns in its own scope, also by calls of macros in it."""
        found = Assigned(self.expansion)
        for e in exprs:
            found.visit(e)
        return found

    def expansion(self, e: Expr) -> Any:
        """What a call of a macro stands for; the macro runs once, however often that is asked."""
        known = self.expansions.get(id(e))
        if known is None:
            known = self.expansions[id(e)] = (e, self.host.expand_macro(e, self.module, self))
        return known[1]

    def temp(self, hint: str = "t") -> C.Var:
        self.counter += 1
        var = C.Var(hint, f"%{hint}{self.counter}", self.function)
        var.assigned = 1
        return var

    def once(self, node: C.Node) -> tuple[C.Node, list[C.Node]]:
        """A node that can be used several times, and what must run first."""
        if isinstance(node, C.Const) or (isinstance(node, C.Local) and not node.var.boxed):
            return node, []
        if isinstance(node, C.Splat):
            inner, setup = self.once(node.value)
            return C.Splat(inner), setup
        var = self.temp()
        return C.Local(var), [C.Assign(var, node)]

    def read(self, name: str) -> C.Node:
        var = self.scope.find(name) if self.scope is not None else None
        if var is None:
            self.function.reads.add(name)
            if not self.function.toplevel:
                self.host.inside.read.add(name)
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
        if var.assigned != 1 or tuple(var.owner.branches[: len(var.path)]) != var.path:
            # It may have no value yet where the closure is made.
            self._box(var)
        return outer

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Lower code that runs only sometimes."""
        function = self.function
        function.branched += 1
        function.branches.append(function.branched)
        try:
            yield
        finally:
            function.branches.pop()

    def _box(self, var: C.Var) -> None:
        var.root.in_box = True

    def assign(self, name: str, value: C.Node) -> C.Node:
        var = self.scope.find(name) if self.scope is not None else None
        if var is None:
            if not self.function.toplevel:
                self.host.inside.assigned.add(name)
            return C.AssignGlobal(name, value)
        if var.static:
            raise problem(f'local variable name "{name}" conflicts with a static parameter')
        if var.owner is not self.function:
            root = var
            root.assigned += 2
            self._box(root)
            var = self.reach(var)
        else:
            if not var.assigned:
                var.path = tuple(self.function.branches)
            # In a loop that began after the variable it is assigned again and again.
            var.assigned += 2 if len(self.loops) > var.loops else 1
            if var.captured:
                self._box(var)
        typ = self._type_of(declared) if (declared := self._declared(name)) else None
        if typ is None:
            return C.Assign(var, value)
        # The variable holds what was converted; the assignment is worth what was assigned.
        held, hold = self.once(value)
        return C.Block([*hold, C.Assign(var, C.Call(C.Runtime("convert"), [typ, held])), held])

    def _declared(self, name: str) -> tuple[Any, Scope] | None:
        var = self.scope.find(name) if self.scope is not None else None
        return var.declared_type if var is not None else None

    def _type_of(self, declared: tuple[Any, Scope]) -> C.Node:
        """The declared type of a variable, as this function sees what it mentions."""
        outer = self.scope
        typ, self.scope = declared
        try:
            return self.lower(typ)
        finally:
            self.scope = outer

    def declare(self, scope: Scope, names: Iterable[str]) -> list[C.Var]:
        made = []
        for name in names:
            if name not in scope.vars:
                var = scope.function.fresh(name)
                var.loops = len(self.loops)
                scope.vars[name] = var
                made.append(var)
        return made

    def check_declared(self, found: Assigned) -> None:
        """A scope declares no name both local and global."""
        both = sorted(found.globals_ & found.locals_)
        if both:
            raise problem(f'variable "{both[0]}" declared both local and global')

    def in_scope(
        self,
        body: Callable[[], C.Node],
        *,
        names: Iterable[str] = (),
        exprs: Iterable[Any] = (),
        soft: bool = False,
    ) -> C.Node:
        """Lower something inside a new local scope that owns `names` and what `exprs` assign."""
        scope = Scope(self.scope, self.function, soft)
        made = self.declare(scope, names)
        outer, self.scope = self.scope, scope
        try:
            # Macros that are called in the scope are expanded in it.
            found = self.assigned_in(*exprs)
            made += self._own(scope, found)
            node = body()
        finally:
            self.scope = outer
        if made:
            return C.Block([C.Fresh(made), node])
        return node

    def _own(self, scope: Scope, found: Assigned) -> list[C.Var]:
        """Give the present scope what was found in it; its own variables."""
        self.check_declared(found)
        scope.globals_ |= found.globals_
        made = self.declare(scope, found.locals_)
        for name in found.assigned:
            if name in scope.globals_ or self._enclosing_local(name):
                continue
            if scope.soft and self._all_soft():
                known = self.host.has_global(self.module, name)
                if self.host.soft_scope and (known or name in self.own_globals):
                    continue
                if known:
                    self.host.warn_soft(name, self.file, found.assigned[name] or self.line)
            made += self.declare(scope, [name])
        return made

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

    def _declared_global(self, scope: Scope | None, name: str) -> bool:
        """Is a name declared global in the innermost scope around that knows it?"""
        while scope is not None:
            if name in scope.globals_ or name in scope.vars:
                return name in scope.globals_
            scope = scope.parent
        return False

    def _visible_outside(self, scope: Scope | None, name: str) -> bool:
        while scope is not None:
            if name in scope.globals_:
                return False
            if name in scope.vars:
                return True
            scope = scope.parent
        return False
