"""The compiler as a session uses it: statements of a module in, values out.

Here live the parts of lowering that need to know the session: macro expansion with hygiene, struct
definitions, modules, and what `using` finds.
"""

from __future__ import annotations

from typing import Any

from juliette.compiler import core as C
from juliette.compiler import python_backend as backend
from juliette.compiler import support
from juliette.compiler.lower import Lowerer, is_signature, problem, signature_name, static_variable
from juliette.runtime.dispatch import GenericFunction
from juliette.runtime.errors import ArgumentError, ErrorException, LoadError, UndefVarError
from juliette.runtime.modules import PACKAGES, Base, MacroFunction, Main, Module
from juliette.syntax.expr import Expr, GlobalRef, LineNumberNode, QuoteNode, Symbol


class Compiler:
    """Compiles and runs top-level expressions."""

    def __init__(self, soft_scope: bool = True) -> None:
        self.soft_scope = soft_scope
        self.gensyms = 0
        self.module = Main
        self.warned: set[tuple[str, str, int]] = set()

    # ------------------------------------------------------------ what lowering asks

    def has_global(self, module: Module, name: str) -> bool:
        return name in module.bindings

    def warn_soft(self, name: str, file: str, line: int) -> None:
        if (name, file, line) in self.warned:
            return
        self.warned.add((name, file, line))
        support.WARN(
            f"┌ Warning: Assignment to `{name}` in soft scope is ambiguous because a global variable by the "
            f"same name exists: `{name}` will be treated as a new local. Disambiguate by using `local {name}` "
            f"to suppress this warning or `global {name}` to assign to the existing global variable.\n"
            f"└ @ {file}:{line}\n"
        )

    def anonymous_name(self, module: Module) -> str:
        module.anonymous_count += 1
        name = f"#{module.anonymous_count}"
        module.anonymous_count += 1
        return name

    # ------------------------------------------------------------ running

    def run(self, e: Any, module: Module, file: str, line: int = 1) -> Any:
        """Run one top-level expression and return its value."""
        if isinstance(e, LineNumberNode):
            return None
        if isinstance(e, Expr):
            if e.head == "toplevel":
                value = None
                for item in e.args:
                    if isinstance(item, LineNumberNode):
                        line = item.line
                        continue
                    value = self.run(item, module, file, line)
                return value
            if e.head == "module":
                return self.define_module(e, module, file, line)
            if e.head == "macrocall":
                expanded = self.expand_macro(e, module, None, line)
                if isinstance(expanded, Expr) and expanded.head in ("toplevel", "module", "macrocall"):
                    return self.run(expanded, module, file, line)
                e = expanded
        node = self.lower(e, module, file, line)
        function = backend.compile_toplevel(node, module, file, line)
        return function()

    def lower(self, e: Any, module: Module, file: str, line: int) -> C.Node:
        return Lowerer(module, self, file, line).toplevel(e)

    def define_module(self, e: Expr, parent: Module, file: str, line: int) -> Module:
        standard, name, body = e.args
        module = Module(name.name, parent)
        module.using(Base)
        support.install(module)
        module.bindings[name.name] = module
        self.add_module_functions(module, file)
        parent.set(name.name, module, const=True)
        for item in body.args:
            if isinstance(item, LineNumberNode):
                line = item.line
                continue
            self.run(item, module, file, line)
        return module

    def add_module_functions(self, module: Module, file: str) -> None:
        """`eval` and `include` of a module."""

        def eval_(*args: Any) -> Any:
            target, e = (module, args[0]) if len(args) == 1 else args
            return self.run(e, target, file)

        module.bindings.setdefault("eval", eval_)
        module.bindings.setdefault("include", lambda path: INCLUDE(self, module, path))

    # ------------------------------------------------------------ macros

    def expand_macro(self, e: Expr, module: Module, lowerer: Any, line: int = 0) -> Any:
        """What a macro call stands for."""
        name, source = e.args[0], e.args[1]
        args = list(e.args[2:])
        macro = self.find_macro(name, module)
        if isinstance(source, LineNumberNode):
            line = source.line
        if isinstance(macro, MacroFunction):
            context = MacroContext(self, module, line, lowerer, lowerer.file if lowerer else "none")
            return macro.expand(context, *args)
        expansion = macro(source, module, *args)
        return self.hygiene(expansion, macro.module, {})

    def find_macro(self, name: Any, module: Module) -> Any:
        if isinstance(name, GlobalRef):
            home = Base if str(name.module) in ("Core", "Base") else PACKAGES[str(name.module)]
            return home.get(name.name)
        if isinstance(name, Expr) and name.head == ".":
            owner = self.run(name.args[0], module, "none")
            return owner.get(name.args[1].value.name)
        try:
            return module.get(name.name)
        except UndefVarError:
            raise LoadErrorAtMacro(name.name) from None

    def hygiene(self, e: Any, home: Module, renamed: dict[str, Symbol]) -> Any:
        """Resolve a user macro's result: its locals get new names, its globals are its module's."""
        if isinstance(e, Expr):
            if e.head == "escape":
                return e.args[0]
        names: dict[str, Symbol] = dict(renamed)
        for n in _introduced(e):
            if n not in names:
                self.gensyms += 1
                names[n] = Symbol(f"#{self.gensyms}#{n}")
        return self._rename(e, home, names)

    def _rename(self, e: Any, home: Module, names: dict[str, Symbol]) -> Any:
        if isinstance(e, Symbol):
            if e.name in names:
                return names[e.name]
            if home is not Main and home.has(e.name):
                return GlobalRef(home, e.name)
            return e
        if not isinstance(e, Expr):
            return e
        if e.head == "escape":
            return self._unescape(e.args[0])
        if e.head in ("quote", "inert", "meta", "using", "import", "export"):
            return e
        if e.head == "kw":
            return Expr("kw", e.args[0], self._rename(e.args[1], home, names))
        if e.head == "." and len(e.args) == 2:
            second = e.args[1]
            return Expr(".", self._rename(e.args[0], home, names),
                        second if isinstance(second, QuoteNode) else self._rename(second, home, names))
        if e.head == "macrocall":
            return Expr("macrocall", e.args[0], e.args[1], *[self._rename(a, home, names) for a in e.args[2:]])
        return Expr(e.head, *[self._rename(a, home, names) for a in e.args])

    def _unescape(self, e: Any) -> Any:
        return e

    # ------------------------------------------------------------ types

    def lower_struct(self, lowerer: Lowerer, e: Expr) -> C.Node:
        mutable, head, body = e.args
        name, params, sup = type_head(head)
        fields: list[str] = []
        types: list[Any] = []
        constructors: list[Any] = []
        for item in body.args:
            if isinstance(item, Expr) and item.head == "const":
                item = item.args[0]
            if isinstance(item, Symbol):
                fields.append(item.name)
                types.append(None)
            elif isinstance(item, Expr) and item.head == "::":
                fields.append(item.args[0].name)
                types.append(item.args[1])
            elif isinstance(item, Expr) and (item.head == "function" or is_signature_of(item)):
                constructors.append(item)
            elif isinstance(item, (LineNumberNode, str)):
                continue
            elif isinstance(item, Expr) and item.head == "macrocall":
                continue
            else:
                constructors.append(item)
        family = Symbol(name)

        def build() -> C.Node:
            out: list[C.Node] = []
            variables: list[C.Node] = []
            for v in params:
                n, low, high = static_variable(v)
                out.append(lowerer.assign(n, C.Call(C.Runtime("typevar"), [
                    C.Const(n), lowerer.lower(low) if low is not None else C.Const(None),
                    lowerer.lower(high) if high is not None else C.Const(None)])))
                variables.append(lowerer.read(n))
            made = lowerer.temp("type")
            out.append(C.Assign(made, C.Call(C.Runtime("define_struct"), [
                C.Const(lowerer.module), C.Const(name), C.MakeTuple(variables),
                lowerer.lower(sup) if sup is not None else C.Const(None), C.Const(bool(mutable)),
            ])))
            # Field types may mention the type itself.
            held = lowerer.temp("self")
            out.append(C.Assign(held, C.Local(made)))
            field_nodes = [
                C.Runtime("Any") if t is None else self._field_type(lowerer, t, name, made) for t in types
            ]
            out.append(C.Call(C.Runtime("define_fields"), [
                C.Const(lowerer.module), C.Local(made), C.Const(tuple(fields)), C.MakeTuple(field_nodes),
                C.Const(not constructors),
            ]))
            return C.Block(out)

        names = [static_variable(v)[0] for v in params]
        node = lowerer.in_scope(build, names=names)
        inner = [self.inner_constructor(c, family, params) for c in constructors]
        return C.Block([node, *[lowerer.lower(c) for c in inner], C.Const(None)])

    def _field_type(self, lowerer: Lowerer, t: Any, name: str, made: C.Var) -> C.Node:
        def replace(e: Any) -> Any:
            if isinstance(e, Symbol) and e.name == name:
                return C.Local(made)
            if isinstance(e, Expr):
                return Expr(e.head, *map(replace, e.args))
            return e

        return lowerer.lower(replace(t))

    def inner_constructor(self, e: Any, family: Symbol, params: list[Any]) -> Any:
        """`new(…)` inside a constructor, spelled out."""
        names = [Symbol(static_variable(v)[0]) for v in params]

        def replace(x: Any) -> Any:
            if isinstance(x, Expr):
                if x.head == "call" and x.args[0] == Symbol("new"):
                    t: Any = Expr("curly", family, *names) if names else family
                    return Expr("call", C.Runtime("new"), t, *map(replace, x.args[1:]))
                if x.head == "call" and isinstance(x.args[0], Expr) and x.args[0].head == "curly" and x.args[0].args[0] == Symbol("new"):
                    t = Expr("curly", family, *x.args[0].args[1:])
                    return Expr("call", C.Runtime("new"), t, *map(replace, x.args[1:]))
                return Expr(x.head, *map(replace, x.args))
            return x

        return replace(e)

    def lower_abstract(self, lowerer: Lowerer, head: Any, bits: Any) -> C.Node:
        name, params, sup = type_head(head)

        def build() -> C.Node:
            out: list[C.Node] = []
            variables: list[C.Node] = []
            for v in params:
                n, low, high = static_variable(v)
                out.append(lowerer.assign(n, C.Call(C.Runtime("typevar"), [
                    C.Const(n), lowerer.lower(low) if low is not None else C.Const(None),
                    lowerer.lower(high) if high is not None else C.Const(None)])))
                variables.append(lowerer.read(n))
            out.append(C.Call(C.Runtime("define_abstract"), [
                C.Const(lowerer.module), C.Const(name), C.MakeTuple(variables),
                lowerer.lower(sup) if sup is not None else C.Const(None), C.Const(bits),
            ]))
            return C.Block([*out, C.Const(None)])

        return lowerer.in_scope(build, names=[static_variable(v)[0] for v in params])


class LoadErrorAtMacro(UndefVarError):
    """A macro that is not defined."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(Symbol(name))


from juliette.runtime import types as _T  # noqa: E402

_T.register_class(LoadErrorAtMacro, _T.CORE_TYPES["UndefVarError"])


class MacroContext:
    """What a macro written in Python may ask."""

    __slots__ = ("compiler", "file", "line", "lowerer", "module")

    def __init__(self, compiler: Compiler, module: Module, line: int, lowerer: Any, file: str) -> None:
        self.compiler = compiler
        self.module = module
        self.line = line
        self.lowerer = lowerer
        self.file = file

    def gensym(self, hint: str = "") -> Symbol:
        self.compiler.gensyms += 1
        return Symbol(f"##{hint}#{self.compiler.gensyms}")


def is_signature_of(e: Expr) -> bool:
    return e.head == "=" and isinstance(e.args[0], Expr) and is_signature(e.args[0])


def type_head(e: Any) -> tuple[str, list[Any], Any]:
    """(name, parameters, supertype) of `P{T} <: S`."""
    sup = None
    if isinstance(e, Expr) and e.head == "<:":
        e, sup = e.args
    params: list[Any] = []
    if isinstance(e, Expr) and e.head == "curly":
        params = list(e.args[1:])
        e = e.args[0]
    if not isinstance(e, Symbol):
        raise problem("invalid type signature")
    return e.name, params, sup


def _introduced(e: Any) -> set[str]:
    """Names that an unescaped part of a macro's result assigns or binds."""
    out: set[str] = set()

    def pattern(p: Any) -> None:
        if isinstance(p, Symbol):
            out.add(p.name)
        elif isinstance(p, Expr) and p.head in ("tuple", "::", "...", "parameters"):
            for a in p.args[:1] if p.head == "::" else p.args:
                pattern(a)

    def visit(x: Any) -> None:
        if not isinstance(x, Expr) or x.head in ("escape", "quote", "inert"):
            return
        if x.head == "=" or (x.head.endswith("=") and x.head[:-1] in "+-*/^÷%"):
            target = x.args[0]
            if isinstance(target, Expr) and is_signature(target):
                name = signature_name(target)
                if name:
                    out.add(name)
                for a in target.args[1:]:
                    pattern(a)
            else:
                pattern(target)
        elif x.head in ("local",):
            for a in x.args:
                pattern(a.args[0] if isinstance(a, Expr) and a.head == "=" else a)
        elif x.head == "->":
            pattern(x.args[0])
        elif x.head == "try" and isinstance(x.args[1], Symbol):
            out.add(x.args[1].name)
        for a in x.args:
            visit(a)

    visit(e)
    return out


# ---------------------------------------------------------------- using and import


def use(module: Module, e: Expr) -> None:
    """Run a `using` or `import` statement."""
    whole = e.head == "using"
    for spec in e.args:
        if spec.head == ":":
            source = find_module(module, spec.args[0])
            for item in spec.args[1:]:
                path, alias = (item.args[0], item.args[1].name) if item.head == "as" else (item, None)
                name = path.args[0].name
                if not source.has(name):
                    raise UndefVarError(Symbol(name))
                module.import_name(source, name, alias)
            continue
        alias = None
        if spec.head == "as":
            spec, alias = spec.args[0], spec.args[1].name
        try:
            source = find_module(module, spec)
        except ArgumentError:
            if whole or len(spec.args) < 2:
                raise
            owner = find_module(module, Expr(".", *spec.args[:-1]))
            module.import_name(owner, spec.args[-1].name, alias)
            continue
        source.load()
        module.set(alias or source.name, source, const=True)
        if whole:
            module.using(source)


def find_module(module: Module, path: Expr) -> Module:
    """The module that `A.B` or `..A` names after `using`."""
    names = [a.name for a in path.args]
    dots = 0
    while names and names[0] == ".":
        names.pop(0)
        dots += 1
    if dots:
        found: Any = module
        for _ in range(dots - 1):
            found = found.parent
    else:
        first = names.pop(0)
        if first in PACKAGES:
            found = PACKAGES[first]
        elif first in ("Base", "Main", "Core"):
            found = {"Base": Base, "Main": Main, "Core": Base}[first]
        else:
            raise ArgumentError(missing_package(first))
        found.load()
    for name in names:
        found = found.get(name)
        if not isinstance(found, Module):
            raise ArgumentError(f"{name} is not a module")
        found.load()
    return found  # type: ignore[no-any-return]


def missing_package(name: str) -> str:
    return (
        f"Package {name} not found in current path.\n"
        f"- Juliette bundles {', '.join(sorted(n for n in PACKAGES))}; other packages cannot be installed."
    )


support.HELPERS["%use"] = use


def _include(compiler: Compiler, module: Module, path: str) -> Any:
    from pathlib import Path

    from juliette.syntax import parse_all

    text = Path(path).read_text(encoding="utf-8")
    tree, _ = parse_all(text, path, 1, literal)
    value = None
    line = 1
    for item in tree.args:
        if isinstance(item, LineNumberNode):
            line = item.line
            continue
        try:
            value = compiler.run(item, module, path, line)
        except (ErrorException, Exception) as e:
            if isinstance(e, LoadError):
                raise
            raise LoadError(path, line, support.julia_value(e)) from e
    return value


INCLUDE = _include


def literal(kind: str, value: Any) -> Any:
    """A literal that the parser leaves to the runtime."""
    import numpy as np

    from juliette.runtime.values import Char

    if kind == "Char":
        return Char(value if isinstance(value, int) else ord(value))
    simple = {
        "Float32": np.float32, "UInt8": np.uint8, "UInt16": np.uint16, "UInt32": np.uint32, "UInt64": np.uint64,
    }
    if kind in simple:
        return simple[kind](value)
    make = WIDE_LITERALS.get(kind)
    if make is None:
        raise ErrorException(f"{kind} literals are not supported")
    return make(value)


WIDE_LITERALS: dict[str, Any] = {}


def is_function(x: Any) -> bool:
    return isinstance(x, GenericFunction)
