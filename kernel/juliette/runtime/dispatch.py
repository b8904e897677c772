"""Generic functions, methods and multiple dispatch.

A call first looks in a table keyed by the Python classes of the arguments.  A class that fixes the
Julia type of its instances (numbers, arrays, structs) decides alone; where it does not (tuples,
types, functions) and some method cares, a second table is keyed by full Julia types.  A miss
resolves the most specific method and asks it for code for these argument types.

While gradients are traced there is a second set of tables: the same methods, with code that lets
derivative rules see every operation.

Compiled code that relies on what a call selects says so with `watch`; a new method that fits the
argument types ends what was concluded.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import CO_VARKEYWORDS
from types import CodeType, FunctionType
from typing import Any

from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, MethodError
from juliette.runtime.method_order import most_specific
from juliette.runtime.world import TRACE, WORLD

Implementation = Callable[..., Any]


# Methods written in Julia that belong to functions of other modules than their own.
EXTENSIONS: list[Method] = []


def take_back_extensions(main: Any) -> None:
    """Take back what the modules of an ended session added to functions that others go on using."""
    kept: list[Method] = []
    ended: list[Method] = []
    for method in EXTENSIONS:
        (ended if _outermost(method.module) is main else kept).append(method)
    EXTENSIONS[:] = kept
    for method in reversed(ended):
        if _outermost(method.function.module) is not main:
            method.function.take_back(method)


def _outermost(module: Any) -> Any:
    while module is not None and module.parent is not module:
        module = module.parent
    return module


class Method:
    """One method: its signature (a tuple type, maybe under `where`) and where its code comes from.

    `specialise(method, types, classes, traced)` gives a Python function for concrete arguments.
    """

    __slots__ = (
        "arg_names",
        "builtin",
        "code",
        "doc",
        "file",
        "function",
        "kwcall",
        "line",
        "module",
        "name",
        "nargs",
        "replaced",
        "rule",
        "signature",
        "source",
        "specialise",
        "tracing",
        "type_vars",
        "vararg",
        "world",
    )

    def __init__(
        self,
        function: GenericFunction,
        signature: Any,
        specialise: Callable[[Method, tuple[Any, ...], tuple[type, ...], bool], Implementation],
        *,
        arg_names: tuple[str, ...] = (),
        module: Any = None,
        file: str = "none",
        line: int = 0,
        doc: str = "",
    ) -> None:
        self.function = function
        self.signature = signature
        self.specialise = specialise
        self.arg_names = arg_names
        self.module = module
        self.file = file
        self.line = line
        self.doc = doc
        self.name = function.name
        body = T.unwrap(signature)
        params = body.parameters
        self.vararg = bool(params) and isinstance(params[-1], T.Vararg)
        self.nargs = len(params) - self.vararg
        self.type_vars: tuple[T.TypeVar, ...] = ()
        t = signature
        while isinstance(t, T.UnionAll):
            self.type_vars += (t.var,)
            t = t.body
        self.kwcall: Callable[..., Any] | None = None
        self.builtin: Callable[..., Any] | None = None
        self.source: Any = None
        # the core language's form of a method written in Julia
        self.code: Any = None
        # the world age that it came with, and the method that it took the place of
        self.world = 1
        self.replaced: Method | None = None
        self.rule: Any = None
        self.tracing: str | None = None

    @property
    def parameters(self) -> tuple[Any, ...]:
        return T.unwrap(self.signature).parameters  # type: ignore[no-any-return]

    def accepts_count(self, n: int) -> bool:
        return n >= self.nargs if self.vararg else n == self.nargs

    def static_parameters(self, types: tuple[Any, ...], *, told: bool = False) -> tuple[Any, ...]:
        """The values of the `where` variables for arguments of these types.

        One that no argument tells has its upper bound, or is itself with `told`.
        """
        if not self.type_vars:
            return ()
        found = T.match(T.tuple_type(types), self.signature, told=told)
        if found is None:
            return tuple(v.upper for v in self.type_vars)
        return tuple(found[v] for v in self.type_vars)


def _apart(a: Method, b: Method) -> bool:
    """Have two methods types of different families at one place?"""
    for p, q in zip(a.parameters, b.parameters, strict=False):
        if p is not q:
            p, q = T.unwrap(p), T.unwrap(q)
            if type(p) is T.DataType and type(q) is T.DataType and p.typename is not q.typename:
                return True
    return False


# Classes that do not fix the type, but for whose values methods written in Julia are compiled apart.
SPECIALISED: set[type] = set()


class Table(dict[Any, Implementation]):
    """Code by the classes of the arguments; what is missing is resolved by calling it."""

    __slots__ = ("function", "traced")

    def __init__(self, function: GenericFunction, traced: bool) -> None:
        self.function = function
        self.traced = traced

    def __missing__(self, classes: tuple[type, ...]) -> Implementation:
        return self.function.enter


class UnaryTable(dict[type, Implementation]):
    """Code by the class of the one argument."""

    __slots__ = ("full",)

    def __init__(self, full: Table) -> None:
        self.full = full

    def __missing__(self, cls: type) -> Implementation:
        f = self.full.get((cls,))
        if f is None:
            return self.full.function.enter
        self[cls] = f
        return f


# How many arguments the functions take that Julia itself has built in.
COUNTED: dict[str, tuple[int, int | None]] = {
    "typeof": (1, 1),
    "isa": (2, 2),
    "===": (2, 2),
    "getfield": (2, 4),
    "setfield!": (3, 4),
    "isdefined": (2, 3),
    "nfields": (1, 1),
    "ifelse": (3, 3),
    "applicable": (1, None),
    "fieldtype": (2, 3),
    "<:": (2, 2),
    "invoke": (2, None),
    "sizeof": (1, 1),
}


def check_count(f: GenericFunction, n: int) -> None:
    """What Julia's own functions say of too few or too many arguments."""
    if f.name not in COUNTED or getattr(f.module, "name", "") not in ("Base", "Core"):
        return
    low, high = COUNTED[f.name]
    if n < low:
        raise ArgumentError(f"{f.name}: too few arguments (expected {low})")
    if high is not None and n > high:
        raise ArgumentError(f"{f.name}: too many arguments (expected {high})")


class GenericFunction:
    """A Julia function: a name and its methods."""

    __slots__ = (
        "__weakref__",
        "_pending",
        "anonymous",
        "cache",
        "doc",
        "enter_typed",
        "julia_type",
        "links",
        "methods",
        "module",
        "name",
        "newest",
        "of_values",
        "selections",
        "traced_cache",
        "traced_rule",
        "traced_typed",
        "traced_unary",
        "typed",
        "unary",
        "undecided",
        "user_methods",
        "watchers",
    )

    def __init__(self, name: str, module: Any = None) -> None:
        self.name = name
        self.module = module
        self.methods: list[Method] = []
        self.user_methods: list[Method] = []
        # the world age of the last one that was written in Julia
        self.newest = 0
        self._pending: list[Callable[[], Any]] = []
        self.cache = Table(self, False)
        self.unary = UnaryTable(self.cache)
        self.typed: dict[tuple[Any, ...], Implementation] = {}
        self.traced_cache = Table(self, True)
        self.traced_unary = UnaryTable(self.traced_cache)
        self.traced_typed: dict[tuple[Any, ...], Implementation] = {}
        self.enter_typed = self._enter_typed
        # argument classes that do not decide, which `typed` is for
        self.undecided: set[tuple[type, ...]] = set()
        self.traced_rule: Callable[[tuple[Any, ...]], Implementation | None] | None = None
        self.selections: dict[tuple[Any, ...], Method | None] = {}
        # (argument types, what to do when a method that fits them comes)
        self.watchers: list[tuple[tuple[Any, ...] | None, Callable[[], None]]] = []
        # direct calls in compiled code, by argument classes
        self.links: dict[tuple[Any, ...], Link] = {}
        self.julia_type: Any = None
        self.doc = ""
        self.anonymous = False
        # methods of a closure: their code takes the closure itself before the arguments
        self.of_values = False

    def __call__(self, *args: Any) -> Any:
        return (self.traced_cache if TRACE.depth else self.cache)[tuple(map(type, args))](*args)

    def call_kw(self, kwargs: dict[str, Any], *args: Any) -> Any:
        """`f(args...; kwargs...)`."""
        if not kwargs:
            return self(*args)
        types = tuple(map(T.dispatch_type, args))
        method = self.selected(types)
        if method is None or method.kwcall is None:
            method = self.with_keywords(types)
        if method is None or method.kwcall is None:
            ambiguous = "ambiguous" if method is None and len(self.matching(types)) > 1 else None
            raise MethodError(
                KeywordCall(self, kwargs) if ambiguous is None else self, args, ambiguous
            )
        if self.traced_rule is not None and TRACE.depth:
            rule = self.traced_rule(types)
            if rule is not None:
                return rule(*args, **kwargs)
        return method.kwcall(kwargs, *args)

    def with_keywords(self, types: tuple[Any, ...]) -> Method | None:
        """The method for a call with keywords: those that take none are not looked at, as specific as they may be."""
        found = [m for m in self.matching(types) if m.kwcall is not None]
        return most_specific(found) if found else None

    # ------------------------------------------------------------ the tables

    def enter(self, *args: Any) -> Any:
        """A call whose classes are not in the table yet."""
        return self.implementation(args)(*args)

    def _enter_typed(self, *args: Any) -> Any:
        """A call whose classes do not decide."""
        typed = self.traced_typed if TRACE.depth else self.typed
        f = typed.get(tuple(map(T.dispatch_type, args)))
        return f(*args) if f is not None else self.implementation(args)(*args)

    def _entry(
        self, kinds: list[tuple[Any, bool]], classes: tuple[type, ...], traced: bool
    ) -> Implementation:
        """What to keep for argument classes that do not decide: code that looks at the values.

        Where just one argument is in doubt and its identity says what its type says (a type, a
        function), a table of its own, by that argument, spares asking for types.
        """
        doubtful = [i for i, (_, exact) in enumerate(kinds) if not exact]
        if self.of_values or len(doubtful) != 1 or classes[doubtful[0]] not in TOLD_BY_IDENTITY:
            return self.enter_typed
        known: dict[Any, Implementation] = {}
        typed = self.traced_typed if traced else self.typed
        at = doubtful[0]

        def miss(args: tuple[Any, ...]) -> Implementation:
            f = self.implementation(args)
            if typed.get(tuple(map(T.dispatch_type, args))) is f:
                known[args[at]] = f
            return f

        def first(x: Any, *rest: Any) -> Any:
            return (known.get(x) or miss((x, *rest)))(x, *rest)

        def first_of_two(x: Any, y: Any) -> Any:
            return (known.get(x) or miss((x, y)))(x, y)

        def any_place(*args: Any) -> Any:
            return (known.get(args[at]) or miss(args))(*args)

        if at:
            return any_place
        return first_of_two if len(classes) == 2 else first

    def implementation(self, args: tuple[Any, ...]) -> Implementation:
        """The code for a call, entered into the tables."""
        traced = TRACE.depth > 0
        classes = tuple(map(type, args))
        if self.newest > WORLD.current and not WORLD.renew():
            return self.code_for(tuple(map(T.dispatch_type, args)), args, classes, traced)
        cache = self.traced_cache if traced else self.cache
        f = cache.get(classes)
        if f is not None and classes not in self.undecided:
            return f
        if f is None:
            kinds = [T.class_type(c) for c in classes]
            types = tuple(t for t, _ in kinds)
            if all(exact for _, exact in kinds):
                f = cache[classes] = self.code_for(types, args, classes, traced)
                return f
            self.settle()
            apart = self.user_methods and not SPECIALISED.isdisjoint(classes)
            if not apart and self._indifferent(kinds):
                # One code for all values of these classes: it may not know the types of these.
                found = self.code_for(
                    tuple(map(T.dispatch_type, args)), args, classes, traced, types
                )
                f = cache[classes] = found
                return f
            self.undecided.add(classes)
            cache[classes] = self._entry(kinds, classes, traced)
        types = tuple(map(T.dispatch_type, args))
        typed = self.traced_typed if traced else self.typed
        f = typed.get(types)
        if f is None:
            f = typed[types] = self.code_for(types, args, classes, traced)
        return f

    def code_for(
        self,
        types: tuple[Any, ...],
        args: tuple[Any, ...],
        classes: tuple[type, ...],
        traced: bool,
        known: tuple[Any, ...] | None = None,
    ) -> Implementation:
        """The code of the selected method (for the types in `known`); while tracing, a derivative rule of the user's own goes first."""
        if traced and self.traced_rule is not None:
            found = self.traced_rule(types)
            if found is not None:
                return found
        method = self.resolve(types, args)
        return method.specialise(method, known or types, classes, traced)

    def take_rule(self, rule: Callable[[tuple[Any, ...]], Implementation | None]) -> None:
        """Have `rule(types)` give the code for traced calls, where it is not None."""
        self.traced_rule = rule
        self.forget()
        watchers, self.watchers = self.watchers, []
        for _, then in watchers:
            then()

    def _indifferent(self, kinds: list[tuple[Any, bool]]) -> bool:
        """Does every candidate treat all values of the inexact classes alike?"""
        n = len(kinds)
        for m in self.methods:
            if not m.accepts_count(n):
                continue
            if m.type_vars:
                return False
            params = m.parameters
            for i, (general, exact) in enumerate(kinds):
                p = params[i] if i < len(params) else params[-1]
                p = p.type if isinstance(p, T.Vararg) else p
                if not exact and not T.subtype(general, p) and T.intersects(general, p):
                    return False
        return True

    # ------------------------------------------------------------ what compiled code relies on

    def watch(self, types: tuple[Any, ...] | None, then: Callable[[], None]) -> None:
        """Call `then` when a method is added that fits argument types (None: any method)."""
        self.watchers.append((types, then))
        if self.newest > WORLD.current:
            WORLD.outdated.append(then)

    def user_matches(self, types: tuple[Any, ...]) -> bool:
        """Does a method written in Julia fit these argument types?"""
        return any(_fits(m, types) for m in self.user_methods)

    def selected(self, types: tuple[Any, ...]) -> Method | None:
        """The method that argument types select; None if there is no one."""
        late = self.newest > WORLD.current and not WORLD.renew()
        if not late and types in self.selections:
            return self.selections[types]
        try:
            method: Method | None = self.resolve(types)
        except MethodError:
            method = None
        if not late:
            self.selections[types] = method
        return method

    def link(self, types: tuple[Any, ...]) -> Link:
        """The direct call for argument types."""
        found = self.links.get(types)
        if found is None:
            found = self.links[types] = Link(self, types)
        return found

    # ------------------------------------------------------------ methods

    def settle(self) -> None:
        """Turn the methods that are only announced into real ones."""
        while self._pending:
            pending, self._pending = self._pending, []
            for f in pending:
                f()

    def announce(self, f: Callable[[], Any]) -> None:
        """Have `f` add a method when the function is next looked at."""
        self._pending.append(f)
        if self.cache or self.traced_cache:  # it has been looked at before
            self.forget()

    def add(self, method: Method) -> None:
        """Add a method; one with the same signature is replaced."""
        if method.code is not None:
            WORLD.latest += 1
            WORLD.current = self.newest = method.world = WORLD.latest
        for i, old in enumerate(self.methods):
            if old.signature is method.signature or (
                old.nargs == method.nargs
                and old.vararg == method.vararg
                and not _apart(old, method)
                and T.subtype(old.signature, method.signature)
                and T.subtype(method.signature, old.signature)
            ):
                self.methods[i] = method
                method.replaced = old
                if old.world <= WORLD.floor:
                    old.replaced = None
                break
        else:
            self.methods.append(method)
        if method.code is not None and method.module is not self.module:
            EXTENSIONS.append(method)
        self._changed(method)

    def take_back(self, method: Method) -> None:
        """Undo what adding a method did; the one that it took the place of is back."""
        for i, m in enumerate(self.methods):
            if m is method:
                self.methods[i : i + 1] = [] if method.replaced is None else [method.replaced]
                self._changed(method)
                return

    def _changed(self, method: Method) -> None:
        """Forget what no longer holds, now that a method is there or gone."""
        if method.code is not None:
            self.user_methods = [m for m in self.methods if m.code is not None]
        self.forget()
        if not self.watchers:
            return
        watchers, self.watchers = self.watchers, []
        for types, then in watchers:
            if types is None or _fits(method, types):
                then()
            else:
                self.watchers.append((types, then))

    def forget(self) -> None:
        """Empty the tables."""
        self.cache.clear()
        self.unary.clear()
        self.typed.clear()
        self.undecided.clear()
        self.traced_cache.clear()
        self.traced_unary.clear()
        self.traced_typed.clear()
        self.selections.clear()
        for link in self.links.values():
            link.undo()

    def resolve(self, types: tuple[Any, ...], args: tuple[Any, ...] | None = None) -> Method:
        """The most specific method for argument types; raises MethodError."""
        self.settle()
        found = self.matching(types)
        if not found:
            check_count(self, len(types))
            late = self.newest > WORLD.current and any(_fits(m, types) for m in self.methods)
            raise MethodError(
                self, args if args is not None else types, WORLD.current if late else None
            )
        if len(found) == 1:
            return found[0]
        best = most_specific(found)
        if best is None:
            # Where ours stand for several of Julia's, their headers can be wider or narrower than those
            # are: beside a method of the user's they do not make a call ambiguous.
            best = most_specific([m for m in found if m.code is not None])
        if best is None:
            raise MethodError(self, args if args is not None else types, "ambiguous")
        return best

    def matching(self, types: tuple[Any, ...]) -> list[Method]:
        """All methods that accept arguments of these types."""
        self.settle()
        n = len(types)
        given = T.tuple_type(types)
        methods = self.methods if self.newest <= WORLD.current else self._seen()
        return [
            m for m in methods if m.accepts_count(n) and T.match(given, m.signature) is not None
        ]

    def _seen(self) -> list[Method]:
        """The methods that running code may see, since they came before it began."""
        out = []
        for m in self.methods:
            seen: Method | None = m
            while seen is not None and seen.world > WORLD.current:
                seen = seen.replaced
            if seen is not None:
                out.append(seen)
        return out

    def __repr__(self) -> str:
        return self.name


def _fits(m: Method, types: tuple[Any, ...]) -> bool:
    return m.accepts_count(len(types)) and T.match(T.tuple_type(types), m.signature) is not None


class Link:
    """A direct call of what dispatch selects for argument types, under one name in compiled code.

    The first call goes through the function, and the name then stands for the code itself.
    """

    __slots__ = ("function", "holders", "name", "types")
    count = 0

    def __init__(self, function: GenericFunction, types: tuple[Any, ...]) -> None:
        Link.count += 1
        self.function = function
        self.types = types
        self.name = f"%l{Link.count}"
        self.holders: list[dict[str, Any]] = []

    def enter_into(self, names: dict[str, Any]) -> str:
        """Make the name known where code is compiled."""
        if self.name not in names:
            names[self.name] = self.function.typed.get(self.types, self.first)
            self.holders.append(names)
        return self.name

    def first(self, *args: Any) -> Any:
        """The first call."""
        function = self.function
        out = function(*args)
        classes = tuple(map(type, args))
        f = function.cache.get(classes)
        if classes in function.undecided:
            types = tuple(map(T.dispatch_type, args))
            f = function.typed.get(types) if types == self.types else None
        if f is not None:
            for names in self.holders:
                names[self.name] = f
        return out

    def undo(self) -> None:
        """The methods have changed."""
        for names in self.holders:
            names[self.name] = self.first


class KeywordCall:
    """Stands for `Core.kwcall` of a function in a MethodError about keywords."""

    __slots__ = ("function", "kwargs")

    def __init__(self, function: Any, kwargs: dict[str, Any]) -> None:
        self.function = function
        self.kwargs = kwargs


def function_type(f: GenericFunction) -> Any:
    """`typeof(f)`."""
    if f.julia_type is None:
        t = T.define(
            f"typeof({f.name})" if not f.anonymous else f.name, T.Function_, module=f.module
        )
        t.typename.singleton = f
        f.julia_type = t
    return f.julia_type


T.register_instances(GenericFunction, function_type, T.Function_)

_CODE_TYPES: dict[CodeType, Any] = {}


def python_function_type(f: FunctionType) -> Any:
    """The type of a function that a function of Base returned: one for each place in the code."""
    t = _CODE_TYPES.get(f.__code__)
    if t is None:
        k = 2 * len(_CODE_TYPES) + 1
        t = _CODE_TYPES[f.__code__] = T.define(f'var"#{k}#{k + 1}"', T.Function_)
    return t


T.register_instances(FunctionType, python_function_type, T.Function_)
# Classes of values of which no two have the same type in the eyes of dispatch.
TOLD_BY_IDENTITY = frozenset({T.DataType, GenericFunction})


def call_kw(f: Any, kwargs: dict[str, Any], *args: Any) -> Any:
    """Call any callable with keywords."""
    if not kwargs:
        return f(*args)
    if isinstance(f, GenericFunction):
        return f.call_kw(kwargs, *args)
    if isinstance(f, T.JuliaType):
        return T.CONSTRUCT(f, args, kwargs)
    caller = getattr(f, "call_kw", None)
    if caller is not None:
        return caller(kwargs, *args)
    code = getattr(f, "__code__", None) or getattr(type(f).__call__, "__code__", None)
    if code is not None and not code.co_kwonlyargcount and not code.co_flags & CO_VARKEYWORDS:
        # A method of Base that takes no keywords, called past its function.
        from juliette.runtime.modules import Base

        called = Base.bindings.get(getattr(f, "__name__", ""), f)
        raise MethodError(KeywordCall(called, kwargs), args, None)
    return f(*args, **kwargs)


# Tables with methods that hold for calls of many types: `(::Type{T})(x::Celsius) where T<:Integer`.
OPEN_CALLS: list[GenericFunction] = []


def open_call(t: Any, types: tuple[Any, ...]) -> GenericFunction | None:
    """The table with a method for calling a type, if the one that was written for many types comes first."""
    own = t.typename.constructors if isinstance(t, T.DataType) else None
    if own is not None:
        method = own.selected(types)
        if method is not None and method.code is not None:
            return None
    found = []
    for table in OPEN_CALLS:
        method = table.selected(types) if table is not own and table.user_methods else None
        if method is not None and method.code is not None:
            found.append((method, table))
    if len(found) > 1:
        best = most_specific([m for m, _ in found])
        found = [pair for pair in found if pair[0] is best]
    return found[0][1] if found else None


# The methods of callable values that are no functions: `(m::Affine)(x) = …`, on `Affine`'s types.
CALLABLES = GenericFunction("call")


def call_object(self: Any, *args: Any) -> Any:
    """`obj(args...)` for a struct with call methods."""
    cache = CALLABLES.traced_cache if TRACE.depth else CALLABLES.cache
    f = cache.get((type(self), *map(type, args)))
    if f is None:
        try:
            f = CALLABLES.implementation((self, *args))
        except MethodError as e:
            if e.f is CALLABLES:
                raise MethodError(self, args, e.world) from None
            raise
    return f(self, *args)


def call_object_kw(self: Any, kwargs: dict[str, Any], *args: Any) -> Any:
    """`obj(args...; kwargs...)`."""
    try:
        return CALLABLES.call_kw(kwargs, self, *args)
    except MethodError as e:
        if isinstance(e.f, KeywordCall) and e.f.function is CALLABLES:
            raise MethodError(KeywordCall(self, kwargs), args, e.world) from None
        raise
