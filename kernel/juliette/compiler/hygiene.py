"""Macro hygiene: what the names in a macro's result mean.

In the result of a macro, names that it introduces itself are new local names, all others are globals
of the module in which the macro was defined, and what stands inside `esc(…)` is the caller's own
code.  A macro called in the result of another has a scope of its own inside that one's; `esc` goes
one scope out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from juliette.compiler.lower import UPDATING, is_signature, signature_name
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

# Names that are syntax where they stand.
_SYNTAX = frozenset(("end", "begin", "new", "ccall", "cglobal", "llvmcall"))
_UNTOUCHED = frozenset(("inert", "meta", "using", "import", "export", "module", "toplevel"))
_SCOPES = frozenset(
    (
        "for",
        "while",
        "let",
        "try",
        "generator",
        "comprehension",
        "typed_comprehension",
        "flatten",
        "->",
        "do",
        "struct",
        "abstract",
        "primitive",
        "module",
        "macro",
        "escape",
        "hygienic-scope",
        "quote",
        "inert",
        "meta",
        "using",
        "import",
        "export",
    )
)


class MacroScope:
    """The names of one macro's result; `outer` is the scope that `esc` leads to."""

    __slots__ = ("home", "labels", "names", "outer")

    def __init__(
        self,
        home: Any,
        names: dict[str, Any],
        outer: MacroScope | None,
        labels: dict[str, Symbol] | None = None,
    ) -> None:
        self.home = home
        self.names = names
        self.outer = outer
        # the labels of jumps, which all scopes of one result share
        self.labels = {} if labels is None else labels

    def with_names(self, names: dict[str, Any]) -> MacroScope:
        return (
            MacroScope(self.home, {**self.names, **names}, self.outer, self.labels)
            if names
            else self
        )


def scoped(e: Any, home: Any) -> Expr:
    """Mark the result of a macro of a module."""
    return Expr("hygienic-scope", e, home)


class Resolver:
    """Gives every name in a macro's result its meaning."""

    def __init__(self, rename: Callable[[str], Symbol], keep_lines: bool) -> None:
        self.rename = rename
        self.keep_lines = keep_lines

    def resolve(self, e: Any, s: MacroScope | None) -> Any:
        if s is None:
            # The caller's own code; what other macros left in it has scopes of its own.
            if isinstance(e, Expr) and e.head == "hygienic-scope":
                return self.enter(e, None)
            if isinstance(e, Expr) and e.head not in ("quote", "inert") and _has_scope(e):
                return Expr(e.head, *[self.resolve(a, None) for a in e.args])
            return e
        if isinstance(e, Symbol):
            return self.name(e, s)
        if not isinstance(e, Expr):
            return e
        if e.head == "escape":
            return self.resolve(e.args[0], s.outer)
        if e.head == "hygienic-scope":
            return self.enter(e, s)
        if e.head in _UNTOUCHED:
            return unescaped(e)
        method = getattr(self, "form_" + _METHODS.get(e.head, e.head), None)
        if method is not None:
            return method(e, s)
        return Expr(e.head, *self.several(e.args, s))

    def several(self, items: Iterable[Any], s: MacroScope) -> list[Any]:
        return [self.resolve(a, s) for a in items]

    def enter(self, e: Expr, outer: MacroScope | None) -> Any:
        body, home = e.args
        s = MacroScope(home, {}, outer)
        # A definition that is the whole result defines a function of the macro's module.
        names = [] if defines_function(body) else introduced(body)
        return self.resolve(body, s.with_names(self.fresh(names, s)))

    def fresh(self, names: Iterable[str], s: MacroScope) -> dict[str, Any]:
        """New names for those that a scope introduces."""
        return {n: self.rename(n) for n in names if n not in s.names}

    def new_scope(self, names: Iterable[str], s: MacroScope) -> MacroScope:
        return s.with_names({n: self.rename(n) for n in names})

    def name(self, e: Symbol, s: MacroScope) -> Any:
        name = e.name
        if name in s.names:
            return s.names[name]
        if name in _SYNTAX or not name.strip("_") or name.startswith("#"):
            return e
        if name.startswith(".") and name not in (".", "..", "..."):
            return e
        return GlobalRef(s.home, e)

    # ------------------------------------------------------------ plain forms

    def form_block(self, e: Expr, s: MacroScope) -> Any:
        items = (
            e.args if self.keep_lines else [a for a in e.args if not isinstance(a, LineNumberNode)]
        )
        return Expr(e.head, *self.several(items, s))

    def form_dot(self, e: Expr, s: MacroScope) -> Any:
        if len(e.args) != 2:
            return Expr(e.head, *self.several(e.args, s))
        left, right = e.args
        if isinstance(right, (QuoteNode, str)) or (
            isinstance(right, Expr) and right.head in ("quote", "inert")
        ):
            return Expr(".", self.resolve(left, s), right)
        if isinstance(right, Expr) and right.head == "escape":
            return Expr(".", self.resolve(left, s), unescaped(right))
        return Expr(".", self.resolve(left, s), self.resolve(right, s))

    def form_quote(self, e: Expr, s: MacroScope) -> Any:
        if self.keep_lines and isinstance(e.args[0], Expr) and not _interpolates(e.args[0], 1):
            return Expr("copyast", QuoteNode(e.args[0]))
        return Expr("quote", self.quoted(e.args[0], s, 1))

    def quoted(self, e: Any, s: MacroScope, depth: int) -> Any:
        if not isinstance(e, Expr):
            return e
        if e.head == "$":
            if depth == 1:
                return Expr("$", *self.several(e.args, s))
            depth -= 1
        elif e.head == "quote":
            depth += 1
        return Expr(e.head, *[self.quoted(a, s, depth) for a in e.args])

    def form_kw(self, e: Expr, s: MacroScope) -> Any:
        return Expr("kw", unescaped(e.args[0]), self.resolve(e.args[1], s))

    def form_parameters(self, e: Expr, s: MacroScope) -> Any:
        return Expr("parameters", *[self.keyword(a, s) for a in e.args])

    def keyword(self, a: Any, s: MacroScope) -> Any:
        plain = unescaped(a)
        if isinstance(plain, Symbol):
            return Expr("kw", plain, self.resolve(a, s))
        if isinstance(a, Expr) and a.head in ("kw", "="):
            return Expr("kw", unescaped(a.args[0]), self.resolve(a.args[1], s))
        if isinstance(a, Expr) and a.head == "call" and a.args[0] == Symbol("=>"):
            return Expr("call", a.args[0], *self.several(a.args[1:], s))
        return self.resolve(a, s)

    def form_tuple(self, e: Expr, s: MacroScope) -> Any:
        return Expr(
            "tuple",
            *[
                Expr("=", unescaped(a.args[0]), self.resolve(a.args[1], s))
                if isinstance(a, Expr) and a.head == "="
                else self.resolve(a, s)
                for a in e.args
            ],
        )

    def form_macrocall(self, e: Expr, s: MacroScope) -> Any:
        return Expr("macrocall", e.args[0], e.args[1], *self.several(e.args[2:], s))

    def form_global(self, e: Expr, s: MacroScope) -> Any:
        inner = s.with_names({n: GlobalRef(s.home, Symbol(n)) for n in _declared(e)})
        parts = [
            self.resolve(a, inner)
            for a in e.args
            if isinstance(a, Expr) and a.head in ("=", *UPDATING)
        ]
        rest = [
            unescaped(a) for a in e.args if not (isinstance(a, Expr) and a.head in ("=", *UPDATING))
        ]
        if not parts:
            return Expr("global", *rest)
        # The caller's own names have to be declared; others name their module where they are assigned.
        targets = [a.args[0] for a in e.args if isinstance(a, Expr) and a.head in ("=", *UPDATING)]
        of_caller = [n for t in targets for n in pattern(unescaped(t)) if n not in pattern(t)]
        return Expr(
            "block", *([Expr("global", *map(Symbol, of_caller))] if of_caller else []), *parts
        )

    def form_isdefined(self, e: Expr, s: MacroScope) -> Any:
        return Expr("isdefined", self.resolve(e.args[0], s))

    def form_label(self, e: Expr, s: MacroScope) -> Any:
        name = e.args[0].name
        if name not in s.labels:
            s.labels[name] = self.rename(name)
        return Expr(e.head, s.labels[name])

    # ------------------------------------------------------------ scopes

    def form_assign(self, e: Expr, s: MacroScope) -> Any:
        target = e.args[0]
        if isinstance(target, Expr) and is_signature(target):
            return self.form_function(e, s)
        if isinstance(target, Expr) and target.head == "curly":
            inner = self.new_scope(_where_names(target.args[1:]), s)
            return Expr(
                "=",
                Expr(
                    "curly", self.resolve(target.args[0], s), *self.several(target.args[1:], inner)
                ),
                self.resolve(e.args[1], inner),
            )
        return Expr(e.head, *self.several(e.args, s))

    def form_function(self, e: Expr, s: MacroScope) -> Any:
        signature = e.args[0]
        if len(e.args) == 1 or not (isinstance(signature, Expr) or e.head == "->"):
            return Expr(e.head, *self.several(e.args, s))
        if isinstance(signature, Expr) and signature.head == "escape":
            return Expr(e.head, *self.several(e.args, s))
        body = e.args[1]
        plain, keywords, wheres = _parameters(signature)
        kept = [*keywords, *_escaped_parameters(signature)]
        inner = self.new_scope([*plain, *wheres], s).with_names({k: Symbol(k) for k in kept})
        inner = inner.with_names(self.fresh(introduced(body), inner))
        return Expr(e.head, self.signature(signature, s, inner), self.resolve(body, inner))

    def signature(self, e: Any, s: MacroScope, inner: MacroScope) -> Any:
        """The head of a function: its name means what it means outside."""
        if not isinstance(e, Expr):
            return self.resolve(e, inner)
        if e.head == "where":
            return Expr(
                "where", self.signature(e.args[0], s, inner), *self.several(e.args[1:], inner)
            )
        if e.head == "::" and len(e.args) == 2 and is_signature(e.args[0]):
            return Expr("::", self.signature(e.args[0], s, inner), self.resolve(e.args[1], inner))
        if e.head == "call":
            callee = e.args[0]
            where = inner if isinstance(callee, Expr) and callee.head in ("::", "curly") else s
            return Expr(
                "call", self.resolve(callee, where), *[self.parameter(a, inner) for a in e.args[1:]]
            )
        if e.head in ("tuple", "block"):
            return Expr(e.head, *[self.parameter(a, inner) for a in e.args])
        return self.parameter(e, inner)

    def parameter(self, a: Any, inner: MacroScope) -> Any:
        if isinstance(a, Expr) and a.head in ("kw", "="):
            return Expr(a.head, self.parameter(a.args[0], inner), self.resolve(a.args[1], inner))
        if isinstance(a, Expr) and a.head == "parameters":
            return Expr("parameters", *[self.parameter(k, inner) for k in a.args])
        return self.resolve(a, inner)

    def form_let(self, e: Expr, s: MacroScope) -> Any:
        bindings, body = e.args
        items = (
            bindings.args if isinstance(bindings, Expr) and bindings.head == "block" else [bindings]
        )
        inner = s
        out = []
        for item in items:
            if isinstance(item, LineNumberNode):
                continue
            if isinstance(item, Expr) and item.head == "=" and not is_signature(item.args[0]):
                value = self.resolve(item.args[1], inner)
                inner = self.new_scope(pattern(item.args[0]), inner)
                out.append(Expr("=", self.resolve(item.args[0], inner), value))
                continue
            if isinstance(item, Expr) and item.head == "=":
                inner = self.new_scope([n for n in [signature_name(item.args[0])] if n], inner)
            else:
                inner = self.new_scope(pattern(item), inner)
            out.append(self.resolve(item, inner))
        inner = inner.with_names(self.fresh(introduced(body), inner))
        shown = (
            Expr("block", *out)
            if isinstance(bindings, Expr) and bindings.head == "block"
            else out[0]
        )
        return Expr("let", shown, self.resolve(body, inner))

    def form_for(self, e: Expr, s: MacroScope) -> Any:
        spec, body = e.args
        specs = spec.args if isinstance(spec, Expr) and spec.head == "block" else [spec]
        done, inner = self.ranges(specs, s)
        inner = inner.with_names(self.fresh(introduced(body), inner))
        shown = Expr("block", *done) if isinstance(spec, Expr) and spec.head == "block" else done[0]
        return Expr("for", shown, self.resolve(body, inner))

    def ranges(self, specs: Iterable[Any], s: MacroScope) -> tuple[list[Any], MacroScope]:
        inner = s
        out = []
        for r in specs:
            if isinstance(r, LineNumberNode):
                continue
            if not (isinstance(r, Expr) and r.head == "="):
                out.append(self.resolve(r, inner))
                continue
            target = r.args[0]
            value = self.resolve(r.args[1], inner)
            if not (isinstance(target, Expr) and target.head == "outer"):
                inner = self.new_scope(pattern(target), inner)
            out.append(Expr("=", self.resolve(target, inner), value))
        return out, inner

    def form_while(self, e: Expr, s: MacroScope) -> Any:
        inner = s.with_names(self.fresh(introduced(e.args[1]), s))
        return Expr("while", self.resolve(e.args[0], s), self.resolve(e.args[1], inner))

    def form_try(self, e: Expr, s: MacroScope) -> Any:
        out: list[Any] = []
        for i, part in enumerate(e.args):
            if i == 1:
                out.append(part)
                continue
            inner = s.with_names(self.fresh(introduced(part), s))
            if i == 2 and isinstance(e.args[1], (Symbol, Expr)):
                # a name that the result has around it is the same variable
                inner = inner.with_names(self.fresh(pattern(e.args[1]), inner))
                out[1] = self.resolve(e.args[1], inner)
            out.append(self.resolve(part, inner))
        return Expr("try", *out)

    def form_generator(self, e: Expr, s: MacroScope) -> Any:
        body, specs = e.args[0], list(e.args[1:])
        condition = None
        if specs and isinstance(specs[0], Expr) and specs[0].head == "filter":
            condition, specs = specs[0].args[0], list(specs[0].args[1:])
        done, inner = self.ranges(specs, s)
        inner = inner.with_names(self.fresh(introduced(body), inner))
        if condition is not None:
            done = [Expr("filter", self.resolve(condition, inner), *done)]
        return Expr("generator", self.resolve(body, inner), *done)

    def form_struct(self, e: Expr, s: MacroScope) -> Any:
        mutable, head, body = e.args
        inner = self.type_scope(head, s)
        items = []
        for item in body.args if isinstance(body, Expr) else []:
            if isinstance(item, (LineNumberNode, Symbol)):
                items.append(item)
            else:
                items.append(self.field(item, inner))
        return Expr("struct", mutable, self.resolve(head, inner), Expr("block", *items))

    def field(self, item: Any, inner: MacroScope) -> Any:
        if isinstance(item, Expr) and item.head == "const":
            return Expr("const", self.field(item.args[0], inner))
        if (
            isinstance(item, Expr)
            and item.head == "::"
            and isinstance(unescaped(item.args[0]), Symbol)
        ):
            return Expr("::", unescaped(item.args[0]), self.resolve(item.args[1], inner))
        return self.resolve(item, inner)

    def type_scope(self, head: Any, s: MacroScope) -> MacroScope:
        """A type's own name and parameters keep their names."""
        h = head
        if isinstance(h, Expr) and h.head == "<:":
            h = h.args[0]
        names = _where_names(h.args[1:]) if isinstance(h, Expr) and h.head == "curly" else []
        own = h.args[0] if isinstance(h, Expr) and h.head == "curly" else h
        if isinstance(own, Symbol):
            names = [own.name, *names]
        return s.with_names({n: Symbol(n) for n in names})

    def form_abstract(self, e: Expr, s: MacroScope) -> Any:
        inner = self.type_scope(e.args[0], s)
        return Expr(e.head, *self.several(e.args, inner))

    def form_where(self, e: Expr, s: MacroScope) -> Any:
        inner = self.new_scope(_where_names(e.args[1:]), s)
        return Expr("where", *self.several(e.args, inner))


_METHODS = {
    ".": "dot",
    "=": "assign",
    "->": "function",
    "macro": "function",
    "primitive": "abstract",
    "symboliclabel": "label",
    "symbolicgoto": "label",
}


def unescaped(e: Any) -> Any:
    """Code without its `esc` marks, where names mean themselves."""
    if isinstance(e, Expr):
        if e.head == "escape":
            return unescaped(e.args[0])
        return Expr(e.head, *map(unescaped, e.args))
    return e


def _interpolates(e: Any, depth: int) -> bool:
    """Is there a `$` that belongs to the outer quotation?"""
    if not isinstance(e, Expr):
        return False
    if e.head == "$":
        if depth == 1:
            return True
        depth -= 1
    elif e.head == "quote":
        depth += 1
    return any(_interpolates(a, depth) for a in e.args)


def _has_scope(e: Any) -> bool:
    return isinstance(e, Expr) and (e.head == "hygienic-scope" or any(map(_has_scope, e.args)))


def pattern(p: Any) -> list[str]:
    """The names that a pattern binds, as far as they are the macro's own."""
    if isinstance(p, Symbol):
        return [p.name] if p.name.strip("_") else []
    if isinstance(p, Expr):
        if p.head in ("tuple", "parameters"):
            return [n for a in p.args for n in pattern(a)]
        if p.head in ("::", "...", "=", "kw") and (p.head != "::" or len(p.args) == 2):
            return pattern(p.args[0])
    return []


def _where_names(items: Iterable[Any]) -> list[str]:
    out = []
    for v in items:
        if isinstance(v, Expr) and v.head in ("<:", ">:"):
            v = v.args[0] if len(v.args) == 2 else None
        elif isinstance(v, Expr) and v.head == "comparison":
            v = v.args[2]
        if isinstance(v, Symbol):
            out.append(v.name)
    return out


def _parameters(e: Any) -> tuple[list[str], list[str], list[str]]:
    """The names of a signature: positional, keyword, type variables."""
    wheres: list[str] = []
    while isinstance(e, Expr) and (
        e.head == "where" or (e.head == "::" and is_signature(e.args[0]))
    ):
        if e.head == "where":
            wheres += _where_names(e.args[1:])
        e = e.args[0]
    plain: list[str] = []
    keywords: list[str] = []
    items = e.args if isinstance(e, Expr) and e.head in ("tuple", "block") else [e]
    if isinstance(e, Expr) and e.head == "call":
        items = e.args[1:]
        if isinstance(e.args[0], Expr) and e.args[0].head == "::" and len(e.args[0].args) == 2:
            plain += pattern(e.args[0].args[0])
    for a in items:
        if isinstance(a, Expr) and a.head == "parameters":
            for k in a.args:
                # Who calls it says the names of keywords, but not the one that collects the others.
                collects = isinstance(k, Expr) and k.head == "..."
                (plain if collects else keywords).extend(pattern(k))
        else:
            plain += pattern(a)
    return plain, keywords, wheres


def _escaped_parameters(e: Any) -> list[str]:
    """The names of parameters that stand in `esc(…)`: the caller's, which the body means, too."""
    while isinstance(e, Expr) and (
        e.head == "where" or (e.head == "::" and is_signature(e.args[0]))
    ):
        e = e.args[0]
    if not isinstance(e, Expr) or e.head not in ("call", "tuple", "block"):
        return []
    out = []
    for a in e.args[1:] if e.head == "call" else e.args:
        for p in a.args if isinstance(a, Expr) and a.head == "parameters" else [a]:
            p = p.args[0] if isinstance(p, Expr) and p.head in ("kw", "=", "...") else p
            if isinstance(p, Expr) and p.head == "escape":
                out += pattern(unescaped(p))
            elif (
                isinstance(p, Expr)
                and p.head == "::"
                and isinstance(p.args[0], Expr)
                and p.args[0].head == "escape"
            ):
                out += pattern(unescaped(p.args[0]))
    return out


def _declared(e: Expr) -> list[str]:
    out = []
    for a in e.args:
        out += pattern(a.args[0] if isinstance(a, Expr) and a.head in ("=", *UPDATING) else a)
    return out


def introduced(e: Any) -> list[str]:
    """Names that code assigns or declares in its own scope, without those declared global."""
    found: dict[str, None] = {}
    globals_: set[str] = set()

    def visit(x: Any) -> None:
        if not isinstance(x, Expr) or x.head in _SCOPES:
            return
        if x.head == "=" or x.head in UPDATING:
            target = x.args[0]
            if isinstance(target, Expr) and is_signature(target):
                name = _own_name(target)
                if name:
                    found[name] = None
                return
            found.update(dict.fromkeys(pattern(target)))
            visit(x.args[1])
            return
        if x.head == "function":
            if isinstance(x.args[0], Symbol):
                found[x.args[0].name] = None
            elif is_signature(x.args[0]):
                name = _own_name(x.args[0])
                if name:
                    found[name] = None
            return
        if x.head == "local":
            found.update(dict.fromkeys(_declared(x)))
        if x.head == "global":
            globals_.update(_declared(x))
            return
        if x.head == "macrocall":
            for a in x.args[2:]:
                visit(a)
            return
        if x.head == "tuple":
            for a in x.args:
                if not (isinstance(a, Expr) and a.head == "="):
                    visit(a)
            return
        if x.head in ("kw", "parameters"):
            for a in x.args[1:] if x.head == "kw" else x.args:
                visit(a)
            return
        for a in x.args:
            visit(a)

    visit(e)
    return [n for n in found if n not in globals_]


def defines_function(e: Any) -> bool:
    """Is it `f(x) = …` or `function f(x) … end`?"""
    return isinstance(e, Expr) and e.head in ("=", "function") and is_signature(e.args[0])


def _own_name(signature: Any) -> str | None:
    while isinstance(signature, Expr) and signature.head in ("where", "::"):
        signature = signature.args[0]
    f = signature.args[0]
    return f.name if isinstance(f, Symbol) else None
