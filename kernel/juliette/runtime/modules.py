"""Modules, their bindings, and how Base is filled.

A Julia module *is* a globals dictionary, and its `__builtins__` is the dictionary of what it
`using`s: looking a name up is Python's own, and a later `using` is seen at once.

`@Base.method("sum(A::AbstractArray; dims=:)")` is the one definition of a method written in Python:
the header is Julia, read by our own parser when the function is first called.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from juliette.runtime import type_names
from juliette.runtime import types as T
from juliette.runtime import values as values  # its types are among those named here
from juliette.runtime.dispatch import CALLABLES, GenericFunction, Implementation, Method
from juliette.runtime.errors import ErrorException, TypeError_, UndefVarError
from juliette.runtime.interrupts import UNINTERRUPTED
from juliette.syntax import parse_one, to_expr
from juliette.syntax.conversion import core_module
from juliette.syntax.expr import Expr, GlobalRef, QuoteNode, Symbol


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

    def import_name(self, other: Module, name: str, alias: str | None = None) -> None:
        """`import Other: name as alias` (and `using Other: name`)."""
        value = other.get(name)
        self.bindings[alias or name] = value
        self.consts.add(alias or name)
        self.imported.add(alias or name)

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
            name = _name_of(header)
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


_HEADER_NAME = re.compile(r"\s*(?:Base\.)?([^\s(]+?)(?:\{.*?\})?\(")


def _name_of(header: str) -> str | None:
    if header.startswith("(:)("):
        return ":"
    if header.lstrip().startswith("("):
        return None
    found = _HEADER_NAME.match(header)
    if found is None:
        raise ValueError(f"no function name in {header!r}")
    return found.group(1)


class Builtin:
    """A method announced from Python; turned into `Method`s when its function is first used."""

    __slots__ = ("function", "header", "module", "rule", "specialised", "static", "transparent")

    def __init__(
        self,
        module: Module,
        header: str,
        function: Implementation,
        transparent: bool,
        rule: Any,
        static: bool,
    ) -> None:
        self.module = module
        self.header = header
        self.function = function
        self.transparent = transparent
        self.rule = rule
        self.static = static
        self.specialised = False

    def define(self, target: GenericFunction, of_type: Any = None) -> None:
        """Read the header and add one method for each number of optional arguments."""
        expr = parse_header(self.header)
        env: dict[str, Any] = {}
        variables: list[T.TypeVar] = []
        if (
            isinstance(expr, Expr)
            and expr.head == "::"
            and len(expr.args) == 2
            and _is_call(expr.args[0])
        ):
            expr = expr.args[0]
        while isinstance(expr, Expr) and expr.head == "where":
            for v in expr.args[1:]:
                var = type_var(v, self.module, env)
                env[var.name] = var
                variables.append(var)
            expr = expr.args[0]
        if (
            isinstance(expr, Expr)
            and expr.head == "::"
            and len(expr.args) == 2
            and _is_call(expr.args[0])
        ):
            expr = expr.args[0]
        assert isinstance(expr, Expr), self.header
        if expr.head in ("<:", ">:"):
            # These two parse to forms of their own.
            expr = Expr("call", Symbol(expr.head), *expr.args)
        positional: list[tuple[str, Any]] = []
        optional = 0
        vararg = False
        callee = expr.args[0]
        if target is CALLABLES:
            t = eval_type(callee.args[-1], self.module, env)
            positional.append(("self", t))
        elif of_type is not None:
            t = eval_type(callee, self.module, env)
            positional.append(("T", T.type_of_type(t)))
        keywords: dict[str, Any] | None = None
        for arg in expr.args[1:]:
            if isinstance(arg, Expr) and arg.head == "parameters":
                keywords = self._keyword_types(arg, env)
                continue
            if isinstance(arg, Expr) and arg.head in ("kw", "="):
                arg = arg.args[0]
                optional += 1
            if isinstance(arg, Expr) and arg.head == "...":
                vararg = True
                arg = arg.args[0]
            name, t = "_", T.Any_
            if isinstance(arg, Expr) and arg.head == "::":
                if len(arg.args) == 2:
                    name = arg.args[0].name
                t = eval_type(arg.args[-1], self.module, env)
            elif isinstance(arg, Symbol):
                name = arg.name
            positional.append((name, t))
        for k in range(optional + 1):
            n = len(positional) - k
            params = [t for _, t in positional[:n]]
            if vararg and k == 0:
                params[-1] = T.Vararg(params[-1])
            signature: Any = T.tuple_type(params)
            free = T.free_vars(signature)
            for var in reversed(variables):
                if var in free or any(var in T.free_vars(v.upper) for v in variables):
                    signature = T.UnionAll(var, signature)
            method = Method(
                target,
                signature,
                specialise_builtin,
                arg_names=tuple(name for name, _ in positional[:n]),
                module=self.module,
                file=self.module.name,
                doc=inspect.cleandoc(self.function.__doc__ or ""),
            )
            method.builtin = self.function
            method.tracing = "transparent" if self.transparent else None
            method.rule = self.rule
            method.source = self
            if keywords is not None:
                self._accept_keywords(method, keywords)
            target.add(method)

    def _keyword_types(self, parameters: Expr, env: dict[str, Any]) -> dict[str, Any]:
        """The keywords whose types are declared."""
        named = [
            a.args[0] if a.head in ("kw", "=") else a
            for a in parameters.args
            if isinstance(a, Expr)
        ]
        return {
            a.args[0].name: eval_type(a.args[1], self.module, env)
            for a in named
            if isinstance(a, Expr) and a.head == "::"
        }

    def _accept_keywords(self, method: Method, types: dict[str, Any]) -> None:
        f = self.function
        parameters = inspect.signature(f).parameters.items()
        accepted = {n: p for n, p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        required = [n for n, p in accepted.items() if p.default is inspect.Parameter.empty]
        anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for _, p in parameters)

        def complete(kwargs: dict[str, Any]) -> None:
            for name in required:
                if name not in kwargs:
                    from juliette.runtime.errors import UndefKeywordError

                    raise UndefKeywordError(Symbol(name))

        def kwcall(kwargs: dict[str, Any], *args: Any) -> Any:
            if not anything and not accepted.keys() >= kwargs.keys():
                from juliette.runtime.dispatch import KeywordCall
                from juliette.runtime.errors import MethodError

                raise MethodError(KeywordCall(method.function, kwargs), args, None)
            complete(kwargs)
            for name, t in types.items():
                if name in kwargs and not T.isa(kwargs[name], t):
                    raise TypeError_(Symbol("keyword argument"), name, t, kwargs[name])
            if TRACED_KEYWORD_BUILTIN is not None:
                hooked = TRACED_KEYWORD_BUILTIN(method, kwargs, args)
                if hooked is not NotImplemented:
                    return hooked
            return f(*args, **kwargs)

        method.kwcall = kwcall
        if required:
            method.builtin = lambda *args: complete({})


def _is_call(e: Any) -> bool:
    return isinstance(e, Expr) and e.head in ("call", "where")


# Set by the gradient packages: how a builtin runs on traced arguments.
TRACED_BUILTIN: Callable[[Method, tuple[Any, ...], tuple[type, ...]], Implementation] | None = None
TRACED_KEYWORD_BUILTIN: Callable[[Method, dict[str, Any], tuple[Any, ...]], Any] | None = None


def set_traced_builtin(f: Any, keyword: Any) -> None:
    """Install how builtins run while gradients are traced."""
    global TRACED_BUILTIN, TRACED_KEYWORD_BUILTIN
    TRACED_BUILTIN, TRACED_KEYWORD_BUILTIN = f, keyword


def _with_statics(f: Implementation, statics: tuple[Any, ...]) -> Implementation:
    """The function with the values of the header's `where` variables before its arguments."""

    def run(*args: Any) -> Any:
        return f(*statics, *args)

    return run


def specialise_builtin(
    method: Method, types: tuple[Any, ...], classes: tuple[type, ...], traced: bool
) -> Implementation:
    """Code of a builtin for argument types: the Python function, or its rule while tracing."""
    f: Any = method.builtin
    assert f is not None
    if method.source.specialised:
        f = f(*types)
    if method.source.static:
        statics = method.static_parameters(types)
        f = _with_statics(f, statics)
    if traced and TRACED_BUILTIN is not None:
        return TRACED_BUILTIN(method, f, classes)
    return f  # type: ignore[no-any-return]


def constructors(t: Any) -> GenericFunction:
    """The table of constructor methods of a type's family."""
    family = T.unwrap(t).typename
    if family.constructors is None:
        family.constructors = GenericFunction(family.name, family.module)
        T.CONVERSIONS.clear()
    return family.constructors  # type: ignore[no-any-return]


# ---------------------------------------------------------------- headers


def parse_header(text: str) -> Any:
    """A Julia header as an expression."""
    e = to_expr(parse_one(text)[0], lambda kind, value: value)
    if (
        isinstance(e, Expr)
        and e.head == "&"
        and isinstance(e.args[0], Expr)
        and e.args[0].head == "tuple"
    ):
        return Expr("call", Symbol("&"), *e.args[0].args)
    return e


def type_var(e: Any, module: Module, env: dict[str, Any]) -> T.TypeVar:
    """`T`, `T<:Real`, `Int<:T<:Real` or `T>:Int` after `where`."""
    if isinstance(e, Symbol):
        return T.TypeVar(e.name)
    if e.head == "comparison":
        low, _, name, _, high = e.args
        return T.TypeVar(name.name, eval_type(low, module, env), eval_type(high, module, env))
    if e.head == "<:":
        return T.TypeVar(e.args[0].name, None, eval_type(e.args[1], module, env))
    return T.TypeVar(e.args[0].name, eval_type(e.args[1], module, env), None)


def eval_type(e: Any, module: Module, env: dict[str, Any]) -> Any:
    """The type that a header's expression names."""
    if isinstance(e, Symbol):
        return env[e.name] if e.name in env else module.get(e.name)
    if isinstance(e, QuoteNode):
        return e.value
    if not isinstance(e, Expr):
        return e
    if e.head == "curly":
        base = eval_type(e.args[0], module, env)
        params: list[Any] = []
        anonymous: list[T.TypeVar] = []
        for p in e.args[1:]:
            if isinstance(p, Expr) and p.head in ("<:", ">:") and len(p.args) == 1:
                bound = eval_type(p.args[0], module, env)
                lower, upper = (None, bound) if p.head == "<:" else (bound, None)
                var = T.TypeVar(f"#s{len(anonymous)}", lower, upper)
                anonymous.append(var)
                params.append(var)
            else:
                params.append(eval_type(p, module, env))
        t = T.apply_type(base, *params)
        for var in reversed(anonymous):
            t = T.UnionAll(var, t)
        return t
    if e.head == "where":
        inner = dict(env)
        variables = []
        for v in e.args[1:]:
            var = type_var(v, module, inner)
            inner[var.name] = var
            variables.append(var)
        t = eval_type(e.args[0], module, inner)
        for var in reversed(variables):
            t = T.UnionAll(var, t)
        return t
    if e.head == "call" and e.args[0] == Symbol("typeof"):
        return T.typeof(eval_type(e.args[1], module, env))
    if e.head == "call" and e.args[0] == Symbol("Symbol"):
        return Symbol(e.args[1])
    if e.head == ".":
        owner = e.args[0]
        if isinstance(owner, Symbol) and owner.name in PACKAGES and not module.has(owner.name):
            return PACKAGES[owner.name].bindings[e.args[1].value.name]
        return eval_type(owner, module, env).get(e.args[1].value.name)
    if e.head == "macrocall":  # MIME"text/html"
        return module.get(e.args[0].name).expand(None, *e.args[2:]).value
    raise ErrorException(f"not a type: {e}")


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
VERSIONS: dict[str, Callable[[], str]] = {}


def package(name: str, loader: Callable[[Module], None] | None = None) -> Module:
    """Announce a package; `loader` fills it when it is first used."""
    module = Module(name)
    module.visible = module.bindings["__builtins__"] = Base.bindings
    module.bindings[name] = module
    if loader is not None:
        module.loader = lambda: loader(module)
    PACKAGES[name] = module
    return module


def all_docstrings() -> Iterator[tuple[str, str]]:
    """(name, docstring) of every documented method of Base and the loaded packages."""
    for module in (Base, *PACKAGES.values()):
        for name, value in list(module.bindings.items()):
            if isinstance(value, GenericFunction) and value.module is module:
                value.settle()
                for i, m in enumerate(value.methods):
                    if m.doc:
                        yield f"{module.name}.{name}[{i}]", m.doc
