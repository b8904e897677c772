"""Modules, their bindings, and how Base is filled.

A Julia module *is* a globals dictionary, and its `__builtins__` is the dictionary of what it
`using`s: looking a name up is Python's own, and a later `using` is seen at once.

`@Base.method("sum(A::AbstractArray; dims=:)")` is the one definition of a method written in Python:
the header is Julia, read by our own parser when the function is first called.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from juliette.runtime import type_names
from juliette.runtime import types as T
from juliette.runtime import values as values  # its types are among those named here
from juliette.runtime.builtin_methods import Builtin, eval_type, function_name, parse_header
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Implementation
from juliette.runtime.errors import UndefVarError
from juliette.runtime.interrupts import UNINTERRUPTED
from juliette.syntax.conversion import core_module
from juliette.syntax.expr import GlobalRef, Symbol


class Bindings(dict[str, Any]):
    """The bindings of a module some of whose names are made when they are first met."""

    __slots__ = ("deferred",)

    def __init__(self, known: dict[str, Any] | None = None) -> None:
        super().__init__(known or {})
        # name -> the Python modules that define it
        self.deferred: dict[str, list[str]] = {}

    def complete(self, name: str) -> None:
        """Import what defines a name, or adds methods to it."""
        for python_module in self.deferred.pop(name, ()):
            with UNINTERRUPTED:
                importlib.import_module(python_module)

    def __missing__(self, name: str) -> Any:
        self.complete(name)
        if name in self:
            return self[name]
        raise KeyError(name)


class Module:
    """A Julia module."""

    __slots__ = (
        "__weakref__",
        "anonymous_count",
        "bare",
        "bindings",
        "conflicts",
        "consts",
        "declared",
        "docs",
        "exports",
        "implicit",
        "imported",
        "listed",
        "loader",
        "macros",
        "name",
        "parent",
        "resolved",
        "used",
        "users",
        "visible",
    )

    def __init__(self, name: str, parent: Module | None = None) -> None:
        self.name = name
        self.parent = parent if parent is not None else self
        self.bindings: dict[str, Any] = {}
        self.visible: dict[str, Any] = {}
        self.bindings["__builtins__"] = self.visible
        # how a frame of the module's code finds it
        self.bindings["%module"] = self
        self.exports: set[str] = set()
        self.consts: set[str] = set()
        self.imported: set[str] = set()
        # the types of typed globals: `x::Int = 1`
        self.declared: dict[str, Any] = {}
        self.implicit: dict[str, Module] = {}
        # names of used modules that code here has used
        self.resolved: set[str] = set()
        # names brought by `using A: f`, which cannot be extended
        self.listed: set[str] = set()
        # names that two used modules export
        self.conflicts: dict[str, tuple[Module, Module]] = {}
        # modules that use this one
        self.users: list[Module] = []
        self.docs: dict[str, str] = {}
        self.used: list[Module] = []
        self.anonymous_count = 0
        self.loader: Callable[[], Any] | None = None

    def load(self) -> None:
        """Fill the module, if its contents are made only when wanted."""
        loader, self.loader = self.loader, None
        if loader is not None:
            try:
                with UNINTERRUPTED:
                    loader()
            except BaseException:
                self.loader = loader
                raise

    def get(self, name: str) -> Any:
        """The value of a name; raises UndefVarError."""
        try:
            return self.bindings[name]
        except KeyError:
            pass
        self.load()
        self.demand(name)
        for where in (self.bindings, self.visible):
            if name in where:
                return where[name]
        raise UndefVarError(Symbol(name))

    def has(self, name: str) -> bool:
        self.load()
        self.demand(name)
        return name in self.bindings or name in self.visible

    def bundled(self, name: str) -> Module | None:
        """The bundled package of a name that has no other meaning here."""
        return PACKAGES.get(name) if name in PACKAGES and not self.has(name) else None

    def defer(self, chapters: dict[str, str], extended: dict[str, str]) -> None:
        """Have Python modules imported when one of the names that they define is first met.

        The compiler demands every global name that it meets, so generated code finds it in place.
        `extended` names functions that are there already and get more methods when first called.
        """
        assert isinstance(self.bindings, Bindings)
        for python_module, names in chapters.items():
            for name in names.split():
                self.bindings.deferred.setdefault(name, []).append(python_module)
        for python_module, names in extended.items():
            for name in names.split():
                value = self.bindings[name]
                function = constructors(value) if isinstance(value, T.JuliaType) else value
                function.announce(functools.partial(importlib.import_module, python_module))

    def demand(self, name: str) -> None:
        """See to it that a name is there, if there is such a name."""
        for bindings in (self.bindings, self.visible, *(m.bindings for m in self.used)):
            if type(bindings) is Bindings and name in bindings.deferred:
                bindings.complete(name)
        if name in self.bindings or name in self.visible or name in self.conflicts:
            return
        for other in self.used:
            if name in other.exports and name in other.bindings:
                self.visible[name] = other.bindings[name]
                self.implicit[name] = other

    def set(self, name: str, value: Any, *, const: bool = False) -> None:
        self.bindings[name] = value
        if const:
            self.consts.add(name)

    def using(self, other: Module) -> None:
        """`using Other`: all that it exports becomes visible."""
        other.load()
        if other not in self.used:
            self.used.append(other)
        for name in other.exports:
            if name in other.bindings:
                self.visible[name] = other.bindings[name]
                self.implicit[name] = other

    def own_names(self) -> Iterator[str]:
        """Names that belong to this module, as they may follow `Module.`"""
        self.load()
        deferred = self.bindings.deferred if type(self.bindings) is Bindings else ()
        for where in (self.bindings, deferred):
            for name in where:
                if not name.startswith(("__", "%", "#")):
                    yield name

    def names(self) -> Iterator[str]:
        """Names that can be written in this module: its own, and what the modules in use export."""
        yield from self.own_names()
        for other in self.used:
            yield from sorted(other.exports)

    @property
    def path(self) -> tuple[str, ...]:
        if self.parent is self:
            return (self.name,)
        return (*self.parent.path, self.name) if self.parent.name != "Main" else ("Main", self.name)

    def __repr__(self) -> str:
        return self.name

    # ------------------------------------------------------------ filling it from Python

    def method(
        self,
        header: str,
        *,
        export: bool = True,
        transparent: bool = False,
        rule: Any = None,
        static: bool = False,
        specialised: bool = False,
    ) -> Callable[[Implementation], Implementation]:
        """Define a method in Python under a Julia header.

        `transparent`: it calls only generic functions, so gradients flow through it as it stands.
        `static`: it takes the values of the header's `where` variables as its first arguments.
        `specialised`: it takes the types of the arguments and gives the code for them.
        """

        def register(f: Implementation) -> Implementation:
            builtin = Builtin(self, header, f, transparent, rule, static)
            builtin.specialised = specialised
            name = function_name(header)
            if name is None:
                CALLABLES.announce(lambda: builtin.define(CALLABLES))
                return f
            target = self.bindings.get(name)
            if target is None:
                try:
                    target = self.visible[name]
                except KeyError:
                    target = None
            if isinstance(target, T.JuliaType):
                table = constructors(target)
                table.announce(lambda: builtin.define(table, target))
                return f
            if target is None:
                target = GenericFunction(name, self)
                self.set(name, target, const=True)
                if type(self.bindings) is Bindings:
                    # other modules that add methods to it
                    for python_module in self.bindings.deferred.pop(name, ()):
                        target.announce(functools.partial(importlib.import_module, python_module))
            if export:
                self.exports.add(name)
            function: GenericFunction = target
            function.announce(lambda: builtin.define(function))
            return f

        return register

    def type(self, declaration: str, **options: Any) -> Callable[[type], type]:
        """Make a Python class the class of a Julia type, say `"Pair{A,B}"` or `"Char <: AbstractChar"`."""

        def register(cls: type) -> type:
            name, _, parent = declaration.partition("<:")
            sup = eval_type(parse_header(parent), self, {}) if parent.strip() else None
            t = T.define(name.strip(), sup, module=self, **options)
            T.register_class(cls, t)
            fields = getattr(cls, "fields", None)
            if fields:
                t.typename.fields = tuple(fields)
                t.typename.field_types = tuple(getattr(cls, "field_types", ())) or (T.Any_,) * len(
                    fields
                )
                t.typename.ninitialized = len(fields)
            self.set(name.strip(), t, const=True)
            self.exports.add(name.strip())
            return cls

        return register

    def const(self, name: str, value: Any, *, export: bool = True) -> None:
        """A constant of the module."""
        self.set(name, value, const=True)
        if export:
            self.exports.add(name)

    def macro(self, name: str, *, export: bool = True) -> Callable[[Any], Any]:
        """A macro written in Python: `f(context, *args) -> Expr`."""

        def register(f: Any) -> Any:
            self.set("@" + name, MacroFunction("@" + name, self, f), const=True)
            if export:
                self.exports.add("@" + name)
            return f

        return register


class MacroFunction:
    """A macro whose expander is a Python function of (context, *argument expressions)."""

    __slots__ = ("expand", "hygienic", "module", "name")

    def __init__(self, name: str, module: Module, expand: Any) -> None:
        self.name = name
        self.module = module
        self.expand = expand
        self.hygienic = False


def constructors(t: Any) -> GenericFunction:
    """The table of constructor methods of a type's family."""
    family = T.unwrap(t).typename
    if family.constructors is None:
        family.constructors = GenericFunction(family.name, family.module)
        T.CONVERSIONS.clear()
    return family.constructors  # type: ignore[no-any-return]


# ---------------------------------------------------------------- the first modules

Core = Module("Core")
Base = Module("Base")
Base.bindings = Bindings()
Base.bindings["__builtins__"] = Base.visible
Main = Module("Main")
Core.parent = Core
core_module[0] = Core
GlobalRef_ = T.define("GlobalRef", module=Core)
T.register_class(GlobalRef, GlobalRef_)
Core.bindings["GlobalRef"] = GlobalRef_
# Types that are written `Base.OneTo`.
_UNEXPORTED = frozenset(
    (
        "Adjoint",
        "IdentityUnitRange",
        "OneTo",
        "ParseError",
        "RefArray",
        "RefValue",
        "ReinterpretArray",
        "ReshapedArray",
        "Slice",
        "Transpose",
        "TwicePrecision",
    )
)
for _name, _t in T.CORE_TYPES.items():
    Base.const(_name, _t, export=_name not in _UNEXPORTED)
    Core.bindings[_name] = _t
    if isinstance(T.unwrap(_t), T.DataType) and T.unwrap(_t).typename.module is None:
        T.unwrap(_t).typename.module = Base if _name in _UNEXPORTED else Core


class _Session:
    """The Main module of the session that is running: names that it sees need no prefix."""

    def __init__(self) -> None:
        self.main: Module = Main
        # the place of the active project, where one was chosen
        self.project: str | None = None
        # the folders of packages that `Pkg.develop` was told of
        self.developed: dict[str, str] = {}
        self.base_aliases: tuple[int, list[tuple[str, Any]]] = (0, [])


SESSION = _Session()


def _qualified(family: T.TypeName) -> str:
    """A type's name as it must be written in Main."""
    module, name = family.module, family.name
    if family in (T.TypeofBottom.typename, T.TypeofVararg.typename):
        return f"Core.{name}"
    if module is None or module is Core or not isinstance(module, Module):
        last = name.rpartition(".")[2]
        # Types of Base's own modules, such as `Base.Threads.Atomic`.
        return last if last != name and _seen_in_main(last, family) else name
    plain = is_plain_name(name) or "(" in name or name.startswith('var"')
    shown = name if plain else f'var"{name}"'
    if module is Base and name in Base.exports:
        return name
    if name.startswith("typeof("):
        return f"typeof({_function_name(family.singleton, module, name[7:-1])})"
    if _seen_in_main(name, family):
        return shown
    if module is SESSION.main or module.name == "Main" or name.startswith('var"'):
        return shown
    return ".".join(module.path) + "." + shown


def _seen_in_main(name: str, family: T.TypeName) -> bool:
    """Does a name mean this type in Main?"""
    main = SESSION.main
    value = main.bindings.get(name, main.visible.get(name))
    return isinstance(value, T.JuliaType) and value is family.wrapper


def _function_name(f: Any, module: Module, name: str) -> str:
    """A function's name as it must be written in Main: `sin`, `Base.Iterators.flatten`, `Main.M.:+`."""
    if module.bindings.get(name) is not f:
        return name
    main = SESSION.main
    for where in (
        main.bindings,
        main.visible,
        {n: Base.bindings[n] for n in (name,) if n in Base.exports},
    ):
        if name in where:
            if where[name] is f:
                return name
            break
    if module is main or module.name == "Main":
        return name
    if not is_plain_name(name):
        name = f":({name})" if name in (":", "==", "===", "=>", "=") else f":{name}"
    return ".".join(module.path) + "." + name


@functools.cache
def is_plain_name(name: str) -> bool:
    """Can a name be written as it stands?"""
    return (
        bool(name)
        and (name[0].isalpha() or name[0] in "_∇")
        and all(c.isalnum() or c in "_!′" or not c.isascii() for c in name)
    )


def _aliases(module: Any) -> list[tuple[str, Any]]:
    """The aliases of types that a module exports, as they must be written in Main; all of Main's."""
    if module is Core or module is Base:
        size = len(Base.bindings)
        if SESSION.base_aliases[0] != size:
            SESSION.base_aliases = size, _find_aliases(Base, Base.exports)
        return SESSION.base_aliases[1]
    if not isinstance(module, Module):
        return []
    if module.name == "Main":
        return _find_aliases(module, module.consts)
    main, prefix = SESSION.main, ".".join(module.path)
    return [
        (name if main.bindings.get(name, main.visible.get(name)) is t else f"{prefix}.{name}", t)
        for name, t in _find_aliases(module, module.exports)
    ]


def _find_aliases(module: Module, names: set[str]) -> list[tuple[str, Any]]:
    out = []
    for name in names:
        t = module.bindings.get(name)
        if isinstance(t, T.JuliaType) and name in module.consts and not name.startswith("%"):
            body = T.unwrap(t)
            if not (isinstance(body, T.DataType) and body.typename.wrapper is t):
                out.append((name, t))
    return out


type_names.set_names(_qualified, _aliases)

# What `using X` and `import X` can find: bundled packages and the standard library.
PACKAGES: dict[str, Module] = {}
# Those that only say why they are not there.
REFUSED: set[str] = set()
# The versions of packages that are not Julia's own.
VERSIONS: dict[str, str] = {}


def package(name: str, loader: Callable[[Module], None] | None = None) -> Module:
    """Announce a package; `loader` fills it when it is first used."""
    module = Module(name)
    module.visible = module.bindings["__builtins__"] = Base.bindings
    module.bindings[name] = module
    if loader is not None:
        module.loader = lambda: loader(module)
    PACKAGES[name] = module
    return module
