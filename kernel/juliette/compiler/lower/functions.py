"""Functions: methods of global and of local functions, lambdas."""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.code import Family, LambdaCode
from juliette.compiler.lower.forms import (
    as_block,
    is_signature,
    names_member,
    pattern_names,
    problem,
    shown,
    signature_name,
    str_name,
)
from juliette.compiler.lower.scopes import FunctionScope, Scope, Scoping
from juliette.compiler.lower.signatures import (
    Signature,
    optional_methods,
    parse_signature,
    without_hint,
)
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, Symbol


class FirstDefinition:
    """The methods of a local function so far, and the variables that it found when it was made."""

    def __init__(self, family: Family, signatures: set[str], scope: Scope) -> None:
        self.family = family
        self.signatures = signatures
        self.visible: set[C.Var] = set()
        outer: Scope | None = scope
        while outer is not None:
            self.visible.update(outer.vars.values())
            outer = outer.parent
        self.assigned = {v for v in self.visible if v.assigned}


class Functions(Scoping):
    """`function f(x) … end`, `f(x) = …`, `x -> …`."""

    def _local_function(self, item: Any) -> str | None:
        """The name, if the statement defines a method of a local function."""
        if self.scope is None or not isinstance(item, Expr):
            return None
        signature = None
        if (item.head == "function" and len(item.args) >= 1) or (
            item.head == "=" and isinstance(item.args[0], Expr) and is_signature(item.args[0])
        ):
            signature = item.args[0]
        if isinstance(signature, Symbol):
            name: str | None = signature.name
        elif is_signature(signature):
            name = signature_name(signature)
        else:
            return None
        if name is None or self.scope.find(name) is None:
            return None
        return name

    def expanded(self, part: Any) -> Any:
        """A signature in which no parameter is a macro call any more."""
        if not isinstance(part, Expr):
            return part
        if part.head == "macrocall" and without_hint(part) is part:
            return self.expanded(self.expansion(part))
        if part.head in ("call", "parameters"):
            return Expr(part.head, *map(self.expanded, part.args))
        if part.head in ("where", "::", "...", "kw", "="):
            return Expr(part.head, self.expanded(part.args[0]), *part.args[1:])
        return part

    def lower_function(self, e: Expr) -> C.Node:
        signature = e.args[0]
        if isinstance(signature, Symbol):
            return C.Call(
                C.Runtime("declare_function"), [C.Const(self.module), C.Const(signature.name)]
            )
        if not isinstance(signature, Expr):
            raise problem(f'invalid function name "{shown(signature)}"')
        if signature.head == "tuple" or (signature.head in ("...",)):
            return self.lower_lambda(Expr("->", signature, e.args[1]))
        inner = signature
        while isinstance(inner, Expr) and inner.head == "where":
            inner = inner.args[0]
        if isinstance(inner, Expr) and inner.head == "tuple":
            return self.lower_lambda(Expr("->", signature, e.args[1]))
        if len(e.args) == 1:
            raise problem(f'invalid function name "{shown(signature)}"')
        name = self._local_function(e)
        if name is not None:
            return self.local_function(name, [e])
        return self.global_method(signature, e.args[1])

    def local_function(self, name: str, definitions: list[Expr]) -> C.Node:
        family = Family(name, False)
        assert self.scope is not None
        var = self.scope.find(name)
        assert var is not None
        signatures: set[str] = set()
        for d in definitions:
            if d.head == "function" and isinstance(d.args[0], Symbol):
                continue
            signature = d.args[0]
            body = d.args[1] if d.head == "function" else as_block(d.args[1])
            if body.args and isinstance(body.args[0], LineNumberNode):
                self.line = body.args[0].line
            methods = optional_methods(self.expanded(signature), body)
            self.warn_unused(methods[0][0])
            for i, (sig, b) in enumerate(methods):
                taken_apart = parse_signature(sig)
                signatures.add(" ".join(f"{shown(t)}{v}" for _, t, v in taken_apart.params))
                self.family_method(family, taken_apart, b, name, i > 0)
        first = self.families.get(var)
        if first is not None and self._join(first, family, signatures):
            return self.read(name)
        if family.methods:
            self.families[var] = FirstDefinition(family, signatures, self.scope)
        return self.assign(name, self.close(family))

    def _join(self, first: FirstDefinition, later: Family, signatures: set[str]) -> bool:
        """Give methods to the function that an earlier definition made.

        All methods of a local function belong to one type, but where one takes the place of another
        or needs variables of an inner scope.
        """
        outer = self.function.captures.values()
        own = {v for code, _, _ in later.methods for v in code.captures if v not in outer}
        if signatures & first.signatures or not own <= first.visible:
            return False
        for v in own - first.assigned:
            self._box(v.root)
        first.signatures |= signatures
        first.family.methods += later.methods
        self.close(first.family)
        return True

    def lower_lambda(self, e: Expr) -> C.Node:
        params, body = e.args
        name = self.host.anonymous_name(self.module)
        family = Family(name, True)
        if not isinstance(params, Expr) or params.head not in ("tuple", "where", "block"):
            params = Expr("tuple", params)
        if isinstance(params, Expr) and params.head == "block":
            items = [p for p in params.args if not isinstance(p, LineNumberNode)]
            params = Expr(
                "tuple",
                Expr(
                    "parameters",
                    *[
                        Expr("kw", *i.args) if isinstance(i, Expr) and i.head == "=" else i
                        for i in items[1:]
                    ],
                ),
                items[0],
            )
        inner = params
        while inner.head == "where":
            inner = inner.args[0]
            if not isinstance(inner, Expr) or inner.head not in ("tuple", "where"):
                inner = Expr("tuple", inner)
        args = [
            Expr("kw", *a.args) if isinstance(a, Expr) and a.head == "=" else a for a in inner.args
        ]
        signature: Any = Expr("call", Symbol(name), *args)
        p, wheres = params, []
        while p.head == "where":
            wheres.append(p.args[1:])
            p = p.args[0]
        for variables in reversed(wheres):
            signature = Expr("where", signature, *variables)
        methods = optional_methods(self.expanded(signature), as_block(body), self_name="#self#")
        for i, (sig, b) in enumerate(methods):
            self.family_method(family, parse_signature(sig), b, name, i > 0)
        return self.close(family)

    def close(self, family: Family) -> C.Node:
        captures: dict[C.Var, C.Var] = {}
        for code, _, _ in family.methods:
            for outer in code.captures:
                captures[outer] = outer
        family.captures = [(v, v) for v in captures]
        return C.Closure(family)

    def family_method(
        self, family: Family, sig: Signature, body: Any, name: str, forwards: bool
    ) -> None:
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
        code.forwards = forwards
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
        outer_jumping, self.jumping = self.jumping, False
        self.function = FunctionScope(outer_function)
        self.scope = Scope(outer_scope, self.function)
        self.loops = []
        try:
            scope = self.scope
            prologue: list[C.Node] = []
            for n, _, _ in sig.statics:
                var = self.function.fresh(n)
                var.assigned = 1
                var.static = True
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
                typ = self.lower(sig.closed(ktype)) if ktype is not None else None
                scope.vars[kname] = var
                if krest:
                    code.keyword_rest = var
                else:
                    code.keywords.append((kname, var, default, typ))
            for n, keyword, closed in sig.told_by_keywords():
                node = C.Call(C.Runtime("static_of"), [self.lower(closed), self.read(keyword)])
                del scope.vars[n]
                self.declare(scope, [n])
                prologue.append(self.assign_to(Symbol(n), node))
            if sig.returns is not None:
                code.return_type = self.lower(sig.returns)
            found = self.assigned_in(body)
            self.check_declared(found)
            for n in sorted(found.locals_ & set(scope.vars)):
                var = scope.vars[n]
                if (
                    var in code.statics
                    or var in code.params
                    or any(n == k[0] for k in sig.keywords)
                ):
                    kind = "a static parameter" if var in code.statics else "an argument"
                    raise problem(f'local variable name "{n}" conflicts with {kind}')
            scope.globals_ |= found.globals_ - set(scope.vars)
            made = self.declare(scope, found.locals_ - set(scope.vars))
            # What is declared global around is global here, too.
            scope.globals_ |= {
                n
                for n in found.assigned
                if n not in scope.vars and self._declared_global(outer_scope, n)
            }
            for n in found.assigned:
                if (
                    n not in scope.vars
                    and n not in scope.globals_
                    and not (outer_scope is not None and self._visible_outside(outer_scope, n))
                ):
                    made += self.declare(scope, [n])
            inner = self.without_jumps(self.lower(body))
            code.body = C.Block([C.Fresh(made), *prologue, inner]) if made or prologue else inner
            code.captures = self.function.captures
            code.reads = self.function.reads
            code.locals = frozenset(self.function.names)
            return code
        finally:
            self.function, self.scope, self.loops = outer_function, outer_scope, outer_loops
            self.endings = outer_endings
            self.line = line
            self.jumping = outer_jumping

    def global_method(self, signature: Any, body: Any) -> C.Node:
        """A method of a global function, a constructor, or a callable type."""
        nodes: list[C.Node] = []
        methods = optional_methods(self.expanded(signature), body)
        self.warn_unused(methods[0][0])
        for i, (sig_expr, b) in enumerate(methods):
            nodes.append(self._global_method(parse_signature(sig_expr), b, i > 0))
        return C.Block([C.Block(nodes[:0:-1]), nodes[0]]) if len(nodes) > 1 else nodes[0]

    def warn_unused(self, signature: Expr) -> None:
        """Tell of static variables that nothing in the signature tells."""
        if signature.head != "where" and not (
            signature.head == "::" and getattr(signature.args[0], "head", "") == "where"
        ):
            return
        sig = parse_signature(signature)
        callee = sig.function
        while isinstance(callee, Expr) and callee.head in ("::", "curly"):
            callee = callee.args[-1 if callee.head == "::" else 0]
        for variable in sig.unused():
            self.host.warn_unused(shown(callee), variable, self.file, self.line)

    def _global_method(self, sig: Signature, body: Any, forwards: bool = False) -> C.Node:
        f = sig.function
        if isinstance(f, Symbol) and f.name.startswith(".") and f.name.strip("."):
            raise problem(f'invalid function name "{f.name}"')
        home = self.module
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
        elif names_member(f):
            target, kind = self.lower(f), "qualified"
            name = f.args[1].value.name
        elif isinstance(f, GlobalRef):
            name = f.name.name
            foreign = f.module is not self.module and not isinstance(f.module, str)
            if foreign and not f.module.has(name):
                # A macro's result defines the function in the macro's module.
                home = f.module
            target, kind = (
                (C.Const(name), "named") if f.module is home else (self.lower(f), "qualified")
            )
        elif isinstance(f, Symbol):
            name = f.name
            target, kind = C.Const(name), "named"
        else:
            raise problem(f'invalid function name "{shown(f)}"')
        statics: list[C.Node] = []
        scope_names = [n for n, _, _ in sig.statics]

        def build() -> C.Node:
            out: list[C.Node] = []
            for n, low, high in sig.statics:
                out.append(
                    self.assign(
                        n,
                        C.Call(
                            C.Runtime("typevar"),
                            [
                                C.Const(n),
                                self.lower(low) if low is not None else C.Const(None),
                                self.lower(high) if high is not None else C.Const(None),
                            ],
                        ),
                    )
                )
                statics.append(self.read(n))
            types = [self.parameter_type(t, v) for _, t, v in sig.params]
            outer_scope = self.scope
            # The body does not see the signature's own scope: static variables are its parameters.
            self.scope = (
                outer_scope.parent if outer_scope is not None and scope_names else outer_scope
            )
            try:
                code = self.code(sig, body, name)
                code.callable = kind == "callable"
                code.forwards = forwards
            finally:
                self.scope = outer_scope
            captured: list[C.Node] = [C.Captured(self.reach(v)) for v in code.captures]
            return C.Block(
                [
                    *out,
                    C.Call(
                        C.Runtime("add_method"),
                        [
                            C.Const(home),
                            C.Const(kind),
                            target,
                            C.MakeTuple(types),
                            C.MakeTuple(statics),
                            C.Const(code),
                            C.MakeTuple(captured),
                        ],
                    ),
                ]
            )

        if scope_names:
            return self.in_scope(build, names=scope_names)
        return build()
