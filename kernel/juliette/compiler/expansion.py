"""Macro calls: finding the macro, calling it, and giving the names in its result their meaning."""

from __future__ import annotations

import inspect
from typing import Any

from juliette.compiler.hygiene import Resolver, scoped
from juliette.runtime import types as T
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import (
    JuliaException,
    LoadError,
    MethodError,
    UndefVarError,
    julia_value,
)
from juliette.runtime.modules import PACKAGES, Base, MacroFunction, Module
from juliette.syntax.expr import (
    Expr,
    GlobalRef,
    LineNumberNode,
    QuoteNode,
    Symbol,
    macro_call,
)

_QUOTED = frozenset(("quote", "inert", "meta"))


class MacroContext:
    """What a macro written in Python may ask."""

    __slots__ = ("compiler", "file", "line", "lowerer", "module")

    def __init__(self, compiler: Any, module: Module, line: int, lowerer: Any, file: str) -> None:
        self.compiler = compiler
        self.module = module
        self.line = line
        self.lowerer = lowerer
        self.file = file

    def gensym(self, hint: str = "") -> Symbol:
        return Symbol(f"##{hint}#{next_number(self.compiler)}")

    def local(self, name: str) -> Symbol:
        """A name for a local variable of the macro's own, as hygiene makes them."""
        return Symbol(f"#{next_number(self.compiler)}#{name}")


def next_number(compiler: Any) -> int:
    """A number for a name that no other code has."""
    compiler.gensyms += 1
    return int(compiler.gensyms)


class Expander:
    """Expands macro calls that stand in one module."""

    def __init__(
        self, compiler: Any, module: Module, lowerer: Any, line: int, file: str, loads: bool = True
    ) -> None:
        self.compiler = compiler
        self.module = module
        self.lowerer = lowerer
        self.line = line
        self.file = file
        # is what a macro throws a LoadError? Not for who asks for the expansion alone
        self.loads = loads
        # are macro calls in results to stay, as `macroexpand1` wants?
        self.outer_only = False

    def expand(self, e: Expr, *, keep_lines: bool = False) -> Any:
        """What one macro call stands for, with every name resolved."""
        result = self.call(e, [self.module])
        resolver = Resolver(self.rename, keep_lines)
        return resolver.resolve(result, None)

    def rename(self, name: str) -> Symbol:
        return Symbol(f"#{next_number(self.compiler)}#{name}")

    def expand_all(self, e: Any, *, once: bool = False) -> Any:
        """Code with every macro call in it expanded; `once` leaves those in the results."""
        if not isinstance(e, Expr) or e.head in _QUOTED:
            return e
        if macro_call(e) is not None:
            self.outer_only = once
            result = self.expand(e, keep_lines=True)
            return result if once else self.expand_all(result)
        return Expr(e.head, *[self.expand_all(a, once=once) for a in e.args])

    # ------------------------------------------------------------ one call

    def call(self, e: Expr, homes: list[Module]) -> Any:
        """Call the macro; the result is marked with the module whose names it uses.

        `homes` are the modules around, outermost first: the last is where the call stands.
        """
        name, source, *args = (macro_call(e) or e).args
        line = source.line if isinstance(source, LineNumberNode) and source.line else self.line
        if not isinstance(source, LineNumberNode) or source.file is None:
            source = LineNumberNode(line, Symbol(self.file))
        try:
            macro = self.find(name, homes)
            if isinstance(macro, MacroFunction):
                file = source.file.name if source.file is not None else self.file
                context = MacroContext(self.compiler, homes[-1], line, self.lowerer, file)
                check_arguments(macro, source, homes[0], args)
                return self.inside(macro.expand(context, *args), homes, top=len(homes) == 1)
            result = macro(source, homes[0], *args)
        except LoadError:
            raise
        except (JuliaException, Exception) as error:
            if not self.loads:
                raise
            found = LoadError(str(source.file or self.file), line, julia_value(error))
            raise found.with_traceback(error.__traceback__) from None
        if isinstance(result, Expr) and result.head == "quote":
            # As in Julia, what quoted code interpolates is the caller's, if the result is that code alone.
            return result
        home = home_of(macro, source, homes[0], args)
        return scoped(self.inside(result, [*homes, home]), home)

    def inside(self, e: Any, homes: list[Module], top: bool = False) -> Any:
        """Expand the macro calls in a macro's result; `top`: it is the caller's own code."""
        if top or not isinstance(e, Expr) or e.head in _QUOTED:
            return e
        if e.head == "escape":
            rest = homes[:-1]
            return e if len(rest) <= 1 else Expr("escape", self.inside(e.args[0], rest))
        call = macro_call(e)
        if call is not None and self.outer_only:
            name = call.args[0]
            where = GlobalRef(homes[-1], name) if isinstance(name, Symbol) else name
            return Expr("macrocall", where, *call.args[1:])
        if call is not None:
            return self.call(call, homes)
        if e.head == "hygienic-scope":
            return e
        return Expr(e.head, *[self.inside(a, homes) for a in e.args])

    def find(self, name: Any, homes: list[Module]) -> Any:
        """The macro that a name means where the call stands."""
        home = homes[-1]
        if isinstance(name, Expr) and name.head == "escape":
            return self.find(name.args[0], homes[:-1] or homes)
        if isinstance(name, MacroFunction) or callable(name):
            return name
        if isinstance(name, GlobalRef):
            owner: Any = name.module
            if not isinstance(owner, Module):
                owner = Base if str(owner) in ("Core", "Base") else PACKAGES[str(owner)]
            return owner.get(name.name.name if isinstance(name.name, Symbol) else name.name)
        if isinstance(name, Expr) and name.head == ".":
            owner = self.owner(name.args[0], home)
            part = name.args[1]
            part = part.value if isinstance(part, QuoteNode) else part
            if not isinstance(owner, Module):
                raise UndefVarError(part)
            return owner.get(part.name)
        return home.get(name.name)

    def owner(self, path: Any, home: Module) -> Any:
        if isinstance(path, Symbol):
            return home.get(path.name)
        if isinstance(path, Expr) and path.head == ".":
            return self.owner(path.args[0], home).get(path.args[1].value.name)
        return path


def home_of(macro: Any, source: Any, caller: Module, args: list[Any]) -> Module:
    """The module whose names a macro's result uses: that of the method, which need not be the macro's."""
    home: Module = macro.module
    methods = getattr(macro, "methods", ())
    if any(m.module is not None and m.module is not home for m in methods):
        found = macro.selected(tuple(map(T.dispatch_type, (source, caller, *args))))
        home = home if found is None or found.module is None else found.module
    return home


def check_arguments(
    macro: MacroFunction, source: LineNumberNode, module: Module, args: list[Any]
) -> None:
    """A macro that is called with too few or too many arguments has no method for them.

    Nor has one for anything but names, where its parameter is a `Symbol`.
    """
    parameters = list(inspect.signature(macro.expand).parameters.values())[1:]
    most = None if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(parameters)
    least = sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    if most is None and not least and macro.name not in _WITHOUT_ARGUMENTS:
        least = 1
    named = zip(args, (p.annotation for p in parameters), strict=False)
    unfit = any(kind == "Symbol" and not isinstance(a, Symbol) for a, kind in named)
    if len(args) < least or (most is not None and len(args) > most) or unfit:
        raise MethodError(GenericFunction(macro.name, macro.module), (source, module, *args), None)


# Macros of any number of arguments that may have none.
_WITHOUT_ARGUMENTS = frozenset(
    (
        "@show",
        "@gensym",
        "@generated",
        "@something",
        "@coalesce",
        "@inbounds",
        "@inline",
        "@noinline",
        "@nospecialize",
        "@specialize",
        "@propagate_inbounds",
        "@_inline_meta",
        "@_noinline_meta",
        "@_propagate_inbounds_meta",
        "@polly",
        "@boundscheck",
    )
)
