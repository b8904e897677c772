"""What belongs to modules: `using`, `import`, `export`."""

from __future__ import annotations

from juliette.compiler import core as C
from juliette.compiler.lower.forms import problem
from juliette.compiler.lower.scopes import Scoping
from juliette.syntax.expr import Expr, Symbol


class Modules(Scoping):
    """`using M`, `import M: f`, `export f`."""

    def lower_module(self, e: Expr) -> C.Node:
        raise problem('"module" expression not at top level')

    def _at_top_level(self, e: Expr) -> None:
        if not self.function.toplevel:
            raise problem(f'"{e.head}" expression not at top level')

    def lower_using(self, e: Expr) -> C.Node:
        self._at_top_level(e)
        if not e.args or not all(isinstance(a, Expr) for a in e.args):
            raise problem(f'malformed "{e.head}" statement')
        return C.Call(C.Runtime("use"), [C.Const(self.module), C.Const(e)])

    lower_import = lower_using

    def lower_export(self, e: Expr) -> C.Node:
        self._at_top_level(e)
        if not all([isinstance(a, Symbol) for a in e.args]):
            raise problem('malformed "export" statement')
        return C.Call(
            C.Runtime("export"), [C.Const(self.module), C.Const(tuple(a.name for a in e.args))]
        )
