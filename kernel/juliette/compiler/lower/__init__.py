"""Lowering: expressions to the core language, with names resolved.

One method per expression head, each in the module of its family.  Scopes follow the Julia manual:
functions, `let`, loops, `try` and comprehensions open local scopes; at top level, loops and `try`
are soft scopes that assign to existing globals in interactive use.

- `assignment`: assignment, destructuring, updating, declarations
- `calls`: calls, indexing, comparisons
- `code`: methods in core form, families of local methods
- `containers`: tuples, arrays, comprehensions, strings
- `control`: branches, loops, `let`, `try`
- `dots`: dotted calls, fused into one broadcast
- `forms`: questions about syntax trees
- `functions`: methods of global and of local functions, lambdas
- `jumps`: `@goto` and `@label`, as loops
- `modules`: `using`, `import`, `export`
- `quoting`: quoted code and macros
- `scopes`: names, captures, what a piece of code assigns
- `signatures`: method signatures taken apart
- `types`: types in expressions, definitions of types
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from juliette.compiler import core as C
from juliette.compiler.lower.assignment import Assignment
from juliette.compiler.lower.calls import Calls
from juliette.compiler.lower.code import Family, LambdaCode
from juliette.compiler.lower.containers import Containers
from juliette.compiler.lower.control import Control
from juliette.compiler.lower.dots import Dots
from juliette.compiler.lower.forms import (
    UPDATING,
    SyntaxProblem,
    is_signature,
    problem,
    same_global,
    shown,
    signature_name,
    static_variable,
)
from juliette.compiler.lower.functions import Functions
from juliette.compiler.lower.modules import Modules
from juliette.compiler.lower.quoting import Quoting
from juliette.compiler.lower.types import Types
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol

__all__ = [
    "UPDATING",
    "Family",
    "LambdaCode",
    "Lowerer",
    "SyntaxProblem",
    "is_signature",
    "problem",
    "signature_name",
    "static_variable",
]

HEADS = {
    "=": "assign",
    ".=": "dot_assign",
    ".": "dot",
    "&&": "and",
    "||": "or",
    "->": "lambda",
    "'": "adjoint",
    "::": "typed",
    "<:": "subtype",
    ">:": "subtype",
    "$": "unquote",
    "...": "splat",
    "elseif": "if",
    "&": "and_of_pointer",
    "-->": "arrow",
    ":=": "unknown_assignment",
    ".&&": "dotand",
    ".||": "dotand",
}


class Lowerer(Assignment, Dots, Calls, Types, Containers, Control, Functions, Quoting, Modules):
    """Lowers one top-level expression.

    `host` answers what only the session knows: `expand_macro(expr, module)`, `has_global(name)`,
    `anonymous_name()`, `soft_scope`, `warn_soft(name)`.
    """

    def toplevel(self, e: Any) -> C.Node:
        found = self.assigned_in(e)
        self.own_globals = frozenset(found.assigned).union(found.globals_) - found.locals_
        if found.locals_:
            # `local` at top level: the variable lives as long as the statement.
            node = self.in_scope(lambda: self.lower(e), names=sorted(found.locals_), soft=True)
        else:
            node = self.lower(e)
        return self.without_jumps(node)

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
        if home is self.module or (
            not isinstance(home, str) and same_global(home, self.module, name)
        ):
            if not self.function.toplevel:
                self.host.inside.read.add(name)
            self.module.demand(name)
            return C.Global(name)
        self.host.inside.read.add(name)
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
            raise problem(
                "all-underscore identifiers are write-only and their values cannot be used in "
                "expressions"
            )
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
        if not self.function.toplevel or self.scope is not None:
            raise problem('"toplevel" expression not at top level')
        return self.block(e.args)

    def lower_error(self, e: Expr) -> C.Node:
        """What a macro answers with when its arguments are wrong."""
        raise problem(str(e.args[0]) if e.args else "malformed expression")

    def lower_and_of_pointer(self, e: Expr) -> C.Node:
        raise problem(f"invalid syntax {shown(e)}")

    def lower_splat(self, e: Expr) -> C.Node:
        raise problem('"..." expression outside call')

    def lower_kw(self, e: Expr) -> C.Node:
        raise problem("misplaced keyword argument")

    def lower_parameters(self, e: Expr) -> C.Node:
        raise problem('misplaced ";" arguments')
